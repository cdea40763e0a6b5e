//! A policy held against its schemas: what both sides of a presentation work from.

use super::circuit::{Circuit, Plan};
use super::document::{Claim, ClaimPath, ClaimRule, Policy, RoleRule, Validity};
use super::expression::Literal;
use super::public::{ParamSource, PublicCheck, PublicRule, Revealed, SlotSource};
use super::rule::Rule;
use super::typing;
use crate::bbs::{PublicKey, Suite};
use crate::document::{Document, Fault, Problem};
use crate::schema::{Disclosure, Field, Schema, VALID_FROM, VALID_UNTIL};
use crate::value::{Encoded, FieldType, LeapDay, Timestamp};
use sigil_circuits::{Interval, Shape};
use std::collections::{BTreeMap, BTreeSet};

/// The part that one credential plays, with what is revealed of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    name: String,
    schema: Schema,
    suite: Suite,
    issuers: Vec<PublicKey>,
    validity: Validity,
    must: Vec<usize>,
    may: Vec<usize>,
}

impl Role {
    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The schema of its credential.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The ciphersuite of its credential.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// The issuers accepted.
    pub fn issuers(&self) -> &[PublicKey] {
        &self.issuers
    }

    /// How its validity is shown.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// Messages that are revealed in every presentation, ascending: claims that must be, and the
    /// validity window where the policy has it revealed.
    pub fn must(&self) -> &[usize] {
        &self.must
    }

    /// Messages that the holder may reveal, ascending.
    pub fn may(&self) -> &[usize] {
        &self.may
    }
}

/// Two hidden messages that must be equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Equality {
    /// One message.
    pub a: SlotSource,
    /// The other, of another role.
    pub b: SlotSource,
}

/// What a policy lets be seen of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exposure {
    Hidden,
    Revealed,
    Optional,
}

/// A predicate of the policy, held against the schemas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledPredicate {
    /// Its name.
    pub name: String,
    /// Its place in the policy.
    pub path: String,
    /// What it says.
    pub rule: Rule,
}

/// A rule that has to hold, with the place in the policy that asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conjunct {
    /// The place.
    pub path: String,
    /// The rule.
    pub rule: Rule,
}

/// A policy compiled against its schemas.
///
/// Everything in it has one order, which prover and verifier share: slots by role and message,
/// parameters in the order of the conditions that use them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledPolicy {
    roles: Vec<Role>,
    slots: Vec<SlotSource>,
    params: Vec<ParamSource>,
    shape: Option<Shape>,
    conditions: Vec<String>,
    conjuncts: Vec<Conjunct>,
    predicates: Vec<CompiledPredicate>,
    checks: Vec<PublicCheck>,
    equalities: Vec<Equality>,
    warnings: Vec<Fault>,
}

impl CompiledPolicy {
    /// The roles, in the order of the policy.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// Which message fills each slot of the circuit.
    pub fn slots(&self) -> &[SlotSource] {
        &self.slots
    }

    /// What each parameter of the circuit is worked out from.
    pub fn params(&self) -> &[ParamSource] {
        &self.params
    }

    /// The shape of the circuit; none if nothing hidden is proven.
    pub fn shape(&self) -> Option<&Shape> {
        self.shape.as_ref()
    }

    /// All rules that have to hold: validity and what the predicates come to, hidden or not.
    pub fn conjuncts(&self) -> &[Conjunct] {
        &self.conjuncts
    }

    /// The predicates, in the order of the policy.
    pub fn predicates(&self) -> &[CompiledPredicate] {
        &self.predicates
    }

    /// For each conjunct of the shape's formula, the place in the policy that asks for it.
    pub fn conditions(&self) -> &[String] {
        &self.conditions
    }

    /// The rules over public values.
    pub fn checks(&self) -> &[PublicCheck] {
        &self.checks
    }

    /// The hidden equalities.
    pub fn equalities(&self) -> &[Equality] {
        &self.equalities
    }

