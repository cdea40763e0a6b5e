//! A log as static files (tlog-tiles), read back and checked.
//!
//! ```text
//! checkpoint                    the newest checkpoint
//! tile/<L>/<N>[.p/<W>]          tile N of level L, or its first W hashes
//! tile/entries/<N>[.p/<W>]      the leaves of tile N of level 0: for each its length and octets
//! ```
//!
//! N is written in groups of three digits, all but the last with an `x` before them, so that no
//! folder grows large: 1234067 is `x001/x234/067`. Lengths are 16 bits, big-endian.
//!
//! A folder proves itself. The partial tiles of the right edge lead to the root, which the log
//! signed; a complete tile leads to a hash of the tile above, and an entry to a hash of its tile of
//! level 0. [`Folder`] checks this on every read, so a file that is missing, short or altered is an
//! error that names it; [`verify_export`] reads all there is. Files beyond what the checkpoint needs
//! are not looked at.

use super::checkpoint::{Checkpoint, CheckpointError, MAX_CHECKPOINT_LEN};
use super::key::LogKey;
use super::tiles::TileSource;
use super::tree::{
    Appender, HASH_LEN, Hash, TILE_HEIGHT, TILE_WIDTH, complete_root, edge_widths, hashes_of,
    leaf_hash,
};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Octets of the longest entry, whose length has 16 bits.
pub(super) const ENTRY_LEN: usize = u16::MAX as usize;
/// Name of the file of the checkpoint.
pub(super) const CHECKPOINT: &str = "checkpoint";
/// Hashes of a complete tile.
const WIDTH: usize = TILE_WIDTH as usize;

/// What is wrong with a file of an export.
#[derive(Debug, Error)]
pub enum FolderProblem {
    /// It is not there.
    #[error("it is missing")]
    Missing,
    /// It is too short or too long.
    #[error("it has {found} octets instead of {expected}")]
    Length {
        /// Octets that it should have.
        expected: usize,
        /// Octets that it has; of a longer file it is not known how many.
        found: usize,
    },
    /// Its hashes do not lead to the tile above.
    #[error("its hashes are not those that the tree has there")]
    Altered,
    /// An entry is not the one that the tree has.
    #[error("entry {0} is not the one that the tree has there")]
    Entry(u64),
    /// It is no sequence of as many entries as belong there.
    #[error("it is no bundle of {0} entries")]
    Bundle(usize),
    /// The checkpoint is none of this log.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The tiles at the tree's edge do not lead to the root in the checkpoint.
    #[error("its root is not that of the tiles")]
    Root,
    /// The tree of the checkpoint does not reach so far.
    #[error("it is beyond the tree of {0}")]
    Beyond(u64),
    /// The file system failed.
    #[error("{0}")]
    Io(#[source] io::Error),
}

/// A file of an export that does not belong, and why.
#[derive(Debug, Error)]
#[error("{}: {problem}", path.display())]
pub struct FolderError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: FolderProblem,
}

/// Where a tile is in an export.
pub fn tile_path(level: u8, index: u64, width: u32) -> String {
    numbered(&level.to_string(), index, width)
}

/// Where the entries of a tile of level 0 are in an export.
pub fn bundle_path(index: u64, width: u32) -> String {
    numbered("entries", index, width)
}

fn numbered(kind: &str, index: u64, width: u32) -> String {
    let mut groups = format!("{:03}", index % 1000);
    let mut left = index / 1000;
    while left > 0 {
        groups = format!("x{:03}/{groups}", left % 1000);
        left /= 1000;
    }
    let partial = if width < WIDTH as u32 { format!(".p/{width}") } else { String::new() };
    format!("tile/{kind}/{groups}{partial}")
}

/// Reads a file of at most `most` octets; of a longer one, one octet more.
pub(super) fn read(path: &Path, most: usize) -> Result<Vec<u8>, FolderProblem> {
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => FolderProblem::Missing,
        _ => FolderProblem::Io(error),
    })?;
    let mut octets = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut octets).map_err(FolderProblem::Io)?;
    Ok(octets)
}

/// The entries of a bundle: exactly so many, and nothing after them.
pub(super) fn parse_bundle(octets: &[u8], width: usize) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::with_capacity(width);
    let mut rest = octets;
    while entries.len() < width {
        let (len, tail) = rest.split_first_chunk::<2>()?;
        let (entry, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
        entries.push(entry);
        rest = tail;
    }
    rest.is_empty().then_some(entries)
}

/// An exported log, each of whose tiles is checked as it is read. Reading blocks.
#[derive(Debug)]
pub struct Folder {
    files: Files,
    checkpoint: Checkpoint,
    edge: Vec<Vec<Hash>>,
}

/// The files of an export, unchecked.
#[derive(Debug)]
struct Files {
    dir: PathBuf,
    size: u64,
}

