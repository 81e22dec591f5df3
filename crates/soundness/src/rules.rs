//! The rules that a proof must obey, as the attacks count them.

use core::fmt;
use core::ops::Range;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use vouch_air::tables::Table;
use vouch_air::testkit::names::names;

/// One rule of the machine. It is displayed by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A constraint of a table, by its place among them.
    Constraint(Table, usize),
    /// A question of a table to the lookup or Poseidon2 table, by its place among the
    /// messages: its answer must be yes.
    Question(Table, usize),
    /// A bus, by its place in [`vouch_air::bus::ALL`]: what is sent is received.
    Bus(usize),
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constraint(table, index) => {
                write!(f, "{}: {}", table.name(), names(*table).constraint(*index))
            }
            Self::Question(table, index) => {
                write!(f, "{}: {}", table.name(), names(*table).message(*index))
            }
            Self::Bus(bus) => write!(f, "bus {}", vouch_air::bus::ALL[*bus].0),
        }
    }
}

pub use vouch_air::bus::MAX_FIELDS;
const _: () = assert!(MAX_FIELDS <= 32, "an Imbalance has a bit for each field");

/// A question whose answer is no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Untrue {
    /// The bus, by its place in [`vouch_air::bus::ALL`].
    pub bus: usize,
    /// What was asked.
    pub fields: [u32; MAX_FIELDS],
}

impl Untrue {
    /// A question on the bus of this name.
    ///
    /// # Panics
    /// If there is no such bus, or the message is wider than any.
    pub fn new(bus: &str, fields: &[u32]) -> Self {
        let mut untrue = Self {
            bus: bus_index(bus),
            fields: [0; MAX_FIELDS],
        };
        untrue.fields[..fields.len()].copy_from_slice(fields);
        untrue
    }
}

/// How a set of tables breaks the rules. Empty if a proof of them would verify.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Broken {
    /// Constraints that are not 0.
    pub constraints: BTreeSet<(Table, usize)>,
    /// Questions answered with no.
    pub questions: BTreeMap<(Table, usize), Vec<Untrue>>,
    /// Buses that do not balance.
    pub buses: BTreeMap<usize, Imbalance>,
}

/// A bus that does not balance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Imbalance {
    /// One bit for each of [`bus_parts`]: without it the bus would balance.
    pub but_for: u32,
    /// One bit a field: with this and the next field as limbs of one element it would.
    pub joined: u32,
}

impl Broken {
    /// No rule is broken.
    pub fn is_empty(&self) -> bool {
        self.constraints.is_empty() && self.questions.is_empty() && self.buses.is_empty()
    }

    /// The rules broken.
    pub fn rules(&self) -> impl Iterator<Item = Rule> + '_ {
        let constraints = self.constraints.iter();
        let questions = self.questions.keys();
        constraints
            .map(|&(table, index)| Rule::Constraint(table, index))
            .chain(questions.map(|&(table, index)| Rule::Question(table, index)))
            .chain(self.buses.keys().map(|&bus| Rule::Bus(bus)))
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, rule) in self.rules().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{rule}")?;
        }
        Ok(())
    }
}

/// The parts of a bus's messages: its fields, a hash being one.
pub fn bus_parts(bus: usize) -> Vec<Range<usize>> {
    let (name, width) = vouch_air::bus::ALL[bus];
    if name == vouch_air::bus::MERKLE {
        // Height, index, the hashes at the start and at the end.
        return vec![0..1, 1..2, 2..10, 10..18];
    }
    (0..width).map(|i| i..i + 1).collect()
}

/// The place of a bus in [`vouch_air::bus::ALL`].
///
/// # Panics
/// If there is no such bus.
pub fn bus_index(name: &str) -> usize {
    static NAMES: OnceLock<Vec<&str>> = OnceLock::new();
    let names = NAMES.get_or_init(|| vouch_air::bus::ALL.map(|(name, _)| name).to_vec());
    let found = names.iter().position(|known| *known == name);
    found.expect("every bus is listed")
}
