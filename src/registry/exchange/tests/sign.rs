//! Sign Protocol: what its interfaces may not say.

use super::{lost, read, refused_at, said, sample};
use crate::registry::exchange::abi::encode;
use crate::registry::exchange::{Foreign, ForeignSchema, Layout, carry, give_back};
use alloy_dyn_abi::DynSolValue;
use serde_json::{Value, json};

fn rest() -> Value {
    sample("sign-rest-docs")["data"].clone()
}

fn graphql() -> Value {
    sample("sign-graphql-docs")["data"]["attestation"].clone()
}

fn with(mut record: Value, key: &str, value: Value) -> Value {
    record[key] = value;
    record
}

#[test]
fn reject_an_id_of_zero() {
    for id in ["onchain_evm_80001_0x0", "onchain_evm_80001_0x", "onchain_evm_0_0x3", "0x3", "SPA_"]
    {
        assert_eq!(refused_at(&with(rest(), "id", id.into())), "$.id", "{id}");
    }
    for id in ["onchain_evm_80001_0x0", "SPS_", "0x0"] {
        let mut record = rest();
        record["fullSchemaId"] = id.into();
        record["schema"]["id"] = id.into();
        record["schemaId"] = "0x0".into();
        assert_eq!(refused_at(&record), "$.fullSchemaId", "{id}");
    }
    let mut record = graphql();
    record["schema"]["id"] = "onchain_evm_80001_0x0".into();
    assert_eq!(refused_at(&record), "$.schema.id");
    // Named by its number only: a number above 0 is completed, 0 is not.
    let mut record = rest();
    record.as_object_mut().unwrap().remove("fullSchemaId");
    record.as_object_mut().unwrap().remove("schema");
    assert_eq!(read(&record).unwrap().schema_id(), "onchain_evm_80001_0x1");
    assert_eq!(refused_at(&with(record, "schemaId", "0x0".into())), "$.schemaId");
    let nobody = format!("0x{}", "00".repeat(20));
    assert_eq!(refused_at(&with(rest(), "attester", nobody.into())), "$.attester");
}

#[test]
fn forge_parts_that_contradict_the_id() {
    for (key, value) in [
        ("mode", "offchain"),
        ("chainType", "ton"),
        ("chainId", "1"),
        ("attestationId", "0x4"),
        ("schemaId", "0x2"),
    ] {
        assert_eq!(refused_at(&with(rest(), key, value.into())), format!("$.{key}"));
    }
    let mut record = rest();
    record["schema"]["id"] = "onchain_evm_80001_0x2".into();
    assert_eq!(refused_at(&record), "$.schema.id");
}

#[test]
fn revoked_counts_without_a_time() {
    for time in [Value::Null, json!("0"), json!("")] {
        let record = with(with(rest(), "revoked", true.into()), "revokeTimestamp", time);
        let record = read(&record).unwrap();
        assert!(record.revoked() && record.revoked_at().is_none());
        assert!(lost(record.losses()).contains(&"revokeTimestamp"));
    }
    let record = with(rest(), "revoked", true.into());
    let record = read(&with(record, "revokeTimestamp", "1705485147000".into())).unwrap();
    assert_eq!(record.revoked_at().unwrap().unix(), 1_705_485_147);
    assert_eq!(record.issued_at().unwrap().unix(), 1_705_485_146);
}

#[test]
fn reject_revocations_that_contradict() {
    let record = with(rest(), "revokeTimestamp", "1705485147".into());
    assert_eq!(refused_at(&record), "$.revokeTimestamp");
    let record = with(with(rest(), "revoked", true.into()), "revokeTimestamp", "1705485145".into());
    assert_eq!(refused_at(&record), "$.revokeTimestamp");
}

