//! Coefficients of random linear combinations, hashed from all that they are for.
//!
//! Equations E_1 = O, .., E_n = O over a group of order q are checked together as Σ r_i·E_i = O. If
//! any E_i ≠ O, a uniform r_i of 128 bits that was drawn after all E_i were fixed solves that with
//! probability 2⁻¹²⁸ at most, whatever the other terms are (Bellare, Garay and Rabin, EUROCRYPT
//! '98, section 3: the small exponents test). The groups have prime order, and every point is known
//! to lie in them before. A hash of everything that fixes the equations stands in for drawing the
//! r_i afterwards.

use crate::transcript::{DIGEST_LEN, Transcript, tag};

/// What is hashed to coefficients: it has to fix every equation that they are for.
#[derive(Clone, Copy)]
pub(crate) struct CoefficientSeed([u8; DIGEST_LEN]);

impl CoefficientSeed {
    /// The digest of a transcript that has absorbed all of a batch, each member by `absorb`.
    pub(crate) fn new<M>(
        members: impl IntoIterator<Item = M>,
        absorb: impl Fn(M, &mut Transcript),
    ) -> Self {
        let mut transcript = Transcript::new(tag::COMBINATION);
        members.into_iter().for_each(|member| absorb(member, &mut transcript));
        CoefficientSeed(transcript.finish())
    }

    /// The coefficients of a member of the batch.
    pub(crate) fn member(self, index: usize) -> Coefficients {
        Coefficients { seed: self, member: index, count: 0 }
    }
}

/// 128-bit coefficients, one after the other.
pub(crate) struct Coefficients {
    seed: CoefficientSeed,
    member: usize,
    count: usize,
}

impl Coefficients {
    /// The next one. The very first of a seed is 1: with the others random, a sum with a false
    /// equation in it still vanishes only by chance.
    pub(crate) fn next(&mut self) -> u128 {
        let index = self.count;
        self.count += 1;
        if (self.member, index) == (0, 0) {
            return 1;
        }
        let mut transcript = Transcript::new(tag::COMBINATION);
        transcript.absorb("seed", self.seed.0);
        transcript.absorb_number("member", self.member);
        transcript.absorb_number("coefficient", index);
        let mut octets = [0u8; 16];
        octets.copy_from_slice(&transcript.finish()[..16]);
        u128::from_be_bytes(octets)
    }
}
