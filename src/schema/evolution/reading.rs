//! Reading the credentials of one schema by rules that are written against another.

use super::pairing::Pairing;
use crate::schema::{Disclosure, FIRST_FIELD, Field, Schema};
use crate::value::{Encoded, FieldType, Variants};

/// Two schemas that are not versions of one another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{base}\" and \"{actual}\" are two schemas, not versions of one; compare within one name"
)]
pub struct Unrelated {
    base: String,
    actual: String,
}

/// How a message of the base is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// It is signed as a message of the actual schema.
    Signed {
        /// The message of the actual schema.
        message: usize,
        /// What is added to the base's integer to give the signed one; 0 for text and bytes, whose
        /// scalars are equal.
        shift: i128,
    },
    /// It is not signed: every credential of the actual schema is read as if it held this.
    Constant {
        /// The value, or its absence, as the base's field encodes it.
        encoded: Encoded,
        /// The integer that the base's field gives it; none for text and bytes.
        integer: Option<u128>,
    },
}

/// Why a field of the base can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The types are of different kinds.
    #[error(
        "\"{field}\" is {base} in one version and {actual} in the other; \
         give the field of another type another name"
    )]
    OtherType {
        /// The field of the base.
        field: String,
        /// Its type.
        base: String,
        /// Its type in the actual schema.
        actual: String,
    },
    /// Decimals of different scale: one integer would be two amounts.
    #[error(
        "\"{field}\" counts {base} decimal places in one version and {actual} in the other; \
         keep the scale, or give the field of another scale another name"
    )]
    OtherScale {
        /// The field of the base.
        field: String,
        /// Its scale.
        base: usize,
        /// Its scale in the actual schema.
        actual: usize,
    },
    /// Integers with a sign, of different widths, of which one may be absent.
    #[error(
        "\"{field}\" is int({base}) in one version and int({actual}) in the other, and may be \
         absent: absence does not shift with the values; keep the width, or require it in both"
    )]
    OptionalInteger {
        /// The field of the base.
        field: String,
        /// Its width.
        base: u32,
        /// Its width in the actual schema.
        actual: u32,
    },
    /// The value may be absent where the base has none for that.
    #[error(
        "\"{field}\" may be absent from these credentials and is required by the rules' version; \
         write rules against a version that has it optional"
    )]
    MayBeAbsent {
        /// The field of the base.
        field: String,
    },
    /// A code of an enumeration that stands for two names.
    #[error(
        "code {code} of \"{field}\" is \"{base}\" in one version and \"{actual}\" in the other; \
         number new names with codes that were never used"
    )]
    CodeRenamed {
        /// The field of the base.
        field: String,
        /// The code.
        code: u64,
        /// Its name in the base.
        base: String,
        /// Its name in the actual schema.
        actual: String,
    },
    /// A name of an enumeration that has two codes.
    #[error(
        "\"{name}\" of \"{field}\" has code {base} in one version and {actual} in the other; \
         keep the codes of names"
    )]
    NameRecoded {
        /// The field of the base.
        field: String,
        /// The name.
        name: String,
        /// Its code in the base.
        base: u64,
        /// Its code in the actual schema.
        actual: u64,
    },
    /// The actual schema has no such field, and the base does not say what that means.
    #[error(
        "\"{field}\" is not in these credentials; give it a default or make it optional in the \
         rules' version, or name its former name under aliases"
    )]
    Missing {
        /// The field of the base.
        field: String,
    },
    /// Several fields of the actual schema have a name of this one.
    #[error("\"{field}\" could be any of {others:?}; let a former name stand with one field only")]
    Split {
        /// The field of the base.
        field: String,
        /// The fields of the actual schema.
        others: Vec<String>,
    },
    /// The field of the actual schema has names of several of the base's.
    #[error(
        "\"{into}\", which \"{field}\" would be read from, could be any of {others:?}; \
         let a former name stand with one field only"
    )]
    Merged {
        /// The field of the base.
        field: String,
        /// The field of the actual schema.
        into: String,
        /// The fields of the base.
        others: Vec<String>,
    },
    /// The two fields have a former name in common, and neither has the name of the other.
    #[error(
        "\"{field}\" and \"{other}\" share a former name only; \
         add the one's name to the other's aliases if they are one field"
    )]
    FormerOnly {
        /// The field of the base.
        field: String,
        /// The field of the actual schema.
        other: String,
    },
    /// A message that the base does not have.
    #[error("the schema has no such message; ask for one of its fields")]
    NoMessage,
}

