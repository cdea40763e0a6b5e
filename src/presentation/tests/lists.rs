//! Forgeries with entries of sorted lists, versions of schemas and windows of issuers' keys, by a
//! holder who runs the prover's own steps.

use super::scenario::epochs::{Authority, recently};
use super::scenario::{ADULT, IDENTITY, Scenario, expectation, issuer, rng, validity};
use super::{check, complete, refused};
use crate::bbs::Suite;
use crate::credential::Credential;
use crate::did_key;
use crate::policy::Policy;
use crate::presentation::prove::forge::prove_unasked;
use crate::presentation::statement::Signer;
use crate::presentation::{Holding, Presentation, ProveError, StatementError, VerifyError, prove};
use crate::schema::Schema;
use crate::status::{Elements, Entry};
use crate::trust::SigningWindow;
use crate::value::{FieldType, Width};
use std::sync::Arc;

const POLICY: &str = r#"
format = "sigil-policy/1"
id = "example.org/listed"
version = "1.0.0"
[[roles]]
name = "id"
schema = "{schema0}"
issuers = ["{issuer0}"]
lists = [{ list = "https://lists.example/cards", authority = "{authority}", max_age = 24 },
         { list = "https://lists.example/more", authority = "{authority}", max_age = 24 }]
"#;

struct Listed {
    scenario: Scenario,
    lists: [Authority; 2],
}

impl Listed {
    fn new() -> Self {
        let first = Authority::handles();
        let elements = first.key.elements.clone();
        let lists = [first, Authority::new("https://lists.example/more", elements, 31)];
        let policy = POLICY.replace("{authority}", &lists[0].did());
        Self { scenario: Scenario::new(&policy, &[(IDENTITY, ADULT)]), lists }
    }

    fn handle(&self) -> u64 {
        self.scenario.credentials[0].status_handle()
    }

    /// Good entries of both lists.
    fn entries(&self) -> [Entry; 2] {
        [0, 1].map(|list: usize| self.lists[list].find(&[3], self.handle()))
    }

    /// The prover's steps with whatever entries.
    fn forge(&self, entries: &[&Entry]) -> Result<Presentation, ProveError> {
        let credential = &self.scenario.credentials[0];
        let holdings = [Holding { entries, ..Holding::new(credential) }];
        let Scenario { terms, request, key, .. } = &self.scenario;
        prove_unasked(terms, request, &holdings, key.as_ref(), &mut rng(1))
    }
}

#[test]
fn forge_entries_dropped_swapped_or_doubled() {
    let listed = Listed::new();
    let [first, second] = listed.entries();
    let good = listed.forge(&[&first, &second]).unwrap();
    assert!(!refused(&listed.scenario, &good), "these are all the steps");
    let change = |change: fn(&mut Presentation)| {
        let mut changed = good.clone();
        change(&mut changed);
        check(&listed.scenario.terms, &listed.scenario.request, &changed).unwrap_err()
    };
    for error in [
        change(|p| drop(p.lists.pop())),
        change(|p| p.lists.clear()),
        change(|p| p.lists.push(p.lists[0].clone())),
    ] {
        let lists = matches!(error, VerifyError::Statement(StatementError::Lists { .. }));
        assert!(lists, "{error:?}");
    }
    for error in [
        change(|p| p.lists.swap(0, 1)),
        change(|p| p.lists[1] = p.lists[0].clone()),
        change(|p| p.lists[0].link = None),
        change(|p| p.lists[0].link = p.lists[1].link.clone()),
        change(|p| p.lists[0].proof = p.lists[1].proof.clone()),
        change(|p| p.lists[0].stamp.epoch += 1),
        change(|p| p.lists[0].stamp.issued_at = p.lists[0].stamp.next_update),
        change(|p| p.lists[0].stamp.next_update = p.lists[0].stamp.issued_at),
        change(|p| p.lists[0].stamp.contents[31] ^= 1),
    ] {
        assert!(matches!(error, VerifyError::Refused), "{error:?}");
    }
}

