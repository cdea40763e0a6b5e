//! Test cases of a policy: example holders, and the decision that they must get.
//!
//! ```toml
//! [[tests]]
//! name = "born a day too late"
//! time = "2026-06-01T12:00:00Z"            # of the request; without it, the run's
//! holders.kyc = { record = { birth_date = "2008-06-02", country = "CH" } }
//! expect = ["predicate:$.predicates[0]"]   # or "permit"
//! ```
//!
//! | key | meaning | if left out |
//! |---|---|---|
//! | `holders.ROLE.record` | the values of the credential | – |
//! | `holders.ROLE.issuer` | a `did:key`, or which of the role's issuers, from 0; with a trust list, a number stands for an issuer of the role's own | 0 |
//! | `holders.ROLE.valid_from`, `valid_until` | its validity window | valid throughout |
//! | `holders.ROLE.standing` | what the role's trust list says of the issuer: `trusted`, or a reason such as `issuer-key-rotated` | `trusted` |
//! | `holders.ROLE.precedence` | the issuer's precedence in the trust list | 0 |
//! | `holders.ROLE.lists` | for each list of the role, `{ issued_at, next_update, epoch, listed }` | nothing is shown |
//! | `request` | `{ relying_party, claims, time, expires }` | ten minutes from `time` |
//! | `reveal` | claims that the holder reveals beyond those that must be | none |
//! | `withhold` | claims that the holder should reveal and does not | none |
//! | `expect` | `"permit"`, or every reason for the denial, in order, as `code` or `code:path` | – |
//!
//! No proof is made: an example is judged by its values.

use super::compile::{CompiledPolicy, Role};
use super::document::reading::{array, iri, list, number, texts, timestamp};
use super::document::{ClaimPath, Policy};
use super::public::SlotSource;
use crate::bbs::{self, PublicKey, SecretKey, Suite};
use crate::did_key;
use crate::document::{Cursor, Document, Fault, Problem};
use crate::schema::{FIRST_FIELD, VALID_FROM, VALID_UNTIL, VALIDITY_BITS};
use crate::transcript::{Transcript, tag};
use crate::trust::TrustRefusal;
use crate::value::{Encoded, NAME_REMEDY, Timestamp, is_name};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

const NAME: RangeInclusive<usize> = 1..=128;
const PATHS: RangeInclusive<usize> = 0..=1024;
const REASONS: RangeInclusive<usize> = 1..=256;
const ISSUER: RangeInclusive<u32> = 0..=255;
const LISTS: RangeInclusive<usize> = 0..=8;
const EPOCH: RangeInclusive<u32> = 0..=u32::MAX;
const PRECEDENCE: RangeInclusive<u32> = 0..=65_535;
/// The standing of an issuer that nothing is said against.
const TRUSTED: &str = "trusted";

/// A test case: holders with their credentials, what they are asked, and what must come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    pub(super) name: String,
    pub(super) time: Option<Timestamp>,
    pub(super) asked: Asked,
    pub(super) holders: BTreeMap<String, Holder>,
    pub(super) reveal: Vec<ClaimPath>,
    pub(super) withhold: Vec<ClaimPath>,
    pub(super) expect: Expected,
}

/// What the request of an example says, where it is not the ordinary one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) relying_party: Option<String>,
    pub(super) claims: Vec<ClaimPath>,
    pub(super) time: Option<Timestamp>,
    pub(super) expires: Option<Timestamp>,
}

/// The credential of an example holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) record: Document,
    pub(super) issuer: ExampleIssuer,
    pub(super) valid_from: Option<Timestamp>,
    pub(super) valid_until: Option<Timestamp>,
    pub(super) lists: Vec<ExampleList>,
    /// Why the role's trust list refuses the issuer, if it does.
    pub(super) refusal: Option<TrustRefusal>,
    pub(super) precedence: Option<u32>,
}

/// Who issued the credential of an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ExampleIssuer {
    /// One of the role's issuers.
    Trusted(u32),
    /// Anybody.
    Key(Box<PublicKey>),
}

