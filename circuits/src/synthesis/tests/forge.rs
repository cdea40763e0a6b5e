//! Forgeries against guards, shared bits and counting.

use super::*;
use crate::synthesis::assignment::{Choice, holds};

fn ge(slot: u16, param: u16) -> Formula {
    compare(linear(&[(1, slot)], &[]), Comparison::Ge, linear(&[], &[(1, param)]))
}

fn eq(slot: u16, param: u16) -> Formula {
    compare(linear(&[(1, slot)], &[]), Comparison::Eq, linear(&[], &[(1, param)]))
}

fn shape_of(bits: &[u32], formula: Formula) -> Shape {
    let intervals: Vec<Interval> = bits.iter().copied().map(Interval::bits).collect();
    Shape::new(intervals.clone(), intervals, formula).unwrap()
}

fn system_of(shape: &Shape, slots: &[i128], params: &[i128]) -> Vec<Fr> {
    shape.system().assign(shape.system().instance(params, slots, Fr::from(7)))
}

/// The cells of one kind.
fn cells(system: &System, kind: Cell) -> Vec<usize> {
    let first = system.instances();
    (0..system.witnesses()).filter(|cell| system.cells[*cell] == kind).map(|c| c + first).collect()
}

/// Formulas over four slots that between them use every kind of row.
fn formulas() -> Vec<Formula> {
    let ne = |s, p| Formula::not(eq(s, p));
    vec![
        Formula::any(vec![ge(0, 0), ge(1, 1), eq(2, 2)]),
        Formula::at_least(2, vec![ge(0, 0), ge(1, 1), ge(2, 2)]),
        Formula::at_least(2, vec![ge(0, 0), ge(1, 1), eq(2, 2), ne(3, 3)]),
        Formula::at_least(3, vec![ge(0, 0), ge(1, 1), eq(2, 2), ne(3, 3)]),
        Formula::any(vec![
            Formula::at_least(2, vec![ge(0, 0), ge(1, 1), ge(2, 2)]),
            Formula::all(vec![ne(3, 3), Formula::not(ge(2, 2))]),
        ]),
        Formula::at_least(
            2,
            vec![
                Formula::all(vec![ge(0, 0), ge(1, 1)]),
                Formula::any(vec![ge(2, 2), eq(0, 0)]),
                Formula::is_in(Linear::slot(Slot(3)), vec![Param(0), Param(3)]),
            ],
        ),
        counted(),
    ]
}

/// Two pairs of which each part needs many rows: cheaper to count than to give ports.
fn counted() -> Formula {
    let outside = |s| {
        let set = (0..4).map(Param).collect();
        Formula::all(vec![ge(s, s), Formula::not(Formula::is_in(Linear::slot(Slot(s)), set))])
    };
    Formula::at_least(2, (0..4).map(outside).collect())
}

#[test]
fn both_forms_of_counting_occur() {
    let ported = |formula| {
        let shape = shape_of(&[4; 4], formula);
        let step = &shape.system().sections[0].step;
        matches!(step, Step::Choice(Choice { ported: true, .. }))
    };
    assert!(!ported(counted()));
    assert!(formulas().into_iter().filter(|formula| ported(formula.clone())).count() >= 4);
}

/// The cells on which a part that is relied upon depends.
fn relied(step: &Step, forms: &[Fr], out: &mut Vec<usize>) {
    match step {
        Step::Range { first, width, .. } => out.extend(*first..first + width),
        Step::Zero { .. } => {}
        Step::NonZero { inverse, .. } => out.push(*inverse),
        Step::All(steps) => steps.iter().for_each(|step| relied(step, forms, out)),
        Step::Choice(choice) => {
            for (port, chosen) in FirstThatHold.choose(choice, forms).into_iter().enumerate() {
                let part = &choice.parts[chosen];
                let at = if choice.ported { port - part.first_port } else { 0 };
                let step = part.steps.get(at).unwrap_or(&part.steps[0]);
                relied(step, forms, out);
            }
        }
    }
}

