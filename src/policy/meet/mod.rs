//! The meet of two policies: what applies where both do.
//!
//! Each part of a policy is an element of a semilattice, ordered by how much it asks and how little
//! it lets be seen, and the meet goes part by part: the higher floor and the lower ceiling of each
//! claim, the predicates of both, the issuers trusted by both, the shorter retention. So the meet is
//! commutative, associative and idempotent (up to [normal form](Policy::normal)), and never has
//! more revealed than either. Where a part has no meet, two rules that no policy can keep, there is
//! a [`Conflict`] that names both and offers what would satisfy both; all of them are found.
//!
//! | part | of both |
//! |---|---|
//! | id | the sorted parts, joined by `+` |
//! | version, clock skew, retention, greatest age of a list | greatest; least; least; least |
//! | title, authority | kept where they are the same |
//! | jurisdictions, legal bases, superseded policies | union |
//! | purposes, relying parties, issuers of a role | intersection, which must not be empty |
//! | window of validity | intersection, which must not be empty |
//! | leap-day rule, pseudonym, schema, suite, trust list | the same, or only one has it |
//! | validity of a role | `skip` yields; `hidden` and `reveal` are in conflict |
//! | claims | floor and ceiling, as `claims` says |
//! | params, predicates | union; one name has one meaning |
//! | accept, equal, agree | all hold |
//! | tests | none: they are of a document as written |
//!
//! Of a role that it does not have, a policy says nothing.

mod claims;
mod conflict;
mod normal;
mod roles;
#[cfg(test)]
pub(super) mod tests;

pub(super) use claims::says;
pub use conflict::{Conflict, Side};
pub(super) use normal::{agreements, pairs};

use super::document::{Claim, ClaimPath, Predicate};
use super::expression::Expression;
use super::{ClaimRule, Policy, Window};
use crate::value::LeapDay;
use claims::Stance;
use std::collections::{BTreeMap, BTreeSet};

/// A place in one of the documents, and what it says.
#[derive(Clone, Debug)]
struct Place {
    path: String,
    rule: String,
}

impl Place {
    fn new(path: impl Into<String>, rule: impl Into<String>) -> Self {
        Self { path: path.into(), rule: rule.into() }
    }
}

/// Two policies on their way to one.
struct Meeting<'p> {
    a: &'p Policy,
    b: &'p Policy,
    conflicts: Vec<Conflict>,
}

/// The policy that holds where both do, in normal form.
///
/// # Errors
/// All conflicts, if there are any. The other order gives the same, with their sides exchanged.
pub fn meet(a: &Policy, b: &Policy) -> Result<Policy, Vec<Conflict>> {
    let mut meeting = Meeting { a, b, conflicts: Vec::new() };
    let met = meeting.policy();
    let mut conflicts = meeting.conflicts;
    if conflicts.is_empty() {
        // The meet may have more parts than a document lets pass.
        match Policy::from_document(&met.to_document()) {
            Ok(policy) => return Ok(policy),
            Err(fault) => conflicts.push(Conflict {
                about: fault.path().to_owned(),
                a: Side::of(a, Place::new("$", "its part")),
                b: Side::of(b, Place::new("$", "its part")),
                problem: format!("together they are no policy: {}", fault.problem()),
                offer: fault.remedy().to_owned(),
            }),
        }
    }
    conflicts.sort();
    Err(conflicts)
}

impl Side {
    fn of(policy: &Policy, place: Place) -> Self {
        Self { policy: policy.id.clone(), place: place.path, rule: place.rule }
    }
}

/// The lesser of two bounds, where none is no bound.
fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, None) | (None, one) => one,
    }
}

