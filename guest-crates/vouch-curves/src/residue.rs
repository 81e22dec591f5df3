//! Numbers modulo a prime.

mod fields;
mod operators;

use core::fmt;
use core::marker::PhantomData;

use primeorder::elliptic_curve::array::{Array, sizes::U32};
use primeorder::elliptic_curve::bigint::U256;
use primeorder::elliptic_curve::subtle::{Choice, CtOption};

use vouch_modular::{Modulus, Words, half, less};

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

/// A modulus of which `ff`'s constants are known.
pub trait PrimeModulus: Modulus {
    /// They are here.
    const PRIME: Prime;
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
    const HEX: &'static str = C::BASE.hex;
}

impl<C: Primes> PrimeModulus for Base<C> {
    const PRIME: Prime = C::BASE;
}

/// The modulus of the factors of a curve's points.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order<C>(PhantomData<C>);

impl<C: Primes> Modulus for Order<C> {
    const HEX: &'static str = C::ORDER.hex;
}

impl<C: Primes> PrimeModulus for Order<C> {
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
