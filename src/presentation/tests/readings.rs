//! Credentials of other versions than the policy's: constants, order, fields that it does not know, and
//! versions that it has to refuse.

use super::lists::{FIRST, NEW, OLD, SECOND, VERSIONS, prove_one, versions};
use super::scenario::{Scenario, issuer};
use super::{check, complete, refused};
use crate::bbs::Suite;
use crate::did_key;
use crate::document::Fault;
use crate::policy::Policy;
use crate::presentation::{StatementError, VerifyError};
use crate::schema::Schema;
use crate::value::Encoded;
use std::sync::Arc;

/// A policy of one role for the second version that accepts the first, with these parts.
fn of_both(parts: &str, validity: &str) -> String {
    let head = VERSIONS.split("claims").next().unwrap();
    let role = &VERSIONS[VERSIONS.find("[[roles]]").unwrap()..];
    format!("{head}{parts}\n{role}validity = \"{validity}\"\n")
}

const REGION: &str = "predicates = [{ name = \"region\", expr = \"card.region in [5, 6]\" }]";

/// Where every slot is a constant no signature has a link, and the shared part holds the constants alone.
#[test]
fn forge_predicate_of_constants_alone() {
    let policy = of_both(&REGION.replace("6]", "7]"), "skip");
    let mut scenario = Scenario::new(&policy, &[(SECOND, NEW), (FIRST, OLD)]);
    let old = scenario.credentials.pop().unwrap();
    let good = prove_one(&scenario, &old).unwrap();
    assert!(good.credentials[0].link.is_none() && !refused(&scenario, &good));
    let mut bare = good.clone();
    bare.shared = None;
    assert!(!complete(&scenario, &good, &bare));
}

/// The prover's steps for another constant than the policy's: a witness that satisfies the circuit, under a
/// statement that is the verifier's but for the value which nobody signed.
#[test]
fn forge_constant_that_the_policy_does_not_have() {
    for validity in ["skip", "hidden"] {
        let policy = of_both(REGION, validity);
        let other = SECOND.replace("default = 7", "default = 5");
        let verifier = Scenario::new(&policy, &[(SECOND, NEW), (FIRST, OLD)]);
        let mut forger = Scenario::new(&policy, &[(&other, NEW), (FIRST, OLD)]);
        let print = |scenario: &Scenario| scenario.terms.verifying_key().unwrap().fingerprint();
        assert_eq!(print(&verifier), print(&forger), "one circuit, one key");
        let old = forger.credentials.pop().unwrap();
        assert!(!refused(&forger, &prove_one(&forger, &old).unwrap()));
        forger.terms.set_bundle(verifier.bundle.hash());
        forger.request = verifier.request.clone();
        let forged = prove_one(&forger, &old).unwrap();
        assert!(!refused(&forger, &forged), "true for who believes in 5");
        assert!(refused(&verifier, &forged), "{validity}");
    }
}

/// What is revealed is read by name, in whatever order a version signs it.
#[test]
fn revealed_claims_are_read_in_the_order_of_the_role() {
    let schema = |version: u8, fields: &str| {
        format!(
            "format = \"sigil-schema/1\"\nname = \"example.org/card\"\n\
             version = \"{version}.0.0\"\nfields = [{fields}]"
        )
    };
    let field = |name: &str| format!("{{ name = \"{name}\", type = \"code\" }}");
    let second = schema(2, &[field("a"), field("b"), field("c")].join(", "));
    let first = schema(1, &[field("c"), field("b"), field("a")].join(", "));
    let claim = |name: &str| {
        format!("{{ path = \"card.{name}\", disclosure = \"must\", one_of = [\"{name}\"] }}")
            .replace(&format!("[\"{name}\"]"), &format!("[\"{}\"]", name.to_uppercase()))
    };
    let claims = format!("claims = [{}]", ["a", "b", "c"].map(claim).join(", "));
    let record = r#"{ "a": "A", "b": "B", "c": "C" }"#;
    let policy = of_both(&claims, "hidden");
    let scenario = Scenario::new(&policy, &[(&second, record), (&first, record)]);
    for credential in &scenario.credentials {
        let made = prove_one(&scenario, credential).unwrap();
        let verified = scenario.verify(&made).unwrap();
        let mut shown: Vec<_> =
            verified.disclosed().iter().map(|one| (one.claim.clone(), one.text.clone())).collect();
        shown.sort();
        let pair = |name: &str| (format!("card.{name}"), name.to_uppercase());
        assert_eq!(shown, ["a", "b", "c"].map(pair));
        let indexes: Vec<usize> =
            verified.disclosed_messages()[0].iter().map(|(index, _)| *index).collect();
        assert_eq!(indexes, [4, 5, 6]);
        let disclosed = verified.disclosed_messages();
        assert!(scenario.terms.policy().shortfalls(verified.time(), disclosed).is_empty());
    }
}

/// A value of a field that the policy's schema does not have is none of its claims.
#[test]
fn reject_values_that_no_claim_is_read_from() {
    let more = FIRST.replace(
        "{ name = \"country\", type = \"code\" }",
        "{ name = \"country\", type = \"code\" }, { name = \"extra\", type = \"code\" }",
    );
    let record = OLD.replace("}", ", \"extra\": \"LI\" }");
    let mut scenario = Scenario::new(VERSIONS, &[(SECOND, NEW), (&more, &record)]);
    let old = scenario.credentials.pop().unwrap();
    let good = prove_one(&scenario, &old).unwrap();
    let mut surplus = good.clone();
    let extra = (7, Encoded::Integer(u64::from(b'L') << 8 | u64::from(b'I')));
    surplus.credentials[0].choice.disclosed.push(extra);
    let error = check(&scenario.terms, &scenario.request, &surplus).unwrap_err();
    assert!(matches!(error, VerifyError::Statement(StatementError::Value { .. })), "{error:?}");
}

