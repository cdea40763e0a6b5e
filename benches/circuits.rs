//! What a predicate costs: one 64-bit threshold and the validity window, on one thread.

#![allow(missing_docs, clippy::expect_used, reason = "a bench; its inputs are fixed")]

use criterion::{Criterion, criterion_group, criterion_main};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
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

criterion_group!(benches, keys, proof);
criterion_main!(benches);
