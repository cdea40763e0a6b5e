//! Chains of heads, every break by its name.

use super::file::{LIST, list, times, wide};
use super::key;
use crate::bbs::SecretKey;
use crate::status::chain::{Break, KNOWN_EPOCHS, KNOWN_LISTS, KnownHeads, check_chain, follows};
use crate::status::file::seal;
use crate::status::{Elements, Head, HeadHash, ListKey, SignedHead};
use crate::value::Timestamp;

fn next(previous: Option<&SignedHead>, elements: &[u64]) -> SignedHead {
    let epoch = previous.map_or(0, |head| head.stamp().epoch + 1);
    seal(&key(), &list(Elements::Handle), previous, times(epoch), elements).unwrap()
}

fn chain(length: usize) -> Vec<SignedHead> {
    let mut heads: Vec<SignedHead> = Vec::new();
    (0..length).for_each(|i| heads.push(next(heads.last(), &[i as u64])));
    heads
}

/// A head that need not follow anything.
fn head(list: &ListKey, epoch: u64, time: u64, previous: Option<HeadHash>) -> Head {
    Head::new(list.clone(), epoch, times(time), previous, 0, [epoch as u8; 32]).unwrap()
}

#[test]
fn reject_every_break_of_a_chain_by_its_name() {
    let heads = chain(4);
    assert_eq!(check_chain(&heads), Ok(()));
    assert_eq!(check_chain(&heads[2..]), Ok(()));
    assert_eq!(check_chain(&[]), Ok(()));
    let other = next(Some(&heads[1]), &[99]);
    let own = list(Elements::Handle);
    let before = Some(heads[1].hash());
    let address = ListKey { list: "https://b.example/list".to_owned(), ..own.clone() };
    let foreign = *SecretKey::from_bytes(&[8; 32]).unwrap().public_key();
    let authority = ListKey { authority: foreign, ..own.clone() };
    let kind = list(wide());
    for (new, old, expected) in [
        (&head(&address, 2, 2, before), &heads[1], Break::OtherList),
        (&head(&authority, 2, 2, before), &heads[1], Break::OtherAuthority),
        (&head(&kind, 2, 2, before), &heads[1], Break::OtherElements),
        (&*heads[2], &heads[2], Break::Repeated { epoch: 2 }),
        (&*other, &heads[2], Break::Fork { epoch: 2 }),
        (&*heads[3], &other, Break::Fork { epoch: 2 }),
        (&*heads[1], &heads[3], Break::Lowered { found: 1, known: 3 }),
        (&*heads[3], &heads[1], Break::Skipped { found: 3, expected: 2 }),
        (&head(&own, 2, 1, before), &heads[1], Break::Earlier { epoch: 2 }),
        (&head(&own, 2, 0, before), &heads[1], Break::Earlier { epoch: 2 }),
    ] {
        assert_eq!(follows(new, old), Err(expected), "{expected}");
    }
    let forked = [heads[0].clone(), heads[1].clone(), other, heads[3].clone()];
    assert_eq!(check_chain(&forked), Err((3, Break::Fork { epoch: 2 })));
}

#[test]
fn reject_a_rollback_and_a_fork_after_a_restart() {
    let heads = chain(5);
    let list = list(Elements::Handle);
    let mut known = KnownHeads::new();
    known.admit_head(&heads[1]).unwrap();
    known.admit_head(&heads[3]).unwrap();
    let text = known.to_document().canonical();
    let mut known = KnownHeads::parse(text.as_bytes()).unwrap();
    assert_eq!((known.newest(&list), known.head(&list, 1)), (Some(3), Some(heads[1].hash())));
    let before = known.clone();
    let other = next(Some(&heads[2]), &[99]);
    let after_other = next(Some(&other), &[99]);
    let own = &list;
    let earlier = head(own, 4, 3, Some(heads[3].hash()));
    for (bad, expected) in [
        (&*heads[0], Break::Lowered { found: 0, known: 3 }),
        (&*heads[1], Break::Lowered { found: 1, known: 3 }),
        (&*heads[2], Break::Lowered { found: 2, known: 3 }),
        (&*other, Break::Fork { epoch: 3 }),
        (&*after_other, Break::Fork { epoch: 3 }),
        (&earlier, Break::Earlier { epoch: 4 }),
    ] {
        assert_eq!(known.admit_head(bad), Err(expected));
        assert_eq!(known, before, "nothing is remembered of what is refused");
    }
    // A stamp does not say what came before it: the fork shows in the number that both have.
    assert_eq!(known.admit(own, other.stamp()), Err(Break::Fork { epoch: 3 }));
    known.admit(own, heads[3].stamp()).unwrap();
    known.admit_head(&heads[4]).unwrap();
    assert_eq!(known.newest(own), Some(4));
}

