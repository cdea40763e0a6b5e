//! Writing a log as static files, laid out as [`folder`](super::folder) describes.
//!
//! Every file is written beside its place and then renamed into it, and the checkpoint comes last:
//! who reads along finds either the old log or the new one. What is complete never changes, so an
//! export into a folder that has one goes on from it. It has to be one of the same log: of an older
//! tree that this one goes on from. Partial tiles of earlier exports stay: checkpoints that others
//! hold may need them.
//!
//! No leaf goes out that has another hash than the tree has for it. Only the checkpoint is forced
//! to the disk. A complete tile that a power cut left short is written anew by the next export,
//! and whatever else it left [`verify_export`](super::verify_export) finds.

use super::checkpoint::{Checkpoint, MAX_CHECKPOINT_LEN};
use super::folder::{CHECKPOINT, ENTRY_LEN, bundle_path, parse_bundle, read, tile_path};
use super::tiles::{ProveError, TileSource, root_at, tile_from};
use super::tree::{HASH_LEN, TILE_HEIGHT, TILE_WIDTH, hashes_of, leaf_hash};
use std::fs::{self, File};
use std::future::Future;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Octets of the longest leaf that can be exported: its length has 16 bits.
pub const MAX_LEAF: usize = ENTRY_LEN;

/// Where the octets of leaves come from.
pub trait LeafReader {
    /// Why there are none.
    type Error;

    /// The octets of `count` leaves from index `first` on, 1 to 256 of them.
    fn leaves(
        &self,
        first: u64,
        count: u32,
    ) -> impl Future<Output = Result<Vec<Vec<u8>>, Self::Error>> + Send;
}

/// What an export did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Files written, the checkpoint among them.
    pub written: u64,
    /// Complete tiles and bundles that were there already.
    pub kept: u64,
}

/// Why a log is not exported.
#[derive(Debug, Error)]
pub enum ExportError<E, F> {
    /// Tiles cannot be read.
    #[error(transparent)]
    Tiles(ProveError<E>),
    /// Leaves cannot be read.
    #[error(transparent)]
    Leaves(F),
    /// There are not as many leaves as were asked for.
    #[error("{found} leaves from {first} on instead of {expected}")]
    Count {
        /// The first leaf that was asked for.
        first: u64,
        /// How many were asked for.
        expected: u32,
        /// How many there are.
        found: usize,
    },
    /// A leaf is longer than [`MAX_LEAF`].
    #[error("leaf {0} is longer than 65,535 octets")]
    LongLeaf(u64),
    /// A leaf has another hash than the tree has for it.
    #[error("leaf {0} is not the one that the tree has there")]
    OtherLeaf(u64),
    /// The checkpoint is of a tree of another size.
    #[error("the checkpoint is of a tree of {found}, not of {expected}")]
    OtherSize {
        /// Leaves that were to be exported.
        expected: u64,
        /// Leaves of the checkpoint's tree.
        found: u64,
    },
    /// The checkpoint has another root than the tree.
    #[error("the tree does not have the root that is in the checkpoint")]
    OtherRoot,
    /// The folder has an export that this one does not go on from.
    #[error("{}: the folder has another log, or a newer one", .0.display())]
    Occupied(PathBuf),
    /// The file system failed.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
}

/// Exports the tree of `size` leaves, with a checkpoint of it, into a folder. Writing blocks.
///
/// Who signed the checkpoint is not asked.
pub async fn export<S: TileSource, L: LeafReader>(
    source: &S,
    size: u64,
    checkpoint: &Checkpoint,
    leaves: &L,
    dir: &Path,
) -> Result<Exported, ExportError<S::Error, L::Error>> {
    let body = checkpoint.body();
    if body.size() != size {
        return Err(ExportError::OtherSize { expected: size, found: body.size() });
    }
    if root_at(source, size).await.map_err(ExportError::Tiles)? != *body.root() {
        return Err(ExportError::OtherRoot);
    }
    goes_on(source, checkpoint, dir).await?;
    let mut files = Writing { dir, done: Exported::default() };
    for index in 0..size.div_ceil(TILE_WIDTH) {
        let width = (size - index * TILE_WIDTH).min(TILE_WIDTH) as u32;
        let (tile, bundle) = (tile_path(0, index, width), bundle_path(index, width));
        if width == TILE_WIDTH as u32 && files.has_tile(&tile) && files.has_bundle(&bundle) {
            files.done.kept += 2;
            continue;
        }
        let hashes = tile_from(source, 0, index, width).await.map_err(ExportError::Tiles)?;
        let first = index * TILE_WIDTH;
        let read = leaves.leaves(first, width).await.map_err(ExportError::Leaves)?;
        let entries = pack(first, width, &hashes, &read)?;
        files.write(&tile, &hashes)?;
        files.write(&bundle, &entries)?;
    }
    for level in 1.. {
        let hashes = size.checked_shr(u32::from(TILE_HEIGHT) * u32::from(level)).unwrap_or(0);
        if hashes == 0 {
            break;
        }
        for index in 0..hashes.div_ceil(TILE_WIDTH) {
            let width = (hashes - index * TILE_WIDTH).min(TILE_WIDTH) as u32;
            let tile = tile_path(level, index, width);
            if width == TILE_WIDTH as u32 && files.has_tile(&tile) {
                files.done.kept += 1;
                continue;
            }
            let hashes = tile_from(source, level, index, width).await;
            files.write(&tile, &hashes.map_err(ExportError::Tiles)?)?;
        }
    }
    files.write(CHECKPOINT, checkpoint.to_string().as_bytes())?;
    Ok(files.done)
}

