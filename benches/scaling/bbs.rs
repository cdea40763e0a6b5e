//! BBS by itself, from and to octets.

use crate::scenario::rng;
use crate::series::{Effort, Scale, Series};
use sigil::bbs::{Generators, Interface, Proof, SecretKey, Signature, Suite, standard};

const SUITE: Suite = Suite::Sha256;
const HEADER: &[u8] = b"scaling: header";
const PH: &[u8] = b"scaling: presentation header";

/// A signature on so many messages of 32 octets.
struct Signed {
    key: SecretKey,
    messages: Vec<[u8; 32]>,
    signature: Signature,
}

impl Signed {
    fn new(count: usize) -> Self {
        let generators = Generators::new(Interface::standard(SUITE), count).expect("within bounds");
        generators.prepare();
        let key = SecretKey::random(&mut rng(1));
        let messages: Vec<[u8; 32]> = (0..count).map(|i| [i as u8; 32]).collect();
        let signature = standard::sign(SUITE, &key, HEADER, &messages).expect("sizes fit");
        Signed { key, messages, signature }
    }

    fn sign(&self) -> [u8; Signature::LEN] {
        standard::sign(SUITE, &self.key, HEADER, &self.messages).expect("sizes fit").to_bytes()
    }

    fn verify(&self, octets: &[u8]) {
        let signature = Signature::from_bytes(octets).expect("our own octets");
        standard::verify(SUITE, self.key.public_key(), &signature, HEADER, &self.messages)
            .expect("it is valid");
    }

    fn prove(&self, revealed: &[usize], seed: u64) -> Vec<u8> {
        let public = self.key.public_key();
        let (signature, messages, mut rng) = (&self.signature, &self.messages, rng(seed));
        standard::proof_gen(SUITE, public, signature, HEADER, PH, messages, revealed, &mut rng)
            .expect("sizes fit")
            .to_bytes()
    }

    fn verify_proof(&self, revealed: &[usize], octets: &[u8]) {
        let proof = Proof::from_bytes(octets).expect("our own octets");
        let shown: Vec<_> = revealed.iter().map(|&i| (i, self.messages[i])).collect();
        standard::proof_verify(SUITE, self.key.public_key(), &proof, HEADER, PH, &shown)
            .expect("it is valid");
    }
}

/// Cost against messages, every second one revealed.
pub(crate) fn messages(effort: Effort) -> Series {
    let mut series = Series::new(
        "BBS, every second message revealed",
        "messages",
        [Scale::Logarithmic; 2],
        &[
            ("sign", "ms"),
            ("verify", "ms"),
            ("prove", "ms"),
            ("verify proof", "ms"),
            ("proof", "octets"),
        ],
    );
    for count in effort.points(&[4, 8, 16, 32, 64, 128, 256], 3) {
        let signed = Signed::new(count);
        let revealed: Vec<usize> = (0..count).step_by(2).collect();
        let (signature, proof) = (signed.sign(), signed.prove(&revealed, 2));
        let mut seed = 2;
        let values = vec![
            effort.milliseconds(|| signed.sign()),
            effort.milliseconds(|| signed.verify(&signature)),
            effort.milliseconds(|| {
                seed += 1;
                signed.prove(&revealed, seed)
            }),
            effort.milliseconds(|| signed.verify_proof(&revealed, &proof)),
            proof.len() as f64,
        ];
        series.push(count as f64, values);
    }
    series
}

/// Cost against the share that is revealed.
pub(crate) fn revealed(effort: Effort) -> Series {
    const MESSAGES: usize = 32;
    let mut series = Series::new(
        "BBS, 32 messages",
        "revealed messages",
        [Scale::Linear; 2],
        &[("prove", "ms"), ("verify proof", "ms"), ("proof", "octets")],
    );
    let signed = Signed::new(MESSAGES);
    for count in effort.points(&[0, 4, 8, 12, 16, 20, 24, 28, 32], 3) {
        let revealed: Vec<usize> = (0..count).collect();
        let proof = signed.prove(&revealed, 3);
        let mut seed = 3;
        let values = vec![
            effort.milliseconds(|| {
                seed += 1;
                signed.prove(&revealed, seed)
            }),
            effort.milliseconds(|| signed.verify_proof(&revealed, &proof)),
            proof.len() as f64,
        ];
        series.push(count as f64, values);
    }
    series
}
