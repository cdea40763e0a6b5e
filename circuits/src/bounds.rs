//! How the circuit bounds the slots that it speaks of to `|x| < 2^66`.
//!
//! The link between the two curves (the caller's) is sound only if the value that the circuit
//! speaks of is a *short integer*, not a field element that happens to satisfy an equation. Two
//! slots whose sum is at least `t` are satisfied by `2^200` and `t − 2^200`; a slot that only
//! differs from something is not bounded at all. So the circuit must *imply* a bound.
//!
//! # What is bounded, and why that is enough
//!
//! A witness *relies on* some of a formula's comparisons: those outside every disjunction, and
//! those of the alternatives that it chose (see [`crate::synthesis`]). These hold of the field
//! elements in the slots, and whatever the slots of the others are, they make the formula true.
//! The rule is:
//!
//! > **Every slot of a comparison that is relied upon is shown to be `|x| < 2^66`, by comparisons
//! > that are relied upon with it.**
//!
//! A slot that no relied comparison mentions needs no bound. Say that the opened commitment holds
//! `x_s` in slot `s`, and that the credential holds `m_s`. For a bounded slot the link gives
//! `x_s = m_s` as integers. Let `R` be the comparisons relied upon. They hold of the `x_s`, their
//! slots are all bounded, so they hold of the `m_s`; and because the formula is monotone in its
//! comparisons and true when those of `R` are, it is true of the signed integers, *whatever* the
//! rest of them are. Where the link fails, `x_s ≠ m_s` for an unbounded slot, nothing was claimed.
//!
//! # How
//!
//! A *scope* is a conjunction: the whole formula, or one alternative of a disjunction. All of a
//! scope is relied upon or none of it, together with all of the scopes around it; it inherits
//! their bounds. Within a scope a slot is bounded by the cheapest of these:
//!
//! - **A comparison**: `F >= 0` is enforced as `F in [0, 2^w)`. If all but one slot of `F` are
//!   bounded already, and that slot's coefficient is ±1, then `x = ±(F − rest)` is a sum of short
//!   integers: in the field, and therefore as an integer. With a coefficient other than ±1 it
//!   would not be: `3x = F` has a solution in the field for every `F`.
//! - **An equality**: the same with `F = 0`.
//! - **A disjunction**, of which a membership is one, if it bounds the slot however it is met: at
//!   least `n − k + 1` of its `n` parts bound it, and `k` are relied upon.
//! - **Its own range check**, as wide as the slot's interval, added to the scope.
//!
//! The planner takes what is implied for nothing until nothing more follows, then spends one own
//! range check: first on slots that nothing could ever bound, then on the narrowest, and starts
//! again, until the slots of the scope's own comparisons are bounded. Then come those that two
//! parts of the scope, relied upon at once, would each have to check; so one check serves both.
//! The rest is left to the alternatives. A slot that the formula doesn't mention is checked too.
//! The plan is part of the gadget version: the same shape always has the same.

use std::collections::BTreeMap;

use crate::formula::{Interval, Param, Slot};
use crate::normal::{Atom, Condition, Conjunct, Form, Relation};

/// Every slot that the circuit relies on is shown to be less than this in absolute value.
pub const SLOT_BOUND: i128 = 1 << 66;

/// What bounds a slot to `|x| < 2^66` in the circuit. Indexes count the top-level conjuncts of the
/// formula in the order written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BoundBy {
    /// The comparison of this index, together with parameters and slots bounded before.
    Comparison(usize),
    /// The equality of this index, likewise.
    Equality(usize),
    /// The disjunction or membership of this index, however it is met.
    Disjunction(usize),
    /// A range check of its own, of this many bits above the low end of its interval.
    OwnRange {
        /// The width of the check.
        bits: u32,
    },
    /// Each alternative that relies on it, within itself; the others claim nothing of it.
    Alternatives,
}

/// The plan for all slots.
pub(crate) struct Plan {
    pub(crate) bounds: Vec<BoundBy>,
    /// The range checks outside every disjunction, each with its slot.
    pub(crate) own_ranges: Vec<(usize, Atom)>,
    /// The conjuncts, with range checks added to alternatives that need them.
    pub(crate) conjuncts: Vec<Conjunct>,
}

