//! Both signatures, each missing, by another key, swapped, or taken from another record.

use super::*;
use serde_json::{Value, json};

fn attester(seed: u8) -> AuthorityKey {
    AuthorityKey::from_bytes(&[seed; 32])
}

fn issuer(seed: u8) -> SecretKey {
    SecretKey::from_bytes(&[seed; 32]).unwrap()
}

fn time(hour: u64) -> Timestamp {
    Timestamp::from_hours(hour).unwrap()
}

fn unsigned(a: u8, i: u8) -> UnsignedIssuerRecord {
    let (attester, issuer) = (attester(a).authority(), *issuer(i).public_key());
    let site = Some("https://bank-a.example");
    UnsignedIssuerRecord::new(attester, issuer, "Bank A", site, time(500_000)).unwrap()
}

fn record(a: u8, i: u8) -> IssuerRecord {
    unsigned(a, i).sign(&attester(a), &issuer(i), Suite::Sha256).unwrap()
}

fn json(record: &IssuerRecord) -> Value {
    serde_json::from_str(&record.to_document().canonical()).unwrap()
}

fn parse(document: &Value) -> Result<IssuerRecord, Fault> {
    IssuerRecord::parse(document.to_string().as_bytes())
}

/// Refused because this signature does not verify.
fn refused(document: &Value, signature: &str) {
    let fault = parse(document).unwrap_err();
    assert_eq!(fault.path(), format!("$.{signature}"), "{fault}");
    assert!(fault.to_string().contains("does not verify"), "{fault}");
}

#[test]
fn records_round_trip() {
    for suite in Suite::ALL {
        for site in [None, Some("https://bank-a.example")] {
            let (a, i) = (attester(1), issuer(2));
            let (attester, public) = (a.authority(), *i.public_key());
            let name = "Bank Ä";
            let unsigned =
                UnsignedIssuerRecord::new(attester, public, name, site, time(500_000)).unwrap();
            assert_eq!((unsigned.attester(), unsigned.issuer()), (&attester, &public));
            let record = unsigned.sign(&a, &i, suite).unwrap();
            let read = parse(&json(&record)).unwrap();
            assert_eq!(read, record);
            assert_eq!((read.attester(), read.issuer()), (&attester, &public));
            assert_eq!((read.name(), read.site(), read.suite()), (name, site, suite));
            assert_eq!((read.issued_at(), read.hash()), (time(500_000), record.hash()));
            assert_eq!(read.to_document(), record.to_document());
        }
    }
}

#[test]
fn a_record_written_by_hand_is_the_same_record() {
    let toml = format!(
        "issued_at = \"{}\"\nsite = \"https://bank-a.example\"\nname = \"Bank A\"\n\
         issuer = \"{}\"\nattester = \"{}\"\nformat = \"{FORMAT}\"\n",
        time(500_000),
        did_key::encode(issuer(2).public_key()),
        attester(1).authority(),
    );
    assert_eq!(UnsignedIssuerRecord::parse(toml.as_bytes()).unwrap(), unsigned(1, 2));
}

#[test]
fn the_hash_is_of_everything_but_the_signatures() {
    let base = record(1, 2);
    let mut document = json(&base);
    let object = document.as_object_mut().unwrap();
    object.remove("attester_signature").unwrap();
    object.remove("issuer_signature").unwrap();
    let canonical = Document::read_json(document.to_string().as_bytes(), &BOUNDS).unwrap();
    assert_eq!(base.hash().to_bytes(), canonical.digest());
    let other = unsigned(1, 2).sign(&attester(1), &issuer(2), Suite::Shake256).unwrap();
    let hashes = [base.hash(), record(3, 2).hash(), record(1, 4).hash(), other.hash()];
    for (i, a) in hashes.iter().enumerate() {
        assert!(hashes[..i].iter().all(|b| a != b), "{i}");
    }
}

#[test]
fn a_record_is_signed_by_the_keys_that_it_names() {
    let sign = |a, i| unsigned(1, 2).sign(&attester(a), &issuer(i), Suite::Sha256);
    assert!(matches!(sign(3, 2), Err(SignError::AnotherAttester)));
    assert!(matches!(sign(1, 4), Err(SignError::AnotherIssuer)));
    assert!(sign(1, 2).is_ok());
}

#[test]
fn forge_a_record_with_a_changed_member() {
    let base = json(&record(1, 2));
    for (member, value) in [
        ("name", json!("Bank B")),
        ("site", json!("https://bank-b.example")),
        ("issued_at", json!(time(500_001).to_string())),
        ("attester", json!(attester(3).authority().to_string())),
        ("issuer", json!(did_key::encode(issuer(4).public_key()))),
        ("suite", json!(Suite::Shake256.id())),
    ] {
        let mut forged = base.clone();
        forged[member] = value;
        refused(&forged, "attester_signature");
        // The attester alone cannot make good for it, nor can the issuer.
        let octets = forged.to_string();
        let fields = Document::read_json(octets.as_bytes(), &BOUNDS).unwrap();
        let cursor = Cursor::root(&fields);
        let all: Vec<&str> =
            FIELDS.into_iter().chain(["suite", "attester_signature", "issuer_signature"]).collect();
        let content = Content::read(&cursor.fields(&all).unwrap()).unwrap();
        let suite = Suite::from_id(forged["suite"].as_str().unwrap()).unwrap();
        let hash = content.hash(suite);
        let mut by_issuer = forged.clone();
        let header = issuer_header(hash);
        let signed = bbs::sign(&issuer(2), &generators(suite).unwrap(), &header, &[]).unwrap();
        by_issuer["issuer_signature"] = json!(hex::encode(signed.to_bytes()));
        refused(&by_issuer, "attester_signature");
        let signer = if member == "attester" { attester(3) } else { attester(1) };
        forged["attester_signature"] = json!(hex::encode(signer.sign(&attester_message(hash))));
        refused(&forged, "issuer_signature");
    }
}

