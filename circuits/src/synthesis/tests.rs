use ark_ff::{Field, UniformRand};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::formula::{Comparison, Formula, Interval, Linear, Param, Slot};
use crate::shape::Shape;

/// `Σ a_s·slot_s + Σ b_j·param_j`.
fn linear(slots: &[(i64, u16)], params: &[(i64, u16)]) -> Linear {
    Linear {
        slots: slots.iter().map(|(a, s)| (*a, Slot(*s))).collect(),
        params: params.iter().map(|(b, j)| (*b, Param(*j))).collect(),
    }
}

fn compare(left: Linear, op: Comparison, right: Linear) -> Formula {
    Formula::Compare { left, op, right }
}

fn slot_against_param(op: Comparison) -> Formula {
    compare(linear(&[(1, 0)], &[]), op, linear(&[], &[(1, 0)]))
}

/// Whether some witness satisfies the rows for this instance: the recipe's is the only candidate.
fn accepts(shape: &Shape, slots: &[i128], params: &[i128]) -> bool {
    let system = shape.system();
    let instance = system.instance(params, slots, Fr::from(7));
    system.is_satisfied(&system.assign(instance))
}

/// Whether slots that are any field elements can be made to satisfy the rows.
fn accepts_elements(shape: &Shape, slots: &[Fr], params: &[i128]) -> bool {
    let system = shape.system();
    let zeros = vec![0; slots.len()];
    let mut instance = system.instance(params, &zeros, Fr::from(7));
    for (index, slot) in slots.iter().enumerate() {
        instance[system.layout().slot(index)] = *slot;
    }
    system.is_satisfied(&system.assign(instance))
}

/// Every formula shape of the 4-bit twin, for one operator: `(formula, slots, params)`.
fn twins(op: Comparison) -> Vec<(Formula, usize, usize)> {
    let (x, y) = (linear(&[(1, 0)], &[]), linear(&[(1, 1)], &[]));
    let (a, b) = (linear(&[], &[(1, 0)]), linear(&[], &[(1, 1)]));
    vec![
        (slot_against_param(op), 1, 1),
        (compare(a.clone(), op, x.clone()), 1, 1),
        (compare(x.clone(), op, y.clone()), 2, 0),
        (compare(linear(&[(1, 0), (1, 1)], &[]), op, a.clone()), 2, 1),
        (compare(linear(&[(3, 0)], &[]), op, linear(&[(-2, 1)], &[(1, 0)])), 2, 1),
        (Formula::All(vec![compare(x, op, a), compare(y, op, b)]), 2, 2),
    ]
}

/// All tuples of 4-bit values.
fn four_bit_tuples(length: usize) -> impl Iterator<Item = Vec<i128>> {
    (0..1i128 << (4 * length)).map(move |n| (0..length).map(|i| (n >> (4 * i)) & 15).collect())
}

#[test]
fn twin_circuit_accepts_exactly_what_holds_at_four_bits() {
    for op in Comparison::ALL {
        for (formula, slots, params) in twins(op) {
            let four_bits = |count| vec![Interval::bits(4); count];
            let shape = Shape::new(four_bits(slots), four_bits(params), formula).unwrap();
            let (mut held, mut failed) = (0, 0);
            for values in four_bit_tuples(slots + params) {
                let (slots, params) = values.split_at(slots);
                let holds = shape.holds(slots, params).unwrap();
                assert_eq!(accepts(&shape, slots, params), holds, "{op:?} {slots:?} {params:?}");
                if holds { held += 1 } else { failed += 1 }
            }
            assert!(held > 0 && failed > 0, "{op:?} is never, or always, true");
        }
    }
}

