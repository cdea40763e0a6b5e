//! The verdict: whether an attestation holds at a moment, by what was or is known.
//!
//! (prose to come)

mod conflict;
mod delegation;
mod reason;
mod record;
mod standing;
mod status;
mod trust;

pub use conflict::{Claim, Conflict};
pub use reason::{Alteration, Distrust, Quarrel, Reason, Revocation, SchemaDoubt, StatusDoubt};
pub use record::{Edition, Epoch, FORMAT, IssuerNote, Mention, Notes, Verdict};

use super::facts::Facts;
use super::terms::Terms;
use crate::value::Timestamp;

/// What counts as known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Known {
    /// What the registry had recorded by then: as of that time.
    Then,
    /// Everything that it has by now, by the times that the statements carry: in hindsight.
    Now,
}

impl Known {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Then => "then",
            Self::Now => "now",
        }
    }
}

/// A moment, and from when one looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// The moment.
    pub at: Timestamp,
    /// What counts as known of it.
    pub known: Known,
}

impl Moment {
    /// As of a time.
    pub fn then(at: Timestamp) -> Self {
        Self { at, known: Known::Then }
    }

    /// In hindsight.
    pub fn now(at: Timestamp) -> Self {
        Self { at, known: Known::Now }
    }

    /// Whether an entry is known that was recorded then.
    fn knows(&self, recorded_at: Timestamp) -> bool {
        self.known == Known::Now || recorded_at <= self.at
    }

    /// Whether something is known to have been there that was recorded and, by its own word, made then.
    fn knows_made(&self, recorded_at: Timestamp, made_at: Timestamp) -> bool {
        recorded_at <= self.at || (self.known == Known::Now && made_at <= self.at)
    }

    /// Up to when entries count that say nothing of the moment, but of a statement recorded then.
    fn horizon(&self, recorded_at: Timestamp) -> Timestamp {
        self.at.max(recorded_at)
    }
}

/// The verdict on an attestation.
pub fn verdict(facts: &Facts, terms: &Terms, moment: &Moment) -> Verdict {
    standing::verdict(facts, terms, moment)
}

#[cfg(test)]
mod tests;
