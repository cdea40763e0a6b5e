//! The registry's log: entries in one order, for good, and proofs of that.
//!
//! A log is trusted for nothing but its order. Its entries are the leaves of a Merkle tree
//! (RFC 6962, §2.1): the hash of a leaf d is H(0 ‖ d), that of an inner node H(1 ‖ left ‖ right),
//! and the tree over n > 1 leaves splits after the greatest power of two below n. The root MTH(n)
//! therefore commits to every entry and its place, and two short lists of hashes do the rest:
//!
//! * a [proof of inclusion](InclusionProof): an entry is at an index of the tree with this root;
//! * a [proof of consistency](ConsistencyProof): the tree of n leaves goes on from that of m < n
//!   leaves, so nothing before m was changed, dropped or moved.
//!
//! A log signs its size and root: a [checkpoint](Checkpoint). That a log shows one history to some
//! and another to others cannot be prevented by the log's own signature. A [witness](Witness)
//! remembers the last checkpoint that it saw, and cosigns the next one only with a proof that it
//! goes on from there. Whoever asks for a witness's cosignature sees what all the others see.
//!
//! Hashes are kept in *tiles*: tile i of level l has, as its n-th hash, the root of the complete
//! subtree over the 256^l leaves from (256 i + n) · 256^l on. A complete tile never changes, so a log is
//! static files, which any file server can serve, and only the right edge of the tree grows: the
//! [`Appender`] is that edge. Proofs are computed from the few tiles that they touch, wherever
//! those come from: a [`TileSource`]. A log [exports](export()) itself as such files, and
//! [`verify_export`] finds the first file that does not belong.
//!
//! Sources: RFC 6962 for trees and proofs; the C2SP specifications tlog-tiles (layout of files),
//! signed-note and tlog-checkpoint (checkpoints), tlog-cosignature (`cosignature/v1`), tlog-witness
//! (rules of witnesses and their request), tlog-proof (a proof that verifies offline).
//!
//! # Bounds
//!
//! A tree has at most [`MAX_SIZE`] leaves, a proof at most [`MAX_PROOF`] hashes, a checkpoint at
//! most [`MAX_CHECKPOINT_LEN`] octets. A [`Hash`] is an array of 32 octets, written in standard
//! base64 as the specifications do: [`hash_to_text`], [`hash_from_text`].

mod checkpoint;
mod export;
mod folder;
mod key;
mod proof;
mod tiles;
mod tree;
mod witness;

#[cfg(test)]
mod tests;

pub use checkpoint::{
    Checkpoint, CheckpointBody, CheckpointError, MAX_CHECKPOINT_LEN, sign_checkpoint,
};
pub use export::{ExportError, Exported, LeafReader, MAX_LEAF, export};
pub use folder::{Folder, FolderError, FolderProblem, bundle_path, tile_path, verify_export};
pub use key::{KeyError, KeyName, LogKey, MAX_NAME};
pub use proof::{
    ConsistencyProof, InclusionProof, MAX_PROOF, NotProven, ProofTextError, prove_consistency,
    prove_inclusion,
};
pub use tiles::{ProveError, TileSource, root_at};
pub use tree::{
    Appender, CompleteTile, EMPTY_ROOT, Hash, MAX_SIZE, TILE_WIDTH, hash_from_text, hash_to_text,
    leaf_hash,
};
pub use witness::{Witness, WitnessKey, WitnessRefusal, WitnessSigner, verify_cosignature};
