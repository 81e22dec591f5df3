//! What the tables ask, for those that answer.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use p3_field::{PrimeCharacteristicRing, PrimeField32};

use crate::F;
use crate::bus::{self, Fact};
use crate::capture::Sink;

/// Numbers about which there are facts.
const NUMBERS: usize = 1 << 16;

/// What the tables ask of the lookup and Poseidon2 tables.
#[derive(Debug, Default)]
pub struct Asked {
    /// By [`Fact`] and number; empty if nothing is known.
    facts: [Vec<AtomicU32>; 4],
    /// Inputs with how often each is asked for.
    inputs: BTreeMap<[u32; 16], u32>,
}

impl Asked {
    /// Nothing, so far.
    pub fn none() -> Self {
        let counts = || (0..NUMBERS).map(|_| AtomicU32::new(0)).collect();
        Self {
            facts: [(); 4].map(|()| counts()),
            inputs: BTreeMap::new(),
        }
    }

    /// Collects the questions of some rows, `is_asked` of a message's place in its table says
    /// which.
    pub fn questions<A: Fn(usize) -> bool>(&self, is_asked: A) -> Questions<'_, A> {
        Questions {
            facts: &self.facts,
            inputs: Vec::new(),
            place: 0,
            is_asked,
        }
    }

    /// Adds inputs of which somebody asks for the compression.
    pub fn add_inputs(&mut self, inputs: impl IntoIterator<Item = [u32; 16]>) {
        for input in inputs {
            *self.inputs.entry(input).or_insert(0) += 1;
        }
    }

    /// How often a fact about a number is asked for.
    pub fn count(&self, fact: Fact, number: u16) -> u32 {
        let counts = &self.facts[fact as usize];
        let count = counts.get(usize::from(number));
        count.map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// The numbers that something is asked about.
    pub fn numbers(&self) -> impl Iterator<Item = u16> {
        let facts = [Fact::Range16, Fact::Range14, Fact::Bytes, Fact::And];
        let is_asked = move |number: &u16| facts.iter().any(|fact| self.count(*fact, *number) != 0);
        (0..=u16::MAX).filter(is_asked)
    }

    /// The inputs whose compression is asked for, and how often each.
    pub fn inputs(&self) -> impl Iterator<Item = (&[u32; 16], u32)> {
        self.inputs.iter().map(|(input, &count)| (input, count))
    }
}

/// Collects the questions of some rows.
#[derive(Debug)]
pub struct Questions<'a, A> {
    facts: &'a [Vec<AtomicU32>; 4],
    /// Inputs asked for, in the order of the rows.
    pub inputs: Vec<[u32; 16]>,
    /// Messages of the row so far.
    place: usize,
    is_asked: A,
}

impl<A> Questions<'_, A> {
    /// The next row begins.
    #[inline]
    pub fn next_row(&mut self) {
        self.place = 0;
    }
}

impl<A: Fn(usize) -> bool> Sink for Questions<'_, A> {
    #[inline]
    fn constraint(&mut self, _: F) {}

    #[inline]
    fn message(&mut self, bus: &str, fields: &[F], count: F, _: u32) {
        self.place += 1;
        if count != F::ONE || !(self.is_asked)(self.place - 1) {
            return;
        }
        match (bus, fields) {
            (bus::LOOKUP, [fact, x, y, _]) => {
                let row = x.as_canonical_u32().wrapping_add(y.as_canonical_u32() << 8);
                let counts = self.facts.get(fact.as_canonical_u32() as usize);
                // A row that does not exist is left to the bus to complain about.
                if let Some(cell) = counts.and_then(|facts| facts.get(row as usize)) {
                    cell.fetch_add(1, Ordering::Relaxed);
                }
            }
            (bus::POSEIDON2, _) => {
                self.inputs
                    .push(core::array::from_fn(|i| fields[i].as_canonical_u32()));
            }
            // Messages that are no questions: other tables receive them.
            _ => {}
        }
    }
}
