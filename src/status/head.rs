//! The head of an epoch: what is signed once for all its entries.

use super::StatusError;
use crate::bbs::{self, Generators, Interface, PublicKey, SecretKey, Signature, Suite};
use crate::did_key;
use crate::digest::{digest_type, from_hex};
use crate::document::{Bounds, Cursor, Document, Fault, Fields, address};
use crate::schema::STATUS_HANDLE_BITS;
use crate::transcript::{DIGEST_LEN, LIST_ENTRY, LIST_HEAD, Transcript, tag};
use crate::value::{FieldType, Timestamp};
use sigil_circuits::Interval;
use std::fmt;

/// The format of a head's document.
pub const HEAD_FORMAT: &str = "sigil-list-head/1";

digest_type! {
    /// The hash of an epoch's head.
    HeadHash
}

/// What a list has as its elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elements {
    /// Status handles, of 40 bits.
    Handle,
    /// Values of a field: integers of its type, without the 1 that marks presence.
    Field(FieldType),
}

impl Elements {
    /// Values of this type; none if it has no integers.
    pub fn of_field(field_type: &FieldType) -> Option<Self> {
        field_type.bits().map(|_| Self::Field(field_type.clone()))
    }

    /// Bits of an element: at most 64.
    pub fn bits(&self) -> u32 {
        match self {
            Self::Handle => STATUS_HANDLE_BITS,
            Self::Field(field_type) => field_type.bits().unwrap_or(0),
        }
    }

    /// What the two messages of an entry may be: 0 to 2^w.
    pub fn interval(&self) -> Interval {
        // The end is above 0, so there is such an interval.
        Interval::new(0, 1 << self.bits()).unwrap_or(Interval::bits(self.bits() + 1))
    }

    /// Where the last gap ends: 2^w, which no element is.
    pub fn end(&self) -> u128 {
        1 << self.bits()
    }

    pub(crate) fn to_document(&self) -> Document {
        match self {
            Self::Handle => Document::text("handle"),
            Self::Field(field_type) => field_type.to_document(),
        }
    }

    /// Reads `handle`, or a type as a schema writes it.
    pub fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        if cursor.document() == &Document::text("handle") {
            return Ok(Self::Handle);
        }
        let field_type = FieldType::parse(cursor)?;
        Self::of_field(&field_type).ok_or_else(|| {
            let remedy = "write handle, or a type that has integers";
            cursor.invalid(format!("{field_type} cannot be sorted"), remedy)
        })
    }
}

/// Which list: its address, whose it is, and of what. What a policy says of it, and a verifier takes
/// from nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListKey {
    /// The address: an https IRI.
    pub list: String,
    /// Whose signatures count.
    pub authority: PublicKey,
    /// Of what it is.
    pub elements: Elements,
}

/// What a presentation says of the epoch that it rests on; with a [`ListKey`] it makes the head's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The number; the first is 0.
    pub epoch: u64,
    /// When it was made.
    pub issued_at: Timestamp,
    /// By when there will be another.
    pub next_update: Timestamp,
    /// Hash of the head before it, the number of elements and their digest.
    pub contents: [u8; DIGEST_LEN],
}

impl Stamp {
    /// The hash of the head with this stamp in a list.
    pub fn head_hash(&self, key: &ListKey) -> HeadHash {
        let mut hash = Transcript::new(tag::LIST_HEAD_HASH);
        hash.absorb("list", &key.list);
        hash.absorb("authority", key.authority.to_bytes());
        hash.absorb("elements", key.elements.to_document().canonical());
        hash.absorb("epoch", self.epoch.to_be_bytes());
        hash.absorb("issued at", self.issued_at.unix().to_be_bytes());
        hash.absorb("next update", self.next_update.unix().to_be_bytes());
        hash.absorb("contents", self.contents);
        HeadHash::from_bytes(hash.finish())
    }

    /// The BBS header of the epoch's entries.
    pub(crate) fn entry_header(&self, key: &ListKey) -> Vec<u8> {
        [LIST_ENTRY, &self.head_hash(key).to_bytes()].concat()
    }
}

/// The head of an epoch, not signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    key: ListKey,
    stamp: Stamp,
    previous: Option<HeadHash>,
    count: u64,
    digest: [u8; DIGEST_LEN],
}

impl Head {
    /// The head of an epoch: `digest` is that of its elements. None if `next_update` is not after
    /// `issued_at`, or if the first epoch has a predecessor or another none.
    pub fn new(
        key: ListKey,
        epoch: u64,
        times: [Timestamp; 2],
        previous: Option<HeadHash>,
        count: u64,
        digest: [u8; DIGEST_LEN],
    ) -> Option<Self> {
        let [issued_at, next_update] = times;
        let mut contents = Transcript::new(tag::LIST_CONTENTS);
        let before = previous.map(HeadHash::to_bytes);
        contents.absorb("previous", before.as_ref().map_or(&[][..], |hash| &hash[..]));
        contents.absorb("count", count.to_be_bytes());
        contents.absorb("elements", digest);
        let stamp = Stamp { epoch, issued_at, next_update, contents: contents.finish() };
        let sound = issued_at < next_update && previous.is_some() == (epoch > 0);
        sound.then_some(Self { key, stamp, previous, count, digest })
    }

    /// Which list it is of.
    pub fn key(&self) -> &ListKey {
        &self.key
    }

    /// What presentations say of it.
    pub fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    /// The hash of the head before it; none of the first.
    pub fn previous(&self) -> Option<HeadHash> {
        self.previous
    }

