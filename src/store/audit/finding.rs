//! What an audit finds, by name.

use std::fmt;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// There are fewer entries than a checkpoint was signed for.
    Truncated {
        /// How many there are.
        entries: u64,
        /// How many were signed.
        signed: u64,
    },
    /// An entry is not there.
    MissingEntry(u64),
    /// Two entries stand in each other's place.
    Reordered(u64, u64),
    /// An entry is not what was written.
    TamperedEntry(u64, Tampering),
    /// An entry that no checkpoint covers.
    UnsignedEntry(u64),
    /// A tile is not over the entries under it.
    TamperedTile {
        /// Its level.
        level: u8,
        /// Its number.
        index: u64,
    },
    /// A checkpoint is of another log.
    ForkedCheckpoint(u64, Fork),
    /// The database itself is damaged: an index says something else than its table.
    Structure(String),
    /// A row for search does not say what the entry says.
    DerivedRow {
        /// In which table.
        table: &'static str,
        /// Of which entry.
        index: u64,
        /// What is wrong.
        problem: RowProblem,
    },
}

/// In what an entry differs from what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tampering {
    /// Its octets are no object of its kind, or its signature does not hold.
    Content,
    /// Its identifier is of another content.
    Identifier,
    /// The hash beside it is of another leaf.
    Leaf,
    /// It is sound, and not the one that was signed.
    Replaced,
    /// The registry's clock ran backwards.
    Clock,
    /// Its kind or its time is none.
    Row,
}

impl fmt::Display for Tampering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Content => "its content is no object of its kind that verifies",
            Self::Identifier => "its identifier is of another content",
            Self::Leaf => "the leaf hash beside it is of something else",
            Self::Replaced => "it is sound, but another one was signed",
            Self::Clock => "it was recorded before the entry in front of it",
            Self::Row => "its kind or its time is none",
        })
    }
}

/// In what a checkpoint is of another log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fork {
    /// The log has not signed it.
    NotSigned,
    /// Its row and its note differ.
    Row,
    /// The log signed it, and the entries have another root.
    Root,
}

impl Fork {
    fn text(self) -> &'static str {
        match self {
            Self::NotSigned => "the log's key has not signed it",
            Self::Row => "its row is not what its note says",
            Self::Root => "the log signed another root than the entries have",
        }
    }
}

/// What is wrong with a derived row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowProblem {
    /// It is not there.
    Missing,
    /// It says something else.
    Differs,
    /// It is of no entry of its kind.
    Orphan,
}

impl RowProblem {
    fn text(self) -> &'static str {
        match self {
            Self::Missing => "is missing",
            Self::Differs => "says something else than the entry",
            Self::Orphan => "is of nothing that the entry says",
        }
    }
}

impl Finding {
    /// The name.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "truncated",
            Self::MissingEntry(_) => "missing-entry",
            Self::Reordered(..) => "reordered",
            Self::TamperedEntry(..) => "tampered-entry",
            Self::UnsignedEntry(_) => "unsigned-entry",
            Self::TamperedTile { .. } => "tampered-tile",
            Self::ForkedCheckpoint(..) => "forked-checkpoint",
            Self::Structure(_) => "structure",
            Self::DerivedRow { .. } => "derived-row",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Self::Truncated { entries, signed } => {
                write!(f, ": {entries} entries, where a checkpoint was signed for {signed}")
            }
            Self::MissingEntry(index) => write!(f, " #{index}"),
            Self::Reordered(first, second) => {
                write!(f, ": #{first} and #{second} stand in each other's place")
            }
            Self::TamperedEntry(index, how) => write!(f, " #{index}: {how}"),
            Self::UnsignedEntry(index) => write!(f, " #{index}: no checkpoint covers it"),
            Self::TamperedTile { level, index } => {
                write!(f, " {index} of level {level}: it is missing, or not over what is under it")
            }
            Self::ForkedCheckpoint(size, how) => write!(f, " at size {size}: {}", how.text()),
            Self::Structure(problem) => write!(f, ": {problem}"),
            Self::DerivedRow { table, index, problem } => {
                write!(f, " of #{index} in {table} {}", problem.text())
            }
        }
    }
}
