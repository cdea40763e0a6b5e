//! The command line, driven from outside: the whole way, and every way to be refused.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should panic")]

#[path = "cli/batch.rs"]
mod batch;
#[path = "cli/place.rs"]
mod place;
#[cfg(feature = "store")]
#[path = "cli/registry.rs"]
mod registry;
#[path = "cli/schema.rs"]
mod schema;
#[path = "cli/status.rs"]
mod status;
#[path = "cli/trust.rs"]
mod trust;
#[path = "cli/wallet.rs"]
mod wallet;
#[path = "cli/wallet_folder.rs"]
mod wallet_folder;

use place::{AUDIENCE, ISSUE, Place, RECORD, SOON, TIME, prove, request, requested, shows, verify};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Values of the record, none of which may show where it was not asked for.
const VALUES: [&str; 3] = ["1990-04-17", "Zaphod", "4711"];

#[test]
fn the_whole_way() {
    let place = requested("whole");
    place.ends(0, &prove("request.json", "presentation.json"));
    let accepted = place.json(&verify("request.json", "presentation.json"));
    assert_eq!(accepted["accepted"], true);
    assert_eq!(accepted["revealed"], serde_json::json!({ "person.country": "PT" }));
    let proven = accepted["proven"].to_string();
    assert!(proven.contains("adult: person.birth_date <= params.born_by"), "{proven}");
    assert!(proven.contains("person: valid at the time of the request"), "{proven}");

    let cbor = format!("{} --reveal person.points", prove("request.json", "presentation.cbor"));
    place.ends(0, &cbor);
    let accepted = place.json(&verify("request.json", "presentation.cbor"));
    let revealed = serde_json::json!({ "person.country": "PT", "person.points": "4711" });
    assert_eq!(accepted["revealed"], revealed);
    place.assert_no_remains();
}

#[test]
fn a_replay_is_refused_between_processes() {
    let place = requested("replay");
    place.ends(0, &prove("request.json", "presentation.json"));
    let verify = format!("{} --spent spent.txt", verify("request.json", "presentation.json"));
    // A forgery does not spend the nonce.
    place.write("forged.json", place.text("presentation.json").replace("sigil", "sigli"));
    place.ends(2, &verify.replace("presentation.json", "forged.json"));
    place.ends(0, &verify);
    assert!(place.ends(1, &verify).contains("this request was answered before"));
    request(&place, "second.json");
    place.ends(0, &prove("second.json", "second-presentation.json"));
    place.ends(1, &verify.replace("request.json", "second.json"));
    place.ends(
        0,
        &verify
            .replace("request.json", "second.json")
            .replace("presentation.j", "second-presentation.j"),
    );
}

#[test]
fn reject_other_audiences_times_and_requests() {
    let place = requested("reject");
    place.ends(0, &prove("request.json", "presentation.json"));
    let verify = verify("request.json", "presentation.json");
    for (from, to, says) in [
        (AUDIENCE, "https://other.example", "another audience"),
        (SOON, "2026-06-01T13:00:00Z", "expired"),
        (SOON, "2026-06-01T11:00:00Z", "yet to come"),
    ] {
        let printed = place.ends(1, &verify.replace(from, to));
        assert!(printed.contains(says), "{printed}");
    }
    request(&place, "other.json");
    place.ends(1, &verify.replace("request.json", "other.json"));
    let other = "setup --policy policy.toml --schema person.toml --out other-terms";
    place.ends(0, other);
    let printed = place.ends(1, &verify.replace("--terms terms", "--terms other-terms"));
    assert!(printed.contains("another policy bundle"), "{printed}");
    // A holder neither answers an expired request nor one of somebody else.
    let prove = prove("request.json", "again.json");
    place.ends(1, &prove.replace(SOON, "2026-06-01T13:00:00Z"));
    place.ends(1, &format!("{prove} --audience https://other.example"));
    assert!(!place.path("again.json").exists());
}

