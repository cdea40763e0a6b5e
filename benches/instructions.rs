//! Instructions that six operations take, counted by callgrind: a record without the noise of clocks,
//! kept in the repository so that a regression shows in review.
//!
//! ```text
//! cargo bench --bench instructions              # counts, and compares with the record
//! cargo bench --bench instructions -- --record  # counts, and writes the record
//! ```
//!
//! The program runs itself once under valgrind, which takes some ten seconds. There every operation runs
//! [`REPEATS`] times within [`collected`], the only function in which callgrind counts, on one
//! thread, with tables built beforehand and generators seeded; so counts repeat to a fraction of a
//! percent. An instruction is not a unit of time: a count says that something changed, the clock of
//! the other benches says what it is worth. Valgrind's processor is not the machine's either: blst
//! and arkworks may take paths there, without ADX for one, that they would not take here.
//!
//! The record is `benches/instructions.csv`. Its head says how to refresh it.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run must stop")]

#[path = "../tests/scenario/mod.rs"]
mod scenario;

use scenario::rng;
use sigil::bbs::{Generators, Interface, Proof, SecretKey, Suite, standard};
use sigil::encoding::Wire;
use sigil::presentation::{self, Presentation};
use sigil_circuits::{Comparison, Formula, Interval, Linear, Param, Shape, Slot};
use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The names of the operations, in the order in which they are counted.
const OPERATIONS: [&str; 6] =
    ["sign", "proof_gen", "proof_verify", "groth16_prove", "present", "present_verify"];

/// Runs of each operation, of which the mean is recorded: random scalars differ in their digits.
const REPEATS: u64 = 4;

/// What makes this program the one that is counted.
const COUNTED: &str = "--counted";

const HEAD: &str = "\
# Instructions of one run of each operation, counted by callgrind: see benches/instructions.rs.
# 16 messages or fields, 8 of them revealed; Groth16 and presentations with one 64-bit threshold and the
# validity window; octets in and out; one thread.
# After a change that is meant to cost or save, refresh this file and say so in the commit:
#     cargo bench --bench instructions -- --record
";

fn main() -> ExitCode {
    let mut record = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            // What cargo passes to every bench.
            "--bench" => {}
            "--record" => record = true,
            COUNTED => {
                operations();
                return ExitCode::SUCCESS;
            }
            _ => {
                eprintln!("usage: instructions [--record]");
                return ExitCode::from(2);
            }
        }
    }
    match report(record) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Counts, prints, and writes the record if asked to or if there is none.
fn report(record: bool) -> Result<(), Box<dyn Error>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.csv");
    let recorded = std::fs::read_to_string(&file).ok().map(|text| parse(&text));
    let counts = count()?;
    let compiler = compiler();
    println!("{:<16}{:>16}{:>16}{:>10}", "operation", "instructions", "recorded", "change");
    for (name, count) in OPERATIONS.iter().zip(&counts) {
        let before = recorded.as_ref().and_then(|recorded| recorded.get(*name));
        let (before, change) = before.map_or(("-".into(), "-".into()), |(before, _)| {
            let change = (*count as f64 / *before as f64 - 1.0) * 100.0;
            (before.to_string(), format!("{change:+.2}%"))
        });
        println!("{name:<16}{count:>16}{before:>16}{change:>10}");
    }
    let compilers = recorded.iter().flat_map(|recorded| recorded.values());
    if let Some((_, other)) = compilers.into_iter().find(|(_, other)| *other != compiler) {
        println!("the record is of {other}, this is {compiler}");
    }
    if record || recorded.is_none() {
        let mut text = HEAD.to_owned() + "operation,instructions,compiler\n";
        for (name, count) in OPERATIONS.iter().zip(&counts) {
            text.push_str(&format!("{name},{count},{compiler}\n"));
        }
        std::fs::write(&file, text)?;
        println!("recorded in {}", file.display());
    }
    Ok(())
}

/// Instructions and compiler by operation.
fn parse(text: &str) -> BTreeMap<String, (u64, String)> {
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    let rows = rows.filter_map(|line| {
        let mut fields = line.splitn(3, ',');
        let (name, count) = (fields.next()?, fields.next()?.parse().ok()?);
        Some((name.to_owned(), (count, fields.next()?.to_owned())))
    });
    rows.collect()
}

fn compiler() -> String {
    let output = Command::new("rustc").arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_else(|_| "unknown".to_owned())
}