/// What an example shows of one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExampleList {
    /// The number of the epoch.
    pub epoch: u64,
    /// When it was made.
    pub issued_at: Timestamp,
    /// By when there is another.
    pub next_update: Timestamp,
    /// Whether what is looked up is on the list.
    pub listed: bool,
}

/// What must come of an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It is permitted.
    Permit,
    /// It is denied for exactly these reasons, in this order.
    Deny(Vec<ExpectedReason>),
}

/// A reason, by its code and perhaps its place in the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedReason {
    /// The code.
    pub code: String,
    /// The place; none if any will do.
    pub path: Option<String>,
}

impl Example {
    pub(super) fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let known = ["name", "time", "request", "holders", "reveal", "withhold", "expect"];
        let fields = cursor.fields(&known)?;
        let holder = |(role, at): &(&str, Cursor<'_>)| match is_name(role) {
            true => Ok(((*role).to_owned(), Holder::parse(at)?)),
            false => Err(at.invalid("not the name of a role", NAME_REMEDY)),
        };
        let holders = fields.required("holders")?.entries()?;
        Ok(Self {
            name: fields.required("name")?.bounded_text(NAME)?.to_owned(),
            time: fields.optional("time").map(|at| timestamp(&at)).transpose()?,
            asked: match fields.optional("request") {
                Some(request) => Asked::parse(&request)?,
                None => Asked::default(),
            },
            holders: holders.iter().map(holder).collect::<Result<_, _>>()?,
            reveal: list(fields.optional("reveal"), PATHS, ClaimPath::parse)?,
            withhold: list(fields.optional("withhold"), PATHS, ClaimPath::parse)?,
            expect: Expected::parse(&fields.required("expect")?)?,
        })
    }

    pub(super) fn to_document(&self) -> Document {
        let holders = self.holders.iter().map(|(role, holder)| (role, holder.to_document()));
        let entries = [
            ("name", Document::text(&self.name)),
            ("request", self.asked.to_document()),
            ("holders", Document::object(holders)),
            ("reveal", array(&self.reveal, ClaimPath::to_document)),
            ("withhold", array(&self.withhold, ClaimPath::to_document)),
            ("expect", self.expect.to_document()),
        ];
        Document::object(entries.into_iter().chain(time_entry("time", self.time)))
    }

    /// Every role that the example names is one of the policy's.
    pub(super) fn check_roles(&self, roles: &[&str], path: &str) -> Result<(), Fault> {
        let holders = self.holders.keys().map(|role| (role, format!("{path}.holders.{role}")));
        let claims = [
            (&self.reveal, "reveal"),
            (&self.withhold, "withhold"),
            (&self.asked.claims, "request.claims"),
        ];
        let claims = claims.into_iter().flat_map(|(claims, key)| {
            let claims = claims.iter().enumerate();
            claims.map(move |(i, claim)| (&claim.role, format!("{path}.{key}[{i}]")))
        });
        match holders.chain(claims).find(|(role, _)| !roles.contains(&role.as_str())) {
            None => Ok(()),
            Some((role, path)) => {
                let problem = Problem::Invalid(format!("no role \"{role}\""));
                Err(Fault::new(path, problem, format!("known: {}", roles.join(", "))))
            }
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What must come of it.
    pub fn expected(&self) -> &Expected {
        &self.expect
    }
}

fn time_entry(key: &'static str, time: Option<Timestamp>) -> Option<(&'static str, Document)> {
    time.map(|time| (key, Document::Text(time.to_string())))
}

/// An example's values, held against the policy and its schemas.
impl Example {
    /// Reads a test case by itself, as it would stand under `tests` of this policy.
    pub fn from_document(document: &Document, policy: &Policy) -> Result<Self, Fault> {
        let example = Self::parse(&Cursor::root(document))?;
        let roles: Vec<&str> = policy.roles.iter().map(|role| role.name.as_str()).collect();
        example.check_roles(&roles, "$")?;
        Ok(example)
    }

    /// SHA-256 of the RFC 8785 form of what the holders have and show: `holders`, `reveal` and
    /// `withhold`, and nothing of its name, its request or what is expected.
    pub fn digest(&self) -> [u8; 32] {
        let Document::Object(mut entries) = self.to_document() else { return [0; 32] };
        for key in ["name", "time", "request", "expect"] {
            entries.remove(key);
        }
        Document::Object(entries).digest()
    }

    /// The time that it is for, if it says.
    pub fn time(&self) -> Option<Timestamp> {
        self.time
    }

    /// What its request says: the class of the relying party and the claims asked for.
    pub fn asked(&self) -> (Option<&str>, Vec<String>) {
        let claims = self.asked.claims.iter().map(ClaimPath::text).collect();
        (self.asked.relying_party.as_deref(), claims)
    }

    /// Time and expiry of its request, where it says.
    pub fn asked_times(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.asked.time, self.asked.expires)
    }

    /// What the holder of a role has: the record, and the first and last moment of its validity where
    /// the example gives them.
    pub fn holding(&self, role: &str) -> Option<(&Document, Option<Timestamp>, Option<Timestamp>)> {
        let holder = self.holders.get(role)?;
        Some((&holder.record, holder.valid_from, holder.valid_until))
    }

    /// Paths of the claims that are revealed beyond those that must be.
    pub fn reveals(&self) -> impl Iterator<Item = String> {
        self.reveal.iter().map(ClaimPath::text)
    }

    /// What is shown of the lists of a role, in the order of its rules.
    pub fn lists(&self, role: &str) -> &[ExampleList] {
        self.holders.get(role).map_or(&[], |holder| holder.lists.as_slice())
    }

    /// The credential of each role, in the policy's order; none where the example has no holder.
    pub fn credentials(
        &self,
        compiled: &CompiledPolicy,
    ) -> Result<Vec<Option<ExampleCredential>>, Fault> {
        let read = |(index, role): (usize, &Role)| {
            let Some(holder) = self.holders.get(role.name()) else { return Ok(None) };
            let credential = self.credential(index, role, holder, compiled);
            credential.map(Some).map_err(|fault| fault.under(&format!("$.holders.{}", role.name())))
        };
        compiled.roles().iter().enumerate().map(read).collect()
    }

    fn credential(
        &self,
        index: usize,
        role: &Role,
        holder: &Holder,
        compiled: &CompiledPolicy,
    ) -> Result<ExampleCredential, Fault> {
        let schema = role.schema();
        let record = schema.record_from_document(&holder.record);
        let record = record.map_err(|fault| fault.under("$.record"))?;
        let mut values = vec![
            hour(VALID_FROM, holder.valid_from.map_or(0, Timestamp::hours)),
            hour(
                VALID_UNTIL,
                holder.valid_until.map_or(u64::MAX, |until| until.unix().div_ceil(3600)),
            ),
        ];
        for (position, (field, value)) in schema.fields().iter().zip(record.values()).enumerate() {
            let wrong = |error: crate::value::ValueError| {
                let problem = Problem::Invalid(error.to_string());
                Fault::new(format!("$.record.{}", field.name()), problem, "correct the value")
            };
            values.push(ExampleValue {
                message: FIRST_FIELD + position,
                encoded: field.encode(value.as_ref()).map_err(wrong)?,
                integer: field
                    .integer(value.as_ref())
                    .map_err(wrong)?
                    .and_then(|n| n.try_into().ok()),
            });
        }
        let issuer = holder.issuer(role)?;
        let named = |paths: &[ClaimPath], message: usize| {
            let claim = compiled.claim(SlotSource { role: index, message });
            paths.iter().any(|path| path.text() == claim)
        };
        let shown = |value: &ExampleValue| {
            let asked = role.must().contains(&value.message) || named(&self.reveal, value.message);
            asked && !named(&self.withhold, value.message)
        };
        let disclosed = values.iter().filter(|value| shown(value)).map(|v| v.message).collect();
        let (refusal, precedence) = (holder.refusal, holder.precedence.unwrap_or(0));
        Ok(ExampleCredential { issuer, refusal, precedence, values, disclosed })
    }
}

