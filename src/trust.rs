//! Trust lists: which issuers' keys may sign which schemas, and when.
//!
//! Keys change: an issuer takes a new one in time, keeps the old one for a while, loses one. A trust
//! list says so in one signed document that many policies refer to, so that none of them has to
//! change with a key.
//!
//! ```toml
//! format = "sigil-trust/1"
//! id = "https://eu.example/trust/kyc"     # an IRI
//! authority = "did:key:z6Mk…"             # who signs the list, by Ed25519
//! sequence = 7                            # one more with each edition
//! previous = "…64 hex digits…"            # hash of the edition before; the first has none
//! issued_at = "2026-06-01T00:00:00Z"
//! next_update = "2026-06-08T00:00:00Z"    # by then there is another edition
//! [[issuers]]
//! name = "Bank A"
//! precedence = 0                          # counts most; 0 if left out
//! [[issuers.keys]]
//! key = "did:key:zUC7…"
//! schemas = ["…64 hex digits…"]
//! from = "2026-01-01T00:00:00Z"
//! until = "2027-01-01T00:00:00Z"          # may be left out: the key is not to be replaced yet
//! successor = "did:key:zUC7…"             # the key of the same issuer that takes over
//! compromised = "2026-05-01T00:00:00Z"    # from then on it may have signed for somebody else
//! ```
//!
//! `from`, `until` and `compromised` are whole hours, the unit of a credential's validity. A list has
//! one hash however it was written: it is of the normal form, with issuers sorted by name, keys by
//! their start, and nothing that says what is the case anyway. The authority signs the hash, and each
//! edition names the hash of the one before: [`TrustList::follows`] finds editions that were left out,
//! taken back or made twice.
//!
//! # What a signature's time is
//!
//! A credential says nowhere when it was signed. What is signed, though usually hidden, is
//! `valid_from`; a key is good for a credential whose `valid_from` lies in the key's
//! [`SigningWindow`]. A presentation proves valid_from ∈ [f, u) with f and u public: the wallet takes
//! the widest window that its edition allows ([`TrustList::window`]), so that f and u say no more
//! than the key and the edition do, and the verifier asks its own edition whether that counts
//! ([`TrustList::judge`]). The two are not always the same edition: what the older one allowed may be
//! more than the newer one does, and then the answer is a refusal, which a wallet with the newer
//! edition may be able to avoid.
//!
//! # Why the reasons come in their order
//!
//! One reason is given, the first of: unlisted, schema, compromised, not yet, rotated, expired. A key
//! that is not listed, or not for this schema, has no window to be judged by. A compromise goes before
//! everything about the window, as it is the only one of these that tells of an attack: it must not
//! hide behind a key that happens to have been rotated too. Then the start, then the end, where a
//! successor says more than that the window has closed: it names the key to get a new credential of.
//!
//! # What it does not give
//!
//! Whoever steals a key chooses the `valid_from` of what they sign, also one from before the theft. A
//! compromise date refuses honest timestamps only. It is closed fully together with a list of what the
//! issuer did sign, the allow list that status lists can be; without one, either end the window before
//! the theft for everybody (a `compromised` at or before `from`: then nothing of the key counts) or
//! accept that backdated credentials pass.
//!
//! The signature says who made a list, not whether that is somebody to be trusted: whoever reads one
//! compares [`TrustList::authority`] with whom they expect.

mod edition;
mod key;
mod reading;

pub use edition::{ChainBreak, StaleTrust};
pub use key::{IssuerKey, SigningWindow, TrustRefusal};

use crate::authority::{Authority, AuthorityKey, SIGNATURE_LEN};
use crate::bbs::PublicKey;
use crate::digest::{digest_type, from_hex};
use crate::document::{Bounds, Cursor, Document, Fault, Problem};
use crate::schema::SchemaId;
use crate::transcript::tag;
use crate::value::Timestamp;
use std::collections::BTreeMap;
use thiserror::Error;

/// The format's name and version.
pub const FORMAT: &str = "sigil-trust/1";
/// Greatest number of issuers of a list.
pub const MAX_ISSUERS: usize = 1024;
/// Greatest number of keys of one issuer.
pub const MAX_ISSUER_KEYS: usize = 64;
/// Greatest number of keys of a list: each is a point that has to be checked.
pub const MAX_KEYS: usize = 4096;
/// Greatest number of schemas of one key.
pub const MAX_SCHEMAS: usize = 256;
/// Greatest length of a list in octets.
pub const MAX_LEN: usize = 1 << 22;

