//! Every domain separator of the project.
//!
//! A tag is used for one purpose. Those of the BBS draft are suffixes of an api id (§4, §6 of
//! draft-irtf-cfrg-bbs-signatures) and so carry the suite and the interface; ours start with
//! `SIGIL-V1-`. A test holds them pairwise distinct.

/// Suffixes that the BBS draft appends to an api id.
pub(crate) mod bbs {
    /// Tag of `hash_to_scalar`.
    pub(crate) const H2S: &[u8] = b"H2S_";
    /// Tag of the mapping of octets to message scalars.
    pub(crate) const MAP_MESSAGE: &[u8] = b"MAP_MSG_TO_SCALAR_AS_HASH_";
    /// Default tag of key generation.
    pub(crate) const KEYGEN: &[u8] = b"KEYGEN_DST_";
    /// Tag of the seed chain of the generators.
    pub(crate) const GENERATOR_SEED_TAG: &[u8] = b"SIG_GENERATOR_SEED_";
    /// Tag of hashing a seed to a generator.
    pub(crate) const GENERATOR_TAG: &[u8] = b"SIG_GENERATOR_DST_";
    /// First seed of the message generators.
    pub(crate) const GENERATOR_SEED: &[u8] = b"MESSAGE_GENERATOR_SEED";
    /// First seed of the base point P1.
    pub(crate) const BASE_POINT_SEED: &[u8] = b"BP_MESSAGE_GENERATOR_SEED";
}
