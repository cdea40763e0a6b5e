//! A signature as its holder keeps it: however it came to be and whatever was prepared, the same
//! randomness makes the same proof.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sigil::bbs::{
    self, Error, Generators, HeldSignature, Interface, ProofInit, SecretKey, Suite, proof_verify,
};
use sigil::curve::Scalar;

const HEADER: &[u8] = b"header";

#[test]
fn tables_and_origin_do_not_change_a_proof() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let key = SecretKey::random(&mut rng);
    let public = key.public_key();
    for suite in Suite::ALL {
        let generators = Generators::new(Interface::typed(suite), 5).unwrap();
        let messages: Vec<Scalar> = (0..5).map(Scalar::from).collect();
        let signed = HeldSignature::sign(&key, &generators, HEADER, &messages).unwrap();
        let signature = *signed.signature();
        assert_eq!(signature, bbs::sign(&key, &generators, HEADER, &messages).unwrap());
        let [verified, unverified] = [HeldSignature::verify, HeldSignature::unverified]
            .map(|make| make(public, &signature, &generators, HEADER, &messages).unwrap());
        let tabled = HeldSignature::sign(&key, &generators, HEADER, &messages).unwrap();
        tabled.prepare();
        tabled.prepare();
        for disclosed in [&[][..], &[0, 3], &[0, 1, 2, 3, 4]] {
            let proofs = [&signed, &verified, &unverified, &tabled].map(|held| {
                let mut rng = ChaCha20Rng::seed_from_u64(2);
                let init = ProofInit::new(
                    public,
                    held,
                    &generators,
                    HEADER,
                    &messages,
                    disclosed,
                    &mut rng,
                );
                init.unwrap().finalize(b"ph").unwrap()
            });
            assert!(proofs.iter().all(|proof| *proof == proofs[0]));
            let shown: Vec<_> = disclosed.iter().map(|&index| (index, messages[index])).collect();
            proof_verify(public, &proofs[0], &generators, HEADER, b"ph", &shown).unwrap();
        }
    }
}

#[test]
fn reject_holding_a_signature_that_does_not_verify() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let key = SecretKey::random(&mut rng);
    let public = key.public_key();
    let generators = Generators::new(Interface::typed(Suite::Sha256), 2).unwrap();
    let messages = [Scalar::from(1), Scalar::from(2)];
    let held = HeldSignature::sign(&key, &generators, HEADER, &messages).unwrap();
    let signature = held.signature();
    let verify = |header: &[u8], messages: &[Scalar]| {
        HeldSignature::verify(public, signature, &generators, header, messages).map(|_| ())
    };
    assert_eq!(verify(HEADER, &messages), Ok(()));
    assert_eq!(verify(b"other", &messages), Err(Error::Refused));
    assert_eq!(verify(HEADER, &[messages[1], messages[0]]), Err(Error::Refused));
    assert_eq!(verify(HEADER, &messages[..1]), Err(Error::Refused));
    let short = HeldSignature::unverified(public, signature, &generators, HEADER, &messages[..1]);
    assert_eq!(short.map(|_| ()), Err(Error::Indexes));
    assert!(format!("{held:?}").ends_with("(redacted)"));
}
