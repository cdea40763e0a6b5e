//! The normal form: what a policy says, in the one spelling that the meet gives.
//!
//! Parts that are sets are sorted, what says nothing is left out: a claim at `predicate`, which is
//! what an unlisted claim is; an acceptance expression that asks for every predicate. Test cases
//! belong to the document as written (they name its places) and fall away.

use super::roles::sort_lists;
use crate::did_key;
use crate::document::{Cursor, Document, Fault};
use crate::policy::document::{Agreement, Claim, ClaimPath, RoleRule};
use crate::policy::expression::Expression;
use crate::policy::{AgreementRule, ClaimRule, Policy};
use std::collections::{BTreeMap, BTreeSet};

impl Policy {
    /// The policy in normal form: two policies that say the same, part by part, have the same.
    pub fn normal(&self) -> Self {
        let mut normal = self.clone();
        normal.id = ids([&self.id]);
        normal.roles.iter_mut().for_each(sort_role);
        normal.roles.sort_by(|a, b| a.name.cmp(&b.name));
        normal.claims.retain(|claim| claim.rule != ClaimRule::Predicate);
        normal.claims.iter_mut().for_each(sort_values);
        normal.claims.sort_by(|a, b| a.path.cmp(&b.path));
        normal.predicates.sort_by(|a, b| a.name.cmp(&b.name));
        if let Ok(accept) = accept(&conjuncts(self), normal.names()) {
            normal.accept = accept;
        }
        normal.equal = pairs(&self.equal);
        normal.agree = agreements(&self.agree);
        normal.tests = Vec::new();
        normal
    }

    /// The names of the predicates.
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.predicates.iter().map(|predicate| predicate.name.clone()).collect()
    }
}

/// The identifiers of the parts of met policies, each once.
pub(super) fn ids<'a>(ids: impl IntoIterator<Item = &'a String>) -> String {
    let parts: BTreeSet<&str> = ids.into_iter().flat_map(|id| id.split('+')).collect();
    parts.into_iter().collect::<Vec<_>>().join("+")
}

fn sort_role(role: &mut RoleRule) {
    role.issuers.sort_by_cached_key(did_key::encode);
    role.accepts.sort_unstable();
    sort_lists(&mut role.lists);
}

fn sort_values(claim: &mut Claim) {
    if let Some(values) = &mut claim.one_of {
        values.sort_by_cached_key(Document::canonical);
        values.dedup();
    }
}

/// Pairs of equal claims in one order, each once.
pub(in crate::policy) fn pairs(pairs: &[(ClaimPath, ClaimPath)]) -> Vec<(ClaimPath, ClaimPath)> {
    let ordered = |(a, b): &(ClaimPath, ClaimPath)| match a <= b {
        true => (a.clone(), b.clone()),
        false => (b.clone(), a.clone()),
    };
    let pairs: BTreeSet<_> = pairs.iter().map(ordered).collect();
    pairs.into_iter().collect()
}

/// Agreements in one order, each once; of several quorums of the same roles and fields the highest,
/// which the others follow from.
pub(in crate::policy) fn agreements(rules: &[Agreement]) -> Vec<Agreement> {
    let sorted = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
    let mut strictest = BTreeMap::new();
    for Agreement { roles, fields, rule } in rules {
        let ranked = *rule == AgreementRule::Precedence;
        let found = strictest.entry((sorted(roles), sorted(fields), ranked)).or_insert(*rule);
        *found = (*found).max(*rule);
    }
    let rule = |((roles, fields, _), rule): ((BTreeSet<String>, BTreeSet<String>, bool), _)| {
        let (roles, fields) = (roles.into_iter().collect(), fields.into_iter().collect());
        Agreement { roles, fields, rule }
    };
    strictest.into_iter().map(rule).collect()
}

/// What acceptance asks for, as parts that all have to hold. Without an expression, every
/// predicate.
pub(super) fn conjuncts(policy: &Policy) -> BTreeSet<String> {
    match &policy.accept {
        None => policy.names(),
        Some(accept) => {
            let mut parts = BTreeSet::new();
            split(&accept.bare(), &mut parts);
            parts
        }
    }
}

/// The expression of parts that all have to hold; none where it is every predicate.
///
/// # Errors
/// Where it is longer than expressions may be.
pub(super) fn accept(
    parts: &BTreeSet<String>,
    names: BTreeSet<String>,
) -> Result<Option<Expression>, Fault> {
    if *parts == names {
        return Ok(None);
    }
    let part = |part: &String| match top_level(part, "||").len() {
        0 | 1 => part.clone(),
        _ => format!("({part})"),
    };
    let text = Document::Text(parts.iter().map(part).collect::<Vec<_>>().join(" && "));
    Expression::parse(&Cursor::root(&text)).map(Some)
}

/// Takes an acceptance expression apart at `&&`. Without its comments, it is made of names,
/// parentheses, `!`, `||`, `&&` and `at_least`, so that brackets tell how it nests.
fn split(text: &str, parts: &mut BTreeSet<String>) {
    let spaced = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = spaced.as_str();
    if top_level(text, "||").len() > 1 {
        parts.insert(text.to_owned());
        return;
    }
    let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    match (top_level(text, "&&").as_slice(), inner) {
        ([_], Some(inner)) if closed(inner) => split(inner, parts),
        ([_] | [], _) => {
            parts.insert(text.to_owned());
        }
        (several, _) => several.iter().for_each(|part| split(part, parts)),
    }
}

/// Whether brackets in it close in order, so that a pair around it is one pair.
fn closed(text: &str) -> bool {
    let depth = text.chars().try_fold(0i64, |depth, c| {
        let depth = depth + i64::from("([".contains(c)) - i64::from(")]".contains(c));
        (depth >= 0).then_some(depth)
    });
    depth == Some(0)
}

/// The parts of a text between an operator outside all brackets.
fn top_level<'t>(text: &'t str, operator: &str) -> Vec<&'t str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0i64, 0);
    for (at, c) in text.char_indices() {
        depth += i64::from("([".contains(c)) - i64::from(")]".contains(c));
        let here = text.get(at..).is_some_and(|rest| rest.starts_with(operator));
        if depth == 0 && here && at >= start {
            parts.extend(text.get(start..at).map(str::trim));
            start = at + operator.len();
        }
    }
    parts.extend(text.get(start..).map(str::trim));
    parts
}
