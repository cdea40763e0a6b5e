//! A key of a trust list: the window in which it may sign, and why a window does not count.

use crate::bbs::PublicKey;
use crate::schema::{SchemaId, VALIDITY_BITS};
use std::collections::BTreeSet;
use thiserror::Error;

/// The first hour that no credential can name.
pub(super) const LAST_HOUR: u32 = 1 << VALIDITY_BITS;

/// The hours in which a credential that counts may begin: from ≤ `valid_from` < until, whole hours
/// since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SigningWindow {
    from: u32,
    until: u32,
}

impl SigningWindow {
    /// A window, if from < until ≤ 2^22.
    pub fn new(from: u32, until: u32) -> Option<Self> {
        (from < until && until <= LAST_HOUR).then_some(Self { from, until })
    }

    /// Its first hour.
    pub fn from(self) -> u32 {
        self.from
    }

    /// The first hour after it.
    pub fn until(self) -> u32 {
        self.until
    }

    /// Whether an hour is one of it.
    pub fn contains(self, hour: u32) -> bool {
        (self.from..self.until).contains(&hour)
    }
}

/// A key of a list, and what it may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerKey {
    pub(super) key: PublicKey,
    pub(super) schemas: BTreeSet<SchemaId>,
    pub(super) from: u32,
    pub(super) until: Option<u32>,
    pub(super) successor: Option<PublicKey>,
    pub(super) compromised: Option<u32>,
}

impl IssuerKey {
    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The schemas that it may sign, sorted.
    pub fn schemas(&self) -> impl ExactSizeIterator<Item = SchemaId> {
        self.schemas.iter().copied()
    }

    /// The first hour in which what it signs may begin.
    pub fn from(&self) -> u32 {
        self.from
    }

    /// The first hour in which what it signs may no longer begin, if that is said.
    pub fn until(&self) -> Option<u32> {
        self.until
    }

    /// The key that takes over, if one does.
    pub fn successor(&self) -> Option<&PublicKey> {
        self.successor.as_ref()
    }

    /// The hour from which on its signatures do not count, if there is one.
    pub fn compromised(&self) -> Option<u32> {
        self.compromised
    }

    /// The widest window that counts.
    pub fn window(&self) -> Result<SigningWindow, TrustRefusal> {
        let compromised = self.compromised.unwrap_or(LAST_HOUR);
        // Its own window was checked to hold an hour, so only a compromise leaves none.
        SigningWindow::new(self.from, self.end().min(compromised)).ok_or(TrustRefusal::Compromised)
    }

    pub(super) fn end(&self) -> u32 {
        self.until.unwrap_or(LAST_HOUR)
    }

    pub(super) fn judge(&self, window: SigningWindow) -> Result<(), TrustRefusal> {
        if self.compromised.is_some_and(|hour| window.until > hour) {
            return Err(TrustRefusal::Compromised);
        }
        if window.from < self.from {
            return Err(TrustRefusal::NotYet);
        }
        match window.until > self.end() {
            false => Ok(()),
            true if self.successor.is_some() => Err(TrustRefusal::Rotated),
            true => Err(TrustRefusal::Expired),
        }
    }
}

/// Why a credential of a key does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Error)]
pub enum TrustRefusal {
    /// The key is not in the list.
    #[error("the issuer's key is not in the trust list")]
    Unlisted,
    /// The key may not sign this schema.
    #[error("the trust list does not let the issuer's key sign this schema")]
    Schema,
    /// Signatures from some of the window on do not count.
    #[error("the issuer's key was compromised before the end of the signing window")]
    Compromised,
    /// The window begins before the key's.
    #[error("the signing window begins before the issuer's key may sign")]
    NotYet,
    /// The window ends after the key's, and another key has taken over.
    #[error("the signing window goes on after the issuer's key was rotated to its successor")]
    Rotated,
    /// The window ends after the key's.
    #[error("the signing window goes on after the issuer's key has expired")]
    Expired,
}

impl TrustRefusal {
    /// All of them, in the order in which they are looked for.
    pub const ALL: [Self; 6] = [
        Self::Unlisted,
        Self::Schema,
        Self::Compromised,
        Self::NotYet,
        Self::Rotated,
        Self::Expired,
    ];

    /// The spelling, which never changes: other programs compare it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unlisted => "issuer-unlisted",
            Self::Schema => "issuer-schema",
            Self::Compromised => "issuer-key-compromised",
            Self::NotYet => "issuer-key-not-yet",
            Self::Rotated => "issuer-key-rotated",
            Self::Expired => "issuer-key-expired",
        }
    }
}
