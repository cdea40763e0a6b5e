//! Privacy-preserving selective disclosure: BBS credentials and Groth16 predicates, one proof.

pub mod bbs;
pub mod curve;
pub mod document;
pub mod encoding;
mod transcript;
pub mod value;
