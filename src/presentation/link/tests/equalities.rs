//! Hidden equalities, with the two BBS sides played by hand.

use super::*;

pub(super) fn equality(messages: [u64; 2], blindings: [Scalar; 2]) -> EqualitySecret {
    [0, 1].map(|credential| EqualitySide {
        credential,
        message: SecretScalar::new(Scalar::from(messages[credential])),
        blinding: SecretScalar::new(blindings[credential]),
    })
}

/// Hidden equalities of two credentials, without slots, with the two BBS sides played by hand.
struct Twins {
    bases: Bases,
    shared: SharedLink,
    links: [CredentialLink; 2],
    challenges: [Scalar; 2],
    c_x: LinkChallenge,
    /// m̂ of each equality's two sides.
    responses: Vec<[Scalar; 2]>,
}

/// Commits to `committed`, with the BBS responses of `held`, for each equality.
fn twins(committed: &[[u64; 2]], held: &[[u64; 2]]) -> Twins {
    twins_with(committed, held, |_| {})
}

/// The same, with the secrets changed by the prover.
fn twins_with(
    committed: &[[u64; 2]],
    held: &[[u64; 2]],
    change: impl FnOnce(&mut Secrets),
) -> Twins {
    let mut rng = rng(20);
    let bases = Bases::new(0, held.len());
    let blindings: Vec<[Scalar; 2]> =
        held.iter().map(|_| [(); 2].map(|()| random_scalar(&mut rng))).collect();
    let equalities = committed.iter().zip(&blindings).map(|(m, b)| equality(*m, *b)).collect();
    let mut secrets = Secrets { slots: Vec::new(), equalities };
    change(&mut secrets);
    let link = LinkInit::new(&bases, None, secrets, 2, &mut rng).unwrap();
    let (challenges, c_x) = ([(); 2].map(|()| random_scalar(&mut rng)), challenge(&mut rng));
    let Answers { shared, credentials, predicate } = link.respond(&challenges, c_x).unwrap();
    assert!(predicate.is_none() && shared.z.len() == held.len());
    let links: Vec<CredentialLink> = credentials.into_iter().flatten().collect();
    let responses = blindings.iter().zip(held).map(|(blindings, messages)| {
        [0, 1].map(|i| blindings[i] + challenges[i] * Scalar::from(messages[i]))
    });
    let responses = responses.collect();
    Twins { bases, shared, links: links.try_into().ok().unwrap(), challenges, c_x, responses }
}

impl Twins {
    /// Whether the equations of K, of the first and of the second credential hold, each by itself.
    fn holds(&self) -> [bool; 3] {
        [0, 1, 2].map(|equation| {
            let mut coefficients = [0; 3];
            coefficients[equation] = 0x1234_5678_9abc;
            let linked = self.links.iter().enumerate().map(|(credential, link)| {
                let of =
                    |(index, both): (usize, &[Scalar; 2])| (index, credential, both[credential]);
                let sides = self.responses.iter().enumerate().map(of).collect();
                let challenge = &self.challenges[credential];
                LinkedCredential { link, challenge, slots: Vec::new(), sides }
            });
            holds(&self.bases, &self.shared, &[], self.c_x, linked.collect(), coefficients)
        })
    }
}

#[test]
fn forge_equality_of_unequal_messages() {
    assert_eq!(twins(&[[5, 5]], &[[5, 5]]).holds(), [true; 3]);
    let unequal = twins(&[[5, 6]], &[[5, 6]]);
    assert_eq!(unequal.holds(), [false, true, true], "no single response opens K");
    for z in [6, 0] {
        let mut unequal = twins(&[[5, 6]], &[[5, 6]]);
        unequal.shared.z[0] += unequal.c_x.bls_scalar() * (Scalar::from(z) - Scalar::from(5));
        assert_eq!(unequal.holds(), [false, true, true], "answered for {z}");
    }
    assert_eq!(twins(&[[5, 5]], &[[5, 6]]).holds(), [true, true, false], "T_b");
    assert_eq!(twins(&[[6, 6]], &[[5, 6]]).holds(), [true, false, true], "T_a");
    let one_of_two = twins(&[[5, 5], [8, 9]], &[[5, 5], [8, 9]]);
    assert_eq!(one_of_two.holds(), [false, true, true]);
}

/// A mask and a response for each side would let any two messages pass: one serves both.
#[test]
fn forge_equality_with_a_mask_for_each_side() {
    let mut rng = rng(21);
    let mut forged = twins(&[[5, 6]], &[[5, 6]]);
    let c_x = forged.c_x.bls_scalar();
    let masks = [(); 2].map(|()| random_scalar(&mut rng));
    let z = [masks[0] + c_x * Scalar::from(5), masks[1] + c_x * Scalar::from(6)];
    let [a, b] = forged.bases.equalities[0].clone().map(|base| *base.point());
    // τ̂ stays: K moves by the masks alone.
    let old = forged.shared.z[0] - c_x * Scalar::from(5);
    let moved = a * (masks[0] - old) + b * (masks[1] - old);
    forged.shared.k = (G1Projective::from(forged.shared.k) + moved).into();
    for one in z {
        forged.shared.z[0] = one;
        assert_eq!(forged.holds(), [false, true, true]);
    }
    // The equation that must not be: with a response for each side.
    let c: G1Projective = forged.links.iter().map(|link| G1Projective::from(link.c)).sum();
    let blinder = forged.bases.blinder.point() * forged.shared.tau_hat;
    assert_eq!(a * z[0] + b * z[1] + blinder, c * c_x + forged.shared.k);
}

