//! Presentations, whole: what an honest holder can show, and what nobody can.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

#[path = "scenario/octets.rs"]
mod octets;
mod scenario;

use octets::{outline, runs};
use rayon::prelude::*;
use scenario::{
    ADULT, AUDIENCE, IDENTITY, MEANS, NOW, PAIR_POLICY, SIXTEEN, SIXTEEN_POLICY, SIXTEEN_RECORD,
    Scenario, WEALTHY, expectation, issuer, pair, request, rng, sixteen, time, validity,
};
use sigil::bbs::Suite;
use sigil::credential::{CredentialError, Lapse, UnverifiedCredential, Validity};
use sigil::encoding::Wire;
use sigil::policy::Shortfall;
use sigil::presentation::{
    self, Expectation, Holding, Presentation, ProveError, StatementError, VerifyError,
};
use sigil::request::{InMemoryNonces, Nonce, NonceError, PresentationRequest, RequestError};
use std::collections::HashSet;
use std::sync::Arc;

#[test]
fn a_threshold_and_the_validity_window_are_proven_and_eight_fields_shown() {
    let scenario = sixteen();
    let presentation = scenario.prove(1).unwrap();
    let verified = scenario.verify(&presentation).unwrap();
    let shown: Vec<String> =
        verified.disclosed().iter().map(|one| format!("{}={}", one.claim, one.text)).collect();
    assert_eq!(
        shown,
        [
            "card.country=CH",
            "card.tier=3",
            "card.member=true",
            "card.joined=2020-02-29",
            "card.region=ZH",
            "card.kind=person",
            "card.seen=2026-05-01T10:00:00Z",
            "card.points=4711",
        ]
    );
    assert_eq!(verified.proven(), ["$.roles[0].validity", "$.predicates[0]"]);
    assert_eq!(verified.bundle(), scenario.bundle.hash());
    let logged = format!("{verified:?}");
    assert!(logged.contains("card.points") && !logged.contains("4711"), "{logged}");
    let octets = presentation.to_bytes();
    // The values shown take 75 of these; the bound is for what comes beyond them.
    assert!(octets.len() <= 1_400, "{} octets", octets.len());
    let again = Presentation::from_bytes(&octets).unwrap();
    assert!(again == presentation);
    assert!(Presentation::from_json(&presentation.to_json()).unwrap() == presentation);
}

#[test]
fn all_single_bit_flips_are_refused() {
    refuse_all_single_bit_flips(&sixteen());
}

/// Two credentials and a hidden equality, without a predicate.
#[test]
fn all_single_bit_flips_of_an_equality_are_refused() {
    let equal = r#"
format = "sigil-policy/1"
id = "example.org/equal"
version = "1.0.0"
equal = [["id.person", "means.person"]]
[[roles]]
name = "id"
schema = "{schema0}"
issuers = ["{issuer0}"]
validity = "skip"
[[roles]]
name = "means"
schema = "{schema1}"
issuers = ["{issuer1}"]
validity = "skip"
"#;
    let scenario = Scenario::new(equal, &[(IDENTITY, ADULT), (MEANS, WEALTHY)]);
    assert!(scenario.key.is_none());
    refuse_all_single_bit_flips(&scenario);
    let other = WEALTHY.replace("p-01f7", "p-02aa");
    let scenario = Scenario::new(equal, &[(IDENTITY, ADULT), (MEANS, &other)]);
    assert!(matches!(scenario.prove(1), Err(ProveError::NotEqual { .. })));
}

fn refuse_all_single_bit_flips(scenario: &Scenario) {
    let octets = scenario.prove(2).unwrap().to_bytes();
    scenario.verify(&Presentation::from_bytes(&octets).unwrap()).unwrap();
    (0..octets.len() * 8).into_par_iter().for_each(|bit| {
        let mut flipped = octets.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(presentation) = Presentation::from_bytes(&flipped) {
            assert!(scenario.verify(&presentation).is_err(), "bit {bit}");
        }
    });
}

#[test]
fn two_credentials_of_one_person_are_shown_together() {
    for suite in Suite::ALL {
        let cards = [(IDENTITY, ADULT), (MEANS, WEALTHY)];
        let scenario = Scenario::with(PAIR_POLICY, &cards, suite, validity());
        let verified = scenario.verify(&scenario.prove(1).unwrap()).unwrap();
        assert_eq!(verified.disclosed().len(), 1);
        assert_eq!(verified.disclosed()[0].claim, "id.country");
        assert_eq!(
            verified.proven(),
            [
                "$.roles[0].validity",
                "$.roles[1].validity",
                "$.predicates[0]",
                "$.predicates[1]",
                "$.predicates[2]",
                "$.equal[0]",
            ]
        );
    }
}

