//! `sigil registry add`: entries from files, from a stream, or an attestation made on the spot.

use super::draft::{Behalf, Draft, Keep, Occasion, Signer, claims};
use super::place::Place;
use super::{acknowledged, known_schema, receipt_json};
use crate::cli::failure::{Complaint, Failure};
use crate::cli::files::{self, Access};
use crate::cli::report::Report;
use crate::cli::{Exit, inspect, progress, time};
use crate::encoding::Wire;
use crate::policy::{self, Bundle};
use crate::registry::attestation::Attestation;
use crate::registry::event::Event;
use crate::registry::grant::Grant;
use crate::registry::issuer::{self, IssuerRecord};
use crate::registry::statement::{Statement, Unverified};
use crate::schema::{self, Schema};
use crate::status::file::ListFile;
use crate::store::{ListEpoch, Object, Store};
use crate::trust::{self, TrustList};
use clap::Args;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Most octets of a file that is no epoch of a list, and of a line of a stream.
const MAX_LEN: usize = 1 << 22;

/// Add entries to a registry.
///
/// From files: schemas, issuers' records, trust lists, bundles, epochs of sorted lists (as `status
/// publish` writes them), and signed attestations, events and grants. All of them are taken, or none.
/// From standard input, with a single dash: one signed statement per line, each recorded by itself and
/// acknowledged by a line on standard output when it is on the disk. What is there already is not
/// written again. Or an attestation that is made here: --schema, --claims and --key.
///
/// Reads the registry and what is added. Writes entries to the registry; with --out, writes the signed
/// attestation to a new file and nothing to the registry. Exit code 1 if the registry refuses.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil registry add registry kyc.json bank.issuer.json trust.json
  sigil registry add registry --schema kyc.json --claims alice.json --key bank.pem \\
      --subject did:example:alice --valid-until 2027-01-01
  sigil registry add registry - < statements.jsonl")]
pub(in crate::cli) struct Arguments {
    /// The registry's folder.
    dir: PathBuf,
    /// What is added; a dash for one statement per line of standard input.
    #[arg(value_name = "FILE", conflicts_with_all = ["schema", "claims"],
          required_unless_present = "schema")]
    files: Vec<PathBuf>,
    /// Make an attestation under this schema: a file, or an identifier.
    #[arg(long, value_name = "SCHEMA", requires_all = ["claims", "key"])]
    schema: Option<String>,
    /// What it says: a JSON object with a key per field.
    #[arg(long, value_name = "FILE", requires = "schema")]
    claims: Option<PathBuf>,
    /// The private key of the issuer, or of whoever signs for it by --for and --grant.
    #[arg(long, value_name = "FILE", requires = "schema")]
    key: Option<PathBuf>,
    #[command(flatten)]
    behalf: Behalf,
    #[command(flatten)]
    draft: Draft,
    /// The place for payloads: a folder or s3://bucket/prefix; the registry's own by default.
    #[arg(long, value_name = "PLACE")]
    payloads: Option<String>,
    /// Sign only: write the attestation to this new file.
    #[arg(long, value_name = "FILE", requires = "schema")]
    out: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(self, quiet: bool) -> Result<Report, Failure> {
        let place = Place::new(&self.dir)?;
        match (&self.schema, &self.claims, &self.key) {
            (Some(schema), Some(claims), Some(key)) => {
                let signer = Signer { key, behalf: &self.behalf };
                self.attest(&place, schema, claims, &signer)
            }
            _ if self.files == [Path::new("-")] => stream(&place),
            _ => self.add(&place, quiet),
        }
    }

    fn attest(
        &self,
        place: &Place,
        schema: &str,
        claims_file: &Path,
        signer: &Signer<'_>,
    ) -> Result<Report, Failure> {
        let store = if self.out.is_some() { place.read()? } else { place.append()? };
        let now = time::now()?;
        let schema = known_schema(place, &store, schema)?;
        let claims = claims(claims_file, &schema)?;
        if self.out.is_some() && self.draft.keep == Keep::External && self.payloads.is_none() {
            let problem = "the registry's own folder is for whoever keeps the registry";
            let remedy = "name the place with --payloads";
            return Err(Failure::input(Complaint::new(problem).remedy(remedy)));
        }
        let payloads = self.payloads.as_deref();
        let occasion = Occasion { place, payloads, origin: store.origin(), now };
        let drafted = self.draft.sign(signer, &schema, &claims, Vec::new(), &occasion)?;
        let id = drafted.attestation.id();
        let report = Report::new().json("attestation", id.to_string());
        match &self.out {
            Some(out) => {
                drafted.write_opening()?;
                let text = drafted.attestation.into_unverified().to_json();
                files::write_new(out, text.as_bytes(), Access::Public)?;
                Ok(report.line(format!("Signed: {id}")).row("file", out.display()))
            }
            None => {
                let appended = drafted.record(place, &store, now)?;
                Ok(acknowledged(report.line(format!("Attested: {id}")), &appended))
            }
        }
    }

    fn add(&self, place: &Place, quiet: bool) -> Result<Report, Failure> {
        let bar = progress::bar(quiet, "reading", self.files.len());
        let mut objects = Vec::new();
        for file in &self.files {
            objects.push(object(file)?);
            bar.inc(1);
        }
        bar.finish_and_clear();
        let store = place.append()?;
        let count = objects.len();
        let appended = place.ask(store.append(objects, time::now()?))?;
        let new = appended.receipts.iter().filter(|receipt| !receipt.already).count();
        let line = format!("Recorded: {new} of {count}");
        Ok(acknowledged(Report::new().line(line), &appended))
    }
}

