//! Wallets, from the issuing of credentials to their end, by the binary. What their folder is like has
//! tests of its own beside this.

use crate::place::{AUDIENCE, Place, SOON, TIME, request};
use serde_json::{Value, json};
use std::fs;

pub(crate) const LIST: &str = "https://issuer.example/revoked";
const TRUST: &str = "https://eu.example/trust/kyc";

const PERSON: &str = r#"
format = "sigil-schema/1"
name = "test/person"
version = "1.0.0"
fields = [
  { name = "birth_date", type = "date" },
  { name = "country", type = "code" },
]
"#;

const POLICY: &str = r#"
format = "sigil-policy/1"
id = "test/listed"
version = "1.0.0"

[[claims]]
path = "person.country"
disclosure = "may"

[params]
born_by = { date = "2008-06-01" }

[[predicates]]
name = "adult"
expr = "person.birth_date <= params.born_by"

[[roles]]
name = "person"
schema = "{schema}"
{issuers}
[[roles.lists]]
list = "https://issuer.example/revoked"
authority = "{list}"
max_age = 24
"#;

const EDITION: &str = r#"
format = "sigil-trust/1"
id = "https://eu.example/trust/kyc"
authority = "{authority}"
sequence = {sequence}
{previous}
issued_at = "2026-06-01T0{sequence}:00:00Z"
next_update = "2026-06-08T00:00:00Z"
[[issuers]]
name = "Bank A"
[[issuers.keys]]
key = "{old}"
schemas = ["{schema}"]
from = "2026-01-01T00:00:00Z"
{until}
[[issuers.keys]]
key = "{new}"
schemas = ["{schema}"]
from = "2026-01-01T00:00:00Z"
"#;

fn did(place: &Place, line: &str, member: &str) -> String {
    place.json(line)[member].as_str().unwrap().to_owned()
}

pub(crate) const ISSUE: &str = "issue --issuer issuer --schema person.toml --valid-from 2026-01-01";

