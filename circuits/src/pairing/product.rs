//! Sums of products in `F_p²`, reduced once.
//!
//! Montgomery's reduction costs more than the product that it follows; a sum of products needs one
//! reduction, not one for each. So every product of the tower is written as inner products of
//! elements of `F_p²`, formed here: three integer products a term (Karatsuba), added up in 512
//! bits, and two reductions altogether.
//!
//! **Bounds.** With `N` terms, `Σ a_0·b_0` and `Σ a_1·b_1` are at most `N·p²`, and
//! `Σ (a_0 + a_1)·(b_0 + b_1)`, its sums unreduced, at most `4·N·p²`, which for `N ≤ 3` is below
//! `2^512 > 28·p²`. Both results, the real part with `N·p²` added so as not to be negative, are at
//! most `2·N·p²`. As `2^256 > 5·p`, reducing them leaves less than `2·N·p/5 + p`: `2·p` for two
//! terms, `3·p` for three.

use ark_bn254::{Fq, Fq2, FqConfig};
use ark_ff::{BigInt, MontConfig, PrimeField};

/// An integer of four limbs, the least significant first: as a field element, in Montgomery's form.
type Limbs = [u64; 4];

/// An integer below `2^512`.
type Wide = [u64; 8];

const MODULUS: Limbs = Fq::MODULUS.0;

/// `2·p`.
const TWICE: Limbs = sum(&MODULUS, &MODULUS);

/// `N·p²` for each number of terms.
const MULTIPLES: [Wide; 4] = {
    let mut multiples = [[0; 8]; 4];
    let mut terms = 1;
    while terms < 4 {
        multiples[terms] = multiples[terms - 1];
        accumulate(&mut multiples[terms], &MODULUS, &MODULUS);
        terms += 1;
    }
    multiples
};

/// `Σ a_i·b_i`, for at most 3 terms.
#[inline(always)]
pub(super) fn dot<const N: usize>(a: [&Fq2; N], b: [&Fq2; N]) -> Fq2 {
    const { assert!(N < MULTIPLES.len()) };
    let (a0, a1) = (a.map(|a| &a.c0.0.0), a.map(|a| &a.c1.0.0));
    let (b0, b1) = (b.map(|b| &b.c0.0.0), b.map(|b| &b.c1.0.0));
    let sums =
        |a: [&Limbs; N], b: [&Limbs; N]| -> [Limbs; N] { std::array::from_fn(|i| sum(a[i], b[i])) };
    let zeros = inner(a0, b0);
    let ones = inner(a1, b1);
    let sums = inner(sums(a0, a1).each_ref(), sums(b0, b1).each_ref());
    let imaginary = minus(&minus(&sums, &zeros), &ones);
    let real = minus(&plus(&zeros, &MULTIPLES[N]), &ones);
    Fq2::new(reduce::<N>(real), reduce::<N>(imaginary))
}

/// `Σ a_i·b_i`, term by term: the compiler leaves a loop over three of them rolled, which costs a
/// third more time.
#[inline(always)]
fn inner<const N: usize>(a: [&Limbs; N], b: [&Limbs; N]) -> Wide {
    let mut total = [0; 8];
    if N > 0 {
        accumulate(&mut total, a[0], b[0]);
    }
    if N > 1 {
        accumulate(&mut total, a[1], b[1]);
    }
    if N > 2 {
        accumulate(&mut total, a[2], b[2]);
    }
    total
}

/// `a·b`.
#[inline]
pub(super) fn times(a: &Fq2, b: &Fq2) -> Fq2 {
    dot([a], [b])
}

/// `a²`. Two integer products instead of three took no less time.
#[inline]
pub(super) fn square(a: &Fq2) -> Fq2 {
    dot([a], [a])
}

/// `a + b·c + carry`: the low limb, and the high one in `carry`.
#[inline(always)]
const fn step(a: u64, b: u64, c: u64, carry: &mut u64) -> u64 {
    let total = a as u128 + (b as u128) * (c as u128) + *carry as u128;
    *carry = (total >> 64) as u64;
    total as u64
}

/// `a + b + carry`.
#[inline(always)]
const fn add(a: u64, b: u64, carry: &mut u64) -> u64 {
    let total = a as u128 + b as u128 + *carry as u128;
    *carry = (total >> 64) as u64;
    total as u64
}

