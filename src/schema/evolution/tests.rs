//! The table of version pairs, `vectors/schema/evolution.json`, and the traps one by one.

use super::*;
use crate::bbs::{Interface, Suite};
use crate::schema::{Disclosure, FIRST_FIELD, Schema, Version};
use crate::value::{Encoded, Value};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/schema/evolution.json");

fn vectors() -> Json {
    serde_json::from_str(&std::fs::read_to_string(VECTORS).unwrap()).unwrap()
}

pub(super) fn schema(version: &str, fields: &Json) -> Schema {
    parse(&json!({ "name": "example.org/x", "version": version, "fields": fields })).unwrap()
}

fn parse(part: &Json) -> Result<Schema, crate::document::Fault> {
    let mut document = part.clone();
    document["format"] = json!("sigil-schema/1");
    Schema::parse(document.to_string().as_bytes())
}

/// The base's fields that can't be read from the actual schema's credentials.
fn unreadable(base: &Schema, actual: &Schema) -> Vec<String> {
    let names = base.fields().iter().enumerate();
    let reading = Reading::new(base, actual);
    let refused = names.filter(|(i, _)| {
        reading.as_ref().map_or(true, |reading| reading.message(FIRST_FIELD + i).is_err())
    });
    refused.map(|(_, field)| field.name().to_owned()).collect()
}

#[test]
fn the_table_of_version_pairs() {
    let vectors = vectors();
    assert_eq!(vectors["format"], "sigil-schema-evolution/1");
    let mut names = BTreeSet::new();
    let mut kinds = BTreeSet::from(["version-raised".to_owned()]);
    for pair in vectors["pairs"].as_array().unwrap() {
        let name = pair["name"].as_str().unwrap();
        assert!(names.insert(name), "twice: {name}");
        let (old, new) = (parse(&pair["old"]).unwrap(), parse(&pair["new"]).unwrap());
        let diff = diff(&old, &new);
        let told: Vec<&Change> =
            diff.changes().iter().filter(|change| change.kind != Kind::VersionRaised).collect();
        let expected = pair["changes"].as_array().unwrap();
        assert_eq!(told.len(), expected.len(), "{name}: {told:#?}");
        for (change, expected) in told.iter().zip(expected) {
            assert_eq!(change.kind.word(), expected["kind"], "{name}: {change:#?}");
            assert_eq!(json!(change.field), expected["field"], "{name}");
            assert_eq!(change.class.word(), expected["class"], "{name}: {change:#?}");
            let reason = expected["reason"].as_str().unwrap();
            assert!(change.reason.contains(reason), "{name}: {reason}: {change:#?}");
            kinds.insert(change.kind.word().to_owned());
        }
        assert_eq!(diff.class().word(), pair["class"], "{name}");
        assert_eq!(diff.bump().to_string(), pair["bump"].as_str().unwrap(), "{name}");
        assert_eq!(diff.finding().is_some(), pair["finding"] == true, "{name}: {diff:?}");
        let both = json!({
            "backward": unreadable(&new, &old), "forward": unreadable(&old, &new),
        });
        assert_eq!(both, pair["unreadable"], "{name}");
    }
    assert!(names.len() >= 55, "{} pairs", names.len());
    let known: BTreeSet<String> = Kind::WORDS.iter().map(|word| (*word).to_owned()).collect();
    assert_eq!(kinds, known, "every kind of change is in the table");
}

#[test]
fn reject_names_and_defaults_that_mislead() {
    let vectors = vectors();
    let refused = vectors["refused"].as_array().unwrap();
    assert!(refused.len() >= 16);
    for case in refused {
        let name = &case["name"];
        let whole = json!({ "name": "x", "version": "1.0.0", "fields": case["fields"] });
        let fault = parse(&whole).expect_err(name.as_str().unwrap());
        assert_eq!(fault.path(), case["path"].as_str().unwrap(), "{name}: {fault}");
        let problem = case["problem"].as_str().unwrap();
        assert!(fault.problem().to_string().contains(problem), "{name}: {fault}");
        assert!(!fault.remedy().is_empty());
    }
}

/// Swapping old and new swaps backward and forward.
#[test]
fn the_table_read_from_its_end_is_its_mirror() {
    for pair in vectors()["pairs"].as_array().unwrap() {
        let (old, new) = (parse(&pair["old"]).unwrap(), parse(&pair["new"]).unwrap());
        let (there, back) = (diff(&old, &new).class(), diff(&new, &old).class());
        assert_eq!(there.is_backward(), back.is_forward(), "{}", pair["name"]);
        assert_eq!(there.is_forward(), back.is_backward(), "{}", pair["name"]);
    }
}

