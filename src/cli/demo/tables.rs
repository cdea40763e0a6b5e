//! What the demo prints.

use super::policies;
use super::population::{Expected, Population};
use super::stages::Stage;
use super::{AUDIENCE, Findings, STEPS};
use crate::cli::report::Report;
use crate::cli::{policy, prove};
use crate::decision::StatusState;
use crate::policy::Bundle;
use serde_json::{Map, Value, json};

/// The whole report.
pub(super) fn report(population: &Population, stage: &Stage, findings: &Findings) -> Report {
    let report = Report::new().line(format!(
        "{} applicants, asked by {AUDIENCE} under policy {} {}:",
        population.applicants.len(),
        population.policy.id(),
        population.policy.version(),
    ));
    let report = policy::describe_compiled(report, &population.policy, stage.terms.policy());
    let report = outcomes(report.line(""), population, findings);
    let report = seen(report.line(""), &stage.bundle, findings);
    let report = policies::report(report.line(""), &findings.policies);
    let report = speeds(report.line(""), findings);
    let report = sizes(report.line(""), stage, findings);
    let total = findings.total.as_secs_f64();
    report.line("").line(format!("Done in {total:.1} s")).json("seconds", total)
}

fn outcomes(report: Report, population: &Population, findings: &Findings) -> Report {
    let mut report = report.line(format!(
        "{:12}{:>12}{:>10}{:>10}{:>18}{:>14}",
        "outcome", "applicants", "answered", "accepted", "replays refused", "as expected"
    ));
    let mut object = Map::new();
    for (expected, count) in &findings.counts {
        report = report.line(format!(
            "{:12}{:>12}{:>10}{:>10}{:>18}{:>14}",
            expected.word(),
            count.applicants,
            count.proven,
            count.accepted,
            count.replays_refused,
            count.as_expected
        ));
        let value = json!({
            "applicants": count.applicants, "answered": count.proven, "accepted": count.accepted,
            "replays_refused": count.replays_refused, "as_expected": count.as_expected,
        });
        object.insert(expected.word().to_owned(), value);
    }
    report = report.line("").line("What the others were told, by their own wallets:");
    for expected in Expected::ALL {
        if let Some(reason) = reason(population, findings, expected) {
            report = report.row(expected.word(), reason);
        }
    }
    let earlier = findings.all.earlier;
    report
        .line("")
        .line(format!(
            "Earlier epochs of the list: of {} revoked holders who answered with the entry they kept, {} \
             were denied for it (status-replaced);",
            earlier.revoked, earlier.denied
        ))
        .line(format!(
            "of {} suspended ones, {} could not answer until they were resumed.",
            earlier.suspended, earlier.refused
        ))
        .json(
            "earlier_epochs",
            json!({
                "revoked": earlier.revoked, "denied": earlier.denied,
                "suspended": earlier.suspended, "refused": earlier.refused,
            }),
        )
        .json("outcomes", object)
}

/// What the first of a kind was told.
fn reason(population: &Population, findings: &Findings, expected: Expected) -> Option<String> {
    let mut pairs = population.applicants.iter().zip(&findings.all.attempts);
    let (_, attempt) = pairs.find(|(applicant, _)| applicant.expected == expected)?;
    attempt.as_ref().err().map(|error| prove::problem(&population.policy, error))
}

/// What the verifier saw of one holder.
fn seen(report: Report, bundle: &Bundle, findings: &Findings) -> Report {
    let accepted = findings.all.verdicts.iter().flatten().flatten().next();
    let Some(verified) = accepted else { return report.line("Nobody was accepted.") };
    let report = report.line("All that the verifier saw of the first applicant accepted:");
    policy::describe_verified(report, bundle.policy(), verified, &StatusState::default())
}

fn speeds(report: Report, findings: &Findings) -> Report {
    let (sample, threads) = (findings.one.attempts.len(), findings.threads);
    let mut report = report
        .line(format!(
            "Times for one applicant, with two credentials and one presentation, octets in and out \
             included; on one thread the first {sample} applicants. Medians, but of the batch the mean:"
        ))
        .line(format!(
            "{:20}{:>18}{:>22}{:>22}",
            "step",
            "each, 1 thread",
            "per second, 1 thread",
            format!("per second, {threads}")
        ));
    let mut object = Map::new();
    for ((step, one), all) in STEPS.iter().zip(&findings.one.speeds).zip(&findings.all.speeds) {
        let each = one.each.as_secs_f64() * 1000.0;
        report = report.line(format!(
            "{step:20}{:>18}{:>22.0}{:>22.0}",
            format!("{each:.2} ms"),
            one.per_second,
            all.per_second
        ));
        let value = json!({
            "ms_one_thread": each,
            "per_second_one_thread": one.per_second,
            "per_second_all_threads": all.per_second,
        });
        object.insert(step.replace(' ', "_"), value);
    }
    let setup = findings.setup.as_secs_f64();
    report
        .line(format!("Keys, tables and setup of the circuit, once: {setup:.2} s"))
        .json("steps", object)
        .json("threads", threads)
        .json("seconds_setup", setup)
}

fn sizes(report: Report, stage: &Stage, findings: &Findings) -> Report {
    let presentations = findings.all.presentations();
    let least = presentations.first().copied().unwrap_or(0);
    let most = presentations.last().copied().unwrap_or(0);
    let credentials = &findings.all.credentials;
    let text: Vec<String> = credentials.iter().map(ToString::to_string).collect();
    let bundle = stage.bundle.to_document().canonical().len();
    let mut rows = vec![
        (
            "presentation",
            if least == most { least.to_string() } else { format!("{least} to {most}") },
        ),
        ("credentials of one applicant, JSON", text.join(" and ")),
        ("bundle", bundle.to_string()),
    ];
    let mut keys = Value::Null;
    if let Some(key) = &stage.key {
        let (proving, verifying) = (key.to_bytes().len(), key.verifying_key().to_bytes().len());
        rows.push(("verifying key", verifying.to_string()));
        rows.push(("proving key", proving.to_string()));
        keys = json!({ "proving": proving, "verifying": verifying });
    }
    let report = rows
        .into_iter()
        .fold(report.line("Sizes in octets:"), |report, (label, size)| report.row(label, size));
    report.json(
        "octets",
        json!({
            "presentation_least": least, "presentation_most": most, "bundle": bundle,
            "credentials": credentials, "keys": keys,
        }),
    )
}
