//! The judgement of claims that must be the same, and of issuers that must not be.
//!
//! # Issuers
//!
//! Two credentials are of one issuer if one key signed both, or if a trust list that one of their roles
//! refers to has both keys under one name: an issuer that changes its key, or has several, is still one.
//!
//! # Precedence
//!
//! Where issuers differ on a revealed claim and the policy has a trust list settle it, the value counts
//! whose issuer has the least number for its precedence. It does not matter in which order the roles
//! stand. Where several have the least number and say different things, nothing says whom to believe, and
//! that is a reason for denial. Claims that say something else than the value that counts are
//! *overruled*: their lists of accepted values are not asked. What cannot be settled because a credential,
//! a claim or the list is missing is denied for that.

use super::Case;
use super::evidence::Basis;
use super::reason::Code;
use super::status::Edition;
use super::trace::{Outcome, Trace, outcome};
use crate::policy::{AgreedField, Agreement, AgreementRule, SlotSource};
use crate::trust::TrustList;
use crate::value::Encoded;

/// What comes of a field that issuers may differ on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// This value counts, as the credential of a role has it.
    Counts { role: usize, value: Encoded },
    /// Nothing says whom to believe.
    Conflict,
    /// Something is missing that is a reason of its own.
    NotReached,
}

impl<'a> Case<'a> {
    /// The newest edition that is known of a role's trust list.
    pub(super) fn trust_list(&self, role: usize) -> Option<&'a TrustList> {
        let rule = self.compiled.roles().get(role)?.trust()?;
        match self.situation.status.edition(rule.list(), rule.authority()) {
            Edition::Newest(list) => Some(list),
            Edition::Unknown | Edition::Forked { .. } => None,
        }
    }

    /// The precedence of the issuer of a role's credential.
    fn precedence(&self, role: usize) -> Option<u32> {
        let shown = self.evidence.role(role)?;
        match self.evidence.basis() {
            Basis::Example => Some(shown.told.precedence),
            Basis::Presentation => Some(self.trust_list(role)?.issuer(&shown.issuer)?.precedence),
        }
    }

    /// Which value of a field counts. Of roles that say it with the same precedence, the first by name is
    /// the one that is recorded.
    pub(super) fn settle(&self, field: &AgreedField) -> Settled {
        let name = |role: usize| self.compiled.roles().get(role).map(|role| role.name());
        let claim = |source: &SlotSource| {
            let value = self.evidence.revealed(*source)?;
            Some(((self.precedence(source.role)?, name(source.role)?), source.role, value))
        };
        let Some(mut claims) = field.claims.iter().map(claim).collect::<Option<Vec<_>>>() else {
            return Settled::NotReached;
        };
        claims.sort_by_key(|(rank, ..)| *rank);
        let Some(((least, _), role, value)) = claims.first().cloned() else {
            return Settled::NotReached;
        };
        let mut first = claims.iter().take_while(|((rank, _), ..)| *rank == least);
        match first.all(|(.., other)| *other == value) && value != Encoded::Absent {
            true => Settled::Counts { role, value },
            false => Settled::Conflict,
        }
    }

    /// Whether the credentials of two roles are of one issuer; none if one is not shown.
    fn one_issuer(&self, a: usize, b: usize) -> Option<bool> {
        let [first, second] = [self.evidence.role(a)?.issuer, self.evidence.role(b)?.issuer];
        // Examples have no lists: what they say of their issuers is said by keys.
        let lists = [a, b].into_iter().filter(|_| self.evidence.basis() == Basis::Presentation);
        let mut lists = lists.filter_map(|role| self.trust_list(role));
        Some(first == second || lists.any(|list| list.is_one_issuer(&first, &second)))
    }
}

