//! What things cost as they grow: messages, revealed share, slots, constraints, threads, batches, and
//! the memory of a stream of proofs. One CSV file and one SVG plot a series under `target/scaling/`,
//! and a summary in Markdown on the terminal.
//!
//! ```text
//! cargo bench --bench scaling [-- [--quick] [SERIES..]]
//! ```
//!
//! A point is the median of several runs within a bound of time, on one thread unless the series is
//! about threads. `--quick` takes a few runs of fewer points, to see that all of it works. The names
//! of series, or beginnings of them, choose some.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run must stop")]

#[path = "../tests/scenario/mod.rs"]
mod scenario;

#[path = "scaling/batches.rs"]
mod batches;
#[path = "scaling/bbs.rs"]
mod bbs;
#[path = "scaling/circuits.rs"]
mod circuits;
#[path = "scaling/comparisons.rs"]
mod comparisons;
#[path = "scaling/cores.rs"]
mod cores;
#[path = "scaling/crowd.rs"]
mod crowd;
#[path = "scaling/plot.rs"]
mod plot;
#[path = "scaling/presentations.rs"]
mod presentations;
#[path = "scaling/series.rs"]
mod series;

use series::{Effort, Series};
use std::path::PathBuf;
use std::time::Instant;

/// A series: its name, and what measures it.
type Entry = (&'static str, fn(Effort) -> Series);

const ALL: [Entry; 8] = [
    ("messages", bbs::messages),
    ("revealed", bbs::revealed),
    ("slots", presentations::slots),
    ("constraints", circuits::constraints),
    ("threads", presentations::threads),
    ("batch", batches::batch),
    ("throughput", batches::throughput),
    ("memory", batches::memory),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut effort = Effort::Full;
    let mut wanted = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // What cargo passes to every bench.
            "--bench" => {}
            "--quick" => effort = Effort::Quick,
            batches::MEMORY => {
                let count = arguments.next().ok_or("a number of presentations")?.parse()?;
                batches::print_memory(count);
                return Ok(());
            }
            name if ALL.iter().any(|(series, _)| series.starts_with(name)) => {
                wanted.push(argument);
            }
            _ => {
                let names: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
                eprintln!("usage: scaling [--quick] [SERIES..], of {}", names.join(", "));
                std::process::exit(2);
            }
        }
    }
    // This thread becomes the only one of the pool, for all series that do not make their own.
    rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global()?;
    let directory = directory();
    std::fs::create_dir_all(&directory)?;
    let mut summary = String::new();
    for (name, measure) in ALL {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| name.starts_with(wanted)) {
            continue;
        }
        let start = Instant::now();
        let series = measure(effort);
        std::fs::write(directory.join(format!("{name}.csv")), series.to_csv())?;
        std::fs::write(directory.join(format!("{name}.svg")), plot::svg(&series))?;
        summary.push_str(&series.to_markdown());
        eprintln!("{name}: {:.1} s", start.elapsed().as_secs_f64());
    }
    println!("{summary}");
    eprintln!("written to {}", directory.display());
    Ok(())
}

/// `target/scaling`, wherever the target directory is: the bench itself lies in `release/deps` there.
fn directory() -> PathBuf {
    let program = std::env::current_exe().ok();
    let target = program.as_deref().and_then(|program| program.ancestors().nth(3));
    target.map_or_else(|| PathBuf::from("target"), PathBuf::from).join("scaling")
}
