//! The calls into blst that `blstrs` has no door for. The only `unsafe` of the project.
//!
//! Every function here checks lengths before it passes a pointer; blst reads exactly the number of
//! elements that it is told and keeps no pointer after it returns.
#![allow(unsafe_code)]

use super::{EXPAND_LEN, G1Affine, G1Projective, G2Affine, SCALAR_LEN, Scalar};
use blst::{blst_fp12, blst_p1, blst_p1_affine, blst_p2_affine, blst_scalar};
use group::prime::PrimeCurveAffine;
use group::{Curve, Group};

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

/// Σ points, by batched affine additions (one field inversion for many sums). Variable time.
pub(super) fn sum(points: &[blst_p1_affine]) -> G1Projective {
    let mut total = G1Projective::identity();
    if points.is_empty() {
        return total;
    }
    let list: [*const blst_p1_affine; 2] = [points.as_ptr(), std::ptr::null()];
    // SAFETY: a list that ends in null means contiguous points, of which `points.len()` are read.
    unsafe { blst::blst_p1s_add(total.as_mut(), list.as_ptr(), points.len()) };
    total
}

/// The multiples 1..=2^(bits−1) of each base, one row of 2^(bits−1) points a base.
pub(super) fn multiples(bases: &[G1Affine], bits: usize) -> Vec<blst_p1_affine> {
    let raw: Vec<blst_p1_affine> = bases.iter().map(|p| *p.as_ref()).collect();
    let mut table = vec![blst_p1_affine::default(); bases.len() << (bits - 1)];
    let list: [*const blst_p1_affine; 2] = [raw.as_ptr(), std::ptr::null()];
    // SAFETY: blst states the size that it will write; the assertion holds ours against it.
    unsafe {
        let size = blst::blst_p1s_mult_wbits_precompute_sizeof(bits, bases.len());
        assert_eq!(size, table.len() * size_of::<blst_p1_affine>());
        blst::blst_p1s_mult_wbits_precompute(table.as_mut_ptr(), bits, list.as_ptr(), bases.len());
    }
    table
}

/// The point, or its negative where `negative` is set.
pub(super) fn negate_if(point: &blst_p1_affine, negative: bool) -> blst_p1_affine {
    let mut result = *point;
    // SAFETY: in and out are valid field elements; blst allows them to be one place.
    unsafe { blst::blst_fp_cneg(&mut result.y, &point.y, negative) };
    result
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

/// Whether Π e(Pᵢ, Qᵢ) = 1: one shared Miller loop, one final exponentiation.
pub(crate) fn pairing_product_is_one(pairs: &[(G1Affine, G2Affine)]) -> bool {
    let live: Vec<&(G1Affine, G2Affine)> = pairs
        .iter()
        .filter(|(p, q)| !bool::from(p.is_identity()) && !bool::from(q.is_identity()))
        .collect();
    if live.is_empty() {
        return true;
    }
    let ps: Vec<blst_p1_affine> = live.iter().map(|(p, _)| *p.as_ref()).collect();
    let qs: Vec<blst_p2_affine> = live.iter().map(|(_, q)| *q.as_ref()).collect();
    let p_list: [*const blst_p1_affine; 2] = [ps.as_ptr(), std::ptr::null()];
    let q_list: [*const blst_p2_affine; 2] = [qs.as_ptr(), std::ptr::null()];
    let mut product = blst_fp12::default();
    let mut result = blst_fp12::default();
    // SAFETY: two contiguous lists of the length that is passed, no identities among them.
    unsafe {
        blst::blst_miller_loop_n(&mut product, q_list.as_ptr(), p_list.as_ptr(), live.len());
        blst::blst_final_exp(&mut result, &product);
        blst::blst_fp12_is_one(&result)
    }
}

/// Projective points to affine ones. One inversion each: `blstrs` has no shared one.
pub(super) fn normalize(points: &[blst_p1]) -> Vec<G1Affine> {
    let projective: Vec<G1Projective> = points
        .iter()
        .map(|p| {
            let mut point = G1Projective::identity();
            *point.as_mut() = *p;
            point
        })
        .collect();
    let mut affine = vec![G1Affine::identity(); projective.len()];
    G1Projective::batch_normalize(&projective, &mut affine);
    affine
}
