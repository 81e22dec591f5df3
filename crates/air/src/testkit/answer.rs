//! The tables that answer, filled anew for tables that tests have changed.

use p3_matrix::dense::RowMajorMatrix;
use vouch_isa::event::Segment;

use crate::F;
use crate::memory_tree::Update;
use crate::questions::Asked;
use crate::table::Context;
use crate::tables::{Instance, Table};
use crate::witness::{Trace, Traces, ask_all};

/// Fills the lookup or facts table and the Poseidon2 table anew, from what the other `tables` now ask: a
/// cheating prover would do so, too.
pub fn answer(tables: &mut [Trace]) {
    answer_where(tables, |_, _| true);
}

/// As [`answer`], but for messages, by their places in a table, that are not asked: those that a
/// weakened machine lacks.
pub fn answer_where(tables: &mut [Trace], is_asked: impl Fn(Table, usize) -> bool + Sync) {
    let asked = ask_all(tables, is_asked);
    for trace in tables {
        if let Some(matrix) = answering(trace.instance.table, &asked) {
            trace.matrix = matrix;
        }
    }
}

/// Puts the lookup table in the place of the facts table, as in a long execution.
pub fn answer_from_lookup_table(traces: &mut Traces) {
    let asked = ask_all(&traces.tables, |_, _| true);
    for trace in &mut traces.tables {
        if trace.instance.table == Table::Facts
            && let Some(matrix) = answering(Table::Lookup, &asked)
        {
            trace.instance = Instance::new(Table::Lookup, 0, &[]);
            trace.matrix = matrix;
        }
    }
    traces.tables.sort_by_key(|trace| trace.instance.table);
}

/// A table of those that answer, filled from what is asked; `None` if it is another.
fn answering(table: Table, asked: &Asked) -> Option<RowMajorMatrix<F>> {
    let cx = Context {
        segment: &Segment::default(),
        update: &Update::default(),
        text: &(0..0),
        asked,
    };
    table.answers().then(|| table.filled(&cx))?
}
