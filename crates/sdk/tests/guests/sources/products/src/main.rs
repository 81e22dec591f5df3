//! Sums of products of slices of its input.
//!
//! Input: two frames of bytes; a list of cuts: where a vector begins in the first and in the second frame, and how
//! long both are; a list of shapes: rows of a left matrix, columns of a right one, and what both have in common. Journal:
//! the dot products of each cut, as bytes and, if the frames are that long, as words, eight bytes each; the product of
//! the matrices of each shape, and of the left one with a column of the right one, four bytes an entry.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;

use vouch_guest::io;
use vouch_guest::products::{Tiles, dot_i8, dot_i32, matrix_product, matrix_vector};

vouch_guest::entry!(main);

fn main() {
    let [left, right] = [io::read_frame(), io::read_frame()];
    let (cuts, shapes): (Vec<[u32; 3]>, Vec<[u32; 3]>) = io::read();
    io::end();
    let words = |bytes: &[u8]| -> Vec<i32> {
        let (words, _) = bytes.as_chunks();
        words.iter().map(|word| i32::from_le_bytes(*word)).collect()
    };
    let bytes = |bytes: Vec<u8>| -> Vec<i8> { bytes.into_iter().map(u8::cast_signed).collect() };
    let (left_words, right_words) = (words(&left), words(&right));
    let (left, right) = (bytes(left), bytes(right));
    for cut in cuts {
        let [from_left, from_right, length] = cut.map(|number| number as usize);
        let (x, y) = (&left[from_left..][..length], &right[from_right..][..length]);
        io::commit_slice(&dot_i8(x, y).to_le_bytes());
        let x = left_words.get(from_left..from_left + length);
        let y = right_words.get(from_right..from_right + length);
        if let (Some(x), Some(y)) = (x, y) {
            io::commit_slice(&dot_i32(x, y).to_le_bytes());
        }
    }
    for shape in shapes {
        let [rows, columns, depth] = shape.map(|number| number as usize);
        let left = Tiles::from_rows(&left[..rows * depth], depth);
        let right = &right[..depth * columns];
        let column: Vec<i8> = right.iter().step_by(columns).copied().collect();
        let product = matrix_product(&left, &Tiles::from_columns(right, columns));
        for entry in product.into_iter().chain(matrix_vector(&left, &column)) {
            io::commit_slice(&entry.to_le_bytes());
        }
    }
}
