//! The meet of roles: what both policies accept as the credential of one part.

use super::{Meeting, Place, least};
use crate::policy::document::RoleRule;
use crate::policy::{StatusRule, Validity};

/// A part of a role in the document of one policy.
fn place(index: usize, key: &str, rule: impl Into<String>) -> Place {
    Place::new(format!("$.roles[{index}].{key}"), rule)
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
        let mut issuers = a.issuers.clone();
        issuers.retain(|issuer| b.issuers.contains(issuer));
        if issuers.is_empty() {
            let count = |role: &RoleRule| format!("{} issuers", role.issuers.len());
            self.conflict(
                name,
                place(i, "issuers", count(a)),
                place(j, "issuers", count(b)),
                "they trust no issuer in common",
                "an issuer that both trust; or another name for one of the roles".to_owned(),
            );
        }
        let validity = self.validity((i, a), (j, b));
        let status = self.status((i, a), (j, b));
        RoleRule { issuers, validity, status, ..a.clone() }
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

    fn status(
        &mut self,
        (i, a): (usize, &RoleRule),
        (j, b): (usize, &RoleRule),
    ) -> Option<StatusRule> {
        let (Some(first), Some(second)) = (&a.status, &b.status) else {
            return a.status.clone().or_else(|| b.status.clone());
        };
        if first.list != second.list {
            self.conflict(
                &a.name,
                place(i, "status.list", first.list.as_str()),
                place(j, "status.list", second.list.as_str()),
                "a credential has its status on one list",
                "the list of the credential's issuer in both".to_owned(),
            );
        }
        let max_age = least(Some(first.max_age), Some(second.max_age)).unwrap_or_default();
        Some(StatusRule { list: first.list.clone(), max_age })
    }
}
