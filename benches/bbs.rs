//! BBS at 16 messages, 8 of them disclosed: one thread, decoding included where octets come in.
//!
//! The peers are measured beside this in `benches/peers`.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run must stop")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sigil::bbs::{Generators, Interface, Proof, SecretKey, Signature, Suite, standard};
use sigil::curve::table::FixedSum;
use sigil::curve::{Scalar, random_scalar};
use std::hint::black_box;

const MESSAGES: usize = 16;
const HEADER: &[u8] = b"benchmark header";
const PH: &[u8] = b"benchmark presentation header";

fn bbs(c: &mut Criterion) {
    let suite = Suite::Sha256;
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let key = SecretKey::random(&mut rng);
    let public = *key.public_key();
    let messages: Vec<[u8; 32]> = (0..MESSAGES as u8).map(|i| [i; 32]).collect();
    let disclosed: Vec<usize> = (0..MESSAGES / 2).collect();
    let signature = standard::sign(suite, &key, HEADER, &messages).expect("sizes fit");
    let shown: Vec<(usize, [u8; 32])> = disclosed.iter().map(|&i| (i, messages[i])).collect();
    let proof = standard::proof_gen(
        suite, &public, &signature, HEADER, PH, &messages, &disclosed, &mut rng,
    )
    .expect("sizes fit");
    let (signature_octets, proof_octets) = (signature.to_bytes(), proof.to_bytes());

    let mut group = c.benchmark_group("bbs 16 messages 8 disclosed");
    group.bench_function("sign", |b| b.iter(|| standard::sign(suite, &key, HEADER, &messages)));
    group.bench_function("verify", |b| {
        b.iter(|| {
            let signature = Signature::from_bytes(&signature_octets).expect("our own octets");
            standard::verify(suite, &public, &signature, HEADER, &messages).expect("it is valid")
        })
    });
    group.bench_function("proof_gen", |b| {
        b.iter(|| {
            standard::proof_gen(
                suite, &public, &signature, HEADER, PH, &messages, &disclosed, &mut rng,
            )
        })
    });
    group.bench_function("proof_verify", |b| {
        b.iter(|| {
            let proof = Proof::from_bytes(&proof_octets).expect("our own octets");
            standard::proof_verify(suite, &public, &proof, HEADER, PH, &shown).expect("it is valid")
        })
    });
    group.finish();
}

fn fixed_base(c: &mut Criterion) {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let generators =
        Generators::new(Interface::standard(Suite::Sha256), MESSAGES + 1).expect("within bounds");
    generators.prepare();
    let scalars: Vec<Scalar> = (0..=MESSAGES + 1).map(|_| random_scalar(&mut rng)).collect();
    let bases = || generators.h().iter().map(|base| &**base).chain([generators.q1()]);

    let mut group = c.benchmark_group("18 bases, full-size scalars");
    group.bench_function("tables", |b| {
        b.iter(|| {
            let mut sum = FixedSum::with_capacity(scalars.len());
            bases().zip(&scalars).for_each(|(base, scalar)| sum.add(base, scalar));
            black_box(sum.finish())
        })
    });
    group.bench_function("a multiplication each", |b| {
        b.iter(|| {
            let products = bases().zip(&scalars).map(|(base, scalar)| base.point() * scalar);
            black_box(products.sum::<sigil::curve::G1Projective>())
        })
    });
    group.bench_function("building one table", |b| {
        b.iter_batched(
            || sigil::curve::table::FixedBase::new(*generators.q1().point()),
            |base| base.prepare(),
            BatchSize::PerIteration,
        )
    });
    group.finish();
}

criterion_group!(benches, bbs, fixed_base);
criterion_main!(benches);
