//! Policies and predicates by the command line, as their authors, verifiers and holders use it.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should panic")]

#[path = "cli/place.rs"]
mod place;
#[path = "cli/predicate.rs"]
mod predicate;

use place::{AUDIENCE, ISSUE, Place, RECORD, SOON, TIME, prove, request, requested, shows, verify};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

const BANK: &str = "https://example.org/class/bank";

/// Test cases for the policy that [`requested`] makes.
const TESTS: &str = r#"
[[tests]]
name = "of-age"
time = "2026-06-01T12:00:00Z"
expect = "permit"
[tests.holders.person]
record = { birth_date = "1990-04-17", country = "PT", nickname = "Zaphod", points = 4711 }

[[tests]]
name = "too-young"
time = "2026-06-01T12:00:00Z"
expect = ["predicate:$.predicates[0]"]
[tests.holders.person]
record = { birth_date = "2010-04-17", country = "PT", nickname = "Zaphod", points = 4711 }
"#;

/// Values that a holder keeps to itself.
const HIDDEN: [&str; 3] = ["1990-04-17", "Zaphod", "4711"];

impl Place {
    /// The policy with one passage put in place of another, and more at its end, in a file.
    fn policy(&self, name: &str, from: &str, to: &str, more: &str) {
        let text = self.text("policy.toml");
        assert!(text.contains(from), "{from}");
        self.write(name, text.replacen(from, to, 1) + more);
    }

    /// The same with a line of its own at the top.
    fn policy_with(&self, name: &str, line: &str) {
        self.policy(name, "version = \"1.0.0\"", &format!("version = \"1.0.0\"\n{line}"), "");
    }

    /// A command with the schema; its report, whatever the exit code, which is given with it.
    fn report(&self, line: &str) -> (i32, Value) {
        let output = self.run(&format!("{line} --json"));
        let (code, text) = (output.status.code().unwrap(), String::from_utf8(output.stdout));
        let text = text.unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        (code, serde_json::from_str(&text).unwrap_or_else(|e| panic!("{line}: {e}\n{errors}")))
    }

    /// Terms for a policy, with the keys made for [`requested`]'s, and a request under them.
    fn terms(&self, policy: &str, terms: &str, out: &str) {
        self.ends(
            0,
            &format!("setup --policy {policy} --schema person.toml --reuse terms --out {terms}"),
        );
        self.ask(terms, "", out);
    }

    fn ask(&self, terms: &str, more: &str, out: &str) {
        let bundle = format!("--bundle {terms}/bundle.json --audience {AUDIENCE} --time {TIME}");
        self.ends(0, &format!("request {bundle} {more} --out {out}"));
    }
}

fn plan(terms: &str, request: &str) -> String {
    format!(
        "policy plan --terms {terms} --request {request} --credential credential.json --now {SOON}"
    )
}

fn on(terms: &str, line: &str) -> String {
    line.replace("--terms terms", &format!("--terms {terms}"))
}

