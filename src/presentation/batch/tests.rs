//! Batches against one by one, and what only a batch could miss.

use super::*;
use crate::bbs::Suite;
use crate::encoding::Wire;
use crate::presentation::combination::{Combination, PresentedLink};
use crate::presentation::link::SharedLink;
use crate::presentation::tests::scenario::{
    self, AUDIENCE, NOW, SIXTEEN_RECORD, Scenario, expectation, pair, rng, sixteen, time, validity,
};
use crate::presentation::verify::{Stated, bases, coefficients as coefficients_of};
use crate::presentation::wire::Presentation;
use crate::presentation::{Holding, ProveError, VerifiedPresentation, VerifyError, verify};
use crate::request::{InMemoryNonces, Nonce, NonceError, PresentationRequest};
use ff::Field;
use rand_core::RngCore;
use std::ops::ControlFlow;
use std::sync::Mutex;

type Verdict = Result<VerifiedPresentation, VerifyError>;

/// Requests of one verifier, with as many nonces.
fn requests(scenario: &Scenario, count: usize) -> Vec<PresentationRequest> {
    let mut rng = rng(77);
    let mut request = |_| {
        let mut nonce = [0; 32];
        rng.fill_bytes(&mut nonce);
        let (from, until) = (time(NOW), time("2026-06-01T12:40:00Z"));
        let nonce = Nonce::from_bytes(nonce);
        PresentationRequest::new(scenario.bundle.hash(), AUDIENCE, nonce, from, until).unwrap()
    };
    (0..count).map(&mut request).collect()
}

fn prove_all(scenario: &Scenario, requests: &[PresentationRequest]) -> Vec<Presentation> {
    let seed = BatchSeed::new([7; 32]);
    let jobs = requests.iter().map(|request| ProveJob { request, holdings: scenario.holdings() });
    let watch = Watch::default();
    let made = prove_batch(&scenario.terms, scenario.key.as_ref(), &seed, jobs, &watch);
    made.map(|(_, made)| made.unwrap()).collect()
}

fn verify_all(
    scenario: &Scenario,
    requests: &[PresentationRequest],
    octets: &[Vec<u8>],
) -> Vec<Verdict> {
    let answers = requests.iter().zip(octets);
    let answers: Vec<Answer<'_>> =
        answers.map(|(request, octets)| Answer { request, octets }).collect();
    verify_batch(&scenario.terms, &expectation(), &answers, &InMemoryNonces::default())
}

fn encode(presentations: &[Presentation]) -> Vec<Vec<u8>> {
    presentations.iter().map(Wire::to_bytes).collect()
}

fn refused(verdicts: &[Verdict]) -> Vec<usize> {
    let refused = |verdict: &Verdict| matches!(verdict, Err(VerifyError::Refused));
    let all = verdicts.iter().enumerate();
    all.filter(|(_, verdict)| refused(verdict)).map(|(index, _)| index).collect()
}

type Forgery = fn(&mut Presentation);

/// What makes equations false that only the batch looks at: decoding, statement and the challenges
/// of the BBS proofs see nothing of it but where said.
const FORGERIES: [(&str, Forgery); 7] = [
    ("tau", |p| p.shared.as_mut().unwrap().tau_hat += crate::curve::Scalar::ONE),
    ("rho", |p| {
        p.credentials[0].link.as_mut().unwrap().rho_hat += crate::curve::Scalar::ONE;
    }),
    ("nu", |p| p.predicate.as_mut().unwrap().link.nu_hat[31] ^= 1),
    ("z", |p| {
        let z = &mut p.predicate.as_mut().unwrap().link.z;
        z.swap(0, 1);
    }),
    // These move `ph`, and so the challenge: refused before the batch.
    ("C", |p| {
        let link = p.credentials[0].link.as_mut().unwrap();
        link.c = link.t;
    }),
    ("K", |p| {
        let c = p.credentials[0].link.as_ref().unwrap().c;
        p.shared.as_mut().unwrap().k = c;
    }),
    ("D", |p| {
        let predicate = p.predicate.as_mut().unwrap();
        predicate.d = predicate.link.k_d;
    }),
];

