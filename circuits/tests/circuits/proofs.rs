//! The whole way: setup, keys from files, prove, open, verify.

use crate::fixtures::{Opened, against, kyc, prove_kyc, rng};
use sigil_circuits::{
    BoundBy, Comparison, Interval, KeyError, KeyFile, ProveError, ProvingKey, Refused, Scalar,
    Shape, VerifyingKey,
};

#[test]
fn proof_is_accepted_with_its_opening() {
    let (key, proved) = prove_kyc(1);
    let vk = key.verifying_key();
    vk.verify(&kyc::PARAMS, &proved.commitment, &proved.proof).unwrap();
    Opened::honest(vk, &kyc::SLOTS, &proved, 2).check(vk, &proved.commitment).unwrap();
}

/// The shape and both keys made anew from what travels: nothing else is needed.
#[test]
fn keys_from_files_prove_and_verify() {
    let shape = kyc::shape();
    let proving = ProvingKey::from_bytes(&kyc::key().to_bytes(), &shape).unwrap();
    let vk = kyc::key().verifying_key();
    let verifying = VerifyingKey::from_bytes(&vk.to_bytes(), &shape).unwrap();
    assert_eq!(proving.shape(), verifying.shape());
    let proved = proving.prove(&kyc::SLOTS, &kyc::PARAMS, &mut rng(3)).unwrap();
    verifying.verify(&kyc::PARAMS, &proved.commitment, &proved.proof).unwrap();
    Opened::honest(&verifying, &kyc::SLOTS, &proved, 4)
        .check(&verifying, &proved.commitment)
        .unwrap();
}

/// The same key, another threshold and another day.
#[test]
fn parameters_move_without_a_new_setup() {
    let key = kyc::key();
    for params in [[0, 480_000], [52_000, 499_999], [51_999, 490_000]] {
        let proved = key.prove(&kyc::SLOTS, &params, &mut rng(5)).unwrap();
        key.verifying_key().verify(&params, &proved.commitment, &proved.proof).unwrap();
    }
    for params in [[52_001, 490_000], [50_000, 479_999], [50_000, 500_000]] {
        let refused = key.prove(&kyc::SLOTS, &params, &mut rng(5));
        assert_eq!(refused.unwrap_err(), ProveError::False, "{params:?}");
    }
}

#[test]
fn edges_of_sixty_four_bits_are_proven() {
    let key = kyc::key();
    let top = (1 << 64) - 1;
    for (income, threshold) in [(0, 0), (top, top), (top, 0), (1 << 63, 1 << 63), (top, 1 << 63)] {
        let (slots, params) = ([income, 480_000, 500_000], [threshold, 490_000]);
        let proved = key.prove(&slots, &params, &mut rng(6)).unwrap();
        key.verifying_key().verify(&params, &proved.commitment, &proved.proof).unwrap();
    }
}

#[test]
fn reject_each_altered_response() {
    let (key, proved) = prove_kyc(7);
    let vk = key.verifying_key();
    let honest = || Opened::honest(vk, &kyc::SLOTS, &proved, 8);
    let one = Scalar::from(1);
    for slot in 0..kyc::SLOTS.len() {
        let mut altered = honest();
        altered.z[slot] = &altered.z[slot] + &one;
        assert_eq!(altered.check(vk, &proved.commitment), Err(Refused));
    }
    let mut altered = honest();
    altered.nu = &altered.nu + &one;
    assert_eq!(altered.check(vk, &proved.commitment), Err(Refused));
    let mut altered = honest();
    altered.c = &altered.c + &one;
    assert_eq!(altered.check(vk, &proved.commitment), Err(Refused));
    let mut altered = honest();
    altered.k = proved.commitment;
    assert_eq!(altered.check(vk, &proved.commitment), Err(Refused));
    let other = key.prove(&kyc::SLOTS, &kyc::PARAMS, &mut rng(9)).unwrap().commitment;
    assert_eq!(honest().check(vk, &other), Err(Refused));
}

/// A verifier who asks for one predicate doesn't take the key of another.
#[test]
fn reject_key_of_another_shape() {
    let other = Shape::new(
        vec![Interval::bits(64)],
        vec![Interval::bits(64)],
        against(0, Comparison::Gt, 0),
    )
    .unwrap();
    assert_eq!(other.bounds(), [BoundBy::Comparison(0)]);
    let file = kyc::key().verifying_key().to_bytes();
    let expected = KeyError::Shape { expected: other.id(), found: kyc::shape().id() };
    assert_eq!(VerifyingKey::from_bytes(&file, &other).unwrap_err(), expected);
}

/// The same generator gives the same key, the same proof: outputs can be pinned.
#[test]
fn randomness_is_an_argument() {
    let (_, first) = prove_kyc(10);
    let (_, second) = prove_kyc(10);
    assert_eq!(first.proof.to_bytes(), second.proof.to_bytes());
    let again = sigil_circuits::setup(&kyc::shape(), &mut rng(0)).unwrap();
    assert_eq!(again.verifying_key().fingerprint(), kyc::key().verifying_key().fingerprint());
}

/// What a file says of itself is read without its shape, and only from a file that is whole.
#[test]
fn key_files_say_what_they_are() {
    let key = kyc::key();
    let (proving, verifying) = (key.to_bytes(), key.verifying_key().to_bytes());
    let file = KeyFile::identify(&verifying).unwrap();
    assert!(!file.is_proving());
    assert_eq!(file.shape_id(), kyc::shape().id());
    assert_eq!(file.fingerprint(), key.verifying_key().fingerprint());
    assert!(KeyFile::identify(&proving).unwrap().is_proving());
    for at in [0, 8, 10, 11, 50, verifying.len() - 1] {
        let mut bad = verifying.clone();
        bad[at] ^= 1;
        assert!(KeyFile::identify(&bad).is_err(), "octet {at}");
    }
    for len in [0, 7, 43, 74, 75, verifying.len() - 1] {
        assert!(KeyFile::identify(&verifying[..len]).is_err(), "{len} octets");
    }
}
