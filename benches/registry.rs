//! What reading a registry costs: point lookups, facts and verdicts, pages by every filter, the audit.
//!
//! ```text
//! cargo bench --bench registry [-- [ATTESTATIONS] [FOLDER]]
//! ```
//!
//! By default 100,000 attestations, in a folder that is removed afterwards; a registry that is in the
//! folder already is used as it is. Medians and the slowest of each kind, in microseconds. A tenth of the
//! attestations supports one of them, so that what is linked to it has to be sieved.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run must stop")]

#[path = "../tests/registry_store/world.rs"]
mod world;

use rayon::prelude::*;
use sigil::registry::attestation::{AttestationId, Link, Relation};
use sigil::registry::object::Kind;
use sigil::registry::verdict::{Known, Moment, verdict};
use sigil::schema::Schema;
use sigil::store::{Access, Filter, Object, Order, Page, Store, wait};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use world::{START, attestation, below, issuer, rng, schema, subject, terms, time};

/// Attestations of a batch.
const BATCH: u64 = 20_000;
/// How often each thing is measured.
const ROUNDS: usize = 201;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut count = 100_000u64;
    let temporary = tempfile::tempdir()?;
    let mut folder = temporary.path().to_owned();
    for argument in std::env::args().skip(1).filter(|argument| !argument.starts_with("--")) {
        match argument.parse() {
            Ok(number) => count = number,
            Err(_) => folder = PathBuf::from(argument),
        }
    }
    let path = folder.join(format!("registry-{count}.db"));
    let schemas: Vec<Schema> = (0..4).map(schema).collect();
    let started = Instant::now();
    let store = match path.exists() {
        true => wait(Store::open(&path, Access::ReadOnly))?,
        false => fill(&path, &schemas, count)?,
    };
    println!("filled in {:.1} s", started.elapsed().as_secs_f64());
    let ids = ids(count);
    lookups(&store, &ids);
    facts(&store, &ids);
    pages(&store, ids[0]);
    let started = Instant::now();
    let stats = wait(store.stats())?;
    let length = stats.file_len + stats.wal_len;
    println!("stats {:>10.1?}; the file has {} MiB", started.elapsed(), length >> 20);
    let started = Instant::now();
    let report = wait(store.audit(&|_, _| {}))?;
    assert!(report.is_sound(), "{:?}", report.findings);
    println!("audit {:>10.1?} for {} entries", started.elapsed(), report.entries);
    Ok(())
}

/// The attestation of a number: of some hundred issuers, under four schemas, one of a thousand subjects
/// or one of its own.
fn made(number: u64, schemas: &[Schema], first: Option<AttestationId>) -> Object {
    let seed = 1 + (number * number % 97) as u8;
    let about = if number.is_multiple_of(5) { number % 1000 } else { 1000 + number / 2 };
    let under = &schemas[(number % 7 % 4) as usize];
    let mut made = attestation(under, seed, Some(about), number);
    if let (Some(target), true) = (first, number % 10 == 3) {
        made.links = vec![Link { relation: Relation::Supports, target }];
    }
    Object::Attestation(world::sign(made, seed))
}

/// The identifiers of some of them.
fn ids(count: u64) -> Vec<AttestationId> {
    let schemas: Vec<Schema> = (0..4).map(schema).collect();
    let first = identifier(&made(0, &schemas, None));
    let mut rng = rng(5);
    let others = (0..ROUNDS).map(|_| {
        let number = 1 + below(&mut rng, count - 1);
        identifier(&made(number, &schemas, Some(first)))
    });
    std::iter::once(first).chain(others.collect::<Vec<_>>()).collect()
}

fn identifier(object: &Object) -> AttestationId {
    AttestationId::from_bytes(object.id())
}

fn fill(
    path: &std::path::Path,
    schemas: &[Schema],
    count: u64,
) -> Result<Store, Box<dyn std::error::Error>> {
    let store = world::create(path);
    wait(store.append(schemas.iter().cloned().map(Object::Schema).collect(), time(START)))?;
    let first = made(0, schemas, None);
    let id = identifier(&first);
    wait(store.append(vec![first], time(START)))?;
    let mut number = 1;
    while number < count {
        let end = count.min(number + BATCH);
        let objects: Vec<Object> =
            (number..end).into_par_iter().map(|number| made(number, schemas, Some(id))).collect();
        wait(store.append(objects, time(START + number / 100)))?;
        number = end;
    }
    Ok(store)
}

