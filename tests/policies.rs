//! The policies of `vectors/policies`, proven and verified: every test case of every policy with real
//! credentials, their circuits, their sizes, and what may move without a new setup.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests stop at a fault")]

#[path = "scenario/mod.rs"]
mod scenario;
#[path = "scenario/policies.rs"]
mod vectors;

use sigil::encoding::Wire;
use sigil::policy::{Conflict, Policy, meet};
use sigil::presentation::VerifyError;
use sigil_circuits::ShapeId;
use vectors::{POLICIES, Ready, schemas, text};

/// Most octets of a presentation here, its revealed values among them: two credentials at most.
const MOST: usize = 2048;

/// Every case: those permitted are proven and verified, the others have no proof.
#[test]
fn every_case_is_proven_or_cannot_be() {
    for name in POLICIES {
        let ready = Ready::new(name);
        assert!(ready.cases.len() >= 4, "{name}: few cases");
        for (number, case) in ready.cases.iter().enumerate() {
            let credentials = ready.credentials(case);
            let request = ready.request(case, 1);
            let place = format!("{name}: {}", case.name);
            match ready.prove(case, &credentials, &request, number as u64) {
                Err(error) => assert!(!case.permit, "{place}: {error}"),
                Ok(presentation) => {
                    assert!(case.permit, "{place}: proven");
                    let octets = presentation.to_bytes();
                    assert!(octets.len() <= MOST, "{place}: {}", octets.len());
                    ready
                        .verify(&request, &presentation)
                        .unwrap_or_else(|e| panic!("{place}: {e}"));
                }
            }
        }
    }
}

fn constraints(name: &str) -> usize {
    let policy = Policy::parse(text(name).as_bytes()).unwrap();
    policy.compile(&schemas()).unwrap().shape().unwrap().constraints()
}

/// The circuits, validity of every credential included.
#[test]
fn circuits_stay_small() {
    let most = [
        ("a-eu-adult-resident", 101),
        ("b-us-accredited", 114),
        ("c-sg-investor", 180),
        ("d-sanctions", 188),
        ("e-eu-and-sg", 243),
        ("f-token-distribution", 234),
    ];
    for (name, most) in most {
        let found = constraints(name);
        println!("{name}: {found} constraints");
        assert!(found <= most, "{name}: {found}");
    }
}

/// Thresholds, lists of the same padded length and the day move; the shape and the keys stay; what was
/// proven under the old parameters is refused under the new.
#[test]
fn reject_old_presentations_under_moved_parameters() {
    for (name, from, to) in [
        ("a-eu-adult-resident", "years(18)", "years(19)"),
        ("a-eu-adult-resident", "\"SI\", \"SK\"", "\"SI\", \"TR\""),
        ("a-eu-adult-resident", "\"SI\", \"SK\"", "\"SI\", \"SK\", \"TR\""),
        ("b-us-accredited", "income = 200001", "income = 200000"),
        ("c-sg-investor", "income = 300000", "income = 0"),
        ("d-sanctions", "\"BY\", ", ""),
        ("f-token-distribution", "votes = 5", "votes = 4"),
    ] {
        let old = Ready::new(name);
        let moved = text(name).replacen(from, to, 1);
        assert_ne!(moved, text(name), "{name}: nothing moved");
        let new = Ready::with_key(name, &moved, old.key.clone());
        let shape = |ready: &Ready| ready.terms.policy().shape().map(|shape| shape.id());
        assert_eq!(shape(&old), shape(&new), "{name}: {from}");
        let case = old.cases.iter().find(|case| case.permit).unwrap();
        let credentials = old.credentials(case);
        let proven = |ready: &Ready| {
            let request = ready.request(case, 1);
            (ready.prove(case, &credentials, &request, 3).unwrap(), request)
        };
        let ((before, old_request), (after, new_request)) = (proven(&old), proven(&new));
        assert!(
            old.verify(&old_request, &before).is_ok() && new.verify(&new_request, &after).is_ok()
        );
        let refused = |result| matches!(result, Err(VerifyError::Refused));
        assert!(refused(new.verify(&new_request, &before)), "{name}: {from}");
        assert!(refused(old.verify(&old_request, &after)), "{name}: {from}");
    }
}

