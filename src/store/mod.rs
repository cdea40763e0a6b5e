//! The store: a registry in one file.
//!
//! A store is an SQL database, SQLite embedded, with everything that the registry has: entries in
//! their order, what is derived from them for search, the tiles and checkpoints of the log over them,
//! and nonces that were used. Rows are added and never changed.
//!
//! | module | what |
//! |---|---|
//! | [`object`] | what is handed in: objects, their octets and identifiers |
//! | [`append`] | writing: all of a batch or nothing, under one signed checkpoint |
//! | [`admit`] | which objects are taken; others are refused by name: [`Refusal`] |
//! | [`nonces`] | single use of requests, over restarts and processes |
//! | [`payloads`] | payloads in folders and buckets |
//!
//! # What a write guarantees
//!
//! A batch is one transaction: entries, derived rows, tiles and the checkpoint over all of it are there
//! together or not at all. [`Store::append`] returns after the octets are on the disk
//! (`synchronous=FULL`), so whatever was acknowledged outlives a crash, and is under a signed
//! checkpoint. A batch that was interrupted may have been written, or not: it is handed in again, and
//! what is there already is found and not written twice.
//!
//! Processes may write at the same time: one at a time holds the database's write lock
//! (`BEGIN IMMEDIATE`), and each reads within it what the others have written.
//!
//! # What it rests on
//!
//! SQLite from version 3.51.3 on, which is asserted whenever a store is opened: earlier ones can lose a
//! write-ahead log that two connections reset at once. The schema of `0001_registry.sql` and all
//! statements are in the SQL that PostgreSQL has too; what only SQLite has, settings and the triggers
//! that keep rows from being changed, is in `connection.rs` and `0002_sqlite_guards.sql`.

pub mod admit;
pub mod append;
pub mod audit;
mod batch;
mod chains;
mod connection;
pub mod cursor;
mod error;
pub mod facts;
pub mod filter;
mod insert;
mod leaves;
pub mod nonces;
pub mod object;
mod open;
pub mod payloads;
pub mod proofs;
pub mod query;
pub mod read;
mod refusal;
pub mod stats;
mod tree;
mod wait;

pub use append::{Appended, MAX_BATCH, Receipt};
pub use audit::{AuditReport, Finding};
pub use cursor::{Cursor, CursorError, Order};
pub use error::StoreError;
pub use filter::Filter;
pub use nonces::SpendError;
pub use object::{ListEpoch, Object, ObjectError};
pub use query::{Listing, Page};
pub use read::{Content, Entry, ReadError};
pub use refusal::{Refusal, Refused};
pub use stats::Stats;
pub use wait::wait;

use crate::authority::AuthorityKey;
use crate::registry::log::{Checkpoint, LogKey};
use crate::value::Timestamp;
use append::Writer;
use connection::{Reader, Readers};
use std::path::{Path, PathBuf};
use tokio::sync::Mutex;

/// By how many seconds a statement's clock may be ahead of the registry's.
pub const SKEW: u64 = 300;

/// For what a store is opened.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one, while a store is opened")]
pub enum Access {
    /// To be read.
    ReadOnly,
    /// To be written to as well, with the key of its log.
    Append(AuthorityKey),
}

/// A registry's database.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    log_key: LogKey,
    created_at: Timestamp,
    /// The log's key; none if the store is only read.
    key: Option<AuthorityKey>,
    readers: Readers,
    remembered: facts::Remembered,
    /// The one connection that writes, with what it remembers; none until it is needed, and after an
    /// error, as nothing it remembers is certain then.
    writer: Mutex<Option<Writer>>,
}

impl Store {
    /// The registry's name, which is that of its log.
    pub fn origin(&self) -> &str {
        self.log_key.origin().as_str()
    }

    /// The log: its name and the key that signs its checkpoints.
    pub fn log_key(&self) -> &LogKey {
        &self.log_key
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// When it was created.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// The newest checkpoint, its signature checked.
    pub async fn checkpoint(&self) -> Result<Checkpoint, StoreError> {
        let mut reader = self.reader().await?;
        let note =
            tree::last_checkpoint(&mut reader).await.map_err(|error| error.at(&self.path))?;
        let checkpoint = Checkpoint::parse(&note.note)?;
        checkpoint.verify(&self.log_key)?;
        Ok(checkpoint)
    }

    /// A connection that reads, for as long as it is held.
    pub(crate) async fn reader(&self) -> Result<Reader<'_>, StoreError> {
        self.readers.acquire().await
    }
}

#[cfg(test)]
mod tests;
