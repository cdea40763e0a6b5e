//! How the circuit bounds every slot to `|x| < 2^66`.
//!
//! The link between the two curves (the caller's) is sound only if the value that the circuit
//! speaks of is a *short integer*, not a field element that happens to satisfy an equation. Two
//! slots whose sum is at least `t` are satisfied by `2^200` and `t − 2^200`; a slot that only
//! differs from something is not bounded at all. So for every slot the circuit must *imply* a
//! bound, by the cheapest of these, and the planner below decides which:
//!
//! - **A comparison**: a top-level `F >= 0` is enforced as `F in [0, 2^w)`. If all but one slot of
//!   `F` are bounded already, and that slot's coefficient is ±1, then `x = ±(F − rest)` is a sum
//!   of short integers: in the field, and therefore as an integer. With a coefficient other than
//!   ±1 it would not be: `3x = F` has a solution in the field for every `F`.
//! - **An equality**: the same with `F = 0`.
//! - **Its own range check**, as wide as the slot's interval.
//!
//! The planner takes what is implied for nothing until nothing more follows, then spends one own
//! range check: first on slots that no comparison could ever bound, then on the narrowest, and
//! starts again. It is part of the gadget version: the same shape always has the same plan.

use crate::formula::{Interval, Param, Slot};
use crate::normal::{Atom, Form, Relation};

/// Every slot is shown to be less than this in absolute value.
pub const SLOT_BOUND: i128 = 1 << 66;

/// What bounds a slot to `|x| < 2^66` in the circuit. Indexes count the top-level comparisons of
/// the formula in the order written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundBy {
    /// The comparison of this index, together with parameters and slots bounded before.
    Comparison(usize),
    /// The equality of this index, likewise.
    Equality(usize),
    /// A range check of its own, of this many bits above the low end of its interval.
    OwnRange {
        /// The width of the check.
        bits: u32,
    },
}

/// The plan for all slots, and the range checks that it takes.
pub(crate) struct Plan {
    pub(crate) bounds: Vec<BoundBy>,
    pub(crate) own_ranges: Vec<Atom>,
}

/// A slot's bound: who gives it, and the interval that it implies for whatever a prover does.
type Bound = (BoundBy, Interval);

/// Decides how each slot is bounded. `None` only for slots or parameters that
/// [`crate::Shape::new`] refuses.
pub(crate) fn plan(conjuncts: &[&Atom], slots: &[Interval], params: &[Interval]) -> Option<Plan> {
    let mut known: Vec<Option<Bound>> = vec![None; slots.len()];
    let mut own_ranges = Vec::new();
    loop {
        while propagate(conjuncts, &mut known, params) {}
        let Some(slot) = next_own_range(conjuncts, &known, slots) else { break };
        let interval = slots.get(slot)?;
        let atom = Atom::own_range(Slot(u16::try_from(slot).ok()?), interval)?;
        let Relation::NonNegative { width } = atom.relation else { return None };
        let high = interval.low().checked_add(Interval::bits(width).high())?;
        let implied = Interval::new(interval.low(), high)?;
        *known.get_mut(slot)? = Some((BoundBy::OwnRange { bits: width }, implied));
        own_ranges.push(atom);
    }
    let bounds = known.into_iter().map(|bound| bound.map(|(by, _)| by)).collect::<Option<_>>()?;
    Some(Plan { bounds, own_ranges })
}

/// One pass over the conjuncts; whether it bounded a slot.
fn propagate(conjuncts: &[&Atom], known: &mut [Option<Bound>], params: &[Interval]) -> bool {
    let mut progress = false;
    for (index, atom) in conjuncts.iter().enumerate() {
        let (by, value) = match atom.relation {
            Relation::NonNegative { width } => (BoundBy::Comparison(index), Interval::bits(width)),
            Relation::Zero => (BoundBy::Equality(index), Interval::bits(0)),
            Relation::NonZero => continue,
        };
        if let Some((slot, implied)) = solve(&atom.form, &value, known, params)
            && let Some(bound) = known.get_mut(slot)
        {
            *bound = Some((by, implied));
            progress = true;
        }
    }
    progress
}

/// If exactly one slot of `form` is unbounded, with coefficient ±1: that slot, and the interval
/// that `form = value` leaves it, provided that it is short enough.
fn solve(
    form: &Form,
    value: &Interval,
    known: &[Option<Bound>],
    params: &[Interval],
) -> Option<(usize, Interval)> {
    let mut unbounded = None;
    // a·x = value − rest, so begin from the value and take the rest away.
    let mut sum = value.plus(&Interval::new(-form.constant, -form.constant)?)?;
    for (a, Slot(s)) in &form.slots {
        let slot = usize::from(*s);
        match known.get(slot)? {
            Some((_, interval)) => sum = sum.plus(&interval.scale(-a)?)?,
            None if unbounded.is_some() => return None,
            None => unbounded = Some((slot, *a)),
        }
    }
    for (b, Param(j)) in &form.params {
        sum = sum.plus(&params.get(usize::from(*j))?.scale(-b)?)?;
    }
    let (slot, a) = unbounded.filter(|(_, a)| a.abs() == 1)?;
    let implied = sum.scale(a)?;
    (implied.magnitude() < SLOT_BOUND.unsigned_abs()).then_some((slot, implied))
}

/// The unbounded slot to spend a range check on.
fn next_own_range(
    conjuncts: &[&Atom],
    known: &[Option<Bound>],
    slots: &[Interval],
) -> Option<usize> {
    let could_follow = |slot: usize| {
        conjuncts.iter().any(|atom| {
            atom.relation != Relation::NonZero
                && atom.form.slots.iter().any(|(a, s)| a.abs() == 1 && usize::from(s.0) == slot)
        })
    };
    let unbounded = known.iter().zip(slots).enumerate().filter(|(_, (bound, _))| bound.is_none());
    unbounded
        .min_by_key(|(slot, (_, interval))| {
            (could_follow(*slot), interval.high() - interval.low(), *slot)
        })
        .map(|(slot, _)| slot)
}

#[cfg(test)]
mod tests;
