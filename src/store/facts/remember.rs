//! What was parsed once: entries never change, so whatever was checked stays so.

use crate::authority::Authority;
use crate::bbs::PublicKey;
use crate::registry::facts::Recorded;
use crate::schema::{Schema, SchemaId};
use crate::status::SignedHead;
use crate::trust::TrustList;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Things by their keys, forgotten all at once when there are too many.
#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    things: Mutex<HashMap<K, V>>,
    most: usize,
}

impl<K: Eq + Hash, V: Clone> Bounded<K, V> {
    fn new(most: usize) -> Self {
        Self { things: Mutex::default(), most }
    }

    pub(super) fn get(&self, key: &K) -> Option<V> {
        self.things.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    pub(super) fn put(&self, key: K, value: V) {
        let mut things = self.things.lock().unwrap_or_else(PoisonError::into_inner);
        if things.len() >= self.most {
            things.clear();
        }
        things.insert(key, value);
    }
}

/// An issuer's record, for what it binds.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub(super) attester: Authority,
    pub(super) issuer: PublicKey,
}

/// What a store remembers of its entries, by their indexes.
#[derive(Debug)]
pub(in crate::store) struct Remembered {
    pub(super) schemas: Bounded<SchemaId, Recorded<Arc<Schema>>>,
    pub(super) bindings: Bounded<u64, Recorded<Binding>>,
    pub(super) trust: Bounded<u64, Recorded<Arc<TrustList>>>,
    pub(super) heads: Bounded<u64, Recorded<SignedHead>>,
}

impl Default for Remembered {
    fn default() -> Self {
        Self {
            schemas: Bounded::new(1 << 10),
            bindings: Bounded::new(1 << 16),
            trust: Bounded::new(1 << 8),
            heads: Bounded::new(1 << 13),
        }
    }
}
