//! Digests of 32 octets, each kind a type of its own, so that one can't stand where another belongs.
//!
//! In documents and on screen a digest is 64 lower-case hexadecimal digits, and nothing else.

use std::fmt::Write;

/// Why a text is no digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 lower-case hexadecimal digits")]
pub struct DigestError;

pub(crate) fn to_hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut out, octet| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{octet:02x}");
        out
    })
}

pub(crate) fn from_hex(text: &str) -> Result<[u8; 32], DigestError> {
    let lower = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if text.len() != 64 || !lower {
        return Err(DigestError);
    }
    let mut octets = [0; 32];
    for (i, octet) in octets.iter_mut().enumerate() {
        let pair = text.get(2 * i..2 * i + 2).ok_or(DigestError)?;
        *octet = u8::from_str_radix(pair, 16).map_err(|_| DigestError)?;
    }
    Ok(octets)
}

/// Defines a digest type.
macro_rules! digest_type {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// The digest of 32 octets.
            pub const fn from_bytes(octets: [u8; 32]) -> Self {
                Self(octets)
            }

            /// The 32 octets.
            pub const fn to_bytes(self) -> [u8; 32] {
                self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&$crate::digest::to_hex(&self.0))
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::digest::DigestError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::digest::from_hex(text).map(Self)
            }
        }
    };
}

pub(crate) use digest_type;
