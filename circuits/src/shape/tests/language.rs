//! What the whole language adds: identifiers, refusals, and what failed.

use super::*;
use crate::bounds::BoundBy;

fn against(op: Comparison) -> Formula {
    Formula::compare(x(), op, a())
}

/// Slot 1 and parameter 1.
fn other() -> Formula {
    Formula::compare(Linear::slot(Slot(1)), Comparison::Le, Linear::param(Param(1)))
}

fn member(set: &[u16]) -> Formula {
    Formula::is_in(x(), set.iter().copied().map(Param).collect())
}

#[test]
fn negation_has_no_identifier_of_its_own() {
    for op in Comparison::ALL {
        assert_eq!(id(Formula::not(against(op))), id(against(op.dual())));
        assert_eq!(id(Formula::not(Formula::not(against(op)))), id(against(op)));
    }
    let (ge, lt) = (|| against(Comparison::Ge), || against(Comparison::Lt));
    let gt = || Formula::not(other());
    let same = |left, right| assert_eq!(id(left), id(right));
    same(Formula::not(Formula::any(vec![ge(), other()])), Formula::all(vec![lt(), gt()]));
    same(Formula::not(Formula::all(vec![ge(), other()])), Formula::any(vec![lt(), gt()]));
    let three = || vec![ge(), other(), member(&[0, 1])];
    let negated = || three().into_iter().map(Formula::not).collect::<Vec<_>>();
    for (k, dual) in [(1, 3), (2, 2), (3, 1)] {
        same(Formula::not(Formula::at_least(k, three())), Formula::at_least(dual, negated()));
    }
    same(Formula::at_least(1, three()), Formula::any(three()));
    same(Formula::at_least(3, three()), Formula::all(three()));
}

#[test]
fn nesting_that_means_nothing_has_no_identifier_of_its_own() {
    let ge = || against(Comparison::Ge);
    let eq = |j| Formula::compare(x(), Comparison::Eq, Linear::param(Param(j)));
    let same = |left, right| assert_eq!(id(left), id(right));
    same(Formula::any(vec![ge()]), ge());
    let nested = Formula::any(vec![ge(), Formula::any(vec![other(), eq(0)])]);
    same(nested, Formula::any(vec![ge(), other(), eq(0)]));
    same(member(&[0, 1]), Formula::any(vec![eq(0), eq(1)]));
    same(member(&[1, 0]), member(&[0, 1]));
    same(member(&[1]), eq(1));
    let outside = Formula::all(vec![Formula::not(eq(0)), Formula::not(eq(1))]);
    same(Formula::not(member(&[0, 1])), outside);
}

#[test]
fn what_differs_in_meaning_differs_in_identifier() {
    let ge = || against(Comparison::Ge);
    let eq = || against(Comparison::Eq);
    let three = || vec![ge(), other(), eq()];
    let four = || [three(), vec![member(&[1])]].concat();
    let mut ids: Vec<ShapeId> = (1..=3).map(|k| id(Formula::at_least(k, three()))).collect();
    ids.extend((2..=3).map(|k| id(Formula::at_least(k, four()))));
    ids.extend([&[0][..], &[0, 1], &[0, 1, 1], &[0, 0, 1, 1]].map(|set| id(member(set))));
    ids.push(id(Formula::not(member(&[0, 1]))));
    // a && (b || c), (a && b) || c, a || (b && c), (a || b) && c, at_least within at_least.
    let [a, b, c] = [ge, other, eq as fn() -> Formula];
    let pair = |connective: fn(Vec<Formula>) -> Formula, left, right| connective(vec![left, right]);
    ids.push(id(pair(Formula::all, a(), pair(Formula::any, b(), c()))));
    ids.push(id(pair(Formula::any, pair(Formula::all, a(), b()), c())));
    ids.push(id(pair(Formula::any, a(), pair(Formula::all, b(), c()))));
    ids.push(id(pair(Formula::all, pair(Formula::any, a(), b()), c())));
    let two = || Formula::at_least(2, three());
    ids.push(id(Formula::at_least(2, vec![two(), a(), b()])));
    ids.push(id(Formula::at_least(2, vec![a(), two(), b()])));
    ids.push(id(Formula::any(vec![two(), a(), b()])));
    let distinct: std::collections::HashSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
}

fn with_truth(formula: Formula) -> Result<Shape, ShapeError> {
    Shape::new(vec![Interval::bits(8)], vec![Interval::bits(8), Interval::bits(1)], formula)
}

#[test]
fn truths_are_parameters_of_one_bit() {
    let truth = || Formula::Holds(Param(1));
    let ge = || against(Comparison::Ge);
    let error = |formula| with_truth(formula).unwrap_err();
    assert_eq!(
        error(Formula::all(vec![ge(), Formula::Holds(Param(0))])),
        ShapeError::NotATruth { comparison: 1, param: 0 }
    );
    assert_eq!(
        error(Formula::any(vec![Formula::Holds(Param(2)), ge()])),
        ShapeError::UnknownParam { comparison: 0, param: 2 }
    );
    assert_eq!(error(truth()), ShapeError::NoSlots);
    assert_eq!(error(Formula::any(vec![truth(), Formula::not(truth())])), ShapeError::NoSlots);
    for (formula, beside) in [
        (Formula::all(vec![truth(), ge()]), [false, false, false, true]),
        (Formula::any(vec![truth(), ge()]), [false, true, true, true]),
        (Formula::any(vec![Formula::not(truth()), ge()]), [true, true, false, true]),
    ] {
        let shape = with_truth(formula).unwrap();
        for (at, expected) in beside.into_iter().enumerate() {
            let (slots, params) = ([9 * (at & 1) as i128], [9, (at >> 1) as i128]);
            assert_eq!(shape.holds(&slots, &params), Ok(expected));
            assert_eq!(shape.satisfiable(&slots, &params), Ok(expected));
        }
        let outside = Err(InputError::ParamRange { param: 1 });
        assert_eq!(shape.satisfiable(&[9], &[9, 2]), outside);
    }
}