#[test]
fn a_holder_who_does_not_qualify_cannot_prove() {
    let with = |identity: &str, means: &str| {
        Scenario::new(PAIR_POLICY, &[(IDENTITY, identity), (MEANS, means)]).prove(1)
    };
    let change = |record: &str, from: &str, to: &str| {
        assert!(record.contains(from));
        record.replace(from, to)
    };
    assert!(with(ADULT, WEALTHY).is_ok());
    for (name, rule, identity, means) in [
        ("born a day late", 0, change(ADULT, "1990-04-17", "2008-06-02"), WEALTHY.to_owned()),
        ("one short", 1, ADULT.to_owned(), change(WEALTHY, "45000", "39999")),
        ("not below", 2, ADULT.to_owned(), change(WEALTHY, "\"bonus\": 100", "\"bonus\": 40")),
        ("absent", 2, ADULT.to_owned(), change(WEALTHY, ", \"bonus\": 100", "")),
        ("not different", 2, change(ADULT, "\"grade\": 60", "\"grade\": 40"), WEALTHY.to_owned()),
    ] {
        let Err(ProveError::NotSatisfied { rules }) = with(&identity, &means) else {
            panic!("{name}: it was proven")
        };
        assert_eq!(rules, [format!("$.predicates[{rule}]")], "{name}");
    }
    let at_the_edge = change(WEALTHY, "45000", "40000");
    assert!(with(ADULT, &at_the_edge).is_ok(), "exactly enough");
    let born = change(ADULT, "1990-04-17", "2008-06-01");
    assert!(with(&born, WEALTHY).is_ok(), "on the day itself");
    let other = change(WEALTHY, "p-01f7", "p-01f8");
    assert!(matches!(with(ADULT, &other), Err(ProveError::NotEqual { .. })));
    let abroad = change(ADULT, "\"CH\"", "\"FR\"");
    let Err(ProveError::NotAcceptable { shortfalls }) = with(&abroad, WEALTHY) else {
        panic!("a country that is not listed")
    };
    assert_eq!(shortfalls, [Shortfall::Rule { path: "$.claims[0].one_of".to_owned() }]);
}

#[test]
fn validity_counts_to_the_hour() {
    let prove = |from: &str, until: &str| {
        let window = Validity::between(time(from), time(until)).unwrap();
        let cards = [(SIXTEEN, SIXTEEN_RECORD)];
        let hidden = Scenario::with(SIXTEEN_POLICY, &cards, Suite::Sha256, window).prove(1);
        let revealed =
            SIXTEEN_POLICY.replacen("[[claims]]", "validity = \"reveal\"\n\n[[claims]]", 1);
        let revealed = Scenario::with(&revealed, &cards, Suite::Sha256, window).prove(1);
        assert_eq!(hidden.is_ok(), revealed.is_ok(), "{from} {until}");
        if let Err(error) = revealed {
            let expected = [Shortfall::Rule { path: "$.roles[0].validity".to_owned() }];
            let ProveError::NotAcceptable { shortfalls } = error else { panic!("{error}") };
            assert_eq!(shortfalls, expected);
            let Err(ProveError::Lapsed { role, lapse }) = hidden else { panic!("{from} {until}") };
            let (from, until) = (time(from), time(until));
            let expected = match from > time(NOW) {
                true => Lapse::NotYet { from },
                false => Lapse::Expired { until },
            };
            assert_eq!((&role[..], lapse), ("card", expected));
            return false;
        }
        true
    };
    // The request is for 12:30.
    assert!(prove("2026-06-01T12:00:00Z", "2026-06-01T13:00:00Z"));
    assert!(!prove("2026-06-01T13:00:00Z", "2027-01-01T00:00:00Z"), "not yet valid");
    assert!(!prove("2026-01-01T00:00:00Z", "2026-06-01T12:00:00Z"), "expired");
    assert!(Validity::between(time("2026-06-01T13:00:00Z"), time("2026-06-01T13:00:00Z")).is_err());
}

