//! Each class of change by example, and the directions against brute force.

use super::*;
use crate::policy::meet::tests::Generator;

const SCHEMA: &str = r#"
format = "sigil-schema/1"
name = "example.org/person"
version = "1.0.0"
fields = [
  { name = "level", type = "uint(8)" },
  { name = "score", type = "uint(8)" },
  { name = "country", type = "code" },
  { name = "born", type = "date" },
]
"#;

const ISSUERS: [&str; 2] = [
    "did:key:zUC71ycD9vfV1vX4LF4xWDjEVmJEm1WpctpccwS19bKyBYoamN69ThVikKjQfqF8AXcUdwN29M7wL1S3juKz4v99mZu3JPF5HA8Wru49STh1ZSNStiiCT4hExyQdpzLBeXU2Wet",
    "did:key:zUC7GP72or4sip4i9xQXoHp8cBCeBmEJRszUqtSjmgPkNN2ZPAuA9cTNSZVst5sQiGBL16CvkhReFW9mVMCE876o7CADCc2wXiGYaGxsNDdA9ecYyfrBPPKg57X8SkXyMLypSRU",
];

fn schema() -> Schema {
    Schema::parse(SCHEMA.as_bytes()).unwrap()
}

/// A policy with a predicate `p` over `params.x`, a predicate `q` and a claim.
const BASE: &str = r#"
format = "sigil-policy/1"
id = "example.org/p"
version = "1.0.0"
retention = { days = 30 }
leap_day = "feb28"
params = { x = 10, y = ["CH", "AT"] }
[[roles]]
name = "card"
schema = "SCHEMA"
issuers = ["ISSUER0", "ISSUER1"]
[[claims]]
path = "card.country"
disclosure = "may"
[[predicates]]
name = "p"
expr = "card.level >= params.x"
[[predicates]]
name = "q"
expr = "card.score in [3, 4, params.x]"
"#;

fn policy(edits: &[(&str, &str)]) -> Policy {
    let mut text = BASE.replace(", y = [\"CH\", \"AT\"]", "");
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let text = text.replace("SCHEMA", &schema().id().to_string());
    let text = text.replace("ISSUER0", ISSUERS[0]).replace("ISSUER1", ISSUERS[1]);
    Policy::parse(text.as_bytes()).unwrap()
}

fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

fn changes(old: &Policy, new: &Policy) -> (Vec<String>, bool) {
    let difference = diff(old, new, &[schema()], now()).unwrap();
    let changes = difference.changes().iter();
    let changes = changes.filter(|change| change.class != Class::NewShape);
    let texts = changes.map(|change| format!("{}: {}", change.class, change.about)).collect();
    (texts, difference.keys_serve())
}

/// An edit, the changes that it makes, and those that its reversal makes.
#[track_caller]
fn assert_changes(edits: &[(&str, &str)], expected: &[&str], back: &[&str], keys: bool) {
    let (old, new) = (policy(&[]), policy(edits));
    assert_eq!(changes(&old, &new), (expected.iter().map(|s| (*s).to_owned()).collect(), keys));
    assert_eq!(changes(&new, &old).0, back, "back");
}

#[test]
fn nothing_changes_from_a_policy_to_itself() {
    assert_changes(&[], &[], &[], true);
}

#[test]
fn words_sets_and_bounds() {
    assert_changes(&[("1.0.0", "1.1.0")], &["editorial: version"], &["editorial: version"], true);
    assert_changes(
        &[("days = 30", "days = 7")],
        &["tightened: retention"],
        &["loosened: retention"],
        true,
    );
    assert_changes(
        &[("retention = { days = 30 }", "clock_skew = 10")],
        &["loosened: retention", "tightened: clock_skew"],
        &["tightened: retention", "loosened: clock_skew"],
        true,
    );
    assert_changes(
        &[(", \"ISSUER1\"", "")],
        &["tightened: card.issuers"],
        &["loosened: card.issuers"],
        true,
    );
    let purposes = "leap_day = \"feb28\"\npurposes = [\"https://w3id.org/dpv#A\"]";
    assert_changes(
        &[("leap_day = \"feb28\"", purposes)],
        &["tightened: purposes"],
        &["loosened: purposes"],
        true,
    );
    let window = "leap_day = \"feb28\"\nvalidity = { from = \"2026-01-01T00:00:00Z\" }";
    assert_changes(
        &[("leap_day = \"feb28\"", window)],
        &["tightened: validity"],
        &["loosened: validity"],
        true,
    );
}

#[test]
fn claims_by_floor_ceiling_and_list() {
    let word = |word: &'static str| [("disclosure = \"may\"", word)];
    let country = |class: &str| format!("{class}: card.country");
    for (edit, there, back) in [
        ("disclosure = \"must\"", "tightened", "loosened"),
        ("disclosure = \"predicate\"", "tightened", "loosened"),
        ("disclosure = \"never\"", "tightened", "loosened"),
        ("disclosure = \"may\"\none_of = [\"CH\"]", "tightened", "loosened"),
    ] {
        assert_changes(&word(edit), &[&country(there)], &[&country(back)], true);
    }
    let must = policy(&word("disclosure = \"must\""));
    let never = policy(&word("disclosure = \"never\""));
    assert_eq!(changes(&must, &never).0, ["changed: card.country"]);
}

