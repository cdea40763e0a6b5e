//! The predicate formula: what is claimed about hidden integers, and its native meaning.
//!
//! A formula speaks of *slots*, integers that stay hidden, and *parameters*, integers that both
//! sides know (every constant is a parameter, so that it can move without a new setup). Both carry
//! an [`Interval`], the values that an honest party may hold: a slot's comes from the type of the
//! signed field behind it, a parameter's from the policy.
//!
//! Claims are joined by negation, conjunction, disjunction and `at least k of`, nested at will. What
//! is true or false in the open already, an alternative that needs no proof, enters as a parameter
//! that is 1 or 0 ([`Formula::Holds`]).
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

    /// The least interval that holds both.
    pub(crate) fn hull(&self, other: &Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
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

    /// The relation that holds just where this one doesn't.
    pub const fn dual(self) -> Self {
        match self {
            Self::Lt => Self::Ge,
            Self::Le => Self::Gt,
            Self::Gt => Self::Le,
            Self::Ge => Self::Lt,
            Self::Eq => Self::Ne,
            Self::Ne => Self::Eq,
        }
    }

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
    /// The form is equal to one of these parameters, of which there are 1 to 256. A caller who
    /// wants lists of different lengths to share a shape pads them, by naming a parameter twice
    /// or giving two parameters one value.
    In {
        /// What is looked for.
        form: Linear,
        /// Where.
        set: Vec<Param>,
    },
    /// A truth that both sides worked out in the open: the parameter, whose interval must be
    /// `[0, 1]`, is 1.
    Holds(Param),
    /// It does not hold.
    Not(Box<Formula>),
    /// Every one of them holds.
    All(Vec<Formula>),
    /// One of them holds, or several.
    Any(Vec<Formula>),
    /// At least so many of them hold: 1 or more, and no more than there are.
    AtLeast(usize, Vec<Formula>),
}

impl Formula {
    /// `left op right`.
    pub fn compare(left: Linear, op: Comparison, right: Linear) -> Self {
        Self::Compare { left, op, right }
    }

    /// `form in set`.
    pub fn is_in(form: Linear, set: Vec<Param>) -> Self {
        Self::In { form, set }
    }

    /// The negation of `formula`.
    #[allow(clippy::should_implement_trait, reason = "a constructor, beside `all` and `any`")]
    pub fn not(formula: Self) -> Self {
        Self::Not(Box::new(formula))
    }

    /// Every one of `parts`.
    pub fn all(parts: Vec<Self>) -> Self {
        Self::All(parts)
    }

    /// One of `parts`, or several.
    pub fn any(parts: Vec<Self>) -> Self {
        Self::Any(parts)
    }

    /// `k` of `parts`, or more.
    pub fn at_least(k: usize, parts: Vec<Self>) -> Self {
        Self::AtLeast(k, parts)
    }

    /// The parts that all have to hold, as written: conjunctions within conjunctions taken apart,
    /// and nothing else.
    pub(crate) fn conjuncts(&self) -> Vec<&Self> {
        match self {
            Self::All(parts) => parts.iter().flat_map(Self::conjuncts).collect(),
            _ => vec![self],
        }
    }

    /// The native meaning. What cannot be evaluated does not hold.
    pub(crate) fn evaluate(&self, slots: &[i128], params: &[i128]) -> bool {
        self.truth(slots, params) == Some(true)
    }

    /// True or false; `None` if a part cannot be evaluated, so that its negation isn't true.
    fn truth(&self, slots: &[i128], params: &[i128]) -> Option<bool> {
        let param = |Param(index): &Param| params.get(usize::from(*index)).copied();
        let count = |parts: &[Self]| {
            let truth = |part: &Self| part.truth(slots, params).map(usize::from);
            parts.iter().map(truth).sum::<Option<usize>>()
        };
        Some(match self {
            Self::Compare { left, op, right } => {
                op.compare(left.evaluate(slots, params)?, right.evaluate(slots, params)?)
            }
            Self::In { form, set } => {
                let value = form.evaluate(slots, params)?;
                set.iter().map(param).collect::<Option<Vec<_>>>()?.contains(&value)
            }
            Self::Holds(index) => param(index)? == 1,
            Self::Not(part) => !part.truth(slots, params)?,
            Self::All(parts) => count(parts)? == parts.len(),
            Self::Any(parts) => count(parts)? > 0,
            Self::AtLeast(k, parts) => count(parts)? >= *k,
        })
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
        // Nor is its negation true, or any disjunction with it.
        for not in [Formula::not(ge.clone()), Formula::any(vec![Formula::not(ge.clone()), ge])] {
            assert!(!not.evaluate(&[i128::MAX], &[]));
            assert!(!not.evaluate(&[], &[]));
        }
    }

    #[test]
    fn connectives_mean_what_they_say() {
        let truths = |n: u32| (0..1i128 << n).map(move |v| (0..n).map(|i| (v >> i) & 1).collect());
        for params in truths(3).collect::<Vec<Vec<i128>>>() {
            let parts = || (0..3).map(|i| Formula::Holds(Param(i))).collect::<Vec<_>>();
            let count = params.iter().sum::<i128>() as usize;
            let holds = |formula: Formula| formula.evaluate(&[], &params);
            assert_eq!(holds(Formula::all(parts())), count == 3);
            assert_eq!(holds(Formula::any(parts())), count > 0);
            for k in 1..=3 {
                assert_eq!(holds(Formula::at_least(k, parts())), count >= k);
                assert_eq!(holds(Formula::not(Formula::at_least(k, parts()))), count < k);
            }
        }
        let member = Formula::is_in(Linear::slot(Slot(0)), vec![Param(0), Param(1)]);
        assert!(member.evaluate(&[7], &[3, 7]) && !member.evaluate(&[5], &[3, 7]));
        assert!(!member.evaluate(&[3], &[3]), "a parameter is missing");
    }
}
