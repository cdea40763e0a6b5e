//! Reading a registry: listings, facts, proofs, and audits of files that were falsified.
#![cfg(feature = "store")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test should panic")]

#[path = "registry_store/audit.rs"]
mod audit;
#[path = "registry_store/facts.rs"]
mod facts;
#[path = "registry_store/listing.rs"]
mod listing;
#[path = "registry_store/world.rs"]
mod world;
