//! Ready-made issuers, credentials, policies and requests, for tests and benches.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::expect_used,
    reason = "each user takes a part; a broken one must stop"
)]

pub mod epochs;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sigil::bbs::{SecretKey, Suite};
use sigil::credential::{Credential, Issuer, StatusHandles, Validity};
use sigil::did_key;
use sigil::policy::{Bundle, BundleHash, Policy};
use sigil::presentation::{
    self, Expectation, Holding, Presentation, ProveError, Terms, VerifiedPresentation, VerifyError,
};
use sigil::request::{InMemoryNonces, Nonce, PresentationRequest};
use sigil::schema::Schema;
use sigil::value::Timestamp;
use sigil_circuits::ProvingKey;
use std::sync::Arc;

pub const AUDIENCE: &str = "https://verifier.example";
pub const NOW: &str = "2026-06-01T12:30:00Z";

/// Sixteen fields; the first eight are revealed by [`SIXTEEN_POLICY`].
pub const SIXTEEN: &str = r#"
format = "sigil-schema/1"
name = "example.org/sixteen"
version = "1.0.0"
fields = [
  { name = "country", type = "code" },
  { name = "tier", type = "uint(8)" },
  { name = "member", type = "bool" },
  { name = "joined", type = "date" },
  { name = "region", type = "code" },
  { name = "kind", type = { enum = { person = 0, company = 1 } } },
  { name = "seen", type = "timestamp" },
  { name = "points", type = "uint(32)" },
  { name = "income", type = "uint(64)" },
  { name = "savings", type = "decimal(2, 48)" },
  { name = "birth_date", type = "date" },
  { name = "delta", type = "int(32)" },
  { name = "person", type = "text" },
  { name = "score", type = "uint(16)", optional = true },
  { name = "tag", type = "bytes" },
  { name = "level", type = "uint(4)" },
]
"#;

pub const SIXTEEN_RECORD: &str = r#"{
  "country": "CH", "tier": 3, "member": true, "joined": "2020-02-29", "region": "ZH",
  "kind": "person", "seen": "2026-05-01T10:00:00Z", "points": 4711, "income": 90000,
  "savings": "1234.50", "birth_date": "1990-04-17", "delta": -12, "person": "p-7f3a91",
  "score": 700, "tag": "AAECAw", "level": 9
}"#;

/// Eight fields revealed, one 64-bit threshold and the validity window proven.
pub const SIXTEEN_POLICY: &str = r#"
format = "sigil-policy/1"
id = "example.org/sixteen"
version = "1.0.0"

[[roles]]
name = "card"
schema = "{schema0}"
issuers = ["{issuer0}"]

[[claims]]
path = "card.country"
disclosure = "must"
one_of = ["CH", "LI", "AT"]
[[claims]]
path = "card.tier"
disclosure = "must"
[[claims]]
path = "card.member"
disclosure = "must"
[[claims]]
path = "card.joined"
disclosure = "must"
[[claims]]
path = "card.region"
disclosure = "must"
[[claims]]
path = "card.kind"
disclosure = "must"
[[claims]]
path = "card.seen"
disclosure = "must"
[[claims]]
path = "card.points"
disclosure = "must"

[params]
least = 50000

[[predicates]]
name = "income"
expr = "card.income >= params.least"
"#;

/// All that a holder and a verifier need for one policy.
pub struct Scenario {
    pub terms: Terms,
    pub key: Option<ProvingKey>,
    pub bundle: Bundle,
    pub schemas: Vec<Arc<Schema>>,
    pub credentials: Vec<Credential>,
    pub request: PresentationRequest,
}

pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub fn time(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

pub fn validity() -> Validity {
    Validity::between(time("2026-01-01T00:00:00Z"), time("2027-01-01T00:00:00Z")).expect("a window")
}

pub fn issuer(schema: &Arc<Schema>, suite: Suite, seed: u64) -> Issuer {
    let key = SecretKey::random(&mut rng(seed));
    Issuer::new(key, suite, StatusHandles::new([seed as u8; 32]), schema.clone())
        .expect("sizes fit")
}

pub fn request(bundle: BundleHash, nonce: u8) -> PresentationRequest {
    let nonce = Nonce::from_bytes([nonce; 32]);
    PresentationRequest::new(bundle, AUDIENCE, nonce, time(NOW), time("2026-06-01T12:40:00Z"))
        .expect("a request")
}

impl Scenario {
    /// One credential for each (schema, record); in the policy, `{schemaN}` and `{issuerN}` stand for
    /// theirs.
    pub fn new(policy: &str, cards: &[(&str, &str)]) -> Self {
        Self::with(policy, cards, Suite::Sha256, validity())
    }

    pub fn with(policy: &str, cards: &[(&str, &str)], suite: Suite, validity: Validity) -> Self {
        let suite_line = format!("suite = \"{}\"\nissuers = [", suite.id());
        let mut policy = policy.replace("issuers = [", &suite_line);
        let (mut schemas, mut credentials) = (Vec::new(), Vec::new());
        for (i, (schema, record)) in cards.iter().enumerate() {
            let schema = Arc::new(Schema::parse(schema.as_bytes()).expect("a schema"));
            let issuer = issuer(&schema, suite, 100 + i as u64);
            let record = schema.record_from_json(record.as_bytes()).expect("a record");
            credentials.push(issuer.issue(record, validity, i as u64).expect("issued"));
            policy = policy
                .replace(&format!("{{schema{i}}}"), &schema.id().to_string())
                .replace(&format!("{{issuer{i}}}"), &did_key::encode(issuer.public_key()));
            schemas.push(schema);
        }
        Self::setup(&policy, schemas, credentials)
    }

    fn setup(policy: &str, schemas: Vec<Arc<Schema>>, credentials: Vec<Credential>) -> Self {
        let policy = Policy::parse(policy.as_bytes()).expect("a policy");
        let plain: Vec<Schema> = schemas.iter().map(|schema| (**schema).clone()).collect();
        let compiled = policy.compile(&plain).expect("compiles");
        let key =
            compiled.shape().map(|shape| sigil_circuits::setup(shape, &mut rng(7)).expect("a key"));
        let verifying = key.as_ref().map(|key| key.verifying_key().clone());
        let bundle = Bundle::pin(policy, verifying.as_ref());
        let terms = Terms::new(&bundle, &plain, verifying).expect("terms");
        let request = request(bundle.hash(), 1);
        Scenario { terms, key, bundle, schemas, credentials, request }
    }

    pub fn plain_schemas(&self) -> Vec<Schema> {
        self.schemas.iter().map(|schema| (**schema).clone()).collect()
    }

    pub fn holdings(&self) -> Vec<Holding<'_>> {
        self.credentials.iter().map(Holding::new).collect()
    }

    pub fn prove(&self, seed: u64) -> Result<Presentation, ProveError> {
        self.prove_with(&self.holdings(), seed)
    }

    pub fn prove_with(
        &self,
        holdings: &[Holding<'_>],
        seed: u64,
    ) -> Result<Presentation, ProveError> {
        let mut rng = rng(seed);
        presentation::prove(&self.terms, &self.request, holdings, self.key.as_ref(), &mut rng)
    }

    pub fn verify(&self, presentation: &Presentation) -> Result<VerifiedPresentation, VerifyError> {
        self.verify_for(&self.request, presentation)
    }

    pub fn verify_for(
        &self,
        request: &PresentationRequest,
        presentation: &Presentation,
    ) -> Result<VerifiedPresentation, VerifyError> {
        let nonces = InMemoryNonces::default();
        presentation::verify(&self.terms, request, &expectation(), presentation, &nonces)
    }
}

pub fn expectation() -> Expectation<'static> {
    Expectation { audience: AUDIENCE, now: time("2026-06-01T12:31:00Z"), skew: 0 }
}

/// A person's identity.
pub const IDENTITY: &str = r#"
format = "sigil-schema/1"
name = "example.org/identity"
version = "1.0.0"
fields = [
  { name = "person", type = "text" },
  { name = "birth_date", type = "date" },
  { name = "country", type = "code" },
  { name = "nickname", type = "text", optional = true },
  { name = "rank", type = "uint(32)" },
  { name = "grade", type = "uint(32)" },
]
"#;

/// The record of an adult.
pub const ADULT: &str = r#"{
  "person": "p-01f7", "birth_date": "1990-04-17", "country": "CH", "rank": 40, "grade": 60
}"#;

/// A person's means.
pub const MEANS: &str = r#"
format = "sigil-schema/1"
name = "example.org/means"
version = "1.0.0"
fields = [
  { name = "person", type = "text" },
  { name = "income", type = "uint(64)" },
  { name = "savings", type = "uint(64)" },
  { name = "bonus", type = "uint(32)", optional = true },
]
"#;

/// The means of the same person.
pub const WEALTHY: &str =
    r#"{ "person": "p-01f7", "income": 60000, "savings": 45000, "bonus": 100 }"#;

/// Two credentials of one person: adult, resident in a listed country revealed, a sum over fields of
/// one, a comparison across both, and the same person hidden.
pub const PAIR_POLICY: &str = r#"
format = "sigil-policy/1"
id = "example.org/pair"
version = "1.0.0"
equal = [["id.person", "means.person"]]

[[roles]]
name = "id"
schema = "{schema0}"
issuers = ["{issuer0}"]

[[roles]]
name = "means"
schema = "{schema1}"
issuers = ["{issuer1}"]

[[claims]]
path = "id.country"
disclosure = "must"
one_of = ["CH", "AT"]

[[claims]]
path = "id.nickname"
disclosure = "may"

[params]
born_by = { date = "2008-06-01" }
least = 100000

[[predicates]]
name = "adult"
expr = "id.birth_date <= params.born_by"

[[predicates]]
name = "funds"
expr = "means.income + means.savings >= params.least"

[[predicates]]
name = "across"
expr = "id.rank < means.bonus && id.rank != id.grade"
"#;

pub fn pair() -> Scenario {
    Scenario::new(PAIR_POLICY, &[(IDENTITY, ADULT), (MEANS, WEALTHY)])
}

pub fn sixteen() -> Scenario {
    Scenario::new(SIXTEEN_POLICY, &[(SIXTEEN, SIXTEEN_RECORD)])
}
