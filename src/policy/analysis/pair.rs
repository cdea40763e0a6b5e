//! Two policies over the messages of one holder: roles of the same name and schema are one.

use super::{Analysis, Domains, Logic};
use crate::policy::{CompiledPolicy, Role, Rule, SlotSource};
use crate::value::Timestamp;

pub(in crate::policy) struct Pair<'p> {
    /// Decides predicates of both.
    pub(in crate::policy) analysis: Analysis,
    first: &'p CompiledPolicy,
    second: (&'p CompiledPolicy, Analysis),
    /// For each role of the first, the role of the second that is the same.
    roles: Vec<Option<usize>>,
}

impl<'p> Pair<'p> {
    pub(in crate::policy) fn new(
        first: &'p CompiledPolicy,
        second: &'p CompiledPolicy,
        at: Timestamp,
    ) -> Self {
        let same = |role: &Role| {
            let same = |other: &Role| {
                other.name() == role.name() && other.schema().id() == role.schema().id()
            };
            second.roles().iter().position(same)
        };
        let roles: Vec<Option<usize>> = first.roles().iter().map(same).collect();
        let mut domains = Domains::of_policy(first);
        let moved = |source| moved(&roles, source);
        domains.insert_moved(&Domains::of_policy(second), moved);
        let analysis = Analysis { domains, at };
        Self { analysis, first, second: (second, Analysis::new(second, at)), roles }
    }

    /// The same message in the second policy.
    pub(in crate::policy) fn in_second(&self, source: SlotSource) -> Option<SlotSource> {
        let role = self.roles.get(source.role).copied().flatten()?;
        Some(SlotSource { role, ..source })
    }

    /// A rule of the first.
    pub(in crate::policy) fn of_first(&self, rule: &Rule) -> Logic {
        self.analysis.logic(rule)
    }

    /// A rule of the second.
    pub(in crate::policy) fn of_second(&self, rule: &Rule) -> Logic {
        self.second.1.logic(rule).moved(&|source| moved(&self.roles, source))
    }

    /// Everything that the first asks.
    pub(in crate::policy) fn first(&self) -> Logic {
        self.analysis.whole(self.first)
    }

    /// Everything that the second asks.
    pub(in crate::policy) fn second(&self) -> Logic {
        self.second.1.whole(self.second.0).moved(&|source| moved(&self.roles, source))
    }
}

/// The place of a message of the second policy: that of the first, or one behind all of its roles.
fn moved(roles: &[Option<usize>], source: SlotSource) -> SlotSource {
    let role = roles.iter().position(|role| *role == Some(source.role));
    SlotSource { role: role.unwrap_or(roles.len() + source.role), ..source }
}
