//! Proofs: CoreProofGen and CoreProofVerify, split as in the draft (§3.7) into init, challenge and
//! finalize, so that other protocols can share a message's blinding.
//!
//! With random r1, r2 the prover shows D = r2·B, Ā = r1·r2·A, B̄ = r1·D − e·Ā and proves knowledge of
//!
//! ```text
//! B̄ = r1·D − e·Ā                          T1 = ẽ·Ā + r̃1·D
//! Bᵥ = r3·D − Σ_hidden mⱼ·Hⱼ, r3 = 1/r2    T2 = r̃3·D + Σ_hidden m̃ⱼ·Hⱼ
//! ```
//!
//! where Bᵥ = P1 + domain·Q1 + Σ_disclosed mᵢ·Hᵢ. The verifier adds e(Ā, W) = e(B̄, BP2), which makes
//! B̄ = sk·Ā.
//!
//! # Extensions
//!
//! [`ProofInit::blinding`] gives the blinding m̃ⱼ of a hidden message. A second protocol may use it as
//! its own first-message blinding for the same mⱼ; its first messages must go into the presentation
//! header `ph` before [`ProofInit::finalize`], and its verifier takes the response m̂ⱼ from
//! [`VerifiedProof::response`]. The proof's octets stay those of the draft: any other implementation
//! verifies them, given `ph`.
//!
//! # Speed
//!
//! B̄ = r1·r2·B − e·r1·r2·A, and T1, T2 likewise: all that the prover needs are seven multiples of A and
//! B. [`Sums`] computes them and the generators' part together, in 0.37 ms where a constant-time
//! multiplication each took 0.78 ms. The verifier's T1 and T2 likewise, c·Bᵥ expanded over the
//! generators' tables: 0.44 ms for 0.59 ms. The pairing uses prepared lines, see
//! [`pairing_product_is_one`].
//!
//! # Not constant time
//!
//! No multiplication here is. Running time and memory accesses depend on r1·r2, e·r1·r2, the
//! blindings and their products with r2, and on the hidden messages by way of the tables. Who shares the
//! holder's caches while a proof is made may learn bits of these: enough of them link the proof to
//! others of the same credential, or uncover e or a message. Who only receives proofs learns nothing. The
//! issuer's key never comes here; see `signature.rs`.

use super::keys::bp2;
use super::signature::{check_sizes, domain};
use super::{Error, Generators, HeldSignature, MAX_HEADER_LEN, MAX_MESSAGES, PublicKey};
use crate::curve::{
    Base, G1_LEN, G1Affine, SCALAR_LEN, Scalar, SecretScalar, Sums, decode_g1,
    decode_nonzero_scalar, pairing_product_is_one, random_scalar,
};
use ff::Field;
use rand_core::CryptoRngCore;
use std::fmt;

/// A proof of a signature with some messages disclosed: 272 + 32·U octets for U hidden ones.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    a_bar: G1Affine,
    b_bar: G1Affine,
    d: G1Affine,
    e_hat: Scalar,
    r1_hat: Scalar,
    r3_hat: Scalar,
    m_hat: Vec<Scalar>,
    challenge: Scalar,
}

impl Proof {
    /// Octets of a proof with so many hidden messages.
    pub const fn len(hidden: usize) -> usize {
        3 * G1_LEN + (4 + hidden) * SCALAR_LEN
    }

    /// How many messages the proof hides.
    pub fn hidden(&self) -> usize {
        self.m_hat.len()
    }

    /// `octets_to_proof`: points in the subgroup and not the identity, scalars 1 ≤ s < q, nothing
    /// left over.
    pub fn from_bytes(octets: &[u8]) -> Result<Self, Error> {
        let hidden = octets.len().checked_sub(Self::len(0)).ok_or(Error::Refused)? / SCALAR_LEN;
        if octets.len() != Self::len(hidden) || hidden > MAX_MESSAGES {
            return Err(Error::Refused);
        }
        let (points, scalars) = octets.split_at(3 * G1_LEN);
        let points: Vec<G1Affine> = points
            .chunks_exact(G1_LEN)
            .map(decode_g1)
            .collect::<Option<_>>()
            .ok_or(Error::Refused)?;
        let scalars: Vec<Scalar> = scalars
            .chunks_exact(SCALAR_LEN)
            .map(decode_nonzero_scalar)
            .collect::<Option<_>>()
            .ok_or(Error::Refused)?;
        let ([a_bar, b_bar, d], [e_hat, r1_hat, r3_hat, m_hat @ .., challenge]) =
            (&points[..], &scalars[..])
        else {
            return Err(Error::Refused);
        };
        Ok(Proof {
            a_bar: *a_bar,
            b_bar: *b_bar,
            d: *d,
            e_hat: *e_hat,
            r1_hat: *r1_hat,
            r3_hat: *r3_hat,
            m_hat: m_hat.to_vec(),
            challenge: *challenge,
        })
    }

