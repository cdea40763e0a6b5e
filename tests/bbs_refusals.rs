//! What BBS must refuse, beyond the published negative fixtures: every kind of bad point and scalar
//! in every place of every type, every flipped bit, every way to misstate a proof's public part.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should panic"
)]

use group::Group;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rayon::prelude::*;
use sigil::bbs::{
    Error, Generators, Interface, Proof, PublicKey, SecretKey, Signature, Suite, standard,
};
use sigil::curve::{G1Affine, G1Projective, G2Affine, G2Projective, Scalar};

const SUITE: Suite = Suite::Sha256;
const HEADER: &[u8] = b"header";
const PH: &[u8] = b"presentation header";
const SHOWN: [usize; 2] = [1, 3];

/// The order r of the groups, big-endian.
const ORDER: [u8; 32] = [
    0x73, 0xed, 0xa7, 0x53, 0x29, 0x9d, 0x7d, 0x48, 0x33, 0x39, 0xd8, 0x08, 0x09, 0xa1, 0xd8, 0x05,
    0x53, 0xbd, 0xa4, 0x02, 0xff, 0xfe, 0x5b, 0xfe, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01,
];

/// The characteristic p of the base field, big-endian.
const CHARACTERISTIC: [u8; 48] = [
    0x1a, 0x01, 0x11, 0xea, 0x39, 0x7f, 0xe6, 0x9a, 0x4b, 0x1b, 0xa7, 0xb6, 0x43, 0x4b, 0xac, 0xd7,
    0x64, 0x77, 0x4b, 0x84, 0xf3, 0x85, 0x12, 0xbf, 0x67, 0x30, 0xd2, 0xa0, 0xf6, 0xb0, 0xf6, 0x24,
    0x1e, 0xab, 0xff, 0xfe, 0xb1, 0x53, 0xff, 0xff, 0xb9, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xaa, 0xab,
];

const COMPRESSED: u8 = 0x80;
const INFINITY: u8 = 0x40;

/// A signature of four messages and a proof that shows two.
struct Sample {
    key: PublicKey,
    messages: Vec<Vec<u8>>,
    signature: Signature,
    proof: Proof,
}

impl Sample {
    fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(11);
        let secret = SecretKey::random(&mut rng);
        let messages: Vec<Vec<u8>> = (0..4u8).map(|i| vec![i; 20]).collect();
        let signature = standard::sign(SUITE, &secret, HEADER, &messages).unwrap();
        let key = *secret.public_key();
        let proof =
            standard::proof_gen(SUITE, &key, &signature, HEADER, PH, &messages, &SHOWN, &mut rng)
                .unwrap();
        let sample = Sample { key, messages, signature, proof };
        assert!(sample.accepts_signature(&sample.signature));
        assert!(sample.accepts_proof(&sample.proof));
        sample
    }

    fn accepts_signature(&self, signature: &Signature) -> bool {
        standard::verify(SUITE, &self.key, signature, HEADER, &self.messages).is_ok()
    }

    fn shown(&self) -> Vec<(usize, &[u8])> {
        SHOWN.iter().map(|&index| (index, &self.messages[index][..])).collect()
    }

    fn accepts_proof(&self, proof: &Proof) -> bool {
        self.accepts(proof, &self.shown())
    }

    fn accepts(&self, proof: &Proof, shown: &[(usize, &[u8])]) -> bool {
        standard::proof_verify(SUITE, &self.key, proof, HEADER, PH, shown).is_ok()
    }
}

/// Octets with some of them replaced.
fn replaced(octets: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
    let mut octets = octets.to_vec();
    octets[at..at + with.len()].copy_from_slice(with);
    octets
}

/// a + b of two big-endian numbers; `None` where the sum needs more octets.
fn sum(a: &[u8], b: &[u8]) -> Option<Vec<u8>> {
    let mut carry = 0;
    let mut out = vec![0; a.len()];
    for i in (0..a.len()).rev() {
        let digit = u16::from(a[i]) + u16::from(b[i]) + carry;
        out[i] = digit.to_le_bytes()[0];
        carry = digit >> 8;
    }
    (carry == 0).then_some(out)
}

