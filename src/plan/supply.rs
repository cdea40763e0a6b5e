//! What shows that a credential still counts: entries of sorted lists, and the trust list's window.

use super::{Misfit, Supplies};
use crate::credential::Credential;
use crate::policy::{CompiledPolicy, Role};
use crate::status::Entry;
use crate::trust::{SigningWindow, TrustList};
use crate::value::Timestamp;

/// The wallet's supplies, held against a policy at the time of a request.
pub(super) struct Supply<'a> {
    policy: &'a CompiledPolicy,
    supplies: Supplies<'a>,
    at: Timestamp,
    skew: u64,
}

impl<'a> Supply<'a> {
    pub(super) fn new(
        policy: &'a CompiledPolicy,
        supplies: Supplies<'a>,
        at: Timestamp,
        skew: u64,
    ) -> Self {
        Self { policy, supplies, at, skew }
    }

    /// Seconds by which clocks may differ.
    pub(super) fn skew(&self) -> u64 {
        self.skew
    }

    /// For each list of a role, the newest entry that shows what is asked of a credential, as the
    /// verifier will judge it: neither too old nor overdue nor yet to come.
    pub(super) fn entries(&self, role: usize, held: &Credential) -> Result<Vec<usize>, Misfit> {
        let checks = self.policy.lists().iter().filter(|check| check.subject.role == role);
        let entry = |check: &crate::policy::ListCheck| {
            let list = || check.key.list.clone();
            let compiled = self.policy.roles().get(role);
            let element =
                compiled.and_then(|role| role.reads(held)?.integer(held, check.subject.message));
            let element = element.ok_or_else(|| Misfit::NoEntry { list: list() })?;
            let about = |entry: &Entry| {
                u64::try_from(element).is_ok_and(|element| {
                    entry.shows_absence(element) || entry.shows_presence(element)
                })
            };
            let fresh = |entry: &Entry| {
                let (at, stamp) = (self.at.unix(), entry.stamp());
                let oldest = u64::from(check.max_age).saturating_mul(3600);
                stamp.issued_at.unix() <= at.saturating_add(self.skew)
                    && at.saturating_sub(stamp.issued_at.unix()) <= oldest
                    && at < stamp.next_update.unix()
            };
            let entries = self.supplies.entries.iter().enumerate();
            let entries = entries
                .filter(|(_, entry)| *entry.key() == check.key && fresh(entry) && about(entry));
            // A newer epoch that says otherwise counts more than an older one that helps.
            let newest = entries.max_by_key(|(_, entry)| entry.stamp().epoch);
            let (index, entry) = newest.ok_or_else(|| Misfit::NoEntry { list: list() })?;
            match check.shows(entry, element) {
                true => Ok(index),
                false => Err(Misfit::Listed { list: list(), presence: check.presence }),
            }
        };
        checks.map(entry).collect()
    }

    /// The newest edition of a role's trust list.
    fn trust_list(&self, role: &Role) -> Option<&'a TrustList> {
        let rule = role.trust()?;
        let own =
            |list: &&TrustList| list.id() == rule.list() && list.authority() == rule.authority();
        self.supplies.trust.iter().filter(own).max_by_key(|list| list.sequence())
    }

    /// Whether the credentials of two roles are of one issuer, as the verifier will judge it: by key,
    /// or by name in the trust list of either.
    pub(super) fn one_issuer(&self, a: (usize, &Credential), b: (usize, &Credential)) -> bool {
        let [(first, one), (second, other)] = [a, b].map(|(role, held)| (role, held.issuer()));
        let roles = [first, second].into_iter().filter_map(|role| self.policy.roles().get(role));
        let mut lists = roles.filter_map(|role| self.trust_list(role));
        one == other || lists.any(|list| list.is_one_issuer(one, other))
    }

    /// The window that the newest edition of a role's trust list gives to a credential's issuer: the one
    /// in which the credential begins.
    pub(super) fn window(
        &self,
        role: &Role,
        held: &Credential,
    ) -> Result<Option<SigningWindow>, Misfit> {
        let Some(rule) = role.trust() else { return Ok(None) };
        let list = self.trust_list(role).ok_or_else(|| Misfit::NoTrustList {
            list: rule.list().to_owned(),
            authority: rule.authority().to_string(),
        })?;
        let (key, schema) = (held.issuer(), held.schema().id());
        let window = list.window(key, schema).map_err(Misfit::Untrusted)?;
        // The widest window tells least; whether the credential lies in it, the list says by name.
        let begins = held.validity().from();
        let own = SigningWindow::new(begins, begins + 1);
        let own = own.ok_or(Misfit::Issuer)?;
        list.judge(key, schema, own).map_err(Misfit::Untrusted)?;
        Ok(Some(window))
    }
}
