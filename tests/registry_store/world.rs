//! A registry to be read: a few schemas and issuers, many attestations, events, grants.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "each user takes a part; a broken one must stop"
)]

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use sigil::authority::{Authority, AuthorityKey};
use sigil::registry::attestation::{Attestation, AttestationId, Link, Relation, SignedAttestation};
use sigil::registry::event::{Act, Cause, Event, SignedEvent, Target};
use sigil::registry::payload::Payload;
use sigil::registry::statement::{Delegated, Signed};
use sigil::registry::terms::{Agreement, ConflictRule, PayloadRule, Terms, Trusted};
use sigil::schema::Schema;
use sigil::store::{Object, Receipt, Store, wait};
use sigil::value::Timestamp;
use std::collections::BTreeSet;
use std::path::Path;

pub const ORIGIN: &str = "registry.example/claims";
/// When the registry is created.
pub const START: u64 = 1_780_000_000;

pub fn time(seconds: u64) -> Timestamp {
    Timestamp::from_unix(seconds).expect("a time")
}

pub fn key(seed: u8) -> AuthorityKey {
    AuthorityKey::from_bytes(&[seed; 32])
}

pub fn log_key() -> AuthorityKey {
    key(200)
}

pub fn issuer(seed: u8) -> Authority {
    key(seed).authority()
}

pub fn schema(number: u64) -> Schema {
    let text = format!(
        r#"{{ "format": "sigil-schema/1", "name": "example.org/claim{number}", "version": "1.0.0",
              "fields": [{{ "name": "level", "type": "uint(32)" }}] }}"#
    );
    Schema::parse(text.as_bytes()).expect("a schema")
}

pub fn subject(number: u64) -> String {
    format!("did:example:subject-{number}")
}

pub fn attestation(schema: &Schema, seed: u8, about: Option<u64>, level: u64) -> Attestation {
    Attestation {
        schema: schema.id(),
        issuer: issuer(seed),
        subject: about.map(|number| subject(number).parse().expect("a subject")),
        issued_at: time(START),
        valid_from: time(START),
        valid_until: Some(time(START + 1_000_000)),
        revocable: true,
        handle: None,
        links: Vec::new(),
        payload: Payload::Inline(format!(r#"{{"level":{level}}}"#).into_bytes()),
        anchor: None,
        source: None,
        delegated: None,
    }
}

pub fn sign(attestation: Attestation, seed: u8) -> SignedAttestation {
    Signed::sign(attestation, &key(seed)).expect("the signer's key")
}

pub fn revocation(target: AttestationId, seed: u8, at: u64) -> SignedEvent {
    let event = Event {
        target: Target::Attestation(target),
        issuer: issuer(seed),
        issued_at: time(START),
        effective: time(at),
        act: Act::Revoke(Cause::IssuedInError),
        note: None,
        delegated: None,
    };
    Signed::sign(event, &key(seed)).expect("the signer's key")
}

pub fn delegated(signer: u8, chain: &[sigil::registry::grant::GrantId], nonce: u64) -> Delegated {
    let mut octets = [0; 32];
    octets[..8].copy_from_slice(&nonce.to_be_bytes());
    Delegated {
        signer: issuer(signer),
        chain: chain.to_vec(),
        audience: ORIGIN.to_owned(),
        nonce: octets,
        deadline: time(START + 1_000_000_000),
    }
}

pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub fn below(rng: &mut ChaCha20Rng, bound: u64) -> u64 {
    rng.next_u64() % bound
}

pub fn create(path: &Path) -> Store {
    wait(Store::create(path, ORIGIN, &log_key(), time(START))).expect("created")
}

/// What was appended: the object, and where it is.
pub struct Kept {
    pub object: Object,
    pub receipt: Receipt,
}

pub fn append(store: &Store, objects: Vec<Object>, at: u64) -> Vec<Kept> {
    let appended = wait(store.append(objects.clone(), time(at))).expect("appended");
    let kept = objects.into_iter().zip(appended.receipts);
    kept.map(|(object, receipt)| Kept { object, receipt }).collect()
}

/// Attestations of five issuers under three schemas about six subjects or nobody, a third of them
/// linked to earlier ones, and now and then a revocation; in batches of different sizes.
pub fn random(store: &Store, count: usize, seed: u64) -> Vec<Kept> {
    let mut rng = rng(seed);
    let schemas: Vec<Schema> = (0..3).map(schema).collect();
    let mut all = append(store, schemas.iter().cloned().map(Object::Schema).collect(), START);
    let mut known: Vec<(AttestationId, u8)> = Vec::new();
    let mut at = START;
    let mut level = seed << 32;
    while all.len() < count {
        let size = (1 + below(&mut rng, 60)).min((count - all.len()) as u64);
        let mut batch = Vec::new();
        let earlier = known.len() as u64;
        for _ in 0..size {
            level += 1;
            if earlier > 0 && below(&mut rng, 20) == 0 {
                let (target, seed) = known[below(&mut rng, earlier) as usize];
                let event = revocation(target, seed, START + level % 1000);
                batch.push(Object::Event(event));
                continue;
            }
            let seed = 1 + below(&mut rng, 5) as u8;
            let about = Some(below(&mut rng, 7)).filter(|number| *number < 6);
            let under = &schemas[below(&mut rng, 3) as usize];
            let mut made = attestation(under, seed, about, level & 0xffff_ffff);
            if earlier > 0 && below(&mut rng, 3) == 0 {
                made.links = links(&mut rng, &known, seed);
            }
            let made = sign(made, seed);
            known.push((made.id(), seed));
            batch.push(Object::Attestation(made));
        }
        at += below(&mut rng, 5);
        all.extend(append(store, batch, at).into_iter().filter(|kept| !kept.receipt.already));
    }
    all
}

fn links(rng: &mut ChaCha20Rng, known: &[(AttestationId, u8)], seed: u8) -> Vec<Link> {
    let mut links: Vec<Link> = (0..1 + below(rng, 3))
        .filter_map(|_| {
            // Some are linked to more often than others.
            let bound =
                if below(rng, 2) == 0 { 3.min(known.len() as u64) } else { known.len() as u64 };
            let (target, owner) = known[below(rng, bound) as usize];
            let relation = Relation::ALL[below(rng, 3) as usize];
            let may = relation != Relation::Supersedes || owner == seed;
            may.then_some(Link { relation, target })
        })
        .collect();
    links.sort();
    links.dedup();
    links
}

/// Runs a test that needs a runtime.
pub fn wait_for<F: Future>(future: F) -> F::Output {
    wait(future)
}

/// Terms that trust anybody and believe nobody whom another contradicts.
pub fn terms() -> Terms {
    Terms {
        schemas: BTreeSet::new(),
        base: None,
        trusted: Trusted::Anybody,
        lists: Vec::new(),
        agreements: vec![Agreement { fields: BTreeSet::new(), rule: ConflictRule::All }],
        payload: PayloadRule::HashSuffices,
        skew: 60,
    }
}
