use std::sync::OnceLock;

use ark_bn254::Fq;
use ark_ec::CurveGroup;
use ark_ff::{BigInteger, PrimeField};
use ark_groth16::Groth16;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::formula::{Comparison, Formula, Interval, Linear, Param, Slot};

/// Two slots, one of them in a `!=`, so that the matrix C is not empty.
fn shape_with(bits: u32) -> Shape {
    let against = |s, op| Formula::compare(Linear::slot(Slot(s)), op, Linear::param(Param(0)));
    let formula = Formula::All(vec![against(0, Comparison::Ge), against(1, Comparison::Ne)]);
    Shape::new(vec![Interval::bits(bits); 2], vec![Interval::bits(bits)], formula).unwrap()
}

fn shape() -> Shape {
    shape_with(6)
}

fn made(seed: u64) -> ProvingKey {
    crate::groth16::setup(&shape(), &mut ChaCha20Rng::seed_from_u64(seed)).unwrap()
}

fn key() -> &'static ProvingKey {
    static KEY: OnceLock<ProvingKey> = OnceLock::new();
    KEY.get_or_init(|| made(0))
}

fn other() -> &'static ProvingKey {
    static KEY: OnceLock<ProvingKey> = OnceLock::new();
    KEY.get_or_init(|| made(1))
}

/// A sealed verifying key file of altered parts.
fn verifying_with(alter: impl FnOnce(&mut VerifyingParts)) -> Result<VerifyingKey, KeyError> {
    let mut parts = key().verifying_key().parts().clone();
    alter(&mut parts);
    let mut out = header(&shape(), Kind::Verifying);
    write_verifying(&parts, &mut out);
    VerifyingKey::from_bytes(&seal(out), &shape())
}

/// A sealed proving key file of altered parts.
fn proving_with(alter: impl FnOnce(&mut ProvingParts)) -> Result<ProvingKey, KeyError> {
    let mut parts = key().parts().clone();
    alter(&mut parts);
    let mut out = header(&shape(), Kind::Proving);
    write_verifying(&parts.vk, &mut out);
    write_proving(&parts, &mut out);
    ProvingKey::from_bytes(&seal(out), &shape())
}

/// A sealed verifying key file with these octets at an offset into the points.
fn verifying_with_octets(offset: usize, octets: &[u8]) -> Result<VerifyingKey, KeyError> {
    let mut file = key().verifying_key().to_bytes();
    file.truncate(file.len() - FINGERPRINT);
    let at = HEADER + offset;
    file[at..at + octets.len()].copy_from_slice(octets);
    VerifyingKey::from_bytes(&seal(file), &shape())
}

fn negated<P: AffineRepr>(point: P) -> P {
    (-point.into_group()).into_affine()
}

#[test]
fn keys_survive_a_round_trip() {
    let (pk, vk) = (key(), key().verifying_key());
    let again = VerifyingKey::from_bytes(&vk.to_bytes(), &shape()).unwrap();
    assert_eq!((again.to_bytes(), again.fingerprint()), (vk.to_bytes(), vk.fingerprint()));
    assert_eq!(again.shape_id(), shape().id());
    let again = ProvingKey::from_bytes(&pk.to_bytes(), &shape()).unwrap();
    assert_eq!(again.to_bytes(), pk.to_bytes());
    assert_eq!(again.verifying_key().fingerprint(), vk.fingerprint());
    assert_eq!(vk.to_bytes().split_last_chunk().map(|(_, last)| *last), Some(vk.fingerprint()));
    assert_ne!(other().verifying_key().fingerprint(), vk.fingerprint());
}

