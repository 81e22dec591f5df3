//! What the tests of every table share: a table evaluated on rows made by hand, an
//! independent model of what an instruction says on the buses, and mutants.

pub(crate) mod judge;
mod lint;
pub(crate) mod mutate;
mod repair;
pub(crate) mod steps;
mod steps_tests;
pub(crate) mod suite;

use alloc::vec::Vec;
use core::ops::Range;
use std::sync::OnceLock;

use p3_air::{Air, BaseAir};
use p3_field::{PrimeCharacteristicRing, PrimeField32, integers::QuotientMap};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use crate::F;
use crate::bus::{self, Fact};
use crate::capture::{Capture, Row, Sink};
use crate::columns::Block;
use crate::machine::{PublicValues, log_height, table_values};
use crate::memory_tree::Compression;
use crate::tables::{Instance, Table, lookup};
use crate::witness::Trace;

/// Executable range of the rows made by hand, in word indices.
pub(crate) const TEXT: Range<u32> = 0x4100..0x8200;

/// The BabyBear prime.
pub(crate) const P: u32 = F::ORDER_U32;

/// Words at which arithmetic goes wrong if it does.
pub(crate) const EDGES: [u32; 14] = [
    0,
    1,
    2,
    u32::MAX,
    u32::MAX - 1,
    0x8000_0000,
    0x8000_0001,
    0x7fff_ffff,
    0xffff,
    0x1_0000,
    0x1_0001,
    P - 1,
    P,
    P + 1,
];

/// A message that is not taken 0 times.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Message {
    pub bus: &'static str,
    pub fields: Vec<u32>,
    /// How often it is sent; negative if it is received.
    pub count: i64,
}

impl Message {
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
}

/// What a row does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Constraints that are not 0, in the order in which the table states them.
    pub broken: Vec<usize>,
    /// Questions to the lookup and Poseidon2 tables to which the answer is no.
    pub untrue: Vec<Message>,
    /// Which ones, in the order in which the table sends its messages.
    pub untrue_at: Vec<usize>,
    /// Questions to which the answer is yes.
    pub asked: Vec<Message>,
    /// All other messages.
    pub said: Vec<Message>,
    /// Messages whose multiplicity exceeds the bound that the table declares, and questions
    /// asked a negative number of times.
    pub unbounded: Vec<Message>,
}

impl Verdict {
    /// The table alone has nothing against the row. Whoever hears what it says may have.
    pub fn accepted(&self) -> bool {
        self.broken.is_empty() && self.untrue.is_empty()
    }

    pub fn is_silent(&self) -> bool {
        self.said.is_empty() && self.asked.is_empty() && self.untrue.is_empty()
    }

    /// What the row says, in an order that does not depend on the table.
    pub fn said_sorted(&self) -> Vec<Message> {
        let mut said = self.said.clone();
        said.sort();
        said
    }
}

/// Collects a [`Verdict`].
struct Hearing {
    verdict: Verdict,
    /// Values of the constraints so far.
    constraints: Vec<F>,
    messages: usize,
    /// Messages of rows that break more than one constraint are of no interest.
    is_hasty: bool,
}

impl Sink for Hearing {
    fn constraint(&mut self, value: F) {
        if value != F::ZERO {
            self.verdict.broken.push(self.constraints.len());
        }
        self.constraints.push(value);
    }

    fn message(&mut self, name: &str, fields: &[F], count: F, weight: u32) {
        self.messages += 1;
        if count == F::ZERO || self.is_hasty && self.verdict.broken.len() > 1 {
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
        let list = match is_true(&message) {
            Some(false) => {
                self.verdict.untrue_at.push(self.messages - 1);
                &mut self.verdict.untrue
            }
            Some(true) if is_bounded => &mut self.verdict.asked,
            _ => &mut self.verdict.said,
        };
        list.push(message);
    }
}

/// Whether a message of the lookup or Poseidon2 bus is a fact; `None` for other messages.
pub(crate) fn is_true(message: &Message) -> Option<bool> {
    match (message.bus, message.fields.as_slice()) {
        (bus::LOOKUP, &[fact, x, y, z]) => Some(is_fact(fact, [x, y, z])),
        (bus::POSEIDON2, fields) => {
            let element = |i: usize| F::from_int(fields[i]);
            let output = compression().compress(core::array::from_fn(element));
            Some((0..8).all(|i| output[i] == element(16 + i)))
        }
        _ => None,
    }
}

/// The compression, made once: its constants take longer than its use.
pub(crate) fn compression() -> &'static Compression {
    static COMPRESSION: OnceLock<Compression> = OnceLock::new();
    COMPRESSION.get_or_init(Compression::default)
}

