//! Elements of the field in words of memory. A word of `p` or more is the same element as one below `p`, so what
//! is written is checked to be below.

use p3_field::integers::QuotientMap;
use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};

use crate::{Builder, F, Word, gadget};

/// High limb of `p - 1`, whose low limb is 0.
const TOP: u32 = 0x7800;

const _: () = assert!(F::ORDER_U32 == (TOP << 16) + 1);

/// The high limb of a word that is `element` modulo `p`, given the low one.
pub(crate) fn high<B: Builder>(element: B::Var, lo: B::Var) -> B::Expr {
    (element - lo) * gadget::INV_2_16
}

/// The limbs are those of a word below `p`: 16 bits each, the high one `0x7800` at most, and the low one
/// 0 if it is that much: `factor` times the distance of the high one.
///
/// Otherwise an element below `2^32 - p` could be one of two words, and the prover would choose.
pub(crate) fn assert_below_p<B: Builder>(
    b: &mut B,
    word: Word<B::Expr>,
    factor: B::Var,
    real: &B::Expr,
) {
    let [lo, hi] = word;
    let distance = gadget::constant::<B>(TOP) - hi.clone();
    b.part("low limb is 0 if the high one is that of p");
    b.assert_eq(distance.clone() * factor, lo.clone());
    b.part("limbs are 16 bits");
    gadget::range16(b, lo, real);
    gadget::range16(b, hi, real);
    b.part("high limb is no more than that of p");
    gadget::range16(b, distance, real);
}

/// The factor for [`assert_below_p`].
pub(crate) fn factor(word: u32) -> F {
    let distance = F::from_int(TOP) - F::from_int(word >> 16);
    distance.try_inverse().unwrap_or(F::ZERO) * F::from_int(word & 0xffff)
}
