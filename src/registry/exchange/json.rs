//! JSON as other registries write it.
//!
//! The documents of this crate are read by [`crate::document`], which refuses what two readers could
//! see differently. Records of other registries hold more: floating point in keys that nobody reads
//! here, integers beyond 2^53, keys in an order that their owner may want back. So this reader keeps
//! a number as the characters that it is written with and an object as the list of its entries:
//! what is written again is the tree that was read, whatever it held. It refuses, with a path, a
//! key that stands twice, half of a surrogate pair, and more octets, levels or values than bounded.

use crate::document::{Fault, Problem, key_step, write_text};
use std::collections::HashSet;

/// Greatest length of what is imported at once, in octets.
pub const MAX_OCTETS: usize = 16 << 20;
/// Greatest nesting.
const MAX_DEPTH: usize = 32;
/// Greatest number of values.
const MAX_VALUES: usize = 1 << 20;

/// A value, its numbers and its order of keys as they were written.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a text, all of it.
    pub(super) fn read(octets: &[u8]) -> Result<Self, Fault> {
        if octets.len() > MAX_OCTETS {
            let problem = Problem::TooLarge { octets: octets.len(), limit: MAX_OCTETS };
            return Err(Fault::new("$", problem, "split it into pages"));
        }
        let text = std::str::from_utf8(octets).map_err(|error| {
            let problem = format!("octet {} is not UTF-8", error.valid_up_to());
            Fault::new("$", Problem::Invalid(problem), "save it as UTF-8")
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader { text, at: 0, steps: Vec::new(), values: 0 };
        let value = reader.value()?;
        reader.space();
        match reader.at == text.len() {
            true => Ok(value),
            false => Err(reader.syntax("nothing may follow the value")),
        }
    }

    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn number(number: impl ToString) -> Self {
        Self::Number(number.to_string())
    }

    pub(super) fn object(entries: Vec<(&str, Json)>) -> Self {
        Self::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    pub(super) fn get(&self, key: &str) -> Option<&Json> {
        let Self::Object(entries) = self else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// The value without any space, keys in their order.
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(number) => out.push_str(number),
            Self::Text(text) => write_text(text, out),
            Self::Array(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(entries) => {
                out.push('{');
                for (i, (key, value)) in entries.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_text(key, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    pub(super) fn compact(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }
}

/// What the reader keeps while it descends.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    steps: Vec<String>,
    values: usize,
}

impl Reader<'_> {
    fn fault(&self, problem: Problem, remedy: &str) -> Fault {
        Fault::new(format!("${}", self.steps.concat()), problem, remedy)
    }

    fn syntax(&self, message: &str) -> Fault {
        let before = self.text.as_bytes().get(..self.at).unwrap_or_default();
        let line = before.iter().filter(|octet| **octet == b'\n').count() + 1;
        let start = before.iter().rposition(|octet| *octet == b'\n').map_or(0, |i| i + 1);
        let message = message.to_owned();
        let problem = Problem::Syntax { line, column: self.at - start + 1, message };
        self.fault(problem, "write JSON as in RFC 8259")
    }

    fn rest(&self) -> &[u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    fn space(&mut self) {
        let blank = |octet: &&u8| matches!(octet, b' ' | b'\t' | b'\n' | b'\r');
        self.at += self.rest().iter().take_while(blank).count();
    }

    fn takes(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word.as_bytes());
        if found {
            self.at += word.len();
        }
        found
    }

    fn value(&mut self) -> Result<Json, Fault> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(self.fault(Problem::TooMany { limit: MAX_VALUES }, "split it into pages"));
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number().map(Json::Number),
            _ if self.takes("null") => Ok(Json::Null),
            _ if self.takes("true") => Ok(Json::Bool(true)),
            _ if self.takes("false") => Ok(Json::Bool(false)),
            _ => Err(self.syntax("expected a value")),
        }
    }

    /// Steps over the bracket that opens, if there may be one more level.
    fn open(&mut self) -> Result<(), Fault> {
        if self.steps.len() >= MAX_DEPTH {
            return Err(self.fault(Problem::TooDeep { limit: MAX_DEPTH }, "flatten it"));
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    /// Steps over a comma (true) or the bracket that closes (false).
    fn goes_on(&mut self, close: &str) -> Result<bool, Fault> {
        self.space();
        match self.takes(",") {
            true => Ok(true),
            false if self.takes(close) => Ok(false),
            false => Err(self.syntax("expected a comma or the closing bracket")),
        }
    }

    fn array(&mut self) -> Result<Json, Fault> {
        self.open()?;
        let mut items = Vec::new();
        if self.takes("]") {
            return Ok(Json::Array(items));
        }
        loop {
            self.steps.push(format!("[{}]", items.len()));
            items.push(self.value()?);
            self.steps.pop();
            if !self.goes_on("]")? {
                return Ok(Json::Array(items));
            }
        }
    }

    fn object(&mut self) -> Result<Json, Fault> {
        self.open()?;
        let mut entries: Vec<(String, Json)> = Vec::new();
        let mut seen = HashSet::new();
        if self.takes("}") {
            return Ok(Json::Object(entries));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.syntax("expected a key in quotes"));
            }
            let key = self.string()?;
            self.steps.push(key_step(&key));
            if !seen.insert(key.clone()) {
                let remedy = "keep one of the two: readers differ on which one counts";
                return Err(self.fault(Problem::DuplicateKey, remedy));
            }
            self.space();
            if !self.takes(":") {
                return Err(self.syntax("expected a colon"));
            }
            let value = self.value()?;
            self.steps.pop();
            entries.push((key, value));
            if !self.goes_on("}")? {
                return Ok(Json::Object(entries));
            }
        }
    }

    fn number(&mut self) -> Result<String, Fault> {
        let start = self.at;
        self.takes("-");
        let whole = self.digits();
        let leading_zero = whole > 1 && self.text.as_bytes().get(self.at - whole) == Some(&b'0');
        if whole == 0 || leading_zero {
            return Err(self.syntax("not a number"));
        }
        if self.takes(".") && self.digits() == 0 {
            return Err(self.syntax("a digit must follow the point"));
        }
        if self.takes("e") || self.takes("E") {
            let _sign = self.takes("+") || self.takes("-");
            if self.digits() == 0 {
                return Err(self.syntax("a digit must follow the exponent"));
            }
        }
        Ok(self.text.get(start..self.at).unwrap_or_default().to_owned())
    }

    fn digits(&mut self) -> usize {
        let count = self.rest().iter().take_while(|octet| octet.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn string(&mut self) -> Result<String, Fault> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let plain = |octet: &&u8| !matches!(octet, b'"' | b'\\' | 0..=0x1f);
            let run = self.rest().iter().take_while(plain).count();
            out.push_str(self.text.get(self.at..self.at + run).unwrap_or_default());
            self.at += run;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                _ => return Err(self.syntax("the string does not end, or a control character")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        self.at += 1;
        let kind = self.peek();
        self.at += 1;
        Ok(match kind {
            Some(octet @ (b'"' | b'\\' | b'/')) => char::from(octet),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.unit()?;
                let low = match first {
                    0xd800..0xdc00 if self.takes("\\u") => Some(self.unit()?),
                    _ => None,
                };
                let code = match low {
                    Some(low @ 0xdc00..0xe000) => {
                        0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00)
                    }
                    Some(_) => first,
                    None => first,
                };
                char::from_u32(code).ok_or_else(|| self.syntax("half of a surrogate pair"))?
            }
            _ => {
                self.at -= 1;
                return Err(self.syntax("no such escape"));
            }
        })
    }

    fn unit(&mut self) -> Result<u32, Fault> {
        let digits = self.text.get(self.at..self.at + 4);
        let digits = digits.filter(|four| four.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|four| u32::from_str_radix(four, 16).ok());
        let unit = unit.ok_or_else(|| self.syntax("four hexadecimal digits must follow"))?;
        self.at += 4;
        Ok(unit)
    }
}
