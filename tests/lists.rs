//! Sorted lists in presentations: who is not on a list shows it, who is cannot.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

#[path = "scenario/octets.rs"]
mod octets;
mod scenario;

use octets::{outline, runs, strings};
use scenario::epochs::{Authority, LIST, numbers, recently};
use scenario::{ADULT, IDENTITY, Scenario, issuer, time};
use sigil::bbs::Suite;
use sigil::credential::Validity;
use sigil::encoding::Wire;
use sigil::policy::Presence;
use sigil::presentation::{Holding, Presentation, ProveError, VerifyError};
use sigil::status::{Entry, HeadHash};

/// One credential; `{lists}` are its lists.
const POLICY: &str = r#"
format = "sigil-policy/1"
id = "example.org/listed"
version = "1.0.0"
params = { least = 18 }
predicates = [{ name = "rank", expr = "id.rank >= params.least" }]
[[roles]]
name = "id"
schema = "{schema0}"
issuers = ["{issuer0}"]
lists = [{lists}]
"#;

fn rule(authority: &Authority, more: &str) -> String {
    let (list, did) = (&authority.key.list, authority.did());
    format!("{{ list = \"{list}\", authority = \"{did}\", max_age = 24{more} }}")
}

fn scenario(lists: &[String]) -> Scenario {
    Scenario::new(&POLICY.replace("{lists}", &lists.join(", ")), &[(IDENTITY, ADULT)])
}

/// A credential that must not be revoked.
fn revocable() -> (Authority, Scenario) {
    let authority = Authority::handles();
    let scenario = scenario(&[rule(&authority, "")]);
    (authority, scenario)
}

fn prove(scenario: &Scenario, entries: &[&Entry], seed: u64) -> Result<Presentation, ProveError> {
    let credential = &scenario.credentials[0];
    scenario.prove_with(&[Holding { entries, ..Holding::new(credential) }], seed)
}

/// Whether the entry lets the credential be presented, and the verifier accepts it.
fn passes(scenario: &Scenario, entries: &[&Entry]) -> bool {
    match prove(scenario, entries, 1) {
        Ok(presentation) => scenario.verify(&presentation).is_ok(),
        Err(error) => {
            assert!(matches!(error, ProveError::Listed { .. }), "{error:?}");
            false
        }
    }
}

#[test]
fn a_credential_that_is_not_revoked_is_presented() {
    let (authority, scenario) = revocable();
    let handle = scenario.credentials[0].status_handle();
    let entry = authority.find(&[handle - 9, handle + 4], handle);
    let presentation = prove(&scenario, &[&entry], 1).unwrap();
    assert_eq!(presentation.lists(), 1);
    let verified = scenario.verify(&presentation).unwrap();
    let [list] = verified.lists() else { panic!("one list") };
    assert_eq!((&list.stamp, list.head), (entry.stamp(), entry.head().hash()));
    assert_eq!(list.path, "$.roles[0].lists[0]");
    assert!(verified.proven().contains(&list.path));
    assert_eq!((list.stamp.epoch, list.stamp.issued_at), (0, recently()));
    let octets = presentation.to_bytes();
    assert!(octets.len() <= 1_800, "{} octets", octets.len());
    assert!(Presentation::from_bytes(&octets).unwrap() == presentation);
}

/// The empty list, a list of one, and both ends of every gap.
#[test]
fn gaps_hold_their_handles_and_no_other() {
    let (authority, scenario) = revocable();
    let handle = scenario.credentials[0].status_handle();
    let passes = |elements: &[u64]| passes(&scenario, &[&authority.find(elements, handle)]);
    assert!(passes(&[]), "the empty list has one gap");
    assert!(passes(&[handle - 1]) && passes(&[handle + 1]));
    assert!(passes(&[handle - 1, handle + 1]), "the gap of one");
    assert!(!passes(&[handle]), "the list of one element");
    assert!(!passes(&[handle - 1, handle, handle + 1]), "between neighbours");
    let head = authority.head(0, recently(), None);
    let within = |lo, hi| scenario_passes(&scenario, &authority.entry(&head, lo, hi));
    assert!(within(handle, u128::from(handle) + 1), "the smallest gap");
    assert!(!within(handle + 1, 1 << 40), "a gap above");
    assert!(!within(0, u128::from(handle)), "a gap below");
    assert!(!within(handle, u128::from(handle)), "an empty gap");
}

fn scenario_passes(scenario: &Scenario, entry: &Entry) -> bool {
    passes(scenario, &[entry])
}

/// Of another list, of another authority, of other elements, none, too many.
#[test]
fn reject_entries_of_other_lists_before_any_proof() {
    let (authority, scenario) = revocable();
    let handle = scenario.credentials[0].status_handle();
    let good = authority.find(&[], handle);
    let other = Authority::new("https://lists.example/other", authority.key.elements.clone(), 31);
    let foreign = Authority::new(LIST, authority.key.elements.clone(), 32);
    let fields = Authority::new(LIST, numbers(), 31);
    for entry in [other, foreign, fields].map(|wrong| wrong.find(&[], handle)) {
        let refused = prove(&scenario, &[&entry], 1).unwrap_err();
        assert!(matches!(refused, ProveError::Entries { .. }), "{refused:?}");
    }
    for entries in [&[][..], &[&good, &good]] {
        let refused = prove(&scenario, entries, 1).unwrap_err();
        assert!(matches!(refused, ProveError::Entries { expected: 1, .. }), "{refused:?}");
    }
}