impl Trace<'_> {
    pub(super) fn equalities(&mut self) {
        for (i, [a, b]) in self.policy().equal().enumerate() {
            let path = format!("$.equal[{i}]");
            self.equality(path, format!("{a} = {b}"));
        }
    }

    /// All that is asked at one place about two claims being the same.
    fn equality(&mut self, path: String, text: String) {
        let hidden = self.compiled().equalities().iter().zip(self.compiled().equality_paths());
        let hidden = hidden.filter(|(_, place)| **place == path).map(|(pair, _)| {
            match self.all_shown([pair.a, pair.b].into_iter()) {
                true => self.evidence().judge_equality(pair.a, pair.b).into(),
                false => Outcome::NotReached,
            }
        });
        let open = self.compiled().checks().iter().filter(|check| check.path == path);
        let open = open.map(|check| self.judge(&check.rule));
        let counted = self.conjuncts(&path).into_iter().map(|rule| self.judge(rule));
        let all: Vec<Outcome> = hidden.chain(open).chain(counted).collect();
        let judged = [Outcome::Fails, Outcome::NotReached, Outcome::Proven];
        let judged = judged.into_iter().find(|one| all.contains(one)).unwrap_or(Outcome::Holds);
        let judged = if all.is_empty() { Outcome::NotShown } else { judged };
        let why = match judged {
            Outcome::NotShown => "an earlier rule says the same",
            Outcome::Fails => "the claims are not the same",
            Outcome::NotReached => "a credential that it needs is not shown",
            Outcome::Proven => "the hidden claims are proven the same",
            _ => "the claims are the same",
        };
        self.put(Code::Equality, path, ("equal", text), judged, why);
    }

    pub(super) fn agreements(&mut self) {
        for agreement in self.compiled().agreements() {
            let names =
                agreement.roles.iter().filter_map(|role| self.compiled().roles().get(*role));
            let mut names = names.map(|role| role.name()).collect::<Vec<_>>();
            names.sort_unstable();
            let names = names.join(", ");
            for field in &agreement.fields {
                let name = &field.name;
                match agreement.rule {
                    AgreementRule::All => {
                        self.equality(field.path.clone(), format!("{names} agree on {name}"));
                    }
                    AgreementRule::Quorum(least) => {
                        let text = format!("{least} of {names} agree on {name}");
                        self.equality(field.path.clone(), text);
                    }
                    AgreementRule::Precedence => {
                        let text =
                            format!("of {names} the first by precedence is believed on {name}");
                        self.believed(field, text);
                    }
                }
            }
            self.distinct(agreement, &names);
        }
    }

    fn believed(&mut self, field: &AgreedField, text: String) {
        let (judged, why) = match self.case().settle(field) {
            Settled::Counts { role, .. } => {
                let role = self.compiled().roles().get(role).map_or("", |role| role.name());
                (Outcome::Holds, format!("what {role} says counts"))
            }
            Settled::Conflict => {
                let why = "issuers of the same precedence say different things";
                (Outcome::Fails, why.to_owned())
            }
            Settled::NotReached => {
                (Outcome::NotReached, "something that it needs is not at hand".to_owned())
            }
        };
        self.put(Code::IssuersConflict, &field.path, ("agree", text), judged, why);
    }

    /// Whether a claim is one that counts, and else what is to be said of rules about it.
    pub(super) fn settled(&self, claim: SlotSource) -> Result<(), (Outcome, String)> {
        let agreements = self.compiled().agreements().iter();
        let believed = agreements.filter(|one| one.rule == AgreementRule::Precedence);
        let mut fields = believed.flat_map(|agreement| &agreement.fields);
        let Some(field) = fields.find(|field| field.claims.contains(&claim)) else {
            return Ok(());
        };
        match self.case().settle(field) {
            Settled::Counts { value, .. }
                if self.evidence().revealed(claim) == Some(value.clone()) =>
            {
                Ok(())
            }
            Settled::Counts { role, .. } => {
                let role = self.compiled().roles().get(role).map_or("", |role| role.name());
                Err((Outcome::NotShown, format!("it is overruled: what {role} says counts")))
            }
            Settled::Conflict | Settled::NotReached => {
                let why = "which value counts is not settled".to_owned();
                Err((Outcome::NotReached, why))
            }
        }
    }

    fn distinct(&mut self, agreement: &Agreement, names: &str) {
        let roles = &agreement.roles;
        let pairs = roles.iter().enumerate();
        let pairs = pairs.flat_map(|(i, b)| roles.iter().take(i).map(move |a| (*a, *b)));
        let same = pairs.map(|(a, b)| self.case().one_issuer(a, b)).collect::<Option<Vec<bool>>>();
        let judged = match same {
            None => Outcome::NotReached,
            Some(same) => outcome(!same.contains(&true)),
        };
        let why = match judged {
            Outcome::Fails => "two of the credentials are of one issuer",
            Outcome::NotReached => "a credential that it needs is not shown",
            _ => "the issuers are distinct",
        };
        let text = format!("{names} come from distinct issuers");
        self.put(Code::IssuersNotDistinct, &agreement.path, ("agree", text), judged, why);
    }
}
