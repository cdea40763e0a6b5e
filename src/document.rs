//! Documents: the one reader of everything that people write.
//!
//! Schemas, policies, bundles, requests and records arrive as JSON or TOML. Both are read here into
//! one tree, [`Document`], by rules strict enough that no two readers can see two different things
//! in the same text: no duplicate keys, no floating point, no integer that a common reader would
//! round, no text that has a second spelling (Unicode NFC only), and bounds on size, depth and
//! number of elements that hold before any work is spent. Whatever breaks a rule is refused with a
//! [`Fault`]: the path of the place, what is wrong, and how to put it right.
//!
//! What is hashed is never the received text but the canonical form of the tree, RFC 8785 (JSON
//! Canonicalization Scheme). Its hard part is the formatting of floating point numbers; as there
//! are none, the rest is key order by UTF-16 code units and the escaping of strings, and is written
//! here in full.
//!
//! Integers: a document that is hashed holds only integers that every JSON reader keeps exactly,
//! |n| ≤ 2^53 − 1 (RFC 7493, I-JSON; RFC 8785 requires it). A record of credential values is never
//! hashed as JSON, its values are signed as integers of their types; so there 64 bits, signed or
//! unsigned, are accepted. [`Bounds`] says which.

mod cursor;
mod iri;
mod json;
mod toml;

pub use cursor::{Cursor, Fields};
pub(crate) use iri::{address, is_iri};

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use zeroize::Zeroize;

/// The largest integer that every JSON reader keeps exactly, 2^53 − 1.
pub const MAX_SAFE_INTEGER: i128 = (1 << 53) - 1;

/// A value of the tree that JSON and TOML have in common.
///
/// `Debug` shows the kind only: a record's document holds a person's data.
#[derive(Clone, PartialEq, Eq)]
pub enum Document {
    /// Nothing; JSON only.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer within the range of the [`Bounds`] it was read with.
    Integer(i128),
    /// Text in Unicode NFC.
    Text(String),
    /// An ordered list.
    Array(Vec<Document>),
    /// Unique keys with their values.
    Object(BTreeMap<String, Document>),
}

impl Zeroize for Document {
    /// Erases every value; keys stay, and what is left is a document of zeros and empty texts.
    fn zeroize(&mut self) {
        match self {
            Self::Null => {}
            Self::Bool(b) => b.zeroize(),
            Self::Integer(n) => n.zeroize(),
            Self::Text(text) => text.zeroize(),
            Self::Array(items) => items.iter_mut().for_each(Zeroize::zeroize),
            Self::Object(entries) => entries.values_mut().for_each(Zeroize::zeroize),
        }
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({})", self.kind())
    }
}

/// What an outsider may make the reader do.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Greatest length of the text in octets.
    pub octets: usize,
    /// Greatest nesting of arrays and objects.
    pub depth: usize,
    /// Greatest number of values in the whole tree.
    pub elements: usize,
    /// The integers accepted.
    pub integers: RangeInclusive<i128>,
}

impl Bounds {
    /// For a document that is published and hashed: a schema, policy, bundle or request.
    pub const PUBLISHED: Self = Self {
        octets: 1 << 20,
        depth: 16,
        elements: 1 << 16,
        integers: -MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER,
    };

    /// For the values of one credential: any integer of 64 bits.
    pub const RECORD: Self = Self {
        octets: 1 << 20,
        depth: 4,
        elements: 1 << 10,
        integers: (i64::MIN as i128)..=(u64::MAX as i128),
    };
}

/// A fault in a document: where it is, what it is, and how to put it right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at {path}: {problem}; {remedy}")]
pub struct Fault {
    path: String,
    problem: Problem,
    remedy: String,
}

impl Fault {
    /// A fault at a path such as `$.fields[3].type`.
    pub fn new(path: impl Into<String>, problem: Problem, remedy: impl Into<String>) -> Self {
        Self { path: path.into(), problem, remedy: remedy.into() }
    }

