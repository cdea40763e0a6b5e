//! A scalar that is a secret: wiped when dropped, never printed.

use super::Scalar;
use std::fmt;
use std::ops::Deref;
use zeroize::{DefaultIsZeroes, Zeroize};

/// Gives `Scalar` a volatile wipe, which its own crate does not have.
#[derive(Clone, Copy, Default)]
struct Wiped(Scalar);

impl DefaultIsZeroes for Wiped {}

/// A secret scalar. Its memory is overwritten on drop and `Debug` says nothing of its value; copies
/// that arithmetic makes on the stack are beyond its reach.
#[derive(Clone, Default)]
pub struct SecretScalar(Wiped);

impl SecretScalar {
    /// Takes the scalar under guard.
    pub fn new(scalar: Scalar) -> Self {
        SecretScalar(Wiped(scalar))
    }
}

impl Deref for SecretScalar {
    type Target = Scalar;
    fn deref(&self) -> &Scalar {
        &self.0.0
    }
}

impl Drop for SecretScalar {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SecretScalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretScalar(redacted)")
    }
}
