//! Shapes, keys and an honest sigma protocol that several test files share.

use std::sync::OnceLock;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sigil_circuits::{
    Commitment, Comparison, Formula, Interval, Linear, Param, Proved, ProvingKey, Refused, Scalar,
    Shape, Slot, VerifyingKey, setup,
};

pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub(crate) fn slot(index: u16) -> Linear {
    Linear::slot(Slot(index))
}

pub(crate) fn param(index: u16) -> Linear {
    Linear::param(Param(index))
}

/// `slot op param`, by index.
pub(crate) fn against(s: u16, op: Comparison, p: u16) -> Formula {
    Formula::compare(slot(s), op, param(p))
}

/// One 64-bit threshold and the validity window: the shape that the figures are for.
pub(crate) mod kyc {
    use super::*;

    /// Income, valid_from, valid_until.
    pub(crate) const SLOTS: [i128; 3] = [52_000, 480_000, 500_000];
    /// Threshold, now.
    pub(crate) const PARAMS: [i128; 2] = [50_000, 490_000];

    pub(crate) fn shape() -> Shape {
        Shape::new(
            vec![Interval::bits(64), Interval::bits(22), Interval::bits(22)],
            vec![Interval::bits(64), Interval::bits(22)],
            Formula::All(vec![
                against(0, Comparison::Ge, 0),
                against(1, Comparison::Le, 1),
                Formula::compare(param(1), Comparison::Lt, slot(2)),
            ]),
        )
        .unwrap()
    }

    pub(crate) fn key() -> &'static ProvingKey {
        static KEY: OnceLock<ProvingKey> = OnceLock::new();
        KEY.get_or_init(|| setup(&shape(), &mut rng(0)).unwrap())
    }
}

pub(crate) fn prove_kyc(seed: u64) -> (&'static ProvingKey, Proved) {
    let key = kyc::key();
    (key, key.prove(&kyc::SLOTS, &kyc::PARAMS, &mut rng(seed)).unwrap())
}

/// A transcript of the sigma protocol that opens a commitment.
pub(crate) struct Opened {
    pub(crate) k: Commitment,
    pub(crate) z: Vec<Scalar>,
    pub(crate) nu: Scalar,
    pub(crate) c: Scalar,
}

impl Opened {
    /// As the link makes it, with a challenge that the prover could not foresee.
    pub(crate) fn honest(vk: &VerifyingKey, slots: &[i128], proved: &Proved, seed: u64) -> Self {
        let mut rng = rng(seed);
        let masks: Vec<Scalar> = slots.iter().map(|_| Scalar::random(&mut rng)).collect();
        let nu = Scalar::random(&mut rng);
        let k = vk.commit(&masks, &nu).unwrap();
        let c = Scalar::random(&mut rng);
        let z = masks.iter().zip(slots).map(|(k, x)| k + &(&c * &Scalar::from(*x))).collect();
        let nu = &nu + &(&c * proved.opening.blinder());
        Self { k, z, nu, c }
    }

    pub(crate) fn check(&self, vk: &VerifyingKey, d: &Commitment) -> Result<(), Refused> {
        vk.relation_holds(&self.k, &self.z, &self.nu, &self.c, d)
    }
}
