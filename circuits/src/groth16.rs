//! Groth16 over BN254 (eprint 2016/260): setup, prove, verify. The only caller of `ark-groth16`.
//!
//! Setup uses the standard generators of both groups, so that a key can be checked for consistency
//! without knowing more than the key (see [`crate::keys`]). Proving takes the constraint matrices
//! from the shape and computes only the assignment: nothing is synthesised twice. Verification adds
//! the commitment to the public part of the inputs and goes straight to the pairing equation
//!
//! ```text
//! e(A, B) = e(α, β) · e(IC_0 + Σ a_j·IC_j + D, γ) · e(C, δ)
//! ```
//!
//! with `e(α, β)` and the lines of γ and δ prepared. `ark-groth16` silently ignores inputs that are
//! too many or too few; so counts, and each parameter's interval, are checked here first.
//!
//! Debug and release builds refuse the same: `ark-groth16` proves false statements in release,
//! where its assertion is compiled out, so [`ProvingKey::prove`] asks the shape, and then each row
//! as it is evaluated.
//!
//! The secret assignment is erased after use, and so is what the prover derives from it, points
//! aside; the point τ that `ark-groth16` draws in setup is beyond reach.

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::Zero;
use ark_groth16::Groth16;
use ark_relations::gr1cs::{
    ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, SynthesisError, Variable,
};
use ark_serialize::Compress;
use rand_core::CryptoRngCore;
use zeroize::{Zeroize, Zeroizing};

use crate::commitment::{Commitment, Opening, Scalar};
use crate::keys::{KeyError, ProvingKey, VerifyingKey};
use crate::points;
use crate::prover::{self, Points};
use crate::shape::{InputError, Shape};
use crate::synthesis::{Evaluated, Row, System};
use crate::{ProveError, Refused};

pub(crate) type VerifyingParts = ark_groth16::VerifyingKey<Bn254>;
pub(crate) type ProofParts = ark_groth16::Proof<Bn254>;
pub(crate) type ProvingParts = ark_groth16::ProvingKey<Bn254>;

/// A Groth16 proof: `A` and `C` in G1, `B` in G2. It says nothing without an opening of the
/// commitment that it is verified with.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof(ark_groth16::Proof<Bn254>);

impl Proof {
    /// The length of a proof's octets.
    pub const LENGTH: usize = 128;

    /// `A ‖ B ‖ C`, compressed.
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let mut octets = Vec::with_capacity(Self::LENGTH);
        points::write(&self.0.a, Compress::Yes, &mut octets);
        points::write(&self.0.b, Compress::Yes, &mut octets);
        points::write(&self.0.c, Compress::Yes, &mut octets);
        octets.try_into().unwrap_or([0xff; Self::LENGTH])
    }

    /// Reads a proof: each point canonical, on its curve, in the subgroup, not the identity.
    ///
    /// # Errors
    /// If one isn't, or the length is wrong.
    pub fn from_bytes(octets: &[u8]) -> Result<Self, Refused> {
        let octets: &[u8; Self::LENGTH] = octets.try_into().map_err(|_| Refused)?;
        let (a, rest) = octets.split_first_chunk().ok_or(Refused)?;
        let (b, c) = rest.split_first_chunk().ok_or(Refused)?;
        Ok(Self(ark_groth16::Proof {
            a: points::read_g1(a).ok_or(Refused)?,
            b: points::read_g2(b).ok_or(Refused)?,
            c: points::read_g1(c.first_chunk().ok_or(Refused)?).ok_or(Refused)?,
        }))
    }

    pub(crate) fn points(&self) -> &ark_groth16::Proof<Bn254> {
        &self.0
    }

    #[cfg(test)]
    pub(crate) fn points_mut(&mut self) -> &mut ark_groth16::Proof<Bn254> {
        &mut self.0
    }
}

/// A proof with the commitment to its slots, and what opens it.
#[derive(Clone, Debug)]
pub struct Proved {
    /// The proof.
    pub proof: Proof,
    /// `D`.
    pub commitment: Commitment,
    /// The blinder of `D`: secret.
    pub opening: Opening,
}

/// Makes a key for a shape.
///
/// Whoever runs this, or reads the generator's state, can forge proofs under the key: a key made
/// on one machine is for development; a ceremony makes the others.
///
/// # Errors
/// If the setup fails, or by an astronomically small chance yields a key that loading would refuse.
pub fn setup(shape: &Shape, rng: &mut impl CryptoRngCore) -> Result<ProvingKey, KeyError> {
    let [mut alpha, mut beta, mut gamma, mut delta] = [(); 4].map(|()| Scalar::random(rng).field());
    let parts = Groth16::<Bn254>::generate_parameters_with_qap(
        Replay(shape.system()),
        alpha,
        beta,
        gamma,
        delta,
        G1Affine::generator().into_group(),
        G2Affine::generator().into_group(),
        rng,
    );
    for secret in [&mut alpha, &mut beta, &mut gamma, &mut delta] {
        secret.zeroize();
    }
    ProvingKey::new(shape.clone(), parts.map_err(|_| KeyError::Setup)?)
}

/// Repeats a system's rows to arkworks, in setup.
struct Replay<'a>(&'a System);

