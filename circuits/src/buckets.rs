//! Sums of multiples of many fixed points: all windows of all scalars share one set of buckets.
//!
//! For each base `P` the table has `2^(w·j)·P`, one point for each window of `w` bits. A scalar
//! in signed digits `d_j`, `|d_j| <= 2^(w−1)`, then asks for `Σ d_j·(2^(w·j)·P)`: every digit of
//! every scalar is a small multiple of a point of the table, so there are no doublings, and one set
//! of `2^(w−1)` buckets serves all windows. (Pippenger's method as in Brickell, Gordon, McCurley
//! and Wilson, EUROCRYPT '92, with signed digits.)
//!
//! The points are put in order of their buckets by counting, and each bucket is summed in pairs,
//! the sums in pairs, and so on: affine additions of which each round shares one inversion, 6
//! multiplications each, where a mixed one takes 11. The buckets are emptied likewise, by the upper
//! and by the lower half of their numbers. The width follows from the number of bases, so that a
//! base of one among 127 takes 1.9 KiB, among 8,448 1.2 KiB.

use ark_bn254::Fr;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, Field, One, PrimeField, Zero};
use zeroize::{Zeroize, Zeroizing};

/// The bits of a scalar, and one for the sign of its last digit.
const SCALAR_BITS: usize = 255;

/// The widths to choose from. The widest asks for 16,384 buckets.
const WIDTHS: std::ops::RangeInclusive<usize> = 4..=15;

/// What an addition into a bucket and what emptying a bucket costs, in multiplications.
const ADDITION: usize = 6;
const BUCKET: usize = 12;

/// How many points are summed in pairs at a time, so that they stay in the processor's cache.
const BATCH: usize = 1 << 13;

/// Rounds of fewer pairs than this aren't worth their inversion.
const PAIRS: usize = 64;

/// How many bases are prepared at a time.
const PREPARED: usize = 1 << 8;

/// Tables for a list of bases.
#[derive(Clone)]
pub(crate) struct Windows<P: SWCurveConfig> {
    width: usize,
    /// `windows()` points for each base.
    points: Vec<Affine<P>>,
}

impl<P: SWCurveConfig<ScalarField = Fr>> Windows<P> {
    /// Prepares the tables.
    pub(crate) fn new(bases: &[Affine<P>]) -> Self {
        let mut tables = Self { width: width(bases.len()), points: Vec::new() };
        tables.points.reserve_exact(bases.len() * tables.windows());
        let mut multiples = Vec::new();
        for bases in bases.chunks(PREPARED) {
            multiples.clear();
            for base in bases {
                let mut multiple = base.into_group();
                for window in 0..tables.windows() {
                    let doublings = if window == 0 { 0 } else { tables.width };
                    for _ in 0..doublings {
                        multiple.double_in_place();
                    }
                    multiples.push(multiple);
                }
            }
            tables.points.extend(Projective::normalize_batch(&multiples));
        }
        tables
    }

    /// The tables' octets in memory.
    pub(crate) fn size(&self) -> usize {
        size_of_val(self.points.as_slice())
    }

    fn windows(&self) -> usize {
        SCALAR_BITS.div_ceil(self.width)
    }

    /// `Σ scalar_i·base_i`; bases without a scalar count for nothing.
    pub(crate) fn multiply(&self, scalars: &[Fr]) -> Projective<P> {
        let buckets = 1 << (self.width - 1);
        let digits = Zeroizing::new(self.digits(scalars));
        // Where each bucket begins in the order of buckets.
        let mut ends = Zeroizing::new(vec![0_usize; buckets + 1]);
        for digit in digits.iter() {
            if let Some(end) = ends.get_mut(usize::from(digit.unsigned_abs())) {
                *end += usize::from(*digit != 0);
            }
        }
        let mut total = 0;
        for end in ends.iter_mut() {
            total += std::mem::replace(end, total);
        }
        let mut order = Zeroizing::new(vec![0_u32; total]);
        for (index, digit) in digits.iter().enumerate().filter(|(_, digit)| **digit != 0) {
            if let Some(end) = ends.get_mut(usize::from(digit.unsigned_abs())) {
                if let Some(place) = order.get_mut(*end) {
                    *place = (index as u32) << 1 | u32::from(*digit < 0);
                }
                *end += 1;
            }
        }
        self.sum_buckets(&order, &ends)
    }

