//! What holds of all registries: later entries do not change what was, the order of arrival settles
//! nothing, and a revocation makes nothing valid.

use super::world::*;
use crate::policy::Presence;
use crate::registry::attestation::Relation;
use crate::registry::event::{Act, Target};
use crate::registry::facts::Recorded;
use crate::registry::terms::{Agreement, ConflictRule, Terms, Trusted};
use crate::registry::verdict::{Known, Moment, verdict};
use crate::status::{Elements, HeadHash};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

/// One more entry: what it is, who makes it, what it says, and by how many hundreds of seconds the
/// times that it carries lie before or after its recording.
#[derive(Clone, Copy, Debug)]
struct Step {
    wait: u64,
    kind: u8,
    who: u8,
    value: u64,
    offsets: [i64; 2],
}

prop_compose! {
    fn step()(
        wait in 0u64..20,
        kind in 0u8..12,
        who in prop::sample::select(vec![1u8, 1, 1, 2, 3, 9]),
        value in 0u64..4,
        offsets in prop::array::uniform2(-12i64..12),
    ) -> Step {
        Step { wait: wait * 100, kind, who, value, offsets }
    }
}

/// What the carried times may not be earlier than: those of statements about now, and those by
/// which something is judged that was recorded before.
#[derive(Clone, Copy)]
struct Floor {
    times: u64,
    standing: u64,
}

const NONE: Floor = Floor { times: 0, standing: 0 };

impl World {
    fn last(&self) -> u64 {
        self.entries.iter().map(|entry| entry.recorded_at.unix()).max().unwrap_or(0) - t(0).unix()
    }

    fn step(&mut self, step: Step, floor: Floor) {
        let clock = self.clock + step.wait;
        self.at(clock);
        let time = |offset: i64| clock.saturating_add_signed(offset * 100).max(floor.times);
        let [a, b] = step.offsets.map(time);
        let target = Target::Attestation(self.asked());
        let issue = |a_: &mut crate::registry::attestation::Attestation| {
            (a_.issued_at, a_.valid_from, a_.payload) = (t(a), t(b), tier(step.value % 2));
            a_.valid_until = (step.value == 3).then(|| t(a.max(b) + 500));
            a_.handle = Some(step.value);
        };
        match step.kind {
            0 | 1 => done(self.attest(step.who, issue)),
            2 => {
                let relation = Relation::ALL[step.value as usize % 3];
                self.link(step.who, relation, issue);
            }
            3..=6 => {
                let until = (step.value == 3).then_some(a.max(b) + 300);
                let act = [revoke(), suspend(until), Act::Resume, suspend(until)];
                let act = act[usize::from(step.kind) - 3];
                // Some are about what is linked to it, or contradicts it.
                let about = self.entries.iter().filter_map(|entry| match &entry.entry {
                    Entry::Attestation(signed) => Some(Target::Attestation(signed.id())),
                    _ => None,
                });
                let about: Vec<Target> = about.collect();
                let target = match step.value {
                    0 | 1 => target,
                    _ => about[a as usize % about.len()],
                };
                self.event(step.who, target, act, |e| (e.issued_at, e.effective) = (t(a), t(b)));
            }
            7 => self.bind([4, 9][step.value as usize % 2], [1, 2, 9][b as usize % 3]),
            8 => self.edition_of(step, a.max(floor.times), floor),
            9 => {
                let head = self.heads();
                let (number, previous) = head.last().copied().unzip();
                let number = number.map_or(0, |last| last + u64::from(step.value > 0));
                let previous = if number == 0 {
                    None
                } else {
                    previous.or(Some(HeadHash::from_bytes([1; 32])))
                };
                let head = epoch(Elements::Handle, number, [a, a + 3000], previous, 0);
                self.push(Entry::Epoch(head, vec![step.value]));
            }
            10 => self.take_grants_back(step.who, b.max(floor.standing)),
            _ => {
                let grants = self.grants();
                let chain = [grants[a as usize % grants.len()]];
                self.event(1, target, revoke(), |event| {
                    (event.issued_at, event.effective) = (t(a), t(b));
                    event.delegated = by(4, &chain);
                });
            }
        }
    }

