//! Every published fixture of the BBS draft, both suites, byte for byte: `vectors/bbs/*.toml`.
//!
//! Valid cases are reproduced (keys from material, signatures from keys, proofs from the mocked
//! random scalars) and accepted; refused cases decode, so that it is the verification that refuses
//! them, and are not accepted. The traced intermediate values are derived again from what is public
//! in a case, so that a fault shows where it is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should panic")]

use group::Curve;
use rand_core::{CryptoRng, RngCore};
use sigil::bbs::{Generators, Interface, Proof, PublicKey, SecretKey, Signature, Suite, standard};
use sigil::curve::{EXPAND_LEN, G1Affine, G1Projective, Scalar, decode_g1, decode_scalar};
use std::sync::Arc;
use toml::{Table, Value};

/// The draft's suffixes, written here a second time: the library's own are what is tested.
const SUFFIXES: [(&str, &str); 4] = [
    ("key_pair.key_dst", "KEYGEN_DST_"),
    ("hash_to_scalar.dst", "H2S_"),
    ("message_to_scalar.dst", "MAP_MSG_TO_SCALAR_AS_HASH_"),
    ("mocked_scalars.dst", "MOCK_RANDOM_SCALARS_DST_"),
];

/// Cases in each suite: signatures, refused among them, proofs, refused among them.
const COUNTS: [usize; 4] = [10, 7, 15, 10];

/// The fixtures of one suite.
struct Fixtures {
    suite: Suite,
    table: Table,
}

impl Fixtures {
    fn all() -> [Fixtures; 2] {
        let parse = |text: &str| {
            let table: Table = text.parse().unwrap();
            let suite = Suite::from_id(table["suite"].as_str().unwrap()).unwrap();
            Fixtures { suite, table }
        };
        let all = [
            parse(include_str!("../vectors/bbs/sha256.toml")),
            parse(include_str!("../vectors/bbs/shake256.toml")),
        ];
        assert_eq!(all.each_ref().map(|fixtures| fixtures.suite), Suite::ALL);
        all
    }

    fn interface(&self) -> Interface {
        Interface::standard(self.suite)
    }

    fn generators(&self, count: usize) -> Arc<Generators> {
        Generators::new(self.interface(), count).unwrap()
    }

    fn section(&self, name: &str) -> &Table {
        self.table[name].as_table().unwrap()
    }

    fn cases(&self, name: &str) -> Vec<&Table> {
        self.table[name].as_array().unwrap().iter().map(|case| case.as_table().unwrap()).collect()
    }

    /// The mocked random octets of the draft for so many scalars.
    fn mocked_octets(&self, scalars: usize) -> Vec<u8> {
        let mocked = self.section("mocked_scalars");
        let mut out = vec![0; EXPAND_LEN * scalars];
        self.suite.expander().expand(&octets(mocked, "seed"), &octets(mocked, "dst"), &mut out);
        out
    }
}

/// A generator that hands out given octets and no more.
struct Given {
    octets: Vec<u8>,
    at: usize,
}

impl Given {
    fn new(octets: Vec<u8>) -> Self {
        Given { octets, at: 0 }
    }

    fn is_spent(&self) -> bool {
        self.at == self.octets.len()
    }
}

impl RngCore for Given {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        out.copy_from_slice(&self.octets[self.at..self.at + out.len()]);
        self.at += out.len();
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(out);
        Ok(())
    }
}

impl CryptoRng for Given {}

fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "{text}");
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn text<'a>(case: &'a Table, key: &str) -> &'a str {
    case[key].as_str().unwrap()
}

fn octets(case: &Table, key: &str) -> Vec<u8> {
    unhex(text(case, key))
}

fn list(case: &Table, key: &str) -> Vec<Vec<u8>> {
    let list = case[key].as_array().unwrap();
    list.iter().map(|item| unhex(item.as_str().unwrap())).collect()
}

fn scalar(octets: &[u8]) -> Scalar {
    decode_scalar(octets).unwrap()
}

fn point(octets: &[u8]) -> G1Affine {
    decode_g1(octets).unwrap()
}

fn disclosed(case: &Table) -> Vec<usize> {
    let indexes = case["disclosed"].as_array().unwrap();
    indexes.iter().map(|index| index.as_integer().unwrap().try_into().unwrap()).collect()
}

/// Whether a case is to be accepted. A refused one has to say why.
fn is_valid(case: &Table) -> bool {
    match text(case, "expect") {
        "valid" => true,
        "refused" => {
            assert!(!text(case, "reason").is_empty());
            false
        }
        other => panic!("{}: expects {other}", text(case, "file")),
    }
}

