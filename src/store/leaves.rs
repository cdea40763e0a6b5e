//! Leaves of the log, for its export.

use super::tree::{integer, number};
use super::{Store, StoreError};
use crate::registry::log::LeafReader;
use crate::registry::object::{Kind, Leaf};
use crate::value::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// What leaves are made of.
pub(crate) const LEAVES: &str = "SELECT kind, id, recorded_at, octets FROM entries \
    WHERE idx >= $1 AND idx < $2 ORDER BY idx";

impl LeafReader for Store {
    type Error = StoreError;

    async fn leaves(&self, first: u64, count: u32) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut reader = self.reader().await?;
        let end = integer(first.saturating_add(count.into()))?;
        let query = sqlx::query(LEAVES).bind(integer(first)?).bind(end);
        let rows = query.fetch_all(&mut *reader).await;
        let rows = rows.map_err(|error| StoreError::from(error).at(self.path()))?;
        rows.iter().map(|row| leaf(row).map(|leaf| leaf.to_bytes().to_vec())).collect()
    }
}

fn leaf(row: &SqliteRow) -> Result<Leaf, StoreError> {
    let wrong = || StoreError::Contradiction("an entry is of no kind, or of no time");
    let kind = u8::try_from(number(row, 0)?).ok().and_then(Kind::from_code).ok_or_else(wrong)?;
    let id: &[u8] = row.try_get(1)?;
    let id = id.try_into().map_err(|_| wrong())?;
    let recorded_at = Timestamp::from_unix(number(row, 2)?).ok_or_else(wrong)?;
    Ok(Leaf::new(kind, recorded_at, id, row.try_get(3)?))
}
