//! The judgement of issuers by trust lists.
//!
//! That the credential's signature is by the key which the presentation names, and that it begins in the
//! window which the presentation states, was proven; whether the key may sign so is decided here, by the
//! newest edition that is known ([`StatusState::edition`](super::StatusState::edition)). An edition is
//! held to the policy's greatest age and to its own promise of a next one, as epochs of lists are: whoever
//! rests on an old one may have missed a compromise.
//!
//! | validity of the role | what is judged |
//! |---|---|
//! | `hidden`, `skip` | the stated window: the credential is proven to begin somewhere in it |
//! | `reveal` | the hour of `valid_from` alone, which is there to see; nothing proves the window then |

use super::evidence::{Basis, Shown};
use super::reason::Code;
use super::status::Edition;
use super::trace::{Outcome, Trace};
use crate::policy::{Role, TrustRule, Validity};
use crate::schema::{VALID_FROM, VALIDITY_BITS};
use crate::trust::{SigningWindow, StaleTrust, TrustList, TrustRefusal};
use crate::value::Encoded;

impl Code {
    /// The reason that a trust list gives.
    fn of_refusal(refusal: TrustRefusal) -> Self {
        match refusal {
            TrustRefusal::Unlisted => Self::IssuerUnlisted,
            TrustRefusal::Schema => Self::IssuerSchema,
            TrustRefusal::Compromised => Self::IssuerKeyCompromised,
            TrustRefusal::NotYet => Self::IssuerKeyNotYet,
            TrustRefusal::Rotated => Self::IssuerKeyRotated,
            TrustRefusal::Expired => Self::IssuerKeyExpired,
        }
    }
}

impl Trace<'_> {
    /// Judges a credential's issuer by the trust list of its role.
    pub(super) fn trusted(&mut self, index: usize, role: &Role, rule: &TrustRule) {
        let path = format!("$.roles[{index}].trust");
        let (list, authority, age) = (rule.list(), rule.authority(), rule.max_age());
        let text = format!("by {list} of {authority}, at most {age} h old");
        let said = (role.name(), text.as_str());
        let Some(shown) = self.evidence().role(index) else {
            let why = "no credential is shown";
            return self.put(Code::IssuerUnlisted, path, said, Outcome::NotReached, why);
        };
        if self.evidence().basis() == Basis::Example {
            let listed = "the example has its issuer trusted".to_owned();
            return self.listing(&path, said, shown.told.refusal.map_or(Ok(listed), Err));
        }
        match self.situation().status.edition(rule.list(), rule.authority()) {
            Edition::Unknown => {
                let why = "no edition of the trust list is known";
                self.put(Code::TrustUnknown, path, said, Outcome::Fails, why);
            }
            Edition::Forked { sequence } => {
                let why = format!(
                    "there are two editions of number {sequence}: ask the list's authority which holds"
                );
                self.put(Code::TrustForked, path, said, Outcome::Fails, why);
            }
            Edition::Newest(list) => {
                self.fresh(&path, said, list, rule);
                match judged_window(role, shown) {
                    None => {
                        let why = "when it begins is not revealed";
                        self.put(Code::IssuerUnlisted, path, said, Outcome::NotReached, why);
                    }
                    Some(window) => {
                        let listed = list.judge(&shown.issuer, shown.schema, window);
                        let listed = listed.map(|listed| format!("it is of {}", listed.issuer));
                        self.listing(&path, said, listed);
                    }
                }
            }
        }
    }

    fn fresh(&mut self, path: &str, said: (&str, &str), list: &TrustList, rule: &TrustRule) {
        let now = self.situation().now;
        let edition = format!("edition {} is of {}", list.sequence(), list.issued_at());
        let (code, judged, why) = match list.freshness(now, rule.max_age(), self.skew()) {
            Ok(()) => (Code::TrustStale, Outcome::Holds, edition),
            Err(StaleTrust::NotYet) => (Code::TrustNotYet, Outcome::Fails, edition),
            Err(StaleTrust::Stale) => {
                let next = list.next_update();
                let why = format!("{edition}, and was to be replaced by {next}");
                (Code::TrustStale, Outcome::Fails, why)
            }
        };
        self.put(code, path, said, judged, why);
    }

    /// What the list says of the key.
    fn listing(&mut self, path: &str, said: (&str, &str), listed: Result<String, TrustRefusal>) {
        match listed {
            Ok(why) => self.put(Code::IssuerUnlisted, path, said, Outcome::Holds, why),
            Err(refusal) => {
                let code = Code::of_refusal(refusal);
                self.put(code, path, said, Outcome::Fails, refusal.to_string());
            }
        }
    }
}

/// The hours in which the credential is known to begin; none if the hour had to be revealed and was not,
/// which is a reason of its own.
fn judged_window(role: &Role, shown: &Shown) -> Option<SigningWindow> {
    if role.validity() != Validity::Reveal {
        // What is not stated may be any hour.
        return shown.window.or_else(|| SigningWindow::new(0, 1 << VALIDITY_BITS));
    }
    let begins = shown.disclosed.iter().find(|(message, _)| *message == VALID_FROM);
    let (_, Encoded::Integer(hour)) = begins? else { return None };
    let hour = u32::try_from(*hour).ok()?;
    SigningWindow::new(hour, hour.checked_add(1)?)
}
