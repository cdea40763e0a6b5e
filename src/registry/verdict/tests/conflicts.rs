//! Issuers that contradict each other: every rule, from both sides, and what is no contradiction.

use super::table::{Case, hold, instead};
use super::world::*;
use crate::registry::attestation::Relation::Supersedes;
use crate::registry::event::Target;
use crate::registry::payload::{Commitment, Payload};
use crate::registry::terms::{Agreement, ConflictRule, Terms, Trusted};
use crate::registry::verdict::verdict;
use serde_json::json;
use std::collections::BTreeSet;

fn rule(terms: &mut Terms, rule: ConflictRule) {
    terms.agreements = vec![Agreement { fields: BTreeSet::new(), rule }];
}

fn all(terms: &mut Terms) {
    rule(terms, ConflictRule::All);
}

fn two(terms: &mut Terms) {
    rule(terms, ConflictRule::Quorum(2));
}

fn precedence(terms: &mut Terms) {
    rule(terms, ConflictRule::Precedence);
}

fn second_first(terms: &mut Terms) {
    rule(terms, ConflictRule::Order(vec![attester(2), attester(1)]));
}

/// What issuers say, each in a second of its own from 1200 on.
fn rivals(world: &mut World, said: &[(u8, u64)]) {
    for (second, (issuer, value)) in (1200..).zip(said) {
        world.at(second).attest(*issuer, |a| a.payload = tier(*value));
    }
}

/// Issuer 2's attestation in question, in place of issuer 1's.
fn second_asked(world: &mut World, value: u64) {
    *world = World::empty();
    world.at(1000).main(2, |a| a.payload = tier(value));
}

const UNSETTLED: &str = "conflicting:unsettled";

#[test]
fn nobody_is_believed_where_all_have_to_agree() {
    let cases: &[Case] = &[
        ("they differ", |w| rivals(w, &[(2, 2)]), all, then(1200), UNSETTLED, (1199, "valid")),
        ("they agree", |w| rivals(w, &[(2, 1)]), all, then(1200), "valid", (1199, "valid")),
        (
            "two of three agree",
            |w| rivals(w, &[(2, 1), (3, 2)]),
            all,
            then(1201),
            UNSETTLED,
            (1200, "valid"),
        ),
        (
            "no agreement is asked for",
            |w| rivals(w, &[(2, 2)]),
            |t| t.agreements.clear(),
            then(1200),
            "valid",
            (1199, "valid"),
        ),
        (
            "of another field",
            |w| rivals(w, &[(2, 2)]),
            |t| t.agreements[0].fields = ["country".to_owned()].into(),
            then(1200),
            "valid",
            (1199, "valid"),
        ),
        (
            "of that field by the second of two rules",
            |w| rivals(w, &[(2, 2)]),
            |t| {
                t.agreements[0].fields = ["country".to_owned()].into();
                let fields = ["tier".to_owned()].into();
                t.agreements.push(Agreement { fields, rule: ConflictRule::Quorum(2) });
            },
            then(1200),
            "conflicting:no-quorum",
            (1199, "conflicting:no-quorum"),
        ),
        (
            "who leaves a field out contradicts nobody",
            |w| {
                let text = b"{\"country\":\"FR\",\"tier\":1}";
                w.at(1200).attest(2, |a| a.payload = Payload::Inline(text.to_vec()));
            },
            all,
            then(1200),
            "valid",
            (1199, "valid"),
        ),
        (
            "a rival that is revoked",
            |w| {
                let rival = w.at(1200).attest(2, |a| a.payload = tier(2));
                w.at(2000).event(2, Target::Attestation(rival), revoke(), |_| {});
            },
            all,
            then(2000),
            "valid",
            (1999, UNSETTLED),
        ),
        (
            "a rival that is not valid yet",
            |w| {
                w.at(1200).attest(2, |a| (a.payload, a.valid_from) = (tier(2), t(3000)));
            },
            all,
            then(3000),
            UNSETTLED,
            (2999, "valid"),
        ),
        (
            "a rival that nobody trusts",
            |w| rivals(w, &[(9, 2)]),
            all,
            then(1200),
            "valid",
            (1199, "valid"),
        ),
        (
            "a rival about somebody else",
            |w| {
                let subject = Some("did:example:bert".parse().unwrap());
                w.at(1200).attest(2, |a| (a.payload, a.subject) = (tier(2), subject));
            },
            all,
            then(1200),
            "valid",
            (1199, "valid"),
        ),
        (
            "about nobody",
            |w| {
                instead(w, 1000, |a| a.subject = None);
                w.at(1200).attest(2, |a| (a.payload, a.subject) = (tier(2), None));
            },
            all,
            then(1200),
            "valid",
            (1199, "valid"),
        ),
        (
            "a rival whose claims are not shown",
            |w| {
                let hash = Payload::Hash(Commitment::to(b"{\"tier\":2}"));
                w.at(1200).attest(2, |a| a.payload = hash);
            },
            all,
            then(1200),
            "valid",
            (1199, "valid"),
        ),
        (
            "in hindsight, said since it was made",
            |w| {
                w.at(2000).attest(2, |a| {
                    (a.payload, a.issued_at, a.valid_from) = (tier(2), t(1100), t(1100));
                });
            },
            all,
            now(1100),
            UNSETTLED,
            (1100, "valid"),
        ),
        (
            "and not before, whatever it says of then",
            |w| {
                w.at(2000).attest(2, |a| {
                    (a.payload, a.issued_at, a.valid_from) = (tier(2), t(1100), t(500));
                });
            },
            all,
            now(1099),
            "valid",
            (2000, UNSETTLED),
        ),
    ];
    hold(cases);
}

