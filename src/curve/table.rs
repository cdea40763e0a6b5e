//! Multiplication of bases that never change, by table.
//!
//! A scalar is written in signed digits of w bits, s = Σ dⱼ·2^(w·j) with |dⱼ| ≤ 2^(w−1). A base's
//! table holds k·2^(w·j)·P for every window j and k = 1..=2^(w−1), so that s·P is a sum of at most
//! ⌈256/w⌉ table entries and no doubling. All entries of all bases of one multi-scalar
//! multiplication are gathered and summed together by affine additions that share their inversions.
//!
//! **Width.** w = 8: 32 additions and 384 KiB a base. What decided it, medians of one run on one
//! thread of a busy AMD EPYC (one blst multiplication took 95 µs in that run):
//!
//! | w | 18 bases, full-size scalars | table of one base | time to build it |
//! |---|---|---|---|
//! | 4 | 465 µs | 48 KiB | 0.8 ms |
//! | 6 | 290 µs | 129 KiB | 1.4 ms |
//! | 7 | 270 µs | 222 KiB | 2.1 ms |
//! | **8** | **241 µs** | **384 KiB** | **3.5 ms** |
//! | 9 | 218 µs | 696 KiB | 6.3 ms |
//! | 10 | 201 µs | 1,248 KiB | 10.5 ms |
//!
//! Beyond 8 each further bit doubles memory and building time for less than a tenth. The sum at the
//! chosen width is measured by `cargo bench --bench bbs`.
//!
//! **Not constant time.** Table entries are picked by secret digits and zero digits are skipped, so
//! running time and cache traffic tell something of the scalars to whoever shares the machine. The
//! issuer's key is never multiplied this way.

use super::affine::{self, Affine, Groups};
use super::{G1Affine, G1Projective, Scalar, ffi};
use group::Group;
use group::prime::PrimeCurveAffine;
use std::fmt;
use std::sync::OnceLock;

/// Bits of a digit; see the module's documentation.
const WIDTH: usize = 8;
/// Digits of a 255-bit scalar; the last has room for the carry.
pub(super) const WINDOWS: usize = 256usize.div_ceil(WIDTH);
/// Entries of one window: the multiples 1..=2^(w−1).
const ROW: usize = 1 << (WIDTH - 1);

/// A base point with its table, built when it is first multiplied.
pub struct FixedBase {
    point: G1Affine,
    /// `None`: multiply without a table.
    table: Option<OnceLock<Vec<Affine>>>,
}

impl FixedBase {
    /// Wraps a base. The table is built at its first multiplication.
    pub fn new(point: G1Affine) -> Self {
        FixedBase { point, table: Some(OnceLock::new()) }
    }

    /// Wraps a base that is too rare to be worth a table's memory.
    pub fn without_table(point: G1Affine) -> Self {
        FixedBase { point, table: None }
    }

    /// The base itself.
    pub fn point(&self) -> &G1Affine {
        &self.point
    }

    /// Builds the table now, so that the first multiplication does not pay for it.
    pub fn prepare(&self) {
        self.table();
    }

    /// Overwrites the point and its table, where they tell of a secret.
    pub(crate) fn wipe(&mut self) {
        self.point = G1Affine::identity();
        if let Some(table) = self.table.as_mut().and_then(OnceLock::get_mut) {
            table.fill(Affine::default());
        }
        std::hint::black_box(&*self);
    }

    fn table(&self) -> Option<&[Affine]> {
        let table = self.table.as_ref()?.get_or_init(|| {
            let mut power = G1Projective::from(self.point);
            let mut powers = Vec::with_capacity(WINDOWS);
            for _ in 0..WINDOWS {
                powers.push(power);
                for _ in 0..WIDTH {
                    power = power.double();
                }
            }
            let mut rows = affine::normalize_all(&powers);
            let table = ffi::multiples(&rows, WIDTH);
            // A base may be secret: see `wipe`.
            powers.fill(G1Projective::identity());
            rows.fill(Affine::default());
            std::hint::black_box((&powers, &rows));
            table
        });
        Some(table)
    }

    /// Points whose sum is `scalar` times this base.
    pub(super) fn multiple(&self, scalar: &Scalar, entries: &mut Vec<Affine>) {
        let Some(table) = self.table() else {
            let product = G1Affine::from(self.point * scalar);
            if !bool::from(product.is_identity()) {
                entries.push(*product.as_ref());
            }
            return;
        };
        let mut carry = 0i32;
        for (window, octet) in scalar.to_bytes_le().into_iter().enumerate() {
            let mut digit = i32::from(octet) + carry;
            carry = i32::from(digit > ROW as i32);
            digit -= carry << WIDTH;
            if digit != 0 {
                let entry = &table[window * ROW + digit.unsigned_abs() as usize - 1];
                affine::push(entries, entry, digit < 0);
            }
        }
    }
}

impl fmt::Debug for FixedBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FixedBase").field(&self.point).finish()
    }
}

/// A running sum of multiples of fixed bases and of plain points.
#[derive(Default)]
pub struct FixedSum {
    entries: Vec<Affine>,
}

