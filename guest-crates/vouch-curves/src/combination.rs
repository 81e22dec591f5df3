//! Sums of multiples of points: what making and verifying signatures consists of.

use core::mem::swap;

use primeorder::elliptic_curve::array::sizes::U32;
use primeorder::elliptic_curve::bigint::U256;
use primeorder::elliptic_curve::hazmat::FieldArithmetic;
use primeorder::elliptic_curve::point::AffineCoordinates;
use primeorder::elliptic_curve::{Curve, CurveArithmetic};
use primeorder::{AffinePoint, MulBackend, PrimeCurveParams, ProjectivePoint};

use crate::endomorphism::Endomorphism;
use crate::point::{Formulas, Point};
use crate::residue::{Base, Order, Primes, Residue, words_of};
use crate::tables::{GeneratorTable, WIDTH};
use vouch_modular::{Digits, Modulus, Words};

/// Bits of the digits of scalars of points that are not known before.
const POINT_WIDTH: usize = 5;
/// Odd multiples of such a point.
const MULTIPLES: usize = 1 << (POINT_WIDTH - 2);

/// A curve over our fields.
pub trait Weierstrass:
    Primes
    + Curve<FieldBytesSize = U32, Uint = U256>
    + CurveArithmetic<Scalar = Residue<Order<Self>>>
    + FieldArithmetic<FieldElement = Residue<Base<Self>>>
    + PrimeCurveParams
{
    /// Odd multiples of the generator, and with an endomorphism, of the generator times `2^128`.
    const GENERATOR_TABLES: &'static [GeneratorTable];
    /// If it has one that is fast.
    const ENDOMORPHISM: Option<Endomorphism>;
}

/// Multiplies by way of the accelerator.
#[derive(Clone, Copy, Debug)]
pub struct Accelerated;

impl<C: Weierstrass> MulBackend<C> for Accelerated {
    fn mul_by_generator(k: &Residue<Order<C>>) -> ProjectivePoint<C> {
        let mut combination = Combination::new();
        combination.add_generator(k);
        combination.sum()
    }

    fn mul_by_generator_vartime(k: &Residue<Order<C>>) -> ProjectivePoint<C> {
        Self::mul_by_generator(k)
    }

    fn mul_by_generator_and_mul_add_vartime(
        a: &Residue<Order<C>>,
        b: &Residue<Order<C>>,
        point: &ProjectivePoint<C>,
    ) -> ProjectivePoint<C> {
        let mut combination = Combination::new();
        combination.add_generator(a);
        let point = point.to_affine();
        if !bool::from(point.is_identity()) {
            combination.add_point(b, &point);
        }
        combination.sum()
    }
}

/// An odd multiple of a point.
#[derive(Clone, Copy)]
struct Multiple {
    minus_x: Words,
    /// `-x` of the point that the endomorphism makes of it.
    minus_image_x: Words,
    y: Words,
    minus_y: Words,
}

/// The streams of digits are those of the generator, the generator times `2^128`, this point, and
/// what the endomorphism makes of it.
const POINT: usize = 2;

/// A sum that is to be computed.
///
/// It is computed on the curve to which `(x, y)` goes by `(x z^2, y z^3)`, where `z` is the common
/// denominator of the point's multiples: so these need no division.
struct Combination<C> {
    digits: Digits,
    multiples: [Multiple; MULTIPLES],
    formulas: Formulas<C>,
    scale: Scale,
}

struct Scale {
    z: Words,
    square: Words,
    cube: Words,
    minus_cube: Words,
}

impl<C: Weierstrass> Combination<C> {
    /// Of nothing.
    fn new() -> Self {
        let zero = Multiple {
            minus_x: [0; 8],
            minus_image_x: [0; 8],
            y: [0; 8],
            minus_y: [0; 8],
        };
        let one = Base::<C>::ONE;
        Self {
            digits: Digits::zeros(),
            multiples: [zero; MULTIPLES],
            formulas: Formulas::new(),
            scale: Scale {
                z: one,
                square: one,
                cube: one,
                minus_cube: Base::<C>::MINUS_ONE,
            },
        }
    }