#[test]
fn classes_form_a_lattice() {
    let all = [Class::Full, Class::Backward, Class::Forward, Class::Breaking];
    for a in all {
        assert_eq!((a.meet(a), a.meet(Class::Full)), (a, a));
        assert_eq!(a.meet(Class::Breaking), Class::Breaking);
        assert!(Class::Full.meets(a) && a.meets(Class::Breaking) && a.meets(a));
        assert!(all.iter().all(|b| a.meet(*b) == b.meet(a)));
    }
    assert_eq!(Class::Backward.meet(Class::Forward), Class::Breaking);
    assert!(!Class::Backward.meets(Class::Forward) && !Class::Breaking.meets(Class::Backward));
    assert!(!Class::Backward.meets(Class::Full));
}

#[test]
fn findings_name_the_version_to_write() {
    let fields = |kind: &str| json!([{ "name": "n", "type": kind }]);
    let finding = |old: &str, new: &str, kind: &str| {
        let diff = diff(&schema(old, &fields("uint(8)")), &schema(new, &fields(kind)));
        diff.finding().unwrap().to_owned()
    };
    let text = finding("1.4.2", "1.5.0", "text");
    assert!(text.contains("major") && text.ends_with("write 2.0.0 or later"), "{text}");
    assert!(finding("1.4.2", "1.4.3", "uint(9)").ends_with("write 1.5.0 or later"));
    assert!(finding("1.4.2", "1.4.1", "uint(8)").ends_with("write 1.4.2"));
    // Where the number can't be raised there is no version to write but another schema's.
    let last = Version { major: u32::MAX, minor: 0, patch: 0 }.to_string();
    let same = schema(&last, &fields("uint(8)"));
    assert!(diff(&same, &same).finding().is_none());
}

