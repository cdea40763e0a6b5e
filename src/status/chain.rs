//! Chains of heads: that one epoch follows another, and what a verifier remembers of the ones it
//! saw.
//!
//! The head of epoch n + 1 has the hash of the head of epoch n, and was issued later. An authority
//! that shows one head to some and another to others under one number has forked its list; one that
//! shows an old head as the newest has rolled it back, and whoever was revoked since is not.
//! Neither can be prevented. Both show where heads are compared, so every way to break a chain has
//! a name.

use super::{Elements, Head, HeadHash, ListKey, SignedHead, Stamp};
use crate::did_key;
use crate::digest::from_hex;
use crate::document::{Bounds, Cursor, Document, Fault, address};
use crate::value::Timestamp;
use std::collections::BTreeMap;
use thiserror::Error;

/// The format of the document of the heads that a verifier knows.
pub const KNOWN_HEADS_FORMAT: &str = "sigil-known-heads/1";
/// Epochs of a list that are remembered, the newest ones.
pub const KNOWN_EPOCHS: usize = 64;
/// Lists that are remembered.
pub const KNOWN_LISTS: usize = 256;

/// Greatest length in octets of the document of the heads that a verifier knows.
pub const KNOWN_HEADS_LEN: usize = 1 << 23;

/// Room for every epoch of every list.
const KNOWN_HEADS_BOUNDS: Bounds =
    Bounds { octets: KNOWN_HEADS_LEN, elements: 1 << 18, ..Bounds::PUBLISHED };

/// Why a head does not continue a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Break {
    /// It is of another address.
    #[error("another list: the address differs")]
    OtherList,
    /// It is of another authority.
    #[error("another authority signed it")]
    OtherAuthority,
    /// Its elements are of another kind.
    #[error("the list has other elements")]
    OtherElements,
    /// It is the very head that was there before.
    #[error("epoch {epoch} again: the same head twice")]
    Repeated {
        /// The number of both.
        epoch: u64,
    },
    /// Two heads under one number, or one that names another predecessor.
    #[error("a fork at epoch {epoch}: another head of this number is known")]
    Fork {
        /// The number that two heads have.
        epoch: u64,
    },
    /// A number that is lower than one seen before.
    #[error("a rollback: epoch {found} after epoch {known}")]
    Lowered {
        /// Its number.
        found: u64,
        /// The number that was known.
        known: u64,
    },
    /// Heads are missing in between.
    #[error("epoch {found} where {expected} was to come: heads are missing between them")]
    Skipped {
        /// Its number.
        found: u64,
        /// The number that follows.
        expected: u64,
    },
    /// Epochs in one order, times in another.
    #[error("epoch {epoch} was not issued later than the one before it")]
    Earlier {
        /// The later number.
        epoch: u64,
    },
    /// No room for another list.
    #[error("more than {KNOWN_LISTS} lists are known")]
    TooManyLists,
}

/// Whether two heads are of one list.
fn same_list(new: &ListKey, old: &ListKey) -> Result<(), Break> {
    if new.list != old.list {
        return Err(Break::OtherList);
    }
    if new.authority != old.authority {
        return Err(Break::OtherAuthority);
    }
    if new.elements != old.elements {
        return Err(Break::OtherElements);
    }
    Ok(())
}

/// Whether one head is the immediate successor of another.
///
/// That an update is due after it was issued is a condition on every [`Head`] already.
pub fn follows(new: &Head, old: &Head) -> Result<(), Break> {
    same_list(new.key(), old.key())?;
    let (found, known) = (new.stamp().epoch, old.stamp().epoch);
    if found == known {
        return Err(match new.hash() == old.hash() {
            true => Break::Repeated { epoch: found },
            false => Break::Fork { epoch: found },
        });
    }
    if found < known {
        return Err(Break::Lowered { found, known });
    }
    let expected = known + 1;
    if found != expected {
        return Err(Break::Skipped { found, expected });
    }
    if new.previous() != Some(old.hash()) {
        return Err(Break::Fork { epoch: known });
    }
    if new.stamp().issued_at <= old.stamp().issued_at {
        return Err(Break::Earlier { epoch: found });
    }
    Ok(())
}

/// Whether these heads follow each other, oldest first; else the place of the first that does not,
/// and why. Nothing is said of what came before the first.
pub fn check_chain(heads: &[SignedHead]) -> Result<(), (usize, Break)> {
    (1..).zip(heads.windows(2)).try_for_each(|(place, pair)| match pair {
        [old, new] => follows(new, old).map_err(|broken| (place, broken)),
        _ => Ok(()),
    })
}

/// What is remembered of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    hash: HeadHash,
    issued_at: Timestamp,
}

/// The heads that a verifier has seen, of any number of lists: kept beyond its process, they show a
/// rollback after a restart.
///
/// Of each list the newest [`KNOWN_EPOCHS`] are kept. A number that was forgotten is below all that
/// are known, and so is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownHeads {
    /// By the canonical document of the list's key.
    lists: BTreeMap<String, (ListKey, BTreeMap<u64, Known>)>,
}

