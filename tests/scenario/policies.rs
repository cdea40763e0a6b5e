//! The policies of `vectors/policies` with keys, and their test cases as real credentials.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::expect_used,
    clippy::panic,
    reason = "each user takes a part; a broken one must stop"
)]

use crate::scenario::{AUDIENCE, rng, time};
use sigil::bbs::{SecretKey, Suite};
use sigil::credential::{Credential, Issuer, StatusHandles, Validity};
use sigil::policy::{Bundle, Policy};
use sigil::presentation::{
    self, Expectation, Holding, Presentation, ProveError, Terms, VerifiedPresentation, VerifyError,
};
use sigil::request::{InMemoryNonces, Nonce, PresentationRequest};
use sigil::schema::Schema;
use sigil::value::Timestamp;
use sigil_circuits::ProvingKey;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The policies, (a) to (f).
pub const POLICIES: [&str; 6] = [
    "a-eu-adult-resident",
    "b-us-accredited",
    "c-sg-investor",
    "d-sanctions",
    "e-eu-and-sg",
    "f-token-distribution",
];

const SCHEMAS: [&str; 3] = ["identity", "means", "activity"];
const ISSUERS: [&str; 6] =
    ["identity-de", "identity-at", "identity-sg", "means-us", "means-sg", "activity"];
/// As in the demo: known to everyone, worth nothing.
const WORDS: &[u8] = b"sigil demo: known to everyone, worth nothing";

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/policies").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn schemas() -> Vec<Schema> {
    let read = |name| Schema::parse(file(&format!("schemas/{name}.toml")).as_bytes());
    SCHEMAS.map(|name| read(name).expect("a schema")).to_vec()
}

pub fn text(name: &str) -> String {
    file(&format!("{name}.toml"))
}

/// One test case of a policy.
pub struct Case {
    pub name: String,
    pub time: Timestamp,
    pub permit: bool,
    reveal: Vec<String>,
    holders: BTreeMap<String, toml::Table>,
}

/// A policy ready for both sides.
pub struct Ready {
    pub name: &'static str,
    pub policy: Policy,
    pub bundle: Bundle,
    pub terms: Terms,
    pub key: Option<Arc<ProvingKey>>,
    pub cases: Vec<Case>,
    issuers: BTreeMap<String, Issuer>,
}

fn case(table: &toml::Table) -> Case {
    let word = |key: &str| table.get(key).and_then(toml::Value::as_str);
    let holders = table["holders"].as_table().expect("holders");
    let holder = |(role, value): (&String, &toml::Value)| {
        (role.clone(), value.as_table().expect("a holder").clone())
    };
    let reveal = table.get("reveal").and_then(toml::Value::as_array).into_iter().flatten();
    Case {
        name: word("name").expect("a name").to_owned(),
        time: time(word("time").expect("a time")),
        permit: word("expect") == Some("permit"),
        reveal: reveal.map(|path| path.as_str().expect("a path").to_owned()).collect(),
        holders: holders.iter().map(holder).collect(),
    }
}

impl Ready {
    pub fn new(name: &'static str) -> Self {
        Self::of(name, &text(name))
    }

    /// The policy as it is written here, with keys of its own.
    pub fn of(name: &'static str, text: &str) -> Self {
        let policy = Policy::parse(text.as_bytes()).expect("a policy");
        let compiled = policy.compile(&schemas()).expect("compiles");
        let key =
            compiled.shape().map(|shape| sigil_circuits::setup(shape, &mut rng(7)).expect("a key"));
        Self::with_key(name, text, key.map(Arc::new))
    }

    /// The policy with a key that was made before.
    pub fn with_key(name: &'static str, text: &str, key: Option<Arc<ProvingKey>>) -> Self {
        let policy = Policy::parse(text.as_bytes()).expect("a policy");
        let compiled = policy.compile(&schemas()).expect("compiles");
        let verifying = key.as_ref().map(|key| key.verifying_key().clone());
        let bundle = Bundle::pin(policy.clone(), verifying.as_ref());
        let terms = Terms::new(&bundle, &schemas(), verifying).expect("terms");
        let keys = ISSUERS.map(|name| {
            SecretKey::generate(Suite::Sha256, WORDS, name.as_bytes(), None).expect("a key")
        });
        let issuer = |role: &sigil::policy::Role| {
            let first = role.issuers().first().expect("an issuer");
            let key = keys.iter().find(|key| key.public_key() == first).expect("a known issuer");
            let (schema, handles) = (Arc::new(role.schema().clone()), StatusHandles::new([5; 32]));
            Issuer::new(key.clone(), role.suite(), handles, schema).expect("sizes fit")
        };
        let issuers =
            compiled.roles().iter().map(|role| (role.name().to_owned(), issuer(role))).collect();
        let document: toml::Table = text.parse().expect("TOML");
        let cases = document.get("tests").and_then(toml::Value::as_array);
        let cases = cases.into_iter().flatten();
        let cases = cases.map(|value| case(value.as_table().expect("a test"))).collect();
        Ready { name, policy, bundle, terms, key, cases, issuers }
    }

    /// The credentials of a case, in the policy's order.
    pub fn credentials(&self, case: &Case) -> Vec<Credential> {
        let roles = self.terms.policy().roles().iter().enumerate();
        roles
            .map(|(number, role)| {
                let holder = &case.holders[role.name()];
                let at = |key: &str, default: &str| {
                    time(holder.get(key).and_then(toml::Value::as_str).unwrap_or(default))
                };
                let validity = Validity::between(
                    at("valid_from", "2025-01-01T00:00:00Z"),
                    at("valid_until", "2030-01-01T00:00:00Z"),
                );
                let record = serde_json::to_vec(&holder["record"]).expect("JSON");
                let record = role.schema().record_from_json(&record).expect("a record");
                let validity = validity.expect("a window");
                self.issuers[role.name()].issue(record, validity, number as u64).expect("issued")
            })
            .collect()
    }

    pub fn request(&self, case: &Case, nonce: u8) -> PresentationRequest {
        let expires = Timestamp::from_unix(case.time.unix() + 600).expect("a time");
        let nonce = Nonce::from_bytes([nonce; 32]);
        PresentationRequest::new(self.bundle.hash(), AUDIENCE, nonce, case.time, expires)
            .expect("a request")
    }

    pub fn prove(
        &self,
        case: &Case,
        credentials: &[Credential],
        request: &PresentationRequest,
        seed: u64,
    ) -> Result<Presentation, ProveError> {
        let roles = self.terms.policy().roles();
        let fields: Vec<Vec<&str>> = roles
            .iter()
            .map(|role| {
                let paths = case.reveal.iter().filter_map(|path| path.split_once('.'));
                paths.filter(|(name, _)| *name == role.name()).map(|(_, field)| field).collect()
            })
            .collect();
        let holdings: Vec<Holding<'_>> = credentials
            .iter()
            .zip(&fields)
            .map(|(credential, reveal)| Holding { reveal, ..Holding::new(credential) })
            .collect();
        presentation::prove(&self.terms, request, &holdings, self.key.as_deref(), &mut rng(seed))
    }

    pub fn verify(
        &self,
        request: &PresentationRequest,
        presentation: &Presentation,
    ) -> Result<VerifiedPresentation, VerifyError> {
        let expectation = Expectation { audience: AUDIENCE, now: request.time(), skew: 0 };
        let nonces = InMemoryNonces::default();
        presentation::verify(&self.terms, request, &expectation, presentation, &nonces)
    }
}
