//! Public keys as `did:key` identifiers: issuers' of BBS, authorities' of Ed25519.
//!
//! A key is written `did:key:z…`: base58btc (multibase `z`) of its multicodec, as a varint, and its
//! octets. For a BLS12-381 key in G2 that is 0xeb (`bls12_381-g2-pub`, `eb 01`) and the 96 octets of
//! the compressed point; for Ed25519 it is 0xed (`ed25519-pub`, `ed 01`) and 32 octets. See the
//! did:key method of the W3C Credentials Community Group.

use crate::bbs::PublicKey;

const PREFIX: &str = "did:key:z";
const BLS12_381_G2: [u8; 2] = [0xeb, 0x01];
const ED25519: [u8; 2] = [0xed, 0x01];
/// 98 octets take at most 134 digits of base 58. Bounds the decoder, whose time is quadratic.
const MAX_LEN: usize = 160;

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DidKeyError {
    /// No issuer's key.
    #[error("expected did:key:zUC7.. of a BLS12-381 key in G2")]
    Bls12381,
    /// No authority's key.
    #[error("expected did:key:z6Mk.. of an Ed25519 key")]
    Ed25519,
}

/// The `did:key` of an issuer's public key.
pub fn encode(key: &PublicKey) -> String {
    spell(BLS12_381_G2, &key.to_bytes())
}

/// The issuer's public key of a `did:key`.
pub fn decode(did: &str) -> Result<PublicKey, DidKeyError> {
    let octets = read(BLS12_381_G2, did).ok_or(DidKeyError::Bls12381)?;
    // Base 58 and the compressed point have one spelling each, so a key has one `did:key`.
    PublicKey::from_bytes(&octets).map_err(|_| DidKeyError::Bls12381)
}

/// The `did:key` of the octets of an Ed25519 key.
pub fn encode_ed25519(key: &[u8; 32]) -> String {
    spell(ED25519, key)
}

/// The octets of the Ed25519 key of a `did:key`; whether they are a point is not looked at.
pub fn decode_ed25519(did: &str) -> Result<[u8; 32], DidKeyError> {
    let octets = read(ED25519, did).and_then(|octets| octets.try_into().ok());
    octets.ok_or(DidKeyError::Ed25519)
}

fn spell(multicodec: [u8; 2], key: &[u8]) -> String {
    format!("{PREFIX}{}", bs58::encode([&multicodec[..], key].concat()).into_string())
}

fn read(multicodec: [u8; 2], did: &str) -> Option<Vec<u8>> {
    let digits = did.strip_prefix(PREFIX).filter(|_| did.len() <= MAX_LEN)?;
    let octets = bs58::decode(digits).into_vec().ok()?;
    octets.strip_prefix(&multicodec).map(<[u8]>::to_vec)
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
            assert_eq!(decode(other), Err(DidKeyError::Bls12381), "{other}");
        }
        let endless = format!("did:key:z{}", "2".repeat(1_000_000));
        assert_eq!(decode(&endless), Err(DidKeyError::Bls12381));
        // One kind of key does not stand for the other, nor a cut one for a whole one.
        assert_eq!(encode_ed25519(&decode_ed25519(ed25519).unwrap()), ed25519);
        let short = spell(ED25519, &[7; 31]);
        let long = spell(ED25519, &[7; 33]);
        for other in [&did, &short, &long, &endless, &ed25519.replacen("z6Mk", "z6Mm", 1)] {
            assert_eq!(decode_ed25519(other), Err(DidKeyError::Ed25519), "{other}");
        }
    }
}
