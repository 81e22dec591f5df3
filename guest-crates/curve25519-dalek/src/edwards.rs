//! Points of the curve `-x^2 + y^2 = 1 + d x^2 y^2`.

mod operators;

use core::array::TryFromSliceError;
use core::fmt;

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use vouch_modular::{Modulus, Words};

use crate::encoding::bytes_of;
use crate::field::{self, D, Field, difference, inverse, negative, product, sum};
use crate::formulas::{Formulas, Point};
use crate::montgomery::MontgomeryPoint;
use crate::multiples::Multiples;
use crate::scalar::{ORDER, Scalar, clamp_integer};
use crate::traits::{Identity, IsIdentity};

/// A point as 32 bytes: `y`, and in the highest bit whether `x` is odd.
#[derive(Clone, Copy, Hash)]
pub struct CompressedEdwardsY(pub [u8; 32]);

impl CompressedEdwardsY {
    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The bytes.
    pub const fn to_bytes(&self) -> [u8; 32] {
        self.0
    }

    /// The bytes of a slice.
    ///
    /// # Errors
    /// If there are not 32 of them.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, TryFromSliceError> {
        bytes.try_into().map(Self)
    }

    /// The point, if there is one. As in the crate that this one replaces, `y` may be `p` or more,
    /// and an `x` that is 0 may claim to be odd.
    pub fn decompress(&self) -> Option<EdwardsPoint> {
        let y = field::from_bytes(&self.0);
        let square = product(&y, &y);
        let numerator = difference(&square, &Field::ONE);
        // Never 0: -1/d is not a square.
        let denominator = sum(&product(&square, &D), &Field::ONE);
        let mut x = field::root_of_quotient(&numerator, &denominator)?;
        if self.0[31] >> 7 == 1 {
            x = negative(&x);
        }
        let t = product(&x, &y);
        let z = Field::ONE;
        Some(EdwardsPoint { x, y, z, t })
    }
}

impl TryFrom<&[u8]> for CompressedEdwardsY {
    type Error = TryFromSliceError;

    fn try_from(bytes: &[u8]) -> Result<Self, TryFromSliceError> {
        Self::from_slice(bytes)
    }
}

impl Eq for CompressedEdwardsY {}

impl PartialEq for CompressedEdwardsY {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl ConstantTimeEq for CompressedEdwardsY {
    fn ct_eq(&self, other: &Self) -> Choice {
        Choice::from(u8::from(self == other))
    }
}

impl fmt::Debug for CompressedEdwardsY {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CompressedEdwardsY: {:?}", self.0)
    }
}

impl Identity for CompressedEdwardsY {
    fn identity() -> Self {
        EdwardsPoint::identity().compress()
    }
}

impl Default for CompressedEdwardsY {
    fn default() -> Self {
        Self::identity()
    }
}

#[cfg(feature = "zeroize")]
impl zeroize::Zeroize for CompressedEdwardsY {
    fn zeroize(&mut self) {
        self.0.zeroize();
        self.0[0] = 1;
    }
}

/// A point.
#[derive(Clone, Copy)]
pub struct EdwardsPoint {
    pub(crate) x: Words,
    pub(crate) y: Words,
    pub(crate) z: Words,
    /// `x y / z`
    pub(crate) t: Words,
}

impl EdwardsPoint {
    pub(crate) fn without_t(&self) -> Point {
        let Self { x, y, z, .. } = *self;
        Point { x, y, z }
    }

    /// As 32 bytes.
    pub fn compress(&self) -> CompressedEdwardsY {
        let inverse = inverse(&self.z);
        let x = product(&self.x, &inverse);
        let mut bytes = bytes_of(&product(&self.y, &inverse));
        bytes[31] |= ((x[0] & 1) << 7) as u8;
        CompressedEdwardsY(bytes)
    }

    /// On the other model of the curve. The identity becomes 0.
    pub fn to_montgomery(&self) -> MontgomeryPoint {
        // u = (1 + y) / (1 - y)
        let numerator = sum(&self.z, &self.y);
        let denominator = difference(&self.z, &self.y);
        let u = product(&numerator, &inverse(&denominator));
        MontgomeryPoint(bytes_of(&u))
    }

    /// A multiple of the generator.
    pub fn mul_base(scalar: &Scalar) -> Self {
        let mut multiples = Multiples::new();
        multiples.add_generator(&scalar.words());
        multiples.sum()
    }

    /// The point times the clamped number.
    pub fn mul_clamped(self, bytes: [u8; 32]) -> Self {
        Scalar::new(clamp_integer(bytes)) * self
    }

    /// The generator times the clamped number.
    pub fn mul_base_clamped(bytes: [u8; 32]) -> Self {
        Self::mul_base(&Scalar::new(clamp_integer(bytes)))
    }

    /// `a` times the point, plus `b` times the generator.
    #[expect(
        non_snake_case,
        reason = "the name of the crate that this one replaces"
    )]
    pub fn vartime_double_scalar_mul_basepoint(a: &Scalar, A: &Self, b: &Scalar) -> Self {
        let mut multiples = Multiples::new();
        multiples.add_generator(&b.words());
        multiples.add_point(&a.words(), A);
        multiples.sum()
    }

    /// The point times 8.
    pub fn mul_by_cofactor(&self) -> Self {
        let mut formulas = Formulas::new(self.t);
        let [mut first, mut second] = [self.without_t(), Point::IDENTITY];
        formulas.double(&first, &mut second);
        formulas.double(&second, &mut first);
        formulas.double(&first, &mut second);
        // That is -8 times the point.
        EdwardsPoint {
            x: negative(&second.x),
            y: second.y,
            z: second.z,
            t: negative(&product(&formulas.e, &formulas.h)),
        }
    }

    /// True if 8 times the point is the identity.
    pub fn is_small_order(&self) -> bool {
        self.mul_by_cofactor().is_identity()
    }

    /// True if the point is a multiple of the generator.
    pub fn is_torsion_free(&self) -> bool {
        (self * &Scalar::new(bytes_of(&ORDER))).is_identity()
    }
}

impl Identity for EdwardsPoint {
    fn identity() -> Self {
        Self {
            x: Field::ZERO,
            y: Field::ONE,
            z: Field::ONE,
            t: Field::ZERO,
        }
    }
}

impl Default for EdwardsPoint {
    fn default() -> Self {
        Self::identity()
    }
}

impl ConstantTimeEq for EdwardsPoint {
    fn ct_eq(&self, other: &Self) -> Choice {
        let is_equal = product(&self.x, &other.z) == product(&other.x, &self.z)
            && product(&self.y, &other.z) == product(&other.y, &self.z);
        Choice::from(u8::from(is_equal))
    }
}

impl Eq for EdwardsPoint {}

impl PartialEq for EdwardsPoint {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl ConditionallySelectable for EdwardsPoint {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        if bool::from(choice) { *b } else { *a }
    }
}

impl fmt::Debug for EdwardsPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EdwardsPoint({:?})", self.compress().0)
    }
}

#[cfg(feature = "zeroize")]
impl zeroize::Zeroize for EdwardsPoint {
    fn zeroize(&mut self) {
        for words in [&mut self.x, &mut self.y, &mut self.z, &mut self.t] {
            words.zeroize();
        }
        *self = Self::identity();
    }
}
