//! `sigil policy plan`: what would leave the wallet, before anything does.

use super::failure::Failure;
use super::report::Report;
use super::terms::Loaded;
use super::{Exit, artefacts, time};
use crate::credential::Credential;
use crate::plan::{Asked, Held, Plan, Refusal, Supplies, plan};
use crate::policy::Policy;
use crate::value::Timestamp;
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Say what would answer a request, before anything leaves the wallet.
///
/// Of the credentials given, names the one for each role, the values that would be revealed (only what
/// the policy demands) and what would be proven. What the request asks for beyond that is named, not
/// revealed. Refused, before any proof is made, is a request that asks above a ceiling, one whose time
/// is not the wallet's, one from a class of verifiers that the policy does not allow, and one that no
/// credential satisfies.
///
/// Reads the directory of terms, the request, and credentials; a credential of another schema than the
/// terms have is no candidate and not opened further. Writes nothing. Exit code 1 if the answer is no.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sigil policy plan --terms terms --request request.json --credential alice.credential.json")]
pub(super) struct Arguments {
    /// The directory of terms, as `setup` made it.
    #[arg(long, value_name = "DIR")]
    terms: PathBuf,
    /// The request.
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    /// A credential in the wallet; repeat it for others.
    #[arg(long, value_name = "FILE", required = true)]
    credential: Vec<PathBuf>,
    /// A policy whose limits on disclosure the holder wants kept too; repeat it for others.
    #[arg(long, value_name = "FILE")]
    under: Vec<PathBuf>,
    /// The wallet's clock; the system's by default.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    now: Option<Timestamp>,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        let loaded = Loaded::read(&self.terms)?;
        let request = artefacts::request(&self.request)?;
        let now = self.now.map_or_else(time::now, Ok)?;
        let under = self.under.iter().map(|path| artefacts::policy(path));
        let under = under.collect::<Result<Vec<Policy>, Failure>>()?;
        let mut wallet: Vec<(String, Credential)> = Vec::new();
        let mut others: Vec<String> = Vec::new();
        for path in &self.credential {
            let label = path.display().to_string();
            match artefacts::candidate(path, &loaded.schemas)? {
                Some(credential) => wallet.push((label, credential)),
                None => others.push(label),
            }
        }
        let held: Vec<Held<'_>> =
            wallet.iter().map(|(label, credential)| Held { label, credential }).collect();
        let asked = Asked {
            bundle: &loaded.bundle,
            compiled: loaded.terms.policy(),
            request: &request,
            under: &under,
            supplies: Supplies::default(),
        };
        let report = match plan(&asked, &held, now) {
            Ok(plan) => planned(&plan),
            Err(refusals) => refused(&refusals),
        };
        let line = |report: Report, label: &String| {
            report.line(format!("Of a schema that the terms do not have: {label}"))
        };
        Ok(others.iter().fold(report, line).json("others", others))
    }
}

fn planned(plan: &Plan) -> Report {
    let mut report = Report::new().line("What would leave the wallet:");
    let mut roles: Vec<Value> = Vec::new();
    let list = |claims: &[String]| match claims {
        [] => "nothing".to_owned(),
        claims => claims.join(", "),
    };
    for role in &plan.roles {
        report = report
            .row(&role.role, format!("from {}", role.label))
            .row("", format!("reveals {}", list(&role.reveals)));
        if !role.asked.is_empty() {
            let text = format!("asked for, not revealed unless you say so: {}", list(&role.asked));
            report = report.row("", text);
        }
        if !role.offered.is_empty() {
            report = report.row("", format!("allowed, not asked for: {}", list(&role.offered)));
        }
        roles.push(json!({
            "role": role.role, "credential": role.label, "reveals": role.reveals,
            "asked": role.asked, "offered": role.offered,
        }));
    }
    let proves: Vec<String> = plan.proves.iter().map(ToString::to_string).collect();
    report = report.line("What would be proven of hidden values:");
    report = proves.iter().fold(report, |report, proven| report.line(format!("  {proven}")));
    report.json("roles", roles).json("proves", proves)
}

fn refused(refusals: &[Refusal]) -> Report {
    let texts: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    let report = Report::new().line("Nothing would leave the wallet:");
    let report = texts.iter().fold(report, |report, text| report.line(format!("  {text}")));
    report.json("refusals", texts).exiting(Exit::Refused)
}
