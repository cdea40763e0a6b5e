//! What types are made of: widths, scales, the names of enumerations, short codes.

use super::ValueError;
use crate::document::{Cursor, Fault};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroize;

/// Greatest number of names in an enumeration.
pub const MAX_VARIANTS: usize = 4096;

/// A width in bits, 1 to 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Width(u8);

impl Width {
    /// The width of `bits`, if it is 1 to 64.
    pub fn new(bits: u32) -> Option<Self> {
        u8::try_from(bits).ok().filter(|bits| (1..=64).contains(bits)).map(Self)
    }

    /// The number of bits.
    pub fn bits(self) -> u32 {
        self.0.into()
    }

    /// The largest integer of this width.
    pub(super) fn max(self) -> u64 {
        u64::MAX >> (64 - self.0)
    }
}

/// The number of decimal places of a decimal, 0 to 18.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scale(u8);

impl Scale {
    /// A scale, if it is 0 to 18: beyond that 10^scale does not fit.
    pub fn new(places: u32) -> Option<Self> {
        u8::try_from(places).ok().filter(|places| *places <= 18).map(Self)
    }

    /// The number of decimal places.
    pub fn places(self) -> usize {
        self.0.into()
    }

    /// Reads `12.50` as units of 10^−scale: at most `scale` places, no sign, no exponent.
    pub fn units(self, text: &str) -> Result<u64, ValueError> {
        let form = ValueError::Form(
            "a decimal in quotes such as \"12.50\", with no more places than the type has",
        );
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(form),
            Some((whole, fraction)) => (whole, fraction),
            None => (text, ""),
        };
        let places = self.places();
        if !is_natural(whole)
            || fraction.len() > places
            || !fraction.bytes().all(|b| b.is_ascii_digit())
        {
            return Err(form);
        }
        let padded = format!("{whole}{fraction:0<places$}");
        padded.parse().map_err(|_| ValueError::Range("a decimal of 64 bits".to_owned()))
    }

    /// Writes units with all places of the scale.
    pub(super) fn render(self, units: u64) -> String {
        let places = self.places();
        if places == 0 {
            return units.to_string();
        }
        let power = 10u64.pow(self.0.into());
        format!("{}.{:0places$}", units / power, units % power)
    }
}

/// Whether the text is a natural number in its only spelling.
pub(super) fn is_natural(text: &str) -> bool {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits && (text == "0" || !text.starts_with('0'))
}

/// The names of an enumeration with their codes, both unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variants {
    codes: BTreeMap<String, u64>,
    names: BTreeMap<u64, String>,
}

impl Variants {
    pub(super) fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let mut variants = Self { codes: BTreeMap::new(), names: BTreeMap::new() };
        for (name, code) in cursor.entries()? {
            if !is_identifier(name) {
                let remedy = "write 1 to 64 of a-z, 0-9 and _ with a letter first";
                return Err(code.invalid("not a name for an enumeration", remedy));
            }
            let number = u64::try_from(code.integer()?)
                .map_err(|_| code.invalid("a code is negative", "number the names from 0 on"))?;
            if let Some(other) = variants.names.insert(number, name.to_owned()) {
                let problem = format!("\"{other}\" has the same code");
                return Err(code.invalid(problem, "give every name a code of its own"));
            }
            variants.codes.insert(name.to_owned(), number);
        }
        if variants.codes.is_empty() || variants.codes.len() > MAX_VARIANTS {
            let remedy = format!("give it 1 to {MAX_VARIANTS} names");
            return Err(cursor.invalid("an enumeration of this size is not accepted", remedy));
        }
        Ok(variants)
    }

    /// Names with their codes, in the order of the names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, u64)> {
        self.codes.iter().map(|(name, code)| (name.as_str(), *code))
    }

    /// The code of a name.
    pub fn code(&self, name: &str) -> Option<u64> {
        self.codes.get(name).copied()
    }

    /// The name of a code.
    pub fn name(&self, code: u64) -> Option<&str> {
        self.names.get(&code).map(String::as_str)
    }

    /// Bits that the largest code needs.
    pub(super) fn bits(&self) -> u32 {
        let largest = self.names.keys().next_back().copied().unwrap_or(0);
        (64 - largest.leading_zeros()).max(1)
    }
}

pub(crate) const NAME_REMEDY: &str = "write 1 to 64 of a-z, 0-9 and _ with a letter first, such as \"birth_date\", and no reserved word";

/// Names that would read as something else: the reserved words of CEL, the names that policies
/// give a meaning to, and what every credential has besides its fields.
pub(crate) const RESERVED: [&str; 41] = [
    "as",
    "at_least",
    "between",
    "bool",
    "break",
    "bytes",
    "const",
    "continue",
    "date",
    "days",
    "decimal",
    "else",
    "false",
    "for",
    "function",
    "has",
    "holder_secret",
    "if",
    "import",
    "in",
    "int",
    "let",
    "loop",
    "namespace",
    "now",
    "null",
    "package",
    "params",
    "return",
    "status_handle",
    "string",
    "timestamp",
    "today",
    "true",
    "uint",
    "valid_from",
    "valid_until",
    "var",
    "void",
    "while",
    "years",
];

/// Whether a name is safe in paths, expressions and columns: an identifier that is not reserved.
pub(crate) fn is_name(name: &str) -> bool {
    is_identifier(name) && !RESERVED.contains(&name)
}

/// `[a-z][a-z0-9_]{0,63}`
pub(super) fn is_identifier(name: &str) -> bool {
    let mut octets = name.bytes();
    octets.next().is_some_and(|b| b.is_ascii_lowercase())
        && name.len() <= 64
        && octets.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Greatest length of an IRI in octets.
const MAX_IRI: usize = 512;

/// Whether a text is an absolute IRI in ASCII.
pub(crate) fn is_iri(text: &str) -> bool {
    let mark = |octet: u8| octet.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&octet);
    let scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_lowercase())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b))
    };
    text.len() <= MAX_IRI
        && text.bytes().all(mark)
        && text.split_once(':').is_some_and(|(first, rest)| scheme(first) && !rest.is_empty())
}

/// A code of 1 to 8 characters of `A–Z 0–9 -`, held as its integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u64);

impl Zeroize for Code {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl Code {
    /// The code of an integer, if the integer is one.
    pub fn from_integer(packed: u64) -> Option<Self> {
        let octets = packed.to_be_bytes();
        let code = Self(packed);
        let text = code.text();
        let trimmed = octets.iter().skip_while(|octet| **octet == 0).count();
        (trimmed == text.len() && text.parse() == Ok(code)).then_some(code)
    }

    /// The integer: the ASCII octets as one big-endian number.
    pub fn integer(self) -> u64 {
        self.0
    }

    fn text(self) -> String {
        let octets = self.0.to_be_bytes();
        octets.into_iter().skip_while(|octet| *octet == 0).map(char::from).collect()
    }
}

impl FromStr for Code {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let accepted = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-';
        if text.is_empty() || text.len() > 8 || !text.bytes().all(accepted) {
            return Err(ValueError::Form("a code of 1 to 8 of A-Z, 0-9 and -"));
        }
        Ok(Self(text.bytes().fold(0, |packed, b| packed << 8 | u64::from(b))))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}
