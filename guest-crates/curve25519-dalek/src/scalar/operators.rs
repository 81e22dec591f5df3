//! Operators of scalars, on values and on references.

use core::borrow::Borrow;
use core::iter::{Product, Sum};
use core::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use vouch_modular::Modulus;

use super::{Order, Scalar};

macro_rules! operators {
    ($($op:ident $method:ident, $assign:ident $assign_method:ident, |$a:ident, $b:ident| $compute:expr;)*) => {$(
        impl $op<&Scalar> for &Scalar {
            type Output = Scalar;
            fn $method(self, other: &Scalar) -> Scalar {
                let ($a, $b) = (&self.words(), &other.words());
                $compute
            }
        }
        impl $op<Scalar> for &Scalar {
            type Output = Scalar;
            fn $method(self, other: Scalar) -> Scalar {
                $op::$method(self, &other)
            }
        }
        impl $op<&Scalar> for Scalar {
            type Output = Scalar;
            fn $method(self, other: &Scalar) -> Scalar {
                $op::$method(&self, other)
            }
        }
        impl $op for Scalar {
            type Output = Scalar;
            fn $method(self, other: Scalar) -> Scalar {
                $op::$method(&self, &other)
            }
        }
        impl $assign<&Scalar> for Scalar {
            fn $assign_method(&mut self, other: &Scalar) {
                *self = $op::$method(&*self, other);
            }
        }
        impl $assign for Scalar {
            fn $assign_method(&mut self, other: Scalar) {
                *self = $op::$method(&*self, &other);
            }
        }
    )*};
}
operators! {
    Add add, AddAssign add_assign, |a, b| Scalar::multiply_add(a, &Order::ONE, b);
    Sub sub, SubAssign sub_assign, |a, b| Scalar::multiply_add(b, &Order::MINUS_ONE, a);
    Mul mul, MulAssign mul_assign, |a, b| Scalar::multiply_add(a, b, &Order::ZERO);
}

impl Neg for &Scalar {
    type Output = Scalar;

    fn neg(self) -> Scalar {
        Scalar::multiply_add(&self.words(), &Order::MINUS_ONE, &Order::ZERO)
    }
}

impl Neg for Scalar {
    type Output = Self;

    fn neg(self) -> Self {
        -&self
    }
}

impl<T: Borrow<Scalar>> Sum<T> for Scalar {
    fn sum<I: Iterator<Item = T>>(scalars: I) -> Self {
        scalars.fold(Self::ZERO, |sum, scalar| sum + scalar.borrow())
    }
}

impl<T: Borrow<Scalar>> Product<T> for Scalar {
    fn product<I: Iterator<Item = T>>(scalars: I) -> Self {
        scalars.fold(Self::ONE, |product, scalar| product * scalar.borrow())
    }
}
