//! The solutions of a predicate as a union of cells.
//!
//! A cell is a product of sets, one for each message that it speaks of, cut by comparisons of
//! several messages. Without such comparisons a cell with no empty set has a solution, and what it
//! leaves of a message is the message's set: exact. A comparison that shares no message with
//! another is exact as well, by the least and greatest sum of its terms, or by the set of all
//! their sums. For comparisons that do share messages, bounds are propagated until nothing moves;
//! what is then neither refuted nor met by a trial of the ends, nor small enough to be counted
//! through, stays undecided.

use super::Domains;
use super::logic::{Normal, Relation};
use super::set::IntegerSet;
use crate::policy::SlotSource;
use sigil_circuits::Comparison;
use std::collections::{BTreeMap, BTreeSet};

/// Greatest number of cells; a predicate that needs more is undecided.
const MAX_CELLS: usize = 512;
/// Greatest number of single values, or of intervals, in a set of sums.
const MAX_SUMS: usize = 4096;
/// Greatest number of combinations that are counted through.
const MAX_COMBINATIONS: u128 = 1 << 14;
/// Rounds of propagation, and trials, before giving up.
const MAX_ROUNDS: usize = 16;
const MAX_TRIALS: usize = 64;

type Sets = BTreeMap<SlotSource, IntegerSet>;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    /// Messages that are not in it are anything in their domain.
    sets: Sets,
    relations: Vec<Relation>,
    /// Whether something of which nothing is known has to hold too.
    open: bool,
}

/// What a cell leaves of a message, and whether that is exact or could be less.
pub(super) struct Shadow {
    pub(super) values: IntegerSet,
    pub(super) exact: bool,
}

/// The cells of a predicate; none if they are too many.
pub(super) fn cells(normal: &Normal, domains: &Domains) -> Option<Vec<Cell>> {
    let cell = |cell| Some(vec![cell]);
    match normal {
        Normal::Constant(true) => cell(Cell::default()),
        Normal::Constant(false) => Some(Vec::new()),
        Normal::Open => cell(Cell { open: true, ..Cell::default() }),
        Normal::Unary(source, set) => {
            cell(Cell { sets: Sets::from([(*source, set.clone())]), ..Cell::default() })
        }
        Normal::Relation(relation) => {
            cell(Cell { relations: vec![relation.clone()], ..Cell::default() })
        }
        Normal::Any(parts) => {
            let mut found = Vec::new();
            for part in parts {
                for cell in cells(part, domains)? {
                    insert(&mut found, cell, domains)?;
                }
            }
            Some(found)
        }
        Normal::All(parts) => {
            let mut found = vec![Cell::default()];
            // What only narrows comes first, so that branches that can't hold fall early.
            let (branching, plain): (Vec<_>, Vec<_>) =
                parts.iter().partition(|part| matches!(part, Normal::Any(_)));
            for part in plain.into_iter().chain(branching) {
                let branches = cells(part, domains)?;
                let mut product = Vec::new();
                for cell in &found {
                    for branch in &branches {
                        domains.spend(cell.size() + branch.size())?;
                        if let Some(both) = cell.and(branch) {
                            insert(&mut product, both, domains)?;
                        }
                    }
                }
                found = product;
            }
            Some(found)
        }
    }
}

/// Adds a cell, joined with one that differs from it in one message only.
fn insert(found: &mut Vec<Cell>, mut cell: Cell, domains: &Domains) -> Option<()> {
    domains.spend(found.iter().map(Cell::size).sum::<usize>() + found.len() * cell.size())?;
    while let Some((at, joined)) =
        found.iter().enumerate().find_map(|(at, other)| Some((at, other.or(&cell, domains)?)))
    {
        found.swap_remove(at);
        cell = joined;
    }
    found.push(cell);
    (found.len() <= MAX_CELLS).then_some(())
}

impl Cell {
    /// What it costs to go through it.
    fn size(&self) -> usize {
        let sets = self.sets.values().map(|set| 1 + set.intervals().len());
        1 + sets.sum::<usize>() + self.relations.len()
    }

