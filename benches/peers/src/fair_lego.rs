//! The same composite proof as proof_system's, made fair: legogroth16 0.18 and bbs_plus 0.25 put
//! together by hand around a comparison of 130 constraints.
//!
//! proof_system's bound check compares whole field elements, which costs it 29 times the
//! constraints that 64-bit integers need; that is its circuit, not its proof system. It takes no
//! circuit but its own or one in the Circom toolchain's format with a WebAssembly witness
//! calculator, which would cost it more again. So this file does what proof_system does inside
//! (see its `sub_protocols::bound_check_legogroth16`): LegoGroth16 with the bounded value as the
//! one committed witness; a Schnorr proof that opens the commitment, with the blinding that the
//! signature proof uses for the same message; one challenge over both; no second response for the
//! shared message. What it leaves out is what proof_system does besides (specification, lookups),
//! so it favours the peer. (The copies of prepared points that the verifying calls ask for are on the
//! clock here: microseconds.) The verifier merges the pairings of both proofs as proof_system does.
//!
//! The circuit: v − min and max − v are each written in 64 bits; 2 · (64 + 1) = 130 constraints.

use crate::bbs_plus_025::{Issued, encode, issued, revealed};
use crate::contest::{Entry, Operation, Side};
use crate::inputs;
use ark_bls12_381::{Bls12_381, Fr, G1Affine};
use ark_ff_04::{BigInteger, Field, One, PrimeField};
use ark_relations_04::lc;
use ark_relations_04::r1cs::{
    ConstraintSynthesizer, ConstraintSystem, ConstraintSystemRef, LinearCombination,
    SynthesisError, Variable,
};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use ark_std_04::UniformRand;
use ark_std_04::rand::{SeedableRng, rngs::StdRng};
use bbs_plus::prelude::{PreparedPublicKeyG2, PreparedSignatureParams23G1, SignatureParams23G1};
use bbs_plus::proof_23_ietf::{PoKOfSignature23G1Proof, PoKOfSignature23G1Protocol};
use blake2::Blake2b512;
use dock_crypto_utils::randomized_pairing_check::RandomizedPairingChecker;
use dock_crypto_utils::signature::MessageOrBlinding;
use legogroth16::{
    PreparedVerifyingKey, Proof, ProvingKey, calculate_d, create_random_proof,
    generate_random_parameters, prepare_verifying_key,
};
use schnorr_pok::partial::PartialSchnorrResponse;
use schnorr_pok::{SchnorrCommitment, compute_random_oracle_challenge};
use std::collections::{BTreeMap, BTreeSet};

const BITS: usize = 64;

/// min ≤ v ≤ max for v within 64 bits of both.
#[derive(Clone, Default)]
struct Bound {
    value: Option<Fr>,
    least: Option<Fr>,
    most: Option<Fr>,
}

impl ConstraintSynthesizer<Fr> for Bound {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let given = |value: Option<Fr>| value.ok_or(SynthesisError::AssignmentMissing);
        // The committed witness has to come first.
        let value = cs.new_witness_variable(|| given(self.value))?;
        let least = cs.new_input_variable(|| given(self.least))?;
        let most = cs.new_input_variable(|| given(self.most))?;
        let difference = |a: Option<Fr>, b: Option<Fr>| Some(a? - b?);
        in_64_bits(&cs, lc!() + value - least, difference(self.value, self.least))?;
        in_64_bits(&cs, lc!() + most - value, difference(self.most, self.value))
    }
}

fn in_64_bits(
    cs: &ConstraintSystemRef<Fr>,
    combination: LinearCombination<Fr>,
    value: Option<Fr>,
) -> Result<(), SynthesisError> {
    let bits = value.map(|v| v.into_bigint().to_bits_le());
    let mut sum = lc!();
    let mut weight = Fr::one();
    for i in 0..BITS {
        let bit = cs.new_witness_variable(|| {
            let bits = bits.as_ref().ok_or(SynthesisError::AssignmentMissing)?;
            Ok(Fr::from(bits[i]))
        })?;
        cs.enforce_constraint(lc!() + bit, lc!() + Variable::One - bit, lc!())?;
        sum += (weight, bit);
        weight.double_in_place();
    }
    cs.enforce_constraint(sum, lc!() + Variable::One, combination)
}

/// What goes over the wire.
#[derive(Clone, CanonicalSerialize, CanonicalDeserialize)]
struct Composite {
    signature: PoKOfSignature23G1Proof<Bls12_381>,
    bound: Proof<Bls12_381>,
    /// First message of the opening of the bound's commitment.
    t: G1Affine,
    /// Its responses but for the message that the signature proof answers for.
    opening: PartialSchnorrResponse<G1Affine>,
}

fn bounds() -> [Fr; 2] {
    [Fr::from(inputs::THRESHOLD), Fr::from(u64::MAX)]
}

fn commitment_key(key: &legogroth16::VerifyingKey<Bls12_381>) -> [G1Affine; 2] {
    [key.gamma_abc_g1[3], key.eta_gamma_inv_g1]
}

/// The transcript after the signature proof's part: what proof_system absorbs for a bound check.
fn absorb_bound(transcript: &mut Vec<u8>, bases: &[G1Affine; 2], d: &G1Affine, t: &G1Affine) {
    for point in bases.iter().chain([d, t]) {
        point.serialize_compressed(&mut *transcript).unwrap();
    }
}

struct Prover {
    issued: Issued,
    shown: BTreeMap<usize, Fr>,
    key: ProvingKey<Bls12_381>,
    rng: StdRng,
}

