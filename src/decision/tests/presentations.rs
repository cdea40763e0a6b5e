//! The vectors of `vectors/policy/presentations.json`: decisions about real presentations, some of
//! which no honest wallet makes.
//!
//! `SIGIL_REGENERATE=1 cargo test --lib decision::` makes the presentations anew; what is decided of
//! each stands in [`CASES`].

use crate::authority::AuthorityKey;
use crate::bbs::{SecretKey, Suite};
use crate::credential::{Credential, Issuer, StatusHandles, Validity};
use crate::decision::{Basis, Code, Situation, StatusState, Verdict, decide};
use crate::did_key;
use crate::encoding::Wire;
use crate::policy::{Bundle, Policy};
use crate::presentation::{
    Expectation, Holding, Presentation, Terms, VerifiedPresentation, prove, verify,
};
use crate::request::{InMemoryNonces, Nonce, PresentationRequest};
use crate::schema::Schema;
use crate::status::{Elements, Entry, Head, HeadHash, ListKey, SignedHead};
use crate::value::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};
use sigil_circuits::{ProvingKey, VerifyingKey};
use std::path::PathBuf;
use std::sync::Arc;

const AUDIENCE: &str = "https://verifier.example";
const NOW: &str = "2026-06-01T12:00:00Z";
const LIST: &str = "https://issuer.example/list/1";
/// The seed of the key that signs the list.
const LISTED_BY: u8 = 8;

const KYC: &str = r#"{ "format": "sigil-schema/1", "name": "example.org/kyc", "version": "1.0.0",
  "fields": [{ "name": "birth_date", "type": "date" }, { "name": "country", "type": "code" },
             { "name": "savings", "type": "uint(32)" }, { "name": "note", "type": "text" }] }"#;
const BANK: &str = r#"{ "format": "sigil-schema/1", "name": "example.org/bank", "version": "1.0.0",
  "fields": [{ "name": "birth_date", "type": "date" }, { "name": "income", "type": "uint(32)" }] }"#;

/// What is presented, told by how the holder or the issuer strays.
#[derive(Clone, Copy, PartialEq)]
enum Made {
    Well,
    /// Both credentials are of one issuer.
    OneIssuer,
    /// The country that must be revealed is not.
    Withheld,
    /// The country is none of those accepted.
    Abroad,
    /// A field is revealed that may not be.
    Surplus,
}

/// Which epoch of the bank's list the holder rests on.
#[derive(Clone, Copy)]
enum Epoch {
    /// Made an hour ago, for a day.
    Young,
    /// Made longer ago than the policy allows.
    Old,
    /// Made two hours ago, for one hour.
    Overdue,
    /// Made in an hour.
    Future,
}

/// Which other head of the list the verifier knows.
#[derive(Clone, Copy)]
enum Known {
    Nothing,
    /// The one that the holder rests on.
    Same,
    /// The next epoch, made so many seconds ago.
    Next(u64),
    /// Another of the same number.
    Fork,
    /// The next epoch, which goes back to another.
    OtherHistory,
}

struct Case {
    name: &'static str,
    made: Made,
    /// When it is decided, and by whom.
    now: &'static str,
    audience: &'static str,
    epoch: Epoch,
    known: Known,
    superseded: bool,
    /// Whether it is decided for another request than it answers.
    other_request: bool,
    party: bool,
    reasons: &'static [&'static str],
}

const GOOD: Case = Case {
    name: "",
    made: Made::Well,
    now: NOW,
    audience: AUDIENCE,
    epoch: Epoch::Young,
    known: Known::Nothing,
    superseded: false,
    other_request: false,
    party: true,
    reasons: &[],
};

