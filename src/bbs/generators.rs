//! The generators Q1, H_1..H_L, computed once a process and multiplied by table.
//!
//! `create_generators` (draft §4.1.1) is a chain of hashes, so the generators for L messages are a
//! prefix of those for L + 1. One growing series is kept for each interface; a [`Generators`] is a
//! cheap view of its beginning.

use super::{Error, Interface, MAX_MESSAGES};
use crate::curve::table::FixedBase;
use crate::curve::{EXPAND_LEN, G1_LEN, G1Affine};
use crate::transcript::bbs as tag;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Generators beyond this many get no table: a table takes 384 KiB.
const TABLED: usize = 260;

/// The base points for a number of messages under one interface.
#[derive(Debug)]
pub struct Generators {
    interface: Interface,
    p1: Arc<FixedBase>,
    q1: Arc<FixedBase>,
    h: Vec<Arc<FixedBase>>,
    /// Q1 ‖ H_1 ‖ .. ‖ H_L ‖ api id, as the domain hashes it.
    octets: Vec<u8>,
}

impl Generators {
    /// The generators for `count` messages, from the cache.
    pub fn new(interface: Interface, count: usize) -> Result<Arc<Self>, Error> {
        if count > MAX_MESSAGES {
            return Err(Error::TooLarge);
        }
        static CACHE: OnceLock<Mutex<HashMap<Interface, Series>>> = OnceLock::new();
        // A panic elsewhere while the lock was held leaves a shorter series, never a wrong one.
        let mut cache =
            CACHE.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        let series = cache.entry(interface).or_insert_with(|| Series::new(interface));
        series.grow(interface, count + 1);
        let octets_len = (count + 1) * G1_LEN;
        let mut octets = series.octets[..octets_len].to_vec();
        octets.extend_from_slice(interface.api_id().as_bytes());
        Ok(Arc::new(Generators {
            interface,
            p1: series.p1.clone(),
            q1: series.bases[0].clone(),
            h: series.bases[1..=count].to_vec(),
            octets,
        }))
    }

    /// The interface that these belong to.
    pub fn interface(&self) -> Interface {
        self.interface
    }

    /// How many messages these serve.
    pub fn count(&self) -> usize {
        self.h.len()
    }

    /// The suite's fixed base point P1.
    pub fn p1(&self) -> &FixedBase {
        &self.p1
    }

    /// The generator of the domain.
    pub fn q1(&self) -> &FixedBase {
        &self.q1
    }

    /// The generators of the messages, in order.
    pub fn h(&self) -> &[Arc<FixedBase>] {
        &self.h
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Builds every table now, in parallel, instead of at first use.
    pub fn prepare(&self) {
        use rayon::prelude::*;
        self.p1.prepare();
        self.q1.prepare();
        self.h.par_iter().for_each(|base| base.prepare());
    }
}

struct Series {
    p1: Arc<FixedBase>,
    bases: Vec<Arc<FixedBase>>,
    octets: Vec<u8>,
    chain: Chain,
}

impl Series {
    fn new(interface: Interface) -> Self {
        // P1 belongs to the suite: both interfaces share the one of the standard interface.
        let standard = Interface::standard(interface.suite());
        let p1 = Chain::new(standard, tag::BASE_POINT_SEED).next(standard);
        Series {
            p1: Arc::new(FixedBase::new(p1)),
            bases: Vec::new(),
            octets: Vec::new(),
            chain: Chain::new(interface, tag::GENERATOR_SEED),
        }
    }

    fn grow(&mut self, interface: Interface, count: usize) {
        while self.bases.len() < count {
            let point = self.chain.next(interface);
            self.octets.extend_from_slice(&point.to_compressed());
            let base = if self.bases.len() < TABLED {
                FixedBase::new(point)
            } else {
                FixedBase::without_table(point)
            };
            self.bases.push(Arc::new(base));
        }
    }
}

/// The hash chain of `hash_to_generators`.
struct Chain {
    v: [u8; EXPAND_LEN],
    n: u64,
}

impl Chain {
    fn new(interface: Interface, seed: &[u8]) -> Self {
        let mut v = [0u8; EXPAND_LEN];
        let expander = interface.suite().expander();
        expander.expand(&interface.tag(seed), &interface.tag(tag::GENERATOR_SEED_TAG), &mut v);
        Chain { v, n: 1 }
    }

    fn next(&mut self, interface: Interface) -> G1Affine {
        let expander = interface.suite().expander();
        let input = [&self.v[..], &self.n.to_be_bytes()].concat();
        expander.expand(&input, &interface.tag(tag::GENERATOR_SEED_TAG), &mut self.v);
        self.n += 1;
        expander.hash_to_g1(&self.v, &interface.tag(tag::GENERATOR_TAG))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bbs::Suite;

    fn fresh(interface: Interface, count: usize) -> Vec<G1Affine> {
        let mut chain = Chain::new(interface, tag::GENERATOR_SEED);
        (0..=count).map(|_| chain.next(interface)).collect()
    }

    #[test]
    fn cached_generators_equal_fresh_ones_whatever_the_order_of_asking() {
        std::thread::scope(|scope| {
            for thread in 0..4usize {
                scope.spawn(move || {
                    for step in 0..6 {
                        let count = [3, 10, 5][(thread + step) % 3];
                        let suite = Suite::ALL[(thread / 2 + step) % 2];
                        let interface = if step % 2 == 0 {
                            Interface::standard(suite)
                        } else {
                            Interface::typed(suite)
                        };
                        let cached = Generators::new(interface, count).unwrap();
                        let expected = fresh(interface, count);
                        assert_eq!(*cached.q1().point(), expected[0]);
                        assert_eq!(cached.count(), count);
                        for (base, point) in cached.h().iter().zip(&expected[1..]) {
                            assert_eq!(base.point(), point);
                        }
                        assert_eq!(
                            cached.octets().len(),
                            48 * (count + 1) + interface.api_id().len()
                        );
                    }
                });
            }
        });
    }

    #[test]
    fn reject_more_generators_than_the_bound() {
        let interface = Interface::standard(Suite::Sha256);
        assert_eq!(Generators::new(interface, MAX_MESSAGES + 1).unwrap_err(), Error::TooLarge);
    }

    #[test]
    fn bases_are_pairwise_distinct() {
        let mut seen = std::collections::HashSet::new();
        for suite in Suite::ALL {
            let standard = Generators::new(Interface::standard(suite), 20).unwrap();
            let typed = Generators::new(Interface::typed(suite), 20).unwrap();
            assert!(seen.insert(standard.p1().point().to_compressed()));
            assert_eq!(standard.p1().point(), typed.p1().point());
            for generators in [standard, typed] {
                assert!(seen.insert(generators.q1().point().to_compressed()));
                for base in generators.h() {
                    assert!(seen.insert(base.point().to_compressed()));
                }
            }
        }
    }
}