/// Good and bad answers of every kind: the batch says of each what verification says.
#[test]
fn a_batch_says_what_verification_says_one_by_one() {
    for scenario in [sixteen(), pair()] {
        let mut requests = requests(&scenario, 24);
        let mut presentations = prove_all(&scenario, &requests);
        for (index, (_, forge)) in FORGERIES.iter().enumerate() {
            forge(&mut presentations[3 * index + 1]);
        }
        let mut octets = encode(&presentations);
        octets[2].pop();
        octets[5] = b"no presentation".to_vec();
        let last = octets[6].len() - 1;
        octets[6][last] ^= 1;
        // An answer to another request, and two answers to one request.
        octets.swap(8, 9);
        requests[12] = requests[11].clone();
        octets[12] = octets[11].clone();
        let audience = "https://elsewhere.example";
        let (from, until) = (time(NOW), time("2026-06-01T12:40:00Z"));
        let nonce = Nonce::from_bytes([9; 32]);
        requests[14] =
            PresentationRequest::new(scenario.bundle.hash(), audience, nonce, from, until).unwrap();

        let nonces = InMemoryNonces::default();
        let one_by_one = requests.iter().zip(&octets).map(|(request, octets)| -> Verdict {
            let presentation = Presentation::from_bytes(octets)?;
            verify(&scenario.terms, request, &expectation(), &presentation, &nonces)
        });
        let one_by_one: Vec<String> = one_by_one.map(|verdict| format!("{verdict:?}")).collect();
        let batch = verify_all(&scenario, &requests, &octets);
        assert!(matches!(batch[12], Err(VerifyError::Nonce(NonceError::Spent))));
        assert!(batch.iter().filter(|verdict| verdict.is_ok()).count() >= 8);
        let batch: Vec<String> = batch.iter().map(|verdict| format!("{verdict:?}")).collect();
        assert_eq!(batch, one_by_one);
    }
}

/// One bad presentation among a thousand, for every equation in turn, and then several.
#[test]
fn reject_one_bad_presentation_among_a_thousand() {
    let scenario = sixteen();
    let requests = requests(&scenario, 1000);
    let presentations = prove_all(&scenario, &requests);
    let honest = encode(&presentations);
    assert!(verify_all(&scenario, &requests, &honest).iter().all(Result::is_ok));
    for (place, (name, forge)) in [0, 999, 517, 250].into_iter().zip(FORGERIES) {
        let mut octets = honest.clone();
        let mut forged = presentations[place].clone();
        forge(&mut forged);
        octets[place] = forged.to_bytes();
        let verdicts = verify_all(&scenario, &requests, &octets);
        assert_eq!(refused(&verdicts), [place], "{name}");
        assert_eq!(verdicts.iter().filter(|verdict| verdict.is_ok()).count(), 999);
    }
}

/// A credential under the signature of another one: all is in order but the pairing equation.
#[test]
fn reject_a_signature_of_another_credential_in_a_batch() {
    let mut scenario = sixteen();
    let requests = requests(&scenario, 9);
    let mut octets = encode(&prove_all(&scenario, &requests));
    let issuer = scenario::issuer(&scenario.schemas[0], Suite::Sha256, 100);
    let issue = |number: u64| {
        let record = scenario.schemas[0].record_from_json(SIXTEEN_RECORD.as_bytes()).unwrap();
        issuer.issue(record, validity(), number).unwrap()
    };
    scenario.credentials = vec![issue(7).under_signature_of(&issue(8))];
    octets[4] = encode(&prove_all(&scenario, &requests[4..5])).remove(0);
    let presentation = Presentation::from_bytes(&octets[4]).unwrap();
    let stated = Stated::new(&scenario.terms, &requests[4], &presentation).unwrap();
    assert!(stated.open_proofs().is_ok(), "its challenge is in order");
    assert_eq!(refused(&verify_all(&scenario, &requests, &octets)), [4]);
    assert!(scenario.verify_for(&requests[4], &presentation).is_err());
}

#[test]
fn reject_all_of_several_bad_presentations() {
    let scenario = sixteen();
    let requests = requests(&scenario, 40);
    let mut presentations = prove_all(&scenario, &requests);
    let bad = [0, 1, 2, 3, 19, 20, 38];
    for (place, (_, forge)) in bad.into_iter().zip(FORGERIES.iter().cycle()) {
        forge(&mut presentations[place]);
    }
    assert_eq!(refused(&verify_all(&scenario, &requests, &encode(&presentations))), bad);
    for (index, presentation) in presentations.iter_mut().enumerate() {
        if !bad.contains(&index) {
            FORGERIES[index % 4].1(presentation);
        }
    }
    let all: Vec<usize> = (0..40).collect();
    assert_eq!(refused(&verify_all(&scenario, &requests, &encode(&presentations))), all);
}

