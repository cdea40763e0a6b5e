//! The link: the integers inside the Groth16 proof are the messages inside the BBS proofs.
//!
//! The sigma protocol of Chase, Orrù, Perrin and Zaverucha (eprint 2022/1593, §4): for every slot one
//! response over the integers, short enough that it wraps in neither group. The only file that
//! computes on both curves. The protocol as a whole, and why it is sound and hides, is in the
//! documentation of [`presentation`](super).
//!
//! For credential i with slots S_i, bases Ĝ_s and Ĥ on BLS12-381 and IC_s, IC_v on BN254:
//!
//! ```text
//! C_i = Σ x_s·Ĝ_s + ρ_i·Ĥ        T_i = Σ m̃_s·Ĝ_s + ρ̃_i·Ĥ       ties C_i to the BBS proof
//! K_i = Σ k_s·Ĝ_s + τ_i·Ĥ        K_D = Σ k_s·IC_s + ν·IC_v      ties C_i to D
//! z_s = k_s + c_x·x_s over ℤ,  2^194 ≤ z_s < 2^248
//! ```
//!
//! Sums over Ĝ go through tables and are not constant time in x_s, m̃_s and k_s; the integer
//! arithmetic is.

use crate::curve::table::{FixedBase, FixedSum};
use crate::curve::{
    G1Affine, G1Projective, SCALAR_LEN, Scalar, SecretScalar, random_scalar, sum_of_products,
};
use crate::transcript::{Transcript, tag};
use crypto_bigint::{U128, U256};
use group::{Curve, Group};
use rand_core::CryptoRngCore;
use sigil_circuits as circuits;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroize;

/// Octets of an integer response z.
pub(super) const RESPONSE_LEN: usize = 31;

/// Where responses may lie: 2^floor ≤ z < 2^mask. Masks are uniform below 2^mask, and c_x·x is below
/// 2^floor.
#[derive(Clone, Copy)]
struct Range {
    floor_bits: u32,
    mask_bits: u32,
}

/// c_x < 2^128 and x < 2^66; masks of 31 octets.
const RANGE: Range = Range { floor_bits: 194, mask_bits: 248 };

/// The bases of the link on BLS12-381, hashed to the curve under their own tag.
#[derive(Clone)]
pub(super) struct Bases {
    /// Ĥ, of all blinders.
    pub(super) blinder: Arc<FixedBase>,
    /// Ĝ_1.., one for each slot.
    pub(super) slots: Vec<Arc<FixedBase>>,
    /// Ĝ_E, one for each hidden equality.
    pub(super) equalities: Vec<Arc<FixedBase>>,
}

impl Bases {
    /// The bases for so many slots and equalities, from the cache of the process.
    pub(super) fn new(slots: usize, equalities: usize) -> Self {
        static CACHE: OnceLock<Mutex<Bases>> = OnceLock::new();
        let start = || {
            let blinder = Arc::new(Self::derive("blinder", 0));
            Mutex::new(Bases { blinder, slots: Vec::new(), equalities: Vec::new() })
        };
        let mut cache = CACHE.get_or_init(start).lock().unwrap_or_else(PoisonError::into_inner);
        for index in cache.slots.len()..slots {
            cache.slots.push(Arc::new(Self::derive("slot", index)));
        }
        for index in cache.equalities.len()..equalities {
            cache.equalities.push(Arc::new(Self::derive("equality", index)));
        }
        Bases {
            blinder: cache.blinder.clone(),
            slots: cache.slots[..slots].to_vec(),
            equalities: cache.equalities[..equalities].to_vec(),
        }
    }

    fn derive(kind: &str, index: usize) -> FixedBase {
        let message = format!("{kind} {index}");
        let hash = crate::curve::hash::Expander::XmdSha256;
        FixedBase::new(hash.hash_to_g1(message.as_bytes(), tag::LINK_BASES))
    }
}

/// One credential's side of the link, as it travels.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct CredentialLink {
    pub(super) c: G1Affine,
    pub(super) t: G1Affine,
    pub(super) k: G1Affine,
    pub(super) rho_hat: Scalar,
    pub(super) tau_hat: Scalar,
}