#[test]
fn reject_what_was_tampered_with() {
    let place = requested("tamper");
    let cbor = format!("{} --reveal person.points", prove("request.json", "p.cbor"));
    place.ends(0, &cbor);
    let good = fs::read(place.path("p.cbor")).unwrap();
    let verify = verify("request.json", "bad.cbor");
    let mut longer = good.clone();
    longer.push(0);
    for bad in [longer, good[..good.len() - 1].to_vec(), Vec::new()] {
        place.write("bad.cbor", bad);
        place.ends(2, &verify);
    }
    // 4711 = 0x1267, an unsigned integer of two octets.
    let at = good.windows(3).position(|window| window == [0x19, 0x12, 0x67]).unwrap();
    let mut richer = good.clone();
    richer[at + 2] ^= 1;
    place.write("bad.cbor", richer);
    let printed = place.ends(1, &verify);
    assert!(printed.contains("the presentation was refused"), "{printed}");
    // Keys and schemas are pinned by the bundle.
    let key = fs::read(place.path("terms/verifying.key")).unwrap();
    let mut other = key.clone();
    other[100] ^= 1;
    place.write("bad.cbor", good);
    place.write("terms/verifying.key", other);
    assert!(place.ends(2, &verify).contains("terms/verifying.key"));
    place.ends(0, "setup --policy policy.toml --schema person.toml --out second");
    fs::copy(place.path("second/verifying.key"), place.path("terms/verifying.key")).unwrap();
    place.ends(1, &verify);
    place.write("terms/verifying.key", key);
    place.ends(0, &verify);
    let schema = place.text("terms/schema.person.json");
    place.write("terms/schema.person.json", schema.replace("nickname", "nickename"));
    place.ends(2, &verify);
}

#[test]
fn a_holder_that_does_not_qualify_cannot_answer() {
    let place = requested("unable");
    for (name, from, to, code) in
        [("minor", "1990-04-17", "2008-06-02", 1), ("elsewhere", "PT", "BR", 1)]
    {
        place.write("record.json", RECORD.replace(from, to));
        place.ends(0, &format!("{ISSUE} --record record.json --out {name}.json"));
        let out = format!("{name}-presentation.json");
        let line = prove("request.json", &out).replace("credential.json", &format!("{name}.json"));
        place.ends(code, &line);
        assert!(!place.path(&out).exists());
    }
    place.write("record.json", RECORD);
    let expired = ISSUE.replace("2027-01-01", "2026-06-01T11:00:00Z");
    place.ends(0, &format!("{expired} --record record.json --out expired.json"));
    let line = prove("request.json", "p.json").replace("credential.json", "expired.json");
    place.ends(1, &line);
    let altered = place.text("credential.json").replace("1990-04-17", "1990-04-18");
    place.write("altered.json", altered);
    let line = prove("request.json", "p.json").replace("credential.json", "altered.json");
    assert!(place.ends(1, &line).contains("the signature does not hold"));
    let line = format!("{} --reveal person.birth_date", prove("request.json", "p.json"));
    assert!(place.ends(1, &line).contains("may not be disclosed"));
    let line = format!("{} --reveal person.shoes", prove("request.json", "p.json"));
    place.ends(2, &line);
    let line = format!("{} --reveal dog.name", prove("request.json", "p.json"));
    assert!(place.ends(2, &line).contains("the policy's roles are person"));
    place.ends(2, &prove("request.json", "p.json").replace("person=", "dog="));
    place.assert_no_remains();
}

/// Two exchanged points of the query H: the one part of a proving key that its loading cannot check.
#[test]
fn a_holder_notices_proofs_that_do_not_verify_before_they_leave() {
    use sha2::{Digest, Sha256};
    let place = requested("key");
    let good = fs::read(place.path("terms/proving.key")).unwrap();
    let content = good.len() - 32;
    // H stands before L, which loading does check: walk back until the key loads.
    let outcomes = (8..).step_by(8).map(|back| {
        let at = content - 64 * back;
        let mut key = good[..content].to_vec();
        let (left, right) = key.split_at_mut(at);
        left[at - 64..].swap_with_slice(&mut right[..64]);
        let seal = Sha256::new_with_prefix(b"SIGIL-CIRCUITS-KEY-").chain_update(&key).finalize();
        key.extend(seal);
        place.write("terms/proving.key", key);
        place.run(&prove("request.json", "p.json"))
    });
    let refused = outcomes.take(40).find(|output| output.status.code() != Some(2)).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let printed = String::from_utf8(refused.stderr).unwrap();
    assert!(printed.contains("did not pass its own verification"), "{printed}");
    assert!(!place.path("p.json").exists());
}

