//! Grants: that another key may speak for an issuer, and how far.
//!
//! A grant names the issuer that is spoken for, who gives, who receives, what the receiver may do
//! under which schemas, in which registry, from when until when, and how many times it may be passed
//! on. The first grant of a chain is given by the issuer itself; each later one by the receiver of the
//! one before it, and allows no more than that one: [`check_chain`] says what is wrong with a chain.

use super::payload::optional;
use super::statement::{
    Delegated, MAX_CHAIN, MAX_ORIGIN, Signed, Statement, authority, octets32, statement_id,
    timestamp,
};
use crate::authority::Authority;
use crate::encoding::{Reader, WireError, Writer};
use crate::schema::SchemaId;
use crate::transcript::tag;
use crate::value::Timestamp;
use std::collections::BTreeSet;
use thiserror::Error;

/// Most schemas of a grant.
pub const MAX_GRANT_SCHEMAS: usize = 64;

statement_id! {
    /// The identifier of a grant.
    GrantId
}

/// What a receiver may do in the issuer's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// Make attestations.
    Attest,
    /// Revoke, suspend and resume.
    Revoke,
}

/// What a grant says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// For whom the receiver may speak.
    pub issuer: Authority,
    /// Who gives: the issuer, or the receiver of the grant before it.
    pub grantor: Authority,
    /// Who receives.
    pub delegate: Authority,
    /// The grant that this one rests on; none if the issuer gives.
    pub parent: Option<GrantId>,
    /// Under which schemas.
    pub schemas: BTreeSet<SchemaId>,
    /// What.
    pub rights: BTreeSet<Right>,
    /// In which registry.
    pub audience: String,
    /// When it was made, by the grantor's clock.
    pub issued_at: Timestamp,
    /// The first second in which it counts.
    pub not_before: Timestamp,
    /// The first second in which it counts no more.
    pub not_after: Timestamp,
    /// How many more times it may be passed on.
    pub depth: u8,
}

/// A signed grant.
pub type SignedGrant = Signed<Grant>;

impl Grant {
    /// Whether the parts go together. [`Statement::read`] takes no other.
    pub fn is_sound(&self) -> bool {
        self.not_before < self.not_after
            && !self.schemas.is_empty()
            && self.schemas.len() <= MAX_GRANT_SCHEMAS
            && !self.rights.is_empty()
            && usize::from(self.depth) < MAX_CHAIN
            && self.parent.is_some() == (self.grantor != self.issuer)
    }
}

impl Statement for Grant {
    const FORMAT: &'static str = "sigil-grant";
    const MAX_LEN: usize = 1 << 12;
    const TAG: &'static [u8] = tag::GRANT;
    type Id = GrantId;

    fn issuer(&self) -> &Authority {
        &self.issuer
    }

    fn signer(&self) -> &Authority {
        &self.grantor
    }

    fn delegated(&self) -> Option<&Delegated> {
        None
    }

    fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    fn write(&self, writer: &mut Writer) {
        writer.array(11);
        for key in [&self.issuer, &self.grantor, &self.delegate] {
            writer.octets(&key.to_bytes());
        }
        match self.parent {
            Some(parent) => writer.octets(&parent.to_bytes()),
            None => writer.null(),
        }
        writer.array(self.schemas.len());
        for schema in &self.schemas {
            writer.octets(&schema.to_bytes());
        }
        let right = |right, bit: u64| if self.rights.contains(&right) { bit } else { 0 };
        writer.unsigned(right(Right::Attest, 1) | right(Right::Revoke, 2));
        writer.text(&self.audience);
        for time in [self.issued_at, self.not_before, self.not_after] {
            writer.unsigned(time.unix());
        }
        writer.unsigned(self.depth.into());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let error = reader.wrong("a grant whose parts go together");
        reader.exact_array(11)?;
        let [issuer, grantor, delegate] =
            [authority(reader)?, authority(reader)?, authority(reader)?];
        let parent = optional(reader, octets32)?.map(GrantId::from_bytes);
        let count = reader.array(MAX_GRANT_SCHEMAS)?;
        let schemas = (0..count).map(|_| octets32(reader).map(SchemaId::from_bytes));
        let schemas = schemas.collect::<Result<_, _>>()?;
        let rights = match reader.unsigned()? {
            1 => [Right::Attest].into(),
            2 => [Right::Revoke].into(),
            3 => [Right::Attest, Right::Revoke].into(),
            _ => return Err(reader.wrong("rights")),
        };
        let audience = reader.text(MAX_ORIGIN)?.to_owned();
        let [issued_at, not_before, not_after] =
            [timestamp(reader)?, timestamp(reader)?, timestamp(reader)?];
        let depth = u8::try_from(reader.unsigned()?).map_err(|_| error.clone())?;
        let grant = Self {
            issuer,
            grantor,
            delegate,
            parent,
            schemas,
            rights,
            audience,
            issued_at,
            not_before,
            not_after,
            depth,
        };
        grant.is_sound().then_some(grant).ok_or(error)
    }
}

