//! The primitives that every operation is made of, measured in the same run: a sample of each after
//! every round of the contest, and the medians of those.
//!
//! Each is measured as it is best had: on one thread, from the libraries that sigil uses or by its own
//! code, inputs in the processor's cache. Sums of many points, decoding on BN254 and the Groth16 equation
//! are by its own code, so their own overhead is in the floors; of the last two the cheaper of that and
//! arkworks is taken. Short ones are repeated within a sample, and the mean of the repetitions
//! is the sample.

use crate::comparisons::Comparisons;
use crate::contest::median;
use ark_bn254::{Bn254, Fq, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{Field, UniformRand};
use ark_serialize_06::{CanonicalDeserialize, CanonicalSerialize};
use blst::blst_fp12;
use group::Group;
use pairing::MultiMillerLoop;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use sigil::curve::table::{FixedBase, FixedSum};
use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

/// A primitive. `Bls` is BLS12-381, `Bn` is BN254.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Primitive {
    /// A point of G1 by a scalar of 255 bits, in constant time.
    BlsMultiply,
    /// Doubling in G1, Jacobian.
    BlsDouble,
    /// An affine point added to a Jacobian one in G1.
    BlsAddMixed,
    /// An affine point among 576, summed up with shared inversions.
    BlsAddBatched,
    /// The same where the points are picked from the tables of 18 bases.
    BlsAddTabled,
    /// One Miller loop of two pairs.
    BlsMillerTwo,
    /// Two pairs, the lines of their points of G2 prepared.
    BlsMillerTwoLines,
    /// Final exponentiation.
    BlsFinal,
    /// A compressed point of G1 to an affine one, on the curve.
    BlsDecompress,
    /// Whether a point of the curve is in G1.
    BlsSubgroup,
    /// The inverse of a scalar.
    BlsInvert,
    /// A point of G1 by a scalar.
    BnMultiply,
    /// Doubling in G1.
    BnDouble,
    /// An affine point added in G1.
    BnAddG1,
    /// An affine point added in G2.
    BnAddG2,
    /// Doubling in G2.
    BnDoubleG2,
    /// One Miller loop of three pairs, all lines prepared.
    BnMillerThree,
    /// The lines of a point of G2.
    BnPrepare,
    /// A Groth16 equation: the lines of B, three pairs, the final exponentiation. Arkworks' three, or
    /// ours as [`sigil_circuits::VerifyingKey::verify`] does it, of which the parameters' sum is no part
    /// worth mentioning.
    BnEquation,
    /// Final exponentiation.
    BnFinal,
    /// A compressed point of G1, checked.
    BnDecodeG1,
    /// A compressed point of G2, checked.
    BnDecodeG2,
    /// A compressed point of G1 by our own code.
    BnOwnDecodeG1,
    /// The points of a Groth16 proof by our own code: two of G1 and one of G2.
    BnOwnDecodeProof,
    /// An affine addition in G1, one of a thousand that share an inversion: written out here.
    BnAddBatched,
    /// A multiplication in the base field: what additions in G2 are made of.
    BnFieldMultiply,
    /// A multiplication in the scalar field: what the transforms are made of.
    BnScalarMultiply,
    /// The inverse in the base field.
    BnInvert,
}

impl Primitive {
    /// As printed.
    pub fn name(self) -> &'static str {
        match self {
            Primitive::BlsMultiply => "BLS12-381 G1 multiplication",
            Primitive::BlsDouble => "BLS12-381 G1 doubling",
            Primitive::BlsAddMixed => "BLS12-381 G1 mixed addition",
            Primitive::BlsAddBatched => "BLS12-381 G1 addition, batched",
            Primitive::BlsAddTabled => "BLS12-381 G1 addition, from 18 tables",
            Primitive::BlsMillerTwo => "BLS12-381 Miller loop, 2 pairs",
            Primitive::BlsMillerTwoLines => "BLS12-381 Miller loop, 2 prepared pairs",
            Primitive::BlsFinal => "BLS12-381 final exponentiation",
            Primitive::BlsDecompress => "BLS12-381 G1 decompression",
            Primitive::BlsSubgroup => "BLS12-381 G1 subgroup check",
            Primitive::BlsInvert => "BLS12-381 scalar inversion",
            Primitive::BnMultiply => "BN254 G1 multiplication",
            Primitive::BnDouble => "BN254 G1 doubling",
            Primitive::BnAddG1 => "BN254 G1 mixed addition",
            Primitive::BnAddG2 => "BN254 G2 mixed addition",
            Primitive::BnDoubleG2 => "BN254 G2 doubling",
            Primitive::BnMillerThree => "BN254 Miller loop, 3 prepared pairs",
            Primitive::BnPrepare => "BN254 line preparation",
            Primitive::BnEquation => "BN254 Groth16 equation, our own",
            Primitive::BnOwnDecodeG1 => "BN254 G1 decoding, our own",
            Primitive::BnOwnDecodeProof => "BN254 2 G1 and 1 G2 decoding, our own",
            Primitive::BnFinal => "BN254 final exponentiation",
            Primitive::BnDecodeG1 => "BN254 G1 decoding",
            Primitive::BnDecodeG2 => "BN254 G2 decoding",
            Primitive::BnAddBatched => "BN254 G1 addition, batched",
            Primitive::BnFieldMultiply => "BN254 base field multiplication",
            Primitive::BnScalarMultiply => "BN254 scalar field multiplication",
            Primitive::BnInvert => "BN254 base field inversion",
        }
    }
}

