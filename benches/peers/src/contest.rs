//! What is compared, and how: one operation of ours beside the same of a peer, in alternating
//! rounds, so that a busy machine or a changed clock falls on both. Every round takes a sample of
//! the primitives too, for the floors.

use crate::primitives::Primitives;
use std::time::{Duration, Instant};

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Sign sixteen messages.
    Sign,
    /// Decode a signature and verify it.
    Verify,
    /// Prove, revealing eight messages; to octets.
    ProofGen,
    /// A proof from a signature that is kept with its point B; beside a proof.
    ProofGenHeld,
    /// The same with tables of its own.
    ProofGenPrepared,
    /// A presentation of a credential of sixteen fields under a policy without predicates, revealing
    /// eight: a BBS proof and little else; beside a proof.
    Reveal,
    /// Decode a proof and verify it.
    ProofVerify,
    /// Groth16 over BN254 on the constraint system of our presentation.
    Groth16Prove,
    /// Its verification, from octets.
    Groth16Verify,
    /// Groth16 over BN254 on so many constraints.
    Groth16ProveOf(usize),
    /// A whole presentation: signature proof and bound; to octets.
    Present,
    /// Decode a presentation and verify it.
    PresentVerify,
    /// The same with two threads; beside a peer that keeps to its one.
    PresentVerifyTwo,
    /// A record of sixteen fields to a credential's document.
    Issue,
}

impl Operation {
    /// As printed.
    pub fn name(self) -> String {
        match self {
            Operation::Sign => "sign".into(),
            Operation::Verify => "verify".into(),
            Operation::ProofGen => "proof gen".into(),
            Operation::ProofGenHeld => "  from a wallet".into(),
            Operation::ProofGenPrepared => "  with tables".into(),
            Operation::Reveal => "  by credential".into(),
            Operation::ProofVerify => "proof verify".into(),
            Operation::Groth16Prove => "groth16 prove".into(),
            Operation::Groth16Verify => "groth16 verify".into(),
            Operation::Groth16ProveOf(count) => format!("groth16 {count}"),
            Operation::Present => "present".into(),
            Operation::PresentVerify => "present verify".into(),
            Operation::PresentVerifyTwo => "  on 2 threads".into(),
            Operation::Issue => "issue".into(),
        }
    }

    /// The operation of a peer that it is compared with.
    fn opponent(self) -> Self {
        match self {
            Operation::ProofGenHeld | Operation::ProofGenPrepared | Operation::Reveal => {
                Operation::ProofGen
            }
            Operation::PresentVerifyTwo => Operation::PresentVerify,
            other => other,
        }
    }
}

/// One timed run: what it took, without what the run had to copy beforehand.
type Run = Box<dyn FnMut() -> Duration>;

/// One side's implementation of one operation.
pub struct Entry {
    /// What it does.
    pub operation: Operation,
    /// Octets of what it makes or reads, where that says something.
    pub octets: Option<usize>,
    run: Run,
}

impl Entry {
    /// An operation that needs nothing copied first.
    pub fn new<T>(
        operation: Operation,
        octets: Option<usize>,
        mut body: impl FnMut() -> T + 'static,
    ) -> Self {
        Self::prepared(operation, octets, || (), move |()| body())
    }

    /// An operation that consumes its inputs: `prepare` copies them, off the clock.
    pub fn prepared<I, T>(
        operation: Operation,
        octets: Option<usize>,
        mut prepare: impl FnMut() -> I + 'static,
        mut body: impl FnMut(I) -> T + 'static,
    ) -> Self {
        let run = Box::new(move || {
            let input = prepare();
            let start = Instant::now();
            let output = body(input);
            let taken = start.elapsed();
            std::hint::black_box(output);
            taken
        });
        Self { operation, octets, run }
    }

    /// An operation on the threads of a pool. The clock runs in the pool: a verifier that has one is
    /// in it already.
    pub fn within<T: Send>(
        pool: rayon::ThreadPool,
        operation: Operation,
        octets: Option<usize>,
        body: impl Fn() -> T + Send + Sync + 'static,
    ) -> Self {
        let run = Box::new(move || {
            pool.install(|| {
                let start = Instant::now();
                let output = body();
                let taken = start.elapsed();
                std::hint::black_box(output);
                taken
            })
        });
        Self { operation, octets, run }
    }

    /// The median by itself, for what no peer has.
    pub fn alone(&mut self, rounds: usize) -> Duration {
        (self.run)();
        median((0..rounds).map(|_| (self.run)()).collect())
    }
}

/// An implementation under its name.
pub struct Side {
    /// As printed, with its version.
    pub name: &'static str,
    /// What it can do.
    pub entries: Vec<Entry>,
}

/// The outcome of one side in one contest.
#[derive(Clone, Copy)]
pub struct Outcome {
    /// The median.
    pub time: Duration,
    /// Octets made or read.
    pub octets: Option<usize>,
}

/// One line of the table.
pub struct Line {
    /// What was done.
    pub operation: Operation,
    /// By whom, beside us.
    pub peer: &'static str,
    /// We.
    pub ours: Outcome,
    /// The peer.
    pub theirs: Outcome,
}

impl Line {
    /// The peer's time over ours: above one, ours is the faster.
    pub fn ratio(&self) -> f64 {
        self.theirs.time.as_secs_f64() / self.ours.time.as_secs_f64()
    }
}

/// Runs every operation of ours that `peer` has a like of beside it, alternating.
pub fn contest(
    ours: &mut Side,
    peer: &mut Side,
    rounds: usize,
    primitives: &mut Primitives,
) -> Vec<Line> {
    let mut lines = Vec::new();
    for own in &mut ours.entries {
        let opponent = own.operation.opponent();
        let Some(theirs) = peer.entries.iter_mut().find(|e| e.operation == opponent) else {
            continue;
        };
        let (mut own_times, mut their_times) = (Vec::new(), Vec::new());
        // The first two rounds warm caches and are not counted.
        for round in 0..rounds + 2 {
            let (own_time, their_time) = ((own.run)(), (theirs.run)());
            if round >= 2 {
                own_times.push(own_time);
                their_times.push(their_time);
                primitives.sample();
            }
        }
        lines.push(Line {
            operation: own.operation,
            peer: peer.name,
            ours: Outcome { time: median(own_times), octets: own.octets },
            theirs: Outcome { time: median(their_times), octets: theirs.octets },
        });
    }
    lines
}

/// The median of at least one value.
pub fn median<T: Copy + PartialOrd>(mut values: Vec<T>) -> T {
    values.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values[values.len() / 2]
}
