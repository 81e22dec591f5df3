//! Words and immediates at which arithmetic goes wrong, if it does.

use super::Generator;

/// The BabyBear prime.
const P: u32 = 0x7800_0001;

const MIN: u32 = 1 << 31;
const MAX: u32 = MIN - 1;

/// Where the sign, the field and its limbs of 16 bits end.
const EDGES: [u32; 13] = [
    0,
    1,
    2,
    0xffff,
    0x1_0000,
    0x1_0001,
    P - 1,
    P,
    P + 1,
    MAX,
    MIN,
    MIN + 1,
    u32::MAX,
];

/// Where bytes, half-words, shift amounts and their signs end.
const SMALL_EDGES: [u32; 20] = [
    3,
    31,
    32,
    33,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    MAX - 1,
    0x8000_ffff,
    0xffff_0000,
    0xffff_7fff,
    0xffff_8000,
    0xffff_ff7f,
    0xffff_ff80,
    0xffff_ffe0,
    0xffff_fffd,
    0xffff_fffe,
];

impl Generator {
    /// A word: often one at an edge.
    pub(super) fn word(&mut self) -> u32 {
        let word = self.random.draw() as u32;
        match self.random.below(8) {
            0..3 => self.random.pick(&EDGES),
            3 => self.random.pick(&SMALL_EDGES),
            4 => 1 << (word % 32),
            // Few bits, of either sign.
            5 => ((word as i32) >> (word % 32)) as u32,
            _ => word,
        }
    }

    /// Two words: often the same, neighbours, opposite, or special as dividend and divisor.
    pub(super) fn pair(&mut self) -> (u32, u32) {
        let (a, b) = (self.word(), self.word());
        match self.random.below(12) {
            0 | 1 => (a, a),
            2 => (a, a.wrapping_add(1)),
            3 => (a, a.wrapping_sub(1)),
            4 => (a, a.wrapping_neg()),
            5 => (a, 0),
            6 | 7 => {
                let pairs = [(MIN, u32::MAX), (MIN, MAX), (MAX, MIN)];
                self.random.pick(&pairs)
            }
            // A dividend next to a multiple of the divisor.
            8 => {
                let near = self.random.between(-1, 1) as u32;
                (a.wrapping_mul(b).wrapping_add(near), b)
            }
            _ => (a, b),
        }
    }

    /// An immediate of 12 bits, sign-extended.
    pub(super) fn immediate(&mut self) -> i32 {
        match self.random.below(3) {
            0 => self.random.pick(&[-2048, -2047, -2, -1, 0, 1, 2, 2047]),
            _ => self.random.between(-2048, 2047),
        }
    }
}
