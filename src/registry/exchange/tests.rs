//! Published samples, and what all tests here share.

mod abi;
mod json;
mod onchain;
mod packages;
mod private;
mod schemas;
mod sign;
mod table;

use super::{Foreign, ForeignSchema, Format, carry, give_back, give_back_as};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors/registry/exchange")
}

/// A vector by its name.
pub(super) fn vector(name: &str) -> Value {
    let text = std::fs::read(vectors().join(format!("{name}.json"))).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// What a vector gives to be read: JSON, or an address.
fn octets(input: &Value) -> Vec<u8> {
    match input {
        Value::String(address) => address.clone().into_bytes(),
        json => serde_json::to_vec(json).unwrap(),
    }
}

/// The input of a vector, to be changed.
pub(super) fn sample(name: &str) -> Value {
    vector(name)["input"].clone()
}

/// Reads the one record of some JSON.
pub(super) fn read(json: &Value) -> Result<Foreign, super::ExchangeError> {
    let records = Foreign::parse(&serde_json::to_vec(json).unwrap())?;
    let [record] = <[Foreign; 1]>::try_from(records).unwrap();
    Ok(record)
}

/// The place that a refusal names.
pub(super) fn refused_at(json: &Value) -> String {
    read(json).err().map(|fault| fault.path().to_owned()).unwrap_or("accepted".to_owned())
}

/// The fields for which losses are reported.
pub(super) fn lost(losses: &[super::Loss]) -> Vec<&str> {
    losses.iter().map(|loss| loss.field.as_str()).collect()
}

fn samples() -> BTreeMap<String, Value> {
    let files = std::fs::read_dir(vectors()).unwrap().map(|file| file.unwrap().path());
    let named = files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned());
    let named = named.map(|name| (name.clone(), vector(&name)));
    named.filter(|(_, vector)| vector.get("expected").is_some()).collect()
}

fn text(value: Option<impl ToString>) -> Value {
    value.map_or(Value::Null, |value| Value::String(value.to_string()))
}

/// What a record says, in the words of the vectors.
fn said(record: &Foreign) -> Value {
    let time = |time: Option<crate::value::Timestamp>| time.map(|time| time.unix());
    json!({
        "format": record.format().word(),
        "id": record.id(),
        "schema_id": record.schema_id(),
        "signer": text(record.signer()),
        "attester": text(record.attester()),
        "recipient": text(record.recipient()),
        "issued_at": time(record.issued_at()),
        "valid_until": time(record.valid_until()),
        "revoked": record.revoked(),
        "revoked_at": time(record.revoked_at()),
        "revocable": record.revocable(),
        "reference": text(record.reference()),
        "data": format!("0x{}", hex::encode(record.data())),
    })
}

#[test]
fn published_samples_say_what_their_sources_say() {
    let samples = samples();
    assert!(samples.len() >= 12, "{}", samples.len());
    for (name, vector) in &samples {
        let records = Foreign::parse(&octets(&vector["input"])).unwrap_or_else(|fault| {
            panic!("{name}: {fault}");
        });
        let expected = vector["expected"].as_array().unwrap();
        assert_eq!(records.len(), expected.len(), "{name}");
        for (record, expected) in records.iter().zip(expected) {
            let said = said(record);
            for (key, value) in expected.as_object().unwrap() {
                assert_eq!(&said[key], value, "{name}: {key}");
            }
            assert_eq!(record.signature_checked(), record.format().is_package(), "{name}");
        }
    }
    for format in Format::ALL {
        let of = |vector: &Value| vector["expected"][0]["format"] == format.word();
        assert!(samples.values().any(of), "no sample of {format:?}");
    }
}

/// The parts of an input that are its records.
fn parts(input: &Value) -> Vec<Value> {
    let pages = [&input["data"]["rows"], &input["data"]["attestation"], &input["data"]];
    match pages.into_iter().find(|page| page.is_array() || page.is_object()) {
        Some(Value::Array(rows)) => rows.clone(),
        Some(record) => vec![record.clone()],
        None => vec![input.clone()],
    }
}

#[test]
fn what_is_written_back_is_what_was_read() {
    for (name, vector) in samples() {
        for record in Foreign::parse(&octets(&vector["input"])).unwrap() {
            let written: Value = serde_json::from_str(&record.to_json()).unwrap();
            if vector["input"].is_object() {
                assert!(parts(&vector["input"]).contains(&written), "{name}: {written}");
            }
            let again = Foreign::parse(record.to_json().as_bytes()).unwrap().remove(0);
            assert_eq!(said(&again), said(&record), "{name}");
            assert_eq!(again.to_json(), record.to_json(), "{name}");
            let Ok(address) = record.to_url() else {
                assert!(!record.format().is_package(), "{name}");
                continue;
            };
            let carried_by_it = Foreign::parse(address.as_bytes()).unwrap().remove(0);
            assert_eq!(said(&carried_by_it), said(&record), "{name}: by its address");
        }
    }
}

