use std::sync::OnceLock;

use ark_ff::UniformRand;
use ark_relations::gr1cs::ConstraintSystem;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::formula::{Comparison, Formula, Interval, Linear, Param, Slot};

const SLOTS: [i128; 2] = [52_000, 9];
const PARAMS: [i128; 2] = [50_000, 8];

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn shape() -> Shape {
    let against = |s, op, p| Formula::compare(Linear::slot(Slot(s)), op, Linear::param(Param(p)));
    let formula = Formula::All(vec![against(0, Comparison::Ge, 0), against(1, Comparison::Ne, 1)]);
    let intervals = vec![Interval::bits(32), Interval::bits(4)];
    Shape::new(intervals.clone(), intervals, formula).unwrap()
}

fn key() -> &'static ProvingKey {
    static KEY: OnceLock<ProvingKey> = OnceLock::new();
    KEY.get_or_init(|| setup(&shape(), &mut rng(0)).unwrap())
}

fn vk() -> &'static VerifyingKey {
    key().verifying_key()
}

fn proved(seed: u64) -> Proved {
    key().prove(&SLOTS, &PARAMS, &mut rng(seed)).unwrap()
}

/// `IC_i`, counted as in the layout.
fn ic(index: usize) -> G1Affine {
    vk().parts().gamma_abc_g1[index]
}

fn shifted(commitment: &Commitment, by: G1Projective) -> Commitment {
    Commitment::new((commitment.point() + by).into_affine())
}

/// The sigma protocol by which a prover who claims the opening `(slots, blinder)` opens `d`.
fn opens(d: &Commitment, slots: &[i128], blinder: &Scalar, seed: u64) -> Result<(), Refused> {
    let mut rng = rng(seed);
    let masks: Vec<Scalar> = slots.iter().map(|_| Scalar::random(&mut rng)).collect();
    let nu = Scalar::random(&mut rng);
    let k = vk().commit(&masks, &nu).unwrap();
    let c = Scalar::random(&mut rng);
    let z: Vec<Scalar> =
        masks.iter().zip(slots).map(|(k, x)| k + &(&c * &Scalar::from(*x))).collect();
    vk().relation_holds(&k, &z, &(&nu + &(&c * blinder)), &c, d)
}

#[test]
fn honest_proof_verifies_and_opens() {
    let proved = proved(1);
    vk().verify(&PARAMS, &proved.commitment, &proved.proof).unwrap();
    opens(&proved.commitment, &SLOTS, proved.opening.blinder(), 2).unwrap();
    let slots = SLOTS.map(Scalar::from);
    assert_eq!(vk().commit(&slots, proved.opening.blinder()), Ok(proved.commitment));
}

/// The rows that arkworks is told are ours, so the key is for the system that the tests examine.
#[test]
fn replayed_rows_are_the_system_s() {
    let cs = ConstraintSystem::<Fr>::new_ref();
    cs.set_mode(ark_relations::gr1cs::SynthesisMode::Setup);
    let shape = shape();
    Replay(shape.system()).generate_constraints(cs.clone()).unwrap();
    cs.finalize();
    assert_eq!(cs.num_instance_variables(), shape.system().instances());
    assert_eq!(cs.num_witness_variables(), shape.system().witnesses());
    let theirs = cs.to_matrices().unwrap();
    let theirs = theirs.values().next().unwrap();
    let sorted = |rows: &[Row]| -> Vec<Row> {
        let mut rows = rows.to_vec();
        rows.iter_mut().for_each(|row| row.sort_by_key(|(_, index)| *index));
        rows
    };
    for (ours, theirs) in shape.system().matrices().iter().zip(theirs) {
        assert_eq!(sorted(ours), sorted(theirs));
    }
}

/// Groth16 with a free D proves nothing: A = α, B = β, D = −(IC_0 + Σ parameters), and for C the
/// identity, or after rerandomising an ordinary point. It verifies. Only the opening refuses it.
#[test]
fn forge_proof_with_free_commitment() {
    let params = PARAMS.map(Fr::from);
    let parts = vk().parts();
    let public = ic(0) + ic(1) * params[0] + ic(2) * params[1];
    let commitment = Commitment::new((-public).into_affine());
    let bare = ark_groth16::Proof { a: parts.alpha_g1, b: parts.beta_g2, c: G1Affine::zero() };
    vk().verify(&PARAMS, &commitment, &Proof(bare.clone())).unwrap();
    assert_eq!(Proof::from_bytes(&Proof(bare.clone()).to_bytes()), Err(Refused));

    let forged = Proof(Groth16::<Bn254>::rerandomize_proof(parts, &bare, &mut rng(3)));
    let forged = Proof::from_bytes(&forged.to_bytes()).unwrap();
    vk().verify(&PARAMS, &commitment, &forged).unwrap();

    for claimed in [SLOTS, [0, 8]] {
        let blinder = Scalar::random(&mut rng(4));
        assert_eq!(opens(&commitment, &claimed, &blinder, 5), Err(Refused));
    }
}

