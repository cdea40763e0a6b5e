//! Many proofs and signatures checked as one: all good ones pass, one bad one among many does not,
//! and two bad ones that would cancel out do so only for coefficients known beforehand.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should panic"
)]

use group::Group;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use sigil::bbs::{
    self, Error, Generators, HeldSignature, Interface, PairingBatch, PendingProof, Proof,
    ProofInit, PublicKey, SecretKey, Signature, SignedMessages, Suite,
};
use sigil::curve::{G1Affine, G1Projective, Scalar, decode_g1};
use std::sync::Arc;

const HEADER: &[u8] = b"header";
const PH: &[u8] = b"presentation header";
const COUNT: usize = 3;

fn generators() -> Arc<Generators> {
    Generators::new(Interface::typed(Suite::Sha256), COUNT).unwrap()
}

fn messages(i: u64) -> Vec<Scalar> {
    (0..COUNT as u64).map(|j| Scalar::from(100 * i + j)).collect()
}

/// Proofs of credentials of two issuers in turn, message 0 disclosed.
struct World {
    keys: [SecretKey; 2],
    rng: ChaCha20Rng,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        World { keys: [SecretKey::random(&mut rng), SecretKey::random(&mut rng)], rng }
    }

    fn key(&self, i: u64) -> &PublicKey {
        self.keys[i as usize % 2].public_key()
    }

    fn signature(&self, i: u64) -> Signature {
        bbs::sign(&self.keys[i as usize % 2], &generators(), HEADER, &messages(i)).unwrap()
    }

    fn proof(&mut self, i: u64, signature: &Signature) -> Proof {
        let key = *self.key(i);
        let generators = generators();
        let messages = messages(i);
        let rng = &mut self.rng;
        let held =
            HeldSignature::unverified(&key, signature, &generators, HEADER, &messages).unwrap();
        ProofInit::new(&key, &held, &generators, HEADER, &messages, &[0], rng)
            .unwrap()
            .finalize(PH)
            .unwrap()
    }

    fn pending<'a>(&self, i: u64, proof: &'a Proof) -> PendingProof<'a> {
        let disclosed = [(0, messages(i)[0])];
        bbs::proof_verify_deferred(self.key(i), proof, &generators(), HEADER, PH, &disclosed)
            .unwrap()
    }

    fn coefficient(&mut self) -> Scalar {
        let wide = Scalar::from(self.rng.next_u64()) * Scalar::from(u64::MAX);
        wide + Scalar::from(self.rng.next_u64())
    }
}

/// A signature whose point is off by `offset`: the prover's equations hold for it, the issuer's does
/// not.
fn shifted(signature: &Signature, offset: G1Projective) -> Signature {
    let mut octets = signature.to_bytes();
    let a = decode_g1(&octets[..48]).unwrap();
    octets[..48].copy_from_slice(&G1Affine::from(offset + a).to_compressed());
    Signature::from_bytes(&octets).unwrap()
}

#[test]
fn good_proofs_of_several_issuers_pass_together() {
    let mut world = World::new(1);
    let mut proofs = Vec::new();
    for i in 0..9 {
        let signature = world.signature(i);
        proofs.push(world.proof(i, &signature));
    }
    let mut whole = PairingBatch::new();
    assert!(whole.holds(), "nothing to refuse");
    let mut parts = [PairingBatch::new(), PairingBatch::new()];
    for (i, proof) in (0..).zip(&proofs) {
        let (pending, coefficient) = (world.pending(i, proof), world.coefficient());
        whole.add_proof(&pending, &coefficient);
        parts[usize::from(i > 3)].add_proof(&pending, &coefficient);
        assert!(pending.response(0).is_none() && pending.response(1).is_some());
        assert!(pending.settle().is_ok());
    }
    assert!(whole.holds());
    let [mut first, second] = parts;
    first.merge(second);
    assert!(first.holds());
}

#[test]
fn forge_one_bad_proof_among_many() {
    let mut world = World::new(2);
    for bad in [0, 5, 11] {
        let mut batch = PairingBatch::new();
        for i in 0..12 {
            let mut signature = world.signature(i);
            if i == bad {
                signature = shifted(&signature, G1Projective::generator());
            }
            let proof = world.proof(i, &signature);
            let pending = world.pending(i, &proof);
            batch.add_proof(&pending, &world.coefficient());
            assert_eq!(pending.settle().is_err(), i == bad, "{i}");
        }
        assert!(!batch.holds(), "{bad} is bad");
    }
}

/// A coefficient of 0 would let anything pass: no batch with one holds.
#[test]
fn reject_a_coefficient_of_zero() {
    let mut world = World::new(9);
    let signature = world.signature(0);
    let proof = world.proof(0, &signature);
    let pending = world.pending(0, &proof);
    let (zero, generators) = (Scalar::from(0), generators());
    let with = |coefficient| {
        let mut batch = PairingBatch::new();
        batch.add_proof(&pending, &coefficient);
        batch
    };
    assert!(with(Scalar::from(2)).holds() && !with(zero).holds());
    let mut merged = with(Scalar::from(2));
    merged.merge(with(zero));
    assert!(!merged.holds());
    let mut batch = PairingBatch::new();
    batch
        .add_signature(world.key(0), &signature, &generators, HEADER, &messages(0), &zero)
        .unwrap();
    assert!(!batch.holds());
}

