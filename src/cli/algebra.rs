//! What can be said of policies by themselves and of two of them: findings, the meet, the signature.

use super::failure::{Complaint, Failure, InFile};
use super::files::{self, Access};
use super::report::Report;
use super::{Exit, artefacts, authority};
use crate::document::Document;
use crate::policy::{Conflict, Derivation, Derived, Findings, Severity, Side, diff, meet};
use crate::value::Timestamp;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What a check found; the exit code is that of a refusal if the policy can't be used.
pub(super) fn findings(report: Report, findings: &Findings) -> Report {
    let mut report = match findings.iter().len() {
        0 => report.line("Findings: none"),
        _ => report.line("Findings:"),
    };
    let mut list: Vec<Value> = Vec::new();
    for finding in findings {
        report = report.line(format!("  {} at {}", finding.severity, finding.place));
        report = report.line(format!("    {}", finding.message));
        report = report.line(format!("    remedy: {}", finding.remedy));
        list.push(json!({
            "severity": finding.severity.to_string(), "place": finding.place,
            "message": finding.message, "remedy": finding.remedy,
        }));
    }
    let exit = match findings.worst() {
        Some(Severity::Error) => Exit::Refused,
        _ => Exit::Done,
    };
    report.json("findings", list).exiting(exit)
}

/// Whether a policy yields what a consumer needs; what it does not yield is a refusal.
pub(super) fn derivations(report: Report, derivations: &[Derivation]) -> Report {
    let exit = report.exit();
    let mut report = report.line("What the consumer needs:");
    let mut list: Vec<Value> = Vec::new();
    for derivation in derivations {
        report = report.line(format!("  {derivation}"));
        list.push(json!({
            "place": derivation.place, "need": derivation.need, "message": derivation.message,
            "derivable": match derivation.derived {
                Derived::Yes => Value::Bool(true),
                Derived::No => Value::Bool(false),
                Derived::Undecided => Value::Null,
            },
        }));
    }
    let met = derivations.iter().all(|derivation| derivation.derived == Derived::Yes);
    report.json("consumer", list).exiting(if met { exit } else { Exit::Refused })
}

/// `policy diff`.
pub(super) fn difference(
    old: &Path,
    new: &Path,
    schemas: &[PathBuf],
    at: Timestamp,
) -> Result<Report, Failure> {
    let (before, after) = (artefacts::policy(old)?, artefacts::policy(new)?);
    let schemas = artefacts::schemas(schemas)?;
    before.compile(&schemas).in_file(old)?;
    let needs_keys = after.compile(&schemas).in_file(new)?.shape().is_some();
    let difference = diff(&before, &after, &schemas, at).in_file(new)?;
    let mut report = match difference.changes() {
        [] => Report::new().line("No change."),
        _ => Report::new().line("Changes:"),
    };
    let mut list: Vec<Value> = Vec::new();
    for change in difference.changes() {
        report = report.line(format!("  {change}"));
        list.push(json!({
            "class": change.class.to_string(), "about": change.about, "message": change.message,
        }));
    }
    let keys = match difference.keys_serve() {
        true if !needs_keys => "The new policy needs no keys.",
        true => "The keys of the old policy serve the new one: setup --reuse.",
        false => "The new policy needs a setup of its own: the keys of the old one do not serve.",
    };
    Ok(report.line(keys).json("changes", list).json("keys_serve", difference.keys_serve()))
}

/// `policy meet`.
pub(super) fn met(paths: &[PathBuf], out: Option<&Path>) -> Result<Report, Failure> {
    let policies = paths.iter().map(|path| artefacts::policy(path));
    let policies = policies.collect::<Result<Vec<_>, _>>()?;
    let mut met = policies.first().cloned();
    for other in policies.iter().skip(1) {
        // As written, not in normal form, so that a conflict names places of the document.
        met = match met.as_ref().map(|met| meet(met, other)) {
            Some(Err(conflicts)) => return Ok(conflicting(&conflicts)),
            met => met.and_then(Result::ok),
        };
    }
    let Some(met) = met else {
        return Err(Failure::input(Complaint::new("no policy was named")));
    };
    let document = met.to_document();
    let report = Report::new().line(format!("Policy {} {}", met.id(), met.version()));
    let Some(out) = out else { return Ok(Report::document(&pretty(&document))) };
    files::write_new(out, (pretty(&document) + "\n").as_bytes(), Access::Public)?;
    Ok(report
        .row("file", out.display())
        .fact("policy", met.hash().to_string())
        .json("file", out.display().to_string()))
}

/// A document in JSON for people to read and edit on.
fn pretty(document: &Document) -> String {
    let value: Value = serde_json::from_str(&document.canonical()).unwrap_or_default();
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

fn conflicting(conflicts: &[Conflict]) -> Report {
    let mut report = Report::new().line("The policies can't both be kept:");
    let side =
        |side: &Side| json!({ "policy": side.policy, "place": side.place, "rule": side.rule });
    let mut list: Vec<Value> = Vec::new();
    for conflict in conflicts {
        for (i, line) in conflict.to_string().lines().enumerate() {
            report = report.line(format!("{}{line}", if i == 0 { "  " } else { "    " }));
        }
        list.push(json!({
            "about": conflict.about, "problem": conflict.problem, "offer": conflict.offer,
            "a": side(&conflict.a), "b": side(&conflict.b),
        }));
    }
    report.json("conflicts", list).exiting(Exit::Refused)
}

/// `policy sign`.
pub(super) fn sign(bundle: &Path, key: &Path, out: Option<&Path>) -> Result<Report, Failure> {
    let key = authority::read(key)?;
    let signed = artefacts::bundle(bundle)?.sign(&key).map_err(|error| {
        let remedy = format!("let the policy say authority = \"{}\"", key.authority());
        Failure::refused(Complaint::new(error.to_string()).in_file(bundle).remedy(remedy))
    })?;
    let text = signed.to_document().canonical() + "\n";
    match out {
        Some(out) => files::write_new(out, text.as_bytes(), Access::Public)?,
        // Only the signature is added: the hash of the bundle is the same as before.
        None => files::replace(bundle, text.as_bytes(), Access::Public)?,
    }
    Ok(Report::new()
        .line(format!("Signed: {}", out.unwrap_or(bundle).display()))
        .fact("bundle", signed.hash().to_string())
        .fact("authority", key.authority().to_string()))
}
