//! The calls into blst that `blstrs` has no door for. The only `unsafe` of the project.
//!
//! Every function here checks lengths before it passes a pointer; blst reads exactly the number of
//! elements that it is told and keeps no pointer after it returns.
#![allow(unsafe_code)]

use super::{EXPAND_LEN, G1Affine, G1Projective, G2Affine, SCALAR_LEN, Scalar};
use blst::{blst_fp, blst_fp6, blst_fp12, blst_p1_affine, blst_scalar};
use group::Group;
use group::prime::PrimeCurveAffine;

/// 48 octets, big-endian, modulo q. Constant time.
pub(super) fn reduce(octets: &[u8; EXPAND_LEN]) -> Scalar {
    let mut reduced = blst_scalar::default();
    let mut field = blst::blst_fr::default();
    // SAFETY: the length passed is the array's own; both outputs are owned.
    unsafe {
        blst::blst_scalar_from_be_bytes(&mut reduced, octets.as_ptr(), octets.len());
        blst::blst_fr_from_scalar(&mut field, &reduced);
    }
    Scalar::from(field)
}

/// The multiples 1..=2^(bits−1) of each base, one row of 2^(bits−1) points a base.
pub(super) fn multiples(bases: &[blst_p1_affine], bits: usize) -> Vec<blst_p1_affine> {
    let mut table = vec![blst_p1_affine::default(); bases.len() << (bits - 1)];
    let list: [*const blst_p1_affine; 2] = [bases.as_ptr(), std::ptr::null()];
    // SAFETY: blst states the size that it will write; the assertion holds ours against it.
    unsafe {
        let size = blst::blst_p1s_mult_wbits_precompute_sizeof(bits, bases.len());
        assert_eq!(size, table.len() * size_of::<blst_p1_affine>());
        blst::blst_p1s_mult_wbits_precompute(table.as_mut_ptr(), bits, list.as_ptr(), bases.len());
    }
    table
}

/// Σ sᵢ·Pᵢ for public scalars and changing points. Variable time: verification only.
///
/// Below four points a multiplication each is faster (it uses the endomorphism, and a short scalar
/// costs less); above, Pippenger's buckets over 128 or 255 bits.
///
/// # Panics
/// Where the slices differ in length.
pub fn sum_of_products(points: &[G1Affine], scalars: &[Scalar]) -> G1Projective {
    assert_eq!(points.len(), scalars.len(), "one scalar for each point");
    if points.len() < 4 {
        return points.iter().zip(scalars).map(|(p, s)| product(p, s)).sum();
    }
    let octets: Vec<[u8; SCALAR_LEN]> = scalars.iter().map(Scalar::to_bytes_le).collect();
    let longest = octets.iter().filter_map(|s| s.iter().rposition(|octet| *octet != 0)).max();
    match longest {
        None => G1Projective::identity(),
        Some(last) if last < 16 => {
            let short = octets.iter().filter_map(|octets| octets.first_chunk::<16>());
            let scalars: Vec<u128> = short.map(|octets| u128::from_le_bytes(*octets)).collect();
            sum_of_short_products(points, &scalars)
        }
        Some(_) => pippenger(points, &octets, 255),
    }
}

/// Σ sᵢ·Pᵢ for public scalars of 128 bits, at half the price. Variable time: verification only.
///
/// # Panics
/// Where the slices differ in length.
pub fn sum_of_short_products(points: &[G1Affine], scalars: &[u128]) -> G1Projective {
    assert_eq!(points.len(), scalars.len(), "one scalar for each point");
    let octets: Vec<[u8; 16]> = scalars.iter().map(|s| s.to_le_bytes()).collect();
    pippenger(points, &octets, 128)
}