#[test]
fn revealed_validity_is_shown_and_skipped_validity_is_not_asked_for() {
    let cards = [(SIXTEEN, SIXTEEN_RECORD)];
    let with = |word: &str| {
        let role = format!("validity = \"{word}\"\n\n[[claims]]");
        SIXTEEN_POLICY.replacen("[[claims]]", &role, 1)
    };
    let scenario = Scenario::new(&with("reveal"), &cards);
    let verified = scenario.verify(&scenario.prove(1).unwrap()).unwrap();
    let shown: Vec<&str> = verified.disclosed()[..2].iter().map(|d| d.text.as_str()).collect();
    assert_eq!(shown, ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"]);
    assert_eq!(verified.disclosed()[0].claim, "card.valid_from");

    let past = Validity::from_hours(1, 2).unwrap();
    let scenario = Scenario::with(&with("skip"), &cards, Suite::Sha256, past);
    assert_eq!(scenario.terms.policy().warnings().len(), 1);
    assert!(scenario.verify(&scenario.prove(1).unwrap()).is_ok());
}

#[test]
fn optional_claims_are_shown_only_if_the_holder_wants() {
    let named = ADULT.replace("\"rank\"", "\"nickname\": \"Jo\", \"rank\"");
    let scenario = Scenario::new(PAIR_POLICY, &[(IDENTITY, &named), (MEANS, WEALTHY)]);
    let silent = scenario.verify(&scenario.prove(1).unwrap()).unwrap();
    assert!(silent.disclosed().iter().all(|one| one.claim != "id.nickname"));
    let mut holdings = scenario.holdings();
    holdings[0].reveal = &["nickname"];
    let open = scenario.prove_with(&holdings, 1).unwrap();
    let open = scenario.verify(&open).unwrap();
    assert!(open.disclosed().iter().any(|one| one.claim == "id.nickname" && one.text == "Jo"));

    holdings[0].reveal = &["rank"];
    let surplus = scenario.prove_with(&holdings, 1);
    let Err(ProveError::NotAcceptable { shortfalls }) = surplus else { panic!("it is surplus") };
    assert_eq!(shortfalls, [Shortfall::Surplus { claim: "id.rank".to_owned() }]);
    holdings[0].reveal = &["no_such"];
    assert!(matches!(scenario.prove_with(&holdings, 1), Err(ProveError::Field { .. })));
}

#[test]
fn reject_credentials_of_another_role_issuer_or_schema() {
    let scenario = pair();
    let mut holdings = scenario.holdings();
    holdings.swap(0, 1);
    assert!(matches!(scenario.prove_with(&holdings, 1), Err(ProveError::Credential { .. })));
    holdings.truncate(1);
    holdings[0] = scenario.holdings()[0];
    let few = scenario.prove_with(&holdings, 1);
    assert!(matches!(few, Err(ProveError::Statement(StatementError::Credentials { .. }))));
    let mut many = scenario.holdings();
    many.push(many[0]);
    assert!(scenario.prove_with(&many, 1).is_err());

    let schema = scenario.schemas[0].clone();
    let stranger = issuer(&schema, Suite::Sha256, 200);
    let record = schema.record_from_json(ADULT.as_bytes()).unwrap();
    let credential = stranger.issue(record, validity(), 1).unwrap();
    let mut holdings = scenario.holdings();
    holdings[0] = Holding::new(&credential);
    assert!(matches!(scenario.prove_with(&holdings, 1), Err(ProveError::Credential { .. })));

    // The issuer that the policy names, under the other suite.
    let record = schema.record_from_json(ADULT.as_bytes()).unwrap();
    let other = issuer(&schema, Suite::Shake256, 100);
    assert_eq!(other.public_key(), scenario.credentials[0].issuer());
    let credential = other.issue(record, validity(), 1).unwrap();
    holdings[0] = Holding::new(&credential);
    assert!(matches!(scenario.prove_with(&holdings, 1), Err(ProveError::Credential { .. })));
}

#[test]
fn reject_requests_of_another_audience_time_nonce_or_policy() {
    let scenario = sixteen();
    let presentation = scenario.prove(1).unwrap();
    let check = |request: &PresentationRequest, expectation: Expectation<'_>| {
        let nonces = InMemoryNonces::default();
        presentation::verify(&scenario.terms, request, &expectation, &presentation, &nonces)
    };
    let good = &scenario.request;
    assert!(check(good, expectation()).is_ok());
    let elsewhere = Expectation { audience: "https://other.example", ..expectation() };
    let error = check(good, elsewhere).unwrap_err();
    assert!(matches!(error, VerifyError::Request(RequestError::Audience)));
    let at = |now: &str, skew| Expectation { audience: AUDIENCE, now: time(now), skew };
    let error = check(good, at("2026-06-01T12:40:00Z", 0)).unwrap_err();
    assert!(matches!(error, VerifyError::Request(RequestError::Expired { .. })));
    assert!(check(good, at("2026-06-01T12:40:59Z", 60)).is_ok(), "within the skew");
    let error = check(good, at("2026-06-01T12:29:59Z", 0)).unwrap_err();
    assert!(matches!(error, VerifyError::Request(RequestError::NotYet { .. })));

    // A request that differs in one item is not the one that was answered.
    let bundle = scenario.bundle.hash();
    let make = |audience: &str, nonce: u8, from: &str, until: &str| {
        let nonce = Nonce::from_bytes([nonce; 32]);
        PresentationRequest::new(bundle, audience, nonce, time(from), time(until)).unwrap()
    };
    let (from, until) = ("2026-06-01T12:30:00Z", "2026-06-01T12:40:00Z");
    assert!(check(&make(AUDIENCE, 1, from, until), expectation()).is_ok(), "the same again");
    for (name, other) in [
        ("nonce", make(AUDIENCE, 2, from, until)),
        ("time", make(AUDIENCE, 1, "2026-06-01T12:29:59Z", until)),
        ("expiry", make(AUDIENCE, 1, from, "2026-06-01T12:40:01Z")),
    ] {
        let error = check(&other, expectation()).unwrap_err();
        assert!(matches!(error, VerifyError::Refused), "{name}: {error:?}");
    }
    let other = make("https://other.example", 1, from, until);
    assert!(matches!(check(&other, elsewhere).unwrap_err(), VerifyError::Refused), "audience");
    let foreign = request(sigil::policy::BundleHash::from_bytes([9; 32]), 1);
    let error = check(&foreign, expectation()).unwrap_err();
    assert!(matches!(error, VerifyError::Request(RequestError::Bundle)));
}

