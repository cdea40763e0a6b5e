//! proof_system 0.34 with legogroth16 0.18, as shipped: 'I know a BBS signature that reveals these
//! messages, and that hidden one lies within bounds', with its own bound-check circuit of about
//! 3,790 constraints. The signature proof is its 'IETF' one, the least costly of its three.

use crate::bbs_plus_025::{Issued, encode, issued, revealed};
use crate::contest::{Entry, Operation, Side};
use crate::inputs;
use ark_bls12_381::Bls12_381;
use ark_serialize::CanonicalDeserialize;
use ark_std_04::rand::{SeedableRng, rngs::StdRng};
use blake2::Blake2b512;
use proof_system::prelude::*;
use proof_system::statement::bbs_23_ietf::{
    PoKBBSSignature23IETFG1Prover, PoKBBSSignature23IETFG1Verifier,
};
use proof_system::statement::bound_check_legogroth16::{
    BoundCheckLegoGroth16Prover, BoundCheckLegoGroth16Verifier,
};
use proof_system::sub_protocols::bound_check_legogroth16::generate_snark_srs_bound_check;
use proof_system::witness::PoKBBSSignature23G1;
use std::collections::BTreeSet;

type Spec = ProofSpec<Bls12_381>;

fn equality() -> MetaStatements {
    let mut meta = MetaStatements::new();
    let same = [(0, inputs::BOUNDED), (1, 0)];
    meta.add_witness_equality(EqualWitnesses(same.into_iter().collect::<BTreeSet<_>>()));
    meta
}

fn specifications(issued: &Issued, rng: &mut StdRng) -> (Spec, Spec) {
    let shown = revealed(&issued.messages);
    let key = generate_snark_srs_bound_check::<Bls12_381, _>(rng).unwrap();
    let (least, most) = (inputs::THRESHOLD, u64::MAX);

    let mut prover = Statements::new();
    prover.add(PoKBBSSignature23IETFG1Prover::new_statement_from_params(
        issued.params.clone(),
        shown.clone(),
    ));
    prover.add(
        BoundCheckLegoGroth16Prover::new_statement_from_params(least, most, key.clone()).unwrap(),
    );
    let mut verifier = Statements::new();
    verifier.add(PoKBBSSignature23IETFG1Verifier::new_statement_from_params(
        issued.params.clone(),
        issued.keys.public_key.clone(),
        shown,
    ));
    verifier.add(
        BoundCheckLegoGroth16Verifier::new_statement_from_params(least, most, key.vk).unwrap(),
    );
    let context = Some(inputs::PRESENTATION_HEADER.to_vec());
    (
        ProofSpec::new(prover, equality(), vec![], context.clone()),
        ProofSpec::new(verifier, equality(), vec![], context),
    )
}

pub fn side() -> Side {
    let mut rng = StdRng::seed_from_u64(2);
    let issued = issued(&mut rng);
    let (prover, verifier) = specifications(&issued, &mut rng);

    let mut witnesses = Witnesses::new();
    let hidden = issued
        .messages
        .iter()
        .copied()
        .enumerate()
        .filter(|(i, _)| !inputs::DISCLOSED.contains(i))
        .collect();
    witnesses.add(PoKBBSSignature23G1::new_as_witness(issued.signature.clone(), hidden));
    witnesses.add(Witness::BoundCheckLegoGroth16(issued.messages[inputs::BOUNDED]));

    let prove = {
        let mut rng = rng.clone();
        move |(spec, witnesses): (Spec, Witnesses<Bls12_381>)| {
            let nonce = None;
            let (proof, _) = Proof::<Bls12_381>::new::<StdRng, Blake2b512>(
                &mut rng,
                spec,
                witnesses,
                nonce,
                ProverConfig::default(),
            )
            .unwrap();
            encode(&proof)
        }
    };
    let octets = prove.clone()((prover.clone(), witnesses.clone()));
    let size = octets.len();
    let verify = move |spec: Spec| {
        Proof::<Bls12_381>::deserialize_compressed(&octets[..])
            .unwrap()
            .verify::<StdRng, Blake2b512>(&mut rng, spec, None, VerifierConfig::default())
            .unwrap()
    };
    Side {
        name: "proof_system 0.34, as shipped",
        entries: vec![
            Entry::prepared(
                Operation::Present,
                Some(size),
                move || (prover.clone(), witnesses.clone()),
                prove,
            ),
            Entry::prepared(Operation::PresentVerify, Some(size), move || verifier.clone(), verify),
        ],
    }
}
