//! What becomes of a registry when the processes that write to it are killed, when the disk fails, and
//! when one nonce is spent many times at once.
//!
//! Writers are this very program, started again with a variable in its environment: see [`writer`].

#![cfg(all(feature = "store", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should panic")]

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use sigil::authority::AuthorityKey;
use sigil::registry::attestation::Attestation;
use sigil::registry::log::{Appender, leaf_hash};
use sigil::registry::object::{Kind, Leaf};
use sigil::registry::payload::Payload;
use sigil::registry::statement::Signed;
use sigil::request::Nonce;
use sigil::schema::Schema;
use sigil::store::{Access, Appended, Object, SpendError, Store, wait};
use sigil::value::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Row};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

const NOW: u64 = 1_800_000_000;
/// Objects of a batch.
const BATCH: u64 = 3;
/// Where the writer finds its registry; without it, it has nothing to do.
const REGISTRY: &str = "SIGIL_TEST_REGISTRY";
/// Where it notes what was acknowledged.
const NOTES: &str = "SIGIL_TEST_NOTES";
/// What its batches are called, so that no two writers write the same.
const NAME: &str = "SIGIL_TEST_NAME";
/// How many batches it writes.
const BATCHES: &str = "SIGIL_TEST_BATCHES";

fn key() -> AuthorityKey {
    AuthorityKey::from_bytes(&[99; 32])
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix(seconds).unwrap()
}

fn schema() -> Schema {
    let text = br#"{ "format": "sigil-schema/1", "name": "example.org/person",
        "version": "1.0.0", "fields": [{ "name": "birth_date", "type": "date" }] }"#;
    Schema::parse(text).unwrap()
}

fn attestation(subject: &str, key: &AuthorityKey, schema: &Schema) -> Object {
    let attestation = Attestation {
        schema: schema.id(),
        issuer: key.authority(),
        subject: Some(format!("did:example:{subject}").parse().unwrap()),
        issued_at: at(NOW),
        valid_from: at(NOW),
        valid_until: None,
        revocable: true,
        handle: None,
        links: vec![],
        payload: Payload::Inline(br#"{"birth_date":"1990-04-17"}"#.to_vec()),
        anchor: None,
        source: None,
        delegated: None,
    };
    Object::Attestation(Signed::sign(attestation, key).unwrap())
}

fn batch(name: &str, number: u64) -> Vec<Object> {
    let (key, schema) = (AuthorityKey::from_bytes(&[1; 32]), schema());
    (0..BATCH).map(|n| attestation(&format!("{name}-{number}-{n}"), &key, &schema)).collect()
}

fn create(folder: &Path) -> PathBuf {
    let path = folder.join("registry.db");
    let store = wait(Store::create(&path, "example.org/registry", &key(), at(NOW))).unwrap();
    wait(store.append(vec![Object::Schema(schema())], at(NOW))).unwrap();
    path
}

fn note(notes: &mut File, appended: &Appended) {
    let mut lines = String::new();
    for receipt in &appended.receipts {
        lines += &format!("ack {} {}\n", receipt.index, hex::encode(receipt.id));
    }
    lines += &format!("end {}\n", appended.checkpoint.body().size());
    // In one call: a writer that is killed has noted all of a batch or nothing.
    notes.write_all(lines.as_bytes()).unwrap();
}

/// A process that writes batches, and notes each after it was acknowledged; what fails is noted and
/// tried once more. As a test by itself it does nothing.
#[test]
fn writer() {
    let Ok(path) = std::env::var(REGISTRY) else { return };
    let var = |name| std::env::var(name).unwrap();
    let mut notes = OpenOptions::new().append(true).create(true).open(var(NOTES)).unwrap();
    let failed = |error: &dyn std::fmt::Display| {
        notes_line(&var(NOTES), &format!("err {error}\n"));
    };
    let open = || wait(Store::open(Path::new(&path), Access::Append(key())));
    let store = open().map_err(|error| failed(&error)).or_else(|()| open());
    let Ok(store) = store.map_err(|error| failed(&error)) else { return };
    for number in 0..var(BATCHES).parse().unwrap() {
        let append = || wait(store.append(batch(&var(NAME), number), at(NOW)));
        let appended = append().map_err(|error| failed(&error)).or_else(|()| append());
        match appended {
            Ok(appended) => note(&mut notes, &appended),
            Err(error) => return failed(&error),
        }
    }
}

fn notes_line(path: &str, line: &str) {
    let mut notes = OpenOptions::new().append(true).open(path).unwrap();
    notes.write_all(line.as_bytes()).unwrap();
}

fn start(path: &Path, notes: &Path, name: &str, batches: u64, shim: &[(&str, &str)]) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["writer", "--exact", "--test-threads=1", "--quiet"]);
    command.env(REGISTRY, path).env(NOTES, notes).env(NAME, name);
    command.env(BATCHES, batches.to_string()).envs(shim.iter().copied());
    command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap()
}