/// A proof for threshold 50,000 passed off for 60,000: D carries the difference on the base of the
/// parameter. Groth16 accepts; the opening, which knows no such base, refuses.
#[test]
fn forge_threshold_through_commitment_outside_slot_bases() {
    let proved = proved(6);
    let claimed = [60_000, PARAMS[1]];
    assert_eq!(shape().holds(&SLOTS, &claimed), Ok(false));
    let commitment = shifted(&proved.commitment, ic(1) * Fr::from(PARAMS[0] - claimed[0]));
    vk().verify(&claimed, &commitment, &proved.proof).unwrap();
    assert_eq!(opens(&commitment, &SLOTS, proved.opening.blinder(), 7), Err(Refused));
}

/// A component on IC_0 or on a base of no meaning at all.
#[test]
fn reject_commitment_with_foreign_component() {
    let proved = proved(8);
    let foreign = [ic(0).into_group(), G1Projective::rand(&mut rng(9))];
    for component in foreign {
        let commitment = shifted(&proved.commitment, component);
        assert_eq!(vk().verify(&PARAMS, &commitment, &proved.proof), Err(Refused));
        assert_eq!(opens(&commitment, &SLOTS, proved.opening.blinder(), 10), Err(Refused));
    }
}

/// `D_1 + X` and `D_2 − X`: their sum is honest, neither is.
#[test]
fn forge_commitments_shifted_against_each_other() {
    let (first, second) = (proved(11), proved(12));
    for x in [ic(3).into_group(), ic(5).into_group(), G1Projective::rand(&mut rng(13))] {
        for (proved, x) in [(&first, x), (&second, -x)] {
            let commitment = shifted(&proved.commitment, x);
            assert_eq!(vk().verify(&PARAMS, &commitment, &proved.proof), Err(Refused));
            assert_eq!(opens(&commitment, &SLOTS, proved.opening.blinder(), 14), Err(Refused));
        }
    }
}

#[test]
fn reject_opening_to_other_slots() {
    let proved = proved(15);
    let blinder = proved.opening.blinder();
    assert_eq!(opens(&proved.commitment, &[52_001, 9], blinder, 16), Err(Refused));
    assert_eq!(opens(&proved.commitment, &[9, 52_000], blinder, 16), Err(Refused));
    let other = blinder + &Scalar::from(1);
    assert_eq!(opens(&proved.commitment, &SLOTS, &other, 16), Err(Refused));
}

#[test]
fn reject_unsatisfied_witness() {
    let refused = |slots: &[i128]| key().prove(slots, &PARAMS, &mut rng(17)).unwrap_err();
    assert_eq!(refused(&[49_999, 9]), ProveError::False);
    assert_eq!(refused(&[52_000, 8]), ProveError::False);
    assert_eq!(refused(&[1 << 32, 9]), ProveError::Input(InputError::SlotRange { slot: 0 }));
    assert_eq!(refused(&[-1, 9]), ProveError::Input(InputError::SlotRange { slot: 0 }));
    let count = ProveError::Input(InputError::SlotCount { expected: 2, found: 1 });
    assert_eq!(refused(&[52_000]), count);
}

/// What that refusal is for: the proof system itself proves on in release builds; only, what it
/// gives doesn't verify.
#[test]
fn forge_proof_of_unsatisfied_witness() {
    let shape = shape();
    let system = shape.system();
    let mut rng = rng(18);
    let blinder = Scalar::random(&mut rng);
    let slots = [49_999, 9];
    let assignment = system.assign(system.instance(&PARAMS, &slots, blinder.field()));
    let rows = system.evaluate(&assignment);
    assert!(!rows.hold);
    let (proof, _) = key().prove_assignment(&assignment, rows, &mut rng).unwrap();
    let commitment = vk().commit(&slots.map(Scalar::from), &blinder).unwrap();
    opens(&commitment, &slots, &blinder, 19).unwrap();
    assert_eq!(vk().verify(&PARAMS, &commitment, &proof), Err(Refused));
}

