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
//! Every witness cell follows from the instance and from the choice of alternatives, and the system
//! keeps *how* beside its rows (`Step`): the same pass lays out the rows and records how they are
//! filled, so the two cannot drift.
//!
//! # Guards
//!
//! Every part of the formula has a *guard* `g`, a linear combination of cells, and is laid out so
//! that
//!
//! > **if `g ≠ 0`, the rows hold only if the part does.**
//!
//! The part is then *relied upon*. That is half of a reification: nothing is said of a part whose
//! guard is 0, and since the normal form has no negation, nothing needs to be. An honest prover
//! gives the value 1 to the guards of what it relies on and 0 to the others; but soundness asks
//! only whether a guard is 0, so no row is spent on making guards bits. The proof hides them. With
//! a pool of bit cells `b_j`, each with its row `(1 − b_j)·b_j = 0`, and the guard `g`:
//!
//! | part | rows |
//! |---|---|
//! | `F in [0, 2^w)` | `(F − Σ_{j<w} 2^j·b_j)·g = 0` |
//! | `F == 0` | `F·g = 0` |
//! | `F != 0` | `F·f = g`, with a cell `f` |
//! | all of some parts | each under `g` |
//! | one of `n` parts | part `i` under `s_i`, for `n − 1` cells `s_i` and `s_n = g − Σ s_i` |
//!
//! What stands outside every disjunction has `g = 1`. If `g ≠ 0` a sum of `s_i` that is `g` has a
//! term that isn't 0, so one of `n` costs nothing beyond its parts. A membership among `n` values
//! is such a disjunction of equalities: `n` rows, where a product `Π (x − a_i)` would take `n − 1`,
//! but with cells of 0 and 1 where the product's are arbitrary and multiplied in both groups.
//!
//! **Bits are shared.** Two parts may use the same bits: if both are relied upon, then both say
//! that their form is the integer of those bits, which is no less true. Sharing only takes
//! assignments away. It must leave the honest ones: `arrangement` sees to it that parts which an
//! honest prover relies on together have different bits. Each range check uses as many bits of the
//! pool as it is wide, so a wider neighbour doesn't widen it.
//!
//! **At least `k` of `n`**, `1 < k < n`. Port `r` of `k` has selectors that sum to `g`, one for
//! each of the parts `r ..= r + n − k`. If `g ≠ 0` each port relies on one of its parts, and it
//! remains that no two ports rely on the same one. So, for the selectors `s, s', s'', ..` of one
//! part: `s·s' = 0`, `(s + s')·s'' = 0`, and so on; by induction at most one of them isn't 0. Or,
//! where that takes fewer rows, `t·(g − t) = 0` for their sum `t`: then each of the `t` is 0 or
//! `g`, they sum to `k·g`, and `k < p`, so `k` of them are not 0. The latter is also how parts are
//! counted that have one selector each and no ports.
//!
//! One row of every range check could be saved: eliminate the top bit and enforce that
//! `(F − Σ_{i<w−1} 2^i·b_i)/2^(w−1)` is a bit. But then slots and parameters stand in `B`, whose
//! multiplications are in G2: for a 64-bit threshold and two dates that was measured to cost more
//! than it saves. Here `B` holds bits, guards and the inverses of `!=`, and `C` only guards.

mod arrangement;
mod assignment;
mod rows;

use std::ops::Range;

use ark_bn254::Fr;
use ark_ff::{One, Zero};

use crate::normal::{Atom, Condition, Conjunct};
use crate::quotient::Secret;
use assignment::{Chooser, EachInTurn, FirstThatHold, Step};
use rows::Synthesis;

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

/// What a witness cell is in an honest assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    /// A bit, by its row.
    Bit,
    /// A bit too, though no row says so.
    Selector,
    /// Anything.
    Inverse,
}

/// What is relied upon in any case, one by one: how its cells are found, and its rows.
struct Section {
    step: Step,
    rows: Range<usize>,
}

/// A constraint system with the recipe for its assignment.
pub(crate) struct System {
    layout: Layout,
    forms: Vec<Row>,
    cells: Vec<Cell>,
    sections: Vec<Section>,
    /// `A`, `B`, `C`, row by row, in the form that the prover takes.
    matrices: [Vec<Row>; 3],
}

/// How many rows a system spends.
pub(crate) struct Spent {
    /// On each conjunct of the text.
    pub(crate) conjuncts: Vec<usize>,
    /// On each of the slots' own range checks.
    pub(crate) own_ranges: Vec<usize>,
}

/// How many choices [`System::satisfiable`] tries for one conjunct.
const MAX_TURNS: usize = 1 << 16;

