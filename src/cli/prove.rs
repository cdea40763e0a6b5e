//! `sigil prove`: a holder answers a request.

use super::failure::{Complaint, Failure};
use super::files::{self, Access};
use super::report::Report;
use super::terms::Loaded;
use super::{artefacts, policy, time};
use crate::credential::Credential;
use crate::encoding::Wire;
use crate::plan::{Asked, Refusal, Supplies, refusals};
use crate::policy::Policy;
use crate::presentation::{Expectation, Holding, ProveError, prove, verify};
use crate::request::{InMemoryNonces, PresentationRequest};
use crate::value::Timestamp;
use clap::Args;
use rand_core::OsRng;
use std::path::PathBuf;

/// A role, and what was said of it.
#[derive(Clone, Debug)]
struct OfRole<T> {
    role: String,
    said: T,
}

fn of_role(text: &str, separator: char) -> Option<(&str, &str)> {
    text.split_once(separator).filter(|(role, said)| !role.is_empty() && !said.is_empty())
}

fn credential_argument(text: &str) -> Result<OfRole<PathBuf>, String> {
    let (role, file) = of_role(text, '=').ok_or("write ROLE=FILE")?;
    Ok(OfRole { role: role.to_owned(), said: file.into() })
}

fn reveal_argument(text: &str) -> Result<OfRole<String>, String> {
    let (role, field) = of_role(text, '.').ok_or("write ROLE.FIELD")?;
    Ok(OfRole { role: role.to_owned(), said: field.to_owned() })
}

/// Answer a request with a presentation.
///
/// Reveals what the policy demands and, of what it allows, what --reveal names; everything else stays
/// hidden, and what the policy asks of it is proven. Nothing is written unless the presentation
/// passes the holder's own verification. If the credentials do not satisfy the policy, if the request
/// has expired, or if `policy plan` would refuse it (it asks for more than it may, for another time, or
/// for a verifier that may not ask), the answer is no (exit code 1) and nothing leaves.
///
/// Reads the directory of terms with its proving key, the request, one credential for each role of the
/// policy, and the clock unless --now is given. Writes the presentation: CBOR if the name ends in .cbor,
/// else its JSON envelope.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sigil prove --terms terms --request request.json --credential person=alice.credential.json \\
      --reveal person.nationality --out presentation.json")]
