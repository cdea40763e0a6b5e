//! Typed values, and the one mapping value → integer.
//!
//! A credential's fields are typed, and every type but two is an integer of a known width, so that
//! predicates can compute with what was signed. The mapping (with `⌊x⌋` the integer of x):
//!
//! | type | integer | bits |
//! |---|---|---|
//! | `bool` | 0, 1 | 1 |
//! | `uint(n)`, 1 ≤ n ≤ 64 | itself | n |
//! | `int(n)`, 1 ≤ n ≤ 64 | value + 2^(n−1) | n |
//! | `decimal(scale,n)`, scale ≤ 18 | value·10^scale, exact or refused; never negative | n |
//! | `date` | days since 0001-01-01, proleptic Gregorian | 22 |
//! | `timestamp` | seconds since 1970-01-01T00:00:00Z | 40 |
//! | `enum` | the code that the schema gives to the name | as the largest code needs |
//! | `code`, 1 to 8 of `A–Z 0–9 -` | the ASCII octets as one big-endian number | 64 |
//! | `text` (NFC), `bytes` | none: hashed to a scalar | – |
//!
//! Everything that reads or writes a value goes through [`FieldType`]: from JSON and from the cell
//! of a table, to JSON and to text for people, to the integer and back. Each is strict and exact: a
//! value has one spelling in, and reading back what was written gives the same value.
//!
//! Messages never repeat the value, which may be a person's.

mod calendar;
mod domain;

pub use calendar::{Date, LeapDay, Timestamp};
#[cfg(test)]
pub(crate) use domain::RESERVED;
pub use domain::{Code, MAX_VARIANTS, Scale, Variants, Width};
pub(crate) use domain::{NAME_REMEDY, is_iri, is_name};

use crate::document::{Cursor, Document, Fault};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::is_natural;
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// Greatest length of a text or of bytes, in octets.
pub const MAX_OCTETS: usize = 16_384;

/// Why a value is not of its type. Says nothing of the value itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Another kind of value, or another spelling, than the type has.
    #[error("expected {0}")]
    Form(&'static str),
    /// The right kind, outside the range of the type.
    #[error("outside the range of {0}")]
    Range(String),
    /// A name or code that the enumeration does not have.
    #[error("not one of the enumeration")]
    NotInEnum,
    /// Text that is not in Unicode normal form C.
    #[error("text is not in Unicode NFC")]
    NotNfc,
    /// Text or bytes beyond [`MAX_OCTETS`].
    #[error("longer than {MAX_OCTETS} octets")]
    TooLong,
    /// No value where the field is not optional.
    #[error("a value is required here")]
    Required,
}

/// The type of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// True or false.
    Bool,
    /// A natural number of n bits.
    Uint(Width),
    /// An integer of n bits, −2^(n−1) to 2^(n−1) − 1.
    Int(Width),
    /// A non-negative decimal in units of 10^−scale, of n bits.
    Decimal(Scale, Width),
    /// A day.
    Date,
    /// A second.
    Timestamp,
    /// One of the names that the schema lists.
    Enum(Variants),
    /// A short code, such as those of ISO 3166 and ISO 4217.
    Code,
    /// Text in NFC.
    Text,
    /// Octets.
    Bytes,
}

/// A value of some type.
///
/// `Debug` shows the type only; text and bytes are erased when dropped.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Of `bool`.
    Bool(bool),
    /// Of `uint(n)`.
    Uint(u64),
    /// Of `int(n)`.
    Int(i64),
    /// Of `decimal(scale, n)`, in units of 10^−scale.
    Decimal(u64),
    /// Of `date`.
    Date(Date),
    /// Of `timestamp`.
    Timestamp(Timestamp),
    /// Of an enumeration: the code.
    Enum(u64),
    /// Of `code`.
    Code(Code),
    /// Of `text`.
    Text(Zeroizing<String>),
    /// Of `bytes`.
    Bytes(Zeroizing<Vec<u8>>),
}

impl Zeroize for Value {
    fn zeroize(&mut self) {
        match self {
            Self::Bool(b) => b.zeroize(),
            Self::Uint(n) | Self::Decimal(n) | Self::Enum(n) => n.zeroize(),
            Self::Int(n) => n.zeroize(),
            Self::Date(date) => date.zeroize(),
            Self::Timestamp(timestamp) => timestamp.zeroize(),
            Self::Code(code) => code.zeroize(),
            Self::Text(text) => text.zeroize(),
            Self::Bytes(octets) => octets.zeroize(),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool(_) => "Bool(..)",
            Self::Uint(_) => "Uint(..)",
            Self::Int(_) => "Int(..)",
            Self::Decimal(_) => "Decimal(..)",
            Self::Date(_) => "Date(..)",
            Self::Timestamp(_) => "Timestamp(..)",
            Self::Enum(_) => "Enum(..)",
            Self::Code(_) => "Code(..)",
            Self::Text(_) => "Text(..)",
            Self::Bytes(_) => "Bytes(..)",
        })
    }
}

