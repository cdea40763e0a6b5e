//! BBS signatures and proofs, as in draft-irtf-cfrg-bbs-signatures.
//!
//! A signature on messages m_1..m_L under the key W = sk·BP2 is (A, e) with
//!
//! ```text
//! B = P1 + domain·Q1 + Σ mᵢ·Hᵢ        A = B / (sk + e)
//! ```
//!
//! and is checked by e(A, W + e·BP2) = e(B, BP2). `domain` hashes the key, the generators, the
//! interface and the header, so all of them are signed. Whoever holds a signature can prove it and
//! some of the messages without showing the signature: [`ProofInit`], [`Proof`].
//!
//! | file | draft |
//! |---|---|
//! | `suite.rs` | §7 ciphersuites, §4 interfaces |
//! | `generators.rs` | §4.1.1 create_generators, with cache and tables |
//! | `keys.rs` | §3.4 key generation |
//! | `signature.rs` | §3.6.1, §3.6.2 CoreSign, CoreVerify |
//! | `bulk.rs` | the same, for very many under one header |
//! | `held.rs` | a signature as its holder keeps it |
//! | `proof.rs` | §3.6.3, §3.6.4, §3.7 CoreProofGen, CoreProofVerify |
//! | `batch.rs` | many pairing equations as one |
//! | `standard.rs` | §3.5 the interface that hashes octets to messages |
//!
//! Core operations take scalars. The interface is part of the signed domain: a signature made under
//! one is worthless under the other. The *standard* one (`H2G_HM2S_`) is byte-exact with the
//! published fixtures; the *typed* one (`H2G_TM2S_`) is ours and keeps integers as integers, which is
//! what makes predicates over them possible.

mod batch;
mod bulk;
mod generators;
mod held;
mod keys;
mod proof;
mod signature;
pub mod standard;
mod suite;

pub use batch::{PairingBatch, SignedMessages, verify_batch};
pub use bulk::sign_many;
pub use generators::Generators;
pub use held::HeldSignature;
pub use keys::{PublicKey, SecretKey};
pub use proof::{
    PendingProof, Proof, ProofInit, VerifiedProof, proof_verify, proof_verify_deferred,
};
pub use signature::{Signature, sign, verify};
pub use suite::{Interface, Suite};

use thiserror::Error;

/// Most messages that one signature may hold. Bounds the work that a caller can ask for.
pub const MAX_MESSAGES: usize = 4096;
/// Most octets of a header or presentation header.
pub const MAX_HEADER_LEN: usize = 65_535;

/// What goes wrong in BBS operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// The one answer to octets that are no key, signature or proof, and to those that do not
    /// verify. It says nothing more on purpose.
    #[error("the signature or proof was refused")]
    Refused,
    /// More messages, or a longer header, than the stated bounds.
    #[error("too many messages or too long a header: at most {MAX_MESSAGES} and {MAX_HEADER_LEN}")]
    TooLarge,
    /// The disclosed indexes are not strictly ascending and below the number of messages.
    #[error("disclosed indexes must be ascending, without repetition, and below the message count")]
    Indexes,
    /// Key material shorter than 32 octets, or key info longer than 65,535.
    #[error("key material needs at least 32 octets, key info at most 65,535")]
    KeyMaterial,
}
