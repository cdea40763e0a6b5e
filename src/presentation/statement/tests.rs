//! `ph` item by item, and what a statement refuses by itself.

use super::*;
use crate::bbs::Suite;
use crate::document::Document;
use crate::policy::Policy;
use crate::presentation::tests::scenario::{
    ADULT, IDENTITY, SIXTEEN, SIXTEEN_RECORD, Scenario, pair, request, rng, sixteen, time,
};
use crate::request::Nonce;
use std::collections::HashSet;

fn choices(scenario: &Scenario) -> Vec<Choice> {
    let disclose = |(role, credential): (usize, &crate::credential::Credential)| {
        let must = scenario.terms.policy.roles()[role].must();
        let value = |&index: &usize| (index, credential.encoded(index).unwrap());
        let disclosed = must.iter().map(value).collect();
        Choice { signer: Signer::Named(0), version: 0, window: None, disclosed }
    };
    scenario.credentials.iter().enumerate().map(disclose).collect()
}

fn copy(terms: &Terms) -> Terms {
    let role = |role: &RoleTerms| RoleTerms(role.0.clone());
    Terms {
        bundle: terms.bundle,
        policy: terms.policy.clone(),
        key: terms.key.clone(),
        roles: terms.roles.iter().map(role).collect(),
        entries: terms.entries.clone(),
    }
}

/// Two roles of one schema and, without predicates, one hidden equality.
const TWINS: &str = r#"
format = "sigil-policy/1"
id = "example.org/twins"
version = "1.0.0"
equal = [["a.rank", "b.rank"]]
[[roles]]
name = "a"
schema = "{schema0}"
issuers = ["{issuer0}"]
validity = "skip"
[[roles]]
name = "b"
schema = "{schema1}"
issuers = ["{issuer1}"]
validity = "skip"
"#;

/// Every item of the statement, changed alone and against all other rules, changes `ph`.
#[test]
fn reject_every_changed_item_of_the_statement() {
    let scenario = pair();
    let good = scenario.prove(1).unwrap();
    let part = good.predicate.as_ref().unwrap();
    let links: Vec<_> = good
        .credentials
        .iter()
        .map(|part| part.link.as_ref().map(FirstMessages::link_points))
        .collect();
    let mut seen = HashSet::new();
    let mut record = |name: &str, statement: &Statement<'_>, links: &[Option<[G1Affine; 2]>]| {
        let first = FirstMessages {
            predicate: Some((&part.proof, &part.d, &part.link.k_d)),
            links: links.to_vec(),
            k: good.shared.as_ref().map(|shared| shared.k),
        };
        assert!(seen.insert(statement.presentation_header(&first)), "{name} changed nothing");
    };
    let choices = choices(&scenario);
    let fresh =
        || Statement::new(&scenario.terms, &scenario.request, &choices, Vec::new()).unwrap();
    record("the original", &fresh(), &links);
    let first = links[0];
    record("the first link only", &fresh(), &[first, None]);
    record("the same as the second link", &fresh(), &[None, first]);

    type Change<'a> = (&'static str, fn(&mut Statement<'a>));
    let changes: [Change<'_>; 11] = [
        ("the request", |s| s.request = RequestDigest::from_bytes([7; 32])),
        ("an issuer", |s| s.members[0].issuer = s.members[1].issuer),
        ("the schema", |s| s.members[0].header = s.members[1].header.clone()),
        ("a window", |s| s.credentials[0].window = SigningWindow::new(1, 2)),
        ("another end", |s| s.credentials[0].window = SigningWindow::new(1, 3)),
        ("another beginning", |s| s.credentials[0].window = SigningWindow::new(0, 2)),
        ("a disclosed index", |s| s.credentials[0].values[0].0 += 1),
        ("a disclosed value", |s| s.credentials[0].values[0].1 = Encoded::Absent),
        ("nothing disclosed", |s| s.credentials[0].values.clear()),
        ("disclosed by the other", |s| {
            s.credentials[1].values = std::mem::take(&mut s.credentials[0].values);
        }),
        ("a parameter", |s| s.params[0] += 1),
    ];
    for (name, change) in changes {
        let mut statement = fresh();
        change(&mut statement);
        record(name, &statement, &links);
    }

    let shape = scenario.terms.policy.shape().unwrap();
    let key = circuits::setup(shape, &mut rng(98)).unwrap().into_verifying_key();
    let count = scenario.terms.roles[0].0[0].0.count();
    let shake = Generators::new(Interface::typed(Suite::Shake256), count).unwrap();
    let mut statement = fresh();
    statement.members[0].generators = &shake;
    record("the suite", &statement, &links);
    type Bend<'a> = (&'static str, &'a dyn Fn(&mut Terms));
    let terms: [Bend<'_>; 2] = [
        ("the bundle", &|terms| terms.bundle = BundleHash::from_bytes([8; 32])),
        ("the verifying key", &|terms| terms.key = Some(key.clone())),
    ];
    for (name, change) in terms {
        let mut terms = copy(&scenario.terms);
        change(&mut terms);
        let statement = Statement { terms: &terms, ..fresh() };
        record(name, &statement, &links);
    }
}

