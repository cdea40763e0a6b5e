//! A policy held against its schemas: what both sides of a presentation work from.

use super::circuit::{Circuit, Plan};
use super::document::{Claim, ClaimPath, ClaimRule, Policy, RoleRule, TrustRule, Validity};
use super::equality::Agreement;
use super::expression::Literal;
use super::lists::ListCheck;
use super::public::{ParamSource, PublicCheck, PublicRule, Revealed, SlotSource};
use super::rule::Rule;
use super::typing;
use super::versions::Accepted;
use crate::bbs::{PublicKey, Suite};
use crate::document::{Document, Fault, Problem};
use crate::schema::{Disclosure, FIRST_FIELD, Field, Schema, VALID_FROM, VALID_UNTIL};
use crate::value::{Encoded, LeapDay, Timestamp};
use sigil_circuits::{Interval, Shape};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The part that one credential plays, with what is revealed of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    name: String,
    schema: Schema,
    suite: Suite,
    accepted: Vec<Accepted>,
    issuers: Vec<PublicKey>,
    trust: Option<TrustRule>,
    validity: Validity,
    must: Vec<usize>,
    may: Vec<usize>,
}

impl Role {
    /// A role of which nothing is revealed, and that trusts nobody.
    pub(super) fn hidden(name: &str, schema: &Schema, suite: Suite, validity: Validity) -> Self {
        Self {
            name: name.to_owned(),
            schema: schema.clone(),
            suite,
            // Every schema is a version of itself.
            accepted: Accepted::new(schema, schema).into_iter().collect(),
            issuers: Vec::new(),
            trust: None,
            validity,
            must: Vec::new(),
            may: Vec::new(),
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The schema that the policy is written against.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The schemas whose credentials are accepted, the role's own first.
    pub fn accepted(&self) -> &[Accepted] {
        &self.accepted
    }

    /// The ciphersuite of its credential.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// The issuers accepted; none where a trust list says which.
    pub fn issuers(&self) -> &[PublicKey] {
        &self.issuers
    }

    /// The trust list that says which issuers are accepted.
    pub fn trust(&self) -> Option<&TrustRule> {
        self.trust.as_ref()
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
    equality_paths: Vec<String>,
    agreements: Vec<Agreement>,
    settled: Vec<PublicCheck>,
    lists: Vec<ListCheck>,
    clock_skew: u64,
    warnings: Vec<Fault>,
}

impl CompiledPolicy {
    /// Makes the circuit of what compilation gathered.
    pub(super) fn of_plan(roles: Vec<Role>, mut plan: Plan) -> Result<Self, Fault> {
        let conjunct =
            |(path, rule): &(String, Rule)| Conjunct { path: path.clone(), rule: rule.clone() };
        let conjuncts = plan.rules.iter().map(conjunct).collect();
        super::versions::check(&roles, &plan)?;
        let Circuit { slots, params, shape, conditions } = plan.circuit(&roles)?;
        let Plan {
            checks,
            equalities,
            equality_paths,
            agreements,
            settled,
            lists,
            warnings,
            predicates,
            ..
        } = plan;
        Ok(Self {
            roles,
            slots,
            params,
            shape,
            conditions,
            conjuncts,
            predicates,
            checks,
            equalities,
            equality_paths,
            agreements,
            settled,
            lists,
            clock_skew: 0,
            warnings,
        })
    }

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

    /// The places of the policy that hidden values have to satisfy, each once: conditions of the
    /// circuit, then equalities.
    pub fn proven(&self) -> Vec<String> {
        let mut places: Vec<String> = Vec::new();
        for place in self.conditions.iter().chain(&self.equality_paths) {
            if !places.contains(place) {
                places.push(place.clone());
            }
        }
        places
    }

    /// The rules over public values.
    pub fn checks(&self) -> &[PublicCheck] {
        &self.checks
    }

    /// The hidden equalities.
    pub fn equalities(&self) -> &[Equality] {
        &self.equalities
    }

    /// For each hidden equality, the place in the policy that asks for it.
    pub fn equality_paths(&self) -> &[String] {
        &self.equality_paths
    }

    /// Roles whose credentials must come from distinct issuers, and what they have to agree on.
    pub fn agreements(&self) -> &[Agreement] {
        &self.agreements
    }

    /// Rules over revealed claims of which an agreement believes one: each asks something of its claim
    /// only where that is not overruled, so that it is no matter of the values alone.
    pub fn settled_checks(&self) -> &[PublicCheck] {
        &self.settled
    }

    /// The sorted lists that credentials are held against. A presentation has an entry for each, in this
    /// order, whose messages stand after those of the roles.
    pub fn lists(&self) -> &[ListCheck] {
        &self.lists
    }

    /// Seconds by which clocks may differ.
    pub fn clock_skew(&self) -> u64 {
        self.clock_skew
    }

    /// What is accepted but should be meant.
    pub fn warnings(&self) -> &[Fault] {
        &self.warnings
    }

    /// The field of a place; none for what every credential has.
    pub fn field(&self, source: SlotSource) -> Option<&Field> {
        self.roles.get(source.role)?.schema.field_at(source.message)
    }

    /// The integers that rules compute with at a place, in any version accepted; none for text and bytes.
    pub fn interval(&self, source: SlotSource) -> Option<Interval> {
        if source.message >= FIRST_FIELD
            && let Some(role) = self.roles.get(source.role)
        {
            return role.base_interval(source.message);
        }
        super::circuit::slot_interval(&self.roles, &self.lists, source)
    }

    /// The parameters of the circuit at a time and for revealed values, in order; none if something
    /// that they need was not revealed.
    pub fn param_values(&self, now: Timestamp, revealed: &dyn Revealed) -> Option<Vec<i128>> {
        self.params.iter().map(|source| source.value(now, revealed)).collect()
    }

    /// The first public rule that does not hold.
    pub fn failing_check(&self, now: Timestamp, revealed: &dyn Revealed) -> Option<&PublicCheck> {
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
    pub(super) fn new(
        roles: &'s [Role],
        params: &'s BTreeMap<String, Literal>,
        leap_day: Option<LeapDay>,
    ) -> Self {
        Self { roles, params, leap_day }
    }

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

    pub(super) fn roles(&self) -> &'s [Role] {
        self.roles
    }

    /// The index of a role.
    pub(super) fn role(&self, name: &str, at: &str) -> Result<usize, Fault> {
        let names: Vec<&str> = self.roles.iter().map(Role::name).collect();
        names.iter().position(|known| *known == name).ok_or_else(|| {
            invalid(at, &format!("no role \"{name}\""), &format!("known: {}", names.join(", ")))
        })
    }

    pub(super) fn path(
        &self,
        path: &ClaimPath,
        at: &str,
    ) -> Result<(SlotSource, &'s Field), Fault> {
        self.resolve(&path.role, &path.field, |problem, remedy| invalid(at, problem, remedy))
    }
}

fn invalid(path: &str, problem: &str, remedy: &str) -> Fault {
    Fault::new(path, Problem::Invalid(problem.to_owned()), remedy)
}

impl Policy {
    /// Holds the policy against the schemas of its roles, in any order; others are ignored.
    pub fn compile(&self, schemas: &[Schema]) -> Result<CompiledPolicy, Fault> {
        let mut roles = self.compile_roles(schemas)?;
        let mut plan = Plan::default();
        self.compile_claims(&mut roles, &mut plan)?;
        for (i, role) in roles.iter().enumerate() {
            plan.validity(i, role, i32::try_from(self.clock_skew).unwrap_or(i32::MAX));
        }
        let leap_day = self.leap_day;
        let scope = Scope::new(&roles, &self.params, leap_day);
        self.compile_predicates(&scope, &mut plan)?;
        self.compile_equalities(&scope, &mut plan)?;
        self.compile_lists(&scope, &mut plan)?;
        self.refuse_never(&scope, &plan)?;
        let compiled = CompiledPolicy::of_plan(roles, plan)?;
        Ok(CompiledPolicy { clock_skew: self.clock_skew.into(), ..compiled })
    }

    fn compile_roles(&self, schemas: &[Schema]) -> Result<Vec<Role>, Fault> {
        let compile = |(i, rule): (usize, &RoleRule)| {
            let schema = schemas.iter().find(|schema| schema.id() == rule.schema);
            let schema = schema.ok_or_else(|| {
                let path = format!("$.roles[{i}].schema");
                let problem = format!("schema {} is not at hand", rule.schema);
                invalid(&path, &problem, "give its document too, or correct the id")
            })?;
            let accepted = compile_accepted(rule, i, schema, schemas)?;
            let role = Role::hidden(&rule.name, schema, rule.suite, rule.validity);
            let (issuers, trust) = (rule.issuers.clone(), rule.trust.clone());
            Ok(Role { accepted, issuers, trust, ..role })
        };
        self.roles.iter().enumerate().map(compile).collect()
    }

    /// Sorts the claims into what must and what may be revealed, within the issuers' limits.
    fn compile_claims(&self, roles: &mut [Role], plan: &mut Plan) -> Result<(), Fault> {
        let mut revealed: Vec<(SlotSource, ClaimRule)> = Vec::new();
        {
            let leap_day = self.leap_day;
            let scope = Scope::new(roles, &self.params, leap_day);
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
                ClaimRule::Predicate | ClaimRule::Never => {}
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
            plan.predicates.push(CompiledPredicate { name: predicate.name.clone(), path, rule });
        }
        plan.rules.extend(self.acceptance(&plan.predicates)?);
        match self.params.keys().find(|name| !used.contains(name.as_str())) {
            None => Ok(()),
            Some(name) => {
                let path = format!("$.params.{name}");
                Err(invalid(&path, "no predicate uses this parameter", "remove it, or use it"))
            }
        }
    }
}

impl Policy {
    /// What has to hold: all predicates, or what `accept` makes of them.
    fn acceptance(&self, predicates: &[CompiledPredicate]) -> Result<Vec<(String, Rule)>, Fault> {
        let named = |name: &str| predicates.iter().find(|predicate| predicate.name == name);
        let Some(accept) = &self.accept else {
            let all = predicates.iter().map(|p| (p.path.clone(), p.rule.clone()));
            return Ok(all.collect());
        };
        let used = RefCell::new(BTreeSet::new());
        let rule = |name: &str| {
            used.borrow_mut().insert(name.to_owned());
            named(name).map(|predicate| predicate.rule.clone())
        };
        let conjuncts = typing::accept(accept, &rule, "$.accept")?;
        if let Some(idle) = predicates.iter().find(|p| !used.borrow().contains(&p.name)) {
            let problem = "what is accepted does not depend on this predicate";
            return Err(invalid(&idle.path, problem, "name it under accept, or remove it"));
        }
        let placed = conjuncts.into_iter().map(|(name, rule)| {
            let predicate = name.as_deref().and_then(named);
            (predicate.map_or_else(|| "$.accept".to_owned(), |p| p.path.clone()), rule)
        });
        Ok(placed.collect())
    }
}

/// The schemas that a role accepts, its own first.
fn compile_accepted(
    rule: &RoleRule,
    index: usize,
    base: &Schema,
    schemas: &[Schema],
) -> Result<Vec<Accepted>, Fault> {
    let others = rule.accepts.iter().enumerate().map(|(j, id)| {
        let path = format!("$.roles[{index}].accepts[{j}]");
        let schema = schemas.iter().find(|schema| schema.id() == *id);
        let schema = schema.ok_or_else(|| {
            let problem = format!("schema {id} is not at hand");
            invalid(&path, &problem, "give its document too, or correct the id")
        })?;
        let remedy = "accept versions of one schema only";
        Accepted::new(base, schema).map_err(|problem| invalid(&path, &problem, remedy))
    });
    let own = Accepted::new(base, base).map_err(|problem| invalid("$.roles", &problem, ""));
    std::iter::once(own).chain(others).collect()
}

/// Checks a policy's rule against the issuer's limit.
fn within_limit(field: &Field, rule: ClaimRule, path: &str) -> Result<(), Fault> {
    match (field.disclosure(), rule) {
        (Disclosure::Never, ClaimRule::Must | ClaimRule::May) => {
            let problem = "the issuer lets nobody reveal this field";
            Err(invalid(path, problem, "write predicate, and a predicate in its place"))
        }
        (Disclosure::Always, ClaimRule::May | ClaimRule::Predicate | ClaimRule::Never) => {
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
