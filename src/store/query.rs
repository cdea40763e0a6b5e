//! Listings: entries that a filter lets through, page by page.
//!
//! Every page names the checkpoint under which it was made, and every entry its number and its leaf's
//! hash: whoever holds the checkpoint can have it [proven](super::proofs) that the entry is in the log.
//! The pages of a walk are all made under the checkpoint of the first one.
//!
//! A page is bounded in entries, in octets, and in the work to find them. So it may be shorter than it
//! was asked to be, even empty, before the last one: a walk ends where no cursor is handed out.

use super::cursor::{Cursor, CursorError, Order};
use super::filter::{Candidates, Filter, MAX_EXAMINED, Numbers};
use super::read::{Entry, ReadError, Sealed, load};
use super::tree::{integer, last_checkpoint, number};
use super::{Store, StoreError};
use crate::registry::facts::Recorded;
use crate::registry::log::Checkpoint;
use crate::registry::object::Kind;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _};
use std::ops::Range;

/// Most entries of a page.
pub const MAX_PAGE: u32 = 1000;
/// Octets after which a page ends.
pub const MAX_PAGE_OCTETS: u64 = 1 << 24;
/// Entries that are checked at once.
const TOGETHER: usize = 16;

/// The checkpoint of a size.
pub(super) const CHECKPOINT: &str = "SELECT note FROM checkpoints WHERE size = $1";
/// What the database has instead of the long names of a filter, and where its times begin.
pub(super) const NUMBERS: &str = "SELECT \
     (SELECT no FROM schemas WHERE id = $1), \
     (SELECT no FROM keys WHERE key = $2), \
     (SELECT no FROM subjects WHERE subject = $3), \
     (SELECT idx FROM entries WHERE kind = 6 AND id = $4), \
     (SELECT idx FROM entries WHERE recorded_at >= $5 ORDER BY recorded_at, idx LIMIT 1), \
     (SELECT idx FROM entries WHERE recorded_at >= $6 ORDER BY recorded_at, idx LIMIT 1)";

/// Which part of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Most entries: 1 to [`MAX_PAGE`].
    pub limit: u32,
    /// Where the page before ended.
    pub after: Option<Cursor>,
    /// In which order.
    pub order: Order,
}

impl Default for Page {
    /// The first page, of 100, oldest first.
    fn default() -> Self {
        Self { limit: 100, after: None, order: Order::Oldest }
    }
}

/// A page of a listing.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Entries, in the order that was asked for.
    pub items: Vec<Recorded<Entry>>,
    /// Where the next page begins; none if there is no more.
    pub next: Option<Cursor>,
    /// Under which the listing is made: all entries are below its size.
    pub checkpoint: Checkpoint,
}

/// What is looked through for a page.
struct Search {
    numbers: Numbers,
    range: Range<u64>,
    order: Order,
    limit: usize,
}

/// Indexes that were found, and whether there may be more after the last one that was looked at.
struct Hits {
    indexes: Vec<u64>,
    more: Option<u64>,
}

impl Store {
    /// A page of the entries that a filter lets through.
    ///
    /// # Errors
    /// [`ReadError::Cursor`] for a cursor of another listing, [`ReadError::Tampered`] if an entry is not
    /// what was written: such a page is not served.
    pub async fn list(&self, filter: &Filter, page: &Page) -> Result<Listing, StoreError> {
        if !(1..=MAX_PAGE).contains(&page.limit) {
            return Err(ReadError::Limit(page.limit).into());
        }
        let walk = filter.walk(self.origin());
        if let Some(cursor) = &page.after {
            cursor.check(walk, page.order).map_err(ReadError::from)?;
        }
        let mut reader = self.reader().await?;
        let listed = async {
            let checkpoint = self.checkpoint_of(&mut reader, page.after.as_ref()).await?;
            let size = checkpoint.body().size();
            let search = search(&mut reader, filter, page, size).await?;
            let mut listing = Listing { items: Vec::new(), next: None, checkpoint };
            if let Some(search) = search {
                let hits = search.hits(&mut reader).await?;
                listing.items = entries(&mut reader, &hits.indexes).await?;
                if page.order == Order::Newest {
                    listing.items.reverse();
                }
                let cursor = |last| Cursor { size, last, order: page.order, walk };
                listing.next = hits.more.map(cursor);
            }
            Ok(listing)
        };
        listed.await.map_err(|error: StoreError| error.at(self.path()))
    }

    async fn checkpoint_of(
        &self,
        connection: &mut SqliteConnection,
        cursor: Option<&Cursor>,
    ) -> Result<Checkpoint, StoreError> {
        let note = match cursor {
            None => last_checkpoint(connection).await?.note,
            Some(cursor) => {
                let unknown = || ReadError::from(CursorError::Size(cursor.size));
                let size = i64::try_from(cursor.size).map_err(|_| unknown())?;
                let query = sqlx::query(CHECKPOINT).bind(size);
                let row = query.fetch_optional(connection).await?;
                row.ok_or_else(unknown)?.try_get(0)?
            }
        };
        let checkpoint = Checkpoint::parse(&note)?;
        checkpoint.verify(self.log_key())?;
        Ok(checkpoint)
    }
}

