//! Names and keys of those who sign notes.
//!
//! A key is told by its holder's name and by an id: the first four octets of SHA-256 over the name,
//! a newline, an octet for the kind of signature and the public key (signed-note). The id is a hint
//! to look up a key with; signatures are what is checked. Written down, a key is its *vkey*:
//! `<name>+<id in hexadecimal>+<base64 of the kind and the key>`.

use crate::authority::{Authority, SIGNATURE_LEN};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use signed_note::Verifier;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Octets of the longest name.
pub const MAX_NAME: usize = 255;

/// The kind of a log's signature: Ed25519 over the note.
pub(super) const ED25519: u8 = 0x01;
/// The kind of a witness's: `cosignature/v1`, Ed25519 over the note with a time.
pub(super) const COSIGNATURE: u8 = 0x04;

/// Why a text is no name or no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// It is no name.
    #[error(
        "a name is a URL without its scheme, such as `example.org/log`: at most 255 printable \
         ASCII characters, no `+`, no empty part"
    )]
    Name,
    /// It is not of the form of a vkey.
    #[error("expected `<name>+<id>+<base64>`, the id 8 lower-case hexadecimal digits")]
    Form,
    /// It is a key for another kind of signature.
    #[error("the key is for signatures of another kind")]
    Kind,
    /// Its octets are no Ed25519 key that signatures can be checked by.
    #[error("the octets are no Ed25519 public key")]
    Point,
    /// Its id is of another key or name.
    #[error("the id is not that of the name and key")]
    Id,
}

/// The name of a log, which is its checkpoints' origin, or of a witness: a URL without its scheme.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for KeyName {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let printable = text.bytes().all(|b| b.is_ascii_graphic() && b != b'+');
        let parts = text.split('/').all(|part| !part.is_empty());
        if !printable || !parts || text.len() > MAX_NAME {
            return Err(KeyError::Name);
        }
        Ok(Self(text.to_owned()))
    }
}

/// The id of a key of some kind.
pub(super) fn key_id(name: &KeyName, kind: u8, key: &Authority) -> u32 {
    signed_note::key_id(name.as_str(), &typed(kind, key))
}

fn typed(kind: u8, key: &Authority) -> Vec<u8> {
    [&[kind], &key.to_bytes()[..]].concat()
}

/// Writes a vkey.
pub(super) fn write_vkey(
    f: &mut fmt::Formatter<'_>,
    name: &KeyName,
    kind: u8,
    key: &Authority,
) -> fmt::Result {
    write!(f, "{name}+{:08x}+{}", key_id(name, kind, key), STANDARD.encode(typed(kind, key)))
}

/// Reads a vkey for one kind of signature.
pub(super) fn parse_vkey(text: &str, kind: u8) -> Result<(KeyName, Authority), KeyError> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(KeyError::Form);
    };
    let name: KeyName = name.parse()?;
    // 33 octets are 44 characters; the bound keeps the decoder from more.
    let octets = Some(key).filter(|key| key.len() == 44).and_then(|key| STANDARD.decode(key).ok());
    let octets = octets.ok_or(KeyError::Form)?;
    let (found, octets) = octets.split_first().ok_or(KeyError::Form)?;
    if *found != kind {
        return Err(KeyError::Kind);
    }
    let octets: &[u8; 32] = octets.try_into().map_err(|_| KeyError::Form)?;
    let key = Authority::from_bytes(octets).ok_or(KeyError::Point)?;
    if id != format!("{:08x}", key_id(&name, kind, &key)) {
        return Err(KeyError::Id);
    }
    Ok((name, key))
}

/// A log, by its origin and the key that signs its checkpoints. Written as a vkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKey {
    origin: KeyName,
    key: Authority,
    id: u32,
}

impl LogKey {
    /// The log of this origin and key.
    pub fn new(origin: KeyName, key: Authority) -> Self {
        let id = key_id(&origin, ED25519, &key);
        Self { origin, key, id }
    }

    /// The first line of its checkpoints.
    pub fn origin(&self) -> &KeyName {
        &self.origin
    }

    /// The key.
    pub fn authority(&self) -> &Authority {
        &self.key
    }
}

impl fmt::Display for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_vkey(f, &self.origin, ED25519, &self.key)
    }
}

impl FromStr for LogKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (origin, key) = parse_vkey(text, ED25519)?;
        Ok(Self::new(origin, key))
    }
}

impl Verifier for LogKey {
    fn name(&self) -> &str {
        self.origin.as_str()
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = <&[u8; SIGNATURE_LEN]>::try_from(signature);
        signature.is_ok_and(|signature| self.key.verify(message, signature).is_ok())
    }
}