#[test]
fn a_quorum_is_of_issuers() {
    hold(&[
        ("alone", |_| {}, two, then(1000), "conflicting:no-quorum", (999, "unknown")),
        (
            "with another",
            |w| rivals(w, &[(2, 1)]),
            two,
            then(1200),
            "valid",
            (1199, "conflicting:no-quorum"),
        ),
        (
            "against a quorum",
            |w| rivals(w, &[(2, 2), (3, 2)]),
            two,
            then(1201),
            "conflicting:overruled",
            (1200, "conflicting:no-quorum"),
        ),
        (
            "with a quorum",
            |w| rivals(w, &[(2, 2), (3, 1)]),
            two,
            then(1201),
            "valid",
            (1200, "conflicting:no-quorum"),
        ),
        (
            "two quorums",
            |w| rivals(w, &[(2, 2)]),
            |t| rule(t, ConflictRule::Quorum(1)),
            then(1200),
            UNSETTLED,
            (1199, "valid"),
        ),
        (
            "a quorum of none is one of one",
            |_| {},
            |t| rule(t, ConflictRule::Quorum(0)),
            then(1000),
            "valid",
            (999, "unknown"),
        ),
        (
            "what it says can't be seen",
            |w| {
                let hash = Payload::Hash(Commitment::to(b"{\"tier\":1}"));
                instead(w, 1000, |a| a.payload = hash);
                rivals(w, &[(2, 1), (3, 1)]);
            },
            |t| {
                two(t);
                t.agreements[0].fields = ["tier".to_owned()].into();
            },
            then(1201),
            "conflicting:unseen",
            (999, "unknown"),
        ),
        (
            "it contradicts itself, and two others settle it",
            |w| rivals(w, &[(1, 2), (2, 1), (3, 1)]),
            two,
            then(1202),
            "valid",
            (1201, "conflicting:no-quorum"),
        ),
    ]);
}

#[test]
fn forge_a_quorum_of_one_issuers_keys() {
    hold(&[
        (
            "a second key of one BBS key",
            |w| {
                w.at(1100).bind(9, 1);
                rivals(w, &[(9, 1)]);
            },
            two,
            then(1200),
            "conflicting:no-quorum",
            (1199, "conflicting:no-quorum"),
        ),
        (
            "a second BBS key under one name",
            |w| {
                w.without_trust()
                    .at(20)
                    .trust(0, &[("Bank A", 0, &[(1, json!({})), (9, json!({}))])]);
                w.at(1100).bind(9, 9);
                rivals(w, &[(9, 1)]);
            },
            two,
            then(1200),
            "conflicting:no-quorum",
            (1199, "conflicting:no-quorum"),
        ),
        (
            "under two names",
            |w| {
                let names = [("A", 0, &[(1, json!({}))][..]), ("B", 0, &[(9, json!({}))][..])];
                w.without_trust().at(20).trust(0, &names);
                w.at(1100).bind(9, 9);
                rivals(w, &[(9, 1)]);
            },
            two,
            then(1200),
            "valid",
            (1199, "conflicting:no-quorum"),
        ),
        (
            "two keys that a third shows to be one",
            |w| {
                w.at(1100).bind(4, 1);
                w.bind(4, 2);
                rivals(w, &[(2, 1), (4, 1)]);
            },
            two,
            then(1201),
            "conflicting:no-quorum",
            (1200, "valid"),
        ),
        (
            "the same twice",
            |w| rivals(w, &[(1, 1)]),
            two,
            then(1200),
            "conflicting:no-quorum",
            (1199, "conflicting:no-quorum"),
        ),
    ]);
}

