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
//! chosen so that the first coefficient is positive.
//!
//! **Everything else is a monotone combination of those.** Negation is pushed inwards until it is
//! gone, by the duals of the comparisons, by De Morgan's laws and by
//! `!at_least(k, n of them) = at_least(n − k + 1, their negations)`. What remains is built from
//! two connectives, `all` and `at_least(k)` with `k` below the number of its parts:
//!
//! | written | normal form |
//! |---|---|
//! | `any(..)` | `at_least(1, ..)` |
//! | `F in {a, b, ..}` | `at_least(1, [F − a == 0, F − b == 0, ..])` |
//! | `F not in {a, b, ..}` | `all([F − a != 0, F − b != 0, ..])` |
//! | `holds(a)`, its negation | `a − 1 == 0`, `a == 0` (`a` is 0 or 1) |
//!
//! `all` within `all` and `any` within `any` are flattened. Two ways of writing the same thing
//! therefore have, as far as that goes, one shape. An alternative that is false for all values
//! that its inputs may take is left out; so that is decided by intervals, never by values.
//!
//! **Nothing wraps.** Over all honest values `F` lies in `[lo, hi]`, which is found term by term;
//! a comparison whose terms could reach `MAX_MAGNITUDE` is refused. `F >= 0` is proven as
//! `F in [0, 2^w)` with `w` the bits of `hi`: a true statement always can be (`F <= hi < 2^w`). A
//! false one never can: the circuit bounds each slot of a comparison that it relies on to
//! `|x| < 2^66` (see [`crate::bounds`]), the verifier bounds each parameter, so
//! `|F| < 2^16·2^64·2^66 + 2^120 < 2^147` as an integer, and a negative `F` is the field element
//! `p − |F| > p − 2^147`, while `2^w <= 2^120`, and `p > 2^253`. For the same reason `F` is 0 in
//! the field only if it is as an integer.

use std::collections::BTreeMap;

use crate::formula::{Comparison, Formula, Interval, Linear, Param, Slot};
use crate::shape::ShapeError;

/// No comparison's terms may reach this magnitude in sum.
pub(crate) const MAX_MAGNITUDE: u128 = 1 << 120;

/// How deep connectives may nest.
const MAX_DEPTH: usize = 32;

/// How many comparisons a formula may have, a membership counting as one.
const MAX_ATOMS: usize = 1 << 10;

/// How many elements a set may have.
pub(crate) const MAX_SET: usize = 1 << 8;

/// How many elements all sets of a formula may have.
const MAX_ELEMENTS: usize = 1 << 12;

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

/// A formula in normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Atom(Atom),
    /// Two parts or more, none of them an `All`.
    All(Vec<Condition>),
    /// At least so many of them: 1 or more, and fewer than there are. For 1, no part is such an
    /// `AtLeast` itself.
    AtLeast(usize, Vec<Condition>),
}

impl Condition {
    /// All of them. There must be one.
    pub(crate) fn all(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::All(parts) => flat.extend(parts),
                other => flat.push(other),
            }
        }
        match (flat.pop(), flat.is_empty()) {
            (Some(only), true) => only,
            (last, _) => {
                flat.extend(last);
                Self::All(flat)
            }
        }
    }

    /// `k` of them, `1 <= k <= n`.
    fn at_least(k: usize, parts: Vec<Self>) -> Self {
        if k == parts.len() {
            return Self::all(parts);
        }
        let flatten = |part| match part {
            Self::AtLeast(1, parts) if k == 1 => parts,
            other => vec![other],
        };
        Self::AtLeast(k, parts.into_iter().flat_map(flatten).collect())
    }

    /// Whether a slot occurs in it.
    fn hides(&self) -> bool {
        match self {
            Self::Atom(atom) => !atom.form.slots.is_empty(),
            Self::All(parts) | Self::AtLeast(_, parts) => parts.iter().any(Self::hides),
        }
    }
}

