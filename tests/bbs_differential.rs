//! Our BBS beside another implementation of the same draft, on random cases: what one signs or
//! proves, the other accepts, and signatures are the same octets.
//!
//! The seed of a run is printed; `SIGIL_TEST_SEED=<number>` repeats it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should panic"
)]

use group::Curve;
use rand_chacha::ChaCha20Rng;
use rand_core::{OsRng, RngCore, SeedableRng};
use rayon::prelude::*;
use sigil::bbs::{
    Generators, HeldSignature, Interface, Proof, ProofInit, PublicKey, SecretKey, Suite,
    proof_verify, standard,
};
use sigil::curve::{G1Affine, Scalar, random_scalar};
use zkryptium::bbsplus::keys::{BBSplusPublicKey, BBSplusSecretKey};
use zkryptium::schemes::algorithms::{BbsBls12381Sha256, BbsBls12381Shake256};
use zkryptium::schemes::generics::{PoKSignature, Signature as TheirSignature};

/// Cases per run, over both suites.
const CASES: u64 = 200;
const MOST_MESSAGES: usize = 40;

/// One random case.
struct Case {
    suite: Suite,
    secret: SecretKey,
    header: Vec<u8>,
    ph: Vec<u8>,
    messages: Vec<Vec<u8>>,
    disclosed: Vec<usize>,
    rng: ChaCha20Rng,
}

impl Case {
    /// Every eighth case reveals nothing, every eighth everything, the others what falls out.
    fn new(seed: u64, number: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed ^ number.rotate_left(32));
        let suite = Suite::ALL[usize::from(number % 2 == 1)];
        let count = below(&mut rng, MOST_MESSAGES) + 1;
        let messages: Vec<_> = (0..count).map(|_| some_octets(&mut rng, 70)).collect();
        let disclosed = match number / 2 % 8 {
            0 => Vec::new(),
            1 => (0..count).collect(),
            _ => (0..count).filter(|_| rng.next_u32().is_multiple_of(2)).collect(),
        };
        Case {
            suite,
            secret: SecretKey::random(&mut rng),
            header: some_octets(&mut rng, 90),
            ph: some_octets(&mut rng, 90),
            messages,
            disclosed,
            rng,
        }
    }

    fn shown(&self) -> Vec<(usize, &Vec<u8>)> {
        self.disclosed.iter().map(|&index| (index, &self.messages[index])).collect()
    }
}

fn below(rng: &mut impl RngCore, bound: usize) -> usize {
    usize::try_from(rng.next_u64() % bound as u64).unwrap()
}

/// Up to `most` octets; none at all in one case of four.
fn some_octets(rng: &mut impl RngCore, most: usize) -> Vec<u8> {
    let len = if rng.next_u32().is_multiple_of(4) { 0 } else { below(rng, most + 1) };
    let mut octets = vec![0; len];
    rng.fill_bytes(&mut octets);
    octets
}

/// What is asked of the other implementation.
trait Theirs {
    fn sign(case: &Case) -> [u8; 80];
    fn verify(case: &Case, signature: &[u8; 80]) -> bool;
    fn prove(case: &Case, signature: &[u8; 80]) -> Vec<u8>;
    fn proof_verify(case: &Case, ph: &[u8], proof: &[u8]) -> bool;
}

macro_rules! theirs {
    ($scheme:ty) => {
        impl Theirs for $scheme {
            fn sign(case: &Case) -> [u8; 80] {
                let secret = BBSplusSecretKey::from_bytes(&*case.secret.to_bytes()).unwrap();
                let (messages, header) = (Some(&case.messages[..]), Some(&case.header[..]));
                let public = their_key(case);
                let signed = TheirSignature::<$scheme>::sign(messages, &secret, &public, header);
                signed.unwrap().to_bytes()
            }

            fn verify(case: &Case, signature: &[u8; 80]) -> bool {
                let (messages, header) = (Some(&case.messages[..]), Some(&case.header[..]));
                TheirSignature::<$scheme>::from_bytes(signature).is_ok_and(|signature| {
                    signature.verify(&their_key(case), messages, header).is_ok()
                })
            }

            fn prove(case: &Case, signature: &[u8; 80]) -> Vec<u8> {
                PoKSignature::<$scheme>::proof_gen(
                    &their_key(case),
                    signature,
                    Some(&case.header),
                    Some(&case.ph),
                    Some(&case.messages),
                    Some(&case.disclosed),
                )
                .unwrap()
                .to_bytes()
            }

            fn proof_verify(case: &Case, ph: &[u8], proof: &[u8]) -> bool {
                let shown: Vec<_> =
                    case.disclosed.iter().map(|&i| case.messages[i].clone()).collect();
                PoKSignature::<$scheme>::from_bytes(proof).is_ok_and(|proof| {
                    let (header, ph) = (Some(&case.header[..]), Some(ph));
                    let disclosed = Some(&case.disclosed[..]);
                    proof
                        .proof_verify(&their_key(case), Some(&shown), disclosed, header, ph)
                        .is_ok()
                })
            }
        }
    };
}

