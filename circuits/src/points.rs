//! Strict octets for points of BN254.
//!
//! A point is accepted only in the one encoding that it would be given: coordinates below the
//! field's modulus, on the curve, in the subgroup of prime order, not the identity, and the same
//! octets when encoded again. Lengths are fixed: 32 octets for G1 and 64 for G2 compressed (the
//! form on the wire), 64 and 128 uncompressed (the form in key files, which have many and should
//! load fast).
//!
//! G1 has cofactor 1, so that a point on the curve is in the subgroup; G2 has not, and is checked
//! through the endomorphism: [`crate::pairing`].
//!
//! # Compressed points
//!
//! The octets are arkworks': the abscissa, little-endian, with two flags in the topmost bits: 2^7 if
//! the ordinate is the greater of the two, 2^6 for the identity. They are read here because most of
//! the time goes into a square root:
//!
//! - In `F_p`, `p ≡ 3 mod 4`: one power, `w = a^((p − 3)/4)`, gives the root `a·w` and its inverse
//!   `±w`. With a sliding window it takes 315 multiplications, not 360.
//! - In `F_p²` the root of `a + b·u` is `s + u·b/(2·s)` with `s² = (a + n)/2`, `n² = a² + b²`. If
//!   `(a + n)/2` isn't a square, its power gives the root of its opposite, `s' = ±b/(2·s)`, just as
//!   well: two powers in all, no inversion, and nothing is tried twice.
//!
//! A point of G1 takes 8.0 µs, where arkworks takes 10.8 µs; one of G2, with the check of its
//! subgroup, 68 µs instead of 167 µs.

use ark_bn254::{Fq, Fq2, G1Affine, G2Affine, g1, g2};
use ark_ec::AffineRepr;
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ff::{BigInt, Field, MontFp, PrimeField, Zero};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize, Compress, Validate};

use crate::pairing;

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

/// Reads a compressed point of G1 other than the identity.
pub(crate) fn read_g1(octets: &[u8; 32]) -> Option<G1Affine> {
    let (x, greater) = last_coordinate(octets)?;
    let y = root(&(x.square() * x + g1::Config::COEFF_B))?;
    Some(with_ordinate(x, y, greater))
}

/// Reads a compressed point of G2 other than the identity.
pub(crate) fn read_g2(octets: &[u8; 64]) -> Option<G2Affine> {
    let (first, second) = octets.split_first_chunk::<32>()?;
    let (c1, greater) = last_coordinate(second.first_chunk()?)?;
    let x = Fq2::new(coordinate(first)?, c1);
    let y = quadratic_root(&(x.square() * x + g2::Config::COEFF_B))?;
    let point = with_ordinate(x, y, greater);
    pairing::in_subgroup(&point).then_some(point)
}

/// The point whose ordinate is the greater or the lesser of `±y`. No ordinate is 0, since both
/// curves have odd order.
fn with_ordinate<P: SWCurveConfig>(x: P::BaseField, y: P::BaseField, greater: bool) -> Affine<P> {
    Affine::new_unchecked(x, if (y > -y) == greater { y } else { -y })
}

/// A coordinate below the modulus.
fn coordinate(octets: &[u8; 32]) -> Option<Fq> {
    let mut limbs = [0; 4];
    for (limb, octets) in limbs.iter_mut().zip(octets.as_chunks().0) {
        *limb = u64::from_le_bytes(*octets);
    }
    Fq::from_bigint(BigInt(limbs))
}

/// A coordinate with flags, and that for the greater ordinate. That for the identity is refused.
fn last_coordinate(octets: &[u8; 32]) -> Option<(Fq, bool)> {
    let mut octets = *octets;
    let [.., top] = &mut octets;
    let (greater, identity) = (*top & 0x80 != 0, *top & 0x40 != 0);
    *top &= 0x3f;
    if identity { None } else { Some((coordinate(&octets)?, greater)) }
}

/// `(p − 3)/4`.
const ROOT: [u64; 4] = {
    let [a, b, c, d] = Fq::MODULUS.0;
    [a >> 2 | b << 62, b >> 2 | c << 62, c >> 2 | d << 62, d >> 2]
};

/// `1/2`.
const HALF: Fq =
    MontFp!("10944121435919637611123202872628637544348155578648911831344518947322613104292");

/// The width of the windows that powers are taken with.
const WINDOW: usize = 5;

/// `a^((p − 3)/4)`: for a square `a` other than 0, `±` the inverse of its root.
fn power(a: &Fq) -> Fq {
    let square = a.square();
    let mut odd = [*a; 1 << (WINDOW - 1)];
    for index in 1..odd.len() {
        odd[index] = odd[index - 1] * square;
    }
    let bit = |index: usize| (ROOT[index / 64] >> (index % 64)) & 1;
    let mut result = Fq::ONE;
    let mut left = Fq::MODULUS_BIT_SIZE as usize - 2;
    while left > 0 {
        if bit(left - 1) == 0 {
            result.square_in_place();
            left -= 1;
            continue;
        }
        // A window from here down to a bit that is set.
        let mut end = left.saturating_sub(WINDOW);
        while bit(end) == 0 {
            end += 1;
        }
        let value = (end..left).rev().fold(0, |value, index| value << 1 | bit(index));
        (end..left).for_each(|_| {
            result.square_in_place();
        });
        result *= odd[value as usize / 2];
        left = end;
    }
    result
}

/// A root of a square.
fn root(a: &Fq) -> Option<Fq> {
    let root = power(a) * a;
    (root.square() == *a).then_some(root)
}

/// A root of a square of `F_p²`.
fn quadratic_root(a: &Fq2) -> Option<Fq2> {
    let norm = root(&(a.c0.square() + a.c1.square()))?;
    let mut square = (a.c0 + norm) * HALF;
    if square.is_zero() {
        // `b = 0` and `a = −n`: the other root of the norm.
        square = (a.c0 - norm) * HALF;
    }
    let inverse = power(&square);
    let first = inverse * square;
    let second = inverse * a.c1 * HALF;
    let root =
        if first.square() == square { Fq2::new(first, second) } else { Fq2::new(-second, first) };
    (root.square() == *a).then_some(root)
}

#[cfg(test)]
mod tests;