/// What is known of a registry from outside, and must never be taken back.
#[derive(Default)]
struct Known {
    tree: Appender,
    leaves: Vec<[u8; 32]>,
    /// Roots of checkpoints by size.
    roots: BTreeMap<i64, Vec<u8>>,
    acknowledged: BTreeMap<[u8; 32], u64>,
}

impl Known {
    /// Reads what was acknowledged; the errors come back.
    fn read_notes(&mut self, path: &Path) -> Vec<String> {
        let mut errors = Vec::new();
        for line in fs::read_to_string(path).unwrap_or_default().lines() {
            match line.split_once(' ').unwrap() {
                ("ack", rest) => {
                    let (index, id) = rest.split_once(' ').unwrap();
                    let id = hex::decode(id).unwrap().try_into().unwrap();
                    self.acknowledged.insert(id, index.parse().unwrap());
                }
                ("err", error) => errors.push(error.to_owned()),
                _ => {}
            }
        }
        errors
    }

    /// Checks the file: `from` is the first entry whose octets are hashed again.
    fn check(&mut self, path: &Path, from: usize) {
        let mut connection = connection(path);
        let sql = "SELECT idx, kind, id, recorded_at, octets, leaf_hash FROM entries \
                   WHERE idx >= $1 ORDER BY idx";
        let rows = sqlx::query(sql).bind(from as i64).fetch_all(&mut connection);
        let mut ids = BTreeMap::new();
        for (place, row) in (from..).zip(wait(rows).unwrap()) {
            assert_eq!(row.get::<i64, _>(0), place as i64, "no gaps");
            let kind = Kind::from_code(row.get::<i64, _>(1) as u8).unwrap();
            let id: [u8; 32] = row.get::<Vec<u8>, _>(2).try_into().unwrap();
            let leaf = Leaf::new(kind, at(row.get::<i64, _>(3) as u64), id, row.get(4));
            let hash = leaf_hash(&leaf.to_bytes());
            assert_eq!(row.get::<Vec<u8>, _>(5), hash);
            assert!(ids.insert(id, place as u64).is_none(), "an entry twice");
            match self.leaves.get(place) {
                Some(known) => assert_eq!(*known, hash, "entry {place} was changed"),
                None => {
                    self.leaves.push(hash);
                    self.tree.push(hash);
                    self.check_checkpoint(&mut connection, place as i64 + 1);
                }
            }
        }
        let sql = "SELECT max(size), count(*) FROM checkpoints";
        let row = wait(sqlx::query(sql).fetch_one(&mut connection)).unwrap();
        assert_eq!(row.get::<i64, _>(0), self.leaves.len() as i64, "all is under a checkpoint");
        assert_eq!(row.get::<i64, _>(1), self.roots.len() as i64 + 1, "no checkpoint is lost");
        for (id, index) in &self.acknowledged {
            if *index >= from as u64 {
                assert_eq!(ids.get(id), Some(index), "an acknowledged entry");
            }
        }
        // Batches are whole: the first entry is the schema.
        assert_eq!((self.leaves.len() - 1) as u64 % BATCH, 0);
    }

