//! Forgeries that only a prover with its hands inside a presentation could try.

#[path = "../../tests/scenario/mod.rs"]
pub(crate) mod scenario;

use super::link::{CredentialLink, Response, SharedLink};
use super::statement::{Choice, FirstMessages, Signer, Statement};
use super::verify::{Stated, check, check_parts};
use super::wire::Presentation;
use super::*;
use crate::curve::{Scalar, wide_scalar};
use crate::policy::{Bundle, Policy, Shortfall};
use crate::request::InMemoryNonces;
use crate::value::Encoded;
use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::CurveGroup;
use ark_ff::Field as _;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use ff::Field as _;
use scenario::{Scenario, pair, rng, sixteen};
use sigil_circuits as circuits;
use std::collections::HashSet;

mod lists;
mod readings;

fn refused(scenario: &Scenario, presentation: &Presentation) -> bool {
    check(&scenario.terms, &scenario.request, presentation).is_err()
}

/// Applies a change to a fresh presentation and says whether it is refused.
fn change(
    scenario: &Scenario,
    good: &Presentation,
    change: impl FnOnce(&mut Presentation),
) -> bool {
    let mut changed = good.clone();
    change(&mut changed);
    assert!(changed != *good, "the case must change something");
    refused(scenario, &changed)
}

fn link(presentation: &mut Presentation, index: usize) -> &mut CredentialLink {
    presentation.credentials[index].link.as_mut().unwrap()
}

fn shared(presentation: &mut Presentation) -> &mut SharedLink {
    presentation.shared.as_mut().unwrap()
}

#[test]
fn reject_missing_and_surplus_parts() {
    let scenario = pair();
    let good = scenario.prove(1).unwrap();
    assert!(!refused(&scenario, &good));
    let z = good.predicate.as_ref().unwrap().link.z[0];
    let part = good.credentials[1].clone();
    assert!(change(&scenario, &good, |p| p.predicate = None), "no predicate");
    assert!(change(&scenario, &good, |p| p.credentials[0].link = None), "no link");
    assert!(change(&scenario, &good, |p| p.credentials[1].link = None), "no second link");
    assert!(change(&scenario, &good, |p| p.shared = None), "no shared part");
    assert!(change(&scenario, &good, |p| shared(p).z.clear()), "no equality");
    assert!(change(&scenario, &good, |p| shared(p).z.push(Scalar::ONE)), "one equality more");
    assert!(change(&scenario, &good, |p| drop(p.credentials.pop())), "one credential fewer");
    assert!(change(&scenario, &good, |p| p.credentials.push(part)), "one credential more");
    assert!(change(&scenario, &good, |p| p.credentials.swap(0, 1)), "credentials swapped");
    let z_of = |p: &mut Presentation, f: fn(&mut Vec<Response>, Response)| {
        f(&mut p.predicate.as_mut().unwrap().link.z, z)
    };
    assert!(change(&scenario, &good, |p| z_of(p, |all, z| all.push(z))), "one response more");
    assert!(change(&scenario, &good, |p| z_of(p, |all, _| all.truncate(1))), "too few");
    assert!(change(&scenario, &good, |p| z_of(p, |all, _| all.swap(0, 1))), "responses swapped");
    let all_gone = |p: &mut Presentation| {
        p.predicate = None;
        p.shared = None;
        p.credentials.iter_mut().for_each(|part| part.link = None);
    };
    assert!(change(&scenario, &good, all_gone), "predicate and links gone");
}

/// Parts are counted before anything is computed with them: a slot whose credential had no link
/// would be tied to nothing.
#[test]
fn reject_parts_by_their_number_alone() {
    let scenario = pair();
    let good = scenario.prove(1).unwrap();
    let complete = |p: &Presentation| complete(&scenario, &good, p);
    assert!(complete(&good));
    let z = good.predicate.as_ref().unwrap().link.z[0];
    type Change<'a> = (&'static str, &'a dyn Fn(&mut Presentation));
    let changes: [Change<'_>; 8] = [
        ("no first link", &|p| p.credentials[0].link = None),
        ("no second link", &|p| p.credentials[1].link = None),
        ("no predicate", &|p| p.predicate = None),
        ("one response more", &|p| p.predicate.as_mut().unwrap().link.z.push(z)),
        ("one response fewer", &|p| p.predicate.as_mut().unwrap().link.z.truncate(1)),
        ("no shared part", &|p| p.shared = None),
        ("one equality more", &|p| shared(p).z.push(Scalar::ONE)),
        ("no equality", &|p| shared(p).z.clear()),
    ];
    for (name, change) in changes {
        let mut changed = good.clone();
        change(&mut changed);
        assert!(!complete(&changed), "{name}");
    }
}

