//! Whole presentations: one thread and all threads, from octets to octets.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run must stop")]

#[path = "../tests/scenario/mod.rs"]
mod scenario;

use criterion::{Criterion, criterion_group, criterion_main};
use scenario::{SIXTEEN, SIXTEEN_POLICY, SIXTEEN_RECORD, Scenario, rng};
use sigil::encoding::Wire;
use sigil::presentation::{self, Presentation};
use std::hint::black_box;

/// 16 fields, 8 revealed, one 64-bit threshold and the validity window.
fn threshold(c: &mut Criterion) {
    let scenario = Scenario::new(SIXTEEN_POLICY, &[(SIXTEEN, SIXTEEN_RECORD)]);
    measure(c, "16 fields, 8 revealed, 64-bit threshold, validity", &scenario);
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

criterion_group!(benches, threshold, revealed);
criterion_main!(benches);
