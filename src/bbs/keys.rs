//! Issuer keys (draft §3.4).

use super::{Error, Interface, Suite};
use crate::curve::{
    G2_LEN, G2Affine, PreparedG2, SCALAR_LEN, Scalar, SecretScalar, decode_g2,
    decode_nonzero_scalar, random_scalar,
};
use crate::transcript::bbs as tag;
use ff::Field;
use group::prime::PrimeCurveAffine;
use rand_core::CryptoRngCore;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use zeroize::Zeroizing;

/// Keys whose lines are kept, 20 KiB each. Beyond it the cache begins anew: a key prepared for one use
/// costs no more than a Miller loop without preparation.
const PREPARED: usize = 64;

/// An issuer's signing key, with its public key. Wiped on drop, redacted in `Debug`.
#[derive(Clone)]
pub struct SecretKey {
    scalar: SecretScalar,
    public: PublicKey,
}

impl SecretKey {
    /// `KeyGen`: derives a key from at least 32 octets of secret material. `key_dst` of `None` is the
    /// draft's default for the standard interface of the suite.
    ///
    /// # Errors
    /// [`Error::KeyMaterial`] where the material is too short or the info too long.
    pub fn generate(
        suite: Suite,
        key_material: &[u8],
        key_info: &[u8],
        key_dst: Option<&[u8]>,
    ) -> Result<Self, Error> {
        let info_len = u16::try_from(key_info.len()).map_err(|_| Error::KeyMaterial)?;
        if key_material.len() < 32 {
            return Err(Error::KeyMaterial);
        }
        let input = Zeroizing::new([key_material, &info_len.to_be_bytes(), key_info].concat());
        let interface = Interface::standard(suite);
        let default_tag = interface.tag(tag::KEYGEN);
        let scalar = interface.hash_to_scalar(&input, key_dst.unwrap_or(&default_tag));
        Self::from_scalar(scalar).ok_or(Error::KeyMaterial)
    }

    /// A fresh key.
    pub fn random(rng: &mut impl CryptoRngCore) -> Self {
        loop {
            if let Some(key) = Self::from_scalar(random_scalar(rng)) {
                return key;
            }
        }
    }

    /// Decodes 32 octets, big-endian, 1 ≤ s < q.
    pub fn from_bytes(octets: &[u8]) -> Result<Self, Error> {
        decode_nonzero_scalar(octets).and_then(Self::from_scalar).ok_or(Error::Refused)
    }

    /// The key's 32 octets, big-endian.
    pub fn to_bytes(&self) -> Zeroizing<[u8; SCALAR_LEN]> {
        Zeroizing::new(self.scalar.to_bytes_be())
    }

    /// `SkToPk`.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    pub(super) fn scalar(&self) -> &Scalar {
        &self.scalar
    }

    fn from_scalar(scalar: Scalar) -> Option<Self> {
        if bool::from(scalar.is_zero()) {
            return None;
        }
        let point = (G2Affine::generator() * scalar).into();
        Some(SecretKey { scalar: SecretScalar::new(scalar), public: PublicKey::new(point) })
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// An issuer's public key: a point of G2's subgroup, not the identity.
#[derive(Clone, Copy)]
pub struct PublicKey {
    point: G2Affine,
    octets: [u8; G2_LEN],
}

impl PublicKey {
    /// Octets of a public key.
    pub const LEN: usize = G2_LEN;

    fn new(point: G2Affine) -> Self {
        PublicKey { point, octets: point.to_compressed() }
    }

    /// Decodes 96 octets.
    pub fn from_bytes(octets: &[u8]) -> Result<Self, Error> {
        decode_g2(octets).map(Self::new).ok_or(Error::Refused)
    }

    /// The key's 96 octets.
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        self.octets
    }

    /// The key with the lines of its Miller loop, from a cache of the process.
    pub(super) fn prepared(&self) -> Arc<PreparedG2> {
        static CACHE: OnceLock<RwLock<HashMap<[u8; G2_LEN], Arc<PreparedG2>>>> = OnceLock::new();
        let cache = CACHE.get_or_init(RwLock::default);
        let known = cache.read().unwrap_or_else(PoisonError::into_inner).get(&self.octets).cloned();
        known.unwrap_or_else(|| {
            let prepared = Arc::new(PreparedG2::new(&self.point));
            let mut cache = cache.write().unwrap_or_else(PoisonError::into_inner);
            if cache.len() >= PREPARED {
                cache.clear();
            }
            cache.entry(self.octets).or_insert(prepared).clone()
        })
    }
}

/// The generator BP2 of G2, prepared.
pub(super) fn bp2() -> &'static PreparedG2 {
    static BP2: OnceLock<PreparedG2> = OnceLock::new();
    BP2.get_or_init(|| PreparedG2::new(&G2Affine::generator()))
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.octets == other.octets
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(")?;
        self.octets[..8].iter().try_for_each(|octet| write!(f, "{octet:02x}"))?;
        f.write_str("..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reject_weak_key_material() {
        let make = |material: &[u8], info: &[u8]| {
            SecretKey::generate(Suite::Sha256, material, info, None).map(|_| ())
        };
        assert_eq!(make(&[1; 31], b""), Err(Error::KeyMaterial));
        assert_eq!(make(&[1; 32], &vec![0; 65_536]), Err(Error::KeyMaterial));
        assert_eq!(make(&[1; 32], &vec![0; 65_535]), Ok(()));
    }

    #[test]
    fn reject_secret_keys_out_of_range() {
        assert_eq!(SecretKey::from_bytes(&[0; 32]).unwrap_err(), Error::Refused);
        assert_eq!(SecretKey::from_bytes(&[0xff; 32]).unwrap_err(), Error::Refused);
        assert_eq!(SecretKey::from_bytes(&[1; 31]).unwrap_err(), Error::Refused);
        let key = SecretKey::from_bytes(&[1; 32]).unwrap();
        assert_eq!(*key.to_bytes(), [1; 32]);
    }

    #[test]
    fn debug_of_a_secret_key_tells_nothing() {
        let key = SecretKey::from_bytes(&[0x17; 32]).unwrap();
        let shown = format!("{key:?} {:?}", key.scalar);
        assert!(!shown.contains("1717") && shown.contains("redacted"), "{shown}");
    }
}
