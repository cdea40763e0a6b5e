//! Sorted lists by the command line: kept, published, looked up, and every way to be refused.

use super::place::Place;
use serde_json::{Value, json};
use std::fs;

const SCHEMA: &str = r#"
format = "sigil-schema/1"
name = "test/member"
version = "1.0.0"
fields = [{ name = "level", type = "uint(8)" }]
"#;

const HANDLES: &str = "status init --list https://a.example/revoked --elements handle --out list";

/// A time of this minute.
fn at(minute: u32) -> String {
    format!("2026-06-01T12:{minute:02}:00Z")
}

fn publish(minute: u32) -> String {
    format!("status publish --register list --out public --threads 1 --time {}", at(minute))
}

fn change(action: &str, element: &str, minute: u32) -> String {
    format!("status {action} --register list {element} --at {}", at(minute))
}

fn find(epoch: u32, element: &str, out: &str) -> String {
    format!("status find --list public/epoch-{epoch}.list {element} --out {out}")
}

/// A place with a list of handles.
fn listed(name: &str) -> Place {
    let place = Place::new(name);
    place.ends(0, HANDLES);
    place
}

#[test]
fn a_credential_is_revoked_and_another_suspended_and_resumed() {
    let place = listed("status-whole");
    place.ends(0, "issuer init --out issuer");
    place.write("member.toml", SCHEMA);
    place.write("record.json", "{ \"level\": 3 }");
    for name in ["a", "b"] {
        place.ends(
            0,
            &format!(
                "issue --issuer issuer --schema member.toml --valid-from 2026-01-01 \
                 --valid-until 2027-01-01 --record record.json --out {name}.json"
            ),
        );
    }
    let first = place.json(&publish(0));
    assert_eq!((&first["epoch"], &first["on_the_list"]), (&json!(0), &json!(0)));
    assert_eq!(first["next_update"], "2026-06-02T12:00:00Z");
    let found = place.json(&find(0, "--credential a.json", "a0.json"));
    assert_eq!((&found["standing"], &found["head"]), (&json!("absent"), &first["head"]));

    let revoked = place.json(&change("revoke --reason superseded", "--credential a.json", 1));
    assert_eq!((&revoked["recorded"], &revoked["on_the_list"]), (&json!(1), &json!(1)));
    place.ends(0, &change("suspend", "--credential b.json", 2));
    place.ends(0, &publish(3));
    for name in ["a", "b"] {
        let line = find(1, &format!("--credential {name}.json"), "refused.json");
        assert!(place.ends(1, &line).contains("the handle is on the list"));
        assert!(!place.path("refused.json").exists());
    }
    let present = find(1, "--credential a.json --expect present", "a1.json");
    assert_eq!(place.json(&present)["standing"], "present");

    place.ends(0, &change("resume", "--credential b.json", 4));
    place.ends(0, &publish(5));
    place.ends(0, &find(2, "--credential b.json", "b2.json"));
    assert!(place.ends(1, &find(2, "--credential a.json", "x.json")).contains("on the list"));
    let absent = find(2, "--credential b.json --expect present", "x.json");
    assert!(place.ends(1, &absent).contains("not on the list"));

    let verified = place.json(
        "status verify public/epoch-2.list --previous public/epoch-0.head.json \
         --previous public/epoch-1.head.json",
    );
    assert_eq!((&verified["on_the_list"], &verified["entries"]), (&json!(1), &json!(2)));
    assert_eq!(place.text("public/head.json"), place.text("public/epoch-2.head.json"));
    let history = place.json("status history --register list");
    let words = |key: &str| -> Vec<Value> {
        let events = history["last_events"].as_array().unwrap();
        events.iter().map(|event| event[key].clone()).collect()
    };
    assert_eq!(words("action"), ["revoke", "suspend", "resume"]);
    assert_eq!(words("reason"), ["superseded", "hold", "unspecified"]);
    let counts: Vec<u64> = history["last_epochs"].as_array().unwrap().iter().map(count).collect();
    assert_eq!(counts, [0, 2, 1]);
    place.assert_no_remains();
}

