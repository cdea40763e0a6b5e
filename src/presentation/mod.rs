//! The presentation: one statement over two curves.
//!
//! A holder shows that it has credentials signed by the issuers that a policy trusts, discloses the
//! messages that the policy wants to see, and proves a predicate over hidden ones. BBS signatures live
//! on BLS12-381 (order q), the predicate's Groth16 proof on BN254 (order p). This page is the whole
//! protocol, why it convinces, and why it tells nothing else.
//!
//! | file | what it holds |
//! |---|---|
//! | `statement.rs` | what is to be proven, compiled from policy and request by *both* sides |
//! | `link.rs` | the integers of the circuit are the messages of the credentials |
//! | `equality.rs` | hidden messages of two credentials are equal |
//! | `prove.rs`, `verify.rs` | the two sides |
//! | `wire.rs` | the format |
//!
//! # Notation
//!
//! Credentials i = 1..k with message vectors m_i. Slots s = 1..n: slot s is one hidden message of one
//! credential, an integer x_s. The map from slot to (credential, index, type) comes from the verifier's
//! own compilation of the policy. Parameters a_j are public integers. IC_0, IC_a.., IC_s, IC_v are the
//! input points of the verifying key, in that order; v is an input that no constraint mentions.
//! Ĝ_1.., Ĝ_E.., Ĥ are points of BLS12-381 hashed to the curve under a tag of their own.
//!
//! # Protocol
//!
//! 1. At the same time: the Groth16 proof π = (A, B, C) for the inputs (a, x, v) with v uniform, and
//!    D = Σ x_s·IC_s + v·IC_v; for every credential BBS `ProofInit` with blindings m̃. Then
//!    - C_i = Σ x_s·Ĝ_s + ρ_i·Ĥ and T_i = Σ m̃_s·Ĝ_s + ρ̃_i·Ĥ over the slots of i, with the blindings m̃_s
//!      of the BBS proof;
//!    - K_i = Σ k_s·Ĝ_s + τ_i·Ĥ and K_D = Σ k_s·IC_s + ν·IC_v with masks k_s uniform in [0, 2^248),
//!      drawn independently of m̃;
//!    - for an equality between a message of a and one of b: E = m·Ĝ_E + ρ·Ĥ and its T_a, T_b.
//! 2. `ph` = hash of the request, the statement, the key, the parameters, π, D, every C_i, T_i, K_i, K_D,
//!    E, T_a, T_b. The exact list is `Statement::presentation_header`.
//! 3. BBS `ProofFinalize(ph)` → challenges c_i, responses m̂_s = m̃_s + c_i·x_s; ρ̂_i = ρ̃_i + c_i·ρ_i; for an
//!    equality ρ̂_a = ρ̃_a + c_a·ρ, ρ̂_b = ρ̃_b + c_b·ρ.
//! 4. c_x = 16 octets hashed from `ph` and all BBS proofs; z_s = k_s + c_x·x_s over the integers. If any z_s
//!    is outside [2^194, 2^248) everything since step 1 is thrown away and drawn anew. τ̂_i = τ_i + c_x·ρ_i,
//!    ν̂ = ν + c_x·v.
//!
//! The verifier decodes strictly (every z_s in its range before anything is reduced), rebuilds the
//! statement from its own policy and request, recomputes `ph`, and checks
//!
//! ```text
//! every BBS proof with ph
//! T_i + c_i·C_i = Σ m̂_s·Ĝ_s + ρ̂_i·Ĥ          K_i + c_x·C_i = Σ z_s·Ĝ_s + τ̂_i·Ĥ
//! T_a + c_a·E = m̂_a·Ĝ_E + ρ̂_a·Ĥ              T_b + c_b·E = m̂_b·Ĝ_E + ρ̂_b·Ĥ
//! K_D + c_x·D = Σ z_s·IC_s + ν̂·IC_v
//! Groth16 with IC_0 + Σ a_j·IC_j + D in place of the inputs' sum
//! ```
//!
//! The equations on BLS12-381 are checked as one random linear combination whose 128-bit coefficients
//! hash the whole presentation: a set of equations with a false one passes with probability 2⁻¹²⁸.
//!
//! A presentation whose policy asks for no predicate has no π, D, C, T, K, z.
//!
//! # Why it convinces
//!
//! Claim: from a prover that convinces, one can extract, for every credential, a signature of the
//! named issuer under the named schema on messages m_i that agree with the disclosed ones, such that
//! the messages in slots are integers that satisfy the predicate, and messages claimed equal are equal.
//! The argument is in the random oracle model, by rewinding.
//!
//! 1. *Signatures.* Fork the oracle at the challenge c_i. BBS proofs are proofs of knowledge, so the two
//!    runs give (A, e) and m_i (draft-irtf-cfrg-bbs-signatures §6; Tessaro and Zhu, EUROCRYPT 2023).
//! 2. *C_i holds those messages.* T_i and C_i went into `ph`, so the same fork leaves them unchanged, and
//!    the same responses m̂_s answer both. Subtracting the runs: C_i = Σ m_s·Ĝ_s + ρ·Ĥ with the messages m_s
//!    just extracted. Likewise for E and each of its two sides.
//! 3. *D and C_i hold the same quotients.* Fork at c_x: everything in `ph` and all BBS proofs stay. With
//!    Δc = c − c′, 0 < |Δc| < 2^128, and Δz = z − z′, |Δz| < 2^248: D opens to Δz_s/Δc mod p (and some v), and
//!    C_i opens to Δz_s/Δc mod q.
//! 4. *The circuit.* D is opened now, to x_s = Δz_s/Δc mod p, so π is an ordinary Groth16 proof for the inputs
//!    (a, x, v). By its knowledge soundness the circuit is satisfied, which says that the predicate holds
//!    and that every x_s is an integer with |x_s| < 2^66. Before the opening π says nothing: A = α, B = β,
//!    C = 0, D = −(IC_0 + Σ a_j·IC_j) verifies.
//! 5. *Lifting to the integers.* Δc·x_s − Δz_s is divisible by p and smaller than 2^194 + 2^248 < p in absolute
//!    value: it is 0. So Δz_s = Δc·x_s in ℤ, hence also mod q, where Δc is invertible: C_i opens to x_s.
//! 6. *Binding.* Steps 2 and 5 open C_i twice. Different openings would give a discrete logarithm
//!    between points hashed to the curve. So the signed message is m_s = x_s, the same integer in both
//!    worlds. For an E opened from both sides, m_a = m_b.
//!
//! The lower bound on z plays no part above; it is for the next section. A negative x_s, which no honest
//! issuer signs, would still be one integer on both sides.
//!
//! # Why it tells nothing else
//!
//! A simulator that programs the oracle and knows the trapdoor of the Groth16 setup produces the same
//! distribution from the statement alone:
//!
//! 1. D is uniform, since IC_v is not the identity and v is uniform; given D, π is simulated perfectly (C is
//!    determined by A, B and the sum of inputs, of which the simulator needs the point only).
//! 2. C_i and E are uniform, by ρ.
//! 3. The BBS proofs, T_i, T_a, T_b: choose challenges and responses uniformly, solve for the first
//!    messages. Responses are uniform because each m̃, ρ̃ is, and each answers one challenge only: the states
//!    of the provers are consumed by their answers.
//! 4. z_s: for 0 ≤ x_s < 2^66 every z in [2^194, 2^248) comes from exactly one mask k = z − c_x·x_s in [0, 2^248).
//!    So z is exactly uniform in the range, whatever x_s; outside it lies a share of 2^−54, whatever
//!    x_s. Runs that are thrown away leave nothing behind. K_i and K_D are solved for. The same x_s is
//!    answered under c_i and under c_x with independent blindings; one blinding for both would give it away.
//!
//! What is told by form: which policy, which of the trusted issuers, which optional fields are shown.
//! Lengths depend on the policy and the disclosed values alone.
//!
//! # What it rests on
//!
//! | condition | held in | tested by |
//! |---|---|---|
//! | IC_s, IC_v are not the identity and distinct; v is in no constraint | `circuits/src/key_checks.rs`, `synthesis.rs` | `reject_identity_in_each_place`, `reject_equal_and_opposite_ic`, `blinder_is_in_no_constraint` |
//! | the circuit bounds every slot to \|x\| < 2^66 | `circuits/src/bounds.rs` | `forge_*` in `circuits/src/bounds/tests.rs`, `forge_half_integer` |
//! | no comparison wraps in F_p | `circuits/src/normal.rs`, `shape.rs` | `twin_circuit_accepts_exactly_what_holds_at_four_bits`, `reject_what_could_wrap` |
//! | parameters are in their intervals, exactly as many as the shape has | `circuits/src/groth16.rs`, `shape.rs` | `reject_parameter_outside_its_interval_or_changed`, `reject_wrong_number_of_inputs` |
//! | π is checked, for these parameters and this D | `verify.rs` | `forge_predicate_that_does_not_hold` |
//! | D and C hold the same integers | `link.rs`, `verify.rs` | `forge_value_that_is_not_signed`, `forge_every_part_of_the_link` |
//! | Ĝ, Ĥ, Ĝ_E are independent of one another and of the BBS generators | `link.rs`, `Bases` | `link_bases_are_distinct_from_all_generators` |
//! | 2^194 ≤ z < 2^248 before any reduction | `link.rs`, `Response::from_bytes` | `reject_responses_out_of_range`, `forge_crt_pair` |
//! | masks independent of m̃ and of one another, every blinder drawn by itself | `link.rs`, `equality.rs` | `masks_do_not_follow_the_blindings`, `every_blinder_and_mask_is_drawn_by_itself`, `a_mask_used_twice_gives_the_value_away` |
//! | the slot map is the verifier's own | `statement.rs` | `forge_swapped_slots` |
//! | every part that the policy asks for is there | `verify.rs`, `check_parts` | `reject_parts_by_their_number_alone`, `forge_presentation_without_its_predicate`, `forge_presentation_without_its_equality` |
//! | what must be shown is, and nothing else | `statement.rs` | `forge_withheld_claim`, `forge_surplus_claim` |
//! | both sides of an equality are checked | `equality.rs` | `forge_equality_of_unequal_messages` |
//! | `ph` holds every first message and all of the statement | `statement.rs` | `reject_every_changed_item_of_the_header`, `reject_every_changed_item_of_the_statement` |
//! | c_x hashes every BBS proof | `link.rs`, `LinkChallenge` | `reject_changed_input_of_the_link_challenge` |
//! | coefficients hash the whole presentation | `verify.rs` | `forge_errors_weighed_by_known_coefficients`, `forge_cancelling_errors` |
//! | Ā holds a signature | `bbs/proof.rs` | `forge_proof_of_messages_that_were_not_signed` |
//! | γ, δ and the rest of the key are sound | `circuits/src/key_checks.rs` | `reject_gamma_equal_to_delta`, `reject_generator_as_gamma_or_delta` |
//! | the verifying key is the one that the policy names | `statement.rs` | `reject_swapped_verifying_key` |
//! | one encoding of a presentation, no bit of it free | `encoding.rs`, `wire.rs` | `all_single_bit_flips_are_refused`, `reject_every_second_encoding_of_an_artefact` |
//!
//! Assumptions: discrete logarithm in both groups, q-SDH for BBS, Groth16's knowledge soundness with an
//! honest setup, SHA-256 as a random oracle. In bits: BN254 about 100, BLS12-381 about 117.

mod equality;
mod link;
mod prove;
mod statement;
mod verify;
mod wire;

pub use prove::{Holding, ProveError, prove};
pub use statement::{StatementError, Terms, TermsError};
pub use verify::{DisclosedValue, Expectation, VerifiedPresentation, VerifyError, verify};
pub use wire::{MAX_CREDENTIALS, MAX_EQUALITIES, MAX_SLOTS, Presentation};

#[cfg(test)]
mod tests;
