//! Epochs of sorted lists, made by hand: small ones, and such as no honest authority would sign.

use super::time;
use sigil::bbs::SecretKey;
use sigil::did_key;
use sigil::status::{Elements, Entry, Head, HeadHash, ListKey, SignedHead};
use sigil::value::{FieldType, Timestamp, Width};
use std::sync::Arc;

/// The address of the list that most tests use.
pub const LIST: &str = "https://lists.example/cards";

/// The authority of a list, with its key.
pub struct Authority {
    secret: SecretKey,
    pub key: ListKey,
}

/// Of 32 bits.
pub fn numbers() -> Elements {
    Elements::of_field(&FieldType::Uint(Width::new(32).expect("a width"))).expect("integers")
}

/// An hour before the tests' requests.
pub fn recently() -> Timestamp {
    time("2026-06-01T11:30:00Z")
}

impl Authority {
    pub fn new(list: &str, elements: Elements, seed: u8) -> Self {
        let secret = SecretKey::from_bytes(&[seed; 32]).expect("a key");
        let (list, authority) = (list.to_owned(), *secret.public_key());
        Self { secret, key: ListKey { list, authority, elements } }
    }

    /// Of status handles, at [`LIST`].
    pub fn handles() -> Self {
        Self::new(LIST, Elements::Handle, 31)
    }

    pub fn did(&self) -> String {
        did_key::encode(&self.key.authority)
    }

    /// The head of an epoch made at a time, for a day.
    pub fn head(&self, epoch: u64, at: Timestamp, previous: Option<HeadHash>) -> Arc<SignedHead> {
        let next = Timestamp::from_unix(at.unix() + 86_400).expect("a time");
        let head = Head::new(self.key.clone(), epoch, [at, next], previous, 7, [5; 32]);
        Arc::new(head.expect("a head").sign(&self.secret).expect("signed"))
    }

    /// A gap of an epoch.
    pub fn entry(&self, head: &Arc<SignedHead>, lo: u64, hi: u128) -> Entry {
        Entry::sign(&self.secret, head.clone(), lo, hi).expect("signed")
    }

    /// The entry for an element in the first epoch of a list of these, made [`recently`].
    pub fn find(&self, elements: &[u64], element: u64) -> Entry {
        let head = self.head(0, recently(), None);
        let below = elements.iter().filter(|other| **other < element).max();
        let next = elements.iter().filter(|other| **other >= element).min();
        let hi = next.map_or(self.key.elements.end(), |next| u128::from(*next));
        self.entry(&head, below.map_or(0, |below| below + 1), hi)
    }
}
