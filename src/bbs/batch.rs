//! Many pairing equations as one.
//!
//! A proof of a signature under W owes e(Ā, W) = e(B̄, BP2), a signature e(A, W) = e(B − e·A, BP2).
//! Over any number of them, with a random coefficient ρ each, all hold if
//!
//! ```text
//! Π_W e(Σ ρ·Ā, W) · e(−Σ ρ·B̄, BP2) = 1
//! ```
//!
//! where the inner sums run over the equations under one key W: one Miller loop for each key, one
//! more, and one final exponentiation. The converse holds but for chance: where an equation is
//! false, so that e(Ā, W)/e(B̄, BP2) is not 1, at most one coefficient of the 2^128 makes the
//! product 1, whatever the others are, since the target group has prime order.
//!
//! **Coefficients are the caller's**, 128 bits of a hash over everything that is checked: the keys,
//! every octet of every proof, all statements. A prover who knows them before the proof is final
//! makes two false equations cancel out. A batch with a coefficient of 0 does not hold.
//!
//! A signature's B is not computed: Σ ρ·B is a sum over the generators, whose scalars are collected
//! first, so that any number of signatures over the same generators cost one such sum.

use super::keys::bp2;
use super::signature::{check_sizes, domain, verify};
use super::{Error, Generators, PendingProof, Proof, PublicKey, Signature};
use crate::bisection;
use crate::coefficients::CoefficientSeed;
use crate::curve::table::FixedSum;
use crate::curve::{
    G1Projective, G2_LEN, PreparedG2, Products, Scalar, normalize_list, pairing_product_is_one,
    wide_scalar,
};
use crate::transcript::Transcript;
use ff::Field;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Pairing equations to be checked together. See the module's documentation for what the
/// coefficients have to be.
#[derive(Debug, Default)]
pub struct PairingBatch {
    /// By the octets of the issuer's key: the points that are paired with it.
    issuers: BTreeMap<[u8; G2_LEN], Issuer>,
    /// What is paired with BP2.
    constant: Products,
    /// Sums over generators, likewise, subtracted.
    fixed: Vec<FixedTerms>,
    /// A coefficient was 0: its equation would not be checked.
    unchecked: bool,
}

#[derive(Debug)]
struct Issuer {
    key: PublicKey,
    products: Products,
}

/// Scalars of P1, Q1 and the H of one set of generators.
#[derive(Debug)]
struct FixedTerms {
    generators: Arc<Generators>,
    p1: Scalar,
    q1: Scalar,
    h: Vec<Scalar>,
}

impl FixedTerms {
    fn new(generators: Arc<Generators>) -> Self {
        let h = vec![Scalar::default(); generators.count()];
        FixedTerms { generators, p1: Scalar::default(), q1: Scalar::default(), h }
    }

    fn serves(&self, generators: &Generators) -> bool {
        let own = &self.generators;
        own.interface() == generators.interface() && own.count() == generators.count()
    }

    fn sum(&self) -> G1Projective {
        let mut sum = FixedSum::with_capacity(self.h.len() + 2);
        sum.add(self.generators.p1(), &self.p1);
        sum.add(self.generators.q1(), &self.q1);
        for (base, scalar) in self.generators.h().iter().zip(&self.h) {
            sum.add(base, scalar);
        }
        sum.finish()
    }
}

impl PairingBatch {
    /// No equations yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the equation that a proof still owes.
    pub fn add_proof(&mut self, proof: &PendingProof<'_>, coefficient: &Scalar) {
        self.add_equation(proof.key(), proof.proof(), coefficient);
    }

    /// Adds the pairing equation of a proof of which nothing else is known yet: for whoever checks
    /// that beside it.
    pub(crate) fn add_equation(&mut self, key: &PublicKey, proof: &Proof, coefficient: &Scalar) {
        self.unchecked |= bool::from(coefficient.is_zero());
        let (a_bar, b_bar) = proof.sides();
        self.issuer(key).products.push(*a_bar, *coefficient);
        self.constant.push(-b_bar, *coefficient);
    }

