//! The table's last part: supersession, time, and lists.

use super::acts::take_grant_back;
use super::table::{hold, instead, same};
use super::world::*;
use crate::policy::Presence;
use crate::registry::attestation::Relation::Supersedes;
use crate::registry::event::Target;
use crate::registry::terms::{ConflictRule, Terms};
use crate::schema::FIRST_FIELD;
use crate::status::{Elements, HeadHash};

/// The hash of a head that nobody has seen.
const HASH: HeadHash = HeadHash::from_bytes([9; 32]);

#[test]
fn supersession() {
    hold(&[
        (
            "from when the other is valid",
            |w| done(w.at(2000).link(1, Supersedes, |a| a.valid_from = t(3000))),
            same,
            then(3000),
            "superseded",
            (2999, "valid"),
        ),
        (
            "not from before the other was made",
            |w| done(w.at(2000).link(1, Supersedes, |a| a.valid_from = t(1100))),
            same,
            now(1999),
            "valid",
            (2000, "superseded"),
        ),
        (
            "in hindsight since it was made",
            |w| {
                done(w.at(2000).link(1, Supersedes, |a| {
                    (a.issued_at, a.valid_from) = (t(1500), t(1400));
                }))
            },
            same,
            now(1500),
            "superseded",
            (1999, "valid"),
        ),
        (
            "the other's end does not bring it back",
            |w| done(w.at(2000).link(1, Supersedes, |a| a.valid_until = Some(t(3000)))),
            same,
            then(3000),
            "superseded",
            (1999, "valid"),
        ),
        (
            "nor does its revocation",
            |w| {
                let other = w.at(2000).link(1, Supersedes, |_| {});
                w.at(3000)
                    .event(1, Target::Attestation(other), revoke(), |e| e.effective = t(2001));
            },
            same,
            then(3000),
            "superseded",
            (1999, "valid"),
        ),
        (
            "unless it never held for a second",
            |w| {
                let other = w.at(2000).link(1, Supersedes, |_| {});
                w.at(3000)
                    .event(1, Target::Attestation(other), revoke(), |e| e.effective = t(2000));
            },
            same,
            then(3000),
            "valid",
            (2999, "superseded"),
        ),
        (
            "somebody else's revocation of the other does not count",
            |w| {
                let other = w.at(2000).link(1, Supersedes, |_| {});
                w.at(3000)
                    .event(2, Target::Attestation(other), revoke(), |e| e.effective = t(2000));
            },
            same,
            then(3000),
            "superseded",
            (1999, "valid"),
        ),
        (
            "the other can't be revoked",
            |w| {
                let other = w.at(2000).link(1, Supersedes, |a| a.revocable = false);
                w.at(3000)
                    .event(1, Target::Attestation(other), revoke(), |e| e.effective = t(2000));
            },
            same,
            then(3000),
            "superseded",
            (1999, "valid"),
        ),
        (
            "somebody else can't take its place",
            |w| done(w.at(2000).link(2, Supersedes, |_| {})),
            same,
            then(3000),
            "valid",
            (1999, "valid"),
        ),
        (
            "the issuer's other key can",
            |w| {
                w.at(1500).bind(9, 1);
                w.at(2000).link(9, Supersedes, |_| {});
            },
            same,
            then(2000),
            "superseded",
            (1999, "valid"),
        ),
        (
            "a delegate whose grant was revoked can't",
            |w| {
                let grant = w.at(1500).grant(1, 4, |_| {});
                w.at(2000).link(1, Supersedes, |a| a.delegated = by(4, &[grant]));
                take_grant_back(w.at(3000), 1, grant, 1900);
            },
            same,
            then(3000),
            "valid",
            (2999, "superseded"),
        ),
        (
            "one of a chain is superseded too",
            |w| {
                let first = w.asked();
                let second = w.at(2000).link(1, Supersedes, |_| {});
                w.main = Some(second);
                w.at(3000).link(1, Supersedes, |_| {});
                w.main = Some(first);
            },
            same,
            then(3000),
            "superseded",
            (1999, "valid"),
        ),
        (
            "it differs from what took its place, which is no contradiction",
            |w| done(w.at(2000).link(1, Supersedes, |a| a.payload = tier(2))),
            same,
            then(2000),
            "superseded",
            (1999, "valid"),
        ),
        (
            "superseded before expired",
            |w| {
                instead(w, 1000, |a| a.valid_until = Some(t(5000)));
                w.at(2000).link(1, Supersedes, |_| {});
            },
            same,
            then(5000),
            "superseded expired",
            (1999, "valid"),
        ),
    ]);
}

