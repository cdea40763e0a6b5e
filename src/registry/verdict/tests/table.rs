//! The table: every reason, every pair of neighbours in the order of precedence, every edge to the
//! second, as of then and in hindsight; each with its twin, the same registry asked as of a time
//! before what decides it was recorded.

use super::payloads::hashed;
use super::world::*;
use crate::registry::attestation::Attestation;
use crate::registry::terms::{PayloadRule, Terms, Trusted};
use crate::registry::verdict::{Moment, Reason, Verdict};
use serde_json::json;
use std::collections::BTreeSet;

/// A registry in which issuer 1's attestation is recorded in second 1000, what is done to it, the
/// terms, the moment, what is expected; and of the twin the second and what is expected as of then.
pub(super) type Case =
    (&'static str, fn(&mut World), fn(&mut Terms), Moment, &'static str, (u64, &'static str));

/// All reasons, `word:detail`, in order.
pub(super) fn words(verdict: &Verdict) -> String {
    let word = |reason: &Reason| match reason.detail() {
        Some(detail) => format!("{}:{detail}", reason.word()),
        None => reason.word().to_owned(),
    };
    match verdict.reasons() {
        [] => "valid".to_owned(),
        reasons => reasons.iter().map(word).collect::<Vec<_>>().join(" "),
    }
}

pub(super) fn hold(cases: &[Case]) {
    let mut wrong = Vec::new();
    for (name, build, set, moment, expected, (twin, before)) in cases {
        let (mut world, mut terms) = (World::new(), terms());
        build(&mut world);
        set(&mut terms);
        for (moment, expected) in [(*moment, expected), (then(*twin), before)] {
            let verdict = world.verdict(&terms, moment);
            let found = words(&verdict);
            if found != **expected {
                wrong.push(format!("{name} {moment:?}: {found}, not {expected}"));
            }
            assert!(verdict.reasons().is_sorted_by_key(Reason::rank), "{name}");
            assert_eq!(verdict.word(), expected.split([' ', ':']).next().unwrap(), "{name}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Terms as they are.
pub(super) fn same(_: &mut Terms) {}

/// Another attestation in place of the one that worlds begin with.
pub(super) fn instead(world: &mut World, seconds: u64, edit: impl FnOnce(&mut Attestation)) {
    *world = World::empty();
    world.at(seconds).main(1, edit);
}

#[test]
fn known_and_schemas() {
    hold(&[
        ("from its recording on", |_| {}, same, then(1000), "valid", (999, "unknown")),
        ("in hindsight too", |_| {}, same, now(1000), "valid", (999, "unknown")),
        ("made by its own word", |_| {}, same, now(999), "unknown", (1000, "valid")),
        (
            "recorded late, in hindsight there since it was made",
            |w| instead(w, 1000, |a| (a.issued_at, a.valid_from) = (t(500), t(500))),
            same,
            now(500),
            "valid",
            (500, "unknown"),
        ),
        (
            "not in hindsight before it was made either",
            |w| instead(w, 1000, |a| (a.issued_at, a.valid_from) = (t(500), t(100))),
            same,
            now(499),
            "unknown",
            (999, "unknown"),
        ),
        (
            "made ahead of the registry's clock: hindsight knows no less than was known",
            |w| instead(w, 1000, |a| a.issued_at = t(1200)),
            same,
            now(1000),
            "valid",
            (999, "unknown"),
        ),
        (
            "another version",
            |_| {},
            |t| t.schemas = [V2.id()].into(),
            then(2000),
            "unknown-schema-version:not-accepted",
            (999, "unknown"),
        ),
        (
            "any schema",
            |_| {},
            |t| t.schemas = BTreeSet::new(),
            then(2000),
            "valid",
            (999, "unknown"),
        ),
        (
            "a schema that is not there",
            |w| w.entries.retain(|entry| !matches!(entry.entry, Entry::Schema(_))),
            same,
            then(2000),
            "unknown-schema-version:not-recorded",
            (999, "unknown"),
        ),
        (
            "any schema, and it is not there",
            |w| w.entries.retain(|entry| !matches!(entry.entry, Entry::Schema(_))),
            |t| t.schemas = BTreeSet::new(),
            now(2000),
            "unknown-schema-version:not-recorded",
            (999, "unknown"),
        ),
        (
            "of what is unknown nothing else is said",
            |w| w.at(500).bind(9, 9),
            |t| (t.schemas, t.trusted) = ([V2.id()].into(), Trusted::Attesters([].into())),
            now(999),
            "unknown",
            (1000, "unknown-schema-version:not-accepted untrusted-issuer:not-named"),
        ),
    ]);
}

/// Edition 1 in second 2000, that says this of issuer 1's key.
fn edition_says(world: &mut World, more: serde_json::Value) {
    world.at(2000).trust(1, &[("Bank A", 0, &[(1, more)])]);
}

fn hour(hour: u64) -> String {
    t(hour * HOUR).to_string()
}

#[test]
fn issuers() {
    hold(&[
        (
            "an attester that is named",
            |_| {},
            |t| t.trusted = Trusted::Attesters([attester(1)].into()),
            then(2000),
            "valid",
            (999, "unknown"),
        ),
        (
            "another is named",
            |_| {},
            |t| t.trusted = Trusted::Attesters([attester(2)].into()),
            then(2000),
            "untrusted-issuer:not-named",
            (999, "unknown"),
        ),
        (
            "a BBS key that is named",
            |_| {},
            |t| t.trusted = Trusted::Issuers(vec![bbs(2), bbs(1)]),
            then(2000),
            "valid",
            (999, "unknown"),
        ),
        (
            "another BBS key is named",
            |w| w.at(2000).bind(1, 2),
            |t| t.trusted = Trusted::Issuers(vec![bbs(2)]),
            then(2000),
            "valid",
            (1999, "untrusted-issuer:not-named"),
        ),
        (
            "bound to a named key later on",
            |w| {
                *w = World::empty();
                w.at(1000).main(9, |_| {});
                w.at(2000).bind(9, 2);
            },
            |t| t.trusted = Trusted::Issuers(vec![bbs(2)]),
            then(2000),
            "valid",
            (1999, "untrusted-issuer:unbound"),
        ),
        (
            "in hindsight a record counts from its recording on",
            |w| {
                *w = World::empty();
                w.at(1000).main(9, |_| {});
                w.at(2000).bind(9, 2);
            },
            |t| t.trusted = Trusted::Issuers(vec![bbs(2)]),
            now(1999),
            "untrusted-issuer:unbound",
            (2000, "valid"),
        ),
        (
            "anybody at all",
            |w| {
                *w = World::empty();
                w.at(1000).main(9, |_| {});
            },
            |t| t.trusted = Trusted::Anybody,
            then(1000),
            "valid",
            (999, "unknown"),
        ),
        (
            "bound to a key that is not listed",
            |w| {
                *w = World::empty();
                w.at(1000).main(9, |_| {});
                w.at(2000).bind(9, 9);
            },
            same,
            then(2000),
            "untrusted-issuer:issuer-unlisted",
            (1999, "untrusted-issuer:unbound"),
        ),
        (
            "listed, but not for this schema",
            |w| {
                *w = World::empty();
                w.push(Entry::Schema(OTHER.clone()));
                w.at(1000).main(1, |a| a.schema = OTHER.id());
            },
            |t| t.schemas = [OTHER.id()].into(),
            then(2000),
            "untrusted-issuer:issuer-schema",
            (999, "unknown"),
        ),
        (
            "compromised in the hour of the recording",
            |w| edition_says(w, json!({ "compromised": hour(0) })),
            same,
            then(2000),
            "untrusted-issuer:issuer-key-compromised",
            (1999, "valid"),
        ),
        (
            "in hindsight, published after the moment",
            |w| edition_says(w, json!({ "compromised": hour(0) })),
            same,
            now(1000),
            "untrusted-issuer:issuer-key-compromised",
            (1000, "valid"),
        ),
        (
            "compromised in the hour after the recording",
            |w| edition_says(w, json!({ "compromised": hour(1) })),
            same,
            now(1000),
            "valid",
            (5000, "valid"),
        ),
        (
            "a compromise that was taken back, before it was",
            |w| {
                edition_says(w, json!({ "compromised": hour(0) }));
                w.at(3000).trust(2, &usual());
            },
            same,
            now(1999),
            "untrusted-issuer:issuer-key-compromised",
            (1999, "valid"),
        ),
        (
            "a compromise that was taken back, since it was",
            |w| {
                edition_says(w, json!({ "compromised": hour(0) }));
                w.at(3000).trust(2, &usual());
            },
            same,
            now(3000),
            "valid",
            (2999, "untrusted-issuer:issuer-key-compromised"),
        ),
        (
            "recorded in the last second before",
            |w| {
                instead(w, HOUR - 1, |a| a.issued_at = t(0));
                w.at(2 * HOUR)
                    .trust(1, &[("Bank A", 0, &[(1, json!({ "compromised": hour(1) }))])]);
            },
            same,
            then(2 * HOUR),
            "valid",
            (HOUR - 1, "valid"),
        ),
        (
            "backdated by whoever has the key now",
            |w| {
                instead(w, HOUR, |a| (a.issued_at, a.valid_from) = (t(0), t(0)));
                w.at(2 * HOUR)
                    .trust(1, &[("Bank A", 0, &[(1, json!({ "compromised": hour(1) }))])]);
            },
            same,
            now(30),
            "untrusted-issuer:issuer-key-compromised",
            (HOUR, "valid"),
        ),
        (
            "before the key's first hour",
            |w| edition_says(w, json!({ "from": hour(1) })),
            same,
            then(2000),
            "untrusted-issuer:issuer-key-not-yet",
            (1999, "valid"),
        ),
        (
            "after the key's last hour",
            |w| {
                edition_says(w, json!({ "until": hour(1) }));
                w.at(HOUR).main(1, |_| {});
            },
            same,
            then(HOUR),
            "untrusted-issuer:issuer-key-expired",
            (HOUR - 1, "unknown"),
        ),
        (
            "after it gave way to its successor",
            |w| {
                let keys = [
                    (1, json!({ "until": hour(1), "successor": crate::did_key::encode(&bbs(9)) })),
                    (9, json!({ "from": hour(1) })),
                ];
                w.at(2000).trust(1, &[("Bank A", 0, &keys)]);
                w.at(HOUR).main(1, |_| {});
            },
            same,
            then(HOUR),
            "untrusted-issuer:issuer-key-rotated",
            (HOUR - 1, "unknown"),
        ),
        (
            "no edition is known",
            |w| {
                w.without_trust().at(2000).trust(0, &usual());
            },
            same,
            then(2000),
            "valid",
            (1999, "untrusted-issuer:trust-unknown"),
        ),
        (
            "an edition that was recorded late counts in hindsight since it was issued",
            |w| {
                w.without_trust().at(2000).push(Entry::Trust(edition(0, 1500, HOUR, &usual())));
            },
            same,
            now(1500),
            "valid",
            (1500, "untrusted-issuer:trust-unknown"),
        ),
        (
            "and not before",
            |w| {
                w.without_trust().at(2000).push(Entry::Trust(edition(0, 1500, HOUR, &usual())));
            },
            same,
            now(1499),
            "untrusted-issuer:trust-unknown",
            (2000, "valid"),
        ),
        (
            "two editions of one number",
            |w| {
                w.at(2000).trust(0, &usual()[..2]);
            },
            same,
            then(2000),
            "untrusted-issuer:trust-forked",
            (1999, "valid"),
        ),
        (
            "the next edition ends a fork",
            |w| {
                w.at(2000).trust(0, &usual()[..2]);
                w.at(3000).trust(1, &usual());
            },
            same,
            then(3000),
            "valid",
            (2999, "untrusted-issuer:trust-forked"),
        ),
        (
            "an edition of a lower number, recorded later, changes nothing",
            |w| {
                edition_says(w, json!({ "from": hour(1) }));
                w.at(3000).push(Entry::Trust(edition(0, 20, 1000 * HOUR, &usual())));
            },
            same,
            then(3000),
            "untrusted-issuer:issuer-key-not-yet",
            (1999, "valid"),
        ),
        (
            "another list of the same authority",
            |w| w.without_trust().push(Entry::Trust(edition(0, 20, HOUR, &usual()))),
            |t| {
                let other = "https://eu.example/trust/other";
                let rule = crate::policy::TrustRule::new(other, attester(50), 10).unwrap();
                t.trusted = Trusted::List(rule);
            },
            then(2000),
            "untrusted-issuer:trust-unknown",
            (999, "unknown"),
        ),
        (
            "of several keys one that is trusted is enough",
            |w| {
                edition_says(w, json!({ "compromised": hour(0) }));
                w.at(3000).trust(
                    2,
                    &[("Bank A", 0, &[(1, json!({ "compromised": hour(0) })), (9, json!({}))])],
                );
                w.at(4000).bind(1, 9);
            },
            same,
            then(4000),
            "valid",
            (3999, "untrusted-issuer:issuer-key-compromised"),
        ),
        (
            "of several refusals the compromise is shown",
            |w| {
                edition_says(w, json!({ "compromised": hour(0) }));
                w.at(3000).bind(1, 9);
            },
            same,
            then(3000),
            "untrusted-issuer:issuer-key-compromised",
            (1999, "valid"),
        ),
    ]);
}

/// A list whose only edition is of second 20 and due 2000 seconds later.
fn due_soon(world: &mut World) {
    world.without_trust().at(20).push(Entry::Trust(edition(0, 20, 2000, &usual())));
}

#[test]
fn editions_in_time() {
    hold(&[
        (
            "the next edition is due",
            due_soon,
            same,
            then(2020),
            "stale-trust:stale",
            (2019, "valid"),
        ),
        (
            "clocks may differ",
            due_soon,
            |t| t.skew = 60,
            then(2080),
            "stale-trust:stale",
            (2079, "valid"),
        ),
        (
            "in hindsight the edition of that time",
            |w| {
                due_soon(w);
                w.at(2500).trust(1, &usual());
            },
            same,
            now(2499),
            "stale-trust:stale",
            (2500, "valid"),
        ),
        (
            "older than the terms allow",
            |_| {},
            |t| {
                let rule = crate::policy::TrustRule::new(TRUST, attester(50), 1).unwrap();
                t.trusted = Trusted::List(rule);
            },
            then(20 + HOUR + 1),
            "stale-trust:stale",
            (20 + HOUR, "valid"),
        ),
        (
            "ahead of the clock",
            |w| w.at(1500).push(Entry::Trust(edition(1, 1700, HOUR, &usual()))),
            same,
            then(1699),
            "stale-trust:not-yet",
            (1499, "valid"),
        ),
        (
            "ahead no more",
            |w| w.at(1500).push(Entry::Trust(edition(1, 1700, HOUR, &usual()))),
            same,
            then(1700),
            "valid",
            (1500, "stale-trust:not-yet"),
        ),
        (
            "untrusted before stale",
            |w| {
                let keys = [(1, json!({ "compromised": hour(0) }))];
                w.at(2000).push(Entry::Trust(edition(1, 2000, 1000, &[("Bank A", 0, &keys)])));
            },
            same,
            then(3000),
            "untrusted-issuer:issuer-key-compromised stale-trust:stale",
            (1999, "valid"),
        ),
        (
            "stale before missing",
            |w| {
                due_soon(w);
                w.at(1000).main(1, |a| a.payload = hashed());
            },
            |t| t.payload = PayloadRule::Required,
            then(2020),
            "stale-trust:stale payload-missing",
            (2019, "payload-missing"),
        ),
        (
            "schema before issuer",
            |w| w.without_trust().at(2000).trust(0, &usual()),
            |t| t.schemas = [V2.id()].into(),
            then(1999),
            "unknown-schema-version:not-accepted untrusted-issuer:trust-unknown",
            (2000, "unknown-schema-version:not-accepted"),
        ),
    ]);
}
