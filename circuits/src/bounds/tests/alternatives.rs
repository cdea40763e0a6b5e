//! Bounds within alternatives: what is relied upon is bounded there, by name, and no more is paid.

use super::*;

/// `slot == 1`, with parameter `param` for the 1.
fn is_one(slot: u16, param: u16) -> Formula {
    compare(&[(1, slot)], Comparison::Eq, &[(1, param)])
}

fn not_equal(slot: u16, param: u16) -> Formula {
    compare(&[(1, slot)], Comparison::Ne, &[(1, param)])
}

fn costs(shape: &Shape) -> Vec<usize> {
    shape.costs().iter().map(|cost| cost.rows).collect()
}

/// The pair of a top-level sum, with a false alternative beside it, under each connective.
#[test]
fn forge_sum_of_two_long_slots_in_an_alternative() {
    let sum = |op| compare(&[(1, 0), (1, 1)], op, &[(1, 0)]);
    let flag = || is_one(2, 1);
    let formulas = [
        (Formula::any(vec![sum(Comparison::Ge), flag()]), 0),
        (Formula::any(vec![flag(), sum(Comparison::Eq)]), 0),
        (Formula::not(Formula::all(vec![sum(Comparison::Lt), Formula::not(flag())])), 0),
        (Formula::at_least(2, vec![sum(Comparison::Gt), sum(Comparison::Ge), flag()]), 1),
    ];
    for (formula, more) in formulas {
        Case {
            slots: vec![Interval::bits(64), Interval::bits(63), Interval::bits(1)],
            params: vec![Interval::bits(64), Interval::bits(1)],
            formula: formula.clone(),
            bounds: match formula {
                // Two of the parts would have to check slot 1, and one of the same two is met.
                Formula::AtLeast(..) => vec![
                    BoundBy::Disjunction(0),
                    BoundBy::OwnRange { bits: 63 },
                    BoundBy::Alternatives,
                ],
                _ => vec![BoundBy::Alternatives; 3],
            },
            values: vec![70_000, 1],
            forged: vec![two_to(200), Fr::from(70_000 + more) - two_to(200), Fr::from(0)],
        }
        .check();
    }
}

#[test]
fn forge_unequal_long_slot_in_an_alternative() {
    let outside = |set| Formula::not(Formula::is_in(slot(0), set));
    for alternative in [not_equal(0, 0), outside(vec![Param(0), Param(1), Param(0)])] {
        let (unclaimed, either) = (BoundBy::Alternatives, BoundBy::Disjunction(0));
        let within = Formula::all(vec![alternative.clone(), is_one(1, 1)]);
        for (formula, other) in [
            (Formula::any(vec![alternative, is_one(2, 1), is_one(1, 0)]), unclaimed),
            // Both alternatives say that slot 1 is something.
            (Formula::any(vec![within, Formula::all(vec![is_one(1, 0), is_one(2, 1)])]), either),
        ] {
            Case {
                slots: vec![Interval::bits(22), Interval::bits(1), Interval::bits(1)],
                params: vec![Interval::bits(22), Interval::bits(1)],
                formula,
                bounds: vec![BoundBy::Alternatives, other, BoundBy::Alternatives],
                values: vec![0, 1],
                forged: vec![two_to(200), Fr::from(1), Fr::from(0)],
            }
            .check();
        }
    }
}

#[test]
fn forge_multiple_of_long_slot_in_an_alternative() {
    Case {
        slots: vec![Interval::bits(32), Interval::bits(1)],
        params: vec![Interval::bits(32), Interval::bits(1)],
        formula: Formula::any(vec![compare(&[(3, 0)], Comparison::Ge, &[(1, 0)]), is_one(1, 1)]),
        bounds: vec![BoundBy::Alternatives; 2],
        values: vec![100, 1],
        forged: vec![Fr::from(101) * Fr::from(3).inverse().unwrap(), Fr::from(0)],
    }
    .check();
}

/// A bound that another alternative gives is none: `x <= a` is not relied upon with `x != b`.
#[test]
fn forge_slot_that_only_another_alternative_bounds() {
    Case {
        slots: vec![Interval::bits(16)],
        params: vec![Interval::bits(16); 2],
        formula: Formula::any(vec![compare(&[(1, 0)], Comparison::Le, &[(1, 0)]), not_equal(0, 1)]),
        bounds: vec![BoundBy::Alternatives],
        values: vec![3, 4],
        forged: vec![two_to(200)],
    }
    .check();
}

