//! How the parts of a policy are read: bounded lists, words, names, IRIs, and how they are written.

use crate::document::{Cursor, Document, Fault, Problem};
pub(crate) use crate::value::is_iri;
use crate::value::{NAME_REMEDY, Timestamp, is_name};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Where every term of the W3C Data Privacy Vocabulary and its extensions lives.
const DPV: [&str; 2] = ["https://w3id.org/dpv#", "https://w3id.org/dpv/"];

pub(in crate::policy) fn array<'a, T: 'a>(
    items: impl IntoIterator<Item = &'a T>,
    write: impl Fn(&T) -> Document,
) -> Document {
    Document::Array(items.into_iter().map(write).collect())
}

pub(in crate::policy) fn texts<'a, T: ToString + 'a>(
    items: impl IntoIterator<Item = &'a T>,
) -> Document {
    array(items, |item| Document::Text(item.to_string()))
}

/// Reads a list whose length is bounded; a list that is not there is empty.
pub(in crate::policy) fn list<T>(
    cursor: Option<Cursor<'_>>,
    length: RangeInclusive<usize>,
    read: impl Fn(&Cursor<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let Some(cursor) = cursor else { return Ok(Vec::new()) };
    let items = cursor.items()?;
    if !length.contains(&items.len()) {
        let remedy = format!("write {} to {} of them", length.start(), length.end());
        return Err(cursor.invalid(format!("{} items", items.len()), remedy));
    }
    items.iter().map(read).collect()
}

/// Reads a list in which no item stands twice and whose order says nothing.
pub(in crate::policy) fn set<T: Ord>(
    cursor: Option<Cursor<'_>>,
    length: RangeInclusive<usize>,
    read: impl Fn(&Cursor<'_>) -> Result<T, Fault>,
) -> Result<BTreeSet<T>, Fault> {
    let mut all = BTreeSet::new();
    let read_path = |item: &Cursor<'_>| Ok((read(item)?, item.path().to_owned()));
    for (item, path) in list(cursor, length, read_path)? {
        if !all.insert(item) {
            let problem = Problem::Invalid("this item stands twice".to_owned());
            return Err(Fault::new(path, problem, "remove one"));
        }
    }
    Ok(all)
}

pub(in crate::policy) fn unique<'a>(
    list: &str,
    key: &str,
    names: impl Iterator<Item = &'a str>,
) -> Result<(), Fault> {
    let mut seen = BTreeMap::new();
    for (i, name) in names.enumerate() {
        if let Some(first) = seen.insert(name, i) {
            let problem = Problem::Invalid(format!("\"{name}\" stands in {list}[{first}] already"));
            return Err(Fault::new(format!("$.{list}[{i}].{key}"), problem, "keep one of the two"));
        }
    }
    Ok(())
}

/// Reads one of a few words.
pub(in crate::policy) fn word<T: Copy>(
    cursor: &Cursor<'_>,
    known: &[T],
    spelling: fn(T) -> &'static str,
) -> Result<T, Fault> {
    let text = cursor.text()?;
    known.iter().copied().find(|known| spelling(*known) == text).ok_or_else(|| {
        let words: Vec<&str> = known.iter().map(|known| spelling(*known)).collect();
        cursor
            .invalid("not one of the words of this field", format!("write {}", words.join(" or ")))
    })
}

pub(in crate::policy) fn name(cursor: &Cursor<'_>) -> Result<String, Fault> {
    let text = cursor.text()?;
    match is_name(text) {
        true => Ok(text.to_owned()),
        false => Err(cursor.invalid("not a name", NAME_REMEDY)),
    }
}

/// Reads a whole number within a range.
pub(in crate::policy) fn number(
    cursor: &Cursor<'_>,
    range: RangeInclusive<u32>,
) -> Result<u32, Fault> {
    let number = u32::try_from(cursor.integer()?).ok();
    number.filter(|number| range.contains(number)).ok_or_else(|| {
        let remedy = format!("write {} to {}", range.start(), range.end());
        cursor.invalid("this number is not accepted", remedy)
    })
}

/// Reads what has a text of its own.
pub(in crate::policy) fn parsed<T: FromStr>(cursor: &Cursor<'_>, remedy: &str) -> Result<T, Fault>
where
    T::Err: std::fmt::Display,
{
    cursor.text()?.parse().map_err(|error: T::Err| cursor.invalid(error.to_string(), remedy))
}

pub(in crate::policy) fn timestamp(cursor: &Cursor<'_>) -> Result<Timestamp, Fault> {
    parsed(cursor, "write YYYY-MM-DDThh:mm:ssZ")
}

/// Reads an IRI as RFC 3987 has them, absolute and in ASCII: other characters have one spelling
/// less to be confused by when they are percent-encoded.
pub(in crate::policy) fn iri(cursor: &Cursor<'_>) -> Result<String, Fault> {
    let text = cursor.text()?;
    if is_iri(text) {
        return Ok(text.to_owned());
    }
    Err(cursor.invalid("not an absolute IRI", "write one such as https://example.org/name"))
}

/// Reads the address of a list that is published.
pub(in crate::policy) fn address(cursor: &Cursor<'_>) -> Result<String, Fault> {
    let text = iri(cursor)?;
    match text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty()) {
        true => Ok(text),
        false => Err(cursor.invalid("not an address", "write one that begins with https://")),
    }
}

/// Reads a term of the Data Privacy Vocabulary.
pub(in crate::policy) fn dpv(cursor: &Cursor<'_>) -> Result<String, Fault> {
    let text = iri(cursor)?;
    let known = |base: &str| text.strip_prefix(base).is_some_and(|term| !term.is_empty());
    if DPV.into_iter().any(known) {
        return Ok(text);
    }
    let remedy = format!("write the IRI of a term, which begins with {} or {}", DPV[0], DPV[1]);
    Err(cursor.invalid("not a term of the Data Privacy Vocabulary", remedy))
}

/// Reads a jurisdiction: a country (ISO 3166-1 alpha-2), a subdivision (ISO 3166-2), or the
/// European Union, whose `EU` ISO 3166-1 reserves. The form is checked, not the registry, which
/// changes.
pub(in crate::policy) fn jurisdiction(cursor: &Cursor<'_>) -> Result<String, Fault> {
    let text = cursor.text()?;
    let (country, part) = text.split_once('-').unwrap_or((text, "0"));
    let formed = country.len() == 2
        && country.bytes().all(|b| b.is_ascii_uppercase())
        && (1..=3).contains(&part.len())
        && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    match formed {
        true => Ok(text.to_owned()),
        false => Err(cursor.invalid("not a code of ISO 3166", "write one such as CH, US-CA or EU")),
    }
}