    /// The root of the tree so far is that of the checkpoint of this size, if there is one.
    fn check_checkpoint(&mut self, connection: &mut SqliteConnection, size: i64) {
        let sql = "SELECT root FROM checkpoints WHERE size = $1";
        let root = sqlx::query_scalar(sql).bind(size).fetch_optional(connection);
        if let Some(root) = wait(root).unwrap() {
            let root: Vec<u8> = root;
            assert_eq!(root, self.tree.root(), "the checkpoint of {size}");
            self.roots.insert(size, root);
        }
    }
}

fn connection(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(Duration::from_secs(30));
    wait(options.connect()).unwrap()
}

fn is_intact(path: &Path) {
    let mut connection = connection(path);
    let check: String =
        wait(sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection)).unwrap();
    assert_eq!(check, "ok");
}

#[test]
fn killed_writers_lose_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = create(folder.path());
    let mut known = Known::default();
    known.check(&path, 0);
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (mut seen, mut interrupted) = (1, 0);
    for round in 0..200 {
        let notes = [0, 1].map(|n| folder.path().join(format!("notes-{round}-{n}")));
        let mut writers: Vec<Child> = (notes.iter().enumerate())
            .map(|(n, notes)| start(&path, notes, &format!("{round}-{n}"), 100_000, &[]))
            .collect();
        // From before the first write to some dozens of them.
        sleep(Duration::from_micros(10_000 + u64::from(rng.next_u32() % 70_000)));
        for writer in &mut writers {
            writer.kill().unwrap();
        }
        for writer in &mut writers {
            writer.wait().unwrap();
        }
        let before = known.acknowledged.len();
        for notes in &notes {
            assert_eq!(known.read_notes(notes), Vec::<String>::new());
        }
        known.check(&path, if round % 50 == 49 { 0 } else { seen });
        let written = known.leaves.len() - seen;
        interrupted += usize::from(written > known.acknowledged.len() - before);
        seen = known.leaves.len();
    }
    is_intact(&path);
    let acknowledged = known.acknowledged.len();
    println!("{acknowledged} acknowledged of {seen}; {interrupted} rounds ended within a write");
    assert!(acknowledged > 1000, "the rounds are too short: {acknowledged}");
    assert_eq!(known.acknowledged.values().collect::<BTreeSet<_>>().len(), acknowledged);
}

