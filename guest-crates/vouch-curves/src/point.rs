//! Points in Jacobian coordinates: `(x, y, z)` is the point at `(x / z^2, y / z^3)`.
//!
//! A call of the accelerator is what costs, so these formulas have as few products *and sums* as
//! possible. Each computes the *opposite* of its result, which saves a call: callers keep account
//! of the sign. Nothing is copied: results are written where they are needed.

use core::marker::PhantomData;

use crate::combination::Weierstrass;
use crate::residue::{Base, half_unless_zero};
use vouch_modular::{Modulus, Words};

/// A point in Jacobian coordinates.
#[derive(Clone, Copy)]
pub(crate) struct Point {
    pub x: Words,
    pub y: Words,
    pub z: Words,
    /// The others are not the coordinates of a point then.
    pub is_identity: bool,
}

impl Point {
    pub const IDENTITY: Self = Self {
        x: [0; 8],
        y: [0; 8],
        z: [0; 8],
        is_identity: true,
    };
}

/// A curve `y^2 = x^3 + a x + b` by half its `a`, and memory for steps of formulas.
pub(crate) struct Formulas<C> {
    /// `None` for 0, which is faster.
    pub half_a: Option<Words>,
    /// What `z` was multiplied by in the last sum.
    pub growth: Words,
    steps: [Words; 5],
    curve: PhantomData<C>,
}

impl<C: Weierstrass> Formulas<C> {
    pub const fn new() -> Self {
        Self {
            half_a: half_unless_zero::<Base<C>>(C::EQUATION_A.words()),
            growth: [0; 8],
            steps: [[0; 8]; 5],
            curve: PhantomData,
        }
    }

    /// `out := -2 point`, for a point whose order is odd.
    ///
    /// With `s = x y^2` and `e` half the slope's numerator, `3 x^2 + a z^4`: `x' = e^2 - 2 s`,
    /// `-y' = e (x' - s) + y^4`, `z' = y z`.
    #[inline(never)]
    pub fn double(&mut self, point: &Point, out: &mut Point) {
        out.is_identity = point.is_identity;
        if point.is_identity {
            return;
        }
        let [a, b, s, e, t] = &mut self.steps;
        let minus_one = &Base::<C>::MINUS_ONE;
        Base::<C>::multiply(&point.x, &point.x, a);
        if let Some(half_a) = &self.half_a {
            Base::<C>::multiply(&point.z, &point.z, b);
            Base::<C>::multiply(b, b, s);
            Base::<C>::multiply(s, half_a, t);
            Base::<C>::multiply_add(a, &Base::<C>::THREE_HALVES, t, e);
        } else {
            Base::<C>::multiply(a, &Base::<C>::THREE_HALVES, e);
        }
        Base::<C>::multiply(&point.y, &point.y, b);
        Base::<C>::multiply(&point.x, b, s);
        Base::<C>::multiply(s, &Base::<C>::MINUS_TWO, t);
        Base::<C>::multiply_add(e, e, t, &mut out.x);
        Base::<C>::multiply_add(s, minus_one, &out.x, t);
        Base::<C>::multiply(b, b, a);
        Base::<C>::multiply_add(e, t, a, &mut out.y);
        Base::<C>::multiply(&point.y, &point.z, &mut out.z);
    }

    /// `out := -(point + other)`, where `minus_x` and `minus_y` are those of the other.
    ///
    /// With `h = x - x2 z^2`, `r = y - y2 z^3` and `v = x h^2`: `x' = r^2 + h^3 - 2 v`,
    /// `-y' = r (x' - v) + y h^3`, `z' = z h`.
    #[inline(never)]
    pub fn add(&mut self, point: &Point, minus_x: &Words, minus_y: &Words, out: &mut Point) {
        let minus_one = &Base::<C>::MINUS_ONE;
        if point.is_identity {
            Base::<C>::multiply(minus_x, minus_one, &mut out.x);
            out.y = *minus_y;
            out.z = Base::<C>::ONE;
            out.is_identity = false;
            return;
        }
        let h = &mut self.growth;
        let [a, b, r, t, v] = &mut self.steps;
        Base::<C>::multiply(&point.z, &point.z, a);
        Base::<C>::multiply_add(minus_x, a, &point.x, h);
        Base::<C>::multiply(a, &point.z, b);
        Base::<C>::multiply_add(minus_y, b, &point.y, r);
        if h[0] == 0 && *h == Base::<C>::ZERO {
            // The same point, or its opposite.
            if *r == Base::<C>::ZERO {
                self.double(point, out);
            } else {
                out.is_identity = true;
            }
            return;
        }
        Base::<C>::multiply(h, h, a);
        Base::<C>::multiply(h, a, b);
        Base::<C>::multiply(&point.x, a, v);
        Base::<C>::multiply_add(v, &Base::<C>::MINUS_TWO, b, t);
        Base::<C>::multiply_add(r, r, t, &mut out.x);
        Base::<C>::multiply_add(v, minus_one, &out.x, t);
        Base::<C>::multiply(&point.y, b, a);
        Base::<C>::multiply_add(r, t, a, &mut out.y);
        Base::<C>::multiply(&point.z, h, &mut out.z);
        out.is_identity = false;
    }
}
