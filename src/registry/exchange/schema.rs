//! Schemas of other registries, and what of them a schema here can say.
//!
//! EAS writes a schema as Solidity parameters, `uint256 eventId, uint8 vote`, and names it by
//! keccak(schema ‖ resolver ‖ revocable): one octet more or less, a space for instance, is another
//! schema, so the text is kept as it came. Sign Protocol writes `[{"name", "type"}]` and counts.
//!
//! | theirs | here | lost |
//! |---|---|---|
//! | `bool` | `bool` | |
//! | `uintN`, `intN`, N ≤ 64 | `uint(N)`, `int(N)` | |
//! | `string` | `text` | |
//! | wider integers | `text`, decimal | predicates can't compute with it |
//! | `address`, `bytesN`, `bytes` | `text`, lower-case hexadecimal behind `0x` | as above |
//! | arrays, tuples | `text`, JSON | names of components; as above |
//! | `number` (Sign, off-chain) | `int(64)` | fractions are refused |
//!
//! A name becomes one that a field may have: `eventId` is `event_id`. Where that is not all there is
//! to it (no name, letters that fall away, a name taken twice), it is reported as well. The mapping
//! is a function of the schema alone, so claims find their way back.

use super::abi;
use super::json::Json;
use super::place::Place;
use super::{ExchangeError, Loss};
use crate::document::{Document, Fault, Problem};
use crate::schema::{Disclosure, Field, MAX_FIELDS, Schema, Version};
use crate::value::{FieldType, is_name};
use alloy_dyn_abi::DynSolType;
use alloy_primitives::{Address, B256, keccak256};

/// Greatest length of a schema's text, in octets.
const MAX_TEXT: usize = 1 << 16;

/// The type of a foreign field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One of the ABI's.
    Abi(DynSolType),
    /// A number of JSON, in off-chain records of Sign Protocol.
    Number,
    /// A word of which nothing is known.
    Unknown(String),
}

impl Kind {
    fn text(&self) -> String {
        match self {
            Self::Abi(kind) => abi::name(kind),
            Self::Number => "number".to_owned(),
            Self::Unknown(word) => word.clone(),
        }
    }

    /// The type here, as a schema document writes it, and what is lost.
    fn here(&self) -> (String, Option<&'static str>) {
        let text = |why| ("text".to_owned(), Some(why));
        match self {
            Self::Abi(DynSolType::Bool) => ("bool".to_owned(), None),
            Self::Abi(DynSolType::Uint(bits)) if *bits <= 64 => (format!("uint({bits})"), None),
            Self::Abi(DynSolType::Int(bits)) if *bits <= 64 => (format!("int({bits})"), None),
            Self::Abi(DynSolType::String) => ("text".to_owned(), None),
            Self::Abi(DynSolType::Uint(_) | DynSolType::Int(_)) => {
                text("wider than 64 bits: carried as decimal text, no predicate computes with it")
            }
            Self::Abi(
                DynSolType::Address
                | DynSolType::Bytes
                | DynSolType::FixedBytes(_)
                | DynSolType::Function,
            ) => text("octets: carried as text, lower-case hexadecimal behind 0x"),
            Self::Abi(_) => {
                text("a list: carried as JSON text; names of components, if any, are left behind")
            }
            Self::Number => {
                let why = "a number without a width: carried if it is whole and of 64 bits";
                ("int(64)".to_owned(), Some(why))
            }
            Self::Unknown(_) => text("a type that nothing is known of: carried as JSON text"),
        }
    }
}

/// A field of a foreign schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ForeignField {
    pub(super) name: Option<String>,
    pub(super) kind: Kind,
    /// The type as it was written.
    pub(super) written: String,
}

/// How a registry writes its schemas.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Dialect {
    /// The text and, where known, resolver and whether attestations may be revoked.
    Eas { text: String, registration: Option<(Address, bool)> },
    /// The JSON of the fields.
    Sign,
}

/// A schema of another registry.
#[derive(Clone, PartialEq, Eq)]
pub struct ForeignSchema {
    dialect: Dialect,
    uid: Option<String>,
    fields: Vec<ForeignField>,
}

impl std::fmt::Debug for ForeignSchema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ForeignSchema({})", self.to_text())
    }
}

/// The identity that EAS gives to a schema: keccak(schema ‖ resolver ‖ revocable), packed.
pub fn eas_schema_uid(text: &str, resolver: Address, revocable: bool) -> B256 {
    keccak256([text.as_bytes(), resolver.as_slice(), &[u8::from(revocable)]].concat())
}

