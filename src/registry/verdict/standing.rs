//! How an attestation stands, apart from what others say of the same subject.

use super::delegation::{About, Party, Speech};
use super::reason::{Alteration, Reason, Revocation, SchemaDoubt};
use super::record::{Mention, Notes, Verdict};
use super::{Moment, conflict};
use crate::registry::attestation::{Attestation, AttestationId, Relation};
use crate::registry::claims;
use crate::registry::event::{Act, Cause, EventId, Target};
use crate::registry::facts::{EventFact, Facts, LinkFact, Recorded};
use crate::registry::grant::Right;
use crate::registry::payload::{Payload, PayloadState};
use crate::registry::statement::Statement;
use crate::registry::terms::{PayloadRule, Terms};
use crate::schema::Schema;
use crate::status::SignedHead;
use crate::trust::{Listed, TrustList};
use crate::value::Timestamp;

/// An attestation to be judged: the one in question, or a rival of it.
pub(super) struct Case<'a> {
    pub(super) facts: &'a Facts,
    pub(super) terms: &'a Terms,
    pub(super) moment: &'a Moment,
    pub(super) trust: &'a [Recorded<TrustList>],
}

/// What is found of it by itself.
#[derive(Default)]
pub(super) struct Standing<'a> {
    pub(super) reasons: Vec<Reason>,
    pub(super) superseded_by: Vec<AttestationId>,
    pub(super) listed: Option<Listed<'a>>,
    pub(super) edition: Option<&'a TrustList>,
    pub(super) epochs: Vec<&'a SignedHead>,
}

/// Judges an attestation by itself and against its rivals.
pub(super) fn verdict(facts: &Facts, terms: &Terms, moment: &Moment) -> Verdict {
    let case = Case { facts, terms, moment, trust: &facts.trust };
    let id = facts.attestation.entry.id();
    if !case.is_known() {
        // Whoever could not know of it could not know anything else of it either.
        return Verdict::new(id, *moment, None, vec![Reason::Unknown], Notes::default(), terms);
    }
    let standing = case.standing();
    let (quarrels, conflicts) = conflict::conflicts(&case, &standing);
    let mut reasons = standing.reasons.clone();
    reasons.extend(quarrels);
    reasons.sort_by_key(Reason::rank);
    let notes = Notes {
        conflicts,
        disputes: case.mentions(Relation::Disputes),
        supports: case.mentions(Relation::Supports),
        payload: facts.payload,
        ..Notes::of(&standing)
    };
    let entry = (facts.attestation.index, facts.attestation.recorded_at);
    Verdict::new(id, *moment, Some(entry), reasons, notes, terms)
}