#[test]
fn what_is_remembered_is_bounded() {
    let heads = chain(KNOWN_EPOCHS + 3);
    let list = list(Elements::Handle);
    let mut known = KnownHeads::new();
    heads.iter().for_each(|head| known.admit_head(head).unwrap());
    assert_eq!(known.head(&list, 2), None);
    assert_eq!(known.head(&list, 3), Some(heads[3].hash()));
    assert_eq!(known.admit_head(&heads[2]), Err(Break::Lowered { found: 2, known: 66 }));
    let another = |n: usize| ListKey { list: format!("{LIST}/{n}"), ..list.clone() };
    for n in 1..KNOWN_LISTS {
        known.admit_head(&head(&another(n), 0, 0, None)).unwrap();
    }
    let full = known.admit_head(&head(&another(KNOWN_LISTS), 0, 0, None));
    assert_eq!(full, Err(Break::TooManyLists));
    known.admit_head(&head(&another(1), 1, 1, Some(heads[0].hash()))).unwrap_err();
    // Full of lists and of epochs, it is still read.
    for n in 1..KNOWN_LISTS {
        (1..KNOWN_EPOCHS as u64).for_each(|epoch| {
            let stamp = *head(&another(n), epoch, epoch, Some(heads[0].hash())).stamp();
            known.admit(&another(n), &stamp).unwrap();
        });
    }
    let text = known.to_document().canonical();
    assert_eq!(KnownHeads::parse(text.as_bytes()).unwrap(), known, "{} octets", text.len());
    let more = text.replacen("{\"authority\"", &format!("{},{{\"authority\"", one_list(&text)), 1);
    assert!(KnownHeads::parse(more.as_bytes()).is_err(), "one list too many");
}

/// The first list of the document, under an address that no other has.
fn one_list(text: &str) -> String {
    let from = text.find("{\"authority\"").unwrap();
    let until = text[from + 1..].find("{\"authority\"").unwrap() + from;
    text[from..until].replacen(LIST, "https://z.example", 1)
}

#[test]
fn reject_known_heads_that_contradict_themselves() {
    let heads = chain(2);
    let mut known = KnownHeads::new();
    heads.iter().for_each(|head| known.admit_head(head).unwrap());
    let text = known.to_document().canonical();
    for (from, to) in [
        ("\"epoch\":1", "\"epoch\":0"),
        ("\"epoch\":0", "\"epoch\":-1"),
        ("T13:46:41Z", "T13:46:40Z"),
        ("sigil-known-heads/1", "sigil-known-heads/2"),
        ("\"elements\":\"handle\"", "\"elements\":\"text\""),
        ("https://", "http://"),
    ] {
        assert!(text.contains(from), "{from} in {text}");
        assert!(KnownHeads::parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
    }
}

/// The first epoch has no predecessor, every other has one, and the next is due after it was made.
#[test]
fn reject_heads_without_their_place_or_their_time() {
    let key = next(None, &[]).key().clone();
    let before = next(None, &[]).hash();
    let made = |epoch, times, previous| Head::new(key.clone(), epoch, times, previous, 0, [1; 32]);
    let [at, later] = [100, 101].map(|hour| Timestamp::from_hours(hour).unwrap());
    assert!(made(0, [at, later], None).is_some() && made(1, [at, later], Some(before)).is_some());
    for (epoch, times, previous) in [
        (0, [at, later], Some(before)),
        (1, [at, later], None),
        (0, [at, at], None),
        (0, [later, at], None),
    ] {
        assert!(made(epoch, times, previous).is_none(), "{epoch} {times:?}");
    }
}