    /// What is in both; none if a message has nothing left.
    fn and(&self, other: &Self) -> Option<Self> {
        let mut both = self.clone();
        for (source, set) in &other.sets {
            let narrowed = match both.sets.get(source) {
                None => set.clone(),
                Some(own) => own.intersection(set),
            };
            if narrowed.is_empty() {
                return None;
            }
            both.sets.insert(*source, narrowed);
        }
        for relation in &other.relations {
            if !both.relations.contains(relation) {
                both.relations.push(relation.clone());
            }
        }
        both.open |= other.open;
        Some(both)
    }

    /// The union, if it is a cell: they differ in one message at most, or one lies in the other.
    fn or(&self, other: &Self, domains: &Domains) -> Option<Self> {
        if self.relations != other.relations || self.open != other.open {
            return None;
        }
        let sources: BTreeSet<SlotSource> =
            self.sets.keys().chain(other.sets.keys()).copied().collect();
        let sets = |source| (self.set(source, domains), other.set(source, domains));
        let differing = sources.iter().copied().filter(|source| {
            let (a, b) = sets(*source);
            a != b
        });
        let differing: Vec<SlotSource> = differing.collect();
        match differing.as_slice() {
            [] => Some(self.clone()),
            [source] => {
                let mut joined = self.clone();
                let (a, b) = sets(*source);
                let union = a.union(&b);
                match union == domains.of(*source) {
                    true => joined.sets.remove(source),
                    false => joined.sets.insert(*source, union),
                };
                Some(joined)
            }
            several => {
                let within = |a: &Self, b: &Self| {
                    let subset = |s: &SlotSource| a.set(*s, domains).is_subset(&b.set(*s, domains));
                    several.iter().all(subset)
                };
                if within(self, other) {
                    return Some(other.clone());
                }
                within(other, self).then(|| self.clone())
            }
        }
    }

    fn set(&self, source: SlotSource, domains: &Domains) -> IntegerSet {
        self.sets.get(&source).cloned().unwrap_or_else(|| domains.of(source))
    }

    /// Whether it has a solution; none if that is not decided.
    pub(super) fn feasible(&self, domains: &Domains) -> Option<bool> {
        let mut decided = (!self.open).then_some(true);
        domains.spend(self.size())?;
        if self.sets.values().any(IntegerSet::is_empty) {
            return Some(false);
        }
        for group in groups(&self.relations) {
            match Group::new(self, &group, domains).feasible() {
                Some(true) => {}
                Some(false) => return Some(false),
                None => decided = None,
            }
        }
        // Where steps ran out, nothing was refuted that could hold, but something may not have been.
        decided.filter(|_| !domains.exhausted())
    }

    /// What a cell that has a solution leaves of a message.
    pub(super) fn shadow(&self, source: SlotSource, domains: &Domains) -> Shadow {
        let group = groups(&self.relations)
            .into_iter()
            .find(|group| group.iter().any(|r| r.terms.iter().any(|(_, s)| *s == source)));
        match group {
            None => Shadow { values: self.set(source, domains), exact: !self.open },
            Some(relations) => {
                let mut shadow = Group::new(self, &relations, domains).shadow(source);
                shadow.exact &= !self.open;
                shadow
            }
        }
    }
}

/// Relations that hang together by the messages that they share.
fn groups(relations: &[Relation]) -> Vec<Vec<Relation>> {
    let mut groups: Vec<(BTreeSet<SlotSource>, Vec<Relation>)> = Vec::new();
    for relation in relations {
        let mut sources: BTreeSet<SlotSource> = relation.terms.iter().map(|(_, s)| *s).collect();
        let mut members = vec![relation.clone()];
        let (touching, apart): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|(other, _)| !other.is_disjoint(&sources));
        for (other, relations) in touching {
            sources.extend(other);
            members.extend(relations);
        }
        groups = apart;
        groups.push((sources, members));
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

/// Relations that hang together, with the sets of their messages.
#[derive(Clone)]
struct Group<'r> {
    relations: &'r [Relation],
    sets: Sets,
    domains: &'r Domains,
}

