//! Numbers of 256 bits modulo others, by the accelerator `mul_add_mod_256`: what our guest crates
//! compute with.
//!
//! Times depend on the numbers. This tells a guest's environment nothing, as a guest has none; in a
//! program for another machine, where software computes, do not use it with secrets.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod modulo;
mod multiply_add;
mod power;
mod recoding;

use core::cmp::Ordering;

pub use modulo::{multiply_modulo, power_modulo};
pub use multiply_add::multiply_add;
pub use power::Plan;
pub use recoding::{Column, Digits, STREAMS};

/// 256 bits, the lowest word first.
pub type Words = [u32; 8];

/// The words of a number in 64 hexadecimal digits.
///
/// # Panics
/// If there are more, fewer or other characters: it is meant for constants.
pub const fn words(hex: &str) -> Words {
    let digits = hex.as_bytes();
    assert!(digits.len() == 64, "expected 64 digits");
    let (mut words, mut i) = ([0; 8], 0);
    while i < 64 {
        let digit = match digits[i] {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'A'..=b'F' => digit - b'A' + 10,
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            _ => panic!("expected hexadecimal digits"),
        };
        words[7 - i / 8] = words[7 - i / 8] << 4 | digit as u32;
        i += 1;
    }
    words
}

/// `number / 2`, rounded down, plus `carry * 2^255`, for a carry of 0 or 1.
pub const fn half(number: &Words, carry: u32) -> Words {
    let (mut half, mut i, mut above) = (*number, 8, carry);
    while i > 0 {
        i -= 1;
        let lowest = half[i] & 1;
        half[i] = half[i] >> 1 | above << 31;
        above = lowest;
    }
    half
}

/// `number + step`, for a sum that is not below 0; and the carry.
pub const fn shifted(number: &Words, step: i64) -> (Words, u32) {
    let (mut sum, mut i, mut carry) = (*number, 0, step);
    while i < 8 {
        let word = number[i] as i64 + carry;
        sum[i] = word as u32;
        carry = word >> 32;
        i += 1;
    }
    (sum, carry as u32)
}

/// True if `a < b`.
pub fn less(a: &Words, b: &Words) -> bool {
    a.iter().rev().cmp(b.iter().rev()) == Ordering::Less
}

/// An odd prime of 256 bits or fewer that is known to the compiler.
pub trait Modulus: Copy + Default + Eq + Ord + Send + Sync + 'static {
    /// It, as 64 hexadecimal digits.
    const HEX: &'static str;

    /// It, as a number.
    const NUMBER: Words = words(Self::HEX);
    /// -1
    const MINUS_ONE: Words = shifted(&Self::NUMBER, -1).0;
    /// 0
    const ZERO: Words = [0; 8];
    /// 1
    const ONE: Words = [1, 0, 0, 0, 0, 0, 0, 0];
    /// 1/2
    const HALF: Words = {
        let (next, carry) = shifted(&Self::NUMBER, 1);
        half(&next, carry)
    };
    /// 3/2
    const THREE_HALVES: Words = shifted(&Self::HALF, 1).0;
    /// -2
    const MINUS_TWO: Words = shifted(&Self::NUMBER, -2).0;
    /// How to invert: to the power `p - 2`.
    const INVERSION: Plan = Plan::new(&Self::MINUS_TWO);
    /// How to find a square root if `p` is 3 modulo 4: to the power `(p + 1) / 4`.
    const ROOT: Plan = Plan::new(&half(&Self::HALF, 0));

    /// `out := a * b + c`
    #[inline(always)]
    fn multiply_add(a: &Words, b: &Words, c: &Words, out: &mut Words) {
        multiply_add(a, b, c, &Self::NUMBER, out);
    }

    /// `out := a * b`
    #[inline(always)]
    fn multiply(a: &Words, b: &Words, out: &mut Words) {
        multiply_add(a, b, &Self::ZERO, &Self::NUMBER, out);
    }
}