/// A policy without a predicate takes no predicate either.
#[test]
fn reject_a_predicate_that_nobody_asked_for() {
    let with = sixteen();
    let policy = scenario::SIXTEEN_POLICY.split("[params]").next().unwrap();
    let policy = policy.replacen("[[claims]]", "validity = \"reveal\"\n\n[[claims]]", 1);
    let without = Scenario::new(&policy, &[(scenario::SIXTEEN, scenario::SIXTEEN_RECORD)]);
    let good = without.prove(1).unwrap();
    assert!(!good.has_predicate() && !refused(&without, &good));
    let key = with.terms.verifying_key().cloned();
    let terms = Terms::new(&without.bundle, &without.plain_schemas(), key);
    assert!(matches!(terms, Err(TermsError::Key)), "a key that nothing asks for");
    let surplus = with.prove(1).unwrap();
    let mut attached = good.clone();
    attached.predicate = surplus.predicate.clone();
    attached.predicate.as_mut().unwrap().link.z.clear();
    assert!(!complete(&without, &good, &attached), "by its number alone");
    assert!(change(&without, &good, |p| p.predicate = surplus.predicate.clone()));
    assert!(
        change(&without, &good, |p| p.credentials[0].link = surplus.credentials[0].link.clone())
    );
    let mut attached = good.clone();
    attached.shared = surplus.shared.clone();
    assert!(!complete(&without, &good, &attached), "nothing is there to be shared");
    assert!(refused(&without, &attached));
}

/// Two credentials, of which the first has nothing in a predicate or an equality.
const HALF_POLICY: &str = r#"
format = "sigil-policy/1"
id = "example.org/half"
version = "1.0.0"
[[roles]]
name = "id"
schema = "{schema0}"
issuers = ["{issuer0}"]
validity = "skip"
[[roles]]
name = "means"
schema = "{schema1}"
issuers = ["{issuer1}"]
"#;

#[test]
fn reject_link_on_a_credential_that_needs_none() {
    let cards = [(scenario::IDENTITY, scenario::ADULT), (scenario::MEANS, scenario::WEALTHY)];
    let scenario = Scenario::new(HALF_POLICY, &cards);
    let good = scenario.prove(1).unwrap();
    assert!(!refused(&scenario, &good));
    let spare = good.credentials[1].link.clone();
    assert!(good.credentials[0].link.is_none() && spare.is_some());
    let mut attached = good.clone();
    attached.credentials[0].link = spare.clone();
    assert!(!complete(&scenario, &good, &attached), "by its number alone");
    assert!(change(&scenario, &good, |p| p.credentials[0].link = spare));
    assert!(change(&scenario, &good, |p| {
        let link = p.credentials[1].link.take();
        p.credentials[0].link = link;
    }));
}

#[test]
fn forge_parts_of_another_presentation() {
    let scenario = pair();
    let (good, other) = (scenario.prove(1).unwrap(), scenario.prove(2).unwrap());
    assert!(!refused(&scenario, &other));
    let predicate = |p: &mut Presentation| p.predicate.as_mut().unwrap().clone();
    let theirs = predicate(&mut other.clone());
    assert!(change(&scenario, &good, |p| p.predicate = Some(theirs.clone())));
    assert!(
        change(&scenario, &good, |p| p.predicate.as_mut().unwrap().proof = theirs.proof.clone())
    );
    assert!(change(&scenario, &good, |p| p.predicate.as_mut().unwrap().d = theirs.d));
    assert!(change(&scenario, &good, |p| p.predicate.as_mut().unwrap().link = theirs.link.clone()));
    for index in 0..2 {
        let part = &other.credentials[index];
        assert!(change(&scenario, &good, |p| p.credentials[index] = part.clone()));
        assert!(change(&scenario, &good, |p| p.credentials[index].proof = part.proof.clone()));
        assert!(change(&scenario, &good, |p| p.credentials[index].link = part.link.clone()));
    }
    let theirs = other.shared.clone().unwrap();
    assert!(change(&scenario, &good, |p| p.shared = Some(theirs.clone())));
    assert!(change(&scenario, &good, |p| shared(p).k = theirs.k));
    assert!(change(&scenario, &good, |p| shared(p).tau_hat = theirs.tau_hat));
    assert!(change(&scenario, &good, |p| shared(p).z = theirs.z.clone()));
    // All that K is about, and nothing else.
    assert!(change(&scenario, &good, |p| {
        p.shared = Some(theirs.clone());
        p.predicate = other.predicate.clone();
        for (own, their) in p.credentials.iter_mut().zip(&other.credentials) {
            own.link = their.link.clone();
        }
    }));
}