fn count(epoch: &Value) -> u64 {
    epoch["on_the_list"].as_u64().unwrap()
}

#[test]
fn reject_events_by_name_and_record_all_or_none() {
    let place = listed("status-events");
    place.ends(0, &change("revoke", "--handle 7", 1));
    place.ends(0, &change("suspend", "--handle 8", 1));
    place.write("many.txt", "9\n10\n11\n");
    place.write("again.txt", "12\n8\n7\n13\n12\n");
    let register = || place.text("list/list.register.jsonl");
    let before = register();
    for (line, code, says) in [
        (
            change("revoke", "--handle 7", 2),
            1,
            "register.jsonl: cannot revoke handle 7: it is revoked",
        ),
        (change("resume", "--handle 7", 2), 1, "revocation is final"),
        (change("suspend", "--handle 8", 2), 1, "it is suspended"),
        (change("resume", "--handle 9", 2), 1, "it is not on the list"),
        (change("suspend", "--file again.txt", 2), 1, "handle 12: it is suspended"),
        (change("revoke", "--handle 9", 0), 1, "is before 2026-06-01T12:01:00Z"),
        (change("revoke --reason hold", "--handle 9", 2), 2, "cannot have the reason hold"),
        (change("revoke --reason spite", "--handle 9", 2), 2, "no such reason"),
        (change("revoke", "--handle 1099511627776", 2), 2, "beyond the 40 bits"),
        (change("revoke", "--value 9", 2), 2, "has status handles, not values"),
        (change("remove", "--handle 9", 2), 1, "it is not on the list"),
        (change("revoke", "", 2), 2, "--handle"),
        (change("revoke", "--file many.txt", 2).replace("list", "nowhere"), 2, "sigil status init"),
    ] {
        let printed = place.ends(code, &line);
        assert!(printed.contains(says), "{line}\n{printed}");
        assert_eq!(register(), before, "{line}");
    }
    place.write("faulty.txt", "9\nnine\n10\n+1\n");
    let printed = place.ends(2, &change("revoke", "--file faulty.txt", 2));
    assert!(printed.contains("at line 2") && printed.contains("at line 4"), "{printed}");
    let report = place.json(&change("revoke", "--file many.txt --handle 8", 2));
    assert_eq!((&report["recorded"], &report["on_the_list"]), (&json!(4), &json!(5)));
    assert!(register().starts_with(&before));

    // What a crash leaves of an append is named, and left.
    let whole = register();
    place.write("list/list.register.jsonl", &whole[..whole.len() - 9]);
    let printed = place.ends(2, &change("revoke", "--handle 99", 3));
    assert!(printed.contains("line 7") && printed.contains("cut short"), "{printed}");
    assert!(place.ends(2, &publish(4)).contains("cut short"));
    assert_eq!(register(), whole[..whole.len() - 9]);
    place.write("list/list.register.jsonl", &whole);
    place.ends(0, &publish(4));
    for line in [change("revoke", "--handle 99", 4), publish(4)] {
        assert!(place.ends(1, &line).contains("is not after"), "{line}");
    }
    place.ends(0, &change("revoke", "--handle 99", 6));
    assert!(place.ends(1, &publish(5)).contains("the time of the last event"));
}