#[test]
fn reject_replays_of_one_presentation_in_parallel() {
    let scenario = sixteen();
    let presentation = scenario.prove(1).unwrap();
    let nonces = InMemoryNonces::default();
    let accepted = (0..100)
        .into_par_iter()
        .map(|_| {
            let (terms, request) = (&scenario.terms, &scenario.request);
            match presentation::verify(terms, request, &expectation(), &presentation, &nonces) {
                Ok(_) => 1,
                Err(VerifyError::Nonce(NonceError::Spent)) => 0,
                Err(other) => panic!("{other}"),
            }
        })
        .sum::<u32>();
    assert_eq!(accepted, 1);
}

/// A forgery does not spend the nonce of the honest holder.
#[test]
fn a_refused_presentation_leaves_the_nonce_unspent() {
    let scenario = sixteen();
    let octets = scenario.prove(1).unwrap().to_bytes();
    let nonces = InMemoryNonces::default();
    let verify = |octets: &[u8]| {
        let presentation = Presentation::from_bytes(octets).unwrap();
        let (terms, request) = (&scenario.terms, &scenario.request);
        presentation::verify(terms, request, &expectation(), &presentation, &nonces).is_ok()
    };
    let forged = (0..octets.len()).find_map(|at| {
        let mut forged = octets.clone();
        forged[at] ^= 1;
        Presentation::from_bytes(&forged).is_ok().then_some(forged)
    });
    assert!(!verify(&forged.unwrap()));
    assert!(verify(&octets));
    assert!(!verify(&octets));
}

/// Holders with other hidden values, another validity and another handle look the same.
#[test]
fn two_holders_differ_in_nothing_but_random_octets() {
    let other = SIXTEEN_RECORD
        .replace("90000", "18446744073709551615")
        .replace("1234.50", "0.01")
        .replace("p-7f3a91", "somebody with a much longer identifier")
        .replace("\"score\": 700, ", "")
        .replace("1990-04-17", "1931-01-01");
    let window = Validity::between(time("2020-01-01T00:00:00Z"), time("2031-06-01T00:00:00Z"));
    let first = sixteen();
    let cards = [(SIXTEEN, other.as_str())];
    let second = Scenario::with(SIXTEEN_POLICY, &cards, Suite::Sha256, window.unwrap());
    let (a, b) = (first.prove(1).unwrap().to_bytes(), second.prove(2).unwrap().to_bytes());
    assert_ne!(a, b);
    assert_eq!(a.len(), b.len());
    assert_eq!(outline(&a), outline(&b));
    assert!(outline(&a).iter().any(|item| item == "31 octets" || item == "93 octets"));
}

