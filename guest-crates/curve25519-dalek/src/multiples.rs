//! Sums of multiples of points: what making and verifying signatures consists of.

use core::mem::swap;

use vouch_modular::{Digits, Modulus, Words};

use crate::edwards::EdwardsPoint;
use crate::field::{Field, TWO_D, negative, product};
use crate::formulas::{Addend, Formulas, Point, TWO};
use crate::table::{GENERATOR, WIDTH};

/// Bits of the digits of scalars of points that are not known before.
const POINT_WIDTH: usize = 5;
/// Odd multiples of such a point.
const MULTIPLES: usize = 1 << (POINT_WIDTH - 2);

/// The streams of digits.
const BASE: usize = 0;
const POINT: usize = 1;

/// An odd multiple of a point.
#[derive(Clone, Copy)]
struct Multiple {
    sum: Words,
    difference: Words,
    product: Words,
    twice_z: Words,
}

impl Multiple {
    const ZERO: Self = Self {
        sum: [0; 8],
        difference: [0; 8],
        product: [0; 8],
        twice_z: [0; 8],
    };

    /// Sets it to a point with `t = e h`.
    fn set(&mut self, point: &Point, e: &Words, h: &Words) {
        let mut t = [0; 8];
        Field::multiply(e, h, &mut t);
        Field::multiply(&t, &TWO_D, &mut self.product);
        Field::multiply_add(&point.x, &Field::ONE, &point.y, &mut self.sum);
        Field::multiply_add(&point.x, &Field::MINUS_ONE, &point.y, &mut self.difference);
        Field::multiply(&point.z, &TWO, &mut self.twice_z);
    }

    fn addend(&self) -> Addend<'_> {
        Addend {
            sum: &self.sum,
            difference: &self.difference,
            product: &self.product,
            twice_z: &self.twice_z,
        }
    }
}

/// A sum of multiples of the generator and of a point.
pub(crate) struct Multiples {
    digits: Digits,
    multiples: [Multiple; MULTIPLES],
}

impl Multiples {
    pub const fn new() -> Self {
        Self {
            digits: Digits::zeros(),
            multiples: [Multiple::ZERO; MULTIPLES],
        }
    }

    /// Adds a multiple of the generator, once.
    pub fn add_generator(&mut self, scalar: &Words) {
        self.digits.set(BASE, scalar, false, WIDTH);
    }

    /// Adds a multiple of a point, once.
    pub fn add_point(&mut self, scalar: &Words, point: &EdwardsPoint) {
        self.digits.set(POINT, scalar, false, POINT_WIDTH);
        let mut formulas = Formulas::new(point.t);
        let mut minus_twice = Point::IDENTITY;
        formulas.double(&point.without_t(), &mut minus_twice);
        let mut step = Multiple::ZERO;
        step.set(&minus_twice, &formulas.e, &formulas.h);
        let mut formulas = Formulas::new(point.t);
        let mut storage = [point.without_t(), Point::IDENTITY];
        let [here, there] = &mut storage;
        let (mut here, mut there) = (here, there);
        for (i, multiple) in self.multiples.iter_mut().enumerate() {
            if i > 0 {
                formulas.add(here, &step.addend(), true, there);
                swap(&mut here, &mut there);
            }
            multiple.set(here, &formulas.e, &formulas.h);
        }
    }

    /// The sum.
    pub fn sum(&self) -> EdwardsPoint {
        let mut formulas = Formulas::new(Field::ZERO);
        let mut storage = [Point::IDENTITY; 2];
        let [here, there] = &mut storage;
        let (mut here, mut there) = (here, there);
        // Whether it is the opposite of what it should be.
        let mut is_opposite = false;
        let digits = self.digits.0.iter().rev();
        for digits in digits.skip_while(|digits| digits.are_zero()) {
            formulas.double(here, there);
            swap(&mut here, &mut there);
            is_opposite = !is_opposite;
            if digits.are_zero() {
                continue;
            }
            for (stream, &digit) in digits.0.iter().enumerate() {
                if digit == 0 {
                    continue;
                }
                let is_subtracted = (digit < 0) != is_opposite;
                let index = usize::from(digit.unsigned_abs() >> 1);
                let addend = if stream == BASE {
                    let [sum, difference, product] = &GENERATOR[index];
                    Addend {
                        sum,
                        difference,
                        product,
                        twice_z: &TWO,
                    }
                } else {
                    self.multiples[index].addend()
                };
                formulas.add(here, &addend, is_subtracted, there);
                swap(&mut here, &mut there);
            }
        }
        let mut e = formulas.e;
        let mut x = here.x;
        if is_opposite {
            (e, x) = (negative(&e), negative(&x));
        }
        EdwardsPoint {
            x,
            y: here.y,
            z: here.z,
            t: product(&e, &formulas.h),
        }
    }
}
