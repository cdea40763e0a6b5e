//! Small registries in memory: entries with times, and what is gathered of them about an
//! attestation.

use crate::authority::{Authority, AuthorityKey};
use crate::bbs::{PublicKey, SecretKey};
use crate::did_key;
use crate::policy::{ListCheck, Presence, SlotSource, TrustRule};
use crate::registry::attestation::{Attestation, AttestationId, Link, Relation, SignedAttestation};
use crate::registry::event::{Act, Cause, Event, EventId, SignedEvent, Target};
use crate::registry::facts::{EpochFact, EventFact, Facts, GrantFact, LinkFact, Recorded};
use crate::registry::grant::{Grant, GrantId, Right, SignedGrant};
use crate::registry::payload::{Payload, PayloadState};
use crate::registry::statement::{Delegated, Signed, Statement};
use crate::registry::terms::{Agreement, ConflictRule, PayloadRule, Terms, Trusted};
use crate::registry::verdict::{Known, Moment, Verdict, verdict};
use crate::schema::{STATUS_HANDLE, Schema};
use crate::status::{Elements, Head, HeadHash, ListKey, SignedHead};
use crate::trust::{TrustList, UnsignedTrustList};
use crate::value::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex};

pub(super) const ORIGIN: &str = "registry.example/log";
pub(super) const TRUST: &str = "https://eu.example/trust/kyc";
pub(super) const LIST: &str = "https://bank.example/revoked";
/// Seconds of an hour.
pub(super) const HOUR: u64 = 3600;

/// So many seconds after a whole hour.
pub(super) fn t(seconds: u64) -> Timestamp {
    let start: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    Timestamp::from_unix(start.unix() + seconds).unwrap()
}

pub(super) fn then(seconds: u64) -> Moment {
    Moment { at: t(seconds), known: Known::Then }
}

pub(super) fn now(seconds: u64) -> Moment {
    Moment { at: t(seconds), known: Known::Now }
}

/// Three issuers have a key and a BBS key each, of the same number; 9 is nobody's, 50 signs trust
/// lists.
pub(super) fn signer(number: u8) -> AuthorityKey {
    AuthorityKey::from_bytes(&[number; 32])
}

pub(super) fn attester(number: u8) -> Authority {
    signer(number).authority()
}

pub(super) fn bbs(number: u8) -> PublicKey {
    static KEYS: LazyLock<Vec<SecretKey>> = LazyLock::new(|| {
        (1..=60).map(|seed| SecretKey::from_bytes(&[seed; 32]).unwrap()).collect()
    });
    *KEYS[usize::from(number) - 1].public_key()
}

/// The schema of most attestations.
pub(super) static V1: LazyLock<Arc<Schema>> = LazyLock::new(|| schema("1.0.0", "uint(8)", "tier"));
/// A later version of it, with a wider field.
pub(super) static V2: LazyLock<Arc<Schema>> = LazyLock::new(|| schema("1.1.0", "uint(16)", "tier"));
/// Another schema that happens to have a field of the same name and type.
pub(super) static OTHER: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    let text = r#"{ "format": "sigil-schema/1", "name": "example.org/other", "version": "1.0.0",
                    "fields": [{ "name": "tier", "type": "uint(8)" }] }"#;
    Arc::new(Schema::parse(text.as_bytes()).unwrap())
});

fn schema(version: &str, tier: &str, name: &str) -> Arc<Schema> {
    let text = json!({ "format": "sigil-schema/1", "name": "example.org/kyc", "version": version,
        "fields": [{ "name": name, "type": tier },
                   { "name": "country", "type": "text", "optional": true }] });
    Arc::new(Schema::parse(text.to_string().as_bytes()).unwrap())
}

/// What a registry holds, by the order of its indexes.
#[derive(Clone)]
pub(super) enum Entry {
    Schema(Arc<Schema>),
    Bind(Authority, PublicKey),
    Trust(TrustList),
    Epoch(SignedHead, Vec<u64>),
    Grant(SignedGrant),
    Attestation(SignedAttestation),
    Event(SignedEvent),
}

