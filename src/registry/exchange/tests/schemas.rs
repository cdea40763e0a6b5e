//! Schemas of other registries, and ours as theirs.

use super::{lost, read, sample, vector};
use crate::registry::exchange::{ForeignSchema, carry, eas_schema_uid};
use crate::schema::{Schema, Version};
use alloy_primitives::Address;
use proptest::prelude::*;
use serde_json::{Value, json};

const VERSION: Version = Version { major: 1, minor: 0, patch: 0 };

fn parse(text: &str) -> ForeignSchema {
    ForeignSchema::parse(text.as_bytes()).unwrap()
}

fn fields(schema: &ForeignSchema) -> Vec<(String, String)> {
    let (schema, _) = schema.to_schema("test", VERSION).unwrap();
    let fields = schema.fields().iter();
    fields.map(|field| (field.name().to_owned(), field.field_type().to_string())).collect()
}

#[test]
fn published_schemas_have_their_ids() {
    for sample in vector("schemas")["schemas"].as_array().unwrap() {
        let uid = sample["uid"].as_str().unwrap();
        let Some(text) = sample["input"].as_str() else {
            let mut input = sample["input"].clone();
            if input["data"]["rows"].is_array() {
                input = input["data"]["rows"][0].clone();
            }
            let schema = ForeignSchema::parse(input.to_string().as_bytes()).unwrap();
            assert_eq!(schema.uid(), Some(uid));
            assert!(schema.to_schema("test", VERSION).is_ok());
            continue;
        };
        let resolver = sample["resolver"].as_str().unwrap().parse().unwrap();
        let revocable = sample["revocable"].as_bool().unwrap();
        assert_eq!(eas_schema_uid(text, resolver, revocable).to_string(), uid);
        let schema = ForeignSchema::eas(text, resolver, revocable).unwrap();
        assert_eq!((schema.uid(), schema.to_text().as_str()), (Some(uid), text));
        assert_ne!(eas_schema_uid(text, resolver, !revocable).to_string(), uid);
        assert_ne!(eas_schema_uid(&format!("{text} "), resolver, revocable).to_string(), uid);
        let record = json!({
            "uid": uid, "schema": text, "resolver": sample["resolver"], "revocable": revocable,
        });
        let read = ForeignSchema::parse(record.to_string().as_bytes()).unwrap();
        assert_eq!(read, schema);
    }
}

#[test]
fn forge_a_schema_under_the_id_of_another() {
    let zero = Address::ZERO.to_string();
    let uid = eas_schema_uid("bool like", Address::ZERO, true).to_string();
    for (text, revocable) in [("bool dislike", true), ("bool like", false)] {
        let record = json!({
            "uid": uid, "schema": text, "resolver": zero, "revocable": revocable,
        });
        let fault = ForeignSchema::parse(record.to_string().as_bytes()).unwrap_err();
        assert_eq!(fault.path(), "$.uid");
    }
}

#[test]
fn forge_data_read_by_another_schema() {
    let record = read(&sample("eas1-docs-verify-package")).unwrap();
    let own = ForeignSchema::eas("string message", Address::ZERO, true).unwrap();
    assert!(!lost(&carry(&record, &own).unwrap().losses).contains(&"schema"));
    // The same types under another name are another schema.
    let other = ForeignSchema::eas("string statement", Address::ZERO, true).unwrap();
    assert!(carry(&record, &other).unwrap_err().to_string().contains(record.schema_id()));
    // Without a registration it can't be told, unless the plainest one fits.
    assert!(!lost(&carry(&record, &parse("string message")).unwrap().losses).contains(&"schema"));
    assert!(lost(&carry(&record, &parse("string statement")).unwrap().losses).contains(&"schema"));
}

#[test]
fn types_become_what_fits_and_the_rest_is_reported() {
    let text = "bool a, uint8 b, uint64 c, int64 d, string e, uint72 f, int256 g, address h, \
                bytes32 i, bytes j, uint256[] k, (address who, uint64[2] times)[] l, uint m";
    let schema = parse(text);
    let expected = [
        "bool", "uint(8)", "uint(64)", "int(64)", "text", "text", "text", "text", "text", "text",
        "text", "text", "text",
    ];
    let types: Vec<_> = fields(&schema).into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(types, expected);
    let (_, losses) = schema.to_schema("test", VERSION).unwrap();
    assert_eq!(lost(&losses), ["f", "g", "h", "i", "j", "k", "l", "m"]);
    assert_eq!(schema.to_text(), text);
    assert!(schema.to_eas_text().contains("(address,uint64[2])[] l, uint256 m"));
}

#[test]
fn names_become_names_and_changes_are_reported() {
    let names = |text: &str| {
        let schema = parse(text);
        let (_, losses) = schema.to_schema("test", VERSION).unwrap();
        let names = fields(&schema).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        (names.join(" "), lost(&losses).join(" "))
    };
    let same = |text: &str, here: &str| assert_eq!(names(text), (here.to_owned(), String::new()));
    same("bool eventId, bool vote_index", "event_id vote_index");
    same("bool isOver21, bool URL", "is_over21 url");
    let reported = |text: &str, here: &str, lost: &str| {
        assert_eq!(names(text), (here.to_owned(), lost.to_owned()), "{text}");
    };
    reported("bool, bool", "field_1 field_2", " ");
    reported("bool a, bool A, bool a", "a a_2 a_3", "A a");
    reported("bool naïve", "na_ve", "naïve");
    reported("bool _id", "id", "_id");
    reported("bool 2nd, bool date", "its_2nd its_date", "2nd date");
    reported("bool 名", "field_1", "名");
}

