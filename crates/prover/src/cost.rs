//! What a proof costs: committed cells and memory, known before it is made.

use core::ops::Range;
use std::sync::OnceLock;

use p3_lookup::Lookups;
use p3_matrix::Matrix;
use vouch_air::F;
use vouch_air::answers::answers;
use vouch_air::machine::log_height;
use vouch_air::memory_tree::Update;
use vouch_air::tables::{Table, lookup};
use vouch_air::witness::{Trace, Traces};
use vouch_isa::event::Segment;
use vouch_verifier::packing::{Packing, TableColumns};
use vouch_verifier::{Parameters, ProofBytes, TableShape, proof_bytes};

use crate::planner;

/// Something for each table, computed once, and only for tables that are needed: some take milliseconds.
pub(crate) type ByTable<T> = [OnceLock<T>; Table::ALL.len()];

/// The shape of a table and its LogUp columns, computed once.
pub(crate) fn layout(table: Table) -> &'static (TableShape, Lookups<F>) {
    static LAYOUTS: ByTable<(TableShape, Lookups<F>)> =
        [const { OnceLock::new() }; Table::ALL.len()];
    LAYOUTS[table as usize].get_or_init(|| vouch_verifier::layout(table))
}

/// The columns of a table as they are packed.
pub(crate) fn columns(table: Table) -> TableColumns {
    static COLUMNS: ByTable<TableColumns> = [const { OnceLock::new() }; Table::ALL.len()];
    *COLUMNS[table as usize].get_or_init(|| TableColumns::new(table, &layout(table).0))
}

/// The cells of one table that are committed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableCost {
    /// The table.
    pub table: Table,
    /// Its rows, padding included.
    pub rows: usize,
    /// Its columns: main, LogUp and quotient, in base-field cells a row.
    pub columns: usize,
}

impl TableCost {
    /// Committed base-field cells.
    pub const fn cells(&self) -> u64 {
        self.rows as u64 * self.columns as u64
    }
}

/// What the proof of a segment costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// By table.
    pub tables: Vec<TableCost>,
    parameters: Parameters,
}

/// Bytes of a field element.
const ELEMENT: u64 = 4;
/// Bytes for each committed cell beside its low-degree extension: recorded events, and rows that
/// still wait for theirs. This and the next are fitted to measurements (docs/benchmarks.md),
/// rounded up.
const BYTES_A_CELL: u64 = 2;
/// Bytes that do not depend on the segment.
const FIXED: u64 = 24 << 20;
/// Numbers that the rows of all packs have, at least, unless the tallest table makes them shorter: packs grow only while there are
/// more than twice as many, and some are not full.
const LEAST_ROW: u64 = 64;

/// Bytes for each row of the longest packs' matrix: three Merkle trees without their lowest layers, codewords of FRI.
const fn bytes_a_leaf(degree: u64) -> u64 {
    60 + 6 * degree
}

/// Bytes for each row of the tallest table: points, and their distances from the out-of-domain point.
const fn bytes_a_row(degree: u64) -> u64 {
    12 + 4 * degree
}

/// Estimate of the peak memory of a proof with these committed cells and so many rows in its
/// tallest table, in bytes.
pub const fn memory_bytes(parameters: &Parameters, cells: u64, rows: u64) -> u64 {
    let blowup = 1 << parameters.log_blowup;
    let degree = parameters.extension.degree() as u64;
    let packed = cells / LEAST_ROW;
    let leaves = if packed > rows { packed } else { rows }.saturating_mul(blowup);
    FIXED
        .saturating_add(cells.saturating_mul(ELEMENT * blowup + BYTES_A_CELL))
        .saturating_add(leaves.saturating_mul(bytes_a_leaf(degree)))
        .saturating_add(rows.saturating_mul(bytes_a_row(degree)))
}

impl Cost {
    /// The cost of proving `traces`.
    pub fn new(traces: &Traces, parameters: &Parameters) -> Self {
        let rows = |trace: &Trace| (trace.instance.table, trace.matrix.height());
        Self::of(traces.tables.iter().map(rows), parameters)
    }

    /// The cost of a proof with these tables and their rows, padding included.
    pub fn of(rows: impl IntoIterator<Item = (Table, usize)>, parameters: &Parameters) -> Self {
        let degree = parameters.extension.degree();
        let cost = |(table, rows)| TableCost {
            table,
            rows,
            columns: layout(table).0.committed_columns(degree),
        };
        Self {
            tables: rows.into_iter().map(cost).collect(),
            parameters: *parameters,
        }
    }

    /// The cost of proving `segment`, which does `update` to the memory tree: what [`Self::new`] says of its tables,
    /// of which most are not filled for it. `text` is the executable range in word indices.
    pub fn predicted(
        segment: &Segment,
        text: &Range<u32>,
        update: &Update,
        parameters: &Parameters,
    ) -> Self {
        let counts = planner::counts(segment, update);
        let answers = answers(segment, text, update);
        let rows = |table| match table {
            Table::Facts => answers.facts,
            Table::Lookup => answers.facts.is_none().then_some(1 << lookup::LOG_HEIGHT),
            Table::Poseidon2 => Some(answers.hashes),
            _ => Some(table.rows(&counts, 0) as usize).filter(|&rows| rows > 0),
        };
        let height = |table| Some((table, 1 << log_height(rows(table)?)));
        Self::of(Table::ALL.into_iter().filter_map(height), parameters)
    }

    /// Length of the proof.
    pub fn proof_bytes(&self) -> ProofBytes {
        let tables = self.tables.iter();
        let tables: Vec<_> = tables
            .map(|cost| (columns(cost.table), cost.rows.ilog2() as usize))
            .collect();
        proof_bytes(&Packing::new(&self.parameters, &tables))
    }

    /// Committed base-field cells of all tables.
    pub fn cells(&self) -> u64 {
        self.tables.iter().map(TableCost::cells).sum()
    }

    /// Estimate of the peak memory, in bytes.
    pub fn memory_bytes(&self) -> u64 {
        let tallest = self.tables.iter().map(|table| table.rows as u64).max();
        memory_bytes(&self.parameters, self.cells(), tallest.unwrap_or(0))
    }
}
