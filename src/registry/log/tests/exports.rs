use super::*;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn write(memory: &Memory, size: u64, dir: &Path) -> Exported {
    run(export(memory, size, &memory.checkpoint(size), memory, dir)).unwrap()
}

fn exported(size: u64) -> (Memory, TempDir) {
    let memory = Memory::numbered(size);
    let dir = TempDir::new().unwrap();
    write(&memory, size, dir.path());
    (memory, dir)
}

/// Every file and its inode.
fn files(dir: &Path) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    let mut left = vec![dir.to_owned()];
    while let Some(at) = left.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
                found.insert(name, path.metadata().unwrap().ino());
            }
        }
    }
    found
}

#[test]
fn paths_of_tiles() {
    assert_eq!(tile_path(0, 0, 256), "tile/0/000");
    assert_eq!(tile_path(5, 1_234_067, 256), "tile/5/x001/x234/067");
    assert_eq!(tile_path(1, 999, 7), "tile/1/999.p/7");
    assert_eq!(bundle_path(1000, 255), "tile/entries/x001/000.p/255");
}

/// The example of tlog-tiles: 273 complete tiles and 112 hashes, one and 17, and one.
#[test]
fn the_layout_of_seventy_thousand() {
    let (memory, dir) = exported(70_000);
    let found = files(dir.path());
    let below = |prefix: &str| found.keys().filter(|name| name.starts_with(prefix)).count();
    assert_eq!(below("tile/0/"), 274);
    assert_eq!(below("tile/entries/"), 274);
    for name in ["checkpoint", "tile/0/272", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17"] {
        assert!(found.contains_key(name), "{name}");
    }
    assert!(found.contains_key("tile/2/000.p/1") && found.contains_key("tile/entries/273.p/112"));
    assert_eq!(found.len(), 274 * 2 + 2 + 1 + 1);
    let bundle = fs::read(dir.path().join("tile/entries/000")).unwrap();
    assert_eq!(&bundle[..20], b"\0\x07entry 0\0\x07entry 1\0\x07");
    let checkpoint = verify_export(dir.path(), &log_key()).unwrap();
    assert_eq!(checkpoint, memory.checkpoint(70_000));
    // Proofs come out of the files as out of memory, at older sizes as well.
    let folder = Folder::open(dir.path(), &log_key()).unwrap();
    assert_eq!(folder.size(), 70_000);
    for (size, index) in [(70_000, 69_999), (70_000, 1), (65_537, 65_536), (300, 299)] {
        let proof = run(prove_inclusion(&folder, size, index)).unwrap();
        assert_eq!(proof, memory.inclusion(size, index));
    }
    let proof = run(prove_consistency(&folder, 300, 70_000)).unwrap();
    assert_eq!(proof, memory.consistency(300, 70_000));
    assert_eq!(folder.entries(273).unwrap()[111], leaf(69_999));
    assert!(matches!(folder.entries(274).unwrap_err().problem, FolderProblem::Beyond(70_000)));
}

#[test]
fn small_exports_verify() {
    for size in [0, 1, 255, 256, 257, 512] {
        let (memory, dir) = exported(size);
        let checkpoint = verify_export(dir.path(), &log_key()).unwrap();
        assert_eq!(checkpoint, memory.checkpoint(size), "{size}");
        let folder = Folder::open(dir.path(), &log_key()).unwrap();
        let beyond = folder.entries(size.div_ceil(256)).unwrap_err();
        assert!(matches!(beyond.problem, FolderProblem::Beyond(_)), "{beyond}");
    }
}

#[test]
fn an_export_goes_on_and_rewrites_no_complete_tile() {
    let memory = Memory::numbered(1_000);
    let dir = TempDir::new().unwrap();
    let first = write(&memory, 600, dir.path());
    // Two complete tiles and one partial, their bundles, a tile above, the checkpoint.
    assert_eq!(first, Exported { written: 8, kept: 0 });
    let before = files(dir.path());
    let second = write(&memory, 1_000, dir.path());
    assert_eq!(second, Exported { written: 2 + 2 + 1 + 1, kept: 4 });
    let after = files(dir.path());
    for name in ["tile/0/000", "tile/0/001", "tile/entries/000", "tile/entries/001"] {
        assert_eq!(before[name], after[name], "{name}");
    }
    assert!(after.keys().all(|name| !name.ends_with(".new")));
    verify_export(dir.path(), &log_key()).unwrap();
    // A checkpoint that someone kept still has all its tiles.
    let old = memory.checkpoint(600).to_string();
    fs::write(dir.path().join("checkpoint"), old).unwrap();
    assert_eq!(verify_export(dir.path(), &log_key()).unwrap().body().size(), 600);
    fs::remove_dir_all(dir.path().join("tile/0/002.p")).unwrap();
    fs::remove_file(dir.path().join("tile/0/002")).unwrap();
    let error = verify_export(dir.path(), &log_key()).unwrap_err();
    assert!(error.path.ends_with("tile/0/002.p/88"), "{error}");
    assert!(matches!(error.problem, FolderProblem::Missing));
}

