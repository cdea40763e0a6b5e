//! Forgeries against connectives within connectives: guards of any value, and long slots that are
//! related to each other.

use ark_ff::{BigInteger, PrimeField};

use super::*;
use crate::synthesis::assignment::Choice;

fn ge(slot: u16, param: u16) -> Formula {
    compare(linear(&[(1, slot)], &[]), Comparison::Ge, linear(&[], &[(1, param)]))
}

fn eq(slot: u16, param: u16) -> Formula {
    compare(linear(&[(1, slot)], &[]), Comparison::Eq, linear(&[], &[(1, param)]))
}

fn ne(slot: u16, param: u16) -> Formula {
    Formula::not(eq(slot, param))
}

/// Whether bits and inverses can be found for these selectors: decided from the rows alone, not by
/// the recipe. A bit is what a range check under a guard other than 0 makes it; two that make it
/// different are a contradiction.
fn completes(system: &System, z: &[Fr]) -> bool {
    let first = system.instances();
    let kind = |index: &usize| index.checked_sub(first).map(|cell| system.cells[cell]);
    let is = |index: &usize, cell| kind(index) == Some(cell);
    let mut bits: Vec<Option<bool>> = vec![None; z.len()];
    let [a, b, c] = system.matrices();
    (0..system.constraints()).all(|row| {
        let (a, b, c) = (&a[row], &b[row], &c[row]);
        if let [(_, index)] = b[..]
            && is(&index, Cell::Bit)
        {
            return true;
        }
        if let [(_, index)] = b[..]
            && is(&index, Cell::Inverse)
        {
            return evaluate(c, z).is_zero() || !evaluate(a, z).is_zero();
        }
        let (pool, form): (Row, Row) = a.iter().partition(|(_, index)| is(index, Cell::Bit));
        if pool.is_empty() {
            return evaluate(a, z) * evaluate(b, z) == evaluate(c, z);
        }
        let value = evaluate(&form, z).into_bigint();
        evaluate(b, z).is_zero()
            || value.num_bits() as usize <= pool.len()
                && pool.iter().enumerate().all(|(at, (weight, index))| {
                    assert_eq!(*weight, -Fr::from(2).pow([at as u64]));
                    *bits[*index].get_or_insert(value.get_bit(at)) == value.get_bit(at)
                })
    })
}

/// `at_least` within `any`, `at_least` and negations, with slots in several parts.
fn formulas() -> Vec<Formula> {
    let two = |parts| Formula::at_least(2, parts);
    vec![
        Formula::any(vec![
            two(vec![ge(0, 0), ge(1, 1), eq(2, 2)]),
            Formula::all(vec![ne(0, 1), eq(1, 2)]),
        ]),
        Formula::any(vec![eq(2, 0), two(vec![eq(0, 0), eq(1, 1), eq(2, 2), ne(0, 1)])]),
        Formula::not(two(vec![Formula::any(vec![ge(0, 0), eq(1, 1)]), ge(1, 2), eq(2, 2)])),
        Formula::not(Formula::any(vec![eq(2, 1), two(vec![ge(0, 0), ge(1, 1), ge(2, 2)])])),
        two(vec![
            two(vec![ge(0, 0), ge(1, 1), ge(2, 2)]),
            Formula::any(vec![eq(0, 1), eq(1, 0)]),
            ne(2, 1),
        ]),
        // Three ports that one part fits, without bits.
        Formula::at_least(3, vec![eq(0, 0), eq(1, 1), eq(2, 2), eq(0, 1), ne(2, 0)]),
        // Bits that stand in three ports, and parts without any beside them.
        Formula::at_least(3, vec![ge(0, 0), ge(1, 1), eq(2, 2), ge(2, 1), ne(0, 2)]),
        // Counted, under a guard.
        Formula::any(vec![eq(2, 1), two(vec![outside(0), outside(1), outside(2), outside(0)])]),
    ]
}

fn outside(slot: u16) -> Formula {
    let set = (0..3).map(Param).collect();
    let far = Formula::not(Formula::is_in(Linear::slot(Slot(slot)), set));
    Formula::all(vec![ge(slot, slot), far])
}

