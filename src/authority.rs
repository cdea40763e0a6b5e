//! Authorities: who answers for a policy, by an Ed25519 key.
//!
//! A policy may name its authority as a `did:key`; its bundle is then good only with that
//! authority's signature. Ed25519 (RFC 8032) is what `did:key`, OpenSSL and hardware tokens have in
//! common. Signatures are checked strictly: a key or a commitment of small order, and a scalar that
//! is not reduced, are refused, so that what one reader accepts no other refuses.

use crate::did_key::{self, DidKeyError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature as Ed25519, Signer, SigningKey, VerifyingKey};
use rand_core::CryptoRngCore;
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

/// Octets of a signature.
pub const SIGNATURE_LEN: usize = 64;

/// PKCS#8 version 1 of an Ed25519 key up to the key itself (RFC 8410, §7): nothing in it varies.
const PKCS8_HEAD: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// Why octets or text are no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an Ed25519 private key in PEM, as `openssl genpkey -algorithm ed25519` writes it"
)]
pub struct AuthorityKeyError;

/// The signature was not made by this authority over this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct NotSigned;

/// An authority, named by its public key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Authority(VerifyingKey);

impl Authority {
    /// The authority of a public key: a canonical point of the curve, not of small order.
    pub fn from_bytes(octets: &[u8; 32]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(octets).ok()?;
        (!key.is_weak() && key.to_bytes() == *octets).then_some(Self(key))
    }

    /// The public key.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Checks this authority's signature over a message.
    pub fn verify(&self, message: &[u8], signature: &[u8; SIGNATURE_LEN]) -> Result<(), NotSigned> {
        self.0.verify_strict(message, &Ed25519::from_bytes(signature)).map_err(|_| NotSigned)
    }
}

// The order of the octets: for sets of authorities.
impl Ord for Authority {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.to_bytes().cmp(&other.to_bytes())
    }
}

impl PartialOrd for Authority {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&did_key::encode_ed25519(&self.to_bytes()))
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({self})")
    }
}

impl FromStr for Authority {
    type Err = DidKeyError;

    fn from_str(text: &str) -> Result<Self, DidKeyError> {
        let octets = did_key::decode_ed25519(text)?;
        Self::from_bytes(&octets).ok_or(DidKeyError::Ed25519)
    }
}

/// An authority's secret key. `Debug` shows the authority only; it is erased when dropped.
#[derive(Clone)]
pub struct AuthorityKey(SigningKey);

impl AuthorityKey {
    /// A fresh key.
    pub fn random(rng: &mut impl CryptoRngCore) -> Self {
        let mut octets = Zeroizing::new([0; 32]);
        rng.fill_bytes(octets.as_mut());
        Self::from_bytes(&octets)
    }

    /// The key of 32 octets: RFC 8032's private key, any octets at all.
    pub fn from_bytes(octets: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(octets))
    }

    /// The 32 octets.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// Reads a private key in PEM (PKCS#8 version 1, RFC 8410).
    pub fn from_pem(text: &str) -> Result<Self, AuthorityKeyError> {
        let body = text.trim().strip_prefix(PEM_BEGIN).and_then(|text| text.strip_suffix(PEM_END));
        let body = Zeroizing::new(body.ok_or(AuthorityKeyError)?.replace(['\r', '\n'], ""));
        // A key is 64 characters of base64; the bound keeps the decoder from more.
        let octets = Some(&body).filter(|body| body.len() == 64);
        let octets = octets.and_then(|body| STANDARD.decode(body.as_bytes()).ok());
        let octets = Zeroizing::new(octets.ok_or(AuthorityKeyError)?);
        let seed =
            octets.strip_prefix(&PKCS8_HEAD).and_then(|seed| <&[u8; 32]>::try_from(seed).ok());
        seed.map(Self::from_bytes).ok_or(AuthorityKeyError)
    }

    /// The key in PEM, as OpenSSL reads it.
    pub fn to_pem(&self) -> Zeroizing<String> {
        let octets = Zeroizing::new([&PKCS8_HEAD[..], &self.to_bytes()[..]].concat());
        let body = Zeroizing::new(STANDARD.encode(&octets[..]));
        Zeroizing::new(format!("{PEM_BEGIN}\n{}\n{PEM_END}\n", body.as_str()))
    }

    /// The authority that it makes its holder.
    pub fn authority(&self) -> Authority {
        Authority(self.0.verifying_key())
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_LEN] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for AuthorityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthorityKey({}, ..)", self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex32(text: &str) -> [u8; 32] {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    /// RFC 8032, §7.1, test 2.
    #[test]
    fn the_published_signature() {
        let seed = hex32("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let public = hex32("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        let key = AuthorityKey::from_bytes(&seed);
        assert_eq!(key.authority().to_bytes(), public);
        let signature = key.sign(&[0x72]);
        assert_eq!(
            hex::encode(signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        );
        assert_eq!(key.authority().verify(&[0x72], &signature), Ok(()));
        assert_eq!(key.authority().verify(&[0x73], &signature), Err(NotSigned));
        for bit in 0..8 * SIGNATURE_LEN {
            let mut flipped = signature;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.authority().verify(&[0x72], &flipped), Err(NotSigned), "bit {bit}");
        }
    }

    /// Written by `openssl genpkey -algorithm ed25519`, its public key by `openssl pkey -pubout`.
    #[test]
    fn keys_of_openssl() {
        let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIKVK+clluZqxqIojaXevPBDs/fWI4ENZCpnlAOo5+7hR\n-----END PRIVATE KEY-----\n";
        let key = AuthorityKey::from_pem(pem).unwrap();
        let public = "1e551a419d904abf0d4c8f3a6a2109088d98160b039e4b2ce8ce5257e76f7a4d";
        assert_eq!(hex::encode(key.authority().to_bytes()), public);
        assert_eq!(key.to_pem().as_str(), pem);
        assert_eq!(
            AuthorityKey::from_pem(&pem.replace('\n', "\r\n")).unwrap().to_pem().as_str(),
            pem
        );
        let debug = format!("{key:?}");
        assert!(debug.contains("did:key:z6Mk") && !debug.contains(&hex::encode(*key.to_bytes())));
        let public = pem.replace("PRIVATE", "PUBLIC");
        let short = pem.replacen("MC4C", "MC4", 1);
        let long = pem.replacen("\n-----END", "AAAA\n-----END", 1);
        // An X25519 key differs in one octet of its algorithm.
        let x25519 = pem.replacen("MC4CAQAwBQYDK2Vw", "MC4CAQAwBQYDK2Vu", 1);
        for other in ["", "x", &public, &short, &long, &x25519] {
            assert_ne!(other, pem);
            assert_eq!(AuthorityKey::from_pem(other).unwrap_err(), AuthorityKeyError, "{other}");
        }
    }

    #[test]
    fn reject_keys_of_small_order_and_other_spellings() {
        let mut one = [0; 32];
        one[0] = 1;
        // y = 1 is the identity; y = 0 has order 4; y = 2^255 - 18 spells 1 a second time.
        let mut second = [0xff; 32];
        (second[0], second[31]) = (0xee, 0x7f);
        for octets in [one, [0; 32], second] {
            assert!(Authority::from_bytes(&octets).is_none(), "{octets:?}");
        }
    }

    #[test]
    fn authorities_are_written_as_did_key() {
        // The example of the did:key method for Ed25519.
        let did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
        assert_eq!(did.parse::<Authority>().unwrap().to_string(), did);
    }
}
