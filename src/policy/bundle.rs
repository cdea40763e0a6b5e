//! Bundles: a policy with the circuit and the key that go with it, under one hash.
//!
//! A request names a bundle by the SHA-256 of its RFC 8785 form, so neither the rules, nor the
//! shape of the circuit, nor the verifying key can be exchanged behind a holder's or a verifier's
//! back. A policy that proves nothing hidden has neither shape nor key.
//!
//! Where the policy names an authority, the bundle carries its Ed25519 signature over the hash: the
//! authority answers for circuit and key too, which nobody could judge by the policy alone. A
//! signature that does not verify is refused when the bundle is read; one that is missing, when the
//! bundle is put to use ([`Terms`](crate::presentation::Terms)), so that who signs can still read it.

use super::{CompiledPolicy, Policy};
use crate::authority::{AuthorityKey, SIGNATURE_LEN};
use crate::digest::{digest_type, from_hex};
use crate::document::{Bounds, Cursor, Document, Fault, Fields};
use crate::schema::Schema;
use crate::transcript::tag;
use sigil_circuits::{ShapeId, VerifyingKey};
use thiserror::Error;

/// The format's name and version.
pub const FORMAT: &str = "sigil-bundle/1";

digest_type! {
    /// The hash of a bundle.
    BundleHash
}

digest_type! {
    /// The fingerprint of a verifying key.
    KeyFingerprint
}

/// A policy, the shape of its circuit and the key that verifies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    policy: Policy,
    circuit: Option<(ShapeId, KeyFingerprint)>,
    hash: BundleHash,
    signature: Option<[u8; SIGNATURE_LEN]>,
}

/// Why a key does not sign a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignError {
    /// The policy names no authority.
    #[error("the policy names no authority: add `authority` with the signer's did:key")]
    NoAuthority,
    /// The policy names another authority.
    #[error("the policy names another authority: sign with the key of the one that it names")]
    AnotherAuthority,
}

impl KeyFingerprint {
    /// The fingerprint of a key.
    pub fn of(key: &VerifyingKey) -> Self {
        Self::from_bytes(key.fingerprint())
    }
}

impl Bundle {
    /// The bundle that pins a policy to its verifying key, if it has one.
    pub fn pin(policy: Policy, key: Option<&VerifyingKey>) -> Self {
        Self::new(policy, key.map(|key| (key.shape_id(), KeyFingerprint::of(key))))
    }

    /// The bundle of a policy and, if it proves anything hidden, of its circuit and key.
    pub fn new(policy: Policy, circuit: Option<(ShapeId, KeyFingerprint)>) -> Self {
        let hash = BundleHash::from_bytes(Document::object(content(&policy, circuit)).digest());
        Self { policy, circuit, hash, signature: None }
    }

    /// Reads a bundle from JSON.
    pub fn parse(octets: &[u8]) -> Result<Self, Fault> {
        let document = Document::read_json(octets, &Bounds::PUBLISHED)?;
        let root = Cursor::root(&document);
        let fields = root.fields(&["format", "policy", "shape", "key", "signature"])?;
        fields.format(FORMAT)?;
        let policy = Policy::from_cursor(&fields.required("policy")?)?;
        let circuit = match (digest(&fields, "shape")?, digest(&fields, "key")?) {
            (None, None) => None,
            (Some(shape), Some(key)) => {
                Some((ShapeId::from_bytes(shape), KeyFingerprint::from_bytes(key)))
            }
            _ => return Err(root.invalid("a shape and a key go together", "give both or neither")),
        };
        let mut bundle = Self::new(policy, circuit);
        if let Some(signature) = fields.optional("signature") {
            bundle.signature = Some(bundle.check_signature(&signature)?);
        }
        Ok(bundle)
    }

