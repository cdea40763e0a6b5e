//! The registry, driven by the binary: attestations, what becomes of them, and who can tell.

use crate::place::{ISSUE, Place, RECORD};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

const SCHEMA: &str = r#"{
  "format": "sigil-schema/1", "name": "test/kyc", "version": "1.0.0",
  "fields": [{ "name": "level", "type": "uint(8)" }, { "name": "country", "type": "code" }]
}"#;
const CLAIMS: &str = r#"{ "level": 2, "country": "PT" }"#;
const ALICE: &str = "did:example:alice";

/// A registry with a schema, and two keys that attest.
struct Registry {
    place: Place,
    log_key: String,
    bank: String,
    other: String,
}

fn registry(name: &str) -> Registry {
    let place = Place::new(name);
    let text = |line: &str, member: &str| place.json(line)[member].as_str().unwrap().to_owned();
    let log_key = text("registry init registry --origin registry.example/claims", "log_key");
    let bank = text("authority init --out bank.pem", "authority");
    let other = text("authority init --out other.pem", "authority");
    place.write("kyc.json", SCHEMA);
    place.write("claims.json", CLAIMS);
    place.ends(0, "registry add registry kyc.json");
    Registry { place, log_key, bank, other }
}

impl Registry {
    /// Attests, and gives the identifier.
    fn attest(&self, arguments: &str) -> String {
        let line = format!(
            "registry add registry --schema kyc.json --claims claims.json --key bank.pem \
             {arguments}"
        );
        self.place.json(&line)["attestation"].as_str().unwrap().to_owned()
    }

    /// The verdict's word.
    fn verdict(&self, id: &str, arguments: &str) -> String {
        let line = format!("registry verdict registry {id} {arguments} --json");
        let output = self.place.run(&line);
        let verdict: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
            panic!("{line}: {}", String::from_utf8_lossy(&output.stderr));
        });
        let word = verdict["word"].as_str().unwrap().to_owned();
        assert_eq!(output.status.code(), Some(i32::from(word != "valid")), "{line}");
        word
    }

    fn trusting_bank(&self) -> String {
        format!("--attester {}", self.bank)
    }

    /// When an entry was recorded.
    fn recorded_at(&self, id: &str) -> String {
        let item = self.place.json(&format!("registry get registry {id}"));
        item["recorded_at"].as_str().unwrap().to_owned()
    }
}

fn next_second() {
    sleep(Duration::from_millis(1100));
}

#[test]
fn an_attestation_lives_and_dies_and_is_remembered() {
    let registry = registry("registry-life");
    let place = &registry.place;
    let bank = registry.trusting_bank();
    let id = registry.attest(&format!("--subject {ALICE} --valid-until 2090-01-01"));
    assert_eq!(registry.verdict(&id, &bank), "valid");
    // Nobody is trusted by default, and another is not the bank.
    let asked = place.ends(2, &format!("registry verdict registry {id}"));
    assert!(asked.contains("--policy and --role"), "{asked}");
    let other = format!("--attester {}", registry.other);
    assert_eq!(registry.verdict(&id, &other), "untrusted-issuer");
    assert_eq!(registry.verdict(&id[..12], &bank), "valid", "the first digits do");
    assert_eq!(registry.verdict(&id, &format!("{bank} --as-of 2090-01-02")), "expired");
    assert_eq!(registry.verdict(&id, &format!("{bank} --as-of 2020-01-01")), "unknown");

    let issued = registry.recorded_at(&id);
    next_second();
    // Another can't revoke it, the issuer can; the past stays what it was.
    let refused = place.ends(1, &format!("registry revoke registry {id} --key other.pem"));
    assert!(refused.contains("of another issuer"), "{refused}");
    let suspend = format!("registry revoke registry {id} --key bank.pem --suspend");
    place.ends(0, &suspend);
    assert_eq!(registry.verdict(&id, &bank), "suspended");
    next_second();
    place.ends(0, &format!("registry revoke registry {id} --key bank.pem --resume"));
    assert_eq!(registry.verdict(&id, &bank), "valid");
    let revoke = format!("registry revoke registry {id} --key bank.pem --reason key-compromise");
    place.ends(0, &format!("{revoke} --effective {issued}"));
    assert_eq!(registry.verdict(&id, &bank), "revoked");
    assert_eq!(registry.verdict(&id, &format!("{bank} --as-of {issued}")), "valid");
    let hindsight = format!("{bank} --as-of {issued} --hindsight");
    assert_eq!(registry.verdict(&id, &hindsight), "revoked");

    // A new one in its place, and a dispute of that.
    let first = registry.attest("--subject did:example:bob");
    let line = format!("registry supersede registry {first} --key bank.pem --claims claims.json");
    let second = place.json(&line)["receipts"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(registry.verdict(&first, &bank), "superseded");
    assert_eq!(registry.verdict(&second, &bank), "valid");
    place.ends(0, &format!("registry dispute registry {second} --key other.pem --reason wrong"));
    assert_eq!(registry.verdict(&second, &bank), "valid", "a dispute is shown, not obeyed");
    let shown = place.ends(0, &format!("registry verdict registry {second} {bank}"));
    assert!(shown.contains("disputes") && shown.contains(&registry.other), "{shown}");
    let listed = place.json(&format!("registry list registry --linked {second}"));
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);

    let stats = place.json("registry stats registry");
    assert_eq!(stats["kinds"]["event"], 3);
    let checked = place.json(&format!("registry verify registry --log-key {}", registry.log_key));
    assert_eq!(checked["entries"], stats["entries"]);
}

