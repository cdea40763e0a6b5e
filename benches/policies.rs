//! The policies of `vectors/policies`: the size of a presentation under each, and the times of proving
//! and verifying it on one thread, from octets to octets.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run must stop")]

#[path = "../tests/scenario/mod.rs"]
mod scenario;
#[path = "../tests/scenario/policies.rs"]
mod vectors;

use criterion::{Criterion, criterion_group, criterion_main};
use sigil::encoding::Wire;
use sigil::presentation::Presentation;
use std::hint::black_box;
use vectors::{POLICIES, Ready};

fn policies(c: &mut Criterion) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    println!(
        "{:24}{:>12}{:>13}{:>8}{:>8}{:>9}",
        "policy", "credentials", "constraints", "domain", "hidden", "octets"
    );
    for name in POLICIES {
        let ready = Ready::new(name);
        let case = ready.cases.iter().find(|case| case.permit).expect("one that is permitted");
        let credentials = ready.credentials(case);
        let request = ready.request(case, 1);
        let octets = ready.prove(case, &credentials, &request, 1).expect("it holds").to_bytes();
        let policy = ready.terms.policy();
        let shape = policy.shape().expect("a circuit");
        println!(
            "{name:24}{:>12}{:>13}{:>8}{:>8}{:>9}",
            credentials.len(),
            shape.constraints(),
            shape.domain_size(),
            policy.slots().len(),
            octets.len(),
        );
        let mut group = c.benchmark_group(format!("{name}, 1 thread"));
        let mut seed = 2;
        group.bench_function("prove", |b| {
            b.iter(|| {
                seed += 1;
                pool.install(|| {
                    let made = ready.prove(case, &credentials, &request, seed);
                    black_box(made.expect("it holds").to_bytes())
                })
            })
        });
        group.bench_function("verify", |b| {
            b.iter(|| {
                pool.install(|| {
                    let presentation = Presentation::from_bytes(&octets).expect("our own octets");
                    black_box(ready.verify(&request, &presentation).expect("it is valid"))
                })
            })
        });
        group.finish();
    }
}

criterion_group!(benches, policies);
criterion_main!(benches);
