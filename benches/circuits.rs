//! What a predicate costs: one 64-bit threshold and the validity window, on one thread. And our
//! prover beside that of `ark-groth16`, from 25 constraints to 8,192: alternating in one process,
//! the ratio of the medians printed; with what a prepared key takes, in time and in memory.

#![allow(missing_docs, clippy::expect_used, reason = "a bench; its inputs are fixed")]

use std::time::{Duration, Instant};

use ark_bn254::{Bn254, Fr};
use ark_ff::{AdditiveGroup, BigInteger, PrimeField, UniformRand};
use ark_groth16::Groth16;
use ark_relations::gr1cs::{
    ConstraintSynthesizer, ConstraintSystem, ConstraintSystemRef, LinearCombination,
    SynthesisError, Variable,
};
use ark_relations::lc;
use ark_snark::SNARK;
use criterion::{Criterion, criterion_group, criterion_main};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use sigil_circuits::{
    Commitment, Comparison, Formula, Interval, Linear, Param, Proof, ProvingKey, Scalar, Shape,
    Slot, VerifyingKey, setup,
};

const SLOTS: [i128; 3] = [52_000, 480_000, 500_000];
const PARAMS: [i128; 2] = [50_000, 490_000];

fn intervals() -> (Vec<Interval>, Vec<Interval>) {
    let date = Interval::bits(22);
    (vec![Interval::bits(64), date, date], vec![Interval::bits(64), date])
}

fn formula() -> Formula {
    let against = |slot, op, param| {
        Formula::compare(Linear::slot(Slot(slot)), op, Linear::param(Param(param)))
    };
    Formula::All(vec![
        against(0, Comparison::Ge, 0),
        against(1, Comparison::Le, 1),
        against(2, Comparison::Gt, 1),
    ])
}

fn keys(c: &mut Criterion) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let shape = || {
        let (slots, params) = intervals();
        Shape::new(slots, params, formula()).expect("shape")
    };
    c.bench_function("shape", |b| b.iter(shape));
    let shape = shape();
    let key = setup(&shape, &mut rng).expect("setup");
    let (proving, verifying) = (key.to_bytes(), key.verifying_key().to_bytes());
    let mut group = c.benchmark_group("keys");
    group.sample_size(10);
    group.bench_function("setup", |b| b.iter(|| setup(&shape, &mut rng)));
    group.bench_function("load proving", |b| b.iter(|| ProvingKey::from_bytes(&proving, &shape)));
    group.bench_function("load verifying", |b| {
        b.iter(|| VerifyingKey::from_bytes(&verifying, &shape));
    });
    group.finish();
}

fn proof(c: &mut Criterion) {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let (slots, params) = intervals();
    let shape = Shape::new(slots, params, formula()).expect("shape");
    let key = setup(&shape, &mut rng).expect("setup");
    let vk = key.verifying_key();
    let proved = key.prove(&SLOTS, &PARAMS, &mut rng).expect("true");
    let masks = SLOTS.map(|_| Scalar::random(&mut rng));
    let (nu, challenge) = (Scalar::random(&mut rng), Scalar::random(&mut rng));
    let k = vk.commit(&masks, &nu).expect("count");
    let (proof, commitment) = (proved.proof.to_bytes(), proved.commitment.to_bytes());

    let mut group = c.benchmark_group("threshold and validity");
    group.bench_function("prove", |b| b.iter(|| key.prove(&SLOTS, &PARAMS, &mut rng)));
    group.bench_function("commit", |b| b.iter(|| vk.commit(&masks, &nu)));
    group.bench_function("verify", |b| {
        b.iter(|| vk.verify(&PARAMS, &proved.commitment, &proved.proof));
    });
    group.bench_function("relation", |b| {
        b.iter(|| vk.relation_holds(&k, &masks, &nu, &challenge, &proved.commitment));
    });
    group.bench_function("decode proof", |b| b.iter(|| Proof::from_bytes(&proof)));
    group.bench_function("decode commitment", |b| {
        b.iter(|| Commitment::from_bytes(&commitment));
    });
    group.finish();
}

/// Comparisons of these widths, each of a slot of its own with a parameter of its own; every value
/// is chosen so that the difference is any number of that width.
struct Contest {
    widths: Vec<u32>,
    slots: Vec<i128>,
    params: Vec<i128>,
    blinder: Fr,
}

