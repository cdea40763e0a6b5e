//! The prover: Groth16's three sums over tables of the key's points.
//!
//! With an assignment `z` (instance and witness), quotient coefficients `h` and blinding `r`, `s`:
//!
//! ```text
//! A = α + Σ z_i·A_i + r·δ        B = β + Σ z_i·B_i + s·δ
//! C = Σ_witness z_i·L_i + Σ h_i·H_i + s·A + r·B − r·s·δ
//! ```
//!
//! The equations are those of eprint 2016/260; a test holds the results against `ark-groth16`,
//! point by point. What is done otherwise follows from the shape being known beforehand:
//!
//! - **Most variables are bits.** Their points are added, not multiplied, in pairs where there are
//!   many. The others (the instance, and the inverses of `!=`) have tables, and `δ` joins them, with
//!   `r` or `s` for its scalar (`fixed_base`).
//! - **`H` has tables**: one point for each window of its scalars, and shared buckets
//!   (`buckets`). It is two thirds of a proof of 111 constraints.
//! - **The quotient by its values**, so that rows which the domain has and the system hasn't cost
//!   nothing (`quotient`).
//! - **`C` takes one joint multiplication**: with `B' = B − s·δ` in G1, `s·A + r·B − r·s·δ` is
//!   `s·A + r·B'` (`joint`).
//! - **One inversion** makes all points of a proof affine, and its commitment too.
//!
//! Instructions for one proof, in millions, and what each step would add if it were left out:
//!
//! | constraints | 25 | 65 | 111 | 520 |
//! |---|---|---|---|---|
//! | a proof | 5.4 | 9.6 | 13.7 | 49.0 |
//! | coefficients instead of values | 4 % | 41 % | 5 % | 59 % |
//! | emptying buckets one by one | 4 % | 3 % | 5 % | 6 % |
//! | two multiplications for `C` | 12 % | 7 % | 5 % | 1 % |
//! | four inversions | 2 % | 1 % | 1 % | 0 % |
//!
//! The median against `ark-groth16` 0.6 (its `prove`, on the same rows, in turn, one thread; random
//! values; a busy machine, whose ratios are steadier than its times), and what a cold start takes:
//!
//! | constraints | 25 | 65 | 111 | 520 | 8,192 |
//! |---|---|---|---|---|---|
//! | ours, ms | 0.59 | 1.1 | 1.5 | 5.2 | 73 |
//! | `ark-groth16`, ms | 2.1 | 4.0 | 4.0 | 16 | 205 |
//! | ratio | 3.6 | 3.6 | 2.7 | 3.1 | 2.8 |
//! | loading the key, ms | 14 | 29 | 36 | 132 | 1,900 |
//! | preparing it, ms | 7 | 31 | 33 | 275 | 6,600 |
//! | prepared, KiB | 211 | 311 | 532 | 1,391 | 13,684 |
//!
//! Most of the preparing is the transform of the points of `H`.

use ark_bn254::{Fq, Fr, G1Affine, G1Projective, G2Affine, G2Projective, g1, g2};
use ark_ec::AffineRepr;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ff::{Field, One, Zero};
use zeroize::Zeroizing;

use crate::buckets::Pairs;
use crate::fixed_base::FixedBases;
use crate::groth16::ProvingParts;
use crate::joint;
use crate::quotient::Quotient;
use crate::synthesis::{Evaluated, System};

/// A proving key's points, prepared.
pub(crate) struct Prover {
    a: Query<g1::Config>,
    b1: Query<g1::Config>,
    b2: Query<g2::Config>,
    l: Query<g1::Config>,
    /// For the quotient's values.
    h: FixedBases<g1::Config>,
    /// `None` for a domain that the field doesn't have: such a key can't be made.
    quotient: Option<Quotient>,
}

/// The points of a proof.
pub(crate) struct Points {
    pub(crate) a: G1Projective,
    pub(crate) b: G2Projective,
    pub(crate) c: G1Projective,
}

impl Prover {
    pub(crate) fn new(parts: &ProvingParts, system: &System) -> Self {
        let vk = &parts.vk;
        let witness = system.instances();
        let size = parts.h_query.len() + 1;
        let rows = system.constraints() + system.instances();
        let quotient = Quotient::new(size, rows, system.has_c());
        let h = quotient.as_ref().map_or(Vec::new(), |quotient| quotient.points(&parts.h_query));
        Self {
            a: Query::new(vk.alpha_g1, &parts.a_query, 0, Some(parts.delta_g1), system),
            b1: Query::new(parts.beta_g1, &parts.b_g1_query, 0, None, system),
            b2: Query::new(vk.beta_g2, &parts.b_g2_query, 0, Some(vk.delta_g2), system),
            l: Query::new(G1Affine::zero(), &parts.l_query, witness, None, system),
            h: FixedBases::new(&h),
            quotient,
        }
    }