fn compiled(parts: &str, second: &str, first: &str) -> Result<(), Fault> {
    let schemas = [second, first].map(|schema| Schema::parse(schema.as_bytes()).unwrap());
    let mut policy = of_both(parts, "hidden");
    for (i, schema) in schemas.iter().enumerate() {
        let key = issuer(&Arc::new(schema.clone()), Suite::Sha256, i as u64);
        policy = policy
            .replace(&format!("{{schema{i}}}"), &schema.id().to_string())
            .replace(&format!("{{issuer{i}}}"), &did_key::encode(key.public_key()));
    }
    let policy = policy.replace(
        "{listed}",
        &did_key::encode(issuer(&Arc::new(schemas[0].clone()), Suite::Sha256, 9).public_key()),
    );
    Policy::parse(policy.as_bytes()).unwrap().compile(&schemas).map(drop)
}

/// Versions in which what a policy uses does not mean the same are refused by name.
#[test]
fn reject_versions_that_mean_something_else() {
    let reveal =
        |field: &str| format!("claims = [{{ path = \"card.{field}\", disclosure = \"must\" }}]");
    let prove =
        |expression: &str| format!("predicates = [{{ name = \"p\", expr = \"{expression}\" }}]");
    let country = "{ name = \"country\", type = \"code\" }";
    let limited = |limit: &str| {
        FIRST.replace(country, &country.replace("}", &format!(", disclosure = \"{limit}\" }}")))
    };
    let first = |from: &str, to: &str| {
        let changed = FIRST.replace(from, to);
        assert_ne!(changed, FIRST, "{from}");
        changed
    };
    for (parts, first, said) in [
        (
            reveal("country"),
            first("]\n", "  { name = \"new\", type = \"code\", disclosure = \"always\" },\n]\n"),
            "\"new\" always revealed",
        ),
        (prove("card.points > 5"), first("uint(16)", "code"), "version 1.0.0: \"points\""),
        (reveal("points"), first("uint(16)", "code"), "version 1.0.0: \"points\""),
        (reveal("region"), FIRST.to_owned(), "\"region\" is not signed"),
        (reveal("delta"), FIRST.to_owned(), "\"delta\" is signed as another number"),
        (reveal("country"), limited("never"), "\"country\" may not be revealed"),
        (prove("card.country == \\\"CH\\\""), limited("always"), "\"country\" is always revealed"),
    ] {
        let fault = compiled(&parts, SECOND, &first).expect_err(said);
        assert_eq!(fault.path(), "$.roles[0].accepts[0]", "{fault}");
        assert!(fault.to_string().contains(said), "{said}: {fault}");
    }
    let listed = |field: &str| {
        format!(
            "lists = [{{ list = \"https://lists.example/1\", authority = \"{{listed}}\", \
             max_age = 24, field = \"{field}\", is = \"present\" }}]"
        )
    };
    for (field, said) in
        [("region", "\"region\" is not signed"), ("delta", "\"delta\" is signed as another number")]
    {
        let role = format!("validity = \"skip\"\n{}\n#", listed(field));
        let fault = listed_compiled(&role, "").expect_err(said);
        assert_eq!(fault.path(), "$.roles[0].accepts[0]", "{fault}");
        assert!(fault.to_string().contains(said), "{said}: {fault}");
    }
    listed_compiled(&format!("validity = \"skip\"\n{}\n#", listed("country")), "").unwrap();
    for (field, claim, said) in [
        ("note", "", "absent field"),
        ("points", "never", "never lets this claim be used"),
        ("points", "may", "may be revealed or hidden"),
    ] {
        let claims = match claim {
            "" => String::new(),
            word => format!("claims = [{{ path = \"card.{field}\", disclosure = \"{word}\" }}]"),
        };
        for is in ["present", "absent"] {
            let rule = listed(field).replace("present", is);
            let fault = listed_compiled(&format!("validity = \"skip\"\n{rule}\n#"), &claims);
            let fault = fault.expect_err(said);
            assert_eq!(fault.path(), "$.roles[0].lists[0].field", "{fault}");
            assert!(fault.to_string().contains(said), "{said}: {fault}");
        }
    }
}

/// The same with a list in the role, which ends the policy.
fn listed_compiled(role: &str, claims: &str) -> Result<(), Fault> {
    let schemas = [SECOND, FIRST].map(|schema| Schema::parse(schema.as_bytes()).unwrap());
    let keys = [0, 1, 9].map(|seed| {
        let issuer = issuer(&Arc::new(schemas[0].clone()), Suite::Sha256, seed);
        did_key::encode(issuer.public_key())
    });
    let policy = of_both(claims, "hidden").replace("validity = \"hidden\"", role);
    let policy = policy
        .replace("{schema0}", &schemas[0].id().to_string())
        .replace("{schema1}", &schemas[1].id().to_string())
        .replace("{issuer0}", &keys[0])
        .replace("{issuer1}", &keys[1])
        .replace("{listed}", &keys[2]);
    Policy::parse(policy.as_bytes()).unwrap().compile(&schemas).map(drop)
}

#[test]
fn constants_are_the_policys_in_every_version() {
    let (scenario, old) = versions(NEW, OLD);
    let accepted = scenario.terms.policy().roles()[0].accepted();
    let region = scenario.schemas[0].field("region").unwrap().0;
    assert_eq!(accepted[0].constant(region), None);
    assert_eq!(accepted[1].constant(region), Some(7));
    assert_eq!(accepted[1].slot(&old, region), Some(7));
}
