//! Stock ark-groth16 0.6 over BN254, on the constraint system that we use for a 64-bit threshold
//! and the validity window: 111 rows, six inputs, 108 bits. Its circuit is written here with
//! arkworks' own means, as its user would write it, and held to ours by the number of rows.
//!
//! What it proves is the plain statement: its verifier is given the amounts and the dates in clear,
//! where ours has a commitment to them. That costs ours one sum of four points a proof.

use crate::contest::{Entry, Operation, Side};
use crate::{inputs, ours};
use ark_bn254::{Bn254, Fr};
use ark_ff::{AdditiveGroup, BigInteger, One, PrimeField, UniformRand};
use ark_groth16::{Groth16, Proof};
use ark_relations::gr1cs::{
    ConstraintSynthesizer, ConstraintSystem, ConstraintSystemRef, LinearCombination,
    SynthesisError, Variable,
};
use ark_relations::lc;
use ark_serialize_06::{CanonicalDeserialize, CanonicalSerialize};
use ark_snark::SNARK;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// threshold ≤ value, from ≤ now < until.
#[derive(Clone)]
struct Window {
    /// Threshold, now; value, from, until; and one input that nothing constrains.
    inputs: [Fr; 6],
}

impl ConstraintSynthesizer<Fr> for Window {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let mut variables = [Variable::One; 6];
        for (variable, value) in variables.iter_mut().zip(&self.inputs) {
            *variable = cs.new_input_variable(|| Ok(*value))?;
        }
        let [threshold, now, value, from, until, _] = variables;
        let [t, n, v, f, u, _] = self.inputs;
        non_negative(&cs, lc!() + value - threshold, v - t, 64)?;
        non_negative(&cs, lc!() + now - from, n - f, 22)?;
        non_negative(&cs, lc!() + until - now - Variable::One, u - n - Fr::one(), 22)
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
    let mut weight = Fr::one();
    for bit in &bits[..width] {
        let bit = cs.new_witness_variable(|| Ok(Fr::from(*bit)))?;
        cs.enforce_r1cs_constraint(|| lc!() + Variable::One - bit, || lc!() + bit, || lc!())?;
        sum = sum - (weight, bit);
        weight.double_in_place();
    }
    cs.enforce_r1cs_constraint(|| sum, || lc!() + Variable::One, || lc!())
}

fn rows(circuit: Window) -> usize {
    let cs = ConstraintSystem::new_ref();
    circuit.generate_constraints(cs.clone()).unwrap();
    assert!(cs.is_satisfied().unwrap());
    cs.num_constraints()
}

pub fn side() -> Side {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let [from, now, until] = inputs::HOURS.map(Fr::from);
    let [threshold, value] = [inputs::THRESHOLD, inputs::VALUE].map(Fr::from);
    let circuit = Window { inputs: [threshold, now, value, from, until, Fr::rand(&mut rng)] };
    assert_eq!(rows(circuit.clone()), ours::shape().constraints());
    let (key, verifying) =
        Groth16::<Bn254>::circuit_specific_setup(circuit.clone(), &mut rng).unwrap();
    let verifying = Groth16::<Bn254>::process_vk(&verifying).unwrap();
    let public = circuit.inputs;

    let mut prove = move || {
        let proof = Groth16::<Bn254>::prove(&key, circuit.clone(), &mut rng).unwrap();
        let mut octets = Vec::new();
        proof.serialize_compressed(&mut octets).unwrap();
        octets
    };
    let octets = prove();
    let size = octets.len();
    let verify = move || {
        let proof = Proof::<Bn254>::deserialize_compressed(&octets[..]).unwrap();
        let holds = Groth16::<Bn254>::verify_with_processed_vk(&verifying, &public, &proof);
        assert!(holds.unwrap());
    };
    Side {
        name: "ark-groth16 0.6, same 111 constraints",
        entries: vec![
            Entry::new(Operation::Groth16Prove, Some(size), prove),
            Entry::new(Operation::Groth16Verify, Some(size), verify),
        ],
    }
}
