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
    combination.add_point(&-part.t[side], coefficient);
}

#[cfg(test)]
mod tests {
    use super::super::link::Bases;
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;
    use std::collections::HashSet;

    /// An equality of two messages, with the BBS sides played by hand.
    struct Run {
        part: EqualityPart,
        challenges: [Scalar; 2],
        responses: [Scalar; 2],
    }

    fn run(committed: u64, messages: [u64; 2]) -> Run {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut draw = || SecretScalar::new(random_scalar(&mut rng));
        let (blindings, challenges) = ([draw(), draw()], [*draw(), *draw()]);
        let bases = Bases::new(0, 1);
        let (base, blinder) = (&bases.equalities[0], &bases.blinder);
        let pair = [&blindings[0], &blindings[1]];
        let init = EqualityInit::new(base, blinder, &Scalar::from(committed), pair, &mut rng);
        let part = init.respond([&challenges[0], &challenges[1]]);
        let respond = |i: usize| *blindings[i] + challenges[i] * Scalar::from(messages[i]);
        Run { part, challenges, responses: [respond(0), respond(1)] }
    }

    /// Whether the equation of the first and of the second side holds.
    fn holds(run: &Run) -> [bool; 2] {
        let bases = Bases::new(0, 1);
        [0, 1].map(|side| {
            let mut combination = Combination::new();
            add_equation(
                &mut combination,
                (&bases.equalities[0], &bases.blinder),
                &run.part,
                side,
                (&run.challenges[side], &run.responses[side]),
                Scalar::from(0x1234_5678_9abc),
            );
            combination.holds()
        })
    }

    #[test]
    fn forge_equality_of_unequal_messages() {
        assert_eq!(holds(&run(5, [5, 5])), [true, true]);
        assert_eq!(holds(&run(5, [5, 6])), [true, false], "the second message is another");
        assert_eq!(holds(&run(5, [6, 5])), [false, true], "the first message is another");
    }

    #[test]
    fn forge_every_part_of_an_equality() {
        let other = run(6, [6, 6]).part;
        type Change = fn(&mut EqualityPart, &EqualityPart);
        let changes: [(&str, Change, [bool; 2]); 5] = [
            ("E", |part, other| part.e = other.e, [false, false]),
            ("T_a", |part, other| part.t[0] = other.e, [false, true]),
            ("T_b", |part, other| part.t[1] = other.e, [true, false]),
            ("rho_a", |part, _| part.rho_hat[0] += Scalar::from(1), [false, true]),
            ("rho_b", |part, _| part.rho_hat[1] += Scalar::from(1), [true, false]),
        ];
        for (name, change, expected) in changes {
            let mut run = run(5, [5, 5]);
            change(&mut run.part, &other);
            assert_eq!(holds(&run), expected, "{name}");
        }
    }

    #[test]
    fn every_blinder_is_drawn_by_itself() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let bases = Bases::new(0, 1);
        let (base, blinder) = (&bases.equalities[0], &bases.blinder);
        let zero = SecretScalar::default();
        let init = EqualityInit::new(base, blinder, &zero, [&zero, &zero], &mut rng);
        let mut seen = HashSet::from([[0; 32]]);
        for one in [&init.rho, &init.rho_tilde[0], &init.rho_tilde[1]] {
            assert!(seen.insert(one.to_bytes_be()));
        }
        assert_eq!(format!("{init:?}"), "EqualityInit(redacted)");
    }
}
