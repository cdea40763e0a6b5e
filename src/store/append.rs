//! Appending: all of a batch or nothing, under one signed checkpoint.
//!
//! What can be computed without the database is computed before it is locked, in parallel: octets,
//! hashes, whether claims are records of schemas that are known. Then, in one transaction, the tree's
//! right edge is brought up to what other processes have written, the objects are admitted one after
//! another, and all rows are written.

use super::batch::{Batch, Halt, Memory};
use super::connection::{Mode, connect};
use super::insert::{self, Cell, Rows};
use super::refusal::{Refusal, Refused};
use super::{Object, SKEW, Store, StoreError, admit, batch, tree};
use crate::authority::AuthorityKey;
use crate::registry::log::{Appender, Checkpoint, leaf_hash, sign_checkpoint};
use crate::registry::object::{Kind, Leaf};
use crate::schema::{Schema, SchemaId};
use crate::value::Timestamp;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Most objects of a batch.
pub const MAX_BATCH: usize = 1 << 16;
/// Most octets of a batch.
pub const MAX_BATCH_LEN: usize = 1 << 28;

const BEGIN: &str = "BEGIN IMMEDIATE";
/// When the last entry was recorded.
pub(super) const RECORDED: &str = "SELECT recorded_at FROM entries WHERE idx = $1";

/// What became of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The number of its entry.
    pub index: u64,
    /// What it is.
    pub kind: Kind,
    /// Its identifier.
    pub id: [u8; 32],
    /// When the registry recorded it.
    pub recorded_at: Timestamp,
    /// Whether it was there before; nothing was written of it then.
    pub already: bool,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// One for each object, in the order in which they were handed in.
    pub receipts: Vec<Receipt>,
    /// The newest checkpoint: all of the batch is under it.
    pub checkpoint: Checkpoint,
}

/// An object, with what is known of it without the database.
pub(super) struct Prepared {
    pub(super) object: Object,
    pub(super) kind: Kind,
    pub(super) id: [u8; 32],
    octets: Vec<u8>,
    digest: [u8; 32],
    /// Why its claims are not taken, if they are not.
    pub(super) payload: Option<Refusal>,
}

impl Prepared {
    fn new(object: Object) -> Self {
        let octets = object.octets();
        let digest = Sha256::digest(&octets).into();
        let (kind, id) = (object.kind(), object.id());
        Self { object, kind, id, octets, digest, payload: None }
    }

    /// Whether it was signed by somebody who speaks for its issuer.
    fn is_delegated(&self) -> bool {
        match &self.object {
            Object::Attestation(attestation) => attestation.statement().delegated.is_some(),
            Object::Event(event) => event.statement().delegated.is_some(),
            _ => false,
        }
    }
}

/// The connection that writes, and what it remembers.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) connection: SqliteConnection,
    memory: Memory,
    /// The tree's right edge as it was left.
    edge: Option<Appender>,
}

impl Store {
    /// Appends objects in their order: all of them, or none. `now` is the time by the registry's clock;
    /// what is recorded is never earlier than the last entry.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with the first object that is not taken; whatever else was in the way.
    pub async fn append(
        &self,
        objects: Vec<Object>,
        now: Timestamp,
    ) -> Result<Appended, StoreError> {
        let key = self.key.as_ref().ok_or(StoreError::ReadOnly)?;
        if objects.len() > MAX_BATCH {
            return Err(StoreError::Batch(objects.len()));
        }
        let objects: Vec<_> = objects.into_par_iter().map(Prepared::new).collect();
        let length = objects.iter().map(|prepared| prepared.octets.len()).sum::<usize>();
        if length > MAX_BATCH_LEN {
            return Err(StoreError::BatchLength(length));
        }
        let mut slot = self.writer.lock().await;
        // Out of its place until it has done: whatever fails, or is given up in the middle, takes the
        // connection with it, and the database goes back to what it was.
        let mut writer = match slot.take() {
            Some(writer) => writer,
            None => Writer::open(&self.path).await?,
        };
        match writer.write(self, key, objects, now).await {
            Ok(Ok(appended)) => {
                *slot = Some(writer);
                Ok(appended)
            }
            Ok(Err(refused)) => {
                *slot = Some(writer);
                Err(StoreError::Refused(Box::new(refused)))
            }
            Err(error) => {
                // Whether this succeeds or not, the next connection finds the database as it was.
                drop(writer.connection.close().await);
                Err(error.at(&self.path))
            }
        }
    }
}