/// Errors of two presentations that take each other away where both have the same coefficient.
#[test]
fn reject_two_bad_presentations_that_cancel_out() {
    let scenario = sixteen();
    let requests = requests(&scenario, 2);
    let mut presentations = prove_all(&scenario, &requests);
    let error = crate::curve::Scalar::from(5);
    let shared = |p: &mut Presentation| -> SharedLink { p.shared.clone().unwrap() };
    let (mut first, mut second) = (shared(&mut presentations[0]), shared(&mut presentations[1]));
    first.tau_hat += error;
    second.tau_hat -= error;
    presentations[0].shared = Some(first);
    presentations[1].shared = Some(second);

    let stated = presentations.iter().zip(&requests);
    let stated: Vec<Stated<'_>> = stated
        .map(|(presentation, request)| Stated::new(&scenario.terms, request, presentation).unwrap())
        .collect();
    let proofs: Vec<_> = stated.iter().map(|stated| stated.open_proofs().unwrap()).collect();
    let bases = bases(&scenario.terms);
    let add = |combination: &mut Combination<'_>, index: usize, coefficient: u128| {
        let link: PresentedLink<'_> = stated[index].link(&proofs[index]).unwrap().unwrap();
        combination.add(&link, || coefficient).unwrap();
    };
    let with = |weights: [u128; 2]| {
        let mut combination = Combination::new(&bases);
        add(&mut combination, 0, weights[0]);
        add(&mut combination, 1, weights[1]);
        combination.holds()
    };
    assert!(with([3, 3]), "equal coefficients let the pair pass: this is what must not be");
    assert!(!with([3, 4]));
    assert_eq!(refused(&verify_all(&scenario, &requests, &encode(&presentations))), [0, 1]);
}

/// The coefficients of all members move with every octet of any.
#[test]
fn coefficients_hash_every_presentation_of_the_batch() {
    let scenario = sixteen();
    let requests = requests(&scenario, 3);
    let presentations = prove_all(&scenario, &requests);
    let coefficients = |presentations: &[Presentation]| {
        let stated = presentations.iter().zip(&requests);
        let members: Vec<Stated<'_>> =
            stated.map(|(p, request)| Stated::new(&scenario.terms, request, p).unwrap()).collect();
        let seed = coefficients_of(members.iter().map(Stated::digest));
        [0, 1, 2].map(|member| {
            let mut coefficients = seed.member(member);
            [(); 3].map(|()| coefficients.next())
        })
    };
    let before = coefficients(&presentations);
    assert_eq!(before[0][0], 1);
    let mut seen: Vec<u128> = before.iter().flatten().copied().collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 9, "all are distinct");
    let high = seen.iter().fold(0, |high, coefficient| high | coefficient >> 96);
    assert!(high >> 16 != 0, "128 bits each");
    for index in 0..3 {
        for (name, forge) in FORGERIES {
            let mut changed = presentations.clone();
            forge(&mut changed[index]);
            let after = coefficients(&changed);
            let moved = after.iter().flatten().zip(before.iter().flatten()).skip(1);
            assert!(moved.into_iter().all(|(a, b)| a != b), "{name} of {index}");
        }
    }
}

/// On several threads the batch is added up in parts: an error in any of them counts.
#[test]
fn reject_one_bad_presentation_in_any_part() {
    let scenario = sixteen();
    let requests = requests(&scenario, 12);
    let presentations = prove_all(&scenario, &requests);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    for (at, (name, forge)) in [0, 5, 7, 11].into_iter().zip(FORGERIES) {
        let mut presentations = presentations.clone();
        forge(&mut presentations[at]);
        let octets = encode(&presentations);
        let verdicts = pool.install(|| verify_all(&scenario, &requests, &octets));
        assert_eq!(refused(&verdicts), [at], "{name}");
    }
}

