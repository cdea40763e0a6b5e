//! Over-asking: what would be seen of each claim, against every limit that holds for the wallet.

use super::{Asked, Refusal};
use crate::policy::{CompiledPolicy, Level, Policy, Role, SlotSource, Validity};
use crate::schema::{Disclosure, FIRST_FIELD, SchemaId};
use std::collections::BTreeMap;

/// Every claim that is asked for above a limit.
pub(super) fn over_asking(asked: &Asked<'_>) -> Vec<Refusal> {
    let compiled = asked.compiled;
    let mut seen = levels(compiled);
    let mut refusals = Vec::new();
    for claim in asked.request.claims() {
        match compiled.source(claim) {
            Some(source) => {
                seen.insert(source, Level::Revealed);
            }
            None => refusals.push(Refusal::Unknown { claim: claim.to_owned() }),
        }
    }
    for (source, level) in seen {
        let claim = compiled.claim(source);
        let over = limits(asked, source, level).into_iter().filter(|(_, ceiling)| level > *ceiling);
        refusals.extend(over.map(|(limit, ceiling)| Refusal::OverAsking {
            claim: claim.clone(),
            asked: level,
            ceiling,
            limit,
        }));
    }
    refusals.extend(windows(asked));
    refusals
}

/// Windows of validity that would be revealed, where a policy above has them hidden.
fn windows(asked: &Asked<'_>) -> Vec<Refusal> {
    let revealed = asked.compiled.roles().iter().filter(|r| r.validity() == Validity::Reveal);
    let pairs = revealed.flat_map(|role| asked.under.iter().map(move |policy| (role, policy)));
    let hides = |role: &Role, policy: &Policy| {
        let mut same = policy.schemas().filter(|(_, schema)| *schema == role.schema().id());
        same.any(|(name, _)| policy.role_validity(name) == Some(Validity::Hidden))
    };
    let over = pairs.filter(|(role, policy)| hides(role, policy));
    over.map(|(role, policy)| Refusal::OverAsking {
        claim: format!("{}.valid_until", role.name()),
        asked: Level::Revealed,
        ceiling: Level::Predicate,
        limit: format!("policy {}", policy.id()),
    })
    .collect()
}

/// What the policy itself shows of each field: what must be revealed, and what is proven.
fn levels(compiled: &CompiledPolicy) -> BTreeMap<SlotSource, Level> {
    let slots = compiled.slots().iter().copied();
    let equal = compiled.equalities().iter().flat_map(|equality| [equality.a, equality.b]);
    let proven = slots.chain(equal).map(|source| (source, Level::Predicate));
    let revealed = compiled.roles().iter().enumerate().flat_map(|(role, compiled)| {
        let revealed = compiled.must().iter();
        revealed.map(move |message| (SlotSource { role, message: *message }, Level::Revealed))
    });
    let fields = proven.chain(revealed).filter(|(source, _)| source.message >= FIRST_FIELD);
    fields.collect()
}

/// The ceilings that hold for a field, each with its author.
fn limits(asked: &Asked<'_>, source: SlotSource, level: Level) -> Vec<(String, Level)> {
    let compiled = asked.compiled;
    let Some(role) = compiled.roles().get(source.role) else { return Vec::new() };
    let Some(field) = role.schema().field_at(source.message) else { return Vec::new() };
    let mut limits = Vec::new();
    let policy = asked.bundle.policy();
    if level == Level::Revealed
        && let Some(own) = policy.limits(role.name(), field.name())
    {
        limits.push((format!("policy {}", policy.id()), own.ceiling));
    }
    if field.disclosure() == Disclosure::Never {
        limits.push(("the issuer".to_owned(), Level::Predicate));
    }
    for policy in asked.under {
        let ceiling = ceiling_under(policy, role.schema().id(), field.name());
        limits.extend(ceiling.map(|ceiling| (format!("policy {}", policy.id()), ceiling)));
    }
    limits
}

/// The lowest ceiling that a policy gives to a field of a schema, whatever it calls the role; none
/// if it has no role of that schema.
fn ceiling_under(policy: &Policy, schema: SchemaId, field: &str) -> Option<Level> {
    let roles = policy.schemas().filter(|(_, known)| *known == schema);
    roles.filter_map(|(role, _)| Some(policy.limits(role, field)?.ceiling)).min()
}
