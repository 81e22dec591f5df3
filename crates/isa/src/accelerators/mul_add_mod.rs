//! Products modulo any number, of any width that an accelerator has. Numbers are words, the least significant
//! first.

/// Words of the widest numbers.
const MOST: usize = 12;

/// What `a * b + c` is when it is divided by `m`, or by `2^(32 N)` if `m` is 0:
/// `a * b + c = quotient * m + remainder`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Division<const N: usize> {
    /// Its low words, and its high ones, which are not 0 if the modulus is small.
    pub quotient: [[u32; N]; 2],
    /// Below the modulus.
    pub remainder: [u32; N],
}

impl<const N: usize> Division<N> {
    /// Multiplies, adds and divides.
    pub fn new(a: &[u32; N], b: &[u32; N], c: &[u32; N], m: &[u32; N]) -> Self {
        const { assert!(N <= MOST) };
        let mut sum = [0; 2 * MOST + 1];
        sum[..N].copy_from_slice(c);
        for (i, &digit) in a.iter().enumerate() {
            sum[i + N] = add_product(&mut sum[i..i + N], b, digit);
        }
        let digits = N - m.iter().rev().take_while(|word| **word == 0).count();
        let mut quotient = [0; 2 * MOST + 1];
        if digits == 0 {
            quotient[..N].copy_from_slice(&sum[N..2 * N]);
        } else {
            let mut divisor = *m;
            let (number, divisor) = (&mut sum[..=2 * N], &mut divisor[..digits]);
            divide(number, divisor, &mut quotient[..=2 * N]);
        }
        let words = |from: &[u32]| {
            let mut words = [0; N];
            words.copy_from_slice(&from[..N]);
            words
        };
        Self {
            quotient: [words(&quotient), words(&quotient[N..])],
            remainder: words(&sum),
        }
    }
}

/// Replaces the last of five operands of `N` words, `a`, `b`, `c`, `m` and this one, with
/// `(a * b + c) mod m`.
pub(super) fn compute<const N: usize>(words: &mut [u32]) {
    if let ([a, b, c, m, out], []) = words.as_chunks_mut::<N>() {
        *out = Division::new(a, b, c, m).remainder;
    }
}

/// Adds `factor * digit` to `sum`, which is as long; returns the word that is carried out.
fn add_product(sum: &mut [u32], factor: &[u32], digit: u32) -> u32 {
    let mut carry = 0;
    for (word, &factor) in sum.iter_mut().zip(factor) {
        // No overflow: `(2^32 - 1)^2 + 2 (2^32 - 1) < 2^64`.
        let next = u64::from(factor) * u64::from(digit) + u64::from(*word) + carry;
        *word = next as u32;
        carry = next >> 32;
    }
    carry as u32
}

/// Divides a number of more words than the divisor, whose last word is not 0; the highest word is 0. The
/// remainder stays in its lowest words.
///
/// Knuth, The Art of Computer Programming 4.3.1, algorithm D, with the quotient's words estimated by one
/// word of the divisor: at most 2 too large.
fn divide(number: &mut [u32], divisor: &mut [u32], quotient: &mut [u32]) {
    let digits = divisor.len();
    let Some(shift) = divisor.last().map(|top| top.leading_zeros()) else {
        return;
    };
    shift_left(number, shift);
    shift_left(divisor, shift);
    let top = u64::from(divisor[digits - 1]);
    for place in (0..number.len() - digits).rev() {
        let part = &mut number[place..=place + digits];
        let two = u64::from(part[digits]) << 32 | u64::from(part[digits - 1]);
        let mut digit = (two / top).min(u32::MAX.into()) as u32;
        let mut is_negative = subtract_product(part, divisor, digit);
        while is_negative {
            digit -= 1;
            // What is carried out makes up for what was borrowed.
            let carry = add_product(&mut part[..digits], divisor, 1);
            let (sum, is_carried) = part[digits].overflowing_add(carry);
            part[digits] = sum;
            is_negative = !is_carried;
        }
        quotient[place] = digit;
    }
    shift_right(number, shift);
}

/// Subtracts `factor * digit` from a number that has a word more, modulo its size; whether it was less.
fn subtract_product(number: &mut [u32], factor: &[u32], digit: u32) -> bool {
    let mut borrow = 0;
    let words = factor.iter().copied().chain([0]);
    for (word, factor) in number.iter_mut().zip(words) {
        let product = u64::from(factor) * u64::from(digit) + borrow;
        let (rest, is_less) = word.overflowing_sub(product as u32);
        *word = rest;
        borrow = (product >> 32) + u64::from(is_less);
    }
    borrow != 0
}

/// By less than a word; what is shifted out is 0.
fn shift_left(number: &mut [u32], bits: u32) {
    let mut low = 0;
    for word in number {
        let wide = u64::from(*word) << bits | low;
        *word = wide as u32;
        low = wide >> 32;
    }
}

/// By less than a word.
fn shift_right(number: &mut [u32], bits: u32) {
    let mut high = 0;
    for word in number.iter_mut().rev() {
        let wide = high << 32 | u64::from(*word);
        *word = (wide >> bits) as u32;
        high = wide & 0xffff_ffff;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SplitMix;

    /// `quotient * m + remainder`, in `2 N` words.
    fn multiplied_out<const N: usize>(division: &Division<N>, m: &[u32; N]) -> [u32; 3 * MOST] {
        let mut sum = [0; 3 * MOST];
        sum[..N].copy_from_slice(&division.remainder);
        for (i, &digit) in division.quotient.as_flattened().iter().enumerate() {
            match m.iter().all(|word| *word == 0) {
                true => sum[i + N] += digit,
                false => sum[i + N] = add_product(&mut sum[i..i + N], m, digit),
            }
        }
        sum
    }

    /// Numbers of random length, with words that are often at the edges.
    fn number<const N: usize>(random: &mut SplitMix) -> [u32; N] {
        let length = random.below(N as u32 + 1) as usize;
        core::array::from_fn(|i| match (i < length, random.below(4)) {
            (false, _) => 0,
            (true, 0) => 0,
            (true, 1) => u32::MAX,
            (true, 2) => 0x8000_0000 >> random.below(32),
            (true, _) => random.draw() as u32,
        })
    }

    fn divisions_multiply_out<const N: usize>() {
        let mut random = SplitMix(N as u64);
        for _ in 0..20_000 {
            let [a, b, c, m] = [(); 4].map(|()| number::<N>(&mut random));
            let division = Division::new(&a, &b, &c, &m);
            let mut expected = [0; 3 * MOST];
            expected[..N].copy_from_slice(&c);
            for (i, &digit) in a.iter().enumerate() {
                expected[i + N] = add_product(&mut expected[i..i + N], &b, digit);
            }
            assert_eq!(
                multiplied_out(&division, &m),
                expected,
                "{a:x?} {b:x?} {c:x?} {m:x?}"
            );
            let is_below = division.remainder.iter().rev().lt(m.iter().rev());
            assert!(is_below || m == [0; N], "{a:x?} {b:x?} {c:x?} {m:x?}");
        }
    }

    #[test]
    fn what_is_divided_is_the_product() {
        divisions_multiply_out::<8>();
        divisions_multiply_out::<12>();
    }
}