/// An attester that claims the standing of a BBS key which is trusted.
#[test]
fn forge_the_issuers_signature() {
    let mut forged = json(&record(1, 2));
    let hash = record(1, 2).hash();
    let by = |key: u8, header: &[u8], suite| {
        let signed = bbs::sign(&issuer(key), &generators(suite).unwrap(), header, &[]).unwrap();
        json!(hex::encode(signed.to_bytes()))
    };
    let header = issuer_header(hash);
    for signature in [
        by(4, &header, Suite::Sha256),
        by(2, &header, Suite::Shake256),
        by(2, &hash.to_bytes(), Suite::Sha256),
        by(2, &[crate::transcript::LIST_HEAD, &hash.to_bytes()].concat(), Suite::Sha256),
        by(2, &attester_message(hash), Suite::Sha256),
        json(&record(3, 2))["issuer_signature"].clone(),
        json(&record(1, 4))["issuer_signature"].clone(),
    ] {
        forged["issuer_signature"] = signature;
        refused(&forged, "issuer_signature");
    }
    forged["issuer_signature"] = by(2, &header, Suite::Sha256);
    parse(&forged).unwrap();
}

/// An issuer that claims the attestations which somebody else has made.
#[test]
fn forge_the_attesters_signature() {
    let mut forged = json(&record(1, 2));
    let hash = record(1, 2).hash();
    let trust = [tag::TRUST_SIGNATURE, &hash.to_bytes()].concat();
    let by = |key: u8, message: &[u8]| json!(hex::encode(attester(key).sign(message)));
    for signature in [
        by(3, &attester_message(hash)),
        by(1, &hash.to_bytes()),
        by(1, &trust),
        by(1, &issuer_header(hash)),
        json(&record(1, 4))["attester_signature"].clone(),
        json(&record(3, 2))["attester_signature"].clone(),
    ] {
        forged["attester_signature"] = signature;
        refused(&forged, "attester_signature");
    }
    forged["attester_signature"] = by(1, &attester_message(hash));
    parse(&forged).unwrap();
}

/// Both signatures of another record, of another pair or of the same.
#[test]
fn forge_a_record_with_the_signatures_of_another() {
    let base = json(&record(1, 2));
    let later = UnsignedIssuerRecord::new(
        attester(1).authority(),
        *issuer(2).public_key(),
        "Bank A",
        Some("https://bank-a.example"),
        time(500_001),
    );
    let later = later.unwrap().sign(&attester(1), &issuer(2), Suite::Sha256).unwrap();
    for other in [record(3, 4), record(1, 4), record(3, 2), later] {
        let mut forged = base.clone();
        for member in ["attester_signature", "issuer_signature"] {
            forged[member] = json(&other)[member].clone();
        }
        refused(&forged, "attester_signature");
    }
    // Each in the other's place: neither is long enough, or has the form.
    let mut swapped = base.clone();
    swapped["attester_signature"] = base["issuer_signature"].clone();
    swapped["issuer_signature"] = base["attester_signature"].clone();
    assert_eq!(parse(&swapped).unwrap_err().path(), "$.attester_signature");
}

#[test]
fn reject_malformed_records() {
    let base = json(&record(1, 2));
    for member in base.as_object().unwrap().keys().filter(|member| *member != "site") {
        let mut cut = base.clone();
        cut.as_object_mut().unwrap().remove(member).unwrap();
        assert_eq!(parse(&cut).unwrap_err().path(), format!("$.{member}"));
    }
    let upper = |member: &str| json!(base[member].as_str().unwrap().to_uppercase());
    let infinity = format!("c0{}01", "00".repeat(78));
    for (member, value) in [
        ("format", json!("sigil-issuer/2")),
        ("attester", base["issuer"].clone()),
        ("attester", json!(1)),
        ("issuer", base["attester"].clone()),
        ("name", json!("")),
        ("name", json!("x".repeat(129))),
        ("name", json!("two\nlines")),
        ("name", json!(null)),
        ("site", json!(null)),
        ("site", json!("http://bank-a.example")),
        ("site", json!("https://")),
        ("site", json!("https://bank ä")),
        ("issued_at", json!("2026-06-01")),
        ("suite", json!("sha-256")),
        ("attester_signature", json!("")),
        ("attester_signature", upper("attester_signature")),
        ("issuer_signature", json!("")),
        ("issuer_signature", upper("issuer_signature")),
        ("issuer_signature", json!(infinity)),
        ("issuer_signature", json!("ff".repeat(80))),
        ("more", json!(1)),
    ] {
        let mut other = base.clone();
        other[member] = value;
        assert_eq!(parse(&other).unwrap_err().path(), format!("$.{member}"), "{other}");
    }
    let long = format!("{}{}", base, " ".repeat(MAX_LEN));
    for other in ["", "[]", "null", "{}", &long] {
        assert!(IssuerRecord::parse(other.as_bytes()).is_err());
        assert!(UnsignedIssuerRecord::parse(other.as_bytes()).is_err());
    }
    // A record that is signed already is not signed again, one that is not does not count.
    assert!(UnsignedIssuerRecord::parse(base.to_string().as_bytes()).is_err());
    let (a, i) = (attester(1).authority(), *issuer(2).public_key());
    for (name, site) in [("", None), ("tab\t", None), ("ok", Some("ftp://x")), ("e\u{301}", None)] {
        let made = UnsignedIssuerRecord::new(a, i, name, site, time(1));
        assert!(made.is_err(), "{name:?}");
    }
}
