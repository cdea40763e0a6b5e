//! `sigil setup`: keys for a policy's circuit, and the bundle that pins them.

use super::failure::{Complaint, Failure, InFile};
use super::report::Report;
use super::{artefacts, policy, terms};
use crate::policy::Bundle;
use clap::Args;
use rand_core::OsRng;
use sigil_circuits::ProvingKey;
use std::path::PathBuf;

/// Make the keys for a policy's circuit, and bundle policy and key.
///
/// The setup is local: whoever runs it could keep its secrets and prove what is not so. They are
/// dropped at once and are in no file, but a verifier that did not run the setup itself has nobody's
/// word but the maker's. Keys made here are for development, or for those who trust this machine.
///
/// One setup serves every policy of the same shape; thresholds, dates and lists can move without a new
/// one.
///
/// Where the policy names an authority, the bundle is of use once that has signed it, with `policy sign`.
///
/// Reads a policy and the schemas of its roles, and the keys of earlier terms with --reuse. Writes a new
/// directory: bundle.json (its hash is what requests name), the schemas, verifying.key, and proving.key
/// for holders. A policy without predicates over hidden values needs no keys and gets none.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil setup --policy adult.toml --schema person.toml --out terms
  sigil setup --policy moved.toml --schema person.toml --reuse terms --out moved-terms")]
pub(super) struct Arguments {
    /// The policy document.
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// A schema of one of the policy's roles; repeat it for others.
    #[arg(long, value_name = "FILE", required = true)]
    schema: Vec<PathBuf>,
    /// A directory of terms whose keys serve again: those of a policy of the same shape, as it is when
    /// only thresholds, dates or lists have moved.
    #[arg(long, value_name = "DIR")]
    reuse: Option<PathBuf>,
    /// The directory to make.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        let policy = artefacts::policy(&self.policy)?;
        let schemas = artefacts::schemas(&self.schema)?;
        let compiled = policy.compile(&schemas).in_file(&self.policy)?;
        let key = match (compiled.shape(), &self.reuse) {
            (None, _) => None,
            (Some(shape), Some(terms)) => Some(terms::reused_key(terms, shape)?),
            (Some(shape), None) => {
                let key = sigil_circuits::setup(shape, &mut OsRng);
                Some(key.map_err(|error| {
                    Failure::input(Complaint::new(error.to_string()).in_file(&self.policy))
                })?)
            }
        };
        let bundle = Bundle::pin(policy, key.as_ref().map(ProvingKey::verifying_key));
        terms::write(&self.out, &bundle, &schemas, key.as_ref())?;
        let mut report = Report::new()
            .line(format!("Terms made in {}", self.out.display()))
            .row("bundle", bundle.hash());
        if let Some(fingerprint) = bundle.key() {
            report = report.fact("key", fingerprint.to_string());
            report = report.line(match &self.reuse {
                Some(_) => "The keys are those of an earlier policy of the same shape.",
                None => "The keys were made on this machine: for development.",
            });
        }
        if bundle.key().is_none() {
            report = report.line("The policy needs no keys, and has none.");
        }
        if !bundle.is_authorised() {
            let path = self.out.join(terms::BUNDLE);
            report = report.line(format!(
                "The policy names an authority, which has to sign: sigil policy sign {} --key FILE",
                path.display()
            ));
        }
        let report = report.json("authorised", bundle.is_authorised());
        let report = policy::describe(report, bundle.policy());
        let report = policy::describe_compiled(report, bundle.policy(), &compiled);
        Ok(report
            .json("bundle", bundle.hash().to_string())
            .json("directory", self.out.display().to_string()))
    }
}