impl<'a> Case<'a> {
    pub(super) fn attestation(&self) -> &'a Attestation {
        self.facts.attestation.entry.statement()
    }

    pub(super) fn issuer(&self) -> Party<'a> {
        Party { key: &self.attestation().issuer, bound: &self.facts.keys }
    }

    /// Its schema, if the registry had it.
    pub(super) fn schema(&self) -> Option<&'a Schema> {
        let schema = self.facts.schema.as_ref()?;
        let by = self.moment.horizon(self.facts.attestation.recorded_at);
        let own = schema.entry.id() == self.attestation().schema;
        (own && schema.recorded_at <= by).then_some(&*schema.entry)
    }

    fn is_known(&self) -> bool {
        let made_at = self.attestation().issued_at;
        self.moment.knows_made(self.facts.attestation.recorded_at, made_at)
    }

    /// Everything that speaks against it, in order of precedence, but for what its rivals say.
    pub(super) fn standing(&self) -> Standing<'a> {
        if !self.is_known() {
            return Standing { reasons: vec![Reason::Unknown], ..Standing::default() };
        }
        let trust = self.trust();
        let superseding = self.superseding();
        let (listed, epochs) = self.lists(self.schema());
        let mut reasons = Vec::new();
        reasons.extend(self.schema_doubt().map(Reason::UnknownSchemaVersion));
        reasons.extend(self.speaks(&self.speech()).err().map(Reason::UntrustedIssuer));
        reasons.extend(trust.reasons);
        reasons.extend(self.payload());
        reasons.extend(self.revoked());
        reasons.extend(superseding.first().map(|(_, by)| Reason::Superseded { by: *by }));
        reasons.extend(self.suspended());
        reasons.extend(self.window());
        reasons.extend(listed);
        // A stable sort: what has one rank stays in the order in which it was found.
        reasons.sort_by_key(Reason::rank);
        Standing {
            reasons,
            superseded_by: superseding.into_iter().map(|(_, by)| by).collect(),
            listed: trust.listed,
            edition: trust.edition,
            epochs,
        }
    }

    fn schema_doubt(&self) -> Option<SchemaDoubt> {
        let accepted = &self.terms.schemas;
        if !accepted.is_empty() && !accepted.contains(&self.attestation().schema) {
            return Some(SchemaDoubt::NotAccepted);
        }
        self.schema().is_none().then_some(SchemaDoubt::NotRecorded)
    }

    fn speech(&self) -> Speech<'a> {
        Speech {
            delegated: self.attestation().delegated(),
            chain: &self.facts.chain,
            issuer: self.issuer(),
            schema: self.attestation().schema,
            right: Right::Attest,
            recorded_at: self.facts.attestation.recorded_at,
        }
    }

    fn payload(&self) -> Option<Reason> {
        let attestation = self.attestation();
        let inline = attestation.payload.inline().is_some();
        if inline && self.schema().is_some_and(|own| claims::record(attestation, own).is_none()) {
            return Some(Reason::PayloadAltered(Alteration::NotARecord));
        }
        if self.terms.payload == PayloadRule::HashSuffices {
            return None;
        }
        match (self.facts.payload, &attestation.payload) {
            (Some(PayloadState::Altered { found }), _) => {
                Some(Reason::PayloadAltered(Alteration::Found(found)))
            }
            (Some(PayloadState::Present), _) | (None, Payload::Inline(_)) => None,
            (Some(PayloadState::Missing) | None, _) => Some(Reason::PayloadMissing),
        }
    }

    fn about(&self) -> About<'a> {
        About {
            target: Target::Attestation(self.facts.attestation.entry.id()),
            issuer: self.issuer(),
            schema: self.attestation().schema,
        }
    }

    /// The revocation that counts first. What was made not to be revocable is not revoked.
    fn revoked(&self) -> Option<Reason> {
        if !self.attestation().revocable {
            return None;
        }
        let (_, effective, event, cause) =
            self.first_revocation(self.about(), &self.facts.events, self.moment.at)?;
        Some(Reason::Revoked(Revocation::ByEvent { event, cause, effective }))
    }

    fn first_revocation(
        &self,
        about: About<'_>,
        events: &[Recorded<EventFact>],
        by: Timestamp,
    ) -> Option<(u64, Timestamp, EventId, Cause)> {
        let events = self.events(about, events, by).into_iter();
        let revocations = events.filter_map(|(fact, event)| match event.act {
            Act::Revoke(cause) => Some((fact.index, event.effective, fact.entry.event.id(), cause)),
            Act::Suspend { .. } | Act::Resume => None,
        });
        revocations.min_by_key(|(index, effective, ..)| (*effective, *index))
    }

    /// The suspension that counts. Of suspensions and resumptions the one that took effect last
    /// counts, of two in one second the one that was recorded later.
    fn suspended(&self) -> Option<Reason> {
        let events = self.events(self.about(), &self.facts.events, self.moment.at).into_iter();
        let acts = events.filter(|(_, event)| !matches!(event.act, Act::Revoke(_)));
        let (fact, event) = acts.max_by_key(|(fact, event)| (event.effective, fact.index))?;
        match event.act {
            Act::Suspend { cause, until } if self.attestation().revocable => {
                let over = until.is_some_and(|until| until <= self.moment.at);
                let event = fact.entry.event.id();
                (!over).then_some(Reason::Suspended { event, cause, until })
            }
            _ => None,
        }
    }

    fn window(&self) -> Option<Reason> {
        let (now, skew) = (self.moment.at.unix(), self.terms.skew);
        let attestation = self.attestation();
        if attestation.valid_from.unix() > now.saturating_add(skew) {
            return Some(Reason::NotYetValid { from: attestation.valid_from });
        }
        let until = attestation.valid_until?;
        (now >= until.unix().saturating_add(skew)).then_some(Reason::Expired { until })
    }

    /// What took its place, and from when on, the first first.
    ///
    /// The superseding attestation takes the place from its first second on, and for good: that it
    /// was revoked or has expired since does not bring the old one back, which its issuer replaced
    /// for a reason. Only if its revocation counts from its first second or before has it never
    /// held.
    fn superseding(&self) -> Vec<(Timestamp, AttestationId)> {
        let links = self.facts.links.iter();
        let links = links.filter(|link| link.entry.relation == Relation::Supersedes);
        let own = self.facts.attestation.entry.statement().schema;
        let mut superseding: Vec<_> = links
            .filter_map(|link| {
                let by = link.entry.attestation.statement();
                let start = by.issued_at.max(by.valid_from);
                let party = Party { key: &by.issuer, bound: &link.entry.keys };
                let horizon = self.moment.horizon(link.recorded_at);
                let counts = start <= self.moment.at
                    && self.moment.knows(link.recorded_at)
                    && self.is_linked(&link.entry)
                    && party.is_one_with(self.issuer(), horizon)
                    && self.speaks(&link_speech(link)).is_ok()
                    // A grant for another schema does not reach this one.
                    && self.speaks(&Speech { schema: own, ..link_speech(link) }).is_ok()
                    && !self.is_taken_back(&link.entry, start);
                counts.then(|| (start, link.entry.attestation.id()))
            })
            .collect();
        superseding.sort_unstable();
        superseding
    }

    /// Whether the linked attestation says itself that it is linked so.
    fn is_linked(&self, link: &LinkFact) -> bool {
        let id = self.facts.attestation.entry.id();
        link.attestation.statement().linked(link.relation).any(|target| target == id)
    }

    /// Whether a linked attestation is revoked from a time on or before.
    fn is_taken_back(&self, link: &LinkFact, by: Timestamp) -> bool {
        let attestation = link.attestation.statement();
        let about = About {
            target: Target::Attestation(link.attestation.id()),
            issuer: Party { key: &attestation.issuer, bound: &link.keys },
            schema: attestation.schema,
        };
        attestation.revocable && self.first_revocation(about, &link.events, by).is_some()
    }

    /// Attestations that say something of this one, and stand at the moment. Whether their issuers
    /// are trusted is not asked: they are shown, not counted.
    fn mentions(&self, relation: Relation) -> Vec<Mention> {
        let at = self.moment.at;
        let links = self.facts.links.iter().filter(|link| {
            let attestation = link.entry.attestation.statement();
            let ended = attestation.valid_until.is_some_and(|until| until <= at);
            link.entry.relation == relation
                && self.moment.knows_made(link.recorded_at, attestation.issued_at)
                && attestation.valid_from <= at
                && !ended
                && self.is_linked(&link.entry)
                && self.speaks(&link_speech(link)).is_ok()
                && !self.is_taken_back(&link.entry, at)
        });
        let mention = |link: &Recorded<LinkFact>| Mention {
            attestation: link.entry.attestation.id(),
            issuer: link.entry.attestation.statement().issuer,
        };
        let mut mentions: Vec<Mention> = links.map(mention).collect();
        mentions.sort_unstable();
        mentions.dedup();
        mentions
    }
}

fn link_speech(link: &Recorded<LinkFact>) -> Speech<'_> {
    let attestation = link.entry.attestation.statement();
    Speech {
        delegated: attestation.delegated(),
        chain: &link.entry.chain,
        issuer: Party { key: &attestation.issuer, bound: &link.entry.keys },
        schema: attestation.schema,
        right: Right::Attest,
        recorded_at: link.recorded_at,
    }
}
