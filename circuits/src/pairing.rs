//! The pairing of BN254, over arkworks' types.

pub(crate) mod digits;
mod loops;
mod membership;
mod power;
mod product;
mod tower;

use ark_bn254::{Bn254, Fq12, G1Affine};
use ark_ec::pairing::Pairing;
use ark_ff::Field;

use crate::groth16::{ProofParts, VerifyingParts};
use loops::{Lines, miller};
pub(crate) use membership::in_subgroup;
use power::raise;

/// The fixed side of a key's pairing equation.
#[derive(Clone)]
pub(crate) struct Fixed {
    beta: Lines,
    gamma: Lines,
    delta: Lines,
    /// `e(α, β)`.
    target: Fq12,
}

impl Fixed {
    /// Prepares β, γ and δ.
    pub(crate) fn new(parts: &VerifyingParts) -> Self {
        Self {
            beta: Lines::new(&parts.beta_g2),
            gamma: Lines::new(&parts.gamma_g2),
            delta: Lines::new(&parts.delta_g2),
            target: Bn254::pairing(parts.alpha_g1, parts.beta_g2).0,
        }
    }

    /// Whether `e(A, B) = e(α, β)·e(X, γ)·e(C, δ)`.
    pub(crate) fn holds(&self, proof: &ProofParts, inputs: &G1Affine) -> bool {
        let fixed = [(-*inputs, &self.gamma), (-proof.c, &self.delta)];
        raise(&miller(&[(proof.a, proof.b)], &fixed)) == Some(self.target)
    }

    /// The Miller loops of `(b, β)`, `(c, γ)` and `(d, δ)`.
    pub(crate) fn loops(&self, [b, c, d]: [G1Affine; 3]) -> Fq12 {
        miller(&[], &[(b, &self.beta), (c, &self.gamma), (d, &self.delta)])
    }
}

/// The Miller loops of pairs.
pub(crate) fn moving(pairs: &[(G1Affine, ark_bn254::G2Affine)]) -> Fq12 {
    miller(pairs, &[])
}

/// `a·b`.
pub(crate) fn multiply(a: &Fq12, b: &Fq12) -> Fq12 {
    tower::multiply(a, b)
}

/// Whether the final exponentiation gives 1.
pub(crate) fn is_one(loops: Fq12) -> bool {
    raise(&loops) == Some(Fq12::ONE)
}
