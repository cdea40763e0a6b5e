//! zkryptium 0.8: the standard's BBS, suite SHA-256, octet messages. It computes the generators
//! anew at each call; its interface has no way around that.

use crate::contest::{Entry, Operation, Side};
use crate::inputs;
use zkryptium::keys::pair::KeyPair;
use zkryptium::schemes::algorithms::BbsBls12381Sha256;
use zkryptium::schemes::generics::{PoKSignature, Signature};

type Scheme = BbsBls12381Sha256;

pub fn side() -> Side {
    let pair = KeyPair::<Scheme>::generate(&[7u8; 32], None, None).unwrap();
    let (secret, public) = pair.into_parts();
    let messages = inputs::octets();
    let disclosed = inputs::disclosed_octets();
    let sign = {
        let (messages, public) = (messages.clone(), public.clone());
        move || {
            Signature::<Scheme>::sign(Some(&messages), &secret, &public, Some(inputs::HEADER))
                .unwrap()
                .to_bytes()
        }
    };
    let signature = sign();
    let verify = {
        let (messages, public) = (messages.clone(), public.clone());
        move || {
            let signature = Signature::<Scheme>::from_bytes(&signature).unwrap();
            signature.verify(&public, Some(&messages), Some(inputs::HEADER)).unwrap()
        }
    };
    let prove = {
        let public = public.clone();
        move || {
            PoKSignature::<Scheme>::proof_gen(
                &public,
                &signature,
                Some(inputs::HEADER),
                Some(inputs::PRESENTATION_HEADER),
                Some(&messages),
                Some(&inputs::DISCLOSED),
            )
            .unwrap()
            .to_bytes()
        }
    };
    let proof = prove();
    let size = proof.len();
    let proof_verify = move || {
        let proof = PoKSignature::<Scheme>::from_bytes(&proof).unwrap();
        proof
            .proof_verify(
                &public,
                Some(&disclosed),
                Some(&inputs::DISCLOSED),
                Some(inputs::HEADER),
                Some(inputs::PRESENTATION_HEADER),
            )
            .unwrap()
    };
    Side {
        name: "zkryptium 0.8",
        entries: vec![
            Entry::new(Operation::Sign, Some(signature.len()), sign),
            Entry::new(Operation::Verify, None, verify),
            Entry::new(Operation::ProofGen, Some(size), prove),
            Entry::new(Operation::ProofVerify, Some(size), proof_verify),
        ],
    }
}
