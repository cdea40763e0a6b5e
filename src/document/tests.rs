use super::*;

fn json(text: &str) -> Result<Document, Fault> {
    Document::read_json(text.as_bytes(), &Bounds::PUBLISHED)
}

fn toml(text: &str) -> Result<Document, Fault> {
    Document::read_toml(text.as_bytes(), &Bounds::PUBLISHED)
}

#[track_caller]
fn refused(result: Result<Document, Fault>, path: &str, problem: Problem) {
    let fault = result.expect_err("must be refused");
    assert_eq!((fault.path(), fault.problem()), (path, &problem));
    assert!(!fault.remedy().is_empty());
}

#[test]
fn json_and_toml_give_one_tree() {
    let a = json(r#"{"b": [1, {"c": true}], "a": "x", "n": -9007199254740991}"#).unwrap();
    let b = toml("n = -9007199254740991\na = 'x'\nb = [1, {c = true}]").unwrap();
    assert_eq!(a, b);
    assert_eq!(a.canonical(), r#"{"a":"x","b":[1,{"c":true}],"n":-9007199254740991}"#);
    assert_eq!(a.digest(), b.digest());
    let detected = Document::read(b" \n{\"a\": null}", &Bounds::PUBLISHED).unwrap();
    assert_eq!(detected, Document::object([("a", Document::Null)]));
    let detected = Document::read(b"# c\n[a]\nb = 1", &Bounds::PUBLISHED).unwrap();
    assert_eq!(detected.canonical(), r#"{"a":{"b":1}}"#);
}

/// The string and the key order of RFC 8785 §3.2.2 and §3.2.3.
#[test]
fn canonical_form_of_rfc_8785() {
    let text = json(r#"["\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/"]"#).unwrap();
    assert_eq!(text.canonical(), "[\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"]");
    let keys = r#"{"\u20ac":1,"\r":2,"1":3,"\u0080":4,"\ud83d\ude00":5,"\u00f6":6,"\ufb33x":7}"#;
    // U+FB33 itself is not NFC, so U+FFFD stands for "above the surrogates" here.
    let keys = json(&keys.replace("\\ufb33", "\\ufffd")).unwrap();
    assert_eq!(
        keys.canonical(),
        "{\"\\r\":2,\"1\":3,\"\u{80}\":4,\"ö\":6,\"€\":1,\"😀\":5,\"\u{fffd}x\":7}"
    );
}

#[test]
fn reject_duplicate_keys() {
    refused(json(r#"{"a": {"x": 1, "y": 2, "x": 1}}"#), "$.a.x", Problem::DuplicateKey);
    // The second spelling of the same key.
    refused(json("{\"a\": 1, \"\\u0061\": 1}"), "$.a", Problem::DuplicateKey);
    refused(toml("a = 1\nb = 2\na = 1"), "$.a", Problem::DuplicateKey);
    assert!(toml("[a]\nb = 1\n[a]\nc = 2").is_err());
}

#[test]
fn reject_floats() {
    for number in ["1.0", "1e3", "-0", "0.1", "1E-2"] {
        let text = format!("{{\"a\": [0, {number}]}}");
        refused(json(&text), "$.a[1]", Problem::Float);
    }
    for number in ["1.0", "1e3", "nan", "inf", "-0.0"] {
        refused(toml(&format!("a = [0, {number}]")), "$.a[1]", Problem::Float);
    }
    refused(toml("d = 2008-02-29"), "$.d", Problem::TomlDate);
}

#[test]
fn reject_big_integers() {
    let edge = "9007199254740991";
    for sign in ["", "-"] {
        assert!(json(&format!("{{\"a\": {sign}{edge}}}")).is_ok());
        assert!(toml(&format!("a = {sign}{edge}")).is_ok());
        for big in [
            "9007199254740992",
            "18446744073709551615",
            "18446744073709551616",
            "170141183460469231731687303715884105728",
        ] {
            let text = format!("{{\"a\": {sign}{big}}}");
            refused(json(&text), "$.a", Problem::IntegerRange);
            refused(toml(&format!("a = {sign}{big}")), "$.a", Problem::IntegerRange);
        }
    }
    let record = |text: &str| Document::read(text.as_bytes(), &Bounds::RECORD);
    assert!(record(r#"{"a": 18446744073709551615, "b": -9223372036854775808}"#).is_ok());
    refused(record(r#"{"a": 18446744073709551616}"#), "$.a", Problem::IntegerRange);
    refused(record(r#"{"a": -9223372036854775809}"#), "$.a", Problem::IntegerRange);
}

#[test]
fn reject_nfd_text() {
    assert!(json("{\"a\": \"\u{e9}\"}").is_ok());
    refused(json("{\"a\": \"e\u{301}\"}"), "$.a", Problem::NotNfc);
    refused(json(r#"{"a": "e\u0301"}"#), "$.a", Problem::NotNfc);
    refused(toml("a = 'e\u{301}'"), "$.a", Problem::NotNfc);
    let key = json("{\"e\u{301}\": 1}").expect_err("key");
    assert_eq!(key.problem(), &Problem::NotNfc);
    assert!(json(r#"{"a": "\ud800"}"#).is_err(), "lone surrogate");
}

#[test]
fn reject_deep_nesting() {
    let deep = |n: usize| format!("{{\"a\": {}{}}}", "[".repeat(n), "]".repeat(n));
    assert!(json(&deep(15)).is_ok());
    let path = format!("$.a{}", "[0]".repeat(15));
    refused(json(&deep(16)), &path, Problem::TooDeep { limit: 16 });
    assert!(json(&deep(400_000)).is_err());
    let deep = |n: usize| format!("a = {}{}", "[".repeat(n), "]".repeat(n));
    assert!(toml(&deep(15)).is_ok());
    refused(toml(&deep(16)), &path, Problem::TooDeep { limit: 16 });
    // Neither the parser's stack nor ours follows an attacker's brackets or dots.
    assert!(toml(&deep(400_000)).is_err());
    assert!(toml(&format!("{}a = 1", "a.".repeat(400_000))).is_err());
    assert!(toml(&format!("[{}a]", "a.".repeat(400_000))).is_err());
}

#[test]
fn reject_huge_file() {
    let limit = Bounds::PUBLISHED.octets;
    let text = format!("{{}}{}", " ".repeat(limit - 2));
    assert!(json(&text).is_ok());
    let problem = Problem::TooLarge { octets: limit + 1, limit };
    refused(json(&format!("{text} ")), "$", problem.clone());
    refused(toml(&"#".repeat(limit + 1)), "$", problem);
}

#[test]
fn reject_too_many_values() {
    let limit = Bounds::PUBLISHED.elements;
    let list = |n: usize| format!("[{}1]", "1,".repeat(n - 1));
    assert!(json(&format!("{{\"a\": {}}}", list(limit - 2))).is_ok());
    let problem = Problem::TooMany { limit };
    let path = format!("$.a[{}]", limit - 2);
    let text = format!("{{\"a\": {}}}", list(limit - 1));
    refused(json(&text), &path, problem.clone());
    refused(toml(&format!("a = {}", list(limit - 1))), &path, problem);
}

#[test]
fn reject_what_is_not_a_document() {
    for text in ["{} {}", "{\"a\" 1}", "{", "{\"a\": 01}", "{\"a\": NaN}", "{'a': 1}"] {
        let fault = json(text).expect_err(text);
        assert!(matches!(fault.problem(), Problem::Syntax { .. }), "{text}");
    }
    let fault = toml("a = 1\nb = ").expect_err("no value");
    assert!(matches!(fault.problem(), Problem::Syntax { line: 2, .. }));
    assert!(Document::read(b"{\"a\": \"\xff\"}", &Bounds::PUBLISHED).is_err());
    assert!(Document::read(b"\xef\xbb\xbf{}", &Bounds::PUBLISHED).is_err());
}

#[test]
fn reject_unknown_field() {
    let document = json(r#"{"a": {"name": 1, "nmae": 2}}"#).unwrap();
    let root = Cursor::root(&document).fields(&["a"]).unwrap();
    let inner = root.required("a").unwrap();
    let fault = inner.fields(&["name"]).expect_err("unknown");
    assert_eq!(fault.path(), "$.a.nmae");
    assert_eq!(fault.to_string(), "at $.a.nmae: unknown field; remove it; known here: name");
    let fields = inner.fields(&["name", "nmae", "type"]).unwrap();
    let missing = fields.required("type").expect_err("missing");
    assert_eq!((missing.path(), missing.problem()), ("$.a.type", &Problem::MissingKey));
    let wrong = fields.required("name").unwrap().text().expect_err("kind");
    assert_eq!(
        wrong.to_string(),
        "at $.a.name: expected a string, found an integer; write a string here"
    );
}

#[test]
fn debug_shows_no_content() {
    let document = json(r#"{"secret": "hunter2"}"#).unwrap();
    assert_eq!(format!("{document:?}"), "Document(an object)");
}
