//! Files that are none: every octet changed, every length, and faults under good checksums.

use super::file::{even, file, open};
use crate::status::Elements;
use crate::status::file::{FileError, ListFile, unwatched};
use sha2::{Digest, Sha256};
use std::io::Cursor;

fn verdict(octets: &[u8]) -> Result<(), FileError> {
    ListFile::open(Cursor::new(octets))?.verify(&unwatched)
}

/// Where the prefix bits are.
fn after_head(octets: &[u8]) -> usize {
    16 + u32::from_be_bytes(octets[12..16].try_into().unwrap()) as usize
}

fn header_len(octets: &[u8]) -> usize {
    let at = after_head(octets);
    at + 5 + (48 << octets[at]) + 32
}

/// Makes the checksums good again.
fn reseal(octets: &mut [u8]) {
    let (index, header) = (after_head(octets) + 5, header_len(octets));
    let mut offset = header;
    for line in (index..header - 32).step_by(48) {
        let entries = u64::from_be_bytes(octets[line + 8..line + 16].try_into().unwrap());
        let end = offset + 8 + 88 * entries as usize;
        let sum = octets.get(offset..end).map(Sha256::digest).unwrap_or_default();
        octets[line + 16..line + 48].copy_from_slice(&sum);
        offset = end;
    }
    reseal_header(octets);
}

fn reseal_header(octets: &mut [u8]) {
    let header = header_len(octets);
    let sum = Sha256::digest(&octets[..header - 32]);
    octets[header - 32..header].copy_from_slice(&sum);
}

/// Every octet with one bit and with all bits changed, every length.
#[test]
fn reject_every_octet_changed_and_every_length() {
    let good = file(&[3, 4, 900], Elements::Handle);
    verdict(&good).unwrap();
    for at in 0..good.len() {
        for mask in [1 << (at % 8), 0xff] {
            let mut bad = good.clone();
            bad[at] ^= mask;
            assert!(verdict(&bad).is_err(), "octet {at}");
        }
    }
    for length in 0..good.len() {
        let error = verdict(&good[..length]).unwrap_err();
        assert!(matches!(error, FileError::Truncated { .. }), "{length}: {error}");
    }
    let longer = [&good[..], &[0; 3]].concat();
    assert!(matches!(verdict(&longer), Err(FileError::Surplus(3))));
}

#[test]
fn reject_faults_of_the_header_by_name() {
    let good = file(&[3, 4, 900], Elements::Handle);
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bad = good.clone();
        change(&mut bad);
        verdict(&bad).unwrap_err()
    };
    let index = after_head(&good) + 5;
    assert!(matches!(changed(&|bad| bad[0] = b'X'), FileError::Magic));
    assert!(matches!(changed(&|bad| bad[11] = 2), FileError::Version(2)));
    assert!(matches!(changed(&|bad| bad[12] = 1), FileError::HeadLength(_)));
    assert!(matches!(changed(&|bad| bad[index - 5] = 17), FileError::Prefix(17)));
    assert!(matches!(changed(&|bad| bad[index + 20] ^= 1), FileError::HeaderChecksum));
    // From here on under a good checksum.
    let resealed = |change: &dyn Fn(&mut Vec<u8>)| {
        changed(&|bad| {
            change(bad);
            reseal_header(bad);
        })
    };
    let number = resealed(&|bad| bad[index - 4..index].copy_from_slice(&[0, 0, 0, 1]));
    assert!(matches!(number, FileError::ShardNumber(1)));
    assert!(matches!(resealed(&|bad| bad[index + 7] = 1), FileError::Index(0)));
    for entries in [0, u64::MAX, u64::MAX / 88, 1 << 57] {
        let set = |bad: &mut Vec<u8>| {
            bad[index + 8..index + 16].copy_from_slice(&entries.to_be_bytes());
        };
        assert!(matches!(resealed(&set), FileError::Index(0)), "{entries}");
    }
    for (entries, fits) in [(1, false), (2, false), (5, false), (3, true), (1 << 50, false)] {
        let error = resealed(&|bad| {
            bad[index + 8..index + 16].copy_from_slice(&u64::to_be_bytes(entries));
        });
        match fits {
            // Three entries for three elements: the last gap is left away, so the file is too long.
            true => assert!(matches!(error, FileError::Surplus(88)), "{error}"),
            false => assert!(matches!(error, FileError::Count { elements: 3, .. }), "{error}"),
        }
    }
    assert!(matches!(resealed(&|bad| bad[index + 20] ^= 1), FileError::ShardChecksum(0)));
    let head = resealed(&|bad| {
        let text = String::from_utf8(bad[16..index - 5].to_vec()).unwrap();
        let text = text.replace("\"count\":3", "\"count\":4");
        bad[16..index - 5].copy_from_slice(text.as_bytes());
    });
    assert!(matches!(head, FileError::Head(_)), "the head's signature");
    // White space that keeps the length: another spelling of a head that is signed.
    let spaced = {
        let mut bad = [&good[..index - 5], b" ", &good[index - 5..]].concat();
        let length = (index - 5 - 16 + 1) as u32;
        bad[12..16].copy_from_slice(&length.to_be_bytes());
        reseal_header(&mut bad);
        verdict(&bad).unwrap_err()
    };
    assert!(matches!(spaced, FileError::HeadForm), "{spaced}");
}