#[cfg(unix)]
#[test]
fn secrets_have_mode_0600_and_nothing_is_overwritten() {
    use std::os::unix::fs::PermissionsExt;
    let place = requested("mode");
    let mode = |name: &str| fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777;
    place.write("table.csv", "birth_date,country,nickname,points\n1990-04-17,PT,Zaphod,\n");
    place.ends(0, &format!("{ISSUE} --csv table.csv --out lines.jsonl"));
    place.ends(0, &format!("{ISSUE} --csv table.csv --out many"));
    for (name, expected) in [
        ("issuer", 0o700),
        ("issuer/issuer.secret.json", 0o600),
        ("issuer/issuer.counter", 0o600),
        ("credential.json", 0o600),
        ("lines.jsonl", 0o600),
        ("many", 0o700),
        ("many/0000001.json", 0o600),
    ] {
        assert_eq!(mode(name), expected, "{name}");
    }
    let secret = place.text("issuer/issuer.secret.json");
    place.ends(0, &prove("request.json", "p.json"));
    let issue = format!("{ISSUE} --record record.json --out credential.json");
    let before = place.text("credential.json");
    let counter = place.text("issuer/issuer.counter");
    for line in [
        "issuer init --out issuer",
        &issue,
        &issue.replace("credential.json", "many"),
        "setup --policy policy.toml --schema person.toml --out terms",
        &prove("request.json", "p.json"),
    ] {
        assert!(place.ends(2, line).contains("nothing is overwritten"), "{line}");
    }
    assert_eq!(place.text("credential.json"), before);
    assert_eq!(place.text("issuer/issuer.secret.json"), secret);
    assert_eq!(place.text("issuer/issuer.counter"), counter, "no number was used up");
    place.assert_no_remains();
}

#[test]
fn a_table_is_issued_whole_or_not_at_all() {
    let place = requested("table");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/issue");
    let table = fs::read_to_string(root.join("cards.csv")).unwrap();
    let hundred: Vec<&str> = table.lines().take(101).collect();
    place.write("cards.csv", hundred.join("\n"));
    fs::copy(root.join("card.toml"), place.path("person.toml")).unwrap();
    let issued = place.json(&format!("{ISSUE} --csv cards.csv --id-column id --out cards"));
    assert_eq!(issued["issued"], 100);
    let lines = format!("{ISSUE} --csv cards.csv --id-column id --out cards.jsonl --threads 1");
    assert_eq!(place.json(&lines)["threads"], 1);
    let handle = |text: &str| {
        let document: Value = serde_json::from_str(text).unwrap();
        assert_eq!(document["fields"].as_object().unwrap().len() / 15, 1, "15 or 16 fields");
        document["status_handle"].as_u64().unwrap()
    };
    let files = fs::read_dir(place.path("cards")).unwrap();
    let files = files.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    let mut handles: Vec<u64> = files.map(|text| handle(&text)).collect();
    handles.extend(place.text("cards.jsonl").lines().map(handle));
    handles.sort_unstable();
    handles.dedup();
    assert_eq!(handles.len(), 200, "status handles are unique over both runs");
    let name = hundred[1].split(',').next().unwrap();
    assert!(place.path(&format!("cards/{name}.json")).exists());

    let counter = place.text("issuer/issuer.counter");
    place.write("cards.csv", hundred.join("\n").replace("person", "robot"));
    let printed = place.ends(2, &format!("{ISSUE} --csv cards.csv --id-column id --out more"));
    assert!(printed.contains("cards.csv: at line 1"), "{printed}");
    let mut faulty: Vec<String> = hundred.iter().map(|line| (*line).to_owned()).collect();
    for line in [7, 50] {
        faulty[line - 1] = faulty[line - 1].replacen("true", "yes", 1).replacen("false", "no", 1);
    }
    place.write("cards.csv", faulty.join("\n"));
    let printed = place.ends(2, &format!("{ISSUE} --csv cards.csv --id-column id --out more"));
    for at in ["cards.csv: at line 7, column member", "cards.csv: at line 50, column member"] {
        assert!(printed.contains(at), "{printed}");
    }
    assert!(!place.path("more").exists());
    assert_eq!(place.text("issuer/issuer.counter"), counter);
    place.assert_no_remains();
}

