//! Ciphersuites and interfaces.

use crate::curve::Scalar;
use crate::curve::hash::Expander;
use crate::transcript::bbs as tag;

/// A BBS ciphersuite (draft §7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// `BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_`
    Sha256,
    /// `BBS_BLS12381G1_XOF:SHAKE-256_SSWU_RO_`
    Shake256,
}

impl Suite {
    /// Both suites.
    pub const ALL: [Suite; 2] = [Suite::Sha256, Suite::Shake256];

    /// The registered name.
    pub fn id(self) -> &'static str {
        match self {
            Suite::Sha256 => "BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_",
            Suite::Shake256 => "BBS_BLS12381G1_XOF:SHAKE-256_SSWU_RO_",
        }
    }

    /// The suite of a registered name.
    pub fn from_id(id: &str) -> Option<Suite> {
        Suite::ALL.into_iter().find(|suite| suite.id() == id)
    }

    /// The suite's message expansion.
    pub fn expander(self) -> Expander {
        match self {
            Suite::Sha256 => Expander::XmdSha256,
            Suite::Shake256 => Expander::XofShake256,
        }
    }
}

/// How the messages of a signature came to be scalars. Part of what is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Interface {
    suite: Suite,
    mapping: Mapping,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Mapping {
    Hashed,
    Typed,
}

impl Interface {
    /// The draft's own interface: messages are octets, hashed to scalars.
    pub const fn standard(suite: Suite) -> Self {
        Interface { suite, mapping: Mapping::Hashed }
    }

    /// Sigil's interface: integers are themselves, only text and octets are hashed.
    pub const fn typed(suite: Suite) -> Self {
        Interface { suite, mapping: Mapping::Typed }
    }

    /// The ciphersuite.
    pub const fn suite(self) -> Suite {
        self.suite
    }

    /// The api id: suite name and interface.
    pub fn api_id(self) -> String {
        let mapping = match self.mapping {
            Mapping::Hashed => "H2G_HM2S_",
            Mapping::Typed => "H2G_TM2S_",
        };
        [self.suite.id(), mapping].concat()
    }

    /// `hash_to_scalar` under a tag of the caller's.
    pub fn hash_to_scalar(self, message: &[u8], tag: &[u8]) -> Scalar {
        self.suite.expander().hash_to_scalar(message, tag)
    }

    /// Octets to a message scalar (draft §4.1.2), under this interface's own tag.
    pub fn message_to_scalar(self, octets: &[u8]) -> Scalar {
        self.hash_to_scalar(octets, &self.tag(tag::MAP_MESSAGE))
    }

    /// `hash_to_scalar` under the tag that signing and proving use.
    pub(super) fn challenge(self, message: &[u8]) -> Scalar {
        self.hash_to_scalar(message, &self.tag(tag::H2S))
    }

    /// The api id with a suffix.
    pub(super) fn tag(self, suffix: &[u8]) -> Vec<u8> {
        [self.api_id().as_bytes(), suffix].concat()
    }
}
