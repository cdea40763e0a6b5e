//! The choice of credentials: one for each role, so that every rule holds for all together.
//!
//! Roles are filled in the policy's order, each with the wallet's credentials in the wallet's
//! order, and a rule is judged as soon as every credential that it speaks of is chosen. So the
//! choice is the first in that order, the same at every run, and wrong beginnings fall early. The
//! number of steps is bounded, and one that weighs heavy rules counts for several.

use super::supply::Supply;
use super::{Held, Misfit, Refusal, SearchRefusal, Supplies};
use crate::credential::Credential;
use crate::policy::{
    Accepted, CompiledPolicy, Equality, Facts, PublicDay, PublicForm, PublicRule, PublicTerm,
    Revealed, Role, Rule, SlotSource, Validity,
};
use crate::trust::SigningWindow;
use crate::value::{Encoded, Timestamp};
use std::collections::BTreeSet;

/// Greatest number of credentials tried in all places.
pub(super) const MAX_STEPS: usize = 100_000;
/// Atoms and set elements that may be weighed for each candidate before it counts for more steps.
const ATOMS_PER_STEP: usize = 64;

/// Something that has to hold, with the roles whose credentials it speaks of.
struct Constraint<'p> {
    roles: BTreeSet<usize>,
    path: String,
    what: What<'p>,
    /// What judging it once costs: its atoms and set elements.
    weight: usize,
}

enum What<'p> {
    Rule(&'p Rule),
    Equality(Equality),
    Distinct,
}

/// A search for the credentials of one policy's roles.
pub(super) struct Search<'a> {
    policy: &'a CompiledPolicy,
    held: &'a [Held<'a>],
    at: Timestamp,
    supply: Supply<'a>,
    constraints: Vec<Constraint<'a>>,
    steps: usize,
    /// Joint rules that kept a choice from being completed.
    failed: BTreeSet<String>,
}

