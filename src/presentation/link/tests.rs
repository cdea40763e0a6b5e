//! The link by itself: honest runs, forgeries on either curve, and what the responses tell.

use super::*;
use crate::bbs::{Generators, Interface, Suite};
use crate::presentation::combination::{Combination, LinkedCredential, PresentedLink};
use ff::Field;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use sigil_circuits::{Comparison, Formula, Interval, Linear, Param, Shape, Slot};
use std::collections::HashSet;

mod equalities;

use equalities::equality;

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// One 64-bit slot, at least a parameter.
fn key(rng: &mut ChaCha20Rng) -> circuits::ProvingKey {
    let bits = Interval::bits(64);
    let formula = Formula::compare(Linear::slot(Slot(0)), Comparison::Ge, Linear::param(Param(0)));
    let shape = Shape::new(vec![bits], vec![bits], formula).unwrap();
    circuits::setup(&shape, rng).unwrap()
}

/// A run of the protocol for one slot, with the BBS side played by hand: its challenge and response.
struct Run {
    bases: Bases,
    key: circuits::ProvingKey,
    d: circuits::Commitment,
    proof: circuits::Proof,
    predicate: PredicateLink,
    shared: SharedLink,
    credential: CredentialLink,
    c: Scalar,
    c_x: LinkChallenge,
    m_hat: Scalar,
}

fn challenge(rng: &mut ChaCha20Rng) -> LinkChallenge {
    LinkChallenge(u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64()))
}

fn one_slot(value: u128, blinding: Scalar) -> Secrets {
    let slot = SlotSecret { credential: 0, value, blinding: Some(SecretScalar::new(blinding)) };
    Secrets { slots: vec![slot], equalities: Vec::new() }
}

/// Proves `value` on both sides; `message` is what the credential holds.
fn run(value: u128, message: u128, seed: u64) -> Run {
    let mut rng = rng(seed);
    let key = key(&mut rng);
    let bases = Bases::new(1, 0);
    let proved = key.prove(&[value as i128], &[1], &mut rng).unwrap();
    let (blinding, c, c_x) =
        (random_scalar(&mut rng), random_scalar(&mut rng), challenge(&mut rng));
    let circuit = Some((key.verifying_key(), proved.opening));
    let link = LinkInit::new(&bases, circuit, one_slot(value, blinding), 1, &mut rng).unwrap();
    let Answers { shared, mut credentials, predicate } = link.respond(&[c], c_x).unwrap();
    let (credential, predicate) = (credentials.remove(0).unwrap(), predicate.unwrap());
    let m_hat = blinding + c * wide_scalar(message);
    let (d, proof) = (proved.commitment, proved.proof);
    Run { bases, key, d, proof, predicate, shared, credential, c, c_x, m_hat }
}

/// Whether D is opened, as the equation on BN254 says.
fn opens(
    key: &circuits::VerifyingKey,
    proof: &circuits::Proof,
    link: &PredicateLink,
    d: &circuits::Commitment,
    c_x: LinkChallenge,
) -> bool {
    let claim = CircuitClaim::new(proof, d, link, c_x).unwrap();
    let circuits::Claim { mask, responses, blinder, challenge, commitment, .. } = claim.with(&[]);
    key.relation_holds(mask, responses, blinder, challenge, commitment).is_ok()
}

/// Whether the equations on BLS12-381 hold, weighed so: K's first, then those of the credentials.
fn holds<const N: usize>(
    bases: &Bases,
    shared: &SharedLink,
    z: &[Response],
    c_x: LinkChallenge,
    credentials: Vec<LinkedCredential<'_>>,
    coefficients: [u128; N],
) -> bool {
    let mut coefficients = coefficients.into_iter();
    let mut combination = Combination::new(bases);
    let link = PresentedLink { shared, z, c_x, constants: Vec::new(), credentials };
    combination.add(&link, || coefficients.next().unwrap()).unwrap();
    combination.holds()
}

impl Run {
    fn bls_holds(&self) -> bool {
        let (slots, sides) = (vec![(0, self.m_hat)], Vec::new());
        let one = LinkedCredential { link: &self.credential, challenge: &self.c, slots, sides };
        let coefficients = [0x1234_5678_9abc, 0xfedc_ba98_7654];
        holds(&self.bases, &self.shared, &self.predicate.z, self.c_x, vec![one], coefficients)
    }

    fn bn_holds(&self) -> bool {
        opens(self.key.verifying_key(), &self.proof, &self.predicate, &self.d, self.c_x)
    }
}

