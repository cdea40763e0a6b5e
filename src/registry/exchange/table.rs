//! Claims as a table.
//!
//! CSV by RFC 4180, a column per field of the schema, in the words that
//! [`Schema::record_from_row`](crate::schema::Schema::record_from_row) reads; the envelope, if it is
//! wanted, in columns in front whose names no field can have.
//!
//! A cell of another registry is anybody's text, and a spreadsheet runs a cell that begins like a
//! formula. Exact cells are what programs read back; guarded ones are for people: a cell of text
//! that begins with `=`, `+`, `-`, `@`, a tab or a line break gets an apostrophe in front, which
//! spreadsheets take for "text". A guarded table is not read back.

use super::{Carried, ExchangeError};
use crate::document::{Cursor, Document, Fault, Problem};
use crate::schema::Schema;

/// Whether cells are what the claims are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cells {
    /// As they are, for programs.
    Exact,
    /// Made harmless in spreadsheets.
    Guarded,
}

/// Whether subject, times and reference stand in front of the claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// The claims only: a table that is read back with the schema.
    LeftOut,
    /// In columns `:subject`, `:issued_at`, `:valid_until`, `:revoked_at` and `:reference`.
    Written,
}

const ENVELOPE: [&str; 5] = [":subject", ":issued_at", ":valid_until", ":revoked_at", ":reference"];

/// Writes claims of one schema as a table.
pub fn to_csv(
    carried: &[Carried],
    envelope: Envelope,
    cells: Cells,
) -> Result<String, ExchangeError> {
    let fault = |path: String, problem: &str, remedy: &str| {
        Fault::new(path, Problem::Invalid(problem.to_owned()), remedy)
    };
    let Some(first) = carried.first() else {
        return Err(fault("$".to_owned(), "nothing to write", "give at least one record"));
    };
    let schema = &first.schema;
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    let unwritten = |_| fault("$".to_owned(), "not written", "try again");
    let names = schema.fields().iter().map(|field| field.name());
    let front: &[&str] = if envelope == Envelope::Written { &ENVELOPE } else { &[] };
    writer.write_record(front.iter().copied().chain(names)).map_err(unwritten)?;
    for (i, carried) in carried.iter().enumerate() {
        if carried.schema.id() != schema.id() {
            let remedy = "write a table for each schema";
            return Err(fault(format!("$[{i}]"), "of another schema than the first", remedy));
        }
        let mut row = Vec::new();
        if envelope == Envelope::Written {
            row.extend(front_cells(carried));
        }
        row.extend(claim_cells(schema, &carried.claims).map_err(|f| f.under(&format!("$[{i}]")))?);
        let row = row.into_iter().map(|(cell, is_text)| match cells {
            Cells::Guarded if is_text => guarded(cell),
            _ => cell,
        });
        writer.write_record(row).map_err(unwritten)?;
    }
    let octets =
        writer.into_inner().map_err(|_| fault("$".to_owned(), "not written", "try again"))?;
    String::from_utf8(octets).map_err(|_| fault("$".to_owned(), "not UTF-8", "try again"))
}

fn front_cells(carried: &Carried) -> [(String, bool); 5] {
    let time = |time: Option<crate::value::Timestamp>| time.map(|t| t.to_string());
    [
        carried.subject.clone(),
        time(Some(carried.issued_at)),
        time(carried.valid_until),
        time(carried.revoked_at),
        carried.reference.clone(),
    ]
    .map(|cell| (cell.unwrap_or_default(), true))
}

/// The cells of a record's claims, and whether each is text.
fn claim_cells(schema: &Schema, claims: &Document) -> Result<Vec<(String, bool)>, Fault> {
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name()).collect();
    let fields = Cursor::root(claims).fields(&names)?;
    let mut cells = Vec::new();
    for field in schema.fields() {
        let Some(claim) = fields.optional(field.name()) else {
            cells.push((String::new(), false));
            continue;
        };
        let text = match claim.document() {
            Document::Bool(flag) => flag.to_string(),
            Document::Integer(n) => n.to_string(),
            _ => claim.text()?.to_owned(),
        };
        if text.is_empty() {
            let remedy = "write it as JSON: in a table an empty cell is an absent value";
            return Err(claim.invalid("an empty text", remedy));
        }
        cells.push((text, matches!(claim.document(), Document::Text(_))));
    }
    Ok(cells)
}

fn guarded(cell: String) -> String {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        true => format!("'{cell}"),
        false => cell,
    }
}
