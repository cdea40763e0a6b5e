//! The floor of each operation: what it cannot go below with the algorithm that it has, as a sum of
//! counts of primitives. Hashing, scalar arithmetic, encoding, allocation and the random numbers are
//! left out: what an operation takes above its floor is those, and whatever is done badly.
//!
//! All counts are in this file. Whoever changes an algorithm changes its count here.

use crate::contest::Operation;
use crate::primitives::Primitive::{self, *};
use crate::{comparisons::Comparisons, inputs, ours};
use sigil_circuits::Shape;
use std::collections::HashMap;

/// Entries of a base's table that a scalar of 255 bits adds: one for each of 32 signed digits of 8
/// bits that is not 0.
pub const DIGITS: f64 = 32.0 * 255.0 / 256.0;

/// Doublings of a point that changes, with the endomorphism: half of the bits of a scalar.
const DOUBLINGS: f64 = 128.0;

/// Additions for one scalar of 255 bits times a changing point: both halves in signed digits, of
/// which one in six bits on average starts one of 5 bits.
const SPARSE: f64 = 2.0 * 128.0 / 6.0;

/// The same for a scalar of 128 bits, which has one half.
const SPARSE_SHORT: f64 = 128.0 / 6.0;

/// Odd multiples of a changing point for digits of 5 bits.
const ODD_MULTIPLES: f64 = 8.0;

/// Columns of the comb that few bases of BN254 are multiplied with: its doublings.
const COLUMNS: f64 = 32.0;

/// Field multiplications of an affine addition in G1 whose inversion is shared.
const BATCHED_G1: f64 = 6.0;

/// The same in G2: two squarings of 2 and four multiplications of 3 and the share of the inversion.
const BATCHED_G2: f64 = 17.0;

/// A credential of the presentation: holder secret, status handle and two dates beside the sixteen
/// fields. Two of those are hashed; the rest are integers, of 46 digits together.
const CREDENTIAL: Bbs =
    Bbs { messages: inputs::MESSAGES + 4, hidden: 12, digits: 2.0 * DIGITS + 46.0 };

/// The same where the two dates are revealed, for want of a predicate over them.
const CREDENTIAL_SHOWING_DATES: Bbs = Bbs { hidden: 10, ..CREDENTIAL };

/// The peers' sixteen, all of them hashed.
const STANDARD: Bbs = Bbs {
    messages: inputs::MESSAGES,
    hidden: inputs::MESSAGES - inputs::DISCLOSED.len(),
    digits: inputs::MESSAGES as f64 * DIGITS,
};

/// So many of a primitive.
pub struct Term {
    /// How many.
    pub count: f64,
    /// Of what.
    pub of: Primitive,
    /// What for.
    pub why: &'static str,
}

/// The terms of an operation's floor; none for one that has no floor of its own.
pub fn terms(operation: Operation) -> Vec<Term> {
    match operation {
        Operation::Sign => STANDARD.sign(),
        Operation::Verify => STANDARD.verify(),
        Operation::ProofGen => {
            let mut terms = vec![STANDARD.commitment()];
            terms.extend(STANDARD.proof_gen_held());
            terms
        }
        Operation::ProofGenHeld => STANDARD.proof_gen_held(),
        Operation::ProofGenPrepared => STANDARD.proof_gen_prepared(),
        Operation::Reveal => CREDENTIAL_SHOWING_DATES.proof_gen_held(),
        Operation::ProofVerify => {
            let mut terms = decoding(3.0, "the points of the proof");
            terms.extend(STANDARD.proof_verify());
            terms
        }
        Operation::Groth16Prove => Circuit::of(&ours::shape()).prove(),
        Operation::Groth16ProveOf(count) => {
            Circuit::of(&Comparisons::with_constraints(count).shape).prove()
        }
        Operation::Groth16Verify => groth16_verify(3.0),
        Operation::Present => present(),
        Operation::PresentVerify => present_verify(),
        Operation::PresentVerifyTwo => Vec::new(),
        Operation::Issue => CREDENTIAL.sign(),
    }
}

/// The floor in seconds. `None` if there is none.
pub fn floor(operation: Operation, primitives: &HashMap<Primitive, f64>) -> Option<f64> {
    let terms = terms(operation);
    let costs = terms.iter().map(|term| Some(term.count * primitives.get(&term.of)? * 1e-9));
    costs.sum::<Option<f64>>().filter(|floor| *floor > 0.0)
}

/// Prints the terms of the floors of these operations.
pub fn print(operations: &[Operation], primitives: &HashMap<Primitive, f64>) {
    for operation in operations {
        let Some(total) = floor(*operation, primitives) else { continue };
        println!("\nfloor of {}: {:.3} ms", operation.name().trim(), total * 1e3);
        for Term { count, of, why } in terms(*operation) {
            let each = primitives.get(&of).copied().unwrap_or(f64::NAN);
            let cost = count * each / 1e6;
            println!("{cost:>9.3} ms{count:>10.1} x {:<42}{why}", of.name());
        }
    }
}

