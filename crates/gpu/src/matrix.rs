//! Columns on a device.

use p3_matrix::dense::RowMajorMatrix;
use p3_util::reverse_bits_len;
use vouch_air::F;

use crate::arena::{Buffer, Gpu};
use crate::error::GpuError;
use crate::field::{elements, words};

/// Columns of field elements, one after another. A column is `2^log_cosets` blocks of
/// `2^log_height` values, each the values on one coset in the order of the powers of its
/// generator. A table's columns are on one coset, the subgroup.
///
/// Plonky3 has the same rows in bit-reversed order: its row `c * 2^log_height + i` is at
/// `c * 2^log_height + j` here, `j` being `i` with its `log_height` bits reversed. So it is the
/// same blocks, and the row after one is its neighbour.
///
/// Numbers of the challenge field of degree `D` take `D` columns, one a coordinate.
pub struct Matrix {
    /// Where they are.
    pub buffer: Buffer,
    /// Number of columns.
    pub width: usize,
    /// Rows of a coset, log2.
    pub log_height: usize,
    /// Number of cosets, log2.
    pub log_cosets: usize,
}

impl Matrix {
    /// Columns whose values are whatever the memory held.
    ///
    /// # Errors
    /// [`GpuError::Memory`].
    pub fn new(
        gpu: &Gpu,
        width: usize,
        log_height: usize,
        log_cosets: usize,
    ) -> Result<Self, GpuError> {
        Ok(Self {
            buffer: gpu.buffer(width << (log_height + log_cosets))?,
            width,
            log_height,
            log_cosets,
        })
    }

    /// Number of rows, all cosets together.
    pub fn rows(&self) -> usize {
        1 << (self.log_height + self.log_cosets)
    }

    /// The columns with their rows in Plonky3's order: for tests and comparisons.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub fn to_plonky3(&self) -> Result<RowMajorMatrix<F>, GpuError> {
        let cells = elements(self.buffer.read(0..self.width * self.rows())?);
        let row = |i: usize| {
            let place = position(i, self.log_height);
            (0..self.width).map(move |column| (column, place))
        };
        let values = (0..self.rows())
            .flat_map(row)
            .map(|(column, place)| cells[column * self.rows() + place]);
        Ok(RowMajorMatrix::new(values.collect(), self.width))
    }

    /// Columns by their rows in Plonky3's order: for tests.
    ///
    /// # Panics
    /// If the rows are not as many as there are to be.
    ///
    /// # Errors
    /// [`GpuError::Memory`] or [`GpuError::Failed`].
    pub fn from_plonky3(
        gpu: &Gpu,
        rows: &RowMajorMatrix<F>,
        log_height: usize,
        log_cosets: usize,
    ) -> Result<Self, GpuError> {
        let matrix = Self::new(gpu, rows.width, log_height, log_cosets)?;
        assert_eq!(rows.values.len(), rows.width * matrix.rows());
        // The permutation is its own inverse.
        let cell = |column: usize, place: usize| {
            rows.values[position(place, log_height) * rows.width + column]
        };
        let cells = (0..rows.width)
            .flat_map(|column| (0..matrix.rows()).map(move |place| cell(column, place)));
        matrix.buffer.write(0, words(&cells.collect::<Vec<F>>()))?;
        Ok(matrix)
    }
}

/// Where Plonky3's row `row` is in a column whose cosets have `2^log_height` rows; and the other
/// way round.
pub fn position(row: usize, log_height: usize) -> usize {
    let within = (1 << log_height) - 1;
    (row & !within) | reverse_bits_len(row & within, log_height)
}