/// The array that an address carries, as both sides of a comparison see it.
fn array(address: &str) -> Value {
    use std::io::Read;
    let (_, fragment) = address.split_once("#attestation=").unwrap();
    let encoded = fragment.replace("%2B", "+").replace("%2F", "/").replace("%3D", "");
    let engine = base64::engine::general_purpose::STANDARD_NO_PAD;
    let deflated = base64::Engine::decode(&engine, encoded.trim_end_matches('=')).unwrap();
    let mut inflated = String::new();
    flate2::read::ZlibDecoder::new(&deflated[..]).read_to_string(&mut inflated).unwrap();
    serde_json::from_str(&inflated).unwrap()
}

#[test]
fn addresses_carry_the_published_arrays() {
    for (name, vector) in samples() {
        let Value::String(published) = &vector["input"] else { continue };
        let record = Foreign::parse(published.as_bytes()).unwrap().remove(0);
        let (mut ours, mut theirs) = (array(&record.to_url().unwrap()), array(published));
        // Before versions an array ended before the version; a salt that there is not is null in
        // some; and a chain is a number or text.
        let (ours, theirs) = (ours.as_array_mut().unwrap(), theirs.as_array_mut().unwrap());
        theirs.truncate(theirs.iter().rposition(|item| !item.is_null()).unwrap() + 1);
        theirs.extend((theirs.len() == 16).then(|| json!(0)));
        for side in [&mut *ours, &mut *theirs] {
            side[1] =
                side[1].as_str().map_or(side[1].clone(), |n| n.parse::<u64>().unwrap().into());
        }
        assert_eq!(ours, theirs, "{name}");
    }
}

#[test]
fn claims_of_samples_come_over_and_go_back() {
    let mut count = 0;
    for (name, vector) in samples() {
        for record in Foreign::parse(&octets(&vector["input"])).unwrap() {
            let schema = match (vector["schema"].as_str(), record.schema()) {
                (Some(text), _) => ForeignSchema::parse(text.as_bytes()).unwrap(),
                (None, Some(schema)) if name != "sign-offchain" => schema.clone(),
                _ => continue,
            };
            let carried = carry(&record, &schema).unwrap();
            if let Some(claims) = vector["claims"].as_object() {
                let came: Value = serde_json::from_str(&carried.claims.canonical()).unwrap();
                assert_eq!(came.as_object().unwrap(), claims, "{name}");
            }
            let layout = carried.layout;
            let back = give_back_as(&carried.claims, &schema, layout).unwrap();
            assert_eq!(back, record.data(), "{name}");
            // A contract wrote the page's data, and not as the tools of Sign Protocol do.
            let usual = give_back(&carried.claims, &schema).unwrap() == record.data();
            assert_eq!(usual, name != "sign-rest-page", "{name}");
            assert_eq!(usual, !lost(&carried.losses).contains(&"data"), "{name}");
            assert_eq!(Some(carried.issued_at), record.issued_at(), "{name}");
            assert_eq!(carried.subject, record.recipient(), "{name}");
            count += 1;
        }
    }
    assert!(count >= 8, "{count}");
}

#[test]
fn damaged_samples_are_refused_or_read_but_never_panic() {
    let mut seed = 7u64;
    let mut next = |bound: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % bound
    };
    let mut signed = 0;
    for (name, vector) in samples() {
        let octets = octets(&vector["input"]);
        let whole = Foreign::parse(&octets).unwrap().remove(0);
        for _ in 0..200 {
            let mut damaged = octets.clone();
            let at = next(damaged.len());
            match next(3) {
                0 => damaged.truncate(at),
                1 => damaged[at] ^= 1 << next(7),
                _ => damaged[at] = b"0\"{}[],:x"[next(9)],
            }
            let Ok(mut records) = Foreign::parse(&damaged) else { continue };
            // What is still read of a signed record is what was signed, or by somebody else.
            if whole.format().is_package() {
                let record = records.remove(0);
                signed += 1;
                let same = record.data() == whole.data() && record.issued_at() == whole.issued_at();
                assert!(same || record.signer() != whole.signer(), "{name}");
            }
        }
    }
    assert!(signed > 0);
}
