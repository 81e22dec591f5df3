//! What a row does: the constraints that it breaks, the messages that it sends.

use alloc::vec::Vec;

use p3_field::{PrimeCharacteristicRing, PrimeField32, integers::QuotientMap};

use super::numbers::P;
use super::rows::compression;
use crate::F;
use crate::bus::{self, Fact};
use crate::capture::Sink;

/// A message that is not taken 0 times.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    /// Its bus.
    pub bus: &'static str,
    /// Its fields.
    pub fields: Vec<u32>,
    /// How often it is sent; negative if it is received.
    pub count: i64,
}

impl Message {
    /// A message of field elements.
    pub fn new(bus: &'static str, fields: &[F], count: i64) -> Self {
        let fields = fields.iter().map(PrimeField32::as_canonical_u32).collect();
        Self { bus, fields, count }
    }

    /// A message that is sent once, its fields given as integers.
    pub fn sent(bus: &'static str, fields: &[u32]) -> Self {
        let fields = fields.to_vec();
        Self {
            bus,
            fields,
            count: 1,
        }
    }

    /// A message that is received once.
    pub fn received(bus: &'static str, fields: &[u32]) -> Self {
        Self {
            count: -1,
            ..Self::sent(bus, fields)
        }
    }

    /// Whether a message of the lookup or Poseidon2 bus is a fact; `None` for other messages.
    pub fn is_true(&self) -> Option<bool> {
        match (self.bus, self.fields.as_slice()) {
            (bus::LOOKUP, &[fact, x, y, z]) => Some(is_fact(fact, [x, y, z])),
            (bus::POSEIDON2, fields) => {
                let element = |i: usize| F::from_int(fields[i]);
                let output = compression().compress(core::array::from_fn(element));
                Some((0..8).all(|i| output[i] == element(16 + i)))
            }
            _ => None,
        }
    }
}

const RANGE16: u32 = Fact::Range16 as u32;
const RANGE14: u32 = Fact::Range14 as u32;
const BYTES: u32 = Fact::Bytes as u32;
const AND: u32 = Fact::And as u32;

/// The lookup table's facts as [`Fact`] states them; tests of the table compare.
pub fn is_fact(fact: u32, [x, y, z]: [u32; 3]) -> bool {
    match fact {
        RANGE16 => x < 1 << 16 && y == 0 && z == 0,
        RANGE14 => x < 1 << 14 && y == 0 && z == 0,
        BYTES => x < 256 && y < 256 && z == 0,
        AND => x < 256 && y < 256 && z == x & y,
        _ => false,
    }
}

/// How far a question is from being true: the distance, up or down around the field, of the
/// field that is furthest from where it should be. 0 for compressions.
pub(super) fn excess(question: &Message) -> u32 {
    let beyond = |x: u32, end: u32| match x < end {
        true => 0,
        false => (x - end + 1).min(P - x),
    };
    let apart = |x: u32, y: u32| x.abs_diff(y).min(P - x.abs_diff(y));
    match *question.fields.as_slice() {
        [RANGE16, x, ..] if question.bus == bus::LOOKUP => beyond(x, 1 << 16),
        [RANGE14, x, ..] if question.bus == bus::LOOKUP => beyond(x, 1 << 14),
        [BYTES, x, y, _] => beyond(x, 256).max(beyond(y, 256)),
        [AND, x, y, z] => beyond(x, 256).max(beyond(y, 256)).max(apart(z, x & y)),
        _ => 0,
    }
}

/// Where a row is in its table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// It is the first.
    First,
    /// It is the last.
    Last,
    /// It is neither.
    #[default]
    Other,
}

/// What a row does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Where the row is.
    pub place: Place,
    /// Constraints that are not 0, in the order in which the table states them.
    pub broken: Vec<usize>,
    /// Their values.
    pub broken_values: Vec<F>,
    /// Questions to the lookup and Poseidon2 tables to which the answer is no.
    pub untrue: Vec<Message>,
    /// Which ones, in the order in which the table sends its messages.
    pub untrue_at: Vec<usize>,
    /// Questions to which the answer is yes.
    pub asked: Vec<Message>,
    /// All other messages.
    pub sent: Vec<Message>,
    /// Messages whose multiplicity exceeds the bound that the table declares, and questions
    /// asked a negative number of times.
    pub unbounded: Vec<Message>,
}

impl Verdict {
    /// The table alone has nothing against the row. Whoever receives what it sends may have.
    pub fn accepted(&self) -> bool {
        self.broken.is_empty() && self.untrue.is_empty()
    }

    /// The row sends nothing and asks nothing.
    pub fn is_silent(&self) -> bool {
        self.sent.is_empty() && self.asked.is_empty() && self.untrue.is_empty()
    }

    /// What the row sends, in an order that does not depend on the table.
    pub fn sent_sorted(&self) -> Vec<Message> {
        let mut sent = self.sent.clone();
        sent.sort();
        sent
    }
}

/// Collects a [`Verdict`].
pub(super) struct Collector {
    pub verdict: Verdict,
    /// Values of the constraints so far.
    pub constraints: Vec<F>,
    messages: usize,
    /// Messages of rows that break more constraints than this are of no interest.
    patience: usize,
}

impl Collector {
    pub fn new(patience: usize) -> Self {
        Self {
            verdict: Verdict::default(),
            constraints: Vec::new(),
            messages: 0,
            patience,
        }
    }
}

impl Sink for Collector {
    fn constraint(&mut self, value: F) {
        if value != F::ZERO {
            self.verdict.broken.push(self.constraints.len());
            self.verdict.broken_values.push(value);
        }
        self.constraints.push(value);
    }

    fn message(&mut self, name: &str, fields: &[F], count: F, weight: u32) {
        self.messages += 1;
        if count == F::ZERO || self.verdict.broken.len() > self.patience {
            return;
        }
        let known = bus::ALL.iter().find(|(bus, _)| *bus == name);
        let (bus, width) = *known.expect("every bus is listed");
        assert_eq!(fields.len(), width, "fields on bus {bus}");
        let count = match count.as_canonical_u32() {
            count if count > P / 2 => i64::from(count) - i64::from(P),
            count => i64::from(count),
        };
        let message = Message::new(bus, fields, count);
        let is_bounded = weight != 0;
        let is_question = is_bounded && [bus::LOOKUP, bus::POSEIDON2].contains(&bus);
        // A question asked -1 times is an answer, true or not.
        if count.unsigned_abs() > u64::from(weight) && is_bounded || is_question && count < 0 {
            self.verdict.unbounded.push(message);
            return;
        }
        let list = match message.is_true().filter(|_| is_question) {
            Some(false) => {
                self.verdict.untrue_at.push(self.messages - 1);
                &mut self.verdict.untrue
            }
            Some(true) => &mut self.verdict.asked,
            None => &mut self.verdict.sent,
        };
        list.push(message);
    }
}
