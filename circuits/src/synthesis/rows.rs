//! The rows of each part of a formula, under its guard.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use ark_ff::{One, Zero};

use super::arrangement::{Arranged, Distinct, Kind, ports_of};
use super::assignment::{Choice, Part, Step};
use super::{Cell, Layout, Row, Section, System};
use crate::formula::{Param, Slot};
use crate::normal::{Atom, Condition, Form, Relation};

/// Lays out rows.
pub(super) struct Synthesis {
    pub(super) system: System,
}

impl Synthesis {
    /// Adds rows that hold only if the condition does; how many.
    pub(super) fn enforce(&mut self, condition: &Condition) -> usize {
        let first_row = self.system.constraints();
        let arranged = Arranged::new(condition);
        let pool = self.bits(arranged.bits);
        let step = self.lay(&arranged, &one(), pool);
        let rows = first_row..self.system.constraints();
        let count = rows.len();
        self.system.sections.push(Section { step, rows });
        count
    }

    /// Cells that are bits; the index of the first.
    fn bits(&mut self, count: usize) -> usize {
        let first = self.system.instances() + self.system.witnesses();
        for _ in 0..count {
            let bit = self.cell(Cell::Bit);
            let complement = vec![(Fr::one(), Layout::ONE), (-Fr::one(), bit)];
            self.constrain(complement, vec![(Fr::one(), bit)], Row::new());
        }
        first
    }

    /// Rows that hold only if the guard is 0 or the condition holds, with the bits from `pool` on.
    fn lay(&mut self, part: &Arranged<'_>, guard: &Row, pool: usize) -> Step {
        match &part.kind {
            Kind::Atom(atom) => self.lay_atom(atom, guard, pool),
            Kind::All(parts) => {
                let mut pool = pool;
                let mut steps = Vec::with_capacity(parts.len());
                for part in parts {
                    steps.push(self.lay(part, guard, pool));
                    pool += part.bits;
                }
                Step::All(steps)
            }
            Kind::Ports(k, parts) => Step::Choice(self.lay_ports(*k, parts, guard, pool)),
            Kind::Counted(k, parts) => Step::Choice(self.lay_counted(*k, parts, guard, pool)),
        }
    }

    fn lay_atom(&mut self, atom: &Atom, guard: &Row, pool: usize) -> Step {
        let mut row = self.row(&atom.form);
        let form = self.system.forms.len();
        self.system.forms.push(row.clone());
        match atom.relation {
            Relation::NonNegative { width } => {
                let width = width as usize;
                let mut weight = Fr::one();
                for bit in pool..pool + width {
                    row.push((-weight, bit));
                    weight += weight;
                }
                self.constrain(row, guard.clone(), Row::new());
                Step::Range { form, first: pool, width }
            }
            Relation::Zero => {
                self.constrain(row, guard.clone(), Row::new());
                Step::Zero { form }
            }
            Relation::NonZero => {
                let inverse = self.cell(Cell::Inverse);
                self.constrain(row, vec![(Fr::one(), inverse)], guard.clone());
                Step::NonZero { form, inverse }
            }
        }
    }

    /// `k` ports, whose selectors sum to the guard, and no part in two of them.
    fn lay_ports(
        &mut self,
        k: usize,
        parts: &[Arranged<'_>],
        guard: &Row,
        mut pool: usize,
    ) -> Choice {
        let n = parts.len();
        let mut ports = Vec::with_capacity(k);
        for greatest in parts.iter().take(k) {
            ports.push((self.selectors(n - k + 1, guard), pool));
            pool += greatest.bits;
        }
        let (distinct, _) = Distinct::cheapest(k, n);
        let mut laid = Vec::with_capacity(n);
        for (i, part) in parts.iter().enumerate() {
            let fits = ports_of(i, k, n);
            let first_port = *fits.start();
            let places: Vec<(&Selector, usize)> = fits
                .filter_map(|port| {
                    let (selectors, pool) = ports.get(port)?;
                    Some((selectors.get(i - port)?, *pool))
                })
                .collect();
            let total = self.distinguish(&places, distinct, guard);
            let steps = match (part.bits, places.first()) {
                (0, Some((_, pool))) => vec![self.lay(part, &total, *pool)],
                _ => places.iter().map(|(at, pool)| self.lay(part, &at.row, *pool)).collect(),
            };
            let selectors = places.iter().map(|(selector, _)| selector.cell).collect();
            laid.push(Part { first_port, selectors, steps });
        }
        Choice { k, ported: true, parts: laid }
    }

    /// A part's selectors in sum, of which no two are relied upon.
    fn distinguish(
        &mut self,
        places: &[(&Selector, usize)],
        distinct: Distinct,
        guard: &Row,
    ) -> Row {
        let mut total = Row::new();
        for (selector, _) in places {
            if distinct == Distinct::Pairwise && !total.is_empty() {
                self.constrain(total.clone(), selector.row.clone(), Row::new());
            }
            total = sum(&total, Fr::one(), &selector.row);
        }
        if distinct == Distinct::Totals {
            self.constrain(sum(guard, -Fr::one(), &total), total.clone(), Row::new());
        }
        total
    }

    /// One selector for each part, 0 or the guard, which sum to `k` times the guard.
    fn lay_counted(
        &mut self,
        k: usize,
        parts: &[Arranged<'_>],
        guard: &Row,
        mut pool: usize,
    ) -> Choice {
        let all = sum(&Row::new(), Fr::from(k as u64), guard);
        let selectors = self.selectors(parts.len(), &all);
        let mut laid = Vec::with_capacity(parts.len());
        for (part, Selector { row, cell }) in parts.iter().zip(selectors) {
            self.constrain(sum(guard, -Fr::one(), &row), row.clone(), Row::new());
            let steps = vec![self.lay(part, &row, pool)];
            laid.push(Part { first_port: 0, selectors: vec![cell], steps });
            pool += part.bits;
        }
        Choice { k, ported: false, parts: laid }
    }

    /// Selectors that sum to `total`: all cells but the last, which is what they leave of it.
    fn selectors(&mut self, count: usize, total: &Row) -> Vec<Selector> {
        let cells: Vec<usize> = (1..count).map(|_| self.cell(Cell::Selector)).collect();
        let row: Row = cells.iter().map(|cell| (Fr::one(), *cell)).collect();
        let rest = Selector { row: sum(total, -Fr::one(), &row), cell: None };
        let selector = |cell| Selector { row: vec![(Fr::one(), cell)], cell: Some(cell) };
        cells.into_iter().map(selector).chain([rest]).collect()
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

/// A guard that a choice gives to one of its parts, and its cell, if it has one.
struct Selector {
    row: Row,
    cell: Option<usize>,
}

/// `a + factor·b`, each variable once.
fn sum(a: &Row, factor: Fr, b: &Row) -> Row {
    let mut terms: BTreeMap<usize, Fr> = a.iter().map(|(k, index)| (*index, *k)).collect();
    for (k, index) in b {
        *terms.entry(*index).or_default() += factor * k;
    }
    terms.into_iter().filter(|(_, k)| !k.is_zero()).map(|(index, k)| (k, index)).collect()
}

/// The constant 1.
fn one() -> Row {
    vec![(Fr::one(), Layout::ONE)]
}
