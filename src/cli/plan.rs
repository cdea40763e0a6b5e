//! `sigil policy plan`: what would leave the wallet, before anything does.

use super::failure::Failure;
use super::report::Report;
use super::terms::Loaded;
use super::trust::{span, window_json};
use super::{Exit, artefacts, time};
use crate::credential::Credential;
use crate::did_key;
use crate::plan::{Asked, Held, Plan, Refusal, Supplies, plan};
use crate::policy::Policy;
use crate::status::Entry;
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
/// For each list that the policy holds a credential against, the newest --entry that speaks of it
/// counts, and for a trust list its newest edition among --trust.
///
/// Reads the directory of terms, the request, credentials, entries and trust lists; a credential of another schema than the
/// terms have is no candidate and not opened further. Writes nothing. Exit code 1 if the answer is no.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil policy plan --terms terms --request request.json --credential alice.credential.json
  sigil policy plan --terms terms --request request.json --credential alice.credential.json \\
      --entry entry.json --trust kyc.trust.json")]
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
    /// An entry of a list, as `status find` wrote it; repeat it for others.
    #[arg(long, value_name = "FILE")]
    entry: Vec<PathBuf>,
    /// A signed trust list; repeat it for others.
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,
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
        let under = policies(&self.under)?;
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
        let entries = artefacts::entries(&self.entry)?;
        let trust = artefacts::trusts(&self.trust)?;
        let asked = Asked {
            bundle: &loaded.bundle,
            compiled: loaded.terms.policy(),
            request: &request,
            under: &under,
            supplies: Supplies { entries: &entries, trust: &trust },
        };
        let report = match plan(&asked, &held, now) {
            Ok(plan) => planned(&plan, &entries),
            Err(refusals) => refused(&refusals),
        };
        let line = |report: Report, label: &String| {
            report.line(format!("Of a schema that the terms do not have: {label}"))
        };
        Ok(others.iter().fold(report, line).json("others", others))
    }
}

/// Policies by their files.
pub(super) fn policies(paths: &[PathBuf]) -> Result<Vec<Policy>, Failure> {
    paths.iter().map(|path| artefacts::policy(path)).collect()
}

/// The plan, made with these entries.
pub(super) fn planned(plan: &Plan, entries: &[Entry]) -> Report {
    let mut report = Report::new().line("What would leave the wallet:");
    let mut roles: Vec<Value> = Vec::new();
    let list = |claims: &[String]| match claims {
        [] => "nothing".to_owned(),
        claims => claims.join(", "),
    };
    for role in &plan.roles {
        report = report
            .row(&role.role, format!("from {}", role.label))
            .row("", format!("reveals {}", list(&role.reveals)))
            .row("", format!("shows its issuer, {}", did_key::encode(&role.issuer)));
        if !role.asked.is_empty() {
            let text = format!("asked for, not revealed unless you say so: {}", list(&role.asked));
            report = report.row("", text);
        }
        if !role.offered.is_empty() {
            report = report.row("", format!("allowed, not asked for: {}", list(&role.offered)));
        }
        let mut epochs: Vec<Value> = Vec::new();
        for entry in role.entries.iter().filter_map(|place| entries.get(*place)) {
            let (list, stamp) = (&entry.key().list, entry.stamp());
            let text = format!("shows epoch {} of {list}, of {}", stamp.epoch, stamp.issued_at);
            report = report.row("", text);
            epochs.push(json!({ "list": list, "epoch": stamp.epoch }));
        }
        if let Some(window) = role.window {
            report = report.row("", format!("shows that it begins {}", span(window)));
        }
        roles.push(json!({
            "role": role.role, "credential": role.label, "reveals": role.reveals,
            "issuer": did_key::encode(&role.issuer),
            "asked": role.asked, "offered": role.offered, "lists": epochs,
            "window": role.window.map(window_json),
        }));
    }
    let proves: Vec<String> = plan.proves.iter().map(ToString::to_string).collect();
    report = report.line("What would be proven of hidden values:");
    report = proves.iter().fold(report, |report, proven| report.line(format!("  {proven}")));
    report.json("roles", roles).json("proves", proves)
}

/// Why there is none.
pub(super) fn refused(refusals: &[Refusal]) -> Report {
    let texts: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    let report = Report::new().line("Nothing would leave the wallet:");
    let report = texts.iter().fold(report, |report, text| report.line(format!("  {text}")));
    report.json("refusals", texts).exiting(Exit::Refused)
}