impl ForeignSchema {
    /// Reads a schema: a string of EAS, the fields of Sign Protocol, or the record that either
    /// registry's interface gives of one.
    pub fn parse(octets: &[u8]) -> Result<Self, ExchangeError> {
        let first = octets.iter().find(|octet| !octet.is_ascii_whitespace());
        if !matches!(first, Some(b'{' | b'[' | b'"')) {
            let text = std::str::from_utf8(octets).map_err(|_| {
                Fault::new("$", Problem::Invalid("not UTF-8".to_owned()), "save it as UTF-8")
            })?;
            return Self::from_eas(&Json::text(text.trim()));
        }
        let json = Json::read(octets)?;
        Self::from_place(&Place::root(&json))
    }

    fn from_eas(json: &Json) -> Result<Self, Fault> {
        let place = Place::root(json);
        eas(&place, place.text()?, None, None)
    }

    pub(super) fn from_place(place: &Place<'_>) -> Result<Self, Fault> {
        match place.json {
            Json::Text(text) => return eas(place, text, None, None),
            Json::Array(_) => return sign(place, None),
            _ => {}
        }
        if let Some(inner) = place.find("data").filter(|data| matches!(data.json, Json::Object(_)))
        {
            let inner = inner.find("schema").unwrap_or(inner);
            return Self::from_place(&inner);
        }
        if let Some(text) = place.find("schema") {
            let registration = match (place.find("resolver"), place.find("revocable")) {
                (Some(resolver), Some(revocable)) => {
                    Some((resolver.address()?, revocable.boolean()?))
                }
                _ => None,
            };
            let uid = place.find("uid").or_else(|| place.find("id"));
            return eas(&text, text.text()?, registration, uid.as_ref());
        }
        let fields = place.need("data")?;
        let id = place.any(&["id", "schemaId"])?;
        let inner = match fields.json {
            Json::Text(text) => {
                Some(Json::read(text.as_bytes()).map_err(|fault| fault.under(fields.path()))?)
            }
            _ => None,
        };
        let Some(inner) = inner else { return sign(&fields, Some(&id)) };
        sign(&Place::root(&inner), Some(&id)).map_err(|fault| match fault.path() == id.path() {
            true => fault,
            false => fault.under(fields.path()),
        })
    }

    /// A schema of EAS with its registration, so that it has an id.
    pub fn eas(text: &str, resolver: Address, revocable: bool) -> Result<Self, ExchangeError> {
        let json = Json::text(text);
        eas(&Place::root(&json), text, Some((resolver, revocable)), None)
    }

    /// The id: EAS's hash, if resolver and revocability are known, or Sign Protocol's id as stated.
    pub fn uid(&self) -> Option<&str> {
        self.uid.as_deref()
    }

    /// Whether a record that names its schema by an id names this one; nothing if that can't be
    /// told, for lack of a registration.
    pub(super) fn is(&self, id: &str) -> Option<bool> {
        match (&self.uid, &self.dialect) {
            (Some(uid), _) => Some(uid == id),
            (None, Dialect::Eas { text, .. }) => {
                let plain = [false, true].map(|flag| eas_schema_uid(text, Address::ZERO, flag));
                plain.iter().any(|uid| uid.to_string() == id).then_some(true)
            }
            (None, Dialect::Sign) => None,
        }
    }

    /// The layout that the tools of its registry give to data.
    pub(super) fn layout(&self) -> abi::Layout {
        match self.dialect {
            Dialect::Eas { .. } => abi::Layout::Parameters,
            Dialect::Sign => abi::Layout::Struct,
        }
    }

    pub(super) fn fields(&self) -> &[ForeignField] {
        &self.fields
    }

    pub(super) fn of_fields(fields: Vec<ForeignField>) -> Self {
        Self { dialect: Dialect::Sign, uid: None, fields }
    }

    /// The types of the ABI, in order; none if a field has no such type.
    pub(super) fn kinds(&self) -> Option<Vec<DynSolType>> {
        let kinds = self.fields.iter().map(|field| match &field.kind {
            Kind::Abi(kind) => Some(kind.clone()),
            _ => None,
        });
        kinds.collect()
    }

    /// The schema as its registry writes it: the text of EAS as it came, the JSON of Sign Protocol
    /// without spaces.
    pub fn to_text(&self) -> String {
        if let Dialect::Eas { text, .. } = &self.dialect {
            return text.clone();
        }
        let fields = self.fields.iter().map(|field| {
            let name = Json::text(field.name.as_deref().unwrap_or_default());
            Json::object(vec![("name", name), ("type", Json::text(&field.written))])
        });
        Json::Array(fields.collect()).compact()
    }

