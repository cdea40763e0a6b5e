//! Whatever is not a registry of this program is refused by name.

use super::*;
use std::fs;

fn open(path: &Path, access: Access) -> StoreError {
    wait(Store::open(path, access)).unwrap_err()
}

/// Runs SQL on the file as somebody without this program would.
fn tamper(world: &World, sql: &'static str) -> Result<(), sqlx::Error> {
    use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
    let options = SqliteConnectOptions::new().filename(world.store.path());
    wait(async {
        let mut connection = options.pragma("recursive_triggers", "ON").connect().await?;
        sqlx::raw_sql(sql).execute(&mut connection).await?;
        connection.close().await
    })
}

#[test]
fn a_store_is_what_it_was_when_it_is_opened_again() {
    let world = World::new();
    let read = wait(Store::open(world.store.path(), Access::ReadOnly)).unwrap();
    assert_eq!((read.origin(), read.created_at()), (ORIGIN, at(NOW)));
    assert_eq!(*read.log_key().authority(), key(99).authority());
    assert_eq!(wait(read.checkpoint()).unwrap().body().size(), 1);
    let refused = wait(read.append(vec![attestation(1)], at(NOW)));
    assert!(matches!(refused, Err(StoreError::ReadOnly)));
}

#[test]
fn reject_creating_over_a_file() {
    let world = World::new();
    let path = world.store.path();
    let create = || wait(Store::create(path, ORIGIN, &key(99), at(NOW)));
    assert!(matches!(create(), Err(StoreError::Exists(_))));
    world.check_log();
    let other = world.folder.path().join("other");
    fs::write(&other, b"precious").unwrap();
    let refused = wait(Store::create(&other, ORIGIN, &key(99), at(NOW)));
    assert!(matches!(refused, Err(StoreError::Exists(_))));
    assert_eq!(fs::read(&other).unwrap(), b"precious");
    // Nothing is left of what was refused for its name.
    let none = world.folder.path().join("none");
    for origin in ["", "has space", "a+b", "a//b", &"a".repeat(129)] {
        assert!(wait(Store::create(&none, origin, &key(99), at(NOW))).is_err(), "{origin}");
    }
    let mut left: Vec<_> = fs::read_dir(world.folder.path()).unwrap().collect();
    left.retain(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        !name.to_str().unwrap().starts_with("registry.db") && name != "other"
    });
    assert!(left.is_empty(), "{left:?}");
}

#[test]
#[cfg(unix)]
fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    for entry in fs::read_dir(world.folder.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn reject_files_that_are_no_registry() {
    let world = World::new();
    let path = world.folder.path().join("other");
    assert!(matches!(open(&path, Access::ReadOnly), StoreError::Missing(_)));
    fs::write(&path, "a text that is long enough to have a header\n".repeat(9)).unwrap();
    for access in [Access::ReadOnly, Access::Append(key(99))] {
        assert!(matches!(open(&path, access), StoreError::NotARegistry(_)));
    }
    fs::write(&path, b"").unwrap();
    assert!(matches!(open(&path, Access::Append(key(99))), StoreError::NotARegistry(_)));
    let error = open(world.store.path(), Access::Append(key(98)));
    assert!(matches!(error, StoreError::OtherKey(_)));
}

#[test]
fn reject_a_registry_of_a_newer_program() {
    let world = World::new();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
                 execution_time) VALUES (900, 'later', TRUE, x'00', 1)";
    tamper(&world, newer).unwrap();
    for access in [Access::ReadOnly, Access::Append(key(99))] {
        let error = open(world.store.path(), access);
        assert!(matches!(error, StoreError::Newer { version: 900, .. }), "{error}");
    }
}

#[test]
fn reject_old_versions_of_sqlite() {
    for (version, recent) in [
        ("3.51.3", true),
        ("3.51.10", true),
        ("3.52.0", true),
        ("4.0.0", true),
        ("3.51.2", false),
        ("3.9.99", false),
        ("2.99.99", false),
        ("", false),
    ] {
        assert_eq!(connection::is_recent(version), recent, "{version}");
    }
}

#[test]
fn reject_an_edge_that_is_not_the_checkpoints() {
    let world = World::new();
    world.append((0..3).map(attestation).collect()).unwrap();
    tamper(&world, "DROP TRIGGER entries_are_not_changed").unwrap();
    tamper(&world, "UPDATE entries SET leaf_hash = id WHERE idx = 2").unwrap();
    let error = wait(world.again().append(vec![attestation(9)], at(NOW))).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[test]
fn forge_rows_against_the_triggers() {
    let world = World::new();
    world.append((0..300).map(attestation).collect()).unwrap();
    let target = Target::Attestation(attestation_id(&attestation(1)));
    world.append(vec![revocation(target, 1), binding(1, 5), granted(grant(), 1).1]).unwrap();
    for sql in [
        "UPDATE entries SET octets = x'00' WHERE idx = 1",
        "DELETE FROM entries WHERE idx = 303",
        "REPLACE INTO entries SELECT * FROM entries WHERE idx = 3",
        "UPDATE tiles SET root = hashes",
        "DELETE FROM tiles",
        "UPDATE checkpoints SET note = ''",
        "DELETE FROM checkpoints WHERE size = 1",
        "UPDATE registry SET value = 'x'",
        "DELETE FROM registry",
        "UPDATE attestations SET valid_until = NULL",
        "DELETE FROM attestations",
        "UPDATE events SET effective = 0",
        "DELETE FROM events",
        "DELETE FROM bindings",
        "DELETE FROM grants",
        "UPDATE keys SET key = zeroblob(32)",
        "DELETE FROM subjects",
        "INSERT INTO entries SELECT 900, kind, zeroblob(32), recorded_at, octets, leaf_hash \
         FROM entries WHERE idx = 1",
        "INSERT INTO entries SELECT 304, kind, zeroblob(32), 5, octets, leaf_hash \
         FROM entries WHERE idx = 1",
    ] {
        let error = tamper(&world, sql).expect_err(sql).to_string();
        assert!(error.contains("append-only"), "{sql}: {error}");
    }
    world.check_log();
    // Every table has both guards.
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' \
               ESCAPE '\\' AND name NOT LIKE 'sqlite%'";
    let mut reader = wait(world.store.reader()).unwrap();
    let tables: Vec<String> = wait(sqlx::query_scalar(sql).fetch_all(&mut *reader)).unwrap();
    assert_eq!(tables.len(), 18);
    for table in tables {
        let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name LIKE $1";
        let guards = sqlx::query_scalar(sql).bind(format!("{table}_are_not_%"));
        let guards: i64 = wait(guards.fetch_one(&mut *reader)).unwrap();
        assert_eq!(guards, 2, "{table}");
    }
}
