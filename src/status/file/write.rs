//! Publishing: the head first, then all gaps, signed in parallel and written as they come.

use super::layout::{Layout, Line, Prefixes};
use super::{BLOCK, ElementsDigest, Watch};
use crate::bbs::{self, SecretKey, Signature, sign_many};
use crate::curve::Scalar;
use crate::status::chain::{Break, follows};
use crate::status::entry::{generators, messages};
use crate::status::{ENTRY_MESSAGES, Elements, Head, ListKey, SignedHead};
use crate::value::Timestamp;
use sha2::{Digest, Sha256};
use std::io::{self, Seek, SeekFrom, Write};
use thiserror::Error;

/// Why an epoch is not published.
#[derive(Debug, Error)]
pub enum PublishError {
    /// The elements are not in strictly ascending order.
    #[error("element {0} is not above the one before it")]
    Order(usize),
    /// An element has more bits than those of the list.
    #[error("element {0} is beyond the bits of the list's elements")]
    BeyondBits(usize),
    /// The times of the epoch.
    #[error("the next update is not after the time of issue")]
    Times,
    /// The epoch does not follow the one before it.
    #[error(transparent)]
    Chain(#[from] Break),
    /// There is no epoch after 2^53 − 1.
    #[error("the list has no numbers left for epochs")]
    Exhausted,
    /// The elements are not those that the head was signed for.
    #[error("the elements are not those of the head")]
    OtherElements,
    /// The key is not that of the list's authority, or BBS refused the operation.
    #[error(transparent)]
    Signature(#[from] bbs::Error),
    /// The system could not write.
    #[error("cannot be written: {0}")]
    Io(#[from] io::Error),
    /// Whoever watched gave it up.
    #[error("given up")]
    Stopped,
}

/// Signs the head of an epoch with these elements, in strictly ascending order: the first of a
/// list, or the successor of `previous`.
///
/// Of two heads under one number one is a fork: keep a head durably before it leaves, and
/// [`write`](write()) its entries after that.
pub fn seal(
    key: &SecretKey,
    list: &ListKey,
    previous: Option<&SignedHead>,
    times: [Timestamp; 2],
    elements: &[u64],
) -> Result<SignedHead, PublishError> {
    let digest = elements_digest(&list.elements, elements)?;
    let epoch = previous.map_or(0, |head| head.stamp().epoch + 1);
    if i128::from(epoch) > crate::document::MAX_SAFE_INTEGER {
        return Err(PublishError::Exhausted);
    }
    let before = previous.map(|head| head.hash());
    let head = Head::new(list.clone(), epoch, times, before, elements.len() as u64, digest);
    let head = head.ok_or(PublishError::Times)?;
    if let Some(previous) = previous {
        follows(&head, previous)?;
    }
    Ok(head.sign(key)?)
}

/// The digest of the elements of a list, which have to be in strictly ascending order and within
/// its bits: what a head says of them.
pub fn elements_digest(of: &Elements, elements: &[u64]) -> Result<[u8; 32], PublishError> {
    let mut hash = ElementsDigest::new(elements.len() as u64);
    let mut last = None;
    for (place, element) in elements.iter().enumerate() {
        if last >= Some(element) {
            return Err(PublishError::Order(place));
        }
        if u128::from(*element) >= of.end() {
            return Err(PublishError::BeyondBits(place));
        }
        hash.push(*element);
        last = Some(element);
    }
    Ok(hash.finish())
}

/// Signs all gaps of an epoch, on the threads of the rayon pool that it is called in, and writes
/// its file. The same head and elements give the same octets.
///
/// What is written is whole only where this succeeds.
pub fn write(
    key: &SecretKey,
    head: &SignedHead,
    elements: &[u64],
    out: &mut (impl Write + Seek),
    watch: Watch<'_>,
) -> Result<(), PublishError> {
    let of = &head.key().elements;
    let digest = elements_digest(of, elements)?;
    if digest != *head.digest() || elements.len() as u64 != head.count() {
        return Err(PublishError::OtherElements);
    }
    if head.key().authority != *key.public_key() {
        return Err(bbs::Error::Refused.into());
    }
    let prefixes = Prefixes::choose(elements, of);
    let gaps = Gaps::new(elements, of);
    let start = out.stream_position()?;
    let head_len = head.to_document().canonical().len();
    out.write_all(&vec![0; Layout::header_len(head_len, &prefixes) as usize])?;
    let mut signer = Signer { key, head, gaps, first: 0, signed: Vec::new(), watch };
    let mut index = Vec::with_capacity(prefixes.count() as usize);
    for shard in 0..prefixes.count() {
        let own = prefixes.of(elements, shard);
        // The gap after the last of its own elements reaches beyond them.
        let end = (own.end + 1).min(gaps.count());
        index.push(write_shard(&mut signer, own.start..end, out)?);
    }
    let has_last_gap = gaps.has_last();
    let layout = Layout { prefixes, only: None, index, has_last_gap };
    let end = out.stream_position()?;
    out.seek(SeekFrom::Start(start))?;
    out.write_all(&layout.header(head))?;
    out.seek(SeekFrom::Start(end))?;
    Ok(out.flush()?)
}

/// [`seal`]s an epoch and [`write`](write())s its file.
pub fn publish(
    key: &SecretKey,
    list: &ListKey,
    previous: Option<&SignedHead>,
    times: [Timestamp; 2],
    elements: &[u64],
    out: &mut (impl Write + Seek),
    watch: Watch<'_>,
) -> Result<SignedHead, PublishError> {
    let head = seal(key, list, previous, times, elements)?;
    write(key, &head, elements, out, watch)?;
    Ok(head)
}

fn write_shard(
    signer: &mut Signer<'_>,
    gaps: std::ops::Range<usize>,
    out: &mut impl Write,
) -> Result<Line, PublishError> {
    let entries = gaps.len() as u64;
    let mut hash = Sha256::new();
    let mut put = |octets: &[u8]| {
        hash.update(octets);
        out.write_all(octets)
    };
    let (lo, _) = signer.gaps.get(gaps.start);
    put(&lo.to_be_bytes())?;
    for gap in gaps {
        let signature = signer.signature(gap)?.to_bytes();
        // 2^w, where the last gap ends, is left away.
        let element = signer.gaps.elements.get(gap).copied().unwrap_or(0);
        put(&element.to_be_bytes())?;
        put(&signature)?;
    }
    Ok(Line { entries, checksum: hash.finalize().into() })
}

/// The gaps of sorted elements.
#[derive(Clone, Copy)]
struct Gaps<'a> {
    elements: &'a [u64],
    end: u128,
}

impl<'a> Gaps<'a> {
    fn new(elements: &'a [u64], of: &Elements) -> Self {
        Gaps { elements, end: of.end() }
    }

    /// Whether anything lies between the last element and 2^w.
    fn has_last(&self) -> bool {
        self.elements.last().is_none_or(|last| u128::from(*last) + 1 < self.end)
    }

    fn count(&self) -> usize {
        self.elements.len() + usize::from(self.has_last())
    }

    fn get(&self, gap: usize) -> (u64, u128) {
        let before = gap.checked_sub(1).and_then(|before| self.elements.get(before));
        // No gap begins at 2^64: see `has_last`.
        let lo = before.map_or(0, |before| before.saturating_add(1));
        let hi = self.elements.get(gap).map_or(self.end, |element| u128::from(*element));
        (lo, hi)
    }
}

/// Signs gaps by the block, as they are asked for in ascending order.
struct Signer<'a> {
    key: &'a SecretKey,
    head: &'a SignedHead,
    gaps: Gaps<'a>,
    /// The gap of the first of these signatures.
    first: usize,
    signed: Vec<Signature>,
    watch: Watch<'a>,
}

impl Signer<'_> {
    fn signature(&mut self, gap: usize) -> Result<Signature, PublishError> {
        let known = gap.checked_sub(self.first).and_then(|place| self.signed.get(place));
        if let Some(signature) = known {
            return Ok(*signature);
        }
        let block = gap..self.gaps.count().min(gap + BLOCK);
        let messages: Vec<[Scalar; ENTRY_MESSAGES]> = block
            .map(|gap| {
                let (lo, hi) = self.gaps.get(gap);
                messages(lo, hi)
            })
            .collect();
        let header = self.head.stamp().entry_header(self.head.key());
        self.signed = sign_many(self.key, &*generators()?, &header, &messages)?;
        self.first = gap;
        if (self.watch)((gap + self.signed.len()) as u64).is_break() {
            return Err(PublishError::Stopped);
        }
        self.signed.first().copied().ok_or(PublishError::OtherElements)
    }
}