fn object(output: &Output) -> Value {
    let text = if output.stdout.is_empty() { &output.stderr } else { &output.stdout };
    let value: Value = serde_json::from_slice(text).unwrap();
    assert!(value.is_object() && (output.stdout.is_empty() || output.stderr.is_empty()));
    value
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn check_finds_what_nobody_satisfies_and_what_two_policies_tell_together() {
    let place = requested("check");
    let check = |file: &str, more: &str| {
        place.report(&format!("policy check {file} --schema person.toml --at {TIME} {more}"))
    };
    let (code, report) = check("policy.toml", "");
    assert_eq!((code, &report["findings"]), (0, &json!([])));
    assert_eq!(report["roles"][0]["must"], json!(["country"]));
    let nobody = "person.birth_date <= params.born_by && person.birth_date > params.born_by";
    place.policy("nobody.toml", "person.birth_date <= params.born_by", nobody, "");
    let (code, report) = check("nobody.toml", "");
    assert_eq!(code, 1, "{report}");
    assert_eq!(report["findings"][0]["severity"], "error");
    for key in ["place", "message", "remedy"] {
        assert!(!report["findings"][0][key].as_str().unwrap().is_empty(), "{key}");
    }
    // Between the two there is one day, which neither tells by itself.
    place.policy("next.toml", "birth_date <= params", "birth_date >= params", "");
    let (code, report) = check("policy.toml", "--with next.toml");
    assert_eq!(code, 0, "{report}");
    assert!(report["findings"].to_string().contains("person.birth_date"), "{report}");
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/policies");
    let other = policies.join("b-us-accredited.toml");
    let with = format!("policy check policy.toml --schema person.toml --with {}", other.display());
    let printed = place.ends(2, &with);
    assert!(printed.contains("b-us-accredited.toml: at $.roles[0].schema"), "{printed}");
}

#[test]
fn check_says_what_a_consumer_needs_and_does_not_get() {
    let place = requested("consumer");
    let consumer = |need: &str| {
        place.write("c.toml", format!("format = \"sigil-consumer/1\"\n[[needs]]\n{need}\n"));
        place.report("policy check policy.toml --schema person.toml --consumer c.toml")
    };
    for (need, derivable, code) in [
        ("value = \"person.country\"", true, 0),
        ("fact = \"person.birth_date <= date(\\\"2010-01-01\\\")\"", true, 0),
        ("fact = \"person.birth_date <= date(\\\"2001-01-01\\\")\"", false, 1),
        ("value = \"person.nickname\"", false, 1),
        ("issuer = \"person\"", true, 0),
        ("person = \"once\"", false, 1),
    ] {
        let (found, report) = consumer(need);
        assert_eq!(report["consumer"][0]["derivable"], derivable, "{need}: {report}");
        assert_eq!(found, code, "{need}");
    }
}

#[test]
fn the_real_policies_are_as_expected() {
    let place = Place::new("real");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/policies");
    let files = |directory: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect()
    };
    let schemas = files(&root.join("schemas"));
    let schemas: Vec<String> =
        schemas.iter().map(|s| format!("--schema {}", s.display())).collect();
    let schemas = schemas.join(" ");
    let policies = files(&root);
    assert!(policies.len() >= 7);
    for policy in policies {
        let policy = policy.display();
        let report = place.json(&format!("policy test {policy} {schemas}"));
        let cases = report["cases"].as_array().unwrap();
        assert!(cases.len() >= 4, "{policy}");
        assert_eq!(report["passed"], cases.len(), "{policy}");
        place.ends(0, &format!("policy check {policy} {schemas} --at {TIME}"));
    }
    let [a, c] = ["a-eu-adult-resident.toml", "c-sg-investor.toml"].map(|name| root.join(name));
    let (code, report) =
        place.report(&format!("policy meet {} {} --out x", a.display(), c.display()));
    let conflicts = report["conflicts"].as_array().unwrap();
    let about: Vec<&str> = conflicts.iter().map(|c| c["about"].as_str().unwrap()).collect();
    assert_eq!((code, about), (1, vec!["adult", "id.nationality"]));
    for conflict in conflicts {
        assert_eq!(conflict["a"]["policy"], "eu.example/adult-resident");
        assert_eq!(conflict["b"]["policy"], "sg.example/investor-onboarding");
        assert!(conflict["offer"].is_string() && conflict["a"]["place"].is_string());
    }
    assert!(!place.path("x").exists(), "a conflict writes nothing");
}

#[test]
fn test_cases_pass_or_say_what_came_instead() {
    let place = requested("cases");
    place.policy("tested.toml", "", "", TESTS);
    let (code, report) = place.report("policy test tested.toml --schema person.toml");
    assert_eq!((code, &report["passed"]), (0, &json!(2)));
    assert_eq!(report["cases"][1]["decision"], "deny for predicate:$.predicates[0]");
    place.policy("wrong.toml", "", "", &TESTS.replace("\"permit\"", "[\"nonce\"]"));
    place.ends(2, "policy test wrong.toml --schema person.toml");
    place.policy("wrong.toml", "", "", &TESTS.replace("2010-04-17", "2001-04-17"));
    let (code, report) = place.report("policy test wrong.toml --schema person.toml");
    assert_eq!((code, &report["passed"]), (1, &json!(1)));
    assert_eq!(report["cases"][1]["passed"], false);
    let printed = place.ends(1, "policy test wrong.toml --schema person.toml");
    assert!(printed.contains("expected: deny for predicate:$.predicates[0]"), "{printed}");
    let printed = place.ends(0, "policy test policy.toml --schema person.toml");
    assert!(printed.contains("no test cases"), "{printed}");
    let explain = "policy explain tested.toml --schema person.toml --case";
    let (code, report) = place.report(&format!("{explain} too-young"));
    assert_eq!((code, &report["record"]["decision"]), (1, &json!("deny")));
    let rule = |outcome: &str| {
        let rules = report["rules"].as_array().unwrap().iter();
        rules
            .filter(|rule| rule["outcome"] == outcome)
            .map(|rule| &rule["path"])
            .collect::<Vec<_>>()
    };
    assert_eq!(rule("fails"), [&json!("$.predicates[0]")]);
    let (code, report) = place.report(&format!("{explain} of-age"));
    assert_eq!((code, &report["record"]["decision"]), (0, &json!("permit")));
    let text = place.ends(0, &format!("{explain} of-age")) + &report.to_string();
    assert!(HIDDEN.iter().all(|value| !shows(&text, value)), "{text}");
    assert!(place.ends(2, &format!("{explain} nobody")).contains("\"of-age\", \"too-young\""));
}

