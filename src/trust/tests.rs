//! Every reason at its hour, every way to break a list or a chain of editions.

use super::*;
use crate::bbs::SecretKey;
use crate::did_key;
use crate::schema::tests::json_schema_accepts;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Public keys 1 to 9, made once.
static KEYS: LazyLock<Vec<PublicKey>> = LazyLock::new(|| {
    (1..10).map(|seed| *SecretKey::from_bytes(&[seed; 32]).unwrap().public_key()).collect()
});

fn key(number: usize) -> &'static PublicKey {
    &KEYS[number - 1]
}

fn did(number: usize) -> String {
    did_key::encode(key(number))
}

fn schema(octet: u8) -> SchemaId {
    SchemaId::from_bytes([octet; 32])
}

fn authority(seed: u8) -> AuthorityKey {
    AuthorityKey::from_bytes(&[seed; 32])
}

fn at(hour: u32) -> String {
    Timestamp::from_hours(hour.into()).unwrap().to_string()
}

fn window(from: u32, until: u32) -> SigningWindow {
    SigningWindow::new(from, until).unwrap()
}

/// A key from hour 100 on that may sign schema 1.
fn entry(number: usize, rest: &[(&str, Value)]) -> Value {
    let mut entry = json!({
        "key": did(number), "schemas": [schema(1).to_string()], "from": at(100),
    });
    for (member, value) in rest {
        entry[member] = value.clone();
    }
    entry
}

/// Edition 7 of a list: issued in hour 1000, the next one due in hour 1168.
fn list() -> Value {
    json!({
        "format": FORMAT,
        "id": "https://eu.example/trust/kyc",
        "authority": authority(1).authority().to_string(),
        "sequence": 7,
        "issued_at": at(1000),
        "next_update": at(1168),
        "issuers": [
            { "name": "Bank B", "precedence": 3, "keys": [
                entry(3, &[("until", json!(at(200)))]),
                entry(4, &[("until", json!(at(200))), ("compromised", json!(at(150)))]),
                entry(5, &[("compromised", json!(at(100)))]),
            ] },
            { "name": "Bank A", "keys": [
                entry(2, &[
                    ("from", json!(at(190))),
                    ("schemas", json!([schema(2).to_string(), schema(1).to_string()])),
                ]),
                entry(1, &[("until", json!(at(200))), ("successor", json!(did(2)))]),
            ] },
            { "name": "Bank C", "keys": [
                entry(6, &[
                    ("until", json!(at(200))),
                    ("successor", json!(did(7))),
                    ("compromised", json!(at(150))),
                ]),
                entry(7, &[("from", json!(at(200)))]),
            ] },
        ],
    })
}

fn unsigned(list: &Value) -> Result<UnsignedTrustList, Fault> {
    UnsignedTrustList::parse(list.to_string().as_bytes())
}

fn signed(list: &Value) -> TrustList {
    unsigned(list).unwrap().sign(&authority(1)).unwrap()
}

/// The list with the value at a pointer replaced, or put there.
fn with(pointer: &str, value: Value) -> Value {
    let mut list = list();
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    match list.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[member.parse::<usize>().unwrap()] = value,
        object => object[member] = value,
    }
    list
}

