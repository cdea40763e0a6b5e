//! Signed packages: what they must not get away with.
//!
//! Nobody's key is needed to make one that is signed: any r of a point and any s are a signature of
//! some key, which recovery gives. So each test seals what it changed anew, and what refuses it then
//! is the check that it is about. Hashes are made by another implementation of EIP-712 and of
//! packed encoding than the one under test.

use super::{lost, read, refused_at, sample};
use crate::registry::exchange::{Foreign, Format};
use alloy_dyn_abi::{DynSolValue, TypedData};
use alloy_primitives::{Address, B256, Signature, U256, keccak256};
use serde_json::{Value, json};

const PACKAGE: &str = "eas1-sdk-package";

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap().trim_start_matches("0x")).unwrap()
}

fn number(value: &Value) -> U256 {
    match value {
        Value::String(digits) => digits.parse().unwrap(),
        number => U256::from(number.as_u64().unwrap()),
    }
}

/// The uid by its version's formula.
fn uid(message: &Value) -> B256 {
    let version = message["version"].as_u64().unwrap_or(0);
    let word = |value: &Value| DynSolValue::FixedBytes(B256::from_slice(&bytes(value)), 32);
    let mut parts = vec![
        DynSolValue::Bytes(message["schema"].as_str().unwrap().as_bytes().to_vec()),
        DynSolValue::Address(Address::from_slice(&bytes(&message["recipient"]))),
        DynSolValue::Address(Address::ZERO),
        DynSolValue::Uint(number(&message["time"]), 64),
        DynSolValue::Uint(number(&message["expirationTime"]), 64),
        DynSolValue::Bool(message["revocable"].as_bool().unwrap()),
        word(&message["refUID"]),
        DynSolValue::Bytes(bytes(&message["data"])),
    ];
    if version > 0 {
        parts.insert(0, DynSolValue::Uint(U256::from(version), 16));
    }
    if version == 2 {
        parts.push(word(&message["salt"]));
    }
    parts.push(DynSolValue::Uint(U256::ZERO, 32));
    keccak256(DynSolValue::Tuple(parts).abi_encode_packed())
}

/// The address whose signature a package holds.
fn signer(package: &Value) -> Address {
    let sig = &package["sig"];
    let name = sig["types"].as_object().unwrap().keys().find(|name| *name != "EIP712Domain");
    let name = name.unwrap();
    let mut typed = json!({
        "types": sig["types"],
        "domain": sig["domain"],
        "primaryType": name,
        "message": sig["message"],
    });
    typed["types"]["EIP712Domain"] = json!([
        { "name": "name", "type": "string" },
        { "name": "version", "type": "string" },
        { "name": "chainId", "type": "uint256" },
        { "name": "verifyingContract", "type": "address" },
    ]);
    let typed: TypedData = serde_json::from_value(typed).unwrap();
    let half = |key: &str| U256::from_be_slice(&bytes(&sig["signature"][key]));
    let odd = sig["signature"]["v"].as_u64().unwrap() % 27 == 1;
    let signature = Signature::new(half("r"), half("s"), odd);
    let hash = typed.eip712_signing_hash().unwrap();
    signature.recover_address_from_prehash(&hash).unwrap()
}

/// Makes uid and signer those of what the package says.
fn sealed(mut package: Value) -> Value {
    package["sig"]["uid"] = uid(&package["sig"]["message"]).to_string().into();
    package["signer"] = signer(&package).to_checksum(None).into();
    package
}

/// A package whose parts were changed before it was sealed.
fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut package = sample(PACKAGE);
    change(&mut package);
    sealed(package)
}

#[test]
fn sealing_is_what_the_sdk_does() {
    for name in [PACKAGE, "eas2-sdk-package", "eas1-docs-verify-package"] {
        let package = sample(name);
        assert_eq!(sealed(package.clone()), package, "{name}");
    }
}

