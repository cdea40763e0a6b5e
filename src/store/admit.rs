//! Admission: which objects a registry takes.
//!
//! An object that was checked by itself is held against what the registry has at the time of recording:
//!
//! * a statement's clock is at most [`SKEW`] seconds ahead of the registry's;
//! * a delegated one is for this registry, in its time, used once, and rests on grants that count;
//! * an attestation is under a known schema; its inline claims are a record of it, in canonical
//!   octets; its links go to known attestations, and it supersedes only those of its own issuer;
//! * an event is about a known statement that can be taken back, and by its issuer; for a grant that is
//!   who gave it, or whom it lets speak for;
//! * a grant rests on grants that count, and allows no more than they do;
//! * an edition of a trust list, or an epoch of a sorted list, follows the last one that is known.
//!
//! The same issuer is the same Ed25519 key, or two keys that issuers' records bind to one BBS key.
//! What an object may not be is a [`Refusal`].

use super::append::Prepared;
use super::batch::{Batch, Halt, Held, HeldGrant};
use super::insert::{self, Cell};
use super::refusal::Refusal;
use super::{ListEpoch, Object, SKEW};
use crate::authority::Authority;
use crate::document::{Bounds, Document};
use crate::registry::attestation::{Attestation, Relation};
use crate::registry::event::{Act, Event, SignedEvent, Target};
use crate::registry::grant::{Deed, DelegationError, GrantId, Right, SignedGrant, check_chain};
use crate::registry::issuer::IssuerRecord;
use crate::registry::object::Kind;
use crate::registry::statement::{Delegated, MAX_CHAIN, Statement};
use crate::schema::{Schema, SchemaId};
use crate::value::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Elements of a shard of a list.
const SHARD: usize = 512;

/// Whether the claims of an attestation are a record of its schema, in canonical octets.
pub(super) fn check_payload(attestation: &Attestation, schema: &Schema) -> Result<(), Refusal> {
    let Some(octets) = attestation.payload.inline() else { return Ok(()) };
    let document = Document::read_json(octets, &Bounds::RECORD);
    let record = document.and_then(|document| schema.record_from_document(&document));
    let record = record.map_err(|fault| Refusal::NotARecord(fault.to_string()))?;
    let canonical = schema.record_to_document(&record).map(|document| document.canonical());
    match canonical.is_ok_and(|canonical| canonical.as_bytes() == octets) {
        true => Ok(()),
        false => Err(Refusal::PayloadNotCanonical),
    }
}

