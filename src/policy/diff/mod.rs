//! What changes from one policy to the next.
//!
//! A change is *tightened* where whatever satisfies the new rule satisfied the old one, *loosened*
//! where it is the other way round, and *changed* where neither is known to be so. Parts that are
//! sets or bounds compare as such; predicates compare by implication, decided on the values behind
//! them, so that a moved threshold has a direction. Where an acceptance expression stands over the
//! predicates, their changes have the direction of what is accepted as a whole.
//!
//! Directions are those at the time of the comparison. Rules that agree then are called the same only
//! where neither depends on the time, or both are one rule.
//!
//! Constants are parameters of the circuit: a moved one keeps the shape, and with it the keys. A
//! change of shape is named, and needs a new setup.

mod parts;
mod rules;
#[cfg(test)]
mod tests;

use super::Policy;
use crate::document::Fault;
use crate::schema::Schema;
use crate::value::Timestamp;
use std::fmt;

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// What satisfied the old rule satisfies the new one.
    Loosened,
    /// What satisfies the new rule satisfied the old one.
    Tightened,
    /// A constant was moved; the direction is that of the predicates that use it.
    Moved(Direction),
    /// Neither is known to imply the other.
    Changed,
    /// Nothing that is asked or allowed changed.
    Editorial,
    /// The circuit has another shape: it needs a new setup, and new keys.
    NewShape,
}

/// Where a moved constant moves the rules that use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To accept more.
    Loosened,
    /// To accept less.
    Tightened,
    /// Not known to be either.
    Open,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loosened => "loosened",
            Self::Tightened => "tightened",
            Self::Moved(Direction::Loosened) => "moved, loosened",
            Self::Moved(Direction::Tightened) => "moved, tightened",
            Self::Moved(Direction::Open) => "moved",
            Self::Changed => "changed",
            Self::Editorial => "editorial",
            Self::NewShape => "new shape",
        })
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it concerns, such as `id.nationality` or `params.income`.
    pub about: String,
    /// What kind of change it is.
    pub class: Class,
    /// What was and what is.
    pub message: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.class, self.about, self.message)
    }
}

/// All changes from one policy to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    changes: Vec<Change>,
    keys_serve: bool,
}

impl Difference {
    /// The changes, in the order of the document.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Whether the keys of the old policy serve the new one: it has the same shape, or none.
    pub fn keys_serve(&self) -> bool {
        self.keys_serve
    }
}

/// What changes from the old policy to the new one, rules evaluated at a time.
///
/// # Errors
/// The fault of either policy where it does not compile.
pub fn diff(
    old: &Policy,
    new: &Policy,
    schemas: &[Schema],
    at: Timestamp,
) -> Result<Difference, Fault> {
    let compiled = (old.compile(schemas)?, new.compile(schemas)?);
    let mut changes = parts::changes(old, new);
    changes.extend(rules::changes((old, &compiled.0), (new, &compiled.1), at));
    let shape = |compiled: &super::CompiledPolicy| compiled.shape().map(|shape| shape.id());
    let (before, after) = (shape(&compiled.0), shape(&compiled.1));
    let keys_serve = after.is_none() || before == after;
    if before != after {
        let written = |shape: Option<sigil_circuits::ShapeId>| {
            shape.map_or("no circuit".to_owned(), |shape| shape.to_string())
        };
        changes.push(Change {
            about: "circuit".to_owned(),
            class: Class::NewShape,
            message: moved(&written(before), &written(after)),
        });
    }
    Ok(Difference { changes, keys_serve })
}

/// What was and what is.
fn moved(old: &str, new: &str) -> String {
    format!("{old} → {new}")
}