/// Whatever a file is that a registry takes.
fn object(path: &Path) -> Result<Object, Failure> {
    let mut magic = [0; crate::status::file::MAGIC.len()];
    let begun = File::open(path).and_then(|mut file| file.read_exact(&mut magic));
    if begun.is_ok() && magic == crate::status::file::MAGIC {
        return epoch(path);
    }
    let octets = files::read(path, MAX_LEN)?;
    parse(&octets).map_err(|failure| failure.in_file(path))
}

fn epoch(path: &Path) -> Result<Object, Failure> {
    let unreadable = |error: crate::status::file::FileError| {
        let remedy = "name the whole file of an epoch, as `sigil status publish` writes it";
        Failure::input(Complaint::new(error.to_string()).in_file(path).remedy(remedy))
    };
    let file = File::open(path).map_err(|error| files::io_failure("read", path, &error))?;
    let mut file = ListFile::open(BufReader::new(file)).map_err(unreadable)?;
    let head = file.head().clone();
    let elements = file.elements().map_err(unreadable)?;
    let epoch = ListEpoch::new((*head).clone(), elements);
    epoch.map(Object::Epoch).map_err(|error| {
        let remedy = "get the epoch again from its authority";
        Failure::refused(Complaint::new(error.to_string()).in_file(path).remedy(remedy))
    })
}

/// What octets say that they are.
fn parse(octets: &[u8]) -> Result<Object, Failure> {
    let format = inspect::format(octets).ok().flatten().unwrap_or_default();
    let statement = |format: &str| format.rsplit_once('/').map(|(name, _)| name.to_owned());
    match format.as_str() {
        schema::FORMAT => return Ok(Object::Schema(Schema::parse(octets)?)),
        issuer::FORMAT => return Ok(Object::Issuer(IssuerRecord::parse(octets)?)),
        trust::FORMAT => return Ok(Object::Trust(TrustList::parse(octets)?)),
        policy::BUNDLE_FORMAT => return Ok(Object::Bundle(Bundle::parse(octets)?)),
        _ => {}
    }
    match statement(&format).as_deref() {
        Some(Attestation::FORMAT) => checked(octets).map(Object::Attestation),
        Some(Event::FORMAT) => checked(octets).map(Object::Event),
        Some(Grant::FORMAT) => checked(octets).map(Object::Grant),
        _ if format.is_empty() => match Schema::parse(octets) {
            // A schema may be written in TOML, which says its format elsewhere.
            Ok(schema) => Ok(Object::Schema(schema)),
            Err(_) => Err(foreign("it does not say its format")),
        },
        _ => Err(foreign("a registry takes nothing of this format")),
    }
}

fn foreign(problem: &str) -> Failure {
    let remedy = "name a schema, an issuer's record, a trust list, a bundle, the file of an epoch, \
                  or a signed attestation, event or grant";
    Failure::input(Complaint::new(problem).at("$.format").remedy(remedy))
}

fn checked<T: Statement>(octets: &[u8]) -> Result<crate::registry::statement::Signed<T>, Failure> {
    let text = std::str::from_utf8(octets).map_err(|_| foreign("not UTF-8"))?;
    Unverified::<T>::from_json(text)?.check().map_err(|error| {
        let remedy = "get it again from whoever signed it";
        Failure::refused(Complaint::new(error.to_string()).remedy(remedy))
    })
}

/// Records one statement per line, and acknowledges each when it is on the disk.
fn stream(place: &Place) -> Result<Report, Failure> {
    let store = place.append()?;
    let mut input = std::io::stdin().lock();
    let mut output = BufWriter::new(std::io::stdout().lock());
    let (mut line, mut number, mut recorded, mut refused) = (Vec::new(), 0_u64, 0_u64, 0_u64);
    loop {
        line.clear();
        number += 1;
        let read = input.by_ref().take(MAX_LEN as u64 + 1).read_until(b'\n', &mut line);
        let broken = |error: std::io::Error| {
            Failure::input(Complaint::new(format!("standard input: {error}")))
        };
        if read.map_err(broken)? == 0 {
            break;
        }
        if line.len() > MAX_LEN {
            let problem = format!("longer than the {MAX_LEN} octets that are read");
            return Err(Failure::input(Complaint::new(problem).at(format!("line {number}"))));
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        // One bad line must not stop those after it; a store that fails does.
        let outcome = match parse(&line).map(|object| one(place, &store, object)) {
            Ok(Err(failure)) if failure.exit() != Exit::Refused => {
                return Err(failure.at_line(number));
            }
            Ok(outcome) => outcome,
            Err(failure) => Err(failure),
        };
        let answer = match outcome {
            Ok(receipt) => {
                recorded += 1;
                receipt
            }
            Err(failure) => {
                refused += 1;
                failure.at_line(number).to_json()
            }
        };
        // An acknowledgement that nobody reads any more changes nothing about what is recorded.
        let said = writeln!(output, "{answer}").and_then(|()| output.flush());
        said.map_err(|error| Failure::input(Complaint::new(format!("standard output: {error}"))))?;
    }
    let exit = if refused == 0 { Exit::Done } else { Exit::Refused };
    Ok(Report::new().fact("recorded", recorded).fact("refused", refused).exiting(exit))
}

fn one(place: &Place, store: &Store, object: Object) -> Result<serde_json::Value, Failure> {
    let appended = place.ask(store.append(vec![object], time::now()?))?;
    Ok(appended.receipts.first().map_or(serde_json::Value::Null, receipt_json))
}
