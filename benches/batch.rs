//! Batches of proofs against one by one: one 64-bit threshold and the validity window, on one
//! thread. All figures are for one claim.

#![allow(missing_docs, clippy::expect_used, reason = "a bench; its inputs are fixed")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use sigil_circuits::{
    Claim, Commitment, Comparison, Formula, Interval, Linear, Param, Proof, ProvingKey, Refused,
    Scalar, Shape, Slot, VerifyingKey, setup,
};

const SLOTS: [i128; 3] = [52_000, 480_000, 500_000];
const PARAMS: [i128; 2] = [50_000, 490_000];
const SIZES: [usize; 4] = [1, 8, 64, 1000];

/// How many different proofs the batches are made of.
const PROOFS: usize = 16;

fn key(rng: &mut ChaCha20Rng) -> ProvingKey {
    let date = Interval::bits(22);
    let against = |slot, op, param| {
        Formula::compare(Linear::slot(Slot(slot)), op, Linear::param(Param(param)))
    };
    let formula = Formula::All(vec![
        against(0, Comparison::Ge, 0),
        against(1, Comparison::Le, 1),
        against(2, Comparison::Gt, 1),
    ]);
    let slots = vec![Interval::bits(64), date, date];
    let shape = Shape::new(slots, vec![Interval::bits(64), date], formula).expect("shape");
    setup(&shape, rng).expect("setup")
}

/// What a claim borrows, and the octets that it is decoded from.
struct Presented {
    octets: (Vec<u8>, Vec<u8>, Vec<u8>),
    proof: Proof,
    d: Commitment,
    k: Commitment,
    z: Vec<Scalar>,
    nu: Scalar,
    c: Scalar,
}

impl Presented {
    fn new(key: &ProvingKey, rng: &mut ChaCha20Rng) -> Self {
        let proved = key.prove(&SLOTS, &PARAMS, rng).expect("true");
        let masks = SLOTS.map(|_| Scalar::random(rng));
        let nu = Scalar::random(rng);
        let k = key.verifying_key().commit(&masks, &nu).expect("count");
        // Of 128 bits, as the link's.
        let mut challenge = [0; 16];
        rng.fill_bytes(&mut challenge);
        let c = Scalar::from_integer_be(&challenge).expect("short");
        let z = masks.iter().zip(SLOTS).map(|(k, x)| k + &(&c * &Scalar::from(x))).collect();
        let nu = &nu + &(&c * proved.opening.blinder());
        let (proof, d) = (proved.proof, proved.commitment);
        let octets = (proof.to_bytes().to_vec(), d.to_bytes().to_vec(), k.to_bytes().to_vec());
        Self { octets, proof, d, k, z, nu, c }
    }

    fn claim(&self) -> Claim<'_> {
        Claim {
            params: &PARAMS,
            proof: &self.proof,
            commitment: &self.d,
            mask: &self.k,
            responses: &self.z,
            blinder: &self.nu,
            challenge: &self.c,
        }
    }

    fn decode(&self) -> Result<(Proof, Commitment, Commitment), Refused> {
        let (proof, d, k) = &self.octets;
        Ok((Proof::from_bytes(proof)?, Commitment::from_bytes(d)?, Commitment::from_bytes(k)?))
    }

    fn verify(&self, key: &VerifyingKey) -> Result<(), Refused> {
        key.verify(&PARAMS, &self.d, &self.proof)?;
        key.relation_holds(&self.k, &self.z, &self.nu, &self.c, &self.d)
    }
}

fn coefficients(count: usize, rng: &mut ChaCha20Rng) -> Vec<[u128; 2]> {
    let mut number = || u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64());
    (0..count).map(|_| [number(), number()]).collect()
}

fn per_claim(claims: usize, iterations: u64, mut run: impl FnMut()) -> Duration {
    let start = Instant::now();
    (0..iterations).for_each(|_| run());
    start.elapsed() / u32::try_from(claims).expect("few")
}

fn batches(c: &mut Criterion) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let key = key(&mut rng);
    let presented: Vec<Presented> = (0..PROOFS).map(|_| Presented::new(&key, &mut rng)).collect();
    let key = key.verifying_key();
    let mut group = c.benchmark_group("Groth16 batch");
    group.sample_size(10);
    let first = presented.first().expect("some");
    group.bench_function("decode", |b| b.iter(|| first.decode()));
    group.bench_function("one by one", |b| b.iter(|| first.verify(key)));
    for size in SIZES {
        let claims: Vec<Claim<'_>> =
            presented.iter().cycle().take(size).map(Presented::claim).collect();
        let coefficients = coefficients(size, &mut rng);
        let id = BenchmarkId::new("together", size);
        group.bench_with_input(id, &size, |b, size| {
            b.iter_custom(|iterations| {
                per_claim(*size, iterations, || {
                    black_box(key.verify_batch(&claims, &coefficients)).expect("holds");
                })
            });
        });
    }
    group.finish();
    ratios(key, &presented, &mut rng);
}

/// Medians of alternating rounds, so that what else the machine does falls on both sides.
fn ratios(key: &VerifyingKey, presented: &[Presented], rng: &mut ChaCha20Rng) {
    for size in SIZES {
        let claims: Vec<Claim<'_>> =
            presented.iter().cycle().take(size).map(Presented::claim).collect();
        let coefficients = coefficients(size, rng);
        let (mut decode, mut alone, mut together) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..(4000 / size).clamp(5, 101) {
            let rounds = presented.iter().cycle().take(size.min(64));
            decode.push(per_claim(size.min(64), 1, || {
                rounds.clone().for_each(|one| drop(black_box(one.decode())));
            }));
            alone.push(per_claim(size.min(64), 1, || {
                rounds.clone().for_each(|one| one.verify(key).expect("holds"));
            }));
            together.push(per_claim(size, 1, || {
                key.verify_batch(&claims, &coefficients).expect("holds");
            }));
        }
        let [decode, alone, together] = [decode, alone, together].map(|mut all| {
            all.sort();
            all.get(all.len() / 2).map_or(0.0, |median| median.as_secs_f64() * 1e6)
        });
        println!(
            "{size:5} claims: decode {decode:.0} µs, alone {alone:.0} µs, together {together:.0} \
             µs: ratio {:.2}, with decoding {:.2}",
            alone / together,
            (decode + alone) / (decode + together)
        );
    }
}

criterion_group!(benches, batches);
criterion_main!(benches);
