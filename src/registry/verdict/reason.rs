//! Why an attestation does not hold: words with a fixed order and a fixed spelling.

use crate::document::Document;
use crate::registry::attestation::AttestationId;
use crate::registry::event::{Cause, EventId};
use crate::registry::grant::DelegationError;
use crate::registry::terms::NoElement;
use crate::trust::{StaleTrust, TrustRefusal};
use crate::value::Timestamp;

/// A reason. The order of the variants is the order of precedence, for which [the module](super)
/// argues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It was not there.
    Unknown,
    /// Its schema is not accepted, or not recorded.
    UnknownSchemaVersion(SchemaDoubt),
    /// Nobody who is trusted stands behind it.
    UntrustedIssuer(Distrust),
    /// The trust list is too old to say who is trusted.
    StaleTrust(StaleTrust),
    /// The payload is not at hand.
    PayloadMissing,
    /// The payload is not what was committed to.
    PayloadAltered(Alteration),
    /// It was taken back for good, or a list says that it does not count.
    Revoked(Revocation),
    /// Another attestation of its issuer took its place.
    Superseded {
        /// The first that did.
        by: AttestationId,
    },
    /// It has ended.
    Expired {
        /// When.
        until: Timestamp,
    },
    /// Its issuer said that it does not hold for now.
    Suspended {
        /// The event.
        event: EventId,
        /// Why.
        cause: Cause,
        /// The first second in which it holds again, if that was said.
        until: Option<Timestamp>,
    },
    /// It has not begun.
    NotYetValid {
        /// When it begins.
        from: Timestamp,
    },
    /// A list that has to be asked says nothing that counts.
    StaleStatus {
        /// The list's address.
        list: String,
        /// Why.
        doubt: StatusDoubt,
    },
    /// Issuers contradict each other, and it is not the one that is believed.
    Conflicting {
        /// The field, as the base names it.
        field: String,
        /// Why.
        quarrel: Quarrel,
    },
}

/// Why a schema is none by which an attestation is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaDoubt {
    /// It is not one of those that are accepted.
    NotAccepted,
    /// The registry did not have it.
    NotRecorded,
}

/// Why nobody who is trusted stands behind an attestation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// It is none of the keys that are named.
    NotNamed,
    /// No issuer's record binds it to a key that could be trusted.
    Unbound,
    /// No edition of the trust list is known.
    ListUnknown,
    /// Two editions of the trust list have the highest number.
    ListForked,
    /// The trust list refuses the key.
    Refused(TrustRefusal),
    /// Whoever signed it could not speak for the issuer.
    Delegation(DelegationError),
    /// A grant had been revoked by which whoever signed it spoke for the issuer.
    DelegationRevoked,
}

/// What was found in place of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alteration {
    /// Octets with another hash, namely this.
    Found([u8; 32]),
    /// Claims that are no record of the schema in canonical form.
    NotARecord,
}

/// How an attestation was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// By its issuer.
    ByEvent {
        /// The event.
        event: EventId,
        /// Why.
        cause: Cause,
        /// From when on.
        effective: Timestamp,
    },
    /// It is on a list that it must not be on.
    Listed {
        /// The list's address.
        list: String,
        /// The epoch.
        epoch: u64,
    },
    /// It is not on a list that it must be on.
    NotOnList {
        /// The list's address.
        list: String,
        /// The epoch.
        epoch: u64,
    },
}

/// Why what is known of a list does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusDoubt {
    /// No epoch is known.
    NoEpoch,
    /// The newest epoch that is known contradicts another.
    Forked,
    /// The newest epoch that is known is of a time that is yet to come.
    NotYet,
    /// The newest epoch that is known is older than accepted.
    TooOld,
    /// The epoch after the newest that is known is due.
    Overdue,
    /// The attestation can't be looked up.
    NoElement(NoElement),
}

/// Why a claim is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quarrel {
    /// Nothing says who is to be believed.
    Unsettled,
    /// Too few issuers say any one thing.
    NoQuorum,
    /// Something else is believed.
    Overruled,
    /// A quorum is asked for, and what it says can't be seen.
    Unseen,
}

impl Reason {
    /// All words, in order of precedence.
    pub const WORDS: [&'static str; 13] = [
        "unknown",
        "unknown-schema-version",
        "untrusted-issuer",
        "stale-trust",
        "payload-missing",
        "payload-altered",
        "revoked",
        "superseded",
        "expired",
        "suspended",
        "not-yet-valid",
        "stale-status",
        "conflicting",
    ];

    /// Its place in the order of precedence.
    pub fn rank(&self) -> usize {
        match self {
            Self::Unknown => 0,
            Self::UnknownSchemaVersion(_) => 1,
            Self::UntrustedIssuer(_) => 2,
            Self::StaleTrust(_) => 3,
            Self::PayloadMissing => 4,
            Self::PayloadAltered(_) => 5,
            Self::Revoked(_) => 6,
            Self::Superseded { .. } => 7,
            Self::Expired { .. } => 8,
            Self::Suspended { .. } => 9,
            Self::NotYetValid { .. } => 10,
            Self::StaleStatus { .. } => 11,
            Self::Conflicting { .. } => 12,
        }
    }