    /// What is accepted but should be meant.
    pub fn warnings(&self) -> &[Fault] {
        &self.warnings
    }

    /// The field of a place; none for what every credential has.
    pub fn field(&self, source: SlotSource) -> Option<&Field> {
        self.roles.get(source.role)?.schema.field_at(source.message)
    }

    /// The integers that the message of a place may be; none for text and bytes.
    pub fn interval(&self, source: SlotSource) -> Option<Interval> {
        super::circuit::slot_interval(&self.roles, source)
    }

    /// The parameters of the circuit at a time and for revealed values, in order; none if something
    /// that they need was not revealed.
    pub fn param_values(&self, now: Timestamp, revealed: &Revealed<'_>) -> Option<Vec<i128>> {
        self.params.iter().map(|source| source.value(now, revealed)).collect()
    }

    /// The first public rule that does not hold.
    pub fn failing_check(&self, now: Timestamp, revealed: &Revealed<'_>) -> Option<&PublicCheck> {
        self.checks.iter().find(|check| !check.holds(now, revealed))
    }
}

/// What names in expressions stand for.
pub(super) struct Scope<'s> {
    roles: &'s [Role],
    params: &'s BTreeMap<String, Literal>,
    leap_day: Option<LeapDay>,
}

impl<'s> Scope<'s> {
    pub(super) fn resolve(
        &self,
        role: &str,
        field: &str,
        refuse: impl Fn(&str, &str) -> Fault,
    ) -> Result<(SlotSource, &'s Field), Fault> {
        let known = || self.roles.iter().map(Role::name).collect::<Vec<_>>().join(", ");
        let index = self.roles.iter().position(|known| known.name == role);
        let (index, role) =
            index.and_then(|index| Some((index, self.roles.get(index)?))).ok_or_else(|| {
                refuse(&format!("no role \"{role}\""), &format!("known: {}", known()))
            })?;
        let (message, found) = role.schema.field(field).ok_or_else(|| {
            let names: Vec<&str> = role.schema.fields().iter().map(Field::name).collect();
            let message = format!("{} has no field \"{field}\"", role.schema.name());
            refuse(&message, &format!("its fields: {}", names.join(", ")))
        })?;
        Ok((SlotSource { role: index, message }, found))
    }

    pub(super) fn param(&self, name: &str) -> Option<&'s Literal> {
        self.params.get(name)
    }

    /// What becomes of a 29 February, if the policy says so.
    pub(super) fn leap_day(&self) -> Option<LeapDay> {
        self.leap_day
    }

    pub(super) fn exposure(&self, source: SlotSource) -> Exposure {
        let role = self.roles.get(source.role);
        match role {
            Some(role) if role.must.contains(&source.message) => Exposure::Revealed,
            Some(role) if role.may.contains(&source.message) => Exposure::Optional,
            _ => Exposure::Hidden,
        }
    }

    fn path(&self, path: &ClaimPath, at: &str) -> Result<(SlotSource, &'s Field), Fault> {
        self.resolve(&path.role, &path.field, |problem, remedy| invalid(at, problem, remedy))
    }
}

fn invalid(path: &str, problem: &str, remedy: &str) -> Fault {
    Fault::new(path, Problem::Invalid(problem.to_owned()), remedy)
}

impl Policy {
    /// Holds the policy against the schemas of its roles, in any order; others are ignored.
    pub fn compile(&self, schemas: &[Schema]) -> Result<CompiledPolicy, Fault> {
        self.compile_with(schemas, None)
    }