/// A sanctions list over a hidden field, an allow list over another, and the status, all at once; and the
/// same over revealed fields.
#[test]
fn lists_over_fields_hidden_and_revealed() {
    let status = Authority::handles();
    let sanctions = Authority::new("https://lists.example/sanctions", numbers(), 33);
    let admitted = Authority::new("https://lists.example/admitted", numbers(), 34);
    let lists = [
        rule(&status, ""),
        rule(&sanctions, ", field = \"rank\""),
        rule(&admitted, ", field = \"grade\", is = \"present\""),
    ];
    let shown = "\n[[claims]]\npath = \"id.rank\"\ndisclosure = \"must\"\n\
                 [[claims]]\npath = \"id.grade\"\ndisclosure = \"must\"\n";
    for (claims, hidden) in [("", true), (shown, false)] {
        let policy = format!("{}{claims}", POLICY.replace("{lists}", &lists.join(", ")));
        let scenario = Scenario::new(&policy, &[(IDENTITY, ADULT)]);
        assert_eq!(scenario.terms.policy().equalities().len(), usize::from(hidden));
        let handle = scenario.credentials[0].status_handle();
        let status = status.find(&[7], handle);
        // The record's rank is 40, its grade 60.
        let good = [sanctions.find(&[39, 41], 40), admitted.find(&[10, 60, 70], 60)];
        assert!(passes(&scenario, &[&status, &good[0], &good[1]]));
        let listed = sanctions.find(&[40], 40);
        assert!(!passes(&scenario, &[&status, &listed, &good[1]]));
        for elements in [&[][..], &[59, 61]] {
            let absent = admitted.find(elements, 60);
            assert!(!passes(&scenario, &[&status, &good[0], &absent]), "{elements:?}");
        }
        let presences: Vec<Presence> =
            scenario.terms.policy().lists().iter().map(|check| check.presence).collect();
        assert_eq!(presences, [Presence::Absent, Presence::Absent, Presence::Present]);
    }
}

/// All octets outside random fields and revealed values are the same for two holders with other values,
/// another validity, another handle and another gap; and two presentations of one holder have no random field
/// in common, nor a part of one: but for the digest of the epoch, which all holders have.
#[test]
fn presentations_have_the_epoch_in_common_and_nothing_else() {
    let (authority, scenario) = revocable();
    let other = issuer(&scenario.schemas[0], Suite::Sha256, 100);
    let record = ADULT.replace("p-01f7", "somebody else").replace("40", "4000000000");
    let record = scenario.schemas[0].record_from_json(record.as_bytes()).unwrap();
    let window = Validity::between(time("2020-01-01T00:00:00Z"), time("2031-06-01T00:00:00Z"));
    let other = other.issue(record, window.unwrap(), 9).unwrap();
    let own = &scenario.credentials[0];
    let head = authority.head(3, recently(), Some(HeadHash::from_bytes([1; 32])));
    let near = authority.entry(&head, own.status_handle(), u128::from(own.status_handle()) + 1);
    let far = authority.entry(&head, 0, 1 << 40);
    let shown = |credential, entry: &Entry, seed| {
        let entries = [entry];
        let holding = Holding { entries: &entries, ..Holding::new(credential) };
        scenario.prove_with(&[holding], seed).unwrap().to_bytes()
    };
    let (first, again) = (shown(own, &near, 1), shown(own, &near, 2));
    for another in [&again, &shown(own, &far, 3), &shown(&other, &far, 4)] {
        assert_eq!(outline(&first), outline(another));
        let common: Vec<_> = runs(&first).intersection(&runs(another)).cloned().collect();
        let contents = &head.stamp().contents;
        let epoch: Vec<_> = contents.windows(8).map(<[u8]>::to_vec).collect();
        assert_eq!(common.len(), epoch.len());
        assert!(common.iter().all(|run| epoch.contains(run)));
        let random: Vec<_> = strings(&first).into_iter().filter(|s| s != contents).collect();
        assert!(random.len() > 10 && strings(another).iter().all(|s| !random.contains(s)));
    }
}

/// Flipping any bit of a presentation with a list: all are refused.
#[test]
fn all_single_bit_flips_of_a_listed_presentation_are_refused() {
    use rayon::prelude::*;
    let (authority, scenario) = revocable();
    let handle = scenario.credentials[0].status_handle();
    let good = prove(&scenario, &[&authority.find(&[], handle)], 1).unwrap().to_bytes();
    (0..good.len()).into_par_iter().for_each(|at| {
        let mut flipped = good.clone();
        flipped[at] ^= 1 << (at % 8);
        let accepted = Presentation::from_bytes(&flipped)
            .is_ok_and(|presentation| scenario.verify(&presentation).is_ok());
        assert!(!accepted, "octet {at}");
    });
}

/// The epoch is the entry's: a policy's compiled lists, and nothing that travels, say which list it is.
#[test]
fn reject_presentations_under_another_list_or_authority() {
    let (authority, scenario) = revocable();
    let handle = scenario.credentials[0].status_handle();
    let good = prove(&scenario, &[&authority.find(&[], handle)], 1).unwrap();
    for (list, seed) in [("https://lists.example/other", 31), (LIST, 32)] {
        let other = Authority::new(list, authority.key.elements.clone(), seed);
        let policy = POLICY.replace("{lists}", &rule(&other, ""));
        let elsewhere = Scenario::new(&policy, &[(IDENTITY, ADULT)]);
        let error = elsewhere.verify(&good).unwrap_err();
        assert!(matches!(error, VerifyError::Refused), "{error:?}");
    }
    assert!(scenario.verify(&good).is_ok());
    assert!(scenario.verify_for(&scenario::request(scenario.bundle.hash(), 2), &good).is_err());
    assert_eq!(scenario.request.time(), time(scenario::NOW));
}
