use super::*;
use ct_merkle::digest::consts::U32;
use ct_merkle::digest::{FixedOutput, HashMarker, Output, OutputSizeUser, Update};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Digest;

/// SHA-256 for the other implementation, whose traits are of a later version.
#[derive(Clone, Default)]
struct Sha256(sha2::Sha256);

impl HashMarker for Sha256 {}

impl OutputSizeUser for Sha256 {
    type OutputSize = U32;
}

impl Update for Sha256 {
    fn update(&mut self, octets: &[u8]) {
        Digest::update(&mut self.0, octets);
    }
}

impl FixedOutput for Sha256 {
    fn finalize_into(self, out: &mut Output<Self>) {
        out.copy_from_slice(&self.0.finalize());
    }
}

type Theirs = MemoryBackedTree<Sha256, Vec<u8>>;

/// Roots; inclusion and consistency proofs, as octets and each verified by the other side.
#[test]
fn trees_and_proofs_agree_with_another_implementation() {
    let mut dice = Dice(6962);
    let memory = Memory::numbered(10_000);
    let mut sizes: Vec<u64> = (0..20).map(|_| 1 + dice.below(10_000)).collect();
    sizes.extend([1, 2, 3, 255, 256, 257, 511, 512, 513, 4096, 8191, 10_000]);
    sizes.sort_unstable();
    let mut theirs = Theirs::new();
    for size in sizes {
        while theirs.len() < size {
            theirs.push(leaf(theirs.len()));
        }
        let root = memory.root(size);
        assert_eq!(theirs.root().as_bytes()[..], root, "{size}");
        for _ in 0..25 {
            let index = dice.below(size);
            let (ours, proof) =
                (memory.inclusion(size, index), theirs.prove_inclusion(index as usize));
            assert_eq!(ours.hashes().as_flattened(), proof.as_bytes(), "{index} of {size}");
            let hashes = proof.as_bytes().as_chunks().0.to_vec();
            let given = InclusionProof::new(size, index, hashes).unwrap();
            assert_eq!(given.check(&root, &leaf_hash(&leaf(index))), Ok(()));
            let octets = ours.hashes().concat();
            let taken = ct_merkle::InclusionProof::try_from_bytes(octets).unwrap();
            theirs.root().verify_inclusion(&leaf(index), index, &taken).unwrap();

            let old = 1 + dice.below(size);
            let ours = memory.consistency(old, size);
            let proof = theirs.prove_consistency((size - old) as usize);
            assert_eq!(ours.hashes().as_flattened(), proof.as_bytes(), "{old} to {size}");
            let old_root = memory.root(old);
            let hashes = proof.as_bytes().as_chunks().0.to_vec();
            let given = ConsistencyProof::new(old, size, hashes).unwrap();
            assert_eq!(given.check(&old_root, &root), Ok(()));
            let octets = ours.hashes().concat();
            let taken = ct_merkle::ConsistencyProof::try_from_bytes(octets).unwrap();
            let before = ct_merkle::RootHash::<Sha256>::new(old_root.into(), old);
            theirs.root().verify_consistency(&before, &taken).unwrap();
        }
    }
}

