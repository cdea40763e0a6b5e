//! `sigil prove`: a holder answers a request.

use super::failure::{Complaint, Failure};
use super::files::{self, Access};
use super::report::Report;
use super::terms::Loaded;
use super::{artefacts, policy, time};
use crate::credential::Credential;
use crate::decision::StatusState;
use crate::encoding::Wire;
use crate::plan::{Asked, Misfit, Refusal, Supplied, Supplies, refusals, supplied};
use crate::policy::Policy;
use crate::presentation::{Expectation, Holding, ProveError, prove, verify};
use crate::request::{InMemoryNonces, PresentationRequest};
use crate::status::Entry;
use crate::trust::TrustList;
use crate::value::Timestamp;
use clap::Args;
use rand_core::OsRng;
use std::path::{Path, PathBuf};

/// A role, and what was said of it.
#[derive(Clone, Debug)]
pub(super) struct OfRole<T> {
    pub(super) role: String,
    pub(super) said: T,
}

fn of_role(text: &str, separator: char) -> Option<(&str, &str)> {
    text.split_once(separator).filter(|(role, said)| !role.is_empty() && !said.is_empty())
}

fn credential_argument(text: &str) -> Result<OfRole<PathBuf>, String> {
    let (role, file) = of_role(text, '=').ok_or("write ROLE=FILE")?;
    Ok(OfRole { role: role.to_owned(), said: file.into() })
}

pub(super) fn reveal_argument(text: &str) -> Result<OfRole<String>, String> {
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
/// For each list that the policy holds a credential against, the newest --entry that shows what is asked
/// is taken, and for a trust list the newest edition of it among --trust, as `policy plan` would.
///
/// Reads the directory of terms with its proving key, the request, one credential for each role of the
/// policy, entries, trust lists, and the clock unless --now is given. Writes the presentation: CBOR if the name ends in .cbor,
/// else its JSON envelope.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil prove --terms terms --request request.json --credential person=alice.credential.json \\
      --reveal person.nationality --out presentation.json
  sigil prove --terms terms --request request.json --credential person=alice.credential.json \\
      --entry entry.json --trust kyc.trust.json --out presentation.json")]
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
    /// An entry of a list, as `status find` wrote it; repeat it for others.
    #[arg(long, value_name = "FILE")]
    entry: Vec<PathBuf>,
    /// A signed trust list; repeat it for others.
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,
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
        check_request(&loaded, &request, &self.request, &expectation)?;
        self.check_roles(&loaded)?;
        let entries = artefacts::entries(&self.entry)?;
        let trust = artefacts::trusts(&self.trust)?;
        let asked = Asked {
            bundle: &loaded.bundle,
            compiled: loaded.terms.policy(),
            request: &request,
            under: &[],
            supplies: Supplies { entries: &entries, trust: &trust },
        };
        self.refuse_overasking(&asked, now)?;
        let credentials = self.credentials(&loaded)?;
        let held = credentials.iter().enumerate();
        let held = held.map(|(role, credential)| self.supplied(&asked, role, credential));
        let held = held.collect::<Result<Vec<Supplied>, Failure>>()?;
        let shown: Vec<Vec<&Entry>> =
            held.iter().map(|held| pick(&entries, &held.entries)).collect();
        let reveal = reveal_by_role(&loaded, &self.reveal);
        let parts = credentials.iter().zip(&held).zip(shown.iter().zip(&reveal));
        let holdings = parts.map(|((credential, held), (entries, reveal))| Holding {
            credential,
            entries,
            window: held.window,
            reveal,
        });
        let holdings: Vec<Holding<'_>> = holdings.collect();
        let answer = Answer { loaded: &loaded, request: &request, expectation, trust: &trust };
        answer.write(&holdings, &self.out, |error| {
            let named = |role: &String| self.credential.iter().find(|named| named.role == *role);
            let named = match &error {
                ProveError::Credential { role } => named(role),
                _ => None,
            };
            let failure = failure(&loaded, error);
            match named {
                Some(named) => failure.in_file(&named.said),
                None => failure,
            }
        })
    }

    /// What shows that a credential still counts.
    fn supplied(
        &self,
        asked: &Asked<'_>,
        role: usize,
        credential: &Credential,
    ) -> Result<Supplied, Failure> {
        supplied(asked, role, credential).or_else(|misfit| {
            let role = asked.compiled.roles().get(role);
            let name = role.map_or("", |role| role.name());
            // What the credential itself is, the prover says better.
            let own = role.is_none_or(|role| {
                role.version(credential.schema().id()).is_none()
                    || role.suite() != credential.suite()
            });
            if own || misfit == Misfit::Schema {
                return Ok(Supplied { entries: Vec::new(), window: None });
            }
            let complaint = Complaint::new(format!("role {name}: {misfit}"));
            let complaint = match &misfit {
                Misfit::NoEntry { .. } => complaint.remedy(
                    "find its entry with `status find` in the newest epoch, and name it with --entry",
                ),
                Misfit::NoTrustList { .. } => complaint.remedy("name it with --trust"),
                _ => complaint.remedy("use another credential, or ask the issuer for one"),
            };
            let named = self.credential.iter().find(|named| named.role == name);
            Err(Failure::refused(match named {
                Some(named) => complaint.in_file(&named.said),
                None => complaint,
            }))
        })
    }

    /// The request asks for no more than it may, of one that it may ask: before any proof is made.
    fn refuse_overasking(&self, asked: &Asked<'_>, now: Timestamp) -> Result<(), Failure> {
        let refusals = refusals(asked, now);
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
        let named = self.credential.iter().map(|named| (&named.role[..], "--credential"));
        let named = named.chain(self.reveal.iter().map(|named| (&named.role[..], "--reveal")));
        check_names(loaded, named)?;
        for role in loaded.terms.policy().roles() {
            let role = role.name();
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
}

/// The request is one of these terms, for this audience, and good at this time.
pub(super) fn check_request(
    loaded: &Loaded,
    request: &PresentationRequest,
    path: &Path,
    expectation: &Expectation<'_>,
) -> Result<(), Failure> {
    let Expectation { audience, now, skew } = *expectation;
    request.check(loaded.terms.bundle(), audience, now, skew).map_err(|error| {
        let remedy = "ask the verifier for a new request, if the clock and --terms are right";
        Failure::refused(Complaint::new(error.to_string()).in_file(path).remedy(remedy))
    })
}

/// The roles that arguments speak of are the policy's.
pub(super) fn check_names<'n>(
    loaded: &Loaded,
    mut named: impl Iterator<Item = (&'n str, &'n str)>,
) -> Result<(), Failure> {
    let roles: Vec<&str> = loaded.terms.policy().roles().iter().map(|r| r.name()).collect();
    match named.find(|(role, _)| !roles.contains(role)) {
        None => Ok(()),
        Some((role, argument)) => {
            let complaint = Complaint::new(format!("{argument}: no role {role}"));
            let remedy = format!("the policy's roles are {}", roles.join(", "));
            Err(Failure::input(complaint.remedy(remedy)))
        }
    }
}

