//! Audits: whether a registry is what was written and signed.
//!
//! An audit reads everything again. Every entry's content must be an object of its kind, signed, of the
//! identifier beside it; its leaf must be the one in the tile over it; tiles must be over those below;
//! and the tree must have, at every size at which the log signed a checkpoint, the root that was signed.
//! Then the rows for search must be those that follow from the contents, no more and no fewer. What is
//! found has a [name](Finding), and where several explanations fit, the signed roots decide (`tree`).
//!
//! Only an audit beside a checkpoint from elsewhere, of a witness or of last year, says that history was
//! not rewritten by whoever has the log's key: [`Store::root_at`] and [`Store::prove_consistency`].
//!
//! It reads windows of entries, so that memory does not grow with the registry, and others may write
//! meanwhile: what is audited is the tree of the newest checkpoint at its beginning.

mod finding;
mod report;
mod rows;
mod tree;

pub use finding::{Finding, Fork, RowProblem, Tampering};
pub use report::{AuditReport, MAX_FINDINGS};
#[cfg(test)]
pub(super) use rows::TABLES;

use super::object::ObjectError;
use super::read::{Row, elements};
use super::tree::{hash, integer, number};
use super::{ListEpoch, Object, Store, StoreError};
use crate::registry::log::{Checkpoint, CompleteTile, Hash, LogKey, TILE_WIDTH};
use crate::registry::object::Kind;
use crate::value::Timestamp;
use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};
use report::Findings;
use rows::Expected;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::collections::BTreeMap;
use std::ops::Range;
use tree::{Leaf, TreeAudit};

/// Entries of a window: 16 tiles.
const WINDOW: u64 = 16 * TILE_WIDTH;
/// Octets after which a window is worked off in parts.
const WINDOW_OCTETS: usize = 1 << 24;

/// Entries of a range, the beginning of which is asked for again where they are too long.
pub(super) const WINDOW_ENTRIES: &str = "SELECT idx, kind, id, recorded_at, octets, leaf_hash \
     FROM entries WHERE idx >= $1 AND idx < $2 ORDER BY idx";
/// Checkpoints of a range of sizes.
pub(super) const CHECKPOINTS: &str =
    "SELECT size, root, note FROM checkpoints WHERE size >= $1 AND size < $2 ORDER BY size";
/// Checkpoints, newest first.
pub(super) const NEWEST_CHECKPOINTS: &str =
    "SELECT size, root, note FROM checkpoints WHERE size < $1 ORDER BY size DESC LIMIT 64";
/// Tiles of a level.
pub(super) const TILES: &str =
    "SELECT idx, root, hashes FROM tiles WHERE level = $1 AND idx >= $2 AND idx < $3 ORDER BY idx";
/// Tiles of a level over more than was signed.
pub(super) const SURPLUS_TILES: &str = "SELECT level, idx FROM tiles WHERE level = $1 AND \
     (idx < 0 OR idx >= (SELECT max(size) FROM checkpoints) / $2) ORDER BY idx LIMIT 100";
/// Entries that no checkpoint covers.
pub(super) const UNSIGNED: &str = "SELECT idx FROM entries WHERE idx < 0 OR idx >= \
     (SELECT max(size) FROM checkpoints) ORDER BY idx LIMIT 100";
/// How many entries there are of those that were signed.
pub(super) const LAST_ENTRY: &str = "SELECT max(idx) FROM entries WHERE idx >= 0 AND idx < $1";
/// Who has used a number.
pub(super) const NONCE: &str = "SELECT idx FROM used_nonces WHERE signer = $1 AND nonce = $2";
/// Numbers that were used by no entry up to a size.
pub(super) const NONCES: &str = "SELECT count(*) FROM used_nonces WHERE idx < $1";
/// Compares indexes with their tables; of SQLite alone.
const INTEGRITY: &str = "PRAGMA integrity_check(20)";
/// Elements of lists that no epoch has.
pub(super) const ORPHANED_SHARDS: &str = "SELECT DISTINCT epoch FROM list_shards s \
     WHERE NOT EXISTS (SELECT 1 FROM epochs p WHERE p.idx = s.epoch) LIMIT 100";

/// Told how many entries are done, and of how many.
pub type Watch<'a> = &'a (dyn Fn(u64, u64) + Send + Sync);

/// An entry that was read again.
struct Checked {
    index: u64,
    recorded_at: Option<Timestamp>,
    /// The hash of its leaf by its content.
    computed: Option<Hash>,
    beside: Hash,
    wrong: Option<Tampering>,
    /// Epochs are read apart, with their elements.
    epoch: Option<Row>,
    expected: Expected,
}