/// Two credentials of one issuer, a list, terms whose issuers are said so, and a request.
fn issued(name: &str, issuers: &dyn Fn(&Place, &str, &str) -> String) -> Place {
    let place = Place::new(name);
    place.write("person.toml", PERSON);
    let schema = did(&place, "schema id person.toml", "schema");
    let issuer = did(&place, "issuer init --out issuer", "issuer");
    let init = format!("status init --list {LIST} --elements handle --out register");
    let list = did(&place, &init, "authority");
    let policy = POLICY.replace("{schema}", &schema).replace("{list}", &list);
    place.write("policy.toml", policy.replace("{issuers}", &issuers(&place, &issuer, &schema)));
    for (name, born) in [("alice", "1990-04-17"), ("bob", "1980-01-01")] {
        let record = format!(r#"{{ "birth_date": "{born}", "country": "PT" }}"#);
        place.write(&format!("{name}.record"), record);
        place.ends(
            0,
            &format!("{ISSUE} --valid-until 2026-07-01 --record {name}.record --out {name}.json"),
        );
    }
    place.ends(0, "setup --policy policy.toml --schema person.toml --out terms");
    request(&place, "request.json");
    place
}

/// The same, with alice's credential in a wallet.
pub(crate) fn kept(name: &str) -> Place {
    let place = issued(name, &|_, issuer, _| format!("issuers = [\"{issuer}\"]"));
    place.ends(0, "wallet init --wallet wallet");
    place.ends(0, "wallet add --wallet wallet --schema person.toml --credential alice.json");
    place
}

pub(crate) fn publish(place: &Place, time: &str) {
    place.ends(0, &format!("status publish --register register --out public --time {time}"));
}

fn change(place: &Place, verb: &str, who: &str, at: &str) {
    place.ends(0, &format!("status {verb} --register register --credential {who}.json --at {at}"));
}

pub(crate) fn refresh(epoch: u64) -> String {
    format!("wallet refresh --wallet wallet --list public/epoch-{epoch}.list")
}

fn ask(verb: &str) -> String {
    format!("wallet {verb} --wallet wallet --terms terms --request request.json --now {SOON}")
}

fn present(place: &Place, out: &str) {
    place.ends(0, &format!("{} --out {out}", ask("present")));
}

fn verify(presentation: &str, more: &str) -> String {
    format!(
        "verify --terms terms --request request.json --audience {AUDIENCE} \
         --presentation {presentation} {more}"
    )
}

/// The JSON of a command that ends with this exit code.
fn json_of(place: &Place, code: i32, line: &str) -> Value {
    let output = place.run(&format!("{line} --json"));
    assert_eq!(output.status.code(), Some(code), "{line}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn codes(report: &Value) -> Vec<&str> {
    let reasons = report["record"]["reasons"].as_array().unwrap();
    reasons.iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}

#[test]
fn from_issuing_to_revocation() {
    let place = kept("wallet-walk");
    place.ends(0, "wallet add --wallet wallet --credential bob.json --label bob");
    publish(&place, "2026-06-01T06:00:00Z");
    // Nothing is known of the list yet.
    let refused = place.ends(1, &ask("plan"));
    for label in ["person-1", "bob"] {
        assert!(refused.contains(&format!("{label}: no recent entry of {LIST}")), "{refused}");
    }
    let report = place.json(&refresh(0));
    assert_eq!(report["credentials"][1]["standing"], "absent");
    let plan = place.json(&ask("plan"));
    assert_eq!(plan["roles"][0]["lists"], json!([{ "list": LIST, "epoch": 0 }]));
    let issuer: Value = serde_json::from_str(&place.text("issuer/issuer.json")).unwrap();
    assert_eq!(plan["roles"][0]["issuer"], issuer["issuer"]);
    present(&place, "old.json");
    let accepted =
        place.json(&verify("old.json", &format!("--now {SOON} --head public/head.json")));
    assert_eq!(
        (&accepted["lists"][0]["epoch"], &accepted["lists"][0]["is"]),
        (&json!(0), &json!("absent"))
    );
    let listed = place.ends(0, "wallet list --wallet wallet --now 2026-06-01T12:00:00Z");
    for part in [
        "person-1  test/person 1.0.0",
        "valid, expires in 29 days; from 2026-01-01T00:00:00Z until before 2026-07-01",
        &format!("absent on {LIST}, epoch 0, 6 hours old"),
    ] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    assert!(!listed.contains("1990-04-17"), "{listed}");
    assert!(place.ends(0, "wallet list --wallet wallet --values").contains("1990-04-17"));

    change(&place, "revoke", "bob", "2026-06-01T07:00:00Z");
    publish(&place, "2026-06-01T08:00:00Z");
    let text = place.ends(1, &refresh(1));
    assert!(
        text.contains(&format!("bob       REVOKED or suspended in epoch 1 of {LIST}")),
        "{text}"
    );
    assert!(text.contains(&format!("person-1  absent in epoch 1 of {LIST}")), "{text}");
    // The other one still answers, and whoever answered by the old epoch is told so.
    let report = place.json(&format!("{} --out new.json", ask("present")));
    assert_eq!(report["presented"], json!(["person-1"]));
    let known = format!("--now {SOON} --head public/head.json");
    place.ends(0, &verify("new.json", &known));
    assert_eq!(codes(&json_of(&place, 1, &verify("old.json", &known))), ["status-replaced"]);
    place.ends(0, &verify("old.json", &format!("--now {SOON}")));

    change(&place, "revoke", "alice", "2026-06-01T09:00:00Z");
    publish(&place, "2026-06-01T10:00:00Z");
    place.ends(1, &refresh(2));
    let refused = place.ends(1, &format!("{} --out none.json", ask("present")));
    for label in ["person-1", "bob"] {
        assert!(refused.contains(&format!("{label}: it is on {LIST}")), "{refused}");
    }
    assert!(!place.path("none.json").exists());
    place.assert_no_remains();
}

#[test]
fn a_suspended_credential_counts_again_when_it_is_resumed() {
    let place = kept("wallet-resume");
    change(&place, "suspend", "alice", "2026-06-01T05:00:00Z");
    publish(&place, "2026-06-01T06:00:00Z");
    let report = json_of(&place, 1, &refresh(0));
    assert_eq!(report["credentials"][0]["standing"], "revoked-or-suspended");
    assert!(place.ends(1, &ask("plan")).contains(&format!("person-1: it is on {LIST}")));
    change(&place, "resume", "alice", "2026-06-01T07:00:00Z");
    publish(&place, "2026-06-01T08:00:00Z");
    assert!(place.ends(0, &refresh(1)).contains("no longer on it"));
    present(&place, "presentation.json");
    place.ends(0, &verify("presentation.json", &format!("--now {SOON} --head public/head.json")));
    let entries = fs::read_dir(place.path("wallet")).unwrap();
    let entries = entries.filter(|file| {
        file.as_ref().unwrap().file_name().to_str().unwrap().ends_with(".entry.json")
    });
    assert_eq!(entries.count(), 1, "one entry, of the newest epoch");
}

#[test]
fn what_was_fresh_when_it_was_shown_is_stale_later() {
    let place = kept("wallet-stale");
    place.ends(
        0,
        "status publish --register register --out public --next-update 1 \
         --time 2026-06-01T11:00:30Z",
    );
    place.ends(0, &refresh(0));
    present(&place, "presentation.json");
    place.ends(0, &verify("presentation.json", "--now 2026-06-01T12:05:29Z"));
    let denied = json_of(&place, 1, &verify("presentation.json", "--now 2026-06-01T12:05:30Z"));
    assert_eq!(codes(&denied), ["status-stale"]);
    // A wallet that waits too long does not even answer.
    let line = format!(
        "request --bundle terms/bundle.json --audience {AUDIENCE} --time 2026-06-01T12:00:30Z \
         --out request2.json"
    );
    place.ends(0, &line);
    let asked = ask("plan").replace("request.json", "request2.json");
    assert!(place.ends(1, &asked).contains(&format!("person-1: no recent entry of {LIST}")));
}

#[test]
fn the_newest_valid_renewal_is_presented() {
    let place = kept("wallet-renewal");
    let renew = |from: &str, until: &str, old: &str, out: &str| {
        format!(
            "issue --issuer issuer --schema person.toml --valid-from {from} --valid-until {until} \
             --renew {old} --out {out}"
        )
    };
    let shorter = renew("2026-01-01", "2026-07-01", "alice.json", "shorter.json");
    assert!(place.ends(1, &shorter).contains("not be valid for longer"));
    place.ends(0, "issuer init --out other");
    let foreign = renew("2026-05-01", "2027-01-01", "alice.json", "foreign.json");
    let foreign = foreign.replace("--issuer issuer", "--issuer other");
    assert!(place.ends(1, &foreign).contains("another issuer"));
    place.write("next.toml", place.text("person.toml").replace("1.0.0", "1.1.0"));
    let newer = renew("2026-05-01", "2027-01-01", "alice.json", "newer.json");
    let newer = place.ends(2, &newer.replace("person.toml", "next.toml"));
    assert!(newer.contains("alice.json: of another schema") && newer.contains("--record"));
    let report = place.json(&renew("2026-05-01", "2027-01-01", "alice.json", "renewed.json"));
    let handle = report["renews"].as_u64().unwrap();
    assert!(place.text("alice.json").contains(&format!("\"status_handle\":{handle},")));
    assert!(!place.text("renewed.json").contains(&format!("\"status_handle\":{handle},")));
    // To be valid later: until then the present one is taken.
    place.ends(0, &renew("2026-07-01", "2028-01-01", "renewed.json", "later.json"));
    let added = place.json("wallet add --wallet wallet --credential renewed.json");
    assert_eq!(added["added"], json!([{ "label": "person-2", "renews": ["person-1"] }]));
    place.ends(0, "wallet add --wallet wallet --credential later.json --label later");
    let again = place.ends(1, "wallet add --wallet wallet --credential renewed.json");
    assert!(again.contains("already in the wallet, as person-2"), "{again}");

    let revoke = format!(
        "status revoke --register register --handle {handle} --reason superseded \
         --at 2026-06-01T05:00:00Z"
    );
    place.ends(0, &revoke);
    publish(&place, "2026-06-01T06:00:00Z");
    // That a superseded one is revoked is as it should be.
    let text = place.ends(0, &refresh(0));
    assert!(text.contains("REVOKED") && text.contains("later renews it"), "{text}");
    let report = place.json(&format!("{} --out presentation.json", ask("present")));
    assert_eq!(report["presented"], json!(["person-2"]));
    let listed = place.json(&format!("wallet list --wallet wallet --now {SOON}"));
    let of = |label: &str| {
        let all = listed["credentials"].as_array().unwrap();
        all.iter().find(|credential| credential["label"] == label).unwrap().clone()
    };
    assert_eq!(of("person-1")["superseded_by"], "later");
    assert_eq!(of("later")["validity"], "not-yet-valid");
    assert_eq!(of("later")["superseded_by"], Value::Null);
    assert_eq!(of("person-1")["entries"][0]["is"], "present");
}

#[test]
fn reject_forks_and_rollbacks_and_refresh_the_rest() {
    let place = kept("wallet-fork");
    publish(&place, "2026-06-01T06:00:00Z");
    // The authority's own directory, copied: two histories under one key.
    let copy = |from: &str, to: &str| {
        fs::create_dir(place.path(to)).unwrap();
        for file in fs::read_dir(place.path(from)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), place.path(to).join(file.file_name())).unwrap();
        }
    };
    copy("register", "forked");
    change(&place, "revoke", "alice", "2026-06-01T07:00:00Z");
    publish(&place, "2026-06-01T08:00:00Z");
    place.ends(0, "status publish --register forked --out forged --time 2026-06-01T08:00:00Z");
    place.ends(0, &refresh(0));
    place.ends(1, &refresh(1));
    let fork = "wallet refresh --wallet wallet --list forged/epoch-1.list";
    let text = place.ends(1, fork);
    assert!(text.contains("Refused: forged/epoch-1.list: a fork at epoch 1"), "{text}");
    let text = place.ends(1, &refresh(0));
    assert!(text.contains("a rollback: epoch 0 after epoch 1"), "{text}");
    assert!(place.ends(1, &ask("plan")).contains("person-1: it is on"), "nothing was taken over");
    // Another list beside it is refreshed all the same.
    place.ends(0, "status init --list https://x.example/c --elements code --out codes");
    place.ends(0, "status add --register codes --value PT --at 2026-06-01T05:00:00Z");
    place.ends(0, "status publish --register codes --out codes-public --time 2026-06-01T06:00:00Z");
    let report = json_of(&place, 1, &format!("{fork} --list codes-public/epoch-0.list"));
    assert_eq!(report["refused"].as_array().unwrap().len(), 1);
    assert_eq!(report["credentials"][0]["field"], "country");
    assert_eq!(report["credentials"][0]["standing"], "present");
    // With its own authority named, a list of another is none.
    let did = did(&place, "issuer init --out somebody", "issuer");
    place.ends(1, &format!("{} --authority {did}", refresh(1)));
}

