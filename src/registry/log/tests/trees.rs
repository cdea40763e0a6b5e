use super::*;

fn hash(text: &str) -> Hash {
    hex::decode(text).unwrap().try_into().unwrap()
}

/// Leaves and roots that the authors of RFC 6962 published with their implementation.
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn published() -> Memory {
    Memory::of(LEAVES.map(|leaf| hex::decode(leaf).unwrap()))
}

#[test]
fn the_published_roots() {
    let mut tree = Appender::new();
    assert_eq!(tree.root(), hash(ROOTS[0]));
    for (leaf, root) in LEAVES.iter().zip(&ROOTS[1..]) {
        tree.push(leaf_hash(&hex::decode(leaf).unwrap()));
        assert_eq!(tree.root(), hash(root), "{}", tree.size());
    }
    let memory = published();
    for (size, root) in ROOTS.iter().enumerate() {
        assert_eq!(memory.root(size as u64), hash(root), "{size}");
    }
}

#[test]
fn the_published_proofs() {
    let memory = published();
    let path = [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    .map(hash);
    assert_eq!(memory.consistency(1, 8).hashes(), path);
    let first = memory.inclusion(8, 0);
    assert_eq!(first.hashes(), path);
    assert_eq!(first.check(&hash(ROOTS[8]), &leaf_hash(b"")), Ok(()));
}

/// Hashes stand for leaves here: 65,537 of them, rebuilt by the definition at each edge.
#[test]
fn edges_of_tiles() {
    let leaves: Vec<Hash> = (0..65_537u64).map(|index| leaf_hash(&leaf(index))).collect();
    let mut tree = Appender::new();
    let mut tiles = Vec::new();
    let edges = [0, 1, 255, 256, 257, 65_535, 65_536, 65_537];
    for index in 0..=leaves.len() {
        if edges.contains(&index) {
            assert_eq!(tree.size(), index as u64);
            assert_eq!(tree.root(), definition(&leaves[..index]), "{index}");
            let widths: Vec<usize> = tree.edge().iter().map(Vec::len).collect();
            let digits: &[usize] = match index {
                0 => &[],
                1 => &[1],
                255 => &[255],
                256 => &[0, 1],
                257 => &[1, 1],
                65_535 => &[255, 255],
                65_536 => &[0, 0, 1],
                _ => &[1, 0, 1],
            };
            assert_eq!(widths, digits, "{index}");
            let again = Appender::resume(tree.size(), tree.edge().to_vec()).unwrap();
            assert_eq!(again, tree);
        }
        if let Some(leaf) = leaves.get(index) {
            let complete = tree.push(*leaf);
            let levels: Vec<u8> = complete.iter().map(|tile| tile.level).collect();
            let expected: &[u8] = match index + 1 {
                65_536 => &[0, 1],
                size if size % 256 == 0 => &[0],
                _ => &[],
            };
            assert_eq!(levels, expected, "{index}");
            tiles.extend(complete);
        }
    }
    assert_eq!(tiles.len(), 257);
    for tile in &tiles {
        let span = 256usize.pow(u32::from(tile.level) + 1);
        let first = tile.index as usize * span;
        assert_eq!(tile.root, definition(&leaves[first..first + span]));
        let (hashes, rest) = tile.hashes.as_chunks::<32>();
        assert_eq!((hashes.len(), rest.len()), (256, 0));
        for (place, hash) in hashes.iter().enumerate() {
            let span = span / 256;
            let first = first + place * span;
            assert_eq!(*hash, definition(&leaves[first..first + span]));
        }
    }
}

#[test]
fn resuming_at_every_size_is_as_if_never_stopped() {
    let mut whole = Appender::new();
    for size in 0..=1000u64 {
        let mut resumed = Appender::resume(size, whole.edge().to_vec()).unwrap();
        assert_eq!(resumed, whole);
        assert_eq!(resumed.root(), whole.root(), "{size}");
        for more in 0..3 {
            resumed.push(leaf_hash(&leaf(size + more)));
        }
        let mut fresh = whole.clone();
        let tiles: Vec<_> =
            (0..3).flat_map(|more| fresh.push(leaf_hash(&leaf(size + more)))).collect();
        assert_eq!((resumed.root(), tiles.len() <= 1), (fresh.root(), true));
        whole.push(leaf_hash(&leaf(size)));
    }
}

#[test]
fn reject_edges_of_another_size() {
    let tree = Memory::numbered(300).tree;
    let edge = tree.edge().to_vec();
    assert_eq!(edge.iter().map(Vec::len).collect::<Vec<_>>(), [44, 1]);
    for size in [0, 44, 256, 299, 301, 556, 300 + 65_536] {
        assert_eq!(Appender::resume(size, edge.clone()), None, "{size}");
    }
    let mut padded = edge.clone();
    padded.extend([vec![], vec![]]);
    assert_eq!(Appender::resume(300, padded.clone()).unwrap(), tree);
    padded.push(vec![EMPTY_ROOT]);
    assert_eq!(Appender::resume(300, padded), None);
    assert_eq!(Appender::resume(300, edge[..1].to_vec()), None);
    let complete = vec![vec![EMPTY_ROOT; 256]];
    assert_eq!(Appender::resume(256, complete), None, "a complete tile is no edge");
    let beyond = vec![vec![], vec![], vec![], vec![], vec![], vec![], vec![EMPTY_ROOT; 2]];
    assert_eq!(Appender::resume(MAX_SIZE * 2, beyond), None);
}

#[test]
fn hashes_have_one_spelling() {
    let text = hash_to_text(&EMPTY_ROOT);
    assert_eq!(text, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    assert_eq!(hash_from_text(&text), Some(EMPTY_ROOT));
    // 32 octets leave two bits of the last character without a meaning: they must be zero.
    for other in ["", &text[..43], &format!("{text}\n"), &text.replace("FU=", "FV=")] {
        assert_eq!(hash_from_text(other), None, "{other}");
    }
}
