//! The report of an audit.

use super::finding::{Finding, Tampering};
use crate::registry::log::Hash;
use std::collections::HashSet;

/// Most findings of a report.
pub const MAX_FINDINGS: usize = 100;

/// What an audit went through, and what it found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// Entries that were read.
    pub entries: u64,
    /// Checkpoints whose signatures and roots were compared.
    pub checkpoints: u64,
    /// Tiles that were compared.
    pub tiles: u64,
    /// Rows for search that were compared.
    pub rows: u64,
    /// The size of the newest checkpoint that the log signed.
    pub size: u64,
    /// The root of the entries, as far as they go.
    pub root: Hash,
    /// What is not as it was written: the first of it, gravest kinds first.
    pub findings: Vec<Finding>,
    /// Whether there is more.
    pub more: bool,
}

impl AuditReport {
    /// Whether everything is as it was written.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Findings as they come in: of entries and the log, and of derived rows, so many of each.
#[derive(Debug, Default)]
pub(super) struct Findings {
    log: Vec<Finding>,
    rows: Vec<Finding>,
    /// Entries of which something was said.
    blamed: HashSet<u64>,
    /// Entries that were recorded before the one in front of them.
    clock: Vec<u64>,
    more: bool,
}

impl Findings {
    /// Another one. Of an entry, the first thing that is wrong says enough.
    pub(super) fn push(&mut self, finding: Finding) {
        let entries = match finding {
            Finding::MissingEntry(index) | Finding::TamperedEntry(index, _) => {
                if self.blamed.contains(&index) {
                    return;
                }
                [Some(index), None]
            }
            Finding::Reordered(first, second) => {
                self.log.retain(|known| {
                    !matches!(known, Finding::TamperedEntry(index, _)
                        if [first, second].contains(index))
                });
                [Some(first), Some(second)]
            }
            _ => [None; 2],
        };
        let list = match finding {
            Finding::DerivedRow { .. } => &mut self.rows,
            _ => &mut self.log,
        };
        if list.len() >= MAX_FINDINGS {
            self.more = true;
            return;
        }
        if !list.contains(&finding) {
            list.push(finding);
            self.blamed.extend(entries.into_iter().flatten());
        }
    }

    /// The clock ran backwards between an entry and the one in front of it: which says something only
    /// if both are where they were written.
    pub(super) fn clock(&mut self, index: u64) {
        if self.clock.len() < MAX_FINDINGS {
            self.clock.push(index);
        }
    }

    /// How many more of entries and the log are taken.
    pub(super) fn room(&self) -> usize {
        MAX_FINDINGS.saturating_sub(self.log.len())
    }

    /// All of them. Rows of an entry that is not itself say nothing more.
    pub(super) fn finish(mut self) -> (Vec<Finding>, bool) {
        for index in std::mem::take(&mut self.clock) {
            if !self.blamed.contains(&index) && !self.blamed.contains(&index.saturating_sub(1)) {
                self.push(Finding::TamperedEntry(index, Tampering::Clock));
            }
        }
        self.rows.retain(
            |row| !matches!(row, Finding::DerivedRow { index, .. } if self.blamed.contains(index)),
        );
        let mut all = self.log;
        all.append(&mut self.rows);
        all.sort();
        let more = self.more || all.len() > MAX_FINDINGS;
        all.truncate(MAX_FINDINGS);
        (all, more)
    }
}
