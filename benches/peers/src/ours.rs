//! Our side: the standard interface on octets, so that hashing messages to scalars is on our clock
//! even beside those who are given scalars.

use crate::contest::{Entry, Operation, Side};
use crate::inputs;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sigil::bbs::{Generators, Interface, Proof, SecretKey, Signature, Suite, standard};

const SUITE: Suite = Suite::Sha256;

/// Our entries.
pub fn side() -> Side {
    Side { name: "sigil", entries: bbs() }
}

fn bbs() -> Vec<Entry> {
    let generators = Generators::new(Interface::standard(SUITE), inputs::MESSAGES).unwrap();
    generators.prepare();
    let secret = SecretKey::generate(SUITE, &[7u8; 32], b"", None).unwrap();
    let public = *secret.public_key();
    let messages = inputs::octets();
    let disclosed = inputs::disclosed_octets();

    let sign = {
        let messages = messages.clone();
        move || standard::sign(SUITE, &secret, inputs::HEADER, &messages).unwrap().to_bytes()
    };
    let octets = sign();
    let signature = Signature::from_bytes(&octets).unwrap();
    let verify = {
        let messages = messages.clone();
        move || {
            let signature = Signature::from_bytes(&octets).unwrap();
            standard::verify(SUITE, &public, &signature, inputs::HEADER, &messages).unwrap()
        }
    };
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let mut prove = move || {
        let (header, ph) = (inputs::HEADER, inputs::PRESENTATION_HEADER);
        let shown = &inputs::DISCLOSED;
        standard::proof_gen(SUITE, &public, &signature, header, ph, &messages, shown, &mut rng)
            .unwrap()
            .to_bytes()
    };
    let proof = prove();
    let size = proof.len();
    let proof_verify = move || {
        let proof = Proof::from_bytes(&proof).unwrap();
        let shown: Vec<_> = inputs::DISCLOSED.into_iter().zip(&disclosed).collect();
        let (header, ph) = (inputs::HEADER, inputs::PRESENTATION_HEADER);
        standard::proof_verify(SUITE, &public, &proof, header, ph, &shown).unwrap()
    };
    vec![
        Entry::new(Operation::Sign, Some(octets.len()), sign),
        Entry::new(Operation::Verify, None, verify),
        Entry::new(Operation::ProofGen, Some(size), prove),
        Entry::new(Operation::ProofVerify, Some(size), proof_verify),
    ]
}
