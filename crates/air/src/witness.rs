//! Filling the tables from the events of a segment.

mod answers;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::{AtomicU32, Ordering};

use p3_air::Air;
use p3_field::{PrimeCharacteristicRing, PrimeField32, integers::QuotientMap};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use vouch_isa::Family;
use vouch_isa::event::Segment;

use crate::F;
use crate::bus::{self, Fact};
use crate::capture::{Capture, Row, Sink};
use crate::columns::Block;
use crate::gadget;
use crate::machine::{PublicValues, log_height, table_values};
use crate::memory_tree::{MemoryTree, Update};
use crate::tables::*;

pub use answers::{Answers, answers};

/// One table of a segment, filled.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The table with what the verifier knows of it.
    pub instance: Instance,
    /// Its public values.
    pub public_values: Vec<F>,
    /// Its rows: `2^n` rows of the table's width.
    pub matrix: RowMajorMatrix<F>,
}

/// The tables of a segment, in the order of [`Table`]; those without rows are absent.
#[derive(Clone, Debug)]
pub struct Traces {
    /// What the segment is about.
    pub public: PublicValues<F>,
    /// The tables.
    pub tables: Vec<Trace>,
}

/// Rows of a table: one an event, then padding to a power of two.
fn fill<E: Sync, C: Block<F>>(
    events: &[E],
    row: impl Fn(usize, &E) -> C + Sync,
    padding: impl Fn(&mut C),
) -> RowMajorMatrix<F> {
    let mut pad = C::splat(F::ZERO);
    padding(&mut pad);
    let width = C::WIDTH;
    let mut cells = F::zero_vec(width << log_height(events.len()));
    let (used, rest) = cells.split_at_mut(width * events.len());
    used.par_chunks_exact_mut(width)
        .zip(events.par_iter())
        .enumerate()
        .for_each(|(i, (cells, event))| row(i, event).put(&mut cells.iter_mut()));
    for cells in rest.chunks_exact_mut(width) {
        pad.put(&mut cells.iter_mut());
    }
    RowMajorMatrix::new(cells, width)
}

/// No padding but zeros.
fn zeros<C>(_: &mut C) {}

/// Fills every table of `segment` and moves `tree` to its end. `text` is the executable
/// range in word indices.
pub fn generate(segment: &Segment, text: &Range<u32>, tree: &mut MemoryTree) -> Traces {
    fill_tables(segment, text, &tree.update(&segment.leaves))
}

/// Fills every table of `segment`, which does `update` to the memory tree. `text` is the executable
/// range in word indices.
pub fn fill_tables(segment: &Segment, text: &Range<u32>, update: &Update) -> Traces {
    let public = public_values(segment, update);
    let mut tables: Vec<Trace> = Table::ALL
        .into_iter()
        .filter_map(|table| {
            let matrix = matrix(table, segment, text, update)?;
            Some(trace(table, matrix, segment, &public, text))
        })
        .collect();
    let asked = ask_all(&tables, |_, _| true);
    let lookup = match asked.facts() {
        Some(_) => (Table::Facts, asked.facts_trace()),
        None => (Table::Lookup, asked.lookup_trace()),
    };
    for (table, matrix) in [lookup, (Table::Poseidon2, asked.poseidon2_trace())] {
        tables.push(trace(table, matrix, segment, &public, text));
    }
    tables.sort_by_key(|trace| trace.instance.table);
    Traces { public, tables }
}

fn public_values(segment: &Segment, update: &Update) -> PublicValues<F> {
    let exit_code = segment.exit_code;
    PublicValues {
        start_pc: F::from_int(segment.start_pc),
        end_pc: match exit_code {
            Some(_) => F::ZERO,
            None => F::from_int(segment.end_pc),
        },
        halted: F::from_bool(exit_code.is_some()),
        exit_code: gadget::word(exit_code.unwrap_or(0)),
        start_root: update.start_root,
        end_root: update.end_root,
    }
}

/// Fills the lookup or facts table and the Poseidon2 table anew, from what the other `tables` now ask. For tests
/// that have changed a cell: a cheating prover would do so, too.
pub fn answer(tables: &mut [Trace]) {
    answer_where(tables, |_, _| true);
}

/// As [`answer`], but for messages, by their places in a table, that are not asked: those that a
/// machine lacks which tests have weakened.
pub fn answer_where(tables: &mut [Trace], is_asked: impl Fn(Table, usize) -> bool + Sync) {
    let asked = ask_all(tables, is_asked);
    for trace in tables {
        match trace.instance.table {
            Table::Lookup => trace.matrix = asked.lookup_trace(),
            Table::Facts => trace.matrix = asked.facts_trace(),
            Table::Poseidon2 => trace.matrix = asked.poseidon2_trace(),
            _ => {}
        }
    }
}

