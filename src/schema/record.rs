//! Records: the values of one credential, checked against its schema.

use super::{FIRST_FIELD, Field, Schema, SchemaId};
use crate::bbs::Interface;
use crate::curve::Scalar;
use crate::document::{Bounds, Cursor, Document, Fault, Problem};
use crate::value::{Value, ValueError};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The values of a credential in the order of its schema's fields. `Debug` shows none of them; they
/// are erased when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    schema: SchemaId,
    values: Vec<Option<Value>>,
}

impl Drop for Record {
    fn drop(&mut self) {
        self.values.iter_mut().flatten().for_each(Zeroize::zeroize);
    }
}

impl ZeroizeOnDrop for Record {}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Record {
    /// The schema that the values were checked against.
    pub fn schema(&self) -> SchemaId {
        self.schema
    }

    /// The values in the order of the fields; absent ones are `None`.
    pub fn values(&self) -> &[Option<Value>] {
        &self.values
    }
}

/// Which column of a table holds which field.
#[derive(Clone, Debug)]
pub struct Columns {
    schema: SchemaId,
    positions: Vec<usize>,
}

fn value_fault(field: &Field, error: &ValueError) -> Fault {
    let remedy = match error {
        ValueError::Required => "give it a value".to_owned(),
        _ => format!("write a value of type {}", field.field_type()),
    };
    Fault::new(format!("$.{}", field.name()), Problem::Invalid(error.to_string()), remedy)
}

impl Schema {
    /// Checks values in the order of the fields.
    pub fn record(&self, values: Vec<Option<Value>>) -> Result<Record, Fault> {
        if values.len() != self.fields().len() {
            let problem = format!("{} values for {} fields", values.len(), self.fields().len());
            return Err(Fault::new("$", Problem::Invalid(problem), "give one value per field"));
        }
        for (field, value) in self.fields().iter().zip(&values) {
            field.integer(value.as_ref()).map_err(|error| value_fault(field, &error))?;
        }
        Ok(Record { schema: self.id(), values })
    }

    /// Reads a record from a JSON object with a key per field. Optional fields may be left out.
    pub fn record_from_json(&self, octets: &[u8]) -> Result<Record, Fault> {
        self.record_from_document(&Document::read_json(octets, &Bounds::RECORD)?)
    }

    /// Reads a record from a document that was read with [`Bounds::RECORD`].
    pub fn record_from_document(&self, document: &Document) -> Result<Record, Fault> {
        let names: Vec<&str> = self.fields().iter().map(Field::name).collect();
        let root = Cursor::root(document).fields(&names)?;
        let values = self.fields().iter().map(|field| {
            let cursor = match root.optional(field.name()) {
                None if field.optional() => return Ok(None),
                None => root.required(field.name())?,
                Some(cursor) => cursor,
            };
            field.parse_json(cursor.document()).map_err(|error| value_fault(field, &error))
        });
        Ok(Record { schema: self.id(), values: values.collect::<Result<_, Fault>>()? })
    }

    /// Checks the header of a table: every field has its column, once, and no column is unknown.
    pub fn columns<S: AsRef<str>>(&self, header: &[S]) -> Result<Columns, Fault> {
        for (i, name) in header.iter().map(AsRef::as_ref).enumerate() {
            let path = format!("$[{i}]");
            if self.field(name).is_none() {
                let names: Vec<&str> = self.fields().iter().map(Field::name).collect();
                let remedy = format!("remove the column; known here: {}", names.join(", "));
                return Err(Fault::new(path, Problem::UnknownKey, remedy));
            }
            if header.iter().take(i).any(|other| other.as_ref() == name) {
                return Err(Fault::new(path, Problem::DuplicateKey, "keep one of the columns"));
            }
        }
        let positions = self.fields().iter().map(|field| {
            let position = header.iter().position(|name| name.as_ref() == field.name());
            position.ok_or_else(|| {
                let path = format!("$.{}", field.name());
                Fault::new(
                    path,
                    Problem::MissingKey,
                    "add the column; its cells may be empty \
                                                       only where the field is optional",
                )
            })
        });
        let positions = positions.collect::<Result<_, Fault>>()?;
        Ok(Columns { schema: self.id(), positions })
    }

    /// Reads a record from a row under a checked header. Empty cells are absent values.
    pub fn record_from_row<S: AsRef<str>>(
        &self,
        columns: &Columns,
        row: &[S],
    ) -> Result<Record, Fault> {
        if columns.schema != self.id() || row.len() != columns.positions.len() {
            let problem = format!("{} cells for {} columns", row.len(), columns.positions.len());
            return Err(Fault::new("$", Problem::Invalid(problem), "give one cell per column"));
        }
        let values = self.fields().iter().zip(&columns.positions).map(|(field, position)| {
            let cell = row.get(*position).map_or("", AsRef::as_ref);
            field.parse_text(cell).map_err(|error| value_fault(field, &error))
        });
        Ok(Record { schema: self.id(), values: values.collect::<Result<_, Fault>>()? })
    }

    /// Reads a record from a row of a table and the table's header.
    pub fn record_from_csv_row<S: AsRef<str>>(
        &self,
        header: &[S],
        row: &[S],
    ) -> Result<Record, Fault> {
        self.record_from_row(&self.columns(header)?, row)
    }

    /// Writes a record as a JSON object; absent values are left out.
    pub fn record_to_document(&self, record: &Record) -> Result<Document, ValueError> {
        self.owns(record)?;
        let mut entries = Vec::new();
        for (field, value) in self.fields().iter().zip(&record.values) {
            if let Some(value) = value {
                entries.push((field.name(), field.field_type().to_json(value)?));
            }
        }
        Ok(Document::object(entries))
    }

    /// The messages of a record's fields, those of slots [`FIRST_FIELD`] and on.
    pub fn record_scalars(
        &self,
        record: &Record,
        interface: Interface,
    ) -> Result<Vec<Scalar>, ValueError> {
        self.owns(record)?;
        let pairs = self.fields().iter().zip(&record.values);
        pairs.map(|(field, value)| field.to_scalar(value.as_ref(), interface)).collect()
    }

    /// The value of a record at a message slot.
    pub fn record_value<'r>(&self, record: &'r Record, message: usize) -> Option<&'r Value> {
        record.values.get(message.checked_sub(FIRST_FIELD)?)?.as_ref()
    }

    fn owns(&self, record: &Record) -> Result<(), ValueError> {
        let same = record.schema == self.id();
        same.then_some(()).ok_or(ValueError::Form("a record of this schema"))
    }
}