/// Two signatures off by points that cancel: only coefficients that the forger knew let them pass.
#[test]
fn forge_two_proofs_that_cancel_out() {
    let world = World::new(3);
    let offset = G1Projective::generator() * Scalar::from(77);
    let shift = [offset, -offset];
    let holds = |coefficients: [Scalar; 2]| {
        let mut batch = PairingBatch::new();
        // The same e, so that the errors are negatives of each other: one signature, twice.
        for (offset, coefficient) in shift.iter().zip(coefficients) {
            let signature = shifted(&world.signature(0), *offset);
            let generators = generators();
            let (key, messages) = (world.key(0), messages(0));
            batch
                .add_signature(key, &signature, &generators, HEADER, &messages, &coefficient)
                .unwrap();
        }
        batch.holds()
    };
    assert!(holds([Scalar::from(5), Scalar::from(5)]), "the forgery is a real one");
    let mut world = World::new(4);
    assert!(!holds([world.coefficient(), world.coefficient()]));
    assert!(!holds([Scalar::from(1), world.coefficient()]));
}

#[test]
fn forge_a_proof_under_another_issuer() {
    let mut world = World::new(5);
    let signature = world.signature(0);
    let proof = world.proof(0, &signature);
    let generators = generators();
    // The domain binds the key: a proof of one issuer does not even reach the equation of another.
    let disclosed = [(0, messages(0)[0])];
    let other =
        bbs::proof_verify_deferred(world.key(1), &proof, &generators, HEADER, PH, &disclosed);
    assert_eq!(other.unwrap_err(), Error::Refused);
    // A signature made by one issuer over the domain of the other reaches it and fails there, also
    // in the company of good ones of both.
    let crossed = bbs::sign(&world.keys[1], &generators, HEADER, &messages(0)).unwrap();
    let mut batch = PairingBatch::new();
    for i in 0..4 {
        let (signature, coefficient) = (world.signature(i), world.coefficient());
        batch
            .add_signature(
                world.key(i),
                &signature,
                &generators,
                HEADER,
                &messages(i),
                &coefficient,
            )
            .unwrap();
    }
    assert!(batch.holds());
    let (key, coefficient) = (*world.key(0), world.coefficient());
    batch.add_signature(&key, &crossed, &generators, HEADER, &messages(0), &coefficient).unwrap();
    assert!(!batch.holds());
    let pending_of = |world: &mut World| {
        let proof = world.proof(0, &crossed);
        world.pending(0, &proof).settle().is_err()
    };
    assert!(pending_of(&mut world));
}

#[test]
fn forge_one_bad_signature_among_many() {
    let mut world = World::new(6);
    let generators = generators();
    for bad in [None, Some(2), Some(7)] {
        let mut parts = [PairingBatch::new(), PairingBatch::new()];
        for i in 0..8 {
            let mut said = messages(i);
            if bad == Some(i) {
                said[1] += Scalar::from(1);
            }
            let (signature, coefficient) = (world.signature(i), world.coefficient());
            let key = *world.key(i);
            parts[i as usize % 2]
                .add_signature(&key, &signature, &generators, HEADER, &said, &coefficient)
                .unwrap();
        }
        let [mut batch, other] = parts;
        batch.merge(other);
        assert_eq!(batch.holds(), bad.is_none(), "{bad:?}");
    }
    let mut batch = PairingBatch::new();
    let (key, signature) = (*world.key(0), world.signature(0));
    let short = &messages(0)[1..];
    let one = Scalar::from(1);
    let added = batch.add_signature(&key, &signature, &generators, HEADER, short, &one);
    assert_eq!(added.unwrap_err(), Error::Refused);
}

#[test]
fn reject_exactly_the_bad_signatures_of_a_batch() {
    let world = World::new(7);
    let (long, short) = (generators(), Generators::new(generators().interface(), 2).unwrap());
    for bad in [vec![], vec![0], vec![12], vec![3, 4, 9], (0..13).collect::<Vec<u64>>()] {
        let signatures: Vec<Signature> = (0..13).map(|i| world.signature(i)).collect();
        let said: Vec<Vec<Scalar>> =
            (0..13).map(|i| messages(i + u64::from(bad.contains(&i)))).collect();
        let item = |i: usize| SignedMessages {
            key: world.key(i as u64),
            signature: &signatures[i],
            generators: &long,
            header: HEADER,
            messages: &said[i],
        };
        let items: Vec<_> = (0..13).map(item).collect();
        let found = bbs::verify_batch(&items);
        assert!(found.iter().map(|&i| i as u64).eq(bad.iter().copied()), "{bad:?}: {found:?}");
        // Every other part of an item, misstated.
        let misstated = [
            SignedMessages { key: world.key(0), ..items[1] },
            SignedMessages { signature: &signatures[3], ..items[1] },
            SignedMessages { generators: &short, ..items[1] },
            SignedMessages { generators: &short, messages: &said[1][..2], ..items[1] },
            SignedMessages { header: b"other", ..items[1] },
        ];
        if bad.is_empty() {
            for (which, item) in misstated.into_iter().enumerate() {
                let mut items = items.clone();
                items[1] = item;
                assert_eq!(bbs::verify_batch(&items), [1], "misstated part {which}");
                assert_eq!(bbs::verify_batch(&items[1..2]), [0], "alone, {which}");
            }
        }
    }
    assert!(bbs::verify_batch(&[]).is_empty());
}

/// With one coefficient for all, or coefficients that do not hash the signatures, these two would pass.
#[test]
fn forge_two_signatures_of_a_batch_that_cancel_out() {
    let world = World::new(8);
    let offset = G1Projective::generator() * Scalar::from(9);
    let generators = generators();
    let good = world.signature(0);
    let signatures = [shifted(&good, offset), good, shifted(&good, -offset)];
    let said = messages(0);
    let items = signatures.each_ref().map(|signature| SignedMessages {
        key: world.key(0),
        signature,
        generators: &generators,
        header: HEADER,
        messages: &said,
    });
    assert_eq!(bbs::verify_batch(&items), [0, 2]);
}
