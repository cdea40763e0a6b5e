//! Every way to falsify the file of a registry, each found and named.

use crate::world::{self, START, log_key, time, wait_for};
use sigil::registry::log::{Hash, leaf_hash, sign_checkpoint};
use sigil::registry::object::{Kind, Leaf};
use sigil::store::audit::{Fork, RowProblem, Tampering};
use sigil::store::{Access, AuditReport, Finding, Object, ReadError, Store, StoreError, wait};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;

/// Entries of the registry that is falsified: two complete tiles and an edge.
const COUNT: u64 = 600;

/// A registry that is sound, in one file.
static SOUND: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("sound.db");
    let store = world::create(&path);
    world::random(&store, COUNT as usize - 2, 1);
    // Two batches of one: the last entries are under checkpoints of their own.
    for level in [1, 2] {
        let made = world::attestation(&world::schema(0), 1, Some(1), 1_000_000 + level);
        world::append(&store, vec![Object::Attestation(world::sign(made, 1))], START + 90_000);
    }
    drop(store);
    wait_for(async {
        let mut raw = raw(&path).await;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut raw).await.unwrap();
        raw.close().await.unwrap();
    });
    (folder, path)
});

pub(crate) async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).foreign_keys(false).connect().await.unwrap()
}

pub(crate) async fn run(raw: &mut SqliteConnection, sql: &str) {
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(raw).await.unwrap();
}

/// A copy without guards, and a connection to it.
struct Copy {
    folder: TempDir,
    path: PathBuf,
    raw: SqliteConnection,
}

impl Copy {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("copy.db");
        fs::copy(&SOUND.1, &path).unwrap();
        let mut raw = raw(&path).await;
        let triggers = sqlx::query("SELECT name FROM sqlite_master WHERE type = 'trigger'");
        for row in triggers.fetch_all(&mut raw).await.unwrap() {
            run(&mut raw, &format!("DROP TRIGGER {}", row.get::<String, _>(0))).await;
        }
        Self { folder, path, raw }
    }

    async fn run(&mut self, sql: &str) {
        run(&mut self.raw, sql).await;
    }

    async fn leaf(&mut self, index: u64) -> (Kind, [u8; 32], u64, Vec<u8>) {
        let sql = "SELECT kind, id, recorded_at, octets FROM entries WHERE idx = $1";
        let row = sqlx::query(sql).bind(index as i64).fetch_one(&mut self.raw).await.unwrap();
        let kind = Kind::from_code(row.get::<i64, _>(0) as u8).unwrap();
        let id = row.get::<Vec<u8>, _>(1).try_into().unwrap();
        (kind, id, row.get::<i64, _>(2) as u64, row.get(3))
    }

    /// Puts another sound attestation in the place of an entry, with all that is beside it.
    async fn replace(&mut self, index: u64) {
        let (_, _, recorded_at, _) = self.leaf(index).await;
        let made = world::attestation(&world::schema(0), 1, None, 77_000_000 + index);
        let made = world::sign(made, 1);
        let (id, octets) = (made.id().to_bytes(), made.to_bytes());
        let leaf = Leaf::new(Kind::Attestation, time(recorded_at), id, &octets);
        let sql =
            "UPDATE entries SET kind = 6, id = $2, octets = $3, leaf_hash = $4 WHERE idx = $1";
        let query = sqlx::query(sql).bind(index as i64).bind(id.to_vec()).bind(octets);
        let query = query.bind(leaf_hash(&leaf.to_bytes()).to_vec());
        query.execute(&mut self.raw).await.unwrap();
    }

    /// Exchanges two rows, with all that is beside them.
    async fn exchange(&mut self, a: u64, b: u64) {
        for (from, to) in [(a, 1_000_000), (b, a), (1_000_000, b)] {
            self.run(&format!("UPDATE entries SET idx = {to} WHERE idx = {from}")).await;
        }
    }

    async fn checkpoint(&mut self, size: u64, root: Hash, seed: u8) {
        let origin = world::ORIGIN.parse().unwrap();
        let note = sign_checkpoint(&origin, size, &root, &world::key(seed)).unwrap();
        let sql = "UPDATE checkpoints SET root = $2, note = $3 WHERE size = $1";
        let query = sqlx::query(sql).bind(size as i64).bind(root.to_vec()).bind(note.to_string());
        query.execute(&mut self.raw).await.unwrap();
    }

    async fn one(&mut self, sql: &str) -> u64 {
        let row = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_one(&mut self.raw).await;
        row.unwrap().get::<i64, _>(0) as u64
    }

    async fn audit(self) -> AuditReport {
        let (_folder, store) = self.store().await;
        store.audit(&|_, _| {}).await.unwrap()
    }

    async fn store(self) -> (TempDir, Store) {
        self.raw.close().await.unwrap();
        let store = Store::open(&self.path, Access::ReadOnly).await.unwrap();
        (self.folder, store)
    }

    /// The findings are exactly these.
    async fn finds(self, expected: &[Finding]) {
        let report = self.audit().await;
        assert_eq!(report.findings, expected);
        assert!(!report.is_sound() && !report.more);
    }

    /// The first finding is this one.
    async fn finds_first(self, expected: Finding) {
        let report = self.audit().await;
        assert_eq!(report.findings.first(), Some(&expected), "{:?}", report.findings);
    }
}