/// Every pair of a size and an index or older size, and every lie about one of the numbers.
#[test]
fn forge_another_index_or_size() {
    let memory = Memory::numbered(21);
    let roots: Vec<Hash> = (0..=21).map(|size| memory.root(size)).collect();
    let hashes: Vec<Hash> = (0..21).map(|index| leaf_hash(&leaf(index))).collect();
    for size in 1..=21usize {
        for index in 0..size {
            let proof = memory.inclusion(size as u64, index as u64);
            for (claimed, hash) in hashes.iter().enumerate().take(size) {
                let other =
                    InclusionProof::new(size as u64, claimed as u64, proof.hashes().to_vec());
                let checked = other.unwrap().check(&roots[size], &hashes[index]);
                assert_eq!(checked.is_ok(), claimed == index, "{index} as {claimed} of {size}");
                let checked = proof.check(&roots[size], hash);
                assert_eq!(checked.is_ok(), claimed == index);
            }
            for (claimed, root) in roots.iter().enumerate() {
                let checked = proof.check(root, &hashes[index]);
                assert_eq!(checked.is_ok(), claimed == size, "the root of {claimed}");
            }
        }
        for old in 0..=size {
            let proof = memory.consistency(old as u64, size as u64);
            for claimed in 0..=size {
                let other =
                    ConsistencyProof::new(claimed as u64, size as u64, proof.hashes().to_vec());
                let other = other.unwrap();
                let checked = other.check(&roots[old], &roots[size]);
                assert_eq!(checked.is_ok(), claimed == old, "{old} as {claimed} to {size}");
                let checked = proof.check(&roots[claimed], &roots[size]);
                assert_eq!(checked.is_ok(), claimed == old, "the root of {claimed}");
            }
            for (claimed, root) in roots.iter().enumerate() {
                let right = claimed == size || old == 0 && size > 0;
                assert_eq!(proof.check(&roots[old], root).is_ok(), right, "{old} {claimed}");
            }
        }
    }
}

/// A proof of another size would lead to the same root only if it split there as well.
#[test]
fn forge_the_size_of_an_inclusion() {
    let memory = Memory::numbered(300);
    let hash = leaf_hash(&leaf(7));
    let proof = memory.inclusion(300, 7);
    for size in (8..300).chain(301..700) {
        let other = InclusionProof::new(size, 7, proof.hashes().to_vec()).unwrap();
        // As many hashes, the same turns: the number of leaves is the checkpoint's to say.
        let alike = memory.inclusion(300, 7).hashes().len() == path_len(size, 7);
        assert_eq!(other.check(&memory.root(300), &hash).is_ok(), alike, "{size}");
    }
}

/// Hashes of an inclusion proof, from the definition.
fn path_len(size: u64, index: u64) -> usize {
    if size == 1 {
        return 0;
    }
    let left = size.next_power_of_two() / 2;
    1 + if index < left { path_len(left, index) } else { path_len(size - left, index - left) }
}

