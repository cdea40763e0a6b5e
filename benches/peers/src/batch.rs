//! Batches: many presentations of one policy and many BBS proofs of one issuer, verified as one beside
//! one by one; many presentations proven. No peer has the like of it. Each comparison alternates its
//! sides, on threads bound to cores.

use crate::contest::median;
use crate::cores;
use crate::crowd::Crowd;
use crate::inputs;
use crate::report::{Bound, Requirement};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use sigil::bbs::{Generators, Interface, PairingBatch, Proof, SecretKey, Suite, standard};
use sigil::bbs::{PendingProof, proof_verify_deferred};
use sigil::curve::{Scalar, decode_scalar};
use std::sync::Arc;
use std::time::Instant;

/// How much is done.
#[derive(Clone, Copy)]
pub struct Size {
    /// Presentations, and proofs, in a batch.
    pub count: usize,
    /// Rounds.
    pub rounds: usize,
}

impl Size {
    /// As the requirements are put.
    pub const FULL: Self = Size { count: 1_000, rounds: 5 };
    /// To see that it works.
    pub const QUICK: Self = Size { count: 50, rounds: 1 };
}

/// The medians of alternating runs, in seconds.
fn alternate<const N: usize>(rounds: usize, runs: [&dyn Fn(); N]) -> [f64; N] {
    let mut times: [Vec<f64>; N] = std::array::from_fn(|_| Vec::new());
    for _ in 0..rounds {
        for (run, times) in runs.iter().zip(&mut times) {
            let start = Instant::now();
            run();
            times.push(start.elapsed().as_secs_f64());
        }
    }
    times.map(median)
}

/// Measures, prints, and says what was to be shown.
pub fn run(size: Size) -> Vec<Requirement> {
    println!("{} in a batch, {} rounds, alternating\n", size.count, size.rounds);
    let mut requirements = presentations(size);
    requirements.extend(proofs(size));
    requirements
}

fn print(what: &str, seconds: f64, count: usize) {
    let rate = count as f64 / seconds;
    println!("{what:<52}{:>10.3} ms each{rate:>10.0} a second", seconds * 1e3 / count as f64);
}

fn presentations(size: Size) -> Vec<Requirement> {
    let Size { count, rounds } = size;
    let crowd = Crowd::new(count);
    let (one, two) = (cores::pool(1), cores::pool(2));
    let answers = two.install(|| crowd.answers());
    let verify = alternate(
        rounds,
        [
            &|| one.install(|| crowd.verify_each(&answers)),
            &|| one.install(|| crowd.verify_all(&answers)),
            &|| two.install(|| crowd.verify_each(&answers)),
            &|| two.install(|| crowd.verify_all(&answers)),
        ],
    );
    let prove = || crowd.prove(count, |octets| drop(std::hint::black_box(octets)));
    let prove = alternate(rounds, [&|| one.install(prove), &|| two.install(prove)]);
    let [each_one, all_one, each_two, all_two] = verify;
    let [prove_one, prove_two] = prove;
    print("presentations verified one by one, 1 thread", each_one, count);
    print("presentations verified as a batch, 1 thread", all_one, count);
    print("presentations verified one by one, 2 threads", each_two, count);
    print("presentations verified as a batch, 2 threads", all_two, count);
    print("presentations proven, 1 thread", prove_one, count);
    print("presentations proven, 2 threads", prove_two, count);
    let shown = |what: &str, bound, figure| {
        let what = format!("{count} presentations: {what}");
        Requirement::new(what, Bound::AtLeast(bound), Some(figure))
    };
    vec![
        shown("batch over one by one, 1 thread", 2.2, each_one / all_one),
        shown("batch, 2 threads over 1", 1.85, all_one / all_two),
        shown("proving, 2 threads over 1", 1.9, prove_one / prove_two),
    ]
}

/// Proofs of the standard's interface, sixteen messages, eight revealed, from octets.
struct Proofs {
    key: SecretKey,
    generators: Arc<Generators>,
    shown: Vec<(usize, Scalar)>,
    octets: Vec<Vec<u8>>,
}

impl Proofs {
    const SUITE: Suite = Suite::Sha256;

    fn new(count: usize) -> Self {
        let interface = Interface::standard(Self::SUITE);
        let generators = Generators::new(interface, inputs::MESSAGES).unwrap();
        generators.prepare();
        let mut rng = ChaCha20Rng::seed_from_u64(14);
        let key = SecretKey::random(&mut rng);
        let messages = inputs::octets();
        let signature = standard::sign(Self::SUITE, &key, inputs::HEADER, &messages).unwrap();
        let mut prove = || {
            let (header, ph) = (inputs::HEADER, inputs::PRESENTATION_HEADER);
            let (public, shown) = (key.public_key(), &inputs::DISCLOSED);
            let suite = Self::SUITE;
            standard::proof_gen(suite, public, &signature, header, ph, &messages, shown, &mut rng)
                .unwrap()
                .to_bytes()
        };
        let octets = (0..count).map(|_| prove()).collect();
        let scalar = |index: usize| interface.message_to_scalar(&messages[index]);
        let shown = inputs::DISCLOSED.into_iter().map(|index| (index, scalar(index))).collect();
        Proofs { key, generators, shown, octets }
    }

    fn open<'a>(&self, proof: &'a Proof) -> PendingProof<'a> {
        let (header, ph) = (inputs::HEADER, inputs::PRESENTATION_HEADER);
        let (key, generators) = (self.key.public_key(), &self.generators);
        proof_verify_deferred(key, proof, generators, header, ph, &self.shown).unwrap()
    }

    fn verify_each(&self) {
        for octets in &self.octets {
            let proof = Proof::from_bytes(octets).unwrap();
            self.open(&proof).settle().unwrap();
        }
    }

    /// The coefficients are random here; whoever cannot trust their generator hashes all proofs.
    fn verify_all(&self) {
        let mut rng = ChaCha20Rng::from_entropy();
        let mut batch = PairingBatch::new();
        for octets in &self.octets {
            let proof = Proof::from_bytes(octets).unwrap();
            let mut coefficient = [0; 32];
            rng.fill_bytes(&mut coefficient[16..]);
            batch.add_proof(&self.open(&proof), &decode_scalar(&coefficient).unwrap());
        }
        assert!(batch.holds());
    }
}

fn proofs(size: Size) -> Vec<Requirement> {
    let Size { count, rounds } = size;
    let proofs = Proofs::new(count);
    let [each, all] = alternate(rounds, [&|| proofs.verify_each(), &|| proofs.verify_all()]);
    print("BBS proofs verified one by one, 1 thread", each, count);
    print("BBS proofs verified as a batch, 1 thread", all, count);
    let what = format!("{count} BBS proofs: batch over one by one, 1 thread");
    vec![Requirement::new(what, Bound::AtLeast(2.0), Some(each / all))]
}
