//! sigil.

pub mod document;
pub mod value;
