//! Facts against a model that looks at every entry, and what is refused.

use crate::audit::{raw, run};
use crate::world::{
    self, Kept, START, below, delegated, issuer, key, rng, schema, sign, terms, time,
};
use sigil::bbs::{SecretKey, Suite};
use sigil::policy::{ListCheck, Presence, SlotSource};
use sigil::registry::attestation::{Attestation, AttestationId, SignedAttestation};
use sigil::registry::event::{Act, Cause, Event, Target};
use sigil::registry::facts::{EventFact, Facts, GrantFact, Recorded};
use sigil::registry::grant::{Grant, GrantId, Right};
use sigil::registry::issuer::UnsignedIssuerRecord;
use sigil::registry::statement::Signed;
use sigil::registry::terms::{Terms, Trusted};
use sigil::schema::STATUS_HANDLE;
use sigil::status::file::elements_digest;
use sigil::status::{Elements, Head, ListKey};
use sigil::store::facts::MAX_RIVALS;
use sigil::store::{ListEpoch, Object, ReadError, Store, StoreError, wait};
use std::collections::BTreeSet;
use tempfile::TempDir;

fn attestation_of(kept: &Kept) -> Option<&SignedAttestation> {
    match &kept.object {
        Object::Attestation(signed) => Some(signed),
        _ => None,
    }
}

/// Indexes of events about an entry.
fn events_about(all: &[Kept], id: [u8; 32], before: u64) -> Vec<u64> {
    let about = |kept: &&Kept| match &kept.object {
        Object::Event(event) => event.statement().target.to_bytes() == id,
        _ => false,
    };
    let found = all.iter().filter(about).map(|kept| kept.receipt.index);
    found.filter(|index| *index < before).collect()
}

fn indexes<T>(facts: &[Recorded<T>]) -> Vec<u64> {
    facts.iter().map(|fact| fact.index).collect()
}

fn check_chain(all: &[Kept], chain: &[GrantFact], ids: &[GrantId], before: u64) {
    assert_eq!(chain.iter().map(|fact| fact.grant.entry.id()).collect::<Vec<_>>(), ids);
    for fact in chain {
        let id = fact.grant.entry.id().to_bytes();
        assert_eq!(indexes(&fact.events), events_about(all, id, before));
        check_events(all, &fact.events);
    }
}

fn check_events(all: &[Kept], events: &[Recorded<EventFact>]) {
    for fact in events {
        let event = fact.entry.event.statement();
        let ids = event.delegated.as_ref().map_or(&[][..], |delegated| &delegated.chain);
        let before = match event.target {
            Target::Attestation(_) => u64::MAX,
            Target::Grant(_) => fact.index,
        };
        check_chain(all, &fact.entry.chain, ids, before);
    }
}

/// Everything but rivals and lists, against all entries.
fn check(all: &[Kept], facts: &Facts) {
    let attestation = facts.attestation.entry.statement();
    let id = facts.attestation.entry.id();
    let kept = &all[facts.attestation.index as usize];
    assert_eq!(
        (kept.receipt.id, kept.receipt.recorded_at),
        (id.to_bytes(), facts.attestation.recorded_at)
    );
    assert_eq!(facts.schema.as_ref().map(|schema| schema.entry.id()), Some(attestation.schema));
    assert_eq!(indexes(&facts.events), events_about(all, id.to_bytes(), u64::MAX));
    check_events(all, &facts.events);
    let ids = attestation.delegated.as_ref().map_or(&[][..], |delegated| &delegated.chain);
    check_chain(all, &facts.chain, ids, u64::MAX);
    let mut linked = Vec::new();
    for kept in all {
        let links = attestation_of(kept).map_or(&[][..], |signed| &signed.statement().links);
        let links = links.iter().filter(|link| link.target == id);
        linked.extend(links.map(|link| (kept.receipt.index, link.relation)));
    }
    let found: Vec<_> = facts.links.iter().map(|fact| (fact.index, fact.entry.relation)).collect();
    assert_eq!(found, linked);
    for fact in &facts.links {
        let id = fact.entry.attestation.id().to_bytes();
        assert_eq!(indexes(&fact.entry.events), events_about(all, id, u64::MAX));
    }
    let bound = all.iter().filter_map(|kept| match &kept.object {
        Object::Issuer(record) if *record.attester() == attestation.issuer => {
            Some((kept.receipt.index, *record.issuer()))
        }
        _ => None,
    });
    let found: Vec<_> = facts.keys.iter().map(|key| (key.index, key.entry)).collect();
    assert_eq!(found, bound.collect::<Vec<_>>());
}

fn others(all: &[Kept], id: AttestationId, attestation: &Attestation, terms: &Terms) -> Vec<u64> {
    let rivals = |kept: &&Kept| {
        attestation_of(kept).is_some_and(|other| {
            let said = other.statement();
            other.id() != id
                && attestation.subject.is_some()
                && said.subject == attestation.subject
                && (terms.schemas.is_empty() || terms.schemas.contains(&said.schema))
        })
    };
    all.iter().filter(rivals).map(|kept| kept.receipt.index).collect()
}

