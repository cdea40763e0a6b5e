//! sigil.
