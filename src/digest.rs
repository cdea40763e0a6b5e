//! Digests of 32 octets, each kind a type of its own, so that one can't stand where another belongs.
//!
//! In documents and on screen a digest is 64 lower-case hexadecimal digits, and nothing else.

/// Why a text is no digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 lower-case hexadecimal digits")]
pub struct DigestError;

/// The octets of lower-case hexadecimal digits, exactly as many as there is room for.
pub(crate) fn from_hex<const N: usize>(text: &str) -> Result<[u8; N], DigestError> {
    let mut octets = [0; N];
    let upper = text.bytes().any(|b| b.is_ascii_uppercase());
    hex::decode_to_slice(text, &mut octets).map_err(|_| DigestError)?;
    if upper { Err(DigestError) } else { Ok(octets) }
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
                f.write_str(&::hex::encode(self.0))
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
