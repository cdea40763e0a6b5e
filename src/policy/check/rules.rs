//! Rules by themselves, beside each other, and in their branches.

use super::{Findings, Severity, verdict_finding};
use crate::policy::analysis::{Analysis, IntegerSet, Logic, Verdict};
use crate::policy::{CompiledPolicy, Rule, SlotSource};

/// Each predicate by itself.
pub(super) fn predicates(compiled: &CompiledPolicy, analysis: &Analysis, findings: &mut Findings) {
    for predicate in compiled.predicates() {
        let verdict = analysis.decide(&predicate.rule);
        if let Some((severity, message, remedy)) = verdict_finding(verdict) {
            let message = format!("predicate {}: {message}", predicate.name);
            findings.add(severity, &predicate.path, message, remedy);
        }
    }
}

/// All rules together: whether there is a credential for them, and else which contradict each
/// other. False if there is none.
pub(super) fn together(
    compiled: &CompiledPolicy,
    analysis: &Analysis,
    findings: &mut Findings,
) -> bool {
    match analysis.decide_logic(&analysis.whole(compiled)) {
        Verdict::Always | Verdict::Sometimes => return true,
        Verdict::Undecided => {
            findings.add(
                Severity::Note,
                "$.predicates",
                "whether any holder satisfies all rules together is not decided here".to_owned(),
                "add a test case of a holder who does",
            );
            return true;
        }
        Verdict::Never => {}
    }
    let before = findings.findings.len();
    let checks = compiled.checks().iter().map(|check| (check.path.as_str(), &check.rule));
    let checks = checks.filter(|(path, _)| !path.starts_with("$.predicates"));
    let rules: Vec<(&str, Logic)> = compiled
        .conjuncts()
        .iter()
        .map(|conjunct| (conjunct.path.as_str(), &conjunct.rule))
        // Predicates over revealed values stand in both lists.
        .chain(checks)
        .map(|(path, rule)| (path, analysis.logic(rule)))
        .filter(|(_, rule)| analysis.decide_logic(rule) != Verdict::Never)
        .collect();
    for (i, (path, rule)) in rules.iter().enumerate() {
        for (other_path, other) in rules.iter().skip(i + 1) {
            if analysis.exhausted() {
                break;
            }
            let both = Logic::All(vec![rule.clone(), other.clone()]);
            if analysis.decide_logic(&both) == Verdict::Never {
                findings.add(
                    Severity::Error,
                    path,
                    format!("it contradicts {other_path}: no holder satisfies both"),
                    "correct one of the two",
                );
            }
        }
    }
    // One that never holds by itself has been named.
    let alone = findings.findings.iter().any(|finding| finding.severity == Severity::Error);
    if findings.findings.len() == before && !alone {
        findings.add(
            Severity::Error,
            "$.predicates",
            "no holder satisfies all rules together".to_owned(),
            "take out rules one by one until `check` finds a holder possible",
        );
    }
    false
}

/// Branches that decide nothing: they can't hold where the rest of the policy does, or hold only
/// where another branch does.
pub(super) fn branches(compiled: &CompiledPolicy, analysis: &Analysis, findings: &mut Findings) {
    let whole = analysis.whole(compiled);
    for conjunct in compiled.conjuncts() {
        let mut path = Vec::new();
        branch(&conjunct.rule, &conjunct.path, analysis, &whole, &mut path, findings);
    }
}

fn branch(
    rule: &Rule,
    place: &str,
    analysis: &Analysis,
    whole: &Logic,
    path: &mut Vec<usize>,
    findings: &mut Findings,
) {
    let (parts, k) = match rule {
        Rule::Any(parts) => (parts.as_slice(), Some(1)),
        Rule::AtLeast(k, parts) => (parts.as_slice(), Some(*k)),
        Rule::All(parts) => (parts.as_slice(), None),
        Rule::Not(part) => (std::slice::from_ref(&**part), None),
        Rule::Compare { .. } | Rule::Zero { .. } | Rule::Member { .. } | Rule::Public(_) => return,
    };
    let logics: Vec<Logic> = parts.iter().map(|part| analysis.logic(part)).collect();
    for (at, part) in parts.iter().enumerate() {
        path.push(at + 1);
        let found = k.and_then(|k| idle(&logics, at, k, analysis, whole));
        match found {
            Some(problem) => {
                let numbers: Vec<String> = path.iter().map(usize::to_string).collect();
                let message = format!("branch {} {problem}", numbers.join("."));
                let remedy = "take the branch out, or correct it";
                findings.add(Severity::Warning, place, message, remedy);
            }
            None => branch(part, place, analysis, whole, path, findings),
        }
        path.pop();
    }
}

/// Why a branch decides nothing, if it doesn't.
fn idle(
    parts: &[Logic],
    at: usize,
    k: usize,
    analysis: &Analysis,
    whole: &Logic,
) -> Option<&'static str> {
    let part = parts.get(at).filter(|_| !analysis.exhausted())?;
    let reached = Logic::All(vec![whole.clone(), part.clone()]);
    if analysis.decide_logic(&reached) == Verdict::Never {
        return Some("can't be reached: the other rules contradict it");
    }
    // Of equal branches the first is kept.
    let others = parts.iter().enumerate().filter(|(other, _)| *other != at);
    let wider = |(other, logic): (usize, &Logic)| {
        let within = analysis.implies_logic(part, logic) == Some(true);
        within && (other < at || analysis.implies_logic(logic, part) != Some(true))
    };
    (k == 1 && others.into_iter().any(wider)).then_some("holds only where another branch does")
}

/// The values of a set as they are written, a few of them.
pub(super) fn render(compiled: &CompiledPolicy, source: SlotSource, set: &IntegerSet) -> String {
    let Some(field) = compiled.field(source) else { return set.to_string() };
    let one = |integer: i128| {
        let value = u128::try_from(integer).ok().and_then(|n| field.from_integer(n).ok())?;
        match value {
            None => Some("absent".to_owned()),
            Some(value) => field.field_type().render(&value).ok(),
        }
    };
    if let Some(values) = set.values(8) {
        let written = values.into_iter().map(|n| one(n).unwrap_or_else(|| n.to_string()));
        return written.collect::<Vec<_>>().join(", ");
    }
    let range = |(low, high): &(i128, i128)| {
        let number = |n: i128| one(n).unwrap_or_else(|| n.to_string());
        match low == high {
            true => number(*low),
            false => format!("{} to {}", number(*low), number(*high)),
        }
    };
    let ranges: Vec<String> = set.intervals().iter().take(8).map(range).collect();
    let more = if set.intervals().len() > 8 { ", .." } else { "" };
    format!("{}{more}", ranges.join(", "))
}
