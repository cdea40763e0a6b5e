//! The log's tree in the database: its right edge, its tiles, its checkpoints.
//!
//! Complete tiles are rows. Partial ones are not: their hashes are those of the last entries, and on
//! higher levels the roots of the last complete tiles below.

use super::{Store, StoreError};
use crate::registry::log::{Appender, Hash, TILE_WIDTH, TileSource};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

/// A row of `checkpoints`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CheckpointRow {
    /// Entries that it is over.
    pub(crate) size: u64,
    /// The root of their tree.
    pub(crate) root: Hash,
    /// The signed note.
    pub(crate) note: String,
}

/// The newest checkpoint.
pub(crate) const LAST_CHECKPOINT: &str =
    "SELECT size, root, note FROM checkpoints ORDER BY size DESC LIMIT 1";
/// Hashes of the last leaves.
pub(crate) const LAST_LEAVES: &str =
    "SELECT leaf_hash FROM entries WHERE idx >= $1 AND idx < $2 ORDER BY idx";
/// Roots of the last complete tiles of a level.
pub(crate) const LAST_ROOTS: &str =
    "SELECT root FROM tiles WHERE level = $1 AND idx >= $2 AND idx < $3 ORDER BY idx";
/// A complete tile.
pub(crate) const TILE: &str = "SELECT hashes FROM tiles WHERE level = $1 AND idx = $2";

pub(crate) async fn last_checkpoint(
    connection: &mut SqliteConnection,
) -> Result<CheckpointRow, StoreError> {
    let row = sqlx::query(LAST_CHECKPOINT).fetch_optional(connection).await?;
    let row = row.ok_or(StoreError::Contradiction("there is no checkpoint"))?;
    Ok(CheckpointRow { size: number(&row, 0)?, root: hash(&row, 1)?, note: row.try_get(2)? })
}

/// The right edge of the tree of `size` leaves.
pub(crate) async fn edge(
    connection: &mut SqliteConnection,
    size: u64,
) -> Result<Appender, StoreError> {
    let (mut tiles, mut level, mut width) = (Vec::new(), 0, size);
    while width > 0 {
        let first = width - width % TILE_WIDTH;
        tiles.push(hashes(connection, level, first, width).await?);
        (level, width) = (level + 1, width / TILE_WIDTH);
    }
    Appender::resume(size, tiles).ok_or(StoreError::Contradiction("hashes of the log are missing"))
}

/// Hashes of a level from one number to another, from the entries or from the roots of tiles.
async fn hashes(
    connection: &mut SqliteConnection,
    level: u8,
    first: u64,
    end: u64,
) -> Result<Vec<Hash>, StoreError> {
    let (first, end) = (integer(first)?, integer(end)?);
    let rows = match level.checked_sub(1) {
        None => sqlx::query(LAST_LEAVES).bind(first).bind(end).fetch_all(connection).await?,
        Some(below) => {
            let query = sqlx::query(LAST_ROOTS).bind(i64::from(below));
            query.bind(first).bind(end).fetch_all(connection).await?
        }
    };
    rows.iter().map(|row| hash(row, 0)).collect()
}

impl TileSource for Store {
    type Error = StoreError;

    async fn tile(&self, level: u8, index: u64, width: u32) -> Result<Vec<u8>, StoreError> {
        let mut reader = self.reader().await?;
        tile(&mut reader, level, index, width).await.map_err(|error| error.at(&self.path))
    }
}

/// The first `width` hashes of a tile.
pub(crate) async fn tile(
    connection: &mut SqliteConnection,
    level: u8,
    index: u64,
    width: u32,
) -> Result<Vec<u8>, StoreError> {
    if u64::from(width) == TILE_WIDTH {
        let query = sqlx::query(TILE).bind(i64::from(level)).bind(integer(index)?);
        let row = query.fetch_optional(connection).await?;
        let row = row.ok_or(StoreError::Contradiction("a tile of the log is missing"))?;
        return Ok(row.try_get(0)?);
    }
    let first = index.saturating_mul(TILE_WIDTH);
    let hashes = hashes(connection, level, first, first.saturating_add(width.into())).await?;
    Ok(hashes.concat())
}

/// A column that is a natural number.
pub(crate) fn number(row: &SqliteRow, column: usize) -> Result<u64, StoreError> {
    let number: i64 = row.try_get(column)?;
    u64::try_from(number).map_err(|_| StoreError::Contradiction("a number is negative"))
}

/// A column of 32 octets.
pub(crate) fn hash(row: &SqliteRow, column: usize) -> Result<Hash, StoreError> {
    let octets: &[u8] = row.try_get(column)?;
    octets.try_into().map_err(|_| StoreError::Contradiction("a hash has another length"))
}

/// A number as the database has it.
pub(crate) fn integer(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Contradiction("a number is out of range"))
}
