//! Every answer against counting through all values, on small domains.

use super::*;
use crate::policy::{Facts, PublicForm, PublicRule, PublicTerm};
use crate::value::Encoded;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use sigil_circuits::{Comparison, Interval};

const HIDDEN: [SlotSource; 2] =
    [SlotSource { role: 0, message: 4 }, SlotSource { role: 1, message: 4 }];
/// Revealed, the second one optional.
const SHOWN: [SlotSource; 2] =
    [SlotSource { role: 0, message: 5 }, SlotSource { role: 1, message: 5 }];

struct Random(ChaCha20Rng);

impl Random {
    fn below(&mut self, n: u32) -> u32 {
        self.0.next_u32() % n
    }

    fn between(&mut self, low: i128, high: i128) -> i128 {
        low + i128::from(self.below((high - low + 1) as u32))
    }

    fn op(&mut self) -> Comparison {
        Comparison::ALL[self.below(6) as usize]
    }

    fn form(&mut self) -> PublicForm {
        let mut form = PublicForm::constant(self.between(-3, 18));
        if self.below(8) == 0 {
            form.terms.push((self.between(-1, 1), PublicTerm::Disclosed(SHOWN[0])));
        }
        if self.below(8) == 0 {
            form.terms.push((1, PublicTerm::Disclosed(SHOWN[1])));
        }
        if self.below(6) == 0 {
            // NowHours is 7 here.
            form.constant -= 7;
            form.terms.push((1, PublicTerm::NowHours(0)));
        }
        form
    }

    fn hidden(&mut self) -> Vec<(i128, SlotSource)> {
        let first = HIDDEN[self.below(2) as usize];
        match self.below(5) {
            0 => vec![(1, HIDDEN[0]), (self.between(-3, 3), HIDDEN[1])],
            1 => vec![(self.between(1, 3), first)],
            _ => vec![(1, first)],
        }
    }

    fn rule(&mut self, depth: u32) -> Rule {
        let interval = Interval::bits(8);
        let parts = |random: &mut Self, n| (0..n).map(|_| random.rule(depth - 1)).collect();
        match self.below(if depth == 0 { 8 } else { 16 }) {
            0 => Rule::Zero { source: HIDDEN[self.below(2) as usize], is: self.below(2) == 0 },
            1 => {
                let set = (0..1 + self.below(4)).map(|_| self.form()).collect();
                Rule::Member { hidden: self.hidden(), set, interval }
            }
            2 => {
                let (form, op) = (self.form(), self.op());
                Rule::Public(match self.below(4) {
                    0 => PublicRule::Present(SHOWN[1]),
                    1 => PublicRule::Member { form, set: vec![self.form(), self.form()] },
                    2 => PublicRule::OneOf {
                        source: SHOWN[1],
                        allowed: vec![Encoded::Integer(3), Encoded::Integer(4)],
                        may_be_hidden: false,
                    },
                    _ => PublicRule::Compare { form, op },
                })
            }
            3..8 => Rule::Compare {
                hidden: self.hidden(),
                op: self.op(),
                public: self.form(),
                interval,
            },
            8..10 => Rule::Not(Box::new(self.rule(depth - 1))),
            10..12 => Rule::All(parts(self, 2)),
            12..14 => Rule::Any(parts(self, 3)),
            _ => {
                let k = self.below(4) as usize;
                Rule::AtLeast(k, parts(self, 3))
            }
        }
    }
}

fn now() -> Timestamp {
    Timestamp::from_hours(7).unwrap()
}

fn domains() -> Domains {
    let mut domains = Domains::default();
    let of = |mask: u32| IntegerSet::of((0..8).filter(|bit| mask >> bit & 1 == 1));
    domains.insert(HIDDEN[0], IntegerSet::between(0, 15), false);
    domains.insert(HIDDEN[1], IntegerSet::between(0, 15), false);
    domains.insert(SHOWN[0], of(0b1110_0111), false);
    domains.insert(SHOWN[1], of(0b0001_1111), true);
    domains
}

