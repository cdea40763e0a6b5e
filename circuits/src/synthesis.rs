//! From a formula in normal form to rank-1 constraints, and from inputs to a full assignment.
//!
//! A `System` is a list of rows `⟨A, z⟩·⟨B, z⟩ = ⟨C, z⟩` over the assignment
//!
//! ```text
//! z = ( 1 | parameters | slots | v | witness cells )
//!       └──────── instance ────────┘
//! ```
//!
//! That order is the allocation order, and the only place that knows it is `Layout`. All slots
//! are instance variables, because the commitment stands in for them (see [`crate::commitment`]);
//! the blinder `v` is one too, and is in no row.
//!
//! Every witness cell is determined by the instance, and the system keeps *how* beside it
//! (`Cell`): the same description that lays out the rows fills them, so the two cannot drift.
//!
//! # Gadgets
//!
//! **`F in [0, 2^w)`**: `w` cells, `w` rows `(1 − b_i)·b_i = 0` and one row
//! `(F − Σ 2^i·b_i)·1 = 0`. The first make every `b_i` a bit; then the last says that the field
//! element `F` is one of the integers `0 .. 2^w − 1`, in exactly one way. One row could be saved:
//! eliminate the top bit and enforce that `(F − Σ_{i<w−1} 2^i·b_i)/2^(w−1)` is a bit. But then
//! slots and parameters stand in `B`, whose multiplications are in G2: for a 64-bit threshold and
//! two dates that was measured to cost more than it saves. Here `B` holds bits and nothing else.
//!
//! **`F == 0`**: one row `F·1 = 0`. **`F != 0`**: one cell and one row `F·f = 1`.
//!
//! A top-level comparison is *enforced*: its rows hold only if it does. A comparison below a
//! disjunction will be *reified* to a bit instead: that is a second function beside
//! `Synthesis::enforce`, over the same `Atom`s.

use ark_bn254::Fr;
use ark_ff::{BigInteger, Field, One, PrimeField, Zero};

use crate::formula::{Param, Slot};
use crate::normal::{Atom, Condition, Form, Relation};

/// A linear combination: coefficients and indexes into the assignment.
pub(crate) type Row = Vec<(Fr, usize)>;

/// Where the parts of the assignment begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    params: usize,
    slots: usize,
}

impl Layout {
    /// Index of the constant 1.
    pub(crate) const ONE: usize = 0;

    /// Index of a parameter.
    pub(crate) fn param(&self, index: usize) -> usize {
        1 + index
    }

    /// Index of a slot.
    pub(crate) fn slot(&self, index: usize) -> usize {
        1 + self.params + index
    }

    /// Index of the blinder.
    pub(crate) fn blinder(&self) -> usize {
        1 + self.params + self.slots
    }

    /// How many instance variables there are.
    pub(crate) fn instances(&self) -> usize {
        self.blinder() + 1
    }
}

/// How a witness cell follows from the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    /// This bit of the form's canonical representative.
    Bit { form: usize, index: usize },
    /// The form's inverse, or 0 if it has none.
    Inverse { form: usize },
}

/// A constraint system with the recipe for its assignment.
pub(crate) struct System {
    layout: Layout,
    forms: Vec<Row>,
    cells: Vec<Cell>,
    /// `A`, `B`, `C`, row by row, in the form that the prover takes.
    matrices: [Vec<Row>; 3],
}