/// The messages that an equality speaks of are hashed, each side.
#[test]
fn reject_equality_of_other_messages() {
    let scenario = Scenario::new(TWINS, &[(IDENTITY, ADULT), (IDENTITY, ADULT)]);
    let text = scenario.bundle.policy().to_document().canonical();
    let mut seen = HashSet::new();
    for pair in [["a.rank", "b.rank"], ["a.grade", "b.rank"], ["a.rank", "b.grade"]] {
        let [a, b] = pair;
        let policy = text.replace("[\"a.rank\",\"b.rank\"]", &format!("[\"{a}\",\"{b}\"]"));
        let policy = Policy::parse(policy.as_bytes()).unwrap();
        let mut terms = copy(&scenario.terms);
        terms.policy = policy.compile(&scenario.plain_schemas()).unwrap();
        let statement =
            Statement::new(&terms, &scenario.request, &choices(&scenario), Vec::new()).unwrap();
        let first = FirstMessages { predicate: None, links: vec![None; 2], k: None };
        assert!(seen.insert(statement.presentation_header(&first)), "{a} == {b} changed nothing");
    }
}

#[test]
fn reject_request_under_another_bundle() {
    let scenario = sixteen();
    let foreign = request(BundleHash::from_bytes([9; 32]), 1);
    let error =
        Statement::new(&scenario.terms, &foreign, &choices(&scenario), Vec::new()).unwrap_err();
    assert_eq!(error, StatementError::OtherPolicy);
}

/// An hour that the circuit's 22 bits cannot say is refused before any proof is looked at.
#[test]
fn reject_times_beyond_the_range_of_validity() {
    let scenario = sixteen();
    let (from, until) = (time("2500-01-01T00:00:00Z"), time("2500-01-01T01:00:00Z"));
    let (bundle, nonce) = (scenario.bundle.hash(), Nonce::from_bytes([1; 32]));
    let late = PresentationRequest::new(bundle, "x", nonce, from, until).unwrap();
    let error =
        Statement::new(&scenario.terms, &late, &choices(&scenario), Vec::new()).unwrap_err();
    assert_eq!(error, StatementError::Range);
}

#[test]
fn reject_disclosed_values_of_no_type() {
    let scenario = Scenario::new(&sixteen_revealed(), &[(SIXTEEN, SIXTEEN_RECORD)]);
    let good = choices(&scenario);
    assert!(Statement::new(&scenario.terms, &scenario.request, &good, Vec::new()).is_ok());
    let tier = good[0].disclosed.iter().position(|(index, _)| *index == 5).unwrap();
    for (name, at, value) in [
        ("an hour of 23 bits", 1, Encoded::Integer(1 << VALIDITY_BITS)),
        ("an hour that is none", 1, Encoded::Absent),
        ("nine bits of eight", tier, Encoded::Integer(256)),
        ("text for a number", tier, Encoded::Text("3".to_owned())),
        ("absent though required", tier, Encoded::Absent),
    ] {
        let mut bad = good.clone();
        bad[0].disclosed[at].1 = value;
        let error =
            Statement::new(&scenario.terms, &scenario.request, &bad, Vec::new()).unwrap_err();
        assert!(matches!(error, StatementError::Value { .. }), "{name}: {error}");
    }
}