/// One message of an example's credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleValue {
    /// Its index.
    pub message: usize,
    /// As it would travel if it were revealed.
    pub encoded: Encoded,
    /// The integer that would be signed; none for text and bytes.
    pub integer: Option<i128>,
}

/// The credential of an example, in the types of its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleCredential {
    /// Who issued it.
    pub issuer: PublicKey,
    /// Why the role's trust list refuses the issuer, if it does.
    pub refusal: Option<TrustRefusal>,
    /// The issuer's precedence in the role's trust list.
    pub precedence: u32,
    /// Its validity window and its fields, by ascending message.
    pub values: Vec<ExampleValue>,
    /// Which messages the holder reveals, ascending.
    pub disclosed: Vec<usize>,
}

fn hour(message: usize, hours: u64) -> ExampleValue {
    let hours = hours.min((1 << VALIDITY_BITS) - 1);
    ExampleValue { message, encoded: Encoded::Integer(hours), integer: Some(hours.into()) }
}

impl Asked {
    fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let fields = cursor.fields(&["relying_party", "claims", "time", "expires"])?;
        let time = |key| fields.optional(key).map(|at| timestamp(&at)).transpose();
        Ok(Self {
            relying_party: fields.optional("relying_party").map(|at| iri(&at)).transpose()?,
            claims: list(fields.optional("claims"), PATHS, ClaimPath::parse)?,
            time: time("time")?,
            expires: time("expires")?,
        })
    }

    fn to_document(&self) -> Document {
        let entries = [
            self.relying_party.as_ref().map(|party| ("relying_party", Document::text(party))),
            Some(("claims", array(&self.claims, ClaimPath::to_document))),
            time_entry("time", self.time),
            time_entry("expires", self.expires),
        ];
        Document::object(entries.into_iter().flatten())
    }
}

