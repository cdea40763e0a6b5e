//! Every refusal of admission, each beside what is taken.

use super::*;
use crate::policy::{Bundle, Policy};
use crate::schema::SchemaId;

#[test]
fn reject_claims_that_are_no_record() {
    let world = World::new();
    for (claims, word) in [
        (r#"{ "birth_date":"1990-04-17"}"#, "payload-not-canonical"),
        (r#"{"birth_date":"1990-04-17"}"#, ""),
        (r#"{"birth_date":"1990-02-30"}"#, "not-a-record"),
        (r#"{"birth_date":"1990-04-17","name":"x"}"#, "not-a-record"),
        ("{}", "not-a-record"),
        ("", "not-a-record"),
    ] {
        let payload = Payload::Inline(claims.as_bytes().to_vec());
        let object = Object::Attestation(sign(Attestation { payload, ..draft(1) }, 1));
        match word {
            "" => assert_eq!(world.add(object).index, 1),
            word => assert_eq!(world.refused(vec![object]), word, "{claims}"),
        }
    }
}

#[test]
fn a_schema_of_the_same_batch_counts_if_it_comes_first() {
    let world = World::empty();
    assert_eq!(world.refused(vec![attestation(1)]), "unknown-schema");
    let late = world.append(vec![attestation(1), Object::Schema(schema())]).unwrap_err();
    assert!(matches!(late, StoreError::Refused(refused) if refused.place == 0));
    world.append(vec![Object::Schema(schema()), attestation(1)]).unwrap();
    let spaced = Payload::Inline(br#"{ "birth_date":"1990-04-17"}"#.to_vec());
    let spaced = Object::Attestation(sign(Attestation { payload: spaced, ..draft(2) }, 1));
    let world = World::empty();
    assert_eq!(world.refused(vec![Object::Schema(schema()), spaced]), "payload-not-canonical");
}

#[test]
fn reject_statements_of_the_future() {
    let world = World::new();
    let made = |issued_at| Object::Attestation(sign(Attestation { issued_at, ..draft(1) }, 1));
    assert_eq!(world.refused(vec![made(at(NOW + SKEW + 1))]), "future");
    let first = made(at(NOW + SKEW));
    let target = Target::Attestation(attestation_id(&first));
    world.add(first);
    let late = |issued_at| {
        let event = Event { issued_at, ..event(target, 1, Act::Resume) };
        Object::Event(Signed::sign(event, &key(1)).unwrap())
    };
    assert_eq!(world.refused(vec![late(at(NOW + SKEW + 1))]), "future");
    world.add(late(at(NOW + SKEW)));
    let later = Grant { issued_at: at(NOW + SKEW + 1), ..grant() };
    assert_eq!(world.refused(vec![granted(later, 1).1]), "future");
}

#[test]
fn reject_links_to_nothing_and_taking_the_place_of_others() {
    let world = World::new();
    let first = attestation(1);
    let target = attestation_id(&first);
    for relation in Relation::ALL {
        assert_eq!(world.refused(vec![linked(2, 1, relation, target)]), "unknown-target");
    }
    // Its target comes later in the batch: not known yet.
    let early = world.append(vec![linked(2, 1, Relation::Disputes, target), attestation(1)]);
    assert!(matches!(early, Err(StoreError::Refused(refused)) if refused.place == 0));
    world.add(first);
    assert_eq!(world.refused(vec![linked(2, 3, Relation::Supersedes, target)]), "not-the-issuer");
    world.add(linked(2, 3, Relation::Disputes, target));
    world.add(linked(3, 3, Relation::Supports, target));
    world.add(linked(4, 1, Relation::Supersedes, target));
    assert_eq!(world.count("links"), 3);
}

#[test]
fn two_keys_of_one_bbs_key_are_one_issuer() {
    let world = World::new();
    let first = attestation(1);
    let target = attestation_id(&first);
    world.add(first);
    let supersedes = || linked(2, 3, Relation::Supersedes, target);
    let revokes = || revocation(Target::Attestation(target), 3);
    world.add(binding(1, 5));
    world.add(binding(3, 6));
    assert_eq!(world.refused(vec![supersedes()]), "not-the-issuer");
    assert_eq!(world.refused(vec![revokes()]), "not-the-issuer");
    // A record that comes later in the batch does not count yet.
    let early = world.append(vec![supersedes(), binding(3, 5)]);
    assert!(matches!(early, Err(StoreError::Refused(refused)) if refused.place == 0));
    world.append(vec![binding(3, 5), supersedes(), revokes()]).unwrap();
    assert_eq!(world.refused(vec![linked(5, 4, Relation::Supersedes, target)]), "not-the-issuer");
}

#[test]
fn reject_events_about_nothing_or_of_others() {
    let world = World::new();
    let first = attestation(1);
    let target = Target::Attestation(attestation_id(&first));
    assert_eq!(world.refused(vec![revocation(target, 1)]), "unknown-target");
    world.add(first);
    assert_eq!(world.refused(vec![revocation(target, 3)]), "not-the-issuer");
    world.add(revocation(target, 1));
    // A grant's identifier is no attestation's, nor the other way round.
    let (id, object) = granted(grant(), 1);
    let as_attestation = Target::Attestation(AttestationId::from_bytes(id.to_bytes()));
    world.add(object);
    assert_eq!(world.refused(vec![revocation(as_attestation, 1)]), "unknown-target");
    let as_grant = Target::Grant(GrantId::from_bytes(target.to_bytes()));
    assert_eq!(world.refused(vec![revocation(as_grant, 1)]), "unknown-target");
}

#[test]
fn reject_taking_back_what_is_irrevocable() {
    let world = World::new();
    let first = Object::Attestation(sign(Attestation { revocable: false, ..draft(1) }, 1));
    let target = Target::Attestation(attestation_id(&first));
    world.add(first);
    assert_eq!(world.refused(vec![revocation(target, 1)]), "irrevocable");
    let act = Act::Suspend { cause: Cause::UnderInvestigation, until: None };
    let suspension = Signed::sign(event(target, 1, act), &key(1)).unwrap();
    assert_eq!(world.refused(vec![Object::Event(suspension)]), "irrevocable");
}

#[test]
fn reject_replays_of_delegated_statements() {
    let world = World::new();
    let (id, grant) = granted(grant(), 1);
    world.add(grant);
    let first = by_delegate(1, delegated(&[id], 2, 1));
    let (target, index) = (attestation_id(&first), world.add(first.clone()).index);
    let Err(StoreError::Refused(refused)) = world.append(vec![first.clone()]) else { panic!() };
    assert_eq!(refused.refusal, Refusal::Replay { index });
    assert_eq!(world.refused(vec![by_delegate(2, delegated(&[id], 2, 1))]), "nonce-used");
    // Within a batch, and by another store.
    let two = |n| by_delegate(n, delegated(&[id], 2, 7));
    assert_eq!(world.refused(vec![two(3), two(3)]), "replay");
    assert_eq!(world.refused(vec![two(3), two(4)]), "nonce-used");
    let other = wait(world.again().append(vec![first], at(NOW)));
    assert!(matches!(other, Err(StoreError::Refused(_))));
    // Events use up the same numbers.
    let revokes = |nonce| {
        let delegated = Some(delegated(&[id], 2, nonce));
        let act = Act::Revoke(Cause::IssuedInError);
        let event = Event { delegated, ..event(Target::Attestation(target), 1, act) };
        Object::Event(Signed::sign(event, &key(2)).unwrap())
    };
    assert_eq!(world.refused(vec![revokes(1)]), "nonce-used");
    world.add(revokes(2));
    assert_eq!(world.refused(vec![revokes(2)]), "replay");
}

#[test]
fn reject_delegation_that_does_not_reach() {
    let world = World::new();
    let (id, object) = granted(grant(), 1);
    let ok = delegated(&[id], 2, 1);
    assert_eq!(world.refused(vec![by_delegate(1, ok.clone())]), "unknown-grant");
    world.add(object);
    let other = Delegated { audience: "example.org/other".to_owned(), ..ok.clone() };
    assert_eq!(world.refused(vec![by_delegate(1, other)]), "delegation-audience");
    let late = Delegated { deadline: at(NOW - 1), ..ok.clone() };
    assert_eq!(world.refused(vec![by_delegate(1, late)]), "delegation-deadline");
    let somebody = Delegated { signer: key(3).authority(), ..ok.clone() };
    assert_eq!(world.refused(vec![by_delegate(1, somebody)]), "delegation-chain");
    let early = wait(world.store.append(vec![by_delegate(1, ok.clone())], at(NOW + 2000)));
    let Err(StoreError::Refused(refused)) = early else { panic!() };
    assert_eq!(refused.refusal.word(), "delegation-deadline");
    world.add(by_delegate(1, Delegated { deadline: at(NOW), ..ok }));
    // A grant without the right to revoke.
    let attest = Grant { rights: [Right::Attest].into(), depth: 0, ..grant() };
    let (attest, object) = granted(attest, 1);
    world.add(object);
    let first = by_delegate(2, delegated(&[attest], 2, 2));
    let target = Target::Attestation(attestation_id(&first));
    world.add(first);
    let act = Act::Revoke(Cause::IssuedInError);
    let by = Event { delegated: Some(delegated(&[attest], 2, 3)), ..event(target, 1, act) };
    let by = Object::Event(Signed::sign(by, &key(2)).unwrap());
    assert_eq!(world.refused(vec![by]), "delegation-right");
}

#[test]
fn reject_grants_that_were_revoked() {
    let world = World::new();
    let (id, object) = granted(grant(), 1);
    world.add(object);
    let revokes = |issuer, effective| {
        let act = Act::Revoke(Cause::KeyCompromise);
        let event = Event { effective, ..event(Target::Grant(id), issuer, act) };
        Object::Event(Signed::sign(event, &key(issuer)).unwrap())
    };
    assert_eq!(world.refused(vec![revokes(2, at(NOW))]), "not-the-issuer");
    // Announced for later: it still counts now.
    world.append(vec![revokes(1, at(NOW + 60)), by_delegate(1, delegated(&[id], 2, 1))]).unwrap();
    let use_it = |n| by_delegate(u64::from(n), delegated(&[id], 2, n));
    world.add(use_it(2));
    // In the same batch, and in a later one.
    assert_eq!(world.refused(vec![revokes(1, at(NOW)), use_it(3)]), "grant-revoked");
    world.add(revokes(1, at(NOW)));
    assert_eq!(world.refused(vec![use_it(4)]), "grant-revoked");
}

#[test]
fn reject_grants_that_nothing_could_rest_on() {
    let world = World::new();
    let (id, object) = granted(grant(), 1);
    let below = |change: &dyn Fn(&mut Grant)| {
        let mut below = Grant {
            grantor: key(2).authority(),
            delegate: key(3).authority(),
            parent: Some(id),
            depth: 0,
            ..grant()
        };
        change(&mut below);
        granted(below, 2).1
    };
    assert_eq!(world.refused(vec![below(&|_| ())]), "unknown-grant");
    world.add(object);
    type Change<'a> = (&'a dyn Fn(&mut Grant), &'a str);
    let wider: [Change<'_>; 5] = [
        (&|grant| grant.depth = 1, "delegation-wider"),
        (&|grant| grant.not_after = at(NOW + 1001), "delegation-wider"),
        (&|grant| grant.not_before = at(NOW - 11), "delegation-window"),
        (&|grant| grant.schemas.extend([SchemaId::from_bytes([1; 32])]), "delegation-schema"),
        (&|grant| grant.audience = "example.org/other".to_owned(), "delegation-audience"),
    ];
    for (change, word) in wider {
        assert_eq!(world.refused(vec![below(change)]), word);
    }
    let other = Grant { grantor: key(4).authority(), parent: Some(id), depth: 0, ..grant() };
    assert_eq!(world.refused(vec![granted(other, 4).1]), "delegation-chain");
    let third = below(&|_| ());
    let third_id = GrantId::from_bytes(third.id());
    world.append(vec![third, by_delegate(1, delegated(&[id, third_id], 3, 1))]).unwrap();
    // Of a chain that was cut above, nothing hangs on.
    world.add(revocation(Target::Grant(id), 1));
    let again = by_delegate(2, delegated(&[id, third_id], 3, 2));
    assert_eq!(world.refused(vec![again]), "grant-revoked");
    assert_eq!(world.refused(vec![below(&|grant| grant.issued_at = at(NOW - 1))]), "grant-revoked");
}

#[test]
fn reject_bundles_that_their_authority_did_not_sign() {
    let world = World::empty();
    let text = format!(
        r#"{{ "format": "sigil-policy/1", "id": "example.org/adult", "version": "1.0.0",
              "authority": "{}", "roles": [{{ "name": "person", "schema": "{}",
              "issuers": ["{}"], "validity": "skip" }}] }}"#,
        key(1).authority(),
        schema().id(),
        crate::did_key::encode(SecretKey::from_bytes(&[5; 32]).unwrap().public_key()),
    );
    let bundle = Bundle::new(Policy::parse(text.as_bytes()).unwrap(), None);
    assert_eq!(world.refused(vec![Object::Bundle(bundle.clone())]), "unauthorised-bundle");
    let signed = Object::Bundle(bundle.sign(&key(1)).unwrap());
    assert_eq!(Object::parse(Kind::Bundle, &signed.octets()).unwrap().id(), signed.id());
    world.add(signed);
}
