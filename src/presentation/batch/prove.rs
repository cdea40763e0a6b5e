//! Proving for many holders or many requests, as a stream.

use crate::encoding::Wire;
use crate::presentation::prove::{Holding, ProveError, prove};
use crate::presentation::statement::Terms;
use crate::presentation::wire::Presentation;
use crate::request::PresentationRequest;
use crate::transcript::{Transcript, tag};
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRngCore, SeedableRng};
use rayon::prelude::*;
use sigil_circuits::ProvingKey;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use zeroize::Zeroizing;

/// Jobs held at a time for each thread of the pool. Threads wait for one another when these are
/// done: for half a presentation's time on average, so with 64 for less than 1 %.
const JOBS_PER_THREAD: usize = 64;

/// What is to be proven: one presentation. Implemented by whatever owns or borrows it.
pub trait Job: Send + Sync {
    /// The request that is answered.
    fn request(&self) -> &PresentationRequest;
    /// One credential for each role, in the policy's order.
    fn holdings(&self) -> Vec<Holding<'_>>;
}

/// A job by reference.
#[derive(Clone, Debug)]
pub struct ProveJob<'a> {
    /// The request that is answered.
    pub request: &'a PresentationRequest,
    /// One credential for each role, in the policy's order.
    pub holdings: Vec<Holding<'a>>,
}

impl Job for ProveJob<'_> {
    fn request(&self) -> &PresentationRequest {
        self.request
    }

    fn holdings(&self) -> Vec<Holding<'_>> {
        self.holdings.clone()
    }
}

/// The secret that all randomness of a batch derives from. Wiped on drop, redacted in `Debug`.
///
/// Each presentation's generator is seeded with a hash of it and of everything that is proven: the
/// request, the credentials, what is revealed. So a seed that is used again by mistake gives an
/// equal presentation for an equal job, and unrelated ones otherwise. It is meant to be used once
/// all the same: the proving key is not hashed, and with a damaged one an equal job would have equal
/// blindings under another challenge.
pub struct BatchSeed(Zeroizing<[u8; 32]>);

impl BatchSeed {
    /// From 32 octets that nobody can guess.
    pub fn new(octets: [u8; 32]) -> Self {
        BatchSeed(Zeroizing::new(octets))
    }

    /// A fresh one.
    pub fn random(rng: &mut impl CryptoRngCore) -> Self {
        let mut octets = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *octets);
        BatchSeed(octets)
    }

    pub(super) fn generator(&self, terms: &Terms, job: &impl Job) -> ChaCha20Rng {
        let mut transcript = Transcript::new(tag::BATCH_RANDOMNESS);
        transcript.absorb("seed", *self.0);
        transcript.absorb("format", Presentation::FORMAT);
        transcript.absorb_number("version", Presentation::VERSION as usize);
        transcript.absorb("bundle", terms.bundle().to_bytes());
        transcript.absorb("request", job.request().digest().to_bytes());
        for holding in job.holdings() {
            let credential = holding.credential;
            transcript.absorb("issuer", credential.issuer().to_bytes());
            transcript
                .absorb("signature", Zeroizing::new(credential.signature().to_bytes()).as_ref());
            transcript.absorb_number("messages", credential.messages().len());
            for message in credential.messages() {
                transcript.absorb("message", Zeroizing::new(message.to_bytes_be()).as_ref());
            }
            transcript.absorb_number("entries", holding.entries.len());
            for entry in holding.entries {
                let signature = Zeroizing::new(entry.held().signature().to_bytes());
                transcript.absorb("entry", signature.as_ref());
                transcript.absorb("head", entry.head().hash().to_bytes());
                let ends = entry.messages().iter().map(|end| Zeroizing::new(end.to_bytes_be()));
                ends.for_each(|end| transcript.absorb("end", end.as_ref()));
            }
            transcript.absorb_number("window", usize::from(holding.window.is_some()));
            if let Some(window) = holding.window {
                transcript.absorb_number("from", window.from() as usize);
                transcript.absorb_number("until", window.until() as usize);
            }
            transcript.absorb_number("revealed", holding.reveal.len());
            holding.reveal.iter().for_each(|name| transcript.absorb("name", name));
        }
        ChaCha20Rng::from_seed(*Zeroizing::new(transcript.finish()))
    }
}

impl fmt::Debug for BatchSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BatchSeed(redacted)")
    }
}

/// Watches a batch at work, from any thread, and stops it.
pub struct Watch<'a> {
    done: AtomicUsize,
    cancelled: AtomicBool,
    progress: Box<dyn Fn(usize) -> ControlFlow<()> + Send + Sync + 'a>,
}

impl<'a> Watch<'a> {
    /// `progress` is called with the number of jobs done whenever another one is, on the thread
    /// that did it; the numbers of concurrent calls may come out of order. Where it breaks, the
    /// batch is cancelled.
    pub fn new(progress: impl Fn(usize) -> ControlFlow<()> + Send + Sync + 'a) -> Self {
        let (done, cancelled) = (AtomicUsize::new(0), AtomicBool::new(false));
        Watch { done, cancelled, progress: Box::new(progress) }
    }

    /// Jobs done so far, well or not.
    pub fn done(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    /// No further job is begun. Those at work are finished; those that were taken from the iterator
    /// and not begun come out as [`ProveError::Cancelled`]; no further ones are taken.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn count(&self) {
        if (self.progress)(self.done.fetch_add(1, Ordering::Relaxed) + 1).is_break() {
            self.cancel();
        }
    }
}

impl Default for Watch<'_> {
    fn default() -> Self {
        Self::new(|_| ControlFlow::Continue(()))
    }
}

impl fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("done", &self.done())
            .field("cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}

/// Proves jobs under the same terms, as [`prove`] does each: gives every job back with its result,
/// in the order of the jobs.
///
/// Work goes on in `next` only, on the threads of the rayon pool that it is called in: jobs are
/// taken when a result is asked for, and whoever asks no more cancels the rest. Memory is bounded
/// by 64 jobs with their presentations for each of these threads, whatever the number of jobs.
pub fn prove_batch<'a, J>(
    terms: &'a Terms,
    key: Option<&'a ProvingKey>,
    seed: &'a BatchSeed,
    jobs: impl Iterator<Item = J> + 'a,
    watch: &'a Watch<'a>,
) -> impl Iterator<Item = (J, Result<Presentation, ProveError>)> + 'a
where
    J: Job + 'a,
{
    let mut jobs = jobs.fuse();
    let chunks = std::iter::from_fn(move || {
        if watch.is_cancelled() {
            return None;
        }
        let most = JOBS_PER_THREAD * rayon::current_num_threads();
        let chunk: Vec<J> = jobs.by_ref().take(most).collect();
        let prove_one = |job: J| {
            if watch.is_cancelled() {
                return (job, Err(ProveError::Cancelled));
            }
            let mut rng = seed.generator(terms, &job);
            let made = prove(terms, job.request(), &job.holdings(), key, &mut rng);
            watch.count();
            (job, made)
        };
        let made: Vec<_> = chunk.into_par_iter().with_max_len(1).map(prove_one).collect();
        (!made.is_empty()).then_some(made)
    });
    chunks.flatten()
}
