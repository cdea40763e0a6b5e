//! Schemas: what a kind of credential says, field by field.
//!
//! A schema is a document, TOML or JSON, parsed whole or refused:
//!
//! ```toml
//! format = "sigil-schema/1"
//! name = "example.org/residence"
//! version = "1.0.0"
//!
//! [[fields]]
//! name = "birth_date"
//! type = "date"
//!
//! [[fields]]
//! name = "status"
//! type = { enum = { citizen = 0, resident = 1 } }
//! optional = true
//! disclosure = "never"
//! ```
//!
//! # Identity
//!
//! [`SchemaId`] is the SHA-256 of the RFC 8785 form of the schema as it was understood: with every
//! default written out and every type in its normal spelling. So one schema has one id whether it
//! came as TOML or JSON. The header of a credential is a format tag and the SchemaId, and BBS signs
//! the header with the messages: names, order, types and number of fields can't be reread
//! differently.
//!
//! # Messages
//!
//! | slot | message |
//! |---|---|
//! | 0 | holder secret; zero in an unbound credential |
//! | 1 | status handle, 40 bits |
//! | 2, 3 | `valid_from`, `valid_until`, whole hours since 1970-01-01T00:00:00Z, 22 bits |
//! | 4 + i | field i |
//!
//! A field's message is its integer, if the type has one, so that predicates can compute with it. An
//! optional field's integer is 0 when absent and 1 + value when present, one bit wider. Text and
//! bytes are hashed to a scalar behind one octet that keeps absence, text and bytes apart.
//!
//! # Versions
//!
//! A field may name its former names (`aliases = ["income"]`) and the value that credentials of
//! versions without it are read as (`default = "0.00"`, a value as in a record). How credentials of
//! one version are read by rules that are written against another: [`evolution`].

pub mod evolution;
mod record;

pub use record::{Columns, Record};

use crate::bbs::Interface;
use crate::curve::Scalar;
use crate::digest::digest_type;
use crate::document::{Bounds, Cursor, Document, Fault};
use crate::transcript::CREDENTIAL_UNBOUND;
use crate::value::{self, Encoded, FieldType, NAME_REMEDY, Value, ValueError};
use ff::Field as _;
use sigil_circuits::Interval;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

/// The format's name and version.
pub const FORMAT: &str = "sigil-schema/1";
/// Greatest number of fields.
pub const MAX_FIELDS: usize = 250;
/// Greatest number of former names of one field.
pub const MAX_ALIASES: usize = 16;

/// Message slot of the holder's secret.
pub const HOLDER_SECRET: usize = 0;
/// Message slot of the status handle.
pub const STATUS_HANDLE: usize = 1;
/// Message slot of the first hour of validity.
pub const VALID_FROM: usize = 2;
/// Message slot of the first hour after validity.
pub const VALID_UNTIL: usize = 3;
/// Message slot of the first field.
pub const FIRST_FIELD: usize = 4;
/// Bits of a status handle.
pub const STATUS_HANDLE_BITS: u32 = 40;
/// Bits of an hour of validity.
pub const VALIDITY_BITS: u32 = 22;

digest_type! {
    /// The identity of a schema.
    SchemaId
}

/// What an issuer lets its holders do with a field: the words of SD-JWT VC type metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disclosure {
    /// Revealed in every presentation.
    Always,
    /// Revealed or hidden, as policy and holder see fit.
    Allowed,
    /// Never revealed; only predicates and equalities may use it.
    Never,
}

impl Disclosure {
    const ALL: [Self; 3] = [Self::Always, Self::Allowed, Self::Never];

    /// The word in a schema.
    pub fn word(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Allowed => "allowed",
            Self::Never => "never",
        }
    }
}

/// A semantic version without pre-release or build parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Raised by a breaking change.
    pub major: u32,
    /// Raised by a compatible addition.
    pub minor: u32,
    /// Raised by a correction.
    pub patch: u32,
}

impl Version {
    /// Reads the version at a place of a document.
    pub fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let version = cursor.text()?.parse();
        version.map_err(|()| cursor.invalid("not a version", "write MAJOR.MINOR.PATCH as 1.0.0"))
    }
}