/// Valid from second 2000 to 3000.
fn windowed(world: &mut World) {
    instead(world, 1000, |a| (a.valid_from, a.valid_until) = (t(2000), Some(t(3000))));
}

#[test]
fn validity() {
    let skewed: fn(&mut Terms) = |t| t.skew = 60;
    hold(&[
        ("its first second", windowed, same, then(2000), "valid", (1999, "not-yet-valid")),
        ("its last second", windowed, same, then(3000), "expired", (2999, "valid")),
        (
            "the first by clocks that differ",
            windowed,
            skewed,
            then(1940),
            "valid",
            (1939, "not-yet-valid"),
        ),
        (
            "the last by clocks that differ",
            windowed,
            skewed,
            then(3060),
            "expired",
            (3059, "valid"),
        ),
        ("in hindsight the same", windowed, same, now(3000), "expired", (2999, "valid")),
        ("without an end", |_| {}, same, then(900 * HOUR), "valid", (999, "unknown")),
    ]);
}

fn with_handle(world: &mut World) {
    instead(world, 1000, |a| a.handle = Some(77));
}

fn asked(terms: &mut Terms) {
    terms.lists = vec![on_handle(Presence::Absent)];
}

fn admitted(terms: &mut Terms) {
    terms.lists = vec![on_handle(Presence::Present)];
}

fn on_tier(terms: &mut Terms) {
    let mut check = on_handle(Presence::Absent);
    check.subject.message = FIRST_FIELD;
    check.key = list_key(Elements::of_field(V1.fields()[0].field_type()).unwrap());
    terms.lists = vec![check];
}

/// Epoch 0 of second 1000 without anybody, epoch 1 of second 2000 with handle 77.
fn listed_later(world: &mut World) {
    with_handle(world);
    let first = world.epoch(0, None, &[]);
    world.at(2000).epoch(1, Some(first), &[77]);
}

