//! What a verifier works out by itself from public values: the parameters of the circuit, and the
//! rules over revealed values, which need no proof.

use super::rule::{Facts, Rule};
use crate::trust::SigningWindow;
use crate::value::{Date, Encoded, LeapDay, Timestamp};
use sigil_circuits::Comparison;

/// A message of one of the presentation's credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotSource {
    /// Index of the role.
    pub role: usize,
    /// Index of the message in the credential.
    pub message: usize,
}

/// What a presentation says in the open, by place.
pub trait Revealed {
    /// A field's value as it travels, or an hour of validity as its integer; none where nothing was
    /// revealed.
    fn value(&self, source: SlotSource) -> Option<Encoded>;

    /// The window in which the credential of a role begins; none where none is stated.
    fn window(&self, _role: usize) -> Option<SigningWindow> {
        None
    }

    /// By how much the signed integer of a message is above that of the schema that the policy is
    /// written against.
    fn shift(&self, _source: SlotSource) -> i128 {
        0
    }
}

impl<F: Fn(SlotSource) -> Option<Encoded>> Revealed for F {
    fn value(&self, source: SlotSource) -> Option<Encoded> {
        self(source)
    }
}

/// A day that is known in the open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicDay {
    /// The day of the request, in UTC.
    Today,
    /// A date that is revealed.
    Disclosed(SlotSource),
}

/// A public quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicTerm {
    /// Whole hours from 1970-01-01T00:00:00Z to the time of the request moved by so many seconds, as clocks
    /// may differ.
    NowHours(i32),
    /// Seconds from 1970-01-01T00:00:00Z to the time of the request.
    Now,
    /// Days from 0001-01-01 to the day of the request.
    Today,
    /// A day moved by whole years: forward to its anniversary; back (negative) to the latest day
    /// whose anniversary is not after it. What is before the calendar is -1, what is after it one
    /// more than its last day.
    Years {
        /// The day.
        base: PublicDay,
        /// How many years.
        years: i16,
        /// What becomes of a 29 February.
        leap_day: LeapDay,
        /// Whether the day before the base is meant, as strict relations ask for.
        strict: bool,
    },
    /// The first hour in which the credential of a role may begin, as the presentation states it.
    SigningFrom(usize),
    /// The last hour in which the credential of a role may begin, as the presentation states it; no
    /// later than the hour of the request moved by so many seconds, if `by_now`.
    LastSigning {
        /// The role.
        role: usize,
        /// Seconds by which clocks may differ, if the hour of the request bounds it too.
        by_now: Option<i32>,
    },
    /// By how much the signed integer of a message is above that of the schema that the policy is written
    /// against.
    Shift(SlotSource),
    /// The integer of a revealed value, without the 1 that marks presence; 0 where it is absent.
    Disclosed(SlotSource),
}

/// A linear form over public quantities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicForm {
    /// The constant part.
    pub constant: i128,
    /// Factor and quantity of each other part.
    pub terms: Vec<(i128, PublicTerm)>,
}

impl PublicTerm {
    fn value(&self, now: Timestamp, revealed: &dyn Revealed) -> Option<i128> {
        let disclosed = |source: &SlotSource| match revealed.value(*source)? {
            Encoded::Integer(integer) => Some(integer),
            // Whether it is there at all is a rule of its own.
            Encoded::Absent => Some(0),
            Encoded::Text(_) | Encoded::Bytes(_) => None,
        };
        Some(match self {
            Self::NowHours(skew) => moved_hours(now, *skew),
            Self::Now => now.unix().into(),
            Self::SigningFrom(role) => revealed.window(*role)?.from().into(),
            Self::LastSigning { role, by_now } => {
                let last = i128::from(revealed.window(*role)?.until()) - 1;
                by_now.map_or(last, |skew| last.min(moved_hours(now, skew)))
            }
            Self::Shift(source) => revealed.shift(*source),
            Self::Today => now.date().days().into(),
            Self::Disclosed(source) => disclosed(source)?.into(),
            Self::Years { base, years, leap_day, strict } => {
                let day = match base {
                    PublicDay::Today => now.date().days().into(),
                    PublicDay::Disclosed(source) => disclosed(source)?,
                };
                let base = day.checked_sub((*strict).into()).and_then(Date::from_days);
                match base.map(|day| day.plus_years(*years, *leap_day)) {
                    Some(Some(day)) => day.days().into(),
                    Some(None) if *years > 0 => i128::from(Date::MAX.days()) + 1,
                    _ => -1,
                }
            }
        })
    }
}