/// Refuses a folder with an export of a tree that this one does not go on from.
async fn goes_on<S: TileSource, F>(
    source: &S,
    checkpoint: &Checkpoint,
    dir: &Path,
) -> Result<(), ExportError<S::Error, F>> {
    let path = dir.join(CHECKPOINT);
    let before = match path.try_exists() {
        Ok(false) => return Ok(()),
        Ok(true) => read(&path, MAX_CHECKPOINT_LEN).ok(),
        Err(error) => return Err(ExportError::Io { path, error }),
    };
    let before = before.and_then(|octets| String::from_utf8(octets).ok());
    let before = before.and_then(|text| Checkpoint::parse(&text).ok());
    let body = checkpoint.body();
    let before = before.filter(|before| {
        before.body().origin() == body.origin() && before.body().size() <= body.size()
    });
    let Some(before) = before else { return Err(ExportError::Occupied(path)) };
    let root = root_at(source, before.body().size()).await.map_err(ExportError::Tiles)?;
    if root == *before.body().root() { Ok(()) } else { Err(ExportError::Occupied(path)) }
}

/// A bundle of leaves, each of which has the hash that the tree has for it.
fn pack<E, F>(
    first: u64,
    width: u32,
    hashes: &[u8],
    leaves: &[Vec<u8>],
) -> Result<Vec<u8>, ExportError<E, F>> {
    let hashes = hashes_of(hashes).unwrap_or_default();
    let found = leaves.len().min(hashes.len());
    if found != width as usize || leaves.len() != hashes.len() {
        return Err(ExportError::Count { first, expected: width, found });
    }
    let mut entries = Vec::new();
    for (index, (leaf, hash)) in (first..).zip(leaves.iter().zip(hashes)) {
        let len = u16::try_from(leaf.len()).map_err(|_| ExportError::LongLeaf(index))?;
        if leaf_hash(leaf) != *hash {
            return Err(ExportError::OtherLeaf(index));
        }
        entries.extend_from_slice(&len.to_be_bytes());
        entries.extend_from_slice(leaf);
    }
    Ok(entries)
}

/// A folder that is written to.
struct Writing<'a> {
    dir: &'a Path,
    done: Exported,
}

impl Writing<'_> {
    fn has_tile(&self, name: &str) -> bool {
        let complete = TILE_WIDTH * HASH_LEN as u64;
        fs::metadata(self.dir.join(name)).is_ok_and(|tile| tile.len() == complete)
    }

    fn has_bundle(&self, name: &str) -> bool {
        let width = TILE_WIDTH as usize;
        let octets = read(&self.dir.join(name), width * (2 + ENTRY_LEN));
        octets.is_ok_and(|octets| parse_bundle(&octets, width).is_some())
    }

    fn write<E, F>(&mut self, name: &str, octets: &[u8]) -> Result<(), ExportError<E, F>> {
        let path = self.dir.join(name);
        let written = replace(&path, octets, name == CHECKPOINT);
        written.map_err(|error| ExportError::Io { path, error })?;
        self.done.written += 1;
        Ok(())
    }
}

/// Writes a file beside its place and moves it there.
fn replace(path: &Path, octets: &[u8], force: bool) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut file = File::create(&beside)?;
    file.write_all(octets)?;
    if force {
        file.sync_all()?;
    }
    drop(file);
    fs::rename(&beside, path)
}
