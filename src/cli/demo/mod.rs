//! `sigil demo`: everything at once, on a thousand applicants.

mod epochs;
mod policies;
mod population;
mod stages;
mod tables;

use super::failure::{Complaint, Failure};
use super::report::Report;
use super::{Exit, time};
use crate::presentation::{Expectation, ProveError, VerifiedPresentation, VerifyError};
use crate::request::{InMemoryNonces, Nonce, NonceError, PresentationRequest};
use crate::value::Timestamp;
use clap::Args;
use epochs::Earlier;
use population::{Applicant, Expected, Population};
use rand_core::OsRng;
use rayon::ThreadPool;
use stages::{Asking, Stage, Timed, accords};
use std::path::PathBuf;
use std::time::{Duration, Instant};

const AUDIENCE: &str = "https://bank.example";
/// Seconds for which the demo's requests are good.
const LIFETIME: u64 = 600;

/// Run everything at once, on a thousand applicants.
///
/// Two issuers sign an identity check and an income statement for each of a thousand applicants. A
/// verifier asks each, under a policy: adult, resident in a listed country (revealed), income and savings
/// of at least a threshold, both credentials valid and of one person, the first not revoked (hidden); nothing
/// else. A list of revoked and suspended credentials goes through three
/// epochs; who was suspended is resumed in the last. Those who
/// qualify answer, and are accepted, once. Those who don't cannot answer, each for the reason that the
/// table of applicants gives. Then it shows what the verifier saw of one, with times and sizes.
///
/// Then the test cases of two more policies, (a) of age and resident in the EEA and (f) two of three
/// thresholds of participation and no excluded country, each planned, proven, verified and decided.
///
/// The time of evaluation is fixed, and so are the validity windows in the table: the demo does not
/// depend on the day. The keys of its issuers are derived from words in its source; the keys of the
/// circuit are made anew at each run.
///
/// Reads kyc.toml, income.toml, policy.toml and applicants.csv of --dir; without it those of
/// vectors/demo in the repository, which are built in as are the two more policies. Writes nothing. Exit code 1 if anybody fares
/// otherwise than the table, or a policy's test case, says.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil demo
  sigil demo --dir vectors/demo --json")]
pub(super) struct Arguments {
    /// A directory with other files.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The time for which everything is evaluated.
    #[arg(long, value_name = "TIME", value_parser = time::instant,
          default_value = "2026-06-01T12:00:00Z")]
    at: Timestamp,
    /// Applicants of whom each step is timed on one thread.
    #[arg(long, value_name = "N", default_value_t = 200)]
    sample: usize,
    /// Threads for everybody; all by default.
    #[arg(long, value_name = "N", default_value_t = 0,
          value_parser = clap::value_parser!(u16).range(0..=1024))]
    threads: u16,
}

/// How one kind of applicant fared.
#[derive(Clone, Copy, Default)]
struct Count {
    applicants: usize,
    proven: usize,
    accepted: usize,
    replays_refused: usize,
    as_expected: usize,
}

/// How fast one step was, of one applicant and of all.
#[derive(Clone, Copy)]
struct Speed {
    /// Of one, the median; of a batch, the mean.
    each: Duration,
    per_second: f64,
}

impl<T> From<&Timed<T>> for Speed {
    fn from(timed: &Timed<T>) -> Self {
        Speed { each: timed.median(), per_second: timed.per_second() }
    }
}

/// The steps that are timed.
const STEPS: [&str; 6] =
    ["issue", "check credentials", "refresh status", "prove", "verify", "verify as one batch"];

/// The whole way, walked by some applicants.
struct Round {
    /// Of each applicant, in order.
    attempts: Vec<Result<Vec<u8>, ProveError>>,
    /// What the verifier made of each answer; none where there was no answer.
    verdicts: Vec<Option<Result<VerifiedPresentation, VerifyError>>>,
    /// Whether the same answer, once more, was refused as spent.
    replay_refused: Vec<bool>,
    /// Octets of one applicant's credentials.
    credentials: Vec<usize>,
    speeds: [Speed; STEPS.len()],
    /// What became of entries of earlier epochs.
    earlier: Earlier,
    /// Whether the batch of all answers had as many that are true as there were one by one.
    together_right: bool,
}

