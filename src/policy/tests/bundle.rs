//! Signatures over bundles.

use super::*;
use crate::authority::AuthorityKey;

fn key(seed: u8) -> AuthorityKey {
    AuthorityKey::from_bytes(&[seed; 32])
}

/// A bundle without a circuit, of a policy that names the authority.
fn bundle(seed: u8) -> Bundle {
    let text = text(&format!("authority = '{}'", key(seed).authority()));
    let text = text.replace("issuers", "validity = 'skip'\nissuers");
    Bundle::new(Policy::parse(text.as_bytes()).unwrap(), None)
}

#[test]
fn signed_bundles_are_read() {
    let unsigned = bundle(1);
    let signed = unsigned.clone().sign(&key(1)).unwrap();
    assert_eq!(signed.hash(), unsigned.hash(), "the hash does not cover the signature");
    let again = Bundle::parse(signed.to_document().canonical().as_bytes()).unwrap();
    assert_eq!(again, signed);
    assert!(again.signature().is_some());
    assert!(again.is_authorised() && !unsigned.is_authorised());
}

#[test]
fn reject_bundle_signed_by_another() {
    assert_eq!(bundle(1).sign(&key(2)).unwrap_err(), SignError::AnotherAuthority);
    let nobody = Bundle::new(Policy::parse(text("").as_bytes()).unwrap(), None);
    assert_eq!(nobody.clone().sign(&key(1)).unwrap_err(), SignError::NoAuthority);
    // The same words under another's signature, and a signature where nobody is named.
    let signed = bundle(1).sign(&key(1)).unwrap();
    let hex = |bundle: &Bundle| hex::encode(bundle.signature().unwrap());
    let other = AuthorityKey::sign(
        &key(2),
        &[b"SIGIL-V1-BUNDLE-SIGNATURE", &signed.hash().to_bytes()[..]].concat(),
    );
    let text = signed.to_document().canonical();
    for text in [
        text.replace(&hex(&signed), &hex::encode(other)),
        // The other bundle's signature is good for the other bundle only.
        text.replace(&hex(&signed), &hex(&bundle(2).sign(&key(2)).unwrap())),
        nobody.to_document().canonical().replacen(
            "\"shape\":",
            &format!("\"signature\":\"{}\",\"shape\":", hex(&signed)),
            1,
        ),
    ] {
        let fault = Bundle::parse(text.as_bytes()).unwrap_err();
        assert_eq!(fault.path(), "$.signature", "{fault}");
    }
}

#[test]
fn reject_bundle_altered() {
    let signed = bundle(1).sign(&key(1)).unwrap();
    let text = signed.to_document().canonical();
    let digits = hex::encode(signed.signature().unwrap());
    let upper = digits.to_uppercase();
    let other = key(2).authority().to_string();
    for (from, to) in [
        ("\"1.0.0\"", "\"1.0.1\""),
        ("\"clock_skew\":300", "\"clock_skew\":301"),
        ("\"shape\":null", &format!("\"shape\":\"{}\"", "11".repeat(32))),
        (&key(1).authority().to_string(), &other),
        (&digits, &digits[..126]),
        (&digits, &upper),
        (&format!("\"{digits}\""), "null"),
    ] {
        let mut altered = text.replacen(from, to, 1);
        if to.contains("shape") {
            altered = altered.replace("\"key\":null", &format!("\"key\":\"{}\"", "22".repeat(32)));
        }
        assert_ne!(altered, text, "{from}");
        let fault = Bundle::parse(altered.as_bytes()).expect_err(from);
        assert_eq!(fault.path(), "$.signature", "{from}: {fault}");
    }
    // Every bit of the signature.
    for bit in 0..512 {
        let mut octets = *signed.signature().unwrap();
        octets[bit / 8] ^= 1 << (bit % 8);
        assert!(Bundle::parse(text.replace(&digits, &hex::encode(octets)).as_bytes()).is_err());
    }
}