/// What is to be revealed of each role, in the policy's order.
pub(super) fn reveal_by_role<'r>(
    loaded: &Loaded,
    reveal: &'r [OfRole<String>],
) -> Vec<Vec<&'r str>> {
    let roles = loaded.terms.policy().roles().iter();
    let named = roles.map(|role| {
        let named = reveal.iter().filter(|named| named.role == role.name());
        named.map(|named| named.said.as_str()).collect()
    });
    named.collect()
}

/// The entries at these places.
pub(super) fn pick<'e>(entries: &'e [Entry], places: &[usize]) -> Vec<&'e Entry> {
    places.iter().filter_map(|place| entries.get(*place)).collect()
}

/// An answer to a request, before there is one.
pub(super) struct Answer<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) request: &'a PresentationRequest,
    pub(super) expectation: Expectation<'a>,
    /// For the names of issuers.
    pub(super) trust: &'a [TrustList],
}

impl Answer<'_> {
    /// Proves, and writes what passes the holder's own verification.
    pub(super) fn write(
        &self,
        holdings: &[Holding<'_>],
        out: &Path,
        failed: impl Fn(ProveError) -> Failure,
    ) -> Result<Report, Failure> {
        let Answer { loaded, request, expectation, trust } = self;
        let key = loaded.proving_key()?;
        let presentation =
            prove(&loaded.terms, request, holdings, key.as_ref(), &mut OsRng).map_err(failed)?;
        // What leaves is what was written, so that is what is read back and verified.
        let cbor = presentation.to_bytes();
        let copy = artefacts::parse_presentation(&cbor)?;
        let nonces = InMemoryNonces::default();
        let verified = verify(&loaded.terms, request, expectation, &copy, &nonces);
        let verified = verified.map_err(|error| {
            let problem = format!("the presentation did not pass its own verification: {error}");
            let remedy = "get proving.key again: it may not belong to verifying.key";
            Failure::refused(Complaint::new(problem).in_file(loaded.directory()).remedy(remedy))
        })?;
        let as_cbor = out.extension().is_some_and(|extension| extension == "cbor");
        let octets = if as_cbor { cbor } else { presentation.to_json().into_bytes() };
        files::write_new(out, &octets, Access::Public)?;
        let report = Report::new().line(format!("Presentation written to {}", out.display()));
        let known = trust.iter().cloned().fold(StatusState::default(), StatusState::with_trust);
        let report = policy::describe_verified(report, loaded.bundle.policy(), &verified, &known);
        Ok(report.fact("octets", octets.len()).json("out", out.display().to_string()))
    }
}

/// What a proof that was not made says.
pub(super) fn failure(loaded: &Loaded, error: ProveError) -> Failure {
    let complaint = Complaint::new(problem(loaded.bundle.policy(), &error));
    match error {
        ProveError::Statement(_)
        | ProveError::NotAcceptable { .. }
        | ProveError::NotSatisfied { .. }
        | ProveError::NotEqual { .. }
        | ProveError::Lapsed { .. }
        | ProveError::Listed { .. }
        | ProveError::Cancelled
        | ProveError::Failed => Failure::refused(complaint),
        ProveError::Credential { .. } => {
            Failure::input(complaint.remedy("use a credential that the policy accepts"))
        }
        ProveError::Field { .. } => {
            Failure::input(complaint.remedy("name a field that the policy allows"))
        }
        ProveError::Entries { .. } | ProveError::Window { .. } => Failure::input(complaint),
        ProveError::Key => Failure::input(complaint.in_file(loaded.directory())),
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
