//! Affine points by the many: additions and normalisations that share their inversions.
//!
//! An affine addition costs three multiplications and an inversion. Montgomery's trick trades the
//! inversions of n independent additions for one and 3·n multiplications: 6 a sum, where adding an
//! affine point to a projective one costs 11.
//!
//! [`Groups`] holds many sums at once and halves all of them in each round: x₁ + x₂, x₃ + x₄, .. in
//! every group, one inversion for the whole round. One inversion costs about 65 multiplications here,
//! so that a round pays from [`WORTHWHILE`] additions on.
//!
//! Not constant time: equal, opposite and identity operands take their own ways.

use super::ffi::{self, Fp, ONE};
use super::{G1Affine, G1Projective};
use blst::{blst_p1, blst_p1_affine};
use group::prime::PrimeCurveAffine;

/// An affine point as blst has it; (0, 0) is the identity.
pub(super) type Affine = blst_p1_affine;

/// The fewest additions for which a round of its own is cheaper than projective additions.
const WORTHWHILE: usize = 13;

const ZERO: Fp = Fp { l: [0; 6] };
/// The identity.
const ORIGIN: Affine = Affine { x: ZERO, y: ZERO };

/// Independent sums of affine points.
#[derive(Default)]
pub(super) struct Groups {
    groups: Vec<Vec<Affine>>,
    /// Working space of a round.
    additions: Vec<Addition>,
}

/// An addition whose inversion is under way.
#[derive(Clone, Copy, Default)]
struct Addition {
    group: usize,
    /// Where its operands begin in the group.
    from: usize,
    /// λ, at first its numerator.
    slope: Fp,
    /// λ's denominator.
    denominator: Fp,
    /// The product of this denominator and all those begun before it.
    product: Fp,
}

impl Groups {
    /// Adds a group of points.
    pub(super) fn push(&mut self, group: Vec<Affine>) {
        self.groups.push(group);
    }

    /// Sums until each of the first `single` groups is one point at most, and beyond them as long as it
    /// is worthwhile.
    pub(super) fn collapse(&mut self, single: usize) {
        loop {
            let additions: usize = self.groups.iter().map(|group| group.len() / 2).sum();
            let open = self.groups.iter().take(single).any(|group| group.len() > 1);
            if !open && additions < WORTHWHILE {
                return;
            }
            self.halve(additions);
        }
    }

    /// What is left of each group, to be summed.
    pub(super) fn groups(&self) -> &[Vec<Affine>] {
        &self.groups
    }

    /// Takes a group out, so far as it has been summed.
    pub(super) fn take(&mut self, group: usize) -> Vec<Affine> {
        self.groups.get_mut(group).map(std::mem::take).unwrap_or_default()
    }

    /// One round, of at most so many additions. Sums are begun from the last to the first and finished
    /// from the first to the last, so that results find room at the front of their groups.
    fn halve(&mut self, most: usize) {
        self.additions.resize(most, Addition::default());
        let open = self.begin();
        let mut inverse = self.additions[..open].last().map_or(ONE, |last| last.product);
        ffi::invert(&mut inverse);
        let mut additions = &mut self.additions[..open];
        for (index, group) in self.groups.iter_mut().enumerate() {
            let length = group.len();
            for from in (0..length).step_by(2) {
                let next = additions.last();
                if next.is_none_or(|next| (next.group, next.from) != (index, from)) {
                    // Known already, or without a partner.
                    group[from / 2] = group[from];
                    continue;
                }
                if let Some((next, before)) = std::mem::take(&mut additions).split_last_mut() {
                    if let Some(before) = before.last() {
                        ffi::mul_assign(&mut next.slope, &before.product);
                    }
                    ffi::mul_assign(&mut next.slope, &inverse);
                    ffi::mul_assign(&mut inverse, &next.denominator);
                    finish(group, from, &next.slope);
                    additions = before;
                }
            }
            // What is cut off must not stay behind in memory that nobody wipes.
            let half = length.div_ceil(2);
            group[half..].fill(ORIGIN);
            group.truncate(half);
        }
    }