impl System {
    /// Lays out the rows that enforce the formula and the slots' own range checks.
    pub(crate) fn synthesise(
        params: usize,
        slots: usize,
        condition: &Condition,
        own_ranges: &[Atom],
    ) -> Self {
        let layout = Layout { params, slots };
        let system = Self { layout, forms: vec![], cells: vec![], matrices: Default::default() };
        let mut synthesis = Synthesis { system };
        synthesis.enforce(condition);
        own_ranges.iter().for_each(|atom| synthesis.enforce_atom(atom));
        synthesis.system
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(crate) fn matrices(&self) -> &[Vec<Row>; 3] {
        &self.matrices
    }

    pub(crate) fn constraints(&self) -> usize {
        let [a, ..] = &self.matrices;
        a.len()
    }

    pub(crate) fn instances(&self) -> usize {
        self.layout.instances()
    }

    pub(crate) fn witnesses(&self) -> usize {
        self.cells.len()
    }

    /// Whether every satisfying assignment has 0 or 1 here.
    pub(crate) fn is_bit(&self, index: usize) -> bool {
        let cell = index.checked_sub(self.instances()).and_then(|cell| self.cells.get(cell));
        index == Layout::ONE || matches!(cell, Some(Cell::Bit { .. }))
    }

    /// The instance part of the assignment. The caller has checked the counts.
    pub(crate) fn instance(&self, params: &[i128], slots: &[i128], blinder: Fr) -> Vec<Fr> {
        let mut instance = Vec::with_capacity(self.instances() + self.witnesses());
        instance.push(Fr::one());
        instance.extend(params.iter().chain(slots).map(|value| Fr::from(*value)));
        instance.push(blinder);
        instance
    }

    /// Appends the witness cells to an instance.
    ///
    /// The cells follow from field elements, not from integers, and are the only ones that could
    /// satisfy the rows: whoever can satisfy the system for an instance can do so with these. The
    /// tests against forged witnesses rest on that.
    pub(crate) fn assign(&self, mut instance: Vec<Fr>) -> Vec<Fr> {
        let forms: Vec<Fr> = self.forms.iter().map(|form| evaluate(form, &instance)).collect();
        let value = |form: usize| forms.get(form).copied().unwrap_or_default();
        let mut last = None;
        for cell in &self.cells {
            let assigned = match *cell {
                Cell::Bit { form, index } => {
                    let bits = match last {
                        Some((at, bits)) if at == form => bits,
                        _ => value(form).into_bigint(),
                    };
                    last = Some((form, bits));
                    Fr::from(bits.get_bit(index))
                }
                Cell::Inverse { form } => value(form).inverse().unwrap_or_default(),
            };
            instance.push(assigned);
        }
        instance
    }

    /// Whether every row holds.
    pub(crate) fn is_satisfied(&self, assignment: &[Fr]) -> bool {
        let [a, b, c] = &self.matrices;
        assignment.len() == self.instances() + self.witnesses()
            && assignment.first().is_some_and(One::is_one)
            && a.iter().zip(b).zip(c).all(|((a, b), c)| {
                evaluate(a, assignment) * evaluate(b, assignment) == evaluate(c, assignment)
            })
    }
}

/// `⟨row, z⟩`, where a variable beyond the assignment counts as 0.
fn evaluate(row: &Row, assignment: &[Fr]) -> Fr {
    row.iter()
        .filter_map(|(coefficient, index)| assignment.get(*index).map(|value| (coefficient, value)))
        .map(
            |(coefficient, value)| if coefficient.is_one() { *value } else { *coefficient * value },
        )
        .sum()
}

/// Lays out rows.
struct Synthesis {
    system: System,
}

impl Synthesis {
    /// Adds rows that hold only if the condition does.
    fn enforce(&mut self, condition: &Condition) {
        match condition {
            Condition::Atom(atom) => self.enforce_atom(atom),
            Condition::All(parts) => parts.iter().for_each(|part| self.enforce(part)),
        }
    }

    fn enforce_atom(&mut self, atom: &Atom) {
        let row = self.row(&atom.form);
        let form = self.system.forms.len();
        self.system.forms.push(row.clone());
        match atom.relation {
            Relation::NonNegative { width } => self.enforce_range(form, row, width),
            Relation::Zero => self.constrain(row, one(), Row::new()),
            Relation::NonZero => {
                let inverse = self.cell(Cell::Inverse { form });
                self.constrain(row, vec![(Fr::one(), inverse)], one());
            }
        }
    }

    /// `form in [0, 2^width)`.
    fn enforce_range(&mut self, form: usize, mut row: Row, width: u32) {
        let mut weight = Fr::one();
        for index in 0..width as usize {
            let bit = self.cell(Cell::Bit { form, index });
            let complement = vec![(Fr::one(), Layout::ONE), (-Fr::one(), bit)];
            self.constrain(complement, vec![(Fr::one(), bit)], Row::new());
            row.push((-weight, bit));
            weight += weight;
        }
        self.constrain(row, one(), Row::new());
    }

    fn constrain(&mut self, a: Row, b: Row, c: Row) {
        let [rows_a, rows_b, rows_c] = &mut self.system.matrices;
        rows_a.push(a);
        rows_b.push(b);
        rows_c.push(c);
    }

    /// Allocates a witness cell and gives its index in the assignment.
    fn cell(&mut self, cell: Cell) -> usize {
        self.system.cells.push(cell);
        self.system.instances() + self.system.cells.len() - 1
    }

    /// A form over integers as a row over the field.
    fn row(&self, form: &Form) -> Row {
        let layout = self.system.layout;
        let mut row = Row::new();
        if !form.constant.is_zero() {
            row.push((Fr::from(form.constant), Layout::ONE));
        }
        let param = |(b, Param(j)): &(i128, Param)| (Fr::from(*b), layout.param(usize::from(*j)));
        let slot = |(a, Slot(s)): &(i128, Slot)| (Fr::from(*a), layout.slot(usize::from(*s)));
        row.extend(form.params.iter().map(param));
        row.extend(form.slots.iter().map(slot));
        row
    }
}

/// The constant 1.
fn one() -> Row {
    vec![(Fr::one(), Layout::ONE)]
}

#[cfg(test)]
mod tests;