impl Batch<'_> {
    /// Takes an object as the entry of this number: checks it, and adds the rows that follow from it.
    pub(super) async fn admit(&mut self, prepared: &Prepared, index: u64) -> Result<(), Halt> {
        match &prepared.object {
            Object::Schema(schema) => self.admit_schema(schema, index)?,
            Object::Bundle(bundle) if !bundle.is_authorised() => {
                return Err(Refusal::Unauthorised.into());
            }
            Object::Bundle(_) | Object::Source(_) => {}
            Object::Issuer(record) => self.admit_issuer(record, index).await?,
            Object::Trust(list) => self.admit_edition(list, index).await?,
            Object::Epoch(epoch) => self.admit_epoch(epoch, index).await?,
            Object::Grant(grant) => self.admit_grant(grant, index).await?,
            Object::Attestation(attestation) => {
                let attestation = attestation.statement();
                if let Some(refusal) = &prepared.payload {
                    return Err(refusal.clone().into());
                }
                self.admit_attestation(attestation, index).await?;
            }
            Object::Event(event) => self.admit_event(event, index).await?,
        }
        Ok(())
    }

    fn admit_schema(&mut self, schema: &Schema, index: u64) -> Result<(), Halt> {
        let [_, next, _] = &mut self.next;
        let number = *next;
        *next += 1;
        self.memory.schemas.insert(schema.id(), (number, Arc::new(schema.clone())));
        let id = Cell::Octets(schema.id().to_bytes().to_vec());
        self.rows.push(&insert::SCHEMAS, [Cell::number(number)?, id, Cell::number(index)?]);
        Ok(())
    }

    async fn admit_issuer(&mut self, record: &IssuerRecord, index: u64) -> Result<(), Halt> {
        let (attester, issuer) =
            (record.attester().to_bytes(), record.issuer().to_bytes().to_vec());
        self.bound(attester).await?.insert(issuer.clone());
        let [attester, issuer] = [attester.to_vec(), issuer].map(Cell::Octets);
        self.rows.push(&insert::BINDINGS, [Cell::number(index)?, attester, issuer]);
        Ok(())
    }

    async fn admit_attestation(
        &mut self,
        attestation: &Attestation,
        index: u64,
    ) -> Result<(), Halt> {
        let schema = self.memory.schemas.get(&attestation.schema).map(|(number, _)| *number);
        let schema = schema.ok_or(Refusal::UnknownSchema(attestation.schema))?;
        self.check_time(attestation)?;
        let issuer = attestation.issuer.to_bytes();
        // Whoever may attest under one schema must not take what is attested under another out of force.
        let mut schemas: BTreeSet<SchemaId> = [attestation.schema].into();
        for link in &attestation.links {
            let id = link.target.to_bytes();
            let (target, held) = self.target(id)?;
            if link.relation == Relation::Supersedes
                && !self.is_one_issuer(issuer, held.issuer).await?
            {
                return Err(Refusal::NotTheIssuer(id).into());
            }
            if link.relation == Relation::Supersedes {
                schemas.insert(held.schema);
            }
            let relation = Cell::Integer(link.relation.code().into());
            self.rows.push(&insert::LINKS, [Cell::number(target)?, relation, Cell::number(index)?]);
        }
        if let Some(delegated) = &attestation.delegated {
            self.check_delegation(delegated, &attestation.issuer, &schemas, Right::Attest, index)
                .await?;
        }
        let subject = match &attestation.subject {
            Some(subject) => Cell::number(self.subject(subject.as_str())?)?,
            None => Cell::Null,
        };
        let row = [
            Cell::number(index)?,
            Cell::number(schema)?,
            Cell::number(self.key(issuer)?)?,
            subject,
            Cell::time(attestation.issued_at),
            Cell::time(attestation.valid_from),
            Cell::optional(attestation.valid_until.map(Timestamp::unix))?,
            Cell::Integer(attestation.revocable.into()),
            Cell::optional(attestation.handle)?,
        ];
        self.rows.push(&insert::ATTESTATIONS, row);
        let Attestation { schema, revocable, .. } = *attestation;
        self.attestations.insert(index, Held { issuer, schema, revocable });
        Ok(())
    }

    async fn admit_event(&mut self, signed: &SignedEvent, index: u64) -> Result<(), Halt> {
        let event = signed.statement();
        self.check_time(event)?;
        let (target, schemas) = match event.target {
            Target::Attestation(id) => self.check_event(event, id.to_bytes()).await?,
            Target::Grant(id) => self.check_grant_event(event, id).await?,
        };
        if let Some(delegated) = &event.delegated {
            self.check_delegation(delegated, &event.issuer, &schemas, Right::Revoke, index).await?;
        }
        let act = match event.act {
            Act::Revoke(_) => 0,
            Act::Suspend { .. } => 1,
            Act::Resume => 2,
        };
        if let (Target::Grant(id), Act::Revoke(_)) = (event.target, event.act)
            && let Some(held) = self.grants.get_mut(&id)
        {
            let effective = event.effective.unix();
            held.revoked = Some(held.revoked.map_or(effective, |before| before.min(effective)));
        }
        let [index, target] = [Cell::number(index)?, Cell::number(target)?];
        let row = [index, target, Cell::Integer(act), Cell::time(event.effective)];
        self.rows.push(&insert::EVENTS, row);
        Ok(())
    }

    async fn check_event(
        &mut self,
        event: &Event,
        id: [u8; 32],
    ) -> Result<(u64, BTreeSet<SchemaId>), Halt> {
        let (target, held) = self.target(id)?;
        if !self.is_one_issuer(event.issuer.to_bytes(), held.issuer).await? {
            return Err(Refusal::NotTheIssuer(id).into());
        }
        if !held.revocable {
            return Err(Refusal::Irrevocable(id).into());
        }
        Ok((target, [held.schema].into()))
    }

    async fn check_grant_event(
        &mut self,
        event: &Event,
        id: GrantId,
    ) -> Result<(u64, BTreeSet<SchemaId>), Halt> {
        let held = self.grant(id).await.map_err(|halt| match halt {
            Halt::Refused(_) => Halt::Refused(Refusal::UnknownTarget(id.to_bytes())),
            Halt::Store(error) => Halt::Store(error),
        })?;
        let grant = held.grant.statement();
        let issuer = event.issuer.to_bytes();
        // As a verdict has it: the grantor by the very key, the issuer by any of its own.
        let by_grantor = issuer == grant.grantor.to_bytes();
        if !by_grantor && !self.is_one_issuer(issuer, grant.issuer.to_bytes()).await? {
            return Err(Refusal::NotTheIssuer(id.to_bytes()).into());
        }
        Ok((held.index, grant.schemas.clone()))
    }

    /// A grant is taken if a statement could rest on it.
    async fn admit_grant(&mut self, signed: &SignedGrant, index: u64) -> Result<(), Halt> {
        let grant = signed.statement();
        self.check_time(grant)?;
        let id = signed.id();
        let held = HeldGrant { index, grant: Arc::new(signed.clone()), revoked: None };
        let mut chain = vec![id];
        let mut parent = grant.parent;
        while let Some(above) = parent {
            if chain.len() == MAX_CHAIN {
                return Err(DelegationError::Chain.into());
            }
            chain.insert(0, above);
            parent = self.grant(above).await?.grant.statement().parent;
        }
        self.grants.insert(id, held);
        let delegated = Delegated {
            signer: grant.delegate,
            chain,
            audience: self.origin.to_owned(),
            nonce: [0; 32],
            deadline: Timestamp::MAX,
        };
        for right in &grant.rights {
            let at = grant.not_before;
            self.check_grants(&delegated, &grant.issuer, &grant.schemas, *right, at).await?;
        }
        let parent = match grant.parent {
            Some(parent) => Some(self.grant(parent).await?.index),
            None => None,
        };
        let keys = [&grant.issuer, &grant.grantor, &grant.delegate];
        let [issuer, grantor, delegate] = keys.map(|key| self.key(key.to_bytes()));
        let row = [
            Cell::number(index)?,
            Cell::number(issuer?)?,
            Cell::number(grantor?)?,
            Cell::number(delegate?)?,
            Cell::optional(parent)?,
            Cell::time(grant.not_before),
            Cell::time(grant.not_after),
        ];
        self.rows.push(&insert::GRANTS, row);
        Ok(())
    }

    fn check_time(&self, statement: &impl Statement) -> Result<(), Refusal> {
        let (issued_at, now) = (statement.issued_at(), self.recorded_at);
        match issued_at.unix() <= now.unix().saturating_add(SKEW) {
            true => Ok(()),
            false => Err(Refusal::Future { issued_at, now }),
        }
    }

    /// An attestation that the registry has, or the batch before this place.
    fn target(&self, id: [u8; 32]) -> Result<(u64, Held), Refusal> {
        let index = self.entries.get(&(Kind::Attestation, id)).map(|(index, _)| *index);
        let held = index.and_then(|index| Some((index, *self.attestations.get(&index)?)));
        held.ok_or(Refusal::UnknownTarget(id))
    }

    async fn check_delegation(
        &mut self,
        delegated: &Delegated,
        issuer: &Authority,
        schemas: &BTreeSet<SchemaId>,
        right: Right,
        index: u64,
    ) -> Result<(), Halt> {
        self.check_grants(delegated, issuer, schemas, right, self.recorded_at).await?;
        let (signer, nonce) = (delegated.signer.to_bytes(), delegated.nonce);
        if !self.nonces.insert((signer, nonce)) || self.is_used(signer, nonce).await? {
            return Err(Refusal::NonceUsed.into());
        }
        let [signer, nonce] = [signer, nonce].map(|octets| Cell::Octets(octets.to_vec()));
        self.rows.push(&insert::USED_NONCES, [signer, nonce, Cell::number(index)?]);
        Ok(())
    }

    async fn check_grants(
        &mut self,
        delegated: &Delegated,
        issuer: &Authority,
        schemas: &BTreeSet<SchemaId>,
        right: Right,
        recorded_at: Timestamp,
    ) -> Result<(), Halt> {
        if delegated.audience != self.origin {
            return Err(DelegationError::Audience.into());
        }
        let mut chain = Vec::with_capacity(delegated.chain.len());
        for id in &delegated.chain {
            chain.push(self.grant(*id).await?);
        }
        let grants: Vec<&SignedGrant> = chain.iter().map(|held| &*held.grant).collect();
        for schema in schemas {
            let (schema, registry) = (*schema, self.origin);
            let deed = Deed { issuer, schema, right, recorded_at, registry };
            check_chain(delegated, &grants, &deed)?;
        }
        let now = self.recorded_at.unix();
        let revoked = chain.iter().find(|held| held.revoked.is_some_and(|from| from <= now));
        match revoked {
            Some(held) => Err(Refusal::GrantRevoked(held.grant.id()).into()),
            None => Ok(()),
        }
    }

    async fn admit_epoch(&mut self, epoch: &ListEpoch, index: u64) -> Result<(), Halt> {
        self.check_epoch(epoch).await?;
        let (key, stamp) = (epoch.head().key(), epoch.head().stamp());
        let row = [
            Cell::number(index)?,
            Cell::Text(key.list.clone()),
            Cell::Octets(key.authority.to_bytes().to_vec()),
            Cell::Text(elements_text(epoch)),
            Cell::number(stamp.epoch).map_err(|_| Refusal::Number)?,
            Cell::time(stamp.issued_at),
        ];
        self.rows.push(&insert::EPOCHS, row);
        for shard in epoch.elements().chunks(SHARD) {
            let octets: Vec<u8> = shard.iter().flat_map(|element| element.to_be_bytes()).collect();
            let first = octets.first_chunk::<8>().map_or_else(Vec::new, |first| first.to_vec());
            let row = [Cell::number(index)?, Cell::Octets(first), Cell::Octets(octets)];
            self.rows.push(&insert::LIST_SHARDS, row);
        }
        Ok(())
    }

    /// The number of a key.
    fn key(&mut self, key: [u8; 32]) -> Result<u64, Halt> {
        if let Some(number) = self.memory.keys.get(&key) {
            return Ok(*number);
        }
        let [next, _, _] = &mut self.next;
        let number = *next;
        *next += 1;
        self.memory.keys.insert(key, number);
        self.rows.push(&insert::KEYS, [Cell::number(number)?, Cell::Octets(key.to_vec())]);
        Ok(number)
    }

    /// The number of a subject.
    fn subject(&mut self, subject: &str) -> Result<u64, Halt> {
        if let Some(number) = self.subjects.get(subject) {
            return Ok(*number);
        }
        let [_, _, next] = &mut self.next;
        let number = *next;
        *next += 1;
        self.subjects.insert(subject.to_owned(), number);
        self.rows.push(&insert::SUBJECTS, [Cell::number(number)?, Cell::Text(subject.to_owned())]);
        Ok(number)
    }
}

/// Of what a list is, as `epochs.elements` has it.
pub(super) fn elements_text(epoch: &ListEpoch) -> String {
    epoch.head().key().elements.to_document().canonical()
}
