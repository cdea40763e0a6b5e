use std::sync::OnceLock;

use ark_bn254::{G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use super::*;
use crate::formula::{Comparison, Formula, Interval, Linear, Param, Slot};
use crate::groth16::setup;
use crate::keys::ProvingKey;
use crate::shape::Shape;

const SLOTS: [i128; 2] = [52_000, 9];

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn key() -> &'static ProvingKey {
    static KEY: OnceLock<ProvingKey> = OnceLock::new();
    KEY.get_or_init(|| {
        let against =
            |s, op, p| Formula::compare(Linear::slot(Slot(s)), op, Linear::param(Param(p)));
        let formula =
            Formula::All(vec![against(0, Comparison::Ge, 0), against(1, Comparison::Ne, 1)]);
        let intervals = vec![Interval::bits(32), Interval::bits(4)];
        let shape = Shape::new(intervals.clone(), intervals, formula).unwrap();
        setup(&shape, &mut rng(0)).unwrap()
    })
}

fn vk() -> &'static VerifyingKey {
    key().verifying_key()
}

/// What a claim borrows.
#[derive(Clone)]
struct Owned {
    params: Vec<i128>,
    proof: Proof,
    d: Commitment,
    k: Commitment,
    z: Vec<Scalar>,
    nu: Scalar,
    c: Scalar,
}

impl Owned {
    fn honest(seed: u64) -> Self {
        let mut rng = rng(seed);
        let params = vec![50_000 - i128::from(seed), 8];
        let proved = key().prove(&SLOTS, &params, &mut rng).unwrap();
        let masks = SLOTS.map(|_| Scalar::random(&mut rng));
        let nu = Scalar::random(&mut rng);
        let k = vk().commit(&masks, &nu).unwrap();
        let c = Scalar::random(&mut rng);
        let z = masks.iter().zip(SLOTS).map(|(k, x)| k + &(&c * &Scalar::from(x))).collect();
        let nu = &nu + &(&c * proved.opening.blinder());
        Self { params, proof: proved.proof, d: proved.commitment, k, z, nu, c }
    }

    fn claim(&self) -> Claim<'_> {
        Claim {
            params: &self.params,
            proof: &self.proof,
            commitment: &self.d,
            mask: &self.k,
            responses: &self.z,
            blinder: &self.nu,
            challenge: &self.c,
        }
    }

    fn alone(&self) -> Result<(), Refused> {
        vk().verify_claim(&self.claim())
    }
}

fn honest(count: usize) -> Vec<Owned> {
    static MADE: OnceLock<Vec<Owned>> = OnceLock::new();
    let made = MADE.get_or_init(|| (1..=20).map(Owned::honest).collect());
    made[..count].to_vec()
}

fn coefficients(count: usize) -> Vec<[u128; 2]> {
    let mut rng = rng(99);
    let mut number = || u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64());
    (0..count).map(|_| [number(), number()]).collect()
}

fn together(claims: &[Owned], coefficients: &[[u128; 2]]) -> Result<(), Refused> {
    let claims: Vec<Claim<'_>> = claims.iter().map(Owned::claim).collect();
    vk().verify_batch(&claims, coefficients)
}

fn batch(claims: &[Owned]) -> Result<(), Refused> {
    together(claims, &coefficients(claims.len()))
}

fn moved(point: &Commitment, by: G1Projective) -> Commitment {
    Commitment::new((point.point() + by).into_affine())
}

fn some_point() -> G1Projective {
    G1Affine::generator() * Scalar::random(&mut rng(77)).field()
}

type Fault = fn(&mut Owned);

/// One altered claim of each kind.
const FAULTS: [(&str, Fault); 9] = [
    ("A", |o| o.proof.points_mut().a = (o.proof.points().a + some_point()).into_affine()),
    ("B", |o| {
        let b = o.proof.points().b;
        o.proof.points_mut().b = (b + b).into_affine();
    }),
    ("C", |o| o.proof.points_mut().c = (o.proof.points().c + some_point()).into_affine()),
    ("D", |o| o.d = moved(&o.d, some_point())),
    ("K", |o| o.k = moved(&o.k, some_point())),
    ("z", |o| o.z[1] = &o.z[1] + &Scalar::from(1)),
    ("blinder", |o| o.nu = &o.nu + &Scalar::from(1)),
    ("c", |o| o.c = &o.c + &Scalar::from(1)),
    ("param", |o| o.params[0] += 1),
];

#[test]
fn honest_claims_hold_together() {
    for count in [0, 1, 2, 3, 5, 17, 20] {
        assert_eq!(batch(&honest(count)), Ok(()), "{count}");
    }
}

#[test]
fn reject_one_bad_claim_of_each_kind_among_many() {
    for (name, fault) in FAULTS {
        for (count, at) in [(1, 0), (2, 1), (18, 0), (18, 9), (18, 17)] {
            let mut claims = honest(count);
            fault(&mut claims[at]);
            assert_eq!(claims[at].alone(), Err(Refused), "{name} alone");
            assert_eq!(batch(&claims), Err(Refused), "{name} at {at} of {count}");
            let claims: Vec<Claim<'_>> = claims.iter().map(Owned::claim).collect();
            let mut sum = vk().begin_batch();
            sum.add(&claims, &coefficients(count)).unwrap();
            assert!(!sum.holds(), "{name} at {at} of {count}");
        }
    }
}

