//! The accelerators `extension4_mul_add` and `extension5_mul_add`: products and sums in the extensions of BabyBear by
//! a root of `X^D - W`, the fields of challenges, of `D` words an element.
//!
//! - Given: a call, from the ecall table.
//! - Proves: the words that `a3` points to are replaced with `a b + c`, each word below `p`, where `a`, `b` and `c` are
//!   the elements that `a0`, `a1` and `a2` point to, each word taken modulo `p`. What is written lies above the code,
//!   and all in memory. Then the machine goes on behind the ECALL.
//! - Assumes: the limbs of registers and of words in memory are 16 bits.
//! - Buses: call, state, memory, lookup. Degree 3. One row a call.
//!
//! One type for both degrees: the tables differ in `D`, in `W` and in nothing else.

use alloc::borrow::Cow;
use core::ops::Range;

use p3_field::PrimeCharacteristicRing;
use p3_field::integers::QuotientMap;
use vouch_isa::accelerators::{Accelerator, extension4_mul_add, extension5_mul_add};
use vouch_isa::event::{Access, Counts};

use crate::accelerator::{self, Accesses, Called, Event, Written};
use crate::element;
use crate::gadget;
use crate::table::{Context, Public, TableType};
use crate::{Builder, F};

crate::columns! {
    /// The words of an element that is read.
    pub struct Element [D] {
        /// Low limbs; pinned by the memory bus.
        lo: [T; D],
        /// High limbs; pinned by the memory bus.
        hi: [T; D],
        /// Accesses to them.
        at: Accesses<T, D>,
    }
}

crate::columns! {
    /// A row.
    pub struct ExtensionMulAdd [D] {
        /// The call.
        call: Called<T>,
        /// The row is a call; boolean.
        is_real: T,
        /// A factor.
        a: Element<T, D>,
        /// A factor.
        b: Element<T, D>,
        /// What is added.
        c: Element<T, D>,
        /// Where the result goes.
        result: Written<T>,
        /// Low limbs of the words before; pinned by the memory bus.
        prev_lo: [T; D],
        /// High limbs of the words before; pinned by the memory bus.
        prev_hi: [T; D],
        /// Low limbs of the words after; range16.
        next_lo: [T; D],
        /// High limbs of the words after; range16.
        next_hi: [T; D],
        /// Factors with which the distances of the high limbs from that of `p - 1` are the low limbs;
        /// determined, unless the word is `p - 1`.
        factor: [T; D],
        /// Accesses to them.
        at: Accesses<T, D>,
    }
}

/// The accelerator of a degree.
pub(crate) const fn accelerator(degree: usize) -> Accelerator {
    match degree {
        extension4_mul_add::DEGREE => Accelerator::Extension4MulAdd,
        extension5_mul_add::DEGREE => Accelerator::Extension5MulAdd,
        _ => panic!("no accelerator computes in an extension of this degree"),
    }
}

/// The `W` of `X^D - W`.
const fn w(degree: usize) -> u32 {
    match accelerator(degree) {
        Accelerator::Extension4MulAdd => extension4_mul_add::W,
        _ => extension5_mul_add::W,
    }
}

impl<const D: usize> TableType for ExtensionMulAdd<F, D> {
    const ID: u8 = accelerator::table_id(accelerator(D));
    const NAME: &'static str = accelerator(D).info().name;
    const PUBLIC: Public = Public::TextEnd;
    const MAX_LOG_HEIGHT: usize = accelerator::max_log_height(accelerator(D));
    type Columns<T: Copy> = ExtensionMulAdd<T, D>;
    type Event<'a> = Event<'a>;

    fn rows(counts: &Counts, _: u64) -> u64 {
        counts.accelerated[accelerator(D) as usize]
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Event<'a>]> {
        accelerator::events(cx, accelerator(D))
    }

