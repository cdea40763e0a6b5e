//! Issuers by trust lists: each reason by a presentation that was proven and verified.

use super::world::*;
use crate::decision::{Outcome, StatusState};
use crate::presentation::{Holding, ProveError};
use crate::trust::{SigningWindow, TrustList};
use serde_json::{Value, json};
use std::sync::LazyLock;

const PATH: &str = "$.roles[0].trust";

/// Keys of four issuers, by seed: 1 gave way to 2, 3 ended, 4 was lost, 5 may sign something else,
/// 6 is for later.
fn issuers() -> Value {
    let other = "11".repeat(32);
    json!([
        { "name": "Bank A", "keys": [
            key(1, json!({ "until": "2026-03-01T00:00:00Z", "successor": did(2) })),
            key(2, json!({ "from": "2026-01-01T00:00:00Z" })),
        ] },
        { "name": "Bank B", "keys": [
            key(3, json!({ "until": "2026-03-01T00:00:00Z" })),
            key(6, json!({ "from": "2026-05-15T00:00:00Z" })),
        ] },
        { "name": "Bank C", "keys": [key(4, json!({ "compromised": "2026-05-01T00:00:00Z" }))] },
        { "name": "Bank D", "keys": [key(5, json!({ "schemas": [other] }))] },
    ])
}

fn list() -> TrustList {
    edition(7, issuers(), json!({}))
}

static HIDDEN: LazyLock<World> =
    LazyLock::new(|| World::new(policy(&[trusting("kyc", "hidden")], json!({}))));

fn hour(text: &str) -> u32 {
    at(text).hours().try_into().unwrap()
}

fn window(from: &str, until: &str) -> SigningWindow {
    SigningWindow::new(hour(from), hour(until)).unwrap()
}

/// What the newest edition allows a key, or what one did that knew of no end.
fn widest(list: &TrustList, seed: u8) -> SigningWindow {
    let known = list.window(secret(seed).public_key(), card().id()).ok();
    known.unwrap_or_else(|| SigningWindow::new(0, 1 << 22).unwrap())
}

const RECORD: &str = "1990-04-17";

/// The reasons for a card of this key that begins then, presented with this window.
fn judged(
    world: &World,
    seed: u8,
    from: &str,
    window: SigningWindow,
    s: &StatusState,
) -> Vec<String> {
    let credential = credential(seed, from, &born(RECORD));
    let holding = Holding { window: Some(window), ..Holding::new(&credential) };
    reasons(&world.decide(&world.present(&[holding]).unwrap(), s))
}

/// Windows as the wallet takes them from the newest edition: all is well.
#[test]
fn keys_count_for_what_they_signed_in_time() {
    let known = StatusState::default().with_trust(list());
    for (seed, from) in [
        (1, "2026-02-28T23:00:00Z"), // rotated, in the overlap and in its last hour
        (2, "2026-01-01T00:00:00Z"), // its successor, in its first hour
        (3, "2026-02-01T00:00:00Z"), // expired since
        (4, "2026-04-30T23:00:00Z"), // compromised the hour after
        (6, "2026-05-20T00:00:00Z"),
    ] {
        let found = judged(&HIDDEN, seed, from, widest(&list(), seed), &known);
        assert!(found.is_empty(), "{seed} from {from}: {found:?}");
    }
}

