//! Privacy-preserving selective disclosure: BBS credentials and Groth16 predicates, one proof.

pub mod bbs;
#[cfg(feature = "cli")]
pub mod cli;
pub mod credential;
pub mod curve;
pub mod did_key;
pub mod digest;
pub mod document;
pub mod encoding;
pub mod policy;
pub mod presentation;
pub mod request;
pub mod schema;
mod transcript;
pub mod value;

// Lets unit tests share the scenarios of `tests/`, which name this crate from outside.
#[cfg(test)]
extern crate self as sigil;
