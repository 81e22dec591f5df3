//! BabyBear, the field that proofs are made over: the numbers modulo `p = 15 * 2^27 + 1`.
//!
//! Elements are in Montgomery form, `x * 2^32` modulo `p`. A remainder of 64 bits takes RV32IM hundreds of
//! cycles, and a product in this form a dozen.

/// `p`
pub(super) const P: u32 = 15 * (1 << 27) + 1;
/// `-1/p` modulo `2^32`. Not `1/p`: LLVM gets its product with some constants wrong on RV32IM (docs/guests.md,
/// "A fault of the compiler").
const NEGATIVE_INVERSE: u32 = 0x77ff_ffff;
/// `2^64` modulo `p`: the form of `2^32`.
const SQUARE: u32 = ((1 << 64) % P as u128) as u32;

const _: () = assert!(P.wrapping_mul(NEGATIVE_INVERSE) == u32::MAX);

/// An element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element(u32);

impl Element {
    pub(super) const ZERO: Self = Self(0);

    /// What a word is modulo `p`. It may be `p` or more.
    pub(super) const fn new(word: u32) -> Self {
        Self(reduce(word as u64 * SQUARE as u64))
    }

    /// As a word below `p`.
    pub(super) const fn word(self) -> u32 {
        reduce(self.0 as u64)
    }

    pub(super) const fn add(self, other: Self) -> Self {
        // No overflow: both are below `p < 2^31`.
        Self(below_p(self.0 + other.0))
    }

    pub(super) const fn negative(self) -> Self {
        Self(below_p(P - self.0))
    }

    pub(super) const fn multiply(self, other: Self) -> Self {
        Self(reduce(self.0 as u64 * other.0 as u64))
    }
}

/// `x / 2^32` modulo `p`, for an `x` below `2^32 * p`.
const fn reduce(x: u64) -> u32 {
    let multiple = (x as u32).wrapping_mul(NEGATIVE_INVERSE) as u64 * P as u64;
    // The low half is 0, and both summands are below `2^32 * p < 2^63`.
    below_p(((x + multiple) >> 32) as u32)
}

/// `x` modulo `p`, for an `x` below `2 p`.
const fn below_p(x: u32) -> u32 {
    if x < P { x } else { x - P }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SplitMix;

    /// Against the remainders of integers.
    #[test]
    fn arithmetic_is_modulo_p() {
        let mut words = alloc::vec![0, 1, 2, P - 1, P, P + 1, 2 * P - 1, 2 * P, u32::MAX];
        let mut random = SplitMix(5);
        words.extend((0..100).map(|_| random.draw() as u32));
        let modulo = |x: u64| (x % u64::from(P)) as u32;
        for a in words.iter().copied() {
            let element = Element::new(a);
            assert_eq!(element.word(), a % P);
            assert_eq!(element.add(element.negative()), Element::ZERO);
            for b in words.iter().copied() {
                let other = Element::new(b);
                let sum = element.add(other).word();
                assert_eq!(sum, modulo(u64::from(a) + u64::from(b)));
                let product = element.multiply(other).word();
                assert_eq!(product, modulo(u64::from(a) * u64::from(b)));
            }
        }
    }
}