#[test]
fn reject_faults_of_entries_by_name() {
    let good = file(&[3, 4, 900], Elements::Handle);
    let body = header_len(&good);
    let element = |entry: usize| body + 8 + 88 * entry;
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bad = good.clone();
        change(&mut bad);
        reseal(&mut bad);
        verdict(&bad).unwrap_err()
    };
    let set = |entry: usize, value: u64| {
        changed(&move |bad| {
            bad[element(entry)..element(entry) + 8].copy_from_slice(&value.to_be_bytes());
        })
    };
    assert!(matches!(set(1, 3), FileError::Duplicate { entry: 1, .. }));
    assert!(matches!(set(1, 2), FileError::Unsorted { entry: 1, .. }));
    assert!(matches!(set(2, 1 << 40), FileError::Range { entry: 2, .. }));
    assert!(matches!(set(2, u64::MAX), FileError::Range { entry: 2, .. }));
    assert!(matches!(set(3, 1 << 40), FileError::Range { entry: 3, .. }));
    assert!(matches!(set(2, 901), FileError::Signature { entry: 2, .. }));
    assert!(matches!(changed(&|bad| bad[body + 7] = 1), FileError::Seam(0)));
    let signature = changed(&|bad| bad[element(1) + 20] ^= 1);
    assert!(matches!(signature, FileError::Signature { entry: 1, .. }));
    // The signatures of two entries exchanged: both are of this epoch, neither of its gap.
    let exchanged = changed(&|bad| {
        let (left, right) = bad.split_at_mut(element(1));
        left[element(0) + 8..].swap_with_slice(&mut right[8..88]);
    });
    assert!(matches!(exchanged, FileError::Signature { entry: 0, .. }));
}

/// A file can be good in all but what its head says of the elements.
#[test]
fn reject_elements_that_are_not_those_of_the_head() {
    use super::file::{list, times};
    use crate::status::Head;
    use crate::status::file::seal;
    let (key, list) = (super::key(), list(Elements::Handle));
    let head = seal(&key, &list, None, times(0), &[3, 4]).unwrap();
    let other = Head::new(list, 0, times(0), None, 2, [9; 32]).unwrap().sign(&key).unwrap();
    let good = file(&[3, 4], Elements::Handle);
    let forged = other.to_document().canonical();
    assert_eq!(forged.len(), head.to_document().canonical().len());
    let mut bad = good.clone();
    bad[16..16 + forged.len()].copy_from_slice(forged.as_bytes());
    // Entries signed for the other head by an authority that lies about its elements.
    let header = other.stamp().entry_header(other.key());
    let generators = crate::status::entry::generators().unwrap();
    let body = header_len(&bad);
    for (entry, (lo, hi)) in [(0, 3), (4, 4), (5, 1 << 40)].into_iter().enumerate() {
        let messages = crate::status::entry::messages(lo, hi);
        let signature = crate::bbs::sign(&key, &generators, &header, &messages).unwrap();
        let at = body + 16 + 88 * entry;
        bad[at..at + 80].copy_from_slice(&signature.to_bytes());
    }
    reseal(&mut bad);
    assert!(matches!(verdict(&bad), Err(FileError::Digest)));
}

#[test]
fn reject_shards_that_do_not_fit_together_or_are_too_small() {
    let good = file(&even(2000), Elements::Handle);
    verdict(&good).unwrap();
    let (index, body) = (after_head(&good) + 5, header_len(&good));
    let second = body + 8 + 88 * 1001;
    // The second shard begins elsewhere than the first one ended.
    let mut bad = good.clone();
    bad[second + 7] ^= 1;
    reseal(&mut bad);
    assert!(matches!(verdict(&bad), Err(FileError::Seam(1) | FileError::Signature { .. })));
    // The shared entry has another signature in the second shard.
    let mut bad = good.clone();
    let entry: Vec<u8> = bad[second + 8 + 88 + 8..second + 8 + 88 + 88].to_vec();
    bad[second + 16..second + 96].copy_from_slice(&entry);
    reseal(&mut bad);
    assert!(matches!(verdict(&bad), Err(FileError::Seam(1))));
    // A bit of the second shard's checksum, and of its content.
    for at in [index + 48 + 20, second + 100] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        reseal_header(&mut bad);
        assert!(matches!(verdict(&bad), Err(FileError::ShardChecksum(1))));
        let mut bad = ListFile::open(Cursor::new(&bad[..])).unwrap();
        assert!(bad.find(0).is_ok(), "the first shard is as it was");
        assert!(matches!(bad.find((1 << 40) - 1), Err(FileError::ShardChecksum(1))));
        assert!(matches!(bad.write_shard(1, &mut Vec::new()), Err(FileError::ShardChecksum(1))));
    }
    // One entry is moved from the second shard to the first.
    let mut bad = good.clone();
    let entries = |bad: &mut [u8], shard: usize, count: u64| {
        let at = index + 48 * shard + 8;
        bad[at..at + 8].copy_from_slice(&count.to_be_bytes());
    };
    entries(&mut bad, 0, 1002);
    entries(&mut bad, 1, 1000);
    let offset = (8 + 88 * 1002u64).to_be_bytes();
    bad[index + 48..index + 56].copy_from_slice(&offset);
    reseal_header(&mut bad);
    assert!(matches!(verdict(&bad), Err(FileError::SmallShard(1))));
}

#[test]
fn an_entry_is_never_found_by_a_checksum_alone() {
    let good = file(&[3, 4, 900], Elements::Handle);
    let at = header_len(&good) + 8 + 88 * 2;
    let mut bad = good.clone();
    bad[at + 7] ^= 1;
    reseal(&mut bad);
    let mut bad = ListFile::open(Cursor::new(&bad[..])).unwrap();
    assert!(matches!(bad.find(500), Err(FileError::Signature { shard: 0, entry: 2 })));
    assert!(bad.find(3).is_ok());
    // One past it: the gap after it begins elsewhere too.
    assert!(matches!(bad.find(1000), Err(FileError::Signature { shard: 0, entry: 3 })));
    assert_eq!(open(&good).find(500).unwrap().hi(), 900);
}
