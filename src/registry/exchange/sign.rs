//! Attestations of Sign Protocol as its interfaces give them.
//!
//! REST writes numbers as text, GraphQL as numbers, and GraphQL may leave keys out. An id says where
//! its record lives, `onchain_evm_<chain>_0x<number>`, and says it again in `mode`, `chainType`,
//! `chainId`, `attestationId`; off-chain ids are `SPA_..` and `SPS_..`. All that say it must agree,
//! and a number of 0, which the contract gives to nothing, is refused: a look-up of it finds an
//! empty record that passes whoever checks for contradictions only.
//!
//! Keys are read by name. The contract's struct and the SDK's object list them in different orders,
//! so an array without names is refused.

use super::json::Json;
use super::place::{Place, natural};
use super::{Encoding, Foreign, ForeignSchema, Format, issue_time};
use crate::document::Fault;
use crate::value::Timestamp;

/// From here on a time is in milliseconds.
const MILLISECONDS_FROM: u64 = 100_000_000_000;

const LOCATIONS: [&str; 4] = ["onchain", "arweave", "ipfs", "custom"];

/// An id of an attestation or a schema.
enum Id<'t> {
    Onchain { chain: u64, number: &'t str },
    Offchain,
}

fn id<'t>(place: &Place<'t>, prefix: &str) -> Result<Id<'t>, Fault> {
    let text = place.text()?;
    let remedy = format!("write onchain_evm_<chain>_0x<number>, or {prefix} and its letters");
    let wrong = || place.invalid("no id of Sign Protocol", remedy.clone());
    if let Some(rest) = text.strip_prefix(prefix) {
        let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        let sensible = (1..=64).contains(&rest.len()) && rest.bytes().all(known);
        return sensible.then_some(Id::Offchain).ok_or_else(wrong);
    }
    let rest = text.strip_prefix("onchain_evm_").and_then(|rest| rest.split_once('_'));
    let (chain, number) = rest.ok_or_else(wrong)?;
    let chain = natural(chain).and_then(|chain| u64::try_from(chain).ok());
    let chain = chain.filter(|chain| *chain > 0).ok_or_else(wrong)?;
    if !is_number(number) {
        return Err(place.invalid("an id whose number is 0 or none", remedy));
    }
    Ok(Id::Onchain { chain, number })
}

/// Whether a text is `0x` and a number above 0 of 64 bits.
fn is_number(text: &str) -> bool {
    let number = text.starts_with("0x").then(|| natural(text)).flatten();
    number.is_some_and(|number| u64::try_from(number).is_ok_and(|number| number > 0))
}

/// A key that says again what the id says.
fn agrees(place: &Place<'_>, key: &str, expected: &str) -> Result<(), Fault> {
    let Some(stated) = place.find(key) else { return Ok(()) };
    let written = match stated.json {
        Json::Number(digits) => digits.as_str(),
        _ => stated.text()?,
    };
    if written.eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    let remedy = format!("the id says {expected}: fetch the record again");
    Err(stated.invalid("contradicts the id", remedy))
}

pub(super) fn read(place: &Place<'_>) -> Result<Foreign, Fault> {
    let at = place.need("attestTimestamp")?;
    let format = match at.json {
        Json::Number(_) => Format::SignGraphql,
        _ => Format::SignRest,
    };
    let own = place.need("id")?;
    let read = id(&own, "SPA_")?;
    match &read {
        Id::Onchain { chain, number } => {
            agrees(place, "mode", "onchain")?;
            agrees(place, "chainType", "evm")?;
            agrees(place, "chainId", &chain.to_string())?;
            agrees(place, "attestationId", number)?;
        }
        Id::Offchain => {
            agrees(place, "mode", "offchain")?;
            agrees(place, "attestationId", own.text()?)?;
        }
    }
    let schema_id = schema_id(place, &read)?;
    let mut record = Foreign::new(format, place.json, own.text()?.to_owned(), schema_id);
    if let Id::Onchain { chain, .. } = read {
        record.chain = Some(chain);
    }
    schema(place, &mut record)?;
    let seconds = seconds(&mut record, &at)?;
    record.issued_at = Some(issue_time(&at, seconds)?);
    validity(place, &mut record)?;
    revocation(place, &mut record)?;
    parties(place, &mut record)?;
    data(place, &mut record, matches!(read, Id::Offchain))?;
    record.lose("attester", "not signed: the interface says so, the chain was not asked");
    Ok(record)
}

/// The schema's full id, from wherever it is said.
fn schema_id(place: &Place<'_>, own: &Id<'_>) -> Result<String, Fault> {
    let inner = place.find("schema").and_then(|schema| schema.find("id"));
    let full = place.find("fullSchemaId").or(inner.clone());
    let short = place.find("schemaId");
    let full = match (full, &short, own) {
        (Some(full), _, _) => full,
        (None, Some(short), Id::Onchain { chain, .. }) if is_number(short.text()?) => {
            return Ok(format!("onchain_evm_{chain}_{}", short.text()?));
        }
        (None, Some(short), _) => short.clone(),
        (None, None, _) => {
            return Err(place.need("fullSchemaId").err().unwrap_or_else(|| {
                place.invalid("no schema", "ask its registry for the schema as well")
            }));
        }
    };
    let read = id(&full, "SPS_")?;
    if let Some(inner) = inner
        && inner.text()? != full.text()?
    {
        return Err(inner.invalid("another schema than the record's", "fetch the record again"));
    }
    if let (Id::Onchain { number, .. }, Some(_)) = (&read, &short) {
        agrees(place, "schemaId", number)?;
    }
    Ok(full.text()?.to_owned())
}

