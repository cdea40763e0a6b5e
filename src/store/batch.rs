//! A batch on its way in: what the registry has of what the batch names, and the rows that it becomes.
//!
//! What most objects need is looked up for the whole batch, before the first is admitted; what few
//! need, grants and what was done to them, when it is needed. Objects of the batch count as recorded
//! for those after them.

use super::append::Prepared;
use super::insert::{CHUNK, Rows, nameless};
use super::refusal::Refusal;
use super::tree::{hash, integer, number};
use super::{Object, StoreError};
use crate::encoding::Wire;
use crate::registry::event::Target;
use crate::registry::grant::{Grant, GrantId, SignedGrant};
use crate::registry::object::Kind;
use crate::registry::statement::Unverified;
use crate::schema::{Schema, SchemaId};
use crate::status::SignedHead;
use crate::trust::TrustList;
use crate::value::Timestamp;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Row, Sqlite};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, LazyLock};

/// Keys and schemas that a writer remembers from batch to batch, at most.
const MEMORY: usize = 1 << 14;

/// What a writer remembers: rows that never change.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) keys: HashMap<[u8; 32], u64>,
    pub(super) schemas: HashMap<SchemaId, (u64, Arc<Schema>)>,
}

/// An attestation, as far as what comes after it is held against it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) issuer: [u8; 32],
    pub(super) schema: SchemaId,
    pub(super) revocable: bool,
}

/// A grant, and from when it is revoked.
#[derive(Clone, Debug)]
pub(super) struct HeldGrant {
    pub(super) index: u64,
    pub(super) grant: Arc<SignedGrant>,
    pub(super) revoked: Option<u64>,
}

/// Why a batch is not written.
pub(super) enum Halt {
    Refused(Refusal),
    Store(StoreError),
}

impl<E: Into<Refusal>> From<E> for Halt {
    fn from(refusal: E) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for Halt {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A batch within its transaction.
pub(super) struct Batch<'a> {
    pub(super) connection: &'a mut SqliteConnection,
    pub(super) memory: &'a mut Memory,
    pub(super) origin: &'a str,
    pub(super) recorded_at: Timestamp,
    pub(super) rows: Rows,
    /// Entries that the batch names, those of the batch among them as they are admitted.
    pub(super) entries: HashMap<(Kind, [u8; 32]), (u64, Timestamp)>,
    pub(super) attestations: HashMap<u64, Held>,
    pub(super) grants: BTreeMap<GrantId, HeldGrant>,
    pub(super) subjects: HashMap<String, u64>,
    /// BBS keys that Ed25519 keys are bound to.
    pub(super) bindings: BTreeMap<[u8; 32], BTreeSet<Vec<u8>>>,
    pub(super) nonces: HashSet<([u8; 32], [u8; 32])>,
    /// Last editions of trust lists, by name and authority.
    pub(super) editions: BTreeMap<(String, [u8; 32]), TrustList>,
    /// Last epochs of sorted lists, by address, authority and elements.
    pub(super) heads: BTreeMap<(String, Vec<u8>, String), SignedHead>,
    /// The number that the next key, schema and subject has.
    pub(super) next: [u64; 3],
}

fn placeholders(from: usize) -> String {
    let all: Vec<_> = (from..from + CHUNK).map(|place| format!("${place}")).collect();
    all.join(", ")
}

/// A statement that looks up [`CHUNK`] values.
pub(super) struct Lookup {
    before: &'static str,
    /// The number of the first of them.
    from: usize,
    statement: LazyLock<Arc<str>>,
}

impl Lookup {
    /// The statement with numbered parameters.
    pub(super) fn numbered(&self) -> String {
        format!("{} IN ({})", self.before, placeholders(self.from))
    }

    fn query(&self) -> Query<'static, Sqlite, SqliteArguments> {
        sqlx::query(AssertSqlSafe(Arc::clone(&self.statement)))
    }
}