/// A Groth16 proof can be rerandomised by anyone and stays valid; the presentation must not.
#[test]
fn forge_rerandomised_proof() {
    let scenario = sixteen();
    let good = scenario.prove(1).unwrap();
    let part = good.predicate.as_ref().unwrap();
    let octets = part.proof.to_bytes();
    let a = G1Affine::deserialize_compressed(&octets[..32]).unwrap();
    let b = G2Affine::deserialize_compressed(&octets[32..96]).unwrap();
    let r = Fr::from(12_345u64);
    let mut other = Vec::new();
    (a * r).into_affine().serialize_compressed(&mut other).unwrap();
    (b * r.inverse().unwrap()).into_affine().serialize_compressed(&mut other).unwrap();
    other.extend_from_slice(&octets[96..]);
    let other = circuits::Proof::from_bytes(&other).unwrap();
    assert_ne!(other.to_bytes(), octets);
    let choices = [choice(&good, 0)];
    let statement =
        Statement::new(&scenario.terms, &scenario.request, &choices, Vec::new()).unwrap();
    let key = scenario.terms.verifying_key().unwrap();
    assert!(key.verify(statement.params(), &part.d, &other).is_ok(), "it is a valid proof");
    assert!(change(&scenario, &good, |p| p.predicate.as_mut().unwrap().proof = other));
}

fn choice(presentation: &Presentation, role: usize) -> Choice {
    presentation.credentials[role].choice.clone()
}

/// Whether a presentation has the parts that the statement of another asks for.
fn complete(scenario: &Scenario, stated: &Presentation, parts: &Presentation) -> bool {
    let choices: Vec<Choice> = (0..stated.credentials()).map(|role| choice(stated, role)).collect();
    let stamps = stated.lists.iter().map(|part| part.stamp).collect();
    let statement = Statement::new(&scenario.terms, &scenario.request, &choices, stamps);
    check_parts(&statement.unwrap(), parts).is_ok()
}

/// Two errors that cancel when the equations are simply added: ρ̂ and τ̂ are all in Ĥ.
#[test]
fn forge_cancelling_errors() {
    let scenario = sixteen();
    let good = scenario.prove(1).unwrap();
    assert!(change(&scenario, &good, |p| {
        link(p, 0).rho_hat += Scalar::ONE;
        shared(p).tau_hat -= Scalar::ONE;
    }));
    let pair = pair();
    let good = pair.prove(1).unwrap();
    assert!(change(&pair, &good, |p| {
        link(p, 0).rho_hat += Scalar::ONE;
        link(p, 1).rho_hat -= Scalar::ONE;
    }));
}

/// Each response of the link counts in the whole presentation.
#[test]
fn forge_single_responses() {
    let scenario = pair();
    let good = scenario.prove(1).unwrap();
    for credential in 0..2 {
        assert!(change(&scenario, &good, |p| link(p, credential).rho_hat += Scalar::ONE));
    }
    assert!(change(&scenario, &good, |p| {
        let (first, second) = (link(p, 0).rho_hat, link(p, 1).rho_hat);
        (link(p, 0).rho_hat, link(p, 1).rho_hat) = (second, first);
    }));
    assert!(change(&scenario, &good, |p| shared(p).tau_hat += Scalar::ONE));
    assert!(change(&scenario, &good, |p| shared(p).z[0] += Scalar::ONE));
    assert!(change(&scenario, &good, |p| p.predicate.as_mut().unwrap().link.nu_hat[31] ^= 1));
}

/// Terms whose compiled policy is another one, under the bundle hash of the first: what a holder
/// could do who compiles the policy in its own way.
fn foreign_terms(scenario: &Scenario, from: &str, to: &str) -> Terms {
    foreign(scenario, &[(from, to)])
}

