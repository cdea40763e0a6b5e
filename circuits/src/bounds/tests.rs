use ark_bn254::Fr;
use ark_ff::Field;

use super::*;
use crate::formula::{Comparison, Formula, Linear};
use crate::normal;
use crate::shape::Shape;
use crate::synthesis::System;

fn linear(slots: &[(i64, u16)], params: &[(i64, u16)]) -> Linear {
    Linear {
        slots: slots.iter().map(|(a, s)| (*a, Slot(*s))).collect(),
        params: params.iter().map(|(b, j)| (*b, Param(*j))).collect(),
    }
}

fn compare(slots: &[(i64, u16)], op: Comparison, params: &[(i64, u16)]) -> Formula {
    Formula::compare(linear(slots, &[]), op, linear(&[], params))
}

fn slot(index: u16) -> Linear {
    Linear::slot(Slot(index))
}

/// A predicate, and slots outside every bound that satisfy its comparisons in the field.
struct Case {
    slots: Vec<Interval>,
    params: Vec<Interval>,
    formula: Formula,
    bounds: Vec<BoundBy>,
    values: Vec<i128>,
    forged: Vec<Fr>,
}

impl Case {
    /// The plan is as expected, and it is the own range checks that refuse the forgery: without
    /// them the rows accept it.
    fn check(self) {
        let shape = Shape::new(self.slots.clone(), self.params.clone(), self.formula.clone());
        let shape = shape.unwrap();
        assert_eq!(shape.bounds(), self.bounds);
        assert!(!self.satisfies(shape.system()), "the forged slots are accepted");
        let conjuncts = normal::normalise(&self.formula, &self.slots, &self.params).unwrap();
        let (bare, _) = System::synthesise(self.params.len(), self.slots.len(), &conjuncts, &[]);
        assert!(self.satisfies(&bare), "the forgery fails for another reason");
    }

    fn satisfies(&self, system: &System) -> bool {
        let zeros = vec![0; self.slots.len()];
        let mut instance = system.instance(&self.values, &zeros, Fr::from(1));
        for (index, slot) in self.forged.iter().enumerate() {
            instance[system.layout().slot(index)] = *slot;
        }
        system.satisfiable(instance)
    }
}

fn two_to(exponent: u64) -> Fr {
    Fr::from(2).pow([exponent])
}

#[test]
fn forge_sum_of_two_long_slots() {
    for (op, sum) in [(Comparison::Ge, 0), (Comparison::Gt, 1), (Comparison::Eq, 0)] {
        let by = match op {
            Comparison::Eq => BoundBy::Equality(0),
            _ => BoundBy::Comparison(0),
        };
        Case {
            slots: vec![Interval::bits(64), Interval::bits(63)],
            params: vec![Interval::bits(64)],
            formula: compare(&[(1, 0), (1, 1)], op, &[(1, 0)]),
            // The narrower pays, the wider follows.
            bounds: vec![by, BoundBy::OwnRange { bits: 63 }],
            values: vec![70_000],
            forged: vec![two_to(200), Fr::from(70_000 + sum) - two_to(200)],
        }
        .check();
    }
}

#[test]
fn forge_difference_of_two_long_slots() {
    Case {
        slots: vec![Interval::bits(40); 2],
        params: vec![],
        formula: Formula::compare(linear(&[(1, 0)], &[]), Comparison::Lt, linear(&[(1, 1)], &[])),
        bounds: vec![BoundBy::OwnRange { bits: 40 }, BoundBy::Comparison(0)],
        values: vec![],
        forged: vec![two_to(200), two_to(200) + Fr::from(1)],
    }
    .check();
}

#[test]
fn forge_equality_of_two_long_slots() {
    Case {
        slots: vec![Interval::bits(22); 2],
        params: vec![],
        formula: Formula::compare(linear(&[(1, 0)], &[]), Comparison::Eq, linear(&[(1, 1)], &[])),
        bounds: vec![BoundBy::OwnRange { bits: 22 }, BoundBy::Equality(0)],
        values: vec![],
        forged: vec![two_to(200), two_to(200)],
    }
    .check();
}

#[test]
fn forge_unequal_long_slot() {
    Case {
        slots: vec![Interval::new(-10, 100).unwrap()],
        params: vec![Interval::bits(8)],
        formula: compare(&[(1, 0)], Comparison::Ne, &[(1, 0)]),
        bounds: vec![BoundBy::OwnRange { bits: 7 }],
        values: vec![9],
        forged: vec![two_to(200)],
    }
    .check();
}

/// `3x >= a` is satisfied in the field by a third of anything: only a coefficient ±1 bounds.
#[test]
fn forge_multiple_of_long_slot() {
    Case {
        slots: vec![Interval::bits(32)],
        params: vec![Interval::bits(32)],
        formula: compare(&[(3, 0)], Comparison::Ge, &[(1, 0)]),
        bounds: vec![BoundBy::OwnRange { bits: 32 }],
        values: vec![100],
        forged: vec![Fr::from(101) * Fr::from(3).inverse().unwrap()],
    }
    .check();
}

/// A slot in no comparison at all.
#[test]
fn forge_slot_that_nothing_mentions() {
    Case {
        slots: vec![Interval::bits(8), Interval::bits(5)],
        params: vec![Interval::bits(8)],
        formula: compare(&[(1, 0)], Comparison::Ge, &[(1, 0)]),
        bounds: vec![BoundBy::Comparison(0), BoundBy::OwnRange { bits: 5 }],
        values: vec![9],
        forged: vec![Fr::from(9), two_to(100)],
    }
    .check();
}

