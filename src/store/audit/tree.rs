//! The part of an audit that is about the log: entries against tiles against signed roots.
//!
//! Three things say what the leaf at an index is: the entry's content, whose leaf is computed; the
//! hash that stands beside the entry; and the tile, once it is complete. Two trees are grown, one of
//! contents and one of tiles, and where they part, the next checkpoint that the log signed says which
//! of the two is right. So an altered tile is told from an altered entry, and entries that changed
//! places are known by each having the hash that the other's place has.
//!
//! At the right edge, which has no tile yet, only the hash beside the entry is there to be compared,
//! and whoever exchanges two rows moves it along. There the signed root itself is asked: of all pairs
//! of the edge, the one whose exchange gives the root that was signed.

use super::finding::{Finding, Fork, Tampering};
use super::report::Findings;
use crate::registry::log::{Appender, CompleteTile, Hash, TILE_WIDTH};
use std::collections::HashMap;

/// Differences that are kept until a checkpoint decides.
const MAX_DIFFERENCES: usize = 4096;

/// What says which leaf is at an index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf {
    /// By the entry's content; none if there is no such entry.
    pub(super) content: Option<Hash>,
    /// Beside the entry.
    pub(super) beside: Option<Hash>,
    /// In the tile, if the place has one that is complete.
    pub(super) tile: Option<Hash>,
}

#[derive(Clone, Copy, Debug)]
struct Difference {
    index: u64,
    content: Option<Hash>,
    expected: Hash,
    /// Whether a tile says so, or only the hash beside the entry.
    tiled: bool,
}

/// A tree that is audited, leaf by leaf.
#[derive(Debug, Default)]
pub(super) struct TreeAudit {
    contents: Appender,
    tiles: Appender,
    /// Whether some leaf is not known at all: then nothing can be said of roots.
    broken: bool,
    differences: Vec<Difference>,
    /// Those for which an entry is to blame. What became of each is said at the end, when it is known
    /// where everything else stands.
    altered: Vec<Difference>,
    /// Checkpoints that neither tree agrees with, and none that came later contradicts yet.
    pending: Vec<(u64, Hash)>,
    /// Size of the last checkpoint that was agreed with.
    agreed: u64,
    /// Before the last tile, and the leaves since.
    edge: (Appender, Vec<Hash>),
    /// Tiles above the lowest level that the two trees do not agree on.
    disputed: HashMap<(u8, u64), [CompleteTile; 2]>,
    /// Tiles above the lowest level that are to be compared with what is stored.
    complete: Vec<CompleteTile>,
}

impl TreeAudit {
    /// How many leaves there were.
    pub(super) fn size(&self) -> u64 {
        self.contents.size()
    }

    /// The root of what the entries are.
    pub(super) fn root(&self) -> Hash {
        self.contents.root()
    }

    /// Tiles that are certain, and have not been taken yet.
    pub(super) fn take_complete(&mut self) -> Vec<CompleteTile> {
        std::mem::take(&mut self.complete)
    }

    /// The next leaf. The root of the lowest tile that it completes comes out, by what is stored.
    pub(super) fn push(&mut self, leaf: Leaf, findings: &mut Findings) -> Option<Hash> {
        let index = self.size();
        if index.is_multiple_of(TILE_WIDTH) {
            self.edge = (self.contents.clone(), Vec::new());
        }
        let (expected, tiled) = (leaf.tile.or(leaf.beside), leaf.tile.is_some());
        self.broken |= leaf.content.or(expected).is_none();
        let content = leaf.content.or(expected).unwrap_or_default();
        let expected = expected.unwrap_or(content);
        if leaf.content.is_some_and(|content| content != expected) {
            if self.differences.len() < MAX_DIFFERENCES {
                let content = leaf.content;
                self.differences.push(Difference { index, content, expected, tiled });
            }
        } else if leaf.beside.is_some_and(|beside| beside != content) {
            // Content and tile agree: it is the hash between them that is wrong.
            findings.push(Finding::TamperedEntry(index, Tampering::Leaf));
        }
        self.edge.1.push(content);
        let tiles = [self.contents.push(content), self.tiles.push(expected)];
        let [by_content, by_tiles] = tiles;
        let lowest = by_tiles.first().map(|tile| tile.root);
        for (a, b) in by_content.into_iter().zip(by_tiles).skip(1) {
            match a == b {
                _ if self.broken => {}
                true => self.complete.push(a),
                false => drop(self.disputed.insert((a.level, a.index), [a, b])),
            }
        }
        lowest
    }

