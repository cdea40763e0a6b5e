//! The shape of a predicate: everything about it except the values of its parameters.
//!
//! A trusted setup is made for a shape, so a threshold, a date or a list can move without a new
//! one. A [`Shape`] exists only if its formula is well formed, cannot wrap and can hold, and if
//! every slot that a proof may rely on is bounded where it does; it carries its constraint system,
//! which prover, verifier and setup share.

use std::fmt;
use std::sync::Arc;

use ark_bn254::Fr;
use ark_ff::One;
use sha2::{Digest, Sha256};

use crate::bounds::{self, BoundBy, SLOT_BOUND};
use crate::formula::{Formula, Interval};
use crate::normal::{self, Atom, Condition, Conjunct, MAX_SET, Relation};
use crate::synthesis::System;

/// The domain of shape identifiers.
const SHAPE_TAG: &[u8] = b"SIGIL-CIRCUITS-SHAPE-";

/// The version of everything that turns a shape into constraints: normal form, plan of bounds,
/// gadgets and allocation order. A change in any of them is a new version, hence new identifiers
/// and new keys.
const GADGET_VERSION: u16 = 2;

/// How many slots, and how many parameters, a shape may have.
const MAX_INPUTS: usize = 1 << 10;

/// Parameters are less than this in absolute value.
const PARAM_BOUND: i128 = 1 << 100;

/// Why a formula has no shape. Comparisons are counted from 0 in the order written; memberships and
/// truths count as comparisons.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// The formula hides nothing.
    #[error("the formula has no slots: evaluate it in the open")]
    NoSlots,
    /// The formula claims nothing.
    #[error("the formula has no comparison")]
    NoComparison,
    /// Too many slots or parameters.
    #[error("more than {limit} slots or parameters: split the predicate")]
    TooManyInputs {
        /// The greatest number.
        limit: usize,
    },
    /// Too many comparisons.
    #[error("more than {limit} comparisons: split the predicate")]
    TooManyComparisons {
        /// The greatest number.
        limit: usize,
    },
    /// Too many terms.
    #[error("comparison {comparison}: more than {limit} terms")]
    TooManyTerms {
        /// Which comparison.
        comparison: usize,
        /// The greatest number.
        limit: usize,
    },
    /// A set has no element, or too many.
    #[error("comparison {comparison}: a set of {found}, where 1 to {MAX_SET} are allowed")]
    SetSize {
        /// Which comparison.
        comparison: usize,
        /// How many it has.
        found: usize,
    },
    /// Too many elements in all sets together.
    #[error("the sets have more than {limit} elements: split the predicate")]
    TooManyElements {
        /// The greatest number.
        limit: usize,
    },
    /// A negation, conjunction or disjunction of nothing.
    #[error("a connective joins nothing")]
    Empty,
    /// At least none, or more than there are.
    #[error("at least {k} of {of}, where 1 to {of} make sense")]
    AtLeast {
        /// How many have to hold.
        k: usize,
        /// How many there are.
        of: usize,
    },
    /// A parameter stands for a truth, and its interval isn't `[0, 1]`.
    #[error("comparison {comparison}: parameter {param} is a truth, but may be other than 0 and 1")]
    NotATruth {
        /// Which comparison.
        comparison: usize,
        /// The parameter that it names.
        param: u16,
    },
    /// Connectives nest too deep.
    #[error("connectives nest deeper than {limit}")]
    TooDeep {
        /// The greatest depth.
        limit: usize,
    },
    /// A slot's interval reaches 2^65.
    #[error("slot {slot}: its interval reaches 2^65 in absolute value")]
    SlotTooWide {
        /// Which slot.
        slot: usize,
    },
    /// A parameter's interval reaches 2^100.
    #[error("parameter {param}: its interval reaches 2^100 in absolute value")]
    ParamTooWide {
        /// Which parameter.
        param: usize,
    },
    /// A comparison names a slot that isn't there.
    #[error("comparison {comparison}: there is no slot {slot}")]
    UnknownSlot {
        /// Which comparison.
        comparison: usize,
        /// The slot that it names.
        slot: u16,
    },
    /// A comparison names a parameter that isn't there.
    #[error("comparison {comparison}: there is no parameter {param}")]
    UnknownParam {
        /// Which comparison.
        comparison: usize,
        /// The parameter that it names.
        param: u16,
    },
    /// A comparison has no slot, or its slots cancel.
    #[error("comparison {comparison}: nothing in it is hidden: evaluate it in the open")]
    NothingHidden {
        /// Which comparison.
        comparison: usize,
    },
    /// A comparison is false for all values of its slots and parameters, and so is the formula.
    #[error("comparison {comparison}: it is false for all values that its inputs may take")]
    NeverHolds {
        /// Which comparison.
        comparison: usize,
    },
    /// A comparison's terms could reach 2^120.
    #[error("comparison {comparison}: its terms could reach 2^120: use smaller coefficients")]
    TooWide {
        /// Which comparison.
        comparison: usize,
    },
}

