//! Public anchors: by one hash, an attestation commits to a BBS credential and reveals nothing of
//! it.
//!
//! A claim can be both: a credential that its holder shows selectively, and an entry of the
//! registry that says in public that it was issued. The anchor is what the entry holds of the
//! credential:
//!
//! ```text
//! anchor = H(schema id, issuer's key, suite, A ‖ e, salt)
//! ```
//!
//! with H the transcript hash (SHA-256, each item with its length, under a tag of its own), (A, e)
//! the credential's signature, 80 octets, and the salt 32 octets of whoever commits. The salt is
//! the [`AnchorOpening`]; together with the credential it shows that the anchor is of this one.
//!
//! # What it hides
//!
//! To whoever lacks the salt the anchor is random. With H a random oracle, an adversary learns
//! something only by asking H for the very salt, of which it knows nothing but the anchor: q
//! queries find it with probability q/2^256, whatever else it knows. So the schema and the issuer's
//! key are hidden too, as far as the attestation around the anchor does not say them.
//!
//! The salt is needed. A ‖ e may seem secret enough, but is none to the issuer, who knows the A and
//! e of everything that it has signed and could search the registry for each holder's anchors.
//! Moreover, signing is deterministic: with an issuer's key that has leaked, claims of low entropy
//! (a birth date, a country) could be signed again, one guess after the other, and tested. With the
//! salt neither works: a guess at the credential, even the credential itself, can be tested only
//! together with a guess at the salt. So the anchor hides from the issuer as well **if the holder
//! chooses the salt**, or whoever commits in the holder's name; an issuer who commits knows what it
//! has committed to. Two anchors of one credential, under two salts, are not linked either.
//!
//! # What it binds to
//!
//! Opening an anchor to two credentials that differ in schema, key, suite or signature means two
//! inputs of H with one output: a collision of SHA-256, 2^128 work, also for an issuer who makes
//! both. The signature stands for the messages; it holds if
//!
//! ```text
//! A·(sk + e) = B,   B = P1 + Q1·domain + Σ H_i·m_i
//! ```
//!
//! Two lists of messages with one (A, e), under one key, header and suite, have one B, and so give a
//! relation between the generators H_i, whose discrete logarithms nobody knows, the issuer included.
//! So nobody opens one anchor to two sets of claims, and nobody opens it to claims that were not
//! signed, since a [`Credential`] exists only with a signature that holds. A credential that is
//! issued again with other claims, another handle or another window has another signature, and is
//! not what the anchor is of.
//!
//! # What opening reveals
//!
//! Opening means showing the credential itself, all its claims and its signature, with the salt: it
//! is for an auditor, a court or the holder's next wallet, not for a verifier of policies. Whoever
//! was shown them can recognise the anchor for ever, show others, and, as credentials are bound to
//! no holder, present the credential as if it were theirs. Nothing less opens an anchor: there is
//! no proof here that an anchor's credential satisfies a predicate.
//!
//! Nor does a presentation point to an anchor. It holds the signature only under fresh random
//! factors, as a proof of knowledge of A and e, and neither anchor nor salt goes into it. Such
//! proofs are zero-knowledge: whoever could tell from one which anchor is of its credential could
//! tell it from what is disclosed alone. And that is where a link can come from: the values that a
//! holder discloses, and what the attestation around the anchor says beside it, a subject, a time,
//! an issuer of few credentials.

use crate::bbs::PublicKey;
use crate::credential::Credential;
use crate::digest::{digest_type, from_hex};
use crate::document::{Bounds, Cursor, Document, Fault};
use crate::transcript::{Transcript, tag};
use rand_core::CryptoRngCore;
use std::fmt;
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

/// The format of an opening's document.
pub const OPENING_FORMAT: &str = "sigil-anchor-opening/1";
/// Octets of a salt.
pub const SALT_LEN: usize = 32;

const BOUNDS: Bounds = Bounds { octets: 1 << 10, depth: 1, elements: 4, ..Bounds::PUBLISHED };

digest_type! {
    /// The public anchor of a credential.
    Anchor
}

/// The anchor is not of this credential, or not with this opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the anchor does not open to this credential")]
pub struct NotAnchored;

/// What opens an anchor, together with its credential: keep it as secret as the credential. `Debug`
/// shows nothing of it; it is erased when dropped.
#[derive(Clone)]
pub struct AnchorOpening {
    salt: Zeroizing<[u8; SALT_LEN]>,
}

impl AnchorOpening {
    /// The opening with this salt, which is random and used for one anchor.
    pub fn from_salt(salt: [u8; SALT_LEN]) -> Self {
        Self { salt: Zeroizing::new(salt) }
    }

    /// The salt.
    pub fn salt(&self) -> &[u8; SALT_LEN] {
        &self.salt
    }

    /// Reads an opening from JSON.
    pub fn parse(octets: &[u8]) -> Result<Self, Fault> {
        let document = Zeroizing::new(Document::read_json(octets, &BOUNDS)?);
        let fields = Cursor::root(&document).fields(&["format", "salt"])?;
        fields.format(OPENING_FORMAT)?;
        let cursor = fields.required("salt")?;
        let salt = from_hex(cursor.text()?);
        salt.map(Self::from_salt)
            .map_err(|error| cursor.invalid(error.to_string(), "copy it whole"))
    }

    /// The opening as JSON.
    pub fn to_json(&self) -> Zeroizing<String> {
        let document = Zeroizing::new(Document::object([
            ("format", Document::text(OPENING_FORMAT)),
            ("salt", Document::Text(hex::encode(*self.salt))),
        ]));
        Zeroizing::new(document.canonical())
    }
}

impl fmt::Debug for AnchorOpening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnchorOpening(redacted)")
    }
}

impl Anchor {
    /// Commits to a credential under a fresh salt.
    pub fn commit(credential: &Credential, rng: &mut impl CryptoRngCore) -> (Self, AnchorOpening) {
        let mut salt = Zeroizing::new([0; SALT_LEN]);
        rng.fill_bytes(salt.as_mut());
        let opening = AnchorOpening { salt };
        (Self::of(credential, &opening), opening)
    }

    /// Whether it is of this credential.
    ///
    /// # Errors
    /// [`NotAnchored`], without a reason: one would tell which guess was close.
    pub fn opens(
        &self,
        credential: &Credential,
        opening: &AnchorOpening,
    ) -> Result<(), NotAnchored> {
        let other = Self::of(credential, opening);
        bool::from(self.0.ct_eq(&other.0)).then_some(()).ok_or(NotAnchored)
    }

    fn of(credential: &Credential, opening: &AnchorOpening) -> Self {
        let issuer: &PublicKey = credential.issuer();
        let mut hash = Transcript::new(tag::ANCHOR);
        hash.absorb("schema", credential.schema().id().to_bytes());
        hash.absorb("issuer", issuer.to_bytes());
        hash.absorb("suite", credential.suite().id());
        hash.absorb("signature", Zeroizing::new(credential.signature().to_bytes()));
        hash.absorb("salt", *opening.salt);
        Self::from_bytes(hash.finish())
    }
}

#[cfg(test)]
mod tests;
