//! Conflicts: two rules that no single policy can keep, and what would satisfy both.

use std::fmt;

/// One side of a conflict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Side {
    /// The policy's id.
    pub policy: String,
    /// The place in its document, such as `$.claims[2]`.
    pub place: String,
    /// What it says there.
    pub rule: String,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.policy, self.place, self.rule)
    }
}

/// Two rules that no single policy can keep.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// What they are about, such as `kyc.nationality` or `retention`.
    pub about: String,
    /// The rule of the first policy.
    pub a: Side,
    /// The rule of the second.
    pub b: Side,
    /// Why they don't go together.
    pub problem: String,
    /// What satisfies both.
    pub offer: String,
}

impl Conflict {
    /// The same conflict, seen from the other policy.
    pub fn turned(self) -> Self {
        let Self { about, a, b, problem, offer } = self;
        Self { about, a: b, b: a, problem, offer }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { about, a, b, problem, offer } = self;
        write!(f, "{about}: {problem}\n  {a}\n  {b}\n  to satisfy both: {offer}")
    }
}
