//! Refusals: why an object is not taken into a registry.

use crate::registry::grant::{DelegationError, GrantId};
use crate::registry::object::Kind;
use crate::schema::SchemaId;
use crate::status::chain::Break;
use crate::trust::ChainBreak;
use crate::value::Timestamp;
use thiserror::Error;

/// Why an object is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// An attestation under a schema that the registry does not have.
    #[error("the registry does not have schema {0}: add it first")]
    UnknownSchema(SchemaId),
    /// The inline claims are not a record of the schema.
    #[error("the claims are no record of the schema: {0}")]
    NotARecord(String),
    /// The inline claims are a record of the schema, in another spelling.
    #[error("the claims are not canonical: write them as canonical JSON, then sign again")]
    PayloadNotCanonical,
    /// What it is about, or linked to, is not in the registry.
    #[error("the registry does not have {}: add it first", hex::encode(.0))]
    UnknownTarget([u8; 32]),
    /// It takes the place of an attestation of somebody else, or is an event about one.
    #[error("{} is of another issuer: only its own can do this", hex::encode(.0))]
    NotTheIssuer([u8; 32]),
    /// The attestation can't be revoked or suspended.
    #[error("{} was made irrevocable: supersede it", hex::encode(.0))]
    Irrevocable([u8; 32]),
    /// The statement's clock is ahead of the registry's.
    #[error("it was made at {issued_at}, later than now ({now}): set the clock right")]
    Future {
        /// When it was made, as it says.
        issued_at: Timestamp,
        /// The registry's time.
        now: Timestamp,
    },
    /// A delegated statement that the registry has already.
    #[error("a replay: entry {index} is this very statement, which counts once")]
    Replay {
        /// The entry.
        index: u64,
    },
    /// The signer has used this number for another statement.
    #[error("its signer has used its nonce before: sign it again with another")]
    NonceUsed,
    /// A grant that the registry does not have.
    #[error("the registry does not have grant {0}: add it first")]
    UnknownGrant(GrantId),
    /// A grant that was revoked.
    #[error("grant {0} was revoked")]
    GrantRevoked(GrantId),
    /// The grants don't allow it.
    #[error("{0}")]
    Delegation(#[from] DelegationError),
    /// An edition that does not follow the last one.
    #[error("{0}")]
    Edition(#[from] ChainBreak),
    /// An epoch that does not follow the last one.
    #[error("{0}")]
    Epoch(#[from] Break),
    /// A bundle without the signature of the authority that its policy names.
    #[error("the bundle is not signed by the authority that its policy names: have it signed")]
    Unauthorised,
    /// A number that the registry has no room for.
    #[error("a sequence or an epoch of this number is beyond what is kept")]
    Number,
}

impl Refusal {
    /// The spelling, which never changes.
    pub fn word(&self) -> &'static str {
        match self {
            Self::UnknownSchema(_) => "unknown-schema",
            Self::NotARecord(_) => "not-a-record",
            Self::PayloadNotCanonical => "payload-not-canonical",
            Self::UnknownTarget(_) => "unknown-target",
            Self::NotTheIssuer(_) => "not-the-issuer",
            Self::Irrevocable(_) => "irrevocable",
            Self::Future { .. } => "future",
            Self::Replay { .. } => "replay",
            Self::NonceUsed => "nonce-used",
            Self::UnknownGrant(_) => "unknown-grant",
            Self::GrantRevoked(_) => "grant-revoked",
            Self::Delegation(error) => delegation_word(*error),
            Self::Edition(error) => match error {
                ChainBreak::Fork { .. } | ChainBreak::Previous => "trust-fork",
                ChainBreak::Sequence { expected, found } if found < expected => "trust-rollback",
                ChainBreak::Sequence { .. } => "trust-gap",
                _ => "trust-break",
            },
            Self::Epoch(error) => match error {
                Break::Fork { .. } => "epoch-fork",
                Break::Lowered { .. } => "epoch-rollback",
                Break::Skipped { .. } => "epoch-gap",
                _ => "epoch-break",
            },
            Self::Unauthorised => "unauthorised-bundle",
            Self::Number => "number",
        }
    }
}

fn delegation_word(error: DelegationError) -> &'static str {
    match error {
        DelegationError::Audience => "delegation-audience",
        DelegationError::Deadline => "delegation-deadline",
        DelegationError::Chain => "delegation-chain",
        DelegationError::Wider => "delegation-wider",
        DelegationError::Schema => "delegation-schema",
        DelegationError::Right => "delegation-right",
        DelegationError::Window => "delegation-window",
    }
}

/// Which object of a batch is not taken, and why. Nothing of the batch was written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("object {place} of the batch ({} {}): {refusal}", .kind.word(), hex::encode(.id))]
pub struct Refused {
    /// Its place in the batch, from 0.
    pub place: usize,
    /// What it is.
    pub kind: Kind,
    /// Its identifier.
    pub id: [u8; 32],
    /// Why.
    pub refusal: Refusal,
}
