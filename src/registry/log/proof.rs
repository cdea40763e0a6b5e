//! Proofs of inclusion and of consistency (RFC 6962, §2.1.1 and §2.1.2).
//!
//! A proof says what it is of, sizes and index, and has the hashes; it is worth something only with
//! a root that comes from a checked [checkpoint](super::Checkpoint). [`InclusionProof::check`] and
//! [`ConsistencyProof::check`] recompute the roots from the hashes, all of which must be used.
//!
//! The text of a proof is lines: `index 3` and `size 9`, or `old 3` and `new 9`, then a hash each.
//! [`InclusionProof::with_checkpoint`] and [`ConsistencyProof::request`] write the forms that C2SP
//! specifies, tlog-proof and the request of tlog-witness, where a checkpoint follows and says the
//! size.

use super::checkpoint::{Checkpoint, CheckpointError};
use super::tiles::{ProveError, TileSource, compute};
use super::tree::{EMPTY_ROOT, Hash, MAX_SIZE, hash_from_text, hash_to_text};
use std::fmt;
use std::str::{FromStr, Lines};
use thiserror::Error;
use tlog_tiles::tlog;

/// Hashes of the longest proof: one for each height of the tree and one more.
pub const MAX_PROOF: usize = 64;
/// First line of a proof that verifies offline.
const OFFLINE: &str = "c2sp.org/tlog-proof@v1";

/// The proof does not lead to this root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the proof does not lead to this root")]
pub struct NotProven;

/// Why a text is no proof.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProofTextError {
    /// It has another line where this belongs.
    #[error("line {line}: expected {expected}")]
    Line {
        /// The line's number, from 1.
        line: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// Sizes, index or number of hashes that no proof has.
    #[error("no proof has these sizes and as many hashes")]
    Shape,
    /// The checkpoint that follows is none.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// A proof that an entry is at an index of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    size: u64,
    index: u64,
    hashes: Vec<Hash>,
}

impl InclusionProof {
    /// A proof that came from elsewhere. None if the index is not in the tree, the tree is larger
    /// than [`MAX_SIZE`], or there are more than [`MAX_PROOF`] hashes.
    pub fn new(size: u64, index: u64, hashes: Vec<Hash>) -> Option<Self> {
        let sound = index < size && size <= MAX_SIZE && hashes.len() <= MAX_PROOF;
        sound.then_some(Self { size, index, hashes })
    }

    /// Leaves of the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The entry's index, from 0.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The hashes, from the leaf's sibling up.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Checks that the tree with this root has an entry of this hash at the index.
    pub fn check(&self, root: &Hash, leaf_hash: &Hash) -> Result<(), NotProven> {
        let hashes = to_tlog(&self.hashes);
        let (root, leaf) = (tlog::Hash(*root), tlog::Hash(*leaf_hash));
        tlog::check_record(&hashes, self.size, root, self.index, leaf).map_err(|_| NotProven)
    }

    /// The proof together with a checkpoint of the same size, as tlog-proof has it: whoever knows
    /// the log's key and its witnesses' verifies it offline. None if the sizes differ.
    pub fn with_checkpoint(&self, checkpoint: &Checkpoint) -> Option<String> {
        let same = checkpoint.body().size() == self.size;
        let hashes = lines(&self.hashes);
        same.then(|| format!("{OFFLINE}\nindex {}\n{hashes}\n{checkpoint}", self.index))
    }

    /// Reads a proof together with its checkpoint. Neither is checked. Extra data, which nothing
    /// authenticates, is passed over.
    pub fn parse_with_checkpoint(text: &str) -> Result<(Self, Checkpoint), ProofTextError> {
        let (head, checkpoint) = split(text)?;
        let mut reading = Reading::new(head);
        reading.exactly(OFFLINE)?;
        if reading.lines.clone().next().is_some_and(|line| line.starts_with("extra ")) {
            reading.next();
        }
        let index = reading.number("index ", "`index` and a number")?;
        let hashes = reading.hashes()?;
        let checkpoint = Checkpoint::parse(checkpoint)?;
        let proof = Self::new(checkpoint.body().size(), index, hashes);
        Ok((proof.ok_or(ProofTextError::Shape)?, checkpoint))
    }
}

impl fmt::Display for InclusionProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "index {}\nsize {}\n{}", self.index, self.size, lines(&self.hashes))
    }
}

impl FromStr for InclusionProof {
    type Err = ProofTextError;

    fn from_str(text: &str) -> Result<Self, ProofTextError> {
        let mut reading = Reading::new(text);
        let index = reading.number("index ", "`index` and a number")?;
        let size = reading.number("size ", "`size` and a number")?;
        Self::new(size, index, reading.hashes()?).ok_or(ProofTextError::Shape)
    }
}

/// A proof that a tree goes on from an older one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyProof {
    old: u64,
    new: u64,
    hashes: Vec<Hash>,
}

impl ConsistencyProof {
    /// A proof that came from elsewhere. None if the newer tree is the smaller one or larger than
    /// [`MAX_SIZE`], or there are more than [`MAX_PROOF`] hashes.
    pub fn new(old: u64, new: u64, hashes: Vec<Hash>) -> Option<Self> {
        let sound = old <= new && new <= MAX_SIZE && hashes.len() <= MAX_PROOF;
        sound.then_some(Self { old, new, hashes })
    }

    /// Leaves of the older tree.
    pub fn old_size(&self) -> u64 {
        self.old
    }

    /// Leaves of the newer tree.
    pub fn new_size(&self) -> u64 {
        self.new
    }