/// What holds whenever the formula does, and the conjunct of the text that it comes from: one of
/// those may amount to several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conjunct {
    pub(crate) written: usize,
    /// No `All`.
    pub(crate) condition: Condition,
}

/// What a part of a formula amounts to, given the intervals.
enum Outcome {
    Live(Condition),
    /// False for all values, because this comparison is.
    Dead {
        comparison: usize,
    },
}

/// The bits of a non-negative integer.
fn width_of(value: i128) -> u32 {
    128 - value.leading_zeros()
}

/// Brings a formula to normal form over slots and parameters of the given intervals: its conjuncts,
/// in the order written.
pub(crate) fn normalise(
    formula: &Formula,
    slots: &[Interval],
    params: &[Interval],
) -> Result<Vec<Conjunct>, ShapeError> {
    if claims_nothing(formula, 0) {
        return Err(ShapeError::NoComparison);
    }
    let mut normaliser = Normaliser {
        slots,
        params,
        comparisons: 0,
        elements: 0,
        conjuncts: Vec::new(),
        written: 0,
    };
    normaliser.conjuncts(formula, 0)?;
    let conjuncts = normaliser.conjuncts;
    let hides = conjuncts.iter().any(|conjunct| conjunct.condition.hides());
    if hides { Ok(conjuncts) } else { Err(ShapeError::NoSlots) }
}

/// Whether a formula is nothing but empty conjunctions.
fn claims_nothing(formula: &Formula, depth: usize) -> bool {
    let Formula::All(parts) = formula else { return false };
    depth < MAX_DEPTH && parts.iter().all(|part| claims_nothing(part, depth + 1))
}

struct Normaliser<'a> {
    slots: &'a [Interval],
    params: &'a [Interval],
    /// How many comparisons have been read: the number by which errors name the next.
    comparisons: usize,
    /// How many elements of sets have been read.
    elements: usize,
    conjuncts: Vec<Conjunct>,
    /// How many conjuncts of the text have been read.
    written: usize,
}