/// Every selector takes every one of these values, also such as cancel: a false statement has no
/// witness.
#[test]
fn forge_nested_guards_of_any_value() {
    let values = [Fr::from(0), Fr::from(1), -Fr::from(1), Fr::from(2)];
    let two_bits = vec![Interval::bits(2); 3];
    for formula in formulas() {
        let shape = Shape::new(two_bits.clone(), two_bits.clone(), formula.clone()).unwrap();
        let system = shape.system();
        let first = system.instances();
        let selectors: Vec<usize> = (0..system.witnesses())
            .filter(|cell| system.cells[*cell] == Cell::Selector)
            .map(|cell| cell + first)
            .collect();
        // Fewer values where there are many.
        let base = if selectors.len() > 6 { 3 } else { 4 };
        let (mut held, mut failed) = (0, 0);
        for slots in (0..64i128).step_by(3).map(|n| [n & 3, (n >> 2) & 3, n >> 4]) {
            let params = [1, 2, 3];
            let mut z = system.instance(&params, &slots, Fr::from(7));
            z.resize(first + system.witnesses(), Fr::from(0));
            let count = usize::pow(base, u32::try_from(selectors.len()).unwrap());
            let found = (0..count).any(|mut choice| {
                for cell in &selectors {
                    z[*cell] = values[choice % base];
                    choice /= base;
                }
                completes(system, &z)
            });
            let holds = shape.holds(&slots, &params).unwrap();
            assert_eq!(found, holds, "{formula:?} {slots:?}");
            if holds { held += 1 } else { failed += 1 }
        }
        assert!(held > 0 && failed > 0, "{formula:?} is never, or always, true");
    }
}

/// Ports whose parts are held in sum: half of the guard in one port and half in another count once,
/// and what cancels counts for nothing.
#[test]
fn forge_sums_of_selectors() {
    let bits = vec![Interval::bits(16); 7];
    let parts = |i| if i < 5 { ge(i, i) } else { eq(i, i) };
    let formula = Formula::at_least(4, (0..7).map(parts).collect());
    let shape = Shape::new(bits.clone(), bits, formula).unwrap();
    let system = shape.system();
    let Step::Choice(Choice { ported: true, parts, .. }) = &system.sections[0].step else {
        panic!("it has ports")
    };
    assert!(parts.iter().any(|part| part.selectors.len() > 1 && part.steps.len() == 1));
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    let half = Fr::from(2).inverse().unwrap();
    let values = [Fr::from(0), Fr::from(0), Fr::from(1), half, -Fr::from(1), Fr::from(2)];
    let (params, three, four) =
        ([200; 7], [200, 200, 0, 0, 0, 200, 0], [200, 200, 0, 0, 0, 200, 200]);
    let mut found = 0;
    for slots in [three, four] {
        let mut z = system.instance(&params, &slots, Fr::from(7));
        let forms = system.forms(&z);
        z.resize(system.instances() + system.witnesses(), Fr::from(0));
        let hold = |part: &assignment::Part| assignment::holds(&part.steps[0], &forms);
        for _ in 0..50_000 {
            for part in parts {
                // What does not hold is relied upon now and then only, for there to be any chance.
                let chance =
                    if hold(part) || u8::rand(&mut rng) % 16 == 0 { values.len() } else { 1 };
                for cell in part.selectors.iter().flatten() {
                    z[*cell] = values[usize::from(u8::rand(&mut rng)) % chance];
                }
            }
            if completes(system, &z) {
                assert_eq!(slots, four, "three of four");
                found += 1;
            }
        }
    }
    assert!(found > 0, "true statements are found by the same means");
}