impl Checked {
    fn new(row: Row) -> Self {
        let mut checked = Self {
            index: row.index,
            recorded_at: row.recorded_at,
            computed: row.computed(),
            beside: row.leaf_hash,
            wrong: None,
            epoch: None,
            expected: Expected::default(),
        };
        match row.kind {
            None => checked.wrong = Some(Tampering::Row),
            Some(Kind::Epoch) => checked.epoch = Some(row),
            Some(kind) => checked.judge(row.id, Object::parse(kind, &row.octets)),
        }
        checked
    }

    fn judge(&mut self, id: [u8; 32], object: Result<Object, ObjectError>) {
        match object {
            Err(_) => self.wrong = Some(Tampering::Content),
            Ok(object) if object.id() != id => self.wrong = Some(Tampering::Identifier),
            Ok(object) => self.expected = Expected::of(&object),
        }
    }
}

/// An audit that is going on.
struct Audit<'a> {
    log_key: &'a LogKey,
    connection: &'a mut SqliteConnection,
    /// How many entries are read, and the size of the newest checkpoint.
    end: u64,
    size: u64,
    tree: TreeAudit,
    findings: Findings,
    last_time: Option<Timestamp>,
    nonces: u64,
    checkpoints: u64,
    tiles: u64,
    rows: u64,
}

impl Store {
    /// Audits the registry. What is wrong with it is in the report; an error says that it could not be
    /// read at all.
    pub async fn audit(&self, watch: Watch<'_>) -> Result<AuditReport, StoreError> {
        let mut reader = self.reader().await?;
        let audited = async {
            let mut audit = Audit::begin(&mut reader, self.log_key()).await?;
            while audit.tree.size() < audit.end {
                audit.window().await?;
                watch(audit.tree.size(), audit.end);
            }
            audit.finish().await
        };
        audited.await.map_err(|error: StoreError| error.at(self.path()))
    }
}

impl<'a> Audit<'a> {
    async fn begin(
        connection: &'a mut SqliteConnection,
        log_key: &'a LogKey,
    ) -> Result<Self, StoreError> {
        let size = newest(connection, log_key).await?;
        let last = sqlx::query(LAST_ENTRY).bind(integer(size)?).fetch_one(&mut *connection).await?;
        let last: Option<i64> = last.try_get(0)?;
        let end = last.and_then(|last| u64::try_from(last).ok()).map_or(0, |last| last + 1);
        let mut audit = Self {
            log_key,
            connection,
            end,
            size,
            tree: TreeAudit::default(),
            findings: Findings::default(),
            last_time: None,
            nonces: 0,
            checkpoints: 0,
            tiles: 0,
            rows: 0,
        };
        if end < size {
            audit.findings.push(Finding::Truncated { entries: end, signed: size });
        }
        // The checkpoint of the empty tree, which comes before all windows.
        let empty = audit.checkpoints(0..1).await?;
        audit.compare_checkpoints(&empty, 0);
        Ok(audit)
    }

    /// The next entries, no more than a window and as many as fit.
    async fn window(&mut self) -> Result<(), StoreError> {
        let start = self.tree.size();
        // Windows begin with a tile unless the octets were too many for one.
        let mut end = self.end.min(start - start % WINDOW + WINDOW);
        let (rows, cut) = self.read(start..end).await?;
        if let (true, Some(last)) = (cut, rows.last()) {
            end = last.index + 1;
        }
        let mut checked: Vec<Checked> = rows.into_par_iter().map(Checked::new).collect();
        for entry in &mut checked {
            if let Some(row) = entry.epoch.take() {
                let elements = elements(self.connection, row.index).await;
                let elements = elements.unwrap_or_default();
                let epoch = ListEpoch::parse(&row.octets, elements).map(Object::Epoch);
                entry.judge(row.id, epoch);
            }
        }
        let tiles = self.tiles(0, start / TILE_WIDTH..end.div_ceil(TILE_WIDTH)).await?;
        let checkpoints = self.checkpoints(start + 1..end + 1).await?;
        self.grow(start..end, &checked, &tiles, &checkpoints);
        self.upper_tiles().await?;
        let expected: Vec<_> =
            checked.into_iter().map(|entry| (entry.index, entry.expected)).collect();
        self.nonces(&expected).await?;
        self.rows +=
            rows::compare(self.connection, &(start..end), expected, &mut self.findings).await?;
        Ok(())
    }

    /// Rows of a range, and whether it was cut short.
    async fn read(&mut self, range: Range<u64>) -> Result<(Vec<Row>, bool), StoreError> {
        use futures_util::TryStreamExt;
        let query = sqlx::query(WINDOW_ENTRIES).bind(integer(range.start)?);
        let mut stream = query.bind(integer(range.end)?).fetch(&mut *self.connection);
        let (mut rows, mut octets) = (Vec::new(), 0);
        while let Some(row) = stream.try_next().await? {
            let row = Row::read(&row, 0)?;
            octets += row.octets.len();
            rows.push(row);
            if octets > WINDOW_OCTETS {
                return Ok((rows, true));
            }
        }
        Ok((rows, false))
    }

