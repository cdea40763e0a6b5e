//! Whole presentations: one thread and all threads, from octets to octets.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run must stop")]

#[path = "../tests/scenario/mod.rs"]
mod scenario;

use criterion::{Criterion, criterion_group, criterion_main};
use scenario::epochs::{Authority, LIST};
use scenario::{SIXTEEN, SIXTEEN_POLICY, SIXTEEN_RECORD, Scenario, rng};
use sigil::encoding::Wire;
use sigil::presentation::{self, Holding, Presentation};
use sigil::status::Entry;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// 16 fields, 8 revealed, one 64-bit threshold and the validity window.
fn threshold(c: &mut Criterion) {
    let scenario = Scenario::new(SIXTEEN_POLICY, &[(SIXTEEN, SIXTEEN_RECORD)]);
    measure(c, "16 fields, 8 revealed, 64-bit threshold, validity", &scenario);
}

/// The same credential, shown not to be revoked besides: what that adds.
fn not_revoked(c: &mut Criterion) {
    let authority = Authority::handles();
    let rule = format!(
        "lists = [{{ list = \"{LIST}\", authority = \"{}\", max_age = 24 }}]\n\n[[claims]]",
        authority.did()
    );
    let policy = SIXTEEN_POLICY.replacen("[[claims]]", &rule, 1);
    let scenarios =
        [SIXTEEN_POLICY, &policy].map(|policy| Scenario::new(policy, &[(SIXTEEN, SIXTEEN_RECORD)]));
    let handle = scenarios[1].credentials[0].status_handle();
    let entry = authority.find(&[handle / 2], handle);
    let entries = [&entry];
    let sides: Vec<Side<'_>> = scenarios
        .iter()
        .zip([&[][..], &entries])
        .map(|(scenario, entries)| Side::new(scenario, entries))
        .collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    pool.install(|| {
        let (mut prove, mut verify) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
        for _ in 0..200 {
            for (i, side) in sides.iter().enumerate() {
                prove[i].push(timed(|| drop(black_box(side.prove()))));
                verify[i].push(timed(|| side.verify()));
            }
        }
        println!("what 'not revoked' adds, medians of 200 alternating rounds on one thread:");
        for (name, times) in [("prove", &mut prove), ("verify", &mut verify)] {
            let [without, with] = times.each_mut().map(|times| {
                times.sort_unstable();
                times[times.len() / 2].as_secs_f64() * 1000.0
            });
            println!(
                "  {name:8}{without:.2} ms, with it {with:.2} ms: adds {:.2} ms",
                with - without
            );
        }
        let [without, with] = [0, 1].map(|i: usize| sides[i].octets.len());
        println!("  octets  {without}, with it {with}: adds {}", with - without);
        for (name, scenario) in ["without", "with"].iter().zip(&scenarios) {
            let shape = scenario.terms.policy().shape().expect("a circuit");
            println!("  constraints {name}: {}", shape.constraints());
        }
    });
    c.bench_function("prove, not revoked, 1 thread", |b| {
        b.iter(|| pool.install(|| black_box(sides[1].prove())))
    });
}

/// One scenario with what it takes to prove and verify it.
struct Side<'a> {
    scenario: &'a Scenario,
    entries: &'a [&'a Entry],
    octets: Vec<u8>,
}

impl<'a> Side<'a> {
    fn new(scenario: &'a Scenario, entries: &'a [&'a Entry]) -> Self {
        let side = Side { scenario, entries, octets: Vec::new() };
        let octets = side.prove();
        Side { octets, ..side }
    }

    fn prove(&self) -> Vec<u8> {
        let Scenario { terms, request, key, credentials, .. } = self.scenario;
        let holding = Holding { entries: self.entries, ..Holding::new(&credentials[0]) };
        let made = presentation::prove(terms, request, &[holding], key.as_ref(), &mut rng(2));
        made.expect("it qualifies").to_bytes()
    }

    fn verify(&self) {
        let presentation = Presentation::from_bytes(&self.octets).expect("our own octets");
        black_box(self.scenario.verify(&presentation).expect("it is valid"));
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// The same, revealed only: a BBS proof and its values.
fn revealed(c: &mut Criterion) {
    let policy = SIXTEEN_POLICY.split("[params]").next().expect("a first part");
    let policy = policy.replacen("[[claims]]", "validity = \"reveal\"\n\n[[claims]]", 1);
    let scenario = Scenario::new(&policy, &[(SIXTEEN, SIXTEEN_RECORD)]);
    measure(c, "16 fields, 8 revealed, validity revealed", &scenario);
}

fn measure(c: &mut Criterion, name: &str, scenario: &Scenario) {
    let octets = scenario.prove(1).expect("it qualifies").to_bytes();
    println!("{name}: {} octets", octets.len());
    let holdings = scenario.holdings();
    for threads in [1, rayon::current_num_threads()] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.expect("threads");
        let mut group = c.benchmark_group(format!("{name}, {threads} threads"));
        let mut rng = rng(2);
        group.bench_function("prove", |b| {
            b.iter(|| {
                pool.install(|| {
                    let (terms, request) = (&scenario.terms, &scenario.request);
                    let key = scenario.key.as_ref();
                    let made = presentation::prove(terms, request, &holdings, key, &mut rng);
                    black_box(made.expect("it qualifies").to_bytes())
                })
            })
        });
        group.bench_function("verify", |b| {
            b.iter(|| {
                pool.install(|| {
                    let presentation = Presentation::from_bytes(&octets).expect("our own octets");
                    black_box(scenario.verify(&presentation).expect("it is valid"))
                })
            })
        });
        group.finish();
    }
}

criterion_group!(benches, not_revoked, threshold, revealed);
criterion_main!(benches);