#[test]
fn the_first_is_believed() {
    hold(&[
        (
            "by precedence",
            |w| rivals(w, &[(2, 2), (3, 2)]),
            precedence,
            then(1201),
            "valid",
            (1199, "valid"),
        ),
        (
            "overruled by precedence",
            |w| {
                second_asked(w, 2);
                rivals(w, &[(3, 2), (1, 1)]);
            },
            precedence,
            then(1201),
            "conflicting:overruled",
            (1200, "valid"),
        ),
        (
            "of the same precedence",
            |w| {
                second_asked(w, 2);
                rivals(w, &[(3, 3)]);
            },
            precedence,
            then(1200),
            UNSETTLED,
            (1199, "valid"),
        ),
        (
            "of the same precedence, and the first settles it",
            |w| {
                second_asked(w, 2);
                rivals(w, &[(3, 3), (1, 2)]);
            },
            precedence,
            then(1201),
            "valid",
            (1200, UNSETTLED),
        ),
        (
            "without a trust list nobody comes first",
            |w| rivals(w, &[(2, 2)]),
            |t| {
                precedence(t);
                t.trusted = Trusted::Attesters([attester(1), attester(2)].into());
            },
            then(1200),
            UNSETTLED,
            (1199, "valid"),
        ),
        (
            "by order",
            |w| rivals(w, &[(2, 2)]),
            second_first,
            then(1200),
            "conflicting:overruled",
            (1199, "valid"),
        ),
        (
            "first by order",
            |w| {
                second_asked(w, 2);
                rivals(w, &[(1, 1)]);
            },
            second_first,
            then(1200),
            "valid",
            (1199, "valid"),
        ),
        (
            "first by order under another key",
            |w| {
                w.at(1100).bind(9, 2);
                rivals(w, &[(9, 2), (2, 2)]);
            },
            second_first,
            then(1201),
            "conflicting:overruled",
            (1200, UNSETTLED_BY_STRANGER),
        ),
        (
            "in no place of the order",
            |w| rivals(w, &[(3, 3)]),
            second_first,
            then(1200),
            "valid",
            (1199, "valid"),
        ),
        (
            "neither in the order",
            |w| rivals(w, &[(3, 3)]),
            |t| rule(t, ConflictRule::Order(vec![attester(2)])),
            then(1200),
            UNSETTLED,
            (1199, "valid"),
        ),
    ]);
}

/// Key 9 alone is in no place of the order, and comes after issuer 1.
const UNSETTLED_BY_STRANGER: &str = "valid";

#[test]
fn who_contradicts_itself_is_not_believed() {
    let differing: fn(&mut World) = |w| rivals(w, &[(1, 2)]);
    hold(&[
        ("all", differing, all, then(1200), UNSETTLED, (1199, "valid")),
        ("by precedence", differing, precedence, then(1200), UNSETTLED, (1199, "valid")),
        ("by order", differing, second_first, then(1200), UNSETTLED, (1199, "valid")),
        (
            "unless the one takes the place of the other",
            |w| {
                let old = w.asked();
                let new = w.at(1200).link(1, Supersedes, |a| a.payload = tier(2));
                w.main = Some(new);
                assert_ne!(old, new);
            },
            all,
            then(1200),
            "valid",
            (1199, "unknown"),
        ),
        (
            "of the same precedence as the first, which does",
            |w| {
                second_asked(w, 1);
                rivals(w, &[(1, 1), (1, 2)]);
            },
            precedence,
            then(1201),
            UNSETTLED,
            (1200, "valid"),
        ),
    ]);
}

