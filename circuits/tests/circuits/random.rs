//! Random formulas, proven for real: true ones verify, false ones have no witness, and the same
//! key serves when the parameters move.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use sigil_circuits::{
    Comparison, Formula, Interval, Linear, Param, ProveError, ProvingKey, Shape, ShapeError,
    ShapeId, Slot, setup,
};

use crate::fixtures::{Opened, rng};

/// How many formulas a run proves.
const FORMULAS: u64 = 500;
const SLOTS: usize = 5;
/// Thresholds, then two truths.
const PARAMS: usize = 8;
const WIDTHS: [u32; 7] = [4, 8, 8, 16, 22, 32, 64];

/// Below `bound`, nearly uniform.
fn below(rng: &mut ChaCha20Rng, bound: usize) -> usize {
    rng.next_u64() as usize % bound
}

fn pick<T: Copy>(rng: &mut ChaCha20Rng, from: &[T]) -> T {
    from[below(rng, from.len())]
}

struct Sample {
    slots: Vec<Interval>,
    params: Vec<Interval>,
    /// How many comparisons may still be made.
    left: usize,
}

impl Sample {
    fn new(rng: &mut ChaCha20Rng) -> Self {
        let slots = (0..SLOTS).map(|_| Interval::bits(pick(rng, &WIDTHS))).collect();
        let params =
            (0..PARAMS).map(|j| Interval::bits(if j < 6 { pick(rng, &WIDTHS) } else { 1 }));
        Self { params: params.collect(), slots, left: 12 }
    }

    fn form(&self, rng: &mut ChaCha20Rng) -> Linear {
        let mut form = Linear::slot(Slot(below(rng, SLOTS) as u16));
        if below(rng, 4) == 0 {
            form.slots.push((pick(rng, &[1, -1, 2, -3]), Slot(below(rng, SLOTS) as u16)));
        }
        form
    }

    fn claim(&mut self, rng: &mut ChaCha20Rng) -> Formula {
        self.left = self.left.saturating_sub(1);
        let mut param = || Param(below(rng, 6) as u16);
        let (one, two, three) = (param(), param(), param());
        match below(rng, 8) {
            0 => Formula::is_in(self.form(rng), vec![one, two, three, one]),
            1 => Formula::Holds(Param(6 + below(rng, 2) as u16)),
            _ => Formula::compare(self.form(rng), pick(rng, &Comparison::ALL), Linear::param(one)),
        }
    }

    fn formula(&mut self, rng: &mut ChaCha20Rng, depth: usize) -> Formula {
        if depth == 0 || self.left <= 1 || below(rng, 4) == 0 {
            return self.claim(rng);
        }
        let connective = below(rng, 7);
        if connective == 0 {
            return Formula::not(self.formula(rng, depth - 1));
        }
        let count = 2 + below(rng, 3);
        let mut parts = Vec::new();
        while parts.len() < count && (self.left > 0 || parts.is_empty()) {
            parts.push(self.formula(rng, depth - 1));
        }
        match connective {
            1 | 2 => Formula::all(parts),
            3 | 4 => Formula::any(parts),
            _ => Formula::at_least(1 + below(rng, parts.len()), parts),
        }
    }
}

/// The negation, with every connective turned into its dual.
fn negated(formula: &Formula) -> Formula {
    let all_negated = |parts: &[Formula]| parts.iter().map(negated).collect();
    match formula {
        Formula::Compare { left, op, right } => {
            Formula::compare(left.clone(), op.dual(), right.clone())
        }
        Formula::In { .. } | Formula::Holds(_) => Formula::not(formula.clone()),
        Formula::Not(part) => (**part).clone(),
        Formula::All(parts) => Formula::any(all_negated(parts)),
        Formula::Any(parts) => Formula::all(all_negated(parts)),
        Formula::AtLeast(k, parts) => Formula::at_least(parts.len() - k + 1, all_negated(parts)),
    }
}

/// The same formula as the negation of its negation.
fn rewritten(shape: &Shape) -> Shape {
    let formula = Formula::not(negated(shape.formula()));
    let again = Shape::new(shape.slots().to_vec(), shape.params().to_vec(), formula).unwrap();
    assert_eq!(again.id(), shape.id(), "{:?}", shape.formula());
    again
}

/// Slots and parameters, often close to one another.
fn values(shape: &Shape, rng: &mut ChaCha20Rng) -> (Vec<i128>, Vec<i128>) {
    let near = i128::from(rng.next_u64() >> below(rng, 64));
    let mut draw = |interval: &Interval| {
        let value = match below(rng, 5) {
            0 => near,
            1 => near + below(rng, 3) as i128 - 1,
            2 => below(rng, 3) as i128,
            3 => interval.high(),
            _ => i128::from(rng.next_u64()) % (interval.high() + 1),
        };
        value.clamp(interval.low(), interval.high())
    };
    let slots = shape.slots().iter().map(&mut draw).collect();
    (slots, shape.params().iter().map(draw).collect())
}

