//! Whether a point of the twist is in the subgroup of order `r`.
//!
//! With `ψ` the Frobenius endomorphism brought to the twist and `x` the parameter of the curve, a
//! point `Q` of the twist over `F_p²` is in the subgroup exactly if
//!
//! ```text
//! [6x + 2]·Q + ψ(Q) − ψ²(Q) + ψ³(Q) = O
//! ```
//!
//! the relation on which the optimal ate pairing rests. On the subgroup `ψ` multiplies by `p`, and
//! `6x + 2 + p − p² + p³` is a multiple of `r`: so it is necessary. It is sufficient too
//! (the method of eprint 2022/348 and 2022/352): on the whole twist `ψ² − t·ψ + p = 0` with
//! `t = 6x² + 1`, so the left side is `g(ψ)·Q` for some `g = a + b·ψ`, and multiplying by the
//! conjugate gives `[N]·Q = O` for the norm `N = a² + a·b·t + b²·p`, the resultant of the two
//! polynomials. The group has order `h·r`, `h = p − 1 + t`. For this curve
//! `gcd(N, h·r) = r`, which a test computes, so `[r]·Q = O`.
//!
//! `6x + 2` has 65 bits, of which 22 are non-zero digits in signed form: 64 doublings and 24 mixed
//! additions. arkworks' check multiplies by `6x²`, of 127 bits; this one takes two fifths of the time
//! (53 µs against 135 µs).
//!
//! **Exceptions.** The formulas add no two points with equal abscissae. For `Q` of order `r` this
//! never occurs: the running point is an even multiple `[k]·Q`, `2 ≤ k < 2^66`, or one of the last
//! sums, which are not `±` their addends modulo `r`. Nor does it for other points: `k ± 1`, and the
//! norms of what the last two would take, have no factor in common with `h·r`, which a test
//! computes. Should it occur all the same, the point is refused on the spot. The running point is
//! never the identity: sums with equal abscissae aside, it would have to be doubled from a point of
//! order 2, and `h·r` is odd.

use ark_bn254::{Config, Fq2, G2Affine};
use ark_ec::AffineRepr;
use ark_ec::bn::BnConfig;
use ark_ff::{AdditiveGroup, Field, Zero};

use super::loops::frobenius;
use super::product::{square, times};

/// `(X/Z², Y/Z³)`.
struct Jacobian {
    x: Fq2,
    y: Fq2,
    z: Fq2,
}

impl Jacobian {
    fn double(&mut self) {
        let (xx, yy) = (square(&self.x), square(&self.y));
        let fourth = square(&yy);
        let product = (square(&(self.x + yy)) - xx - fourth).double();
        let slope = xx.double() + xx;
        self.z = times(&self.y, &self.z).double();
        self.x = square(&slope) - product.double();
        self.y = times(&slope, &(product - self.x)) - fourth.double().double().double();
    }

    /// Adds a point with another abscissa; `None` if it has the same.
    fn add(&mut self, point: &G2Affine) -> Option<()> {
        let zz = square(&self.z);
        let run = times(&point.x, &zz) - self.x;
        if run.is_zero() {
            return None;
        }
        let rise = times(&point.y, &times(&zz, &self.z)) - self.y;
        let squared = square(&run);
        let cubed = times(&squared, &run);
        let product = times(&self.x, &squared);
        self.x = square(&rise) - cubed - product.double();
        self.y = times(&rise, &(product - self.x)) - times(&self.y, &cubed);
        self.z = times(&self.z, &run);
        Some(())
    }

    fn is(&self, point: &G2Affine) -> bool {
        let zz = square(&self.z);
        !self.z.is_zero()
            && times(&point.x, &zz) == self.x
            && times(&point.y, &times(&zz, &self.z)) == self.y
    }
}

/// Whether a point that is on the twist is in the subgroup, and not the identity.
pub(crate) fn in_subgroup(point: &G2Affine) -> bool {
    !point.is_zero() && relation(point).unwrap_or(false)
}

fn relation(point: &G2Affine) -> Option<bool> {
    let opposite = -*point;
    let mut sum = Jacobian { x: point.x, y: point.y, z: Fq2::ONE };
    for digit in Config::ATE_LOOP_COUNT.iter().rev().skip(1) {
        sum.double();
        match digit {
            1 => sum.add(point)?,
            -1 => sum.add(&opposite)?,
            _ => {}
        }
    }
    let first = frobenius(point);
    let second = frobenius(&first);
    let third = frobenius(&second);
    sum.add(&first)?;
    sum.add(&-second)?;
    Some(sum.is(&-third))
}