/// An entry of another list with the same numbers, at the same time, by the same authority: the prover's
/// steps go through, and the signature is of another head.
#[test]
fn forge_gap_of_another_list_with_the_same_numbers() {
    let listed = Listed::new();
    let [first, second] = listed.entries();
    assert_eq!(first.stamp(), second.stamp(), "nothing that travels tells them apart");
    assert_eq!((first.lo(), first.hi()), (second.lo(), second.hi()));
    let forged = listed.forge(&[&first, &first]).unwrap();
    assert!(refused(&listed.scenario, &forged));
    let forged = listed.forge(&[&second, &first]).unwrap();
    assert!(refused(&listed.scenario, &forged));
    // Nor a list of other elements at the same address.
    let forty = Elements::of_field(&FieldType::Uint(Width::new(40).unwrap())).unwrap();
    let other = Authority::new(&listed.lists[0].key.list, forty, 31);
    let other = other.find(&[3], listed.handle());
    assert_eq!((first.stamp(), first.hi()), (other.stamp(), other.hi()));
    let forged = listed.forge(&[&other, &second]).unwrap();
    assert!(refused(&listed.scenario, &forged));
}

/// A gap that nobody signed, under a head that somebody did: all but the pairing holds.
#[test]
fn forge_gap_that_was_not_signed() {
    let listed = Listed::new();
    let [first, second] = listed.entries();
    let forged = listed.forge(&[&first, &second.with_gap(0, 1 << 40)]).unwrap();
    assert!(refused(&listed.scenario, &forged));
    let same = second.with_gap(second.lo(), second.hi());
    assert!(!refused(&listed.scenario, &listed.forge(&[&first, &same]).unwrap()));
}

/// Every part of an entry has to be there, by its number alone.
#[test]
fn reject_entries_without_their_links() {
    let listed = Listed::new();
    let [first, second] = listed.entries();
    let good = listed.forge(&[&first, &second]).unwrap();
    assert!(complete(&listed.scenario, &good, &good));
    for list in 0..2 {
        let mut changed = good.clone();
        changed.lists[list].link = None;
        assert!(!complete(&listed.scenario, &good, &changed), "{list}");
    }
}

/// Of a revealed value the circuit compares the gap's ends with what is seen, at every edge.
#[test]
fn reject_gaps_beside_a_revealed_value() {
    let numbers = Elements::of_field(&FieldType::Uint(Width::new(32).unwrap())).unwrap();
    let list = Authority::new("https://lists.example/ranks", numbers, 31);
    let head = list.head(0, recently(), None);
    for (is, good, bad) in [
        ("absent", [(40, 41), (0, 1 << 32)], [(41, 1 << 32), (0, 40), (41, 40)]),
        ("present", [(0, 40), (40, 40)], [(40, 41), (0, 39), (0, 1 << 32)]),
    ] {
        let policy = POLICY.split("lists").next().unwrap().replace(
            "[[roles]]",
            "claims = [{ path = \"id.rank\", disclosure = \"must\" }]\n[[roles]]",
        );
        let policy = format!(
            "{policy}lists = [{{ list = \"{}\", authority = \"{}\", max_age = 24, \
             field = \"rank\", is = \"{is}\" }}]",
            list.key.list,
            list.did(),
        );
        let scenario = Scenario::new(&policy, &[(IDENTITY, ADULT)]);
        let forge = |(lo, hi): (u64, u128)| {
            let entry = list.entry(&head, lo, hi);
            let holdings =
                [Holding { entries: &[&entry], ..Holding::new(&scenario.credentials[0]) }];
            let Scenario { terms, request, key, .. } = &scenario;
            prove_unasked(terms, request, &holdings, key.as_ref(), &mut rng(1))
        };
        for gap in good {
            assert!(!refused(&scenario, &forge(gap).unwrap()), "{is} {gap:?}");
        }
        for gap in bad {
            let error = forge(gap).unwrap_err();
            assert!(matches!(error, ProveError::NotSatisfied { .. }), "{is} {gap:?} {error:?}");
        }
    }
}

