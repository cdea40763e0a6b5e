//! Hashing to octets, scalars and points (RFC 9380), in the two flavours of the BBS suites.
//!
//! `expand_message` of both flavours and the map to G1 for SHAKE-256 are those of the `bls12_381`
//! crate; the map to G1 for SHA-256 is blst's. The two agree, which a test here holds them to.

use super::{EXPAND_LEN, G1Affine, G1Projective, Scalar, ffi};
use bls12_381::hash_to_curve::{ExpandMessage, ExpandMsgXmd, ExpandMsgXof, HashToCurve};
use group::prime::PrimeCurveAffine;
use sha2::Sha256;
use sha3::Shake256;

/// How a message is expanded to uniform octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expander {
    /// `expand_message_xmd` with SHA-256 (RFC 9380 §5.3.1).
    XmdSha256,
    /// `expand_message_xof` with SHAKE-256 (RFC 9380 §5.3.2).
    XofShake256,
}

/// `XofOutputLength` for 128-bit security: what an oversize tag is hashed down to.
type OversizeTag = sha2::digest::typenum::U32;

impl Expander {
    /// `expand_message(message, tag, out.len())`. Both standards cap the output; every caller asks
    /// for far less.
    pub fn expand(self, message: &[u8], tag: &[u8], out: &mut [u8]) {
        let len = out.len();
        match self {
            Expander::XmdSha256 => {
                ExpandMsgXmd::<Sha256>::init_expand::<_, OversizeTag>([message], tag, len)
                    .read_into(out);
            }
            Expander::XofShake256 => {
                ExpandMsgXof::<Shake256>::init_expand::<_, OversizeTag>([message], tag, len)
                    .read_into(out);
            }
        }
    }

    /// `hash_to_scalar` of the BBS draft (§4.2.2): 48 expanded octets modulo q.
    pub fn hash_to_scalar(self, message: &[u8], tag: &[u8]) -> Scalar {
        let mut octets = [0u8; EXPAND_LEN];
        self.expand(message, tag, &mut octets);
        ffi::reduce(&octets)
    }

    /// `hash_to_curve` to G1, random-oracle variant (RFC 9380 §8.8.1).
    pub fn hash_to_g1(self, message: &[u8], tag: &[u8]) -> G1Affine {
        match self {
            Expander::XmdSha256 => G1Projective::hash_to_curve(message, tag, &[]).into(),
            Expander::XofShake256 => from_bls12_381(<bls12_381::G1Projective as HashToCurve<
                ExpandMsgXof<Shake256>,
            >>::hash_to_curve([message], tag)),
        }
    }
}

/// The same point in the other library's types, by way of its compressed octets.
fn from_bls12_381(point: bls12_381::G1Projective) -> G1Affine {
    let octets = bls12_381::G1Affine::from(point).to_compressed();
    // A hash that lands on the identity, probability 2⁻²⁵⁵, is the only way to the default.
    Option::from(G1Affine::from_compressed(&octets)).unwrap_or_else(G1Affine::identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_libraries_map_sha256_to_the_same_points() {
        for message in [&b""[..], b"abc", &[0x5a; 300]] {
            for tag in [&b"SIGIL-TEST"[..], &[0x41; 255]] {
                let other = from_bls12_381(<bls12_381::G1Projective as HashToCurve<
                    ExpandMsgXmd<Sha256>,
                >>::hash_to_curve([message], tag));
                assert_eq!(Expander::XmdSha256.hash_to_g1(message, tag), other);
            }
        }
    }
}
