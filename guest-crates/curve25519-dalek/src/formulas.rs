//! Points in extended coordinates (Hisil, Wong, Carter, Dawson, ASIACRYPT 2008): `(x, y, z, t)` is
//! the point at `(x / z, y / z)`, with `t = x y / z`.
//!
//! A call of the accelerator is what costs, so these formulas have as few products *and sums* as
//! possible. `t` is left as the two factors that it is a product of: only sums need it.

use vouch_modular::{Modulus, Words};

use crate::field::Field;

/// A point without its `t`.
#[derive(Clone, Copy)]
pub(crate) struct Point {
    pub x: Words,
    pub y: Words,
    pub z: Words,
}

impl Point {
    pub const IDENTITY: Self = Self {
        x: Field::ZERO,
        y: Field::ONE,
        z: Field::ONE,
    };
}

/// What is added to a point: `y + x`, `y - x`, `2 d t`, and `2 z`.
pub(crate) struct Addend<'a> {
    pub sum: &'a Words,
    pub difference: &'a Words,
    pub product: &'a Words,
    pub twice_z: &'a Words,
}

/// 2
pub(crate) const TWO: Words = [2, 0, 0, 0, 0, 0, 0, 0];

/// -1/2
const MINUS_HALF: Words = {
    // p - (p + 1) / 2 = (p - 1) / 2
    vouch_modular::half(&Field::NUMBER, 0)
};

/// The factors of the last result's `t`, and memory for steps.
pub(crate) struct Formulas {
    pub e: Words,
    pub h: Words,
    f: Words,
    g: Words,
    steps: [Words; 2],
}

impl Formulas {
    /// For a point with this `t`.
    pub const fn new(t: Words) -> Self {
        Self {
            e: t,
            h: Field::ONE,
            f: [0; 8],
            g: [0; 8],
            steps: [[0; 8]; 2],
        }
    }

    /// `out := -2 point`: the opposite is a call cheaper, and callers keep account of the sign.
    ///
    /// `e = x y`, `g = (x^2 - y^2) / 2`, `h = (x^2 + y^2) / 2`, `f = z^2 + g`.
    #[inline(never)]
    pub fn double(&mut self, point: &Point, out: &mut Point) {
        let [a, b] = &mut self.steps;
        Field::multiply(&point.x, &point.x, a);
        Field::multiply(&point.y, &point.y, b);
        Field::multiply(b, &MINUS_HALF, &mut self.f);
        Field::multiply_add(a, &Field::HALF, &self.f, &mut self.g);
        Field::multiply_add(b, &Field::ONE, &self.g, &mut self.h);
        Field::multiply_add(&point.z, &point.z, &self.g, &mut self.f);
        Field::multiply(&point.x, &point.y, &mut self.e);
        self.finish(out);
    }

    /// `out := point + addend`, or `point - addend`; `point` must be the last result.
    ///
    /// `e = b - a` and `h = b + a` for `a = (y - x) (y' - x')` and `b = (y + x) (y' + x')`;
    /// `f = d - c` and `g = d + c` for `c = 2 d t t'` and `d = 2 z z'`.
    #[inline(never)]
    pub fn add(
        &mut self,
        point: &Point,
        addend: &Addend<'_>,
        is_subtracted: bool,
        out: &mut Point,
    ) {
        // The opposite of the addend has the sum for the difference, and the opposite product.
        let (sum, difference, larger, smaller) = if is_subtracted {
            let Addend {
                sum, difference, ..
            } = addend;
            (*difference, *sum, &mut self.f, &mut self.g)
        } else {
            (addend.sum, addend.difference, &mut self.g, &mut self.f)
        };
        let [a, b] = &mut self.steps;
        Field::multiply(&self.e, &self.h, b);
        Field::multiply(b, addend.product, a);
        Field::multiply_add(&point.z, addend.twice_z, a, larger);
        Field::multiply_add(a, &Field::MINUS_TWO, larger, smaller);
        Field::multiply_add(&point.x, &Field::MINUS_ONE, &point.y, a);
        Field::multiply(a, difference, b);
        Field::multiply_add(&point.x, &Field::ONE, &point.y, a);
        Field::multiply_add(a, sum, b, &mut self.h);
        Field::multiply_add(b, &Field::MINUS_TWO, &self.h, &mut self.e);
        self.finish(out);
    }

    #[inline(always)]
    fn finish(&mut self, out: &mut Point) {
        Field::multiply(&self.e, &self.f, &mut out.x);
        Field::multiply(&self.g, &self.h, &mut out.y);
        Field::multiply(&self.f, &self.g, &mut out.z);
    }
}
