//! Where the bits of each range check go, and which form each `at_least` takes: decided from costs,
//! before a row is laid out.
//!
//! A condition gets a *pool* of bit cells, and each of its range checks a stretch of the pool as
//! long as it is wide. Checks that are relied upon together must not overlap; checks of which an
//! honest prover never needs more than one may. So a conjunction needs as many bits as its parts
//! in sum, and a disjunction as many as the greatest of its parts.
//!
//! `at_least(k)` of `n` parts has `k` *ports*, each with a stretch of its own: port `r` is met by
//! one of the parts `r ..= r + n − k`, in descending order of their bits. Any `k` parts, in order,
//! fit the ports, and the bits are those of the `k` greatest parts, less than which is impossible.
//! The price is that a part that needs bits is laid out once for each of its ports. Where that is
//! dearer than bits of its own for every part, the parts are *counted* instead.

use crate::normal::{Atom, Condition, Relation};

/// A condition with the form of its rows decided.
pub(super) struct Arranged<'a> {
    pub(super) kind: Kind<'a>,
    /// The bit cells of its pool.
    pub(super) bits: usize,
    /// Its rows, the bits' own not included.
    rows: usize,
}

pub(super) enum Kind<'a> {
    Atom(&'a Atom),
    All(Vec<Arranged<'a>>),
    /// At least `k` of the parts, which descend in bits, through `k` ports.
    Ports(usize, Vec<Arranged<'a>>),
    /// At least `k` of the parts, each with bits of its own.
    Counted(usize, Vec<Arranged<'a>>),
}

/// How it is shown that no part is counted twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Distinct {
    /// Each selector of a part excludes those before it: `(k − 1)·(n − k)` rows.
    Pairwise,
    /// Each part's selectors sum to 0 or to the guard: `n` rows.
    Totals,
}

impl Distinct {
    pub(super) fn cheapest(k: usize, n: usize) -> (Self, usize) {
        match (k - 1).saturating_mul(n - k) {
            pairwise if pairwise <= n => (Self::Pairwise, pairwise),
            _ => (Self::Totals, n),
        }
    }
}

/// The ports that part `i` of `n` fits, when `k` are to be met.
pub(super) fn ports_of(i: usize, k: usize, n: usize) -> std::ops::RangeInclusive<usize> {
    i.saturating_sub(n - k)..=i.min(k - 1)
}

impl<'a> Arranged<'a> {
    pub(super) fn new(condition: &'a Condition) -> Self {
        match condition {
            Condition::Atom(atom) => {
                let bits = match atom.relation {
                    Relation::NonNegative { width } => width as usize,
                    Relation::Zero | Relation::NonZero => 0,
                };
                Self { kind: Kind::Atom(atom), bits, rows: 1 }
            }
            Condition::All(parts) => {
                let parts: Vec<Self> = parts.iter().map(Self::new).collect();
                let (bits, rows) = (bits_of(&parts), rows_of(&parts));
                Self { kind: Kind::All(parts), bits, rows }
            }
            Condition::AtLeast(k, parts) => Self::at_least(*k, parts),
        }
    }

    fn at_least(k: usize, parts: &'a [Condition]) -> Self {
        let n = parts.len();
        let mut parts: Vec<Self> = parts.iter().map(Self::new).collect();
        let (of_all, counted) = (bits_of(&parts), rows_of(&parts) + n);
        parts.sort_by_key(|part| std::cmp::Reverse(part.bits));
        let of_greatest = parts.iter().take(k).map(|part| part.bits).sum();
        let copies = |(i, part): (usize, &Self)| match part.bits {
            0 => part.rows,
            _ => part.rows * ports_of(i, k, n).count(),
        };
        let (_, distinct) = Distinct::cheapest(k, n);
        let ported = parts.iter().enumerate().map(copies).sum::<usize>() + distinct;
        if of_greatest + ported < of_all + counted {
            Self { kind: Kind::Ports(k, parts), bits: of_greatest, rows: ported }
        } else {
            Self { kind: Kind::Counted(k, parts), bits: of_all, rows: counted }
        }
    }
}

fn bits_of(parts: &[Arranged<'_>]) -> usize {
    parts.iter().map(|part| part.bits).sum()
}

fn rows_of(parts: &[Arranged<'_>]) -> usize {
    parts.iter().map(|part| part.rows).sum()
}
