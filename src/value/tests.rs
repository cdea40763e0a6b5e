use super::*;
use crate::document::Bounds;
use proptest::prelude::*;

fn field_type(text: &str) -> FieldType {
    let document = match text.starts_with('{') {
        true => Document::read_json(text.as_bytes(), &Bounds::PUBLISHED).unwrap(),
        false => Document::text(text),
    };
    FieldType::parse(&Cursor::root(&document)).unwrap_or_else(|e| panic!("{text}: {e}"))
}

const MARITAL: &str = r#"{"enum": {"single": 0, "married": 3, "widowed": 9007199254740991}}"#;

/// Every type at its edges: text, JSON and integer of one value.
#[test]
fn values_at_their_edges() {
    let table = [
        ("bool", "false", "false", 0),
        ("bool", "true", "true", 1),
        ("uint(1)", "1", "1", 1),
        ("uint(32)", "0", "0", 0),
        ("uint(32)", "4294967295", "4294967295", u64::from(u32::MAX)),
        ("uint(64)", "18446744073709551615", "18446744073709551615", u64::MAX),
        ("int(1)", "-1", "-1", 0),
        ("int(1)", "0", "0", 1),
        ("int(8)", "-128", "-128", 0),
        ("int(8)", "127", "127", 255),
        ("int(64)", "-9223372036854775808", "-9223372036854775808", 0),
        ("int(64)", "0", "0", 1 << 63),
        ("int(64)", "9223372036854775807", "9223372036854775807", u64::MAX),
        ("decimal(2,16)", "12.50", "\"12.50\"", 1250),
        ("decimal(2,16)", "655.35", "\"655.35\"", 65535),
        ("decimal(0,8)", "255", "\"255\"", 255),
        ("decimal(18,64)", "18.446744073709551615", "\"18.446744073709551615\"", u64::MAX),
        ("decimal(3,10)", "0.001", "\"0.001\"", 1),
        ("date", "0001-01-01", "\"0001-01-01\"", 0),
        ("date", "2008-02-29", "\"2008-02-29\"", 733_100),
        ("date", "9999-12-31", "\"9999-12-31\"", 3_652_058),
        ("timestamp", "1970-01-01T00:00:00Z", "\"1970-01-01T00:00:00Z\"", 0),
        ("timestamp", "9999-12-31T23:59:59Z", "\"9999-12-31T23:59:59Z\"", 253_402_300_799),
        (MARITAL, "single", "\"single\"", 0),
        (MARITAL, "widowed", "\"widowed\"", 9_007_199_254_740_991),
        ("code", "A", "\"A\"", 0x41),
        ("code", "CH-ZH", "\"CH-ZH\"", 0x43_48_2d_5a_48),
        ("code", "ZZZZZZZZ", "\"ZZZZZZZZ\"", 0x5a5a_5a5a_5a5a_5a5a),
        ("code", "--------", "\"--------\"", 0x2d2d_2d2d_2d2d_2d2d),
    ];
    for (name, text, json, integer) in table {
        let kind = field_type(name);
        let value = kind.parse_text(text).unwrap_or_else(|e| panic!("{name} {text}: {e}"));
        let wrapped = format!("{{\"v\": {json}}}");
        let record = Document::read_json(wrapped.as_bytes(), &Bounds::RECORD).unwrap();
        let (_, cursor) = Cursor::root(&record).entries().unwrap().remove(0);
        assert_eq!(kind.parse_json(cursor.document()), Ok(value.clone()), "{name} {text}");
        assert_eq!(kind.integer(&value), Ok(Some(integer)), "{name} {text}");
        assert_eq!(kind.from_integer(integer), Ok(value.clone()), "{name} {text}");
        assert_eq!(kind.render(&value).as_deref(), Ok(text));
        assert_eq!(kind.to_json(&value).unwrap().canonical(), json);
        let bits = kind.bits().unwrap();
        assert!(bits == 64 || integer >> bits == 0, "{name} {text}");
        assert_eq!(kind.decode(&Encoded::Integer(integer)), Ok(value.clone()));
        assert_eq!(kind.encode(&value), Ok(Encoded::Integer(integer)));
    }
}

