//! Facts: everything that the verdict on an attestation rests on, gathered in a few queries.
//!
//! Of the attestation and of its rivals, the events about them, what is linked to them and the events
//! about that, the grants by which any of it was signed, and the keys that issuers' records bind are
//! asked for all together, kind by kind: the number of queries does not grow with the number of rivals.
//! What was parsed once and is slow to parse (schemas, issuers' records, trust lists, heads of lists,
//! the last three with signatures that cost milliseconds) is remembered.
//!
//! Statements are found through derived tables, and then believed only for what their own octets say.
//! What a derived table leaves out is not noticed here but by an [audit](super::audit); so is a list
//! whose elements are no longer those that its head was signed for.
//!
//! # Events about grants
//!
//! An event may be signed by a delegate, under grants that have events of their own, and so on. Of the
//! grants of an event about a grant, only those events are gathered that were recorded before it: they
//! are what it was admitted by, and so the facts end. [`MAX_FACTS`] bounds them all together.

mod gather;
mod remember;

#[cfg(test)]
pub(super) use gather::{
    By, EDITIONS, EPOCHS, PRESENT, bindings_sql, events_sql, grants_sql, links_sql, rivals_sql,
};
pub(super) use remember::Remembered;

use super::read::ReadError;
use super::{Store, StoreError};
use crate::bbs::PublicKey;
use crate::registry::attestation::{AttestationId, Relation, SignedAttestation};
use crate::registry::event::{SignedEvent, Target};
use crate::registry::facts::{EpochFact, EventFact, Facts, GrantFact, LinkFact, Recorded};
use crate::registry::grant::{GrantId, SignedGrant};
use crate::registry::statement::{Delegated, Statement};
use crate::registry::terms::Terms;
use crate::schema::{Schema, SchemaId};
use crate::status::SignedHead;
use crate::trust::TrustList;
use gather::Gathering;
use sqlx::Connection;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

/// Most other attestations about one subject, under accepted schemas, that are held against one.
pub const MAX_RIVALS: usize = 256;
/// Most statements, keys and epochs that are gathered for one verdict, counted where they are used.
pub const MAX_FACTS: usize = 1 << 14;

/// An attestation whose facts are put together, and its schema.
struct Member {
    attestation: Recorded<SignedAttestation>,
    schema: Option<Recorded<Arc<Schema>>>,
}

/// All that was found, each thing once.
#[derive(Default)]
struct Found {
    /// The attestation in question, then its rivals.
    members: Vec<Member>,
    schemas: HashMap<SchemaId, Recorded<Arc<Schema>>>,
    /// By the index of what is linked to.
    links: HashMap<u64, Vec<(Relation, Recorded<SignedAttestation>)>>,
    /// By the index of what they are about.
    events: HashMap<u64, Vec<Recorded<SignedEvent>>>,
    grants: HashMap<GrantId, Recorded<SignedGrant>>,
    /// By the attester's key.
    keys: HashMap<[u8; 32], Vec<Recorded<PublicKey>>>,
    trust: Vec<Recorded<TrustList>>,
    /// Of each list that is asked about, its epochs, and what each has of what was looked for.
    lists: Vec<List>,
    /// How much may still be put together.
    room: Cell<usize>,
}

/// A list that the terms name.
struct List {
    epochs: Vec<Recorded<SignedHead>>,
    /// By member: what is looked for, and by epoch which of it is there.
    asked: Vec<Vec<u64>>,
    present: HashMap<u64, Vec<u64>>,
}

impl Store {
    /// Everything that a verdict on an attestation by these terms rests on; none if there is no such
    /// attestation. Whoever wants its payload looked at does that: [`Facts::payload`] is none.
    ///
    /// # Errors
    /// [`ReadError::TooMany`] beyond [`MAX_RIVALS`] and [`MAX_FACTS`]: then there is no verdict, rather
    /// than one on a part of the facts. [`ReadError::Tampered`] if an entry is not what was written.
    pub async fn facts(
        &self,
        id: AttestationId,
        terms: &Terms,
    ) -> Result<Option<Facts>, StoreError> {
        let mut reader = self.reader().await?;
        let found = async {
            // All queries see the registry as it was at the first of them.
            let mut snapshot = reader.begin().await?;
            let found = Gathering::new(&mut snapshot, &self.remembered).all(id, terms).await?;
            snapshot.rollback().await?;
            found.map(|found| found.facts(self.origin().into())).transpose()
        };
        found.await.map_err(|error: StoreError| error.at(self.path()))
    }
}