/// Why inputs don't fit a shape. Names the place, never the value: slots are secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The number of slots is wrong.
    #[error("{found} slots where the shape has {expected}")]
    SlotCount {
        /// How many the shape has.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// The number of parameters is wrong.
    #[error("{found} parameters where the shape has {expected}")]
    ParamCount {
        /// How many the shape has.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// A slot is outside its interval.
    #[error("slot {slot} is outside its interval")]
    SlotRange {
        /// Which slot.
        slot: usize,
    },
    /// A parameter is outside its interval.
    #[error("parameter {param} is outside its interval")]
    ParamRange {
        /// Which parameter.
        param: usize,
    },
}

/// The identifier of a shape: SHA-256 over the gadget version, the intervals and the formula in
/// normal form. Values of parameters are no part of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShapeId([u8; 32]);

impl ShapeId {
    /// The 32 octets.
    pub fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// An identifier received from elsewhere.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for ShapeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for ShapeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShapeId({self})")
    }
}

/// Rank-1 constraints, and what they are spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// What for.
    pub of: CostOf,
    /// How many.
    pub rows: usize,
}

/// What constraints are spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CostOf {
    /// The top-level conjunct of this index, in the order written, with all range checks that its
    /// alternatives need.
    Conjunct(usize),
    /// This slot's own range check.
    OwnRange(usize),
}

/// A checked predicate shape. Cheap to clone.
#[derive(Clone)]
pub struct Shape(Arc<Inner>);

struct Inner {
    id: ShapeId,
    slots: Vec<Interval>,
    params: Vec<Interval>,
    formula: Formula,
    bounds: Vec<BoundBy>,
    costs: Vec<Cost>,
    system: System,
}

impl Shape {
    /// Checks a formula over slots and parameters of these intervals.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn new(
        slots: Vec<Interval>,
        params: Vec<Interval>,
        formula: Formula,
    ) -> Result<Self, ShapeError> {
        check_inputs(&slots, &params)?;
        let conjuncts = normal::normalise(&formula, &slots, &params)?;
        let id = identify(&slots, &params, &conjuncts);
        let plan = bounds::plan(&conjuncts, &slots, &params)
            .ok_or(ShapeError::TooManyInputs { limit: MAX_INPUTS })?;
        let (checked, own_ranges): (Vec<usize>, Vec<Atom>) = plan.own_ranges.into_iter().unzip();
        let (system, spent) =
            System::synthesise(params.len(), slots.len(), &plan.conjuncts, &own_ranges);
        let conjuncts = spent.conjuncts.into_iter().enumerate();
        let conjuncts = conjuncts.map(|(index, rows)| Cost { of: CostOf::Conjunct(index), rows });
        let ranges = checked.into_iter().zip(spent.own_ranges);
        let ranges = ranges.map(|(slot, rows)| Cost { of: CostOf::OwnRange(slot), rows });
        let costs = conjuncts.chain(ranges).collect();
        let bounds = plan.bounds;
        Ok(Self(Arc::new(Inner { id, slots, params, formula, bounds, costs, system })))
    }

    /// The identifier.
    pub fn id(&self) -> ShapeId {
        self.0.id
    }

    /// The interval of each slot.
    pub fn slots(&self) -> &[Interval] {
        &self.0.slots
    }

    /// The interval of each parameter.
    pub fn params(&self) -> &[Interval] {
        &self.0.params
    }

    /// The formula as written.
    pub fn formula(&self) -> &Formula {
        &self.0.formula
    }

    /// What bounds each slot in the circuit.
    pub fn bounds(&self) -> &[BoundBy] {
        &self.0.bounds
    }

    /// What the constraints are spent on: one entry for each top-level conjunct, then one for each
    /// slot with a range check of its own. They sum to [`Self::constraints`].
    pub fn costs(&self) -> &[Cost] {
        &self.0.costs
    }

    /// The number of rank-1 constraints.
    pub fn constraints(&self) -> usize {
        self.0.system.constraints()
    }

    /// The size of the evaluation domain: constraints and one row for each instance variable,
    /// rounded up to a power of two. Proving time follows it.
    pub fn domain_size(&self) -> usize {
        (self.constraints() + self.0.system.instances()).next_power_of_two()
    }

    /// Whether the predicate is true of these values.
    ///
    /// # Errors
    /// If the values aren't ones that the shape speaks of.
    pub fn holds(&self, slots: &[i128], params: &[i128]) -> Result<bool, InputError> {
        self.check_slots(slots)?;
        self.check_params(params)?;
        Ok(self.0.formula.evaluate(slots, params))
    }

    /// The top-level conjuncts that are false of these values, counted in the order written.
    ///
    /// # Errors
    /// If the values aren't ones that the shape speaks of.
    pub fn failing(&self, slots: &[i128], params: &[i128]) -> Result<Vec<usize>, InputError> {
        self.check_slots(slots)?;
        self.check_params(params)?;
        let comparisons = self.0.formula.conjuncts();
        let failing = |(_, part): &(usize, &Formula)| !part.evaluate(slots, params);
        Ok(comparisons.into_iter().enumerate().filter(failing).map(|(index, _)| index).collect())
    }

    /// Whether the constraints can be satisfied with these values: by any choice of alternatives,
    /// each tried on the constraints themselves, up to some 65,000 choices for one conjunct. A
    /// diagnostic, slow, to hold the circuit against [`Self::holds`].
    ///
    /// # Errors
    /// If the values aren't ones that the shape speaks of.
    pub fn satisfiable(&self, slots: &[i128], params: &[i128]) -> Result<bool, InputError> {
        self.check_slots(slots)?;
        self.check_params(params)?;
        Ok(self.system().satisfiable(self.system().instance(params, slots, Fr::one())))
    }

    pub(crate) fn check_slots(&self, slots: &[i128]) -> Result<(), InputError> {
        let (expected, found) = (self.slots().len(), slots.len());
        if expected != found {
            return Err(InputError::SlotCount { expected, found });
        }
        match outside(self.slots(), slots) {
            Some(slot) => Err(InputError::SlotRange { slot }),
            None => Ok(()),
        }
    }

    /// Checks that there are as many parameters as the shape has, each in its interval.
    ///
    /// # Errors
    /// Unless that is so.
    pub fn check_params(&self, params: &[i128]) -> Result<(), InputError> {
        let (expected, found) = (self.params().len(), params.len());
        if expected != found {
            return Err(InputError::ParamCount { expected, found });
        }
        match outside(self.params(), params) {
            Some(param) => Err(InputError::ParamRange { param }),
            None => Ok(()),
        }
    }

    pub(crate) fn system(&self) -> &System {
        &self.0.system
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shape")
            .field("id", &self.id())
            .field("slots", &self.slots())
            .field("params", &self.params())
            .field("formula", &self.formula())
            .field("constraints", &self.constraints())
            .finish_non_exhaustive()
    }
}

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Shape {}

