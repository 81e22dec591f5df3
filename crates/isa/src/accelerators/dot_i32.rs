//! The dot product of two vectors of 32 signed words, added to a number of 64 bits. It wraps.

use super::{ARGUMENTS, Accelerates, Arguments, Operand};

/// Words of a vector.
pub const LENGTH: usize = 32;
/// Words of the sum.
const SUM_WORDS: usize = 2;

/// The accelerator: `a0` and `a1` point to the vectors, `a2` to the sum, its low word first.
pub struct DotI32;

impl Accelerates for DotI32 {
    const NUMBER: u32 = 0x1007;
    const NAME: &'static str = "dot_i32";
    const OPERANDS: [Operand; ARGUMENTS] = [
        Operand::Read(LENGTH as u32),
        Operand::Read(LENGTH as u32),
        Operand::Update(SUM_WORDS as u32),
        Operand::Unused,
        Operand::Unused,
    ];
    type Arguments<'a> = (&'a [i32; LENGTH], &'a [i32; LENGTH], &'a mut i64);

    fn compute(words: &mut [u32]) {
        let Some((left, rest)) = words.split_first_chunk_mut::<LENGTH>() else {
            return;
        };
        let Some((right, rest)) = rest.split_first_chunk_mut::<LENGTH>() else {
            return;
        };
        let Some([low, high]) = rest.first_chunk_mut::<SUM_WORDS>() else {
            return;
        };
        let mut sum = i64::from(high.cast_signed()) << 32 | i64::from(*low);
        for (x, y) in left.iter().zip(right) {
            let [x, y] = [*x, *y].map(|word| i64::from(word.cast_signed()));
            sum = sum.wrapping_add(x * y);
        }
        (*low, *high) = (sum as u32, (sum >> 32) as u32);
    }
}

impl Arguments for (&[i32; LENGTH], &[i32; LENGTH], &mut i64) {
    fn pointers(self) -> [*mut u32; ARGUMENTS] {
        let nothing = core::ptr::null_mut();
        let (left, right, sum) = self;
        let [left, right] = [left, right].map(|vector| vector.as_ptr().cast_mut().cast());
        [
            left,
            right,
            core::ptr::from_mut(sum).cast(),
            nothing,
            nothing,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_wrap() {
        let mut words = [0; 2 * LENGTH + SUM_WORDS];
        let [low, high] = [2 * LENGTH, 2 * LENGTH + 1];
        words[..2 * LENGTH].fill(0x8000_0000);
        DotI32::compute(&mut words);
        // 32 times 2^62 is a multiple of 2^64.
        assert_eq!([words[low], words[high]], [0, 0]);
        words[31] = 3;
        words[2 * LENGTH - 1] = u32::MAX;
        DotI32::compute(&mut words);
        // 2^62 less than a multiple, and -3.
        let sum = -(1i64 << 62) - 3;
        assert_eq!([words[low], words[high]], [sum as u32, (sum >> 32) as u32]);
    }
}
