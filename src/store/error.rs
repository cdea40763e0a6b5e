//! What can go wrong with a store, where, and what to do about it.

use super::append::{MAX_BATCH, MAX_BATCH_LEN};
use super::read::ReadError;
use super::refusal::Refused;
use crate::registry::log::{CheckpointError, KeyError};
use crate::value::Timestamp;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a store did not do what it was asked to. Of a write that failed nothing was kept, unless it says
/// otherwise.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The clock is behind what was recorded.
    #[error("the clock says {now}, and an entry was recorded at {last}: set the clock right")]
    ClockBehind {
        /// When the last entry was recorded.
        last: Timestamp,
        /// What the clock says.
        now: Timestamp,
    },
    /// There is a file already.
    #[error("{0} exists already: name another file, or open this one")]
    Exists(PathBuf),
    /// There is no file.
    #[error("{0} does not exist: create a registry there, or name the file of one")]
    Missing(PathBuf),
    /// The file is something else.
    #[error("{0} is not the file of a registry")]
    NotARegistry(PathBuf),
    /// The name of the file can't be handed to SQLite.
    #[error("{0:?} is not a name that the store can use: name a file in UTF-8")]
    Name(PathBuf),
    /// SQLite is too old.
    #[error("SQLite {found} is too old: link 3.51.3 or later")]
    SqliteVersion {
        /// The version that was found.
        found: String,
    },
    /// A newer program made the tables.
    #[error("{path} was made by a newer program (migration {version}): use that one")]
    Newer {
        /// The file.
        path: PathBuf,
        /// The number of the first migration that is not known here.
        version: i64,
    },
    /// An older program made the tables, and they may not be changed now.
    #[error("{0} was made by an older program: open it once for writing")]
    Older(PathBuf),
    /// The tables are not those that a program made.
    #[error("{path}: migration {version} is not what it should be; take a copy that is intact")]
    Migration {
        /// The file.
        path: PathBuf,
        /// The number of the migration.
        version: i64,
    },
    /// The store was opened to be read.
    #[error("the registry was opened for reading only: open it with the key of its log")]
    ReadOnly,
    /// The key is not that of the log.
    #[error("the key is not that of the registry's log: take the one of {0}")]
    OtherKey(String),
    /// The registry's name is no name.
    #[error("the registry's name: {0}")]
    Origin(#[from] KeyError),
    /// The registry's name is longer than statements can say.
    #[error("the registry's name has more than {} octets", crate::registry::statement::MAX_ORIGIN)]
    LongOrigin,
    /// More objects than are written at once.
    #[error("{0} objects at once: hand in at most {MAX_BATCH}")]
    Batch(usize),
    /// More octets than are written at once.
    #[error("{0} octets at once: hand in at most {MAX_BATCH_LEN}")]
    BatchLength(usize),
    /// An object is not taken.
    #[error(transparent)]
    Refused(#[from] Box<Refused>),
    /// The disk is full.
    #[error("{0}: the disk is full; nothing was written: make room and hand it in again")]
    Full(PathBuf),
    /// The disk can't be read or written.
    #[error(
        "{path}: {problem}; check the disk, then hand it in again: what is there is not written twice"
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        problem: String,
    },
    /// Others have been writing for too long.
    #[error("{0}: other programs are writing to it; try again")]
    Busy(PathBuf),
    /// What is in the file contradicts itself.
    #[error("{path} is damaged ({problem}): run the audit, and go on with a copy that is intact")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        problem: String,
    },
    /// A checkpoint is not as the log signs them.
    #[error("a checkpoint of the registry: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The database refused something else.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// Something can't be read, or is not what was written.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What was found contradicts itself; where, is still to be said.
    #[error("damaged: {0}")]
    Contradiction(&'static str),
}

impl StoreError {
    /// The same error, saying where.
    #[must_use]
    pub(crate) fn at(self, path: &Path) -> Self {
        let path = path.to_owned();
        match self {
            Self::Database(error) => of_database(path, error),
            Self::Contradiction(problem) => Self::Damaged { path, problem: problem.to_owned() },
            other => other,
        }
    }
}

/// Primary result codes of SQLite: <https://sqlite.org/rescode.html>.
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READ_ONLY: i32 = 8;
const IO: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANNOT_OPEN: i32 = 14;
const NOT_A_DATABASE: i32 = 26;

fn of_database(path: PathBuf, error: sqlx::Error) -> StoreError {
    let (code, problem) = match &error {
        sqlx::Error::Database(database) => {
            let code = database.code().and_then(|code| code.parse::<i32>().ok());
            (code.map(|code| code & 0xff), database.to_string())
        }
        sqlx::Error::Io(io) => (Some(IO), io.to_string()),
        // The thread of a connection ends when SQLite can't go back to a sound state.
        sqlx::Error::WorkerCrashed => (Some(IO), error.to_string()),
        _ => (None, String::new()),
    };
    match code {
        Some(BUSY | LOCKED) => StoreError::Busy(path),
        Some(FULL) => StoreError::Full(path),
        Some(IO | READ_ONLY | CANNOT_OPEN) => StoreError::Io { path, problem },
        Some(CORRUPT) => StoreError::Damaged { path, problem },
        Some(NOT_A_DATABASE) => StoreError::NotARegistry(path),
        _ => StoreError::Database(error),
    }
}