fn record(attester: u8, seed: u8) -> Object {
    let secret = SecretKey::from_bytes(&[seed; 32]).unwrap();
    let (authority, public) = (issuer(attester), *secret.public_key());
    let record = UnsignedIssuerRecord::new(authority, public, "Bank", None, time(START)).unwrap();
    Object::Issuer(record.sign(&key(attester), &secret, Suite::Sha256).unwrap())
}

fn grant(from: u8, to: u8) -> Signed<Grant> {
    let grant = Grant {
        issuer: issuer(from),
        grantor: issuer(from),
        delegate: issuer(to),
        parent: None,
        schemas: (0..3).map(|number| schema(number).id()).collect(),
        rights: [Right::Attest, Right::Revoke].into(),
        audience: world::ORIGIN.to_owned(),
        issued_at: time(START),
        not_before: time(START),
        not_after: time(START + 1_000_000),
        depth: 0,
    };
    Signed::sign(grant, &key(from)).unwrap()
}

#[test]
fn facts_are_complete() {
    let folder = TempDir::new().unwrap();
    let store = world::create(&folder.path().join("r.db"));
    let mut all = world::random(&store, 700, 21);
    let at = START + 100_000;
    let records = vec![record(1, 41), record(1, 42), record(2, 41)];
    all.extend(world::append(&store, records, at));
    let (given, taken) = (grant(1, 90), grant(1, 91));
    let mut made = world::attestation(&schema(0), 1, Some(2), 9_000_001);
    made.delegated = Some(delegated(90, &[given.id()], 1));
    let made = sign(made, 90);
    let mut event = Event {
        target: Target::Attestation(made.id()),
        issuer: issuer(1),
        issued_at: time(START),
        effective: time(at),
        act: Act::Revoke(Cause::Changed),
        note: None,
        delegated: Some(delegated(91, &[taken.id()], 1)),
    };
    let revoked = Signed::sign(event.clone(), &key(91)).unwrap();
    event.delegated = None;
    event.target = Target::Grant(taken.id());
    let first = Signed::sign(event.clone(), &key(1)).unwrap();
    event.target = Target::Grant(given.id());
    let second = Signed::sign(event, &key(1)).unwrap();
    for batch in [
        vec![Object::Grant(given), Object::Grant(taken), Object::Attestation(made)],
        vec![Object::Event(revoked)],
        vec![Object::Event(first), Object::Event(second)],
    ] {
        all.extend(world::append(&store, batch, at));
    }
    let mut some = terms();
    some.schemas = [schema(0).id(), schema(2).id()].into();
    for kept in &all {
        let Some(attestation) = attestation_of(kept) else { continue };
        for terms in [&terms(), &some] {
            let facts = wait(store.facts(attestation.id(), terms)).unwrap().unwrap();
            check(&all, &facts);
            let rivals: Vec<u64> =
                facts.rivals.iter().map(|rival| rival.attestation.index).collect();
            let expected = others(&all, attestation.id(), attestation.statement(), terms);
            assert_eq!(rivals, expected);
            for rival in &facts.rivals {
                check(&all, rival);
                assert!(rival.rivals.is_empty());
            }
        }
    }
    assert!(wait(store.facts(AttestationId::from_bytes([1; 32]), &terms())).unwrap().is_none());
}

fn head_of(secret: &SecretKey, key: &ListKey, before: Option<&ListEpoch>, on: &[u64]) -> ListEpoch {
    let number = before.map_or(0, |epoch| epoch.head().stamp().epoch + 1);
    let issued_at = time(START + number * 3600);
    let times = [issued_at, time(START + number * 3600 + 86_400)];
    let digest = elements_digest(&key.elements, on).unwrap();
    let previous = before.map(|epoch| epoch.head().hash());
    let head = Head::new(key.clone(), number, times, previous, on.len() as u64, digest).unwrap();
    ListEpoch::new(head.sign(secret).unwrap(), on.to_vec()).unwrap()
}