#[test]
fn reject_wrong_head() {
    let file = key().verifying_key().to_bytes();
    let refused = |file: &[u8], shape: &Shape| VerifyingKey::from_bytes(file, shape).unwrap_err();
    let with = |at: usize, octet: u8| {
        let mut file = file.clone();
        file[at] = octet;
        refused(&file, &shape())
    };
    assert_eq!(with(0, b's'), KeyError::Magic);
    assert_eq!(with(9, 2), KeyError::Version { found: 2 });
    assert_eq!(with(10, 3), KeyError::Kind { found: 3 });
    assert!(matches!(with(11, 0x55), KeyError::Shape { .. }));
    assert_eq!(with(HEADER + 3, 0x55), KeyError::Fingerprint);
    assert_eq!(with(file.len() - 1, 0x55), KeyError::Fingerprint);
    assert_eq!(refused(&key().to_bytes(), &shape()), KeyError::Kind { found: 2 });
    let foreign = shape_with(7);
    let expected = KeyError::Shape { expected: foreign.id(), found: shape().id() };
    assert_eq!(refused(&file, &foreign), expected);
    let proving = ProvingKey::from_bytes(&file, &shape());
    assert_eq!(proving.unwrap_err(), KeyError::Kind { found: 1 });
}

#[test]
fn reject_every_other_length() {
    let file = key().verifying_key().to_bytes();
    for length in 0..file.len() {
        let error = VerifyingKey::from_bytes(&file[..length], &shape()).unwrap_err();
        assert_eq!(error, KeyError::Truncated { expected: file.len(), found: length });
    }
    let mut longer = file.clone();
    longer.push(0);
    let expected = KeyError::Trailing { expected: file.len(), found: longer.len() };
    assert_eq!(VerifyingKey::from_bytes(&longer, &shape()).unwrap_err(), expected);
    let file = key().to_bytes();
    for length in [0, 7, 8, HEADER, file.len() - 64, file.len() - 1] {
        let error = ProvingKey::from_bytes(&file[..length], &shape()).unwrap_err();
        assert!(matches!(error, KeyError::Truncated { .. }));
    }
}

#[test]
fn reject_each_flipped_bit() {
    let file = key().verifying_key().to_bytes();
    for bit in 0..8 * file.len() {
        let mut flipped = file.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(VerifyingKey::from_bytes(&flipped, &shape()).is_err(), "bit {bit}");
    }
}

#[test]
fn reject_wrong_count_of_ic() {
    let alterations: [fn(&mut Vec<G1Affine>); 2] =
        [|ic| ic.truncate(ic.len() - 1), |ic| ic.push(G1Affine::generator())];
    for alter in alterations {
        let error = verifying_with(|vk| alter(&mut vk.gamma_abc_g1)).unwrap_err();
        assert!(matches!(error, KeyError::Truncated { .. } | KeyError::Trailing { .. }));
    }
}

#[test]
fn reject_gamma_equal_to_delta() {
    for sign in [|point| point, negated::<G2Affine>] {
        let error = verifying_with(|vk| vk.gamma_g2 = sign(vk.delta_g2)).unwrap_err();
        assert_eq!(error, KeyError::GammaIsDelta);
    }
}

/// What that check is for: under γ = δ, anyone proves anything to plain arkworks.
#[test]
fn forge_any_statement_under_gamma_equal_to_delta() {
    let mut vk = key().verifying_key().parts().clone();
    vk.delta_g2 = vk.gamma_g2;
    let inputs = [3u64, 1, 3, 0].map(ark_bn254::Fr::from);
    let mut vk_x = vk.gamma_abc_g1[0].into_group();
    for (point, input) in vk.gamma_abc_g1[1..].iter().zip(inputs) {
        vk_x += *point * input;
    }
    let proof = ark_groth16::Proof::<ark_bn254::Bn254> {
        a: vk.alpha_g1,
        b: vk.beta_g2,
        c: (-vk_x).into_affine(),
    };
    assert_eq!(shape().holds(&[1, 3], &[3]), Ok(false));
    let prepared = ark_groth16::prepare_verifying_key(&vk);
    assert!(Groth16::<ark_bn254::Bn254>::verify_proof(&prepared, &proof, &inputs).unwrap());
    assert_eq!(verifying_with(|parts| *parts = vk).unwrap_err(), KeyError::GammaIsDelta);
}