    /// The same fields as a string of EAS.
    pub fn to_eas_text(&self) -> String {
        let fields = self.fields.iter().map(|field| match &field.name {
            Some(name) => format!("{} {name}", field.kind.text()),
            None => field.kind.text(),
        });
        fields.collect::<Vec<_>>().join(", ")
    }

    /// The names that the fields have here, in order, and what was done to get them.
    pub(super) fn names(&self) -> (Vec<String>, Vec<Loss>) {
        let (mut names, mut losses): (Vec<String>, Vec<Loss>) = (Vec::new(), Vec::new());
        for (i, field) in self.fields.iter().enumerate() {
            let theirs = field.name.as_deref().unwrap_or_default();
            let (mut name, mut why) = match here(theirs) {
                Some((name, clean)) => (name, (!clean).then_some("letters that a name can't have")),
                None if theirs.is_empty() => (format!("field_{}", i + 1), Some("no name")),
                None => (format!("field_{}", i + 1), Some("a name that no field can have")),
            };
            if names.contains(&name) {
                why = Some("a name that stands twice");
                let free = (2..).map(|n| format!("{}_{n}", name.get(..56).unwrap_or(&name)));
                name = free.into_iter().find(|free| !names.contains(free)).unwrap_or_default();
            }
            if let Some(why) = why {
                let why = format!("{why}: the field is called {name} here");
                losses.push(Loss::new(theirs, why));
            }
            names.push(name);
        }
        (names, losses)
    }

    /// The schema here, and what it can't say.
    pub fn to_schema(
        &self,
        name: &str,
        version: Version,
    ) -> Result<(Schema, Vec<Loss>), ExchangeError> {
        let (names, mut losses) = self.names();
        let mut fields = Vec::new();
        for (field, called) in self.fields.iter().zip(&names) {
            let (kind, lost) = field.kind.here();
            if let Some(why) = lost {
                losses.push(Loss::new(called, why));
            }
            fields.push(Document::object([
                ("name", Document::text(called)),
                ("type", Document::text(kind)),
            ]));
        }
        let document = Document::object([
            ("format", Document::text(crate::schema::FORMAT)),
            ("name", Document::text(name)),
            ("version", Document::text(version.to_string())),
            ("fields", Document::Array(fields)),
        ]);
        Ok((Schema::from_document(&document)?, losses))
    }

    /// The string of EAS that says all that a schema here says, or everything that it can't say.
    /// Name and version are not counted: EAS has no place for either, its registry names a schema.
    pub fn from_schema(schema: &Schema) -> Result<Self, Vec<Loss>> {
        let mut losses = Vec::new();
        let mut fields = Vec::new();
        for field in schema.fields() {
            match there(field) {
                Ok(kind) => {
                    let name = Some(field.name().to_owned());
                    let written = abi::name(&kind);
                    fields.push(ForeignField { name, kind: Kind::Abi(kind), written });
                }
                Err(why) => losses.push(Loss::new(field.name(), why)),
            }
            for (said, why) in [
                (field.optional(), "may be absent, and there every field has a value: require it"),
                (
                    field.disclosure() != Disclosure::Allowed,
                    "its limit on disclosure has no place there: take it out",
                ),
                (
                    !field.aliases().is_empty() || field.default().is_some(),
                    "former names and defaults have no place there: take them out",
                ),
            ] {
                if said {
                    losses.push(Loss::new(field.name(), why));
                }
            }
        }
        if !losses.is_empty() {
            return Err(losses);
        }
        let dialect = Dialect::Eas { text: String::new(), registration: None };
        let mut made = Self { dialect, uid: None, fields };
        made.dialect = Dialect::Eas { text: made.to_eas_text(), registration: None };
        Ok(made)
    }
}

/// The type there that has exactly the values of a field's type.
fn there(field: &Field) -> Result<DynSolType, &'static str> {
    let whole = |bits: u32| {
        let octets = bits.is_multiple_of(8).then_some(bits as usize);
        octets.ok_or("a width between the steps of 8 bits: its bound would be lost; widen it")
    };
    match field.field_type() {
        FieldType::Bool => Ok(DynSolType::Bool),
        FieldType::Uint(width) => whole(width.bits()).map(DynSolType::Uint),
        FieldType::Int(width) => whole(width.bits()).map(DynSolType::Int),
        FieldType::Text => Ok(DynSolType::String),
        FieldType::Decimal(..) => Err("decimals have no type there: write the units as uint"),
        FieldType::Date | FieldType::Timestamp => {
            Err("dates and times have no type there: write them as text or as uint(40)")
        }
        FieldType::Enum(_) | FieldType::Code => {
            Err("names and codes have no type there: write them as text")
        }
        FieldType::Bytes => Err("octets travel as text here: write them in hexadecimal behind 0x"),
    }
}

