//! Trust lists, signed and checked by the binary.

use crate::place::Place;
use std::fs;

/// A schema's identifier: lists name schemas that need not be at hand.
const SCHEMA: &str = "1111111111111111111111111111111111111111111111111111111111111111";
const OTHER: &str = "2222222222222222222222222222222222222222222222222222222222222222";

const LIST: &str = r#"
format = "sigil-trust/1"
id = "https://eu.example/trust/kyc"
authority = "{authority}"
sequence = 7
issued_at = "2026-06-01T00:00:00Z"
next_update = "2026-06-08T00:00:00Z"

[[issuers]]
name = "Bank A"
precedence = 2
[[issuers.keys]]
key = "{old}"
schemas = ["{schema}"]
from = "2026-01-01T00:00:00Z"
until = "2026-03-01T00:00:00Z"
successor = "{new}"
[[issuers.keys]]
key = "{new}"
schemas = ["{schema}"]
from = "2026-02-01T00:00:00Z"
compromised = "2026-05-01T00:00:00Z"
"#;

struct Listed {
    place: Place,
    old: String,
    new: String,
}

/// A signed list in `list.json`, of the authority of `authority.pem`.
fn listed(name: &str) -> Listed {
    let place = Place::new(name);
    let did = |line: &str, member: &str| place.json(line)[member].as_str().unwrap().to_owned();
    let authority = did("authority init --out authority.pem", "authority");
    let old = did("issuer init --out old", "issuer");
    let new = did("issuer init --out new", "issuer");
    let text = LIST.replace("{authority}", &authority).replace("{schema}", SCHEMA);
    place.write("list.toml", text.replace("{old}", &old).replace("{new}", &new));
    place.ends(0, "trust sign --list list.toml --key authority.pem --out list.json");
    Listed { place, old, new }
}

#[test]
fn a_list_is_signed_and_each_verdict_has_its_reason() {
    let Listed { place, old, new } = listed("trust-verdicts");
    let shown = place.ends(0, "trust check list.json");
    for part in ["eu.example/trust/kyc", "Issuer Bank A, precedence 2", &old, &new, SCHEMA] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let unlisted = place.json("issuer init --out third")["issuer"].as_str().unwrap().to_owned();
    for (key, schema, at, reason) in [
        (&old, SCHEMA, "2026-01-01", None),
        (&old, SCHEMA, "2026-02-28T23:59:59Z", None),
        (&new, SCHEMA, "2026-02-01", None),
        (&new, SCHEMA, "2026-04-30T23:59:59Z", None),
        (&old, SCHEMA, "2025-12-31T23:59:59Z", Some("issuer-key-not-yet")),
        (&old, SCHEMA, "2026-03-01", Some("issuer-key-rotated")),
        (&new, SCHEMA, "2026-05-01", Some("issuer-key-compromised")),
        (&old, OTHER, "2026-01-01", Some("issuer-schema")),
        (&unlisted, SCHEMA, "2026-01-01", Some("issuer-unlisted")),
    ] {
        let line = format!("trust check list.json --key {key} --schema {schema} --at {at}");
        let printed = place.ends(i32::from(reason.is_some()), &line);
        match reason {
            Some(word) => assert!(printed.contains(&format!("does NOT count: {word}: "))),
            None => assert!(printed.contains("counts, of Bank A, precedence 2"), "{printed}"),
        }
        let output = place.run(&format!("{line} --json")).stdout;
        let json: serde_json::Value = serde_json::from_slice(&output).unwrap();
        assert_eq!(json["verdict"]["counts"], reason.is_none(), "{line}");
        assert_eq!(json["verdict"]["reason"].as_str(), reason, "{line}");
    }
    let json = place.json(&format!(
        "trust check list.json --key {new} --schema {SCHEMA} --at 2026-03-15T09:30:00Z"
    ));
    let window = serde_json::json!({
        "from": "2026-02-01T00:00:00Z", "until": "2026-05-01T00:00:00Z",
    });
    assert_eq!(json["verdict"]["window"], window);
    assert_eq!(json["verdict"]["at"], "2026-03-15T09:00:00Z");
    place.ends(2, &format!("trust check list.json --key {new}"));
    place.ends(2, &format!("trust check list.json --key did:key:z1 --schema {SCHEMA}"));
    place.assert_no_remains();
}

#[test]
fn editions_follow_each_other_and_are_current_for_a_while() {
    let Listed { place, .. } = listed("trust-editions");
    let hash = place.json("trust check list.json")["trust_list"].as_str().unwrap().to_owned();
    let next = place.text("list.toml").replace(
        "sequence = 7\nissued_at = \"2026-06-01",
        &format!("sequence = 8\nprevious = \"{hash}\"\nissued_at = \"2026-06-07"),
    );
    place.write("next.toml", &next);
    let sign = "trust sign --key authority.pem";
    place.ends(0, &format!("{sign} --list next.toml --previous list.json --out next.json"));
    place.ends(0, "trust check next.json --previous list.json --now 2026-06-07T12:00:00Z");
    let output = place.run("trust check list.json --previous next.json --json");
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["chain"]["reason"], "sequence");
    for (now, code) in [("2026-06-06T23:59:59Z", 1), ("2026-06-07", 0), ("2026-06-08", 1)] {
        place.ends(code, &format!("trust check next.json --now {now}"));
    }
    // Of two editions of one number, one is a fork: it is neither signed nor accepted.
    place.write("fork.toml", place.text("list.toml").replace("Bank A", "Bank B"));
    let fork = format!("{sign} --list fork.toml --out fork.json");
    let printed = place.ends(1, &format!("{fork} --previous list.json"));
    assert!(printed.contains("forked") && printed.contains(&hash), "{printed}");
    assert!(!place.path("fork.json").exists());
    place.ends(0, &fork);
    assert!(place.ends(1, "trust check fork.json --previous list.json").contains("fork"));
}

#[test]
fn reject_lists_of_others_and_changed_ones() {
    let Listed { place, old, .. } = listed("trust-rejects");
    place.ends(0, "authority init --out other.pem");
    let sign = "trust sign --list list.toml --key other.pem --out other.json";
    assert!(place.ends(1, sign).contains("another authority"));
    assert!(!place.path("other.json").exists());
    // Nothing is overwritten.
    place.ends(2, "trust sign --list list.toml --key authority.pem --out list.json");
    let good = place.text("list.json");
    place.write("bad.json", good.replace("Bank A", "Bank B"));
    let printed = place.ends(2, "trust check bad.json");
    assert!(printed.contains("$.signature") && printed.contains("does not verify"), "{printed}");
    place.ends(2, "trust check list.toml");
    let twice = place.text("list.toml").replacen("[[issuers.keys]]", &format!(
        "[[issuers.keys]]\nkey = \"{old}\"\nschemas = [\"{OTHER}\"]\nfrom = \"2026-01-01T00:00:00Z\"\n[[issuers.keys]]"
    ), 1);
    place.write("twice.toml", twice);
    let printed = place.ends(2, "trust sign --list twice.toml --key authority.pem --out t.json");
    assert!(printed.contains("twice.toml: at $.issuers[0].keys[1].key: "), "{printed}");
    fs::remove_file(place.path("list.json")).unwrap();
    place.ends(2, "trust check list.json");
    let schema = place.ends(0, "trust json-schema");
    assert!(schema.contains("sigil-trust/1"));
}