/// A value as it travels: what a wire format needs to know of it, without the type.
///
/// An integer is that of the type's mapping, without the 1 that marks presence.
#[derive(Clone, PartialEq, Eq)]
pub enum Encoded {
    /// The absent value of an optional field.
    Absent,
    /// The integer of the value.
    Integer(u64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Integer(_) => "Integer(..)",
            Self::Text(_) => "Text(..)",
            Self::Bytes(_) => "Bytes(..)",
        })
    }
}

impl FieldType {
    /// Reads a type: a string such as `"uint(32)"`, or `{ enum = { name = code } }`.
    pub fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        if let Document::Object(_) = cursor.document() {
            let fields = cursor.fields(&["enum"])?;
            return Ok(Self::Enum(Variants::parse(&fields.required("enum")?)?));
        }
        let text = cursor.text()?;
        parse_type(text).ok_or_else(|| {
            let remedy = "write bool, uint(1..64), int(1..64), decimal(0..18, 1..64), date, \
                          timestamp, code, text, bytes or { enum = { name = code, .. } }";
            cursor.invalid("no such type", remedy)
        })
    }

    /// The type as a document, in its normal spelling.
    pub fn to_document(&self) -> Document {
        let Self::Enum(variants) = self else {
            return Document::text(self.to_string());
        };
        let codes = variants.iter();
        let codes = codes.map(|(name, code)| (name, Document::Integer(code.into())));
        Document::object([("enum", Document::object(codes))])
    }

    /// Bits of the integer of a value that is present; none for text and bytes.
    pub fn bits(&self) -> Option<u32> {
        match self {
            Self::Bool => Some(1),
            Self::Uint(width) | Self::Int(width) | Self::Decimal(_, width) => Some(width.bits()),
            Self::Date => Some(22),
            Self::Timestamp => Some(40),
            Self::Enum(variants) => Some(variants.bits()),
            Self::Code => Some(64),
            Self::Text | Self::Bytes => None,
        }
    }

    /// What is added to a value to give its integer: 2^(n−1) for `int(n)`, else 0.
    pub fn offset(&self) -> i128 {
        match self {
            Self::Int(width) => 1 << (width.bits() - 1),
            _ => 0,
        }
    }

    /// The integer of a value; none for text and bytes.
    pub fn integer(&self, value: &Value) -> Result<Option<u64>, ValueError> {
        let integer = match (self, value) {
            (Self::Bool, Value::Bool(b)) => u64::from(*b),
            (Self::Uint(width), Value::Uint(n)) => self.within(*n, *width)?,
            (Self::Int(width), Value::Int(n)) => {
                let shifted = u64::try_from(i128::from(*n) + self.offset());
                let shifted = shifted.map_err(|_| ValueError::Range(self.to_string()))?;
                self.within(shifted, *width)?
            }
            (Self::Decimal(_, width), Value::Decimal(units)) => self.within(*units, *width)?,
            (Self::Date, Value::Date(date)) => date.days().into(),
            (Self::Timestamp, Value::Timestamp(timestamp)) => timestamp.unix(),
            (Self::Enum(variants), Value::Enum(code)) => {
                variants.name(*code).ok_or(ValueError::NotInEnum)?;
                *code
            }
            (Self::Code, Value::Code(code)) => code.integer(),
            (Self::Text, Value::Text(text)) => return check_text(text).map(|()| None),
            (Self::Bytes, Value::Bytes(octets)) => return check_length(octets).map(|()| None),
            _ => return Err(ValueError::Form(self.form())),
        };
        Ok(Some(integer))
    }

    /// The value of an integer, the inverse of [`integer`](Self::integer).
    pub fn from_integer(&self, integer: u64) -> Result<Value, ValueError> {
        let range = || ValueError::Range(self.to_string());
        match self {
            Self::Bool if integer <= 1 => Ok(Value::Bool(integer == 1)),
            Self::Bool => Err(range()),
            Self::Uint(width) => Ok(Value::Uint(self.within(integer, *width)?)),
            Self::Int(width) => {
                let value = i128::from(self.within(integer, *width)?) - self.offset();
                i64::try_from(value).map(Value::Int).map_err(|_| range())
            }
            Self::Decimal(_, width) => Ok(Value::Decimal(self.within(integer, *width)?)),
            Self::Date => Date::from_days(integer).map(Value::Date).ok_or_else(range),
            Self::Timestamp => {
                Timestamp::from_unix(integer).map(Value::Timestamp).ok_or_else(range)
            }
            Self::Enum(variants) => {
                variants.name(integer).ok_or(ValueError::NotInEnum)?;
                Ok(Value::Enum(integer))
            }
            Self::Code => Code::from_integer(integer).map(Value::Code).ok_or_else(range),
            Self::Text | Self::Bytes => Err(ValueError::Form(self.form())),
        }
    }

    fn within(&self, integer: u64, width: Width) -> Result<u64, ValueError> {
        let fits = integer <= width.max();
        fits.then_some(integer).ok_or_else(|| ValueError::Range(self.to_string()))
    }

    /// Reads a value from a JSON record: numbers and booleans as such, everything else in quotes.
    pub fn parse_json(&self, document: &Document) -> Result<Value, ValueError> {
        let form = ValueError::Form(self.form());
        match (self, document) {
            (Self::Bool, Document::Bool(b)) => Ok(Value::Bool(*b)),
            (Self::Uint(_) | Self::Int(_), Document::Integer(n)) => self.of_number(*n),
            (Self::Bool | Self::Uint(_) | Self::Int(_), _) => Err(form),
            (_, Document::Text(text)) => self.parse_text(text),
            _ => Err(form),
        }
    }

    /// Reads a value from the cell of a table: the same spellings as in JSON, without quotes.
    pub fn parse_text(&self, text: &str) -> Result<Value, ValueError> {
        let form = || ValueError::Form(self.form());
        match self {
            Self::Bool => match text {
                "true" => Ok(Value::Bool(true)),
                "false" => Ok(Value::Bool(false)),
                _ => Err(form()),
            },
            Self::Uint(_) | Self::Int(_) => {
                let magnitude = text.strip_prefix('-').unwrap_or(text);
                if !is_natural(magnitude) || text == "-0" {
                    return Err(form());
                }
                // Only digits are left, so what does not parse is too long.
                self.of_number(text.parse().unwrap_or(i128::MAX))
            }
            Self::Decimal(scale, width) => {
                Ok(Value::Decimal(self.within(scale.units(text)?, *width)?))
            }
            Self::Date => text.parse().map(Value::Date),
            Self::Timestamp => text.parse().map(Value::Timestamp),
            Self::Enum(variants) => {
                variants.code(text).map(Value::Enum).ok_or(ValueError::NotInEnum)
            }
            Self::Code => text.parse().map(Value::Code),
            Self::Text => {
                check_text(text)?;
                Ok(Value::Text(Zeroizing::new(text.to_owned())))
            }
            Self::Bytes => {
                let octets = URL_SAFE_NO_PAD.decode(text).map_err(|_| form())?;
                let octets = Zeroizing::new(octets);
                check_length(&octets)?;
                Ok(Value::Bytes(octets))
            }
        }
    }

    /// The value of a number of `uint(n)` or `int(n)`.
    fn of_number(&self, number: i128) -> Result<Value, ValueError> {
        let shifted = number.checked_add(self.offset()).and_then(|n| u64::try_from(n).ok());
        let shifted = shifted.ok_or_else(|| ValueError::Range(self.to_string()))?;
        self.from_integer(shifted)
    }

    /// Writes a value as JSON, the inverse of [`parse_json`](Self::parse_json).
    pub fn to_json(&self, value: &Value) -> Result<Document, ValueError> {
        self.integer(value)?;
        Ok(match value {
            Value::Bool(b) => Document::Bool(*b),
            Value::Uint(n) => Document::Integer((*n).into()),
            Value::Int(n) => Document::Integer((*n).into()),
            _ => Document::Text(self.render(value)?),
        })
    }

    /// Writes a value as text, the inverse of [`parse_text`](Self::parse_text).
    pub fn render(&self, value: &Value) -> Result<String, ValueError> {
        self.integer(value)?;
        Ok(match (self, value) {
            (_, Value::Bool(b)) => b.to_string(),
            (_, Value::Uint(n)) => n.to_string(),
            (_, Value::Int(n)) => n.to_string(),
            (Self::Decimal(scale, _), Value::Decimal(units)) => scale.render(*units),
            (_, Value::Date(date)) => date.to_string(),
            (_, Value::Timestamp(timestamp)) => timestamp.to_string(),
            (Self::Enum(variants), Value::Enum(code)) => {
                variants.name(*code).ok_or(ValueError::NotInEnum)?.to_owned()
            }
            (_, Value::Code(code)) => code.to_string(),
            (_, Value::Text(text)) => text.to_string(),
            (_, Value::Bytes(octets)) => URL_SAFE_NO_PAD.encode(octets.as_slice()),
            (_, Value::Decimal(_) | Value::Enum(_)) => return Err(ValueError::Form(self.form())),
        })
    }

    /// A value as it travels.
    pub fn encode(&self, value: &Value) -> Result<Encoded, ValueError> {
        Ok(match (self.integer(value)?, value) {
            (Some(integer), _) => Encoded::Integer(integer),
            (None, Value::Text(text)) => Encoded::Text(text.to_string()),
            (None, Value::Bytes(octets)) => Encoded::Bytes(octets.to_vec()),
            (None, _) => return Err(ValueError::Form(self.form())),
        })
    }

    /// A value that has travelled, checked as any other input.
    pub fn decode(&self, encoded: &Encoded) -> Result<Value, ValueError> {
        match (self, encoded) {
            (Self::Text, Encoded::Text(text)) => self.parse_text(text),
            (Self::Bytes, Encoded::Bytes(octets)) => {
                check_length(octets)?;
                Ok(Value::Bytes(Zeroizing::new(octets.clone())))
            }
            (_, Encoded::Integer(integer)) => self.from_integer(*integer),
            (_, Encoded::Absent) => Err(ValueError::Required),
            _ => Err(ValueError::Form(self.form())),
        }
    }

    /// The form of a value in JSON, for messages.
    fn form(&self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Uint(_) => "a natural number",
            Self::Int(_) => "a whole number",
            Self::Decimal(..) => "a decimal in quotes such as \"12.50\"",
            Self::Date => "a date in quotes as \"YYYY-MM-DD\"",
            Self::Timestamp => "a time in quotes as \"YYYY-MM-DDThh:mm:ssZ\"",
            Self::Enum(_) => "a name of the enumeration in quotes",
            Self::Code => "a code in quotes, of 1 to 8 of A-Z, 0-9 and -",
            Self::Text => "text in quotes",
            Self::Bytes => "bytes in quotes, as base64url without padding",
        }
    }
}

