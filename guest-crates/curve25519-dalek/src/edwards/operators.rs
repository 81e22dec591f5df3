//! Operators of points, on values and on references, and sums over many of them.

use core::borrow::Borrow;
use core::iter::Sum;
use core::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use super::EdwardsPoint;
use crate::field::{TWO_D, difference, negative, product, sum};
use crate::formulas::{Addend, Formulas, Point};
use crate::multiples::Multiples;
use crate::scalar::Scalar;
use crate::traits::{Identity, MultiscalarMul, VartimeMultiscalarMul};

/// The sum, or difference, of points.
fn combine(a: &EdwardsPoint, b: &EdwardsPoint, is_subtracted: bool) -> EdwardsPoint {
    let addend = Addend {
        sum: &sum(&b.y, &b.x),
        difference: &difference(&b.y, &b.x),
        product: &product(&b.t, &TWO_D),
        twice_z: &sum(&b.z, &b.z),
    };
    let mut formulas = Formulas::new(a.t);
    let mut result = Point::IDENTITY;
    formulas.add(&a.without_t(), &addend, is_subtracted, &mut result);
    let Point { x, y, z } = result;
    let t = product(&formulas.e, &formulas.h);
    EdwardsPoint { x, y, z, t }
}

fn multiple(scalar: &Scalar, point: &EdwardsPoint) -> EdwardsPoint {
    let mut multiples = Multiples::new();
    multiples.add_point(&scalar.words(), point);
    multiples.sum()
}

macro_rules! operators {
    ($($op:ident $method:ident($a:ident: $left:ty, $b:ident: $right:ty) = $compute:expr;)*) => {$(
        impl $op<&$right> for &$left {
            type Output = EdwardsPoint;
            fn $method(self, other: &$right) -> EdwardsPoint {
                let ($a, $b) = (self, other);
                $compute
            }
        }
        impl $op<$right> for &$left {
            type Output = EdwardsPoint;
            fn $method(self, other: $right) -> EdwardsPoint {
                $op::$method(self, &other)
            }
        }
        impl $op<&$right> for $left {
            type Output = EdwardsPoint;
            fn $method(self, other: &$right) -> EdwardsPoint {
                $op::$method(&self, other)
            }
        }
        impl $op<$right> for $left {
            type Output = EdwardsPoint;
            fn $method(self, other: $right) -> EdwardsPoint {
                $op::$method(&self, &other)
            }
        }
    )*};
}
operators! {
    Add add(a: EdwardsPoint, b: EdwardsPoint) = combine(a, b, false);
    Sub sub(a: EdwardsPoint, b: EdwardsPoint) = combine(a, b, true);
    Mul mul(a: EdwardsPoint, b: Scalar) = multiple(b, a);
    Mul mul(a: Scalar, b: EdwardsPoint) = multiple(a, b);
}

macro_rules! assignments {
    ($($trait:ident $method:ident, $op:tt, $right:ty;)*) => {$(
        impl $trait<&$right> for EdwardsPoint {
            fn $method(&mut self, other: &$right) {
                *self = &*self $op other;
            }
        }
        impl $trait<$right> for EdwardsPoint {
            fn $method(&mut self, other: $right) {
                *self = &*self $op &other;
            }
        }
    )*};
}
assignments! {
    AddAssign add_assign, +, EdwardsPoint;
    SubAssign sub_assign, -, EdwardsPoint;
    MulAssign mul_assign, *, Scalar;
}

impl Neg for &EdwardsPoint {
    type Output = EdwardsPoint;

    fn neg(self) -> EdwardsPoint {
        EdwardsPoint {
            x: negative(&self.x),
            t: negative(&self.t),
            ..*self
        }
    }
}

impl Neg for EdwardsPoint {
    type Output = Self;

    fn neg(self) -> Self {
        -&self
    }
}

impl<T: Borrow<EdwardsPoint>> Sum<T> for EdwardsPoint {
    fn sum<I: Iterator<Item = T>>(points: I) -> Self {
        points.fold(Self::identity(), |sum, point| sum + point.borrow())
    }
}

impl MultiscalarMul for EdwardsPoint {
    type Point = Self;

    fn multiscalar_mul<I, J>(scalars: I, points: J) -> Self
    where
        I: IntoIterator,
        I::Item: Borrow<Scalar>,
        J: IntoIterator,
        J::Item: Borrow<Self>,
    {
        let pairs = scalars.into_iter().zip(points);
        { pairs.map(|(scalar, point)| scalar.borrow() * point.borrow()) }.sum()
    }
}

impl VartimeMultiscalarMul for EdwardsPoint {
    type Point = Self;

    fn optional_multiscalar_mul<I, J>(scalars: I, points: J) -> Option<Self>
    where
        I: IntoIterator,
        I::Item: Borrow<Scalar>,
        J: IntoIterator<Item = Option<Self>>,
    {
        let pairs = scalars.into_iter().zip(points);
        pairs
            .map(|(scalar, point)| Some(scalar.borrow() * point?))
            .sum::<Option<Self>>()
    }
}
