//! The operators, on values and on references.

use core::cmp::Ordering;
use core::iter::{Product, Sum};
use core::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use primeorder::elliptic_curve::bigint::ctutils;
use primeorder::elliptic_curve::subtle::{
    Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeGreater, ConstantTimeLess,
};
use primeorder::elliptic_curve::zeroize::DefaultIsZeroes;

use vouch_modular::{Modulus, less};

use super::Residue;

macro_rules! operator {
    ($op:ident $method:ident, $assign:ident $assign_method:ident, |$a:ident, $b:ident, $out:ident| $compute:expr) => {
        impl<M: Modulus> $op<&Residue<M>> for &Residue<M> {
            type Output = Residue<M>;
            #[inline]
            fn $method(self, other: &Residue<M>) -> Residue<M> {
                let mut result = Residue::ZERO;
                let ($a, $b, $out) = (&self.words, &other.words, &mut result.words);
                $compute;
                result
            }
        }
        impl<M: Modulus> $op<&Residue<M>> for Residue<M> {
            type Output = Residue<M>;
            #[inline]
            fn $method(self, other: &Residue<M>) -> Residue<M> {
                $op::$method(&self, other)
            }
        }
        impl<M: Modulus> $op<Residue<M>> for &Residue<M> {
            type Output = Residue<M>;
            #[inline]
            fn $method(self, other: Residue<M>) -> Residue<M> {
                $op::$method(self, &other)
            }
        }
        impl<M: Modulus> $op for Residue<M> {
            type Output = Residue<M>;
            #[inline]
            fn $method(self, other: Residue<M>) -> Residue<M> {
                $op::$method(&self, &other)
            }
        }
        impl<M: Modulus> $assign for Residue<M> {
            #[inline]
            fn $assign_method(&mut self, other: Residue<M>) {
                *self = $op::$method(&*self, &other);
            }
        }
        impl<M: Modulus> $assign<&Residue<M>> for Residue<M> {
            #[inline]
            fn $assign_method(&mut self, other: &Residue<M>) {
                *self = $op::$method(&*self, other);
            }
        }
    };
}

operator!(Add add, AddAssign add_assign, |a, b, out| M::multiply_add(a, &M::ONE, b, out));
operator!(Sub sub, SubAssign sub_assign, |a, b, out| M::multiply_add(b, &M::MINUS_ONE, a, out));
operator!(Mul mul, MulAssign mul_assign, |a, b, out| M::multiply(a, b, out));

impl<M: Modulus> Neg for Residue<M> {
    type Output = Self;
    fn neg(self) -> Self {
        -&self
    }
}

impl<M: Modulus> Neg for &Residue<M> {
    type Output = Residue<M>;
    fn neg(self) -> Residue<M> {
        let mut result = Residue::ZERO;
        M::multiply(&self.words, &M::MINUS_ONE, &mut result.words);
        result
    }
}

impl<M: Modulus> Sum for Residue<M> {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Self::ZERO, |sum, number| sum + number)
    }
}

impl<'a, M: Modulus> Sum<&'a Self> for Residue<M> {
    fn sum<I: Iterator<Item = &'a Self>>(numbers: I) -> Self {
        numbers.fold(Self::ZERO, |sum, number| sum + number)
    }
}

impl<M: Modulus> Product for Residue<M> {
    fn product<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Self::ONE, |product, number| product * number)
    }
}

impl<'a, M: Modulus> Product<&'a Self> for Residue<M> {
    fn product<I: Iterator<Item = &'a Self>>(numbers: I) -> Self {
        numbers.fold(Self::ONE, |product, number| product * number)
    }
}

impl<M: Modulus> Ord for Residue<M> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.words.iter().rev().cmp(other.words.iter().rev())
    }
}

impl<M: Modulus> PartialOrd for Residue<M> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<M: Modulus> ConditionallySelectable for Residue<M> {
    #[inline]
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        if bool::from(choice) { *b } else { *a }
    }
}

impl<M: Modulus> ConstantTimeEq for Residue<M> {
    #[inline]
    fn ct_eq(&self, other: &Self) -> Choice {
        Choice::from(u8::from(self.words == other.words))
    }
}

impl<M: Modulus> ConstantTimeGreater for Residue<M> {
    fn ct_gt(&self, other: &Self) -> Choice {
        Choice::from(u8::from(less(&other.words, &self.words)))
    }
}

impl<M: Modulus> ConstantTimeLess for Residue<M> {}

impl<M: Modulus> ctutils::CtEq for Residue<M> {
    fn ct_eq(&self, other: &Self) -> ctutils::Choice {
        ctutils::Choice::from_u8_lsb(u8::from(self.words == other.words))
    }
}

impl<M: Modulus> ctutils::CtSelect for Residue<M> {
    fn ct_select(&self, other: &Self, choice: ctutils::Choice) -> Self {
        if choice.to_bool() { *other } else { *self }
    }
}

impl<M: Modulus> DefaultIsZeroes for Residue<M> {}
