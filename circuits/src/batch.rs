//! Many presentations' equations, checked as one.
//!
//! A claim is two equations, `e(A, B) = e(α, β)·e(X, γ)·e(C, δ)` with
//! `X = IC_0 + Σ a_j·IC_j + D`, and `K = Σ z_s·IC_s + ν̂·IC_v − c·D`. With coefficients `ρ` and `σ`
//! for each claim, and sums and products over the claims, all are checked by
//!
//! ```text
//! Π e(ρ·A, B) = e(Σρ·α, β) · e(Σ ρ·X + σ·(Σ z_s·IC_s + ν̂·IC_v − c·D − K), γ) · e(Σ ρ·C, δ)
//! ```
//!
//! # Soundness
//!
//! Divided into one side, the equation says `Π E^ρ·F^σ = 1`, where `E` is by how much a claim's
//! pairing equation errs, and `F = e(·, γ)` of the point by which its relation errs: 1 only if that
//! point is the identity, since γ isn't and G1 has prime order. All are in the target group of
//! prime order `r` (proofs are read only with their points in the subgroups). If any of them isn't
//! 1, then whatever the other coefficients are, at most one value of its own fits. Coefficients are
//! uniform among `2^128` scalars, so a false batch passes with probability at most `2^−128` for
//! each try at the hash that they are taken from, which must therefore cover every octet of every
//! claim. Equations of one claim need two coefficients: with one they could cancel.
//!
//! # What it costs
//!
//! For each claim remain a multiple of `A`, a Miller loop, and its share of three sums. Of
//! about 220 µs in a batch of 1,000 claims (one by one: 900 to 1,000 µs):
//!
//! | part | µs | plainly |
//! |---|---|---|
//! | Miller loop that shares squarings and inversions (`pairing`) | 135 | 268 |
//! | `ρ·A`, by `coefficient`'s 64 doublings | 29 | 54 |
//! | `Σ ρ·C` and `Σ σ·K` with scalars of 64 bits, `Σ (ρ − σ·c)·D` in full | 25 | 36 |
//!
//! The bases of the key have their scalars added up over the whole batch, and are multiplied once
//! through their tables. Once for a batch: three Miller loops with prepared lines, the final
//! exponentiation, four multiples: some 1.3 ms. So two claims cost about as much as one by one, and
//! a single claim is checked so.

mod coefficient;

use ark_bn254::{Fq12, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{CurveGroup, VariableBaseMSM};
use ark_ff::{Field, Zero};

use crate::Refused;
use crate::commitment::{Commitment, Scalar};
use crate::groth16::Proof;
use crate::keys::VerifyingKey;
use crate::pairing;
use coefficient::Coefficient;

/// One presentation's two equations, decoded: the proof's,
/// `e(A, B) = e(α, β)·e(IC_0 + Σ a_j·IC_j + D, γ)·e(C, δ)`, and the relation's,
/// `K = Σ z_s·IC_s + ν̂·IC_v − c·D`.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// `a`: the public parameters.
    pub params: &'a [i128],
    /// `A`, `B` and `C`.
    pub proof: &'a Proof,
    /// `D`.
    pub commitment: &'a Commitment,
    /// `K`: the commitment to the masks.
    pub mask: &'a Commitment,
    /// `z`: one for each slot.
    pub responses: &'a [Scalar],
    /// `ν̂`: the blinder's response.
    pub blinder: &'a Scalar,
    /// `c`.
    pub challenge: &'a Scalar,
}

/// Claims under one key, added up; made by [`VerifyingKey::begin_batch`].
#[derive(Clone)]
pub struct BatchSum<'k> {
    key: &'k VerifyingKey,
    /// `Π` of the Miller loops of `(−ρ·A, B)`.
    loops: Fq12,
    /// `Σ ρ`.
    total: Fr,
    /// The scalars of `IC_1` and those that follow, of γ's pair.
    inputs: Vec<Fr>,
    /// The rest of γ's pair: `Σ (ρ − σ·c)·D − σ·K`.
    openings: G1Projective,
    /// `Σ ρ·C`.
    last: G1Projective,
    /// A part for another key was merged.
    mixed: bool,
}

impl VerifyingKey {
    /// Whether all claims hold, as one random linear combination. `coefficients[i]` are two
    /// 128-bit numbers for claim i's two equations, which must hash every octet of every claim of
    /// the batch.
    ///
    /// # Errors
    /// If one doesn't, or doesn't fit the shape.
    pub fn verify_batch(
        &self,
        claims: &[Claim<'_>],
        coefficients: &[[u128; 2]],
    ) -> Result<(), Refused> {
        if let ([claim], [_]) = (claims, coefficients) {
            return self.verify_claim(claim);
        }
        let mut sum = self.begin_batch();
        sum.add(claims, coefficients)?;
        if sum.holds() { Ok(()) } else { Err(Refused) }
    }

    /// Whether a claim holds, by its own two equations.
    ///
    /// # Errors
    /// If it doesn't, or doesn't fit the shape.
    pub fn verify_claim(&self, claim: &Claim<'_>) -> Result<(), Refused> {
        let Claim { params, proof, mask, responses, blinder, challenge, commitment } = claim;
        self.relation_holds(mask, responses, blinder, challenge, commitment)?;
        self.verify(params, commitment, proof)
    }

    /// A batch without claims.
    pub fn begin_batch(&self) -> BatchSum<'_> {
        let inputs = self.parts().gamma_abc_g1.len().saturating_sub(1);
        BatchSum {
            key: self,
            loops: Fq12::ONE,
            total: Fr::zero(),
            inputs: vec![Fr::zero(); inputs],
            openings: G1Projective::zero(),
            last: G1Projective::zero(),
            mixed: false,
        }
    }
}