#[cfg(test)]
mod tests {
    use ark_bn254::{Fr, G2Projective, g2};
    use ark_ec::{CurveConfig, CurveGroup};
    use ark_ff::{BigInteger, PrimeField, UniformRand};
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    /// Integers for the proof above: sign and magnitude in limbs of 32 bits would be a library of
    /// their own, so that residues modulo the odd number `h·r` are taken instead, which is all
    /// that a greatest common divisor with it needs.
    type Natural = ark_ff::BigInt<8>;

    const X: u64 = 4_965_661_367_192_848_881;

    fn natural(value: u64) -> Natural {
        Natural::from(value)
    }

    fn sum(a: &Natural, b: &Natural) -> Natural {
        let mut sum = *a;
        assert!(!sum.add_with_carry(b));
        sum
    }

    fn difference(a: &Natural, b: &Natural) -> Natural {
        let mut difference = *a;
        assert!(!difference.sub_with_borrow(b));
        difference
    }

    fn product(a: &Natural, b: &Natural) -> Natural {
        let (low, high) = a.mul(b);
        assert!(high.is_zero());
        low
    }

    /// `c_0 + c_1·x + …`.
    fn at_x(coefficients: &[u64]) -> Natural {
        coefficients.iter().rev().fold(natural(0), |value, coefficient| {
            sum(&product(&value, &natural(X)), &natural(*coefficient))
        })
    }

    fn modulo(mut a: Natural, m: &Natural) -> Natural {
        let mut shift = 0;
        while (*m << shift) <= a && shift < 511 && (*m << (shift + 1)) > (*m << shift) {
            shift += 1;
        }
        loop {
            let shifted = *m << shift;
            if shifted <= a {
                a = difference(&a, &shifted);
            }
            if shift == 0 {
                return a;
            }
            shift -= 1;
        }
    }

    fn divisor(mut a: Natural, mut b: Natural) -> Natural {
        while !b.is_zero() {
            (a, b) = (b, modulo(a, &b));
        }
        a
    }

    /// `a·b mod m` by doubling, for `m` of 511 bits or fewer.
    fn product_modulo(a: &Natural, b: &Natural, m: &Natural) -> Natural {
        let mut total = natural(0);
        for bit in b.to_bits_be() {
            total = modulo(sum(&total, &total), m);
            if bit {
                total = modulo(sum(&total, a), m);
            }
        }
        total
    }

    /// The claim on which the check rests: `gcd(N, h·r) = r`.
    #[test]
    fn relation_is_sufficient() {
        let p = at_x(&[1, 6, 24, 36, 36]);
        let r = at_x(&[1, 6, 18, 36, 36]);
        let t = at_x(&[1, 0, 6]);
        let h = difference(&sum(&p, &t), &natural(1));
        let limbs = |value: &Natural| <[u64; 4]>::try_from(&value.0[..4]).unwrap();
        assert_eq!(limbs(&p), ark_bn254::Fq::MODULUS.0);
        assert_eq!(limbs(&r), Fr::MODULUS.0);
        assert_eq!(limbs(&h), g2::Config::COFACTOR);
        let order = product(&h, &r);
        let times = |a: &Natural, b: &Natural| product_modulo(a, b, &order);
        let plus = |a: &Natural, b: &Natural| modulo(sum(a, b), &order);
        let minus = |a: &Natural, b: &Natural| plus(a, &difference(&order, b));
        // ψ² = t·ψ − p and ψ³ = (t² − p)·ψ − t·p, so that 6x + 2 + ψ − ψ² + ψ³ = a + b·ψ with
        // a = 6x + 2 + p − t·p and b = 1 − t + t² − p.
        let tp = times(&t, &p);
        let a = minus(&plus(&at_x(&[2, 6]), &p), &tp);
        let b = minus(&minus(&plus(&natural(1), &times(&t, &t)), &t), &p);
        let squares = plus(&times(&a, &a), &times(&times(&b, &b), &p));
        let norm = plus(&squares, &times(&times(&a, &b), &t));
        assert!(!norm.is_zero());
        assert_eq!(divisor(order, norm), r);
    }

    /// No prefix `k` of the loop has a factor in common with `h·r` beside 1 when `±1` is added: no
    /// point but the identity meets its addend.
    #[test]
    fn additions_of_the_loop_never_meet_an_exception() {
        let h = Natural::from_bits_le(
            &ark_ff::BigInt::<4>(g2::Config::COFACTOR.try_into().unwrap()).to_bits_le(),
        );
        let order = product(&h, &Natural::from_bits_le(&Fr::MODULUS.to_bits_le()));
        let mut multiple = 1i128;
        for digit in Config::ATE_LOOP_COUNT.iter().rev().skip(1) {
            multiple *= 2;
            if *digit != 0 {
                for neighbour in [multiple - 1, multiple + 1] {
                    let limbs = [neighbour as u64, (neighbour >> 64) as u64, 0, 0, 0, 0, 0, 0];
                    assert_eq!(divisor(order, ark_ff::BigInt(limbs)), natural(1), "{neighbour}");
                }
                multiple += i128::from(*digit);
            }
        }
        assert_eq!(multiple, 6 * i128::from(X) + 2);
    }