#[test]
fn forge_another_signer_under_the_same_uid() {
    let package = sample(PACKAGE);
    let honest = read(&package).unwrap();
    // Stated: the signature is not of this address, though the uid is right.
    let mut claimed = package.clone();
    claimed["signer"] = "0x1e3de6aE412cA218FD2ae3379750388D414532dc".into();
    assert_eq!(refused_at(&claimed), "$.signer");
    // Signed by another key: the same uid, and another attester.
    let mut other = package.clone();
    other["sig"]["signature"]["s"] = package["sig"]["signature"]["r"].clone();
    let s = U256::from_be_slice(&bytes(&other["sig"]["signature"]["s"])) >> 2;
    other["sig"]["signature"]["s"] = B256::from(s).to_string().into();
    assert_eq!(refused_at(&other), "$.signer");
    let other = read(&sealed(other)).unwrap();
    assert_eq!(other.id(), honest.id());
    assert_ne!(other.signer(), honest.signer());
    assert_ne!(other, honest);
}

#[test]
fn forge_a_signed_field() {
    let changes: [(&str, Value); 8] = [
        ("recipient", "0x8f80b8f45cA0F036da46fFA4D9e5e42D086fB302".into()),
        ("time", 1_690_299_813u64.into()),
        ("expirationTime", 0.into()),
        ("revocable", false.into()),
        ("refUID", format!("0x{}", "11".repeat(32)).into()),
        ("data", "0x00".into()),
        ("schema", format!("0x{}", "22".repeat(32)).into()),
        ("version", 2.into()),
    ];
    for (key, value) in changes {
        let mut package = sample(PACKAGE);
        package["sig"]["message"][key] = value;
        // The uid tells; and if it is made anew, the signature does.
        let place = if key == "version" { "$.sig.message.version" } else { "$.sig.uid" };
        assert_eq!(refused_at(&package), place, "{key}");
        if key != "version" {
            package["sig"]["uid"] = uid(&package["sig"]["message"]).to_string().into();
            assert_eq!(refused_at(&package), "$.signer", "{key}");
        }
    }
    for (key, value) in [
        ("version", json!("1.0.1")),
        ("chainId", json!(1)),
        ("verifyingContract", json!("0x1e3de6aE412cA218FD2ae3379750388D414532dc")),
    ] {
        let mut package = sample(PACKAGE);
        package["sig"]["domain"][key] = value;
        assert_eq!(refused_at(&package), "$.signer", "{key}");
    }
}

#[test]
fn forge_a_salt() {
    let mut package = sample("eas2-sdk-package");
    package["sig"]["message"]["salt"] = format!("0x{}", "33".repeat(32)).into();
    assert_eq!(refused_at(&package), "$.sig.uid");
    package["sig"]["uid"] = uid(&package["sig"]["message"]).to_string().into();
    assert_eq!(refused_at(&package), "$.signer");
    assert!(read(&sealed(package.clone())).is_ok());
    package["sig"]["message"].as_object_mut().unwrap().remove("salt");
    assert_eq!(refused_at(&package), "$.sig.message.salt");
}

#[test]
fn forge_a_uid() {
    let mut package = sample(PACKAGE);
    package["sig"]["uid"] = sample("eas2-sdk-package")["sig"]["uid"].clone();
    assert_eq!(refused_at(&package), "$.sig.uid");
}

#[test]
fn reject_the_other_form_of_a_signature() {
    // n − s with the other parity is a signature of the same key: two packages for one.
    const ORDER: &str = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    let mut package = sample(PACKAGE);
    let signature = &mut package["sig"]["signature"];
    let s = U256::from_be_slice(&bytes(&signature["s"]));
    let order: U256 = ORDER.parse().unwrap();
    signature["s"] = B256::from(order - s).to_string().into();
    signature["v"] = 28.into();
    assert_eq!(signer(&package).to_checksum(None), package["signer"].as_str().unwrap());
    assert_eq!(refused_at(&package), "$.sig.signature.s");
}