#[test]
fn batch_agrees_with_one_by_one() {
    let mut rng = rng(5);
    for _ in 0..24 {
        let mut claims = honest(1 + rng.next_u32() as usize % 6);
        for claim in &mut claims {
            if rng.next_u32().is_multiple_of(6) {
                FAULTS[rng.next_u32() as usize % FAULTS.len()].1(claim);
            }
        }
        assert_eq!(batch(&claims), claims.iter().try_for_each(Owned::alone));
    }
}

/// Each pair passes when all coefficients are equal: only that they differ tells.
#[test]
fn reject_cancelling_claims() {
    let by = some_point();
    type Shift = fn(&mut Owned, G1Projective);
    let pairs: [(&str, Shift); 3] = [
        ("C", |o, by| o.proof.points_mut().c = (o.proof.points().c + by).into_affine()),
        ("K", |o, by| o.k = moved(&o.k, by)),
        // Both equations of each claim err, and the sum over the claims doesn't.
        ("D", |o, by| {
            o.d = moved(&o.d, by);
            o.k = moved(&o.k, by * -o.c.field());
        }),
    ];
    for (name, shift) in pairs {
        let mut claims = honest(9);
        shift(&mut claims[2], by);
        shift(&mut claims[7], -by);
        assert_eq!(claims[2].alone(), Err(Refused), "{name}");
        assert_eq!(together(&claims, &[[3, 3]; 9]), Ok(()), "{name}: the pair doesn't cancel");
        assert_eq!(batch(&claims), Err(Refused), "{name}");
    }
}

/// A pairing equation that errs against the relation of the same claim.
#[test]
fn reject_cancelling_equations_of_one_claim() {
    let by = some_point();
    let mut claims = honest(3);
    let claim = &mut claims[1];
    claim.d = moved(&claim.d, by);
    claim.k = moved(&claim.k, by - by * claim.c.field());
    assert_eq!(claim.alone(), Err(Refused));
    assert_eq!(together(&claims, &[[5, 5]; 3]), Ok(()), "the equations don't cancel");
    assert_eq!(batch(&claims), Err(Refused));
}

#[test]
fn parts_merge_into_the_whole() {
    let fold = |claims: &[Owned], sizes: &[usize]| {
        let numbers = coefficients(claims.len());
        let mut whole = vk().begin_batch();
        let mut from = 0;
        for size in sizes {
            let mut part = vk().begin_batch();
            let claims: Vec<Claim<'_>> =
                claims[from..from + size].iter().map(Owned::claim).collect();
            part.add(&claims, &numbers[from..from + size]).unwrap();
            whole.merge(part);
            from += size;
        }
        assert_eq!(from, claims.len());
        whole.holds()
    };
    let mut claims = honest(11);
    for sizes in [&[11][..], &[1, 10], &[4, 0, 5, 2], &[0, 11, 0]] {
        assert!(fold(&claims, sizes));
    }
    // Cancelling across parts under distinct coefficients.
    let by = some_point();
    claims[1].k = moved(&claims[1].k, by);
    claims[9].k = moved(&claims[9].k, -by);
    assert!(!fold(&claims, &[4, 0, 5, 2]));
}

/// What is added later counts beside what is there: good claims hide no bad ones, of either side.
#[test]
fn reject_bad_claims_added_in_turn() {
    let numbers = coefficients(6);
    let hold = |claims: &[Owned]| {
        let mut sum = vk().begin_batch();
        for (claims, numbers) in claims.chunks(2).zip(numbers.chunks(2)) {
            let claims: Vec<Claim<'_>> = claims.iter().map(Owned::claim).collect();
            sum.add(&claims, numbers).unwrap();
        }
        sum.holds()
    };
    assert!(hold(&honest(6)));
    for (name, fault) in FAULTS {
        for at in [0, 3, 5] {
            let mut claims = honest(6);
            fault(&mut claims[at]);
            assert!(!hold(&claims), "{name} at {at}");
        }
    }
}

#[test]
fn reject_merge_across_keys() {
    let other = setup(key().shape(), &mut rng(1)).unwrap();
    let mut sum = vk().begin_batch();
    assert!(sum.holds());
    sum.merge(other.verifying_key().begin_batch());
    assert!(!sum.holds());
    // Nor does it pass when something of the right key is merged after it, or with it inside.
    sum.merge(vk().begin_batch());
    assert!(!sum.holds());
    let mut outer = vk().begin_batch();
    outer.merge(sum);
    assert!(!outer.holds());
}

#[test]
fn reject_claims_that_do_not_fit() {
    let check = |fault: fn(&mut Owned)| {
        let mut claims = honest(3);
        fault(&mut claims[1]);
        assert_eq!(batch(&claims), Err(Refused));
        let mut sum = vk().begin_batch();
        let claims: Vec<Claim<'_>> = claims.iter().map(Owned::claim).collect();
        assert_eq!(sum.add(&claims, &coefficients(3)), Err(Refused));
        assert!(sum.holds(), "part of what was refused was added");
    };
    check(|o| o.params.truncate(1));
    check(|o| o.params.push(0));
    check(|o| o.params[0] = 1 << 32);
    check(|o| o.params[0] = -1);
    check(|o| o.z.truncate(1));
    check(|o| o.z.push(Scalar::from(0)));
    assert_eq!(together(&honest(3), &coefficients(2)), Err(Refused));
    assert_eq!(together(&honest(3), &coefficients(4)), Err(Refused));
    assert_eq!(together(&[], &coefficients(1)), Err(Refused));
    // A coefficient of 0 would let its equation off.
    for at in 0..2 {
        let mut numbers = coefficients(3);
        numbers[2][at] = 0;
        assert_eq!(together(&honest(3), &numbers), Err(Refused));
    }
}
