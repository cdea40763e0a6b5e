//! What the reader refuses by form, before any statement or proof is looked at.

use super::*;
use crate::presentation::tests::scenario::{pair, sixteen};

/// Writes a changed presentation and reads it: the place must be refused, not the encoding as a whole.
fn reject(good: &Presentation, name: &str, change: impl FnOnce(&mut Presentation)) {
    let mut changed = good.clone();
    change(&mut changed);
    let error = Presentation::from_bytes(&changed.to_bytes()).err();
    assert!(matches!(error, Some(WireError::Item { .. })), "{name}: {error:?}");
}

#[test]
fn reject_lists_out_of_order_or_beyond_their_bounds() {
    let good = pair().prove(1).unwrap();
    assert!(Presentation::from_bytes(&good.to_bytes()).is_ok());
    let credential = good.credentials[0].clone();
    reject(&good, "17 credentials", |p| p.credentials = vec![credential; MAX_CREDENTIALS + 1]);
    reject(&good, "65 equalities", |p| {
        let shared = p.shared.as_mut().unwrap();
        shared.z = vec![shared.z[0]; MAX_EQUALITIES + 1];
    });
    reject(&good, "129 responses", |p| {
        let link = &mut p.predicate.as_mut().unwrap().link;
        link.z = vec![link.z[0]; MAX_SLOTS + 1];
    });
    reject(&good, "an issuer out of bounds", |p| {
        p.credentials[0].choice.signer = Signer::Named(MAX_MESSAGES)
    });
    reject(&good, "an index out of bounds", |p| {
        p.credentials[0].choice.disclosed[0].0 = MAX_MESSAGES;
    });
    let good = sixteen().prove(1).unwrap();
    reject(&good, "indexes swapped", |p| p.credentials[0].choice.disclosed.swap(0, 1));
    reject(&good, "an index twice", |p| {
        let again = p.credentials[0].choice.disclosed[0].clone();
        p.credentials[0].choice.disclosed.insert(0, again);
    });
}

#[test]
fn reject_responses_that_are_none() {
    let good = sixteen().prove(1).unwrap();
    reject(&good, "nu beyond the order of BN254", |p| {
        p.predicate.as_mut().unwrap().link.nu_hat = [0xff; SCALAR_LEN];
    });
    // The octets of all z are one string: one more, and one fewer.
    let z = good.predicate.as_ref().unwrap().link.z.iter().flat_map(|z| *z.as_bytes());
    reject_lengths_about(&good.to_bytes(), &z.collect::<Vec<u8>>());
}

#[test]
fn reject_responses_of_equalities_that_are_none() {
    let octets = pair().prove(1).unwrap().to_bytes();
    let presentation = Presentation::from_bytes(&octets).unwrap();
    let z = presentation.shared.as_ref().unwrap().z[0].to_bytes_be();
    reject_lengths_about(&octets, &z);
    let at = octets.windows(z.len()).position(|window| window == z).unwrap();
    let mut wide = octets.clone();
    wide[at..at + z.len()].fill(0xff);
    let error = Presentation::from_bytes(&wide).err();
    assert!(matches!(error, Some(WireError::Item { .. })), "beyond the order: {error:?}");
}

/// The byte string in these octets with one octet more and one fewer.
fn reject_lengths_about(octets: &[u8], string: &[u8]) {
    let length = string.len();
    let at = octets.windows(length).position(|window| window == string).unwrap();
    assert_eq!(octets[at - 2..at], [0x58, length as u8]);
    let with = |string: &[u8]| {
        let head = [0x58, string.len() as u8];
        [&octets[..at - 2], &head, string, &octets[at + length..]].concat()
    };
    assert!(Presentation::from_bytes(&with(string)).is_ok());
    for wrong in [[string, &[0]].concat(), string[..length - 1].to_vec()] {
        let error = Presentation::from_bytes(&with(&wrong)).err();
        assert!(matches!(error, Some(WireError::Item { .. })), "{error:?}");
    }
}