impl BatchSum<'_> {
    /// Adds claims, each under its two coefficients; all or none.
    ///
    /// # Errors
    /// If there isn't one pair of coefficients for each claim, one of them is 0, or a claim's
    /// parameters or responses don't fit the shape.
    pub fn add(&mut self, claims: &[Claim<'_>], coefficients: &[[u128; 2]]) -> Result<(), Refused> {
        if claims.len() != coefficients.len() || coefficients.as_flattened().contains(&0) {
            return Err(Refused);
        }
        let shape = self.key.shape();
        for claim in claims {
            shape.check_params(claim.params).map_err(|_| Refused)?;
            if claim.responses.len() != shape.slots().len() {
                return Err(Refused);
            }
        }
        let mut parts = Parts::default();
        for (claim, [rho, sigma]) in claims.iter().zip(coefficients) {
            let [rho, sigma] = [rho, sigma].map(|number| Coefficient::new(*number));
            let [weight, opening] = [rho.field(), sigma.field()];
            let params = claim.params.iter().map(|param| weight * Fr::from(*param));
            let responses = claim.responses.iter().chain([claim.blinder]);
            let responses = responses.map(|response| opening * response.field());
            for (sum, term) in self.inputs.iter_mut().zip(params.chain(responses)) {
                *sum += term;
            }
            self.total += weight;
            parts.push(claim, rho, sigma, weight - opening * claim.challenge.field());
        }
        self.openings += G1Projective::msm_unchecked(&parts.d, &parts.weights);
        self.openings -= coefficient::sum(&parts.k, &parts.sigma);
        self.last += coefficient::sum(&parts.c, &parts.rho);
        let a = coefficient::multiply_each(&parts.a, &parts.rho);
        let pairs: Vec<_> = a.into_iter().map(|a| -a).zip(parts.b).collect();
        self.loops = pairing::multiply(&self.loops, &pairing::moving(&pairs));
        Ok(())
    }

    /// Adds another part's claims: what was added on another thread.
    pub fn merge(&mut self, other: Self) {
        self.mixed |= other.mixed || self.key.fingerprint() != other.key.fingerprint();
        self.loops = pairing::multiply(&self.loops, &other.loops);
        self.total += other.total;
        for (sum, term) in self.inputs.iter_mut().zip(other.inputs) {
            *sum += term;
        }
        self.openings += other.openings;
        self.last += other.last;
    }

    /// Whether all claims that were added hold. One without claims does; one with parts that are
    /// for different keys doesn't.
    pub fn holds(&self) -> bool {
        if self.mixed {
            return false;
        }
        let parts = self.key.parts();
        let Some(constant) = parts.gamma_abc_g1.first() else { return false };
        let (public, hidden) =
            self.inputs.split_at(self.key.shape().params().len().min(self.inputs.len()));
        let tables = self.key.tables();
        let mut inputs = tables.public.multiply(public) + tables.hidden.multiply(hidden);
        inputs += self.openings + *constant * self.total;
        let mut points = [G1Affine::identity(); 3];
        let fixed = [parts.alpha_g1 * self.total, inputs, self.last];
        points.copy_from_slice(&G1Projective::normalize_batch(&fixed));
        pairing::is_one(pairing::multiply(&self.loops, &tables.fixed.loops(points)))
    }
}

/// The claims' points with their coefficients, side by side.
#[derive(Default)]
struct Parts {
    rho: Vec<Coefficient>,
    sigma: Vec<Coefficient>,
    a: Vec<G1Affine>,
    b: Vec<G2Affine>,
    c: Vec<G1Affine>,
    d: Vec<G1Affine>,
    /// `ρ − σ·c`, for `D`.
    weights: Vec<Fr>,
    k: Vec<G1Affine>,
}

impl Parts {
    fn push(&mut self, claim: &Claim<'_>, rho: Coefficient, sigma: Coefficient, weight: Fr) {
        let proof = claim.proof.points();
        self.rho.push(rho);
        self.sigma.push(sigma);
        self.a.push(proof.a);
        self.b.push(proof.b);
        self.c.push(proof.c);
        self.d.push(claim.commitment.point());
        self.weights.push(weight);
        self.k.push(claim.mask.point());
    }
}

#[cfg(test)]
mod tests;
