//! A table of claims: read twice, so that nothing is recorded of a table with a fault in it, and never
//! held in memory as a whole.

use super::Arguments;
use crate::authority::AuthorityKey;
use crate::cli::failure::{Complaint, Failure, InFile};
use crate::cli::registry::known_schema;
use crate::cli::registry::place::Place;
use crate::cli::report::Report;
use crate::cli::table::{line, record, unreadable};
use crate::cli::{authority, files, progress, time};
use crate::registry::attestation::Attestation;
use crate::registry::payload::{MAX_INLINE, Payload};
use crate::registry::statement::Signed;
use crate::registry::subject::Subject;
use crate::schema::{self, Schema};
use crate::store::{Object, Store};
use crate::value::Timestamp;
use clap::Args;
use csv::StringRecord;
use rayon::prelude::*;
use std::fs::File;
use std::path::Path;
use std::sync::mpsc;
use std::time::Instant;

/// Rows that are checked, signed and recorded together.
const BATCH: usize = 8192;
/// Batches that are signed ahead of what is being recorded.
const AHEAD: usize = 2;
/// Faulty rows that are looked for before a table is given back.
const MOST_FAULTS: usize = 1000;

/// What the columns of a table are, beside the fields of the schema.
#[derive(Debug, Args)]
pub(in crate::cli::registry) struct Columns {
    /// The column that says about whom a row is; it may be a field.
    #[arg(long, value_name = "NAME")]
    subject_column: Option<String>,
    /// What precedes it in the reference to the subject, as did:example: or urn:customer:.
    #[arg(long, value_name = "TEXT", requires = "subject_column", default_value = "")]
    subject_prefix: String,
    /// From when they are valid; from --issued-at by default.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    valid_from: Option<Timestamp>,
    /// The first instant in which they are no longer valid; they do not expire by default.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    valid_until: Option<Timestamp>,
}

/// How rows become attestations.
struct Reading<'a> {
    schema: &'a Schema,
    columns: schema::Columns,
    width: usize,
    /// Columns that the schema does not see.
    apart: Vec<bool>,
    /// The subject's column.
    subject: Option<usize>,
    prefix: &'a str,
}

impl<'a> Reading<'a> {
    fn new(header: &StringRecord, schema: &'a Schema, table: &'a Columns) -> Result<Self, Failure> {
        let subject = table.subject_column.as_ref().map(|name| {
            header.iter().position(|column| column == name).ok_or_else(|| {
                let complaint = Complaint::new(format!("no column is called {name}"));
                Failure::input(complaint.at("line 1").remedy("check --subject-column"))
            })
        });
        let subject = subject.transpose()?;
        let width = header.len();
        // No field has a colon in its name: those are of an export, and say what is not a claim.
        let apart = header.iter().enumerate().map(|(i, name)| {
            name.starts_with(':') || (Some(i) == subject && schema.field(name).is_none())
        });
        let apart: Vec<bool> = apart.collect();
        let cells: Vec<&str> = cells(header, &apart);
        let columns = schema
            .columns(&cells)
            .map_err(|fault| Failure::input(Complaint::from(fault).at("line 1")))?;
        Ok(Reading { schema, columns, width, apart, subject, prefix: &table.subject_prefix })
    }

    /// The claims of a row, in their canonical form, and whom they are about.
    fn row(&self, row: &StringRecord) -> Result<(Vec<u8>, Option<Subject>), Complaint> {
        let at = |complaint: Complaint| complaint.at(format!("line {}", line(row)));
        let cells = cells(row, &self.apart);
        let record = record(row, self.schema, &self.columns, self.width, &cells)?;
        let claims = self.schema.record_to_document(&record);
        let claims = claims.map_err(|error| at(Complaint::new(error.to_string())))?.canonical();
        if claims.len() > MAX_INLINE {
            return Err(at(Complaint::new(format!("the claims have {} octets", claims.len()))
                .remedy(format!("{MAX_INLINE} is the most that is kept inline"))));
        }
        let subject = self.subject.and_then(|place| row.get(place)).map(|cell| {
            let subject = format!("{}{cell}", self.prefix).parse();
            subject.map_err(|error: crate::registry::subject::SubjectError| {
                at(Complaint::new(error.to_string()).remedy("check --subject-prefix and the cell"))
            })
        });
        Ok((claims.into_bytes(), subject.transpose()?))
    }
}

/// The cells that the schema reads.
fn cells<'r>(row: &'r StringRecord, apart: &[bool]) -> Vec<&'r str> {
    row.iter().zip(apart).filter(|(_, apart)| !**apart).map(|(cell, _)| cell).collect()
}

fn open(path: &Path) -> Result<csv::Reader<File>, Failure> {
    let file = File::open(path).map_err(|error| files::io_failure("read", path, &error))?;
    Ok(csv::ReaderBuilder::new().flexible(true).from_reader(file))
}

fn header(reader: &mut csv::Reader<File>) -> Result<StringRecord, Failure> {
    let header = reader.headers().map_err(|error| unreadable(&error))?;
    let stripped = header.iter().enumerate();
    let first = |(i, cell): (usize, &'_ str)| match i {
        0 => cell.trim_start_matches('\u{feff}').to_owned(),
        _ => cell.to_owned(),
    };
    Ok(stripped.map(first).collect())
}

/// The next rows of a table; none at its end.
fn batch(reader: &mut csv::Reader<File>) -> Result<Vec<StringRecord>, Failure> {
    let rows = reader.records().take(BATCH);
    rows.collect::<Result<_, _>>().map_err(|error| unreadable(&error))
}