    /// Grows the tree by a range of entries.
    fn grow(
        &mut self,
        range: Range<u64>,
        checked: &[Checked],
        tiles: &BTreeMap<u64, CompleteTile>,
        checkpoints: &[(u64, Result<Hash, Fork>)],
    ) {
        let mut checked = checked.iter().peekable();
        let mut checkpoints = checkpoints.iter().peekable();
        for index in range {
            let entry = checked.next_if(|entry| entry.index == index);
            if let Some(entry) = entry {
                self.note(entry);
            } else {
                self.findings.push(Finding::MissingEntry(index));
            }
            let number = index / TILE_WIDTH;
            let is_complete = (number + 1) * TILE_WIDTH <= self.size;
            let place = (index % TILE_WIDTH) as usize;
            let tile = tiles.get(&number).filter(|_| is_complete);
            if is_complete && tile.is_none() {
                self.findings.push(Finding::TamperedTile { level: 0, index: number });
            }
            let tile = tile.and_then(|tile| tile.hashes.as_chunks::<32>().0.get(place).copied());
            let leaf = Leaf {
                content: entry.and_then(|entry| entry.computed),
                beside: entry.map(|entry| entry.beside),
                tile,
            };
            let root = self.tree.push(leaf, &mut self.findings);
            if let (Some(root), Some(stored)) = (root, tiles.get(&number)) {
                self.tiles += 1;
                if root != stored.root {
                    self.findings.push(Finding::TamperedTile { level: 0, index: number });
                }
            }
            while let Some((size, signed)) = checkpoints.next_if(|(size, _)| *size == index + 1) {
                self.compare_checkpoints(&[(*size, *signed)], *size);
            }
        }
    }

    /// What is wrong with an entry by itself.
    fn note(&mut self, entry: &Checked) {
        if let Some(wrong) = entry.wrong {
            self.findings.push(Finding::TamperedEntry(entry.index, wrong));
        }
        if entry.recorded_at < self.last_time {
            self.findings.clock(entry.index);
        }
        self.last_time = entry.recorded_at;
    }

    fn compare_checkpoints(&mut self, checkpoints: &[(u64, Result<Hash, Fork>)], at: u64) {
        for (size, signed) in checkpoints {
            self.checkpoints += 1;
            match signed {
                Ok(root) if *size == at => self.tree.checkpoint(*root, &mut self.findings),
                Ok(_) => {}
                Err(fork) => self.findings.push(Finding::ForkedCheckpoint(*size, *fork)),
            }
        }
    }

    /// Checkpoints of a range of sizes, and the roots that the log signed.
    async fn checkpoints(
        &mut self,
        sizes: Range<u64>,
    ) -> Result<Vec<(u64, Result<Hash, Fork>)>, StoreError> {
        let query = sqlx::query(CHECKPOINTS).bind(integer(sizes.start)?).bind(integer(sizes.end)?);
        let rows = query.fetch_all(&mut *self.connection).await?;
        let rows = rows.iter().map(Signed::read).collect::<Result<Vec<_>, _>>()?;
        let log_key = self.log_key;
        Ok(rows.par_iter().map(|row| (row.size, row.root(log_key))).collect())
    }

    async fn tiles(
        &mut self,
        level: u8,
        range: Range<u64>,
    ) -> Result<BTreeMap<u64, CompleteTile>, StoreError> {
        let query = sqlx::query(TILES).bind(i64::from(level));
        let query = query.bind(integer(range.start)?).bind(integer(range.end)?);
        let rows = query.fetch_all(&mut *self.connection).await?;
        let tile = |row: &SqliteRow| {
            let (index, root) = (number(row, 0)?, hash(row, 1)?);
            Ok((index, CompleteTile { level, index, root, hashes: row.try_get(2)? }))
        };
        rows.iter().map(tile).collect()
    }

    /// Compares tiles whose content is certain with what is stored.
    async fn upper_tiles(&mut self) -> Result<(), StoreError> {
        for tile in self.tree.take_complete() {
            let (level, index) = (tile.level, tile.index);
            let stored = self.tiles(level, index..index + 1).await?;
            self.tiles += 1;
            if stored.get(&index) != Some(&tile) {
                self.findings.push(Finding::TamperedTile { level, index });
            }
        }
        Ok(())
    }

