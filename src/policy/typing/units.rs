//! What the sides of a comparison measure.

use crate::policy::expression::Literal;
use crate::value::{Code, Date, FieldType, Scale, Timestamp, Value, Variants};

/// What the sides of a comparison measure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit<'s> {
    Integer,
    Decimal(Scale),
    Date,
    Timestamp,
    Bool,
    Enum(&'s Variants),
    Code,
}

/// A value of a unit: a day or a second is a point of time, or the length between two of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    Point,
    Length,
}

impl<'s> Unit<'s> {
    pub(super) fn of(field_type: &'s FieldType) -> Option<Self> {
        Some(match field_type {
            FieldType::Bool => Self::Bool,
            FieldType::Uint(_) | FieldType::Int(_) => Self::Integer,
            FieldType::Decimal(scale, _) => Self::Decimal(*scale),
            FieldType::Date => Self::Date,
            FieldType::Timestamp => Self::Timestamp,
            FieldType::Enum(variants) => Self::Enum(variants),
            FieldType::Code => Self::Code,
            FieldType::Text | FieldType::Bytes => return None,
        })
    }

    /// Whether values of the unit add up.
    pub(super) fn adds(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal(_))
    }

    /// Whether values of the unit are points of time.
    pub(super) fn is_time(self) -> bool {
        matches!(self, Self::Date | Self::Timestamp)
    }

    /// Whether values of the unit have an order.
    pub(super) fn ordered(self) -> bool {
        !matches!(self, Self::Bool | Self::Enum(_) | Self::Code)
    }

    /// The value of a literal, if it is one of the unit.
    pub(super) fn literal(self, literal: &Literal) -> Option<i128> {
        match (self, literal) {
            (Self::Integer, Literal::Integer(n)) => Some(*n),
            (Self::Decimal(scale), Literal::Decimal(text)) => {
                scale.units(text).ok().map(i128::from)
            }
            (Self::Date, Literal::Date(date)) => Some(date.days().into()),
            (Self::Timestamp, Literal::Timestamp(timestamp)) => Some(timestamp.unix().into()),
            (Self::Bool, Literal::Bool(b)) => Some((*b).into()),
            (Self::Enum(variants), Literal::Word(word)) => variants.code(word).map(i128::from),
            (Self::Code, Literal::Word(word)) => match FieldType::Code.parse_text(word).ok()? {
                Value::Code(code) => Some(code.integer().into()),
                _ => None,
            },
            _ => None,
        }
    }

    /// What the unit is and how its values are written.
    pub(super) fn describe(self) -> String {
        match self {
            Self::Integer => "a whole number, such as 18".to_owned(),
            Self::Decimal(scale) => match scale.places() {
                0 => "a decimal without places: decimal(\"1\")".to_owned(),
                places => format!("a decimal of at most {places} places: decimal(\"1.5\")"),
            },
            Self::Date => "a date: date(\"2008-02-29\"), or days(n) for a length".to_owned(),
            Self::Timestamp => "a time: timestamp(\"2008-02-29T00:00:00Z\"), or days(n) and \
                                hours(n) for a length"
                .to_owned(),
            Self::Bool => "true or false".to_owned(),
            Self::Enum(variants) => {
                let names: Vec<&str> = variants.iter().map(|(name, _)| name).take(8).collect();
                let more = if variants.iter().len() > 8 { ", .." } else { "" };
                format!("one of the names \"{}\"{more}", names.join("\", \""))
            }
            Self::Code => "a code of 1 to 8 of A-Z, 0-9 and -, in quotes".to_owned(),
        }
    }

    /// How a parameter of the unit is written.
    pub(super) fn describe_param(self) -> String {
        match self {
            Self::Decimal(scale) => {
                let places = scale.places();
                format!("{{ decimal = \"1\" }}, of at most {places} places, under [params]")
            }
            Self::Date => "{ date = \"2008-02-29\" } under [params]".to_owned(),
            Self::Timestamp => "{ timestamp = \"2008-02-29T00:00:00Z\" } under [params]".to_owned(),
            other => format!("{} under [params]", other.describe()),
        }
    }

    /// A value of the unit, for messages.
    pub(super) fn render(self, value: i128, measure: Measure) -> String {
        let natural = u64::try_from(value).ok();
        match (self, measure) {
            (Self::Decimal(scale), _) => {
                let power = 10u128.pow(scale.places() as u32);
                let (sign, value) = (if value < 0 { "-" } else { "" }, value.unsigned_abs());
                match scale.places() {
                    0 => format!("{sign}{value}"),
                    places => format!("{sign}{}.{:0places$}", value / power, value % power),
                }
            }
            (Self::Date, Measure::Length) => format!("days({value})"),
            (Self::Timestamp, Measure::Length) => match (value % 86_400, value % 3_600) {
                (0, _) => format!("days({})", value / 86_400),
                (_, 0) => format!("hours({})", value / 3_600),
                _ => format!("{value} seconds"),
            },
            (Self::Date, Measure::Point) => match natural.map(Date::from_days) {
                Some(Some(date)) => date.to_string(),
                Some(None) => "a day after 9999-12-31".to_owned(),
                None => format!("days({}) before 0001-01-01", value.unsigned_abs()),
            },
            (Self::Timestamp, Measure::Point) => match natural.map(Timestamp::from_unix) {
                Some(Some(time)) => time.to_string(),
                Some(None) => format!("a time after {}", Timestamp::MAX),
                None => format!("{} seconds before 1970-01-01T00:00:00Z", value.unsigned_abs()),
            },
            (Self::Bool, _) => (value != 0).to_string(),
            (Self::Enum(variants), _) => {
                let name = natural.and_then(|code| variants.name(code));
                name.map_or_else(|| value.to_string(), |name| format!("\"{name}\""))
            }
            (Self::Code, _) => {
                let code = natural.and_then(Code::from_integer);
                code.map_or_else(|| value.to_string(), |code| format!("\"{code}\""))
            }
            (Self::Integer, _) => value.to_string(),
        }
    }
}
