//! Credentials: a record of typed values, signed.
//!
//! The signed messages are, in order: the holder's secret (zero: these credentials are not bound to a
//! holder, and their header says so), the status handle, `valid_from`, `valid_until` (whole hours since
//! 1970-01-01T00:00:00Z), then the fields of the schema. The header holds the schema's identifier and
//! nothing of the holder, so that schema, order, types and count are signed and cannot be read in two
//! ways.
//!
//! An [`Issuer`] makes credentials; a holder's [`UnverifiedCredential`] becomes a [`Credential`] only by
//! [`UnverifiedCredential::check`].

use crate::bbs::{
    self, Generators, HeldSignature, Interface, PublicKey, SecretKey, Signature, Suite,
};
use crate::curve::Scalar;
use crate::did_key;
use crate::document::{Bounds, Cursor, Document, Fault};
use crate::schema::{
    FIRST_FIELD, HOLDER_SECRET, Record, STATUS_HANDLE, STATUS_HANDLE_BITS, Schema, SchemaId,
    VALID_FROM, VALID_UNTIL, VALIDITY_BITS,
};
use crate::transcript::{Transcript, tag};
use crate::value::{Encoded, Timestamp, ValueError};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

/// The format of the credential document.
pub const FORMAT: &str = "sigil-credential/1";

/// Why a credential was not issued, or not accepted into a wallet.
#[derive(Debug, Error)]
pub enum CredentialError {
    /// The document is not a credential of this schema.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The validity window is empty, or beyond what 22 bits of hours can say (the year 2448).
    #[error("valid_from must be before valid_until, both within 1970 and 2448")]
    Validity,
    /// All 2^40 status handles of this issuer have been given out.
    #[error("the issuer has no status handles left: begin a new list under a new key")]
    Exhausted,
    /// The record was read under another schema.
    #[error("the record belongs to schema {found}, this issuer signs {expected}")]
    Schema {
        /// The schema of the issuer or credential.
        expected: SchemaId,
        /// The schema of the record.
        found: SchemaId,
    },
    /// The signature does not verify, or BBS refused the operation.
    #[error(transparent)]
    Signature(#[from] bbs::Error),
}

/// The hours in which a credential is valid: from ≤ now < until.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    from: u32,
    until: u32,
}

impl Validity {
    /// A window of whole hours since 1970-01-01T00:00:00Z.
    pub fn from_hours(from: u64, until: u64) -> Result<Self, CredentialError> {
        let hour = |hours: u64| u32::try_from(hours).ok().filter(|h| h >> VALIDITY_BITS == 0);
        match (hour(from), hour(until)) {
            (Some(from), Some(until)) if from < until => Ok(Validity { from, until }),
            _ => Err(CredentialError::Validity),
        }
    }

    /// A window between two instants, widened to whole hours: down at its start, up at its end.
    pub fn between(from: Timestamp, until: Timestamp) -> Result<Self, CredentialError> {
        Self::from_hours(from.hours(), until.unix().div_ceil(3600))
    }

    /// The first valid hour.
    pub fn from(self) -> u32 {
        self.from
    }

    /// The first hour that is not valid any more.
    pub fn until(self) -> u32 {
        self.until
    }
}

/// Why a credential is not valid at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lapse {
    /// It is not valid yet.
    NotYet {
        /// From when on it is.
        from: Timestamp,
    },
    /// It has expired.
    Expired {
        /// When it did.
        until: Timestamp,
    },
}

impl fmt::Display for Lapse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotYet { from } => write!(f, "not valid before {from}"),
            Self::Expired { until } => {
                write!(f, "expired at {until}: have it renewed by its issuer")
            }
        }
    }
}

impl Validity {
    /// Why it is not valid at a time, where clocks may differ by so many seconds; none if it is.
    pub fn lapse(self, at: Timestamp, skew: u64) -> Option<Lapse> {
        let time = |hours: u32| Timestamp::from_hours(hours.into()).unwrap_or(Timestamp::MAX);
        if u64::from(self.from) > at.unix().saturating_add(skew) / 3600 {
            return Some(Lapse::NotYet { from: time(self.from) });
        }
        let expired = u64::from(self.until) <= at.unix().saturating_sub(skew) / 3600;
        expired.then(|| Lapse::Expired { until: time(self.until) })
    }
}

