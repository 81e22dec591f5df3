//! The product of two square matrices of 8-bit integers, with 32-bit sums, in software.
//!
//! Input: two frames, the entries of each matrix row by row, a signed byte each. Journal: the number of rows (four bytes,
//! little-endian), and the BLAKE3 digest (32 bytes) of the product's entries, row by row, four bytes each, little-endian.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;

use blake3::Hasher;
use vouch_guest::{io, refuse};

/// Most rows. The heap has room for three such matrices of bytes, and 32 bits have room for their sums: those of fewer
/// than 2^17 products of 8 bits.
const LARGEST: usize = 1 << 12;

vouch_guest::entry!(main);

fn main() {
    let [left, right] = [io::read_frame(), io::read_frame()];
    io::end();
    let size = left.len().isqrt();
    if size * size != left.len() || left.len() != right.len() || size > LARGEST {
        refuse(format_args!(
            "expected two square matrices of one size up to {LARGEST} rows, got {} and {} entries",
            left.len(),
            right.len()
        ));
    }
    io::commit_word(size as u32);
    io::commit_slice(product(&left, &right, size).as_bytes());
}

/// The digest of the product.
fn product(left: &[u8], right: &[u8], size: usize) -> blake3::Hash {
    let mut hasher = Hasher::new();
    if size == 0 {
        return hasher.finalize();
    }
    // So that what is multiplied lies side by side.
    let columns: Vec<i8> = (0..size)
        .flat_map(|column| right[column..].iter().step_by(size))
        .map(|entry| entry.cast_signed())
        .collect();
    let mut row = Vec::new();
    for left in left.chunks_exact(size) {
        row.clear();
        for column in columns.chunks_exact(size) {
            row.extend(dot(left, column).to_le_bytes());
        }
        hasher.update(&row);
    }
    hasher.finalize()
}

fn dot(left: &[u8], right: &[i8]) -> i32 {
    let (lefts, left_rest) = left.as_chunks::<8>();
    let (rights, right_rest) = right.as_chunks::<8>();
    let mut sum = 0;
    for (left, right) in lefts.iter().zip(rights) {
        sum += dot_of(left, right);
    }
    sum + dot_of(left_rest, right_rest)
}

#[inline(always)]
fn dot_of(left: &[u8], right: &[i8]) -> i32 {
    let products = left.iter().zip(right);
    products
        .map(|(left, right)| i32::from(left.cast_signed()) * i32::from(*right))
        .sum()
}
