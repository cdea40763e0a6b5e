//! Miller loops of many pairs at once.
//!
//! All pairs of a loop share one product, so that it is squared 64 times for all of them, not for
//! each (arkworks shares among four). A line is divided by `y_P`, a factor of `F_p` that the final
//! exponentiation removes: its constant becomes 1, and the product with it takes 12 products of
//! `F_p²` instead of 18.
//!
//! From six pairs on, the running points are affine and each step's inversions are made one
//! (Montgomery's trick): 6 products and 2 squares a doubling, the line included. For fewer, the one
//! inversion of a step would cost more than it saves, and the lines come from projective formulas.
//! Points that don't change have their lines prepared in affine form.

use ark_bn254::{Bn254, Config, Fq, Fq2, Fq12, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ec::bn::BnConfig;
use ark_ec::pairing::Pairing;
use ark_ff::{AdditiveGroup, Field};

use super::product::{square, times};
use super::tower;

/// So many pairs share squarings and inversions; more would leave the processor's cache.
const SHARED: usize = 128;

/// From so many pairs on, affine steps with a shared inversion are the faster.
const MANY: usize = 6;

/// The slope `λ` of a line and its height `λ·x − y`, so that at `P` it is
/// `y_P − λ·x_P·w + (λ·x − y)·v·w`.
#[derive(Clone, Copy)]
struct Line {
    slope: Fq2,
    height: Fq2,
}

/// The lines of a point of G2 that doesn't change.
#[derive(Clone)]
pub(crate) struct Lines(Vec<Line>);

impl Lines {
    /// Prepares a point's lines.
    pub(crate) fn new(point: &G2Affine) -> Self {
        let scaled = scaled_lines(point);
        let mut inverses: Vec<Fq2> = scaled.iter().map(|line| line.0).collect();
        ark_ff::batch_inversion(&mut inverses);
        let lines = scaled.iter().zip(&inverses);
        Self(
            lines
                .map(|((_, a, b), inverse)| Line { slope: -(*a * inverse), height: *b * inverse })
                .collect(),
        )
    }
}

/// Lines `c·y_P + a·x_P·w + b·v·w`, by projective formulas.
fn scaled_lines(point: &G2Affine) -> Vec<(Fq2, Fq2, Fq2)> {
    <Bn254 as Pairing>::G2Prepared::from(point).ell_coeffs
}

/// What a line is evaluated with: `−x_P/y_P` and `1/y_P`.
#[derive(Clone, Copy)]
struct At {
    ratio: Fq,
    inverse: Fq,
}

impl At {
    fn all(points: &[G1Affine]) -> Vec<Self> {
        let mut inverses: Vec<Fq> = points.iter().map(|point| point.y).collect();
        ark_ff::batch_inversion(&mut inverses);
        let with = points.iter().zip(inverses);
        with.map(|(point, inverse)| Self { ratio: -point.x * inverse, inverse }).collect()
    }

    #[inline(always)]
    fn meet(&self, line: &Line, f: &mut Fq12) {
        let (mut a, mut b) = (line.slope, line.height);
        a.mul_assign_by_fp(&self.ratio);
        b.mul_assign_by_fp(&self.inverse);
        tower::multiply_by_line(f, &a, &b);
    }
}

/// A step of the loop: what is added to the running point `T`.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    /// `T`; the product is squared first.
    Double,
    /// `Q`.
    Add,
    /// `−Q`.
    Subtract,
    /// `ψ(Q)`.
    Frobenius,
    /// `−ψ²(Q)`.
    FrobeniusTwice,
}

/// The steps of the optimal ate loop: the signed digits of `6x + 2`, and the two last lines.
fn steps() -> impl Iterator<Item = Step> {
    let digits = Config::ATE_LOOP_COUNT.iter().rev().skip(1);
    let digits = digits.flat_map(|digit| {
        let addition = match digit {
            1 => Some(Step::Add),
            -1 => Some(Step::Subtract),
            _ => None,
        };
        std::iter::once(Step::Double).chain(addition)
    });
    digits.chain([Step::Frobenius, Step::FrobeniusTwice])
}

/// A pair whose lines are found as they are needed.
struct Moving {
    at: At,
    q: G2Affine,
    /// `T`.
    x: Fq2,
    y: Fq2,
}

impl Moving {
    /// What a step adds, unless it doubles.
    fn addend(&self, step: Step) -> Option<G2Affine> {
        match step {
            Step::Double => None,
            Step::Add => Some(self.q),
            Step::Subtract => Some(-self.q),
            Step::Frobenius => Some(frobenius(&self.q)),
            Step::FrobeniusTwice => Some(-frobenius(&frobenius(&self.q))),
        }
    }

    /// The slope's denominator.
    fn denominator(&self, step: Step) -> Fq2 {
        self.addend(step).map_or_else(|| self.y.double(), |addend| self.x - addend.x)
    }

    /// Takes the step, given the inverse of the denominator.
    #[inline]
    fn advance(&mut self, step: Step, inverse: &Fq2) -> Line {
        let (numerator, other) = match self.addend(step) {
            None => {
                let squared = square(&self.x);
                (squared.double() + squared, self.x)
            }
            Some(addend) => (self.y - addend.y, addend.x),
        };
        let slope = times(&numerator, inverse);
        let height = times(&slope, &self.x) - self.y;
        self.x = square(&slope) - self.x - other;
        self.y = height - times(&slope, &self.x);
        Line { slope, height }
    }
}

