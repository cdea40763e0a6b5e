//! The registry: the public side of claims. What was issued, by whom, under which schema, and what
//! of it holds.

#[cfg(feature = "store")]
pub mod exchange;