theirs!(BbsBls12381Sha256);
theirs!(BbsBls12381Shake256);

fn their_key(case: &Case) -> BBSplusPublicKey {
    BBSplusPublicKey::from_bytes(&case.secret.public_key().to_bytes()).unwrap()
}

fn seed() -> u64 {
    let seed = match std::env::var("SIGIL_TEST_SEED") {
        Ok(text) => text.parse().expect("SIGIL_TEST_SEED is a number below 2^64"),
        Err(_) => OsRng.next_u64(),
    };
    println!("repeat with SIGIL_TEST_SEED={seed}");
    seed
}

/// The first disagreement stops the run: two hundred of the same would hide its name.
fn agree(condition: bool, what: &str) -> Result<(), String> {
    if condition { Ok(()) } else { Err(what.to_owned()) }
}

fn compare<T: Theirs>(mut case: Case) -> Result<(), String> {
    let Case { suite, ref secret, ref header, ref ph, ref messages, ref disclosed, .. } = case;
    let public: &PublicKey = secret.public_key();
    let ours = standard::sign(suite, secret, header, messages).unwrap();
    agree(ours.to_bytes() == T::sign(&case), "signatures are the same")?;
    agree(T::verify(&case, &ours.to_bytes()), "they accept our signature")?;

    let mut rng = case.rng.clone();
    let proof =
        standard::proof_gen(suite, public, &ours, header, ph, messages, disclosed, &mut rng)
            .unwrap()
            .to_bytes();
    agree(T::proof_verify(&case, ph, &proof), "they accept our proof")?;

    let theirs = T::prove(&case, &ours.to_bytes());
    agree(proof.len() == theirs.len(), "proofs are of one length")?;
    let accepts = |octets: &[u8], ph: &[u8]| {
        Proof::from_bytes(octets).is_ok_and(|proof| {
            standard::proof_verify(suite, public, &proof, header, ph, &case.shown()).is_ok()
        })
    };
    agree(accepts(&theirs, ph), "we accept their proof")?;

    let bit = below(&mut rng, theirs.len() * 8);
    let mut spoilt = theirs.clone();
    spoilt[bit / 8] ^= 1 << (bit % 8);
    agree(!accepts(&spoilt, ph), &format!("we refuse their proof with bit {bit} flipped"))?;
    let other = [&ph[..], &[0]].concat();
    agree(!accepts(&theirs, &other), "we refuse their proof under another presentation header")?;
    agree(!T::proof_verify(&case, &other, &proof), "they refuse ours likewise")?;
    case.header.push(0);
    let (key, header, messages) = (case.secret.public_key(), &case.header, &case.messages);
    let refused = standard::verify(suite, key, &ours, header, messages).is_err();
    agree(refused, "we refuse our signature under another header")
}

#[test]
fn random_cases_agree_in_both_directions() {
    let seed = seed();
    let edges: Result<Vec<[bool; 2]>, String> = (0..CASES)
        .into_par_iter()
        .map(|number| {
            let case = Case::new(seed, number);
            let (shown, all) = (case.disclosed.len(), case.messages.len());
            let compared = match case.suite {
                Suite::Sha256 => compare::<BbsBls12381Sha256>(case),
                Suite::Shake256 => compare::<BbsBls12381Shake256>(case),
            };
            compared.map_err(|what| format!("seed {seed}, case {number}, not so: {what}"))?;
            Ok([shown == 0, shown == all])
        })
        .collect();
    let edges = edges.unwrap_or_else(|disagreement| panic!("{disagreement}"));
    // Nothing disclosed, and everything, is in every run of each suite.
    for suite in 0..2 {
        let of_suite = edges.iter().skip(suite).step_by(2);
        assert!(of_suite.clone().filter(|[none, _]| *none).count() >= 12);
        assert!(of_suite.filter(|[_, all]| *all).count() >= 12);
    }
}

