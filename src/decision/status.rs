//! What a verifier knows, apart from the presentation, when it decides: the heads of lists that it
//! has seen, and which policies have been replaced.
//!
//! ```json
//! { "format": "sigil-status/2",
//!   "heads": [ …signed heads of lists… ],
//!   "trust": [ …signed trust lists… ],
//!   "superseded": ["…64 hex digits…"] }
//! ```
//!
//! A presentation says itself which epoch of a list it rests on, and the list's key vouches for that. A
//! verifier that knows no head still refuses epochs that are too old or yet to come; the heads that it
//! knows let it refuse an epoch that a newer one has replaced, and see a fork. `superseded` are the
//! hashes of policies known to be replaced.
//!
//! `trust` are editions of trust lists ([`crate::trust`]), left out if there are none. Of several of one
//! list, that of the highest number counts; where two of that number are known, none does.

use crate::authority::Authority;
use crate::did_key;
use crate::digest::digest_type;
use crate::document::{Bounds, Cursor, Document, Fault};
use crate::policy::PolicyHash;
use crate::status::{HeadHash, ListKey, SignedHead, Stamp, StatusError};
use crate::trust::{TrustHash, TrustList};
use crate::value::Timestamp;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// The format's name and version.
pub const FORMAT: &str = "sigil-status/2";

const MAX_HEADS: usize = 4_096;
const MAX_TRUST: usize = 64;
const MAX_SUPERSEDED: usize = 4_096;
/// A state holds whole trust lists, which are larger than other documents.
const BOUNDS: Bounds = Bounds { octets: 1 << 23, ..Bounds::PUBLISHED };

digest_type! {
    /// The digest of a status state.
    StatusDigest
}

/// What is known of lists and policies. The default is to know nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusState {
    /// By list, authority, epoch and hash.
    heads: BTreeMap<(String, String, u64, HeadHash), SignedHead>,
    /// By list, authority, number and hash.
    trust: BTreeMap<(String, String, u64, TrustHash), TrustList>,
    superseded: BTreeSet<PolicyHash>,
}

/// What the heads that are known say of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing against it.
    Unopposed,
    /// Another head has its number, or an epoch was numbered against the order of time.
    Forked,
    /// A newer epoch is known, made at this time.
    Replaced {
        /// Its number.
        epoch: u64,
        /// When the first of the newer ones was made.
        since: Timestamp,
    },
}

/// What the editions that are known of a trust list come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition<'a> {
    /// None is known.
    Unknown,
    /// Two have the highest number.
    Forked {
        /// The number.
        sequence: u64,
    },
    /// The one with the highest number.
    Newest(&'a TrustList),
}

impl StatusState {
    /// The state that knows this head too.
    #[must_use]
    pub fn with_head(mut self, head: SignedHead) -> Self {
        let (list, authority) = (head.key().list.clone(), did_key::encode(&head.key().authority));
        self.heads.insert((list, authority, head.stamp().epoch, head.hash()), head);
        self
    }

    /// The state that knows this edition of a trust list too.
    #[must_use]
    pub fn with_trust(mut self, list: TrustList) -> Self {
        let (id, authority) = (list.id().to_owned(), list.authority().to_string());
        self.trust.insert((id, authority, list.sequence(), list.hash()), list);
        self
    }

    /// The state that knows this policy to be replaced too.
    #[must_use]
    pub fn with_superseded(mut self, policy: PolicyHash) -> Self {
        self.superseded.insert(policy);
        self
    }

    /// The heads, by list, authority and epoch.
    pub fn heads(&self) -> impl Iterator<Item = &SignedHead> {
        self.heads.values()
    }

    /// The editions of trust lists, by list, authority and number.
    pub fn trust(&self) -> impl Iterator<Item = &TrustList> {
        self.trust.values()
    }

