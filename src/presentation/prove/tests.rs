//! Forgeries by a holder who runs the prover's own steps with a part of them exchanged.

use super::*;
use crate::encoding::Wire;
use crate::presentation::batch::{Answer, verify_batch};
use crate::presentation::statement::{Member, Terms};
use crate::presentation::tests::scenario::{
    SIXTEEN, SIXTEEN_POLICY, SIXTEEN_RECORD, Scenario, expectation, rng, sixteen,
};
use crate::presentation::verify::{VerifyError, check, linked};
use crate::request::InMemoryNonces;

/// The prover's steps for the verifier's own statement, with a Groth16 proof of the forger's.
fn forge(
    scenario: &Scenario,
    proved: impl FnOnce(&Statement<'_>, &[u128]) -> Option<circuits::Proved>,
) -> Presentation {
    let (terms, holdings) = (&scenario.terms, scenario.holdings());
    let choices: Vec<Choice> =
        holdings.iter().enumerate().map(|(i, one)| choose(terms, i, one).unwrap()).collect();
    let statement = Statement::new(terms, &scenario.request, &choices, Vec::new()).unwrap();
    let slots = terms.policy().slots().iter();
    let values: Vec<u128> =
        slots.map(|slot| holdings[slot.role].credential.integer(slot.message).unwrap()).collect();
    let mut rng = rng(1);
    let members = members(&holdings, &[]);
    let work = Work { statement: &statement, members, choices: &choices };
    let inits = work.begin(&mut rng).unwrap();
    let parts = (proved(&statement, &values), inits);
    let Ok(forged) = work.finish(&values, parts, &mut rng) else {
        panic!("the forger's steps work")
    };
    forged
}

/// By verification, and by a batch in which there are more of it.
fn refused(terms: &Terms, scenario: &Scenario, forged: &Presentation) -> bool {
    let octets = forged.to_bytes();
    let answers = [Answer { request: &scenario.request, octets: &octets }; 6];
    let batch = verify_batch(terms, &expectation(), &answers, &InMemoryNonces::default());
    let batch = batch.iter().filter(|one| matches!(one, Err(VerifyError::Refused))).count();
    let alone = matches!(check(terms, &scenario.request, forged), Err(VerifyError::Refused));
    assert_eq!(batch, if alone { 6 } else { 0 }, "a batch says what verification says");
    alone
}

fn prove_for(
    scenario: &Scenario,
    params: &[i128],
    values: &[u128],
) -> Result<circuits::Proved, circuits::ProveError> {
    let slots: Vec<i128> = values.iter().map(|value| *value as i128).collect();
    scenario.key.as_ref().unwrap().prove(&slots, params, &mut rng(2))
}

/// A proof for a lower threshold, in a presentation that is otherwise all that the verifier asks for:
/// the link holds, D is opened to the signed values, and the pairing equation alone refuses.
#[test]
fn forge_predicate_that_does_not_hold() {
    let poor = SIXTEEN_RECORD.replace("90000", "1000");
    let scenario = Scenario::new(SIXTEEN_POLICY, &[(SIXTEEN, &poor)]);
    assert!(matches!(scenario.prove(1), Err(ProveError::NotSatisfied { .. })));
    let forged = forge(&scenario, |statement, values| {
        let mut params = statement.params().to_vec();
        let threshold = params.iter_mut().find(|param| **param == 50_000).unwrap();
        *threshold = 1;
        Some(prove_for(&scenario, &params, values).unwrap())
    });
    assert!(refused(&scenario.terms, &scenario, &forged));
}

/// The proof belongs to another blinder of D than the opening, and ν̂ takes the difference away again:
/// the predicate's two equations err by opposite points, and only their own coefficients tell.
#[test]
fn forge_predicate_whose_two_equations_cancel_out() {
    let scenario = sixteen();
    let mut difference = circuits::Scalar::from(0);
    let mut forged = forge(&scenario, |statement, values| {
        let one = prove_for(&scenario, statement.params(), values).unwrap();
        let slots: Vec<i128> = values.iter().map(|value| *value as i128).collect();
        let key = scenario.key.as_ref().unwrap();
        let other = key.prove(&slots, statement.params(), &mut rng(3)).unwrap();
        let minus = &circuits::Scalar::from(-1) * other.opening.blinder();
        difference = one.opening.blinder() + &minus;
        Some(circuits::Proved { proof: one.proof, ..other })
    });
    assert!(refused(&scenario.terms, &scenario, &forged), "its pairing equation alone");
    let nu_hat = &mut forged.predicate.as_mut().unwrap().link.nu_hat;
    let nu = circuits::Scalar::from_bytes(&*nu_hat).unwrap();
    *nu_hat = (&nu + &difference).to_bytes();
    assert!(refused(&scenario.terms, &scenario, &forged));
}

/// A proof of a better value: D is opened to another integer than C.
#[test]
fn forge_value_that_is_not_signed() {
    let poor = SIXTEEN_RECORD.replace("90000", "1000");
    let scenario = Scenario::new(SIXTEEN_POLICY, &[(SIXTEEN, &poor)]);
    let forged = forge(&scenario, |statement, values| {
        let better: Vec<u128> =
            values.iter().map(|x| if *x == 1000 { 90_000 } else { *x }).collect();
        Some(prove_for(&scenario, statement.params(), &better).unwrap())
    });
    assert!(refused(&scenario.terms, &scenario, &forged));
}

/// No proof, no link: a presentation of its own, whose `ph` says so, not one that lost its parts.
#[test]
fn forge_presentation_without_its_predicate() {
    let scenario = sixteen();
    let honest = forge(&scenario, |statement, values| {
        Some(prove_for(&scenario, statement.params(), values).unwrap())
    });
    assert!(check(&scenario.terms, &scenario.request, &honest).is_ok(), "these are all the steps");
    let forged = forge(&scenario, |_, _| None);
    assert!(!forged.has_predicate() && forged.credentials[0].link.is_none());
    assert!(refused(&scenario.terms, &scenario, &forged));
}

/// A value of a predicate that is disclosed instead of hidden has no response that T could be held
/// against: such an answer is not even true, whatever else it says.
#[test]
fn reject_a_slot_that_is_disclosed() {
    let scenario = sixteen();
    let (terms, holdings) = (&scenario.terms, scenario.holdings());
    let policy = terms.policy();
    let link = scenario.prove(1).unwrap().credentials.remove(0).link.unwrap();
    let is_linked = |surplus: Option<usize>| {
        let mut choice = choose(terms, 0, &holdings[0]).unwrap();
        let value = |message| (message, holdings[0].credential.encoded(message).unwrap());
        choice.disclosed.extend(surplus.map(value));
        choice.disclosed.sort_by_key(|(index, _)| *index);
        let choices = [choice];
        let statement = Statement::new(terms, &scenario.request, &choices, Vec::new()).unwrap();
        let members = members(&holdings, &[]);
        let work = Work { statement: &statement, members, choices: &choices };
        let inits = work.begin(&mut rng(3)).unwrap();
        let proof = inits.into_iter().next().unwrap().finalize(b"ph").unwrap();
        let Member { issuer, generators, header, disclosed } = &statement.members()[0];
        let pending =
            bbs::proof_verify_deferred(issuer, &proof, generators, header, b"ph", disclosed);
        linked(&statement, 0, &link, &pending.unwrap()).is_some()
    };
    let schema = policy.roles()[0].schema();
    let (slot, other) = (schema.field("income").unwrap().0, schema.field("level").unwrap().0);
    assert!(policy.slots().iter().any(|source| source.message == slot));
    assert!(is_linked(None) && is_linked(Some(other)));
    assert!(!is_linked(Some(slot)));
}