    /// `proof_to_octets`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(Self::len(self.m_hat.len()));
        for point in [&self.a_bar, &self.b_bar, &self.d] {
            octets.extend_from_slice(&point.to_compressed());
        }
        let scalars = [&self.e_hat, &self.r1_hat, &self.r3_hat];
        for scalar in scalars.into_iter().chain(&self.m_hat).chain([&self.challenge]) {
            octets.extend_from_slice(&scalar.to_bytes_be());
        }
        octets
    }

    /// Ā and B̄ of the pairing equation.
    pub(super) fn sides(&self) -> (&G1Affine, &G1Affine) {
        (&self.a_bar, &self.b_bar)
    }

    /// The challenge c that the proof carries.
    pub fn challenge(&self) -> &Scalar {
        &self.challenge
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof").field("hidden", &self.m_hat.len()).finish_non_exhaustive()
    }
}

/// The public first messages of a proof.
struct FirstMessages {
    a_bar: G1Affine,
    b_bar: G1Affine,
    d: G1Affine,
    t1: G1Affine,
    t2: G1Affine,
}

impl FirstMessages {
    /// `ProofChallengeCalculate` (draft §3.7.2).
    fn challenge(
        &self,
        generators: &Generators,
        domain: &Scalar,
        disclosed: &[(usize, Scalar)],
        ph: &[u8],
    ) -> Scalar {
        let mut input = Vec::with_capacity(320 + disclosed.len() * 40 + ph.len());
        input.extend_from_slice(&(disclosed.len() as u64).to_be_bytes());
        for (index, message) in disclosed {
            input.extend_from_slice(&(*index as u64).to_be_bytes());
            input.extend_from_slice(&message.to_bytes_be());
        }
        for point in [&self.a_bar, &self.b_bar, &self.d, &self.t1, &self.t2] {
            input.extend_from_slice(&point.to_compressed());
        }
        input.extend_from_slice(&domain.to_bytes_be());
        input.extend_from_slice(&(ph.len() as u64).to_be_bytes());
        input.extend_from_slice(ph);
        generators.interface().challenge(&input)
    }
}

/// A proof begun: blindings drawn, first messages computed, the challenge still open.
///
/// [`finalize`](Self::finalize) consumes it: one set of blindings answers one challenge only.
pub struct ProofInit<'a> {
    generators: &'a Generators,
    first: FirstMessages,
    domain: Scalar,
    disclosed: Vec<(usize, Scalar)>,
    hidden: Vec<Hidden>,
    e: SecretScalar,
    r1: SecretScalar,
    r2: SecretScalar,
    e_tilde: SecretScalar,
    r1_tilde: SecretScalar,
    r3_tilde: SecretScalar,
}

struct Hidden {
    index: usize,
    message: SecretScalar,
    blinding: SecretScalar,
}