/// Anyone can rerandomise a proof: so the link hashes it, and nothing is keyed on its octets.
#[test]
fn forge_rerandomised_proof_verifies_alone() {
    let proved = proved(20);
    let again = Groth16::<Bn254>::rerandomize_proof(vk().parts(), &proved.proof.0, &mut rng(21));
    let again = Proof(again);
    assert_ne!(again.to_bytes(), proved.proof.to_bytes());
    vk().verify(&PARAMS, &proved.commitment, &again).unwrap();
}

#[test]
fn reject_wrong_number_of_inputs() {
    let proved = proved(22);
    for params in [&PARAMS[..0], &PARAMS[..1], &[PARAMS[0], PARAMS[1], 0]] {
        let verified = vk().verify(params, &proved.commitment, &proved.proof);
        assert_eq!(verified, Err(Refused), "{} inputs", params.len());
    }
}

/// Relations that would hold if responses were counted off against bases until one runs out.
#[test]
fn reject_wrong_number_of_responses() {
    let d = proved(22).commitment;
    let [zero, one, any] = [0, 1, 77].map(Scalar::from);
    let holds = |k, z: &[Scalar], nu: &Scalar| vk().relation_holds(&k, z, nu, &zero, &d);
    let k = vk().commit(&[zero.clone(), zero.clone()], &one).unwrap();
    assert_eq!(holds(k, &[zero.clone(), zero.clone()], &one), Ok(()));
    assert_eq!(holds(k, &[zero.clone(), zero.clone(), one.clone()], &any), Err(Refused));
    let k = vk().commit(&[zero.clone(), one.clone()], &zero).unwrap();
    assert_eq!(holds(k, std::slice::from_ref(&zero), &one), Err(Refused));
    let k = vk().commit(&[one.clone(), zero.clone()], &zero).unwrap();
    assert_eq!(holds(k, &[], &one), Err(Refused));
    for count in [0, 1, 3] {
        let expected = InputError::SlotCount { expected: 2, found: count };
        assert_eq!(vk().commit(&vec![zero.clone(); count], &zero), Err(expected));
    }
}

#[test]
fn reject_parameter_outside_its_interval_or_changed() {
    let proved = proved(23);
    let changed = [[50_001, 8], [49_999, 8], [50_000, 7], [-1, 8], [50_000, 16], [1 << 32, 8]];
    for params in changed {
        assert_eq!(vk().verify(&params, &proved.commitment, &proved.proof), Err(Refused));
    }
}

/// Same sum, parameter out of range: the equation alone would hold, the interval refuses.
#[test]
fn forge_parameter_outside_its_interval() {
    let proved = proved(24);
    let claimed = [PARAMS[0], 8 + 16];
    let commitment = shifted(&proved.commitment, ic(2) * Fr::from(-16));
    let mut inputs = ic(0) + commitment.point();
    inputs += ic(1) * Fr::from(claimed[0]) + ic(2) * Fr::from(claimed[1]);
    let proof = &proved.proof.0;
    let prepared = ark_groth16::prepare_verifying_key(vk().parts());
    assert!(
        Groth16::<Bn254>::verify_proof_with_prepared_inputs(&prepared, proof, &inputs).unwrap()
    );
    assert_eq!(vk().verify(&claimed, &commitment, &proved.proof), Err(Refused));
}

#[test]
fn reject_proof_under_another_key() {
    let other = setup(&shape(), &mut rng(25)).unwrap();
    let proved = proved(26);
    let other = other.verifying_key();
    assert_eq!(other.verify(&PARAMS, &proved.commitment, &proved.proof), Err(Refused));
}

#[test]
fn commitment_differs_at_each_run() {
    let mut rng = rng(27);
    let runs: Vec<Proved> =
        (0..8).map(|_| key().prove(&SLOTS, &PARAMS, &mut rng).unwrap()).collect();
    let distinct =
        |octets: Vec<Vec<u8>>| octets.into_iter().collect::<std::collections::HashSet<_>>().len();
    assert_eq!(distinct(runs.iter().map(|run| run.commitment.to_bytes().to_vec()).collect()), 8);
    assert_eq!(distinct(runs.iter().map(|run| run.proof.to_bytes().to_vec()).collect()), 8);
}