/// A primitive at work: nanoseconds of one.
struct Measure {
    primitive: Primitive,
    run: Box<dyn FnMut() -> f64>,
    samples: Vec<f64>,
}

impl Measure {
    fn new<T>(primitive: Primitive, repeat: usize, mut body: impl FnMut() -> T + 'static) -> Self {
        Self::divided(primitive, repeat as f64, move || {
            for _ in 0..repeat {
                black_box(body());
            }
        })
    }

    /// A body that does so many of the primitive at once.
    fn divided<T>(primitive: Primitive, count: f64, mut body: impl FnMut() -> T + 'static) -> Self {
        let run = Box::new(move || {
            let start = Instant::now();
            black_box(body());
            start.elapsed().as_secs_f64() * 1e9 / count
        });
        Self { primitive, run, samples: Vec::new() }
    }
}

/// All primitives, and what was measured of them.
pub struct Primitives(Vec<Measure>);

impl Primitives {
    /// Prepares inputs.
    pub fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(11);
        let mut measures = bls_points(&mut rng);
        measures.extend(bls_pairings(&mut rng));
        measures.extend(bn_points(&mut rng));
        measures.extend(bn_pairings(&mut rng));
        measures.extend(bn_own(&mut rng));
        for measure in &mut measures {
            // Fills caches, and is not counted.
            (measure.run)();
        }
        Self(measures)
    }

    /// Takes a sample of each.
    pub fn sample(&mut self) {
        for measure in &mut self.0 {
            let taken = (measure.run)();
            measure.samples.push(taken);
        }
    }

    /// The medians, in nanoseconds, of what was sampled at least once.
    fn medians(&self) -> HashMap<Primitive, f64> {
        let sampled = self.0.iter().filter(|measure| !measure.samples.is_empty());
        sampled.map(|measure| (measure.primitive, median(measure.samples.clone()))).collect()
    }

    /// The medians for floors: where a thing can be had in two ways, the cheaper. All points of G2 that
    /// BBS pairs with are fixed, so that prepared lines are one way; of what we have code of our own
    /// for, arkworks is the other.
    pub fn best(&self) -> HashMap<Primitive, f64> {
        use Primitive::*;
        let mut medians = self.medians();
        let of = |primitive: Primitive| medians.get(&primitive).copied().unwrap_or(f64::INFINITY);
        let better = [
            (BlsMillerTwo, of(BlsMillerTwoLines)),
            (BnEquation, of(BnPrepare) + of(BnMillerThree) + of(BnFinal)),
            (BnDecodeG1, of(BnOwnDecodeG1)),
            (BnDecodeG2, of(BnOwnDecodeProof) - 2.0 * of(BnOwnDecodeG1)),
        ];
        for (primitive, other) in better {
            medians.entry(primitive).and_modify(|median| *median = median.min(other));
        }
        medians
    }

    /// Prints them.
    pub fn print(&self) {
        println!("{:<42}{:>12}", "primitive", "us");
        let medians = self.medians();
        for primitive in self.0.iter().map(|measure| measure.primitive) {
            let Some(median) = medians.get(&primitive) else { continue };
            println!("{:<42}{:>12.3}", primitive.name(), median / 1e3);
        }
    }
}

