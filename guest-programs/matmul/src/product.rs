//! By the accelerator.

use alloc::vec::Vec;

use vouch_guest::products::{Tiles, matrix_product};

/// Rows that are multiplied at a time, so that not all of the product is in memory.
const ROWS: usize = 64;

/// The rows of the product, some at a time.
pub fn product(left: &[i8], right: &[i8], size: usize) -> impl Iterator<Item = Vec<i32>> {
    let columns = Tiles::from_columns(right, size);
    let rows = left.chunks((ROWS * size).max(1));
    rows.map(move |rows| matrix_product(&Tiles::from_rows(rows, size), &columns))
}
