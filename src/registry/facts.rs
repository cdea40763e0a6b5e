//! Everything that a verdict rests on: gathered once, judged by one function.
//!
//! Facts are what a registry has about an attestation: the attestation, and of all that could bear
//! on it every entry with the time at which it was recorded. They hold nothing that was judged, and
//! more than a verdict at one time needs: the same facts give the verdict at every time.

use super::attestation::{Relation, SignedAttestation};
use super::event::SignedEvent;
use super::grant::SignedGrant;
use super::payload::PayloadState;
use crate::bbs::PublicKey;
use crate::schema::Schema;
use crate::status::SignedHead;
use crate::trust::TrustList;
use crate::value::Timestamp;
use std::sync::Arc;

/// Something, and when the registry recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded<T> {
    /// Its number among the registry's entries.
    pub index: u64,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// What.
    pub entry: T,
}

/// An event about a statement.
#[derive(Clone, Debug)]
pub struct EventFact {
    /// The event.
    pub event: SignedEvent,
    /// The grants that it names, if it was signed for its issuer by another: in their order.
    pub chain: Vec<GrantFact>,
    /// BBS keys that its issuer is bound to: see [`Facts::keys`].
    pub keys: Vec<Recorded<PublicKey>>,
}

/// A grant, and what happened to it.
#[derive(Clone, Debug)]
pub struct GrantFact {
    /// The grant.
    pub grant: Recorded<SignedGrant>,
    /// Events about it.
    pub events: Vec<Recorded<EventFact>>,
}

/// An attestation that is linked to the one in question.
#[derive(Clone, Debug)]
pub struct LinkFact {
    /// How it stands to the one in question.
    pub relation: Relation,
    /// The attestation.
    pub attestation: SignedAttestation,
    /// The grants that it names, if it was signed for its issuer by another: in their order.
    pub chain: Vec<GrantFact>,
    /// BBS keys that its issuer is bound to.
    pub keys: Vec<Recorded<PublicKey>>,
    /// Events about it.
    pub events: Vec<Recorded<EventFact>>,
}

/// An epoch of a sorted list, and what it says of the attestation.
#[derive(Clone, Debug)]
pub struct EpochFact {
    /// The epoch.
    pub head: SignedHead,
    /// Elements of the list that were looked for, those that [`Terms::element`] names: those of
    /// them that it has.
    ///
    /// [`Terms::element`]: super::terms::Terms::element
    pub present: Vec<u64>,
}

/// What a registry has about an attestation.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The registry's name, to which delegated statements are addressed.
    pub origin: Arc<str>,
    /// The attestation.
    pub attestation: Recorded<SignedAttestation>,
    /// Its schema.
    pub schema: Option<Recorded<Arc<Schema>>>,
    /// The grants that it names, if it was signed for its issuer by another: in their order.
    pub chain: Vec<GrantFact>,
    /// BBS keys that its issuer is bound to, by issuers' records: policies and trust lists name
    /// those.
    pub keys: Vec<Recorded<PublicKey>>,
    /// Events about it.
    pub events: Vec<Recorded<EventFact>>,
    /// What is linked to it.
    pub links: Vec<Recorded<LinkFact>>,
    /// What was found of its payload; none if nobody looked.
    pub payload: Option<PayloadState>,
    /// Editions of the trust list that the terms name.
    pub trust: Vec<Recorded<TrustList>>,
    /// Epochs of the sorted lists that the terms name.
    pub epochs: Vec<Recorded<EpochFact>>,
    /// What else is claimed about the same subject under a schema that the terms accept, by the
    /// same issuer or by others: facts of their own, without rivals and with the same trust lists
    /// left out.
    pub rivals: Vec<Facts>,
}
