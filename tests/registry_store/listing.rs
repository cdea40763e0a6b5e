//! Listings against a naive model, walked while others write; cursors that are not taken.

use crate::world::{self, Kept, START, below, issuer, rng, schema, subject, time};
use rand_chacha::ChaCha20Rng;
use sigil::registry::attestation::{Link, Relation};
use sigil::registry::facts::Recorded;
use sigil::registry::object::Kind;
use sigil::store::filter::MAX_EXAMINED;
use sigil::store::{
    Cursor, CursorError, Entry, Filter, Object, Order, Page, ReadError, Store, StoreError, wait,
};
use tempfile::TempDir;

/// What the filter lets through, one entry after another.
fn naive(all: &[Kept], filter: &Filter, order: Order) -> Vec<u64> {
    let passes = |kept: &&Kept| {
        let Receipted { kind, recorded_at } = Receipted::of(kept);
        let attestation = match &kept.object {
            Object::Attestation(signed) => Some(signed.statement()),
            _ => None,
        };
        let said = |asked: bool, says: bool| !asked || says;
        filter.kind.is_none_or(|wanted| wanted == kind)
            && filter.recorded_from.is_none_or(|from| from <= recorded_at)
            && filter.recorded_until.is_none_or(|until| recorded_at < until)
            && said(filter.schema.is_some(), attestation.map(|a| a.schema) == filter.schema)
            && said(filter.issuer.is_some(), attestation.map(|a| a.issuer) == filter.issuer)
            && said(
                filter.subject.is_some(),
                attestation.and_then(|a| a.subject.clone()) == filter.subject,
            )
            && filter.link.is_none_or(|(relation, target)| {
                let links = attestation.map_or(&[][..], |a| &a.links);
                links.iter().any(|link| {
                    link.target == target && relation.is_none_or(|r| r == link.relation)
                })
            })
    };
    let mut indexes: Vec<u64> = all.iter().filter(passes).map(|kept| kept.receipt.index).collect();
    if order == Order::Newest {
        indexes.reverse();
    }
    indexes
}

struct Receipted {
    kind: Kind,
    recorded_at: sigil::value::Timestamp,
}

impl Receipted {
    fn of(kept: &Kept) -> Self {
        Self { kind: kept.receipt.kind, recorded_at: kept.receipt.recorded_at }
    }
}

/// A filter that asks for a random part of what can be asked.
fn random_filter(rng: &mut ChaCha20Rng, all: &[Kept]) -> Filter {
    let mut asks = |one_in| below(rng, one_in) == 0;
    let [kind, schema_, issuer_, subject_, link, relation, from, until] =
        [asks(6), asks(3), asks(3), asks(3), asks(4), asks(2), asks(4), asks(4)];
    let kinds = [Kind::Attestation, Kind::Attestation, Kind::Event, Kind::Schema, Kind::Bundle];
    // One more than there is of each: nothing is found then.
    let target = loop {
        let bound = if below(rng, 2) == 0 { 6.min(all.len() as u64) } else { all.len() as u64 };
        if let Object::Attestation(signed) = &all[below(rng, bound) as usize].object {
            break signed.id();
        }
    };
    let moment =
        |rng: &mut ChaCha20Rng| all[below(rng, all.len() as u64) as usize].receipt.recorded_at;
    Filter {
        kind: kind.then(|| kinds[below(rng, 5) as usize]),
        schema: schema_.then(|| schema(below(rng, 4)).id()),
        issuer: issuer_.then(|| issuer(1 + below(rng, 6) as u8)),
        subject: subject_.then(|| subject(below(rng, 7)).parse().unwrap()),
        link: link.then(|| (relation.then(|| Relation::ALL[below(rng, 3) as usize]), target)),
        recorded_from: from.then(|| moment(rng)),
        recorded_until: until.then(|| moment(rng)),
    }
}

/// All pages of a listing, and how many there were.
fn walk(
    store: &Store,
    filter: &Filter,
    order: Order,
    limit: u32,
    mut between: impl FnMut(),
) -> (Vec<Recorded<Entry>>, usize) {
    let mut page = Page { limit, after: None, order };
    let (mut all, mut pages, mut signed) = (Vec::new(), 0, None);
    loop {
        let listing = wait(store.list(filter, &page)).unwrap();
        assert!(listing.items.len() <= limit as usize);
        let checkpoint = signed.get_or_insert_with(|| listing.checkpoint.clone());
        assert_eq!(*checkpoint, listing.checkpoint, "one walk, one checkpoint");
        all.extend(listing.items);
        pages += 1;
        let Some(next) = listing.next else { return (all, pages) };
        // As it travels: in text.
        page.after = Some(next.to_string().parse().unwrap());
        between();
    }
}

