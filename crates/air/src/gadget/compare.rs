//! Which of two words is less.

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};

use super::{INV_2_16, range16};
use crate::columns;
use crate::{Builder, F, Word};

columns! {
    /// Comparison of two words, signed or not.
    pub struct LessThan {
        /// High limb of `a`, with its top bit flipped if signed; range16.
        a_top: T,
        /// High limb of `b`, likewise; range16.
        b_top: T,
        /// Low limb of `a - b`; range16.
        diff_lo: T,
        /// `a < b`; boolean.
        less: T,
    }
}

impl LessThan<F> {
    pub(crate) fn new(a: u32, b: u32, signed: bool) -> Self {
        let flip = u32::from(signed) << 15;
        let (a_top, b_top) = (a >> 16 ^ flip, b >> 16 ^ flip);
        let less = (a_top, a & 0xffff) < (b_top, b & 0xffff);
        Self {
            a_top: F::from_int(a_top),
            b_top: F::from_int(b_top),
            diff_lo: F::from_int(a.wrapping_sub(b) & 0xffff),
            less: F::from_bool(less),
        }
    }
}

/// Constrains [`LessThan`]. `signed` is boolean.
///
/// Flipping the top bits turns the signed order into the unsigned one: `a_top` differs from
/// `a_hi + 2^15` by a multiple of `2^16` and fits 16 bits, so it is determined. `a - b` plus
/// `2^32 * less` then has two 16-bit limbs; with the wrong `less` it has not.
pub(crate) fn compare<B: Builder>(
    b: &mut B,
    [x_lo, x_hi]: Word<B::Expr>,
    [y_lo, y_hi]: Word<B::Expr>,
    signed: &B::Expr,
    cols: &LessThan<B::Var>,
    count: &B::Expr,
) {
    let flip = signed.clone() * F::from_int(1 << 15);
    b.part("top limb of the first");
    b.assert_bool((x_hi + flip.clone() - cols.a_top) * INV_2_16);
    b.part("top limb of the second");
    b.assert_bool((y_hi + flip - cols.b_top) * INV_2_16);
    let borrow = (cols.diff_lo - x_lo + y_lo) * INV_2_16;
    b.part("borrow is boolean");
    b.assert_bool(borrow.clone());
    b.part("less is boolean");
    b.assert_bool(cols.less);
    let diff_hi = cols.a_top - cols.b_top - borrow + cols.less * F::from_int(1 << 16);
    b.part("limbs are 16 bits");
    for x in [
        cols.a_top.into(),
        cols.b_top.into(),
        cols.diff_lo.into(),
        diff_hi,
    ] {
        range16(b, x, count);
    }
}