/// Puts the lookup table in the place of the facts table, as in a long execution.
pub fn answer_from_lookup_table(traces: &mut Traces) {
    let asked = ask_all(&traces.tables, |_, _| true);
    for trace in &mut traces.tables {
        if trace.instance.table == Table::Facts {
            trace.instance = Instance::new(Table::Lookup, 0, &[]);
            trace.matrix = asked.lookup_trace();
        }
    }
    traces.tables.sort_by_key(|trace| trace.instance.table);
}

fn trace(
    table: Table,
    matrix: RowMajorMatrix<F>,
    segment: &Segment,
    public: &PublicValues<F>,
    text: &Range<u32>,
) -> Trace {
    Trace {
        instance: Instance::new(table, segment.journal_start, &segment.journal),
        public_values: table_values(table, public, text),
        matrix,
    }
}

/// The rows of one table, or `None` if it has none, or if they depend on the other tables'.
fn matrix(
    table: Table,
    segment: &Segment,
    text: &Range<u32>,
    update: &Update,
) -> Option<RowMajorMatrix<F>> {
    let end = text.end;
    let steps = |family: Family| segment.steps[family as usize].as_slice();
    let filled = |events: usize, matrix: &dyn Fn() -> RowMajorMatrix<F>| (events > 0).then(matrix);
    // A table of plain instructions.
    macro_rules! steps {
        ($family:ident, $row:expr, $padding:expr) => {{
            let events = steps(Family::$family);
            filled(events.len(), &|| fill(events, |_, e| $row(e), $padding))
        }};
    }
    match table {
        Table::AddSub => steps!(AddSub, add_sub::row, zeros),
        Table::AddImm => steps!(AddImm, add_imm::row, zeros),
        Table::Bitwise => steps!(Bitwise, bitwise::row, zeros),
        Table::Compare => steps!(Compare, compare::row, zeros),
        Table::Shift => steps!(Shift, shift::row, shift::padding),
        Table::BranchEq => steps!(BranchEq, branch_eq::row, branch_eq::padding),
        Table::BranchLt => steps!(BranchLt, branch_lt::row, branch_lt::padding),
        Table::Jal => steps!(Jal, jal::row, zeros),
        Table::Jalr => steps!(Jalr, jalr::row, zeros),
        Table::Word => steps!(Word, |e| word::row(e, end), zeros),
        Table::LoadSub => steps!(LoadSub, load_sub::row, zeros),
        Table::StoreSub => steps!(StoreSub, |e| store_sub::row(e, end), zeros),
        Table::Mul => steps!(Mul, mul::row, zeros),
        Table::MulHigh => steps!(MulHigh, mul_high::row, zeros),
        Table::DivRem => steps!(DivRem, div_rem::row, zeros),
        Table::Claim => {
            let row = claim::row(segment.end_ts, &update.initial, &update.last);
            Some(fill(&[row], |_, row| *row, zeros))
        }
        Table::Program => filled(segment.fetches.len(), &|| {
            let row = |_, e: &_| program::row(e, text.start, end);
            fill(&segment.fetches, row, program::padding)
        }),
        Table::Ecall => filled(segment.ecalls.len(), &|| {
            fill(&segment.ecalls, |_, e| ecall::row(e, end), zeros)
        }),
        Table::Moves => filled(segment.moves.len(), &|| {
            fill(&segment.moves, |_, e| moves::row(e), zeros)
        }),
        Table::Refresh => filled(segment.refreshes.len(), &|| {
            fill(&segment.refreshes, |_, e| refresh::row(e), zeros)
        }),
        Table::Leaf => filled(segment.leaves.len(), &|| {
            let row = |i: usize, e: &_| leaf::row(e, &update.leaves[i]);
            fill(&segment.leaves, row, zeros)
        }),
        Table::Merkle => filled(update.nodes.len(), &|| {
            fill(&update.nodes, |_, node| merkle::row(node), zeros)
        }),
        Table::Journal => filled(segment.journal.len(), &|| {
            let rows: Vec<_> = journal::rows(segment.journal_start, &segment.journal).collect();
            fill(&rows, |_, row| *row, zeros)
        }),
        Table::Lookup | Table::Facts | Table::Poseidon2 => None,
    }
}

/// Numbers asked about up to which the facts table commits to fewer cells than the lookup table:
/// 41 a row against 24 in each of `2^16` rows.
pub const MAX_FACTS: usize = 1 << 15;

