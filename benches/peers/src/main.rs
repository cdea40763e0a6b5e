//! The peers of sigil beside it: in one process, on the same inputs, in alternating rounds, on one
//! thread. Prints a table of medians and ratios.
//!
//! ```text
//! cargo run --release --manifest-path benches/peers/Cargo.toml -- [--quick] [--rounds N]
//! ```
//!
//! What is given to a peer is given in the form that suits it best: parameters and keys are
//! prepared beforehand, copies that only its signatures force are made off the clock, and its
//! multi-threading is off at compile time. Decoding from octets is on the clock on both sides of
//! every verification, encoding on both sides of every proof.

mod bbs_041;
mod bbs_plus_025;
mod contest;
mod fair_lego;
mod groth16_06;
mod inputs;
mod ours;
mod proof_system_034;
#[path = "../../../tests/scenario/mod.rs"]
mod scenario;
mod zkryptium_08;

use std::process::{Command, ExitCode};
use std::time::Instant;

const ROUNDS: usize = 60;
const QUICK: usize = 7;

fn main() -> ExitCode {
    let Some(rounds) = rounds(std::env::args().skip(1)) else {
        eprintln!("usage: sigil-peers [--quick] [--rounds N], N at least 1");
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
    println!("rounds    {rounds}, alternating, one thread, medians");
    println!("unit      one G1 multiplication of blst: {:.1} us", multiplication());
    println!(
        "inputs    {} messages, {} revealed; bound of 64 bits on one hidden message\n",
        inputs::MESSAGES,
        inputs::DISCLOSED.len()
    );

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
        lines.extend(contest::contest(&mut ours, &mut peer(), rounds));
    }
    contest::print(&lines);
    ExitCode::SUCCESS
}

fn rounds(mut arguments: impl Iterator<Item = String>) -> Option<usize> {
    let mut rounds = ROUNDS;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => rounds = QUICK,
            "--rounds" => rounds = arguments.next()?.parse().ok().filter(|&n| n > 0)?,
            _ => return None,
        }
    }
    Some(rounds)
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

/// Microseconds of one variable-base multiplication in G1 of BLS12-381.
fn multiplication() -> f64 {
    use group::{Group, ff::Field};
    let mut rng = rand_core::OsRng;
    let point = blstrs::G1Projective::random(&mut rng);
    let times = (0..200).map(|_| {
        let scalar = blstrs::Scalar::random(&mut rng);
        let start = Instant::now();
        std::hint::black_box(std::hint::black_box(point) * scalar);
        start.elapsed()
    });
    contest::median(times.collect()).as_secs_f64() * 1e6
}
