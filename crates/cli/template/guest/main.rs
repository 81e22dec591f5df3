//! A Fibonacci number: reads n, and commits to n and the n-th number, modulo 2^32.
#![no_std]
#![no_main]

use vouch_guest::io::{self, Exact};
use vouch_guest::refuse;

vouch_guest::entry!(main);

fn main() {
    match Exact::<4>::new().read() {
        Ok(&bytes) => {
            let n = u32::from_le_bytes(bytes);
            io::commit_word(n);
            io::commit_word(fibonacci(n));
        }
        Err(error) => refuse(error),
    }
}

fn fibonacci(n: u32) -> u32 {
    let (mut a, mut b) = (0u32, 1u32);
    for _ in 0..n {
        (a, b) = (b, a.wrapping_add(b));
    }
    a
}
