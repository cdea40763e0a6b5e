//! Bundles: a policy with the circuit and the key that go with it, under one hash.
//!
//! A request names a bundle by the SHA-256 of its RFC 8785 form, so neither the rules, nor the
//! shape of the circuit, nor the verifying key can be exchanged behind a holder's or a verifier's
//! back. A policy that proves nothing hidden has neither shape nor key.

use super::{CompiledPolicy, Policy};
use crate::digest::{digest_type, from_hex};
use crate::document::{Bounds, Cursor, Document, Fault, Fields};
use crate::schema::Schema;
use sigil_circuits::{ShapeId, VerifyingKey};

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
        let hash = BundleHash::from_bytes(to_document(&policy, circuit).digest());
        Self { policy, circuit, hash }
    }

    /// Reads a bundle from JSON.
    pub fn parse(octets: &[u8]) -> Result<Self, Fault> {
        let document = Document::read_json(octets, &Bounds::PUBLISHED)?;
        let root = Cursor::root(&document);
        let fields = root.fields(&["format", "policy", "shape", "key"])?;
        fields.format(FORMAT)?;
        let policy = Policy::from_cursor(&fields.required("policy")?)?;
        match (digest(&fields, "shape")?, digest(&fields, "key")?) {
            (None, None) => Ok(Self::new(policy, None)),
            (Some(shape), Some(key)) => {
                let circuit = (ShapeId::from_bytes(shape), KeyFingerprint::from_bytes(key));
                Ok(Self::new(policy, Some(circuit)))
            }
            _ => Err(root.invalid("a shape and a key go together", "give both or neither")),
        }
    }

    /// The bundle as a document, in normal form. Its digest is the hash.
    pub fn to_document(&self) -> Document {
        to_document(&self.policy, self.circuit)
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

fn to_document(policy: &Policy, circuit: Option<(ShapeId, KeyFingerprint)>) -> Document {
    let text = |text: Option<String>| text.map_or(Document::Null, Document::Text);
    Document::object([
        ("format", Document::text(FORMAT)),
        ("policy", policy.to_document()),
        ("shape", text(circuit.map(|(shape, _)| shape.to_string()))),
        ("key", text(circuit.map(|(_, key)| key.to_string()))),
    ])
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
