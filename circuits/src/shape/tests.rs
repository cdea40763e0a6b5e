use super::*;
use crate::formula::{Comparison, Linear, Param, Slot};

fn linear(slots: &[(i64, u16)], params: &[(i64, u16)]) -> Linear {
    Linear {
        slots: slots.iter().map(|(a, s)| (*a, Slot(*s))).collect(),
        params: params.iter().map(|(b, j)| (*b, Param(*j))).collect(),
    }
}

fn x() -> Linear {
    Linear::slot(Slot(0))
}

fn a() -> Linear {
    Linear::param(Param(0))
}

fn shape_of(formula: Formula) -> Result<Shape, ShapeError> {
    Shape::new(vec![Interval::bits(8); 2], vec![Interval::bits(8); 2], formula)
}

fn id(formula: Formula) -> ShapeId {
    shape_of(formula).unwrap().id()
}

#[test]
fn one_meaning_has_one_identifier() {
    let ge = Formula::compare(x(), Comparison::Ge, a());
    assert_eq!(id(ge.clone()), id(Formula::compare(a(), Comparison::Le, x())));
    assert_eq!(id(ge.clone()), id(Formula::All(vec![Formula::All(vec![ge.clone()])])));
    let split = linear(&[(3, 0), (-2, 0), (0, 1)], &[]);
    assert_eq!(id(ge), id(Formula::compare(split, Comparison::Ge, a())));
    let eq = Formula::compare(x(), Comparison::Eq, a());
    assert_eq!(id(eq), id(Formula::compare(a(), Comparison::Eq, x())));
    let gt = Formula::compare(x(), Comparison::Gt, a());
    assert_eq!(id(gt), id(Formula::compare(a(), Comparison::Lt, x())));
}

#[test]
fn different_meanings_have_different_identifiers() {
    let mut ids = Vec::new();
    for op in [Comparison::Lt, Comparison::Le, Comparison::Gt, Comparison::Ge] {
        ids.push(id(Formula::compare(x(), op, a())));
    }
    ids.push(id(Formula::compare(x(), Comparison::Eq, a())));
    ids.push(id(Formula::compare(x(), Comparison::Ne, a())));
    ids.push(id(Formula::compare(Linear::slot(Slot(1)), Comparison::Ge, a())));
    ids.push(id(Formula::compare(x(), Comparison::Ge, Linear::param(Param(1)))));
    ids.push(id(Formula::compare(linear(&[(2, 0)], &[]), Comparison::Ge, a())));
    let ge = Formula::compare(x(), Comparison::Ge, a());
    ids.push(id(Formula::All(vec![ge.clone(), ge.clone()])));
    for (slots, params) in [(9, 8), (8, 9)] {
        let slots = vec![Interval::bits(slots), Interval::bits(8)];
        let params = vec![Interval::bits(params), Interval::bits(8)];
        ids.push(Shape::new(slots, params, ge.clone()).unwrap().id());
    }
    let more = Shape::new(vec![Interval::bits(8); 3], vec![Interval::bits(8); 2], ge);
    ids.push(more.unwrap().id());
    let distinct: std::collections::HashSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
}

/// Published keys name this; if it moves without a new gadget version, something broke.
#[test]
fn identifier_is_pinned() {
    let shape = Shape::new(
        vec![Interval::bits(64)],
        vec![Interval::bits(64)],
        Formula::compare(x(), Comparison::Ge, a()),
    );
    assert_eq!(
        shape.unwrap().id().to_string(),
        "88fee57cc6667aec5d0e3571b998935f6f37a6974ad5e69c5ea49d9b7578631e"
    );
    assert_eq!(ShapeId::from_bytes([0xab; 32]).to_string(), "ab".repeat(32));
}

#[test]
fn reject_comparison_that_can_never_hold() {
    let never = |op| {
        let (low, high) = (Interval::bits(3), Interval::new(9, 20).unwrap());
        Shape::new(vec![low], vec![high], Formula::compare(x(), op, a())).unwrap_err()
    };
    for op in [Comparison::Gt, Comparison::Ge, Comparison::Eq] {
        assert_eq!(never(op), ShapeError::NeverHolds { comparison: 0 });
    }
    let one = Interval::new(4, 4).unwrap();
    let same = Formula::compare(x(), Comparison::Ne, a());
    assert_eq!(
        Shape::new(vec![one], vec![one], same).unwrap_err(),
        ShapeError::NeverHolds { comparison: 0 }
    );
}

/// Always true of honest values; what a prover puts in their place must still be bounded.
#[test]
fn comparison_that_always_holds_is_a_range_check() {
    let high = Interval::new(-20, -9).unwrap();
    let always = Formula::compare(x(), Comparison::Ge, a());
    let shape = Shape::new(vec![Interval::bits(3)], vec![high], always).unwrap();
    assert_eq!(shape.bounds(), [BoundBy::Comparison(0)]);
    assert_eq!(shape.holds(&[0], &[-9]), Ok(true));
}

