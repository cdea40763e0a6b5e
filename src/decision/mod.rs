//! Decisions: whether what was presented is acceptable, now.
//!
//! Verification says that a statement is true; a decision says whether it is enough. It is a pure
//! function of the policy, the request, the verified presentation, what is known of statuses, and
//! the time: the same inputs give the same octets everywhere. A denial names every reason, never
//! just the first, in the fixed order of [`Code`], each with the place of its rule.
//!
//! [`decide`] takes a presentation that was verified: there, every rule over hidden values has been
//! proven, and what is left to judge is what everybody can see. [`rehearse`] takes the values of an
//! example instead and judges all rules by them, without any proof; its record says so, and the
//! word is in the digest. Both judge by one [trace](Entry) of all rules in the policy's order, which
//! is also what [`Verdict::explanation`] gives.
//!
//! ```json
//! { "format": "sigil-decision/1", "basis": "presentation", "decision": "deny",
//!   "reasons": [{ "code": "one-of", "path": "$.claims[0].one_of" }],
//!   "policy": "…", "bundle": "…", "request": "…", "evidence": "…", "status": "…",
//!   "audience": "https://verifier.example", "time": "2026-06-01T12:00:00Z" }
//! ```
//!
//! | member | digest of |
//! |---|---|
//! | `policy`, `bundle` | the policy's document; the bundle that pins it |
//! | `request` | the request |
//! | `evidence` | the presentation's octets; of an example, its `holders`, `reveal` and `withhold` |
//! | `status` | what is known of lists, trust lists and replaced policies ([`StatusState`]) |
//!
//! What was relied upon of these is named too ([`Reliance`]): the rule by which issuers had to agree,
//! the edition of each trust list, the epoch of each list.
//!
//! Times are judged so: the request and what is known of statuses by `now`, give or take the
//! policy's `clock_skew`; the policy's own window by `now`; credentials by the time of the request.

mod agreements;
mod evidence;
mod lists;
mod reason;
mod record;
mod reliance;
mod status;
mod trace;
mod trial;
mod trust;

pub use evidence::{Basis, Evidence};
pub use reason::{Code, Reason};
pub use record::{Decision, DecisionDigest, DecisionRecord, FORMAT};
pub use reliance::{EditionUsed, EpochUsed, Reliance, RuleUsed};
pub use status::{Edition, FORMAT as STATUS_FORMAT, Standing, StatusDigest, StatusState};
pub use trace::{Entry, Outcome};
pub use trial::TestOutcome;

use crate::policy::{Bundle, CompiledPolicy};
use crate::presentation::{Terms, VerifiedPresentation};
use crate::request::PresentationRequest;
use crate::value::Timestamp;

/// Who decides, when, and what it knows besides.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The audience that the verifier is.
    pub audience: &'a str,
    /// What is known of statuses.
    pub status: &'a StatusState,
    /// The verifier's clock.
    pub now: Timestamp,
}

/// Everything that a decision is made from.
struct Case<'a> {
    bundle: &'a Bundle,
    compiled: &'a CompiledPolicy,
    request: &'a PresentationRequest,
    evidence: &'a Evidence,
    situation: &'a Situation<'a>,
}

/// A decision with its explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    record: DecisionRecord,
    explanation: Vec<Entry>,
}

impl Verdict {
    /// The record: what is kept.
    pub fn record(&self) -> &DecisionRecord {
        &self.record
    }

    /// The decision.
    pub fn decision(&self) -> &Decision {
        self.record.decision()
    }

    /// Every rule in the policy's order, and how it came out.
    pub fn explanation(&self) -> &[Entry] {
        &self.explanation
    }
}

impl Case<'_> {
    fn verdict(&self) -> Verdict {
        let explanation = trace::Trace::of(self);
        let record = DecisionRecord::of(self, &explanation);
        Verdict { record, explanation }
    }
}

/// Decides about a presentation that was verified under these terms.
///
/// `bundle` is the one that the terms were made of: its document says what its compiled form no
/// longer does.
pub fn decide(
    terms: &Terms,
    bundle: &Bundle,
    request: &PresentationRequest,
    presentation: &VerifiedPresentation,
    situation: &Situation<'_>,
) -> Verdict {
    let evidence = Evidence::of_presentation(terms, presentation);
    let compiled = terms.policy();
    Case { bundle, compiled, request, evidence: &evidence, situation }.verdict()
}

/// Judges an example by its values: what would be decided if they were presented. Nothing is proven.
///
/// `compiled` is the bundle's policy held against the schemas.
pub fn rehearse(
    bundle: &Bundle,
    compiled: &CompiledPolicy,
    request: &PresentationRequest,
    evidence: &Evidence,
    situation: &Situation<'_>,
) -> Verdict {
    Case { bundle, compiled, request, evidence, situation }.verdict()
}

#[cfg(test)]
mod tests;