#[test]
fn inspect_knows_every_artefact_and_shows_no_secret() {
    let place = requested("inspect");
    place.ends(0, &format!("{} --reveal person.points", prove("request.json", "p.json")));
    place.ends(0, &prove("request.json", "p.cbor"));
    let secret: Value = serde_json::from_str(&place.text("issuer/issuer.secret.json")).unwrap();
    let credential: Value = serde_json::from_str(&place.text("credential.json")).unwrap();
    let mut secrets: Vec<&str> = ["secret_key", "status_handle_key"]
        .iter()
        .map(|key| secret[*key].as_str().unwrap())
        .chain(VALUES)
        .collect();
    secrets.push(credential["signature"].as_str().unwrap());
    let handle = credential["status_handle"].to_string();
    secrets.push(&handle);
    for (file, kind) in [
        ("issuer/issuer.secret.json", "issuer's secret"),
        ("issuer/issuer.json", "issuer"),
        ("person.toml", "schema"),
        ("terms/schema.person.json", "schema"),
        ("policy.toml", "policy"),
        ("terms/bundle.json", "bundle"),
        ("request.json", "request"),
        ("credential.json", "credential"),
        ("p.json", "presentation"),
        ("p.cbor", "presentation"),
        ("terms/proving.key", "proving key"),
        ("terms/verifying.key", "verifying key"),
    ] {
        let report = place.json(&format!("inspect {file}"));
        assert_eq!(report["kind"], kind, "{file}");
        let text = place.ends(0, &format!("inspect {file}")) + &report.to_string();
        for secret in &secrets {
            assert!(!shows(&text, secret), "{file} shows {secret}");
        }
    }
    let shown = place.ends(0, "inspect credential.json --show-values");
    assert!(VALUES.iter().all(|value| shows(&shown, value)), "{shown}");
    let bundle = place.json("inspect terms/bundle.json");
    assert_eq!(bundle["key"], place.json("inspect terms/verifying.key")["fingerprint"]);
    assert_eq!(bundle["bundle"], place.json("policy id terms/bundle.json")["bundle"]);
    assert_eq!(bundle["policy"], place.json("policy id policy.toml")["policy"]);
    assert_eq!(bundle["bundle"], place.json("inspect request.json")["bundle"]);
    for (name, octets) in [("empty", &b""[..]), ("text", b"a = 1"), ("octets", b"\x83\xff\x00")] {
        place.write(name, octets);
        place.ends(2, &format!("inspect {name}"));
    }
}

#[test]
fn documents_are_checked_and_faults_say_where_and_how() {
    let place = requested("documents");
    let check = place.json("policy check policy.toml --schema person.toml");
    assert!(check["circuit"]["constraints"].as_u64().unwrap() > 0);
    assert_eq!(check["warnings"], serde_json::json!([]));
    let shape = check["circuit"]["shape"].clone();
    let moved = place.text("policy.toml").replace("2008-06-01", "2007-06-01");
    place.write("moved.toml", moved);
    let check = place.json("policy check moved.toml --schema person.toml");
    assert_eq!(check["circuit"]["shape"], shape, "a threshold moves without a new shape");
    place.write(
        "skip.toml",
        place.text("policy.toml").replace(
            "[[claims]]\npath = \"person.p",
            "[[claims]]\ndisclosure = \"may\"\npath = \"person.q",
        ),
    );
    let printed = place.run("policy check skip.toml --schema person.toml --json");
    assert_eq!(printed.status.code(), Some(2));
    assert!(printed.stdout.is_empty(), "failures go to standard error");
    let fault: Value = serde_json::from_slice(&printed.stderr).unwrap();
    assert_eq!(fault["error"], "bad input");
    for key in ["file", "path", "problem", "remedy"] {
        assert!(fault["complaints"][0][key].is_string(), "{key}: {fault}");
    }
    let skip = place.text("policy.toml").replace(
        "[[claims]]\npath = \"person.c",
        "validity = \"skip\"\n[[claims]]\npath = \"person.c",
    );
    place.write("warned.toml", skip);
    let check = place.json("policy check warned.toml --schema person.toml");
    assert_eq!(check["warnings"][0]["path"], "$.roles[0].validity");
    for command in ["schema json-schema", "policy json-schema"] {
        assert!(place.json(command)["$schema"].is_string(), "{command}");
    }
    let usage = place.run("schema chek --json");
    assert_eq!(usage.status.code(), Some(2));
    assert!(serde_json::from_slice::<Value>(&usage.stderr).is_ok());
    place.ends(2, "verify");
    place.ends(2, "schema check absent.toml");
    place.ends(0, "--help");
    place.ends(0, "prove --help");
}