#[test]
fn lists() {
    hold(&[
        ("on a list", listed_later, asked, then(2000), "revoked:listed", (1999, "valid")),
        (
            "in hindsight by the epoch of that time",
            listed_later,
            asked,
            now(1999),
            "valid",
            (2000, "revoked:listed"),
        ),
        (
            "on the list of those that count",
            listed_later,
            admitted,
            then(2000),
            "valid",
            (1999, "revoked:not-on-list"),
        ),
        (
            "no epoch is known",
            |w| {
                with_handle(w);
                w.at(2000).epoch(0, None, &[]);
            },
            asked,
            then(2000),
            "valid",
            (1999, "stale-status:no-epoch"),
        ),
        (
            "an epoch that was recorded late counts in hindsight since it was issued",
            |w| {
                with_handle(w);
                let head = epoch(Elements::Handle, 0, [1500, HOUR], None, 0);
                w.at(2000).push(Entry::Epoch(head, vec![77]));
            },
            asked,
            now(1500),
            "revoked:listed",
            (1500, "stale-status:no-epoch"),
        ),
        (
            "too old",
            |w| {
                with_handle(w);
                w.epoch(0, None, &[]);
            },
            asked,
            then(1000 + 10 * HOUR + 1),
            "stale-status:too-old",
            (1000 + 10 * HOUR, "valid"),
        ),
        (
            "the next one is due",
            |w| {
                with_handle(w);
                w.push(Entry::Epoch(epoch(Elements::Handle, 0, [1000, 3000], None, 0), vec![]));
            },
            asked,
            then(3000),
            "stale-status:overdue",
            (2999, "valid"),
        ),
        (
            "due by clocks that differ",
            |w| {
                with_handle(w);
                w.push(Entry::Epoch(epoch(Elements::Handle, 0, [1000, 3000], None, 0), vec![]));
            },
            |t| {
                asked(t);
                t.skew = 60;
            },
            then(3060),
            "stale-status:overdue",
            (3059, "valid"),
        ),
        (
            "ahead of the clock",
            |w| {
                with_handle(w);
                w.push(Entry::Epoch(epoch(Elements::Handle, 0, [1200, 3000], None, 0), vec![]));
            },
            asked,
            then(1199),
            "stale-status:not-yet",
            (999, "unknown"),
        ),
        (
            "two heads of one number",
            |w| {
                with_handle(w);
                w.epoch(0, None, &[]);
                let fork = epoch(Elements::Handle, 0, [1000, 20 * HOUR], None, 1);
                w.at(2000).push(Entry::Epoch(fork, vec![]));
            },
            asked,
            then(2000),
            "stale-status:forked",
            (1999, "valid"),
        ),
        (
            "a head that goes back to another",
            |w| {
                with_handle(w);
                w.epoch(0, None, &[]);
                let other = epoch(Elements::Handle, 0, [1000, 20 * HOUR], None, 1).hash();
                w.at(2000).epoch(1, Some(other), &[]);
            },
            asked,
            then(2000),
            "stale-status:forked",
            (1999, "valid"),
        ),
        (
            "a head that goes back in time",
            |w| {
                with_handle(w);
                w.at(1500).epoch(0, None, &[]);
                let other = epoch(Elements::Handle, 2, [1500, 20 * HOUR], Some(HASH), 1);
                w.at(2000).push(Entry::Epoch(other, vec![]));
            },
            asked,
            then(2000),
            "stale-status:forked",
            (1999, "valid"),
        ),
        (
            "a list of handles, and it has none",
            |w| {
                w.at(1000).epoch(0, None, &[]);
            },
            asked,
            then(1000),
            "stale-status:no-handle",
            (999, "unknown"),
        ),
        (
            "a value on a list",
            |w| {
                w.epoch(0, None, &[]);
                let elements = Elements::of_field(V1.fields()[0].field_type()).unwrap();
                let head = epoch(elements, 0, [1000, 20 * HOUR], None, 0);
                w.at(2000).push(Entry::Epoch(head, vec![1]));
            },
            on_tier,
            then(2000),
            "revoked:listed",
            (1999, "stale-status:no-epoch"),
        ),
        (
            "a value that is not shown",
            |w| {
                let hash = crate::registry::payload::Commitment::to(b"{\"tier\":1}");
                instead(w, 1000, |a| a.payload = crate::registry::payload::Payload::Hash(hash));
                let elements = Elements::of_field(V1.fields()[0].field_type()).unwrap();
                w.push(Entry::Epoch(epoch(elements, 0, [1000, 20 * HOUR], None, 0), vec![1]));
            },
            on_tier,
            then(2000),
            "stale-status:no-field",
            (999, "unknown"),
        ),
        (
            "another list of the same authority",
            |w| {
                with_handle(w);
                let elements = Elements::of_field(V1.fields()[0].field_type()).unwrap();
                w.push(Entry::Epoch(epoch(elements, 0, [1000, 20 * HOUR], None, 0), vec![77]));
            },
            asked,
            then(2000),
            "stale-status:no-epoch",
            (999, "unknown"),
        ),
        (
            "not yet valid before stale",
            |w| {
                instead(w, 1000, |a| (a.handle, a.valid_from) = (Some(77), t(2000)));
            },
            asked,
            then(1999),
            "not-yet-valid stale-status:no-epoch",
            (999, "unknown"),
        ),
        (
            "stale before conflicting, with a rival that is not",
            |w| {
                w.at(1100).epoch(0, None, &[]);
                w.at(1200).attest(2, |a| (a.handle, a.payload) = (Some(5), tier(2)));
            },
            asked,
            then(1200),
            "stale-status:no-handle conflicting:unsettled",
            (1199, "stale-status:no-handle"),
        ),
        (
            "a rival that is stale itself is none",
            |w| {
                with_handle(w);
                w.at(1100).epoch(0, None, &[]);
                w.at(1200).attest(2, |a| a.payload = tier(2));
            },
            |t| {
                asked(t);
                t.agreements[0].rule = ConflictRule::All;
            },
            then(1200),
            "valid",
            (1099, "stale-status:no-epoch"),
        ),
    ]);
}