const CASES: [Case; 20] = [
    Case { name: "all as it should be", ..GOOD },
    Case { name: "the epoch is the one known", known: Known::Same, ..GOOD },
    Case { name: "a newer epoch came out just now", known: Known::Next(300), ..GOOD },
    Case {
        name: "a newer epoch is known",
        known: Known::Next(301),
        reasons: &["status-replaced:$.roles[1].lists[0]"],
        ..GOOD
    },
    Case {
        name: "another epoch of this number is known",
        known: Known::Fork,
        reasons: &["status-forked:$.roles[1].lists[0]"],
        ..GOOD
    },
    Case {
        name: "the next epoch goes back to another",
        known: Known::OtherHistory,
        reasons: &["status-forked:$.roles[1].lists[0]"],
        ..GOOD
    },
    Case {
        name: "an epoch older than allowed",
        epoch: Epoch::Old,
        reasons: &["status-stale:$.roles[1].lists[0]"],
        ..GOOD
    },
    Case {
        name: "an epoch whose successor is overdue",
        epoch: Epoch::Overdue,
        reasons: &["status-stale:$.roles[1].lists[0]"],
        ..GOOD
    },
    Case {
        name: "an epoch that is yet to come",
        epoch: Epoch::Future,
        reasons: &["status-not-yet:$.roles[1].lists[0]"],
        ..GOOD
    },
    Case {
        name: "an old epoch, and another history",
        epoch: Epoch::Old,
        known: Known::Fork,
        reasons: &["status-stale:$.roles[1].lists[0]", "status-forked:$.roles[1].lists[0]"],
        ..GOOD
    },
    Case {
        name: "the policy is replaced",
        superseded: true,
        reasons: &["policy-superseded:$"],
        ..GOOD
    },
    Case {
        name: "decided after the policy and the request",
        now: "2027-01-01T00:00:00Z",
        reasons: &[
            "policy-expired:$.validity.until",
            "request-expired:$.expires",
            "status-stale:$.roles[1].lists[0]",
        ],
        ..GOOD
    },
    Case {
        name: "decided before the policy and the request",
        now: "2025-12-31T23:59:59Z",
        reasons: &[
            "policy-not-yet-valid:$.validity.from",
            "request-not-yet:$.time",
            "status-not-yet:$.roles[1].lists[0]",
        ],
        ..GOOD
    },
    Case {
        name: "decided by another",
        audience: "https://other.example",
        reasons: &["request-audience:$.audience"],
        ..GOOD
    },
    Case {
        name: "an answer to another request",
        other_request: true,
        reasons: &["presentation-request:$"],
        ..GOOD
    },
    Case {
        name: "asked by no class of verifiers",
        party: false,
        reasons: &["relying-party:$.relying_parties"],
        ..GOOD
    },
    Case {
        name: "one issuer twice",
        made: Made::OneIssuer,
        reasons: &["issuers-not-distinct:$.agree[0]"],
        ..GOOD
    },
    Case {
        name: "a claim that must be revealed is not",
        made: Made::Withheld,
        reasons: &["claim-missing:$.claims[0].disclosure", "one-of:$.claims[0].one_of"],
        ..GOOD
    },
    Case {
        name: "a country that is not accepted",
        made: Made::Abroad,
        reasons: &["one-of:$.claims[0].one_of"],
        ..GOOD
    },
    Case {
        name: "a claim too many, and an epoch replaced",
        made: Made::Surplus,
        known: Known::Next(1800),
        reasons: &["claim-surplus:$.claims", "status-replaced:$.roles[1].lists[0]"],
        ..GOOD
    },
];

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors/policy/presentations.json")
}

fn secret(seed: u8) -> SecretKey {
    SecretKey::from_bytes(&[seed; 32]).unwrap()
}

fn authority() -> AuthorityKey {
    AuthorityKey::from_bytes(&[9; 32])
}

fn schemas() -> [Schema; 2] {
    [KYC, BANK].map(|text| Schema::parse(text.as_bytes()).unwrap())
}