/// Every type just beyond its edges, and every other spelling of what it accepts.
#[test]
fn reject_values_beyond_their_edges() {
    let table: &[(&str, &[&str])] = &[
        ("bool", &["", "0", "1", "True", "TRUE", "yes", " true", "null"]),
        ("uint(1)", &["2", "-1"]),
        ("uint(32)", &["4294967296", "-1", "+1", "01", "1.0", "1e3", "", " 1", "1 ", "-0", "0x1"]),
        ("uint(64)", &["18446744073709551616", "170141183460469231731687303715884105728", "1_0"]),
        ("int(8)", &["128", "-129", "-0", "--1", "- 1", "٣", "-"]),
        ("int(64)", &["9223372036854775808", "-9223372036854775809"]),
        (
            "int(64)",
            &[
                "170141183460469231731687303715884105727",
                "-170141183460469231731687303715884105729",
            ],
        ),
        (
            "decimal(2,16)",
            &["655.36", "12.505", "12.500", "-1", "-0", ".5", "1.", "", "1,5", "1e1"],
        ),
        ("decimal(2,16)", &["+1", "00.50", "01", "1.5 ", "1. 5", "1.-5", "1.+5", "1.2.3"]),
        ("decimal(0,64)", &["1.0", "18446744073709551616"]),
        ("decimal(18,64)", &["18.446744073709551616", "19", "0.0000000000000000001"]),
        ("date", &["2023-02-29", "0000-12-31", "10000-01-01", "2008-2-29"]),
        (
            "timestamp",
            &["2016-12-31T23:59:60Z", "1969-12-31T23:59:59Z", "2024-01-01T00:00:00+01:00"],
        ),
        (MARITAL, &["", "Single", "0", "divorced"]),
        ("code", &["", "ABCDEFGHI", "ch", "A B", "A_B", "É", "A\0"]),
        ("text", &["e\u{301}"]),
        ("bytes", &["AA==", "A", "AB", "A+", "A/", "AA\n"]),
    ];
    for (name, texts) in table {
        for text in *texts {
            let kind = field_type(name);
            assert!(kind.parse_text(text).is_err(), "{name} {text:?}");
            assert!(kind.parse_json(&Document::text(*text)).is_err(), "{name} {text:?}");
        }
    }
}

#[test]
fn reject_another_kind_of_json() {
    let text = |t: &str| Document::text(t);
    for (name, document) in [
        ("bool", text("true")),
        ("bool", Document::Integer(1)),
        ("uint(8)", text("1")),
        ("uint(8)", Document::Bool(true)),
        ("uint(8)", Document::Integer(256)),
        ("int(8)", text("-1")),
        ("int(8)", Document::Integer(i128::MAX)),
        ("decimal(2,64)", Document::Integer(12)),
        ("date", Document::Integer(733_100)),
        ("timestamp", Document::Integer(0)),
        (MARITAL, Document::Integer(0)),
        ("code", Document::Integer(65)),
        ("text", Document::Integer(1)),
        ("text", Document::Null),
        ("bytes", Document::Array(vec![])),
    ] {
        assert!(field_type(name).parse_json(&document).is_err(), "{name} {}", document.canonical());
    }
}

#[test]
fn reject_integers_of_no_value() {
    for (name, integer) in [
        ("bool", 2),
        ("uint(8)", 256),
        ("int(8)", 256),
        ("decimal(2,16)", 65536),
        ("date", 3_652_059),
        ("timestamp", 253_402_300_800),
        (MARITAL, 1),
        ("code", 0),
        ("code", 0x4100),
        ("code", 0x0041_0041),
        ("code", 0x61),
        ("code", 0xc3),
        ("code", 0xffff_ffff_ffff_ffff),
        ("text", 0),
        ("bytes", 0),
    ] {
        assert!(field_type(name).from_integer(integer).is_err(), "{name} {integer}");
    }
}