impl Prover {
    fn prove(&mut self) -> Vec<u8> {
        let Self { issued, shown, key, rng } = self;
        let value = issued.messages[inputs::BOUNDED];
        let [least, most] = bounds();
        let v = Fr::rand(rng);
        let circuit = Bound { value: Some(value), least: Some(least), most: Some(most) };
        let bound = create_random_proof(circuit, v, key, rng).unwrap();

        let shared = Fr::rand(rng);
        let blinded = issued.messages.iter().enumerate().map(|(i, message)| {
            if shown.contains_key(&i) {
                MessageOrBlinding::RevealMessage(message)
            } else if i == inputs::BOUNDED {
                MessageOrBlinding::blind_message_with(message, shared)
            } else {
                MessageOrBlinding::BlindMessageRandomly(message)
            }
        });
        let signature =
            PoKOfSignature23G1Protocol::init(rng, &issued.signature, &issued.params, blinded)
                .unwrap();
        let bases = commitment_key(&key.vk);
        let opening = SchnorrCommitment::new(&bases, vec![shared, Fr::rand(rng)]);

        let mut transcript = inputs::PRESENTATION_HEADER.to_vec();
        signature.challenge_contribution(shown, &issued.params, &mut transcript).unwrap();
        absorb_bound(&mut transcript, &bases, &bound.d, &opening.t);
        let challenge = compute_random_oracle_challenge::<Fr, Blake2b512>(&transcript);

        encode(&Composite {
            signature: signature.gen_proof(&challenge).unwrap(),
            bound,
            t: opening.t,
            opening: opening.partial_response(BTreeMap::from([(1, v)]), &challenge).unwrap(),
        })
    }
}

struct Verifier {
    params: SignatureParams23G1<Bls12_381>,
    prepared: PreparedSignatureParams23G1<Bls12_381>,
    public: PreparedPublicKeyG2<Bls12_381>,
    key: PreparedVerifyingKey<Bls12_381>,
    shown: BTreeMap<usize, Fr>,
    rng: StdRng,
}

impl Verifier {
    fn verify(&mut self, octets: &[u8]) -> bool {
        let Ok(proof) = Composite::deserialize_compressed(octets) else { return false };
        let bases = commitment_key(&self.key.vk);
        let mut transcript = inputs::PRESENTATION_HEADER.to_vec();
        proof.signature.challenge_contribution(&self.shown, &self.params, &mut transcript).unwrap();
        absorb_bound(&mut transcript, &bases, &proof.bound.d, &proof.t);
        let challenge = compute_random_oracle_challenge::<Fr, Blake2b512>(&transcript);

        let mut pairings = RandomizedPairingChecker::new_using_rng(&mut self.rng, true);
        let signature = proof.signature.verify_with_randomized_pairing_checker(
            &self.shown,
            &challenge,
            self.public.clone(),
            self.prepared.clone(),
            &mut pairings,
        );
        let d = calculate_d(&self.key, &proof.bound, &bounds()).unwrap();
        pairings.add_multiple_sources_and_target(
            &[proof.bound.a, proof.bound.c, d],
            [
                proof.bound.b.into(),
                self.key.delta_g2_neg_pc.clone(),
                self.key.gamma_g2_neg_pc.clone(),
            ],
            &self.key.alpha_g1_beta_g2,
        );
        let revealed: BTreeSet<usize> = self.shown.keys().copied().collect();
        let Ok(shared) = proof.signature.get_resp_for_message(inputs::BOUNDED, &revealed) else {
            return false;
        };
        let missing = BTreeMap::from([(0, *shared)]);
        let opening = proof.opening.is_valid(&bases, &proof.bound.d, &proof.t, &challenge, missing);
        signature.is_ok() && opening.is_ok() && pairings.verify()
    }
}

/// The number of constraints, and whether a value satisfies them.
fn satisfied(value: Fr) -> (usize, bool) {
    let [least, most] = bounds();
    let cs = ConstraintSystem::new_ref();
    let bound = Bound { value: Some(value), least: Some(least), most: Some(most) };
    bound.generate_constraints(cs.clone()).unwrap();
    (cs.num_constraints(), cs.is_satisfied().unwrap())
}

pub fn side() -> Side {
    assert_eq!(satisfied(Fr::from(inputs::VALUE)), (130, true));
    let mut rng = StdRng::seed_from_u64(3);
    let issued = issued(&mut rng);
    let shown = revealed(&issued.messages);
    let key = generate_random_parameters::<Bls12_381, _, _>(Bound::default(), 1, &mut rng).unwrap();
    let mut verifier = Verifier {
        params: issued.params.clone(),
        prepared: issued.params.clone().into(),
        public: issued.keys.public_key.clone().into(),
        key: prepare_verifying_key(&key.vk),
        shown: shown.clone(),
        rng: rng.clone(),
    };
    let mut prover = Prover { issued, shown, key, rng };
    let octets = prover.prove();
    let size = octets.len();

    // A peer that accepted everything would be fast: see that this one refuses.
    let mut forged = Composite::deserialize_compressed(&octets[..]).unwrap();
    forged.t = forged.bound.d;
    assert!(!verifier.verify(&encode(&forged)));

    Side {
        name: "legogroth16 0.18 + bbs_plus, 130 constraints",
        entries: vec![
            Entry::new(Operation::Present, Some(size), move || prover.prove()),
            Entry::new(Operation::PresentVerify, Some(size), move || {
                assert!(verifier.verify(&octets));
            }),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_circuit_takes_what_is_within_bounds_and_nothing_else() {
        let [least, most] = bounds();
        assert!(satisfied(least).1 && satisfied(most).1);
        for value in [least - Fr::one(), most + Fr::one(), Fr::from(0u64), -Fr::one()] {
            assert!(!satisfied(value).1);
        }
    }
}