impl Unreadable {
    /// Whether names, present and former, do not tell which field it is.
    pub fn is_ambiguous(&self) -> bool {
        matches!(self, Self::Split { .. } | Self::Merged { .. } | Self::FormerOnly { .. })
    }
}

/// How the credentials of one schema are read by rules that are written against another, the base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    messages: Vec<Result<Read, Unreadable>>,
    /// Of every base message, whether it has a place for all that may be read there.
    covers: Vec<bool>,
    /// The inverse of what is signed, by message of the actual schema.
    inverse: Vec<Option<usize>>,
    unasked: Vec<usize>,
}

impl Reading {
    /// Compares the schema that rules are written against with the one of the credentials.
    ///
    /// # Errors
    /// The schemas have different names.
    pub fn new(base: &Schema, actual: &Schema) -> Result<Self, Unrelated> {
        if base.name() != actual.name() {
            let name = |schema: &Schema| schema.name().to_owned();
            return Err(Unrelated { base: name(base), actual: name(actual) });
        }
        let pairing = Pairing::new(base, actual);
        let same = |message| Ok(Read::Signed { message, shift: 0 });
        let mut reading = Self {
            messages: (0..FIRST_FIELD).map(same).collect(),
            covers: vec![true; FIRST_FIELD],
            inverse: vec![None; actual.message_count()],
            unasked: Vec::new(),
        };
        for field in base.fields() {
            let (read, covers) = match pairing.partner(field) {
                Err(unreadable) => (Err(unreadable), false),
                Ok(None) => (constant(field), true),
                Ok(Some((position, partner))) => {
                    let message = FIRST_FIELD + position;
                    let read = shift(field, partner).map(|shift| Read::Signed { message, shift });
                    let covers = read.is_ok() && covers(field.field_type(), partner.field_type());
                    (read, covers)
                }
            };
            reading.messages.push(read);
            reading.covers.push(covers);
        }
        for (message, read) in reading.messages.iter().enumerate() {
            if let Ok(Read::Signed { message: signed, .. }) = read
                && let Some(slot) = reading.inverse.get_mut(*signed)
            {
                *slot = Some(message);
            }
        }
        let always = actual.fields().iter().enumerate().filter_map(|(position, field)| {
            let message = FIRST_FIELD + position;
            let asked = reading.base_message(message).is_some();
            (field.disclosure() == Disclosure::Always && !asked).then_some(message)
        });
        reading.unasked = always.collect();
        Ok(reading)
    }

    /// How a message of the base is read. Secret, handle and validity are always themselves.
    pub fn message(&self, base_message: usize) -> Result<&Read, &Unreadable> {
        self.messages.get(base_message).map_or(Err(&Unreadable::NoMessage), Result::as_ref)
    }

    /// The message of the base that a message of the actual schema is read as.
    pub fn base_message(&self, actual_message: usize) -> Option<usize> {
        self.inverse.get(actual_message).copied().flatten()
    }

    /// Whether a message of the base is readable and every value that may be signed there is one of
    /// the base's type. A predicate needs only the former.
    pub fn covers(&self, base_message: usize) -> bool {
        self.covers.get(base_message).copied().unwrap_or(false)
    }

    /// The messages of the actual schema that its issuer has always revealed and that no message of
    /// the base is read from, be it that the base has no such field or can't read it: rules of the
    /// base do not reveal them, so they can't accept these credentials.
    pub fn unasked(&self) -> &[usize] {
        &self.unasked
    }
}

