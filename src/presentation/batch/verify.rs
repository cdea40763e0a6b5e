//! Verifying many answers: each decoded and opened by itself, their equations checked as one.

use crate::bbs::{PairingBatch, PendingProof};
use crate::bisection;
use crate::coefficients::CoefficientSeed;
use crate::curve::wide_scalar;
use crate::encoding::{Wire, WireError};
use crate::presentation::combination::Combination;
use crate::presentation::link::{Bases, CircuitClaim};
use crate::presentation::statement::Terms;
use crate::presentation::verify::{Stated, bases, coefficients, report};
use crate::presentation::{Expectation, Presentation, VerifiedPresentation, VerifyError};
use crate::request::{NonceStore, PresentationRequest};
use crate::transcript::DIGEST_LEN;
use rayon::prelude::*;
use sigil_circuits::BatchSum;
use std::borrow::Borrow;
use std::ops::Range;

/// Answers of one batch in [`verify_stream`]. Of more, each costs hardly less: what all share is
/// below half a percent.
pub const BATCH: usize = 1024;

/// Most presentations whose equations one thread adds up at a time: as many as Miller loops share
/// their squarings among.
const PART: usize = 128;

/// A presentation as it came, and the request that it answers.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The request: the verifier's own, see [`verify`](crate::presentation::verify).
    pub request: &'a PresentationRequest,
    /// The presentation's octets.
    pub octets: &'a [u8],
}

/// Verifies answers to requests under the same terms: for each what
/// [`verify`](crate::presentation::verify) says, in their order. Nonces are spent in that order
/// too, so of several answers to one request the first that is true is accepted.
///
/// Runs on rayon's threads. All answers are held decoded, some 10 KiB each: for very many see
/// [`verify_stream`].
pub fn verify_batch(
    terms: &Terms,
    expectation: &Expectation<'_>,
    answers: &[Answer<'_>],
    nonces: &impl NonceStore,
) -> Vec<Result<VerifiedPresentation, VerifyError>> {
    let decoded: Vec<Result<Presentation, WireError>> =
        answers.par_iter().map(|answer| Presentation::from_bytes(answer.octets)).collect();
    let opened: Vec<Result<Opened<'_>, VerifyError>> = answers
        .par_iter()
        .zip(&decoded)
        .map(|(answer, decoded)| {
            let presentation = decoded.as_ref().map_err(WireError::clone)?;
            expectation.check(terms, answer.request)?;
            Opened::new(Stated::new(terms, answer.request, presentation)?)
        })
        .collect();
    let equations = Equations::new(terms, opened.iter().flatten().collect());
    let verdicts = bisection::verdicts(equations.members.len(), |range| equations.hold(range));
    let mut verdicts = verdicts.into_iter();
    let good: Vec<bool> =
        opened.iter().map(|opened| opened.is_ok() && verdicts.next() == Some(true)).collect();
    // Told before the nonces are spent, so that all threads have their part in it.
    let told: Vec<Result<VerifiedPresentation, VerifyError>> = opened
        .into_par_iter()
        .zip(good)
        .map(|(opened, good)| {
            let stated = opened?.stated;
            if good {
                Ok(report(&stated.statement, stated.presentation))
            } else {
                Err(VerifyError::Refused)
            }
        })
        .collect();
    let results = answers.iter().zip(told).map(|(answer, told)| {
        let told = told?;
        expectation.spend(answer.request, nonces)?;
        Ok(told)
    });
    results.collect()
}

/// Verifies any number of answers, [`BATCH`] at a time: results come in the order of the answers.
/// The next batch is taken from the iterator when a result of it is asked for, and whoever asks no
/// more cancels the rest. Held at a time are a batch's answers with what they decode to, some 10
/// KiB each, and its results; `expectation` has one time for all of them.
pub fn verify_stream<'a, R, O>(
    terms: &'a Terms,
    expectation: Expectation<'a>,
    answers: impl Iterator<Item = (R, O)> + 'a,
    nonces: &'a impl NonceStore,
) -> impl Iterator<Item = Result<VerifiedPresentation, VerifyError>> + 'a
where
    R: Borrow<PresentationRequest> + 'a,
    O: AsRef<[u8]> + 'a,
{
    let mut answers = answers.fuse();
    let batches = std::iter::from_fn(move || {
        let batch: Vec<(R, O)> = answers.by_ref().take(BATCH).collect();
        let views = batch
            .iter()
            .map(|(request, octets)| Answer { request: request.borrow(), octets: octets.as_ref() });
        let views: Vec<Answer<'_>> = views.collect();
        (!batch.is_empty()).then(|| verify_batch(terms, &expectation, &views, nonces))
    });
    batches.flatten()
}

