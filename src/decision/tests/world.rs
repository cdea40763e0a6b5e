//! A policy with its keys, made for a test: what is needed to issue, prove, verify and decide.

use crate::authority::AuthorityKey;
use crate::bbs::{SecretKey, Suite};
use crate::credential::{Credential, Issuer, StatusHandles, Validity};
use crate::decision::{Situation, StatusState, Verdict, decide};
use crate::did_key;
use crate::policy::{Bundle, Policy};
use crate::presentation::{
    Expectation, Holding, ProveError, Terms, VerifiedPresentation, prove, verify,
};
use crate::request::{InMemoryNonces, Nonce, PresentationRequest};
use crate::schema::Schema;
use crate::trust::{TrustList, UnsignedTrustList};
use crate::value::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};
use sigil_circuits::ProvingKey;
use std::sync::Arc;

pub(super) const AUDIENCE: &str = "https://verifier.example";
pub(super) const NOW: &str = "2026-06-01T12:00:00Z";
pub(super) const TRUST: &str = "https://eu.example/trust/kyc";

/// What every credential of these tests is of.
const CARD: &str = r#"{ "format": "sigil-schema/1", "name": "example.org/card", "version": "1.0.0",
  "fields": [{ "name": "birth_date", "type": "date" }, { "name": "country", "type": "code" },
             { "name": "rank", "type": "uint(64)" }, { "name": "name", "type": "text" }] }"#;

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn card() -> Schema {
    Schema::parse(CARD.as_bytes()).unwrap()
}

pub(super) fn secret(seed: u8) -> SecretKey {
    SecretKey::from_bytes(&[seed; 32]).unwrap()
}

pub(super) fn did(seed: u8) -> String {
    did_key::encode(secret(seed).public_key())
}

/// Who signs the trust list.
pub(super) fn authority() -> AuthorityKey {
    AuthorityKey::from_bytes(&[9; 32])
}

/// A role whose issuers the trust list has.
pub(super) fn trusting(name: &str, validity: &str) -> Value {
    json!({
        "name": name, "schema": card().id().to_string(), "validity": validity,
        "trust": { "list": TRUST, "authority": authority().authority().to_string(), "max_age": 48 },
    })
}

/// A policy of these roles and whatever else.
pub(super) fn policy(roles: &[Value], rest: Value) -> Policy {
    let mut document = json!({
        "format": "sigil-policy/1", "id": "example.org/test", "version": "1.0.0", "roles": roles,
    });
    for (key, value) in rest.as_object().unwrap() {
        document[key] = value.clone();
    }
    Policy::parse(document.to_string().as_bytes()).unwrap_or_else(|fault| panic!("{fault}"))
}

/// An edition of the trust list, issued an hour before the requests unless `rest` says otherwise.
pub(super) fn edition(sequence: u64, issuers: Value, rest: Value) -> TrustList {
    let mut document = json!({
        "format": "sigil-trust/1", "id": TRUST, "sequence": sequence,
        "authority": authority().authority().to_string(), "issuers": issuers,
        "issued_at": "2026-06-01T11:00:00Z", "next_update": "2026-06-08T11:00:00Z",
    });
    for (key, value) in rest.as_object().unwrap() {
        document[key] = value.clone();
    }
    let list = UnsignedTrustList::parse(document.to_string().as_bytes());
    list.unwrap_or_else(|fault| panic!("{fault}")).sign(&authority()).unwrap()
}

/// A key of the trust list that may sign cards, good from 2025 on.
pub(super) fn key(seed: u8, rest: Value) -> Value {
    let mut key = json!({
        "key": did(seed), "schemas": [card().id().to_string()], "from": "2025-01-01T00:00:00Z",
    });
    for (member, value) in rest.as_object().unwrap() {
        key[member] = value.clone();
    }
    key
}

/// A card of the issuer with this seed, valid from a day on.
pub(super) fn credential(seed: u8, from: &str, record: &Value) -> Credential {
    credential_of(card(), seed, from, record)
}

pub(super) fn credential_of(schema: Schema, seed: u8, from: &str, record: &Value) -> Credential {
    let record = schema.record_from_json(record.to_string().as_bytes()).unwrap();
    let handles = StatusHandles::new([5; 32]);
    let issuer = Issuer::new(secret(seed), Suite::Sha256, handles, Arc::new(schema)).unwrap();
    let window = Validity::between(at(from), at("2028-01-01T00:00:00Z")).unwrap();
    issuer.issue(record, window, 1).unwrap()
}

pub(super) fn born(date: &str) -> Value {
    json!({ "birth_date": date, "country": "CH", "rank": 7, "name": "Jo" })
}

/// Everything about one policy.
pub(super) struct World {
    pub(super) bundle: Bundle,
    pub(super) terms: Terms,
    key: Option<ProvingKey>,
}

impl World {
    pub(super) fn new(policy: Policy) -> Self {
        Self::with_schemas(policy, &[card()])
    }

    pub(super) fn with_schemas(policy: Policy, schemas: &[Schema]) -> Self {
        let compiled = policy.compile(schemas).unwrap_or_else(|fault| panic!("{fault}"));
        let rng = &mut ChaCha20Rng::seed_from_u64(1);
        let key = compiled.shape().map(|shape| sigil_circuits::setup(shape, rng).unwrap());
        let verifying = key.as_ref().map(ProvingKey::verifying_key);
        let bundle = Bundle::pin(policy, verifying);
        let terms = Terms::new(&bundle, schemas, verifying.cloned()).unwrap();
        Self { bundle, terms, key }
    }

    pub(super) fn request(&self) -> PresentationRequest {
        let (time, expires) = (at(NOW), at("2026-06-01T12:10:00Z"));
        let nonce = Nonce::from_bytes([1; 32]);
        PresentationRequest::new(self.bundle.hash(), AUDIENCE, nonce, time, expires).unwrap()
    }

    /// What is verified of these credentials.
    pub(super) fn present(
        &self,
        holdings: &[Holding<'_>],
    ) -> Result<VerifiedPresentation, ProveError> {
        let (request, rng) = (self.request(), &mut ChaCha20Rng::seed_from_u64(2));
        let made = prove(&self.terms, &request, holdings, self.key.as_ref(), rng)?;
        let expectation = Expectation { audience: AUDIENCE, now: at(NOW), skew: 0 };
        let nonces = InMemoryNonces::default();
        Ok(verify(&self.terms, &request, &expectation, &made, &nonces).unwrap())
    }

    pub(super) fn decide(&self, verified: &VerifiedPresentation, status: &StatusState) -> Verdict {
        let situation = Situation { audience: AUDIENCE, status, now: at(NOW) };
        decide(&self.terms, &self.bundle, &self.request(), verified, &situation)
    }
}

/// The reasons, as examples write them.
pub(super) fn reasons(verdict: &Verdict) -> Vec<String> {
    let reasons = verdict.decision().reasons().iter();
    reasons.map(|reason| format!("{}:{}", reason.code(), reason.path())).collect()
}