/// Whether every part whose selector isn't 0 can be met.
fn selected_parts_hold(step: &Step, forms: &[Fr], z: &[Fr]) -> bool {
    let Step::Choice(choice) = step else { return true };
    choice.parts.iter().all(|part| {
        let at = part.selectors.iter().position(|s| s.is_some_and(|cell| !z[cell].is_zero()));
        at.is_none_or(|at| holds(part.steps.get(at).unwrap_or(&part.steps[0]), forms))
    })
}

/// Every witness cell of a true assignment: those that are relied upon are fixed, and any other
/// choice that passes relies on what is true.
#[test]
fn reject_each_mutated_cell_that_is_relied_upon() {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let params = [5, 6, 7, 8];
    let (mut refused, mut chosen_anew) = (0, 0);
    for formula in formulas() {
        let shape = shape_of(&[4; 4], formula);
        let system = shape.system();
        for slots in [[5, 6, 7, 3], [5, 6, 1, 8], [9, 1, 7, 5], [0, 9, 7, 8], [15, 15, 2, 9]] {
            if !shape.holds(&slots, &params).unwrap() {
                continue;
            }
            let honest = system_of(&shape, &slots, &params);
            assert!(system.is_satisfied(&honest));
            let forms = system.forms(&honest[..system.instances()]);
            let mut fixed = Vec::new();
            let steps = || system.sections.iter().map(|section| &section.step);
            steps().for_each(|step| relied(step, &forms, &mut fixed));
            for cell in system.instances()..honest.len() {
                let old = honest[cell];
                let one = Fr::from(1);
                for new in [old + one, old - one, one - old, -old - one, Fr::rand(&mut rng)] {
                    let mut mutated = honest.clone();
                    mutated[cell] = new;
                    if new == old || !system.is_satisfied(&mutated) {
                        refused += 1;
                        continue;
                    }
                    assert!(!fixed.contains(&cell), "cell {cell} is free");
                    let true_parts = steps().all(|s| selected_parts_hold(s, &forms, &mutated));
                    assert!(true_parts, "cell {cell} relies on what is false");
                    chosen_anew += 1;
                }
            }
        }
    }
    assert!(refused > 1000 && chosen_anew > 10, "{refused} {chosen_anew}");
}

/// All assignments of bits and, for selectors, of 0, 1, 2 and −1, at 1 and 2 bits: a false
/// statement has no witness, and a true one has.
#[test]
fn forge_any_witness_by_trying_all() {
    let formulas = [
        Formula::any(vec![ge(0, 0), ge(1, 1), eq(2, 2)]),
        Formula::at_least(2, vec![ge(0, 0), ge(1, 1), ge(2, 2)]),
        Formula::at_least(2, vec![eq(0, 0), eq(1, 1), eq(2, 2), eq(0, 1)]),
        Formula::at_least(3, vec![eq(0, 0), eq(1, 1), eq(2, 2), eq(0, 1)]),
        Formula::any(vec![eq(0, 1), Formula::at_least(2, vec![ge(0, 0), eq(1, 1), eq(2, 2)])]),
    ];
    let values = [Fr::from(0), Fr::from(1), Fr::from(2), -Fr::from(1)];
    for formula in formulas {
        let shape = shape_of(&[1, 2, 1], formula);
        let system = shape.system();
        assert!(cells(system, Cell::Inverse).is_empty());
        let (bits, selectors) = (cells(system, Cell::Bit), cells(system, Cell::Selector));
        for slots in (0..16i128).map(|n| [n & 1, (n >> 1) & 3, n >> 3]) {
            let params = [1, 2, 1];
            let mut z = system_of(&shape, &slots, &params);
            let found = (0..1usize << (2 * selectors.len())).any(|choice| {
                for (at, cell) in selectors.iter().enumerate() {
                    z[*cell] = values[(choice >> (2 * at)) & 3];
                }
                (0..1u32 << bits.len()).any(|word| {
                    for (at, cell) in bits.iter().enumerate() {
                        z[*cell] = Fr::from((word >> at) & 1);
                    }
                    system.is_satisfied(&z)
                })
            });
            assert_eq!(found, shape.holds(&slots, &params).unwrap(), "{slots:?}");
        }
    }
}

