//! The peers of sigil beside it: in one process, on the same inputs, in alternating rounds, on one
//! thread. Prints a table of medians and ratios.
//!
//! ```text
//! cargo run --release --manifest-path benches/peers/Cargo.toml -- \
//!     [batch] [--quick] [--rounds N]
//! ```
//!
//! Between the rounds it measures the primitives, and from those and the counts in `floors.rs` prints
//! how near to its floor each operation of ours comes. The last table holds what was measured
//! against what was to be shown. With `batch` it measures batches instead, for which there is no peer: a
//! minute or two.
//!
//! What is given to a peer is given in the form that suits it best: parameters and keys are
//! prepared beforehand, copies that only its signatures force are made off the clock, and its
//! multi-threading is off at compile time. Decoding from octets is on the clock on both sides of
//! every verification, encoding on both sides of every proof.

mod batch;
mod bbs_041;
mod bbs_plus_025;
#[path = "../../scaling/comparisons.rs"]
mod comparisons;
mod contest;
#[path = "../../scaling/cores.rs"]
mod cores;
#[path = "../../scaling/crowd.rs"]
mod crowd;
mod fair_lego;
mod floors;
mod groth16_06;
mod inputs;
mod ours;
mod primitives;
mod proof_system_034;
mod report;
#[path = "../../../tests/scenario/mod.rs"]
mod scenario;
mod wallet;
mod zkryptium_08;

use batch::Size;
use contest::{Line, Operation, Side, contest};
use primitives::Primitives;
use report::{Bound, Requirement};
use std::process::{Command, ExitCode};

const ROUNDS: usize = 60;
const QUICK: usize = 7;

/// Constraints at which proving is compared, and by what the rounds of each are divided: proofs of the
/// largest take a fifth of a second each.
const LADDER: [(usize, usize); 4] = [(25, 1), (65, 1), (520, 2), (8_192, 6)];

fn main() -> ExitCode {
    let Some(Arguments { batch, quick, rounds }) = arguments(std::env::args().skip(1)) else {
        eprintln!("usage: sigil-peers [batch] [--quick] [--rounds N], N at least 1");
        return ExitCode::from(2);
    };
    // This thread becomes the only one of the pool: whoever calls rayon stays on it.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global();
    if let Err(error) = pool {
        eprintln!("cannot hold the thread pool to one thread: {error}");
        return ExitCode::FAILURE;
    }

    println!("machine   {}", machine());
    println!("compiler  {}", compiler());
    if batch {
        let size = if quick { Size::QUICK } else { Size::FULL };
        let rounds = rounds.unwrap_or(size.rounds);
        report::must_show(&batch::run(Size { rounds, ..size }));
    } else {
        peers(rounds.unwrap_or(if quick { QUICK } else { ROUNDS }));
    }
    ExitCode::SUCCESS
}

/// Everything that has a peer, and the rate of issuing.
fn peers(rounds: usize) {
    println!("rounds    {rounds}, alternating, one thread, medians");
    println!(
        "inputs    {} messages, {} revealed; bound of 64 bits on one hidden message\n",
        inputs::MESSAGES,
        inputs::DISCLOSED.len()
    );
    let mut primitives = Primitives::new();
    let lines = contests(rounds, &mut primitives);
    let issued = ours::issue().alone(10 * rounds);
    let medians = primitives.best();
    report::contests(&lines, &medians);
    println!("\nissue: {:.3} ms a credential\n", issued.as_secs_f64() * 1e3);
    primitives.print();
    let mut operations = Vec::new();
    for operation in lines.iter().map(|line| line.operation).chain([Operation::Issue]) {
        if !operations.contains(&operation) {
            operations.push(operation);
        }
    }
    floors::print(&operations, &medians);
    let mut requirements = report::requirements(&lines, &medians);
    requirements.push(Requirement::new(
        "credentials of 16 fields issued a second, JSON to JSON, 1 core",
        Bound::AtLeast(4_000.0),
        Some(1.0 / issued.as_secs_f64()),
    ));
    report::must_show(&requirements);
}

fn contests(rounds: usize, primitives: &mut Primitives) -> Vec<Line> {
    let mut ours = ours::side();
    let peers = [
        zkryptium_08::side,
        bbs_plus_025::side,
        bbs_041::side,
        groth16_06::side,
        proof_system_034::side,
        fair_lego::side,
    ];
    let mut lines = Vec::new();
    for peer in peers {
        lines.extend(contest(&mut ours, &mut peer(), rounds, primitives));
    }
    for (count, share) in LADDER {
        let (mut ours, mut theirs): (Side, Side) =
            (ours::ladder(&[count]), groth16_06::ladder(&[count]));
        let rounds = (rounds / share).max(3);
        lines.extend(contest(&mut ours, &mut theirs, rounds, primitives));
    }
    lines
}

struct Arguments {
    batch: bool,
    quick: bool,
    rounds: Option<usize>,
}

fn arguments(mut arguments: impl Iterator<Item = String>) -> Option<Arguments> {
    let mut parsed = Arguments { batch: false, quick: false, rounds: None };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "batch" => parsed.batch = true,
            "--quick" => parsed.quick = true,
            "--rounds" => {
                parsed.rounds = Some(arguments.next()?.parse().ok().filter(|&n| n > 0)?);
            }
            _ => return None,
        }
    }
    Some(parsed)
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, |n| n.get());
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("unknown processor", |(_, model)| model.trim());
    format!("{model}, {cores} cores, {}", std::env::consts::ARCH)
}

fn compiler() -> String {
    Command::new("rustc")
        .arg("--version")
        .output()
        .map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned())
        .unwrap_or_else(|_| "unknown rustc".into())
}
