//! Strict octets: scalars, commitments and proofs have one encoding each, and nothing else is read.

use crate::fixtures::{kyc, prove_kyc, rng};
use sigil_circuits::{Commitment, Proof, Refused, Scalar};

/// The order of BN254's G1, big-endian.
const P: &str = "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
/// The order of BLS12-381's G1.
const Q: &str = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001";
/// BN254's base field modulus.
const BASE: &str = "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47";

fn octets(hex: &str) -> [u8; 32] {
    let digit = |i: usize| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap();
    std::array::from_fn(digit)
}

/// `a + b`, big-endian, `None` if it overflows.
fn sum(a: [u8; 32], b: [u8; 32]) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    let mut carry = 0u16;
    for i in (0..32).rev() {
        carry += u16::from(a[i]) + u16::from(b[i]);
        out[i] = carry as u8;
        carry >>= 8;
    }
    (carry == 0).then_some(out)
}

fn small(value: u8) -> [u8; 32] {
    let mut out = [0; 32];
    out[31] = value;
    out
}

#[test]
fn scalar_octets_round_trip() {
    for scalar in [Scalar::from(0), Scalar::from(-1), Scalar::random(&mut rng(1))] {
        assert_eq!(Scalar::from_bytes(&scalar.to_bytes()), Some(scalar));
    }
    assert_eq!(Scalar::from(258).to_bytes()[30..], [1, 2]);
    assert_eq!(Scalar::from_integer_be(&[1, 2]), Some(Scalar::from(258)));
    assert_eq!(Scalar::from_integer_be(&[]), Some(Scalar::from(0)));
    assert_eq!(sum(Scalar::from(-1).to_bytes(), small(1)), Some(octets(P)));
}

/// An input plus p is the same residue: were it read, one statement would have several encodings.
#[test]
fn reject_scalar_that_is_not_reduced() {
    for value in [small(0), small(1), small(18), Scalar::random(&mut rng(2)).to_bytes()] {
        for modulus in [P, Q] {
            let aliased = sum(value, octets(modulus)).unwrap();
            assert_eq!(Scalar::from_bytes(&aliased), None);
        }
    }
    assert_eq!(Scalar::from_bytes(&[0xff; 32]), None);
    assert_eq!(Scalar::from_integer_be(&[0; 32]), None);
    assert!(Scalar::from_integer_be(&[0xff; 31]).is_some());
}

#[test]
fn scalar_arithmetic() {
    let (a, b) = (Scalar::from(1 << 100), Scalar::from(-7));
    assert_eq!(&(&a + &b) - &a, b);
    assert_eq!(&a * &b, Scalar::from(-7 << 100));
    assert_eq!(-&b, Scalar::from(7));
    assert!((&a - &a).is_zero());
}

#[test]
fn secrets_are_redacted_and_erased() {
    let (_, proved) = prove_kyc(3);
    let shown = format!("{:?} {:?}", proved.opening, proved.opening.blinder());
    assert_eq!(shown, "Opening(..) Scalar(..)");
    let mut scalar = proved.opening.blinder().clone();
    zeroize::Zeroize::zeroize(&mut scalar);
    assert!(scalar.is_zero());
    fn erased<T: zeroize::ZeroizeOnDrop>(_: &T) {}
    erased(proved.opening.blinder());
}

fn little_endian(mut octets: [u8; 32]) -> [u8; 32] {
    octets.reverse();
    octets
}

/// Abscissae that are no point, in an encoding's own byte order.
fn bad_points() -> Vec<[u8; 32]> {
    let mut infinity_with_abscissa = small(1);
    infinity_with_abscissa.reverse();
    infinity_with_abscissa[31] |= 0x40;
    let mut both_flags = infinity_with_abscissa;
    both_flags[31] |= 0x80;
    let mut infinity = [0; 32];
    infinity[31] = 0x40;
    let mut negative_infinity = infinity;
    negative_infinity[31] = 0xc0;
    // x = 4: 4^3 + 3 = 67 is no square. x = 1 + modulus would be the generator.
    let off_curve = little_endian(small(4));
    let not_reduced = little_endian(sum(small(1), octets(BASE)).unwrap());
    vec![
        infinity,
        negative_infinity,
        infinity_with_abscissa,
        both_flags,
        off_curve,
        not_reduced,
        [0xff; 32],
    ]
}

#[test]
fn generator_is_read() {
    assert!(Commitment::from_bytes(&little_endian(small(1))).is_ok());
}

#[test]
fn reject_commitments_that_are_no_point() {
    for bad in bad_points() {
        assert_eq!(Commitment::from_bytes(&bad), Err(Refused), "{bad:x?}");
    }
    let good = prove_kyc(4).1.commitment;
    assert_eq!(Commitment::from_bytes(&good.to_bytes()), Ok(good));
    let mut longer = good.to_bytes().to_vec();
    longer.push(0);
    assert_eq!(Commitment::from_bytes(&longer), Err(Refused));
    assert_eq!(Commitment::from_bytes(&longer[..31]), Err(Refused));
    assert_eq!(Commitment::from_bytes(&[]), Err(Refused));
}

#[test]
fn reject_proofs_that_are_no_points() {
    let good = prove_kyc(5).1.proof.to_bytes();
    assert_eq!(Proof::from_bytes(&good).unwrap().to_bytes(), good);
    for at in [0, 96] {
        for bad in bad_points() {
            let mut octets = good;
            octets[at..at + 32].copy_from_slice(&bad);
            assert_eq!(Proof::from_bytes(&octets), Err(Refused), "{at} {bad:x?}");
        }
    }
    let mut infinity = good;
    infinity[32..96].fill(0);
    infinity[95] = 0x40;
    assert_eq!(Proof::from_bytes(&infinity), Err(Refused));
    for length in [0, 127] {
        assert_eq!(Proof::from_bytes(&good[..length]), Err(Refused));
    }
    assert_eq!(Proof::from_bytes(&[good.as_slice(), &[0]].concat()), Err(Refused));
}

/// Points of the twist outside the subgroup: nearly all that an abscissa gives.
#[test]
fn reject_proof_outside_the_subgroup() {
    let good = prove_kyc(6).1.proof.to_bytes();
    let mut refused = 0;
    for x in 1..40u8 {
        let mut octets = good;
        octets[32..96].fill(0);
        octets[32] = x;
        refused += usize::from(Proof::from_bytes(&octets) == Err(Refused));
    }
    assert_eq!(refused, 39);
}

#[test]
fn reject_each_flipped_bit_of_proof_and_commitment() {
    let (key, proved) = prove_kyc(7);
    let vk = key.verifying_key();
    let (proof, commitment) = (proved.proof.to_bytes(), proved.commitment.to_bytes());
    let accepted = |proof: &[u8], commitment: &[u8]| -> Result<(), Refused> {
        let (proof, commitment) = (Proof::from_bytes(proof)?, Commitment::from_bytes(commitment)?);
        vk.verify(&kyc::PARAMS, &commitment, &proof)
    };
    accepted(&proof, &commitment).unwrap();
    for bit in 0..8 * proof.len() {
        let mut flipped = proof;
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(accepted(&flipped, &commitment), Err(Refused), "proof, bit {bit}");
    }
    for bit in 0..8 * commitment.len() {
        let mut flipped = commitment;
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(accepted(&proof, &flipped), Err(Refused), "commitment, bit {bit}");
    }
}
