//! The verdict as it is handed over and kept.

use super::Moment;
use super::conflict::{Claim, Conflict};
use super::reason::Reason;
use super::standing::Standing;
use crate::authority::Authority;
use crate::document::Document;
use crate::registry::attestation::AttestationId;
use crate::registry::payload::PayloadState;
use crate::registry::terms::{Terms, TermsDigest};
use crate::status::HeadHash;
use crate::trust::TrustHash;
use crate::value::Timestamp;

/// The format's name and version.
pub const FORMAT: &str = "sigil-verdict/1";
const VALID: &str = "valid";

/// Whether an attestation holds at a moment, why not, and what that rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    id: AttestationId,
    moment: Moment,
    entry: Option<(u64, Timestamp)>,
    reasons: Vec<Reason>,
    notes: Notes,
    terms: TermsDigest,
}

/// What is worth knowing beside the verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Who the issuer is by the trust list.
    pub issuer: Option<IssuerNote>,
    /// The edition of the trust list that was relied upon.
    pub trust: Option<Edition>,
    /// The epochs of lists that were relied upon, in the order of the terms.
    pub epochs: Vec<Epoch>,
    /// What took its place, the first first.
    pub superseded_by: Vec<AttestationId>,
    /// Who says that it is wrong.
    pub disputes: Vec<Mention>,
    /// Who says that it is right.
    pub supports: Vec<Mention>,
    /// Where issuers contradict each other about the subject.
    pub conflicts: Vec<Conflict>,
    /// What was found of the payload, whether the terms ask for it or not.
    pub payload: Option<PayloadState>,
}

/// An issuer, as the trust list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerNote {
    /// Its name.
    pub name: String,
    /// Its precedence; 0 counts most.
    pub precedence: u32,
}

/// An edition of a trust list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    /// The list's address.
    pub list: String,
    /// The number.
    pub sequence: u64,
    /// The hash.
    pub hash: TrustHash,
}

/// An epoch of a sorted list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// The list's address.
    pub list: String,
    /// The number.
    pub epoch: u64,
    /// The hash of its head.
    pub hash: HeadHash,
}

/// Another attestation, and who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    /// The attestation.
    pub attestation: AttestationId,
    /// Its issuer.
    pub issuer: Authority,
}

impl Notes {
    pub(super) fn of(standing: &Standing<'_>) -> Self {
        let issuer = standing.listed.map(|listed| IssuerNote {
            name: listed.issuer.to_owned(),
            precedence: listed.precedence,
        });
        let trust = standing.edition.map(|list| Edition {
            list: list.id().to_owned(),
            sequence: list.sequence(),
            hash: list.hash(),
        });
        let epochs = standing.epochs.iter().map(|head| Epoch {
            list: head.key().list.clone(),
            epoch: head.stamp().epoch,
            hash: head.hash(),
        });
        Self {
            issuer,
            trust,
            epochs: epochs.collect(),
            superseded_by: standing.superseded_by.clone(),
            ..Self::default()
        }
    }
}

impl Verdict {
    pub(super) fn new(
        id: AttestationId,
        moment: Moment,
        entry: Option<(u64, Timestamp)>,
        reasons: Vec<Reason>,
        notes: Notes,
        terms: &Terms,
    ) -> Self {
        Self { id, moment, entry, reasons, notes, terms: terms.digest() }
    }

    /// Whether it holds.
    pub fn is_valid(&self) -> bool {
        self.reasons.is_empty()
    }

    /// The reason that counts, if it does not hold.
    pub fn reason(&self) -> Option<&Reason> {
        self.reasons.first()
    }