fn check_text(text: &str) -> Result<(), ValueError> {
    check_length(text.as_bytes())?;
    let nfc = unicode_normalization::is_nfc(text);
    nfc.then_some(()).ok_or(ValueError::NotNfc)
}

fn check_length(octets: &[u8]) -> Result<(), ValueError> {
    (octets.len() <= MAX_OCTETS).then_some(()).ok_or(ValueError::TooLong)
}

/// Reads a type that has no names: `word` or `word(number, ..)`, spaces only after the comma.
fn parse_type(text: &str) -> Option<FieldType> {
    let (word, arguments) = match text.split_once('(') {
        None => (text, Vec::new()),
        Some((word, rest)) => {
            let arguments = rest.strip_suffix(')')?.split(',').enumerate().map(|(i, number)| {
                let number = if i > 0 { number.trim_start_matches(' ') } else { number };
                is_natural(number).then(|| number.parse::<u32>().ok())?
            });
            (word, arguments.collect::<Option<Vec<_>>>()?)
        }
    };
    Some(match (word, arguments.as_slice()) {
        ("bool", []) => FieldType::Bool,
        ("uint", [bits]) => FieldType::Uint(Width::new(*bits)?),
        ("int", [bits]) => FieldType::Int(Width::new(*bits)?),
        ("decimal", [scale, bits]) => FieldType::Decimal(Scale::new(*scale)?, Width::new(*bits)?),
        ("date", []) => FieldType::Date,
        ("timestamp", []) => FieldType::Timestamp,
        ("code", []) => FieldType::Code,
        ("text", []) => FieldType::Text,
        ("bytes", []) => FieldType::Bytes,
        _ => return None,
    })
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Uint(width) => write!(f, "uint({})", width.bits()),
            Self::Int(width) => write!(f, "int({})", width.bits()),
            Self::Decimal(scale, width) => {
                write!(f, "decimal({},{})", scale.places(), width.bits())
            }
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Enum(variants) => write!(f, "an enum of {} names", variants.iter().len()),
            Self::Code => f.write_str("code"),
            Self::Text => f.write_str("text"),
            Self::Bytes => f.write_str("bytes"),
        }
    }
}

#[cfg(test)]
mod tests;
