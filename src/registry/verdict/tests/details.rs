//! What a verdict says beside its word, what terms come to, and facts that were put together badly.

use super::table::words;
use super::world::*;
use crate::did_key;
use crate::policy::{Policy, Presence};
use crate::registry::attestation::Relation::{Disputes, Supersedes, Supports};
use crate::registry::event::Target;
use crate::registry::facts::{LinkFact, Recorded};
use crate::registry::payload::{Commitment, Payload, PayloadState};
use crate::registry::terms::{ConflictRule, PayloadRule, Terms, Trusted};
use crate::registry::verdict::{Reason, verdict};
use crate::schema::{FIRST_FIELD, STATUS_HANDLE};
use serde_json::json;
use std::collections::BTreeSet;

/// The words never change, and each reason has its own.
#[test]
fn words_are_distinct_and_of_one_form() {
    let words: BTreeSet<&str> = Reason::WORDS.into_iter().collect();
    assert_eq!(words.len(), Reason::WORDS.len());
    let plain = |word: &&'static str| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    assert!(Reason::WORDS.iter().all(plain));
    assert_eq!(
        (Reason::Unknown.word(), Reason::PayloadMissing.word()),
        ("unknown", "payload-missing")
    );
}

/// A valid verdict and one with everything against it, to the octet.
#[test]
fn documents_are_pinned() {
    let (mut world, mut terms) = (World::empty(), terms());
    terms.lists = vec![on_handle(Presence::Absent)];
    let first = world.at(900).epoch(0, None, &[]);
    let id = world.at(1000).main(1, |a| (a.handle, a.valid_until) = (Some(77), Some(t(5000))));
    let support = world.at(1100).link(2, Supports, |a| a.handle = Some(78));
    let valid = world.verdict(&terms, then(1100));
    assert!(valid.is_valid());
    let edition = valid.notes().trust.clone().unwrap();
    let expected = format!(
        "{{\"at\":\"2026-06-01T00:18:20Z\",\"epochs\":[{{\"epoch\":0,\"hash\":\"{first}\",\
         \"list\":\"{LIST}\"}}],\"format\":\"sigil-verdict/1\",\"id\":\"{id}\",\"index\":7,\
         \"issuer\":{{\"name\":\"Bank A\",\"precedence\":0}},\"known\":\"then\",\
         \"reasons\":[],\"recorded_at\":\"2026-06-01T00:16:40Z\",\
         \"supports\":[{{\"attestation\":\"{support}\",\"issuer\":\"{}\"}}],\
         \"terms\":\"{}\",\"trust\":{{\"hash\":\"{}\",\"list\":\"{TRUST}\",\"sequence\":0}},\
         \"word\":\"valid\"}}",
        attester(2),
        terms.digest(),
        edition.hash,
    );
    assert_eq!(valid.to_document().canonical(), expected);

    world.at(2000).epoch(1, Some(first), &[77]);
    let suspension = world.at(2100).act(1, suspend(Some(9000)));
    let revocation = world.at(2200).act(1, revoke());
    let newer = world.at(2300).link(1, Supersedes, |a| a.handle = Some(79));
    let dispute = world.at(2400).link(3, Disputes, |a| (a.handle, a.payload) = (Some(80), tier(3)));
    let invalid = world.verdict(&terms, now(5000));
    let document = invalid.to_document().canonical();
    let reasons = format!(
        "\"reasons\":[{{\"detail\":\"changed\",\"effective\":\"2026-06-01T00:36:40Z\",\
         \"event\":\"{revocation}\",\"reason\":\"revoked\"}},\
         {{\"detail\":\"listed\",\"epoch\":1,\"list\":\"{LIST}\",\"reason\":\"revoked\"}},\
         {{\"by\":\"{newer}\",\"reason\":\"superseded\"}},\
         {{\"reason\":\"expired\",\"until\":\"2026-06-01T01:23:20Z\"}},\
         {{\"detail\":\"under-investigation\",\"event\":\"{suspension}\",\"reason\":\"suspended\",\
         \"until\":\"2026-06-01T02:30:00Z\"}},\
         {{\"detail\":\"unsettled\",\"field\":\"tier\",\"reason\":\"conflicting\"}}]"
    );
    assert!(document.contains(&reasons), "{document}\n{reasons}");
    assert!(document.contains(&format!("\"superseded_by\":[\"{newer}\"]")), "{document}");
    let disputes =
        format!("\"disputes\":[{{\"attestation\":\"{dispute}\",\"issuer\":\"{}\"}}]", attester(3));
    assert!(document.contains(&disputes), "{document}");
    assert!(document.contains("\"rule\":\"all\"") && document.contains("\"word\":\"revoked\""));
    assert_eq!(document, world.verdict(&terms, now(5000)).to_document().canonical());
}

