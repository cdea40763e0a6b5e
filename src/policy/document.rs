//! The policy document, as it is written.
//!
//! ```toml
//! format = "sigil-policy/1"
//! id = "example.org/adult"
//! version = "1.0.0"
//! jurisdictions = ["EU"]                   # ISO 3166-1 or -2, or EU
//! authority = "did:key:z6Mk…"              # Ed25519; the bundle must then be signed by it
//! supersedes = ["…64 hex digits…"]         # hashes of the policies that this one replaces
//! relying_parties = ["https://…"]          # classes of verifiers; without it, any
//! purposes = ["https://w3id.org/dpv#…"]    # terms of the Data Privacy Vocabulary
//! legal_bases = ["https://w3id.org/dpv/legal/eu/gdpr#…"]
//! retention = { days = 30 }
//! leap_day = "feb28"                       # or mar1: the birthday of a 29 February
//! clock_skew = 300                         # seconds; the default
//! validity = { from = "2026-01-01T00:00:00Z", until = "2027-01-01T00:00:00Z" }
//! accept = "adult || guardian"             # over the names of predicates; without it, all
//! equal = [["kyc.person", "income.person"]]
//! pseudonym = { scope = "…" }
//!
//! [[agree]]                                # distinct issuers say the same
//! roles = ["kyc", "bank"]
//! fields = ["birth_date"]
//!
//! [[agree]]                                # two of three say the same, of each field by itself
//! roles = ["kyc", "bank", "tax"]
//! fields = ["birth_date"]
//! quorum = 2
//!
//! [[agree]]                                # whom their trust list puts first is believed
//! roles = ["bank", "tax"]
//! fields = ["residence"]
//! rule = "precedence"
//! ```
//!
//! with roles, claims, parameters and predicates as [`crate::policy`] shows, and test cases as
//! [`Example`] does. Lists whose order says nothing are sorted in the normal form, so that one
//! policy has one [`PolicyHash`] however it was written.

mod claim;
pub(super) mod reading;
mod role;

pub(super) use claim::{Claim, ClaimPath};
pub use claim::{ClaimRule, Level};
pub(super) use role::{Agreement, RoleRule};
pub use role::{AgreementRule, ListRule, Presence, TrustRule, Validity};

use super::example::Example;
use super::expression::{Expression, Literal};
use crate::authority::Authority;
use crate::digest::digest_type;
use crate::document::{Bounds, Cursor, Document, Fault, Fields};
use crate::schema::{SchemaId, Version};
use crate::value::{LeapDay, NAME_REMEDY, Timestamp, is_name};
use reading::{array, list, name, number, parsed, set, texts, timestamp, unique, word};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// The format's name and version.
pub const FORMAT: &str = "sigil-policy/1";

/// The allowance for clocks that differ, in seconds, of a policy that says nothing of it.
pub const DEFAULT_CLOCK_SKEW: u32 = 300;

const JURISDICTIONS: RangeInclusive<usize> = 0..=64;
const SUPERSEDED: RangeInclusive<usize> = 0..=256;
const PARTIES: RangeInclusive<usize> = 1..=256;
const TERMS: RangeInclusive<usize> = 0..=64;
const RETENTION: RangeInclusive<u32> = 0..=36_525;
const CLOCK_SKEW: RangeInclusive<u32> = 0..=3_600;
const ROLES: RangeInclusive<usize> = 1..=16;
const CLAIMS: RangeInclusive<usize> = 0..=1024;
const PARAMS: RangeInclusive<usize> = 0..=256;
const PREDICATES: RangeInclusive<usize> = 0..=64;
const EQUALITIES: RangeInclusive<usize> = 0..=64;
const AGREEMENTS: RangeInclusive<usize> = 0..=16;
const EXAMPLES: RangeInclusive<usize> = 0..=256;

const FIELDS: [&str; 23] = [
    "format",
    "id",
    "version",
    "title",
    "jurisdictions",
    "authority",
    "supersedes",
    "relying_parties",
    "purposes",
    "legal_bases",
    "retention",
    "leap_day",
    "clock_skew",
    "validity",
    "roles",
    "claims",
    "params",
    "predicates",
    "accept",
    "equal",
    "agree",
    "pseudonym",
    "tests",
];

digest_type! {
    /// The hash of a policy document: SHA-256 of its RFC 8785 form.
    PolicyHash
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Predicate {
    pub(super) name: String,
    pub(super) expression: Expression,
}

/// The time in which a policy is in force: from one moment on, until before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub(super) from: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
}

