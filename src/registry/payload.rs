//! Payloads: what an attestation says, inline, by hash only, or kept elsewhere under a hash.
//!
//! Inline payloads are the claims themselves, a record of the attestation's schema as canonical JSON:
//! they can be compared with what other issuers say. Of the other two the attestation signs the
//! SHA-256 and the length. Where such octets are is a question of storage and may change; whether what
//! is found there is the payload is decided here, by one [`Measure`] for all places. The length is
//! signed together with the digest so that a reader knows how much to read at most: a place that
//! serves more is found out after one octet too many, whatever it goes on to serve.

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

/// Greatest length of a payload in octets: 64 MiB.
pub const MAX_PAYLOAD: u64 = 64 << 20;

/// What was found where a payload should be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PayloadState {
    /// The payload.
    Present,
    /// Nothing; and the place itself could be asked.
    Missing,
    /// Other octets.
    Altered {
        /// Their SHA-256. Of an object that is too long it is that of the first octets, one more
        /// than the payload has: no more is read.
        found: [u8; 32],
    },
}

impl PayloadState {
    /// What these octets are, where a payload of this digest and length should be.
    pub fn of(octets: &[u8], digest: &[u8; 32], len: u64) -> Self {
        let mut measure = Measure::new(len);
        measure.take(octets);
        measure.state(digest)
    }
}

impl fmt::Debug for PayloadState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present => f.write_str("Present"),
            Self::Missing => f.write_str("Missing"),
            Self::Altered { found } => write!(f, "Altered({})", hex::encode(found)),
        }
    }
}

/// Measures octets as they come against a payload's length, and reads one octet beyond it at most.
#[derive(Clone)]
pub struct Measure {
    hash: Sha256,
    len: u64,
    count: u64,
}

impl Measure {
    /// Of a payload of this length.
    pub fn new(len: u64) -> Self {
        Self { hash: Sha256::new(), len, count: 0 }
    }

    /// How many octets are still to be read: up to one more than the payload has.
    pub fn wanted(&self) -> u64 {
        self.len.saturating_add(1).saturating_sub(self.count)
    }

    /// Takes the next octets, those beyond what is wanted left out, and gives what it took.
    pub fn take<'a>(&mut self, octets: &'a [u8]) -> &'a [u8] {
        let wanted = usize::try_from(self.wanted()).unwrap_or(usize::MAX);
        let taken = octets.get(..wanted).unwrap_or(octets);
        self.hash.update(taken);
        self.count = self.count.saturating_add(taken.len() as u64);
        taken
    }

    /// What all the octets are, where a payload of this digest should be.
    pub fn state(self, digest: &[u8; 32]) -> PayloadState {
        let found: [u8; 32] = self.hash.finalize().into();
        match self.count == self.len && found == *digest {
            true => PayloadState::Present,
            false => PayloadState::Altered { found },
        }
    }
}

impl fmt::Debug for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Measure({} of {})", self.count, self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha256(octets: &[u8]) -> [u8; 32] {
        Sha256::digest(octets).into()
    }

    #[test]
    fn octets_are_the_payload_only_with_its_digest_and_length() {
        let octets = b"a payload";
        let (digest, len) = (sha256(octets), octets.len() as u64);
        assert_eq!(PayloadState::of(octets, &digest, len), PayloadState::Present);
        assert_eq!(PayloadState::of(b"", &sha256(b""), 0), PayloadState::Present);
        for (other, found) in [
            (&b"a payloae"[..], sha256(b"a payloae")),
            (b"a payloa", sha256(b"a payloa")),
            (b"", sha256(b"")),
            (b"a payload!", sha256(b"a payload!")),
            (b"a payload!!!", sha256(b"a payload!")),
        ] {
            let state = PayloadState::of(other, &digest, len);
            assert_eq!(state, PayloadState::Altered { found }, "{other:?}");
        }
        // The digest alone is not enough: a length that was signed wrongly is not put right here.
        for len in [0, len - 1, len + 1, u64::MAX] {
            assert_ne!(PayloadState::of(octets, &digest, len), PayloadState::Present, "{len}");
        }
    }

    #[test]
    fn a_measure_takes_one_octet_too_many_and_no_more() {
        let mut measure = Measure::new(3);
        let mut taken = Vec::new();
        for octet in b"abcdef" {
            taken.extend_from_slice(measure.take(&[*octet]));
        }
        assert_eq!((taken.as_slice(), measure.wanted()), (&b"abcd"[..], 0));
        assert_eq!(measure.take(b"more"), b"");
        let found = sha256(b"abcd");
        assert_eq!(measure.state(&sha256(b"abc")), PayloadState::Altered { found });
    }
}
