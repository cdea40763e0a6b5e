//! Editions of trust lists and epochs of sorted lists: forks, rollbacks and gaps have their names.

use super::*;
use crate::status::file::elements_digest;
use crate::status::{Elements, Head, HeadHash, ListKey};
use crate::trust::{TrustList, UnsignedTrustList};

fn edition(sequence: u64, previous: Option<&TrustList>, by: u8, hour: u64) -> TrustList {
    let bank = crate::did_key::encode(SecretKey::from_bytes(&[5; 32]).unwrap().public_key());
    let previous = previous.map_or("null".to_owned(), |list| format!("\"{}\"", list.hash()));
    let previous = format!(r#""previous": {previous},"#).replace(r#""previous": null,"#, "");
    let time = |hour: u64| Timestamp::from_hours(hour).unwrap();
    let text = format!(
        r#"{{ "format": "sigil-trust/1", "id": "https://eu.example/trust/kyc",
              "authority": "{}", "sequence": {sequence}, {previous} "issued_at": "{}",
              "next_update": "{}", "issuers": [{{ "name": "Bank A", "keys": [{{ "key": "{bank}",
              "schemas": ["{}"], "from": "{}" }}] }}] }}"#,
        key(by).authority(),
        time(hour),
        time(hour + 24),
        schema().id(),
        time(400_000),
    );
    UnsignedTrustList::parse(text.as_bytes()).unwrap().sign(&key(by)).unwrap()
}

#[test]
fn reject_editions_out_of_their_order() {
    let world = World::empty();
    let first = edition(0, None, 1, 499_000);
    let second = edition(1, Some(&first), 1, 499_001);
    let third = edition(2, Some(&second), 1, 499_002);
    let fourth = edition(3, Some(&third), 1, 499_003);
    let object = |list: &TrustList| Object::Trust(list.clone());
    world.add(object(&first));
    assert_eq!(world.refused(vec![object(&third)]), "trust-gap");
    world.append(vec![object(&second), object(&third)]).unwrap();
    // The same number with other content: of the last, and of an earlier one.
    for fork in [edition(2, Some(&second), 1, 499_009), edition(1, Some(&first), 1, 499_009)] {
        assert_eq!(world.refused(vec![object(&fork)]), "trust-fork");
    }
    let elsewhere = edition(3, Some(&edition(2, Some(&second), 1, 499_009)), 1, 499_010);
    assert_eq!(world.refused(vec![object(&elsewhere)]), "trust-fork");
    assert_eq!(
        world.refused(vec![object(&fourth), object(&edition(3, Some(&third), 1, 499_011))]),
        "trust-fork"
    );
    world.add(object(&fourth));
    // Under somebody else's authority the same name is another list.
    let other = edition(7, Some(&first), 2, 499_000);
    world.add(object(&other));
    assert_eq!(
        world.refused(vec![object(&edition(6, Some(&first), 2, 499_000))]),
        "trust-rollback"
    );
    assert_eq!(world.append(vec![object(&second)]).unwrap().receipts[0].index, 1);
    assert_eq!(world.count("trust_editions"), 5);
}

fn epoch(number: u64, previous: Option<HeadHash>, elements: &[u64], hour: u64) -> ListEpoch {
    let secret = SecretKey::from_bytes(&[31; 32]).unwrap();
    let list = "https://lists.example/cards".to_owned();
    let of = ListKey { list, authority: *secret.public_key(), elements: Elements::Handle };
    let digest = elements_digest(&of.elements, elements).unwrap();
    let times = [hour, hour + 24].map(|hour| Timestamp::from_hours(hour).unwrap());
    let head = Head::new(of, number, times, previous, elements.len() as u64, digest).unwrap();
    ListEpoch::new(head.sign(&secret).unwrap(), elements.to_vec()).unwrap()
}

#[test]
fn reject_epochs_out_of_their_order() {
    let world = World::empty();
    let object = |epoch: &ListEpoch| Object::Epoch(epoch.clone());
    let hash = |epoch: &ListEpoch| Some(epoch.head().hash());
    let first = epoch(0, None, &[3, 5], 499_000);
    let second = epoch(1, hash(&first), &[3, 5, 8], 499_001);
    let third = epoch(2, hash(&second), &[3, 8], 499_002);
    world.add(object(&first));
    assert_eq!(world.refused(vec![object(&third)]), "epoch-gap");
    world.append(vec![object(&second), object(&third)]).unwrap();
    for fork in [epoch(2, hash(&second), &[3], 499_003), epoch(0, None, &[3], 499_000)] {
        assert_eq!(world.refused(vec![object(&fork)]), "epoch-fork");
    }
    let fork = epoch(3, hash(&first), &[3], 499_004);
    assert_eq!(world.refused(vec![object(&fork)]), "epoch-fork");
    let early = epoch(3, hash(&third), &[3], 499_002);
    assert_eq!(world.refused(vec![object(&early)]), "epoch-break");
    // A list that was first seen in the middle.
    let late = World::empty();
    late.add(object(&third));
    assert_eq!(late.refused(vec![object(&second)]), "epoch-rollback");
}

#[test]
fn elements_are_in_shards_in_their_order() {
    let world = World::empty();
    let elements: Vec<u64> = (0..1300).map(|n| n * 7 + 1).collect();
    let of = epoch(0, None, &elements, 499_000);
    let read = ListEpoch::parse(&Object::Epoch(of.clone()).octets(), elements.clone()).unwrap();
    assert_eq!(read, of);
    world.add(Object::Epoch(of));
    let mut reader = wait(world.store.reader()).unwrap();
    let sql = "SELECT first, elements FROM list_shards ORDER BY epoch, first";
    let rows = wait(sqlx::query(sql).fetch_all(&mut *reader)).unwrap();
    let mut kept = Vec::new();
    for row in &rows {
        let octets: &[u8] = row.get(1);
        assert_eq!(row.get::<&[u8], _>(0), &octets[..8]);
        kept.extend(octets.chunks(8).map(|chunk| u64::from_be_bytes(chunk.try_into().unwrap())));
    }
    assert_eq!((rows.len(), kept), (3, elements));
}

#[test]
fn forge_elements_of_an_epoch() {
    let good = epoch(0, None, &[3, 5, 8], 499_000);
    let head = Object::Epoch(good).octets();
    for elements in [vec![3, 5], vec![3, 5, 9], vec![3, 8, 5], vec![3, 5, 8, 9], vec![]] {
        assert!(ListEpoch::parse(&head, elements).is_err());
    }
    assert!(ListEpoch::parse(&head, vec![3, 5, 8]).is_ok());
    assert!(matches!(Object::parse(Kind::Epoch, &head), Err(ObjectError::WithoutElements)));
}
