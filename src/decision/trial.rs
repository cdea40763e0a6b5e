//! The test cases that a policy brings along, run by example values.

use super::status::StatusState;
use super::{Code, Decision, Evidence, Situation, Verdict, rehearse};
use crate::document::{Fault, Problem};
use crate::policy::{Bundle, CompiledPolicy, Example, Expected, ExpectedReason, Policy};
use crate::request::{Nonce, PresentationRequest};
use crate::schema::Schema;
use crate::value::Timestamp;

/// The audience of the requests that test cases are run with.
const AUDIENCE: &str = "https://verifier.example";
/// The life of a request that does not say when it expires, in seconds.
const LIFETIME: u64 = 600;

/// What came of one test case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestOutcome {
    name: String,
    expected: Expected,
    verdict: Verdict,
}

impl TestOutcome {
    /// The case's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the policy expects.
    pub fn expected(&self) -> &Expected {
        &self.expected
    }

    /// What came of it.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// Whether it came out as expected: permitted, or denied for exactly these reasons in order.
    pub fn passed(&self) -> bool {
        match (&self.expected, self.verdict.decision()) {
            (Expected::Permit, Decision::Permit) => true,
            (Expected::Deny(expected), Decision::Deny(found)) => {
                let matches = |(expected, found): (&ExpectedReason, &super::Reason)| {
                    expected.code == found.code().word()
                        && expected.path.as_deref().is_none_or(|path| path == found.path())
                };
                expected.len() == found.len() && expected.iter().zip(found).all(matches)
            }
            _ => false,
        }
    }
}

impl Policy {
    /// Runs the policy's test cases by their values, without proofs. Those that name no time are run
    /// at `now`.
    ///
    /// # Errors
    /// A fault of the policy under the schemas, or of an example's values.
    pub fn run_tests(&self, schemas: &[Schema], now: Timestamp) -> Result<Vec<TestOutcome>, Fault> {
        let compiled = self.compile(schemas)?;
        let bundle = Bundle::new(self.clone(), None);
        let run = |(i, example): (usize, &Example)| {
            let place = format!("$.tests[{i}]");
            let outcome = run_test(&bundle, &compiled, example, now);
            outcome.map_err(|fault| fault.under(&place))
        };
        self.tests().iter().enumerate().map(run).collect()
    }
}

fn run_test(
    bundle: &Bundle,
    compiled: &CompiledPolicy,
    example: &Example,
    now: Timestamp,
) -> Result<TestOutcome, Fault> {
    if let Expected::Deny(reasons) = example.expected() {
        for (i, reason) in reasons.iter().enumerate() {
            if !Code::ALL.iter().any(|code| code.word() == reason.code) {
                let problem = Problem::Invalid(format!("no reason is called \"{}\"", reason.code));
                let words: Vec<&str> = Code::ALL.iter().map(|code| code.word()).collect();
                let remedy = format!("known: {}", words.join(", "));
                return Err(Fault::new(format!("$.expect[{i}]"), problem, remedy));
            }
        }
    }
    let now = example.time().unwrap_or(now);
    let request = request(bundle, example, now)?;
    let status = StatusState::default();
    let evidence = Evidence::of_example(compiled, example)?;
    let situation = Situation { audience: AUDIENCE, status: &status, now };
    let verdict = rehearse(bundle, compiled, &request, &evidence, &situation);
    let (name, expected) = (example.name().to_owned(), example.expected().clone());
    Ok(TestOutcome { name, expected, verdict })
}

/// The request that an example answers.
fn request(
    bundle: &Bundle,
    example: &Example,
    now: Timestamp,
) -> Result<PresentationRequest, Fault> {
    let (time, expires) = example.asked_times();
    let time = time.unwrap_or(now);
    let latest = Timestamp::from_unix(time.unix().saturating_add(LIFETIME));
    let expires = expires.or(latest).unwrap_or(Timestamp::MAX);
    let nonce = Nonce::from_bytes([0; 32]);
    let place = |fault: Fault| fault.under("$.request");
    let request = PresentationRequest::new(bundle.hash(), AUDIENCE, nonce, time, expires);
    let mut request = request.map_err(place)?;
    let (party, claims) = example.asked();
    if let Some(party) = party {
        request = request.with_relying_party(party).map_err(place)?;
    }
    match claims.is_empty() {
        true => Ok(request),
        false => request.with_claims(&claims).map_err(place),
    }
}