impl<'a> ProofInit<'a> {
    /// `ProofInit` (draft §3.7.1). `disclosed` are zero-based, strictly ascending message indexes.
    ///
    /// Randomness is drawn as r1, r2, ẽ, r̃1, r̃3, m̃.., 48 octets each.
    ///
    /// # Errors
    /// [`Error::Indexes`] or [`Error::TooLarge`]; the signature is not verified here.
    pub fn new(
        key: &PublicKey,
        signature: &HeldSignature,
        generators: &'a Generators,
        header: &[u8],
        messages: &[Scalar],
        disclosed: &[usize],
        rng: &mut impl CryptoRngCore,
    ) -> Result<Self, Error> {
        check_sizes(generators, header, messages)?;
        check_indexes(disclosed.iter().copied(), messages.len())?;
        let mut draw = || SecretScalar::new(random_scalar(rng));
        let (r1, r2, e_tilde, r1_tilde, r3_tilde) = (draw(), draw(), draw(), draw(), draw());
        let hidden: Vec<Hidden> = messages
            .iter()
            .enumerate()
            .filter(|(index, _)| disclosed.binary_search(index).is_err())
            .map(|(index, message)| Hidden {
                index,
                message: SecretScalar::new(*message),
                blinding: draw(),
            })
            .collect();

        let domain = domain(key, generators, header);
        let e = SecretScalar::new(*signature.signature().e());
        let r12 = SecretScalar::new(*r1 * *r2);
        let mut sums = Sums::<5>::new();
        let [a, b] = signature.bases(&mut sums);
        let [a_bar, b_bar, d, t1, t2] = [0, 1, 2, 3, 4];
        sums.add(d, b, &r2);
        sums.add(a_bar, a, &r12);
        sums.add(b_bar, b, &r12);
        sums.add(b_bar, a, &-(*e * *r12));
        sums.add(t1, a, &(*e_tilde * *r12));
        sums.add(t1, b, &(*r1_tilde * *r2));
        sums.reserve(t2, hidden.len() + 1);
        sums.add(t2, b, &(*r3_tilde * *r2));
        for one in &hidden {
            sums.add(t2, Base::Fixed(&generators.h()[one.index]), &one.blinding);
        }
        let [a_bar, b_bar, d, t1, t2] = sums.finish();
        Ok(ProofInit {
            generators,
            first: FirstMessages { a_bar, b_bar, d, t1, t2 },
            domain,
            disclosed: disclosed.iter().map(|&index| (index, messages[index])).collect(),
            hidden,
            e,
            r1,
            r2,
            e_tilde,
            r1_tilde,
            r3_tilde,
        })
    }

    /// The blinding m̃ of a hidden message; `None` for a disclosed or unknown index. See the module's
    /// documentation for what an extension must do with it.
    pub fn blinding(&self, index: usize) -> Option<&SecretScalar> {
        let at = self.hidden.binary_search_by_key(&index, |one| one.index).ok()?;
        self.hidden.get(at).map(|one| &one.blinding)
    }

    /// Hashes the challenge with `ph` and answers it (draft §3.7.2, §3.7.3).
    ///
    /// # Errors
    /// [`Error::TooLarge`] for an oversize `ph`; [`Error::Refused`] where a random scalar was zero.
    pub fn finalize(self, ph: &[u8]) -> Result<Proof, Error> {
        if ph.len() > MAX_HEADER_LEN {
            return Err(Error::TooLarge);
        }
        let c = self.first.challenge(self.generators, &self.domain, &self.disclosed, ph);
        let r3: Option<Scalar> = self.r2.invert().into();
        let r3 = SecretScalar::new(r3.ok_or(Error::Refused)?);
        Ok(Proof {
            a_bar: self.first.a_bar,
            b_bar: self.first.b_bar,
            d: self.first.d,
            e_hat: *self.e_tilde + *self.e * c,
            r1_hat: *self.r1_tilde - *self.r1 * c,
            r3_hat: *self.r3_tilde - *r3 * c,
            m_hat: self.hidden.iter().map(|one| *one.blinding + *one.message * c).collect(),
            challenge: c,
        })
    }
}

impl fmt::Debug for ProofInit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofInit").field("hidden", &self.hidden.len()).finish_non_exhaustive()
    }
}

/// A proof of which everything holds but the pairing equation, e(Ā, W) = e(B̄, BP2).
///
/// **It says nothing until that equation has been checked**: whoever ignores it accepts anything.
/// [`settle`](Self::settle) checks it alone, a [`PairingBatch`](super::PairingBatch) those of many
/// proofs together.
#[derive(Debug)]
#[must_use = "a proof is worth nothing until its equation has been checked"]
pub struct PendingProof<'a> {
    key: PublicKey,
    proof: &'a Proof,
    hidden: Vec<usize>,
}

