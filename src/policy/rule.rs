//! What stands between expressions and circuits: a predicate held against the schemas.
//!
//! A [`Rule`] speaks of messages by their place in the presentation, of public quantities by what
//! they are worked out from, and of nothing else: no names, no types, no text. Typing makes rules;
//! compilation turns them into the circuit's formula and into checks in the open; the algebra of
//! policies reasons about them; examples are judged by them.
//!
//! The integers are those that are signed (see [`crate::value`]): with the offset of `int(n)` and,
//! in an optional field, the 1 that marks presence, so that 0 is absence.

use super::public::{PublicForm, PublicRule, PublicTerm, Revealed, SlotSource};
use crate::value::Timestamp;
use sigil_circuits::{Comparison, Interval};

/// A linear form over hidden messages: factor and message of each term, ordered by message.
pub type HiddenForm = Vec<(i128, SlotSource)>;

/// A predicate over hidden messages and public quantities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// `hidden op public`.
    Compare {
        /// The hidden side; its first factor is positive.
        hidden: HiddenForm,
        /// The relation.
        op: Comparison,
        /// The public side: one parameter of the circuit.
        public: PublicForm,
        /// Where the public side may lie: it follows from the types alone.
        interval: Interval,
    },
    /// `hidden` is 0 or is not: whether an optional field, or a flag, is there.
    Zero {
        /// The message.
        source: SlotSource,
        /// Whether it is 0.
        is: bool,
    },
    /// `hidden` equals one of the public forms.
    Member {
        /// The hidden side; its first factor is positive.
        hidden: HiddenForm,
        /// The set, 1 to 256 of them.
        set: Vec<PublicForm>,
        /// Where each of the set may lie.
        interval: Interval,
    },
    /// A rule that needs nothing hidden.
    Public(PublicRule),
    /// It does not hold.
    Not(Box<Rule>),
    /// All hold.
    All(Vec<Rule>),
    /// One of them holds, or more.
    Any(Vec<Rule>),
    /// So many of them hold, or more.
    AtLeast(usize, Vec<Rule>),
}

/// What a rule is judged by.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The time of the request.
    pub now: Timestamp,
    /// The signed integer of a hidden message; none where it is not known.
    pub hidden: &'a dyn Fn(SlotSource) -> Option<i128>,
    /// What is revealed.
    pub revealed: &'a dyn Revealed,
}

impl<'a> Facts<'a> {
    /// What a verifier knows: nothing that is hidden.
    pub fn public(now: Timestamp, revealed: &'a dyn Revealed) -> Self {
        Self { now, hidden: &|_| None, revealed }
    }
}

impl Rule {
    /// Whether nothing hidden is in it.
    pub fn is_public(&self) -> bool {
        match self {
            Self::Compare { .. } | Self::Zero { .. } | Self::Member { .. } => false,
            Self::Public(_) => true,
            Self::Not(part) => part.is_public(),
            Self::All(parts) | Self::Any(parts) | Self::AtLeast(_, parts) => {
                parts.iter().all(Self::is_public)
            }
        }
    }

    /// The rules that all have to hold, conjunctions within conjunctions taken apart.
    pub fn conjuncts(&self) -> Vec<&Self> {
        match self {
            Self::All(parts) => parts.iter().flat_map(Self::conjuncts).collect(),
            rule => vec![rule],
        }
    }

    /// Every hidden message that it speaks of, with repetition.
    pub fn sources(&self) -> Vec<SlotSource> {
        match self {
            Self::Compare { hidden, .. } | Self::Member { hidden, .. } => {
                hidden.iter().map(|(_, source)| *source).collect()
            }
            Self::Zero { source, .. } => vec![*source],
            Self::Public(_) => Vec::new(),
            Self::Not(part) => part.sources(),
            Self::All(parts) | Self::Any(parts) | Self::AtLeast(_, parts) => {
                parts.iter().flat_map(Self::sources).collect()
            }
        }
    }

    /// Every revealed message that it speaks of, with repetition.
    pub fn revealed_sources(&self) -> Vec<SlotSource> {
        match self {
            Self::Compare { public, .. } => public.sources().collect(),
            Self::Zero { .. } => Vec::new(),
            Self::Member { set, .. } => set.iter().flat_map(PublicForm::sources).collect(),
            Self::Public(rule) => rule.sources(),
            Self::Not(part) => part.revealed_sources(),
            Self::All(parts) | Self::Any(parts) | Self::AtLeast(_, parts) => {
                parts.iter().flat_map(Self::revealed_sources).collect()
            }
        }
    }

    /// Whether it asks in which window a credential begins.
    pub(super) fn is_of_signing(&self) -> bool {
        let Self::Compare { public, .. } = self else { return false };
        public.terms.iter().any(|(_, term)| {
            matches!(term, PublicTerm::SigningFrom(_) | PublicTerm::LastSigning { .. })
        })
    }

    /// Whether it depends on the time of the request.
    pub fn is_timed(&self) -> bool {
        match self {
            Self::Compare { public, .. } => public.is_timed(),
            Self::Zero { .. } => false,
            Self::Member { set, .. } => set.iter().any(PublicForm::is_timed),
            Self::Public(rule) => rule.is_timed(),
            Self::Not(part) => part.is_timed(),
            Self::All(parts) | Self::Any(parts) | Self::AtLeast(_, parts) => {
                parts.iter().any(Self::is_timed)
            }
        }
    }

    /// Whether it holds; none if a value that it needs is not known.
    pub fn holds(&self, facts: &Facts<'_>) -> Option<bool> {
        let form = |hidden: &HiddenForm| {
            hidden.iter().try_fold(0i128, |sum, (factor, source)| {
                sum.checked_add(factor.checked_mul((facts.hidden)(*source)?)?)
            })
        };
        let public = |form: &PublicForm| form.value(facts.now, facts.revealed);
        match self {
            Self::Compare { hidden, op, public: right, .. } => {
                Some(op.compare(form(hidden)?, public(right)?))
            }
            Self::Zero { source, is } => Some(((facts.hidden)(*source)? == 0) == *is),
            Self::Member { hidden, set, .. } => {
                let value = form(hidden)?;
                let set = set.iter().map(public).collect::<Option<Vec<_>>>()?;
                Some(set.contains(&value))
            }
            Self::Public(rule) => rule.holds(facts.now, facts.revealed),
            Self::Not(part) => part.holds(facts).map(|holds| !holds),
            Self::All(parts) => at_least(parts.len(), parts, facts),
            Self::Any(parts) => at_least(1, parts, facts),
            Self::AtLeast(k, parts) => at_least(*k, parts, facts),
        }
    }
}

fn at_least(k: usize, parts: &[Rule], facts: &Facts<'_>) -> Option<bool> {
    let holding = parts.iter().map(|part| part.holds(facts));
    holding.collect::<Option<Vec<_>>>().map(|all| all.iter().filter(|holds| **holds).count() >= k)
}
