//! The published file of an epoch: every signed gap, in shards that are fetched and checked alone.
//!
//! ```text
//! header   magic "SIGILLST" · version u32 · length of the head u32 · signed head, canonical JSON
//!          prefix bits b u8 · which shard u32, or ffffffff for all of them
//!          index: for each of the 2^b shards, offset u64 · entries u64 · SHA-256 of the shard
//!          SHA-256 of all of the above
//! shard    lo of its first gap u64 · entries of 88 octets: element u64 · BBS signature 80
//! ```
//!
//! All numbers are big-endian. The entry of a gap has the element that ends it; the gap begins
//! after the element before it, and the first one of a shard where the shard says. The last gap
//! ends at 2^w, which needs no octets: its element is written as 0. Where the greatest element is
//! 2^w − 1, nothing is left of the last gap and it is not signed: the file has n entries for n
//! elements then, and n + 1 otherwise (the index tells which).
//!
//! # Shards
//!
//! Shard s has all gaps that an integer whose top b bits are s can lie in or end: those that end at
//! elements of this prefix, and the first gap that ends beyond it, which the next shard has too. So
//! one shard answers for each of its integers, and a file of one shard (the same header, and that
//! shard alone) needs no other.
//!
//! Whoever asks a server for one shard tells it b bits of a handle. b is as large as it can be with
//! at least [`MIN_SHARD`] listed elements of every prefix (so lists below twice that have one
//! shard), and a file that has less is refused. Handles spread evenly: the holders that ask for a
//! shard are all those in use with its prefix, at a revocation rate of 2 % fifty times as many as
//! are listed.
//!
//! What that does not hide: the prefix itself, the same at every epoch, so that a server can link a
//! holder's requests; the address and the time of a request, from which a server and a verifier
//! that compare notes can guess who presents what. Whoever minds takes the whole file: it tells
//! nothing but that somebody did. Elements that are values of a field do not spread evenly; with a
//! prefix that has few of them there are no shards.
//!
//! # Reading
//!
//! The header is bounded and sealed, and its head signed. A shard's checksum is compared before
//! anything of it is used. Neither proves anything of an entry: its signature does, and no entry
//! leaves without its own being verified. The whole file is verified by [`ListFile::verify`]:
//! order, count and digest of the elements against the head, and all signatures. Neither reading
//! nor writing holds more than some thousand entries in memory.

mod layout;
mod read;
mod write;

pub use layout::{MAX_PREFIX_BITS, MIN_SHARD};
pub use read::ListFile;
pub use write::{PublishError, elements_digest, publish, seal, write};

use super::StatusError;
use crate::bbs::Signature;
use crate::transcript::{DIGEST_LEN, Transcript, tag};
use std::io;
use std::ops::ControlFlow;
use thiserror::Error;

/// What the file begins with.
pub const MAGIC: [u8; 8] = *b"SIGILLST";
/// The version of the format.
pub const VERSION: u32 = 1;

/// Octets of an entry: the element and the signature.
const ENTRY_LEN: usize = 8 + Signature::LEN;
/// Octets of a shard before its entries.
const START_LEN: u64 = 8;
/// Entries that are signed, or read, at a time.
const BLOCK: usize = 8192;

/// Told how many entries are done, now and then; where it breaks, the work is given up.
pub type Watch<'a> = &'a (dyn Fn(u64) -> ControlFlow<()> + Sync);

