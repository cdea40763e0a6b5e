//! Issuers that have to agree: in the circuit, in the open, and by precedence, each presentation proven,
//! verified and decided.

use super::world::*;
use crate::decision::{Outcome, StatusState, Verdict};
use crate::policy::Policy;
use crate::presentation::{Holding, ProveError};
use crate::schema::Schema;
use crate::trust::TrustList;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// Three banks, the first with two keys (1 and 4), ranked in the order C, A and B.
fn list() -> TrustList {
    let bank = |name: &str, precedence: u32, keys: Value| json!({ "name": name, "precedence": precedence, "keys": keys });
    let issuers = json!([
        bank("Bank A", 5, json!([key(1, json!({})), key(4, json!({}))])),
        bank("Bank B", 5, json!([key(2, json!({}))])),
        bank("Bank C", 2, json!([key(3, json!({}))])),
    ]);
    edition(7, issuers, json!({}))
}

fn known() -> StatusState {
    StatusState::default().with_trust(list())
}

const FROM: &str = "2026-02-01T00:00:00Z";

/// Roles a, b and c of which the first `count` take part.
fn roles(count: usize, validity: &str) -> Vec<Value> {
    ["a", "b", "c"].iter().take(count).map(|name| trusting(name, validity)).collect()
}

/// What is decided of credentials with these issuers and records.
fn decided(world: &World, held: &[(u8, Value)]) -> Result<Verdict, ProveError> {
    let made: Vec<_> = held.iter().map(|(seed, record)| credential(*seed, FROM, record)).collect();
    let holdings = made.iter().map(|credential| {
        let window = list().window(credential.issuer(), card().id()).unwrap();
        Holding { window: Some(window), ..Holding::new(credential) }
    });
    let verified = world.present(&holdings.collect::<Vec<_>>())?;
    Ok(world.decide(&verified, &known()))
}

fn record(verdict: &Verdict) -> Value {
    serde_json::from_str(&verdict.record().to_document().canonical()).unwrap()
}

static TWO_OF_THREE: LazyLock<World> = LazyLock::new(|| {
    let agree = json!([{ "roles": ["a", "b", "c"], "fields": ["birth_date"], "quorum": 2 }]);
    World::new(policy(&roles(3, "hidden"), json!({ "agree": agree })))
});

const X: &str = "1990-04-17";
const Y: &str = "1990-04-18";
const Z: &str = "1991-01-01";

