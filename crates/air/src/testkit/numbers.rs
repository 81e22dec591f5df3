//! Numbers that tests share.

use core::ops::Range;

use p3_field::{PrimeField32, integers::QuotientMap};
use vouch_isa::testing::SplitMix;

use crate::F;

/// Executable range of the rows made by hand, in word indices.
pub const TEXT: Range<u32> = 0x4100..0x8200;

/// The BabyBear prime.
pub const P: u32 = F::ORDER_U32;

/// Words at which arithmetic goes wrong if it does.
pub const EDGES: [u32; 14] = [
    0,
    1,
    2,
    u32::MAX,
    u32::MAX - 1,
    0x8000_0000,
    0x8000_0001,
    0x7fff_ffff,
    0xffff,
    0x1_0000,
    0x1_0001,
    P - 1,
    P,
    P + 1,
];

/// A random field element.
pub fn element(random: &mut SplitMix) -> F {
    F::from_int(random.draw() >> 33)
}

/// An element as the integer nearest to 0.
pub fn as_signed(x: F) -> i64 {
    match x.as_canonical_u32() {
        x if x > P / 2 => i64::from(x) - i64::from(P),
        x => i64::from(x),
    }
}
