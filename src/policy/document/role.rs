//! Roles: the credentials that take part, whom they may come from, and who must agree.

use super::reading::{array, list, name, number, parsed, set, texts, word};
use crate::authority::Authority;
use crate::bbs::{PublicKey, Suite};
use crate::did_key;
use crate::document::{Cursor, Document, Fault, Fields, Problem, address};
use crate::schema::SchemaId;
use std::ops::RangeInclusive;

const ISSUERS: RangeInclusive<usize> = 1..=256;
const ACCEPTED: RangeInclusive<usize> = 0..=16;
const LISTS: RangeInclusive<usize> = 0..=8;
const MAX_AGE: RangeInclusive<u32> = 1..=8_784;
const ID_REMEDY: &str = "copy the id that `schema id` prints";
const AGREEING: RangeInclusive<usize> = 2..=16;
const AGREED: RangeInclusive<usize> = 1..=64;

/// How a presentation shows that a credential is valid at the time of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Validity {
    /// Proven; the window stays hidden.
    Hidden,
    /// The window is revealed.
    Reveal,
    /// Not shown at all: an expired credential passes.
    Skip,
}

impl Validity {
    const ALL: [Self; 3] = [Self::Hidden, Self::Reveal, Self::Skip];

    /// The word in a policy.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::Reveal => "reveal",
            Self::Skip => "skip",
        }
    }
}

/// Whether a list must not have something, or must.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Presence {
    /// It must not be on the list: revocation, sanctions.
    Absent,
    /// It must be on the list: admission.
    Present,
}

impl Presence {
    const ALL: [Self; 2] = [Self::Absent, Self::Present];

    /// The word in a policy.
    pub fn word(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Present => "present",
        }
    }
}

/// A sorted list that a credential, or one of its fields, must or must not be on, and how old the
/// epoch may be that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRule {
    pub(in crate::policy) list: String,
    pub(in crate::policy) authority: PublicKey,
    pub(in crate::policy) max_age: u32,
    pub(in crate::policy) field: Option<String>,
    pub(in crate::policy) presence: Presence,
}

impl ListRule {
    fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let fields = cursor.fields(&["list", "authority", "max_age", "field", "is"])?;
        let authority = fields.required("authority")?;
        let presence = fields.optional("is").map(|at| word(&at, &Presence::ALL, Presence::word));
        Ok(Self {
            list: address(&fields.required("list")?)?,
            authority: key(&authority, "copy the did:key of the list's authority")?,
            max_age: number(&fields.required("max_age")?, MAX_AGE)?,
            field: fields.optional("field").map(|at| name(&at)).transpose()?,
            presence: presence.transpose()?.unwrap_or(Presence::Absent),
        })
    }

    fn to_document(&self) -> Document {
        let entries = [
            ("list", Document::text(&self.list)),
            ("authority", Document::Text(did_key::encode(&self.authority))),
            ("max_age", Document::Integer(self.max_age.into())),
            ("is", Document::text(self.presence.word())),
        ];
        let field = self.field.as_ref().map(|field| ("field", Document::text(field)));
        Document::object(entries.into_iter().chain(field))
    }

    /// The list's address.
    pub fn list(&self) -> &str {
        &self.list
    }

    /// Whose signatures count.
    pub fn authority(&self) -> &PublicKey {
        &self.authority
    }

    /// Greatest age of the epoch, in hours.
    pub fn max_age(&self) -> u32 {
        self.max_age
    }

    /// The field that is looked up; none for the credential's own status handle.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// Whether it must not be on the list, or must.
    pub fn presence(&self) -> Presence {
        self.presence
    }
}

/// A trust list that says which keys may sign a role's credentials, and how old it may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustRule {
    pub(in crate::policy) list: String,
    pub(in crate::policy) authority: Authority,
    pub(in crate::policy) max_age: u32,
}

impl TrustRule {
    /// A rule, if the list's address is one and the age is within what policies may say.
    pub fn new(list: &str, authority: Authority, max_age: u32) -> Option<Self> {
        let list = address(&Cursor::root(&Document::text(list))).ok()?;
        MAX_AGE.contains(&max_age).then_some(Self { list, authority, max_age })
    }

    fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let fields = cursor.fields(&["list", "authority", "max_age"])?;
        Ok(Self {
            list: address(&fields.required("list")?)?,
            authority: parsed(&fields.required("authority")?, "copy the signer's did:key")?,
            max_age: number(&fields.required("max_age")?, MAX_AGE)?,
        })
    }

    pub(crate) fn to_document(&self) -> Document {
        Document::object([
            ("list", Document::text(&self.list)),
            ("authority", Document::Text(self.authority.to_string())),
            ("max_age", Document::Integer(self.max_age.into())),
        ])
    }

    /// The list's address.
    pub fn list(&self) -> &str {
        &self.list
    }

    /// Who signs it.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Greatest age, in hours.
    pub fn max_age(&self) -> u32 {
        self.max_age
    }
}

fn key(cursor: &Cursor<'_>, remedy: &str) -> Result<PublicKey, Fault> {
    let key = did_key::decode(cursor.text()?);
    key.map_err(|error| cursor.invalid(error.to_string(), remedy))
}

/// The part that one credential plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct RoleRule {
    pub(in crate::policy) name: String,
    pub(in crate::policy) schema: SchemaId,
    /// Other schemas whose credentials will do, by which a field must mean the same.
    pub(in crate::policy) accepts: Vec<SchemaId>,
    pub(in crate::policy) suite: Suite,
    /// The issuers accepted; none where a trust list says which.
    pub(in crate::policy) issuers: Vec<PublicKey>,
    pub(in crate::policy) trust: Option<TrustRule>,
    pub(in crate::policy) validity: Validity,
    pub(in crate::policy) lists: Vec<ListRule>,
}

impl RoleRule {
    pub(super) fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let known = ["name", "schema", "accepts", "suite", "issuers", "trust", "validity", "lists"];
        let fields = cursor.fields(&known)?;
        let schema = parsed(&fields.required("schema")?, ID_REMEDY)?;
        let accepts = list(fields.optional("accepts"), ACCEPTED, |at| parsed(at, ID_REMEDY))?;
        let suite = fields.optional("suite").map(|at| word(&at, &Suite::ALL, Suite::id));
        let validity =
            fields.optional("validity").map(|at| word(&at, &Validity::ALL, Validity::word));
        let trust = fields.optional("trust").map(|at| TrustRule::parse(&at)).transpose()?;
        let lists = list(fields.optional("lists"), LISTS, ListRule::parse)?;
        for (i, rule) in lists.iter().enumerate() {
            let Some(other) = lists.iter().take(i).find(|other| other.same_list(rule)) else {
                continue;
            };
            let place = format!("{}.lists[{i}]", cursor.path());
            let (problem, remedy) = match other.presence == rule.presence {
                true => ("this list stands twice for it", "keep one, with the smaller max_age"),
                false => ("nothing is absent from a list and present on it", "keep one of both"),
            };
            return Err(Fault::new(place, Problem::Invalid(problem.to_owned()), remedy));
        }
        if let Some(i) = repeated(&accepts).or_else(|| accepts.iter().position(|id| *id == schema))
        {
            return Err(cursor.invalid(format!("accepts[{i}] stands twice"), "remove one"));
        }
        Ok(Self {
            name: name(&fields.required("name")?)?,
            schema,
            accepts,
            suite: suite.transpose()?.unwrap_or(Suite::Sha256),
            issuers: issuers(&fields, trust.is_some())?,
            trust,
            validity: validity.transpose()?.unwrap_or(Validity::Hidden),
            lists,
        })
    }

    pub(super) fn to_document(&self) -> Document {
        let mut entries = vec![
            ("name", Document::text(&self.name)),
            ("schema", Document::text(self.schema.to_string())),
            ("suite", Document::text(self.suite.id())),
            ("validity", Document::text(self.validity.word())),
        ];
        match &self.trust {
            Some(trust) => entries.push(("trust", trust.to_document())),
            None => {
                let issuers = array(&self.issuers, |key| Document::Text(did_key::encode(key)));
                entries.push(("issuers", issuers));
            }
        }
        // What came later is written only where it is used, so that older policies keep their hash.
        if !self.accepts.is_empty() {
            entries.push(("accepts", texts(&self.accepts)));
        }
        if !self.lists.is_empty() {
            entries.push(("lists", array(&self.lists, ListRule::to_document)));
        }
        Document::object(entries)
    }
}

