//! Findings over small policies, each beside one that has none, and over the published policies.

use super::*;

const SCHEMA: &str = r#"
format = "sigil-schema/1"
name = "example.org/person"
version = "1.0.0"
fields = [
  { name = "birth_date", type = "date" },
  { name = "country", type = "code" },
  { name = "member", type = "bool" },
  { name = "level", type = "uint(8)" },
  { name = "score", type = "uint(8)", optional = true },
  { name = "kind", type = { enum = { person = 0, company = 1, fund = 5, trust = 6, state = 7 } } },
  { name = "tax", type = "uint(32)", disclosure = "never" },
  { name = "town", type = "text" },
]
"#;

const ISSUER: &str = "did:key:zUC71ycD9vfV1vX4LF4xWDjEVmJEm1WpctpccwS19bKyBYoamN69ThVikKjQfqF8AXcUdwN29M7wL1S3juKz4v99mZu3JPF5HA8Wru49STh1ZSNStiiCT4hExyQdpzLBeXU2Wet";

fn schema() -> Schema {
    Schema::parse(SCHEMA.as_bytes()).unwrap()
}

fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

/// A policy over one role, or over two with a second line of the same schema.
fn policy(expressions: &[&str], rest: &str) -> Policy {
    let predicate = |(i, expr): (usize, &&str)| {
        format!("[[predicates]]\nname = \"p{i}\"\nexpr = \"\"\"{expr}\"\"\"\n")
    };
    let predicates: String = expressions.iter().enumerate().map(predicate).collect();
    let id = schema().id();
    let text = format!(
        "format = \"sigil-policy/1\"\nid = \"example.org/p\"\nversion = \"1.0.0\"\n\
         leap_day = \"feb28\"\n{rest}\n[[roles]]\nname = \"card\"\nschema = \"{id}\"\n\
         issuers = [\"{ISSUER}\"]\n{predicates}"
    );
    Policy::parse(text.as_bytes()).unwrap()
}

fn found(expressions: &[&str], rest: &str) -> Vec<String> {
    let findings = policy(expressions, rest).check(&[schema()], now());
    findings.iter().map(|f| format!("{} {}: {}", f.severity, f.place, f.message)).collect()
}

#[track_caller]
fn assert_found(expressions: &[&str], rest: &str, expected: &[&str]) {
    assert_eq!(found(expressions, rest), expected, "{expressions:?}");
}

#[test]
fn an_ordinary_policy_has_no_findings() {
    let adult = "card.birth_date <= today - years(18)";
    let country = r#"card.country in ["CH", "AT", "DE", "FR", "LI"]"#;
    let either = "card.level >= 100 || card.score >= 50";
    assert_found(&[adult, country, either], "", &[]);
}

#[test]
fn rules_that_nobody_or_everybody_satisfies() {
    let nobody = "card.level >= 10 && card.level < 10";
    assert_found(&[nobody], "", &["error $.predicates[0]: predicate p0: no value satisfies it"]);
    assert_found(
        &["card.level >= 10 || card.level < 10"],
        "",
        &["warning $.predicates[0]: predicate p0: every value satisfies it"],
    );
    // An absent score satisfies neither side.
    assert_found(&["card.score >= 10 || card.score < 10"], "", &[]);
    // Who is born today is not of age, and time passes: the same dates contradict each other later.
    let window = "card.birth_date <= today - years(18) && card.birth_date >= date(\"2008-06-01\")";
    assert_found(
        &[window],
        "",
        &["warning card.birth_date: disclosed: the rules leave one value of this hidden claim, \
           2008-06-01"],
    );
    let earlier = policy(&[window], "").check(&[schema()], "2026-05-31T00:00:00Z".parse().unwrap());
    assert_eq!(earlier.worst(), Some(Severity::Error));
}

