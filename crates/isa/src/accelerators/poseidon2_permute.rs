//! The permutation Poseidon2 of width 16 over BabyBear (eprint 2023/323), with the round constants
//! of the reference implementation's Grain generator and the diagonal of Plonky3: what Plonky3's
//! proofs hash with.
//!
//! A word stands for the field element that it is modulo `p = 15 * 2^27 + 1`: so a word of `p` or more is
//! no fault. The words that it is replaced with are below `p`.

use super::{ARGUMENTS, Accelerates, Operand};

/// Elements of the state.
pub const WIDTH: usize = 16;

const P: u32 = 15 * (1 << 27) + 1;
/// Full rounds before the partial ones, and as many after them.
const HALF_FULL_ROUNDS: usize = 4;
const PARTIAL_ROUNDS: usize = 13;

/// The accelerator: `a0` points to the state.
pub struct Poseidon2Permute;

impl Accelerates for Poseidon2Permute {
    const NUMBER: u32 = 0x1000;
    const NAME: &'static str = "poseidon2_permute";
    const OPERANDS: [Operand; ARGUMENTS] = [
        Operand::Update(WIDTH as u32),
        Operand::Unused,
        Operand::Unused,
        Operand::Unused,
        Operand::Unused,
    ];
    type Arguments<'a> = &'a mut [u32; WIDTH];

    fn compute(words: &mut [u32]) {
        if let Ok(state) = words.try_into() {
            permute(state);
        }
    }
}

/// Permutes a state in place.
pub fn permute(state: &mut [u32; WIDTH]) {
    for word in &mut *state {
        *word %= P;
    }
    full_layer(state);
    for constants in &CONSTANTS.first {
        full_round(state, constants);
    }
    for &constant in &CONSTANTS.partial {
        state[0] = seventh_power(add(state[0], constant));
        let sum = state.iter().fold(0, |sum, &x| add(sum, x));
        for (x, factor) in state.iter_mut().zip(DIAGONAL) {
            *x = add(sum, multiply(*x, factor));
        }
    }
    for constants in &CONSTANTS.last {
        full_round(state, constants);
    }
}

fn full_round(state: &mut [u32; WIDTH], constants: &[u32; WIDTH]) {
    for (x, &constant) in state.iter_mut().zip(constants) {
        *x = seventh_power(add(*x, constant));
    }
    full_layer(state);
}

/// `circ(2 M, M, M, M)` for the matrix `M = circ(2, 3, 1, 1)`.
fn full_layer(state: &mut [u32; WIDTH]) {
    let mut sums = [0; 4];
    let (fours, _) = state.as_chunks_mut::<4>();
    for four in &mut *fours {
        let [a, b, c, d] = *four;
        let row = |a, b, c, d| {
            let three = add(b, add(b, b));
            add(add(add(a, a), three), add(c, d))
        };
        *four = [
            row(a, b, c, d),
            row(b, c, d, a),
            row(c, d, a, b),
            row(d, a, b, c),
        ];
        for (sum, &x) in sums.iter_mut().zip(&*four) {
            *sum = add(*sum, x);
        }
    }
    for (x, sum) in fours.as_flattened_mut().iter_mut().zip(sums.iter().cycle()) {
        *x = add(*x, *sum);
    }
}

const fn add(a: u32, b: u32) -> u32 {
    // No overflow: both are below `p < 2^31`.
    (a + b) % P
}

const fn multiply(a: u32, b: u32) -> u32 {
    (a as u64 * b as u64 % P as u64) as u32
}

const fn seventh_power(x: u32) -> u32 {
    let square = multiply(x, x);
    multiply(multiply(multiply(square, square), square), x)
}

/// `2^-n`
const fn half(n: u32) -> u32 {
    let (mut power, mut i) = (1, 0);
    while i < n {
        power = multiply(power, P.div_ceil(2));
        i += 1;
    }
    power
}

/// What a partial round multiplies each element with before it adds the sum of all.
const DIAGONAL: [u32; WIDTH] = [
    P - 2,
    1,
    2,
    half(1),
    3,
    4,
    P - half(1),
    P - 3,
    P - 4,
    half(8),
    half(2),
    half(3),
    half(27),
    P - half(8),
    P - half(4),
    P - half(27),
];

struct Constants {
    first: [[u32; WIDTH]; HALF_FULL_ROUNDS],
    partial: [u32; PARTIAL_ROUNDS],
    last: [[u32; WIDTH]; HALF_FULL_ROUNDS],
}

const CONSTANTS: &Constants = &{
    let mut grain = Grain::new();
    Constants {
        first: [grain.state(), grain.state(), grain.state(), grain.state()],
        partial: grain.elements(),
        last: [grain.state(), grain.state(), grain.state(), grain.state()],
    }
};

/// The generator of round constants (eprint 2019/458, appendix F): a shift register of 80 bits that
/// begins as a description of the permutation.
struct Grain(u128);

impl Grain {
    /// Bits of an element.
    const BITS: u32 = 31;

    const fn new() -> Self {
        let rounds = 2 * HALF_FULL_ROUNDS as u128;
        let parts = [
            // A prime field, and a power as S-box.
            (1, 2),
            (0, 4),
            (Self::BITS as u128, 12),
            (WIDTH as u128, 12),
            (rounds, 10),
            (PARTIAL_ROUNDS as u128, 10),
            ((1 << 30) - 1, 30),
        ];
        let (mut bits, mut i) = (0, 0);
        while i < parts.len() {
            let (value, length) = parts[i];
            bits = bits << length | value;
            i += 1;
        }
        // The first bit of the register is the highest of 80.
        let mut grain = Self(bits);
        i = 0;
        while i < 160 {
            grain.step();
            i += 1;
        }
        grain
    }

    /// The bit that is shifted in.
    const fn step(&mut self) -> u32 {
        let taps = [62, 51, 38, 23, 13, 0];
        let (mut bit, mut i) = (0, 0);
        while i < taps.len() {
            bit ^= self.0 >> (79 - taps[i]) & 1;
            i += 1;
        }
        self.0 = (self.0 << 1 | bit) & ((1 << 80) - 1);
        bit as u32
    }

    /// The next bit: of a pair whose first is 1, the second.
    const fn bit(&mut self) -> u32 {
        while self.step() == 0 {
            self.step();
        }
        self.step()
    }

    /// The next number below `p`.
    const fn element(&mut self) -> u32 {
        loop {
            let (mut element, mut i) = (0, 0);
            while i < Self::BITS {
                element = element << 1 | self.bit();
                i += 1;
            }
            if element < P {
                return element;
            }
        }
    }

    const fn elements<const N: usize>(&mut self) -> [u32; N] {
        let (mut elements, mut i) = ([0; N], 0);
        while i < N {
            elements[i] = self.element();
            i += 1;
        }
        elements
    }

    const fn state(&mut self) -> [u32; WIDTH] {
        self.elements()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words that are the same modulo `p` are permuted alike, into words below `p`.
    #[test]
    fn words_are_taken_modulo_p() {
        let mut small: [u32; WIDTH] = core::array::from_fn(|i| i as u32 * 0x0765_4321);
        for word in &mut small {
            *word %= P;
        }
        let mut large = small.map(|word| word + P);
        permute(&mut small);
        permute(&mut large);
        assert_eq!(small, large);
        assert!(small.iter().all(|word| *word < P));
    }
}
