//! The commitment that stands in for the hidden inputs, and the scalars of BN254.
//!
//! # Commit and prove with an ordinary Groth16
//!
//! A Groth16 verifier forms `IC_0 + Σ a_j·IC_j` over all instance variables. Here the hidden ones
//! are instance variables too, and the prover sends their part of the sum as one point
//!
//! ```text
//! D = Σ x_s·IC_s + v·IC_v
//! ```
//!
//! to which the verifier adds `IC_0 + Σ parameters`. Setup and pairing equation stay as they are;
//! *given* an opening `(x, v)` of `D`, the proof is an ordinary proof for those inputs.
//!
//! **`IC_v` is independent of the others.** In the reduction to a QAP every instance variable has
//! a row of its own, beside the constraints: variable `i` contributes the Lagrange polynomial
//! `L_i` of its row to `A`. So `IC_i = (β·(L_i + a_i) + α·b_i + c_i)(τ)/γ`, where `a_i, b_i, c_i`
//! interpolate the constraint rows and vanish on the rows of the instance. For `v`, in no
//! constraint, what remains is `IC_v = β·L_v(τ)/γ`, which is not the identity. A relation
//! `Σ y_i·IC_i = 0` says that the polynomial `Σ y_i·(β·(L_i + a_i) + α·b_i + c_i)` vanishes at the
//! secret `(α, β, τ)`; its coefficient at `β` takes the value `y_i` on the row of `i`, so it is
//! not the zero polynomial, and who finds such a relation solves a discrete logarithm.
//!
//! **`D` hides**: `v` is uniform and `IC_v` generates the group, so `D` is uniform whatever `x` is.
//!
//! **`D` alone proves nothing.** With `A = α`, `B = β`, `D = −(IC_0 + Σ parameters)` and `C = 0`
//! the equation holds, for any predicate, and rerandomising makes `C` an ordinary point. What
//! carries the proof is that `D` is *opened* in the slots' bases: the prover commits to masks with
//! `K = Σ k_s·IC_s + ν·IC_v`, gets a challenge `c` that hashes `D`, `K` and the proof, and answers
//! `z_s = k_s + c·x_s`, `ν̂ = ν + c·v`; [`crate::VerifyingKey::relation_holds`] checks
//! `K = Σ z_s·IC_s + ν̂·IC_v − c·D`. Never accept a proof without it.

use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};

use ark_bn254::{Fr, G1Affine};
use ark_ff::{PrimeField, Zero};
use ark_serialize::Compress;
use rand_core::CryptoRngCore;
use zeroize::Zeroize;

use crate::Refused;
use crate::points;

/// An element of BN254's scalar field. Often a secret: erased when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Scalar(Fr);

impl Scalar {
    /// The integer of at most 31 octets, big-endian: shorter than the modulus, so that nothing is
    /// ever reduced. `None` if there are more.
    pub fn from_integer_be(octets: &[u8]) -> Option<Self> {
        (octets.len() <= 31).then(|| Self(Fr::from_be_bytes_mod_order(octets)))
    }

    /// The scalar of 32 octets, big-endian; `None` unless it is below the modulus.
    pub fn from_bytes(octets: &[u8; 32]) -> Option<Self> {
        let scalar = Self(Fr::from_be_bytes_mod_order(octets));
        (scalar.to_bytes() == *octets).then_some(scalar)
    }

    /// The 32 octets, big-endian.
    pub fn to_bytes(&self) -> [u8; 32] {
        let mut octets = [0; 32];
        let mut limbs = self.0.into_bigint();
        for (chunk, limb) in octets.rchunks_exact_mut(8).zip(limbs.0) {
            chunk.copy_from_slice(&limb.to_be_bytes());
        }
        limbs.zeroize();
        octets
    }

    /// A uniform scalar: 64 octets of the generator, reduced.
    pub fn random(rng: &mut impl CryptoRngCore) -> Self {
        let mut octets = [0; 64];
        rng.fill_bytes(&mut octets);
        let scalar = Self(Fr::from_be_bytes_mod_order(&octets));
        octets.zeroize();
        scalar
    }

    /// Whether this is 0.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    pub(crate) fn field(&self) -> Fr {
        self.0
    }
}

impl From<i128> for Scalar {
    /// The residue of an integer; a negative one becomes `p − |n|`.
    fn from(integer: i128) -> Self {
        Self(Fr::from(integer))
    }
}

impl Zeroize for Scalar {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl Drop for Scalar {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl zeroize::ZeroizeOnDrop for Scalar {}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scalar(..)")
    }
}

impl Add for &Scalar {
    type Output = Scalar;

    fn add(self, other: Self) -> Scalar {
        Scalar(self.0 + other.0)
    }
}

impl Sub for &Scalar {
    type Output = Scalar;

    fn sub(self, other: Self) -> Scalar {
        Scalar(self.0 - other.0)
    }
}

impl Mul for &Scalar {
    type Output = Scalar;

    fn mul(self, other: Self) -> Scalar {
        Scalar(self.0 * other.0)
    }
}

impl Neg for &Scalar {
    type Output = Scalar;

    fn neg(self) -> Scalar {
        Scalar(-self.0)
    }
}

/// A point of BN254's G1 in the span of a verifying key's slots and blinder: `D`, or a mask `K`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commitment(G1Affine);

impl Commitment {
    /// The length of a commitment's octets.
    pub const LENGTH: usize = 32;

    /// The compressed point.
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let mut octets = Vec::with_capacity(Self::LENGTH);
        points::write(&self.0, Compress::Yes, &mut octets);
        octets.try_into().unwrap_or([0xff; Self::LENGTH])
    }

    /// Reads a point: canonical, on the curve, not the identity.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_bytes(octets: &[u8]) -> Result<Self, Refused> {
        let octets = octets.try_into().map_err(|_| Refused)?;
        points::read_g1(octets).map(Self).ok_or(Refused)
    }

    pub(crate) fn new(point: G1Affine) -> Self {
        Self(point)
    }

    pub(crate) fn point(&self) -> G1Affine {
        self.0
    }
}

/// What opens a proof's commitment beside the slots: the blinder. Erased when dropped.
#[derive(Clone)]
pub struct Opening(Scalar);

impl Opening {
    pub(crate) fn new(blinder: Scalar) -> Self {
        Self(blinder)
    }

    /// The blinder `v`.
    pub fn blinder(&self) -> &Scalar {
        &self.0
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opening(..)")
    }
}