macro_rules! lookup {
    ($name:ident, $before:literal, $from:literal) => {
        pub(super) static $name: Lookup = Lookup {
            before: $before,
            from: $from,
            statement: LazyLock::new(|| nameless(&$name.numbered())),
        };
    };
}

lookup!(ENTRIES_OF_KIND, "SELECT id, idx, recorded_at FROM entries WHERE kind = $1 AND id", 2);
lookup!(
    ATTESTATIONS_HELD,
    "SELECT a.idx, k.key, s.id, a.revocable FROM attestations a \
     JOIN keys k ON k.no = a.issuer_no JOIN schemas s ON s.no = a.schema_no WHERE a.idx",
    1
);
lookup!(NUMBERS_OF_KEYS, "SELECT key, no FROM keys WHERE key", 1);
lookup!(NUMBERS_OF_SUBJECTS, "SELECT subject, no FROM subjects WHERE subject", 1);
lookup!(
    SCHEMAS_HELD,
    "SELECT s.id, s.no, e.octets FROM schemas s JOIN entries e ON e.idx = s.idx WHERE s.id",
    1
);

/// The greatest numbers of keys, schemas and subjects.
pub(super) const LAST_NUMBERS: [&str; 3] =
    ["SELECT max(no) FROM keys", "SELECT max(no) FROM schemas", "SELECT max(no) FROM subjects"];
/// A grant.
pub(super) const GRANT: &str = "SELECT idx, octets FROM entries WHERE kind = $1 AND id = $2";
/// From when a grant is revoked.
pub(super) const REVOKED: &str = "SELECT min(effective) FROM events WHERE target = $1 AND act = 0";
/// The BBS keys that an Ed25519 key is bound to.
pub(super) const BINDINGS: &str = "SELECT issuer FROM bindings WHERE attester = $1";

impl<'a> Batch<'a> {
    /// Looks up what the objects name.
    pub(super) async fn gather(
        connection: &'a mut SqliteConnection,
        memory: &'a mut Memory,
        origin: &'a str,
        recorded_at: Timestamp,
        objects: &[Prepared],
    ) -> Result<Self, StoreError> {
        if memory.keys.len() > MEMORY || memory.schemas.len() > MEMORY {
            *memory = Memory::default();
        }
        let mut batch = Self {
            connection,
            memory,
            origin,
            recorded_at,
            rows: Rows::default(),
            entries: HashMap::with_capacity(objects.len()),
            attestations: HashMap::new(),
            grants: BTreeMap::new(),
            subjects: HashMap::new(),
            bindings: BTreeMap::new(),
            nonces: HashSet::new(),
            editions: BTreeMap::new(),
            heads: BTreeMap::new(),
            next: [1; 3],
        };
        for (next, sql) in batch.next.iter_mut().zip(LAST_NUMBERS) {
            let last: Option<i64> =
                sqlx::query_scalar(sql).fetch_one(&mut *batch.connection).await?;
            *next = last.and_then(|last| u64::try_from(last).ok()).map_or(1, |last| last + 1);
        }
        let named = Named::by(objects);
        for (kind, ids) in named.entries {
            batch.find_entries(kind, ids).await?;
        }
        batch.find_held(named.held).await?;
        batch.find_keys(named.keys).await?;
        batch.find_schemas(named.schemas).await?;
        batch.find_subjects(named.subjects).await?;
        Ok(batch)
    }

    async fn find_entries(
        &mut self,
        kind: Kind,
        ids: BTreeSet<[u8; 32]>,
    ) -> Result<(), StoreError> {
        let ids: Vec<_> = ids.into_iter().collect();
        for chunk in ids.chunks(CHUNK) {
            let mut query = ENTRIES_OF_KIND.query();
            query = query.bind(i64::from(kind.code()));
            for id in padded(chunk) {
                query = query.bind(id.to_vec());
            }
            for row in query.fetch_all(&mut *self.connection).await? {
                let recorded_at = time(&row, 2)?;
                self.entries.insert((kind, hash(&row, 0)?), (number(&row, 1)?, recorded_at));
            }
        }
        Ok(())
    }

