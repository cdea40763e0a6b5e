//! The judgement of the lists that credentials are held against.
//!
//! That a credential is absent from an epoch of a list, or present in it, was proven; which epochs count
//! is decided here. The greatest age that the policy allows and the list's own promise of a next epoch both
//! bind: whoever rests on an old epoch may have been revoked since.

use super::evidence::{Basis, ListEvidence};
use super::reason::Code;
use super::status::Standing;
use super::trace::{Outcome, Trace, outcome};
use crate::policy::{ListCheck, Presence};
use crate::schema::STATUS_HANDLE;

impl Trace<'_> {
    /// Judges the lists of a role.
    pub(super) fn lists(&mut self, role: usize, name: &str) {
        let compiled = self.compiled();
        let checks = compiled.lists().iter().enumerate();
        for (index, check) in checks.filter(|(_, check)| check.subject.role == role) {
            let (list, age) = (&check.key.list, check.max_age);
            let what = match check.subject.message {
                STATUS_HANDLE => name.to_owned(),
                _ => compiled.claim(check.subject),
            };
            let word = check.presence.word();
            let said = (what.as_str(), format!("{word} on {list}, at most {age} h old"));
            match self.evidence().list(index) {
                None => {
                    let judged = match self.evidence().role(role) {
                        // That no credential is shown is a reason of its own.
                        None => Outcome::NotReached,
                        Some(_) => Outcome::Fails,
                    };
                    let why = "nothing is shown of this list";
                    self.put(Code::StatusUnknown, &check.path, said, judged, why);
                }
                Some(shown) => {
                    self.epoch(check, (said.0, &said.1), shown);
                    self.presence(check, (said.0, &said.1), shown);
                }
            }
        }
    }

    fn epoch(&mut self, check: &ListCheck, said: (&str, &str), shown: &ListEvidence) {
        let (now, skew) = (self.situation().now.unix(), self.skew());
        let stamp = &shown.stamp;
        let (issued, next) = (stamp.issued_at.unix(), stamp.next_update.unix());
        let path = check.path.as_str();
        let why = format!("epoch {} is of {}", stamp.epoch, stamp.issued_at);
        let come = issued <= now.saturating_add(skew);
        self.put(Code::StatusNotYet, path, said, outcome(come), &why);
        let oldest = u64::from(check.max_age).saturating_mul(3600).saturating_add(skew);
        let young = now.saturating_sub(issued) <= oldest;
        let overdue = now >= next.saturating_add(skew);
        let stale = match overdue {
            true => format!("epoch {} was to be replaced by {}", stamp.epoch, stamp.next_update),
            false => why,
        };
        self.put(Code::StatusStale, path, said, outcome(young && !overdue), stale);
        if self.evidence().basis() == Basis::Example {
            return;
        }
        let standing = self.situation().status.standing(&check.key, stamp);
        let (replaced, why) = match standing {
            // Whoever was about to present when the newer one came out is not refused for it.
            Standing::Replaced { epoch, since } => {
                (now > since.unix().saturating_add(skew), format!("epoch {epoch} is known"))
            }
            _ => (false, "no newer epoch is known".to_owned()),
        };
        self.put(Code::StatusReplaced, path, said, outcome(!replaced), why);
        let forked = standing == Standing::Forked;
        let why = match forked {
            true => "the list's authority signed another history: ask it which one holds",
            false => "no known epoch contradicts it",
        };
        self.put(Code::StatusForked, path, said, outcome(!forked), why);
    }

    fn presence(&mut self, check: &ListCheck, said: (&str, &str), shown: &ListEvidence) {
        let judged = shown.shows.into();
        let (code, wrong) = match (check.presence, check.subject.message) {
            (Presence::Absent, STATUS_HANDLE) => {
                (Code::StatusRevoked, "it is revoked or suspended")
            }
            (Presence::Absent, _) => (Code::ListPresent, "it is on the list"),
            (Presence::Present, _) => (Code::ListAbsent, "it is not on the list"),
        };
        let why = match judged {
            Outcome::Fails => wrong,
            Outcome::Proven => "it is proven of hidden values",
            _ => "the list says so",
        };
        self.put(code, &check.path, said, judged, why);
    }
}
