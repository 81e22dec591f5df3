//! Commits to four hashes: job ID, model hash, input hash and output hash.
//!
//! Input: the four hashes of 32 bytes, in that order, nothing else.
//! Journal: the same 128 bytes.
#![no_std]
#![no_main]

use vouch_guest::io::{self, Exact};
use vouch_guest::refuse;

/// Four hashes of 32 bytes.
const INPUT_BYTES: usize = 4 * 32;

vouch_guest::entry!(main);

fn main() {
    let mut input = Exact::<INPUT_BYTES>::new();
    match input.read() {
        Ok(hashes) => io::commit_slice(hashes),
        Err(error) => refuse(error),
    }
}
