//! The traits of fields that RustCrypto's crates ask for.

use primeorder::elliptic_curve::Generate;
use primeorder::elliptic_curve::array::{Array, sizes::U32};
use primeorder::elliptic_curve::bigint::{Invert, Reduce, U256, modular::Retrieve};
use primeorder::elliptic_curve::consts::U257;
use primeorder::elliptic_curve::ff::{Field, PrimeField, helpers};
use primeorder::elliptic_curve::ops::BatchInvert;
use primeorder::elliptic_curve::rand_core::{TryCryptoRng, TryRng};
use primeorder::elliptic_curve::subtle::{Choice, CtOption};
use primeorder::{FieldExt, PrimeFieldExt, WnafSize};

use vouch_modular::half;

use super::{PrimeModulus, Residue, uint_of_words, words_of, words_of_uint};

impl<M: PrimeModulus> Residue<M> {
    /// A square root, if it has one.
    pub fn sqrt(&self) -> CtOption<Self> {
        if M::NUMBER[0] % 4 != 3 {
            let exponent = const {
                // `(t - 1) / 2` where `p - 1` is `t` times a power of two.
                let (mut number, mut i) = (M::NUMBER, 0);
                while i <= M::PRIME.two_adicity {
                    number = half(&number, 0);
                    i += 1;
                }
                let (mut pairs, mut i) = ([0; 4], 0);
                while i < 8 {
                    pairs[i / 2] |= (number[i] as u64) << (32 * (i % 2));
                    i += 1;
                }
                pairs
            };
            return helpers::sqrt_tonelli_shanks(self, exponent);
        }
        let root = Self::new(M::ROOT.raise::<M>(&self.words));
        let is_root = root.square() == *self;
        CtOption::new(root, Choice::from(u8::from(is_root)))
    }
}

impl<M: PrimeModulus> Field for Residue<M> {
    const ZERO: Self = Self::ZERO;
    const ONE: Self = Self::ONE;

    fn try_random<R: TryRng + ?Sized>(rng: &mut R) -> Result<Self, R::Error> {
        let mut bytes = Array::default();
        loop {
            rng.try_fill_bytes(&mut bytes)?;
            if let Some(number) = Self::from_bytes(&bytes).into_option() {
                return Ok(number);
            }
        }
    }

    fn is_zero(&self) -> Choice {
        self.is_zero()
    }

    fn square(&self) -> Self {
        self.square()
    }

    fn double(&self) -> Self {
        self.double()
    }

    fn invert(&self) -> CtOption<Self> {
        self.invert()
    }

    fn sqrt(&self) -> CtOption<Self> {
        self.sqrt()
    }

    fn sqrt_ratio(num: &Self, div: &Self) -> (Choice, Self) {
        helpers::sqrt_ratio_generic(num, div)
    }
}

impl<M: PrimeModulus> PrimeField for Residue<M> {
    type Repr = Array<u8, U32>;

    const MODULUS: &'static str = M::PRIME.hex;
    const NUM_BITS: u32 = 256;
    const CAPACITY: u32 = 255;
    const TWO_INV: Self = Self::new(M::HALF);
    const MULTIPLICATIVE_GENERATOR: Self = Self::new([M::PRIME.generator, 0, 0, 0, 0, 0, 0, 0]);
    const S: u32 = M::PRIME.two_adicity;
    const ROOT_OF_UNITY: Self = Self::new(M::PRIME.root_of_unity);
    const ROOT_OF_UNITY_INV: Self = Self::new(M::PRIME.root_of_unity_inverse);
    const DELTA: Self = Self::new(M::PRIME.delta);

    fn from_repr(bytes: Self::Repr) -> CtOption<Self> {
        Self::from_bytes(&bytes)
    }

    fn to_repr(&self) -> Self::Repr {
        self.to_bytes()
    }

    fn is_odd(&self) -> Choice {
        self.is_odd()
    }
}

impl<M: PrimeModulus> FieldExt for Residue<M> {}
impl<M: PrimeModulus> PrimeFieldExt for Residue<M> {}
impl<M: PrimeModulus> BatchInvert for Residue<M> {}

impl<M: PrimeModulus> WnafSize for Residue<M> {
    type StorageSize = U257;
}

impl<M: PrimeModulus> Generate for Residue<M> {
    fn try_generate_from_rng<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Self, R::Error> {
        Self::try_random(rng)
    }
}

impl<M: PrimeModulus> Invert for Residue<M> {
    type Output = CtOption<Self>;

    fn invert(&self) -> CtOption<Self> {
        self.invert()
    }
}

impl<M: PrimeModulus> Retrieve for Residue<M> {
    type Output = U256;

    fn retrieve(&self) -> U256 {
        uint_of_words(&self.words)
    }
}

impl<M: PrimeModulus> Reduce<U256> for Residue<M> {
    fn reduce(number: &U256) -> Self {
        Self::reduced(&words_of_uint(number))
    }
}

impl<M: PrimeModulus> Reduce<Array<u8, U32>> for Residue<M> {
    fn reduce(bytes: &Array<u8, U32>) -> Self {
        Self::reduced(&words_of(bytes))
    }
}

impl<M: PrimeModulus> From<u64> for Residue<M> {
    fn from(number: u64) -> Self {
        Self::new([number as u32, (number >> 32) as u32, 0, 0, 0, 0, 0, 0])
    }
}

impl<M: PrimeModulus> From<u32> for Residue<M> {
    fn from(number: u32) -> Self {
        Self::from(u64::from(number))
    }
}

impl<M: PrimeModulus> From<u128> for Residue<M> {
    fn from(number: u128) -> Self {
        let word = |i: u32| (number >> (32 * i)) as u32;
        Self::new([word(0), word(1), word(2), word(3), 0, 0, 0, 0])
    }
}

impl<M: PrimeModulus> From<Residue<M>> for U256 {
    fn from(number: Residue<M>) -> Self {
        number.retrieve()
    }
}

impl<M: PrimeModulus> From<&Residue<M>> for U256 {
    fn from(number: &Residue<M>) -> Self {
        number.retrieve()
    }
}

impl<M: PrimeModulus> From<Residue<M>> for Array<u8, U32> {
    fn from(number: Residue<M>) -> Self {
        number.to_bytes()
    }
}

impl<M: PrimeModulus> From<&Residue<M>> for Array<u8, U32> {
    fn from(number: &Residue<M>) -> Self {
        number.to_bytes()
    }
}
