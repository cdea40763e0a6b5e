#![forbid(unsafe_code)]
//! Predicate formulas over hidden integers, proven with Groth16 over BN254.