#[test]
fn an_honest_link_holds_on_both_curves() {
    for value in [1, 2, 1 << 63, u128::from(u64::MAX)] {
        let run = run(value, value, value as u64);
        assert!(run.bls_holds() && run.bn_holds(), "{value}");
    }
}

#[test]
fn forge_other_message_in_the_credential() {
    let run = run(18, 17, 1);
    assert!(run.bn_holds(), "the circuit's side is in order");
    assert!(!run.bls_holds(), "T ties C to the message");
}

#[test]
fn forge_every_part_of_the_link() {
    let other = run(19, 19, 3);
    type Change = fn(&mut Run, &Run);
    let changes: [(&str, Change); 9] = [
        ("C", |run, other| run.credential.c = other.credential.c),
        ("T", |run, other| run.credential.t = other.credential.t),
        ("K", |run, other| run.shared.k = other.shared.k),
        ("rho", |run, _| run.credential.rho_hat += Scalar::ONE),
        ("tau", |run, _| run.shared.tau_hat += Scalar::ONE),
        ("z", |run, other| run.predicate.z = other.predicate.z.clone()),
        ("D", |run, other| run.d = other.d),
        ("K_D", |run, other| run.predicate.k_d = other.predicate.k_d),
        ("nu", |run, other| run.predicate.nu_hat = other.predicate.nu_hat),
    ];
    for (name, change) in changes {
        let mut run = run(18, 18, 2);
        assert!(run.bls_holds() && run.bn_holds());
        change(&mut run, &other);
        assert!(!(run.bls_holds() && run.bn_holds()), "{name}");
    }
}

/// 18 in the circuit, 17 in the credential. With a response for each curve both equations hold; an
/// integer that serves both exists by the Chinese remainder theorem, but has 508 bits.
#[test]
fn forge_crt_pair() {
    let mut rng = rng(4);
    let key = key(&mut rng);
    let verifying = key.verifying_key();
    let bases = Bases::new(1, 0);
    let proved = key.prove(&[18], &[1], &mut rng).unwrap();
    let (rho, tau, c_x) = (random_scalar(&mut rng), random_scalar(&mut rng), challenge(&mut rng));
    let mask = Mask::draw(&mut rng);
    let commit = |x: Scalar, blinder: Scalar| {
        let mut sum = FixedSum::default();
        sum.add(&bases.slots[0], &x);
        sum.add(&bases.blinder, &blinder);
        G1Affine::from(sum.finish())
    };
    let c = commit(Scalar::from(17), rho);
    let k = commit(*mask.bls_scalar(), tau);
    let nu = circuits::Scalar::random(&mut rng);
    let k_d =
        verifying.commit(&[circuits::Scalar::from_integer_be(&mask.0).unwrap()], &nu).unwrap();
    let slot = |value| SlotSecret { credential: 0, value, blinding: Some(SecretScalar::default()) };
    let respond =
        |value| respond_all(std::slice::from_ref(&mask), &[slot(value)], c_x, RANGE).unwrap()[0];
    let (z_circuit, z_credential) = (respond(18), respond(17));

    let c_x_bn = circuits::Scalar::from_integer_be(&c_x.0.to_be_bytes()).unwrap();
    let nu_hat = (&nu + &(&c_x_bn * proved.opening.blinder())).to_bytes();
    let tau_hat = tau + c_x.bls_scalar() * rho;
    let bls = |z: Response| commit(z.bls_scalar(), tau_hat) == (k + c * c_x.bls_scalar()).into();
    let bn = |z: Response| {
        let link = PredicateLink { k_d, nu_hat, z: vec![z] };
        opens(verifying, &proved.proof, &link, &proved.commitment, c_x)
    };
    assert!(bn(z_circuit) && bls(z_credential), "two responses pass: this is what must not be");
    assert!(!bls(z_circuit), "one response: the circuit's is not the credential's");
    assert!(!bn(z_credential), "one response: the credential's is not the circuit's");
    // A response beyond 31 octets, which the combined integer would need, has no form.
    assert!(Response::from_bytes(&[1; 64]).is_none() && Response::from_bytes(&[1; 32]).is_none());
}