fn bls_points(rng: &mut ChaCha20Rng) -> Vec<Measure> {
    use ff::Field;
    const BASES: usize = 18;
    const POINTS: usize = 576;
    let point = blstrs::G1Projective::random(&mut *rng);
    let affine = blstrs::G1Affine::from(blstrs::G1Projective::random(&mut *rng));
    let scalar = blstrs::Scalar::random(&mut *rng);
    let octets = affine.to_compressed();
    let random = |rng: &mut ChaCha20Rng| blstrs::G1Affine::from(blstrs::G1Projective::random(rng));
    let points: Vec<blstrs::G1Affine> = (0..POINTS).map(|_| random(&mut *rng)).collect();
    let bases: Vec<FixedBase> = (0..BASES).map(|_| FixedBase::new(random(&mut *rng))).collect();
    bases.iter().for_each(FixedBase::prepare);
    let scalars: Vec<_> = (0..BASES).map(|_| blstrs::Scalar::random(&mut *rng)).collect();
    let (mut doubled, mut total) = (point, point);
    vec![
        Measure::new(Primitive::BlsMultiply, 2, move || black_box(point) * black_box(scalar)),
        Measure::new(Primitive::BlsDouble, 64, move || doubled = doubled.double()),
        Measure::new(Primitive::BlsAddMixed, 64, move || total += black_box(&affine)),
        // One fewer addition than points.
        Measure::divided(Primitive::BlsAddBatched, POINTS as f64 - 1.0, move || {
            let mut sum = FixedSum::with_capacity(BASES);
            points.iter().for_each(|point| sum.add_point(point));
            sum.finish()
        }),
        Measure::divided(
            Primitive::BlsAddTabled,
            BASES as f64 * crate::floors::DIGITS - 1.0,
            move || {
                let mut sum = FixedSum::with_capacity(BASES);
                bases.iter().zip(&scalars).for_each(|(base, scalar)| sum.add(base, scalar));
                sum.finish()
            },
        ),
        Measure::new(Primitive::BlsDecompress, 4, move || {
            blstrs::G1Affine::from_compressed_unchecked(black_box(&octets))
        }),
        Measure::new(Primitive::BlsSubgroup, 4, move || black_box(&affine).is_torsion_free()),
        Measure::new(Primitive::BlsInvert, 8, move || black_box(scalar).invert()),
    ]
}

fn bls_pairings(rng: &mut ChaCha20Rng) -> Vec<Measure> {
    let g1 = |rng: &mut ChaCha20Rng| blstrs::G1Affine::from(blstrs::G1Projective::random(rng));
    let g2 = |rng: &mut ChaCha20Rng| blstrs::G2Affine::from(blstrs::G2Projective::random(rng));
    let (p, q) = ([g1(rng), g1(rng)], [g2(rng), g2(rng)]);
    let prepared = q.map(blstrs::G2Prepared::from);
    let product = blst_fp12::miller_loop(q[0].as_ref(), p[0].as_ref());
    vec![
        // By way of an aggregate, since blst's safe call for several pairs goes to its threads.
        Measure::new(Primitive::BlsMillerTwo, 1, move || {
            let mut pairing = blst::Pairing::new(true, b"");
            for (p, q) in p.iter().zip(&q) {
                pairing.raw_aggregate(q.as_ref(), p.as_ref());
            }
            pairing.as_fp12()
        }),
        Measure::new(Primitive::BlsMillerTwoLines, 1, move || {
            let terms = [(&p[0], &prepared[0]), (&p[1], &prepared[1])];
            blstrs::Bls12::multi_miller_loop(&terms)
        }),
        Measure::new(Primitive::BlsFinal, 1, move || black_box(&product).final_exp()),
    ]
}

fn bn_points(rng: &mut ChaCha20Rng) -> Vec<Measure> {
    let mut wide = [0u8; 64];
    rng.fill_bytes(&mut wide);
    let point = G1Projective::rand(rng);
    let affine = G1Projective::rand(rng).into_affine();
    let affine2 = G2Projective::rand(rng).into_affine();
    let scalar = Fr::rand(rng);
    let (mut total, mut doubled) = (point, point);
    let (mut total2, mut doubled2) = (G2Projective::rand(rng), G2Projective::generator());
    let (mut x, mut y) = (Fq::rand(rng), Fr::rand(rng));
    let (by_x, by_y) = (Fq::rand(rng), Fr::rand(rng));
    vec![
        Measure::new(Primitive::BnMultiply, 2, move || black_box(point) * black_box(scalar)),
        Measure::new(Primitive::BnDouble, 64, move || CurveDouble::double(&mut doubled)),
        Measure::new(Primitive::BnAddG1, 64, move || total += black_box(&affine)),
        Measure::new(Primitive::BnAddG2, 32, move || total2 += black_box(&affine2)),
        Measure::new(Primitive::BnDoubleG2, 32, move || CurveDouble::double(&mut doubled2)),
        batched_additions(rng),
        Measure::new(Primitive::BnFieldMultiply, 1_000, move || x *= black_box(&by_x)),
        Measure::new(Primitive::BnScalarMultiply, 1_000, move || y *= black_box(&by_y)),
        Measure::new(Primitive::BnInvert, 8, move || black_box(by_x).inverse()),
    ]
}