impl FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('.').map(|part| {
            let number: u32 = part.parse().map_err(|_| ())?;
            // One spelling: no sign, no leading zero.
            (number.to_string() == part).then_some(number).ok_or(())
        });
        let mut next = || parts.next().unwrap_or(Err(()));
        let version = Self { major: next()?, minor: next()?, patch: next()? };
        parts.next().is_none().then_some(version).ok_or(())
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// One field of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    name: String,
    field_type: FieldType,
    optional: bool,
    disclosure: Disclosure,
    aliases: Vec<String>,
    default: Option<Value>,
}

/// The keys of a field in a document.
const FIELD_KEYS: [&str; 6] = ["name", "type", "optional", "disclosure", "aliases", "default"];

/// What keeps the hashes of different kinds apart.
mod hashed {
    pub(super) const ABSENT: u8 = 0;
    pub(super) const TEXT: u8 = 1;
    pub(super) const BYTES: u8 = 2;
}

impl Field {
    fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let fields = cursor.fields(&FIELD_KEYS)?;
        let name = fields.required("name")?;
        if !value::is_name(name.text()?) {
            return Err(name.invalid("not a name for a field", NAME_REMEDY));
        }
        let disclosure = match fields.optional("disclosure") {
            None => Disclosure::Allowed,
            Some(word) => {
                let text = word.text()?;
                let known = Disclosure::ALL.into_iter().find(|known| known.word() == text);
                known.ok_or_else(|| {
                    word.invalid("no such disclosure", "write always, allowed or never")
                })?
            }
        };
        let optional = fields.optional("optional").map(|flag| flag.boolean()).transpose()?;
        let field_type = FieldType::parse(&fields.required("type")?)?;
        let default = fields.optional("default").map(|value| {
            let remedy = format!("write a value of type {field_type}, as in a record");
            let parsed = field_type.parse_json(value.document());
            parsed.map_err(|error| value.invalid(error.to_string(), remedy))
        });
        Ok(Self {
            name: name.text()?.to_owned(),
            default: default.transpose()?,
            field_type,
            optional: optional.unwrap_or(false),
            disclosure,
            aliases: fields.optional("aliases").map_or(Ok(Vec::new()), |list| aliases(&list))?,
        })
    }

    /// Former names and default stand in the normal form only where there are any, so that the ids
    /// of schemas without them are what they always were.
    fn to_document(&self) -> Document {
        let mut entries = vec![
            ("name", Document::text(&self.name)),
            ("type", self.field_type.to_document()),
            ("optional", Document::Bool(self.optional)),
            ("disclosure", Document::text(self.disclosure.word())),
        ];
        if !self.aliases.is_empty() {
            let names = self.aliases.iter().map(Document::text).collect();
            entries.push(("aliases", Document::Array(names)));
        }
        // The default was read by this type, so the type can write it.
        if let Some(Ok(default)) = self.default.as_ref().map(|value| self.field_type.to_json(value))
        {
            entries.push(("default", default));
        }
        Document::object(entries)
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type.
    pub fn field_type(&self) -> &FieldType {
        &self.field_type
    }

    /// Whether the value may be absent.
    pub fn optional(&self) -> bool {
        self.optional
    }

    /// The issuer's limit on disclosure.
    pub fn disclosure(&self) -> Disclosure {
        self.disclosure
    }

    /// Former names of the field, in alphabetical order.
    pub fn aliases(&self) -> &[String] {
        &self.aliases
    }

    /// What credentials of versions without this field are read as.
    pub fn default(&self) -> Option<&Value> {
        self.default.as_ref()
    }

    /// The name and the former names.
    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str()).chain(self.aliases.iter().map(String::as_str))
    }

    /// Bits of the field's integer, one more than its type's if it is optional; none for text and
    /// bytes.
    pub fn bits(&self) -> Option<u32> {
        self.field_type.bits().map(|bits| bits + u32::from(self.optional))
    }

    /// The integers that the field may be; none for text and bytes.
    pub fn interval(&self) -> Option<Interval> {
        self.bits().map(Interval::bits)
    }

    /// The integer of a value, or of its absence; none for text and bytes.
    pub fn integer(&self, value: Option<&Value>) -> Result<Option<u128>, ValueError> {
        let Some(value) = value else {
            self.may_be_absent()?;
            return Ok(self.field_type.bits().map(|_| 0));
        };
        let integer = self.field_type.integer(value)?;
        Ok(integer.map(|integer| u128::from(integer) + u128::from(self.optional)))
    }

    /// The value of an integer, or its absence: the inverse of [`integer`](Self::integer).
    pub fn from_integer(&self, integer: u128) -> Result<Option<Value>, ValueError> {
        let plain = match integer.checked_sub(u128::from(self.optional)) {
            Some(plain) => {
                u64::try_from(plain).map_err(|_| ValueError::Range(self.field_type.to_string()))?
            }
            None if self.field_type.bits().is_some() => return Ok(None),
            None => 0,
        };
        self.field_type.from_integer(plain).map(Some)
    }

    fn may_be_absent(&self) -> Result<(), ValueError> {
        self.optional.then_some(()).ok_or(ValueError::Required)
    }

    /// The message that is signed for a value, or for its absence.
    pub fn to_scalar(
        &self,
        value: Option<&Value>,
        interface: Interface,
    ) -> Result<Scalar, ValueError> {
        let integer = self.integer(value)?;
        let hash = |tag: u8, octets: &[u8]| {
            let tagged = zeroize::Zeroizing::new([&[tag], octets].concat());
            interface.message_to_scalar(&tagged)
        };
        Ok(match (integer, value) {
            (Some(integer), _) => integer_scalar(integer),
            (None, Some(Value::Text(text))) => hash(hashed::TEXT, text.as_bytes()),
            (None, Some(Value::Bytes(octets))) => hash(hashed::BYTES, octets),
            (None, _) => hash(hashed::ABSENT, &[]),
        })
    }

    /// A value, or its absence, as it travels.
    pub fn encode(&self, value: Option<&Value>) -> Result<Encoded, ValueError> {
        match value {
            Some(value) => self.field_type.encode(value),
            None => self.may_be_absent().map(|()| Encoded::Absent),
        }
    }

    /// A value, or its absence, that has travelled.
    pub fn decode(&self, encoded: &Encoded) -> Result<Option<Value>, ValueError> {
        match encoded {
            Encoded::Absent => self.may_be_absent().map(|()| None),
            _ => self.field_type.decode(encoded).map(Some),
        }
    }

    /// Reads a value, or its absence, from JSON; `null` is absence.
    pub fn parse_json(&self, document: &Document) -> Result<Option<Value>, ValueError> {
        match document {
            Document::Null => self.may_be_absent().map(|()| None),
            _ => self.field_type.parse_json(document).map(Some),
        }
    }

    /// Reads a value, or its absence, from the cell of a table. An empty cell is absence, so a table
    /// cannot hold the empty text.
    pub fn parse_text(&self, text: &str) -> Result<Option<Value>, ValueError> {
        match text {
            "" => self.may_be_absent().map(|()| None),
            _ => self.field_type.parse_text(text).map(Some),
        }
    }
}