/// One proof for each operator, on true statements, and none on false ones.
#[test]
fn each_operator_is_proven() {
    for (seed, op) in Comparison::ALL.into_iter().enumerate() {
        let mut rng = rng(30 + seed as u64);
        let formula = Formula::compare(
            Linear { slots: vec![(1, Slot(0)), (-2, Slot(1))], params: vec![] },
            op,
            Linear::param(Param(0)),
        );
        let four = Interval::bits(4);
        let shape = Shape::new(vec![four; 2], vec![four], formula).unwrap();
        let key = setup(&shape, &mut rng).unwrap();
        let (mut held, mut failed) = (0, 0);
        for slots in [[9, 3], [10, 3], [8, 3], [15, 0], [0, 15], [3, 0]] {
            for params in [[3], [15], [0]] {
                let proved = key.prove(&slots, &params, &mut rng);
                if op.compare(slots[0] - 2 * slots[1], params[0]) {
                    let proved = proved.unwrap();
                    let vk = key.verifying_key();
                    vk.verify(&params, &proved.commitment, &proved.proof).unwrap();
                    held += 1;
                } else {
                    assert_eq!(proved.unwrap_err(), ProveError::False);
                    failed += 1;
                }
            }
        }
        assert!(held > 0 && failed > 0);
    }
}

/// Our sums are arkworks', point by point with the same blinding; arkworks verifies them.
fn agrees_with_arkworks(key: &ProvingKey, slots: &[i128], params: &[i128], seed: u64) {
    let system = key.shape().system();
    let mut rng = rng(seed);
    let [v, r, s] = [(); 3].map(|()| Fr::rand(&mut rng));
    let assignment = system.assign(system.instance(params, slots, v));
    let theirs = Groth16::<Bn254>::create_proof_with_reduction_and_matrices(
        key.parts(),
        r,
        s,
        system.matrices(),
        system.instances(),
        system.constraints(),
        &assignment,
    );
    let rows = system.evaluate(&assignment);
    assert!(rows.hold);
    let Points { a, b, c } = key.prover().prove(&assignment, rows, r, s).unwrap();
    let ([a, c], b) = prover::normalise([a, c], b);
    let ours = ark_groth16::Proof { a, b, c };
    assert_eq!(ours, theirs.unwrap());
    let prepared = ark_groth16::prepare_verifying_key(&key.parts().vk);
    let inputs = &assignment[1..system.instances()];
    assert!(Groth16::<Bn254>::verify_proof(&prepared, &ours, inputs).unwrap());
}

/// A is hidden by `r` and B by `s`: the proof is arkworks' for the second and third scalar that the
/// generator gives. Without either of them, or with one for both, it would verify all the same.
#[test]
fn proofs_are_blinded_by_two_scalars_of_their_own() {
    let proved = proved(28);
    let mut rng = rng(28);
    let [v, r, s] = [(); 3].map(|()| Scalar::random(&mut rng).field());
    assert!(r != s && v != r && v != s);
    let system = key().shape().system();
    let theirs = Groth16::<Bn254>::create_proof_with_reduction_and_matrices(
        key().parts(),
        r,
        s,
        system.matrices(),
        system.instances(),
        system.constraints(),
        &system.assign(system.instance(&PARAMS, &SLOTS, v)),
    );
    assert_eq!(proved.proof.0, theirs.unwrap());
    assert_eq!(proved.opening.blinder().field(), v);
}

#[test]
fn points_are_made_affine_identities_among_them() {
    let (one, other) = (G1Affine::generator(), G2Affine::generator());
    let k = Fr::rand(&mut rng(29));
    let points = [one * k, G1Projective::zero(), one * (k + k), G1Projective::zero()];
    for other in [other * k, ark_bn254::G2Projective::zero()] {
        let (affine, of_g2) = prover::normalise(points, other);
        assert_eq!(affine, points.map(CurveGroup::into_affine));
        assert_eq!(of_g2, other.into_affine());
    }
}

#[test]
fn prover_agrees_with_arkworks() {
    assert!(shape().system().has_c());
    for (seed, slots) in (40..).zip([SLOTS, [0xffff_ffff, 0], [50_000, 15]]) {
        agrees_with_arkworks(key(), &slots, &PARAMS, seed);
    }
}