    /// Compares the numbers that delegated statements have used up.
    async fn nonces(&mut self, expected: &[(u64, Expected)]) -> Result<(), StoreError> {
        for (index, expected) in expected {
            let Some((signer, nonce)) = expected.nonce else { continue };
            self.nonces += 1;
            let query = sqlx::query(NONCE).bind(signer.to_vec()).bind(nonce.to_vec());
            let row = query.fetch_optional(&mut *self.connection).await?;
            let problem = match row.map(|row| number(&row, 0)).transpose()? {
                Some(found) if found == *index => continue,
                Some(_) => RowProblem::Differs,
                None => RowProblem::Missing,
            };
            let (table, index) = ("used_nonces", *index);
            self.findings.push(Finding::DerivedRow { table, index, problem });
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<AuditReport, StoreError> {
        self.tree.finish(&mut self.findings);
        self.upper_tiles().await?;
        self.surplus().await?;
        let root = self.tree.root();
        let (findings, more) = self.findings.finish();
        Ok(AuditReport {
            entries: self.end,
            checkpoints: self.checkpoints,
            tiles: self.tiles,
            rows: self.rows + self.nonces,
            size: self.size,
            root,
            findings,
            more,
        })
    }

    /// What is there beyond what was signed.
    async fn surplus(&mut self) -> Result<(), StoreError> {
        // Verdicts read by indexes, what is above was read from the tables.
        for row in sqlx::query(INTEGRITY).fetch_all(&mut *self.connection).await? {
            let problem: String = row.try_get(0)?;
            if problem != "ok" {
                self.findings.push(Finding::Structure(problem));
            }
        }
        for index in self.indexes(UNSIGNED.to_owned()).await? {
            self.findings.push(Finding::UnsignedEntry(index));
        }
        for table in &rows::TABLES {
            for index in self.indexes(table.beyond()).await? {
                self.findings.push(table.orphan(index));
            }
        }
        for index in self.indexes(ORPHANED_SHARDS.to_owned()).await? {
            let (table, problem) = ("list_shards", RowProblem::Orphan);
            self.findings.push(Finding::DerivedRow { table, index, problem });
        }
        let query = sqlx::query(NONCES).bind(integer(self.end)?);
        let used = number(&query.fetch_one(&mut *self.connection).await?, 0)?;
        if used > self.nonces {
            let (table, problem) = ("used_nonces", RowProblem::Orphan);
            self.findings.push(Finding::DerivedRow { table, index: self.end, problem });
        }
        let mut leaves = TILE_WIDTH;
        for level in 0..6_u8 {
            let query = sqlx::query(SURPLUS_TILES).bind(i64::from(level)).bind(integer(leaves)?);
            for row in query.fetch_all(&mut *self.connection).await? {
                let index: i64 = row.try_get(1)?;
                self.findings.push(Finding::TamperedTile { level, index: index.max(0) as u64 });
            }
            leaves *= TILE_WIDTH;
        }
        let end = integer(self.size)?;
        let beyond = sqlx::query(CHECKPOINTS).bind(end.saturating_add(1)).bind(i64::MAX);
        let rows = beyond.fetch_all(&mut *self.connection).await?;
        for row in &rows {
            let row = Signed::read(row)?;
            if let Err(fork) = row.root(self.log_key) {
                self.findings.push(Finding::ForkedCheckpoint(row.size, fork));
            }
        }
        Ok(())
    }

    async fn indexes(&mut self, sql: String) -> Result<Vec<u64>, StoreError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *self.connection).await?;
        let index = |row: &SqliteRow| Ok(row.try_get::<i64, _>(0)?.max(0) as u64);
        rows.iter().map(index).collect()
    }
}

/// A row of `checkpoints`, of which nothing is known yet.
struct Signed {
    size: u64,
    root: Option<Hash>,
    note: String,
}

impl Signed {
    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        let root: &[u8] = row.try_get(1)?;
        Ok(Self { size: number(row, 0)?, root: root.try_into().ok(), note: row.try_get(2)? })
    }

    /// The root that the log signed for this size.
    fn root(&self, log_key: &LogKey) -> Result<Hash, Fork> {
        let checkpoint = Checkpoint::parse(&self.note).map_err(|_| Fork::NotSigned)?;
        let body = checkpoint.verify(log_key).map_err(|_| Fork::NotSigned)?;
        match body.size() == self.size && Some(*body.root()) == self.root {
            true => Ok(*body.root()),
            false => Err(Fork::Row),
        }
    }
}

/// The size of the newest checkpoint that the log signed; 0 if it has signed none.
async fn newest(connection: &mut SqliteConnection, log_key: &LogKey) -> Result<u64, StoreError> {
    let mut below = i64::MAX;
    loop {
        let query = sqlx::query(NEWEST_CHECKPOINTS).bind(below);
        let rows = query.fetch_all(&mut *connection).await?;
        let rows = rows.iter().map(Signed::read).collect::<Result<Vec<_>, _>>()?;
        if let Some(row) = rows.iter().find(|row| row.root(log_key).is_ok()) {
            return Ok(row.size);
        }
        match rows.last() {
            Some(last) => below = integer(last.size)?,
            None => return Ok(0),
        }
    }
}