/// Two pairs that are unequal, and equal crosswise: a prover who exchanges the bases of one side.
#[test]
fn forge_swapped_equality_bases() {
    let exchange = |secrets: &mut Secrets| {
        let [first, second] = &mut secrets.equalities[..] else { panic!("two of them") };
        std::mem::swap(&mut first[1], &mut second[1]);
    };
    let held = [[5, 6], [6, 5]];
    let forged = twins_with(&held, &held, exchange);
    assert_eq!(forged.holds(), [true, true, false]);
    // The sides of one equality: the message of b in the base of a.
    let crossed = |secrets: &mut Secrets| {
        let [a, b] = &mut secrets.equalities[0];
        std::mem::swap(&mut a.credential, &mut b.credential);
    };
    let forged = twins_with(&[[5, 5]], &[[5, 5]], crossed);
    assert_eq!(forged.holds(), [true, false, false]);
}

/// K opens the sum of the commitments: what one gains and another loses is not seen there, only by
/// each credential's own T.
#[test]
fn forge_commitments_that_shift_a_message() {
    for (base, expected) in [(0, [true, false, false]), (1, [true, false, false])] {
        let mut forged = twins(&[[5, 5]], &[[5, 5]]);
        let shift = forged.bases.equalities[0][base].point() * Scalar::from(3);
        forged.links[0].c = (G1Projective::from(forged.links[0].c) + shift).into();
        forged.links[1].c = (G1Projective::from(forged.links[1].c) - shift).into();
        assert_eq!(forged.holds(), expected);
    }
}

/// A prover who opens the commitment of the first credential alone.
#[test]
fn forge_commitment_left_out_of_the_sum() {
    let mut forged = twins(&[[5, 5]], &[[5, 5]]);
    let c_x = forged.c_x;
    let with = |count: usize, twins: &Twins| {
        let links = twins.links.iter().zip(&twins.challenges).take(count);
        let linked = links.map(|(link, challenge)| {
            let (slots, sides) = (Vec::new(), Vec::new());
            LinkedCredential { link, challenge, slots, sides }
        });
        holds(&twins.bases, &twins.shared, &[], c_x, linked.collect(), [1, 0, 0])
    };
    assert!(with(2, &forged) && !with(1, &forged) && !with(0, &forged));
    // K for the first alone: made after c_x, as no prover can, so that the sum without C_b holds.
    let c = G1Projective::from(forged.links[1].c) * c_x.bls_scalar();
    forged.shared.k = (G1Projective::from(forged.shared.k) + c).into();
    assert!(with(1, &forged), "it opens the first");
    assert_eq!(forged.holds(), [false, true, true]);
}

#[test]
fn forge_every_part_of_an_equality() {
    let mut other = twins(&[[6, 6]], &[[6, 6]]);
    type Change = fn(&mut Twins, &mut Twins);
    let changes: [(&str, Change, [bool; 3]); 9] = [
        ("C_a", |run, o| run.links[0].c = o.links[0].c, [false, false, true]),
        ("C_b", |run, o| run.links[1].c = o.links[1].c, [false, true, false]),
        ("T_a", |run, o| run.links[0].t = o.links[0].c, [true, false, true]),
        ("T_b", |run, o| run.links[1].t = o.links[1].c, [true, true, false]),
        ("rho_a", |run, _| run.links[0].rho_hat += Scalar::ONE, [true, false, true]),
        ("rho_b", |run, _| run.links[1].rho_hat += Scalar::ONE, [true, true, false]),
        ("K", |run, o| run.shared.k = o.links[0].c, [false, true, true]),
        ("tau", |run, _| run.shared.tau_hat += Scalar::ONE, [false, true, true]),
        ("z", |run, _| run.shared.z[0] += Scalar::ONE, [false, true, true]),
    ];
    for (name, change, expected) in changes {
        let mut run = twins(&[[5, 5]], &[[5, 5]]);
        change(&mut run, &mut other);
        assert_eq!(run.holds(), expected, "{name}");
    }
}

/// One message in a slot and in two equalities: as many bases, one blinding m̃, one response m̂, and
/// masks of their own.
#[test]
fn a_message_may_be_in_a_slot_and_in_equalities() {
    let mut rng = rng(22);
    let key = key(&mut rng);
    let proved = key.prove(&[5], &[1], &mut rng).unwrap();
    let blindings: [Scalar; 3] = [(); 3].map(|()| random_scalar(&mut rng));
    let pair = |second: usize| {
        let mut both = equality([5, 5], [blindings[0], blindings[second]]);
        both[1].credential = second;
        both
    };
    let mut secrets = one_slot(5, blindings[0]);
    secrets.equalities = vec![pair(1), pair(2)];
    let bases = Bases::new(1, 2);
    let circuit = Some((key.verifying_key(), proved.opening));
    let link = LinkInit::new(&bases, circuit, secrets, 3, &mut rng).unwrap();
    let (challenges, c_x) = ([(); 3].map(|()| random_scalar(&mut rng)), challenge(&mut rng));
    let answers = link.respond(&challenges, c_x).unwrap();
    let z = answers.predicate.unwrap().z;
    let linked = answers.credentials.iter().enumerate().map(|(index, link)| {
        let response = blindings[index] + challenges[index] * Scalar::from(5);
        let (slots, sides) = match index {
            0 => (vec![(0, response)], vec![(0, 0, response), (1, 0, response)]),
            _ => (Vec::new(), vec![(index - 1, 1, response)]),
        };
        let (link, challenge) = (link.as_ref().unwrap(), &challenges[index]);
        LinkedCredential { link, challenge, slots, sides }
    });
    assert!(holds(&bases, &answers.shared, &z, c_x, linked.collect(), [3, 5, 6, 7]));
    let [first, second] = &answers.shared.z[..] else { panic!("two of them") };
    assert!(first != second && *first != z[0].bls_scalar());
}