#[test]
fn versions_are_compared_by_what_they_mean() {
    fn versions(terms: &mut Terms) {
        all(terms);
        (terms.schemas, terms.base) = ([V1.id(), V2.id()].into(), Some(V1.clone()));
    }
    fn later(world: &mut World, value: u64) {
        world.at(1200).attest(2, |a| (a.schema, a.payload) = (V2.id(), tier(value)));
    }
    fn any(terms: &mut Terms) {
        all(terms);
        terms.schemas = BTreeSet::new();
        terms.trusted = Trusted::Anybody;
    }
    hold(&[
        ("the same value", |w| later(w, 1), versions, then(1200), "valid", (1199, "valid")),
        ("another value", |w| later(w, 2), versions, then(1200), UNSETTLED, (1199, "valid")),
        (
            "a value that the base has no place for",
            |w| later(w, 257),
            versions,
            then(1200),
            UNSETTLED,
            (1199, "valid"),
        ),
        (
            "asked without a base",
            |w| later(w, 2),
            |t| {
                versions(t);
                t.base = None;
            },
            then(1200),
            UNSETTLED,
            (1199, "valid"),
        ),
        (
            "another schema with a field of that name and type",
            |w| {
                w.push(Entry::Schema(OTHER.clone()));
                w.at(1200).attest(2, |a| (a.schema, a.payload) = (OTHER.id(), tier(2)));
            },
            any,
            then(1200),
            UNSETTLED,
            (1199, "valid"),
        ),
        (
            "and the same value",
            |w| {
                w.push(Entry::Schema(OTHER.clone()));
                w.at(1200).attest(2, |a| (a.schema, a.payload) = (OTHER.id(), tier(1)));
            },
            any,
            then(1200),
            "valid",
            (1199, "valid"),
        ),
    ]);
}

/// Whoever is asked about first, both are in it, and both verdicts show it alike.
#[test]
fn a_conflict_is_shown_from_both_sides() {
    let (mut world, mut terms) = (World::new(), terms());
    let first = world.asked();
    let second = world.at(1200).attest(2, |a| a.payload = tier(2));
    for (rule_of, believed) in [(all as fn(&mut Terms), None), (precedence, Some(first))] {
        rule_of(&mut terms);
        let verdicts =
            [first, second].map(|id| verdict(&world.facts(id, &terms), &terms, &then(1200)));
        assert_eq!(verdicts[0].notes().conflicts, verdicts[1].notes().conflicts);
        let [conflict] = &verdicts[0].notes().conflicts[..] else { panic!("one conflict") };
        assert_eq!((&conflict.field[..], conflict.claims.len()), ("tier", 2));
        for claim in &conflict.claims {
            let (issuer, value) = if claim.attestation == first { (1, "1") } else { (2, "2") };
            assert_eq!(claim.issuer, attester(issuer));
            assert_eq!(claim.value.canonical(), value);
            assert_eq!(claim.believed, believed == Some(claim.attestation));
        }
        assert_eq!(verdicts[0].is_valid(), believed.is_some());
        assert!(!verdicts[1].is_valid());
    }
}

/// Facts may be gathered by somebody who is careless, or worse: a rival about another subject, or
/// the attestation itself, changes nothing.
#[test]
fn forge_rivals_that_are_none() {
    let (mut world, mut terms) = (World::new(), terms());
    let other = Some("did:example:bert".parse().unwrap());
    let stranger = world.at(1200).attest(2, |a| (a.payload, a.subject) = (tier(2), other));
    let same = world.at(1200).attest(2, |a| a.payload = tier(1));
    let facts = |id| world.facts(id, &terms);
    let mut forged = facts(world.asked());
    forged.rivals.push(facts(stranger));
    assert!(verdict(&forged, &terms, &then(1200)).is_valid());
    // An issuer's one attestation, handed in three times, is one.
    forged.rivals = vec![facts(world.asked()), facts(world.asked())];
    two(&mut terms);
    let thrice = verdict(&forged, &terms, &then(1200));
    assert_eq!((thrice.word(), thrice.notes().conflicts[0].claims.len()), ("conflicting", 1));
    forged.rivals.push(world.facts(same, &terms));
    assert!(verdict(&forged, &terms, &then(1200)).is_valid());
}