impl<'a> PendingProof<'a> {
    /// The challenge c.
    pub fn challenge(&self) -> &'a Scalar {
        &self.proof.challenge
    }

    /// The response m̂ of a hidden message; `None` for a disclosed or unknown index.
    pub fn response(&self, index: usize) -> Option<&'a Scalar> {
        self.proof.m_hat.get(self.hidden.binary_search(&index).ok()?)
    }

    /// Checks the equation of this proof alone.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub fn settle(self) -> Result<VerifiedProof<'a>, Error> {
        let (a_bar, b_bar) = self.proof.sides();
        let pairs = [(*a_bar, &*self.key.prepared()), (-b_bar, bp2())];
        if !pairing_product_is_one(&pairs) {
            return Err(Error::Refused);
        }
        Ok(VerifiedProof(self))
    }

    pub(super) fn key(&self) -> &PublicKey {
        &self.key
    }

    pub(super) fn proof(&self) -> &'a Proof {
        self.proof
    }
}

/// A proof that has verified: the only source of responses for extensions.
#[derive(Debug)]
pub struct VerifiedProof<'a>(PendingProof<'a>);

impl<'a> VerifiedProof<'a> {
    /// The challenge c.
    pub fn challenge(&self) -> &'a Scalar {
        self.0.challenge()
    }

    /// The response m̂ of a hidden message; `None` for a disclosed or unknown index.
    pub fn response(&self, index: usize) -> Option<&'a Scalar> {
        self.0.response(index)
    }
}

/// Verifies a proof (draft §3.6.4). `disclosed` are (index, message) by strictly ascending index.
///
/// # Errors
/// [`Error::Refused`], whatever the reason.
pub fn proof_verify<'a>(
    key: &PublicKey,
    proof: &'a Proof,
    generators: &Generators,
    header: &[u8],
    ph: &[u8],
    disclosed: &[(usize, Scalar)],
) -> Result<VerifiedProof<'a>, Error> {
    proof_verify_deferred(key, proof, generators, header, ph, disclosed)?.settle()
}

/// [`proof_verify`] up to its pairing equation, which the caller owes: see [`PendingProof`].
///
/// T2's term c·Bᵥ is expanded over the generators' tables, which saves a multiplication of a point
/// that changes.
///
/// # Errors
/// [`Error::Refused`], whatever the reason.
pub fn proof_verify_deferred<'a>(
    key: &PublicKey,
    proof: &'a Proof,
    generators: &Generators,
    header: &[u8],
    ph: &[u8],
    disclosed: &[(usize, Scalar)],
) -> Result<PendingProof<'a>, Error> {
    let count = generators.count();
    let indexes = disclosed.iter().map(|(index, _)| *index);
    if proof.hidden() + disclosed.len() != count
        || check_indexes(indexes.clone(), count).is_err()
        || header.len() > MAX_HEADER_LEN
        || ph.len() > MAX_HEADER_LEN
    {
        return Err(Error::Refused);
    }
    let domain = domain(key, generators, header);
    let c = &proof.challenge;
    let hidden: Vec<usize> = {
        let mut disclosed = indexes.peekable();
        (0..count).filter(|index| disclosed.next_if_eq(index).is_none()).collect()
    };
    let mut sums = Sums::<2>::new();
    let [a_bar, b_bar, d] = [&proof.a_bar, &proof.b_bar, &proof.d].map(|p| sums.point(p));
    let [t1, t2] = [0, 1];
    sums.add(t1, b_bar, c);
    sums.add(t1, a_bar, &proof.e_hat);
    sums.add(t1, d, &proof.r1_hat);
    sums.add(t2, d, &proof.r3_hat);
    sums.reserve(t2, count + 2);
    sums.add(t2, Base::Fixed(generators.p1()), c);
    sums.add(t2, Base::Fixed(generators.q1()), &(domain * c));
    for (index, message) in disclosed {
        sums.add(t2, Base::Fixed(&generators.h()[*index]), &(message * c));
    }
    for (index, response) in hidden.iter().zip(&proof.m_hat) {
        sums.add(t2, Base::Fixed(&generators.h()[*index]), response);
    }
    let [t1, t2] = sums.finish();
    let first = FirstMessages { a_bar: proof.a_bar, b_bar: proof.b_bar, d: proof.d, t1, t2 };
    if first.challenge(generators, &domain, disclosed, ph) != *c {
        return Err(Error::Refused);
    }
    Ok(PendingProof { key: *key, proof, hidden })
}

/// Strictly ascending and below `count`.
fn check_indexes(indexes: impl Iterator<Item = usize>, count: usize) -> Result<(), Error> {
    let mut floor = 0;
    for index in indexes {
        if index < floor || index >= count {
            return Err(Error::Indexes);
        }
        floor = index + 1;
    }
    Ok(())
}
