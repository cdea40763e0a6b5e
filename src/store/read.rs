//! Reading entries. No row is believed: what the file says of an entry is held against itself.
//!
//! The leaf of an entry, of kind, time, identifier and octets, must have the hash that stands beside
//! it, and the content of a statement or of a schema the identifier under which it was found. A row that
//! was altered is an error that names it, and is never served; whoever alters a row and all that is
//! beside it is found by an [audit](super::audit), or by a proof that does not lead to a checkpoint.
//!
//! Signatures were checked when the entry was taken. [`Store::get`] checks them again; listings and
//! facts, which read many entries, do not.

use super::audit::Tampering;
use super::cursor::CursorError;
use super::insert::nameless;
use super::object::MAX_ELEMENTS;
use super::tree::{hash, integer, number};
use super::{ListEpoch, Object, Store, StoreError};
use crate::encoding::Wire;
use crate::registry::attestation::{Attestation, SignedAttestation};
use crate::registry::event::{Event, SignedEvent};
use crate::registry::facts::Recorded;
use crate::registry::grant::{Grant, SignedGrant};
use crate::registry::log::{Hash, ProveError, leaf_hash};
use crate::registry::object::{Kind, Leaf};
use crate::registry::statement::{Signed, Statement, Unverified};
use crate::schema::Schema;
use crate::value::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _};
use thiserror::Error;

/// Fewest digits by which an entry is named.
pub const MIN_PREFIX: usize = 8;

/// Entries by their number.
pub(super) const ENTRY: &str =
    "SELECT idx, kind, id, recorded_at, octets, leaf_hash FROM entries WHERE idx = $1";
/// Entries by what they are.
pub(super) const ENTRY_BY_ID: &str =
    "SELECT idx, kind, id, recorded_at, octets, leaf_hash FROM entries WHERE kind = $1 AND id = $2";
/// Entries whose identifier is in a range.
pub(super) const PREFIX: &str = "SELECT kind, id FROM entries WHERE kind IN \
     (0, 1, 2, 3, 4, 5, 6, 7, 8) AND id >= $1 AND id <= $2 ORDER BY kind, id LIMIT 5";
/// What is on a list at an epoch.
pub(super) const SHARDS: &str =
    "SELECT elements, first FROM list_shards WHERE epoch = $1 ORDER BY first";

/// Why something was not read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// A row is not what was written.
    #[error("tampered-entry #{index}: {how}; run the audit, and go on with a copy that is intact")]
    Tampered {
        /// The entry.
        index: u64,
        /// In what it differs.
        how: Tampering,
    },
    /// A row that a checkpoint covers is not there.
    #[error("missing-entry #{0}: run the audit, and go on with a copy that is intact")]
    Missing(u64),
    /// A cursor that is not taken.
    #[error(transparent)]
    Cursor(#[from] CursorError),
    /// Pages of this length are not made.
    #[error("a page has 1 to {most} entries, not {0}", most = super::query::MAX_PAGE)]
    Limit(u32),
    /// No part of an identifier.
    #[error("expected {MIN_PREFIX} to 64 hexadecimal digits in lower case")]
    Prefix,
    /// More than one entry has an identifier that begins like this.
    #[error("{prefix} is ambiguous: {}; write more digits", spelled(.found))]
    Ambiguous {
        /// What was asked for.
        prefix: String,
        /// Some of those that begin like this.
        found: Vec<(Kind, [u8; 32])>,
    },
    /// More than is gathered for one verdict.
    #[error("more than {most} {what}: too many for one verdict")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many are gathered.
        most: usize,
    },
    /// There is no proof.
    #[error("no proof: {0}")]
    Unproven(String),
}

fn spelled(found: &[(Kind, [u8; 32])]) -> String {
    let found = found.iter().map(|(kind, id)| format!("{} {}", kind.word(), hex::encode(id)));
    found.collect::<Vec<_>>().join(", ")
}

impl From<ProveError<StoreError>> for StoreError {
    fn from(error: ProveError<StoreError>) -> Self {
        match error {
            ProveError::Source(error) => error,
            error => ReadError::Unproven(error.to_string()).into(),
        }
    }
}

