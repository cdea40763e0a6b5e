//! Statements: one encoding each, one signer each, and grants that allow what they say.

use super::attestation::{Attestation, AttestationId, Link, MAX_LINKS, Relation, Source};
use super::event::{Act, Cause, Event, Target};
use super::grant::{Deed, DelegationError, Grant, GrantId, Right, check_chain};
use super::object::{Kind, Leaf};
use super::payload::{Commitment, Payload};
use super::statement::{Delegated, Signed, Statement, Unverified};
use crate::authority::{AuthorityKey, NotSigned};
use crate::encoding::{Wire, WireError};
use crate::schema::SchemaId;
use crate::value::Timestamp;

fn key(n: u8) -> AuthorityKey {
    AuthorityKey::from_bytes(&[n; 32])
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix(seconds).unwrap()
}

fn attestation() -> Attestation {
    Attestation {
        schema: SchemaId::from_bytes([7; 32]),
        issuer: key(1).authority(),
        subject: Some("did:example:alice".parse().unwrap()),
        issued_at: at(1000),
        valid_from: at(1000),
        valid_until: Some(at(2000)),
        revocable: true,
        handle: Some(5),
        links: vec![Link {
            relation: Relation::Supports,
            target: AttestationId::from_bytes([9; 32]),
        }],
        payload: Payload::Inline(br#"{"age":44}"#.to_vec()),
        anchor: Some([3; 32]),
        source: Some(Source {
            format: "eas-offchain-2".into(),
            id: "0x01".into(),
            attester: None,
            digest: [4; 32],
        }),
        delegated: None,
    }
}

fn event() -> Event {
    Event {
        target: Target::Attestation(attestation().id()),
        issuer: key(1).authority(),
        issued_at: at(1500),
        effective: at(1400),
        act: Act::Revoke(Cause::IssuedInError),
        note: Some("typed wrong".into()),
        delegated: None,
    }
}

fn grant() -> Grant {
    Grant {
        issuer: key(1).authority(),
        grantor: key(1).authority(),
        delegate: key(2).authority(),
        parent: None,
        schemas: [SchemaId::from_bytes([7; 32])].into(),
        rights: [Right::Attest].into(),
        audience: "registry.example".into(),
        issued_at: at(900),
        not_before: at(1000),
        not_after: at(3000),
        depth: 1,
    }
}

fn round_trips<T: Statement + Clone + PartialEq + std::fmt::Debug>(
    statement: &T,
    key: &AuthorityKey,
) where
    T::Id: PartialEq + std::fmt::Debug,
{
    let signed = Signed::sign(statement.clone(), key).unwrap();
    let octets = signed.to_bytes();
    let read = Unverified::<T>::from_bytes(&octets).unwrap();
    assert_eq!(read.to_bytes(), octets);
    assert_eq!(Unverified::<T>::from_json(&read.to_json()).unwrap(), read);
    let checked = read.check().unwrap();
    assert_eq!((checked.id(), checked.statement()), (statement.id(), statement));
    // A flipped bit is refused as an encoding, or by the signature.
    for bit in 0..8 * octets.len() {
        let mut flipped = octets.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let read = Unverified::<T>::from_bytes(&flipped);
        assert!(read.is_err() || read.unwrap().check().is_err(), "bit {bit}");
    }
}

#[test]
fn forge_statements_with_a_flipped_bit() {
    round_trips(&attestation(), &key(1));
    round_trips(&event(), &key(1));
    round_trips(&grant(), &key(1));
    let bare = Attestation {
        subject: None,
        valid_until: None,
        handle: None,
        links: vec![],
        anchor: None,
        source: None,
        payload: Payload::External {
            uri: "s3://claims/sha256/00".into(),
            commitment: Commitment { digest: [1; 32], length: 77 },
        },
        ..attestation()
    };
    round_trips(&bare, &key(1));
    let act = Act::Suspend { cause: Cause::UnderInvestigation, until: Some(at(1600)) };
    round_trips(&Event { act, note: None, ..event() }, &key(1));
    round_trips(&Event { act: Act::Resume, ..event() }, &key(1));
}

/// The identifiers that signatures are over: a change makes every statement there is another one.
#[test]
fn identifiers_are_pinned() {
    let ids = [attestation().id().to_string(), event().id().to_string(), grant().id().to_string()];
    let pinned = [
        "cf3f431deb4123a7a4d3cfed8101ae137a530440d6ee9b775d8102a4041c415c",
        "7054884c1934635c33e4138f71b4fcc136eed8536c6786e690b3d6f76d0cfe8e",
        "a2c2d6ba0f06302c10a2c52f5e59a8741760d56a024f735106c86ad6a92f9b86",
    ];
    assert_eq!(ids, pinned);
}

#[test]
fn forge_a_signature_by_another_key_or_of_another_kind() {
    assert_eq!(Signed::sign(attestation(), &key(2)), Err(NotSigned));
    let delegated = Delegated {
        signer: key(2).authority(),
        chain: vec![GrantId::from_bytes([1; 32])],
        audience: "registry.example".into(),
        nonce: [8; 32],
        deadline: at(1100),
    };
    let delegated = Attestation { delegated: Some(delegated), ..attestation() };
    assert_eq!(Signed::sign(delegated.clone(), &key(1)), Err(NotSigned));
    round_trips(&delegated, &key(2));
    // The octets of a revocation of an attestation are those of no revocation of a grant.
    let of_grant = Event { target: Target::Grant(GrantId::from_bytes([5; 32])), ..event() };
    let id = AttestationId::from_bytes([5; 32]);
    let of_attestation = Event { target: Target::Attestation(id), ..event() };
    assert_ne!(of_grant.id(), of_attestation.id());
}

#[test]
fn reject_statements_whose_parts_do_not_go_together() {
    let link =
        |n| Link { relation: Relation::Disputes, target: AttestationId::from_bytes([n; 32]) };
    let attestations = [
        Attestation { valid_until: Some(at(1000)), ..attestation() },
        Attestation { handle: Some(1 << 40), ..attestation() },
        Attestation { links: vec![link(2), link(1)], ..attestation() },
        Attestation { links: vec![link(1), link(1)], ..attestation() },
        Attestation { links: (0..=MAX_LINKS as u8).map(link).collect(), ..attestation() },
    ];
    for (i, attestation) in attestations.into_iter().enumerate() {
        let octets = Signed::sign(attestation, &key(1)).unwrap().to_bytes();
        assert!(Unverified::<Attestation>::from_bytes(&octets).is_err(), "attestation {i}");
    }
    let suspended = Act::Suspend { cause: Cause::Unspecified, until: Some(at(1400)) };
    let of_grant = Target::Grant(GrantId::from_bytes([5; 32]));
    let events = [
        Event { act: suspended, ..event() },
        Event { act: Act::Resume, target: of_grant, ..event() },
    ];
    for (i, event) in events.into_iter().enumerate() {
        let octets = Signed::sign(event, &key(1)).unwrap().to_bytes();
        assert!(Unverified::<Event>::from_bytes(&octets).is_err(), "event {i}");
    }
    let grants = [
        Grant { not_after: at(1000), ..grant() },
        Grant { schemas: [].into(), ..grant() },
        Grant { rights: [].into(), ..grant() },
        Grant { depth: 4, ..grant() },
        Grant { parent: Some(GrantId::from_bytes([1; 32])), ..grant() },
    ];
    for (i, grant) in grants.into_iter().enumerate() {
        let octets = Signed::sign(grant, &key(1)).unwrap().to_bytes();
        let read = Unverified::<Grant>::from_bytes(&octets);
        assert!(matches!(read, Err(WireError::Item { .. })), "grant {i}");
    }
    let orphan = Grant { issuer: key(3).authority(), ..grant() };
    assert!(!orphan.is_sound(), "a first grant is given by the issuer");
}

/// The issuer (1) lets 2 attest and pass it on to 3.
struct Chain {
    grants: Vec<Grant>,
    delegated: Delegated,
    schema: u8,
    right: Right,
    recorded_at: u64,
    registry: &'static str,
}

impl Chain {
    fn new() -> Self {
        let second = Grant {
            grantor: key(2).authority(),
            delegate: key(3).authority(),
            parent: Some(grant().id()),
            depth: 0,
            not_after: at(2500),
            ..grant()
        };
        let delegated = Delegated {
            signer: key(3).authority(),
            chain: vec![],
            audience: "registry.example".into(),
            nonce: [8; 32],
            deadline: at(2000),
        };
        let (schema, right, recorded_at) = (7, Right::Attest, 1500);
        let (grants, registry) = (vec![grant(), second], "registry.example");
        Self { grants, delegated, schema, right, recorded_at, registry }
    }

    /// What comes of it after a change; grants are signed by who gives them, and each rests on the one
    /// before it as it is after the change.
    fn after(mut self, change: impl FnOnce(&mut Self)) -> Result<(), DelegationError> {
        change(&mut self);
        let signed = self.grants.iter().map(|grant| {
            let giver = (1..=9).map(key).find(|key| key.authority() == grant.grantor).unwrap();
            Signed::sign(grant.clone(), &giver).unwrap()
        });
        let signed: Vec<_> = signed.collect();
        if self.delegated.chain.is_empty() {
            self.delegated.chain = signed.iter().map(Signed::id).collect();
        }
        let deed = Deed {
            issuer: &key(1).authority(),
            schema: SchemaId::from_bytes([self.schema; 32]),
            right: self.right,
            recorded_at: at(self.recorded_at),
            registry: self.registry,
        };
        check_chain(&self.delegated, &signed.iter().collect::<Vec<_>>(), &deed)
    }
}

#[test]
fn reject_chains_of_grants_that_do_not_reach() {
    use DelegationError as E;
    let relink = |chain: &mut Chain| chain.grants[1].parent = Some(chain.grants[0].id());
    assert_eq!(Chain::new().after(|_| {}), Ok(()));
    assert_eq!(Chain::new().after(|c| c.recorded_at = 2000), Ok(()), "the deadline itself");
    assert_eq!(Chain::new().after(|c| c.recorded_at = 1000), Ok(()), "the first second");
    assert_eq!(Chain::new().after(|c| c.recorded_at = 2001), Err(E::Deadline));
    assert_eq!(Chain::new().after(|c| c.registry = "other.example"), Err(E::Audience));
    assert_eq!(Chain::new().after(|c| c.delegated.audience = "x".into()), Err(E::Audience));
    assert_eq!(Chain::new().after(|c| c.grants[1].audience = "x".into()), Err(E::Audience));
    assert_eq!(Chain::new().after(|c| c.delegated.signer = key(2).authority()), Err(E::Chain));
    assert_eq!(Chain::new().after(|c| c.delegated.chain = vec![grant().id()]), Err(E::Chain));
    assert_eq!(Chain::new().after(|c| c.grants.reverse()), Err(E::Chain));
    assert_eq!(Chain::new().after(|c| drop(c.grants.remove(0))), Err(E::Chain));
    assert_eq!(Chain::new().after(|c| c.grants.clear()), Err(E::Chain));
    // Another issuer's grants, another giver, another parent.
    let foreign = |c: &mut Chain| {
        for grant in &mut c.grants {
            grant.issuer = key(4).authority();
        }
        c.grants[0].grantor = key(4).authority();
        relink(c);
    };
    assert_eq!(Chain::new().after(foreign), Err(E::Chain));
    assert_eq!(Chain::new().after(|c| c.grants[1].grantor = key(4).authority()), Err(E::Chain));
    let parent = Some(GrantId::from_bytes([1; 32]));
    assert_eq!(Chain::new().after(|c| c.grants[1].parent = parent), Err(E::Chain));
    // Nothing wider is passed on.
    let both = [SchemaId::from_bytes([7; 32]), SchemaId::from_bytes([8; 32])];
    assert_eq!(Chain::new().after(|c| c.grants[1].schemas = both.into()), Err(E::Wider));
    let rights = [Right::Attest, Right::Revoke];
    assert_eq!(Chain::new().after(|c| c.grants[1].rights = rights.into()), Err(E::Wider));
    assert_eq!(Chain::new().after(|c| c.grants[1].not_after = at(3001)), Err(E::Wider));
    assert_eq!(Chain::new().after(|c| c.grants[1].not_before = at(999)), Err(E::Wider));
    assert_eq!(Chain::new().after(|c| c.grants[1].depth = 1), Err(E::Wider));
    let exhausted = |c: &mut Chain| {
        c.grants[0].depth = 0;
        relink(c);
    };
    assert_eq!(Chain::new().after(exhausted), Err(E::Wider));
    // What is granted, and when.
    assert_eq!(Chain::new().after(|c| c.schema = 8), Err(E::Schema));
    assert_eq!(Chain::new().after(|c| c.right = Right::Revoke), Err(E::Right));
    assert_eq!(Chain::new().after(|c| c.recorded_at = 999), Err(E::Window));
    let late = |c: &mut Chain| {
        c.delegated.deadline = at(9000);
        c.recorded_at = 2500;
    };
    assert_eq!(Chain::new().after(late), Err(E::Window));
}

#[test]
fn leaves_have_one_reading() {
    for kind in Kind::ALL {
        let leaf = Leaf::new(kind, at(1_700_000_000), [6; 32], b"octets");
        let octets = leaf.to_bytes();
        assert_eq!(Leaf::from_bytes(&octets), Some(leaf));
        assert_eq!(Kind::from_code(kind.code()), Some(kind));
    }
    let octets = Leaf::new(Kind::Event, at(1), [6; 32], b"octets").to_bytes();
    for (place, value) in [(0, 2), (1, 9), (2, 1)] {
        let mut other = octets;
        other[place] = value;
        assert_eq!(Leaf::from_bytes(&other), None, "octet {place}");
    }
}
