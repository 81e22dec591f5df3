//! The same numbers on every run.

use vouch_air::testkit::{EDGES, P};
use vouch_isa::testing::{SplitMix, mix};

/// Numbers and words to attack with.
#[derive(Clone, Debug)]
pub struct Random(SplitMix);

impl Random {
    /// Numbers that depend on the seed.
    pub fn new(seed: u64) -> Self {
        let mut numbers = SplitMix(mix(seed));
        // Attacks are counted: these begin with the second number, as they always have.
        numbers.draw();
        Self(numbers)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0.draw()
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.draw() % bound.max(1) as u64) as usize
    }

    /// A word, often one at an edge of what instructions or the field treat alike.
    pub fn word(&mut self) -> u32 {
        match self.below(2) {
            0 => EDGES[self.below(EDGES.len())],
            _ => self.draw() as u32,
        }
    }

    /// A small number that is not 0, of either sign, or the prime.
    pub fn step(&mut self) -> i32 {
        let steps = [
            1,
            -1,
            2,
            -2,
            3,
            4,
            -4,
            8,
            256,
            -256,
            1 << 14,
            1 << 16,
            -(1 << 16),
        ];
        match self.below(10) {
            0 => P as i32,
            _ => steps[self.below(steps.len())],
        }
    }
}
