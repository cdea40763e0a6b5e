//! `sigil registry export`.

use super::place::Place;
use super::{known_schema, text};
use crate::cli::failure::{Complaint, Failure};
use crate::cli::files::{Access, NewFile};
use crate::cli::progress;
use crate::cli::report::Report;
use crate::document::{Bounds, Document};
use crate::registry::facts::Recorded;
use crate::registry::object::Kind;
use crate::schema::Schema;
use crate::store::{Content, Entry, Filter, Order, Page, Store};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// One signed entry per line, for `registry add` elsewhere.
    Jsonl,
    /// A table of the inline claims under --schema, for `registry import`.
    Csv,
    /// The originals of imported attestations, in the shapes that they came in, one per line.
    Original,
}

/// Export entries.
///
/// What was taken in before the export began is written, and nothing after. Tables hold the cells as
/// they are: where a spreadsheet opens them, import them as text.
///
/// Reads the registry. Writes a new file.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil registry export registry --out registry.jsonl
  sigil registry export registry --format csv --schema kyc.json --out people.csv
  sigil registry export registry --format original --out votes.jsonl")]
pub(in crate::cli) struct Arguments {
    /// The registry's folder.
    dir: PathBuf,
    /// What is written.
    #[arg(long, value_enum, default_value = "jsonl")]
    format: Format,
    /// Only attestations under this schema: a file, or an identifier.
    #[arg(long, value_name = "SCHEMA")]
    schema: Option<String>,
    /// The file to make.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Arguments {
    pub(super) fn run(self, quiet: bool) -> Result<Report, Failure> {
        let place = Place::new(&self.dir)?;
        let store = place.read()?;
        let schema = self.schema.as_deref().map(|text| known_schema(&place, &store, text));
        let schema = schema.transpose()?;
        if self.format == Format::Csv && schema.is_none() {
            let complaint = Complaint::new("a table is of one schema");
            return Err(Failure::input(complaint.remedy("name it with --schema")));
        }
        let mut file = NewFile::begin(&self.out, Access::Secret)?;
        let mut writer = Writer { format: self.format, written: 0, left_out: 0 };
        if let (Format::Csv, Some(schema)) = (self.format, &schema) {
            let names: Vec<&str> = schema.fields().iter().map(|field| field.name()).collect();
            let head = [":attestation", ":subject", ":valid_from", ":valid_until"];
            file.write(&row(head.into_iter().chain(names))?)?;
        }
        let kind = match self.format {
            Format::Original => Some(Kind::Source),
            Format::Csv => Some(Kind::Attestation),
            Format::Jsonl => None,
        };
        let filter = Filter { kind, schema: schema.as_ref().map(Schema::id), ..Filter::default() };
        each(&place, &store, &filter, quiet, &mut |item| {
            let line = writer.line(&item.entry, schema.as_ref())?;
            file.write(&line)
        })?;
        file.commit()?;
        Ok(Report::new()
            .line(format!("Exported to {}", self.out.display()))
            .fact("written", writer.written)
            .fact("left out", writer.left_out))
    }
}

/// Everything that a filter lets through, as it was when this began.
fn each(
    place: &Place,
    store: &Store,
    filter: &Filter,
    quiet: bool,
    take: &mut dyn FnMut(&Recorded<Entry>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let size = place.ask(store.checkpoint())?.body().size();
    let bar = progress::bar(quiet, "exporting", usize::try_from(size).unwrap_or(usize::MAX));
    let mut page = Page { limit: 1000, after: None, order: Order::Oldest };
    loop {
        let listing = place.ask(store.list(filter, &page))?;
        for item in &listing.items {
            take(item)?;
            bar.set_position(item.index);
        }
        page.after = listing.next;
        if page.after.is_none() {
            bar.finish_and_clear();
            return Ok(());
        }
    }
}

struct Writer {
    format: Format,
    written: u64,
    left_out: u64,
}

impl Writer {
    fn line(&mut self, entry: &Entry, schema: Option<&Schema>) -> Result<Vec<u8>, Failure> {
        let line = match (self.format, &entry.content, schema) {
            (Format::Jsonl, _, _) => text(entry).map(String::into_bytes),
            (Format::Original, Content::Source(octets), _) => {
                Some([octets.as_slice(), b"\n"].concat())
            }
            (Format::Csv, Content::Attestation(attestation), Some(schema)) => {
                let attestation = (attestation.id(), attestation.statement());
                table_row(attestation, schema)?
            }
            _ => None,
        };
        match &line {
            Some(_) => self.written += 1,
            None => self.left_out += 1,
        }
        Ok(line.unwrap_or_default())
    }
}

type Named<'a> =
    (crate::registry::attestation::AttestationId, &'a crate::registry::attestation::Attestation);

/// A row of the claims; none where they are not inline.
fn table_row((id, attestation): Named<'_>, schema: &Schema) -> Result<Option<Vec<u8>>, Failure> {
    let Some(claims) = attestation.payload.inline() else { return Ok(None) };
    let document = Document::read_json(claims, &Bounds::RECORD)?;
    let record = schema.record_from_document(&document)?;
    let cells = schema.fields().iter().zip(record.values()).map(|(field, value)| match value {
        Some(value) => field.field_type().render(value),
        None => Ok(String::new()),
    });
    let cells = cells.collect::<Result<Vec<_>, _>>()?;
    let subject = attestation.subject.as_ref().map(ToString::to_string).unwrap_or_default();
    let until = attestation.valid_until.map(|time| time.to_string()).unwrap_or_default();
    let head = [id.to_string(), subject, attestation.valid_from.to_string(), until];
    row(head.iter().chain(&cells).map(String::as_str)).map(Some)
}

fn row<'a>(cells: impl IntoIterator<Item = &'a str>) -> Result<Vec<u8>, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer.write_record(cells);
    let unwritten = |_| Failure::input(Complaint::new("a row could not be written"));
    written.map_err(unwritten)?;
    writer.into_inner().map_err(|_| Failure::input(Complaint::new("a row could not be written")))
}
