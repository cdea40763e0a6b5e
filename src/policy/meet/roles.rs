//! The meet of roles: what both policies accept as the credential of one part.

use super::{Meeting, Place};
use crate::bbs::PublicKey;
use crate::did_key;
use crate::policy::document::RoleRule;
use crate::policy::{ListRule, TrustRule, Validity};

/// A part of a role in the document of one policy.
fn place(index: usize, key: &str, rule: impl Into<String>) -> Place {
    Place::new(format!("$.roles[{index}].{key}"), rule)
}

/// Puts lists into one order: they all have to be passed, in whatever order.
pub(super) fn sort_lists(lists: &mut [ListRule]) {
    lists.sort_by_cached_key(|rule| {
        (rule.list.clone(), did_key::encode(&rule.authority), rule.field.clone())
    });
}

impl Meeting<'_> {
    /// The roles of both; those of one name are one.
    pub(super) fn roles(&mut self) -> Vec<RoleRule> {
        let (a, b) = (self.a, self.b);
        let mut roles = Vec::new();
        for (i, role) in a.roles.iter().enumerate() {
            let other = b.roles.iter().enumerate().find(|(_, other)| other.name == role.name);
            roles.push(match other {
                None => role.clone(),
                Some((j, other)) => self.role((i, role), (j, other)),
            });
        }
        let new = b.roles.iter().filter(|role| a.roles.iter().all(|own| own.name != role.name));
        roles.extend(new.cloned());
        roles
    }

    fn role(&mut self, (i, a): (usize, &RoleRule), (j, b): (usize, &RoleRule)) -> RoleRule {
        let name = &a.name;
        if a.schema != b.schema {
            self.conflict(
                name,
                place(i, "schema", a.schema.to_string()),
                place(j, "schema", b.schema.to_string()),
                "one role has two schemas",
                "another name for one of the roles, so that two credentials are asked for"
                    .to_owned(),
            );
        }
        if a.suite != b.suite {
            self.conflict(
                name,
                place(i, "suite", a.suite.id()),
                place(j, "suite", b.suite.id()),
                "no credential is signed under both suites",
                "one suite in both".to_owned(),
            );
        }
        let mut accepts = a.accepts.clone();
        accepts.retain(|id| b.accepts.contains(id));
        let (issuers, trust) = self.issuers((i, a), (j, b));
        let validity = self.validity((i, a), (j, b));
        let lists = self.lists((i, a), (j, b));
        RoleRule { accepts, issuers, trust, validity, lists, ..a.clone() }
    }

    fn issuers(
        &mut self,
        (i, a): (usize, &RoleRule),
        (j, b): (usize, &RoleRule),
    ) -> (Vec<PublicKey>, Option<TrustRule>) {
        let says = |role: &RoleRule| match &role.trust {
            None => ("issuers", format!("{} issuers", role.issuers.len())),
            Some(trust) => ("trust", format!("{} of {}", trust.list, trust.authority)),
        };
        let (first, second) = (says(a), says(b));
        let mut conflict = |problem: &str, remedy: &str| {
            let places = (place(i, first.0, &first.1), place(j, second.0, &second.1));
            self.conflict(&a.name, places.0, places.1, problem, remedy.to_owned());
        };
        let (Some(one), Some(other)) = (&a.trust, &b.trust) else {
            if a.trust.is_some() || b.trust.is_some() {
                let problem = "one names its issuers, the other has them in a trust list";
                conflict(problem, "the same trust list in both");
                return (Vec::new(), a.trust.clone().or_else(|| b.trust.clone()));
            }
            let mut issuers = a.issuers.clone();
            issuers.retain(|issuer| b.issuers.contains(issuer));
            if issuers.is_empty() {
                let remedy = "an issuer that both trust; or another name for one of the roles";
                conflict("they trust no issuer in common", remedy);
            }
            return (issuers, None);
        };
        if (&one.list, &one.authority) != (&other.list, &other.authority) {
            conflict("they have their issuers in two trust lists", "the same trust list in both");
        }
        let max_age = one.max_age.min(other.max_age);
        (Vec::new(), Some(TrustRule { max_age, ..one.clone() }))
    }

    /// Every list of both, each once, in one order.
    fn lists(&mut self, (i, a): (usize, &RoleRule), (j, b): (usize, &RoleRule)) -> Vec<ListRule> {
        let mut lists = a.lists.clone();
        for (m, rule) in b.lists.iter().enumerate() {
            let own = lists.iter().position(|own| own.same_list(rule));
            let Some((n, own)) = own.and_then(|n| Some((n, lists.get_mut(n)?))) else {
                lists.push(rule.clone());
                continue;
            };
            own.max_age = own.max_age.min(rule.max_age);
            if own.presence != rule.presence {
                let word = own.presence.word();
                let problem =
                    format!("one wants it on {}, the other wants it not there", rule.list);
                own.presence = own.presence.min(rule.presence);
                self.conflict(
                    &a.name,
                    place(i, &format!("lists[{n}].is"), word),
                    place(j, &format!("lists[{m}].is"), rule.presence.word()),
                    &problem,
                    "another name for one of the roles: no credential satisfies both".to_owned(),
                );
            }
        }
        sort_lists(&mut lists);
        lists
    }

    fn validity(&mut self, (i, a): (usize, &RoleRule), (j, b): (usize, &RoleRule)) -> Validity {
        match (a.validity, b.validity) {
            (Validity::Skip, other) | (other, Validity::Skip) => other,
            (first, second) if first == second => first,
            (first, second) => {
                self.conflict(
                    &a.name,
                    place(i, "validity", first.word()),
                    place(j, "validity", second.word()),
                    "one has the window revealed, the other keeps it hidden",
                    "hidden in both: validity is proven then".to_owned(),
                );
                Validity::Hidden
            }
        }
    }
}
