//! What threads share.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use lru::LruCache;
use parking_lot::{Condvar, Mutex};

/// Time between two looks at whether to stop.
pub(crate) const POLL: Duration = Duration::from_millis(50);

/// Work that several callers want at once, and one does.
pub(crate) struct Flights<K, V>(Mutex<HashMap<K, Arc<Flight<V>>>>);

struct Flight<V> {
    state: Mutex<State<V>>,
    changed: Condvar,
}

enum State<V> {
    Flying,
    Landed(V),
    Failed,
}

/// What a caller of [`Flights::join`] does next.
pub(crate) enum Turn<'a, K: Clone + Eq + Hash, V: Clone> {
    /// The work.
    Lead(Lead<'a, K, V>),
    /// Nothing: another has done it meanwhile.
    Landed(V),
    /// Nothing: it was told to stop.
    Cancelled,
}

/// Whoever holds this does the work. Dropped without [`Self::land`], as by an error or a panic, it
/// leaves the work to the next.
pub(crate) struct Lead<'a, K: Clone + Eq + Hash, V: Clone> {
    flights: &'a Flights<K, V>,
    key: K,
    flight: Arc<Flight<V>>,
}

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Flights<K, V> {
    /// Waits for whoever is at this work, or takes it on.
    ///
    /// A caller that takes it on looks again whether it is done before it begins: another may have
    /// ended since the caller looked last.
    pub fn join(&self, key: K, cancelled: impl Fn() -> bool) -> Turn<'_, K, V> {
        loop {
            let flight = {
                let mut under_way = self.0.lock();
                match under_way.get(&key) {
                    Some(flight) => flight.clone(),
                    None => {
                        let flight = Arc::new(Flight {
                            state: Mutex::new(State::Flying),
                            changed: Condvar::new(),
                        });
                        under_way.insert(key.clone(), flight.clone());
                        return Turn::Lead(Lead {
                            flights: self,
                            key,
                            flight,
                        });
                    }
                }
            };
            let mut state = flight.state.lock();
            loop {
                match &*state {
                    State::Landed(value) => return Turn::Landed(value.clone()),
                    State::Failed => break,
                    State::Flying if cancelled() => return Turn::Cancelled,
                    State::Flying => {
                        flight.changed.wait_for(&mut state, POLL);
                    }
                }
            }
        }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Lead<'_, K, V> {
    /// Hands the result to all who wait.
    pub fn land(self, value: V) {
        *self.flight.state.lock() = State::Landed(value);
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Drop for Lead<'_, K, V> {
    fn drop(&mut self) {
        self.flights.0.lock().remove(&self.key);
        let mut state = self.flight.state.lock();
        if matches!(*state, State::Flying) {
            *state = State::Failed;
        }
        self.flight.changed.notify_all();
    }
}

/// Forgets what was used least recently when all that it holds weighs more than it may.
pub(crate) struct WeighedLru<K: Eq + Hash, V> {
    entries: LruCache<K, (V, u64)>,
    weight: u64,
    max_weight: u64,
}

impl<K: Eq + Hash, V> WeighedLru<K, V> {
    pub fn new(max_weight: u64) -> Self {
        Self {
            entries: LruCache::unbounded(),
            weight: 0,
            max_weight,
        }
    }

    pub fn get(&mut self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(value, _)| value)
    }

    /// Adds an entry, and returns what had to go for it: whatever was under its key, and what was
    /// used least recently. An entry that is too heavy by itself goes at once.
    #[must_use = "what is dropped outside a lock holds nobody up"]
    pub fn insert(&mut self, key: K, value: V, weight: u64) -> Vec<(K, V)> {
        let mut gone = Vec::new();
        if weight > self.max_weight {
            gone.extend(self.remove_entry(&key));
            gone.push((key, value));
            return gone;
        }
        if let Some((key, (value, weight))) = self.entries.push(key, (value, weight)) {
            self.weight -= weight;
            gone.push((key, value));
        }
        self.weight += weight;
        while self.weight > self.max_weight
            && let Some((key, (value, weight))) = self.entries.pop_lru()
        {
            self.weight -= weight;
            gone.push((key, value));
        }
        gone
    }

    fn remove_entry(&mut self, key: &K) -> Option<(K, V)> {
        let (key, (value, weight)) = self.entries.pop_entry(key)?;
        self.weight -= weight;
        Some((key, value))
    }

    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.remove_entry(key).map(|(_, value)| value)
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn weight(&self) -> u64 {
        self.weight
    }

    pub fn max_weight(&self) -> u64 {
        self.max_weight
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn one_works_and_the_others_wait() {
        let flights = Flights::<u8, u32>::default();
        let led = AtomicUsize::new(0);
        let Turn::Lead(lead) = flights.join(1, || false) else {
            panic!("nobody else is at it");
        };
        thread::scope(|scope| {
            let waiters: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| match flights.join(1, || false) {
                        Turn::Landed(value) => value,
                        Turn::Lead(_) | Turn::Cancelled => {
                            led.fetch_add(1, Ordering::Relaxed);
                            0
                        }
                    })
                })
                .collect();
            // A waiter holds the flight beside the map and the leader.
            while Arc::strong_count(&lead.flight) < 2 + 4 {
                thread::yield_now();
            }
            lead.land(7);
            for waiter in waiters {
                assert_eq!(waiter.join().expect("it waits"), 7);
            }
        });
        assert_eq!(led.into_inner(), 0);
        assert!(matches!(flights.join(1, || false), Turn::Lead(_)));
    }

    #[test]
    fn who_fails_leaves_the_work_to_the_next() {
        let flights = Flights::<u8, u32>::default();
        let Turn::Lead(lead) = flights.join(1, || false) else {
            panic!("nobody else is at it");
        };
        thread::scope(|scope| {
            let next = scope.spawn(|| matches!(flights.join(1, || false), Turn::Lead(_)));
            while Arc::strong_count(&lead.flight) < 3 {
                thread::yield_now();
            }
            drop(lead);
            assert!(next.join().expect("it goes on"));
        });
    }

    #[test]
    fn who_waits_can_be_told_to_stop() {
        let flights = Flights::<u8, u32>::default();
        let lead = flights.join(1, || false);
        assert!(matches!(flights.join(1, || true), Turn::Cancelled));
        drop(lead);
    }

    #[test]
    fn weight_is_bounded() {
        let mut lru = WeighedLru::new(10);
        assert!(lru.insert('a', 1, 4).is_empty());
        assert!(lru.insert('b', 2, 4).is_empty());
        assert_eq!(lru.get(&'a'), Some(&1));
        assert_eq!(lru.insert('c', 3, 4), [('b', 2)]);
        assert_eq!((lru.len(), lru.weight()), (2, 8));
        assert_eq!(lru.insert('a', 5, 6), [('a', 1)]);
        assert_eq!((lru.len(), lru.weight()), (2, 10));
        assert_eq!(lru.insert('c', 9, 11), [('c', 3), ('c', 9)]);
        assert_eq!((lru.len(), lru.weight()), (1, 6));
        assert_eq!(lru.remove(&'a'), Some(5));
        assert_eq!((lru.len(), lru.weight()), (0, 0));
    }
}
