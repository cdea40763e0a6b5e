//! The pairing of BN254, over arkworks' types.
//!
//! The optimal ate pairing (Vercauteren, eprint 2008/096), with arkworks' tower and constants, so
//! that results are equal after the final exponentiation. What is here, and what it buys in one
//! process against arkworks 0.6:
//!
//! | module | idea | µs |
//! |---|---|---|
//! | `product`, `tower` | sums of products reduced once: a product of `F_p¹²` | 2.0, was 2.8 |
//! | | a product with a line | 0.79, was 1.75 |
//! | | a squaring | 1.5, was 2.0 |
//! | `loops` | many pairs share squarings, affine steps share inversions: a pair of 128 | 135, was 268 |
//! | | one pair and two prepared | 430, was 610 |
//! | `power` | the final exponentiation | 253, was 343 |
//! | `membership` | points of the subgroup, by the relation of the ate loop | 53, was 135 |

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