/// A disclosure policy as written: well formed, its expressions parsed, not yet held against
/// schemas. [`compile`](Self::compile) does that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(super) id: String,
    pub(super) version: Version,
    pub(super) title: Option<String>,
    pub(super) jurisdictions: BTreeSet<String>,
    pub(super) authority: Option<Authority>,
    pub(super) supersedes: BTreeSet<PolicyHash>,
    pub(super) relying_parties: Option<BTreeSet<String>>,
    pub(super) purposes: BTreeSet<String>,
    pub(super) legal_bases: BTreeSet<String>,
    /// Days.
    pub(super) retention: Option<u32>,
    pub(super) leap_day: Option<LeapDay>,
    /// Seconds.
    pub(super) clock_skew: u32,
    pub(super) validity: Option<Window>,
    pub(super) roles: Vec<RoleRule>,
    pub(super) claims: Vec<Claim>,
    pub(super) params: BTreeMap<String, Literal>,
    pub(super) predicates: Vec<Predicate>,
    pub(super) accept: Option<Expression>,
    pub(super) equal: Vec<(ClaimPath, ClaimPath)>,
    pub(super) agree: Vec<Agreement>,
    pub(super) pseudonym: Option<String>,
    pub(super) tests: Vec<Example>,
}

impl Policy {
    /// Reads a policy from TOML or JSON.
    pub fn parse(octets: &[u8]) -> Result<Self, Fault> {
        Self::from_document(&Document::read(octets, &Bounds::PUBLISHED)?)
    }

    /// Reads a policy from a document.
    pub fn from_document(document: &Document) -> Result<Self, Fault> {
        Self::from_cursor(&Cursor::root(document))
    }

    pub(super) fn from_cursor(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let root = cursor.fields(&FIELDS)?;
        root.format(FORMAT)?;
        let title = root.optional("title").map(|title| title.bounded_text(1..=256));
        let parties = root
            .optional("relying_parties")
            .map(|parties| set(Some(parties), PARTIES, reading::iri));
        let leap_day = root.optional("leap_day").map(|at| word(&at, &LeapDay::ALL, LeapDay::word));
        let skew = root.optional("clock_skew").map(|at| number(&at, CLOCK_SKEW));
        let policy = Self {
            id: root.required("id")?.bounded_text(1..=256)?.to_owned(),
            version: Version::parse(&root.required("version")?)?,
            title: title.transpose()?.map(str::to_owned),
            jurisdictions: set(
                root.optional("jurisdictions"),
                JURISDICTIONS,
                reading::jurisdiction,
            )?,
            authority: authority(&root)?,
            supersedes: set(root.optional("supersedes"), SUPERSEDED, |hash| {
                parsed(hash, "copy the hash of the policy that is replaced")
            })?,
            relying_parties: parties.transpose()?,
            purposes: set(root.optional("purposes"), TERMS, reading::dpv)?,
            legal_bases: set(root.optional("legal_bases"), TERMS, reading::dpv)?,
            retention: retention(&root)?,
            leap_day: leap_day.transpose()?,
            clock_skew: skew.transpose()?.unwrap_or(DEFAULT_CLOCK_SKEW),
            validity: root.optional("validity").map(|at| Window::parse(&at)).transpose()?,
            roles: list(Some(root.required("roles")?), ROLES, RoleRule::parse)?,
            claims: list(root.optional("claims"), CLAIMS, Claim::parse)?,
            params: params(root.optional("params"))?,
            predicates: list(root.optional("predicates"), PREDICATES, Predicate::parse)?,
            accept: root.optional("accept").map(|at| Expression::parse(&at)).transpose()?,
            equal: list(root.optional("equal"), EQUALITIES, claim::equality)?,
            agree: list(root.optional("agree"), AGREEMENTS, Agreement::parse)?,
            pseudonym: pseudonym(&root)?,
            tests: list(root.optional("tests"), EXAMPLES, Example::parse)?,
        };
        policy.check_names()?;
        Ok(policy)
    }

    fn check_names(&self) -> Result<(), Fault> {
        unique("roles", "name", self.roles.iter().map(|role| role.name.as_str()))?;
        let paths: Vec<String> = self.claims.iter().map(|claim| claim.path.text()).collect();
        unique("claims", "path", paths.iter().map(String::as_str))?;
        unique("predicates", "name", self.predicates.iter().map(|p| p.name.as_str()))?;
        unique("tests", "name", self.tests.iter().map(Example::name))?;
        let roles: Vec<&str> = self.roles.iter().map(|role| role.name.as_str()).collect();
        let mut tests = self.tests.iter().enumerate();
        tests.try_for_each(|(i, test)| test.check_roles(&roles, &format!("$.tests[{i}]")))
    }