    /// How many elements the list has.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The digest of the elements.
    pub fn digest(&self) -> &[u8; DIGEST_LEN] {
        &self.digest
    }

    /// The hash.
    pub fn hash(&self) -> HeadHash {
        self.stamp.head_hash(&self.key)
    }

    /// Signs it with the list's key.
    ///
    /// # Errors
    /// [`bbs::Error`] if the key is not that of the list's authority.
    pub fn sign(self, key: &SecretKey) -> Result<SignedHead, bbs::Error> {
        if *key.public_key() != self.key.authority {
            return Err(bbs::Error::Refused);
        }
        let signature = bbs::sign(key, &*generators()?, &self.signed_header(), &[])?;
        Ok(SignedHead { head: self, signature })
    }

    fn signed_header(&self) -> Vec<u8> {
        [LIST_HEAD, &self.hash().to_bytes()].concat()
    }
}

/// A head is signed as a header without messages.
fn generators() -> Result<std::sync::Arc<Generators>, bbs::Error> {
    Generators::new(Interface::typed(Suite::Sha256), 0)
}

/// A head whose signature holds: made by [`Head::sign`] or [`SignedHead::parse`].
#[derive(Clone, PartialEq, Eq)]
pub struct SignedHead {
    head: Head,
    signature: Signature,
}

impl std::ops::Deref for SignedHead {
    type Target = Head;

    fn deref(&self) -> &Head {
        &self.head
    }
}

impl fmt::Debug for SignedHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head.fmt(f)
    }
}

const FIELDS: [&str; 11] = [
    "format",
    "list",
    "authority",
    "elements",
    "epoch",
    "issued_at",
    "next_update",
    "previous",
    "count",
    "digest",
    "signature",
];

impl SignedHead {
    /// Reads a head from JSON and verifies its signature.
    pub fn parse(octets: &[u8]) -> Result<Self, StatusError> {
        Self::from_cursor(&Cursor::root(&Document::read_json(octets, &Bounds::PUBLISHED)?))
    }

    /// Reads a head at a place of a document.
    pub fn from_cursor(cursor: &Cursor<'_>) -> Result<Self, StatusError> {
        let fields = cursor.fields(&FIELDS)?;
        fields.format(HEAD_FORMAT)?;
        let authority = fields.required("authority")?;
        let key = ListKey {
            list: address(&fields.required("list")?)?,
            authority: did_key::decode(authority.text()?).map_err(|error| {
                authority.invalid(error.to_string(), "copy the did:key of the list's authority")
            })?,
            elements: Elements::parse(&fields.required("elements")?)?,
        };
        let times = [time(&fields, "issued_at")?, time(&fields, "next_update")?];
        let previous = match fields.required("previous")? {
            null if null.document() == &Document::Null => None,
            hash => Some(HeadHash::from_bytes(hex(&hash)?)),
        };
        let digest = hex(&fields.required("digest")?)?;
        let (epoch, count) = (natural(&fields, "epoch")?, natural(&fields, "count")?);
        let head = Head::new(key, epoch, times, previous, count, digest).ok_or_else(|| {
            let problem = "the times or the predecessor do not fit an epoch of this number";
            cursor.invalid(problem, "get the head again from the list's authority")
        })?;
        let at = fields.required("signature")?;
        let signature = signature(&at)?;
        bbs::verify(&head.key.authority, &signature, &*generators()?, &head.signed_header(), &[])?;
        Ok(Self { head, signature })
    }

    /// The head as a document in normal form.
    pub fn to_document(&self) -> Document {
        let Head { key, stamp, previous, count, digest } = &self.head;
        let text = |text: String| Document::Text(text);
        Document::object([
            ("format", Document::text(HEAD_FORMAT)),
            ("list", Document::text(&key.list)),
            ("authority", text(did_key::encode(&key.authority))),
            ("elements", key.elements.to_document()),
            ("epoch", Document::Integer(stamp.epoch.into())),
            ("issued_at", text(stamp.issued_at.to_string())),
            ("next_update", text(stamp.next_update.to_string())),
            ("previous", previous.map_or(Document::Null, |hash| text(hash.to_string()))),
            ("count", Document::Integer((*count).into())),
            ("digest", text(hex::encode(digest))),
            ("signature", text(hex::encode(self.signature.to_bytes()))),
        ])
    }
}

fn time(fields: &Fields<'_>, key: &str) -> Result<Timestamp, Fault> {
    let at = fields.required(key)?;
    let time = at.text()?.parse();
    time.map_err(|error: crate::value::ValueError| {
        at.invalid(error.to_string(), "write YYYY-MM-DDThh:mm:ssZ")
    })
}

fn natural(fields: &Fields<'_>, key: &str) -> Result<u64, Fault> {
    let at = fields.required(key)?;
    let natural = u64::try_from(at.integer()?);
    natural.map_err(|_| at.invalid("a negative number", "write how many there are"))
}

fn hex(cursor: &Cursor<'_>) -> Result<[u8; DIGEST_LEN], Fault> {
    let octets = from_hex(cursor.text()?);
    octets.map_err(|error| cursor.invalid(error.to_string(), "copy it whole"))
}

pub(super) fn signature(cursor: &Cursor<'_>) -> Result<Signature, Fault> {
    let octets = from_hex::<{ Signature::LEN }>(cursor.text()?).ok();
    let signature = octets.and_then(|octets| Signature::from_bytes(&octets).ok());
    signature.ok_or_else(|| cursor.invalid("not a BBS signature", "write 160 hexadecimal digits"))
}
