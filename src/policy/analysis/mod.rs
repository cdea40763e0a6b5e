//! What rules say of the values behind them: decided on sets of integers.
//!
//! Every message has a domain, the integers that its type lets it be. A [`Rule`] at a fixed time is
//! a predicate over messages; brought to negation normal form its comparisons of one message are
//! sets, and its solutions a bounded union of products of sets, cut by the comparisons of several
//! messages that are left. From that are read:
//!
//! - whether a rule holds always, never or sometimes ([`Analysis::decide`]);
//! - whether one rule implies another: a ∧ ¬b never holds ([`Analysis::implies`]);
//! - what a verifier learns of a message ([`Analysis::left`]): the values for which the rule can
//!   still hold.
//!
//! Every answer is exact or says that it is not: a [`Verdict::Undecided`] is never a guess, and
//! values that are not exact are a superset. Bounds keep the work small, that of one question and
//! that of all questions to one [`Analysis`] together; beyond them, and where a rule needs what is
//! not known here (years from a revealed date), the answer is undecided. Text and
//! bytes only equal or differ; part of a hash stands for them.

mod cells;
mod logic;
mod lower;
mod pair;
mod set;
#[cfg(test)]
mod tests;

pub(crate) use logic::Logic;
pub(super) use pair::Pair;
pub use set::IntegerSet;

use super::{CompiledPolicy, Rule, SlotSource};
use crate::schema::{
    FIRST_FIELD, Field, STATUS_HANDLE, STATUS_HANDLE_BITS, VALID_FROM, VALID_UNTIL, VALIDITY_BITS,
};
use crate::value::{FieldType, Timestamp};
use cells::cells;
use logic::{Normal, join};
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// Greatest number of steps that one analysis takes: some tenths of a second.
const MAX_WORK: u64 = 4_000_000;

/// Whether a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// For all values.
    Always,
    /// For none.
    Never,
    /// For some and not for others.
    Sometimes,
    /// This is beyond what is decided here.
    Undecided,
}

/// The values of a message for which a rule can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The values; those of an optional field are one more, and 0 is its absence.
    pub values: IntegerSet,
    /// Whether each of them is possible. If not, there could be fewer.
    pub exact: bool,
}

/// What messages may be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Domains {
    domains: BTreeMap<SlotSource, Domain>,
    /// Steps taken over them; see [`MAX_WORK`].
    spent: Cell<u64>,
}

#[derive(Clone, Debug)]
struct Domain {
    values: IntegerSet,
    optional: bool,
}

/// Bits of what stands for a text here.
const OPAQUE_BITS: u32 = 96;

/// What stands for a text or bytes, which only equal or differ: part of a hash, never 0.
fn opaque(octets: &[u8]) -> i128 {
    let digest = Sha256::digest(octets);
    let head = digest.iter().take(OPAQUE_BITS as usize / 8);
    1 + head.fold(0, |sum: i128, octet| sum << 8 | i128::from(*octet))
}

/// The integers that a field may be.
fn field_domain(field: &Field) -> IntegerSet {
    let values = match field.field_type() {
        FieldType::Enum(variants) => {
            IntegerSet::of(variants.iter().map(|(_, code)| i128::from(code)))
        }
        FieldType::Date => IntegerSet::between(0, Timestamp::MAX.date().days().into()),
        FieldType::Timestamp => IntegerSet::between(0, Timestamp::MAX.unix().into()),
        // Not every integer of 64 bits is a code, but no rule can tell: it only names some.
        other => match other.bits() {
            Some(bits) => IntegerSet::between(0, (1i128 << bits) - 1),
            None => IntegerSet::between(i128::from(!field.optional()), 1 << OPAQUE_BITS),
        },
    };
    if !field.optional() || field.bits().is_none() {
        return values;
    }
    values.moved(1).union(&IntegerSet::of([0]))
}

impl Domains {
    /// The domains of the messages of a policy's credentials.
    pub(crate) fn of_policy(policy: &CompiledPolicy) -> Self {
        let mut domains = Self::default();
        for (role, compiled) in policy.roles().iter().enumerate() {
            for message in 0..compiled.schema().message_count() {
                let bits = match message {
                    STATUS_HANDLE => STATUS_HANDLE_BITS,
                    VALID_FROM | VALID_UNTIL => VALIDITY_BITS,
                    0..FIRST_FIELD => continue,
                    _ => {
                        if let Some(field) = compiled.schema().field_at(message) {
                            domains.insert_field(SlotSource { role, message }, field);
                        }
                        continue;
                    }
                };
                let values = IntegerSet::between(0, (1 << bits) - 1);
                domains.insert(SlotSource { role, message }, values, false);
            }
        }
        domains
    }

