//! From rules to predicates over messages, at a time.

use super::logic::Logic;
use super::{Domains, IntegerSet, opaque};
use crate::policy::{PublicForm, PublicRule, PublicTerm, Rule, SlotSource};
use crate::value::{Encoded, Timestamp};
use sigil_circuits::Comparison;

/// Greatest number of optional revealed fields in one comparison: each doubles the work.
const MAX_OPTIONAL: usize = 4;

/// The rule as a predicate. What is revealed is a message like any other: the question is for
/// which credentials the rule holds.
pub(super) fn lower(rule: &Rule, domains: &Domains, at: Timestamp) -> Logic {
    if domains.spend(steps(rule)).is_none() {
        return Logic::Open;
    }
    let each = |parts: &[Rule]| parts.iter().map(|part| lower(part, domains, at)).collect();
    match rule {
        Rule::Compare { hidden, op, public, .. } => compare(hidden, *op, public, domains, at),
        Rule::Zero { source, is } => {
            let op = if *is { Comparison::Eq } else { Comparison::Ne };
            Logic::Linear { terms: vec![(1, *source)], op, constant: 0 }
        }
        Rule::Member { hidden, set, .. } => member(hidden, set, domains, at),
        Rule::Public(rule) => public(rule, domains, at),
        Rule::Not(inner) => lower(inner, domains, at).negated(),
        Rule::All(parts) => Logic::All(each(parts)),
        Rule::Any(parts) => Logic::Any(each(parts)),
        Rule::AtLeast(count, parts) => Logic::AtLeast(*count, each(parts)),
    }
}

/// What a rule that is not made of others costs to read.
fn steps(rule: &Rule) -> usize {
    match rule {
        Rule::Member { set, .. } | Rule::Public(PublicRule::Member { set, .. }) => set.len(),
        Rule::Public(PublicRule::OneOf { allowed, .. }) => allowed.len(),
        _ => 1,
    }
}

/// Two messages are the same and present.
pub(super) fn equal(a: SlotSource, b: SlotSource, domains: &Domains) -> Logic {
    if !domains.known(a) || !domains.known(b) {
        return Logic::Open;
    }
    let op = Comparison::Eq;
    let mut parts = vec![Logic::Linear { terms: vec![(1, a), (-1, b)], op, constant: 0 }];
    let optional = [a, b].into_iter().filter(|source| domains.optional(*source));
    parts.extend(optional.map(present));
    Logic::All(parts)
}

fn present(source: SlotSource) -> Logic {
    Logic::Linear { terms: vec![(1, source)], op: Comparison::Ne, constant: 0 }
}

/// The form with the quantities of a time worked out: its constant, and its revealed messages.
fn form(form: &PublicForm, at: Timestamp) -> Option<(i128, Vec<(i128, SlotSource)>)> {
    let mut known = PublicForm::constant(form.constant);
    let mut revealed = Vec::new();
    for (factor, term) in &form.terms {
        match term {
            PublicTerm::Disclosed(source) => revealed.push((*factor, *source)),
            other => known.terms.push((*factor, *other)),
        }
    }
    Some((known.value(at, &|_| None)?, revealed))
}

fn compare(
    hidden: &[(i128, SlotSource)],
    op: Comparison,
    public: &PublicForm,
    domains: &Domains,
    at: Timestamp,
) -> Logic {
    let Some((constant, revealed)) = form(public, at) else { return Logic::Open };
    let mut terms = hidden.to_vec();
    let mut optional = Vec::new();
    for (factor, source) in revealed {
        match domains.optional(source) {
            true => optional.push((-factor, source)),
            false => terms.push((-factor, source)),
        }
        if !domains.known(source) {
            return Logic::Open;
        }
    }
    match optional.len() {
        0..=MAX_OPTIONAL => unmarked(terms, &optional, op, constant),
        _ => Logic::Open,
    }
}

/// A comparison in which the values of optional revealed fields travel without the 1 that marks
/// presence: 0 where absent, one less where present.
fn unmarked(
    terms: Vec<(i128, SlotSource)>,
    optional: &[(i128, SlotSource)],
    op: Comparison,
    constant: i128,
) -> Logic {
    let Some(((factor, source), rest)) = optional.split_first() else {
        return Logic::Linear { terms, op, constant };
    };
    let Some(moved) = constant.checked_add(*factor) else { return Logic::Open };
    let mut with = terms.clone();
    with.push((*factor, *source));
    Logic::Any(vec![
        Logic::All(vec![present(*source).negated(), unmarked(terms, rest, op, constant)]),
        Logic::All(vec![present(*source), unmarked(with, rest, op, moved)]),
    ])
}

fn member(
    hidden: &[(i128, SlotSource)],
    set: &[PublicForm],
    domains: &Domains,
    at: Timestamp,
) -> Logic {
    if let [(1, source)] = hidden {
        let constants = set.iter().map(|element| match form(element, at) {
            Some((constant, revealed)) if revealed.is_empty() => Some(constant),
            _ => None,
        });
        if let Some(constants) = constants.collect::<Option<Vec<_>>>() {
            return Logic::Member { source: *source, set: IntegerSet::of(constants) };
        }
    }
    let one = |element| compare(hidden, Comparison::Eq, element, domains, at);
    Logic::Any(set.iter().map(one).collect())
}

fn public(rule: &PublicRule, domains: &Domains, at: Timestamp) -> Logic {
    match rule {
        PublicRule::Compare { form, op } => {
            // f op 0 is 0 op′ f with the sides exchanged.
            let op = match op {
                Comparison::Lt => Comparison::Gt,
                Comparison::Le => Comparison::Ge,
                Comparison::Gt => Comparison::Lt,
                Comparison::Ge => Comparison::Le,
                same @ (Comparison::Eq | Comparison::Ne) => *same,
            };
            compare(&[], op, form, domains, at)
        }
        PublicRule::Member { form, set } => {
            let difference = |element: &PublicForm| {
                let mut terms = form.terms.clone();
                terms.extend(element.terms.iter().map(|(factor, term)| (-factor, *term)));
                Some(PublicForm { constant: form.constant.checked_sub(element.constant)?, terms })
            };
            let one = |element| match difference(element) {
                Some(form) => compare(&[], Comparison::Eq, &form, domains, at),
                None => Logic::Open,
            };
            Logic::Any(set.iter().map(one).collect())
        }
        PublicRule::Present(source) if domains.known(*source) => present(*source),
        PublicRule::Present(_) => Logic::Open,
        // The holder can always hide it.
        PublicRule::OneOf { may_be_hidden: true, .. } => Logic::Constant(true),
        PublicRule::OneOf { source, .. } if !domains.known(*source) => Logic::Open,
        PublicRule::OneOf { source, allowed, .. } => {
            let mark = i128::from(domains.optional(*source));
            let integers = allowed.iter().filter_map(|value| match value {
                Encoded::Integer(integer) => Some(i128::from(*integer) + mark),
                Encoded::Text(text) => Some(opaque(text.as_bytes())),
                Encoded::Bytes(octets) => Some(opaque(octets)),
                Encoded::Absent => None,
            });
            Logic::Member { source: *source, set: IntegerSet::of(integers) }
        }
        PublicRule::Same { a, b } => equal(*a, *b, domains),
    }
}