/// Every kind of octets that is no point of G1 for us, each by name.
fn bad_points() -> Vec<(&'static str, Vec<u8>)> {
    let mut identity = vec![0; 48];
    identity[0] = COMPRESSED | INFINITY;
    let good = G1Affine::from(G1Projective::generator()).to_compressed();

    // Small x: on the curve and in the subgroup or not, as it comes.
    let candidates = (0..=255u8).map(|x| {
        let mut octets = [0; 48];
        octets[0] = COMPRESSED;
        octets[47] = x;
        octets
    });
    let unchecked = |octets: &[u8; 48]| -> Option<G1Affine> {
        G1Affine::from_compressed_unchecked(octets).into()
    };
    let off_curve = candidates.clone().find(|octets| unchecked(octets).is_none()).unwrap();
    let out_of_subgroup = candidates
        .clone()
        .find(|octets| unchecked(octets).is_some_and(|point| !bool::from(point.is_torsion_free())))
        .unwrap();
    // x + p for the x of a good point small enough to leave room for the flags.
    let (small, aliased) = (1u64..)
        .find_map(|k| {
            let octets =
                G1Affine::from(G1Projective::generator() * Scalar::from(k)).to_compressed();
            let mut x = octets;
            x[0] &= 0x1f;
            let mut alias = sum(&x, &CHARACTERISTIC).filter(|alias| alias[0] < 0x20)?;
            alias[0] |= octets[0] & 0xe0;
            Some((octets, alias))
        })
        .unwrap();
    assert!(unchecked(&small).is_some(), "the canonical twin is a point");

    let mut p = CHARACTERISTIC.to_vec();
    p[0] |= COMPRESSED;
    vec![
        ("the identity", identity.clone()),
        ("the identity with a sign", replaced(&identity, 0, &[0xe0])),
        ("the identity with an x", replaced(&identity, 47, &[1])),
        ("a point with the flag of infinity", replaced(&good, 0, &[good[0] | INFINITY])),
        ("a point without the flag of compression", replaced(&good, 0, &[good[0] & 0x7f])),
        ("no flag at all", vec![0; 48]),
        ("off the curve", off_curve.to_vec()),
        ("outside the subgroup", out_of_subgroup.to_vec()),
        ("x + p", aliased),
        ("x = p", p),
        ("all ones", vec![0xff; 48]),
    ]
}

/// Every kind of octets that is no scalar 1 ≤ s < r, made from a good one.
fn bad_scalars(good: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("0", vec![0; 32]),
        ("r", ORDER.to_vec()),
        ("s + r", sum(good, &ORDER).expect("r is below 2^255")),
        ("all ones", vec![0xff; 32]),
    ]
}

/// Refuses each kind of bad octets at each place, and every length but the right one.
fn reject_at(octets: &[u8], points: &[usize], scalars: &[usize], decodes: impl Fn(&[u8]) -> bool) {
    assert!(decodes(octets));
    for &at in points {
        for (kind, bad) in bad_points() {
            assert!(!decodes(&replaced(octets, at, &bad)), "{kind} at {at}");
        }
    }
    for &at in scalars {
        for (kind, bad) in bad_scalars(&octets[at..at + 32]) {
            assert!(!decodes(&replaced(octets, at, &bad)), "{kind} at {at}");
        }
    }
    // Whole responses less are a proof of fewer messages.
    let shorter = |len: &usize| (octets.len() - len).is_multiple_of(32) && *len >= Proof::len(0);
    for len in (0..octets.len()).filter(|len| !shorter(len)) {
        assert!(!decodes(&octets[..len]), "cut to {len}");
    }
    for more in [1, 16, 31, 33, 48] {
        assert!(!decodes(&[octets, &vec![1; more]].concat()), "{more} more");
    }
}

#[test]
fn reject_bad_points_and_scalars_in_each_place_of_a_signature() {
    let octets = Sample::new().signature.to_bytes();
    reject_at(&octets, &[0], &[48], |octets| Signature::from_bytes(octets).is_ok());
}

#[test]
fn reject_bad_points_and_scalars_in_each_place_of_a_proof() {
    let octets = Sample::new().proof.to_bytes();
    assert_eq!(octets.len(), 272 + 2 * 32);
    let scalars: Vec<usize> = (144..octets.len()).step_by(32).collect();
    reject_at(&octets, &[0, 48, 96], &scalars, |octets| Proof::from_bytes(octets).is_ok());
}