/// From the smallest domain on, each where it is just full and where it just began; without a `C`,
/// and with one; with sums of few points and of many.
#[test]
fn prover_agrees_with_arkworks_at_the_edges_of_domains() {
    let mut domains = Vec::new();
    for (op, width) in [
        (Comparison::Eq, 1),
        (Comparison::Ne, 1),
        (Comparison::Ge, 3),
        (Comparison::Ge, 4),
        (Comparison::Ge, 11),
        (Comparison::Ge, 12),
        (Comparison::Ge, 27),
        (Comparison::Ge, 28),
        (Comparison::Ge, 59),
        (Comparison::Ge, 60),
    ] {
        let interval = vec![Interval::bits(width)];
        let formula = Formula::compare(Linear::slot(Slot(0)), op, Linear::param(Param(0)));
        let shape = Shape::new(interval.clone(), interval, formula).unwrap();
        domains.push((shape.constraints() + shape.system().instances(), shape.domain_size()));
        let key = setup(&shape, &mut rng(50)).unwrap();
        let full = (1 << width) - 1;
        let values =
            if op == Comparison::Eq { [(full, full), (0, 0)] } else { [(full, 0), (1, 0)] };
        for (seed, (slot, param)) in (51..).zip(values) {
            agrees_with_arkworks(&key, &[slot], &[param], seed);
        }
    }
    let full = [8, 16, 32, 64].map(|size| (size, size));
    let begun = [8, 16, 32, 64].map(|size| (size + 1, 2 * size));
    assert!(full.iter().chain(&begun).all(|edge| domains.contains(edge)), "{domains:?}");
}

/// Alternatives, counted and in ports, with inverses in both queries of B.
#[test]
fn prover_agrees_with_arkworks_on_alternatives() {
    let against = |s, op, p| Formula::compare(Linear::slot(Slot(s)), op, Linear::param(Param(p)));
    let parts = vec![
        against(0, Comparison::Ge, 0),
        against(1, Comparison::Ne, 0),
        against(2, Comparison::Eq, 0),
    ];
    let byte = Interval::bits(8);
    for (k, slots) in [(1, [5, 9, 9]), (2, [3, 7, 9]), (2, [200, 9, 9]), (3, [255, 8, 9])] {
        let formula = Formula::AtLeast(k, parts.clone());
        let shape = Shape::new(vec![byte; 3], vec![byte], formula).unwrap();
        let key = setup(&shape, &mut rng(60)).unwrap();
        let params = if slots[0] == 5 { [5] } else { [9] };
        let holds = shape.holds(&slots, &params).unwrap();
        if holds {
            agrees_with_arkworks(&key, &slots, &params, 61);
        } else {
            assert!(key.prove(&slots, &params, &mut rng(61)).is_err());
        }
    }
}

/// 30 slots, each different from 0, and their sum from 1: sums of many points in every query, G2
/// included, and tables as large as they are said to be.
#[test]
fn prover_agrees_with_arkworks_on_many_inverses() {
    let zero = || Linear::param(Param(0));
    let differs = |s| Formula::compare(Linear::slot(Slot(s)), Comparison::Ne, zero());
    let formula = Formula::All((0..30).map(differs).collect());
    let byte = Interval::bits(8);
    let shape = Shape::new(vec![byte; 30], vec![byte], formula).unwrap();
    let key = setup(&shape, &mut rng(70)).unwrap();
    let slots: Vec<i128> = (1..=30).collect();
    agrees_with_arkworks(&key, &slots, &[0], 71);
    assert!(key.prove(&slots, &[30], &mut rng(72)).is_err());
    within_bound(&key);
}

/// The bound that `ProvingKey::prepared_size` states.
fn within_bound(key: &ProvingKey) {
    key.prepare();
    let (size, bound) = (key.prepared_size(), (2 << 20) + 17 * 1024 * key.shape().domain_size());
    assert!(size <= bound, "{size} of {bound}");
}

#[test]
fn prepared_size_is_bounded_and_reported() {
    let shape = shape();
    let key = setup(&shape, &mut rng(80)).unwrap();
    let alone = key.verifying_key().clone();
    assert_eq!(alone.prepared_size(), 0);
    alone.prepare();
    // One slot for each of two parameters, two slots and the blinder, at 255 points.
    assert_eq!(alone.prepared_size(), 5 * 255 * size_of::<G1Affine>());
    key.prepare();
    let size = key.prepared_size();
    // The H query's windows of 8 bits are the most of it.
    let windows = (shape.domain_size() - 1) * 32 * size_of::<G1Affine>();
    assert!(size > alone.prepared_size() + windows && size < 4 * windows, "{size}");
    key.prepare();
    key.prove(&SLOTS, &PARAMS, &mut rng(81)).unwrap();
    assert_eq!(key.prepared_size(), size);
    within_bound(&key);
}