#[test]
fn reject_values_of_another_type() {
    assert!(field_type("uint(8)").integer(&Value::Uint(256)).is_err());
    assert!(field_type("int(8)").integer(&Value::Int(-129)).is_err());
    assert!(field_type("uint(8)").integer(&Value::Int(1)).is_err());
    assert!(field_type("decimal(2,8)").integer(&Value::Decimal(256)).is_err());
    assert!(field_type(MARITAL).integer(&Value::Enum(1)).is_err());
    assert!(field_type("text").integer(&Value::Bytes(vec![0x41].into())).is_err());
    assert!(field_type("text").decode(&Encoded::Bytes(vec![])).is_err());
    assert!(field_type("bytes").decode(&Encoded::Text(String::new())).is_err());
    assert!(field_type("bool").decode(&Encoded::Text("true".into())).is_err());
    assert_eq!(field_type("text").decode(&Encoded::Absent), Err(ValueError::Required));
}

#[test]
fn text_and_bytes_are_bounded() {
    let text = field_type("text");
    assert!(text.parse_text(&"x".repeat(MAX_OCTETS)).is_ok());
    assert_eq!(text.parse_text(&"x".repeat(MAX_OCTETS + 1)), Err(ValueError::TooLong));
    assert_eq!(text.decode(&Encoded::Text("é".repeat(MAX_OCTETS))), Err(ValueError::TooLong));
    let bytes = field_type("bytes");
    assert!(bytes.decode(&Encoded::Bytes(vec![0; MAX_OCTETS])).is_ok());
    assert_eq!(bytes.decode(&Encoded::Bytes(vec![0; MAX_OCTETS + 1])), Err(ValueError::TooLong));
}