/// Files that were cut short are written again; partial tiles give way to complete ones.
#[test]
fn an_export_mends_and_falls_back() {
    let memory = Memory::numbered(512);
    let dir = TempDir::new().unwrap();
    write(&memory, 300, dir.path());
    for (spoilt, rest) in [("tile/0/000", &b""[..]), ("tile/entries/000", b"\0")] {
        fs::write(dir.path().join(spoilt), rest).unwrap();
        write(&memory, 512, dir.path());
        verify_export(dir.path(), &log_key()).unwrap();
    }
    fs::write(dir.path().join("checkpoint"), memory.checkpoint(300).to_string()).unwrap();
    for partial in ["tile/0/001.p", "tile/entries/001.p"] {
        fs::remove_dir_all(dir.path().join(partial)).unwrap();
    }
    assert_eq!(verify_export(dir.path(), &log_key()).unwrap().body().size(), 300);
}

/// Each file of an export, spoilt in each way, is the one that is named.
#[test]
fn forge_each_file_of_an_export() {
    let (_, dir) = exported(66_000);
    let names = [
        "checkpoint",
        "tile/0/000",
        "tile/0/100",
        "tile/0/257.p/208",
        "tile/1/000",
        "tile/1/001.p/1",
        "tile/2/000.p/1",
        "tile/entries/000",
        "tile/entries/200",
        "tile/entries/257.p/208",
    ];
    for name in names {
        let path = dir.path().join(name);
        let whole = fs::read(&path).unwrap();
        let named = |what: &str| {
            let error = verify_export(dir.path(), &log_key()).unwrap_err();
            assert_eq!(error.path, path, "{what} {name}: {error}");
        };
        for place in [0, whole.len() / 2, whole.len() - 1] {
            let mut flipped = whole.clone();
            flipped[place] ^= 1;
            fs::write(&path, flipped).unwrap();
            named("flipped");
        }
        if name.starts_with("tile/0") || name.starts_with("tile/1") {
            fs::write(&path, &whole[..whole.len() - 32]).unwrap();
            let error = verify_export(dir.path(), &log_key()).unwrap_err();
            assert!(matches!(error.problem, FolderProblem::Length { .. }), "{error}");
        }
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        named("short");
        fs::write(&path, [&whole[..], &[0]].concat()).unwrap();
        named("long");
        fs::remove_file(&path).unwrap();
        named("missing");
        fs::write(&path, whole).unwrap();
    }
    verify_export(dir.path(), &log_key()).unwrap();
}

/// Entries swapped or left out, with the files else as they were, and a tree that is made anew.
#[test]
fn forge_the_entries_of_an_export() {
    let (memory, dir) = exported(600);
    let bundle = dir.path().join("tile/entries/001");
    let whole = fs::read(&bundle).unwrap();
    let len = 2 + leaf(256).len();
    let swapped = [&whole[len..2 * len], &whole[..len], &whole[2 * len..]].concat();
    fs::write(&bundle, swapped).unwrap();
    let error = verify_export(dir.path(), &log_key()).unwrap_err();
    assert!(matches!(error.problem, FolderProblem::Entry(256)), "{error}");
    fs::write(&bundle, &whole[len..]).unwrap();
    let error = verify_export(dir.path(), &log_key()).unwrap_err();
    assert!(matches!(error.problem, FolderProblem::Bundle(256)), "{error}");
    // Another log's tiles and entries throughout, under the true checkpoint.
    let mut leaves = memory.leaves.clone();
    leaves.swap(3, 4);
    let other = Memory::of(leaves);
    let forged = TempDir::new().unwrap();
    write(&other, 600, forged.path());
    fs::write(forged.path().join("checkpoint"), memory.checkpoint(600).to_string()).unwrap();
    let error = verify_export(forged.path(), &log_key()).unwrap_err();
    assert!(error.path.ends_with("checkpoint"), "{error}");
    assert!(matches!(error.problem, FolderProblem::Root));
}

