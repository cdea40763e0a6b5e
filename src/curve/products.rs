//! Points with their scalars, gathered for one multi-scalar multiplication.

use super::{G1Affine, G1Projective, Scalar, sum_of_products};

/// Products that are added up at the end. Variable time: verification only.
#[derive(Debug, Default)]
pub(crate) struct Products {
    points: Vec<G1Affine>,
    scalars: Vec<Scalar>,
}

impl Products {
    /// Adds `scalar`·`point`.
    pub(crate) fn push(&mut self, point: G1Affine, scalar: Scalar) {
        self.points.push(point);
        self.scalars.push(scalar);
    }

    /// Takes in others.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.points.append(&mut other.points);
        self.scalars.append(&mut other.scalars);
    }

    /// Their sum. Where no scalar has more than 128 bits it takes half the time.
    pub(crate) fn sum(&self) -> G1Projective {
        sum_of_products(&self.points, &self.scalars)
    }
}
