//! Numbers modulo the order of the generator, `l = 2^252 + 27742317777372353535851937790883648493`.

mod operators;

use core::fmt;
use core::ops::Index;

#[cfg(feature = "digest")]
use digest::{Digest, array::typenum::U64};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, CtOption};
use vouch_modular::{Modulus, Words, less, words};

use crate::encoding::{bytes_of, words_of};

/// `l`, as a modulus.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Order;

impl Modulus for Order {
    const HEX: &'static str = "1000000000000000000000000000000014DEF9DEA2F79CD65812631A5CF5D3ED";
}

/// `l`
pub(crate) const ORDER: Words = Order::NUMBER;

/// `2^256` modulo `l`
const POWER: Words = words("0FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEC6EF5BF4737DCF70D6EC31748D98951D");

/// Bytes that are aligned as words are.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(align(4))]
struct Bytes([u8; 32]);

/// A number: below `l`, unless it was made from bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scalar(Bytes);

impl Scalar {
    /// 0
    pub const ZERO: Self = Self::new([0; 32]);
    /// 1
    pub const ONE: Self = Self::of(&Order::ONE);

    /// The number of these little-endian bytes.
    pub(crate) const fn new(bytes: [u8; 32]) -> Self {
        Self(Bytes(bytes))
    }

    pub(crate) const fn of(words: &Words) -> Self {
        Self::new(bytes_of(words))
    }

    pub(crate) fn words(&self) -> Words {
        words_of(&self.0.0)
    }

    /// `a * b + c`
    pub(crate) fn multiply_add(a: &Words, b: &Words, c: &Words) -> Self {
        let mut result = [0; 8];
        Order::multiply_add(a, b, c, &mut result);
        Self::of(&result)
    }

    /// The number of these little-endian bytes modulo `l`.
    pub fn from_bytes_mod_order(bytes: [u8; 32]) -> Self {
        Self::multiply_add(&words_of(&bytes), &Order::ONE, &Order::ZERO)
    }

    /// The number of these little-endian bytes modulo `l`.
    pub fn from_bytes_mod_order_wide(bytes: &[u8; 64]) -> Self {
        let (halves, _) = bytes.as_chunks::<32>();
        let [low, high] = core::array::from_fn(|i| words_of(&halves[i]));
        Self::multiply_add(&high, &POWER, &low)
    }

    /// The number of these little-endian bytes, if it is below `l`.
    pub fn from_canonical_bytes(bytes: [u8; 32]) -> CtOption<Self> {
        let is_canonical = less(&words_of(&bytes), &ORDER);
        CtOption::new(Self::new(bytes), Choice::from(u8::from(is_canonical)))
    }

    /// The number of these little-endian bytes without the highest bit, as it is.
    #[cfg(feature = "legacy_compatibility")]
    pub const fn from_bits(mut bytes: [u8; 32]) -> Self {
        bytes[31] &= 0x7f;
        Self::new(bytes)
    }

    /// The number of a hash modulo `l`.
    #[cfg(feature = "digest")]
    pub fn from_hash<D: Digest<OutputSize = U64>>(hash: D) -> Self {
        Self::from_bytes_mod_order_wide(&hash.finalize().into())
    }

    /// The number of the hash of some bytes modulo `l`.
    #[cfg(feature = "digest")]
    pub fn hash_from_bytes<D: Digest<OutputSize = U64> + Default>(bytes: &[u8]) -> Self {
        Self::from_hash(D::new().chain_update(bytes))
    }

    /// A number chosen at random.
    #[cfg(feature = "rand_core")]
    pub fn random<R: rand_core::CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut bytes = [0; 64];
        rng.fill_bytes(&mut bytes);
        Self::from_bytes_mod_order_wide(&bytes)
    }

    /// Its bytes, little-endian.
    pub const fn to_bytes(&self) -> [u8; 32] {
        self.0.0
    }

    /// Its bytes, little-endian.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0.0
    }

    /// Its inverse, or 0 for 0.
    #[must_use]
    pub fn invert(&self) -> Self {
        Self::of(&Order::INVERSION.raise::<Order>(&self.words()))
    }
}

/// A number whose lower three bits are 0, whose bit 254 is 1 and whose bit 255 is 0 (RFC 7748).
#[must_use]
pub const fn clamp_integer(mut bytes: [u8; 32]) -> [u8; 32] {
    bytes[0] &= 0b1111_1000;
    bytes[31] &= 0b0111_1111;
    bytes[31] |= 0b0100_0000;
    bytes
}

impl Index<usize> for Scalar {
    type Output = u8;

    /// A byte of it.
    fn index(&self, i: usize) -> &u8 {
        &self.0.0[i]
    }
}

impl Default for Scalar {
    fn default() -> Self {
        Self::ZERO
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scalar{{\n\tbytes: {:?},\n}}", self.0.0)
    }
}

impl ConstantTimeEq for Scalar {
    fn ct_eq(&self, other: &Self) -> Choice {
        Choice::from(u8::from(self == other))
    }
}

impl ConditionallySelectable for Scalar {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        if bool::from(choice) { *b } else { *a }
    }
}

impl From<u128> for Scalar {
    fn from(number: u128) -> Self {
        let word = |i: u32| (number >> (32 * i)) as u32;
        Self::of(&[word(0), word(1), word(2), word(3), 0, 0, 0, 0])
    }
}

macro_rules! from {
    ($($number:ty)*) => {$(
        impl From<$number> for Scalar {
            fn from(number: $number) -> Self {
                Self::from(u128::from(number))
            }
        }
    )*};
}
from! { u8 u16 u32 u64 }

#[cfg(feature = "zeroize")]
impl zeroize::Zeroize for Scalar {
    fn zeroize(&mut self) {
        self.0.0.zeroize();
    }
}