    /// The same fault where the faulty document is itself at `place` of a larger one.
    pub fn under(mut self, place: &str) -> Self {
        let inner = self.path.strip_prefix('$').unwrap_or(&self.path);
        self.path = format!("{place}{inner}");
        self
    }

    /// The path of the place, from the root `$`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong there.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// How to put it right.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }

    /// For a fault inside an expression, the line that it is in and a caret under its column.
    pub fn caret(&self) -> Option<String> {
        let Problem::Expression { line, column, text, .. } = &self.problem else { return None };
        let text = text.lines().nth(line.checked_sub(1)?).unwrap_or_default();
        Some(format!("{text}\n{}^", " ".repeat(column.saturating_sub(1))))
    }
}

/// What can be wrong in a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The text is longer than the bound.
    #[error("the document has {octets} octets, more than {limit}")]
    TooLarge {
        /// Length found.
        octets: usize,
        /// Length allowed.
        limit: usize,
    },
    /// The tree is nested deeper than the bound.
    #[error("nested deeper than {limit} levels")]
    TooDeep {
        /// Depth allowed.
        limit: usize,
    },
    /// The tree has more values than the bound.
    #[error("more than {limit} values")]
    TooMany {
        /// Number allowed.
        limit: usize,
    },
    /// The text is not JSON or TOML.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the reader expected.
        message: String,
    },
    /// A key stands twice in one object.
    #[error("the key stands twice")]
    DuplicateKey,
    /// A key that the format does not have.
    #[error("unknown field")]
    UnknownKey,
    /// A key that the format requires.
    #[error("missing field")]
    MissingKey,
    /// A value of another kind than the format has here.
    #[error("expected {expected}, found {found}")]
    WrongKind {
        /// Kind of the format.
        expected: &'static str,
        /// Kind found.
        found: &'static str,
    },
    /// A number with a fraction or an exponent, or too long for any integer.
    #[error("floating point is not accepted")]
    Float,
    /// A date or time outside quotes, which only TOML has.
    #[error("a date or time of TOML is not accepted")]
    TomlDate,
    /// An integer outside the accepted range.
    #[error("integer out of range")]
    IntegerRange,
    /// Text that is not in Unicode normal form C.
    #[error("text is not in Unicode NFC")]
    NotNfc,
    /// A value that the format does not accept here.
    #[error("{0}")]
    Invalid(String),
    /// A fault inside an expression.
    #[error("line {line}, column {column}: {message}")]
    Expression {
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
        /// The whole expression.
        text: String,
    },
}

impl Document {
    /// Reads JSON or TOML: a document whose first mark is `{` is JSON, as no TOML document can
    /// begin so, and everything else is TOML.
    pub fn read(octets: &[u8], bounds: &Bounds) -> Result<Self, Fault> {
        let first = octets.iter().find(|octet| !octet.is_ascii_whitespace());
        match first {
            Some(b'{') => Self::read_json(octets, bounds),
            _ => Self::read_toml(octets, bounds),
        }
    }

    /// Reads JSON.
    pub fn read_json(octets: &[u8], bounds: &Bounds) -> Result<Self, Fault> {
        json::read(within(octets, bounds)?, bounds)
    }

    /// Reads TOML.
    pub fn read_toml(octets: &[u8], bounds: &Bounds) -> Result<Self, Fault> {
        toml::read(within(octets, bounds)?, bounds)
    }

    /// An object of the given keys and values; a key given twice keeps its last value.
    pub fn object<K: Into<String>>(entries: impl IntoIterator<Item = (K, Document)>) -> Self {
        Self::Object(entries.into_iter().map(|(k, v)| (k.into(), v)).collect())
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The kind of value, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Text(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// The canonical form of RFC 8785. Integers are written in full, whatever their size: within
    /// [`Bounds::PUBLISHED`] this is the RFC's form.
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        write_canonical(self, &mut out);
        out
    }

    /// SHA-256 of the canonical form.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.canonical()).into()
    }
}

