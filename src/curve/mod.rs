//! BLS12-381: scalars, points, hashing and multi-scalar multiplication.
//!
//! Field and group arithmetic is blst's, through `blstrs`; what that crate leaves out (sums of many
//! affine points, multi-scalar multiplications without a thread pool, pairing products with
//! one final exponentiation) is called from [`ffi`](self), the only file of the project with
//! `unsafe` in it. The hash suites are in [`hash`], the tables for fixed bases in [`table`].
//!
//! # Speed
//!
//! What each part buys, medians of one process on an AMD EPYC, at 16 messages with 8 of them hidden:
//!
//! * `affine.rs`, affine additions that share inversions: 18 fixed bases in 185 µs, where blst's sum of
//!   the same kind takes 197 µs; and sums side by side share their rounds.
//! * `sums.rs`, several sums over the same points: the prover's in 0.37 ms for 0.77 ms, the verifier's
//!   in 0.44 ms for 0.58 ms.
//! * Pairings with lines computed once a key, and shared squarings: the Miller loop of two pairs in
//!   0.32 ms for 0.51 ms.
//!
//! Left out: inversions shared by many signatures at signing, which save less than 2 %; subgroup checks
//! of several points at once, since random combinations miss the small factors of the cofactor.
//!
//! # Constant time
//!
//! blst's field arithmetic, scalar inversion and single-point multiplication do not branch on, or
//! index by, their operands. The tables of [`table`] and the sums of `sums.rs` do: their running time
//! and their memory accesses depend on the scalars. What goes where is said beside each use; the
//! issuer's signing key never meets either.
//!
//! # Decoding
//!
//! Octets become points and scalars only through [`decode_g1`], [`decode_g2`], [`decode_scalar`] and
//! [`decode_nonzero_scalar`]: canonical, on the curve, in the prime-order subgroup, not the identity.

mod affine;
mod ffi;
pub mod hash;
mod products;
mod secret;
mod sums;
pub mod table;

pub use blstrs::{G1Affine, G1Projective, G2Affine, G2Projective, Scalar};
pub(crate) use products::Products;
pub use secret::SecretScalar;

pub use ffi::{sum_of_products, sum_of_short_products};

pub(crate) use affine::{normalize, normalize_list};
pub(crate) use ffi::{PreparedG2, pairing_product_is_one};
pub(crate) use sums::{Base, Sums};

use group::prime::PrimeCurveAffine;
use rand_core::CryptoRngCore;
use zeroize::Zeroize;

/// Octets of a compressed point of G1.
pub const G1_LEN: usize = 48;
/// Octets of a compressed point of G2.
pub const G2_LEN: usize = 96;
/// Octets of a scalar, big-endian.
pub const SCALAR_LEN: usize = 32;
/// Octets that are reduced to one scalar: 128 bits more than the order, so that the bias is
/// negligible (`expand_len` of the draft, §7.2).
pub const EXPAND_LEN: usize = 48;

/// Decodes a compressed point of G1: canonical, in the subgroup, not the identity.
pub fn decode_g1(octets: &[u8]) -> Option<G1Affine> {
    let octets: &[u8; G1_LEN] = octets.try_into().ok()?;
    let point: G1Affine = Option::from(G1Affine::from_compressed(octets))?;
    let identity: bool = point.is_identity().into();
    (!identity && point.to_compressed() == *octets).then_some(point)
}

/// Decodes a compressed point of G2: canonical, in the subgroup, not the identity.
pub fn decode_g2(octets: &[u8]) -> Option<G2Affine> {
    let octets: &[u8; G2_LEN] = octets.try_into().ok()?;
    let point: G2Affine = Option::from(G2Affine::from_compressed(octets))?;
    let identity: bool = point.is_identity().into();
    (!identity && point.to_compressed() == *octets).then_some(point)
}

/// Decodes a big-endian scalar s < q.
pub fn decode_scalar(octets: &[u8]) -> Option<Scalar> {
    let octets: &[u8; SCALAR_LEN] = octets.try_into().ok()?;
    Option::from(Scalar::from_bytes_be(octets))
}

/// Decodes a big-endian scalar 1 ≤ s < q.
pub fn decode_nonzero_scalar(octets: &[u8]) -> Option<Scalar> {
    decode_scalar(octets).filter(|s| *s != <Scalar as ff::Field>::ZERO)
}

