//! The normal form of a formula, and the interval analysis that keeps it from wrapping.
//!
//! Every comparison becomes a statement about one integer linear form `F = left − right`:
//!
//! | written | normal form |        | written | normal form |
//! |---|---|---|---|---|
//! | `l >= r` | `F >= 0` | | `l <= r` | `−F >= 0` |
//! | `l > r` | `F − 1 >= 0` | | `l < r` | `−F − 1 >= 0` |
//! | `l == r` | `F == 0` | | `l != r` | `F != 0` |
//!
//! Terms are merged, sorted by index and dropped where they cancel; for `==` and `!=` the sign is
//! chosen so that the first coefficient is positive. Nested conjunctions are flattened. Two ways
//! of writing the same comparison therefore have one shape.
//!
//! **Nothing wraps.** Over all honest values `F` lies in `[lo, hi]`, which is found term by term;
//! a comparison whose terms could reach `MAX_MAGNITUDE` is refused. `F >= 0` is proven as
//! `F in [0, 2^w)` with `w` the bits of `hi`: a true statement always can be (`F <= hi < 2^w`). A
//! false one never can: the circuit bounds each slot to `|x| < 2^66` (see [`crate::bounds`]), the
//! verifier bounds each parameter, so `|F| < 2^16·2^64·2^66 + 2^120 < 2^147` as an integer, and a
//! negative `F` is the field element `p − |F| > p − 2^147`, while `2^w <= 2^120`, and
//! `p > 2^253`.

use std::collections::BTreeMap;

use crate::formula::{Comparison, Formula, Interval, Linear, Param, Slot};
use crate::shape::ShapeError;

/// No comparison's terms may reach this magnitude in sum.
pub(crate) const MAX_MAGNITUDE: u128 = 1 << 120;

/// How deep conjunctions may nest.
const MAX_DEPTH: usize = 32;

/// How many comparisons a formula may have.
const MAX_ATOMS: usize = 1 << 10;

/// How many terms a written comparison may have.
const MAX_TERMS: usize = 1 << 12;

/// An integer linear form with merged, sorted, non-zero terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) slots: Vec<(i128, Slot)>,
    pub(crate) params: Vec<(i128, Param)>,
    pub(crate) constant: i128,
}

impl Form {
    /// The form with every sign turned.
    fn negate(mut self) -> Self {
        self.slots.iter_mut().for_each(|(a, _)| *a = -*a);
        self.params.iter_mut().for_each(|(b, _)| *b = -*b);
        self.constant = -self.constant;
        self
    }

    /// The hull of the form's values over the given intervals, `None` where it leaves an `i128`.
    fn range(&self, slots: &[Interval], params: &[Interval]) -> Option<Interval> {
        let mut sum = Interval::new(self.constant, self.constant)?;
        for (a, Slot(s)) in &self.slots {
            sum = sum.plus(&slots.get(usize::from(*s))?.scale(*a)?)?;
        }
        for (b, Param(j)) in &self.params {
            sum = sum.plus(&params.get(usize::from(*j))?.scale(*b)?)?;
        }
        Some(sum)
    }
}

/// What is claimed of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// `F >= 0`, proven as `F in [0, 2^width)`.
    NonNegative { width: u32 },
    /// `F == 0`
    Zero,
    /// `F != 0`
    NonZero,
}

/// One comparison in normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Atom {
    pub(crate) form: Form,
    pub(crate) relation: Relation,
}

impl Atom {
    /// `slot` lies in `[low, low + 2^width)`, the least such range that covers its interval.
    pub(crate) fn own_range(slot: Slot, interval: &Interval) -> Option<Self> {
        let span = interval.high().checked_sub(interval.low())?;
        let constant = interval.low().checked_neg()?;
        let form = Form { slots: vec![(1, slot)], params: Vec::new(), constant };
        Some(Self { form, relation: Relation::NonNegative { width: width_of(span) } })
    }
}

/// A formula in normal form. A disjunction will be a further variant: only what stands outside
/// every disjunction is a [conjunct](Condition::conjuncts).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Atom(Atom),
    All(Vec<Condition>),
}

impl Condition {
    /// The comparisons that hold whenever the formula does, in the order written: these alone are
    /// enforced directly and can bound a slot.
    pub(crate) fn conjuncts(&self) -> Vec<&Atom> {
        match self {
            Self::Atom(atom) => vec![atom],
            Self::All(parts) => parts.iter().flat_map(Self::conjuncts).collect(),
        }
    }
}

/// The bits of a non-negative integer.
fn width_of(value: i128) -> u32 {
    128 - value.leading_zeros()
}

/// Brings a formula to normal form over slots and parameters of the given intervals.
pub(crate) fn normalise(
    formula: &Formula,
    slots: &[Interval],
    params: &[Interval],
) -> Result<Condition, ShapeError> {
    let mut parts = Normaliser { slots, params, comparisons: 0 }.parts(formula, 0)?;
    match (parts.pop(), parts.is_empty()) {
        (None, _) => Err(ShapeError::NoComparison),
        (Some(only), true) => Ok(only),
        (Some(last), false) => {
            parts.push(last);
            Ok(Condition::All(parts))
        }
    }
}