    /// The policy as a document in normal form: defaults written out, sets sorted.
    pub fn to_document(&self) -> Document {
        let mut entries = vec![
            ("format", Document::text(FORMAT)),
            ("id", Document::text(&self.id)),
            ("version", Document::text(self.version.to_string())),
            ("jurisdictions", texts(&self.jurisdictions)),
            ("supersedes", texts(&self.supersedes)),
            ("purposes", texts(&self.purposes)),
            ("legal_bases", texts(&self.legal_bases)),
            ("clock_skew", Document::Integer(self.clock_skew.into())),
            ("roles", array(&self.roles, RoleRule::to_document)),
            ("claims", array(&self.claims, Claim::to_document)),
            ("predicates", array(&self.predicates, Predicate::to_document)),
            ("equal", array(&self.equal, claim::equality_to_document)),
            ("agree", array(&self.agree, Agreement::to_document)),
            ("tests", array(&self.tests, Example::to_document)),
        ];
        let params = self.params.iter().map(|(name, value)| (name.as_str(), value.to_document()));
        entries.push(("params", Document::object(params)));
        let text = |key, text: Option<String>| text.map(|text| (key, Document::Text(text)));
        let only = |key, inner, value| (key, Document::object([(inner, value)]));
        let optional = [
            text("title", self.title.clone()),
            text("authority", self.authority.map(|authority| authority.to_string())),
            self.relying_parties.as_ref().map(|all| ("relying_parties", texts(all))),
            self.retention.map(|days| only("retention", "days", Document::Integer(days.into()))),
            text("leap_day", self.leap_day.map(|rule| rule.word().to_owned())),
            self.validity.map(|window| ("validity", window.to_document())),
            text("accept", self.accept.as_ref().map(|accept| accept.source.clone())),
            self.pseudonym.as_ref().map(|scope| only("pseudonym", "scope", Document::text(scope))),
        ];
        entries.extend(optional.into_iter().flatten());
        Document::object(entries)
    }

    /// The hash of the document, by which another policy supersedes it.
    pub fn hash(&self) -> PolicyHash {
        PolicyHash::from_bytes(self.to_document().digest())
    }
}

/// What the document says, for those who act on it.
impl Policy {
    /// The policy's identifier.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The title for people.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Where it applies: codes of ISO 3166, or `EU`.
    pub fn jurisdictions(&self) -> &BTreeSet<String> {
        &self.jurisdictions
    }

    /// Who has to sign the bundle; none if nobody has to.
    pub fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }

    /// The policies that this one replaces.
    pub fn supersedes(&self) -> &BTreeSet<PolicyHash> {
        &self.supersedes
    }

    /// The classes of verifiers that may ask; none if any may.
    pub fn relying_parties(&self) -> Option<&BTreeSet<String>> {
        self.relying_parties.as_ref()
    }

    /// Why it is asked: terms of the Data Privacy Vocabulary.
    pub fn purposes(&self) -> &BTreeSet<String> {
        &self.purposes
    }

    /// On what legal basis: terms of the Data Privacy Vocabulary.
    pub fn legal_bases(&self) -> &BTreeSet<String> {
        &self.legal_bases
    }

    /// For how many days what is revealed may be kept.
    pub fn retention(&self) -> Option<u32> {
        self.retention
    }

    /// When who is born on a 29 February has a birthday in a common year.
    pub fn leap_day(&self) -> Option<LeapDay> {
        self.leap_day
    }

    /// By how many seconds clocks may differ.
    pub fn clock_skew(&self) -> u32 {
        self.clock_skew
    }

    /// When it is in force; none if always.
    pub fn validity(&self) -> Option<&Window> {
        self.validity.as_ref()
    }

    /// The scope in which one person may act once.
    pub fn pseudonym(&self) -> Option<&str> {
        self.pseudonym.as_deref()
    }

    /// The schemas of the roles, in order.
    pub fn schemas(&self) -> impl Iterator<Item = (&str, SchemaId)> {
        self.roles.iter().map(|role| (role.name.as_str(), role.schema))
    }

    /// The other schemas whose credentials each role accepts, in order of the roles.
    pub fn accepts(&self) -> impl Iterator<Item = &[SchemaId]> {
        self.roles.iter().map(|role| role.accepts.as_slice())
    }

    /// What it says of a field, listed or not.
    pub fn claim_rule(&self, role: &str, field: &str) -> ClaimRule {
        let mut claims = self.claims.iter();
        let claim = claims.find(|claim| claim.path.role == role && claim.path.field == field);
        claim.map_or(ClaimRule::Predicate, |claim| claim.rule)
    }

    /// The claims that it lists, in order: role, field and what it says of it.
    pub fn claims(&self) -> impl Iterator<Item = (&str, &str, ClaimRule)> {
        self.claims.iter().map(|claim| (&claim.path.role[..], &claim.path.field[..], claim.rule))
    }

    /// The predicates, in order: name and text.
    pub fn predicates(&self) -> impl Iterator<Item = (&str, &str)> {
        self.predicates.iter().map(|one| (one.name.as_str(), one.expression.source.as_str()))
    }

    /// What has to hold over the names of the predicates, as text; none if all of them.
    pub fn accept(&self) -> Option<&str> {
        self.accept.as_ref().map(|accept| accept.source.as_str())
    }

    /// Pairs of claims, `role.field`, that must be the same.
    pub fn equal(&self) -> impl Iterator<Item = [String; 2]> {
        self.equal.iter().map(|(a, b)| [a.text(), b.text()])
    }

    /// Roles that must agree, with the fields on which.
    pub fn agree(&self) -> impl Iterator<Item = (&[String], &[String])> {
        self.agree.iter().map(|rule| (&rule.roles[..], &rule.fields[..]))
    }

    /// The sorted lists that each role's credential is held against, in order of the roles.
    pub fn lists(&self) -> impl Iterator<Item = &[ListRule]> {
        self.roles.iter().map(|role| role.lists.as_slice())
    }

    /// The trust list of each role, in order of the roles; none where the policy names the issuers.
    pub fn trust_rules(&self) -> impl Iterator<Item = Option<&TrustRule>> {
        self.roles.iter().map(|role| role.trust.as_ref())
    }

    /// Its test cases.
    pub fn tests(&self) -> &[Example] {
        &self.tests
    }
}