#[test]
fn forge_flipped_short_and_surplus_hashes() {
    let memory = Memory::numbered(700);
    let (root, old_root) = (memory.root(700), memory.root(333));
    let hash = leaf_hash(&leaf(421));
    let inclusion =
        |hashes: Vec<Hash>| InclusionProof::new(700, 421, hashes).unwrap().check(&root, &hash);
    let consistency = |hashes: Vec<Hash>| {
        ConsistencyProof::new(333, 700, hashes).unwrap().check(&old_root, &root)
    };
    type Check<'a> = &'a dyn Fn(Vec<Hash>) -> Result<(), NotProven>;
    let checks: [(Vec<Hash>, Check<'_>); 2] = [
        (memory.inclusion(700, 421).hashes().to_vec(), &inclusion),
        (memory.consistency(333, 700).hashes().to_vec(), &consistency),
    ];
    for (hashes, check) in checks {
        assert!(hashes.len() > 7);
        assert_eq!(check(hashes.clone()), Ok(()));
        for place in 0..hashes.len() {
            for bit in [0, 77, 255] {
                let mut flipped = hashes.clone();
                flipped[place][bit / 8] ^= 1 << (bit % 8);
                assert_eq!(check(flipped), Err(NotProven), "{place} {bit}");
            }
            let mut short = hashes.clone();
            let hash = short.remove(place);
            assert_eq!(check(short), Err(NotProven), "without {place}");
            let mut surplus = hashes.clone();
            surplus.insert(place, hash);
            assert_eq!(check(surplus), Err(NotProven), "{place} twice");
        }
        let mut appended = hashes.clone();
        appended.push(EMPTY_ROOT);
        assert_eq!(check(appended), Err(NotProven));
        assert_eq!(check(Vec::new()), Err(NotProven));
    }
}

#[test]
fn reject_proofs_that_cannot_be() {
    let memory = Memory::numbered(5);
    assert!(matches!(
        run(prove_inclusion(&memory, 5, 5)),
        Err(ProveError::Index { index: 5, size: 5 })
    ));
    assert!(matches!(run(prove_inclusion(&memory, 0, 0)), Err(ProveError::Index { .. })));
    assert!(matches!(
        run(prove_consistency(&memory, 6, 5)),
        Err(ProveError::Sizes { old: 6, new: 5 })
    ));
    let large = MAX_SIZE + 1;
    assert!(matches!(run(prove_inclusion(&memory, large, 0)), Err(ProveError::TooLarge(_))));
    assert!(matches!(run(prove_consistency(&memory, 0, u64::MAX)), Err(ProveError::TooLarge(_))));
    assert!(matches!(run(prove_consistency(&memory, 1, u64::MAX)), Err(ProveError::TooLarge(_))));
    assert!(matches!(run(root_at(&memory, u64::MAX)), Err(ProveError::TooLarge(_))));
    let many = vec![EMPTY_ROOT; MAX_PROOF + 1];
    assert_eq!(InclusionProof::new(9, 3, many.clone()), None);
    assert_eq!(InclusionProof::new(9, 9, Vec::new()), None);
    assert_eq!(InclusionProof::new(large, 0, Vec::new()), None);
    assert_eq!(ConsistencyProof::new(3, 9, many), None);
    assert_eq!(ConsistencyProof::new(9, 3, Vec::new()), None);
    assert_eq!(ConsistencyProof::new(9, large, Vec::new()), None);
    // Two trees without leaves have one root.
    let nothing = ConsistencyProof::new(0, 0, Vec::new()).unwrap();
    assert_eq!(nothing.check(&EMPTY_ROOT, &EMPTY_ROOT), Ok(()));
    assert_eq!(nothing.check(&EMPTY_ROOT, &[7; 32]), Err(NotProven));
    // The greatest sizes there are overflow nothing.
    let hashes = vec![EMPTY_ROOT; MAX_PROOF];
    let longest = InclusionProof::new(MAX_SIZE, MAX_SIZE - 1, hashes.clone()).unwrap();
    assert_eq!(longest.check(&EMPTY_ROOT, &EMPTY_ROOT), Err(NotProven));
    let longest = ConsistencyProof::new(MAX_SIZE - 1, MAX_SIZE, hashes).unwrap();
    assert_eq!(longest.check(&EMPTY_ROOT, &EMPTY_ROOT), Err(NotProven));
}

/// Gives one octet less, or more, than it was asked for.
struct Miscounting<'a>(&'a Memory, bool);

impl TileSource for Miscounting<'_> {
    type Error = Infallible;

    async fn tile(&self, level: u8, index: u64, width: u32) -> Result<Vec<u8>, Infallible> {
        let mut octets = self.0.tile(level, index, width).await?;
        octets.resize(if self.1 { octets.len() + 1 } else { octets.len() - 1 }, 0);
        Ok(octets)
    }
}

#[test]
fn reject_tiles_of_another_length() {
    let memory = Memory::numbered(300);
    for longer in [false, true] {
        let source = Miscounting(&memory, longer);
        let expected =
            |error: &ProveError<Infallible>| matches!(error, ProveError::TileLength { .. });
        assert!(run(prove_inclusion(&source, 300, 17)).is_err_and(|e| expected(&e)));
        assert!(run(prove_consistency(&source, 17, 300)).is_err_and(|e| expected(&e)));
        assert!(run(root_at(&source, 300)).is_err_and(|e| expected(&e)));
    }
}