/// What no one relies on may be anything, and the other alternative is true all the same.
#[test]
fn slot_of_an_alternative_not_relied_upon_is_free() {
    let formula = Formula::any(vec![compare(&[(1, 0)], Comparison::Ge, &[(1, 0)]), is_one(1, 1)]);
    let shape = shape(&[64, 1], &[64, 1], vec![formula]);
    assert!(accepts(&shape, &[9, 1], &[two_to(200), Fr::from(1)]));
    assert!(!accepts(&shape, &[9, 1], &[two_to(200), Fr::from(0)]));
    assert!(!accepts(&shape, &[9, 1], &[two_to(200), two_to(200)]));
    assert!(!accepts(&shape, &[9, 1], &[-two_to(66), -two_to(66)]));
}

/// A comparison within an alternative bounds its slot there, for nothing.
#[test]
fn comparison_in_an_alternative_bounds_there() {
    for op in [Comparison::Lt, Comparison::Le, Comparison::Gt, Comparison::Ge] {
        let formula = Formula::any(vec![compare(&[(1, 0)], op, &[(1, 0)]), is_one(1, 1)]);
        let shape = shape(&[64, 1], &[64, 1], vec![formula]);
        assert_eq!(shape.bounds(), [BoundBy::Alternatives; 2]);
        assert_eq!(costs(&shape), [66]);
        for exponent in 66..254 {
            for far in [two_to(exponent), -two_to(exponent)] {
                assert!(!accepts(&shape, &[1 << 63, 1], &[far, Fr::from(0)]));
            }
        }
    }
}

/// A membership bounds its slot outright, and through it another one.
#[test]
fn membership_bounds() {
    let member = Formula::is_in(slot(0), vec![Param(0), Param(1), Param(2)]);
    let sum = compare(&[(1, 0), (1, 1)], Comparison::Ge, &[(1, 0)]);
    let shape = shape(&[64, 64], &[64; 3], vec![sum, member]);
    assert_eq!(shape.bounds(), [BoundBy::Disjunction(1), BoundBy::Comparison(0)]);
    assert_eq!(costs(&shape), [66, 3]);
    let params = [5, 6, 7];
    assert!(accepts(&shape, &params, &[6, 100].map(Fr::from)));
    assert!(!accepts(&shape, &params, &[8, 100].map(Fr::from)));
    assert!(!accepts(&shape, &params, &[two_to(200), Fr::from(5) - two_to(200)]));
}

/// The same within an alternative.
#[test]
fn membership_bounds_in_an_alternative() {
    let member = Formula::is_in(slot(0), vec![Param(0), Param(1)]);
    let sum = compare(&[(1, 0), (1, 1)], Comparison::Ge, &[(1, 0)]);
    let formula = Formula::any(vec![is_one(2, 2), Formula::all(vec![sum, member])]);
    let shape = shape(&[64, 64, 1], &[64, 64, 1], vec![formula]);
    assert_eq!(shape.bounds(), [BoundBy::Alternatives; 3]);
    assert_eq!(costs(&shape), [65 + 1 + 2 + 1]);
    let params = [5, 6, 1];
    assert!(accepts(&shape, &params, &[6, 100, 0].map(Fr::from)));
    assert!(!accepts(&shape, &params, &[7, 100, 0].map(Fr::from)));
    let forged = [two_to(200), Fr::from(5) - two_to(200), Fr::from(0)];
    assert!(!accepts(&shape, &params, &forged));
}

/// However two of the three are met, one of them is among the two that bound the slot.
#[test]
fn at_least_bounds_what_enough_parts_bound() {
    let at_most = |j| compare(&[(1, 0)], Comparison::Le, &[(1, j)]);
    let at_least = |j| compare(&[(1, 0)], Comparison::Ge, &[(1, j)]);
    let enough = Formula::at_least(2, vec![at_most(0), at_least(1), not_equal(0, 2)]);
    let bounded = shape(&[16], &[16; 3], vec![enough]);
    assert_eq!(bounded.bounds(), [BoundBy::Disjunction(0)]);
    assert!(!accepts(&bounded, &[9, 4, 5], &[two_to(200)]));
    let two = vec![at_most(0), not_equal(0, 1), not_equal(0, 2)];
    let too_few = shape(&[16], &[16; 3], vec![Formula::at_least(2, two)]);
    assert_eq!(too_few.bounds(), [BoundBy::OwnRange { bits: 16 }]);
    assert!(!accepts(&too_few, &[9, 4, 5], &[two_to(200)]));
}

