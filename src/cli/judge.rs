//! `sigil policy test` and `sigil policy explain`: a policy's own test cases, and why one is permitted or
//! denied, rule by rule.

use super::failure::{Complaint, Failure, InFile};
use super::report::Report;
use super::{Exit, artefacts};
use crate::decision::{Decision, TestOutcome, Verdict};
use crate::policy::Expected;
use crate::value::Timestamp;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// `policy test`.
pub(super) fn test(file: &Path, schemas: &[PathBuf], at: Timestamp) -> Result<Report, Failure> {
    let outcomes = outcomes(file, schemas, at)?;
    let mut report = Report::new();
    let mut cases: Vec<Value> = Vec::new();
    for outcome in &outcomes {
        let word = if outcome.passed() { "as expected" } else { "NOT as expected" };
        report = report.row(outcome.name(), format!("{word}: {}", decided(outcome.verdict())));
        if !outcome.passed() {
            report = report.row("", format!("expected: {}", expected(outcome.expected())));
        }
        cases.push(json!({
            "name": outcome.name(), "passed": outcome.passed(),
            "decision": decided(outcome.verdict()), "expected": expected(outcome.expected()),
            "digest": outcome.verdict().record().digest().to_string(),
        }));
    }
    let passed = outcomes.iter().filter(|outcome| outcome.passed()).count();
    let exit = if passed == outcomes.len() { Exit::Done } else { Exit::Refused };
    let report = match outcomes.len() {
        0 => report.line("The policy has no test cases: give it [[tests]]."),
        all => report.line(format!("{passed} of {all} as expected")),
    };
    Ok(report.json("cases", cases).json("passed", passed).exiting(exit))
}

fn outcomes(file: &Path, schemas: &[PathBuf], at: Timestamp) -> Result<Vec<TestOutcome>, Failure> {
    let policy = artefacts::policy(file)?;
    let schemas = artefacts::schemas(schemas)?;
    policy.run_tests(&schemas, at).in_file(file)
}

/// `policy explain`, for a test case of the policy.
pub(super) fn explain_case(
    file: &Path,
    schemas: &[PathBuf],
    name: &str,
    at: Timestamp,
) -> Result<Report, Failure> {
    let outcomes = outcomes(file, schemas, at)?;
    match outcomes.iter().find(|outcome| outcome.name() == name) {
        Some(outcome) => Ok(explanation(outcome.verdict())),
        None => {
            let names: Vec<String> =
                outcomes.iter().map(|outcome| format!("{:?}", outcome.name())).collect();
            let complaint = Complaint::new(format!("no test case is called {name:?}"));
            let complaint = complaint.in_file(file).at("$.tests");
            Err(Failure::input(complaint.remedy(match names.as_slice() {
                [] => "the policy has none: give it [[tests]]".to_owned(),
                names => format!("known: {}", names.join(", ")),
            })))
        }
    }
}

/// A verdict, rule by rule.
pub(super) fn explanation(verdict: &Verdict) -> Report {
    let mut report = Report::new();
    let mut rules: Vec<Value> = Vec::new();
    for entry in verdict.explanation() {
        let outcome = entry.outcome().word();
        report = report.line(format!("{outcome:12}{}", entry.path()));
        if !entry.text().is_empty() {
            report = report.line(format!("            {}: {}", entry.name(), entry.text()));
        }
        if !entry.why().is_empty() {
            report = report.line(format!("            {}", entry.why()));
        }
        rules.push(json!({
            "path": entry.path(), "name": entry.name(), "text": entry.text(),
            "outcome": outcome, "why": entry.why(),
        }));
    }
    decision(report.line(""), verdict).json("rules", rules)
}

/// The decision with its record.
pub(super) fn decision(report: Report, verdict: &Verdict) -> Report {
    let record = verdict.record();
    let report = match verdict.decision() {
        Decision::Permit => report.line("Decision: permit"),
        Decision::Deny(reasons) => {
            let report = report.line("Decision: deny").exiting(Exit::Refused);
            reasons.iter().fold(report, |report, reason| {
                report.line(format!(
                    "  {} at {}: {}",
                    reason.code().word(),
                    reason.path(),
                    reason.sentence()
                ))
            })
        }
    };
    let document = record.to_document().canonical();
    report
        .row("record", record.digest())
        .json("record", serde_json::from_str::<Value>(&document).unwrap_or_default())
        .json("digest", record.digest().to_string())
}

/// A decision on one line.
fn decided(verdict: &Verdict) -> String {
    match verdict.decision() {
        Decision::Permit => "permit".to_owned(),
        Decision::Deny(reasons) => {
            let reasons = reasons.iter().map(|r| format!("{}:{}", r.code().word(), r.path()));
            format!("deny for {}", reasons.collect::<Vec<_>>().join(", "))
        }
    }
}

fn expected(expected: &Expected) -> String {
    match expected {
        Expected::Permit => "permit".to_owned(),
        Expected::Deny(reasons) => {
            let reasons = reasons.iter().map(|reason| match &reason.path {
                Some(path) => format!("{}:{path}", reason.code),
                None => reason.code.clone(),
            });
            format!("deny for {}", reasons.collect::<Vec<_>>().join(", "))
        }
    }
}
