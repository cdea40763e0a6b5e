//! `sigil status find`.

use super::super::failure::{Complaint, Failure};
use super::super::files::{self, Access};
use super::super::report::Report;
use super::elements::One;
use super::{authority, describe, file_failure, open};
use crate::bbs::PublicKey;
use crate::status::Elements;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Find the entry of a list that shows where an element stands.
///
/// Reads the file of an epoch, or of the shard of it that the element is in: the checksum of that
/// shard is compared, and the signature of the entry verified. A handle that is on the list, of a
/// credential that is revoked or suspended, is refused, unless --expect says otherwise.
///
/// Writes the entry, mode 0600: it tells nearly what it was looked up for. With it the holder
/// proves absence or presence until policies want a newer epoch.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil status find --list epoch-7.list --credential alice.credential.json --out entry.json
  sigil status find --list 12.list --handle 4711 --out entry.json
  sigil status find --list allowed.list --value PT --expect present --out entry.json")]
pub(in crate::cli) struct Arguments {
    /// The file of an epoch, or of one of its shards.
    #[arg(long, value_name = "FILE")]
    list: PathBuf,
    #[command(flatten)]
    element: One,
    /// The authority whose list it has to be.
    #[arg(long, value_name = "DID", value_parser = authority)]
    authority: Option<PublicKey>,
    /// Refuse the other; by default handles have to be absent, and values may be either.
    #[arg(long, value_enum, value_name = "WORD")]
    expect: Option<Standing>,
    /// The file to make.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Where an element stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Standing {
    /// Not on the list.
    Absent,
    /// On the list.
    Present,
}

impl Standing {
    fn word(self) -> &'static str {
        match self {
            Standing::Absent => "absent",
            Standing::Present => "present",
        }
    }
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        let mut file = open(&self.list, self.authority.as_ref())?;
        let elements = file.head().key().elements.clone();
        let element = self.element.element(&elements)?;
        let entry = file.find(element).map_err(|error| file_failure(&self.list, &error))?;
        let standing = match entry.shows_presence(element) {
            true => Standing::Present,
            false => Standing::Absent,
        };
        let expected = match elements {
            Elements::Handle => self.expect.or(Some(Standing::Absent)),
            Elements::Field(_) => self.expect,
        };
        if expected.is_some_and(|expected| expected != standing) {
            return Err(self.refused(standing, &elements));
        }
        let text = entry.to_document().canonical() + "\n";
        files::write_new(&self.out, text.as_bytes(), Access::Secret)?;
        let stamp = *entry.stamp();
        let report = Report::new().line(format!("Entry found: {}", standing.word()));
        Ok(describe(report, entry.key())
            .fact("epoch", stamp.epoch)
            .fact("issued at", stamp.issued_at.to_string())
            .fact("next update", stamp.next_update.to_string())
            .fact("head", entry.head().hash().to_string())
            .json("standing", standing.word())
            .json("out", self.out.display().to_string()))
    }

    fn refused(&self, standing: Standing, elements: &Elements) -> Failure {
        let (problem, remedy) = match (standing, elements) {
            (Standing::Present, Elements::Handle) => (
                "the handle is on the list: its credential is revoked or suspended",
                "ask the issuer why; after a suspension, take the next epoch",
            ),
            (Standing::Present, Elements::Field(_)) => {
                ("the value is on the list", "no proof of absence can be had")
            }
            (Standing::Absent, _) => ("it is not on the list", "no proof of presence can be had"),
        };
        Failure::refused(Complaint::new(problem).in_file(&self.list).remedy(remedy))
    }
}