fn policy_text() -> String {
    let did = |seed| did_key::encode(secret(seed).public_key());
    let [kyc, bank] = schemas().map(|schema| schema.id());
    format!(
        "format = 'sigil-policy/1'\nid = 'example.org/two-issuers'\nversion = '1.0.0'\n\
         authority = '{}'\nrelying_parties = ['https://example.org/class/bank']\n\
         validity = {{ from = '2026-01-01T00:00:00Z', until = '2027-01-01T00:00:00Z' }}\n\
         agree = [{{ roles = ['kyc', 'bank'], fields = ['birth_date'] }}]\n\
         claims = [{{ path = 'kyc.country', disclosure = 'must', one_of = ['CH', 'LI'] }}]\n\
         predicates = [\n{{ name = 'adult', expr = 'kyc.birth_date <= params.born_by' }},\n\
         {{ name = 'means', expr = 'kyc.savings + bank.income >= 50000' }}]\n\
         params = {{ born_by = {{ date = '2008-06-01' }} }}\n\
         [[roles]]\nname = 'kyc'\nschema = '{kyc}'\nissuers = ['{}', '{}']\n\
         [[roles]]\nname = 'bank'\nschema = '{bank}'\nissuers = ['{}', '{}']\n\
         lists = [{{ list = '{LIST}', authority = '{}', max_age = 24 }}]\n",
        authority().authority(),
        did(1),
        did(2),
        did(2),
        did(3),
        did(LISTED_BY),
    )
}

fn request(case: &Case, bundle: &Bundle, nonce: u8) -> PresentationRequest {
    let (time, expires) = (at(NOW), at("2026-06-01T12:10:00Z"));
    let nonce = Nonce::from_bytes([nonce; 32]);
    let request = PresentationRequest::new(bundle.hash(), AUDIENCE, nonce, time, expires).unwrap();
    match case.party {
        true => request.with_relying_party("https://example.org/class/bank").unwrap(),
        false => request,
    }
}

fn list() -> ListKey {
    let authority = *secret(LISTED_BY).public_key();
    ListKey { list: LIST.to_owned(), authority, elements: Elements::Handle }
}

/// An epoch made so many seconds after the time of the requests, for so many hours.
fn head(epoch: u64, after: i64, hours: u64, previous: HeadHash, count: u64) -> SignedHead {
    let made = at(NOW).unix().checked_add_signed(after).unwrap();
    let times = [made, made + 3600 * hours].map(|time| Timestamp::from_unix(time).unwrap());
    let head = Head::new(list(), epoch, times, Some(previous), count, [8; 32]).unwrap();
    head.sign(&secret(LISTED_BY)).unwrap()
}

/// The epoch that the holder rests on.
fn own_head(case: &Case) -> SignedHead {
    let (after, hours) = match case.epoch {
        Epoch::Young => (-3600, 24),
        Epoch::Old => (-25 * 3600, 48),
        Epoch::Overdue => (-2 * 3600, 1),
        Epoch::Future => (3600, 24),
    };
    head(4, after, hours, HeadHash::from_bytes([3; 32]), 0)
}

fn status(case: &Case, bundle: &Bundle) -> StatusState {
    let own = own_head(case);
    let next = |ago: u64, previous| head(5, -i64::try_from(ago).unwrap(), 24, previous, 1);
    let known = match case.known {
        Known::Nothing => None,
        Known::Same => Some(own),
        Known::Next(ago) => Some(next(ago, own.hash())),
        Known::Fork => Some(head(4, -3600, 24, HeadHash::from_bytes([3; 32]), 7)),
        Known::OtherHistory => Some(next(100, HeadHash::from_bytes([3; 32]))),
    };
    let state = StatusState::default();
    let state = match known {
        Some(head) => state.with_head(head),
        None => state,
    };
    match case.superseded {
        true => state.with_superseded(bundle.policy().hash()),
        false => state,
    }
}

/// Terms of the policy as altered, under the hash of the true bundle: what a dishonest holder uses.
fn holder_terms(made: Made, bundle: &Bundle, key: &VerifyingKey) -> Terms {
    let text = bundle.policy().to_document().canonical();
    let listed = "\"claims\":[";
    let more = format!("{listed}{{\"disclosure\":\"may\",\"path\":\"kyc.note\"}},");
    let altered = match made {
        Made::Well | Made::OneIssuer => text,
        Made::Withheld => text.replace("\"must\",\"one_of\":[\"CH\",\"LI\"]", "\"never\""),
        Made::Abroad => text.replace("[\"CH\",\"LI\"]", "[\"FR\"]"),
        Made::Surplus => text.replace(listed, &more),
    };
    let policy = Policy::parse(altered.as_bytes()).unwrap();
    let bundle_of_holder = Bundle::pin(policy, Some(key)).sign(&authority()).unwrap();
    let mut terms = Terms::new(&bundle_of_holder, &schemas(), Some(key.clone())).unwrap();
    terms.set_bundle(bundle.hash());
    terms
}