#[test]
fn a_trust_list_says_whose_credentials_count() {
    let place = issued("wallet-trust", &|place, _, _| {
        let authority = did(place, "authority init --out authority.pem", "authority");
        format!("[roles.trust]\nlist = \"{TRUST}\"\nauthority = \"{authority}\"\nmax_age = 168\n")
    });
    let schema = did(&place, "schema id person.toml", "schema");
    let authority = did(&place, "authority id authority.pem", "authority");
    let new = did(&place, "issuer init --out new", "issuer");
    let issuer: Value = serde_json::from_str(&place.text("issuer/issuer.json")).unwrap();
    let edition = |sequence: u64, previous: &str, until: &str| {
        let text = EDITION.replace("{authority}", &authority).replace("{schema}", &schema);
        let text = text.replace("{sequence}", &sequence.to_string());
        let text = text.replace("{previous}", previous).replace("{until}", until);
        let text = text.replace("{old}", issuer["issuer"].as_str().unwrap()).replace("{new}", &new);
        place.write("list.toml", text);
        let line =
            format!("trust sign --list list.toml --key authority.pem --out trust-{sequence}.json");
        did(&place, &line, "trust_list")
    };
    place.ends(0, "wallet init --wallet wallet");
    place.ends(0, "wallet add --wallet wallet --schema person.toml --credential alice.json");
    publish(&place, "2026-06-01T06:00:00Z");
    place.ends(0, &refresh(0));
    let asked = place.ends(1, &ask("plan"));
    assert!(asked.contains(&format!("the trust list {TRUST} is not at hand")), "{asked}");
    let first = edition(1, "", "");
    place.ends(0, "wallet refresh --wallet wallet --trust trust-1.json");
    let plan = place.ends(0, &ask("plan"));
    assert!(plan.contains("shows that it begins from 2026-01-01T00:00:00Z"), "{plan}");
    let report = place.json(&format!("{} --out presentation.json", ask("present")));
    assert_eq!(report["issuer_names"]["person"], "Bank A");
    assert!(report["proven"].to_string().contains("lets its issuer's key sign"), "{report}");

    let known = |presentation: &str, editions: &[u64]| {
        let trust = editions.iter().map(|edition| format!("--trust trust-{edition}.json"));
        verify(presentation, &format!("--now {SOON} {}", trust.collect::<Vec<_>>().join(" ")))
    };
    let denied = json_of(&place, 1, &known("presentation.json", &[]));
    assert_eq!(codes(&denied), ["trust-unknown"]);
    let accepted = place.json(&known("presentation.json", &[1]));
    assert_eq!(accepted["issuer_names"]["person"], "Bank A");

    // The key is replaced from before the credential begins on: it no longer counts.
    let rotated = format!("until = \"2026-01-01T00:00:00Z\"\nsuccessor = \"{new}\"");
    let rotated = rotated.replace("until = \"2026-01-01", "until = \"2026-02-01");
    let previous = format!("previous = \"{first}\"");
    edition(2, &previous, &rotated);
    place.ends(0, "wallet refresh --wallet wallet --trust trust-2.json");
    let late = "issue --issuer issuer --schema person.toml --valid-from 2026-03-01 \
                --valid-until 2026-12-01 --record alice.record --out late.json";
    place.ends(0, late);
    place.ends(0, "wallet add --wallet wallet --credential late.json --label late");
    place.ends(1, "wallet refresh --wallet wallet --list public/epoch-0.list --only late");
    let text = place.ends(1, "wallet refresh --wallet wallet --trust trust-2.json");
    assert!(text.contains("late  NOT counted by") && text.contains("rotated"), "{text}");
    let plan = place.ends(0, &ask("plan"));
    assert!(plan.contains("from person-1"), "the older one counts: {plan}");
    // A verifier with the newer edition wants the narrower window that the newer edition gives.
    let denied = json_of(&place, 1, &known("presentation.json", &[2, 1]));
    assert_eq!(codes(&denied), ["issuer-key-rotated"]);
    present(&place, "second.json");
    place.ends(0, &known("second.json", &[2]));
    let prove = format!(
        "prove --terms terms --request request.json --credential person=late.json --now {SOON} \
         --trust trust-1.json --trust trust-2.json --out late-presentation.json"
    );
    let refused = place.ends(1, &prove);
    assert!(refused.contains("late.json") && refused.contains("rotated"), "{refused}");
    // A credential of the key that took over renews those of the key before it.
    let rotated = late.replace("--issuer issuer", "--issuer new").replace("12-01", "12-02");
    place.ends(0, &rotated.replace("late.json", "rotated.json"));
    let added = place.json("wallet add --wallet wallet --credential rotated.json --label rotated");
    assert_eq!(added["added"][0]["renews"], json!(["late", "person-1"]));
    place.ends(0, "wallet refresh --wallet wallet --trust trust-2.json");
    // Back to the old edition, or to another of the same number: no.
    let back = place.ends(1, "wallet refresh --wallet wallet --trust trust-1.json");
    assert!(back.contains("Refused: trust-1.json: the edition has number 1, and 3 is next"));
    fs::rename(place.path("trust-2.json"), place.path("kept-2.json")).unwrap();
    edition(2, &previous, "");
    let fork = place.ends(1, "wallet refresh --wallet wallet --trust trust-2.json");
    assert!(fork.contains("there are two editions of number 2"), "{fork}");
}

