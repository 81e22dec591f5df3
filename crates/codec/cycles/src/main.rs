//! Encodes and decodes the same values in several encodings, for `cargo xtask encoding`, which counts
//! what that costs.
//!
//! The first byte of the input picks the encoding, the second the values, the third what is done:
//!
//! | third byte | what it does with the rest of the input |
//! |---|---|
//! | `m` | makes values of so many bytes (a word, little-endian) |
//! | `e` | makes them, and commits to their encoding |
//! | `r` | reads it |
//! | `d` | reads and decodes it |
#![no_std]
#![no_main]

extern crate alloc;

mod encodings;
mod values;

use alloc::vec::Vec;
use core::hint::black_box;

use encodings::{Aligned, Bincode, Borsh, Encoding, Postcard};
use values::{Bytes, Doubles, Make, Numbers, Octets, Orders, Texts};
use vouch_guest::{io, refuse};

vouch_guest::entry!(main);

fn main() {
    // Whole words, so that what follows is read to where words are.
    let mut what = [0; 4];
    if let Err(error) = io::read_exact(&mut what) {
        refuse(error);
    }
    match what[0] {
        b'a' => encoding::<Aligned>(what[1], what[2]),
        b'p' => encoding::<Postcard>(what[1], what[2]),
        b'n' => encoding::<Bincode>(what[1], what[2]),
        b'o' => encoding::<Borsh>(what[1], what[2]),
        _ => refuse("no such encoding"),
    }
}

fn encoding<E: Encoding>(values: u8, action: u8) {
    match values {
        b'w' => act::<E, Numbers>(action),
        b'd' => act::<E, Doubles>(action),
        b'o' => act::<E, Octets>(action),
        b'b' => act::<E, Bytes>(action),
        b't' => act::<E, Texts>(action),
        b's' => act::<E, Orders>(action),
        _ => refuse("no such values"),
    }
}

fn act<E: Encoding, T: Make>(action: u8) {
    let input: Vec<u8> = io::read_to_end();
    let size = || {
        let size = input.first_chunk().copied().map(u32::from_le_bytes);
        size.unwrap_or_default() as usize
    };
    match action {
        b'm' => drop(black_box(T::make(size()))),
        b'e' => io::commit_slice(&E::encode(&T::make(size()))),
        b'r' => drop(black_box(input)),
        b'd' => drop(black_box(E::decode::<T>(&input))),
        _ => refuse("no such action"),
    }
}
