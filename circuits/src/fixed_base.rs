//! Sums of multiples of points that never change: the bases of a key.
//!
//! A comb (Lim and Lee, CRYPTO '94). A scalar of 256 bits is laid out in 8 rows of 32 bits; for
//! each base `P` the table has `Σ_{i in m} 2^(32·i)·P` for every non-empty set `m` of rows. The
//! sum over all bases is then formed column by column: 32 doublings altogether and at most one
//! addition for each base and column. With 255 points of 64 octets a base, the tables of a usual
//! verifying key stay within a processor's second-level cache.
//!
//! Where there are many bases, a column's points are first added in pairs, and the sums in pairs,
//! and so on: affine additions of which each round shares one inversion. That is 6 multiplications
//! an addition, where a mixed one takes 11. With 7 rows or fewer the tables of a proving key were
//! half as large or smaller, and proofs took 5 to 25 % longer.
//!
//! Time depends on the scalars, as in all of arkworks: this is no place for an attacker who shares
//! the processor's cache.

use ark_bn254::Fr;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, Field, PrimeField, Zero};

/// The rows of the comb.
const TEETH: usize = 8;

/// The bits of a row.
const COLUMNS: usize = 32;

/// The points of a base's table: one for each non-empty set of rows.
const ENTRIES: usize = (1 << TEETH) - 1;

/// From so many bases on, columns are added in pairs.
const MANY: usize = 16;

/// A scalar, row by row.
type Comb = [u32; TEETH];

/// Tables for a list of bases.
#[derive(Clone)]
pub(crate) struct FixedBases<P: SWCurveConfig> {
    /// `ENTRIES` points for each base, in the order of the bases; entry `m − 1` is that of the set
    /// whose bits are `m`.
    entries: Vec<Affine<P>>,
}

impl<P: SWCurveConfig<ScalarField = Fr>> FixedBases<P> {
    /// Prepares the tables.
    pub(crate) fn new(bases: &[Affine<P>]) -> Self {
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
        Self { entries: Projective::normalize_batch(&entries) }
    }

    /// `Σ scalar_i·base_i`; bases without a scalar count for nothing.
    pub(crate) fn multiply(&self, scalars: &[Fr]) -> Projective<P> {
        let combs: Vec<Comb> = scalars.iter().map(rows).collect();
        if combs.len() < MANY { self.add_in_turn(&combs) } else { self.add_in_pairs(&combs) }
    }

    fn add_in_turn(&self, combs: &[Comb]) -> Projective<P> {
        let mut sum = Projective::zero();
        for column in (0..COLUMNS).rev() {
            sum.double_in_place();
            for (rows, table) in combs.iter().zip(self.entries.chunks_exact(ENTRIES)) {
                if let Some(point) = entry(table, rows, column) {
                    sum += point;
                }
            }
        }
        sum
    }

    fn add_in_pairs(&self, combs: &[Comb]) -> Projective<P> {
        let column = |_| Vec::with_capacity(combs.len());
        let mut columns: Vec<Vec<Affine<P>>> = (0..COLUMNS).map(column).collect();
        // Filled base by base, so that all of a small table is read at once.
        for (rows, table) in combs.iter().zip(self.entries.chunks_exact(ENTRIES)) {
            for (index, column) in columns.iter_mut().enumerate() {
                column.extend(entry(table, rows, index));
            }
        }
        let mut inverses = Vec::new();
        while columns.iter().any(|column| column.len() > 1) {
            halve(&mut columns, &mut inverses);
        }
        let mut sum = Projective::zero();
        for column in columns.iter().rev() {
            sum.double_in_place();
            column.iter().for_each(|point| sum += point);
        }
        sum
    }
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

/// Replaces each column's points by the sums of pairs of them.
fn halve<P: SWCurveConfig>(columns: &mut [Vec<Affine<P>>], inverses: &mut Vec<P::BaseField>) {
    inverses.clear();
    inverses.extend(columns.iter().flat_map(|column| column.chunks_exact(2)).map(denominator));
    ark_ff::batch_inversion(inverses);
    let mut inverses = inverses.iter();
    for column in columns {
        let half = column.len() / 2;
        for index in 0..half {
            let pair = column.get(2 * index..2 * index + 2);
            let sum = pair.zip(inverses.next()).map(|(pair, inverse)| add(pair, inverse));
            if let (Some(target), Some(sum)) = (column.get_mut(index), sum) {
                *target = sum;
            }
        }
        let odd = column.len() % 2;
        if odd == 1 {
            column.swap(half, 2 * half);
        }
        column.truncate(half + odd);
    }
}

/// What must be inverted to add a pair; 0 if nothing.
fn denominator<P: SWCurveConfig>(pair: &[Affine<P>]) -> P::BaseField {
    match pair {
        [a, b] if a.is_zero() || b.is_zero() => P::BaseField::zero(),
        [a, b] if a == b => a.y.double(),
        [a, b] => b.x - a.x,
        _ => P::BaseField::zero(),
    }
}

/// The sum of a pair, given the inverse of its [`denominator`].
fn add<P: SWCurveConfig>(pair: &[Affine<P>], inverse: &P::BaseField) -> Affine<P> {
    let (a, b) = match pair {
        [a, b] if a.is_zero() => return *b,
        [a, b] if b.is_zero() => return *a,
        [a, b] => (a, b),
        _ => return Affine::zero(),
    };
    let numerator = if a.x != b.x {
        b.y - a.y
    } else if a.y == b.y {
        let square = a.x.square();
        square.double() + square + P::COEFF_A
    } else {
        return Affine::zero();
    };
    let slope = numerator * *inverse;
    let x = slope.square() - a.x - b.x;
    Affine::new_unchecked(x, slope * (a.x - x) - a.y)
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

    fn plain<P: SWCurveConfig<ScalarField = Fr>>(
        bases: &[Affine<P>],
        scalars: &[Fr],
    ) -> Projective<P> {
        bases.iter().zip(scalars).map(|(base, k)| base.mul_bigint(k.into_bigint())).sum()
    }

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
