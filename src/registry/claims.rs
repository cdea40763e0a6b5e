//! What an attestation says, field by field, as whoever knows another version of its schema reads
//! it.
//!
//! Two attestations can be compared, and held against a list, only by values that mean the same.
//! The *base* is the schema by which fields are named; a payload of another version of it is read
//! by [`Reading`], which refuses every field that could be misread. Of a schema that is no version
//! of the base, a field is read if name and type are the same: that is as much as its author has
//! said.

use super::attestation::Attestation;
use crate::document::{Bounds, Document};
use crate::schema::evolution::{Read, Reading};
use crate::schema::{Field, Record, Schema};
use crate::value::{Encoded, Value};

/// A value that can be compared across versions: integers without the 1 that marks presence, as the
/// base's type maps them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Said {
    Integer(i128),
    Text(String),
    Bytes(Vec<u8>),
}

/// The claims of an attestation.
pub(super) struct Claims<'a> {
    base: &'a Schema,
    actual: &'a Schema,
    reading: Option<Reading>,
    record: Record,
}

/// The inline payload as a record; none if there is none, or if it is not the canonical form of
/// one.
pub(super) fn record(attestation: &Attestation, schema: &Schema) -> Option<Record> {
    let octets = attestation.payload.inline()?;
    let document = Document::read_json(octets, &Bounds::RECORD).ok()?;
    let record = schema.record_from_document(&document).ok()?;
    let canonical = schema.record_to_document(&record).ok()?.canonical();
    (canonical.as_bytes() == octets).then_some(record)
}

impl<'a> Claims<'a> {
    /// The claims of an attestation under `actual`, with fields named by `base`; none if its
    /// payload is not here.
    pub(super) fn new(
        attestation: &Attestation,
        actual: &'a Schema,
        base: &'a Schema,
    ) -> Option<Self> {
        let record = record(attestation, actual)?;
        let other = base.id() != actual.id();
        let reading = if other { Reading::new(base, actual).ok() } else { None };
        Some(Self { base, actual, reading, record })
    }

    /// What is said of a message of the base, and how it is written; none if nothing is.
    pub(super) fn of(&self, message: usize) -> Option<(Said, Document)> {
        let base = self.base.field_at(message)?;
        let (message, shift) = match &self.reading {
            Some(reading) => match reading.message(message).ok()? {
                Read::Signed { message, shift } => (*message, *shift),
                Read::Constant { encoded, .. } => return constant(base, encoded),
            },
            None if self.base.id() == self.actual.id() => (message, 0),
            None => return self.namesake(base),
        };
        let value = self.record.values().get(message.checked_sub(crate::schema::FIRST_FIELD)?)?;
        let (value, actual) = (value.as_ref()?, self.actual.field_at(message)?);
        let integer = match actual.integer(Some(value)).ok()? {
            Some(integer) => {
                let signed = i128::try_from(integer).ok()?;
                Some(signed - shift - i128::from(base.optional()))
            }
            None => None,
        };
        said(value, integer, actual)
    }

    /// A field of the same name and type.
    fn namesake(&self, base: &Field) -> Option<(Said, Document)> {
        let (message, actual) = self.actual.field(base.name())?;
        let value = self.actual.record_value(&self.record, message)?;
        let integer = actual.field_type().integer(value).ok()?.map(i128::from);
        if actual.field_type() != base.field_type() {
            return None;
        }
        said(value, integer, actual)
    }
}

/// What credentials without the field are read as.
fn constant(base: &Field, encoded: &Encoded) -> Option<(Said, Document)> {
    let value = base.decode(encoded).ok()??;
    let integer = base.field_type().integer(&value).ok()?.map(i128::from);
    said(&value, integer, base)
}

fn said(value: &Value, integer: Option<i128>, field: &Field) -> Option<(Said, Document)> {
    let said = match (integer, value) {
        (Some(integer), _) => Said::Integer(integer),
        (None, Value::Text(text)) => Said::Text(text.to_string()),
        (None, Value::Bytes(octets)) => Said::Bytes(octets.to_vec()),
        (None, _) => return None,
    };
    Some((said, field.field_type().to_json(value).ok()?))
}