/// A presentation of which everything holds that can be seen of it alone.
struct Opened<'a> {
    stated: Stated<'a>,
    proofs: Vec<PendingProof<'a>>,
    claim: Option<CircuitClaim<'a>>,
    digest: [u8; DIGEST_LEN],
}

impl<'a> Opened<'a> {
    fn new(stated: Stated<'a>) -> Result<Self, VerifyError> {
        let proofs = stated.open_proofs()?;
        let claim = stated.circuit_claim()?;
        let digest = stated.digest();
        Ok(Opened { stated, proofs, claim, digest })
    }
}

/// The equations of a batch, with their coefficients.
struct Equations<'a> {
    terms: &'a Terms,
    bases: Bases,
    members: Vec<&'a Opened<'a>>,
    seed: CoefficientSeed,
}

/// The equations of some members, added up.
struct Sum<'a> {
    link: Combination<'a>,
    pairings: PairingBatch,
    circuit: Option<BatchSum<'a>>,
}

impl<'a> Equations<'a> {
    fn new(terms: &'a Terms, members: Vec<&'a Opened<'a>>) -> Self {
        let seed = coefficients(members.iter().map(|member| member.digest));
        Equations { terms, bases: bases(terms), members, seed }
    }

    /// Whether all equations of the members in a range hold.
    fn hold(&self, range: Range<usize>) -> bool {
        let part = range.len().div_ceil(4 * rayon::current_num_threads()).clamp(1, PART);
        let indexes: Vec<usize> = range.collect();
        let sum =
            indexes.par_chunks(part).map(|part| self.sum(part)).try_reduce_with(|mut sum, part| {
                sum.merge(part);
                Some(sum)
            });
        // Without members there is nothing that could be false.
        sum.is_none_or(|sum| sum.is_some_and(|sum| sum.holds()))
    }

    /// Adds up the equations of these members.
    fn sum(&self, indexes: &[usize]) -> Option<Sum<'_>> {
        let mut link = Combination::new(&self.bases);
        let mut pairings = PairingBatch::new();
        let (mut claims, mut weights) = (Vec::new(), Vec::new());
        for index in indexes {
            let member = self.members.get(*index)?;
            let mut coefficients = self.seed.member(*index);
            if let Some(presented) = member.stated.link(&member.proofs).ok()? {
                link.add(&presented, || coefficients.next())?;
            }
            for proof in &member.proofs {
                pairings.add_proof(proof, &wide_scalar(coefficients.next()));
            }
            if let Some(claim) = &member.claim {
                claims.push(claim.with(member.stated.statement.params()));
                weights.push([coefficients.next(), coefficients.next()]);
            }
        }
        let circuit = self.terms.verifying_key().map(|key| {
            let mut sum = key.begin_batch();
            sum.add(&claims, &weights).map(|()| sum)
        });
        Some(Sum { link, pairings, circuit: circuit.transpose().ok()? })
    }
}

impl<'a> Sum<'a> {
    fn merge(&mut self, other: Sum<'a>) {
        self.link.merge(other.link);
        self.pairings.merge(other.pairings);
        if let (Some(sum), Some(part)) = (&mut self.circuit, other.circuit) {
            sum.merge(part);
        }
    }

    fn holds(&self) -> bool {
        let (circuit, (link, pairings)) = rayon::join(
            || self.circuit.as_ref().is_none_or(BatchSum::holds),
            || rayon::join(|| self.link.holds(), || self.pairings.holds()),
        );
        circuit && link && pairings
    }
}