impl Holder {
    fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let known =
            ["record", "issuer", "valid_from", "valid_until", "lists", "standing", "precedence"];
        let fields = cursor.fields(&known)?;
        let precedence = fields.optional("precedence").map(|at| number(&at, PRECEDENCE));
        let record = fields.required("record")?;
        record.entries()?;
        let time = |key| fields.optional(key).map(|at| timestamp(&at)).transpose();
        Ok(Self {
            record: record.document().clone(),
            issuer: match fields.optional("issuer") {
                None => ExampleIssuer::Trusted(0),
                Some(issuer) => ExampleIssuer::parse(&issuer)?,
            },
            valid_from: time("valid_from")?,
            valid_until: time("valid_until")?,
            lists: list(fields.optional("lists"), LISTS, ExampleList::parse)?,
            refusal: fields.optional("standing").map(|at| standing(&at)).transpose()?.flatten(),
            precedence: precedence.transpose()?,
        })
    }

    /// Whose credential it is. With a trust list, a number stands for a key that is made of the role's
    /// name and the number, so that different roles have different issuers.
    fn issuer(&self, role: &Role) -> Result<PublicKey, Fault> {
        let refuse = |key: &str, problem: String, remedy: &str| {
            Err(Fault::new(format!("$.{key}"), Problem::Invalid(problem), remedy))
        };
        let problem = || "the role has no trust list".to_owned();
        match (role.trust(), self.refusal, self.precedence) {
            (None, Some(_), _) => return refuse("standing", problem(), "give another issuer"),
            (None, _, Some(_)) => return refuse("precedence", problem(), "remove it"),
            _ => {}
        }
        match (&self.issuer, role.trust()) {
            (ExampleIssuer::Key(key), _) => Ok(**key),
            (ExampleIssuer::Trusted(at), Some(_)) => stand_in(role.name(), *at)
                .or_else(|_| refuse("issuer", "no key stands for it".to_owned(), "give a did:key")),
            (ExampleIssuer::Trusted(at), None) => {
                role.issuers().get(*at as usize).copied().map_or_else(
                    || {
                        let problem = format!("the role has {} issuers", role.issuers().len());
                        refuse("issuer", problem, "count from 0")
                    },
                    Ok,
                )
            }
        }
    }

    fn to_document(&self) -> Document {
        let entries = [
            Some(("record", self.record.clone())),
            Some(("issuer", self.issuer.to_document())),
            time_entry("valid_from", self.valid_from),
            time_entry("valid_until", self.valid_until),
            (!self.lists.is_empty())
                .then(|| ("lists", array(&self.lists, |list| list.to_document()))),
            self.refusal.map(|refusal| ("standing", Document::text(refusal.word()))),
            self.precedence.map(|number| ("precedence", Document::Integer(number.into()))),
        ];
        Document::object(entries.into_iter().flatten())
    }
}

