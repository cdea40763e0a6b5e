//! Changes of the parts that compare by themselves: words, sets, bounds, claims, roles.

use super::{Change, Class, moved};
use crate::did_key;
use crate::document::Document;
use crate::policy::document::{Agreement, Claim, ClaimPath, ListRule, RoleRule};
use crate::policy::meet::{agreements, pairs, says};
use crate::policy::{AgreementRule, ClaimRule, Level, Policy, Validity, Window};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
struct Changes(Vec<Change>);

impl Changes {
    fn add(&mut self, about: impl Into<String>, class: Class, message: String) {
        self.0.push(Change { about: about.into(), class, message });
    }

    /// A part whose values don't compare.
    fn word(&mut self, about: &str, class: Class, old: Option<String>, new: Option<String>) {
        if old != new {
            let text = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
            self.add(about, class, moved(&text(old), &text(new)));
        }
    }

    /// A set of which one has to be met: fewer is tighter. None is any.
    fn choices(
        &mut self,
        about: &str,
        old: Option<&BTreeSet<String>>,
        new: Option<&BTreeSet<String>>,
    ) {
        if old == new {
            return;
        }
        let class = match (old, new) {
            (None, _) => Class::Tightened,
            (_, None) => Class::Loosened,
            (Some(old), Some(new)) if new.is_subset(old) => Class::Tightened,
            (Some(old), Some(new)) if old.is_subset(new) => Class::Loosened,
            _ => Class::Changed,
        };
        let text = |set: Option<&BTreeSet<String>>| match set {
            Some(set) if set.is_empty() => "none".to_owned(),
            Some(set) => set.iter().cloned().collect::<Vec<_>>().join(", "),
            None => "any".to_owned(),
        };
        self.add(about, class, moved(&text(old), &text(new)));
    }

    /// A bound: lower is tighter. None is no bound.
    fn bound(&mut self, about: &str, unit: &str, old: Option<u32>, new: Option<u32>) {
        let order = |bound: Option<u32>| bound.map_or(u64::MAX, u64::from);
        let class = match order(new).cmp(&order(old)) {
            std::cmp::Ordering::Equal => return,
            std::cmp::Ordering::Less => Class::Tightened,
            std::cmp::Ordering::Greater => Class::Loosened,
        };
        let text = |bound: Option<u32>| {
            bound.map_or("no bound".to_owned(), |bound| format!("{bound} {unit}"))
        };
        self.add(about, class, moved(&text(old), &text(new)));
    }

    /// Demands, all of which have to be met: more is tighter.
    fn demands(&mut self, about: &str, old: &BTreeSet<String>, new: &BTreeSet<String>) {
        for demand in new.difference(old) {
            self.add(about, Class::Tightened, format!("added: {demand}"));
        }
        for demand in old.difference(new) {
            self.add(about, Class::Loosened, format!("removed: {demand}"));
        }
    }
}

fn texts<T: ToString>(set: &BTreeSet<T>) -> Option<String> {
    let texts: Vec<String> = set.iter().map(T::to_string).collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}

/// All changes but those of predicates, parameters and acceptance.
pub(super) fn changes(old: &Policy, new: &Policy) -> Vec<Change> {
    let mut changes = Changes::default();
    let c = &mut changes;
    c.word("id", Class::Changed, Some(old.id.clone()), Some(new.id.clone()));
    let version = |policy: &Policy| Some(policy.version.to_string());
    c.word("version", Class::Editorial, version(old), version(new));
    c.word("title", Class::Editorial, old.title.clone(), new.title.clone());
    let authority = |policy: &Policy| policy.authority.map(|authority| authority.to_string());
    c.word("authority", Class::Changed, authority(old), authority(new));
    let (before, after) = (texts(&old.supersedes), texts(&new.supersedes));
    c.word("supersedes", Class::Editorial, before, after);
    let (before, after) = (texts(&old.jurisdictions), texts(&new.jurisdictions));
    c.word("jurisdictions", Class::Changed, before, after);
    let parties = |policy: &'_ Policy| policy.relying_parties.clone();
    c.choices("relying_parties", parties(old).as_ref(), parties(new).as_ref());
    // Without purposes, it is for any.
    let some = |set: &BTreeSet<String>| (!set.is_empty()).then(|| set.clone());
    c.choices("purposes", some(&old.purposes).as_ref(), some(&new.purposes).as_ref());
    let (before, after) = (texts(&old.legal_bases), texts(&new.legal_bases));
    c.word("legal_bases", Class::Changed, before, after);
    c.bound("retention", "days", old.retention, new.retention);
    let leap = |policy: &Policy| policy.leap_day.map(|rule| rule.word().to_owned());
    c.word("leap_day", Class::Changed, leap(old), leap(new));
    c.bound("clock_skew", "seconds", Some(old.clock_skew), Some(new.clock_skew));
    window(c, old.validity, new.validity);
    roles(c, old, new);
    claims(c, old, new);
    let equal = |policy: &Policy| {
        let pairs = pairs(&policy.equal).into_iter();
        pairs.map(|(a, b)| format!("{} equals {}", a.text(), b.text())).collect()
    };
    c.demands("equal", &equal(old), &equal(new));
    agreed(c, old, new);
    pseudonym(c, old.pseudonym.as_ref(), new.pseudonym.as_ref());
    if old.tests != new.tests {
        c.add("tests", Class::Editorial, format!("{} → {}", old.tests.len(), new.tests.len()));
    }
    changes.0
}

