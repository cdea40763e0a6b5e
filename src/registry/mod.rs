//! The registry: the public side of claims. What was issued, by whom, what is still valid, and a log
//! that nobody can rewrite.

#[cfg(feature = "store")]
pub mod log;
