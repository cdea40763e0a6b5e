//! Many presentations at once: proven in parallel, verified as one.
//!
//! # Proving
//!
//! [`prove_batch`] takes jobs from an iterator and gives presentations as one: as many jobs are
//! held as keep the thread pool busy, whatever their number. Keys and tables are shared;
//! presentations are made beside each other, and the parts of each (Groth16, BBS) where a thread is
//! idle. The same batch seed and the same job give the same presentation, on any number of threads;
//! different jobs never share randomness, since each derives its own from everything that it
//! proves.
//!
//! No scratch memory is kept for a worker: allocating and freeing take 0.9 % of the instructions of
//! a presentation, hashing 1.5 %; all else is arithmetic.
//!
//! # Verifying
//!
//! [`verify_batch`] gives for each answer exactly what [`verify`](super::verify) would, at less
//! than half the cost. What has to be seen of each presentation by itself is: decoding, the
//! statement, the challenge of every BBS proof. What remains are equations in four groups of prime
//! order, and those of all presentations are added up, each under a coefficient of its own:
//!
//! | equations | one by one | in a batch of n |
//! |---|---|---|
//! | e(Ā, W) = e(B̄, BP2) of each BBS proof | 2 Miller loops, 1 final exponentiation | one Miller loop an issuer and one more, 1 final exponentiation |
//! | the link's, on BLS12-381 | a multi-scalar multiplication | one for all |
//! | Groth16's, and the opening of D, on BN254 | 3 Miller loops, 1 final exponentiation | n + 3 Miller loops, 1 final exponentiation |
//!
//! *Soundness.* The coefficients have 128 bits and hash every octet of every presentation with its
//! `ph`, which fixes the statement. So whatever is in the batch, a sum in which an equation is
//! false comes out true with probability 2⁻¹²⁸ for each set of presentations that a forger tries:
//! [`coefficients`](crate::coefficients) has the argument. A batch that holds is accepted as a
//! whole; one that does not is halved, with the same coefficients, until the false ones stand
//! alone. Halves of a set that was fixed before its coefficients are fixed too, so the bound is the
//! same for each of the sums.
//!
//! *Cost of forgeries.* Finding one bad presentation among 1,000 costs about as much again as the
//! batch's equations did. Where more than one in 16 is bad it would be better to check one by one,
//! and from there on that is done: a batch of forgeries alone costs about half as much again as
//! without batches.
//!
//! [`verify_stream`] does the same for any number of answers, [`BATCH`] at a time.

mod prove;
mod verify;

pub use prove::{BatchSeed, Job, ProveJob, Watch, prove_batch};
pub use verify::{Answer, BATCH, verify_batch, verify_stream};

#[cfg(test)]
mod tests;
