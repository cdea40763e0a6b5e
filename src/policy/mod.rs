//! Disclosure policies: what a verifier may, must and must never see, and what is proven instead.
//!
//! ```toml
//! format = "sigil-policy/1"
//! id = "example.org/adult-resident"
//! version = "1.0.0"
//!
//! [[roles]]                       # a credential that takes part
//! name = "kyc"
//! schema = "63a359af…"            # SchemaId
//! issuers = ["did:key:zUC7…"]
//!
//! [[claims]]                      # what is not listed is only used in predicates
//! path = "kyc.country"
//! disclosure = "must"
//! one_of = ["CH", "LI"]
//!
//! [params]
//! born_by = { date = "2008-01-01" }
//!
//! [[predicates]]
//! name = "adult"
//! expr = "kyc.birth_date <= params.born_by"
//! ```
//!
//! A policy goes three steps. [`Policy::parse`] reads the document and its expressions.
//! [`Policy::compile`] holds it against the schemas, types every expression, bounds every number,
//! and gives the [`CompiledPolicy`] that prover and verifier share: roles, what is revealed, the
//! shape of the circuit with the source of each slot and parameter, hidden equalities, and the rules
//! over public values that need no proof. A [`Bundle`] pins the document together with the shape
//! and the verifying key, so that a request names all three by one hash.
//!
//! Every credential's validity window is proven too, hidden, unless its role says otherwise.
//!
//! What can be said of policies by themselves:
//!
//! | function | says |
//! |---|---|
//! | [`Policy::check`], [`Policy::check_with`] | what is wrong, probably not meant, or disclosed without being revealed |
//! | [`Policy::check_consumer`] | which facts that a downstream system needs do not follow |
//! | [`meet`] | the policy that holds where both do, or every conflict |
//! | [`diff`] | what was loosened, tightened or moved, and whether the old keys serve |
//! | [`check_predicate`] | types, shape and cost of one predicate |
//!
//! They rest on one [`Analysis`], which decides rules exactly where they speak of single values, and
//! says so where it can't. What a holder would reveal is said by [`crate::plan`], whether something
//! is acceptable by [`crate::decision`].

mod acceptance;
mod analysis;
mod bundle;
mod check;
mod circuit;
mod compile;
mod consumer;
mod diff;
mod document;
mod equality;
mod example;
mod expression;
mod level;
mod lists;
mod meet;
mod predicate;
mod public;
mod rule;
mod typing;
mod versions;

pub use acceptance::Shortfall;
pub use analysis::{Analysis, IntegerSet, Left, Verdict};
pub use bundle::{Bundle, BundleHash, FORMAT as BUNDLE_FORMAT, KeyFingerprint, SignError};
pub use check::{Finding, Findings, Narrowing, Severity};
pub use compile::{CompiledPolicy, CompiledPredicate, Conjunct, Equality, Role};
pub use consumer::{Consumer, Derivation, Derived, FORMAT as CONSUMER_FORMAT};
pub use diff::{Change, Class, Difference, Direction, diff};
pub use document::{
    AgreementRule, ClaimRule, DEFAULT_CLOCK_SKEW, FORMAT, Level, ListRule, Policy, PolicyHash,
    Presence, TrustRule, Validity, Window, json_schema,
};
pub use equality::{AgreedField, Agreement};
pub use example::{
    Example, ExampleCredential, ExampleList, ExampleValue, Expected, ExpectedReason,
};
pub use expression::Literal;
pub use level::Limits;
pub use lists::ListCheck;
pub use meet::{Conflict, Side, meet};
pub use predicate::check_predicate;
pub use public::{
    ParamSource, PublicCheck, PublicDay, PublicForm, PublicRule, PublicTerm, Revealed, SlotSource,
};
pub use rule::{Facts, HiddenForm, Rule};
pub use versions::Accepted;

#[cfg(test)]
mod tests;