#[test]
fn each_reason_at_its_hour() {
    use TrustRefusal::{Compromised, Expired, NotYet, Rotated, Schema, Unlisted};
    let list = signed(&list());
    for (number, of, (from, until), expected) in [
        // Rotated: good to the last hour, and in the overlap both keys are.
        (1, 1, (100, 200), Ok("Bank A")),
        (1, 1, (199, 200), Ok("Bank A")),
        (1, 1, (199, 201), Err(Rotated)),
        (1, 1, (200, 201), Err(Rotated)),
        (1, 1, (190, 200), Ok("Bank A")),
        (2, 1, (190, 200), Ok("Bank A")),
        (2, 1, (189, 200), Err(NotYet)),
        (2, 1, (190, LAST), Ok("Bank A")),
        // Expired, with nobody to take over.
        (3, 1, (199, 200), Ok("Bank B")),
        (3, 1, (199, 201), Err(Expired)),
        // Not yet.
        (3, 1, (99, 200), Err(NotYet)),
        (3, 1, (99, 201), Err(NotYet)),
        (3, 1, (100, 101), Ok("Bank B")),
        // Compromised: what begins before counts, what may begin in that hour does not.
        (4, 1, (100, 150), Ok("Bank B")),
        (4, 1, (149, 151), Err(Compromised)),
        (4, 1, (150, 151), Err(Compromised)),
        (4, 1, (99, 150), Err(NotYet)),
        // Also where the key is past its end as well, with a successor or without.
        (4, 1, (200, 201), Err(Compromised)),
        (6, 1, (149, 150), Ok("Bank C")),
        (6, 1, (200, 201), Err(Compromised)),
        // Compromised from the start: nothing counts.
        (5, 1, (100, 101), Err(Compromised)),
        (5, 1, (99, 100), Err(NotYet)),
        // Schemas and keys that are not listed, whatever the window.
        (1, 2, (100, 200), Err(Schema)),
        (2, 2, (190, 191), Ok("Bank A")),
        (4, 2, (150, 151), Err(Schema)),
        (8, 1, (100, 200), Err(Unlisted)),
        (8, 2, (0, 1), Err(Unlisted)),
    ] {
        let judged = list.judge(key(number), schema(of), window(from, until));
        let judged = judged.map(|listed| listed.issuer);
        assert_eq!(judged, expected, "key {number}, schema {of}, {from}..{until}");
    }
}

/// The first hour that no credential can name.
const LAST: u32 = 1 << 22;

#[test]
fn the_widest_windows() {
    let list = signed(&list());
    for (number, of, expected) in [
        (1, 1, Ok((100, 200))),
        (2, 1, Ok((190, LAST))),
        (2, 2, Ok((190, LAST))),
        (4, 1, Ok((100, 150))),
        (6, 1, Ok((100, 150))),
        (5, 1, Err(TrustRefusal::Compromised)),
        (1, 2, Err(TrustRefusal::Schema)),
        (8, 1, Err(TrustRefusal::Unlisted)),
    ] {
        let found = list.window(key(number), schema(of));
        let found = found.map(|window| (window.from(), window.until()));
        assert_eq!(found, expected, "key {number}, schema {of}");
    }
    for (from, until) in [(5, 5), (6, 5), (0, LAST + 1), (LAST, LAST)] {
        assert_eq!(SigningWindow::new(from, until), None, "{from}..{until}");
    }
    let some = window(5, 7);
    assert_eq!([4, 5, 6, 7].map(|hour| some.contains(hour)), [false, true, true, false]);
}

#[test]
fn keys_of_one_issuer_are_one_issuer() {
    let list = signed(&list());
    let bank_a = Some(Listed { issuer: "Bank A", precedence: 0 });
    assert_eq!([1, 2].map(|number| list.issuer(key(number))), [bank_a; 2]);
    // Even where nothing of the key counts.
    assert_eq!(list.issuer(key(5)), Some(Listed { issuer: "Bank B", precedence: 3 }));
    assert_eq!(list.issuer(key(8)), None);
    let names: Vec<&str> = list.issuers().map(ListedIssuer::name).collect();
    assert_eq!(names, ["Bank A", "Bank B", "Bank C"]);
    let keys: Vec<_> = list.keys().map(|(listed, key)| (listed.issuer, key.from())).collect();
    assert_eq!(keys.len(), 7);
    assert_eq!(keys[..2], [("Bank A", 100), ("Bank A", 190)]);
    assert_eq!(list.keys().next().unwrap().1.successor(), Some(key(2)));
}

#[test]
fn words_are_distinct_and_in_order() {
    assert!(TrustRefusal::ALL.is_sorted());
    let words: BTreeSet<_> = TrustRefusal::ALL.iter().map(|refusal| refusal.word()).collect();
    assert_eq!(words.len(), TrustRefusal::Expired as usize + 1);
}

