//! The verdict: whether an attestation holds at a moment, and if not, why.
//!
//! There is one function, [`verdict`], of three things: the [`Facts`] that a registry has gathered,
//! the [`Terms`] of whoever asks, and the [`Moment`]. It reads no clock and no database. The same
//! three give the same verdict, octet for octet, wherever and whenever they are put together.
//!
//! # Two ways to ask about the past
//!
//! Let r be when an entry was recorded, m when a statement says it was made, e from when an event
//! counts, and t the moment. What is taken for known at t is
//!
//! | | attestations, epochs, editions | events | issuers' records |
//! |---|---|---|---|
//! | [`Then`](Known::Then), as of t | r ≤ t | r ≤ t | r ≤ t |
//! | [`Now`](Known::Now), in hindsight | r ≤ t or m ≤ t | all | r ≤ t, or r ≤ r of the statement |
//!
//! and of what is known, an event counts from e on, a superseding attestation from the later of m
//! and its `valid_from`. *As of t* answers what the registry would have said then, to whoever
//! relied on it: no entry that is recorded after t changes it. *In hindsight* answers what is now
//! known of t: a key that was found to be lost last week was lost last week. It knows no less than
//! was known then, and no entry whose times are all later than t changes it. The two agree at every
//! t by which all was recorded.
//!
//! Two things are judged not at t but at the second in which a statement was recorded, as only the
//! log's clock can't be set back by whoever signs: whether its issuer's key was trusted, and
//! whether whoever signed it could speak for the issuer. For these, a later time is one that is
//! later than the recording. So a statement that a thief dates back is refused at every t, also at
//! those before the theft.
//!
//! # The order of the reasons
//!
//! All reasons are given, and the first is the verdict. They stand in three groups.
//!
//! 1. *Whether there is a claim at all.* `unknown`, `unknown-schema-version`, `untrusted-issuer`,
//!    `stale-trust`, `payload-missing`, `payload-altered`. Each leaves nothing that the rest could
//!    be about: a claim that was not there, that says nothing which is understood, that nobody
//!    stands behind who is trusted or known to be still, whose content is not to be had or is
//!    another. What somebody who is not trusted has revoked was worth nothing before. What was
//!    unknown is that alone: everything else of it was unknown too.
//! 2. *What never mends.* `revoked`, `superseded`, `expired`: waiting does not help, another
//!    attestation does. Of these the issuer's explicit word goes before what took the claim's
//!    place, as it may be that both were wrong, and that goes before an end that was foreseen.
//! 3. *What may mend.* `suspended`, `not-yet-valid`, `stale-status`, `conflicting`. The issuer's
//!    own doubt goes first; then time, which mends by itself; then lists, of which whoever asks can
//!    get a newer epoch; and last what others say, which no one of those concerned can mend alone.
//!
//! A list does not say whether what is on it will stay there, and is judged as if it did:
//! `revoked`, with the detail `listed` or `not-on-list`.
//!
//! # Payloads
//!
//! Whether a payload is missing or altered is found when facts are gathered, and is a reason at
//! every moment alike. The hash in the signed statement binds what the payload was from the first:
//! octets that hash to something else are not, and never were, what was attested, and octets that
//! are not at hand now can't be judged now, whatever moment is asked about. Nothing could be said
//! of when they were lost, as nothing recorded it.
//!
//! # Lists and terms that are not met
//!
//! A list that can't be asked is `stale-status`, not passed over: no epoch, a forked one, an
//! attestation without the handle or the field that is to be looked up. Events of anybody but the
//! issuer count for nothing; so do revocations and suspensions of what was made not to be
//! revocable, which the registry would not have taken.
//!
//! | module | what |
//! |---|---|
//! | `standing` | the attestation by itself: schema, payload, events, supersession, validity |
//! | `trust` | whether its issuer is trusted |
//! | `delegation` | which keys are one issuer, and who speaks for whom |
//! | `status` | sorted lists |
//! | `conflict` | issuers that contradict each other |
//! | `reason`, `record` | what comes of it, and its document |

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

    /// Whether something is known to have been there that was recorded and, by its own word, made
    /// then.
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
