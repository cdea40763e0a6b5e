//! What presentations have in common, octet by octet.

#![allow(clippy::expect_used, reason = "a test that cannot go on should panic")]

use minicbor::data::Type;
use std::collections::HashSet;

/// Octets of the shortest random field: a response.
const RANDOM: usize = 31;

/// Kind and length of every item, and the content of those that are not random.
pub(crate) fn outline(octets: &[u8]) -> Vec<String> {
    let mut decoder = minicbor::Decoder::new(octets);
    let mut items = Vec::new();
    while decoder.position() < octets.len() {
        items.push(match decoder.datatype().expect("our own octets") {
            Type::Bytes => format!("{} octets", decoder.bytes().expect("our own octets").len()),
            Type::String => decoder.str().expect("our own octets").to_owned(),
            Type::Array => format!("array of {:?}", decoder.array().expect("our own octets")),
            Type::Null => {
                decoder.null().expect("our own octets");
                "null".to_owned()
            }
            _ => decoder.u64().expect("our own octets").to_string(),
        });
    }
    items
}

/// Every run of eight octets within a byte string.
pub(crate) fn runs(octets: &[u8]) -> HashSet<Vec<u8>> {
    strings(octets).iter().flat_map(|string| string.windows(8).map(<[u8]>::to_vec)).collect()
}

/// The byte strings that are long enough to be random.
pub(crate) fn strings(octets: &[u8]) -> Vec<Vec<u8>> {
    let mut decoder = minicbor::Decoder::new(octets);
    let mut found = Vec::new();
    while decoder.position() < octets.len() {
        match decoder.datatype().expect("our own octets") {
            Type::Bytes => found.push(decoder.bytes().expect("our own octets").to_vec()),
            Type::Array => drop(decoder.array().expect("our own octets")),
            _ => decoder.skip().expect("our own octets"),
        }
    }
    found.retain(|string| string.len() >= RANDOM);
    found
}
