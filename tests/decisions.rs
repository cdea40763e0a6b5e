//! The conformance vectors of `vectors/policy`: what is decided, why, and the record's digest.
//!
//! `decisions.json` was written, digests and all, by another program; this one has to agree. When a
//! format changes on purpose, `SIGIL_REGENERATE=1 cargo test --test decisions` writes the digests
//! anew (and aims the requests at the bundles' new hashes); decisions and reasons are never written.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests stop at a fault")]

use rayon::prelude::*;
use serde_json::{Value, json};
use sigil::decision::{Basis, Code, Evidence, Situation, StatusState, Verdict, rehearse};
use sigil::document::{Bounds, Document};
use sigil::policy::{Bundle, CompiledPolicy, Example, Policy};
use sigil::request::PresentationRequest;
use sigil::schema::Schema;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

/// Fewest cases, and fewest denials among them.
const CASES: usize = 140;
const DENIALS: usize = 80;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors/policy/decisions.json")
}

struct Vectors {
    document: Value,
    policies: BTreeMap<String, (Bundle, CompiledPolicy)>,
}

fn octets(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is no text"))
}

impl Vectors {
    fn read() -> Self {
        let document: Value = serde_json::from_slice(&std::fs::read(path()).unwrap()).unwrap();
        assert_eq!(text(&document, "format"), "sigil-decision-vectors/1");
        let schemas = document["schemas"].as_array().unwrap().iter();
        let schemas: Vec<Schema> =
            schemas.map(|schema| Schema::parse(&octets(schema)).unwrap()).collect();
        let policies = document["policies"].as_object().unwrap().iter().map(|(name, policy)| {
            let policy = Policy::parse(&octets(policy)).unwrap_or_else(|e| panic!("{name}: {e}"));
            let compiled = policy.compile(&schemas).unwrap_or_else(|e| panic!("{name}: {e}"));
            (name.clone(), (Bundle::new(policy, None), compiled))
        });
        let policies = policies.collect();
        Vectors { document, policies }
    }

    fn cases(&self) -> &[Value] {
        self.document["cases"].as_array().unwrap()
    }

    fn verdict(&self, case: &Value) -> Verdict {
        let name = text(case, "name");
        let (bundle, compiled) = &self.policies[text(case, "policy")];
        let request = PresentationRequest::parse(&octets(&case["request"]));
        let request = request.unwrap_or_else(|e| panic!("{name}: {e}"));
        let status = StatusState::parse(&octets(&case["status"])).unwrap();
        let mut example = case["example"].clone();
        example["name"] = json!(name);
        example["expect"] = json!("permit");
        let example = Document::read_json(&octets(&example), &Bounds::PUBLISHED).unwrap();
        let example = Example::from_document(&example, bundle.policy()).unwrap();
        let evidence = Evidence::of_example(compiled, &example);
        let evidence = evidence.unwrap_or_else(|e| panic!("{name}: {e}"));
        let now = text(case, "time").parse().unwrap();
        let situation = Situation { audience: text(case, "audience"), status: &status, now };
        rehearse(bundle, compiled, &request, &evidence, &situation)
    }

    fn digests(&self) -> Vec<String> {
        self.cases()
            .par_iter()
            .map(|case| self.verdict(case).record().digest().to_string())
            .collect()
    }
}

/// The reasons of a verdict, as the vectors have them.
fn reasons(verdict: &Verdict) -> Value {
    let reasons = verdict.decision().reasons().iter();
    reasons.map(|reason| json!({ "code": reason.code().word(), "path": reason.path() })).collect()
}

#[test]
fn every_vector_is_decided_as_it_says() {
    let mut vectors = Vectors::read();
    if std::env::var_os("SIGIL_REGENERATE").is_some() {
        regenerate(&mut vectors);
    }
    let mut seen = BTreeSet::new();
    let mut denials = 0;
    for case in vectors.cases() {
        let (name, expect) = (text(case, "name"), &case["expect"]);
        let verdict = vectors.verdict(case);
        assert_eq!(reasons(&verdict), expect["reasons"], "{name}");
        let word = if verdict.decision().is_permit() { "permit" } else { "deny" };
        assert_eq!(word, text(expect, "decision"), "{name}");
        assert_eq!(verdict.record().basis(), Basis::Example);
        assert_eq!(verdict.record().digest().to_string(), text(expect, "digest"), "{name}");
        denials += usize::from(!verdict.decision().is_permit());
        if let [reason] = verdict.decision().reasons() {
            seen.insert(reason.code());
        }
    }
    assert!(vectors.cases().len() >= CASES && denials >= DENIALS, "{denials} denials");
    // Every code stands alone somewhere, but for those that need a presentation.
    let elsewhere = [
        Code::PresentationBundle,
        Code::PresentationRequest,
        Code::TrustUnknown,
        Code::TrustNotYet,
        Code::TrustStale,
        Code::TrustForked,
        Code::StatusReplaced,
        Code::StatusForked,
    ];
    for code in Code::ALL {
        assert!(seen.contains(&code) != elsewhere.contains(&code), "{code}");
    }
}

fn regenerate(vectors: &mut Vectors) {
    for index in 0..vectors.cases().len() {
        let case = &vectors.cases()[index];
        let hash = vectors.policies[text(case, "policy")].0.hash().to_string();
        let reasons = case["expect"]["reasons"].as_array().unwrap();
        if !reasons.iter().any(|reason| text(reason, "code") == "request-bundle") {
            vectors.document["cases"][index]["request"]["bundle"] = json!(hash);
        }
        let digest = vectors.verdict(&vectors.cases()[index]).record().digest().to_string();
        vectors.document["cases"][index]["expect"]["digest"] = json!(digest);
    }
    let mut text = serde_json::to_string_pretty(&vectors.document).unwrap();
    text.push('\n');
    std::fs::write(path(), text).unwrap();
}

/// What fails in the explanation is what the reasons say, and nothing else.
#[test]
fn explanations_agree_with_reasons() {
    let vectors = Vectors::read();
    for case in vectors.cases() {
        let verdict = vectors.verdict(case);
        let explained = verdict.explanation().iter().filter(|entry| {
            entry.outcome() == sigil::decision::Outcome::Fails && entry.code().is_some()
        });
        let explained: BTreeSet<_> =
            explained.map(|entry| (entry.code().unwrap(), entry.path().to_owned())).collect();
        let reasons = verdict.decision().reasons().iter();
        let reasons: BTreeSet<_> = reasons.map(|r| (r.code(), r.path().to_owned())).collect();
        assert_eq!(explained, reasons, "{}", text(case, "name"));
        assert!(verdict.explanation().iter().all(|entry| !entry.why().is_empty()));
    }
}

#[test]
fn decisions_do_not_depend_on_threads() {
    let vectors = Vectors::read();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| vectors.digests())
    };
    assert_eq!(run(1), run(8));
}

/// Prints the digest of all digests: what the next test compares between processes.
#[test]
fn digest_of_all() {
    let all = Document::Array(Vectors::read().digests().into_iter().map(Document::Text).collect());
    println!("all: {}", hex::encode(all.digest()));
}

#[test]
fn decisions_do_not_depend_on_time_zone_or_locale() {
    let run = |zone: &str, locale: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "digest_of_all", "--nocapture"]);
        let output = command.env("TZ", zone).env("LC_ALL", locale).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find_map(|line| line.split_once("all: "));
        line.unwrap_or_else(|| panic!("{text}")).1.to_owned()
    };
    let first = run("Pacific/Kiritimati", "tr_TR.UTF-8");
    assert_eq!(first.len(), 64);
    assert_eq!(first, run("America/St_Johns", "C"));
}