/// The hour of a time that is moved by seconds; no earlier than the first.
fn moved_hours(now: Timestamp, seconds: i32) -> i128 {
    (i128::from(now.unix()) + i128::from(seconds)).max(0) / 3600
}

impl PublicForm {
    /// A constant.
    pub fn constant(constant: i128) -> Self {
        Self { constant, terms: Vec::new() }
    }

    /// A quantity by itself.
    pub fn term(term: PublicTerm) -> Self {
        Self { constant: 0, terms: vec![(1, term)] }
    }

    /// The revealed messages in it.
    pub fn sources(&self) -> impl Iterator<Item = SlotSource> {
        self.terms.iter().filter_map(|(_, term)| match term {
            PublicTerm::Disclosed(source)
            | PublicTerm::Years { base: PublicDay::Disclosed(source), .. } => Some(*source),
            _ => None,
        })
    }

    /// Whether its value depends on the time of the request.
    pub fn is_timed(&self) -> bool {
        self.terms.iter().any(|(_, term)| match term {
            PublicTerm::NowHours(_)
            | PublicTerm::Now
            | PublicTerm::Today
            | PublicTerm::LastSigning { .. }
            | PublicTerm::Years { base: PublicDay::Today, .. } => true,
            PublicTerm::SigningFrom(_)
            | PublicTerm::Shift(_)
            | PublicTerm::Disclosed(_)
            | PublicTerm::Years { base: PublicDay::Disclosed(_), .. } => false,
        })
    }

    /// The value; none if a quantity was not revealed.
    pub fn value(&self, now: Timestamp, revealed: &dyn Revealed) -> Option<i128> {
        self.terms.iter().try_fold(self.constant, |sum, (factor, term)| {
            sum.checked_add(factor.checked_mul(term.value(now, revealed)?)?)
        })
    }
}

/// A rule over public values that is not made of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicRule {
    /// The form stands in this relation to zero.
    Compare {
        /// The form.
        form: PublicForm,
        /// The relation.
        op: Comparison,
    },
    /// The form equals one of these.
    Member {
        /// The form.
        form: PublicForm,
        /// The set.
        set: Vec<PublicForm>,
    },
    /// A revealed optional field is there.
    Present(SlotSource),
    /// The revealed value is one of these; absence is none of them.
    OneOf {
        /// Whose value.
        source: SlotSource,
        /// The values allowed.
        allowed: Vec<Encoded>,
        /// Whether the claim may stay hidden, and then nothing is asked of it.
        may_be_hidden: bool,
    },
    /// Two revealed values are the same.
    Same {
        /// One value.
        a: SlotSource,
        /// The other.
        b: SlotSource,
    },
}

impl PublicRule {
    /// The revealed messages that it speaks of.
    pub fn sources(&self) -> Vec<SlotSource> {
        match self {
            Self::Compare { form, .. } => form.sources().collect(),
            Self::Member { form, set } => {
                form.sources().chain(set.iter().flat_map(PublicForm::sources)).collect()
            }
            Self::Present(source) | Self::OneOf { source, .. } => vec![*source],
            Self::Same { a, b } => vec![*a, *b],
        }
    }

    /// Whether it depends on the time of the request.
    pub fn is_timed(&self) -> bool {
        match self {
            Self::Compare { form, .. } => form.is_timed(),
            Self::Member { form, set } => form.is_timed() || set.iter().any(PublicForm::is_timed),
            Self::Present(_) | Self::OneOf { .. } | Self::Same { .. } => false,
        }
    }

    /// Whether the rule holds; none if a value that it needs was not revealed. Neither the rule nor its
    /// negation is then satisfied: a negation that followed from silence would be the holder's choice.
    pub fn holds(&self, now: Timestamp, revealed: &dyn Revealed) -> Option<bool> {
        let value = |form: &PublicForm| form.value(now, revealed);
        match self {
            Self::Compare { form, op } => value(form).map(|value| op.compare(value, 0)),
            Self::Member { form, set } => {
                let found = value(form)?;
                let set = set.iter().map(value).collect::<Option<Vec<_>>>()?;
                Some(set.contains(&found))
            }
            Self::Present(source) => revealed.value(*source).map(|value| value != Encoded::Absent),
            Self::OneOf { source, allowed, may_be_hidden } => match revealed.value(*source) {
                Some(value) => Some(allowed.contains(&value)),
                None => may_be_hidden.then_some(true),
            },
            Self::Same { a, b } => {
                let (a, b) = (revealed.value(*a)?, revealed.value(*b)?);
                Some(a == b && a != Encoded::Absent)
            }
        }
    }
}

