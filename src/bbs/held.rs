//! A signature as its holder keeps it.
//!
//! A proof needs A and B = P1 + domain·Q1 + Σ mᵢ·Hᵢ, and nothing else of the signed messages but
//! the hidden ones. B comes for free where the signature is made or verified; with it, a proof at
//! 16 messages, 8 of them hidden, takes a third less. Tables for A and B
//! ([`HeldSignature::prepare`]) halve what is left, for 768 KiB a signature and about 7 ms once:
//! worth it from some thirty proofs on.
//!
//! B commits to all messages without blinding, so it is as secret as they are. B and the tables are
//! wiped on drop.

use super::signature::{check_sizes, commitment_b, domain, sign_with_b, verify_with_b};
use super::{Error, Generators, PublicKey, SecretKey, Signature};
use crate::curve::table::FixedBase;
use crate::curve::{Base, G1Affine, Scalar, Sums};
use group::prime::PrimeCurveAffine;
use std::fmt;
use std::sync::OnceLock;

/// A signature with its point B and, where prepared, tables for A and B.
pub struct HeldSignature {
    signature: Signature,
    b: G1Affine,
    tables: OnceLock<[FixedBase; 2]>,
}

impl HeldSignature {
    /// Signs message scalars under a header, as [`sign`](super::sign) does.
    ///
    /// # Errors
    /// Those of [`sign`](super::sign).
    pub fn sign(
        key: &SecretKey,
        generators: &Generators,
        header: &[u8],
        messages: &[Scalar],
    ) -> Result<Self, Error> {
        let (signature, b) = sign_with_b(key, generators, header, messages)?;
        Ok(Self::with_b(signature, b))
    }

    /// Takes a signature that [`verify`](super::verify) accepts.
    ///
    /// # Errors
    /// [`Error::Refused`], whatever the reason.
    pub fn verify(
        key: &PublicKey,
        signature: &Signature,
        generators: &Generators,
        header: &[u8],
        messages: &[Scalar],
    ) -> Result<Self, Error> {
        let b = verify_with_b(key, signature, generators, header, messages)?;
        Ok(Self::with_b(*signature, b))
    }

    /// Takes a signature without verifying it. Proofs of a false one are refused by their verifier.
    ///
    /// # Errors
    /// [`Error::Indexes`] or [`Error::TooLarge`] where the sizes do not fit.
    pub fn unverified(
        key: &PublicKey,
        signature: &Signature,
        generators: &Generators,
        header: &[u8],
        messages: &[Scalar],
    ) -> Result<Self, Error> {
        check_sizes(generators, header, messages)?;
        let b = commitment_b(generators, &domain(key, generators, header), messages);
        Ok(Self::with_b(*signature, b.into()))
    }

    fn with_b(signature: Signature, b: G1Affine) -> Self {
        HeldSignature { signature, b, tables: OnceLock::new() }
    }

    /// Builds the tables for A and B, once. See the module's documentation for when it pays.
    pub fn prepare(&self) {
        self.tables.get_or_init(|| {
            let tables = [*self.signature.a(), self.b].map(FixedBase::new);
            tables.iter().for_each(FixedBase::prepare);
            tables
        });
    }

    /// The signature itself.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// A and B, to be multiplied in these sums.
    pub(super) fn bases<const N: usize>(&self, sums: &mut Sums<N>) -> [Base<'_>; 2] {
        match self.tables.get() {
            Some([a, b]) => [Base::Fixed(a), Base::Fixed(b)],
            None => [sums.point(self.signature.a()), sums.point(&self.b)],
        }
    }
}

impl Drop for HeldSignature {
    fn drop(&mut self) {
        self.b = G1Affine::identity();
        self.tables.get_mut().into_iter().flatten().for_each(FixedBase::wipe);
        std::hint::black_box(&*self);
    }
}

impl fmt::Debug for HeldSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeldSignature(redacted)")
    }
}
