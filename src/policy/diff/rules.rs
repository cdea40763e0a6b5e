//! Changes of predicates, of the constants that they use, and of what is accepted.

use super::{Change, Class, Direction, moved};
use crate::policy::analysis::{Logic, Pair};
use crate::policy::{CompiledPolicy, Policy, Rule};
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

    /// Whether rules that agree at the time of the comparison agree only as far as is known then:
    /// one of them moves with the time, and they are not the same rule.
    fn agree_now_only(&self, old: &[&Rule], new: &[&Rule]) -> bool {
        let in_place = |rule: &&Rule| {
            let mut sources = rule.sources().into_iter().chain(rule.revealed_sources());
            sources.all(|source| self.pair.in_second(source) == Some(source))
        };
        let same = old == new && old.iter().all(in_place);
        !same && old.iter().chain(new).any(|rule| rule.is_timed())
    }

    /// What has to hold of predicates as a whole.
    fn whole(&self) -> Option<Class> {
        *self.whole.get_or_init(|| self.compare_whole())
    }

    fn compare_whole(&self) -> Option<Class> {
        let predicates = |held: Held<'_>| -> Vec<Rule> {
            let conjuncts = held.1.conjuncts().iter();
            let kept = conjuncts.filter(|c| !c.path.starts_with("$.roles"));
            kept.map(|conjunct| conjunct.rule.clone()).collect()
        };
        let (old, new) = (predicates(self.old), predicates(self.new));
        let first = Logic::All(old.iter().map(|rule| self.pair.of_first(rule)).collect());
        let second = Logic::All(new.iter().map(|rule| self.pair.of_second(rule)).collect());
        let (old, new): (Vec<&Rule>, Vec<&Rule>) = (old.iter().collect(), new.iter().collect());
        let now_only = || self.agree_now_only(&old, &new).then_some(Class::Changed);
        self.direction(&first, &second).or_else(now_only)
    }

    /// How the predicates of a name compare, and whether they agree at this time alone.
    fn named(&self, name: &str) -> (Option<Class>, bool) {
        let rules = Self::rule_of(self.old, name).zip(Self::rule_of(self.new, name));
        let Some((old, new)) = rules else { return (Some(Class::Changed), false) };
        let logics = (self.pair.of_first(old), self.pair.of_second(new));
        match self.direction(&logics.0, &logics.1) {
            None if self.agree_now_only(&[old], &[new]) => (Some(Class::Changed), true),
            class => (class, false),
        }
    }

    fn rule_of<'h>(held: Held<'h>, name: &str) -> Option<&'h Rule> {
        let predicate = held.1.predicates().iter().find(|predicate| predicate.name == name)?;
        Some(&predicate.rule)
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
                    let (class, now_only) = self.named(name);
                    let mut message = moved(before, text);
                    if now_only {
                        message.push_str(" (they agree now; nothing says that they always do)");
                    }
                    (class.map_or(Class::Editorial, alone), message)
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
        let classes: BTreeSet<Class> = match self.accepts() {
            true => self.whole().into_iter().collect(),
            false => users.filter_map(|predicate| self.named(&predicate.name).0).collect(),
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