/// Gives status handles: a keyed permutation of a counter, so that handles are unique and tell neither
/// order nor number.
///
/// A Feistel network over two halves of 20 bits, ten rounds, the round function SHA-256 with the key.
/// Security is that of a small-domain cipher: whoever sees nearly all handles of an issuer could
/// tell something of it, and handles are hidden in presentations anyway.
#[derive(Clone)]
pub struct StatusHandles {
    key: Zeroizing<[u8; 32]>,
}

impl StatusHandles {
    const HALF_BITS: u32 = STATUS_HANDLE_BITS / 2;
    const ROUNDS: usize = 10;

    /// Takes the issuer's secret key of the permutation.
    pub fn new(key: [u8; 32]) -> Self {
        StatusHandles { key: Zeroizing::new(key) }
    }

    /// The key, for storing it.
    pub fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// The handle of the counter's value; `None` beyond 2^40.
    pub fn handle(&self, counter: u64) -> Option<u64> {
        if counter >> STATUS_HANDLE_BITS != 0 {
            return None;
        }
        let mask = (1u64 << Self::HALF_BITS) - 1;
        let (mut left, mut right) = (counter >> Self::HALF_BITS, counter & mask);
        for round in 0..Self::ROUNDS {
            let mut hash = Transcript::new(tag::STATUS_HANDLE);
            hash.absorb("key", *self.key);
            hash.absorb_number("round", round);
            hash.absorb("half", right.to_be_bytes());
            let digest = hash.finish();
            let mixed = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
            (left, right) = (right, left ^ (u64::from(mixed) & mask));
        }
        Some(left << Self::HALF_BITS | right)
    }
}

impl fmt::Debug for StatusHandles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StatusHandles(redacted)")
    }
}

/// An issuer at work on one schema.
#[derive(Debug)]
pub struct Issuer {
    key: SecretKey,
    handles: StatusHandles,
    schema: Arc<Schema>,
    generators: Arc<Generators>,
    header: Vec<u8>,
}

impl Issuer {
    /// Prepares to sign credentials of a schema: generators and their tables.
    pub fn new(
        key: SecretKey,
        suite: Suite,
        handles: StatusHandles,
        schema: Arc<Schema>,
    ) -> Result<Self, CredentialError> {
        let generators = Generators::new(Interface::typed(suite), schema.message_count())?;
        generators.prepare();
        let header = schema.header();
        Ok(Issuer { key, handles, schema, generators, header })
    }

    /// The schema.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The public key that the credentials verify under.
    pub fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    /// Signs a record. `counter` must be used once only: it decides the status handle.
    pub fn issue(
        &self,
        record: Record,
        validity: Validity,
        counter: u64,
    ) -> Result<Credential, CredentialError> {
        let handle = self.handles.handle(counter).ok_or(CredentialError::Exhausted)?;
        let interface = self.generators.interface();
        let messages = messages(&self.schema, interface, &record, validity, handle)?;
        let signature = HeldSignature::sign(&self.key, &self.generators, &self.header, &messages)?;
        Ok(Credential {
            schema: self.schema.clone(),
            generators: self.generators.clone(),
            issuer: *self.key.public_key(),
            handle,
            validity,
            record,
            messages: Messages(messages),
            signature,
        })
    }
}

/// A record checks its values when it is made, so this says that it was made for another schema.
fn value_fault(error: ValueError) -> Fault {
    Cursor::root(&Document::Null).invalid(error.to_string(), "read the record again")
}

/// The signed messages of a credential, in order.
fn messages(
    schema: &Schema,
    interface: Interface,
    record: &Record,
    validity: Validity,
    handle: u64,
) -> Result<Vec<Scalar>, CredentialError> {
    let (expected, found) = (schema.id(), record.schema());
    if expected != found {
        return Err(CredentialError::Schema { expected, found });
    }
    let mut messages = vec![Scalar::default(); FIRST_FIELD];
    messages[HOLDER_SECRET] = Scalar::from(0);
    messages[STATUS_HANDLE] = Scalar::from(handle);
    messages[VALID_FROM] = Scalar::from(u64::from(validity.from));
    messages[VALID_UNTIL] = Scalar::from(u64::from(validity.until));
    let fields = schema.record_scalars(record, interface).map_err(value_fault)?;
    messages.extend(fields);
    Ok(messages)
}