/// The key of nobody that stands for an issuer of a trust list in examples.
fn stand_in(role: &str, number: u32) -> Result<PublicKey, bbs::Error> {
    let mut material = Transcript::new(tag::EXAMPLE_ISSUER);
    material.absorb("role", role);
    material.absorb_number("number", number as usize);
    let key = SecretKey::generate(Suite::Sha256, &material.finish(), &[], None)?;
    Ok(*key.public_key())
}

/// What a trust list says of an issuer: nothing against it, or why it is refused.
fn standing(cursor: &Cursor<'_>) -> Result<Option<TrustRefusal>, Fault> {
    let text = cursor.text()?;
    let refusal = TrustRefusal::ALL.into_iter().find(|refusal| refusal.word() == text);
    if text == TRUSTED || refusal.is_some() {
        return Ok(refusal);
    }
    let words: Vec<&str> = TrustRefusal::ALL.iter().map(|refusal| refusal.word()).collect();
    let remedy = format!("write {TRUSTED} or {}", words.join(" or "));
    Err(cursor.invalid("not one of the words of this field", remedy))
}

impl ExampleIssuer {
    fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let Document::Text(did) = cursor.document() else {
            return Ok(Self::Trusted(number(cursor, ISSUER)?));
        };
        let key = did_key::decode(did);
        let key = key.map_err(|error| cursor.invalid(error.to_string(), "or give an index"))?;
        Ok(Self::Key(Box::new(key)))
    }

    fn to_document(&self) -> Document {
        match self {
            Self::Trusted(index) => Document::Integer((*index).into()),
            Self::Key(key) => Document::Text(did_key::encode(key)),
        }
    }
}

impl ExampleList {
    fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let fields = cursor.fields(&["epoch", "issued_at", "next_update", "listed"])?;
        let listed = fields.optional("listed").map(|at| at.boolean()).transpose()?;
        let epoch = fields.optional("epoch").map(|at| number(&at, EPOCH)).transpose()?;
        let next_update = fields.optional("next_update").map(|at| timestamp(&at)).transpose()?;
        Ok(Self {
            epoch: epoch.unwrap_or(0).into(),
            issued_at: timestamp(&fields.required("issued_at")?)?,
            next_update: next_update.unwrap_or(Timestamp::MAX),
            listed: listed.unwrap_or(false),
        })
    }

    fn to_document(self) -> Document {
        Document::object([
            ("epoch", Document::Integer(self.epoch.into())),
            ("issued_at", Document::Text(self.issued_at.to_string())),
            ("next_update", Document::Text(self.next_update.to_string())),
            ("listed", Document::Bool(self.listed)),
        ])
    }
}

impl Expected {
    fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        match cursor.document() {
            Document::Text(word) if word == "permit" => Ok(Self::Permit),
            Document::Array(_) => {
                Ok(Self::Deny(list(Some(cursor.clone()), REASONS, ExpectedReason::parse)?))
            }
            _ => Err(cursor.invalid("not a decision", "write \"permit\", or a list of reasons")),
        }
    }

    fn to_document(&self) -> Document {
        match self {
            Self::Permit => Document::text("permit"),
            Self::Deny(reasons) => texts(reasons),
        }
    }
}

impl ExpectedReason {
    fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let text = cursor.bounded_text(1..=256)?;
        let (code, path) = match text.split_once(':') {
            Some((code, path)) => (code, Some(path)),
            None => (text, None),
        };
        let formed = !code.is_empty() && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        if !formed || path.is_some_and(|path| !path.starts_with('$')) {
            let remedy = "write \"code\", or \"code:path\" with a path that begins with $";
            return Err(cursor.invalid("not a reason", remedy));
        }
        Ok(Self { code: code.to_owned(), path: path.map(str::to_owned) })
    }
}

impl std::fmt::Display for ExpectedReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.code)?;
        self.path.as_ref().map_or(Ok(()), |path| write!(f, ":{path}"))
    }
}