/// One setup for each shape.
fn key(shape: &Shape) -> Arc<ProvingKey> {
    static KEYS: OnceLock<Mutex<HashMap<ShapeId, Arc<ProvingKey>>>> = OnceLock::new();
    let keys = KEYS.get_or_init(Mutex::default);
    if let Some(key) = keys.lock().unwrap().get(&shape.id()) {
        return key.clone();
    }
    let key = Arc::new(setup(shape, &mut rng(1)).unwrap());
    keys.lock().unwrap().insert(shape.id(), key.clone());
    key
}

fn prove_and_verify(key: &ProvingKey, slots: &[i128], params: &[i128], rng: &mut ChaCha20Rng) {
    let vk = key.verifying_key();
    let proved = key.prove(slots, params, rng).unwrap();
    vk.verify(params, &proved.commitment, &proved.proof).unwrap();
    let opened = Opened::honest(vk, slots, &proved, rng.next_u64());
    opened.check(vk, &proved.commitment).unwrap();
}

/// What a formula was seen to do.
#[derive(Default, Debug)]
struct Seen {
    proven: usize,
    moved: usize,
    refused: usize,
    rows: usize,
}

fn random_shape(seed: u64, rng: &mut ChaCha20Rng) -> Shape {
    loop {
        let mut sample = Sample::new(rng);
        let formula = sample.formula(rng, 5);
        match Shape::new(sample.slots, sample.params, formula) {
            Ok(shape) => return shape,
            Err(error) => assert!(
                matches!(
                    error,
                    ShapeError::NeverHolds { .. }
                        | ShapeError::NothingHidden { .. }
                        | ShapeError::NoSlots
                ),
                "seed {seed}: {error}"
            ),
        }
    }
}

fn check(shape: &Shape, seed: u64, rng: &mut ChaCha20Rng, seen: &mut Seen) {
    seen.rows += shape.constraints();
    let mut first: Option<Vec<i128>> = None;
    let (mut moved, mut refused) = (false, 0);
    for _ in 0..200 {
        let (slots, params) = values(shape, rng);
        let holds = shape.holds(&slots, &params).unwrap();
        if refused < 20 || holds {
            assert_eq!(shape.satisfiable(&slots, &params), Ok(holds), "seed {seed}");
        }
        if !holds && refused < 20 {
            refused += 1;
            if refused == 1 {
                let error = key(shape).prove(&slots, &params, rng).unwrap_err();
                assert_eq!(error, ProveError::False, "seed {seed}");
                seen.refused += 1;
            }
        } else if holds && first.is_none() {
            prove_and_verify(&key(shape), &slots, &params, rng);
            seen.proven += 1;
            first = Some(params);
        } else if holds && !moved && first.as_ref() != Some(&params) {
            // The shape made anew, with nothing but the parameters' values changed.
            let again = shape.formula().clone();
            let again = Shape::new(shape.slots().to_vec(), shape.params().to_vec(), again).unwrap();
            prove_and_verify(&key(&again), &slots, &params, rng);
            seen.moved += 1;
            moved = true;
        }
    }
}

#[test]
fn random_formulas_are_proven_when_true_and_not_when_false() {
    let seen = std::thread::scope(|scope| {
        let half = |odd: u64| {
            move || {
                let mut seen = Seen::default();
                for seed in (0..FORMULAS / 2).map(|n| 10_000 + 2 * n + odd) {
                    // Every fifth is the one before in other words: the same shape, the same key.
                    let again = (seed / 2).is_multiple_of(5) && seed > 10_001;
                    let rng = &mut rng(if again { seed - 2 } else { seed });
                    let mut shape = random_shape(seed, rng);
                    if again {
                        shape = rewritten(&shape);
                    }
                    check(&shape, seed, &mut crate::fixtures::rng(!seed), &mut seen);
                }
                seen
            }
        };
        [0, 1].map(|odd| scope.spawn(half(odd))).map(|run| run.join().unwrap())
    });
    println!("{seen:?}");
    let sum = |of: fn(&Seen) -> usize| seen.iter().map(of).sum::<usize>();
    assert!(sum(|seen| seen.proven) > 400 && sum(|seen| seen.moved) > 350, "{seen:?}");
    assert!(sum(|seen| seen.refused) > 400, "{seen:?}");
}