impl Normaliser<'_> {
    /// Reads what stands outside everything but conjunctions.
    fn conjuncts(&mut self, formula: &Formula, depth: usize) -> Result<(), ShapeError> {
        if let Formula::All(parts) = formula {
            check_parts(parts, depth)?;
            return parts.iter().try_for_each(|part| self.conjuncts(part, depth + 1));
        }
        let written = self.written;
        self.written += 1;
        let conditions = match self.read(formula, false, depth)? {
            Outcome::Dead { comparison } => return Err(ShapeError::NeverHolds { comparison }),
            Outcome::Live(Condition::All(parts)) => parts,
            Outcome::Live(other) => vec![other],
        };
        let conjunct = |condition| Conjunct { written, condition };
        self.conjuncts.extend(conditions.into_iter().map(conjunct));
        Ok(())
    }

    /// Reads a formula, or its negation.
    fn read(
        &mut self,
        formula: &Formula,
        negated: bool,
        depth: usize,
    ) -> Result<Outcome, ShapeError> {
        match formula {
            Formula::Compare { left, op, right } => {
                let comparison = self.count()?;
                let op = if negated { op.dual() } else { *op };
                self.atom(left, op, right, comparison)
            }
            Formula::In { form, set } => self.membership(form, set, negated),
            Formula::Holds(param) => self.truth(*param, negated),
            Formula::Not(part) => {
                check_depth(depth)?;
                self.read(part, !negated, depth + 1)
            }
            Formula::All(parts) => self.read_parts(parts.len(), parts, negated, depth),
            Formula::Any(parts) => self.read_parts(1, parts, negated, depth),
            Formula::AtLeast(k, parts) => self.read_parts(*k, parts, negated, depth),
        }
    }

    /// At least `k` of the parts, or not so.
    fn read_parts(
        &mut self,
        k: usize,
        parts: &[Formula],
        negated: bool,
        depth: usize,
    ) -> Result<Outcome, ShapeError> {
        check_parts(parts, depth)?;
        if k == 0 || k > parts.len() {
            return Err(ShapeError::AtLeast { k, of: parts.len() });
        }
        let read = parts.iter().map(|part| self.read(part, negated, depth + 1));
        let read = read.collect::<Result<_, _>>()?;
        Ok(at_least(if negated { parts.len() - k + 1 } else { k }, read))
    }

    /// Counts a comparison, and gives its number.
    fn count(&mut self) -> Result<usize, ShapeError> {
        if self.comparisons == MAX_ATOMS {
            return Err(ShapeError::TooManyComparisons { limit: MAX_ATOMS });
        }
        self.comparisons += 1;
        Ok(self.comparisons - 1)
    }

    /// `form in set`: one of the equalities. `form not in set`: each of the inequalities.
    fn membership(
        &mut self,
        form: &Linear,
        set: &[Param],
        negated: bool,
    ) -> Result<Outcome, ShapeError> {
        let comparison = self.count()?;
        self.elements += set.len();
        if set.is_empty() || set.len() > MAX_SET {
            return Err(ShapeError::SetSize { comparison, found: set.len() });
        }
        if self.elements > MAX_ELEMENTS {
            return Err(ShapeError::TooManyElements { limit: MAX_ELEMENTS });
        }
        let mut set = set.to_vec();
        set.sort();
        let (op, k) = if negated { (Comparison::Ne, set.len()) } else { (Comparison::Eq, 1) };
        let element = |param: &Param| self.atom(form, op, &Linear::param(*param), comparison);
        let elements = set.iter().map(element).collect::<Result<_, _>>()?;
        Ok(at_least(k, elements))
    }

    /// A parameter that is 1, or 0.
    fn truth(&mut self, param: Param, negated: bool) -> Result<Outcome, ShapeError> {
        let comparison = self.count()?;
        let Param(index) = param;
        match self.params.get(usize::from(index)) {
            None => Err(ShapeError::UnknownParam { comparison, param: index }),
            Some(interval) if *interval == Interval::bits(1) => {
                let constant = if negated { 0 } else { -1 };
                let form = Form { slots: Vec::new(), params: vec![(1, param)], constant };
                Ok(Outcome::Live(Condition::Atom(Atom { form, relation: Relation::Zero })))
            }
            Some(_) => Err(ShapeError::NotATruth { comparison, param: index }),
        }
    }

    fn atom(
        &self,
        left: &Linear,
        op: Comparison,
        right: &Linear,
        comparison: usize,
    ) -> Result<Outcome, ShapeError> {
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
        Ok(if possible {
            Outcome::Live(Condition::Atom(Atom { form, relation }))
        } else {
            Outcome::Dead { comparison }
        })
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

/// A connective may stand here.
fn check_depth(depth: usize) -> Result<(), ShapeError> {
    if depth < MAX_DEPTH { Ok(()) } else { Err(ShapeError::TooDeep { limit: MAX_DEPTH }) }
}

/// A connective with these parts may stand here.
fn check_parts(parts: &[Formula], depth: usize) -> Result<(), ShapeError> {
    check_depth(depth)?;
    if parts.is_empty() { Err(ShapeError::Empty) } else { Ok(()) }
}

/// `k` of them, `1 <= k <= n`, where those that are false for all values can't help.
fn at_least(k: usize, parts: Vec<Outcome>) -> Outcome {
    let mut live = Vec::with_capacity(parts.len());
    let mut dead = None;
    for part in parts {
        match part {
            Outcome::Live(condition) => live.push(condition),
            Outcome::Dead { comparison } => dead = dead.or(Some(comparison)),
        }
    }
    match dead {
        Some(comparison) if live.len() < k => Outcome::Dead { comparison },
        _ => Outcome::Live(Condition::at_least(k, live)),
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