/// The median and the slowest of what was measured.
fn print(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let micros = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1e6);
    let (median, slowest) = (micros(times.get(times.len() / 2)), micros(times.last()));
    println!("{name:<44} median {median:>9.0} µs   slowest {slowest:>9.0} µs");
}

fn lookups(store: &Store, ids: &[AttestationId]) {
    let times = ids.iter().skip(1).map(|id| {
        let started = Instant::now();
        let found = wait(store.get(Kind::Attestation, &id.to_bytes())).expect("read");
        assert!(found.is_some());
        started.elapsed()
    });
    print("point lookup", times.collect());
}

fn facts(store: &Store, ids: &[AttestationId]) {
    let terms = terms();
    let moment = Moment { at: time(START + 50_000), known: Known::Then };
    let (mut gathered, mut judged, mut crowded) = (Vec::new(), Vec::new(), 0);
    for id in ids.iter().skip(1) {
        let started = Instant::now();
        let Ok(found) = wait(store.facts(*id, &terms)) else {
            // More than 256 others about its subject: refused, and not counted.
            crowded += 1;
            continue;
        };
        let facts = found.expect("an attestation");
        gathered.push(started.elapsed());
        std::hint::black_box(verdict(&facts, &terms, &moment));
        judged.push(started.elapsed());
    }
    print("facts", gathered);
    print("facts and verdict as of then", judged);
    println!("  ({crowded} about subjects with more than 256 other attestations: refused)");
}

fn pages(store: &Store, target: AttestationId) {
    let none = Filter::default;
    let half = Some(time(START + 500));
    let linked = |relation| Some((relation, target));
    let filters = [
        ("anything", none()),
        ("kind", Filter { kind: Some(Kind::Attestation), ..none() }),
        ("kind, none of it", Filter { kind: Some(Kind::Bundle), ..none() }),
        ("schema", Filter { schema: Some(schema(1).id()), ..none() }),
        ("issuer", Filter { issuer: Some(issuer(2)), ..none() }),
        ("subject", Filter { subject: subject(7).parse().ok(), ..none() }),
        ("time", Filter { recorded_from: half, ..none() }),
        ("link", Filter { link: linked(None), ..none() }),
        ("relation", Filter { link: linked(Some(Relation::Supports)), ..none() }),
        (
            "issuer, schema",
            Filter { issuer: Some(issuer(2)), schema: Some(schema(1).id()), ..none() },
        ),
        (
            "subject, schema",
            Filter { subject: subject(15).parse().ok(), schema: Some(schema(1).id()), ..none() },
        ),
        (
            "issuer, subject",
            Filter { issuer: Some(issuer(5)), subject: subject(15).parse().ok(), ..none() },
        ),
        ("link, schema", Filter { link: linked(None), schema: Some(schema(1).id()), ..none() }),
        ("link, issuer", Filter { link: linked(None), issuer: Some(issuer(10)), ..none() }),
        (
            "link, unmet issuer and schema",
            Filter {
                link: linked(None),
                issuer: Some(issuer(3)),
                schema: Some(schema(3).id()),
                ..none()
            },
        ),
        ("schema, time", Filter { schema: Some(schema(2).id()), recorded_from: half, ..none() }),
        (
            "everything",
            Filter {
                kind: Some(Kind::Attestation),
                schema: Some(schema(1).id()),
                issuer: Some(issuer(10)),
                subject: subject(15).parse().ok(),
                link: linked(None),
                recorded_from: half,
                recorded_until: Some(time(START + 1_000_000)),
            },
        ),
    ];
    for (name, filter) in filters {
        for order in [Order::Oldest, Order::Newest] {
            let (mut times, mut after, mut items) = (Vec::new(), None, 0);
            for _ in 0..31 {
                let page = Page { limit: 100, after, order };
                let started = Instant::now();
                let listing = wait(store.list(&filter, &page)).expect("a page");
                times.push(started.elapsed());
                items += listing.items.len();
                after = listing.next;
            }
            print(&format!("page of 100 by {name}, {order:?} ({items})"), times);
        }
    }
}
