//! The growing tree: its right edge.
//!
//! The edge of a tree of n leaves is one partial tile for each digit of n in base 256: level l has
//! ⌊n / 256^l⌋ mod 256 hashes. Together they are the complete subtrees that n splits into, so the
//! root follows from them alone, and appending never reads anything back.
//!
//! Beside the tiles the appender keeps the roots of the complete subtrees, one for each binary one
//! of n, greatest first: as a leaf comes in they merge as a binary counter carries. A push is then
//! one hash of a node on average, and the root as many as n has ones.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tlog_tiles::tlog;

/// A SHA-256 hash of the tree: of a leaf, of a node, a root.
pub type Hash = [u8; 32];

/// Hashes of a complete tile.
pub const TILE_WIDTH: u64 = 256;
/// Leaves of the greatest tree: a million a second fill it in nine years.
pub const MAX_SIZE: u64 = 1 << 48;
/// The root of the tree without leaves: SHA-256 of nothing.
pub const EMPTY_ROOT: Hash = tlog::EMPTY_HASH.0;

/// Binary levels of nodes that a tile spans.
pub(super) const TILE_HEIGHT: u8 = 8;
/// Octets of a hash.
pub(super) const HASH_LEN: usize = 32;

/// The hash of a leaf's octets.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    tlog::record_hash(leaf).0
}

pub(super) fn node_hash(left: Hash, right: Hash) -> Hash {
    tlog::node_hash(tlog::Hash(left), tlog::Hash(right)).0
}

/// A hash as the specifications write it: standard base64 with padding.
pub fn hash_to_text(hash: &Hash) -> String {
    STANDARD.encode(hash)
}

/// Reads a hash in standard base64 with padding; nothing else will do.
pub fn hash_from_text(text: &str) -> Option<Hash> {
    // 32 octets are 44 characters; the bound keeps the decoder from more.
    let text = Some(text).filter(|text| text.len() == 44)?;
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// The hashes of a tile's octets, if these are whole hashes.
pub(super) fn hashes_of(octets: &[u8]) -> Option<&[Hash]> {
    let (hashes, rest) = octets.as_chunks::<HASH_LEN>();
    rest.is_empty().then_some(hashes)
}

/// The root over complete subtrees of falling size, greatest first.
fn fold(subtrees: &[Hash]) -> Hash {
    let mut from_right = subtrees.iter().rev();
    let Some(last) = from_right.next() else { return EMPTY_ROOT };
    from_right.fold(*last, |root, left| node_hash(*left, root))
}

/// The root of a complete subtree over a power of two of hashes.
pub(super) fn complete_root(hashes: &[Hash]) -> Hash {
    let mut level = hashes.to_vec();
    while level.len() > 1 {
        let (pairs, _) = level.as_chunks::<2>();
        level = pairs.iter().map(|[left, right]| node_hash(*left, *right)).collect();
    }
    level.first().copied().unwrap_or(EMPTY_ROOT)
}

/// Widths of the partial tiles of a tree, level 0 first: the digits of its size in base 256.
pub(super) fn edge_widths(size: u64) -> Vec<usize> {
    let mut widths = Vec::new();
    let mut left = size;
    while left > 0 {
        widths.push((left % TILE_WIDTH) as usize);
        left /= TILE_WIDTH;
    }
    widths
}

/// A tile that can no longer change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompleteTile {
    /// Its level: 0 has the hashes of leaves.
    pub level: u8,
    /// Its number within the level.
    pub index: u64,
    /// Its 256 hashes, 8,192 octets.
    pub hashes: Vec<u8>,
    /// The root over them, which is a hash of the level above.
    pub root: Hash,
}

/// The right edge of a growing tree: the partial tile of each level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Appender {
    size: u64,
    edge: Vec<Vec<Hash>>,
    /// Roots of the complete subtrees that the size splits into, greatest first.
    subtrees: Vec<Hash>,
}

impl Appender {
    /// The edge of the tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on from the partial tiles of each level, level 0 first. None if their lengths are not
    /// those of a tree of `size` leaves, or if `size` is beyond [`MAX_SIZE`]; empty levels at the
    /// top may be there or not.
    pub fn resume(size: u64, mut edge: Vec<Vec<Hash>>) -> Option<Self> {
        let widths = edge_widths(size);
        edge.truncate(edge.iter().rposition(|tile| !tile.is_empty()).map_or(0, |last| last + 1));
        if size > MAX_SIZE || !edge.iter().map(Vec::len).eq(widths) {
            return None;
        }
        let mut subtrees = Vec::new();
        for mut tile in edge.iter().rev().map(Vec::as_slice) {
            while !tile.is_empty() {
                let (complete, rest) = tile.split_at(1 << tile.len().ilog2());
                subtrees.push(complete_root(complete));
                tile = rest;
            }
        }
        Some(Self { size, edge, subtrees })
    }

    /// Leaves of the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root: MTH of RFC 6962, and [`EMPTY_ROOT`] without leaves.
    pub fn root(&self) -> Hash {
        fold(&self.subtrees)
    }

    /// The partial tile of each level, level 0 first: what [`resume`](Self::resume) takes.
    pub fn edge(&self) -> &[Vec<Hash>] {
        &self.edge
    }

    /// Appends the hash of a leaf. The tiles that it completes come out, lowest level first.
    pub fn push(&mut self, leaf: Hash) -> Vec<CompleteTile> {
        let mut complete = Vec::new();
        self.extend_level(0, leaf);
        let mut node = leaf;
        for height in 1..=self.size.trailing_ones() {
            let Some(left) = self.subtrees.pop() else { break };
            node = node_hash(left, node);
            if height % u32::from(TILE_HEIGHT) == 0 {
                let level = height / u32::from(TILE_HEIGHT) - 1;
                let tile = self.edge.get_mut(level as usize).map(std::mem::take);
                complete.push(CompleteTile {
                    level: level as u8,
                    index: self.size >> height,
                    hashes: tile.unwrap_or_default().concat(),
                    root: node,
                });
                self.extend_level(level as usize + 1, node);
            }
        }
        self.subtrees.push(node);
        self.size += 1;
        complete
    }

    fn extend_level(&mut self, level: usize, hash: Hash) {
        if self.edge.len() <= level {
            self.edge.resize_with(level + 1, || Vec::with_capacity(TILE_WIDTH as usize));
        }
        if let Some(tile) = self.edge.get_mut(level) {
            tile.push(hash);
        }
    }
}