    /// The word, which never changes: other programs compare it.
    pub fn word(&self) -> &'static str {
        Self::WORDS.get(self.rank()).copied().unwrap_or_default()
    }

    /// More about it in a word, which never changes either.
    pub fn detail(&self) -> Option<&'static str> {
        Some(match self {
            Self::UnknownSchemaVersion(SchemaDoubt::NotAccepted) => "not-accepted",
            Self::UnknownSchemaVersion(SchemaDoubt::NotRecorded) => "not-recorded",
            Self::UntrustedIssuer(distrust) => distrust.word(),
            Self::StaleTrust(StaleTrust::NotYet) => "not-yet",
            Self::StaleTrust(StaleTrust::Stale) => "stale",
            Self::PayloadAltered(Alteration::Found(_)) => "other-octets",
            Self::PayloadAltered(Alteration::NotARecord) => "not-a-record",
            Self::Revoked(Revocation::ByEvent { cause, .. }) => cause.word(),
            Self::Revoked(Revocation::Listed { .. }) => "listed",
            Self::Revoked(Revocation::NotOnList { .. }) => "not-on-list",
            Self::Suspended { cause, .. } => cause.word(),
            Self::StaleStatus { doubt, .. } => doubt.word(),
            Self::Conflicting { quarrel, .. } => quarrel.word(),
            Self::Unknown
            | Self::PayloadMissing
            | Self::Superseded { .. }
            | Self::Expired { .. }
            | Self::NotYetValid { .. } => return None,
        })
    }

    /// The reason as an object in normal form.
    pub fn to_document(&self) -> Document {
        let time = |time: &Timestamp| Document::Text(time.to_string());
        let mut members = vec![("reason", Document::text(self.word()))];
        members.extend(self.detail().map(|word| ("detail", Document::text(word))));
        match self {
            Self::PayloadAltered(Alteration::Found(found)) => {
                members.push(("found", Document::Text(hex::encode(found))));
            }
            Self::Revoked(Revocation::ByEvent { event, effective, .. }) => {
                members.push(("event", Document::Text(event.to_string())));
                members.push(("effective", time(effective)));
            }
            Self::Revoked(
                Revocation::Listed { list, epoch } | Revocation::NotOnList { list, epoch },
            ) => {
                members.push(("list", Document::text(list)));
                members.push(("epoch", Document::Integer((*epoch).into())));
            }
            Self::Superseded { by } => members.push(("by", Document::Text(by.to_string()))),
            Self::Expired { until } => members.push(("until", time(until))),
            Self::Suspended { event, until, .. } => {
                members.push(("event", Document::Text(event.to_string())));
                members.extend(until.iter().map(|until| ("until", time(until))));
            }
            Self::NotYetValid { from } => members.push(("from", time(from))),
            Self::StaleStatus { list, .. } => members.push(("list", Document::text(list))),
            Self::Conflicting { field, .. } => members.push(("field", Document::text(field))),
            Self::Unknown
            | Self::UnknownSchemaVersion(_)
            | Self::UntrustedIssuer(_)
            | Self::StaleTrust(_)
            | Self::PayloadMissing
            | Self::PayloadAltered(Alteration::NotARecord) => {}
        }
        Document::object(members)
    }
}

impl Distrust {
    /// The word; of trust lists the one that decisions have for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotNamed => "not-named",
            Self::Unbound => "unbound",
            Self::ListUnknown => "trust-unknown",
            Self::ListForked => "trust-forked",
            Self::Refused(refusal) => refusal.word(),
            Self::DelegationRevoked => "delegation-revoked",
            Self::Delegation(error) => match error {
                DelegationError::Audience => "delegation-audience",
                DelegationError::Deadline => "delegation-deadline",
                DelegationError::Chain => "delegation-chain",
                DelegationError::Wider => "delegation-wider",
                DelegationError::Schema => "delegation-schema",
                DelegationError::Right => "delegation-right",
                DelegationError::Window => "delegation-window",
            },
        }
    }
}

impl StatusDoubt {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::NoEpoch => "no-epoch",
            Self::Forked => "forked",
            Self::NotYet => "not-yet",
            Self::TooOld => "too-old",
            Self::Overdue => "overdue",
            Self::NoElement(NoElement::Handle) => "no-handle",
            Self::NoElement(NoElement::Field) => "no-field",
        }
    }
}

impl Quarrel {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unsettled => "unsettled",
            Self::NoQuorum => "no-quorum",
            Self::Overruled => "overruled",
            Self::Unseen => "unseen",
        }
    }
}
