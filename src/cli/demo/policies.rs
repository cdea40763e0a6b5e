//! The demo's other policies: their own test cases, with real credentials, proofs and decisions.

use super::stages::WORDS;
use crate::bbs::{SecretKey, Suite};
use crate::cli::failure::{Complaint, Failure, InFile};
use crate::cli::report::Report;
use crate::credential::{Credential, Issuer, StatusHandles, Validity};
use crate::decision::{Situation, StatusState, decide};
use crate::encoding::Wire;
use crate::plan::{Asked, Held, Supplies, plan};
use crate::policy::{Bundle, Example, Expected, Policy};
use crate::presentation::{Expectation, Holding, Presentation, Terms, prove, verify};
use crate::request::{InMemoryNonces, Nonce, PresentationRequest};
use crate::schema::Schema;
use crate::value::Timestamp;
use rand_core::OsRng;
use serde_json::{Value, json};
use sigil_circuits::ProvingKey;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const AUDIENCE: &str = "https://distribution.example";
/// Seconds for which the requests are good.
const LIFETIME: u64 = 600;

const POLICIES: [(&str, &str); 2] = [
    (
        "vectors/policies/a-eu-adult-resident.toml",
        include_str!("../../../vectors/policies/a-eu-adult-resident.toml"),
    ),
    (
        "vectors/policies/f-token-distribution.toml",
        include_str!("../../../vectors/policies/f-token-distribution.toml"),
    ),
];
const SCHEMAS: [&str; 2] = [
    include_str!("../../../vectors/policies/schemas/identity.toml"),
    include_str!("../../../vectors/policies/schemas/activity.toml"),
];
/// The issuers that these policies name first; their keys come from the demo's words.
const ISSUERS: [&str; 2] = ["identity-de", "activity"];

/// How the cases of one policy came out.
pub(super) struct Outcome {
    title: String,
    constraints: usize,
    cases: usize,
    permitted: usize,
    planned: usize,
    as_expected: usize,
    octets: usize,
}

impl Outcome {
    pub(super) fn right(&self) -> bool {
        self.as_expected == self.cases
    }
}

/// Walks every test case of every policy the whole way.
pub(super) fn run() -> Result<Vec<Outcome>, Failure> {
    let schemas = SCHEMAS.iter().map(|text| Schema::parse(text.as_bytes()));
    let schemas = schemas.collect::<Result<Vec<_>, _>>()?;
    let walk = |(file, text): &(&str, &str)| {
        let policy = Policy::parse(text.as_bytes()).in_file(Path::new(file))?;
        Party::new(policy, &schemas).and_then(|party| party.outcome())
    };
    POLICIES.iter().map(walk).collect()
}

/// Everybody who takes part under one policy.
struct Party {
    bundle: Bundle,
    terms: Terms,
    key: Option<ProvingKey>,
    issuers: BTreeMap<String, Issuer>,
}

impl Party {
    fn new(policy: Policy, schemas: &[Schema]) -> Result<Self, Failure> {
        let compiled = policy.compile(schemas)?;
        let key = compiled.shape().map(|shape| sigil_circuits::setup(shape, &mut OsRng));
        let key = key.transpose()?;
        let verifying = key.as_ref().map(|key| key.verifying_key().clone());
        let bundle = Bundle::pin(policy, verifying.as_ref());
        let terms = Terms::new(&bundle, schemas, verifying);
        let terms = terms.map_err(|error| Failure::input(Complaint::new(error.to_string())))?;
        let keys =
            ISSUERS.map(|name| SecretKey::generate(Suite::Sha256, WORDS, name.as_bytes(), None));
        let keys = keys.into_iter().collect::<Result<Vec<SecretKey>, _>>()?;
        let mut issuers = BTreeMap::new();
        for role in terms.policy().roles() {
            let known = keys.iter().find(|key| role.issuers().contains(key.public_key()));
            let known = known.ok_or_else(|| {
                Failure::input(Complaint::new("none of the demo's issuers is among those named"))
            })?;
            let schema = Arc::new(role.schema().clone());
            let handles = StatusHandles::new([0; 32]);
            let issuer = Issuer::new(known.clone(), role.suite(), handles, schema)?;
            issuers.insert(role.name().to_owned(), issuer);
        }
        Ok(Party { bundle, terms, key, issuers })
    }