#[test]
fn reject_public_keys_that_are_no_points() {
    let good = Sample::new().key.to_bytes();
    assert!(PublicKey::from_bytes(&good).is_ok());
    let mut identity = vec![0; 96];
    identity[0] = COMPRESSED | INFINITY;
    let mut aliased = replaced(&good, 0, &CHARACTERISTIC);
    aliased[0] |= COMPRESSED;
    // Small x: nearly none of those on the curve is in the subgroup.
    let candidates = (0..=255u8).map(|x| {
        let mut octets = [0; 96];
        octets[0] = COMPRESSED;
        octets[95] = x;
        octets
    });
    let unchecked = |octets: &[u8; 96]| -> Option<G2Affine> {
        G2Affine::from_compressed_unchecked(octets).into()
    };
    let off_curve = candidates.clone().find(|octets| unchecked(octets).is_none()).unwrap();
    let out_of_subgroup = candidates
        .clone()
        .find(|octets| unchecked(octets).is_some_and(|point| !bool::from(point.is_torsion_free())))
        .unwrap();
    let generator = G2Affine::from(G2Projective::generator()).to_compressed();
    assert!(PublicKey::from_bytes(&generator).is_ok());
    for (kind, bad) in [
        ("the identity", identity.clone()),
        ("the identity with an x", replaced(&identity, 95, &[1])),
        ("a key with the flag of infinity", replaced(&good, 0, &[good[0] | INFINITY])),
        ("a key without the flag of compression", replaced(&good, 0, &[good[0] & 0x7f])),
        ("off the curve", off_curve.to_vec()),
        ("outside the subgroup", out_of_subgroup.to_vec()),
        ("a coordinate of p", aliased),
        ("one octet less", good[..95].to_vec()),
        ("one octet more", [&good[..], &[0]].concat()),
        ("nothing", Vec::new()),
    ] {
        assert_eq!(PublicKey::from_bytes(&bad).unwrap_err(), Error::Refused, "{kind}");
    }
}

/// Each single-bit flip either is not decoded, or is encoded as it was and not accepted.
fn reject_each_bit(octets: &[u8], decodes_and_accepts: impl Fn(&[u8]) -> Option<bool> + Sync) {
    assert_eq!(decodes_and_accepts(octets), Some(true));
    (0..octets.len() * 8).into_par_iter().for_each(|bit| {
        let flipped = replaced(octets, bit / 8, &[octets[bit / 8] ^ (1 << (bit % 8))]);
        assert_ne!(decodes_and_accepts(&flipped), Some(true), "bit {bit}");
    });
}

#[test]
fn reject_each_flipped_bit_of_a_signature() {
    let sample = Sample::new();
    reject_each_bit(&sample.signature.to_bytes(), |octets| {
        let signature = Signature::from_bytes(octets).ok()?;
        assert_eq!(signature.to_bytes(), octets);
        Some(sample.accepts_signature(&signature))
    });
}

#[test]
fn reject_each_flipped_bit_of_a_proof() {
    let sample = Sample::new();
    reject_each_bit(&sample.proof.to_bytes(), |octets| {
        let proof = Proof::from_bytes(octets).ok()?;
        assert_eq!(proof.to_bytes(), octets);
        Some(sample.accepts_proof(&proof))
    });
}

#[test]
fn reject_each_flipped_bit_of_a_public_key() {
    let sample = Sample::new();
    reject_each_bit(&sample.key.to_bytes(), |octets| {
        let key = PublicKey::from_bytes(octets).ok()?;
        assert_eq!(key.to_bytes(), octets);
        let shown = sample.shown();
        Some(standard::proof_verify(SUITE, &key, &sample.proof, HEADER, PH, &shown).is_ok())
    });
}

