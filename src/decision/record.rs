//! The record of a decision: what was decided, why, and the digests of all that it was made from.

use super::Case;
use super::evidence::Basis;
use super::reason::Reason;
use super::reliance::Reliance;
use super::status::StatusDigest;
use super::trace::{Entry, Outcome};
use crate::digest::digest_type;
use crate::document::Document;
use crate::policy::{BundleHash, PolicyHash};
use crate::request::RequestDigest;
use crate::value::Timestamp;

/// The format's name and version.
pub const FORMAT: &str = "sigil-decision/1";

digest_type! {
    /// The digest of a decision's record.
    DecisionDigest
}

/// What is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is acceptable.
    Permit,
    /// It is not, for these reasons: all of them, ordered by code and then by the policy.
    Deny(Vec<Reason>),
}

impl Decision {
    /// Whether it is acceptable.
    pub fn is_permit(&self) -> bool {
        *self == Self::Permit
    }

    /// The reasons of a denial; none of a permission.
    pub fn reasons(&self) -> &[Reason] {
        match self {
            Self::Permit => &[],
            Self::Deny(reasons) => reasons,
        }
    }

    /// What fails is a reason, each place once for a code.
    fn of(entries: &[Entry]) -> Self {
        let mut reasons: Vec<Reason> = Vec::new();
        for entry in entries.iter().filter(|entry| entry.outcome == Outcome::Fails) {
            let Some(code) = entry.code else { continue };
            let known = |reason: &Reason| reason.code == code && reason.path == entry.path;
            if !reasons.iter().any(known) {
                let (path, sentence) = (entry.path.clone(), entry.why.clone());
                reasons.push(Reason { code, path, sentence });
            }
        }
        reasons.sort_by_key(|reason| reason.code);
        if reasons.is_empty() { Self::Permit } else { Self::Deny(reasons) }
    }
}

/// A decision with the digests of all that it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRecord {
    basis: Basis,
    decision: Decision,
    policy: PolicyHash,
    bundle: BundleHash,
    request: RequestDigest,
    evidence: [u8; 32],
    status: StatusDigest,
    audience: String,
    time: Timestamp,
    reliance: Reliance,
}

impl DecisionRecord {
    pub(super) fn of(case: &Case<'_>, entries: &[Entry]) -> Self {
        Self {
            basis: case.evidence.basis(),
            decision: Decision::of(entries),
            policy: case.bundle.policy().hash(),
            bundle: case.bundle.hash(),
            request: case.request.digest(),
            evidence: case.evidence.digest(),
            status: case.situation.status.digest(),
            audience: case.situation.audience.to_owned(),
            time: case.situation.now,
            reliance: Reliance::of(case),
        }
    }

    /// What it rests on: a presentation that was verified, or an example.
    pub fn basis(&self) -> Basis {
        self.basis
    }

    /// The decision.
    pub fn decision(&self) -> &Decision {
        &self.decision
    }

    /// The digest of the presentation or, by the basis, of the example.
    pub fn evidence(&self) -> [u8; 32] {
        self.evidence
    }

    /// When it was decided.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// The rules, trust lists and lists that it relied upon.
    pub fn reliance(&self) -> &Reliance {
        &self.reliance
    }

    /// The record as a document in normal form. Sentences are not in it: they may be put better.
    pub fn to_document(&self) -> Document {
        let reason = |reason: &Reason| {
            let code = Document::text(reason.code.word());
            Document::object([("code", code), ("path", Document::text(&reason.path))])
        };
        let reasons = self.decision.reasons().iter().map(reason).collect();
        let word = if self.decision.is_permit() { "permit" } else { "deny" };
        let members = [
            ("format", Document::text(FORMAT)),
            ("basis", Document::text(self.basis.word())),
            ("decision", Document::text(word)),
            ("reasons", Document::Array(reasons)),
            ("policy", Document::Text(self.policy.to_string())),
            ("bundle", Document::Text(self.bundle.to_string())),
            ("request", Document::Text(self.request.to_string())),
            ("evidence", Document::Text(hex::encode(self.evidence))),
            ("status", Document::Text(self.status.to_string())),
            ("audience", Document::text(&self.audience)),
            ("time", Document::Text(self.time.to_string())),
        ];
        Document::object(members.into_iter().chain(self.reliance.members()))
    }

    /// SHA-256 of its RFC 8785 form.
    pub fn digest(&self) -> DecisionDigest {
        DecisionDigest::from_bytes(self.to_document().digest())
    }
}