/// `a − b − borrow`.
#[inline(always)]
const fn subtract(a: u64, b: u64, borrow: &mut u64) -> u64 {
    let (difference, first) = a.overflowing_sub(b);
    let (difference, second) = difference.overflowing_sub(*borrow);
    *borrow = (first | second) as u64;
    difference
}

/// Adds `a·b`.
#[inline(always)]
const fn accumulate(total: &mut Wide, a: &Limbs, b: &Limbs) {
    let mut above = 0;
    let mut i = 0;
    while i < 4 {
        let mut carry = 0;
        let mut j = 0;
        while j < 4 {
            total[i + j] = step(total[i + j], a[i], b[j], &mut carry);
            j += 1;
        }
        total[i + 4] = add(total[i + 4], carry, &mut above);
        i += 1;
    }
}

/// `a + b`, which has no carry for two field elements.
#[inline(always)]
const fn sum(a: &Limbs, b: &Limbs) -> Limbs {
    let (mut total, mut carry, mut i) = ([0; 4], 0, 0);
    while i < 4 {
        total[i] = add(a[i], b[i], &mut carry);
        i += 1;
    }
    total
}

#[inline(always)]
fn plus(a: &Wide, b: &Wide) -> Wide {
    let mut carry = 0;
    std::array::from_fn(|i| add(a[i], b[i], &mut carry))
}

#[inline(always)]
fn minus(a: &Wide, b: &Wide) -> Wide {
    let mut borrow = 0;
    std::array::from_fn(|i| subtract(a[i], b[i], &mut borrow))
}

/// Montgomery's reduction of at most `2·N·p²`.
#[inline(always)]
fn reduce<const N: usize>(mut value: Wide) -> Fq {
    let mut above = 0;
    for i in 0..4 {
        let factor = value[i].wrapping_mul(<FqConfig as MontConfig<4>>::INV);
        let mut carry = 0;
        for j in 0..4 {
            value[i + j] = step(value[i + j], factor, MODULUS[j], &mut carry);
        }
        value[i + 4] = add(value[i + 4], carry, &mut above);
    }
    let [.., a, b, c, d] = value;
    let mut rest = [a, b, c, d];
    if N > 2 {
        rest = below(rest, &TWICE);
    }
    Fq::new_unchecked(BigInt(below(rest, &MODULUS)))
}

/// `a − b` unless that is negative; else `a`. Without a branch: it would be mispredicted.
#[inline(always)]
fn below(a: Limbs, b: &Limbs) -> Limbs {
    let mut borrow = 0;
    let difference: Limbs = std::array::from_fn(|i| subtract(a[i], b[i], &mut borrow));
    let keep = 0u64.wrapping_sub(borrow);
    std::array::from_fn(|i| (a[i] & keep) | (difference[i] & !keep))
}

#[cfg(test)]
mod tests {
    use ark_ff::{AdditiveGroup, Field, UniformRand};
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    fn agrees<const N: usize>(a: [Fq2; N], b: [Fq2; N]) {
        let plain: Fq2 = a.iter().zip(&b).map(|(a, b)| *a * b).sum();
        assert_eq!(dot(a.each_ref(), b.each_ref()), plain);
    }

    fn all<const N: usize>() {
        let mut rng = ChaCha20Rng::seed_from_u64(N as u64);
        // The greatest integers that an element is kept as, and the least.
        let top = Fq::new_unchecked(BigInt(below(MODULUS, &[1, 0, 0, 0])));
        let edges = [Fq::ZERO, Fq::ONE, -Fq::ONE, top];
        for a0 in edges {
            for a1 in edges {
                for b0 in edges {
                    for b1 in edges {
                        agrees([Fq2::new(a0, a1); N], [Fq2::new(b0, b1); N]);
                        let a = Fq2::new(a0, a1);
                        assert_eq!(square(&a), a * a);
                    }
                }
            }
        }
        for _ in 0..200 {
            let mut draw = || std::array::from_fn(|_| Fq2::rand(&mut rng));
            let a = draw();
            agrees::<N>(a, draw());
            assert_eq!(square(&a[0]), a[0] * a[0]);
        }
    }

    #[test]
    fn sums_of_products_agree_with_plain_ones() {
        all::<1>();
        all::<2>();
        all::<3>();
    }
}
