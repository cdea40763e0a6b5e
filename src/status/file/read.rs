//! Reading a file: by one element, by the shard, or whole.

use super::layout::{Layout, RawEntry};
use super::{BLOCK, ENTRY_LEN, ElementsDigest, FileError, START_LEN, Watch};
use crate::bbs::{Generators, Signature, SignedMessages, verify_batch};
use crate::curve::Scalar;
use crate::status::entry::{generators, messages};
use crate::status::{ENTRY_MESSAGES, Entry, SignedHead, StatusError, UnverifiedEntry};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::fmt;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;

/// Signatures that are checked as one.
const BATCH: usize = 1024;

/// The file of an epoch, or of one of its shards, its header read and its head's signature
/// verified.
///
/// That the head is of the list that somebody has in mind, by the authority that he trusts, is for
/// whoever opens it to see: [`SignedHead`] says both.
pub struct ListFile<R> {
    source: R,
    head: Arc<SignedHead>,
    layout: Layout,
    /// Octets of the header.
    body: u64,
}

impl<R> fmt::Debug for ListFile<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListFile").field("head", &self.head).finish_non_exhaustive()
    }
}

/// A gap of a shard, its signature not looked at.
#[derive(Clone, Copy)]
struct Gap {
    lo: u64,
    hi: u128,
    signature: [u8; Signature::LEN],
}

impl<R: Read + Seek> ListFile<R> {
    /// Reads the header. The file must be as long as its header says.
    pub fn open(mut source: R) -> Result<Self, FileError> {
        let length = source.seek(SeekFrom::End(0))?;
        source.seek(SeekFrom::Start(0))?;
        let (layout, head, body) = Layout::read(&mut source, length)?;
        let expected = body + layout.body_len();
        if length < expected {
            return Err(FileError::Truncated { found: length, expected });
        }
        if length > expected {
            return Err(FileError::Surplus(length - expected));
        }
        Ok(ListFile { source, head: Arc::new(head), layout, body })
    }

    /// The head of the epoch.
    pub fn head(&self) -> &Arc<SignedHead> {
        &self.head
    }

    /// How many shards the list has.
    pub fn shards(&self) -> u32 {
        self.layout.prefixes.count()
    }

    /// Bits of an element that say its shard: what asking for it would tell.
    pub fn prefix_bits(&self) -> u32 {
        self.layout.prefixes.bits
    }

    /// The one shard that this file has; none if it has all.
    pub fn only_shard(&self) -> Option<u32> {
        self.layout.only
    }

    /// How many entries the file has; those that two shards share count twice.
    pub fn entries(&self) -> u64 {
        self.here().map(|shard| self.entries_of(shard)).sum()
    }

    /// The shard of an element.
    pub fn shard_of(&self, element: u64) -> Result<u32, FileError> {
        let elements = &self.head.key().elements;
        match u128::from(element) < elements.end() {
            true => Ok(self.layout.prefixes.shard(element)),
            false => Err(FileError::BeyondBits(elements.bits())),
        }
    }

    /// Finds the gap that an element lies in or ends, and verifies its signature. Whether the
    /// element is absent or present is for the entry to say.
    ///
    /// Reads one shard. Its checksum is compared first.
    pub fn find(&mut self, element: u64) -> Result<Entry, FileError> {
        let shard = self.shard_of(element)?;
        self.check_shard(shard)?;
        let mut found = None;
        self.scan(shard, |first, gaps| {
            let place = gaps.partition_point(|gap| gap.hi < u128::from(element));
            if found.is_none() {
                found = gaps.get(place).map(|gap| (first + place as u64, *gap));
            }
            Ok(())
        })?;
        // The last gap of a shard ends beyond its integers.
        let (entry, gap) = found.ok_or(FileError::Seam(shard))?;
        if gap.lo > element {
            return Err(FileError::Seam(shard));
        }
        let wrong = |_| FileError::Signature { shard, entry };
        let signature = Signature::from_bytes(&gap.signature).map_err(wrong)?;
        let entry_found = UnverifiedEntry::new(self.head.clone(), gap.lo, gap.hi, signature);
        entry_found.check().map_err(|_: StatusError| FileError::Signature { shard, entry })
    }

    /// Compares the checksum of a shard.
    pub fn check_shard(&mut self, shard: u32) -> Result<(), FileError> {
        self.copy_shard(shard, &mut std::io::sink())
    }

    /// Writes a file of one shard.
    pub fn write_shard(&mut self, shard: u32, out: &mut impl Write) -> Result<(), FileError> {
        if shard >= self.shards() {
            return Err(FileError::ShardNumber(shard));
        }
        // What does not pass is not written.
        self.check_shard(shard)?;
        let layout = Layout { only: Some(shard), ..self.layout.clone() };
        out.write_all(&layout.header(&self.head))?;
        self.copy_shard(shard, out)?;
        Ok(out.flush()?)
    }