#[test]
fn reject_schemas_that_are_none() {
    for text in [
        "",
        " ",
        ",",
        "uint7 a",
        "uint256[ a",
        "uint256]",
        "(uint256 a",
        "uint256 a)",
        "() a",
        "uint256[0] a",
        "mapping(uint256,bool) a",
        "number a",
        "uint256[999999] a",
        "uint256[64][64][64] a",
        "bool[][][][][][][] a",
    ] {
        assert!(ForeignSchema::parse(text.as_bytes()).is_err(), "{text:?}");
    }
    let many = vec!["bool a"; 251].join(", ");
    assert!(ForeignSchema::parse(many.as_bytes()).is_err());
    for json in [
        r#"[]"#,
        r#"[{"name":"a"}]"#,
        r#"[{"name":"a","type":5}]"#,
        r#"{"id":"x"}"#,
        r#"[{"name":"a","type":"bool","name":"b"}]"#,
    ] {
        assert!(ForeignSchema::parse(json.as_bytes()).is_err(), "{json}");
    }
}

#[test]
fn ours_become_theirs_where_nothing_is_lost() {
    let ours = |fields: Value| {
        let schema = json!({
            "format": "sigil-schema/1", "name": "test", "version": "1.0.0", "fields": fields,
        });
        Schema::parse(schema.to_string().as_bytes()).unwrap()
    };
    let exact = ours(json!([
        { "name": "a", "type": "bool" }, { "name": "b", "type": "uint(16)" },
        { "name": "c", "type": "int(64)" }, { "name": "d", "type": "text" },
    ]));
    let theirs = ForeignSchema::from_schema(&exact).unwrap();
    assert_eq!(theirs.to_text(), "bool a, uint16 b, int64 c, string d");
    assert_eq!(theirs.to_schema("test", VERSION).unwrap(), (exact, Vec::new()));
    let lossy = ours(json!([
        { "name": "a", "type": "date" }, { "name": "b", "type": "uint(12)" },
        { "name": "c", "type": "bool", "optional": true },
        { "name": "d", "type": "bool", "disclosure": "never" },
        { "name": "e", "type": "bool", "aliases": ["f"] },
        { "name": "g", "type": "decimal(2,32)" }, { "name": "h", "type": "bytes" },
        { "name": "i", "type": "code" }, { "name": "j", "type": "timestamp" },
        { "name": "k", "type": { "enum": { "x": 0 } } }, { "name": "ok", "type": "bool" },
    ]));
    let losses = ForeignSchema::from_schema(&lossy).unwrap_err();
    assert_eq!(lost(&losses), ["a", "b", "c", "d", "e", "g", "h", "i", "j", "k"]);
}

/// A type of the ABI, as text.
pub(super) fn kinds() -> impl Strategy<Value = String> {
    let bits = (1usize..=32).prop_map(|octets| octets * 8);
    let leaf = prop_oneof![
        Just("bool".to_owned()),
        Just("string".to_owned()),
        Just("bytes".to_owned()),
        Just("address".to_owned()),
        bits.clone().prop_map(|bits| format!("uint{bits}")),
        bits.prop_map(|bits| format!("int{bits}")),
        (1usize..=32).prop_map(|size| format!("bytes{size}")),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|kind| format!("{kind}[]")),
            (inner.clone(), 1usize..4).prop_map(|(kind, size)| format!("{kind}[{size}]")),
            prop::collection::vec(inner, 1..4).prop_map(|parts| format!("({})", parts.join(","))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn schema_strings_go_there_and_back(
        fields in prop::collection::vec((kinds(), "[a-z][a-zA-Z0-9_]{0,9}"), 1..8),
    ) {
        let text: Vec<_> = fields.iter().map(|(kind, name)| format!("{kind} {name}")).collect();
        let schema = parse(&text.join(", "));
        prop_assert_eq!(schema.to_text(), text.join(", "));
        prop_assert_eq!(schema.to_eas_text(), text.join(", "));
        // The same fields in the other registry's words, and back again.
        let signed: Vec<_> =
            fields.iter().map(|(kind, name)| json!({ "name": name, "type": kind })).collect();
        let signed = Value::Array(signed).to_string();
        let other = parse(&signed);
        prop_assert_eq!(other.to_eas_text(), text.join(", "));
        let written: Value = serde_json::from_str(&other.to_text()).unwrap();
        prop_assert_eq!(written, serde_json::from_str::<Value>(&signed).unwrap());
        // Here both are one schema, with one field each.
        let (a, _) = schema.to_schema("test", VERSION).unwrap();
        let (b, _) = other.to_schema("test", VERSION).unwrap();
        prop_assert_eq!(a.fields().len(), fields.len());
        prop_assert_eq!(a, b);
    }

    #[test]
    fn no_text_makes_a_schema_panic(text in "[a-z0-9 ,()\\[\\]]{0,40}", any in ".{0,40}") {
        for text in [text, any] {
            if let Ok(schema) = ForeignSchema::parse(text.as_bytes()) {
                prop_assert!(schema.to_schema("test", VERSION).is_ok());
            }
        }
    }
}
