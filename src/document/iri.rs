//! Identifiers: absolute IRIs, and the addresses of what is published.

use super::{Cursor, Fault};

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

/// Reads the address of a list that is published.
pub(crate) fn address(cursor: &Cursor<'_>) -> Result<String, Fault> {
    let text = cursor.text()?;
    match is_iri(text) && text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty()) {
        true => Ok(text.to_owned()),
        false => Err(cursor.invalid("not an address", "write one that begins with https://")),
    }
}