/// A run may end at any point after the head was signed; the next one ends with the same octets.
#[test]
fn an_interrupted_epoch_is_completed_with_its_own_head() {
    let place = listed("status-crash");
    place.ends(0, &change("revoke", "--handle 7", 0));
    place.ends(0, &publish(1));
    let names = ["epoch-0.list", "epoch-0.head.json", "head.json"];
    let octets = || names.map(|name| fs::read(place.path(&format!("public/{name}"))).unwrap());
    let whole = octets();
    let undo = |removed: &[&str]| {
        place.write("list/list.published", "0\n");
        removed
            .iter()
            .for_each(|name| fs::remove_file(place.path(&format!("public/{name}"))).unwrap());
    };
    for removed in [&names[..], &names[1..], &names[2..], &[]] {
        undo(removed);
        let begun = place.json("status history --register list");
        assert_eq!(begun["begun"], 0);
        // Whatever the clock says now.
        let again = place.json(&publish(30));
        assert_eq!((&again["completed"], &again["epoch"]), (&json!(true), &json!(0)));
        assert_eq!(again["issued_at"], at(1).as_str());
        assert!(octets() == whole, "{removed:?}");
    }
    // Events of after the head are not of its epoch.
    undo(&names);
    assert!(place.ends(1, &change("revoke", "--handle 8", 1)).contains("is not after"));
    place.ends(0, &change("revoke", "--handle 8", 2));
    assert_eq!(place.json(&publish(30))["pending"], 1);
    assert!(octets() == whole);
    assert_eq!(place.json(&publish(31))["pending"], 0);
    let next = "status verify public/epoch-1.list --previous public/epoch-0.head.json";
    assert_eq!(place.json(next)["on_the_list"], 2);
    // Another file in the place of an epoch's is left alone.
    undo(&[]);
    fs::remove_file(place.path("list/epoch-1.head.json")).unwrap();
    fs::copy(place.path("public/epoch-1.list"), place.path("public/epoch-0.list")).unwrap();
    assert!(place.ends(2, &publish(32)).contains("another list or epoch"));
    // A register that lost events cannot complete what was begun.
    fs::remove_file(place.path("public/epoch-0.list")).unwrap();
    let heading = place.text("list/list.register.jsonl").lines().next().unwrap().to_owned() + "\n";
    place.write("list/list.register.jsonl", heading);
    assert!(place.ends(2, &publish(32)).contains("contradicts the head"));
    assert!(place.ends(1, "status history --register list").contains("epoch 0"));
}