/// A 128-bit integer as a scalar.
pub(crate) fn wide_scalar(value: u128) -> Scalar {
    let mut octets = [0u8; SCALAR_LEN];
    octets[SCALAR_LEN - 16..].copy_from_slice(&value.to_be_bytes());
    // Below 2^128, hence below q.
    decode_scalar(&octets).unwrap_or_default()
}

/// A scalar uniform in 0..q, up to a bias below 2⁻¹²⁸: 48 octets of the generator, reduced.
pub fn random_scalar(rng: &mut impl CryptoRngCore) -> Scalar {
    let mut octets = [0u8; EXPAND_LEN];
    rng.fill_bytes(&mut octets);
    let scalar = ffi::reduce(&octets);
    octets.zeroize();
    scalar
}

#[cfg(test)]
mod tests {
    use super::*;
    use ff::Field;
    use group::Group;

    #[test]
    fn reject_points_that_are_not_canonical_members_of_the_group() {
        let good = G1Affine::generator().to_compressed();
        assert!(decode_g1(&good).is_some());
        let mut identity = [0u8; G1_LEN];
        identity[0] = 0xc0;
        assert!(decode_g1(&identity).is_none(), "identity");
        identity[47] = 1;
        assert!(decode_g1(&identity).is_none(), "identity with a stray bit");
        assert!(
            decode_g1(&good[..47]).is_none() && decode_g1(&[&good[..], &[0]].concat()).is_none()
        );
        let mut uncompressed_flag = good;
        uncompressed_flag[0] &= 0x7f;
        assert!(decode_g1(&uncompressed_flag).is_none(), "compression bit missing");
        // x = p − 1 + flags and x = p: the first may be off the curve, the second is not canonical.
        let p = "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";
        let mut over: Vec<u8> =
            (0..48).map(|i| u8::from_str_radix(&p[2 * i..2 * i + 2], 16).unwrap()).collect();
        over[0] |= 0x80;
        assert!(decode_g1(&over).is_none(), "x = p");
        // Small x values: some lie on the curve outside the subgroup, none may decode.
        let mut on_curve = 0;
        for x in 1u8..=60 {
            let mut octets = [0u8; G1_LEN];
            octets[0] = 0x80;
            octets[47] = x;
            on_curve += u32::from(bool::from(
                G1Affine::from_compressed_unchecked(&octets).map(|p| p.is_on_curve()).is_some(),
            ));
            assert!(decode_g1(&octets).is_none(), "x = {x}");
        }
        assert!(on_curve > 10, "the trial points must include points of the curve");
    }

    #[test]
    fn reject_points_of_g2_that_are_not_canonical_members_of_the_group() {
        let good = G2Affine::generator().to_compressed();
        assert!(decode_g2(&good).is_some());
        let mut identity = [0u8; G2_LEN];
        identity[0] = 0xc0;
        assert!(decode_g2(&identity).is_none());
        assert!(decode_g2(&good[..95]).is_none());
        for x in 1u8..=40 {
            let mut octets = [0u8; G2_LEN];
            octets[0] = 0x80;
            octets[95] = x;
            assert!(decode_g2(&octets).is_none(), "x = {x}");
        }
    }

    #[test]
    fn reject_scalars_out_of_range() {
        let q = (-Scalar::ONE).to_bytes_be();
        assert_eq!(decode_scalar(&q), Some(-Scalar::ONE));
        let mut order = q;
        order[31] += 1;
        assert!(decode_scalar(&order).is_none(), "s = q");
        assert!(decode_scalar(&[0xff; 32]).is_none());
        assert!(decode_scalar(&q[..31]).is_none() && decode_scalar(&[0; 33]).is_none());
        assert!(decode_scalar(&[0; 32]).is_some() && decode_nonzero_scalar(&[0; 32]).is_none());
    }

    #[test]
    fn sums_of_products_match_the_textbook() {
        let points: Vec<G1Affine> =
            (1u64..=9).map(|i| (G1Projective::generator() * Scalar::from(i * 77)).into()).collect();
        // 0, 1, short ones and full-size ones.
        let mut scalars: Vec<Scalar> =
            (0u64..9).map(|i| Scalar::from(i).square() - Scalar::from(7 * i)).collect();
        scalars[1] = Scalar::ONE;
        scalars[2] = Scalar::from(u64::MAX).square();
        for n in 0..=9 {
            let expected: G1Projective = (0..n).map(|i| points[i] * scalars[i]).sum();
            assert_eq!(sum_of_products(&points[..n], &scalars[..n]), expected, "n = {n}");
            if let Some(last) = n.checked_sub(1) {
                let one = sum_of_products(&points[last..n], &scalars[last..n]);
                assert_eq!(one, points[last] * scalars[last], "{last} alone");
            }
        }
    }