#[derive(Clone, Default)]
pub(super) struct World {
    pub(super) clock: u64,
    pub(super) entries: Vec<Recorded<Entry>>,
    pub(super) payloads: HashMap<AttestationId, PayloadState>,
    /// The attestation in question.
    pub(super) main: Option<AttestationId>,
}

/// Terms that accept V1 and issuers of the trust list, and ask no more.
pub(super) fn terms() -> Terms {
    Terms {
        schemas: [V1.id()].into(),
        base: None,
        trusted: Trusted::List(TrustRule::new(TRUST, attester(50), 1000).unwrap()),
        lists: Vec::new(),
        agreements: vec![Agreement { fields: BTreeSet::new(), rule: ConflictRule::All }],
        payload: PayloadRule::HashSuffices,
        skew: 0,
    }
}

pub(super) fn list_key(elements: Elements) -> ListKey {
    ListKey { list: LIST.to_owned(), authority: bbs(40), elements }
}

pub(super) fn on_handle(presence: Presence) -> ListCheck {
    let subject = SlotSource { role: 0, message: STATUS_HANDLE };
    let key = list_key(Elements::Handle);
    ListCheck { path: String::new(), subject, key, presence, max_age: 10 }
}

/// An issuer's entry in the trust list: name, precedence, keys with what else is said of them.
pub(super) type Listing<'a> = (&'a str, u32, &'a [(u8, Value)]);