    /// As [`compile`](Self::compile), with what becomes of a 29 February.
    pub(super) fn compile_with(
        &self,
        schemas: &[Schema],
        leap_day: Option<LeapDay>,
    ) -> Result<CompiledPolicy, Fault> {
        let mut roles = self.compile_roles(schemas)?;
        let mut plan = Plan::default();
        self.compile_claims(&mut roles, &mut plan)?;
        for (i, role) in roles.iter().enumerate() {
            plan.validity(i, role);
        }
        let scope = Scope { roles: &roles, params: &self.params, leap_day };
        self.compile_predicates(&scope, &mut plan)?;
        self.compile_equalities(&scope, &mut plan)?;
        let conjuncts = plan
            .rules
            .iter()
            .map(|(path, rule)| Conjunct { path: path.clone(), rule: rule.clone() });
        let conjuncts = conjuncts.collect();
        let Circuit { slots, params, shape, conditions } = plan.circuit(&roles)?;
        let Plan { checks, equalities, warnings, predicates, .. } = plan;
        Ok(CompiledPolicy {
            roles,
            slots,
            params,
            shape,
            conditions,
            conjuncts,
            predicates,
            checks,
            equalities,
            warnings,
        })
    }

    fn compile_roles(&self, schemas: &[Schema]) -> Result<Vec<Role>, Fault> {
        let compile = |(i, rule): (usize, &RoleRule)| {
            let schema = schemas.iter().find(|schema| schema.id() == rule.schema);
            let schema = schema.ok_or_else(|| {
                let path = format!("$.roles[{i}].schema");
                let problem = format!("schema {} is not at hand", rule.schema);
                invalid(&path, &problem, "give its document too, or correct the id")
            })?;
            Ok(Role {
                name: rule.name.clone(),
                schema: schema.clone(),
                suite: rule.suite,
                issuers: rule.issuers.clone(),
                validity: rule.validity,
                must: Vec::new(),
                may: Vec::new(),
            })
        };
        self.roles.iter().enumerate().map(compile).collect()
    }

    /// Sorts the claims into what must and what may be revealed, within the issuers' limits.
    fn compile_claims(&self, roles: &mut [Role], plan: &mut Plan) -> Result<(), Fault> {
        let mut revealed: Vec<(SlotSource, ClaimRule)> = Vec::new();
        {
            let scope = Scope { roles, params: &self.params, leap_day: None };
            for (i, claim) in self.claims.iter().enumerate() {
                let path = format!("$.claims[{i}]");
                let (source, field) = scope.path(&claim.path, &format!("{path}.path"))?;
                within_limit(field, claim.rule, &format!("{path}.disclosure"))?;
                revealed.push((source, claim.rule));
                plan.checks.extend(one_of(claim, source, field, &format!("{path}.one_of"))?);
            }
        }
        for (source, rule) in revealed {
            let Some(role) = roles.get_mut(source.role) else { continue };
            match rule {
                ClaimRule::Must => role.must.push(source.message),
                ClaimRule::May => role.may.push(source.message),
                ClaimRule::Never => {}
            }
        }
        for (i, role) in roles.iter_mut().enumerate() {
            if role.validity == Validity::Reveal {
                role.must.extend([VALID_FROM, VALID_UNTIL]);
            }
            role.must.sort_unstable();
            role.may.sort_unstable();
            for field in role.schema.fields() {
                let message = role.schema.field(field.name()).map(|(message, _)| message);
                let shown = message.is_some_and(|message| role.must.contains(&message));
                if field.disclosure() == Disclosure::Always && !shown {
                    let problem = format!("the issuer has \"{}\" always revealed", field.name());
                    let remedy =
                        format!("add the claim \"{}.{}\" with must", role.name, field.name());
                    return Err(invalid(&format!("$.roles[{i}]"), &problem, &remedy));
                }
            }
        }
        Ok(())
    }

    fn compile_predicates(&self, scope: &Scope<'_>, plan: &mut Plan) -> Result<(), Fault> {
        let mut used = BTreeSet::new();
        for (i, predicate) in self.predicates.iter().enumerate() {
            let path = format!("$.predicates[{i}]");
            let rule = typing::check(&predicate.expression, scope, &format!("{path}.expr"))?;
            used.extend(predicate.expression.params());
            plan.rules.push((path.clone(), rule.clone()));
            plan.predicates.push(CompiledPredicate { name: predicate.name.clone(), path, rule });
        }
        match self.params.keys().find(|name| !used.contains(name.as_str())) {
            None => Ok(()),
            Some(name) => {
                let path = format!("$.params.{name}");
                Err(invalid(&path, "no predicate uses this parameter", "remove it, or use it"))
            }
        }
    }