/// The circuit's side of the link, as it travels.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct PredicateLink {
    pub(super) k_d: circuits::Commitment,
    pub(super) nu_hat: [u8; SCALAR_LEN],
    pub(super) z: Vec<Response>,
}

/// An integer response, 2^194 ≤ z < 2^248, big-endian.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Response([u8; RESPONSE_LEN]);

impl Response {
    /// Decodes 31 octets; the range is checked before anything is reduced.
    pub(super) fn from_bytes(octets: &[u8]) -> Option<Self> {
        let octets: [u8; RESPONSE_LEN] = octets.try_into().ok()?;
        // The octets above bit 194: 54 bits, of which one must be set.
        let above = RANGE.mask_bits - RANGE.floor_bits;
        let mut head = [0u8; 8];
        head[..7].copy_from_slice(&octets[..7]);
        (u64::from_be_bytes(head) >> (64 - above) != 0).then_some(Response(octets))
    }

    pub(super) fn as_bytes(&self) -> &[u8; RESPONSE_LEN] {
        &self.0
    }

    fn bls_scalar(&self) -> Scalar {
        let mut octets = [0u8; SCALAR_LEN];
        octets[1..].copy_from_slice(&self.0);
        // Below 2^248, hence below q.
        Option::from(Scalar::from_bytes_be(&octets)).unwrap_or_default()
    }
}

/// A slot's secrets, and where its message is.
pub(super) struct SlotSecret {
    /// The credential that holds the message.
    pub(super) credential: usize,
    /// The integer x < 2^66.
    pub(super) value: u128,
    /// The BBS proof's blinding m̃ of the message.
    pub(super) blinding: SecretScalar,
}

impl Drop for SlotSecret {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

/// The challenge c_x: 16 octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct LinkChallenge(u128);

impl LinkChallenge {
    /// Hashes `ph` and every BBS proof.
    pub(super) fn new<'a>(ph: &[u8], proofs: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut transcript = Transcript::new(tag::LINK_CHALLENGE);
        transcript.absorb("ph", ph);
        proofs.for_each(|proof| transcript.absorb("proof", proof));
        let digest = transcript.finish();
        let mut octets = [0u8; 16];
        octets.copy_from_slice(&digest[..16]);
        LinkChallenge(u128::from_be_bytes(octets))
    }

    fn bls_scalar(self) -> Scalar {
        wide_scalar(self.0)
    }
}

/// A 128-bit integer as a scalar.
pub(super) fn wide_scalar(value: u128) -> Scalar {
    let mut octets = [0u8; SCALAR_LEN];
    octets[16..].copy_from_slice(&value.to_be_bytes());
    // Below 2^128, hence below q.
    Option::from(Scalar::from_bytes_be(&octets)).unwrap_or_default()
}

/// The link begun: commitments and first messages made, challenges open. Consumed by its answer.
pub(super) struct LinkInit {
    slots: Vec<SlotSecret>,
    masks: Vec<Mask>,
    nu: circuits::Scalar,
    opening: circuits::Opening,
    credentials: Vec<Option<CredentialInit>>,
    /// K_D.
    pub(super) k_d: circuits::Commitment,
}

/// What is kept of one credential, with its points C, T, K.
pub(super) struct CredentialInit {
    pub(super) c: G1Affine,
    pub(super) t: G1Affine,
    pub(super) k: G1Affine,
    rho: SecretScalar,
    rho_tilde: SecretScalar,
    tau: SecretScalar,
}

struct Mask([u8; RESPONSE_LEN]);

impl Mask {
    fn draw(rng: &mut impl CryptoRngCore) -> Self {
        let mut octets = [0u8; RESPONSE_LEN];
        rng.fill_bytes(&mut octets);
        Mask(octets)
    }

    fn bls_scalar(&self) -> SecretScalar {
        SecretScalar::new(Response(self.0).bls_scalar())
    }
}

impl Drop for Mask {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// The prover's own part of the link failed: a caller's mistake, or the range of z was missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkError {
    /// Slots, credentials and key do not fit together.
    Mismatch,
    /// Some z fell outside its range: draw everything again.
    Retry,
}