impl Arguments {
    pub(super) fn run(&self, quiet: bool) -> Result<Report, Failure> {
        let start = Instant::now();
        let population = Population::load(self.dir.as_deref())?;
        let applicants = &population.applicants;
        let setup = Instant::now();
        let stage = Stage::set(&population)?;
        let setup = setup.elapsed();
        let sample = applicants.get(..self.sample.max(1)).unwrap_or(applicants);
        let one = pool(1)?.install(|| self.round(quiet, &stage, sample, applicants.len()))?;
        let pool = pool(self.threads.into())?;
        let all = pool.install(|| self.round(quiet, &stage, applicants, 0))?;
        let policies = pool.install(policies::run)?;
        let counts = Expected::ALL.map(|expected| (expected, all.count(applicants, expected)));
        let right = counts.iter().all(|(_, count)| count.as_expected == count.applicants)
            && [&one, &all].iter().all(|round| round.together_right && round.earlier.right())
            && policies.iter().all(policies::Outcome::right);
        let findings = Findings {
            counts,
            one,
            all,
            policies,
            setup,
            threads: pool.current_num_threads(),
            total: start.elapsed(),
        };
        let report = tables::report(&population, &stage, &findings);
        Ok(report.exiting(if right { Exit::Done } else { Exit::Refused }))
    }

    /// Leads applicants the whole way, on the threads of the current pool.
    fn round(
        &self,
        quiet: bool,
        stage: &Stage,
        applicants: &[Applicant],
        first: usize,
    ) -> Result<Round, Failure> {
        let issued = stage.issue(quiet, applicants, first as u64);
        let speed_issued = Speed::from(&issued);
        let documents = issued.results.into_iter().collect::<Result<Vec<_>, _>>()?;
        let held = stage.hold(quiet, &documents);
        let speed_held = Speed::from(&held);
        let held = held.results.into_iter().collect::<Result<Vec<_>, _>>()?;
        let authority = stage.authority.as_ref();
        let epochs = authority.map(|list| list.publish(self.at, applicants, &held)).transpose()?;
        let epochs = epochs.unwrap_or_default();
        let refreshed = stage.refresh(quiet, &held, epochs.last());
        let speed_refreshed = Speed::from(&refreshed);
        let entries = refreshed.results.into_iter().collect::<Result<Vec<_>, _>>();
        let entries = entries.map_err(|error| Failure::input(Complaint::new(error.to_string())))?;
        let requests = applicants.iter().map(|_| self.request(stage));
        let requests = requests.collect::<Result<Vec<_>, _>>()?;
        let askings = held.iter().zip(&entries).zip(&requests);
        let askings: Vec<Asking<'_>> =
            askings.map(|((held, entries), request)| (&held[..], &entries[..], request)).collect();
        let (attempts, speed_proven) = attempts(quiet, stage, applicants, &askings);
        let answered: Vec<(usize, (&[u8], &PresentationRequest))> = attempts
            .iter()
            .zip(&requests)
            .enumerate()
            .filter_map(|(i, (attempt, request))| Some((i, (attempt.as_deref().ok()?, request))))
            .collect();
        let answers: Vec<_> = answered.iter().map(|(_, answer)| *answer).collect();
        let nonces = InMemoryNonces::default();
        let expectation = Expectation { audience: AUDIENCE, now: self.at, skew: 0 };
        let known = epochs::known(&epochs);
        let verify = |label| stage.verify(quiet, label, &answers, &expectation, &nonces, &known);
        let (verified, replayed) = (verify("verifying"), verify("replaying"));
        let speed_verified = Speed::from(&verified);
        let (true_together, time) = stage.verify_together(&answers, &expectation);
        let true_alone = verified.results.iter().flatten().flatten().count();
        let speed_together = Speed {
            each: time.checked_div(answers.len() as u32).unwrap_or_default(),
            per_second: answers.len() as f64 / time.as_secs_f64(),
        };
        let mut verdicts: Vec<_> = applicants.iter().map(|_| None).collect();
        let mut replay_refused = vec![false; applicants.len()];
        let outcomes = verified.results.into_iter().zip(replayed.results);
        for ((i, _), (verdict, replay)) in answered.iter().zip(outcomes) {
            if let (Some(place), Some(refused)) = (verdicts.get_mut(*i), replay_refused.get_mut(*i))
            {
                *place = verdict;
                *refused = matches!(replay, Some(Err(VerifyError::Nonce(NonceError::Spent))));
            }
        }
        let credentials = documents.first().into_iter().flatten().map(|text| text.len()).collect();
        let speeds = [
            speed_issued,
            speed_held,
            speed_refreshed,
            speed_proven,
            speed_verified,
            speed_together,
        ];
        let earlier = epochs::earlier(stage, applicants, &held, &epochs, &expectation, || {
            self.request(stage)
        })?;
        let together_right = true_together == true_alone;
        drop(answered);
        Ok(Round {
            attempts,
            verdicts,
            replay_refused,
            credentials,
            speeds,
            earlier,
            together_right,
        })
    }

