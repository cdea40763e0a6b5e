//! Statistics: how much of what a registry has.

use super::tree::{hash, number};
use super::{Store, StoreError};
use crate::authority::Authority;
use crate::registry::log::Checkpoint;
use crate::registry::object::Kind;
use crate::schema::SchemaId;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::fs;

/// Most schemas, and most issuers, that are named.
pub const TOP: usize = 20;

/// Entries by kind.
pub(super) const BY_KIND: &str = "SELECT kind, count(*) FROM entries GROUP BY kind ORDER BY kind";
/// Attestations by schema, the most first.
pub(super) const BY_SCHEMA: &str = "SELECT s.id, c.n FROM (SELECT schema_no, count(*) AS n \
     FROM attestations GROUP BY schema_no ORDER BY n DESC, schema_no LIMIT 20) AS c \
     JOIN schemas s ON s.no = c.schema_no ORDER BY c.n DESC, s.no";
/// Attestations by issuer, the most first.
pub(super) const BY_ISSUER: &str = "SELECT k.key, c.n FROM (SELECT issuer_no, count(*) AS n \
     FROM attestations GROUP BY issuer_no ORDER BY n DESC, issuer_no LIMIT 20) AS c \
     JOIN keys k ON k.no = c.issuer_no ORDER BY c.n DESC, k.no";
/// How many keys, subjects, nonces and tiles there are.
pub(super) const TOTALS: &str = "SELECT (SELECT count(*) FROM keys), \
     (SELECT count(*) FROM subjects), (SELECT count(*) FROM used_nonces), \
     (SELECT count(*) FROM spent), (SELECT count(*) FROM tiles), \
     (SELECT count(*) FROM checkpoints)";

/// How much of what a registry has.
#[derive(Clone, Debug)]
pub struct Stats {
    /// Entries of each kind that there is any of.
    pub entries: Vec<(Kind, u64)>,
    /// Attestations under the schemas that have most of them.
    pub schemas: Vec<(SchemaId, u64)>,
    /// Attestations of the issuers that have most of them.
    pub issuers: Vec<(Authority, u64)>,
    /// Keys that are named anywhere.
    pub keys: u64,
    /// Subjects that are named.
    pub subjects: u64,
    /// Numbers that delegated statements have used up.
    pub used_nonces: u64,
    /// Nonces of requests that were answered and are still remembered.
    pub spent_nonces: u64,
    /// Complete tiles of the log.
    pub tiles: u64,
    /// Checkpoints that are kept.
    pub checkpoints: u64,
    /// Octets of the file.
    pub file_len: u64,
    /// Octets of the write-ahead log beside it.
    pub wal_len: u64,
    /// The newest checkpoint, which has the size of the log.
    pub checkpoint: Checkpoint,
}

impl Store {
    /// How much of what the registry has.
    pub async fn stats(&self) -> Result<Stats, StoreError> {
        let checkpoint = self.checkpoint().await?;
        let mut reader = self.reader().await?;
        let counted = self.count(&mut reader, checkpoint).await;
        counted.map_err(|error| error.at(self.path()))
    }

    async fn count(
        &self,
        connection: &mut SqliteConnection,
        checkpoint: Checkpoint,
    ) -> Result<Stats, StoreError> {
        let entries = sqlx::query(BY_KIND).fetch_all(&mut *connection).await?;
        let kind = |row: &SqliteRow| {
            let kind = u8::try_from(number(row, 0)?).ok().and_then(Kind::from_code);
            let kind = kind.ok_or(StoreError::Contradiction("an entry is of no kind"))?;
            Ok::<_, StoreError>((kind, number(row, 1)?))
        };
        let entries = entries.iter().map(kind).collect::<Result<_, _>>()?;
        let schemas = sqlx::query(BY_SCHEMA).fetch_all(&mut *connection).await?;
        let schema = |row: &SqliteRow| {
            Ok::<_, StoreError>((SchemaId::from_bytes(hash(row, 0)?), number(row, 1)?))
        };
        let schemas = schemas.iter().map(schema).collect::<Result<_, _>>()?;
        let issuers = sqlx::query(BY_ISSUER).fetch_all(&mut *connection).await?;
        let issuer = |row: &SqliteRow| {
            let key = Authority::from_bytes(&hash(row, 0)?);
            let key = key.ok_or(StoreError::Contradiction("an issuer's key is none"))?;
            Ok::<_, StoreError>((key, number(row, 1)?))
        };
        let issuers = issuers.iter().map(issuer).collect::<Result<_, _>>()?;
        let totals = sqlx::query(TOTALS).fetch_one(&mut *connection).await?;
        let total = |column| totals.try_get::<i64, _>(column).map(|count| count.max(0) as u64);
        Ok(Stats {
            entries,
            schemas,
            issuers,
            keys: total(0)?,
            subjects: total(1)?,
            used_nonces: total(2)?,
            spent_nonces: total(3)?,
            tiles: total(4)?,
            checkpoints: total(5)?,
            file_len: self.file_len(""),
            wal_len: self.file_len("-wal"),
            checkpoint,
        })
    }

    fn file_len(&self, end: &str) -> u64 {
        let mut name = self.path().as_os_str().to_owned();
        name.push(end);
        fs::metadata(name).map_or(0, |metadata| metadata.len())
    }
}
