//! BBS at 16 messages, 8 of them disclosed: one thread, decoding included where octets come in.
//!
//! The peers are measured beside this in `benches/peers`.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run must stop")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sigil::bbs::{
    self, Generators, HeldSignature, Interface, PairingBatch, Proof, ProofInit, SecretKey,
    Signature, SignedMessages, Suite, standard,
};
use sigil::curve::table::FixedSum;
use sigil::curve::{Scalar, random_scalar};
use std::cell::LazyCell;
use std::hint::black_box;
use std::sync::Once;
use std::time::{Duration, Instant};

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

/// What a wallet has: the signature with B, and with tables.
fn held(c: &mut Criterion) {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let key = SecretKey::random(&mut rng);
    let public = key.public_key();
    let generators =
        Generators::new(Interface::typed(Suite::Sha256), MESSAGES).expect("within bounds");
    let messages: Vec<Scalar> = (0..MESSAGES).map(|_| random_scalar(&mut rng)).collect();
    let disclosed: Vec<usize> = (0..MESSAGES / 2).collect();
    let sign = || HeldSignature::sign(&key, &generators, HEADER, &messages).expect("sizes fit");
    let (plain, tabled) = (sign(), sign());
    tabled.prepare();

    let mut group = c.benchmark_group("proof_gen of a held signature");
    for (name, held) in [("with B", &plain), ("with tables", &tabled)] {
        group.bench_function(name, |b| {
            b.iter(|| {
                ProofInit::new(public, held, &generators, HEADER, &messages, &disclosed, &mut rng)
                    .and_then(|init| init.finalize(PH))
            })
        });
    }
    group.bench_function("building its tables", |b| {
        b.iter_batched(sign, |held| held.prepare(), BatchSize::PerIteration)
    });
    group.finish();
}

/// Proofs and signatures by the thousand, decoding included: each alone against all as one.
fn batches(c: &mut Criterion) {
    const COUNT: usize = 1000;
    const ROUNDS: usize = 5;
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let key = SecretKey::random(&mut rng);
    let public = key.public_key();
    let generators =
        Generators::new(Interface::typed(Suite::Sha256), MESSAGES).expect("within bounds");
    generators.prepare();
    let disclosed: Vec<usize> = (0..MESSAGES / 2).collect();
    type Item = (Vec<Scalar>, [u8; Signature::LEN], Vec<u8>);
    // Made only where a filter lets one of these run.
    let items = LazyCell::new(|| -> Vec<Item> {
        let item = |_| {
            let messages: Vec<Scalar> = (0..MESSAGES).map(|_| random_scalar(&mut rng)).collect();
            let held =
                HeldSignature::sign(&key, &generators, HEADER, &messages).expect("sizes fit");
            let proof =
                ProofInit::new(public, &held, &generators, HEADER, &messages, &disclosed, &mut rng)
                    .and_then(|init| init.finalize(PH))
                    .expect("sizes fit");
            (messages, held.signature().to_bytes(), proof.to_bytes())
        };
        (0..COUNT).map(item).collect()
    });
    let shown = |messages: &[Scalar]| -> Vec<(usize, Scalar)> {
        disclosed.iter().map(|&index| (index, messages[index])).collect()
    };

    let one_by_one = || {
        for (messages, _, proof) in &*items {
            let (proof, shown) = (Proof::from_bytes(proof).expect("ours"), shown(messages));
            bbs::proof_verify(public, &proof, &generators, HEADER, PH, &shown).expect("valid");
        }
    };
    let mut coefficients = ChaCha20Rng::seed_from_u64(5);
    let mut together = || {
        let mut batch = PairingBatch::new();
        for (messages, _, proof) in &*items {
            let (proof, shown) = (Proof::from_bytes(proof).expect("ours"), shown(messages));
            let pending =
                bbs::proof_verify_deferred(public, &proof, &generators, HEADER, PH, &shown)
                    .expect("valid");
            batch.add_proof(&pending, &short(&random_scalar(&mut coefficients)));
        }
        assert!(batch.holds());
    };
    let signatures_alone = || {
        for (messages, signature, _) in &*items {
            let signature = Signature::from_bytes(signature).expect("ours");
            bbs::verify(public, &signature, &generators, HEADER, messages).expect("valid");
        }
    };
    let signatures_together = || {
        let decoded: Vec<Signature> = items
            .iter()
            .map(|(_, signature, _)| Signature::from_bytes(signature).expect("ours"))
            .collect();
        let batch: Vec<SignedMessages<'_>> = decoded
            .iter()
            .zip(&*items)
            .map(|(signature, (messages, ..))| SignedMessages {
                key: public,
                signature,
                generators: &generators,
                header: HEADER,
                messages,
            })
            .collect();
        assert!(bbs::verify_batch(&batch).is_empty());
    };
    let mut group = c.benchmark_group("batches of 1,000");
    group.sample_size(10);
    let (proofs, signatures) = (Once::new(), Once::new());
    group.bench_function("proofs", |b| {
        proofs.call_once(|| compare("proofs", COUNT, ROUNDS, one_by_one, &mut together));
        b.iter(&mut together)
    });
    group.bench_function("signatures", |b| {
        signatures.call_once(|| {
            compare("signatures", COUNT, ROUNDS, signatures_alone, signatures_together);
        });
        b.iter(signatures_together)
    });
    group.finish();
}

/// The lower 128 bits.
fn short(scalar: &Scalar) -> Scalar {
    let mut octets = [0; 32];
    octets[16..].copy_from_slice(&scalar.to_bytes_be()[16..]);
    sigil::curve::decode_scalar(&octets).expect("below the order")
}

/// The two ways in turn, so that what else the machine does touches both.
fn compare(
    what: &str,
    count: usize,
    rounds: usize,
    mut alone: impl FnMut(),
    mut together: impl FnMut(),
) {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        let ways: [&mut dyn FnMut(); 2] = [&mut alone, &mut together];
        for (way, times) in ways.into_iter().zip(&mut times) {
            let start = Instant::now();
            way();
            times.push(start.elapsed());
        }
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1e6 / count as f64
    };
    let [alone, together] = times.map(median);
    println!(
        "{count} {what}: {alone:.0} us each alone, {together:.0} us together: {:.2} times",
        alone / together
    );
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

criterion_group!(benches, bbs, held, batches, fixed_base);
criterion_main!(benches);
