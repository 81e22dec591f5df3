//! Fibonacci numbers modulo 2^32.
//!
//! Input: `n`, four bytes, little-endian. Journal: `fib(n)` mod 2^32, likewise
//! (`fib(0) = 0`, `fib(1) = 1`).
#![no_std]
#![no_main]

use vouch_guest::io::{self, Exact};
use vouch_guest::refuse;

vouch_guest::entry!(main);

fn main() {
    let mut input = Exact::<4>::new();
    match input.read() {
        Ok(&n) => io::commit_word(fibonacci(u32::from_le_bytes(n))),
        Err(error) => refuse(error),
    }
}

fn fibonacci(mut n: u32) -> u32 {
    let (mut a, mut b) = (0u32, 1u32);
    while n != 0 {
        (a, b) = (b, a.wrapping_add(b));
        n -= 1;
    }
    a
}
