//! One use of each nonce, whatever the clock does.

use super::*;
use crate::request::{Nonce, NonceError, NonceStore};

fn nonce(n: u64) -> Nonce {
    let mut octets = [0; 32];
    octets[..8].copy_from_slice(&n.to_be_bytes());
    Nonce::from_bytes(octets)
}

fn spend(store: &Store, n: u64, until: u64, now: u64) -> Result<(), NonceError> {
    NonceStore::spend(store, &nonce(n), at(until), at(now))
}

#[test]
fn a_nonce_is_spent_once_over_restarts() {
    let world = World::empty();
    assert_eq!(spend(&world.store, 1, NOW + 60, NOW), Ok(()));
    assert_eq!(spend(&world.store, 1, NOW + 60, NOW), Err(NonceError::Spent));
    assert_eq!(spend(&world.again(), 1, NOW + 90, NOW), Err(NonceError::Spent));
    assert_eq!(spend(&world.again(), 2, NOW + 60, NOW), Ok(()));
}

#[test]
fn a_clock_that_is_set_back_revives_nothing() {
    let world = World::empty();
    for n in 0..1023 {
        assert_eq!(spend(&world.store, n, NOW + 60, NOW), Ok(()));
    }
    // One short of a purge.
    assert_eq!(spend(&world.store, 2000, NOW + 500, NOW + 61), Ok(()));
    assert_eq!(world.count("spent"), 1024);
    assert_eq!(spend(&world.store, 1023, NOW + 60, NOW), Ok(()));
    assert_eq!(spend(&world.store, 2001, NOW + 500, NOW + 61), Ok(()));
    assert_eq!(world.count("spent"), 2);
    // The nonce was forgotten, and its time is not taken any more.
    assert_eq!(spend(&world.again(), 7, NOW + 60, NOW), Err(NonceError::Spent));
    assert_eq!(spend(&world.again(), 7, NOW + 61, NOW), Ok(()));
    // Expired by the clock of the one who asks.
    assert_eq!(spend(&world.store, 8, NOW + 99, NOW + 100), Err(NonceError::Spent));
}

#[test]
fn reject_spending_without_writing() {
    let world = World::empty();
    let store = wait(Store::open(world.store.path(), Access::ReadOnly)).unwrap();
    assert_eq!(spend(&store, 1, NOW + 60, NOW), Err(NonceError::Unavailable));
}
