//! What a batch becomes, and that it becomes nothing else.

use super::*;
use crate::registry::log::{prove_consistency, prove_inclusion, root_at};

#[test]
fn a_batch_is_entries_rows_tiles_and_one_checkpoint() {
    let world = World::new();
    let appended = world.append((0..700).map(attestation).collect()).unwrap();
    let indexes: Vec<u64> = appended.receipts.iter().map(|receipt| receipt.index).collect();
    assert_eq!(indexes, (1..=700).collect::<Vec<_>>());
    assert_eq!(appended.checkpoint, wait(world.store.checkpoint()).unwrap());
    assert_eq!(appended.checkpoint.body().size(), 701);
    world.check_log();
    let counts = ["entries", "attestations", "subjects", "keys", "tiles", "checkpoints"];
    assert_eq!(counts.map(|table| world.count(table)), [701, 700, 700, 1, 2, 3]);
    // In the next batch the same key and subject are the ones that are there.
    let again = Attestation { handle: Some(5000), ..draft(3) };
    world.add(Object::Attestation(sign(again, 1)));
    assert_eq!(counts.map(|table| world.count(table)), [702, 701, 700, 1, 2, 4]);
}

#[test]
fn proofs_come_out_of_the_tables() {
    let world = World::new();
    world.append((0..700).map(attestation).collect()).unwrap();
    let leaves = world.leaves();
    let root = wait(root_at(&world.store, 701)).unwrap();
    assert_eq!(root, *wait(world.store.checkpoint()).unwrap().body().root());
    for index in [0, 255, 256, 511, 512, 700] {
        let proof = wait(prove_inclusion(&world.store, 701, index)).unwrap();
        proof.check(&root, &leaves[index as usize]).unwrap();
    }
    let old = wait(root_at(&world.store, 300)).unwrap();
    wait(prove_consistency(&world.store, 300, 701)).unwrap().check(&old, &root).unwrap();
}

#[test]
fn the_same_again_writes_nothing() {
    let world = World::new();
    let batch = || (0..5).map(attestation).collect::<Vec<_>>();
    let first = world.append(batch()).unwrap();
    let rows = world.rows();
    let again = wait(world.store.append(batch(), at(NOW + 7))).unwrap();
    assert_eq!(world.rows(), rows);
    assert_eq!(again.checkpoint, first.checkpoint);
    for (first, again) in first.receipts.iter().zip(&again.receipts) {
        assert!(!first.already && again.already);
        assert_eq!((first.index, first.recorded_at), (again.index, again.recorded_at));
    }
    // Twice in one batch, beside something new.
    let twice = vec![attestation(9), attestation(9), attestation(0)];
    let receipts = world.append(twice).unwrap().receipts;
    let flat: Vec<_> = receipts.iter().map(|receipt| (receipt.index, receipt.already)).collect();
    assert_eq!(flat, [(6, false), (6, true), (1, true)]);
    world.check_log();
}

#[test]
fn time_does_not_run_backwards() {
    let world = World::new();
    let mut times = Vec::new();
    for (n, now) in [(1, NOW + 50), (2, NOW - 250), (3, NOW + 60)] {
        let appended = wait(world.store.append(vec![attestation(n)], at(now))).unwrap();
        times.push(appended.receipts[0].recorded_at.unix());
    }
    assert_eq!(times, [NOW + 50, NOW + 50, NOW + 60]);
    // A revocation that is recorded far ahead of the clock would not count for as long.
    let behind = wait(world.store.append(vec![attestation(4)], at(NOW - 241)));
    assert!(matches!(behind, Err(StoreError::ClockBehind { .. })), "{behind:?}");
    world.check_log();
}

#[test]
fn two_stores_of_one_registry_take_turns() {
    let world = World::new();
    let other = world.again();
    for n in 0..300 {
        let store = if n % 3 == 0 { &other } else { &world.store };
        let appended = wait(store.append(vec![attestation(n)], at(NOW))).unwrap();
        assert_eq!(appended.receipts[0].index, n + 1);
    }
    world.check_log();
    assert_eq!(world.count("keys"), 1);
}

#[test]
fn what_is_refused_leaves_the_store_usable() {
    let world = World::new();
    let foreign = Attestation { schema: crate::schema::SchemaId::from_bytes([1; 32]), ..draft(3) };
    let batch =
        || vec![attestation(1), attestation(2), Object::Attestation(sign(foreign.clone(), 1))];
    assert_eq!(world.refused(batch()), "unknown-schema");
    assert_eq!(world.refused(batch()), "unknown-schema");
    // Keys and subjects of the refused batch were not remembered as written.
    assert_eq!(world.append(vec![attestation(1)]).unwrap().receipts[0].index, 1);
    world.check_log();
    assert_eq!(world.count("keys"), 1);
}

#[test]
fn reject_too_many_objects() {
    let world = World::empty();
    let source = |n: u64| Object::source(n.to_be_bytes().to_vec()).unwrap();
    let batch = (0..=MAX_BATCH as u64).map(source).collect();
    assert!(matches!(world.append(batch), Err(StoreError::Batch(n)) if n == MAX_BATCH + 1));
    assert!(Object::source(vec![0; object::MAX_SOURCE_LEN + 1]).is_err());
    let long = (0..257u64).map(|n| {
        let mut octets = n.to_be_bytes().to_vec();
        octets.resize(object::MAX_SOURCE_LEN, 0);
        Object::source(octets).unwrap()
    });
    assert!(matches!(world.append(long.collect()), Err(StoreError::BatchLength(_))));
    assert_eq!(world.count("entries"), 0);
}

#[test]
fn objects_are_read_back_from_their_octets() {
    let (id, grant) = granted(grant(), 1);
    let first = attestation(1);
    let objects = vec![
        Object::Schema(schema()),
        binding(1, 5),
        grant,
        by_delegate(2, delegated(&[id], 2, 1)),
        revocation(Target::Attestation(attestation_id(&first)), 1),
        first,
        Object::source(b"the original".to_vec()).unwrap(),
    ];
    for object in objects {
        let octets = object.octets();
        let read = Object::parse(object.kind(), &octets).unwrap();
        assert_eq!((read.id(), read.octets()), (object.id(), octets.clone()));
        if object.kind() != Kind::Source {
            let spaced = [&octets[..], b" "].concat();
            assert!(Object::parse(object.kind(), &spaced).is_err(), "{object:?}");
        }
    }
}

#[test]
fn forge_statements_handed_in() {
    let octets = attestation(1).octets();
    for place in [octets.len() - 1, 60] {
        let mut octets = octets.clone();
        octets[place] ^= 1;
        assert!(Object::parse(Kind::Attestation, &octets).is_err());
    }
}
