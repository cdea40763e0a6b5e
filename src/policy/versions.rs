//! Roles that accept credentials of several versions of a schema.
//!
//! A role is written against one schema and may accept others of the same name, listed by their ids
//! under `accepts`: ids, not a range of numbers, so that what is accepted cannot change behind the
//! bundle's hash. Everything in the compiled policy speaks of the first schema's messages; how a
//! credential of another is read is its [`Reading`]. One circuit serves all: a slot is as wide as the
//! widest of them, a shift of the signed integer goes into the public side of the comparison, and what
//! a version does not sign is the constant that everybody knows.
//!
//! What is used must mean the same in every version accepted, or the policy is refused by name.

use super::circuit::Plan;
use super::compile::{Equality, Role};
use super::public::SlotSource;
use crate::credential::Credential;
use crate::document::{Fault, Problem};
use crate::schema::evolution::{Read, Reading};
use crate::schema::{Disclosure, Schema, SchemaId};
use sigil_circuits::Interval;
use std::collections::BTreeSet;

/// A schema whose credentials a role accepts, and how they are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    schema: Schema,
    reading: Reading,
}

impl Accepted {
    /// The schema of the credentials, read by rules that are written against `base`.
    pub(super) fn new(base: &Schema, schema: &Schema) -> Result<Self, String> {
        let reading = Reading::new(base, schema).map_err(|error| error.to_string())?;
        Ok(Self { schema: schema.clone(), reading })
    }

    /// The schema.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// How its messages are read.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The message that is signed for one of the role's schema; none if it is not signed.
    pub fn signed(&self, message: usize) -> Option<usize> {
        match self.reading.message(message) {
            Ok(Read::Signed { message, .. }) => Some(*message),
            _ => None,
        }
    }

    /// By how much the signed integer is above the one that rules compute with.
    pub fn shift(&self, message: usize) -> i128 {
        match self.reading.message(message) {
            Ok(Read::Signed { shift, .. }) => *shift,
            _ => 0,
        }
    }

    /// The integer that fills a slot: the signed one, or the constant that stands for it.
    pub(crate) fn slot(&self, credential: &Credential, message: usize) -> Option<u128> {
        match self.reading.message(message).ok()? {
            Read::Signed { message, .. } => credential.integer(*message),
            Read::Constant { integer, .. } => *integer,
        }
    }

    /// The constant that fills a slot which these credentials do not sign.
    pub(crate) fn constant(&self, message: usize) -> Option<u128> {
        match self.reading.message(message).ok()? {
            Read::Signed { .. } => None,
            Read::Constant { integer, .. } => *integer,
        }
    }

    /// The integer that rules compute with.
    pub(crate) fn integer(&self, credential: &Credential, message: usize) -> Option<i128> {
        let signed = i128::try_from(self.slot(credential, message)?).ok()?;
        Some(signed - self.shift(message))
    }

    fn interval(&self, message: usize) -> Option<Interval> {
        match self.reading.message(message).ok()? {
            Read::Signed { message, .. } => self.schema.field_at(*message)?.interval(),
            Read::Constant { integer, .. } => {
                let integer = i128::try_from((*integer)?).ok()?;
                Interval::new(integer, integer)
            }
        }
    }
}

impl Role {
    /// Which of the accepted schemas this is.
    pub fn version(&self, schema: SchemaId) -> Option<usize> {
        self.accepted().iter().position(|accepted| accepted.schema.id() == schema)
    }

    /// How a credential is read; none if its schema is not accepted.
    pub(crate) fn reads(&self, credential: &Credential) -> Option<&Accepted> {
        self.accepted().get(self.version(credential.schema().id())?)
    }

    /// What the integer that rules compute with may be, in any version.
    pub(super) fn base_interval(&self, message: usize) -> Option<Interval> {
        let intervals = self.accepted().iter().map(|accepted| {
            let (interval, shift) = (accepted.interval(message)?, accepted.shift(message));
            Some((interval.low() - shift, interval.high() - shift))
        });
        hull(intervals.collect::<Option<Vec<_>>>()?.into_iter())
    }

    /// What a slot that holds this message may be, in any version.
    pub(super) fn interval(&self, message: usize) -> Option<Interval> {
        let intervals = self.accepted().iter().map(|accepted| accepted.interval(message));
        hull(intervals.collect::<Option<Vec<_>>>()?.iter().map(|i| (i.low(), i.high())))
    }

