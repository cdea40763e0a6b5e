//! The verifier's random linear combinations.
//!
//! Equations E_1 = O, .., E_n = O over a group of order q are checked together as Σ r_i·E_i = O. If any
//! E_i ≠ O, a uniform r_i of 128 bits that was drawn after all E_i were fixed solves that with probability
//! 2⁻¹²⁸ at most, whatever the other terms are (Bellare, Garay and Rabin, EUROCRYPT '98, section 3: the
//! small exponents test). Both groups have prime order, and every point is known to lie in them before it
//! gets here. [`Coefficients`] makes the r_i of a hash of everything that fixes the equations, which stands
//! in for drawing them afterwards.
//!
//! [`Combination`] holds the link's equations on BLS12-381 of any number of presentations under one policy.
//! The bases are the same for all, so their scalars are added up and each base is multiplied once; every
//! presentation adds its own points K, T_i, C_i. Two in three of these get a coefficient itself for their
//! scalar, 128 bits instead of 255: they are summed by themselves, in half the time.

use super::link::{Bases, CredentialLink, LinkChallenge, Response, SharedLink, wide_scalar};
use crate::curve::table::FixedSum;
use crate::curve::{G1Affine, Scalar, sum_of_products, sum_of_short_products};
use crate::transcript::{DIGEST_LEN, Transcript, tag};
use group::Group;

/// What is hashed to coefficients: it has to fix every equation that they are for.
#[derive(Clone, Copy)]
pub(super) struct CoefficientSeed([u8; DIGEST_LEN]);

impl CoefficientSeed {
    /// The digest of a transcript that has absorbed all of one presentation, or all of a batch.
    pub(super) fn new(transcript: Transcript) -> Self {
        CoefficientSeed(transcript.finish())
    }

    /// The coefficients of a member of the batch.
    pub(super) fn member(self, index: usize) -> Coefficients {
        Coefficients { seed: self, member: index, count: 0 }
    }
}

/// 128-bit coefficients, one after the other.
pub(super) struct Coefficients {
    seed: CoefficientSeed,
    member: usize,
    count: usize,
}

impl Coefficients {
    /// The next one. The very first of a seed is 1: with the others random, a sum with a false equation in
    /// it still vanishes only by chance.
    pub(super) fn next(&mut self) -> u128 {
        let index = self.count;
        self.count += 1;
        if (self.member, index) == (0, 0) {
            return 1;
        }
        let mut transcript = Transcript::new(tag::COMBINATION);
        transcript.absorb("seed", self.seed.0);
        transcript.absorb_number("member", self.member);
        transcript.absorb_number("coefficient", index);
        let mut octets = [0u8; 16];
        octets.copy_from_slice(&transcript.finish()[..16]);
        u128::from_be_bytes(octets)
    }
}

/// A credential's link with what its equation needs of its BBS proof.
pub(super) struct LinkedCredential<'a> {
    pub(super) link: &'a CredentialLink,
    /// c_i.
    pub(super) challenge: &'a Scalar,
    /// (slot, m̂) of each slot that lies in the credential.
    pub(super) slots: Vec<(usize, Scalar)>,
    /// (equality, side, m̂) of each side of an equality that does.
    pub(super) sides: Vec<(usize, usize, Scalar)>,
}

/// The link of a whole presentation.
pub(super) struct PresentedLink<'a> {
    pub(super) shared: &'a SharedLink,
    /// The responses of all slots.
    pub(super) z: &'a [Response],
    pub(super) c_x: LinkChallenge,
    pub(super) credentials: Vec<LinkedCredential<'a>>,
}

/// The link's equations on BLS12-381, Σ scalar·base = Σ scalar·point.
pub(super) struct Combination<'a> {
    bases: &'a Bases,
    blinder: Scalar,
    slots: Vec<Scalar>,
    equalities: Vec<[Scalar; 2]>,
    /// Points whose scalar is a coefficient.
    short: Terms<u128>,
    long: Terms<Scalar>,
}

struct Terms<S> {
    points: Vec<G1Affine>,
    scalars: Vec<S>,
}

impl<S> Terms<S> {
    fn new() -> Self {
        Terms { points: Vec::new(), scalars: Vec::new() }
    }

