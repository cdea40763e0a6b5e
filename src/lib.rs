//! Privacy-preserving selective disclosure: BBS credentials and Groth16 predicates, one proof.

pub mod bbs;
pub mod curve;
pub mod digest;
pub mod document;
pub mod encoding;
pub mod schema;
mod transcript;
pub mod value;