#[test]
fn two_runs_at_once_publish_two_epochs() {
    let place = listed("status-two");
    let line = "status publish --register list --out public --threads 1 --json";
    let mut runs: Vec<_> = (0..2)
        .map(|_| {
            let mut command = place.command(line);
            command.stdout(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    assert!(runs.iter_mut().all(|run| run.wait().unwrap().success()));
    place.ends(0, "status verify public/epoch-1.list --previous public/epoch-0.head.json");
}

#[test]
fn reject_rollbacks_forks_and_foreign_lists_between_processes() {
    let place = listed("status-chain");
    place.ends(0, &publish(0));
    fs::create_dir(place.path("copy")).unwrap();
    for entry in fs::read_dir(place.path("list")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), place.path("copy").join(entry.file_name())).unwrap();
    }
    place.ends(0, &publish(1));
    place.ends(0, &publish(2));
    let known = |file: &str| format!("status verify {file} --known known.json");
    place.ends(0, &known("public/epoch-1.list"));
    place.ends(0, &known("public/epoch-2.list"));
    place.ends(0, &known("public/epoch-2.list"));
    let before = place.text("known.json");
    assert!(place.ends(1, &known("public/epoch-1.list")).contains("a rollback: epoch 1 after"));
    // A copy of the directory publishes other epochs under the same numbers.
    let forked = "status publish --register copy --out forked --threads 1";
    let time = |minute: u32| format!("{forked} --time {}", at(minute));
    place.ends(0, &time(11));
    place.ends(0, &time(12));
    place.ends(0, &time(13));
    assert!(place.ends(1, &known("forked/epoch-2.list")).contains("a fork at epoch 1"));
    assert!(place.ends(1, &known("forked/epoch-3.list")).contains("a fork at epoch 2"));
    assert_eq!(place.text("known.json"), before);
    place.write("known.json", before.replace("sigil-known-heads/1", "other"));
    place.ends(2, &known("public/epoch-2.list"));

    let chain = |file: &str, previous: &str| format!("status verify {file} --previous {previous}");
    for (file, previous, says) in [
        ("public/epoch-2.list", "public/epoch-0.head.json", "heads are missing"),
        ("public/epoch-1.list", "public/epoch-2.head.json", "a rollback"),
        ("public/epoch-1.list", "forked/epoch-1.head.json", "a fork at epoch 1"),
        ("public/epoch-2.list", "forked/epoch-1.head.json", "a fork at epoch 1"),
        ("public/epoch-1.list", "public/epoch-1.head.json", "the same head twice"),
    ] {
        let printed = place.ends(1, &chain(file, previous));
        assert!(printed.contains(says), "{file} after {previous}: {printed}");
    }
    place.ends(0, &HANDLES.replace("--out list", "--out other"));
    place.ends(0, &publish(3).replace("list --out public", "other --out foreign"));
    let foreign = chain("public/epoch-1.list", "foreign/epoch-0.head.json");
    assert!(place.ends(1, &foreign).contains("another authority"));
    let own =
        place.json("status history --register list")["authority"].as_str().unwrap().to_owned();
    let by = |file: &str| format!("status verify {file} --authority {own}");
    place.ends(0, &by("public/epoch-1.list"));
    assert!(place.ends(1, &by("foreign/epoch-0.list")).contains("another authority"));
    let by = format!("{} --authority {own}", find(1, "--handle 5", "x.json"));
    assert!(
        place.ends(1, &by.replace("public/epoch-1", "foreign/epoch-0")).contains("another auth")
    );
}

#[test]
fn a_shard_is_enough_to_find_a_handle_and_damage_is_named() {
    let place = listed("status-shards");
    let handles: String = (0..2100u64).map(|i| format!("{}\n", (i << 40) / 2100 + 1)).collect();
    place.write("handles.txt", handles);
    place.ends(0, &change("revoke", "--file handles.txt", 0));
    let report = place.json(&format!("{} --shards", publish(1)));
    assert_eq!((&report["shards"], &report["on_the_list"]), (&json!(2), &json!(2100)));
    let find = |file: &str, handle: u64, out: &str| {
        format!("status find --list public/{file} --handle {handle} --out {out}")
    };
    let last = (1u64 << 40) - 1;
    place.ends(0, &find("epoch-0.shards/1.list", last, "1.json"));
    place.ends(0, &find("epoch-0.list", last, "all.json"));
    assert_eq!(place.text("1.json"), place.text("all.json"));
    assert!(place.ends(1, &find("epoch-0.shards/0.list", 1, "0.json")).contains("on the list"));
    let other = place.ends(2, &find("epoch-0.shards/0.list", last, "x.json"));
    assert!(
        other.contains("shard 0 alone") && other.contains("get the file of shard 1"),
        "{other}"
    );
    let verified = place.json("status verify public/epoch-0.shards/1.list");
    assert_eq!(verified["shard"], 1);
    place.ends(0, "status verify public/epoch-0.list");

    let good = fs::read(place.path("public/epoch-0.shards/1.list")).unwrap();
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    for (octets, says) in [
        (&bad[..], "the checksum of shard 1 differs"),
        (&good[..good.len() - 1], "cut short"),
        (&good[..5], "cut short"),
        (&[&good[..], b"x"].concat(), "1 octets too many"),
        (b"{\"format\":\"sigil-list-head/1\"}", "not the file of a list"),
    ] {
        place.write("public/bad.list", octets);
        let printed = place.ends(2, &find("bad.list", last, "x.json"));
        assert!(printed.contains(says), "{printed}");
        assert!(place.ends(2, "status verify public/bad.list").contains(says));
    }
    assert!(!place.path("x.json").exists());
    place.assert_no_remains();
}

#[test]
fn values_come_onto_a_list_and_leave_it() {
    let place = Place::new("status-values");
    let init = |of: &str| format!("status init --list https://a.example/l --elements {of} --out l");
    for (of, says) in [("text", "cannot be sorted"), ("uint(99)", "no such type")] {
        let printed = place.ends(2, &init(of));
        assert!(printed.contains("at --elements") && printed.contains(says), "{printed}");
    }
    let plain = init("code").replace("https", "http");
    let printed = place.ends(2, &plain);
    assert!(printed.contains("at --list") && printed.contains("https://"), "{printed}");
    place.ends(0, &init("code").replace("--out l", "--out list"));
    assert!(place.ends(2, &init("code").replace("--out l", "--out list")).contains("overwritten"));
    place.write("codes.txt", "XX\nYY-1\nZZ\n");
    place.ends(0, &change("add", "--file codes.txt", 1));
    place.ends(0, &change("remove", "--value ZZ", 2));
    assert!(place.ends(1, &change("add", "--value XX", 3)).contains("cannot add XX: it is on the"));
    assert!(place.ends(1, &change("remove", "--value QQ", 3)).contains("not on the list"));
    let printed = place.ends(2, &change("add", "--value lower", 3));
    assert!(printed.contains("at --value lower") && printed.contains("write a value of code"));
    assert!(place.ends(2, &change("add", "--handle 3", 3)).contains("values, not status handles"));
    place.ends(0, &publish(4));
    for (value, standing) in [("XX", "present"), ("YY-1", "present"), ("ZZ", "absent")] {
        let line = find(0, &format!("--value {value}"), &format!("{value}.json"));
        assert_eq!(place.json(&line)["standing"], standing);
        let other = if standing == "absent" { "present" } else { "absent" };
        place.ends(1, &format!("{line}2 --expect {other}"));
    }
    let history = place.json("status history --register list --last 1");
    assert_eq!(history["last_events"][0]["element"], "ZZ");
    let shown = place.ends(0, "status history --register list");
    assert!(shown.contains("add YY-1") && shown.contains("remove ZZ"), "{shown}");
    let enumeration = r#"{"enum":{"low":1,"high":2}}"#;
    place.ends(0, &init(enumeration));
    place.ends(0, "status add --register l --value high");
    assert!(place.ends(2, "status add --register l --value middle").contains("enumeration"));
}

#[test]
fn inspect_knows_the_artefacts_of_lists_and_shows_no_secret() {
    let place = listed("status-inspect");
    place.ends(0, &change("revoke", "--handle 7", 0));
    let head = place.json(&publish(1))["head"].clone();
    place.ends(0, &find(0, "--handle 123456789", "entry.json"));
    place.ends(0, "status verify public/epoch-0.list --known known.json");
    let secret: Value = serde_json::from_str(&place.text("list/list.secret.json")).unwrap();
    for (file, kind, has_head) in [
        ("public/epoch-0.list", "list file", true),
        ("public/head.json", "list head", true),
        ("entry.json", "list entry", true),
        ("known.json", "known heads", false),
        ("list/list.json", "list", false),
        ("list/list.secret.json", "list's secret", false),
    ] {
        let report = place.json(&format!("inspect {file}"));
        assert_eq!(report["kind"], kind, "{file}");
        assert_eq!(report["head"] == head, has_head, "{file}");
        let text = report.to_string() + &place.ends(0, &format!("inspect {file}"));
        assert!(!text.contains(secret["secret_key"].as_str().unwrap()), "{file}");
    }
    let octets = fs::read(place.path("public/epoch-0.list")).unwrap();
    place.write("bad.list", &octets[..octets.len() - 1]);
    assert!(place.ends(2, "inspect bad.list").contains("cut short"));
}

#[cfg(unix)]
#[test]
fn what_is_private_has_mode_0600() {
    use std::os::unix::fs::PermissionsExt;
    let place = listed("status-mode");
    place.ends(0, &change("revoke", "--handle 7", 0));
    place.ends(0, &publish(1));
    place.ends(0, &find(0, "--handle 8", "entry.json"));
    for (name, expected) in [
        ("list", 0o700),
        ("list/list.secret.json", 0o600),
        ("list/list.register.jsonl", 0o600),
        ("list/list.published", 0o600),
        ("list/list.lock", 0o600),
        ("entry.json", 0o600),
    ] {
        let mode = fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, expected, "{name}");
    }
    let secret: Value = serde_json::from_str(&place.text("list/list.secret.json")).unwrap();
    let secret = secret["secret_key"].as_str().unwrap().to_owned();
    place.write(
        "list/list.secret.json",
        place.text("list/list.secret.json").replace(&secret, &"1".repeat(64)),
    );
    let printed = place.ends(2, &publish(2));
    assert!(printed.contains("not the key of this list") && !printed.contains(&secret));
}