impl Arguments {
    pub(super) fn import_table(
        &self,
        place: &Place,
        issued_at: Timestamp,
        quiet: bool,
    ) -> Result<Report, Failure> {
        let store = if self.dry_run { place.read()? } else { place.append()? };
        let schema = known_schema(place, &store, &self.schema)?;
        let key = authority::read(&self.key)?;
        let start = Instant::now();
        let rows = self.check(&schema, quiet).in_file(&self.file)?;
        let checked = start.elapsed();
        let report = Report::new().fact("rows", rows).fact("schema", schema.id().to_string());
        if self.dry_run {
            return Ok(report.line("Nothing is recorded."));
        }
        let template = self.template(&schema, &key, issued_at)?;
        place.ask(store.append(vec![Object::Schema(schema.clone())], time::now()?))?;
        let start = Instant::now();
        let (new, already) = self.record(place, &store, &schema, &key, &template, rows, quiet)?;
        Ok(report
            .fact("recorded", new)
            .fact("there already", already)
            .fact("issued at", issued_at.to_string())
            .row("time", format!("{checked:.1?} to check, {:.1?} to record", start.elapsed()))
            .json(
                "seconds",
                serde_json::json!({
                    "check": checked.as_secs_f64(), "record": start.elapsed().as_secs_f64(),
                }),
            ))
    }

    /// Reads the whole table; how many rows it has.
    fn check(&self, schema: &Schema, quiet: bool) -> Result<u64, Failure> {
        let bar = progress::bar(quiet, "checking", 0);
        let mut reader = open(&self.file)?;
        let reading = Reading::new(&header(&mut reader)?, schema, &self.table)?;
        let (mut count, mut faults) = (0, Vec::new());
        loop {
            let rows = batch(&mut reader)?;
            if rows.is_empty() {
                break;
            }
            count += rows.len() as u64;
            faults.par_extend(rows.par_iter().filter_map(|row| reading.row(row).err()));
            if faults.len() > MOST_FAULTS {
                break;
            }
            bar.set_position(count);
        }
        bar.finish_and_clear();
        match (faults.is_empty(), count) {
            (false, _) => Err(Failure::inputs(faults)),
            (true, 0) => {
                let complaint = Complaint::new("no rows below the header");
                Err(Failure::input(complaint.remedy("add a row for each attestation")))
            }
            (true, count) => Ok(count),
        }
    }

    /// What all attestations have in common.
    fn template(
        &self,
        schema: &Schema,
        key: &AuthorityKey,
        issued_at: Timestamp,
    ) -> Result<Attestation, Failure> {
        let template = Attestation {
            schema: schema.id(),
            issuer: key.authority(),
            subject: None,
            issued_at,
            valid_from: self.table.valid_from.unwrap_or(issued_at),
            valid_until: self.table.valid_until,
            revocable: true,
            handle: None,
            links: Vec::new(),
            payload: Payload::Inline(Vec::new()),
            anchor: None,
            source: None,
            delegated: None,
        };
        match template.is_sound() {
            true => Ok(template),
            false => {
                let complaint = Complaint::new("they end before they begin");
                Err(Failure::input(complaint.remedy("check --valid-from and --valid-until")))
            }
        }
    }

    /// Signs and records; while one batch is recorded, the next ones are signed.
    #[allow(clippy::too_many_arguments, reason = "one call, of what one command has at hand")]
    fn record(
        &self,
        place: &Place,
        store: &Store,
        schema: &Schema,
        key: &AuthorityKey,
        template: &Attestation,
        rows: u64,
        quiet: bool,
    ) -> Result<(u64, u64), Failure> {
        let bar = progress::bar(quiet, "recording", usize::try_from(rows).unwrap_or(usize::MAX));
        let (sender, receiver) = mpsc::sync_channel(AHEAD);
        let sign = move || -> Result<(), Failure> {
            let mut reader = open(&self.file)?;
            let reading = Reading::new(&header(&mut reader)?, schema, &self.table)?;
            loop {
                let rows = batch(&mut reader)?;
                if rows.is_empty() {
                    return Ok(());
                }
                let signed = rows.par_iter().map(|row| {
                    let (claims, subject) = reading.row(row).map_err(Failure::input)?;
                    let payload = Payload::Inline(claims);
                    let attestation = Attestation { subject, payload, ..template.clone() };
                    Signed::sign(attestation, key)
                        .map(Object::Attestation)
                        .map_err(|error| Failure::refused(Complaint::new(error.to_string())))
                });
                let signed = signed.collect::<Result<Vec<_>, Failure>>();
                // Whoever records has stopped, and says why.
                if sender.send(signed?).is_err() {
                    return Ok(());
                }
            }
        };
        std::thread::scope(|scope| {
            // The sender goes with it: when it ends, so does the receiver.
            let signer = scope.spawn(sign);
            let (mut new, mut already) = (0, 0);
            for objects in receiver {
                let appended =
                    place.ask(store.append(objects, time::now()?)).map_err(|failure| {
                        let recorded = new + already;
                        let remedy = format!(
                            "{recorded} rows are recorded: run it again with --issued-at {}",
                            template.issued_at
                        );
                        failure.also(Complaint::new("stopped").remedy(remedy))
                    })?;
                let there = appended.receipts.iter().filter(|receipt| receipt.already).count();
                already += there as u64;
                new += (appended.receipts.len() - there) as u64;
                bar.set_position(new + already);
            }
            bar.finish_and_clear();
            match signer.join() {
                Ok(signed) => signed.map(|()| (new, already)).in_file(&self.file),
                Err(_) => Err(Failure::input(Complaint::new("signing ended without an answer"))),
            }
        })
    }
}