impl LinkInit {
    /// Draws masks and blinders and computes every C, T, K and K_D, in slot order.
    pub(super) fn new(
        bases: &Bases,
        key: &circuits::VerifyingKey,
        slots: Vec<SlotSecret>,
        opening: circuits::Opening,
        credential_count: usize,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Self, LinkError> {
        if slots.len() != bases.slots.len()
            || slots.iter().any(|slot| slot.credential >= credential_count)
        {
            return Err(LinkError::Mismatch);
        }
        let masks: Vec<Mask> = slots.iter().map(|_| Mask::draw(rng)).collect();
        let nu = circuits::Scalar::random(rng);
        let integers: Option<Vec<circuits::Scalar>> =
            masks.iter().map(|mask| circuits::Scalar::from_integer_be(&mask.0)).collect();
        let integers = integers.ok_or(LinkError::Mismatch)?;
        let k_d = key.commit(&integers, &nu).map_err(|_| LinkError::Mismatch)?;
        let mut credentials: Vec<Option<CredentialInit>> = Vec::new();
        for index in 0..credential_count {
            let own: Vec<usize> =
                (0..slots.len()).filter(|s| slots[*s].credential == index).collect();
            let init =
                (!own.is_empty()).then(|| CredentialInit::new(bases, &own, &slots, &masks, rng));
            credentials.push(init);
        }
        Ok(LinkInit { slots, masks, nu, opening, credentials, k_d })
    }

    /// C, T, K of a credential that has slots.
    pub(super) fn credential(&self, index: usize) -> Option<&CredentialInit> {
        self.credentials.get(index)?.as_ref()
    }

    /// Answers the BBS challenges c_i, one for each credential, and c_x.
    pub(super) fn respond(
        self,
        challenges: &[Scalar],
        link_challenge: LinkChallenge,
    ) -> Result<(PredicateLink, Vec<Option<CredentialLink>>), LinkError> {
        if challenges.len() != self.credentials.len() {
            return Err(LinkError::Mismatch);
        }
        let z =
            respond_all(&self.masks, &self.slots, link_challenge, RANGE).ok_or(LinkError::Retry)?;
        let c_x = circuits::Scalar::from_integer_be(&link_challenge.0.to_be_bytes())
            .ok_or(LinkError::Mismatch)?;
        let nu_hat = (&self.nu + &(&c_x * self.opening.blinder())).to_bytes();
        let c_x = link_challenge.bls_scalar();
        let credentials = self
            .credentials
            .iter()
            .zip(challenges)
            .map(|(init, c)| init.as_ref().map(|init| init.respond(c, &c_x)))
            .collect();
        Ok((PredicateLink { k_d: self.k_d, nu_hat, z }, credentials))
    }
}

impl fmt::Debug for LinkInit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkInit").field("slots", &self.slots.len()).finish_non_exhaustive()
    }
}

impl CredentialInit {
    fn new(
        bases: &Bases,
        own: &[usize],
        slots: &[SlotSecret],
        masks: &[Mask],
        rng: &mut impl CryptoRngCore,
    ) -> Self {
        let mut draw = || SecretScalar::new(random_scalar(rng));
        let (rho, rho_tilde, tau) = (draw(), draw(), draw());
        let commit = |blinder: &Scalar, scalar: &dyn Fn(usize) -> SecretScalar| {
            let mut sum = FixedSum::with_capacity(own.len() + 1);
            own.iter().for_each(|&s| sum.add(&bases.slots[s], &scalar(s)));
            sum.add(&bases.blinder, blinder);
            sum.finish()
        };
        let c = commit(&rho, &|s| SecretScalar::new(wide_scalar(slots[s].value)));
        let t = commit(&rho_tilde, &|s| slots[s].blinding.clone());
        let k = commit(&tau, &|s| masks[s].bls_scalar());
        let mut affine = [G1Affine::default(); 3];
        G1Projective::batch_normalize(&[c, t, k], &mut affine);
        let [c, t, k] = affine;
        CredentialInit { c, t, k, rho, rho_tilde, tau }
    }

    fn respond(&self, c: &Scalar, c_x: &Scalar) -> CredentialLink {
        CredentialLink {
            c: self.c,
            t: self.t,
            k: self.k,
            rho_hat: *self.rho_tilde + *self.rho * c,
            tau_hat: *self.tau + *self.rho * c_x,
        }
    }
}