/// A credential whose signature holds: made by [`Issuer::issue`] or [`UnverifiedCredential::check`].
///
/// `Debug` shows schema and issuer only. The values and message scalars are wiped on drop.
pub struct Credential {
    schema: Arc<Schema>,
    generators: Arc<Generators>,
    issuer: PublicKey,
    handle: u64,
    validity: Validity,
    record: Record,
    messages: Messages,
    signature: HeldSignature,
}

struct Messages(Vec<Scalar>);

impl Drop for Messages {
    fn drop(&mut self) {
        self.0.fill(Scalar::default());
        std::hint::black_box(&self.0);
    }
}

impl Credential {
    /// The schema.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The issuer's key.
    pub fn issuer(&self) -> &PublicKey {
        &self.issuer
    }

    /// The ciphersuite.
    pub fn suite(&self) -> Suite {
        self.generators.interface().suite()
    }

    /// The validity window.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// The status handle: by it the holder finds the gap of a list, and the issuer revokes. It names this
    /// one credential, so it is for nobody else; presentations hide it.
    pub fn status_handle(&self) -> u64 {
        self.handle
    }

    /// The values.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Builds tables that halve the BBS part of proving: for a wallet that presents often. 768 KiB, about
    /// 7 ms once. See [`HeldSignature::prepare`].
    pub fn prepare(&self) {
        self.signature.prepare();
    }

    /// This credential under the signature of another: for forgeries.
    #[cfg(test)]
    pub(crate) fn under_signature_of(mut self, other: &Credential) -> Self {
        let (generators, header) = (&self.generators, self.schema.header());
        let messages = &self.messages.0;
        let signature = other.signature();
        let held =
            HeldSignature::unverified(&self.issuer, signature, generators, &header, messages);
        self.signature = held.unwrap();
        self
    }

    pub(crate) fn signature(&self) -> &Signature {
        self.signature.signature()
    }

    /// The signature with what speeds its proofs up.
    pub(crate) fn held(&self) -> &HeldSignature {
        &self.signature
    }

    /// All message scalars, in order.
    pub(crate) fn messages(&self) -> &[Scalar] {
        &self.messages.0
    }

    /// A message as the integer that its scalar is; `None` for hashed ones and unknown indexes.
    pub(crate) fn integer(&self, message: usize) -> Option<u128> {
        match message {
            HOLDER_SECRET => None,
            STATUS_HANDLE => Some(u128::from(self.handle)),
            VALID_FROM => Some(u128::from(self.validity.from)),
            VALID_UNTIL => Some(u128::from(self.validity.until)),
            _ => {
                let value = self.schema.record_value(&self.record, message);
                self.schema.field_at(message)?.integer(value).ok().flatten()
            }
        }
    }

    /// A message as it is disclosed; `None` for the holder's secret and unknown indexes.
    pub(crate) fn encoded(&self, message: usize) -> Option<Encoded> {
        if message < FIRST_FIELD {
            return self.integer(message).and_then(|n| u64::try_from(n).ok()).map(Encoded::Integer);
        }
        let value = self.schema.record_value(&self.record, message);
        self.schema.field_at(message)?.encode(value).ok()
    }