    /// The bundle as a document, in normal form. Without the signature its digest is the hash.
    pub fn to_document(&self) -> Document {
        let signature = self.signature.map(|octets| Document::Text(hex::encode(octets)));
        let signature = signature.map(|signature| ("signature", signature));
        Document::object(content(&self.policy, self.circuit).into_iter().chain(signature))
    }

    /// The bundle, signed by the authority that its policy names.
    pub fn sign(self, key: &AuthorityKey) -> Result<Self, SignError> {
        let authority = self.policy.authority().ok_or(SignError::NoAuthority)?;
        if *authority != key.authority() {
            return Err(SignError::AnotherAuthority);
        }
        let signature = key.sign(&self.signed_message());
        Ok(Self { signature: Some(signature), ..self })
    }

    /// The authority's signature, which was checked when the bundle was read or made.
    pub fn signature(&self) -> Option<&[u8; SIGNATURE_LEN]> {
        self.signature.as_ref()
    }

    /// Whether the policy's authority, if it names one, has signed.
    pub fn is_authorised(&self) -> bool {
        self.policy.authority().is_none() || self.signature.is_some()
    }

    fn signed_message(&self) -> Vec<u8> {
        [tag::BUNDLE_SIGNATURE, &self.hash.to_bytes()].concat()
    }

    fn check_signature(&self, cursor: &Cursor<'_>) -> Result<[u8; SIGNATURE_LEN], Fault> {
        let authority = self.policy.authority().ok_or_else(|| {
            let remedy = "remove it, or name the signer as `authority` of the policy";
            cursor.invalid("the policy names no authority whose signature this could be", remedy)
        })?;
        let signature = from_hex(cursor.text()?).map_err(|_| {
            cursor.invalid("expected 128 lower-case hexadecimal digits", "copy it whole")
        })?;
        let verified = authority.verify(&self.signed_message(), &signature);
        verified.map(|()| signature).map_err(|error| {
            cursor.invalid(error.to_string(), "get the bundle again from its authority")
        })
    }

    /// The hash that requests name.
    pub fn hash(&self) -> BundleHash {
        self.hash
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The shape of the circuit; none if the policy proves nothing hidden.
    pub fn shape_id(&self) -> Option<ShapeId> {
        self.circuit.map(|(shape, _)| shape)
    }

    /// The fingerprint of the verifying key, if there is a shape.
    pub fn key(&self) -> Option<KeyFingerprint> {
        self.circuit.map(|(_, key)| key)
    }

    /// Compiles the policy, and checks that its circuit is the one that the bundle pins.
    pub fn compile(&self, schemas: &[Schema]) -> Result<CompiledPolicy, Fault> {
        let document = Document::Null;
        let root = Cursor::root(&document);
        let compiled = self.policy.compile(schemas)?;
        let shape = compiled.shape().map(|shape| shape.id());
        if shape != self.shape_id() {
            let remedy = "make the bundle again with this version, after a new setup";
            return Err(root.invalid("the policy compiles to another shape than pinned", remedy));
        }
        Ok(compiled)
    }
}

/// What the hash is of.
fn content(
    policy: &Policy,
    circuit: Option<(ShapeId, KeyFingerprint)>,
) -> [(&'static str, Document); 4] {
    let text = |text: Option<String>| text.map_or(Document::Null, Document::Text);
    [
        ("format", Document::text(FORMAT)),
        ("policy", policy.to_document()),
        ("shape", text(circuit.map(|(shape, _)| shape.to_string()))),
        ("key", text(circuit.map(|(_, key)| key.to_string()))),
    ]
}

/// A digest, or `null`.
fn digest(fields: &Fields<'_>, key: &str) -> Result<Option<[u8; 32]>, Fault> {
    let cursor = fields.required(key)?;
    if cursor.document() == &Document::Null {
        return Ok(None);
    }
    let octets = from_hex(cursor.text()?);
    let octets = octets
        .map_err(|error| cursor.invalid(error.to_string(), "copy it whole, or write null"))?;
    Ok(Some(octets))
}