    /// Begins all sums of pairs that need a slope, and writes the others in the place of their first
    /// operand; how many were begun.
    fn begin(&mut self) -> usize {
        let mut open = 0;
        for (index, group) in self.groups.iter_mut().enumerate().rev() {
            let pairs = group.as_chunks_mut::<2>().0;
            for (at, [p, q]) in pairs.iter_mut().enumerate().rev() {
                let (before, rest) = self.additions.split_at_mut(open);
                let Some(addition) = rest.first_mut() else { break };
                if let Some(known) = begin(addition, p, q) {
                    *p = known;
                    continue;
                }
                (addition.group, addition.from) = (index, 2 * at);
                match before.last() {
                    None => addition.product = addition.denominator,
                    Some(before) => {
                        let Addition { denominator, product, .. } = addition;
                        ffi::mul(product, &before.product, denominator);
                    }
                }
                open += 1;
            }
        }
        open
    }
}

/// The sum of the two points at `from`, given λ: x₃ = λ² − x₁ − x₂, y₃ = λ·(x₁ − x₃) − y₁.
#[inline]
fn finish(group: &mut [Affine], from: usize, slope: &Fp) {
    let (mut x, mut y) = (ZERO, ZERO);
    let (p, q) = (&group[from], &group[from + 1]);
    ffi::square(&mut x, slope);
    ffi::sub_assign(&mut x, &p.x);
    ffi::sub_assign(&mut x, &q.x);
    ffi::sub(&mut y, &p.x, &x);
    ffi::mul_assign(&mut y, slope);
    ffi::sub_assign(&mut y, &p.y);
    group[from / 2] = Affine { x, y };
}

impl Drop for Groups {
    fn drop(&mut self) {
        // The sums may tell of secret scalars.
        for group in &mut self.groups {
            group.fill(ORIGIN);
        }
        // All that any round used of it: later ones are shorter.
        self.additions.resize(self.additions.capacity(), Addition::default());
        self.additions.fill(Addition::default());
        std::hint::black_box((&self.groups, &self.additions));
    }
}

/// The numerator and denominator of the slope of p + q; or that sum, where there is no slope.
#[inline]
fn begin(addition: &mut Addition, p: &Affine, q: &Affine) -> Option<Affine> {
    if is_identity(p) {
        return Some(*q);
    }
    if is_identity(q) {
        return Some(*p);
    }
    if p.x != q.x {
        ffi::sub(&mut addition.slope, &q.y, &p.y);
        ffi::sub(&mut addition.denominator, &q.x, &p.x);
        return None;
    }
    if p.y != q.y {
        return Some(ORIGIN);
    }
    ffi::square(&mut addition.slope, &p.x);
    ffi::triple_assign(&mut addition.slope);
    ffi::add(&mut addition.denominator, &p.y, &p.y);
    None
}

/// Appends a point, or its negative where `negative` is set.
#[inline]
pub(super) fn push(points: &mut Vec<Affine>, point: &Affine, negative: bool) {
    points.push(*point);
    if let Some(Affine { y, .. }) = points.last_mut().filter(|_| negative) {
        ffi::negate_if(y, true);
    }
}

/// Whether this is the identity.
pub(super) fn is_identity(point: &Affine) -> bool {
    point.x == ZERO && point.y == ZERO
}

/// Adds affine points to a projective one.
pub(super) fn add_each(sum: &mut G1Projective, points: &[Affine]) {
    for point in points {
        *sum += from_raw(point);
    }
}

/// The point as the other crates know it.
pub(super) fn from_raw(point: &Affine) -> G1Affine {
    let mut result = G1Affine::identity();
    *result.as_mut() = *point;
    result
}

/// Projective points to affine ones, one inversion for all. Not constant time for identities.
pub(crate) fn normalize<const N: usize>(points: &[G1Projective; N]) -> [G1Affine; N] {
    let mut result = [G1Affine::identity(); N];
    for (affine, raw) in result.iter_mut().zip(normalize_all(points)) {
        *affine = from_raw(&raw);
    }
    result
}