/// What the tables ask of the lookup and Poseidon2 tables.
struct Asked {
    /// By [`Fact`] and row.
    facts: [Vec<AtomicU32>; 4],
    /// Inputs with how often each is asked for.
    inputs: BTreeMap<[u32; 16], u32>,
}

/// Collects the questions of some rows.
struct Questions<'a, A> {
    facts: &'a [Vec<AtomicU32>; 4],
    inputs: Vec<[u32; 16]>,
    /// Messages of the row so far.
    place: usize,
    is_asked: A,
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
            _ => {}
        }
    }
}

/// Rows evaluated in one go.
const CHUNK: usize = 1 << 10;

/// Asks every row of every table. The messages are those of the constraints themselves, so
/// there is no second list of them to keep in step.
fn ask_all(tables: &[Trace], is_asked: impl Fn(Table, usize) -> bool + Sync) -> Asked {
    let mut asked = Asked::new();
    for trace in tables {
        asked.ask(trace, |place| is_asked(trace.instance.table, place));
    }
    asked
}

fn ask_row(trace: &Trace, current: &[F], questions: &mut impl Sink) {
    // Interactions look at nothing but the current row and the public values.
    let row = Row {
        current,
        next: current,
        preprocessed: &[],
        periodic: &[F::ZERO; 3],
        public: &trace.public_values,
        is_first: F::ZERO,
        is_last: F::ZERO,
        is_transition: F::ONE,
    };
    trace.instance.eval(&mut Capture::new(row, questions));
}

impl Asked {
    /// Nothing yet.
    fn new() -> Self {
        let nothing = || (0..1 << lookup::LOG_HEIGHT).map(|_| AtomicU32::new(0));
        Self {
            facts: [(); 4].map(|()| nothing().collect()),
            inputs: BTreeMap::new(),
        }
    }

    /// Asks every row of a table, but for messages, by their places in it, that are not asked.
    fn ask(&mut self, trace: &Trace, is_asked: impl Fn(usize) -> bool + Sync) {
        if trace.instance.table.answers() {
            return;
        }
        let facts = &self.facts;
        let width = trace.matrix.width();
        let asked: Vec<Vec<[u32; 16]>> = trace
            .matrix
            .values
            .par_chunks(CHUNK * width)
            .map(|rows| {
                let mut questions = Questions {
                    facts,
                    inputs: Vec::new(),
                    place: 0,
                    is_asked: &is_asked,
                };
                for current in rows.chunks_exact(width) {
                    questions.place = 0;
                    ask_row(trace, current, &mut questions);
                }
                questions.inputs
            })
            .collect();
        for input in asked.into_iter().flatten() {
            *self.inputs.entry(input).or_insert(0) += 1;
        }
    }

    /// Rows of the facts table, if it is that which answers.
    fn facts(&self) -> Option<usize> {
        Some(self.numbers().count()).filter(|&numbers| numbers <= MAX_FACTS)
    }

    /// How often each fact about a number is asked for.
    fn counts(&self, number: u16) -> lookup::Lookup<F> {
        let count = |fact: Fact| {
            let counts = &self.facts[fact as usize];
            F::from_int(counts[usize::from(number)].load(Ordering::Relaxed))
        };
        lookup::Lookup {
            range16: count(Fact::Range16),
            range14: count(Fact::Range14),
            bytes: count(Fact::Bytes),
            and: count(Fact::And),
        }
    }

    /// The numbers that something is asked about.
    fn numbers(&self) -> impl Iterator<Item = u16> {
        let is_asked = |counts: &Vec<AtomicU32>, i: usize| counts[i].load(Ordering::Relaxed) != 0;
        (0..=u16::MAX).filter(move |&number| {
            self.facts
                .iter()
                .any(|counts| is_asked(counts, number.into()))
        })
    }

    fn lookup_trace(&self) -> RowMajorMatrix<F> {
        let rows: Vec<u16> = (0..=u16::MAX).collect();
        fill(&rows, |_, &row| self.counts(row), zeros)
    }

    fn facts_trace(&self) -> RowMajorMatrix<F> {
        let rows: Vec<u16> = self.numbers().collect();
        fill(&rows, |_, &row| facts::row(row, self.counts(row)), zeros)
    }

    fn poseidon2_trace(&self) -> RowMajorMatrix<F> {
        let inputs: Vec<_> = self
            .inputs
            .iter()
            .map(|(input, &count)| (input.map(F::from_int), count))
            .collect();
        poseidon2::trace(&inputs, log_height(inputs.len()))
    }
}
