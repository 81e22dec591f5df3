//! In software.

use alloc::vec::Vec;

/// The rows of the product, one at a time.
pub fn product(left: &[i8], right: &[i8], size: usize) -> impl Iterator<Item = Vec<i32>> {
    // So that what is multiplied lies side by side.
    let columns: Vec<i8> = (0..size)
        .flat_map(|column| right[column..].iter().step_by(size))
        .copied()
        .collect();
    let rows = left.chunks(size.max(1));
    rows.map(move |row| {
        let columns = columns.chunks_exact(size);
        columns.map(|column| dot(row, column)).collect()
    })
}

fn dot(left: &[i8], right: &[i8]) -> i32 {
    let (lefts, left_rest) = left.as_chunks::<8>();
    let (rights, right_rest) = right.as_chunks::<8>();
    let mut sum = 0;
    for (left, right) in lefts.iter().zip(rights) {
        sum += dot_of(left, right);
    }
    sum + dot_of(left_rest, right_rest)
}

#[inline(always)]
fn dot_of(left: &[i8], right: &[i8]) -> i32 {
    let products = left.iter().zip(right);
    products
        .map(|(left, right)| i32::from(*left) * i32::from(*right))
        .sum()
}