#[test]
fn every_filter_agrees_with_the_naive_model() {
    let folder = TempDir::new().unwrap();
    let store = world::create(&folder.path().join("r.db"));
    let all = world::random(&store, 2_000, 7);
    let mut rng = rng(8);
    let mut found = 0;
    for round in 0..400 {
        let filter = random_filter(&mut rng, &all);
        let order = if round % 2 == 0 { Order::Oldest } else { Order::Newest };
        let limit = [1000, 100, 37, 1 + below(&mut rng, 1000) as u32][round % 4];
        let (items, _) = walk(&store, &filter, order, limit, || ());
        let indexes: Vec<u64> = items.iter().map(|item| item.index).collect();
        assert_eq!(indexes, naive(&all, &filter, order), "{filter:?}");
        found += usize::from(!indexes.is_empty());
        for item in items {
            let kept = &all[item.index as usize];
            assert_eq!(item.entry.octets(), kept.object.octets());
            assert_eq!(
                (item.entry.id, item.recorded_at),
                (kept.receipt.id, kept.receipt.recorded_at)
            );
        }
    }
    assert!(found > 150, "{found} listings with anything in them");
}

#[test]
fn a_walk_is_of_one_snapshot_while_others_write() {
    let folder = TempDir::new().unwrap();
    let store = world::create(&folder.path().join("r.db"));
    let all = world::random(&store, 400, 9);
    let filters = [
        Filter::default(),
        Filter { schema: Some(schema(1).id()), ..Filter::default() },
        Filter {
            issuer: Some(issuer(2)),
            subject: Some(subject(3).parse().unwrap()),
            ..Filter::default()
        },
        Filter { recorded_until: Some(time(START + 1_000_000)), ..Filter::default() },
    ];
    let mut level = 5_000_000;
    let mut appended = Vec::new();
    for order in [Order::Oldest, Order::Newest] {
        for filter in &filters {
            let before: Vec<&Kept> = all.iter().chain(&appended).collect();
            let expected: Vec<u64> = {
                let mut indexes: Vec<u64> = before
                    .iter()
                    .flat_map(|kept| naive(std::slice::from_ref(*kept), filter, order))
                    .collect();
                if order == Order::Newest {
                    indexes.reverse();
                }
                indexes
            };
            let mut new = Vec::new();
            let (items, pages) = walk(&store, filter, order, 7, || {
                level += 1;
                let made = world::attestation(&schema(1), 2, Some(3), level);
                let object = Object::Attestation(world::sign(made, 2));
                new.extend(world::append(&store, vec![object], START + 9_000));
            });
            let indexes: Vec<u64> = items.iter().map(|item| item.index).collect();
            assert_eq!(indexes, expected);
            assert!(pages > 1 && !new.is_empty());
            appended.extend(new);
        }
    }
}

#[test]
fn the_work_of_a_page_is_bounded_and_the_walk_complete() {
    let folder = TempDir::new().unwrap();
    let store = world::create(&folder.path().join("r.db"));
    let schemas = [schema(0), schema(1)];
    world::append(&store, schemas.iter().cloned().map(Object::Schema).collect(), START);
    let target = world::sign(world::attestation(&schemas[0], 1, None, 0), 1);
    let id = target.id();
    world::append(&store, vec![Object::Attestation(target)], START);
    // One in a thousand of what is linked to it is under the other schema.
    let count = 2 * MAX_EXAMINED + 100;
    let links: Vec<Object> = (1..=count)
        .map(|level| {
            let under = &schemas[usize::from(level % 1000 == 0)];
            let mut made = world::attestation(under, 2, None, level);
            made.links = vec![Link { relation: Relation::Supports, target: id }];
            Object::Attestation(world::sign(made, 2))
        })
        .collect();
    let all = world::append(&store, links, START);
    for relation in [None, Some(Relation::Supports)] {
        let filter = Filter {
            schema: Some(schemas[1].id()),
            link: Some((relation, id)),
            ..Filter::default()
        };
        for order in [Order::Oldest, Order::Newest] {
            let (items, pages) = walk(&store, &filter, order, 100, || ());
            let indexes: Vec<u64> = items.iter().map(|item| item.index).collect();
            assert_eq!(indexes, naive(&all, &filter, order));
            assert_eq!((indexes.len(), pages), (4, 3), "short pages, none of them long work");
        }
    }
}