    /// Verifies all of the file: checksums, order and seams of its shards, every signature, and,
    /// where it has all shards, that the elements are those of the head. `watch` is told the
    /// entries done.
    ///
    /// Works on the threads of the rayon pool that it is called in. The first fault ends it.
    pub fn verify(&mut self, watch: Watch<'_>) -> Result<(), FileError> {
        let generators = generators()?;
        let header = self.head.stamp().entry_header(self.head.key());
        let head = self.head.clone();
        let check = Check { head: &head, generators: &generators, header: &header };
        let mut digest = ElementsDigest::new(head.count());
        // Of the shard before: its last gap.
        let mut seam: Option<Gap> = None;
        let mut done = 0;
        for shard in self.here() {
            self.check_shard(shard)?;
            let (shared, last) = (shard + 1 < self.shards(), self.entries_of(shard));
            self.scan(shard, |first, gaps| {
                if let (0, Some(before), Some(gap)) = (first, &seam, gaps.first()) {
                    let same = (before.lo, before.hi, before.signature);
                    if same != (gap.lo, gap.hi, gap.signature) {
                        return Err(FileError::Seam(shard));
                    }
                }
                check.gaps(shard, first, gaps)?;
                for (entry, gap) in (first..).zip(gaps) {
                    // The last one is the next shard's, or ends at no element.
                    let own = !(shared && entry + 1 == last);
                    if let (true, Some(element)) = (own, check.element(gap)) {
                        digest.push(element);
                    }
                }
                seam = gaps.last().copied();
                done += gaps.len() as u64;
                if watch(done).is_break() { Err(FileError::Stopped) } else { Ok(()) }
            })?;
        }
        match self.layout.only.is_some() || digest.finish() == *head.digest() {
            true => Ok(()),
            false => Err(FileError::Digest),
        }
    }

    /// The elements of the whole list, compared with the head's digest. No entry's signature is looked
    /// at: the head's answers for all of them.
    pub fn elements(&mut self) -> Result<Vec<u64>, FileError> {
        let end = self.head.key().elements.end();
        let mut digest = ElementsDigest::new(self.head.count());
        let mut elements = Vec::new();
        for shard in self.here() {
            self.check_shard(shard)?;
            let (shared, last) = (shard + 1 < self.shards(), self.entries_of(shard));
            self.scan(shard, |first, gaps| {
                for (entry, gap) in (first..).zip(gaps) {
                    let own = !(shared && entry + 1 == last) && gap.hi < end;
                    if let (true, Ok(element)) = (own, u64::try_from(gap.hi)) {
                        digest.push(element);
                        elements.push(element);
                    }
                }
                Ok(())
            })?;
        }
        match digest.finish() == *self.head.digest() {
            true => Ok(elements),
            false => Err(FileError::Digest),
        }
    }

    /// The shards of this file.
    fn here(&self) -> std::ops::Range<u32> {
        match self.layout.only {
            Some(shard) => shard..shard + 1,
            None => 0..self.shards(),
        }
    }

    fn entries_of(&self, shard: u32) -> u64 {
        self.layout.index.get(shard as usize).map_or(0, |line| line.entries)
    }

    /// Goes to where a shard begins.
    fn seek_shard(&mut self, shard: u32) -> Result<(), FileError> {
        let offset = match self.layout.only {
            Some(found) if found != shard => {
                return Err(FileError::OtherShard { found, wanted: shard });
            }
            Some(_) => 0,
            None => self.layout.offset(shard),
        };
        self.source.seek(SeekFrom::Start(self.body + offset))?;
        Ok(())
    }

    /// Writes a shard as it is, and compares its checksum.
    fn copy_shard(&mut self, shard: u32, out: &mut impl Write) -> Result<(), FileError> {
        self.seek_shard(shard)?;
        let line = self.layout.index.get(shard as usize).ok_or(FileError::ShardNumber(shard))?;
        let mut left = line.octets() as usize;
        let mut hash = Sha256::new();
        let mut octets = vec![0; left.min(1 << 16)];
        while left > 0 {
            let part = octets.get_mut(..left.min(1 << 16)).unwrap_or_default();
            self.source.read_exact(part)?;
            hash.update(&*part);
            out.write_all(part)?;
            left -= part.len();
        }
        match hash.finalize()[..] == line.checksum {
            true => Ok(()),
            false => Err(FileError::ShardChecksum(shard)),
        }
    }