#[test]
fn reject_indexes_that_are_not_ascending_and_below_the_count() {
    let sample = Sample::new();
    let mut rng = ChaCha20Rng::seed_from_u64(12);
    let mut prove = |indexes: &[usize]| {
        let Sample { key, signature, messages, .. } = &sample;
        standard::proof_gen(SUITE, key, signature, HEADER, PH, messages, indexes, &mut rng)
            .map(|_| ())
    };
    assert_eq!(prove(&[]), Ok(()));
    assert_eq!(prove(&[0, 1, 2, 3]), Ok(()));
    for indexes in [&[1, 1][..], &[3, 1], &[4], &[1, 4], &[usize::MAX], &[0, 1, 2, 3, 4]] {
        assert_eq!(prove(indexes), Err(Error::Indexes), "{indexes:?}");
    }

    let message = |index: usize| &sample.messages[index][..];
    for shown in [
        vec![(3, message(3)), (1, message(1))],
        vec![(1, message(1)), (1, message(1))],
        vec![(1, message(1)), (4, message(3))],
        vec![(1, message(1)), (usize::MAX, message(3))],
        vec![(1, message(1)), (2, message(3))],
        vec![(0, message(1)), (3, message(3))],
        vec![(1, message(3)), (3, message(1))],
        vec![(1, message(1))],
        vec![(3, message(3))],
        vec![],
        vec![(1, message(1)), (2, message(2)), (3, message(3))],
        vec![(1, message(1)), (3, message(3)), (4, message(0))],
        vec![(1, message(1)), (3, message(2))],
    ] {
        assert!(!sample.accepts(&sample.proof, &shown), "{shown:?}");
    }
}

/// A proof begun with other messages than those signed answers its challenge well: what is missing is
/// the signature, and the pairing alone can tell.
#[test]
fn forge_proof_of_messages_that_were_not_signed() {
    let sample = Sample::new();
    let mut rng = ChaCha20Rng::seed_from_u64(17);
    for changed in 0..sample.messages.len() {
        let mut messages = sample.messages.clone();
        messages[changed] = b"never signed".to_vec();
        let Sample { key, signature, .. } = &sample;
        let forged =
            standard::proof_gen(SUITE, key, signature, HEADER, PH, &messages, &SHOWN, &mut rng);
        let forged = forged.unwrap();
        let shown: Vec<(usize, &[u8])> = SHOWN.iter().map(|&i| (i, &messages[i][..])).collect();
        assert!(!sample.accepts(&forged, &shown), "message {changed}");
    }
}

/// One response more under generators for the messages signed: none may be left unread.
#[test]
fn forge_proof_with_a_response_that_nothing_reads() {
    let sample = Sample::new();
    let generators = Generators::new(Interface::standard(SUITE), 4).unwrap();
    let shown: Vec<(usize, Scalar)> = sample
        .shown()
        .into_iter()
        .map(|(i, message)| (i, standard::messages_to_scalars(SUITE, &[message])[0]))
        .collect();
    let accepts = |proof: &Proof| {
        sigil::bbs::proof_verify(&sample.key, proof, &generators, HEADER, PH, &shown).is_ok()
    };
    assert!(accepts(&sample.proof));
    let octets = sample.proof.to_bytes();
    let last = octets.len() - 32;
    let more = [&octets[..last], &[1; 32], &octets[last..]].concat();
    assert!(!accepts(&Proof::from_bytes(&more).unwrap()));
}

#[test]
fn reject_one_message_more_or_less() {
    let sample = Sample::new();
    let verify = |messages: &[Vec<u8>]| {
        standard::verify(SUITE, &sample.key, &sample.signature, HEADER, messages)
    };
    let more_messages = [&sample.messages[..], &[Vec::new()]].concat();
    assert_eq!(verify(&sample.messages[..3]), Err(Error::Refused));
    assert_eq!(verify(&sample.messages[1..]), Err(Error::Refused));
    assert_eq!(verify(&more_messages), Err(Error::Refused));
    assert_eq!(verify(&[]), Err(Error::Refused));

    // A response less or more: a proof of three or of five messages.
    let octets = sample.proof.to_bytes();
    let less = [&octets[..240], &octets[272..]].concat();
    let more = [&octets[..240], &[1; 32], &octets[240..]].concat();
    for octets in [less, more] {
        let proof = Proof::from_bytes(&octets).unwrap();
        assert!(!sample.accepts_proof(&proof));
    }

    // Generators for another count than the messages': none is left over unsigned.
    let scalars = standard::messages_to_scalars(SUITE, &more_messages);
    let verify = |generators: usize, messages: usize| {
        let generators = Generators::new(Interface::standard(SUITE), generators).unwrap();
        let messages = &scalars[..messages];
        sigil::bbs::verify(&sample.key, &sample.signature, &generators, HEADER, messages)
    };
    assert_eq!(verify(4, 4), Ok(()));
    for (generators, messages) in [(4, 5), (4, 3), (5, 4), (3, 4), (5, 5), (3, 3)] {
        assert_eq!(verify(generators, messages), Err(Error::Refused));
    }
}