/// The link's equations of several presentations, merged from parts, with an equality among them.
#[test]
fn merged_links_hold_exactly_if_all_do() {
    for scenario in [sixteen(), pair()] {
        let requests = requests(&scenario, 3);
        let presentations = prove_all(&scenario, &requests);
        let bases = bases(&scenario.terms);
        let hold = |presentations: &[Presentation]| {
            let mut whole = Combination::new(&bases);
            for (index, (presentation, request)) in presentations.iter().zip(&requests).enumerate()
            {
                let stated = Stated::new(&scenario.terms, request, presentation).unwrap();
                let proofs = stated.open_proofs().unwrap();
                let mut coefficient = 1000 * index as u128;
                let mut part = Combination::new(&bases);
                let link = stated.link(&proofs).unwrap().unwrap();
                let next = || {
                    coefficient += 7;
                    coefficient
                };
                part.add(&link, next).unwrap();
                whole.merge(part);
            }
            whole.holds()
        };
        assert!(hold(&presentations));
        for index in 0..3 {
            for (name, forge) in &FORGERIES[..2] {
                let mut presentations = presentations.clone();
                forge(&mut presentations[index]);
                assert!(!hold(&presentations), "{name} of {index}");
            }
        }
    }
}

/// Whoever came past the statement's counts would find them checked again where they are used.
#[test]
fn reject_links_with_other_numbers_of_responses() {
    let scenario = pair();
    let requests = requests(&scenario, 1);
    let presentations = prove_all(&scenario, &requests);
    let stated = Stated::new(&scenario.terms, &requests[0], &presentations[0]).unwrap();
    let proofs = stated.open_proofs().unwrap();
    let bases = bases(&scenario.terms);
    let add = |link: &PresentedLink<'_>| Combination::new(&bases).add(link, || 1).is_some();
    let link = || stated.link(&proofs).unwrap().unwrap();
    assert!(add(&link()));
    let mut fewer = link();
    fewer.z = &fewer.z[1..];
    assert!(!add(&fewer));
    let mut shared = fewer.shared.clone();
    shared.z.pop().unwrap();
    let mut fewer = link();
    fewer.shared = &shared;
    assert!(!add(&fewer));
}

#[test]
fn an_empty_batch_is_no_answer() {
    let scenario = sixteen();
    assert!(verify_all(&scenario, &[], &[]).is_empty());
}

/// More than one batch, mostly of octets that are nothing, so that it takes no time.
#[test]
fn a_stream_keeps_the_order_across_batches() {
    let scenario = sixteen();
    let requests = requests(&scenario, BATCH + 5);
    let good = [0, 7, BATCH - 1, BATCH, BATCH + 4];
    let answered: Vec<PresentationRequest> = good.map(|index| requests[index].clone()).to_vec();
    let made = encode(&prove_all(&scenario, &answered));
    let answers = requests.into_iter().enumerate().map(|(index, request)| {
        let place = good.iter().position(|place| *place == index);
        (request, place.map_or_else(|| vec![0; 10], |place| made[place].clone()))
    });
    let nonces = InMemoryNonces::default();
    let verdicts = verify_stream(&scenario.terms, expectation(), answers, &nonces);
    let verdicts: Vec<Verdict> = verdicts.collect();
    assert_eq!(verdicts.len(), BATCH + 5);
    let accepted = verdicts.iter().enumerate().filter(|(_, verdict)| verdict.is_ok());
    assert_eq!(accepted.map(|(index, _)| index).collect::<Vec<_>>(), good);
}

/// The same octets from the same seed, on one thread and on eight, in the order of the jobs.
#[test]
fn a_batch_of_proofs_follows_from_its_seed_alone() {
    let scenario = sixteen();
    let requests = requests(&scenario, 20);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| encode(&prove_all(&scenario, &requests)))
    };
    let one = on(1);
    assert_eq!(one, on(8));
    assert!(verify_all(&scenario, &requests, &one).iter().all(Result::is_ok), "in their order");
    // Alone, the third is the same: its randomness depends on nothing beside it.
    assert_eq!(encode(&prove_all(&scenario, &requests[2..3]))[0], one[2]);
}

/// One seed under two challenges would give the values away: every presentation derives its own.
#[test]
fn jobs_of_one_seed_share_no_randomness() {
    let scenario = sixteen();
    let requests = requests(&scenario, 2);
    let presentations = prove_all(&scenario, &requests);
    let [a, b] = [0, 1].map(|index| &presentations[index]);
    let points = |p: &Presentation| {
        let link = p.credentials[0].link.as_ref().unwrap();
        (link.c, link.t, p.shared.as_ref().unwrap().k)
    };
    let ((c, t, k), (c2, t2, k2)) = (points(a), points(b));
    assert!(c != c2 && t != t2 && k != k2);
    let [d, d2] = [a, b].map(|p| p.predicate.as_ref().unwrap().d);
    assert!(d != d2);
    let other = BatchSeed::new([8; 32]);
    let job = ProveJob { request: &requests[0], holdings: scenario.holdings() };
    let watch = Watch::default();
    let key = scenario.key.as_ref();
    let mut made = prove_batch(&scenario.terms, key, &other, [job].into_iter(), &watch);
    assert_ne!(made.next().unwrap().1.unwrap().to_bytes(), a.to_bytes(), "nor do seeds");
    assert!(!format!("{other:?}").contains('8'));
}

