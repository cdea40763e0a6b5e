//! Examples, which say in words what trust lists and keys would.

use super::world::*;
use crate::decision::Code;
use crate::policy::Policy;
use serde_json::json;

/// Of three credentials, the first and the third by one issuer.
#[test]
fn reject_one_issuer_first_and_third() {
    let schema = card();
    let keys = [1, 2, 3].map(|seed| format!("{:?}", did(seed)));
    let role = |name: &str| {
        let (id, keys) = (schema.id(), keys.join(","));
        format!(r#"{{"name":"{name}","schema":"{id}","issuers":[{keys}]}}"#)
    };
    let held = |name: &str, issuer: usize| {
        let record = born("1990-04-17");
        format!(r#""{name}":{{"record":{record},"issuer":{issuer}}}"#)
    };
    let test = |name: &str, [a, b, c]: [usize; 3], expect: &str| {
        let holders = [held("a", a), held("b", b), held("c", c)].join(",");
        format!(r#"{{"name":"{name}","holders":{{{holders}}},"expect":{expect}}}"#)
    };
    let twice = r#"["issuers-not-distinct"]"#;
    let tests = [
        test("all differ", [0, 1, 2], r#""permit""#),
        test("first and third", [0, 1, 0], twice),
        test("first two", [1, 1, 0], twice),
        test("last two", [0, 2, 2], twice),
    ];
    let text = format!(
        r#"{{"format":"sigil-policy/1","id":"three","version":"1.0.0","roles":[{}],
            "agree":[{{"roles":["a","b","c"],"fields":["birth_date"]}}],"tests":[{}]}}"#,
        ["a", "b", "c"].map(role).join(","),
        tests.join(",")
    );
    let policy = Policy::parse(text.as_bytes()).unwrap();
    for outcome in policy.run_tests(&[schema], at(NOW)).unwrap() {
        let found: Vec<Code> =
            outcome.verdict().decision().reasons().iter().map(|reason| reason.code()).collect();
        let expected: &[Code] =
            if outcome.name() == "all differ" { &[] } else { &[Code::IssuersNotDistinct] };
        assert_eq!(found, expected, "{}", outcome.name());
    }
}

/// What an example says in place of a trust list is said of roles that have one, in words that are known.
#[test]
fn reject_words_for_a_list_that_is_not_there() {
    let named = json!({ "name": "plain", "schema": card().id().to_string(), "issuers": [did(1)] });
    let policy = |holder: serde_json::Value, role: &str| {
        let test = json!({ "name": "x", "holders": { role: holder }, "expect": "permit" });
        let roles = [trusting("kyc", "hidden"), named.clone()];
        let mut policy = super::world::policy(&roles, json!({})).to_document().canonical();
        policy = policy.replacen("\"tests\":[]", &format!("\"tests\":[{test}]"), 1);
        Policy::parse(policy.as_bytes())?.run_tests(&[card()], at(NOW))
    };
    let record = born("1990-04-17");
    for (role, key, value, path) in [
        ("plain", "standing", json!("issuer-unlisted"), "$.tests[0].holders.plain.standing"),
        ("plain", "precedence", json!(1), "$.tests[0].holders.plain.precedence"),
        ("plain", "issuer", json!(1), "$.tests[0].holders.plain.issuer"),
        ("kyc", "standing", json!("unlisted"), "$.tests[0].holders.kyc.standing"),
        ("kyc", "precedence", json!(65_536), "$.tests[0].holders.kyc.precedence"),
        ("kyc", "precedence", json!(-1), "$.tests[0].holders.kyc.precedence"),
    ] {
        let fault = policy(json!({ "record": record, key: value }), role).unwrap_err();
        assert_eq!(fault.path(), path, "{fault}");
    }
    for (key, value) in [("standing", json!("trusted")), ("precedence", json!(65_535))] {
        let outcomes = policy(json!({ "record": record, key: value }), "kyc").unwrap();
        let verdict = outcomes[0].verdict();
        assert_eq!(reasons(verdict), ["credential-count:$.roles"]);
    }
}
