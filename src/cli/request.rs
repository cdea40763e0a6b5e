//! `sigil request`: what a verifier asks.

use super::failure::{Complaint, Failure};
use super::files::{self, Access};
use super::report::Report;
use super::{artefacts, time};
use crate::request::{Nonce, PresentationRequest};
use crate::value::Timestamp;
use clap::Args;
use rand_core::OsRng;
use std::path::PathBuf;

/// Make a presentation request.
///
/// A request names the policy bundle by its hash, the audience that asks, a fresh random nonce, the time
/// for which validity and predicates are evaluated, and its expiry. A presentation answers one request
/// and no other.
///
/// Reads a bundle, and the clock unless --time is given. Writes the request: send it to the holder, and
/// keep it to verify the answer with.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sigil request --bundle terms/bundle.json --audience https://shop.example --out request.json")]
pub(super) struct Arguments {
    /// The policy bundle, as `setup` made it.
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,
    /// Who asks, such as the verifier's origin.
    #[arg(long, value_name = "NAME")]
    audience: String,
    /// The time for which everything is evaluated; now by default.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    time: Option<Timestamp>,
    /// Seconds after that time at which the request expires.
    #[arg(long, value_name = "SECONDS", default_value_t = 300,
          value_parser = clap::value_parser!(u64).range(1..=crate::request::MAX_LIFETIME))]
    expires_in: u64,
    /// The class of verifiers that this one is of, as an IRI.
    #[arg(long, value_name = "IRI")]
    relying_party: Option<String>,
    /// A claim to be revealed beyond those that the policy demands; the holder may refuse. Repeat it
    /// for others.
    #[arg(long, value_name = "ROLE.FIELD")]
    claim: Vec<String>,
    /// The file to make.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        let bundle = artefacts::bundle(&self.bundle)?;
        let time = self.time.map_or_else(time::now, Ok)?;
        let expires = Timestamp::from_unix(time.unix().saturating_add(self.expires_in));
        let nonce = Nonce::random(&mut OsRng);
        let request = PresentationRequest::new(
            bundle.hash(),
            &self.audience,
            nonce,
            time,
            expires.unwrap_or(Timestamp::MAX),
        )
        .and_then(|request| match &self.relying_party {
            Some(class) => request.with_relying_party(class),
            None => Ok(request),
        })
        .and_then(|request| match self.claim.as_slice() {
            [] => Ok(request),
            claims => request.with_claims(claims),
        })
        .map_err(|fault| {
            let argument = fault.path().replace("$.", "--").replace('_', "-");
            let argument = argument.replace("--expires", "--expires-in").replace("claims", "claim");
            Failure::input(Complaint::from(fault).at(argument))
        })?;
        let text = request.to_document().canonical() + "\n";
        files::write_new(&self.out, text.as_bytes(), Access::Public)?;
        let report = Report::new().line(format!("Request written to {}", self.out.display()));
        Ok(describe(report, &request).json("out", self.out.display().to_string()))
    }
}

/// What a request asks.
pub(super) fn describe(report: Report, request: &PresentationRequest) -> Report {
    let claims: Vec<&str> = request.claims().iter().map(String::as_str).collect();
    let mut report = report
        .fact("request", request.digest().to_string())
        .fact("bundle", request.bundle().to_string())
        .fact("audience", request.audience().to_owned())
        .fact("nonce", request.nonce().to_string())
        .fact("time", request.time().to_string())
        .fact("expires", request.expires().to_string());
    if let Some(class) = request.relying_party() {
        report = report.fact("relying party", class.to_owned());
    }
    if !claims.is_empty() {
        report = report.row("asks for", claims.join(", "));
    }
    report.json("claims", claims)
}
