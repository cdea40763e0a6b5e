//! `sigil wallet plan` and `sigil wallet present`.

use super::super::failure::{Complaint, Failure};
use super::super::prove::{
    Answer, OfRole, check_names, check_request, failure, pick, reveal_argument, reveal_by_role,
};
use super::super::report::Report;
use super::super::terms::Loaded;
use super::super::{artefacts, plan as planning, time};
use super::folder::{Folder, Kept};
use crate::plan::{Asked, Held, Plan, Refusal, Supplies, plan};
use crate::policy::Policy;
use crate::presentation::{Expectation, Holding};
use crate::request::PresentationRequest;
use crate::status::Entry;
use crate::value::Timestamp;
use clap::Args;
use std::path::PathBuf;

/// What is asked, and of which wallet.
#[derive(Debug, Args)]
struct Question {
    /// The wallet.
    #[arg(long, value_name = "DIR")]
    wallet: PathBuf,
    /// The directory of terms, as `setup` made it.
    #[arg(long, value_name = "DIR")]
    terms: PathBuf,
    /// The request.
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    /// A policy whose limits on disclosure the holder wants kept too; repeat it for others.
    #[arg(long, value_name = "FILE")]
    under: Vec<PathBuf>,
    /// The wallet's clock; the system's by default.
    #[arg(long, value_name = "TIME", value_parser = time::instant)]
    now: Option<Timestamp>,
}

/// Say what of a wallet would answer a request, before anything leaves it.
///
/// Names the credential for each role, the values that would be revealed, what would be proven, and the
/// epochs of lists that it would rest on. Of credentials that renew each other the newest valid one is
/// taken. What no credential answers is refused, with the reason for each.
///
/// Reads the wallet, the directory of terms and the request. Writes nothing. Exit code 1 if the answer
/// is no.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sigil wallet plan --wallet wallet --terms terms --request request.json")]
pub(in crate::cli) struct PlanArguments {
    #[command(flatten)]
    question: Question,
}

/// Answer a request from a wallet.
///
/// Does what `wallet plan` says: the same credentials, entries and windows; reveals what the policy
/// demands and, of what it allows, what --reveal names. Nothing is written unless the presentation
/// passes the holder's own verification.
///
/// Reads the wallet, the directory of terms with its proving key, the request, and the clock unless
/// --now is given. Writes the presentation: CBOR if the name ends in .cbor, else its JSON envelope. The
/// wallet stays as it is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sigil wallet present --wallet wallet --terms terms --request request.json \\
      --out presentation.json
  sigil wallet present --wallet wallet --terms terms --request request.json \\
      --reveal person.nationality --out presentation.json")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    question: Question,
    /// A field that the policy allows to be revealed; repeat it for others.
    #[arg(long, value_name = "ROLE.FIELD", value_parser = reveal_argument)]
    reveal: Vec<OfRole<String>>,
    /// The verifier that the answer is meant for; refused if the request is another's.
    #[arg(long, value_name = "NAME")]
    audience: Option<String>,
    /// Seconds by which this clock and the verifier's may differ; the policy's own bound holds too.
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(0..=crate::request::MAX_LIFETIME))]
    skew: u64,
    /// The file to make.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// A question with all that it is answered from.
struct Asking {
    folder: Folder,
    loaded: Loaded,
    request: PresentationRequest,
    under: Vec<Policy>,
    now: Timestamp,
}

impl Question {
    fn read(&self) -> Result<Asking, Failure> {
        Ok(Asking {
            loaded: Loaded::read(&self.terms)?,
            request: artefacts::request(&self.request)?,
            under: planning::policies(&self.under)?,
            now: self.now.map_or_else(time::now, Ok)?,
            folder: Folder::open(&self.wallet)?,
        })
    }
}

impl Asking {
    /// The credentials that the terms have a schema for, in the order in which they are to be taken.
    fn candidates(&self) -> Vec<&Kept> {
        let known = |kept: &&Kept| {
            self.loaded.schemas.iter().any(|s| s == kept.credential.schema().as_ref())
        };
        self.folder.in_order(self.request.time()).into_iter().filter(known).collect()
    }

    fn plan(&self, candidates: &[&Kept]) -> Result<Plan, Vec<Refusal>> {
        let held = candidates.iter();
        let held: Vec<Held<'_>> =
            held.map(|kept| Held { label: &kept.label, credential: &kept.credential }).collect();
        let asked = Asked {
            bundle: &self.loaded.bundle,
            compiled: self.loaded.terms.policy(),
            request: &self.request,
            under: &self.under,
            supplies: Supplies { entries: &self.folder.entries, trust: &self.folder.trust },
        };
        plan(&asked, &held, self.now)
    }
}

impl PlanArguments {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        let asking = self.question.read()?;
        let candidates = asking.candidates();
        let report = match asking.plan(&candidates) {
            Ok(plan) => planning::planned(&plan, &asking.folder.entries),
            Err(refusals) => planning::refused(&refusals),
        };
        let others = asking.folder.credentials.len() - candidates.len();
        let report = report.json("others", others);
        Ok(match others {
            0 => report,
            _ => {
                report.line(format!("Credentials of schemas that the terms do not have: {others}"))
            }
        })
    }
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Report, Failure> {
        let asking = self.question.read()?;
        let Asking { folder, loaded, request, now, .. } = &asking;
        let audience = self.audience.as_deref().unwrap_or(request.audience());
        let expectation = Expectation { audience, now: *now, skew: self.skew };
        check_request(loaded, request, &self.question.request, &expectation)?;
        check_names(loaded, self.reveal.iter().map(|named| (&named.role[..], "--reveal")))?;
        let candidates = asking.candidates();
        let plan = asking.plan(&candidates).map_err(|refusals| self.refused(&refusals))?;
        let shown: Vec<Vec<&Entry>> =
            plan.roles.iter().map(|role| pick(&folder.entries, &role.entries)).collect();
        let reveal = reveal_by_role(loaded, &self.reveal);
        let parts = plan.roles.iter().zip(shown.iter().zip(&reveal));
        let holdings = parts.filter_map(|(role, (entries, reveal))| {
            let credential = &candidates.get(role.held)?.credential;
            Some(Holding { credential, entries, window: role.window, reveal })
        });
        let holdings: Vec<Holding<'_>> = holdings.collect();
        let answer = Answer { loaded, request, expectation, trust: &folder.trust };
        let report = answer.write(&holdings, &self.out, |error| failure(loaded, error))?;
        let used: Vec<&str> = plan.roles.iter().map(|role| role.label.as_str()).collect();
        Ok(report.row("presented", used.join(", ")).json("presented", used))
    }

    fn refused(&self, refusals: &[Refusal]) -> Failure {
        let complaint = |refusal: &Refusal| {
            let complaint = Complaint::new(refusal.to_string());
            match refusal {
                Refusal::Role { .. } | Refusal::Together { .. } | Refusal::Search(_) => complaint
                    .in_file(&self.question.wallet)
                    .remedy("`wallet refresh` with the newest lists, or ask the issuer"),
                _ => complaint
                    .in_file(&self.question.request)
                    .remedy("ask the verifier for a request that keeps to its policy"),
            }
        };
        Failure::refusals(refusals.iter().map(complaint).collect())
    }
}
