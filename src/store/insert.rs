//! Rows, written many at a time.

use super::StoreError;
use super::tree::integer;
use crate::registry::log::Checkpoint;
use crate::value::Timestamp;
use sqlx::sqlite::SqliteConnection;

/// A checkpoint.
pub(super) const CHECKPOINT: &str =
    "INSERT INTO checkpoints (size, root, note, signed_at) VALUES ($1, $2, $3, $4)";

pub(super) async fn checkpoint(
    connection: &mut SqliteConnection,
    checkpoint: &Checkpoint,
    now: Timestamp,
) -> Result<(), StoreError> {
    let query = sqlx::query(CHECKPOINT).bind(integer(checkpoint.body().size())?);
    let query = query.bind(checkpoint.body().root().to_vec()).bind(checkpoint.to_string());
    query.bind(integer(now.unix())?).execute(connection).await?;
    Ok(())
}
