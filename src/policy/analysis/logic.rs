//! Predicates as the analysis reads them, and their negation normal form.

use super::Domains;
use super::set::IntegerSet;
use crate::policy::SlotSource;
use sigil_circuits::Comparison;
use std::collections::{BTreeMap, BTreeSet};

/// Greatest number of nodes that counting rules are taken apart into; what goes beyond is open.
const MAX_NODES: usize = 20_000;

/// A predicate over the integers of messages; every public quantity in it has its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Logic {
    /// True or false.
    Constant(bool),
    /// Nothing is known of it here: it may hold or not.
    Open,
    /// `Σ factor·message op constant`.
    Linear { terms: Vec<(i128, SlotSource)>, op: Comparison, constant: i128 },
    /// The message is in the set.
    Member { source: SlotSource, set: IntegerSet },
    /// It does not hold.
    Not(Box<Logic>),
    /// All hold.
    All(Vec<Logic>),
    /// At least one holds.
    Any(Vec<Logic>),
    /// At least so many hold.
    AtLeast(usize, Vec<Logic>),
}

impl Logic {
    /// The negation.
    pub(crate) fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// The messages that it speaks of.
    pub(crate) fn sources(&self) -> BTreeSet<SlotSource> {
        match self {
            Self::Constant(_) | Self::Open => BTreeSet::new(),
            Self::Linear { terms, .. } => terms.iter().map(|(_, source)| *source).collect(),
            Self::Member { source, .. } => BTreeSet::from([*source]),
            Self::Not(inner) => inner.sources(),
            Self::All(parts) | Self::Any(parts) | Self::AtLeast(_, parts) => {
                parts.iter().flat_map(Self::sources).collect()
            }
        }
    }

    /// The same of other messages.
    pub(crate) fn moved(&self, to: &dyn Fn(SlotSource) -> SlotSource) -> Self {
        let each = |parts: &[Self]| parts.iter().map(|part| part.moved(to)).collect();
        match self {
            Self::Constant(_) | Self::Open => self.clone(),
            Self::Linear { terms, op, constant } => {
                let terms = terms.iter().map(|(factor, source)| (*factor, to(*source))).collect();
                Self::Linear { terms, op: *op, constant: *constant }
            }
            Self::Member { source, set } => Self::Member { source: to(*source), set: set.clone() },
            Self::Not(inner) => inner.moved(to).negated(),
            Self::All(parts) => Self::All(each(parts)),
            Self::Any(parts) => Self::Any(each(parts)),
            Self::AtLeast(count, parts) => Self::AtLeast(*count, each(parts)),
        }
    }
}

/// A comparison of two or more messages: the factors are not zero, the sources ascend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Relation {
    pub(super) terms: Vec<(i128, SlotSource)>,
    pub(super) op: Comparison,
    pub(super) constant: i128,
}

/// Negation normal form: negations have gone into the comparisons.
#[derive(Clone, Debug)]
pub(super) enum Normal {
    Constant(bool),
    Open,
    /// One message in a set: neither empty nor all of its domain.
    Unary(SlotSource, IntegerSet),
    Relation(Relation),
    All(Vec<Normal>),
    Any(Vec<Normal>),
}

impl Normal {
    pub(super) fn of(logic: &Logic, domains: &Domains) -> Self {
        Builder { domains, nodes: 0 }.normal(logic, true)
    }

    pub(super) fn of_negated(logic: &Logic, domains: &Domains) -> Self {
        Builder { domains, nodes: 0 }.normal(logic, false)
    }

    /// How many parts it is made of.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::All(parts) | Self::Any(parts) => 1 + parts.iter().map(Self::size).sum::<usize>(),
            _ => 1,
        }
    }

    pub(super) fn sources(&self, found: &mut Vec<SlotSource>) {
        match self {
            Self::Constant(_) | Self::Open => {}
            Self::Unary(source, _) => found.push(*source),
            Self::Relation(relation) => found.extend(relation.terms.iter().map(|(_, s)| *s)),
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.sources(found));
            }
        }
    }
}

struct Builder<'d> {
    domains: &'d Domains,
    nodes: usize,
}

fn opposite(op: Comparison) -> Comparison {
    match op {
        Comparison::Lt => Comparison::Ge,
        Comparison::Le => Comparison::Gt,
        Comparison::Gt => Comparison::Le,
        Comparison::Ge => Comparison::Lt,
        Comparison::Eq => Comparison::Ne,
        Comparison::Ne => Comparison::Eq,
    }
}

