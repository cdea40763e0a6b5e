//! Privacy-preserving selective disclosure: BBS credentials and Groth16 predicates, one proof.

pub mod bbs;
pub mod curve;
mod transcript;