#[test]
fn the_meet_is_a_policy_and_the_difference_says_what_moved() {
    let place = requested("algebra");
    place.policy("moved.toml", "2008-06-01", "2007-06-01", "");
    place.policy("other.toml", "name = \"adult\"", "name = \"living\"", "");
    let other = place.text("other.toml").replace("<= params.born_by", ">= params.oldest");
    place.write(
        "other.toml",
        other.replace("born_by = { date = \"2008", "oldest = { date = \"1900"),
    );
    let met = place.json("policy meet policy.toml other.toml --out met.json");
    assert_eq!(met["policy"], place.json("policy id met.json")["policy"]);
    let proven = place.json("policy check met.json --schema person.toml")["proven"].to_string();
    assert!(proven.contains("adult: ") && proven.contains("living: "), "{proven}");
    let printed = place.ends(0, "policy meet other.toml policy.toml");
    assert_eq!(printed, place.text("met.json"), "in either order, to standard output too");
    let printed = place.ends(2, "policy meet policy.toml other.toml --out met.json");
    assert!(printed.contains("nothing is overwritten"), "{printed}");
    place.ends(2, "policy meet policy.toml");
    let diff = |old: &str, new: &str| {
        place.json(&format!("policy diff {old} {new} --schema person.toml --at {TIME}"))
    };
    let same = diff("policy.toml", "policy.toml");
    assert_eq!((&same["changes"], &same["keys_serve"]), (&json!([]), &json!(true)));
    let class = |report: &Value| -> Vec<String> {
        let changes = report["changes"].as_array().unwrap().iter();
        changes.map(|change| change["class"].as_str().unwrap().to_owned()).collect()
    };
    let moved = diff("policy.toml", "moved.toml");
    assert_eq!(
        (class(&moved), &moved["keys_serve"]),
        (vec!["moved, tightened".to_owned()], &json!(true))
    );
    assert_eq!(class(&diff("moved.toml", "policy.toml")), ["moved, loosened"]);
    let other = diff("policy.toml", "other.toml");
    assert!(class(&other).contains(&"new shape".to_owned()), "{other}");
    assert_eq!(other["keys_serve"], false);
    let text = place.text("policy.toml");
    let (plain, _) = text.split_once("[params]").unwrap();
    place.write(
        "plain.toml",
        plain.replace(
            "\n[[claims]]\npath = \"person.c",
            "validity = \"reveal\"\n[[claims]]\npath = \"person.c",
        ),
    );
    let printed = place.ends(0, "policy diff policy.toml plain.toml --schema person.toml");
    assert!(printed.contains("needs no keys"), "{printed}");
    place.ends(2, "policy diff policy.toml other.toml --schema policy.toml");
}