#[test]
fn parities_are_written_in_two_ways_and_no_third() {
    for (name, v) in [(PACKAGE, 27), ("eas2-sdk-package", 28)] {
        let mut package = sample(name);
        assert_eq!(package["sig"]["signature"]["v"], v);
        package["sig"]["signature"]["v"] = (v - 27).into();
        let record = read(&package).unwrap();
        assert_eq!(record.signer(), read(&sample(name)).unwrap().signer());
        assert_eq!(Foreign::parse(record.to_url().unwrap().as_bytes()).unwrap().len(), 1);
        package["sig"]["signature"]["v"] = (55 - v).into();
        assert_ne!(refused_at(&package), "accepted");
        for other in [2, 26, 29, 31_337 * 2 + 35] {
            package["sig"]["signature"]["v"] = other.into();
            assert_eq!(refused_at(&package), "$.sig.signature.v", "{other}");
        }
    }
}

#[test]
fn reject_signatures_that_are_none() {
    for (key, digits) in [("r", "00"), ("s", "00"), ("r", "ff")] {
        let mut package = sample(PACKAGE);
        package["sig"]["signature"][key] = format!("0x{}", digits.repeat(32)).into();
        assert_eq!(refused_at(&package), "$.sig.signature", "{key} {digits}");
    }
    let mut package = sample(PACKAGE);
    package["sig"]["signature"] = format!("0x{}", "12".repeat(65)).into();
    assert_eq!(refused_at(&package), "$.sig.signature");
}

#[test]
fn reject_no_chain_and_no_contract() {
    let package = changed(|package| package["sig"]["domain"]["chainId"] = 0.into());
    assert_eq!(refused_at(&package), "$.sig.domain.chainId");
    let nowhere = Address::ZERO.to_string();
    let package = changed(|package| package["sig"]["domain"]["verifyingContract"] = nowhere.into());
    assert_eq!(refused_at(&package), "$.sig.domain.verifyingContract");
}

#[test]
fn reject_no_time_and_no_schema() {
    let package = changed(|package| package["sig"]["message"]["time"] = 0.into());
    assert_eq!(refused_at(&package), "$.sig.message.time");
    let package = changed(|package| package["sig"]["message"]["time"] = u64::MAX.into());
    assert_eq!(refused_at(&package), "$.sig.message.time");
    let none = B256::ZERO.to_string();
    let package = changed(|package| package["sig"]["message"]["schema"] = none.into());
    assert_eq!(refused_at(&package), "$.sig.message.schema");
}

#[test]
fn zeros_are_none() {
    let package = changed(|package| {
        let message = &mut package["sig"]["message"];
        message["expirationTime"] = 0.into();
        message["recipient"] = Address::ZERO.to_string().into();
    });
    let record = read(&package).unwrap();
    assert_eq!(record.valid_until(), None);
    assert_eq!(record.recipient(), None);
    assert!(record.recipients().is_empty());
    assert_eq!(record.reference(), None);
    let linked = format!("0x{}", "ab".repeat(32));
    let package = changed(|package| package["sig"]["message"]["refUID"] = linked.clone().into());
    assert_eq!(read(&package).unwrap().reference(), Some(linked.as_str()));
}

#[test]
fn an_expiry_out_of_reach_is_reported_and_none_before_issue_passes_silently() {
    let package = changed(|p| p["sig"]["message"]["expirationTime"] = u64::MAX.into());
    let record = read(&package).unwrap();
    assert_eq!(record.valid_until(), Some(crate::value::Timestamp::MAX));
    assert!(lost(record.losses()).contains(&"expirationTime"));
    let package = changed(|package| package["sig"]["message"]["expirationTime"] = 1.into());
    let record = read(&package).unwrap();
    assert_eq!(record.valid_until().unwrap().unix(), 1);
    assert!(lost(record.losses()).contains(&"expirationTime"));
    assert!(!lost(read(&sample(PACKAGE)).unwrap().losses()).contains(&"expirationTime"));
}

