//! Whole presentations.

fn main() {}