/// All assignments for which the rule holds, and how many there are in all.
fn count(rule: &Rule, domains: &Domains) -> (Vec<[i128; 4]>, usize) {
    let sources = [HIDDEN[0], HIDDEN[1], SHOWN[0], SHOWN[1]];
    let values = sources.map(|source| domains.of(source).values(64).unwrap());
    let (mut holding, mut all) = (Vec::new(), 0);
    for a in &values[0] {
        for b in &values[1] {
            for c in &values[2] {
                for d in &values[3] {
                    let hidden = |source| match source {
                        s if s == HIDDEN[0] => Some(*a),
                        s if s == HIDDEN[1] => Some(*b),
                        _ => None,
                    };
                    let shown = |source| match source {
                        s if s == SHOWN[0] => Some(Encoded::Integer(*c as u64)),
                        s if s == SHOWN[1] && *d == 0 => Some(Encoded::Absent),
                        s if s == SHOWN[1] => Some(Encoded::Integer(*d as u64 - 1)),
                        _ => None,
                    };
                    all += 1;
                    let facts = Facts { now: now(), hidden: &hidden, revealed: &shown };
                    if rule.holds(&facts).unwrap() {
                        holding.push([*a, *b, *c, *d]);
                    }
                }
            }
        }
    }
    (holding, all)
}

#[test]
fn verdicts_and_values_left_are_those_of_counting() {
    let mut random = Random(ChaCha20Rng::seed_from_u64(1));
    let domains = domains();
    let analysis = Analysis::over(domains.clone(), now());
    let (mut verdicts, mut inexact) = ([0usize; 4], 0);
    for case in 0..2_500 {
        let depth = random.below(4);
        let rule = random.rule(depth);
        let (holding, all) = count(&rule, &domains);
        let truth = match holding.len() {
            0 => Verdict::Never,
            n if n == all => Verdict::Always,
            _ => Verdict::Sometimes,
        };
        let verdict = analysis.decide(&rule);
        verdicts[verdict as usize] += 1;
        assert!(verdict == truth || verdict == Verdict::Undecided, "{case}: {rule:?}");
        for (at, source) in [HIDDEN[0], HIDDEN[1], SHOWN[0], SHOWN[1]].into_iter().enumerate() {
            let left = analysis.left(&rule, source);
            let values = IntegerSet::of(holding.iter().map(|values| values[at]));
            match left.exact {
                true => assert_eq!(left.values, values, "{case} {source:?}: {rule:?}"),
                false => assert!(values.is_subset(&left.values), "{case} {source:?}: {rule:?}"),
            }
            inexact += usize::from(!left.exact);
        }
    }
    let [always, never, sometimes, undecided] = verdicts;
    assert!(always > 50 && never > 50 && sometimes > 500, "{verdicts:?}");
    assert!(undecided < 25 && inexact < 100, "{verdicts:?}, {inexact} inexact");
}

#[test]
fn implication_is_that_of_counting() {
    let mut random = Random(ChaCha20Rng::seed_from_u64(2));
    let domains = domains();
    let analysis = Analysis::over(domains.clone(), now());
    let mut answers = [0usize; 3];
    for _ in 0..1_000 {
        let (a, b) = (random.rule(1), random.rule(1));
        let b = if random.below(3) == 0 { Rule::Any(vec![b, a.clone()]) } else { b };
        let (holding, _) = count(&Rule::All(vec![a.clone(), b.clone()]), &domains);
        let truth = holding.len() == count(&a, &domains).0.len();
        match analysis.implies(&a, &b) {
            None => answers[2] += 1,
            Some(answer) => {
                assert_eq!(answer, truth, "{a:?} ⇒ {b:?}");
                answers[usize::from(answer)] += 1;
            }
        }
    }
    assert!(answers[0] > 100 && answers[1] > 100 && answers[2] < 10, "{answers:?}");
}

/// A rule of one hidden message.
fn at(source: SlotSource, op: Comparison, public: i128) -> Rule {
    let public = PublicForm::constant(public);
    Rule::Compare { hidden: vec![(1, source)], op, public, interval: Interval::bits(64) }
}