    /// The octets in memory of all that is prepared.
    pub(crate) fn size(&self) -> usize {
        let g1 = self.a.size() + self.b1.size() + self.l.size() + self.h.size();
        g1 + self.b2.size() + self.quotient.as_ref().map_or(0, Quotient::size)
    }

    /// The proof for an assignment, and for its rows' values.
    pub(crate) fn prove(&self, z: &[Fr], rows: Evaluated, r: Fr, s: Fr) -> Option<Points> {
        let h = self.quotient.as_ref()?.divide(&rows.a, &rows.b);
        let a = self.a.sum(z, Some(r));
        let b = self.b2.sum(z, Some(s));
        let mut c = self.l.sum(z, None) + self.h.multiply(&h);
        c += joint::multiply(&[(a, s), (self.b1.sum(z, None), r)]);
        Some(Points { a, b, c })
    }
}

/// Points made affine with one inversion: that of the product of all `Z`, where that of G2 goes in
/// by its norm.
pub(crate) fn normalise<const N: usize>(
    g1: [G1Projective; N],
    g2: G2Projective,
) -> ([G1Affine; N], G2Affine) {
    let mut inverses: Vec<Fq> = g1.iter().map(|point| point.z).collect();
    inverses.push(g2.z.norm());
    ark_ff::batch_inversion(&mut inverses);
    let norm = inverses.pop().unwrap_or_default();
    let mut inverses = inverses.into_iter();
    let g1 = g1.map(|point| match inverses.next() {
        Some(inverse) if !inverse.is_zero() => scale(&point, inverse),
        _ => G1Affine::zero(),
    });
    let mut inverse = g2.z;
    inverse.conjugate_in_place();
    inverse.mul_assign_by_basefield(&norm);
    (g1, if inverse.is_zero() { G2Affine::zero() } else { scale(&g2, inverse) })
}

/// A point made affine by the inverse of its `Z`.
fn scale<P: SWCurveConfig>(point: &Projective<P>, inverse: P::BaseField) -> Affine<P> {
    let square = inverse.square();
    Affine::new_unchecked(point.x * square, point.y * square * inverse)
}

/// The points of one sum over the assignment.
struct Query<P: SWCurveConfig> {
    /// What the sum begins with.
    start: Affine<P>,
    /// Variables that are bits, and their points.
    bits: Vec<(usize, Affine<P>)>,
    /// Variables that are not.
    wide: Vec<usize>,
    /// Tables for their points, and for the blinding's after them.
    tables: FixedBases<P>,
}

impl<P: SWCurveConfig<ScalarField = Fr>> Query<P> {
    /// A query whose points belong to the variables from `first` on.
    fn new(
        start: Affine<P>,
        points: &[Affine<P>],
        first: usize,
        blinding: Option<Affine<P>>,
        system: &System,
    ) -> Self {
        let used = (first..).zip(points).filter(|(_, point)| !point.is_zero());
        let (bits, others): (Vec<_>, Vec<_>) = used
            .map(|(index, point)| (index, *point))
            .partition(|(index, _)| system.is_bit(*index));
        let (wide, mut bases): (Vec<_>, Vec<_>) = others.into_iter().unzip();
        bases.extend(blinding);
        Self { start, bits, wide, tables: FixedBases::new(&bases) }
    }

    fn size(&self) -> usize {
        let bits = size_of_val(self.bits.as_slice()) + size_of_val(self.wide.as_slice());
        bits + self.tables.size()
    }

    fn sum(&self, z: &[Fr], blinding: Option<Fr>) -> Projective<P> {
        let value = |index: &usize| z.get(*index).copied().unwrap_or_default();
        let wide: Vec<Fr> = self.wide.iter().map(value).chain(blinding).collect();
        let mut sum = self.tables.multiply(&Zeroizing::new(wide));
        sum += &self.start;
        let set = self.bits.iter().filter(|(index, _)| value(index).is_one());
        sum += Pairs::sum(set.map(|(_, point)| *point));
        for (index, point) in &self.bits {
            let bit = value(index);
            // Not in an assignment of ours, but let the sum be right for any.
            if !bit.is_one() && !bit.is_zero() {
                sum += point.into_group() * bit;
            }
        }
        sum
    }
}