/// Watches nothing.
pub fn unwatched(_: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The digest of a list's elements, in order.
pub(crate) struct ElementsDigest(Transcript);

impl ElementsDigest {
    pub(crate) fn new(count: u64) -> Self {
        let mut hash = Transcript::new(tag::LIST_ELEMENTS);
        hash.absorb("count", count.to_be_bytes());
        ElementsDigest(hash)
    }

    pub(crate) fn push(&mut self, element: u64) {
        self.0.absorb("element", element.to_be_bytes());
    }

    pub(crate) fn finish(self) -> [u8; DIGEST_LEN] {
        self.0.finish()
    }
}

/// Why a file is not an epoch of a list.
#[derive(Debug, Error)]
pub enum FileError {
    /// The system could not read or write.
    #[error("cannot be read or written: {0}")]
    Io(#[from] io::Error),
    /// It does not begin as one.
    #[error("not the file of a list: it begins with other octets")]
    Magic,
    /// A version that this program does not know.
    #[error("version {0} of the format, where {VERSION} is known")]
    Version(u32),
    /// It ends before it should.
    #[error("cut short: {found} octets of {expected}")]
    Truncated {
        /// Octets there are.
        found: u64,
        /// Octets there should be, so far as is known.
        expected: u64,
    },
    /// It goes on after its end.
    #[error("{0} octets too many at the end")]
    Surplus(u64),
    /// The length of the head is beyond what is read.
    #[error("the head has {0} octets, more than are read")]
    HeadLength(u32),
    /// The checksum of the header is another.
    #[error("the checksum of the header differs")]
    HeaderChecksum,
    /// The head is malformed, or its signature does not hold.
    #[error("the head: {0}")]
    Head(#[source] StatusError),
    /// The head is not written in its normal form.
    #[error("the head is not in its normal form")]
    HeadForm,
    /// More prefix bits than there may be.
    #[error("{0} prefix bits, more than there may be")]
    Prefix(u8),
    /// A file of one shard whose number is none.
    #[error("a file of shard {0}, which the list does not have")]
    ShardNumber(u32),
    /// A line of the index contradicts those before it.
    #[error("the index contradicts itself at shard {0}")]
    Index(u32),
    /// A shard in which a holder would hide among too few.
    #[error("shard {0} has fewer than {MIN_SHARD} elements: whoever asks for it stands out")]
    SmallShard(u32),
    /// The entries are not as many as the head's elements ask for.
    #[error("{entries} entries for the {elements} elements of the head")]
    Count {
        /// Signed gaps in the file.
        entries: u64,
        /// Elements by the head.
        elements: u64,
    },
    /// The checksum of a shard is another.
    #[error("the checksum of shard {0} differs")]
    ShardChecksum(u32),
    /// An element is below the one before it.
    #[error("shard {shard}, entry {entry}: not in ascending order")]
    Unsorted {
        /// The shard.
        shard: u32,
        /// The entry, counted from 0.
        entry: u64,
    },
    /// An element is there twice.
    #[error("shard {shard}, entry {entry}: the same element again")]
    Duplicate {
        /// The shard.
        shard: u32,
        /// The entry, counted from 0.
        entry: u64,
    },
    /// An element is outside the shard, or beyond the bits of the list.
    #[error("shard {shard}, entry {entry}: outside the integers of the shard")]
    Range {
        /// The shard.
        shard: u32,
        /// The entry, counted from 0.
        entry: u64,
    },
    /// A shard does not go on where the one before it ended.
    #[error("shard {0} does not go on where the one before it ends")]
    Seam(u32),
    /// The signature of an entry does not hold.
    #[error("shard {shard}, entry {entry}: the signature does not hold")]
    Signature {
        /// The shard.
        shard: u32,
        /// The entry, counted from 0.
        entry: u64,
    },
    /// The elements are others than the head says.
    #[error("the elements are not those of the head: their digest differs")]
    Digest,
    /// BBS refused the operation.
    #[error(transparent)]
    Bbs(#[from] crate::bbs::Error),
    /// Looked for what cannot be an element.
    #[error("beyond the {0} bits of the list's elements")]
    BeyondBits(u32),
    /// A file of one shard was asked for what is in another.
    #[error("this file has shard {found} alone, and the element is in shard {wanted}")]
    OtherShard {
        /// The one that it has.
        found: u32,
        /// The one that it takes.
        wanted: u32,
    },
    /// Whoever watched gave it up.
    #[error("given up")]
    Stopped,
}
