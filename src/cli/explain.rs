//! `sigil policy explain`: why something is permitted or denied, rule by rule.

use super::failure::Failure;
use super::report::Report;
use super::{judge, time};
use crate::value::Timestamp;
use clap::Args;
use std::path::PathBuf;

/// Say why a test case of a policy is permitted or denied, rule by rule.
///
/// In the policy's order: each rule with its place, whether it holds, and why; then the decision with all
/// its reasons and the digest of its record. Values are never shown.
///
/// Reads a policy document with [[tests]] and the schemas of its roles. Writes nothing. Exit code 1 if
/// it is denied.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sigil policy explain adult.toml --schema person.toml --case 'a day too young'")]
pub(super) struct Arguments {
    /// The policy document.
    file: PathBuf,
    /// A schema of one of the policy's roles; repeat it for others.
    #[arg(long, value_name = "FILE", required = true)]
    schema: Vec<PathBuf>,
    /// The test case, by its name.
    #[arg(long, value_name = "NAME")]
    case: String,
    /// The time for cases that name none; the system's clock by default.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    at: Option<Timestamp>,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        let at = self.at.map_or_else(time::now, Ok)?;
        judge::explain_case(&self.file, &self.schema, &self.case, at)
    }
}