/// The first value outside its interval.
fn outside(intervals: &[Interval], values: &[i128]) -> Option<usize> {
    intervals.iter().zip(values).position(|(interval, value)| !interval.contains(*value))
}

fn check_inputs(slots: &[Interval], params: &[Interval]) -> Result<(), ShapeError> {
    if slots.is_empty() {
        return Err(ShapeError::NoSlots);
    }
    if slots.len() > MAX_INPUTS || params.len() > MAX_INPUTS {
        return Err(ShapeError::TooManyInputs { limit: MAX_INPUTS });
    }
    // Below 2^65, and not merely 2^66, because a slot's own range check ends at a power of two
    // above its low end: at most 2^66 − 1 so.
    let wide = |interval: &Interval| interval.magnitude() >= SLOT_BOUND.unsigned_abs() / 2;
    if let Some(slot) = slots.iter().position(wide) {
        return Err(ShapeError::SlotTooWide { slot });
    }
    let wide = |interval: &Interval| interval.magnitude() >= PARAM_BOUND.unsigned_abs();
    match params.iter().position(wide) {
        Some(param) => Err(ShapeError::ParamTooWide { param }),
        None => Ok(()),
    }
}

/// The identifier of a shape. Every list is preceded by its length, so the encoding is injective.
fn identify(slots: &[Interval], params: &[Interval], conjuncts: &[Conjunct]) -> ShapeId {
    let mut hash = Sha256::new();
    hash.update(SHAPE_TAG);
    hash.update(GADGET_VERSION.to_be_bytes());
    for intervals in [slots, params] {
        absorb_length(&mut hash, intervals.len());
        for interval in intervals {
            hash.update(interval.low().to_be_bytes());
            hash.update(interval.high().to_be_bytes());
        }
    }
    absorb_length(&mut hash, conjuncts.len());
    conjuncts.iter().for_each(|conjunct| absorb_condition(&mut hash, &conjunct.condition));
    ShapeId(hash.finalize().into())
}

fn absorb_condition(hash: &mut Sha256, condition: &Condition) {
    match condition {
        Condition::All(parts) => {
            hash.update([0]);
            absorb_length(hash, parts.len());
            parts.iter().for_each(|part| absorb_condition(hash, part));
        }
        Condition::Atom(atom) => absorb_atom(hash, atom),
        Condition::AtLeast(k, parts) => {
            hash.update([2]);
            absorb_length(hash, *k);
            absorb_length(hash, parts.len());
            parts.iter().for_each(|part| absorb_condition(hash, part));
        }
    }
}

fn absorb_atom(hash: &mut Sha256, atom: &Atom) {
    hash.update([1]);
    hash.update([match atom.relation {
        Relation::NonNegative { .. } => 0,
        Relation::Zero => 1,
        Relation::NonZero => 2,
    }]);
    absorb_length(hash, atom.form.slots.len());
    for (coefficient, slot) in &atom.form.slots {
        hash.update(coefficient.to_be_bytes());
        hash.update(slot.0.to_be_bytes());
    }
    absorb_length(hash, atom.form.params.len());
    for (coefficient, param) in &atom.form.params {
        hash.update(coefficient.to_be_bytes());
        hash.update(param.0.to_be_bytes());
    }
    hash.update(atom.form.constant.to_be_bytes());
}

fn absorb_length(hash: &mut Sha256, length: usize) {
    hash.update((length as u64).to_be_bytes());
}

#[cfg(test)]
mod tests;
