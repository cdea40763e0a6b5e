//! Equality of hidden messages of two credentials, of any type, without a circuit.
//!
//! One commitment E = m·Ĝ_E + ρ·Ĥ is opened under each credential's own challenge, with that
//! credential's own blinding m̃ of the message:
//!
//! ```text
//! T_a = m̃_a·Ĝ_E + ρ̃_a·Ĥ        ρ̂_a = ρ̃_a + c_a·ρ        T_a + c_a·E = m̂_a·Ĝ_E + ρ̂_a·Ĥ
//! ```
//!
//! and the same for b. E, T_a and T_b are in `ph`, hence before both challenges. Two openings of one E
//! to different messages would give a discrete logarithm between Ĝ_E and Ĥ. Each equality of a
//! presentation has a base Ĝ_E of its own.

use super::link::Combination;
use crate::curve::table::{FixedBase, FixedSum};
use crate::curve::{G1Affine, G1Projective, Scalar, SecretScalar, random_scalar};
use group::Curve;
use rand_core::CryptoRngCore;
use std::fmt;

/// An equality's proof, as it travels.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct EqualityPart {
    pub(super) e: G1Affine,
    pub(super) t: [G1Affine; 2],
    pub(super) rho_hat: [Scalar; 2],
}

/// An equality begun. Consumed by its answer.
pub(super) struct EqualityInit {
    pub(super) e: G1Affine,
    pub(super) t: [G1Affine; 2],
    rho: SecretScalar,
    rho_tilde: [SecretScalar; 2],
}

impl EqualityInit {
    /// Commits to the message with the blindings that the two BBS proofs use for it.
    pub(super) fn new(
        base: &FixedBase,
        blinder: &FixedBase,
        message: &Scalar,
        blindings: [&SecretScalar; 2],
        rng: &mut impl CryptoRngCore,
    ) -> Self {
        let mut draw = || SecretScalar::new(random_scalar(rng));
        let (rho, rho_tilde) = (draw(), [draw(), draw()]);
        let commit = |message: &Scalar, rho: &Scalar| {
            let mut sum = FixedSum::with_capacity(2);
            sum.add(base, message);
            sum.add(blinder, rho);
            sum.finish()
        };
        let points = [
            commit(message, &rho),
            commit(blindings[0], &rho_tilde[0]),
            commit(blindings[1], &rho_tilde[1]),
        ];
        let mut affine = [G1Affine::default(); 3];
        G1Projective::batch_normalize(&points, &mut affine);
        let [e, t_a, t_b] = affine;
        EqualityInit { e, t: [t_a, t_b], rho, rho_tilde }
    }

    /// Answers the two challenges.
    pub(super) fn respond(self, challenges: [&Scalar; 2]) -> EqualityPart {
        let [a, b] = &self.rho_tilde;
        let rho_hat = [**a + *self.rho * challenges[0], **b + *self.rho * challenges[1]];
        EqualityPart { e: self.e, t: self.t, rho_hat }
    }
}

impl fmt::Debug for EqualityInit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EqualityInit(redacted)")
    }
}

/// Adds the equation of one side, T + c·E = m̂·Ĝ_E + ρ̂·Ĥ, under a random coefficient.
pub(super) fn add_equation(
    combination: &mut Combination,
    (base, blinder): (&FixedBase, &FixedBase),
    part: &EqualityPart,
    side: usize,
    (challenge, response): (&Scalar, &Scalar),
    coefficient: Scalar,
) {
    combination.add_base(base, &(coefficient * response));
    combination.add_base(blinder, &(coefficient * part.rho_hat[side]));
    combination.add_point(&part.e, -(coefficient * challenge));
    combination.add_point(&part.t[side], -coefficient);
}
