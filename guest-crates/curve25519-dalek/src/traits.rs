//! What the crate that this one replaces asks of groups.

use core::borrow::Borrow;

use subtle::ConstantTimeEq;

use crate::scalar::Scalar;

/// A type with a neutral element.
pub trait Identity {
    /// The neutral element.
    fn identity() -> Self;
}

/// A type whose neutral element can be told.
pub trait IsIdentity {
    /// True for the neutral element.
    fn is_identity(&self) -> bool;
}

impl<T: ConstantTimeEq + Identity> IsIdentity for T {
    fn is_identity(&self) -> bool {
        self.ct_eq(&T::identity()).into()
    }
}

/// Sums of multiples.
pub trait MultiscalarMul {
    /// What is multiplied.
    type Point;

    /// The sum of the points, each times the scalar at its place.
    fn multiscalar_mul<I, J>(scalars: I, points: J) -> Self::Point
    where
        I: IntoIterator,
        I::Item: Borrow<Scalar>,
        J: IntoIterator,
        J::Item: Borrow<Self::Point>;
}

/// Sums of multiples, in a time that depends on them.
pub trait VartimeMultiscalarMul {
    /// What is multiplied.
    type Point: Clone;

    /// The sum of the points, each times the scalar at its place, if all points are there.
    fn optional_multiscalar_mul<I, J>(scalars: I, points: J) -> Option<Self::Point>
    where
        I: IntoIterator,
        I::Item: Borrow<Scalar>,
        J: IntoIterator<Item = Option<Self::Point>>;

    /// The sum of the points, each times the scalar at its place.
    fn vartime_multiscalar_mul<I, J>(scalars: I, points: J) -> Self::Point
    where
        I: IntoIterator,
        I::Item: Borrow<Scalar>,
        J: IntoIterator,
        J::Item: Borrow<Self::Point>,
    {
        let points = { points.into_iter() }.map(|point| Some(point.borrow().clone()));
        Self::optional_multiscalar_mul(scalars, points).expect("all points are there")
    }
}
