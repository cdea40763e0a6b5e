//! Values that a policy writes out.

use crate::document::{Cursor, Document, Fault};
use crate::value::{Date, Timestamp};

/// Greatest number of values in a list.
pub(in crate::policy) const MAX_SET: usize = 256;

/// A value that a policy writes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A whole number.
    Integer(i128),
    /// True or false.
    Bool(bool),
    /// The name of an enumeration, or a code.
    Word(String),
    /// A decimal; its scale comes from what it is compared with.
    Decimal(String),
    /// A day.
    Date(Date),
    /// A second.
    Timestamp(Timestamp),
    /// Values for `in`, none of them a list. Only a parameter is one.
    List(Vec<Literal>),
}

impl Literal {
    /// Reads the value of a parameter: a number, `true`, `false`, a word,
    /// `{ decimal = "12.50" }`, `{ date = ".." }`, `{ timestamp = ".." }`, or a list of such.
    pub(in crate::policy) fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let Document::Array(_) = cursor.document() else {
            return Self::parse_single(cursor);
        };
        let items = cursor.items()?;
        if !(1..=MAX_SET).contains(&items.len()) {
            let remedy = format!("write 1 to {MAX_SET} of them");
            return Err(cursor.invalid(format!("a list of {} values", items.len()), remedy));
        }
        Ok(Self::List(items.iter().map(Self::parse_single).collect::<Result<_, Fault>>()?))
    }

    fn parse_single(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        match cursor.document() {
            Document::Integer(n) => Ok(Self::Integer(*n)),
            Document::Bool(b) => Ok(Self::Bool(*b)),
            Document::Text(text) => Ok(Self::Word(text.clone())),
            Document::Object(_) => {
                cursor.fields(&["decimal", "date", "timestamp"])?;
                let entries = cursor.entries()?;
                let [(kind, value)] = entries.as_slice() else {
                    return Err(cursor.invalid("not one value", "give one of the three"));
                };
                Self::tagged(kind, value.text()?).ok_or_else(|| {
                    value.invalid("not a value of this kind", Self::spelling(kind).to_owned())
                })
            }
            _ => Err(cursor.invalid(
                "not a value of a parameter",
                "write a number, true, false, a word, { decimal | date | timestamp = \"..\" }, \
                 or a list of them",
            )),
        }
    }

    /// A decimal, date or timestamp.
    pub(super) fn tagged(kind: &str, text: &str) -> Option<Self> {
        match kind {
            "decimal" => {
                // The scale is known later; here only the form is checked, at the widest scale.
                let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
                let parts = text.split_once('.').unwrap_or((text, "0"));
                let formed = !parts.0.is_empty() && !parts.1.is_empty();
                let formed = formed && digits(parts.0) && digits(parts.1);
                formed.then(|| Self::Decimal(text.to_owned()))
            }
            "date" => text.parse().ok().map(Self::Date),
            "timestamp" => text.parse().ok().map(Self::Timestamp),
            _ => None,
        }
    }

    /// How a decimal, date or timestamp is written.
    pub(super) fn spelling(kind: &str) -> &'static str {
        match kind {
            "decimal" => "write digits with a point, no sign: \"12.50\"",
            "date" => "write a day of the calendar as \"2008-02-29\"",
            _ => "write a second from 1970 on, in UTC, as \"2008-02-29T00:00:00Z\"",
        }
    }

    /// The literal as the value of a parameter, as [`parse`](Self::parse) reads it.
    pub(in crate::policy) fn to_document(&self) -> Document {
        let tagged = |kind: &str, text: String| Document::object([(kind, Document::Text(text))]);
        match self {
            Self::Integer(n) => Document::Integer(*n),
            Self::Bool(b) => Document::Bool(*b),
            Self::Word(word) => Document::text(word),
            Self::Decimal(text) => tagged("decimal", text.clone()),
            Self::Date(date) => tagged("date", date.to_string()),
            Self::Timestamp(timestamp) => tagged("timestamp", timestamp.to_string()),
            Self::List(values) => Document::Array(values.iter().map(Self::to_document).collect()),
        }
    }
}