#[test]
fn reject_another_context() {
    let sample = Sample::new();
    let other = *SecretKey::from_bytes(&[1; 32]).unwrap().public_key();
    let shown = sample.shown();
    let verify = |suite, key: &PublicKey, header: &[u8], ph: &[u8]| {
        let proved = standard::proof_verify(suite, key, &sample.proof, header, ph, &shown);
        let signed = standard::verify(suite, key, &sample.signature, header, &sample.messages);
        (signed.is_ok(), proved.is_ok())
    };
    assert_eq!(verify(SUITE, &sample.key, HEADER, PH), (true, true));
    assert_eq!(verify(Suite::Shake256, &sample.key, HEADER, PH), (false, false));
    assert_eq!(verify(SUITE, &other, HEADER, PH), (false, false));
    // A missing header is the empty one, and neither is another.
    assert_eq!(verify(SUITE, &sample.key, b"", PH), (false, false));
    assert_eq!(verify(SUITE, &sample.key, b"header\0", PH), (false, false));
    assert_eq!(verify(SUITE, &sample.key, b"Header", PH), (false, false));
    assert_eq!(verify(SUITE, &sample.key, HEADER, b"Presentation header"), (true, false));
    assert_eq!(verify(SUITE, &sample.key, HEADER, b""), (true, false));
    // What stands on the border of header and presentation header does not move.
    assert_eq!(verify(SUITE, &sample.key, b"headerp", &PH[1..]), (false, false));

    // The same scalars under the typed interface are other messages.
    let typed = Generators::new(Interface::typed(SUITE), 4).unwrap();
    let scalars = standard::messages_to_scalars(SUITE, &sample.messages);
    let refused = sigil::bbs::verify(&sample.key, &sample.signature, &typed, HEADER, &scalars);
    assert_eq!(refused, Err(Error::Refused));
    let scalars: Vec<_> = SHOWN.iter().map(|&index| (index, scalars[index])).collect();
    let refused =
        sigil::bbs::proof_verify(&sample.key, &sample.proof, &typed, HEADER, PH, &scalars);
    assert_eq!(refused.map(|_| ()), Err(Error::Refused));
}

#[test]
fn reject_what_exceeds_the_bounds() {
    use sigil::bbs::{MAX_HEADER_LEN, MAX_MESSAGES};
    let secret = SecretKey::from_bytes(&[1; 32]).unwrap();
    let long = vec![0; MAX_HEADER_LEN + 1];
    let sign = |header: &[u8], messages: &[&[u8]]| {
        standard::sign(SUITE, &secret, header, messages).map(|_| ())
    };
    assert_eq!(sign(&long, &[b""]), Err(Error::TooLarge));
    assert_eq!(sign(&long[1..], &[b""]), Ok(()));
    assert_eq!(sign(b"", &vec![&b""[..]; MAX_MESSAGES + 1]), Err(Error::TooLarge));

    let sample = Sample::new();
    let mut rng = ChaCha20Rng::seed_from_u64(13);
    let Sample { key, signature, messages, .. } = &sample;
    let refused =
        standard::proof_gen(SUITE, key, signature, HEADER, &long, messages, &SHOWN, &mut rng);
    assert_eq!(refused.map(|_| ()), Err(Error::TooLarge));
    let refused = standard::proof_verify(SUITE, key, &sample.proof, HEADER, &long, &sample.shown());
    assert_eq!(refused, Err(Error::Refused));
    assert!(Proof::from_bytes(&vec![1; Proof::len(MAX_MESSAGES + 1)]).is_err());
}

#[test]
fn a_signature_without_messages_still_signs_its_header() {
    let mut rng = ChaCha20Rng::seed_from_u64(14);
    let secret = SecretKey::random(&mut rng);
    let (key, none) = (secret.public_key(), &[] as &[&[u8]]);
    let signature = standard::sign(SUITE, &secret, HEADER, none).unwrap();
    assert!(standard::verify(SUITE, key, &signature, HEADER, none).is_ok());
    assert!(standard::verify(SUITE, key, &signature, b"", none).is_err());
    let proof =
        standard::proof_gen(SUITE, key, &signature, HEADER, PH, none, &[], &mut rng).unwrap();
    let shown = &[] as &[(usize, &[u8])];
    assert!(standard::proof_verify(SUITE, key, &proof, HEADER, PH, shown).is_ok());
    assert!(standard::proof_verify(SUITE, key, &proof, b"", PH, shown).is_err());
}