/// Of what was unknown, not even the number it has since is told.
#[test]
fn nothing_is_told_of_what_was_unknown() {
    let mut world = World::new();
    let newer = world.at(1100).link(1, Supersedes, |_| {});
    let verdict = world.verdict(&terms(), then(999));
    let document = verdict.to_document().canonical();
    assert!(verdict.entry().is_none() && !document.contains("index"), "{document}");
    assert!(!document.contains(&newer.to_string()) && !document.contains("Bank"), "{document}");
}

/// Who disputes or supports is shown while that stands, and counts for nothing.
#[test]
fn disputes_and_supports_are_shown_while_they_stand() {
    let mut world = World::new();
    let dispute = world.at(1100).link(2, Disputes, |_| {});
    let support = world
        .at(1200)
        .link(9, Supports, |a| (a.valid_from, a.valid_until) = (t(1300), Some(t(1400))));
    world.at(2000).event(2, Target::Attestation(dispute), revoke(), |_| {});
    let shown = |moment| {
        let verdict = world.verdict(&terms(), moment);
        assert!(verdict.is_valid(), "{}", words(&verdict));
        let notes = verdict.notes();
        let ids = |mentions: &[super::super::Mention]| {
            mentions.iter().map(|m| m.attestation).collect::<Vec<_>>()
        };
        (ids(&notes.disputes), ids(&notes.supports))
    };
    assert_eq!(shown(then(1099)), (vec![], vec![]));
    assert_eq!(shown(then(1100)), (vec![dispute], vec![]));
    assert_eq!(shown(then(1299)), (vec![dispute], vec![]));
    assert_eq!(shown(then(1300)), (vec![dispute], vec![support]));
    assert_eq!(shown(then(1400)), (vec![dispute], vec![]));
    assert_eq!(shown(then(2000)), (vec![], vec![]));
    assert_eq!(shown(now(1099)), (vec![], vec![]));
}

/// The hash binds what the payload was. What is found now is found of every moment, before the
/// attestation was revoked and after.
#[test]
fn a_payload_is_judged_alike_at_every_moment() {
    let mut terms = terms();
    terms.payload = PayloadRule::Required;
    let mut world = World::empty();
    let hash = Payload::Hash(Commitment::to(b"{\"tier\":1}"));
    let id = world.at(1000).main(1, |a| a.payload = hash);
    world.at(2000).act(1, revoke());
    for (state, word) in [
        (PayloadState::Missing, Some("payload-missing")),
        (PayloadState::Altered { found: [1; 32] }, Some("payload-altered")),
        (PayloadState::Present, None),
    ] {
        world.payloads.insert(id, state);
        for moment in [1000, 1500, 2000, 9000].into_iter().flat_map(|at| [then(at), now(at)]) {
            let verdict = world.verdict(&terms, moment);
            let mut found = verdict.reasons().iter().map(Reason::word);
            let found = found.find(|word| word.starts_with("payload"));
            assert_eq!(found, word, "{moment:?}");
            assert_eq!(verdict.notes().payload, Some(state));
        }
    }
}

/// Whoever gathers facts may err: what is not about the attestation does not count for being there.
#[test]
fn forge_facts_that_are_of_something_else() {
    let (mut world, terms) = (World::new(), terms());
    let id = world.asked();
    let other = world.at(1100).attest(1, |a| a.subject = None);
    world.at(1200).event(1, Target::Attestation(other), revoke(), |_| {});
    world.at(1200).event(1, Target::Attestation(other), suspend(None), |_| {});
    let facts = world.facts(id, &terms);
    let of_other = world.facts(other, &terms);
    let holds = |facts: &_| verdict(facts, &terms, &then(3000)).is_valid();
    assert!(holds(&facts));

    let mut forged = facts.clone();
    forged.events = of_other.events.clone();
    assert!(holds(&forged), "events about another attestation");

    let mut forged = facts.clone();
    let attestation = of_other.attestation.entry.clone();
    let entry = LinkFact {
        relation: Supersedes,
        attestation,
        chain: Vec::new(),
        keys: facts.keys.clone(),
        events: Vec::new(),
    };
    forged.links = vec![Recorded { index: 9, recorded_at: t(1100), entry }];
    assert!(holds(&forged), "an attestation that does not say that it is linked");

    forged.links[0].entry.relation = Disputes;
    let notes = verdict(&forged, &terms, &then(3000)).notes().clone();
    assert!(notes.disputes.is_empty(), "nor one that disputes nothing");

    let mut forged = facts.clone();
    forged.schema.as_mut().unwrap().entry = V2.clone();
    let verdict = verdict(&forged, &terms, &then(3000));
    assert_eq!(words(&verdict), "unknown-schema-version:not-recorded");
}

