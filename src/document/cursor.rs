//! A place in a document together with its path, so that every complaint says where it is.

use super::{Document, Fault, Problem, key_step};
use std::collections::BTreeMap;

/// A value of a document and the path that leads to it.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    document: &'a Document,
    path: String,
}

impl<'a> Cursor<'a> {
    /// The root, whose path is `$`.
    pub fn root(document: &'a Document) -> Self {
        Self { document, path: "$".to_owned() }
    }

    /// The value.
    pub fn document(&self) -> &'a Document {
        self.document
    }

    /// The path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A fault at this place.
    pub fn fault(&self, problem: Problem, remedy: impl Into<String>) -> Fault {
        Fault::new(self.path.clone(), problem, remedy)
    }

    /// A fault at this place whose problem is told in words.
    pub fn invalid(&self, problem: impl Into<String>, remedy: impl Into<String>) -> Fault {
        self.fault(Problem::Invalid(problem.into()), remedy)
    }

    fn wrong_kind(&self, expected: &'static str) -> Fault {
        let found = self.document.kind();
        let problem = Problem::WrongKind { expected, found };
        self.fault(problem, format!("write {expected} here"))
    }

    /// The value as a string.
    pub fn text(&self) -> Result<&'a str, Fault> {
        match self.document {
            Document::Text(text) => Ok(text),
            _ => Err(self.wrong_kind("a string")),
        }
    }

    /// The value as a string of `range` characters without control characters.
    pub fn bounded_text(&self, range: std::ops::RangeInclusive<usize>) -> Result<&'a str, Fault> {
        let text = self.text()?;
        let count = text.chars().count();
        if !range.contains(&count) || text.chars().any(char::is_control) {
            let remedy = format!(
                "write {} to {} characters, none of them a control character",
                range.start(),
                range.end()
            );
            return Err(self.invalid("this string is not accepted", remedy));
        }
        Ok(text)
    }

    /// The value as an integer.
    pub fn integer(&self) -> Result<i128, Fault> {
        match self.document {
            Document::Integer(n) => Ok(*n),
            _ => Err(self.wrong_kind("an integer")),
        }
    }

    /// The value as a boolean.
    pub fn boolean(&self) -> Result<bool, Fault> {
        match self.document {
            Document::Bool(b) => Ok(*b),
            _ => Err(self.wrong_kind("a boolean")),
        }
    }

    /// The items of an array.
    pub fn items(&self) -> Result<Vec<Cursor<'a>>, Fault> {
        let Document::Array(items) = self.document else {
            return Err(self.wrong_kind("an array"));
        };
        let items = items.iter().enumerate();
        Ok(items
            .map(|(i, document)| Cursor { document, path: format!("{}[{i}]", self.path) })
            .collect())
    }

    /// The keys and values of an object whose keys the document itself chooses.
    pub fn entries(&self) -> Result<Vec<(&'a str, Cursor<'a>)>, Fault> {
        let Document::Object(entries) = self.document else {
            return Err(self.wrong_kind("an object"));
        };
        let entries = entries.iter();
        Ok(entries
            .map(|(key, document)| {
                let path = format!("{}{}", self.path, key_step(key));
                (key.as_str(), Cursor { document, path })
            })
            .collect())
    }

    /// The fields of an object whose keys the format knows; any other key is refused.
    pub fn fields(&self, known: &[&str]) -> Result<Fields<'a>, Fault> {
        let Document::Object(entries) = self.document else {
            return Err(self.wrong_kind("an object"));
        };
        for key in entries.keys() {
            if !known.contains(&key.as_str()) {
                let path = format!("{}{}", self.path, key_step(key));
                let remedy = format!("remove it; known here: {}", known.join(", "));
                return Err(Fault::new(path, Problem::UnknownKey, remedy));
            }
        }
        Ok(Fields { entries, path: self.path.clone() })
    }
}

/// The fields of an object whose keys are all known.
#[derive(Debug)]
pub struct Fields<'a> {
    entries: &'a BTreeMap<String, Document>,
    path: String,
}

impl<'a> Fields<'a> {
    /// A field that may be left out.
    pub fn optional(&self, key: &str) -> Option<Cursor<'a>> {
        self.entries
            .get(key)
            .map(|document| Cursor { document, path: format!("{}{}", self.path, key_step(key)) })
    }

    /// A field that must be there.
    pub fn required(&self, key: &str) -> Result<Cursor<'a>, Fault> {
        self.optional(key).ok_or_else(|| {
            let path = format!("{}{}", self.path, key_step(key));
            Fault::new(path, Problem::MissingKey, "add it")
        })
    }

    /// The field that names the format and its version, which must be `expected`.
    pub fn format(&self, expected: &str) -> Result<(), Fault> {
        let cursor = self.required("format")?;
        if cursor.text()? == expected {
            return Ok(());
        }
        let remedy = format!("write \"{expected}\"");
        Err(cursor.invalid("another format or version", remedy))
    }
}