impl<'r> Group<'r> {
    fn new(cell: &Cell, relations: &'r [Relation], domains: &'r Domains) -> Self {
        let sources = relations.iter().flat_map(|relation| &relation.terms);
        let sets = sources.map(|(_, source)| (*source, cell.set(*source, domains)));
        Group { relations, sets: sets.collect(), domains }
    }

    fn feasible(mut self) -> Option<bool> {
        if self.propagate().is_none() {
            return Some(false);
        }
        if let [relation] = self.relations {
            let decided = match relation.op {
                Comparison::Eq => self.sums(relation, None).map(|s| s.contains(relation.constant)),
                // Propagation has left only values that go with some of the others.
                _ => Some(true),
            };
            if decided.is_some() {
                return decided;
            }
        }
        if let Some(solutions) = self.enumerate() {
            return Some(!solutions.is_empty());
        }
        let mut trials = MAX_TRIALS;
        self.trial(&mut trials).then_some(true)
    }

    fn shadow(mut self, source: SlotSource) -> Shadow {
        let nothing = || Shadow { values: IntegerSet::empty(), exact: true };
        if self.propagate().is_none() {
            return nothing();
        }
        let values = self.sets.get(&source).cloned().unwrap_or_default();
        if let [relation] = self.relations {
            if relation.op != Comparison::Eq {
                return Shadow { values, exact: true };
            }
            let factor = relation.terms.iter().find(|(_, s)| *s == source).map(|(f, _)| *f);
            if let Some((factor, sums)) = factor.zip(self.sums(relation, Some(source)))
                && let Some(multiples) = multiples(&sums, relation.constant)
                && let Some(met) = quotients(&multiples, factor)
            {
                return Shadow { values: values.intersection(&met), exact: true };
            }
        }
        match self.enumerate() {
            Some(solutions) => {
                let index = self.sets.keys().position(|other| *other == source);
                let values = solutions.iter().filter_map(|s| s.get(index?).copied());
                Shadow { values: IntegerSet::of(values), exact: true }
            }
            None => Shadow { values, exact: false },
        }
    }

    /// Narrows every set to what the relations leave of it, as far as bounds can tell; none if
    /// nothing is left of one.
    fn propagate(&mut self) -> Option<()> {
        for _ in 0..MAX_ROUNDS {
            let before = self.sets.clone();
            for relation in self.relations {
                let sets = relation.terms.iter().filter_map(|(_, source)| self.sets.get(source));
                let steps: usize =
                    sets.map(|set| relation.terms.len() + set.intervals().len()).sum();
                if self.domains.spend(steps).is_none() {
                    return Some(());
                }
                for (factor, source) in &relation.terms {
                    let (low, high) = self.rest(relation, *source)?;
                    let set = self.sets.get(source)?;
                    let narrowed = set.intersection(&left(relation, *factor, low, high));
                    if narrowed.is_empty() {
                        return None;
                    }
                    self.sets.insert(*source, narrowed);
                }
            }
            if self.sets == before {
                break;
            }
        }
        Some(())
    }

    /// The least and greatest sum of a relation's terms other than that of `source`.
    fn rest(&self, relation: &Relation, source: SlotSource) -> Option<(i128, i128)> {
        let mut sum = (0i128, 0i128);
        for (factor, other) in relation.terms.iter().filter(|(_, other)| *other != source) {
            let set = self.sets.get(other)?;
            let (a, b) = (set.min()?.saturating_mul(*factor), set.max()?.saturating_mul(*factor));
            sum = (sum.0.saturating_add(a.min(b)), sum.1.saturating_add(a.max(b)));
        }
        Some(sum)
    }

    /// All sums of a relation's terms, but for that of `except`; none if they are too many.
    fn sums(&self, relation: &Relation, except: Option<SlotSource>) -> Option<IntegerSet> {
        let mut sums = IntegerSet::of([0]);
        for (factor, source) in &relation.terms {
            if Some(*source) != except {
                let scaled = self.sets.get(source)?.scaled(*factor, MAX_SUMS as u128)?;
                sums = sums.plus(&scaled, MAX_SUMS)?;
            }
        }
        Some(sums)
    }

