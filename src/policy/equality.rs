//! Claims of several credentials that are the same, and issuers that are not.
//!
//! A pair under `equal` is compared in the open where both claims are revealed, and proven where
//! both are hidden. An `agree` rule speaks of each of its fields for any number of roles, and their
//! issuers are always pairwise distinct, which the verifier sees, as issuers are never hidden. Whether
//! all of them have to say the same is for the rule:
//!
//! - *all*: the roles are taken in the policy's order, each compared with the next;
//! - a *quorum* of k out of n: of some role i, at least k − 1 of those after it say the same. That is
//!   one rule, ∨ᵢ (at least k − 1 of xᵢ = xⱼ, j > i), and where the claims are hidden a condition of the
//!   circuit, so that nobody learns which roles agree, or how many more than k;
//! - *precedence*: all are revealed, and where they differ, the value counts whose issuer the roles' one
//!   trust list puts first. Which that is, is decided with the list at hand ([`crate::decision`]).
//!
//! Of several fields each is taken by itself: another k may agree on the next.
//! A predicate speaks of the claim that it names, whether others agree with it or overrule it.

use super::circuit::Plan;
use super::compile::{Equality, Exposure, Role, Scope};
use super::document::{AgreementRule, ClaimPath, ClaimRule, Policy};
use super::public::{PublicCheck, PublicForm, PublicRule, SlotSource};
use super::rule::Rule;
use crate::document::{Fault, Problem};
use crate::schema::Field;
use crate::value::{Encoded, FieldType};
use sigil_circuits::{Comparison, Interval};
use std::collections::{BTreeMap, BTreeSet};

/// Roles whose credentials come from issuers pairwise distinct, and what becomes of it where they
/// differ on a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The place in the policy that asks for it.
    pub path: String,
    /// Whether all of them have to say the same.
    pub rule: AgreementRule,
    /// Indexes of the roles, ascending.
    pub roles: Vec<usize>,
    /// What they speak of.
    pub fields: Vec<AgreedField>,
}

/// A field that several roles speak of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreedField {
    /// The place in the policy.
    pub path: String,
    /// The field's name.
    pub name: String,
    /// The claim of each role, in their order.
    pub claims: Vec<SlotSource>,
}

/// A claim, as a rule names it at a place of the policy.
type Named<'s> = (SlotSource, &'s Field);

fn invalid(path: &str, problem: &str, remedy: &str) -> Fault {
    Fault::new(path, Problem::Invalid(problem.to_owned()), remedy)
}

impl Policy {
    pub(super) fn compile_equalities(
        &self,
        scope: &Scope<'_>,
        plan: &mut Plan,
    ) -> Result<(), Fault> {
        let mut seen = BTreeSet::new();
        for (i, (a, b)) in self.equal.iter().enumerate() {
            let path = format!("$.equal[{i}]");
            let first = scope.path(a, &format!("{path}[0]"))?;
            let second = scope.path(b, &format!("{path}[1]"))?;
            let pair = equal(scope, plan, &path, first, second)?;
            if !seen.insert(pair) {
                return Err(invalid(&path, "this pair stands twice", "remove one of them"));
            }
        }
        self.compile_agreements(scope, plan, &mut seen)
    }

    fn compile_agreements(
        &self,
        scope: &Scope<'_>,
        plan: &mut Plan,
        seen: &mut BTreeSet<(SlotSource, SlotSource)>,
    ) -> Result<(), Fault> {
        for (i, rule) in self.agree.iter().enumerate() {
            let path = format!("$.agree[{i}]");
            let mut roles = Vec::new();
            for (j, name) in rule.roles.iter().enumerate() {
                roles.push(scope.role(name, &format!("{path}.roles[{j}]"))?);
            }
            roles.sort_unstable();
            if rule.rule == AgreementRule::Precedence {
                one_trust_list(scope, &roles, &path)?;
            }
            let mut fields = Vec::new();
            for (j, field) in rule.fields.iter().enumerate() {
                let at = format!("{path}.fields[{j}]");
                let claim = |role: &usize| {
                    let role = scope.roles().get(*role).map(Role::name).unwrap_or_default();
                    scope.path(&ClaimPath { role: role.to_owned(), field: field.clone() }, &at)
                };
                let claims = roles.iter().map(claim).collect::<Result<Vec<Named<'_>>, Fault>>()?;
                match rule.rule {
                    AgreementRule::All => all_equal(scope, plan, &at, &claims, seen)?,
                    AgreementRule::Quorum(least) => quorum(scope, plan, &at, &claims, least)?,
                    AgreementRule::Precedence => self.precedence(scope, plan, &at, &claims)?,
                }
                let claims = claims.into_iter().map(|(source, _)| source).collect();
                fields.push(AgreedField { path: at, name: field.clone(), claims });
            }
            plan.agreements.push(Agreement { path, rule: rule.rule, roles, fields });
        }
        Ok(())
    }

