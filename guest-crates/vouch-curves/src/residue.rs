//! Numbers modulo a prime.

mod fields;
mod operators;

use core::cmp::Ordering;
use core::fmt;
use core::marker::PhantomData;

use primeorder::elliptic_curve::array::{Array, sizes::U32};
use primeorder::elliptic_curve::bigint::U256;
use primeorder::elliptic_curve::subtle::{Choice, CtOption};

use crate::multiply_add::multiply_add;
use crate::power::Plan;

/// 256 bits, the lowest word first.
pub type Words = [u32; 8];

/// The words of a number in 64 hexadecimal digits.
///
/// # Panics
/// If there are more, fewer or other characters: it is meant for constants.
pub const fn words(hex: &str) -> Words {
    let digits = hex.as_bytes();
    assert!(digits.len() == 64, "expected 64 digits");
    let (mut words, mut i) = ([0; 8], 0);
    while i < 64 {
        let digit = match digits[i] {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'A'..=b'F' => digit - b'A' + 10,
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            _ => panic!("expected hexadecimal digits"),
        };
        words[7 - i / 8] = words[7 - i / 8] << 4 | digit as u32;
        i += 1;
    }
    words
}

/// `number / 2`, rounded down, plus `carry * 2^255`
const fn half(number: &Words, carry: u32) -> Words {
    let (mut half, mut i, mut above) = (*number, 8, carry);
    while i > 0 {
        i -= 1;
        let lowest = half[i] & 1;
        half[i] = half[i] >> 1 | above << 31;
        above = lowest;
    }
    half
}

/// `number + step`, for a sum that is not below 0; and the carry.
const fn shifted(number: &Words, step: i64) -> (Words, u32) {
    let (mut sum, mut i, mut carry) = (*number, 0, step);
    while i < 8 {
        let word = number[i] as i64 + carry;
        sum[i] = word as u32;
        carry = word >> 32;
        i += 1;
    }
    (sum, carry as u32)
}

/// `number / 2` modulo a prime, if it is not 0.
pub(crate) const fn half_unless_zero<M: Modulus>(number: &Words) -> Option<Words> {
    let (mut sum, mut i, mut carry, mut bits) = (*number, 0, 0, 0);
    // An odd number plus the prime is even.
    let is_odd = (number[0] & 1) as u64;
    while i < 8 {
        let word = number[i] as u64 + is_odd * M::NUMBER[i] as u64 + carry;
        sum[i] = word as u32;
        carry = word >> 32;
        bits |= number[i];
        i += 1;
    }
    if bits == 0 {
        None
    } else {
        Some(half(&sum, carry as u32))
    }
}

/// An odd prime of 256 bits, and what `ff` wants to know of it.
pub struct Prime {
    /// The prime, as 64 hexadecimal digits.
    pub hex: &'static str,
    /// A generator of the group of units.
    pub generator: u32,
    /// `2^two_adicity` divides the number of units.
    pub two_adicity: u32,
    /// The generator to the power of what is left of that number without its factors 2.
    pub root_of_unity: Words,
    /// Its inverse.
    pub root_of_unity_inverse: Words,
    /// The generator to the power `2^two_adicity`.
    pub delta: Words,
}

/// A modulus that is known to the compiler.
pub trait Modulus: Copy + Default + Eq + Ord + Send + Sync + 'static {
    /// The modulus.
    const PRIME: Prime;

    /// The modulus as a number.
    const NUMBER: Words = words(Self::PRIME.hex);
    /// -1
    const MINUS_ONE: Words = shifted(&Self::NUMBER, -1).0;
    /// 0
    const ZERO: Words = [0; 8];
    /// 1
    const ONE: Words = [1, 0, 0, 0, 0, 0, 0, 0];
    /// 1/2
    const HALF: Words = {
        let (next, carry) = shifted(&Self::NUMBER, 1);
        half(&next, carry)
    };
    /// 3/2
    const THREE_HALVES: Words = shifted(&Self::HALF, 1).0;
    /// -2
    const MINUS_TWO: Words = shifted(&Self::NUMBER, -2).0;
    /// How to invert: to the power `p - 2`.
    const INVERSION: Plan = Plan::new(&Self::MINUS_TWO);
    /// How to find a square root if `p` is 3 modulo 4: to the power `(p + 1) / 4`.
    const ROOT: Plan = Plan::new(&half(&Self::HALF, 0));

    /// `out := a * b + c`
    #[inline(always)]
    fn multiply_add(a: &Words, b: &Words, c: &Words, out: &mut Words) {
        multiply_add(a, b, c, &Self::NUMBER, out);
    }

    /// `out := a * b`
    #[inline(always)]
    fn multiply(a: &Words, b: &Words, out: &mut Words) {
        multiply_add(a, b, &Self::ZERO, &Self::NUMBER, out);
    }
}

/// The primes of a curve.
pub trait Primes: Copy + Default + Eq + Ord + Send + Sync + 'static {
    /// That of the coordinates.
    const BASE: Prime;
    /// The number of points.
    const ORDER: Prime;
}

