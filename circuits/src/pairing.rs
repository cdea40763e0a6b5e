//! The pairing of BN254, over arkworks' types.

mod loops;
mod product;
mod tower;

pub(crate) use loops::{Lines, miller};
