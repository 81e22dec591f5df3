//! Matrices as tiles.

use alloc::vec;
use alloc::vec::Vec;
use core::slice::ChunksExact;

use super::{DEPTH, SIDE, SUMS, Tile, add_products};

/// A matrix of signed bytes, laid out for products: each four rows are a group of tiles, 32 columns each, filled up
/// with zeros.
#[derive(Clone, Debug)]
pub struct Tiles {
    tiles: Vec<Tile>,
    rows: usize,
    columns: usize,
}

impl Tiles {
    /// The matrix with these entries, row by row.
    ///
    /// # Panics
    /// If `entries` are not rows of `columns` each.
    pub fn from_rows(entries: &[i8], columns: usize) -> Self {
        Self::filled(height(entries, columns), columns, entries)
    }

    fn filled(rows: usize, columns: usize, entries: &[i8]) -> Self {
        let mut tiles = Self::zeros(rows, columns);
        let of_group = tiles.of_group();
        for (i, row) in entries.chunks_exact(columns.max(1)).enumerate() {
            let group = &mut tiles.tiles[of_group * (i / SIDE)..];
            for (tile, part) in group.iter_mut().zip(row.chunks(DEPTH)) {
                tile.0[i % SIDE][..part.len()].copy_from_slice(part);
            }
        }
        tiles
    }

    /// The transpose of the matrix with these entries, row by row.
    ///
    /// # Panics
    /// If `entries` are not rows of `columns` each.
    pub fn from_columns(entries: &[i8], columns: usize) -> Self {
        let mut tiles = Self::zeros(columns, height(entries, columns));
        let of_group = tiles.of_group();
        for (i, row) in entries.chunks_exact(columns.max(1)).enumerate() {
            let groups = tiles.tiles.iter_mut().skip(i / DEPTH).step_by(of_group);
            for (tile, part) in groups.zip(row.chunks(SIDE)) {
                for (row, entry) in tile.0.iter_mut().zip(part) {
                    row[i % DEPTH] = *entry;
                }
            }
        }
        tiles
    }

    fn zeros(rows: usize, columns: usize) -> Self {
        let mut tiles = Self {
            tiles: Vec::new(),
            rows,
            columns,
        };
        tiles.tiles = vec![Tile::ZERO; rows.div_ceil(SIDE) * tiles.of_group()];
        tiles
    }

    /// Tiles of a group.
    fn of_group(&self) -> usize {
        self.columns.div_ceil(DEPTH).max(1)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Four rows each, the last of which may be zeros that the matrix has not.
    pub fn groups(&self) -> ChunksExact<'_, Tile> {
        self.tiles.chunks_exact(self.of_group())
    }
}

/// Number of rows.
fn height(entries: &[i8], columns: usize) -> usize {
    let rows = entries.len() / columns.max(1);
    assert_eq!(rows * columns, entries.len(), "rows of {columns} entries");
    rows
}

/// The sums of products of each row of `left` with each row of `right`, row by row of `left`: the product of `left`
/// and the transpose of `right`. Sums wrap, as those of `2^17` products or more may.
///
/// # Panics
/// If the matrices differ in their number of columns.
pub fn matrix_product(left: &Tiles, right: &Tiles) -> Vec<i32> {
    assert_eq!(left.columns, right.columns, "rows of one length");
    let width = right.rows;
    let mut product = vec![0; left.rows * width];
    if width == 0 {
        return product;
    }
    let mut sums = [0; SUMS];
    for (rows, left) in product.chunks_mut(SIDE * width).zip(left.groups()) {
        for (i, right) in right.groups().enumerate() {
            add_products(left, right, &[0; SUMS], &mut sums);
            let (fours, _) = sums.as_chunks::<SIDE>();
            for (row, four) in rows.chunks_exact_mut(width).zip(fours) {
                let row = &mut row[SIDE * i..];
                match row.first_chunk_mut() {
                    Some(whole) => *whole = *four,
                    None => row.copy_from_slice(&four[..row.len()]),
                }
            }
        }
    }
    product
}

/// The sums of products of each row of `matrix` with `vector`. Sums wrap, as those of `2^17` products or more may.
///
/// # Panics
/// If the vector is not as long as a row.
pub fn matrix_vector(matrix: &Tiles, vector: &[i8]) -> Vec<i32> {
    matrix_product(matrix, &Tiles::filled(1, vector.len(), vector))
}
