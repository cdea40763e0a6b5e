//! The TOML reader: the grammar is the toml crate's, which refuses duplicate keys and deep nesting
//! by itself; floating point, dates outside quotes and out-of-range integers are refused here.

use super::{Bounds, Descent, Document, Fault, Problem, key_step};
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

pub(super) fn read(text: &str, bounds: &Bounds) -> Result<Document, Fault> {
    let table = DeTable::parse(text).map_err(|error| syntax(text, &error))?;
    object(table.get_ref(), &mut Descent::new(bounds))
}

fn syntax(text: &str, error: &toml::de::Error) -> Fault {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let last = before.rsplit('\n').next().unwrap_or(before);
    let problem = match error.message() {
        "duplicate key" => {
            let key = error.span().and_then(|span| text.get(span));
            let path = format!("${}", key.map(key_step).unwrap_or_default());
            let remedy = format!("keep one of the two; the second is on line {line}");
            return Fault::new(path, Problem::DuplicateKey, remedy);
        }
        message => {
            Problem::Syntax { line, column: last.chars().count() + 1, message: message.to_owned() }
        }
    };
    Fault::new("$", problem, "write valid TOML, or JSON that begins with `{`")
}

fn object(table: &DeTable<'_>, descent: &mut Descent<'_>) -> Result<Document, Fault> {
    descent.count()?;
    descent.open()?;
    let mut entries = BTreeMap::new();
    for (key, item) in table {
        let key = key.get_ref();
        descent.steps.push(key_step(key));
        descent.text(key)?;
        entries.insert(key.to_string(), value(item.get_ref(), descent)?);
        descent.steps.pop();
    }
    Ok(Document::Object(entries))
}

fn value(source: &DeValue<'_>, descent: &mut Descent<'_>) -> Result<Document, Fault> {
    if let DeValue::Table(table) = source {
        return object(table, descent);
    }
    descent.count()?;
    match source {
        DeValue::String(text) => {
            descent.text(text)?;
            Ok(Document::Text(text.to_string()))
        }
        DeValue::Integer(n) => {
            let n = i128::from_str_radix(n.as_str(), n.radix()).unwrap_or(i128::MAX);
            descent.integer(n)
        }
        DeValue::Float(_) => Err(descent.float()),
        DeValue::Boolean(b) => Ok(Document::Bool(*b)),
        DeValue::Datetime(_) => Err(descent.fault(Problem::TomlDate, "put it in quotes")),
        DeValue::Array(items) => {
            descent.open()?;
            let mut out = Vec::new();
            for (i, item) in items.iter().enumerate() {
                descent.steps.push(format!("[{i}]"));
                out.push(value(item.get_ref(), descent)?);
                descent.steps.pop();
            }
            Ok(Document::Array(out))
        }
        DeValue::Table(table) => object(table, descent),
    }
}
