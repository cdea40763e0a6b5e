//! Entries: the signed gaps of an epoch, as holders keep them.

use super::head::signature;
use super::{ENTRY_MESSAGES, ListKey, SignedHead, Stamp, StatusError};
use crate::bbs::{Generators, HeldSignature, Interface, SecretKey, Signature, Suite};
use crate::curve::Scalar;
use crate::document::{Bounds, Cursor, Document, Fault};
use crate::schema::integer_scalar;
use std::fmt;
use std::sync::Arc;

/// The format of an entry's document.
pub const ENTRY_FORMAT: &str = "sigil-list-entry/1";

/// A gap whose signature holds, of an epoch whose head was signed: made by [`UnverifiedEntry::check`]
/// or [`Entry::sign`].
///
/// `Debug` shows list and epoch only: the gap's ends tell nearly what lies between them.
pub struct Entry {
    head: Arc<SignedHead>,
    lo: u64,
    hi: u128,
    messages: [Scalar; ENTRY_MESSAGES],
    signature: HeldSignature,
}

/// The generators of entries: two messages of the typed interface under SHA-256.
pub(crate) fn generators() -> Result<Arc<Generators>, crate::bbs::Error> {
    Generators::new(Interface::typed(Suite::Sha256), ENTRY_MESSAGES)
}

/// The signed messages of a gap.
pub(super) fn messages(lo: u64, hi: u128) -> [Scalar; ENTRY_MESSAGES] {
    [Scalar::from(lo), integer_scalar(hi)]
}

impl Entry {
    /// Signs one gap of an epoch.
    ///
    /// # Errors
    /// [`crate::bbs::Error`] if the key is not that of the list's authority.
    pub fn sign(
        key: &SecretKey,
        head: Arc<SignedHead>,
        lo: u64,
        hi: u128,
    ) -> Result<Self, crate::bbs::Error> {
        if *key.public_key() != head.key().authority {
            return Err(crate::bbs::Error::Refused);
        }
        let (generators, messages) = (generators()?, messages(lo, hi));
        let header = head.stamp().entry_header(head.key());
        let signature = HeldSignature::sign(key, &generators, &header, &messages)?;
        Ok(Self { head, lo, hi, messages, signature })
    }

    /// The head of its epoch.
    pub fn head(&self) -> &Arc<SignedHead> {
        &self.head
    }

    /// Which list it is of.
    pub fn key(&self) -> &ListKey {
        self.head.key()
    }

    /// What a presentation says of its epoch.
    pub fn stamp(&self) -> &Stamp {
        self.head.stamp()
    }

    /// Where the gap begins.
    pub fn lo(&self) -> u64 {
        self.lo
    }

    /// Where the gap ends: the next element, or 2^w.
    pub fn hi(&self) -> u128 {
        self.hi
    }

    /// Whether it shows that this integer is absent from the list.
    pub fn shows_absence(&self, element: u64) -> bool {
        self.lo <= element && u128::from(element) < self.hi
    }

    /// Whether it shows that this integer is present in the list.
    pub fn shows_presence(&self, element: u64) -> bool {
        u128::from(element) == self.hi
    }

    /// The same entry with a gap that was not signed: for forgeries.
    #[cfg(test)]
    pub(crate) fn with_gap(&self, lo: u64, hi: u128) -> Self {
        let (head, signature) = (self.head.clone(), self.signature.signature());
        let (generators, messages) = (generators().unwrap(), messages(lo, hi));
        let header = head.stamp().entry_header(head.key());
        let key = &head.key().authority;
        let held = HeldSignature::unverified(key, signature, &generators, &header, &messages);
        Self { lo, hi, messages, signature: held.unwrap(), head }
    }

    /// Builds tables for presenting often. See [`HeldSignature::prepare`].
    pub fn prepare(&self) {
        self.signature.prepare();
    }

    pub(crate) fn held(&self) -> &HeldSignature {
        &self.signature
    }

    pub(crate) fn messages(&self) -> &[Scalar] {
        &self.messages
    }

    /// A message as the integer that its scalar is.
    pub(crate) fn integer(&self, message: usize) -> Option<u128> {
        [u128::from(self.lo), self.hi].get(message).copied()
    }

    /// The entry as a document: what a holder keeps. It tells nearly which handle it was looked up for.
    pub fn to_document(&self) -> Document {
        Document::object([
            ("format", Document::text(ENTRY_FORMAT)),
            ("head", self.head.to_document()),
            ("lo", Document::Text(self.lo.to_string())),
            ("hi", Document::Text(self.hi.to_string())),
            ("signature", Document::Text(hex::encode(self.signature.signature().to_bytes()))),
        ])
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("list", &self.key().list)
            .field("epoch", &self.stamp().epoch)
            .finish_non_exhaustive()
    }
}

/// An entry whose signature is still to be checked; its head's was.
pub struct UnverifiedEntry {
    head: Arc<SignedHead>,
    lo: u64,
    hi: u128,
    signature: Signature,
}

impl UnverifiedEntry {
    /// The entry of an epoch, as a list's file has it.
    pub fn new(head: Arc<SignedHead>, lo: u64, hi: u128, signature: Signature) -> Self {
        Self { head, lo, hi, signature }
    }

    /// The head of its epoch.
    pub fn head(&self) -> &Arc<SignedHead> {
        &self.head
    }

    /// Reads an entry's document. The signature of its head is verified.
    pub fn parse(octets: &[u8]) -> Result<Self, StatusError> {
        let document = Document::read_json(octets, &Bounds::PUBLISHED)?;
        let fields =
            Cursor::root(&document).fields(&["format", "head", "lo", "hi", "signature"])?;
        fields.format(ENTRY_FORMAT)?;
        Ok(Self {
            head: Arc::new(SignedHead::from_cursor(&fields.required("head")?)?),
            lo: natural(&fields.required("lo")?)?,
            hi: natural(&fields.required("hi")?)?,
            signature: signature(&fields.required("signature")?)?,
        })
    }

    /// Verifies the signature, and that the ends are in the list's range: beyond it, what hides them in a
    /// presentation would not.
    pub fn check(self) -> Result<Entry, StatusError> {
        let Self { head, lo, hi, signature } = self;
        if u128::from(lo) > hi || hi > head.key().elements.end() {
            return Err(crate::bbs::Error::Refused.into());
        }
        let (generators, messages) = (generators()?, messages(lo, hi));
        let key = &head.key().authority;
        let header = head.stamp().entry_header(head.key());
        let signature = HeldSignature::verify(key, &signature, &generators, &header, &messages)?;
        Ok(Entry { head, lo, hi, messages, signature })
    }
}

/// A natural number in digits, as JSON has no room for one of 65 bits.
fn natural<T: std::str::FromStr + ToString>(cursor: &Cursor<'_>) -> Result<T, Fault> {
    let text = cursor.text()?;
    let number = text.parse().ok().filter(|number: &T| number.to_string() == text);
    number.ok_or_else(|| cursor.invalid("not a natural number", "write its digits"))
}
