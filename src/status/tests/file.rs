//! Published files: what is written, found and verified again.

use super::key;
use crate::status::file::{
    FileError, ListFile, MIN_SHARD, PublishError, publish, seal, unwatched, write,
};
use crate::status::{Elements, Entry, ListKey, SignedHead};
use crate::value::{FieldType, Timestamp};
use std::io::Cursor;
use std::ops::ControlFlow;

pub(crate) const LIST: &str = "https://a.example/list";

pub(crate) fn list(elements: Elements) -> ListKey {
    ListKey { list: LIST.to_owned(), authority: *key().public_key(), elements }
}

/// Values of 64 bits.
pub(crate) fn wide() -> Elements {
    Elements::of_field(&FieldType::Code).unwrap()
}

pub(crate) fn times(epoch: u64) -> [Timestamp; 2] {
    [1_000_000, 1_000_060].map(|time| Timestamp::from_unix(time + epoch).unwrap())
}

pub(crate) fn file(elements: &[u64], of: Elements) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    publish(&key(), &list(of), None, times(0), elements, &mut out, &unwatched).unwrap();
    out.into_inner()
}

pub(crate) fn open(octets: &[u8]) -> ListFile<Cursor<&[u8]>> {
    ListFile::open(Cursor::new(octets)).unwrap()
}

fn gap(file: &mut ListFile<Cursor<&[u8]>>, element: u64) -> (u64, u128) {
    let entry: Entry = file.find(element).unwrap();
    assert_eq!(entry.head(), file.head());
    assert_ne!(entry.shows_absence(element), entry.shows_presence(element), "{element}");
    (entry.lo(), entry.hi())
}

/// `count` elements that fall evenly into prefixes of handles.
pub(crate) fn even(count: u64) -> Vec<u64> {
    (0..count).map(|i| (i << 40).div_ceil(count) + i % 7).collect()
}

#[test]
fn an_empty_list_has_one_gap_that_covers_all() {
    for of in [Elements::Handle, wide()] {
        let end = of.end();
        let octets = file(&[], of);
        let mut file = open(&octets);
        assert_eq!((file.entries(), file.shards(), file.head().count()), (1, 1, 0));
        for element in [0, 1, 1 << 39, (end - 1) as u64] {
            assert_eq!(gap(&mut file, element), (0, end));
            assert!(file.find(element).unwrap().shows_absence(element));
        }
        file.verify(&unwatched).unwrap();
    }
}

#[test]
fn every_element_and_its_neighbours_are_found_in_their_gaps() {
    let last = (1 << 40) - 1;
    for elements in [
        vec![77],
        vec![0],
        vec![last],
        vec![0, last],
        vec![0, 1, 2],
        vec![5, 6, 9],
        vec![last - 2, last - 1, last],
    ] {
        let octets = file(&elements, Elements::Handle);
        let mut file = open(&octets);
        file.verify(&unwatched).unwrap();
        // Nothing is left of the last gap where the greatest element is the greatest integer.
        let gaps = elements.len() + usize::from(!elements.contains(&last));
        assert_eq!(file.entries(), gaps as u64);
        let near = |element: &u64| [element.saturating_sub(1), *element, *element + 1];
        for asked in elements.iter().flat_map(near).chain([3]).filter(|asked| *asked <= last) {
            let (lo, hi) = gap(&mut file, asked);
            let before = elements.iter().rev().find(|element| **element < asked);
            let next = elements.iter().find(|element| **element >= asked);
            assert_eq!(lo, before.map_or(0, |before| before + 1), "{asked} in {elements:?}");
            assert_eq!(hi, next.map_or(1 << 40, |next| u128::from(*next)), "{asked}");
            let entry = file.find(asked).unwrap();
            assert_eq!(entry.shows_presence(asked), elements.contains(&asked));
        }
        assert!(matches!(file.find(1 << 40), Err(FileError::BeyondBits(40))));
    }
}

#[test]
fn an_empty_gap_shows_the_presence_of_its_end_and_no_absence() {
    let octets = file(&[41, 42], Elements::Handle);
    let entry = open(&octets).find(42).unwrap();
    assert_eq!((entry.lo(), entry.hi()), (42, 42));
    assert!((30..50).all(|element| !entry.shows_absence(element)));
    assert!(entry.shows_presence(42) && !entry.shows_presence(41));
}

#[test]
fn values_of_64_bits_reach_to_the_last_one() {
    for elements in [vec![u64::MAX], vec![0, u64::MAX - 1], vec![u64::MAX - 1, u64::MAX]] {
        let octets = file(&elements, wide());
        let mut file = open(&octets);
        file.verify(&unwatched).unwrap();
        for asked in [0, 1, u64::MAX - 2, u64::MAX - 1, u64::MAX] {
            let entry = file.find(asked).unwrap();
            assert_eq!(entry.shows_presence(asked), elements.contains(&asked), "{asked}");
            assert_eq!(entry.shows_absence(asked), !elements.contains(&asked), "{asked}");
        }
    }
}

#[test]
fn a_holder_hides_among_a_thousand_in_every_shard() {
    for (count, shards) in [(1999, 1), (2000, 2), (3999, 2), (4100, 4)] {
        let elements = even(count);
        let octets = file(&elements, Elements::Handle);
        let mut file = open(&octets);
        assert_eq!(file.shards(), shards, "{count}");
        file.verify(&unwatched).unwrap();
        let width = 40 - file.prefix_bits();
        for shard in 0..shards {
            let own = elements.iter().filter(|element| *element >> width == u64::from(shard));
            assert!(shards == 1 || own.count() as u64 >= MIN_SHARD);
        }
        // At the seams, and at the last entry of each shard.
        let seams = (1..u64::from(shards)).map(|shard| shard << width);
        let asked = seams.flat_map(|seam| [seam - 1, seam, seam + 1, seam - 5000, seam + 5000]);
        for asked in asked.chain([0, (1 << 40) - 1]) {
            assert_eq!(u64::from(file.shard_of(asked).unwrap()), asked >> width);
            let (lo, hi) = gap(&mut file, asked);
            assert!(lo <= asked && u128::from(asked) <= hi);
        }
    }
    // Elements that crowd under one prefix have no shards, whatever their number.
    let mut crowded: Vec<u64> = (0..3000).collect();
    crowded.push(1 << 39);
    assert_eq!(open(&file(&crowded, Elements::Handle)).shards(), 1);
}