    /// Adds the equation of a signature on message scalars under a header.
    ///
    /// # Errors
    /// [`Error::Refused`] where the sizes do not fit; the batch is as it was.
    pub fn add_signature(
        &mut self,
        key: &PublicKey,
        signature: &Signature,
        generators: &Arc<Generators>,
        header: &[u8],
        messages: &[Scalar],
        coefficient: &Scalar,
    ) -> Result<(), Error> {
        check_sizes(generators, header, messages).map_err(|_| Error::Refused)?;
        self.unchecked |= bool::from(coefficient.is_zero());
        self.issuer(key).products.push(*signature.a(), *coefficient);
        self.constant.push(*signature.a(), signature.e() * coefficient);
        let domain = domain(key, generators, header);
        let fixed = self.fixed(generators);
        fixed.p1 += coefficient;
        fixed.q1 += domain * coefficient;
        for (sum, message) in fixed.h.iter_mut().zip(messages) {
            *sum += message * coefficient;
        }
        Ok(())
    }

    /// Adds all equations of another batch.
    pub fn merge(&mut self, other: PairingBatch) {
        self.unchecked |= other.unchecked;
        for issuer in other.issuers.into_values() {
            self.issuer(&issuer.key).products.append(issuer.products);
        }
        self.constant.append(other.constant);
        for theirs in other.fixed {
            let ours = self.fixed(&theirs.generators);
            ours.p1 += theirs.p1;
            ours.q1 += theirs.q1;
            ours.h.iter_mut().zip(&theirs.h).for_each(|(sum, scalar)| *sum += scalar);
        }
    }

    /// Whether all equations hold. An empty batch holds.
    pub fn holds(&self) -> bool {
        if self.unchecked {
            return false;
        }
        let issuers = self.issuers.values();
        let constant = || -> G1Projective {
            self.constant.sum() - self.fixed.iter().map(FixedTerms::sum).sum::<G1Projective>()
        };
        let of_issuers = || -> Vec<G1Projective> {
            self.issuers.par_iter().map(|(_, one)| one.products.sum()).collect()
        };
        let (mut sums, constant) = rayon::join(of_issuers, constant);
        sums.push(constant);
        let keys: Vec<Arc<PreparedG2>> = issuers.map(|one| one.key.prepared()).collect();
        let keys = keys.iter().map(|key| &**key).chain([bp2()]);
        pairing_product_is_one(&normalize_list(&sums).into_iter().zip(keys).collect::<Vec<_>>())
    }

    fn issuer(&mut self, key: &PublicKey) -> &mut Issuer {
        let new = || Issuer { key: *key, products: Products::default() };
        self.issuers.entry(key.to_bytes()).or_insert_with(new)
    }

    fn fixed(&mut self, generators: &Arc<Generators>) -> &mut FixedTerms {
        let at = self.fixed.iter().position(|fixed| fixed.serves(generators));
        let at = at.unwrap_or_else(|| {
            self.fixed.push(FixedTerms::new(generators.clone()));
            self.fixed.len() - 1
        });
        &mut self.fixed[at]
    }
}

/// A signature and all that it is checked with.
#[derive(Clone, Copy, Debug)]
pub struct SignedMessages<'a> {
    /// The issuer's key.
    pub key: &'a PublicKey,
    /// The signature.
    pub signature: &'a Signature,
    /// The generators of its interface and number of messages.
    pub generators: &'a Arc<Generators>,
    /// The signed header.
    pub header: &'a [u8],
    /// The signed messages.
    pub messages: &'a [Scalar],
}

impl SignedMessages<'_> {
    fn absorb(&self, transcript: &mut Transcript) {
        transcript.absorb("key", self.key.to_bytes());
        transcript.absorb("signature", self.signature.to_bytes());
        transcript.absorb("interface", self.generators.interface().api_id());
        transcript.absorb("header", self.header);
        transcript.absorb_number("messages", self.messages.len());
        for message in self.messages {
            transcript.absorb("message", message.to_bytes_be());
        }
    }
}