#[test]
fn reject_malformed_connectives() {
    let ge = || against(Comparison::Ge);
    let error = |formula| shape_of(formula).unwrap_err();
    for empty in [Formula::any(vec![]), Formula::all(vec![])] {
        assert_eq!(error(Formula::all(vec![ge(), empty.clone()])), ShapeError::Empty);
        assert_eq!(error(Formula::any(vec![ge(), empty.clone()])), ShapeError::Empty);
        assert_eq!(error(Formula::not(empty)), ShapeError::Empty);
    }
    assert_eq!(error(Formula::any(vec![])), ShapeError::Empty);
    assert_eq!(error(Formula::at_least(1, vec![])), ShapeError::Empty);
    for k in [0, 3, usize::MAX] {
        let of_two = Formula::at_least(k, vec![ge(), other()]);
        assert_eq!(error(of_two.clone()), ShapeError::AtLeast { k, of: 2 });
        assert_eq!(error(Formula::not(of_two)), ShapeError::AtLeast { k, of: 2 });
    }
    assert_eq!(error(member(&[])), ShapeError::SetSize { comparison: 0, found: 0 });
    assert_eq!(error(member(&[0; 257])), ShapeError::SetSize { comparison: 0, found: 257 });
    assert!(shape_of(member(&[0; 256])).is_ok());
    let sets = Formula::any(vec![member(&[0; 256]); 17]);
    assert_eq!(error(sets), ShapeError::TooManyElements { limit: 4096 });
    let open = Formula::is_in(Linear::param(Param(0)), vec![Param(1)]);
    let open = Formula::any(vec![ge(), open]);
    assert_eq!(error(open), ShapeError::NothingHidden { comparison: 1 });
    let unknown = Formula::not(member(&[0, 9]));
    assert_eq!(error(unknown), ShapeError::UnknownParam { comparison: 0, param: 9 });
    let deep = |wrap: fn(Formula) -> Formula| (0..33).fold(ge(), |inner, _| wrap(inner));
    for wrap in [
        Formula::not as fn(Formula) -> Formula,
        |inner| Formula::any(vec![inner]),
        |inner| Formula::at_least(1, vec![inner]),
    ] {
        assert_eq!(error(deep(wrap)), ShapeError::TooDeep { limit: 32 });
    }
    let many = Formula::any(vec![ge(); 1025]);
    assert_eq!(error(many), ShapeError::TooManyComparisons { limit: 1024 });
}

/// An alternative that can never hold is no alternative; a formula of nothing else is refused.
#[test]
fn dead_alternatives_are_left_out() {
    let slots = || vec![Interval::bits(3), Interval::bits(3)];
    let params = || vec![Interval::new(9, 20).unwrap(), Interval::bits(3)];
    let made = |formula| Shape::new(slots(), params(), formula);
    let dead = || against(Comparison::Ge);
    let (live, second) = (other, || Formula::compare(x(), Comparison::Ne, Linear::param(Param(1))));
    let id = |formula| made(formula).unwrap().id();
    assert_eq!(id(Formula::any(vec![dead(), live()])), id(live()));
    let either = || Formula::any(vec![live(), second()]);
    assert_eq!(id(Formula::any(vec![live(), dead(), second()])), id(either()));
    let within = Formula::all(vec![second(), dead()]);
    assert_eq!(id(Formula::any(vec![within, live()])), id(live()));
    let two = Formula::at_least(2, vec![live(), dead(), second()]);
    assert_eq!(id(two), id(Formula::all(vec![live(), second()])));
    // Its negation is always true, and stays.
    let always = Formula::any(vec![Formula::not(dead()), live()]);
    assert_eq!(made(always.clone()).unwrap().satisfiable(&[7, 7], &[9, 0]), Ok(true));
    assert_ne!(id(always), id(live()));
    let never = |formula| made(formula).unwrap_err();
    let refused = |comparison| ShapeError::NeverHolds { comparison };
    assert_eq!(never(Formula::all(vec![live(), dead()])), refused(1));
    assert_eq!(never(Formula::any(vec![dead(), dead()])), refused(0));
    assert_eq!(never(Formula::at_least(2, vec![live(), dead(), dead()])), refused(1));
    assert_eq!(never(Formula::all(vec![either(), member(&[0])])), refused(2));
}

/// Indexes are those of the text, whatever its conjuncts amount to.
#[test]
fn indexes_are_those_of_the_text() {
    let below = |slot, param| {
        let (slot, param) = (Linear::slot(Slot(slot)), Linear::param(Param(param)));
        Formula::compare(slot, Comparison::Lt, param)
    };
    let formula = Formula::all(vec![
        Formula::not(Formula::any(vec![below(0, 0), Formula::not(below(0, 1))])),
        Formula::all(vec![Formula::any(vec![below(1, 0), below(1, 1)]), below(1, 1)]),
    ]);
    let shape = shape_of(formula).unwrap();
    assert_eq!(shape.bounds(), [BoundBy::Comparison(0), BoundBy::Disjunction(1)]);
    let failing = |slots: [i128; 2], params: [i128; 2]| shape.failing(&slots, &params).unwrap();
    assert_eq!(failing([5, 6], [5, 7]), []);
    assert_eq!(failing([4, 6], [5, 7]), [0]);
    assert_eq!(failing([7, 4], [5, 4]), [0, 2]);
    assert_eq!(failing([7, 9], [5, 4]), [0, 1, 2]);
    assert_eq!(failing([5, 6], [5, 6]), [1, 2]);
}