impl Meeting<'_> {
    fn conflict(&mut self, about: &str, a: Place, b: Place, problem: &str, offer: String) {
        self.conflicts.push(Conflict {
            about: about.to_owned(),
            a: Side::of(self.a, a),
            b: Side::of(self.b, b),
            problem: problem.to_owned(),
            offer,
        });
    }

    fn policy(&mut self) -> Policy {
        let (a, b) = (self.a, self.b);
        let kept = |a: &Option<String>, b: &Option<String>| a.clone().filter(|_| a == b);
        let met = Policy {
            id: normal::ids([&a.id, &b.id]),
            version: a.version.max(b.version),
            title: kept(&a.title, &b.title),
            jurisdictions: &a.jurisdictions | &b.jurisdictions,
            authority: a.authority.filter(|_| a.authority == b.authority),
            supersedes: &a.supersedes | &b.supersedes,
            relying_parties: self.parties(),
            purposes: self.purposes(),
            legal_bases: &a.legal_bases | &b.legal_bases,
            retention: least(a.retention, b.retention),
            leap_day: self.leap_day(),
            clock_skew: a.clock_skew.min(b.clock_skew),
            validity: self.window(),
            roles: self.roles(),
            claims: self.claims(),
            params: self.params(),
            predicates: self.predicates(),
            accept: None,
            equal: [a.equal.as_slice(), &b.equal].concat(),
            agree: [a.agree.as_slice(), &b.agree].concat(),
            pseudonym: self.pseudonym(),
            tests: Vec::new(),
        };
        let accept = self.accept(met.names());
        Policy { accept, ..met }.normal()
    }

    /// The common members of two sets, of which there must be one.
    fn common(
        &mut self,
        key: &str,
        a: &BTreeSet<String>,
        b: &BTreeSet<String>,
    ) -> BTreeSet<String> {
        let common = a & b;
        if common.is_empty() {
            let list = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
            let place = |set| Place::new(format!("$.{key}"), list(set));
            let offer = "one that both name".to_owned();
            self.conflict(key, place(a), place(b), "they have none in common", offer);
        }
        common
    }

    fn parties(&mut self) -> Option<BTreeSet<String>> {
        match (&self.a.relying_parties, &self.b.relying_parties) {
            (Some(a), Some(b)) => Some(self.common("relying_parties", a, b)),
            (one, None) | (None, one) => one.clone(),
        }
    }

    /// Without purposes, a policy is for any.
    fn purposes(&mut self) -> BTreeSet<String> {
        let (a, b) = (&self.a.purposes, &self.b.purposes);
        match (a.is_empty(), b.is_empty()) {
            (false, false) => self.common("purposes", a, b),
            _ => a | b,
        }
    }

    /// What is the same in both, or stands in one of them.
    fn same<T: Clone + PartialEq>(
        &mut self,
        key: &str,
        a: Option<&T>,
        b: Option<&T>,
        written: impl Fn(&T) -> String,
        offer: &str,
    ) -> Option<T> {
        match (a, b) {
            (Some(a), Some(b)) if a != b => {
                let place = |value| Place::new(format!("$.{key}"), written(value));
                let problem = "they differ, and only one can hold";
                self.conflict(key, place(a), place(b), problem, offer.to_owned());
                None
            }
            (Some(one), _) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        }
    }

    fn leap_day(&mut self) -> Option<LeapDay> {
        let (a, b) = (self.a.leap_day, self.b.leap_day);
        let offer = "mar1 in both, if coming of age a day later is acceptable to both";
        self.same("leap_day", a.as_ref(), b.as_ref(), |rule| rule.word().to_owned(), offer)
    }

    fn pseudonym(&mut self) -> Option<String> {
        let (a, b) = (self.a.pseudonym.as_ref(), self.b.pseudonym.as_ref());
        self.same("pseudonym", a, b, String::clone, "one scope for both")
    }

    fn window(&mut self) -> Option<Window> {
        let (a, b) = (self.a.validity, self.b.validity);
        let (Some(first), Some(second)) = (a, b) else { return a.or(b) };
        let from = first.from.max(second.from);
        let until = least(first.until, second.until);
        if from.zip(until).is_some_and(|(from, until)| from >= until) {
            let place = |window: Window| {
                let end = |end: Option<crate::value::Timestamp>| {
                    end.map_or("always".to_owned(), |end| end.to_string())
                };
                Place::new("$.validity", format!("{} to {}", end(window.from), end(window.until)))
            };
            let problem = "they are never in force at the same time";
            let offer = "windows that overlap".to_owned();
            self.conflict("validity", place(first), place(second), problem, offer);
        }
        Some(Window { from, until })
    }

    fn accept(&mut self, names: BTreeSet<String>) -> Option<Expression> {
        let (a, b) = (self.a, self.b);
        let parts = &normal::conjuncts(a) | &normal::conjuncts(b);
        match normal::accept(&parts, names) {
            Ok(accept) => accept,
            Err(fault) => {
                let place = |policy: &Policy| {
                    let accept = policy.accept.as_ref().map(|accept| accept.source.as_str());
                    Place::new("$.accept", accept.unwrap_or("all predicates"))
                };
                let problem = "both together make no expression";
                self.conflict("accept", place(a), place(b), problem, fault.remedy().to_owned());
                None
            }
        }
    }

    fn claims(&mut self) -> Vec<Claim> {
        let (a, b) = (View::new(self.a), View::new(self.b));
        let mut paths: BTreeSet<&ClaimPath> =
            a.written.keys().chain(b.written.keys()).copied().collect();
        paths.extend(a.proven.keys().chain(b.proven.keys()));
        let mut claims = Vec::new();
        for path in paths {
            match (a.stance(path), b.stance(path)) {
                (Some(a), Some(b)) => claims.extend(self.claim(path, &a, &b)),
                (Some(_), None) => claims.extend(a.claim(path).cloned()),
                (None, _) => claims.extend(b.claim(path).cloned()),
            }
        }
        claims
    }

    fn params(&mut self) -> BTreeMap<String, super::Literal> {
        let (a, b) = (self.a, self.b);
        let mut params = a.params.clone();
        for (name, value) in &b.params {
            match a.params.get(name).filter(|other| *other != value) {
                None => {
                    params.insert(name.clone(), value.clone());
                }
                Some(other) => {
                    let place = |value: &super::Literal| {
                        Place::new(format!("$.params.{name}"), value.to_document().canonical())
                    };
                    let offer = format!(
                        "another name for one of the two, so that the predicates of both hold; or \
                         one value of params.{name} for both"
                    );
                    let problem = "one parameter has two values";
                    let about = format!("params.{name}");
                    self.conflict(&about, place(other), place(value), problem, offer);
                }
            }
        }
        params
    }

    fn predicates(&mut self) -> Vec<Predicate> {
        let (a, b) = (self.a, self.b);
        let mut predicates = a.predicates.clone();
        for (j, predicate) in b.predicates.iter().enumerate() {
            let name = &predicate.name;
            let Some(i) = a.predicates.iter().position(|other| other.name == *name) else {
                predicates.push(predicate.clone());
                continue;
            };
            let text = &predicate.expression;
            let Some(other) = a.predicates.get(i).map(|other| &other.expression) else {
                continue;
            };
            if other.source != text.source {
                let place = |i, text: &Expression| {
                    Place::new(format!("$.predicates[{i}]"), text.source.as_str())
                };
                let mut sorted = [other.bare(), text.bare()].map(|text| text.trim().to_owned());
                sorted.sort();
                let offer = format!(
                    "two names; or in both `{name}` as `({}) && ({})`",
                    sorted[0], sorted[1]
                );
                let problem = "one name stands for two predicates";
                self.conflict(name, place(i, other), place(j, text), problem, offer);
            }
        }
        predicates
    }
}