/// A slot that a membership bounds may be the longest of its elements, and what follows from it as
/// long as that: `y >= 2x` is too long if one of the elements is.
#[test]
fn forge_slot_that_follows_from_the_longer_of_two() {
    let member = |j, k| Formula::is_in(slot(0), vec![Param(j), Param(k)]);
    let twice = || Formula::compare(slot(1), Comparison::Ge, linear(&[(2, 0)], &[]));
    let high = (1i128 << 65) - 1;
    let long = Fr::from(high);
    for (params, values) in [([4, 65], [3, high]), ([65, 4], [high, 3])] {
        let long_too = shape(&[64, 64], &params, vec![member(0, 1), twice()]);
        assert_eq!(long_too.bounds(), [BoundBy::Disjunction(0), BoundBy::OwnRange { bits: 64 }]);
        assert!(!accepts(&long_too, &values, &[long, two_to(66)]));
        assert!(accepts(&long_too, &values, &[Fr::from(3), Fr::from(6)]));
    }
    let short = shape(&[64, 64], &[4, 4], vec![member(0, 1), twice()]);
    assert_eq!(short.bounds(), [BoundBy::Disjunction(0), BoundBy::Comparison(1)]);
}

/// What the whole formula bounds, its alternatives need not.
#[test]
fn alternatives_inherit_bounds() {
    let outright = compare(&[(1, 0)], Comparison::Ge, &[(1, 0)]);
    let sum = compare(&[(1, 0), (1, 1)], Comparison::Le, &[(1, 1)]);
    let shape = shape(
        &[32, 32, 1],
        &[32, 33, 1],
        vec![outright, Formula::any(vec![sum, not_equal(0, 0), is_one(2, 2)])],
    );
    let expected = [BoundBy::Comparison(0), BoundBy::Alternatives, BoundBy::Alternatives];
    assert_eq!(shape.bounds(), expected);
    assert_eq!(costs(&shape), [33, 33 + 3]);
    let forged = [two_to(200), Fr::from(5) - two_to(200), Fr::from(0)];
    assert!(!accepts(&shape, &[4, 9, 1], &forged));
}

/// Where two parts would each need the check at the same time, one is made for both.
#[test]
fn range_check_is_shared_by_what_is_relied_upon_together() {
    let either = |j| Formula::any(vec![not_equal(0, j), is_one(1, 2)]);
    let both = shape(&[40, 1], &[40, 40, 1], vec![either(0), either(1)]);
    assert_eq!(both.bounds(), [BoundBy::OwnRange { bits: 40 }, BoundBy::Alternatives]);
    assert_eq!(costs(&both), [2, 2, 41]);
    let parts = (0..3).map(|j| not_equal(0, j)).collect();
    let counted = shape(&[40], &[40; 3], vec![Formula::at_least(2, parts)]);
    assert_eq!(costs(&counted), [3 + 1, 41]);
    // Never both at once: each has its own, in the same bits.
    let never = Formula::any((0..3).map(|j| not_equal(0, j)).collect());
    let never = shape(&[40], &[40; 3], vec![never]);
    assert_eq!(never.bounds(), [BoundBy::Alternatives]);
    assert_eq!(costs(&never), [40 + 2 * 3]);
}

/// An alternative that can never hold is left out, and with it what it said of its slot.
#[test]
fn slot_of_a_dead_alternative_is_checked_like_one_that_nothing_mentions() {
    let dead = compare(&[(1, 1)], Comparison::Gt, &[(1, 1)]);
    let live = compare(&[(1, 0)], Comparison::Ge, &[(1, 0)]);
    let slots = vec![Interval::bits(8), Interval::bits(4)];
    let params = vec![Interval::bits(8), Interval::new(15, 20).unwrap()];
    let shape = Shape::new(slots, params, Formula::any(vec![dead, live])).unwrap();
    assert_eq!(shape.bounds(), [BoundBy::Comparison(0), BoundBy::OwnRange { bits: 4 }]);
    assert_eq!(costs(&shape), [9, 5]);
}