    /// All reasons, in order of precedence.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// `valid`, or the word of the reason that counts.
    pub fn word(&self) -> &'static str {
        self.reason().map_or(VALID, Reason::word)
    }

    /// The attestation.
    pub fn id(&self) -> AttestationId {
        self.id
    }

    /// The moment.
    pub fn moment(&self) -> Moment {
        self.moment
    }

    /// The attestation's number among the registry's entries, and when it was recorded; none if it
    /// was unknown.
    pub fn entry(&self) -> Option<(u64, Timestamp)> {
        self.entry
    }

    /// What is worth knowing beside it.
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// The digest of the terms.
    pub fn terms(&self) -> TermsDigest {
        self.terms
    }

    /// The verdict as a document in normal form. What there is nothing to say of is left out.
    pub fn to_document(&self) -> Document {
        let reasons = self.reasons.iter().map(Reason::to_document).collect();
        let members = [
            ("format", Document::text(FORMAT)),
            ("id", Document::Text(self.id.to_string())),
            ("at", Document::Text(self.moment.at.to_string())),
            ("known", Document::text(self.moment.known.word())),
            ("word", Document::text(self.word())),
            ("reasons", Document::Array(reasons)),
            ("terms", Document::Text(self.terms.to_string())),
        ];
        let entry = self.entry.map(|(index, recorded_at)| {
            [
                ("index", Document::Integer(index.into())),
                ("recorded_at", Document::Text(recorded_at.to_string())),
            ]
        });
        let notes = self.notes.members();
        Document::object(members.into_iter().chain(entry.into_iter().flatten()).chain(notes))
    }
}

impl Notes {
    fn members(&self) -> Vec<(&'static str, Document)> {
        let mut members = Vec::new();
        let mut list = |key, documents: Vec<Document>| {
            if !documents.is_empty() {
                members.push((key, Document::Array(documents)));
            }
        };
        list("epochs", self.epochs.iter().map(Epoch::to_document).collect());
        let superseded_by = self.superseded_by.iter().map(|id| Document::Text(id.to_string()));
        list("superseded_by", superseded_by.collect());
        list("disputes", self.disputes.iter().copied().map(Mention::to_document).collect());
        list("supports", self.supports.iter().copied().map(Mention::to_document).collect());
        list("conflicts", self.conflicts.iter().map(Conflict::to_document).collect());
        members.extend(self.issuer.as_ref().map(|issuer| ("issuer", issuer.to_document())));
        members.extend(self.trust.as_ref().map(|edition| ("trust", edition.to_document())));
        members.extend(self.payload.map(|state| ("payload", payload_document(state))));
        members
    }
}

fn payload_document(state: PayloadState) -> Document {
    Document::text(match state {
        PayloadState::Present => "present",
        PayloadState::Missing => "missing",
        PayloadState::Altered { .. } => "altered",
    })
}

impl IssuerNote {
    fn to_document(&self) -> Document {
        Document::object([
            ("name", Document::text(&self.name)),
            ("precedence", Document::Integer(self.precedence.into())),
        ])
    }
}

impl Edition {
    fn to_document(&self) -> Document {
        Document::object([
            ("list", Document::text(&self.list)),
            ("sequence", Document::Integer(self.sequence.into())),
            ("hash", Document::Text(self.hash.to_string())),
        ])
    }
}

impl Epoch {
    fn to_document(&self) -> Document {
        Document::object([
            ("list", Document::text(&self.list)),
            ("epoch", Document::Integer(self.epoch.into())),
            ("hash", Document::Text(self.hash.to_string())),
        ])
    }
}

impl Mention {
    fn to_document(self) -> Document {
        Document::object([
            ("attestation", Document::Text(self.attestation.to_string())),
            ("issuer", Document::Text(self.issuer.to_string())),
        ])
    }
}

impl Conflict {
    fn to_document(&self) -> Document {
        let claims = self.claims.iter().map(Claim::to_document).collect();
        Document::object([
            ("field", Document::text(&self.field)),
            ("rule", Document::text(self.rule)),
            ("claims", Document::Array(claims)),
        ])
    }
}

impl Claim {
    fn to_document(&self) -> Document {
        Document::object([
            ("attestation", Document::Text(self.attestation.to_string())),
            ("issuer", Document::Text(self.issuer.to_string())),
            ("value", self.value.clone()),
            ("believed", Document::Bool(self.believed)),
        ])
    }
}
