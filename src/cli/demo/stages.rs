//! The demo's stages, each over everybody and each timed: issue, hold, prove, verify.
//!
//! Whatever passes from one party to another passes as octets: credentials and presentations are written
//! and read, and what is timed includes it.

use super::epochs::{Authority, Epoch};
use super::population::{Applicant, Expected, Population};
use crate::bbs::SecretKey;
use crate::cli::failure::{Complaint, Failure};
use crate::cli::progress;
use crate::credential::{Credential, CredentialError, Issuer, StatusHandles, UnverifiedCredential};
use crate::decision::{Situation, StatusState, decide};
use crate::did_key;
use crate::encoding::Wire;
use crate::policy::{Bundle, Shortfall};
use crate::presentation::{
    Answer, Expectation, Holding, Presentation, ProveError, Terms, VerifiedPresentation,
    VerifyError, prove, verify, verify_batch,
};
use crate::request::{InMemoryNonces, NonceStore, PresentationRequest};
use crate::schema::Schema;
use crate::status::Entry;
use crate::status::file::FileError;
use rand_core::{OsRng, RngCore};
use rayon::prelude::*;
use sigil_circuits::ProvingKey;
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The words that the demo's issuers derive their keys from.
pub(super) const WORDS: &[u8] = b"sigil demo: known to everyone, worth nothing";

/// A holder with what it has to answer, and what it is asked.
pub(super) type Asking<'a> = (&'a [Credential], &'a [Entry], &'a PresentationRequest);

/// The parties and what they have in common.
pub(super) struct Stage {
    pub(super) bundle: Bundle,
    pub(super) terms: Terms,
    pub(super) key: Option<ProvingKey>,
    pub(super) issuers: Vec<Issuer>,
    pub(super) authority: Option<Authority>,
    schemas: Vec<Arc<Schema>>,
}

/// What a stage made of each, and how long it took: of each, and of all.
pub(super) struct Timed<T> {
    pub(super) results: Vec<T>,
    each: Vec<Duration>,
    total: Duration,
}

impl<T> Timed<T> {
    /// The median time of one.
    pub(super) fn median(&self) -> Duration {
        let mut each = self.each.clone();
        each.sort_unstable();
        each.get(each.len() / 2).copied().unwrap_or_default()
    }

    /// How many in a second.
    pub(super) fn per_second(&self) -> f64 {
        self.each.len() as f64 / self.total.as_secs_f64()
    }
}

/// Works through items on the threads of the current pool.
fn each<I: Sync, T: Send>(
    quiet: bool,
    label: &'static str,
    items: &[I],
    work: impl Fn(usize, &I) -> T + Sync,
) -> Timed<T> {
    let bar = progress::bar(quiet, label, items.len());
    let start = Instant::now();
    let work = |(i, item): (usize, &I)| {
        let start = Instant::now();
        let result = work(i, item);
        bar.inc(1);
        (result, start.elapsed())
    };
    let (results, each) = items.par_iter().enumerate().map(work).unzip();
    bar.finish_and_clear();
    Timed { results, each, total: start.elapsed() }
}

impl Stage {
    /// Makes the issuers and the keys of the circuit.
    pub(super) fn set(population: &Population) -> Result<Self, Failure> {
        let in_policy =
            |complaint: Complaint| Failure::input(complaint.in_file(&population.policy_file));
        let compiled = population.policy.compile(&population.schemas);
        let compiled = compiled.map_err(|fault| in_policy(fault.into()))?;
        let schemas: Vec<Arc<Schema>> = population.schemas.iter().cloned().map(Arc::new).collect();
        let mut issuers = Vec::new();
        for (i, (role, schema)) in compiled.roles().iter().zip(&schemas).enumerate() {
            let key = SecretKey::generate(role.suite(), WORDS, role.name().as_bytes(), None)?;
            if !role.issuers().contains(key.public_key()) {
                let did = did_key::encode(key.public_key());
                let complaint = Complaint::new("the demo's issuer is not among those named");
                let complaint = complaint.at(format!("$.roles[{i}].issuers"));
                return Err(in_policy(complaint.remedy(format!("write {did}"))));
            }
            let mut handles = [0; 32];
            OsRng.fill_bytes(&mut handles);
            let handles = StatusHandles::new(handles);
            issuers.push(Issuer::new(key, role.suite(), handles, schema.clone())?);
        }
        let authority = Authority::of(&compiled).map_err(in_policy)?;
        let setup = |shape| sigil_circuits::setup(shape, &mut OsRng);
        let key = compiled.shape().map(setup).transpose()?;
        let verifying = key.as_ref().map(|key| key.verifying_key().clone());
        let bundle = Bundle::pin(population.policy.clone(), verifying.as_ref());
        let terms = Terms::new(&bundle, &population.schemas, verifying);
        let terms = terms.map_err(|error| in_policy(Complaint::new(error.to_string())))?;
        Ok(Stage { bundle, terms, key, issuers, authority, schemas })
    }

    /// Issues all credentials of each applicant, as documents. `first` is the first number not used.
    pub(super) fn issue(
        &self,
        quiet: bool,
        applicants: &[Applicant],
        first: u64,
    ) -> Timed<Result<Vec<Zeroizing<String>>, CredentialError>> {
        each(quiet, "issuing", applicants, |i, applicant| {
            let pairs = self.issuers.iter().zip(&applicant.records);
            let issue = |(issuer, record): (&Issuer, _)| {
                let number = first + i as u64;
                issuer.issue(Clone::clone(record), applicant.validity, number)?.to_json()
            };
            pairs.map(issue).collect()
        })
    }