#[test]
fn reject_types_of_no_version() {
    let types = "$.sig.types.Attest";
    let package = changed(|package| {
        let fields = package["sig"]["types"]["Attest"].as_array_mut().unwrap();
        fields.swap(3, 4);
    });
    assert_eq!(refused_at(&package), types, "another order");
    let package = changed(|package| {
        let fields = package["sig"]["types"]["Attest"].as_array_mut().unwrap();
        fields.push(json!({ "name": "nonce", "type": "uint64" }));
        package["sig"]["message"]["nonce"] = 0.into();
    });
    assert_eq!(refused_at(&package), types, "one more");
    let package = changed(|package| package["sig"]["types"]["Attest"][0]["type"] = "uint8".into());
    assert_eq!(refused_at(&package), types, "another type");
    let mut package = sample(PACKAGE);
    package["sig"]["types"]["Other"] = package["sig"]["types"]["Attest"].clone();
    assert_eq!(refused_at(&package), "$.sig.types");
    let mut package = sample(PACKAGE);
    package["sig"]["types"]["EIP712Domain"] = json!([{ "name": "name", "type": "string" }]);
    assert_eq!(refused_at(&package), "$.sig.types.EIP712Domain");
}

#[test]
fn reject_names_that_disagree() {
    let mut package = sample(PACKAGE);
    package["sig"]["primaryType"] = "Attestation".into();
    assert_eq!(refused_at(&package), "$.sig.primaryType");
    for place in ["$.sig.message.version", "$.sig.version"] {
        let mut package = sample(PACKAGE);
        match place {
            "$.sig.version" => package["sig"]["version"] = 2.into(),
            _ => package["sig"]["message"]["version"] = 0.into(),
        }
        assert_eq!(refused_at(&package), place);
    }
    let package = changed(|package| package["sig"]["domain"]["name"] = "EAS".into());
    assert_eq!(refused_at(&package), "$.sig.domain.name");
}

/// A package without a version, its struct under a name.
fn legacy(name: &str, primary: &str) -> Value {
    changed(|package| {
        let sig = &mut package["sig"];
        let mut fields = sig["types"]["Attest"].as_array().unwrap().clone();
        fields.remove(0);
        sig["types"] = json!({ name: fields });
        sig["primaryType"] = primary.into();
        sig["message"].as_object_mut().unwrap().remove("version");
    })
}

#[test]
fn before_versions_a_struct_had_either_of_two_names() {
    let mut signers = Vec::new();
    for (name, primary) in
        [("Attest", "Attest"), ("Attest", "Attestation"), ("Attestation", "Attestation")]
    {
        let record = read(&legacy(name, primary)).unwrap();
        assert_eq!(record.format(), Format::EasOffchain0);
        // An address has no types: the signature tells which name it was.
        let again = Foreign::parse(record.to_url().unwrap().as_bytes()).unwrap().remove(0);
        assert_eq!(again.signer(), record.signer(), "{name}");
        signers.push(record.signer());
    }
    assert_eq!(signers[0], signers[1], "what is signed is the struct, not its primaryType");
    assert_ne!(signers[1], signers[2]);
    assert_eq!(refused_at(&legacy("Other", "Other")), "$.sig.types.Other");
}

#[test]
fn the_uid_hashes_the_letters_of_the_schema_id() {
    let upper = sample(PACKAGE)["sig"]["message"]["schema"].as_str().unwrap()[2..].to_uppercase();
    let package = changed(|p| p["sig"]["message"]["schema"] = format!("0x{upper}").into());
    let (record, plain) = (read(&package).unwrap(), read(&sample(PACKAGE)).unwrap());
    assert_eq!(record.schema_id(), plain.schema_id());
    assert_eq!(record.signer(), plain.signer(), "the signature knows octets only");
    assert_ne!(record.id(), plain.id());
    let again = Foreign::parse(record.to_url().unwrap().as_bytes()).unwrap().remove(0);
    assert_eq!(again.id(), record.id());
}