/// Any two that agree will do, and which ones is told by nothing.
#[test]
fn two_of_three_issuers_agree_hidden() {
    let mut told = Vec::new();
    for dates in [[X, X, Y], [X, Y, X], [Y, X, X], [X, X, X]] {
        let held = [(1, born(dates[0])), (2, born(dates[1])), (3, born(dates[2]))];
        let verdict = decided(&TWO_OF_THREE, &held).unwrap();
        assert_eq!(reasons(&verdict), [""; 0], "{dates:?}");
        let rule = verdict.explanation().iter().find(|e| e.path() == "$.agree[0].fields[0]");
        assert_eq!(rule.map(|entry| entry.outcome()), Some(Outcome::Proven));
        let mut record = record(&verdict);
        assert_eq!(record["rules"], json!([{ "path": "$.agree[0]", "rule": "quorum:2" }]));
        record["evidence"] = json!("");
        told.push((record, verdict.explanation().to_vec()));
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn reject_quorum_of_three_that_say_three_things() {
    let held = [(1, born(X)), (2, born(Y)), (3, born(Z))];
    match decided(&TWO_OF_THREE, &held) {
        Err(ProveError::NotSatisfied { rules }) => assert_eq!(rules, ["$.agree[0].fields[0]"]),
        other => panic!("{other:?}"),
    }
}

/// Two that agree, of which one is the third by another key.
#[test]
fn reject_two_keys_of_one_issuer_as_two() {
    let held = [(1, born(X)), (4, born(X)), (3, born(Y))];
    let verdict = decided(&TWO_OF_THREE, &held).unwrap();
    assert_eq!(reasons(&verdict), ["issuers-not-distinct:$.agree[0]"]);
    // One key twice, which needs no list to be seen.
    let held = [(2, born(X)), (3, born(X)), (2, born(X))];
    let verdict = decided(&TWO_OF_THREE, &held).unwrap();
    assert_eq!(reasons(&verdict), ["issuers-not-distinct:$.agree[0]"]);
}

/// Two of two: a hidden equality, without a circuit of its own.
#[test]
fn two_of_two_issuers_agree_hidden() {
    let agree = json!([{ "roles": ["a", "b"], "fields": ["birth_date", "name"], "quorum": 2 }]);
    let world = World::new(policy(&roles(2, "hidden"), json!({ "agree": agree })));
    assert_eq!(world.terms.policy().equalities().len(), 2);
    let verdict = decided(&world, &[(1, born(X)), (2, born(X))]).unwrap();
    assert_eq!(reasons(&verdict), [""; 0]);
    assert_eq!(record(&verdict)["rules"], json!([{ "path": "$.agree[0]", "rule": "all" }]));
    assert!(matches!(
        decided(&world, &[(1, born(X)), (2, born(Y))]),
        Err(ProveError::NotEqual { .. })
    ));
    let verdict = decided(&world, &[(1, born(X)), (4, born(X))]).unwrap();
    assert_eq!(reasons(&verdict), ["issuers-not-distinct:$.agree[0]"]);
    // What makes no difference is not written.
    let all = json!([{ "roles": ["b", "a"], "fields": ["name", "birth_date"] }]);
    let plain = policy(&roles(2, "hidden"), json!({ "agree": all }));
    assert_eq!(plain.hash(), world.bundle.policy().hash());
}

/// A policy by which one value of a revealed country counts; roles in this order.
fn believing(names: [&str; 3]) -> Policy {
    let roles = names.map(|name| trusting(name, "reveal"));
    let claims = names.map(|name| {
        let path = format!("{name}.country");
        json!({ "path": path, "disclosure": "must", "one_of": ["CH", "LI"] })
    });
    let agree = json!([{ "roles": ["a", "b", "c"], "fields": ["country"], "rule": "precedence" }]);
    policy(&roles, json!({ "claims": claims, "agree": agree }))
}

fn lives(country: &str) -> Value {
    json!({ "birth_date": X, "country": country, "rank": 7, "name": "Jo" })
}

/// Bank C is believed wherever its role stands; the others' values are not even held against the list.
#[test]
fn first_by_precedence_is_believed_in_any_order_of_roles() {
    let held = [("a", 1, "FR"), ("b", 2, "DE"), ("c", 3, "CH")];
    for order in [["a", "b", "c"], ["c", "a", "b"], ["b", "c", "a"]] {
        let world = World::new(believing(order));
        let of = |name: &&str| {
            let (_, seed, country) = held.iter().find(|(role, ..)| role == name).unwrap();
            (*seed, lives(country))
        };
        let verdict = decided(&world, &order.iter().map(of).collect::<Vec<_>>()).unwrap();
        assert_eq!(reasons(&verdict), [""; 0], "{order:?}");
        let rules = json!([{
            "path": "$.agree[0]", "rule": "precedence", "fields": { "country": "c" },
        }]);
        assert_eq!(record(&verdict)["rules"], rules);
        let overruled = verdict.explanation().iter().filter(|entry| {
            entry.path().ends_with("one_of") && entry.outcome() == Outcome::NotShown
        });
        assert_eq!(overruled.count(), 2);
    }
}

/// What the others say does not save what the first says.
#[test]
fn reject_value_that_counts_and_is_not_accepted() {
    let world = World::new(believing(["a", "b", "c"]));
    let held = [(1, lives("CH")), (2, lives("CH")), (3, lives("FR"))];
    let verdict = decided(&world, &held).unwrap();
    assert_eq!(reasons(&verdict), ["one-of:$.claims[2].one_of"]);
    // Where all say the same, every list is asked.
    let compiled = world.terms.policy();
    assert_eq!((compiled.settled_checks().len(), compiled.checks().len()), (3, 7));
}

/// Banks A and B come first, where C is not, and say different things.
#[test]
fn reject_tie_between_different_values() {
    let agree = json!([{ "roles": ["a", "b"], "fields": ["country"], "rule": "precedence" }]);
    let claims = json!([
        { "path": "a.country", "disclosure": "must" }, { "path": "b.country", "disclosure": "must" },
    ]);
    let parts = json!({ "claims": claims, "agree": agree });
    let world = World::new(policy(&roles(2, "reveal"), parts));
    let verdict = decided(&world, &[(1, lives("CH")), (2, lives("FR"))]).unwrap();
    assert_eq!(reasons(&verdict), ["issuers-conflict:$.agree[0].fields[0]"]);
    let rule = json!([{ "path": "$.agree[0]", "rule": "precedence", "fields": {} }]);
    assert_eq!(record(&verdict)["rules"], rule);
    let verdict = decided(&world, &[(1, lives("CH")), (2, lives("CH"))]).unwrap();
    assert_eq!(reasons(&verdict), [""; 0]);
    assert_eq!(record(&verdict)["rules"][0]["fields"]["country"], "a");
}

/// What cannot be settled is denied for what is missing, and for nothing else.
#[test]
fn reject_precedence_without_a_list_to_tell_it() {
    let world = World::new(believing(["a", "b", "c"]));
    let made = [1, 2, 3].map(|seed| credential(seed, FROM, &lives("CH")));
    let holdings = made.each_ref().map(|credential| {
        let window = list().window(credential.issuer(), card().id()).unwrap();
        Holding { window: Some(window), ..Holding::new(credential) }
    });
    let verified = world.present(&holdings).unwrap();
    let verdict = world.decide(&verified, &StatusState::default());
    let expected = [0, 1, 2].map(|role| format!("trust-unknown:$.roles[{role}].trust"));
    assert_eq!(reasons(&verdict), expected);
}

/// A quorum over two versions of a schema that sign the same number as different integers: numbers are
/// compared, not what is signed.
#[test]
fn forge_quorum_of_equal_integers_that_are_different_numbers() {
    let schema = |version: &str, bits: u8| {
        let field = json!({ "name": "level", "type": format!("int({bits})") });
        let schema = json!({
            "format": "sigil-schema/1", "name": "example.org/level", "version": version,
            "fields": [field],
        });
        Schema::parse(schema.to_string().as_bytes()).unwrap()
    };
    let schemas = [schema("1.0.0", 16), schema("1.1.0", 32)];
    let ids = schemas.each_ref().map(|schema| schema.id().to_string());
    let role = |name| {
        let mut role = trusting(name, "hidden");
        role["schema"] = json!(ids[0]);
        role["accepts"] = json!([ids[1]]);
        role
    };
    let agree = json!([{ "roles": ["a", "b", "c"], "fields": ["level"], "quorum": 2 }]);
    let policy = policy(&["a", "b", "c"].map(role), json!({ "agree": agree }));
    let world = World::with_schemas(policy, &schemas);
    let keys = [1, 2, 3].map(|seed| {
        json!({ "name": format!("Bank {seed}"), "keys": [key(seed, json!({ "schemas": ids }))] })
    });
    let known = StatusState::default().with_trust(edition(7, json!(keys), json!({})));
    let decided = |held: [(usize, i64); 3]| {
        let made = held.iter().zip(1..).map(|((version, level), seed)| {
            credential_of(schemas[*version].clone(), seed, FROM, &json!({ "level": level }))
        });
        let made: Vec<_> = made.collect();
        let holdings = made.iter().map(|credential| {
            let list = known.trust().next().unwrap();
            let window = list.window(credential.issuer(), credential.schema().id()).unwrap();
            Holding { window: Some(window), ..Holding::new(credential) }
        });
        let verified = world.present(&holdings.collect::<Vec<_>>())?;
        Ok(reasons(&world.decide(&verified, &known)))
    };
    for held in [[(0, -5), (1, -5), (0, 9)], [(1, 7), (0, 8), (1, 7)], [(0, 1), (1, 2), (1, 2)]] {
        assert_eq!(decided(held).unwrap(), [""; 0], "{held:?}");
    }
    // -5 is signed as 2^15 - 5 by the first version; so is this by the second.
    let alike = -5 + (1 << 15) - (1i64 << 31);
    let refused: Result<_, ProveError> = decided([(0, -5), (1, alike), (0, 9)]);
    assert!(matches!(refused, Err(ProveError::NotSatisfied { .. })), "{refused:?}");
}
