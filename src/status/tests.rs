mod chain;
mod faults;
mod file;
mod register;

use super::*;
use crate::bbs::SecretKey;
use std::sync::Arc;

pub(crate) fn key() -> SecretKey {
    SecretKey::from_bytes(&[7; 32]).unwrap()
}

pub(crate) fn head(epoch: u64, list: &str, previous: Option<HeadHash>) -> Head {
    let authority = *key().public_key();
    let key = ListKey { list: list.to_owned(), authority, elements: Elements::Handle };
    let times = ["2026-06-01T00:00:00Z".parse().unwrap(), "2026-06-02T00:00:00Z".parse().unwrap()];
    Head::new(key, epoch, times, previous, 1, [3; 32]).unwrap()
}

#[test]
fn heads_and_entries_round_trip() {
    let head = Arc::new(head(0, "https://a.example/1", None).sign(&key()).unwrap());
    let text = head.to_document().canonical();
    assert_eq!(SignedHead::parse(text.as_bytes()).unwrap(), *head);
    let entry = Entry::sign(&key(), head, 5, 9).unwrap();
    let text = entry.to_document().canonical();
    let again = UnverifiedEntry::parse(text.as_bytes()).unwrap().check().unwrap();
    assert_eq!((again.lo(), again.hi()), (5, 9));
    let other = text.replace("\"lo\":\"5\"", "\"lo\":\"4\"");
    assert!(UnverifiedEntry::parse(other.as_bytes()).unwrap().check().is_err());
}

/// What an authority signs beyond the list's range is no entry, however well it is signed.
#[test]
fn reject_ends_beyond_the_range() {
    let head = Arc::new(head(0, "https://a.example/1", None).sign(&key()).unwrap());
    for (lo, hi, good) in
        [(0, 1 << 40, true), (5, 5, true), (0, (1 << 40) + 1, false), (6, 5, false)]
    {
        let entry = Entry::sign(&key(), head.clone(), lo, hi).unwrap();
        let text = entry.to_document().canonical();
        let entry = UnverifiedEntry::parse(text.as_bytes()).unwrap();
        assert_eq!(entry.check().is_ok(), good, "{lo} {hi}");
    }
}