#[test]
fn entries_serve_without_a_wallet_too() {
    let place = kept("wallet-none");
    publish(&place, "2026-06-01T06:00:00Z");
    let prove = format!(
        "prove --terms terms --request request.json --credential person=alice.json --now {SOON} \
         --out presentation.json"
    );
    let refused = place.ends(1, &prove);
    assert!(refused.contains("alice.json: role person: no recent entry of"), "{refused}");
    let find = "status find --list public/epoch-0.list --out entry.json --credential";
    place.ends(0, &format!("{find} alice.json"));
    place.ends(0, &format!("{prove} --entry entry.json"));
    place.ends(0, &verify("presentation.json", &format!("--now {SOON}")));
    let plan = format!(
        "policy plan --terms terms --request request.json --credential alice.json --now {SOON}"
    );
    place.ends(1, &plan);
    let planned = place.ends(0, &format!("{plan} --entry entry.json"));
    assert!(planned.contains(&format!("person is absent on {LIST}")), "{planned}");
    // Once it is known to be revoked, an entry from before does not help.
    change(&place, "revoke", "alice", "2026-06-01T07:00:00Z");
    publish(&place, "2026-06-01T08:00:00Z");
    let find = find.replace("epoch-0", "epoch-1").replace("entry.json", "newer.json");
    place.ends(0, &format!("{find} alice.json --expect present"));
    let again = prove.replace("presentation.json", "again.json");
    let refused = place.ends(1, &format!("{again} --entry entry.json --entry newer.json"));
    assert!(refused.contains(&format!("role person: it is on {LIST}")), "{refused}");
    let explained = format!(
        "policy explain --terms terms --request request.json --presentation presentation.json \
         --head public/head.json --at {SOON}"
    );
    assert_eq!(codes(&json_of(&place, 1, &explained)), ["status-replaced"]);
}

