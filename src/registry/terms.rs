//! Terms: by what an attestation is judged.
//!
//! Nobody is trusted by default. Terms say which schemas are accepted, who may attest, which lists are
//! asked and how old they may be, and what becomes of it where issuers contradict each other. They are
//! taken from a role of a policy ([`Terms::of_role`]), so that the public claim is judged by what the
//! hidden one is judged by, or put together by hand.

use crate::authority::Authority;
use crate::bbs::PublicKey;
use crate::policy::{ListCheck, TrustRule};
use crate::schema::SchemaId;
use std::collections::BTreeSet;

/// Who may attest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trusted {
    /// Anybody at all. For looking, not for relying.
    Anybody,
    /// These keys.
    Attesters(BTreeSet<Authority>),
    /// Keys that an issuer's record binds to one of these BBS keys.
    Issuers(Vec<PublicKey>),
    /// Keys that an issuer's record binds to a BBS key of a trust list, in its time.
    List(TrustRule),
}

/// What becomes of it where issuers contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConflictRule {
    /// Nobody is believed.
    All,
    /// What so many issuers say is believed, of each field by itself.
    Quorum(usize),
    /// The issuer that the trust list puts first is believed.
    Precedence,
    /// The issuer that stands first here is believed.
    Order(Vec<Authority>),
}

/// On what issuers have to agree, and what becomes of it where they don't.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Fields; all of the schema's if there are none.
    pub fields: BTreeSet<String>,
    /// The rule.
    pub rule: ConflictRule,
}

/// By what an attestation is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Schemas that are accepted; every one that the registry has if there are none.
    pub schemas: BTreeSet<SchemaId>,
    /// Who may attest.
    pub trusted: Trusted,
    /// Sorted lists that it is held against.
    pub lists: Vec<ListCheck>,
    /// On what issuers have to agree.
    pub agreement: Agreement,
    /// Whether the payload has to be at hand.
    pub payload: PayloadRule,
    /// By how many seconds clocks may differ.
    pub skew: u64,
}

/// Whether the payload has to be at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadRule {
    /// It is not asked for: the hash stands for it.
    HashSuffices,
    /// It has to be there, and be what was committed to.
    Required,
}