/// x = u/2 for an odd u satisfies the link wherever c_x is even, in both fields: an integer response
/// alone does not make an integer. What refuses it is the circuit's bound on the slot.
#[test]
fn forge_half_integer() {
    let mut rng = rng(5);
    let key = key(&mut rng);
    let verifying = key.verifying_key();
    let one = circuits::Scalar::from(1);
    // 1/2 mod p is (p + 1)/2: below p, and no 66-bit integer.
    let minus_one = &circuits::Scalar::from(0) - &one;
    let mut octets = minus_one.to_bytes();
    for i in (0..32).rev() {
        octets[i] = octets[i] >> 1 | if i > 0 { octets[i - 1] << 7 } else { 0 };
    }
    let half = &circuits::Scalar::from_bytes(&octets).unwrap() + &one;
    assert_eq!((&half + &half).to_bytes(), one.to_bytes());

    let (nu, v) = (circuits::Scalar::random(&mut rng), circuits::Scalar::random(&mut rng));
    let mask = Mask::draw(&mut rng);
    let d = verifying.commit(&[half], &v).unwrap();
    let k_d =
        verifying.commit(&[circuits::Scalar::from_integer_be(&mask.0).unwrap()], &nu).unwrap();
    let c_x = LinkChallenge(challenge(&mut rng).0 & !1);
    let whole = SlotSecret { credential: 0, value: 1, blinding: Some(SecretScalar::default()) };
    // z = k + (c_x/2)·1: an integer, in range.
    let halved = LinkChallenge(c_x.0 / 2);
    let z = respond_all(&[mask], &[whole], halved, RANGE).unwrap();
    let c_x_bn = circuits::Scalar::from_integer_be(&c_x.0.to_be_bytes()).unwrap();
    let nu_hat = (&nu + &(&c_x_bn * &v)).to_bytes();
    let link = PredicateLink { k_d, nu_hat, z };
    let proved = key.prove(&[1], &[1], &mut rng).unwrap();
    let opened = opens(verifying, &proved.proof, &link, &d, c_x);
    assert!(opened, "the link alone lets it pass");
    assert!(verifying.verify(&[1], &proved.commitment, &proved.proof).is_ok());
    assert!(verifying.verify(&[1], &d, &proved.proof).is_err(), "no proof is for this D");
}

#[test]
fn reject_responses_out_of_range() {
    let at = |bit: u32| {
        let mut octets = [0u8; RESPONSE_LEN];
        octets[RESPONSE_LEN - 1 - (bit / 8) as usize] = 1 << (bit % 8);
        octets
    };
    assert!(Response::from_bytes(&at(194)).is_some(), "2^194 is the least");
    assert!(Response::from_bytes(&at(247)).is_some());
    assert!(Response::from_bytes(&[0xff; RESPONSE_LEN]).is_some(), "2^248 − 1 is the greatest");
    assert!(Response::from_bytes(&at(193)).is_none());
    let mut below = [0xff; RESPONSE_LEN];
    below[..6].fill(0);
    below[6] = 0x03;
    assert!(Response::from_bytes(&below).is_none(), "2^194 − 1");
    below[6] = 0x04;
    assert!(Response::from_bytes(&below).is_some());
    for length in [0, 30, 32] {
        assert!(Response::from_bytes(&vec![0xff; length]).is_none(), "{length} octets");
    }
}

/// At a small size, exhaustively: whatever x, each accepted z comes from exactly one mask, and the
/// share of masks that is thrown away is the same.
#[test]
fn accepted_responses_are_exactly_uniform_and_aborts_tell_nothing() {
    let range = Range { floor_bits: 8, mask_bits: 12 };
    let challenge = LinkChallenge(13);
    for value in [0u128, 1, 7, 19] {
        let mut seen = HashSet::new();
        for k in 0u16..1 << 12 {
            let mut octets = [0u8; RESPONSE_LEN];
            octets[29..].copy_from_slice(&k.to_be_bytes());
            let slot = SlotSecret { credential: 0, value, blinding: Some(SecretScalar::default()) };
            if let Some(z) = respond_all(&[Mask(octets)], &[slot], challenge, range) {
                assert!(seen.insert(z[0].0), "each response once");
            }
        }
        assert_eq!(seen.len(), (1 << 12) - (1 << 8), "x = {value}");
    }
}

#[test]
fn one_response_out_of_range_throws_all_away() {
    let range = Range { floor_bits: 8, mask_bits: 12 };
    let mask = |k: u8| {
        let mut octets = [0u8; RESPONSE_LEN];
        octets[29] = k;
        Mask(octets)
    };
    let slot = || SlotSecret { credential: 0, value: 3, blinding: Some(SecretScalar::default()) };
    let try_with = |high: u8| {
        respond_all(&[mask(1), mask(high)], &[slot(), slot()], LinkChallenge(5), range).is_some()
    };
    assert!(try_with(0x0f));
    assert!(!try_with(0x10), "one too large");
    assert!(!try_with(0), "one too small");
}

