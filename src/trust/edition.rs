//! Editions: how old a trust list is, and which one comes after it.

use super::TrustList;
use crate::value::Timestamp;
use thiserror::Error;

/// Why a list is not to be used at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StaleTrust {
    /// It is of a later time.
    #[error("the trust list is of a time that is yet to come")]
    NotYet,
    /// It is older than accepted, or its next edition is due.
    #[error("the trust list is too old, or its next edition is due")]
    Stale,
}

/// Why a list is not the next edition of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ChainBreak {
    /// The two have different ids.
    #[error("the edition is of another trust list")]
    OtherList,
    /// Another authority has signed.
    #[error("the edition is of another authority")]
    OtherAuthority,
    /// There are two editions of one number.
    #[error("the list is forked: there are two editions of number {sequence}")]
    Fork {
        /// The number.
        sequence: u64,
    },
    /// The number is not the next one: editions are missing, or an old one was brought back.
    #[error("the edition has number {found}, and {expected} is next")]
    Sequence {
        /// The next number.
        expected: u64,
        /// The number found.
        found: u64,
    },
    /// The edition does not go back to this one.
    #[error("the edition names another edition as the one before it, or none")]
    Previous,
    /// The edition was issued before the one that it goes back to.
    #[error("the edition was issued before the one that it follows")]
    Earlier,
}

impl ChainBreak {
    /// The spelling, which never changes.
    pub fn word(self) -> &'static str {
        match self {
            Self::OtherList => "other-list",
            Self::OtherAuthority => "other-authority",
            Self::Fork { .. } => "fork",
            Self::Sequence { .. } => "sequence",
            Self::Previous => "previous",
            Self::Earlier => "earlier",
        }
    }
}

impl TrustList {
    /// Whether the list may be used at `now`, by a clock that may be off by `skew_seconds`: issued
    /// by then, at most `max_age_hours` before, and its next edition not due yet.
    pub fn freshness(
        &self,
        now: Timestamp,
        max_age_hours: u32,
        skew_seconds: u64,
    ) -> Result<(), StaleTrust> {
        let (now, issued) = (now.unix(), self.issued_at().unix());
        if issued > now.saturating_add(skew_seconds) {
            return Err(StaleTrust::NotYet);
        }
        let oldest = u64::from(max_age_hours) * 3600;
        let too_old = now.saturating_sub(issued) > oldest.saturating_add(skew_seconds);
        let due = now >= self.next_update().unix().saturating_add(skew_seconds);
        if too_old || due { Err(StaleTrust::Stale) } else { Ok(()) }
    }

    /// Whether this is the edition that comes next after another.
    pub fn follows(&self, previous: &TrustList) -> Result<(), ChainBreak> {
        if self.id() != previous.id() {
            return Err(ChainBreak::OtherList);
        }
        if self.authority() != previous.authority() {
            return Err(ChainBreak::OtherAuthority);
        }
        let (found, last) = (self.sequence(), previous.sequence());
        if found == last && self.hash != previous.hash {
            return Err(ChainBreak::Fork { sequence: found });
        }
        let expected = last.saturating_add(1);
        if found != expected {
            return Err(ChainBreak::Sequence { expected, found });
        }
        if self.previous() != Some(previous.hash) {
            return Err(ChainBreak::Previous);
        }
        if self.issued_at() < previous.issued_at() {
            return Err(ChainBreak::Earlier);
        }
        Ok(())
    }
}