/// Reads former names. They are a set: their order says nothing, and the normal form sorts them.
fn aliases(list: &Cursor<'_>) -> Result<Vec<String>, Fault> {
    let mut names = Vec::new();
    for item in list.items()? {
        let name = item.text()?;
        if !value::is_name(name) {
            return Err(item.invalid("not a name for a field", NAME_REMEDY));
        }
        names.push(name.to_owned());
    }
    if names.len() > MAX_ALIASES {
        let problem = format!("{} former names", names.len());
        return Err(list.invalid(problem, format!("keep at most {MAX_ALIASES}")));
    }
    names.sort_unstable();
    Ok(names)
}

/// Checks that every name, present or former, stands for one field: a name that two fields lay
/// claim to would let a credential of another version be read as either.
fn unambiguous(fields: &[Field], items: &Cursor<'_>) -> Result<(), Fault> {
    let mut owners: HashMap<&str, &Field> =
        fields.iter().map(|field| (field.name(), field)).collect();
    for (field, item) in fields.iter().zip(items.items()?) {
        for alias in field.aliases() {
            if let Some(other) = owners.insert(alias, field) {
                let place = item.fields(&FIELD_KEYS)?.required("aliases")?;
                let problem = match other.name() == alias {
                    true => format!("the former name \"{alias}\" is the name of a field"),
                    false => format!("the former name \"{alias}\" stands twice"),
                };
                let remedy = "a name stands for one meaning in all versions: give the newer field \
                              another name, or take the alias out";
                return Err(place.invalid(problem, remedy));
            }
        }
    }
    Ok(())
}