/// Over three levels of tiles, at both sides of every edge.
#[test]
fn proofs_across_levels() {
    let memory = Memory::numbered(66_000);
    let edges = [1, 255, 256, 257, 65_279, 65_280, 65_535, 65_536, 65_537, 65_792, 66_000];
    for size in edges {
        let root = memory.root(size);
        for index in [0, 1, 255, 256, 32_768, 65_535, 65_536].into_iter().filter(|at| *at < size) {
            let proof = memory.inclusion(size, index);
            assert_eq!(proof.check(&root, &leaf_hash(&leaf(index))), Ok(()), "{index} {size}");
            assert_eq!(proof.hashes().len(), path_len(size, index));
        }
        for old in edges.into_iter().filter(|old| *old <= size) {
            let proof = memory.consistency(old, size);
            assert_eq!(proof.check(&memory.root(old), &root), Ok(()), "{old} {size}");
        }
    }
}

#[test]
fn texts_of_proofs() {
    let memory = Memory::numbered(9);
    let proof = memory.inclusion(9, 3);
    let text = proof.to_string();
    assert!(text.starts_with("index 3\nsize 9\n") && text.lines().count() == 6, "{text}");
    assert_eq!(text.parse(), Ok(proof.clone()));
    let checkpoint = memory.checkpoint(9);
    let offline = proof.with_checkpoint(&checkpoint).unwrap();
    assert!(offline.starts_with("c2sp.org/tlog-proof@v1\nindex 3\n"), "{offline}");
    let read = InclusionProof::parse_with_checkpoint(&offline);
    assert_eq!(read, Ok((proof.clone(), checkpoint.clone())));
    let extra = offline.replacen("index", "extra AAAA\nindex", 1);
    assert_eq!(InclusionProof::parse_with_checkpoint(&extra), read);
    assert_eq!(proof.with_checkpoint(&memory.checkpoint(8)), None);

    let consistency = memory.consistency(3, 9);
    let text = consistency.to_string();
    assert_eq!(text.parse(), Ok(consistency.clone()));
    let request = consistency.request(&checkpoint).unwrap();
    assert!(request.starts_with("old 3\n") && request.ends_with(&checkpoint.to_string()));
    let read = ConsistencyProof::parse_request(&request);
    assert_eq!(read, Ok((consistency.clone(), checkpoint.clone())));
    assert_eq!(consistency.request(&memory.checkpoint(8)), None);
    let none = memory.consistency(0, 9).request(&checkpoint).unwrap();
    assert!(none.starts_with("old 0\n\nexample.org/log\n9\n"), "{none}");
    assert!(ConsistencyProof::parse_request(&none).is_ok());
}

#[test]
fn reject_other_texts_of_proofs() {
    let memory = Memory::numbered(9);
    let text = memory.inclusion(9, 3).to_string();
    let hash = hash_to_text(&EMPTY_ROOT) + "\n";
    for other in [
        String::new(),
        text.trim_end().to_owned(),
        text.replace('\n', "\r\n"),
        text.replace("index 3", "index 03"),
        text.replace("index 3", "index +3"),
        text.replace("index 3", "index 9"),
        text.replace("size 9", "size 18446744073709551616"),
        text.replace("size 9", "Size 9"),
        text.replace("size 9\n", "size 9\n\n"),
        text.clone() + "\n",
        text.clone() + "x\n",
        text.clone() + &hash.repeat(MAX_PROOF),
    ] {
        assert!(other.parse::<InclusionProof>().is_err(), "{other:?}");
    }
    let request = memory.consistency(3, 9).request(&memory.checkpoint(9)).unwrap();
    for other in [
        request.replace("old 3", "old 10"),
        request.replace("old 3", "old 03"),
        request.replacen("\n\n", "\n", 1),
        request.replacen("\n\n", "\n\n\n", 1),
        request.replace("\n9\n", "\n09\n"),
    ] {
        assert_ne!(other, request);
        assert!(ConsistencyProof::parse_request(&other).is_err(), "{other:?}");
    }
}
