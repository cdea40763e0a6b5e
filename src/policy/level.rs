//! How much a policy has shown of a claim, and lets be shown.
//!
//! The words of the claims set a floor and a ceiling; a predicate, a hidden equality or an
//! agreement on a claim raises its floor to [`Level::Predicate`]. Of roles that it does not have, a
//! policy says nothing.

use super::document::ClaimPath;
use super::{ClaimRule, Level, Policy, Validity};
use std::collections::BTreeMap;
use std::fmt;

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hidden => "hidden",
            Self::Predicate => "proven about",
            Self::Revealed => "revealed",
        })
    }
}

/// The least and the most that is shown of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The least.
    pub floor: Level,
    /// The most.
    pub ceiling: Level,
}

impl Policy {
    /// What it has shown of a field and lets be shown; none if it has no such role.
    pub fn limits(&self, role: &str, field: &str) -> Option<Limits> {
        if !self.roles.iter().any(|known| known.name == role) {
            return None;
        }
        let rule = self.claim_rule(role, field);
        let path = ClaimPath { role: role.to_owned(), field: field.to_owned() };
        let proven = match self.proven().contains_key(&path) {
            true => Level::Predicate,
            false => Level::Hidden,
        };
        Some(Limits { floor: rule.floor().max(proven), ceiling: rule.ceiling() })
    }

    /// How a role's validity is shown; none if it has no such role.
    pub fn role_validity(&self, role: &str) -> Option<Validity> {
        self.roles.iter().find(|known| known.name == role).map(|known| known.validity)
    }

    /// The claims that something is proven about, each with the first place that asks for it.
    pub(super) fn proven(&self) -> BTreeMap<ClaimPath, String> {
        let mut proven = BTreeMap::new();
        let mut add = |path: ClaimPath, place: String| {
            proven.entry(path).or_insert(place);
        };
        for (i, predicate) in self.predicates.iter().enumerate() {
            for (role, field) in predicate.expression.claims() {
                let path = ClaimPath { role: role.to_owned(), field: field.to_owned() };
                add(path, format!("$.predicates[{i}]"));
            }
        }
        for (i, (a, b)) in self.equal.iter().enumerate() {
            add(a.clone(), format!("$.equal[{i}]"));
            add(b.clone(), format!("$.equal[{i}]"));
        }
        for (i, rule) in self.agree.iter().enumerate() {
            for role in &rule.roles {
                for field in &rule.fields {
                    let path = ClaimPath { role: role.clone(), field: field.clone() };
                    add(path, format!("$.agree[{i}]"));
                }
            }
        }
        proven
    }

    /// The claims that are written out, by path, with their places in the list.
    pub(super) fn written(&self) -> BTreeMap<&ClaimPath, usize> {
        self.claims.iter().enumerate().map(|(i, claim)| (&claim.path, i)).collect()
    }
}

impl ClaimRule {
    /// The rule whose floor and ceiling these are; a floor of `predicate` is for predicates to set.
    pub(super) fn of_limits(floor: Level, ceiling: Level) -> Self {
        match (floor, ceiling) {
            (Level::Revealed, _) => Self::Must,
            (_, Level::Revealed) => Self::May,
            (_, Level::Predicate) => Self::Predicate,
            (_, Level::Hidden) => Self::Never,
        }
    }
}