/// The schema that the record brings along, if it has its fields, and what it says of revocation.
fn schema(place: &Place<'_>, record: &mut Foreign) -> Result<(), Fault> {
    let Some(schema) = place.find("schema") else { return Ok(()) };
    if schema.find("data").is_some() {
        record.schema = Some(ForeignSchema::from_place(&schema)?);
    }
    record.revocable = schema.find("revocable").map(|flag| flag.boolean()).transpose()?;
    Ok(())
}

/// A time in seconds, whichever of the two units it is in.
fn seconds(record: &mut Foreign, place: &Place<'_>) -> Result<u64, Fault> {
    let number = place.uint()?;
    if number < MILLISECONDS_FROM {
        return Ok(number);
    }
    if !number.is_multiple_of(1000) {
        let name = place.path().rsplit('.').next().unwrap_or_default();
        record.lose(name, "cut to the second: times here have no milliseconds");
    }
    Ok(number / 1000)
}

fn validity(place: &Place<'_>, record: &mut Foreign) -> Result<(), Fault> {
    let Some(until) = place.find("validUntil") else {
        record.lose("validUntil", "not given: whether it expires is not known");
        return Ok(());
    };
    if until.uint()? >= MILLISECONDS_FROM {
        record.lose("validUntil", "too late for seconds: read as milliseconds");
    }
    let seconds = seconds(record, &until)?;
    super::expiry(record, "validUntil", seconds);
    Ok(())
}

/// `revoked` decides. A time of 0 or none says only that the time is not known.
fn revocation(place: &Place<'_>, record: &mut Foreign) -> Result<(), Fault> {
    record.revoked = place.need("revoked")?.boolean()?;
    let at = place.find("revokeTimestamp").filter(|at| *at.json != Json::text(""));
    let time = at.as_ref().map_or(Ok(0), |at| seconds(record, at))?;
    let remedy = "fetch the record again";
    match (record.revoked, at.filter(|_| time > 0)) {
        (true, Some(at)) => {
            let time = Timestamp::from_unix(time)
                .ok_or_else(|| at.invalid("not a time of the years 1970 to 9999", remedy))?;
            if record.issued_at.is_some_and(|issued| time < issued) {
                return Err(at.invalid("revoked before it was issued", remedy));
            }
            record.revoked_at = Some(time);
        }
        (true, None) => record.lose("revokeTimestamp", "revoked at a time that is not given"),
        (false, Some(at)) => {
            return Err(at.invalid("a time of revocation, and not revoked", remedy));
        }
        (false, None) => {}
    }
    if let Some(reason) = place.find("revokeReason").filter(|why| *why.json != Json::text("")) {
        record.lose("revokeReason", format!("not carried over: {}", reason.json.kind()));
    }
    Ok(())
}

fn parties(place: &Place<'_>, record: &mut Foreign) -> Result<(), Fault> {
    let attester = place.need("attester")?;
    if attester.address()?.is_zero() {
        return Err(attester.invalid("nobody has the address 0", "fetch the record again"));
    }
    record.attester = Some(attester.address()?);
    if let Some(recipients) = place.find("recipients") {
        for item in recipients.items()? {
            let octets = item.hex().unwrap_or_default();
            match octets.len() {
                20 => record.recipients.push(item.address()?.to_checksum(None)),
                _ => {
                    record.lose("recipients", "one that is no address: not named as the subject");
                    record.recipients.push(item.text()?.to_owned());
                }
            }
        }
    }
    let linked = place.find("linkedAttestation").filter(|linked| *linked.json != Json::text(""));
    if let Some(linked) = linked {
        record.reference = match (linked.text()?, record.chain) {
            (number, _) if natural(number).is_some_and(|number| number.is_zero()) => None,
            (number, Some(chain)) if is_number(number) => {
                Some(format!("onchain_evm_{chain}_{number}"))
            }
            (full, _) => id(&linked, "SPA_").map(|_| Some(full.to_owned()))?,
        };
    }
    let index = place.find("indexingValue").filter(|index| *index.json != Json::text(""));
    if index.is_some() {
        record.lose("indexingValue", "a key of their search: not carried over");
    }
    Ok(())
}

fn data(place: &Place<'_>, record: &mut Foreign, offchain: bool) -> Result<(), Fault> {
    let location = place.find("dataLocation");
    if let Some(location) = &location {
        let word = location.text()?.to_ascii_lowercase();
        if !LOCATIONS.contains(&word.as_str()) {
            let remedy = format!("known here: {}", LOCATIONS.join(", "));
            return Err(location.invalid("no such place for data", remedy));
        }
        if !offchain && word != "onchain" {
            record.encoding = Encoding::Elsewhere;
            record.lose("dataLocation", format!("the data say where in {word} the claims are"));
        }
    }
    let data = place.need("data")?;
    let text = data.text()?;
    if text.starts_with("0x") {
        record.data = data.hex()?;
        return Ok(());
    }
    // An off-chain record holds its claims as JSON.
    let inner = Json::read(text.as_bytes()).map_err(|fault| fault.under(data.path()))?;
    if !matches!(inner, Json::Object(_)) {
        return Err(data.invalid("neither octets nor an object", "fetch the record again"));
    }
    record.encoding = Encoding::Json;
    record.data = text.as_bytes().to_vec();
    Ok(())
}