#[test]
fn what_nobody_signed_is_reported() {
    let mut package = sample("eas1-docs-verify-package");
    package["sig"]["message"]["attester"] = "0x1e3de6aE412cA218FD2ae3379750388D414532dc".into();
    let record = read(&package).unwrap();
    assert_eq!(lost(record.losses()), ["revocable", "attester", "nonce"]);
    assert_ne!(
        record.attester().unwrap().to_string(),
        "0x1e3de6aE412cA218FD2ae3379750388D414532dc"
    );
}

#[test]
fn integers_and_parts_are_written_in_several_ways() {
    let plain = read(&sample(PACKAGE)).unwrap();
    let mut package = sample(PACKAGE);
    package["sig"]["domain"]["chainId"] = json!({ "type": "BigNumber", "hex": "0x7a69" });
    package["sig"]["message"]["time"] = json!({ "_hex": "0x64bfeda4", "_isBigNumber": true });
    package["sig"]["message"]["expirationTime"] = "1692891810".into();
    package["account"] = package["signer"].take();
    package.as_object_mut().unwrap().remove("signer");
    let signature = package["sig"]["signature"].take();
    for key in ["r", "s", "v"] {
        package["sig"][key] = signature[key].clone();
    }
    package["sig"].as_object_mut().unwrap().remove("signature");
    let record = read(&package).unwrap();
    assert_eq!((record.id(), record.signer()), (plain.id(), plain.signer()));
    assert_eq!(record.losses(), plain.losses());
    let written: Value = serde_json::from_str(&record.to_json()).unwrap();
    assert_eq!(written, package);
    assert_eq!(record.to_url().unwrap(), plain.to_url().unwrap());
    package["account"] = "0x1e3de6aE412cA218FD2ae3379750388D414532dc".into();
    assert_eq!(refused_at(&package), "$.account");
}

#[test]
fn reject_numbers_that_readers_would_round() {
    for time in ["1690299812.0", "1.690299812e9", "-1", "1690299812000000000000"] {
        let text = serde_json::to_string(&sample(PACKAGE)).unwrap();
        let text = text.replace("\"time\":1690299812", &format!("\"time\":{time}"));
        let fault = Foreign::parse(text.as_bytes()).unwrap_err();
        assert_eq!(fault.path(), "$.sig.message.time", "{time}");
    }
}

#[test]
fn reject_an_address_with_a_wrong_checksum() {
    let mut package = sample(PACKAGE);
    package["signer"] = "0x8F80b8f45cA0F036da46fFA4D9e5e42D086fB302".into();
    assert_eq!(refused_at(&package), "$.signer");
    package["signer"] = "0x8f80b8f45ca0f036da46ffa4d9e5e42d086fb302".into();
    assert_eq!(refused_at(&package), "accepted");
}

#[test]
fn reject_addresses_that_carry_no_package() {
    let address = |json: &str| {
        use std::io::Read;
        let mut deflated = Vec::new();
        let level = flate2::Compression::best();
        let mut writer = flate2::read::ZlibEncoder::new(json.as_bytes(), level);
        writer.read_to_end(&mut deflated).unwrap();
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        format!("#attestation={}", base64::Engine::encode(&engine, deflated))
    };
    let refusal = |text: &str| Foreign::parse(text.as_bytes()).unwrap_err().to_string();
    assert!(refusal("#attestation=%2").contains("escape"));
    assert!(refusal("#attestation=!!").contains("base64"));
    assert!(refusal("#attestation=AAAA").contains("zlib"));
    assert!(refusal(&address("[1,2,3]")).contains("3 items"));
    assert!(refusal(&address("{}")).contains("an array"));
    // A kilobyte that becomes a gigabyte is stopped on its way.
    let bomb = address(&format!("[\"{}\"]", "0".repeat(4 << 20)));
    assert!(bomb.len() < 1 << 14 && refusal(&bomb).contains("octets"), "{}", bomb.len());
    // The other alphabet of base64 is read as well.
    let record = read(&sample(PACKAGE)).unwrap();
    let array = super::array(&record.to_url().unwrap());
    let again = Foreign::parse(address(&array.to_string()).as_bytes()).unwrap().remove(0);
    assert_eq!(again.signer(), record.signer());
}