impl Files {
    fn error(&self, name: &str, problem: FolderProblem) -> FolderError {
        FolderError { path: self.dir.join(name), problem }
    }

    fn read(&self, name: &str, most: usize) -> Result<Vec<u8>, FolderError> {
        read(&self.dir.join(name), most).map_err(|problem| self.error(name, problem))
    }

    /// How many hashes of a tile the tree has.
    fn width(&self, level: u8, index: u64) -> Result<usize, FolderError> {
        // A shift by 64 and more leaves nothing.
        let hashes = self.size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT));
        let before = index.checked_mul(TILE_WIDTH);
        let after = before.and_then(|before| hashes.unwrap_or(0).checked_sub(before));
        let width = after.filter(|after| *after > 0).map(|after| after.min(TILE_WIDTH) as usize);
        let name = || tile_path(level, index, WIDTH as u32);
        width.ok_or_else(|| self.error(&name(), FolderProblem::Beyond(self.size)))
    }

    /// A tile as wide as the tree has it.
    fn tile(&self, level: u8, index: u64) -> Result<Vec<Hash>, FolderError> {
        let width = self.width(level, index)?;
        let name = tile_path(level, index, width as u32);
        match self.hashes(&name, width) {
            // It may be complete by now, and the partial one taken away.
            Err(FolderError { problem: FolderProblem::Missing, .. }) if width < WIDTH => {
                let complete = self.hashes(&tile_path(level, index, WIDTH as u32), WIDTH);
                let mut hashes = complete.map_err(|_| self.error(&name, FolderProblem::Missing))?;
                hashes.truncate(width);
                Ok(hashes)
            }
            read => read,
        }
    }

    fn hashes(&self, name: &str, width: usize) -> Result<Vec<Hash>, FolderError> {
        let expected = width * HASH_LEN;
        let octets = self.read(name, expected)?;
        let found = octets.len();
        let hashes = hashes_of(&octets).filter(|_| found == expected).map(<[Hash]>::to_vec);
        hashes.ok_or_else(|| self.error(name, FolderProblem::Length { expected, found }))
    }

    /// The leaves of a tile of level 0.
    fn entries(&self, index: u64) -> Result<(String, Vec<Vec<u8>>), FolderError> {
        let width = self.width(0, index)?;
        let mut name = bundle_path(index, width as u32);
        let most = |width| width * (2 + ENTRY_LEN);
        let (octets, stored) = match self.read(&name, most(width)) {
            Err(FolderError { problem: FolderProblem::Missing, path }) if width < WIDTH => {
                let complete = bundle_path(index, WIDTH as u32);
                let missing = FolderError { problem: FolderProblem::Missing, path };
                let octets = self.read(&complete, most(WIDTH)).map_err(|_| missing)?;
                name = complete;
                (octets, WIDTH)
            }
            read => (read?, width),
        };
        let entries = parse_bundle(&octets, stored);
        let entries = entries.ok_or_else(|| self.error(&name, FolderProblem::Bundle(stored)))?;
        Ok((name, entries.into_iter().take(width).map(<[u8]>::to_vec).collect()))
    }

    /// How many tiles of a level are complete.
    fn complete(&self, level: usize) -> u64 {
        self.size.checked_shr((level as u32 + 1) * u32::from(TILE_HEIGHT)).unwrap_or(0)
    }
}

impl Folder {
    /// Opens an export: its checkpoint is the log's, and the tiles at the tree's edge lead to the
    /// root.
    pub fn open(dir: &Path, log: &LogKey) -> Result<Self, FolderError> {
        let (files, checkpoint) = open(dir, log)?;
        let mut edge = Vec::new();
        for (level, width) in edge_widths(files.size).into_iter().enumerate() {
            let tile = if width == 0 {
                Vec::new()
            } else {
                files.tile(level as u8, files.complete(level))?
            };
            edge.push(tile);
        }
        let root = Appender::resume(files.size, edge.clone()).map(|edge| edge.root());
        if root.as_ref() != Some(checkpoint.body().root()) {
            return Err(files.error(CHECKPOINT, FolderProblem::Root));
        }
        Ok(Self { files, checkpoint, edge })
    }

    /// The checkpoint, which the log signed.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Leaves of the tree.
    pub fn size(&self) -> u64 {
        self.files.size
    }

    /// The entries that have the hashes of tile `index` of level 0, each of them checked.
    pub fn entries(&self, index: u64) -> Result<Vec<Vec<u8>>, FolderError> {
        let hashes = self.hashes(0, index)?;
        self.entries_of(index, &hashes)
    }

    fn entries_of(&self, index: u64, hashes: &[Hash]) -> Result<Vec<Vec<u8>>, FolderError> {
        let (name, entries) = self.files.entries(index)?;
        let other = entries.iter().zip(hashes).position(|(entry, hash)| leaf_hash(entry) != *hash);
        match other {
            Some(place) => {
                let entry = index * TILE_WIDTH + place as u64;
                Err(self.files.error(&name, FolderProblem::Entry(entry)))
            }
            None => Ok(entries),
        }
    }

