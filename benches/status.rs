//! What an epoch of a sorted list costs: publishing, the file, a lookup, verifying all of it.
//!
//! ```text
//! cargo bench --bench status [-- [--threads N] [HANDLES]]
//! ```
//!
//! By default 100,000 handles on two threads, each bound to a core. The floor is one constant-time
//! multiplication on G1 for each gap, measured in the same process on the same threads, before and
//! after: nothing that signs each gap can be faster. What it takes to sign gaps one by one, by
//! `bbs::sign`, is measured in between for comparison.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run must stop")]

#[path = "scaling/cores.rs"]
mod cores;

use rayon::ThreadPool;
use rayon::prelude::*;
use sigil::bbs::{Generators, Interface, SecretKey, Signature, Suite, sign};
use sigil::credential::StatusHandles;
use sigil::curve::{G1Affine, G1Projective, Scalar};
use sigil::status::file::{ListFile, publish, unwatched};
use sigil::status::{Elements, ListKey};
use sigil::value::Timestamp;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;
use std::time::{Duration, Instant};

/// Multiplications of each measurement of the floor.
const FLOOR: u64 = 10_000;
/// Lookups of which the median is taken.
const LOOKUPS: u64 = 51;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut count, mut threads) = (100_000u64, 2);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // What cargo passes to every bench.
            "--bench" => {}
            "--threads" => threads = arguments.next().ok_or("how many threads")?.parse()?,
            number => count = number.parse()?,
        }
    }
    let path = std::env::temp_dir().join(format!("sigil-bench-{}.list", std::process::id()));
    let measured = measure(count, &cores::pool(threads), threads, &path);
    let _gone = std::fs::remove_file(&path);
    measured
}

fn measure(
    count: u64,
    pool: &ThreadPool,
    threads: usize,
    path: &Path,
) -> Result<(), Box<dyn std::error::Error>> {
    let permutation = StatusHandles::new([7; 32]);
    let mut handles: Vec<u64> = (0..count).filter_map(|i| permutation.handle(i)).collect();
    handles.sort_unstable();
    let key = SecretKey::from_bytes(&[7; 32])?;
    let list = ListKey {
        list: "https://bench.example/revoked".to_owned(),
        authority: *key.public_key(),
        elements: Elements::Handle,
    };
    let time = |seconds| Timestamp::from_unix(seconds).ok_or("a time");
    let times = [time(1_800_000_000)?, time(1_800_086_400)?];
    // Tables and generators are of the process, not of the epoch.
    let mut small = std::io::Cursor::new(Vec::new());
    pool.install(|| publish(&key, &list, None, times, &handles[..64], &mut small, &unwatched))?;

    let before = [one_by_one(pool, &key)?, floor(pool)];
    let start = Instant::now();
    let mut out = BufWriter::new(File::create(path)?);
    pool.install(|| publish(&key, &list, None, times, &handles, &mut out, &unwatched))?;
    out.get_ref().sync_all()?;
    let published = start.elapsed();
    let after = [one_by_one(pool, &key)?, floor(pool)];
    let [alone, floor] = [0, 1].map(|at| (before[at] + after[at]) / 2);
    let memory = peak_memory();
    drop(out);

    let octets = path.metadata()?.len();
    let gaps = u32::try_from(count + 1)?;
    let line = |what: &str, time: Duration, note: &str| {
        let each = time.as_secs_f64() * 1e6 / f64::from(gaps);
        println!("  {what:20} {:.2} s, {each:.1} µs a gap{note}", time.as_secs_f64());
    };
    println!("{count} handles, {threads} threads");
    line("published", published, "");
    line("floor", floor * gaps, ": one multiplication on G1");
    line("one by one", alone * gaps, ", before it is written");
    let ratio = published.as_secs_f64() / (floor * gaps).as_secs_f64();
    println!("  {:20} {ratio:.3}", "ratio to the floor");
    println!("  {:20} {:.2} MiB", "file", octets as f64 / 1_048_576.0);
    println!("  {:20} {memory}", "peak memory");
    lookups(path, &handles)?;
    let mut file = ListFile::open(BufReader::new(File::open(path)?))?;
    let start = Instant::now();
    pool.install(|| file.verify(&unwatched))?;
    line("verified", start.elapsed(), "");
    Ok(())
}

/// The time of one multiplication on G1 where all threads multiply.
fn floor(pool: &ThreadPool) -> Duration {
    let generators = Generators::new(Interface::typed(Suite::Sha256), 2).expect("generators");
    let base = G1Projective::from(generators.q1().point());
    let points: Vec<(G1Affine, Scalar)> = (1..=FLOOR)
        .map(|i| -Scalar::from(i))
        .map(|scalar| (G1Affine::from(base * scalar), scalar))
        .collect();
    let start = Instant::now();
    let products: Vec<G1Projective> = pool.install(|| {
        let products = points.par_iter().with_min_len(32);
        products.map(|(point, scalar)| G1Projective::from(point) * *scalar).collect()
    });
    let elapsed = start.elapsed();
    std::hint::black_box(products);
    elapsed / FLOOR as u32
}

/// The time of one signature of a gap by itself, where all threads sign.
fn one_by_one(pool: &ThreadPool, key: &SecretKey) -> Result<Duration, sigil::bbs::Error> {
    let generators = Generators::new(Interface::typed(Suite::Sha256), 2)?;
    let start = Instant::now();
    let signed: Vec<Signature> = pool.install(|| {
        let gaps = (0..FLOOR).into_par_iter().with_min_len(32);
        gaps.map(|i| {
            let gap = [i * 109_951_163, (i + 1) * 109_951_163].map(Scalar::from);
            sign(key, &generators, &[7; 51], &gap)
        })
        .collect::<Result<_, _>>()
    })?;
    let elapsed = start.elapsed();
    std::hint::black_box(signed);
    Ok(elapsed / FLOOR as u32)
}

/// Lookups of absent and present handles, alternating, one thread; the header read each time or once.
fn lookups(path: &Path, handles: &[u64]) -> Result<(), Box<dyn std::error::Error>> {
    let (mut found, mut opened) = (Vec::new(), Vec::new());
    let mut shard = 0;
    for i in 0..LOOKUPS {
        let handle = match i % 2 {
            0 => (i * 21_474_836_477) % (1 << 40),
            _ => handles[(i as usize * 7919) % handles.len()],
        };
        let start = Instant::now();
        let mut file = ListFile::open(BufReader::new(File::open(path)?))?;
        opened.push(start.elapsed());
        let start = Instant::now();
        std::hint::black_box(file.find(handle)?);
        found.push(start.elapsed());
        shard = file.entries() / u64::from(file.shards());
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1e3
    };
    let (found, opened) = (median(&mut found), median(&mut opened));
    println!("  {:20} {found:.2} ms; opening the file {opened:.2} ms", "lookup, medians");
    println!("  {:20} {shard}", "entries of a shard");
    Ok(())
}

/// The most memory that the process ever had.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    kib.map_or_else(|| "unknown".to_owned(), |kib| format!("{:.0} MiB", kib / 1024.0))
}
