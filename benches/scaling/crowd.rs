//! Many holders and one verifier: requests under one policy, their answers, and both ways to verify
//! those. Sixteen fields, eight revealed, a 64-bit threshold and the validity window.
//!
//! Everything runs on the threads of the pool that it is called in.

#![allow(dead_code, unreachable_pub, clippy::expect_used, reason = "benches take a part each")]

use crate::scenario::{self, AUDIENCE, NOW, Scenario};
use rayon::prelude::*;
use sigil::encoding::Wire;
use sigil::presentation::{Answer, BatchSeed, Presentation, ProveJob, Watch};
use sigil::presentation::{prove_batch, verify_batch};
use sigil::request::{InMemoryNonces, Nonce, PresentationRequest};

pub struct Crowd {
    scenario: Scenario,
    requests: Vec<PresentationRequest>,
}

impl Crowd {
    /// So many requests, each with a nonce of its own.
    pub fn new(count: usize) -> Self {
        let scenario = scenario::sixteen();
        let (now, expires) = (scenario::time(NOW), scenario::time("2026-06-01T12:40:00Z"));
        let request = |number: usize| {
            let mut nonce = [0; 32];
            nonce[..8].copy_from_slice(&(number as u64).to_le_bytes());
            let nonce = Nonce::from_bytes(nonce);
            PresentationRequest::new(scenario.bundle.hash(), AUDIENCE, nonce, now, expires)
                .expect("a request")
        };
        let requests = (0..count).map(request).collect();
        Crowd { scenario, requests }
    }

    /// Answers the first `count` requests in a stream; `take` gets the octets of each.
    pub fn prove(&self, count: usize, take: impl FnMut(Vec<u8>)) {
        let (seed, watch) = (BatchSeed::new([7; 32]), Watch::default());
        let holdings = self.scenario.holdings();
        let requests = self.requests.iter().take(count);
        let jobs = requests.map(|request| ProveJob { request, holdings: holdings.clone() });
        let key = self.scenario.key.as_ref();
        prove_batch(&self.scenario.terms, key, &seed, jobs, &watch)
            .map(|(_, made)| made.expect("it qualifies").to_bytes())
            .for_each(take);
    }

    /// All answers.
    pub fn answers(&self) -> Vec<Vec<u8>> {
        let mut answers = Vec::with_capacity(self.requests.len());
        self.prove(self.requests.len(), |octets| answers.push(octets));
        answers
    }

    /// Verifies each answer by itself.
    pub fn verify_each(&self, answers: &[Vec<u8>]) {
        answers.par_iter().zip(&self.requests).for_each(|(octets, request)| {
            let presentation = Presentation::from_bytes(octets).expect("our own octets");
            self.scenario.verify_for(request, &presentation).expect("it is valid");
        });
    }

    /// Verifies all answers as one.
    pub fn verify_all(&self, answers: &[Vec<u8>]) {
        let answers = answers.iter().zip(&self.requests);
        let answers: Vec<Answer<'_>> =
            answers.map(|(octets, request)| Answer { request, octets }).collect();
        let (terms, expectation) = (&self.scenario.terms, scenario::expectation());
        let verdicts = verify_batch(terms, &expectation, &answers, &InMemoryNonces::default());
        assert!(verdicts.iter().all(Result::is_ok), "they are valid");
    }
}