impl<'a> Search<'a> {
    pub(super) fn new(policy: &'a CompiledPolicy, held: &'a [Held<'a>], at: Timestamp) -> Self {
        let rule = |(path, rule): (&String, &'a Rule)| {
            let mut places = BTreeSet::new();
            collect(rule, &mut places);
            let roles = places.iter().map(|place| place.role).collect();
            Constraint { roles, path: path.clone(), what: What::Rule(rule), weight: weight(rule) }
        };
        let conjuncts = policy.conjuncts().iter().map(|conjunct| (&conjunct.path, &conjunct.rule));
        let checks = policy.checks().iter().map(|check| (&check.path, &check.rule));
        let mut constraints: Vec<Constraint<'a>> = conjuncts.chain(checks).map(rule).collect();
        let equalities = policy.equalities().iter().zip(policy.equality_paths());
        constraints.extend(equalities.map(|(equality, path)| Constraint {
            roles: BTreeSet::from([equality.a.role, equality.b.role]),
            path: path.clone(),
            what: What::Equality(*equality),
            weight: 1,
        }));
        constraints.extend(policy.agreements().iter().map(|agreement| Constraint {
            roles: agreement.roles.iter().copied().collect(),
            path: agreement.path.clone(),
            what: What::Distinct,
            weight: agreement.roles.len().pow(2),
        }));
        let supply = Supply::new(policy, Supplies::default(), at, 0);
        Self { policy, held, at, supply, constraints, steps: 0, failed: BTreeSet::new() }
    }

    /// With what the wallet has to show that credentials still count.
    pub(super) fn with_supplies(self, supplies: Supplies<'a>, skew: u64) -> Self {
        Self { supply: Supply::new(self.policy, supplies, self.at, skew), ..self }
    }

    /// For each role, the index of its credential in the wallet.
    pub(super) fn run(mut self) -> Result<Vec<usize>, Vec<Refusal>> {
        // What speaks of no credential holds now or never.
        let nobody = |constraint: &&Constraint<'_>| constraint.roles.is_empty();
        let failing = self.constraints.iter().filter(nobody).find(|c| !self.holds(c, &|_| None));
        if let Some(failing) = failing {
            return Err(vec![Refusal::Together { rules: vec![failing.path.clone()] }]);
        }
        let mut candidates = Vec::new();
        let mut refusals = Vec::new();
        for (index, role) in self.policy.roles().iter().enumerate() {
            let judged = self.held.iter().map(|held| self.misfit(index, role, held));
            let misfits: Vec<Option<Misfit>> = judged.collect();
            let fitting = misfits.iter().enumerate().filter(|(_, misfit)| misfit.is_none());
            let fitting: Vec<usize> = fitting.map(|(at, _)| at).collect();
            if fitting.is_empty() {
                let tried = self.held.iter().zip(misfits);
                let tried = tried.filter_map(|(h, misfit)| Some((h.label.to_owned(), misfit?)));
                let role = role.name().to_owned();
                refusals.push(Refusal::Role { role, tried: tried.collect() });
            }
            candidates.push(fitting);
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let mut chosen = Vec::new();
        match self.extend(&candidates, &mut chosen) {
            Ok(true) => Ok(chosen),
            Ok(false) => {
                let rules = self.failed.into_iter().collect();
                Err(vec![Refusal::Together { rules }])
            }
            Err(refusal) => Err(vec![Refusal::Search(refusal)]),
        }
    }

    /// Why a credential can't fill a role by itself.
    fn misfit(&self, index: usize, role: &Role, held: &Held<'_>) -> Option<Misfit> {
        let credential = held.credential;
        if role.version(credential.schema().id()).is_none() {
            return Some(Misfit::Schema);
        }
        if credential.suite() != role.suite() {
            return Some(Misfit::Suite);
        }
        let named = role.trust().is_some() || role.issuers().contains(credential.issuer());
        if !named {
            return Some(Misfit::Issuer);
        }
        if let Err(misfit) = self.supply.window(role, credential) {
            return Some(misfit);
        }
        let lapse = credential.validity().lapse(self.at, self.supply.skew());
        if let Some(lapse) = lapse.filter(|_| role.validity() != Validity::Skip) {
            return Some(Misfit::Validity(lapse));
        }
        if let Err(misfit) = self.supply.entries(index, credential) {
            return Some(misfit);
        }
        let own = BTreeSet::from([index]);
        let mut alone = self.constraints.iter().filter(|constraint| constraint.roles == own);
        let credential = |role: usize| (role == index).then_some(credential);
        let failing = alone.find(|constraint| !self.holds(constraint, &credential))?;
        Some(Misfit::Rule { path: failing.path.clone() })
    }

    /// Completes a choice; false if there is no way to.
    fn extend(
        &mut self,
        candidates: &[Vec<usize>],
        chosen: &mut Vec<usize>,
    ) -> Result<bool, SearchRefusal> {
        let role = chosen.len();
        let Some(fitting) = candidates.get(role) else { return Ok(true) };
        for held in fitting {
            chosen.push(*held);
            let (failing, weight) = self.failing(chosen);
            self.steps += 1 + weight / ATOMS_PER_STEP;
            if self.steps > MAX_STEPS {
                return Err(SearchRefusal { steps: MAX_STEPS });
            }
            match failing {
                None if self.extend(candidates, chosen)? => return Ok(true),
                None => {}
                Some(path) => {
                    self.failed.insert(path);
                }
            }
            chosen.pop();
        }
        Ok(false)
    }

    /// The first rule that the credential chosen last settles, and that does not hold; and the
    /// weight of what was judged.
    fn failing(&self, chosen: &[usize]) -> (Option<String>, usize) {
        let Some(last) = chosen.len().checked_sub(1) else { return (None, 0) };
        let credential =
            |role: usize| self.held.get(*chosen.get(role)?).map(|held| held.credential);
        let settled = self.constraints.iter().filter(|constraint| {
            constraint.roles.len() > 1 && constraint.roles.last() == Some(&last)
        });
        let mut weight = 0;
        for constraint in settled {
            weight += constraint.weight;
            if !self.holds(constraint, &credential) {
                return (Some(constraint.path.clone()), weight);
            }
        }
        (None, weight)
    }

    fn holds<'c>(
        &self,
        constraint: &Constraint<'_>,
        credential: &dyn Fn(usize) -> Option<&'c Credential>,
    ) -> bool {
        match &constraint.what {
            What::Rule(rule) => {
                let hidden = |source: SlotSource| {
                    let held = credential(source.role)?;
                    accepted(self.policy, source.role, held)?.integer(held, source.message)
                };
                let revealed = Shown { search: self, credential };
                let facts = Facts { now: self.at, hidden: &hidden, revealed: &revealed };
                rule.holds(&facts) == Some(true)
            }
            What::Equality(Equality { a, b }) => {
                let message = |at: &SlotSource| {
                    let held = credential(at.role)?;
                    let signed = accepted(self.policy, at.role, held)?.signed(at.message)?;
                    held.messages().get(signed)
                };
                message(a).is_some() && message(a) == message(b)
            }
            What::Distinct => {
                let shown = constraint.roles.iter().map(|role| Some((*role, credential(*role)?)));
                let shown: Option<Vec<_>> = shown.collect();
                shown.is_some_and(|shown| {
                    let mut pairs = (1..).zip(&shown).flat_map(|(next, one)| {
                        shown.iter().skip(next).map(move |other| (*one, *other))
                    });
                    !pairs.any(|(one, other)| self.supply.one_issuer(one, other))
                })
            }
        }
    }
}

/// What is revealed of a chosen credential: what must be, and nothing else.
fn revealed<'c>(
    policy: &CompiledPolicy,
    source: SlotSource,
    credential: &dyn Fn(usize) -> Option<&'c Credential>,
) -> Option<Encoded> {
    let must = policy.roles().get(source.role)?.must();
    must.binary_search(&source.message).ok()?;
    let held = credential(source.role)?;
    held.encoded(accepted(policy, source.role, held)?.signed(source.message)?)
}

