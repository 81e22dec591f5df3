//! Rows of tables: as cells, and evaluated.

use alloc::vec::Vec;
use std::sync::OnceLock;

use p3_air::BaseAir;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use crate::F;
use crate::capture::{Capture, Row, Sink};
use crate::columns::Block;
use crate::memory_tree::Compression;
use crate::table::TableType;
use crate::tables::Table;
use crate::witness::Trace;

/// The compression, made once: its constants take longer than its use.
pub fn compression() -> &'static Compression {
    static COMPRESSION: OnceLock<Compression> = OnceLock::new();
    COMPRESSION.get_or_init(Compression::default)
}

/// The cells of a row.
pub fn cells<C: Block<F>>(row: &C) -> Vec<F> {
    let mut cells = F::zero_vec(C::WIDTH);
    row.put(&mut cells.iter_mut());
    cells
}

/// The cells of a row of padding.
pub fn padding<T: TableType>() -> Vec<F> {
    let mut row = <T::Columns<F> as Block<F>>::splat(F::ZERO);
    T::padding(&mut row);
    cells(&row)
}

/// The table that `T` is.
pub fn table_of<T: TableType>() -> Table {
    Table::ALL[usize::from(T::ID)]
}

/// Evaluates a table on one of its rows, as the verifier does on all of them at once. `fixed` are its fixed columns,
/// if it has any.
///
/// # Panics
/// If there is no such row.
pub fn evaluate(
    trace: &Trace,
    fixed: Option<&RowMajorMatrix<F>>,
    row: usize,
    sink: &mut impl Sink,
) {
    fn cells(matrix: &RowMajorMatrix<F>, row: usize) -> &[F] {
        &matrix.values[row * matrix.width()..][..matrix.width()]
    }
    let height = trace.matrix.height();
    let row = Row {
        current: cells(&trace.matrix, row),
        next: cells(&trace.matrix, (row + 1) % height),
        preprocessed: fixed.map_or(&[], |fixed| cells(fixed, row)),
        periodic: &BaseAir::<F>::periodic_values(&trace.instance, row),
        public: &trace.public_values,
        is_first: F::from_bool(row == 0),
        is_last: F::from_bool(row + 1 == height),
        is_transition: F::from_bool(row + 1 != height),
    };
    trace.instance.eval(&mut Capture::new(row, sink));
}
