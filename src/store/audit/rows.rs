//! The part of an audit that is about derived rows: what the tables for search say of the entries.
//!
//! Whatever is found through these tables is only as complete as they are. So for a range of entries,
//! the rows that follow from the contents are compared with those that are there, names in place of the
//! numbers that the database has for them.

use super::finding::{Finding, RowProblem};
use super::report::Findings;
use crate::registry::event::Act;
use crate::registry::object::Kind;
use crate::registry::statement::{Delegated, Statement};
use crate::store::tree::integer;
use crate::store::{Object, StoreError};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Column as _, Row as _, TypeInfo as _, ValueRef as _};
use std::collections::BTreeMap;
use std::ops::Range;

/// A table for search: its name, the column of the entry, and its rows with names for numbers, the
/// entry first.
pub(in crate::store) struct Table {
    name: &'static str,
    index: &'static str,
    select: &'static str,
}

/// All of them, but those that are looked up row by row.
pub(in crate::store) const TABLES: [Table; 8] = [
    Table { name: "schemas", index: "idx", select: "SELECT r.idx, r.id FROM schemas r" },
    Table {
        name: "attestations",
        index: "idx",
        select: "SELECT r.idx, s.id, k.key, u.subject, r.issued_at, r.valid_from, r.valid_until, \
                 r.revocable, r.handle FROM attestations r \
                 LEFT JOIN schemas s ON s.no = r.schema_no \
                 LEFT JOIN keys k ON k.no = r.issuer_no \
                 LEFT JOIN subjects u ON u.no = r.subject_no",
    },
    Table {
        name: "links",
        index: "source",
        select: "SELECT r.source, r.relation, t.kind, t.id FROM links r \
                 LEFT JOIN entries t ON t.idx = r.target",
    },
    Table {
        name: "events",
        index: "idx",
        select: "SELECT r.idx, t.kind, t.id, r.act, r.effective FROM events r \
                 LEFT JOIN entries t ON t.idx = r.target",
    },
    Table {
        name: "grants",
        index: "idx",
        select: "SELECT r.idx, i.key, g.key, d.key, t.id, r.not_before, r.not_after FROM grants r \
                 LEFT JOIN keys i ON i.no = r.issuer_no \
                 LEFT JOIN keys g ON g.no = r.grantor_no \
                 LEFT JOIN keys d ON d.no = r.delegate_no \
                 LEFT JOIN entries t ON t.idx = r.parent",
    },
    Table {
        name: "bindings",
        index: "idx",
        select: "SELECT r.idx, r.attester, r.issuer FROM bindings r",
    },
    Table {
        name: "trust_editions",
        index: "idx",
        select: "SELECT r.idx, r.list, r.authority, r.sequence FROM trust_editions r",
    },
    Table {
        name: "epochs",
        index: "idx",
        select: "SELECT r.idx, r.list, r.authority, r.elements, r.epoch, r.issued_at FROM epochs r",
    },
];

impl Table {
    /// Its rows for a range of entries.
    pub(in crate::store) fn in_range(&self) -> String {
        let Self { index, select, .. } = self;
        format!("{select} WHERE r.{index} >= $1 AND r.{index} < $2 ORDER BY r.{index}")
    }

    /// That it has a row of nothing.
    pub(super) fn orphan(&self, index: u64) -> Finding {
        Finding::DerivedRow { table: self.name, index, problem: RowProblem::Orphan }
    }

    /// Its rows for no entry that was signed.
    pub(in crate::store) fn beyond(&self) -> String {
        let Self { name, index, .. } = self;
        format!(
            "SELECT {index} FROM {name} WHERE {index} < 0 OR {index} >= \
             (SELECT max(size) FROM checkpoints) ORDER BY {index} LIMIT 100"
        )
    }
}

/// The columns of a row after its entry, in octets that differ if they do.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Columns(Vec<u8>);

impl Columns {
    fn part(mut self, kind: u8, octets: &[u8]) -> Self {
        self.0.push(kind);
        self.0.extend_from_slice(&(octets.len() as u64).to_be_bytes());
        self.0.extend_from_slice(octets);
        self
    }

    fn number(self, number: u64) -> Self {
        self.part(1, &number.to_be_bytes())
    }

    fn octets(self, octets: &[u8]) -> Self {
        self.part(2, octets)
    }

    fn text(self, text: &str) -> Self {
        self.part(3, text.as_bytes())
    }

    fn null(self) -> Self {
        self.part(0, &[])
    }

    fn optional(self, number: Option<u64>) -> Self {
        match number {
            Some(number) => self.number(number),
            None => self.null(),
        }
    }

    fn of(row: &SqliteRow) -> Result<Self, StoreError> {
        let mut columns = Self::default();
        for column in row.columns().iter().skip(1) {
            let value = row.try_get_raw(column.ordinal())?;
            let kind = value.type_info();
            columns = match (value.is_null(), kind.name()) {
                (true, _) => columns.null(),
                (_, "INTEGER") => {
                    // A negative number is none that an entry says: its octets are like no other's.
                    columns.number(row.try_get::<i64, _>(column.ordinal())? as u64)
                }
                (_, "TEXT") => columns.text(row.try_get(column.ordinal())?),
                (_, "BLOB") => columns.octets(row.try_get(column.ordinal())?),
                _ => columns.part(4, &[]),
            };
        }
        Ok(columns)
    }
}