fn term(count: f64, of: Primitive, why: &'static str) -> Term {
    Term { count, of, why }
}

/// Compressed points of G1 that are read: on the curve, and in the group.
fn decoding(points: f64, why: &'static str) -> Vec<Term> {
    vec![term(points, BlsDecompress, why), term(points, BlsSubgroup, why)]
}

/// A size of a signature.
#[derive(Clone, Copy)]
struct Bbs {
    messages: usize,
    hidden: usize,
    /// Digits of all messages that are not 0.
    digits: f64,
}

impl Bbs {
    /// B = P1 + domain·Q1 + Σ m·H by table.
    fn commitment(self) -> Term {
        term(self.digits + DIGITS, BlsAddTabled, "B, from the messages and domain")
    }

    fn sign(self) -> Vec<Term> {
        vec![
            self.commitment(),
            term(1.0, BlsInvert, "1/(sk + e)"),
            term(1.0, BlsMultiply, "A, in constant time"),
        ]
    }

    fn verify(self) -> Vec<Term> {
        let mut terms = decoding(1.0, "A");
        terms.extend([
            self.commitment(),
            term(DOUBLINGS, BlsDouble, "e·A"),
            term(SPARSE + ODD_MULTIPLES, BlsAddMixed, "e·A"),
            term(1.0, BlsMillerTwo, "the equation"),
            term(1.0, BlsFinal, "the equation"),
        ]);
        terms
    }

    /// All five points are multiples of A and of B, but for the sum over the hidden. A credential holds
    /// its B.
    fn proof_gen_held(self) -> Vec<Term> {
        // Ā, B̄ and T1 of A; D, B̄, T1 and T2 of B.
        let mut terms = sums_over(2.0, 3.0 + 4.0, 5.0);
        terms.push(self.blindings());
        terms
    }

    /// With tables for A and B.
    fn proof_gen_prepared(self) -> Vec<Term> {
        vec![
            term((3.0 + 4.0) * DIGITS, BlsAddTabled, "Ā, B̄, D, T1, T2, from A and B"),
            self.blindings(),
        ]
    }

    fn blindings(self) -> Term {
        term(self.hidden as f64 * DIGITS, BlsAddTabled, "T2, from the blindings")
    }

    /// Without decoding, which a presentation does for all of its points.
    fn proof_verify(self) -> Vec<Term> {
        // B̄, Ā and D in T1, D in T2.
        let mut terms = sums_over(3.0, 4.0, 2.0);
        terms.extend([
            term(
                (self.messages as f64 + 2.0) * DIGITS,
                BlsAddTabled,
                "T2, from P1, Q1 and the messages",
            ),
            term(1.0, BlsMillerTwo, "the equation"),
            term(1.0, BlsFinal, "the equation"),
        ]);
        terms
    }
}

/// Several sums of multiples of the same changing points, as in `src/curve/sums.rs`: the powers of a point
/// are doubled up once for all of its multiples, and buckets gather what each sum takes of them.
fn sums_over(points: f64, multiples: f64, sums: f64) -> Vec<Term> {
    // Both halves of a scalar in 26 signed digits of 5 bits, of which one in 32 is 0.
    let digits = 2.0 * 26.0 * 31.0 / 32.0;
    // Sixteen buckets a sum, by the bits of their numbers: 8 buckets for each of four bits and 1.
    let (bits, buckets) = (4.0, 4.0 * 7.0);
    vec![
        term(points * 125.0, BlsDouble, "the powers of the changing points"),
        term(multiples * digits, BlsAddBatched, "the buckets of their multiples"),
        term(sums * buckets, BlsAddBatched, "the sums of the buckets, by bits"),
        term(sums * bits, BlsDouble, "the sums of the bits"),
        term(sums * bits, BlsAddMixed, "the sums of the bits"),
    ]
}

/// What a proof's time depends on.
struct Circuit {
    /// Witness cells that are bits: all of them in a conjunction of comparisons.
    bits: f64,
    /// Points of the domain, and those of them that are rows of the system.
    domain: f64,
    rows: f64,
    /// Digits of 8 bits of all inputs but the blinder.
    input_digits: f64,
}

impl Circuit {
    /// Every comparison has a row for each of its bits and one more.
    fn of(shape: &Shape) -> Self {
        let digits = |intervals: &[sigil_circuits::Interval]| -> f64 {
            let bits = |one: &sigil_circuits::Interval| 128 - one.magnitude().leading_zeros();
            intervals.iter().map(|one| f64::from(bits(one).div_ceil(8))).sum()
        };
        let comparisons = match shape.formula() {
            sigil_circuits::Formula::All(parts) => parts.len(),
            _ => 1,
        };
        Circuit {
            bits: (shape.constraints() - comparisons) as f64,
            domain: shape.domain_size() as f64,
            rows: (shape.constraints() + shape.slots().len() + shape.params().len() + 2) as f64,
            input_digits: digits(shape.slots()) + digits(shape.params()),
        }
    }

