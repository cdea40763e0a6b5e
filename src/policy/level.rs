//! How much is seen of a claim: hidden < predicate < revealed.
//!
//! A policy gives each claim of its roles a floor, what a presentation shows at least, and a
//! ceiling, what it shows at most. The words of the claims set both; a predicate, a hidden equality
//! or an agreement on a claim raises its floor to [`Level::Predicate`]. Of roles that it does not
//! have, a policy says nothing.

use super::{ClaimRule, Policy};
use std::collections::BTreeSet;
use std::fmt;

/// What is seen of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing.
    Hidden,
    /// That something proven about it holds.
    Predicate,
    /// Its value.
    Revealed,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hidden => "hidden",
            Self::Predicate => "proven about",
            Self::Revealed => "revealed",
        })
    }
}

/// What a policy asks of a claim and allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// What is seen at least.
    pub floor: Level,
    /// What is seen at most.
    pub ceiling: Level,
}

impl ClaimRule {
    /// The floor and the ceiling that the word stands for.
    pub fn limits(self) -> Limits {
        let (floor, ceiling) = match self {
            Self::Must => (Level::Revealed, Level::Revealed),
            Self::May => (Level::Hidden, Level::Revealed),
            Self::Predicate => (Level::Hidden, Level::Predicate),
            Self::Never => (Level::Hidden, Level::Hidden),
        };
        Limits { floor, ceiling }
    }
}
