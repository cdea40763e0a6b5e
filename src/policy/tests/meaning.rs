//! What the text of a predicate means, worked out from its tree and from values, with nothing of
//! typing, rules or circuits in it: the reading that those are held against.

use crate::policy::expression::{Atom, Compared, Count, Literal, Node, Set, Span, Term};
use crate::value::{Date, LeapDay, Timestamp, Value};
use std::collections::BTreeMap;

/// Names of enumerations are kept as words.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Known {
    Absent,
    Value(Value),
    Word(String),
}

/// What a predicate is judged by: values by path, whether hidden or revealed.
pub(super) struct World<'a> {
    pub(super) values: &'a BTreeMap<String, Known>,
    pub(super) params: &'a BTreeMap<String, Literal>,
    pub(super) now: Timestamp,
    pub(super) leap_day: LeapDay,
}

/// What a linear form comes to.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Sum {
    Number(i128),
    Word(String),
}

/// A claim in it is absent.
struct Missing;

impl World<'_> {
    pub(super) fn holds(&self, node: &Node) -> bool {
        match node {
            Node::All(parts) => parts.iter().all(|part| self.holds(part)),
            Node::Any(parts) => parts.iter().any(|part| self.holds(part)),
            Node::Not(part) => !self.holds(part),
            Node::AtLeast { count, of } => {
                of.iter().filter(|part| self.holds(part)).count() >= *count
            }
            Node::Compare(Compared { left, op, right, .. }) => {
                use sigil_circuits::Comparison::*;
                let Ok((left, right)) = self.pair(left, right) else { return false };
                match op {
                    Lt => left < right,
                    Le => left <= right,
                    Gt => left > right,
                    Ge => left >= right,
                    Eq => left == right,
                    Ne => left != right,
                }
            }
            Node::Between { value, low, high, .. } => {
                let (Ok((from, low)), Ok((to, high))) =
                    (self.pair(value, low), self.pair(value, high))
                else {
                    return false;
                };
                low <= from && to <= high
            }
            Node::In { value, set, .. } => {
                let seconds = self.seconds(value);
                let Ok(value) = self.sum(value, seconds) else { return false };
                let literals: Vec<Vec<Term>> = match set {
                    Set::Written(elements) => elements.iter().map(|(e, _)| e.clone()).collect(),
                    Set::Param { name, at } => {
                        let Literal::List(list) = &self.params[name] else { panic!("no list") };
                        let term = |literal: &Literal| {
                            vec![Term { factor: 1, atom: Atom::Literal(literal.clone()), at: *at }]
                        };
                        list.iter().map(term).collect()
                    }
                };
                literals.iter().any(|e| self.sum(e, seconds).is_ok_and(|e| e == value))
            }
            Node::Has { role, field, .. } => *self.known(role, field) != Known::Absent,
            Node::Flag { role, field, .. } => {
                matches!(self.known(role, field), Known::Value(Value::Bool(true)))
            }
            Node::Name { .. } => panic!("names are for accept"),
        }
    }

    fn known(&self, role: &str, field: &str) -> &Known {
        &self.values[&format!("{role}.{field}")]
    }

    /// Whether days count in seconds beside these terms.
    fn seconds(&self, terms: &[Term]) -> bool {
        terms.iter().any(|term| match &term.atom {
            Atom::Now | Atom::Literal(Literal::Timestamp(_)) => true,
            Atom::Claim { role, field } => {
                matches!(self.known(role, field), Known::Value(Value::Timestamp(_)))
            }
            Atom::Param(name) => matches!(self.params[name], Literal::Timestamp(_)),
            _ => false,
        })
    }

    fn pair(&self, left: &[Term], right: &[Term]) -> Result<(Sum, Sum), Missing> {
        let seconds = self.seconds(left) || self.seconds(right);
        Ok((self.sum(left, seconds)?, self.sum(right, seconds)?))
    }

    fn sum(&self, terms: &[Term], seconds: bool) -> Result<Sum, Missing> {
        if let [Term { factor: 1, atom, .. }] = terms
            && let Sum::Word(word) = self.atom(atom, seconds)?
        {
            return Ok(Sum::Word(word));
        }
        let years = terms.iter().find_map(|term| match &term.atom {
            Atom::Duration { span: Span::Years, count } => Some((term.factor, self.count(count))),
            _ => None,
        });
        let mut sum = 0;
        for term in terms {
            if !matches!(term.atom, Atom::Duration { span: Span::Years, .. }) {
                let Sum::Number(n) = self.atom(&term.atom, seconds)? else { panic!("a word") };
                sum += term.factor * n;
            }
        }
        Ok(Sum::Number(match years {
            None => sum,
            Some((1, n)) => anniversary(sum, n, self.leap_day),
            Some((-1, n)) => latest(sum, n, self.leap_day),
            Some(_) => panic!("years times something"),
        }))
    }

    fn count(&self, count: &Count) -> i128 {
        match count {
            Count::Number(n) => *n,
            Count::Param(name) => match &self.params[name] {
                Literal::Integer(n) => *n,
                _ => panic!("no number"),
            },
        }
    }

    fn atom(&self, atom: &Atom, seconds: bool) -> Result<Sum, Missing> {
        Ok(match atom {
            Atom::Claim { role, field } => match self.known(role, field) {
                Known::Absent => return Err(Missing),
                Known::Word(word) => Sum::Word(word.clone()),
                Known::Value(value) => match value {
                    Value::Bool(b) => Sum::Number((*b).into()),
                    Value::Uint(n) | Value::Decimal(n) => Sum::Number((*n).into()),
                    Value::Int(n) => Sum::Number((*n).into()),
                    Value::Date(date) => Sum::Number(date.days().into()),
                    Value::Timestamp(time) => Sum::Number(time.unix().into()),
                    Value::Code(code) => Sum::Word(code.to_string()),
                    _ => panic!("does not compare"),
                },
            },
            Atom::Param(name) => literal(&self.params[name]),
            Atom::Literal(value) => literal(value),
            Atom::Today => Sum::Number(719_162 + i128::from(self.now.unix() / 86_400)),
            Atom::Now => Sum::Number(self.now.unix().into()),
            Atom::Duration { span: Span::Hours, count } => Sum::Number(3_600 * self.count(count)),
            Atom::Duration { count, .. } => {
                Sum::Number(if seconds { 86_400 } else { 1 } * self.count(count))
            }
        })
    }
}