/// Guards have no rows that make them bits. They need none: whatever isn't 0 relies on its part.
#[test]
fn forge_guard_that_is_no_bit() {
    let mut rng = ChaCha20Rng::seed_from_u64(6);
    for formula in formulas() {
        let shape = shape_of(&[4; 4], formula);
        let system = shape.system();
        let selectors = cells(system, Cell::Selector);
        for slots in [[0; 4], [15, 0, 0, 1], [4, 15, 3, 1], [4, 0, 9, 1]] {
            let params = [14, 14, 8, 1];
            let holds = shape.holds(&slots, &params).unwrap();
            let mut z = system_of(&shape, &slots, &params);
            assert_eq!(system.is_satisfied(&z), holds);
            for _ in 0..200 * usize::from(!holds) {
                for cell in &selectors {
                    let special = [Fr::from(0), Fr::from(1), Fr::from(2), -Fr::from(1)];
                    let pick = u8::rand(&mut rng) % 5;
                    z[*cell] =
                        special.get(usize::from(pick)).copied().unwrap_or(Fr::rand(&mut rng));
                }
                assert!(!system.is_satisfied(&z));
            }
        }
    }
}

/// F and −F sum to 0, which the shared bits could show of two forms at once, if they were summed:
/// each is held against the bits on its own.
#[test]
fn forge_two_selected_parts_that_cancel() {
    let shape = shape_of(&[8; 2], Formula::any(vec![ge(0, 0), ge(1, 1)]));
    let system = shape.system();
    let params = [100, 100];
    // The forms are 20 and −20, then −20 and −20.
    for (slots, holds) in [([120, 80], true), ([80, 80], false)] {
        let mut z = system_of(&shape, &slots, &params);
        assert_eq!(system.is_satisfied(&z), holds);
        let [selector] = cells(system, Cell::Selector)[..] else { panic!("one selector") };
        let half = Fr::from(2).inverse().unwrap();
        for value in [half, Fr::from(2), -Fr::from(1), Fr::from(7)] {
            z[selector] = value;
            for word in 0..256u32 {
                for (at, cell) in cells(system, Cell::Bit).into_iter().enumerate() {
                    z[cell] = Fr::from((word >> at) & 1);
                }
                assert!(!system.is_satisfied(&z), "both are selected, and one is negative");
            }
        }
    }
}

/// Cells that aren't bits would show anything.
#[test]
fn forge_bits_of_an_alternative_that_are_none() {
    let shape = shape_of(&[8; 2], Formula::any(vec![ge(0, 0), ge(1, 1)]));
    let system = shape.system();
    let mut z = system_of(&shape, &[80, 90], &[100, 100]);
    let bits = cells(system, Cell::Bit);
    bits.iter().for_each(|bit| z[*bit] = Fr::from(0));
    z[bits[0]] = -Fr::from(20);
    let failing: Vec<usize> =
        (0..system.constraints()).filter(|row| !system.row_holds(*row, &z)).collect();
    assert_eq!(failing.len(), 1, "only the row that makes it a bit refuses it");
    let [a, b, _] = system.matrices();
    assert!(
        a[failing[0]]
            .iter()
            .chain(&b[failing[0]])
            .all(|(_, index)| { *index == bits[0] || *index == Layout::ONE })
    );
}