/// Calls `check` with every case of a kind, after counting them: a case that got lost would pass.
fn each_case(kind: &str, counts: [usize; 2], check: impl Fn(&Fixtures, &Table, bool)) {
    for fixtures in Fixtures::all() {
        let cases = fixtures.cases(kind);
        let refused = cases.iter().filter(|case| !is_valid(case)).count();
        assert_eq!([cases.len(), refused], counts);
        for case in cases {
            check(&fixtures, case, is_valid(case));
        }
    }
}

#[test]
fn key_pairs() {
    for fixtures in Fixtures::all() {
        let case = fixtures.section("key_pair");
        let (material, info) = (octets(case, "key_material"), octets(case, "key_info"));
        let dst = octets(case, "key_dst");
        for dst in [Some(&dst[..]), None] {
            let key = SecretKey::generate(fixtures.suite, &material, &info, dst).unwrap();
            assert_eq!(hex(&*key.to_bytes()), text(case, "secret_key"));
            assert_eq!(hex(&key.public_key().to_bytes()), text(case, "public_key"));
        }
        let other = SecretKey::generate(fixtures.suite, &material, &info, Some(b"other")).unwrap();
        assert_ne!(hex(&*other.to_bytes()), text(case, "secret_key"));
    }
}

#[test]
fn generators() {
    for fixtures in Fixtures::all() {
        let case = fixtures.section("generators");
        let h = list(case, "h");
        assert_eq!(h.len(), 10);
        let generators = fixtures.generators(h.len());
        assert_eq!(hex(&generators.p1().point().to_compressed()), text(case, "p1"));
        assert_eq!(hex(&generators.q1().point().to_compressed()), text(case, "q1"));
        assert_eq!(generators.h().len(), h.len());
        for (base, expected) in generators.h().iter().zip(&h) {
            assert_eq!(hex(&base.point().to_compressed()), hex(expected));
        }
    }
}

#[test]
fn hash_to_scalar_and_message_mapping() {
    for fixtures in Fixtures::all() {
        let interface = fixtures.interface();
        let case = fixtures.section("hash_to_scalar");
        let hashed = interface.hash_to_scalar(&octets(case, "message"), &octets(case, "dst"));
        assert_eq!(hex(&hashed.to_bytes_be()), text(case, "scalar"));

        let cases = fixtures.section("message_to_scalar")["case"].as_array().unwrap();
        assert_eq!(cases.len(), 10);
        for case in cases.iter().filter_map(Value::as_table) {
            let mapped = interface.message_to_scalar(&octets(case, "message"));
            assert_eq!(hex(&mapped.to_bytes_be()), text(case, "scalar"));
        }
    }
}

#[test]
fn domain_separation_tags_are_the_api_id_with_the_draft_s_suffixes() {
    for fixtures in Fixtures::all() {
        for (path, suffix) in SUFFIXES {
            let (section, key) = path.split_once('.').unwrap();
            let expected = [&fixtures.interface().api_id(), suffix].concat();
            assert_eq!(octets(fixtures.section(section), key), expected.as_bytes());
        }
    }
}

#[test]
fn mocked_random_scalars() {
    for fixtures in Fixtures::all() {
        let expected = list(fixtures.section("mocked_scalars"), "scalars");
        assert_eq!(expected.len(), 10);
        let mut rng = Given::new(fixtures.mocked_octets(expected.len()));
        for expected in expected {
            let drawn = sigil::curve::random_scalar(&mut rng);
            assert_eq!(hex(&drawn.to_bytes_be()), hex(&expected));
        }
        assert!(rng.is_spent());
    }
}

#[test]
fn signatures() {
    each_case("signature", [COUNTS[0], COUNTS[1]], |fixtures, case, valid| {
        let (file, suite) = (text(case, "file"), fixtures.suite);
        let key = PublicKey::from_bytes(&octets(case, "public_key")).unwrap();
        let signature = Signature::from_bytes(&octets(case, "signature")).unwrap();
        assert_eq!(hex(&signature.to_bytes()), text(case, "signature"), "{file}");
        let (header, messages) = (octets(case, "header"), list(case, "messages"));
        let verified = standard::verify(suite, &key, &signature, &header, &messages);
        assert_eq!(verified.is_ok(), valid, "{file}");

        // One case swaps the public key only: what its secret key signs is still the signature.
        let secret = SecretKey::from_bytes(&octets(case, "secret_key")).unwrap();
        let swapped = *secret.public_key() != key;
        let reason = case.get("reason").and_then(Value::as_str);
        assert_eq!(swapped, reason == Some("wrong public key"), "{file}");
        let again = standard::sign(suite, &secret, &header, &messages).unwrap();
        assert_eq!(again == signature, valid || swapped, "{file}");
        if valid {
            check_signature_trace(fixtures, case, &messages);
        }
    });
}

