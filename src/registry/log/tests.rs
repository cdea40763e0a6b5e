//! What the tests of the log share: a tree in memory, keys, and the definition of the root.

mod exports;
mod notes;
mod proofs;
mod trees;
mod witnesses;

use super::tree::node_hash;
use super::*;
use crate::authority::AuthorityKey;
use std::convert::Infallible;
use std::future::Future;

/// Every hash that tiles have, level by level.
#[derive(Clone, Default)]
struct Memory {
    levels: Vec<Vec<Hash>>,
    leaves: Vec<Vec<u8>>,
    tree: Appender,
}

impl Memory {
    fn of(leaves: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut memory = Self::default();
        for leaf in leaves {
            memory.push(leaf);
        }
        memory
    }

    fn numbered(size: u64) -> Self {
        Self::of((0..size).map(leaf))
    }

    fn push(&mut self, leaf: Vec<u8>) {
        let hash = leaf_hash(&leaf);
        self.leaves.push(leaf);
        self.hash(0, hash);
        for tile in self.tree.push(hash) {
            self.hash(usize::from(tile.level) + 1, tile.root);
        }
    }

    fn hash(&mut self, level: usize, hash: Hash) {
        if self.levels.len() <= level {
            self.levels.push(Vec::new());
        }
        self.levels[level].push(hash);
    }

    fn root(&self, size: u64) -> Hash {
        run(root_at(self, size)).unwrap()
    }

    fn inclusion(&self, size: u64, index: u64) -> InclusionProof {
        run(prove_inclusion(self, size, index)).unwrap()
    }

    fn consistency(&self, old: u64, new: u64) -> ConsistencyProof {
        run(prove_consistency(self, old, new)).unwrap()
    }

    fn checkpoint(&self, size: u64) -> Checkpoint {
        sign_checkpoint(&origin(), size, &self.root(size), &key(1)).unwrap()
    }
}

impl TileSource for Memory {
    type Error = Infallible;

    async fn tile(&self, level: u8, index: u64, width: u32) -> Result<Vec<u8>, Infallible> {
        let first = index as usize * 256;
        Ok(self.levels[usize::from(level)][first..first + width as usize].concat())
    }
}

impl LeafReader for Memory {
    type Error = Infallible;

    async fn leaves(&self, first: u64, count: u32) -> Result<Vec<Vec<u8>>, Infallible> {
        Ok(self.leaves[first as usize..first as usize + count as usize].to_vec())
    }
}

fn leaf(index: u64) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}

/// Waits for a future that could wait on another thread as well.
fn run<T>(future: impl Future<Output = T> + Send) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn key(seed: u8) -> AuthorityKey {
    AuthorityKey::from_bytes(&[seed; 32])
}

fn origin() -> KeyName {
    "example.org/log".parse().unwrap()
}

fn log_key() -> LogKey {
    LogKey::new(origin(), key(1).authority())
}

/// MTH as RFC 6962 defines it, from the hashes of leaves.
fn definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(definition(left), definition(right))
        }
    }
}

/// Small random numbers, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % bound
    }
}
