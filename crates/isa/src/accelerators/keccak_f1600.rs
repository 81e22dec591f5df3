//! The permutation Keccak-f\[1600\] (FIPS 202, section 3): what Keccak-256, SHA-3 and SHAKE hash with.
//!
//! The state is 25 lanes of 64 bits, lane `x + 5y` for the sheet `x` and the plane `y`; each is two words,
//! the low one first: the state as it lies in memory of a little-endian machine.

use super::{ARGUMENTS, Accelerates, Operand};

/// Lanes of the state.
pub const LANES: usize = 25;
/// Words of the state.
pub const WORDS: usize = 2 * LANES;
/// Rounds of the permutation.
pub const ROUNDS: usize = 24;

/// The accelerator: `a0` points to the state.
pub struct KeccakF1600;

impl Accelerates for KeccakF1600 {
    const NUMBER: u32 = 0x1001;
    const NAME: &'static str = "keccak_f1600";
    const OPERANDS: [Operand; ARGUMENTS] = [
        Operand::Update(WORDS as u32),
        Operand::Unused,
        Operand::Unused,
        Operand::Unused,
        Operand::Unused,
    ];
    type Arguments<'a> = &'a mut [u32; WORDS];

    fn compute(words: &mut [u32]) {
        if let Ok(state) = words.try_into() {
            permute(state);
        }
    }
}

/// Permutes a state in place.
pub fn permute(state: &mut [u32; WORDS]) {
    let mut all = lanes(state);
    for constant in ROUND_CONSTANTS {
        round(&mut all, constant);
    }
    let (pairs, _) = state.as_chunks_mut::<2>();
    for ([low, high], lane) in pairs.iter_mut().zip(all) {
        (*low, *high) = (lane as u32, (lane >> 32) as u32);
    }
}

/// The lanes that words are.
pub fn lanes(words: &[u32; WORDS]) -> [u64; LANES] {
    core::array::from_fn(|i| u64::from(words[2 * i]) | u64::from(words[2 * i + 1]) << 32)
}

/// A round: theta, rho, pi, chi and iota, the last with this constant.
pub fn round(lanes: &mut [u64; LANES], constant: u64) {
    let parity: [u64; 5] = core::array::from_fn(|x| {
        lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20]
    });
    let mut moved = [0; LANES];
    for x in 0..5 {
        let effect = parity[(x + 4) % 5] ^ parity[(x + 1) % 5].rotate_left(1);
        for y in 0..5 {
            let lane = (lanes[x + 5 * y] ^ effect).rotate_left(ROTATIONS[x + 5 * y]);
            moved[y + 5 * ((2 * x + 3 * y) % 5)] = lane;
        }
    }
    for y in 0..5 {
        for x in 0..5 {
            let [a, b, c] = [x, x + 1, x + 2].map(|x| moved[x % 5 + 5 * y]);
            lanes[x + 5 * y] = a ^ (!b & c);
        }
    }
    lanes[0] ^= constant;
}

/// By how many bits rho rotates each lane to the left.
pub const ROTATIONS: [u32; LANES] = {
    let mut rotations = [0; LANES];
    let (mut x, mut y, mut t) = (1, 0, 0);
    while t < 24 {
        rotations[x + 5 * y] = (t + 1) * (t + 2) / 2 % 64;
        (x, y) = (y, (2 * x + 3 * y) % 5);
        t += 1;
    }
    rotations
};

/// What iota adds to lane 0, round by round: bits `2^j - 1`, from a shift register of 8 bits.
pub const ROUND_CONSTANTS: [u64; ROUNDS] = {
    let mut constants = [0; ROUNDS];
    let (mut register, mut i) = (1_u32, 0);
    while i < ROUNDS {
        let mut j = 0;
        while j < 7 {
            if register & 1 == 1 {
                constants[i] |= 1 << ((1 << j) - 1);
            }
            register <<= 1;
            if register >> 8 == 1 {
                register ^= 0x171;
            }
            j += 1;
        }
        i += 1;
    }
    constants
};

#[cfg(test)]
mod tests {
    use super::*;

    /// The state of zeros, permuted once and twice, as the reference implementation (XKCP) has it.
    #[test]
    fn known_answers() {
        let mut state = [0; WORDS];
        permute(&mut state);
        assert_eq!(lanes(&state)[0], 0xf125_8f79_40e1_dde7);
        assert_eq!(lanes(&state)[24], 0xeaf1_ff7b_5cec_a249);
        permute(&mut state);
        assert_eq!(lanes(&state)[0], 0x2d5c_954d_f96e_cb3c);
    }

    #[test]
    fn constants_are_those_of_the_standard() {
        assert_eq!(ROUND_CONSTANTS[0], 1);
        assert_eq!(ROUND_CONSTANTS[1], 0x8082);
        assert_eq!(ROUND_CONSTANTS[2], 0x8000_0000_0000_808a);
        assert_eq!(ROUND_CONSTANTS[23], 0x8000_0000_8000_8008);
        assert_eq!(ROTATIONS[..5], [0, 1, 62, 28, 27]);
        assert_eq!(ROTATIONS[24], 14);
    }
}
