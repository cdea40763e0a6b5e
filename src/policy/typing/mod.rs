//! From conditions as written to rules over the integers that are signed.
//!
//! Both sides of a comparison have one *unit*: whole numbers, decimals of one scale, days, seconds,
//! or one of the kinds that only equal or differ. Its linear forms, its `in` and its `between` are
//! typed in [`linear`], what concerns the calendar in [`days`]; here conditions are put together.
//!
//! A comparison with an absent optional field is false, so its negation is true: beside each one
//! stands the rule that the field is there, and a negation covers both. Where another part of the
//! same conjunction cannot hold without the field, that rule is dropped.

mod days;
mod linear;
mod parts;
mod units;

use super::compile::{Exposure, Scope};
use super::expression::{Compared, Expression, Node, Position, Site};
use super::public::{PublicForm, PublicRule, PublicTerm, SlotSource};
use super::rule::Rule;
use crate::document::Fault;
use crate::schema::Field;
use crate::value::FieldType;
use sigil_circuits::{Comparison, Interval};

/// Types a predicate against the schemas.
pub(super) fn check(expression: &Expression, scope: &Scope<'_>, path: &str) -> Result<Rule, Fault> {
    let typing = Typing { scope, site: expression.site(path) };
    combine(&expression.root, &|node| typing.leaf(node))
}

/// What `accept` comes to: its top conjuncts, each with the predicate's name if it is just one.
///
/// # Errors
/// Anything but names of predicates joined by `&&`, `||`, `!` and `at_least`.
pub(super) fn accept(
    expression: &Expression,
    names: &dyn Fn(&str) -> Option<Rule>,
    path: &str,
) -> Result<Vec<(Option<String>, Rule)>, Fault> {
    let site = expression.site(path);
    let leaf = |node: &Node| match node {
        Node::Name { name, at } => names(name).ok_or_else(|| {
            let message = format!("no predicate \"{name}\"");
            site.fault(*at, &message, "correct the name, or add it under predicates")
        }),
        other => {
            let remedy = "write this condition under predicates, and its name here";
            site.refuse(place(other), "only names of predicates stand here", remedy)
        }
    };
    let parts = match &expression.root {
        Node::All(parts) => parts.as_slice(),
        single => std::slice::from_ref(single),
    };
    let conjunct = |part: &Node| {
        let name = match part {
            Node::Name { name, .. } => Some(name.clone()),
            _ => None,
        };
        Ok((name, combine(part, &leaf)?))
    };
    parts.iter().map(conjunct).collect()
}

/// Where a condition is that is not made of others.
fn place(node: &Node) -> Position {
    match node {
        Node::Compare(Compared { at, .. })
        | Node::In { at, .. }
        | Node::Between { at, .. }
        | Node::Has { at, .. }
        | Node::Flag { at, .. }
        | Node::Name { at, .. } => *at,
        Node::Not(part) => place(part),
        Node::All(parts) | Node::Any(parts) | Node::AtLeast { of: parts, .. } => {
            parts.first().map_or(Position { line: 1, column: 1 }, place)
        }
    }
}

/// Puts a condition together from what its leaves come to.
fn combine(node: &Node, leaf: &dyn Fn(&Node) -> Result<Rule, Fault>) -> Result<Rule, Fault> {
    let each = |parts: &[Node]| {
        parts.iter().map(|part| combine(part, leaf)).collect::<Result<Vec<_>, Fault>>()
    };
    Ok(match node {
        Node::All(parts) => all(each(parts)?),
        Node::Any(parts) => Rule::Any(each(parts)?),
        Node::Not(part) => not(combine(part, leaf)?),
        Node::AtLeast { count, of } => Rule::AtLeast(*count, each(of)?),
        single => leaf(single)?,
    })
}

/// The opposite.
fn not(rule: Rule) -> Rule {
    match rule {
        Rule::Zero { source, is } => Rule::Zero { source, is: !is },
        Rule::Not(inner) => *inner,
        other => Rule::Not(Box::new(other)),
    }
}

/// A conjunction: what others in it imply, and what stands twice, is dropped.
fn all(parts: Vec<Rule>) -> Rule {
    let mut flat: Vec<Rule> = Vec::new();
    for part in parts {
        let inner = match part {
            Rule::All(inner) => inner,
            single => vec![single],
        };
        for rule in inner {
            if !flat.contains(&rule) {
                flat.push(rule);
            }
        }
    }
    let implied: Vec<SlotSource> = flat.iter().filter_map(implies_presence).collect();
    flat.retain(|rule| match rule {
        Rule::Zero { source, is: false } => !implied.contains(source),
        _ => true,
    });
    match <[Rule; 1]>::try_from(flat) {
        Ok([single]) => single,
        Err(flat) => Rule::All(flat),
    }
}