impl System {
    /// Lays out the rows that enforce the conjuncts and the slots' own range checks.
    pub(crate) fn synthesise(
        params: usize,
        slots: usize,
        conjuncts: &[Conjunct],
        own_ranges: &[Atom],
    ) -> (Self, Spent) {
        let layout = Layout { params, slots };
        let (forms, cells, sections) = (Vec::new(), Vec::new(), Vec::new());
        let system = Self { layout, forms, cells, sections, matrices: Default::default() };
        let mut synthesis = Synthesis { system };
        let mut spent: Vec<usize> = Vec::new();
        for Conjunct { written, condition } in conjuncts {
            spent.resize(written + 1, 0);
            let rows = synthesis.enforce(condition);
            spent.last_mut().into_iter().for_each(|spent| *spent += rows);
        }
        let enforce = |atom: &Atom| synthesis.enforce(&Condition::Atom(atom.clone()));
        let own_ranges = own_ranges.iter().map(enforce).collect();
        (synthesis.system, Spent { conjuncts: spent, own_ranges })
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

    /// Whether an honest assignment has 0 or 1 here: its point is then added or not, instead of
    /// multiplied.
    pub(crate) fn is_bit(&self, index: usize) -> bool {
        let cell = index.checked_sub(self.instances()).and_then(|cell| self.cells.get(cell));
        index == Layout::ONE || matches!(cell, Some(Cell::Bit | Cell::Selector))
    }

    /// The instance part of the assignment. The caller has checked the counts.
    pub(crate) fn instance(&self, params: &[i128], slots: &[i128], blinder: Fr) -> Vec<Fr> {
        let mut instance = Vec::with_capacity(self.instances() + self.witnesses());
        instance.push(Fr::one());
        instance.extend(params.iter().chain(slots).map(|value| Fr::from(*value)));
        instance.push(blinder);
        instance
    }

    /// Appends the witness cells to an instance: they satisfy the rows if any do.
    pub(crate) fn assign(&self, mut instance: Vec<Fr>) -> Vec<Fr> {
        let forms = self.forms(&instance);
        instance.resize(self.instances() + self.witnesses(), Fr::zero());
        for section in &self.sections {
            assignment::fill(&section.step, &forms, &mut FirstThatHold, &mut instance);
        }
        instance
    }

    /// Whether any choice of alternatives satisfies the rows for this instance. Every choice is
    /// tried on the rows themselves, conjunct by conjunct, which have no cells in common; where
    /// there are more than [`MAX_TURNS`], only as many, and the one of [`Self::assign`].
    pub(crate) fn satisfiable(&self, instance: Vec<Fr>) -> bool {
        let forms = self.forms(&instance);
        let empty = {
            let mut empty = instance;
            empty.resize(self.instances() + self.witnesses(), Fr::zero());
            empty
        };
        let satisfies = |section: &Section, chooser: &mut dyn Chooser| {
            let mut z = empty.clone();
            assignment::fill(&section.step, &forms, chooser, &mut z);
            section.rows.clone().all(|row| self.row_holds(row, &z))
        };
        self.sections.iter().all(|section| {
            let mut turns = EachInTurn::default();
            for _ in 0..MAX_TURNS {
                if satisfies(section, &mut turns) {
                    return true;
                }
                if !turns.advance() {
                    return false;
                }
            }
            satisfies(section, &mut FirstThatHold)
        })
    }

    fn forms(&self, instance: &[Fr]) -> Secret {
        Secret::new(self.forms.iter().map(|form| evaluate(form, instance)).collect())
    }

    fn row_holds(&self, row: usize, assignment: &[Fr]) -> bool {
        let product = |[a, b, c]: [&Row; 3]| {
            evaluate(a, assignment) * evaluate(b, assignment) == evaluate(c, assignment)
        };
        let [a, b, c] = &self.matrices;
        let rows = a.get(row).zip(b.get(row)).zip(c.get(row));
        rows.is_some_and(|((a, b), c)| product([a, b, c]))
    }

    /// Whether any row has a `C`.
    pub(crate) fn has_c(&self) -> bool {
        let [.., c] = &self.matrices;
        c.iter().any(|row| !row.is_empty())
    }

    /// Evaluates every row, once.
    pub(crate) fn evaluate(&self, assignment: &[Fr]) -> Evaluated {
        let [rows_a, rows_b, rows_c] = &self.matrices;
        let whole = self.instances() + self.witnesses();
        let mut hold = assignment.len() == whole && assignment.first().is_some_and(One::is_one);
        // Room for all, so that no copy is left behind by growing.
        let room = self.constraints() + self.instances();
        let [mut a, mut b] = [(); 2].map(|()| Secret::new(Vec::with_capacity(room)));
        for ((row_a, row_b), row_c) in rows_a.iter().zip(rows_b).zip(rows_c) {
            let [of_a, of_b] = [row_a, row_b].map(|row| evaluate(row, assignment));
            hold &= if row_c.is_empty() {
                of_a.is_zero() || of_b.is_zero()
            } else {
                of_a * of_b == evaluate(row_c, assignment)
            };
            a.push(of_a);
            b.push(of_b);
        }
        a.extend(assignment.iter().take(self.instances()));
        Evaluated { a, b, hold }
    }

    /// Whether every row holds.
    #[cfg(test)]
    pub(crate) fn is_satisfied(&self, assignment: &[Fr]) -> bool {
        self.evaluate(assignment).hold
    }
}

/// What the rows are for an assignment.
pub(crate) struct Evaluated {
    /// `A` of each row; then, as the reduction to polynomials has it, of a row for each instance
    /// variable.
    pub(crate) a: Secret,
    /// `B` of each row.
    pub(crate) b: Secret,
    /// Whether all rows hold, and the assignment is whole.
    pub(crate) hold: bool,
}

/// `⟨row, z⟩`, where a variable beyond the assignment counts as 0. Most coefficients are ±1, and
/// most variables are bits: few terms take a multiplication.
fn evaluate(row: &Row, assignment: &[Fr]) -> Fr {
    let mut sum = Fr::zero();
    for (coefficient, index) in row {
        match assignment.get(*index) {
            Some(value) if value.is_zero() => {}
            Some(value) if value.is_one() => sum += coefficient,
            Some(value) if coefficient.is_one() => sum += value,
            Some(value) if *coefficient == MINUS_ONE => sum -= value,
            Some(value) => sum += *coefficient * value,
            None => {}
        }
    }
    sum
}

/// −1.
const MINUS_ONE: Fr = ark_ff::MontFp!("-1");

#[cfg(test)]
mod tests;
