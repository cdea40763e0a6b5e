//! The checks that every key passes, made here or loaded: see [`crate::keys`] for the reasons.

use std::collections::HashMap;

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, VariableBaseMSM};
use ark_ff::Zero;
use sha2::{Digest, Sha256};

use crate::groth16::{ProvingParts, VerifyingParts};
use crate::keys::{Counts, KeyError, KeyPart, ProvingKey};
use crate::shape::Shape;
use crate::synthesis::Row;

/// The domain of the coefficients of the consistency check.
const CONSISTENCY_TAG: &[u8] = b"SIGIL-CIRCUITS-KEY-CONSISTENCY-";

/// No identity, no γ or δ that voids the proof, no two `IC` points that could be exchanged.
pub(crate) fn check_verifying(vk: &VerifyingParts) -> Result<(), KeyError> {
    let present = |zero: bool, part| {
        if zero { Err(KeyError::Identity { part, index: 0 }) } else { Ok(()) }
    };
    present(vk.alpha_g1.is_zero(), KeyPart::Alpha)?;
    present(vk.beta_g2.is_zero(), KeyPart::Beta)?;
    present(vk.gamma_g2.is_zero(), KeyPart::Gamma)?;
    present(vk.delta_g2.is_zero(), KeyPart::Delta)?;
    // Equal abscissae: the same point, or its negative.
    if vk.gamma_g2.x == vk.delta_g2.x {
        return Err(KeyError::GammaIsDelta);
    }
    for (point, part) in [(vk.gamma_g2, KeyPart::Gamma), (vk.delta_g2, KeyPart::Delta)] {
        if point.x == G2Affine::generator().x {
            return Err(KeyError::Generator { part });
        }
    }
    let mut seen = HashMap::new();
    for (index, point) in vk.gamma_abc_g1.iter().enumerate() {
        if point.is_zero() {
            return Err(KeyError::Identity { part: KeyPart::Ic, index });
        }
        if let Some(first) = seen.insert(point.x, index) {
            return Err(KeyError::Duplicate { first, second: index });
        }
    }
    Ok(())
}

/// Which variables a matrix mentions.
fn mentioned(rows: &[Row], variables: usize) -> Vec<bool> {
    let mut mentioned = vec![false; variables];
    for (_, index) in rows.iter().flatten() {
        if let Some(flag) = mentioned.get_mut(*index) {
            *flag = true;
        }
    }
    mentioned
}

/// A query's point is the identity exactly where its matrix doesn't mention the variable.
pub(crate) fn check_queries(shape: &Shape, pk: &ProvingParts) -> Result<(), KeyError> {
    let counts = Counts::of(shape);
    let [a, b, _] = shape.system().matrices();
    let mut in_a = mentioned(a, counts.variables);
    in_a.iter_mut().take(counts.ic).for_each(|flag| *flag = true);
    let in_b = mentioned(b, counts.variables);
    fn check<P: AffineRepr>(query: &[P], used: &[bool], part: KeyPart) -> Result<(), KeyError> {
        match query.iter().zip(used).position(|(point, used)| point.is_zero() == *used) {
            Some(index) => Err(KeyError::Identity { part, index }),
            None => Ok(()),
        }
    }
    check(&[pk.beta_g1], &[true], KeyPart::Beta)?;
    check(&[pk.delta_g1], &[true], KeyPart::Delta)?;
    check(&pk.a_query, &in_a, KeyPart::A)?;
    check(&pk.b_g1_query, &in_b, KeyPart::B1)?;
    check(&pk.b_g2_query, &in_b, KeyPart::B2)?;
    check(&pk.h_query, &vec![true; counts.h], KeyPart::H)?;
    check(&pk.l_query, &vec![true; counts.witnesses], KeyPart::L)
}

/// Queries, verifying key and shape belong together; see the head of [`crate::keys`].
pub(crate) fn check_consistency(proving_key: &ProvingKey) -> Result<(), KeyError> {
    let (shape, pk) = (proving_key.shape(), proving_key.parts());
    let counts = Counts::of(shape);
    let [_, _, c] = shape.system().matrices();
    let in_c = mentioned(c, counts.variables);
    let digest = Sha256::digest(proving_key.to_bytes());
    let coefficient = |index: usize| {
        let hash = Sha256::new_with_prefix(CONSISTENCY_TAG)
            .chain_update(digest)
            .chain_update((index as u64).to_be_bytes())
            .finalize();
        let half = hash.first_chunk::<16>().copied().unwrap_or_default();
        Fr::from(u128::from_be_bytes(half))
    };
    let all: Vec<Fr> = (0..counts.variables).map(coefficient).collect();
    let outside_c: Vec<Fr> =
        all.iter().zip(&in_c).map(|(k, used)| if *used { Fr::zero() } else { *k }).collect();
    let (instance, witness) = outside_c.split_at(counts.ic.min(outside_c.len()));

    let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
    let a = G1Projective::msm_unchecked(&pk.a_query, &outside_c);
    let b = G2Projective::msm_unchecked(&pk.b_g2_query, &outside_c);
    let ic = G1Projective::msm_unchecked(&pk.vk.gamma_abc_g1, instance);
    let l = G1Projective::msm_unchecked(&pk.l_query, witness);
    let variables = pairs_to_one(
        [a, pk.vk.alpha_g1.into(), -ic, -l],
        [pk.vk.beta_g2.into(), b, pk.vk.gamma_g2.into(), pk.vk.delta_g2.into()],
    );

    let mut b1 = G1Projective::msm_unchecked(&pk.b_g1_query, &all);
    let mut b2 = G2Projective::msm_unchecked(&pk.b_g2_query, &all);
    let (of_beta, of_delta) = (coefficient(counts.variables), coefficient(counts.variables + 1));
    b1 += pk.beta_g1 * of_beta + pk.delta_g1 * of_delta;
    b2 += pk.vk.beta_g2 * of_beta + pk.vk.delta_g2 * of_delta;
    let both_groups = pairs_to_one([b1, -g1.into_group()], [g2.into_group(), b2]);

    if variables && both_groups { Ok(()) } else { Err(KeyError::Inconsistent) }
}

/// Whether `Π e(p_i, q_i) = 1`.
fn pairs_to_one<const N: usize>(p: [G1Projective; N], q: [G2Projective; N]) -> bool {
    Bn254::multi_pairing(p, q).is_zero()
}