/// Grants are those that the statement names, in their order, and for this registry.
#[test]
fn forge_a_registry_and_its_grants() {
    let (mut world, terms) = (World::empty(), terms());
    let grant = world.at(500).grant(1, 4, |_| {});
    let id = world.at(1000).main(1, |a| a.delegated = by(4, &[grant]));
    let facts = world.facts(id, &terms);
    let found = |facts: &_| words(&verdict(facts, &terms, &then(1000)));
    assert_eq!(found(&facts), "valid");
    let mut forged = facts.clone();
    forged.origin = "another.example".into();
    assert_eq!(found(&forged), "untrusted-issuer:delegation-audience");
    let other = world.at(600).grant(1, 5, |_| {});
    world.event(1, Target::Grant(other), revoke(), |_| {});
    let mut forged = facts.clone();
    forged.chain[0].events = world.lone_events(other);
    assert_eq!(found(&forged), "valid", "events about another grant");
    let mut forged = facts.clone();
    forged.chain.clear();
    assert_eq!(found(&forged), "untrusted-issuer:delegation-chain");
}

const LISTED: &str = "https://bank.example/sanctions";

fn policy(agree: &str) -> Policy {
    let role = |name: &str, more: &str| {
        format!(
            "[[roles]]\nname = '{name}'\nschema = '{}'\naccepts = ['{}']\n{more}\n",
            V1.id(),
            V2.id()
        )
    };
    let trust =
        format!("trust = {{ list = '{TRUST}', authority = '{}', max_age = 24 }}", attester(50));
    let key = did_key::encode(&bbs(40));
    let lists = format!(
        "lists = [{{ list = '{LIST}', authority = '{key}', max_age = 10 }},\
         {{ list = '{LISTED}', authority = '{key}', max_age = 9, field = 'tier', is = 'present' }}]"
    );
    let text = format!(
        "format = 'sigil-policy/1'\nid = 'example.org/p'\nversion = '1.0.0'\nclock_skew = 90\n\
         claims = [{{ path = 'a.tier', disclosure = 'must' }},\
         {{ path = 'b.tier', disclosure = 'must' }}, {{ path = 'c.tier', disclosure = 'must' }}]\n\
         {agree}\n{}{}{}",
        role("a", &format!("{trust}\n{lists}")),
        role("b", &trust),
        role("c", &format!("issuers = ['{}']", did_key::encode(&bbs(3)))),
    );
    Policy::parse(text.as_bytes()).unwrap()
}

#[test]
fn a_role_gives_its_terms() {
    let schemas = [(**V1).clone(), (**V2).clone()];
    let agree = "[[agree]]\nroles = ['a', 'b']\nfields = ['tier']\nrule = 'precedence'";
    let compiled = policy(agree).compile(&schemas).unwrap();
    let of = |role| Terms::of_role(&compiled, role);
    let terms = of("a").unwrap();
    assert_eq!(terms.schemas, [V1.id(), V2.id()].into());
    assert_eq!(terms.base.as_ref().map(|base| base.id()), Some(V1.id()));
    let Trusted::List(rule) = &terms.trusted else { panic!("a trust list") };
    assert_eq!((rule.list(), rule.max_age()), (TRUST, 24));
    let lists: Vec<_> = terms
        .lists
        .iter()
        .map(|list| (&list.key.list[..], list.subject.message, list.presence))
        .collect();
    let expected =
        [(LIST, STATUS_HANDLE, Presence::Absent), (LISTED, FIRST_FIELD, Presence::Present)];
    assert_eq!(lists, expected);
    let [agreement] = &terms.agreements[..] else { panic!("one agreement") };
    assert_eq!((&agreement.rule, agreement.fields.len()), (&ConflictRule::Precedence, 1));
    assert_eq!((terms.skew, terms.payload), (90, PayloadRule::HashSuffices));

    let other = of("c").unwrap();
    assert_eq!(other.trusted, Trusted::Issuers(vec![bbs(3)]));
    assert!(other.lists.is_empty());
    // Without a rule of its own, nobody is believed where issuers differ.
    assert_eq!(other.agreements[0].rule, ConflictRule::All);
    assert!(other.agreements[0].fields.is_empty());
    assert!(of("d").is_none());

    let agree = "[[agree]]\nroles = ['a', 'b', 'c']\nfields = ['tier']\nquorum = 2";
    let compiled = policy(agree).compile(&schemas).unwrap();
    let rule = |role| Terms::of_role(&compiled, role).unwrap().agreements[0].rule.clone();
    assert_eq!(rule("c"), ConflictRule::Quorum(2));
}