fn literal(literal: &Literal) -> Sum {
    match literal {
        Literal::Integer(n) => Sum::Number(*n),
        Literal::Bool(b) => Sum::Number((*b).into()),
        Literal::Word(word) => Sum::Word(word.clone()),
        // All decimals of these tests have two places.
        Literal::Decimal(text) => {
            let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
            Sum::Number(format!("{whole}{rest:0<2}").parse().unwrap())
        }
        Literal::Date(date) => Sum::Number(date.days().into()),
        Literal::Timestamp(time) => Sum::Number(time.unix().into()),
        Literal::List(_) => panic!("a list"),
    }
}

/// The day of the n-th anniversary, as a number; beyond the calendar, after all days.
fn anniversary(days: i128, years: i128, rule: LeapDay) -> i128 {
    let Some(date) = u64::try_from(days).ok().and_then(Date::from_days) else { return days };
    let (year, month, day) = date.civil();
    let year = year + u32::try_from(years).unwrap();
    let (month, day) = match (month, day, Date::new(year, 2, 29), rule) {
        (2, 29, None, LeapDay::Feb28) => (2, 28),
        (2, 29, None, LeapDay::Mar1) => (3, 1),
        _ => (month, day),
    };
    Date::new(year, month, day).map_or(4_000_000, |date| date.days().into())
}

/// The latest day whose n-th anniversary is not after a day; -1 if there is none.
fn latest(days: i128, years: i128, rule: LeapDay) -> i128 {
    // Two days over the longest such span, then forward while it still holds.
    let mut day = days - 366 * years - 2;
    if anniversary(0, years, rule) > days {
        return -1;
    }
    day = day.max(0);
    while anniversary(day + 1, years, rule) <= days {
        day += 1;
    }
    day
}