/// What is implied of each slot, whatever a prover does.
type Known = Vec<Option<Interval>>;

/// Decides how each slot is bounded. `None` only for slots or parameters that
/// [`crate::Shape::new`] refuses.
pub(crate) fn plan(
    conjuncts: &[Conjunct],
    slots: &[Interval],
    params: &[Interval],
) -> Option<Plan> {
    let planner = Planner { slots, params };
    let parts: Vec<&Condition> = conjuncts.iter().map(|conjunct| &conjunct.condition).collect();
    let mut mentioned = vec![false; slots.len()];
    parts.iter().for_each(|part| mention(part, &mut mentioned));
    let unmentioned = mentioned.iter().map(|mentioned| !mentioned).collect();
    let mut known = vec![None; slots.len()];
    let scope = planner.scope(&parts, unmentioned, &mut known)?;
    let mut bounds = vec![BoundBy::Alternatives; slots.len()];
    for (slot, part) in scope.followed {
        let conjunct = conjuncts.get(part)?;
        *bounds.get_mut(slot)? = bound_by(conjunct);
    }
    for (slot, atom) in &scope.own_ranges {
        let Relation::NonNegative { width: bits } = atom.relation else { return None };
        *bounds.get_mut(*slot)? = BoundBy::OwnRange { bits };
    }
    let inner = conjuncts.iter().map(|Conjunct { written, condition }| {
        let condition = planner.inner(condition, &mut known)?;
        Some(Conjunct { written: *written, condition })
    });
    let conjuncts = inner.collect::<Option<_>>()?;
    Some(Plan { bounds, own_ranges: scope.own_ranges, conjuncts })
}

fn bound_by(conjunct: &Conjunct) -> BoundBy {
    let relation = match &conjunct.condition {
        Condition::Atom(atom) => Some(atom.relation),
        Condition::All(_) | Condition::AtLeast(..) => None,
    };
    match relation {
        Some(Relation::NonNegative { .. }) => BoundBy::Comparison(conjunct.written),
        Some(Relation::Zero) => BoundBy::Equality(conjunct.written),
        Some(Relation::NonZero) | None => BoundBy::Disjunction(conjunct.written),
    }
}

/// Marks the slots that occur in a condition.
fn mention(condition: &Condition, mentioned: &mut [bool]) {
    match condition {
        Condition::Atom(atom) => {
            for (_, Slot(slot)) in &atom.form.slots {
                if let Some(flag) = mentioned.get_mut(usize::from(*slot)) {
                    *flag = true;
                }
            }
        }
        Condition::All(parts) | Condition::AtLeast(_, parts) => {
            parts.iter().for_each(|part| mention(part, mentioned));
        }
    }
}

struct Planner<'a> {
    slots: &'a [Interval],
    params: &'a [Interval],
}

/// What became of one scope.
#[derive(Default)]
struct Scope {
    /// Slots that a part of the scope bounds, with the part's index.
    followed: Vec<(usize, usize)>,
    /// Range checks to add to the scope, with their slots.
    own_ranges: Vec<(usize, Atom)>,
}

