//! The link: the integers inside the Groth16 proof are the messages inside the BBS proofs, and hidden
//! messages that the policy wants equal are.
//!
//! The sigma protocol of Chase, Orrù, Perrin and Zaverucha (eprint 2022/1593, §4): for every slot one
//! response over the integers, short enough that it wraps in neither group. The only file that
//! computes on both curves. The protocol as a whole, and why it is sound and hides, is in the
//! documentation of [`presentation`](super).
//!
//! With the bases Ĝ_s, Ĝ_e,a, Ĝ_e,b and Ĥ on BLS12-381 and IC_s, IC_v on BN254, over the slots s and the
//! sides of equalities e that lie in credential i:
//!
//! ```text
//! C_i = Σ x_s·Ĝ_s + Σ m_e·Ĝ_e,i + ρ_i·Ĥ                   T_i the same of m̃_s, m̃_e and ρ̃_i
//! K   = Σ k_s·Ĝ_s + Σ k_e·(Ĝ_e,a + Ĝ_e,b) + τ·Ĥ            K_D = Σ k_s·IC_s + ν·IC_v
//! z_s = k_s + c_x·x_s over ℤ,  2^194 ≤ z_s < 2^248         z_e = k_e + c_x·m_e mod q
//! ```
//!
//! T_i ties C_i to the messages of the BBS proof. K opens the sum of all C_i: to the integers that K_D
//! opens D to, and at the two bases of an equality to one and the same scalar.
//!
//! Sums over Ĝ go through tables and are not constant time in x_s, m̃_s and k_s; the integer
//! arithmetic is.

use crate::curve::table::{FixedBase, FixedSum};
use crate::curve::{
    G1Affine, G1Projective, SCALAR_LEN, Scalar, SecretScalar, random_scalar, wide_scalar,
};
use crate::transcript::{Transcript, tag};
use crypto_bigint::{U128, U256};
use group::Curve;
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
    /// Ĝ_e,a and Ĝ_e,b, two for each hidden equality.
    pub(super) equalities: Vec<[Arc<FixedBase>; 2]>,
}

impl Bases {
    /// The bases for so many slots and equalities, from the cache of the process.
    pub(super) fn new(slots: usize, equalities: usize) -> Self {
        static CACHE: OnceLock<Mutex<Bases>> = OnceLock::new();
        let start = || {
            let blinder = Self::derive("blinder 0");
            Mutex::new(Bases { blinder, slots: Vec::new(), equalities: Vec::new() })
        };
        let mut cache = CACHE.get_or_init(start).lock().unwrap_or_else(PoisonError::into_inner);
        for index in cache.slots.len()..slots {
            cache.slots.push(Self::derive(&format!("slot {index}")));
        }
        for index in cache.equalities.len()..equalities {
            let side = |side: &str| Self::derive(&format!("equality {index} {side}"));
            cache.equalities.push([side("a"), side("b")]);
        }
        Bases {
            blinder: cache.blinder.clone(),
            slots: cache.slots[..slots].to_vec(),
            equalities: cache.equalities[..equalities].to_vec(),
        }
    }

    fn derive(name: &str) -> Arc<FixedBase> {
        let hash = crate::curve::hash::Expander::XmdSha256;
        Arc::new(FixedBase::new(hash.hash_to_g1(name.as_bytes(), tag::LINK_BASES)))
    }
}

/// One credential's side of the link, as it travels.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct CredentialLink {
    pub(super) c: G1Affine,
    pub(super) t: G1Affine,
    pub(super) rho_hat: Scalar,
}

/// What opens the sum of all C_i, as it travels.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct SharedLink {
    pub(super) k: G1Affine,
    pub(super) tau_hat: Scalar,
    /// z_e of each equality.
    pub(super) z: Vec<Scalar>,
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

    pub(super) fn bls_scalar(&self) -> Scalar {
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
    /// The BBS proof's blinding m̃ of the message; none where the slot holds a constant that everybody
    /// knows and no message.
    pub(super) blinding: Option<SecretScalar>,
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

    pub(super) fn bls_scalar(self) -> Scalar {
        wide_scalar(self.0)
    }
}

/// One side of a hidden equality: a message of one credential.
pub(super) struct EqualitySide {
    /// The credential that holds the message.
    pub(super) credential: usize,
    /// The message.
    pub(super) message: SecretScalar,
    /// The BBS proof's blinding m̃ of the message.
    pub(super) blinding: SecretScalar,
}

/// The secrets of a hidden equality. An honest holder's two messages are one.
pub(super) type EqualitySecret = [EqualitySide; 2];

/// What is to be linked.
pub(super) struct Secrets {
    /// One for each slot.
    pub(super) slots: Vec<SlotSecret>,
    /// One for each hidden equality.
    pub(super) equalities: Vec<EqualitySecret>,
}

