//! Presentations, whole: what an honest holder can show, and what nobody can.

mod scenario;

use rayon::prelude::*;
use scenario::{SIXTEEN, SIXTEEN_POLICY, SIXTEEN_RECORD, Scenario};
use sigil::encoding::Wire;
use sigil::presentation::Presentation;

fn sixteen() -> Scenario {
    Scenario::new(SIXTEEN_POLICY, &[(SIXTEEN, SIXTEEN_RECORD)])
}

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
    let octets = presentation.to_bytes();
    println!("presentation: {} octets in all", octets.len());
    let again = Presentation::from_bytes(&octets).unwrap();
    assert!(again == presentation);
    assert!(Presentation::from_json(&presentation.to_json()).unwrap() == presentation);
}

#[test]
fn all_single_bit_flips_are_refused() {
    let scenario = sixteen();
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