/// Pippenger's sum over little-endian scalars of `N` octets, the lowest `bits` of them. No threads.
fn pippenger<const N: usize>(
    points: &[G1Affine],
    scalars: &[[u8; N]],
    bits: usize,
) -> G1Projective {
    assert!(points.len() == scalars.len() && bits.div_ceil(8) == N, "what blst will read");
    // blst takes no identities; whatever multiplies them, they add nothing.
    let live = points.iter().zip(scalars).filter(|(p, _)| !bool::from(p.is_identity()));
    let (raw, scalars): (Vec<blst_p1_affine>, Vec<[u8; N]>) =
        live.map(|(p, s)| (*p.as_ref(), *s)).unzip();
    let mut total = G1Projective::identity();
    if raw.is_empty() {
        return total;
    }
    let list: [*const blst_p1_affine; 2] = [raw.as_ptr(), std::ptr::null()];
    let digits: [*const u8; 2] = [scalars.as_ptr().cast(), std::ptr::null()];
    // SAFETY: contiguous points and scalars of ⌈bits/8⌉ octets, as many of each; scratch of the
    // stated size.
    unsafe {
        let size = blst::blst_p1s_mult_pippenger_scratch_sizeof(raw.len());
        let mut scratch = vec![0u64; size.div_ceil(8)];
        blst::blst_p1s_mult_pippenger(
            total.as_mut(),
            list.as_ptr(),
            raw.len(),
            digits.as_ptr(),
            bits,
            scratch.as_mut_ptr(),
        );
    }
    total
}

/// s·P in time that depends on the length of s.
fn product(point: &G1Affine, scalar: &Scalar) -> G1Projective {
    let octets = scalar.to_bytes_le();
    let length = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
    let point = G1Projective::from(*point);
    match (length, octets[0]) {
        (0, _) => return G1Projective::identity(),
        (1, 1) => return point,
        _ => {}
    }
    let mut result = G1Projective::identity();
    // SAFETY: at most 256 bits of a 32-octet scalar are read.
    unsafe { blst::blst_p1_mult(result.as_mut(), point.as_ref(), octets.as_ptr(), 8 * length) };
    result
}

/// A point of G2 with the lines of its Miller loop, which depend on nothing else. 20 KiB.
pub(crate) struct PreparedG2 {
    lines: Box<[blst_fp6; LINES]>,
    identity: bool,
}

/// Bits of the curve's parameter |z| that follow each of its ones but the first: before each such run a
/// line is added, for each of its bits one is doubled.
const RUNS: [usize; 5] = [2, 3, 9, 32, 16];
/// One for the first bit, then those of the runs.
const LINES: usize = 68;

impl PreparedG2 {
    /// Computes the lines: about the price of what they save at their first use.
    pub(crate) fn new(point: &G2Affine) -> Self {
        let mut lines = Box::new([blst_fp6::default(); LINES]);
        let identity = bool::from(point.is_identity());
        if !identity {
            // SAFETY: blst writes 68 lines, which is the array's length.
            unsafe { blst::blst_precompute_lines(lines.as_mut_ptr(), point.as_ref()) };
        }
        PreparedG2 { lines, identity }
    }
}

/// Whether Π e(Pᵢ, Qᵢ) = 1: one Miller loop whose squarings all pairs share, one final exponentiation.
pub(crate) fn pairing_product_is_one(pairs: &[(G1Affine, &PreparedG2)]) -> bool {
    let live = pairs.iter().filter(|(p, q)| !bool::from(p.is_identity()) && !q.identity);
    // The lines are scaled by (−2x, 2y).
    let live: Vec<(blst_p1_affine, &PreparedG2)> = live
        .map(|(p, q)| {
            let mut scaled = blst_p1_affine::default();
            add(&mut scaled.x, &p.as_ref().x, &p.as_ref().x);
            add(&mut scaled.y, &p.as_ref().y, &p.as_ref().y);
            negate_if(&mut scaled.x, true);
            (scaled, *q)
        })
        .collect();
    let mut product = blst_fp12::default();
    product.fp6[0].fp2[0].fp[0] = ONE;
    let mut multiply = |step: usize, square: bool| {
        // SAFETY: owned field elements; blst allows operand and result to be one place.
        unsafe {
            if square {
                blst::blst_fp12_sqr(&mut product, &product);
            }
            for (p, q) in &live {
                let mut line = q.lines[step];
                for coordinate in 0..2 {
                    mul_assign(&mut line.fp2[1].fp[coordinate], &p.x);
                    mul_assign(&mut line.fp2[2].fp[coordinate], &p.y);
                }
                blst::blst_fp12_mul_by_xy00z0(&mut product, &product, &line);
            }
        }
    };
    multiply(0, false);
    let mut step = 1;
    for run in RUNS {
        multiply(step, false);
        (1..=run).for_each(|doubling| multiply(step + doubling, true));
        step += run + 1;
    }
    // z is negative.
    let mut result = blst_fp12::default();
    // SAFETY: as above.
    unsafe {
        blst::blst_fp12_conjugate(&mut product);
        blst::blst_final_exp(&mut result, &product);
        blst::blst_fp12_is_one(&result)
    }
}

