//! Sets of integers as unions of intervals, in the one spelling that each set has.
//!
//! What a message may be, and what a rule leaves of it, is such a set: the codes of an enumeration,
//! a date range, everything but two countries. Intervals are closed, ascending, disjoint and not
//! adjacent, so equal sets are equal values.

use sigil_circuits::Comparison;
use std::fmt;

/// The least and greatest integers that sets speak of: beyond every message and every bounded form,
/// and far enough from the ends of an `i128` that differences do not overflow.
const LEAST: i128 = -(1 << 120);
const GREATEST: i128 = 1 << 120;

/// A set of integers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct IntegerSet {
    intervals: Vec<(i128, i128)>,
}

impl IntegerSet {
    /// No integer at all.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The integers from `low` to `high`, both included; empty if there are none.
    pub fn between(low: i128, high: i128) -> Self {
        let (low, high) = (low.max(LEAST), high.min(GREATEST));
        Self { intervals: if low <= high { vec![(low, high)] } else { Vec::new() } }
    }

    /// The integers given.
    pub fn of(values: impl IntoIterator<Item = i128>) -> Self {
        Self::canonical(values.into_iter().map(|value| (value, value)).collect())
    }

    /// Every integer.
    pub(super) fn all() -> Self {
        Self::between(LEAST, GREATEST)
    }

    /// Brings intervals into canonical form.
    fn canonical(mut intervals: Vec<(i128, i128)>) -> Self {
        intervals.retain(|(low, high)| low <= high);
        intervals.sort_unstable();
        let mut merged: Vec<(i128, i128)> = Vec::with_capacity(intervals.len());
        for (low, high) in intervals {
            match merged.last_mut() {
                Some((_, end)) if low <= end.saturating_add(1) => *end = high.max(*end),
                _ => merged.push((low, high)),
            }
        }
        Self { intervals: merged }
    }

    /// The intervals, ascending, with gaps between them.
    pub fn intervals(&self) -> &[(i128, i128)] {
        &self.intervals
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    /// Whether the integer is in it.
    pub fn contains(&self, value: i128) -> bool {
        let after = self.intervals.partition_point(|(low, _)| *low <= value);
        let before = after.checked_sub(1).and_then(|at| self.intervals.get(at));
        before.is_some_and(|(_, high)| value <= *high)
    }

    /// The least integer.
    pub fn min(&self) -> Option<i128> {
        self.intervals.first().map(|(low, _)| *low)
    }

    /// The greatest integer.
    pub fn max(&self) -> Option<i128> {
        self.intervals.last().map(|(_, high)| *high)
    }

    /// How many integers it has.
    pub fn count(&self) -> u128 {
        self.intervals.iter().map(|(low, high)| high.abs_diff(*low).saturating_add(1)).sum()
    }

    /// The integer, if there is exactly one.
    pub fn single(&self) -> Option<i128> {
        self.min().filter(|min| self.max() == Some(*min))
    }

    /// The integers ascending, if they are at most `limit`.
    pub fn values(&self, limit: u128) -> Option<Vec<i128>> {
        let few = self.count() <= limit;
        few.then(|| self.intervals.iter().flat_map(|(low, high)| *low..=*high).collect())
    }

    /// What is in either.
    pub fn union(&self, other: &Self) -> Self {
        Self::canonical(self.intervals.iter().chain(&other.intervals).copied().collect())
    }

    /// What is in both.
    pub fn intersection(&self, other: &Self) -> Self {
        let (mut a, mut b) = (self.intervals.iter().peekable(), other.intervals.iter().peekable());
        let mut common = Vec::new();
        while let (Some((low_a, high_a)), Some((low_b, high_b))) = (a.peek(), b.peek()) {
            common.push((*low_a.max(low_b), *high_a.min(high_b)));
            if high_a <= high_b {
                a.next()
            } else {
                b.next()
            };
        }
        Self::canonical(common)
    }

    /// What is in this and not in the other.
    pub fn difference(&self, other: &Self) -> Self {
        self.intersection(&other.complement())
    }

    /// What is not in it.
    pub(super) fn complement(&self) -> Self {
        let mut gaps = Vec::with_capacity(self.intervals.len() + 1);
        let mut next = LEAST;
        for (low, high) in &self.intervals {
            gaps.push((next, low - 1));
            next = high + 1;
        }
        gaps.push((next, GREATEST));
        Self::canonical(gaps)
    }

    /// Whether everything in it is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.intersection(other) == *self
    }

    /// The integers x for which `factor·x op constant`; `factor` is not zero.
    pub(super) fn solutions(factor: i128, op: Comparison, constant: i128) -> Self {
        if factor == 0 {
            let holds = op.compare(0, constant);
            return if holds { Self::all() } else { Self::empty() };
        }
        let exact = constant.checked_rem_euclid(factor) == Some(0);
        let floor = floor_div(constant, factor);
        let ceil = if exact { floor } else { floor + 1 };
        let below = |high| Self::between(LEAST, high);
        let above = |low| Self::between(low, GREATEST);
        match (op, factor > 0) {
            (Comparison::Le, true) => below(floor),
            (Comparison::Le, false) => above(ceil),
            (Comparison::Lt, true) => below(ceil - 1),
            (Comparison::Lt, false) => above(floor + 1),
            (Comparison::Ge, true) => above(ceil),
            (Comparison::Ge, false) => below(floor),
            (Comparison::Gt, true) => above(floor + 1),
            (Comparison::Gt, false) => below(ceil - 1),
            (Comparison::Eq, _) if exact => Self::of([floor]),
            (Comparison::Eq, _) => Self::empty(),
            (Comparison::Ne, _) if exact => Self::of([floor]).complement(),
            (Comparison::Ne, _) => Self::all(),
        }
    }

