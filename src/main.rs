//! sigil.
fn main() {}