    async fn find_held(&mut self, targets: BTreeSet<[u8; 32]>) -> Result<(), StoreError> {
        let indexes = targets.into_iter().filter_map(|id| {
            let entry = self.entries.get(&(Kind::Attestation, id));
            entry.map(|(index, _)| *index)
        });
        let indexes: Vec<u64> = indexes.collect();
        for chunk in indexes.chunks(CHUNK) {
            let mut query = ATTESTATIONS_HELD.query();
            for index in padded(chunk) {
                query = query.bind(integer(*index)?);
            }
            for row in query.fetch_all(&mut *self.connection).await? {
                let held = Held {
                    issuer: hash(&row, 1)?,
                    schema: SchemaId::from_bytes(hash(&row, 2)?),
                    revocable: number(&row, 3)? != 0,
                };
                self.attestations.insert(number(&row, 0)?, held);
            }
        }
        Ok(())
    }

    async fn find_keys(&mut self, keys: BTreeSet<[u8; 32]>) -> Result<(), StoreError> {
        let unknown = keys.into_iter().filter(|key| !self.memory.keys.contains_key(key));
        let unknown: Vec<_> = unknown.collect();
        for chunk in unknown.chunks(CHUNK) {
            let mut query = NUMBERS_OF_KEYS.query();
            for key in padded(chunk) {
                query = query.bind(key.to_vec());
            }
            for row in query.fetch_all(&mut *self.connection).await? {
                self.memory.keys.insert(hash(&row, 0)?, number(&row, 1)?);
            }
        }
        Ok(())
    }

    async fn find_schemas(&mut self, schemas: BTreeSet<SchemaId>) -> Result<(), StoreError> {
        let unknown = schemas.into_iter().filter(|id| !self.memory.schemas.contains_key(id));
        let unknown: Vec<_> = unknown.collect();
        for chunk in unknown.chunks(CHUNK) {
            let mut query = SCHEMAS_HELD.query();
            for id in padded(chunk) {
                query = query.bind(id.to_bytes().to_vec());
            }
            for row in query.fetch_all(&mut *self.connection).await? {
                let schema = Schema::parse(row.try_get(2)?);
                let schema = schema.ok().filter(|schema| {
                    row.try_get::<&[u8], _>(0).is_ok_and(|id| id == schema.id().to_bytes())
                });
                let schema = schema.ok_or(StoreError::Contradiction("a schema is not itself"))?;
                self.memory.schemas.insert(schema.id(), (number(&row, 1)?, Arc::new(schema)));
            }
        }
        Ok(())
    }

    async fn find_subjects(&mut self, subjects: BTreeSet<&str>) -> Result<(), StoreError> {
        let subjects: Vec<_> = subjects.into_iter().collect();
        for chunk in subjects.chunks(CHUNK) {
            let mut query = NUMBERS_OF_SUBJECTS.query();
            for subject in padded(chunk) {
                query = query.bind((*subject).to_owned());
            }
            for row in query.fetch_all(&mut *self.connection).await? {
                self.subjects.insert(row.try_get(0)?, number(&row, 1)?);
            }
        }
        Ok(())
    }

