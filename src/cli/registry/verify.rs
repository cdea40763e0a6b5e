//! `sigil registry verify`.

use super::log::{describe, goes_on};
use super::place::Place;
use super::{attestation, attestation_id};
use crate::cli::failure::{Complaint, Failure, InFile};
use crate::cli::files;
use crate::cli::report::Report;
use crate::cli::{Exit, artefacts, progress};
use crate::registry::anchor::{Anchor, AnchorOpening};
use crate::registry::log::{LogKey, verify_export};
use clap::{ArgGroup, Args};
use std::path::{Path, PathBuf};

/// Most octets of the opening of an anchor.
const MAX_OPENING: usize = 4096;

/// Check a registry, or an export of its log, from the ground up.
///
/// Every entry is read again: its content against its identifier, its signatures, its leaf, the tiles and
/// the roots of all checkpoints, and every row that is derived from it. Whatever was altered, left out,
/// exchanged or forked is named. Entries that were cut off at the end, with their checkpoints, show only
/// against a checkpoint that was kept elsewhere: --since. With --export, the same of a folder of tiles, which has no content. With
/// --anchor, whether an attestation commits to a credential that you have.
///
/// Reads the registry or the export. Writes nothing. Exit code 1 if anything is wrong.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).args(["dir", "export"]))]
#[command(after_help = "\
Examples:
  sigil registry verify registry
  sigil registry verify --export public --log-key registry.example/claims+1a2b3c4d+AQ…
  sigil registry verify registry --anchor 3f0c9a1e --credential alice.credential.json \\
      --schema person.toml --opening alice.opening.json")]
pub(in crate::cli) struct Arguments {
    /// The registry's folder.
    dir: Option<PathBuf>,
    /// A folder that `log export` wrote.
    #[arg(long, value_name = "DIR", requires = "log_key")]
    export: Option<PathBuf>,
    /// The key of the log, as `registry init` prints it; the registry's own by default.
    #[arg(long, value_name = "KEY")]
    log_key: Option<LogKey>,
    /// A checkpoint that somebody kept, cosigned or not: the registry has to go on from it.
    #[arg(long, value_name = "FILE", requires = "dir")]
    since: Option<PathBuf>,
    /// An attestation with an anchor.
    #[arg(long, value_name = "ID", requires_all = ["dir", "credential", "schema", "opening"])]
    anchor: Option<String>,
    /// The credential that it should be of.
    #[arg(long, value_name = "FILE", requires = "anchor")]
    credential: Option<PathBuf>,
    /// The credential's schema.
    #[arg(long, value_name = "FILE", requires = "anchor")]
    schema: Option<PathBuf>,
    /// The opening of the anchor.
    #[arg(long, value_name = "FILE", requires = "anchor")]
    opening: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(self, quiet: bool) -> Result<Report, Failure> {
        if let (Some(export), Some(key)) = (&self.export, &self.log_key) {
            return exported(export, key);
        }
        let place = Place::new(self.dir.as_deref().unwrap_or(Path::new(".")))?;
        match (&self.anchor, &self.credential, &self.schema, &self.opening) {
            (Some(id), Some(credential), Some(schema), Some(opening)) => {
                anchored(&place, id, credential, schema, opening)
            }
            _ => self.audit(&place, quiet),
        }
    }

    fn audit(&self, place: &Place, quiet: bool) -> Result<Report, Failure> {
        let store = place.read()?;
        if let Some(key) = self.log_key.as_ref().filter(|key| *key != store.log_key()) {
            let complaint =
                Complaint::new(format!("the registry's log has another key than {key}"));
            let remedy = "compare with where the registry publishes its key";
            return Err(Failure::refused(complaint.remedy(remedy)));
        }
        if let Some(since) = &self.since {
            goes_on(place, &store, since)?;
        }
        let bar = progress::bar(quiet, "checking", 0);
        let audit = place.ask(store.audit(&|done, all| {
            bar.set_length(all);
            bar.set_position(done);
        }))?;
        bar.finish_and_clear();
        if !audit.is_sound() {
            let complaints = audit.findings.iter().map(|fault| {
                let remedy = "restore the registry from a copy, and find out who did this";
                Complaint::new(fault.to_string()).in_file(&place.database()).remedy(remedy)
            });
            return Err(Failure::refusals(complaints.collect()));
        }
        let report = Report::new()
            .line("Everything is as it was recorded.")
            .fact("entries", audit.entries)
            .fact("checkpoints", audit.checkpoints)
            .fact("tiles", audit.tiles)
            .fact("rows", audit.rows);
        Ok(describe(report, &place.ask(store.checkpoint())?))
    }
}

fn exported(dir: &Path, key: &LogKey) -> Result<Report, Failure> {
    let checkpoint = verify_export(dir, key).map_err(|error| {
        let remedy = "get the export again; if it stays so, the log was tampered with";
        Failure::refused(Complaint::new(error.to_string()).in_file(dir).remedy(remedy))
    })?;
    Ok(describe(Report::new().line("The export is whole and signed."), &checkpoint))
}

fn anchored(
    place: &Place,
    id: &str,
    credential: &Path,
    schema: &Path,
    opening_file: &Path,
) -> Result<Report, Failure> {
    let store = place.read()?;
    let id = attestation_id(place, &store, id)?;
    let attestation = attestation(place, &store, id)?;
    let credential = artefacts::credential(credential, &[artefacts::schema(schema)?])?;
    let octets = files::read(opening_file, MAX_OPENING)?;
    let opening = AnchorOpening::parse(&octets).in_file(opening_file)?;
    let anchor = attestation.statement().anchor.map(Anchor::from_bytes);
    let opens = anchor.is_some_and(|anchor| anchor.opens(&credential, &opening).is_ok());
    let line = match opens {
        true => "The attestation commits to this credential.",
        false => "The attestation does not commit to this credential with this opening.",
    };
    let exit = if opens { Exit::Done } else { Exit::Refused };
    Ok(Report::new().line(line).json("opens", opens).exiting(exit))
}
