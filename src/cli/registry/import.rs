//! `sigil registry import`: claims from a table, or records of other registries.

mod foreign;
mod table;

use super::place::Place;
use crate::cli::failure::{Complaint, Failure};
use crate::cli::report::Report;
use crate::cli::time;
use crate::value::Timestamp;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A table of claims: CSV whose columns are the fields of the schema.
    Csv,
    /// Records of EAS or Sign Protocol, as JSON or as the URL of one.
    Foreign,
}

/// Import attestations.
///
/// From a table (CSV in UTF-8, a column per field of --schema, and --subject-column if they are about
/// somebody): one attestation per row, all signed by --key. The whole table is read and checked before
/// anything is recorded. It is recorded in batches; a run that was stopped is taken up again by the same
/// command with the --issued-at that it printed, and what is there already is not written twice.
///
/// Of other registries: off-chain attestations of EAS (versions 0 to 2, as packages or as the URL of one),
/// on-chain ones and private data as the interfaces give them, and attestations of Sign Protocol. --schema
/// is the foreign schema: a file with the string of EAS or the JSON of Sign. Their signatures are checked
/// where they have one. What is recorded is an attestation of yours, by --key, that names the original
/// and who made it: so --attester has to say whose originals you take, or --any-attester. A report says
/// what could not be carried over, and why.
///
/// Reads the table or the records, and a private key. Writes entries to the registry. Exit code 1 if the
/// registry refuses.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil registry import registry people.csv --schema kyc.json --key bank.pem \\
      --subject-column id --subject-prefix did:example: --valid-until 2027-01-01
  sigil registry import registry votes.json --format foreign --schema vote.eas --key bridge.pem \\
      --attester 0x1e3de6ae412ca218fd2ae3379750388d414532dc")]
pub(in crate::cli) struct Arguments {
    /// The registry's folder.
    dir: PathBuf,
    /// What is imported.
    file: PathBuf,
    /// What it is.
    #[arg(long, value_enum, default_value = "csv")]
    format: Format,
    /// The schema: of a table a file or an identifier, of foreign records a file of the foreign schema.
    #[arg(long, value_name = "SCHEMA")]
    schema: String,
    /// The private key of the issuer.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// When the attestations are made, by the issuer's clock; now by default.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    issued_at: Option<Timestamp>,
    /// Check only, and say what would be recorded.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    table: table::Columns,
    #[command(flatten)]
    foreign: foreign::Selection,
}

impl Arguments {
    pub(super) fn run(self, quiet: bool) -> Result<Report, Failure> {
        let place = Place::new(&self.dir)?;
        let now = time::now()?;
        let issued_at = self.issued_at.unwrap_or(now);
        if issued_at > now {
            let complaint = Complaint::new(format!("{issued_at} is later than now, {now}"));
            return Err(Failure::input(complaint.remedy("name a time that has passed")));
        }
        match self.format {
            Format::Csv => self.import_table(&place, issued_at, quiet),
            Format::Foreign => self.import_foreign(&place, issued_at, quiet),
        }
    }
}
