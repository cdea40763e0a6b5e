//! The folder of a wallet: what is in it, whose it is, and what happens to it.

use crate::place::{SOON, TIME};
use crate::wallet::{ISSUE, LIST, kept, publish, refresh};
use std::fs;

#[test]
fn reject_torn_and_foreign_files_by_name() {
    let place = kept("wallet-torn");
    publish(&place, "2026-06-01T06:00:00Z");
    place.ends(0, &refresh(0));
    let list = "wallet list --wallet wallet";
    let names = fs::read_dir(place.path("wallet")).unwrap();
    let names: Vec<String> =
        names.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.len(), 6, "{names:?}");
    for name in names.iter().filter(|name| *name != "wallet.lock") {
        let path = place.path(&format!("wallet/{name}"));
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let refused = place.ends(2, list);
        assert!(refused.contains(&format!("wallet/{name}")), "{name}: {refused}");
        fs::write(&path, &whole).unwrap();
    }
    for name in ["notes.txt", "x.credential.json.bak", "a b.credential.json", "p.q.entry.json"] {
        place.write(&format!("wallet/{name}"), "{}");
        let refused = place.ends(2, list);
        assert!(refused.contains(name) && refused.contains("move it out"), "{name}: {refused}");
        fs::remove_file(place.path(&format!("wallet/{name}"))).unwrap();
    }
    // The entry of one credential is none of another.
    place.ends(0, "wallet add --wallet wallet --credential bob.json --label bob");
    let own = names.iter().find(|name| name.ends_with(".entry.json")).unwrap();
    let other = own.replace("person-1", "nobody");
    let moved = |from: &str, to: &str| {
        fs::rename(place.path(&format!("wallet/{from}")), place.path(&format!("wallet/{to}")))
    };
    moved(own, &other).unwrap();
    assert!(place.ends(2, list).contains(&other));
    moved(&other, own).unwrap();
    // What a run left unfinished is removed, and is nobody's trouble.
    place.write("wallet/.person-9.credential.json.1.0.tmp", "{");
    place.ends(0, list);
    assert!(!place.path("wallet/.person-9.credential.json.1.0.tmp").exists());
    place.ends(2, "wallet list --wallet register");
    place.ends(2, "wallet init --wallet wallet");
    // A credential whose signature does not hold is not taken in.
    let forged = place.text("bob.json").replace("1980-01-01", "1980-01-02");
    place.write("forged.json", forged);
    place.ends(1, "wallet add --wallet wallet --credential forged.json");
    place.ends(1, "wallet add --wallet wallet --credential alice.json --label other");
}

#[test]
fn several_processes_at_once_lose_nothing() {
    let place = kept("wallet-parallel");
    publish(&place, "2026-06-01T06:00:00Z");
    for n in 0..6 {
        place.ends(
            0,
            &format!("{ISSUE} --valid-until 2026-08-0{} --record bob.record --out {n}.json", n + 1),
        );
    }
    std::thread::scope(|scope| {
        for n in 0..6 {
            let place = &place;
            scope.spawn(move || {
                place.ends(0, &format!("wallet add --wallet wallet --credential {n}.json"));
                place.ends(0, &refresh(0));
            });
        }
    });
    let listed = place.json(&format!("wallet list --wallet wallet --now {SOON}"));
    let mut labels: Vec<&str> = Vec::new();
    for credential in listed["credentials"].as_array().unwrap() {
        assert_eq!(credential["entries"][0]["is"], "absent", "{credential}");
        labels.push(credential["label"].as_str().unwrap());
    }
    let expected: Vec<String> = (1..8).map(|n| format!("person-{n}")).collect();
    assert_eq!(labels, expected);
}

#[cfg(unix)]
#[test]
fn a_wallet_is_its_holders_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = kept("wallet-mode");
    publish(&place, "2026-06-01T06:00:00Z");
    place.ends(0, &refresh(0));
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(place.path("wallet")), 0o700);
    for file in fs::read_dir(place.path("wallet")).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(path.clone()), 0o600, "{}", path.display());
    }
}

#[test]
fn lists_and_wallets_are_recognised() {
    let place = kept("wallet-inspect");
    publish(&place, "2026-06-01T06:00:00Z");
    place.ends(0, &refresh(0));
    place
        .ends(0, "status find --list public/epoch-0.list --credential alice.json --out entry.json");
    for (file, kind) in [
        ("wallet", "wallet"),
        ("public/epoch-0.list", "list file"),
        ("public/head.json", "list head"),
        ("entry.json", "list entry"),
        ("wallet/heads.json", "known heads"),
        ("wallet/wallet.json", "wallet"),
    ] {
        let report = place.json(&format!("inspect {file}"));
        assert_eq!(report["kind"], kind, "{file}");
    }
    let handle = place.text("entry.json");
    let hi = handle.split("\"hi\":\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(!place.ends(0, "inspect entry.json").contains(hi), "the gap is not shown");
    let checked = place.ends(0, "policy check policy.toml --schema person.toml");
    assert!(checked.contains(&format!("absent on {LIST}, at most 24 h old")), "{checked}");
    assert!(checked.contains(&format!("person: absent on {LIST}")), "{checked}");
    let report = place.json("inspect policy.toml");
    assert_eq!(report["conditions"]["person"]["lists"][0]["max_age"], 24);
    assert_eq!(TIME, "2026-06-01T12:00:00Z", "what the times above are about");
}
