//! Several sums over the same few points, computed together.
//!
//! A proof needs seven multiples of only two points, and a verifier four of three. What their
//! multiplications have in common is done once:
//!
//! * **Half-length scalars.** With λ = z² − 1, z the curve's parameter, q = z⁴ − z² + 1 gives λ² + λ + 1
//!   = 0 mod q, and φ(x, y) = (β·x, y) multiplies by λ. Division with remainder splits any scalar into
//!   s = s₀ + s₁·λ with both below 2^128.
//! * **Doublings once a point** (Yao). Halves are written in signed digits of w = 5 bits. The powers
//!   2^(w·j)·P cost 125 doublings for all multiples of P; a multiple is Σ_d d·(Σ of the powers whose
//!   digit is d), so that powers are sorted into buckets 1..=16, negated where the digit is
//!   negative, φ applied where the half is s₁.
//! * **Affine additions with shared inversions**, over the buckets of all sums at once
//!   ([`Groups`](super::affine)), and with them the table entries of fixed bases.
//! * **Bits instead of running sums.** Σ d·B_d = Σ_t 2^t·Σ_{d has bit t} B_d: the inner sums are
//!   independent of each other, as affine additions want them; four doublings a sum remain.
//!
//! Not constant time, neither in the scalars nor in the points.

use super::affine::{self, Affine, Groups};
use super::table::{self, FixedBase};
use super::{G1Affine, G1Projective, Scalar, ffi};
use crypto_bigint::{NonZero, U256};
use group::Group;
use group::prime::PrimeCurveAffine;

/// Bits of a digit.
const WIDTH: u32 = 5;
/// Digits of a half, which is below 2^128; the last has room for the carry.
const WINDOWS: usize = 128 / WIDTH as usize + 1;
/// Digits from 1 to this, and their negatives.
const BUCKETS: usize = 1 << (WIDTH - 1);
/// z² − 1.
const LAMBDA: NonZero<U256> =
    NonZero::<U256>::new_unwrap(U256::from_u128(0xac45_a401_0001_a402_0000_0000_ffff_ffff));

/// A term's base: what [`Sums::point`] gave, or one with a table.
#[derive(Clone, Copy)]
pub(crate) enum Base<'a> {
    /// A point of these sums, by its place.
    Point(usize),
    /// A fixed base.
    Fixed(&'a FixedBase),
}

/// `N` sums of multiples.
pub(crate) struct Sums<const N: usize> {
    points: Vec<G1Affine>,
    sums: [Sum; N],
}

#[derive(Default)]
struct Sum {
    /// Added as they are.
    entries: Vec<Affine>,
    /// A point by its place, and the halves of its scalar.
    multiples: Vec<(usize, [u128; 2])>,
}

impl<const N: usize> Sums<N> {
    /// Empty sums.
    pub(crate) fn new() -> Self {
        Sums { points: Vec::new(), sums: std::array::from_fn(|_| Sum::default()) }
    }

    /// Makes room for so many fixed bases in a sum.
    pub(crate) fn reserve(&mut self, sum: usize, bases: usize) {
        self.sums[sum].entries.reserve_exact(bases * table::WINDOWS);
    }