#[test]
fn a_list_round_trips_and_has_one_hash_however_it_is_written() {
    let first = signed(&list());
    let text = first.to_document().canonical();
    let again = TrustList::parse(text.as_bytes()).unwrap();
    assert_eq!(again, first);
    assert_eq!(again.to_document().canonical(), text);
    assert_eq!((again.sequence(), again.previous()), (7, None));
    assert_eq!(again.authority(), &authority(1).authority());

    let mut other = list();
    other["issuers"].as_array_mut().unwrap().reverse();
    other["issuers"][1]["precedence"] = json!(0);
    for issuer in other["issuers"].as_array_mut().unwrap() {
        issuer["keys"].as_array_mut().unwrap().reverse();
    }
    other["issuers"][1]["keys"][1]["schemas"].as_array_mut().unwrap().reverse();
    assert_eq!(signed(&other), first);
    // The hash is of what the document says but for the signature.
    let mut bare = first.to_document();
    let Document::Object(members) = &mut bare else { panic!("an object") };
    members.remove("signature");
    assert_eq!(first.hash().to_bytes(), bare.digest());
    assert_eq!(first.hash().to_string(), PINNED);
    // As TOML.
    let inline = |value: &Value| value.to_string().replace("\":", "\" = ");
    let members = list().as_object().unwrap().clone();
    let toml: String =
        members.iter().map(|(key, value)| format!("{key} = {}\n", inline(value))).collect();
    assert_eq!(UnsignedTrustList::parse(toml.as_bytes()).unwrap().sign(&authority(1)), Ok(first));
}

/// The hash of the list above: it must not move.
const PINNED: &str = "1c7734bc4d8417d65678ed1aa95ac832ecbbacee0316d1f807353b83acc0cbaa";

#[test]
fn forge_trust_list_signatures() {
    let good = signed(&list());
    assert_eq!(unsigned(&list()).unwrap().sign(&authority(2)), Err(SignError::AnotherAuthority));
    let refused = |document: &Value| {
        let fault = TrustList::parse(document.to_string().as_bytes()).unwrap_err();
        fault.path().to_owned()
    };
    let text = good.to_document().canonical();
    let document: Value = serde_json::from_str(&text).unwrap();
    let put = |signature: &[u8]| {
        let mut document = document.clone();
        document["signature"] = json!(hex::encode(signature));
        document
    };
    let message = signed_message(good.hash());
    let other_tag = [tag::BUNDLE_SIGNATURE, &good.hash().to_bytes()].concat();
    let bare = good.hash().to_bytes();
    assert!(TrustList::parse(put(&authority(1).sign(&message)).to_string().as_bytes()).is_ok());
    // Of another authority; over another kind of document; over the hash alone; of another length.
    assert_eq!(refused(&put(&authority(2).sign(&message))), "$.signature");
    assert_eq!(refused(&put(&authority(1).sign(&other_tag))), "$.signature");
    assert_eq!(refused(&put(&authority(1).sign(&bare))), "$.signature");
    assert_eq!(refused(&put(&authority(1).sign(&message)[..63])), "$.signature");
    for octet in 0..SIGNATURE_LEN {
        let mut signature = authority(1).sign(&message);
        signature[octet] ^= 1;
        assert_eq!(refused(&put(&signature)), "$.signature", "octet {octet}");
    }
    let mut missing = document.clone();
    missing.as_object_mut().unwrap().remove("signature");
    assert_eq!(refused(&missing), "$.signature");
    // The signature of one list under another's words.
    for (pointer, value) in [
        ("/id", json!("https://eu.example/trust/kyb")),
        ("/authority", json!(authority(2).authority().to_string())),
        ("/sequence", json!(8)),
        ("/previous", json!("11".repeat(32))),
        ("/issued_at", json!(at(1001))),
        ("/next_update", json!(at(1169))),
        ("/issuers/0/name", json!("Bank Z")),
        ("/issuers/0/precedence", json!(1)),
        ("/issuers/0/keys/1/schemas", json!([schema(1).to_string()])),
        ("/issuers/0/keys/0/until", json!(at(201))),
        ("/issuers/1/keys/0/from", json!(at(99))),
        ("/issuers/1/keys/0/key", json!(did(8))),
        ("/issuers/1/keys/1/compromised", json!(at(151))),
    ] {
        let mut document = document.clone();
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[member] = value;
        assert_eq!(refused(&document), "$.signature", "{pointer}");
    }
}