/// Compiles the shim.
fn shim(folder: &Path) -> String {
    let library = folder.join("shim.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/shim.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]);
    let done = compiler.arg(&library).arg(source).arg("-ldl").status().unwrap();
    assert!(done.success());
    library.to_str().unwrap().to_owned()
}

#[test]
fn a_failing_disk_gives_errors_and_takes_nothing_back() {
    let folder = tempfile::tempdir().unwrap();
    let library = shim(folder.path());
    let path = create(folder.path());
    let mut known = Known::default();
    known.check(&path, 0);
    let count = folder.path().join("count");
    let notes = folder.path().join("notes");
    let mut run = |name: &str, at: &str, kind: &str| {
        drop(fs::remove_file(&notes));
        let count = count.to_str().unwrap();
        let shim = [
            ("LD_PRELOAD", &library[..]),
            ("SIGIL_FAULT_AT", at),
            ("SIGIL_FAULT_KIND", kind),
            ("SIGIL_FAULT_COUNT", count),
        ];
        let status = start(&path, &notes, name, 5, &shim).wait().unwrap();
        assert!(status.success(), "{name}");
        let seen = known.leaves.len();
        let errors = known.read_notes(&notes);
        known.check(&path, seen);
        let calls: u64 = fs::read_to_string(count).unwrap().trim().parse().unwrap();
        (errors, calls, (known.leaves.len() - seen) as u64 / BATCH)
    };
    let (errors, calls, batches) = run("clean", "0", "eio");
    assert!(errors.is_empty() && calls > 20 && batches == 5, "{errors:?} {calls} {batches}");
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for round in 0..120 {
        let kind = ["eio", "full", "short"][round % 3];
        let call = 1 + u64::from(rng.next_u32()) % calls;
        let (errors, _, batches) = run(&format!("{kind}-{round}"), &call.to_string(), kind);
        // A fault that has passed is got over within the process.
        if kind != "full" {
            assert!(errors.len() <= 1 && batches == 5, "{kind} at {call}: {errors:?}");
        }
        for error in errors {
            let word = match kind {
                "full" => "the disk is full",
                _ => "check the disk",
            };
            // Where SQLite grows its shared memory it has one error for all causes.
            let remedy = error.contains(word) || error.contains("check the disk");
            assert!(error.contains("registry.db") && remedy, "{kind} at {call}: {error}");
            *found.entry(kind).or_default() += 1;
        }
    }
    println!("{calls} calls; errors by kind: {found:?}");
    assert!(found.get("eio") > Some(&5) && found.get("full") > Some(&5), "{found:?}");
    let (errors, _, batches) = run("after", "0", "eio");
    assert!(errors.is_empty() && batches == 5);
    known.check(&path, 0);
    is_intact(&path);
}

#[test]
fn of_64_uses_of_a_nonce_at_once_one_succeeds() {
    const ROUNDS: u64 = 1000;
    let folder = tempfile::tempdir().unwrap();
    let path = create(folder.path());
    let open = || Arc::new(wait(Store::open(&path, Access::Append(key()))).unwrap());
    let stores = [open(), open()];
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let started = Instant::now();
    for round in 0..ROUNDS {
        let mut octets = [7; 32];
        octets[..8].copy_from_slice(&round.to_be_bytes());
        let nonce = Nonce::from_bytes(octets);
        let uses = (0..64).map(|n| {
            let store = Arc::clone(&stores[n % 2]);
            runtime.spawn(async move { store.spend(&nonce, at(NOW + 60), at(NOW)).await })
        });
        let uses: Vec<_> = uses.collect();
        let mut accepted = 0;
        for one in uses {
            match runtime.block_on(one).unwrap() {
                Ok(()) => accepted += 1,
                Err(SpendError::Spent) => {}
                Err(SpendError::Store(error)) => panic!("{error}"),
            }
        }
        assert_eq!(accepted, 1, "round {round}");
    }
    println!("{ROUNDS} rounds in {:?}", started.elapsed());
}

/// How fast a registry is filled: `cargo test --release --test store_faults -- --ignored load`.
#[test]
#[ignore = "takes minutes: it measures"]
fn load() {
    use rayon::prelude::*;
    let folder = tempfile::tempdir().unwrap();
    let path = create(folder.path());
    let store = wait(Store::open(&path, Access::Append(key()))).unwrap();
    let total: u64 = std::env::var("SIGIL_TEST_ROWS").map_or(200_000, |rows| rows.parse().unwrap());
    let schema = schema();
    let (mut writing, started) = (Duration::ZERO, Instant::now());
    for first in (0..total).step_by(50_000) {
        let numbers = (first..total.min(first + 50_000)).into_par_iter();
        let objects = numbers.map(|n| {
            let key = AuthorityKey::from_bytes(&[(n % 50) as u8 + 1; 32]);
            attestation(&n.to_string(), &key, &schema)
        });
        let objects: Vec<_> = objects.collect();
        let before = Instant::now();
        wait(store.append(objects, at(NOW + first))).unwrap();
        writing += before.elapsed();
        let rate = 50_000.0 / before.elapsed().as_secs_f64();
        println!("{} rows, {rate:.0} rows/s", first + 50_000);
    }
    let size = fs::metadata(&path).unwrap().len();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    println!("{total} rows: {writing:?} of {:?}, {size} octets, {peak}", started.elapsed());
}