    /// Each holder checks its credentials.
    pub(super) fn hold(
        &self,
        quiet: bool,
        documents: &[Vec<Zeroizing<String>>],
    ) -> Timed<Result<Vec<Credential>, CredentialError>> {
        each(quiet, "checking credentials", documents, |_, documents| {
            let pairs = documents.iter().zip(&self.schemas);
            let check = |(document, schema): (&Zeroizing<String>, &Arc<Schema>)| {
                UnverifiedCredential::parse(document.as_bytes())?.check(schema.clone())
            };
            pairs.map(check).collect()
        })
    }

    /// Each holder finds its gap in the newest epoch of the list.
    pub(super) fn refresh(
        &self,
        quiet: bool,
        held: &[Vec<Credential>],
        newest: Option<&Epoch>,
    ) -> Timed<Result<Vec<Entry>, FileError>> {
        let role = self.authority.as_ref().map(|authority| authority.role);
        each(quiet, "refreshing", held, |_, held| {
            let listed = role.and_then(|role| held.get(role)).zip(newest);
            listed.map(|(credential, epoch)| epoch.find(credential)).into_iter().collect()
        })
    }

    /// Each holder answers its request.
    pub(super) fn prove(
        &self,
        quiet: bool,
        askings: &[Asking<'_>],
    ) -> Timed<Result<Vec<u8>, ProveError>> {
        each(quiet, "proving", askings, |_, (credentials, entries, request)| {
            Ok(self.prove_one(credentials, entries, request)?.to_bytes())
        })
    }

    /// One holder answers.
    pub(super) fn prove_one(
        &self,
        credentials: &[Credential],
        entries: &[Entry],
        request: &PresentationRequest,
    ) -> Result<Presentation, ProveError> {
        let entries: Vec<&Entry> = entries.iter().collect();
        let listed = self.authority.as_ref().map(|authority| authority.role);
        let holding = |(role, credential)| {
            let entries = if Some(role) == listed { &entries[..] } else { &[] };
            Holding { entries, ..Holding::new(credential) }
        };
        let holdings: Vec<Holding<'_>> = credentials.iter().enumerate().map(holding).collect();
        prove(&self.terms, request, &holdings, self.key.as_ref(), &mut OsRng)
    }

    /// The verifier checks each answer and decides. `None` is an answer that is no presentation, or a true
    /// one that is denied.
    pub(super) fn verify(
        &self,
        quiet: bool,
        label: &'static str,
        answers: &[(&[u8], &PresentationRequest)],
        expectation: &Expectation<'_>,
        nonces: &(impl NonceStore + Sync),
        status: &StatusState,
    ) -> Timed<Option<Result<VerifiedPresentation, VerifyError>>> {
        each(quiet, label, answers, |_, (answer, request)| {
            let presentation = Presentation::from_bytes(answer).ok()?;
            let verified = verify(&self.terms, request, expectation, &presentation, nonces);
            let Expectation { audience, now, .. } = *expectation;
            let situation = Situation { audience, status, now };
            let acceptable = |one: &VerifiedPresentation| {
                let verdict = decide(&self.terms, &self.bundle, request, one, &situation);
                verdict.decision().is_permit()
            };
            verified.as_ref().map_or(true, acceptable).then_some(verified)
        })
    }
}

impl Stage {
    /// The verifier checks all answers as one batch: how many are true, and how long it took.
    pub(super) fn verify_together(
        &self,
        answers: &[(&[u8], &PresentationRequest)],
        expectation: &Expectation<'_>,
    ) -> (usize, Duration) {
        let answers = answers.iter().map(|(octets, request)| Answer { request, octets });
        let answers: Vec<Answer<'_>> = answers.collect();
        let nonces = InMemoryNonces::default();
        let start = Instant::now();
        let verified = verify_batch(&self.terms, expectation, &answers, &nonces);
        let time = start.elapsed();
        (verified.iter().filter(|verdict| verdict.is_ok()).count(), time)
    }
}

/// Whether a holder's attempt ended as the table says, and for the reason that it says.
pub(super) fn accords(expected: Expected, attempt: &Result<Vec<u8>, ProveError>) -> bool {
    match (expected, attempt) {
        (expected, Ok(_)) => expected.is_accepted(),
        (Expected::Qualifies | Expected::Resumed, Err(_)) => false,
        (Expected::Revoked, Err(error)) => matches!(error, ProveError::Listed { .. }),
        (Expected::Minor, Err(error)) => fails_only(error, "$.predicates[0]"),
        (Expected::Funds, Err(error)) => fails_only(error, "$.predicates[1]"),
        (Expected::Expired | Expected::Early, Err(error)) => fails_only(error, "$.roles["),
        (Expected::Country, Err(error)) => {
            matches!(error, ProveError::NotAcceptable { shortfalls }
                if matches!(shortfalls[..], [Shortfall::Rule { .. }]))
        }
        (Expected::Person, Err(error)) => matches!(error, ProveError::NotEqual { .. }),
    }
}

/// Whether the rules that do not hold are all at places that begin so.
fn fails_only(error: &ProveError, place: &str) -> bool {
    matches!(error, ProveError::NotSatisfied { rules }
        if !rules.is_empty() && rules.iter().all(|rule| rule.starts_with(place)))
}