#[test]
fn reject_lists_that_say_no_sense() {
    assert!(unsigned(&list()).is_ok());
    let many = |count: usize, one: fn(usize) -> Value| Value::Array((0..count).map(one).collect());
    let schemas = many(MAX_SCHEMAS + 1, |i| json!(format!("{i:064x}")));
    let keys = many(MAX_ISSUER_KEYS + 1, |_| entry(1, &[]));
    for (pointer, value, path, says) in [
        ("/format", json!("sigil-trust/2"), "$.format", "another format"),
        ("/id", json!("kyc"), "$.id", "absolute IRI"),
        ("/authority", json!(did(1)), "$.authority", "Ed25519"),
        ("/sequence", json!(-1), "$.sequence", "number"),
        ("/previous", json!("11"), "$.previous", "64 lower-case"),
        ("/previous", json!(null), "$.previous", "expected a string"),
        ("/next_update", json!(at(1000)), "$.next_update", "not after"),
        ("/issued_at", json!("2026-06-01"), "$.issued_at", ""),
        ("/signature", json!(""), "$.signature", "unknown"),
        ("/issuers", json!([]), "$.issuers", "0 items"),
        ("/issuers/0/name", json!("Bank A"), "$.issuers[1].name", "$.issuers[0] has"),
        ("/issuers/0/name", json!(""), "$.issuers[0].name", ""),
        ("/issuers/0/precedence", json!(65536), "$.issuers[0].precedence", "number"),
        ("/issuers/0/keys", json!([]), "$.issuers[0].keys", "0 items"),
        ("/issuers/0/keys", keys, "$.issuers[0].keys", "65 items"),
        ("/issuers/0/keys/0/schemas", json!([]), "$.issuers[0].keys[0].schemas", "0 items"),
        ("/issuers/0/keys/0/schemas", schemas, "$.issuers[0].keys[0].schemas", "257 items"),
        (
            "/issuers/0/keys/0/from",
            json!("1970-01-05T04:30:00Z"),
            "$.issuers[0].keys[0].from",
            "hour",
        ),
        ("/issuers/0/keys/0/until", json!(at(100)), "$.issuers[0].keys[0].until", "no hour"),
        ("/issuers/0/keys/0/until", json!(at(LAST + 1)), "$.issuers[0].keys[0].until", "hour"),
        ("/issuers/1/keys/0/from", json!(at(LAST)), "$.issuers[1].keys[0].from", "no hour"),
        ("/issuers/0/keys/0/key", json!("did:key:z1"), "$.issuers[0].keys[0].key", "G2"),
        // A key stands once: with one issuer, and in the whole list.
        (
            "/issuers/0/keys/1/key",
            json!(did(3)),
            "$.issuers[0].keys[1].key",
            "$.issuers[0].keys[0]",
        ),
        (
            "/issuers/2/keys/1/key",
            json!(did(3)),
            "$.issuers[2].keys[1].key",
            "$.issuers[0].keys[0]",
        ),
        // Successors: with an end, of the same issuer, without a gap, and not round in a circle.
        ("/issuers/0/keys/2/successor", json!(did(3)), "$.issuers[0].keys[2].successor", "an end"),
        (
            "/issuers/0/keys/0/successor",
            json!(did(1)),
            "$.issuers[0].keys[0].successor",
            "no key of",
        ),
        (
            "/issuers/0/keys/0/successor",
            json!(did(8)),
            "$.issuers[0].keys[0].successor",
            "no key of",
        ),
        ("/issuers/0/keys/0/successor", json!(did(3)), "$.issuers[0].keys[0].successor", "circle"),
        ("/issuers/2/keys/1/from", json!(at(201)), "$.issuers[2].keys[0].successor", "gap"),
        (
            "/issuers/1/keys/0",
            entry(2, &[("until", json!(at(300))), ("successor", json!(did(1)))]),
            "$.issuers[1].keys[0].successor",
            "circle",
        ),
    ] {
        let fault = unsigned(&with(pointer, value)).unwrap_err();
        let text = fault.to_string();
        assert!(fault.path() == path && text.contains(says), "{pointer} {path} {says}: {text}");
    }
    let twice = json!([schema(1).to_string(), schema(1).to_string()]);
    let fault = unsigned(&with("/issuers/0/keys/0/schemas", twice)).unwrap_err();
    assert_eq!(fault.path(), "$.issuers[0].keys[0].schemas[1]");
    let huge = vec![b' '; MAX_LEN + 1];
    assert!(matches!(
        TrustList::parse(&huge).unwrap_err().problem(),
        Problem::TooLarge { limit: MAX_LEN, .. }
    ));
}