#[test]
fn contradictions_name_both_places() {
    assert_found(
        &["card.level >= 20", "card.country == \"CH\" || card.member", "card.level < 20"],
        "",
        &["error $.predicates[0]: it contradicts $.predicates[2]: no holder satisfies both"],
    );
    assert_found(
        &["card.level >= 20 || card.member", "card.level < 20", "card.member == false"],
        "",
        &["error $.predicates: no holder satisfies all rules together"],
    );
    // A list of accepted values contradicts a predicate on the revealed claim as well.
    let rest = "[[claims]]\npath = \"card.level\"\ndisclosure = \"must\"\none_of = [1, 2]\n";
    assert_found(
        &["card.level >= 3"],
        rest,
        &["error $.predicates[0]: it contradicts $.claims[0].one_of: no holder satisfies both"],
    );
}

#[test]
fn texts_only_equal_or_differ() {
    let claims = |a: &str, b: &str| {
        format!(
            "equal = [[\"card.town\", \"second.town\"]]\n[[claims]]\npath = \"card.town\"\n\
             disclosure = \"must\"\none_of = [{a}]\n[[claims]]\npath = \"second.town\"\n\
             disclosure = \"must\"\none_of = [{b}]\n[[roles]]\nname = \"second\"\n\
             schema = \"{}\"\nissuers = [\"{ISSUER}\"]\n",
            schema().id()
        )
    };
    let open = "note $.equal[0]: both claims are revealed, so they are compared in the open";
    assert_found(&[], &claims("\"Bern\", \"Chur\"", "\"Chur\""), &[open]);
    assert_found(
        &[],
        &claims("\"Bern\"", "\"Chur\""),
        &["error $.predicates: no holder satisfies all rules together", open],
    );
}

#[test]
fn what_is_declared_and_not_proven_is_noted() {
    let role = format!(
        "pseudonym = {{ scope = \"2026\" }}\n[[roles]]\nname = \"second\"\nschema = \"{}\"\n\
         issuers = [\"{ISSUER}\"]\n\
         lists = [{{ list = \"https://x.example/list\", authority = \"{ISSUER}\", max_age = 24 }}]\n",
        schema().id()
    );
    assert_found(
        &[],
        &role,
        &["note $.pseudonym: the scope of a pseudonym is declared, and none is proven"],
    );
}

#[test]
fn branches_that_decide_nothing() {
    assert_found(
        &["card.member == false", "card.level >= 100 || (card.member && card.level >= 50)"],
        "",
        &[
            "warning $.predicates[1]: branch 2 can't be reached: the other rules contradict it",
            "warning card.member: disclosed: the rules leave one value of this hidden claim, false",
        ],
    );
    assert_found(
        &["card.level >= 100 || card.level >= 150"],
        "",
        &["warning $.predicates[0]: branch 2 holds only where another branch does"],
    );
    assert_found(
        &["card.level >= 100", "card.score >= 3"],
        "accept = \"p0 || p0 && p1\"",
        &["warning $.accept: branch 2 holds only where another branch does"],
    );
    assert_found(&["card.level >= 100 || card.score >= 150"], "", &[]);
}

#[test]
fn hidden_values_that_are_pinned() {
    assert_found(
        &["card.level >= 7", "card.level <= 7"],
        "",
        &["warning card.level: disclosed: the rules leave one value of this hidden claim, 7"],
    );
    // Equality with what is revealed, of another credential or of the same one, is left to it.
    assert_found(
        &["card.country in [\"CH\", \"LI\"]"],
        "",
        &["warning card.country: the rules leave 2 values of it: CH, LI"],
    );
    assert_found(
        &["card.kind != \"person\" && card.kind != \"company\""],
        "",
        &["warning card.kind: the rules leave 3 values of it: fund, trust, state"],
    );
    assert_found(
        &["!has(card.score)"],
        "",
        &["warning card.score: disclosed: the rules leave one value of this hidden claim, absent"],
    );
    // Pinned through a sum: 2·level + level = 3·7.
    assert_found(
        &["2 * card.level + card.score <= 1", "card.score >= 1"],
        "",
        &[
            "warning card.level: disclosed: the rules leave one value of this hidden claim, 0",
            "warning card.score: disclosed: the rules leave one value of this hidden claim, 1",
        ],
    );
}