impl Contest {
    fn new(widths: Vec<u32>, rng: &mut ChaCha20Rng) -> Self {
        let mut below = |bits: &u32| i128::from(rng.next_u64() >> (64 - bits));
        let pairs = widths.iter().map(|width| {
            let [one, other] = [below(width), below(width)];
            (one.max(other), one.min(other))
        });
        let (slots, params) = pairs.unzip();
        Self { widths, slots, params, blinder: Fr::rand(rng) }
    }

    fn shape(&self) -> Shape {
        let intervals: Vec<Interval> = self.widths.iter().map(|w| Interval::bits(*w)).collect();
        let comparison = |index: u16| {
            let (slot, param) = (Linear::slot(Slot(index)), Linear::param(Param(index)));
            Formula::compare(slot, Comparison::Ge, param)
        };
        let formula = Formula::All((0..self.widths.len() as u16).map(comparison).collect());
        Shape::new(intervals.clone(), intervals, formula).expect("shape")
    }
}

/// The same rows by arkworks' own means, as its user would write them.
impl ConstraintSynthesizer<Fr> for &Contest {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let mut input = |value: &i128| cs.new_input_variable(|| Ok(Fr::from(*value)));
        let params = self.params.iter().map(&mut input).collect::<Result<Vec<_>, _>>()?;
        let slots = self.slots.iter().map(&mut input).collect::<Result<Vec<_>, _>>()?;
        let _unconstrained = cs.new_input_variable(|| Ok(self.blinder))?;
        for (index, width) in self.widths.iter().enumerate() {
            let form = lc!() + slots[index] - params[index];
            let value = Fr::from(self.slots[index] - self.params[index]);
            non_negative(&cs, form, value, *width as usize)?;
        }
        Ok(())
    }
}

fn non_negative(
    cs: &ConstraintSystemRef<Fr>,
    form: LinearCombination<Fr>,
    value: Fr,
    width: usize,
) -> Result<(), SynthesisError> {
    let bits = value.into_bigint().to_bits_le();
    let mut sum = form;
    let mut weight = Fr::from(1_u64);
    for bit in &bits[..width] {
        let bit = cs.new_witness_variable(|| Ok(Fr::from(*bit)))?;
        cs.enforce_r1cs_constraint(|| lc!() + Variable::One - bit, || lc!() + bit, || lc!())?;
        sum = sum - (weight, bit);
        weight.double_in_place();
    }
    cs.enforce_r1cs_constraint(|| sum, || lc!() + Variable::One, || lc!())
}

fn time<T>(run: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = run();
    (start.elapsed(), result)
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}

/// Of how many proofs, ours and theirs in turn, the medians are taken.
fn rounds(constraints: usize) -> usize {
    (100_000 / constraints).clamp(15, 501)
}

fn against_stock(_: &mut Criterion) {
    let usual = vec![64, 22, 22];
    let many = [vec![64; 125], vec![32, 33]].concat();
    println!("\nprove, ours against stock ark-groth16 (random differences; µs, medians)");
    println!("| constraints | ours | stock | ratio | load | prepare | prepared |");
    println!("|---|---|---|---|---|---|---|");
    for widths in [vec![24], vec![64], usual, vec![64; 8], many] {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let contest = Contest::new(widths, &mut rng);
        let shape = contest.shape();
        let cs = ConstraintSystem::new_ref();
        (&contest).generate_constraints(cs.clone()).expect("rows");
        assert!(cs.is_satisfied().expect("assigned"));
        assert_eq!(cs.num_constraints(), shape.constraints());
        let octets = setup(&shape, &mut rng).expect("setup").to_bytes();
        let (stock, _) =
            Groth16::<Bn254>::circuit_specific_setup(&contest, &mut rng).expect("setup");
        let (load, key) = time(|| ProvingKey::from_bytes(&octets, &shape).expect("key"));
        let (prepare, ()) = time(|| key.prepare());
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..rounds(shape.constraints()) {
            ours.push(time(|| key.prove(&contest.slots, &contest.params, &mut rng)).0);
            theirs.push(time(|| Groth16::<Bn254>::prove(&stock, &contest, &mut rng)).0);
        }
        let (ours, theirs) = (median(ours), median(theirs));
        println!(
            "| {} | {ours:.0} | {theirs:.0} | {:.2} | {:.1} ms | {:.1} ms | {} KiB |",
            shape.constraints(),
            theirs / ours,
            load.as_secs_f64() * 1e3,
            prepare.as_secs_f64() * 1e3,
            key.prepared_size() >> 10,
        );
    }
}

criterion_group!(benches, against_stock, keys, proof);
criterion_main!(benches);