/// Verifies signatures together: the indexes of those that [`verify`](super::verify) refuses,
/// ascending.
///
/// Where the batch as a whole fails, halves of it are checked until the bad ones are found, on
/// rayon's threads where they stand alone: one bad one costs about as much again as the batch, many
/// at most half as much again as one by one.
pub fn verify_batch(signatures: &[SignedMessages<'_>]) -> Vec<usize> {
    let seed = CoefficientSeed::new(signatures, SignedMessages::absorb);
    let verdicts = bisection::verdicts(signatures.len(), |range| {
        let first = range.start;
        signatures.get(range).is_some_and(|part| hold(part, first, seed))
    });
    let verdicts = verdicts.into_iter().enumerate();
    verdicts.filter(|(_, good)| !good).map(|(index, _)| index).collect()
}

/// Whether all of these hold, the first of which is member `first` of the batch.
fn hold(signatures: &[SignedMessages<'_>], first: usize, seed: CoefficientSeed) -> bool {
    if let [SignedMessages { key, signature, generators, header, messages }] = *signatures {
        return verify(key, signature, generators, header, messages).is_ok();
    }
    let mut batch = PairingBatch::new();
    (first..).zip(signatures).all(|(index, one)| {
        let SignedMessages { key, signature, generators, header, messages } = *one;
        let coefficient = wide_scalar(seed.member(index).next());
        batch.add_signature(key, signature, generators, header, messages, &coefficient).is_ok()
    }) && batch.holds()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bbs::{Interface, SecretKey, Suite, sign};
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    fn key(seed: u64) -> SecretKey {
        SecretKey::random(&mut ChaCha20Rng::seed_from_u64(seed))
    }

    fn generators(suite: Suite, count: usize) -> Arc<Generators> {
        Generators::new(Interface::typed(suite), count).unwrap()
    }

    #[test]
    fn coefficients_hash_all_of_every_signature() {
        let (one, other) = (key(1), key(2));
        let (sha, shake) = (generators(Suite::Sha256, 2), generators(Suite::Shake256, 2));
        let messages = [3, 4].map(Scalar::from);
        let signature = sign(&one, &sha, b"header", &messages).unwrap();
        let another = sign(&one, &sha, b"another", &messages).unwrap();
        let plain = SignedMessages {
            key: one.public_key(),
            signature: &signature,
            generators: &sha,
            header: b"header",
            messages: &messages,
        };
        let changed = [
            SignedMessages { key: other.public_key(), ..plain },
            SignedMessages { signature: &another, ..plain },
            SignedMessages { generators: &shake, ..plain },
            SignedMessages { header: b"heade", ..plain },
            SignedMessages { messages: &messages[..1], ..plain },
            SignedMessages { messages: &[4, 3].map(Scalar::from), ..plain },
        ];
        let seed = |batch: &[SignedMessages<'_>]| -> CoefficientSeed {
            CoefficientSeed::new(batch, SignedMessages::absorb)
        };
        let mut seeds = vec![seed(&[plain; 3]), seed(&[plain; 2])];
        for one in changed {
            seeds.extend([seed(&[one, plain, plain]), seed(&[plain, plain, one])]);
        }
        let coefficients = |member| seeds.iter().map(move |seed| seed.member(member).next());
        let mut all: Vec<u128> = coefficients(1).chain(coefficients(2)).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 2 * (2 + 2 * changed.len()));
    }

    /// Signatures over other generators, by number or by suite, have sums of their own.
    #[test]
    fn signatures_over_several_sets_of_generators_are_checked_together() {
        let key = key(1);
        let sets = [(Suite::Sha256, 2), (Suite::Shake256, 2), (Suite::Sha256, 3)];
        let batch = |wrong: Option<usize>| {
            let mut batch = PairingBatch::new();
            for (at, (suite, count)) in sets.into_iter().enumerate() {
                let generators = generators(suite, count);
                let mut messages: Vec<Scalar> = (5..).take(count).map(Scalar::from).collect();
                let signature = sign(&key, &generators, b"", &messages).unwrap();
                if wrong == Some(at) {
                    messages[1] += Scalar::from(1);
                }
                let rho = Scalar::from(11 + at as u64);
                let (public, mut part) = (key.public_key(), PairingBatch::new());
                part.add_signature(public, &signature, &generators, b"", &messages, &rho).unwrap();
                batch.merge(part);
            }
            batch.holds()
        };
        assert!(batch(None));
        assert!((0..sets.len()).all(|at| !batch(Some(at))));
    }
}