#[test]
fn editions_form_a_chain() {
    let seventh = signed(&list());
    let mut next = list();
    next["sequence"] = json!(8);
    next["previous"] = json!(seventh.hash().to_string());
    next["issued_at"] = json!(at(1100));
    assert_eq!(signed(&next).follows(&seventh), Ok(()));
    let mut at_once = next.clone();
    at_once["issued_at"] = json!(at(1000));
    assert_eq!(signed(&at_once).follows(&seventh), Ok(()));

    let broken = |member: &str, value: Value| {
        let mut next = next.clone();
        next[member] = value;
        let seed = if member == "authority" { 2 } else { 1 };
        unsigned(&next).unwrap().sign(&authority(seed)).unwrap().follows(&seventh).unwrap_err()
    };
    let other = authority(2).authority().to_string();
    assert_eq!(broken("id", json!("urn:other")), ChainBreak::OtherList);
    assert_eq!(broken("authority", json!(other)), ChainBreak::OtherAuthority);
    assert_eq!(broken("sequence", json!(7)), ChainBreak::Fork { sequence: 7 });
    assert_eq!(broken("sequence", json!(9)), ChainBreak::Sequence { expected: 8, found: 9 });
    assert_eq!(broken("sequence", json!(6)), ChainBreak::Sequence { expected: 8, found: 6 });
    assert_eq!(broken("previous", json!("11".repeat(32))), ChainBreak::Previous);
    assert_eq!(broken("issued_at", json!(at(999))), ChainBreak::Earlier);
    let mut first = next.clone();
    first.as_object_mut().unwrap().remove("previous");
    assert_eq!(signed(&first).follows(&seventh), Err(ChainBreak::Previous));
    // An edition does not follow itself, and nothing follows a successor backwards.
    let again = ChainBreak::Sequence { expected: 8, found: 7 };
    assert_eq!(seventh.follows(&seventh), Err(again));
    let back = ChainBreak::Sequence { expected: 9, found: 7 };
    assert_eq!(seventh.follows(&signed(&next)), Err(back));
}

#[test]
fn a_list_is_fresh_from_its_issue_until_the_next_is_due() {
    let list = signed(&list());
    let fresh = |seconds: u64, age: u32, skew: u64| {
        list.freshness(Timestamp::from_unix(seconds).unwrap(), age, skew)
    };
    let (issued, due) = (1000 * 3600, 1168 * 3600);
    let (not_yet, stale) = (Err(StaleTrust::NotYet), Err(StaleTrust::Stale));
    assert_eq!(fresh(issued, 0, 0), Ok(()));
    assert_eq!(fresh(issued - 1, 24, 0), not_yet);
    assert_eq!(fresh(issued - 60, 24, 60), Ok(()));
    assert_eq!(fresh(issued - 61, 24, 60), not_yet);
    assert_eq!(fresh(issued + 24 * 3600, 24, 0), Ok(()));
    assert_eq!(fresh(issued + 24 * 3600 + 1, 24, 0), stale);
    assert_eq!(fresh(issued + 24 * 3600 + 60, 24, 60), Ok(()));
    assert_eq!(fresh(issued + 24 * 3600 + 61, 24, 60), stale);
    assert_eq!(fresh(due - 1, u32::MAX, 0), Ok(()));
    assert_eq!(fresh(due, u32::MAX, 0), stale);
    assert_eq!(fresh(due + 59, u32::MAX, 60), Ok(()));
    assert_eq!(fresh(due + 60, u32::MAX, 60), stale);
    assert_eq!(fresh(due, u32::MAX, u64::MAX), Ok(()));
}