    /// The credential document: what an issuer hands to a holder. It holds the values: keep it secret.
    pub fn to_json(&self) -> Result<Zeroizing<String>, CredentialError> {
        let text = |text: String| Document::Text(text);
        let hour = |hours: u32| {
            let time = Timestamp::from_hours(u64::from(hours));
            text(time.map(|time| time.to_string()).unwrap_or_default())
        };
        let fields = self.schema.record_to_document(&self.record).map_err(value_fault)?;
        let signature = Zeroizing::new(hex::encode(self.signature().to_bytes()));
        let document = Zeroizing::new(Document::Object(BTreeMap::from([
            ("format".to_owned(), text(FORMAT.to_owned())),
            ("schema".to_owned(), text(self.schema.id().to_string())),
            ("suite".to_owned(), text(self.suite().id().to_owned())),
            ("issuer".to_owned(), text(did_key::encode(&self.issuer))),
            ("status_handle".to_owned(), Document::Integer(i128::from(self.handle))),
            ("valid_from".to_owned(), hour(self.validity.from)),
            ("valid_until".to_owned(), hour(self.validity.until)),
            ("fields".to_owned(), fields),
            ("signature".to_owned(), text(signature.to_string())),
        ])));
        Ok(Zeroizing::new(document.canonical()))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("schema", &self.schema.id())
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// A credential document that has been read; its signature and values are still to be checked. The
/// values are erased when dropped.
pub struct UnverifiedCredential {
    schema: SchemaId,
    suite: Suite,
    issuer: PublicKey,
    handle: u64,
    validity: Validity,
    fields: Document,
    signature: Signature,
}

impl UnverifiedCredential {
    /// Reads a credential document.
    pub fn parse(octets: &[u8]) -> Result<Self, CredentialError> {
        let document = Zeroizing::new(Document::read_json(octets, &Bounds::RECORD)?);
        let root = Cursor::root(&document);
        let known = [
            "format",
            "schema",
            "suite",
            "issuer",
            "status_handle",
            "valid_from",
            "valid_until",
            "fields",
            "signature",
        ];
        let fields = root.fields(&known)?;
        fields.format(FORMAT)?;
        let cursor = fields.required("schema")?;
        let schema = cursor.text()?.parse().map_err(|_| {
            cursor.invalid("not a schema identifier", "write its 64 hexadecimal digits")
        })?;
        let cursor = fields.required("suite")?;
        let suite = Suite::from_id(cursor.text()?).ok_or_else(|| {
            let known = Suite::ALL.map(Suite::id).join(" or ");
            cursor.invalid("an unknown ciphersuite", format!("write {known}"))
        })?;
        let cursor = fields.required("issuer")?;
        let issuer = did_key::decode(cursor.text()?).map_err(|error| {
            cursor.invalid(error.to_string(), "write the did:key that the issuer publishes")
        })?;
        let cursor = fields.required("status_handle")?;
        let handle = u64::try_from(cursor.integer()?)
            .ok()
            .filter(|handle| handle >> STATUS_HANDLE_BITS == 0)
            .ok_or_else(|| cursor.invalid("not a status handle", "write an integer below 2^40"))?;
        let hour = |key| {
            let cursor = fields.required(key)?;
            let time: Option<Timestamp> = cursor.text()?.parse().ok();
            time.map(Timestamp::unix).filter(|seconds| seconds % 3600 == 0).ok_or_else(|| {
                let remedy = "write it as 2026-01-31T13:00:00Z";
                cursor.invalid("not a whole hour in UTC", remedy)
            })
        };
        let validity =
            Validity::from_hours(hour("valid_from")? / 3600, hour("valid_until")? / 3600)?;
        let cursor = fields.required("signature")?;
        let signature = hex::decode(cursor.text()?)
            .ok()
            .and_then(|octets| Signature::from_bytes(&octets).ok())
            .ok_or_else(|| cursor.invalid("not a BBS signature", "write 160 hexadecimal digits"))?;
        let fields = fields.required("fields")?.document().clone();
        Ok(UnverifiedCredential { schema, suite, issuer, handle, validity, fields, signature })
    }

    /// The schema that it says it is of.
    pub fn schema_id(&self) -> SchemaId {
        self.schema
    }

    /// The issuer that it says it is of.
    pub fn issuer(&self) -> &PublicKey {
        &self.issuer
    }

    /// The ciphersuite that it says it is of.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// The window in which it says it is valid.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// The status handle that it says it has. See [`Credential::status_handle`].
    pub fn status_handle(&self) -> u64 {
        self.handle
    }

    /// Reads the values under the schema and verifies the signature.
    pub fn check(self, schema: Arc<Schema>) -> Result<Credential, CredentialError> {
        if self.schema != schema.id() {
            let (expected, found) = (schema.id(), self.schema);
            return Err(CredentialError::Schema { expected, found });
        }
        let record =
            schema.record_from_document(&self.fields).map_err(|fault| fault.under("$.fields"))?;
        let generators = Generators::new(Interface::typed(self.suite), schema.message_count())?;
        let messages = Messages(messages(
            &schema,
            generators.interface(),
            &record,
            self.validity,
            self.handle,
        )?);
        let header = schema.header();
        let signature = HeldSignature::verify(
            &self.issuer,
            &self.signature,
            &generators,
            &header,
            &messages.0,
        )?;
        Ok(Credential {
            schema,
            generators,
            issuer: self.issuer,
            handle: self.handle,
            validity: self.validity,
            record,
            messages,
            signature,
        })
    }
}

impl Drop for UnverifiedCredential {
    fn drop(&mut self) {
        self.handle.zeroize();
        self.fields.zeroize();
    }
}

impl fmt::Debug for UnverifiedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedCredential")
            .field("schema", &self.schema)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}