/// The one message that cannot be 0 where the rule holds: its factor is positive, and what it is
/// compared with at least 1.
fn implies_presence(rule: &Rule) -> Option<SlotSource> {
    let (hidden, positive) = match rule {
        Rule::Compare { hidden, op: Comparison::Ge | Comparison::Eq, interval, .. }
        | Rule::Member { hidden, interval, .. } => (hidden, interval.low() >= 1),
        Rule::Compare { hidden, op: Comparison::Gt, interval, .. } => (hidden, interval.low() >= 0),
        _ => return None,
    };
    match hidden.as_slice() {
        [(_, source)] if positive => Some(*source),
        _ => None,
    }
}

/// What typing works with: the names, and where faults are told from.
struct Typing<'a, 's> {
    scope: &'a Scope<'s>,
    site: Site<'a>,
}

impl<'s> Typing<'_, 's> {
    /// A condition that is not made of others.
    fn leaf(&self, node: &Node) -> Result<Rule, Fault> {
        match node {
            Node::Compare(compared) => self.compare(compared),
            Node::In { value, set, at } => self.member(value, set, *at),
            Node::Between { value, low, high, at } => self.between(value, low, high, *at),
            Node::Has { role, field, at } => self.has(role, field, *at),
            Node::Flag { role, field, at } => self.flag(role, field, *at),
            Node::Name { name, at } => {
                let message = format!("\"{name}\" by itself is no condition");
                let remedy = "write role.field; names of predicates stand under accept only";
                self.site.refuse(*at, &message, remedy)
            }
            // `combine` takes these apart.
            Node::All(_) | Node::Any(_) | Node::Not(_) | Node::AtLeast { .. } => {
                self.site.refuse(place(node), "expected a single condition", "take it apart")
            }
        }
    }

    /// The message of a claim.
    fn claim(
        &self,
        role: &str,
        field: &str,
        at: Position,
    ) -> Result<(SlotSource, &'s Field), Fault> {
        self.scope.resolve(role, field, |message, remedy| self.site.fault(at, message, remedy))
    }

    /// Whether a claim is revealed; a claim that may be is refused.
    fn revealed(&self, source: SlotSource, at: Position) -> Result<bool, Fault> {
        match self.scope.exposure(source) {
            Exposure::Hidden => Ok(false),
            Exposure::Revealed => Ok(true),
            Exposure::Optional => {
                let remedy = "make the claim `must` or `predicate`: it has to be known which";
                self.site.refuse(at, "this claim may or may not be revealed", remedy)
            }
        }
    }

    fn has(&self, role: &str, field: &str, at: Position) -> Result<Rule, Fault> {
        let (source, found) = self.claim(role, field, at)?;
        let revealed = self.revealed(source, at)?;
        if !found.optional() {
            let message = format!("{role}.{field} is always there");
            return self.site.refuse(at, &message, "take it out: the field is not optional");
        }
        if revealed {
            return Ok(Rule::Public(PublicRule::Present(source)));
        }
        if found.field_type().bits().is_none() {
            let message = format!("{} is no number: nothing is proven of it", found.field_type());
            return self.site.refuse(at, &message, "make the claim `must`");
        }
        Ok(Rule::Zero { source, is: false })
    }

    fn flag(&self, role: &str, field: &str, at: Position) -> Result<Rule, Fault> {
        let (source, found) = self.claim(role, field, at)?;
        if *found.field_type() != FieldType::Bool {
            let message = format!("{role}.{field} is no flag: its type is {}", found.field_type());
            let remedy = match found.field_type() {
                FieldType::Text | FieldType::Bytes => "reveal the claim with `one_of`",
                _ => "compare it with a value",
            };
            return self.site.refuse(at, &message, remedy);
        }
        if self.revealed(source, at)? {
            // Absence counts as 0, so it is not 1.
            let terms = vec![(1, PublicTerm::Disclosed(source))];
            let form = PublicForm { constant: -1, terms };
            return Ok(Rule::Public(PublicRule::Compare { form, op: Comparison::Eq }));
        }
        let twice = Interval::new(1, 2).filter(|_| found.optional());
        Ok(match twice {
            None => Rule::Zero { source, is: false },
            // Absent, false and true are signed as 0, 1 and 2.
            Some(interval) => Rule::Compare {
                hidden: vec![(1, source)],
                op: Comparison::Eq,
                public: PublicForm::constant(2),
                interval,
            },
        })
    }
}
