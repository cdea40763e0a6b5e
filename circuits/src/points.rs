//! Strict octets for points of BN254.
//!
//! A point is accepted only in the one encoding that it would be given: coordinates below the
//! field's modulus, on the curve, in the subgroup of prime order, not the identity, and the same
//! octets when encoded again. Lengths are fixed: 32 octets for G1 and 64 for G2 compressed (the
//! form on the wire), 64 and 128 uncompressed (the form in key files, which have many and should
//! load fast).
//!
//! G1 has cofactor 1, so that a point on the curve is in the subgroup; G2 has not, and is checked
//! through the endomorphism (eprint 2022/352, section 4.3; `ark-bn254` does it).

use ark_ec::AffineRepr;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize, Compress, Validate};

/// The length of a point's octets.
pub(crate) fn length<P: AffineRepr>(compress: Compress) -> usize {
    P::zero().serialized_size(compress)
}

/// Appends a point's octets.
pub(crate) fn write<P: CanonicalSerialize>(point: &P, compress: Compress, out: &mut Vec<u8>) {
    // Writing to a vector cannot fail; were it to, the octets would be short, and refused.
    let _written = point.serialize_with_mode(out, compress);
}

/// Reads a point, the identity included.
pub(crate) fn read_any<P>(bytes: &[u8], compress: Compress) -> Option<P>
where
    P: AffineRepr + CanonicalSerialize + CanonicalDeserialize,
{
    let point = P::deserialize_with_mode(bytes, compress, Validate::Yes).ok()?;
    let mut again = Vec::with_capacity(bytes.len());
    write(&point, compress, &mut again);
    (again == bytes).then_some(point)
}

/// Reads a point other than the identity.
pub(crate) fn read<P>(bytes: &[u8], compress: Compress) -> Option<P>
where
    P: AffineRepr + CanonicalSerialize + CanonicalDeserialize,
{
    read_any(bytes, compress).filter(|point: &P| !point.is_zero())
}