/// A commitment to a hidden message, proven to open to the signed one by sharing the blinding of
/// the BBS proof; its first message goes into `ph`.
struct Extension {
    bases: [G1Affine; 2],
    commitment: G1Affine,
    first: G1Affine,
    rho_hat: Scalar,
}

impl Extension {
    /// What the presentation header binds.
    fn ph(&self) -> Vec<u8> {
        [&b"extension"[..], &self.commitment.to_compressed(), &self.first.to_compressed()].concat()
    }

    /// T = m̂·G + ρ̂·H − c·C.
    fn holds(&self, m_hat: &Scalar, c: &Scalar) -> bool {
        let [g, h] = self.bases;
        let right = g * m_hat + h * self.rho_hat - self.commitment * c;
        right.to_affine() == self.first
    }
}

/// Proves with an extension about the hidden message at `index`, committing to `committed`.
fn prove_with_extension(case: &Case, index: usize, committed: &Scalar) -> (Vec<u8>, Extension) {
    let mut rng = case.rng.clone();
    let interface = Interface::standard(case.suite);
    let generators = Generators::new(interface, case.messages.len()).unwrap();
    let scalars = standard::messages_to_scalars(case.suite, &case.messages);
    let held = HeldSignature::sign(&case.secret, &generators, &case.header, &scalars).unwrap();
    // With tables half the time.
    if case.messages.len().is_multiple_of(2) {
        held.prepare();
    }
    let public = case.secret.public_key();
    let init = ProofInit::new(
        public,
        &held,
        &generators,
        &case.header,
        &scalars,
        &case.disclosed,
        &mut rng,
    )
    .unwrap();

    let bases = [b"base G", b"base H"]
        .map(|label| case.suite.expander().hash_to_g1(label, b"SIGIL-TEST-EXTENSION"));
    let [g, h] = bases;
    let [rho, rho_tilde] = [(); 2].map(|()| random_scalar(&mut rng));
    let blinding = init.blinding(index).unwrap();
    let mut extension = Extension {
        bases,
        commitment: (g * committed + h * rho).to_affine(),
        first: (g * **blinding + h * rho_tilde).to_affine(),
        rho_hat: rho_tilde,
    };
    let proof = init.finalize(&extension.ph()).unwrap();
    extension.rho_hat += rho * proof.challenge();
    (proof.to_bytes(), extension)
}

fn extended<T: Theirs>(mut case: Case) {
    // Something hidden, something shown.
    let index = 1;
    case.messages.resize_with(case.messages.len().max(2), || b"filled up".to_vec());
    case.disclosed = (0..case.messages.len()).step_by(2).collect();
    let scalars = standard::messages_to_scalars(case.suite, &case.messages);

    let (octets, extension) = prove_with_extension(&case, index, &scalars[index]);
    assert!(T::proof_verify(&case, &extension.ph(), &octets), "a standard proof, given ph");
    assert!(!T::proof_verify(&case, b"extension", &octets), "and only given ph");

    let verify = |octets: &[u8], extension: &Extension| {
        let proof = Proof::from_bytes(octets).unwrap();
        let count = case.messages.len();
        let generators = Generators::new(Interface::standard(case.suite), count).unwrap();
        let shown: Vec<_> = case.disclosed.iter().map(|&index| (index, scalars[index])).collect();
        let (key, ph) = (case.secret.public_key(), extension.ph());
        let verified = proof_verify(key, &proof, &generators, &case.header, &ph, &shown).unwrap();
        assert!(verified.response(0).is_none(), "a disclosed message has no response");
        extension.holds(verified.response(index).unwrap(), verified.challenge())
    };
    assert!(verify(&octets, &extension));

    // Another value in the commitment: still a BBS proof, no longer an extension.
    let other = scalars[index] + Scalar::from(1u64);
    let (octets, extension) = prove_with_extension(&case, index, &other);
    assert!(T::proof_verify(&case, &extension.ph(), &octets));
    assert!(!verify(&octets, &extension));
}

#[test]
fn a_proof_with_an_extension_is_a_standard_proof_given_its_header() {
    let seed = seed();
    for number in 0..4 {
        let case = Case::new(seed, CASES + number);
        match case.suite {
            Suite::Sha256 => extended::<BbsBls12381Sha256>(case),
            Suite::Shake256 => extended::<BbsBls12381Shake256>(case),
        }
    }
}