/// Gaps that do not hold the handle: the circuit is not satisfied, at either end.
#[test]
fn reject_gaps_without_the_handle() {
    let listed = Listed::new();
    let (handle, [good, _]) = (listed.handle(), listed.entries());
    let head = listed.lists[1].head(0, recently(), None);
    for (lo, hi) in
        [(handle + 1, 1u128 << 40), (0, handle.into()), (handle, handle.into()), (1 << 40, 1 << 40)]
    {
        let entry = listed.lists[1].entry(&head, lo, hi);
        let error = listed.forge(&[&good, &entry]).unwrap_err();
        let ProveError::NotSatisfied { rules } = &error else { panic!("{error:?}") };
        assert_eq!(rules, &["$.roles[0].lists[1]"], "{lo}..{hi}");
    }
}

/// Version 1 of a schema has no `region` and calls `points` otherwise; `level` was narrower, and `delta`
/// too, so that it is signed as another integer.
pub(super) const FIRST: &str = r#"
format = "sigil-schema/1"
name = "example.org/card"
version = "1.0.0"
fields = [
  { name = "score", type = "uint(16)" },
  { name = "delta", type = "int(8)" },
  { name = "country", type = "code" },
]
"#;

pub(super) const SECOND: &str = r#"
format = "sigil-schema/1"
name = "example.org/card"
version = "2.0.0"
fields = [
  { name = "country", type = "code" },
  { name = "region", type = "uint(8)", default = 7 },
  { name = "points", type = "uint(32)", aliases = ["score"] },
  { name = "delta", type = "int(16)" },
  { name = "note", type = "uint(8)", optional = true },
]
"#;

/// Written against version 2, for both.
pub(super) const VERSIONS: &str = r#"
format = "sigil-policy/1"
id = "example.org/versions"
version = "1.0.0"
claims = [{ path = "card.country", disclosure = "must", one_of = ["CH"] }]
predicates = [
  { name = "points", expr = "card.points >= 1000" },
  { name = "region", expr = "card.region in [5, 7]" },
  { name = "delta", expr = "card.delta >= -100 && card.delta != 5" },
  { name = "note", expr = "!has(card.note) || card.note < 3" },
]
[[roles]]
name = "card"
schema = "{schema0}"
accepts = ["{schema1}"]
issuers = ["{issuer0}", "{issuer1}"]
"#;

/// Terms that accept both versions, and a credential of each.
pub(super) fn versions(second: &str, first: &str) -> (Scenario, Credential) {
    let mut scenario = Scenario::new(VERSIONS, &[(SECOND, second), (FIRST, first)]);
    let old = scenario.credentials.pop().unwrap();
    (scenario, old)
}

pub(super) fn prove_one(
    scenario: &Scenario,
    credential: &Credential,
) -> Result<Presentation, ProveError> {
    let Scenario { terms, request, key, .. } = scenario;
    prove(terms, request, &[Holding::new(credential)], key.as_ref(), &mut rng(1))
}

pub(super) const NEW: &str =
    r#"{ "country": "CH", "region": 5, "points": 70000, "delta": -100, "note": 2 }"#;
pub(super) const OLD: &str = r#"{ "country": "CH", "score": 1000, "delta": -100 }"#;

#[test]
fn one_circuit_serves_the_credentials_of_both_versions() {
    let (scenario, old) = versions(NEW, OLD);
    let ids: Vec<_> = scenario.schemas.iter().map(|schema| schema.id()).collect();
    let mut lengths = Vec::new();
    for (credential, id) in [(&scenario.credentials[0], ids[0]), (&old, ids[1])] {
        let presentation = prove_one(&scenario, credential).unwrap();
        let verified = scenario.verify(&presentation).unwrap();
        assert_eq!(verified.credentials()[0].schema, id);
        let [shown] = verified.disclosed() else { panic!("one claim") };
        assert_eq!((&shown.claim[..], &shown.text[..]), ("card.country", "CH"));
        let messages = verified.disclosed_messages();
        let country = scenario.schemas[0].field("country").unwrap().0;
        assert_eq!(messages[0][0].0, country, "by the messages of the role's own schema");
        lengths.push(presentation.slots());
    }
    assert_eq!(lengths[0], lengths[1]);
}