/// The same with several changes.
fn foreign(scenario: &Scenario, changes: &[(&str, &str)]) -> Terms {
    let text = scenario.bundle.policy().to_document().canonical();
    let change = |text: String, (from, to): &(&str, &str)| {
        assert!(text.contains(from), "{text}");
        text.replace(from, to)
    };
    let policy = Policy::parse(changes.iter().fold(text, change).as_bytes()).unwrap();
    let key = scenario.terms.verifying_key().cloned();
    let bundle = Bundle::pin(policy, key.as_ref());
    let mut terms = Terms::new(&bundle, &scenario.plain_schemas(), key).unwrap();
    terms.set_bundle(scenario.bundle.hash());
    terms
}

fn prove_under(scenario: &Scenario, terms: &Terms, seed: u64) -> Result<Presentation, ProveError> {
    let key = scenario.key.as_ref();
    prove(terms, &scenario.request, &scenario.holdings(), key, &mut rng(seed))
}

/// `rank` and `grade` have one type: a policy that compares the other one has the same circuit.
const RANK_POLICY: &str = r#"
format = "sigil-policy/1"
id = "example.org/swap"
version = "1.0.0"
[[roles]]
name = "id"
schema = "{schema0}"
issuers = ["{issuer0}"]
[[predicates]]
name = "high"
expr = "id.rank >= 50"
"#;

#[test]
fn forge_swapped_slots() {
    // Rank 40 does not qualify, grade 60 would.
    let scenario = Scenario::new(RANK_POLICY, &[(scenario::IDENTITY, scenario::ADULT)]);
    assert!(matches!(scenario.prove(1), Err(ProveError::NotSatisfied { .. })));
    let terms = foreign_terms(&scenario, "id.rank", "id.grade");
    let forged = prove_under(&scenario, &terms, 1).unwrap();
    assert!(check(&terms, &scenario.request, &forged).is_ok(), "good under the holder's own map");
    assert!(refused(&scenario, &forged), "refused under the verifier's");
}

/// The credentials of two persons, under a policy of the holder's that does not ask for one person.
#[test]
fn forge_presentation_without_its_equality() {
    let other = scenario::WEALTHY.replace("p-01f7", "p-02aa");
    let cards = [(scenario::IDENTITY, scenario::ADULT), (scenario::MEANS, other.as_str())];
    let scenario = Scenario::new(scenario::PAIR_POLICY, &cards);
    assert!(matches!(scenario.prove(1), Err(ProveError::NotEqual { .. })));
    let terms = foreign_terms(&scenario, "[[\"id.person\",\"means.person\"]]", "[]");
    let forged = prove_under(&scenario, &terms, 1).unwrap();
    assert!(check(&terms, &scenario.request, &forged).is_ok(), "good under the holder's own rules");
    assert!(refused(&scenario, &forged));
}

/// Coefficients that were known before the responses would let two errors be weighed against each
/// other.
#[test]
fn forge_errors_weighed_by_known_coefficients() {
    let scenario = sixteen();
    let good = scenario.prove(1).unwrap();
    let choices = [choice(&good, 0)];
    let statement =
        Statement::new(&scenario.terms, &scenario.request, &choices, Vec::new()).unwrap();
    let part = good.predicate.as_ref().unwrap();
    let first = FirstMessages {
        predicate: Some((&part.proof, &part.d, &part.link.k_d)),
        links: vec![good.credentials[0].link.as_ref().map(FirstMessages::link_points)],
        k: good.shared.as_ref().map(|shared| shared.k),
    };
    let ph = statement.presentation_header(&first);
    let coefficients = |ph| {
        let stated =
            Stated { ph, ..Stated::new(&scenario.terms, &scenario.request, &good).unwrap() };
        super::verify::coefficients([stated.digest()]).member(0)
    };
    let mut known = coefficients(ph);
    // In the order of their equations: K, then the credentials.
    let (a, b) = (known.next(), known.next());
    assert!(a != b && a != 0 && b != 0);
    let mut elsewhere = coefficients([0; 32]);
    assert!(elsewhere.next() == a && elsewhere.next() != b, "they hash the statement too");
    assert!(change(&scenario, &good, |p| {
        link(p, 0).rho_hat += wide_scalar(a);
        shared(p).tau_hat -= wide_scalar(b);
    }));
}

