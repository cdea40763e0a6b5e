//! Signatures: CoreSign and CoreVerify (draft §3.6.1, §3.6.2).
//!
//! Signing: B is a sum over tables (the messages are the issuer's to see; not constant time), the
//! inversion of sk + e and the multiplication by it are constant time.
//!
//! Verification uses e(A, W)·e(e·A − B, BP2) = 1, the draft's equation with the multiplication by e
//! moved from G2 to G1, where it costs a third.
//!
//! Signatures are made one at a time here: for credentials of many messages, sharing inversions would
//! save less than 2 %. Very many of few messages are what [`sign_many`](super::sign_many) is for.

use super::keys::bp2;
use super::{Error, Generators, MAX_HEADER_LEN, PublicKey, SecretKey};
use crate::curve::table::FixedSum;
use crate::curve::{
    G1_LEN, G1Affine, G1Projective, SCALAR_LEN, Scalar, decode_g1, decode_nonzero_scalar,
    normalize, pairing_product_is_one,
};
use ff::Field;
use std::fmt;
use zeroize::Zeroizing;

/// A signature (A, e), 80 octets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    a: G1Affine,
    e: Scalar,
}

impl Signature {
    /// Octets of a signature.
    pub const LEN: usize = G1_LEN + SCALAR_LEN;

    /// Decodes A ‖ e: A in the subgroup and not the identity, 1 ≤ e < q.
    pub fn from_bytes(octets: &[u8]) -> Result<Self, Error> {
        let (a, e) = octets.split_at_checked(G1_LEN).ok_or(Error::Refused)?;
        let a = decode_g1(a).ok_or(Error::Refused)?;
        let e = decode_nonzero_scalar(e).ok_or(Error::Refused)?;
        Ok(Signature { a, e })
    }

    /// A ‖ e.
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut octets = [0; Self::LEN];
        octets[..G1_LEN].copy_from_slice(&self.a.to_compressed());
        octets[G1_LEN..].copy_from_slice(&self.e.to_bytes_be());
        octets
    }

    pub(super) fn new(a: G1Affine, e: Scalar) -> Self {
        Signature { a, e }
    }

    pub(super) fn a(&self) -> &G1Affine {
        &self.a
    }

    pub(super) fn e(&self) -> &Scalar {
        &self.e
    }
}

impl fmt::Debug for Signature {
    // A signature shown is a credential linked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(redacted)")
    }
}

/// Signs message scalars under a header.
///
/// # Errors
/// [`Error::TooLarge`] for a header beyond the bound, [`Error::Indexes`] where the number of messages
/// is not that of the generators.
pub fn sign(
    key: &SecretKey,
    generators: &Generators,
    header: &[u8],
    messages: &[Scalar],
) -> Result<Signature, Error> {
    sign_with_b(key, generators, header, messages).map(|(signature, _)| signature)
}

/// The signature and its point B.
pub(super) fn sign_with_b(
    key: &SecretKey,
    generators: &Generators,
    header: &[u8],
    messages: &[Scalar],
) -> Result<(Signature, G1Affine), Error> {
    check_sizes(generators, header, messages)?;
    let domain = domain(key.public_key(), generators, header);
    let e = derive_e(key, generators, &domain, messages);
    let b = commitment_b(generators, &domain, messages);
    // sk + e = 0 would let anyone sign; it happens with probability 2⁻²⁵⁵ and is refused.
    let inverse: Option<Scalar> = (*key.scalar() + e).invert().into();
    let a = b * inverse.ok_or(Error::Refused)?;
    if bool::from(e.is_zero()) || bool::from(group::Group::is_identity(&a)) {
        return Err(Error::Refused);
    }
    let [a, b] = normalize(&[a, b]);
    Ok((Signature { a, e }, b))
}

/// e of a signature: a hash of the key and of all that is signed.
pub(super) fn derive_e(
    key: &SecretKey,
    generators: &Generators,
    domain: &Scalar,
    messages: &[Scalar],
) -> Scalar {
    let mut input = Zeroizing::new(Vec::with_capacity((messages.len() + 2) * SCALAR_LEN));
    input.extend_from_slice(&*key.to_bytes());
    for message in messages.iter().chain([domain]) {
        input.extend_from_slice(&message.to_bytes_be());
    }
    generators.interface().challenge(&input)
}

/// Verifies a signature on message scalars under a header.
///
/// # Errors
/// [`Error::Refused`], whatever the reason.
pub fn verify(
    key: &PublicKey,
    signature: &Signature,
    generators: &Generators,
    header: &[u8],
    messages: &[Scalar],
) -> Result<(), Error> {
    verify_with_b(key, signature, generators, header, messages).map(|_| ())
}

/// The point B of a signature that verifies.
pub(super) fn verify_with_b(
    key: &PublicKey,
    signature: &Signature,
    generators: &Generators,
    header: &[u8],
    messages: &[Scalar],
) -> Result<G1Affine, Error> {
    check_sizes(generators, header, messages).map_err(|_| Error::Refused)?;
    let domain = domain(key, generators, header);
    let b = commitment_b(generators, &domain, messages);
    let [right, b] = normalize(&[signature.a * signature.e - b, b]);
    let pairs = [(signature.a, &*key.prepared()), (right, bp2())];
    if pairing_product_is_one(&pairs) { Ok(b) } else { Err(Error::Refused) }
}

/// B = P1 + domain·Q1 + Σ mᵢ·Hᵢ, by table: not constant time in the messages.
pub(super) fn commitment_b(
    generators: &Generators,
    domain: &Scalar,
    messages: &[Scalar],
) -> G1Projective {
    let mut sum = FixedSum::with_capacity(messages.len() + 2);
    sum.add_point(generators.p1().point());
    sum.add(generators.q1(), domain);
    for (base, message) in generators.h().iter().zip(messages) {
        sum.add(base, message);
    }
    sum.finish()
}

/// `calculate_domain` (draft §4.2.1).
pub(super) fn domain(key: &PublicKey, generators: &Generators, header: &[u8]) -> Scalar {
    let mut input = Vec::with_capacity(128 + generators.octets().len() + header.len());
    input.extend_from_slice(&key.to_bytes());
    input.extend_from_slice(&(generators.count() as u64).to_be_bytes());
    input.extend_from_slice(generators.octets());
    input.extend_from_slice(&(header.len() as u64).to_be_bytes());
    input.extend_from_slice(header);
    generators.interface().challenge(&input)
}

pub(super) fn check_sizes(
    generators: &Generators,
    header: &[u8],
    messages: &[Scalar],
) -> Result<(), Error> {
    if header.len() > MAX_HEADER_LEN {
        return Err(Error::TooLarge);
    }
    if messages.len() != generators.count() {
        return Err(Error::Indexes);
    }
    Ok(())
}