#[test]
fn issuers_that_contradict_each_other_are_shown() {
    let registry = registry("registry-conflict");
    let place = &registry.place;
    let first = registry.attest(&format!("--subject {ALICE}"));
    place.write("claims.json", CLAIMS.replace('2', "3"));
    let line = format!(
        "registry add registry --schema kyc.json --claims claims.json --key other.pem --subject {ALICE}"
    );
    let second = place.json(&line)["attestation"].as_str().unwrap().to_owned();
    let both = format!("--attester {} --attester {}", registry.bank, registry.other);
    assert_eq!(registry.verdict(&first, &both), "conflicting");
    assert_eq!(registry.verdict(&second, &both), "conflicting");
    assert_eq!(registry.verdict(&first, &registry.trusting_bank()), "valid");
    assert_eq!(registry.verdict(&first, &format!("{both} --agree-on country")), "valid");
    // Who is named first is believed, whoever came first.
    assert_eq!(registry.verdict(&first, &format!("{both} --prefer-first")), "valid");
    assert_eq!(registry.verdict(&second, &format!("{both} --prefer-first")), "conflicting");
    let other_first = format!("--attester {} --attester {}", registry.other, registry.bank);
    assert_eq!(registry.verdict(&first, &format!("{other_first} --prefer-first")), "conflicting");
    assert_eq!(registry.verdict(&second, &format!("{other_first} --prefer-first")), "valid");
}

#[test]
fn a_policy_judges_what_an_issuer_attests() {
    let registry = registry("registry-policy");
    let place = &registry.place;
    let schema = place.json("schema id kyc.json")["schema"].as_str().unwrap().to_owned();
    let issuer = place.json("issuer init --out issuer")["issuer"].as_str().unwrap().to_owned();
    place.write(
        "policy.json",
        format!(
            r#"{{ "format": "sigil-policy/1", "id": "test/kyc", "version": "1.0.0",
              "roles": [{{ "name": "person", "schema": "{schema}", "issuers": ["{issuer}"] }}],
              "claims": [{{ "path": "person.level", "disclosure": "must" }}] }}"#
        ),
    );
    let id = registry.attest(&format!("--subject {ALICE}"));
    let by_policy = "--policy policy.json --role person";
    assert_eq!(registry.verdict(&id, by_policy), "untrusted-issuer");
    place.ends(0, "registry issuer --issuer issuer --key bank.pem --name Bank --out bank.json");
    place.ends(0, "registry add registry bank.json");
    // The record counts for what is attested from then on.
    next_second();
    let later = registry.attest("--subject did:example:bob");
    assert_eq!(registry.verdict(&later, by_policy), "valid");
    let wrong =
        place.ends(2, &format!("registry verdict registry {id} --policy policy.json --role x"));
    assert!(wrong.contains("name one of person"), "{wrong}");
}

#[test]
fn reject_what_was_granted_and_used_up() {
    let registry = registry("registry-grant");
    let place = &registry.place;
    let grant = format!(
        "registry grant registry --key bank.pem --to {} --schema kyc.json --not-after 2090-01-01",
        registry.other
    );
    let grant = place.json(&grant)["grant"].as_str().unwrap().to_owned();
    let signed = format!(
        "registry add registry --schema kyc.json --claims claims.json --key other.pem --for {} \
         --grant {grant} --subject {ALICE} --out signed.json",
        registry.bank
    );
    let id = place.json(&signed)["attestation"].as_str().unwrap().to_owned();
    place.ends(0, "registry add registry signed.json");
    assert_eq!(registry.verdict(&id, &registry.trusting_bank()), "valid");
    let replay = place.ends(1, "registry add registry signed.json");
    assert!(replay.contains("a replay"), "{replay}");
    // Another registry is not the one that it is meant for.
    place.ends(0, "registry init other --origin other.example");
    let line = "registry add other kyc.json";
    place.ends(0, line);
    let foreign = place.ends(1, "registry add other signed.json");
    assert!(
        foreign.contains("do not have")
            || foreign.contains("another registry")
            || foreign.contains("does not have grant"),
        "{foreign}"
    );
    // A grant for one schema takes nothing of another out of force.
    place.write("vip.json", SCHEMA.replace("test/kyc", "test/vip"));
    place.ends(0, "registry add registry vip.json");
    let vip = "registry add registry --schema vip.json --claims claims.json --key bank.pem";
    let vip = place.json(vip)["attestation"].as_str().unwrap().to_owned();
    let supersede = format!(
        "registry supersede registry {vip} --claims claims.json --schema kyc.json --key other.pem \
         --for {} --grant {grant}",
        registry.bank
    );
    let refused = place.ends(1, &supersede);
    assert!(refused.contains("do not cover this schema"), "{refused}");
    // Revoked grants let nothing in any more.
    place.ends(0, &format!("registry revoke registry {grant} --key bank.pem"));
    let again = signed.replace("signed.json", "again.json");
    place.ends(0, &again);
    let refused = place.ends(1, "registry add registry again.json");
    assert!(refused.contains("revoked"), "{refused}");
}

