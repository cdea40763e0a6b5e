//! Every domain separator of the project.
//!
//! A tag is used for one purpose. Those of the BBS draft are suffixes of an api id (§4, §6 of
//! draft-irtf-cfrg-bbs-signatures) and so carry the suite and the interface; ours start with
//! `SIGIL-V1-`. A test holds them pairwise distinct.

use sha2::{Digest, Sha256};

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

/// Heads the BBS header of a credential that is bound to no holder: message 0 is zero.
pub(crate) const CREDENTIAL_UNBOUND: &[u8] = b"SIGIL-V1-CREDENTIAL-UNBOUND";
/// Heads the BBS header of an entry of a sorted list.
pub(crate) const LIST_ENTRY: &[u8] = b"SIGIL-V1-LIST-ENTRY";
/// Heads the BBS header of the signed head of a list's epoch.
pub(crate) const LIST_HEAD: &[u8] = b"SIGIL-V1-LIST-SIGNED-HEAD";
/// Heads the BBS header of an issuer record's signature.
pub(crate) const ISSUER_RECORD: &[u8] = b"SIGIL-V1-ISSUER-RECORD-BBS";
/// Tags of sigil's own hashes.
pub(crate) mod tag {
    /// The presentation header `ph`: everything that a presentation says before its challenges.
    pub(crate) const PRESENTATION: &[u8] = b"SIGIL-V1-PRESENTATION";
    /// The link's challenge c_x.
    pub(crate) const LINK_CHALLENGE: &[u8] = b"SIGIL-V1-LINK-CHALLENGE";
    /// Coefficients of the verifier's random linear combinations.
    pub(crate) const COMBINATION: &[u8] = b"SIGIL-V1-COMBINATION";
    /// Hash to curve of the link's bases on BLS12-381.
    pub(crate) const LINK_BASES: &[u8] = b"SIGIL-V1-LINK-BASES-BLS12381G1_XMD:SHA-256_SSWU_RO_";
    /// An authority's signature over a bundle's hash.
    pub(crate) const BUNDLE_SIGNATURE: &[u8] = b"SIGIL-V1-BUNDLE-SIGNATURE";
    /// An authority's signature over a trust list's hash.
    pub(crate) const TRUST_SIGNATURE: &[u8] = b"SIGIL-V1-TRUST-SIGNATURE";
    /// An attester's signature over an issuer record's hash.
    pub(crate) const ISSUER_RECORD: &[u8] = b"SIGIL-V1-ISSUER-RECORD-ED25519";
    /// The public anchor of a credential.
    pub(crate) const ANCHOR: &[u8] = b"SIGIL-V1-ANCHOR";
    /// Seeds of the generators of a batch of proofs.
    pub(crate) const BATCH_RANDOMNESS: &[u8] = b"SIGIL-V1-BATCH-RANDOMNESS";
    /// The issuer's permutation of status handles.
    pub(crate) const STATUS_HANDLE: &[u8] = b"SIGIL-V1-STATUS-HANDLE";
    /// The head of an epoch of a sorted list.
    pub(crate) const LIST_HEAD_HASH: &[u8] = b"SIGIL-V1-LIST-HEAD-HASH";
    /// Keys that stand for issuers in the examples of policies.
    pub(crate) const EXAMPLE_ISSUER: &[u8] = b"SIGIL-V1-EXAMPLE-ISSUER";
    /// What an epoch of a sorted list contains.
    pub(crate) const LIST_CONTENTS: &[u8] = b"SIGIL-V1-LIST-CONTENTS";
    /// The elements of a sorted list.
    pub(crate) const LIST_ELEMENTS: &[u8] = b"SIGIL-V1-LIST-ELEMENTS";
    /// The identifier of an attestation.
    pub(crate) const ATTESTATION: &[u8] = b"SIGIL-V1-ATTESTATION";
    /// The identifier of an event.
    pub(crate) const EVENT: &[u8] = b"SIGIL-V1-EVENT";
    /// The identifier of a grant.
    pub(crate) const GRANT: &[u8] = b"SIGIL-V1-GRANT";
    /// A signature over a statement's identifier.
    pub(crate) const STATEMENT_SIGNATURE: &[u8] = b"SIGIL-V1-STATEMENT-SIGNATURE";
    /// What a cursor goes on with.
    #[cfg_attr(not(feature = "store"), allow(dead_code, reason = "only a store has listings"))]
    pub(crate) const LISTING: &[u8] = b"SIGIL-V1-LISTING";
}

