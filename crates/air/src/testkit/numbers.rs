//! Numbers that tests share, and random ones.

use core::ops::Range;

use p3_field::{PrimeField32, integers::QuotientMap};

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

/// What SplitMix64 adds at each step.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's step from a state: a number that looks nothing like it.
pub const fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(GOLDEN);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// SplitMix64: the same mutants on every run.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// 64 bits.
    pub fn draw(&mut self) -> u64 {
        let drawn = mix(self.0);
        self.0 = self.0.wrapping_add(GOLDEN);
        drawn
    }

    /// A field element.
    pub fn element(&mut self) -> F {
        F::from_int(self.draw() >> 33)
    }
}