/// Checks size and encoding before anything else looks at the text.
fn within<'a>(octets: &'a [u8], bounds: &Bounds) -> Result<&'a str, Fault> {
    if octets.len() > bounds.octets {
        let problem = Problem::TooLarge { octets: octets.len(), limit: bounds.octets };
        return Err(Fault::new("$", problem, "split it or shorten it"));
    }
    std::str::from_utf8(octets).map_err(|error| {
        let message = format!("octet {} is not UTF-8", error.valid_up_to());
        Fault::new("$", Problem::Invalid(message), "save the file as UTF-8")
    })
}

fn write_canonical(document: &Document, out: &mut String) {
    match document {
        Document::Null => out.push_str("null"),
        Document::Bool(true) => out.push_str("true"),
        Document::Bool(false) => out.push_str("false"),
        Document::Integer(n) => out.push_str(&n.to_string()),
        Document::Text(text) => write_text(text, out),
        Document::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        Document::Object(entries) => {
            // RFC 8785 §3.2.3 orders by UTF-16 code units, which differs from the order of code
            // points where surrogates meet U+E000..U+FFFF.
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (i, (key, value)) in entries.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_text(key, out);
                out.push(':');
                write_canonical(value, out);
            }
            out.push('}');
        }
    }
}

/// RFC 8785 §3.2.2.2: the short escapes where JSON has them, lower-case `\u00xx` for the other
/// control characters, everything else as it is.
pub(crate) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// The step of a path into an object: `.key`, or `["key"]` where the key is no identifier.
pub(crate) fn key_step(key: &str) -> String {
    let identifier = !key.is_empty()
        && key.len() <= 64
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if identifier {
        return format!(".{key}");
    }
    let mut quoted = String::new();
    let shortened: String = key.chars().take(64).collect();
    write_text(&shortened, &mut quoted);
    format!("[{quoted}]")
}

/// What a reader keeps while it descends: where it is, and what it has left.
struct Descent<'b> {
    bounds: &'b Bounds,
    steps: Vec<String>,
    elements: usize,
}

impl<'b> Descent<'b> {
    fn new(bounds: &'b Bounds) -> Self {
        Self { bounds, steps: Vec::new(), elements: 0 }
    }

    fn fault(&self, problem: Problem, remedy: impl Into<String>) -> Fault {
        Fault::new(format!("${}", self.steps.concat()), problem, remedy)
    }

    /// Counts one value.
    fn count(&mut self) -> Result<(), Fault> {
        self.elements += 1;
        if self.elements > self.bounds.elements {
            let limit = self.bounds.elements;
            return Err(self.fault(Problem::TooMany { limit }, "split the document"));
        }
        Ok(())
    }

    /// Checks that an array or object may open here.
    fn open(&self) -> Result<(), Fault> {
        let limit = self.bounds.depth;
        if self.steps.len() >= limit {
            return Err(self.fault(Problem::TooDeep { limit }, "flatten it"));
        }
        Ok(())
    }

    fn integer(&self, n: i128) -> Result<Document, Fault> {
        if self.bounds.integers.contains(&n) {
            return Ok(Document::Integer(n));
        }
        let (low, high) = (self.bounds.integers.start(), self.bounds.integers.end());
        let remedy = format!("keep it within {low}..={high}");
        Err(self.fault(Problem::IntegerRange, remedy))
    }

    fn float(&self) -> Fault {
        self.fault(Problem::Float, "write an integer, or a decimal as a string such as \"12.50\"")
    }

    fn text(&self, text: &str) -> Result<(), Fault> {
        if unicode_normalization::is_nfc(text) {
            return Ok(());
        }
        Err(self.fault(Problem::NotNfc, "normalise the text to NFC"))
    }
}

#[cfg(test)]
mod tests;