    /// The hashes of a tile, as many as the tree has, checked up to the root.
    fn hashes(&self, level: u8, index: u64) -> Result<Vec<Hash>, FolderError> {
        let width = self.files.width(level, index)?;
        if width < WIDTH {
            return Ok(self.edge.get(usize::from(level)).cloned().unwrap_or_default());
        }
        let above = self.hashes(level + 1, index / TILE_WIDTH)?;
        self.below(level, index, &above)
    }

    /// A complete tile, checked against the tile above.
    fn below(&self, level: u8, index: u64, above: &[Hash]) -> Result<Vec<Hash>, FolderError> {
        let hashes = self.files.tile(level, index)?;
        let place = (index % TILE_WIDTH) as usize;
        if above.get(place) != Some(&complete_root(&hashes)) {
            let name = tile_path(level, index, WIDTH as u32);
            return Err(self.files.error(&name, FolderProblem::Altered));
        }
        Ok(hashes)
    }

    /// Reads everything: tiles from the top, and the entries of each tile of level 0.
    fn verify(&self) -> Result<(), FolderError> {
        for level in (0..self.edge.len()).rev() {
            let mut above = Vec::new();
            for index in 0..self.files.complete(level) {
                if index % TILE_WIDTH == 0 {
                    above = self.hashes(level as u8 + 1, index / TILE_WIDTH)?;
                }
                let hashes = self.below(level as u8, index, &above)?;
                if level == 0 {
                    self.entries_of(index, &hashes)?;
                }
            }
        }
        match self.edge.first() {
            Some(last) if !last.is_empty() => {
                self.entries_of(self.files.complete(0), last).map(drop)
            }
            _ => Ok(()),
        }
    }
}

impl TileSource for Folder {
    type Error = FolderError;

    async fn tile(&self, level: u8, index: u64, width: u32) -> Result<Vec<u8>, FolderError> {
        let hashes = self.hashes(level, index)?;
        let hashes = hashes.get(..width as usize).map(<[Hash]>::as_flattened);
        let beyond = || FolderProblem::Beyond(self.files.size);
        let octets = hashes.map(<[u8]>::to_vec);
        octets.ok_or_else(|| self.files.error(&tile_path(level, index, width), beyond()))
    }
}

fn open(dir: &Path, log: &LogKey) -> Result<(Files, Checkpoint), FolderError> {
    let files = Files { dir: dir.to_owned(), size: 0 };
    let octets = files.read(CHECKPOINT, MAX_CHECKPOINT_LEN)?;
    let text = String::from_utf8(octets).map_err(|_| CheckpointError::Malformed("no UTF-8"));
    let checkpoint = text.and_then(|text| Checkpoint::parse(&text)).and_then(|checkpoint| {
        checkpoint.verify(log)?;
        Ok(checkpoint)
    });
    let checkpoint = checkpoint.map_err(|error| files.error(CHECKPOINT, error.into()))?;
    Ok((Files { size: checkpoint.body().size(), ..files }, checkpoint))
}

/// Recomputes an export from its entries up to the checkpoint, and names the first file that does
/// not belong.
pub fn verify_export(dir: &Path, log: &LogKey) -> Result<Checkpoint, FolderError> {
    match Folder::open(dir, log) {
        Ok(folder) => folder.verify().map(|()| folder.checkpoint),
        Err(FolderError { problem: FolderProblem::Root, .. }) => {
            let (files, _) = open(dir, log)?;
            first_difference(&files)?;
            Err(files.error(CHECKPOINT, FolderProblem::Root))
        }
        Err(error) => Err(error),
    }
}

/// Names the first tile that is not what the entries make of it.
///
/// This is for a folder whose edge does not lead to the root, where no tile can be believed.
fn first_difference(files: &Files) -> Result<(), FolderError> {
    let mut tree = Appender::new();
    for index in 0..files.size.div_ceil(TILE_WIDTH) {
        let (_, entries) = files.entries(index)?;
        for entry in entries {
            for tile in tree.push(leaf_hash(&entry)) {
                if files.tile(tile.level, tile.index)?.as_flattened() != tile.hashes {
                    let name = tile_path(tile.level, tile.index, WIDTH as u32);
                    return Err(files.error(&name, FolderProblem::Altered));
                }
            }
        }
    }
    for (level, hashes) in tree.edge().iter().enumerate().filter(|(_, tile)| !tile.is_empty()) {
        let (level, index) = (level as u8, files.complete(level));
        if files.tile(level, index)? != *hashes {
            let name = tile_path(level, index, hashes.len() as u32);
            return Err(files.error(&name, FolderProblem::Altered));
        }
    }
    Ok(())
}