impl Builder<'_> {
    fn normal(&mut self, logic: &Logic, positive: bool) -> Normal {
        self.nodes += 1;
        let steps = match logic {
            Logic::Member { set, .. } => set.intervals().len(),
            Logic::Linear { terms, .. } => terms.len(),
            _ => 1,
        };
        if self.domains.spend(steps).is_none() {
            return Normal::Open;
        }
        match logic {
            Logic::Constant(value) => Normal::Constant(*value == positive),
            Logic::Open => Normal::Open,
            Logic::Linear { terms, op, constant } => {
                self.linear(terms, if positive { *op } else { opposite(*op) }, *constant)
            }
            Logic::Member { source, set } if positive => self.unary(*source, set),
            Logic::Member { source, set } => self.unary(*source, &set.complement()),
            Logic::Not(inner) => self.normal(inner, !positive),
            Logic::All(parts) | Logic::Any(parts) => {
                let all = matches!(logic, Logic::All(_)) == positive;
                let parts = parts.iter().map(|part| self.normal(part, positive)).collect();
                join(all, parts)
            }
            Logic::AtLeast(count, parts) => {
                // Fewer than k of n hold: at least n − k + 1 do not.
                let needed = match positive {
                    true => *count,
                    false => (parts.len() + 1).saturating_sub(*count),
                };
                let parts: Vec<_> = parts.iter().map(|part| self.normal(part, positive)).collect();
                self.at_least(needed, &parts)
            }
        }
    }

    fn unary(&self, source: SlotSource, set: &IntegerSet) -> Normal {
        let domain = self.domains.of(source);
        let set = set.intersection(&domain);
        match set.is_empty() {
            true => Normal::Constant(false),
            false if set == domain => Normal::Constant(true),
            false => Normal::Unary(source, set),
        }
    }

    fn linear(&self, terms: &[(i128, SlotSource)], op: Comparison, constant: i128) -> Normal {
        let mut factors: BTreeMap<SlotSource, i128> = BTreeMap::new();
        for (factor, source) in terms {
            let sum = factors.entry(*source).or_default();
            let Some(new) = sum.checked_add(*factor) else { return Normal::Open };
            *sum = new;
        }
        factors.retain(|_, factor| *factor != 0);
        let terms: Vec<_> = factors.into_iter().map(|(source, factor)| (factor, source)).collect();
        match terms.as_slice() {
            [] => Normal::Constant(op.compare(0, constant)),
            [(factor, source)] => {
                self.unary(*source, &IntegerSet::solutions(*factor, op, constant))
            }
            _ if self.bounded(&terms, constant) => {
                Normal::Relation(Relation { terms, op, constant })
            }
            _ => Normal::Open,
        }
    }

    /// Whether sums of the terms stay where they can be computed with.
    fn bounded(&self, terms: &[(i128, SlotSource)], constant: i128) -> bool {
        let magnitude = terms.iter().try_fold(constant.unsigned_abs(), |sum, (factor, source)| {
            let domain = self.domains.of(*source);
            let ends = [domain.min()?, domain.max()?].map(i128::unsigned_abs);
            let greatest = ends.into_iter().max()?.checked_mul(factor.unsigned_abs())?;
            sum.checked_add(greatest)
        });
        magnitude.is_some_and(|magnitude| magnitude < 1 << 120)
    }

    /// At least `count` hold: the first and `count − 1` of the rest, or `count` of the rest.
    fn at_least(&mut self, count: usize, parts: &[Normal]) -> Normal {
        self.nodes += 1;
        match parts {
            _ if count == 0 => Normal::Constant(true),
            _ if count > parts.len() => Normal::Constant(false),
            _ if count == parts.len() => join(true, parts.to_vec()),
            _ if count == 1 => join(false, parts.to_vec()),
            _ if self.nodes > MAX_NODES => Normal::Open,
            [] => Normal::Constant(false),
            [first, rest @ ..] => {
                let with = join(true, vec![first.clone(), self.at_least(count - 1, rest)]);
                join(false, vec![with, self.at_least(count, rest)])
            }
        }
    }
}

/// A conjunction, or a disjunction, without constants and without one of its own kind inside.
pub(super) fn join(all: bool, parts: Vec<Normal>) -> Normal {
    let mut kept = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Normal::Constant(value) if value == all => {}
            Normal::Constant(value) => return Normal::Constant(value),
            Normal::All(inner) if all => kept.extend(inner),
            Normal::Any(inner) if !all => kept.extend(inner),
            other => kept.push(other),
        }
    }
    match (kept.pop(), kept.is_empty()) {
        (None, _) => Normal::Constant(all),
        (Some(only), true) => only,
        (Some(last), false) => {
            kept.push(last);
            if all { Normal::All(kept) } else { Normal::Any(kept) }
        }
    }
}
