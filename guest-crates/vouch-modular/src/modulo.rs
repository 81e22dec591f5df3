//! Products and powers modulo numbers that are known only when the guest runs.

use crate::{Words, multiply_add};

/// Bits of the exponent that are taken at once.
const WINDOW: usize = 4;

/// `a * b` modulo `m`, or modulo `2^256` if `m` is 0.
pub fn multiply_modulo(a: &Words, b: &Words, m: &Words) -> Words {
    let mut product = [0; 8];
    multiply_add(a, b, &[0; 8], m, &mut product);
    product
}

/// `base` to a power modulo `m`, or modulo `2^256` if `m` is 0. The exponent has any number of words,
/// the lowest first; to the power 0 everything is 1, which is 0 modulo 1.
pub fn power_modulo(base: &Words, exponent: &[u32], m: &Words) -> Words {
    let one = [1, 0, 0, 0, 0, 0, 0, 0];
    let mut powers = [[0; 8]; 1 << WINDOW];
    powers[0] = multiply_modulo(&one, &one, m);
    for i in 1..powers.len() {
        powers[i] = multiply_modulo(&powers[i - 1], base, m);
    }
    let mut result = powers[0];
    let words = exponent.iter().rev().skip_while(|word| **word == 0);
    for word in words {
        for shift in (0..32).step_by(WINDOW).rev() {
            for _ in 0..WINDOW {
                result = multiply_modulo(&result, &result, m);
            }
            let window = word >> shift & ((1 << WINDOW) - 1);
            if window != 0 {
                result = multiply_modulo(&result, &powers[window as usize], m);
            }
        }
    }
    result
}

/// `num-bigint`'s numbers.
#[cfg(feature = "num-bigint")]
pub mod num_bigint {
    use ::num_bigint::BigUint;

    use super::power_modulo;
    use crate::Words;

    fn words(number: &BigUint) -> Words {
        let mut words = [0; 8];
        for (word, digit) in words.iter_mut().zip(number.iter_u32_digits()) {
            *word = digit;
        }
        words
    }

    /// What `base.modpow(exponent, modulus)` is. Moduli of more than 256 bits are left to it.
    ///
    /// # Panics
    /// If the modulus is 0.
    pub fn modpow(base: &BigUint, exponent: &BigUint, modulus: &BigUint) -> BigUint {
        if modulus.bits() > 256 || modulus.bits() == 0 {
            return base.modpow(exponent, modulus);
        }
        let exponent = exponent.to_u32_digits();
        let base = base % modulus;
        let power = power_modulo(&words(&base), &exponent, &words(modulus));
        BigUint::from_slice(&power)
    }
}

/// `crypto-bigint`'s numbers.
#[cfg(feature = "crypto-bigint")]
pub mod crypto_bigint {
    use ::crypto_bigint::U256;

    use super::{multiply_modulo, power_modulo};
    use crate::Words;

    fn words(number: &U256) -> Words {
        let bytes = number.to_le_bytes();
        let (quads, _) = bytes.as_ref().as_chunks::<4>();
        let mut words = [0; 8];
        for (word, quad) in words.iter_mut().zip(quads) {
            *word = u32::from_le_bytes(*quad);
        }
        words
    }

    fn number(words: &Words) -> U256 {
        U256::from_le_slice(words.map(u32::to_le_bytes).as_flattened())
    }

    /// `a * b` modulo `m`, or modulo `2^256` if `m` is 0.
    pub fn mul_mod(a: &U256, b: &U256, m: &U256) -> U256 {
        number(&multiply_modulo(&words(a), &words(b), &words(m)))
    }

    /// `base` to a power modulo `m`, or modulo `2^256` if `m` is 0.
    pub fn pow_mod(base: &U256, exponent: &U256, m: &U256) -> U256 {
        number(&power_modulo(&words(base), &words(exponent), &words(m)))
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use ::num_bigint::BigUint;

    use super::*;

    /// Numbers of few and of many words, even and odd.
    fn numbers() -> Vec<Words> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state
        };
        let random =
            (1..=8).map(|length| core::array::from_fn(|i| if i < length { next() } else { 0 }));
        let mut numbers: Vec<Words> = random.collect();
        numbers.extend([1, 2, 3, u32::MAX].map(|word| [word, 0, 0, 0, 0, 0, 0, 0]));
        numbers.push([u32::MAX; 8]);
        numbers
    }

    fn big(words: &Words) -> BigUint {
        BigUint::from_slice(words)
    }

    #[test]
    fn products_and_powers_are_those_of_num_bigint() {
        for m in numbers() {
            for (a, b) in numbers().iter().zip(numbers().iter().rev()) {
                let product = multiply_modulo(a, b, &m);
                assert_eq!(big(&product), big(a) * big(b) % big(&m));
                let power = power_modulo(a, b, &m);
                assert_eq!(big(&power), big(a).modpow(&big(b), &big(&m)));
                #[cfg(feature = "num-bigint")]
                assert_eq!(num_bigint::modpow(&big(a), &big(b), &big(&m)), big(&power));
                #[cfg(feature = "crypto-bigint")]
                {
                    let uint = |words: &Words| {
                        let bytes = words.map(u32::to_le_bytes);
                        ::crypto_bigint::U256::from_le_slice(bytes.as_flattened())
                    };
                    let ours = crypto_bigint::pow_mod(&uint(a), &uint(b), &uint(&m));
                    assert_eq!(ours, uint(&power));
                    let ours = crypto_bigint::mul_mod(&uint(a), &uint(b), &uint(&m));
                    assert_eq!(ours, uint(&product));
                }
            }
        }
    }

    #[test]
    fn zero_as_modulus_is_a_power_of_two() {
        let power = power_modulo(&[3, 0, 0, 0, 0, 0, 0, 0], &[1000], &[0; 8]);
        let modulus = BigUint::from(1_u32) << 256;
        assert_eq!(
            big(&power),
            BigUint::from(3_u32).modpow(&1000_u32.into(), &modulus)
        );
    }

    #[test]
    fn the_power_zero_is_one() {
        for m in [[0; 8], [7, 0, 0, 0, 0, 0, 0, 0]] {
            assert_eq!(big(&power_modulo(&[0; 8], &[], &m)), BigUint::from(1_u32));
            assert_eq!(big(&power_modulo(&m, &[0, 0], &m)), BigUint::from(1_u32));
        }
        let one = [1, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(power_modulo(&one, &[0], &one), [0; 8]);
    }

    #[cfg(feature = "num-bigint")]
    #[test]
    fn larger_moduli_are_left_to_num_bigint() {
        let modulus = (BigUint::from(1_u32) << 300) - 1_u32;
        let base = BigUint::from(5_u32) << 280;
        let exponent = BigUint::from(77_u32);
        let power = num_bigint::modpow(&base, &exponent, &modulus);
        assert_eq!(power, base.modpow(&exponent, &modulus));
    }
}