/// How a role reads a credential.
fn accepted<'p>(
    policy: &'p CompiledPolicy,
    role: usize,
    held: &Credential,
) -> Option<&'p Accepted> {
    policy.roles().get(role)?.reads(held)
}

/// What a choice of credentials says in the open.
struct Shown<'s, 'c> {
    search: &'s Search<'s>,
    credential: &'s dyn Fn(usize) -> Option<&'c Credential>,
}

impl Revealed for Shown<'_, '_> {
    fn value(&self, source: SlotSource) -> Option<Encoded> {
        revealed(self.search.policy, source, self.credential)
    }

    fn window(&self, role: usize) -> Option<SigningWindow> {
        let compiled = self.search.policy.roles().get(role)?;
        self.search.supply.window(compiled, (self.credential)(role)?).ok()?
    }
}

/// The atoms and set elements of a rule, with the terms of each.
fn weight(rule: &Rule) -> usize {
    let of = |form: &PublicForm| 1 + form.terms.len();
    let all = |set: &[PublicForm]| set.iter().map(of).sum::<usize>();
    match rule {
        Rule::Compare { hidden, public, .. } => hidden.len() + of(public),
        Rule::Member { hidden, set, .. } => hidden.len() + all(set),
        Rule::Zero { .. } => 1,
        Rule::Public(rule) => match rule {
            PublicRule::Compare { form, .. } => of(form),
            PublicRule::Member { form, set } => of(form) + all(set),
            PublicRule::OneOf { allowed, .. } => 1 + allowed.len(),
            PublicRule::Present(_) | PublicRule::Same { .. } => 1,
        },
        Rule::Not(inner) => weight(inner),
        Rule::All(parts) | Rule::Any(parts) | Rule::AtLeast(_, parts) => {
            parts.iter().map(weight).sum()
        }
    }
}

/// Every message that a rule speaks of, hidden or revealed.
fn collect(rule: &Rule, places: &mut BTreeSet<SlotSource>) {
    places.extend(rule.sources());
    match rule {
        Rule::Compare { public, .. } => form(public, places),
        Rule::Member { set, .. } => set.iter().for_each(|element| form(element, places)),
        Rule::Zero { .. } => {}
        Rule::Public(rule) => match rule {
            PublicRule::Compare { form: compared, .. } => form(compared, places),
            PublicRule::Member { form: member, set } => {
                form(member, places);
                set.iter().for_each(|element| form(element, places));
            }
            PublicRule::Present(source) | PublicRule::OneOf { source, .. } => {
                places.insert(*source);
            }
            PublicRule::Same { a, b } => places.extend([*a, *b]),
        },
        Rule::Not(inner) => collect(inner, places),
        Rule::All(parts) | Rule::Any(parts) | Rule::AtLeast(_, parts) => {
            parts.iter().for_each(|part| collect(part, places));
        }
    }
}

fn form(form: &PublicForm, places: &mut BTreeSet<SlotSource>) {
    places.extend(form.terms.iter().filter_map(|(_, term)| match term {
        PublicTerm::Disclosed(source)
        | PublicTerm::Years { base: PublicDay::Disclosed(source), .. } => Some(*source),
        PublicTerm::NowHours(_)
        | PublicTerm::Now
        | PublicTerm::Today
        | PublicTerm::SigningFrom(_)
        | PublicTerm::LastSigning { .. }
        | PublicTerm::Shift(_)
        | PublicTerm::Years { base: PublicDay::Today, .. } => None,
    }));
}