#[test]
fn wide_domains_are_decided_without_counting() {
    let mut domains = Domains::default();
    for source in HIDDEN {
        domains.insert(source, IntegerSet::between(0, (1 << 64) - 1), false);
    }
    let analysis = Analysis::over(domains, now());
    let [x, y] = HIDDEN;
    let sum = |op, constant| Rule::Compare {
        hidden: vec![(1, x), (1, y)],
        op,
        public: PublicForm::constant(constant),
        interval: Interval::bits(65),
    };
    let top = (1i128 << 64) - 1;
    assert_eq!(analysis.decide(&sum(Comparison::Ge, 0)), Verdict::Always);
    assert_eq!(analysis.decide(&sum(Comparison::Gt, 2 * top)), Verdict::Never);
    assert_eq!(analysis.decide(&sum(Comparison::Eq, top)), Verdict::Sometimes);
    assert_eq!(analysis.decide(&sum(Comparison::Ne, top)), Verdict::Sometimes);
    // x + y >= 2·top − 1 leaves two values of x; with y < top, one.
    let both = Rule::All(vec![sum(Comparison::Ge, 2 * top - 1), at(y, Comparison::Lt, top)]);
    assert_eq!(analysis.left(&sum(Comparison::Ge, 2 * top - 1), x).values.count(), 2);
    let left = analysis.left(&both, x);
    assert_eq!((left.values.single(), left.exact), (Some(top), true));
    // Two relations that share messages: refuted by bounds, met by a trial, or left open.
    let order = |op, constant| Rule::Compare {
        hidden: vec![(1, x), (-1, y)],
        op,
        public: PublicForm::constant(constant),
        interval: Interval::bits(65),
    };
    let never = Rule::All(vec![sum(Comparison::Le, 10), order(Comparison::Ge, 11)]);
    assert_eq!(analysis.decide(&never), Verdict::Never);
    let sometimes = Rule::All(vec![sum(Comparison::Ge, 10), order(Comparison::Ge, 5)]);
    assert_eq!(analysis.decide(&sometimes), Verdict::Sometimes);
    let parity = Rule::All(vec![sum(Comparison::Eq, top), order(Comparison::Eq, 2)]);
    assert_eq!(analysis.decide(&parity), Verdict::Undecided, "x = (top + 2) / 2 is no integer");
}

#[test]
fn what_is_too_large_is_undecided_and_a_hopeless_part_still_decides() {
    let mut domains = Domains::default();
    let source = |i: usize| SlotSource { role: 0, message: 4 + i };
    for i in 0..24 {
        domains.insert(source(i), IntegerSet::between(0, 1 << 40), false);
    }
    // What is too large uses up the work of its analysis.
    let fresh = || Analysis::over(domains.clone(), now());
    let analysis = fresh();
    let few = |i: usize| at(source(i), Comparison::Ge, 100);
    let large = Rule::AtLeast(12, (0..24).map(few).collect());
    assert_eq!(analysis.decide(&large), Verdict::Sometimes, "by its first branch");
    let tied = Rule::All(vec![few(0), large.clone()]);
    assert_eq!(fresh().decide(&tied), Verdict::Undecided);
    let never = Rule::All(vec![at(source(0), Comparison::Lt, 0), large.clone()]);
    assert_eq!(fresh().decide(&never), Verdict::Never);
    let always = Rule::Any(vec![at(source(0), Comparison::Ge, 0), large]);
    assert_eq!(fresh().decide(&always), Verdict::Always);
    // Branches over messages of their own do not multiply.
    let branch = |i: usize| Rule::Any(vec![few(2 * i), at(source(2 * i + 1), Comparison::Lt, 7)]);
    let branches = Rule::All((0..12).map(branch).collect());
    let analysis = fresh();
    assert_eq!(analysis.decide(&branches), Verdict::Sometimes);
    assert_eq!(analysis.left(&branches, source(0)).values, analysis.domain(source(0)));
}
