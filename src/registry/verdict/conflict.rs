//! Where issuers contradict each other about one subject.
//!
//! Rivals are the attestations about the same subject that hold at the moment by the same terms,
//! this question aside, and whose claims are there to be read. What is believed of a field follows
//! from what is said of it and by whom, never from when it arrived: neither indexes nor times of
//! recording are looked at here.
//!
//! Attesters are one issuer if they have the same key, a BBS key in common, or one name in the
//! trust list; an issuer of several keys has one voice. An issuer that says two things of one field
//! in two attestations that both hold contradicts itself as others contradict it: nothing says
//! which of the two it means, and in a quorum it has no voice on that field. Had it meant to
//! correct itself, it would have superseded the one by the other.
//!
//! | rule | what is believed of a field |
//! |---|---|
//! | all | what all say; if they differ, nothing |
//! | quorum of n | the one value that at least n issuers say |
//! | precedence, order | what the issuers of the least rank say; if these differ, nothing |
//!
//! A claim that is not what is believed is `conflicting`, whoever makes it: of two issuers of whom
//! none is believed, both are. An issuer that leaves a field out says nothing of it, and
//! contradicts nobody.

use super::delegation::Party;
use super::reason::{Quarrel, Reason};
use super::standing::{Case, Standing};
use crate::authority::Authority;
use crate::document::Document;
use crate::registry::attestation::AttestationId;
use crate::registry::claims::{Claims, Said};
use crate::registry::terms::{Agreement, ConflictRule};
use crate::schema::{FIRST_FIELD, Schema};
use crate::trust::Listed;
use std::collections::{BTreeMap, BTreeSet};

/// A field of which issuers say different things, or too few the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The field, as the base names it.
    pub field: String,
    /// The word of the rule.
    pub rule: &'static str,
    /// Who says what, by identifier.
    pub claims: Vec<Claim>,
}

/// What an attestation says of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The attestation.
    pub attestation: AttestationId,
    /// Its issuer.
    pub issuer: Authority,
    /// The value.
    pub value: Document,
    /// Whether this is what is believed.
    pub believed: bool,
}

/// An attestation that takes part.
struct Voice<'a> {
    id: AttestationId,
    party: Party<'a>,
    horizon: crate::value::Timestamp,
    listed: Option<Listed<'a>>,
    claims: Option<Claims<'a>>,
    /// Its issuer: the number of the first voice of it.
    issuer: usize,
}

/// What a voice says of one field.
struct Saying<'v> {
    voice: &'v Voice<'v>,
    said: Said,
    shown: Document,
}

/// The reasons against an attestation that its rivals give, and all conflicts, by field.
pub(super) fn conflicts<'a>(
    case: &Case<'a>,
    standing: &Standing<'a>,
) -> (Vec<Reason>, Vec<Conflict>) {
    let (mut reasons, mut conflicts) = (Vec::new(), Vec::new());
    let Some(base) = case.terms.base.as_deref().or(case.schema()) else {
        return (Vec::new(), conflicts);
    };
    if case.terms.agreements.is_empty() {
        return (Vec::new(), conflicts);
    }
    let voices = voices(case, standing, base);
    for agreement in &case.terms.agreements {
        for (position, field) in base.fields().iter().enumerate() {
            let name = field.name();
            if agreement.fields.is_empty() || agreement.fields.contains(name) {
                let found = judge(&voices, agreement, name, FIRST_FIELD + position);
                reasons.extend(found.0.map(|quarrel| (name, quarrel)));
                conflicts.extend(found.1);
            }
        }
    }
    reasons.sort_by_key(|(field, _)| *field);
    conflicts.sort_by(|a: &Conflict, b| a.field.cmp(&b.field));
    let reason = |(field, quarrel): (&str, Quarrel)| Reason::Conflicting {
        field: field.to_owned(),
        quarrel,
    };
    (reasons.into_iter().map(reason).collect(), conflicts)
}

/// Everybody who takes part, the attestation in question first.
fn voices<'a>(case: &Case<'a>, standing: &Standing<'a>, base: &'a Schema) -> Vec<Voice<'a>> {
    let own = case.attestation();
    let mut voices = vec![voice(case, standing, base)];
    let mut seen = BTreeSet::from([case.facts.attestation.entry.id()]);
    for facts in &case.facts.rivals {
        let rival = Case { facts, terms: case.terms, moment: case.moment, trust: case.trust };
        let same_subject = own.subject.is_some() && rival.attestation().subject == own.subject;
        if !same_subject || !seen.insert(facts.attestation.entry.id()) {
            continue;
        }
        let standing = rival.standing();
        let other = voice(&rival, &standing, base);
        if standing.reasons.is_empty() && other.claims.is_some() {
            voices.push(other);
        }
    }
    for i in 1..voices.len() {
        merge(&mut voices, i);
    }
    if !standing.superseded_by.is_empty() {
        // It differs from what took its place: that is what it was replaced for.
        voices.retain(|voice| voice.issuer > 0 || voice.id == case.facts.attestation.entry.id());
    }
    voices
}

fn voice<'a>(case: &Case<'a>, standing: &Standing<'a>, base: &'a Schema) -> Voice<'a> {
    let attestation = case.attestation();
    Voice {
        id: case.facts.attestation.entry.id(),
        party: case.issuer(),
        horizon: case.moment.horizon(case.facts.attestation.recorded_at),
        listed: standing.listed,
        claims: case.schema().and_then(|schema| Claims::new(attestation, schema, base)),
        issuer: usize::MAX,
    }
}

