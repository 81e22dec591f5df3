//! What RustCrypto's curves ask of their scalars.

use core::ops::{Mul, Shr, ShrAssign};

use primeorder::elliptic_curve::bigint::U256;
use primeorder::elliptic_curve::ops::MulVartime;
use primeorder::elliptic_curve::scalar::{FromUintUnchecked, IsHigh};
use primeorder::elliptic_curve::subtle::Choice;
use primeorder::elliptic_curve::{Error, NonZeroScalar, ScalarValue, SecretKey};
use primeorder::{AffinePoint, ProjectivePoint};

use crate::combination::Weierstrass;
use crate::residue::{Order, Residue, uint_of_words, words_of_uint};
use vouch_modular::{Modulus, less};

type Scalar<C> = Residue<Order<C>>;

impl<M> AsRef<Residue<M>> for Residue<M> {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl<M: Modulus> FromUintUnchecked for Residue<M> {
    type Uint = U256;

    fn from_uint_unchecked(number: U256) -> Self {
        Self::new(words_of_uint(&number))
    }
}

impl<M: Modulus> IsHigh for Residue<M> {
    fn is_high(&self) -> Choice {
        // Half of the modulus, rounded up, is the first high number.
        Choice::from(u8::from(!less(self.words(), &M::HALF)))
    }
}

impl<M: Modulus> Shr<usize> for Residue<M> {
    type Output = Self;

    fn shr(self, bits: usize) -> Self {
        let number = uint_of_words(self.words()).shr_vartime(bits as u32);
        Self::new(words_of_uint(&number))
    }
}

impl<M: Modulus> ShrAssign<usize> for Residue<M> {
    fn shr_assign(&mut self, bits: usize) {
        *self = *self >> bits;
    }
}

impl<C: Weierstrass> From<NonZeroScalar<C>> for Scalar<C> {
    fn from(scalar: NonZeroScalar<C>) -> Self {
        *scalar.as_ref()
    }
}

impl<C: Weierstrass> From<&NonZeroScalar<C>> for Scalar<C> {
    fn from(scalar: &NonZeroScalar<C>) -> Self {
        *scalar.as_ref()
    }
}

impl<C: Weierstrass> From<ScalarValue<C>> for Scalar<C> {
    fn from(value: ScalarValue<C>) -> Self {
        Self::from_uint_unchecked(*value.as_uint())
    }
}

impl<C: Weierstrass> From<&ScalarValue<C>> for Scalar<C> {
    fn from(value: &ScalarValue<C>) -> Self {
        Self::from_uint_unchecked(*value.as_uint())
    }
}

impl<C: Weierstrass> From<&SecretKey<C>> for Scalar<C> {
    fn from(key: &SecretKey<C>) -> Self {
        *key.to_nonzero_scalar()
    }
}

impl<C: Weierstrass> From<Scalar<C>> for ScalarValue<C> {
    fn from(scalar: Scalar<C>) -> Self {
        Self::from(&scalar)
    }
}

impl<C: Weierstrass> From<&Scalar<C>> for ScalarValue<C> {
    fn from(scalar: &Scalar<C>) -> Self {
        let value = Self::new(scalar.into()).into_option();
        value.expect("a scalar is below the order")
    }
}

impl<C: Weierstrass> TryFrom<Scalar<C>> for NonZeroScalar<C> {
    type Error = Error;

    fn try_from(scalar: Scalar<C>) -> Result<Self, Error> {
        Self::new(scalar).into_option().ok_or(Error)
    }
}

macro_rules! multiplies {
    ($($lifetime:lifetime)?, $scalar:ty, $point:ident) => {
        impl<$($lifetime,)? C: Weierstrass> Mul<$(&$lifetime)? $point<C>> for $scalar {
            type Output = ProjectivePoint<C>;

            fn mul(self, point: $(&$lifetime)? $point<C>) -> ProjectivePoint<C> {
                ProjectivePoint::from(point.clone()).mul(AsRef::<Scalar<C>>::as_ref(&self))
            }
        }

        impl<$($lifetime,)? C: Weierstrass> MulVartime<$(&$lifetime)? $point<C>> for $scalar {
            fn mul_vartime(self, point: $(&$lifetime)? $point<C>) -> ProjectivePoint<C> {
                ProjectivePoint::from(point.clone()).mul_vartime(AsRef::<Scalar<C>>::as_ref(&self))
            }
        }
    };
}
multiplies!(, Scalar<C>, AffinePoint);
multiplies!('a, Scalar<C>, AffinePoint);
multiplies!(, Scalar<C>, ProjectivePoint);
multiplies!('a, Scalar<C>, ProjectivePoint);
multiplies!(, &Scalar<C>, AffinePoint);
multiplies!('a, &Scalar<C>, AffinePoint);
multiplies!(, &Scalar<C>, ProjectivePoint);
multiplies!('a, &Scalar<C>, ProjectivePoint);