/// The scalar of an integer of up to 128 bits.
pub(crate) fn integer_scalar(integer: u128) -> Scalar {
    let [low, high] = [integer as u64, (integer >> 64) as u64].map(Scalar::from);
    let two_to_64 = Scalar::from(1u64 << 32).square();
    high * two_to_64 + low
}

/// A schema, checked whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    id: SchemaId,
    name: String,
    version: Version,
    fields: Vec<Field>,
}

impl Schema {
    /// Reads a schema from TOML or JSON.
    pub fn parse(octets: &[u8]) -> Result<Self, Fault> {
        Self::from_document(&Document::read(octets, &Bounds::PUBLISHED)?)
    }

    /// Reads a schema from a document.
    pub fn from_document(document: &Document) -> Result<Self, Fault> {
        let root = Cursor::root(document).fields(&["format", "name", "version", "fields"])?;
        root.format(FORMAT)?;
        let name = root.required("name")?;
        let printable = name.text()?.bytes().all(|b| b.is_ascii_graphic());
        if !printable || !(1..=128).contains(&name.text()?.len()) {
            let remedy = "write 1 to 128 ASCII characters without spaces, such as a name or an IRI";
            return Err(name.invalid("not a name for a schema", remedy));
        }
        let version = Version::parse(&root.required("version")?)?;
        let items = root.required("fields")?;
        let mut fields: Vec<Field> = Vec::new();
        for item in items.items()? {
            let field = Field::parse(&item)?;
            if fields.iter().any(|other| other.name == field.name) {
                let problem = format!("a second field named \"{}\"", field.name);
                return Err(item.invalid(problem, "rename one of the two"));
            }
            fields.push(field);
        }
        if !(1..=MAX_FIELDS).contains(&fields.len()) {
            let problem = format!("{} fields", fields.len());
            return Err(items.invalid(problem, format!("write 1 to {MAX_FIELDS} fields")));
        }
        unambiguous(&fields, &items)?;
        let name = name.text()?.to_owned();
        let mut schema = Self { id: SchemaId::from_bytes([0; 32]), name, version, fields };
        schema.id = SchemaId::from_bytes(schema.to_document().digest());
        Ok(schema)
    }

    /// The schema as a document in normal form: defaults written out, types in their normal
    /// spelling. Its digest is the id.
    pub fn to_document(&self) -> Document {
        Document::object([
            ("format", Document::text(FORMAT)),
            ("name", Document::text(&self.name)),
            ("version", Document::text(self.version.to_string())),
            ("fields", Document::Array(self.fields.iter().map(Field::to_document).collect())),
        ])
    }

    /// The identity.
    pub fn id(&self) -> SchemaId {
        self.id
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The fields in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// A field and its message slot, by name.
    pub fn field(&self, name: &str) -> Option<(usize, &Field)> {
        let position = self.fields.iter().position(|field| field.name == name)?;
        self.fields.get(position).map(|field| (FIRST_FIELD + position, field))
    }

    /// The field of a message slot; none for the first four slots and beyond the last.
    pub fn field_at(&self, message: usize) -> Option<&Field> {
        self.fields.get(message.checked_sub(FIRST_FIELD)?)
    }

    /// Number of messages that a credential of this schema signs.
    pub fn message_count(&self) -> usize {
        FIRST_FIELD + self.fields.len()
    }

    /// The BBS header of an unbound credential: format tag and schema, nothing of the holder.
    pub fn header(&self) -> Vec<u8> {
        [CREDENTIAL_UNBOUND, &self.id.to_bytes()].concat()
    }
}

/// The JSON Schema (draft 2020-12) of the schema document.
///
/// It says what a document can say by its form; unique names and codes are checked by
/// [`Schema::parse`] only.
pub fn json_schema() -> &'static str {
    include_str!("schema/json_schema.json")
}

#[cfg(test)]
pub(crate) mod tests;