/// Heads what a witness signs of a checkpoint: the tag that C2SP's tlog-cosignature prescribes.
#[cfg(any(test, feature = "store"))]
pub(crate) const COSIGNATURE: &[u8] = b"cosignature/v1\n";

/// Octets of a transcript's digest.
pub(crate) const DIGEST_LEN: usize = 32;

/// A hash of labelled items: no two sequences of items hash the same octets.
///
/// SHA-256 over the tag and then, for each item, its label and its content, every part preceded by
/// its length (64 bits, big-endian).
pub(crate) struct Transcript(Sha256);

impl Transcript {
    /// Begins a transcript for one purpose.
    pub(crate) fn new(tag: &[u8]) -> Self {
        let mut transcript = Transcript(Sha256::new());
        transcript.part(tag);
        transcript
    }

    /// Absorbs an item.
    pub(crate) fn absorb(&mut self, label: &str, content: impl AsRef<[u8]>) {
        self.part(label.as_bytes());
        self.part(content.as_ref());
    }

    /// Absorbs a count, an index or a version.
    pub(crate) fn absorb_number(&mut self, label: &str, number: usize) {
        self.absorb(label, (number as u64).to_be_bytes());
    }

    /// The digest of all that was absorbed.
    pub(crate) fn finish(self) -> [u8; DIGEST_LEN] {
        self.0.finalize().into()
    }

    fn part(&mut self, octets: &[u8]) {
        self.0.update((octets.len() as u64).to_be_bytes());
        self.0.update(octets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_distinct_and_none_begins_another() {
        let tags: [&[u8]; 31] = [
            CREDENTIAL_UNBOUND,
            ISSUER_RECORD,
            tag::ISSUER_RECORD,
            tag::ANCHOR,
            tag::EXAMPLE_ISSUER,
            LIST_ENTRY,
            LIST_HEAD,
            tag::LIST_HEAD_HASH,
            tag::LIST_CONTENTS,
            tag::LIST_ELEMENTS,
            bbs::H2S,
            bbs::MAP_MESSAGE,
            bbs::KEYGEN,
            bbs::GENERATOR_SEED_TAG,
            bbs::GENERATOR_TAG,
            bbs::GENERATOR_SEED,
            bbs::BASE_POINT_SEED,
            tag::PRESENTATION,
            tag::LINK_CHALLENGE,
            tag::COMBINATION,
            tag::LINK_BASES,
            tag::BUNDLE_SIGNATURE,
            tag::TRUST_SIGNATURE,
            tag::BATCH_RANDOMNESS,
            tag::STATUS_HANDLE,
            tag::ATTESTATION,
            tag::EVENT,
            tag::GRANT,
            tag::STATEMENT_SIGNATURE,
            tag::LISTING,
            COSIGNATURE,
        ];
        for (i, a) in tags.iter().enumerate() {
            for (j, b) in tags.iter().enumerate() {
                assert!(i == j || !a.starts_with(b), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn moving_a_boundary_between_items_changes_the_digest() {
        let digest = |items: &[(&str, &str)]| {
            let mut transcript = Transcript::new(b"t");
            items.iter().for_each(|(label, content)| transcript.absorb(label, content));
            transcript.finish()
        };
        let all = [
            digest(&[("a", "bc")]),
            digest(&[("ab", "c")]),
            digest(&[("a", "b"), ("", "c")]),
            digest(&[("a", "bc"), ("", "")]),
            digest(&[]),
        ];
        for i in 0..all.len() {
            for j in 0..i {
                assert_ne!(all[i], all[j], "{i} {j}");
            }
        }
    }
}