/// An element of the base field, in Montgomery form; canonical, so that equal means equal limbs.
pub(super) type Fp = blst_fp;

/// 1 in Montgomery form.
pub(super) const ONE: Fp = Fp {
    l: [
        0x7609_0000_0002_fffd,
        0xebf4_000b_c40c_0002,
        0x5f48_9857_53c7_58ba,
        0x77ce_5853_7052_5745,
        0x5c07_1a97_a256_ec6d,
        0x15f6_5ec3_fa80_e493,
    ],
};

/// β with φ(x, y) = (β·x, y) = λ·(x, y) for λ = z² − 1, z the curve's parameter.
pub(super) const BETA: Fp = Fp {
    l: [
        0xcd03_c9e4_8671_f071,
        0x5dab_2246_1fcd_a5d2,
        0x5870_42af_d385_1b95,
        0x8eb6_0ebe_01ba_cb9e,
        0x03f9_7d6e_83d0_50d2,
        0x18f0_2065_5463_8741,
    ],
};

// Results go where the caller wants them: returned by value they would be copied in wider words than
// blst wrote them in, and such a copy waits for the writes to leave the processor's store buffer.

/// result = a·b
#[inline]
pub(super) fn mul(result: &mut Fp, a: &Fp, b: &Fp) {
    // SAFETY: three field elements. The same holds of the functions below; those that end in
    // `_assign` pass one place as operand and result, which blst allows.
    unsafe { blst::blst_fp_mul(result, a, b) }
}

/// a = a·b
#[inline]
pub(super) fn mul_assign(a: &mut Fp, b: &Fp) {
    // SAFETY: as above.
    unsafe { blst::blst_fp_mul(a, a, b) }
}

/// result = a²
#[inline]
pub(super) fn square(result: &mut Fp, a: &Fp) {
    // SAFETY: as above.
    unsafe { blst::blst_fp_sqr(result, a) }
}

/// result = a + b
#[inline]
pub(super) fn add(result: &mut Fp, a: &Fp, b: &Fp) {
    // SAFETY: as above.
    unsafe { blst::blst_fp_add(result, a, b) }
}

/// a = 3·a
#[inline]
pub(super) fn triple_assign(a: &mut Fp) {
    // SAFETY: as above.
    unsafe { blst::blst_fp_mul_by_3(a, a) }
}

/// result = a − b
#[inline]
pub(super) fn sub(result: &mut Fp, a: &Fp, b: &Fp) {
    // SAFETY: as above.
    unsafe { blst::blst_fp_sub(result, a, b) }
}

/// a = a − b
#[inline]
pub(super) fn sub_assign(a: &mut Fp, b: &Fp) {
    // SAFETY: as above.
    unsafe { blst::blst_fp_sub(a, a, b) }
}

/// a = −a where `negative` is set.
#[inline]
pub(super) fn negate_if(a: &mut Fp, negative: bool) {
    // SAFETY: as above.
    unsafe { blst::blst_fp_cneg(a, a, negative) }
}

/// a = 1/a, and 0 for 0. Time independent of a.
pub(super) fn invert(a: &mut Fp) {
    // SAFETY: as above.
    unsafe { blst::blst_fp_inverse(a, a) }
}