/// Rows that follow from an entry: the place of the table among [`TABLES`], and the columns.
#[derive(Debug, Default)]
pub(super) struct Expected {
    rows: Vec<(usize, Columns)>,
    /// The number that it used up.
    pub(super) nonce: Option<([u8; 32], [u8; 32])>,
}

impl Expected {
    /// What follows from an object.
    pub(super) fn of(object: &Object) -> Self {
        let mut expected = Self::default();
        let row = Columns::default();
        match object {
            Object::Schema(schema) => expected.row("schemas", row.octets(&schema.id().to_bytes())),
            Object::Attestation(signed) => expected.attestation(signed.statement()),
            Object::Event(signed) => {
                let event = signed.statement();
                let target = match event.target {
                    crate::registry::event::Target::Attestation(_) => Kind::Attestation,
                    crate::registry::event::Target::Grant(_) => Kind::Grant,
                };
                let act = match event.act {
                    Act::Revoke(_) => 0,
                    Act::Suspend { .. } => 1,
                    Act::Resume => 2,
                };
                let row = row.number(target.code().into()).octets(&event.target.to_bytes());
                expected.row("events", row.number(act).number(event.effective.unix()));
                expected.nonce = event.delegated().map(nonce);
            }
            Object::Grant(signed) => {
                let grant = signed.statement();
                let row = row.octets(&grant.issuer.to_bytes());
                let row = row.octets(&grant.grantor.to_bytes());
                let row = row.octets(&grant.delegate.to_bytes());
                let row = match grant.parent {
                    Some(parent) => row.octets(&parent.to_bytes()),
                    None => row.null(),
                };
                let row = row.number(grant.not_before.unix());
                expected.row("grants", row.number(grant.not_after.unix()));
            }
            Object::Issuer(record) => {
                let row = row.octets(&record.attester().to_bytes());
                expected.row("bindings", row.octets(&record.issuer().to_bytes()));
            }
            Object::Trust(list) => {
                let row = row.text(list.id()).octets(&list.authority().to_bytes());
                expected.row("trust_editions", row.number(list.sequence()));
            }
            Object::Epoch(epoch) => {
                let (key, stamp) = (epoch.head().key(), epoch.head().stamp());
                let row = row.text(&key.list).octets(&key.authority.to_bytes());
                let row = row.text(&key.elements.to_document().canonical());
                expected.row("epochs", row.number(stamp.epoch).number(stamp.issued_at.unix()));
            }
            Object::Bundle(_) | Object::Source(_) => {}
        }
        expected
    }

    fn attestation(&mut self, attestation: &crate::registry::attestation::Attestation) {
        let row = Columns::default().octets(&attestation.schema.to_bytes());
        let row = row.octets(&attestation.issuer.to_bytes());
        let row = match &attestation.subject {
            Some(subject) => row.text(subject.as_str()),
            None => row.null(),
        };
        let row = row.number(attestation.issued_at.unix()).number(attestation.valid_from.unix());
        let row = row.optional(attestation.valid_until.map(|until| until.unix()));
        let row = row.number(attestation.revocable.into()).optional(attestation.handle);
        self.row("attestations", row);
        for link in &attestation.links {
            let row = Columns::default().number(link.relation.code().into());
            let row = row.number(Kind::Attestation.code().into());
            self.row("links", row.octets(&link.target.to_bytes()));
        }
        self.nonce = attestation.delegated().map(nonce);
    }

    fn row(&mut self, table: &str, columns: Columns) {
        let place = TABLES.iter().position(|known| known.name == table);
        self.rows.extend(place.map(|place| (place, columns)));
    }
}

fn nonce(delegated: &Delegated) -> ([u8; 32], [u8; 32]) {
    (delegated.signer.to_bytes(), delegated.nonce)
}

/// Compares the rows of a range of entries. Comes out with how many there were.
pub(super) async fn compare(
    connection: &mut SqliteConnection,
    range: &Range<u64>,
    expected: Vec<(u64, Expected)>,
    findings: &mut Findings,
) -> Result<u64, StoreError> {
    let mut wanted: [BTreeMap<u64, Vec<Columns>>; TABLES.len()] = Default::default();
    for (index, expected) in expected {
        for (place, columns) in expected.rows {
            if let Some(table) = wanted.get_mut(place) {
                table.entry(index).or_default().push(columns);
            }
        }
    }
    let mut count = 0;
    for (table, wanted) in TABLES.iter().zip(wanted) {
        let query = sqlx::query(AssertSqlSafe(table.in_range()));
        let query = query.bind(integer(range.start)?).bind(integer(range.end)?);
        let mut found: BTreeMap<u64, Vec<Columns>> = BTreeMap::new();
        for row in query.fetch_all(&mut *connection).await? {
            let index = crate::store::tree::number(&row, 0)?;
            found.entry(index).or_default().push(Columns::of(&row)?);
            count += 1;
        }
        report(table.name, wanted, found, findings);
    }
    Ok(count)
}

fn report(
    table: &'static str,
    wanted: BTreeMap<u64, Vec<Columns>>,
    mut found: BTreeMap<u64, Vec<Columns>>,
    findings: &mut Findings,
) {
    let mut say = |index, problem| findings.push(Finding::DerivedRow { table, index, problem });
    for (index, mut wanted) in wanted {
        let mut found = found.remove(&index).unwrap_or_default();
        wanted.sort();
        found.sort();
        if wanted != found {
            let fewer = found.iter().all(|row| wanted.contains(row));
            say(index, if fewer { RowProblem::Missing } else { RowProblem::Differs });
        }
    }
    found.into_keys().for_each(|index| say(index, RowProblem::Orphan));
}
