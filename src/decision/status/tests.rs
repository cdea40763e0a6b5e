use super::*;
use crate::bbs::SecretKey;
use crate::status::{Elements, Head};

const LIST: &str = "https://a.example/1";

fn key() -> SecretKey {
    SecretKey::from_bytes(&[9; 32]).unwrap()
}

fn list() -> ListKey {
    let authority = *key().public_key();
    ListKey { list: LIST.to_owned(), authority, elements: Elements::Handle }
}

/// An epoch made in an hour, after another.
fn head(epoch: u64, hour: u64, previous: Option<&SignedHead>) -> SignedHead {
    let times = [hour, hour + 24].map(|hour| Timestamp::from_hours(hour).unwrap());
    let previous = previous.map(|head| head.hash());
    Head::new(list(), epoch, times, previous, 3, [1; 32]).unwrap().sign(&key()).unwrap()
}

#[test]
fn states_round_trip_and_refuse_what_is_malformed() {
    let hash = PolicyHash::from_bytes([0x22; 32]);
    let state = StatusState::default().with_head(head(0, 100, None)).with_superseded(hash);
    let text = state.to_document().canonical();
    let again = StatusState::parse(text.as_bytes()).unwrap();
    assert_eq!((&again, again.digest()), (&state, state.digest()));
    assert!(again.is_superseded(hash) && again.heads().count() == 1);
    assert_ne!(StatusState::default().digest(), state.digest());
    for (from, to, path) in [
        ("sigil-status/2", "sigil-status/1", "$.format"),
        ("\"count\":3", "\"count\":4", "$.heads[0]"),
        (LIST, "http://a.example/1", "$.heads[0].list"),
        ("[\"22", "[\"2", "$.superseded[0]"),
        ("\"superseded\"", "\"replaced\"", "$.replaced"),
    ] {
        let other = text.replacen(from, to, 1);
        assert_ne!(other, text, "{from}");
        let fault = StatusState::parse(other.as_bytes()).expect_err(to);
        assert_eq!(fault.path(), path, "{from} -> {to}: {fault}");
    }
    let twice = text.replacen("\"heads\":[", "\"heads\":[HEAD,", 1);
    let one = head(0, 100, None).to_document().canonical();
    let fault = StatusState::parse(twice.replace("HEAD", &one).as_bytes()).unwrap_err();
    assert_eq!(fault.path(), "$.heads[1]");
}

/// Forks, rollbacks and replaced epochs, each seen from the heads that are known.
#[test]
fn reject_epochs_that_known_heads_speak_against() {
    let first = head(0, 100, None);
    let second = head(1, 110, Some(&first));
    let third = head(2, 120, Some(&second));
    let known = StatusState::default().with_head(second.clone());
    let standing = |head: &SignedHead| known.standing(&list(), head.stamp());
    assert_eq!(standing(&second), Standing::Unopposed);
    assert_eq!(standing(&third), Standing::Unopposed);
    let since = Timestamp::from_hours(110).unwrap();
    assert_eq!(standing(&first), Standing::Replaced { epoch: 1, since });
    // Another epoch 0, which the known epoch 1 does not follow.
    assert_eq!(standing(&head(0, 101, None)), Standing::Forked);
    // Another epoch 1, at the same time and at another.
    assert_eq!(standing(&head(1, 110, Some(&third))), Standing::Forked);
    assert_eq!(standing(&head(1, 111, Some(&first))), Standing::Forked);
    // A higher number at an earlier time, and a lower one at a later time: numbers run with time.
    assert_eq!(standing(&head(2, 109, Some(&second))), Standing::Forked);
    assert_eq!(standing(&head(0, 130, None)), Standing::Forked);
    // Heads of other lists say nothing.
    let other = ListKey { list: "https://a.example/2".to_owned(), ..list() };
    assert_eq!(known.standing(&other, first.stamp()), Standing::Unopposed);
    let all = known.with_head(first.clone()).with_head(third);
    assert_eq!(all.standing(&list(), first.stamp()), Standing::Replaced { epoch: 1, since });
    // A known head that names another predecessor than the known one.
    let forked = head(2, 120, Some(&head(1, 109, Some(&first))));
    let all = StatusState::default().with_head(second.clone()).with_head(forked.clone());
    assert_eq!(all.standing(&list(), forked.stamp()), Standing::Forked);
    assert_eq!(all.standing(&list(), second.stamp()), Standing::Forked);
    // Times that do not run with the numbers, where no hash gives it away.
    assert_eq!(all.standing(&list(), head(3, 120, Some(&forked)).stamp()), Standing::Forked);
    let late = StatusState::default().with_head(head(2, 120, Some(&second)));
    assert_eq!(late.standing(&list(), head(0, 120, None).stamp()), Standing::Forked);
    assert!(matches!(late.standing(&list(), first.stamp()), Standing::Replaced { epoch: 2, .. }));
    // The same address of another authority is another list.
    let other = SecretKey::from_bytes(&[10; 32]).unwrap();
    let other = ListKey { authority: *other.public_key(), ..list() };
    assert_eq!(late.standing(&other, second.stamp()), Standing::Unopposed);
}
