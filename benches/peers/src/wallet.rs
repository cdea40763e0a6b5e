//! Proofs from a signature that is kept: the point B with it, and with tables of its own for A and B. The
//! peers compute B for each proof; they are compared as they are.

use crate::contest::{Entry, Operation};
use crate::inputs;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sigil::bbs::{Generators, HeldSignature, Interface, ProofInit, SecretKey, Suite, standard};

/// Held as it comes, and prepared.
pub fn entries() -> [Entry; 2] {
    [entry(Operation::ProofGenHeld, false), entry(Operation::ProofGenPrepared, true)]
}

fn entry(operation: Operation, prepare: bool) -> Entry {
    let suite = Suite::Sha256;
    let secret = SecretKey::generate(suite, &[7u8; 32], b"", None).unwrap();
    let public = *secret.public_key();
    let messages = standard::messages_to_scalars(suite, &inputs::octets());
    let generators = Generators::new(Interface::standard(suite), inputs::MESSAGES).unwrap();
    generators.prepare();
    let held = HeldSignature::sign(&secret, &generators, inputs::HEADER, &messages).unwrap();
    if prepare {
        held.prepare();
    }
    let mut rng = ChaCha20Rng::seed_from_u64(15);
    let mut prove = move || {
        let (header, shown) = (inputs::HEADER, &inputs::DISCLOSED);
        ProofInit::new(&public, &held, &generators, header, &messages, shown, &mut rng)
            .unwrap()
            .finalize(inputs::PRESENTATION_HEADER)
            .unwrap()
            .to_bytes()
    };
    let size = prove().len();
    Entry::new(operation, Some(size), prove)
}
