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
//! | [`attestation`] | a claim about a [subject] under a schema: validity, links, [payload], anchor |
//! | [`event`] | revocation, suspension, resumption |
//! | [`grant`] | that another key may speak for an issuer, and how far |
//! | [`issuer`] | that a key that attests is of an issuer of credentials |
//! | [`anchor`] | that an attestation is of a credential, which it does not reveal |
//! | [`facts`] | everything that a verdict rests on |
//! | [`terms`] | by what an attestation is judged |
//! | [`verdict`](mod@verdict) | whether it holds, and why not |
//! | `log` | the Merkle log: checkpoints, proofs, tiles, witnesses |
//! | `exchange` | records of other registries, read and given back |
//!
//! All of it is pure: nothing here reads a clock or a database. The last two come with the feature
//! `store`, as does [`crate::store`], which keeps the entries.

pub mod anchor;
pub mod attestation;
mod claims;
pub mod event;
#[cfg(feature = "store")]
pub mod exchange;
pub mod facts;
pub mod grant;
pub mod issuer;
#[cfg(feature = "store")]
pub mod log;
pub mod object;
pub mod payload;
pub mod statement;
pub mod subject;
pub mod terms;
pub mod verdict;

#[cfg(test)]
mod tests;
