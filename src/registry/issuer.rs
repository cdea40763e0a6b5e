//! Issuer records: which attesting key and which BBS key are of one issuer.
//!
//! Attestations are signed by Ed25519 keys. Policies and trust lists name issuers by the BBS keys
//! of their credentials, and say of those alone who is trusted, for what and when. An issuer record
//! binds the two, so that one list is enough: whoever trusts a BBS key trusts, by its record, the
//! Ed25519 key that attests in its name.
//!
//! ```json
//! { "format": "sigil-issuer/1",
//!   "attester": "did:key:z6Mk…",
//!   "issuer": "did:key:zUC7…",
//!   "name": "Bank A",
//!   "site": "https://bank-a.example",
//!   "issued_at": "2026-06-01T00:00:00Z",
//!   "suite": "BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_",
//!   "attester_signature": "…128 hexadecimal digits…",
//!   "issuer_signature": "…160 hexadecimal digits…" }
//! ```
//!
//! # Why both sign
//!
//! Signed by the BBS key alone, a record could claim somebody else's attester, and with it the
//! attestations that somebody else has made. Signed by the attester alone, it could claim the
//! standing of any BBS key that is trusted. Both keys sign one hash, that of the canonical form
//! (RFC 8785) without the signatures, which names both: a signature of one record says nothing in
//! another, of another pair or of another time. The two messages begin with tags of their own. The
//! BBS signature is one without messages, whose header is its tag and the hash, as the heads of
//! lists are signed; the suite, which the issuer chooses when signing, is a member of what is
//! hashed.
//!
//! # What it does not say
//!
//! The name and the site are the issuer's own words: nobody has checked that a bank is one, and
//! names are not unique. Trust is of keys. A record has a time but no end: an attester that is
//! given up is replaced by a later record of the same BBS key, and what counts at which time is for
//! whoever keeps the records.

use crate::authority::{Authority, AuthorityKey, SIGNATURE_LEN};
use crate::bbs::{self, Generators, Interface, PublicKey, SecretKey, Signature, Suite};
use crate::did_key;
use crate::digest::{digest_type, from_hex};
use crate::document::{Bounds, Cursor, Document, Fault, Fields, address};
use crate::transcript::{ISSUER_RECORD, tag};
use crate::value::Timestamp;
use std::ops::RangeInclusive;
use std::sync::Arc;
use thiserror::Error;

/// The format's name and version.
pub const FORMAT: &str = "sigil-issuer/1";
/// Greatest length of a record in octets.
pub const MAX_LEN: usize = 1 << 13;

const NAME: RangeInclusive<usize> = 1..=128;
const BOUNDS: Bounds = Bounds { octets: MAX_LEN, depth: 1, elements: 16, ..Bounds::PUBLISHED };
const FIELDS: [&str; 6] = ["format", "attester", "issuer", "name", "site", "issued_at"];
const AGAIN: &str = "get the record again from its issuer";

digest_type! {
    /// The hash of an issuer record: SHA-256 of its RFC 8785 form without the signatures.
    IssuerRecordHash
}

/// Why a record was not signed.
#[derive(Debug, Error)]
pub enum SignError {
    /// The record names another attester.
    #[error(
        "the record names another attester: sign with the Ed25519 key of the one that it names"
    )]
    AnotherAttester,
    /// The record names another issuer.
    #[error("the record names another issuer: sign with the BBS key of the one that it names")]
    AnotherIssuer,
    /// BBS refused to sign.
    #[error(transparent)]
    Bbs(#[from] bbs::Error),
}

/// Everything that a record says, but for its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Content {
    attester: Authority,
    issuer: PublicKey,
    name: String,
    site: Option<String>,
    issued_at: Timestamp,
}