/// The published JSON Schema and the parser agree on examples good and bad.
#[test]
fn the_json_schema_agrees_with_the_parser() {
    let rules: Value = serde_json::from_str(json_schema()).unwrap();
    let accepts = |list: &Value| json_schema_accepts(&rules, &rules, list);
    let agree = |list: &Value| {
        let accepted = unsigned(list).is_ok();
        assert_eq!(accepts(list), accepted, "{list}");
        accepted
    };
    assert!(agree(&list()));
    assert!(agree(&with("/previous", json!("ab".repeat(32)))));
    let text = signed(&list()).to_document().canonical();
    assert!(accepts(&serde_json::from_str(&text).unwrap()));
    for good in ["urn:x", "https://a.b/[c]?d=(e)#f~;@!$&'*+,", "a+b.c-1:x"] {
        assert!(agree(&with("/id", json!(good))), "{good}");
    }
    for (pointer, value) in [
        ("/format", json!("sigil-trust/2")),
        ("/id", json!("x")),
        ("/id", json!("https://a b")),
        ("/id", json!("https://a\"b")),
        ("/id", json!("https://a<b")),
        ("/id", json!("https://a>b")),
        ("/id", json!("https://a\\b")),
        ("/id", json!("https://a^b")),
        ("/id", json!("https://a`b")),
        ("/id", json!("https://a{b")),
        ("/id", json!("1:x")),
        ("/id", json!(format!("urn:{}", "x".repeat(509)))),
        ("/authority", json!(did(1))),
        ("/sequence", json!(-1)),
        ("/sequence", json!(9_007_199_254_740_992_u64)),
        ("/previous", json!("AB".repeat(32))),
        ("/issued_at", json!("2026-06-01")),
        ("/surplus", json!(1)),
        ("/issuers", json!([])),
        ("/issuers/0/name", json!("")),
        ("/issuers/0/name", json!("x".repeat(129))),
        ("/issuers/0/surplus", json!(1)),
        ("/issuers/0/precedence", json!(65_536)),
        ("/issuers/0/keys", json!([])),
        ("/issuers/0/keys/0/key", json!(authority(1).authority().to_string())),
        ("/issuers/0/keys/0/schemas", json!([])),
        ("/issuers/0/keys/0/schemas/0", json!("11")),
        ("/issuers/0/keys/0/from", json!("1970-01-05T04:30:00Z")),
        ("/issuers/0/keys/0/until", json!(null)),
        ("/issuers/0/keys/0/compromised", json!("1970-01-05T04:00:01Z")),
    ] {
        assert!(!agree(&with(pointer, value)), "{pointer}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What a wallet takes from a list the same list accepts, and it accepts nothing wider.
    #[test]
    fn judge_accepts_exactly_what_is_within_the_window(
        from in 0_u32..12,
        length in proptest::option::of(1_u32..12),
        compromised in proptest::option::of(0_u32..24),
        rotated: bool,
    ) {
        let mut own = vec![("from", json!(at(from)))];
        own.extend(length.map(|length| ("until", json!(at(from + length)))));
        own.extend(compromised.map(|hour| ("compromised", json!(at(hour)))));
        if length.is_some() && rotated {
            own.push(("successor", json!(did(2))));
        }
        let mut list = list();
        list["issuers"] = json!([
            { "name": "A", "keys": [entry(1, &own), entry(2, &[("from", json!(at(0)))])] },
        ]);
        let list = signed(&list);
        let widest = list.window(key(1), schema(1));
        if let Ok(widest) = widest {
            prop_assert_eq!(list.judge(key(1), schema(1), widest).unwrap().issuer, "A");
        }
        for first in 0..26 {
            for last in (first + 1..26).chain([LAST]) {
                let judged = list.judge(key(1), schema(1), window(first, last));
                let within = widest
                    .is_ok_and(|widest| widest.from() <= first && last <= widest.until());
                prop_assert_eq!(judged.is_ok(), within, "{}..{}: {:?}", first, last, judged);
            }
        }
    }

    /// Whatever octets arrive, nothing panics.
    #[test]
    fn any_octets_are_refused(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(TrustList::parse(&octets).is_err());
        prop_assert!(UnsignedTrustList::parse(&octets).is_err());
    }

    /// A list with one octet changed is refused, or still says the same.
    #[test]
    fn reject_changed_octets(at in 0_usize..4096, by in 1_u8..) {
        let good = signed(&list());
        let mut text = good.to_document().canonical().into_bytes();
        let at = at % text.len();
        text[at] ^= by;
        if let Ok(read) = TrustList::parse(&text) {
            prop_assert_eq!(read, good);
        }
    }
}