/// The same facts have the same truth under both versions, at every edge.
#[test]
fn predicates_have_one_truth_under_both_versions() {
    for (points, delta, truth) in [
        (1000, -100, true),
        (999, -100, false),
        (1000, -101, false),
        (1000, 5, false),
        (1000, 4, true),
        (65_535, 127, true),
        (1000, -128, false),
    ] {
        let new =
            format!(r#"{{ "country": "CH", "region": 7, "points": {points}, "delta": {delta} }}"#);
        let old = format!(r#"{{ "country": "CH", "score": {points}, "delta": {delta} }}"#);
        let (scenario, old) = versions(&new, &old);
        for credential in [&scenario.credentials[0], &old] {
            let made = prove_one(&scenario, credential);
            let holds = made.is_ok_and(|presentation| !refused(&scenario, &presentation));
            assert_eq!(holds, truth, "{points} {delta} {:?}", credential.schema().version());
        }
    }
}

/// A constant is what the policy's schemas say, and the holder has no other; a presentation of one version
/// is none of the other.
#[test]
fn forge_other_constants_and_other_versions() {
    let (scenario, old) = versions(NEW, OLD);
    let strict = VERSIONS.replace("[5, 7]", "[5, 6]");
    let lax = prove_one(&scenario, &old).unwrap();
    let mut other = Scenario::new(&strict, &[(SECOND, NEW), (FIRST, OLD)]);
    let old = other.credentials.pop().unwrap();
    let error = prove_one(&other, &old).unwrap_err();
    assert!(matches!(error, ProveError::NotSatisfied { .. }), "the default is 7: {error:?}");
    // The same presentation with the constant's slot answered for another value.
    let changes: [fn(&mut Presentation); 3] = [
        |p| p.credentials[0].choice.version = 0,
        |p| p.credentials[0].choice.version = 2,
        |p| p.credentials[0].choice.window = SigningWindow::new(1, 2),
    ];
    for change in changes {
        let mut forged = lax.clone();
        change(&mut forged);
        assert!(refused(&scenario, &forged));
    }
    let mut windowed = lax.clone();
    windowed.credentials[0].choice.window = SigningWindow::new(1, 2);
    let error = check(&scenario.terms, &scenario.request, &windowed).unwrap_err();
    assert!(matches!(error, VerifyError::Statement(StatementError::Issuer { .. })), "{error:?}");
    let slots = lax.predicate.as_ref().unwrap().link.z.len();
    for at in 0..slots {
        let mut forged = lax.clone();
        let z = &mut forged.predicate.as_mut().unwrap().link.z;
        z[at] = z[(at + 1) % slots];
        assert!(refused(&scenario, &forged), "slot {at}");
    }
}

/// A field that was required before it was optional: what asks whether it is there has one truth.
#[test]
fn presence_has_one_truth_where_a_field_was_required_before() {
    let schema = |version: u8, note: &str, flag: &str| {
        format!(
            "format = \"sigil-schema/1\"\nname = \"example.org/card\"\nversion = \"{version}.0.0\"\n\
             fields = [{{ name = \"note\", type = \"uint({note} }}, \
             {{ name = \"flag\", type = \"bool\"{flag} }}]"
        )
    };
    let second = schema(2, "8)\", optional = true", ", optional = true");
    let first = schema(1, "16)\"", "");
    for (expression, truth) in [
        ("has(card.note) && has(card.flag)", [true, true, true, true]),
        ("!has(card.note)", [false; 4]),
        ("card.note == 0 || card.note in [5, 9]", [true, false, true, false]),
        ("!(card.note >= 1)", [true, false, false, false]),
        ("card.flag", [false, true, true, true]),
        ("at_least(2, [!has(card.note), card.note != 5, !card.flag])", [true, false, false, false]),
    ] {
        let policy = VERSIONS.split("claims").next().unwrap().to_owned()
            + &format!("predicates = [{{ name = \"p\", expr = \"{expression}\" }}]\n")
            + &VERSIONS[VERSIONS.find("[[roles]]").unwrap()..];
        for ((note, flag), truth) in
            [(0, false), (1, true), (5, true), (255, true)].iter().zip(truth)
        {
            let record = format!("{{ \"note\": {note}, \"flag\": {flag} }}");
            let cards = [(second.as_str(), record.as_str()), (first.as_str(), record.as_str())];
            let scenario = Scenario::new(&policy, &cards);
            for credential in &scenario.credentials {
                let made = prove_one(&scenario, credential);
                let holds = made.is_ok_and(|presentation| !refused(&scenario, &presentation));
                assert_eq!(
                    holds,
                    truth,
                    "{expression}: {note} {flag} {}",
                    credential.schema().version()
                );
            }
        }
    }
}

/// One field of 8 bits in the first version, of 16 in the second.
const LEVEL: &str = r#"
format = "sigil-schema/1"
name = "example.org/level"
version = "1.0.0"
fields = [{ name = "level", type = "uint(8)" }]
"#;

/// The end of the last gap, 2^w, is no element of a list of w bits. A field that is wider in another
/// version can have that value, and would be on every list, the empty one too.
#[test]
fn forge_presence_by_the_end_of_the_last_gap() {
    let wide = LEVEL.replace("1.0.0", "2.0.0").replace("uint(8)", "uint(16)");
    let elements = Elements::of_field(&FieldType::Uint(Width::new(8).unwrap())).unwrap();
    let allowed = Authority::new("https://lists.example/allowed", elements, 31);
    let policy = format!(
        "{}\naccepts = [\"{{schema1}}\"]\nissuers = [\"{{issuer0}}\", \"{{issuer1}}\"]\n\
         lists = [{{ list = \"{}\", authority = \"{}\", max_age = 24, field = \"level\", \
         is = \"present\" }}]",
        POLICY.split("issuers").next().unwrap(),
        allowed.key.list,
        allowed.did(),
    );
    let schemas = [LEVEL, &wide].map(|schema| Schema::parse(schema.as_bytes()).unwrap());
    let policy = |is: &str| {
        let mut policy = policy.replace("\"present\"", is);
        for (i, schema) in schemas.iter().enumerate() {
            let key = issuer(&Arc::new(schema.clone()), Suite::Sha256, i as u64);
            policy = policy
                .replace(&format!("{{schema{i}}}"), &schema.id().to_string())
                .replace(&format!("{{issuer{i}}}"), &did_key::encode(key.public_key()));
        }
        Policy::parse(policy.as_bytes()).unwrap()
    };
    let fault = policy("\"present\"").compile(&schemas).unwrap_err();
    assert_eq!(fault.path(), "$.roles[0].accepts[0]", "{fault}");
    assert!(fault.to_string().contains("\"level\""), "{fault}");
    // Absence is below the end: what the list has no room for is never shown.
    policy("\"absent\"").compile(&schemas).unwrap();
}

/// Where the policy has the validity revealed, no proof holds the window and the hour together.
#[test]
fn forge_window_beside_a_revealed_hour() {
    let trust = "validity = \"reveal\"\ntrust = { list = \"https://trust.example/1\", max_age = 24, \
                 authority = \"did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK\" }";
    let policy = POLICY.split("lists").next().unwrap();
    let policy = policy.replace("issuers = [\"{issuer0}\"]", trust);
    let scenario = Scenario::new(&policy, &[(IDENTITY, ADULT)]);
    let begins = validity().from();
    let credential = &scenario.credentials[0];
    let prove = |from, until| {
        let window = SigningWindow::new(from, until);
        scenario.prove_with(&[Holding { window, ..Holding::new(credential) }], 1)
    };
    let good = prove(begins, begins + 1).unwrap();
    assert!(!refused(&scenario, &good));
    for (from, until) in [(0, begins), (begins + 1, 1 << 22)] {
        let error = prove(from, until).unwrap_err();
        let window = matches!(error, ProveError::Statement(StatementError::Window { .. }));
        assert!(window, "{from}..{until}: {error:?}");
    }
    // Nor is the hour withheld.
    let mut forged = good;
    forged.credentials[0].choice.disclosed.clear();
    let error = check(&scenario.terms, &scenario.request, &forged).unwrap_err();
    assert!(matches!(error, VerifyError::Statement(StatementError::Window { .. })), "{error:?}");
}

/// A role that does not ask for validity is asked when it was signed, at both ends.
#[test]
fn forge_windows_where_validity_is_skipped() {
    let trust = "validity = \"skip\"\ntrust = { list = \"https://trust.example/1\", max_age = 24, \
                 authority = \"did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK\" }";
    let policy = POLICY.split("lists").next().unwrap();
    let policy = policy.replace("issuers = [\"{issuer0}\"]", trust);
    let scenario = Scenario::new(&policy, &[(IDENTITY, ADULT)]);
    let begins = validity().from();
    for (from, until, good) in [
        (begins, begins + 1, true),
        (0, 1 << 22, true),
        (0, begins, false),
        (begins + 1, 1 << 22, false),
    ] {
        let window = SigningWindow::new(from, until);
        let holding = Holding { window, ..Holding::new(&scenario.credentials[0]) };
        let made = scenario.prove_with(&[holding], 1);
        assert_eq!(made.is_ok_and(|made| !refused(&scenario, &made)), good, "{from}..{until}");
    }
}

/// A role whose issuers a trust list has: the window is proven, and is what the presentation says.
#[test]
fn forge_windows_of_the_issuers_key() {
    let schema = Arc::new(Schema::parse(IDENTITY.as_bytes()).unwrap());
    let trust = "trust = { list = \"https://trust.example/1\", max_age = 24, authority = \
                 \"did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK\" }";
    let policy = POLICY.split("lists").next().unwrap();
    let policy = policy.replace("issuers = [\"{issuer0}\"]", trust);
    let scenario = Scenario::new(&policy, &[(IDENTITY, ADULT)]);
    let begins = validity().from();
    let window = |from, until| SigningWindow::new(from, until).unwrap();
    let prove = |window: Option<SigningWindow>, credential: &Credential| {
        let holdings = [Holding { window, ..Holding::new(credential) }];
        scenario.prove_with(&holdings, 1)
    };
    let credential = &scenario.credentials[0];
    for good in [window(begins, begins + 1), window(0, 1 << 22)] {
        let presentation = prove(Some(good), credential).unwrap();
        let verified = scenario.verify(&presentation).unwrap();
        assert_eq!(verified.credentials()[0].window, Some(good));
        assert_eq!(verified.issuers()[0].1, *credential.issuer());
    }
    for late in [window(begins + 1, 1 << 22), window(0, begins)] {
        let error = prove(Some(late), credential).unwrap_err();
        assert!(matches!(error, ProveError::NotSatisfied { .. }), "{error:?}");
    }
    assert!(matches!(prove(None, credential), Err(ProveError::Window { .. })));
    // Whoever signed it is verified by its key, listed or not: whether it counts is decided.
    let stranger = issuer(&schema, Suite::Sha256, 77);
    let record = schema.record_from_json(ADULT.as_bytes()).unwrap();
    let other = stranger.issue(record, validity(), 0).unwrap();
    let presentation = prove(Some(window(0, 1 << 22)), &other).unwrap();
    let verified = scenario.verify(&presentation).unwrap();
    assert_eq!(did_key::encode(&verified.issuers()[0].1), did_key::encode(stranger.public_key()));
    let good = prove(Some(window(begins, begins + 5)), credential).unwrap();
    let key = |credential: &Credential| Signer::Key(Box::new(*credential.issuer()));
    let changes: [&dyn Fn(&mut Presentation); 5] = [
        &|p| p.credentials[0].choice.window = SigningWindow::new(begins, begins + 4),
        &|p| p.credentials[0].choice.window = SigningWindow::new(begins - 1, begins + 5),
        &|p| p.credentials[0].choice.window = None,
        &|p| p.credentials[0].choice.signer = key(&other),
        &|p| p.credentials[0].choice.signer = Signer::Named(0),
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let mut forged = good.clone();
        change(&mut forged);
        let error = check(&scenario.terms, &scenario.request, &forged).unwrap_err();
        let said = matches!(error, VerifyError::Statement(StatementError::Issuer { .. }));
        assert_eq!(said, [2, 4].contains(&i), "change {i}: {error:?}");
    }
    assert!(expectation().skew == 0 && !refused(&scenario, &good));
}