impl Content {
    fn read(fields: &Fields<'_>) -> Result<Self, Fault> {
        fields.format(FORMAT)?;
        let issuer = fields.required("issuer")?;
        Ok(Self {
            attester: parsed(fields, "attester", "write the did:key of the attesting key")?,
            issuer: did_key::decode(issuer.text()?).map_err(|error| {
                issuer.invalid(error.to_string(), "write the did:key of the issuer's BBS key")
            })?,
            name: fields.required("name")?.bounded_text(NAME)?.to_owned(),
            site: fields.optional("site").map(|site| address(&site)).transpose()?,
            issued_at: parsed(fields, "issued_at", "write YYYY-MM-DDThh:mm:ssZ")?,
        })
    }

    fn members(&self) -> impl Iterator<Item = (&'static str, Document)> {
        let site = self.site.as_ref().map(|site| ("site", Document::text(site)));
        let members = [
            ("format", Document::text(FORMAT)),
            ("attester", Document::Text(self.attester.to_string())),
            ("issuer", Document::Text(did_key::encode(&self.issuer))),
            ("name", Document::text(&self.name)),
            ("issued_at", Document::Text(self.issued_at.to_string())),
        ];
        members.into_iter().chain(site)
    }

    fn hash(&self, suite: Suite) -> IssuerRecordHash {
        let members = self.members().chain([suite_member(suite)]);
        IssuerRecordHash::from_bytes(Document::object(members).digest())
    }
}

fn suite_member(suite: Suite) -> (&'static str, Document) {
    ("suite", Document::text(suite.id()))
}

/// The BBS signature is one over a header, without messages.
fn generators(suite: Suite) -> Result<Arc<Generators>, bbs::Error> {
    Generators::new(Interface::typed(suite), 0)
}

/// What the attester signs.
fn attester_message(hash: IssuerRecordHash) -> Vec<u8> {
    [tag::ISSUER_RECORD, &hash.to_bytes()].concat()
}

/// The header that the issuer signs.
fn issuer_header(hash: IssuerRecordHash) -> Vec<u8> {
    [ISSUER_RECORD, &hash.to_bytes()].concat()
}

/// A record as its issuer writes it, in TOML or JSON, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsignedIssuerRecord(Content);

impl UnsignedIssuerRecord {
    /// A record of these keys. The name has 1 to 128 characters, the site is an https address.
    pub fn new(
        attester: Authority,
        issuer: PublicKey,
        name: &str,
        site: Option<&str>,
        issued_at: Timestamp,
    ) -> Result<Self, Fault> {
        let (name, site) = (name.to_owned(), site.map(str::to_owned));
        let content = Content { attester, issuer, name, site, issued_at };
        // The reader is the one door: what it would not read is not made.
        Self::parse(Document::object(content.members()).canonical().as_bytes())
    }

    /// Reads a record without signatures.
    pub fn parse(octets: &[u8]) -> Result<Self, Fault> {
        let document = Document::read(octets, &BOUNDS)?;
        Content::read(&Cursor::root(&document).fields(&FIELDS)?).map(Self)
    }

    /// Whose Ed25519 key is to sign it.
    pub fn attester(&self) -> &Authority {
        &self.0.attester
    }

    /// Whose BBS key is to sign it.
    pub fn issuer(&self) -> &PublicKey {
        &self.0.issuer
    }

    /// The record, signed by both keys that it names.
    pub fn sign(
        self,
        attester: &AuthorityKey,
        issuer: &SecretKey,
        suite: Suite,
    ) -> Result<IssuerRecord, SignError> {
        if attester.authority() != self.0.attester {
            return Err(SignError::AnotherAttester);
        }
        if *issuer.public_key() != self.0.issuer {
            return Err(SignError::AnotherIssuer);
        }
        let hash = self.0.hash(suite);
        let attester = attester.sign(&attester_message(hash));
        let issuer = bbs::sign(issuer, &*generators(suite)?, &issuer_header(hash), &[])?;
        Ok(IssuerRecord { content: self.0, suite, hash, attester, issuer })
    }
}