#[test]
fn times_are_in_either_unit_and_never_mixed_up() {
    let times = |at: Value, until: Value| {
        let record = with(with(rest(), "attestTimestamp", at), "validUntil", until);
        let record = read(&record).unwrap();
        let lost = lost(record.losses()).into_iter().map(str::to_owned).collect::<Vec<_>>();
        let [at, until] = [record.issued_at(), record.valid_until()].map(|t| t.map(|t| t.unix()));
        (at.unwrap(), until, lost)
    };
    let seconds = times("1705485146".into(), "1805485146".into());
    let milliseconds = times("1705485146000".into(), "1805485146000".into());
    assert_eq!((seconds.0, seconds.1), (milliseconds.0, milliseconds.1));
    assert_eq!(seconds.1, Some(1_805_485_146));
    assert!(!seconds.2.contains(&"validUntil".to_owned()));
    assert!(milliseconds.2.contains(&"validUntil".to_owned()), "a guess is reported");
    let cut = times("1705485146999".into(), "0".into());
    assert_eq!((cut.0, cut.1), (1_705_485_146, None));
    assert!(cut.2.contains(&"attestTimestamp".to_owned()));
    // GraphQL writes the same as numbers.
    let record = with(graphql(), "validUntil", 1_805_485_146u64.into());
    assert_eq!(read(&record).unwrap().valid_until().unwrap().unix(), 1_805_485_146);
    assert_eq!(refused_at(&with(rest(), "attestTimestamp", "0".into())), "$.attestTimestamp");
    let far = u64::MAX.to_string();
    assert_eq!(refused_at(&with(rest(), "attestTimestamp", far.into())), "$.attestTimestamp");
}

#[test]
fn an_expiry_that_is_not_given_is_reported() {
    let mut record = rest();
    record.as_object_mut().unwrap().remove("validUntil");
    assert!(lost(read(&record).unwrap().losses()).contains(&"validUntil"));
}

#[test]
fn keys_are_read_by_name_in_any_order_and_arrays_are_not() {
    let plain = read(&rest()).unwrap();
    let Value::Object(entries) = rest() else { panic!("an object") };
    let mut entries: Vec<_> = entries.into_iter().collect();
    for _ in 0..entries.len() {
        entries.rotate_left(1);
        let text: Vec<_> = entries.iter().map(|(key, value)| format!("{key:?}:{value}")).collect();
        let text = format!("{{{}}}", text.join(","));
        let record = Foreign::parse(text.as_bytes()).unwrap().remove(0);
        assert_eq!(said(&record), said(&plain));
        assert_eq!(record.to_json(), text, "the order is kept");
    }
}

#[test]
fn reject_positional_structs() {
    // The contract's struct as an array of values: two versions of it have two orders.
    let positional = json!([[
        1,
        0,
        1_705_485_146u64,
        0,
        "0x059e6B8008d34aC26581fD3ED8378AA93c7941EE",
        0,
        0,
        false,
        [],
        "0x"
    ]]);
    assert_eq!(refused_at(&positional), "$[0]");
}

#[test]
fn recipients_become_a_subject_if_there_is_one() {
    let one = "0xEdedf460A77928f59c27f37F73D4853FD8a07984";
    let record = with(rest(), "recipients", json!([one.to_lowercase()]));
    let record = read(&record).unwrap();
    assert_eq!(record.recipient(), Some(format!("eip155:80001:{one}")));
    let two = json!([one, "0x059e6B8008d34aC26581fD3ED8378AA93c7941EE"]);
    for (recipients, count) in [(two, 2), (json!(["0xabcd"]), 1)] {
        let record = read(&with(rest(), "recipients", recipients)).unwrap();
        assert_eq!((record.recipient(), record.recipients().len()), (None, count));
        let carried = carry(&record, record.schema().unwrap()).unwrap();
        assert_eq!(carried.subject, None);
        assert!(lost(&carried.losses).contains(&"recipient"));
    }
}

#[test]
fn links_are_completed_and_zero_is_none() {
    let reference = |link: &str| {
        let record = read(&with(rest(), "linkedAttestation", link.into()));
        record.map(|record| record.reference().map(str::to_owned))
    };
    assert_eq!(reference("0x2").unwrap().as_deref(), Some("onchain_evm_80001_0x2"));
    let full = "onchain_evm_1_0x2";
    assert_eq!(reference(full).unwrap().as_deref(), Some(full));
    assert_eq!(reference("0x0").unwrap(), None);
    assert_eq!(reference("").unwrap(), None);
    assert_eq!(reference("elsewhere").unwrap_err().path(), "$.linkedAttestation");
}

