//! `sigil policy explain`: why something is permitted or denied, rule by rule.

use super::failure::{Complaint, Failure};
use super::report::Report;
use super::terms::Loaded;
use super::{artefacts, judge, time};
use crate::decision::{Situation, decide};
use crate::presentation::{Expectation, verify};
use crate::request::{InMemoryNonces, MAX_LIFETIME};
use crate::value::Timestamp;
use clap::Args;
use std::path::{Path, PathBuf};

/// Say why a presentation, or a test case of a policy, is permitted or denied, rule by rule.
///
/// In the policy's order: each rule with its place, whether it holds, and why; then the decision with all
/// its reasons and the digest of its record. Values are never shown.
///
/// Reads either a policy document with [[tests]] and the schemas of its roles, for one of its cases; or
/// the directory of terms, the request, the presentation, which is verified first, and what is known of
/// statuses; no nonce is spent. The digest is that of the record that `verify --record` writes of the
/// same, at the same time. Writes nothing. Exit code 1 if it is denied.
#[derive(Debug, Args)]
#[command(
    override_usage = "\
sigil policy explain <FILE> --schema <FILE>... --case <NAME> [--at <TIME>]
       sigil policy explain --terms <DIR> --request <FILE> --presentation <FILE>
           [--status <FILE>] [--head <FILE>]... [--trust <FILE>]... [--at <TIME>]",
    after_help = "\
Examples:
  sigil policy explain adult.toml --schema person.toml --case 'a day too young'
  sigil policy explain --terms terms --request request.json --presentation presentation.json"
)]
pub(super) struct Arguments {
    /// The policy document.
    #[arg(requires_all = ["schema", "case"], required_unless_present = "terms")]
    file: Option<PathBuf>,
    /// A schema of one of the policy's roles; repeat it for others.
    #[arg(long, value_name = "FILE", requires = "file")]
    schema: Vec<PathBuf>,
    /// The test case, by its name.
    #[arg(long, value_name = "NAME", requires = "file")]
    case: Option<String>,
    /// The directory of terms, as `setup` made it.
    #[arg(long, value_name = "DIR", conflicts_with = "file",
          requires_all = ["request", "presentation"])]
    terms: Option<PathBuf>,
    /// The request.
    #[arg(long, value_name = "FILE", requires = "terms")]
    request: Option<PathBuf>,
    /// The presentation.
    #[arg(long, value_name = "FILE", requires = "terms")]
    presentation: Option<PathBuf>,
    /// What is known of the statuses of credentials, as for `verify`.
    #[arg(long, value_name = "FILE", requires = "terms")]
    status: Option<PathBuf>,
    /// The signed head of an epoch that is known, besides what --status has; repeat it for others.
    #[arg(long, value_name = "FILE", requires = "terms")]
    head: Vec<PathBuf>,
    /// A signed trust list that is known, besides what --status has; repeat it for others.
    #[arg(long, value_name = "FILE", requires = "terms")]
    trust: Vec<PathBuf>,
    /// The time of the decision, and for cases that name none. By default the system's clock for a
    /// case, the request's time for a presentation.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    at: Option<Timestamp>,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        if let (Some(file), Some(case)) = (&self.file, &self.case) {
            let at = self.at.map_or_else(time::now, Ok)?;
            return judge::explain_case(file, &self.schema, case, at);
        }
        match (&self.terms, &self.request, &self.presentation) {
            (Some(terms), Some(request), Some(presentation)) => {
                self.presented(terms, request, presentation)
            }
            _ => Err(Failure::input(Complaint::new("nothing to explain").remedy("see --help"))),
        }
    }

    fn presented(
        &self,
        terms: &Path,
        request: &Path,
        presentation: &Path,
    ) -> Result<Report, Failure> {
        let loaded = Loaded::read(terms)?;
        let request = artefacts::request(request)?;
        let path = presentation;
        let (presentation, _) = artefacts::presentation(path)?;
        let audience = request.audience();
        let status = artefacts::known(self.status.as_deref(), &self.head, &self.trust)?;
        // Whether the request is still good is for the decision to say.
        let expectation = Expectation { audience, now: request.time(), skew: MAX_LIFETIME };
        let nonces = InMemoryNonces::default();
        let verified = verify(&loaded.terms, &request, &expectation, &presentation, &nonces);
        let verified = verified.map_err(|error| {
            let complaint = Complaint::new(format!("not verified: {error}"));
            Failure::refused(complaint.in_file(path))
        })?;
        let now = self.at.unwrap_or(request.time());
        let situation = Situation { audience, status: &status, now };
        let verdict = decide(&loaded.terms, &loaded.bundle, &request, &verified, &situation);
        Ok(judge::explanation(&verdict))
    }
}