/// What a delegated statement wants to do.
#[derive(Clone, Copy, Debug)]
pub struct Deed<'a> {
    /// For whom.
    pub issuer: &'a Authority,
    /// Under which schema.
    pub schema: SchemaId,
    /// What.
    pub right: Right,
    /// When the registry records it.
    pub recorded_at: Timestamp,
    /// The registry.
    pub registry: &'a str,
}

/// Why a delegated statement does not speak for its issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DelegationError {
    /// It is meant for another registry.
    #[error("it is meant for another registry")]
    Audience,
    /// It was handed in too late.
    #[error("its deadline has passed; have it signed again")]
    Deadline,
    /// The grants are not those that it names, or do not lead from the issuer to the signer.
    #[error("its grants do not lead from the issuer to the signer")]
    Chain,
    /// A grant allows more than the one that it rests on.
    #[error("a grant allows more than the one that it rests on")]
    Wider,
    /// A grant does not cover the schema.
    #[error("its grants do not cover this schema")]
    Schema,
    /// A grant does not cover what is done.
    #[error("its grants do not allow this")]
    Right,
    /// A grant does not count yet, or no more.
    #[error("a grant does not count at this time")]
    Window,
}

/// Checks that a chain of grants, in the order that the statement names them, lets it do its deed. What
/// was revoked is for the caller to know.
pub fn check_chain(
    delegated: &Delegated,
    grants: &[&SignedGrant],
    deed: &Deed<'_>,
) -> Result<(), DelegationError> {
    if delegated.audience != deed.registry {
        return Err(DelegationError::Audience);
    }
    if deed.recorded_at > delegated.deadline {
        return Err(DelegationError::Deadline);
    }
    let named = grants.iter().map(|grant| grant.id()).eq(delegated.chain.iter().copied());
    let ends = grants.last().is_some_and(|last| last.statement().delegate == delegated.signer);
    if !named || !ends {
        return Err(DelegationError::Chain);
    }
    let mut before: Option<&SignedGrant> = None;
    for grant in grants {
        link(before, grant, deed)?;
        before = Some(grant);
    }
    Ok(())
}

fn link(
    before: Option<&SignedGrant>,
    signed: &SignedGrant,
    deed: &Deed<'_>,
) -> Result<(), DelegationError> {
    let grant = signed.statement();
    let follows = match before {
        None => grant.parent.is_none() && grant.grantor == *deed.issuer,
        Some(parent) => {
            grant.parent == Some(parent.id()) && grant.grantor == parent.statement().delegate
        }
    };
    if !follows || grant.issuer != *deed.issuer {
        return Err(DelegationError::Chain);
    }
    if grant.audience != deed.registry {
        return Err(DelegationError::Audience);
    }
    if let Some(parent) = before.map(Signed::statement) {
        let within = grant.depth < parent.depth
            && grant.schemas.is_subset(&parent.schemas)
            && grant.rights.is_subset(&parent.rights)
            && parent.not_before <= grant.not_before
            && grant.not_after <= parent.not_after;
        if !within {
            return Err(DelegationError::Wider);
        }
    }
    if !grant.schemas.contains(&deed.schema) {
        return Err(DelegationError::Schema);
    }
    if !grant.rights.contains(&deed.right) {
        return Err(DelegationError::Right);
    }
    match (grant.not_before..grant.not_after).contains(&deed.recorded_at) {
        true => Ok(()),
        false => Err(DelegationError::Window),
    }
}
