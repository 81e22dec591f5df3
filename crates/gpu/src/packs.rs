//! Columns of one height, as they are committed to: in packs (docs/packing.md).

use core::ops::Range;
use std::sync::Arc;

use vouch_verifier::packing::{Group, LOG_MOST_COLUMNS};

use crate::arena::{Buffer, Gpu};
use crate::device::Address;
use crate::error::GpuError;
use crate::matrix::Matrix;

/// A group of packs: a matrix of a Merkle tree, whose rows are computed from the columns where they are
/// wanted.
pub struct Packs {
    /// Keeps the columns.
    matrices: Vec<Arc<Matrix>>,
    group: Group,
    /// Columns of the matrices to one column that is packed: `D` if those are over the challenge field.
    cells: usize,
    /// Where columns begin, those that are there, cell by cell; and the same on the device, two words
    /// each.
    starts: Vec<Address>,
    table: Buffer,
}

impl Packs {
    /// The packs of `group`, whose columns are those of `parts`, one matrix after another, of each some.
    /// Such a column is `cells` columns of a matrix, one for each coordinate.
    ///
    /// # Panics
    /// If they are not as many as the group has, or have not its height, or differ in their cosets, or the
    /// packs have no room for them or are of more columns than any.
    ///
    /// # Errors
    /// Those of [`Gpu::upload`].
    pub fn new(
        gpu: &Gpu,
        parts: Vec<(Arc<Matrix>, Range<usize>)>,
        group: Group,
        cells: usize,
    ) -> Result<Self, GpuError> {
        let starts = parts.iter().flat_map(|(matrix, columns)| {
            let columns = columns.start * cells..columns.end * cells;
            columns.map(|column| matrix.buffer.at(column * matrix.rows()))
        });
        let starts: Vec<Address> = starts.collect();
        let matrices: Vec<Arc<Matrix>> = parts.iter().map(|(m, _)| Arc::clone(m)).collect();
        assert!(matrices.iter().all(|m| m.log_height == group.log_height));
        assert!(
            matrices
                .windows(2)
                .all(|m| m[0].log_cosets == m[1].log_cosets)
        );
        assert_eq!(starts.len(), group.columns.len() * cells);
        assert!(group.log_size <= LOG_MOST_COLUMNS);
        assert!(!starts.is_empty() && group.columns.len() <= group.packs << group.log_size);
        Ok(Self {
            table: gpu.upload(&address_words(&starts))?,
            matrices,
            group,
            cells,
            starts,
        })
    }

    /// The columns of a matrix of the base field, each a pack of its own.
    ///
    /// # Panics
    /// If there are none.
    ///
    /// # Errors
    /// Those of [`Gpu::upload`].
    pub fn single(gpu: &Gpu, matrix: Arc<Matrix>) -> Result<Self, GpuError> {
        let group = Group {
            class: 0,
            log_height: matrix.log_height,
            at_next: false,
            columns: 0..matrix.width,
            log_size: 0,
            packs: matrix.width,
            first_term: 0,
        };
        let columns = 0..matrix.width;
        Self::new(gpu, vec![(matrix, columns)], group, 1)
    }

    /// Which columns are where.
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// Columns of the base field to a column.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// Words of a row.
    pub fn width(&self) -> usize {
        self.group.packs * self.cells
    }

    /// Number of cosets, log2.
    pub fn log_cosets(&self) -> usize {
        self.matrices.first().map_or(0, |matrix| matrix.log_cosets)
    }

    /// Number of rows, log2.
    pub fn log_rows(&self) -> usize {
        self.group.level() + self.log_cosets()
    }

    /// Where the columns begin that are there: column `j * width + n` is coefficient `j` of word `n`.
    pub(crate) fn starts(&self) -> &[Address] {
        &self.starts
    }

    /// The same on the device.
    pub(crate) fn table(&self) -> Address {
        self.table.start()
    }
}

/// Addresses as words, two each.
pub(crate) fn address_words(addresses: &[Address]) -> Vec<u32> {
    let words = |&address: &Address| [address as u32, (address >> 32) as u32];
    addresses.iter().flat_map(words).collect()
}