fn row(table: &'static str, index: u64, problem: RowProblem) -> Finding {
    Finding::DerivedRow { table, index, problem }
}

/// An attestation in a complete tile, one in another, one in the edge.
async fn places(copy: &mut Copy) -> [u64; 3] {
    let mut found = [0; 3];
    for (place, from) in [20, 300, 530].into_iter().enumerate() {
        let sql = format!("SELECT min(idx) FROM attestations WHERE idx >= {from}");
        found[place] = copy.one(&sql).await;
    }
    found
}

#[test]
fn a_sound_registry_is_found_sound() {
    wait_for(async {
        let copy = Copy::new().await;
        let report = copy.audit().await;
        assert!(report.is_sound(), "{:?}", report.findings);
        assert_eq!((report.entries, report.size), (COUNT, COUNT));
        assert!(report.checkpoints > 10 && report.tiles == 2 && report.rows > COUNT);
    });
}

#[test]
fn reject_tampered_content() {
    wait_for(async {
        for at in 0..3 {
            let mut copy = Copy::new().await;
            let index = places(&mut copy).await[at];
            // One octet of the signature, which is the last 64.
            copy.run(&format!(
                "UPDATE entries SET octets = \
                 CAST(substr(octets, 1, length(octets) - 1) || x'00' AS BLOB) WHERE idx = {index}"
            ))
            .await;
            copy.finds(&[Finding::TamperedEntry(index, Tampering::Content)]).await;
        }
    });
}

#[test]
fn reject_a_tampered_row_when_it_is_read() {
    wait_for(async {
        let mut copy = Copy::new().await;
        let index = places(&mut copy).await[0];
        let (kind, id, ..) = copy.leaf(index).await;
        copy.run(&format!("UPDATE entries SET recorded_at = recorded_at + 1 WHERE idx = {index}"))
            .await;
        let (_folder, store) = copy.store().await;
        let refused = |error: StoreError| {
            let text = error.to_string();
            assert!(text.starts_with(&format!("tampered-entry #{index}:")), "{text}");
            matches!(error, StoreError::Read(ReadError::Tampered { index: at, .. }) if at == index)
        };
        assert!(refused(store.entry(index).await.unwrap_err()));
        assert!(refused(store.get(kind, &id).await.unwrap_err()));
        let page = sigil::store::Page { limit: 1000, ..Default::default() };
        assert!(refused(store.list(&Default::default(), &page).await.unwrap_err()));
    });
}

#[test]
fn reject_an_identifier_of_another_content() {
    wait_for(async {
        let mut copy = Copy::new().await;
        let index = places(&mut copy).await[2];
        copy.run(&format!(
            "UPDATE entries SET id = CAST(x'00' || substr(id, 2) AS BLOB) WHERE idx = {index}"
        ))
        .await;
        let report = copy.audit().await;
        let tampered = Finding::TamperedEntry(index, Tampering::Identifier);
        assert_eq!(report.findings.first(), Some(&tampered));
    });
}

#[test]
fn reject_entries_that_were_replaced_by_sound_ones() {
    wait_for(async {
        for at in 0..2 {
            let mut copy = Copy::new().await;
            let index = places(&mut copy).await[at];
            copy.replace(index).await;
            copy.finds_first(Finding::TamperedEntry(index, Tampering::Replaced)).await;
        }
        // In the edge, it is known by the checkpoints over it: all of them.
        let mut copy = Copy::new().await;
        copy.replace(COUNT - 2).await;
        copy.finds_first(Finding::TamperedEntry(COUNT - 2, Tampering::Replaced)).await;
    });
}

