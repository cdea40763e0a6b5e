//! The quotient `h = (A·B − C)/Z` of a satisfied system, by its values where the rows are.
//!
//! Over the domain of `n`-th roots of unity `w^i`, `Z = X^n − 1` has simple roots. So the value of
//! `h` there is a quotient of derivatives; and with `D = X·d/dX`, which takes `n·Z + n` out of `Z`
//! and multiplies the coefficient of `X^k` by `k`,
//!
//! ```text
//! h(w^i) = D(A·B − C)(w^i) / n = (D_A·b_i + a_i·D_B − D_C)(w^i) / n
//! ```
//!
//! That takes two transforms for each of `A` and `B`, and no coset; and two for `C`, only in systems
//! of which a row has a `C`, whose values are the products `a_i·b_i`, since rows hold. `ark-groth16`
//! takes seven.
//!
//! The key has `H_j = τ^j·Z(τ)/δ`. A sum over the values wants the points of the Lagrange
//! polynomials instead, `P_i = 1/n·Σ_j w^(−ij)·H_j`: a transform of points, once for a key. What it
//! buys: **rows that aren't there cost nothing.** Where both `A` and `B` are 0, and there is no
//! `C`, so is `h`. Of 128 rows of the domain 69 are used by a 64-bit comparison. (`h` has degree
//! `n − 2`: of `H_(n−1)`, which no key has, every sum that is asked for takes 0.)
//!
//! Transforms are of radix 2, decimated in frequency on the way to coefficients and in time on the
//! way back, so that no values are permuted; roots are prepared.

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{FftField, Field, One, Zero};
use zeroize::Zeroizing;

use crate::joint;

/// Field elements that are erased when dropped.
pub(crate) type Secret = Zeroizing<Vec<Fr>>;

/// Prepared roots of unity for one size of domain.
pub(crate) struct Quotient {
    /// `w^i`, `i < n/2`, for a primitive `n`-th root of unity `w`.
    roots: Vec<Fr>,
    /// `w^(−i)`.
    inverse_roots: Vec<Fr>,
    /// `k/n^3`, in bit-reversed order of `k`: the derivative, and three times what was left out.
    derive: Vec<Fr>,
    /// On how many rows the quotient may be other than 0.
    rows: usize,
    /// Whether a row has a `C`.
    has_c: bool,
}

impl Quotient {
    /// For a domain of `size`, a power of two, of which the first `rows` are used; `has_c`: whether
    /// one has a `C`. `None` if the field has no such domain.
    pub(crate) fn new(size: usize, rows: usize, has_c: bool) -> Option<Self> {
        let root = Fr::get_root_of_unity(size as u64)?;
        let inverse_root = root.inverse()?;
        let fraction = Fr::from(size as u64).inverse()?;
        let cube = fraction.square() * fraction;
        let mut derive: Vec<Fr> = (0..size as u64).map(|k| cube * Fr::from(k)).collect();
        reverse(&mut derive);
        let (roots, inverse_roots) =
            (powers(Fr::one(), root, size / 2), powers(Fr::one(), inverse_root, size / 2));
        let rows = if has_c { size } else { rows.min(size) };
        Some(Self { roots, inverse_roots, derive, rows, has_c })
    }

    /// The tables' octets in memory.
    pub(crate) fn size(&self) -> usize {
        [&self.roots, &self.inverse_roots, &self.derive]
            .map(|table| size_of_val(table.as_slice()))
            .iter()
            .sum()
    }

    /// The values of the quotient, each divided by `n`, from those of `A` and `B`.
    pub(crate) fn divide(&self, a: &[Fr], b: &[Fr]) -> Secret {
        let [of_a, of_b] = [a, b].map(|values| self.derivative(values.iter().copied()));
        let of_c = self.has_c.then(|| self.derivative(a.iter().zip(b).map(|(a, b)| *a * b)));
        let at = |values: &[Fr], row: usize| values.get(row).copied().unwrap_or_default();
        let row = |row| {
            let sum = times(at(&of_a, row), at(b, row)) + times(at(&of_b, row), at(a, row));
            sum - of_c.as_ref().map_or(Fr::zero(), |of_c| at(of_c, row))
        };
        Secret::new((0..self.rows).map(row).collect())
    }

    /// `D` of the polynomial with these values, and zeros after them; divided by `n^2`.
    fn derivative(&self, values: impl Iterator<Item = Fr>) -> Secret {
        let size = self.derive.len();
        let mut polynomial = Secret::new(Vec::with_capacity(size));
        polynomial.extend(values.take(size));
        polynomial.resize(size, Fr::zero());
        to_coefficients(&mut polynomial, &self.inverse_roots);
        polynomial.iter_mut().zip(&self.derive).for_each(|(value, factor)| *value *= factor);
        to_values(&mut polynomial, &self.roots);
        polynomial
    }

    /// `n·P_i` for the rows, from the points `H_j`.
    pub(crate) fn points(&self, h: &[G1Affine]) -> Vec<G1Affine> {
        let size = self.derive.len();
        let mut points: Vec<G1Projective> = h.iter().map(|point| point.into_group()).collect();
        points.resize(size, G1Projective::zero());
        reverse(&mut points);
        let (mut length, mut step) = (2, size / 2);
        while length <= size {
            for block in points.chunks_exact_mut(length) {
                let (low, high) = block.split_at_mut(length / 2);
                let roots = self.inverse_roots.iter().step_by(step);
                for ((low, high), root) in low.iter_mut().zip(high).zip(roots) {
                    let product =
                        if root.is_one() { *high } else { joint::multiply(&[(*high, *root)]) };
                    *high = *low - product;
                    *low += product;
                }
            }
            (length, step) = (length * 2, step / 2);
        }
        points.truncate(self.rows);
        G1Projective::normalize_batch(&points)
    }
}