#[test]
fn reject_generator_as_gamma_or_delta() {
    for sign in [|point| point, negated::<G2Affine>] {
        let generator = sign(G2Affine::generator());
        let error = verifying_with(|vk| vk.gamma_g2 = generator).unwrap_err();
        assert_eq!(error, KeyError::Generator { part: KeyPart::Gamma });
        let error = verifying_with(|vk| vk.delta_g2 = generator).unwrap_err();
        assert_eq!(error, KeyError::Generator { part: KeyPart::Delta });
    }
}

#[test]
fn reject_identity_in_each_place() {
    let zero = (G1Affine::zero(), G2Affine::zero());
    let identity = |part, index| KeyError::Identity { part, index };
    let refused = |alter: fn(&mut VerifyingParts, (G1Affine, G2Affine))| {
        verifying_with(|vk| alter(vk, zero)).unwrap_err()
    };
    assert_eq!(refused(|vk, (g1, _)| vk.alpha_g1 = g1), identity(KeyPart::Alpha, 0));
    assert_eq!(refused(|vk, (_, g2)| vk.beta_g2 = g2), identity(KeyPart::Beta, 0));
    assert_eq!(refused(|vk, (_, g2)| vk.gamma_g2 = g2), identity(KeyPart::Gamma, 0));
    assert_eq!(refused(|vk, (_, g2)| vk.delta_g2 = g2), identity(KeyPart::Delta, 0));
    for index in 0..key().verifying_key().parts().gamma_abc_g1.len() {
        let error = verifying_with(|vk| vk.gamma_abc_g1[index] = zero.0).unwrap_err();
        assert_eq!(error, identity(KeyPart::Ic, index));
    }
    let refused = |alter: fn(&mut ProvingParts, (G1Affine, G2Affine))| {
        proving_with(|pk| alter(pk, zero)).unwrap_err()
    };
    let last = Counts::of(&shape()).variables - 1;
    assert_eq!(refused(|pk, (g1, _)| pk.beta_g1 = g1), identity(KeyPart::Beta, 0));
    assert_eq!(refused(|pk, (g1, _)| pk.delta_g1 = g1), identity(KeyPart::Delta, 0));
    assert_eq!(refused(|pk, (g1, _)| pk.a_query[4] = g1), identity(KeyPart::A, 4));
    assert_eq!(
        refused(|pk, (g1, _)| *pk.b_g1_query.last_mut().unwrap() = g1),
        identity(KeyPart::B1, last)
    );
    assert_eq!(
        refused(|pk, (_, g2)| *pk.b_g2_query.last_mut().unwrap() = g2),
        identity(KeyPart::B2, last)
    );
    assert_eq!(refused(|pk, (g1, _)| pk.h_query[2] = g1), identity(KeyPart::H, 2));
    assert_eq!(refused(|pk, (g1, _)| pk.l_query[2] = g1), identity(KeyPart::L, 2));
}

/// A variable that the circuit leaves out of B, and the key does not.
#[test]
fn reject_point_where_the_identity_belongs() {
    let blinder = Counts::of(&shape()).ic - 1;
    assert!(key().parts().b_g1_query[blinder].is_zero());
    let error = proving_with(|pk| pk.b_g1_query[blinder] = G1Affine::generator()).unwrap_err();
    assert_eq!(error, KeyError::Identity { part: KeyPart::B1, index: blinder });
}

#[test]
fn reject_equal_and_opposite_ic() {
    for sign in [|point| point, negated::<G1Affine>] {
        let error = verifying_with(|vk| vk.gamma_abc_g1[3] = sign(vk.gamma_abc_g1[2]));
        assert_eq!(error.unwrap_err(), KeyError::Duplicate { first: 2, second: 3 });
        let error = verifying_with(|vk| vk.gamma_abc_g1[4] = sign(vk.gamma_abc_g1[0]));
        assert_eq!(error.unwrap_err(), KeyError::Duplicate { first: 0, second: 4 });
    }
}