/// The recipe's witness is the only one that could do: shown here by trying all others.
#[test]
fn twin_has_no_other_witness_at_four_bits() {
    for op in [Comparison::Lt, Comparison::Ge, Comparison::Eq] {
        let two = compare(linear(&[(1, 0)], &[]), op, linear(&[(1, 1)], &[]));
        let shape = Shape::new(vec![Interval::bits(4); 2], vec![], two).unwrap();
        let system = shape.system();
        for values in four_bit_tuples(2) {
            let instance = system.instance(&[], &values, Fr::from(7));
            let satisfying = (0..1u32 << system.witnesses()).filter(|bits| {
                let mut assignment = instance.clone();
                let cells = (0..system.witnesses()).map(|i| Fr::from((bits >> i) & 1));
                assignment.extend(cells);
                system.is_satisfied(&assignment)
            });
            let expected = usize::from(shape.holds(&values, &[]).unwrap());
            assert_eq!(satisfying.count(), expected, "{op:?} {values:?}");
        }
    }
}

#[test]
fn edges_of_sixty_four_bits() {
    let edges = [0, 1, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, (1 << 64) - 2, (1 << 64) - 1];
    for op in Comparison::ALL {
        let shape =
            Shape::new(vec![Interval::bits(64)], vec![Interval::bits(64)], slot_against_param(op))
                .unwrap();
        for x in edges {
            for a in edges {
                let holds = shape.holds(&[x], &[a]).unwrap();
                assert_eq!(accepts(&shape, &[x], &[a]), holds, "{x} {op:?} {a}");
            }
        }
    }
}

/// `p − 1`, `p − 2^63` and the like: integers of the other sign, if a circuit forgets to bound.
#[test]
fn reject_slot_from_the_end_of_the_field() {
    let far = [-Fr::from(1), -Fr::from(1u64 << 63), -Fr::from(u64::MAX), Fr::from(2).pow([200])];
    for op in [Comparison::Ge, Comparison::Gt, Comparison::Ne] {
        let shape =
            Shape::new(vec![Interval::bits(64)], vec![Interval::bits(64)], slot_against_param(op))
                .unwrap();
        for x in far {
            for a in [0, 1 << 63, (1 << 64) - 1] {
                assert!(!accepts_elements(&shape, &[x], &[a]), "{op:?} {a}");
            }
        }
    }
}

/// A slot below 0 is still an integer: `x <= a` is true of it, and the circuit may say so.
#[test]
fn negative_slot_is_compared_as_the_integer_that_it_is() {
    let shape = Shape::new(
        vec![Interval::bits(8)],
        vec![Interval::bits(8)],
        slot_against_param(Comparison::Le),
    )
    .unwrap();
    assert!(accepts_elements(&shape, &[-Fr::from(1)], &[0]));
    assert!(!accepts_elements(&shape, &[-Fr::from(1u64 << 9)], &[0]));
}

fn mixed_shape() -> Shape {
    Shape::new(
        vec![Interval::bits(64), Interval::bits(22), Interval::new(-50, 50).unwrap()],
        vec![Interval::bits(64), Interval::bits(22), Interval::bits(5)],
        Formula::All(vec![
            slot_against_param(Comparison::Ge),
            compare(linear(&[(1, 1)], &[]), Comparison::Lt, linear(&[], &[(1, 1)])),
            compare(linear(&[(1, 2)], &[]), Comparison::Ne, linear(&[], &[(1, 2)])),
        ]),
    )
    .unwrap()
}

#[test]
fn reject_each_mutated_witness_cell() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let shape = mixed_shape();
    let system = shape.system();
    let instance = system.instance(&[1000, 700_000, 9], &[52_000, 699_999, -8], Fr::from(7));
    let honest = system.assign(instance);
    assert!(system.is_satisfied(&honest));
    for cell in system.instances()..honest.len() {
        let replacements = [
            honest[cell] + Fr::from(1),
            honest[cell] - Fr::from(1),
            -honest[cell] - Fr::from(1),
            Fr::from(1) - honest[cell],
            Fr::rand(&mut rng),
        ];
        for replacement in replacements.into_iter().filter(|value| *value != honest[cell]) {
            let mut forged = honest.clone();
            forged[cell] = replacement;
            assert!(!system.is_satisfied(&forged), "cell {cell} is free");
        }
    }
    assert!(!system.is_satisfied(&honest[..honest.len() - 1]));
    let mut without_one = honest.clone();
    without_one[Layout::ONE] = Fr::from(2);
    assert!(!system.is_satisfied(&without_one));
}