/// B is A·(sk + e), and B is P1 + domain·Q1 + Σ mᵢ·Hᵢ.
fn check_signature_trace(fixtures: &Fixtures, case: &Table, messages: &[Vec<u8>]) {
    let (file, trace) = (text(case, "file"), case["trace"].as_table().unwrap());
    let signature = octets(case, "signature");
    let (a, e) = signature.split_at(48);
    let b = point(a) * (scalar(&octets(case, "secret_key")) + scalar(e));
    assert_eq!(hex(&b.to_affine().to_compressed()), text(trace, "b"), "{file}");
    let domain = scalar(&octets(trace, "domain"));
    assert_eq!(b, commitment(fixtures, &domain, messages), "{file}");
}

fn commitment(fixtures: &Fixtures, domain: &Scalar, messages: &[Vec<u8>]) -> G1Projective {
    let generators = fixtures.generators(messages.len());
    let start = *generators.q1().point() * domain + generators.p1().point();
    generators.h().iter().zip(messages).fold(start, |sum, (base, message)| {
        sum + *base.point() * fixtures.interface().message_to_scalar(message)
    })
}

#[test]
fn proofs() {
    each_case("proof", [COUNTS[2], COUNTS[3]], |fixtures, case, valid| {
        let file = text(case, "file");
        let key = PublicKey::from_bytes(&octets(case, "public_key")).unwrap();
        let proof = Proof::from_bytes(&octets(case, "proof")).unwrap();
        assert_eq!(hex(&proof.to_bytes()), text(case, "proof"), "{file}");
        let messages = list(case, "messages");
        let shown: Vec<_> =
            disclosed(case).into_iter().map(|index| (index, &messages[index])).collect();
        let (header, ph) = (octets(case, "header"), octets(case, "presentation_header"));
        let verified = standard::proof_verify(fixtures.suite, &key, &proof, &header, &ph, &shown);
        assert_eq!(verified.is_ok(), valid, "{file}");
        if valid {
            prove_again(fixtures, case, &key, &messages);
            check_proof_trace(fixtures, case, &messages);
        }
    });
}

/// The mocked octets in, the published proof out.
fn prove_again(fixtures: &Fixtures, case: &Table, key: &PublicKey, messages: &[Vec<u8>]) {
    let (file, shown) = (text(case, "file"), disclosed(case));
    let signature = Signature::from_bytes(&octets(case, "signature")).unwrap();
    let (header, ph) = (octets(case, "header"), octets(case, "presentation_header"));
    let mut rng = Given::new(fixtures.mocked_octets(5 + messages.len() - shown.len()));
    let again = standard::proof_gen(
        fixtures.suite,
        key,
        &signature,
        &header,
        &ph,
        messages,
        &shown,
        &mut rng,
    );
    assert_eq!(hex(&again.unwrap().to_bytes()), text(case, "proof"), "{file}");
    assert!(rng.is_spent(), "{file}: draws fewer scalars than the draft");
}

/// The trace holds together with the proof's octets: T1 and T2 from the blindings, D = r2·B.
fn check_proof_trace(fixtures: &Fixtures, case: &Table, messages: &[Vec<u8>]) {
    let (file, trace) = (text(case, "file"), case["trace"].as_table().unwrap());
    let proof = text(case, "proof");
    let shown = ["a_bar", "b_bar", "d"].map(|key| text(trace, key));
    assert!(proof.starts_with(&shown.concat()), "{file}");
    assert!(proof.ends_with(text(trace, "challenge")), "{file}");

    let random: Vec<Scalar> = list(trace, "random").iter().map(|octets| scalar(octets)).collect();
    let mut rng = Given::new(fixtures.mocked_octets(random.len()));
    for expected in &random {
        assert_eq!(sigil::curve::random_scalar(&mut rng), *expected, "{file}");
    }
    let [_, r2, e_tilde, r1_tilde, r3_tilde, m_tilde @ ..] = &random[..] else {
        panic!("{file}: too few random scalars");
    };
    let [a_bar, _, d] = shown.map(|octets| point(&unhex(octets)));
    let t1 = a_bar * e_tilde + d * r1_tilde;
    assert_eq!(hex(&t1.to_affine().to_compressed()), text(trace, "t1"), "{file}");

    let indexes = disclosed(case);
    let generators = fixtures.generators(messages.len());
    let hidden = (0..messages.len()).filter(|index| !indexes.contains(index));
    let t2 = hidden.zip(m_tilde).fold(d * r3_tilde, |sum, (index, blinding)| {
        sum + *generators.h()[index].point() * blinding
    });
    assert_eq!(hex(&t2.to_affine().to_compressed()), text(trace, "t2"), "{file}");

    let domain = scalar(&octets(trace, "domain"));
    assert_eq!(commitment(fixtures, &domain, messages) * r2, d.into(), "{file}");
}