#[test]
fn predicates_by_implication_and_keys_by_shape() {
    // A moved threshold keeps the shape; in p it tightens, in q it accepts other values.
    assert_changes(&[("x = 10", "x = 12")], &["moved: params.x"], &["moved: params.x"], true);
    let alone = [(", params.x]", ", 5, 6]")];
    let (old, new) = (policy(&alone), policy(&[alone[0], ("x = 10", "x = 12")]));
    assert_eq!(changes(&old, &new), (vec!["moved, tightened: params.x".to_owned()], true));
    assert_eq!(changes(&new, &old).0, ["moved, loosened: params.x"]);
    let level = |text: &'static str| [("card.level >= params.x", text)];
    assert_changes(&level("card.level >= params.x + 1"), &["tightened: p"], &["loosened: p"], true);
    assert_changes(
        &level("card.level >= params.x || card.score >= 200"),
        &["loosened: p"],
        &["tightened: p"],
        false,
    );
    assert_changes(&level("!(card.level < params.x)"), &["editorial: p"], &["editorial: p"], true);
    assert_changes(&level("card.level <= params.x"), &["changed: p"], &["changed: p"], false);
    let added = "name = \"r\"\nexpr = \"card.score >= 1\"\n[[predicates]]\nname = \"q\"";
    assert_changes(&[("name = \"q\"", added)], &["tightened: r"], &["loosened: r"], false);
}

/// Two bounds that meet today part tomorrow.
#[test]
fn reject_agreement_at_one_instant_as_editorial() {
    let born = |text| policy(&[("card.level >= params.x", text)]);
    let moving = born("card.born <= today - years(18)");
    let fixed = born("card.born <= date(\\\"2008-06-01\\\")");
    for (old, new) in [(&fixed, &moving), (&moving, &fixed)] {
        let difference = diff(old, new, &[schema()], now()).unwrap();
        let change = difference.changes().iter().find(|change| change.about == "p").unwrap();
        assert_eq!(change.class, Class::Changed);
        assert!(change.message.contains("agree now"), "{}", change.message);
    }
    // One rule in other words is the same whatever the time; so are two that never move.
    let words = born("card.born  <= today - years(18)");
    assert_eq!(changes(&moving, &words).0, ["editorial: p"]);
    let still = born("!(card.born > date(\\\"2008-06-01\\\"))");
    assert_eq!(changes(&fixed, &still).0, ["editorial: p"]);
    // Under an acceptance expression the whole moves too.
    let accept = ("leap_day = \"feb28\"", "leap_day = \"feb28\"\naccept = \"p || q\"");
    let whole = |text| policy(&[("card.level >= params.x", text), accept]);
    let (fixed, moving) =
        (whole("card.born <= date(\\\"2008-06-01\\\")"), whole("card.born <= today - years(18)"));
    assert_eq!(changes(&fixed, &moving).0, ["changed: p", "changed: accept"]);
}

#[test]
fn under_an_acceptance_expression_the_whole_decides() {
    let accept = ("leap_day = \"feb28\"", "accept = \"p || q\"");
    let (old, new) = (policy(&[accept]), policy(&[]));
    assert_eq!(changes(&old, &new).0, ["changed: leap_day", "tightened: accept"]);
    let alone = (", params.x]", ", 5, 6]");
    let not = ("leap_day = \"feb28\"", "accept = \"!p && q\"");
    let (old, new) = (policy(&[not, alone]), policy(&[not, alone, ("x = 10", "x = 12")]));
    // p is tighter, so its negation is looser.
    assert_eq!(changes(&old, &new).0, ["moved, loosened: params.x", "loosened: accept"]);
}

#[test]
fn a_new_shape_is_named() {
    let new = policy(&[("card.level >= params.x", "card.level + card.score >= params.x")]);
    let difference = diff(&policy(&[]), &new, &[schema()], now()).unwrap();
    assert!(!difference.keys_serve());
    assert_eq!(difference.changes().last().unwrap().class, Class::NewShape);
}

/// What is tightened one way is loosened the other, over generated policies.
#[test]
fn changes_turn_around() {
    let mut generator = Generator::new(9);
    let schemas = generator.schemas.clone();
    let mut found = std::collections::BTreeMap::<Class, usize>::new();
    for _ in 0..300 {
        let (old, new) = (generator.policy(), generator.policy());
        let (Ok(there), Ok(back)) =
            (diff(&old, &new, &schemas, now()), diff(&new, &old, &schemas, now()))
        else {
            continue;
        };
        let turned = |class| match class {
            Class::Loosened => Class::Tightened,
            Class::Tightened => Class::Loosened,
            Class::Moved(Direction::Loosened) => Class::Moved(Direction::Tightened),
            Class::Moved(Direction::Tightened) => Class::Moved(Direction::Loosened),
            same => same,
        };
        let keyed = |difference: &Difference, turn: bool| {
            let changes = difference.changes().iter();
            let class = |class| if turn { turned(class) } else { class };
            let mut all: Vec<(String, Class)> =
                changes.map(|change| (change.about.clone(), class(change.class))).collect();
            all.sort();
            all
        };
        assert_eq!(keyed(&there, false), keyed(&back, true), "{old:?}\n{new:?}");
        for change in there.changes() {
            *found.entry(change.class).or_default() += 1;
        }
    }
    assert!(found.len() >= 7, "{found:?}");
}

/// What a trust list has in place of named issuers is neither more nor fewer: nobody can say.
#[test]
fn a_trust_list_in_place_of_issuers_is_one_change() {
    let signer = crate::authority::AuthorityKey::from_bytes(&[9; 32]).authority();
    let trust = format!(
        "trust = {{ list = \"https://t.example/kyc\", authority = \"{signer}\", max_age = 24 }}"
    );
    assert_changes(
        &[("issuers = [\"ISSUER0\", \"ISSUER1\"]", &trust)],
        &["changed: card.trust"],
        &["changed: card.trust"],
        false,
    );
}
