//! Where tiles come from, and reading hashes of the tree out of them.
//!
//! The library of proofs asks for hashes by their index and cannot wait for them. Its one question
//! is therefore put twice: first to a reader that only notes what is asked, then, once the tiles
//! that hold these hashes are here, to one that answers.

use super::tree::{EMPTY_ROOT, HASH_LEN, Hash, MAX_SIZE, TILE_HEIGHT};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use thiserror::Error;
use tlog_tiles::tile::Tile;
use tlog_tiles::tlog::{self, HashReader};

/// Where tiles come from: a database, an exported folder.
pub trait TileSource {
    /// Why there is no tile.
    type Error;

    /// The first `width` hashes of a tile, 1 to 256 of them: `width` times 32 octets. It is never
    /// asked for hashes beyond the tree, and more may be stored than it is asked for.
    fn tile(
        &self,
        level: u8,
        index: u64,
        width: u32,
    ) -> impl Future<Output = Result<Vec<u8>, Self::Error>> + Send;
}

impl<S: TileSource> TileSource for &S {
    type Error = S::Error;

    fn tile(
        &self,
        level: u8,
        index: u64,
        width: u32,
    ) -> impl Future<Output = Result<Vec<u8>, Self::Error>> + Send {
        (**self).tile(level, index, width)
    }
}

/// Why there is no proof.
#[derive(Debug, Error)]
pub enum ProveError<E> {
    /// The index is not in the tree.
    #[error("no entry {index} in a tree of {size}")]
    Index {
        /// The index that was asked for.
        index: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// The older tree has more leaves than the newer one.
    #[error("a tree of {new} does not go on from one of {old}")]
    Sizes {
        /// Leaves of the older tree.
        old: u64,
        /// Leaves of the newer tree.
        new: u64,
    },
    /// More leaves than [`MAX_SIZE`].
    #[error("a tree of {0} is too large")]
    TooLarge(u64),
    /// A tile is not as long as it was asked for.
    #[error("tile {index} of level {level} has {found} octets instead of {expected}")]
    TileLength {
        /// The tile's level.
        level: u8,
        /// Its number.
        index: u64,
        /// Octets that it should have.
        expected: usize,
        /// Octets that it has.
        found: usize,
    },
    /// The hashes do not suffice for the proof.
    #[error("the tree cannot be read")]
    Unreadable,
    /// The source of tiles failed.
    #[error(transparent)]
    Source(E),
}

/// What a computation on a tree reads hashes from.
pub(super) enum Reader {
    /// Takes down which hashes it is asked for.
    Asked(RefCell<Vec<u64>>),
    /// Answers with what was fetched.
    Fetched(BTreeMap<u64, tlog::Hash>),
}

impl HashReader for Reader {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        match self {
            Reader::Asked(asked) => {
                asked.borrow_mut().extend_from_slice(indexes);
                Ok(vec![tlog::Hash::default(); indexes.len()])
            }
            Reader::Fetched(hashes) => {
                let found = indexes.iter().map(|index| hashes.get(index).copied());
                found.collect::<Option<_>>().ok_or(tlog::Error::IndexesNotInTree)
            }
        }
    }
}

/// Runs a computation on the hashes of the tree of `size` leaves.
pub(super) async fn compute<S: TileSource, T>(
    source: &S,
    size: u64,
    computation: impl Fn(&Reader) -> Result<T, tlog::Error>,
) -> Result<T, ProveError<S::Error>> {
    if size > MAX_SIZE {
        return Err(ProveError::TooLarge(size));
    }
    let asked = {
        let reader = Reader::Asked(RefCell::default());
        // What it makes of the hashes of nothing is not looked at.
        let _ = computation(&reader);
        match reader {
            Reader::Asked(asked) => asked.into_inner(),
            Reader::Fetched(_) => Vec::new(),
        }
    };
    let fetched = fetch(source, size, &asked).await?;
    computation(&Reader::Fetched(fetched)).map_err(|_| ProveError::Unreadable)
}

async fn fetch<S: TileSource>(
    source: &S,
    size: u64,
    indexes: &[u64],
) -> Result<BTreeMap<u64, tlog::Hash>, ProveError<S::Error>> {
    let mut wanted: BTreeMap<(u8, u64), (Tile, Vec<u64>)> = BTreeMap::new();
    for index in indexes {
        // As wide as it is in the tree of this size: that is the file that an export has.
        let tile = Tile::from_index(TILE_HEIGHT, *index).parent(0, size);
        let tile = tile.ok_or(ProveError::Unreadable)?;
        let place = wanted.entry((tile.level(), tile.level_index()));
        place.or_insert_with(|| (tile, Vec::new())).1.push(*index);
    }
    let mut hashes = BTreeMap::new();
    for ((level, number), (tile, indexes)) in wanted {
        let octets = tile_from(source, level, number, tile.width()).await?;
        for index in indexes {
            let hash = tile.hash_at_index(&octets, index).map_err(|_| ProveError::Unreadable)?;
            hashes.insert(index, hash);
        }
    }
    Ok(hashes)
}

/// A tile's octets, as many as were asked for.
pub(super) async fn tile_from<S: TileSource>(
    source: &S,
    level: u8,
    index: u64,
    width: u32,
) -> Result<Vec<u8>, ProveError<S::Error>> {
    let octets = source.tile(level, index, width).await.map_err(ProveError::Source)?;
    let (expected, found) = (width as usize * HASH_LEN, octets.len());
    let whole = (expected == found).then_some(octets);
    whole.ok_or(ProveError::TileLength { level, index, expected, found })
}

/// The root of the tree of the first `size` leaves.
pub async fn root_at<S: TileSource>(source: &S, size: u64) -> Result<Hash, ProveError<S::Error>> {
    if size == 0 {
        return Ok(EMPTY_ROOT);
    }
    compute(source, size, |reader| tlog::tree_hash(size, reader)).await.map(|hash| hash.0)
}
