//! The presentation: one statement over two curves.
//!
//! A holder shows that it has credentials signed by the issuers that a policy trusts, discloses the
//! messages that the policy wants to see, proves a predicate over hidden ones, and that credentials or
//! hidden fields are on sorted lists or are not ([`crate::status`]). BBS signatures live
//! on BLS12-381 (order q), the predicate's Groth16 proof on BN254 (order p). This page is the whole
//! protocol, why it convinces, and why it tells nothing else.
//!
//! | file | what it holds |
//! |---|---|
//! | `statement.rs` | what is to be proven, compiled from policy and request by *both* sides |
//! | `link.rs` | the integers of the circuit are the messages of the credentials, and hidden messages are equal |
//! | `prove.rs`, `verify.rs` | the two sides |
//! | `combination.rs` | the verifier's equations on BLS12-381 as one |
//! | `batch/` | many presentations at once |
//! | `wire.rs` | the format |
//!
//! # Notation
//!
//! Members i = 1..k with message vectors m_i: a credential for each role, then an entry for each sorted
//! list that the policy has something held against, whose two messages lo and hi are both hidden. To the
//! protocol an entry is a credential of another issuer, and below they are all called credentials. Slots
//! s = 1..n: slot s is one hidden message of one credential, an integer x_s. The map from slot to
//! (credential, index, type) comes from the verifier's own compilation of the policy. Parameters a_j are
//! public integers. IC_0, IC_a.., IC_s, IC_v are the input points of the verifying key, in that order; v
//! is an input that no constraint mentions. An equality e says that a hidden message m_e of credential a is one of credential b ≠ a; of its two
//! sides, one lies in a and one in b. Ĝ_s for every slot, Ĝ_e,a and Ĝ_e,b for every equality, and Ĥ are
//! points of BLS12-381 hashed to the curve under a tag of their own, all distinct. Sums "of i" run over
//! the slots and the sides of equalities that lie in credential i. One message may be in a slot and in
//! equalities at once: then it stands under several bases.
//!
//! A role may accept credentials of several versions of its schema; the presentation names one of them.
//! What that settles is public: which message of the version is meant, by how much its signed integer is
//! above that of the role's own schema (the parameters take that in), and the constant that stands for a
//! field which the version does not sign. A slot of such a field is *constant*: x_s is known to all, and no
//! message of any credential. Where a trust list has a role's issuers, the presentation names the issuer's
//! key and a window of hours [f, u) in which the credential begins: f and u are parameters.
//!
//! # Protocol
//!
//! 1. At the same time: the Groth16 proof π = (A, B, C) for the inputs (a, x, v) with v uniform, and
//!    D = Σ x_s·IC_s + v·IC_v; for every credential BBS `ProofInit` with blindings m̃. Then
//!    - for every credential that has a slot or a side: C_i = Σ x_s·Ĝ_s + Σ m_e·Ĝ_e,i + ρ_i·Ĥ over those
//!      of i, and T_i = Σ m̃_s·Ĝ_s + Σ m̃_e·Ĝ_e,i + ρ̃_i·Ĥ with the blindings of the BBS proof;
//!    - one K = Σ k_s·Ĝ_s + Σ k_e·(Ĝ_e,a + Ĝ_e,b) + τ·Ĥ over all slots and equalities, and
//!      K_D = Σ k_s·IC_s + ν·IC_v, with masks k_s uniform in [0, 2^248) and k_e uniform mod q, drawn
//!      independently of m̃.
//! 2. `ph` = hash of the request, the statement, the key, the parameters, the messages of every slot and
//!    equality, π, D, K_D, every C_i, T_i, and K. The exact list is `Statement::presentation_header`.
//! 3. BBS `ProofFinalize(ph)` → challenges c_i, responses m̂ = m̃ + c_i·m; ρ̂_i = ρ̃_i + c_i·ρ_i.
//! 4. c_x = 16 octets hashed from `ph` and all BBS proofs; z_s = k_s + c_x·x_s over the integers. If any z_s
//!    is outside [2^194, 2^248) everything since step 1 is thrown away and drawn anew. z_e = k_e + c_x·m_e
//!    mod q, τ̂ = τ + c_x·Σ ρ_i, ν̂ = ν + c_x·v.
//!
//! A constant slot has a mask and a response like any other, and its x_s·IC_s is in D, but it is in no C_i
//! and no T_i.
//!
//! The verifier decodes strictly (every z_s in its range before anything is reduced), rebuilds the
//! statement from its own policy and request, recomputes `ph`, and checks
//!
//! ```text
//! every BBS proof with ph
//! T_i + c_i·C_i  = Σ m̂_s·Ĝ_s + Σ m̂_e·Ĝ_e,i + ρ̂_i·Ĥ                   for every C_i
//! K + c_x·(Σ C_i + Σ_constant x_s·Ĝ_s)
//!                = Σ z_s·Ĝ_s + Σ z_e·(Ĝ_e,a + Ĝ_e,b) + τ̂·Ĥ
//! K_D + c_x·D    = Σ z_s·IC_s + ν̂·IC_v
//! Groth16 with IC_0 + Σ a_j·IC_j + D in place of the inputs' sum
//! ```
//!
//! The equations on BLS12-381 are checked as one random linear combination whose 128-bit coefficients
//! hash the whole presentation: a set of equations with a false one passes with probability 2⁻¹²⁸.
//!
//! A credential without slots and sides has no C, T, ρ̂; where none has any, there is no K either; and
//! where the policy asks for no predicate, no π, D, K_D, z_s.
//!
//! # Why it convinces
//!
//! Claim: from a prover that convinces, one can extract, for every credential, a signature of the
//! named issuer under the named schema on messages m_i that agree with the disclosed ones, such that
//! the predicate is true of the messages in its slots, as integers, and messages claimed equal are equal.
//! The argument is in the random oracle model, by rewinding.
//!
//! 1. *Signatures.* Fork the oracle at the challenge c_i. BBS proofs are proofs of knowledge, so the two
//!    runs give (A, e) and m_i (draft-irtf-cfrg-bbs-signatures §6; Tessaro and Zhu, EUROCRYPT 2023).
//! 2. *C_i holds those messages, and nothing else.* T_i and C_i went into `ph`, so the same fork leaves them
//!    unchanged, and the same responses m̂ answer both. Subtracting the runs:
//!    C_i = Σ m_s·Ĝ_s + Σ m_e,i·Ĝ_e,i + ρ_i·Ĥ with the messages just extracted, and no component at the
//!    bases of other credentials. So nothing can be moved from one C_i to another without being seen here,
//!    though K speaks of their sum only. A message under several bases has one blinding and one response in
//!    T_i: it is one message.
//! 3. *The sum of all C_i and D hold the same quotients.* Fork at c_x: everything in `ph` and all BBS proofs
//!    stay. With Δc = c − c′, 0 < |Δc| < 2^128, and Δz = z − z′: D opens to Δz_s/Δc mod p (and some v),
//!    where |Δz_s| < 2^248; Σ C_i opens to Δz_s/Δc mod q at Ĝ_s, and to Δz_e/Δc mod q at Ĝ_e,a and at Ĝ_e,b.
//! 4. *The circuit.* D is opened now, to x_s = Δz_s/Δc mod p, so π is an ordinary Groth16 proof for the inputs
//!    (a, x, v). By its knowledge soundness the circuit is satisfied. Its witness *relies upon* some of the
//!    predicate's comparisons: those outside every disjunction, and those of the alternatives that it chose.
//!    They hold of the x_s; every x_s in one of them is an integer with |x_s| < 2^66; and whatever integers
//!    the other slots hold, the predicate is true of them if those comparisons are, since its normal form is
//!    monotone (`sigil_circuits`, `bounds.rs`). Before the opening π says nothing: A = α, B = β, C = 0,
//!    D = −(IC_0 + Σ a_j·IC_j) verifies.
//! 5. *Lifting to the integers.* For every slot that is relied upon Δc·x_s − Δz_s is divisible by p and smaller
//!    than 2^194 + 2^248 < p in absolute value: it is 0. So Δz_s = Δc·x_s in ℤ, hence also mod q, where Δc is
//!    invertible: Σ C_i opens to x_s.
//! 6. *Binding.* Adding up step 2 over the credentials opens Σ C_i a second time, at the same bases, since
//!    those of different credentials are distinct. Openings that differ would give a discrete logarithm
//!    between points hashed to the curve. So the signed message of a slot that is relied upon is m_s = x_s,
//!    the same integer in both worlds; and m_e,a = Δz_e/Δc = m_e,b.
//! 7. *The predicate.* So the comparisons relied upon hold of the signed messages, and with them the predicate.
//!    A slot that none of them mentions needs no bound: there Δz_s/Δc may be one thing mod p and another mod q,
//!    neither of them short, so that x_s is not m_s; but nothing was concluded from x_s, and whatever m_s is,
//!    the predicate is true of it. Equalities need no bound: they are of messages mod q.
//!
//! All z share the challenge c_x of 128 bits: a prover who guesses it convinces with probability 2⁻¹²⁸ an
//! attempt, for an equality as for a slot.
//!
//! The lower bound on z plays no part above; it is for the next section. A negative x_s that is relied upon,
//! which no honest issuer signs, would still be one integer on both sides.
//!
//! # Entries, constants, windows
//!
//! Everything above is said of credentials and holds of every *member*: a credential for each role, then
//! one BBS-signed entry (lo, hi) for each list of the policy, under a header that hashes the epoch's head.
//! Steps 1 to 3 ask of a member only that its key and header are the verifier's own or in `ph`.
//!
//! - *Absence* is lo ≤ h < hi in the circuit, outside every disjunction: h, lo and hi are relied upon, so
//!   they are bounded, and one integer each in both worlds, whatever the authority signed. *Presence* is
//!   h = hi mod q. That a h which the issuer signed is an element, and not the end 2^w of the last gap,
//!   rests on h < 2^w: the list's elements are of the type of the role's field, and no version is
//!   accepted whose values that type does not cover (`policy/versions.rs`).
//! - *Constants.* Let slot s hold the constant x_s, as the version named does not sign the field. Ĝ_s is in
//!   no T_i, so by step 2 in no C_i, and K's equation has x_s·Ĝ_s beside Σ C_i: step 3 opens it to
//!   Δz_s/Δc = x_s mod q. If the slot is relied upon, step 5 gives one integer below 2^66 in absolute value,
//!   as x_s is: they are equal. Nothing changes where all slots are constants and no member has a C_i.
//! - *Versions.* The version named is the signed header, hence that of the messages extracted. Slots have
//!   the hull of the versions' intervals, and a parameter the hull of its shifts; both are in the shape,
//!   so no comparison wraps in any version. What is compared is Σ a·signed with p + Σ a·shift, which is the
//!   comparison of the integers that the rules speak of.
//! - *Windows.* f and min(now + skew, u − 1) are parameters like any other. Where `valid_from` is revealed there is
//!   no comparison, and the statement itself holds the hour to be in [f, u).
//!
//! Which epochs, keys and windows count is decided from what was verified, never assumed here.
//!
//! # Why it tells nothing else
//!
//! A simulator that programs the oracle and knows the trapdoor of the Groth16 setup produces the same
//! distribution from the statement alone:
//!
//! 1. D is uniform, since IC_v is not the identity and v is uniform; given D, π is simulated perfectly (C is
//!    determined by A, B and the sum of inputs, of which the simulator needs the point only).
//! 2. Every C_i is uniform, by its own ρ_i, whatever stands under its other bases.
//! 3. The BBS proofs and T_i: choose challenges and responses uniformly, solve for the first messages.
//!    Responses are uniform because each m̃, ρ̃ is, and each answers one challenge only: the states of the
//!    provers are consumed by their answers. The same m̃ in several terms of T_i has one response.
//! 4. z_s: for 0 ≤ x_s < 2^66 every z in [2^194, 2^248) comes from exactly one mask k = z − c_x·x_s in [0, 2^248).
//!    So z is exactly uniform in the range, whatever x_s; outside it lies a share of 2^−54, whatever
//!    x_s. Runs that are thrown away leave nothing behind. z_e, τ̂ and ν̂ are uniform, since k_e, τ and ν
//!    are. K and K_D are solved for. The same message is answered under c_i, under c_x over the integers
//!    and under c_x for each equality with blindings that are independent; one blinding for two
//!    challenges would give it away.
//!
//! What is told by form: which policy, which of the trusted issuers, which version of the schema, which
//! epoch of each list, which optional fields are shown. Lengths depend on the policy, the version and the
//! disclosed values alone. An authority that made an epoch for one holder would recognise it: holders take
//! entries from where everybody does. One that signed lo or hi beyond 2^66 would see it in how z is
//! distributed: [`Entry`](crate::status::Entry) has both in the list's range, or is none.
//!
//! # What it rests on
//!
//! | condition | held in | tested by |
//! |---|---|---|
//! | IC_s, IC_v are not the identity and distinct; v is in no constraint | `circuits/src/key_checks.rs`, `synthesis.rs` | `reject_identity_in_each_place`, `reject_equal_and_opposite_ic`, `blinder_is_in_no_constraint` |
//! | every slot that is relied upon is bounded to \|x\| < 2^66, by what is relied upon with it | `circuits/src/bounds.rs` | `forge_*` in `circuits/src/bounds/tests.rs` and `circuits/src/bounds/tests/alternatives.rs`, `forge_long_slots_that_are_related`, `forge_half_integer` |
//! | what is not relied upon is not needed: the normal form is monotone, a guard other than 0 relies upon its part | `circuits/src/normal.rs`, `synthesis.rs` | `forge_any_witness_by_trying_all`, `forge_nested_guards_of_any_value`, `forge_sums_of_selectors`, `slot_of_an_alternative_not_relied_upon_is_free` |
//! | no comparison wraps in F_p | `circuits/src/normal.rs`, `shape.rs` | `twin_circuit_accepts_exactly_what_holds_at_four_bits`, `reject_what_could_wrap` |
//! | parameters are in their intervals, exactly as many as the shape has | `circuits/src/groth16.rs`, `shape.rs` | `reject_parameter_outside_its_interval_or_changed`, `reject_wrong_number_of_inputs` |
//! | parameters are worked out from what is revealed, and what is withheld decides nothing | `policy/public.rs` | `forge_truth_of_a_withheld_claim`, `reject_negations_of_what_is_not_revealed` |
//! | π is checked, for these parameters and this D | `verify.rs` | `forge_predicate_that_does_not_hold` |
//! | D and C hold the same integers | `link.rs`, `verify.rs` | `forge_value_that_is_not_signed`, `forge_every_part_of_the_link` |
//! | entries are of the policy's lists, all of them, each once | `statement.rs`, `Statement::new` | `forge_gap_of_another_list_with_the_same_numbers`, `forge_entries_dropped_swapped_or_doubled`, `reject_presentations_under_another_list_or_authority` |
//! | a gap that does not hold the handle shows nothing | `policy/lists.rs` | `reject_gaps_without_the_handle`, `gaps_hold_their_handles_and_no_other` |
//! | a version settles places, shifts and constants, and the holder nothing | `statement.rs`, `policy/versions.rs` | `forge_other_constants_and_other_versions`, `predicates_have_one_truth_under_both_versions` |
//! | the window of the issuer's key is the one proven | `statement.rs`, `policy/circuit.rs` | `forge_windows_of_the_issuers_key` |
//! | an entry's ends are in the list's range | `status/entry.rs`, `UnverifiedEntry::check` | `reject_ends_beyond_the_range` |
//! | every C_i is opened by itself, at its own bases, and all of them together | `link.rs`, `Combination` | `forge_other_message_in_the_credential`, `forge_commitments_that_shift_a_message`, `forge_commitment_left_out_of_the_sum` |
//! | one response and one mask serve both sides of an equality | `link.rs`, `Combination` | `forge_equality_of_unequal_messages`, `forge_equality_with_a_mask_for_each_side`, `forge_every_part_of_a_chain`, `forge_last_link_of_a_chain` |
//! | each side of an equality has its own base | `link.rs`, `verify.rs` | `forge_swapped_equality_bases`, `forge_every_part_of_an_equality` |
//! | all Ĝ_s, Ĝ_e,a, Ĝ_e,b and Ĥ are independent of one another and of the BBS generators | `link.rs`, `Bases` | `link_bases_are_distinct_from_all_generators` |
//! | an entry is linked, and signed under the head that is stated | `verify.rs`, `status/entry.rs` | `reject_entries_without_their_links`, `forge_gap_that_was_not_signed`, `forge_gap_of_another_list_with_the_same_numbers` |
//! | the end of the last gap is no element | `policy/versions.rs` | `forge_presence_by_the_end_of_the_last_gap` |
//! | a constant is the policy's own | `Combination`, `statement.rs` | `forge_constant_that_the_policy_does_not_have`, `forge_predicate_of_constants_alone` |
//! | a window holds the hour in which the credential begins | `policy/circuit.rs`, `statement.rs` | `forge_windows_of_the_issuers_key`, `forge_window_beside_a_revealed_hour` |
//! | 2^194 ≤ z < 2^248 before any reduction | `link.rs`, `Response::from_bytes` | `reject_responses_out_of_range`, `forge_crt_pair` |
//! | masks independent of m̃ and of one another, every blinder drawn by itself | `link.rs`, `LinkInit::new` | `masks_do_not_follow_the_blindings`, `every_blinder_and_mask_is_drawn_by_itself`, `a_mask_used_twice_gives_the_value_away` |
//! | the slot map is the verifier's own | `statement.rs` | `forge_swapped_slots` |
//! | every part that the policy asks for is there | `verify.rs`, `check_parts` | `reject_parts_by_their_number_alone`, `reject_link_on_a_credential_that_needs_none`, `forge_presentation_without_its_predicate`, `forge_presentation_without_its_equality` |
//! | what must be shown is, and nothing else: asked of what is true, after verification | `policy/acceptance.rs` | `forge_withheld_claim`, `forge_surplus_claim`, `forge_value_that_the_policy_does_not_list` |
//! | `ph` holds every first message and all of the statement | `statement.rs` | `reject_every_changed_item_of_the_header`, `reject_every_changed_item_of_the_statement`, `reject_equality_of_other_messages` |
//! | c_x hashes every BBS proof | `link.rs`, `LinkChallenge` | `reject_changed_input_of_the_link_challenge` |
//! | coefficients hash the whole presentation | `Stated::absorb`, `coefficients.rs` | `forge_errors_weighed_by_known_coefficients`, `forge_cancelling_errors` |
//! | Ā holds a signature | `bbs/proof.rs` | `forge_proof_of_messages_that_were_not_signed` |
//! | γ, δ and the rest of the key are sound | `circuits/src/key_checks.rs` | `reject_gamma_equal_to_delta`, `reject_generator_as_gamma_or_delta` |
//! | the verifying key is the one that the policy names | `statement.rs` | `reject_swapped_verifying_key` |
//! | one encoding of a presentation, no bit of it free | `encoding.rs`, `wire.rs` | `all_single_bit_flips_are_refused`, `all_single_bit_flips_of_an_equality_are_refused`, `reject_every_second_encoding_of_an_artefact` |
//!
//! Assumptions: discrete logarithm in both groups, q-SDH for BBS, Groth16's knowledge soundness with an
//! honest setup, SHA-256 as a random oracle. In bits: BN254 about 100, BLS12-381 about 117.

mod batch;
mod combination;
mod link;
mod prove;
mod statement;
mod verify;
mod wire;

pub use batch::{
    Answer, BATCH, BatchSeed, Job, ProveJob, Watch, prove_batch, verify_batch, verify_stream,
};
pub use prove::{Holding, ProveError, prove};
pub use statement::{StatementError, Terms, TermsError};
pub use verify::{
    DisclosedValue, Expectation, PresentationDigest, VerifiedCredential, VerifiedList,
    VerifiedPresentation, VerifyError, verify,
};
pub use wire::{MAX_CREDENTIALS, MAX_EQUALITIES, MAX_LISTS, MAX_SLOTS, Presentation};

#[cfg(test)]
pub(crate) mod tests;
