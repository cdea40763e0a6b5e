//! `sigil issue`: one credential from a JSON record, or many from a table.

use super::failure::{Complaint, Failure};
use super::files::{Access, NewDirectory, NewFile};
use super::issuer::{self, IssuerSecret};
use super::report::Report;
use super::table::{self, Table};
use super::{artefacts, progress, time};
use crate::credential::{Credential, CredentialError, Issuer, Validity};
use crate::schema::{Record, Schema};
use crate::value::Timestamp;
use clap::Args;
use rayon::prelude::*;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// Credentials that are signed before they are written: bounds what is held in memory.
const BATCH: usize = 4096;

/// Issue credentials.
///
/// Reads the issuer's directory, a schema, and either one record (a JSON object with a key per field)
/// or a table (CSV in UTF-8 whose header names the schema's fields, in any order; an empty cell is an
/// absent value). Every row is checked first: if one is faulty, each fault is named by line and column
/// and nothing is issued. The issuer's counter is advanced before anything is signed.
///
/// With --renew, the values are those of a credential that this issuer gave out: the new one has the same
/// fields, a validity that ends later, and a status handle of its own. The old one's handle is printed, so
/// that it can be revoked.
///
/// Writes credentials, mode 0600. They hold the values and the signature: each belongs to its holder
/// and to nobody else. From a table: a file with one credential per line if the name ends in .jsonl,
/// else a directory of files named by the column --id-column, or by row number.
///
/// The validity window is whole hours: its start is rounded down, its end up.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil issue --issuer issuer --schema person.toml --valid-from 2026-01-01 \\
      --valid-until 2027-01-01 --record alice.json --out alice.credential.json
  sigil issue --issuer issuer --schema person.toml --valid-from 2026-01-01 \\
      --valid-until 2027-01-01 --csv people.csv --id-column id --out credentials
  sigil issue --issuer issuer --schema person.toml --valid-from 2026-01-01 \\
      --valid-until 2027-01-01 --csv people.csv --out credentials.jsonl --threads 1
  sigil issue --issuer issuer --schema person.toml --valid-from 2027-01-01 \\
      --valid-until 2028-01-01 --renew alice.credential.json --out renewed.credential.json")]
pub(super) struct Arguments {
    /// The issuer's directory, as `issuer init` made it.
    #[arg(long, value_name = "DIR")]
    issuer: PathBuf,
    /// The schema.
    #[arg(long, value_name = "FILE")]
    schema: PathBuf,
    /// First instant of validity: 2026-01-31 or 2026-01-31T13:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    valid_from: Timestamp,
    /// First instant after validity.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    valid_until: Timestamp,
    /// One record, JSON.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["csv", "renew"],
          conflicts_with = "csv")]
    record: Option<PathBuf>,
    /// A credential to renew.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["record", "csv"])]
    renew: Option<PathBuf>,
    /// A table of records.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// The column that names the files; it need not be a field.
    // With --record, clap would waive `requires`, as --csv conflicts with it.
    #[arg(long, value_name = "NAME", requires = "csv", conflicts_with = "record")]
    id_column: Option<String>,
    /// The file or directory to make.
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Threads to sign with; all by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

/// Where credentials go.
enum Sink {
    /// A file, one credential per line.
    Lines(NewFile),
    /// A directory with a file per credential.
    Directory { directory: NewDirectory, names: Option<Vec<String>>, written: usize },
}

impl Sink {
    fn begin(path: &Path, one: bool, names: Option<Vec<String>>) -> Result<Self, Failure> {
        if one || path.extension().is_some_and(|extension| extension == "jsonl") {
            return Ok(Sink::Lines(NewFile::begin(path, Access::Secret)?));
        }
        let directory = NewDirectory::begin(path, Access::Secret)?;
        Ok(Sink::Directory { directory, names, written: 0 })
    }

    fn put(&mut self, credential: &str) -> Result<(), Failure> {
        match self {
            Sink::Lines(file) => {
                file.write(credential.as_bytes())?;
                file.write(b"\n")
            }
            Sink::Directory { directory, names, written } => {
                *written += 1;
                let name = match names.as_ref().and_then(|names| names.get(*written - 1)) {
                    Some(name) => format!("{name}.json"),
                    None => format!("{written:07}.json"),
                };
                directory.add_one_of_many(&name, credential.as_bytes())
            }
        }
    }

    fn commit(self) -> Result<(), Failure> {
        match self {
            Sink::Lines(file) => file.commit(),
            Sink::Directory { directory, .. } => directory.commit(),
        }
    }
}

/// How long each part took.
#[derive(Default)]
struct Times {
    read: Duration,
    prepare: Duration,
    sign: Duration,
    write: Duration,
}

fn timed<T>(total: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    *total += start.elapsed();
    done
}

impl Arguments {
    pub(super) fn run(&self, quiet: bool) -> Result<Report, Failure> {
        let mut pool = rayon::ThreadPoolBuilder::new();
        if let Some(threads) = self.threads {
            pool = pool.num_threads(threads.into());
        }
        let pool = pool.build().map_err(|error| {
            Failure::input(Complaint::new(format!("no threads: {error}")).remedy("ask for fewer"))
        })?;
        pool.install(|| self.issue(quiet))
    }