    fn insert_field(&mut self, source: SlotSource, field: &Field) {
        self.insert(source, field_domain(field), field.optional());
    }

    pub(crate) fn insert(&mut self, source: SlotSource, values: IntegerSet, optional: bool) {
        self.domains.insert(source, Domain { values, optional });
    }

    /// Takes steps; none where too many were taken.
    fn spend(&self, steps: usize) -> Option<()> {
        self.spent.set(self.spent.get().saturating_add(steps as u64));
        (!self.exhausted()).then_some(())
    }

    fn exhausted(&self) -> bool {
        self.spent.get() > MAX_WORK
    }

    /// Adds other domains under other places.
    pub(crate) fn insert_moved(&mut self, other: &Self, to: impl Fn(SlotSource) -> SlotSource) {
        let moved = other.domains.iter().map(|(source, domain)| (to(*source), domain.clone()));
        self.domains.extend(moved);
    }

    /// The domain of a message; of one that is unknown, every integer.
    pub(crate) fn of(&self, source: SlotSource) -> IntegerSet {
        self.domains.get(&source).map_or_else(IntegerSet::all, |domain| domain.values.clone())
    }

    pub(crate) fn known(&self, source: SlotSource) -> bool {
        self.domains.contains_key(&source)
    }

    fn optional(&self, source: SlotSource) -> bool {
        self.domains.get(&source).is_some_and(|domain| domain.optional)
    }
}

/// Decides rules at one time over given domains.
#[derive(Clone, Debug)]
pub struct Analysis {
    domains: Domains,
    at: Timestamp,
}

impl Analysis {
    /// For the rules of a policy, evaluated at a time.
    pub fn new(policy: &CompiledPolicy, at: Timestamp) -> Self {
        Self { domains: Domains::of_policy(policy), at }
    }

    /// Over other domains.
    #[cfg(test)]
    pub(crate) fn over(domains: Domains, at: Timestamp) -> Self {
        Self { domains, at }
    }

    /// Whether the rule holds.
    pub fn decide(&self, rule: &Rule) -> Verdict {
        self.decide_logic(&self.logic(rule))
    }

    /// Whether `b` holds wherever `a` does; none if that is not decided.
    pub fn implies(&self, a: &Rule, b: &Rule) -> Option<bool> {
        self.implies_logic(&self.logic(a), &self.logic(b))
    }

    /// What is left of a message where the rule holds.
    pub fn left(&self, rule: &Rule, source: SlotSource) -> Left {
        self.left_logic(&self.logic(rule), source)
    }

    /// What may be of the message at all.
    pub fn domain(&self, source: SlotSource) -> IntegerSet {
        self.domains.of(source)
    }

    /// Whether so much was asked that whatever is asked now stays undecided.
    pub(crate) fn exhausted(&self) -> bool {
        self.domains.exhausted()
    }

    /// The rule as a predicate over messages.
    pub(crate) fn logic(&self, rule: &Rule) -> Logic {
        lower::lower(rule, &self.domains, self.at)
    }

    /// Everything that a policy asks of its credentials: its rules, its lists of accepted values, its
    /// equalities. What sorted lists and trust lists say, they say of any value: it is left out.
    pub(crate) fn whole(&self, policy: &CompiledPolicy) -> Logic {
        let roles = policy.roles().len();
        let own = |conjunct: &&super::Conjunct| {
            conjunct.rule.sources().iter().all(|source| source.role < roles)
                && !conjunct.rule.is_of_signing()
        };
        let conjuncts = policy.conjuncts().iter().filter(own);
        let conjuncts = conjuncts.map(|conjunct| self.logic(&conjunct.rule));
        let checks = policy.checks().iter().map(|check| self.logic(&check.rule));
        let equal =
            |equality: &super::Equality| lower::equal(equality.a, equality.b, &self.domains);
        let equalities = policy.equalities().iter();
        let equalities = equalities.filter(|pair| pair.b.role < roles).map(equal);
        Logic::All(conjuncts.chain(checks).chain(equalities).collect())
    }

