//! Claims: what a policy lets be seen of a field.
//!
//! A field is hidden, used by predicates, or revealed: levels in this order. A policy gives each
//! field a *floor*, the least that every presentation shows, and a *ceiling*, the most that any may
//! show. What it does not list has the floor hidden and the ceiling predicate.

use super::reading::{array, list, word};
use crate::document::{Cursor, Document, Fault};
use crate::value::is_name;
use std::ops::RangeInclusive;

const ALLOWED: RangeInclusive<usize> = 1..=1024;

/// How much of a field a verifier learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing: neither the value nor anything proven of it.
    Hidden,
    /// What predicates and equalities prove of it.
    Predicate,
    /// The value.
    Revealed,
}

/// What a policy says of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimRule {
    /// Revealed in every presentation.
    Must,
    /// Revealed if the holder wishes.
    May,
    /// Never revealed; predicates and equalities may use it. The rule of what is not listed.
    Predicate,
    /// Never revealed, and nothing may be proven of it either.
    Never,
}

impl ClaimRule {
    const ALL: [Self; 4] = [Self::Must, Self::May, Self::Predicate, Self::Never];

    /// The word in a policy.
    pub fn word(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::May => "may",
            Self::Predicate => "predicate",
            Self::Never => "never",
        }
    }

    /// The least that every presentation shows.
    pub fn floor(self) -> Level {
        match self {
            Self::Must => Level::Revealed,
            Self::May | Self::Predicate | Self::Never => Level::Hidden,
        }
    }

    /// The most that any presentation may show.
    pub fn ceiling(self) -> Level {
        match self {
            Self::Must | Self::May => Level::Revealed,
            Self::Predicate => Level::Predicate,
            Self::Never => Level::Hidden,
        }
    }
}

/// A field of a role's credential.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::policy) struct ClaimPath {
    pub(in crate::policy) role: String,
    pub(in crate::policy) field: String,
}

impl ClaimPath {
    pub(in crate::policy) fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let parts = cursor.text()?.split_once('.');
        match parts.filter(|(role, field)| is_name(role) && is_name(field)) {
            Some((role, field)) => Ok(Self { role: role.to_owned(), field: field.to_owned() }),
            None => Err(cursor.invalid("not the path of a claim", "write \"role.field\"")),
        }
    }

    pub(in crate::policy) fn text(&self) -> String {
        format!("{}.{}", self.role, self.field)
    }

    pub(in crate::policy) fn to_document(&self) -> Document {
        Document::Text(self.text())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct Claim {
    pub(in crate::policy) path: ClaimPath,
    pub(in crate::policy) rule: ClaimRule,
    pub(in crate::policy) one_of: Option<Vec<Document>>,
}

impl Claim {
    pub(super) fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let fields = cursor.fields(&["path", "disclosure", "one_of"])?;
        let rule = word(&fields.required("disclosure")?, &ClaimRule::ALL, ClaimRule::word)?;
        let one_of = match fields.optional("one_of") {
            None => None,
            Some(values) if rule.ceiling() < Level::Revealed => {
                let remedy = "reveal the claim, or write a predicate";
                return Err(values.invalid("a claim that is never revealed has no one_of", remedy));
            }
            Some(values) => {
                Some(list(Some(values), ALLOWED, |value| Ok(value.document().clone()))?)
            }
        };
        Ok(Self { path: ClaimPath::parse(&fields.required("path")?)?, rule, one_of })
    }

    pub(super) fn to_document(&self) -> Document {
        let one_of = self.one_of.clone().map(|values| ("one_of", Document::Array(values)));
        let entries =
            [("path", self.path.to_document()), ("disclosure", Document::text(self.rule.word()))];
        Document::object(entries.into_iter().chain(one_of))
    }
}

/// Two claims of two roles that are the same.
pub(super) fn equality(cursor: &Cursor<'_>) -> Result<(ClaimPath, ClaimPath), Fault> {
    let items = cursor.items()?;
    let [a, b] = items.as_slice() else {
        return Err(cursor.invalid("not a pair", "write [\"role.field\", \"role.field\"]"));
    };
    Ok((ClaimPath::parse(a)?, ClaimPath::parse(b)?))
}

pub(super) fn equality_to_document((a, b): &(ClaimPath, ClaimPath)) -> Document {
    array([a, b], ClaimPath::to_document)
}
