//! The header of a file: what is in which place, and how elements fall into shards.

use super::{ENTRY_LEN, FileError, MAGIC, START_LEN, VERSION};
use crate::bbs::Signature;
use crate::document::Bounds;
use crate::status::{Elements, Head, SignedHead, StatusError};
use crate::transcript::DIGEST_LEN;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::ops::Range;

/// The fewest listed elements of a shard, where there is more than one: its holders hide among at
/// least as many.
pub const MIN_SHARD: u64 = 1000;
/// The most prefix bits: 65,536 shards, of 65 million elements at least.
pub const MAX_PREFIX_BITS: u32 = 16;

/// Stands where a file of one shard has its number.
const ALL: u32 = u32::MAX;
/// Octets before the head.
const PREAMBLE: usize = 16;
/// Octets of a line of the index.
const LINE_LEN: usize = 16 + DIGEST_LEN;

/// A shard as the index has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Entries, the one that the next shard has too among them.
    pub(super) entries: u64,
    pub(super) checksum: [u8; DIGEST_LEN],
}

impl Line {
    pub(super) fn octets(&self) -> u64 {
        START_LEN + self.entries * ENTRY_LEN as u64
    }
}

/// How the integers of w bits fall into 2^b shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prefixes {
    /// Bits of an element.
    pub(super) width: u32,
    /// Bits of a prefix.
    pub(super) bits: u32,
}

impl Prefixes {
    /// As many bits as leave each prefix [`MIN_SHARD`] of these sorted elements.
    pub(super) fn choose(elements: &[u64], of: &Elements) -> Self {
        let width = of.bits();
        let most = (elements.len() as u64 / MIN_SHARD).checked_ilog2().unwrap_or(0);
        let candidates = (0..=most.min(MAX_PREFIX_BITS).min(width)).rev();
        let enough = |prefixes: &Self| {
            (0..prefixes.count())
                .all(|shard| prefixes.of(elements, shard).len() as u64 >= MIN_SHARD)
        };
        let mut candidates = candidates.map(|bits| Prefixes { width, bits });
        candidates
            .find(|prefixes| prefixes.bits == 0 || enough(prefixes))
            .unwrap_or(Prefixes { width, bits: 0 })
    }

    /// How many shards there are.
    pub(super) fn count(&self) -> u32 {
        1 << self.bits
    }

    /// The shard of an integer of w bits.
    pub(super) fn shard(&self, element: u64) -> u32 {
        u32::try_from(u128::from(element) >> (self.width - self.bits)).unwrap_or(0)
    }

    /// The integers of a shard.
    pub(super) fn integers(&self, shard: u32) -> Range<u128> {
        let first = |shard: u32| u128::from(shard) << (self.width - self.bits);
        first(shard)..first(shard + 1)
    }

    /// Which of these sorted elements a shard has.
    pub(super) fn of(&self, elements: &[u64], shard: u32) -> Range<usize> {
        let Range { start, end } = self.integers(shard);
        let place = |bound: u128| elements.partition_point(|element| u128::from(*element) < bound);
        place(start)..place(end)
    }
}

/// All of a header but the head itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) prefixes: Prefixes,
    /// The one shard that the file has; none if it has all.
    pub(super) only: Option<u32>,
    pub(super) index: Vec<Line>,
    /// Whether the last entry is the gap that ends at 2^w.
    pub(super) has_last_gap: bool,
}

impl Layout {
    /// Octets of the header with a head of so many.
    pub(super) fn header_len(head: usize, prefixes: &Prefixes) -> u64 {
        (PREAMBLE + head + 5 + LINE_LEN * prefixes.count() as usize + DIGEST_LEN) as u64
    }

    /// The header.
    pub(super) fn header(&self, head: &SignedHead) -> Vec<u8> {
        let head = head.to_document().canonical();
        let mut octets = Vec::with_capacity(head.len() + 64 + LINE_LEN * self.index.len());
        octets.extend_from_slice(&MAGIC);
        octets.extend_from_slice(&VERSION.to_be_bytes());
        // A head has some hundred octets, or what an enumeration adds to that.
        octets.extend_from_slice(&(head.len() as u32).to_be_bytes());
        octets.extend_from_slice(head.as_bytes());
        octets.push(self.prefixes.bits as u8);
        octets.extend_from_slice(&self.only.unwrap_or(ALL).to_be_bytes());
        let mut offset = 0u64;
        for line in &self.index {
            octets.extend_from_slice(&offset.to_be_bytes());
            octets.extend_from_slice(&line.entries.to_be_bytes());
            octets.extend_from_slice(&line.checksum);
            offset += line.octets();
        }
        let seal = Sha256::digest(&octets);
        octets.extend_from_slice(&seal);
        octets
    }

    /// Octets of all shards before one, in a file of all.
    pub(super) fn offset(&self, shard: u32) -> u64 {
        self.index.iter().take(shard as usize).map(Line::octets).sum()
    }

    /// The octets of the file's shards.
    pub(super) fn body_len(&self) -> u64 {
        match self.only {
            Some(shard) => self.index.get(shard as usize).map_or(0, Line::octets),
            None => self.offset(self.prefixes.count()),
        }
    }