fn credential(schema: &Schema, seed: u8, record: &str) -> Credential {
    let (schema, handles) = (Arc::new(schema.clone()), StatusHandles::new([5; 32]));
    let record = schema.record_from_json(record.as_bytes()).unwrap();
    let issuer = Issuer::new(secret(seed), Suite::Sha256, handles, schema).unwrap();
    let window = Validity::between(at("2026-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z"));
    issuer.issue(record, window.unwrap(), 1).unwrap()
}

fn present(
    case: &Case,
    bundle: &Bundle,
    key: &ProvingKey,
    request: &PresentationRequest,
    seed: u64,
) -> Presentation {
    let [kyc, bank] = schemas();
    let country = if case.made == Made::Abroad { "FR" } else { "CH" };
    let kyc_record = format!(
        r#"{{ "birth_date": "1990-04-17", "country": "{country}", "savings": 20000, "note": "x" }}"#
    );
    let bank_record = r#"{ "birth_date": "1990-04-17", "income": 40000 }"#;
    let issuers = if case.made == Made::OneIssuer { [2, 2] } else { [1, 3] };
    let credentials =
        [credential(&kyc, issuers[0], &kyc_record), credential(&bank, issuers[1], bank_record)];
    let reveal: &[&str] = if case.made == Made::Surplus { &["note"] } else { &[] };
    // Nobody is on the list: its one gap has room for every handle.
    let head = Arc::new(own_head(case));
    let entry = Entry::sign(&secret(LISTED_BY), head, 0, 1 << Elements::Handle.bits()).unwrap();
    let entries = [&entry];
    let holdings = [
        Holding { reveal, ..Holding::new(&credentials[0]) },
        Holding { entries: &entries, ..Holding::new(&credentials[1]) },
    ];
    let terms = holder_terms(case.made, bundle, key.verifying_key());
    prove(&terms, request, &holdings, Some(key), &mut rng(seed)).unwrap()
}

/// The vectors' file, with presentations made now.
fn generate() -> Value {
    let policy = Policy::parse(policy_text().as_bytes()).unwrap();
    let compiled = policy.compile(&schemas()).unwrap();
    let key = sigil_circuits::setup(compiled.shape().unwrap(), &mut rng(1)).unwrap();
    let bundle = Bundle::pin(policy, Some(key.verifying_key())).sign(&authority()).unwrap();
    let document = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    let mut cases = Vec::new();
    for (case, number) in CASES.iter().zip(1u8..) {
        let answered = request(case, &bundle, number);
        let decided = request(case, &bundle, number + if case.other_request { 100 } else { 0 });
        let made = present(case, &bundle, &key, &answered, number.into());
        let reasons = case.reasons.iter().map(|reason| {
            let (code, path) = reason.split_once(':').unwrap();
            json!({ "code": code, "path": path })
        });
        let status = status(case, &bundle);
        cases.push(json!({
            "name": case.name,
            "audience": case.audience,
            "time": case.now,
            "answered": document(answered.to_document().canonical()),
            "request": document(decided.to_document().canonical()),
            "status": document(status.to_document().canonical()),
            "presentation": hex::encode(made.to_bytes()),
            "expect": {
                "decision": if case.reasons.is_empty() { "permit" } else { "deny" },
                "reasons": reasons.collect::<Value>(),
            },
        }));
    }
    json!({
        "format": "sigil-decision-vectors/1",
        "about": "As decisions.json, of presentations: each verifies under the bundle as the answer to \
                  the request `answered`, and is then decided for `request`.",
        "schemas": schemas().map(|schema| document(schema.to_document().canonical())),
        "bundle": document(bundle.to_document().canonical()),
        "key": hex::encode(key.verifying_key().to_bytes()),
        "cases": cases,
    })
}