/// The link begun: commitments and first messages made, challenges open. Consumed by its answer.
pub(super) struct LinkInit {
    secrets: Secrets,
    masks: Vec<Mask>,
    equality_masks: Vec<SecretScalar>,
    tau: SecretScalar,
    credentials: Vec<Option<CredentialInit>>,
    circuit: Option<CircuitInit>,
    /// K.
    pub(super) k: G1Affine,
}

/// What is kept of one credential, with its points C, T.
pub(super) struct CredentialInit {
    pub(super) c: G1Affine,
    pub(super) t: G1Affine,
    rho: SecretScalar,
    rho_tilde: SecretScalar,
}

/// What is kept of the circuit's side, with K_D.
struct CircuitInit {
    nu: circuits::Scalar,
    opening: circuits::Opening,
    k_d: circuits::Commitment,
}

/// The answers, as they travel.
pub(super) struct Answers {
    pub(super) shared: SharedLink,
    pub(super) credentials: Vec<Option<CredentialLink>>,
    pub(super) predicate: Option<PredicateLink>,
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
    /// Draws masks and blinders and computes every C and T, K and K_D. `circuit` is the key and D's
    /// opening, where there are slots.
    pub(super) fn new(
        bases: &Bases,
        circuit: Option<(&circuits::VerifyingKey, circuits::Opening)>,
        secrets: Secrets,
        credential_count: usize,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Self, LinkError> {
        let Secrets { slots, equalities } = &secrets;
        let sides = equalities.iter().flatten().map(|side| side.credential);
        let mut named = slots.iter().map(|slot| slot.credential).chain(sides);
        if slots.len() != bases.slots.len()
            || equalities.len() != bases.equalities.len()
            || slots.is_empty() == circuit.is_some()
            || named.any(|credential| credential >= credential_count)
        {
            return Err(LinkError::Mismatch);
        }
        let masks: Vec<Mask> = slots.iter().map(|_| Mask::draw(rng)).collect();
        let mut draw = || SecretScalar::new(random_scalar(rng));
        let equality_masks: Vec<SecretScalar> = equalities.iter().map(|_| draw()).collect();
        let tau = draw();
        let circuit = circuit
            .map(|(key, opening)| CircuitInit::new(key, opening, &masks, rng))
            .transpose()?;
        let credentials = (0..credential_count)
            .map(|index| CredentialInit::new(bases, &secrets, index, rng))
            .collect();
        let mut sum = FixedSum::with_capacity(masks.len() + 2 * equality_masks.len() + 1);
        for (base, mask) in bases.slots.iter().zip(&masks) {
            sum.add(base, &mask.bls_scalar());
        }
        for (sides, mask) in bases.equalities.iter().zip(&equality_masks) {
            sides.iter().for_each(|base| sum.add(base, mask));
        }
        sum.add(&bases.blinder, &tau);
        let k = sum.finish().into();
        Ok(LinkInit { secrets, masks, equality_masks, tau, credentials, circuit, k })
    }

    /// C and T of a credential that has slots or sides of equalities.
    pub(super) fn credential(&self, index: usize) -> Option<&CredentialInit> {
        self.credentials.get(index)?.as_ref()
    }

    /// K_D, where there are slots.
    pub(super) fn k_d(&self) -> Option<&circuits::Commitment> {
        self.circuit.as_ref().map(|circuit| &circuit.k_d)
    }

    /// Answers the BBS challenges c_i, one for each credential, and c_x.
    pub(super) fn respond(
        self,
        challenges: &[Scalar],
        link_challenge: LinkChallenge,
    ) -> Result<Answers, LinkError> {
        if challenges.len() != self.credentials.len() {
            return Err(LinkError::Mismatch);
        }
        let z = respond_all(&self.masks, &self.secrets.slots, link_challenge, RANGE)
            .ok_or(LinkError::Retry)?;
        let circuit = self.circuit.as_ref();
        let predicate = circuit.map(|circuit| circuit.respond(z, link_challenge)).transpose()?;
        let c_x = link_challenge.bls_scalar();
        let pairs = self.equality_masks.iter().zip(&self.secrets.equalities);
        let z_e = pairs.map(|(mask, [side, _])| **mask + c_x * *side.message).collect();
        let inits = self.credentials.iter().flatten();
        let tau_hat = inits.fold(*self.tau, |sum, init| sum + c_x * *init.rho);
        let credentials = self.credentials.iter().zip(challenges);
        let credentials =
            credentials.map(|(init, c)| init.as_ref().map(|init| init.respond(c))).collect();
        Ok(Answers { shared: SharedLink { k: self.k, tau_hat, z: z_e }, credentials, predicate })
    }
}

impl fmt::Debug for LinkInit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkInit")
            .field("slots", &self.secrets.slots.len())
            .field("equalities", &self.secrets.equalities.len())
            .finish_non_exhaustive()
    }
}