/// The top octet of real responses: χ² with 255 degrees of freedom stays below 360 (p < 10⁻⁴).
#[test]
fn responses_look_uniform_for_the_extremes_of_x() {
    for value in [0u128, (1 << 66) - 1] {
        let mut rng = rng(6);
        let mut counts = [0f64; 256];
        for _ in 0..25_600 {
            let slot = SlotSecret { credential: 0, value, blinding: Some(SecretScalar::default()) };
            let c_x = challenge(&mut rng);
            let z = respond_all(&[Mask::draw(&mut rng)], &[slot], c_x, RANGE).unwrap();
            counts[usize::from(z[0].0[0])] += 1.0;
        }
        let chi: f64 = counts.iter().map(|n| (n - 100.0) * (n - 100.0) / 100.0).sum();
        assert!(chi < 360.0, "x = {value}: {chi}");
    }
}

#[test]
fn a_mask_used_twice_gives_the_value_away() {
    let (value, mut rng) = (424_242u128, rng(7));
    let (c, c_x) = (random_scalar(&mut rng), challenge(&mut rng));
    let extract = |m_hat: Scalar, z: Response| {
        let difference: Option<Scalar> = (c - c_x.bls_scalar()).invert().into();
        (m_hat - z.bls_scalar()) * difference.unwrap()
    };
    let mask = Mask::draw(&mut rng);
    let reused = *mask.bls_scalar();
    let slot = || SlotSecret { credential: 0, value, blinding: Some(SecretScalar::default()) };
    let z = respond_all(std::slice::from_ref(&mask), &[slot()], c_x, RANGE).unwrap()[0];
    assert_eq!(extract(reused + c * wide_scalar(value), z), wide_scalar(value), "mask reused");
    let real = run(value, value, 8);
    let c_real = real.c - real.c_x.bls_scalar();
    let inverse: Option<Scalar> = c_real.invert().into();
    let found = (real.m_hat - real.predicate.z[0].bls_scalar()) * inverse.unwrap();
    assert_ne!(found, wide_scalar(value), "masks drawn independently");
}

/// The challenge hashes `ph` and each BBS proof, whole and in order.
#[test]
fn reject_changed_input_of_the_link_challenge() {
    let challenge = |ph: &[u8], proofs: &[&[u8]]| LinkChallenge::new(ph, proofs.iter().copied());
    let good = challenge(b"ph", &[b"one", b"two"]);
    assert_eq!(good, challenge(b"ph", &[b"one", b"two"]));
    for (name, other) in [
        ("ph", challenge(b"pi", &[b"one", b"two"])),
        ("the first proof", challenge(b"ph", &[b"ona", b"two"])),
        ("the second proof", challenge(b"ph", &[b"one", b"twa"])),
        ("their order", challenge(b"ph", &[b"two", b"one"])),
        ("where one ends", challenge(b"ph", &[b"onet", b"wo"])),
        ("their number", challenge(b"ph", &[b"one"])),
    ] {
        assert!(good != other, "{name} changed nothing");
    }
}

/// The masks come from the generator alone: with other blindings of the BBS proof, the same responses.
#[test]
fn masks_do_not_follow_the_blindings() {
    let init = |blinding: u64| {
        let mut rng = rng(12);
        let key = key(&mut rng);
        let proved = key.prove(&[5], &[1], &mut rng).unwrap();
        let side = |credential| {
            let (message, blinding) = (Scalar::from(9), Scalar::from(blinding + credential));
            let [message, blinding] = [message, blinding].map(SecretScalar::new);
            EqualitySide { credential: credential as usize, message, blinding }
        };
        let mut secrets = one_slot(5, Scalar::from(blinding));
        secrets.equalities.push([side(0), side(1)]);
        let circuit = Some((key.verifying_key(), proved.opening));
        LinkInit::new(&Bases::new(1, 1), circuit, secrets, 2, &mut rng).unwrap()
    };
    let (one, other) = (init(1 << 40), init(1 << 50));
    for index in 0..2 {
        let (one, other) = (one.credential(index).unwrap(), other.credential(index).unwrap());
        assert_ne!(one.t, other.t);
        assert_eq!(one.c, other.c);
    }
    assert_eq!(one.masks[0].0, other.masks[0].0);
    assert_eq!(*one.equality_masks[0], *other.equality_masks[0]);
    assert_eq!(one.k, other.k);
    assert_eq!(one.k_d().unwrap().to_bytes(), other.k_d().unwrap().to_bytes());
}