    #[test]
    fn reject_additions_of_points_with_one_abscissa() {
        let point = G2Affine::generator();
        let running = || Jacobian { x: point.x, y: point.y, z: Fq2::ONE };
        assert!(running().add(&point).is_none() && running().add(&-point).is_none());
        let mut sum = running();
        sum.double();
        assert!(sum.add(&point).is_some());
        assert!(sum.is(&(point * Fr::from(3)).into_affine()));
    }

    /// A point is another one if either coordinate is: the opposite, one with the abscissa
    /// multiplied by a cube root of 1, and what stands for no point.
    #[test]
    fn reject_points_that_are_equal_by_halves() {
        let point = G2Affine::generator();
        let sum = Jacobian { x: point.x, y: point.y, z: Fq2::ONE };
        assert!(sum.is(&point) && !sum.is(&-point));
        let root = <ark_bn254::g1::Config as ark_ec::scalar_mul::glv::GLVConfig>::ENDO_COEFFS[0];
        let mut turned = point;
        turned.x.mul_assign_by_fp(&root);
        assert!(turned.is_on_curve() && turned != point && !sum.is(&turned));
        let nothing = Jacobian { x: Fq2::ZERO, y: Fq2::ZERO, z: Fq2::ZERO };
        assert!(!nothing.is(&point));
    }

    /// Any point of the twist.
    fn point_of_twist(rng: &mut ChaCha20Rng) -> G2Affine {
        loop {
            if let Some(point) = G2Affine::get_point_from_x_unchecked(Fq2::rand(rng), true) {
                return point;
            }
        }
    }

    fn by_order(point: &G2Affine) -> bool {
        !point.is_zero() && point.mul_bigint(Fr::MODULUS).is_zero()
    }

    #[test]
    fn points_of_the_subgroup_are_in() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for _ in 0..100 {
            let point = G2Projective::rand(&mut rng).into_affine();
            assert!(by_order(&point) && in_subgroup(&point));
            let cleared = point_of_twist(&mut rng).mul_by_cofactor();
            assert!(in_subgroup(&cleared));
        }
        for multiple in 1..200u64 {
            let point = (G2Affine::generator() * Fr::from(multiple)).into_affine();
            assert!(in_subgroup(&point) && in_subgroup(&-point));
        }
    }

    #[test]
    fn reject_points_outside_the_subgroup() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        assert!(!in_subgroup(&G2Affine::zero()));
        for _ in 0..100 {
            let point = point_of_twist(&mut rng);
            assert_eq!(in_subgroup(&point), by_order(&point));
            let outside = point.mul_bigint(Fr::MODULUS).into_affine();
            assert!(!in_subgroup(&outside));
        }
    }

    /// The least orders, 10069 and 5864401, and such points added to those of the subgroup.
    #[test]
    fn reject_points_of_small_order() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let h = Natural::from_bits_le(
            &ark_ff::BigInt::<4>(g2::Config::COFACTOR.try_into().unwrap()).to_bits_le(),
        );
        let whole = product(&h, &Natural::from_bits_le(&Fr::MODULUS.to_bits_le()));
        for order in [10_069u64, 5_864_401] {
            let rest = quotient(&whole, order);
            let small = loop {
                let point = point_of_twist(&mut rng).mul_bigint(rest).into_affine();
                if !point.is_zero() {
                    break point;
                }
            };
            assert!(small.mul_bigint([order]).is_zero());
            for multiple in (1..300u64).chain([order - 1]) {
                let outside = small.mul_bigint([multiple]).into_affine();
                assert!(!in_subgroup(&outside), "order {order}, multiple {multiple}");
                let inside = G2Projective::rand(&mut rng);
                assert!(!in_subgroup(&(inside + outside).into_affine()));
            }
        }
    }

    /// `value/by`, which leaves no rest.
    fn quotient(value: &Natural, by: u64) -> Natural {
        let mut rest = 0u128;
        let mut quotient = *value;
        for limb in quotient.0.iter_mut().rev() {
            let part = rest << 64 | u128::from(*limb);
            *limb = (part / u128::from(by)) as u64;
            rest = part % u128::from(by);
        }
        assert_eq!(rest, 0);
        quotient
    }
}
