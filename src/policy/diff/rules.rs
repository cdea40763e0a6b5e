//! Changes of predicates, of the constants that they use, and of what is accepted.

use super::{Change, Class, Direction, moved};
use crate::policy::analysis::{Logic, Pair};
use crate::policy::{CompiledPolicy, Policy};
use crate::value::Timestamp;
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// A policy with what it compiles to.
type Held<'p> = (&'p Policy, &'p CompiledPolicy);

struct Comparison<'p> {
    old: Held<'p>,
    new: Held<'p>,
    pair: Pair<'p>,
    /// How what is accepted as a whole compares, once it is known.
    whole: OnceCell<Option<Class>>,
}

pub(super) fn changes(old: Held<'_>, new: Held<'_>, at: Timestamp) -> Vec<Change> {
    let pair = Pair::new(old.1, new.1, at);
    let comparison = Comparison { old, new, pair, whole: OnceCell::new() };
    let mut changes = comparison.predicates();
    changes.extend(comparison.params());
    changes.extend(comparison.acceptance());
    changes
}

impl Comparison<'_> {
    /// Where predicates stand under an acceptance expression, one by itself has no direction.
    fn accepts(&self) -> bool {
        self.old.0.accept.is_some() || self.new.0.accept.is_some()
    }

    /// How one predicate compares with another; none if they hold for the same values.
    fn direction(&self, old: &Logic, new: &Logic) -> Option<Class> {
        let tighter = self.pair.analysis.implies_logic(new, old);
        let looser = self.pair.analysis.implies_logic(old, new);
        match (tighter, looser) {
            (Some(true), Some(true)) => None,
            (Some(true), _) => Some(Class::Tightened),
            (_, Some(true)) => Some(Class::Loosened),
            _ => Some(Class::Changed),
        }
    }

    /// What has to hold of predicates as a whole.
    fn whole(&self) -> Option<Class> {
        *self.whole.get_or_init(|| self.compare_whole())
    }

    fn compare_whole(&self) -> Option<Class> {
        let predicates = |held: Held<'_>| -> Vec<crate::policy::Rule> {
            let conjuncts = held.1.conjuncts().iter();
            let kept = conjuncts.filter(|c| !c.path.starts_with("$.roles"));
            kept.map(|conjunct| conjunct.rule.clone()).collect()
        };
        let old = predicates(self.old).iter().map(|rule| self.pair.of_first(rule)).collect();
        let new = predicates(self.new).iter().map(|rule| self.pair.of_second(rule)).collect();
        self.direction(&Logic::All(old), &Logic::All(new))
    }

    fn rule_of(&self, held: Held<'_>, name: &str) -> Option<Logic> {
        let predicate = held.1.predicates().iter().find(|predicate| predicate.name == name)?;
        Some(match std::ptr::eq(held.1, self.old.1) {
            true => self.pair.of_first(&predicate.rule),
            false => self.pair.of_second(&predicate.rule),
        })
    }

    fn predicates(&self) -> Vec<Change> {
        let alone = |class: Class| if self.accepts() { Class::Changed } else { class };
        let mut changes = Vec::new();
        for predicate in &self.new.0.predicates {
            let (name, text) = (&predicate.name, &predicate.expression.source);
            let other = self.old.0.predicates.iter().find(|other| other.name == *name);
            let change = match other.map(|other| &other.expression.source) {
                None => (alone(Class::Tightened), format!("added: {text}")),
                Some(before) if before != text => {
                    let rules = self.rule_of(self.old, name).zip(self.rule_of(self.new, name));
                    let class = rules.map_or(Some(Class::Changed), |(old, new)| {
                        self.direction(&old, &new).map(alone)
                    });
                    (class.unwrap_or(Class::Editorial), moved(before, text))
                }
                Some(_) => continue,
            };
            let (class, message) = change;
            changes.push(Change { about: name.clone(), class, message });
        }
        for predicate in &self.old.0.predicates {
            if self.new.0.predicates.iter().all(|other| other.name != predicate.name) {
                let message = format!("removed: {}", predicate.expression.source);
                let class = alone(Class::Loosened);
                changes.push(Change { about: predicate.name.clone(), class, message });
            }
        }
        changes
    }

    /// Parameters whose values moved.
    fn params(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (name, value) in &self.new.0.params {
            let Some(before) = self.old.0.params.get(name).filter(|before| *before != value) else {
                continue;
            };
            let (before, after) =
                (before.to_document().canonical(), value.to_document().canonical());
            changes.push(Change {
                about: format!("params.{name}"),
                class: Class::Moved(self.moved(name)),
                message: moved(&before, &after),
            });
        }
        changes
    }

    /// The direction of the predicates that use a parameter.
    fn moved(&self, param: &str) -> Direction {
        let users = self
            .new
            .0
            .predicates
            .iter()
            .filter(|predicate| predicate.expression.params().contains(&param));
        let compared = |name: &str| {
            let rules = self.rule_of(self.old, name).zip(self.rule_of(self.new, name));
            rules.map_or(Some(Class::Changed), |(old, new)| self.direction(&old, &new))
        };
        let classes: BTreeSet<Class> = match self.accepts() {
            true => self.whole().into_iter().collect(),
            false => users.filter_map(|predicate| compared(&predicate.name)).collect(),
        };
        let mut classes = classes.into_iter();
        match (classes.next(), classes.next()) {
            (Some(Class::Loosened), None) => Direction::Loosened,
            (Some(Class::Tightened), None) => Direction::Tightened,
            _ => Direction::Open,
        }
    }

    /// What is accepted as a whole, where an expression says so.
    fn acceptance(&self) -> Option<Change> {
        if !self.accepts() {
            return None;
        }
        let text = |policy: &Policy| match &policy.accept {
            Some(accept) => accept.source.clone(),
            None => "all predicates".to_owned(),
        };
        let (before, after) = (text(self.old.0), text(self.new.0));
        match self.whole() {
            None if before == after => None,
            class => Some(Change {
                about: "accept".to_owned(),
                class: class.unwrap_or(Class::Editorial),
                message: moved(&before, &after),
            }),
        }
    }
}
