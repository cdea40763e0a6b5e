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
//! - **Most variables are bits.** Their points are added, not multiplied. The others (the instance,
//!   and the inverses of `!=`) have tables, and `δ` joins them, with `r` or `s` for its scalar.
//! - **`H` has tables**, and its 127 or so points of a column are added in pairs.
//! - **`C` takes two multiplications**: with `B' = B − s·δ` in G1, `s·A + r·B − r·s·δ = s·A + r·B'`.

use ark_bn254::{Fr, G1Affine, G1Projective, g1, g2};
use ark_ec::AffineRepr;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ff::{One, Zero};
use zeroize::Zeroizing;

use crate::fixed_base::FixedBases;
use crate::groth16::ProvingParts;
use crate::synthesis::System;

/// A proving key's points, prepared.
pub(crate) struct Prover {
    a: Query<g1::Config>,
    b1: Query<g1::Config>,
    b2: Query<g2::Config>,
    l: Query<g1::Config>,
    h: FixedBases<g1::Config>,
}

/// The points of a proof.
pub(crate) struct Points {
    pub(crate) a: G1Projective,
    pub(crate) b: Projective<g2::Config>,
    pub(crate) c: G1Projective,
}

impl Prover {
    pub(crate) fn new(parts: &ProvingParts, system: &System) -> Self {
        let vk = &parts.vk;
        let witness = system.instances();
        Self {
            a: Query::new(vk.alpha_g1, &parts.a_query, 0, Some(parts.delta_g1), system),
            b1: Query::new(parts.beta_g1, &parts.b_g1_query, 0, None, system),
            b2: Query::new(vk.beta_g2, &parts.b_g2_query, 0, Some(vk.delta_g2), system),
            l: Query::new(G1Affine::zero(), &parts.l_query, witness, None, system),
            h: FixedBases::new(&parts.h_query),
        }
    }

    /// The proof for an assignment and its quotient.
    pub(crate) fn prove(&self, z: &[Fr], h: &[Fr], r: Fr, s: Fr) -> Points {
        let a = self.a.sum(z, Some(r));
        let b = self.b2.sum(z, Some(s));
        let mut c = self.l.sum(z, None) + self.h.multiply(h);
        c += a * s;
        c += self.b1.sum(z, None) * r;
        Points { a, b, c }
    }
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

    fn sum(&self, z: &[Fr], blinding: Option<Fr>) -> Projective<P> {
        let value = |index: &usize| z.get(*index).copied().unwrap_or_default();
        let wide: Vec<Fr> = self.wide.iter().map(value).chain(blinding).collect();
        let mut sum = self.tables.multiply(&Zeroizing::new(wide));
        sum += &self.start;
        for (index, point) in &self.bits {
            let bit = value(index);
            if bit.is_one() {
                sum += point;
            } else if !bit.is_zero() {
                sum += point.into_group() * bit;
            }
        }
        sum
    }
}