#[test]
fn a_shard_alone_answers_for_its_integers_and_no_others() {
    let elements = even(4100);
    let octets = file(&elements, Elements::Handle);
    let mut whole = open(&octets);
    for shard in 0..4 {
        let mut alone = Vec::new();
        whole.write_shard(shard, &mut alone).unwrap();
        assert!(alone.len() < octets.len() / 3);
        let mut alone = ListFile::open(Cursor::new(&alone[..])).unwrap();
        assert_eq!((alone.only_shard(), alone.head()), (Some(shard), whole.head()));
        alone.verify(&unwatched).unwrap();
        let first = u64::from(shard) << 38;
        for asked in [first, first + 1, first + (1 << 37), first + (1 << 38) - 1] {
            let (expected, found) = (whole.find(asked).unwrap(), alone.find(asked).unwrap());
            assert_eq!((found.lo(), found.hi()), (expected.lo(), expected.hi()));
        }
        let other = (first + (1 << 38)) % (1 << 40);
        assert!(matches!(alone.find(other), Err(FileError::OtherShard { .. })));
    }
    assert!(matches!(whole.write_shard(4, &mut Vec::new()), Err(FileError::ShardNumber(4))));
}

#[test]
fn any_number_of_threads_writes_the_same_octets() {
    let elements = even(2100);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| file(&elements, Elements::Handle))
    };
    assert!(on(1) == on(3));
}

/// The file that was begun may be written again, and nothing else under its head.
#[test]
fn a_head_is_written_with_its_own_elements_only() {
    let list = list(Elements::Handle);
    let head = seal(&key(), &list, None, times(0), &[1, 2]).unwrap();
    let again = |elements: &[u64]| {
        let mut out = Cursor::new(b"before".to_vec());
        out.set_position(6);
        write(&key(), &head, elements, &mut out, &unwatched).map(|()| out.into_inner())
    };
    assert_eq!(again(&[1, 2]).unwrap()[6..], file(&[1, 2], Elements::Handle));
    for other in [&[1, 3][..], &[1], &[1, 2, 3], &[]] {
        assert!(matches!(again(other), Err(PublishError::OtherElements)));
    }
    let other = crate::bbs::SecretKey::from_bytes(&[8; 32]).unwrap();
    let mut out = Cursor::new(Vec::new());
    let foreign = write(&other, &head, &[1, 2], &mut out, &unwatched);
    assert!(matches!(foreign, Err(PublishError::Signature(_))));
    assert!(out.into_inner().is_empty());
}

#[test]
fn reject_what_is_no_set_of_elements_and_epochs_out_of_order() {
    let handles = list(Elements::Handle);
    let seal = |previous: Option<&SignedHead>, times, elements: &[u64]| {
        seal(&key(), &handles, previous, times, elements)
    };
    assert!(matches!(seal(None, times(0), &[1, 1]), Err(PublishError::Order(1))));
    assert!(matches!(seal(None, times(0), &[1, 3, 2]), Err(PublishError::Order(2))));
    assert!(matches!(seal(None, times(0), &[0, 1 << 40]), Err(PublishError::BeyondBits(1))));
    let [issued, due] = times(0);
    assert!(matches!(seal(None, [issued, issued], &[]), Err(PublishError::Times)));
    assert!(matches!(seal(None, [due, issued], &[]), Err(PublishError::Times)));
    let first = seal(None, times(0), &[]).unwrap();
    let second = seal(Some(&first), times(1), &[]).unwrap();
    assert_eq!((second.stamp().epoch, second.previous()), (1, Some(first.hash())));
    assert!(matches!(seal(Some(&first), times(0), &[]), Err(PublishError::Chain(_))));
    assert!(matches!(seal(Some(&second), times(0), &[]), Err(PublishError::Chain(_))));
}

#[test]
fn whoever_watches_sees_all_entries_and_can_give_up() {
    let elements = even(2500);
    let done = std::sync::atomic::AtomicU64::new(0);
    let watch = |entries| {
        done.store(entries, std::sync::atomic::Ordering::Relaxed);
        ControlFlow::Continue(())
    };
    let mut out = Cursor::new(Vec::new());
    let list = list(Elements::Handle);
    publish(&key(), &list, None, times(0), &elements, &mut out, &watch).unwrap();
    assert_eq!(done.load(std::sync::atomic::Ordering::Relaxed), 2501);
    let octets = out.into_inner();
    open(&octets).verify(&watch).unwrap();
    assert_eq!(done.load(std::sync::atomic::Ordering::Relaxed), 2502, "one is in both shards");
    let stop = |_| ControlFlow::Break(());
    let mut out = Cursor::new(Vec::new());
    let stopped = publish(&key(), &list, None, times(0), &elements, &mut out, &stop);
    assert!(matches!(stopped, Err(PublishError::Stopped)));
    assert!(ListFile::open(Cursor::new(out.into_inner())).is_err(), "what was begun is no file");
    assert!(matches!(open(&octets).verify(&stop), Err(FileError::Stopped)));
}