/// A name as a field may have it, and whether nothing but the way of writing words was changed:
/// `eventId` is `event_id`.
fn here(theirs: &str) -> Option<(String, bool)> {
    let mut name = String::new();
    let mut clean = true;
    let mut before = '_';
    for c in theirs.chars() {
        match c {
            'a'..='z' | '0'..='9' | '_' => name.push(c),
            'A'..='Z' => {
                if before.is_ascii_lowercase() || before.is_ascii_digit() {
                    name.push('_');
                }
                name.push(c.to_ascii_lowercase());
            }
            _ => {
                clean = false;
                if before != '_' {
                    name.push('_');
                }
            }
        }
        before = if c.is_ascii_alphanumeric() { c } else { '_' };
    }
    let trimmed = name.trim_matches('_').get(..60).unwrap_or(name.trim_matches('_'));
    clean &= trimmed == name;
    if is_name(trimmed) {
        return Some((trimmed.to_owned(), clean));
    }
    // A reserved word, or a digit first.
    let behind = format!("its_{trimmed}");
    (!trimmed.is_empty() && is_name(&behind)).then_some((behind, false))
}

fn eas(
    place: &Place<'_>,
    text: &str,
    registration: Option<(Address, bool)>,
    stated: Option<&Place<'_>>,
) -> Result<ForeignSchema, Fault> {
    let remedy = "write types with names, such as \"uint256 eventId, uint8 vote\"";
    if text.is_empty() || text.len() > MAX_TEXT {
        return Err(place.invalid(format!("a schema of {} octets", text.len()), remedy));
    }
    let mut fields = Vec::new();
    for part in abi::split(text).map_err(|problem| place.invalid(problem, remedy))? {
        let (kind, name) = abi::named(part);
        let written = kind.to_owned();
        // The one word besides Solidity's types that their tools read: a multihash in a word.
        let kind = if kind == "ipfsHash" { "bytes32" } else { kind };
        let kind = abi::parse_type(kind).map_err(|problem| place.invalid(problem, remedy))?;
        let name = name.map(str::to_owned);
        fields.push(ForeignField { name, kind: Kind::Abi(kind), written });
    }
    count(place, fields.len())?;
    let computed = registration
        .map(|(resolver, revocable)| eas_schema_uid(text, resolver, revocable).to_string());
    let mut uid = computed.clone();
    if let Some(stated) = stated {
        let theirs = stated.word()?.to_string();
        if computed.is_some_and(|computed| computed != theirs) {
            let remedy = "fetch the schema again: text, resolver and revocability make the id";
            return Err(stated.invalid("not the id of this schema", remedy));
        }
        uid = Some(theirs);
    }
    let dialect = Dialect::Eas { text: text.to_owned(), registration };
    Ok(ForeignSchema { dialect, uid, fields })
}

fn sign(place: &Place<'_>, id: Option<&Place<'_>>) -> Result<ForeignSchema, Fault> {
    let mut fields = Vec::new();
    for item in place.items()? {
        let name = item.need("name")?.text()?;
        let kind = item.need("type")?;
        let written = kind.text()?.to_owned();
        let kind = match written.as_str() {
            "number" => Kind::Number,
            "boolean" => Kind::Abi(DynSolType::Bool),
            word => match abi::parse_type(word) {
                Ok(parsed) => Kind::Abi(parsed),
                Err(_) if word.len() <= 64 => Kind::Unknown(word.to_owned()),
                Err(problem) => return Err(kind.invalid(problem, "write a type of the ABI")),
            },
        };
        let name = (!name.is_empty()).then(|| name.to_owned());
        fields.push(ForeignField { name, kind, written });
    }
    count(place, fields.len())?;
    let uid = id.map(|id| id.text().map(str::to_owned)).transpose()?;
    Ok(ForeignSchema { dialect: Dialect::Sign, uid, fields })
}

fn count(place: &Place<'_>, fields: usize) -> Result<(), Fault> {
    let remedy = format!("keep 1 to {MAX_FIELDS} fields");
    let sensible = (1..=MAX_FIELDS).contains(&fields);
    sensible.then_some(()).ok_or_else(|| place.invalid(format!("{fields} fields"), remedy))
}
