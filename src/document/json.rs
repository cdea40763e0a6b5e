//! The JSON reader: the grammar is serde_json's, the rules are this module's.
//!
//! serde_json alone keeps the last of two equal keys and turns long integers into floating point.
//! Reading through a visitor of our own sees every key and number as it comes and refuses them.

use super::{Bounds, Descent, Document, Fault, Problem, key_step};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

pub(super) fn read(text: &str, bounds: &Bounds) -> Result<Document, Fault> {
    let mut reader = Reader { descent: Descent::new(bounds), fault: None };
    let mut source = serde_json::Deserializer::from_str(text);
    let document = Node(&mut reader).deserialize(&mut source);
    let document = document.and_then(|document| source.end().map(|()| document));
    match (document, reader.fault) {
        (Ok(document), None) => Ok(document),
        (_, Some(fault)) => Err(fault),
        (Err(error), None) => Err(syntax(&error)),
    }
}

fn syntax(error: &serde_json::Error) -> Fault {
    let full = error.to_string();
    // The position is told apart, so it is taken off the message.
    let message = full.split(" at line ").next().unwrap_or(&full).to_owned();
    let problem = Problem::Syntax { line: error.line(), column: error.column(), message };
    Fault::new("$", problem, "write valid JSON (RFC 8259)")
}

struct Reader<'b> {
    descent: Descent<'b>,
    fault: Option<Fault>,
}

/// One value about to be read.
struct Node<'r, 'b>(&'r mut Reader<'b>);

impl Node<'_, '_> {
    /// Keeps the fault, with its path, beside serde's error, which has no room for it.
    fn lift<T, E: Error>(&mut self, result: Result<T, Fault>) -> Result<T, E> {
        result.map_err(|fault| {
            self.0.fault = Some(fault);
            E::custom("refused")
        })
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_> {
    type Value = Document;

    fn deserialize<D: Deserializer<'de>>(mut self, source: D) -> Result<Document, D::Error> {
        let counted = self.0.descent.count();
        self.lift(counted)?;
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_> {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Document, E> {
        Ok(Document::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Document, E> {
        Ok(Document::Bool(value))
    }

    fn visit_i64<E: Error>(mut self, value: i64) -> Result<Document, E> {
        let integer = self.0.descent.integer(value.into());
        self.lift(integer)
    }

    fn visit_u64<E: Error>(mut self, value: u64) -> Result<Document, E> {
        let integer = self.0.descent.integer(value.into());
        self.lift(integer)
    }

    fn visit_f64<E: Error>(mut self, value: f64) -> Result<Document, E> {
        let descent = &self.0.descent;
        // An integer of more than 64 bits comes as floating point without a fraction.
        let fault = match value.fract() == 0.0 && value.abs() >= 9e18 {
            true => descent.integer(i128::MAX).err(),
            false => None,
        };
        let fault = fault.unwrap_or_else(|| descent.float());
        self.lift(Err(fault))
    }

    fn visit_str<E: Error>(mut self, value: &str) -> Result<Document, E> {
        let checked = self.0.descent.text(value);
        self.lift(checked)?;
        Ok(Document::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut source: A) -> Result<Document, A::Error> {
        let opened = self.0.descent.open();
        self.lift(opened)?;
        let mut items = Vec::new();
        loop {
            self.0.descent.steps.push(format!("[{}]", items.len()));
            let item = source.next_element_seed(Node(self.0))?;
            self.0.descent.steps.pop();
            match item {
                Some(item) => items.push(item),
                None => return Ok(Document::Array(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut source: A) -> Result<Document, A::Error> {
        let opened = self.0.descent.open();
        self.lift(opened)?;
        let mut entries = BTreeMap::new();
        while let Some(key) = source.next_key::<String>()? {
            self.0.descent.steps.push(key_step(&key));
            let checked = self.0.descent.text(&key);
            self.lift(checked)?;
            if entries.contains_key(&key) {
                let descent = &self.0.descent;
                let fault = descent.fault(Problem::DuplicateKey, "keep one of the two");
                return self.lift(Err(fault));
            }
            let value = source.next_value_seed(Node(self.0))?;
            self.0.descent.steps.pop();
            entries.insert(key, value);
        }
        Ok(Document::Object(entries))
    }
}
