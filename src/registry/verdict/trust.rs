//! Whether the issuer is trusted.
//!
//! The hour that counts is the one in which the registry recorded the attestation, not the one that
//! the issuer names: the log can't be backdated, so that whoever steals a key gets nothing by
//! choosing the date. A trust list is taken in the edition that was in force at the moment, whose
//! promise of a next one is held against the moment too.
//!
//! In hindsight a compromise counts that was published after the moment, if it says that the key
//! was lost by the hour of the recording. Every later edition's word is taken for that, also one
//! that was taken back by the edition after it: a key that is said to be stolen is refused in
//! hindsight for all the time before that was said, so that no edition to come makes a verdict on
//! the past any better.

use super::delegation::Party;
use super::reason::{Distrust, Reason};
use super::standing::Case;
use crate::bbs::PublicKey;
use crate::policy::TrustRule;
use crate::registry::terms::Trusted;
use crate::schema::SchemaId;
use crate::trust::{Listed, SigningWindow, TrustList, TrustRefusal};
use crate::value::Timestamp;

/// What is found of an issuer.
#[derive(Default)]
pub(super) struct Trust<'a> {
    pub(super) reasons: Vec<Reason>,
    pub(super) listed: Option<Listed<'a>>,
    pub(super) edition: Option<&'a TrustList>,
}

impl<'a> Trust<'a> {
    fn of(judged: Result<(), Distrust>) -> Self {
        let reasons = judged.err().map(Reason::UntrustedIssuer).into_iter().collect();
        Self { reasons, ..Self::default() }
    }
}

impl<'a> Case<'a> {
    /// Whether the attestation's issuer is trusted.
    pub(super) fn trust(&self) -> Trust<'a> {
        let issuer = self.issuer();
        let recorded_at = self.facts.attestation.recorded_at;
        let mut keys = issuer.keys(self.moment.horizon(recorded_at)).peekable();
        let bound = keys.peek().is_some();
        let or = |named: bool, why| if named { Ok(()) } else { Err(why) };
        match &self.terms.trusted {
            Trusted::Anybody => Trust::default(),
            Trusted::Attesters(named) => {
                Trust::of(or(named.contains(issuer.key), Distrust::NotNamed))
            }
            Trusted::Issuers(_) if !bound => Trust::of(Err(Distrust::Unbound)),
            Trusted::Issuers(named) => {
                Trust::of(or(keys.any(|key| named.contains(key)), Distrust::NotNamed))
            }
            Trusted::List(rule) => match self.edition(rule) {
                Err(distrust) => Trust::of(Err(distrust)),
                Ok(list) => self.by_list(list, rule, issuer, recorded_at),
            },
        }
    }

    fn by_list(
        &self,
        list: &'a TrustList,
        rule: &TrustRule,
        issuer: Party<'a>,
        recorded_at: Timestamp,
    ) -> Trust<'a> {
        let schema = self.attestation().schema;
        let keys = issuer.keys(self.moment.horizon(recorded_at));
        let judged = keys.map(|key| self.judge(list, rule, key, schema, recorded_at));
        let judged: Vec<_> = judged.collect();
        let listed = judged.iter().filter_map(|listed| listed.ok());
        let listed = listed.min_by_key(|listed| (listed.precedence, listed.issuer));
        let mut trust = Trust { listed, edition: Some(list), ..Trust::default() };
        if listed.is_none() {
            // Of several keys, what tells of an attack, else what comes nearest to being trusted.
            let refusals = judged.iter().filter_map(|judged| judged.err());
            let worst = refusals.max_by_key(|why| (*why == TrustRefusal::Compromised, *why));
            let distrust = worst.map_or(Distrust::Unbound, Distrust::Refused);
            trust.reasons.push(Reason::UntrustedIssuer(distrust));
        }
        let fresh = list.freshness(self.moment.at, rule.max_age(), self.terms.skew);
        trust.reasons.extend(fresh.err().map(Reason::StaleTrust));
        trust
    }

    fn judge(
        &self,
        list: &'a TrustList,
        rule: &TrustRule,
        key: &PublicKey,
        schema: SchemaId,
        recorded_at: Timestamp,
    ) -> Result<Listed<'a>, TrustRefusal> {
        let hour = u32::try_from(recorded_at.hours()).map_err(|_| TrustRefusal::Expired)?;
        let window = SigningWindow::new(hour, hour.saturating_add(1));
        let listed = list.judge(key, schema, window.ok_or(TrustRefusal::Expired)?)?;
        let later = self.editions(rule).filter(|(recorded, edition)| {
            self.moment.knows(*recorded) && !self.moment.knows_made(*recorded, edition.issued_at())
        });
        let mut lost = later.filter_map(|(_, edition)| edition.compromised(key));
        match lost.any(|lost| lost <= hour) {
            true => Err(TrustRefusal::Compromised),
            false => Ok(listed),
        }
    }

    fn editions(&self, rule: &TrustRule) -> impl Iterator<Item = (Timestamp, &'a TrustList)> {
        let own =
            |list: &TrustList| list.id() == rule.list() && list.authority() == rule.authority();
        let all = self.trust.iter().map(|list| (list.recorded_at, &list.entry));
        all.filter(move |(_, list)| own(list))
    }

    /// The edition in force: that of the highest number, if there is one of it.
    fn edition(&self, rule: &TrustRule) -> Result<&'a TrustList, Distrust> {
        let there = |(recorded, list): &(Timestamp, &TrustList)| {
            self.moment.knows_made(*recorded, list.issued_at())
        };
        let mut newest: Option<&TrustList> = None;
        let mut forked = false;
        for (_, list) in self.editions(rule).filter(there) {
            match newest.map(TrustList::sequence) {
                Some(highest) if list.sequence() < highest => {}
                Some(highest) if list.sequence() == highest => {
                    forked |= newest.is_some_and(|newest| newest.hash() != list.hash());
                }
                _ => (newest, forked) = (Some(list), false),
            }
        }
        match (newest, forked) {
            (Some(list), false) => Ok(list),
            (Some(_), true) => Err(Distrust::ListForked),
            (None, _) => Err(Distrust::ListUnknown),
        }
    }
}
