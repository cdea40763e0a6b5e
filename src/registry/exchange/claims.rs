//! Values of other registries as claims here, and back.

use super::abi;
use super::json::Json;
use super::place::Place;
use super::schema::{ForeignField, Kind};
use crate::document::{Document, Fault, Problem};
use crate::value::MAX_OCTETS;
use alloy_dyn_abi::{DynSolType, DynSolValue};
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The claim of a value, and what was done to it if it is not said exactly.
pub(super) fn to_claim(
    field: &ForeignField,
    name: &str,
    value: &DynSolValue,
) -> Result<(Document, Option<&'static str>), Fault> {
    let text = match value {
        DynSolValue::Bool(flag) => return Ok((Document::Bool(*flag), None)),
        DynSolValue::Uint(n, bits) if *bits <= 64 => {
            return Ok((Document::Integer(i128::from(n.saturating_to::<u64>())), None));
        }
        DynSolValue::Int(n, bits) if *bits <= 64 => {
            let number = i64::try_from(*n).map_err(|_| fault(name, "out of range"))?;
            return Ok((Document::Integer(number.into()), None));
        }
        DynSolValue::String(text) => text.clone(),
        other => abi::plain(other),
    };
    text_claim(field, name, text)
}

fn text_claim(
    field: &ForeignField,
    name: &str,
    text: String,
) -> Result<(Document, Option<&'static str>), Fault> {
    let written = &field.written;
    if text.len() > MAX_OCTETS {
        let problem = format!("{written} of {} octets, more than {MAX_OCTETS}", text.len());
        return Err(fault(name, &problem));
    }
    match is_nfc(&text) {
        true => Ok((Document::Text(text), None)),
        false => {
            let why = "text in another Unicode form: carried in form C, which has other octets";
            Ok((Document::Text(text.nfc().collect()), Some(why)))
        }
    }
}

/// The claim of a value in the JSON of an off-chain record.
pub(super) fn from_record(
    field: &ForeignField,
    name: &str,
    place: &Place<'_>,
) -> Result<(Document, Option<&'static str>), Fault> {
    match &field.kind {
        Kind::Abi(kind) => to_claim(field, name, &abi::from_json(kind, place)?),
        Kind::Number => {
            let number = abi::from_json(&DynSolType::Int(64), place)?;
            to_claim(field, name, &number)
        }
        Kind::Unknown(_) => text_claim(field, name, place.json.compact()),
    }
}

/// The value of a claim: the inverse of [`to_claim`].
pub(super) fn from_claim(
    kind: &DynSolType,
    name: &str,
    claim: &Document,
) -> Result<DynSolValue, Fault> {
    let here = format!("${}", crate::document::key_step(name));
    let json = match (kind, claim) {
        (_, Document::Bool(flag)) => Json::Bool(*flag),
        (_, Document::Integer(n)) => Json::number(n),
        (
            DynSolType::Array(_) | DynSolType::FixedArray(..) | DynSolType::Tuple(_),
            Document::Text(text),
        ) => Json::read(text.as_bytes()).map_err(|fault| fault.under(&here))?,
        (_, Document::Text(text)) => Json::text(text),
        _ => return Err(fault(name, "neither a boolean, nor an integer, nor text")),
    };
    abi::from_json(kind, &Place::root(&json)).map_err(|fault| fault.under(&here))
}

/// The JSON of a claim in an off-chain record.
pub(super) fn to_record(kind: &Kind, name: &str, claim: &Document) -> Result<Json, Fault> {
    Ok(match (kind, claim) {
        (_, Document::Bool(flag)) => Json::Bool(*flag),
        (Kind::Abi(_), Document::Integer(n)) => Json::text(n.to_string()),
        (_, Document::Integer(n)) => Json::number(n),
        (Kind::Abi(kind), _) => abi::to_json(&from_claim(kind, name, claim)?),
        (Kind::Unknown(_), Document::Text(text)) => Json::read(text.as_bytes())?,
        _ => return Err(fault(name, "not a value of its type")),
    })
}

pub(super) fn fault(name: &str, problem: &str) -> Fault {
    let path = format!("${}", crate::document::key_step(name));
    Fault::new(path, Problem::Invalid(problem.to_owned()), "shorten or correct it at its source")
}