/// Edition `sequence`, issued then and due after `due` seconds more. Made once for each content.
pub(super) fn edition(sequence: u64, issued: u64, due: u64, issuers: &[Listing<'_>]) -> TrustList {
    static MADE: LazyLock<Mutex<HashMap<String, TrustList>>> = LazyLock::new(Mutex::default);
    let issuers: Vec<Value> = issuers
        .iter()
        .map(|(name, precedence, keys)| {
            let keys: Vec<Value> = keys
                .iter()
                .map(|(number, more)| {
                    let mut key = json!({ "key": did_key::encode(&bbs(*number)),
                        "schemas": [V1.id().to_string(), V2.id().to_string()],
                        "from": "2026-01-01T00:00:00Z" });
                    for (member, value) in more.as_object().into_iter().flatten() {
                        key[member] = value.clone();
                    }
                    key
                })
                .collect();
            json!({ "name": name, "precedence": precedence, "keys": keys })
        })
        .collect();
    let list = json!({ "format": crate::trust::FORMAT, "id": TRUST,
        "authority": attester(50).to_string(), "sequence": sequence,
        "issued_at": t(issued).to_string(), "next_update": t(issued + due).to_string(),
        "issuers": issuers });
    let text = list.to_string();
    let make = || UnsignedTrustList::parse(text.as_bytes()).unwrap().sign(&signer(50)).unwrap();
    MADE.lock().unwrap().entry(text.clone()).or_insert_with(make).clone()
}

pub(super) fn usual() -> [Listing<'static>; 3] {
    static KEYS: LazyLock<[[(u8, Value); 1]; 3]> =
        LazyLock::new(|| [1, 2, 3].map(|number| [(number, json!({}))]));
    [("Bank A", 0, &KEYS[0]), ("Bank B", 1, &KEYS[1]), ("Bank C", 1, &KEYS[2])]
}

/// Made once for each content: a BBS signature takes its time.
pub(super) fn epoch(
    elements: Elements,
    number: u64,
    times: [u64; 2],
    previous: Option<HeadHash>,
    salt: u8,
) -> SignedHead {
    static MADE: LazyLock<Mutex<BTreeMap<String, SignedHead>>> = LazyLock::new(Mutex::default);
    let name = format!("{elements:?} {number} {times:?} {previous:?} {salt}");
    let make = || {
        let key = list_key(elements);
        let head = Head::new(key, number, times.map(t), previous, 1, [salt; 32]).unwrap();
        head.sign(&SecretKey::from_bytes(&[40; 32]).unwrap()).unwrap()
    };
    MADE.lock().unwrap().entry(name).or_insert_with(make).clone()
}

impl World {
    /// Schemas, three issuers that the trust list has, and nothing else, by second 100.
    pub(super) fn empty() -> Self {
        let mut world = World::default();
        world.at(1).push(Entry::Schema(V1.clone()));
        world.push(Entry::Schema(V2.clone()));
        for number in 1..=3 {
            world.at(10).bind(number, number);
        }
        world.at(20).push(Entry::Trust(edition(0, 20, 1000 * HOUR, &usual())));
        world.at(100);
        world
    }

    /// The same with an attestation of issuer 1, recorded in second 1000.
    pub(super) fn new() -> Self {
        let mut world = Self::empty();
        world.at(1000).main(1, |_| {});
        world
    }

    /// What follows is recorded then.
    pub(super) fn at(&mut self, seconds: u64) -> &mut Self {
        self.clock = seconds;
        self
    }

    pub(super) fn push(&mut self, entry: Entry) {
        let (index, recorded_at) = (self.entries.len() as u64, t(self.clock));
        self.entries.push(Recorded { index, recorded_at, entry });
    }

    pub(super) fn bind(&mut self, key: u8, issuer: u8) {
        self.push(Entry::Bind(attester(key), bbs(issuer)));
    }

    pub(super) fn trust(&mut self, sequence: u64, issuers: &[Listing<'_>]) {
        self.push(Entry::Trust(edition(sequence, self.clock, 1000 * HOUR, issuers)));
    }

    /// Drops the edition that worlds begin with.
    pub(super) fn without_trust(&mut self) -> &mut Self {
        self.entries.retain(|recorded| !matches!(recorded.entry, Entry::Trust(_)));
        self
    }

    /// An epoch that is issued now.
    pub(super) fn epoch(
        &mut self,
        number: u64,
        previous: Option<HeadHash>,
        present: &[u64],
    ) -> HeadHash {
        let times = [self.clock, self.clock + 20 * HOUR];
        let head = epoch(Elements::Handle, number, times, previous, 0);
        let hash = head.hash();
        self.push(Entry::Epoch(head, present.to_vec()));
        hash
    }

    /// What an issuer attests now of the usual subject: tier 1, for good.
    pub(super) fn attestation(&self, issuer: u8) -> Attestation {
        Attestation {
            schema: V1.id(),
            issuer: attester(issuer),
            subject: Some("did:example:anna".parse().unwrap()),
            issued_at: t(self.clock),
            valid_from: t(self.clock),
            valid_until: None,
            revocable: true,
            handle: None,
            links: Vec::new(),
            payload: tier(1),
            anchor: None,
            source: None,
            delegated: None,
        }
    }

    pub(super) fn attest(
        &mut self,
        issuer: u8,
        edit: impl FnOnce(&mut Attestation),
    ) -> AttestationId {
        let mut attestation = self.attestation(issuer);
        edit(&mut attestation);
        let by = signing(attestation.signer());
        let signed = Signed::sign(attestation, &by).unwrap();
        let id = signed.id();
        self.push(Entry::Attestation(signed));
        id
    }

    /// The attestation in question.
    pub(super) fn main(
        &mut self,
        issuer: u8,
        edit: impl FnOnce(&mut Attestation),
    ) -> AttestationId {
        let id = self.attest(issuer, edit);
        self.main = Some(id);
        id
    }

    pub(super) fn asked(&self) -> AttestationId {
        self.main.unwrap()
    }

    /// Another attestation of an issuer, linked to the one in question.
    pub(super) fn link(
        &mut self,
        issuer: u8,
        relation: Relation,
        edit: impl FnOnce(&mut Attestation),
    ) -> AttestationId {
        let target = self.asked();
        self.attest(issuer, |attestation| {
            attestation.links = vec![Link { relation, target }];
            edit(attestation);
        })
    }

    pub(super) fn event(
        &mut self,
        issuer: u8,
        target: Target,
        act: Act,
        edit: impl FnOnce(&mut Event),
    ) -> EventId {
        let mut event = Event {
            target,
            issuer: attester(issuer),
            issued_at: t(self.clock),
            effective: t(self.clock),
            act,
            note: None,
            delegated: None,
        };
        edit(&mut event);
        let by = signing(event.signer());
        let signed = Signed::sign(event, &by).unwrap();
        let id = signed.id();
        self.push(Entry::Event(signed));
        id
    }

    /// An event about the attestation in question.
    pub(super) fn act(&mut self, issuer: u8, act: Act) -> EventId {
        let target = Target::Attestation(self.asked());
        self.event(issuer, target, act, |_| {})
    }

    /// The same, that counts from another second.
    pub(super) fn act_from(&mut self, issuer: u8, act: Act, effective: u64) -> EventId {
        let target = Target::Attestation(self.asked());
        self.event(issuer, target, act, |event| event.effective = t(effective))
    }

    /// A grant of everything under V1, for a day from now.
    pub(super) fn grant(&mut self, issuer: u8, to: u8, edit: impl FnOnce(&mut Grant)) -> GrantId {
        let mut grant = Grant {
            issuer: attester(issuer),
            grantor: attester(issuer),
            delegate: attester(to),
            parent: None,
            schemas: [V1.id()].into(),
            rights: [Right::Attest, Right::Revoke].into(),
            audience: ORIGIN.to_owned(),
            issued_at: t(self.clock),
            not_before: t(self.clock),
            not_after: t(self.clock + 24 * HOUR),
            depth: 1,
        };
        edit(&mut grant);
        let by = signing(&grant.grantor);
        let signed = Signed::sign(grant, &by).unwrap();
        let id = signed.id();
        self.push(Entry::Grant(signed));
        id
    }

    pub(super) fn verdict(&self, terms: &Terms, moment: Moment) -> Verdict {
        verdict(&self.facts(self.asked(), terms), terms, &moment)
    }
}

/// The key of one of the numbered signers.
fn signing(authority: &Authority) -> AuthorityKey {
    static KEYS: LazyLock<Vec<Authority>> = LazyLock::new(|| (0..60).map(attester).collect());
    signer(KEYS.iter().position(|key| key == authority).unwrap() as u8)
}

pub(super) fn by(signer: u8, chain: &[GrantId]) -> Option<Delegated> {
    Some(Delegated {
        signer: attester(signer),
        chain: chain.to_vec(),
        audience: ORIGIN.to_owned(),
        nonce: [7; 32],
        deadline: t(1000 * HOUR),
    })
}

pub(super) fn tier(tier: u64) -> Payload {
    Payload::Inline(format!("{{\"tier\":{tier}}}").into_bytes())
}

pub(super) fn revoke() -> Act {
    Act::Revoke(Cause::Changed)
}

pub(super) fn suspend(until: Option<u64>) -> Act {
    Act::Suspend { cause: Cause::UnderInvestigation, until: until.map(t) }
}

/// What a registry gathers, by looking at every entry.
impl World {
    pub(super) fn facts(&self, id: AttestationId, terms: &Terms) -> Facts {
        let mut facts = self.lone(id, terms);
        let subject = facts.attestation.entry.statement().subject.clone();
        let rivals = self.attestations().filter(|other| {
            let statement = other.entry.statement();
            let accepted = terms.schemas.is_empty() || terms.schemas.contains(&statement.schema);
            subject.is_some() && statement.subject == subject && other.entry.id() != id && accepted
        });
        facts.rivals = rivals
            .map(|rival| Facts { trust: Vec::new(), ..self.lone(rival.entry.id(), terms) })
            .collect();
        facts
    }

    fn pick<T>(&self, pick: impl Fn(&Entry) -> Option<T>) -> Vec<Recorded<T>> {
        let found = self.entries.iter().filter_map(|recorded| {
            let (index, recorded_at) = (recorded.index, recorded.recorded_at);
            Some(Recorded { index, recorded_at, entry: pick(&recorded.entry)? })
        });
        found.collect()
    }

    fn attestations(&self) -> impl Iterator<Item = Recorded<SignedAttestation>> {
        let all = self.pick(|entry| match entry {
            Entry::Attestation(signed) => Some(signed.clone()),
            _ => None,
        });
        all.into_iter()
    }

    fn lone(&self, id: AttestationId, terms: &Terms) -> Facts {
        let attestation = self.attestations().find(|signed| signed.entry.id() == id).unwrap();
        let statement = attestation.entry.statement();
        let schema = self.pick(|entry| match entry {
            Entry::Schema(schema) if schema.id() == statement.schema => Some(schema.clone()),
            _ => None,
        });
        let schema = schema.into_iter().next();
        let epochs = self.pick(|entry| match entry {
            Entry::Epoch(head, present) => {
                let wanted = terms.lists.iter().filter(|check| check.key == *head.key());
                let known = schema.as_ref().map(|schema| &*schema.entry);
                let wanted = wanted.filter_map(|check| terms.element(check, statement, known).ok());
                let wanted: Vec<u64> = wanted.flatten().collect();
                let present = present.iter().filter(|element| wanted.contains(element));
                Some(EpochFact { head: head.clone(), present: present.copied().collect() })
            }
            _ => None,
        });
        let trust = self.pick(|entry| match entry {
            Entry::Trust(list) => Some(list.clone()),
            _ => None,
        });
        Facts {
            origin: ORIGIN.into(),
            chain: self.chain(statement.delegated(), 5),
            keys: self.keys(&statement.issuer),
            events: self.events(Target::Attestation(id), 5),
            links: self.links(id),
            payload: self.payloads.get(&id).copied(),
            rivals: Vec::new(),
            schema,
            trust,
            epochs,
            attestation,
        }
    }

    fn keys(&self, attester: &Authority) -> Vec<Recorded<PublicKey>> {
        self.pick(|entry| match entry {
            Entry::Bind(key, issuer) if key == attester => Some(*issuer),
            _ => None,
        })
    }

    fn chain(&self, delegated: Option<&Delegated>, depth: usize) -> Vec<GrantFact> {
        let chain = delegated.map_or(&[][..], |delegated| &delegated.chain);
        let grant = |id: &GrantId| {
            let found = self.pick(|entry| match entry {
                Entry::Grant(signed) if signed.id() == *id => Some(signed.clone()),
                _ => None,
            });
            let grant = found.into_iter().next()?;
            Some(GrantFact { grant, events: self.events(Target::Grant(*id), depth) })
        };
        chain.iter().filter_map(grant).collect()
    }

    fn events(&self, target: Target, depth: usize) -> Vec<Recorded<EventFact>> {
        let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
        self.pick(|entry| match entry {
            Entry::Event(event) if event.statement().target == target => Some(EventFact {
                event: event.clone(),
                chain: self.chain(event.statement().delegated(), depth),
                keys: self.keys(&event.statement().issuer),
            }),
            _ => None,
        })
    }

    /// What is gathered about a grant.
    pub(super) fn lone_events(&self, grant: GrantId) -> Vec<Recorded<EventFact>> {
        self.events(Target::Grant(grant), 2)
    }

    fn links(&self, id: AttestationId) -> Vec<Recorded<LinkFact>> {
        let mut links = Vec::new();
        for other in self.attestations() {
            let statement = other.entry.statement();
            for link in statement.links.iter().filter(|link| link.target == id) {
                let entry = LinkFact {
                    relation: link.relation,
                    chain: self.chain(statement.delegated(), 5),
                    keys: self.keys(&statement.issuer),
                    events: self.events(Target::Attestation(other.entry.id()), 5),
                    attestation: other.entry.clone(),
                };
                let (index, recorded_at) = (other.index, other.recorded_at);
                links.push(Recorded { index, recorded_at, entry });
            }
        }
        links
    }
}

/// Ends a row of the table whose identifier nobody needs.
pub(super) fn done<T>(_: T) {}
