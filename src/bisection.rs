//! Which members of a batch are false, where checking many at once costs little more than one.
//!
//! All are checked at once, and only where that fails in halves, until the false ones stand alone:
//! one among n costs about as much again as the n did. Where more than one in [`DENSE`] was false
//! so far, halving costs more than it saves, and the rest of the range is checked one by one, in
//! parallel: false members alone cost about half as much again as without a batch.

use rayon::prelude::*;
use std::ops::Range;

/// So few are not halved, but checked one by one.
const ALONE: usize = 4;

/// Where more than one in so many was false so far, halving further would cost more than it saves.
const DENSE: usize = 16;

/// Whether each of `count` members holds, given whether all of a range do. Ranges are not empty.
pub(crate) fn verdicts(count: usize, hold: impl Fn(Range<usize>) -> bool + Sync) -> Vec<bool> {
    let mut search = Search { hold, verdicts: Vec::with_capacity(count), false_ones: 0 };
    if count > 0 {
        search.judge(0..count);
    }
    search.verdicts
}

struct Search<H> {
    hold: H,
    /// Of all members before the range at hand.
    verdicts: Vec<bool>,
    false_ones: usize,
}

impl<H: Fn(Range<usize>) -> bool + Sync> Search<H> {
    /// Judges a range; says whether all of it was seen to hold at once.
    fn judge(&mut self, range: Range<usize>) -> bool {
        let holds = !self.is_dense(&range) && (self.hold)(range.clone());
        if holds {
            self.verdicts.resize(range.end, true);
        } else {
            self.find(range);
        }
        holds
    }

    /// Whether too many of those before a range were false.
    fn is_dense(&self, range: &Range<usize>) -> bool {
        self.false_ones * DENSE > range.start
    }

    /// Finds the false ones in a range that may have some.
    fn find(&mut self, range: Range<usize>) {
        if range.len() <= ALONE || self.is_dense(&range) {
            let hold = &self.hold;
            let alone = range.into_par_iter().map(|index| hold(index..index + 1));
            let alone: Vec<bool> = alone.collect();
            self.false_ones += alone.iter().filter(|holds| !**holds).count();
            self.verdicts.extend(alone);
            return;
        }
        let middle = range.start + range.len() / 2;
        // Where the first half holds, the second is known not to.
        if self.judge(range.start..middle) {
            self.find(middle..range.end);
        } else {
            self.judge(middle..range.end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// What is found of these false ones, and in how many checks of how many members.
    fn search(count: usize, bad: &[usize]) -> (Vec<usize>, usize, usize) {
        let (checks, members) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let verdicts = verdicts(count, |range| {
            assert!(!range.is_empty() && range.end <= count, "{range:?}");
            checks.fetch_add(1, Ordering::Relaxed);
            members.fetch_add(range.len(), Ordering::Relaxed);
            !bad.iter().any(|index| range.contains(index))
        });
        assert_eq!(verdicts.len(), count);
        let found = (0..count).filter(|index| !verdicts[*index]).collect();
        (found, checks.into_inner(), members.into_inner())
    }

    #[test]
    fn the_false_ones_are_found_wherever_they_are() {
        for count in 0..=40 {
            let all: Vec<usize> = (0..count).collect();
            assert_eq!(search(count, &all).0, all);
            assert_eq!(search(count, &[]), (vec![], count.min(1), count));
            for one in 0..count {
                assert_eq!(search(count, &[one]).0, [one]);
                let two = [one / 2, one];
                assert_eq!(search(count, &two).0, if one > 0 { &two[..] } else { &[0] });
            }
        }
        let some = [0, 1, 2, 3, 19, 20, 38, 200, 999];
        assert_eq!(search(1000, &some).0, some);
    }

    #[test]
    fn one_costs_as_much_again_and_many_no_more_than_one_by_one() {
        for bad in [0, 517, 999] {
            let (_, checks, members) = search(1000, &[bad]);
            assert!(checks <= 50 && members <= 3100, "{checks} checks of {members}");
        }
        // Halved only where nothing is known yet: at the beginning.
        let all: Vec<usize> = (0..1000).collect();
        let (_, checks, members) = search(1000, &all);
        assert!(checks < 1020 && members < 3100, "{checks} checks of {members}");
    }
}
