//! Creating and opening stores.
//!
//! A store is created under another name and linked to its own when it is complete, so a file of that
//! name is whole, and one that was there before is never touched.

use super::connection::{APPLICATION_ID, Mode, Readers, connect};
use super::{Access, Store, StoreError, insert};
use crate::authority::AuthorityKey;
use crate::registry::log::{EMPTY_ROOT, KeyName, LogKey, sign_checkpoint};
use crate::registry::statement::MAX_ORIGIN;
use crate::value::Timestamp;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, SqlSafeStr};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The tables, in the SQL that all databases have.
pub(super) const REGISTRY_SQL: &str = include_str!("migrations/0001_registry.sql");
/// What only SQLite has.
const GUARDS_SQL: &str = include_str!("migrations/0002_sqlite_guards.sql");
/// The version of what the tables mean.
const FORMAT: &str = "sigil-registry/1";

/// What the registry is, row by row.
pub(super) const IDENTITY: &str = "SELECT value FROM registry WHERE name = $1";
/// Which migrations were made.
const MIGRATIONS: &str = "SELECT version FROM _sqlx_migrations ORDER BY version";

fn migrator() -> Migrator {
    let migration = |version, name: &'static str, sql: &'static str| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(vec![
        migration(1, "registry", REGISTRY_SQL),
        migration(2, "sqlite guards", GUARDS_SQL),
    ])
}

impl Store {
    /// Creates a registry in a new file and opens it for writing. `origin` is its name, a URL without
    /// its scheme; `log_key` signs its checkpoints.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if there is a file of that name; whatever fails, there is none after.
    pub async fn create(
        path: &Path,
        origin: &str,
        log_key: &AuthorityKey,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let name: KeyName = origin.parse()?;
        if origin.len() > MAX_ORIGIN {
            return Err(StoreError::LongOrigin);
        }
        let path = absolute(path)?;
        if path.symlink_metadata().is_ok() {
            return Err(StoreError::Exists(path));
        }
        let draft = Draft::new(&path)?;
        fill(&draft.path, &name, log_key, now).await.map_err(|error| error.at(&path))?;
        draft.publish(&path)?;
        Self::open(&path, Access::Append(log_key.clone())).await
    }

    /// Opens a registry.
    ///
    /// # Errors
    /// Whatever is not as it should be, by name: no file, a file of something else, of a newer
    /// program, of another log; an SQLite that is too old.
    pub async fn open(path: &Path, access: Access) -> Result<Self, StoreError> {
        let path = absolute(path)?;
        if !path.exists() {
            return Err(StoreError::Missing(path));
        }
        let (mode, key) = match access {
            Access::ReadOnly => (Mode::Read, None),
            Access::Append(key) => (Mode::Write, Some(key)),
        };
        let mut connection = connect(&path, mode).await?;
        let opened = check(&mut connection, &path, mode).await;
        let (log_key, created_at) = opened.map_err(|error| error.at(&path))?;
        if key.as_ref().is_some_and(|key| key.authority() != *log_key.authority()) {
            return Err(StoreError::OtherKey(log_key.authority().to_string()));
        }
        connection.close().await.map_err(|error| StoreError::from(error).at(&path))?;
        let readers = Readers::new(&path);
        let (remembered, writer) = Default::default();
        Ok(Self { path, log_key, created_at, key, readers, remembered, writer })
    }
}

/// Everything that a registry without entries has.
async fn fill(
    path: &Path,
    origin: &KeyName,
    key: &AuthorityKey,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut connection = connect(path, Mode::Create).await?;
    migrate(&mut connection, path).await?;
    let log_key = LogKey::new(origin.clone(), key.authority());
    let checkpoint = sign_checkpoint(origin, 0, &EMPTY_ROOT, key)?;
    let mut transaction = connection.begin().await?;
    let identity = [
        ("format", FORMAT.to_owned()),
        ("origin", origin.to_string()),
        ("log_key", log_key.to_string()),
        ("created_at", now.unix().to_string()),
    ];
    for (name, value) in identity {
        let query = sqlx::query("INSERT INTO registry (name, value) VALUES ($1, $2)");
        query.bind(name).bind(value).execute(&mut *transaction).await?;
    }
    insert::checkpoint(&mut transaction, &checkpoint, now).await?;
    transaction.commit().await?;
    // The last connection that closes moves everything out of the write-ahead log, and removes it.
    connection.close().await?;
    Ok(())
}