#[test]
fn credentials_of_every_accepted_version_serve() {
    let place = kept("wallet-versions");
    let newer = PERSON.replace("1.0.0", "1.1.0");
    let field = r#"  { name = "points", type = "uint(16)", optional = true },"#;
    place.write("newer.toml", newer.replace("\n]", &format!("\n{field}\n]")));
    let id = did(&place, "schema id newer.toml", "schema");
    let policy =
        place.text("policy.toml").replace("\nissuers", &format!("\naccepts = [\"{id}\"]\nissuers"));
    place.write("both.toml", policy);
    place.ends(0, "setup --policy both.toml --schema person.toml --schema newer.toml --out both");
    assert!(place.path("both/schema.person.1.json").exists());
    let line = format!(
        "request --bundle both/bundle.json --audience {AUDIENCE} --time {TIME} --out both.request"
    );
    place.ends(0, &line);
    let issue = ISSUE.replace("person.toml", "newer.toml");
    place.ends(
        0,
        &format!("{issue} --valid-until 2026-07-01 --record alice.record --out newer.json"),
    );
    publish(&place, "2026-06-01T06:00:00Z");
    let ask = |verb: &str| {
        let asked = ask(verb).replace("--terms terms", "--terms both");
        asked.replace("request.json", "both.request")
    };
    place.ends(0, &refresh(0));
    place.ends(0, &format!("{} --out first.json", ask("present")));
    place.ends(0, "wallet init --wallet second");
    let add = "wallet add --wallet second --credential newer.json";
    assert!(place.ends(2, add).contains("name its document too, with --schema"));
    place.ends(0, &format!("{add} --schema newer.toml"));
    place.ends(0, &refresh(0).replace("--wallet wallet", "--wallet second"));
    let second = ask("present").replace("--wallet wallet", "--wallet second");
    place.ends(0, &format!("{second} --out second.json"));
    for presentation in ["first.json", "second.json"] {
        let verify = verify(presentation, &format!("--now {SOON}"));
        let verify = verify.replace("--terms terms", "--terms both");
        place.ends(0, &verify.replace("request.json", "both.request"));
    }
    let described = place.json("inspect both.toml");
    assert_eq!(described["conditions"]["person"]["accepts"], json!([id]));
}