    /// Every solution, in the order of the messages; none if there are too many to try.
    fn enumerate(&self) -> Option<Vec<Vec<i128>>> {
        let size = self.sets.values().map(IntegerSet::count);
        let size = size.fold(1u128, u128::saturating_mul);
        if size > MAX_COMBINATIONS {
            return None;
        }
        let terms: usize = self.relations.iter().map(|relation| relation.terms.len()).sum();
        self.domains.spend(usize::try_from(size).ok()?.saturating_mul(1 + terms))?;
        let mut combinations: Vec<Vec<i128>> = vec![Vec::new()];
        for set in self.sets.values() {
            let values = set.values(MAX_COMBINATIONS)?;
            let longer = combinations.iter().flat_map(|start| {
                values.iter().map(move |value| start.iter().copied().chain([*value]).collect())
            });
            combinations = longer.collect();
        }
        let index: BTreeMap<SlotSource, usize> =
            self.sets.keys().enumerate().map(|(at, source)| (*source, at)).collect();
        combinations.retain(|values| {
            self.relations.iter().all(|relation| {
                let value = |source| index.get(source).and_then(|at| values.get(*at)).copied();
                let sum = relation.terms.iter().try_fold(0i128, |sum, (factor, source)| {
                    sum.checked_add(factor.checked_mul(value(source)?)?)
                });
                sum.is_some_and(|sum| relation.op.compare(sum, relation.constant))
            })
        });
        Some(combinations)
    }

    /// Whether a solution is found among the ends of the sets.
    fn trial(&self, trials: &mut usize) -> bool {
        let open = self.sets.iter().find(|(_, set)| set.single().is_none());
        let Some((source, set)) = open else {
            return self.enumerate().is_some_and(|solutions| !solutions.is_empty());
        };
        for value in [set.min(), set.max()].into_iter().flatten() {
            if *trials == 0 {
                return false;
            }
            *trials -= 1;
            let mut narrowed = self.clone();
            narrowed.sets.insert(*source, IntegerSet::of([value]));
            if narrowed.propagate().is_some() && narrowed.trial(trials) {
                return true;
            }
        }
        false
    }
}

/// The values of a message that a relation leaves, where its other terms sum to low..=high: exact
/// for an order, and for `!=`; for `==` where nothing else is open.
fn left(relation: &Relation, factor: i128, low: i128, high: i128) -> IntegerSet {
    let constant = relation.constant;
    let at_best = |rest: i128, op| match constant.checked_sub(rest) {
        Some(bound) => IntegerSet::solutions(factor, op, bound),
        None => IntegerSet::all(),
    };
    match relation.op {
        op @ (Comparison::Le | Comparison::Lt) => at_best(low, op),
        op @ (Comparison::Ge | Comparison::Gt) => at_best(high, op),
        op if low == high => at_best(low, op),
        Comparison::Eq => at_best(low, Comparison::Le).intersection(&at_best(high, Comparison::Ge)),
        Comparison::Ne => IntegerSet::all(),
    }
}

/// `{constant − sum}`.
fn multiples(sums: &IntegerSet, constant: i128) -> Option<IntegerSet> {
    sums.scaled(-1, 0)?.plus(&IntegerSet::of([constant]), MAX_SUMS)
}

/// `{x : factor·x in multiples}`; none where there are too many to try.
fn quotients(multiples: &IntegerSet, factor: i128) -> Option<IntegerSet> {
    if factor.abs() == 1 {
        return multiples.scaled(factor, 0);
    }
    let mut met = IntegerSet::empty();
    for (low, high) in multiples.intervals() {
        let within = IntegerSet::solutions(factor, Comparison::Ge, *low)
            .intersection(&IntegerSet::solutions(factor, Comparison::Le, *high));
        met = met.union(&within);
    }
    Some(met)
}