    /// One value counts, and which is a matter of the trust list. So the lists of accepted values, which
    /// have to be the same, leave the checks; what stays is that some value is accepted.
    fn precedence(
        &self,
        scope: &Scope<'_>,
        plan: &mut Plan,
        path: &str,
        claims: &[Named<'_>],
    ) -> Result<(), Fault> {
        comparable(path, claims)?;
        let sources: Vec<SlotSource> = claims.iter().map(|(source, _)| *source).collect();
        if sources.iter().any(|source| scope.exposure(*source) != Exposure::Revealed) {
            let problem = "whom to believe is decided in the open, and a claim may be hidden";
            return Err(invalid(path, problem, "make the claim `must` in all of the roles"));
        }
        let earlier = plan.agreements.iter().filter(|a| a.rule == AgreementRule::Precedence);
        let earlier = earlier.flat_map(|agreement| &agreement.fields);
        if earlier.flat_map(|field| &field.claims).any(|source| sources.contains(source)) {
            let problem = "an earlier rule says already whom to believe of one of these claims";
            return Err(invalid(path, problem, "name all of the roles in one rule"));
        }
        let own = |check: &PublicCheck| match &check.rule {
            Rule::Public(PublicRule::OneOf { source, .. }) => sources.contains(source),
            _ => false,
        };
        let (settled, checks): (Vec<_>, Vec<_>) =
            std::mem::take(&mut plan.checks).into_iter().partition(own);
        plan.checks = checks;
        if settled.is_empty() {
            return Ok(());
        }
        let listed = |check: &PublicCheck| match &check.rule {
            Rule::Public(PublicRule::OneOf { allowed, .. }) => allowed.clone(),
            _ => Vec::new(),
        };
        let lists: Vec<Vec<Encoded>> = settled.iter().map(listed).collect();
        // Within one list, no value stands twice.
        let alike = |pair: &[Vec<Encoded>]| {
            let [a, b] = pair else { return true };
            a.len() == b.len() && a.iter().all(|value| b.contains(value))
        };
        if settled.len() != sources.len() || !lists.windows(2).all(alike) {
            let problem = "one value of these claims counts, and not all accept the same values";
            return Err(invalid(path, problem, "write the same one_of for all, or for none"));
        }
        let any = Rule::Any(settled.iter().map(|check| check.rule.clone()).collect());
        plan.checks.push(PublicCheck { path: path.to_owned(), rule: any });
        plan.settled.extend(settled);
        Ok(())
    }

    /// Nothing may be proven of a claim that is `never` seen: not by a predicate, not by an equality.
    pub(super) fn refuse_never(&self, scope: &Scope<'_>, plan: &Plan) -> Result<(), Fault> {
        let mut never = BTreeMap::new();
        for (i, claim) in self.claims.iter().enumerate() {
            if claim.rule == ClaimRule::Never {
                never.insert(scope.path(&claim.path, &format!("$.claims[{i}].path"))?.0, i);
            }
        }
        let predicates = plan.predicates.iter().flat_map(|predicate| {
            let path = format!("{}.expr", predicate.path);
            predicate.rule.sources().into_iter().map(move |source| (source, path.clone()))
        });
        let equalities = plan.equalities.iter().zip(&plan.equality_paths);
        let equalities =
            equalities.flat_map(|(pair, path)| [(pair.a, path.clone()), (pair.b, path.clone())]);
        let agreed = plan.rules.iter().filter(|(path, _)| path.starts_with("$.agree["));
        let agreed = agreed.flat_map(|(path, rule)| {
            rule.sources().into_iter().map(move |source| (source, path.clone()))
        });
        for (source, path) in predicates.chain(equalities).chain(agreed) {
            let Some(i) = never.get(&source) else { continue };
            let i = *i;
            let claim = self.claims.get(i).map(|claim| claim.path.text()).unwrap_or_default();
            let problem = format!("{claim} is used here, which $.claims[{i}] says never to use");
            let remedy = format!("write `predicate` at $.claims[{i}].disclosure, or take it out");
            return Err(invalid(&path, &problem, &remedy));
        }
        Ok(())
    }
}

fn ordered(a: SlotSource, b: SlotSource) -> (SlotSource, SlotSource) {
    (a.min(b), a.max(b))
}

/// Every claim is the same as the next.
fn all_equal(
    scope: &Scope<'_>,
    plan: &mut Plan,
    path: &str,
    claims: &[Named<'_>],
    seen: &mut BTreeSet<(SlotSource, SlotSource)>,
) -> Result<(), Fault> {
    for pair in claims.windows(2) {
        let [first, second] = pair else { continue };
        // What `equal` says already needs no second proof.
        if !seen.contains(&ordered(first.0, second.0)) {
            seen.insert(equal(scope, plan, path, *first, *second)?);
        }
    }
    Ok(())
}

/// At least so many of the claims, and fewer than all, are the same.
fn quorum(
    scope: &Scope<'_>,
    plan: &mut Plan,
    path: &str,
    claims: &[Named<'_>],
    least: usize,
) -> Result<(), Fault> {
    comparable(path, claims)?;
    let all = |exposure| claims.iter().all(|(source, _)| scope.exposure(*source) == exposure);
    let (hidden, revealed) = (all(Exposure::Hidden), all(Exposure::Revealed));
    if !hidden && !revealed {
        let problem = "one claim is hidden and the other may be seen";
        return Err(invalid(path, problem, "make all `must`, or all `predicate`"));
    }
    let text =
        |(_, field): &Named<'_>| matches!(field.field_type(), FieldType::Text | FieldType::Bytes);
    if hidden && claims.iter().any(text) {
        let problem = "a quorum is counted by the circuit, and hidden text has no integers";
        let remedy = "leave the quorum out, so that all agree, or reveal the claims";
        return Err(invalid(path, problem, remedy));
    }
    let same = |a: SlotSource, b: SlotSource| match hidden {
        true => Rule::Compare {
            hidden: vec![(1, a), (-1, b)],
            op: Comparison::Eq,
            public: PublicForm::default(),
            interval: Interval::bits(0),
        },
        false => Rule::Public(PublicRule::Same { a, b }),
    };
    let others = least.saturating_sub(1);
    let firsts = claims.iter().enumerate().take(claims.len().saturating_sub(others));
    let alternatives = firsts.map(|(i, (first, _))| {
        let later = claims.iter().skip(i + 1).map(|(other, _)| same(*first, *other));
        let later: Vec<Rule> = later.collect();
        match others {
            1 => Rule::Any(later),
            all if all == later.len() => Rule::All(later),
            others => Rule::AtLeast(others, later),
        }
    });
    let rule = Rule::Any(alternatives.collect());
    match hidden {
        true => plan.rules.push((path.to_owned(), rule)),
        false => plan.checks.push(PublicCheck { path: path.to_owned(), rule }),
    }
    Ok(())
}

/// Issuers are ranked by one list: all roles refer to the same.
fn one_trust_list(scope: &Scope<'_>, roles: &[usize], path: &str) -> Result<(), Fault> {
    let lists = roles.iter().map(|role| {
        let trust = scope.roles().get(*role)?.trust()?;
        Some((trust.list(), trust.authority()))
    });
    let lists: Vec<_> = lists.collect();
    match lists.first() {
        Some(Some(first)) if lists.iter().all(|list| list.as_ref() == Some(first)) => Ok(()),
        _ => {
            let problem = "the roles refer to no trust list, or not to the same";
            let remedy = "give all of them the trust list that ranks their issuers";
            Err(invalid(path, problem, remedy))
        }
    }
}

/// Whether claims can be compared: of one type, of different roles, and always there.
fn comparable(path: &str, claims: &[Named<'_>]) -> Result<(), Fault> {
    for pair in claims.windows(2) {
        let [(first, first_field), (second, second_field)] = pair else { continue };
        let refuse = |problem: &str, remedy: &str| Err(invalid(path, problem, remedy));
        if first.role == second.role {
            return refuse("both claims are of one role", "compare claims of two credentials");
        }
        if first_field.field_type() != second_field.field_type() {
            let (x, y) = (first_field.field_type(), second_field.field_type());
            let problem = format!("{x} and {y} are not one type");
            return refuse(&problem, "compare claims of the same type");
        }
        if first_field.optional() || second_field.optional() {
            return refuse(
                "an absent field equals nothing",
                "use fields that every credential has",
            );
        }
    }
    Ok(())
}

/// Plans the comparison of two claims: in the open, or as a proof.
fn equal(
    scope: &Scope<'_>,
    plan: &mut Plan,
    path: &str,
    first: Named<'_>,
    second: Named<'_>,
) -> Result<(SlotSource, SlotSource), Fault> {
    comparable(path, &[first, second])?;
    let refuse = |problem: &str, remedy: &str| Err(invalid(path, problem, remedy));
    let ((first, first_field), (second, _)) = (first, second);
    let (a, b) = ordered(first, second);
    match (scope.exposure(a), scope.exposure(b)) {
        (Exposure::Revealed, Exposure::Revealed) => {
            let rule = Rule::Public(PublicRule::Same { a, b });
            plan.checks.push(PublicCheck { path: path.to_owned(), rule });
        }
        (Exposure::Hidden, Exposure::Hidden) => {
            let suites = [a, b].map(|source| scope.roles().get(source.role).map(Role::suite));
            let hashed = matches!(first_field.field_type(), FieldType::Text | FieldType::Bytes);
            if hashed && suites[0] != suites[1] {
                let problem = "text is hashed differently under the two suites";
                return refuse(problem, "use credentials of one suite");
            }
            plan.equalities.push(Equality { a, b });
            plan.equality_paths.push(path.to_owned());
        }
        _ => {
            let problem = "one claim is hidden and the other may be seen";
            return refuse(problem, "make both `must`, or both `predicate`");
        }
    }
    Ok((a, b))
}