/// Runs this program under callgrind and reads one dump for each operation.
fn count() -> Result<Vec<u64>, Box<dyn Error>> {
    let directory: PathBuf =
        std::env::temp_dir().join(format!("instructions-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let dump = directory.join("dump");
    let outcome = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=instructions::collected"])
        .arg("--dump-after=instructions::collected")
        .arg(format!("--callgrind-out-file={}", dump.display()))
        .arg(std::env::current_exe()?)
        .arg(COUNTED)
        .output();
    let counts = match outcome {
        Err(error) => Err(format!(
            "valgrind cannot be run ({error}): install it, for example with \
             \"apt-get install valgrind\", and try again"
        )
        .into()),
        Ok(output) if !output.status.success() => {
            Err(format!("under valgrind: {}", String::from_utf8_lossy(&output.stderr)).into())
        }
        Ok(_) => (1..=OPERATIONS.len())
            .map(|number| summary(&directory.join(format!("dump.{number}"))))
            .collect(),
    };
    std::fs::remove_dir_all(&directory)?;
    counts
}

/// The number of instructions of a dump, per run.
fn summary(dump: &Path) -> Result<u64, Box<dyn Error>> {
    let text = std::fs::read_to_string(dump)?;
    let counts = |line: &str| {
        line.strip_prefix("summary:")
            .or_else(|| line.strip_prefix("totals:"))
            .and_then(|count| count.trim().parse::<u64>().ok())
    };
    let total = text.lines().find_map(counts).filter(|count| *count > 0);
    Ok(total.ok_or_else(|| format!("{}: nothing was counted", dump.display()))? / REPEATS)
}

/// Where callgrind counts. One call is one dump.
#[inline(never)]
fn collected(run: &mut dyn FnMut(u64)) {
    for seed in 0..REPEATS {
        run(black_box(seed));
    }
}

/// Warms a run's tables, then counts it.
fn measure<T>(mut run: impl FnMut(u64) -> T) {
    black_box(run(REPEATS));
    collected(&mut |seed| {
        black_box(run(seed));
    });
}

/// All operations, in the order of [`OPERATIONS`].
fn operations() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global();
    pool.expect("one thread");
    bbs();
    groth16();
    presentations();
}

fn bbs() {
    const HEADER: &[u8] = b"instructions: header";
    const PH: &[u8] = b"instructions: presentation header";
    let suite = Suite::Sha256;
    Generators::new(Interface::standard(suite), 16).expect("within bounds").prepare();
    let key = SecretKey::random(&mut rng(1));
    let public = key.public_key();
    let messages: Vec<[u8; 32]> = (0..16).map(|i| [i; 32]).collect();
    let revealed: Vec<usize> = (0..16).step_by(2).collect();
    let sign = |_| standard::sign(suite, &key, HEADER, &messages).expect("sizes fit");
    let signature = sign(0);
    let prove = |seed| {
        let mut rng = rng(seed);
        standard::proof_gen(suite, public, &signature, HEADER, PH, &messages, &revealed, &mut rng)
            .expect("sizes fit")
            .to_bytes()
    };
    let proofs: Vec<Vec<u8>> = (0..=REPEATS).map(prove).collect();
    let shown: Vec<_> = revealed.iter().map(|&i| (i, messages[i])).collect();
    measure(|seed| sign(seed).to_bytes());
    measure(prove);
    measure(|seed| {
        let proof = Proof::from_bytes(&proofs[seed as usize]).expect("our own octets");
        standard::proof_verify(suite, public, &proof, HEADER, PH, &shown).expect("it is valid")
    });
}

fn groth16() {
    let date = Interval::bits(22);
    let against = |slot, op, param| {
        Formula::compare(Linear::slot(Slot(slot)), op, Linear::param(Param(param)))
    };
    let formula = Formula::all(vec![
        against(0, Comparison::Ge, 0),
        against(1, Comparison::Le, 1),
        against(2, Comparison::Gt, 1),
    ]);
    let shape =
        Shape::new(vec![Interval::bits(64), date, date], vec![Interval::bits(64), date], formula);
    let key = sigil_circuits::setup(&shape.expect("a shape"), &mut rng(2)).expect("a key");
    measure(|seed| {
        let slots = [52_340_117_882, 480_000, 500_000];
        let made = key.prove(&slots, &[41_000_000_000, 490_000], &mut rng(seed));
        let made = made.expect("it holds");
        (made.proof.to_bytes(), made.commitment.to_bytes())
    });
}

fn presentations() {
    let scenario = scenario::sixteen();
    let holdings = scenario.holdings();
    let prove = |seed| {
        let (terms, request, key) = (&scenario.terms, &scenario.request, scenario.key.as_ref());
        let made = presentation::prove(terms, request, &holdings, key, &mut rng(seed));
        made.expect("it qualifies").to_bytes()
    };
    let octets: Vec<Vec<u8>> = (0..=REPEATS).map(prove).collect();
    measure(prove);
    measure(|seed| {
        let presentation = Presentation::from_bytes(&octets[seed as usize]);
        scenario.verify(&presentation.expect("our own octets")).expect("it is valid")
    });
}