impl KnownHeads {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many lists are known.
    pub fn len(&self) -> usize {
        self.lists.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// The newest epoch of a list that was seen.
    pub fn newest(&self, key: &ListKey) -> Option<u64> {
        let (_, epochs) = self.lists.get(&name(key))?;
        epochs.last_key_value().map(|(epoch, _)| *epoch)
    }

    /// The head of this number that was seen.
    pub fn head(&self, key: &ListKey, epoch: u64) -> Option<HeadHash> {
        let (_, epochs) = self.lists.get(&name(key))?;
        epochs.get(&epoch).map(|known| known.hash)
    }

    /// Takes the newest head of a list, or the stamp of one that is known to be signed. The newest
    /// one again is taken too. On a break nothing is remembered.
    ///
    /// Numbers may be skipped: a verifier need not be there for every epoch, and a stamp does not
    /// say what came before it. For heads, [`admit_head`](Self::admit_head) looks at that too.
    pub fn admit(&mut self, key: &ListKey, stamp: &Stamp) -> Result<(), Break> {
        let name = name(key);
        if self.lists.len() >= KNOWN_LISTS && !self.lists.contains_key(&name) {
            return Err(Break::TooManyLists);
        }
        let (found, new) =
            (stamp.epoch, Known { hash: stamp.head_hash(key), issued_at: stamp.issued_at });
        if let Some((_, epochs)) = self.lists.get(&name) {
            if epochs.get(&found).is_some_and(|known| known.hash != new.hash) {
                return Err(Break::Fork { epoch: found });
            }
            if let Some((&epoch, known)) = epochs.last_key_value() {
                if found < epoch {
                    return Err(Break::Lowered { found, known: epoch });
                }
                if found > epoch && new.issued_at <= known.issued_at {
                    return Err(Break::Earlier { epoch: found });
                }
            }
        }
        let (_, epochs) = self.lists.entry(name).or_insert_with(|| (key.clone(), BTreeMap::new()));
        epochs.insert(found, new);
        while epochs.len() > KNOWN_EPOCHS {
            epochs.pop_first();
        }
        Ok(())
    }

    /// The same of a whole head: that it names the predecessor that was seen, too.
    pub fn admit_head(&mut self, head: &Head) -> Result<(), Break> {
        let epoch = head.stamp().epoch;
        let before = epoch.checked_sub(1);
        let known = before.and_then(|before| Some((before, self.head(head.key(), before)?)));
        if let Some((epoch, hash)) = known
            && head.previous() != Some(hash)
        {
            return Err(Break::Fork { epoch });
        }
        self.admit(head.key(), head.stamp())
    }

    /// The document that is kept.
    pub fn to_document(&self) -> Document {
        let epoch = |(epoch, known): (&u64, &Known)| {
            Document::object([
                ("epoch", Document::Integer((*epoch).into())),
                ("head", Document::Text(known.hash.to_string())),
                ("issued_at", Document::Text(known.issued_at.to_string())),
            ])
        };
        let list = |(key, epochs): &(ListKey, BTreeMap<u64, Known>)| {
            Document::object([
                ("list", Document::text(&key.list)),
                ("authority", Document::Text(did_key::encode(&key.authority))),
                ("elements", key.elements.to_document()),
                ("epochs", Document::Array(epochs.iter().map(epoch).collect())),
            ])
        };
        Document::object([
            ("format", Document::text(KNOWN_HEADS_FORMAT)),
            ("lists", Document::Array(self.lists.values().map(list).collect())),
        ])
    }

    /// Reads the document.
    pub fn parse(octets: &[u8]) -> Result<Self, Fault> {
        let document = Document::read_json(octets, &KNOWN_HEADS_BOUNDS)?;
        let fields = Cursor::root(&document).fields(&["format", "lists"])?;
        fields.format(KNOWN_HEADS_FORMAT)?;
        let mut known = Self::default();
        for list in fields.required("lists")?.items()? {
            let fields = list.fields(&["list", "authority", "elements", "epochs"])?;
            let authority = fields.required("authority")?;
            let key = ListKey {
                list: address(&fields.required("list")?)?,
                authority: did_key::decode(authority.text()?)
                    .map_err(|error| authority.invalid(error.to_string(), RESTORE))?,
                elements: Elements::parse(&fields.required("elements")?)?,
            };
            let epochs = read_epochs(&fields.required("epochs")?)?;
            if known.lists.len() == KNOWN_LISTS {
                return Err(list.invalid("more lists than are remembered", RESTORE));
            }
            if known.lists.insert(name(&key), (key, epochs)).is_some() {
                return Err(list.invalid("a list twice", RESTORE));
            }
        }
        Ok(known)
    }
}

const RESTORE: &str = "restore the file from its backup";

fn read_epochs(cursor: &Cursor<'_>) -> Result<BTreeMap<u64, Known>, Fault> {
    let mut epochs = BTreeMap::new();
    for item in cursor.items()? {
        let fields = item.fields(&["epoch", "head", "issued_at"])?;
        let epoch = fields.required("epoch")?;
        let number = u64::try_from(epoch.integer()?);
        let number = number.map_err(|_| epoch.invalid("a negative number", RESTORE))?;
        let head = fields.required("head")?;
        let hash = from_hex(head.text()?);
        let hash = hash.map_err(|error| head.invalid(error.to_string(), RESTORE))?;
        let at = fields.required("issued_at")?;
        let issued_at = at
            .text()?
            .parse()
            .map_err(|error: crate::value::ValueError| at.invalid(error.to_string(), RESTORE))?;
        let known = Known { hash: HeadHash::from_bytes(hash), issued_at };
        let last: Option<(&u64, &Known)> = epochs.last_key_value();
        if last.is_some_and(|(last, before)| *last >= number || before.issued_at >= issued_at) {
            return Err(item.invalid("not later than the epoch before it", RESTORE));
        }
        epochs.insert(number, known);
    }
    match (1..=KNOWN_EPOCHS).contains(&epochs.len()) {
        true => Ok(epochs),
        false => Err(cursor.invalid("no epochs, or too many", RESTORE)),
    }
}

/// One name for one list.
fn name(key: &ListKey) -> String {
    let authority = did_key::encode(&key.authority);
    format!("{} {authority} {}", key.list, key.elements.to_document().canonical())
}