    fn issue(&self, quiet: bool) -> Result<Report, Failure> {
        let mut times = Times::default();
        let schema = Arc::new(artefacts::schema(&self.schema)?);
        let secret = IssuerSecret::read(&self.issuer)?;
        let validity = Validity::between(self.valid_from, self.valid_until).map_err(|error| {
            let remedy = "give --valid-from and --valid-until a window of an hour or more";
            Failure::input(Complaint::new(error.to_string()).remedy(remedy))
        })?;
        let old = self.renew.as_deref();
        let old = old.map(|path| renewed(path, &schema, &secret, validity)).transpose()?;
        let table = timed(&mut times.read, || match (&self.record, &self.csv) {
            _ if old.is_some() => {
                let records = old.iter().map(|old| old.record().clone()).collect();
                Ok(Table { records, names: None })
            }
            (Some(path), _) => table::read_one(path, &schema),
            (None, Some(path)) => table::read(path, &schema, self.id_column.as_deref()),
            (None, None) => Err(Failure::input(Complaint::new("neither --record nor --csv"))),
        })?;
        let Table { records, names } = table;
        let count = records.len();
        let mut sink = Sink::begin(&self.out, self.csv.is_none(), names)?;
        let issuer = timed(&mut times.prepare, || secret.issuer(schema.clone()))?;
        let numbers = issuer::reserve(&self.issuer, count)?;
        let bar = progress::bar(quiet, "issuing", count);
        let mut records = records.into_iter();
        for start in numbers.clone().step_by(BATCH) {
            let numbers = start..numbers.end.min(start + BATCH as u64);
            let batch: Vec<Record> = records.by_ref().take(BATCH).collect();
            let signed = timed(&mut times.sign, || sign(&issuer, batch, numbers, validity, &bar))?;
            timed(&mut times.write, || signed.iter().try_for_each(|text| sink.put(text)))?;
        }
        timed(&mut times.write, || sink.commit())?;
        bar.finish_and_clear();
        let report = self.report(count, &times).json("schema", schema.id().to_string());
        let Some(old) = old else { return Ok(report) };
        let handle = old.status_handle();
        Ok(report
            .line(format!(
                "It renews the credential of status handle {handle}. To revoke that one:"
            ))
            .line(format!(
                "  sigil status revoke --register DIR --handle {handle} --reason superseded"
            ))
            .json("renews", handle))
    }

    fn report(&self, count: usize, times: &Times) -> Report {
        let threads = rayon::current_num_threads();
        let seconds = |time: Duration| format!("{:.3} s", time.as_secs_f64());
        let work = times.read + times.sign;
        let rate = count as f64 / work.as_secs_f64();
        let mut report = Report::new()
            .line(format!("Issued {count} into {}", self.out.display()))
            .row("reading and checking", seconds(times.read))
            .row("preparing tables, once", seconds(times.prepare))
            .row("signing and serialising", seconds(times.sign))
            .row("writing", seconds(times.write));
        if count > 1 {
            report = report.row(
                "rate",
                format!(
                    "{rate:.0} per second on {threads} {}, {:.0} per second and thread \
                     (reading, signing, serialising)",
                    if threads == 1 { "thread" } else { "threads" },
                    rate / threads as f64
                ),
            );
        }
        report
            .json("issued", count)
            .json("out", self.out.display().to_string())
            .json("threads", threads)
            .json("seconds_reading", times.read.as_secs_f64())
            .json("seconds_preparing", times.prepare.as_secs_f64())
            .json("seconds_signing", times.sign.as_secs_f64())
            .json("seconds_writing", times.write.as_secs_f64())
            .json("per_second", rate)
    }
}

/// A credential that this issuer gave out and may renew.
fn renewed(
    path: &Path,
    schema: &Schema,
    secret: &IssuerSecret,
    validity: Validity,
) -> Result<Credential, Failure> {
    let Some(old) = artefacts::candidate(path, std::slice::from_ref(schema))? else {
        let complaint = Complaint::new("of another schema than --schema").in_file(path);
        let remedy =
            "name its own schema; under another version it is issued anew, from a --record";
        return Err(Failure::input(complaint.remedy(remedy)));
    };
    if old.issuer() != secret.public_key() || old.suite() != secret.suite() {
        let complaint = Complaint::new("another issuer, or suite, signed it").in_file(path);
        return Err(Failure::refused(complaint.remedy("let its own issuer renew it")));
    }
    if validity.until() <= old.validity().until() {
        let problem = "the renewal would not be valid for longer than what it renews";
        let complaint = Complaint::new(problem).in_file(path);
        return Err(Failure::refused(complaint.remedy("give a later --valid-until")));
    }
    Ok(old)
}

/// Signs and serialises a batch, one number of the counter for each record.
fn sign(
    issuer: &Issuer,
    batch: Vec<Record>,
    numbers: Range<u64>,
    validity: Validity,
    bar: &indicatif::ProgressBar,
) -> Result<Vec<Zeroizing<String>>, CredentialError> {
    batch
        .into_par_iter()
        .zip(numbers.collect::<Vec<u64>>())
        .map(|(record, number)| {
            let credential = issuer.issue(record, validity, number)?.to_json();
            bar.inc(1);
            credential
        })
        .collect()
}
