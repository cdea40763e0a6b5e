//! What is compared, and how: one operation of ours beside the same of a peer, in alternating
//! rounds, so that a busy machine or a changed clock falls on both.

use std::time::{Duration, Instant};

/// An operation that at least one peer shares with us.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Sign sixteen messages.
    Sign,
    /// Decode a signature and verify it.
    Verify,
    /// Prove, revealing eight messages; to octets.
    ProofGen,
    /// Decode a proof and verify it.
    ProofVerify,
    /// Groth16 over BN254 on our constraint system.
    Groth16Prove,
    /// Its verification, from octets.
    Groth16Verify,
    /// A whole presentation: signature proof and bound; to octets.
    Present,
    /// Decode a presentation and verify it.
    PresentVerify,
}

impl Operation {
    /// As printed.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Sign => "sign",
            Operation::Verify => "verify",
            Operation::ProofGen => "proof gen",
            Operation::ProofVerify => "proof verify",
            Operation::Groth16Prove => "groth16 prove",
            Operation::Groth16Verify => "groth16 verify",
            Operation::Present => "present",
            Operation::PresentVerify => "present verify",
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
}

/// An implementation under its name.
pub struct Side {
    /// As printed, with its version.
    pub name: &'static str,
    /// What it can do.
    pub entries: Vec<Entry>,
}

/// One line of the table.
pub struct Line {
    operation: Operation,
    peer: &'static str,
    ours: Option<(Duration, Option<usize>)>,
    theirs: (Duration, Option<usize>),
}

/// Runs every operation of `peer` beside ours of the same kind, alternating.
pub fn contest(ours: &mut Side, peer: &mut Side, rounds: usize) -> Vec<Line> {
    peer.entries
        .iter_mut()
        .map(|theirs| {
            let mut own = ours.entries.iter_mut().find(|e| e.operation == theirs.operation);
            let (mut own_times, mut their_times) = (Vec::new(), Vec::new());
            // The first two rounds warm caches and are not counted.
            for round in 0..rounds + 2 {
                let own_time = own.as_mut().map(|entry| (entry.run)());
                let their_time = (theirs.run)();
                if round >= 2 {
                    own_times.extend(own_time);
                    their_times.push(their_time);
                }
            }
            Line {
                operation: theirs.operation,
                peer: peer.name,
                ours: own.map(|entry| (median(own_times), entry.octets)),
                theirs: (median(their_times), theirs.octets),
            }
        })
        .collect()
}

/// The median of the times of at least one round.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Prints the table. The ratio is the peer's time over ours: above one, ours is the faster.
pub fn print(lines: &[Line]) {
    println!(
        "{:<16}{:<44}{:>11}{:>11}{:>9}{:>9}{:>9}",
        "operation", "peer", "ours ms", "peer ms", "ratio", "ours B", "peer B"
    );
    let milliseconds = |time: Duration| format!("{:.3}", time.as_secs_f64() * 1e3);
    let octets = |n: Option<usize>| n.map_or(String::new(), |n| n.to_string());
    for line in lines {
        let (own, ratio, own_octets) = match line.ours {
            Some((time, size)) => (
                milliseconds(time),
                format!("{:.2}x", line.theirs.0.as_secs_f64() / time.as_secs_f64()),
                octets(size),
            ),
            None => ("-".into(), "-".into(), String::new()),
        };
        println!(
            "{:<16}{:<44}{:>11}{:>11}{:>9}{:>9}{:>9}",
            line.operation.name(),
            line.peer,
            own,
            milliseconds(line.theirs.0),
            ratio,
            own_octets,
            octets(line.theirs.1),
        );
    }
}