/// The threshold moves under the same keys; a presentation for the old one is none for the new one.
#[test]
fn keys_are_reused_for_a_moved_threshold_and_refused_for_another_shape() {
    let place = requested("reuse");
    place.ends(0, &prove("request.json", "old.json"));
    place.policy("moved.toml", "2008-06-01", "2007-06-01", "");
    place.terms("moved.toml", "moved", "moved.json");
    for key in ["verifying.key", "proving.key"] {
        let read = |terms: &str| fs::read(place.path(&format!("{terms}/{key}"))).unwrap();
        assert!(read("terms") == read("moved"), "{key}");
    }
    place.ends(0, &on("moved", &prove("moved.json", "new.json")));
    place.ends(0, &on("moved", &verify("moved.json", "new.json")));
    place.ends(1, &on("moved", &verify("moved.json", "old.json")));
    place.ends(1, &on("moved", &verify("request.json", "old.json")));
    place.policy(
        "shape.toml",
        "params.born_by\"",
        "params.born_by || person.birth_date == today\"",
        "",
    );
    let reuse = "setup --policy shape.toml --schema person.toml --reuse terms --out shape";
    let printed = place.ends(2, reuse);
    assert!(printed.contains("terms/proving.key: the key is for shape"), "{printed}");
    assert!(printed.contains("remedy: leave out --reuse"), "{printed}");
    assert!(!place.path("shape").exists());
    place.ends(2, &reuse.replace("--reuse terms", "--reuse absent"));
    place.assert_no_remains();
}

#[test]
fn reject_unsigned_bundle_of_a_named_authority() {
    let place = requested("signed");
    let did = place.json("authority init --out authority.pem")["authority"].clone();
    place.ends(0, "authority init --out another.pem");
    assert_eq!(place.json("authority id authority.pem")["authority"], did);
    place.policy_with("named.toml", &format!("authority = {did}"));
    let setup = "setup --policy named.toml --schema person.toml --reuse terms --out named";
    let printed = place.ends(0, setup);
    assert!(printed.contains("sigil policy sign named/bundle.json"), "{printed}");
    place.ask("named", "", "request-named.json");
    let (prove, verify) =
        (prove("request-named.json", "p.json"), verify("request-named.json", "p.json"));
    let explain = "policy explain --terms named --request request-named.json --presentation p.json";
    place.write("p.json", "{}");
    for line in [on("named", &prove), plan("named", "request-named.json")] {
        let printed = place.ends(1, &line);
        assert!(printed.contains("named/bundle.json: the policy's authority"), "{printed}");
        assert!(printed.contains("remedy: "), "{printed}");
    }
    let unsigned = place.text("named/bundle.json");
    let hash = place.json("policy id named/bundle.json");
    place.ends(1, "policy sign named/bundle.json --key another.pem");
    place.ends(2, "policy sign named/bundle.json --key policy.toml");
    place.ends(1, "policy sign terms/bundle.json --key authority.pem");
    assert_eq!(place.text("named/bundle.json"), unsigned);
    fs::remove_file(place.path("p.json")).unwrap();
    place.ends(0, "policy sign named/bundle.json --key authority.pem --out signed.json");
    place.ends(2, "policy sign named/bundle.json --key authority.pem --out signed.json");
    assert_eq!(place.text("named/bundle.json"), unsigned, "--out leaves the bundle as it is");
    assert_eq!(place.json("policy sign named/bundle.json --key authority.pem")["authority"], did);
    assert_eq!(place.text("named/bundle.json"), place.text("signed.json"));
    assert_eq!(place.json("policy id named/bundle.json"), hash, "a signature moves no hash");
    place.ends(0, &on("named", &prove));
    place.ends(0, &on("named", &verify));
    place.ends(0, explain);
    for (from, to) in [("\"CH\"", "\"BR\""), ("2008-06-01", "2008-06-02"), ("sigil-bundle/1", "x")]
    {
        place.write("named/bundle.json", place.text("signed.json").replace(from, to));
        place.ends(2, &on("named", &verify));
    }
    let key = place.text("authority.pem");
    let secret = key.lines().nth(1).unwrap();
    let shown = place.ends(0, "inspect authority.pem") + &place.ends(0, "inspect signed.json");
    assert!(!shown.contains(secret) && shown.contains(did.as_str().unwrap()), "{shown}");
}

/// Of RFC 8410, section 10.3: keys of other programs serve too, other keys do not.
#[test]
fn an_authority_may_bring_its_own_key() {
    let place = Place::new("pem");
    let pem =
        |text: &str| format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    let key = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
    place.write("rfc.pem", pem(key));
    let did = place.json("authority id rfc.pem")["authority"].clone();
    assert!(did.as_str().unwrap().starts_with("did:key:z6Mk"), "{did}");
    for (name, text) in [
        ("public.pem", pem(key).replace("PRIVATE", "PUBLIC")),
        ("curve.pem", pem(&key.replacen("K2Vw", "K2Vu", 1))),
        ("short.pem", pem(&key[..60])),
        ("none.pem", String::new()),
    ] {
        place.write(name, text);
        assert!(place.ends(2, &format!("authority id {name}")).contains("remedy: "), "{name}");
    }
}

