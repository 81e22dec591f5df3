//! What a proof costs: committed cells and memory, known before it is made.

use std::sync::OnceLock;

use p3_lookup::Lookups;
use p3_matrix::Matrix;
use vouch_air::F;
use vouch_air::tables::Table;
use vouch_air::witness::Traces;
use vouch_verifier::{Parameters, TableShape};

/// The shape of a table and its LogUp columns, computed once.
pub(crate) fn layout(table: Table) -> &'static (TableShape, Lookups<F>) {
    static LAYOUTS: OnceLock<Vec<(TableShape, Lookups<F>)>> = OnceLock::new();
    &LAYOUTS.get_or_init(|| Table::ALL.map(vouch_verifier::layout).into())[table as usize]
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
    log_blowup: usize,
}

/// Bytes of a field element.
const ELEMENT: u64 = 4;
/// Copies of a committed matrix that live at once beside its low-degree extension. This and
/// the next two are fitted to measurements (docs/benchmarks.md), rounded up.
const COPIES: u64 = 1;
/// Bytes of Merkle tree and FRI codewords for each row of the largest extension.
const BYTES_A_ROW: u64 = 460;
/// Bytes that do not depend on the segment.
const FIXED: u64 = 32 << 20;

impl Cost {
    /// The cost of proving `traces`.
    pub fn new(traces: &Traces, parameters: &Parameters) -> Self {
        let tables = traces
            .tables
            .iter()
            .map(|trace| {
                let (shape, _) = layout(trace.instance.table);
                TableCost {
                    table: trace.instance.table,
                    rows: trace.matrix.height(),
                    columns: shape.committed_columns(parameters.extension.degree()),
                }
            })
            .collect();
        Self {
            tables,
            log_blowup: parameters.log_blowup,
        }
    }

    /// Committed base-field cells of all tables.
    pub fn cells(&self) -> u64 {
        self.tables.iter().map(TableCost::cells).sum()
    }

    /// Estimate of the peak memory, in bytes.
    pub fn memory_bytes(&self) -> u64 {
        let copies = COPIES + (1 << self.log_blowup);
        let tallest = self.tables.iter().map(|table| table.rows as u64).max();
        let rows = tallest.unwrap_or(0) << self.log_blowup;
        FIXED + self.cells() * ELEMENT * copies + rows * BYTES_A_ROW
    }
}
