//! Sums of multiples of points that never change: the bases of a key.
//!
//! **Few bases: a comb** (Lim and Lee, CRYPTO '94). A scalar of 256 bits is laid out in 8 rows of 32
//! bits; for each base `P` the table has `Σ_{i in m} 2^(32·i)·P` for every non-empty set `m` of
//! rows. The sum over all bases is then formed column by column: 32 doublings altogether and at
//! most one addition for each base and column. A base takes 255 points.
//!
//! **Many bases**: [`crate::buckets`], with at most 64 points a base.
//!
//! Time depends on the scalars, as in all of arkworks: this is no place for an attacker who shares
//! the processor's cache.

use ark_bn254::Fr;
use ark_ec::AffineRepr;
use ark_ec::CurveGroup;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ff::{AdditiveGroup, PrimeField, Zero};
use zeroize::Zeroizing;

use crate::buckets::Windows;

/// The rows of the comb.
const TEETH: usize = 8;

/// The bits of a row.
const COLUMNS: usize = 32;

/// The points of a base's table: one for each non-empty set of rows.
const ENTRIES: usize = (1 << TEETH) - 1;

/// From so many bases on, buckets are faster.
const MANY: usize = 16;

/// A scalar, row by row.
type Comb = [u32; TEETH];

/// Tables for a list of bases.
#[derive(Clone)]
pub(crate) enum FixedBases<P: SWCurveConfig> {
    /// `ENTRIES` points for each base, in the order of the bases; entry `m − 1` is that of the set
    /// whose bits are `m`.
    Few(Vec<Affine<P>>),
    /// One point for each window.
    Many(Windows<P>),
}

impl<P: SWCurveConfig<ScalarField = Fr>> FixedBases<P> {
    /// Prepares the tables.
    pub(crate) fn new(bases: &[Affine<P>]) -> Self {
        if bases.len() < MANY { Self::Few(combs(bases)) } else { Self::Many(Windows::new(bases)) }
    }

    /// The tables' octets in memory.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Few(entries) => size_of_val(entries.as_slice()),
            Self::Many(windows) => windows.size(),
        }
    }

    /// `Σ scalar_i·base_i`; bases without a scalar count for nothing.
    pub(crate) fn multiply(&self, scalars: &[Fr]) -> Projective<P> {
        match self {
            Self::Few(entries) => add_in_turn(entries, scalars),
            Self::Many(windows) => windows.multiply(scalars),
        }
    }
}

/// The tables of a comb.
fn combs<P: SWCurveConfig>(bases: &[Affine<P>]) -> Vec<Affine<P>> {
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
    Projective::normalize_batch(&entries)
}

/// The sum by the tables of a comb.
fn add_in_turn<P: SWCurveConfig>(entries: &[Affine<P>], scalars: &[Fr]) -> Projective<P> {
    let combs: Zeroizing<Vec<Comb>> = Zeroizing::new(scalars.iter().map(rows).collect());
    let mut sum = Projective::zero();
    for column in (0..COLUMNS).rev() {
        sum.double_in_place();
        for (rows, table) in combs.iter().zip(entries.chunks_exact(ENTRIES)) {
            if let Some(point) = entry(table, rows, column) {
                sum += point;
            }
        }
    }
    sum
}

/// The point that a base adds in a column, unless its bits there are all 0.
fn entry<'a, P: SWCurveConfig>(
    table: &'a [Affine<P>],
    rows: &Comb,
    column: usize,
) -> Option<&'a Affine<P>> {
    let set = rows.iter().rev().fold(0, |set, row| set << 1 | ((row >> column) & 1) as usize);
    set.checked_sub(1).and_then(|index| table.get(index))
}

/// A scalar's rows, the least significant first.
fn rows(scalar: &Fr) -> Comb {
    let mut rows = [0; TEETH];
    for (pair, limb) in rows.chunks_exact_mut(2).zip(scalar.into_bigint().0) {
        pair.copy_from_slice(&[limb as u32, (limb >> 32) as u32]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use ark_bn254::{G1Projective, g1, g2};
    use ark_ff::UniformRand;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::buckets::tests::plain;

    fn agrees<P: SWCurveConfig<ScalarField = Fr>>(count: usize) {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let bases: Vec<Projective<P>> = (0..count).map(|_| Projective::rand(&mut rng)).collect();
        let bases = Projective::normalize_batch(&bases);
        let tables = FixedBases::new(&bases);
        let edges = [Fr::from(0), Fr::from(1), -Fr::from(1), Fr::from(u64::MAX)];
        let mut cases = vec![edges.to_vec(), edges.iter().cycle().take(count).copied().collect()];
        cases.extend((0..4).map(|_| (0..count).map(|_| Fr::rand(&mut rng)).collect()));
        for scalars in cases {
            assert_eq!(tables.multiply(&scalars), plain(&bases, &scalars));
        }
        assert!(tables.multiply(&[]).is_zero());
    }

    #[test]
    fn comb_agrees_with_plain_multiplication() {
        agrees::<g1::Config>(4);
        agrees::<g1::Config>(MANY + 3);
        agrees::<g2::Config>(4);
        agrees::<g2::Config>(MANY);
    }

    /// Pairs that affine addition must treat apart: equal, opposite, and the identity.
    #[test]
    fn comb_adds_equal_and_opposite_points() {
        let point = G1Projective::rand(&mut ChaCha20Rng::seed_from_u64(2)).into_affine();
        let bases = [point, point, -point, Affine::zero(), point].repeat(5);
        let tables = FixedBases::new(&bases);
        for scalars in [vec![Fr::from(1); 25], vec![-Fr::from(3); 25], vec![Fr::from(5); 17]] {
            assert_eq!(tables.multiply(&scalars), plain(&bases, &scalars));
        }
        let cancel = FixedBases::new(&[point, -point].repeat(10));
        assert!(cancel.multiply(&[Fr::from(9); 20]).is_zero());
    }
}