/// A policy with its claims by path.
struct View<'p> {
    policy: &'p Policy,
    written: BTreeMap<&'p ClaimPath, usize>,
    proven: BTreeMap<ClaimPath, String>,
}

impl<'p> View<'p> {
    fn new(policy: &'p Policy) -> Self {
        Self { policy, written: policy.written(), proven: policy.proven() }
    }

    fn claim(&self, path: &ClaimPath) -> Option<&'p Claim> {
        self.policy.claims.get(*self.written.get(path)?)
    }

    /// What the policy does with a claim; none if it has no such role.
    fn stance(&self, path: &ClaimPath) -> Option<Stance<'p>> {
        let role = self.policy.roles.iter().position(|role| role.name == path.role)?;
        let proven = self.proven.get(path).map(|at| Place::new(at, self.rule_at(at)));
        Some(match self.written.get(path).zip(self.claim(path)) {
            Some((i, claim)) => Stance {
                word: Place::new(format!("$.claims[{i}]"), says(claim.rule, claim.one_of.as_ref())),
                rule: claim.rule,
                one_of: claim.one_of.as_ref(),
                proven,
            },
            None => Stance {
                word: Place::new(
                    format!("$.roles[{role}]"),
                    format!("{} is not listed, so it is at predicate", path.text()),
                ),
                rule: ClaimRule::Predicate,
                one_of: None,
                proven,
            },
        })
    }

    /// What stands at a place that proves something.
    fn rule_at(&self, place: &str) -> String {
        let index = |list: &str| -> Option<usize> {
            place.strip_prefix(list)?.strip_suffix(']')?.parse().ok()
        };
        let predicate = index("$.predicates[").and_then(|i| self.policy.predicates.get(i));
        let equal = index("$.equal[").and_then(|i| self.policy.equal.get(i));
        match (predicate, equal) {
            (Some(predicate), _) => {
                format!("{}: {}", predicate.name, predicate.expression.source)
            }
            (_, Some((a, b))) => format!("{} equals {}", a.text(), b.text()),
            _ => "distinct issuers agree on it".to_owned(),
        }
    }
}