struct Normaliser<'a> {
    slots: &'a [Interval],
    params: &'a [Interval],
    /// How many comparisons have been read: the number by which errors name the next.
    comparisons: usize,
}

impl Normaliser<'_> {
    /// The conjuncts that a formula amounts to.
    fn parts(&mut self, formula: &Formula, depth: usize) -> Result<Vec<Condition>, ShapeError> {
        match formula {
            Formula::Compare { left, op, right } => {
                let comparison = self.comparisons;
                if comparison == MAX_ATOMS {
                    return Err(ShapeError::TooManyComparisons { limit: MAX_ATOMS });
                }
                self.comparisons += 1;
                Ok(vec![Condition::Atom(self.atom(left, *op, right, comparison)?)])
            }
            Formula::All(_) if depth == MAX_DEPTH => Err(ShapeError::TooDeep { limit: MAX_DEPTH }),
            Formula::All(parts) => {
                let mut flat = Vec::new();
                for part in parts {
                    flat.extend(self.parts(part, depth + 1)?);
                }
                Ok(flat)
            }
        }
    }

    fn atom(
        &self,
        left: &Linear,
        op: Comparison,
        right: &Linear,
        comparison: usize,
    ) -> Result<Atom, ShapeError> {
        self.check_terms(left, right, comparison)?;
        let difference = subtract(left, right);
        if difference.slots.is_empty() {
            return Err(ShapeError::NothingHidden { comparison });
        }
        let form = match op {
            Comparison::Ge => difference,
            Comparison::Le => difference.negate(),
            Comparison::Gt => Form { constant: -1, ..difference },
            Comparison::Lt => Form { constant: -1, ..difference.negate() },
            Comparison::Eq | Comparison::Ne => {
                let negative = difference.slots.first().is_some_and(|(a, _)| *a < 0);
                if negative { difference.negate() } else { difference }
            }
        };
        let range =
            form.range(self.slots, self.params).ok_or(ShapeError::TooWide { comparison })?;
        let (possible, relation) = match op {
            Comparison::Eq => (range.contains(0), Relation::Zero),
            Comparison::Ne => (range.magnitude() > 0, Relation::NonZero),
            Comparison::Lt | Comparison::Le | Comparison::Gt | Comparison::Ge => {
                let width = width_of(range.high().max(0));
                (range.high() >= 0, Relation::NonNegative { width })
            }
        };
        if !possible {
            return Err(ShapeError::NeverHolds { comparison });
        }
        Ok(Atom { form, relation })
    }

    /// Every index names something, and the sum of all terms' magnitudes stays below the bound:
    /// with that, no partial sum on either side of the comparison can overflow, whatever the order
    /// of its evaluation.
    fn check_terms(
        &self,
        left: &Linear,
        right: &Linear,
        comparison: usize,
    ) -> Result<(), ShapeError> {
        let terms = [left, right].iter().map(|l| l.slots.len() + l.params.len()).sum::<usize>();
        if terms > MAX_TERMS {
            return Err(ShapeError::TooManyTerms { comparison, limit: MAX_TERMS });
        }
        let wide = || ShapeError::TooWide { comparison };
        let mut sum = 1u128;
        let mut add = |coefficient: i64, interval: &Interval| {
            let magnitude =
                u128::from(coefficient.unsigned_abs()).checked_mul(interval.magnitude());
            sum = magnitude.and_then(|m| sum.checked_add(m)).ok_or_else(wide)?;
            if sum >= MAX_MAGNITUDE { Err(wide()) } else { Ok(()) }
        };
        for side in [left, right] {
            for (coefficient, slot) in &side.slots {
                let interval = self.slots.get(usize::from(slot.0));
                add(
                    *coefficient,
                    interval.ok_or(ShapeError::UnknownSlot { comparison, slot: slot.0 })?,
                )?;
            }
            for (coefficient, param) in &side.params {
                let interval = self.params.get(usize::from(param.0));
                add(
                    *coefficient,
                    interval.ok_or(ShapeError::UnknownParam { comparison, param: param.0 })?,
                )?;
            }
        }
        Ok(())
    }
}

/// `left − right`, merged. At most [`MAX_TERMS`] 64-bit coefficients cannot overflow an `i128`.
fn subtract(left: &Linear, right: &Linear) -> Form {
    let mut slots = BTreeMap::<Slot, i128>::new();
    let mut params = BTreeMap::<Param, i128>::new();
    for (sign, side) in [(1, left), (-1, right)] {
        for (coefficient, slot) in &side.slots {
            *slots.entry(*slot).or_default() += sign * i128::from(*coefficient);
        }
        for (coefficient, param) in &side.params {
            *params.entry(*param).or_default() += sign * i128::from(*coefficient);
        }
    }
    let slots = slots.into_iter().filter(|(_, a)| *a != 0).map(|(s, a)| (a, s)).collect();
    let params = params.into_iter().filter(|(_, b)| *b != 0).map(|(j, b)| (b, j)).collect();
    Form { slots, params, constant: 0 }
}