    /// The digits of each scalar, least significant first.
    fn digits(&self, scalars: &[Fr]) -> Vec<i16> {
        let (windows, half) = (self.windows(), 1_i32 << (self.width - 1));
        let mut digits = Vec::with_capacity(scalars.len() * windows);
        for scalar in scalars {
            let mut limbs = scalar.into_bigint();
            let mut carry = 0;
            for window in 0..windows {
                let mut digit = bits(&limbs.0, window * self.width, self.width) + carry;
                carry = i32::from(digit > half);
                digit -= carry << self.width;
                digits.push(digit as i16);
            }
            limbs.zeroize();
        }
        digits
    }

    /// `Σ b·(sum of bucket b)`, the buckets of `order` ending at `ends`.
    fn sum_buckets(&self, order: &[u32], ends: &[usize]) -> Projective<P> {
        let end_of = |bucket: usize| ends.get(bucket).copied().unwrap_or_default();
        let mut weighted = Weighted::new(self.width);
        let mut pairs = Pairs::default();
        let mut first = 1;
        while first < ends.len() {
            // As many buckets as make a batch; at least one.
            let start = end_of(first - 1);
            let fits = |bucket: &usize| *bucket == first || end_of(*bucket) - start <= BATCH;
            let last = (first..ends.len()).take_while(fits).last().unwrap_or(first);
            pairs.clear();
            for bucket in first..=last {
                let items = order.get(end_of(bucket - 1)..end_of(bucket)).unwrap_or_default();
                pairs.push_run(items.iter().filter_map(|item| self.point(*item)));
            }
            pairs.sum_runs();
            for (bucket, run) in (first..).zip(pairs.runs()) {
                weighted.push(bucket, run);
            }
            first = last + 1;
        }
        weighted.sum(pairs)
    }

    /// The point of an item: its index in the table, and whether it is subtracted.
    fn point(&self, item: u32) -> Option<Affine<P>> {
        let point = self.points.get((item >> 1) as usize)?;
        Some(if item & 1 == 1 { -*point } else { *point })
    }
}

/// Points with weights `b = 2^k·u + v`: those with the same `u` are summed, and so are those with
/// the same `v`, in pairs; and only what is left takes sums of sums.
struct Weighted<P: SWCurveConfig> {
    low_bits: usize,
    /// By `v`, then by `u`.
    low: Vec<Vec<Affine<P>>>,
    high: Vec<Vec<Affine<P>>>,
}

impl<P: SWCurveConfig> Weighted<P> {
    /// For weights up to `2^(width − 1)`.
    fn new(width: usize) -> Self {
        let low_bits = width / 2;
        let high = (1 << (width - 1 - low_bits)) + 1;
        Self { low_bits, low: vec![Vec::new(); 1 << low_bits], high: vec![Vec::new(); high] }
    }

    fn push(&mut self, weight: usize, points: &[Affine<P>]) {
        let low = weight & ((1 << self.low_bits) - 1);
        for (list, index) in [(&mut self.low, low), (&mut self.high, weight >> self.low_bits)] {
            // What has weight 0 isn't asked for.
            if let Some(list) = list.get_mut(index).filter(|_| index > 0) {
                list.extend_from_slice(points);
            }
        }
    }

    fn sum(self, mut pairs: Pairs<P>) -> Projective<P> {
        pairs.clear();
        let lows = self.low.len();
        for list in self.low.into_iter().chain(self.high) {
            pairs.push_run(list.into_iter());
        }
        pairs.sum_runs();
        let runs: Vec<&[Affine<P>]> = pairs.runs().collect();
        let (low, high) = runs.split_at_checked(lows).unwrap_or_default();
        let mut sum = by_index(high);
        (0..self.low_bits).for_each(|_| sum = sum.double());
        sum + by_index(low)
    }
}

/// `Σ i·(sum of run i)`.
fn by_index<P: SWCurveConfig>(runs: &[&[Affine<P>]]) -> Projective<P> {
    let (mut running, mut sum) = (Projective::zero(), Projective::zero());
    for run in runs.iter().skip(1).rev() {
        run.iter().for_each(|point| running += point);
        sum += running;
    }
    sum
}

/// The width that makes a sum of `count` full multiples cheapest.
fn width(count: usize) -> usize {
    let cost =
        |width: &usize| count * SCALAR_BITS.div_ceil(*width) * ADDITION + (BUCKET << (width - 1));
    WIDTHS.min_by_key(cost).unwrap_or(*WIDTHS.start())
}