    /// Adds a multiple of the generator, once.
    fn add_generator(&mut self, scalar: &Residue<Order<C>>) {
        let scalar = scalar.words();
        let length = scalar.len() / C::GENERATOR_TABLES.len();
        for (stream, part) in scalar.chunks(length).enumerate() {
            self.digits.set(stream, part, false, WIDTH);
        }
    }

    /// Adds a multiple of a point that is not the identity, once.
    fn add_point(&mut self, scalar: &Residue<Order<C>>, point: &AffinePoint<C>) {
        let scalar = scalar.words();
        if let Some(endomorphism) = &C::ENDOMORPHISM {
            let halves = endomorphism.split::<Order<C>>(scalar);
            for (i, (half, is_negative)) in halves.iter().enumerate() {
                self.digits.set(POINT + i, half, *is_negative, POINT_WIDTH);
            }
        } else {
            self.digits.set(POINT, scalar, false, POINT_WIDTH);
        }
        self.find_multiples(&Point {
            x: words_of(&point.x()),
            y: words_of(&point.y()),
            z: Base::<C>::ONE,
            is_identity: false,
        });
    }

    /// Finds the odd multiples of a point, and the scale by which they have `z = 1`.
    fn find_multiples(&mut self, point: &Point) {
        let formulas = &mut self.formulas;
        let mut twice = Point::IDENTITY;
        formulas.double(point, &mut twice);
        // On the curve on which this has `z = 1`. It is the opposite of twice the point.
        let mut minus_x = [0; 8];
        Base::<C>::multiply(&twice.x, &Base::<C>::MINUS_ONE, &mut minus_x);
        let mut opposite_y = [0; 8];
        Base::<C>::multiply(&twice.y, &Base::<C>::MINUS_ONE, &mut opposite_y);
        let [mut square, mut cube] = [[0; 8]; 2];
        let mut points = [Point::IDENTITY; MULTIPLES];
        let mut growths = [[0; 8]; MULTIPLES];
        Base::<C>::multiply(&twice.z, &twice.z, &mut square);
        Base::<C>::multiply(&square, &twice.z, &mut cube);
        let first = &mut points[0];
        Base::<C>::multiply(&point.x, &square, &mut first.x);
        Base::<C>::multiply(&point.y, &cube, &mut first.y);
        first.z = Base::<C>::ONE;
        first.is_identity = false;
        for i in 1..MULTIPLES {
            // Every other one is the opposite of the multiple, and so is what is added.
            let minus_y = if i % 2 == 1 { &twice.y } else { &opposite_y };
            let (before, after) = points.split_at_mut(i);
            formulas.add(&before[i - 1], &minus_x, minus_y, &mut after[0]);
            growths[i] = formulas.growth;
        }
        let last = &points[MULTIPLES - 1].z;
        Base::<C>::multiply(last, &twice.z, &mut self.scale.z);
        self.normalise(&points, &growths);
        self.set_scale();
    }

    /// Brings multiples to the denominator of the last.
    fn normalise(&mut self, points: &[Point; MULTIPLES], growths: &[Words; MULTIPLES]) {
        let minus_one = &Base::<C>::MINUS_ONE;
        let mut ratio = Base::<C>::ONE;
        let [mut square, mut minus_square, mut cube, mut next] = [[0; 8]; 4];
        for (i, point) in points.iter().enumerate().rev() {
            let multiple = &mut self.multiples[i];
            Base::<C>::multiply(&ratio, &ratio, &mut square);
            Base::<C>::multiply(&square, minus_one, &mut minus_square);
            Base::<C>::multiply(&square, &ratio, &mut cube);
            Base::<C>::multiply(&point.x, &minus_square, &mut multiple.minus_x);
            if let Some(endomorphism) = &C::ENDOMORPHISM {
                let image = &mut multiple.minus_image_x;
                Base::<C>::multiply(&multiple.minus_x, &endomorphism.beta, image);
            }
            let (y, opposite) = if i % 2 == 0 {
                (&mut multiple.y, &mut multiple.minus_y)
            } else {
                (&mut multiple.minus_y, &mut multiple.y)
            };
            Base::<C>::multiply(&point.y, &cube, y);
            Base::<C>::multiply(y, minus_one, opposite);
            Base::<C>::multiply(&ratio, &growths[i], &mut next);
            ratio = next;
        }
    }

