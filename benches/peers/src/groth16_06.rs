//! Stock ark-groth16 0.6 over BN254, without its `parallel` feature, on the constraint systems that
//! we use: that of a 64-bit threshold and the validity window (111 rows, six inputs, 108 bits), and
//! conjunctions of comparisons of other sizes. Its circuit is written here with arkworks' own means,
//! as its user would write it, and held to ours by the number of rows.
//!
//! What it proves is the plain statement: its verifier is given the amounts and the dates in clear,
//! where ours has a commitment to them. That costs ours one sum of a few points a proof.

use crate::comparisons::Comparisons;
use crate::contest::{Entry, Operation, Side};
use crate::{inputs, ours};
use ark_bn254::{Bn254, Fr};
use ark_ff::{AdditiveGroup, BigInteger, One, PrimeField, UniformRand};
use ark_groth16::{Groth16, Proof, ProvingKey, VerifyingKey};
use ark_relations::gr1cs::{
    ConstraintSynthesizer, ConstraintSystem, ConstraintSystemRef, LinearCombination,
    SynthesisError, Variable,
};
use ark_relations::lc;
use ark_serialize_06::{CanonicalDeserialize, CanonicalSerialize};
use ark_snark::SNARK;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// Differences of inputs that are not negative.
#[derive(Clone)]
struct Circuit {
    /// Parameters, slots, and one input that nothing constrains.
    inputs: Vec<Fr>,
    differences: Vec<Difference>,
}

/// `greater − less`, and less one if they may not be equal, has this many bits.
#[derive(Clone, Copy)]
struct Difference {
    greater: usize,
    less: usize,
    strict: bool,
    width: usize,
}

impl ConstraintSynthesizer<Fr> for Circuit {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let mut variables = Vec::with_capacity(self.inputs.len());
        for value in &self.inputs {
            variables.push(cs.new_input_variable(|| Ok(*value))?);
        }
        for Difference { greater, less, strict, width } in self.differences {
            let mut form = lc!() + variables[greater] - variables[less];
            let mut value = self.inputs[greater] - self.inputs[less];
            if strict {
                form = form - Variable::One;
                value -= Fr::one();
            }
            non_negative(&cs, form, value, width)?;
        }
        Ok(())
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

fn rows(circuit: Circuit) -> usize {
    let cs = ConstraintSystem::new_ref();
    circuit.generate_constraints(cs.clone()).unwrap();
    assert!(cs.is_satisfied().unwrap());
    cs.num_constraints()
}

/// threshold ≤ value, from ≤ now < until.
fn window(rng: &mut ChaCha20Rng) -> Circuit {
    let [from, now, until] = inputs::HOURS.map(Fr::from);
    let [threshold, value] = [inputs::THRESHOLD, inputs::VALUE].map(Fr::from);
    let inputs = vec![threshold, now, value, from, until, Fr::rand(rng)];
    let difference = |greater, less, strict, width| Difference { greater, less, strict, width };
    let differences =
        vec![difference(2, 0, false, 64), difference(1, 3, false, 22), difference(4, 1, true, 22)];
    Circuit { inputs, differences }
}

/// The same comparisons as ours.
fn comparisons(count: usize, rng: &mut ChaCha20Rng) -> Circuit {
    let Comparisons { slots, params, parts, shape } = Comparisons::with_constraints(count);
    let first_slot = params.len();
    let inputs = params.into_iter().chain(slots).map(Fr::from).chain([Fr::rand(rng)]);
    let differences = parts.iter().map(|part| Difference {
        greater: first_slot + part.slot,
        less: part.param,
        strict: false,
        width: part.width,
    });
    let circuit = Circuit { inputs: inputs.collect(), differences: differences.collect() };
    assert_eq!(rows(circuit.clone()), shape.constraints(), "the same number of constraints");
    circuit
}

fn setup(circuit: &Circuit, rng: &mut ChaCha20Rng) -> (ProvingKey<Bn254>, VerifyingKey<Bn254>) {
    Groth16::<Bn254>::circuit_specific_setup(circuit.clone(), rng).unwrap()
}

fn prove(key: &ProvingKey<Bn254>, circuit: &Circuit, rng: &mut ChaCha20Rng) -> Vec<u8> {
    let proof = Groth16::<Bn254>::prove(key, circuit.clone(), rng).unwrap();
    let mut octets = Vec::new();
    proof.serialize_compressed(&mut octets).unwrap();
    octets
}

/// The circuit of our presentation.
pub fn side() -> Side {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let circuit = window(&mut rng);
    assert_eq!(rows(circuit.clone()), ours::shape().constraints());
    let (key, verifying) = setup(&circuit, &mut rng);
    let verifying = Groth16::<Bn254>::process_vk(&verifying).unwrap();
    let public = circuit.inputs.clone();
    let octets = prove(&key, &circuit, &mut rng);
    let size = octets.len();
    let verify = move || {
        let proof = Proof::<Bn254>::deserialize_compressed(&octets[..]).unwrap();
        let holds = Groth16::<Bn254>::verify_with_processed_vk(&verifying, &public, &proof);
        assert!(holds.unwrap());
    };
    Side {
        name: "ark-groth16 0.6, same 111 constraints",
        entries: vec![
            Entry::new(Operation::Groth16Prove, Some(size), move || {
                prove(&key, &circuit, &mut rng)
            }),
            Entry::new(Operation::Groth16Verify, Some(size), verify),
        ],
    }
}

/// Proving at other sizes.
pub fn ladder(counts: &[usize]) -> Side {
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    let entries = counts.iter().map(|count| {
        let circuit = comparisons(*count, &mut rng);
        let (key, _) = setup(&circuit, &mut rng);
        let mut rng = rng.clone();
        Entry::new(Operation::Groth16ProveOf(*count), Some(128), move || {
            prove(&key, &circuit, &mut rng)
        })
    });
    Side { name: "ark-groth16 0.6, as many constraints", entries: entries.collect() }
}