    /// The hashes, in the order of RFC 6962.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Checks that the tree with the new root goes on from the tree with the old one. Every tree
    /// goes on from the one without leaves, whose root is [`EMPTY_ROOT`], and no hash says so.
    pub fn check(&self, old_root: &Hash, new_root: &Hash) -> Result<(), NotProven> {
        if self.old == 0 {
            let empty = self.hashes.is_empty() && *old_root == EMPTY_ROOT;
            let same = self.new > 0 || *new_root == EMPTY_ROOT;
            return if empty && same { Ok(()) } else { Err(NotProven) };
        }
        let hashes = to_tlog(&self.hashes);
        let (old, new) = (tlog::Hash(*old_root), tlog::Hash(*new_root));
        tlog::check_tree(&hashes, self.new, new, self.old, old).map_err(|_| NotProven)
    }

    /// The request of tlog-witness (`add-checkpoint`) for a cosignature of this checkpoint. None if
    /// the proof does not end at its size.
    pub fn request(&self, checkpoint: &Checkpoint) -> Option<String> {
        let same = checkpoint.body().size() == self.new;
        same.then(|| format!("old {}\n{}\n{checkpoint}", self.old, lines(&self.hashes)))
    }

    /// Reads such a request: the proof and the checkpoint, neither of them checked.
    pub fn parse_request(text: &str) -> Result<(Self, Checkpoint), ProofTextError> {
        let (head, checkpoint) = split(text)?;
        let mut reading = Reading::new(head);
        let old = reading.number("old ", "`old` and a number")?;
        let hashes = reading.hashes()?;
        let checkpoint = Checkpoint::parse(checkpoint)?;
        let proof = Self::new(old, checkpoint.body().size(), hashes);
        Ok((proof.ok_or(ProofTextError::Shape)?, checkpoint))
    }
}

impl fmt::Display for ConsistencyProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "old {}\nnew {}\n{}", self.old, self.new, lines(&self.hashes))
    }
}

impl FromStr for ConsistencyProof {
    type Err = ProofTextError;

    fn from_str(text: &str) -> Result<Self, ProofTextError> {
        let mut reading = Reading::new(text);
        let old = reading.number("old ", "`old` and a number")?;
        let new = reading.number("new ", "`new` and a number")?;
        Self::new(old, new, reading.hashes()?).ok_or(ProofTextError::Shape)
    }
}

/// Proves that the entry at an index is in the tree of the first `size` leaves.
pub async fn prove_inclusion<S: TileSource>(
    source: &S,
    size: u64,
    index: u64,
) -> Result<InclusionProof, ProveError<S::Error>> {
    if index >= size {
        return Err(ProveError::Index { index, size });
    }
    let prove = |reader: &_| tlog::prove_record(size, index, reader);
    let hashes = from_tlog(compute(source, size, prove).await?);
    InclusionProof::new(size, index, hashes).ok_or(ProveError::Unreadable)
}

/// Proves that the tree of the first `new` leaves goes on from that of the first `old` ones.
pub async fn prove_consistency<S: TileSource>(
    source: &S,
    old: u64,
    new: u64,
) -> Result<ConsistencyProof, ProveError<S::Error>> {
    if old > new {
        return Err(ProveError::Sizes { old, new });
    }
    let hashes = if old == 0 {
        Vec::new()
    } else {
        let prove = |reader: &_| tlog::prove_tree(new, old, reader);
        from_tlog(compute(source, new, prove).await?)
    };
    ConsistencyProof::new(old, new, hashes).ok_or(ProveError::TooLarge(new))
}

fn to_tlog(hashes: &[Hash]) -> Vec<tlog::Hash> {
    hashes.iter().copied().map(tlog::Hash).collect()
}

fn from_tlog(hashes: Vec<tlog::Hash>) -> Vec<Hash> {
    hashes.into_iter().map(|hash| hash.0).collect()
}

fn lines(hashes: &[Hash]) -> String {
    hashes.iter().map(|hash| hash_to_text(hash) + "\n").collect()
}

/// What is above the first empty line, and what is below.
fn split(text: &str) -> Result<(&str, &str), ProofTextError> {
    let (head, _) = text.split_once("\n\n").ok_or(ProofTextError::Shape)?;
    let (head, rest) = text.split_at(head.len() + 1);
    Ok((head, rest.get(1..).unwrap_or_default()))
}

/// A number as the specifications write it: decimal, without leading zeros.
fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// The lines of a text, each ended by a newline, and how many are read.
struct Reading<'a> {
    lines: Lines<'a>,
    ended: bool,
    read: usize,
}

impl<'a> Reading<'a> {
    fn new(text: &'a str) -> Self {
        Self { lines: text.lines(), ended: text.ends_with('\n') && !text.contains('\r'), read: 0 }
    }

    fn next(&mut self) -> Option<&'a str> {
        self.read += 1;
        self.lines.next()
    }

    fn expected(&self, expected: &'static str) -> ProofTextError {
        ProofTextError::Line { line: self.read, expected }
    }

    fn exactly(&mut self, line: &'static str) -> Result<(), ProofTextError> {
        if self.next() == Some(line) { Ok(()) } else { Err(self.expected(line)) }
    }

    fn number(&mut self, word: &str, expected: &'static str) -> Result<u64, ProofTextError> {
        let line = self.next().and_then(|line| number(line.strip_prefix(word)?));
        line.ok_or_else(|| self.expected(expected))
    }

    fn hashes(&mut self) -> Result<Vec<Hash>, ProofTextError> {
        let mut hashes = Vec::new();
        while let Some(line) = self.next() {
            if hashes.len() == MAX_PROOF {
                return Err(self.expected("the end"));
            }
            let hash = hash_from_text(line);
            hashes.push(hash.ok_or_else(|| self.expected("a hash in base64"))?);
        }
        if self.ended { Ok(hashes) } else { Err(self.expected("a newline at the end")) }
    }
}
