//! What an entry of the registry is of, and the leaf of the log that stands for it.
//!
//! An entry is content, which is addressed by what it is, and the time at which the registry took it.
//! The log has a leaf of fixed length for each: it binds identifier, octets and time, and tells nothing
//! else, so that the log can be published where the content can't.
//!
//! ```text
//! leaf = version 1 u8 · kind u8 · recorded at u64 · identifier 32 · SHA-256 of the octets 32
//! ```

use crate::value::Timestamp;
use sha2::{Digest, Sha256};

/// Octets of a leaf.
pub const LEAF_LEN: usize = 74;
const LEAF_VERSION: u8 = 1;

/// What an entry is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A schema; its identifier is the schema's.
    Schema,
    /// An issuer's record; its hash.
    Issuer,
    /// An edition of a trust list; its hash.
    Trust,
    /// A policy's bundle; its hash.
    Bundle,
    /// An epoch of a sorted list; the hash of its head.
    Epoch,
    /// A grant.
    Grant,
    /// An attestation.
    Attestation,
    /// An event.
    Event,
    /// The original of an imported attestation; SHA-256 of it.
    Source,
}

impl Kind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Schema,
        Self::Issuer,
        Self::Trust,
        Self::Bundle,
        Self::Epoch,
        Self::Grant,
        Self::Attestation,
        Self::Event,
        Self::Source,
    ];

    /// Its number in leaves and in the database.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The kind of a number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Issuer => "issuer",
            Self::Trust => "trust",
            Self::Bundle => "bundle",
            Self::Epoch => "epoch",
            Self::Grant => "grant",
            Self::Attestation => "attestation",
            Self::Event => "event",
            Self::Source => "source",
        }
    }
}

/// The leaf of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// What it is of.
    pub kind: Kind,
    /// When the registry took it.
    pub recorded_at: Timestamp,
    /// Its identifier.
    pub id: [u8; 32],
    /// SHA-256 of its octets.
    pub digest: [u8; 32],
}

impl Leaf {
    /// The leaf of these octets.
    pub fn new(kind: Kind, recorded_at: Timestamp, id: [u8; 32], octets: &[u8]) -> Self {
        Self { kind, recorded_at, id, digest: Sha256::digest(octets).into() }
    }

    /// What is hashed into the log.
    pub fn to_bytes(&self) -> [u8; LEAF_LEN] {
        let mut octets = [0; LEAF_LEN];
        let parts: [&[u8]; 4] = [
            &[LEAF_VERSION, self.kind.code()],
            &self.recorded_at.unix().to_be_bytes(),
            &self.id,
            &self.digest,
        ];
        octets.copy_from_slice(&parts.concat());
        octets
    }

    /// Reads a leaf.
    pub fn from_bytes(octets: &[u8; LEAF_LEN]) -> Option<Self> {
        let (head, rest) = octets.split_at(2);
        let (time, rest) = rest.split_at(8);
        let (id, digest) = rest.split_at(32);
        let [LEAF_VERSION, kind] = *head else { return None };
        Some(Self {
            kind: Kind::from_code(kind)?,
            recorded_at: Timestamp::from_unix(u64::from_be_bytes(time.try_into().ok()?))?,
            id: id.try_into().ok()?,
            digest: digest.try_into().ok()?,
        })
    }
}