impl Writer {
    pub(super) async fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = connect(path, Mode::Write).await?;
        Ok(Self { connection, memory: Memory::default(), edge: None })
    }

    /// The outer error leaves nothing certain; a refusal was rolled back cleanly.
    async fn write(
        &mut self,
        store: &Store,
        key: &AuthorityKey,
        objects: Vec<Prepared>,
        now: Timestamp,
    ) -> Result<Result<Appended, Refused>, StoreError> {
        let mut transaction = self.connection.begin_with(BEGIN).await?;
        let last = tree::last_checkpoint(&mut transaction).await?;
        let mut edge = match self.edge.take() {
            Some(edge) if edge.size() == last.size && edge.root() == last.root => edge,
            _ => tree::edge(&mut transaction, last.size).await?,
        };
        if edge.root() != last.root {
            return Err(StoreError::Contradiction("the log is not that of its last checkpoint"));
        }
        let recorded_at = recorded_at(&mut transaction, last.size, now).await?;
        let memory = &mut self.memory;
        let batch = Batch::gather(&mut transaction, memory, store.origin(), recorded_at, &objects);
        let outcome = enter(batch.await?, objects, edge).await?;
        let Entered { receipts, rows, edge: grown } = match outcome {
            Ok(entered) => entered,
            Err(refused) => {
                transaction.rollback().await?;
                // What it remembers may be of the batch that was not written.
                self.memory = Memory::default();
                return Ok(Err(refused));
            }
        };
        edge = grown;
        let checkpoint = if edge.size() == last.size {
            transaction.rollback().await?;
            Checkpoint::parse(&last.note)?
        } else {
            rows.write(&mut transaction).await?;
            let log = store.log_key().origin();
            let checkpoint = sign_checkpoint(log, edge.size(), &edge.root(), key)?;
            insert::checkpoint(&mut transaction, &checkpoint, recorded_at).await?;
            transaction.commit().await?;
            checkpoint
        };
        self.edge = Some(edge);
        Ok(Ok(Appended { receipts, checkpoint }))
    }
}

/// A batch that was admitted.
struct Entered {
    receipts: Vec<Receipt>,
    rows: Rows,
    edge: Appender,
}

/// Admits the objects in their order.
async fn enter(
    mut batch: Batch<'_>,
    mut objects: Vec<Prepared>,
    mut edge: Appender,
) -> Result<Result<Entered, Refused>, StoreError> {
    check_payloads(&batch, &mut objects);
    let mut receipts = Vec::with_capacity(objects.len());
    for (place, prepared) in objects.into_iter().enumerate() {
        let (kind, id) = (prepared.kind, prepared.id);
        match one(&mut batch, prepared, &mut edge).await {
            Ok(receipt) => receipts.push(receipt),
            Err(Halt::Refused(refusal)) => return Ok(Err(Refused { place, kind, id, refusal })),
            Err(Halt::Store(error)) => return Err(error),
        }
    }
    Ok(Ok(Entered { receipts, rows: batch.rows, edge }))
}

async fn one(
    batch: &mut Batch<'_>,
    prepared: Prepared,
    edge: &mut Appender,
) -> Result<Receipt, Halt> {
    let (kind, id, recorded_at) = (prepared.kind, prepared.id, batch.recorded_at);
    if let Some((index, recorded_at)) = batch.entries.get(&(kind, id)).copied() {
        return match prepared.is_delegated() {
            true => Err(Refusal::Replay { index }.into()),
            false => Ok(Receipt { index, kind, id, recorded_at, already: true }),
        };
    }
    let index = edge.size();
    batch.admit(&prepared, index).await?;
    let leaf = Leaf { kind, recorded_at, id, digest: prepared.digest };
    let leaf = leaf_hash(&leaf.to_bytes());
    let row = [
        Cell::number(index)?,
        Cell::Integer(kind.code().into()),
        Cell::Octets(id.to_vec()),
        Cell::time(recorded_at),
        Cell::Octets(prepared.octets),
        Cell::Octets(leaf.to_vec()),
    ];
    batch.rows.push(&insert::ENTRIES, row);
    for tile in edge.push(leaf) {
        batch.rows.push_tile(tile)?;
    }
    batch.entries.insert((kind, id), (index, recorded_at));
    Ok(Receipt { index, kind, id, recorded_at, already: false })
}

/// Holds the claims of new attestations against their schemas, those of the batch among them: which
/// come in time is seen when the attestations' turn comes.
fn check_payloads(batch: &Batch<'_>, objects: &mut [Prepared]) {
    let own = objects.iter().filter_map(|prepared| match &prepared.object {
        Object::Schema(schema) => Some((schema.id(), Arc::new(schema.clone()))),
        _ => None,
    });
    let own: HashMap<SchemaId, Arc<Schema>> = own.collect();
    let (known, entries) = (&batch.memory.schemas, &batch.entries);
    objects.par_iter_mut().for_each(|prepared| {
        let Object::Attestation(attestation) = &prepared.object else { return };
        let attestation = attestation.statement();
        let schema = known.get(&attestation.schema).map(|(_, schema)| schema);
        let schema = schema.or_else(|| own.get(&attestation.schema));
        if let Some(schema) =
            schema.filter(|_| !entries.contains_key(&(prepared.kind, prepared.id)))
        {
            prepared.payload = admit::check_payload(attestation, schema).err();
        }
    });
}

/// When a batch is recorded: never before the last entry, and never far from the clock.
async fn recorded_at(
    connection: &mut SqliteConnection,
    size: u64,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let Some(last) = size.checked_sub(1) else { return Ok(now) };
    let query = sqlx::query(RECORDED).bind(tree::integer(last)?);
    let row = query.fetch_optional(connection).await?;
    let row = row.ok_or(StoreError::Contradiction("the last entry is missing"))?;
    let last = batch::time(&row, 0)?;
    // What is recorded far ahead of the clock would not count until the clock has caught up.
    if last.unix() > now.unix().saturating_add(SKEW) {
        return Err(StoreError::ClockBehind { last, now });
    }
    Ok(last.max(now))
}