/// The day of the request is a parameter too.
#[test]
fn the_day_moves_without_a_new_shape() {
    let ready = Ready::new("a-eu-adult-resident");
    let case = |name: &str| ready.cases.iter().find(|case| case.name == name).unwrap();
    let (early, due) = (
        case("born on a leap day, a day too early"),
        case("born on a leap day, of age on 28 February"),
    );
    let credentials = ready.credentials(due);
    let request = ready.request(due, 1);
    let presentation = ready.prove(due, &credentials, &request, 1).unwrap();
    assert!(ready.verify(&request, &presentation).is_ok());
    let yesterday = ready.request(early, 1);
    assert!(ready.prove(early, &credentials, &yesterday, 1).is_err());
    assert!(matches!(ready.verify(&yesterday, &presentation), Err(VerifyError::Refused)));
}

/// Shapes are pinned: a change of language, compilation or gadgets that moves one voids every key.
#[test]
fn shapes_are_pinned() {
    for (name, expected) in PINNED {
        let policy = Policy::parse(text(name).as_bytes()).unwrap();
        let shape: ShapeId = policy.compile(&schemas()).unwrap().shape().unwrap().id();
        assert_eq!(shape.to_string(), expected, "{name}");
    }
}

const PINNED: [(&str, &str); 6] = [
    ("a-eu-adult-resident", "ade433b06cec855fa18b52f5b3216097abc9ff6e731ff9f5231154b657519da8"),
    ("b-us-accredited", "c31e3ab6812f5a0a16e729d72fbc89974746a05bdbc835182bf4a419db483e0b"),
    ("c-sg-investor", "d41a95a1be45cd8c63480b962d6782da6af66966743f77978b6a131f7ee04964"),
    ("d-sanctions", "ee48d574d387f9d27addce88db657cd3b6f69a51313d3b5d852476862bdeee5a"),
    ("e-eu-and-sg", "d9b00dd6067c7a45226a159c680e44ca9cf5b2d7c2b83981a69a7f44a13538d8"),
    ("f-token-distribution", "2dca594dec4b6a997315436695860b3aabe3c32c2af4d6a06bf21d0009a80e8d"),
];

/// (e): what both ask for, and what two rules that can't both be kept are told.
#[test]
fn the_meet_of_a_and_c() {
    let policy = |name: &str| Policy::parse(text(name).as_bytes()).unwrap();
    let (a, c, mended) =
        (policy("a-eu-adult-resident"), policy("c-sg-investor"), policy("c2-sg-investor-mended"));
    let met = meet(&a, &mended).unwrap();
    assert_eq!(met, policy("e-eu-and-sg").normal());
    assert_eq!(meet(&mended, &a).unwrap(), met);
    let told = |conflicts: Vec<Conflict>| {
        conflicts.iter().map(|conflict| format!("{conflict}\n")).collect::<String>()
    };
    assert_eq!(told(meet(&a, &c).unwrap_err()), CONFLICTS);
    let turned = meet(&c, &a).unwrap_err().into_iter().map(Conflict::turned).collect();
    assert_eq!(told(turned), CONFLICTS);
}

const CONFLICTS: &str = r#"adult: one name stands for two predicates
  eu.example/adult-resident at $.predicates[0]: id.birth_date <= today - years(18)
  sg.example/investor-onboarding at $.predicates[1]: id.birth_date <= today - years(21)
  to satisfy both: two names; or in both `adult` as `(id.birth_date <= today - years(18)) && (id.birth_date <= today - years(21))`
id.nationality: one has it revealed, the other does not let it be
  eu.example/adult-resident at $.claims[1]: predicate
  sg.example/investor-onboarding at $.claims[0]: must, one of ["AU", "DE", "JP", "MY", "SG"]
  to satisfy both: the predicate `id.nationality in ["AU", "DE", "JP", "MY", "SG"]`, and id.nationality at predicate
"#;
