//! Sorts pseudo-random numbers and counts them in a B-tree: a test of heap and memory.
//!
//! Input: `n`, four bytes, little-endian. Journal: `n` and a checksum, likewise.
//!
//! The numbers are the first `n` of xorshift32 from the seed 2463534242. The checksum starts
//! at 0 and folds words in by `checksum * 31 + word` mod 2^32: first the numbers in
//! ascending order, then, for each value of a number's 12 high bits that occurs, in ascending
//! order, that value and how often it occurs.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use vouch_guest::io::{self, Exact};
use vouch_guest::refuse;

vouch_guest::entry!(main);

fn main() {
    let mut input = Exact::<4>::new();
    match input.read() {
        Ok(&n) => {
            let n = u32::from_le_bytes(n);
            io::commit_word(n);
            io::commit_word(checksum(n));
        }
        Err(error) => refuse(error),
    }
}

fn checksum(n: u32) -> u32 {
    let mut state = 2_463_534_242;
    let mut numbers = Vec::new();
    let mut counts = BTreeMap::new();
    for _ in 0..n {
        state = xorshift32(state);
        numbers.push(state);
        *counts.entry(state >> 20).or_insert(0u32) += 1;
    }
    numbers.sort();
    let sorted = numbers.iter().fold(0, |sum, &number| fold(sum, number));
    counts
        .iter()
        .fold(sorted, |sum, (&bits, &count)| fold(fold(sum, bits), count))
}

fn xorshift32(mut state: u32) -> u32 {
    state ^= state << 13;
    state ^= state >> 17;
    state ^ state << 5
}

fn fold(sum: u32, word: u32) -> u32 {
    sum.wrapping_mul(31).wrapping_add(word)
}
