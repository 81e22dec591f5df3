//! Points of the curve `v^2 = u^3 + 486662 u^2 + u` without their `v`: Diffie-Hellman (RFC 7748).

use core::hash::{Hash, Hasher};
use core::mem::swap;
use core::ops::{Mul, MulAssign};

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use vouch_modular::{Modulus, Words};

use crate::edwards::{CompressedEdwardsY, EdwardsPoint};
use crate::encoding::bytes_of;
use crate::field::{Field, difference, from_bytes, inverse, product, sum};
use crate::scalar::{Scalar, clamp_integer};
use crate::traits::Identity;

/// `(486662 - 2) / 4`
const A24: Words = [121_665, 0, 0, 0, 0, 0, 0, 0];

/// A point by its `u`, little-endian. Whatever the highest bit is, and whether the number is below
/// `p`, makes no difference.
#[derive(Clone, Copy, Debug, Default)]
pub struct MontgomeryPoint(pub [u8; 32]);

/// A `u` as a fraction.
#[derive(Clone, Copy)]
struct Fraction {
    numerator: Words,
    denominator: Words,
}

impl MontgomeryPoint {
    /// A multiple of the generator.
    pub fn mul_base(scalar: &Scalar) -> Self {
        EdwardsPoint::mul_base(scalar).to_montgomery()
    }

    /// The point times the clamped number.
    pub fn mul_clamped(self, bytes: [u8; 32]) -> Self {
        Scalar::new(clamp_integer(bytes)) * self
    }

    /// The generator times the clamped number.
    pub fn mul_base_clamped(bytes: [u8; 32]) -> Self {
        Self::mul_base(&Scalar::new(clamp_integer(bytes)))
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The bytes.
    pub const fn to_bytes(&self) -> [u8; 32] {
        self.0
    }

    /// The point whose `x` is odd if `sign` is 1, on the other model of the curve, if it has one.
    pub fn to_edwards(&self, sign: u8) -> Option<EdwardsPoint> {
        let u = from_bytes(&self.0);
        if u == Field::MINUS_ONE {
            return None;
        }
        let denominator = sum(&u, &Field::ONE);
        let y = product(&difference(&u, &Field::ONE), &inverse(&denominator));
        let mut bytes = bytes_of(&y);
        bytes[31] ^= sign << 7;
        CompressedEdwardsY(bytes).decompress()
    }

    /// The point times a number by its bits, the highest first.
    pub fn mul_bits_be(&self, bits: impl Iterator<Item = bool>) -> Self {
        let u = from_bytes(&self.0);
        let mut low = Fraction {
            numerator: Field::ONE,
            denominator: Field::ZERO,
        };
        let mut high = Fraction {
            numerator: u,
            denominator: Field::ONE,
        };
        // `high - low` is the point.
        for bit in bits {
            if bit {
                swap(&mut low, &mut high);
            }
            step(&mut low, &mut high, &u);
            if bit {
                swap(&mut low, &mut high);
            }
        }
        let inverse = inverse(&low.denominator);
        Self(bytes_of(&product(&low.numerator, &inverse)))
    }
}

/// Doubles the first and adds it to the second, from which it differs by the point at `u` (RFC
/// 7748, section 5).
fn step(first: &mut Fraction, second: &mut Fraction, u: &Words) {
    let a = sum(&first.numerator, &first.denominator);
    let b = difference(&first.numerator, &first.denominator);
    let c = sum(&second.numerator, &second.denominator);
    let d = difference(&second.numerator, &second.denominator);
    let da = product(&d, &a);
    let cb = product(&c, &b);
    let (total, rest) = (sum(&da, &cb), difference(&da, &cb));
    second.numerator = product(&total, &total);
    second.denominator = product(u, &product(&rest, &rest));
    let (aa, bb) = (product(&a, &a), product(&b, &b));
    let e = difference(&aa, &bb);
    first.numerator = product(&aa, &bb);
    first.denominator = product(&e, &sum(&aa, &product(&A24, &e)));
}

impl ConstantTimeEq for MontgomeryPoint {
    fn ct_eq(&self, other: &Self) -> Choice {
        let is_equal = from_bytes(&self.0) == from_bytes(&other.0);
        Choice::from(u8::from(is_equal))
    }
}

impl Eq for MontgomeryPoint {}

impl PartialEq for MontgomeryPoint {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Hash for MontgomeryPoint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        bytes_of(&from_bytes(&self.0)).hash(state);
    }
}

impl ConditionallySelectable for MontgomeryPoint {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        if bool::from(choice) { *b } else { *a }
    }
}

impl Identity for MontgomeryPoint {
    fn identity() -> Self {
        Self([0; 32])
    }
}

#[cfg(feature = "zeroize")]
impl zeroize::Zeroize for MontgomeryPoint {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

macro_rules! multiplies {
    ($($point:ty, $scalar:ty;)*) => {$(
        impl Mul<$scalar> for $point {
            type Output = MontgomeryPoint;

            fn mul(self, scalar: $scalar) -> MontgomeryPoint {
                let bytes = scalar.to_bytes();
                let bit = |i: usize| bytes[i / 8] >> (i % 8) & 1 == 1;
                self.mul_bits_be((0..255).rev().map(bit))
            }
        }

        impl Mul<$point> for $scalar {
            type Output = MontgomeryPoint;

            fn mul(self, point: $point) -> MontgomeryPoint {
                point * self
            }
        }
    )*};
}
multiplies! {
    MontgomeryPoint, Scalar;
    MontgomeryPoint, &Scalar;
    &MontgomeryPoint, Scalar;
    &MontgomeryPoint, &Scalar;
}

impl MulAssign<&Scalar> for MontgomeryPoint {
    fn mul_assign(&mut self, scalar: &Scalar) {
        *self = *self * scalar;
    }
}

impl MulAssign<Scalar> for MontgomeryPoint {
    fn mul_assign(&mut self, scalar: Scalar) {
        *self = *self * scalar;
    }
}
