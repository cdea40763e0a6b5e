//! Claims of several credentials that are the same, and issuers that are not.
//!
//! A pair under `equal` is compared in the open where both claims are revealed, and proven where
//! both are hidden. An `agree` rule says the same of each of its fields for any number of roles: its
//! roles are taken in the policy's order, each compared with the next, so that all are the same; and
//! their issuers are pairwise distinct, which the verifier sees, as issuers are never hidden.

use super::circuit::Plan;
use super::compile::{Equality, Exposure, Role, Scope};
use super::document::{ClaimPath, ClaimRule, Policy};
use super::public::{PublicCheck, PublicRule, SlotSource};
use super::rule::Rule;
use crate::document::{Fault, Problem};
use crate::schema::Field;
use crate::value::FieldType;
use std::collections::{BTreeMap, BTreeSet};

/// Roles whose credentials come from issuers pairwise distinct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistinctIssuers {
    /// The place in the policy that asks for it.
    pub path: String,
    /// Indexes of the roles, ascending.
    pub roles: Vec<usize>,
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
            for (j, field) in rule.fields.iter().enumerate() {
                let at = format!("{path}.fields[{j}]");
                for pair in roles.windows(2) {
                    let claim = |role: &usize| {
                        let role = scope.roles().get(*role).map(Role::name).unwrap_or_default();
                        let role = role.to_owned();
                        scope.path(&ClaimPath { role, field: field.clone() }, &at)
                    };
                    let [a, b] = pair else { continue };
                    let (first, second) = (claim(a)?, claim(b)?);
                    // What `equal` says already needs no second proof.
                    if !seen.contains(&ordered(first.0, second.0)) {
                        seen.insert(equal(scope, plan, &at, first, second)?);
                    }
                }
            }
            plan.distinct.push(DistinctIssuers { path, roles });
        }
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
        for (source, path) in predicates.chain(equalities) {
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

/// Plans the comparison of two claims: in the open, or as a proof.
fn equal(
    scope: &Scope<'_>,
    plan: &mut Plan,
    path: &str,
    (first, first_field): Named<'_>,
    (second, second_field): Named<'_>,
) -> Result<(SlotSource, SlotSource), Fault> {
    let refuse = |problem: &str, remedy: &str| Err(invalid(path, problem, remedy));
    if first.role == second.role {
        return refuse("both claims are of one role", "compare claims of two credentials");
    }
    if first_field.field_type() != second_field.field_type() {
        let (x, y) = (first_field.field_type(), second_field.field_type());
        return refuse(&format!("{x} and {y} are not one type"), "compare claims of the same type");
    }
    if first_field.optional() || second_field.optional() {
        return refuse("an absent field equals nothing", "use fields that every credential has");
    }
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