#[test]
fn the_log_is_proven_and_watched() {
    let registry = registry("registry-log");
    let (place, key) = (&registry.place, &registry.log_key);
    let id = registry.attest("");
    place.ends(0, &format!("registry log inclusion registry {id} --out proof"));
    let check = format!("registry log check proof --log-key {key} --id");
    assert_eq!(place.json(&format!("{check} {id}"))["kind"], "attestation");
    place.ends(1, &format!("{check} {}", id.replace(&id[..1], "x")));
    let proof = place.text("proof");
    place.write("forged", proof.replacen("leaf 01", "leaf 02", 1));
    place.ends(2, &format!("registry log check forged --log-key {key}"));
    place.write("forged", proof.replacen(&id[..8], "00000000", 1));
    place.ends(1, &format!("registry log check forged --log-key {key}"));

    place.ends(0, "authority init --out witness.pem");
    place.ends(0, "registry log consistency registry --out request");
    let cosign = format!(
        "registry witness cosign request --log-key {key} --name witness.example/w1 --key witness.pem \
         --state state"
    );
    let unknown = place.ends(2, &format!("{cosign} --out cosigned"));
    assert!(unknown.contains("--trust-first"), "{unknown}");
    let first = place.json(&format!("{cosign} --trust-first --out cosigned"));
    let witness = first["witness_key"].as_str().unwrap().to_owned();
    let line = format!("registry witness check cosigned --log-key {key} --witness-key {witness}");
    place.ends(0, &line);
    registry.attest("");
    place.ends(0, "registry log consistency registry --since cosigned --out second");
    let second = cosign.replace("request", "second");
    place.ends(0, &format!("{second} --out cosigned-2"));
    let replayed = place.ends(1, &format!("{cosign} --out cosigned-3"));
    assert!(replayed.contains("remedy"), "{replayed}");

    // What was kept elsewhere finds entries that were cut off, and a log that says two things.
    place.ends(0, "registry log checkpoint registry --out kept");
    place.ends(0, "registry verify registry --since kept");
    copy(&place.path("registry"), &place.path("back"));
    copy(&place.path("registry"), &place.path("fork"));
    registry.attest("--handle 7");
    place.ends(0, "registry log checkpoint registry --out newer");
    let named = place.ends(1, "registry verify back --since newer");
    assert!(named.contains("rolled back"), "{named}");
    place.ends(0, "registry add fork --schema kyc.json --claims claims.json --key other.pem");
    place.ends(0, "registry verify fork");
    let named = place.ends(1, "registry verify fork --since newer");
    assert!(named.contains("forked"), "{named}");
    place.ends(1, "registry log consistency fork --since newer --out none");

    place.ends(0, "registry log export registry --out public");
    let verify = format!("registry verify --export public --log-key {key}");
    place.ends(0, &verify);
    let entries = walk(&place.path("public/tile/entries"));
    let mut octets = std::fs::read(&entries).unwrap();
    *octets.last_mut().unwrap() ^= 1;
    std::fs::write(&entries, octets).unwrap();
    let named = place.ends(1, &verify);
    assert!(named.contains("entries"), "{named}");
}

/// Copies the files of a folder.
fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

/// The first file below a folder.
fn walk(folder: &std::path::Path) -> std::path::PathBuf {
    let mut entries = std::fs::read_dir(folder).unwrap();
    let path = entries.next().unwrap().unwrap().path();
    if path.is_dir() { walk(&path) } else { path }
}

