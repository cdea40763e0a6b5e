//! What can be said of a policy before anybody uses it.
//!
//! A check finds what is wrong in a policy (it does not compile, nobody can satisfy it), what is
//! probably not meant (a predicate that everybody satisfies, a branch that never decides anything)
//! and what its author should know: above all where rules that only prove something leave so few
//! values that they disclose one. Every finding names its place and a remedy. What the
//! [analysis](super::Analysis) can't decide is reported as undecided.

mod narrowing;
mod rules;
#[cfg(test)]
mod tests;

pub use narrowing::Narrowing;

use super::analysis::{Analysis, Verdict};
use super::{CompiledPolicy, Policy, Presence, PublicRule, Rule, SlotSource};
use crate::document::Fault;
use crate::schema::{FIRST_FIELD, Schema};
use crate::value::Timestamp;
use std::fmt;

/// Greatest number of values left of a hidden claim that is worth a warning.
const FEW: u128 = 4;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Probably not meant.
    Warning,
    /// The policy can't be used as it is.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Something found in a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its place in the document, such as `$.predicates[0]`.
    pub place: String,
    /// How much it matters.
    pub severity: Severity,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, severity, message, remedy } = self;
        write!(f, "{severity} at {place}: {message}; {remedy}")
    }
}

/// Everything found in a policy, in the order of the checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    findings: Vec<Finding>,
}

impl Findings {
    /// The findings.
    pub fn iter(&self) -> std::slice::Iter<'_, Finding> {
        self.findings.iter()
    }

    /// The greatest severity; none if nothing was found.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// Whether the policy can be used.
    pub fn usable(&self) -> bool {
        self.worst() != Some(Severity::Error)
    }

    /// Adds what another check found.
    pub fn extend(&mut self, other: Self) {
        self.findings.extend(other.findings);
    }

    fn add(&mut self, severity: Severity, place: &str, message: String, remedy: &str) {
        let (place, remedy) = (place.to_owned(), remedy.to_owned());
        self.findings.push(Finding { place, severity, message, remedy });
    }

    fn fault(&mut self, severity: Severity, fault: &Fault) {
        self.add(severity, fault.path(), fault.problem().to_string(), fault.remedy());
    }
}

impl<'f> IntoIterator for &'f Findings {
    type Item = &'f Finding;
    type IntoIter = std::slice::Iter<'f, Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Policy {
    /// Checks the policy as it is evaluated at a time.
    pub fn check(&self, schemas: &[Schema], at: Timestamp) -> Findings {
        let mut findings = Findings::default();
        let compiled = match self.compile(schemas) {
            Ok(compiled) => compiled,
            Err(fault) => {
                findings.fault(Severity::Error, &fault);
                return findings;
            }
        };
        for warning in compiled.warnings() {
            findings.fault(Severity::Warning, warning);
        }
        let analysis = Analysis::new(&compiled, at);
        rules::predicates(&compiled, &analysis, &mut findings);
        if rules::together(&compiled, &analysis, &mut findings) {
            rules::branches(&compiled, &analysis, &mut findings);
            disclosures(&compiled, &analysis, &mut findings);
        }
        if analysis.exhausted() {
            let message = "the rules are too large to look at all that follows from them";
            let remedy = "shorten lists and branches, or split the policy";
            findings.add(Severity::Note, "$.predicates", message.to_owned(), remedy);
        }
        self.declared(&compiled, &mut findings);
        findings
    }
}

impl Policy {
    /// What the policy asks for that a presentation does not prove.
    fn declared(&self, compiled: &CompiledPolicy, findings: &mut Findings) {
        for check in compiled.checks() {
            if matches!(check.rule, Rule::Public(PublicRule::Same { .. })) {
                let message = "both claims are revealed, so they are compared in the open";
                let remedy = "hide both, if only their equality matters";
                findings.add(Severity::Note, &check.path, message.to_owned(), remedy);
            }
        }
        for (i, role) in self.roles.iter().enumerate().filter(|(_, role)| role.trust.is_some()) {
            if role.lists.iter().all(|rule| rule.presence == Presence::Absent) {
                let message =
                    "whoever holds a stolen key can date credentials back to when it was good";
                let remedy =
                    "have the issuer list what it issued, and ask for presence on that list";
                let path = format!("$.roles[{i}].trust");
                findings.add(Severity::Note, &path, message.to_owned(), remedy);
            }
        }
        if self.pseudonym.is_some() {
            let message = "the scope of a pseudonym is declared, and none is proven";
            let remedy = "do not count persons by it";
            findings.add(Severity::Note, "$.pseudonym", message.to_owned(), remedy);
        }
    }
}

/// Hidden claims of which the rules together leave a value or a few.
fn disclosures(compiled: &CompiledPolicy, analysis: &Analysis, findings: &mut Findings) {
    let whole = analysis.whole(compiled);
    for (source, place) in hidden(compiled) {
        let domain = analysis.domain(source).count();
        let left = analysis.left_logic(&whole, source);
        if left.values.count() > FEW || left.values.count() >= domain || left.values.is_empty() {
            continue;
        }
        let values = rules::render(compiled, source, &left.values);
        match left.values.single() {
            Some(_) => findings.add(
                Severity::Warning,
                &place,
                format!("disclosed: the rules leave one value of this hidden claim, {values}"),
                "reveal the claim if that is meant, or widen what the rules accept",
            ),
            None => findings.add(
                Severity::Warning,
                &place,
                format!("the rules leave {} values of it: {values}", left.values.count()),
                "widen what they accept, unless this is meant",
            ),
        }
    }
}

/// The fields that are not revealed in every presentation, with their claims' paths.
fn hidden(compiled: &CompiledPolicy) -> Vec<(SlotSource, String)> {
    let mut found = Vec::new();
    for (index, role) in compiled.roles().iter().enumerate() {
        for (at, field) in role.schema().fields().iter().enumerate() {
            let message = FIRST_FIELD + at;
            if !role.must().contains(&message) && field.bits().is_some() {
                let source = SlotSource { role: index, message };
                found.push((source, compiled.claim(source)));
            }
        }
    }
    found
}

/// What a verdict means for a rule that is meant to decide something.
fn verdict_finding(verdict: Verdict) -> Option<(Severity, &'static str, &'static str)> {
    match verdict {
        Verdict::Never => Some((
            Severity::Error,
            "no value satisfies it",
            "correct the comparison, or the parameter that it uses",
        )),
        Verdict::Always => Some((
            Severity::Warning,
            "every value satisfies it",
            "take it out, or correct the comparison",
        )),
        Verdict::Undecided => Some((
            Severity::Note,
            "whether any value satisfies it is not decided here",
            "add a test case of a holder who does",
        )),
        Verdict::Sometimes => None,
    }
}
