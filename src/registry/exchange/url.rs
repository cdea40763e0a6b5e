//! Packages in the fragment of a URL.
//!
//! Behind `#attestation=` stands, percent-encoded, base64 of zlib of a JSON array whose items have
//! their meaning by position: domain version, chain, contract, r, s, v, signer, uid, schema,
//! recipient, time, expirationTime, refUID, revocable, data, nonce, version, salt. `"0"` stands for
//! the recipient and the reference that are none. The array is turned into the package that it
//! stands for, which is then read like any other.
//!
//! Version 0 leaves open which of its two names the struct had; the signature tells.

use super::json::Json;
use super::package;
use super::place::Place;
use super::{ExchangeError, Foreign};
use crate::document::{Fault, Problem};
use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};
use flate2::Compression;
use flate2::read::{ZlibDecoder, ZlibEncoder};
use std::io::Read;

const MARK: &str = "#attestation=";
/// Greatest length of a package's array, inflated.
const MAX_INFLATED: u64 = 1 << 20;

/// The fragment of a text that has one.
pub(super) fn fragment(octets: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(octets).ok()?.trim();
    if text.starts_with(['{', '[']) {
        return None;
    }
    text.split_once(MARK).map(|(_, fragment)| fragment)
}

fn fault(problem: &str, remedy: &str) -> Fault {
    Fault::new("$", Problem::Invalid(problem.to_owned()), remedy)
}

fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        rest = others;
        match first {
            b'%' => {
                let (digits, after) = rest.split_at_checked(2)?;
                octets.extend(hex::decode(digits).ok()?);
                rest = after;
            }
            octet => octets.push(*octet),
        }
    }
    Some(octets)
}

/// Reads the package of a fragment.
pub(super) fn read(fragment: &str) -> Result<Foreign, Fault> {
    let again = "copy the whole address again";
    let encoded = percent_decoded(fragment).ok_or_else(|| fault("a cut-off escape", again))?;
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let url_safe = encoded.iter().any(|octet| matches!(octet, b'-' | b'_'));
    let alphabet = if url_safe { &URL_SAFE } else { &STANDARD };
    let deflated = GeneralPurpose::new(alphabet, config).decode(encoded);
    let deflated = deflated.map_err(|_| fault("not base64", again))?;
    let mut inflated = Vec::new();
    let mut reader = ZlibDecoder::new(deflated.as_slice()).take(MAX_INFLATED + 1);
    reader.read_to_end(&mut inflated).map_err(|_| fault("not deflated by zlib", again))?;
    if inflated.len() as u64 > MAX_INFLATED {
        let problem = Problem::TooLarge { octets: inflated.len(), limit: MAX_INFLATED as usize };
        return Err(Fault::new("$", problem, "give the package as JSON"));
    }
    let array = Json::read(&inflated)?;
    let first = package_of(&array, "Attest")?;
    let read = package::read(&Place::root(&first));
    match (read, version(&array)) {
        (Err(fault), 0) => {
            let second = package_of(&array, "Attestation")?;
            package::read(&Place::root(&second)).map_err(|_| fault)
        }
        (read, _) => read,
    }
}

fn item(array: &Json, position: usize) -> Json {
    let Json::Array(items) = array else { return Json::Null };
    items.get(position).cloned().unwrap_or(Json::Null)
}

fn version(array: &Json) -> u64 {
    let version = item(array, 16);
    Place::root(&version).uint().unwrap_or(0)
}

/// The package that an array stands for.
fn package_of(array: &Json, name: &str) -> Result<Json, Fault> {
    let items = Place::root(array).items()?;
    if !(16..=18).contains(&items.len()) {
        let problem = format!("{} items", items.len());
        return Err(fault(&problem, "an array of 16 to 18 items stands for a package"));
    }
    let version = version(array);
    let or_zero = |position, octets: usize| match item(array, position) {
        Json::Text(text) if text == "0" => Json::Text(format!("0x{}", "00".repeat(octets))),
        other => other,
    };
    let mut message = vec![
        ("version", Json::number(version)),
        ("schema", item(array, 8)),
        ("recipient", or_zero(9, 20)),
        ("time", item(array, 10)),
        ("expirationTime", item(array, 11)),
        ("refUID", or_zero(12, 32)),
        ("revocable", item(array, 13)),
        ("data", item(array, 14)),
    ];
    for (key, position) in [("nonce", 15), ("salt", 17)] {
        match item(array, position) {
            Json::Null => {}
            value => message.push((key, value)),
        }
    }
    let primary = if version == 0 { "Attestation" } else { "Attest" };
    let sig = Json::object(vec![
        (
            "domain",
            Json::object(vec![
                ("name", Json::text("EAS Attestation")),
                ("version", item(array, 0)),
                ("chainId", item(array, 1)),
                ("verifyingContract", item(array, 2)),
            ]),
        ),
        ("primaryType", Json::text(primary)),
        ("types", Json::object(vec![(name, package::listed(version))])),
        (
            "signature",
            Json::object(vec![("r", item(array, 3)), ("s", item(array, 4)), ("v", item(array, 5))]),
        ),
        ("uid", item(array, 7)),
        ("message", Json::object(message)),
    ]);
    Ok(Json::object(vec![("sig", sig), ("signer", item(array, 6))]))
}

/// The fragment of a package.
pub(super) fn write(record: &Foreign) -> Result<String, ExchangeError> {
    if !record.format.is_package() {
        return Err(fault("only packages have an address", "write it as JSON"));
    }
    let parts = package::parts(&Place::root(&record.source))?;
    let domain = parts.sig.need("domain")?;
    let message = parts.sig.need("message")?;
    let kept = |place: Place<'_>| place.json.clone();
    let number = |place: Place<'_>| place.uint().map(Json::number);
    let none = |place: Place<'_>| {
        let text = place.text()?;
        let zero = text.trim_start_matches("0x").bytes().all(|b| b == b'0');
        Ok::<_, Fault>(if zero { Json::text("0") } else { Json::text(text) })
    };
    let signer = record.attester.map(|address| address.to_checksum(None)).unwrap_or_default();
    let mut items = vec![
        kept(domain.need("version")?),
        number(domain.need("chainId")?)?,
        kept(domain.need("verifyingContract")?),
        kept(parts.signature.need("r")?),
        kept(parts.signature.need("s")?),
        number(parts.signature.need("v")?)?,
        parts.signer.map_or(Json::Text(signer), kept),
        kept(parts.sig.need("uid")?),
        kept(message.need("schema")?),
        none(message.need("recipient")?)?,
        number(message.need("time")?)?,
        number(message.need("expirationTime")?)?,
        none(message.need("refUID")?)?,
        kept(message.need("revocable")?),
        kept(message.need("data")?),
        message.find("nonce").map_or(Ok(Json::Null), number)?,
        message.find("version").map_or(Ok(Json::number(0)), number)?,
    ];
    items.extend(message.find("salt").map(kept));
    let array = Json::Array(items).compact();
    let mut deflated = Vec::new();
    let mut writer = ZlibEncoder::new(array.as_bytes(), Compression::best());
    writer.read_to_end(&mut deflated).map_err(|_| fault("can't be deflated", "try again"))?;
    let encoded = general_purpose::STANDARD.encode(deflated);
    let encoded = encoded.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    Ok(format!("{MARK}{encoded}"))
}