/// `ψ`: untwist, Frobenius, twist.
pub(super) fn frobenius(point: &G2Affine) -> G2Affine {
    let conjugate = |mut coordinate: Fq2| {
        coordinate.conjugate_in_place();
        coordinate
    };
    let x = times(&conjugate(point.x), &Config::TWIST_MUL_BY_Q_X);
    let y = times(&conjugate(point.y), &Config::TWIST_MUL_BY_Q_Y);
    G2Affine::new_unchecked(x, y)
}

/// Replaces each element by its inverse; `running` is scratch. No element is 0.
fn invert_all(elements: &mut [Fq2], running: &mut Vec<Fq2>) {
    running.clear();
    let mut product = Fq2::ONE;
    for element in elements.iter() {
        running.push(product);
        product = times(&product, element);
    }
    // Of a product with a factor 0 there is none; then the loop is wrong, and no pairing holds.
    let mut inverse = product.inverse().unwrap_or_default();
    for (element, before) in elements.iter_mut().zip(running.iter()).rev() {
        let next = times(&inverse, element);
        *element = times(&inverse, before);
        inverse = next;
    }
}

/// `Π` of the Miller loops of the pairs, of which the second kind has its lines prepared.
///
/// Pairs with the identity count for nothing. The others' points of G2 are in the subgroup.
pub(crate) fn miller(pairs: &[(G1Affine, G2Affine)], fixed: &[(G1Affine, &Lines)]) -> Fq12 {
    let pairs: Vec<_> =
        pairs.iter().filter(|(p, q)| !p.is_zero() && !q.is_zero()).copied().collect();
    let fixed: Vec<_> = fixed.iter().filter(|(p, _)| !p.is_zero()).copied().collect();
    let (first, rest) = pairs.split_at(pairs.len().min(SHARED));
    let mut product = shared_loop(first, &fixed);
    for chunk in rest.chunks(SHARED) {
        product = tower::multiply(&product, &shared_loop(chunk, &[]));
    }
    product
}

fn shared_loop(pairs: &[(G1Affine, G2Affine)], fixed: &[(G1Affine, &Lines)]) -> Fq12 {
    let at_pairs = At::all(&pairs.iter().map(|(p, _)| *p).collect::<Vec<_>>());
    let at_fixed = At::all(&fixed.iter().map(|(p, _)| *p).collect::<Vec<_>>());
    let (mut few, mut many) = (Vec::new(), Vec::new());
    if pairs.len() < MANY {
        few.extend(pairs.iter().map(|(p, q)| (*p, scaled_lines(q))));
    } else {
        let with = at_pairs.iter().zip(pairs);
        many.extend(with.map(|(at, (_, q))| Moving { at: *at, q: *q, x: q.x, y: q.y }));
    }
    let (mut inverses, mut running) = (Vec::new(), Vec::new());
    let mut f = Fq12::ONE;
    for (index, step) in steps().enumerate() {
        if step == Step::Double && index > 0 {
            f = tower::square(&f);
        }
        for (at, (_, lines)) in at_fixed.iter().zip(fixed) {
            lines.0.get(index).into_iter().for_each(|line| at.meet(line, &mut f));
        }
        for (p, lines) in &few {
            lines.get(index).into_iter().for_each(|line| meet_scaled(p, line, &mut f));
        }
        if !many.is_empty() {
            inverses.clear();
            inverses.extend(many.iter().map(|pair| pair.denominator(step)));
            invert_all(&mut inverses, &mut running);
            for (pair, inverse) in many.iter_mut().zip(&inverses) {
                let line = pair.advance(step, inverse);
                pair.at.meet(&line, &mut f);
            }
        }
    }
    f
}

fn meet_scaled(p: &G1Affine, (c, a, b): &(Fq2, Fq2, Fq2), f: &mut Fq12) {
    let (mut c, mut a) = (*c, *a);
    c.mul_assign_by_fp(&p.y);
    a.mul_assign_by_fp(&p.x);
    tower::multiply_by_scaled_line(f, &c, &a, b);
}

#[cfg(test)]
mod tests {
    use ark_bn254::Fr;
    use ark_ec::CurveGroup;
    use ark_ec::pairing::MillerLoopOutput;
    use ark_ff::UniformRand;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    /// The loops differ by factors that the final exponentiation removes.
    #[test]
    fn loops_agree_with_arkworks() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut draw = || {
            let (a, b) = (Fr::rand(&mut rng), Fr::rand(&mut rng));
            let p = (G1Affine::generator() * a).into_affine();
            (p, (G2Affine::generator() * b).into_affine())
        };
        for (moving, fixed) in [(0, 0), (1, 0), (0, 2), (1, 2), (5, 1), (6, 3), (SHARED + 7, 1)] {
            let mut moving: Vec<_> = (0..moving).map(|_| draw()).collect();
            let mut fixed: Vec<_> = (0..fixed).map(|_| draw()).collect();
            if let Some(pair) = moving.get_mut(3) {
                pair.0 = G1Affine::zero();
            }
            if let Some(pair) = moving.get_mut(4) {
                pair.1 = G2Affine::zero();
            }
            if let Some(pair) = fixed.get_mut(1) {
                pair.0 = G1Affine::zero();
            }
            let lines: Vec<_> = fixed.iter().map(|(p, q)| (*p, Lines::new(q))).collect();
            let lines: Vec<_> = lines.iter().map(|(p, lines)| (*p, lines)).collect();
            let ours = Bn254::final_exponentiation(MillerLoopOutput(miller(&moving, &lines)));
            let (p, q): (Vec<_>, Vec<_>) = moving.into_iter().chain(fixed).unzip();
            assert_eq!(ours, Some(Bn254::multi_pairing(p, q)));
        }
    }
}