    /// A grant that the registry has, or the batch before this place.
    pub(super) async fn grant(&mut self, id: GrantId) -> Result<HeldGrant, Halt> {
        if let Some(held) = self.grants.get(&id) {
            return Ok(held.clone());
        }
        let query = sqlx::query(GRANT).bind(i64::from(Kind::Grant.code()));
        let row = query.bind(id.to_bytes().to_vec()).fetch_optional(&mut *self.connection).await?;
        let row = row.ok_or(Refusal::UnknownGrant(id))?;
        let grant = Unverified::<Grant>::from_bytes(row.try_get(1)?).map(Unverified::kept);
        let grant = grant.ok().filter(|grant| grant.id() == id);
        let grant = grant.ok_or(StoreError::Contradiction("a grant is not itself"))?;
        let index = number(&row, 0)?;
        let revoked: Option<i64> = sqlx::query_scalar(REVOKED)
            .bind(integer(index)?)
            .fetch_one(&mut *self.connection)
            .await?;
        let revoked = revoked.and_then(|time| u64::try_from(time).ok());
        let held = HeldGrant { index, grant: Arc::new(grant), revoked };
        self.grants.insert(id, held.clone());
        Ok(held)
    }

    /// Whether two keys are of one issuer.
    pub(super) async fn is_one_issuer(&mut self, a: [u8; 32], b: [u8; 32]) -> Result<bool, Halt> {
        if a == b {
            return Ok(true);
        }
        let a = self.bound(a).await?.clone();
        Ok(!a.is_disjoint(self.bound(b).await?))
    }

    /// The BBS keys that an Ed25519 key is bound to, those of the batch among them.
    pub(super) async fn bound(
        &mut self,
        key: [u8; 32],
    ) -> Result<&mut BTreeSet<Vec<u8>>, StoreError> {
        let place = match self.bindings.entry(key) {
            Entry::Occupied(place) => return Ok(place.into_mut()),
            Entry::Vacant(place) => place,
        };
        let query = sqlx::query(BINDINGS).bind(key.to_vec());
        let rows = query.fetch_all(&mut *self.connection).await?;
        let bound = rows.iter().map(|row| row.try_get(0));
        Ok(place.insert(bound.collect::<Result<_, sqlx::Error>>()?))
    }
}

/// The same values, the last of them as often as it takes to make a chunk.
fn padded<T>(chunk: &[T]) -> impl Iterator<Item = &T> {
    let last = chunk.last().into_iter();
    chunk.iter().chain(last.cycle()).take(CHUNK)
}

pub(super) fn time(row: &SqliteRow, column: usize) -> Result<Timestamp, StoreError> {
    let time = Timestamp::from_unix(number(row, column)?);
    time.ok_or(StoreError::Contradiction("a time is out of range"))
}

/// What the objects of a batch name.
#[derive(Default)]
struct Named<'o> {
    entries: BTreeMap<Kind, BTreeSet<[u8; 32]>>,
    /// Attestations that others are held against.
    held: BTreeSet<[u8; 32]>,
    keys: BTreeSet<[u8; 32]>,
    schemas: BTreeSet<SchemaId>,
    subjects: BTreeSet<&'o str>,
}

impl<'o> Named<'o> {
    fn by(objects: &'o [Prepared]) -> Self {
        let mut named = Self::default();
        for prepared in objects {
            named.entries.entry(prepared.kind).or_default().insert(prepared.id);
            match &prepared.object {
                Object::Attestation(attestation) => {
                    let attestation = attestation.statement();
                    named.schemas.insert(attestation.schema);
                    named.keys.insert(attestation.issuer.to_bytes());
                    let subject = attestation.subject.as_ref();
                    named.subjects.extend(subject.map(|subject| subject.as_str()));
                    for link in &attestation.links {
                        named.target(link.target.to_bytes());
                    }
                }
                Object::Event(event) => {
                    if let Target::Attestation(id) = event.statement().target {
                        named.target(id.to_bytes());
                    }
                }
                Object::Grant(grant) => {
                    let Grant { issuer, grantor, delegate, .. } = grant.statement();
                    named.keys.extend([issuer, grantor, delegate].map(|key| key.to_bytes()));
                }
                _ => {}
            }
        }
        named
    }

    fn target(&mut self, id: [u8; 32]) {
        self.entries.entry(Kind::Attestation).or_default().insert(id);
        self.held.insert(id);
    }
}
