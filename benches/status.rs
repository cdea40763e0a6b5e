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
//!
//! Beside the time by the clock stands that on processors, divided by the threads: what the clock
//! would show on cores that do nothing else. On a busy machine the ratio is that of these.

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

/// What something took.
#[derive(Clone, Copy, Default)]
struct Spent {
    clock: f64,
    /// On processors, of all threads.
    busy: f64,
}

impl Spent {
    fn times(self, factor: f64) -> Self {
        Spent { clock: self.clock * factor, busy: self.busy * factor }
    }

    fn plus(self, other: Self) -> Self {
        Spent { clock: self.clock + other.clock, busy: self.busy + other.busy }
    }
}

fn spent<T>(work: impl FnOnce() -> T) -> (T, Spent) {
    let (start, busy) = (Instant::now(), processor_seconds());
    let done = work();
    let clock = start.elapsed().as_secs_f64();
    (done, Spent { clock, busy: processor_seconds() - busy })
}

/// Seconds that the process was on processors, in user mode and in the system.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name, in brackets, may have anything in it; then the fields from the third on.
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let ticks: f64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / 100.0
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

    let before = [one_by_one(pool, &key), floor(pool)];
    let (out, published) = spent(|| -> Result<_, Box<dyn std::error::Error>> {
        let mut out = BufWriter::new(File::create(path)?);
        pool.install(|| publish(&key, &list, None, times, &handles, &mut out, &unwatched))?;
        out.get_ref().sync_all()?;
        Ok(out)
    });
    drop(out?);
    let after = [one_by_one(pool, &key), floor(pool)];
    let memory = peak_memory();

    let octets = path.metadata()?.len();
    let gaps = (count + 1) as f64;
    let of_all = |at: usize| before[at].plus(after[at]).times(gaps / (2 * FLOOR) as f64);
    let (alone, floor) = (of_all(0), of_all(1));
    let line = |what: &str, Spent { clock, busy }: Spent, note: &str| {
        let own = busy / threads as f64;
        let each = busy / gaps * 1e6;
        println!("  {what:20} {clock:.2} s, on own cores {own:.2} s; {each:.1} µs a gap{note}");
    };
    println!("{count} handles, {threads} threads");
    line("published", published, "");
    line("floor", floor, ": one multiplication on G1");
    line("one by one", alone, ", before it is written");
    println!("  {:20} {:.3}", "ratio to the floor", published.busy / floor.busy);
    println!("  {:20} {:.2} MiB", "file", octets as f64 / 1_048_576.0);
    println!("  {:20} {memory}", "peak memory");
    lookups(path, &handles)?;
    let mut file = ListFile::open(BufReader::new(File::open(path)?))?;
    let (holds, verified) = spent(|| pool.install(|| file.verify(&unwatched)));
    holds?;
    line("verified", verified, "");
    Ok(())
}

/// What multiplications on G1 take where all threads multiply.
fn floor(pool: &ThreadPool) -> Spent {
    let generators = Generators::new(Interface::typed(Suite::Sha256), 2).expect("generators");
    let base = G1Projective::from(generators.q1().point());
    let points: Vec<(G1Affine, Scalar)> = (1..=FLOOR)
        .map(|i| -Scalar::from(i))
        .map(|scalar| (G1Affine::from(base * scalar), scalar))
        .collect();
    let multiply = || -> Vec<G1Projective> {
        let products = points.par_iter().with_min_len(32);
        products.map(|(point, scalar)| G1Projective::from(point) * *scalar).collect()
    };
    let (products, spent) = spent(|| pool.install(multiply));
    std::hint::black_box(products);
    spent
}

/// What signatures of gaps take, one by one, where all threads sign.
fn one_by_one(pool: &ThreadPool, key: &SecretKey) -> Spent {
    let generators = Generators::new(Interface::typed(Suite::Sha256), 2).expect("generators");
    let sign_all = || -> Vec<Signature> {
        let gaps = (0..FLOOR as u32).into_par_iter().with_min_len(32);
        gaps.map(|i| {
            let gap = [i, i + 1].map(|i| Scalar::from(u64::from(i) * 109_951_163));
            sign(key, &generators, &[7; 51], &gap).expect("a signature")
        })
        .collect()
    };
    let (signed, spent) = spent(|| pool.install(sign_all));
    std::hint::black_box(signed);
    spent
}

/// Lookups of absent and present handles, alternating, one thread; the header read each time or
/// once.
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