    /// Which edition of a trust list counts.
    pub fn edition(&self, id: &str, authority: &Authority) -> Edition<'_> {
        let own = self.trust().filter(|list| list.id() == id && list.authority() == authority);
        // They are sorted by their numbers.
        let mut latest = own.collect::<Vec<_>>().into_iter().rev();
        match (latest.next(), latest.next()) {
            (None, _) => Edition::Unknown,
            (Some(newest), Some(other)) if newest.sequence() == other.sequence() => {
                Edition::Forked { sequence: newest.sequence() }
            }
            (Some(newest), _) => Edition::Newest(newest),
        }
    }

    /// What the heads that are known of a list say of one of its epochs.
    pub fn standing(&self, key: &ListKey, stamp: &Stamp) -> Standing {
        let hash = stamp.head_hash(key);
        let own = |head: &&SignedHead| {
            head.key().list == key.list && head.key().authority == key.authority
        };
        // A stamp does not open what came before it; its head, where it is known too, does.
        let presented = self.heads.values().filter(own).find(|head| head.hash() == hash);
        let mut newer: Option<(Timestamp, u64)> = None;
        for head in self.heads.values().filter(own) {
            let known = head.stamp();
            let in_order = match known.epoch.cmp(&stamp.epoch) {
                Ordering::Equal => head.hash() == hash,
                Ordering::Less => known.issued_at < stamp.issued_at,
                Ordering::Greater => known.issued_at > stamp.issued_at,
            };
            let follows = |later: &SignedHead, earlier| later.previous() == Some(earlier);
            let follows = match (known.epoch.checked_sub(1), stamp.epoch.checked_sub(1)) {
                (Some(before), _) if before == stamp.epoch => follows(head, hash),
                (_, Some(before)) if before == known.epoch => {
                    presented.is_none_or(|presented| follows(presented, head.hash()))
                }
                _ => true,
            };
            if !in_order || !follows {
                return Standing::Forked;
            }
            if known.epoch > stamp.epoch {
                let this = (known.issued_at, known.epoch);
                newer = Some(newer.map_or(this, |newer| newer.min(this)));
            }
        }
        match newer {
            None => Standing::Unopposed,
            Some((since, epoch)) => Standing::Replaced { epoch, since },
        }
    }

    /// Whether a policy is known to be replaced.
    pub fn is_superseded(&self, policy: PolicyHash) -> bool {
        self.superseded.contains(&policy)
    }

    /// Reads a state from JSON or TOML.
    pub fn parse(octets: &[u8]) -> Result<Self, Fault> {
        Self::from_document(&Document::read(octets, &BOUNDS)?)
    }

    /// Reads a state from a document.
    pub fn from_document(document: &Document) -> Result<Self, Fault> {
        let root = Cursor::root(document).fields(&["format", "heads", "trust", "superseded"])?;
        root.format(FORMAT)?;
        let mut state = Self::default();
        if let Some(heads) = root.optional("heads") {
            let items = heads.items()?;
            bounded(&heads, items.len(), MAX_HEADS)?;
            for item in &items {
                let head = SignedHead::from_cursor(item).map_err(|error| match error {
                    StatusError::Fault(fault) => fault,
                    StatusError::Signature(_) => {
                        let remedy = "get the head again from the list's authority";
                        item.invalid("the head's signature does not verify", remedy)
                    }
                })?;
                let known = state.heads.len();
                state = state.with_head(head);
                if state.heads.len() == known {
                    return Err(item.invalid("this head stands twice", "remove one"));
                }
            }
        }
        if let Some(trust) = root.optional("trust") {
            let items = trust.items()?;
            bounded(&trust, items.len(), MAX_TRUST)?;
            for item in &items {
                let known = state.trust.len();
                state = state.with_trust(TrustList::from_cursor(item)?);
                if state.trust.len() == known {
                    return Err(item.invalid("this edition stands twice", "remove one"));
                }
            }
        }
        if let Some(superseded) = root.optional("superseded") {
            let items = superseded.items()?;
            bounded(&superseded, items.len(), MAX_SUPERSEDED)?;
            for item in &items {
                let hash: Result<PolicyHash, _> = item.text()?.parse();
                let hash =
                    hash.map_err(|error| item.invalid(error.to_string(), "copy it whole"))?;
                if !state.superseded.insert(hash) {
                    return Err(item.invalid("this hash stands twice", "remove one"));
                }
            }
        }
        Ok(state)
    }

    /// The state as a document in normal form.
    pub fn to_document(&self) -> Document {
        let heads = self.heads.values().map(SignedHead::to_document).collect();
        let superseded = self.superseded.iter().map(|hash| Document::Text(hash.to_string()));
        let trust: Vec<Document> = self.trust().map(TrustList::to_document).collect();
        let members = [
            ("format", Document::text(FORMAT)),
            ("heads", Document::Array(heads)),
            ("superseded", Document::Array(superseded.collect())),
        ];
        let trust = (!trust.is_empty()).then_some(("trust", Document::Array(trust)));
        Document::object(members.into_iter().chain(trust))
    }

    /// SHA-256 of its RFC 8785 form.
    pub fn digest(&self) -> StatusDigest {
        StatusDigest::from_bytes(self.to_document().digest())
    }
}

fn bounded(cursor: &Cursor<'_>, found: usize, most: usize) -> Result<(), Fault> {
    match found <= most {
        true => Ok(()),
        false => Err(cursor.invalid(format!("{found} items"), format!("write at most {most}"))),
    }
}

#[cfg(test)]
mod tests;