    /// Reads the header of a file of so many octets, and how many of them it takes.
    pub(super) fn read(
        source: &mut impl Read,
        length: u64,
    ) -> Result<(Self, SignedHead, u64), FileError> {
        let mut octets = Vec::new();
        fill(source, &mut octets, PREAMBLE, length)?;
        let mut parts = Parts(&octets);
        if parts.take::<8>() != MAGIC {
            return Err(FileError::Magic);
        }
        let [version, head_len] =
            [u32::from_be_bytes(parts.take()), u32::from_be_bytes(parts.take())];
        if version != VERSION {
            return Err(FileError::Version(version));
        }
        let head_end = PREAMBLE + head_len as usize;
        if head_len as usize > Bounds::PUBLISHED.octets {
            return Err(FileError::HeadLength(head_len));
        }
        fill(source, &mut octets, head_end + 5, length)?;
        let bits = octets.get(head_end).copied().unwrap_or(u8::MAX);
        if u32::from(bits) > MAX_PREFIX_BITS {
            return Err(FileError::Prefix(bits));
        }
        let sealed = head_end + 5 + (LINE_LEN << bits);
        fill(source, &mut octets, sealed + DIGEST_LEN, length)?;
        let (content, seal) = octets.split_at(sealed);
        if *Sha256::digest(content) != *seal {
            return Err(FileError::HeaderChecksum);
        }
        let head = read_head(content.get(PREAMBLE..head_end).unwrap_or_default())?;
        let width = head.key().elements.bits();
        if u32::from(bits) > width {
            return Err(FileError::Prefix(bits));
        }
        let prefixes = Prefixes { width, bits: bits.into() };
        let mut parts = Parts(content.get(head_end + 1..).unwrap_or_default());
        let only = match u32::from_be_bytes(parts.take()) {
            ALL => None,
            shard if shard < prefixes.count() => Some(shard),
            shard => return Err(FileError::ShardNumber(shard)),
        };
        let (index, has_last_gap) = read_index(&mut parts, &prefixes, &head)?;
        Ok((Self { prefixes, only, index, has_last_gap }, head, octets.len() as u64))
    }
}

fn read_head(octets: &[u8]) -> Result<SignedHead, FileError> {
    let head = SignedHead::parse(octets).map_err(FileError::Head)?;
    match head.to_document().canonical().as_bytes() == octets {
        true => Ok(head),
        false => Err(FileError::HeadForm),
    }
}

fn read_index(
    parts: &mut Parts<'_>,
    prefixes: &Prefixes,
    head: &Head,
) -> Result<(Vec<Line>, bool), FileError> {
    let mut index = Vec::with_capacity(prefixes.count() as usize);
    let (mut offset, mut entries) = (0u64, 0u64);
    for shard in 0..prefixes.count() {
        let at = u64::from_be_bytes(parts.take());
        let line = Line { entries: u64::from_be_bytes(parts.take()), checksum: parts.take() };
        let octets = line.entries.checked_mul(ENTRY_LEN as u64);
        let end = octets.and_then(|octets| octets.checked_add(offset + START_LEN));
        // Below 2^63, so that what is added later cannot wrap.
        let end = end.filter(|end| at == offset && line.entries > 0 && end >> 63 == 0);
        offset = end.ok_or(FileError::Index(shard))?;
        entries += line.entries;
        index.push(line);
    }
    let (entries, elements) = (entries - u64::from(prefixes.count() - 1), head.count());
    let has_last_gap = match entries.checked_sub(elements) {
        Some(0) => false,
        Some(1) => true,
        _ => return Err(FileError::Count { entries, elements }),
    };
    if prefixes.bits > 0 {
        for (shard, line) in (0..).zip(&index) {
            let shared = shard + 1 < prefixes.count() || has_last_gap;
            if line.entries - u64::from(shared) < MIN_SHARD {
                return Err(FileError::SmallShard(shard));
            }
        }
    }
    Ok((index, has_last_gap))
}

impl From<StatusError> for FileError {
    fn from(error: StatusError) -> Self {
        FileError::Head(error)
    }
}

/// Reads on until there are so many octets of a file of `length`.
fn fill(
    source: &mut impl Read,
    octets: &mut Vec<u8>,
    to: usize,
    length: u64,
) -> Result<(), FileError> {
    let from = octets.len();
    if (to as u64) > length {
        return Err(FileError::Truncated { found: length, expected: to as u64 });
    }
    octets.resize(to, 0);
    Ok(source.read_exact(octets.get_mut(from..).unwrap_or_default())?)
}

/// Takes parts of known lengths off some octets; zeros where there are none left.
struct Parts<'a>(&'a [u8]);

impl Parts<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk() {
            Some((part, rest)) => {
                self.0 = rest;
                *part
            }
            None => [0; N],
        }
    }
}

/// An entry as the file has it.
#[derive(Clone, Copy)]
pub(super) struct RawEntry {
    pub(super) element: u64,
    pub(super) signature: [u8; Signature::LEN],
}

impl RawEntry {
    pub(super) fn read(octets: &[u8]) -> Self {
        let mut parts = Parts(octets);
        RawEntry { element: u64::from_be_bytes(parts.take()), signature: parts.take() }
    }
}