fn request_of(case: &Value, key: &str) -> PresentationRequest {
    PresentationRequest::parse(&serde_json::to_vec(&case[key]).unwrap()).unwrap()
}

/// What is verified of a case of the file.
fn verified(terms: &Terms, case: &Value) -> VerifiedPresentation {
    let answered = request_of(case, "answered");
    let octets = hex::decode(case["presentation"].as_str().unwrap()).unwrap();
    let presentation = Presentation::from_bytes(&octets).unwrap();
    let (audience, now) = (answered.audience(), answered.time());
    let expectation = Expectation { audience, now, skew: 0 };
    let nonces = InMemoryNonces::default();
    verify(terms, &answered, &expectation, &presentation, &nonces).unwrap()
}

/// What is decided of a case of the file.
fn verdict(bundle: &Bundle, terms: &Terms, case: &Value) -> Verdict {
    let verified = verified(terms, case);
    let request = request_of(case, "request");
    let status = StatusState::parse(&serde_json::to_vec(&case["status"]).unwrap()).unwrap();
    let audience = case["audience"].as_str().unwrap();
    let now = at(case["time"].as_str().unwrap());
    let situation = Situation { audience, status: &status, now };
    decide(terms, bundle, &request, &verified, &situation)
}

fn read() -> (Value, Bundle, Terms) {
    let file: Value = serde_json::from_slice(&std::fs::read(path()).unwrap()).unwrap();
    let octets = |value: &Value| serde_json::to_vec(value).unwrap();
    let schemas = file["schemas"].as_array().unwrap().iter();
    let schemas: Vec<Schema> = schemas.map(|s| Schema::parse(&octets(s)).unwrap()).collect();
    let bundle = Bundle::parse(&octets(&file["bundle"])).unwrap();
    let compiled = bundle.compile(&schemas).unwrap();
    let key = hex::decode(file["key"].as_str().unwrap()).unwrap();
    let key = VerifyingKey::from_bytes(&key, compiled.shape().unwrap()).unwrap();
    let terms = Terms::new(&bundle, &schemas, Some(key)).unwrap();
    (file, bundle, terms)
}

#[test]
fn presentations_are_decided_as_the_vectors_say() {
    if std::env::var_os("SIGIL_REGENERATE").is_some() {
        std::fs::write(path(), serde_json::to_string_pretty(&generate()).unwrap() + "\n").unwrap();
        let (mut file, bundle, terms) = read();
        for case in file["cases"].as_array_mut().unwrap() {
            let digest = verdict(&bundle, &terms, case).record().digest().to_string();
            case["expect"]["digest"] = json!(digest);
        }
        std::fs::write(path(), serde_json::to_string_pretty(&file).unwrap() + "\n").unwrap();
    }
    let (file, bundle, terms) = read();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), CASES.len());
    for (case, expected) in cases.iter().zip(&CASES) {
        let verdict = verdict(&bundle, &terms, case);
        let found = verdict.decision().reasons().iter();
        let found: Vec<String> = found.map(|r| format!("{}:{}", r.code(), r.path())).collect();
        assert_eq!(found, expected.reasons, "{}", expected.name);
        assert_eq!(verdict.decision().is_permit(), expected.reasons.is_empty());
        assert_eq!(verdict.record().basis(), Basis::Presentation);
        let digest = verdict.record().digest().to_string();
        assert_eq!(digest, case["expect"]["digest"].as_str().unwrap(), "{}", expected.name);
    }
}

/// What a presentation proves of hidden values stands at the place that asks for it.
#[test]
fn agreement_is_proven_where_the_policy_asks_for_it() {
    let (file, _, terms) = read();
    let proven = verified(&terms, &file["cases"][0]).proven().join(" ");
    let places = "$.roles[0].validity $.roles[1].validity $.predicates[0] $.predicates[1] \
                  $.roles[1].lists[0] $.agree[0].fields[0]";
    assert_eq!(proven, places);
}

