//! Whose word a statement is: one issuer under several keys, and those who speak for it by grants.
//!
//! The registry checks delegation when it takes a statement. It is checked again here, of the very
//! grants that are at hand, so that a verdict does not rest on what an entry's mere presence would
//! imply; and because a grant may turn out to have been revoked before it was used.

use super::reason::Distrust;
use super::standing::Case;
use crate::authority::Authority;
use crate::bbs::PublicKey;
use crate::registry::event::{Act, Event, Target};
use crate::registry::facts::{EventFact, GrantFact, Recorded};
use crate::registry::grant::{Deed, DelegationError, Right, SignedGrant, check_chain};
use crate::registry::statement::{Delegated, MAX_CHAIN, Statement};
use crate::schema::SchemaId;
use crate::value::Timestamp;

/// Somebody who makes statements: an Ed25519 key, and the BBS keys that records bind it to.
#[derive(Clone, Copy)]
pub(super) struct Party<'a> {
    pub(super) key: &'a Authority,
    pub(super) bound: &'a [Recorded<PublicKey>],
}

impl<'a> Party<'a> {
    /// The BBS keys by records up to a time.
    pub(super) fn keys(self, by: Timestamp) -> impl Iterator<Item = &'a PublicKey> {
        self.bound.iter().filter(move |key| key.recorded_at <= by).map(|key| &key.entry)
    }

    /// Whether both are one issuer, by records up to a time.
    pub(super) fn is_one_with(self, other: Party<'_>, by: Timestamp) -> bool {
        self.key == other.key || self.keys(by).any(|key| other.keys(by).any(|same| same == key))
    }
}

/// A statement as far as it may have been signed for its issuer by another.
pub(super) struct Speech<'a> {
    pub(super) delegated: Option<&'a Delegated>,
    pub(super) chain: &'a [GrantFact],
    pub(super) issuer: Party<'a>,
    pub(super) schema: SchemaId,
    pub(super) right: Right,
    pub(super) recorded_at: Timestamp,
}

/// The attestation that events are about.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) target: Target,
    pub(super) issuer: Party<'a>,
    pub(super) schema: SchemaId,
}

impl<'a> Speech<'a> {
    fn of_event(fact: &'a Recorded<EventFact>, schema: SchemaId) -> Self {
        let event = fact.entry.event.statement();
        Self {
            delegated: event.delegated(),
            chain: &fact.entry.chain,
            issuer: Party { key: &event.issuer, bound: &fact.entry.keys },
            schema,
            right: Right::Revoke,
            recorded_at: fact.recorded_at,
        }
    }
}

impl<'a> Case<'a> {
    /// Whether whoever signed a statement spoke for its issuer when it was recorded.
    pub(super) fn speaks(&self, speech: &Speech<'_>) -> Result<(), Distrust> {
        self.speaks_within(speech, MAX_CHAIN)
    }

    fn speaks_within(&self, speech: &Speech<'_>, depth: usize) -> Result<(), Distrust> {
        let Some(delegated) = speech.delegated else { return Ok(()) };
        let deed = Deed {
            issuer: speech.issuer.key,
            schema: speech.schema,
            right: speech.right,
            recorded_at: speech.recorded_at,
            registry: &self.facts.origin,
        };
        let grants: Vec<&SignedGrant> = speech.chain.iter().map(|fact| &fact.grant.entry).collect();
        check_chain(delegated, &grants, &deed).map_err(Distrust::Delegation)?;
        if speech.chain.iter().any(|fact| fact.grant.recorded_at > speech.recorded_at) {
            return Err(Distrust::Delegation(DelegationError::Chain));
        }
        let mut grants = speech.chain.iter();
        match grants.any(|grant| self.is_revoked(grant, speech, depth)) {
            true => Err(Distrust::DelegationRevoked),
            false => Ok(()),
        }
    }

    /// Whether a grant had been revoked when a statement was recorded that rests on it.
    ///
    /// Its grantor revokes it, or the issuer at the root. Who does that by grants of their own
    /// needs these to hold in turn; of a row of such revocations that is longer than any chain of
    /// grants, the one beyond counts unasked: to be refused wrongly is the lesser harm.
    fn is_revoked(&self, grant: &GrantFact, speech: &Speech<'_>, depth: usize) -> bool {
        let (id, grantor) = (grant.grant.entry.id(), &grant.grant.entry.statement().grantor);
        grant.events.iter().any(|fact| {
            let event = fact.entry.event.statement();
            let own = Speech::of_event(fact, speech.schema);
            let by = self.moment.horizon(fact.recorded_at);
            let entitled = event.issuer == *grantor || own.issuer.is_one_with(speech.issuer, by);
            event.target == Target::Grant(id)
                && matches!(event.act, Act::Revoke(_))
                && self.moment.knows(fact.recorded_at)
                && event.effective <= speech.recorded_at
                && entitled
                && depth.checked_sub(1).is_none_or(|left| self.speaks_within(&own, left).is_ok())
        })
    }

    /// The events that count by a time: known, by the issuer of what they are about, and in effect.
    pub(super) fn events<'f>(
        &self,
        about: About<'_>,
        events: &'f [Recorded<EventFact>],
        by: Timestamp,
    ) -> Vec<(&'f Recorded<EventFact>, &'f Event)> {
        let counts = |fact: &&'f Recorded<EventFact>| {
            let event = fact.entry.event.statement();
            let own = Speech::of_event(fact, about.schema);
            event.target == about.target
                && self.moment.knows(fact.recorded_at)
                && event.effective <= by
                && own.issuer.is_one_with(about.issuer, self.moment.horizon(fact.recorded_at))
                && self.speaks(&own).is_ok()
        };
        let counting = events.iter().filter(counts);
        counting.map(|fact| (fact, fact.entry.event.statement())).collect()
    }
}