/// Cells that aren't bits, and yet sum to the form: a carry between neighbours, or all of a
/// negative form in its lowest cell.
#[test]
fn forge_bits_that_are_none() {
    let shape = mixed_shape();
    let system = shape.system();
    let assign = |threshold| {
        system.assign(system.instance(&[threshold, 700_000, 9], &[52_000, 6, -8], Fr::from(7)))
    };
    let (honest, first) = (assign(1000), system.instances());
    for cell in first..first + 63 {
        let mut forged = honest.clone();
        forged[cell] += Fr::from(2);
        forged[cell + 1] -= Fr::from(1);
        assert!(!system.is_satisfied(&forged), "cells {cell} and the next");
    }
    let mut forged = assign(52_001);
    assert!(!system.is_satisfied(&forged));
    forged[first..first + 64].fill(Fr::from(0));
    forged[first] = -Fr::from(1);
    assert!(!system.is_satisfied(&forged));
}

#[test]
fn blinder_is_in_no_constraint() {
    let shape = mixed_shape();
    let system = shape.system();
    let blinder = system.layout().blinder();
    assert_eq!(blinder, system.instances() - 1);
    let rows = system.matrices().iter().flatten().flatten();
    assert!(rows.clone().count() > 0 && rows.clone().all(|(_, index)| *index != blinder));
    let with = |v: u64| system.assign(system.instance(&[0, 700_000, 9], &[1, 2, 3], Fr::from(v)));
    assert!(system.is_satisfied(&with(0)) && system.is_satisfied(&with(u64::MAX)));
}

/// `B` holds bits, inverses and constants: what stands there is multiplied in G2.
#[test]
fn no_slot_or_parameter_stands_in_b() {
    let shape = mixed_shape();
    let system = shape.system();
    let [_, b, _] = system.matrices();
    let instance_in_b = b.iter().flatten().filter(|(_, i)| (1..system.instances()).contains(i));
    assert_eq!(instance_in_b.count(), 0);
}

#[test]
fn costs_are_the_bits_and_one() {
    let single = |bits| {
        let shape = Shape::new(
            vec![Interval::bits(bits)],
            vec![Interval::bits(bits)],
            slot_against_param(Comparison::Ge),
        );
        shape.unwrap().constraints()
    };
    assert_eq!((single(22), single(64)), (23, 65));
    let window = |op, j| compare(linear(&[(1, j)], &[]), op, linear(&[], &[(1, 1)]));
    let shape = Shape::new(
        vec![Interval::bits(64), Interval::bits(22), Interval::bits(22)],
        vec![Interval::bits(64), Interval::bits(22)],
        Formula::All(vec![
            slot_against_param(Comparison::Ge),
            window(Comparison::Le, 1),
            window(Comparison::Gt, 2),
        ]),
    )
    .unwrap();
    assert_eq!((shape.constraints(), shape.domain_size()), (111, 128));
}

/// A form that can only be 0 has no bits, and is still enforced.
#[test]
fn range_of_no_bits_is_an_equality() {
    let at_least_top = compare(linear(&[(1, 0)], &[]), Comparison::Ge, linear(&[], &[(1, 0)]));
    let top = Interval::new(15, 15).unwrap();
    let shape = Shape::new(vec![Interval::bits(4)], vec![top], at_least_top).unwrap();
    assert_eq!(shape.constraints(), 1);
    assert!(accepts(&shape, &[15], &[15]));
    assert!(!accepts(&shape, &[14], &[15]) && !accepts(&shape, &[16], &[15]));
}

