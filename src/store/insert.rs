//! Rows, written many at a time.
//!
//! A statement takes tens of microseconds to be handed to the connection's thread and back, whatever
//! it does; written by [`CHUNK`] rows the hand-over is no longer felt. Statements of one, of eight and
//! of `CHUNK` rows are enough for every number of rows, so each is prepared once.
//!
//! Statements are written with numbered parameters, as PostgreSQL has them. SQLite looks through the
//! names of all parameters for that of each, so in statements of hundreds the binding took 30 % of the
//! connection's time: these are handed to it with nameless ones, [`nameless`].

use super::StoreError;
use super::tree::integer;
use crate::registry::log::{Checkpoint, CompleteTile};
use crate::value::Timestamp;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments, AssertSqlSafe};
use std::sync::{Arc, LazyLock};

/// Rows, or values that are looked up, of one statement.
pub(super) const CHUNK: usize = 64;
const SIZES: [usize; 3] = [CHUNK, 8, 1];

/// A checkpoint.
pub(super) const CHECKPOINT: &str =
    "INSERT INTO checkpoints (size, root, note, signed_at) VALUES ($1, $2, $3, $4)";

/// A value of a row.
#[derive(Debug)]
pub(super) enum Cell {
    Null,
    Integer(i64),
    Octets(Vec<u8>),
    Text(String),
}

impl Cell {
    pub(super) fn number(number: u64) -> Result<Self, StoreError> {
        integer(number).map(Self::Integer)
    }

    pub(super) fn time(time: Timestamp) -> Self {
        // Times are below 2^40.
        Self::Integer(time.unix() as i64)
    }

    pub(super) fn optional(number: Option<u64>) -> Result<Self, StoreError> {
        number.map_or(Ok(Self::Null), Self::number)
    }

    fn bind(self, arguments: &mut SqliteArguments) -> Result<(), StoreError> {
        let bound = match self {
            Self::Null => arguments.add(None::<i64>),
            Self::Integer(integer) => arguments.add(integer),
            Self::Octets(octets) => arguments.add(octets),
            Self::Text(text) => arguments.add(text),
        };
        bound.map_err(|error| StoreError::Database(sqlx::Error::Encode(error)))
    }
}

/// A table that rows are added to.
pub(super) struct Table {
    name: &'static str,
    columns: &'static [&'static str],
    statements: LazyLock<[Arc<str>; 3]>,
}

macro_rules! table {
    ($(#[$meta:meta])* $constant:ident, $name:literal, $columns:expr) => {
        $(#[$meta])*
        pub(super) static $constant: Table = Table {
            name: $name,
            columns: &$columns,
            statements: LazyLock::new(|| {
                SIZES.map(|rows| nameless(&statement($name, &$columns, rows)))
            }),
        };
    };
}

table!(ENTRIES, "entries", ["idx", "kind", "id", "recorded_at", "octets", "leaf_hash"]);
table!(TILES, "tiles", ["level", "idx", "root", "hashes"]);
table!(KEYS, "keys", ["no", "key"]);
table!(SCHEMAS, "schemas", ["no", "id", "idx"]);
table!(SUBJECTS, "subjects", ["no", "subject"]);
table!(
    ATTESTATIONS,
    "attestations",
    [
        "idx",
        "schema_no",
        "issuer_no",
        "subject_no",
        "issued_at",
        "valid_from",
        "valid_until",
        "revocable",
        "handle"
    ]
);
table!(LINKS, "links", ["target", "relation", "source"]);
table!(EVENTS, "events", ["idx", "target", "act", "effective"]);
table!(
    GRANTS,
    "grants",
    ["idx", "issuer_no", "grantor_no", "delegate_no", "parent", "not_before", "not_after"]
);
table!(BINDINGS, "bindings", ["idx", "attester", "issuer"]);
table!(TRUST_EDITIONS, "trust_editions", ["idx", "list", "authority", "sequence"]);
table!(EPOCHS, "epochs", ["idx", "list", "authority", "elements", "epoch", "issued_at"]);
table!(LIST_SHARDS, "list_shards", ["epoch", "first", "elements"]);
table!(USED_NONCES, "used_nonces", ["signer", "nonce", "idx"]);

/// Tables in an order in which what a row refers to is there before it.
pub(super) const TABLES: [&Table; 14] = [
    &ENTRIES,
    &KEYS,
    &SCHEMAS,
    &SUBJECTS,
    &ATTESTATIONS,
    &LINKS,
    &EVENTS,
    &GRANTS,
    &BINDINGS,
    &TRUST_EDITIONS,
    &EPOCHS,
    &LIST_SHARDS,
    &USED_NONCES,
    &TILES,
];

fn statement(name: &str, columns: &[&str], rows: usize) -> String {
    let row = |row: usize| {
        let cells = (1..=columns.len()).map(|cell| format!("${}", row * columns.len() + cell));
        format!("({})", cells.collect::<Vec<_>>().join(", "))
    };
    let rows: Vec<_> = (0..rows).map(row).collect();
    format!("INSERT INTO {name} ({}) VALUES {}", columns.join(", "), rows.join(", "))
}

/// The same statement for SQLite, with nameless parameters: those of the statement have to be there in
/// the order of their numbers, each once.
pub(super) fn nameless(sql: &str) -> Arc<str> {
    let mut parts = sql.split('$');
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit()));
    Arc::from(rest.fold(first, |sql, part| sql + "?" + part))
}

impl Table {
    /// Its name.
    #[cfg(test)]
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Its statements with numbered parameters, of 64 rows, of eight and of one.
    #[cfg(test)]
    pub(super) fn numbered(&self) -> [String; 3] {
        SIZES.map(|rows| statement(self.name, self.columns, rows))
    }
}

/// Rows that will be written.
#[derive(Default)]
pub(super) struct Rows {
    cells: [Vec<Cell>; TABLES.len()],
}

impl Rows {
    /// Adds a row, which has a cell for each column of the table.
    pub(super) fn push<const N: usize>(&mut self, table: &'static Table, row: [Cell; N]) {
        debug_assert_eq!(N, table.columns.len(), "a row of {}", table.name);
        let place = TABLES.iter().position(|other| other.name == table.name);
        if let Some(cells) = place.and_then(|place| self.cells.get_mut(place)) {
            cells.extend(row);
        }
    }

    pub(super) fn push_tile(&mut self, tile: CompleteTile) -> Result<(), StoreError> {
        let [level, index] = [Cell::number(tile.level.into())?, Cell::number(tile.index)?];
        let [root, hashes] = [Cell::Octets(tile.root.to_vec()), Cell::Octets(tile.hashes)];
        self.push(&TILES, [level, index, root, hashes]);
        Ok(())
    }

    /// Writes all rows.
    pub(super) async fn write(self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        for (table, cells) in TABLES.into_iter().zip(self.cells) {
            let mut left = cells.len() / table.columns.len();
            let mut cells = cells.into_iter();
            for (rows, sql) in SIZES.into_iter().zip(table.statements.iter()) {
                while left >= rows {
                    let mut arguments = SqliteArguments::default();
                    for cell in cells.by_ref().take(rows * table.columns.len()) {
                        cell.bind(&mut arguments)?;
                    }
                    let query = sqlx::query_with(AssertSqlSafe(Arc::clone(sql)), arguments);
                    query.execute(&mut *connection).await?;
                    left -= rows;
                }
            }
        }
        Ok(())
    }
}

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
