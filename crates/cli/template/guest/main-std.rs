//! A Fibonacci number: reads n, and commits to n and the n-th number, modulo 2^32.

use vouch_guest::io;

fn main() {
    let n: u32 = io::read();
    io::commit(&(n, fibonacci(n)));
}

fn fibonacci(n: u32) -> u32 {
    let (mut a, mut b) = (0u32, 1u32);
    for _ in 0..n {
        (a, b) = (b, a.wrapping_add(b));
    }
    a
}
