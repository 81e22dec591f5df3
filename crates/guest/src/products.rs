//! Sums of products, by the accelerators `matrix_product_i8` and `dot_i32`: dot products of slices of any length, and
//! products of matrices.
//!
//! A product of matrices costs the least, since each byte that is read is a factor of four products: lay matrices
//! out as [`Tiles`] once, and use them often.
#![expect(
    unsafe_code,
    reason = "a slice of bytes is seen as tiles where it lies"
)]

use vouch_isa::accelerators::dot_i32::LENGTH;
pub use vouch_isa::accelerators::matrix_product_i8::{DEPTH, SIDE, SUMS, Sums, Tile};

use crate::accelerators;

#[cfg(feature = "alloc")]
mod tiles;
#[cfg(feature = "alloc")]
pub use tiles::{Tiles, matrix_product, matrix_vector};

/// Bytes of a tile.
const TILE: usize = SIDE * DEPTH;

/// Tiles that may be multiplied before sums of 32 bits could wrap: a sum grows by `2^19` at most for each.
const MOST: usize = 1 << 11;

/// Below so many bytes a call costs more than software.
const FEW: usize = 24;

/// The dot product of two vectors. It is exact.
///
/// Vectors that lie at multiples of 4, or equally far from one, are multiplied where they lie, others are copied.
///
/// # Panics
/// If the vectors differ in length.
pub fn dot_i8(left: &[i8], right: &[i8]) -> i64 {
    assert_eq!(left.len(), right.len(), "vectors of one length");
    // SAFETY: a tile may hold any bytes.
    let (left_start, left_tiles, left_end) = unsafe { left.align_to::<Tile>() };
    // SAFETY: the same.
    let (right_start, right_tiles, right_end) = unsafe { right.align_to::<Tile>() };
    match left_start.len() == right_start.len() {
        true => {
            of_bytes(left_start, right_start)
                + of_tiles(left_tiles, right_tiles)
                + of_copies(left_end, right_end)
        }
        false => of_copies(left, right),
    }
}

/// In software.
fn of_bytes(left: &[i8], right: &[i8]) -> i64 {
    let products = left.iter().zip(right);
    let products = products.map(|(&x, &y)| i32::from(x) * i32::from(y));
    products.sum::<i32>().into()
}

/// As many on both sides.
fn of_tiles(left: &[Tile], right: &[Tile]) -> i64 {
    let mut sums = [0; SUMS];
    let mut sum = 0;
    for (left, right) in left.chunks(MOST).zip(right.chunks(MOST)) {
        add_products(left, right, &[0; SUMS], &mut sums);
        // The products of each row with its own column.
        sum += sums
            .iter()
            .step_by(SIDE + 1)
            .copied()
            .map(i64::from)
            .sum::<i64>();
    }
    sum
}

fn of_copies(left: &[i8], right: &[i8]) -> i64 {
    let copy = |bytes: &[i8]| {
        let mut tile = Tile::ZERO;
        tile.0.as_flattened_mut()[..bytes.len()].copy_from_slice(bytes);
        tile
    };
    let pairs = left.chunks(TILE).zip(right.chunks(TILE));
    pairs
        .map(|(left, right)| match left.len() < FEW {
            true => of_bytes(left, right),
            false => of_tiles(&[copy(left)], &[copy(right)]),
        })
        .sum()
}

/// The dot product of two vectors, modulo `2^64`.
///
/// # Panics
/// If the vectors differ in length.
pub fn dot_i32(left: &[i32], right: &[i32]) -> i64 {
    assert_eq!(left.len(), right.len(), "vectors of one length");
    let (left, left_end) = left.as_chunks::<LENGTH>();
    let (right, right_end) = right.as_chunks::<LENGTH>();
    let mut sum = 0;
    for (left, right) in left.iter().zip(right) {
        accelerators::dot_i32((left, right, &mut sum));
    }
    for (&x, &y) in left_end.iter().zip(right_end) {
        sum = sum.wrapping_add(i64::from(x) * i64::from(y));
    }
    sum
}

/// Multiplies four rows with four columns, given as tiles one after another (of unequal numbers, the first ones), and
/// adds the products to `start`. Sums wrap.
#[inline]
pub fn add_products(left: &[Tile], right: &[Tile], start: &Sums, sums: &mut Sums) {
    let mut pairs = left.iter().zip(right);
    let Some((left, right)) = pairs.next() else {
        *sums = *start;
        return;
    };
    accelerators::matrix_product_i8((left, right, Some(start), sums));
    for (left, right) in pairs {
        accelerators::matrix_product_i8((left, right, None, sums));
    }
}
