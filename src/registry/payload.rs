//! Payloads: what an attestation says, inline, by hash only, or kept elsewhere under a hash.
//!
//! Inline payloads are the claims themselves, a record of the attestation's schema as canonical JSON:
//! they can be compared with what other issuers say. Of the other two the registry has the SHA-256
//! and the length; the octets are the claims in the same form, or anything else.

use crate::encoding::{Kind, Reader, WireError, Writer};
use sha2::{Digest, Sha256};
use std::fmt;

/// Most octets of an inline payload.
pub const MAX_INLINE: usize = 1 << 14;
/// Most octets of the address of an external payload.
pub const MAX_URI: usize = 512;

/// What an attestation says, or what stands for it.
#[derive(Clone, PartialEq, Eq)]
pub enum Payload {
    /// The claims: canonical JSON of a record of the schema.
    Inline(Vec<u8>),
    /// Whoever is concerned has the octets.
    Hash(Commitment),
    /// The octets are at an address.
    External {
        /// Where.
        uri: String,
        /// What they are.
        commitment: Commitment,
    },
}

/// The hash and the length of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// SHA-256.
    pub digest: [u8; 32],
    /// Octets.
    pub length: u64,
}

impl Commitment {
    /// The commitment to these octets.
    pub fn to(octets: &[u8]) -> Self {
        Self { digest: Sha256::digest(octets).into(), length: octets.len() as u64 }
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(octets) => write!(f, "Inline({} octets)", octets.len()),
            Self::Hash(commitment) => write!(f, "Hash({})", hex::encode(commitment.digest)),
            Self::External { uri, .. } => write!(f, "External({uri})"),
        }
    }
}

/// What was found where a payload should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadState {
    /// The octets that were committed to.
    Present,
    /// Nothing is there.
    Missing,
    /// Something else is there.
    Altered {
        /// Its SHA-256.
        found: [u8; 32],
    },
}

impl Payload {
    /// What it commits to.
    pub fn commitment(&self) -> Commitment {
        match self {
            Self::Inline(octets) => Commitment::to(octets),
            Self::Hash(commitment) | Self::External { commitment, .. } => *commitment,
        }
    }

    /// The claims, if they are here.
    pub fn inline(&self) -> Option<&[u8]> {
        match self {
            Self::Inline(octets) => Some(octets),
            Self::Hash(_) | Self::External { .. } => None,
        }
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Inline(octets) => {
                writer.array(1);
                writer.octets(octets);
            }
            Self::Hash(commitment) => {
                writer.array(2);
                writer.octets(&commitment.digest);
                writer.unsigned(commitment.length);
            }
            Self::External { uri, commitment } => {
                writer.array(3);
                writer.octets(&commitment.digest);
                writer.unsigned(commitment.length);
                writer.text(uri);
            }
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let commitment = |reader: &mut Reader<'_>| {
            let digest = super::statement::octets32(reader)?;
            Ok::<_, WireError>(Commitment { digest, length: reader.unsigned()? })
        };
        match reader.array(3)? {
            1 => Ok(Self::Inline(reader.octets(MAX_INLINE)?.to_vec())),
            2 => Ok(Self::Hash(commitment(reader)?)),
            3 => {
                let commitment = commitment(reader)?;
                let error = reader.wrong("the address of a payload");
                let uri = reader.text(MAX_URI)?;
                match crate::document::is_iri(uri) {
                    true => Ok(Self::External { uri: uri.to_owned(), commitment }),
                    false => Err(error),
                }
            }
            _ => Err(reader.wrong("a payload")),
        }
    }
}

/// A value, or null.
pub(super) fn optional<'a, T>(
    reader: &mut Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, WireError>,
) -> Result<Option<T>, WireError> {
    match reader.kind() {
        Kind::Null => reader.null().map(|()| None),
        _ => read(reader).map(Some),
    }
}