#[test]
fn a_plan_names_what_would_leave_and_refuses_by_name() {
    let place = requested("plan");
    let text = plan("terms", "request.json");
    let report = place.json(&text);
    let issuer: Value = serde_json::from_str(&place.text("issuer/issuer.json")).unwrap();
    assert_eq!(
        report["roles"],
        json!([{
            "role": "person", "credential": "credential.json", "reveals": ["person.country"],
            "issuer": issuer["issuer"], "asked": [], "offered": ["person.points"],
            "lists": [], "window": null,
        }])
    );
    assert_eq!(texts(&report["proves"]), ["person is valid", "adult"]);
    place.ask("terms", "--claim person.points", "points.json");
    let asked = place.json(&plan("terms", "points.json"));
    assert_eq!(asked["roles"][0]["asked"], json!(["person.points"]));
    assert_eq!(asked["roles"][0]["reveals"], json!(["person.country"]), "asking reveals nothing");
    let refusals = |line: &str| {
        let (code, report) = place.report(line);
        assert_eq!(code, 1, "{line}: {report}");
        report["refusals"].to_string()
    };
    place.policy("under.toml", "disclosure = \"may\"", "disclosure = \"predicate\"", "");
    let under = format!("{} --under under.toml", plan("terms", "points.json"));
    assert!(refusals(&under).contains("over-asking: person.points"));
    place.ends(0, &format!("{} --under under.toml", text));
    let late = text.replace(SOON, "2026-06-01T12:05:01Z");
    assert!(refusals(&late).contains("more than 300 seconds off the wallet's clock"));
    place.ends(0, &text.replace(SOON, "2026-06-01T12:05:00Z"));
    place.write("record.json", RECORD.replace("1990-04-17", "2010-04-17"));
    place.ends(0, &format!("{ISSUE} --record record.json --out young.json"));
    let young = text.replace("credential.json", "young.json");
    let why = refusals(&young);
    assert!(why.contains("young.json: does not satisfy $.predicates[0]"), "{why}");
    let both = format!("{young} --credential credential.json");
    assert_eq!(place.json(&both)["roles"][0]["credential"], "credential.json");
    // A wallet holds credentials of other schemas too.
    let wider = place.text("person.toml").replace("test/person", "test/other");
    place.write("other.toml", wider);
    let issue = ISSUE.replace("person.toml", "other.toml");
    place.ends(0, &format!("{issue} --record record.json --out other.json"));
    let report = place.json(&format!("{text} --credential other.json"));
    assert_eq!(report["others"], json!(["other.json"]));
    refusals(&text.replace("credential.json", "other.json"));
    for line in [young, both, text] {
        let printed = String::from_utf8(place.run(&line).stdout).unwrap();
        assert!(HIDDEN.iter().all(|value| !shows(&printed, value)), "{printed}");
    }
}

/// Without a proving key there is no proof to be made: what is refused is refused before.
#[test]
fn reject_over_asking_before_any_proof() {
    let place = requested("asking");
    place.policy_with("bank.toml", &format!("relying_parties = [\"{BANK}\"]\nclock_skew = 60"));
    place.terms("bank.toml", "bank", "nobody.json");
    let bank = format!("--relying-party {BANK}");
    place.ask("bank", &bank, "fair.json");
    place.ask("bank", &format!("{bank} --claim person.birth_date"), "over.json");
    place.ask("bank", &format!("{bank} --claim person.shoes"), "shoes.json");
    place.ask("bank", "--relying-party https://example.org/class/shop", "shop.json");
    place.ends(0, &on("bank", &prove("fair.json", "fair-p.json")));
    place.ends(0, &on("bank", &verify("fair.json", "fair-p.json")));
    fs::remove_file(place.path("bank/proving.key")).unwrap();
    for (name, says) in [
        ("over", "over-asking: person.birth_date"),
        ("shoes", "over-asking: the policy knows no claim person.shoes"),
        ("shop", "not https://example.org/class/shop"),
        ("nobody", "does not say its class"),
    ] {
        let prove = on("bank", &prove(&format!("{name}.json"), "p.json"));
        for line in [plan("bank", &format!("{name}.json")), prove] {
            let printed = place.ends(1, &line);
            assert!(printed.contains(says), "{line}: {printed}");
        }
    }
    let late = on("bank", &prove("fair.json", "p.json")).replace(SOON, "2026-06-01T12:02:00Z");
    assert!(place.ends(1, &late).contains("off the wallet's clock"));
    let printed = place.ends(2, &on("bank", &prove("fair.json", "p.json")));
    assert!(printed.contains("bank/proving.key"), "{printed}");
    assert!(!place.path("p.json").exists());
}