impl Predicate {
    fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let fields = cursor.fields(&["name", "expr"])?;
        Ok(Self {
            name: name(&fields.required("name")?)?,
            expression: Expression::parse(&fields.required("expr")?)?,
        })
    }

    fn to_document(&self) -> Document {
        Document::object([
            ("name", Document::text(&self.name)),
            ("expr", Document::text(&self.expression.source)),
        ])
    }
}

impl Window {
    fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let fields = cursor.fields(&["from", "until"])?;
        let from = fields.optional("from").map(|at| timestamp(&at)).transpose()?;
        let until = fields.optional("until").map(|at| timestamp(&at)).transpose()?;
        let ordered = from.zip(until).is_none_or(|(from, until)| from < until);
        match (from, until) {
            (None, None) => {
                Err(cursor.invalid("neither end is given", "write from, until or both"))
            }
            _ if !ordered => Err(cursor.invalid("it ends before it begins", "put from first")),
            _ => Ok(Self { from, until }),
        }
    }

    fn to_document(self) -> Document {
        let entry = |key, at: Option<Timestamp>| at.map(|at| (key, Document::Text(at.to_string())));
        let entries = [entry("from", self.from), entry("until", self.until)];
        Document::object(entries.into_iter().flatten())
    }

    /// Its first moment; none if it has always been.
    pub fn from(&self) -> Option<Timestamp> {
        self.from
    }

    /// The first moment after it; none if it does not end.
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }
}

fn authority(root: &Fields<'_>) -> Result<Option<Authority>, Fault> {
    let read = |at: Cursor<'_>| parsed(&at, "copy the authority's did:key");
    root.optional("authority").map(read).transpose()
}

fn retention(root: &Fields<'_>) -> Result<Option<u32>, Fault> {
    let read = |at: Cursor<'_>| number(&at.fields(&["days"])?.required("days")?, RETENTION);
    root.optional("retention").map(read).transpose()
}

fn pseudonym(root: &Fields<'_>) -> Result<Option<String>, Fault> {
    let read = |at: Cursor<'_>| -> Result<String, Fault> {
        let scope = at.fields(&["scope"])?.required("scope")?;
        scope.bounded_text(1..=256).map(str::to_owned)
    };
    root.optional("pseudonym").map(read).transpose()
}

pub(super) fn params(cursor: Option<Cursor<'_>>) -> Result<BTreeMap<String, Literal>, Fault> {
    let Some(cursor) = cursor else { return Ok(BTreeMap::new()) };
    let entries = cursor.entries()?;
    if !PARAMS.contains(&entries.len()) {
        let remedy = format!("write at most {}", PARAMS.end());
        return Err(cursor.invalid(format!("{} parameters", entries.len()), remedy));
    }
    let read = |(name, value): &(&str, Cursor<'_>)| {
        if !is_name(name) {
            return Err(value.invalid("not a name for a parameter", NAME_REMEDY));
        }
        Ok(((*name).to_owned(), Literal::parse(value)?))
    };
    entries.iter().map(read).collect()
}

/// The JSON Schema (draft 2020-12) of the policy document.
///
/// It says what a document can say by its form; expressions, references between parts and whatever
/// needs the credentials' schemas are checked by [`Policy::parse`] and [`Policy::compile`].
pub fn json_schema() -> &'static str {
    include_str!("json_schema.json")
}