impl FixedSum {
    /// An empty sum with room for so many full-size multiples.
    pub fn with_capacity(bases: usize) -> Self {
        FixedSum { entries: Vec::with_capacity(bases * WINDOWS) }
    }

    /// Adds `scalar`·`base`.
    pub fn add(&mut self, base: &FixedBase, scalar: &Scalar) {
        base.multiple(scalar, &mut self.entries);
    }

    /// Adds a point as it is.
    pub fn add_point(&mut self, point: &G1Affine) {
        if !bool::from(point.is_identity()) {
            self.entries.push(*point.as_ref());
        }
    }

    /// The sum.
    pub fn finish(mut self) -> G1Projective {
        let mut groups = Groups::default();
        groups.push(std::mem::take(&mut self.entries));
        groups.collapse(0);
        let mut sum = G1Projective::identity();
        groups.groups().iter().for_each(|entries| affine::add_each(&mut sum, entries));
        sum
    }
}

/// Many sums at once, `constant` + Σ rowᵢ·basesᵢ for each row: their additions share inversions.
///
/// A row of two 40-bit scalars takes a dozen additions of 6 field multiplications, and none of its own
/// inversions. Not constant time in the scalars.
pub(crate) fn fixed_sums<B: AsRef<FixedBase>, R: AsRef<[Scalar]>>(
    constant: &G1Affine,
    bases: &[B],
    rows: &[R],
) -> Vec<G1Affine> {
    let mut groups = Groups::default();
    for row in rows {
        let mut sum = FixedSum::default();
        sum.add_point(constant);
        for (base, scalar) in bases.iter().zip(row.as_ref()) {
            sum.add(base.as_ref(), scalar);
        }
        groups.push(std::mem::take(&mut sum.entries));
    }
    groups.collapse(rows.len());
    let sum = |group: &Vec<Affine>| group.first().map_or_else(G1Affine::identity, affine::from_raw);
    groups.groups().iter().map(sum).collect()
}

impl Drop for FixedSum {
    fn drop(&mut self) {
        // The entries are public points, but which of them are here tells the scalars.
        self.entries.fill(Affine::default());
        std::hint::black_box(&self.entries);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ff::Field;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;
    use std::sync::Arc;

    #[test]
    fn a_digit_is_an_octet() {
        assert_eq!((WIDTH, WINDOWS), (8, 32), "FixedSum::add reads octets as digits");
    }

    #[test]
    fn tables_agree_with_plain_multiplication() {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let mut random = || G1Affine::from(G1Projective::random(&mut rng));
        let bases = [
            FixedBase::new(random()),
            FixedBase::new(random()),
            FixedBase::without_table(random()),
        ];
        let edges = [
            Scalar::ZERO,
            Scalar::ONE,
            -Scalar::ONE,
            Scalar::from(127),
            Scalar::from(128),
            Scalar::from(129),
            Scalar::from(255),
            Scalar::from(256),
            Scalar::from(u64::MAX),
            Scalar::from(0x8080_8080_8080_8080),
            Scalar::from(u64::MAX).square().square(),
        ];
        for a in &edges {
            for b in &edges {
                let mut sum = FixedSum::with_capacity(3);
                sum.add(&bases[0], a);
                sum.add(&bases[1], b);
                sum.add(&bases[2], b);
                sum.add_point(bases[2].point());
                let expected = bases[0].point() * a
                    + (bases[1].point() * b + bases[2].point() * b)
                    + bases[2].point();
                assert_eq!(sum.finish(), expected, "{a} {b}");
            }
        }
    }

    #[test]
    fn sums_side_by_side_agree_with_sums_alone() {
        let mut rng = ChaCha20Rng::seed_from_u64(8);
        let mut random = || G1Affine::from(G1Projective::random(&mut rng));
        let bases = [Arc::new(FixedBase::new(random())), Arc::new(FixedBase::new(random()))];
        let rows: Vec<[Scalar; 2]> =
            (0..40u64).map(|i| [Scalar::from(i / 3), Scalar::from(i << 57 | i)]).collect();
        for constant in [random(), G1Affine::identity(), -bases[0].point()] {
            let sums = fixed_sums(&constant, &bases, &rows);
            assert_eq!(sums.len(), rows.len());
            for (sum, row) in sums.iter().zip(&rows) {
                let expected = bases[0].point() * row[0] + bases[1].point() * row[1] + constant;
                assert_eq!(G1Projective::from(sum), expected);
            }
        }
        assert!(fixed_sums(&random(), &bases, &rows[..0]).is_empty());
    }

    #[test]
    fn equal_and_opposite_entries_are_summed_correctly() {
        let base = FixedBase::new(G1Projective::generator().into());
        let mut doubled = FixedSum::default();
        doubled.add(&base, &Scalar::from(5));
        doubled.add(&base, &Scalar::from(5));
        assert_eq!(doubled.finish(), base.point() * Scalar::from(10));
        let mut cancelled = FixedSum::default();
        cancelled.add(&base, &Scalar::from(5));
        cancelled.add(&base, &-Scalar::from(5));
        assert!(bool::from(cancelled.finish().is_identity()));
        assert!(bool::from(FixedSum::default().finish().is_identity()));
    }
}
