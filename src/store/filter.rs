//! Filters: what a listing is of, and how its entries are found.
//!
//! A listing is in the order of indexes, so a page of it is the beginning of a range of some database
//! index whose last column is the entry's. For every combination of schema, issuer and subject there
//! is one, as there is for kinds and for the targets of links; a time is turned into an index first,
//! since the registry's clock does not run backwards. What such an index does not say, namely the
//! schema, issuer or subject of those that are linked to an attestation, is looked up for each
//! candidate, for [`MAX_EXAMINED`] of them at a page: the work of a page is bounded, whatever is asked.
//!
//! Schema, issuer, subject and link are said of attestations: with any of them nothing else is listed.

use super::cursor::{Order, WALK_LEN};
use crate::authority::Authority;
use crate::registry::attestation::{AttestationId, Relation};
use crate::registry::object::Kind;
use crate::registry::subject::Subject;
use crate::schema::SchemaId;
use crate::transcript::{Transcript, tag};
use crate::value::Timestamp;
use std::fmt::Write;

/// Candidates that are examined for a page.
pub const MAX_EXAMINED: u64 = 2048;

/// What is listed: entries of which all that is said here is true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// It is of this kind.
    pub kind: Option<Kind>,
    /// It is an attestation under this schema.
    pub schema: Option<SchemaId>,
    /// It is an attestation of this issuer's key.
    pub issuer: Option<Authority>,
    /// It is an attestation about this subject.
    pub subject: Option<Subject>,
    /// It is an attestation that is linked to this one, in this way or in any.
    pub link: Option<(Option<Relation>, AttestationId)>,
    /// It was recorded then or later.
    pub recorded_from: Option<Timestamp>,
    /// It was recorded earlier.
    pub recorded_until: Option<Timestamp>,
}

impl Filter {
    /// Whether it asks for something that only attestations have.
    pub(super) fn is_of_attestations(&self) -> bool {
        self.schema.is_some()
            || self.issuer.is_some()
            || self.subject.is_some()
            || self.link.is_some()
    }

    /// What a cursor has of the walk through this listing in the registry of this origin.
    pub(super) fn walk(&self, origin: &str) -> [u8; WALK_LEN] {
        let mut hash = Transcript::new(tag::LISTING);
        hash.absorb("origin", origin);
        let mut part = |label, content: Option<Vec<u8>>| match content {
            Some(content) => hash.absorb(label, content),
            None => hash.absorb("anything", label),
        };
        part("kind", self.kind.map(|kind| vec![kind.code()]));
        part("schema", self.schema.map(|id| id.to_bytes().to_vec()));
        part("issuer", self.issuer.map(|key| key.to_bytes().to_vec()));
        part("subject", self.subject.as_ref().map(|subject| subject.as_str().into()));
        let relation = self.link.and_then(|(relation, _)| relation);
        part("relation", relation.map(|relation| vec![relation.code()]));
        part("target", self.link.map(|(_, id)| id.to_bytes().to_vec()));
        let time = |time: Option<Timestamp>| time.map(|time| time.unix().to_be_bytes().to_vec());
        part("from", time(self.recorded_from));
        part("until", time(self.recorded_until));
        let mut walk = [0; WALK_LEN];
        walk.iter_mut().zip(hash.finish()).for_each(|(to, from)| *to = from);
        walk
    }
}

/// A filter in the numbers of the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) kind: Option<Kind>,
    pub(super) schema: Option<i64>,
    pub(super) issuer: Option<i64>,
    pub(super) subject: Option<i64>,
    pub(super) link: Option<(Option<Relation>, i64)>,
}

/// A query for the indexes of candidates, the range and the limit being its last three arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidates {
    pub(super) sql: String,
    pub(super) arguments: Vec<i64>,
    /// Whether what comes out is only part of what was looked at: then the range has to be bounded
    /// by [`Numbers::examined`].
    pub(super) sieved: bool,
}

impl Numbers {
    fn attributes(&self) -> impl Iterator<Item = (&'static str, i64)> {
        let columns =
            [("subject_no", self.subject), ("issuer_no", self.issuer), ("schema_no", self.schema)];
        columns.into_iter().filter_map(|(column, number)| Some((column, number?)))
    }

    /// How candidates are found.
    pub(super) fn candidates(&self, order: Order) -> Candidates {
        let sieved = self.link.is_some() && self.attributes().next().is_some();
        let Some((relation, target)) = self.link else { return self.unlinked(order) };
        let mut found = Found::new("l.source", "links l");
        if sieved {
            // A join in the order in which it is written, and sums that no index is made of: the
            // range is over the links, and each attestation is looked up.
            found.table.push_str(" CROSS JOIN attestations a");
        }
        found.equal("l.target", target);
        if let Some(relation) = relation {
            found.equal("l.relation", relation.code().into());
        }
        if sieved {
            found.conditions.push_str("a.idx = l.source AND ");
            for (column, number) in self.attributes() {
                found.equal(&format!("a.{column} + 0"), number);
            }
        }
        let distinct = relation.is_none();
        Candidates { sql: found.sql(order, distinct), arguments: found.arguments, sieved }
    }

    fn unlinked(&self, order: Order) -> Candidates {
        let mut found = match (self.attributes().next(), self.kind) {
            (None, None) => Found::new("idx", "entries"),
            (None, Some(kind)) => {
                let mut found = Found::new("idx", "entries");
                found.equal("kind", kind.code().into());
                found
            }
            (Some(_), _) => Found::new("idx", "attestations"),
        };
        for (column, number) in self.attributes() {
            found.equal(column, number);
        }
        Candidates { sql: found.sql(order, false), arguments: found.arguments, sieved: false }
    }

    /// The query for the candidates alone, of which the last of [`MAX_EXAMINED`] bounds the range.
    pub(super) fn examined(&self, order: Order) -> Candidates {
        Self { kind: self.kind, link: self.link, ..Self::default() }.candidates(order)
    }
}

/// A query that is being put together. Only numbers are bound, and only our own words are written.
struct Found {
    index: &'static str,
    table: String,
    conditions: String,
    arguments: Vec<i64>,
}

impl Found {
    fn new(index: &'static str, table: &str) -> Self {
        Self { index, table: table.to_owned(), conditions: String::new(), arguments: Vec::new() }
    }

    fn equal(&mut self, column: &str, number: i64) {
        self.arguments.push(number);
        // Writing to a string does not fail.
        let _ = write!(self.conditions, "{column} = ${} AND ", self.arguments.len());
    }

    fn sql(&self, order: Order, distinct: bool) -> String {
        let Self { index, table, conditions, arguments } = self;
        let [from, until, limit] = [1, 2, 3].map(|next| arguments.len() + next);
        let distinct = if distinct { "DISTINCT " } else { "" };
        let direction = match order {
            Order::Oldest => "ASC",
            Order::Newest => "DESC",
        };
        format!(
            "SELECT {distinct}{index} AS found FROM {table} WHERE {conditions}{index} >= ${from} \
             AND {index} < ${until} ORDER BY {index} {direction} LIMIT ${limit}"
        )
    }
}