/// A parameter of 90 bits bounds `x >= a` only by 2^90.
#[test]
fn forge_slot_as_long_as_its_parameter() {
    Case {
        slots: vec![Interval::bits(64)],
        params: vec![Interval::bits(90)],
        formula: compare(&[(1, 0)], Comparison::Ge, &[(1, 0)]),
        bounds: vec![BoundBy::OwnRange { bits: 64 }],
        values: vec![1 << 80],
        forged: vec![two_to(80)],
    }
    .check();
}

/// `x > a` says `x >= a + 1`: with the greatest `a`, that is one too many.
#[test]
fn forge_slot_that_reaches_the_bound_by_one() {
    let above = |high| {
        let params = vec![Interval::new(0, high).unwrap()];
        let formula = compare(&[(1, 0)], Comparison::Gt, &[(1, 0)]);
        Shape::new(vec![Interval::bits(65)], params, formula).unwrap()
    };
    let high = 1i128 << 65;
    assert_eq!(above(high - 1).bounds(), [BoundBy::Comparison(0)]);
    assert_eq!(above(high).bounds(), [BoundBy::OwnRange { bits: 65 }]);
    assert!(!accepts(&above(high), &[high], &[two_to(66)]));
}

fn shape(slots: &[u32], params: &[u32], formulas: Vec<Formula>) -> Shape {
    let intervals = |bits: &[u32]| bits.iter().copied().map(Interval::bits).collect();
    Shape::new(intervals(slots), intervals(params), Formula::All(formulas)).unwrap()
}

/// Whether any slots that are these field elements can be made to satisfy the rows.
fn accepts(shape: &Shape, params: &[i128], forged: &[Fr]) -> bool {
    let system = shape.system();
    let mut instance = system.instance(params, &vec![0; forged.len()], Fr::from(1));
    for (index, slot) in forged.iter().enumerate() {
        instance[system.layout().slot(index)] = *slot;
    }
    system.satisfiable(instance)
}

#[test]
fn comparison_with_parameter_bounds_from_either_side() {
    for op in [Comparison::Lt, Comparison::Le, Comparison::Gt, Comparison::Ge] {
        let shape = shape(&[64], &[64], vec![compare(&[(1, 0)], op, &[(1, 0)])]);
        assert_eq!(shape.bounds(), [BoundBy::Comparison(0)]);
        for exponent in 66..254 {
            assert!(!accepts(&shape, &[1 << 63], &[two_to(exponent)]));
            assert!(!accepts(&shape, &[1 << 63], &[-two_to(exponent)]));
        }
    }
}

#[test]
fn equality_with_parameter_bounds() {
    let shape = shape(&[64], &[64], vec![compare(&[(1, 0)], Comparison::Eq, &[(1, 0)])]);
    assert_eq!(shape.bounds(), [BoundBy::Equality(0)]);
    assert_eq!(shape.constraints(), 1);
    assert!(accepts(&shape, &[5], &[Fr::from(5)]));
    assert!(!accepts(&shape, &[5], &[Fr::from(5) + two_to(200)]));
}

/// Bounds follow from bounds, in whatever order the comparisons are written.
#[test]
fn bounds_propagate_along_a_chain() {
    let less =
        |a, b| Formula::compare(linear(&[(1, a)], &[]), Comparison::Lt, linear(&[(1, b)], &[]));
    let chain = vec![less(0, 1), less(1, 2), compare(&[(1, 2)], Comparison::Eq, &[(1, 0)])];
    let shape = shape(&[40; 3], &[40], chain);
    let expected = [BoundBy::Comparison(0), BoundBy::Comparison(1), BoundBy::Equality(2)];
    assert_eq!(shape.bounds(), expected);
    assert!(accepts(&shape, &[12], &[10, 11, 12].map(Fr::from)));
    assert!(!accepts(&shape, &[12], &[-two_to(67), Fr::from(11), Fr::from(12)]));
}

/// lo < h < hi, of a status list: one own range, two differences.
#[test]
fn gap_takes_one_own_range() {
    let less =
        |a, b| Formula::compare(linear(&[(1, a)], &[]), Comparison::Lt, linear(&[(1, b)], &[]));
    let shape = shape(&[40; 3], &[], vec![less(0, 1), less(1, 2)]);
    let own = shape.bounds().iter().filter(|by| matches!(by, BoundBy::OwnRange { .. }));
    assert_eq!(own.count(), 1);
    assert_eq!(shape.constraints(), 3 * 41);
    let far = two_to(150);
    assert!(!accepts(&shape, &[], &[far, far + Fr::from(1), far + Fr::from(2)]));
}

/// A true comparison with a long own range still ends below the bound.
#[test]
fn widest_interval_stays_below_the_bound() {
    let widest = Interval::new(1 - (1 << 65), (1 << 65) - 1).unwrap();
    let formula = compare(&[(1, 0)], Comparison::Ne, &[(1, 0)]);
    let shape = Shape::new(vec![widest], vec![Interval::bits(4)], formula).unwrap();
    assert_eq!(shape.bounds(), [BoundBy::OwnRange { bits: 66 }]);
    for x in [two_to(66), -two_to(66)] {
        assert!(!accepts(&shape, &[3], &[x]));
    }
}

/// 3y + x >= a: y must pay in any case, and then x follows although it is the narrower.
#[test]
fn own_range_is_spent_first_where_nothing_could_follow() {
    let sum = compare(&[(1, 0), (3, 1)], Comparison::Ge, &[(1, 0)]);
    let shape = shape(&[22, 40], &[40], vec![sum]);
    assert_eq!(shape.bounds(), [BoundBy::Comparison(0), BoundBy::OwnRange { bits: 40 }]);
    assert!(accepts(&shape, &[7], &[Fr::from(1), Fr::from(2)]));
    assert!(!accepts(&shape, &[7], &[two_to(200), (Fr::from(8) - two_to(200)) / Fr::from(3)]));
}

mod alternatives;
