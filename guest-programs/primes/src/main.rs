//! Counts primes by trial division: a test of DIV and REM.
//!
//! Input: `n`, four bytes, little-endian. Journal: the number of primes up to and including
//! `n`, likewise.
#![no_std]
#![no_main]

use vouch_guest::io::{self, Exact};
use vouch_guest::refuse;

vouch_guest::entry!(main);

fn main() {
    let mut input = Exact::<4>::new();
    match input.read() {
        Ok(&n) => io::commit_word(primes_up_to(u32::from_le_bytes(n))),
        Err(error) => refuse(error),
    }
}

fn primes_up_to(n: u32) -> u32 {
    (2..=n)
        .map(|candidate| u32::from(is_prime(candidate)))
        .sum()
}

/// Whether `candidate`, at least 2, has no divisor up to its square root.
fn is_prime(candidate: u32) -> bool {
    let mut divisor = 2;
    while divisor <= candidate / divisor {
        if candidate.is_multiple_of(divisor) {
            return false;
        }
        divisor += 1;
    }
    true
}
