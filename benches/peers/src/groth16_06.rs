//! Stock ark-groth16 0.6 over BN254.

use crate::contest::Side;

pub fn side() -> Side {
    Side { name: "ark-groth16 0.6", entries: vec![] }
}