/// `k − 1` parts that hold, for every k and n up to 5, and each of the parts alone as the second.
#[test]
fn forge_k_minus_one() {
    for n in 2..=5u16 {
        for k in 1..=n {
            for part in [ge, eq] {
                let parts = (0..n).map(|i| part(i, i)).collect();
                let formula = Formula::at_least(usize::from(k), parts);
                let shape = shape_of(&vec![3; usize::from(n)], formula);
                let params = vec![4; usize::from(n)];
                for held in 0..1u32 << n {
                    let slots: Vec<i128> =
                        (0..n).map(|i| if held >> i & 1 == 1 { 4 } else { 3 }).collect();
                    let expected = held.count_ones() >= u32::from(k);
                    assert_eq!(shape.satisfiable(&slots, &params), Ok(expected));
                    assert_eq!(accepts(&shape, &slots, &params), expected);
                }
            }
        }
    }
}

/// One part in both ports. The row that refuses it is the one that keeps the ports distinct.
#[test]
fn forge_part_counted_twice() {
    let formula = Formula::at_least(2, vec![ge(0, 0), ge(1, 1), ge(2, 2)]);
    let shape = shape_of(&[8; 3], formula);
    let system = shape.system();
    let mut z = system_of(&shape, &[1, 200, 1], &[100; 3]);
    assert!(!system.is_satisfied(&z));
    let Step::Choice(choice) = &system.sections[0].step else { panic!("a choice") };
    let twice = choice.parts.iter().find(|part| part.selectors.len() == 2).unwrap();
    for part in &choice.parts {
        part.selectors.iter().flatten().for_each(|cell| z[*cell] = Fr::from(0));
    }
    twice.selectors.iter().flatten().for_each(|cell| z[*cell] = Fr::from(1));
    for (at, cell) in cells(system, Cell::Bit).into_iter().enumerate() {
        z[cell] = Fr::from((100u32 >> (at % 8)) & 1);
    }
    let failing = (0..system.constraints()).filter(|row| !system.row_holds(*row, &z));
    assert_eq!(failing.count(), 1, "only the row that keeps ports distinct refuses it");
}

/// Three of seven where four are due: too many pairs, so each part's selectors are held in sum.
#[test]
fn forge_part_counted_twice_among_many() {
    let formula = Formula::at_least(4, (0..7).map(|i| ge(i, i)).collect());
    let shape = shape_of(&[8; 7], formula);
    // Bits of four, a row for each part and port, and one for each part.
    assert_eq!(shape.constraints(), 4 * 8 + 4 * 4 + 7);
    for held in 0..1u32 << 7 {
        let slots: Vec<i128> = (0..7).map(|i| if held >> i & 1 == 1 { 200 } else { 1 }).collect();
        let expected = held.count_ones() >= 4;
        assert_eq!(shape.satisfiable(&slots, &[100; 7]), Ok(expected), "{slots:?}");
        assert_eq!(accepts(&shape, &slots, &[100; 7]), expected, "{slots:?}");
    }
}

/// Where parts are counted: one that holds, with selector 2, and its inverses to suit. The row
/// that refuses it is the one that makes its selector 0 or the guard.
#[test]
fn forge_count_that_is_no_sum_of_ones() {
    let shape = shape_of(&[4; 4], counted());
    let system = shape.system();
    let (slots, params) = ([9, 0, 0, 0], [8, 7, 6, 5]);
    assert_eq!(shape.satisfiable(&slots, &params), Ok(false));
    let mut z = system_of(&shape, &slots, &params);
    let forms = system.forms(&z[..system.instances()]);
    let Step::Choice(choice) = &system.sections[0].step else { panic!("a choice") };
    for (part, value) in choice.parts.iter().zip([2u64, 0, 0, 0]) {
        part.selectors.iter().flatten().for_each(|cell| z[*cell] = Fr::from(value));
        let Step::All(steps) = &part.steps[0] else { panic!("a conjunction") };
        for step in steps {
            if let Step::NonZero { form, inverse } = step {
                z[*inverse] = forms[*form].inverse().unwrap_or_default() * Fr::from(value);
            }
        }
    }
    let failing = (0..system.constraints()).filter(|row| !system.row_holds(*row, &z));
    assert_eq!(failing.count(), 1, "only the row of its selector refuses it");
}