impl ConstraintSynthesizer<Fr> for Replay<'_> {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let missing = || Err(SynthesisError::AssignmentMissing);
        let mut variables = vec![Variable::One];
        for _ in 1..self.0.instances() {
            variables.push(cs.new_input_variable(missing)?);
        }
        for _ in 0..self.0.witnesses() {
            variables.push(cs.new_witness_variable(missing)?);
        }
        let combination = |row: &Row| {
            let term = |(k, index): &(Fr, usize)| variables.get(*index).map(|v| (*k, *v));
            LinearCombination(row.iter().filter_map(term).collect())
        };
        let [a, b, c] = self.0.matrices();
        for ((a, b), c) in a.iter().zip(b).zip(c) {
            cs.enforce_r1cs_constraint(|| combination(a), || combination(b), || combination(c))?;
        }
        Ok(())
    }
}

impl ProvingKey {
    /// Proves that the predicate holds of these slots and parameters.
    ///
    /// # Errors
    /// If the values don't fit the shape, or the predicate is false.
    pub fn prove(
        &self,
        slots: &[i128],
        params: &[i128],
        rng: &mut impl CryptoRngCore,
    ) -> Result<Proved, ProveError> {
        if !self.shape().holds(slots, params)? {
            return Err(ProveError::False);
        }
        let system = self.shape().system();
        let blinder = Scalar::random(rng);
        let instance = system.instance(params, slots, blinder.field());
        let assignment = Zeroizing::new(system.assign(instance));
        let rows = system.evaluate(&assignment);
        if !rows.hold {
            return Err(ProveError::False);
        }
        let (proof, commitment) = self.prove_assignment(&assignment, rows, rng)?;
        Ok(Proved { proof, commitment, opening: Opening::new(blinder) })
    }

    /// Proves that an assignment satisfies the rows, and commits to its slots. The caller has seen
    /// that it does.
    fn prove_assignment(
        &self,
        assignment: &[Fr],
        rows: Evaluated,
        rng: &mut impl CryptoRngCore,
    ) -> Result<(Proof, Commitment), ProveError> {
        let [r, s] = [(); 2].map(|()| Scalar::random(rng));
        let points = self.prover().prove(assignment, rows, r.field(), s.field());
        let Points { a, b, c } = points.ok_or(ProveError::Failed)?;
        let layout = self.shape().system().layout();
        let hidden = assignment.get(layout.slot(0)..layout.instances()).unwrap_or_default();
        let d = self.verifying_key().sum_hidden(hidden);
        let ([a, c, d], b) = prover::normalise([a, c, d], b);
        Ok((Proof(ark_groth16::Proof { a, b, c }), Commitment::new(d)))
    }
}

impl VerifyingKey {
    /// `Σ x_s·IC_s + v·IC_v`: a commitment to slots, or to masks for them.
    ///
    /// # Errors
    /// Unless there is one scalar for each slot.
    pub fn commit(&self, slots: &[Scalar], blinder: &Scalar) -> Result<Commitment, InputError> {
        let (expected, found) = (self.shape().slots().len(), slots.len());
        if expected != found {
            return Err(InputError::SlotCount { expected, found });
        }
        Ok(Commitment::new(self.open_to(slots, blinder).into_affine()))
    }

    /// Verifies a proof for these parameters and the slots that `commitment` is opened to.
    ///
    /// **By itself this proves nothing**: anyone can choose a commitment that fits. The caller
    /// must hash commitment and proof into a challenge and check [`Self::relation_holds`].
    ///
    /// # Errors
    /// If the parameters aren't the shape's, or the equation doesn't hold.
    pub fn verify(
        &self,
        params: &[i128],
        commitment: &Commitment,
        proof: &Proof,
    ) -> Result<(), Refused> {
        self.shape().check_params(params).map_err(|_| Refused)?;
        let constant = self.parts().gamma_abc_g1.first().ok_or(Refused)?;
        let params: Vec<Fr> = params.iter().map(|param| Fr::from(*param)).collect();
        let mut inputs = self.tables().public.multiply(&params);
        inputs += constant;
        inputs += commitment.point();
        if self.tables().fixed.holds(&proof.0, &inputs.into_affine()) {
            Ok(())
        } else {
            Err(Refused)
        }
    }

    /// Whether `K = Σ z_s·IC_s + ν̂·IC_v − c·D`: the prover knows an opening of `D` in the bases of
    /// the slots and the blinder, and none else, provided that `c` hashes `K` and `D`.
    ///
    /// # Errors
    /// If it doesn't hold, or there isn't one response for each slot.
    pub fn relation_holds(
        &self,
        k: &Commitment,
        z: &[Scalar],
        nu: &Scalar,
        c: &Scalar,
        d: &Commitment,
    ) -> Result<(), Refused> {
        if z.len() != self.shape().slots().len() {
            return Err(Refused);
        }
        let mut difference = self.open_to(z, nu);
        difference -= d.point() * c.field();
        difference -= k.point();
        if difference.is_zero() { Ok(()) } else { Err(Refused) }
    }

    fn open_to(&self, slots: &[Scalar], blinder: &Scalar) -> G1Projective {
        let scalars: Vec<Fr> = slots.iter().chain([blinder]).map(Scalar::field).collect();
        let scalars = Zeroizing::new(scalars);
        self.sum_hidden(&scalars)
    }

    fn sum_hidden(&self, scalars: &[Fr]) -> G1Projective {
        self.tables().hidden.multiply(scalars)
    }
}

#[cfg(test)]
mod tests;