    fn edition_of(&mut self, step: Step, issued: u64, floor: Floor) {
        let sequence = self.entries.iter().filter(|e| matches!(e.entry, Entry::Trust(_))).count();
        let sequence = (sequence as u64).saturating_sub(u64::from(step.value == 0));
        let hour =
            (issued.max(floor.standing) / HOUR + 1).saturating_sub(u64::from(floor.standing == 0));
        let lost = json!({ "compromised": t(hour * HOUR).to_string() });
        let says = if step.value == 1 { lost } else { json!({}) };
        let due = if step.value == 2 { 2000 } else { 1000 * HOUR };
        let keys = [(1, says)];
        let rest = usual();
        let list = edition(sequence, issued, due, &[("Bank A", 0, &keys), rest[1], rest[2]]);
        self.push(Entry::Trust(list));
    }

    fn heads(&self) -> Vec<(u64, HeadHash)> {
        let heads = self.entries.iter().filter_map(|entry| match &entry.entry {
            Entry::Epoch(head, _) => Some((head.stamp().epoch, head.hash())),
            _ => None,
        });
        let mut heads: Vec<_> = heads.collect();
        heads.sort_unstable();
        heads
    }

    fn grants(&self) -> Vec<crate::registry::grant::GrantId> {
        let grants = self.entries.iter().filter_map(|entry| match &entry.entry {
            Entry::Grant(signed) => Some(signed.id()),
            _ => None,
        });
        grants.collect()
    }

    fn take_grants_back(&mut self, who: u8, effective: u64) {
        for grant in self.grants() {
            self.event(who, Target::Grant(grant), revoke(), |event| event.effective = t(effective));
        }
    }
}

/// A registry, terms, and a second to ask about.
fn world(delegated: bool, steps: &[Step]) -> World {
    let mut world = World::empty();
    let grant = world.at(500).grant(1, 4, |_| {});
    world.at(700).push(Entry::Epoch(epoch(Elements::Handle, 0, [700, 9000], None, 0), vec![]));
    world.at(1000).main(1, |a| {
        a.handle = Some(1);
        a.delegated = if delegated { by(4, &[grant]) } else { None };
    });
    steps.iter().for_each(|step| world.step(*step, NONE));
    world
}

fn terms_of(kind: u8, lists: bool) -> Terms {
    let mut terms = terms();
    let rule = match kind % 4 {
        0 => ConflictRule::All,
        1 => ConflictRule::Quorum(2),
        2 => ConflictRule::Precedence,
        _ => ConflictRule::Order(vec![attester(2), attester(1)]),
    };
    terms.agreements = vec![Agreement { fields: BTreeSet::new(), rule }];
    terms.skew = u64::from(kind % 3) * 100;
    if kind > 5 {
        terms.trusted = Trusted::Anybody;
    }
    if lists {
        terms.lists = vec![on_handle(Presence::Absent)];
    }
    terms
}