/// z_s = k_s + c_x·x_s for every slot, or `None` if any is outside its range.
///
/// All are computed before any is judged, without branches on the way.
fn respond_all(
    masks: &[Mask],
    slots: &[SlotSecret],
    challenge: LinkChallenge,
    range: Range,
) -> Option<Vec<Response>> {
    let challenge = U128::from_u128(challenge.0);
    let mut good = Choice::from(1);
    let mut responses = Vec::with_capacity(slots.len());
    for (mask, slot) in masks.iter().zip(slots) {
        let mut wide = [0u8; SCALAR_LEN];
        wide[1..].copy_from_slice(&mask.0);
        let product: U256 = challenge.concatenating_mul(&U128::from_u128(slot.value));
        let mut sum = U256::from_be_slice(&wide).wrapping_add(&product);
        wide.zeroize();
        let low_enough = sum.shr(range.mask_bits).ct_eq(&U256::ZERO);
        let high_enough = !sum.shr(range.floor_bits).ct_eq(&U256::ZERO);
        good &= low_enough & high_enough;
        let octets = sum.to_be_bytes();
        let mut response = [0u8; RESPONSE_LEN];
        response.copy_from_slice(&octets.as_ref()[1..]);
        sum.zeroize();
        responses.push(Response(response));
    }
    bool::from(good).then_some(responses)
}

/// A linear check on BLS12-381, Σ scalar·base + Σ scalar·point = 0, one of many in a combination.
pub(super) struct Combination {
    fixed: FixedSum,
    points: Vec<G1Affine>,
    scalars: Vec<Scalar>,
}

impl Combination {
    pub(super) fn new() -> Self {
        Combination { fixed: FixedSum::default(), points: Vec::new(), scalars: Vec::new() }
    }

    /// Adds a term in a fixed base.
    pub(super) fn add_base(&mut self, base: &FixedBase, scalar: &Scalar) {
        self.fixed.add(base, scalar);
    }

    /// Adds a term in a point of the presentation.
    pub(super) fn add_point(&mut self, point: &G1Affine, scalar: Scalar) {
        self.points.push(*point);
        self.scalars.push(scalar);
    }

    /// Whether the whole sum is the identity.
    pub(super) fn holds(&self) -> bool {
        let total = self.fixed.finish() + sum_of_products(&self.points, &self.scalars);
        total.is_identity().into()
    }
}

/// Adds one credential's two equations, each under its own random coefficient:
/// T + c·C = Σ m̂·Ĝ + ρ̂·Ĥ and K + c_x·C = Σ z·Ĝ + τ̂·Ĥ.
///
/// `slots` are (slot, m̂, z) of this credential.
pub(super) fn add_credential_equations(
    combination: &mut Combination,
    bases: &Bases,
    link: &CredentialLink,
    c: &Scalar,
    c_x: LinkChallenge,
    slots: &[(usize, Scalar, Response)],
    coefficients: [Scalar; 2],
) {
    let [a, b] = coefficients;
    for (slot, response, z) in slots {
        combination.add_base(&bases.slots[*slot], &(a * response + b * z.bls_scalar()));
    }
    combination.add_base(&bases.blinder, &(a * link.rho_hat + b * link.tau_hat));
    combination.add_point(&link.c, -(a * c + b * c_x.bls_scalar()));
    combination.add_point(&-link.t, a);
    combination.add_point(&-link.k, b);
}

/// Checks K_D + c_x·D = Σ z·IC + ν̂·IC_v on BN254.
pub(super) fn circuit_equation_holds(
    key: &circuits::VerifyingKey,
    link: &PredicateLink,
    d: &circuits::Commitment,
    c_x: LinkChallenge,
) -> bool {
    let scalars = || {
        let z: Vec<circuits::Scalar> = link
            .z
            .iter()
            .map(|z| circuits::Scalar::from_integer_be(z.as_bytes()))
            .collect::<Option<_>>()?;
        let nu_hat = circuits::Scalar::from_bytes(&link.nu_hat)?;
        let c_x = circuits::Scalar::from_integer_be(&c_x.0.to_be_bytes())?;
        Some((z, nu_hat, c_x))
    };
    scalars()
        .is_some_and(|(z, nu_hat, c_x)| key.relation_holds(&link.k_d, &z, &nu_hat, &c_x, d).is_ok())
}

#[cfg(test)]
mod tests;
