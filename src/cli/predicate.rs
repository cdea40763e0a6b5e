//! `sigil predicate`: one predicate by itself.

use super::failure::{Complaint, Failure};
use super::report::Report;
use super::{artefacts, policy};
use crate::document::{Bounds, Document};
use crate::policy::{CompiledPolicy, check_predicate};
use crate::schema::Schema;
use crate::value::LeapDay;
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Try predicates out.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check a predicate, and show its types, its circuit and what each part of it costs.
    ///
    /// Comparisons (< <= > >= == !=) of sums of claims, `in [..]`, between(x, low, high), has(claim), a flag
    /// by itself, `today`, `now`, years(n), days(n), joined by &&, ||, ! and at_least(k, [..]), nested at
    /// will. The cost is in rank-1 constraints; the validity of credentials comes on top, 46 for each.
    ///
    /// Reads schemas, each for the role that it is given to. Writes nothing.
    #[command(after_help = "\
Examples:
  sigil predicate check 'person.birth_date <= today - years(18)' --schemas person=person.toml \\
      --leap-day feb28
  sigil predicate check 'kyc.country in params.listed' --schemas kyc=kyc.toml \\
      --param 'listed = [\"CH\", \"LI\"]'")]
    Check {
        /// The predicate.
        expression: String,
        /// A role's schema; repeat it for other roles.
        #[arg(long, value_name = "ROLE=FILE", required = true, value_parser = role_file)]
        schemas: Vec<(String, PathBuf)>,
        /// A parameter, written as under [params] in a policy; repeat it for others.
        #[arg(long, value_name = "NAME = VALUE")]
        param: Vec<String>,
        /// When who is born on a 29 February comes of age.
        #[arg(long)]
        leap_day: Option<Leap>,
    },
}

/// The rule for a 29 February.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Leap {
    /// On 28 February.
    Feb28,
    /// On 1 March.
    Mar1,
}

/// A role and the file of its schema.
fn role_file(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((role, file)) if !role.is_empty() && !file.is_empty() => {
            Ok((role.to_owned(), file.into()))
        }
        _ => Err("write ROLE=FILE, the role as the predicate names it".to_owned()),
    }
}

impl Command {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        let Command::Check { expression, schemas, param, leap_day } = self;
        let read = |(role, path): &(String, PathBuf)| {
            artefacts::schema(path).map(|schema| (role.clone(), schema))
        };
        let roles = schemas.iter().map(read).collect::<Result<Vec<(String, Schema)>, _>>()?;
        let constants = Document::read_toml(param.join("\n").as_bytes(), &Bounds::PUBLISHED);
        let constants = constants.map_err(|fault| {
            let remedy = format!("{}, as in --param 'name = value'", fault.remedy());
            Failure::input(Complaint::from(fault.under("$.params")).remedy(remedy))
        })?;
        let leap_day = leap_day.map(|leap| match leap {
            Leap::Feb28 => LeapDay::Feb28,
            Leap::Mar1 => LeapDay::Mar1,
        });
        let compiled = check_predicate(expression, &roles, &constants, leap_day)?;
        let report = Report::new().line("Well formed.").json("expression", expression.as_str());
        Ok(policy::describe_circuit(claims(report, &compiled), &compiled))
    }
}

/// The hidden claims with their types and the integers that they may be.
fn claims(report: Report, compiled: &CompiledPolicy) -> Report {
    let mut rows: Vec<Value> = Vec::new();
    let mut report = report.line("Hidden claims:");
    for source in compiled.slots() {
        let name = compiled.claim(*source);
        let (Some(field), Some(interval)) = (compiled.field(*source), compiled.interval(*source))
        else {
            continue;
        };
        let kind = field.field_type().to_string();
        let optional = if field.optional() { ", optional" } else { "" };
        let (low, high) = (interval.low(), interval.high());
        report = report.row(&name, format!("{kind}{optional}: {low} to {high} as signed"));
        rows.push(json!({
            "claim": name, "type": kind, "optional": field.optional(),
            "low": low.to_string(), "high": high.to_string(),
        }));
    }
    if rows.is_empty() {
        report = report.line("  none: a verifier checks this in the open");
    }
    report.json("claims", rows)
}