#[test]
fn reject_what_could_wrap() {
    let wide = |coefficient| {
        let left = linear(&[(coefficient, 0)], &[]);
        let slots = vec![Interval::bits(64)];
        Shape::new(slots, vec![Interval::bits(64)], Formula::compare(left, Comparison::Ge, a()))
    };
    assert!(wide(1 << 55).is_ok());
    assert_eq!(wide(1 << 56).unwrap_err(), ShapeError::TooWide { comparison: 0 });
    assert_eq!(wide(i64::MIN).unwrap_err(), ShapeError::TooWide { comparison: 0 });
    // Cancelling in sum doesn't make a partial sum small.
    let cancel = linear(&[(i64::MAX, 0), (-i64::MAX, 0), (1, 0)], &[]);
    let cancel = Formula::compare(cancel, Comparison::Ge, a());
    let slots = vec![Interval::bits(64)];
    assert_eq!(
        Shape::new(slots, vec![Interval::bits(64)], cancel).unwrap_err(),
        ShapeError::TooWide { comparison: 0 }
    );
}

#[test]
fn reject_inputs_that_are_too_wide() {
    let ge = || Formula::compare(x(), Comparison::Ge, a());
    let slot = |i| Shape::new(vec![i], vec![Interval::bits(8)], ge()).map(|_| ());
    assert_eq!(slot(Interval::bits(65)), Ok(()));
    assert_eq!(slot(Interval::bits(66)), Err(ShapeError::SlotTooWide { slot: 0 }));
    let low = Interval::new(i128::MIN, 0).unwrap();
    assert_eq!(slot(low), Err(ShapeError::SlotTooWide { slot: 0 }));
    let param = |i| Shape::new(vec![Interval::bits(8)], vec![i], ge()).map(|_| ());
    assert_eq!(param(Interval::bits(100)), Ok(()));
    assert_eq!(param(Interval::bits(101)), Err(ShapeError::ParamTooWide { param: 0 }));
    assert_eq!(param(low), Err(ShapeError::ParamTooWide { param: 0 }));
}

#[test]
fn reject_malformed_formulas() {
    let ge = || Formula::compare(x(), Comparison::Ge, a());
    let error = |formula| shape_of(formula).unwrap_err();
    assert_eq!(error(Formula::All(vec![])), ShapeError::NoComparison);
    assert_eq!(error(Formula::All(vec![Formula::All(vec![])])), ShapeError::NoComparison);
    let open = Formula::compare(a(), Comparison::Ge, Linear::param(Param(1)));
    let second = Formula::All(vec![ge(), open]);
    assert_eq!(error(second), ShapeError::NothingHidden { comparison: 1 });
    let cancelled = Formula::compare(x(), Comparison::Eq, x());
    assert_eq!(error(cancelled), ShapeError::NothingHidden { comparison: 0 });
    let slot = Formula::compare(Linear::slot(Slot(2)), Comparison::Ge, a());
    assert_eq!(error(slot), ShapeError::UnknownSlot { comparison: 0, slot: 2 });
    let param = Formula::compare(x(), Comparison::Ge, Linear::param(Param(7)));
    assert_eq!(error(param), ShapeError::UnknownParam { comparison: 0, param: 7 });
    let deep = (0..40).fold(ge(), |inner, _| Formula::All(vec![inner]));
    assert_eq!(error(deep), ShapeError::TooDeep { limit: 32 });
    let many = Formula::All(vec![ge(); 1025]);
    assert_eq!(error(many), ShapeError::TooManyComparisons { limit: 1024 });
    let long = Formula::compare(linear(&vec![(0, 0); 5000], &[]), Comparison::Ge, a());
    assert_eq!(error(long), ShapeError::TooManyTerms { comparison: 0, limit: 4096 });
    assert_eq!(Shape::new(vec![], vec![], ge()).unwrap_err(), ShapeError::NoSlots);
    let inputs = vec![Interval::bits(1); 1025];
    assert_eq!(
        Shape::new(inputs, vec![Interval::bits(8)], ge()).unwrap_err(),
        ShapeError::TooManyInputs { limit: 1024 }
    );
}

#[test]
fn reject_inputs_that_do_not_fit() {
    let shape = shape_of(Formula::compare(x(), Comparison::Ge, a())).unwrap();
    assert_eq!(shape.holds(&[2, 0], &[1, 0]), Ok(true));
    assert_eq!(shape.holds(&[0, 0], &[1, 0]), Ok(false));
    let count = InputError::SlotCount { expected: 2, found: 1 };
    assert_eq!(shape.holds(&[2], &[1, 0]), Err(count));
    let count = InputError::ParamCount { expected: 2, found: 3 };
    assert_eq!(shape.holds(&[2, 0], &[1, 0, 0]), Err(count));
    assert_eq!(shape.holds(&[2, 256], &[1, 0]), Err(InputError::SlotRange { slot: 1 }));
    assert_eq!(shape.holds(&[-1, 0], &[1, 0]), Err(InputError::SlotRange { slot: 0 }));
    assert_eq!(shape.holds(&[2, 0], &[1, 256]), Err(InputError::ParamRange { param: 1 }));
}

mod language;