/// What an entry of a listing has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A claim.
    Attestation(SignedAttestation),
    /// What happened to a statement.
    Event(SignedEvent),
    /// Who may speak for whom.
    Grant(SignedGrant),
    /// A schema, an issuer's record, a trust list, a bundle or the head of an epoch: canonical JSON.
    Document(Vec<u8>),
    /// The original of an imported attestation.
    Source(Vec<u8>),
}

/// An entry of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Its identifier.
    pub id: [u8; 32],
    /// What it says.
    pub content: Content,
    /// Its hash in the log.
    pub leaf_hash: Hash,
}

impl Entry {
    /// The octets that the log commits to.
    pub fn octets(&self) -> Vec<u8> {
        match &self.content {
            Content::Attestation(statement) => statement.to_bytes(),
            Content::Event(statement) => statement.to_bytes(),
            Content::Grant(statement) => statement.to_bytes(),
            Content::Document(octets) | Content::Source(octets) => octets.clone(),
        }
    }
}

/// A row of `entries`, of which nothing is known yet.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) index: u64,
    pub(super) kind: Option<Kind>,
    pub(super) recorded_at: Option<Timestamp>,
    pub(super) id: [u8; 32],
    pub(super) octets: Vec<u8>,
    pub(super) leaf_hash: Hash,
}

/// A row whose leaf has the hash that stands beside it.
#[derive(Clone, Debug)]
pub(super) struct Sealed {
    pub(super) index: u64,
    pub(super) kind: Kind,
    pub(super) recorded_at: Timestamp,
    pub(super) id: [u8; 32],
    pub(super) octets: Vec<u8>,
    pub(super) leaf_hash: Hash,
}

impl Row {
    /// A row whose columns are in the order of [`ENTRY`], from a column on.
    pub(super) fn read(row: &SqliteRow, from: usize) -> Result<Self, StoreError> {
        let kind: i64 = row.try_get(from + 1)?;
        let time: i64 = row.try_get(from + 3)?;
        Ok(Self {
            index: number(row, from)?,
            kind: u8::try_from(kind).ok().and_then(Kind::from_code),
            id: hash(row, from + 2)?,
            recorded_at: u64::try_from(time).ok().and_then(Timestamp::from_unix),
            octets: row.try_get(from + 4)?,
            leaf_hash: hash(row, from + 5)?,
        })
    }

    /// The hash of the leaf that stands for what the row says. None if its kind or its time is none.
    pub(super) fn computed(&self) -> Option<Hash> {
        let leaf = Leaf::new(self.kind?, self.recorded_at?, self.id, &self.octets);
        Some(leaf_hash(&leaf.to_bytes()))
    }

    pub(super) fn sealed(self) -> Result<Sealed, StoreError> {
        let Self { index, id, leaf_hash, .. } = self;
        match (self.kind, self.recorded_at, self.computed()) {
            (Some(kind), Some(recorded_at), Some(computed)) if computed == leaf_hash => {
                Ok(Sealed { index, kind, recorded_at, id, octets: self.octets, leaf_hash })
            }
            (_, _, Some(_)) => Err(tampered(index, Tampering::Leaf)),
            _ => Err(tampered(index, Tampering::Row)),
        }
    }
}

pub(super) fn tampered(index: u64, how: Tampering) -> StoreError {
    ReadError::Tampered { index, how }.into()
}

impl Sealed {
    /// The statement, if it has the identifier under which it was found.
    pub(super) fn statement<T: Statement>(&self) -> Result<Recorded<Signed<T>>, StoreError> {
        let unverified = Unverified::<T>::from_bytes(&self.octets);
        let unverified = unverified.map_err(|_| tampered(self.index, Tampering::Content))?;
        let statement = unverified.kept();
        match statement.id().into() == self.id {
            true => Ok(self.recorded(statement)),
            false => Err(tampered(self.index, Tampering::Identifier)),
        }
    }

    pub(super) fn recorded<T>(&self, entry: T) -> Recorded<T> {
        Recorded { index: self.index, recorded_at: self.recorded_at, entry }
    }