/// Another version of the schema is held against the list by what its value means.
#[test]
fn a_list_of_a_field_is_asked_across_versions() {
    let schemas = [(**V1).clone(), (**V2).clone()];
    let compiled = policy("").compile(&schemas).unwrap();
    let terms = Terms::of_role(&compiled, "a").unwrap();
    let world = World::new();
    let mut attestation = world.attestation(1);
    let element = |attestation: &_| terms.element(&terms.lists[1], attestation, Some(&V2));
    (attestation.schema, attestation.payload) = (V2.id(), tier(7));
    assert_eq!(element(&attestation), Ok(Some(7)));
    attestation.payload = tier(300);
    assert_eq!(element(&attestation), Ok(Some(300)));
    attestation.payload = Payload::Inline(b"{\"tier\":70000}".to_vec());
    assert!(element(&attestation).is_err());
}

/// Whatever terms say is in their digest, and nothing else is.
#[test]
fn the_digest_of_terms_covers_all_of_them() {
    type Change = fn(&mut Terms);
    let changes: [Change; 17] = [
        |_| {},
        |t| t.schemas = [V2.id()].into(),
        |t| t.base = Some(V1.clone()),
        |t| t.base = Some(V2.clone()),
        |t| t.trusted = Trusted::Anybody,
        |t| t.trusted = Trusted::Attesters([attester(1)].into()),
        |t| t.trusted = Trusted::Issuers(vec![bbs(1)]),
        |t| t.lists = vec![on_handle(Presence::Absent)],
        |t| t.lists = vec![on_handle(Presence::Present)],
        |t| {
            t.lists = vec![on_handle(Presence::Absent)];
            t.lists[0].max_age += 1;
        },
        |t| {
            t.lists = vec![on_handle(Presence::Absent)];
            t.lists[0].subject.message = FIRST_FIELD;
        },
        |t| t.agreements.clear(),
        |t| t.agreements[0].fields = ["tier".to_owned()].into(),
        |t| t.agreements[0].rule = ConflictRule::Quorum(2),
        |t| t.agreements[0].rule = ConflictRule::Order(vec![attester(1)]),
        |t| t.payload = PayloadRule::Required,
        |t| t.skew += 1,
    ];
    let digest = |change: &Change| {
        let mut terms = terms();
        change(&mut terms);
        terms.digest()
    };
    let digests: BTreeSet<_> = changes.iter().map(digest).collect();
    assert_eq!(digests.len(), changes.len());
    // The order in which keys are named, and the place in the policy, say nothing.
    let issuers = |keys: &[u8]| {
        let keys = keys.iter().map(|key| bbs(*key)).collect();
        Terms { trusted: Trusted::Issuers(keys), ..terms() }.digest()
    };
    assert_eq!(issuers(&[1, 2]), issuers(&[2, 1]));
    let placed = |path: &str, role| {
        let mut check = on_handle(Presence::Absent);
        (check.path, check.subject.role) = (path.to_owned(), role);
        Terms { lists: vec![check], ..terms() }.digest()
    };
    assert_eq!(placed("$.roles[0].lists[0]", 0), placed("$.roles[1].lists[3]", 1));
}

/// Everything that is relied upon is named.
#[test]
fn notes_name_what_is_relied_upon() {
    let (mut world, mut terms) = (World::new(), terms());
    world.at(1100).trust(1, &[("Bank Z", 7, &[(1, json!({}))])]);
    terms.lists = vec![on_handle(Presence::Absent)];
    let first = world.at(1200).epoch(0, None, &[]);
    let second = world.at(1300).epoch(1, Some(first), &[]);
    for (at, sequence, name, hash) in [
        (1100, 1, "Bank Z", None),
        (1200, 1, "Bank Z", Some(first)),
        (1300, 1, "Bank Z", Some(second)),
        (1099, 0, "Bank A", None),
    ] {
        let verdict = world.verdict(&terms, then(at));
        let notes = verdict.notes();
        assert_eq!(notes.trust.as_ref().map(|edition| edition.sequence), Some(sequence));
        assert_eq!(notes.issuer.as_ref().map(|issuer| &issuer.name[..]), Some(name));
        assert_eq!(notes.epochs.first().map(|epoch| epoch.hash), hash);
    }
}