/// Little-endian octets of `value + p`, if they fit 32 octets.
fn not_reduced(value: Fq) -> [u8; 32] {
    let mut integer = value.into_bigint();
    integer.add_with_carry(&Fq::MODULUS);
    integer.to_bytes_le().try_into().unwrap()
}

#[test]
fn reject_points_that_are_none() {
    let alpha = key().verifying_key().parts().alpha_g1;
    let at = |part, index| KeyError::Point { part, index };
    let refused = |offset, octets: &[u8]| verifying_with_octets(offset, octets).unwrap_err();
    // On no curve: an ordinate that isn't the abscissa's.
    let other = (alpha.y + Fq::from(1)).into_bigint().to_bytes_le();
    assert_eq!(refused(32, &other), at(KeyPart::Alpha, 0));
    // Not reduced: the same field element, other octets.
    assert_eq!(refused(0, &not_reduced(alpha.x)), at(KeyPart::Alpha, 0));
    assert_eq!(refused(0, &[0xff; 32]), at(KeyPart::Alpha, 0));
    // Flags in the ordinate: both signs, infinity with coordinates, both at once.
    let mut octets = Vec::new();
    points::write(&alpha, Compress::No, &mut octets);
    for flags in [0x40, 0x80, 0xc0] {
        let mut flagged = octets.clone();
        flagged[63] ^= flags;
        assert_eq!(refused(0, &flagged), at(KeyPart::Alpha, 0), "{flags:x}");
    }
    // In G2: on the curve, but outside the subgroup.
    let outside = outside_subgroup();
    let mut octets = Vec::new();
    points::write(&outside, Compress::No, &mut octets);
    for (index, part) in [KeyPart::Beta, KeyPart::Gamma, KeyPart::Delta].into_iter().enumerate() {
        assert_eq!(refused(64 + 128 * index, &octets), at(part, 0));
    }
    let error = proving_with(|pk| pk.b_g2_query[7] = outside).unwrap_err();
    assert_eq!(error, at(KeyPart::B2, 7));
}

/// A point of the twist whose order is not the group's.
fn outside_subgroup() -> G2Affine {
    let candidates = (1u64..).map(ark_bn254::Fq2::from);
    let on_curve = candidates.filter_map(|x| G2Affine::get_point_from_x_unchecked(x, true));
    let mut outside = on_curve.filter(|point| !point.is_in_correct_subgroup_assuming_on_curve());
    outside.next().unwrap()
}

/// Each part taken from another setup for the same shape.
#[test]
fn reject_proving_key_of_parts_that_do_not_belong_together() {
    type Graft = fn(&mut ProvingParts, &ProvingParts);
    let grafts: [(&str, Graft); 9] = [
        ("verifying key", |pk, other| pk.vk = other.vk.clone()),
        ("beta in G1", |pk, other| pk.beta_g1 = other.beta_g1),
        ("delta in G1", |pk, other| pk.delta_g1 = other.delta_g1),
        ("A", |pk, other| pk.a_query = other.a_query.clone()),
        ("B in G1", |pk, other| pk.b_g1_query = other.b_g1_query.clone()),
        ("B in G2", |pk, other| pk.b_g2_query = other.b_g2_query.clone()),
        ("L", |pk, other| pk.l_query = other.l_query.clone()),
        ("alpha", |pk, other| pk.vk.alpha_g1 = other.vk.alpha_g1),
        ("one IC", |pk, other| pk.vk.gamma_abc_g1[3] = other.vk.gamma_abc_g1[3]),
    ];
    assert!(proving_with(|_| ()).is_ok());
    for (name, graft) in grafts {
        let error = proving_with(|pk| graft(pk, other().parts())).unwrap_err();
        assert_eq!(error, KeyError::Inconsistent, "{name}");
    }
}