    /// What a listing shows.
    pub(super) fn entry(self) -> Result<Recorded<Entry>, StoreError> {
        let content = match self.kind {
            Kind::Attestation => Content::Attestation(self.statement::<Attestation>()?.entry),
            Kind::Event => Content::Event(self.statement::<Event>()?.entry),
            Kind::Grant => Content::Grant(self.statement::<Grant>()?.entry),
            Kind::Source => {
                let digest: [u8; 32] = Sha256::digest(&self.octets).into();
                if digest != self.id {
                    return Err(tampered(self.index, Tampering::Identifier));
                }
                Content::Source(self.octets.clone())
            }
            Kind::Schema => {
                self.schema()?;
                Content::Document(self.octets.clone())
            }
            Kind::Issuer | Kind::Trust | Kind::Bundle | Kind::Epoch => {
                Content::Document(self.octets.clone())
            }
        };
        let (kind, id, leaf_hash) = (self.kind, self.id, self.leaf_hash);
        Ok(self.recorded(Entry { kind, id, content, leaf_hash }))
    }

    pub(super) fn schema(&self) -> Result<Schema, StoreError> {
        let schema = Schema::parse(&self.octets);
        let schema = schema.map_err(|_| tampered(self.index, Tampering::Content))?;
        match schema.id().to_bytes() == self.id {
            true => Ok(schema),
            false => Err(tampered(self.index, Tampering::Identifier)),
        }
    }

    /// The object itself, its signatures checked.
    async fn object(
        self,
        connection: &mut SqliteConnection,
    ) -> Result<Recorded<Object>, StoreError> {
        let object = match self.kind {
            Kind::Epoch => {
                let elements = elements(connection, self.index).await?;
                ListEpoch::parse(&self.octets, elements).map(Object::Epoch)
            }
            kind => Object::parse(kind, &self.octets),
        };
        let object = object.map_err(|_| tampered(self.index, Tampering::Content))?;
        match object.id() == self.id {
            true => Ok(self.recorded(object)),
            false => Err(tampered(self.index, Tampering::Identifier)),
        }
    }
}

/// What is on a list at the epoch of an entry.
pub(super) async fn elements(
    connection: &mut SqliteConnection,
    index: u64,
) -> Result<Vec<u64>, StoreError> {
    let rows = sqlx::query(SHARDS).bind(integer(index)?).fetch_all(connection).await?;
    let mut elements = Vec::new();
    for row in rows {
        let shard: &[u8] = row.try_get(0)?;
        let (shard, rest) = shard.as_chunks::<8>();
        // Lookups go by where a shard says that it begins.
        let begins =
            shard.first().is_some_and(|first| row.try_get(1).is_ok_and(|it: &[u8]| it == first));
        if !rest.is_empty() || !begins || elements.len() + shard.len() > MAX_ELEMENTS {
            return Err(tampered(index, Tampering::Content));
        }
        elements.extend(shard.iter().map(|octets| u64::from_be_bytes(*octets)));
    }
    Ok(elements)
}

/// Entries by so many numbers.
pub(super) fn entries_sql(count: usize) -> String {
    let places = places(count, 1);
    format!(
        "SELECT idx, kind, id, recorded_at, octets, leaf_hash FROM entries WHERE idx IN ({places})"
    )
}

/// Entries by their numbers, in ascending order; those that are not there are left out.
pub(super) async fn load(
    connection: &mut SqliteConnection,
    indexes: &[i64],
) -> Result<Vec<Sealed>, StoreError> {
    let mut found = Vec::with_capacity(indexes.len());
    for chunk in indexes.chunks(MOST_PLACES) {
        let mut query = sqlx::query(AssertSqlSafe(nameless(&entries_sql(chunk.len()))));
        for index in padded(chunk) {
            query = query.bind(index);
        }
        for row in query.fetch_all(&mut *connection).await? {
            found.push(Row::read(&row, 0)?.sealed()?);
        }
    }
    found.sort_by_key(|row| row.index);
    Ok(found)
}

/// Most arguments of a list.
pub(super) const MOST_PLACES: usize = 128;

/// How many places a list of so many arguments has: of few lengths, so that few statements are prepared.
fn width(count: usize) -> usize {
    [1, 4, 16].into_iter().find(|width| count <= *width).unwrap_or(MOST_PLACES)
}

/// `$from, ...` for a list of so many arguments.
pub(super) fn places(count: usize, from: usize) -> String {
    let places = (from..from + width(count)).map(|place| format!("${place}"));
    places.collect::<Vec<_>>().join(", ")
}

