//! The permutation Poseidon2 of width 16 over BabyBear (eprint 2023/323), with the round constants
//! of the reference implementation's Grain generator and the diagonal of Plonky3: what Plonky3's
//! proofs hash with.
//!
//! A word stands for the field element that it is modulo `p = 15 * 2^27 + 1`: so a word of `p` or more is
//! no fault. The words that it is replaced with are below `p`.

use super::baby_bear::{Element, P};
use super::{ARGUMENTS, Accelerates, Operand};

/// Elements of the state.
pub const WIDTH: usize = 16;

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

type State = [Element; WIDTH];

/// Permutes a state in place.
pub fn permute(words: &mut [u32; WIDTH]) {
    let mut state = words.map(Element::new);
    full_layer(&mut state);
    for constants in &CONSTANTS.first {
        full_round(&mut state, constants);
    }
    for &constant in &CONSTANTS.partial {
        partial_round(&mut state, constant);
    }
    for constants in &CONSTANTS.last {
        full_round(&mut state, constants);
    }
    *words = state.map(Element::word);
}

fn full_round(state: &mut State, constants: &State) {
    for (x, &constant) in state.iter_mut().zip(constants) {
        *x = seventh_power(x.add(constant));
    }
    full_layer(state);
}

fn partial_round(state: &mut State, constant: Element) {
    state[0] = seventh_power(state[0].add(constant));
    let sum = state.iter().fold(Element::ZERO, |sum, &x| sum.add(x));
    for (x, factor) in state.iter_mut().zip(DIAGONAL) {
        *x = sum.add(x.multiply(factor));
    }
}

/// `circ(2 M, M, M, M)` for the matrix `M = circ(2, 3, 1, 1)`.
fn full_layer(state: &mut State) {
    let mut sums = [Element::ZERO; 4];
    let (fours, _) = state.as_chunks_mut::<4>();
    for four in &mut *fours {
        let [a, b, c, d] = *four;
        let all = a.add(b).add(c.add(d));
        let row = |a: Element, b: Element| all.add(a).add(b.add(b));
        *four = [row(a, b), row(b, c), row(c, d), row(d, a)];
        for (sum, &x) in sums.iter_mut().zip(&*four) {
            *sum = sum.add(x);
        }
    }
    for (x, sum) in fours.as_flattened_mut().iter_mut().zip(sums.iter().cycle()) {
        *x = x.add(*sum);
    }
}

fn seventh_power(x: Element) -> Element {
    let square = x.multiply(x);
    square.multiply(square).multiply(square).multiply(x)
}

/// `2^-n`
const fn half(n: u32) -> Element {
    let (mut power, mut i) = (Element::new(1), 0);
    while i < n {
        power = power.multiply(Element::new(P.div_ceil(2)));
        i += 1;
    }
    power
}

/// What a partial round multiplies each element with before it adds the sum of all.
const DIAGONAL: State = [
    Element::new(P - 2),
    Element::new(1),
    Element::new(2),
    half(1),
    Element::new(3),
    Element::new(4),
    half(1).negative(),
    Element::new(P - 3),
    Element::new(P - 4),
    half(8),
    half(2),
    half(3),
    half(27),
    half(8).negative(),
    half(4).negative(),
    half(27).negative(),
];

struct Constants {
    first: [State; HALF_FULL_ROUNDS],
    partial: [Element; PARTIAL_ROUNDS],
    last: [State; HALF_FULL_ROUNDS],
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
    const fn element(&mut self) -> Element {
        loop {
            let (mut element, mut i) = (0, 0);
            while i < Self::BITS {
                element = element << 1 | self.bit();
                i += 1;
            }
            if element < P {
                return Element::new(element);
            }
        }
    }

    const fn elements<const N: usize>(&mut self) -> [Element; N] {
        let (mut elements, mut i) = ([Element::ZERO; N], 0);
        while i < N {
            elements[i] = self.element();
            i += 1;
        }
        elements
    }

    const fn state(&mut self) -> State {
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
