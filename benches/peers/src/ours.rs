//! Our side: the standard interface on octets, so that hashing messages to scalars is on our clock
//! even beside those who are given scalars.

use crate::comparisons::Comparisons;
use crate::contest::{Entry, Operation, Side};
use crate::scenario::{self, SIXTEEN, SIXTEEN_POLICY, SIXTEEN_RECORD, Scenario};
use crate::{cores, inputs, wallet};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sigil::bbs::{Generators, Interface, Proof, SecretKey, Signature, Suite, standard};
use sigil::encoding::Wire;
use sigil::presentation::{self, Presentation};
use sigil::schema::Schema;
use sigil_circuits::{Comparison, Formula, Interval, Linear, Param, Shape, Slot};
use std::rc::Rc;
use std::sync::Arc;

const SUITE: Suite = Suite::Sha256;

/// Our entries.
pub fn side() -> Side {
    let mut entries = bbs();
    entries.extend(wallet::entries());
    entries.push(reveal());
    entries.extend(groth16());
    entries.extend(presentation());
    Side { name: "sigil", entries }
}

/// A 64-bit threshold and the validity window.
pub fn shape() -> Shape {
    let slot = |index| Linear { slots: vec![(1, Slot(index))], params: vec![] };
    let param = |index| Linear { slots: vec![], params: vec![(1, Param(index))] };
    Shape::new(
        vec![Interval::bits(64), Interval::bits(22), Interval::bits(22)],
        vec![Interval::bits(64), Interval::bits(22)],
        Formula::All(vec![
            Formula::compare(slot(0), Comparison::Ge, param(0)),
            Formula::compare(slot(1), Comparison::Le, param(1)),
            Formula::compare(param(1), Comparison::Lt, slot(2)),
        ]),
    )
    .unwrap()
}

fn groth16() -> Vec<Entry> {
    let mut rng = ChaCha20Rng::seed_from_u64(6);
    let key = Rc::new(sigil_circuits::setup(&shape(), &mut rng).unwrap());
    let [from, now, until] = inputs::HOURS.map(i128::from);
    let slots = [inputs::VALUE.into(), from, until];
    let params = [inputs::THRESHOLD.into(), now];
    let proving = key.clone();
    let mut prove = move || {
        let proved = proving.prove(&slots, &params, &mut rng).unwrap();
        (proved.proof.to_bytes(), proved.commitment.to_bytes())
    };
    let (proof, commitment) = prove();
    let size = proof.len() + commitment.len();
    let verify = move || {
        let proof = sigil_circuits::Proof::from_bytes(&proof).unwrap();
        let commitment = sigil_circuits::Commitment::from_bytes(&commitment).unwrap();
        key.verifying_key().verify(&params, &commitment, &proof).unwrap()
    };
    vec![
        Entry::new(Operation::Groth16Prove, Some(size), prove),
        Entry::new(Operation::Groth16Verify, Some(size), verify),
    ]
}

/// Proving at other sizes.
pub fn ladder(counts: &[usize]) -> Side {
    let mut rng = ChaCha20Rng::seed_from_u64(10);
    let entries = counts.iter().map(|count| {
        let Comparisons { shape, slots, params, .. } = Comparisons::with_constraints(*count);
        let key = sigil_circuits::setup(&shape, &mut rng).unwrap();
        let mut rng = rng.clone();
        Entry::new(Operation::Groth16ProveOf(*count), Some(160), move || {
            let proved = key.prove(&slots, &params, &mut rng).unwrap();
            (proved.proof.to_bytes(), proved.commitment.to_bytes())
        })
    });
    Side { name: "sigil", entries: entries.collect() }
}

/// A record of sixteen fields, as JSON, to a signed credential, as JSON: reading and writing are part
/// of issuing.
pub fn issue() -> Entry {
    let schema = Arc::new(Schema::parse(SIXTEEN.as_bytes()).unwrap());
    let issuer = scenario::issuer(&schema, SUITE, 12);
    let mut counter = 0;
    Entry::new(Operation::Issue, None, move || {
        let record = schema.record_from_json(SIXTEEN_RECORD.as_bytes()).unwrap();
        counter += 1;
        issuer.issue(record, scenario::validity(), counter).unwrap().to_json().unwrap()
    })
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

/// Sixteen fields, eight revealed, and no predicate: what is left of the policy without its parameters.
fn reveal_only() -> Scenario {
    let policy = SIXTEEN_POLICY.split("[params]").next().unwrap();
    let policy = policy.replacen("[[claims]]", "validity = \"reveal\"\n\n[[claims]]", 1);
    Scenario::new(&policy, &[(SIXTEEN, SIXTEEN_RECORD)])
}

fn reveal() -> Entry {
    let scenario = reveal_only();
    let mut rng = ChaCha20Rng::seed_from_u64(13);
    let mut prove = move || {
        let Scenario { terms, request, .. } = &scenario;
        let made = presentation::prove(terms, request, &scenario.holdings(), None, &mut rng);
        made.unwrap().to_bytes()
    };
    let size = prove().len();
    Entry::new(Operation::Reveal, Some(size), prove)
}

/// Sixteen fields, eight revealed, one 64-bit threshold and the validity window proven: the scenario
/// of our own tests. With the holder's secret, the status handle and the two dates that is twenty
/// signed messages where the peers have sixteen, and three comparisons where they have one bound.
fn presentation() -> Vec<Entry> {
    let scenario = Arc::new(Scenario::new(SIXTEEN_POLICY, &[(SIXTEEN, SIXTEEN_RECORD)]));
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    let prover = scenario.clone();
    let mut prove = move || {
        let Scenario { terms, request, key, .. } = &*prover;
        presentation::prove(terms, request, &prover.holdings(), key.as_ref(), &mut rng)
            .unwrap()
            .to_bytes()
    };
    let octets = prove();
    let size = octets.len();
    let verify = move || {
        let presentation = Presentation::from_bytes(&octets).unwrap();
        scenario.verify(&presentation).map_err(|_| ()).unwrap()
    };
    let verify = Arc::new(verify);
    let on_two = verify.clone();
    vec![
        Entry::new(Operation::Present, Some(size), prove),
        Entry::new(Operation::PresentVerify, Some(size), move || verify()),
        Entry::within(cores::pool(2), Operation::PresentVerifyTwo, Some(size), move || on_two()),
    ]
}
