//! Panics with its input's length: a test of the panic handler.
//!
//! Input: any bytes; at most 256 are read. Journal: empty. Exit code: 101.
#![no_std]
#![no_main]

use vouch_guest::io::Chunk;

vouch_guest::entry!(main);

fn main() {
    let mut input = Chunk::<256>::new();
    panic!("asked to panic with {} bytes of input", input.read().len());
}
