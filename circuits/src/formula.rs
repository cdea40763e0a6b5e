//! The predicate formula: what is claimed about hidden integers, and its native meaning.
//!
//! A formula speaks of *slots*, integers that stay hidden, and *parameters*, integers that both
//! sides know (every constant is a parameter, so that it can move without a new setup). Both carry
//! an [`Interval`], the values that an honest party may hold: a slot's comes from the type of the
//! signed field behind it, a parameter's from the policy.
//!
//! This is the language as its author writes it. [`crate::Shape`] checks it, brings it to a normal
//! form and bounds it; `Formula::evaluate` follows the text as it stands, so that comparing the
//! two compares two readings, not one with itself.

/// A closed interval of integers, never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Interval {
    low: i128,
    high: i128,
}

impl Interval {
    /// The integers from `low` to `high`, both included; `None` if there are none.
    pub const fn new(low: i128, high: i128) -> Option<Self> {
        if low <= high { Some(Self { low, high }) } else { None }
    }

    /// The unsigned integers of `bits` bits, `[0, 2^bits − 1]`. From 127 bits on, all that an
    /// `i128` can hold.
    pub const fn bits(bits: u32) -> Self {
        let high = if bits < 127 { (1 << bits) - 1 } else { i128::MAX };
        Self { low: 0, high }
    }

    /// The least value.
    pub const fn low(&self) -> i128 {
        self.low
    }

    /// The greatest value.
    pub const fn high(&self) -> i128 {
        self.high
    }

    /// Whether `value` lies in the interval.
    pub const fn contains(&self, value: i128) -> bool {
        self.low <= value && value <= self.high
    }

    /// The greatest absolute value.
    pub const fn magnitude(&self) -> u128 {
        let (low, high) = (self.low.unsigned_abs(), self.high.unsigned_abs());
        if low > high { low } else { high }
    }

    /// `{a·x : x in self}`'s hull, `None` where it leaves an `i128`.
    pub(crate) fn scale(&self, factor: i128) -> Option<Self> {
        let (a, b) = (self.low.checked_mul(factor)?, self.high.checked_mul(factor)?);
        Some(Self { low: a.min(b), high: a.max(b) })
    }

    /// `{x + y}`, `None` where it leaves an `i128`.
    pub(crate) fn plus(&self, other: &Self) -> Option<Self> {
        let low = self.low.checked_add(other.low)?;
        let high = self.high.checked_add(other.high)?;
        Some(Self { low, high })
    }
}

/// The index of a hidden integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u16);

/// The index of a public integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Param(pub u16);

/// An integer linear form `Σ a_s·slot_s + Σ b_j·param_j`. A constant is a parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Linear {
    /// Coefficient and slot of each hidden term; a slot named twice counts twice.
    pub slots: Vec<(i64, Slot)>,
    /// Coefficient and parameter of each public term.
    pub params: Vec<(i64, Param)>,
}

impl Linear {
    /// The form that is one slot.
    pub fn slot(slot: Slot) -> Self {
        Self { slots: vec![(1, slot)], params: Vec::new() }
    }

    /// The form that is one parameter.
    pub fn param(param: Param) -> Self {
        Self { slots: Vec::new(), params: vec![(1, param)] }
    }

    /// The value, `None` if an index names nothing or a partial sum leaves an `i128`: neither
    /// happens for a form and values that a [`crate::Shape`] has checked.
    fn evaluate(&self, slots: &[i128], params: &[i128]) -> Option<i128> {
        let mut sum = 0i128;
        for (coefficient, Slot(index)) in &self.slots {
            let value = slots.get(usize::from(*index))?;
            sum = sum.checked_add(i128::from(*coefficient).checked_mul(*value)?)?;
        }
        for (coefficient, Param(index)) in &self.params {
            let value = params.get(usize::from(*index))?;
            sum = sum.checked_add(i128::from(*coefficient).checked_mul(*value)?)?;
        }
        Some(sum)
    }
}

/// How two linear forms are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `==`
    Eq,
    /// `!=`
    Ne,
}

impl Comparison {
    /// All six, for tables and tests.
    pub const ALL: [Self; 6] = [Self::Lt, Self::Le, Self::Gt, Self::Ge, Self::Eq, Self::Ne];

    /// Whether `left` stands in this relation to `right`.
    pub fn compare(self, left: i128, right: i128) -> bool {
        match self {
            Self::Lt => left < right,
            Self::Le => left <= right,
            Self::Gt => left > right,
            Self::Ge => left >= right,
            Self::Eq => left == right,
            Self::Ne => left != right,
        }
    }
}

/// A predicate over slots and parameters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Formula {
    /// One comparison of two linear forms.
    Compare {
        /// What stands on the left.
        left: Linear,
        /// The relation.
        op: Comparison,
        /// What stands on the right.
        right: Linear,
    },
    /// Every one of them holds.
    All(Vec<Formula>),
}

impl Formula {
    /// `left op right`.
    pub fn compare(left: Linear, op: Comparison, right: Linear) -> Self {
        Self::Compare { left, op, right }
    }

    /// The parts that all have to hold, conjunctions within conjunctions taken apart.
    pub(crate) fn conjuncts(&self) -> Vec<&Self> {
        match self {
            Self::Compare { .. } => vec![self],
            Self::All(parts) => parts.iter().flat_map(Self::conjuncts).collect(),
        }
    }

    /// The native meaning. What cannot be evaluated does not hold.
    pub(crate) fn evaluate(&self, slots: &[i128], params: &[i128]) -> bool {
        match self {
            Self::Compare { left, op, right } => {
                let sides = left.evaluate(slots, params).zip(right.evaluate(slots, params));
                sides.is_some_and(|(left, right)| op.compare(left, right))
            }
            Self::All(parts) => parts.iter().all(|part| part.evaluate(slots, params)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_is_never_empty() {
        assert!(Interval::new(1, 0).is_none());
        assert_eq!(Interval::new(-3, 2).map(|i| i.magnitude()), Some(3));
        assert_eq!(Interval::bits(4).high(), 15);
        assert_eq!(Interval::bits(0).high(), 0);
        assert_eq!(Interval::bits(127).high(), i128::MAX);
        assert_eq!(Interval::bits(400), Interval::bits(127));
    }

    #[test]
    fn evaluation_of_what_is_missing_or_overflows_is_false() {
        let huge = Linear { slots: vec![(i64::MAX, Slot(0)); 3], params: vec![] };
        let ge = Formula::compare(huge, Comparison::Ge, Linear::default());
        assert!(ge.evaluate(&[1], &[]));
        assert!(!ge.evaluate(&[i128::MAX], &[]));
        assert!(!ge.evaluate(&[], &[]));
    }
}