impl CredentialInit {
    /// None for a credential that nothing is linked to.
    fn new(
        bases: &Bases,
        secrets: &Secrets,
        credential: usize,
        rng: &mut impl CryptoRngCore,
    ) -> Option<Self> {
        type Term<'a> = (&'a FixedBase, SecretScalar, &'a SecretScalar);
        let slots = bases.slots.iter().zip(&secrets.slots);
        let slots = slots.filter(|(_, slot)| slot.credential == credential);
        let slots = slots.filter_map(|(base, slot)| -> Option<Term<'_>> {
            Some((base, SecretScalar::new(wide_scalar(slot.value)), slot.blinding.as_ref()?))
        });
        let sides = bases.equalities.iter().flatten().zip(secrets.equalities.iter().flatten());
        let sides = sides.filter(|(_, side)| side.credential == credential);
        let sides =
            sides.map(|(base, side)| -> Term<'_> { (base, side.message.clone(), &side.blinding) });
        let terms: Vec<Term<'_>> = slots.chain(sides).collect();
        if terms.is_empty() {
            return None;
        }
        let mut draw = || SecretScalar::new(random_scalar(rng));
        let (rho, rho_tilde) = (draw(), draw());
        let mut sums = [(); 2].map(|()| FixedSum::with_capacity(terms.len() + 1));
        for (base, message, blinding) in &terms {
            sums[0].add(base, message);
            sums[1].add(base, blinding);
        }
        sums[0].add(&bases.blinder, &rho);
        sums[1].add(&bases.blinder, &rho_tilde);
        let mut affine = [G1Affine::default(); 2];
        G1Projective::batch_normalize(&sums.map(|sum| sum.finish()), &mut affine);
        let [c, t] = affine;
        Some(CredentialInit { c, t, rho, rho_tilde })
    }

    fn respond(&self, c: &Scalar) -> CredentialLink {
        CredentialLink { c: self.c, t: self.t, rho_hat: *self.rho_tilde + *self.rho * c }
    }
}

impl CircuitInit {
    fn new(
        key: &circuits::VerifyingKey,
        opening: circuits::Opening,
        masks: &[Mask],
        rng: &mut impl CryptoRngCore,
    ) -> Result<Self, LinkError> {
        let nu = circuits::Scalar::random(rng);
        let integers: Option<Vec<circuits::Scalar>> =
            masks.iter().map(|mask| circuits::Scalar::from_integer_be(&mask.0)).collect();
        let integers = integers.ok_or(LinkError::Mismatch)?;
        let k_d = key.commit(&integers, &nu).map_err(|_| LinkError::Mismatch)?;
        Ok(CircuitInit { nu, opening, k_d })
    }

    fn respond(&self, z: Vec<Response>, c_x: LinkChallenge) -> Result<PredicateLink, LinkError> {
        let c_x = circuits::Scalar::from_integer_be(&c_x.0.to_be_bytes());
        let c_x = c_x.ok_or(LinkError::Mismatch)?;
        let nu_hat = (&self.nu + &(&c_x * self.opening.blinder())).to_bytes();
        Ok(PredicateLink { k_d: self.k_d, nu_hat, z })
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

/// The predicate's part of a presentation with the responses as scalars of BN254: what both of its
/// equations take.
pub(super) struct CircuitClaim<'a> {
    proof: &'a circuits::Proof,
    d: &'a circuits::Commitment,
    k_d: &'a circuits::Commitment,
    z: Vec<circuits::Scalar>,
    nu_hat: circuits::Scalar,
    c_x: circuits::Scalar,
}

impl<'a> CircuitClaim<'a> {
    /// `None` if a response is no scalar, which decoding has excluded.
    pub(super) fn new(
        proof: &'a circuits::Proof,
        d: &'a circuits::Commitment,
        link: &'a PredicateLink,
        c_x: LinkChallenge,
    ) -> Option<Self> {
        let z = link.z.iter().map(|z| circuits::Scalar::from_integer_be(z.as_bytes()));
        Some(CircuitClaim {
            proof,
            d,
            k_d: &link.k_d,
            z: z.collect::<Option<_>>()?,
            nu_hat: circuits::Scalar::from_bytes(&link.nu_hat)?,
            c_x: circuits::Scalar::from_integer_be(&c_x.0.to_be_bytes())?,
        })
    }

    /// The claim that both equations hold for these parameters.
    pub(super) fn with<'b>(&'b self, params: &'b [i128]) -> circuits::Claim<'b> {
        circuits::Claim {
            params,
            proof: self.proof,
            commitment: self.d,
            mask: self.k_d,
            responses: &self.z,
            blinder: &self.nu_hat,
            challenge: &self.c_x,
        }
    }
}

#[cfg(test)]
mod tests;
