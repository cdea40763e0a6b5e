//! What a command says when it is done: text for people, or one JSON object for programs.

use super::Exit;
use serde_json::{Map, Value};
use std::fmt;

enum Part {
    Line(String),
    Row(String, String),
}

/// A command's outcome. Rows that follow each other are aligned.
pub(super) struct Report {
    exit: Exit,
    parts: Vec<Part>,
    object: Map<String, Value>,
}

impl Report {
    pub(super) fn new() -> Self {
        Report { exit: Exit::Done, parts: Vec::new(), object: Map::new() }
    }

    /// A JSON document, the same in both forms.
    pub(super) fn document(text: &str) -> Self {
        let object = match serde_json::from_str(text) {
            Ok(Value::Object(object)) => object,
            _ => Map::new(),
        };
        Report { object, ..Report::new() }.line(text.trim_end())
    }

    /// The same, with another exit code.
    pub(super) fn exiting(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    pub(super) fn exit(&self) -> Exit {
        self.exit
    }

    /// A line of text.
    pub(super) fn line(mut self, line: impl Into<String>) -> Self {
        self.parts.push(Part::Line(line.into()));
        self
    }

    /// A labelled line of text.
    pub(super) fn row(mut self, label: impl Into<String>, value: impl fmt::Display) -> Self {
        self.parts.push(Part::Row(label.into(), value.to_string()));
        self
    }

    /// A member of the object.
    pub(super) fn json(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.object.insert(key.to_owned(), value.into());
        self
    }

    /// A labelled line and the member of the same name, spaces written as underscores.
    pub(super) fn fact<V: fmt::Display + Into<Value>>(self, label: &str, value: V) -> Self {
        let text = value.to_string();
        self.row(label, text).json(&label.replace(' ', "_"), value)
    }

    /// The object as text.
    pub(super) fn to_json(&self) -> Value {
        Value::Object(self.object.clone())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_row = |part: &Part| matches!(part, Part::Row(..));
        for group in self.parts.chunk_by(|a, b| is_row(a) && is_row(b)) {
            let width = group.iter().map(|part| match part {
                Part::Row(label, _) => label.chars().count(),
                Part::Line(_) => 0,
            });
            let width = width.max().unwrap_or(0);
            for part in group {
                match part {
                    Part::Line(line) => writeln!(f, "{line}")?,
                    Part::Row(label, value) => writeln!(f, "  {label:width$}  {value}")?,
                }
            }
        }
        Ok(())
    }
}