    #[test]
    fn short_scalars_and_identities_are_summed_as_any_others() {
        let identity = G1Affine::identity();
        let mut points: Vec<G1Affine> =
            (1u64..=70).map(|i| (G1Projective::generator() * Scalar::from(i)).into()).collect();
        points[3] = identity;
        points[40] = points[41];
        points[42] = -points[41];
        let short: Vec<u128> = (0u128..70)
            .map(|i| match i % 5 {
                0 => i / 5 % 2,
                1 => u128::MAX - i,
                _ => i << (i + 50),
            })
            .collect();
        let wide = |s: &u128| {
            let high = Scalar::from((s >> 64) as u64) * Scalar::from(1 << 32).square();
            high + Scalar::from(*s as u64)
        };
        let scalars: Vec<Scalar> = short.iter().map(wide).collect();
        for n in [0, 1, 4, 5, 33, 70] {
            let expected: G1Projective = (0..n).map(|i| points[i] * scalars[i]).sum();
            assert_eq!(sum_of_short_products(&points[..n], &short[..n]), expected, "n = {n}");
            assert_eq!(sum_of_products(&points[..n], &scalars[..n]), expected, "n = {n}");
            let mut full = scalars[..n].to_vec();
            if let Some(last) = full.last_mut() {
                *last = -*last;
                let expected = expected - points[n - 1] * scalars[n - 1].double();
                assert_eq!(sum_of_products(&points[..n], &full), expected, "n = {n}, one long");
            }
        }
        assert!(bool::from(sum_of_short_products(&[identity; 9], &[7; 9]).is_identity()));
    }

    #[test]
    fn pairings_with_prepared_lines_agree_with_plain_ones() {
        use pairing::{MillerLoopResult, MultiMillerLoop};
        let g = |k: u64| G1Affine::from(G1Projective::generator() * Scalar::from(k));
        let h = |k: u64| G2Affine::from(G2Projective::generator() * Scalar::from(k));
        let minus = |k: u64| -g(k);
        let (one, other) = (G1Affine::identity(), G2Affine::identity());
        let cases: [&[(G1Affine, G2Affine)]; 10] = [
            &[],
            &[(g(2), h(3)), (minus(6), h(1))],
            &[(g(2), h(3)), (minus(5), h(1))],
            &[(g(2), h(3)), (g(6), h(1))],
            &[(g(2), h(3))],
            &[(g(2), h(3)), (g(4), h(5)), (minus(26), h(1))],
            &[(g(2), h(3)), (g(4), h(5)), (minus(13), h(1)), (minus(1), h(13))],
            &[(one, h(3)), (g(7), other)],
            &[(one, h(3)), (g(7), other), (g(1), h(1))],
            &[(g(2), h(3)), (one, h(9)), (minus(3), h(2))],
        ];
        for (at, pairs) in cases.iter().enumerate() {
            let prepared: Vec<PreparedG2> = pairs.iter().map(|(_, q)| PreparedG2::new(q)).collect();
            let ours: Vec<_> = pairs.iter().zip(&prepared).map(|((p, _), q)| (*p, q)).collect();
            let theirs: Vec<_> =
                pairs.iter().map(|(p, q)| (*p, blstrs::G2Prepared::from(*q))).collect();
            let theirs: Vec<_> = theirs.iter().map(|(p, q)| (p, q)).collect();
            let expected = blstrs::Bls12::multi_miller_loop(&theirs).final_exponentiation();
            assert_eq!(
                pairing_product_is_one(&ours),
                bool::from(expected.is_identity()),
                "case {at}"
            );
        }
        let holds = |at: usize| {
            let prepared: Vec<_> = cases[at].iter().map(|(_, q)| PreparedG2::new(q)).collect();
            let pairs: Vec<_> =
                cases[at].iter().zip(&prepared).map(|((p, _), q)| (*p, q)).collect();
            pairing_product_is_one(&pairs)
        };
        assert_eq!((0..10).map(holds).filter(|holds| *holds).count(), 6, "of both kinds");
    }
}