/// What a parameter of the circuit is worked out from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParamSource {
    /// A public quantity.
    Form(PublicForm),
    /// 1 if a rule holds that needs nothing hidden, else 0.
    Truth(Rule),
}

impl ParamSource {
    /// The value; none if something that it needs was not revealed.
    pub fn value(&self, now: Timestamp, revealed: &dyn Revealed) -> Option<i128> {
        match self {
            Self::Form(form) => form.value(now, revealed),
            Self::Truth(rule) => rule.holds(&Facts::public(now, revealed)).map(i128::from),
        }
    }
}

/// A rule that needs nothing hidden, with the place in the policy that it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicCheck {
    /// The rule's place in the policy, such as `$.predicates[0]`.
    pub path: String,
    /// The rule.
    pub rule: Rule,
}

impl PublicCheck {
    /// Whether the rule holds. What cannot be evaluated does not.
    pub fn holds(&self, now: Timestamp, revealed: &dyn Revealed) -> bool {
        self.rule.holds(&Facts::public(now, revealed)) == Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: SlotSource = SlotSource { role: 0, message: 4 };
    const THERE: SlotSource = SlotSource { role: 1, message: 4 };

    /// Every kind of rule, over a value that both sides know to be 7.
    fn rules() -> Vec<PublicRule> {
        let form = || PublicForm::term(PublicTerm::Disclosed(HERE));
        let base = PublicDay::Disclosed(HERE);
        let leap_day = LeapDay::Feb28;
        let years = PublicTerm::Years { base, years: 18, leap_day, strict: false };
        let allowed = vec![Encoded::Integer(7)];
        vec![
            PublicRule::Compare { form: form(), op: Comparison::Ge },
            PublicRule::Compare { form: PublicForm::term(years), op: Comparison::Gt },
            PublicRule::Member { form: form(), set: vec![PublicForm::constant(7)] },
            PublicRule::Member { form: PublicForm::constant(7), set: vec![form()] },
            PublicRule::Present(HERE),
            PublicRule::OneOf { source: HERE, allowed, may_be_hidden: false },
            PublicRule::Same { a: HERE, b: THERE },
            PublicRule::Same { a: THERE, b: HERE },
        ]
    }

    /// Whoever withholds a value must not thereby choose what a negation comes to, nor anything that
    /// is made of negations.
    #[test]
    fn reject_negations_of_what_is_not_revealed() {
        let now = Timestamp::from_hours(5).unwrap();
        let seven = |_: SlotSource| Some(Encoded::Integer(7));
        let withheld = |source: SlotSource| (source == THERE).then_some(Encoded::Integer(7));
        for rule in rules() {
            let rule = Rule::Public(rule);
            let not = Rule::Not(Box::new(rule.clone()));
            let either = Rule::Any(vec![rule.clone(), not.clone()]);
            let counted = Rule::AtLeast(1, vec![not.clone(), rule.clone(), not.clone()]);
            for (rule, holds) in [(rule, true), (not, false), (either, true), (counted, true)] {
                let check = PublicCheck { path: "$".to_owned(), rule: rule.clone() };
                let truth = ParamSource::Truth(rule);
                assert_eq!(truth.value(now, &seven), Some(i128::from(holds)), "{truth:?}");
                assert_eq!(check.holds(now, &seven), holds, "{check:?}");
                assert_eq!(truth.value(now, &withheld), None, "{truth:?}");
                assert!(!check.holds(now, &withheld), "{check:?}");
            }
        }
    }

    /// An absent value is there to see: it is neither present, nor in a list, nor the same as another.
    #[test]
    fn reject_absence_as_a_value() {
        let now = Timestamp::from_hours(5).unwrap();
        let absent = |_: SlotSource| Some(Encoded::Absent);
        let allowed = vec![Encoded::Integer(0)];
        for rule in [
            PublicRule::Present(HERE),
            PublicRule::OneOf { source: HERE, allowed, may_be_hidden: true },
            PublicRule::Same { a: HERE, b: THERE },
        ] {
            assert_eq!(rule.holds(now, &absent), Some(false), "{rule:?}");
        }
    }
}
