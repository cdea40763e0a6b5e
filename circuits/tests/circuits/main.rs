//! Tests through the public interface.

mod fixtures;
mod proofs;
