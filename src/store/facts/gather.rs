//! The queries for facts.

use super::remember::{Binding, Remembered};
use super::{Found, List, MAX_FACTS, MAX_RIVALS, Member};
use crate::registry::attestation::{Attestation, AttestationId, Relation};
use crate::registry::event::Event;
use crate::registry::facts::Recorded;
use crate::registry::grant::{Grant, GrantId};
use crate::registry::issuer::IssuerRecord;
use crate::registry::object::Kind;
use crate::registry::statement::Statement;
use crate::registry::subject::Subject;
use crate::registry::terms::{Terms, Trusted};
use crate::schema::{Schema, SchemaId};
use crate::status::{ListKey, SignedHead};
use crate::store::StoreError;
use crate::store::audit::Tampering;
use crate::store::insert::nameless;
use crate::store::read::{
    ENTRY_BY_ID, MOST_PLACES, ReadError, Row, Sealed, after, load, padded, places, tampered,
};
use crate::store::tree::{integer, number};
use crate::trust::TrustList;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Columns of an entry, as they are read.
const COLUMNS: &str = "e.idx, e.kind, e.id, e.recorded_at, e.octets, e.leaf_hash";
/// Editions of a trust list.
pub(in crate::store) const EDITIONS: &str = "SELECT idx FROM trust_editions \
     WHERE list = $1 AND authority = $2 ORDER BY sequence LIMIT $3";
/// Epochs of a sorted list.
pub(in crate::store) const EPOCHS: &str = "SELECT idx FROM epochs \
     WHERE list = $1 AND authority = $2 AND elements = $3 ORDER BY epoch LIMIT $4";
/// Of each epoch of a list, the shard in which an element would be.
pub(in crate::store) const PRESENT: &str = "SELECT p.idx, s.elements, s.first FROM epochs p \
     LEFT JOIN list_shards s ON s.epoch = p.idx AND s.first = (SELECT max(t.first) \
     FROM list_shards t WHERE t.epoch = p.idx AND t.first <= $4) \
     WHERE p.list = $1 AND p.authority = $2 AND p.elements = $3";

/// By whom attestations are that could be believed: what nobody could believe contradicts nothing, and
/// must not crowd out what does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum By {
    /// Anybody.
    Anybody,
    /// One of so many keys.
    Attesters(usize),
    /// A key that is bound to one of so many BBS keys.
    Issuers(usize),
}

/// Attestations about a subject, under any schema or under so many.
pub(in crate::store) fn rivals_sql(schemas: usize, by: By) -> String {
    let under = match schemas {
        0 => String::new(),
        some => format!(
            "AND a.schema_no IN (SELECT no FROM schemas WHERE id IN ({})) ",
            places(some, 2)
        ),
    };
    let next = after(schemas, 2);
    let (by, next) = match by {
        By::Anybody => (String::new(), next),
        By::Attesters(some) => {
            let keys = places(some, next);
            let by = format!("AND a.issuer_no IN (SELECT no FROM keys WHERE key IN ({keys})) ");
            (by, after(some, next))
        }
        By::Issuers(some) => {
            let keys = places(some, next);
            let bound = format!("SELECT attester FROM bindings WHERE issuer IN ({keys})");
            let by = format!("AND a.issuer_no IN (SELECT no FROM keys WHERE key IN ({bound})) ");
            (by, after(some, next))
        }
    };
    format!(
        "SELECT {COLUMNS} FROM subjects u JOIN attestations a ON a.subject_no = u.no \
         JOIN entries e ON e.idx = a.idx WHERE u.subject = $1 {under}{by}ORDER BY a.idx \
         LIMIT ${next}"
    )
}

/// What is linked to so many attestations.
pub(in crate::store) fn links_sql(targets: usize) -> String {
    format!(
        "SELECT {COLUMNS}, l.target, l.relation FROM links l JOIN entries e ON e.idx = l.source \
         WHERE l.target IN ({}) LIMIT ${}",
        places(targets, 1),
        after(targets, 1)
    )
}

