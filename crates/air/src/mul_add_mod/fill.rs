//! Rows of the table.

use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, PrimeField32, integers::QuotientMap};
use vouch_isa::event::Access;

use super::columns::{MulAddMod, places};
use crate::F;
use crate::accelerator::{Accesses, Called, Event, Written};

/// The `i`-th word.
pub(super) fn accessed((_, accesses): &Event<'_>, i: usize) -> Access {
    accesses.get(i).copied().unwrap_or_default()
}

/// The row of an event, if the quotient has these words.
pub(crate) fn row_of<
    const W: usize,
    const L: usize,
    const N: usize,
    const C: usize,
    const H: usize,
>(
    e: &Event<'_>,
    text: &Range<u32>,
    quotient: &[[u32; W]; 2],
) -> MulAddMod<F, W, L, N, C, H> {
    let (call, accesses) = *e;
    let limb = |word: u32, i: usize| F::from_int(word >> (16 * (i % 2)) & 0xffff);
    let byte = |word: u32, i: usize| F::from_int(word >> (8 * (i % 4)) & 0xff);
    let bytes = |k: usize| core::array::from_fn(|i| byte(accessed(e, k * W + i / 4).prev, i));
    let limbs = |k: usize| core::array::from_fn(|i| limb(accessed(e, k * W + i / 2).prev, i));
    let at = |k: usize| {
        let words = accesses.get(k * W..(k + 1) * W).unwrap_or_default();
        Accesses::new(words, call.ts.wrapping_add((k * W) as u32))
    };
    let r: [F; L] = core::array::from_fn(|i| limb(accessed(e, 4 * W + i / 2).next, i));
    let [a, b, m] = [0, 1, 3].map(bytes);
    let (c, modulus): ([F; L], [F; L]) = (limbs(2), limbs(3));
    let [q_low, q_high] = quotient.map(|words| core::array::from_fn(|i| byte(words[i / 4], i)));
    let is_zero = F::from_bool(modulus == [F::ZERO; L]);
    let highest = match is_zero {
        F::ONE => None,
        _ => (0..L).rev().find(|i| modulus[*i] != r[*i]),
    };
    let (places, _) = places([&a, &b], [&q_low, &q_high], &m, &is_zero);
    let carry: [_; C] = carries(places, &c, &r);
    let offset = i64::from(MulAddMod::<F, W, L, N, C, H>::OFFSET);
    MulAddMod {
        call: Called::new(call),
        is_real: F::ONE,
        to: Written::new(call.arguments[4], text.end),
        a,
        b,
        c,
        m,
        old: limbs(4),
        r,
        q_low,
        q_high,
        carry: carry.map(F::from_int),
        carry_high: core::array::from_fn(|i| F::from_bool(carry[i] + offset >= 1 << 14)),
        is_zero,
        differs: core::array::from_fn(|i| F::from_bool(highest == Some(i))),
        difference: highest.map_or(F::ZERO, |i| modulus[i] - r[i] - F::ONE),
        a_at: at(0),
        b_at: at(1),
        c_at: at(2),
        m_at: at(3),
        r_at: at(4),
    }
}

/// What is carried out of each place.
fn carries<const L: usize, const N: usize, const C: usize>(
    places: [F; N],
    c: &[F; L],
    r: &[F; L],
) -> [i64; C] {
    let mut carry = 0;
    let signed = |x: F| match i64::from(x.as_canonical_u32()) {
        x if x > i64::from(F::ORDER_U32 / 2) => x - i64::from(F::ORDER_U32),
        x => x,
    };
    core::array::from_fn(|i| {
        let rest = c.get(i).copied().unwrap_or_default() - r.get(i).copied().unwrap_or_default();
        carry = (signed(places[i] + rest) + carry) >> 16;
        carry
    })
}