/// Windows as an older edition allowed them: the newest one decides.
#[test]
fn reject_keys_for_what_they_signed_out_of_time() {
    let known = StatusState::default().with_trust(list());
    let (early, open) = ("2024-01-01T00:00:00Z", "2040-01-01T00:00:00Z");
    for (seed, from, stated, code) in [
        (1, "2026-04-01T00:00:00Z", window("2025-01-01T00:00:00Z", open), "issuer-key-rotated"),
        (3, "2026-04-01T00:00:00Z", window("2025-01-01T00:00:00Z", open), "issuer-key-expired"),
        (4, "2026-05-02T00:00:00Z", window("2025-01-01T00:00:00Z", open), "issuer-key-compromised"),
        (6, "2026-05-14T23:00:00Z", window("2025-01-01T00:00:00Z", open), "issuer-key-not-yet"),
        (2, "2025-12-31T23:00:00Z", window(early, open), "issuer-key-not-yet"),
        (5, "2026-02-01T00:00:00Z", window(early, open), "issuer-schema"),
        (7, "2026-02-01T00:00:00Z", window(early, open), "issuer-unlisted"),
    ] {
        let found = judged(&HIDDEN, seed, from, stated, &known);
        assert_eq!(found, [format!("{code}:{PATH}")], "{seed} from {from}");
    }
}

/// A window that the credential does not begin in cannot be proven, whatever it would help.
#[test]
fn reject_window_that_the_credential_does_not_begin_in() {
    let skipping = World::new(policy(&[trusting("kyc", "skip")], json!({})));
    let good = widest(&list(), 1);
    let late = credential(1, "2026-04-01T00:00:00Z", &born(RECORD));
    for (world, place) in [(&*HIDDEN, "$.roles[0].validity"), (&skipping, PATH)] {
        let holding = Holding { window: Some(good), ..Holding::new(&late) };
        match world.present(&[holding]) {
            Err(ProveError::NotSatisfied { rules }) => assert_eq!(rules, [place]),
            other => panic!("{other:?}"),
        }
    }
    // Where validity is skipped the window is proven all the same, and judged.
    let known = StatusState::default().with_trust(list());
    let found = judged(&skipping, 1, "2026-02-01T00:00:00Z", good, &known);
    assert!(found.is_empty(), "{found:?}");
    let open = window("2025-01-01T00:00:00Z", "2040-01-01T00:00:00Z");
    let found = judged(&skipping, 1, "2026-04-01T00:00:00Z", open, &known);
    assert_eq!(found, [format!("issuer-key-rotated:{PATH}")]);
}

/// With a revealed validity nothing proves the window: the revealed hour is judged, and a window beside it
/// neither helps nor harms.
#[test]
fn forge_window_beside_a_revealed_hour() {
    let world = World::new(policy(&[trusting("kyc", "reveal")], json!({})));
    assert!(world.terms.policy().shape().is_none());
    let known = StatusState::default().with_trust(list());
    // A window that the revealed hour lies in, and that says nothing: it makes nothing better.
    let (good, any) = (widest(&list(), 1), SigningWindow::new(0, 1 << 22).unwrap());
    let found = judged(&world, 1, "2026-04-01T00:00:00Z", any, &known);
    assert_eq!(found, [format!("issuer-key-rotated:{PATH}")]);
    let found = judged(&world, 4, "2026-05-02T00:00:00Z", any, &known);
    assert_eq!(found, [format!("issuer-key-compromised:{PATH}")]);
    for stated in [good, any] {
        let found = judged(&world, 1, "2026-02-28T23:00:00Z", stated, &known);
        assert!(found.is_empty(), "{stated:?}: {found:?}");
    }
}