const BOUNDS: Bounds = Bounds { octets: MAX_LEN, ..Bounds::PUBLISHED };

digest_type! {
    /// The hash of a trust list: SHA-256 of its RFC 8785 form without the signature.
    TrustHash
}

/// An issuer of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedIssuer {
    name: String,
    precedence: u32,
    keys: Vec<IssuerKey>,
}

impl ListedIssuer {
    /// Its name, which no other issuer of the list has.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its precedence where issuers disagree; 0 counts most.
    pub fn precedence(&self) -> u32 {
        self.precedence
    }

    /// Its keys, sorted by their start.
    pub fn keys(&self) -> &[IssuerKey] {
        &self.keys
    }

    fn listed(&self) -> Listed<'_> {
        Listed { issuer: &self.name, precedence: self.precedence }
    }
}

/// What a list says of a key that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Listed<'a> {
    /// The issuer's name: two keys of one issuer are one issuer.
    pub issuer: &'a str,
    /// The issuer's precedence; 0 counts most.
    pub precedence: u32,
}

/// The key is not the one of the authority that the list names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignError {
    /// The list names another authority.
    #[error("the trust list names another authority: sign with the key of the one that it names")]
    AnotherAuthority,
}

/// Everything that a list says, but for its signature. Issuers are sorted by name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Content {
    id: String,
    authority: Authority,
    sequence: u64,
    previous: Option<TrustHash>,
    issued_at: Timestamp,
    next_update: Timestamp,
    issuers: Vec<ListedIssuer>,
}

/// A list as its authority writes it, in TOML or JSON, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsignedTrustList(Content);

impl UnsignedTrustList {
    /// Reads a list without a signature.
    pub fn parse(octets: &[u8]) -> Result<Self, Fault> {
        let document = Document::read(octets, &BOUNDS)?;
        Content::read(&Cursor::root(&document).fields(&reading::FIELDS)?).map(Self)
    }

    /// Who is to sign it.
    pub fn authority(&self) -> &Authority {
        &self.0.authority
    }

    /// The list, signed by the authority that it names.
    pub fn sign(self, key: &AuthorityKey) -> Result<TrustList, SignError> {
        let authority = key.authority();
        if authority != self.0.authority {
            return Err(SignError::AnotherAuthority);
        }
        let hash = self.0.hash();
        Ok(TrustList::new(self.0, hash, key.sign(&signed_message(hash))))
    }
}

/// A list whose signature was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustList {
    content: Content,
    hash: TrustHash,
    signature: [u8; SIGNATURE_LEN],
    /// Where each key is: its issuer, and its place there.
    places: BTreeMap<[u8; 96], (usize, usize)>,
}

impl TrustList {
    /// Reads a signed list from JSON, and checks the signature of the authority that it names.
    pub fn parse(octets: &[u8]) -> Result<Self, Fault> {
        Self::from_cursor(&Cursor::root(&Document::read_json(octets, &BOUNDS)?))
    }

    /// Reads a signed list at a place of a document, and checks its signature.
    pub fn from_cursor(place: &Cursor<'_>) -> Result<Self, Fault> {
        let known: Vec<&str> = reading::FIELDS.into_iter().chain(["signature"]).collect();
        let fields = place.fields(&known)?;
        fields.format(FORMAT)?;
        let cursor = fields.optional("signature").ok_or_else(|| {
            let remedy = "get the signed list from its authority";
            Fault::new(format!("{}.signature", place.path()), Problem::MissingKey, remedy)
        })?;
        let signature = from_hex(cursor.text()?).map_err(|_| {
            cursor.invalid("expected 128 lower-case hexadecimal digits", "copy it whole")
        })?;
        let content = Content::read(&fields)?;
        let hash = content.hash();
        let verified = content.authority.verify(&signed_message(hash), &signature);
        verified.map_err(|error| {
            cursor.invalid(error.to_string(), "get the list again from its authority")
        })?;
        Ok(Self::new(content, hash, signature))
    }