#[test]
fn what_is_not_carried_is_reported() {
    let record = with(rest(), "revokeReason", "an error".into());
    let record = read(&with(record, "dataLocation", "arweave".into())).unwrap();
    for field in ["attester", "indexingValue", "revokeReason", "dataLocation"] {
        assert!(lost(record.losses()).contains(&field), "{field}");
    }
    // What is stored elsewhere is not taken for the claims.
    let fault = carry(&record, record.schema().unwrap()).unwrap_err();
    assert_eq!(fault.path(), "$.data");
    assert_eq!(refused_at(&with(rest(), "dataLocation", "elsewhere".into())), "$.dataLocation");
}

#[test]
fn off_chain_claims_are_json_and_checked_by_the_schema() {
    // The published record says of a signer that it is an address, and gives a name.
    let published = read(&sample("sign-offchain")).unwrap();
    let schema = published.schema().unwrap().clone();
    let fault = carry(&published, &schema).unwrap_err();
    assert_eq!(fault.path(), "$.data.signer");
    let mut record = sample("sign-offchain");
    record["schema"]["data"] = json!([
        { "name": "signedBy", "type": "string" }, { "name": "count", "type": "number" },
        { "name": "big", "type": "uint256" }, { "name": "done", "type": "boolean" },
        { "name": "tags", "type": "string[]" }, { "name": "extra", "type": "object" },
    ]);
    let data =
        r#"{"signedBy":"x","count":-3,"big":"9","done":true,"tags":["a"],"extra":{"a":[1.5]}}"#;
    record["data"] = data.into();
    let record = read(&record).unwrap();
    let schema: ForeignSchema = record.schema().unwrap().clone();
    let carried = carry(&record, &schema).unwrap();
    assert_eq!(
        carried.claims.canonical(),
        r#"{"big":"9","count":-3,"done":true,"extra":"{\"a\":[1.5]}","signed_by":"x","tags":"[\"a\"]"}"#
    );
    assert_eq!(give_back(&carried.claims, &schema).unwrap(), data.as_bytes());
    assert!(lost(&carried.losses).contains(&"count") && lost(&carried.losses).contains(&"extra"));
    for wrong in [r#"{"count":1.5}"#, r#"{"signedBy":"x"}"#, r#"{"signedBy":5}"#, "[]", "x"] {
        let refused = read(&with(sample("sign-offchain"), "data", wrong.into()))
            .and_then(|record| carry(&record, &schema));
        assert!(refused.is_err(), "{wrong}");
    }
}

#[test]
fn forge_a_struct_read_as_parameters() {
    // The published data are a struct with the text "222"; as parameters they are a text of 32
    // octets, the last of them a 3.
    let record = read(&rest()).unwrap();
    let schema = record.schema().unwrap().clone();
    let carried = carry(&record, &schema).unwrap();
    assert_eq!(carried.claims.canonical(), r#"{"name":"222"}"#);
    assert_eq!(carried.layout, Layout::Struct);
    assert_eq!(give_back(&carried.claims, &schema).unwrap(), record.data());
    // Parameters are read as such, and it is said.
    let data = encode(&[DynSolValue::String("222".to_owned())]);
    let plain = with(rest(), "data", format!("0x{}", hex::encode(data)).into());
    let carried = carry(&read(&plain).unwrap(), &schema).unwrap();
    assert_eq!(carried.claims.canonical(), r#"{"name":"222"}"#);
    assert_eq!(carried.layout, Layout::Parameters);
    assert!(lost(&carried.losses).contains(&"data"));
}

#[test]
fn data_that_read_as_two_things_are_reported() {
    // A struct with an empty text, or a parameter of 32 zeros.
    let data = encode(&[DynSolValue::Tuple(vec![DynSolValue::String(String::new())])]);
    assert_eq!(data, encode(&[DynSolValue::String("\0".repeat(32))]));
    let record = read(&with(rest(), "data", format!("0x{}", hex::encode(data)).into())).unwrap();
    let carried = carry(&record, record.schema().unwrap()).unwrap();
    assert_eq!(carried.claims.canonical(), r#"{"name":""}"#);
    assert!(lost(&carried.losses).contains(&"data"));
}