/// What the verifier finds wanting in a presentation that is true.
fn wanting(scenario: &Scenario, terms: &Terms, presentation: &Presentation) -> Vec<Shortfall> {
    let (request, nonces) = (&scenario.request, InMemoryNonces::default());
    let expectation = scenario::expectation();
    let verified = verify(terms, request, &expectation, presentation, &nonces).unwrap();
    terms.policy().shortfalls(verified.time(), verified.disclosed_messages())
}

/// What the policy demands to see, a holder who compiles another policy could leave out: the answer is
/// true, and not acceptable.
#[test]
fn forge_withheld_claim() {
    let scenario = sixteen();
    let must = "\"disclosure\":\"must\",\"path\":\"card.tier\"";
    let terms = foreign_terms(&scenario, must, &must.replace("must", "never"));
    let forged = prove_under(&scenario, &terms, 1).unwrap();
    assert!(wanting(&scenario, &terms, &forged).is_empty(), "good under the holder's own rules");
    let missing = Shortfall::Missing { claim: "card.tier".to_owned() };
    assert_eq!(wanting(&scenario, &scenario.terms, &forged), [missing]);
}

/// `!(tier >= 3) || income >= 100000`, of a tier of 3 and 90,000. Where the tier is withheld nothing is
/// known of its negation either: a proof that takes the negation for true is none.
#[test]
fn forge_truth_of_a_withheld_claim() {
    let policy = scenario::SIXTEEN_POLICY.replace("= 50000", "= 100000");
    let policy = policy.replace("\"card.income", "\"!(card.tier >= 3) || card.income");
    let scenario = Scenario::new(&policy, &[(scenario::SIXTEEN, scenario::SIXTEEN_RECORD)]);
    assert!(matches!(scenario.prove(1), Err(ProveError::NotSatisfied { .. })));
    let must = "\"disclosure\":\"must\",\"path\":\"card.tier\"";
    let withheld = must.replace("must", "never");
    let points = ("card.tier >= 3", "card.points >= 5000");
    let terms = foreign(&scenario, &[points, (must, &withheld)]);
    let forged = prove_under(&scenario, &terms, 1).unwrap();
    assert!(check(&terms, &scenario.request, &forged).is_ok(), "good under the holder's own rules");
    let error = check(&scenario.terms, &scenario.request, &forged).unwrap_err();
    assert!(matches!(error, VerifyError::Statement(StatementError::Range)), "{error:?}");
}

/// Three credentials of one person by three issuers; the first two of one country, for all to see.
const CHAIN_POLICY: &str = r#"
format = "sigil-policy/1"
id = "example.org/chain"
version = "1.0.0"
equal = [["a.country", "b.country"]]
agree = [{ roles = ["a", "b", "c"], fields = ["person"] }]
claims = [
  { path = "a.country", disclosure = "must" },
  { path = "b.country", disclosure = "must" },
]
[[roles]]
name = "a"
validity = "skip"
schema = "{schema0}"
issuers = ["{issuer0}"]

[[roles]]
name = "b"
validity = "skip"
schema = "{schema1}"
issuers = ["{issuer1}"]

[[roles]]
name = "c"
validity = "skip"
schema = "{schema2}"
issuers = ["{issuer2}"]
"#;

fn chain(last: &str) -> Scenario {
    let records = [scenario::ADULT, scenario::ADULT, last];
    Scenario::new(CHAIN_POLICY, &records.map(|record| (scenario::IDENTITY, record)))
}

/// Equalities along a chain, without a circuit; and what is said of them is where the policy has them.
#[test]
fn forge_every_part_of_a_chain() {
    let scenario = chain(scenario::ADULT);
    let good = scenario.prove(1).unwrap();
    assert!(!good.has_predicate() && good.equalities() == 2);
    let verified = scenario.verify(&good).unwrap();
    assert_eq!(verified.proven(), ["$.agree[0].fields[0]"]);
    let other = scenario.prove(2).unwrap();
    for role in 0..3 {
        let [mut one, mut two] = [good.clone(), other.clone()];
        let (from, to) = (link(&mut two, role).clone(), link(&mut one, role).clone());
        assert!(change(&scenario, &good, |p| link(p, role).c = from.c));
        assert!(change(&scenario, &good, |p| link(p, role).t = from.t));
        assert!(change(&scenario, &good, |p| link(p, role).rho_hat = from.rho_hat));
        assert!(change(&scenario, &good, |p| *link(p, (role + 1) % 3) = to.clone()));
    }
    assert!(change(&scenario, &good, |p| shared(p).z.swap(0, 1)));
    assert!(change(&scenario, &good, |p| shared(p).z[1] += Scalar::ONE));
    assert!(change(&scenario, &good, |p| shared(p).tau_hat += Scalar::ONE));
}

