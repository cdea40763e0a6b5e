//! The table's payloads: at hand, missing, altered.

use super::table::{hold, instead, same};
use super::world::*;
use crate::registry::payload::{Commitment, Payload, PayloadState};
use crate::registry::terms::PayloadRule;

pub(super) fn hashed() -> Payload {
    Payload::Hash(Commitment::to(b"{\"tier\":1}"))
}

/// What was found of a payload that is kept elsewhere.
fn found(world: &mut World, state: PayloadState) {
    instead(world, 1000, |a| a.payload = hashed());
    world.payloads.insert(world.asked(), state);
}

const OTHER_OCTETS: PayloadState = PayloadState::Altered { found: [5; 32] };

#[test]
fn payloads() {
    hold(&[
        (
            "nobody looked",
            |w| instead(w, 1000, |a| a.payload = hashed()),
            |t| t.payload = PayloadRule::Required,
            then(1000),
            "payload-missing",
            (999, "unknown"),
        ),
        (
            "the hash is enough",
            |w| instead(w, 1000, |a| a.payload = hashed()),
            same,
            then(1000),
            "valid",
            (999, "unknown"),
        ),
        (
            "it is there",
            |w| found(w, PayloadState::Present),
            |t| t.payload = PayloadRule::Required,
            then(1000),
            "valid",
            (999, "unknown"),
        ),
        (
            "it is not there",
            |w| found(w, PayloadState::Missing),
            |t| t.payload = PayloadRule::Required,
            now(1000),
            "payload-missing",
            (999, "unknown"),
        ),
        (
            "something else is there",
            |w| found(w, OTHER_OCTETS),
            |t| t.payload = PayloadRule::Required,
            now(1000),
            "payload-altered:other-octets",
            // The hash binds what it was: that it is not that now says nothing of one time only.
            (1000, "payload-altered:other-octets"),
        ),
        (
            "something else is there, and nobody asks",
            |w| found(w, OTHER_OCTETS),
            same,
            then(1000),
            "valid",
            (999, "unknown"),
        ),
        (
            "inline claims are at hand",
            |_| {},
            |t| t.payload = PayloadRule::Required,
            then(1000),
            "valid",
            (999, "unknown"),
        ),
        (
            "claims that are not canonical",
            |w| instead(w, 1000, |a| a.payload = Payload::Inline(b"{ \"tier\":1}".to_vec())),
            same,
            then(1000),
            "payload-altered:not-a-record",
            (999, "unknown"),
        ),
        (
            "claims of another schema",
            |w| instead(w, 1000, |a| a.payload = Payload::Inline(b"{\"size\":1}".to_vec())),
            same,
            then(1000),
            "payload-altered:not-a-record",
            (999, "unknown"),
        ),
        (
            "missing before revoked",
            |w| {
                found(w, PayloadState::Missing);
                w.at(2000).act(1, revoke());
            },
            |t| t.payload = PayloadRule::Required,
            then(2000),
            "payload-missing revoked:changed",
            (1999, "payload-missing"),
        ),
        (
            "altered before revoked",
            |w| {
                found(w, OTHER_OCTETS);
                w.at(2000).act(1, revoke());
            },
            |t| t.payload = PayloadRule::Required,
            then(2000),
            "payload-altered:other-octets revoked:changed",
            (1999, "payload-altered:other-octets"),
        ),
    ]);
}
