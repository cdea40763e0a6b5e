//! What each construct costs, to the row.

use super::*;
use crate::shape::CostOf;

fn ge(slot: u16, param: u16) -> Formula {
    compare(Linear::slot(Slot(slot)), Comparison::Ge, Linear::param(Param(param)))
}

fn eq(slot: u16, param: u16) -> Formula {
    compare(Linear::slot(Slot(slot)), Comparison::Eq, Linear::param(Param(param)))
}

fn constraints(slots: &[u32], params: &[u32], formula: Formula) -> usize {
    let intervals = |bits: &[u32]| bits.iter().copied().map(Interval::bits).collect();
    let shape = Shape::new(intervals(slots), intervals(params), formula).unwrap();
    let rows = shape.costs().iter().map(|cost| cost.rows);
    assert_eq!(rows.sum::<usize>(), shape.constraints());
    shape.constraints()
}

fn member(slot: u16, params: std::ops::Range<u16>) -> Formula {
    Formula::is_in(Linear::slot(Slot(slot)), params.map(Param).collect())
}

#[test]
fn membership_costs_a_row_for_each_element() {
    assert_eq!(constraints(&[64], &[64; 16], member(0, 0..16)), 16);
    assert_eq!(constraints(&[64], &[64; 256], member(0, 0..256)), 256);
    assert_eq!(constraints(&[64], &[64; 1], member(0, 0..1)), 1);
    assert_eq!(constraints(&[64], &[64; 16], Formula::not(member(0, 0..16))), 16 + 65);
    let either = Formula::any(vec![member(0, 0..16), eq(1, 16)]);
    assert_eq!(constraints(&[64, 1], &[64; 17], either), 17);
}

#[test]
fn two_of_three_thresholds_cost_the_bits_of_two() {
    let formula = |width| {
        let parts = (0..3).map(|i| ge(i, i)).collect();
        constraints(&[width; 3], &[width; 3], Formula::at_least(2, parts))
    };
    assert_eq!((formula(32), formula(64)), (69, 133));
    // The widest port takes the widest two.
    let parts = vec![ge(0, 0), ge(1, 1), ge(2, 2)];
    let mixed = constraints(&[8, 64, 22], &[8, 64, 22], Formula::at_least(2, parts));
    assert_eq!(mixed, 64 + 22 + 5);
}

/// Two 64-bit thresholds and a licence flag: as an accredited investor in the United States.
#[test]
fn alternatives_cost_the_bits_of_one() {
    let formula = Formula::any(vec![ge(0, 0), ge(1, 1), eq(2, 2)]);
    assert_eq!(constraints(&[64, 64, 1], &[64, 64, 1], formula), 67);
    // Three conjuncts in one alternative take no more bits than the widest of the others.
    let small = Formula::all(vec![ge(1, 1), ge(2, 1), ge(3, 1)]);
    let formula = Formula::any(vec![ge(0, 0), small]);
    assert_eq!(constraints(&[64, 16, 16, 16], &[64, 16], formula), 64 + 4);
}

#[test]
fn costs_are_given_for_each_conjunct_as_written() {
    let shape = Shape::new(
        vec![Interval::bits(22), Interval::bits(8), Interval::bits(8)],
        vec![Interval::bits(22), Interval::bits(8)],
        Formula::all(vec![
            ge(0, 0),
            Formula::all(vec![
                Formula::not(Formula::any(vec![eq(1, 1), ge(2, 1)])),
                Formula::any(vec![eq(1, 0), eq(2, 0)]),
            ]),
        ]),
    )
    .unwrap();
    let costs: Vec<_> = shape.costs().iter().map(|cost| (cost.of, cost.rows)).collect();
    let expected = [
        (CostOf::Conjunct(0), 23),
        // y != b, and z < b in as many bits as z can be below.
        (CostOf::Conjunct(1), 1 + 9),
        (CostOf::Conjunct(2), 2),
        (CostOf::OwnRange(1), 9),
    ];
    assert_eq!(costs, expected);
}

/// Truths in the open cost a row where they stand beside others.
#[test]
fn truth_costs_a_row() {
    let formula = Formula::any(vec![Formula::Holds(Param(1)), ge(0, 0)]);
    assert_eq!(constraints(&[64], &[64, 1], formula), 66);
    let formula = Formula::all(vec![Formula::Holds(Param(1)), ge(0, 0)]);
    assert_eq!(constraints(&[64], &[64, 1], formula), 66);
}

/// Many parts with much in each are counted, not given ports: the rows stay linear.
#[test]
fn wide_counts_stay_linear() {
    let parts = |n: u16| (0..n).map(|i| eq(i, i)).collect::<Vec<_>>();
    let rows = |k, n: u16| {
        let bits = vec![8; usize::from(n)];
        constraints(&bits, &bits, Formula::at_least(k, parts(n)))
    };
    assert_eq!((rows(2, 4), rows(2, 100), rows(50, 100)), (4 + 2, 100 + 98, 200));
    let nested = |inner: Vec<Formula>| {
        Formula::at_least(2, inner.chunks(4).map(|four| Formula::all(four.to_vec())).collect())
    };
    let bits = vec![8; 64];
    assert!(constraints(&bits, &bits, nested((0..64).map(|i| ge(i, i)).collect())) < 64 * 9 + 32);
}

/// All selectors are added, not multiplied, by the prover; and nothing else is in `B` but bits,
/// guards and inverses.
#[test]
fn guards_are_bits_to_the_prover() {
    let formula = Formula::any(vec![
        Formula::at_least(2, vec![ge(0, 0), ge(1, 1), eq(2, 2)]),
        Formula::not(member(2, 0..3)),
    ]);
    let shape =
        Shape::new(vec![Interval::bits(8); 3], vec![Interval::bits(8); 3], formula).unwrap();
    let system = shape.system();
    let [_, b, c] = system.matrices();
    let first = system.instances();
    for (_, index) in b.iter().flatten() {
        let inverse = index.checked_sub(first).is_some_and(|at| system.cells[at] == Cell::Inverse);
        assert!(system.is_bit(*index) || inverse, "{index}");
    }
    assert!(c.iter().flatten().all(|(_, index)| system.is_bit(*index)));
    assert_eq!(system.cells.iter().filter(|cell| **cell == Cell::Inverse).count(), 3);
}
