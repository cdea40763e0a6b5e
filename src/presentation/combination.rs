//! The link's equations on BLS12-381 as one random linear combination.
//!
//! [`Combination`] holds those of any number of presentations under one policy, each under a
//! coefficient of its own: [`coefficients`](crate::coefficients) has the argument. The bases are
//! the same for all, so their scalars are added up and each base is multiplied once; every
//! presentation adds its own points K, T_i, C_i. Two in three of these get a coefficient itself for
//! their scalar, 128 bits instead of 255: they are summed by themselves, in half the time.

use super::link::{Bases, CredentialLink, LinkChallenge, Response, SharedLink};
use crate::curve::table::FixedSum;
use crate::curve::{G1Projective, Products, Scalar, wide_scalar};
use group::Group;

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
    /// (slot, x) of each slot that holds no message but a constant: it counts as if a C_i held it.
    pub(super) constants: Vec<(usize, Scalar)>,
    pub(super) credentials: Vec<LinkedCredential<'a>>,
}

/// The link's equations on BLS12-381, Σ scalar·base = Σ scalar·point.
pub(super) struct Combination<'a> {
    bases: &'a Bases,
    blinder: Scalar,
    slots: Vec<Scalar>,
    equalities: Vec<[Scalar; 2]>,
    /// Points whose scalar is a coefficient.
    short: Products,
    long: Products,
}

impl<'a> Combination<'a> {
    /// No equation yet.
    pub(super) fn new(bases: &'a Bases) -> Self {
        Combination {
            bases,
            blinder: Scalar::default(),
            slots: vec![Scalar::default(); bases.slots.len()],
            equalities: vec![[Scalar::default(); 2]; bases.equalities.len()],
            short: Products::default(),
            long: Products::default(),
        }
    }

    /// Adds the equations of a presentation, with a coefficient each in this order:
    ///
    /// ```text
    /// K + c_x·(Σ C_i + Σ_constant x_s·Ĝ_s) = Σ z_s·Ĝ_s + Σ z_e·(Ĝ_e,a + Ĝ_e,b) + τ̂·Ĥ
    /// T_i + c_i·C_i = Σ m̂_s·Ĝ_s + Σ m̂_e·Ĝ_e,i + ρ̂_i·Ĥ              for every C_i
    /// ```
    ///
    /// `None` if a place is not one of the bases', or there are not as many responses as places.
    pub(super) fn add(
        &mut self,
        link: &PresentedLink<'_>,
        mut coefficient: impl FnMut() -> u128,
    ) -> Option<()> {
        let PresentedLink { shared, z, c_x, constants, credentials } = link;
        if z.len() != self.slots.len() || shared.z.len() != self.equalities.len() {
            return None;
        }
        let scalar = wide_scalar(coefficient());
        self.short.push(shared.k, scalar);
        self.blinder += scalar * shared.tau_hat;
        for (sum, z) in self.slots.iter_mut().zip(*z) {
            *sum += scalar * z.bls_scalar();
        }
        for (sums, z) in self.equalities.iter_mut().zip(&shared.z) {
            sums.iter_mut().for_each(|sum| *sum += scalar * z);
        }
        let commitment = scalar * c_x.bls_scalar();
        for (slot, constant) in constants {
            *self.slots.get_mut(*slot)? -= commitment * constant;
        }
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
        self.short.push(one.link.t, scalar);
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
        let points = || rayon::join(|| self.short.sum(), || self.long.sum());
        let (fixed, (short, long)) = rayon::join(|| self.fixed(), points);
        (fixed - short - long).is_identity().into()
    }

    fn fixed(&self) -> G1Projective {
        let mut fixed = FixedSum::with_capacity(self.slots.len() + 2 * self.equalities.len() + 1);
        for (base, scalar) in self.bases.slots.iter().zip(&self.slots) {
            fixed.add(base, scalar);
        }
        for (sides, scalars) in self.bases.equalities.iter().zip(&self.equalities) {
            sides.iter().zip(scalars).for_each(|(base, scalar)| fixed.add(base, scalar));
        }
        fixed.add(&self.bases.blinder, &self.blinder);
        fixed.finish()
    }
}
