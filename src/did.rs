//! Issuer keys as `did:key`, the way documents name them.
//!
//! The form of the W3C CCG did:key method: multibase base58btc of the multicodec `bls12_381-g2-pub`
//! (0xeb, as the varint 0xeb 0x01) followed by the 96 octets of the key.

use crate::bbs::PublicKey;
use crate::document::{Cursor, Fault};

const PREFIX: &str = "did:key:z";
const CODEC: [u8; 2] = [0xeb, 0x01];
/// Longer than any encoded key: bounds the work of decoding.
const MAX_LEN: usize = 160;

/// The identifier of an issuer's key.
pub fn from_public_key(key: &PublicKey) -> String {
    let octets = [&CODEC[..], &key.to_bytes()].concat();
    format!("{PREFIX}{}", bs58::encode(octets).into_string())
}

/// The key of an identifier, if it is one of a BLS12-381 G2 key in canonical form.
pub fn parse(text: &str) -> Option<PublicKey> {
    let encoded = text.strip_prefix(PREFIX).filter(|_| text.len() <= MAX_LEN)?;
    let octets = bs58::decode(encoded).into_vec().ok()?;
    let key = PublicKey::from_bytes(octets.strip_prefix(&CODEC)?).ok()?;
    (from_public_key(&key) == text).then_some(key)
}

/// Reads an issuer's key from a document.
pub(crate) fn public_key(cursor: &Cursor<'_>) -> Result<PublicKey, Fault> {
    parse(cursor.text()?).ok_or_else(|| {
        let remedy = "write the did:key:z.. that the issuer publishes";
        cursor.invalid("not the did:key of a BLS12-381 G2 key", remedy)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bbs::SecretKey;

    #[test]
    fn keys_round_trip_and_other_identifiers_are_refused() {
        let key = *SecretKey::from_bytes(&[7; 32]).unwrap().public_key();
        let did = from_public_key(&key);
        // The multibase prefix that the method's registry gives for this kind of key.
        assert!(did.starts_with("did:key:zUC7"), "{did}");
        assert_eq!(parse(&did), Some(key));
        for wrong in [
            did.replacen("did:key:z", "did:key:", 1),
            did.replacen("zUC7", "zUC6", 1),
            format!("{did}1"),
            did[..did.len() - 1].to_owned(),
            format!("{did} "),
            format!("did:key:z{}", "1".repeat(1000)),
            "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK".to_owned(),
        ] {
            assert_eq!(parse(&wrong), None, "{wrong}");
        }
    }
}