    /// A checkpoint of the tree so far, whose signature was checked.
    pub(super) fn checkpoint(&mut self, root: Hash, findings: &mut Findings) {
        if self.broken {
            return;
        }
        let by_content = self.contents.root() == root;
        if !by_content && self.tiles.root() != root {
            self.pending.push((self.size(), root));
            // Of many that no later one contradicts, the first says it all.
            self.pending.truncate(findings.room().max(2));
            return;
        }
        match by_content {
            true => self.blame_tiles(findings),
            false => self.blame_entries(),
        }
        for (size, _) in std::mem::take(&mut self.pending) {
            findings.push(Finding::ForkedCheckpoint(size, Fork::Root));
        }
        let right = usize::from(!by_content);
        let disputed = std::mem::take(&mut self.disputed).into_values();
        self.complete.extend(disputed.filter_map(|pair| pair.into_iter().nth(right)));
        self.agreed = self.size();
    }

    /// After the last leaf and checkpoint.
    pub(super) fn finish(&mut self, findings: &mut Findings) {
        let undecided = !self.differences.is_empty();
        self.blame_entries();
        self.explain(findings);
        let pending = std::mem::take(&mut self.pending);
        let Some((size, root)) = pending.first().copied() else { return };
        if undecided {
            findings.push(Finding::ForkedCheckpoint(size, Fork::Root));
            return;
        }
        findings.push(match self.exchanged(size, root) {
            Some((first, second)) => Finding::Reordered(first, second),
            // Nothing that was signed later agrees either: it is the one entry that is new to it.
            None if size - self.agreed == 1 && pending.len() > 1 => {
                Finding::TamperedEntry(self.agreed, Tampering::Replaced)
            }
            None => Finding::ForkedCheckpoint(size, Fork::Root),
        });
    }

    /// The contents were right: what differs is a tile, or the hash beside an entry.
    fn blame_tiles(&mut self, findings: &mut Findings) {
        for Difference { index, tiled, .. } in std::mem::take(&mut self.differences) {
            findings.push(match tiled {
                true => Finding::TamperedTile { level: 0, index: index / TILE_WIDTH },
                false => Finding::TamperedEntry(index, Tampering::Leaf),
            });
        }
        if self.tiles.root() != self.contents.root() {
            self.tiles = self.contents.clone();
        }
    }

    /// The tiles were right, or there is nothing to say that they weren't.
    fn blame_entries(&mut self) {
        if self.differences.is_empty() {
            return;
        }
        let room = MAX_DIFFERENCES.saturating_sub(self.altered.len());
        self.altered.extend(std::mem::take(&mut self.differences).into_iter().take(room));
        self.contents = self.tiles.clone();
    }

    /// Says what became of the entries that are not those of their places.
    fn explain(&mut self, findings: &mut Findings) {
        let differences = std::mem::take(&mut self.altered);
        let places: HashMap<Hash, u64> =
            differences.iter().map(|d| (d.expected, d.index)).collect();
        let contents: HashMap<Hash, u64> =
            differences.iter().filter_map(|d| Some((d.content?, d.index))).collect();
        // An entry of the edge that stands in a tile has taken its own hash along.
        let (start, edge) = (self.edge.0.size(), &self.edge.1);
        let in_edge = |hash: &Hash| edge.iter().position(|leaf| leaf == hash);
        let mut shifted = false;
        for difference in &differences {
            let Difference { index, content, expected, .. } = difference;
            let belongs = content.and_then(|content| places.get(&content).copied());
            let stands = contents.get(expected).copied();
            let stands = stands.or_else(|| in_edge(expected).map(|place| start + place as u64));
            match (belongs, stands) {
                (Some(a), Some(b)) if a == b => {
                    if *index < a {
                        findings.push(Finding::Reordered(*index, a));
                    }
                }
                (None, Some(b)) if b >= start => findings.push(Finding::Reordered(*index, b)),
                // Each stands one place early: the one that is gone was in front of them.
                (Some(a), _) if a == index + 1 => {
                    if !shifted {
                        findings.push(Finding::MissingEntry(*index));
                    }
                    shifted = true;
                }
                _ if shifted => {}
                _ => findings.push(Finding::TamperedEntry(*index, Tampering::Replaced)),
            }
        }
    }

    /// The two places of the edge whose exchange gives this root.
    fn exchanged(&self, size: u64, root: Hash) -> Option<(u64, u64)> {
        let (before, leaves) = &self.edge;
        let start = before.size();
        let until = usize::try_from(size.checked_sub(start)?).ok()?;
        let mut before = before.clone();
        for (i, a) in leaves.iter().enumerate().take(until) {
            for (j, b) in leaves.iter().enumerate().skip(i + 1) {
                let mut tree = before.clone();
                tree.push(*b);
                for (place, leaf) in leaves.iter().enumerate().take(until).skip(i + 1) {
                    tree.push(if place == j { *a } else { *leaf });
                }
                if tree.root() == root {
                    return Some((start + i as u64, start + j as u64));
                }
            }
            before.push(*a);
        }
        None
    }
}