    /// The shifts of a message over all versions; none if there are none.
    pub(super) fn shifts(&self, message: usize) -> Option<Interval> {
        let shifts = || self.accepted().iter().map(|accepted| accepted.shift(message));
        if shifts().all(|shift| shift == 0) {
            return None;
        }
        hull(shifts().map(|shift| (shift, shift)))
    }
}

fn hull(mut ends: impl Iterator<Item = (i128, i128)>) -> Option<Interval> {
    let first = ends.next()?;
    let (low, high) = ends.fold(first, |(low, high), (a, b)| (low.min(a), high.max(b)));
    Interval::new(low, high)
}

/// What a policy uses of a role's credential.
struct Uses {
    /// In hidden comparisons.
    hidden: BTreeSet<usize>,
    /// In hidden equalities, which compare what is signed.
    equal: BTreeSet<usize>,
    /// In hidden equalities with elements of a list.
    listed: BTreeSet<usize>,
}

/// Checks that everything used means the same in every version that a role accepts.
pub(super) fn check(roles: &[Role], plan: &Plan) -> Result<(), Fault> {
    for (i, role) in roles.iter().enumerate() {
        let own = |sources: Vec<SlotSource>| {
            sources.into_iter().filter(|source| source.role == i).map(|source| source.message)
        };
        let sources =
            plan.rules.iter().flat_map(|(_, rule)| own(rule.sources()).collect::<Vec<_>>());
        let equal = plan.equalities.iter().flat_map(|Equality { a, b }| own(vec![*a, *b]));
        let entries = plan.equalities.iter().filter(|pair| pair.b.role >= roles.len());
        let listed = entries.flat_map(|pair| own(vec![pair.a])).collect();
        let uses = Uses { hidden: sources.collect(), equal: equal.collect(), listed };
        for (j, accepted) in role.accepted().iter().skip(1).enumerate() {
            uses.check(role, accepted).map_err(|problem| {
                let problem = Problem::Invalid(problem);
                let remedy = "leave this version out, or make a policy of its own for it";
                Fault::new(format!("$.roles[{i}].accepts[{j}]"), problem, remedy)
            })?;
        }
    }
    Ok(())
}

impl Uses {
    fn check(&self, role: &Role, accepted: &Accepted) -> Result<(), String> {
        let version = accepted.schema.version();
        if let Some(message) = accepted.reading.unasked().first() {
            let name = accepted.schema.field_at(*message).map_or("", |field| field.name());
            return Err(format!(
                "version {version} has \"{name}\" always revealed, and these rules do not know it"
            ));
        }
        for field in role.schema().fields() {
            let Some((message, _)) = role.schema().field(field.name()) else { continue };
            let revealed = role.must().contains(&message) || role.may().contains(&message);
            let used = self.hidden.contains(&message) || self.equal.contains(&message) || revealed;
            match accepted.reading.message(message) {
                Err(unreadable) if used => return Err(format!("version {version}: {unreadable}")),
                Err(_) => {}
                Ok(read) => self.check_field(role, accepted, (message, field.name()), read)?,
            }
        }
        Ok(())
    }

    fn check_field(
        &self,
        role: &Role,
        accepted: &Accepted,
        (message, name): (usize, &str),
        read: &Read,
    ) -> Result<(), String> {
        let version = accepted.schema.version();
        let refuse = |why: &str| Err(format!("version {version}: \"{name}\" {why}"));
        let (must, may) = (role.must().contains(&message), role.may().contains(&message));
        let Read::Signed { message: signed, shift } = read else {
            return match must || may || self.equal.contains(&message) {
                true => refuse("is not signed, and is to be revealed or equal to another claim"),
                false => Ok(()),
            };
        };
        if self.equal.contains(&message) && *shift != 0 {
            return refuse("is signed as another number, and is to be equal to another claim");
        }
        // A list of w bits ends with 2^w, which no value is that the list can have, but a wider one may be.
        if self.listed.contains(&message) && !accepted.reading.covers(message) {
            return refuse("has values that a list for the role's schema has no room for");
        }
        let Some(actual) = accepted.schema.field_at(*signed) else { return Ok(()) };
        let base = role.schema().field_at(message);
        let offset = base.is_some_and(|b| b.field_type().offset() != actual.field_type().offset());
        match actual.disclosure() {
            _ if (must || may) && offset => refuse("is signed as another number than is revealed"),
            Disclosure::Never if must || may => refuse("may not be revealed by its issuer's limit"),
            Disclosure::Always if !must => refuse("is always revealed by its issuer's limit"),
            _ => Ok(()),
        }
    }
}