#[test]
fn the_record_of_a_decision_is_what_explain_says() {
    let place = requested("record");
    let list = "https://issuer.example/1";
    place.ends(0, &format!("status init --list {list} --elements handle --out register"));
    let did = place.json("inspect register/list.json")["authority"].as_str().unwrap().to_owned();
    let publish = |out: &str, at: &str| {
        place.ends(0, &format!("status publish --register register --out {out} --time {at}"));
    };
    publish("one", "2026-06-01T11:00:00Z");
    publish("two", "2026-06-01T11:30:00Z");
    let rule = format!(
        "lists = [{{ list = \"{list}\", authority = \"{did}\", max_age = 1 }}]\n\n[[claims]]"
    );
    place.policy("listed.toml", "\n[[claims]]", &rule, "");
    place.ends(0, "setup --policy listed.toml --schema person.toml --out listed");
    place.ask("listed", "", "r.json");
    let find = "status find --credential credential.json";
    place.ends(0, &format!("{find} --list one/epoch-0.list --out one.json"));
    place.ends(0, &format!("{find} --list two/epoch-1.list --out two.json"));
    let prove = on("listed", &prove("r.json", "p.json"));
    assert!(place.ends(1, &prove).contains("refresh"), "no entry");
    for entry in ["one", "two"] {
        let prove = prove.replace("p.json", &format!("{entry}.p.json"));
        place.ends(0, &format!("{prove} --entry {entry}.json"));
    }
    let mut digests = BTreeSet::new();
    for (name, entry, known, code) in [
        ("good", "two", "", 0),
        ("known", "two", "--head one/epoch-0.head.json --head two/epoch-1.head.json", 0),
        ("old", "one", "", 0),
        ("replaced", "one", "--head two/epoch-1.head.json", 1),
    ] {
        let presentation = format!("{entry}.p.json");
        let verify = on("listed", &verify("r.json", &presentation));
        let verify = verify.replace("--spent spent", &format!("--spent {name}.spent"));
        let explain = format!(
            "policy explain --terms listed --request r.json --presentation {presentation} --at {SOON}"
        );
        let (found, report) = place.report(&format!("{verify} {known} --record {name}.rec"));
        assert_eq!((found, &report["accepted"]), (code, &json!(code == 0)), "{name}: {report}");
        let record: Value = serde_json::from_str(&place.text(&format!("{name}.rec"))).unwrap();
        assert_eq!(record, report["record"], "{name}");
        let (explained, explanation) = place.report(&format!("{explain} {known}"));
        assert_eq!(explained, code, "{name}");
        assert_eq!(explanation["digest"], report["digest"], "{name}");
        assert_eq!(explanation["record"], record, "{name}");
        let text = place.ends(code, &format!("{explain} {known}"));
        assert!(HIDDEN.iter().all(|value| !shows(&text, value)), "{text}");
        digests.insert(report["digest"].to_string());
        let (_, later) = place.report(&format!("{explain} {known}").replace(SOON, TIME));
        assert!(!digests.contains(&later["digest"].to_string()), "so is the time");
        place.ends(2, &format!("{verify} {known} --record good.rec"));
    }
    assert_eq!(digests.len(), 4, "what is known is part of what is decided on");
    let (_, shown) = place.report("inspect good.rec");
    assert_eq!((&shown["kind"], &shown["decision"]), (&json!("decision record"), &json!("permit")));
    assert!(digests.contains(&shown["digest"].to_string()), "{shown}");
    let verify = on("listed", &verify("r.json", "two.p.json"));
    assert!(place.ends(2, &format!("{verify} --status r.json")).contains("sigil-status/2"));
    place.assert_no_remains();
}