#[test]
fn a_holder_needs_but_the_shard_of_its_handle() {
    let place = kept("wallet-shards");
    let handle = |at: u64| at * ((1 << 40) / 2500) + 1;
    let lines: String = (0..2500).map(|at| format!("{}\n", handle(at))).collect();
    place.write("handles.txt", lines);
    let revoke = "status revoke --register register --file handles.txt --at 2026-06-01T05:00:00Z";
    place.ends(0, revoke);
    place.ends(
        0,
        "status publish --register register --out public --shards --time 2026-06-01T06:00:00Z",
    );
    let shards: Vec<String> = (0..2).map(|s| format!("public/epoch-0.shards/{s}.list")).collect();
    let refreshed = shards.iter().enumerate().map(|(shard, file)| {
        let report = place.json(&format!("wallet refresh --wallet wallet --list {file}"));
        let (found, missing) = (&report["credentials"], &report["missing"]);
        assert_ne!(found.as_array().unwrap().len(), missing.as_array().unwrap().len());
        if let Some(missing) = missing.get(0) {
            assert_eq!(
                (&missing["label"], &missing["shard"]),
                (&json!("person-1"), &json!(1 - shard))
            );
        }
        found.as_array().unwrap().len()
    });
    assert_eq!(refreshed.sum::<usize>(), 1, "one of both shards has the handle");
    let both = format!("wallet refresh --wallet wallet --list {} --list {}", shards[0], shards[1]);
    assert_eq!(place.json(&both)["missing"], json!([]));
    place.ends(0, &ask("plan"));
}