#[test]
fn epochs_say_who_is_on_the_list() {
    let folder = TempDir::new().unwrap();
    let store = world::create(&folder.path().join("r.db"));
    let secret = SecretKey::from_bytes(&[51; 32]).unwrap();
    let list = "https://lists.example/handles".to_owned();
    let key = ListKey { list, authority: *secret.public_key(), elements: Elements::Handle };
    let mut rng = rng(31);
    // 2,000 elements are four shards.
    let mut lists: Vec<BTreeSet<u64>> = vec![BTreeSet::new()];
    for _ in 0..3 {
        let mut next = lists.last().unwrap().clone();
        next.extend((0..2_000).map(|_| below(&mut rng, 1 << 40)));
        lists.push(next);
    }
    let mut objects = vec![Object::Schema(schema(0))];
    let mut last: Option<ListEpoch> = None;
    for elements in &lists {
        let on: Vec<u64> = elements.iter().copied().collect();
        let epoch = head_of(&secret, &key, last.as_ref(), &on);
        objects.push(Object::Epoch(epoch.clone()));
        last = Some(epoch);
    }
    world::append(&store, objects, START);
    let on: Vec<u64> = lists[3].iter().copied().collect();
    let edges = [on[0], on[511], on[512], on[513], on[on.len() - 1], on[0] - 1, on[600] + 1, 0];
    let handles: Vec<u64> = edges
        .into_iter()
        .chain((0..20).map(|place| on[place * 91]))
        .chain([(1 << 40) - 1])
        .collect();
    let made = |(level, handle): (usize, &u64)| {
        let mut made = world::attestation(&schema(0), 1, None, level as u64);
        made.handle = Some(*handle);
        sign(made, 1)
    };
    let signed: Vec<SignedAttestation> = handles.iter().enumerate().map(made).collect();
    world::append(&store, signed.iter().cloned().map(Object::Attestation).collect(), START);
    let mut terms = terms();
    terms.lists = vec![ListCheck {
        path: String::new(),
        subject: SlotSource { role: 0, message: STATUS_HANDLE },
        key,
        presence: Presence::Absent,
        max_age: 24,
    }];
    for (signed, handle) in signed.iter().zip(&handles) {
        let facts = wait(store.facts(signed.id(), &terms)).unwrap().unwrap();
        let found: Vec<(u64, Vec<u64>)> = facts
            .epochs
            .iter()
            .map(|epoch| (epoch.entry.head.stamp().epoch, epoch.entry.present.clone()))
            .collect();
        let expected: Vec<(u64, Vec<u64>)> = lists
            .iter()
            .enumerate()
            .map(|(epoch, on)| (epoch as u64, on.get(handle).copied().into_iter().collect()))
            .collect();
        assert_eq!(found, expected);
    }
    // The elements are read back with the epoch.
    let Object::Epoch(epoch) = wait(store.entry(4)).unwrap().unwrap().entry else { panic!() };
    assert_eq!(epoch.elements(), on);
    assert!(wait(store.audit(&|_, _| {})).unwrap().is_sound());

    // A shard that begins elsewhere than it says would hide a handle behind it.
    let hidden = on[7 * 91];
    let shown = signed.iter().find(|one| one.statement().handle == Some(hidden)).unwrap().id();
    wait(async {
        let mut raw = raw(store.path()).await;
        for row in sqlx::query("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            .fetch_all(&mut raw)
            .await
            .unwrap()
        {
            let name: String = sqlx::Row::get(&row, 0);
            run(&mut raw, &format!("DROP TRIGGER {name}")).await;
        }
        let first = hex::encode(hidden.to_be_bytes());
        run(&mut raw, &format!("INSERT INTO list_shards VALUES (4, x'{first}', x'')")).await;
    });
    let facts = wait(store.facts(shown, &terms));
    assert!(matches!(facts, Err(StoreError::Read(ReadError::Tampered { index: 4, .. }))));
    assert!(!wait(store.audit(&|_, _| {})).unwrap().is_sound());
}

fn crowd(store: &Store, count: u64) -> AttestationId {
    let made = |level| sign(world::attestation(&schema(0), 1, Some(1), level), 1);
    let all: Vec<SignedAttestation> = (0..count).map(made).collect();
    let id = all[0].id();
    let mut objects = vec![Object::Schema(schema(0))];
    objects.extend(all.into_iter().map(Object::Attestation));
    world::append(store, objects, START);
    id
}

#[test]
fn reject_more_rivals_than_are_judged() {
    let folder = TempDir::new().unwrap();
    for (count, enough) in [(MAX_RIVALS as u64 + 1, true), (MAX_RIVALS as u64 + 2, false)] {
        let store = world::create(&folder.path().join(format!("{count}.db")));
        let id = crowd(&store, count);
        match wait(store.facts(id, &terms())) {
            Ok(Some(facts)) => assert!(enough && facts.rivals.len() == MAX_RIVALS),
            Err(StoreError::Read(ReadError::TooMany { most, .. })) => {
                assert!(!enough && most == MAX_RIVALS);
            }
            other => panic!("{other:?}"),
        }
        // Those that nobody could believe are not among them.
        let trusted = Trusted::Attesters([issuer(2)].into());
        let facts = wait(store.facts(id, &Terms { trusted, ..terms() })).unwrap().unwrap();
        assert!(facts.rivals.is_empty());
        // Under terms that accept another schema, nobody is a rival.
        let mut other = terms();
        other.schemas = [schema(2).id()].into();
        assert!(wait(store.facts(id, &other)).unwrap().unwrap().rivals.is_empty());
    }
}
