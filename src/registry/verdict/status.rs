//! What sorted lists say of the attestation.
//!
//! Of each list the epoch with the highest number counts that was there at the moment. It has to be
//! of an age that the terms accept, its next one must not be due, and nothing that is known may
//! contradict it: no other head under its number, no other head before it than the one that it
//! names, none of a lower number and a later time. So a fork is refused until the second epoch
//! after it: by then the authority has said twice which history holds.
//!
//! What can't be looked up is refused: an attestation without a handle where a list of handles is
//! asked, a field that it does not show. That it says nothing must not pass for being clean.

use super::reason::{Reason, Revocation, StatusDoubt};
use super::standing::Case;
use crate::policy::{ListCheck, Presence};
use crate::registry::facts::EpochFact;
use crate::schema::Schema;
use crate::status::SignedHead;

impl<'a> Case<'a> {
    /// Judges all lists; the reasons, and the epochs that were relied upon.
    pub(super) fn lists(&self, schema: Option<&Schema>) -> (Vec<Reason>, Vec<&'a SignedHead>) {
        let (mut reasons, mut epochs) = (Vec::new(), Vec::new());
        for check in &self.terms.lists {
            let list = || check.key.list.clone();
            let doubt = |doubt| Reason::StaleStatus { list: list(), doubt };
            let Some(newest) = self.newest(check) else {
                reasons.push(doubt(StatusDoubt::NoEpoch));
                continue;
            };
            epochs.push(&newest.head);
            reasons.extend(self.doubt(check, &newest.head).map(doubt));
            let epoch = newest.head.stamp().epoch;
            let element = self.terms.element(check, self.attestation(), schema);
            let present = element
                .map(|element| element.is_some_and(|element| newest.present.contains(&element)));
            match (present, check.presence) {
                (Err(why), _) => reasons.push(doubt(StatusDoubt::NoElement(why))),
                (Ok(true), Presence::Absent) => {
                    reasons.push(Reason::Revoked(Revocation::Listed { list: list(), epoch }));
                }
                (Ok(false), Presence::Present) => {
                    reasons.push(Reason::Revoked(Revocation::NotOnList { list: list(), epoch }));
                }
                (Ok(false), Presence::Absent) | (Ok(true), Presence::Present) => {}
            }
        }
        (reasons, epochs)
    }

    /// The epochs of a list that were there.
    fn epochs(&self, check: &ListCheck) -> impl Iterator<Item = &'a EpochFact> {
        let there = self.facts.epochs.iter().filter(|fact| {
            let head = &fact.entry.head;
            let made_at = head.stamp().issued_at;
            *head.key() == check.key && self.moment.knows_made(fact.recorded_at, made_at)
        });
        there.map(|fact| &fact.entry)
    }

    /// Of two under one number, which are forked, the one that says more against the attestation
    /// does not matter: neither lets it pass. The choice is by hash, so that it is the same in any
    /// order.
    fn newest(&self, check: &ListCheck) -> Option<&'a EpochFact> {
        let mut newest: Option<&EpochFact> = None;
        for fact in self.epochs(check) {
            let number = |fact: &EpochFact| fact.head.stamp().epoch;
            let later = newest.is_none_or(|newest| match number(fact).cmp(&number(newest)) {
                std::cmp::Ordering::Equal => fact.head.hash() > newest.head.hash(),
                order => order.is_gt(),
            });
            if later {
                newest = Some(fact);
            }
        }
        newest
    }

    fn doubt(&self, check: &ListCheck, newest: &SignedHead) -> Option<StatusDoubt> {
        let mut others = self.epochs(check).map(|fact| &fact.head);
        if others.any(|other| contradicts(other, newest)) {
            return Some(StatusDoubt::Forked);
        }
        let (now, skew) = (self.moment.at.unix(), self.terms.skew);
        let stamp = newest.stamp();
        let (issued, next) = (stamp.issued_at.unix(), stamp.next_update.unix());
        let oldest = u64::from(check.max_age).saturating_mul(3600).saturating_add(skew);
        if issued > now.saturating_add(skew) {
            Some(StatusDoubt::NotYet)
        } else if now.saturating_sub(issued) > oldest {
            Some(StatusDoubt::TooOld)
        } else if now >= next.saturating_add(skew) {
            Some(StatusDoubt::Overdue)
        } else {
            None
        }
    }
}

/// Whether another head and the one with the highest number can't be of one history.
fn contradicts(other: &SignedHead, newest: &SignedHead) -> bool {
    let (own, known) = (newest.stamp(), other.stamp());
    if known.epoch == own.epoch {
        return known != own;
    }
    let before = own.epoch.checked_sub(1) == Some(known.epoch);
    known.issued_at >= own.issued_at || (before && newest.previous() != Some(other.hash()))
}
