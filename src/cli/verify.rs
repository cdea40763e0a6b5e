//! `sigil verify`: a verifier checks an answer.

use super::failure::{Complaint, Failure};
use super::report::Report;
use super::spent::SpentFile;
use super::terms::Loaded;
use super::{artefacts, policy, time};
use crate::policy::{CompiledPolicy, Policy};
use crate::presentation::{Expectation, VerifiedPresentation, VerifyError, verify};
use crate::request::{InMemoryNonces, NonceError};
use crate::value::Timestamp;
use clap::Args;
use std::path::PathBuf;

/// Verify the answer to a request.
///
/// Everything is held against the verifier's own terms and request, never against what the holder sent.
/// Accepted: exit code 0, with the revealed values and what was proven of the hidden ones. Refused: exit
/// code 1. A cryptographic refusal gives no reason, on purpose.
///
/// A request is answered once. With --spent the nonces of accepted answers are kept in a file, under a
/// lock, so that this holds between runs and processes; without it an answer could be accepted again by
/// another run.
///
/// Reads the directory of terms (no proving key is needed), the request as it was sent, the presentation
/// in either form, and the clock unless --now is given. Writes to the file of spent nonces only.
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
        let expectation = Expectation { audience: &self.audience, now, skew: self.skew };
        let verified = match &self.spent {
            Some(path) => {
                let spent = SpentFile::new(path);
                let verified = verify(&loaded.terms, &request, &expectation, &presentation, &spent);
                spent.into_outcome()?;
                verified
            }
            None => {
                let nonces = InMemoryNonces::default();
                verify(&loaded.terms, &request, &expectation, &presentation, &nonces)
            }
        };
        let verified = verified.map_err(|error| self.failure(&error))?;
        accept(loaded.terms.policy(), loaded.bundle.policy(), &verified)
            .map_err(|complaint| Failure::refused(complaint.in_file(&self.presentation)))?;
        let report = Report::new().line("Accepted");
        let report = policy::describe_verified(report, loaded.bundle.policy(), &verified);
        let report = report
            .fact("octets", octets)
            .json("accepted", true)
            .json("bundle", verified.bundle().to_string())
            .json("request", verified.request_digest().to_string());
        Ok(match &self.spent {
            Some(_) => report,
            None => report.line("Without --spent another run would accept this answer again."),
        })
    }

    fn failure(&self, error: &VerifyError) -> Failure {
        let complaint = Complaint::new(error.to_string());
        Failure::refused(match error {
            VerifyError::Request(_) | VerifyError::Nonce(NonceError::Spent) => {
                complaint.in_file(&self.request)
            }
            VerifyError::Nonce(NonceError::Unavailable) => complaint,
            VerifyError::Statement(_) | VerifyError::Refused => {
                complaint.in_file(&self.presentation)
            }
        })
    }
}

/// What is true is accepted if the policy finds nothing wanting in what was disclosed.
fn accept(
    compiled: &CompiledPolicy,
    policy: &Policy,
    verified: &VerifiedPresentation,
) -> Result<(), Complaint> {
    let shortfalls = compiled.shortfalls(verified.time(), verified.disclosed_messages());
    if shortfalls.is_empty() {
        Ok(())
    } else {
        Err(Complaint::new(policy::wanting(policy, &shortfalls)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
            accept(scenario.terms.policy(), policy, &verified)
        };
        assert!(accepted(&scenario.terms).is_ok());
        let complaint = accepted(&lax).unwrap_err();
        assert!(format!("{complaint:?}").contains("card.tier must be disclosed"), "{complaint:?}");
    }
}