/// What issuers have to agree on; a higher quorum is tighter.
fn agreed(changes: &mut Changes, old: &Policy, new: &Policy) {
    let rules = |policy: &Policy| -> BTreeMap<(String, bool), AgreementRule> {
        let text = |rule: &Agreement| {
            let (roles, fields) = (rule.roles.join(", "), rule.fields.join(", "));
            match rule.rule {
                AgreementRule::Precedence => (format!("{roles} take precedence on {fields}"), true),
                _ => (format!("{roles} agree on {fields}"), false),
            }
        };
        agreements(&policy.agree).into_iter().map(|rule| (text(&rule), rule.rule)).collect()
    };
    let (old, new) = (rules(old), rules(new));
    let demand = |((text, _), rule): (&(String, bool), &AgreementRule)| match rule {
        AgreementRule::Quorum(least) => format!("{text}, {least} of them"),
        _ => text.clone(),
    };
    for (key, rule) in &new {
        match old.get(key) {
            None => {
                let added = format!("added: {}", demand((key, rule)));
                changes.add("agree", Class::Tightened, added);
            }
            Some(before) if before != rule => {
                let class = if rule > before { Class::Tightened } else { Class::Loosened };
                let (before, after) = (demand((key, before)), demand((key, rule)));
                changes.add("agree", class, moved(&before, &after));
            }
            Some(_) => {}
        }
    }
    for gone in old.iter().filter(|(key, _)| !new.contains_key(*key)) {
        changes.add("agree", Class::Loosened, format!("removed: {}", demand(gone)));
    }
}

fn window(changes: &mut Changes, old: Option<Window>, new: Option<Window>) {
    if old == new {
        return;
    }
    let (from, until) = (
        |window: Option<Window>| window.and_then(|window| window.from),
        |window: Option<Window>| window.and_then(|window| window.until),
    );
    // Without a beginning or an end, it lies before, or after, every other.
    let within = |inner: Option<Window>, outer: Option<Window>| {
        from(inner) >= from(outer)
            && match (until(inner), until(outer)) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(inner), Some(outer)) => inner <= outer,
            }
    };
    let class = match (within(new, old), within(old, new)) {
        (true, _) => Class::Tightened,
        (_, true) => Class::Loosened,
        _ => Class::Changed,
    };
    let text = |window: Option<Window>| {
        let end = |end: Option<crate::value::Timestamp>| {
            end.map_or("open".to_owned(), |end| end.to_string())
        };
        format!("{} to {}", end(from(window)), end(until(window)))
    };
    changes.add("validity", class, moved(&text(old), &text(new)));
}

fn pseudonym(changes: &mut Changes, old: Option<&String>, new: Option<&String>) {
    let class = match (old, new) {
        (None, Some(_)) => Class::Tightened,
        (Some(_), None) => Class::Loosened,
        _ => Class::Changed,
    };
    changes.word("pseudonym", class, old.cloned(), new.cloned());
}

fn roles(changes: &mut Changes, old: &Policy, new: &Policy) {
    for role in &new.roles {
        match old.roles.iter().find(|other| other.name == role.name) {
            None => changes.add(&role.name, Class::Tightened, "a role was added".to_owned()),
            Some(before) => self::role(changes, before, role),
        }
    }
    let gone = old.roles.iter().filter(|role| new.roles.iter().all(|r| r.name != role.name));
    for role in gone {
        changes.add(&role.name, Class::Loosened, "the role was removed".to_owned());
    }
}

