//! Scalars as signed digits, few of which are not 0.

/// Sums of this many multiples are computed at once.
pub const STREAMS: usize = 4;

/// The digits of all scalars for one power of two. They are aligned as a word, and compared as one.
#[derive(Clone, Copy)]
#[repr(align(4))]
pub struct Column(pub [i8; STREAMS]);

impl Column {
    /// True if all of them are.
    #[inline(always)]
    pub fn are_zero(&self) -> bool {
        self.0 == [0; STREAMS]
    }
}

/// Digits for each power of two, the lowest first. 256 bits and a carry have room.
pub struct Digits(pub [Column; 257]);

impl Digits {
    /// All are 0.
    pub const fn zeros() -> Self {
        Self([Column([0; STREAMS]); 257])
    }

    /// Sets those of a stream, which are 0, to those of `number`, or of `-number`.
    ///
    /// They are odd, from `-2^(width - 1) + 1` to `2^(width - 1) - 1`, or 0: of `width` that follow
    /// each other, one at most is not.
    pub fn set(&mut self, stream: usize, number: &[u32], is_negative: bool, width: usize) {
        let (mut carry, mut i) = (0, 0);
        let bits = 32 * number.len();
        // The last carry stands behind all bits.
        while i <= bits {
            let window = bits_from(number, i);
            if window & 1 == carry {
                i += 1;
                continue;
            }
            let mut digit = ((window & ((1 << width) - 1)) + carry) as i32;
            carry = u32::from(digit >= 1 << (width - 1));
            digit -= (carry << width) as i32;
            if is_negative {
                digit = -digit;
            }
            if let Some(digits) = self.0.get_mut(i) {
                digits.0[stream] = digit as i8;
            }
            i += width;
        }
    }
}

/// The bits from `i`: 32 of them, those behind the last being 0.
#[inline(always)]
fn bits_from(number: &[u32], i: usize) -> u32 {
    let word = |i| number.get(i).copied().unwrap_or(0);
    let shift = i % 32;
    word(i / 32) >> shift | word(i / 32 + 1) << 1 << (31 - shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_the_number() {
        for number in [0, 1, 2, 15, 16, 0x5555_5555, 0x8000_0001, u32::MAX] {
            for (width, is_negative) in [(2, false), (5, true), (8, false), (8, true)] {
                let mut digits = Digits::zeros();
                digits.set(2, &[number], is_negative, width);
                let mut sum = 0;
                for digits in digits.0.iter().rev() {
                    let [first, second, digit, fourth] = digits.0;
                    assert_eq!([first, second, fourth], [0; 3]);
                    assert!(digit == 0 || digit & 1 == 1);
                    assert!(i32::from(digit.unsigned_abs()) < 1 << (width - 1));
                    sum = 2 * sum + i64::from(digit);
                }
                let sign = if is_negative { -1 } else { 1 };
                assert_eq!(sum, sign * i64::from(number));
            }
        }
    }

    #[test]
    fn a_carry_has_room() {
        let mut digits = Digits::zeros();
        digits.set(0, &[u32::MAX; 8], false, 5);
        assert_eq!(digits.0[0].0[0], -1);
        assert_eq!(digits.0[256].0[0], 1);
    }
}