/// The lookup table's facts as [`Fact`] states them; tests of the table compare.
fn is_fact(fact: u32, [x, y, z]: [u32; 3]) -> bool {
    const RANGE16: u32 = Fact::Range16 as u32;
    const RANGE14: u32 = Fact::Range14 as u32;
    const BYTES: u32 = Fact::Bytes as u32;
    const AND: u32 = Fact::And as u32;
    match fact {
        RANGE16 => x < 1 << 16 && y == 0 && z == 0,
        RANGE14 => x < 1 << 14 && y == 0 && z == 0,
        BYTES => x < 256 && y < 256 && z == 0,
        AND => x < 256 && y < 256 && z == x & y,
        _ => false,
    }
}

/// The cells of a row.
pub(crate) fn cells<C: Block<F>>(row: &C) -> Vec<F> {
    let mut cells = F::zero_vec(C::WIDTH);
    row.put(&mut cells.iter_mut());
    cells
}

/// Padding of most tables.
pub(crate) fn zeros<C>(_: &mut C) {}

/// A table filled by hand.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub trace: Trace,
    fixed: Option<RowMajorMatrix<F>>,
}

impl Subject {
    /// A table of these rows and at least one of padding.
    pub fn new<C: Block<F>>(table: Table, rows: &[C], padding: fn(&mut C)) -> Self {
        let mut pad = C::splat(F::ZERO);
        padding(&mut pad);
        let height = 1 << log_height(rows.len() + 1);
        let values = rows
            .iter()
            .chain(core::iter::repeat(&pad))
            .take(height)
            .flat_map(cells)
            .collect();
        let public = PublicValues::splat(F::ZERO);
        Self::of(Trace {
            instance: Instance::new(table, 0, &[]),
            public_values: table_values(table, &public, &TEXT),
            matrix: RowMajorMatrix::new(values, C::WIDTH),
        })
    }

    pub fn of(trace: Trace) -> Self {
        let is_lookup = trace.instance.table == Table::Lookup;
        let fixed = is_lookup.then(lookup::fixed);
        Self { trace, fixed }
    }

    pub fn table(&self) -> Table {
        self.trace.instance.table
    }

    pub fn height(&self) -> usize {
        self.trace.matrix.height()
    }

    pub fn row(&self, row: usize) -> Vec<F> {
        let width = self.trace.matrix.width();
        self.trace.matrix.values[row * width..][..width].to_vec()
    }

    pub fn cell(&mut self, row: usize, column: usize) -> &mut F {
        let width = self.trace.matrix.width();
        &mut self.trace.matrix.values[row * width + column]
    }

    /// All that `row` does, on its own and as the row after the one before it.
    pub fn verdict(&self, row: usize) -> Verdict {
        self.hear(row, false)
    }

    fn hear(&self, row: usize, is_hasty: bool) -> Verdict {
        let mut verdict = self.hear_one(row, is_hasty);
        if !self.trace.instance.main_next_row_columns().is_empty() {
            let before = (row + self.height() - 1) % self.height();
            verdict
                .broken
                .extend(self.hear_one(before, is_hasty).broken);
        }
        verdict
    }

    fn hear_one(&self, row: usize, is_hasty: bool) -> Verdict {
        self.evaluate(row, is_hasty).verdict
    }

    /// The values of the constraints on `row`, which has no eye for the next one.
    fn constraints(&self, row: usize) -> Vec<F> {
        self.evaluate(row, true).constraints
    }

    fn evaluate(&self, row: usize, is_hasty: bool) -> Hearing {
        let trace = &self.trace;
        let (width, height) = (trace.matrix.width(), self.height());
        let cells = |row: usize| &trace.matrix.values[row * width..][..width];
        let fixed = self.fixed.as_ref().map(|fixed| {
            let width = fixed.width();
            &fixed.values[row * width..][..width]
        });
        let mut hearing = Hearing {
            verdict: Verdict::default(),
            constraints: Vec::new(),
            messages: 0,
            is_hasty,
        };
        let row = Row {
            current: cells(row),
            next: cells((row + 1) % height),
            preprocessed: fixed.unwrap_or_default(),
            periodic: &BaseAir::<F>::periodic_values(&trace.instance, row),
            public: &trace.public_values,
            is_first: row == 0,
            is_last: row + 1 == height,
        };
        trace.instance.eval(&mut Capture::new(row, &mut hearing));
        hearing
    }
}

/// What a single row of `table` does, its executable range [`TEXT`].
pub(crate) fn verdict(table: Table, row: &[F]) -> Verdict {
    let public = PublicValues::splat(F::ZERO);
    let mut values = row.to_vec();
    values.resize(row.len() * 4, F::ZERO);
    Subject::of(Trace {
        instance: Instance::new(table, 0, &[]),
        public_values: table_values(table, &public, &TEXT),
        matrix: RowMajorMatrix::new(values, row.len()),
    })
    .verdict(0)
}

/// SplitMix64: the same mutants on every run.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn element(&mut self) -> F {
        F::from_int(self.next() >> 33)
    }
}