fn role(changes: &mut Changes, old: &RoleRule, new: &RoleRule) {
    let name = &new.name;
    let about = |key: &str| format!("{name}.{key}");
    let schema = |role: &RoleRule| Some(role.schema.to_string());
    changes.word(&about("schema"), Class::Changed, schema(old), schema(new));
    let suite = |role: &RoleRule| Some(role.suite.id().to_owned());
    changes.word(&about("suite"), Class::Changed, suite(old), suite(new));
    let issuers = |role: &RoleRule| -> BTreeSet<String> {
        role.issuers.iter().map(did_key::encode).collect()
    };
    // Where a trust list has them, what is changed is that.
    if old.trust.is_none() && new.trust.is_none() {
        changes.choices(&about("issuers"), Some(&issuers(old)), Some(&issuers(new)));
    }
    let class = match (old.validity, new.validity) {
        (Validity::Skip, _) => Class::Tightened,
        (_, Validity::Skip) => Class::Loosened,
        _ => Class::Changed,
    };
    let validity = |role: &RoleRule| Some(role.validity.word().to_owned());
    changes.word(&about("validity"), class, validity(old), validity(new));
    let accepts = |role: &RoleRule| role.accepts.iter().map(ToString::to_string).collect();
    let (before, after): (BTreeSet<String>, BTreeSet<String>) = (accepts(old), accepts(new));
    changes.choices(&about("accepts"), Some(&before), Some(&after));
    let trust = |role: &RoleRule| match &role.trust {
        Some(trust) => Some(format!("{} of {}", trust.list, trust.authority)),
        None => Some(format!("issuers by name, {}", role.issuers.len())),
    };
    if old.trust.is_some() || new.trust.is_some() {
        changes.word(&about("trust"), Class::Changed, trust(old), trust(new));
    }
    if let (Some(before), Some(after)) = (&old.trust, &new.trust) {
        let (before, after) = (Some(before.max_age), Some(after.max_age));
        changes.bound(&about("trust.max_age"), "hours", before, after);
    }
    lists(changes, old, new);
}

/// The lists that a role's credential is held against: each is a demand.
fn lists(changes: &mut Changes, old: &RoleRule, new: &RoleRule) {
    let text = |rule: &ListRule| {
        let what = rule.field.as_deref().unwrap_or("credential");
        let authority = did_key::encode(&rule.authority);
        format!("{what} {} on {} of {authority}", rule.presence.word(), rule.list)
    };
    let demands = |role: &RoleRule| role.lists.iter().map(text).collect();
    changes.demands(&format!("{}.lists", new.name), &demands(old), &demands(new));
    for (i, rule) in new.lists.iter().enumerate() {
        let before = old.lists.iter().find(|other| other.same_list(rule));
        let before = before.filter(|other| other.presence == rule.presence);
        if let Some(before) = before {
            let about = format!("{}.lists[{i}].max_age", new.name);
            changes.bound(&about, "hours", Some(before.max_age), Some(rule.max_age));
        }
    }
}

/// Claims of roles that both have; what is not written is at `predicate`.
fn claims(changes: &mut Changes, old: &Policy, new: &Policy) {
    let has = |policy: &Policy, role: &str| policy.roles.iter().any(|known| known.name == role);
    let paths: BTreeSet<&ClaimPath> =
        old.claims.iter().chain(&new.claims).map(|claim| &claim.path).collect();
    let both = |path: &&ClaimPath| has(old, &path.role) && has(new, &path.role);
    for path in paths.into_iter().filter(both) {
        let stance = |policy: &'_ Policy| {
            let claim = policy.claims.iter().find(|claim| claim.path == *path);
            claim.map_or((ClaimRule::Predicate, None), |Claim { rule, one_of, .. }| {
                (*rule, one_of.clone())
            })
        };
        let (before, after) = (stance(old), stance(new));
        if !same(&before, &after) {
            let text =
                |(rule, list): &(ClaimRule, Option<Vec<Document>>)| says(*rule, list.as_ref());
            let class = compare(&before, &after);
            changes.add(path.text(), class, moved(&text(&before), &text(&after)));
        }
    }
}

type Stance = (ClaimRule, Option<Vec<Document>>);

fn same(a: &Stance, b: &Stance) -> bool {
    a.0 == b.0 && subset(&a.1, &b.1) && subset(&b.1, &a.1)
}

/// Whether a list of accepted values lies within another; without one, any value is accepted.
fn subset(inner: &Option<Vec<Document>>, outer: &Option<Vec<Document>>) -> bool {
    match (inner, outer) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(inner), Some(outer)) => inner.iter().all(|value| outer.contains(value)),
    }
}

/// Tightened where the floor is no lower, the ceiling no higher, and the list no longer.
fn compare(old: &Stance, new: &Stance) -> Class {
    let within = |inner: &Stance, outer: &Stance| {
        let lists = inner.0.ceiling() < Level::Revealed || subset(&inner.1, &outer.1);
        inner.0.floor() >= outer.0.floor() && inner.0.ceiling() <= outer.0.ceiling() && lists
    };
    match (within(new, old), within(old, new)) {
        (true, _) => Class::Tightened,
        (_, true) => Class::Loosened,
        _ => Class::Changed,
    }
}