#[test]
fn forge_tiles_that_proofs_are_made_of() {
    let (memory, dir) = exported(600);
    let path = dir.path().join("tile/0/001");
    let mut octets = fs::read(&path).unwrap();
    octets[5] ^= 1;
    fs::write(&path, octets).unwrap();
    let folder = Folder::open(dir.path(), &log_key()).unwrap();
    let error = run(prove_inclusion(&folder, 600, 300)).unwrap_err();
    let ProveError::Source(error) = error else { panic!("{error}") };
    assert_eq!((error.path, error.problem.to_string()), (path, FolderProblem::Altered.to_string()));
    assert_eq!(run(prove_inclusion(&folder, 600, 3)).unwrap().index(), 3);
    let stranger = LogKey::new(origin(), key(2).authority());
    let error = Folder::open(dir.path(), &stranger).unwrap_err();
    assert!(matches!(error.problem, FolderProblem::Checkpoint(CheckpointError::NotSigned(_))));
    drop(memory);
}

/// Gives other leaves than the tree has.
struct Leaves(Vec<Vec<u8>>);

impl LeafReader for Leaves {
    type Error = Infallible;

    async fn leaves(&self, _: u64, _: u32) -> Result<Vec<Vec<u8>>, Infallible> {
        Ok(self.0.clone())
    }
}

#[test]
fn reject_exports_of_something_else() {
    let memory = Memory::numbered(10);
    let dir = TempDir::new().unwrap();
    let try_with = |checkpoint: &Checkpoint, leaves: Vec<Vec<u8>>| {
        run(export(&memory, 10, checkpoint, &Leaves(leaves), dir.path())).unwrap_err()
    };
    let (good, leaves) = (memory.checkpoint(10), memory.leaves.clone());
    let error = try_with(&memory.checkpoint(9), leaves.clone());
    assert!(matches!(error, ExportError::OtherSize { expected: 10, found: 9 }), "{error}");
    let other = sign_checkpoint(&origin(), 10, &[7; 32], &key(1)).unwrap();
    assert!(matches!(try_with(&other, leaves.clone()), ExportError::OtherRoot));
    let error = try_with(&good, leaves[..9].to_vec());
    assert!(matches!(error, ExportError::Count { first: 0, expected: 10, found: 9 }), "{error}");
    let surplus = [&leaves[..], &leaves[..1]].concat();
    assert!(matches!(try_with(&good, surplus), ExportError::Count { .. }));
    let mut altered = leaves.clone();
    altered[6].push(0);
    assert!(matches!(try_with(&good, altered), ExportError::OtherLeaf(6)));
    let mut long = leaves;
    long[2] = vec![0; MAX_LEAF + 1];
    assert!(matches!(try_with(&good, long), ExportError::LongLeaf(2)));
    assert_eq!(files(dir.path()), BTreeMap::new(), "nothing was written");
}

#[test]
fn reject_a_folder_of_another_log() {
    let memory = Memory::numbered(10);
    let occupied = |other: Checkpoint| {
        let dir = TempDir::new().unwrap();
        let path: PathBuf = dir.path().join("checkpoint");
        fs::write(&path, other.to_string()).unwrap();
        let result = run(export(&memory, 10, &memory.checkpoint(10), &memory, dir.path()));
        matches!(result, Err(ExportError::Occupied(at)) if at == path)
    };
    assert!(!occupied(memory.checkpoint(10)) && !occupied(memory.checkpoint(7)));
    assert!(occupied(Memory::numbered(11).checkpoint(11)), "a newer one");
    assert!(occupied(Memory::of([vec![1]]).checkpoint(1)), "a fork");
    let name = "example.org/other".parse().unwrap();
    assert!(occupied(sign_checkpoint(&name, 7, &memory.root(7), &key(1)).unwrap()));
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("checkpoint"), "something else").unwrap();
    let result = run(export(&memory, 10, &memory.checkpoint(10), &memory, dir.path()));
    assert!(matches!(result, Err(ExportError::Occupied(_))));
}