    fn request(&self, stage: &Stage) -> Result<PresentationRequest, Failure> {
        let expires = Timestamp::from_unix(self.at.unix() + LIFETIME).unwrap_or(Timestamp::MAX);
        let (bundle, nonce) = (stage.terms.bundle(), Nonce::random(&mut OsRng));
        Ok(PresentationRequest::new(bundle, AUDIENCE, nonce, self.at, expires)?)
    }
}

/// Every holder tries to answer. Timed are those who should succeed: to fail is quicker.
fn attempts(
    quiet: bool,
    stage: &Stage,
    applicants: &[Applicant],
    askings: &[Asking<'_>],
) -> (Vec<Result<Vec<u8>, ProveError>>, Speed) {
    let askings = askings.iter().zip(applicants).enumerate();
    let (able, unable): (Vec<_>, Vec<_>) =
        askings.partition(|(_, (_, applicant))| applicant.expected.is_accepted());
    let mut speed = None;
    let mut attempts = Vec::new();
    for group in [able, unable] {
        let indexes = group.iter().map(|(i, _)| *i);
        let askings: Vec<_> = group.iter().map(|(_, (asking, _))| **asking).collect();
        let timed = stage.prove(quiet, &askings);
        speed.get_or_insert(Speed::from(&timed));
        attempts.extend(indexes.zip(timed.results));
    }
    attempts.sort_unstable_by_key(|(i, _)| *i);
    let speed = speed.unwrap_or(Speed { each: Duration::ZERO, per_second: 0.0 });
    (attempts.into_iter().map(|(_, attempt)| attempt).collect(), speed)
}

impl Round {
    /// How those fared of whom the table expects the same.
    fn count(&self, applicants: &[Applicant], expected: Expected) -> Count {
        let mut count = Count::default();
        let outcomes = self.attempts.iter().zip(&self.verdicts).zip(&self.replay_refused);
        for (applicant, ((attempt, verdict), replay_refused)) in applicants.iter().zip(outcomes) {
            if applicant.expected != expected {
                continue;
            }
            let accepted = matches!(verdict, Some(Ok(_)));
            let once = accepted == *replay_refused && accepted == attempt.is_ok();
            count.applicants += 1;
            count.proven += usize::from(attempt.is_ok());
            count.accepted += usize::from(accepted);
            count.replays_refused += usize::from(*replay_refused);
            count.as_expected += usize::from(once && accords(expected, attempt));
        }
        count
    }

    /// Octets of each presentation, ascending.
    fn presentations(&self) -> Vec<usize> {
        let mut sizes: Vec<usize> = self.attempts.iter().flatten().map(Vec::len).collect();
        sizes.sort_unstable();
        sizes
    }
}

/// Everything that the demo found out.
struct Findings {
    counts: [(Expected, Count); Expected::ALL.len()],
    one: Round,
    all: Round,
    policies: Vec<policies::Outcome>,
    setup: Duration,
    threads: usize,
    total: Duration,
}

/// Threads to work on; 0 is as many as there are processors.
fn pool(threads: usize) -> Result<ThreadPool, Failure> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(|error| {
        Failure::input(Complaint::new(format!("no threads: {error}")).remedy("ask for fewer"))
    })
}
