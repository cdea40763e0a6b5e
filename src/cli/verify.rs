//! `sigil verify`: a verifier checks an answer.

use super::failure::{Complaint, Failure};
use super::files::{Access, NewFile};
use super::report::Report;
use super::spent::SpentFile;
use super::terms::Loaded;
use super::{Exit, artefacts, judge, policy, time};
use crate::decision::{Situation, StatusState, Verdict, decide};
use crate::policy::Policy;
use crate::presentation::{Expectation, VerifiedPresentation, VerifyError, verify};
use crate::request::{InMemoryNonces, NonceError};
use crate::value::Timestamp;
use clap::Args;
use std::path::PathBuf;

/// Verify the answer to a request.
///
/// Everything is held against the verifier's own terms and request, never against what the holder sent.
/// Accepted: exit code 0, with the revealed values and what was proven of the hidden ones. True but denied
/// by the policy: exit code 1, with every reason. Refused: exit code 1; a cryptographic refusal gives no
/// reason, on purpose. The record of the decision has digests of all that it was made from.
///
/// A request is answered once. With --spent the nonces of accepted answers are kept in a file, under a
/// lock, so that this holds between runs and processes; without it an answer could be accepted again by
/// another run.
///
/// Reads the directory of terms (no proving key is needed), the request as it was sent, the presentation
/// in either form, what is known of statuses with --status, --head and --trust, and the clock unless
/// --now is given. Writes to the file of spent nonces and, with --record, the record of the decision.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sigil verify --terms terms --request request.json --audience https://shop.example \\
      --presentation presentation.json --spent spent.txt")]
pub(super) struct Arguments {
    /// The directory of terms, as `setup` made it.
    #[arg(long, value_name = "DIR")]
    terms: PathBuf,
    /// The verifier's own copy of the request.
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    /// Who verifies.
    #[arg(long, value_name = "NAME")]
    audience: String,
    /// The presentation.
    #[arg(long, value_name = "FILE")]
    presentation: PathBuf,
    /// The file of spent nonces; made if it is not there.
    #[arg(long, value_name = "FILE")]
    spent: Option<PathBuf>,
    /// What is known of the statuses of credentials, for policies that ask for it.
    #[arg(long, value_name = "FILE")]
    status: Option<PathBuf>,
    /// The signed head of an epoch that is known, besides what --status has; repeat it for others.
    #[arg(long, value_name = "FILE")]
    head: Vec<PathBuf>,
    /// A signed trust list that is known, besides what --status has; repeat it for others.
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,
    /// A file to make, of mode 0600, for the record of the decision.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// The verifier's clock; the system's by default.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    now: Option<Timestamp>,
    /// Seconds by which this clock and that of the request's maker may differ.
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(0..=crate::request::MAX_LIFETIME))]
    skew: u64,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        let loaded = Loaded::read(&self.terms)?;
        let request = artefacts::request(&self.request)?;
        let (presentation, octets) = artefacts::presentation(&self.presentation)?;
        let now = self.now.map_or_else(time::now, Ok)?;
        let status = artefacts::known(self.status.as_deref(), &self.head, &self.trust)?;
        // Begun before the nonce is spent: an answer must not be lost to a name that is taken.
        let record = self.record.as_deref().map(|path| NewFile::begin(path, Access::Secret));
        let record = record.transpose()?;
        let expectation = Expectation { audience: &self.audience, now, skew: self.skew };
        let verified = match &self.spent {
            Some(path) => {
                let spent = SpentFile::open(path)?;
                let verified = verify(&loaded.terms, &request, &expectation, &presentation, &spent);
                spent.finish()?;
                verified
            }
            None => {
                let nonces = InMemoryNonces::default();
                verify(&loaded.terms, &request, &expectation, &presentation, &nonces)
            }
        };
        let verified = verified.map_err(|error| self.failure(&error))?;
        let situation = Situation { audience: &self.audience, status: &status, now };
        let verdict = decide(&loaded.terms, &loaded.bundle, &request, &verified, &situation);
        if let Some(mut file) = record {
            file.write((verdict.record().to_document().canonical() + "\n").as_bytes())?;
            file.commit()?;
        }
        let report =
            outcome(loaded.bundle.policy(), &verified, &verdict, &status).fact("octets", octets);
        Ok(match &self.spent {
            Some(_) => report,
            None => report.line("Without --spent another run would accept this answer again."),
        })
    }

    fn failure(&self, error: &VerifyError) -> Failure {
        let complaint = Complaint::new(error.to_string());
        Failure::refused(match error {
            VerifyError::Request(_) => complaint.in_file(&self.request).remedy(
                "if --audience, --terms and the clock are right, send the holder a new request",
            ),
            VerifyError::Nonce(NonceError::Spent) => {
                complaint.in_file(&self.request).remedy("make a request for every answer")
            }
            VerifyError::Nonce(NonceError::Unavailable) => complaint,
            VerifyError::Wire(_) | VerifyError::Statement(_) | VerifyError::Refused => {
                complaint.in_file(&self.presentation)
            }
        })
    }
}

/// What is said of an answer that is true: the decision, and what it was made from.
pub(super) fn outcome(
    policy: &Policy,
    verified: &VerifiedPresentation,
    verdict: &Verdict,
    known: &StatusState,
) -> Report {
    let accepted = verdict.decision().is_permit();
    let report = Report::new().line(if accepted { "Accepted" } else { "Denied" });
    let report = judge::decision(report, verdict);
    policy::describe_verified(report, policy, verified, known)
        .json("accepted", accepted)
        .json("bundle", verified.bundle().to_string())
        .json("request", verified.request_digest().to_string())
        .exiting(if accepted { Exit::Done } else { Exit::Refused })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::Code;
    use crate::policy::Bundle;
    use crate::presentation::tests::scenario::{self, sixteen};
    use crate::presentation::{Terms, prove};

    /// What a holder proves under rules of its own is true; that is not enough.
    #[test]
    fn reject_what_is_true_but_not_acceptable() {
        let scenario = sixteen();
        let policy = scenario.bundle.policy();
        let text = policy.to_document().canonical();
        let must = "\"disclosure\":\"must\",\"path\":\"card.tier\"";
        assert!(text.contains(must));
        let lax = Policy::parse(text.replace(must, &must.replace("must", "never")).as_bytes());
        let key = scenario.terms.verifying_key().cloned();
        let lax = Bundle::pin(lax.unwrap(), key.as_ref());
        let mut lax = Terms::new(&lax, &scenario.plain_schemas(), key).unwrap();
        lax.set_bundle(scenario.bundle.hash());
        let accepted = |terms: &Terms| {
            let (request, holdings) = (&scenario.request, scenario.holdings());
            let key = scenario.key.as_ref();
            let made = prove(terms, request, &holdings, key, &mut scenario::rng(1)).unwrap();
            let verified = scenario.verify(&made).unwrap();
            let status = StatusState::default();
            let situation =
                Situation { audience: scenario::AUDIENCE, status: &status, now: request.time() };
            let terms = &scenario.terms;
            decide(terms, &scenario.bundle, request, &verified, &situation)
        };
        assert!(accepted(&scenario.terms).decision().is_permit());
        let denied = accepted(&lax);
        let [reason] = denied.decision().reasons() else { panic!("{denied:?}") };
        assert_eq!((reason.code(), reason.path()), (Code::ClaimMissing, "$.claims[1].disclosure"));
    }
}