fn sixteen_revealed() -> String {
    let policy = crate::presentation::tests::scenario::SIXTEEN_POLICY;
    policy.replacen("[[claims]]", "validity = \"reveal\"\n\n[[claims]]", 1)
}

/// More slots than a presentation carries: 130 fields in predicates.
#[test]
fn reject_terms_that_no_presentation_could_carry() {
    let names: Vec<String> = (0..MAX_SLOTS + 2).map(|i| format!("f{i}")).collect();
    let field = |name: &String| format!("{{ name = \"{name}\", type = \"uint(1)\" }}");
    let fields: Vec<String> = names.iter().map(field).collect();
    let schema = format!(
        "format = \"sigil-schema/1\"\nname = \"x\"\nversion = \"1.0.0\"\nfields = [{}]",
        fields.join(", ")
    );
    let schema = Schema::parse(schema.as_bytes()).unwrap();
    let rule = |(i, names): (usize, &[String])| {
        let parts: Vec<String> = names.iter().map(|name| format!("a.{name} == 1")).collect();
        let expr = parts.join(" && ");
        format!("[[predicates]]\nname = \"p{i}\"\nexpr = \"{expr}\"\n")
    };
    let compile = |names: &[String]| {
        let key = crate::bbs::SecretKey::random(&mut rng(1));
        let policy = format!(
            "format = \"sigil-policy/1\"\nid = \"x\"\nversion = \"1.0.0\"\n[[roles]]\nname = \"a\"\n\
             schema = \"{}\"\nvalidity = \"skip\"\nissuers = [\"{}\"]\n{}",
            schema.id(),
            crate::did_key::encode(key.public_key()),
            names.chunks(10).enumerate().map(rule).collect::<String>()
        );
        let policy = Policy::parse(policy.as_bytes()).unwrap();
        let compiled = policy.compile(std::slice::from_ref(&schema)).unwrap();
        let key = circuits::setup(compiled.shape().unwrap(), &mut rng(2)).unwrap();
        let key = key.into_verifying_key();
        let bundle = Bundle::pin(policy, Some(&key));
        Terms::new(&bundle, std::slice::from_ref(&schema), Some(key))
    };
    assert!(compile(&names[..MAX_SLOTS]).is_ok());
    assert!(matches!(compile(&names), Err(TermsError::TooLarge)));
}

#[test]
fn reject_unsigned_where_authority_is_named() {
    let scenario = pair();
    let key = crate::authority::AuthorityKey::from_bytes(&[7; 32]);
    let Document::Object(mut policy) = scenario.bundle.policy().to_document() else {
        panic!("an object")
    };
    policy.insert("authority".to_owned(), Document::Text(key.authority().to_string()));
    let policy = Policy::from_document(&Document::Object(policy)).unwrap();
    let verifying = scenario.terms.verifying_key().cloned();
    let unsigned = Bundle::pin(policy, verifying.as_ref());
    let error = Terms::new(&unsigned, &scenario.plain_schemas(), verifying.clone()).unwrap_err();
    assert!(matches!(error, TermsError::Unsigned), "{error}");
    let signed = unsigned.sign(&key).unwrap();
    assert!(Terms::new(&signed, &scenario.plain_schemas(), verifying).is_ok());
}

/// A bundle that names a key of another circuit under the shape of its own: the key would be held to other
/// slots and parameters than the policy's.
#[test]
fn reject_key_of_another_shape() {
    let (scenario, other) = (sixteen(), pair());
    let shape = scenario.terms.policy().shape().unwrap().id();
    let key = other.terms.verifying_key().unwrap();
    assert_ne!(key.shape_id(), shape);
    let circuit = Some((shape, KeyFingerprint::of(key)));
    let bundle = Bundle::new(scenario.bundle.policy().clone(), circuit);
    let terms = Terms::new(&bundle, &scenario.plain_schemas(), Some(key.clone()));
    assert!(matches!(terms, Err(TermsError::Key)));
}
