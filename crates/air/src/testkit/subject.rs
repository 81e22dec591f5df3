//! A table filled by hand, and what its rows do.

use alloc::vec::Vec;

use p3_air::{Air, BaseAir};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use super::numbers::TEXT;
use super::rows::{cells, padding, table_of};
use super::verdict::{Collector, Place, Verdict};
use crate::F;
use crate::capture::{Capture, Row};
use crate::columns::Block;
use crate::machine::{PublicValues, log_height};
use crate::table::TableType;
use crate::tables::{Instance, Table};
use crate::witness::Trace;

/// A table filled by hand.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The table.
    pub trace: Trace,
    fixed: Option<RowMajorMatrix<F>>,
}

impl Subject {
    /// A table of these rows and at least one of padding, its executable range [`TEXT`].
    pub fn new<T: TableType>(rows: &[T::Columns<F>]) -> Self {
        let rows = rows.iter().map(cells);
        Self::of_rows(table_of::<T>(), rows, &padding::<T>())
    }

    /// As [`Self::new`], the rows given as cells.
    pub fn of_rows(table: Table, rows: impl Iterator<Item = Vec<F>>, padding: &[F]) -> Self {
        let width = padding.len();
        let mut values: Vec<F> = rows.flatten().collect();
        let height = 1 << log_height(values.len() / width + 1);
        while values.len() < height * width {
            values.extend(padding);
        }
        let public = PublicValues::splat(F::ZERO);
        Self::of(Trace {
            instance: Instance::new(table, 0, &[]),
            public_values: table.values(&public, &TEXT),
            matrix: RowMajorMatrix::new(values, width),
        })
    }

    /// A table of any rows.
    pub fn of(trace: Trace) -> Self {
        let fixed = trace.instance.preprocessed_trace();
        Self { trace, fixed }
    }

    /// Which table it is.
    pub fn table(&self) -> Table {
        self.trace.instance.table
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.trace.matrix.height()
    }

    /// The cells of a row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> Vec<F> {
        self.cells(row).to_vec()
    }

    /// Replaces a row; what was there.
    ///
    /// # Panics
    /// If there is no such row, or it has another width.
    pub fn set_row(&mut self, row: usize, cells: &[F]) -> Vec<F> {
        let before = self.row(row);
        let width = before.len();
        self.trace.matrix.values[row * width..][..width].copy_from_slice(cells);
        before
    }

    /// A cell.
    ///
    /// # Panics
    /// If there is none.
    pub fn cell(&mut self, row: usize, column: usize) -> &mut F {
        let width = self.trace.matrix.width();
        &mut self.trace.matrix.values[row * width + column]
    }

    fn cells(&self, row: usize) -> &[F] {
        let width = self.trace.matrix.width();
        &self.trace.matrix.values[row * width..][..width]
    }

    /// All that `row` does, on its own and as the row after the one before it.
    pub fn verdict(&self, row: usize) -> Verdict {
        self.verdict_within(row, usize::MAX)
    }

    /// As [`Self::verdict`], without messages if more than `patience` constraints are broken
    /// before them.
    pub(super) fn verdict_within(&self, row: usize, patience: usize) -> Verdict {
        let mut verdict = self.evaluate(row, patience).verdict;
        if !self.trace.instance.main_next_row_columns().is_empty() {
            let before = (row + self.height() - 1) % self.height();
            let before = self.evaluate(before, 0).verdict;
            verdict.broken.extend(before.broken);
            verdict.broken_values.extend(before.broken_values);
        }
        verdict
    }

    /// The values of the constraints on `row`, which has no eye for the one before.
    pub fn constraints(&self, row: usize) -> Vec<F> {
        self.evaluate(row, 0).constraints
    }

    fn evaluate(&self, row: usize, patience: usize) -> Collector {
        let trace = &self.trace;
        let height = self.height();
        let fixed = self.fixed.as_ref().map(|fixed| {
            let width = fixed.width();
            &fixed.values[row * width..][..width]
        });
        let mut collector = Collector::new(patience);
        collector.verdict.place = match row {
            0 => Place::First,
            _ if row + 1 == height => Place::Last,
            _ => Place::Other,
        };
        let row = Row {
            current: self.cells(row),
            next: self.cells((row + 1) % height),
            preprocessed: fixed.unwrap_or_default(),
            periodic: &BaseAir::<F>::periodic_values(&trace.instance, row),
            public: &trace.public_values,
            is_first: F::from_bool(row == 0),
            is_last: F::from_bool(row + 1 == height),
            is_transition: F::from_bool(row + 1 != height),
        };
        trace.instance.eval(&mut Capture::new(row, &mut collector));
        collector
    }
}

/// What a single row of `table` does among others, its executable range [`TEXT`].
pub fn verdict(table: Table, row: &[F]) -> Verdict {
    let public = PublicValues::splat(F::ZERO);
    let mut values = F::zero_vec(row.len() * 4);
    values[row.len()..][..row.len()].copy_from_slice(row);
    Subject::of(Trace {
        instance: Instance::new(table, 0, &[]),
        public_values: table.values(&public, &TEXT),
        matrix: RowMajorMatrix::new(values, row.len()),
    })
    .verdict(1)
}