#[test]
fn faults_and_warnings_of_compilation_are_findings() {
    let must = "[[claims]]\npath = \"card.tax\"\ndisclosure = \"must\"\n";
    let findings = policy(&[], must).check(&[schema()], now());
    assert_eq!(findings.worst(), Some(Severity::Error));
    assert!(!findings.usable());
    assert_eq!(findings.iter().next().unwrap().place, "$.claims[0].disclosure");
    let unused = policy(&[], "[params]\nx = 3\n").check(&[schema()], now());
    assert_eq!(unused.iter().next().unwrap().place, "$.params.x");
    let text = policy(&[], "").to_document().canonical().replace("\"hidden\"", "\"skip\"");
    let skip = Policy::parse(text.as_bytes()).unwrap().check(&[schema()], now());
    assert_eq!(skip.worst(), Some(Severity::Warning));
    assert_eq!(skip.iter().next().unwrap().place, "$.roles[0].validity");
}

#[test]
fn two_policies_on_one_holder_narrow_a_claim() {
    let adult = policy(&["card.birth_date <= today - years(18)"], "");
    let young = policy(&["card.birth_date >= date(\"2008-06-01\")"], "");
    let narrowings = adult.narrowings(&young, &[schema()], now()).unwrap();
    let [narrowing] = narrowings.as_slice() else { panic!("{narrowings:?}") };
    assert!(narrowing.narrows() && narrowing.single() && narrowing.both.exact);
    assert_eq!(narrowing.written, "2008-06-01");
    let findings = adult.check_with(&young, &[schema()], now());
    assert_eq!(findings.worst(), Some(Severity::Warning));
    let message = &findings.iter().next().unwrap().message;
    assert_eq!(message, "disclosed together with example.org/p: one value, 2008-06-01");
    // The same policy twice tells no more than once.
    let same = adult.narrowings(&adult, &[schema()], now()).unwrap();
    assert!(!same[0].narrows());
    assert_eq!(adult.check_with(&adult, &[schema()], now()).worst(), Some(Severity::Note));
    // Nor do policies about different claims.
    let other = policy(&["card.level >= 3"], "");
    assert_eq!(adult.narrowings(&other, &[schema()], now()).unwrap(), []);
    let none = policy(&["card.birth_date > today"], "");
    let nobody = adult.check_with(&none, &[schema()], now());
    assert!(nobody.iter().next().unwrap().message.starts_with("no holder satisfies"));
}

#[test]
fn a_narrowing_goes_through_other_claims() {
    let sum = policy(&["card.level + card.score >= 100"], "");
    let score = policy(&["card.score <= 10", "card.level <= 90"], "");
    let narrowings = sum.narrowings(&score, &[schema()], now()).unwrap();
    let level = narrowings.iter().find(|n| n.claim == "card.level").unwrap();
    assert!(level.single() && level.narrows(), "{level:?}");
    assert_eq!(level.written, "90");
}

/// The published policies can be used, and what they disclose is what their authors mean.
#[test]
fn the_published_policies_are_sound() {
    let read = |path: &str| {
        let root = env!("CARGO_MANIFEST_DIR");
        std::fs::read(format!("{root}/vectors/policies/{path}")).unwrap()
    };
    let schemas: Vec<Schema> = ["activity", "identity", "means"]
        .iter()
        .map(|name| Schema::parse(&read(&format!("schemas/{name}.toml"))).unwrap())
        .collect();
    let expected = [
        ("a-eu-adult-resident", vec![]),
        ("b-us-accredited", vec![]),
        ("c-sg-investor", vec![]),
        ("c2-sg-investor-mended", vec![]),
        ("d-sanctions", vec![]),
        ("e-eu-and-sg", vec![]),
        ("f-token-distribution", vec![]),
    ];
    for (name, expected) in expected {
        let policy = Policy::parse(&read(&format!("{name}.toml"))).unwrap();
        let findings = policy.check(&schemas, now());
        let told: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert_eq!(told, expected as Vec<String>, "{name}");
    }
}