/// Two presentations of one credential have no run of octets in common that could link them.
#[test]
fn two_presentations_of_one_holder_share_no_random_octets() {
    let scenario = sixteen();
    let (a, b) = (scenario.prove(1).unwrap().to_bytes(), scenario.prove(2).unwrap().to_bytes());
    let (a, b) = (runs(&a), runs(&b));
    assert!(a.len() > 1_000 && a.is_disjoint(&b));
}

#[test]
fn presentations_are_the_same_on_one_thread_and_on_many() {
    let scenario = pair();
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| scenario.prove(5).unwrap().to_bytes())
    };
    assert_eq!(on(1), on(4), "randomness is the generator's alone");
}

#[test]
fn credentials_survive_their_document_and_nothing_else_does() {
    let scenario = pair();
    let credential = &scenario.credentials[0];
    let text = credential.to_json().unwrap();
    let schema = scenario.schemas[0].clone();
    let check = |text: &str| UnverifiedCredential::parse(text.as_bytes())?.check(schema.clone());
    let again = check(&text).unwrap();
    assert_eq!(*again.to_json().unwrap(), *text);
    let shown = format!("{credential:?}{again:?}");
    assert!(!shown.contains("p-01f7") && !shown.contains("1990"), "{shown}");
    for (name, from, to) in [
        ("a value", "1990-04-17", "1990-04-18"),
        ("an optional value", "\"birth_date\"", "\"nickname\":\"x\",\"birth_date\""),
        ("validity", "2027-01-01", "2028-01-01"),
        ("suite", "XMD:SHA-256", "XOF:SHAKE-256"),
    ] {
        assert!(text.contains(from), "{name}");
        let error = check(&text.replace(from, to)).unwrap_err();
        assert!(matches!(error, CredentialError::Signature(_)), "{name}: {error}");
    }
    for (name, from, to) in [
        ("status handle", "\"status_handle\":", "\"status_handle\":1"),
        ("part of an hour", "2027-01-01T00:00:00Z", "2027-01-01T00:00:01Z"),
        ("unknown key", "\"fields\"", "\"more\":1,\"fields\""),
        ("unknown field", "\"birth_date\"", "\"colour\":1,\"birth_date\""),
        ("duplicate", "\"birth_date\"", "\"birth_date\":\"1990-04-17\",\"birth_date\""),
        ("other format", "sigil-credential/1", "sigil-credential/2"),
    ] {
        assert!(text.contains(from), "{name}");
        assert!(check(&text.replace(from, to)).is_err(), "{name}");
    }
    let wrong = UnverifiedCredential::parse(text.as_bytes()).unwrap();
    let error = wrong.check(scenario.schemas[1].clone()).unwrap_err();
    assert!(matches!(error, CredentialError::Schema { .. }));
}

#[test]
fn status_handles_are_distinct_and_do_not_count() {
    let schema = Arc::new(sigil::schema::Schema::parse(MEANS.as_bytes()).unwrap());
    let handles = sigil::credential::StatusHandles::new([7; 32]);
    let all: HashSet<u64> = (0..20_000).map(|i| handles.handle(i).unwrap()).collect();
    assert_eq!(all.len(), 20_000);
    assert!(all.iter().all(|handle| handle >> 40 == 0));
    let ascending = (0..100).filter(|&i| handles.handle(i) < handles.handle(i + 1)).count();
    assert!((25..75).contains(&ascending), "{ascending} of 100");
    assert!(handles.handle(1 << 40).is_none() && handles.handle((1 << 40) - 1).is_some());
    let issuer = issuer(&schema, Suite::Sha256, 1);
    let record = schema.record_from_json(WEALTHY.as_bytes()).unwrap();
    let error = issuer.issue(record, validity(), 1 << 40).unwrap_err();
    assert!(matches!(error, CredentialError::Exhausted));
    let mut rng = rng(1);
    assert_ne!(Nonce::random(&mut rng), Nonce::random(&mut rng));
}