/// Gives a voice the number of its issuer, and makes one issuer of those that it shows to be one.
fn merge(voices: &mut [Voice<'_>], i: usize) {
    if let Some(first) = voices.first_mut() {
        first.issuer = 0;
    }
    let (before, rest) = voices.split_at_mut(i);
    let Some(voice) = rest.first_mut() else { return };
    let same: BTreeSet<usize> =
        before.iter().filter(|other| other.is_one_with(voice)).map(|other| other.issuer).collect();
    voice.issuer = same.first().copied().unwrap_or(i);
    for other in before.iter_mut().filter(|other| same.contains(&other.issuer)) {
        other.issuer = voice.issuer;
    }
}

impl Voice<'_> {
    fn is_one_with(&self, other: &Voice<'_>) -> bool {
        let named = |voice: &Voice<'_>| voice.listed.map(|listed| listed.issuer.to_owned());
        self.party.is_one_with(other.party, self.horizon.max(other.horizon))
            || self.listed.is_some() && named(self) == named(other)
    }
}

/// Judges one field: what is against the first voice, and the conflict if there is one to be shown.
fn judge(
    voices: &[Voice<'_>],
    agreement: &Agreement,
    field: &str,
    message: usize,
) -> (Option<Quarrel>, Option<Conflict>) {
    let saying = |voice| Some((voice, Voice::says(voice, message)?));
    let sayings = voices.iter().filter_map(saying);
    let sayings: Vec<Saying<'_>> =
        sayings.map(|(voice, (said, shown))| Saying { voice, said, shown }).collect();
    let believed = settle(&agreement.rule, voices, &sayings);
    let first = voices.first();
    let unseen = first.is_some_and(|voice| voice.claims.is_none());
    let own = sayings.iter().find(|saying| first.is_some_and(|first| first.id == saying.voice.id));
    let quarrel = match (own, &believed) {
        (None, _) if unseen && matches!(agreement.rule, ConflictRule::Quorum(_)) => {
            Some(Quarrel::Unseen)
        }
        (None, _) => None,
        (Some(own), Ok(believed)) => (own.said != *believed).then_some(Quarrel::Overruled),
        (Some(_), Err(quarrel)) => Some(*quarrel),
    };
    let differ = sayings.windows(2).any(|pair| matches!(pair, [a, b] if a.said != b.said));
    if quarrel.is_none() && !differ {
        return (None, None);
    }
    let claim = |saying: &Saying<'_>| Claim {
        attestation: saying.voice.id,
        issuer: *saying.voice.party.key,
        value: saying.shown.clone(),
        believed: believed.as_ref().is_ok_and(|believed| saying.said == *believed),
    };
    let mut claims: Vec<Claim> = sayings.iter().map(claim).collect();
    claims.sort_by_key(|claim| claim.attestation);
    (quarrel, Some(Conflict { field: field.to_owned(), rule: agreement.rule.word(), claims }))
}

impl Voice<'_> {
    fn says(&self, message: usize) -> Option<(Said, Document)> {
        self.claims.as_ref()?.of(message)
    }
}

/// What is believed.
fn settle(
    rule: &ConflictRule,
    voices: &[Voice<'_>],
    sayings: &[Saying<'_>],
) -> Result<Said, Quarrel> {
    let ranked = |rank: &dyn Fn(&Voice<'_>) -> Option<u64>| {
        // An issuer has the best rank that any of its keys has; whoever has none comes last.
        let of_issuer = |saying: &Saying<'_>| {
            let own = voices.iter().filter(|voice| voice.issuer == saying.voice.issuer);
            own.filter_map(rank).min().unwrap_or(u64::MAX)
        };
        let least = sayings.iter().map(of_issuer).min();
        let first = sayings.iter().filter(|saying| Some(of_issuer(saying)) == least);
        only(first.map(|saying| &saying.said))
    };
    match rule {
        ConflictRule::All => only(sayings.iter().map(|saying| &saying.said)),
        ConflictRule::Quorum(least) => quorum(*least, sayings),
        ConflictRule::Precedence => {
            ranked(&|voice| voice.listed.map(|listed| listed.precedence.into()))
        }
        ConflictRule::Order(order) => ranked(&|voice| {
            order.iter().position(|key| key == voice.party.key).map(|place| place as u64)
        }),
    }
}

/// What all of these say.
fn only<'s>(said: impl Iterator<Item = &'s Said>) -> Result<Said, Quarrel> {
    let said: BTreeSet<&Said> = said.collect();
    match (said.first(), said.len()) {
        (Some(one), 1) => Ok((*one).clone()),
        _ => Err(Quarrel::Unsettled),
    }
}

/// What at least so many issuers say, if that is one thing.
fn quorum(least: usize, sayings: &[Saying<'_>]) -> Result<Said, Quarrel> {
    let mut by_issuer: BTreeMap<usize, BTreeSet<&Said>> = BTreeMap::new();
    for saying in sayings {
        by_issuer.entry(saying.voice.issuer).or_default().insert(&saying.said);
    }
    let mut votes: BTreeMap<&Said, usize> = BTreeMap::new();
    for said in by_issuer.values().filter(|said| said.len() == 1).flatten() {
        *votes.entry(said).or_default() += 1;
    }
    let mut winners = votes.iter().filter(|(_, votes)| **votes >= least.max(1));
    match (winners.next(), winners.next()) {
        (Some((said, _)), None) => Ok((*said).clone()),
        (Some(_), Some(_)) => Err(Quarrel::Unsettled),
        (None, _) => Err(Quarrel::NoQuorum),
    }
}
