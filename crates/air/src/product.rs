//! Products of words, byte by byte, for the tables that multiply and divide.

use p3_field::{PrimeCharacteristicRing, PrimeField32, integers::QuotientMap};

use crate::{Builder, F, gadget};

/// The 16-bit columns of a product of two numbers given by their bytes: column `k` is
/// worth `2^(16k)` and less than `2^28` for up to 8 bytes a factor.
pub(crate) fn product_columns<E: PrimeCharacteristicRing, const N: usize, const K: usize>(
    a: &[E; N],
    b: &[E; N],
) -> [E; K] {
    let byte = |k: usize| -> E {
        (0..=k)
            .filter(|&i| i < N && k - i < N)
            .map(|i| a[i].clone() * b[k - i].clone())
            .sum()
    };
    core::array::from_fn(|k| byte(2 * k) + byte(2 * k + 1) * E::from_u32(256))
}

/// `sums = limbs` where column `k` passes its carry to column `k + 1` and the last drops it.
///
/// With carries below `2^14` both sides of each equation are below `2^30`: equal in the
/// field, they are equal as numbers.
pub(crate) fn assert_carried<B: Builder, const K: usize>(
    b: &mut B,
    sums: [B::Expr; K],
    limbs: [B::Expr; K],
    carry: &[B::Var; K],
    count: &B::Expr,
) {
    let mut carry_in = B::Expr::ZERO;
    for ((sum, limb), &carry_out) in sums.into_iter().zip(limbs).zip(carry) {
        b.part("columns add up");
        b.assert_eq(sum + carry_in, limb + carry_out * F::from_int(1 << 16));
        b.part("carries are 14 bits");
        gadget::range14(b, carry_out.into(), count);
        carry_in = carry_out.into();
    }
}

/// The carries for [`assert_carried`].
pub(crate) fn carries<const K: usize>(sums: [i64; K], limbs: [i64; K]) -> [F; K] {
    let mut carry = 0;
    core::array::from_fn(|k| {
        carry = (sums[k] + carry - limbs[k]) >> 16;
        F::from_int(carry)
    })
}

/// A word's bytes followed by four of its sign.
pub(crate) fn extend<B: Builder>(bytes: [B::Var; 4], sign: B::Var) -> [B::Expr; 8] {
    let extension = sign * F::from_int(0xff);
    core::array::from_fn(|i| match i {
        0..4 => bytes[i].into(),
        _ => extension.clone(),
    })
}

/// The bytes of a number in a type that [`product_columns`] computes with.
fn wide_bytes(value: u64) -> [F; 8] {
    value.to_le_bytes().map(F::from_int)
}

/// The columns of a product as numbers.
pub(crate) fn product_numbers<const K: usize>(a: u64, b: u64) -> [i64; K] {
    let columns: [F; K] = product_columns(&wide_bytes(a), &wide_bytes(b));
    columns.map(|x| i64::from(x.as_canonical_u32()))
}
