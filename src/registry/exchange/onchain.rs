//! Attestations of EAS as the contract's struct or an indexer gives them.
//!
//! | contract | indexer | |
//! |---|---|---|
//! | `uid` | `id` | |
//! | `schema` | `schemaId`, `schema { id }` | |
//! | `time` | `time` | `timeCreated` is when the indexer saw it |
//! | `expirationTime`, `revocationTime` | same | 0 is none |
//! | | `revoked` | |
//! | `refUID`, `recipient`, `attester`, `revocable`, `data` | same | zeros are none |
//! | | `isOffchain` | then `data` is a package, which is read and checked as one |
//!
//! Nothing of it is signed: whoever wants to rely on it asks the chain. Revocation has a time of its
//! own and never touches the time of issue.

use super::json::Json;
use super::place::Place;
use super::{Foreign, Format, expiry, issue_time, package};
use crate::document::Fault;
use crate::value::Timestamp;

pub(super) fn read(place: &Place<'_>) -> Result<Foreign, Fault> {
    let uid = place.any(&["uid", "id"])?;
    let id = uid.word()?;
    if id.is_zero() {
        return Err(uid.invalid("no attestation has the id 0", "ask for an attestation by its id"));
    }
    let is_package = place.find("isOffchain").map(|flag| flag.boolean()).transpose()?;
    let mut record = match is_package {
        Some(true) => published(place, &id.to_string())?,
        _ => plain(place, id.to_string())?,
    };
    revocation(place, &mut record)?;
    if record.chain.is_none() {
        for key in ["chainId", "chain_id", "chain"] {
            if let Some(chain) = place.find(key) {
                let number = chain.uint()?;
                record = record.on_chain(number).map_err(|fault| fault.under(chain.path()))?;
            }
        }
    }
    Ok(record)
}

fn plain(place: &Place<'_>, id: String) -> Result<Foreign, Fault> {
    let schema = place.any(&["schemaId", "schema"])?;
    let schema = match schema.json {
        Json::Object(_) => schema.need("id")?,
        _ => schema,
    };
    if schema.word()?.is_zero() {
        return Err(schema.invalid("no schema has the id 0", "name the schema"));
    }
    let mut record = Foreign::new(Format::EasOnchain, place.json, id, schema.word()?.to_string());
    let time = place.any(&["time", "timeCreated"])?;
    record.issued_at = Some(issue_time(&time, time.uint()?)?);
    if place.find("time").is_none() {
        record.lose("timeCreated", "when the indexer saw it stands for the time of issue");
    }
    expiry(&mut record, "expirationTime", place.need("expirationTime")?.uint()?);
    let attester = place.need("attester")?;
    if attester.address()?.is_zero() {
        return Err(attester.invalid("nobody has the address 0", "ask the chain who attested"));
    }
    record.attester = Some(attester.address()?);
    let recipient = place.need("recipient")?.address()?;
    if !recipient.is_zero() {
        record.recipients.push(recipient.to_checksum(None));
    }
    let reference = place.need("refUID")?.word()?;
    record.reference = (!reference.is_zero()).then(|| reference.to_string());
    record.revocable = place.find("revocable").map(|flag| flag.boolean()).transpose()?;
    record.data = place.need("data")?.hex()?;
    record.lose("attester", "not signed: an indexer says so, the chain was not asked");
    Ok(record)
}

/// A package that was published through an indexer: what it says of itself outside must be what the
/// package says inside.
fn published(place: &Place<'_>, id: &str) -> Result<Foreign, Fault> {
    let data = place.need("data")?;
    let inner = Json::read(data.text()?.as_bytes()).map_err(|fault| fault.under(data.path()))?;
    let inner = package::read(&Place::root(&inner)).map_err(|fault| fault.under(data.path()))?;
    let outside = place.need("attester")?;
    if inner.id != id || inner.attester != Some(outside.address()?) {
        let remedy = "rely on the package alone: give the content of data";
        return Err(data.invalid("another attestation than the record around it", remedy));
    }
    Ok(Foreign { source: place.json.clone(), ..inner })
}

/// Revocation: a time above 0, or the word of the indexer; both, if both are there.
fn revocation(place: &Place<'_>, record: &mut Foreign) -> Result<(), Fault> {
    let at = place.find("revocationTime");
    let seconds = at.as_ref().map_or(Ok(0), Place::uint)?;
    let word = place.find("revoked").map(|flag| flag.boolean()).transpose()?;
    if at.is_none() && word.is_none() {
        record.lose("revocationTime", "not given: whether it was revoked is not known");
    }
    let Some(at) = at.filter(|_| seconds > 0) else {
        record.revoked = word.unwrap_or(false);
        if record.revoked {
            record.lose("revocationTime", "revoked at a time that is not given");
        }
        return Ok(());
    };
    let remedy = "ask the chain: revocation has a time of its own, after the time of issue";
    if word == Some(false) {
        return Err(at.invalid("revoked and not revoked", remedy));
    }
    let time = Timestamp::from_unix(seconds)
        .ok_or_else(|| at.invalid("not a time of the years 1970 to 9999", remedy))?;
    if record.issued_at.is_some_and(|issued| time < issued) {
        return Err(at.invalid("revoked before it was issued", remedy));
    }
    if record.revocable == Some(false) {
        return Err(at.invalid("revoked, and says that it can't be", remedy));
    }
    record.revoked = true;
    record.revoked_at = Some(time);
    Ok(())
}