    /// Makes a changing point known, to be used as a base in any of the sums.
    pub(crate) fn point(&mut self, point: &G1Affine) -> Base<'static> {
        self.points.push(*point);
        Base::Point(self.points.len() - 1)
    }

    /// Adds `scalar`·`base` to a sum.
    pub(crate) fn add(&mut self, sum: usize, base: Base<'_>, scalar: &Scalar) {
        let sum = &mut self.sums[sum];
        match base {
            Base::Point(place) => sum.multiples.push((place, halves(scalar))),
            Base::Fixed(base) => base.multiple(scalar, &mut sum.entries),
        }
    }

    /// The sums.
    pub(crate) fn finish(mut self) -> [G1Affine; N] {
        let mut powers = self.powers();
        let multiplied: [bool; N] = std::array::from_fn(|at| !self.sums[at].multiples.is_empty());
        let count = multiplied.iter().filter(|multiplied| **multiplied).count();
        let mut buckets = Groups::default();
        for sum in self.sums.iter().filter(|sum| !sum.multiples.is_empty()) {
            sort(&sum.multiples, &powers).into_iter().for_each(|bucket| buckets.push(bucket));
        }
        powers.fill([Affine::default(); 2]);
        std::hint::black_box(&powers);
        for sum in &mut self.sums {
            buckets.push(std::mem::take(&mut sum.entries));
        }
        buckets.collapse(count * BUCKETS);

        let mut bits = Groups::default();
        for buckets in buckets.groups()[..count * BUCKETS].chunks_exact(BUCKETS) {
            for bit in 0..WIDTH {
                let chosen = (1u32..).zip(buckets).filter(|(digit, _)| digit >> bit & 1 == 1);
                bits.push(chosen.flat_map(|(_, bucket)| bucket).copied().collect());
            }
        }
        (0..N).for_each(|sum| bits.push(buckets.take(count * BUCKETS + sum)));
        bits.collapse(count * WIDTH as usize);

        let (bits, entries) = bits.groups().split_at(count * WIDTH as usize);
        let mut bits = bits.chunks_exact(WIDTH as usize);
        let mut totals = [G1Projective::identity(); N];
        for ((total, multiplied), entries) in totals.iter_mut().zip(multiplied).zip(entries) {
            for bit in multiplied.then(|| bits.next()).flatten().into_iter().flatten().rev() {
                *total = total.double();
                affine::add_each(total, bit);
            }
            affine::add_each(total, entries);
        }
        affine::normalize(&totals)
    }

    /// 2^(w·j)·P of each point P, and φ of each: one row a point.
    fn powers(&self) -> Vec<[Affine; 2]> {
        let mut powers = Vec::with_capacity(self.points.len() * WINDOWS);
        for point in &self.points {
            let mut power = G1Projective::from(point);
            powers.push(power);
            for _ in 1..WINDOWS {
                (0..WIDTH).for_each(|_| power = power.double());
                powers.push(power);
            }
        }
        let mut plain = affine::normalize_all(&powers);
        let mut rows: Vec<[Affine; 2]> = plain.iter().map(|power| [*power; 2]).collect();
        powers.fill(G1Projective::identity());
        plain.fill(Affine::default());
        std::hint::black_box((&powers, &plain));
        rows.iter_mut().for_each(|[_, image]| ffi::mul_assign(&mut image.x, &ffi::BETA));
        rows
    }
}

impl<const N: usize> Drop for Sums<N> {
    fn drop(&mut self) {
        // A holder's points are as secret as the messages that they commit to.
        self.points.fill(G1Affine::identity());
        std::hint::black_box(&self.points);
        for sum in &mut self.sums {
            // Which entries are here tells their scalars.
            sum.entries.fill(Affine::default());
            sum.multiples.fill((0, [0; 2]));
            std::hint::black_box(sum);
        }
    }
}

/// The powers of all multiples by their digits, 1..=16.
fn sort(multiples: &[(usize, [u128; 2])], powers: &[[Affine; 2]]) -> [Vec<Affine>; BUCKETS] {
    let mut buckets: [Vec<Affine>; BUCKETS] = std::array::from_fn(|_| Vec::new());
    for (place, halves) in multiples {
        let row = &powers[place * WINDOWS..][..WINDOWS];
        for (which, half) in halves.iter().enumerate() {
            let (mut half, mut carry) = (*half, 0);
            for power in row {
                let digit = (half & ((1 << WIDTH) - 1)) as usize + carry;
                half >>= WIDTH;
                carry = usize::from(digit > BUCKETS);
                let size = if carry == 1 { 2 * BUCKETS - digit } else { digit };
                if size != 0 {
                    let bucket = &mut buckets[size - 1];
                    affine::push(bucket, &power[which], carry == 1);
                }
            }
        }
    }
    buckets
}