impl ListRule {
    /// Whether both ask about the same thing on the same list.
    pub(in crate::policy) fn same_list(&self, other: &Self) -> bool {
        let key = |rule: &'_ Self| (rule.list.clone(), rule.authority, rule.field.clone());
        key(self) == key(other)
    }
}

/// The issuers' keys: listed here, unless a trust list has them.
fn issuers(fields: &Fields<'_>, trusted: bool) -> Result<Vec<PublicKey>, Fault> {
    if trusted {
        return match fields.optional("issuers") {
            None => Ok(Vec::new()),
            Some(at) => Err(at.invalid("a trust list has the issuers already", "keep one of both")),
        };
    }
    let issuers = fields.required("issuers")?;
    let keys = list(Some(issuers.clone()), ISSUERS, |at| key(at, "copy the issuer's did:key"))?;
    match repeated(&keys) {
        None => Ok(keys),
        Some(i) => Err(issuers.invalid(format!("issuer {i} stands twice"), "remove one")),
    }
}

/// The first item that another before it equals.
fn repeated<T: PartialEq>(items: &[T]) -> Option<usize> {
    (1..items.len()).find(|i| items.iter().take(*i).any(|item| Some(item) == items.get(*i)))
}

/// What becomes of it where issuers that have to agree do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgreementRule {
    /// The issuer that the trust list puts first is believed.
    Precedence,
    /// So many of them have to agree, of each field by itself; fewer than all.
    Quorum(usize),
    /// All have to agree.
    All,
}

impl AgreementRule {
    /// The word in a decision's record.
    pub fn word(self) -> String {
        match self {
            Self::Precedence => PRECEDENCE.to_owned(),
            Self::Quorum(least) => format!("quorum:{least}"),
            Self::All => "all".to_owned(),
        }
    }
}

const PRECEDENCE: &str = "precedence";

/// Roles whose credentials come from issuers pairwise distinct and say the same of some fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct Agreement {
    pub(in crate::policy) roles: Vec<String>,
    pub(in crate::policy) fields: Vec<String>,
    pub(in crate::policy) rule: AgreementRule,
}

impl Agreement {
    pub(super) fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let parts = cursor.fields(&["roles", "fields", "quorum", "rule"])?;
        let names = |key, length| -> Result<Vec<String>, Fault> {
            Ok(set(Some(parts.required(key)?), length, name)?.into_iter().collect())
        };
        let (roles, fields) = (names("roles", AGREEING)?, names("fields", AGREED)?);
        let rule = match (parts.optional("rule"), parts.optional("quorum")) {
            (Some(at), None) => word(&at, &[AgreementRule::Precedence], |_| PRECEDENCE)?,
            (None, Some(at)) => {
                let most = u32::try_from(roles.len()).unwrap_or(u32::MAX);
                let least = number(&at, 2..=most)? as usize;
                // All of them is what is asked for without a number, and has one spelling.
                if least == roles.len() { AgreementRule::All } else { AgreementRule::Quorum(least) }
            }
            (Some(at), Some(_)) => {
                let problem = "where the first issuer is believed, nothing is counted";
                return Err(at.invalid(problem, "keep rule or quorum"));
            }
            (None, None) => AgreementRule::All,
        };
        Ok(Self { roles, fields, rule })
    }

    pub(super) fn to_document(&self) -> Document {
        let rule = match self.rule {
            AgreementRule::All => None,
            AgreementRule::Quorum(least) => Some(("quorum", Document::Integer(least as i128))),
            AgreementRule::Precedence => Some(("rule", Document::text(PRECEDENCE))),
        };
        let members = [("roles", texts(&self.roles)), ("fields", texts(&self.fields))];
        Document::object(members.into_iter().chain(rule))
    }
}