/// The modulus of the coordinates of a curve's points.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Base<C>(PhantomData<C>);

impl<C: Primes> Modulus for Base<C> {
    const PRIME: Prime = C::BASE;
}

/// The modulus of the factors of a curve's points.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order<C>(PhantomData<C>);

impl<C: Primes> Modulus for Order<C> {
    const PRIME: Prime = C::ORDER;
}

/// A number modulo a prime, always below it.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Residue<M> {
    words: Words,
    modulus: PhantomData<M>,
}

impl<M: Modulus> Residue<M> {
    /// 0
    pub const ZERO: Self = Self::new(M::ZERO);
    /// 1
    pub const ONE: Self = Self::new(M::ONE);

    /// The number with these words, which must be below the modulus.
    pub const fn new(words: Words) -> Self {
        Self {
            words,
            modulus: PhantomData,
        }
    }

    /// Its words.
    pub const fn words(&self) -> &Words {
        &self.words
    }

    /// Its words, to be replaced with those of a number below the modulus.
    pub(crate) fn words_mut(&mut self) -> &mut Words {
        &mut self.words
    }

    /// Whatever number these words are, modulo the prime.
    pub fn reduced(words: &Words) -> Self {
        let mut reduced = Self::ZERO;
        M::multiply_add(words, &M::ONE, &M::ZERO, &mut reduced.words);
        reduced
    }

    /// The number of these big-endian bytes, if it is below the modulus.
    pub fn from_bytes(bytes: &Array<u8, U32>) -> CtOption<Self> {
        let words = words_of(bytes);
        let is_reduced = less(&words, &M::NUMBER);
        CtOption::new(Self::new(words), Choice::from(u8::from(is_reduced)))
    }

    /// Its big-endian bytes.
    pub fn to_bytes(&self) -> Array<u8, U32> {
        let mut bytes = Array::default();
        let (quads, _) = bytes.as_mut_slice().as_chunks_mut::<4>();
        for (quad, word) in quads.iter_mut().rev().zip(self.words) {
            *quad = word.to_be_bytes();
        }
        bytes
    }

    /// True for 0.
    pub fn is_zero(&self) -> Choice {
        Choice::from(u8::from(self.words == M::ZERO))
    }

    /// True if the number, not the class, is odd.
    pub fn is_odd(&self) -> Choice {
        Choice::from((self.words[0] & 1) as u8)
    }

    /// True if the number, not the class, is even.
    pub fn is_even(&self) -> Choice {
        !self.is_odd()
    }

    /// Its square.
    #[must_use]
    pub fn square(&self) -> Self {
        *self * self
    }

    /// Twice the number.
    #[must_use]
    pub fn double(&self) -> Self {
        *self + self
    }

    /// Its inverse, if it is not 0.
    pub fn invert(&self) -> CtOption<Self> {
        // Points that are affine already have a 1 to invert.
        let inverse = if self.words == M::ONE {
            M::ONE
        } else {
            M::INVERSION.raise::<M>(&self.words)
        };
        CtOption::new(Self::new(inverse), !self.is_zero())
    }

    /// [`Self::invert`]
    pub fn invert_vartime(&self) -> CtOption<Self> {
        self.invert()
    }
}

/// The words of big-endian bytes.
pub(crate) fn words_of(bytes: &Array<u8, U32>) -> Words {
    let mut words = [0; 8];
    let (quads, _) = bytes.as_slice().as_chunks::<4>();
    for (word, quad) in words.iter_mut().zip(quads.iter().rev()) {
        *word = u32::from_be_bytes(*quad);
    }
    words
}

/// True if `a < b`.
pub(crate) fn less(a: &Words, b: &Words) -> bool {
    a.iter().rev().cmp(b.iter().rev()) == Ordering::Less
}


#[cfg(target_pointer_width = "32")]
pub(crate) fn words_of_uint(number: &U256) -> Words {
    number.to_words()
}

#[cfg(target_pointer_width = "64")]
pub(crate) fn words_of_uint(number: &U256) -> Words {
    let mut words = [0; 8];
    let (pairs, _) = words.as_chunks_mut::<2>();
    for (pair, word) in pairs.iter_mut().zip(number.to_words()) {
        *pair = [word as u32, (word >> 32) as u32];
    }
    words
}

#[cfg(target_pointer_width = "32")]
pub(crate) fn uint_of_words(words: &Words) -> U256 {
    U256::from_words(*words)
}

#[cfg(target_pointer_width = "64")]
pub(crate) fn uint_of_words(words: &Words) -> U256 {
    let (pairs, _) = words.as_chunks::<2>();
    U256::from_words(core::array::from_fn(|i| {
        let [low, high] = pairs[i].map(u64::from);
        low | high << 32
    }))
}

impl<M: Modulus> fmt::Debug for Residue<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Residue(0x")?;
        for word in self.words.iter().rev() {
            write!(f, "{word:08X}")?;
        }
        f.write_str(")")
    }
}

impl<M> Default for Residue<M> {
    fn default() -> Self {
        Self {
            words: [0; 8],
            modulus: PhantomData,
        }
    }
}