    fn eval<B: Builder>(b: &mut B, c: &ExtensionMulAdd<B::Var, D>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_real]);
        accelerator::answer_call(b, accelerator(D), &c.call, &real);
        let operands = [&c.a, &c.b, &c.c];
        let [x, y, z] = core::array::from_fn(|i| read(b, c, i, operands[i], &real));
        let product = multiply(&x, &y);
        let computed = core::array::from_fn(|k| product[k].clone() + z[k].clone());
        write(b, c, computed, &real);
    }

    fn row((e, accesses): &Event<'_>, text: &Range<u32>) -> ExtensionMulAdd<F, D> {
        let operand = |i: usize| accesses.get(i * D..).unwrap_or(&[]);
        let ts = |i: usize| e.ts.wrapping_add((i * D) as u32);
        let [a, b, c] = core::array::from_fn(|i| Element::new(operand(i), ts(i)));
        let result = operand(3);
        let next = |i: usize| result.get(i).map_or(0, |access| access.next);
        let (prev_lo, prev_hi) = limbs(result, |access| access.prev);
        let (next_lo, next_hi) = limbs(result, |access| access.next);
        ExtensionMulAdd {
            call: Called::new(e),
            is_real: F::ONE,
            a,
            b,
            c,
            result: Written::new(e.arguments[3], text.end),
            prev_lo,
            prev_hi,
            next_lo,
            next_hi,
            factor: core::array::from_fn(|i| element::factor(next(i))),
            at: Accesses::new(result, ts(3)),
        }
    }
}

impl<const D: usize> Element<F, D> {
    fn new(accesses: &[Access], ts: u32) -> Self {
        let (lo, hi) = limbs(accesses, |access| access.prev);
        Self {
            lo,
            hi,
            at: Accesses::new(accesses, ts),
        }
    }
}

/// Limbs of words, low and high ones.
fn limbs<const D: usize>(accesses: &[Access], word: impl Fn(&Access) -> u32) -> ([F; D], [F; D]) {
    let limb = |i: usize, shift: u32| {
        let word = accesses.get(i).map_or(0, &word);
        F::from_int(word >> shift & 0xffff)
    };
    let limbs = |shift: u32| core::array::from_fn(|i| limb(i, shift));
    (limbs(0), limbs(16))
}

/// Reads operand `i`: the element that its words are. They stay what they are, so their limbs are those of whoever
/// wrote them.
fn read<B: Builder, const D: usize>(
    b: &mut B,
    row: &ExtensionMulAdd<B::Var, D>,
    i: usize,
    cols: &Element<B::Var, D>,
    real: &B::Expr,
) -> [B::Expr; D] {
    let first = accelerator::read(b, row.call.argument(i), real);
    core::array::from_fn(|j| {
        let limbs = [cols.lo[j].into(), cols.hi[j].into()];
        let word = first.clone() + F::from_int(j as u32);
        let ts = row.call.ts + F::from_int((i * D + j) as u32);
        b.rule("word that is read");
        gadget::access_memory(b, word, limbs.clone(), limbs, &cols.at.of(j), ts, real);
        gadget::join::<B>(cols.lo[j], cols.hi[j], 1 << 16)
    })
}

/// Writes `computed` to the last operand, each coefficient as a word below `p`.
fn write<B: Builder, const D: usize>(
    b: &mut B,
    row: &ExtensionMulAdd<B::Var, D>,
    computed: [B::Expr; D],
    real: &B::Expr,
) {
    let first = accelerator::written(b, row.call.argument(3), &row.result, real);
    for (j, computed) in computed.into_iter().enumerate() {
        let prev = [row.prev_lo[j].into(), row.prev_hi[j].into()];
        let next = [row.next_lo[j].into(), row.next_hi[j].into()];
        // Without it, any element could be written. Both sides are of the field, so nothing wraps that should not.
        b.rule("result");
        b.assert_eq(
            gadget::join::<B>(row.next_lo[j], row.next_hi[j], 1 << 16),
            computed,
        );
        b.rule("word after is below p");
        element::assert_below_p(b, next.clone(), row.factor[j], real);
        let word = first.clone() + F::from_int(j as u32);
        let ts = row.call.ts + F::from_int((3 * D + j) as u32);
        b.rule("word");
        gadget::access_memory(b, word, prev, next, &row.at.of(j), ts, real);
    }
}

/// `x y`, modulo `X^D - W`.
fn multiply<E: PrimeCharacteristicRing, const D: usize>(x: &[E; D], y: &[E; D]) -> [E; D] {
    let w = E::from_u32(w(D));
    core::array::from_fn(|k| {
        // Products whose powers of `X` are `k` and `k + D`.
        let sum = |range: Range<usize>, k: usize| -> E {
            range.map(|i| x[i].clone() * y[k - i].clone()).sum()
        };
        sum(0..k + 1, k) + sum(k + 1..D, k + D) * w.clone()
    })
}