    fn push(&mut self, point: G1Affine, scalar: S) {
        self.points.push(point);
        self.scalars.push(scalar);
    }

    fn append(&mut self, mut other: Self) {
        self.points.append(&mut other.points);
        self.scalars.append(&mut other.scalars);
    }
}

impl<'a> Combination<'a> {
    /// No equation yet.
    pub(super) fn new(bases: &'a Bases) -> Self {
        Combination {
            bases,
            blinder: Scalar::default(),
            slots: vec![Scalar::default(); bases.slots.len()],
            equalities: vec![[Scalar::default(); 2]; bases.equalities.len()],
            short: Terms::new(),
            long: Terms::new(),
        }
    }

    /// Adds the equations of a presentation, with a coefficient each in this order:
    ///
    /// ```text
    /// K + c_x·Σ C_i = Σ z_s·Ĝ_s + Σ z_e·(Ĝ_e,a + Ĝ_e,b) + τ̂·Ĥ
    /// T_i + c_i·C_i = Σ m̂_s·Ĝ_s + Σ m̂_e·Ĝ_e,i + ρ̂_i·Ĥ              for every C_i
    /// ```
    ///
    /// `None` if a place is not one of the bases', or there are not as many responses as places.
    pub(super) fn add(
        &mut self,
        link: &PresentedLink<'_>,
        mut coefficient: impl FnMut() -> u128,
    ) -> Option<()> {
        let PresentedLink { shared, z, c_x, credentials } = link;
        if z.len() != self.slots.len() || shared.z.len() != self.equalities.len() {
            return None;
        }
        let k = coefficient();
        let scalar = wide_scalar(k);
        self.short.push(shared.k, k);
        self.blinder += scalar * shared.tau_hat;
        for (sum, z) in self.slots.iter_mut().zip(*z) {
            *sum += scalar * z.bls_scalar();
        }
        for (sums, z) in self.equalities.iter_mut().zip(&shared.z) {
            sums.iter_mut().for_each(|sum| *sum += scalar * z);
        }
        let commitment = scalar * c_x.bls_scalar();
        credentials.iter().try_for_each(|one| self.add_credential(one, coefficient(), commitment))
    }

    /// The equation of T_i, and C_i's part of that of K.
    fn add_credential(
        &mut self,
        one: &LinkedCredential<'_>,
        coefficient: u128,
        commitment: Scalar,
    ) -> Option<()> {
        let scalar = wide_scalar(coefficient);
        for (slot, response) in &one.slots {
            *self.slots.get_mut(*slot)? += scalar * response;
        }
        for (equality, side, response) in &one.sides {
            *self.equalities.get_mut(*equality)?.get_mut(*side)? += scalar * response;
        }
        self.blinder += scalar * one.link.rho_hat;
        self.short.push(one.link.t, coefficient);
        self.long.push(one.link.c, scalar * one.challenge + commitment);
        Some(())
    }

    /// Takes in the equations of another combination over the same bases.
    pub(super) fn merge(&mut self, other: Combination<'_>) {
        self.blinder += other.blinder;
        self.slots.iter_mut().zip(other.slots).for_each(|(sum, scalar)| *sum += scalar);
        for (sums, scalars) in self.equalities.iter_mut().zip(other.equalities) {
            sums.iter_mut().zip(scalars).for_each(|(sum, scalar)| *sum += scalar);
        }
        self.short.append(other.short);
        self.long.append(other.long);
    }

    /// Whether the sum of all equations holds.
    pub(super) fn holds(&self) -> bool {
        let mut fixed = FixedSum::with_capacity(self.slots.len() + 2 * self.equalities.len() + 1);
        for (base, scalar) in self.bases.slots.iter().zip(&self.slots) {
            fixed.add(base, scalar);
        }
        for (sides, scalars) in self.bases.equalities.iter().zip(&self.equalities) {
            sides.iter().zip(scalars).for_each(|(base, scalar)| fixed.add(base, scalar));
        }
        fixed.add(&self.bases.blinder, &self.blinder);
        let points = sum_of_short_products(&self.short.points, &self.short.scalars)
            + sum_of_products(&self.long.points, &self.long.scalars);
        (fixed.finish() - points).is_identity().into()
    }
}
