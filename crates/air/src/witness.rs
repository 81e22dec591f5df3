//! Filling the tables from the events of a segment.

use alloc::vec::Vec;
use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use vouch_isa::event::Segment;

use crate::F;
use crate::bus;
use crate::capture::{Capture, Row, Sink};
use crate::gadget;
use crate::machine::PublicValues;
use crate::memory_tree::{MemoryTree, Update};
use crate::questions::Asked;
use crate::table::Context;
pub use crate::tables::lookup::MAX_FACTS;
use crate::tables::{Instance, Table};

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

/// Fills every table of `segment` and moves `tree` to its end. `text` is the executable
/// range in word indices.
pub fn generate(segment: &Segment, text: &Range<u32>, tree: &mut MemoryTree) -> Traces {
    fill_tables(segment, text, &tree.update(&segment.leaves))
}

/// Fills every table of `segment`, which does `update` to the memory tree. `text` is the executable
/// range in word indices.
pub fn fill_tables(segment: &Segment, text: &Range<u32>, update: &Update) -> Traces {
    let public = public_values(segment, update);
    let nothing = Asked::default();
    let mut cx = Context {
        segment,
        update,
        text,
        asked: &nothing,
    };
    let asks = |table: &Table| !table.answers();
    let mut tables: Vec<Trace> = { Table::ALL.into_iter().filter(asks) }
        .filter_map(|table| trace(table, &cx, &public))
        .collect();
    let asked = ask_all(&tables, |_, _| true);
    let absent = match facts(&asked) {
        Some(_) => Table::Lookup,
        None => Table::Facts,
    };
    cx.asked = &asked;
    let answers = |table: &Table| table.answers() && *table != absent;
    let answering = Table::ALL.into_iter().filter(answers);
    tables.extend(answering.filter_map(|table| trace(table, &cx, &public)));
    tables.sort_by_key(|trace| trace.instance.table);
    Traces { public, tables }
}

pub(crate) fn public_values(segment: &Segment, update: &Update) -> PublicValues<F> {
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

/// Rows of the facts table, if it is that which answers.
pub(crate) fn facts(asked: &Asked) -> Option<usize> {
    Some(asked.numbers().count()).filter(|&numbers| numbers as u64 <= MAX_FACTS)
}

/// A table of a segment; `None` if it holds nothing.
pub(crate) fn trace(table: Table, cx: &Context<'_>, public: &PublicValues<F>) -> Option<Trace> {
    let matrix = table.filled(cx)?;
    Some(Trace {
        instance: Instance::new(table, cx.segment.journal_start, &cx.segment.journal),
        public_values: table.values(public, cx.text),
        matrix,
    })
}

/// Rows evaluated in one go.
const CHUNK: usize = 1 << 10;

/// Asks every row of every table. The messages are those of the constraints themselves, so
/// there is no second list of them to keep in step.
pub(crate) fn ask_all(tables: &[Trace], is_asked: impl Fn(Table, usize) -> bool + Sync) -> Asked {
    let mut asked = Asked::none();
    let asking = { tables.iter() }.filter(|trace| !trace.instance.table.answers());
    for trace in asking {
        let table = trace.instance.table;
        ask(&mut asked, trace, |place| is_asked(table, place));
    }
    asked
}

/// Asks every row of a table, but for messages, by their places in it, that are not asked.
pub(crate) fn ask(asked: &mut Asked, trace: &Trace, is_asked: impl Fn(usize) -> bool + Sync) {
    let width = trace.matrix.width();
    // Interactions look at nothing but the current row and the public values.
    let periodic = F::zero_vec(trace.instance.periodic.len());
    let mut asks = Asks(false);
    if let Some(first) = trace.matrix.values.get(..width) {
        ask_row(trace, first, &periodic, &mut asks);
    }
    if !asks.0 {
        return;
    }
    let inputs: Vec<Vec<[u32; 16]>> = { trace.matrix.values.par_chunks(CHUNK * width) }
        .map(|rows| {
            let mut questions = asked.questions(&is_asked);
            for current in rows.chunks_exact(width) {
                questions.next_row();
                ask_row(trace, current, &periodic, &mut questions);
            }
            questions.inputs
        })
        .collect();
    asked.add_inputs(inputs.into_iter().flatten());
}

/// Whether a row has messages to tables that answer, even if it sends them 0 times: then all rows have. The rows of
/// some tables are long, and have none.
struct Asks(bool);

impl Sink for Asks {
    fn constraint(&mut self, _: F) {}

    fn message(&mut self, bus: &str, _: &[F], _: F, _: u32) {
        self.0 |= [bus::LOOKUP, bus::POSEIDON2].contains(&bus);
    }
}

fn ask_row(trace: &Trace, current: &[F], periodic: &[F], questions: &mut impl Sink) {
    let row = Row {
        current,
        next: current,
        preprocessed: &[],
        periodic,
        public: &trace.public_values,
        is_first: F::ZERO,
        is_last: F::ZERO,
        is_transition: F::ONE,
    };
    trace.instance.eval(&mut Capture::new(row, questions));
}
