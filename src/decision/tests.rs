//! The policies of `vectors/policies` by their own test cases.

mod agreements;
mod examples;
mod presentations;
mod trust;
mod world;

use crate::bbs::SecretKey;
use crate::did_key;
use crate::policy::Policy;
use crate::schema::Schema;
use std::path::Path;

fn file(path: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/policies").join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_published_policy_passes_its_own_tests() {
    let schemas = ["identity", "means", "activity"]
        .map(|name| Schema::parse(&file(&format!("schemas/{name}.toml"))).unwrap());
    let now = "2026-06-01T12:00:00Z".parse().unwrap();
    let names = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/policies");
    let mut count = 0;
    for entry in std::fs::read_dir(names).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".toml") {
            continue;
        }
        let policy = Policy::parse(&file(&name)).unwrap();
        for outcome in policy.run_tests(&schemas, now).unwrap_or_else(|e| panic!("{name}: {e}")) {
            let found = outcome.verdict().decision();
            assert!(outcome.passed(), "{name}: {}: {found:?}", outcome.name());
            count += 1;
        }
    }
    assert!(count >= 20, "{count}");
}

/// An epoch counts from when it was made, until it is too old or the next one was due: to the second, give
/// or take the clock skew.
#[test]
fn epochs_count_to_the_second() {
    let schema = Schema::parse(
        b"format = \"sigil-schema/1\"\nname = \"example.org/card\"\nversion = \"1.0.0\"\n\
          fields = [{ name = \"level\", type = \"uint(8)\" }]",
    );
    let schemas = [schema.unwrap()];
    let key = did_key::encode(SecretKey::from_bytes(&[1; 32]).unwrap().public_key());
    let now = "2026-06-01T12:00:00Z".parse().unwrap();
    let far = "2027-01-01T00:00:00Z";
    for (issued_at, next_update, listed, expect) in [
        ("2026-06-01T12:05:00Z", far, false, "permit"),
        ("2026-06-01T12:05:01Z", far, false, "status-not-yet"),
        ("2026-05-31T11:55:00Z", far, false, "permit"),
        ("2026-05-31T11:54:59Z", far, false, "status-stale"),
        ("2026-06-01T10:00:00Z", "2026-06-01T11:55:01Z", false, "permit"),
        ("2026-06-01T10:00:00Z", "2026-06-01T11:55:00Z", false, "status-stale"),
        ("2026-06-01T10:00:00Z", far, true, "status-revoked"),
    ] {
        let expect = match expect {
            "permit" => "'permit'".to_owned(),
            code => format!("['{code}:$.roles[0].lists[0]']"),
        };
        let policy = format!(
            "format = 'sigil-policy/1'\nid = 'example.org/p'\nversion = '1.0.0'\nclock_skew = 300\n\
             [[roles]]\nname = 'card'\nschema = '{}'\nissuers = ['{key}']\n\
             lists = [{{ list = 'https://lists.example/1', authority = '{key}', max_age = 24 }}]\n\
             [[tests]]\nname = 'edge'\nexpect = {expect}\n[tests.holders.card]\n\
             record = {{ level = 3 }}\nlists = [{{ issued_at = '{issued_at}', \
             next_update = '{next_update}', listed = {listed} }}]\n",
            schemas[0].id(),
        );
        let policy = Policy::parse(policy.as_bytes()).unwrap();
        let outcomes = policy.run_tests(&schemas, now).unwrap();
        let [outcome] = outcomes.as_slice() else { panic!("one test") };
        let found = outcome.verdict().decision();
        assert!(outcome.passed(), "{issued_at} {next_update} {expect}: {found:?}");
    }
}
