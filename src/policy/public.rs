//! What a verifier works out by itself from public values: the parameters of the circuit, and the
//! rules over revealed values, which need no proof.

use crate::value::Encoded;
use sigil_circuits::Comparison;

/// A message of one of the presentation's credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotSource {
    /// Index of the role.
    pub role: usize,
    /// Index of the message in the credential.
    pub message: usize,
}

/// What was revealed, by place: a field's value as it travels; an hour of validity as its integer;
/// `None` where nothing was revealed.
pub type Revealed<'a> = dyn Fn(SlotSource) -> Option<Encoded> + 'a;

/// A public quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicTerm {
    /// Whole hours from 1970-01-01T00:00:00Z to the time of the request.
    NowHours,
    /// The integer of a revealed value, without the 1 that marks presence.
    Disclosed(SlotSource),
}

/// A linear form over public quantities: the source of a parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicForm {
    /// The constant part.
    pub constant: i128,
    /// Factor and quantity of each other part.
    pub terms: Vec<(i128, PublicTerm)>,
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

    /// The value; none if a quantity was not revealed or is absent.
    pub fn value(&self, now_hours: u64, revealed: &Revealed<'_>) -> Option<i128> {
        self.terms.iter().try_fold(self.constant, |sum, (factor, term)| {
            let quantity = match term {
                PublicTerm::NowHours => now_hours,
                PublicTerm::Disclosed(source) => match revealed(*source)? {
                    Encoded::Integer(integer) => integer,
                    Encoded::Absent | Encoded::Text(_) | Encoded::Bytes(_) => return None,
                },
            };
            sum.checked_add(factor.checked_mul(quantity.into())?)
        })
    }
}

/// A rule over public values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicRule {
    /// The form stands in this relation to zero.
    Compare {
        /// The form.
        form: PublicForm,
        /// The relation.
        op: Comparison,
    },
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

/// A rule over public values, with the place in the policy that it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicCheck {
    /// The rule's place in the policy, such as `$.predicates[0]`.
    pub path: String,
    /// The rule.
    pub rule: PublicRule,
}

impl PublicCheck {
    /// Whether the rule holds. What is not revealed, or absent, satisfies no rule.
    pub fn holds(&self, now_hours: u64, revealed: &Revealed<'_>) -> bool {
        match &self.rule {
            PublicRule::Compare { form, op } => {
                form.value(now_hours, revealed).is_some_and(|value| op.compare(value, 0))
            }
            PublicRule::OneOf { source, allowed, may_be_hidden } => match revealed(*source) {
                Some(value) => allowed.contains(&value),
                None => *may_be_hidden,
            },
            PublicRule::Same { a, b } => match (revealed(*a), revealed(*b)) {
                (Some(a), Some(b)) => a == b && a != Encoded::Absent,
                _ => false,
            },
        }
    }
}