/// What has to be looked through. None if nothing can be found.
async fn search(
    connection: &mut SqliteConnection,
    filter: &Filter,
    page: &Page,
    size: u64,
) -> Result<Option<Search>, StoreError> {
    let time =
        |time: Option<crate::value::Timestamp>| time.map(|time| integer(time.unix())).transpose();
    let row = sqlx::query(NUMBERS)
        .bind(filter.schema.map(|id| id.to_bytes().to_vec()))
        .bind(filter.issuer.map(|key| key.to_bytes().to_vec()))
        .bind(filter.subject.as_ref().map(|subject| subject.as_str().to_owned()))
        .bind(filter.link.map(|(_, id)| id.to_bytes().to_vec()))
        .bind(time(filter.recorded_from)?)
        .bind(time(filter.recorded_until)?)
        .fetch_one(connection)
        .await?;
    let column = |column| row.try_get::<Option<i64>, _>(column);
    let numbers = Numbers {
        kind: filter.kind,
        schema: column(0)?,
        issuer: column(1)?,
        subject: column(2)?,
        link: filter.link.map(|(relation, _)| relation).zip(column(3)?),
    };
    let known = filter.schema.is_some() == numbers.schema.is_some()
        && filter.issuer.is_some() == numbers.issuer.is_some()
        && filter.subject.is_some() == numbers.subject.is_some()
        && filter.link.is_some() == numbers.link.is_some();
    let possible = filter.kind.is_none_or(|kind| kind == Kind::Attestation);
    if !known || filter.is_of_attestations() && !possible {
        return Ok(None);
    }
    let place = |column: Option<i64>| column.and_then(|index| u64::try_from(index).ok());
    let mut range = 0..size;
    if filter.recorded_from.is_some() {
        range.start = place(column(4)?).unwrap_or(size);
    }
    if filter.recorded_until.is_some() {
        range.end = place(column(5)?).unwrap_or(size).min(size);
    }
    match (page.after, page.order) {
        (Some(cursor), Order::Oldest) => range.start = range.start.max(cursor.last + 1),
        (Some(cursor), Order::Newest) => range.end = range.end.min(cursor.last),
        (None, _) => {}
    }
    let limit = page.limit as usize;
    Ok((!range.is_empty()).then_some(Search { numbers, range, order: page.order, limit }))
}

impl Search {
    async fn hits(mut self, connection: &mut SqliteConnection) -> Result<Hits, StoreError> {
        let candidates = self.numbers.candidates(self.order);
        let examined = match candidates.sieved {
            true => self.examine(connection).await?,
            false => None,
        };
        let rows = self.fetch(connection, &candidates).await?;
        let found = rows.iter().map(|row| Ok((number(row, 0)?, number(row, 1)?)));
        let mut found = found.collect::<Result<Vec<_>, StoreError>>()?;
        match self.order {
            Order::Oldest => found.sort_unstable(),
            Order::Newest => found.sort_unstable_by(|a, b| b.cmp(a)),
        }
        let mut octets = 0;
        let fits = found.iter().take(self.limit).take_while(|(_, length)| {
            let fits = octets < MAX_PAGE_OCTETS;
            octets += length;
            fits
        });
        let fits = fits.count();
        let whole = fits == found.len();
        found.truncate(fits);
        let indexes: Vec<u64> = found.into_iter().map(|(index, _)| index).collect();
        let more = if whole { examined } else { indexes.last().copied() };
        Ok(Hits { indexes, more })
    }

    /// Candidates and the lengths of their octets, one more than are shown.
    async fn fetch(
        &self,
        connection: &mut SqliteConnection,
        candidates: &Candidates,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        let sql = with_lengths(&candidates.sql);
        let query = self.bound(sql, candidates, self.limit as u64 + 1)?;
        Ok(query.fetch_all(connection).await?)
    }

    /// Bounds the range by the last candidate that is examined, which comes out if it is not the last
    /// there is.
    async fn examine(
        &mut self,
        connection: &mut SqliteConnection,
    ) -> Result<Option<u64>, StoreError> {
        let candidates = self.numbers.examined(self.order);
        let query = self.bound(with_extremes(&candidates.sql), &candidates, MAX_EXAMINED)?;
        let row = query.fetch_one(connection).await?;
        if number(&row, 0)? < MAX_EXAMINED {
            return Ok(None);
        }
        match self.order {
            Order::Oldest => {
                let last = number(&row, 2)?;
                self.range.end = last + 1;
                Ok(Some(last))
            }
            Order::Newest => {
                let last = number(&row, 1)?;
                self.range.start = last;
                Ok(Some(last))
            }
        }
    }

    fn bound(
        &self,
        sql: String,
        candidates: &Candidates,
        limit: u64,
    ) -> Result<sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>, StoreError>
    {
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for argument in &candidates.arguments {
            query = query.bind(*argument);
        }
        let query = query.bind(integer(self.range.start)?).bind(integer(self.range.end)?);
        Ok(query.bind(integer(limit)?))
    }
}

/// The candidates, each with how long it is.
pub(super) fn with_lengths(candidates: &str) -> String {
    format!(
        "SELECT e.idx, length(e.octets) FROM ({candidates}) AS c \
         CROSS JOIN entries e WHERE e.idx = c.found"
    )
}

/// How many candidates there are, and the first and the last of them.
pub(super) fn with_extremes(candidates: &str) -> String {
    format!(
        "SELECT count(*), coalesce(min(c.found), 0), coalesce(max(c.found), 0) \
         FROM ({candidates}) AS c"
    )
}

/// The entries of these numbers, in ascending order, each checked.
async fn entries(
    connection: &mut SqliteConnection,
    indexes: &[u64],
) -> Result<Vec<Recorded<Entry>>, StoreError> {
    let wanted = indexes.iter().map(|index| integer(*index)).collect::<Result<Vec<_>, _>>()?;
    let found = load(connection, &wanted).await?;
    if let Some(gone) =
        indexes.iter().find(|index| found.binary_search_by_key(*index, |row| row.index).is_err())
    {
        return Err(ReadError::Missing(*gone).into());
    }
    match found.len() > TOGETHER {
        true => found.into_par_iter().map(Sealed::entry).collect(),
        false => found.into_iter().map(Sealed::entry).collect(),
    }
}
