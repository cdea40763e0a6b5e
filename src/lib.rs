//! Privacy-preserving selective disclosure: BBS credentials and Groth16 predicates, one proof.
//!
//! A [`Policy`](policy::Policy) is compiled with its [schemas](schema::Schema), pinned together
//! with a verifying key in a [`Bundle`](policy::Bundle), and held by both sides as
//! [`Terms`](presentation::Terms). An [`Issuer`](credential::Issuer) signs credentials. A verifier
//! asks with a [`PresentationRequest`](request::PresentationRequest);
//! [`plan`](plan::plan) says what would leave the wallet, [`prove`](presentation::prove) answers,
//! [`verify`](presentation::verify) says whether the answer is true, and
//! [`decide`](decision::decide) whether it is acceptable now. The protocol, and what it rests on, is
//! in [`presentation`]; what policies can say, in [`policy`]. Claims that are public, and what became of
//! them, are in [`registry`].
//!
//! Circuit keys are of [`circuits`]; randomness is an argument, of `rand_core` 0.6.
//!
//! ```
//! use rand_core::OsRng;
//! use sigil::bbs::{SecretKey, Suite};
//! use sigil::credential::{Issuer, StatusHandles, Validity};
//! use sigil::decision::{Situation, StatusState, decide};
//! use sigil::policy::{Bundle, Policy};
//! use sigil::presentation::{Expectation, Holding, Terms, prove, verify};
//! use sigil::request::{InMemoryNonces, Nonce, PresentationRequest};
//! use sigil::{circuits, did_key, schema::Schema};
//! use std::sync::Arc;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The issuer. Handles and their counter outlive the process: see `StatusHandles`.
//! let schema = Schema::parse(
//!     br#"{ "format": "sigil-schema/1", "name": "example.org/person", "version": "1.0.0",
//!           "fields": [{ "name": "birth_date", "type": "date" }] }"#,
//! )?;
//! let key = SecretKey::random(&mut OsRng);
//! let handles = StatusHandles::new([7; 32]); // secret and random in earnest
//! let issuer = Issuer::new(key, Suite::Sha256, handles, Arc::new(schema.clone()))?;
//! let record = schema.record_from_json(br#"{ "birth_date": "1990-04-17" }"#)?;
//! let (from, until) = ("2026-01-01T00:00:00Z".parse()?, "2027-01-01T00:00:00Z".parse()?);
//! let validity = Validity::between(from, until)?;
//! let credential = issuer.issue(record, validity, 0)?;
//!
//! // The policy, and a key for the shape of its circuit: for development, made on one machine.
//! let policy = format!(
//!     r#"{{ "format": "sigil-policy/1", "id": "example.org/adult", "version": "1.0.0",
//!           "roles": [{{ "name": "person", "schema": "{}", "issuers": ["{}"] }}],
//!           "predicates": [{{ "name": "adult",
//!                             "expr": "person.birth_date <= params.born_by" }}],
//!           "params": {{ "born_by": {{ "date": "2008-06-01" }} }} }}"#,
//!     schema.id(),
//!     did_key::encode(issuer.public_key()),
//! );
//! let policy = Policy::parse(policy.as_bytes())?;
//! let compiled = policy.compile(std::slice::from_ref(&schema))?;
//! let proving = circuits::setup(compiled.shape().ok_or("no circuit")?, &mut OsRng)?;
//! let verifying = proving.verifying_key().clone();
//! let bundle = Bundle::pin(policy, Some(&verifying));
//! let terms = Terms::new(&bundle, &[schema], Some(verifying))?;
//!
//! // The verifier asks, the holder answers, the verifier checks and spends the nonce.
//! let (now, expires) = ("2026-06-01T12:00:00Z".parse()?, "2026-06-01T12:10:00Z".parse()?);
//! let nonce = Nonce::random(&mut OsRng);
//! let shop = "https://shop.example";
//! let request = PresentationRequest::new(bundle.hash(), shop, nonce, now, expires)?;
//! let holding = Holding::new(&credential);
//! let presentation = prove(&terms, &request, &[holding], Some(&proving), &mut OsRng)?;
//! let expectation = Expectation { audience: shop, now, skew: 60 };
//! let nonces = InMemoryNonces::default();
//! let verified = verify(&terms, &request, &expectation, &presentation, &nonces)?;
//! assert!(verified.disclosed().is_empty());
//!
//! // True; whether it is acceptable is a decision, with every reason if it is not.
//! let status = StatusState::default();
//! let situation = Situation { audience: shop, status: &status, now };
//! let verdict = decide(&terms, &bundle, &request, &verified, &situation);
//! assert!(verdict.decision().is_permit());
//! assert!(verify(&terms, &request, &expectation, &presentation, &nonces).is_err(), "a replay");
//! # Ok(())
//! # }
//! ```

pub mod authority;
pub mod bbs;
mod bisection;
#[cfg(feature = "cli")]
pub mod cli;
mod coefficients;
pub mod credential;
pub mod curve;
pub mod decision;
pub mod did_key;
pub mod digest;
pub mod document;
pub mod encoding;
pub mod plan;
pub mod policy;
pub mod presentation;
pub mod registry;
pub mod request;
pub mod schema;
pub mod status;
#[cfg(feature = "store")]
pub mod store;
mod transcript;
pub mod trust;
pub mod value;

/// Circuits, keys and their setup: what [`presentation`] takes and gives of BN254.
pub use sigil_circuits as circuits;

// Lets unit tests share the scenarios of `tests/`, which name this crate from outside.
#[cfg(test)]
extern crate self as sigil;