/// A blinder that is zero or stands twice would show what it hides: ν̂ = c·v gives v, and D is then open
/// to guesses.
#[test]
fn every_blinder_and_mask_is_drawn_by_itself() {
    let mut rng = rng(13);
    let bits = Interval::bits(8);
    let at_least = |slot, param| {
        let right = Linear::param(Param(param));
        Formula::compare(Linear::slot(Slot(slot)), Comparison::Ge, right)
    };
    let formula = Formula::All(vec![at_least(0, 0), at_least(1, 0), at_least(2, 0)]);
    let shape = Shape::new(vec![bits; 3], vec![bits], formula).unwrap();
    let key = circuits::setup(&shape, &mut rng).unwrap();
    let proved = key.prove(&[7, 7, 7], &[1], &mut rng).unwrap();
    let slot =
        |credential| SlotSecret { credential, value: 7, blinding: Some(SecretScalar::default()) };
    let slots = vec![slot(0), slot(0), slot(1)];
    let v = proved.opening.blinder().to_bytes();
    let equalities = vec![equality([7, 7], [Scalar::ZERO; 2]), equality([7, 7], [Scalar::ZERO; 2])];
    let circuit = Some((key.verifying_key(), proved.opening));
    let secrets = Secrets { slots, equalities };
    let link = LinkInit::new(&Bases::new(3, 2), circuit, secrets, 2, &mut rng).unwrap();
    let mut seen = HashSet::from([[0; 32], v]);
    assert!(seen.insert(link.circuit.as_ref().unwrap().nu.to_bytes()), "nu");
    assert!(seen.insert(link.tau.to_bytes_be()), "tau");
    for init in link.credentials.iter().flatten() {
        for (name, one) in [("rho", &init.rho), ("rho~", &init.rho_tilde)] {
            assert!(seen.insert(one.to_bytes_be()), "{name}");
        }
    }
    for mask in &link.masks {
        assert!(seen.insert(mask.bls_scalar().to_bytes_be()), "a mask");
    }
    for mask in &link.equality_masks {
        assert!(seen.insert(mask.to_bytes_be()), "a mask of an equality");
    }
}

#[test]
fn the_same_value_is_committed_to_differently_each_time() {
    let (a, b) = (run(5, 5, 9), run(5, 5, 10));
    assert_ne!(a.d.to_bytes(), b.d.to_bytes());
    assert_ne!(a.credential.c, b.credential.c);
    assert_ne!(a.predicate.z, b.predicate.z);
}

#[test]
fn link_bases_are_distinct_from_all_generators() {
    let mut seen = HashSet::new();
    let bases = Bases::new(8, 8);
    let sides = bases.equalities.iter().flatten();
    let all = bases.slots.iter().chain(sides).chain([&bases.blinder]);
    all.for_each(|base| assert!(seen.insert(base.point().to_compressed())));
    for suite in Suite::ALL {
        for interface in [Interface::standard(suite), Interface::typed(suite)] {
            let generators = Generators::new(interface, 20).unwrap();
            for base in generators.h().iter().map(|base| &**base).chain([generators.q1()]) {
                assert!(seen.insert(base.point().to_compressed()));
            }
        }
        let standard = Generators::new(Interface::standard(suite), 1).unwrap();
        assert!(seen.insert(standard.p1().point().to_compressed()));
    }
}

#[test]
fn bases_do_not_depend_on_how_many_are_asked_for() {
    let few = Bases::new(2, 1);
    let many = Bases::new(12, 4);
    let again = Bases::new(2, 1);
    for (a, b) in few.slots.iter().zip(&many.slots).chain(few.slots.iter().zip(&again.slots)) {
        assert_eq!(a.point(), b.point());
    }
    for (a, b) in few.equalities[0].iter().zip(&many.equalities[0]) {
        assert_eq!(a.point(), b.point());
    }
}

#[test]
fn secrets_are_not_printed() {
    let mut rng = rng(11);
    let key = key(&mut rng);
    let proved = key.prove(&[77], &[1], &mut rng).unwrap();
    let circuit = Some((key.verifying_key(), proved.opening));
    let secrets = one_slot(77, Scalar::ZERO);
    let link = LinkInit::new(&Bases::new(1, 0), circuit, secrets, 1, &mut rng);
    let shown = format!("{:?}", link.unwrap());
    assert_eq!(shown, "LinkInit { slots: 1, equalities: 0, .. }");
}