/// The product, where the second factor is often 0 or 1.
fn times(a: Fr, b: Fr) -> Fr {
    if b.is_zero() {
        Fr::zero()
    } else if b.is_one() {
        a
    } else {
        a * b
    }
}

/// `first·ratio^i` for `i < count`.
fn powers(first: Fr, ratio: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(first), |power| Some(*power * ratio)).take(count).collect()
}

/// Puts a list, as long as a power of two, in bit-reversed order.
fn reverse<T>(list: &mut [T]) {
    let bits = list.len().trailing_zeros();
    for index in 0..list.len() {
        let other = if bits == 0 { 0 } else { index.reverse_bits() >> (usize::BITS - bits) };
        if index < other {
            list.swap(index, other);
        }
    }
}

/// Values in order to `n` times the coefficients in bit-reversed order.
fn to_coefficients(values: &mut [Fr], inverse_roots: &[Fr]) {
    let (mut length, mut step) = (values.len(), 1);
    while length > 1 {
        for block in values.chunks_exact_mut(length) {
            let (low, high) = block.split_at_mut(length / 2);
            let roots = inverse_roots.iter().step_by(step);
            for ((low, high), root) in low.iter_mut().zip(high).zip(roots) {
                let difference = *low - *high;
                *low += *high;
                *high = difference * root;
            }
        }
        (length, step) = (length / 2, step * 2);
    }
}

/// Coefficients in bit-reversed order to values in order.
fn to_values(coefficients: &mut [Fr], roots: &[Fr]) {
    let (mut length, mut step) = (2, coefficients.len() / 2);
    while length <= coefficients.len() {
        for block in coefficients.chunks_exact_mut(length) {
            let (low, high) = block.split_at_mut(length / 2);
            for ((low, high), root) in low.iter_mut().zip(high).zip(roots.iter().step_by(step)) {
                let product = *high * root;
                *high = *low - product;
                *low += product;
            }
        }
        (length, step) = (length * 2, step / 2);
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;
    use ark_poly::univariate::DensePolynomial;
    use ark_poly::{
        DenseUVPolynomial, EvaluationDomain, Evaluations, Polynomial, Radix2EvaluationDomain,
    };
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    /// Against division of polynomials, as the definition has it.
    fn plain(a: &[Fr], b: &[Fr], size: usize) -> Vec<Fr> {
        let domain = Radix2EvaluationDomain::new(size).unwrap();
        let interpolate =
            |values: Vec<Fr>| Evaluations::from_vec_and_domain(values, domain).interpolate();
        let padded = |values: &[Fr]| [values, &vec![Fr::zero(); size - values.len()]].concat();
        let products = padded(a).iter().zip(padded(b)).map(|(a, b)| *a * b).collect();
        let c: DensePolynomial<Fr> = interpolate(products);
        let difference = &interpolate(padded(a)).naive_mul(&interpolate(padded(b))) - &c;
        let (h, remainder) = difference.divide_by_vanishing_poly(domain);
        assert!(remainder.is_zero());
        let n = Fr::from(size as u64);
        domain.elements().map(|point| h.evaluate(&point) / n).collect()
    }

    #[test]
    fn quotient_is_that_of_the_polynomials() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for size in [2, 4, 8, 64, 256] {
            for rows in [1, size - 1, size] {
                let [a, b] =
                    [(); 2].map(|()| (0..rows).map(|_| Fr::rand(&mut rng)).collect::<Vec<Fr>>());
                let h = Quotient::new(size, rows, true).unwrap().divide(&a, &b);
                assert_eq!(*h, plain(&a, &b, size));
                // Without a C: one of each pair is 0.
                let a: Vec<Fr> = (0..).zip(a).map(|(i, a)| a * Fr::from(i % 2)).collect();
                let b: Vec<Fr> = (0..).zip(b).map(|(i, b)| b * Fr::from(1 - i % 2)).collect();
                let mut h = Quotient::new(size, rows, false).unwrap().divide(&a, &b);
                assert_eq!(h.len(), rows);
                h.resize(size, Fr::zero());
                assert_eq!(*h, plain(&a, &b, size));
            }
        }
        assert!(Quotient::new(1 << 29, 1, false).is_none());
    }

    /// With `H_j = τ^j·G`, the points are those of the Lagrange polynomials.
    #[test]
    fn points_are_those_of_the_values() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        for size in [4, 32] {
            let generator = G1Affine::generator();
            let h: Vec<Fr> = (1..size).map(|_| Fr::rand(&mut rng)).collect();
            let tau = Fr::rand(&mut rng);
            let powers = powers(Fr::one(), tau, size - 1);
            let powers: Vec<G1Affine> =
                powers.iter().map(|power| (generator * power).into_affine()).collect();
            let quotient = Quotient::new(size, size, false).unwrap();
            let points = quotient.points(&powers);
            let polynomial = DensePolynomial::from_coefficients_vec(h);
            let domain = Radix2EvaluationDomain::<Fr>::new(size).unwrap();
            let values = domain.elements().map(|point| polynomial.evaluate(&point));
            let sum: G1Projective = values.zip(&points).map(|(value, point)| *point * value).sum();
            let n = Fr::from(size as u64);
            assert_eq!(sum, generator * (polynomial.evaluate(&tau) * n));
        }
    }
}
