//! Which rules a set of tables breaks, and fast: what [`vouch_air::check`] says slowly.
//!
//! Two things make it fast. Buses are not sorted but summed up: each message counts with a
//! 64-bit hash of its bus and fields, so that a bus balances if its sum is 0 (and, with
//! probability `1 - 2^-64`, only then). And questions to the lookup and Poseidon2 tables are
//! answered right away: a cheating prover fills these two tables so that every true question
//! finds its answer, and can do no more.

use core::ops::Range;
use std::sync::OnceLock;

use p3_air::{Air, BaseAir};
use p3_field::{PrimeCharacteristicRing, PrimeField32, integers::QuotientMap};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use vouch_air::F;
use vouch_air::bus;
use vouch_air::capture::{Capture, Row, Sink};
use vouch_air::memory_tree::Compression;
use vouch_air::tables::Table;
use vouch_air::testkit::verdict::is_fact;
use vouch_air::testkit::{P, mix};
use vouch_air::witness::Trace;

use crate::rules::{Broken, Imbalance, MAX_FIELDS, Untrue, bus_index, bus_parts};

/// Sums of the messages on one bus: as they are, with each part left out, and with each field
/// and the next as one element, `low + 2^16 * high`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    whole: u64,
    without: [u64; MAX_FIELDS],
    joined: [u64; MAX_FIELDS],
}

/// Sums of all buses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums([Sum; bus::ALL.len()]);

impl Sums {
    fn add(&mut self, bus: usize, fields: &[F], count: i64) {
        // Fields are hashed with their place, so one left out is taken out again.
        let hash = |i: usize, x: F| mix((i as u64) << 32 | u64::from(x.as_canonical_u32()));
        let all = (0..)
            .zip(fields)
            .fold(mix(1 << 63 | bus as u64), |sum, (i, &x)| {
                sum.wrapping_add(hash(i, x))
            });
        let count = count as u64;
        let sum = &mut self.0[bus];
        sum.whole = sum.whole.wrapping_add(mix(all).wrapping_mul(count));
        for (i, part) in parts(bus).iter().enumerate() {
            let cut = part
                .clone()
                .map(|i| hash(i, fields[i]))
                .fold(0, u64::wrapping_add);
            let rest = mix(all.wrapping_sub(cut));
            sum.without[i] = sum.without[i].wrapping_add(rest.wrapping_mul(count));
        }
        for (i, pair) in fields.windows(2).enumerate() {
            let [low, high] = [pair[0], pair[1]];
            let both = hash(i + 32, low + high * F::from_int(1 << 16));
            let cut = hash(i, low).wrapping_add(hash(i + 1, high));
            let rest = mix(all.wrapping_sub(cut).wrapping_add(both));
            sum.joined[i] = sum.joined[i].wrapping_add(rest.wrapping_mul(count));
        }
    }

    /// Takes other sums away from these.
    pub fn subtract(&mut self, other: &Self) {
        for (sum, other) in self.0.iter_mut().zip(&other.0) {
            sum.whole = sum.whole.wrapping_sub(other.whole);
            let parts = sum.without.iter_mut().chain(&mut sum.joined);
            for (sum, other) in parts.zip(other.without.iter().chain(&other.joined)) {
                *sum = sum.wrapping_sub(*other);
            }
        }
    }

    /// Notes the buses that do not balance.
    fn judge(&self, broken: &mut Broken) {
        for (index, sum) in self.0.iter().enumerate() {
            if sum.whole != 0 {
                let width = bus::ALL[index].1;
                let zeros = |sums: &[u64]| {
                    let of = sums.iter().enumerate().filter(|(_, sum)| **sum == 0);
                    of.fold(0, |bits, (i, _)| bits | 1 << i)
                };
                let imbalance = Imbalance {
                    but_for: zeros(&sum.without[..parts(index).len()]),
                    joined: zeros(&sum.joined[..width - 1]),
                };
                broken.buses.insert(index, imbalance);
            }
        }
    }
}

/// [`bus_parts`], made once.
fn parts(bus: usize) -> &'static [Range<usize>] {
    static PARTS: OnceLock<Vec<Vec<Range<usize>>>> = OnceLock::new();
    &PARTS.get_or_init(|| (0..bus::ALL.len()).map(bus_parts).collect())[bus]
}

/// Evaluates tables.
pub struct Evaluator {
    compression: Compression,
    /// The lookup table's fixed columns.
    fixed: Option<RowMajorMatrix<F>>,
}

impl Default for Evaluator {
    fn default() -> Self {
        let lookup = vouch_air::tables::Instance::new(Table::Lookup, 0, &[]);
        Self {
            compression: Compression::default(),
            fixed: lookup.preprocessed_trace(),
        }
    }
}

impl Evaluator {
    /// How tables break the rules. The lookup and Poseidon2 tables are taken to be filled
    /// from the others, as [`vouch_air::witness::answer`] does.
    pub fn judge(&self, traces: &[Trace]) -> Broken {
        let (mut broken, mut sums) = (Broken::default(), Sums::default());
        for trace in traces {
            if !trace.instance.table.answers() {
                for row in 0..trace.matrix.height() {
                    self.row(trace, row, &mut broken, &mut sums);
                }
            }
        }
        sums.judge(&mut broken);
        broken
    }