fn asked(world: &World, terms: &Terms, moment: Moment) -> String {
    world.verdict(terms, moment).to_document().canonical()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever is recorded later, what was known at a time does not change.
    #[test]
    fn as_of_then_nothing_changes_by_what_comes_later(
        delegated: bool,
        lists: bool,
        kind in 0u8..8,
        steps in prop::collection::vec(step(), 0..10),
        later in prop::collection::vec(step(), 1..8),
        at in 0u64..100,
    ) {
        let mut world = world(delegated, &steps);
        let (terms, at) = (terms_of(kind, lists), 600 + at * 100);
        let before = asked(&world, &terms, then(at));
        let clock = world.last().max(at) + 1;
        world.at(clock);
        later.iter().for_each(|step| world.step(*step, NONE));
        prop_assert_eq!(before, asked(&world, &terms, then(at)));
    }

    /// In hindsight nothing changes by statements of later times.
    #[test]
    fn in_hindsight_nothing_changes_by_what_is_later(
        delegated: bool,
        lists: bool,
        kind in 0u8..8,
        steps in prop::collection::vec(step(), 0..10),
        later in prop::collection::vec(step(), 1..8),
        at in 0u64..100,
    ) {
        let mut world = world(delegated, &steps);
        let (terms, at) = (terms_of(kind, lists), 600 + at * 100);
        let before = asked(&world, &terms, now(at));
        let clock = world.last().max(at) + 1;
        let floor = Floor { times: at + 1, standing: clock };
        world.at(clock);
        later.iter().for_each(|step| world.step(*step, floor));
        prop_assert_eq!(before, asked(&world, &terms, now(at)));
    }

    /// As of a time when all was recorded, hindsight knows nothing more.
    #[test]
    fn as_of_the_end_is_hindsight(
        delegated: bool,
        lists: bool,
        kind in 0u8..8,
        steps in prop::collection::vec(step(), 0..12),
        after in 0u64..30,
    ) {
        let world = world(delegated, &steps);
        let (terms, at) = (terms_of(kind, lists), world.last() + after * 100);
        let hindsight = asked(&world, &terms, now(at));
        prop_assert_eq!(asked(&world, &terms, then(at)), hindsight.replace("\"now\"", "\"then\""));
    }

    /// Rivals that arrive in another order, at other times and under other numbers, are the same.
    #[test]
    fn the_order_of_arrival_settles_nothing(
        kind in 0u8..6,
        said in prop::collection::vec((1u8..=3, 0u64..3, 0u64..2000), 1..7),
        order in Just((0..7usize).collect::<Vec<_>>()).prop_shuffle(),
        known in prop::sample::select(vec![Known::Then, Known::Now]),
    ) {
        let mut world = World::new();
        for (issuer, value, second) in &said {
            world.at(1000 + second).attest(*issuer, |a| {
                (a.payload, a.issued_at, a.valid_from) = (tier(*value), t(1000), t(1000));
                a.valid_until = Some(t(100_000 + second));
            });
        }
        let terms = terms_of(kind, false);
        let moment = Moment { at: t(3000), known };
        let facts = world.facts(world.asked(), &terms);
        let before = verdict(&facts, &terms, &moment);
        let mut other = facts.clone();
        let order: Vec<usize> = order.into_iter().filter(|i| *i < facts.rivals.len()).collect();
        for (rival, from) in other.rivals.iter_mut().zip(&order) {
            let Recorded { index, recorded_at, .. } = facts.rivals[*from].attestation;
            (rival.attestation.index, rival.attestation.recorded_at) = (index, recorded_at);
        }
        other.rivals.rotate_left(order[0]);
        prop_assert_eq!(&before, &verdict(&other, &terms, &moment));
    }

    /// Whoever revokes an attestation, and from when on, does not make it valid.
    #[test]
    fn no_revocation_makes_it_valid(
        delegated: bool,
        lists: bool,
        kind in 0u8..8,
        steps in prop::collection::vec(step(), 0..10),
        who in prop::sample::select(vec![1u8, 2, 9]),
        effective in 0u64..120,
        at in 0u64..120,
        known in prop::sample::select(vec![Known::Then, Known::Now]),
    ) {
        let mut world = world(delegated, &steps);
        let (terms, moment) = (terms_of(kind, lists), Moment { at: t(600 + at * 100), known });
        let before = world.verdict(&terms, moment);
        let target = Target::Attestation(world.asked());
        world.event(who, target, revoke(), |event| event.effective = t(600 + effective * 100));
        let after = world.verdict(&terms, moment);
        prop_assert!(before.is_valid() || !after.is_valid());
        // By its issuer, in effect and known, it is revoked whatever else there is.
        let counts = who == 1 && effective <= at && before.entry().is_some()
            && (known == Known::Now || world.clock <= 600 + at * 100);
        if counts {
            prop_assert!(after.reasons().iter().any(|reason| reason.word() == "revoked"));
        }
    }
}

/// The worlds above are not all of one kind: many verdicts are valid, and every reason occurs.
#[test]
fn the_properties_are_asked_of_all_sorts() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut words = std::collections::BTreeMap::new();
    for case in 0..400u64 {
        let steps = prop::collection::vec(step(), 0..8).new_tree(&mut runner).unwrap().current();
        let world = world(case % 2 == 0, &steps);
        let terms = terms_of((case % 8) as u8, case % 3 == 0);
        let verdict = world.verdict(&terms, now(600 + case * 97 % 10_000));
        *words.entry("asked").or_insert(0) += 1;
        *words.entry(verdict.word()).or_insert(0) += 1;
        for reason in verdict.reasons() {
            *words.entry(reason.detail().unwrap_or(reason.word())).or_insert(0) += 1;
        }
    }
    let often = [
        "valid",
        "unknown",
        "changed",
        "superseded",
        "under-investigation",
        "listed",
        "unsettled",
        "no-quorum",
        "not-yet",
        "overdue",
        "stale",
        "issuer-key-compromised",
        "trust-forked",
        "forked",
    ];
    for word in often {
        assert!(words.get(word).is_some_and(|times| *times > 2), "{word}: {words:?}");
    }
}
