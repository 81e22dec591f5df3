//! Reads a number n, and commits to n and the n-th Fibonacci number.
#![no_std]
#![no_main]

use vouch_guest::io;

vouch_guest::entry!(main);

fn main() {
    let n: u32 = io::read();
    io::end();
    io::commit(&(n, fibonacci(n)));
}

/// The n-th Fibonacci number, modulo 2^32.
fn fibonacci(n: u32) -> u32 {
    let (mut a, mut b) = (0u32, 1u32);
    for _ in 0..n {
        (a, b) = (b, a.wrapping_add(b));
    }
    a
}