#[test]
fn nothing_depends_on_time_zone_or_language() {
    let place = requested("locale");
    place.policy("tested.toml", "", "", TESTS);
    place.ends(0, &prove("request.json", "p.json"));
    for line in [
        "policy test tested.toml --schema person.toml",
        "policy explain tested.toml --schema person.toml --case too-young --json",
        "policy explain --terms terms --request request.json --presentation p.json --json",
        &verify("request.json", "p.json"),
        &plan("terms", "request.json"),
        "policy check policy.toml --schema person.toml --at 2026-06-01",
        "policy meet policy.toml tested.toml",
    ] {
        let run = |zone: &str, language: &str| {
            let mut command = place.command(line);
            command.env("TZ", zone).env("LANG", language).env("LC_ALL", language);
            let output = command.output().unwrap();
            (output.status.code(), output.stdout, output.stderr)
        };
        let plain = run("UTC", "C");
        assert!(!plain.1.is_empty(), "{line}");
        assert!(plain == run("Pacific/Kiritimati", "tr_TR.UTF-8"), "{line}");
        assert!(plain == run("America/Los_Angeles", "ar_EG.UTF-8"), "{line}");
    }
}

/// Every member that a policy has is in the published schema, and every one that it must have is there.
#[test]
fn the_json_schema_knows_the_real_policies() {
    let place = Place::new("schema");
    let schema = place.json("policy json-schema");
    let printed: Value = serde_json::from_str(&place.ends(0, "policy json-schema")).unwrap();
    assert_eq!(schema, printed);
    let known = schema["properties"].as_object().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/policies");
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let policy: Value = toml::from_str(&text).unwrap();
        let policy = policy.as_object().unwrap();
        for key in policy.keys() {
            assert!(known.contains_key(key), "{}: {key}", path.display());
        }
        for key in texts(&schema["required"]) {
            assert!(policy.contains_key(key), "{}: {key}", path.display());
        }
    }
}

#[test]
fn reject_bad_input_with_the_file_and_a_remedy() {
    let place = requested("bad");
    place.ends(0, &prove("request.json", "p.json"));
    place.write("octets", b"a\xff\xfe");
    place.write("empty", "");
    place.write("huge", "a".repeat((1 << 20) + 1));
    place.write("deep.json", format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000)));
    place.write("twice.json", r#"{"format":"sigil-policy/1","format":"sigil-policy/1"}"#);
    place.write("later.toml", "format = \"sigil-policy/2\"");
    let wrong = ["absent", "octets", "empty", "huge", "deep.json", "twice.json", "later.toml"];
    let wrong = wrong.into_iter().chain(["terms", "person.toml", "credential.json"]);
    for file in wrong {
        for line in [
            format!("policy check {file} --schema person.toml"),
            format!("policy test {file} --schema person.toml"),
            format!("policy explain {file} --schema person.toml --case a"),
            format!("policy diff policy.toml {file} --schema person.toml"),
            format!("policy meet {file} policy.toml --out out"),
            format!("policy id {file}"),
            format!("policy sign {file} --key key"),
            format!("policy plan --terms terms --request {file} --credential credential.json"),
            format!("policy check policy.toml --schema person.toml --consumer {file}"),
            format!("{} --status {file}", verify("request.json", "p.json")),
            format!("setup --policy {file} --schema person.toml --out out"),
        ] {
            let output = place.run(&format!("{line} --json"));
            let failure = object(&output);
            assert_eq!(output.status.code(), Some(2), "{line}: {failure}");
            let complaint = &failure["complaints"][0];
            assert!(complaint["file"].is_string(), "{line}: {failure}");
            assert!(complaint["remedy"].is_string(), "{line}: {failure}");
        }
    }
    for line in [
        "policy check policy.toml",
        "policy check policy.toml --schema person.toml --at 1969-12-31",
        "policy explain",
        "policy explain policy.toml --schema person.toml",
        "policy explain --terms terms --request request.json",
        "policy explain policy.toml --terms terms",
        "policy plan --terms terms --request request.json",
        "policy sign terms/bundle.json",
        "predicate check true",
    ] {
        let output = place.run(&format!("{line} --json"));
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert_eq!(object(&output)["error"], "bad input", "{line}");
    }
    request(&place, "again.json");
    place.assert_no_remains();
    assert!(!place.path("out").exists());
}
