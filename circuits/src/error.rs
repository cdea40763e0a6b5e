//! Refusals: one opaque for the verifier, a telling one for the prover, who knows the secrets.

use crate::shape::InputError;

/// A proof, commitment or response was refused. Why is nobody's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("refused")]
pub struct Refused;

/// Why nothing was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The values don't fit the shape.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The predicate is false of these values.
    #[error("the predicate does not hold")]
    False,
    /// The proof system failed.
    #[error("the proof could not be made")]
    Failed,
}