/// Pairs of points of BN254's G1 that are added with one inversion: six multiplications an addition, no
/// exceptional cases, nothing else.
fn batched_additions(rng: &mut ChaCha20Rng) -> Measure {
    const PAIRS: usize = 1_024;
    let points: Vec<G1Projective> = (0..2 * PAIRS).map(|_| G1Projective::rand(&mut *rng)).collect();
    let points = G1Projective::normalize_batch(&points);
    let (mut inverses, mut sums) = (Vec::with_capacity(PAIRS), Vec::with_capacity(PAIRS));
    Measure::divided(Primitive::BnAddBatched, PAIRS as f64, move || {
        inverses.clear();
        inverses.extend(points.as_chunks::<2>().0.iter().map(|[a, b]| b.x - a.x));
        ark_ff::batch_inversion(&mut inverses);
        sums.clear();
        sums.extend(points.as_chunks::<2>().0.iter().zip(&inverses).map(|([a, b], inverse)| {
            let slope = (b.y - a.y) * inverse;
            let x = slope.square() - a.x - b.x;
            (x, slope * (a.x - x) - a.y)
        }));
        black_box(sums.last().copied())
    })
}

/// Doubling in place, by one name in both groups.
trait CurveDouble {
    fn double(&mut self);
}

impl<G: CurveGroup> CurveDouble for G {
    fn double(&mut self) {
        self.double_in_place();
    }
}

fn bn_pairings(rng: &mut ChaCha20Rng) -> Vec<Measure> {
    type Lines = <Bn254 as Pairing>::G2Prepared;
    let p: Vec<G1Affine> = (0..3).map(|_| G1Projective::rand(rng).into_affine()).collect();
    let q: Vec<G2Affine> = (0..3).map(|_| G2Projective::rand(rng).into_affine()).collect();
    let lines: Vec<Lines> = q.iter().map(|q| Lines::from(*q)).collect();
    let product = Bn254::multi_miller_loop(p.clone(), lines.clone());
    let (mut octets1, mut octets2) = (Vec::new(), Vec::new());
    p[0].serialize_compressed(&mut octets1).unwrap();
    q[0].serialize_compressed(&mut octets2).unwrap();
    let q0 = q[0];
    vec![
        Measure::new(Primitive::BnMillerThree, 1, move || {
            Bn254::multi_miller_loop(p.clone(), lines.clone())
        }),
        Measure::new(Primitive::BnPrepare, 2, move || Lines::from(black_box(q0))),
        Measure::new(Primitive::BnFinal, 1, move || Bn254::final_exponentiation(product)),
        Measure::new(Primitive::BnDecodeG1, 4, move || {
            G1Affine::deserialize_compressed(black_box(&octets1[..])).unwrap().is_zero()
        }),
        Measure::new(Primitive::BnDecodeG2, 2, move || {
            G2Affine::deserialize_compressed(black_box(&octets2[..])).unwrap().is_zero()
        }),
    ]
}

/// What we have code of our own for, through its public doors.
fn bn_own(rng: &mut ChaCha20Rng) -> Vec<Measure> {
    use sigil_circuits::{Commitment, Proof, setup};
    let Comparisons { shape, slots, params, .. } = Comparisons::with_constraints(25);
    let key = setup(&shape, rng).unwrap();
    let proved = key.prove(&slots, &params, rng).unwrap();
    let key = key.into_verifying_key();
    let (proof, commitment) = (proved.proof.to_bytes(), proved.commitment.to_bytes());
    vec![
        Measure::new(Primitive::BnEquation, 1, move || {
            key.verify(&params, &proved.commitment, &proved.proof).unwrap();
        }),
        Measure::new(Primitive::BnOwnDecodeG1, 4, move || {
            Commitment::from_bytes(black_box(&commitment)).unwrap()
        }),
        Measure::new(Primitive::BnOwnDecodeProof, 2, move || {
            Proof::from_bytes(black_box(&proof)).unwrap()
        }),
    ]
}