/// Claims over slots x, y, z: sums, differences, multiples, equalities of several slots.
fn claims() -> Vec<Formula> {
    let form = |terms: &[(i64, u16)]| linear(terms, &[]);
    let a = || linear(&[], &[(1, 0)]);
    vec![
        compare(form(&[(1, 0), (1, 1)]), Comparison::Ge, a()),
        compare(form(&[(1, 0)]), Comparison::Lt, form(&[(1, 1)])),
        compare(form(&[(1, 0)]), Comparison::Eq, form(&[(1, 2)])),
        compare(form(&[(3, 0)]), Comparison::Ge, a()),
        compare(form(&[(2, 0)]), Comparison::Eq, form(&[(1, 1)])),
        compare(form(&[(1, 0), (1, 1)]), Comparison::Eq, form(&[(1, 2)])),
        Formula::not(compare(form(&[(1, 1)]), Comparison::Eq, a())),
        compare(form(&[(1, 2)]), Comparison::Le, a()),
        Formula::is_in(form(&[(1, 0), (-1, 1)]), vec![Param(1), Param(2)]),
    ]
}

fn contexts([p, q, r]: [&Formula; 3]) -> Vec<Formula> {
    let [p, q, r] = [p, q, r].map(Formula::clone);
    let not = |f: &Formula| Formula::not(f.clone());
    let all = |parts: &[&Formula]| Formula::all(parts.iter().map(|f| (*f).clone()).collect());
    let any = |parts: &[&Formula]| Formula::any(parts.iter().map(|f| (*f).clone()).collect());
    let two = |parts: Vec<Formula>| Formula::at_least(2, parts);
    vec![
        any(&[&all(&[&p, &q]), &r]),
        all(&[&any(&[&p, &q]), &any(&[&q, &r])]),
        two(vec![p.clone(), q.clone(), r.clone()]),
        two(vec![any(&[&p, &q]), all(&[&q, &r]), not(&p)]),
        Formula::not(two(vec![not(&p), not(&q), not(&r)])),
        any(&[&two(vec![p.clone(), q.clone(), r.clone()]), &all(&[&r, &not(&p)])]),
        two(vec![two(vec![p.clone(), not(&q), r.clone()]), any(&[&p, &r]), q.clone()]),
    ]
}

/// Slots beyond 2^66 that stand in each other's relations. Where the rows accept them, the formula
/// is true whatever integers stand in their place.
#[test]
fn forge_long_slots_that_are_related() {
    let long = Fr::from(2).pow([200]);
    let third = Fr::from(3).inverse().unwrap();
    let (params, short) = ([7, 3, 4], [0, 1, 7, 200]);
    let small = |n: u64| Fr::from(n);
    let pairs = [
        [long, small(7) - long],
        [long, small(8) - long],
        [long, long + small(1)],
        [long, long - small(3)],
        [long, long + long],
        [small(8) * third, small(16) * third],
        [small(8) * third, small(1)],
        [-long, long],
    ];
    let mut candidates = Vec::new();
    for [x, y] in pairs {
        let thirds = short.map(small).into_iter().chain([long, x + y]);
        candidates.extend(thirds.map(|z| [x, y, z]));
    }
    candidates.extend(short.map(|y| [long, small(y), long + small(y)]));
    candidates.extend(short.map(|x| [small(x), long, long + small(x)]));
    let integer = |element: &Fr| (0..256).find(|n| Fr::from(*n) == *element);
    let others = [-(1i128 << 70), -9, 0, 3, 4, 7, 8, 1 << 70];
    let (claims, mut accepted) = (claims(), 0);
    let triples = (0..claims.len().pow(3))
        .map(|n| [n % claims.len(), n / claims.len() % claims.len(), n / claims.len().pow(2)]);
    for triple in triples.filter(|[p, q, r]| p != q && q != r && p != r) {
        for formula in contexts(triple.map(|index| &claims[index])) {
            let bytes = vec![Interval::bits(8); 3];
            let Ok(shape) = Shape::new(bytes.clone(), bytes, formula) else { continue };
            for slots in candidates.iter().filter(|slots| accepts_elements(&shape, *slots, &params))
            {
                accepted += 1;
                let choices = slots.each_ref().map(|slot| match integer(slot) {
                    Some(integer) => vec![integer],
                    None => others.to_vec(),
                });
                for x in &choices[0] {
                    for y in &choices[1] {
                        for z in &choices[2] {
                            let holds = shape.formula().evaluate(&[*x, *y, *z], &params);
                            assert!(holds, "{:?} {x} {y} {z}", shape.formula());
                        }
                    }
                }
            }
        }
    }
    assert!(accepted > 1000, "{accepted}");
}