#[test]
fn reject_a_changed_time_and_a_changed_leaf_hash() {
    wait_for(async {
        for at in 0..3 {
            let mut copy = Copy::new().await;
            let index = places(&mut copy).await[at];
            copy.run(&format!("UPDATE entries SET leaf_hash = zeroblob(32) WHERE idx = {index}"))
                .await;
            copy.finds(&[Finding::TamperedEntry(index, Tampering::Leaf)]).await;
            let mut copy = Copy::new().await;
            copy.run(&format!("UPDATE entries SET recorded_at = 5 WHERE idx = {index}")).await;
            copy.finds(&[Finding::TamperedEntry(index, Tampering::Replaced)]).await;
        }
    });
}

#[test]
fn reject_dropped_entries() {
    wait_for(async {
        for at in 0..3 {
            let mut copy = Copy::new().await;
            let index = places(&mut copy).await[at];
            copy.run(&format!("DELETE FROM entries WHERE idx = {index}")).await;
            copy.finds_first(Finding::MissingEntry(index)).await;
        }
        let mut copy = Copy::new().await;
        copy.run(&format!("DELETE FROM entries WHERE idx = {}", COUNT - 1)).await;
        copy.finds(&[Finding::Truncated { entries: COUNT - 1, signed: COUNT }]).await;
    });
}

#[test]
fn reject_a_dropped_entry_whose_place_was_closed() {
    wait_for(async {
        let mut copy = Copy::new().await;
        let index = places(&mut copy).await[0];
        copy.run(&format!("DELETE FROM entries WHERE idx = {index}")).await;
        copy.run(&format!("UPDATE entries SET idx = idx + 1000000 WHERE idx > {index}")).await;
        copy.run("UPDATE entries SET idx = idx - 1000001 WHERE idx >= 1000000").await;
        let report = copy.audit().await;
        let truncated = Finding::Truncated { entries: COUNT - 1, signed: COUNT };
        assert_eq!(report.findings[..2], [truncated, Finding::MissingEntry(index)]);
    });
}

#[test]
fn reject_exchanged_entries() {
    wait_for(async {
        let mut copy = Copy::new().await;
        let [tile, other, edge] = places(&mut copy).await;
        // Within a tile, between tiles, between a tile and the edge, within the edge.
        for (a, b) in [(tile, tile + 5), (tile, other), (other, edge), (edge, edge + 9)] {
            let mut copy = Copy::new().await;
            copy.exchange(a, b).await;
            let report = copy.audit().await;
            let reordered = report.findings.iter().find(|f| matches!(f, Finding::Reordered(..)));
            assert_eq!(reordered, Some(&Finding::Reordered(a, b)), "{:?}", report.findings);
            let replaced =
                |f: &&Finding| matches!(f, Finding::TamperedEntry(_, Tampering::Replaced));
            assert_eq!(report.findings.iter().find(replaced), None);
        }
    });
}

#[test]
fn reject_replaced_tiles() {
    wait_for(async {
        let tampered = Finding::TamperedTile { level: 0, index: 1 };
        for sql in [
            "UPDATE tiles SET hashes = CAST(zeroblob(32) || substr(hashes, 33) AS BLOB) \
             WHERE level = 0 AND idx = 1",
            "UPDATE tiles SET root = zeroblob(32) WHERE level = 0 AND idx = 1",
            "DELETE FROM tiles WHERE level = 0 AND idx = 1",
        ] {
            let mut copy = Copy::new().await;
            copy.run(sql).await;
            copy.finds(std::slice::from_ref(&tampered)).await;
        }
        let mut copy = Copy::new().await;
        copy.run("INSERT INTO tiles SELECT 0, 2, root, hashes FROM tiles WHERE idx = 1").await;
        copy.finds(&[Finding::TamperedTile { level: 0, index: 2 }]).await;
    });
}

#[test]
fn reject_forked_checkpoints() {
    wait_for(async {
        let own = 200;
        assert_eq!(world::key(own).authority(), log_key().authority());
        let mut copy = Copy::new().await;
        let middle = copy.one("SELECT max(size) FROM checkpoints WHERE size < 400").await;
        for (size, seed, fork) in [
            (middle, own, Fork::Root),
            (COUNT, own, Fork::Root),
            (middle, 3, Fork::NotSigned),
            (COUNT, 3, Fork::NotSigned),
        ] {
            let mut copy = Copy::new().await;
            copy.checkpoint(size, [7; 32], seed).await;
            copy.finds_first(Finding::ForkedCheckpoint(size, fork)).await;
        }
        let mut copy = Copy::new().await;
        copy.run(&format!("UPDATE checkpoints SET root = zeroblob(32) WHERE size = {middle}"))
            .await;
        copy.finds(&[Finding::ForkedCheckpoint(middle, Fork::Row)]).await;
    });
}

