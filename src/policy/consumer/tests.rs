//! Each kind of need, met and not met.

use super::*;

const SCHEMA: &str = r#"
format = "sigil-schema/1"
name = "example.org/person"
version = "1.0.0"
fields = [
  { name = "person", type = "bytes", disclosure = "never" },
  { name = "birth_date", type = "date" },
  { name = "country", type = "code" },
  { name = "level", type = "uint(8)" },
]
"#;

const ISSUER: &str = "did:key:zUC71ycD9vfV1vX4LF4xWDjEVmJEm1WpctpccwS19bKyBYoamN69ThVikKjQfqF8AXcUdwN29M7wL1S3juKz4v99mZu3JPF5HA8Wru49STh1ZSNStiiCT4hExyQdpzLBeXU2Wet";

const POLICY: &str = r#"
format = "sigil-policy/1"
id = "example.org/p"
version = "1.0.0"
leap_day = "feb28"
equal = [["kyc.person", "bank.person"], ["bank.person", "fund.person"]]
roles = [
  { name = "kyc", schema = "SCHEMA", issuers = ["ISSUER"] },
  { name = "bank", schema = "SCHEMA", issuers = ["ISSUER"], validity = "skip" },
  { name = "fund", schema = "SCHEMA", issuers = ["ISSUER"], validity = "reveal" },
]
claims = [
  { path = "kyc.country", disclosure = "must", one_of = ["CH", "LI"] },
  { path = "bank.country", disclosure = "may" },
]
predicates = [
  { name = "adult", expr = "kyc.birth_date <= today - years(18)" },
  { name = "level", expr = "kyc.level >= 50 && (bank.level >= 100 || fund.level >= 100)" },
  { name = "pinned", expr = "fund.level <= 0" },
]
"#;

fn check(needs: &str) -> Vec<(Derived, String)> {
    let schema = Schema::parse(SCHEMA.as_bytes()).unwrap();
    let policy = POLICY.replace("SCHEMA", &schema.id().to_string()).replace("ISSUER", ISSUER);
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let consumer =
        format!("format = \"sigil-consumer/1\"\nneeds = [{needs}]\n[params]\nold = 21\n");
    let consumer = Consumer::parse(consumer.as_bytes()).unwrap();
    let at = "2026-06-01T12:00:00Z".parse().unwrap();
    let derived = policy.check_consumer(&consumer, &[schema], at).unwrap();
    derived.into_iter().map(|found| (found.derived, found.message)).collect()
}

#[track_caller]
fn assert_derived(need: &str, derived: Derived, told: &str) {
    let found = check(need);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, derived, "{found:?}");
    assert!(found[0].1.contains(told), "{found:?}");
}

#[test]
fn values_are_there_where_they_must_be_revealed() {
    assert_derived("{ value = \"kyc.country\" }", Derived::Yes, "must be revealed");
    assert_derived("{ value = \"bank.country\" }", Derived::No, "make the claim `must`");
    assert_derived("{ value = \"kyc.birth_date\" }", Derived::No, "stays hidden");
    assert_derived("{ value = \"fund.level\" }", Derived::Yes, "one value");
    assert_derived("{ value = \"kyc.iris\" }", Derived::No, "correct the path");
}

#[test]
fn facts_are_there_where_the_rules_imply_them() {
    let fact = |fact: &str| format!("{{ fact = '''{fact}''' }}");
    let adult = "kyc.birth_date <= today - years(18)";
    assert_derived(&fact(adult), Derived::Yes, "one of the rules");
    assert_derived(&fact("kyc.birth_date <= today - years(16)"), Derived::Yes, "imply");
    let older = "kyc.birth_date <= today - years(params.old)";
    assert_derived(&fact(older), Derived::No, "add the predicate `kyc.birth_date <= today");
    assert_derived(&fact(r#"kyc.country in ["CH", "LI", "AT"]"#), Derived::Yes, "imply");
    assert_derived(&fact(r#"kyc.country == "CH""#), Derived::No, "let it be false");
    // The pinned branch leaves the other one.
    assert_derived(&fact("bank.level >= 70"), Derived::Yes, "imply");
    assert_derived(&fact("fund.level + kyc.level >= 50"), Derived::Yes, "imply");
    assert_derived(&fact("bank.country == \"CH\""), Derived::No, "may or may not be revealed");
    assert_derived(&fact("kyc.iris == 3"), Derived::No, "no field");
}

#[test]
fn circumstances_are_there_where_the_policy_asks_for_them() {
    assert_derived("{ issuer = \"kyc\" }", Derived::Yes, "shown");
    assert_derived("{ issuer = \"tax\" }", Derived::No, "no role tax");
    assert_derived("{ valid = \"kyc\" }", Derived::Yes, "proven");
    assert_derived("{ valid = \"fund\" }", Derived::Yes, "shown");
    assert_derived("{ valid = \"bank\" }", Derived::No, "validity = \"hidden\"");
    assert_derived("{ same = [\"fund.person\", \"kyc.person\"] }", Derived::Yes, "asks for it");
    assert_derived("{ same = [\"fund.level\", \"kyc.level\"] }", Derived::No, "under equal");
    assert_derived("{ person = \"once\" }", Derived::No, "pseudonym scope");
}

/// What the rules come to, though it does not stand under `equal`, is not said to be missing; and
/// what is only declared is not promised.
#[test]
fn reject_wrong_answers_about_equality_and_persons() {
    let schema = Schema::parse(SCHEMA.as_bytes()).unwrap();
    let policy = POLICY
        .replace("SCHEMA", &schema.id().to_string())
        .replace("ISSUER", ISSUER)
        .replace("fund.level <= 0", "fund.level == bank.level")
        .replace("leap_day", "pseudonym = { scope = \"once\" }\nleap_day");
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let needs = "{ same = [\"fund.level\", \"bank.level\"] }, { person = \"once\" }, \
                 { same = [\"fund.level\", \"kyc.level\"] }";
    let consumer = format!("format = \"sigil-consumer/1\"\nneeds = [{needs}]");
    let consumer = Consumer::parse(consumer.as_bytes()).unwrap();
    let at = "2026-06-01T12:00:00Z".parse().unwrap();
    let found = policy.check_consumer(&consumer, &[schema], at).unwrap();
    let found: Vec<Derived> = found.iter().map(|one| one.derived).collect();
    assert_eq!(found, [Derived::Undecided, Derived::No, Derived::No]);
}

#[test]
fn a_faulty_document_is_refused_with_its_place() {
    for (needs, place) in [
        ("", "$.needs"),
        ("{ }", "$.needs[0]"),
        ("{ value = \"a.b\", fact = \"a.b >= 1\" }", "$.needs[0]"),
        ("{ wish = \"a.b\" }", "$.needs[0].wish"),
        ("{ fact = \"a.b >>= 1\" }", "$.needs[0].fact"),
        ("{ same = [\"a.b\"] }", "$.needs[0].same"),
        ("{ person = \"twice\" }", "$.needs[0].person"),
    ] {
        let text = format!("format = \"sigil-consumer/1\"\nneeds = [{needs}]");
        assert_eq!(Consumer::parse(text.as_bytes()).unwrap_err().path(), place, "{needs}");
    }
}