    fn prove(&self) -> Vec<Term> {
        // Half of the bits are ones; each has a point in A, in B of both groups and in L.
        let ones = self.bits / 2.0;
        // Four transforms, as in `circuits/src/quotient.rs`: to coefficients and back for each of A and B.
        let butterflies = 4.0 * self.domain / 2.0 * self.domain.log2();
        // Each coefficient is derived, and each row has two products.
        let factors = 4.0 * self.domain;
        let Windows { windows, buckets, lists } = Windows::cheapest(self.rows);
        let input = self.input_digits + DIGITS;
        vec![
            term(butterflies + factors, BnScalarMultiply, "the quotient's values"),
            term(self.rows * windows, BnAddBatched, "the sum over H"),
            term(2.0 * buckets, BnAddBatched, "its buckets, by rows and by columns"),
            term(2.0 * lists, BnAddG1, "the sums of the rows and columns"),
            term(3.0 * ones, BnAddBatched, "bits in A, B and L"),
            term(ones * BATCHED_G2, BnFieldMultiply, "bits in B of G2"),
            term(input + DIGITS, BnAddG1, "inputs and blinder in A, r·δ"),
            term(COLUMNS, BnDouble, "the same"),
            term(input, BnAddG1, "the commitment to them"),
            term(COLUMNS, BnDouble, "the same"),
            term(DIGITS, BnAddG2, "s·δ in G2"),
            term(COLUMNS, BnDoubleG2, "the same"),
            term(DOUBLINGS, BnDouble, "s·A + r·B"),
            term(2.0 * (SPARSE + ODD_MULTIPLES), BnAddG1, "s·A + r·B"),
        ]
    }
}

/// Fixed bases whose windows share one set of buckets, as in `circuits/src/buckets.rs`.
struct Windows {
    /// Windows of a scalar: additions for a base.
    windows: f64,
    buckets: f64,
    /// Rows and columns that the buckets are put in.
    lists: f64,
}

impl Windows {
    /// At the width that costs least.
    fn cheapest(bases: f64) -> Self {
        let at = |width: i32| Windows {
            windows: (255.0 / f64::from(width)).ceil(),
            buckets: 2f64.powi(width - 1),
            lists: 2f64.powi(width / 2) + 2f64.powi(width - 1 - width / 2),
        };
        // A mixed addition takes eleven multiplications.
        let cost = |one: &Windows| {
            (one.windows * bases + 2.0 * one.buckets) * BATCHED_G1 + one.lists * 22.0
        };
        let widths = (5..=15).map(at);
        widths.min_by(|a, b| cost(a).total_cmp(&cost(b))).unwrap_or_else(|| at(8))
    }
}

/// `points` of G1 are decoded beside B.
fn groth16_verify(points: f64) -> Vec<Term> {
    vec![
        term(points, BnDecodeG1, "points of G1"),
        term(1.0, BnDecodeG2, "B"),
        term(1.0, BnEquation, "the equation"),
    ]
}

/// Digits of 8 bits of the three slots: 64 bits and two dates of 22.
const SLOT_DIGITS: f64 = 8.0 + 3.0 + 3.0;

fn present() -> Vec<Term> {
    let mut terms = CREDENTIAL.proof_gen_held();
    terms.extend(Circuit::of(&ours::shape()).prove());
    terms.extend([
        term(SLOT_DIGITS + DIGITS, BlsAddTabled, "C, from the slots and its blinder"),
        term(4.0 * DIGITS, BlsAddTabled, "T, from the blindings"),
        term(4.0 * DIGITS, BlsAddTabled, "K, from the masks"),
        term(4.0 * DIGITS, BnAddG1, "K_D, from the masks"),
        term(COLUMNS, BnDouble, "the same"),
    ]);
    terms
}

fn present_verify() -> Vec<Term> {
    let mut terms = decoding(6.0, "the points of the BBS proof, C, T and K");
    terms.extend(CREDENTIAL.proof_verify());
    terms.extend([
        term(4.0 * DIGITS, BlsAddTabled, "the link's sum, from the responses"),
        term(DOUBLINGS, BlsDouble, "the link's C and T"),
        term(SPARSE + SPARSE_SHORT + 2.0 * ODD_MULTIPLES, BlsAddMixed, "the link's C, T and K"),
        term(4.0 * DIGITS, BnAddG1, "the circuit's relation"),
        term(COLUMNS, BnDouble, "the same"),
        term(DOUBLINGS, BnDouble, "the relation's D, 128 bits"),
        term(SPARSE_SHORT + ODD_MULTIPLES, BnAddG1, "the relation's D"),
    ]);
    // A, C, D and K_D.
    terms.extend(groth16_verify(4.0));
    terms
}
