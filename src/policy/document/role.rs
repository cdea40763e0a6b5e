//! Roles: the credentials that take part, whom they may come from, and who must agree.

use super::reading::{array, list, name, number, parsed, set, texts, word};
use crate::bbs::{PublicKey, Suite};
use crate::did_key;
use crate::document::{Cursor, Document, Fault, address};
use crate::schema::SchemaId;
use std::ops::RangeInclusive;

const ISSUERS: RangeInclusive<usize> = 1..=256;
const MAX_AGE: RangeInclusive<u32> = 1..=8_784;
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

/// Against which list a credential must be known not to be revoked, and how old that knowledge may
/// be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusRule {
    pub(in crate::policy) list: String,
    pub(in crate::policy) max_age: u32,
}

impl StatusRule {
    fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let fields = cursor.fields(&["list", "max_age"])?;
        Ok(Self {
            list: address(&fields.required("list")?)?,
            max_age: number(&fields.required("max_age")?, MAX_AGE)?,
        })
    }

    fn to_document(&self) -> Document {
        Document::object([
            ("list", Document::text(&self.list)),
            ("max_age", Document::Integer(self.max_age.into())),
        ])
    }

    /// The list's address.
    pub fn list(&self) -> &str {
        &self.list
    }

    /// Greatest age of what is known, in hours.
    pub fn max_age(&self) -> u32 {
        self.max_age
    }
}

/// The part that one credential plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct RoleRule {
    pub(in crate::policy) name: String,
    pub(in crate::policy) schema: SchemaId,
    pub(in crate::policy) suite: Suite,
    pub(in crate::policy) issuers: Vec<PublicKey>,
    pub(in crate::policy) validity: Validity,
    pub(in crate::policy) status: Option<StatusRule>,
}

impl RoleRule {
    pub(super) fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let known = ["name", "schema", "suite", "issuers", "validity", "status"];
        let fields = cursor.fields(&known)?;
        let schema = fields.required("schema")?;
        let issuers = fields.required("issuers")?;
        let keys = list(Some(issuers.clone()), ISSUERS, |issuer| {
            let key = did_key::decode(issuer.text()?);
            key.map_err(|error| issuer.invalid(error.to_string(), "copy the issuer's did:key"))
        })?;
        if let Some(i) =
            (1..keys.len()).find(|i| keys.iter().take(*i).any(|k| Some(k) == keys.get(*i)))
        {
            return Err(issuers.invalid(format!("issuer {i} stands twice"), "remove one"));
        }
        let suite = fields.optional("suite").map(|at| word(&at, &Suite::ALL, Suite::id));
        let validity =
            fields.optional("validity").map(|at| word(&at, &Validity::ALL, Validity::word));
        Ok(Self {
            name: name(&fields.required("name")?)?,
            schema: parsed(&schema, "copy the id that `schema id` prints")?,
            suite: suite.transpose()?.unwrap_or(Suite::Sha256),
            issuers: keys,
            validity: validity.transpose()?.unwrap_or(Validity::Hidden),
            status: fields.optional("status").map(|at| StatusRule::parse(&at)).transpose()?,
        })
    }

    pub(super) fn to_document(&self) -> Document {
        let issuers = array(&self.issuers, |key| Document::Text(did_key::encode(key)));
        let entries = [
            ("name", Document::text(&self.name)),
            ("schema", Document::text(self.schema.to_string())),
            ("suite", Document::text(self.suite.id())),
            ("issuers", issuers),
            ("validity", Document::text(self.validity.word())),
        ];
        let status = self.status.as_ref().map(|status| ("status", status.to_document()));
        Document::object(entries.into_iter().chain(status))
    }
}

/// Roles whose credentials come from issuers pairwise distinct and say the same of some fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct Agreement {
    pub(in crate::policy) roles: Vec<String>,
    pub(in crate::policy) fields: Vec<String>,
}

impl Agreement {
    pub(super) fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let parts = cursor.fields(&["roles", "fields"])?;
        let names = |key, length| -> Result<Vec<String>, Fault> {
            Ok(set(Some(parts.required(key)?), length, name)?.into_iter().collect())
        };
        Ok(Self { roles: names("roles", AGREEING)?, fields: names("fields", AGREED)? })
    }

    pub(super) fn to_document(&self) -> Document {
        Document::object([("roles", texts(&self.roles)), ("fields", texts(&self.fields))])
    }
}