impl Disclosure {
    /// Whether every rule that may be written about a field under the other limit may stand under
    /// this one. `always` lets it be revealed only, `never` be hidden only.
    pub fn admits(self, rules_under: Self) -> bool {
        self == Self::Allowed || self == rules_under
    }
}

/// What credentials without the field are read as.
fn constant(field: &Field) -> Result<Read, Unreadable> {
    let missing = || Unreadable::Missing { field: field.name().to_owned() };
    // Without a default this is the absent value, which a required field does not have.
    let encoded = field.encode(field.default()).map_err(|_| missing())?;
    let integer = field.integer(field.default()).map_err(|_| missing())?;
    Ok(Read::Constant { encoded, integer })
}

/// What is added to the base's integer to give the one that is signed.
pub(super) fn shift(base: &Field, actual: &Field) -> Result<i128, Unreadable> {
    let values = type_shift(base, actual)?;
    match (base.optional(), actual.optional()) {
        (true, true) | (false, false) => Ok(values),
        (false, true) => Err(Unreadable::MayBeAbsent { field: base.name().to_owned() }),
        // Text and bytes have no integer: their hash is that of the present value in both.
        (true, false) => Ok(values - i128::from(base.bits().is_some())),
    }
}

/// The same of a value that is present.
fn type_shift(base: &Field, actual: &Field) -> Result<i128, Unreadable> {
    let field = || base.name().to_owned();
    match (base.field_type(), actual.field_type()) {
        (FieldType::Uint(_), FieldType::Uint(_)) => Ok(0),
        (FieldType::Decimal(scale, _), FieldType::Decimal(other, _)) if scale == other => Ok(0),
        (FieldType::Decimal(scale, _), FieldType::Decimal(other, _)) => {
            let (base, actual) = (scale.places(), other.places());
            Err(Unreadable::OtherScale { field: field(), base, actual })
        }
        (FieldType::Int(width), FieldType::Int(other)) => {
            if width != other && (base.optional() || actual.optional()) {
                let (base, actual) = (width.bits(), other.bits());
                return Err(Unreadable::OptionalInteger { field: field(), base, actual });
            }
            Ok(actual.field_type().offset() - base.field_type().offset())
        }
        (FieldType::Enum(names), FieldType::Enum(others)) => agree(base.name(), names, others),
        (FieldType::Bool, FieldType::Bool)
        | (FieldType::Date, FieldType::Date)
        | (FieldType::Timestamp, FieldType::Timestamp)
        | (FieldType::Code, FieldType::Code)
        | (FieldType::Text, FieldType::Text)
        | (FieldType::Bytes, FieldType::Bytes) => Ok(0),
        (ours, theirs) => {
            let (base, actual) = (ours.to_string(), theirs.to_string());
            Err(Unreadable::OtherType { field: field(), base, actual })
        }
    }
}

/// Checks that names and codes known to both stand for each other in both.
fn agree(field: &str, base: &Variants, actual: &Variants) -> Result<i128, Unreadable> {
    for (name, code) in base.iter() {
        let field = || field.to_owned();
        if let Some(other) = actual.code(name).filter(|other| *other != code) {
            let name = name.to_owned();
            return Err(Unreadable::NameRecoded {
                field: field(),
                name,
                base: code,
                actual: other,
            });
        }
        if let Some(other) = actual.name(code).filter(|other| *other != name) {
            let (base, actual) = (name.to_owned(), other.to_owned());
            return Err(Unreadable::CodeRenamed { field: field(), code, base, actual });
        }
    }
    Ok(0)
}

/// Whether every value of the actual type is one of the base's, given that it is read at all.
pub(super) fn covers(base: &FieldType, actual: &FieldType) -> bool {
    match (base, actual) {
        (FieldType::Enum(names), FieldType::Enum(others)) => {
            others.iter().all(|(name, _)| names.code(name).is_some())
        }
        _ => actual.bits() <= base.bits(),
    }
}