/// The last credential is another person's: the holder proves as many equalities, of other fields.
#[test]
fn forge_last_link_of_a_chain() {
    let stranger = scenario::ADULT.replace("p-01f7", "p-02aa");
    let scenario = chain(&stranger);
    assert!(matches!(scenario.prove(1), Err(ProveError::NotEqual { .. })));
    let agree = "\"agree\":[{\"fields\":[\"person\"],\"roles\":[\"a\",\"b\",\"c\"]}],";
    let open = "[\"a.country\",\"b.country\"]";
    let hidden = "[\"a.person\",\"b.person\"],[\"b.grade\",\"c.grade\"]";
    let terms = foreign(&scenario, &[(agree, ""), (open, hidden)]);
    let forged = prove_under(&scenario, &terms, 1).unwrap();
    assert!(check(&terms, &scenario.request, &forged).is_ok(), "good under the holder's own rules");
    assert!(complete(&scenario, &forged, &forged), "as many parts");
    assert!(refused(&scenario, &forged));
}

/// What the policy does not let pass is found from the other side too.
#[test]
fn forge_surplus_claim() {
    let scenario = sixteen();
    let claims = "\"claims\":[";
    let more = format!("{claims}{{\"disclosure\":\"may\",\"path\":\"card.level\"}},");
    let terms = foreign_terms(&scenario, claims, &more);
    let mut holdings = scenario.holdings();
    holdings[0].reveal = &["level"];
    let (request, key) = (&scenario.request, scenario.key.as_ref());
    let forged = prove(&terms, request, &holdings, key, &mut rng(1)).unwrap();
    assert!(wanting(&scenario, &terms, &forged).is_empty());
    let surplus = Shortfall::Surplus { claim: "card.level".to_owned() };
    assert_eq!(wanting(&scenario, &scenario.terms, &forged), [surplus]);
}

/// A country that the verifier's policy does not list, under a policy that does.
#[test]
fn forge_value_that_the_policy_does_not_list() {
    let abroad = scenario::SIXTEEN_RECORD.replace("\"CH\"", "\"FR\"");
    let scenario = Scenario::new(scenario::SIXTEEN_POLICY, &[(scenario::SIXTEEN, &abroad)]);
    let terms = foreign_terms(&scenario, "[\"CH\",\"LI\",\"AT\"]", "[\"FR\"]");
    let forged = prove_under(&scenario, &terms, 1).unwrap();
    assert!(wanting(&scenario, &terms, &forged).is_empty());
    let rule = Shortfall::Rule { path: "$.claims[0].one_of".to_owned() };
    assert_eq!(wanting(&scenario, &scenario.terms, &forged), [rule]);
}

/// The number of an issuer beyond the policy's list names nobody.
#[test]
fn reject_issuer_beyond_the_list() {
    let scenario = sixteen();
    let mut forged = scenario.prove(1).unwrap();
    forged.credentials[0].choice.signer = Signer::Named(1);
    let error = check(&scenario.terms, &scenario.request, &forged).unwrap_err();
    assert!(matches!(error, VerifyError::Statement(StatementError::Issuer { .. })), "{error:?}");
}

#[test]
fn forge_moved_threshold() {
    let scenario = sixteen();
    let terms = foreign_terms(&scenario, "50000", "1");
    let forged = prove_under(&scenario, &terms, 1).unwrap();
    assert!(check(&terms, &scenario.request, &forged).is_ok());
    assert!(refused(&scenario, &forged));
}

#[test]
fn reject_swapped_verifying_key() {
    let scenario = sixteen();
    let shape = scenario.terms.policy().shape().unwrap();
    let other = circuits::setup(shape, &mut rng(99)).unwrap();
    let verifying = other.verifying_key().clone();
    let terms = Terms::new(&scenario.bundle, &scenario.plain_schemas(), Some(verifying));
    assert!(matches!(terms, Err(TermsError::Key)));
    let terms = Terms::new(&scenario.bundle, &scenario.plain_schemas(), None);
    assert!(matches!(terms, Err(TermsError::Key)));
    let holdings = scenario.holdings();
    let made = prove(&scenario.terms, &scenario.request, &holdings, Some(&other), &mut rng(1));
    assert!(matches!(made, Err(ProveError::Key)));
    let made = prove(&scenario.terms, &scenario.request, &holdings, None, &mut rng(1));
    assert!(matches!(made, Err(ProveError::Key)));
}

