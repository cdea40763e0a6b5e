//! Sums of multiples of points that never change: the bases of a verifying key.
//!
//! A comb (Lim and Lee, CRYPTO '94). A scalar of 256 bits is laid out in 8 rows of 32 bits; for
//! each base `P` the table has `Σ_{i in m} 2^(32·i)·P` for every non-empty set `m` of rows. The
//! sum over all bases is then formed column by column: 32 doublings altogether and at most one
//! addition per base and column. With 255 points of 64 octets a base, the table of a usual key
//! stays within a processor's second-level cache.
//!
//! Time depends on the scalars, as in all of arkworks: this is no place for an attacker who shares
//! the processor's cache.

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, PrimeField, Zero};

/// The rows of the comb.
const TEETH: usize = 8;

/// The bits of a row.
const COLUMNS: usize = 32;

/// The points of a base's table: one for each non-empty set of rows.
const ENTRIES: usize = (1 << TEETH) - 1;

/// Tables for a list of bases.
#[derive(Clone)]
pub(crate) struct FixedBases {
    /// `ENTRIES` points for each base, in the order of the bases; entry `m − 1` is that of the set
    /// whose bits are `m`.
    entries: Vec<G1Affine>,
}

impl FixedBases {
    /// Prepares the tables.
    pub(crate) fn new(bases: &[G1Affine]) -> Self {
        let mut entries = Vec::with_capacity(bases.len() * ENTRIES);
        for base in bases {
            let start = entries.len();
            let mut tooth = base.into_group();
            for row in 0..TEETH {
                if row > 0 {
                    for _ in 0..COLUMNS {
                        tooth.double_in_place();
                    }
                }
                // The sets that hold this row: alone, and with every set of the rows before.
                let below = entries.len();
                entries.push(tooth);
                for entry in start..below {
                    let sum = entries.get(entry).map_or(tooth, |set| tooth + set);
                    entries.push(sum);
                }
            }
        }
        Self { entries: G1Projective::normalize_batch(&entries) }
    }

    /// `Σ scalar_i·base_i`; bases without a scalar count for nothing.
    pub(crate) fn multiply(&self, scalars: &[Fr]) -> G1Projective {
        let teeth: Vec<[u32; TEETH]> = scalars.iter().map(rows).collect();
        let mut sum = G1Projective::zero();
        for column in (0..COLUMNS).rev() {
            sum.double_in_place();
            for (rows, table) in teeth.iter().zip(self.entries.chunks_exact(ENTRIES)) {
                let set = rows.iter().enumerate();
                let set = set.fold(0, |set, (i, row)| set | (((row >> column) & 1) as usize) << i);
                if let Some(entry) = set.checked_sub(1).and_then(|index| table.get(index)) {
                    sum += entry;
                }
            }
        }
        sum
    }
}

/// A scalar's rows, the least significant first.
fn rows(scalar: &Fr) -> [u32; TEETH] {
    let mut rows = [0; TEETH];
    for (pair, limb) in rows.chunks_exact_mut(2).zip(scalar.into_bigint().0) {
        pair.copy_from_slice(&[limb as u32, (limb >> 32) as u32]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use ark_ec::PrimeGroup;
    use ark_ff::UniformRand;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn comb_agrees_with_plain_multiplication() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let bases: Vec<G1Projective> = (0..4).map(|_| G1Projective::rand(&mut rng)).collect();
        let tables = FixedBases::new(&G1Projective::normalize_batch(&bases));
        let edges = [Fr::from(0), Fr::from(1), -Fr::from(1), Fr::from(u64::MAX)];
        let mut cases = vec![edges.to_vec()];
        cases.extend((0..8).map(|_| (0..4).map(|_| Fr::rand(&mut rng)).collect::<Vec<_>>()));
        for scalars in cases {
            let plain: G1Projective =
                bases.iter().zip(&scalars).map(|(p, k)| p.mul_bigint(k.into_bigint())).sum();
            assert_eq!(tables.multiply(&scalars), plain);
        }
        assert!(tables.multiply(&[]).is_zero());
    }
}