    fn new(content: Content, hash: TrustHash, signature: [u8; SIGNATURE_LEN]) -> Self {
        let issuers = content.issuers.iter().enumerate();
        let places = issuers.flat_map(|(i, issuer)| {
            let keys = issuer.keys.iter().enumerate();
            keys.map(move |(j, key)| (key.key.to_bytes(), (i, j)))
        });
        Self { places: places.collect(), content, hash, signature }
    }

    /// The list as a document, in normal form and with its signature.
    pub fn to_document(&self) -> Document {
        let signature = Document::Text(hex::encode(self.signature));
        Document::object(self.content.members().chain([("signature", signature)]))
    }

    /// Its name, an IRI: all editions have the same.
    pub fn id(&self) -> &str {
        &self.content.id
    }

    /// Who signed it.
    pub fn authority(&self) -> &Authority {
        &self.content.authority
    }

    /// The number of the edition.
    pub fn sequence(&self) -> u64 {
        self.content.sequence
    }

    /// The hash of the edition before, if there is one.
    pub fn previous(&self) -> Option<TrustHash> {
        self.content.previous
    }

    /// When it was issued.
    pub fn issued_at(&self) -> Timestamp {
        self.content.issued_at
    }

    /// When the next edition is due.
    pub fn next_update(&self) -> Timestamp {
        self.content.next_update
    }

    /// Its hash.
    pub fn hash(&self) -> TrustHash {
        self.hash
    }

    /// The issuers, sorted by name.
    pub fn issuers(&self) -> impl ExactSizeIterator<Item = &ListedIssuer> {
        self.content.issuers.iter()
    }

    /// The keys of all issuers, with whose they are.
    pub fn keys(&self) -> impl Iterator<Item = (Listed<'_>, &IssuerKey)> {
        self.issuers().flat_map(|issuer| issuer.keys.iter().map(|key| (issuer.listed(), key)))
    }

    /// The widest window in which this key may sign this schema: what a wallet proves.
    pub fn window(&self, key: &PublicKey, schema: SchemaId) -> Result<SigningWindow, TrustRefusal> {
        self.entitled(key, schema)?.1.window()
    }

    /// Whether credentials of this key and schema that begin somewhere in this window count: all of
    /// them, as nobody but the holder knows the hour.
    pub fn judge(
        &self,
        key: &PublicKey,
        schema: SchemaId,
        window: SigningWindow,
    ) -> Result<Listed<'_>, TrustRefusal> {
        let (issuer, key) = self.entitled(key, schema)?;
        key.judge(window).map(|()| issuer.listed())
    }

    /// Whose a key is, if it is listed at all: whatever it may sign, and when.
    pub fn issuer(&self, key: &PublicKey) -> Option<Listed<'_>> {
        self.find(key).map(|(issuer, _)| issuer.listed())
    }

    /// Whether both keys are listed, and under one name: an issuer that has several is still one.
    pub fn is_one_issuer(&self, a: &PublicKey, b: &PublicKey) -> bool {
        let (a, b) = (self.issuer(a), self.issuer(b));
        a.zip(b).is_some_and(|(a, b)| a.issuer == b.issuer)
    }

    /// The hour from which on a key's signatures do not count, if it is listed with one.
    pub fn compromised(&self, key: &PublicKey) -> Option<u32> {
        self.find(key).and_then(|(_, key)| key.compromised())
    }

    fn find(&self, key: &PublicKey) -> Option<(&ListedIssuer, &IssuerKey)> {
        let (i, j) = *self.places.get(&key.to_bytes())?;
        let issuer = self.content.issuers.get(i)?;
        issuer.keys.get(j).map(|key| (issuer, key))
    }

    fn entitled(
        &self,
        key: &PublicKey,
        schema: SchemaId,
    ) -> Result<(&ListedIssuer, &IssuerKey), TrustRefusal> {
        let (issuer, key) = self.find(key).ok_or(TrustRefusal::Unlisted)?;
        key.schemas.contains(&schema).then_some((issuer, key)).ok_or(TrustRefusal::Schema)
    }
}

fn signed_message(hash: TrustHash) -> Vec<u8> {
    [tag::TRUST_SIGNATURE, &hash.to_bytes()].concat()
}

/// The JSON Schema of trust lists, signed and unsigned, for editors. It says all that JSON Schema
/// can; the rest is for the parser.
pub fn json_schema() -> &'static str {
    include_str!("trust/json_schema.json")
}

#[cfg(test)]
mod tests;
