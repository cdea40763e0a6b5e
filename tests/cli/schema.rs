//! Versions of a schema, compared by the command line.

use super::place::Place;
use serde_json::json;

/// A version of a schema with fields that are given as TOML.
fn version(place: &Place, name: &str, version: &str, fields: &[&str]) {
    let fields = fields.join(", ");
    place.write(
        name,
        format!(
            "format = \"sigil-schema/1\"\nname = \"test/income\"\nversion = \"{version}\"\n\
             fields = [{fields}]\n"
        ),
    );
}

const INCOME: &str = r#"{ name = "income", type = "uint(32)" }"#;
const GROSS: &str = r#"{ name = "gross", type = "uint(32)", aliases = ["income"] }"#;
const WIDE: &str = r#"{ name = "gross", type = "uint(64)", aliases = ["income"] }"#;
const SINCE: &str = r#"{ name = "since", type = "date", default = "2020-01-01" }"#;

#[test]
fn schema_diff_says_who_reads_whose_credentials() {
    let place = Place::new("schema-diff");
    version(&place, "1.toml", "1.0.0", &[INCOME]);
    version(&place, "2.toml", "1.1.0", &[GROSS, SINCE]);
    version(&place, "3.toml", "1.1.1", &[WIDE, SINCE]);
    let text = place.ends(0, "schema diff 1.toml 2.toml");
    for part in ["full: either version", "minor, as 1.0.0 → 1.1.0 says", "field-renamed gross"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let report = place.json("schema diff 2.toml 3.toml");
    assert_eq!((&report["class"], &report["bump"]), (&json!("backward"), &json!("minor")));
    assert!(report["finding"].as_str().unwrap().contains("1.2.0"), "{report}");
    let change = &report["changes"][1];
    assert_eq!(change["kind"], "type-widened");
    assert_eq!(change["place"], "$.fields[0].type");
    assert_eq!(report["new"], place.json("schema id 3.toml")["schema"]);
    let text = place.ends(0, "schema diff 2.toml 3.toml");
    assert!(text.contains("uint(32) → uint(64)") && text.contains("predicates hold"), "{text}");
    let described = place.json("schema check 2.toml");
    assert_eq!(described["fields"][0]["aliases"], json!(["income"]));
    assert_eq!(described["fields"][1]["default"], "2020-01-01");
}

#[test]
fn schema_diff_refuses_what_a_release_does_not_want() {
    let place = Place::new("schema-require");
    version(&place, "1.toml", "1.0.0", &[GROSS]);
    version(&place, "2.toml", "1.1.0", &[WIDE]);
    for (required, code) in [("backward", 0), ("forward", 1), ("full", 1)] {
        place.ends(code, &format!("schema diff 1.toml 2.toml --require {required}"));
    }
    let refused = place.run("schema diff 1.toml 2.toml --require full --json");
    let report: serde_json::Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!((refused.status.code(), &report["met"]), (Some(1), &json!(false)));
    place.ends(0, "schema diff 2.toml 1.toml --require forward");
    place.ends(2, "schema diff 1.toml 2.toml --require both");
    place.ends(2, "schema diff 1.toml absent.toml");
    // Income would be reread as gross income.
    version(&place, "clash.toml", "2.0.0", &[GROSS, INCOME]);
    let text = place.ends(2, "schema diff 1.toml clash.toml");
    for part in ["clash.toml", "$.fields[0].aliases", "\"income\" is the name of a field", "remedy"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}