/// `width` bits of a number from `first` on.
fn bits(limbs: &[u64; 4], first: usize, width: usize) -> i32 {
    let limb = |index: usize| limbs.get(index).copied().unwrap_or_default();
    let (index, shift) = (first / 64, first % 64);
    let mut bits = limb(index) >> shift;
    if shift + width > 64 {
        bits |= limb(index + 1) << (64 - shift);
    }
    (bits & ((1 << width) - 1)) as i32
}

/// Runs of points, each to be summed, all of them in pairs at a time.
pub(crate) struct Pairs<P: SWCurveConfig> {
    points: Vec<Affine<P>>,
    /// How many points each run has.
    lengths: Vec<usize>,
    /// Of each pair that is added: its denominator, and the product of those after it.
    steps: Vec<(P::BaseField, P::BaseField)>,
}

impl<P: SWCurveConfig> Default for Pairs<P> {
    fn default() -> Self {
        Self { points: Vec::new(), lengths: Vec::new(), steps: Vec::new() }
    }
}

impl<P: SWCurveConfig> Pairs<P> {
    fn clear(&mut self) {
        self.points.clear();
        self.lengths.clear();
    }

    fn push_run(&mut self, points: impl Iterator<Item = Affine<P>>) {
        let before = self.points.len();
        self.points.extend(points);
        self.lengths.push(self.points.len() - before);
    }

    /// The sum of some points.
    pub(crate) fn sum(points: impl Iterator<Item = Affine<P>>) -> Projective<P> {
        let mut pairs = Self::default();
        pairs.push_run(points);
        pairs.sum_runs();
        let mut sum = Projective::zero();
        pairs.points.iter().for_each(|point| sum += point);
        sum
    }

    /// What is left of each run.
    fn runs(&self) -> impl Iterator<Item = &[Affine<P>]> {
        let mut rest = self.points.as_slice();
        self.lengths.iter().map(move |length| {
            let (run, after) = rest.split_at_checked(*length).unwrap_or_default();
            rest = after;
            run
        })
    }

    /// Adds in pairs for as long as there are enough of them.
    fn sum_runs(&mut self) {
        while self.lengths.iter().map(|length| length / 2).sum::<usize>() >= PAIRS {
            self.halve();
        }
    }

    /// Replaces each run by the sums of pairs of its points.
    ///
    /// Denominators are multiplied up from the last pair to the first, so that their inverses come
    /// out from the first to the last, each where it is used.
    fn halve(&mut self) {
        let mut product = P::BaseField::one();
        let mut rest = self.points.as_slice();
        for length in self.lengths.iter().rev() {
            let (before, run) = rest.split_at(rest.len().saturating_sub(*length));
            for [a, b] in run.as_chunks().0.iter().rev() {
                let step = denominator(a, b);
                self.steps.push((step, product));
                if !step.is_zero() {
                    product *= step;
                }
            }
            rest = before;
        }
        let mut inverse = product.inverse().unwrap_or_default();
        let (mut from, mut to) = (0, 0);
        for length in &mut self.lengths {
            for _ in 0..*length / 2 {
                let Some([a, b]) = self.points.get(from..).and_then(<[_]>::first_chunk) else {
                    break;
                };
                let Some((step, product)) = self.steps.pop() else { break };
                let sum = if step.is_zero() {
                    if a.is_zero() {
                        *b
                    } else if b.is_zero() {
                        *a
                    } else {
                        Affine::zero()
                    }
                } else {
                    let inverted = inverse * product;
                    inverse *= step;
                    add(a, b, &inverted)
                };
                if let Some(target) = self.points.get_mut(to) {
                    *target = sum;
                }
                (from, to) = (from + 2, to + 1);
            }
            if *length % 2 == 1 {
                self.points.swap(from, to);
                (from, to) = (from + 1, to + 1);
            }
            *length = length.div_ceil(2);
        }
        self.points.truncate(to);
    }
}

/// What must be inverted to add a pair; 0 if nothing, because the sum is one of the two, or neither.
fn denominator<P: SWCurveConfig>(a: &Affine<P>, b: &Affine<P>) -> P::BaseField {
    let step = b.x - a.x;
    if a.is_zero() || b.is_zero() {
        P::BaseField::zero()
    } else if step.is_zero() && a.y == b.y {
        a.y.double()
    } else {
        step
    }
}

