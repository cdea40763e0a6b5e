//! The reader of foreign JSON, against another one.

use crate::registry::exchange::json::Json;
use proptest::prelude::*;
use serde_json::Value;

fn compact(text: &str) -> Option<String> {
    Json::read(text.as_bytes()).ok().map(|json| json.compact())
}

#[test]
fn numbers_and_order_stay_as_they_were_written() {
    let text =
        r#"{"z":1.50,"a":123456789012345678901234567890,"m":[-0.0,1e-7,null,true,"\u00e9"]}"#;
    let written = compact(text).unwrap();
    assert_eq!(written, text.replace("\\u00e9", "é"));
}

#[test]
fn reject_what_two_readers_could_see_differently() {
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#""\ud800""#,
        r#""\ud800\u0041""#,
        r#""\udc00""#,
        "\"\n\"",
        r#""\x""#,
        r#""\u12""#,
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "-",
        "NaN",
        "tru",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "[1 2]",
        "{\"a\" 1}",
        "[",
        "{",
        "\"",
        "",
        "1 2",
        "[1]]",
    ] {
        assert!(Json::read(text.as_bytes()).is_err(), "{text}");
    }
    assert!(Json::read(b"\"\xff\"").is_err());
    let fault = Json::read(br#"{"a":[{"b":1,"b":2}]}"#).err().unwrap();
    assert_eq!(fault.path(), "$.a[0].b");
}

#[test]
fn reject_more_than_is_bounded() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(Json::read(deep(32).as_bytes()).is_ok());
    assert!(Json::read(deep(33).as_bytes()).is_err());
    assert!(Json::read(deep(100_000).as_bytes()).is_err());
    assert!(Json::read("[".repeat(1 << 20).as_bytes()).is_err());
    let wide = format!("[{}0]", "0,".repeat(1 << 20));
    assert!(Json::read(wide.as_bytes()).is_err());
    assert!(Json::read(&vec![b' '; (16 << 20) + 1]).is_err());
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,6}", inner, 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn both_readers_read_the_same(value in values()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let written = compact(&text).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value.clone());
        }
    }

    #[test]
    fn both_readers_refuse_the_same(text in "[0-9eE.+\\-\\[\\]{}:,\" \\\\utn]{0,16}") {
        // Two are this reader's own: a key twice, and numbers beyond floating point.
        let theirs = serde_json::from_str::<Value>(&text);
        match (Json::read(text.as_bytes()), theirs) {
            (Ok(_), Err(error)) => prop_assert!(error.to_string().contains("out of range"), "{}", text),
            (Err(fault), Ok(_)) => prop_assert!(fault.to_string().contains("twice"), "{}", text),
            _ => {}
        }
    }
}