    fn compile_equalities(&self, scope: &Scope<'_>, plan: &mut Plan) -> Result<(), Fault> {
        let mut seen = BTreeSet::new();
        for (i, (a, b)) in self.equal.iter().enumerate() {
            let path = format!("$.equal[{i}]");
            let refuse = |problem: &str, remedy: &str| Err(invalid(&path, problem, remedy));
            let (first, first_field) = scope.path(a, &format!("{path}[0]"))?;
            let (second, second_field) = scope.path(b, &format!("{path}[1]"))?;
            if first.role == second.role {
                return refuse("both claims are of one role", "compare claims of two credentials");
            }
            if first_field.field_type() != second_field.field_type() {
                let (x, y) = (first_field.field_type(), second_field.field_type());
                let problem = format!("{x} and {y} are not one type");
                return refuse(&problem, "compare claims of the same type");
            }
            if first_field.optional() || second_field.optional() {
                let remedy = "use fields that every credential has";
                return refuse("an absent field equals nothing", remedy);
            }
            let (a, b) = (first.min(second), first.max(second));
            if !seen.insert((a, b)) {
                return refuse("this pair stands twice", "remove one of them");
            }
            match (scope.exposure(a), scope.exposure(b)) {
                (Exposure::Revealed, Exposure::Revealed) => {
                    let rule = Rule::Public(PublicRule::Same { a, b });
                    plan.checks.push(PublicCheck { path, rule });
                }
                (Exposure::Hidden, Exposure::Hidden) => {
                    let suites = [a, b].map(|source| scope.roles.get(source.role).map(Role::suite));
                    let hashed =
                        matches!(first_field.field_type(), FieldType::Text | FieldType::Bytes);
                    if hashed && suites[0] != suites[1] {
                        let problem = "text is hashed differently under the two suites";
                        return refuse(problem, "use credentials of one suite");
                    }
                    plan.equalities.push(Equality { a, b });
                }
                _ => {
                    let problem = "one claim is hidden and the other may be seen";
                    return refuse(problem, "make both `must`, or both `never`");
                }
            }
        }
        Ok(())
    }
}

/// Checks a policy's rule against the issuer's limit.
fn within_limit(field: &Field, rule: ClaimRule, path: &str) -> Result<(), Fault> {
    match (field.disclosure(), rule) {
        (Disclosure::Never, ClaimRule::Must | ClaimRule::May) => {
            let problem = "the issuer lets nobody reveal this field";
            Err(invalid(path, problem, "write never, and a predicate in its place"))
        }
        (Disclosure::Always, ClaimRule::May | ClaimRule::Never) => {
            Err(invalid(path, "the issuer has this field always revealed", "write must"))
        }
        _ => Ok(()),
    }
}

/// The check that a revealed claim has one of the values listed for it.
fn one_of(
    claim: &Claim,
    source: SlotSource,
    field: &Field,
    path: &str,
) -> Result<Option<PublicCheck>, Fault> {
    let Some(values) = &claim.one_of else { return Ok(None) };
    let mut allowed: Vec<Encoded> = Vec::new();
    for (i, value) in values.iter().enumerate() {
        let at = format!("{path}[{i}]");
        let read = |value: &Document| {
            let field_type = field.field_type();
            field_type.encode(&field_type.parse_json(value)?)
        };
        let value = read(value).map_err(|error| {
            let remedy = format!("write values of type {}", field.field_type());
            invalid(&at, &error.to_string(), &remedy)
        })?;
        if allowed.contains(&value) {
            return Err(invalid(&at, "this value stands twice", "remove one"));
        }
        allowed.push(value);
    }
    let may_be_hidden = claim.rule == ClaimRule::May;
    let rule = Rule::Public(PublicRule::OneOf { source, allowed, may_be_hidden });
    Ok(Some(PublicCheck { path: path.to_owned(), rule }))
}