#[test]
fn types_have_one_normal_spelling() {
    for (text, normal) in [
        ("bool", "bool"),
        ("uint(64)", "uint(64)"),
        ("decimal(2, 64)", "decimal(2,64)"),
        ("decimal(2,64)", "decimal(2,64)"),
        ("bytes", "bytes"),
    ] {
        assert_eq!(field_type(text).to_document(), Document::text(normal));
    }
    assert_eq!(
        field_type(MARITAL).to_document().canonical(),
        MARITAL.replace(' ', "").replace(r#""single":0,"married":3"#, r#""married":3,"single":0"#)
    );
    assert_eq!(field_type(r#"{"enum": {"only": 0}}"#).bits(), Some(1));
    assert_eq!(field_type(r#"{"enum": {"a": 7, "b": 8}}"#).bits(), Some(4));
}

#[test]
fn reject_types_that_are_none() {
    for text in [
        "",
        "Bool",
        "uint",
        "uint()",
        "uint(0)",
        "uint(65)",
        "uint(08)",
        "uint( 8)",
        "uint(8) ",
        "uint(8",
        "uint(8,8)",
        "uint(-1)",
        "uint(99999999999)",
        "int(0)",
        "int(65)",
        "decimal(2)",
        "decimal(19,64)",
        "decimal(2,0)",
        "decimal(2,65)",
        "decimal(2,64,1)",
        "date()",
        "float",
        "enum",
        "an enum of 2 names",
    ] {
        let document = Document::text(text);
        let fault = FieldType::parse(&Cursor::root(&document)).expect_err(text);
        assert!(fault.remedy().contains("decimal(0..18, 1..64)"), "{text}");
    }
    for (json, path) in [
        (r#"{"enum": {}}"#, "$.enum"),
        (r#"{"enum": {"a": 0, "b": 0}}"#, "$.enum.b"),
        (r#"{"enum": {"a": -1}}"#, "$.enum.a"),
        (r#"{"enum": {"a": "0"}}"#, "$.enum.a"),
        (r#"{"enum": {"A": 0}}"#, "$.enum.A"),
        (r#"{"enum": {"": 0}}"#, "$.enum[\"\"]"),
        (r#"{"enum": 1}"#, "$.enum"),
        (r#"{"enum": {"a": 0}, "x": 1}"#, "$.x"),
        (r#"{}"#, "$.enum"),
        (r#"{"a": [true]}"#, "$.a"),
    ] {
        let document = Document::read_json(json.as_bytes(), &Bounds::PUBLISHED).unwrap();
        let fault = FieldType::parse(&Cursor::root(&document)).expect_err(json);
        assert_eq!(fault.path(), path, "{json}");
    }
}

#[test]
fn nothing_shows_a_value() {
    let kind = field_type("text");
    let value = kind.parse_text("hunter2").unwrap();
    assert_eq!(format!("{value:?}"), "Text(..)");
    assert_eq!(format!("{:?}", kind.encode(&value).unwrap()), "Text(..)");
    for (name, text) in [("date", "hunter2"), ("uint(8)", "4711"), (MARITAL, "hunter2")] {
        let error = field_type(name).parse_text(text).expect_err(name);
        assert!(!format!("{error} {error:?}").contains(text));
    }
}

fn any_type() -> impl Strategy<Value = FieldType> {
    let width = || (1u32..=64).prop_filter_map("width", Width::new);
    let scale = (0u32..=18).prop_filter_map("scale", Scale::new);
    prop_oneof![
        Just(FieldType::Bool),
        width().prop_map(FieldType::Uint),
        width().prop_map(FieldType::Int),
        (scale, width()).prop_map(|(scale, width)| FieldType::Decimal(scale, width)),
        Just(FieldType::Date),
        Just(FieldType::Timestamp),
        Just(FieldType::Code),
        Just(field_type(MARITAL)),
    ]
}

proptest! {
    /// integer → value → integer, text and JSON, wherever the integer is one of the type.
    #[test]
    fn integers_round_trip(kind in any_type(), seed in any::<u64>()) {
        let bits = kind.bits().unwrap();
        let integer = seed >> (64 - bits);
        if let Ok(value) = kind.from_integer(integer) {
            prop_assert_eq!(kind.integer(&value), Ok(Some(integer)));
            let text = kind.render(&value).unwrap();
            prop_assert_eq!(kind.parse_text(&text), Ok(value.clone()));
            let json = kind.to_json(&value).unwrap();
            prop_assert_eq!(kind.parse_json(&json), Ok(value));
        }
    }

    /// Codes are the octets of their text, so two of them never share an integer.
    #[test]
    fn codes_round_trip(text in "[A-Z0-9-]{1,8}") {
        let code: Code = text.parse().unwrap();
        prop_assert_eq!(code.to_string(), text);
        prop_assert_eq!(Code::from_integer(code.integer()), Some(code));
    }

    #[test]
    fn octets_round_trip(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        let kind = FieldType::Bytes;
        let value = kind.decode(&Encoded::Bytes(octets.clone())).unwrap();
        prop_assert_eq!(kind.encode(&value), Ok(Encoded::Bytes(octets)));
        prop_assert_eq!(kind.parse_text(&kind.render(&value).unwrap()), Ok(value));
    }

    /// No text makes any type panic, and what is accepted is written back as it came.
    #[test]
    fn any_text_is_refused_or_kept(kind in any_type(), text in "\\PC{0,24}") {
        if let Ok(value) = kind.parse_text(&text) {
            let again = kind.render(&value).unwrap();
            prop_assert_eq!(kind.parse_text(&again), Ok(value));
        }
    }
}

/// Nothing of a value is left in place where it was.
#[test]
fn values_are_erased() {
    let text = |text: &str| Value::Text(Zeroizing::new(text.to_owned()));
    for (mut value, empty) in [
        (Value::Bool(true), Value::Bool(false)),
        (Value::Uint(7), Value::Uint(0)),
        (Value::Int(-7), Value::Int(0)),
        (Value::Decimal(7), Value::Decimal(0)),
        (Value::Enum(7), Value::Enum(0)),
        (text("secret"), text("")),
        (Value::Bytes(Zeroizing::new(vec![7])), Value::Bytes(Zeroizing::new(Vec::new()))),
    ] {
        value.zeroize();
        assert!(value == empty, "{value:?}");
    }
    let mut date = Value::Date("2008-02-29".parse().unwrap());
    date.zeroize();
    assert!(date == Value::Date(Date::from_days(0).unwrap()));
    fn erased<T: zeroize::ZeroizeOnDrop>() {}
    erased::<crate::schema::Record>();
    let document = br#"{"a": [1, "secret"], "b": {"c": true}}"#;
    let mut document = Document::read_json(document, &crate::document::Bounds::RECORD).unwrap();
    document.zeroize();
    assert_eq!(document.canonical(), r#"{"a":[0,""],"b":{"c":false}}"#);
}
