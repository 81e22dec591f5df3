//! The compression function of SHA-256 (FIPS 180-4, 6.2.2), on which SHA-224 is built as well.
//!
//! The block is given as it lies in memory, its bytes as those of the message. The eight words of the state
//! are numbers.

use super::{ARGUMENTS, Accelerates, Operand};

/// Words of a block.
pub const BLOCK: usize = 16;
/// Words of a state.
pub const STATE: usize = 8;
/// Rounds of a compression.
pub const ROUNDS: usize = 64;

/// The accelerator: `a0` points to the block, `a1` to the state.
pub struct Sha256Compress;

impl Accelerates for Sha256Compress {
    const NUMBER: u32 = 0x1002;
    const NAME: &'static str = "sha256_compress";
    const OPERANDS: [Operand; ARGUMENTS] = [
        Operand::Read(BLOCK as u32),
        Operand::Update(STATE as u32),
        Operand::Unused,
        Operand::Unused,
        Operand::Unused,
    ];
    type Arguments<'a> = (&'a [u32; BLOCK], &'a mut [u32; STATE]);

    fn compute(words: &mut [u32]) {
        let Some((block, rest)) = words.split_first_chunk_mut() else {
            return;
        };
        let block = *block;
        if let Ok(state) = rest.try_into() {
            compress(&block, state);
        }
    }
}

/// Compresses a block, whose bytes are those of its words from the least significant on, into a state.
pub fn compress(block: &[u32; BLOCK], state: &mut [u32; STATE]) {
    // The words of the message schedule that the next rounds need.
    let mut words = block.map(u32::swap_bytes);
    let mut mixed = *state;
    for (i, constants) in ROUND_CONSTANTS.chunks_exact(BLOCK).enumerate() {
        if i > 0 {
            extend(&mut words);
        }
        for (&constant, &word) in constants.iter().zip(&words) {
            mixed = round(mixed, constant.wrapping_add(word));
        }
    }
    for (word, mixed) in state.iter_mut().zip(mixed) {
        *word = word.wrapping_add(mixed);
    }
}

/// The 16 words of the message schedule that follow 16 others.
fn extend(words: &mut [u32; BLOCK]) {
    for i in 0..BLOCK {
        let behind = |distance: usize| words[(i + BLOCK - distance) % BLOCK];
        words[i] = words[i]
            .wrapping_add(sigma0(behind(15)))
            .wrapping_add(behind(7))
            .wrapping_add(sigma1(behind(2)));
    }
}

/// A round: the state `a` to `h` after it, given the sum of its constant and its word of the message.
#[inline(always)]
pub fn round([a, b, c, d, e, f, g, h]: [u32; STATE], added: u32) -> [u32; STATE] {
    let first = h
        .wrapping_add(big_sigma1(e))
        .wrapping_add(choose(e, f, g))
        .wrapping_add(added);
    let second = big_sigma0(a).wrapping_add(majority(a, b, c));
    let (new_a, new_e) = (first.wrapping_add(second), d.wrapping_add(first));
    [new_a, a, b, c, new_e, e, f, g]
}

/// Of each bit, `y`'s where `x` has a one, and `z`'s elsewhere.
#[inline(always)]
pub const fn choose(x: u32, y: u32, z: u32) -> u32 {
    z ^ x & (y ^ z)
}

/// Of each bit, what most of the three have.
#[inline(always)]
pub const fn majority(x: u32, y: u32, z: u32) -> u32 {
    x & y | z & (x | y)
}

/// What a round does to `a`.
#[inline(always)]
pub const fn big_sigma0(x: u32) -> u32 {
    x.rotate_right(2) ^ x.rotate_right(13) ^ x.rotate_right(22)
}

/// What a round does to `e`.
#[inline(always)]
pub const fn big_sigma1(x: u32) -> u32 {
    x.rotate_right(6) ^ x.rotate_right(11) ^ x.rotate_right(25)
}

/// What the message schedule does to the word 15 before.
#[inline(always)]
pub const fn sigma0(x: u32) -> u32 {
    x.rotate_right(7) ^ x.rotate_right(18) ^ x >> 3
}

/// What the message schedule does to the word 2 before.
#[inline(always)]
pub const fn sigma1(x: u32) -> u32 {
    x.rotate_right(17) ^ x.rotate_right(19) ^ x >> 10
}

/// The first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2).
pub const ROUND_CONSTANTS: [u32; ROUNDS] = {
    let (mut constants, mut found, mut number) = ([0; ROUNDS], 0, 2);
    while found < ROUNDS {
        if is_prime(number) {
            constants[found] = cube_root(number << 96) as u32;
            found += 1;
        }
        number += 1;
    }
    constants
};

const fn is_prime(number: u128) -> bool {
    let mut divisor = 2;
    while divisor < number {
        if number.is_multiple_of(divisor) {
            return false;
        }
        divisor += 1;
    }
    true
}

/// The cube root of a number below `2^108`, rounded down.
const fn cube_root(number: u128) -> u128 {
    let (mut root, mut bit) = (0u128, 1 << 35);
    while bit > 0 {
        let more = root | bit;
        if more * more * more <= number {
            root = more;
        }
        bit >>= 1;
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4, 5.3.3 and the example "abc" that NIST publishes with it.
    #[test]
    fn known_answer() {
        let mut message = *b"abc\x80";
        message.reverse();
        let mut block = [0; BLOCK];
        block[0] = u32::from_be_bytes(message);
        block[15] = 24u32.to_be();
        let mut state = [
            0x6a09_e667,
            0xbb67_ae85,
            0x3c6e_f372,
            0xa54f_f53a,
            0x510e_527f,
            0x9b05_688c,
            0x1f83_d9ab,
            0x5be0_cd19,
        ];
        compress(&block, &mut state);
        let digest = [
            0xba78_16bf,
            0x8f01_cfea,
            0x4141_40de,
            0x5dae_2223,
            0xb003_61a3,
            0x9617_7a9c,
            0xb410_ff61,
            0xf200_15ad,
        ];
        assert_eq!(state, digest);
        assert_eq!(ROUND_CONSTANTS[0], 0x428a_2f98);
        assert_eq!(ROUND_CONSTANTS[63], 0xc671_78f2);
    }
}
