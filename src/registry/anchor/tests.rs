//! An anchor opens to its credential with its salt, and to nothing else.

use super::*;
use crate::bbs::{SecretKey, Suite};
use crate::credential::{Issuer, StatusHandles, UnverifiedCredential, Validity};
use crate::schema::Schema;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::collections::BTreeSet;
use std::sync::Arc;

fn schema(version: &str) -> Arc<Schema> {
    let schema = format!(
        r#"{{ "format": "sigil-schema/1", "name": "example.org/person", "version": "{version}",
              "fields": [{{ "name": "birth_date", "type": "date" }}] }}"#
    );
    Arc::new(Schema::parse(schema.as_bytes()).unwrap())
}

/// What a credential may differ in.
#[derive(Clone, Copy)]
struct Make {
    key: u8,
    suite: Suite,
    version: &'static str,
    born: &'static str,
    counter: u64,
    until: u64,
}

const BASE: Make = Make {
    key: 1,
    suite: Suite::Sha256,
    version: "1.0.0",
    born: "1990-04-17",
    counter: 0,
    until: 500_000,
};

fn credential(make: Make) -> Credential {
    let schema = schema(make.version);
    let key = SecretKey::from_bytes(&[make.key; 32]).unwrap();
    let handles = StatusHandles::new([7; 32]);
    let issuer = Issuer::new(key, make.suite, handles, schema.clone()).unwrap();
    let record = format!(r#"{{ "birth_date": "{}" }}"#, make.born);
    let record = schema.record_from_json(record.as_bytes()).unwrap();
    let validity = Validity::from_hours(400_000, make.until).unwrap();
    issuer.issue(record, validity, make.counter).unwrap()
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

#[test]
fn anchors_open_to_their_credential() {
    let credential = credential(BASE);
    let (anchor, opening) = Anchor::commit(&credential, &mut rng());
    assert_eq!(anchor.opens(&credential, &opening), Ok(()));
    // The holder's copy, read from a file, is the same credential; so is the opening.
    let json = credential.to_json().unwrap();
    let read = UnverifiedCredential::parse(json.as_bytes()).unwrap();
    let read = read.check(credential.schema().clone()).unwrap();
    let kept = AnchorOpening::parse(opening.to_json().as_bytes()).unwrap();
    assert_eq!(kept.salt(), opening.salt());
    assert_eq!(anchor.opens(&read, &kept), Ok(()));
    assert_eq!(anchor.to_string().parse(), Ok(anchor));
}

/// The layout, written out a second time: whoever has kept an opening must be able to use it.
#[test]
fn anchors_are_the_hash_that_is_stated() {
    let credential = credential(BASE);
    let opening = AnchorOpening::from_salt([5; 32]);
    let mut octets = Vec::new();
    let signature = credential.signature().to_bytes();
    for part in [
        &b"SIGIL-V1-ANCHOR"[..],
        b"schema",
        &credential.schema().id().to_bytes(),
        b"issuer",
        &credential.issuer().to_bytes(),
        b"suite",
        b"BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_",
        b"signature",
        &signature,
        b"salt",
        &[5; 32],
    ] {
        octets.extend((part.len() as u64).to_be_bytes());
        octets.extend(part);
    }
    let expected: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(&octets).into();
    assert_eq!(Anchor::of(&credential, &opening).to_bytes(), expected);
}

#[test]
fn anchors_of_one_credential_differ_by_their_salts() {
    let credential = credential(BASE);
    let mut rng = rng();
    let anchors: Vec<_> = (0..100).map(|_| Anchor::commit(&credential, &mut rng)).collect();
    let distinct: BTreeSet<_> = anchors.iter().map(|(anchor, _)| *anchor).collect();
    let salts: BTreeSet<_> = anchors.iter().map(|(_, opening)| *opening.salt()).collect();
    assert_eq!((distinct.len(), salts.len()), (100, 100));
    assert!(!salts.contains(&[0; 32]));
}

#[test]
fn forge_an_opening_with_another_salt() {
    let credential = credential(BASE);
    let (anchor, opening) = Anchor::commit(&credential, &mut rng());
    for bit in 0..256 {
        let mut salt = *opening.salt();
        salt[bit / 8] ^= 1 << (bit % 8);
        let other = AnchorOpening::from_salt(salt);
        assert_eq!(anchor.opens(&credential, &other), Err(NotAnchored), "salt {bit}");
        let mut octets = anchor.to_bytes();
        octets[bit / 8] ^= 1 << (bit % 8);
        let other = Anchor::from_bytes(octets);
        assert_eq!(other.opens(&credential, &opening), Err(NotAnchored), "anchor {bit}");
    }
    for salt in [[0; 32], anchor.to_bytes()] {
        let other = AnchorOpening::from_salt(salt);
        assert_eq!(anchor.opens(&credential, &other), Err(NotAnchored));
    }
}

#[test]
fn forge_an_opening_to_another_credential() {
    let original = credential(BASE);
    let (anchor, opening) = Anchor::commit(&original, &mut rng());
    for other in [
        Make { counter: 1, ..BASE }, // the same claims, issued again
        Make { until: 500_001, ..BASE },
        Make { born: "1990-04-18", ..BASE },
        Make { key: 2, ..BASE },
        Make { version: "1.0.1", ..BASE },
        Make { suite: Suite::Shake256, ..BASE },
    ] {
        assert_eq!(anchor.opens(&credential(other), &opening), Err(NotAnchored));
    }
    assert_eq!(anchor.opens(&credential(BASE), &opening), Ok(()), "signing is deterministic");
}

/// Each item counts by itself, not only through the signature that differs with it.
#[test]
fn forge_an_opening_with_the_signature_of_the_original() {
    let original = credential(BASE);
    let (anchor, opening) = Anchor::commit(&original, &mut rng());
    for other in [
        Make { key: 2, ..BASE },
        Make { version: "1.0.1", ..BASE },
        Make { suite: Suite::Shake256, ..BASE },
    ] {
        let forged = credential(other).under_signature_of(&original);
        assert_eq!(forged.signature().to_bytes(), original.signature().to_bytes());
        assert_eq!(anchor.opens(&forged, &opening), Err(NotAnchored));
    }
    let resigned = credential(BASE).under_signature_of(&credential(Make { counter: 1, ..BASE }));
    assert_eq!(anchor.opens(&resigned, &opening), Err(NotAnchored), "another signature");
}

#[test]
fn openings_are_redacted() {
    let (_, opening) = Anchor::commit(&credential(BASE), &mut rng());
    assert_eq!(
        format!("{opening:?} {opening:#?}"),
        "AnchorOpening(redacted) AnchorOpening(redacted)"
    );
}

#[test]
fn reject_documents_that_are_no_opening() {
    let (_, opening) = Anchor::commit(&credential(BASE), &mut rng());
    let good = opening.to_json();
    let upper = hex::encode([0xab; 32]).to_uppercase();
    let digits = hex::encode(opening.salt());
    for (from, to) in [
        ("sigil-anchor-opening/1", "sigil-anchor-opening/2"),
        ("salt", "salz"),
        (&digits[..], &digits[..62]),
        (&digits, ""),
        (&digits, &upper),
        ("}", ",\"more\":1}"),
        ("{", "{\"salt\":\"\","),
    ] {
        let other = good.replacen(from, to, 1);
        assert_ne!(other, *good);
        let fault = AnchorOpening::parse(other.as_bytes()).unwrap_err();
        assert!(!fault.to_string().contains(&digits), "{fault}");
    }
    assert!(AnchorOpening::parse(&vec![b' '; 1 << 20]).is_err());
}
