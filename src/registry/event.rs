//! Events: what an issuer does to a statement of its own after it was made.
//!
//! A revocation is for good, with a reason. A suspension lasts until it is resumed, or until the time
//! that it names. Each has a time from which it counts, which may be earlier than when it was said, as
//! when a key was found to be lost last week: what the registry would have said last week does not
//! change by that, what is now known of last week does.

use super::attestation::AttestationId;
use super::grant::GrantId;
use super::payload::optional;
use super::statement::{
    Delegated, Signed, Statement, authority, octets32, read_delegated, statement_id, timestamp,
    write_delegated,
};
use crate::authority::Authority;
use crate::encoding::{Reader, WireError, Writer};
use crate::transcript::tag;
use crate::value::Timestamp;

/// Most octets of what is said of a reason. It is public: nothing about a person belongs there.
pub const MAX_NOTE: usize = 256;

statement_id! {
    /// The identifier of an event.
    EventId
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// An attestation.
    Attestation(AttestationId),
    /// A grant, which can be revoked but not suspended.
    Grant(GrantId),
}

impl Target {
    /// The octets of its identifier.
    pub fn to_bytes(self) -> [u8; 32] {
        match self {
            Self::Attestation(id) => id.to_bytes(),
            Self::Grant(id) => id.to_bytes(),
        }
    }
}

/// Why something was revoked or suspended: the reasons of RFC 5280, §5.3.1, that issuers of claims have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Not said.
    Unspecified,
    /// The issuer's key, or the subject's, is no longer theirs alone.
    KeyCompromise,
    /// What is claimed has changed.
    Changed,
    /// It was never true.
    IssuedInError,
    /// The subject does not want it any more.
    SubjectRequest,
    /// The right to it was withdrawn.
    PrivilegeWithdrawn,
    /// The issuer ceases to operate.
    CessationOfOperation,
    /// Something is being looked into.
    UnderInvestigation,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::Changed,
        Self::IssuedInError,
        Self::SubjectRequest,
        Self::PrivilegeWithdrawn,
        Self::CessationOfOperation,
        Self::UnderInvestigation,
    ];

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "key-compromise",
            Self::Changed => "changed",
            Self::IssuedInError => "issued-in-error",
            Self::SubjectRequest => "subject-request",
            Self::PrivilegeWithdrawn => "privilege-withdrawn",
            Self::CessationOfOperation => "cessation-of-operation",
            Self::UnderInvestigation => "under-investigation",
        }
    }
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It does not hold any more.
    Revoke(Cause),
    /// It does not hold for now.
    Suspend {
        /// Why.
        cause: Cause,
        /// The first second in which it holds again, if that is known.
        until: Option<Timestamp>,
    },
    /// It holds again.
    Resume,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// About what.
    pub target: Target,
    /// For whom: an issuer whose statement it is.
    pub issuer: Authority,
    /// When it was made, by the issuer's clock.
    pub issued_at: Timestamp,
    /// From when it counts; not after `issued_at` unless it is announced.
    pub effective: Timestamp,
    /// What happens.
    pub act: Act,
    /// What is said of the reason; public.
    pub note: Option<String>,
    /// By whom it is signed, if not by the issuer.
    pub delegated: Option<Delegated>,
}

/// A signed event.
pub type SignedEvent = Signed<Event>;

impl Event {
    /// Whether the parts go together. [`Statement::read`] takes no other.
    pub fn is_sound(&self) -> bool {
        let revokes = matches!(self.act, Act::Revoke(_));
        let suspension = match self.act {
            Act::Suspend { until: Some(until), .. } => self.effective < until,
            _ => true,
        };
        suspension && (revokes || matches!(self.target, Target::Attestation(_)))
    }
}

impl Statement for Event {
    const FORMAT: &'static str = "sigil-event";
    const MAX_LEN: usize = 1 << 12;
    const TAG: &'static [u8] = tag::EVENT;
    type Id = EventId;

    fn issuer(&self) -> &Authority {
        &self.issuer
    }

    fn delegated(&self) -> Option<&Delegated> {
        self.delegated.as_ref()
    }

    fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    fn write(&self, writer: &mut Writer) {
        writer.array(8);
        writer.unsigned(matches!(self.target, Target::Grant(_)).into());
        writer.octets(&self.target.to_bytes());
        writer.octets(&self.issuer.to_bytes());
        writer.unsigned(self.issued_at.unix());
        writer.unsigned(self.effective.unix());
        match self.act {
            Act::Revoke(cause) => {
                writer.array(2);
                writer.unsigned(0);
                writer.text(cause.word());
            }
            Act::Suspend { cause, until } => {
                writer.array(3);
                writer.unsigned(1);
                writer.text(cause.word());
                match until {
                    Some(until) => writer.unsigned(until.unix()),
                    None => writer.null(),
                }
            }
            Act::Resume => {
                writer.array(1);
                writer.unsigned(2);
            }
        }
        match &self.note {
            Some(note) => writer.text(note),
            None => writer.null(),
        }
        write_delegated(self.delegated(), writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let error = reader.wrong("an event whose parts go together");
        reader.exact_array(8)?;
        let target = match (super::attestation::read_flag(reader)?, octets32(reader)?) {
            (false, id) => Target::Attestation(AttestationId::from_bytes(id)),
            (true, id) => Target::Grant(GrantId::from_bytes(id)),
        };
        let event = Self {
            target,
            issuer: authority(reader)?,
            issued_at: timestamp(reader)?,
            effective: timestamp(reader)?,
            act: read_act(reader)?,
            note: optional(reader, |reader| reader.text(MAX_NOTE).map(str::to_owned))?,
            delegated: read_delegated(reader)?,
        };
        event.is_sound().then_some(event).ok_or(error)
    }
}

fn read_act(reader: &mut Reader<'_>) -> Result<Act, WireError> {
    let error = reader.wrong("a revocation, a suspension or a resumption");
    let cause = |reader: &mut Reader<'_>| {
        let error = reader.wrong("a known reason");
        let word = reader.text(32)?;
        Cause::ALL.into_iter().find(|cause| cause.word() == word).ok_or(error)
    };
    match (reader.array(3)?, reader.unsigned()?) {
        (2, 0) => Ok(Act::Revoke(cause(reader)?)),
        (3, 1) => Ok(Act::Suspend { cause: cause(reader)?, until: optional(reader, timestamp)? }),
        (1, 2) => Ok(Act::Resume),
        _ => Err(error),
    }
}
