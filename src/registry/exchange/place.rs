//! A place in foreign JSON, and what may be read there.
//!
//! Other registries write one figure in several ways: an integer as a number, as text, as hex, or
//! as the object that a library of theirs makes of it; an address in any case of letters. All the
//! ways are read here, once, and nothing that is not exactly one of them.

use super::json::Json;
use crate::document::{Fault, Problem, key_step};
use alloy_primitives::{Address, B256, U256};

/// A value and the path to it.
#[derive(Clone)]
pub(super) struct Place<'a> {
    pub(super) json: &'a Json,
    path: String,
}

impl<'a> Place<'a> {
    pub(super) fn root(json: &'a Json) -> Self {
        Self { json, path: "$".to_owned() }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn invalid(&self, problem: impl Into<String>, remedy: impl Into<String>) -> Fault {
        Fault::new(self.path.clone(), Problem::Invalid(problem.into()), remedy)
    }

    fn wrong_kind(&self, expected: &'static str) -> Fault {
        let problem = Problem::WrongKind { expected, found: self.json.kind() };
        Fault::new(self.path.clone(), problem, format!("write {expected} here"))
    }

    /// The value of a key; `null` is no value.
    pub(super) fn find(&self, key: &str) -> Option<Place<'a>> {
        let json = self.json.get(key).filter(|json| **json != Json::Null)?;
        Some(Place { json, path: format!("{}{}", self.path, key_step(key)) })
    }

    pub(super) fn need(&self, key: &str) -> Result<Place<'a>, Fault> {
        if !matches!(self.json, Json::Object(_)) {
            return Err(self.wrong_kind("an object"));
        }
        self.find(key).ok_or_else(|| {
            let path = format!("{}{}", self.path, key_step(key));
            Fault::new(path, Problem::MissingKey, "ask its registry for this field as well")
        })
    }

    /// The first of some keys that there is.
    pub(super) fn any(&self, keys: &[&str]) -> Result<Place<'a>, Fault> {
        let found = keys.iter().find_map(|key| self.find(key));
        found.map_or_else(|| self.need(keys.first().copied().unwrap_or_default()), Ok)
    }

    pub(super) fn entries(&self) -> Result<Vec<(&'a str, Place<'a>)>, Fault> {
        let Json::Object(entries) = self.json else { return Err(self.wrong_kind("an object")) };
        let place = |(key, json): &'a (String, Json)| {
            (key.as_str(), Place { json, path: format!("{}{}", self.path, key_step(key)) })
        };
        Ok(entries.iter().map(place).collect())
    }

    pub(super) fn items(&self) -> Result<Vec<Place<'a>>, Fault> {
        let Json::Array(items) = self.json else { return Err(self.wrong_kind("an array")) };
        let place = |(i, json)| Place { json, path: format!("{}[{i}]", self.path) };
        Ok(items.iter().enumerate().map(place).collect())
    }

    pub(super) fn text(&self) -> Result<&'a str, Fault> {
        match self.json {
            Json::Text(text) => Ok(text),
            _ => Err(self.wrong_kind("a string")),
        }
    }

    pub(super) fn boolean(&self) -> Result<bool, Fault> {
        match self.json {
            Json::Bool(flag) => Ok(*flag),
            _ => Err(self.wrong_kind("a boolean")),
        }
    }

    /// A natural number: `5`, `"5"`, `"0x5"`, or an object with `hex` or `_hex`.
    pub(super) fn natural(&self) -> Result<U256, Fault> {
        let digits = match self.json {
            Json::Number(digits) | Json::Text(digits) => digits.as_str(),
            Json::Object(_) => self.any(&["hex", "_hex"])?.text()?,
            _ => return Err(self.wrong_kind("a natural number")),
        };
        natural(digits).ok_or_else(|| {
            let remedy = "write its decimal digits, in quotes if there are more than 15";
            self.invalid("not a natural number", remedy)
        })
    }

    pub(super) fn uint(&self) -> Result<u64, Fault> {
        let remedy = "keep it below 2^64";
        u64::try_from(self.natural()?).map_err(|_| self.invalid("integer out of range", remedy))
    }

    /// Octets in hexadecimal behind `0x`.
    pub(super) fn hex(&self) -> Result<Vec<u8>, Fault> {
        let octets = self.text()?.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok());
        octets.ok_or_else(|| self.invalid("not hexadecimal", "write 0x and two digits per octet"))
    }

    pub(super) fn word(&self) -> Result<B256, Fault> {
        let octets = self.hex()?;
        let remedy = "write 0x and 64 hexadecimal digits";
        B256::try_from(octets.as_slice()).map_err(|_| self.invalid("not 32 octets", remedy))
    }

    /// An address, in one case of letters or with the checksum of EIP-55.
    pub(super) fn address(&self) -> Result<Address, Fault> {
        let octets = self.hex()?;
        let remedy = "write 0x and 40 hexadecimal digits";
        let address = Address::try_from(octets.as_slice());
        let address = address.map_err(|_| self.invalid("not an address", remedy))?;
        let digits = self.text()?.get(2..).unwrap_or_default();
        let one_case = !digits.bytes().any(|b| b.is_ascii_lowercase())
            || !digits.bytes().any(|b| b.is_ascii_uppercase());
        if one_case || address.to_checksum(None).get(2..) == Some(digits) {
            return Ok(address);
        }
        let remedy = "compare it with its source: a letter or digit differs";
        Err(self.invalid("an address whose checksum is wrong", remedy))
    }
}

/// The number of decimal digits, or of hexadecimal ones behind `0x`.
pub(super) fn natural(digits: &str) -> Option<U256> {
    let (digits, radix) = match digits.strip_prefix("0x") {
        Some(hex) => (hex, 16),
        None => (digits, 10),
    };
    let known = !digits.is_empty() && digits.len() <= 78;
    let known = known && digits.bytes().all(|b| char::from(b).is_digit(radix));
    known.then(|| U256::from_str_radix(digits, radix.into()).ok())?
}