/// Every item that `ph` hashes, changed one at a time, changes it.
#[test]
fn reject_every_changed_item_of_the_header() {
    let scenario = pair();
    let good = scenario.prove(1).unwrap();
    let other = scenario.prove(2).unwrap();
    let choices = [choice(&good, 0), choice(&good, 1)];
    let mut seen = HashSet::new();
    let mut record = |name: &str, terms: &Terms, request, choices: &[Choice], p: &Presentation| {
        let statement = Statement::new(terms, request, choices, Vec::new()).unwrap();
        let links = p.credentials.iter().map(|part| part.link.as_ref());
        let first = FirstMessages {
            predicate: p.predicate.as_ref().map(|part| (&part.proof, &part.d, &part.link.k_d)),
            links: links.map(|link| link.map(FirstMessages::link_points)).collect(),
            k: p.shared.as_ref().map(|shared| shared.k),
        };
        assert!(seen.insert(statement.presentation_header(&first)), "{name} changed nothing");
    };
    let (terms, request) = (&scenario.terms, &scenario.request);
    record("the original", terms, request, &choices, &good);

    type Change = fn(&mut Presentation, &Presentation);
    let changes: [(&str, Change); 11] = [
        ("proof", |p, o| {
            p.predicate.as_mut().unwrap().proof = o.predicate.as_ref().unwrap().proof.clone()
        }),
        ("D", |p, o| p.predicate.as_mut().unwrap().d = o.predicate.as_ref().unwrap().d),
        ("K_D", |p, o| {
            p.predicate.as_mut().unwrap().link.k_d = o.predicate.as_ref().unwrap().link.k_d
        }),
        ("no predicate", |p, _| p.predicate = None),
        ("C", |p, o| link(p, 0).c = link(&mut o.clone(), 0).c),
        ("T", |p, o| link(p, 0).t = link(&mut o.clone(), 0).t),
        ("K", |p, o| shared(p).k = o.shared.as_ref().unwrap().k),
        ("no K", |p, _| p.shared = None),
        ("second C", |p, o| link(p, 1).c = link(&mut o.clone(), 1).c),
        ("no link", |p, _| p.credentials[1].link = None),
        ("second T", |p, o| link(p, 1).t = link(&mut o.clone(), 1).t),
    ];
    for (name, apply) in changes {
        let mut changed = good.clone();
        apply(&mut changed, &other);
        record(name, terms, request, &choices, &changed);
    }

    let mut disclosed = choices.clone();
    let at = disclosed[0].disclosed.len();
    disclosed[0].disclosed.insert(at, (7, Encoded::Absent));
    record("an absent claim shown", terms, request, &disclosed, &good);
    disclosed[0].disclosed[at].1 = Encoded::Text("x".into());
    record("a claim shown", terms, request, &disclosed, &good);
    disclosed[0].disclosed[at].1 = Encoded::Text("y".into());
    record("another value", terms, request, &disclosed, &good);

    let foreign = |from, to| foreign_terms(&scenario, from, to);
    record("a parameter", &foreign("100000", "100001"), request, &choices, &good);
    let nonce = scenario::request(scenario.bundle.hash(), 2);
    record("the nonce", terms, &nonce, &choices, &good);
    let mut terms = foreign("100000", "100000");
    let bundle = crate::policy::BundleHash::from_bytes([5; 32]);
    terms.set_bundle(bundle);
    let rebound = scenario::request(bundle, 1);
    record("the bundle", &terms, &rebound, &choices, &good);

    let scenario = Scenario::new(RANK_POLICY, &[(scenario::IDENTITY, scenario::ADULT)]);
    let (terms, request) = (&scenario.terms, &scenario.request);
    let swapped = foreign_terms(&scenario, "id.rank", "id.grade");
    let mut one = good.clone();
    one.credentials.truncate(1);
    let (signer, disclosed) = (Signer::Named(0), Vec::new());
    let choices = [Choice { signer, version: 0, window: None, disclosed }];
    record("one slot", terms, request, &choices, &one);
    record("another slot", &swapped, request, &choices, &one);
}
