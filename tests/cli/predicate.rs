//! One predicate by the command line: what is shown of it, and what is refused.

use crate::object;
use crate::place::{Place, requested};
use serde_json::{Value, json};
use std::process::Output;

impl Place {
    fn predicate(&self, expression: &str, more: &[&str]) -> Output {
        let mut command = self.command("predicate check --schemas person=person.toml");
        command.arg(expression).args(more).output().unwrap()
    }
}

#[test]
fn a_predicate_is_shown_with_its_types_shape_and_cost() {
    let place = requested("predicate");
    let check = |expression: &str, more: &[&str]| {
        let output = place.predicate(expression, &[more, &["--json"]].concat());
        let report = object(&output);
        assert_eq!(output.status.code(), Some(0), "{expression}: {report}");
        report
    };
    let by = check(
        "person.birth_date <= params.by && person.points >= 3",
        &["--param", "by = { date = \"2008-06-01\" }"],
    );
    assert_eq!(
        by["claims"],
        json!([
            { "claim": "person.birth_date", "type": "date", "optional": false,
              "low": "0", "high": "4194303" },
            { "claim": "person.points", "type": "uint(16)", "optional": true,
              "low": "0", "high": "131071" },
        ])
    );
    let costs = by["circuit"]["costs"].as_array().unwrap().iter();
    let sum: u64 = costs.map(|cost| cost["constraints"].as_u64().unwrap()).sum();
    // What remains are the rows of the proof system itself: none of them is a condition's.
    assert!(sum > 0 && sum <= by["circuit"]["constraints"].as_u64().unwrap(), "{by}");
    assert_eq!(by["circuit"]["hidden_values"], 2);
    let shape = |report: &Value| report["circuit"]["shape"].as_str().unwrap().to_owned();
    let moved = check(
        "person.birth_date <= params.by && person.points >= 9",
        &["--param", "by = { date = \"1999-12-31\" }"],
    );
    assert_eq!(shape(&by), shape(&moved), "constants are no part of the shape");
    let other = check("person.birth_date <= today || person.points >= 3", &[]);
    assert_ne!(shape(&by), shape(&other));
    let public = check("today >= date(\"2020-01-01\")", &[]);
    assert_eq!((&public["circuit"], &public["claims"]), (&Value::Null, &json!([])));
    check("person.birth_date <= today - years(18)", &["--leap-day", "mar1"]);
    check("at_least(1, [has(person.points), !(person.country in [\"CH\"])])", &[]);
}

#[test]
fn a_fault_in_a_predicate_is_drawn_with_a_caret() {
    let place = requested("caret");
    let output = place.predicate("person.points >= 3 &&\n  person.birht_date <= today", &[]);
    assert_eq!(output.status.code(), Some(2));
    let expected = "\
bad input: at $: line 2, column 3: test/person has no field \"birht_date\"
   ,-[2:3]
 1 | person.points >= 3 &&
 2 |   person.birht_date <= today 
   :   ^^^^^^^^^^^^^^^^^
   `----
  remedy: its fields: birth_date, country, nickname, points
";
    assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
}

#[test]
fn reject_predicates_with_their_place_and_a_remedy() {
    let place = requested("predicates");
    for (expression, says) in [
        ("", "column 1: the expression ends too soon"),
        ("person", "column 1: "),
        ("person.points >= 1.5", "column 18: there is no floating point"),
        ("person.points >= 70000", "column 18: "),
        ("person.points = 3", "column 15: "),
        ("person.points / 2 >= 3", "column 15: "),
        ("person.points in []", "column 18: "),
        ("person.nickname == \"Zaphod\"", "column 1: "),
        ("person.country < \"CH\"", "column 16: "),
        ("person.birth_date <= params.by", "column 22: no parameter \"by\""),
        ("person.birth_date <= today - years(18)", "column 30: "),
        ("dog.age >= 3", "column 1: no role \"dog\""),
        ("(person.points >= 3", "column 1: this `(` is never closed"),
        ("at_least(3, [person.points > 1])", "column 10: "),
    ] {
        let output = place.predicate(expression, &["--json"]);
        let failure = object(&output);
        assert_eq!(output.status.code(), Some(2), "{expression}");
        let complaint = &failure["complaints"][0];
        let problem = complaint["problem"].as_str().unwrap();
        assert!(problem.starts_with("line 1, ") && problem.contains(says), "{problem}");
        assert!(!complaint["remedy"].as_str().unwrap().is_empty(), "{expression}");
    }
    for (parameter, at) in [("x = 1.5", "$.params.x"), ("x = []", "$.params.x"), ("x", "$.params")]
    {
        let failure = object(
            &place.predicate("person.points >= params.x", &["--param", parameter, "--json"]),
        );
        let complaint = &failure["complaints"][0];
        assert_eq!(complaint["path"], at, "{failure}");
        assert!(complaint["remedy"].is_string(), "{failure}");
    }
    let twice = place.predicate("person.points >= 3", &["--schemas", "person=person.toml"]);
    let printed = String::from_utf8(twice.stderr).unwrap();
    assert!(printed.contains("the role person has two schemas"), "{printed}");
    for arguments in [["--param", "x"], ["--schemas", "person.toml"], ["--leap-day", "never"]] {
        let output = place.predicate("person.points >= 3", &arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}