#[test]
fn payloads_outside_are_asked_for() {
    let registry = registry("registry-payload");
    let place = &registry.place;
    let bank = registry.trusting_bank();
    let id = registry.attest("--keep external");
    let strict = format!("{bank} --require-payload");
    assert_eq!(registry.verdict(&id, &strict), "valid");
    place.ends(0, &format!("registry get registry {id} --payload-out payload.json"));
    assert_eq!(place.text("payload.json"), r#"{"country":"PT","level":2}"#);
    let file = walk(&place.path("registry/payloads"));
    std::fs::write(&file, r#"{"country":"PT","level":9}"#).unwrap();
    assert_eq!(registry.verdict(&id, &bank), "payload-altered");
    assert_eq!(registry.verdict(&id, &format!("{bank} --hash-suffices")), "valid");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(registry.verdict(&id, &strict), "payload-missing");
    let hashed = registry.attest("--keep hash");
    assert_eq!(registry.verdict(&hashed, &bank), "valid");
    assert_eq!(registry.verdict(&hashed, &strict), "payload-missing");
}

#[test]
fn an_attestation_commits_to_a_credential() {
    let requested = crate::place::requested("registry-anchor");
    requested.ends(0, "registry init registry --origin registry.example");
    requested.ends(0, "authority init --out bank.pem");
    requested.write("kyc.json", SCHEMA);
    requested.write("claims.json", CLAIMS);
    requested.ends(0, "registry add registry kyc.json");
    let line = "registry add registry --schema kyc.json --claims claims.json --key bank.pem \
                --anchor credential.json --credential-schema person.toml --opening opening.json";
    let id = requested.json(line)["attestation"].as_str().unwrap().to_owned();
    let verify = format!(
        "registry verify registry --anchor {id} --credential credential.json --schema person.toml \
         --opening opening.json"
    );
    requested.ends(0, &verify);
    requested.write("record.json", RECORD);
    requested.ends(0, &format!("{ISSUE} --record record.json --out second.json"));
    requested.ends(1, &verify.replace("credential.json", "second.json"));
    let shown = requested.ends(0, &format!("registry get registry {id}"));
    assert!(!shown.contains("Zaphod"), "{shown}");
}

#[test]
fn tables_are_imported_whole_or_not_at_all() {
    let registry = registry("registry-table");
    let place = &registry.place;
    let mut table = String::from("id,level,country\n");
    for i in 0..500 {
        table += &format!("{i},{},PT\n", i % 5);
    }
    place.write("people.csv", &table);
    let import = "registry import registry people.csv --schema kyc.json --key bank.pem \
                  --subject-column id --subject-prefix did:example:";
    place.write("faulty.csv", format!("{table}500,256,PT\n501,1,Portugal\n"));
    let faults = place.ends(2, &import.replace("people", "faulty"));
    assert!(faults.contains("line 502") && faults.contains("line 503"), "{faults}");
    let nothing = place.json("registry stats registry");
    assert_eq!(nothing["kinds"].get("attestation"), None);
    let done = place.json(import);
    assert_eq!((&done["recorded"], &done["there_already"]), (&500.into(), &0.into()));
    let issued = done["issued_at"].as_str().unwrap();
    let again = place.json(&format!("{import} --issued-at {issued}"));
    assert_eq!((&again["recorded"], &again["there_already"]), (&0.into(), &500.into()));
    let listed = place.json("registry list registry --subject did:example:17");
    assert_eq!(listed["items"][0]["payload"]["claims"]["level"], 2);

    // Out, and into another registry: as a table, and as signed entries.
    place.ends(0, "registry export registry --format csv --schema kyc.json --out out.csv");
    place.ends(0, "registry init copy --origin copy.example");
    let again =
        "registry import copy out.csv --schema kyc.json --key bank.pem --subject-column :subject";
    assert_eq!(place.json(again)["recorded"], 500);
    place.ends(0, "registry export registry --out entries.jsonl");
    place.ends(0, "registry init mirror --origin mirror.example");
    let mut mirror = place.command("registry add mirror - --json");
    let mirror = mirror.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut mirror = mirror.spawn().unwrap();
    let entries = place.text("entries.jsonl");
    let mut input = mirror.stdin.take().unwrap();
    let mut answers = BufReader::new(mirror.stdout.take().unwrap()).lines();
    for line in entries.lines().take(20) {
        writeln!(input, "{line}").unwrap();
        let answer: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        assert!(answer["index"].is_number(), "{answer}");
    }
    drop(input);
    assert!(mirror.wait().unwrap().success());
    place.ends(0, "registry verify mirror");
    // Pages join up.
    let (mut seen, mut after) = (0, String::new());
    loop {
        let page = format!("registry list registry --kind attestation --limit 77 {after}");
        let page = place.json(&page);
        seen += page["items"].as_array().unwrap().len();
        match page["next"].as_str() {
            Some(next) => after = format!("--after {next}"),
            None => break,
        }
    }
    assert_eq!(seen, 500);
}
