//! The quotient `h = (A·B − C)/Z` of a satisfied system: five transforms, or six.
//!
//! Over the domain of `n`-th roots of unity, `Z = X^n − 1`. Write `p` for the coefficients of the
//! product `A·B`, of which there are `2n − 1`. Modulo `X^n − 1` they fold to those of `C`, and
//! modulo `X^n + 1` to those of a polynomial `E`; the quotient is the upper half:
//!
//! ```text
//! C_i = p_i + p_(i+n)        E_i = p_i − p_(i+n)        h_i = p_(i+n) = (C_i − E_i)/2
//! ```
//!
//! `E` is what interpolates the products of `A` and `B` on the odd powers of a `2n`-th root of
//! unity, a coset of the domain. So there is one inverse and one coset transform for each of `A`
//! and `B`, and one inverse coset transform of the products. `C` takes an inverse transform only
//! in systems of which a row has a `C`; and its values are the products `a·b`, since rows hold.
//! Nothing is divided by `Z`, which on that coset is the constant −2.
//!
//! Transforms are of radix 2, decimated in frequency on the way to coefficients and in time on the
//! way back, so that no values are permuted. Roots and the powers that shift to the coset are
//! prepared, the latter together with `1/n`.

use ark_bn254::Fr;
use ark_ff::{FftField, Field, One, Zero};
use zeroize::Zeroizing;

/// Field elements that are erased when dropped.
pub(crate) type Secret = Zeroizing<Vec<Fr>>;

/// Prepared roots of unity for one size of domain.
pub(crate) struct Quotient {
    /// `w^i`, `i < n/2`, for a primitive `n`-th root of unity `w`.
    roots: Vec<Fr>,
    /// `w^(−i)`.
    inverse_roots: Vec<Fr>,
    /// `u^i/n`, `u^2 = w`, in bit-reversed order of `i`.
    to_coset: Vec<Fr>,
    /// `−u^(−i)/(2n)`, likewise.
    from_coset: Vec<Fr>,
    /// `1/(2n)`; nothing where no row has a `C`.
    of_c: Option<Fr>,
}

impl Quotient {
    /// For a domain of `size`, a power of two; `has_c`: whether a row has a `C`. `None` if the
    /// field has no such domain.
    pub(crate) fn new(size: usize, has_c: bool) -> Option<Self> {
        let shift = Fr::get_root_of_unity(2 * size as u64)?;
        let root = shift.square();
        let (inverse_shift, inverse_root) = (shift.inverse()?, root.inverse()?);
        let fraction = Fr::from(size as u64).inverse()?;
        let half_fraction = fraction * Fr::from(2_u64).inverse()?;
        let reversed = |first, ratio| {
            let mut powers = powers(first, ratio, size);
            reverse(&mut powers);
            powers
        };
        Some(Self {
            roots: powers(Fr::one(), root, size / 2),
            inverse_roots: powers(Fr::one(), inverse_root, size / 2),
            to_coset: reversed(fraction, shift),
            from_coset: reversed(-half_fraction, inverse_shift),
            of_c: has_c.then_some(half_fraction),
        })
    }

    /// The tables' octets in memory.
    pub(crate) fn size(&self) -> usize {
        [&self.roots, &self.inverse_roots, &self.to_coset, &self.from_coset]
            .map(|table| size_of_val(table.as_slice()))
            .iter()
            .sum()
    }

    /// The coefficients of the quotient in bit-reversed order, from the values of `A` and `B` on
    /// the domain. The last coefficient, at the end in that order too, is 0.
    pub(crate) fn divide(&self, mut a: Secret, mut b: Secret) -> Secret {
        let size = self.to_coset.len();
        a.resize(size, Fr::zero());
        b.resize(size, Fr::zero());
        let c = self.of_c.map(|factor| {
            let mut c =
                Secret::new(a.iter().zip(b.iter()).map(|(a, b)| factor * (*a * b)).collect());
            to_coefficients(&mut c, &self.inverse_roots);
            c
        });
        for values in [&mut a, &mut b] {
            to_coefficients(values, &self.inverse_roots);
            values.iter_mut().zip(&self.to_coset).for_each(|(value, power)| *value *= power);
            to_values(values, &self.roots);
        }
        a.iter_mut().zip(b.iter()).for_each(|(a, b)| *a *= b);
        to_coefficients(&mut a, &self.inverse_roots);
        a.iter_mut().zip(&self.from_coset).for_each(|(value, power)| *value *= power);
        if let Some(c) = c {
            a.iter_mut().zip(c.iter()).for_each(|(value, c)| *value += c);
        }
        a
    }
}

/// `first·ratio^i` for `i < count`.
fn powers(first: Fr, ratio: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(first), |power| Some(*power * ratio)).take(count).collect()
}

/// Puts a list, as long as a power of two, in bit-reversed order.
pub(crate) fn reverse<T>(list: &mut [T]) {
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
    use ark_poly::{DenseUVPolynomial, EvaluationDomain, Evaluations, Radix2EvaluationDomain};
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
        let mut h = h.coeffs().to_vec();
        h.resize(size, Fr::zero());
        h
    }

    #[test]
    fn quotient_is_that_of_the_polynomials() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for size in [2, 4, 8, 64, 256] {
            for rows in [1, size - 1, size] {
                let [a, b] =
                    [(); 2].map(|()| (0..rows).map(|_| Fr::rand(&mut rng)).collect::<Vec<Fr>>());
                let with_c = Quotient::new(size, true).unwrap();
                let mut h = with_c.divide(a.clone().into(), b.clone().into());
                assert!(h.last().unwrap().is_zero());
                reverse(&mut h);
                assert_eq!(*h, plain(&a, &b, size));
                // Without: one of each pair is 0.
                let a: Vec<Fr> = (0..).zip(a).map(|(i, a)| a * Fr::from(i % 2)).collect();
                let b: Vec<Fr> = (0..).zip(b).map(|(i, b)| b * Fr::from(1 - i % 2)).collect();
                let without_c = Quotient::new(size, false).unwrap();
                let mut h = without_c.divide(a.clone().into(), b.clone().into());
                reverse(&mut h);
                assert_eq!(*h, plain(&a, &b, size));
            }
        }
        assert!(Quotient::new(1 << 28, false).is_none());
    }
}
