//! Looks for a fault of the compiler: the low half of a product by `2^32 - 2^s`, see docs/guests.md.
//!
//! Journal, in words: bit `s` says that the product is wrong for some number; the same where the constant is
//! hidden from the compiler; then the doubles of some numbers, by Montgomery multiplication, and the same where
//! the constant is hidden.
#![no_std]
#![no_main]

use core::hint::black_box;

use vouch_guest::io;

vouch_guest::entry!(main);

/// BabyBear.
const P: u64 = 0x7800_0001;
/// `P^-1` modulo `2^32`.
const INVERSE: u64 = 0x8800_0001;
/// 2 in Montgomery form: `2 * 2^32` modulo `P`.
const TWO: u64 = 0x1FFF_FFFC;

const SOME: [u32; 6] = [1, 2, 3, 1000, 0x1234_5678, P as u32 - 1];

const fn constant(s: u32) -> u64 {
    (1 << 32) - (1 << s)
}

#[inline(never)]
fn product<const S: u32>(x: u64) -> u64 {
    x.wrapping_mul(constant(S)) & 0xFFFF_FFFF
}

#[inline(never)]
fn product_by(constant: u64, x: u64) -> u64 {
    x.wrapping_mul(constant) & 0xFFFF_FFFF
}

/// Whether the two are wrong.
fn wrong<const S: u32>() -> [bool; 2] {
    let some = || SOME.map(|x| u64::from(x) << 31 | u64::from(x));
    // Without a multiplication.
    let right = |x: u64| u64::from((x as u32).wrapping_shl(S).wrapping_neg());
    let known = some()
        .iter()
        .any(|&x| product::<S>(black_box(x)) != right(x));
    let hidden = black_box(constant(S));
    let hidden = some().iter().any(|&x| product_by(hidden, x) != right(x));
    [known, hidden]
}

fn reduce(x: u64) -> u32 {
    let t = x.wrapping_mul(INVERSE) & 0xFFFF_FFFF;
    let (difference, borrows) = x.overflowing_sub(t * P);
    ((difference >> 32) as u32).wrapping_add(if borrows { P as u32 } else { 0 })
}

#[inline(never)]
fn double(x: u32) -> u32 {
    reduce(u64::from(x) * TWO)
}

#[inline(never)]
fn double_by(two: u64, x: u32) -> u32 {
    reduce(u64::from(x) * two)
}

macro_rules! all {
    ($($s:literal)*) => {
        [$(($s, wrong::<$s>())),*]
    };
}

fn main() {
    let all =
        all!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
    for way in 0..2 {
        let bit = |(s, wrong): &(u32, [bool; 2])| u32::from(wrong[way]) << s;
        io::commit_word(all.iter().map(bit).sum());
    }
    for x in SOME {
        io::commit_word(double(black_box(x)));
    }
    let two = black_box(TWO);
    for x in SOME {
        io::commit_word(double_by(two, x));
    }
}