/// The number of the place after such a list; the list is not there without arguments.
pub(super) fn after(count: usize, from: usize) -> usize {
    if count == 0 { from } else { from + width(count) }
}

/// The arguments, the last one again where there are more places.
pub(super) fn padded<T: Clone>(arguments: &[T]) -> impl Iterator<Item = T> {
    let width = if arguments.is_empty() { 0 } else { width(arguments.len()) };
    let last = arguments.last().cloned();
    let again = std::iter::repeat_with(move || last.clone()).flatten();
    arguments.iter().cloned().chain(again).take(width)
}

impl Store {
    /// The entry of a number, if there is one: its content and its signatures checked again.
    ///
    /// # Errors
    /// [`ReadError::Tampered`] if it is not what was written, [`ReadError::Missing`] if it should be
    /// there.
    pub async fn entry(&self, index: u64) -> Result<Option<Recorded<Object>>, StoreError> {
        let mut reader = self.reader().await?;
        let found = async {
            let Ok(number) = i64::try_from(index) else { return Ok(None) };
            let row = sqlx::query(ENTRY).bind(number).fetch_optional(&mut *reader).await?;
            match row {
                Some(row) => Row::read(&row, 0)?.sealed()?.object(&mut reader).await.map(Some),
                None if index < super::tree::last_checkpoint(&mut reader).await?.size => {
                    Err(ReadError::Missing(index).into())
                }
                None => Ok(None),
            }
        };
        found.await.map_err(|error: StoreError| error.at(&self.path))
    }

    /// The entry of an identifier, if there is one: its content and its signatures checked again.
    ///
    /// # Errors
    /// [`ReadError::Tampered`] if it is not what was written.
    pub async fn get(
        &self,
        kind: Kind,
        id: &[u8; 32],
    ) -> Result<Option<Recorded<Object>>, StoreError> {
        let mut reader = self.reader().await?;
        let found = async {
            let query = sqlx::query(ENTRY_BY_ID).bind(i64::from(kind.code())).bind(id.to_vec());
            match query.fetch_optional(&mut *reader).await? {
                Some(row) => Row::read(&row, 0)?.sealed()?.object(&mut reader).await.map(Some),
                None => Ok(None),
            }
        };
        found.await.map_err(|error: StoreError| error.at(&self.path))
    }

    /// What an identifier, or the first digits of one, stands for; none if nothing begins like this.
    ///
    /// # Errors
    /// [`ReadError::Prefix`] for what is no part of an identifier, [`ReadError::Ambiguous`] if more than
    /// one begins like this.
    pub async fn resolve(&self, prefix: &str) -> Result<Option<(Kind, [u8; 32])>, StoreError> {
        let [least, greatest] = bounds(prefix).ok_or(ReadError::Prefix)?;
        let mut reader = self.reader().await?;
        let found = async {
            let query = sqlx::query(PREFIX).bind(least.to_vec()).bind(greatest.to_vec());
            let rows = query.fetch_all(&mut *reader).await?;
            let kind = |row: &SqliteRow| {
                let kind = number(row, 0)?;
                let kind = u8::try_from(kind).ok().and_then(Kind::from_code);
                let kind = kind.ok_or(StoreError::Contradiction("an entry is of no kind"))?;
                Ok::<_, StoreError>((kind, hash(row, 1)?))
            };
            rows.iter().map(kind).collect::<Result<Vec<_>, _>>()
        };
        let found = found.await.map_err(|error: StoreError| error.at(&self.path))?;
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            _ => Err(ReadError::Ambiguous { prefix: prefix.to_owned(), found }.into()),
        }
    }
}

/// The least and the greatest identifier that begins with these digits.
fn bounds(prefix: &str) -> Option<[[u8; 32]; 2]> {
    let digits = (MIN_PREFIX..=64).contains(&prefix.len())
        && prefix.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let filled = |digit: char| {
        let mut text = prefix.to_owned();
        text.extend(std::iter::repeat_n(digit, 64_usize.saturating_sub(prefix.len())));
        crate::digest::from_hex(&text).ok()
    };
    if digits { Some([filled('0')?, filled('f')?]) } else { None }
}
