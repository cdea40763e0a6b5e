//! Exhaustive at 4 bits: every construct, alone and within every connective; native meaning and
//! circuit agree on all honest values, and what a prover may put in their place makes no difference.

use super::*;

/// Slots x, y of 4 bits; parameters a, b of 4 bits and h, a truth.
const SLOTS: usize = 2;

fn a_shape(formula: &Formula) -> Shape {
    let four = Interval::bits(4);
    Shape::new(vec![four; SLOTS], vec![four, four, Interval::bits(1)], formula.clone()).unwrap()
}

fn x() -> Linear {
    Linear::slot(Slot(0))
}

fn y() -> Linear {
    Linear::slot(Slot(1))
}

fn a() -> Linear {
    Linear::param(Param(0))
}

fn against(op: Comparison) -> Formula {
    compare(x(), op, a())
}

fn truth() -> Formula {
    Formula::Holds(Param(2))
}

/// Every kind of claim.
fn claims() -> Vec<Formula> {
    let mut claims: Vec<Formula> = Comparison::ALL.into_iter().map(against).collect();
    claims.extend([
        compare(linear(&[(1, 0), (1, 1)], &[]), Comparison::Ge, linear(&[], &[(1, 0), (1, 1)])),
        compare(linear(&[(3, 0)], &[]), Comparison::Lt, linear(&[(-2, 1)], &[(2, 0)])),
        compare(linear(&[(2, 0)], &[]), Comparison::Eq, linear(&[(1, 1)], &[(1, 1)])),
        compare(linear(&[(1, 0)], &[]), Comparison::Ne, linear(&[(3, 1)], &[])),
        Formula::is_in(x(), vec![Param(1), Param(0), Param(2)]),
        Formula::is_in(linear(&[(1, 0), (1, 1)], &[]), vec![Param(0), Param(1)]),
    ]);
    claims
}

/// A claim within each connective.
fn contexts(claim: &Formula) -> Vec<Formula> {
    let claim = || claim.clone();
    let other = || compare(y(), Comparison::Le, Linear::param(Param(1)));
    let third = || compare(y(), Comparison::Ne, a());
    vec![
        claim(),
        Formula::not(claim()),
        Formula::all(vec![claim(), other()]),
        Formula::any(vec![claim(), other()]),
        Formula::any(vec![truth(), claim()]),
        Formula::not(Formula::all(vec![truth(), claim(), third()])),
        Formula::at_least(2, vec![claim(), other(), third()]),
        Formula::not(Formula::at_least(2, vec![third(), claim(), truth()])),
        Formula::at_least(
            2,
            vec![
                Formula::any(vec![claim(), third()]),
                Formula::all(vec![claim(), other()]),
                truth(),
            ],
        ),
        Formula::any(vec![
            Formula::all(vec![claim(), Formula::not(other())]),
            Formula::at_least(2, vec![other(), Formula::not(claim()), third(), truth()]),
        ]),
    ]
}

/// Constants at the ends, beside them and in the middle.
fn params() -> impl Iterator<Item = [i128; 3]> {
    let constants = [0, 1, 7, 15];
    constants.into_iter().flat_map(move |a| {
        constants.into_iter().flat_map(move |b| [[a, b, 0], [a, b, 1]].into_iter())
    })
}

/// The whole twin for one claim in all contexts.
fn check(claim: &Formula) {
    for formula in contexts(claim) {
        let shape = a_shape(&formula);
        let (mut held, mut failed) = (0, 0);
        for params in params() {
            for slots in four_bit_tuples(SLOTS) {
                let holds = shape.holds(&slots, &params).unwrap();
                let found = shape.satisfiable(&slots, &params).unwrap();
                assert_eq!(found, holds, "{formula:?} {slots:?} {params:?}");
                assert_eq!(accepts(&shape, &slots, &params), holds, "{formula:?}");
                if holds { held += 1 } else { failed += 1 }
            }
        }
        assert!(held > 0 && failed > 0, "{formula:?} is never, or always, true");
    }
}

#[test]
fn twin_of_each_claim_in_each_context() {
    let claims = claims();
    std::thread::scope(|scope| {
        for half in claims.chunks(claims.len().div_ceil(2)) {
            scope.spawn(|| half.iter().for_each(check));
        }
    });
}

/// What a prover may put in a slot: `None`, if it is no short integer.
fn far() -> Vec<(Fr, Option<i128>)> {
    let short = [-1, 16, -16, 31].map(|n| (Fr::from(n), Some(n)));
    let long = Fr::from(2).pow([200]);
    let half = Fr::from(2).inverse().unwrap();
    let long = [long, -long, half, half + Fr::from(7), -Fr::from(2).pow([66])].map(|n| (n, None));
    short.into_iter().chain(long).collect()
}

/// Slots beyond their type. A short integer is compared as what it is; of anything else nothing may
/// be claimed, so the formula has to be true whatever stands there.
#[test]
fn forge_slots_beyond_their_type() {
    let inside = [0, 1, 7, 15].map(|n| (Fr::from(n), Some(n)));
    let values: Vec<_> = far().into_iter().chain(inside).collect();
    let any: Vec<i128> = (-40..=40).chain([1 << 70, -(1 << 70)]).collect();
    let candidates = |value: Option<i128>| value.map_or(any.clone(), |value| vec![value]);
    let mut accepted = 0;
    for formula in claims().iter().flat_map(contexts) {
        let shape = a_shape(&formula);
        for params in [[0, 1, 0], [7, 7, 1], [15, 0, 0], [1, 15, 1], [7, 2, 0]] {
            for ((x, x_integer), (y, y_integer)) in
                values.iter().flat_map(|x| values.iter().map(move |y| (x, y)))
            {
                if !accepts_elements(&shape, &[*x, *y], &params) {
                    continue;
                }
                accepted += 1;
                for x in candidates(*x_integer) {
                    for y in candidates(*y_integer) {
                        let holds = formula.evaluate(&[x, y], &params);
                        assert!(holds, "{formula:?} {x} {y} {params:?}");
                    }
                }
            }
        }
    }
    assert!(accepted > 1000);
}