pub(super) struct Arguments {
    /// The directory of terms, as `setup` made it.
    #[arg(long, value_name = "DIR")]
    terms: PathBuf,
    /// The request.
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    /// The credential for a role of the policy; repeat it for others.
    #[arg(long, value_name = "ROLE=FILE", value_parser = credential_argument, required = true)]
    credential: Vec<OfRole<PathBuf>>,
    /// A field that the policy allows to be revealed; repeat it for others.
    #[arg(long, value_name = "ROLE.FIELD", value_parser = reveal_argument)]
    reveal: Vec<OfRole<String>>,
    /// The verifier that the answer is meant for; refused if the request is another's.
    #[arg(long, value_name = "NAME")]
    audience: Option<String>,
    /// The holder's clock; the system's by default.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    now: Option<Timestamp>,
    /// Seconds by which this clock and the verifier's may differ; the policy's own bound holds too.
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(0..=crate::request::MAX_LIFETIME))]
    skew: u64,
    /// The file to make.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        let loaded = Loaded::read(&self.terms)?;
        let request = artefacts::request(&self.request)?;
        let now = self.now.map_or_else(time::now, Ok)?;
        let audience = self.audience.as_deref().unwrap_or(request.audience());
        let expectation = Expectation { audience, now, skew: self.skew };
        let in_request = |problem: String| {
            let remedy = "ask the verifier for a new request, if the clock and --terms are right";
            let complaint = Complaint::new(problem).in_file(&self.request);
            Failure::refused(complaint.remedy(remedy))
        };
        request
            .check(loaded.terms.bundle(), audience, now, self.skew)
            .map_err(|error| in_request(error.to_string()))?;
        self.check_roles(&loaded)?;
        self.check_request(&loaded, &request, now)?;
        let credentials = self.credentials(&loaded)?;
        let reveal: Vec<Vec<&str>> = self.reveal_by_role(&loaded);
        let holdings = credentials.iter().zip(&reveal);
        let holdings: Vec<Holding<'_>> = holdings
            .map(|(credential, reveal)| Holding { reveal, ..Holding::new(credential) })
            .collect();
        let key = loaded.proving_key()?;
        let presentation = prove(&loaded.terms, &request, &holdings, key.as_ref(), &mut OsRng)
            .map_err(|error| self.failure(loaded.bundle.policy(), error))?;
        // What leaves is what was written, so that is what is read back and verified.
        let cbor = presentation.to_bytes();
        let copy = artefacts::parse_presentation(&cbor)?;
        let nonces = InMemoryNonces::default();
        let verified = verify(&loaded.terms, &request, &expectation, &copy, &nonces);
        let verified = verified.map_err(|error| {
            let problem = format!("the presentation did not pass its own verification: {error}");
            let remedy = "get proving.key again: it may not belong to verifying.key";
            Failure::refused(Complaint::new(problem).in_file(&self.terms).remedy(remedy))
        })?;
        let as_cbor = self.out.extension().is_some_and(|extension| extension == "cbor");
        let octets = if as_cbor { cbor } else { presentation.to_json().into_bytes() };
        files::write_new(&self.out, &octets, Access::Public)?;
        let report = Report::new().line(format!("Presentation written to {}", self.out.display()));
        let report = policy::describe_verified(report, loaded.bundle.policy(), &verified);
        Ok(report.fact("octets", octets.len()).json("out", self.out.display().to_string()))
    }

    /// The request asks for no more than it may, of one that it may ask: before any proof is made.
    fn check_request(
        &self,
        loaded: &Loaded,
        request: &PresentationRequest,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let (bundle, compiled) = (&loaded.bundle, loaded.terms.policy());
        let refusals = refusals(
            &Asked { bundle, compiled, request, under: &[], supplies: Supplies::default() },
            now,
        );
        if refusals.is_empty() {
            return Ok(());
        }
        let complaint = |refusal: &Refusal| {
            let complaint = Complaint::new(refusal.to_string()).in_file(&self.request);
            complaint.remedy("ask the verifier for a request that keeps to its policy")
        };
        Err(Failure::refusals(refusals.iter().map(complaint).collect()))
    }

    /// Every role that was named exists, and has one credential.
    fn check_roles(&self, loaded: &Loaded) -> Result<(), Failure> {
        let roles: Vec<&str> = loaded.terms.policy().roles().iter().map(|r| r.name()).collect();
        let named = self.credential.iter().map(|named| (&named.role, "--credential"));
        let named = named.chain(self.reveal.iter().map(|named| (&named.role, "--reveal")));
        for (role, argument) in named {
            if !roles.contains(&role.as_str()) {
                let complaint = Complaint::new(format!("{argument}: no role {role}"));
                let remedy = format!("the policy's roles are {}", roles.join(", "));
                return Err(Failure::input(complaint.remedy(remedy)));
            }
        }
        for role in roles {
            let count = self.credential.iter().filter(|named| named.role == role).count();
            if count != 1 {
                let complaint = Complaint::new(format!("{count} credentials for role {role}"));
                let remedy = format!("give --credential {role}=FILE once");
                return Err(Failure::input(complaint.remedy(remedy)));
            }
        }
        Ok(())
    }

    /// The credentials in the order of the policy's roles.
    fn credentials(&self, loaded: &Loaded) -> Result<Vec<Credential>, Failure> {
        let roles = loaded.terms.policy().roles().iter();
        let named = roles.filter_map(|role| self.credential.iter().find(|n| n.role == role.name()));
        named.map(|named| artefacts::credential(&named.said, &loaded.schemas)).collect()
    }

    fn reveal_by_role(&self, loaded: &Loaded) -> Vec<Vec<&str>> {
        let roles = loaded.terms.policy().roles().iter();
        roles
            .map(|role| {
                let named = self.reveal.iter().filter(|named| named.role == role.name());
                named.map(|named| named.said.as_str()).collect()
            })
            .collect()
    }

    fn failure(&self, policy: &Policy, error: ProveError) -> Failure {
        let complaint = Complaint::new(problem(policy, &error));
        match error {
            ProveError::Statement(_)
            | ProveError::NotAcceptable { .. }
            | ProveError::NotSatisfied { .. }
            | ProveError::NotEqual { .. }
            | ProveError::Lapsed { .. }
            | ProveError::Cancelled
            | ProveError::Failed => Failure::refused(complaint),
            ProveError::Credential { role } => {
                let named = self.credential.iter().find(|named| named.role == role);
                let complaint = complaint.remedy("use a credential that the policy accepts");
                Failure::input(match named {
                    Some(named) => complaint.in_file(&named.said),
                    None => complaint,
                })
            }
            ProveError::Field { .. } => {
                Failure::input(complaint.remedy("name a field that the policy allows"))
            }
            ProveError::Entries { .. } | ProveError::Window { .. } => Failure::input(complaint),
            ProveError::Listed { .. } => Failure::refused(complaint),
            ProveError::Key => Failure::input(complaint.in_file(&self.terms)),
        }
    }
}

/// Why no presentation was made.
pub(super) fn problem(policy: &Policy, error: &ProveError) -> String {
    match error {
        ProveError::NotAcceptable { shortfalls } => policy::wanting(policy, shortfalls),
        ProveError::NotSatisfied { rules } => {
            let rules: Vec<String> =
                rules.iter().map(|place| policy::rule(policy, place)).collect();
            format!("the credentials do not satisfy the policy: {}", rules.join("; "))
        }
        error => error.to_string(),
    }
}