impl Planner<'_> {
    /// Bounds what a conjunction of `parts` has to bound itself: the slots of its comparisons, the
    /// `required` ones, and those that two of its parts would both have to check. `known` holds
    /// what the scopes around it bound, and afterwards what this one does as well.
    fn scope(
        &self,
        parts: &[&Condition],
        mut required: Vec<bool>,
        known: &mut Known,
    ) -> Option<Scope> {
        let mut scope = Scope::default();
        for part in parts {
            if let Condition::Atom(_) = part {
                mention(part, &mut required);
            }
        }
        loop {
            while self.propagate(parts, known, &mut scope.followed) {}
            let Some(slot) = self.next_own_range(parts, &required, known) else { break };
            let interval = self.slots.get(slot)?;
            let atom = Atom::own_range(Slot(u16::try_from(slot).ok()?), interval)?;
            let Relation::NonNegative { width } = atom.relation else { return None };
            let high = interval.low().checked_add(Interval::bits(width).high())?;
            *known.get_mut(slot)? = Some(Interval::new(interval.low(), high)?);
            scope.own_ranges.push((slot, atom));
        }
        Some(scope)
    }

    /// The same for the scopes within a condition. Leaves `known` as it was.
    fn inner(&self, condition: &Condition, known: &mut Known) -> Option<Condition> {
        let alternatives = |parts: &[Condition], known: &mut Known| {
            parts.iter().map(|part| self.alternative(part, known)).collect::<Option<_>>()
        };
        match condition {
            Condition::Atom(_) => Some(condition.clone()),
            Condition::All(_) => self.alternative(condition, known),
            Condition::AtLeast(k, parts) => {
                Some(Condition::AtLeast(*k, alternatives(parts, known)?))
            }
        }
    }

    /// One alternative of a disjunction, with the range checks that it takes.
    fn alternative(&self, condition: &Condition, known: &mut Known) -> Option<Condition> {
        let parts: Vec<&Condition> = match condition {
            Condition::All(parts) => parts.iter().collect(),
            other => vec![other],
        };
        let mut within = known.clone();
        let scope = self.scope(&parts, vec![false; self.slots.len()], &mut within)?;
        let mut bounded = Vec::with_capacity(parts.len() + scope.own_ranges.len());
        for part in parts {
            bounded.push(self.inner(part, &mut within)?);
        }
        bounded.extend(scope.own_ranges.into_iter().map(|(_, atom)| Condition::Atom(atom)));
        Some(Condition::all(bounded))
    }

    /// One pass over the parts; whether it bounded a slot.
    fn propagate(
        &self,
        parts: &[&Condition],
        known: &mut Known,
        followed: &mut Vec<(usize, usize)>,
    ) -> bool {
        let before = followed.len();
        for (index, part) in parts.iter().enumerate() {
            for (slot, implied) in self.implied(part, known) {
                if let Some(bound @ None) = known.get_mut(slot) {
                    *bound = Some(implied);
                    followed.push((slot, index));
                }
            }
        }
        followed.len() > before
    }

    /// The slots that a condition bounds, however it is met, given what is known. Leaves `known`
    /// as it was.
    fn implied(&self, condition: &Condition, known: &mut Known) -> BTreeMap<usize, Interval> {
        match condition {
            Condition::Atom(atom) => self.solve(atom, known).into_iter().collect(),
            Condition::All(parts) => {
                let mut all = BTreeMap::new();
                for part in parts {
                    for (slot, implied) in self.implied(part, known) {
                        if let Some(bound) = known.get_mut(slot) {
                            *bound = Some(implied);
                        }
                        all.insert(slot, implied);
                    }
                }
                forget(known, &all);
                all
            }
            Condition::AtLeast(k, parts) => {
                let mut counted = BTreeMap::<usize, (usize, Interval)>::new();
                for part in parts {
                    for (slot, implied) in self.implied(part, known) {
                        let (count, hull) = counted.entry(slot).or_insert((0, implied));
                        *count += 1;
                        *hull = hull.hull(&implied);
                    }
                }
                let enough =
                    |(slot, (count, hull))| (count + k > parts.len()).then_some((slot, hull));
                counted.into_iter().filter_map(enough).collect()
            }
        }
    }

    /// If exactly one slot of a comparison is unbounded, with coefficient ±1: that slot, and the
    /// interval that the comparison leaves it, provided that it is short enough.
    fn solve(&self, atom: &Atom, known: &Known) -> Option<(usize, Interval)> {
        let value = match atom.relation {
            Relation::NonNegative { width } => Interval::bits(width),
            Relation::Zero => Interval::bits(0),
            Relation::NonZero => return None,
        };
        let Form { slots, params, constant } = &atom.form;
        let mut unbounded = None;
        // a·x = value − rest, so begin from the value and take the rest away.
        let mut sum = value.plus(&Interval::new(-constant, -constant)?)?;
        for (a, Slot(s)) in slots {
            let slot = usize::from(*s);
            match known.get(slot)? {
                Some(interval) => sum = sum.plus(&interval.scale(-a)?)?,
                None if unbounded.is_some() => return None,
                None => unbounded = Some((slot, *a)),
            }
        }
        for (b, Param(j)) in params {
            sum = sum.plus(&self.params.get(usize::from(*j))?.scale(-b)?)?;
        }
        let (slot, a) = unbounded.filter(|(_, a)| a.abs() == 1)?;
        let implied = sum.scale(a)?;
        (implied.magnitude() < SLOT_BOUND.unsigned_abs()).then_some((slot, implied))
    }

    /// The unbounded slot to spend a range check on.
    fn next_own_range(
        &self,
        parts: &[&Condition],
        required: &[bool],
        known: &mut Known,
    ) -> Option<usize> {
        let unbounded = |known: &Known, slot: usize| known.get(slot).is_some_and(Option::is_none);
        let mut wanted: Vec<usize> = (0..self.slots.len())
            .filter(|slot| required.get(*slot) == Some(&true) && unbounded(known, *slot))
            .collect();
        if wanted.is_empty() {
            let mut checks = BTreeMap::new();
            parts.iter().for_each(|part| add(&mut checks, self.checks(part, known)));
            let shared = checks.into_iter().filter(|(_, count)| *count > 1);
            wanted = shared.map(|(slot, _)| slot).collect();
        }
        let could_follow = |slot: usize| {
            parts.iter().any(|part| match part {
                Condition::Atom(atom) => could_bound(atom, slot),
                Condition::All(_) | Condition::AtLeast(..) => false,
            })
        };
        let span = |slot: usize| self.slots.get(slot).map(|i| i.high() - i.low());
        wanted.into_iter().min_by_key(|slot| (could_follow(*slot), span(*slot), *slot))
    }

    /// How many checks of each slot a condition would have to make at once: a guess, on which only
    /// the cost depends. Leaves `known` as it was.
    fn checks(&self, condition: &Condition, known: &mut Known) -> BTreeMap<usize, usize> {
        match condition {
            Condition::Atom(atom) => self.checks_of_atom(atom, known),
            Condition::All(parts) => {
                let implied = self.implied(condition, known);
                for (slot, interval) in &implied {
                    if let Some(bound) = known.get_mut(*slot) {
                        *bound = Some(*interval);
                    }
                }
                let mut checks = BTreeMap::new();
                parts.iter().for_each(|part| add(&mut checks, self.checks(part, known)));
                forget(known, &implied);
                checks.into_keys().map(|slot| (slot, 1)).collect()
            }
            Condition::AtLeast(k, parts) => {
                let mut checks = BTreeMap::new();
                for part in parts {
                    let once = self.checks(part, known).into_keys().map(|slot| (slot, 1));
                    add(&mut checks, once.collect());
                }
                checks.into_iter().map(|(slot, count)| (slot, count.min(*k))).collect()
            }
        }
    }

    /// All unbounded slots of a comparison, but the widest of those that follow from the others.
    fn checks_of_atom(&self, atom: &Atom, known: &Known) -> BTreeMap<usize, usize> {
        let slots = atom.form.slots.iter().map(|(_, Slot(slot))| usize::from(*slot));
        let mut checks: BTreeMap<usize, usize> = slots
            .filter(|slot| known.get(*slot).is_some_and(Option::is_none))
            .map(|slot| (slot, 1))
            .collect();
        let span = |slot: &usize| self.slots.get(*slot).map(|i| i.high() - i.low());
        let follows = checks.keys().copied().filter(|slot| could_bound(atom, *slot));
        if let Some(slot) = follows.max_by_key(|slot| (span(slot), *slot)) {
            checks.remove(&slot);
        }
        checks
    }
}

/// Whether a comparison bounds the slot once its other slots are bounded, its width permitting.
fn could_bound(atom: &Atom, slot: usize) -> bool {
    atom.relation != Relation::NonZero
        && atom.form.slots.iter().any(|(a, s)| a.abs() == 1 && usize::from(s.0) == slot)
}

/// Adds counts to counts.
fn add(counts: &mut BTreeMap<usize, usize>, more: BTreeMap<usize, usize>) {
    for (slot, count) in more {
        *counts.entry(slot).or_default() += count;
    }
}

/// Takes back what was assumed of these slots.
fn forget(known: &mut Known, assumed: &BTreeMap<usize, Interval>) {
    for slot in assumed.keys() {
        if let Some(bound) = known.get_mut(*slot) {
            *bound = None;
        }
    }
}

#[cfg(test)]
mod tests;