    fn set_scale(&mut self) {
        let Scale {
            z,
            square,
            cube,
            minus_cube,
        } = &mut self.scale;
        Base::<C>::multiply(z, z, square);
        Base::<C>::multiply(square, z, cube);
        Base::<C>::multiply(cube, &Base::<C>::MINUS_ONE, minus_cube);
        if let Some(half_a) = &mut self.formulas.half_a {
            let [mut fourth, mut scaled] = [[0; 8]; 2];
            Base::<C>::multiply(square, square, &mut fourth);
            Base::<C>::multiply(&fourth, half_a, &mut scaled);
            *half_a = scaled;
        }
    }

    fn sum(&mut self) -> ProjectivePoint<C> {
        let [mut one, mut other] = [Point::IDENTITY; 2];
        let (mut here, mut there) = (&mut one, &mut other);
        let [mut scaled_x, mut scaled_y] = [[0; 8]; 2];
        // Whether the sum is the opposite of what it should be.
        let mut is_opposite = false;
        for digits in self.digits.0.iter().rev() {
            if !here.is_identity {
                self.formulas.double(here, there);
                swap(&mut here, &mut there);
                is_opposite = !is_opposite;
            }
            if digits.are_zero() {
                continue;
            }
            for (stream, &digit) in digits.0.iter().enumerate() {
                if digit == 0 {
                    continue;
                }
                let is_subtracted = (digit < 0) != is_opposite;
                let index = usize::from(digit.unsigned_abs() >> 1);
                let (minus_x, minus_y) = if stream < POINT {
                    let [minus_x, y] = &C::GENERATOR_TABLES[stream][index];
                    let cube = if is_subtracted {
                        &self.scale.cube
                    } else {
                        &self.scale.minus_cube
                    };
                    Base::<C>::multiply(minus_x, &self.scale.square, &mut scaled_x);
                    Base::<C>::multiply(y, cube, &mut scaled_y);
                    (&scaled_x, &scaled_y)
                } else {
                    self.multiples[index].of(stream, is_subtracted)
                };
                self.formulas.add(here, minus_x, minus_y, there);
                swap(&mut here, &mut there);
                is_opposite = !is_opposite;
            }
        }
        self.affine(here, is_opposite)
    }

    /// A point, or its opposite, on the curve as it was before it was scaled.
    fn affine(&self, point: &Point, is_opposite: bool) -> ProjectivePoint<C> {
        if point.is_identity {
            return ProjectivePoint::IDENTITY;
        }
        let [mut z, mut square, mut cube] = [[0; 8]; 3];
        Base::<C>::multiply(&point.z, &self.scale.z, &mut z);
        let inverse = Base::<C>::INVERSION.raise::<Base<C>>(&z);
        let mut x = Residue::<Base<C>>::ZERO;
        let mut y = Residue::<Base<C>>::ZERO;
        Base::<C>::multiply(&inverse, &inverse, &mut square);
        Base::<C>::multiply(&square, &inverse, &mut cube);
        Base::<C>::multiply(&point.x, &square, x.words_mut());
        Base::<C>::multiply(&point.y, &cube, y.words_mut());
        if is_opposite {
            y = -y;
        }
        let point = AffinePoint::from_coordinates(&x.to_bytes(), &y.to_bytes());
        let point: Option<AffinePoint<C>> = point.into_option();
        point.expect("a sum of points is a point").into()
    }
}

impl Multiple {
    /// `-x` and `-y` of what is added, or if it is subtracted, of its opposite.
    #[inline(always)]
    fn of(&self, stream: usize, is_subtracted: bool) -> (&Words, &Words) {
        let minus_x = if stream == POINT {
            &self.minus_x
        } else {
            &self.minus_image_x
        };
        let minus_y = if is_subtracted {
            &self.y
        } else {
            &self.minus_y
        };
        (minus_x, minus_y)
    }
}