#[test]
fn reject_entries_that_no_checkpoint_covers() {
    wait_for(async {
        let mut copy = Copy::new().await;
        copy.run(&format!(
            "INSERT INTO entries SELECT {COUNT}, 8, zeroblob(32), recorded_at, octets, leaf_hash \
             FROM entries WHERE idx = 5"
        ))
        .await;
        copy.finds(&[Finding::UnsignedEntry(COUNT)]).await;
    });
}

#[test]
fn reject_changed_rows_for_search() {
    wait_for(async {
        use RowProblem::{Differs, Missing, Orphan};
        let mut copy = Copy::new().await;
        let index = places(&mut copy).await[1];
        let link = copy.one("SELECT min(source) FROM links").await;
        let event = copy.one("SELECT min(idx) FROM events").await;
        let unlinked = copy
            .one("SELECT min(idx) FROM attestations WHERE idx NOT IN (SELECT source FROM links)")
            .await;
        for (sql, expected) in [
            (
                format!("UPDATE attestations SET valid_until = NULL WHERE idx = {index}"),
                row("attestations", index, Differs),
            ),
            (
                format!(
                    "UPDATE attestations SET issuer_no = issuer_no % 5 + 1 WHERE idx = {index}"
                ),
                row("attestations", index, Differs),
            ),
            (
                format!("DELETE FROM attestations WHERE idx = {index}"),
                row("attestations", index, Missing),
            ),
            (format!("DELETE FROM links WHERE source = {link}"), row("links", link, Missing)),
            (
                format!("INSERT INTO links VALUES (3, 0, {unlinked})"),
                row("links", unlinked, Orphan),
            ),
            (format!("DELETE FROM events WHERE idx = {event}"), row("events", event, Missing)),
            (
                format!("UPDATE events SET effective = effective + 1 WHERE idx = {event}"),
                row("events", event, Differs),
            ),
            (format!("INSERT INTO events VALUES ({COUNT}, 5, 0, 0)"), row("events", COUNT, Orphan)),
            ("DELETE FROM schemas WHERE idx = 1".to_owned(), row("schemas", 1, Missing)),
        ] {
            let mut copy = Copy::new().await;
            copy.run(&sql).await;
            let report = copy.audit().await;
            assert!(report.findings.contains(&expected), "{sql}: {:?}", report.findings);
            assert!(
                report.findings.iter().all(|finding| finding.word() == "derived-row"),
                "{sql}: {:?}",
                report.findings
            );
        }
    });
}

#[test]
fn proofs_lead_to_the_roots_that_were_signed() {
    let store = wait(Store::open(&SOUND.1, Access::ReadOnly)).unwrap();
    let checkpoint = wait(store.checkpoint()).unwrap();
    let (size, root) = (checkpoint.body().size(), *checkpoint.body().root());
    for index in [0, 255, 256, 511, 512, COUNT - 1] {
        let entry = wait(store.entry(index)).unwrap().unwrap();
        let octets = entry.entry.octets();
        let leaf = Leaf::new(entry.entry.kind(), entry.recorded_at, entry.entry.id(), &octets);
        let proof = wait(store.prove_inclusion(index, size)).unwrap();
        proof.check(&root, &leaf_hash(&leaf.to_bytes())).unwrap();
        proof.check(&root, &[0; 32]).unwrap_err();
    }
    for old in [1, 255, 256, 300, 599] {
        let before = wait(store.root_at(old)).unwrap();
        wait(store.prove_consistency(old, size)).unwrap().check(&before, &root).unwrap();
    }
    let stats = wait(store.stats()).unwrap();
    let entries: u64 = stats.entries.iter().map(|(_, count)| count).sum();
    assert_eq!((entries, stats.checkpoint), (COUNT, checkpoint));
    let attestations = stats.entries.iter().find(|(kind, _)| *kind == Kind::Attestation).unwrap().1;
    assert_eq!(stats.schemas.iter().map(|(_, count)| count).sum::<u64>(), attestations);
    assert_eq!(stats.issuers.iter().map(|(_, count)| count).sum::<u64>(), attestations);
    assert_eq!(stats.schemas.len(), 3);
}
