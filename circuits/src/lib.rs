#![forbid(unsafe_code)]
//! Predicate formulas over hidden integers, proven with Groth16 over BN254 under a commitment.
//!
//! | module | what it is |
//! |---|---|
//! | `formula` | the language: slots, parameters, comparisons, connectives; its native meaning |
//! | `normal` | its normal form; the interval analysis that keeps it from wrapping |
//! | `bounds` | how each slot that is relied upon is bounded to \|x\| < 2^66 |
//! | `shape` | a checked formula and its identifier |
//! | `synthesis` | rank-1 constraints and their assignment |
//! | `groth16` | setup, prove, verify |
//! | `batch` | many presentations' equations, checked as one |
//! | `pairing` | Miller loops of many pairs, and the field below them |
//! | `prover`, `quotient` | the prover's sums over prepared tables, and its polynomial division |
//! | `keys`, `key_checks` | key files, and which keys are refused |
//! | `commitment` | the commitment to the slots, and its scalars |
//! | `fixed_base`, `buckets`, `joint` | multiplication: of few points, of many, of new ones |
//! | `points` | strict octets |
//!
//! The crate knows no credential and no other curve. What it proves is about the integers inside a
//! [`Commitment`]; that these are the signed ones is for the caller to show.

pub mod batch;
pub mod bounds;
mod buckets;
pub mod commitment;
mod error;
mod fixed_base;
pub mod formula;
pub mod groth16;
mod joint;
mod key_checks;
pub mod keys;
pub mod normal;
mod pairing;
mod points;
pub mod prover;
mod quotient;
pub mod shape;
pub mod synthesis;

pub use batch::{BatchSum, Claim};
pub use bounds::{BoundBy, SLOT_BOUND};
pub use commitment::{Commitment, Opening, Scalar};
pub use error::{ProveError, Refused};
pub use formula::{Comparison, Formula, Interval, Linear, Param, Slot};
pub use groth16::{Proof, Proved, setup};
pub use keys::{KeyError, KeyFile, KeyPart, ProvingKey, VerifyingKey};
pub use shape::{Cost, CostOf, InputError, Shape, ShapeError, ShapeId};