#[test]
fn reject_files_of_another_kind_and_leave_them_as_they_are() {
    let place = requested("kinds");
    place.ends(0, &prove("request.json", "presentation.json"));
    let verify = verify("request.json", "presentation.json");
    for (line, expected) in [
        ("schema check credential.json", "sigil-schema/1"),
        ("setup --policy credential.json --schema person.toml --out t", "sigil-policy/1"),
        ("request --bundle credential.json --audience a --out r", "sigil-bundle/1"),
        (&verify.replace("request.json", "credential.json"), "sigil-request/1"),
        (
            &prove("request.json", "p").replace("=credential.json", "=request.json"),
            "sigil-credential/1",
        ),
    ] {
        let printed = place.ends(2, line);
        let says = format!("name a file of format \"{expected}\"");
        assert!(
            printed.contains("at $.format: another format") && printed.contains(&says),
            "{printed}"
        );
    }
    // Neither a document of one line nor one without an end of line becomes a list of nonces.
    for text in [place.text("credential.json"), place.text("credential.json").trim_end().to_owned()]
    {
        place.write("copy.json", &text);
        let printed = place.ends(2, &format!("{verify} --spent copy.json"));
        assert!(printed.contains("at line 1: not a line of spent nonces"), "{printed}");
        assert_eq!(place.text("copy.json"), text);
    }
    assert!(place.ends(2, "inspect terms").contains("not a directory"));
    assert!(place.ends(2, &format!("{verify} --skew 86401")).contains("86401 is not in 0..=86400"));
    let printed = place.ends(
        2,
        &format!("request --bundle terms/bundle.json --audience {} --out r", "a".repeat(256)),
    );
    assert!(printed.contains("at --audience: "), "{printed}");
    place.ends(2, &format!("{ISSUE} --record record.json --id-column birth_date --out c"));
    let never = ISSUE.replace("2027-01-01", "2026-01-01");
    let printed = place.ends(2, &format!("{never} --record record.json --out c"));
    assert!(printed.contains("remedy: give --valid-from and --valid-until"), "{printed}");
}

#[test]
fn a_policy_without_hidden_predicates_needs_no_keys() {
    let place = requested("plain");
    let policy = place.text("policy.toml");
    let (head, _) = policy.split_once("[params]").unwrap();
    let plain = head.replace(
        "[[claims]]\npath = \"person.c",
        "validity = \"reveal\"\n[[claims]]\npath = \"person.c",
    );
    place.write("plain.toml", plain);
    place.ends(0, "setup --policy plain.toml --schema person.toml --out plain");
    assert!(!place.path("plain/proving.key").exists());
    let on = |line: String| line.replace("--terms terms", "--terms plain");
    let ask = format!(
        "request --bundle plain/bundle.json --audience {AUDIENCE} --time {TIME} --out plain.json"
    );
    place.ends(0, &ask);
    place.ends(0, &on(prove("plain.json", "p.json")));
    let accepted = place.json(&on(verify("plain.json", "p.json")));
    assert_eq!(accepted["revealed"]["person.valid_until"], "2027-01-01T00:00:00Z");
}

/// The demo on a tenth of its applicants, from a directory, then with a table that is wrong of one.
#[test]
fn the_demo_finds_what_its_table_says_and_notices_if_not() {
    let place = Place::new("demo");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/demo");
    for name in ["kyc.toml", "income.toml", "policy.toml"] {
        fs::copy(root.join(name), place.path(name)).unwrap();
    }
    let table = fs::read_to_string(root.join("applicants.csv")).unwrap();
    let rows: Vec<&str> = table.lines().take(101).collect();
    place.write("applicants.csv", rows.join("\n"));
    let report = place.json("demo --dir . --sample 2");
    let outcomes = report["outcomes"].as_object().unwrap();
    let total: u64 = outcomes.values().map(|o| o["as_expected"].as_u64().unwrap()).sum();
    assert_eq!(total, 100);
    let able = &outcomes["qualifies"];
    assert!(able["accepted"].as_u64().unwrap() > 50);
    assert_eq!(able["accepted"], able["replays_refused"]);
    let accepted = ["qualifies", "resumed"];
    assert!(outcomes.iter().all(|(word, o)| accepted.contains(&&word[..]) || o["answered"] == 0));
    let earlier = &report["earlier_epochs"];
    assert!(earlier["revoked"].as_u64().unwrap() > 0 && earlier["suspended"].as_u64().unwrap() > 0);
    assert_eq!(earlier["revoked"], earlier["denied"]);
    assert_eq!(earlier["suspended"], earlier["refused"]);
    assert_eq!(report["revealed"].as_object().unwrap().len(), 1, "the residence, nothing else");

    for (from, to) in [(",minor,", ",qualifies,"), (",country,", ",funds,")] {
        place.write("applicants.csv", rows.join("\n").replacen(from, to, 1));
        place.ends(1, "demo --dir . --sample 2");
    }
    place.write("applicants.csv", rows.join("\n").replacen("qualifies", "perhaps", 1));
    assert!(place.ends(2, "demo --dir .").contains("applicants.csv: at line 2, column expected"));
}