#[test]
fn reject_cursors_of_other_walks() {
    let folder = TempDir::new().unwrap();
    let store = world::create(&folder.path().join("r.db"));
    world::random(&store, 100, 10);
    let filter = Filter { schema: Some(schema(1).id()), ..Filter::default() };
    let page = Page { limit: 3, ..Page::default() };
    let next = wait(store.list(&filter, &page)).unwrap().next.unwrap();
    let refused = |filter: &Filter, after: Cursor, order| {
        let page = Page { limit: 3, after: Some(after), order };
        match wait(store.list(filter, &page)) {
            Err(StoreError::Read(ReadError::Cursor(error))) => Some(error),
            _ => None,
        }
    };
    assert_eq!(refused(&filter, next, Order::Oldest), None);
    assert_eq!(refused(&filter, next, Order::Newest), Some(CursorError::OtherOrder));
    for other in [
        Filter::default(),
        Filter { schema: Some(schema(2).id()), ..Filter::default() },
        Filter { kind: Some(Kind::Attestation), ..filter.clone() },
        Filter { recorded_from: Some(time(0)), ..filter.clone() },
        Filter { recorded_until: Some(time(0)), ..filter.clone() },
    ] {
        assert_eq!(refused(&other, next, Order::Oldest), Some(CursorError::OtherFilter));
    }
    // A registry that was never of this size: there is nothing to go on with.
    let small = world::create(&folder.path().join("small.db"));
    let page = Page { limit: 3, after: Some(next), order: Order::Oldest };
    let error = wait(small.list(&filter, &page)).unwrap_err();
    assert!(
        matches!(error, StoreError::Read(ReadError::Cursor(CursorError::Size(100)))),
        "{error}"
    );
    for limit in [0, 1001] {
        let page = Page { limit, ..Page::default() };
        let error = wait(store.list(&filter, &page)).unwrap_err();
        assert!(matches!(error, StoreError::Read(ReadError::Limit(_))), "{error}");
    }
}

#[test]
fn entries_are_found_by_what_they_are() {
    let folder = TempDir::new().unwrap();
    let store = world::create(&folder.path().join("r.db"));
    let all = world::random(&store, 300, 11);
    for kept in all.iter().step_by(17) {
        let found = wait(store.entry(kept.receipt.index)).unwrap().unwrap();
        assert_eq!(found.entry.octets(), kept.object.octets());
        let found = wait(store.get(kept.receipt.kind, &kept.receipt.id)).unwrap().unwrap();
        assert_eq!(found.index, kept.receipt.index);
        let text = hex::encode(kept.receipt.id);
        for digits in [8, 9, 63, 64] {
            let found = wait(store.resolve(&text[..digits])).unwrap();
            assert_eq!(found, Some((kept.receipt.kind, kept.receipt.id)));
        }
    }
    assert!(wait(store.entry(300)).unwrap().is_none());
    assert!(wait(store.entry(u64::MAX)).unwrap().is_none());
    assert!(wait(store.get(Kind::Event, &[0; 32])).unwrap().is_none());
    assert!(wait(store.resolve("00000000")).unwrap().is_none());
    for text in ["", "0000000", "0000000G", "ABCDEF01", &"0".repeat(65)] {
        let error = wait(store.resolve(text)).unwrap_err();
        assert!(matches!(error, StoreError::Read(ReadError::Prefix)), "{error}");
    }
}

#[test]
fn reject_ambiguous_prefixes() {
    // Two originals whose hashes begin with the same eight digits.
    let folder = TempDir::new().unwrap();
    let store = world::create(&folder.path().join("r.db"));
    let (mut sources, mut known) = (Vec::new(), std::collections::HashMap::new());
    for number in 0u64..200_000 {
        let octets = number.to_be_bytes().to_vec();
        let id = Object::Source(octets.clone()).id();
        let prefix = hex::encode(&id[..4]);
        if let Some(other) = known.insert(prefix.clone(), octets.clone()) {
            sources.push((prefix, [other, octets]));
            break;
        }
    }
    let (prefix, pair) = sources.pop().unwrap();
    world::append(&store, pair.map(Object::Source).to_vec(), START);
    match wait(store.resolve(&prefix)).unwrap_err() {
        StoreError::Read(ReadError::Ambiguous { found, .. }) => assert_eq!(found.len(), 2),
        error => panic!("{error}"),
    }
}