async fn migrate(connection: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    let path = path.to_owned();
    migrator().run_direct(None, connection, false).await.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            StoreError::from(error).at(&path)
        }
        MigrateError::VersionMissing(version) | MigrateError::VersionTooNew(version, _) => {
            StoreError::Newer { path, version }
        }
        MigrateError::VersionMismatch(version) | MigrateError::Dirty(version) => {
            StoreError::Migration { path, version }
        }
        _ => StoreError::Migration { path, version: 0 },
    })
}

/// Whether the file is a registry of this program's version, and which.
async fn check(
    connection: &mut SqliteConnection,
    path: &Path,
    mode: Mode,
) -> Result<(LogKey, Timestamp), StoreError> {
    let application: i64 =
        sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await?;
    if application != APPLICATION_ID {
        return Err(StoreError::NotARegistry(path.to_owned()));
    }
    check_version(connection, path, mode).await?;
    let format = identity(connection, "format").await?;
    let vkey = identity(connection, "log_key").await?;
    let created_at = identity(connection, "created_at").await?;
    let created_at = created_at.parse().ok().and_then(Timestamp::from_unix);
    match (format == FORMAT, vkey.parse(), created_at) {
        (true, Ok(log_key), Some(created_at)) => Ok((log_key, created_at)),
        _ => Err(StoreError::Contradiction("it does not say which registry it is")),
    }
}

async fn check_version(
    connection: &mut SqliteConnection,
    path: &Path,
    mode: Mode,
) -> Result<(), StoreError> {
    let made: Vec<i64> = sqlx::query_scalar(MIGRATIONS).fetch_all(&mut *connection).await?;
    let migrator = migrator();
    if let Some(version) = made.iter().copied().find(|made| !migrator.version_exists(*made)) {
        return Err(StoreError::Newer { path: path.to_owned(), version });
    }
    if made.len() == migrator.iter().count() {
        return Ok(());
    }
    match mode {
        Mode::Read => Err(StoreError::Older(path.to_owned())),
        Mode::Write | Mode::Create => migrate(connection, path).await,
    }
}

async fn identity(connection: &mut SqliteConnection, name: &str) -> Result<String, StoreError> {
    let value = sqlx::query_scalar(IDENTITY).bind(name.to_owned());
    let value = value.fetch_optional(connection).await?;
    value.ok_or(StoreError::Contradiction("it does not say which registry it is"))
}

fn absolute(path: &Path) -> Result<PathBuf, StoreError> {
    // SQLite takes names that begin with `file:` for something else; absolute ones never do.
    let absolute = std::path::absolute(path).map_err(|error| io_error(path, &error))?;
    match absolute.to_str() {
        Some(_) => Ok(absolute),
        None => Err(StoreError::Name(absolute)),
    }
}

fn io_error(path: &Path, error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            StoreError::Full(path.to_owned())
        }
        io::ErrorKind::AlreadyExists => StoreError::Exists(path.to_owned()),
        _ => StoreError::Io { path: path.to_owned(), problem: error.to_string() },
    }
}

/// A registry that is being created, beside where it will be. Removed when it is let go of.
struct Draft {
    path: PathBuf,
}

impl Draft {
    fn new(path: &Path) -> Result<Self, StoreError> {
        static DRAFTS: AtomicU64 = AtomicU64::new(0);
        let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}-{number}.new", std::process::id()));
        let draft = Self { path: path.with_file_name(name) };
        // One that a killed process of the same number left behind is nobody's.
        drop(fs::remove_file(&draft.path));
        draft.options().open(&draft.path).map_err(|error| io_error(path, &error))?;
        Ok(draft)
    }

    fn options(&self) -> OpenOptions {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            // SQLite gives the files that it puts beside it the same mode.
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        options
    }

    /// Gives it its name. Linking fails where renaming would replace a file.
    fn publish(self, path: &Path) -> Result<(), StoreError> {
        let linked = fs::hard_link(&self.path, path);
        linked.map_err(|error| io_error(path, &error))?;
        drop(self);
        let folder = path.parent().unwrap_or(Path::new("/"));
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| io_error(path, &error))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm", "-journal"] {
            let mut name = self.path.clone().into_os_string();
            name.push(end);
            drop(fs::remove_file(name));
        }
    }
}