/// A record whose two signatures hold: made by [`UnsignedIssuerRecord::sign`] or
/// [`IssuerRecord::parse`].
#[derive(Clone, PartialEq, Eq)]
pub struct IssuerRecord {
    content: Content,
    suite: Suite,
    hash: IssuerRecordHash,
    attester: [u8; SIGNATURE_LEN],
    issuer: Signature,
}

impl IssuerRecord {
    /// Reads a signed record from JSON, and checks both signatures.
    pub fn parse(octets: &[u8]) -> Result<Self, Fault> {
        Self::from_cursor(&Cursor::root(&Document::read_json(octets, &BOUNDS)?))
    }

    /// Reads a signed record at a place of a document, and checks both signatures.
    pub fn from_cursor(place: &Cursor<'_>) -> Result<Self, Fault> {
        let signatures = ["suite", "attester_signature", "issuer_signature"];
        let known: Vec<&str> = FIELDS.into_iter().chain(signatures).collect();
        let fields = place.fields(&known)?;
        let content = Content::read(&fields)?;
        let cursor = fields.required("suite")?;
        let suite = Suite::from_id(cursor.text()?).ok_or_else(|| {
            let known = Suite::ALL.map(Suite::id).join(" or ");
            cursor.invalid("an unknown ciphersuite", format!("write {known}"))
        })?;
        let hash = content.hash(suite);

        let cursor = fields.required("attester_signature")?;
        let attester = from_hex::<SIGNATURE_LEN>(cursor.text()?).map_err(|_| {
            cursor.invalid("expected 128 lower-case hexadecimal digits", "copy it whole")
        })?;
        let verified = content.attester.verify(&attester_message(hash), &attester);
        verified.map_err(|error| cursor.invalid(error.to_string(), AGAIN))?;

        let cursor = fields.required("issuer_signature")?;
        let octets = from_hex::<{ Signature::LEN }>(cursor.text()?).ok();
        let issuer = octets.and_then(|octets| Signature::from_bytes(&octets).ok());
        let issuer = issuer
            .ok_or_else(|| cursor.invalid("not a BBS signature", "copy its 160 digits whole"))?;
        let verified = generators(suite).and_then(|generators| {
            bbs::verify(&content.issuer, &issuer, &generators, &issuer_header(hash), &[])
        });
        verified.map_err(|_| cursor.invalid("the signature does not verify", AGAIN))?;
        Ok(Self { content, suite, hash, attester, issuer })
    }

    /// The record as a document, in normal form and with its signatures.
    pub fn to_document(&self) -> Document {
        let attester = Document::Text(hex::encode(self.attester));
        let issuer = Document::Text(hex::encode(self.issuer.to_bytes()));
        let signatures = [
            suite_member(self.suite),
            ("attester_signature", attester),
            ("issuer_signature", issuer),
        ];
        Document::object(self.content.members().chain(signatures))
    }

    /// The key that attests.
    pub fn attester(&self) -> &Authority {
        &self.content.attester
    }

    /// The BBS key by which policies and trust lists name the issuer.
    pub fn issuer(&self) -> &PublicKey {
        &self.content.issuer
    }

    /// The suite of the BBS signature.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// What the issuer calls itself.
    pub fn name(&self) -> &str {
        &self.content.name
    }

    /// Its site, an https address.
    pub fn site(&self) -> Option<&str> {
        self.content.site.as_deref()
    }

    /// When it was issued.
    pub fn issued_at(&self) -> Timestamp {
        self.content.issued_at
    }

    /// Its hash.
    pub fn hash(&self) -> IssuerRecordHash {
        self.hash
    }
}

impl std::fmt::Debug for IssuerRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.content.fmt(f)
    }
}

fn parsed<T: std::str::FromStr>(fields: &Fields<'_>, key: &str, remedy: &str) -> Result<T, Fault>
where
    T::Err: std::fmt::Display,
{
    let cursor = fields.required(key)?;
    cursor.text()?.parse().map_err(|error: T::Err| cursor.invalid(error.to_string(), remedy))
}

#[cfg(test)]
mod tests;