    pub(crate) fn decide_logic(&self, logic: &Logic) -> Verdict {
        let holds = satisfiable(&Normal::of(logic, &self.domains), &self.domains);
        let fails = satisfiable(&Normal::of_negated(logic, &self.domains), &self.domains);
        match (holds, fails) {
            (Some(false), _) => Verdict::Never,
            (_, Some(false)) => Verdict::Always,
            (Some(true), Some(true)) => Verdict::Sometimes,
            _ => Verdict::Undecided,
        }
    }

    pub(crate) fn implies_logic(&self, a: &Logic, b: &Logic) -> Option<bool> {
        let counterexample =
            Normal::of(&Logic::All(vec![a.clone(), b.clone().negated()]), &self.domains);
        satisfiable(&counterexample, &self.domains).map(|found| !found)
    }

    pub(crate) fn left_logic(&self, logic: &Logic, source: SlotSource) -> Left {
        let normal = Normal::of(logic, &self.domains);
        let mut exact = true;
        let mut parts = Vec::new();
        // What has nothing to do with the message only has to be possible.
        for component in components(&normal, &self.domains) {
            let mut sources = Vec::new();
            component.sources(&mut sources);
            if sources.contains(&source) {
                parts.push(component);
                continue;
            }
            match satisfiable(&component, &self.domains) {
                Some(true) => {}
                Some(false) => return Left { values: IntegerSet::empty(), exact: true },
                None => exact = false,
            }
        }
        let Some(cells) = cells(&join(true, parts), &self.domains) else {
            return Left { values: self.domains.of(source), exact: false };
        };
        let mut values = IntegerSet::empty();
        for cell in cells {
            match cell.feasible(&self.domains) {
                Some(false) => continue,
                decided => exact &= decided.is_some(),
            }
            let shadow = cell.shadow(source, &self.domains);
            exact &= shadow.exact;
            values = values.union(&shadow.values);
        }
        if self.exhausted() {
            return Left { values: self.domains.of(source), exact: false };
        }
        Left { exact: exact || values.is_empty(), values }
    }
}

/// The conjuncts of a predicate, those that share messages together.
fn components(normal: &Normal, domains: &Domains) -> Vec<Normal> {
    let Normal::All(parts) = normal else { return vec![normal.clone()] };
    let mut groups: Vec<(BTreeSet<SlotSource>, Vec<Normal>)> = Vec::new();
    for part in parts {
        let mut sources = Vec::new();
        part.sources(&mut sources);
        if domains.spend(sources.len() + groups.len()).is_none() {
            return vec![normal.clone()];
        }
        let mut sources: BTreeSet<SlotSource> = sources.into_iter().collect();
        let mut members = vec![part.clone()];
        let (touching, apart): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|(other, _)| !other.is_disjoint(&sources));
        for (other, parts) in touching {
            sources.extend(other);
            members.extend(parts);
        }
        groups = apart;
        groups.push((sources, members));
    }
    groups.into_iter().map(|(_, members)| join(true, members)).collect()
}

/// Whether a predicate can hold; none if that is not decided.
fn satisfiable(normal: &Normal, domains: &Domains) -> Option<bool> {
    // Parts of a disjunction, and parts of a conjunction that share no message, go by themselves.
    match normal {
        Normal::Any(parts) => any(parts.iter().map(|part| satisfiable(part, domains))),
        Normal::All(_) => {
            let components = components(normal, domains);
            match components.as_slice() {
                [only] => any(cells(only, domains)?.iter().map(|cell| cell.feasible(domains))),
                several => {
                    // What is small is decided before the steps run out on what is large.
                    let mut several: Vec<&Normal> = several.iter().collect();
                    several.sort_by_cached_key(|part| part.size());
                    let fails =
                        several.into_iter().map(|part| satisfiable(part, domains).map(|s| !s));
                    any(fails).map(|fails| !fails)
                }
            }
        }
        other => any(cells(other, domains)?.iter().map(|cell| cell.feasible(domains))),
    }
}

/// Whether one is true; none if that turns on one that is not decided.
fn any(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut found = Some(false);
    for part in parts {
        match part {
            Some(true) => return Some(true),
            Some(false) => {}
            None => found = None,
        }
    }
    found
}