/// Events about so many entries.
pub(in crate::store) fn events_sql(targets: usize) -> String {
    format!(
        "SELECT {COLUMNS}, v.target FROM events v JOIN entries e ON e.idx = v.idx \
         WHERE v.target IN ({}) LIMIT ${}",
        places(targets, 1),
        after(targets, 1)
    )
}

/// Issuers' records of so many attesters.
pub(in crate::store) fn bindings_sql(attesters: usize) -> String {
    format!(
        "SELECT idx FROM bindings WHERE attester IN ({}) LIMIT ${}",
        places(attesters, 1),
        after(attesters, 1)
    )
}

/// Grants by their identifiers.
pub(in crate::store) fn grants_sql(grants: usize) -> String {
    format!("SELECT {COLUMNS} FROM entries e WHERE e.kind = 5 AND e.id IN ({})", places(grants, 1))
}

/// Facts that are being gathered.
pub(super) struct Gathering<'a> {
    connection: &'a mut SqliteConnection,
    remembered: &'a Remembered,
    found: Found,
    /// The identifiers of entries of which it was asked what is about them.
    ids: HashMap<u64, [u8; 32]>,
    /// Issuers whose bindings are wanted.
    issuers: BTreeSet<[u8; 32]>,
    /// Grants that were named and not looked for yet.
    named: BTreeSet<GrantId>,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(connection: &'a mut SqliteConnection, remembered: &'a Remembered) -> Self {
        Self {
            connection,
            remembered,
            found: Found::default(),
            ids: HashMap::new(),
            issuers: BTreeSet::new(),
            named: BTreeSet::new(),
        }
    }

    /// Everything about an attestation.
    pub(super) async fn all(
        mut self,
        id: AttestationId,
        terms: &Terms,
    ) -> Result<Option<Found>, StoreError> {
        let query = sqlx::query(ENTRY_BY_ID).bind(i64::from(Kind::Attestation.code()));
        let row = query.bind(id.to_bytes().to_vec()).fetch_optional(&mut *self.connection).await?;
        let Some(row) = row else { return Ok(None) };
        let first = Row::read(&row, 0)?.sealed()?;
        let (index, attestation) = (first.index, first.statement::<Attestation>()?);
        let subject = attestation.entry.statement().subject.clone();
        self.member(attestation).await?;
        if let Trusted::List(rule) = &terms.trusted {
            self.trust(rule.list(), rule.authority().to_bytes()).await?;
        }
        // Where nobody has to agree, nobody contradicts.
        if let Some(subject) = subject.filter(|_| !terms.agreements.is_empty()) {
            self.rivals(index, &subject, terms).await?;
        }
        let members: Vec<u64> =
            self.found.members.iter().map(|member| member.attestation.index).collect();
        let linked = self.links(&members).await?;
        let mut about: Vec<u64> = members.into_iter().chain(linked).collect();
        // Each round finds grants that the events before named, and no grant twice.
        loop {
            self.events(&about).await?;
            about = self.grants().await?;
            if about.is_empty() {
                break;
            }
        }
        self.bindings().await?;
        self.lists(terms).await?;
        Ok(Some(self.found))
    }

    async fn member(
        &mut self,
        attestation: Recorded<crate::registry::attestation::SignedAttestation>,
    ) -> Result<(), StoreError> {
        self.note(
            attestation.index,
            attestation.entry.id().to_bytes(),
            attestation.entry.statement(),
        );
        let schema = self.schema(attestation.entry.statement().schema).await?;
        self.found.members.push(Member { attestation, schema });
        Ok(())
    }

    /// Takes down what else has to be looked for.
    fn note(&mut self, index: u64, id: [u8; 32], statement: &impl Statement) {
        self.ids.insert(index, id);
        self.issuers.insert(statement.issuer().to_bytes());
        let chain = statement.delegated().map_or(&[][..], |delegated| &delegated.chain);
        self.named.extend(chain.iter().filter(|id| !self.found.grants.contains_key(id)));
    }

    async fn schema(&mut self, id: SchemaId) -> Result<Option<Recorded<Arc<Schema>>>, StoreError> {
        if let Some(schema) = self.found.schemas.get(&id).cloned() {
            return Ok(Some(schema));
        }
        if let Some(schema) = self.remembered.schemas.get(&id) {
            return Ok(Some(schema));
        }
        let query = sqlx::query(ENTRY_BY_ID).bind(i64::from(Kind::Schema.code()));
        let row = query.bind(id.to_bytes().to_vec()).fetch_optional(&mut *self.connection).await?;
        let Some(row) = row else { return Ok(None) };
        let row = Row::read(&row, 0)?.sealed()?;
        let schema = row.recorded(Arc::new(row.schema()?));
        self.remembered.schemas.put(id, schema.clone());
        self.found.schemas.insert(id, schema.clone());
        Ok(Some(schema))
    }

    async fn rivals(
        &mut self,
        own: u64,
        subject: &Subject,
        terms: &Terms,
    ) -> Result<(), StoreError> {
        let schemas: Vec<Vec<u8>> = terms.schemas.iter().map(|id| id.to_bytes().to_vec()).collect();
        let mut chunks: Vec<&[Vec<u8>]> = schemas.chunks(MOST_PLACES).collect();
        if chunks.is_empty() {
            chunks.push(&[]);
        }
        let most = integer(MAX_RIVALS as u64 + 2)?;
        let (by, keys) = self.believable(terms);
        for chunk in chunks {
            let query = sqlx::query(AssertSqlSafe(nameless(&rivals_sql(chunk.len(), by))));
            let query = bind_all(query.bind(subject.as_str().to_owned()), chunk);
            let query = bind_all(query, &keys);
            for row in query.bind(most).fetch_all(&mut *self.connection).await? {
                let rival = Row::read(&row, 0)?.sealed()?.statement::<Attestation>()?;
                if rival.index == own {
                    continue;
                }
                if rival.entry.statement().subject.as_ref() != Some(subject) {
                    return Err(StoreError::Contradiction("an attestation is of another subject"));
                }
                if self.found.members.len() > MAX_RIVALS {
                    let what = "other attestations about its subject";
                    return Err(ReadError::TooMany { what, most: MAX_RIVALS }.into());
                }
                self.member(rival).await?;
            }
        }
        self.found.members.get_mut(1..).into_iter().for_each(|rivals| {
            rivals.sort_by_key(|member| member.attestation.index);
        });
        Ok(())
    }

    /// By whom rivals may be, and the keys that say so. Where those are too many to ask for, anybody.
    fn believable(&self, terms: &Terms) -> (By, Vec<Vec<u8>>) {
        let keys: Vec<Vec<u8>> = match &terms.trusted {
            Trusted::Anybody => Vec::new(),
            Trusted::Attesters(keys) => keys.iter().map(|key| key.to_bytes().to_vec()).collect(),
            Trusted::Issuers(keys) => keys.iter().map(|key| key.to_bytes().to_vec()).collect(),
            Trusted::List(_) => {
                let keys = self.found.trust.iter().flat_map(|edition| edition.entry.keys());
                let keys: BTreeSet<_> = keys.map(|(_, key)| key.key().to_bytes()).collect();
                keys.into_iter().map(|key| key.to_vec()).collect()
            }
        };
        match (&terms.trusted, keys.len()) {
            (Trusted::Anybody, _) | (_, 0) => (By::Anybody, Vec::new()),
            (_, some) if some > MOST_PLACES => (By::Anybody, Vec::new()),
            (Trusted::Attesters(_), some) => (By::Attesters(some), keys),
            (Trusted::Issuers(_) | Trusted::List(_), some) => (By::Issuers(some), keys),
        }
    }

    /// Rows of entries about others, which have the index of the other after their own columns.
    async fn about(
        &mut self,
        targets: &[u64],
        sql: fn(usize) -> String,
        what: &'static str,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        let targets = targets.iter().map(|index| integer(*index)).collect::<Result<Vec<_>, _>>()?;
        let mut rows = Vec::new();
        for chunk in targets.chunks(MOST_PLACES) {
            let query = sqlx::query(AssertSqlSafe(nameless(&sql(chunk.len()))));
            let query = bind_all(query, chunk).bind(integer(MAX_FACTS as u64 + 1)?);
            rows.extend(query.fetch_all(&mut *self.connection).await?);
            if rows.len() > MAX_FACTS {
                return Err(ReadError::TooMany { what, most: MAX_FACTS }.into());
            }
        }
        Ok(rows)
    }

    /// What is linked to these attestations; the indexes of it come out.
    async fn links(&mut self, targets: &[u64]) -> Result<Vec<u64>, StoreError> {
        let mut linked = HashSet::new();
        for row in self.about(targets, links_sql, "links").await? {
            let target = number(&row, 6)?;
            let link = Row::read(&row, 0)?.sealed()?.statement::<Attestation>()?;
            let statement = link.entry.statement();
            let relation = Relation::from_code(number(&row, 7)?);
            let id = self.ids.get(&target).copied().map(AttestationId::from_bytes);
            let says = statement
                .links
                .iter()
                .find(|link| Some(link.relation) == relation && Some(link.target) == id);
            let Some(relation) = says.map(|link| link.relation) else {
                return Err(StoreError::Contradiction("a link is not what its attestation says"));
            };
            self.note(link.index, link.entry.id().to_bytes(), statement);
            linked.insert(link.index);
            self.found.links.entry(target).or_default().push((relation, link));
        }
        for links in self.found.links.values_mut() {
            links.sort_by_key(|(relation, link)| (link.index, *relation));
        }
        Ok(linked.into_iter().filter(|index| !targets.contains(index)).collect())
    }

    async fn events(&mut self, targets: &[u64]) -> Result<(), StoreError> {
        for row in self.about(targets, events_sql, "events").await? {
            let target = number(&row, 6)?;
            let event = Row::read(&row, 0)?.sealed()?.statement::<Event>()?;
            let statement = event.entry.statement();
            if self.ids.get(&target) != Some(&statement.target.to_bytes()) {
                return Err(StoreError::Contradiction("an event is about something else"));
            }
            self.note(event.index, event.entry.id().to_bytes(), statement);
            self.found.events.entry(target).or_default().push(event);
        }
        for target in targets {
            if let Some(events) = self.found.events.get_mut(target) {
                events.sort_by_key(|event| event.index);
            }
        }
        Ok(())
    }

    /// The grants that were named; the indexes of those that are new come out.
    async fn grants(&mut self) -> Result<Vec<u64>, StoreError> {
        let named: Vec<Vec<u8>> =
            std::mem::take(&mut self.named).iter().map(|id| id.to_bytes().to_vec()).collect();
        let mut new = Vec::new();
        for chunk in named.chunks(MOST_PLACES) {
            let sql = nameless(&grants_sql(chunk.len()));
            let query = bind_all(sqlx::query(AssertSqlSafe(sql)), chunk);
            for row in query.fetch_all(&mut *self.connection).await? {
                let grant = Row::read(&row, 0)?.sealed()?.statement::<Grant>()?;
                self.ids.insert(grant.index, grant.entry.id().to_bytes());
                new.push(grant.index);
                self.found.grants.insert(grant.entry.id(), grant);
            }
        }
        if self.found.grants.len() > MAX_FACTS {
            return Err(ReadError::TooMany { what: "grants", most: MAX_FACTS }.into());
        }
        Ok(new)
    }

    async fn bindings(&mut self) -> Result<(), StoreError> {
        let issuers: Vec<Vec<u8>> = self.issuers.iter().map(|key| key.to_vec()).collect();
        let mut indexes = Vec::new();
        for chunk in issuers.chunks(MOST_PLACES) {
            let query = sqlx::query(AssertSqlSafe(nameless(&bindings_sql(chunk.len()))));
            let query = bind_all(query, chunk).bind(integer(MAX_FACTS as u64 + 1)?);
            for row in query.fetch_all(&mut *self.connection).await? {
                indexes.push(number(&row, 0)?);
            }
        }
        if indexes.len() > MAX_FACTS {
            return Err(ReadError::TooMany { what: "issuers' records", most: MAX_FACTS }.into());
        }
        indexes.sort_unstable();
        let remembered = &self.remembered.bindings;
        let unknown = indexes.iter().filter(|index| remembered.get(index).is_none());
        for row in self.rows(unknown.copied().collect()).await? {
            let record = parsed(&row, Kind::Issuer, IssuerRecord::parse(&row.octets))?;
            same_id(&row, record.hash().to_bytes())?;
            let (attester, issuer) = (*record.attester(), *record.issuer());
            remembered.put(row.index, row.recorded(Binding { attester, issuer }));
        }
        for index in indexes {
            let binding = remembered.get(&index).ok_or(ReadError::Missing(index))?;
            let attester = binding.entry.attester.to_bytes();
            let Recorded { recorded_at, entry, .. } = binding;
            let key = Recorded { index, recorded_at, entry: entry.issuer };
            self.found.keys.entry(attester).or_default().push(key);
        }
        Ok(())
    }

    async fn trust(&mut self, list: &str, authority: [u8; 32]) -> Result<(), StoreError> {
        let query = sqlx::query(EDITIONS).bind(list.to_owned()).bind(authority.to_vec());
        let query = query.bind(integer(MAX_FACTS as u64)?);
        let indexes = self.indexes(query).await?;
        let remembered = &self.remembered.trust;
        let unknown = indexes.iter().filter(|index| remembered.get(index).is_none());
        for row in self.rows(unknown.copied().collect()).await? {
            let list = parsed(&row, Kind::Trust, TrustList::parse(&row.octets))?;
            same_id(&row, list.hash().to_bytes())?;
            remembered.put(row.index, row.recorded(Arc::new(list)));
        }
        for index in indexes {
            let edition = remembered.get(&index).ok_or(ReadError::Missing(index))?;
            let Recorded { recorded_at, entry, .. } = edition;
            let entry = Arc::unwrap_or_clone(entry);
            self.found.trust.push(Recorded { index, recorded_at, entry });
        }
        Ok(())
    }

    async fn lists(&mut self, terms: &Terms) -> Result<(), StoreError> {
        let mut keys: Vec<&ListKey> = Vec::new();
        for check in &terms.lists {
            if !keys.contains(&&check.key) {
                keys.push(&check.key);
            }
        }
        for key in keys {
            let epochs = self.epochs(key).await?;
            let checks = terms.lists.iter().filter(|check| check.key == *key);
            let asked = |member: &Member| {
                let schema = member.schema.as_ref().map(|schema| schema.entry.as_ref());
                let statement = member.attestation.entry.statement();
                let element = |check| terms.element(check, statement, schema).ok().flatten();
                let elements: BTreeSet<u64> = checks.clone().filter_map(element).collect();
                elements.into_iter().collect()
            };
            let asked: Vec<Vec<u64>> = self.found.members.iter().map(asked).collect();
            let elements: BTreeSet<u64> = asked.iter().flatten().copied().collect();
            let mut present: HashMap<u64, Vec<u64>> = HashMap::new();
            for element in elements {
                self.present(key, element, &mut present).await?;
            }
            self.found.lists.push(List { epochs, asked, present });
        }
        Ok(())
    }

    async fn epochs(&mut self, key: &ListKey) -> Result<Vec<Recorded<SignedHead>>, StoreError> {
        let query = list_query(EPOCHS.to_owned(), key).bind(integer(MAX_FACTS as u64)?);
        let indexes = self.indexes(query).await?;
        let remembered = &self.remembered.heads;
        let unknown = indexes.iter().filter(|index| remembered.get(index).is_none());
        for row in self.rows(unknown.copied().collect()).await? {
            let head = parsed(&row, Kind::Epoch, SignedHead::parse(&row.octets))?;
            same_id(&row, head.hash().to_bytes())?;
            remembered.put(row.index, row.recorded(head));
        }
        let head = |index: &u64| remembered.get(index).ok_or(ReadError::Missing(*index).into());
        indexes.iter().map(head).collect()
    }

    /// Notes at which epochs an element is on a list.
    async fn present(
        &mut self,
        key: &ListKey,
        element: u64,
        present: &mut HashMap<u64, Vec<u64>>,
    ) -> Result<(), StoreError> {
        let query = list_query(PRESENT.to_owned(), key).bind(element.to_be_bytes().to_vec());
        for row in query.fetch_all(&mut *self.connection).await? {
            let shard: Option<&[u8]> = row.try_get(1)?;
            let (elements, _) = shard.unwrap_or_default().as_chunks::<8>();
            // A shard that begins elsewhere than it says would hide what is on the list.
            if shard.is_some()
                && row.try_get::<&[u8], _>(2)? != elements.first().map_or(&[][..], |e| e)
            {
                return Err(tampered(number(&row, 0)?, Tampering::Content));
            }
            if elements.binary_search(&element.to_be_bytes()).is_ok() {
                present.entry(number(&row, 0)?).or_default().push(element);
            }
        }
        Ok(())
    }

    async fn indexes(
        &mut self,
        query: Query<'static, Sqlite, SqliteArguments>,
    ) -> Result<Vec<u64>, StoreError> {
        let rows = query.fetch_all(&mut *self.connection).await?;
        if rows.len() >= MAX_FACTS {
            let what = "editions or epochs of a list";
            return Err(ReadError::TooMany { what, most: MAX_FACTS }.into());
        }
        rows.iter().map(|row| number(row, 0)).collect()
    }

    async fn rows(&mut self, indexes: Vec<u64>) -> Result<Vec<Sealed>, StoreError> {
        let indexes = indexes.into_iter().map(integer).collect::<Result<Vec<_>, _>>()?;
        load(self.connection, &indexes).await
    }
}

type Bound = Query<'static, Sqlite, SqliteArguments>;

fn bind_all<T>(query: Bound, arguments: &[T]) -> Bound
where
    T: Clone + sqlx::Type<Sqlite> + for<'q> sqlx::Encode<'q, Sqlite>,
{
    padded(arguments).fold(query, |query, argument| query.bind(argument))
}

/// A query about a list.
fn list_query(sql: String, key: &ListKey) -> Bound {
    let query = sqlx::query(AssertSqlSafe(sql)).bind(key.list.clone());
    let query = query.bind(key.authority.to_bytes().to_vec());
    query.bind(key.elements.to_document().canonical())
}

/// What an entry of a kind that is found through a derived table was parsed to.
fn parsed<T, E>(row: &Sealed, kind: Kind, parsed: Result<T, E>) -> Result<T, StoreError> {
    match (row.kind == kind, parsed) {
        (true, Ok(parsed)) => Ok(parsed),
        _ => Err(tampered(row.index, Tampering::Content)),
    }
}

fn same_id(row: &Sealed, id: [u8; 32]) -> Result<(), StoreError> {
    match row.id == id {
        true => Ok(()),
        false => Err(tampered(row.index, Tampering::Identifier)),
    }
}