    /// `{factor·x}`; none where it is too many single integers, or too large.
    pub(super) fn scaled(&self, factor: i128, limit: u128) -> Option<Self> {
        let large = |(low, high): &(i128, i128)| {
            let ends = [low.checked_mul(factor), high.checked_mul(factor)];
            ends.iter().any(|end| end.is_none_or(|end| !(LEAST..=GREATEST).contains(&end)))
        };
        if self.intervals.iter().any(large) {
            return None;
        }
        if factor.abs() == 1 {
            let turn = |(low, high): &(i128, i128)| {
                let (a, b) = (low * factor, high * factor);
                (a.min(b), a.max(b))
            };
            return Some(Self::canonical(self.intervals.iter().map(turn).collect()));
        }
        Some(Self::of(self.values(limit)?.into_iter().map(|value| value * factor)))
    }

    /// `{x + by}`, for a small `by`.
    pub(super) fn moved(&self, by: i128) -> Self {
        let moved = self.intervals.iter().map(|(low, high)| (low + by, high + by));
        Self::canonical(moved.collect())
    }

    /// `{x + y}`; none where it has too many parts, or leaves the range of sets.
    pub(super) fn plus(&self, other: &Self, limit: usize) -> Option<Self> {
        if self.intervals.len().saturating_mul(other.intervals.len()) > limit {
            return None;
        }
        let pairs = self.intervals.iter().flat_map(|a| other.intervals.iter().map(move |b| (a, b)));
        let sums: Vec<_> = pairs.map(|(a, b)| (a.0 + b.0, a.1 + b.1)).collect();
        let inside = sums.iter().all(|(low, high)| *low >= LEAST && *high <= GREATEST);
        inside.then(|| Self::canonical(sums))
    }
}

/// ⌊a / b⌋ for b ≠ 0.
fn floor_div(a: i128, b: i128) -> i128 {
    let quotient = a.checked_div_euclid(b).unwrap_or(GREATEST);
    let rest = a.checked_rem_euclid(b).unwrap_or(0);
    // Euclidean division rounds up where the divisor is negative and a rest is left.
    if b < 0 && rest != 0 { quotient - 1 } else { quotient }
}

impl fmt::Display for IntegerSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing");
        }
        for (i, (low, high)) in self.intervals.iter().enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            match low == high {
                true => write!(f, "{comma}{low}")?,
                false => write!(f, "{comma}{low}..={high}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The set of the bits of a mask over −8..8.
    fn of_mask(mask: u16) -> IntegerSet {
        IntegerSet::of((0..16).filter(|bit| mask >> bit & 1 == 1).map(|bit| bit - 8))
    }

    fn mask_of(set: &IntegerSet) -> u16 {
        (0..16).filter(|bit| set.contains(bit - 8)).fold(0, |mask, bit| mask | 1 << bit)
    }

    #[test]
    fn operations_are_those_of_sets_and_results_are_canonical() {
        let mut state = 0x9e37_79b9_7f4a_7c15u64;
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (a, b) = ((state >> 16) as u16, (state >> 40) as u16);
            let (x, y) = (of_mask(a), of_mask(b));
            assert_eq!(x.union(&y), of_mask(a | b));
            assert_eq!(x.intersection(&y), of_mask(a & b));
            assert_eq!(x.difference(&y), of_mask(a & !b));
            assert_eq!(mask_of(&x.complement()), !a);
            assert_eq!(x.complement().complement(), x);
            assert_eq!(x.is_subset(&y), a & !b == 0);
            assert_eq!(x.count(), u128::from(a.count_ones()));
            assert_eq!(x.single().is_some(), a.count_ones() == 1);
            let gaps = x.intervals().windows(2).all(|pair| pair[0].1 + 1 < pair[1].0);
            assert!(gaps, "{x} is not canonical");
        }
    }

    #[test]
    fn solutions_of_every_comparison_are_exact() {
        for factor in (-4..=4i128).filter(|factor| *factor != 0) {
            for op in Comparison::ALL {
                for constant in -20..=20 {
                    let set = IntegerSet::solutions(factor, op, constant);
                    for x in -25..=25 {
                        let holds = op.compare(factor * x, constant);
                        assert_eq!(set.contains(x), holds, "{factor}·{x} {op:?} {constant}");
                    }
                }
            }
        }
    }

    #[test]
    fn sums_and_multiples_are_exact_or_refused() {
        let (x, y) = (of_mask(0b1011_0000_1100_0001), of_mask(0b0000_0100_0000_0110));
        let sum = x.plus(&y, 64).unwrap();
        let (xs, ys) = (x.values(16).unwrap(), y.values(16).unwrap());
        let expected = xs.iter().flat_map(|a| ys.iter().map(move |b| a + b));
        assert_eq!(sum, IntegerSet::of(expected));
        assert_eq!(x.plus(&y, 2), None);
        assert_eq!(x.scaled(-1, 0).unwrap(), IntegerSet::of(xs.iter().map(|a| -a)));
        assert_eq!(x.scaled(3, 16).unwrap(), IntegerSet::of(xs.iter().map(|a| 3 * a)));
        assert_eq!(x.scaled(3, 2), None, "too many");
        assert_eq!(IntegerSet::all().scaled(3, 2), None, "too large");
        assert_eq!(IntegerSet::all().plus(&y, 64), None, "too large");
    }
}
