//! bbs_plus 0.25: BBS with the proof of the paper's appendix A, the one that the standard uses.
//! It takes messages as scalars: no hashing on its side, no domain, no header.

use crate::contest::{Entry, Operation, Side};
use crate::inputs;
use ark_bls12_381::{Bls12_381, Fr};
use ark_ff_04::PrimeField;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use ark_std_04::rand::{SeedableRng, rngs::StdRng};
use bbs_plus::prelude::*;
use bbs_plus::proof_23_ietf::{PoKOfSignature23G1Proof, PoKOfSignature23G1Protocol};
use blake2::Blake2b512;
use dock_crypto_utils::signature::MessageOrBlinding;
use schnorr_pok::compute_random_oracle_challenge;
use std::collections::BTreeMap;

/// Parameters and keys that the composite proofs share.
#[derive(Clone)]
pub struct Issued {
    pub params: SignatureParams23G1<Bls12_381>,
    pub keys: KeypairG2<Bls12_381>,
    pub messages: Vec<Fr>,
    pub signature: Signature23G1<Bls12_381>,
}

/// Sixteen scalars, signed; the one at [`inputs::BOUNDED`] is [`inputs::VALUE`].
pub fn issued(rng: &mut StdRng) -> Issued {
    let mut messages: Vec<Fr> =
        inputs::wide_octets().iter().map(|wide| Fr::from_be_bytes_mod_order(wide)).collect();
    messages[inputs::BOUNDED] = Fr::from(inputs::VALUE);
    let params = SignatureParams23G1::generate_using_rng(rng, inputs::MESSAGES as u32);
    let keys = KeypairG2::generate_using_rng_and_bbs23_params(rng, &params);
    let signature = Signature23G1::new(rng, &messages, &keys.secret_key, &params).unwrap();
    Issued { params, keys, messages, signature }
}

/// The disclosed messages by index.
pub fn revealed(messages: &[Fr]) -> BTreeMap<usize, Fr> {
    inputs::DISCLOSED.iter().map(|&i| (i, messages[i])).collect()
}

/// Compressed octets.
pub fn encode(value: &impl CanonicalSerialize) -> Vec<u8> {
    let mut octets = Vec::new();
    value.serialize_compressed(&mut octets).unwrap();
    octets
}

fn prove(issued: &Issued, revealed: &BTreeMap<usize, Fr>, rng: &mut StdRng) -> Vec<u8> {
    let blinded =
        issued.messages.iter().enumerate().map(|(i, message)| match revealed.contains_key(&i) {
            true => MessageOrBlinding::RevealMessage(message),
            false => MessageOrBlinding::BlindMessageRandomly(message),
        });
    let protocol =
        PoKOfSignature23G1Protocol::init(rng, &issued.signature, &issued.params, blinded).unwrap();
    let mut transcript = inputs::PRESENTATION_HEADER.to_vec();
    protocol.challenge_contribution(revealed, &issued.params, &mut transcript).unwrap();
    let challenge = compute_random_oracle_challenge::<Fr, Blake2b512>(&transcript);
    encode(&protocol.gen_proof(&challenge).unwrap())
}

pub fn side() -> Side {
    let mut rng = StdRng::seed_from_u64(1);
    let issued = issued(&mut rng);
    let revealed = revealed(&issued.messages);
    let public = PreparedPublicKeyG2::from(issued.keys.public_key.clone());
    let params = PreparedSignatureParams23G1::from(issued.params.clone());

    let sign = {
        let (issued, mut rng) = (issued.clone(), rng.clone());
        move || {
            let Issued { params, keys, messages, .. } = &issued;
            encode(&Signature23G1::new(&mut rng, messages, &keys.secret_key, params).unwrap())
        }
    };
    let signature = encode(&issued.signature);
    let signature_size = signature.len();
    let verify = {
        let messages = issued.messages.clone();
        move |(public, params): (PreparedPublicKeyG2<_>, PreparedSignatureParams23G1<_>)| {
            Signature23G1::<Bls12_381>::deserialize_compressed(&signature[..])
                .unwrap()
                .verify(&messages, public, params)
                .unwrap()
        }
    };
    let copies = move || (public.clone(), params.clone());
    let proof = prove(&issued, &revealed, &mut rng);
    let size = proof.len();
    let proof_gen = {
        let (issued, revealed, mut rng) = (issued.clone(), revealed.clone(), rng.clone());
        move || prove(&issued, &revealed, &mut rng)
    };
    let proof_verify = {
        let params = issued.params.clone();
        move |(public, prepared)| {
            let proof =
                PoKOfSignature23G1Proof::<Bls12_381>::deserialize_compressed(&proof[..]).unwrap();
            let mut transcript = inputs::PRESENTATION_HEADER.to_vec();
            proof.challenge_contribution(&revealed, &params, &mut transcript).unwrap();
            let challenge = compute_random_oracle_challenge::<Fr, Blake2b512>(&transcript);
            let public: PreparedPublicKeyG2<_> = public;
            let prepared: PreparedSignatureParams23G1<_> = prepared;
            proof.verify(&revealed, &challenge, public, prepared).unwrap()
        }
    };
    Side {
        name: "bbs_plus 0.25",
        entries: vec![
            Entry::new(Operation::Sign, Some(signature_size), sign),
            Entry::prepared(Operation::Verify, None, copies.clone(), verify),
            Entry::new(Operation::ProofGen, Some(size), proof_gen),
            Entry::prepared(Operation::ProofVerify, Some(size), copies, proof_verify),
        ],
    }
}