/// Which edition counts, and what is wrong with it.
#[test]
fn reject_editions_that_are_unknown_old_early_or_forked() {
    let card = credential(1, "2026-02-01T00:00:00Z", &born(RECORD));
    let holding = Holding { window: Some(widest(&list(), 1)), ..Holding::new(&card) };
    let verified = HIDDEN.present(&[holding]).unwrap();
    let of = |lists: &[TrustList]| {
        let known = lists.iter().cloned();
        let status = known.fold(StatusState::default(), StatusState::with_trust);
        reasons(&HIDDEN.decide(&verified, &status))
    };
    let made = |sequence, rest| edition(sequence, issuers(), rest);
    let times = |issued: &str, next: &str| json!({ "issued_at": issued, "next_update": next });
    let reason = |code: &str| vec![format!("{code}:{PATH}")];
    assert_eq!(of(&[]), reason("trust-unknown"));
    let other = made(7, json!({ "id": "https://eu.example/trust/other" }));
    assert_eq!(of(&[other]), reason("trust-unknown"));
    // 48 hours and the clocks' 300 seconds are allowed, and not a second more.
    let next = "2026-07-01T00:00:00Z";
    assert!(of(&[made(7, times("2026-05-30T11:55:00Z", next))]).is_empty());
    assert_eq!(of(&[made(7, times("2026-05-30T11:54:59Z", next))]), reason("trust-stale"));
    let due = times("2026-06-01T00:00:00Z", "2026-06-01T11:55:00Z");
    assert_eq!(of(&[made(7, due)]), reason("trust-stale"));
    assert!(of(&[made(7, times("2026-06-01T12:05:00Z", next))]).is_empty());
    assert_eq!(of(&[made(7, times("2026-06-01T12:05:01Z", next))]), reason("trust-not-yet"));
    // Of several the one of the highest number counts, in whatever order they are known.
    let nobody = json!([{ "name": "Bank A", "keys": [key(2, json!({}))] }]);
    let newer = edition(8, nobody.clone(), json!({}));
    assert_eq!(of(&[newer.clone(), list()]), reason("issuer-unlisted"));
    let older = edition(6, nobody.clone(), json!({}));
    assert!(of(&[list(), older.clone()]).is_empty());
    // Two of the highest number: nobody knows which holds. Two of an older one are history.
    let fork = edition(7, nobody.clone(), json!({}));
    assert_eq!(of(&[list(), fork.clone()]), reason("trust-forked"));
    assert_eq!(of(&[list(), fork, newer]), reason("issuer-unlisted"));
    let twin = edition(6, nobody, json!({ "next_update": next }));
    assert!(of(&[list(), older, twin]).is_empty());
    // All that is wrong is named.
    let late = edition(
        9,
        json!([{ "name": "Bank A", "keys": [key(2, json!({}))] }]),
        json!({
            "issued_at": "2026-05-01T00:00:00Z", "next_update": next,
        }),
    );
    assert_eq!(of(&[late]), [reason("trust-stale"), reason("issuer-unlisted")].concat());
}

/// The record names the edition, and its digest depends on it.
#[test]
fn records_name_the_edition_relied_upon() {
    let card = credential(1, "2026-02-01T00:00:00Z", &born(RECORD));
    let holding = Holding { window: Some(widest(&list(), 1)), ..Holding::new(&card) };
    let verified = HIDDEN.present(&[holding]).unwrap();
    let status = StatusState::default().with_trust(list());
    let verdict = HIDDEN.decide(&verified, &status);
    let record: Value = serde_json::from_str(&verdict.record().to_document().canonical()).unwrap();
    let hash = list().hash().to_string();
    assert_eq!(record["trust"], json!([{ "path": PATH, "sequence": 7, "hash": hash }]));
    assert!(record.get("rules").is_none() && record.get("lists").is_none());
    let entry = verdict.explanation().iter().find(|entry| entry.path() == PATH).unwrap();
    assert_eq!(entry.outcome(), Outcome::Holds);
    // Without a list there is nothing to name.
    let unknown = HIDDEN.decide(&verified, &StatusState::default());
    assert!(!unknown.record().to_document().canonical().contains("\"trust\":["));
    // The state with the list survives its document, and another signature does not.
    let text = status.to_document().canonical();
    let again = StatusState::parse(text.as_bytes()).unwrap();
    assert_eq!((again.digest(), again.trust().count()), (status.digest(), 1));
    let forged = text.replacen("Bank A", "Bank Z", 1);
    let fault = StatusState::parse(forged.as_bytes()).unwrap_err();
    assert_eq!(fault.path(), "$.trust[0].signature");
    let list = list().to_document().canonical();
    let twice = text.replacen(&list, &format!("{list},{list}"), 1);
    assert_eq!(StatusState::parse(twice.as_bytes()).unwrap_err().path(), "$.trust[1]");
}