/// Of two jobs that differ in anything at all, the generators do.
#[test]
fn randomness_hashes_all_of_a_job() {
    let scenario = sixteen();
    let requests = requests(&scenario, 2);
    let issue = |key: u64, number: u64| {
        let issuer = scenario::issuer(&scenario.schemas[0], Suite::Sha256, key);
        let record = scenario.schemas[0].record_from_json(SIXTEEN_RECORD.as_bytes()).unwrap();
        issuer.issue(record, validity(), number).unwrap()
    };
    let seed = BatchSeed::new([7; 32]);
    let draw = |request, credentials: &[&crate::credential::Credential], reveal: &[&str]| {
        let holdings =
            credentials.iter().map(|credential| Holding { reveal, ..Holding::new(credential) });
        let job = ProveJob { request, holdings: holdings.collect() };
        seed.generator(&scenario.terms, &job).next_u64()
    };
    let (one, other) = (issue(100, 7), issue(100, 8));
    // Of the first its messages, of the second its signature.
    let mixed = issue(100, 7).under_signature_of(&other);
    let first = &requests[0];
    let mut seen = vec![
        draw(first, &[&one], &[]),
        draw(first, &[&other], &[]),
        draw(first, &[&mixed], &[]),
        draw(first, &[&issue(101, 7)], &[]),
        draw(&requests[1], &[&one], &[]),
        draw(first, &[&one], &["a"]),
        draw(first, &[&one], &["b"]),
        draw(first, &[&one], &["a", "b"]),
        draw(first, &[&one, &one], &[]),
        draw(first, &[], &[]),
    ];
    assert_eq!(seen[0], draw(first, &[&issue(100, 7)], &[]), "the same job");
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 10);
}

#[test]
fn progress_is_told_and_cancelling_loses_no_job() {
    let scenario = sixteen();
    let requests = requests(&scenario, 12);
    let told = Mutex::new(Vec::new());
    let seed = BatchSeed::random(&mut rng(3));
    let jobs =
        || requests.iter().map(|request| ProveJob { request, holdings: scenario.holdings() });
    let key = scenario.key.as_ref();
    let watch = Watch::new(|done| {
        told.lock().unwrap().push(done);
        ControlFlow::Continue(())
    });
    assert!(prove_batch(&scenario.terms, key, &seed, jobs(), &watch).all(|(_, p)| p.is_ok()));
    let mut told = told.lock().unwrap().clone();
    told.sort_unstable();
    assert_eq!(told, (1..=12).collect::<Vec<_>>());

    // Cancelled by its own third result, on one thread: three are done, nine come back.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let watch = Watch::new(|done| match done {
        3 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    let results: Vec<_> =
        pool.install(|| prove_batch(&scenario.terms, key, &seed, jobs(), &watch).collect());
    let cancelled =
        |result: &Result<Presentation, ProveError>| matches!(result, Err(ProveError::Cancelled));
    assert_eq!(results.len(), 12);
    assert_eq!(results.iter().filter(|(_, result)| result.is_ok()).count(), 3);
    assert_eq!(results.iter().filter(|(_, result)| cancelled(result)).count(), 9);
    let mut rest = prove_batch(&scenario.terms, key, &seed, jobs(), &watch);
    assert!(rest.next().is_none(), "nothing is taken any more");
}

/// A job that cannot be proven says so, and the others are.
#[test]
fn reject_a_job_by_itself() {
    let scenario = sixteen();
    let requests = requests(&scenario, 3);
    let mut jobs: Vec<ProveJob<'_>> = requests
        .iter()
        .map(|request| ProveJob { request, holdings: scenario.holdings() })
        .collect();
    jobs[1].holdings.clear();
    let (seed, watch) = (BatchSeed::new([1; 32]), Watch::default());
    let key = scenario.key.as_ref();
    let made = prove_batch(&scenario.terms, key, &seed, jobs.into_iter(), &watch);
    let made: Vec<bool> = made.map(|(_, made)| made.is_ok()).collect();
    assert_eq!(made, [true, false, true]);
}
