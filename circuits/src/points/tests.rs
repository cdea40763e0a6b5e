use ark_bn254::{Fq, Fq2, Fr, G1Projective, G2Projective};
use ark_ec::CurveGroup;
use ark_ff::{AdditiveGroup, PrimeField, UniformRand};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use super::*;

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// A point in arkworks' reading, with all that this module asks for.
fn theirs<P>(octets: &[u8]) -> Option<P>
where
    P: AffineRepr + CanonicalSerialize + CanonicalDeserialize,
{
    read_any(octets, Compress::Yes).filter(|point: &P| !point.is_zero())
}

fn octets<P: AffineRepr, const N: usize>(point: &P) -> [u8; N] {
    let mut octets = Vec::new();
    write(point, Compress::Yes, &mut octets);
    octets.try_into().unwrap()
}

#[test]
fn points_round_trip() {
    let mut rng = rng(1);
    for _ in 0..50 {
        let point = G1Projective::rand(&mut rng).into_affine();
        for point in [point, -point] {
            assert_eq!(read_g1(&octets(&point)), Some(point));
        }
        let point = G2Projective::rand(&mut rng).into_affine();
        for point in [point, -point] {
            assert_eq!(read_g2(&octets(&point)), Some(point));
        }
    }
}

/// What is read, and what is refused, is the same as with arkworks: over random octets, over all
/// flags, and next to the modulus.
#[test]
fn octets_are_read_as_arkworks_reads_them() {
    let mut rng = rng(2);
    let mut read = [0, 0];
    let modulus = Fq::MODULUS.0.map(u64::to_le_bytes);
    for round in 0..600 {
        let mut octets = [0; 64];
        rng.fill_bytes(&mut octets);
        if round % 3 == 0 {
            octets[32..].copy_from_slice(modulus.as_flattened());
            octets[32] = octets[32].wrapping_add(round as u8).wrapping_sub(100);
        } else {
            octets[63] &= 0x1f;
        }
        octets[31] &= 0x1f;
        for flags in [0, 0x40, 0x80, 0xc0] {
            let mut octets = octets;
            octets[63] |= flags;
            let point = octets[32..].try_into().unwrap();
            assert_eq!(read_g1(&point), theirs(&point), "{octets:x?}");
            read[0] += usize::from(read_g1(&point).is_some());
            let cofactor = quadratic(&octets).map(|point| octets_of_subgroup(&point));
            for octets in [Some(octets), cofactor].into_iter().flatten() {
                assert_eq!(read_g2(&octets), theirs(&octets), "{octets:x?}");
                read[1] += usize::from(read_g2(&octets).is_some());
            }
        }
    }
    assert!(read.iter().all(|read| *read > 200), "too few were points: {read:?}");
}

/// The point of the twist that octets denote, in the subgroup or not.
fn quadratic(octets: &[u8; 64]) -> Option<G2Affine> {
    G2Affine::deserialize_compressed_unchecked(octets.as_slice()).ok().filter(|p| !p.is_zero())
}

fn octets_of_subgroup(point: &G2Affine) -> [u8; 64] {
    octets(&point.mul_by_cofactor())
}

#[test]
fn reject_points_of_small_order_in_octets() {
    // Of order h: what is left of a point of the twist when multiplied by r.
    for x in 1..20u64 {
        let x = Fq2::new(Fq::from(x), Fq::ZERO);
        for greater in [false, true] {
            let Some(point) = G2Affine::get_point_from_x_unchecked(x, greater) else { continue };
            let outside = point.mul_bigint(Fr::MODULUS).into_affine();
            assert_eq!(read_g2(&octets(&outside)), None);
            let moved = (G2Affine::generator() + outside).into_affine();
            assert_eq!(read_g2(&octets(&moved)), None);
        }
    }
}

/// The flag of the identity beside an abscissa: other readers drop the abscissa.
#[test]
fn reject_the_identity_with_stray_octets() {
    let mut identity = [0; 32];
    identity[31] = 0x40;
    assert!(read_any::<G1Affine>(&identity, Compress::Yes).is_some_and(|point| point.is_zero()));
    assert!(read_g1(&identity).is_none(), "but not where it is no answer");
    identity[0] = 1;
    assert!(read_any::<G1Affine>(&identity, Compress::Yes).is_none());
    let mut identity = [0; 64];
    identity[63] = 0x40;
    assert!(read_g2(&identity).is_none());
    assert!(read_any::<G2Affine>(&identity, Compress::Yes).is_some_and(|point| point.is_zero()));
    identity[7] = 1;
    assert!(read_any::<G2Affine>(&identity, Compress::Yes).is_none());
}
