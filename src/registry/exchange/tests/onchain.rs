//! Attestations as a contract or an indexer gives them.

use super::{lost, read, refused_at, sample};
use crate::registry::exchange::{ForeignSchema, Format, carry};
use alloy_primitives::Address;
use serde_json::{Value, json};

fn attestation() -> Value {
    sample("eas-onchain-sdk")
}

#[test]
fn revocation_leaves_the_time_of_issue() {
    let record = read(&attestation()).unwrap();
    assert_eq!(record.issued_at().unwrap().unix(), 1_671_219_600);
    assert_eq!(record.revoked_at().unwrap().unix(), 1_671_219_636);
    assert!(record.revoked());
    let schema = ForeignSchema::parse(b"uint256 n").unwrap();
    let carried = carry(&record, &schema).unwrap();
    assert_eq!(Some(carried.issued_at), record.issued_at());
    assert_eq!(carried.revoked_at, record.revoked_at());
}

#[test]
fn forge_a_revocation_before_the_issue() {
    let mut record = attestation();
    record["revocationTime"] = 1_671_219_599u64.into();
    assert_eq!(refused_at(&record), "$.revocationTime");
}

#[test]
fn reject_revocations_that_contradict() {
    let mut record = attestation();
    record["revoked"] = false.into();
    assert_eq!(refused_at(&record), "$.revocationTime");
    let mut record = attestation();
    record["revocable"] = false.into();
    assert_eq!(refused_at(&record), "$.revocationTime");
    let mut record = attestation();
    record["revocationTime"] = u64::MAX.into();
    assert_eq!(refused_at(&record), "$.revocationTime");
}

#[test]
fn revoked_at_an_unknown_time_is_revoked() {
    let mut record = attestation();
    record["revocationTime"] = 0.into();
    assert!(!read(&record).unwrap().revoked());
    record["revoked"] = true.into();
    let read_back = read(&record).unwrap();
    assert!(read_back.revoked() && read_back.revoked_at().is_none());
    assert!(lost(read_back.losses()).contains(&"revocationTime"));
    record.as_object_mut().unwrap().remove("revoked");
    record.as_object_mut().unwrap().remove("revocationTime");
    assert!(lost(read(&record).unwrap().losses()).contains(&"revocationTime"));
}

#[test]
fn reject_ids_and_parties_that_are_zero() {
    for key in ["uid", "schema"] {
        let mut record = attestation();
        record[key] = format!("0x{}", "00".repeat(32)).into();
        assert_eq!(refused_at(&record), format!("$.{key}"));
    }
    let mut record = attestation();
    record["attester"] = Address::ZERO.to_string().into();
    assert_eq!(refused_at(&record), "$.attester");
    let mut record = attestation();
    record["time"] = 0.into();
    assert_eq!(refused_at(&record), "$.time");
}

#[test]
fn nothing_of_it_is_evidence_and_the_report_says_so() {
    let record = read(&attestation()).unwrap();
    assert!(record.attester().is_some() && record.signer().is_none());
    assert!(!record.signature_checked());
    assert!(lost(record.losses()).contains(&"attester"));
    assert!(record.to_url().is_err());
}

#[test]
fn an_indexer_uses_other_words_for_the_same() {
    let own = attestation();
    let indexed = json!({ "data": { "attestations": [{
        "id": own["uid"], "schema": { "id": own["schema"] }, "refUID": own["refUID"],
        "timeCreated": own["time"], "time": own["time"], "expirationTime": own["expirationTime"],
        "revocationTime": own["revocationTime"], "revoked": true, "recipient": own["recipient"],
        "attester": own["attester"], "revocable": true, "data": own["data"], "isOffchain": false,
        "txid": "0x", "decodedDataJson": "[]", "ipfsHash": "",
    }] } });
    let (a, b) = (read(&own).unwrap(), read(&indexed).unwrap());
    assert_eq!(super::said(&a), super::said(&b));
    let mut indexed = indexed["data"]["attestations"][0].clone();
    indexed.as_object_mut().unwrap().remove("time");
    assert!(lost(read(&indexed).unwrap().losses()).contains(&"timeCreated"));
}

#[test]
fn a_recipient_needs_a_chain() {
    let record = read(&attestation()).unwrap();
    assert_eq!(record.recipient(), None);
    let schema = ForeignSchema::parse(b"uint256 n").unwrap();
    assert!(lost(&carry(&record, &schema).unwrap().losses).contains(&"recipient"));
    assert!(record.clone().on_chain(0).is_err());
    let record = record.on_chain(11_155_111).unwrap();
    let subject = "eip155:11155111:0xFD50b031E778fAb33DfD2Fc3Ca66a1EeF0652165";
    assert_eq!(record.recipient().as_deref(), Some(subject));
    let carried = carry(&record, &schema).unwrap();
    assert_eq!(carried.subject.as_deref(), Some(subject));
    assert!(!lost(&carried.losses).contains(&"recipient"));
    assert!(record.on_chain(1).is_err(), "a record is of one chain");
    let mut stated = attestation();
    stated["chain_id"] = "11155111".into();
    assert_eq!(read(&stated).unwrap().recipient().as_deref(), Some(subject));
}

/// A package as an indexer publishes it.
fn published() -> Value {
    let package = sample("eas1-docs-verify-package");
    json!({
        "id": package["sig"]["uid"], "attester": package["signer"], "isOffchain": true,
        "revoked": true, "revocationTime": 1_694_200_000u64, "data": package.to_string(),
    })
}

#[test]
fn a_published_package_is_checked_as_a_package() {
    let record = read(&published()).unwrap();
    assert_eq!(record.format(), Format::EasOffchain1);
    assert!(record.signer().is_some());
    assert_eq!(record.revoked_at().unwrap().unix(), 1_694_200_000);
    assert_eq!(record.issued_at().unwrap().unix(), 1_694_196_775);
    let written: Value = serde_json::from_str(&record.to_json()).unwrap();
    assert_eq!(written, published());
}

#[test]
fn forge_what_stands_around_a_package() {
    let mut record = published();
    record["attester"] = "0x1e3de6aE412cA218FD2ae3379750388D414532dc".into();
    assert_eq!(refused_at(&record), "$.data");
    let mut record = published();
    record["id"] = attestation()["uid"].clone();
    assert_eq!(refused_at(&record), "$.data");
    let mut record = published();
    let package =
        record["data"].as_str().unwrap().replace("\"expirationTime\":0", "\"expirationTime\":9");
    record["data"] = package.into();
    assert_eq!(refused_at(&record), "$.data.sig.uid");
}

#[test]
fn one_record_that_is_refused_is_named() {
    let mut second = attestation();
    second["time"] = 0.into();
    let fault = crate::registry::exchange::Foreign::parse(
        json!([attestation(), second]).to_string().as_bytes(),
    );
    assert_eq!(fault.unwrap_err().path(), "$[1].time");
    assert_eq!(refused_at(&json!({ "some": "thing" })), "$");
}
