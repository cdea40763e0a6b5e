//! bbs 0.4.1: the old BBS+ on pairing-plus. Messages are hashed to scalars on the clock, as ours
//! and the standard do; its keys carry their generators.

use crate::contest::{Entry, Operation, Side};
use crate::inputs;
use bbs::prelude::*;

fn hashed() -> Vec<SignatureMessage> {
    inputs::octets().iter().map(SignatureMessage::hash).collect()
}

fn proof_messages() -> Vec<ProofMessage> {
    hashed()
        .into_iter()
        .enumerate()
        .map(|(i, message)| match inputs::DISCLOSED.contains(&i) {
            true => ProofMessage::Revealed(message),
            false => ProofMessage::Hidden(HiddenMessage::ProofSpecificBlinding(message)),
        })
        .collect()
}

pub fn side() -> Side {
    let (public, secret) = Issuer::new_keys(inputs::MESSAGES).unwrap();
    let nonce = ProofNonce::hash(inputs::PRESENTATION_HEADER);
    let request = Verifier::new_proof_request(&inputs::DISCLOSED, &public).unwrap();
    let sign = {
        let public = public.clone();
        move || Signature::new(&hashed(), &secret, &public).unwrap().to_bytes_compressed_form()
    };
    let octets = sign();
    let size = octets.len();
    let signature = Signature::from(&octets);
    let verify = move || {
        let signature = Signature::from(&octets);
        assert!(signature.verify(&hashed(), &public).unwrap());
    };
    let prove = {
        let request = request.clone();
        move || {
            let messages = proof_messages();
            let pok = Prover::commit_signature_pok(&request, &messages, &signature).unwrap();
            let challenge =
                Prover::create_challenge_hash(std::slice::from_ref(&pok), None, &nonce).unwrap();
            let proof = Prover::generate_signature_pok(pok, &challenge).unwrap();
            proof.to_bytes_compressed_form()
        }
    };
    let proof = prove();
    // The octets carry each revealed message as an index and a scalar; ours do not.
    let revealed = 4 + inputs::DISCLOSED.len() * 36;
    let proof_size = proof.len() - revealed;
    let proof_verify = move || {
        let proof = SignatureProof::from_bytes_compressed_form(&proof).unwrap();
        Verifier::verify_signature_pok(&request, &proof, &nonce).unwrap()
    };
    Side {
        name: "bbs 0.4.1 (BBS+)",
        entries: vec![
            Entry::new(Operation::Sign, Some(size), sign),
            Entry::new(Operation::Verify, None, verify),
            Entry::new(Operation::ProofGen, Some(proof_size), prove),
            Entry::new(Operation::ProofVerify, Some(proof_size), proof_verify),
        ],
    }
}
