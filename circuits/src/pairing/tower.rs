//! `F_p¹²` over inner products in `F_p²`: see [`super::product`].
//!
//! The tower is arkworks': `F_p⁶ = F_p²[v]/(v³ − ξ)` and `F_p¹² = F_p⁶[w]/(w² − v)`, `ξ = 9 + u`.

use ark_bn254::{Fq2, Fq6, Fq6Config, Fq12};
use ark_ff::AdditiveGroup;
use ark_ff::fp6_3over2::Fp6Config;

use super::product::dot;

/// `ξ·a`.
#[inline(always)]
pub(super) fn times_xi(a: &Fq2) -> Fq2 {
    let mut product = *a;
    Fq6Config::mul_fp2_by_nonresidue_in_place(&mut product);
    product
}

/// `v·a`.
#[inline(always)]
fn times_v(a: &Fq6) -> Fq6 {
    Fq6::new(times_xi(&a.c2), a.c0, a.c1)
}

/// `a·b` in `F_p⁶`.
pub(super) fn multiply_sextic(a: &Fq6, b: &Fq6) -> Fq6 {
    let (xi_1, xi_2) = (times_xi(&b.c1), times_xi(&b.c2));
    let all = [&a.c0, &a.c1, &a.c2];
    Fq6::new(
        dot(all, [&b.c0, &xi_2, &xi_1]),
        dot(all, [&b.c1, &b.c0, &xi_2]),
        dot(all, [&b.c2, &b.c1, &b.c0]),
    )
}

/// `a·b`.
pub(super) fn multiply(a: &Fq12, b: &Fq12) -> Fq12 {
    let low = multiply_sextic(&a.c0, &b.c0);
    let high = multiply_sextic(&a.c1, &b.c1);
    let middle = multiply_sextic(&(a.c0 + a.c1), &(b.c0 + b.c1));
    Fq12::new(low + times_v(&high), middle - low - high)
}

/// `a²`.
pub(super) fn square(a: &Fq12) -> Fq12 {
    let product = multiply_sextic(&a.c0, &a.c1);
    let outer = multiply_sextic(&(a.c0 + a.c1), &(a.c0 + times_v(&a.c1)));
    Fq12::new(outer - product - times_v(&product), product.double())
}

/// `a²` in the cyclotomic subgroup (Granger and Scott, PKC 2010): three squarings in `F_p⁴`.
pub(super) fn cyclotomic_square(a: &Fq12) -> Fq12 {
    let [low, high] = [&a.c0, &a.c1];
    // `(x + y·s)²`, `s² = ξ`: its first part, and half of its second.
    let square = |x: &Fq2, y: &Fq2| (dot([x, y], [x, &times_xi(y)]), dot([x], [y]));
    let (a0, a1) = square(&low.c0, &high.c1);
    let (b0, b1) = square(&high.c0, &low.c2);
    let (c0, c1) = square(&low.c1, &high.c2);
    let lower = |new: Fq2, old: Fq2| (new - old).double() + new;
    let upper = |half: Fq2, old: Fq2| (half.double() + half + old).double();
    Fq12::new(
        Fq6::new(lower(a0, low.c0), lower(b0, low.c1), lower(c0, low.c2)),
        Fq6::new(upper(times_xi(&c1), high.c0), upper(a1, high.c1), upper(b1, high.c2)),
    )
}

/// `f·(1 + a·w + b·v·w)`: a line whose constant is 1.
pub(super) fn multiply_by_line(f: &mut Fq12, a: &Fq2, b: &Fq2) {
    let (xi_a, xi_b) = (times_xi(a), times_xi(b));
    let (low, high) = (f.c0, f.c1);
    f.c0.c0 += dot([&high.c1, &high.c2], [&xi_b, &xi_a]);
    f.c0.c1 += dot([&high.c0, &high.c2], [a, &xi_b]);
    f.c0.c2 += dot([&high.c0, &high.c1], [b, a]);
    f.c1.c0 += dot([&low.c0, &low.c2], [a, &xi_b]);
    f.c1.c1 += dot([&low.c0, &low.c1], [b, a]);
    f.c1.c2 += dot([&low.c1, &low.c2], [b, a]);
}

/// `f·(c + a·w + b·v·w)`: a line as projective formulas leave it.
pub(super) fn multiply_by_scaled_line(f: &mut Fq12, c: &Fq2, a: &Fq2, b: &Fq2) {
    let (xi_a, xi_b) = (times_xi(a), times_xi(b));
    let (low, high) = (f.c0, f.c1);
    f.c0.c0 = dot([&low.c0, &high.c1, &high.c2], [c, &xi_b, &xi_a]);
    f.c0.c1 = dot([&low.c1, &high.c0, &high.c2], [c, a, &xi_b]);
    f.c0.c2 = dot([&low.c2, &high.c0, &high.c1], [c, b, a]);
    f.c1.c0 = dot([&high.c0, &low.c0, &low.c2], [c, a, &xi_b]);
    f.c1.c1 = dot([&high.c1, &low.c0, &low.c1], [c, b, a]);
    f.c1.c2 = dot([&high.c2, &low.c1, &low.c2], [c, b, a]);
}

#[cfg(test)]
mod tests {
    use ark_ff::{Field, UniformRand};
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn tower_agrees_with_arkworks() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for _ in 0..50 {
            let (f, g) = (Fq12::rand(&mut rng), Fq12::rand(&mut rng));
            assert_eq!(multiply(&f, &g), f * g);
            assert_eq!(square(&f), f.square());
            let mut cyclotomic = f;
            cyclotomic.conjugate_in_place();
            cyclotomic *= f.inverse().unwrap();
            cyclotomic *= cyclotomic.frobenius_map(2);
            assert_eq!(cyclotomic_square(&cyclotomic), cyclotomic.square());
            let [a, b, c] = [(); 3].map(|()| Fq2::rand(&mut rng));
            let line = |c| Fq12::new(Fq6::new(c, Fq2::ZERO, Fq2::ZERO), Fq6::new(a, b, Fq2::ZERO));
            let mut product = f;
            multiply_by_line(&mut product, &a, &b);
            assert_eq!(product, f * line(Fq2::ONE));
            let mut product = f;
            multiply_by_scaled_line(&mut product, &c, &a, &b);
            assert_eq!(product, f * line(c));
        }
    }
}