/// Terms of another bundle than the one that decides.
#[test]
fn reject_presentation_under_another_bundle() {
    let (file, bundle, terms) = read();
    let text = bundle.policy().to_document().canonical().replace("\"1.0.0\"", "\"1.0.1\"");
    let other = Policy::parse(text.as_bytes()).unwrap();
    let other = Bundle::pin(other, terms.verifying_key()).sign(&authority()).unwrap();
    let verdict = verdict(&other, &terms, &file["cases"][0]);
    let codes: Vec<Code> = verdict.decision().reasons().iter().map(|r| r.code()).collect();
    assert_eq!(codes, [Code::RequestBundle, Code::PresentationBundle]);
}

/// Either of the two bundles by itself: that of the terms, or that of the verification.
#[test]
fn reject_either_bundle_of_a_presentation_by_itself() {
    let (file, bundle, mut terms) = read();
    let case = &file["cases"][0];
    let text = bundle.policy().to_document().canonical().replace("\"1.0.0\"", "\"1.0.1\"");
    let other = Policy::parse(text.as_bytes()).unwrap();
    let other = Bundle::pin(other, terms.verifying_key()).sign(&authority()).unwrap();
    let (verified, request) = (verified(&terms, case), request_of(case, "request"));
    let status = StatusState::parse(&serde_json::to_vec(&case["status"]).unwrap()).unwrap();
    let situation = Situation { audience: AUDIENCE, status: &status, now: at(NOW) };
    let codes = |terms: &Terms, bundle: &Bundle| -> Vec<Code> {
        let verdict = decide(terms, bundle, &request, &verified, &situation);
        verdict.decision().reasons().iter().map(|reason| reason.code()).collect()
    };
    assert_eq!(codes(&terms, &bundle), []);
    terms.set_bundle(other.hash());
    assert_eq!(codes(&terms, &bundle), [Code::PresentationBundle]);
    assert_eq!(codes(&terms, &other), [Code::RequestBundle, Code::PresentationBundle]);
}

/// The same words decided of an example and of a presentation are two records.
#[test]
fn reject_example_for_a_presentation() {
    use crate::decision::{Evidence, rehearse};
    use crate::document::{Bounds, Document};
    use crate::policy::Example;
    let (file, bundle, terms) = read();
    let case = &file["cases"][0];
    let real = verdict(&bundle, &terms, case);
    let example = br#"{ "name": "x", "expect": "permit", "holders": {
        "kyc": { "record": { "birth_date": "1990-04-17", "country": "CH", "savings": 20000,
                             "note": "x" } },
        "bank": { "record": { "birth_date": "1990-04-17", "income": 40000 }, "issuer": 1,
                  "lists": [{ "epoch": 4, "issued_at": "2026-06-01T11:00:00Z" }] } } }"#;
    let example = Document::read_json(example, &Bounds::PUBLISHED).unwrap();
    let example = Example::from_document(&example, bundle.policy()).unwrap();
    let evidence = Evidence::of_example(terms.policy(), &example).unwrap();
    let request = request_of(case, "request");
    let status = StatusState::parse(&serde_json::to_vec(&case["status"]).unwrap()).unwrap();
    let situation = Situation { audience: AUDIENCE, status: &status, now: at(NOW) };
    let told = rehearse(&bundle, terms.policy(), &request, &evidence, &situation);
    assert!(told.decision().is_permit() && real.decision().is_permit());
    assert_eq!(
        (real.record().basis(), told.record().basis()),
        (Basis::Presentation, Basis::Example)
    );
    // Equal but for the basis and the evidence; each alone keeps the digests apart.
    let [real, told] = [&real, &told].map(|verdict| match verdict.record().to_document() {
        Document::Object(entries) => entries,
        _ => panic!("an object"),
    });
    let differing: Vec<&String> = real.keys().filter(|key| real[*key] != told[*key]).collect();
    // Of an example's epoch there is no head.
    assert_eq!(differing, ["basis", "evidence", "lists"]);
}
