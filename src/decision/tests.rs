//! The policies of `vectors/policies` by their own test cases.

mod agreements;
mod examples;
mod presentations;
mod trust;
mod world;

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
