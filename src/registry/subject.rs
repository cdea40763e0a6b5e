//! Whom an attestation is about.
//!
//! A reference is an absolute IRI in ASCII: a DID, a URN, a CAIP-10 account. It has one spelling, as a
//! second one would split the claims about one subject in two: accounts of EVM chains are written in
//! lower case. Whoever is not to be named is referred to by a digest, `urn:sha256:…`, of something that
//! those concerned know; of a short or guessable text that hides nothing.

use crate::document::is_iri;
use std::fmt;
use std::str::FromStr;

/// Most octets of a reference.
pub const MAX_SUBJECT: usize = 256;

/// Why a text refers to nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// Not an IRI within the bound.
    #[error(
        "expected an absolute IRI in ASCII of at most {MAX_SUBJECT} octets, as did:.. or urn:.."
    )]
    Iri,
    /// An account with capitals.
    #[error("expected the account in lower case: eip155:<chain>:0x and 40 hexadecimal digits")]
    Account,
}

/// A reference to a subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(String);

impl Subject {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Subject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, SubjectError> {
        if text.len() > MAX_SUBJECT || !is_iri(text) {
            return Err(SubjectError::Iri);
        }
        let account = text.strip_prefix("eip155:").or_else(|| text.strip_prefix("did:pkh:eip155:"));
        match account.is_none_or(is_account) {
            true => Ok(Self(text.to_owned())),
            false => Err(SubjectError::Account),
        }
    }
}

/// `<chain>:0x<40 digits>`, in lower case.
fn is_account(text: &str) -> bool {
    let Some((chain, address)) = text.split_once(':') else { return false };
    let digits = address.strip_prefix("0x").unwrap_or("");
    let chain_is_number = !chain.is_empty()
        && chain.len() <= 32
        && chain.bytes().all(|b| b.is_ascii_digit())
        && (chain == "0" || !chain.starts_with('0'));
    chain_is_number
        && digits.len() == 40
        && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