fn terms(count: u16) -> impl Strategy<Value = Vec<(i64, u16)>> {
    prop::collection::vec((-9i64..=9, 0..count), 0..3)
}

fn comparison() -> impl Strategy<Value = Formula> {
    let op = prop::sample::select(&Comparison::ALL[..]);
    (terms(3), terms(2), op, terms(3), terms(2))
        .prop_map(|(a, b, op, c, d)| compare(linear(&a, &b), op, linear(&c, &d)))
}

fn claim() -> impl Strategy<Value = Formula> {
    let set = prop::collection::vec((0u16..2).prop_map(Param), 1..4);
    let member = (terms(3), set).prop_map(|(form, set)| Formula::is_in(linear(&form, &[]), set));
    prop_oneof![6 => comparison(), 1 => member, 1 => Just(Formula::Holds(Param(2)))]
}

fn formula() -> impl Strategy<Value = Formula> {
    claim().prop_recursive(4, 12, 4, |inner| {
        let parts = || prop::collection::vec(inner.clone(), 1..5);
        prop_oneof![
            parts().prop_map(Formula::all),
            parts().prop_map(Formula::any),
            inner.clone().prop_map(Formula::not),
            (0..4usize, parts())
                .prop_map(|(k, parts)| Formula::at_least(1 + k % parts.len(), parts)),
        ]
    })
}

fn interval() -> impl Strategy<Value = Interval> {
    prop::sample::select(vec![
        Interval::bits(1),
        Interval::bits(5),
        Interval::bits(64),
        Interval::new(-9, 9).unwrap(),
        Interval::new(-(1 << 40), -3).unwrap(),
    ])
}

/// Values at the ends of an interval, beside them, or inside.
fn value(interval: &Interval, choice: u64) -> i128 {
    let (low, high) = (interval.low(), interval.high());
    let inside = low + i128::from(choice >> 3) % (high - low + 1);
    let value = [low, high, low + 1, high - 1, inside, inside, 0, 1][(choice & 7) as usize];
    value.clamp(low, high)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// Any formula, true or false, and whatever a prover puts in place of a slot.
    #[test]
    fn circuit_agrees_with_native_meaning(
        formula in formula(),
        slot_intervals in prop::collection::vec(interval(), 3),
        param_intervals in prop::collection::vec(interval(), 2),
        choices in prop::collection::vec(any::<u64>(), 6),
        far in any::<[u64; 3]>(),
    ) {
        let param_intervals = [param_intervals, vec![Interval::bits(1)]].concat();
        let Ok(shape) = Shape::new(slot_intervals, param_intervals, formula) else { return Ok(()) };
        let intervals = shape.slots().iter().chain(shape.params());
        let values: Vec<i128> = intervals.zip(&choices).map(|(i, c)| value(i, *c)).collect();
        let (slots, params) = values.split_at(3);
        let holds = shape.holds(slots, params).unwrap();
        prop_assert_eq!(accepts(&shape, slots, params), holds);
        prop_assert_eq!(shape.satisfiable(slots, params), Ok(holds));

        // 2^192 and beyond, at random: bounded slots leave no room for it, and of the others
        // nothing is claimed.
        for index in 0..3 {
            let mut forged: Vec<Fr> = slots.iter().map(|slot| Fr::from(*slot)).collect();
            forged[index] += Fr::from(2).pow([192]) * Fr::from(far[index] | 1);
            if accepts_elements(&shape, &forged, params) {
                for other in [-(1 << 66), -1000, -1, 0, 1, 9, 31, 1000, 1 << 66] {
                    let mut integers = slots.to_vec();
                    integers[index] = other;
                    prop_assert!(shape.formula().evaluate(&integers, params));
                }
            }
        }
    }
}

mod costs;
mod forge;
mod nested;
mod twin;