impl Found {
    fn facts(self, origin: Arc<str>) -> Result<Facts, StoreError> {
        self.room.set(MAX_FACTS);
        let of = |place, member| self.member(&origin, place, member);
        let mut members = self.members.iter().enumerate().map(|(place, member)| of(place, member));
        let first = members.next();
        let mut facts =
            first.ok_or(StoreError::Contradiction("there is nothing to have facts of"))??;
        facts.rivals = members.collect::<Result<_, _>>()?;
        facts.trust = self.trust;
        Ok(facts)
    }

    fn member(
        &self,
        origin: &Arc<str>,
        place: usize,
        member: &Member,
    ) -> Result<Facts, StoreError> {
        let Member { attestation, schema } = member;
        let statement = attestation.entry.statement();
        Ok(Facts {
            origin: origin.clone(),
            attestation: attestation.clone(),
            schema: schema.clone(),
            chain: self.chain(statement.delegated(), u64::MAX)?,
            keys: self.keys(statement)?,
            events: self.events(attestation.index, u64::MAX)?,
            links: self.links(attestation.index)?,
            payload: None,
            trust: Vec::new(),
            epochs: self.epochs(place)?,
            rivals: Vec::new(),
        })
    }

    /// Counts what is put together, as the same statement may be there many times.
    fn count(&self, more: usize) -> Result<(), StoreError> {
        let room = self.room.get().checked_sub(more);
        let too_many = ReadError::TooMany { what: "statements and keys", most: MAX_FACTS };
        self.room.set(room.ok_or(too_many)?);
        Ok(())
    }

    fn keys(&self, statement: &impl Statement) -> Result<Vec<Recorded<PublicKey>>, StoreError> {
        let keys = self.keys.get(&statement.issuer().to_bytes()).cloned().unwrap_or_default();
        self.count(keys.len())?;
        Ok(keys)
    }

    /// The grants that a statement names, with events recorded before an index.
    fn chain(
        &self,
        delegated: Option<&Delegated>,
        before: u64,
    ) -> Result<Vec<GrantFact>, StoreError> {
        let chain = delegated.map_or(&[][..], |delegated| &delegated.chain);
        let grants = chain.iter().filter_map(|id| self.grants.get(id));
        let fact = |grant: &Recorded<SignedGrant>| {
            self.count(1)?;
            Ok(GrantFact { grant: grant.clone(), events: self.events(grant.index, before)? })
        };
        grants.map(fact).collect()
    }

    /// The events about an entry that were recorded before an index.
    fn events(&self, index: u64, before: u64) -> Result<Vec<Recorded<EventFact>>, StoreError> {
        let events = self.events.get(&index).map_or(&[][..], Vec::as_slice);
        let events = events.iter().filter(|event| event.index < before);
        let fact = |recorded: &Recorded<SignedEvent>| {
            self.count(1)?;
            let event = recorded.entry.statement();
            let before = match event.target {
                Target::Attestation(_) => u64::MAX,
                Target::Grant(_) => recorded.index,
            };
            let chain = self.chain(event.delegated(), before)?;
            let keys = self.keys(event)?;
            let entry = EventFact { event: recorded.entry.clone(), chain, keys };
            Ok(Recorded { index: recorded.index, recorded_at: recorded.recorded_at, entry })
        };
        events.map(fact).collect()
    }

    fn links(&self, index: u64) -> Result<Vec<Recorded<LinkFact>>, StoreError> {
        let links = self.links.get(&index).map_or(&[][..], Vec::as_slice);
        let fact = |(relation, recorded): &(Relation, Recorded<SignedAttestation>)| {
            self.count(1)?;
            let statement = recorded.entry.statement();
            let entry = LinkFact {
                relation: *relation,
                attestation: recorded.entry.clone(),
                chain: self.chain(statement.delegated(), u64::MAX)?,
                keys: self.keys(statement)?,
                events: self.events(recorded.index, u64::MAX)?,
            };
            Ok(Recorded { index: recorded.index, recorded_at: recorded.recorded_at, entry })
        };
        links.iter().map(fact).collect()
    }

    fn epochs(&self, place: usize) -> Result<Vec<Recorded<EpochFact>>, StoreError> {
        let mut facts = Vec::new();
        for list in &self.lists {
            self.count(list.epochs.len())?;
            let asked = list.asked.get(place).map_or(&[][..], Vec::as_slice);
            facts.extend(list.epochs.iter().map(|head| {
                let there = list.present.get(&head.index).map_or(&[][..], Vec::as_slice);
                let present = asked.iter().copied().filter(|element| there.contains(element));
                let entry = EpochFact { head: head.entry.clone(), present: present.collect() };
                Recorded { index: head.index, recorded_at: head.recorded_at, entry }
            }));
        }
        Ok(facts)
    }
}