    /// Reads the gaps of a shard, a block at a time with the number of its first; order and range
    /// are checked.
    fn scan(
        &mut self,
        shard: u32,
        mut visit: impl FnMut(u64, &[Gap]) -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        self.seek_shard(shard)?;
        let mut start = [0; START_LEN as usize];
        self.source.read_exact(&mut start)?;
        let mut order = Order::new(&self.layout, shard, u64::from_be_bytes(start))?;
        let (entries, mut first) = (self.entries_of(shard), 0);
        let mut octets = Vec::new();
        let mut gaps = Vec::new();
        while first < entries {
            let count = (entries - first).min(BLOCK as u64) as usize;
            octets.resize(count * ENTRY_LEN, 0);
            self.source.read_exact(&mut octets)?;
            gaps.clear();
            for (entry, octets) in (first..).zip(octets.chunks_exact(ENTRY_LEN)) {
                gaps.push(order.next(entry, RawEntry::read(octets))?);
            }
            visit(first, &gaps)?;
            first += count as u64;
        }
        Ok(())
    }
}

/// Turns the entries of a shard into gaps, in order.
struct Order {
    shard: u32,
    /// The integers of the shard.
    integers: std::ops::Range<u128>,
    /// Where the next gap begins; 2^w after the element 2^w − 1.
    lo: u128,
    /// The last entry of the shard.
    last: u64,
    /// Where the last gap ends, if that is the gap after the last element.
    end: Option<u128>,
    /// Whether the last entry is the next shard's first.
    shared: bool,
}

impl Order {
    fn new(layout: &Layout, shard: u32, start: u64) -> Result<Self, FileError> {
        let integers = layout.prefixes.integers(shard);
        let shared = shard + 1 < layout.prefixes.count();
        let entries = layout.index.get(shard as usize).map_or(0, |line| line.entries);
        let end = (!shared && layout.has_last_gap).then_some(integers.end);
        let lo = u128::from(start);
        // The first gap reaches the shard's integers from below, and begins them in the first
        // shard.
        if lo > integers.start {
            return Err(FileError::Seam(shard));
        }
        Ok(Order { shard, integers, lo, last: entries.saturating_sub(1), end, shared })
    }

    fn next(&mut self, entry: u64, raw: RawEntry) -> Result<Gap, FileError> {
        let shard = self.shard;
        let range = FileError::Range { shard, entry };
        let hi = match self.end {
            Some(end) if entry == self.last => match raw.element {
                0 => end,
                _ => return Err(range),
            },
            _ => u128::from(raw.element),
        };
        if hi + 1 == self.lo && entry > 0 {
            return Err(FileError::Duplicate { shard, entry });
        }
        if hi < self.lo {
            return Err(FileError::Unsorted { shard, entry });
        }
        let beyond = hi >= self.integers.end;
        let may_be_beyond = entry == self.last && (self.shared || self.end.is_some());
        let lo = u64::try_from(self.lo).ok();
        let Some(lo) = lo.filter(|_| hi >= self.integers.start && beyond == may_be_beyond) else {
            return Err(range);
        };
        self.lo = hi + 1;
        Ok(Gap { lo, hi, signature: raw.signature })
    }
}

/// What entries are verified with.
struct Check<'a> {
    head: &'a SignedHead,
    generators: &'a Arc<Generators>,
    header: &'a [u8],
}

impl Check<'_> {
    /// The element that ends a gap; none if 2^w does.
    fn element(&self, gap: &Gap) -> Option<u64> {
        let end = self.head.key().elements.end();
        u64::try_from(gap.hi).ok().filter(|hi| u128::from(*hi) < end)
    }

    /// Verifies the signatures of gaps, the first of which has this number.
    fn gaps(&self, shard: u32, first: u64, gaps: &[Gap]) -> Result<(), FileError> {
        let wrong = gaps.par_chunks(BATCH).enumerate().map(|(chunk, gaps)| {
            self.first_wrong(gaps).map(|place| (chunk * BATCH + place) as u64)
        });
        match wrong.flatten().min() {
            Some(place) => Err(FileError::Signature { shard, entry: first + place }),
            None => Ok(()),
        }
    }

    /// The place of the first gap whose signature does not hold.
    fn first_wrong(&self, gaps: &[Gap]) -> Option<usize> {
        let decoded = gaps.iter().map(|gap| {
            Some((Signature::from_bytes(&gap.signature).ok()?, messages(gap.lo, gap.hi)))
        });
        let decoded: Vec<Option<(Signature, [Scalar; ENTRY_MESSAGES])>> = decoded.collect();
        let malformed = decoded.iter().position(Option::is_none);
        let good = decoded.get(..malformed.unwrap_or(decoded.len())).unwrap_or_default();
        let signed: Vec<SignedMessages<'_>> = good
            .iter()
            .flatten()
            .map(|(signature, messages)| SignedMessages {
                key: &self.head.key().authority,
                signature,
                generators: self.generators,
                header: self.header,
                messages,
            })
            .collect();
        verify_batch(&signed).first().copied().or(malformed)
    }
}
