//! The store by itself: what is written, what is refused, what stays as it was.

mod admission;
mod appending;
mod editions;
mod opening;
mod reading;
mod single_use;
mod sql;

use super::*;
use crate::bbs::{SecretKey, Suite};
use crate::registry::attestation::{Attestation, AttestationId, Link, Relation, SignedAttestation};
use crate::registry::event::{Act, Cause, Event, Target};
use crate::registry::grant::{Grant, GrantId, Right};
use crate::registry::issuer::UnsignedIssuerRecord;
use crate::registry::log::{Appender, leaf_hash};
use crate::registry::object::{Kind, Leaf};
use crate::registry::payload::Payload;
use crate::registry::statement::{Delegated, Signed};
use crate::schema::Schema;
use sqlx::Row;
use tempfile::TempDir;

const ORIGIN: &str = "example.org/registry";
/// The registry's time.
const NOW: u64 = 1_800_000_000;

fn key(n: u8) -> AuthorityKey {
    AuthorityKey::from_bytes(&[n; 32])
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix(seconds).unwrap()
}

fn schema() -> Schema {
    let text = br#"{ "format": "sigil-schema/1", "name": "example.org/person",
        "version": "1.0.0", "fields": [{ "name": "birth_date", "type": "date" }] }"#;
    Schema::parse(text).unwrap()
}

/// A registry in a folder of its own.
struct World {
    folder: TempDir,
    store: Store,
}

impl World {
    /// One without entries.
    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.db");
        let store = wait(Store::create(&path, ORIGIN, &key(99), at(NOW))).unwrap();
        Self { folder, store }
    }

    /// One that has the schema.
    fn new() -> Self {
        let world = Self::empty();
        world.add(Object::Schema(schema()));
        world
    }

    fn append(&self, objects: Vec<Object>) -> Result<Appended, StoreError> {
        wait(self.store.append(objects, at(NOW)))
    }

    fn add(&self, object: Object) -> Receipt {
        let receipt = self.append(vec![object]).unwrap().receipts.remove(0);
        assert!(!receipt.already);
        receipt
    }

    /// The word of the refusal of the last object; of it all nothing is left.
    fn refused(&self, objects: Vec<Object>) -> &'static str {
        let (place, last) = (objects.len() - 1, objects.last().unwrap().id());
        let before = self.rows();
        let Err(StoreError::Refused(refused)) = self.append(objects) else {
            panic!("not refused");
        };
        assert_eq!((refused.place, refused.id), (place, last), "{refused}");
        assert_eq!(self.rows(), before);
        refused.refusal.word()
    }

    /// Another store of the same registry.
    fn again(&self) -> Store {
        wait(Store::open(self.store.path(), Access::Append(key(99)))).unwrap()
    }

    fn count(&self, table: &str) -> i64 {
        let mut reader = wait(self.store.reader()).unwrap();
        let sql = format!("SELECT count(*) FROM {table}");
        wait(sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut *reader)).unwrap()
    }

    /// How many rows each table has.
    fn rows(&self) -> Vec<i64> {
        let tables = insert::TABLES.iter().map(|table| table.name());
        tables.chain(["checkpoints"]).map(|table| self.count(table)).collect()
    }

    /// All leaves, computed from the octets.
    fn leaves(&self) -> Vec<[u8; 32]> {
        let mut reader = wait(self.store.reader()).unwrap();
        let rows = sqlx::query("SELECT kind, id, recorded_at, octets FROM entries ORDER BY idx");
        let rows = wait(rows.fetch_all(&mut *reader)).unwrap();
        let leaf = |row: &sqlx::sqlite::SqliteRow| {
            let kind = Kind::from_code(u8::try_from(row.get::<i64, _>(0)).unwrap()).unwrap();
            let time = at(u64::try_from(row.get::<i64, _>(2)).unwrap());
            let leaf = Leaf::new(kind, time, tree::hash(row, 1).unwrap(), row.get(3));
            leaf_hash(&leaf.to_bytes())
        };
        rows.iter().map(leaf).collect()
    }

    /// That the newest checkpoint is over the entries, and nothing else.
    fn check_log(&self) {
        let checkpoint = wait(self.store.checkpoint()).unwrap();
        let mut tree = Appender::new();
        for leaf in self.leaves() {
            tree.push(leaf);
        }
        assert_eq!(checkpoint.body().size(), tree.size());
        assert_eq!(*checkpoint.body().root(), tree.root());
    }
}

