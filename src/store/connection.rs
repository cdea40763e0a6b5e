//! Connections: their settings, and the few that read.
//!
//! `journal_mode=WAL` lets readers go on while one writes; `synchronous=FULL` makes a commit wait for
//! the disk; `trusted_schema=OFF` and `cell_size_check=ON` distrust a file that came from elsewhere;
//! `recursive_triggers=ON` makes the append-only triggers see what `REPLACE` would remove.

use super::StoreError;
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard, Semaphore, SemaphorePermit};

/// `SIGR`: what the file says that it is.
pub(super) const APPLICATION_ID: i64 = 0x5349_4752;
/// The first version in which two connections can't reset the write-ahead log at once.
const SQLITE_VERSION: [u32; 3] = [3, 51, 3];
/// How long a connection waits while others write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections that read at the same time.
const READERS: usize = 4;

/// For what a connection is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Read,
    Write,
    Create,
}

/// A connection with the store's settings, to an SQLite that is new enough.
pub(super) async fn connect(path: &Path, mode: Mode) -> Result<SqliteConnection, StoreError> {
    let connection = options(path, mode).connect().await;
    let mut connection = connection.map_err(|error| StoreError::from(error).at(path))?;
    let found: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(&mut connection)
        .await
        .map_err(|error| StoreError::from(error).at(path))?;
    match is_recent(&found) {
        true => Ok(connection),
        false => Err(StoreError::SqliteVersion { found }),
    }
}

fn options(path: &Path, mode: Mode) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(mode == Mode::Read)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .pragma("recursive_triggers", "ON")
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging();
    match mode {
        Mode::Read => options.pragma("query_only", "ON").pragma("cache_size", "-16384"),
        Mode::Write => {
            options.pragma("cache_size", "-65536").pragma("journal_size_limit", "67108864")
        }
        Mode::Create => options
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("application_id", APPLICATION_ID.to_string()),
    }
}

pub(super) fn is_recent(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version = [(); 3].map(|()| parts.next().unwrap_or(0));
    version >= SQLITE_VERSION
}

/// The connections that read. They are opened as they are needed, and kept.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    slots: [Mutex<Option<SqliteConnection>>; READERS],
    permits: Semaphore,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        let slots = [(); READERS].map(|()| Mutex::default());
        Self { path: path.to_owned(), slots, permits: Semaphore::new(READERS) }
    }

    /// One that nobody else has.
    pub(super) async fn acquire(&self) -> Result<Reader<'_>, StoreError> {
        let closed = || StoreError::Database(sqlx::Error::PoolClosed);
        let permit = self.permits.acquire().await.map_err(|_| closed())?;
        // As many permits as slots: whoever has one finds a slot.
        let free = self.slots.iter().find_map(|slot| slot.try_lock().ok());
        let mut slot = free.ok_or_else(closed)?;
        if slot.is_none() {
            *slot = Some(connect(&self.path, Mode::Read).await?);
        }
        let connection = MutexGuard::try_map(slot, Option::as_mut).map_err(|_| closed())?;
        Ok(Reader { connection, _permit: permit })
    }
}

/// A connection that reads.
pub(crate) struct Reader<'a> {
    // Let go of before the permit.
    connection: MappedMutexGuard<'a, SqliteConnection>,
    _permit: SemaphorePermit<'a>,
}

impl Deref for Reader<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}
