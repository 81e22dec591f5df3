//! The product of two square matrices of 8-bit integers, with 32-bit sums, by the accelerator `matrix_product_i8`; with
//! the feature `software`, without accelerators.
//!
//! Input: two frames, the entries of each matrix row by row, a signed byte each. Journal: the number of rows (four bytes,
//! little-endian), and the BLAKE3 digest (32 bytes) of the product's entries, row by row, four bytes each, little-endian.
#![no_std]
#![no_main]

extern crate alloc;

#[cfg(feature = "software")]
use blake3::Hasher;
#[cfg(not(feature = "software"))]
use blake3_accelerated::Hasher;
use bytemuck::cast_slice;
use vouch_guest::{io, refuse};

#[cfg_attr(feature = "software", path = "software.rs")]
mod product;

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
    let mut hasher = Hasher::new();
    for rows in product::product(cast_slice(&left), cast_slice(&right), size) {
        // The machine's numbers are little-endian.
        hasher.update(cast_slice(&rows));
    }
    io::commit_slice(hasher.finalize().as_bytes());
}
