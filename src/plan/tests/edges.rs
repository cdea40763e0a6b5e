//! The edges of what a plan refuses: instants, windows, ceilings of several roles, and the bound on
//! the search.

use super::*;
use crate::authority::AuthorityKey;
use crate::trust::UnsignedTrustList;
use serde_json::{Value, json};

/// The schema, suite and key of an issuer, by a number.
fn issuer(seed: u8, suite: Suite) -> Issuer {
    let key = SecretKey::from_bytes(&[seed; 32]).unwrap();
    Issuer::new(key, suite, StatusHandles::new([1; 32]), schema("kyc")).unwrap()
}

/// A credential valid in these hours, with the same values each time.
fn card(seed: u8, suite: Suite, (from, until): (u64, u64)) -> Credential {
    let json = br#"{"person":1,"age":0,"country":2,"secret":3}"#;
    let record = schema("kyc").record_from_json(json).unwrap();
    let life = Lifetime::from_hours(from, until).unwrap();
    issuer(seed, suite).issue(record, life, 1).unwrap()
}

fn good(seed: u8) -> Credential {
    card(seed, Suite::Sha256, (NOW / 3_600 - 1, NOW / 3_600 + 1))
}

/// A policy with a role of the schema for each pair of a name and further members.
fn policy(roles: &[(&str, &str)], rest: &str) -> Policy {
    let keys = [1, 2, 3].map(|seed| {
        let issuer = issuer(seed, Suite::Sha256);
        format!("{:?}", did_key::encode(issuer.public_key()))
    });
    let (id, keys) = (schema("kyc").id(), keys.join(","));
    let role = |(name, more): &(&str, &str)| {
        format!(r#"{{"name":"{name}","schema":"{id}","issuers":[{keys}]{more}}}"#)
    };
    let roles: Vec<String> = roles.iter().map(role).collect();
    let text = format!(
        r#"{{"format":"sigil-policy/1","id":"edge","version":"1.0.0","roles":[{}]{rest}}}"#,
        roles.join(",")
    );
    Policy::parse(text.as_bytes()).unwrap()
}

/// What the wallet answers at `NOW` to a request for this time, expiring then.
fn answer_at(
    policy: &Policy,
    wallet: &[&Credential],
    under: &[Policy],
    times: (u64, u64),
) -> Result<Plan, Vec<Refusal>> {
    answer_with(policy, wallet, under, times, Supplies::default())
}

fn answer_with(
    policy: &Policy,
    wallet: &[&Credential],
    under: &[Policy],
    (at, expires): (u64, u64),
    supplies: Supplies<'_>,
) -> Result<Plan, Vec<Refusal>> {
    let bundle = Bundle::new(policy.clone(), None);
    let compiled = policy.compile(&[(*schema("kyc")).clone()]).unwrap();
    let (nonce, audience) = (Nonce::from_bytes([7; 32]), "https://v.example");
    let (at, expires) = (time(at), time(expires));
    let request = PresentationRequest::new(bundle.hash(), audience, nonce, at, expires).unwrap();
    let asked = Asked { bundle: &bundle, compiled: &compiled, request: &request, under, supplies };
    let held: Vec<Held<'_>> =
        wallet.iter().map(|credential| Held { label: "card", credential }).collect();
    plan(&asked, &held, time(NOW))
}

fn answer(policy: &Policy, wallet: &[&Credential]) -> Result<Plan, Vec<Refusal>> {
    answer_at(policy, wallet, &[], (NOW, NOW + 600))
}

fn misfit(result: Result<Plan, Vec<Refusal>>) -> Misfit {
    match &result.unwrap_err()[..] {
        [Refusal::Role { tried, .. }] if tried.len() == 1 => tried[0].1.clone(),
        other => panic!("{other:?}"),
    }
}

const ONE: [(&str, &str); 1] = [("card", "")];

#[test]
fn reject_request_for_another_bundle() {
    let (policy, other) = (policy(&ONE, ""), policy(&ONE, r#","clock_skew":7"#));
    let (bundle, other) = (Bundle::new(policy.clone(), None), Bundle::new(other, None));
    let compiled = policy.compile(&[(*schema("kyc")).clone()]).unwrap();
    let (request, card) = (request::<&str>(&other, NOW, &[]), good(1));
    let asked = Asked {
        bundle: &bundle,
        compiled: &compiled,
        request: &request,
        under: &[],
        supplies: Supplies::default(),
    };
    let held = [Held { label: "card", credential: &card }];
    assert_eq!(plan(&asked, &held, time(NOW)), Err(vec![Refusal::Bundle]));
}

#[test]
fn reject_the_first_instant_after_a_window_and_the_last_before_it() {
    let card = good(1);
    for (key, instant, fits) in [
        ("from", NOW, true),
        ("from", NOW + 1, false),
        ("until", NOW + 1, true),
        ("until", NOW, false),
    ] {
        let window = format!(r#","validity":{{"{key}":"{}"}}"#, time(instant));
        let result = answer(&policy(&ONE, &window), &[&card]);
        let expected = Err(vec![Refusal::NotInForce { time: time(NOW) }]);
        assert!(if fits { result.is_ok() } else { result == expected }, "{key} {result:?}");
    }
}

#[test]
fn expiry_is_judged_with_the_skew() {
    let (policy, card) = (policy(&ONE, r#","clock_skew":60"#), good(1));
    assert!(answer_at(&policy, &[&card], &[], (NOW - 60, NOW - 59)).is_ok());
    let expired = |(at, expires)| {
        let refusals = answer_at(&policy, &[&card], &[], (at, expires)).unwrap_err();
        refusals.iter().any(|refusal| matches!(refusal, Refusal::Expired { .. }))
    };
    assert!(expired((NOW - 61, NOW - 60)));
    assert!(!expired((NOW - 61, NOW - 59)));
}

#[test]
fn reject_a_window_revealed_above_a_policy_that_hides_it() {
    let card = good(1);
    let shows = policy(&[("card", r#","validity":"reveal""#)], "");
    let under = |word: &str| policy(&[("mine", &format!(r#","validity":"{word}""#))], "");
    let now = (NOW, NOW + 600);
    assert!(answer_at(&shows, &[&card], &[under("reveal")], now).is_ok());
    let told = refusal(answer_at(&shows, &[&card], &[under("hidden")], now));
    assert!(told.contains("card.valid_until would be revealed, and policy edge"), "{told}");
}

#[test]
fn reject_above_the_lowest_ceiling_of_two_roles() {
    let card = good(1);
    let must = policy(&ONE, r#","claims":[{"path":"card.country","disclosure":"must"}]"#);
    let under = |words: [&str; 2]| {
        let claims = format!(
            r#","claims":[{{"path":"a.country","disclosure":"{}"}},
                          {{"path":"b.country","disclosure":"{}"}}]"#,
            words[0], words[1]
        );
        policy(&[("a", ""), ("b", "")], &claims)
    };
    let now = (NOW, NOW + 600);
    assert!(answer_at(&must, &[&card], &[under(["may", "may"])], now).is_ok());
    for words in [["may", "never"], ["never", "may"]] {
        let told = refusal(answer_at(&must, &[&card], &[under(words)], now));
        assert!(told.ends_with("policy edge allows hidden"), "{told}");
    }
}

#[test]
fn reject_a_credential_of_another_suite() {
    let hours = (NOW / 3_600 - 1, NOW / 3_600 + 1);
    let shake = card(1, Suite::Shake256, hours);
    assert_eq!(misfit(answer(&policy(&ONE, ""), &[&shake])), Misfit::Suite);
    let suite = format!(r#","suite":"{}""#, Suite::Shake256.id());
    let takes = policy(&[("card", &suite)], "");
    assert!(answer(&takes, &[&shake]).is_ok());
    assert_eq!(misfit(answer(&takes, &[&good(1)])), Misfit::Suite);
}

#[test]
fn reject_a_credential_outside_its_hours_unless_none_are_asked() {
    let (hour, suite) = (NOW / 3_600, Suite::Sha256);
    let (asks, skips) = (policy(&ONE, ""), policy(&[("card", r#","validity":"skip""#)], ""));
    for (hours, fits) in [
        ((hour, hour + 1), true),
        ((hour - 1, hour), false),
        ((hour + 1, hour + 2), false),
        ((hour - 9, hour - 8), false),
    ] {
        let card = card(1, suite, hours);
        match answer(&asks, &[&card]) {
            Ok(_) => assert!(fits, "{hours:?}"),
            refused => assert!(matches!((misfit(refused), fits), (Misfit::Validity(_), false))),
        }
        assert!(answer(&skips, &[&card]).is_ok(), "{hours:?}");
    }
}

const THREE: [(&str, &str); 3] = [("one", ""), ("two", ""), ("three", "")];

/// Sixty credentials in each of three places, and a rule that only the last of them settles.
#[test]
fn reject_a_search_beyond_its_bound() {
    let sum = r#","predicates":[{"name":"sum","expr":"one.age + three.secret >= 30"}]"#;
    let (policy, card) = (policy(&THREE, sum), good(1));
    let refused = answer(&policy, &[&card; 60]).unwrap_err();
    let steps = search::MAX_STEPS;
    assert_eq!(refused, [Refusal::Search(SearchRefusal { steps })]);
    // Within the bound it is known that there is none.
    let refused = answer(&policy, &[&card; 30]).unwrap_err();
    assert!(matches!(refused[..], [Refusal::Together { .. }]), "{refused:?}");
}

/// As many candidates as are tried of light rules are too many of heavy ones.
#[test]
fn reject_a_search_of_heavy_rules_beyond_its_bound() {
    let set: Vec<String> = (0..256).map(|element| (1_000 + element).to_string()).collect();
    let member = "100 * one.age + three.age in params.set";
    let rest = |conditions: usize| {
        format!(
            r#","params":{{"set":[{}]}},
                "claims":[{{"path":"one.age","disclosure":"must"}},
                          {{"path":"three.age","disclosure":"must"}}],
                "predicates":[{{"name":"heavy","expr":"{}"}}]"#,
            set.join(","),
            vec![member; conditions].join(" || ")
        )
    };
    let card = good(1);
    let refused = answer(&policy(&THREE, &rest(1)), &[&card; 20]).unwrap_err();
    assert!(matches!(refused[..], [Refusal::Together { .. }]), "{refused:?}");
    let refused = answer(&policy(&THREE, &rest(60)), &[&card; 30]).unwrap_err();
    assert!(matches!(refused[..], [Refusal::Search(_)]), "{refused:?}");
}

#[test]
fn reject_one_issuer_in_the_first_and_the_third_place() {
    let agree = r#","agree":[{"roles":["one","two","three"],"fields":["person"]}]"#;
    let (policy, cards) = (policy(&THREE, agree), [1, 2, 3].map(good));
    let refused = answer(&policy, &[&cards[0], &cards[1]]).unwrap_err();
    assert!(matches!(refused[..], [Refusal::Together { .. }]), "{refused:?}");
    let plan = answer(&policy, &[&cards[0], &cards[1], &cards[2]]).unwrap();
    let chosen: Vec<usize> = plan.roles.iter().map(|role| role.held).collect();
    assert_eq!(chosen, [0, 1, 2]);
}

/// Issuers of these names, with the keys of these seeds.
fn trust_list(issuers: &[(&str, &[u8])]) -> TrustList {
    let key = |seed: &u8| {
        json!({ "key": did_key::encode(issuer(*seed, Suite::Sha256).public_key()),
                "schemas": [schema("kyc").id().to_string()], "from": "2026-01-01T00:00:00Z" })
    };
    let keys = |seeds: &[u8]| -> Vec<Value> { seeds.iter().map(key).collect() };
    let issuers = issuers.iter().map(|(name, seeds)| json!({ "name": name, "keys": keys(seeds) }));
    let issuers: Vec<Value> = issuers.collect();
    let signer = AuthorityKey::from_bytes(&[9; 32]);
    let document = json!({
        "format": "sigil-trust/1", "id": "https://t.example/kyc", "sequence": 0,
        "authority": signer.authority().to_string(), "issuers": issuers,
        "issued_at": "2026-05-01T00:00:00Z", "next_update": "2027-05-01T00:00:00Z",
    });
    UnsignedTrustList::parse(document.to_string().as_bytes()).unwrap().sign(&signer).unwrap()
}

/// An issuer that has two keys is one issuer, as the verifier will say: the plan looks for another.
#[test]
fn reject_two_keys_of_one_issuer_by_its_name_in_the_trust_list() {
    let signer = AuthorityKey::from_bytes(&[9; 32]).authority();
    let role = |name: &str| {
        json!({ "name": name, "schema": schema("kyc").id().to_string(),
                "trust": { "list": "https://t.example/kyc", "authority": signer.to_string(),
                           "max_age": 8784 } })
    };
    let document = json!({
        "format": "sigil-policy/1", "id": "edge", "version": "1.0.0",
        "roles": [role("one"), role("two")],
        "agree": [{ "roles": ["one", "two"], "fields": ["person"] }],
    });
    let policy = Policy::parse(document.to_string().as_bytes()).unwrap();
    let (cards, now) = ([1, 2, 3].map(good), (NOW, NOW + 600));
    let wallet: Vec<&Credential> = cards.iter().collect();
    let answer = |issuers: &[(&str, &[u8])], wallet: &[&Credential]| {
        let trust = [trust_list(issuers)];
        let supplies = Supplies { entries: &[], trust: &trust };
        answer_with(&policy, wallet, &[], now, supplies)
    };
    let chosen = |plan: Plan| plan.roles.iter().map(|role| role.held).collect::<Vec<_>>();
    let three: [(&str, &[u8]); 3] = [("A", &[1]), ("B", &[2]), ("C", &[3])];
    assert_eq!(chosen(answer(&three, &wallet).unwrap()), [0, 1]);
    let two: [(&str, &[u8]); 2] = [("A", &[1, 2]), ("C", &[3])];
    let plan = answer(&two, &wallet).unwrap();
    assert_eq!(plan.roles[1].issuer, *issuer(3, Suite::Sha256).public_key());
    assert_eq!(chosen(plan), [0, 2]);
    let refused = answer(&two, &wallet[..2]).unwrap_err();
    assert!(matches!(refused[..], [Refusal::Together { .. }]), "{refused:?}");
}

#[test]
fn a_plan_names_the_quorums_that_stay_hidden() {
    let claims = r#","claims":[{"path":"one.age","disclosure":"must"},
        {"path":"two.age","disclosure":"must"},{"path":"three.age","disclosure":"must"}],
        "agree":[{"roles":["two","one","three"],"fields":["person","age"],"quorum":2}]"#;
    let cards = [1, 2, 3].map(good);
    let plan = answer(&policy(&THREE, claims), &[&cards[0], &cards[1], &cards[2]]).unwrap();
    let told: Vec<String> = plan.proves.iter().map(ToString::to_string).collect();
    let quorums: Vec<&str> =
        told.iter().filter_map(|t| t.contains("agree").then_some(&**t)).collect();
    assert_eq!(quorums, ["2 of one, three, two agree on person"]);
}