    /// What `rows` of a table send: all that a mutant of them can change on the buses.
    pub fn sums(&self, trace: &Trace, rows: &[usize]) -> Sums {
        let (mut broken, mut sums) = (Broken::default(), Sums::default());
        for &row in rows {
            self.row(trace, row, &mut broken, &mut sums);
        }
        sums
    }

    /// How a table breaks the rules after `rows` of it were changed, which `before` sent
    /// [`Self::sums`]; all other rows and tables are honest.
    pub fn judge_rows(&self, trace: &Trace, rows: &[usize], before: &Sums) -> Broken {
        let (mut broken, mut sums) = (Broken::default(), Sums::default());
        for &row in rows {
            self.row(trace, row, &mut broken, &mut sums);
        }
        sums.subtract(before);
        sums.judge(&mut broken);
        broken
    }

    /// The messages of a table, by their places, without which a bus that balances would not:
    /// what they send in all rows does not add up to nothing.
    pub fn missed_messages(&self, trace: &Trace) -> Vec<usize> {
        let mut sent = Sent::default();
        for row in 0..trace.matrix.height() {
            sent.place = 0;
            self.evaluate(trace, row, &mut sent);
        }
        let sums = sent.sums.iter().enumerate();
        sums.filter(|(_, sum)| **sum != 0).map(|(i, _)| i).collect()
    }

    fn row(&self, trace: &Trace, row: usize, broken: &mut Broken, sums: &mut Sums) {
        let mut sink = RowSink {
            evaluator: self,
            table: trace.instance.table,
            constraints: 0,
            messages: 0,
            broken,
            sums,
        };
        self.evaluate(trace, row, &mut sink);
    }

    fn evaluate(&self, trace: &Trace, row: usize, sink: &mut impl Sink) {
        let matrix = &trace.matrix;
        let (width, height) = (matrix.width(), matrix.height());
        let cells = |row: usize| &matrix.values[row * width..][..width];
        let table = trace.instance.table;
        let fixed = self.fixed.as_ref().filter(|_| table == Table::Lookup);
        let preprocessed = fixed.map_or(&[][..], |fixed| {
            let width = fixed.width();
            &fixed.values[row * width..][..width]
        });
        let periodic = BaseAir::<F>::periodic_values(&trace.instance, row);
        let row = Row {
            current: cells(row),
            next: cells((row + 1) % height),
            preprocessed,
            periodic: &periodic,
            public: &trace.public_values,
            is_first: F::from_bool(row == 0),
            is_last: F::from_bool(row + 1 == height),
            is_transition: F::from_bool(row + 1 != height),
        };
        trace.instance.eval(&mut Capture::new(row, sink));
    }

    /// Whether what is asked on the lookup or Poseidon2 bus is so.
    fn is_true(&self, bus: &str, fields: &[F]) -> bool {
        if bus == bus::POSEIDON2 {
            let output = self
                .compression
                .compress(core::array::from_fn(|i| fields[i]));
            return output[..] == fields[16..];
        }
        let [fact, x, y, z] = core::array::from_fn(|i| fields[i].as_canonical_u32());
        is_fact(fact, [x, y, z])
    }
}

/// What each message of a table adds up to over its rows.
#[derive(Default)]
struct Sent {
    place: usize,
    sums: Vec<u64>,
}

impl Sink for Sent {
    fn constraint(&mut self, _: F) {}

    fn message(&mut self, name: &str, fields: &[F], count: F, _: u32) {
        let mut sums = Sums::default();
        let bus = bus_index(name);
        sums.add(bus, fields, as_signed(count));
        self.sums.resize(self.sums.len().max(self.place + 1), 0);
        self.sums[self.place] = self.sums[self.place].wrapping_add(sums.0[bus].whole);
        self.place += 1;
    }
}

/// Takes what a row breaks and sends.
struct RowSink<'a> {
    evaluator: &'a Evaluator,
    table: Table,
    constraints: usize,
    messages: usize,
    broken: &'a mut Broken,
    sums: &'a mut Sums,
}

impl Sink for RowSink<'_> {
    fn constraint(&mut self, value: F) {
        if value != F::ZERO {
            let key = (self.table, self.constraints);
            self.broken.constraints.insert(key);
        }
        self.constraints += 1;
    }

    fn message(&mut self, name: &str, fields: &[F], count: F, weight: u32) {
        self.messages += 1;
        if count == F::ZERO {
            return;
        }
        let bus = bus_index(name);
        let is_question = weight > 0 && [bus::LOOKUP, bus::POSEIDON2].contains(&name);
        if !is_question {
            self.sums.add(bus, fields, as_signed(count));
        } else if count == F::ONE && !self.evaluator.is_true(name, fields) {
            let key = (self.table, self.messages - 1);
            let fields: Vec<u32> = fields.iter().map(F::as_canonical_u32).collect();
            let untrue = Untrue::new(name, &fields);
            self.broken.questions.entry(key).or_default().push(untrue);
        }
        // A question asked any other number of times is one that others may make up for: it
        // is left to the constraints to forbid it.
    }
}

/// An element as the integer nearest to 0.
pub fn as_signed(x: F) -> i64 {
    match x.as_canonical_u32() {
        x if x > P / 2 => i64::from(x) - i64::from(P),
        x => i64::from(x),
    }
}