#[test]
fn names_and_defaults_are_in_the_normal_form_only_where_there_are_any() {
    let plain = json!([{ "name": "n", "type": "decimal(2,32)", "aliases": [] }]);
    let normal = schema("1.0.0", &plain).to_document().canonical();
    assert!(!normal.contains("aliases") && !normal.contains("default"), "{normal}");
    let with = |aliases: Json, default: &str| {
        let field = json!({
            "name": "n", "type": "decimal(2,32)", "aliases": aliases, "default": default,
        });
        schema("1.0.0", &json!([field]))
    };
    let one = with(json!(["b", "a"]), "1.5");
    let normal = one.to_document().canonical();
    assert!(normal.contains(r#""aliases":["a","b"],"default":"1.50""#), "{normal}");
    assert_eq!(Schema::parse(normal.as_bytes()).unwrap(), one);
    assert_eq!(with(json!(["a", "b"]), "1.50").id(), one.id());
    let ids = [with(json!(["a"]), "1.5"), with(json!(["b", "a"]), "1.51"), one];
    assert_eq!(ids.iter().map(Schema::id).collect::<BTreeSet<_>>().len(), 3);
    let [_, _, one] = &ids;
    let [field] = one.fields() else { panic!("one field") };
    assert_eq!(
        (field.aliases(), field.default()),
        (&["a".into(), "b".into()][..], Some(&Value::Decimal(150)))
    );
}

fn one(field: Json) -> Schema {
    schema("1.0.0", &json!([field]))
}

fn reading(base: Json, actual: Json) -> Reading {
    Reading::new(&one(base), &one(actual)).unwrap()
}

#[test]
fn readings_say_where_and_by_how_much() {
    let old = schema(
        "1.0.0",
        &json!([
            { "name": "a", "type": "int(8)" },
            { "name": "b", "type": "uint(8)", "optional": true },
            { "name": "c", "type": "text", "optional": true },
            { "name": "d", "type": "date", "default": "0001-01-08" },
            { "name": "e", "type": "uint(4)", "optional": true, "default": 3 },
            { "name": "f", "type": "text", "default": "none" },
            { "name": "g", "type": "bytes", "optional": true },
        ]),
    );
    let new = schema(
        "2.0.0",
        &json!([
            { "name": "c", "type": "text" },
            { "name": "b", "type": "uint(8)" },
            { "name": "x", "type": "int(16)", "aliases": ["a"] },
        ]),
    );
    let reading = Reading::new(&old, &new).unwrap();
    let signed = |message, shift| Some(Read::Signed { message, shift });
    let message = |reading: &Reading, slot| reading.message(slot).ok().cloned();
    for slot in 0..FIRST_FIELD {
        assert_eq!(message(&reading, slot), signed(slot, 0));
        assert_eq!(reading.base_message(slot), Some(slot));
        assert!(reading.covers(slot));
    }
    assert_eq!(message(&reading, 4), signed(6, 32_768 - 128));
    assert_eq!(message(&reading, 5), signed(5, -1));
    assert_eq!(message(&reading, 6), signed(4, 0));
    let constants = [
        (Encoded::Integer(7), Some(7)),
        (Encoded::Integer(3), Some(4)),
        (Encoded::Text("none".into()), None),
        (Encoded::Absent, None),
    ];
    for (i, (encoded, integer)) in constants.into_iter().enumerate() {
        assert_eq!(reading.message(7 + i), Ok(&Read::Constant { encoded, integer }));
    }
    assert_eq!([4, 5, 6].map(|message| reading.base_message(message)), [Some(6), Some(5), Some(4)]);
    assert_eq!(reading.message(11), Err(&Unreadable::NoMessage));
    assert!([7, usize::MAX].iter().all(|message| reading.base_message(*message).is_none()));
    assert!(!reading.covers(4) && reading.covers(5) && reading.covers(7) && !reading.covers(11));
    // The other way the widths meet, and nothing is constant.
    let back = Reading::new(&new, &old).unwrap();
    assert_eq!(message(&back, 6), signed(4, 128 - 32_768));
    assert!(back.covers(6) && back.message(4).is_err() && back.message(5).is_err());
    let absent = Reading::new(&one(json!({ "name": "z", "type": "bool", "optional": true })), &new);
    let constant = Read::Constant { encoded: Encoded::Absent, integer: Some(0) };
    assert_eq!(absent.unwrap().message(4), Ok(&constant));
    let other = Schema::parse(old.to_document().canonical().replace("org/x", "org/y").as_bytes());
    let unrelated = Reading::new(&other.unwrap(), &new).unwrap_err().to_string();
    assert!(unrelated.contains("org/x") && unrelated.contains("org/y"), "{unrelated}");
}

/// Present text and bytes have one scalar, whether they may be absent or not.
#[test]
fn reading_optional_text_from_required_text_is_reading_one_scalar() {
    let interface = Interface::typed(Suite::Sha256);
    for (kind, text) in [("text", "Zürich"), ("text", ""), ("bytes", "3q2-7w"), ("bytes", "")] {
        let optional = one(json!({ "name": "t", "type": kind, "optional": true }));
        let required = one(json!({ "name": "t", "type": kind }));
        let scalars = [&optional, &required].map(|schema| {
            let field = &schema.fields()[0];
            let value = field.field_type().parse_text(text).unwrap();
            field.to_scalar(Some(&value), interface).unwrap()
        });
        assert_eq!(scalars[0], scalars[1]);
        let reading = Reading::new(&optional, &required).unwrap();
        assert_eq!(reading.message(4), Ok(&Read::Signed { message: 4, shift: 0 }));
        assert_eq!(Reading::new(&required, &optional).unwrap().base_message(4), None);
    }
}

#[test]
fn reject_absence_as_a_value() {
    for kind in ["bool", "uint(8)", "int(8)", "decimal(2,8)", "date", "code", "text", "bytes"] {
        let reading = reading(
            json!({ "name": "n", "type": kind }),
            json!({ "name": "n", "type": kind, "optional": true }),
        );
        assert_eq!(reading.message(4), Err(&Unreadable::MayBeAbsent { field: "n".into() }));
        assert_eq!((reading.base_message(4), reading.covers(4)), (None, false));
    }
}

/// −129 of `int(9)` would be the integer of absence in an optional `int(8)`.
#[test]
fn reject_integers_of_another_width_where_absence_has_a_place() {
    for (base, actual) in [(true, true), (true, false), (false, true)] {
        let reading = reading(
            json!({ "name": "n", "type": "int(8)", "optional": base }),
            json!({ "name": "n", "type": "int(9)", "optional": actual }),
        );
        let refused = matches!(reading.message(4), Err(Unreadable::OptionalInteger { .. }));
        assert!(refused, "{base} {actual}: {reading:?}");
    }
}

#[test]
fn reject_codes_with_another_meaning() {
    let names = |names: Json| json!({ "name": "s", "type": { "enum": names } });
    for (base, actual) in [
        (json!({ "a": 0, "b": 1 }), json!({ "a": 1, "b": 0 })),
        (json!({ "a": 0, "b": 1 }), json!({ "a": 0, "b": 2 })),
        (json!({ "a": 0, "b": 1 }), json!({ "a": 0, "c": 1 })),
        (json!({ "a": 0 }), json!({ "z": 0, "a": 1 })),
    ] {
        for (base, actual) in [(&base, &actual), (&actual, &base)] {
            let reading = reading(names(base.clone()), names(actual.clone()));
            assert!(reading.message(4).is_err(), "{base} {actual}");
        }
    }
    let more = reading(names(json!({ "a": 0, "b": 1 })), names(json!({ "b": 1, "c": 900 })));
    assert!(more.message(4).is_ok() && !more.covers(4));
}

/// The former name of a field is not found twice, however the two versions came to it.
#[test]
fn reject_fields_that_could_be_two() {
    let field = |name: &str, former: &[&str]| {
        let kind = "uint(8)";
        json!({ "name": name, "type": kind, "default": 0, "aliases": former })
    };
    for (a, b) in [
        (json!([field("a", &[]), field("b", &[])]), json!([field("a", &["b"])])),
        (json!([field("a", &[]), field("b", &[])]), json!([field("c", &["a", "b"])])),
        (json!([field("g", &["i"])]), json!([field("g", &[]), field("i", &[])])),
        (json!([field("g", &["i"])]), json!([field("e", &["i"])])),
        (json!([field("g", &["i"])]), json!([field("g", &[]), field("e", &["i"])])),
    ] {
        let (a, b) = (schema("1.0.0", &a), schema("2.0.0", &b));
        for (base, actual) in [(&a, &b), (&b, &a)] {
            let reading = Reading::new(base, actual).unwrap();
            for (i, field) in base.fields().iter().enumerate() {
                let refused = reading.message(FIRST_FIELD + i).unwrap_err();
                assert!(refused.is_ambiguous(), "{}: {refused}", field.name());
            }
            assert!((FIRST_FIELD..9).all(|message| reading.base_message(message).is_none()));
        }
    }
}

#[test]
fn what_is_always_revealed_is_not_overlooked() {
    let plain = json!({ "name": "n", "type": "bool" });
    let always = json!({ "name": "m", "type": "bool", "disclosure": "always" });
    let (old, new) = (one(plain.clone()), schema("1.1.0", &json!([plain, always])));
    assert_eq!(Reading::new(&old, &new).unwrap().unasked(), [5]);
    assert!(Reading::new(&new, &old).unwrap().unasked().is_empty());
    // Nor is one that the base knows by name and can't read.
    let named = |kind: &str, limit: &str| {
        let name = "n";
        json!({ "name": name, "type": kind, "disclosure": limit, "optional": true })
    };
    assert_eq!(reading(named("date", "always"), named("code", "always")).unasked(), [4]);
    assert!(reading(named("date", "always"), named("code", "allowed")).unasked().is_empty());
    assert!(reading(named("date", "allowed"), named("date", "always")).unasked().is_empty());
    use Disclosure::{Allowed, Always, Never};
    let admitted = [Always, Allowed, Never]
        .map(|limit| [Always, Allowed, Never].map(|rules| limit.admits(rules)));
    assert_eq!(admitted, [[true, false, false], [true; 3], [false, false, true]]);
}

#[test]
fn a_diff_is_a_document() {
    let (old, new) = (
        one(json!({ "name": "n", "type": "uint(8)" })),
        one(json!({ "name": "n", "type": "uint(9)" })),
    );
    let diff = diff(&old, &new);
    let document: Json = serde_json::from_str(&diff.to_document().canonical()).unwrap();
    assert_eq!((&document["class"], &document["bump"]), (&json!("backward"), &json!("minor")));
    assert!(document["finding"].as_str().unwrap().contains("1.1.0"));
    let change = &document["changes"][1];
    for (key, text) in [
        ("kind", "type-widened"),
        ("field", "n"),
        ("side", "new"),
        ("place", "$.fields[0].type"),
        ("what", "uint(8) → uint(9)"),
        ("class", "backward"),
    ] {
        assert_eq!(change[key], text);
    }
    assert!(change["reason"].as_str().unwrap().contains("predicates hold"));
}