/// The n-th of many attestations of one issuer, each about a subject of its own.
fn draft(n: u64) -> Attestation {
    Attestation {
        schema: schema().id(),
        issuer: key(1).authority(),
        subject: Some(format!("did:example:{n}").parse().unwrap()),
        issued_at: at(NOW),
        valid_from: at(NOW),
        valid_until: Some(at(NOW + 1000)),
        revocable: true,
        handle: Some(n),
        links: vec![],
        payload: Payload::Inline(br#"{"birth_date":"1990-04-17"}"#.to_vec()),
        anchor: None,
        source: None,
        delegated: None,
    }
}

/// Signed by the key of this number.
fn sign(attestation: Attestation, n: u8) -> SignedAttestation {
    Signed::sign(attestation, &key(n)).unwrap()
}

fn attestation(n: u64) -> Object {
    Object::Attestation(sign(draft(n), 1))
}

fn linked(n: u64, issuer: u8, relation: Relation, target: AttestationId) -> Object {
    let links = vec![Link { relation, target }];
    let attestation = Attestation { issuer: key(issuer).authority(), links, ..draft(n) };
    Object::Attestation(sign(attestation, issuer))
}

fn event(target: Target, issuer: u8, act: Act) -> Event {
    let issuer = key(issuer).authority();
    let (issued_at, effective) = (at(NOW), at(NOW - 50));
    Event { target, issuer, issued_at, effective, act, note: None, delegated: None }
}

fn revocation(target: Target, issuer: u8) -> Object {
    let event = event(target, issuer, Act::Revoke(Cause::IssuedInError));
    Object::Event(Signed::sign(event, &key(issuer)).unwrap())
}

/// That key 2 may attest and revoke for key 1.
fn grant() -> Grant {
    Grant {
        issuer: key(1).authority(),
        grantor: key(1).authority(),
        delegate: key(2).authority(),
        parent: None,
        schemas: [schema().id()].into(),
        rights: [Right::Attest, Right::Revoke].into(),
        audience: ORIGIN.to_owned(),
        issued_at: at(NOW),
        not_before: at(NOW - 10),
        not_after: at(NOW + 1000),
        depth: 1,
    }
}

fn granted(grant: Grant, n: u8) -> (GrantId, Object) {
    let grant = Signed::sign(grant, &key(n)).unwrap();
    (grant.id(), Object::Grant(grant))
}

fn delegated(chain: &[GrantId], signer: u8, nonce: u8) -> Delegated {
    Delegated {
        signer: key(signer).authority(),
        chain: chain.to_vec(),
        audience: ORIGIN.to_owned(),
        nonce: [nonce; 32],
        deadline: at(NOW + 100),
    }
}

fn by_delegate(n: u64, delegated: Delegated) -> Object {
    let signer = (1..=9).find(|n| key(*n).authority() == delegated.signer).unwrap();
    Object::Attestation(sign(Attestation { delegated: Some(delegated), ..draft(n) }, signer))
}

/// That Ed25519 key `a` is of the issuer with BBS key `i`.
fn binding(a: u8, i: u8) -> Object {
    let issuer = SecretKey::from_bytes(&[i; 32]).unwrap();
    let (attester, public) = (key(a), *issuer.public_key());
    let record =
        UnsignedIssuerRecord::new(attester.authority(), public, "Bank A", None, at(NOW)).unwrap();
    Object::Issuer(record.sign(&attester, &issuer, Suite::Sha256).unwrap())
}

fn attestation_id(object: &Object) -> AttestationId {
    AttestationId::from_bytes(object.id())
}
