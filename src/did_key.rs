//! Issuers' public keys as `did:key` identifiers.
//!
//! A BLS12-381 key in G2 is written `did:key:z…`: base58btc (multibase `z`) of the multicodec
//! 0xeb (`bls12_381-g2-pub`, as a varint `eb 01`) and the 96 octets of the compressed point. See
//! the did:key method of the W3C Credentials Community Group.

use crate::bbs::PublicKey;

const PREFIX: &str = "did:key:z";
const MULTICODEC: [u8; 2] = [0xeb, 0x01];
/// 98 octets take at most 134 digits of base 58. Bounds the decoder, whose time is quadratic.
const MAX_LEN: usize = 160;

/// Why a text is no issuer key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected did:key:zUC7.. of a BLS12-381 key in G2")]
pub struct DidKeyError;

/// The `did:key` of a public key.
pub fn encode(key: &PublicKey) -> String {
    let octets = [&MULTICODEC[..], &key.to_bytes()].concat();
    format!("{PREFIX}{}", bs58::encode(octets).into_string())
}

/// The public key of a `did:key`.
pub fn decode(did: &str) -> Result<PublicKey, DidKeyError> {
    let digits = did.strip_prefix(PREFIX).filter(|_| did.len() <= MAX_LEN).ok_or(DidKeyError)?;
    let octets = bs58::decode(digits).into_vec().map_err(|_| DidKeyError)?;
    let point = octets.strip_prefix(&MULTICODEC).ok_or(DidKeyError)?;
    // Base 58 and the compressed point have one spelling each, so a key has one `did:key`.
    PublicKey::from_bytes(point).map_err(|_| DidKeyError)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bbs::SecretKey;

    #[test]
    fn keys_round_trip() {
        for seed in 1..5 {
            let key = *SecretKey::from_bytes(&[seed; 32]).unwrap().public_key();
            let did = encode(&key);
            assert!(did.starts_with("did:key:zUC7"), "{did}");
            assert_eq!(decode(&did), Ok(key));
        }
    }

    /// The example key of the did:key method for BLS12-381 in G2.
    #[test]
    fn a_published_key() {
        let did = "did:key:zUC7K4ndUaGZgV7Cp2yJy6JtMoUHY6u7tkcSYUvPrEidqBmLCTLmi6d5WvwnUqejscAkERJ3bf\
                   jEiSYtdPkRSE8kSa11hFBr4sTgnbZ95SJj19PN2jdvJjyzpSZgxkyyxNnBNnY";
        assert_eq!(encode(&decode(did).unwrap()), did);
    }

    #[test]
    fn reject_other_keys() {
        let did = encode(SecretKey::from_bytes(&[7; 32]).unwrap().public_key());
        let flipped = did.replace("zUC7", "zUC8");
        let longer = format!("{did}1");
        let padded = did.replace("key:z", "key:z1");
        let ed25519 = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
        for other in ["", "did:key:", "did:key:z", &did[8..], &flipped, &longer, &padded, ed25519] {
            assert_eq!(decode(other), Err(DidKeyError), "{other}");
        }
        assert_eq!(decode(&format!("did:key:z{}", "2".repeat(1_000_000))), Err(DidKeyError));
    }
}
