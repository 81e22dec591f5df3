//! The permutations in software, for lanes of any width.

use core::ops::{BitAnd, BitXor, Not};

use crate::PLEN;

/// A lane.
pub trait Lane:
    Copy + Default + BitAnd<Output = Self> + BitXor<Output = Self> + Not<Output = Self>
{
    /// Rounds of Keccak-f on such lanes.
    const ROUNDS: usize;

    /// Rotated to the left, by any number of bits.
    #[must_use]
    fn rotated(self, bits: u32) -> Self;

    /// The low bits of a round's constant.
    fn constant(constant: u64) -> Self;
}

macro_rules! lanes {
    ($($lane:ty: $rounds:expr),*) => {$(
        impl Lane for $lane {
            const ROUNDS: usize = $rounds;

            fn rotated(self, bits: u32) -> Self {
                self.rotate_left(bits % Self::BITS)
            }

            fn constant(constant: u64) -> Self {
                constant as Self
            }
        }
    )*};
}
lanes!(u8: crate::F200_ROUNDS, u16: crate::F400_ROUNDS, u32: crate::F800_ROUNDS, u64: crate::F1600_ROUNDS);

/// The last `rounds` rounds of Keccak-f.
///
/// # Panics
/// If there are fewer.
pub fn permute<L: Lane>(state: &mut [L; PLEN], rounds: usize) {
    assert!(
        rounds <= L::ROUNDS,
        "expected {} rounds at most, got {rounds}",
        L::ROUNDS
    );
    for constant in &CONSTANTS[L::ROUNDS - rounds..L::ROUNDS] {
        round(state, L::constant(*constant));
    }
}

fn round<L: Lane>(state: &mut [L; PLEN], constant: L) {
    let parity: [L; 5] =
        core::array::from_fn(|x| (1..5).fold(state[x], |parity, y| parity ^ state[x + 5 * y]));
    let mut moved = [L::default(); PLEN];
    for x in 0..5 {
        let effect = parity[(x + 4) % 5] ^ parity[(x + 1) % 5].rotated(1);
        for y in 0..5 {
            let lane = state[x + 5 * y] ^ effect;
            moved[y + 5 * ((2 * x + 3 * y) % 5)] = lane.rotated(ROTATIONS[x + 5 * y]);
        }
    }
    for (row, moved) in state.chunks_exact_mut(5).zip(moved.chunks_exact(5)) {
        for (x, lane) in row.iter_mut().enumerate() {
            *lane = moved[x] ^ (!moved[(x + 1) % 5] & moved[(x + 2) % 5]);
        }
    }
    state[0] = state[0] ^ constant;
}

/// By how many bits rho rotates each lane to the left.
const ROTATIONS: [u32; PLEN] = {
    let mut rotations = [0; PLEN];
    let (mut x, mut y, mut t) = (1, 0, 0);
    while t < 24 {
        rotations[x + 5 * y] = (t + 1) * (t + 2) / 2;
        (x, y) = (y, (2 * x + 3 * y) % 5);
        t += 1;
    }
    rotations
};

/// What iota adds to lane 0, round by round: bits `2^j - 1`, from a shift register of 8 bits.
const CONSTANTS: [u64; crate::F1600_ROUNDS] = {
    let mut constants = [0; crate::F1600_ROUNDS];
    let (mut register, mut i) = (1_u32, 0);
    while i < constants.len() {
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