/// The same of a list.
pub(crate) fn normalize_list(points: &[G1Projective]) -> Vec<G1Affine> {
    normalize_all(points).iter().map(from_raw).collect()
}

/// The same as blst has them.
pub(super) fn normalize_all(points: &[G1Projective]) -> Vec<Affine> {
    let raw: Vec<&blst_p1> = points.iter().map(AsRef::as_ref).collect();
    // The product of all z before each point, in the place of its x.
    let mut result = vec![ORIGIN; raw.len()];
    let mut product = ONE;
    for (affine, point) in result.iter_mut().zip(&raw) {
        affine.x = product;
        if point.z != ZERO {
            ffi::mul_assign(&mut product, &point.z);
        }
    }
    ffi::invert(&mut product);
    let mut square = ZERO;
    for (affine, point) in result.iter_mut().zip(&raw).rev() {
        if point.z == ZERO {
            *affine = ORIGIN;
            continue;
        }
        // 1/z, then x/z² and y/z³.
        let Affine { x, y } = affine;
        ffi::mul(y, x, &product);
        ffi::mul_assign(&mut product, &point.z);
        ffi::square(&mut square, y);
        ffi::mul(x, &point.x, &square);
        ffi::mul_assign(y, &square);
        ffi::mul_assign(y, &point.y);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::Scalar;
    use group::Group;

    fn multiple(k: i64) -> G1Projective {
        let point = G1Projective::generator() * Scalar::from(k.unsigned_abs());
        if k < 0 { -point } else { point }
    }

    fn affine(k: i64) -> Affine {
        normalize_all(&[multiple(k)])[0]
    }

    #[test]
    fn every_kind_of_pair_is_added_correctly() {
        let operands = [-5, -1, 0, 1, 2, 5, 6];
        let pairs: Vec<[i64; 2]> =
            operands.iter().flat_map(|a| operands.iter().map(move |b| [*a, *b])).collect();
        let mut groups = Groups::default();
        pairs.iter().for_each(|pair| groups.push(pair.map(affine).to_vec()));
        groups.collapse(pairs.len());
        for (sum, [a, b]) in groups.groups().iter().zip(&pairs) {
            assert_eq!(G1Projective::from(from_raw(&sum[0])), multiple(a + b), "{a} + {b}");
        }
        // A round without an addition that needs a slope.
        let mut groups = Groups::default();
        groups.push([3, -3, 0, 4].map(affine).to_vec());
        groups.collapse(1);
        assert_eq!(G1Projective::from(from_raw(&groups.take(0)[0])), multiple(4));
    }

    #[test]
    fn groups_of_any_length_are_summed_side_by_side() {
        let mut groups = Groups::default();
        let lengths = [0usize, 1, 2, 3, 0, 7, 8, 33, 0];
        let members = |length: usize| (0..length as i64).map(move |i| (i % 9 - 4) * 7 + i % 2);
        lengths.iter().for_each(|length| groups.push(members(*length).map(affine).collect()));
        groups.collapse(7);
        for (at, (sum, length)) in groups.groups().iter().zip(lengths).enumerate() {
            assert!(at >= 7 || sum.len() == length.min(1), "group {at}");
            let mut total = G1Projective::identity();
            add_each(&mut total, sum);
            assert_eq!(total, multiple(members(length).sum()), "group {at}");
        }
    }

    #[test]
    fn points_are_normalised_together_identities_among_them() {
        let points: Vec<G1Projective> =
            [0, 3, 0, -8, 1, 0].into_iter().map(|k| multiple(k).double()).collect();
        for (affine, point) in normalize_all(&points).iter().zip(&points) {
            assert_eq!(from_raw(affine), G1Affine::from(point));
        }
        assert_eq!(normalize(&[G1Projective::identity(); 2]), [G1Affine::identity(); 2]);
        assert!(normalize_all(&[]).is_empty());
    }
}