/// The sum of a pair, given the inverse of its [`denominator`].
fn add<P: SWCurveConfig>(a: &Affine<P>, b: &Affine<P>, inverse: &P::BaseField) -> Affine<P> {
    let numerator = if a.x != b.x {
        b.y - a.y
    } else {
        let square = a.x.square();
        square.double() + square + P::COEFF_A
    };
    let slope = numerator * *inverse;
    let x = slope.square() - a.x - b.x;
    Affine::new_unchecked(x, slope * (a.x - x) - a.y)
}

#[cfg(test)]
pub(crate) mod tests {
    use ark_bn254::{g1, g2};
    use ark_ff::UniformRand;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    /// The sum by a multiplication each.
    pub(crate) fn plain<P: SWCurveConfig<ScalarField = Fr>>(
        bases: &[Affine<P>],
        scalars: &[Fr],
    ) -> Projective<P> {
        bases.iter().zip(scalars).map(|(base, k)| base.mul_bigint(k.into_bigint())).sum()
    }

    fn agrees<P: SWCurveConfig<ScalarField = Fr>>(count: usize) {
        let mut rng = ChaCha20Rng::seed_from_u64(count as u64);
        let bases: Vec<Projective<P>> = (0..count).map(|_| Projective::rand(&mut rng)).collect();
        let bases = Projective::normalize_batch(&bases);
        let tables = Windows::new(&bases);
        let half = Fr::from(2).inverse().unwrap();
        let edges = [0_u64, 1, 8, 9, u64::MAX].map(Fr::from);
        let edges: Vec<Fr> = edges.into_iter().chain([half]).flat_map(|k| [k, -k]).collect();
        let mut cases = vec![edges.iter().cycle().take(count).copied().collect::<Vec<Fr>>()];
        cases.push((0..count).map(|_| Fr::rand(&mut rng)).collect());
        // Everything in the same buckets.
        cases.push(vec![-Fr::from(2); count]);
        for scalars in cases {
            assert_eq!(tables.multiply(&scalars), plain(&bases, &scalars));
            let few = &scalars[..count / 2];
            assert_eq!(tables.multiply(few), plain(&bases, few));
        }
        assert!(tables.multiply(&[]).is_zero());
    }

    /// One base, several, and so many that buckets are filled in more than one batch.
    #[test]
    fn buckets_agree_with_plain_multiplication() {
        for count in [1, 2, 30, 600] {
            agrees::<g1::Config>(count);
        }
        const { assert!(600 * 24 > BATCH) };
        agrees::<g2::Config>(1);
        agrees::<g2::Config>(40);
    }

    /// Each width that is ever chosen, and no more memory a base for more bases.
    #[test]
    fn width_grows_with_the_number_of_bases() {
        let widths: Vec<usize> = (0..20).map(|exponent| width(1 << exponent)).collect();
        assert!(widths.is_sorted());
        assert_eq!((widths[4], widths[7], widths[10], widths[14]), (7, 9, 11, 15));
        assert_eq!(widths.last(), Some(WIDTHS.end()));
        for width in WIDTHS {
            let base = Affine::<g1::Config>::generator();
            let mut tables = Windows { width, points: vec![] };
            let mut multiple = base.into_group();
            for _ in 0..tables.windows() {
                tables.points.push(multiple.into_affine());
                (0..width).for_each(|_| multiple = multiple.double());
            }
            for k in [Fr::from(1), -Fr::from(1), Fr::from(2).inverse().unwrap()] {
                assert_eq!(tables.multiply(&[k]), base.mul_bigint(k.into_bigint()));
            }
        }
    }

    /// Pairs that affine addition must treat apart: equal, opposite, and the identity.
    #[test]
    fn pairs_add_equal_and_opposite_points() {
        let point = Affine::<g1::Config>::generator();
        let five = [point, point, -point, Affine::zero(), point];
        for times in [1, 30, 200] {
            let points = five.repeat(times);
            let plain = point.mul_bigint([2 * times as u64]);
            assert_eq!(Pairs::sum(points.into_iter()), plain);
            let cancel = [point, -point].repeat(5 * times);
            assert!(Pairs::sum(cancel.into_iter()).is_zero());
        }
    }
}
