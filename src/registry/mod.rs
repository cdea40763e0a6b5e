//! The registry: what was claimed, by whom, and whether it still holds.
//!
//! Presentations show hidden facts to one verifier; the registry is the public side. Its entries are
//! schemas, issuers' records, trust lists, bundles, epochs of lists, and *statements*: signed
//! attestations, events about them, and grants that let one key speak for another. An entry is never
//! changed and never removed; whatever happens to a claim is a later entry, and what it comes to is
//! said by one function at any time, also one that is past.
//!
//! | module | what |
//! |---|---|
//! | [`object`] | what an entry is of, its identifier, and the leaf of the log that stands for it |
//! | [`statement`] | what all signed statements have in common: identifier, signature, delegation |
//! | [`attestation`] | a claim about a subject under a schema: validity, links, payload, anchor |
//! | [`event`] | revocation, suspension, resumption |
//! | [`grant`] | that another key may speak for an issuer, and how far |
//! | `log` | the Merkle log over all entries: proofs, checkpoints, witnesses |
//! | [`facts`] | everything that a verdict rests on |
//! | [`terms`] | by what an attestation is judged |

pub mod attestation;
pub mod event;
pub mod facts;
pub mod grant;
#[cfg(feature = "store")]
pub mod log;
pub mod object;
pub mod payload;
pub mod statement;
pub mod subject;
pub mod terms;

#[cfg(test)]
mod tests;