/// s₀ and s₁ below 2^128 with s = s₀ + s₁·λ.
fn halves(scalar: &Scalar) -> [u128; 2] {
    let (quotient, remainder) = U256::from_le_slice(&scalar.to_bytes_le()).div_rem_vartime(&LAMBDA);
    // Both fit: λ < 2^128, and q/λ < z² + 1 < 2^128.
    let low = |n: &U256| {
        let octets = n.to_le_bytes();
        octets.first_chunk::<16>().map_or(0, |octets| u128::from_le_bytes(*octets))
    };
    [low(&remainder), low(&quotient)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use ff::Field;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    fn wide(n: u128) -> Scalar {
        let high = Scalar::from((n >> 64) as u64) * Scalar::from(1 << 32).square();
        high + Scalar::from(n as u64)
    }

    fn lambda() -> Scalar {
        let z = Scalar::from(0xd201_0000_0001_0000);
        z.square() - Scalar::ONE
    }

    /// Where carries, splits and lengths change.
    fn edges() -> Vec<Scalar> {
        let mut edges = vec![Scalar::ZERO, lambda(), lambda().double(), lambda().square()];
        edges.extend([15, 16, 17, 31, 32, 33].map(Scalar::from));
        edges.extend([1 << 124, 1 << 125, 1 << 127, u128::MAX, u128::MAX / 31 * 16].map(wide));
        // 1/2, and the largest quotient: z²·λ = q − 1.
        edges.extend([Scalar::from(2).invert().unwrap(), wide(u128::MAX) + Scalar::ONE]);
        let around: Vec<Scalar> =
            edges.iter().flat_map(|s| [*s + Scalar::ONE, *s - Scalar::ONE]).collect();
        edges.extend(around);
        let negatives: Vec<Scalar> = edges.iter().map(|s| -s).collect();
        edges.extend(negatives);
        edges
    }

    #[test]
    fn a_scalar_is_its_halves() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let random = std::iter::repeat_with(|| Scalar::random(&mut rng)).take(200);
        for scalar in edges().into_iter().chain(random.collect::<Vec<_>>()) {
            let [low, high] = halves(&scalar);
            assert_eq!(wide(low) + wide(high) * lambda(), scalar);
        }
        assert_eq!(halves(&-Scalar::ONE)[1], 0xd201_0000_0001_0000u128.pow(2), "the largest");
    }

    #[test]
    fn the_endomorphism_multiplies_by_lambda() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let point = G1Affine::from(G1Projective::random(&mut rng));
        let mut sums = Sums::<1>::new();
        sums.point(&point);
        let [power, image] = sums.powers()[0];
        assert_eq!(affine::from_raw(&power), point);
        assert_eq!(affine::from_raw(&image), G1Affine::from(point * lambda()));
    }

    #[test]
    fn edge_scalars_agree_with_plain_multiplication() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let point = G1Affine::from(G1Projective::random(&mut rng));
        for scalar in edges() {
            let mut sums = Sums::<1>::new();
            let base = sums.point(&point);
            sums.add(0, base, &scalar);
            assert_eq!(sums.finish(), [G1Affine::from(point * scalar)], "{scalar}");
        }
    }

    #[test]
    fn many_sums_agree_with_plain_multiplication() {
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        let random = G1Affine::from(G1Projective::random(&mut rng));
        let fixed = FixedBase::new(G1Projective::random(&mut rng).into());
        // Equal, opposite, λ-fold and identity points fill the same buckets.
        let points = [
            random,
            random,
            -random,
            G1Affine::from(random * lambda()),
            G1Affine::from(G1Projective::identity()),
            *fixed.point(),
        ];
        let edges = edges();
        for round in 0..8 {
            let mut sums = Sums::<4>::new();
            let mut expected = [G1Projective::identity(); 4];
            let bases: Vec<_> = points.iter().map(|point| sums.point(point)).collect();
            // Sum 0 stays empty, sum 1 is of tables only.
            sums.add(1, Base::Fixed(&fixed), &edges[round]);
            expected[1] += fixed.point() * edges[round];
            for (at, (base, point)) in bases.iter().zip(&points).enumerate() {
                let equal = edges[(round * 7 + 3) % edges.len()];
                let other = if at % 2 == 0 { equal } else { edges[(round + at * 5) % edges.len()] };
                for (sum, scalar) in [(2, equal), (3, other), (3, Scalar::random(&mut rng))] {
                    sums.add(sum, *base, &scalar);
                    expected[sum] += point * scalar;
                }
            }
            sums.add(3, Base::Fixed(&fixed), &-Scalar::ONE);
            expected[3] -= fixed.point();
            assert_eq!(sums.finish(), expected.map(G1Affine::from), "round {round}");
        }
    }
}