    fn outcome(&self) -> Result<Outcome, Failure> {
        let policy = self.bundle.policy();
        let mut outcome = Outcome {
            title: policy.title().unwrap_or(policy.id()).to_owned(),
            constraints: self.terms.policy().shape().map_or(0, |shape| shape.constraints()),
            cases: policy.tests().len(),
            permitted: 0,
            planned: 0,
            as_expected: 0,
            octets: 0,
        };
        for example in policy.tests() {
            let (planned, octets) = self.walk(example)?;
            outcome.planned += usize::from(planned);
            outcome.permitted += usize::from(octets.is_some());
            outcome.octets = outcome.octets.max(octets.unwrap_or(0));
            let expected = *example.expected() == Expected::Permit;
            // A plan is not refused for what the holder adds to it.
            let wished = example.reveals().next().is_some();
            let fits = octets.is_some() == expected && (planned == expected || wished);
            outcome.as_expected += usize::from(fits);
        }
        Ok(outcome)
    }

    /// One case: whether the wallet finds a plan, and the length of what was permitted.
    fn walk(&self, example: &Example) -> Result<(bool, Option<usize>), Failure> {
        let now = example.time().unwrap_or(Timestamp::MAX);
        let credentials = self.credentials(example)?;
        let expires = Timestamp::from_unix(now.unix().saturating_add(LIFETIME));
        let (nonce, expires) = (Nonce::random(&mut OsRng), expires.unwrap_or(Timestamp::MAX));
        let request = PresentationRequest::new(self.bundle.hash(), AUDIENCE, nonce, now, expires)?;
        let held = credentials.iter().map(|credential| Held { label: "", credential });
        let asked = Asked {
            bundle: &self.bundle,
            compiled: self.terms.policy(),
            request: &request,
            under: &[],
            supplies: Supplies::default(),
        };
        let planned = plan(&asked, &held.collect::<Vec<_>>(), now).is_ok();
        let reveals: Vec<String> = example.reveals().collect();
        let of_role = |role: &str| -> Vec<&str> {
            let paths = reveals.iter().filter_map(|path| path.split_once('.'));
            paths.filter(|(name, _)| *name == role).map(|(_, field)| field).collect()
        };
        let reveal: Vec<Vec<&str>> =
            self.terms.policy().roles().iter().map(|role| of_role(role.name())).collect();
        let holdings: Vec<Holding<'_>> = credentials
            .iter()
            .zip(&reveal)
            .map(|(credential, reveal)| Holding { reveal, ..Holding::new(credential) })
            .collect();
        let made = prove(&self.terms, &request, &holdings, self.key.as_ref(), &mut OsRng);
        let Ok(made) = made else { return Ok((planned, None)) };
        let octets = made.to_bytes();
        let received = Presentation::from_bytes(&octets)?;
        let expectation = Expectation { audience: AUDIENCE, now, skew: 0 };
        let nonces = InMemoryNonces::default();
        let verified = verify(&self.terms, &request, &expectation, &received, &nonces);
        let Ok(verified) = verified else { return Ok((planned, None)) };
        let situation = Situation { audience: AUDIENCE, status: &StatusState::default(), now };
        let verdict = decide(&self.terms, &self.bundle, &request, &verified, &situation);
        Ok((planned, verdict.decision().is_permit().then_some(octets.len())))
    }

    fn credentials(&self, example: &Example) -> Result<Vec<Credential>, Failure> {
        let roles = self.terms.policy().roles().iter().enumerate();
        let issue = |(number, role): (usize, &crate::policy::Role)| {
            let (Some((record, from, until)), Some(issuer)) =
                (example.holding(role.name()), self.issuers.get(role.name()))
            else {
                let problem = format!("{}: nobody holds the role {}", example.name(), role.name());
                return Err(Failure::input(Complaint::new(problem)));
            };
            let first = from.or(Timestamp::from_unix(0)).unwrap_or(Timestamp::MAX);
            let last = until.or(Timestamp::from_hours(1 << 21)).unwrap_or(Timestamp::MAX);
            let record = role.schema().record_from_document(record)?;
            Ok(issuer.issue(record, Validity::between(first, last)?, number as u64)?)
        };
        roles.map(issue).collect()
    }
}

/// A table of the outcomes.
pub(super) fn report(report: Report, outcomes: &[Outcome]) -> Report {
    let mut report = report.line(
        "Two more policies, each with its own test cases: issued, planned, proven, verified, decided.",
    );
    report = report.line(format!(
        "{:>11}{:>7}{:>9}{:>11}{:>13}{:>8}  {}",
        "constraints", "cases", "planned", "permitted", "as expected", "octets", "policy"
    ));
    let mut list: Vec<Value> = Vec::new();
    for outcome in outcomes {
        let Outcome { title, constraints, cases, permitted, planned, as_expected, octets } =
            outcome;
        report = report.line(format!(
            "{constraints:>11}{cases:>7}{planned:>9}{permitted:>11}{as_expected:>13}{octets:>8}  {title}"
        ));
        list.push(json!({
            "title": title, "constraints": constraints, "cases": cases, "planned": planned,
            "permitted": permitted, "as_expected": as_expected, "octets": octets,
        }));
    }
    report.json("policies", list)
}
