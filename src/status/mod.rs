//! Sorted lists: private revocation, suspension, sanctions lists and allow lists by one mechanism.
//!
//! An authority keeps a set of integers of w bits: status handles of credentials, or values of a
//! field. At each *epoch* it publishes the set as its gaps. Between neighbours a < b of the set
//! lies the gap from a + 1 to b; before the first element it begins at 0, after the last it ends at
//! 2^w. So n elements make n + 1 gaps, the empty set has one, and neighbours without anything
//! between them have an empty gap. (After the element 2^w − 1 nothing is left to begin a gap, and
//! none is signed there.) Of each gap the authority signs, with BBS, two messages
//!
//! ```text
//! lo = a + 1, hi = b        under a header that hashes the epoch's head
//! ```
//!
//! and so an [`Entry`] says of any integer h
//!
//! - h is *absent* from the set if lo ≤ h < hi,
//! - h is *present* in it if h = hi, where hi < 2^w.
//!
//! Both are shown without revealing h, lo or hi: the entry is one more BBS proof of the
//! presentation, absence two comparisons in its circuit, presence a hidden equality
//! ([`crate::presentation`]). Whoever verifies learns the epoch and nothing else. Signing a + 1 in
//! place of a needs no element below 0, so that no message is negative and one form serves both.
//!
//! # Epochs
//!
//! The [`Head`] of an epoch names list, kind of elements, number, times, the head before it, how
//! many elements there are and their digest. Its hash is in the BBS header of every entry: an entry
//! of another list, of another epoch, or of another set under the same numbers is signed under
//! another header and does not verify. A presentation carries the [`Stamp`], which is what the hash
//! is made of beside list and kind; those come from the verifier's policy. Heads are signed by the
//! same key, and chained by their hashes, so that a fork or a rollback shows.
//!
//! # Where what is
//!
//! | module | of whom | what |
//! |---|---|---|
//! | [`register`] | authority | what happened to which element, when and why |
//! | [`file`](mod@file) | authority, holder | an epoch's entries: published, found, verified |
//! | [`chain`] | verifier | which head may follow which; the heads that were seen |
//!
//! # Trust
//!
//! An authority that signed an epoch of its own for every holder could tell them apart by it.
//! Holders are safe from that if they take lists from where everybody does; verifiers notice a
//! second head under one number.

pub mod chain;
mod entry;
pub mod file;
mod head;
pub mod register;

pub(crate) use entry::generators as entry_generators;
pub use entry::{ENTRY_FORMAT, Entry, UnverifiedEntry};
pub use head::{Elements, HEAD_FORMAT, Head, HeadHash, ListKey, SignedHead, Stamp};

use crate::bbs;
use crate::document::Fault;
use thiserror::Error;

/// Message of an entry: where its gap begins.
pub const LO: usize = 0;
/// Message of an entry: where its gap ends, which is the next element of the set.
pub const HI: usize = 1;
/// How many messages an entry signs.
pub const ENTRY_MESSAGES: usize = 2;

/// Why something is no part of a list.
#[derive(Debug, Error)]
pub enum StatusError {
    /// The document is malformed.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A signature does not verify, or BBS refused the operation.
    #[error(transparent)]
    Signature(#[from] bbs::Error),
}

#[cfg(test)]
mod tests;
