//! Tests through the public interface.
#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

mod fixtures;
mod octets;
mod proofs;
mod random;
