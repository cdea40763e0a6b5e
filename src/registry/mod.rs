//! The registry's public side of claims: what attestations are made of, without the store that
//! keeps them.
//!
//! Everything here is pure: it reads no clock, no file and no network. What keeps and fetches is in
//! the module `store`, behind the feature of that name.

pub mod anchor;
pub mod issuer;
pub mod payload;
pub mod subject;
