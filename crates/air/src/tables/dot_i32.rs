//! The accelerator `dot_i32`: the dot product of two vectors of signed words, added to 64 bits.
//!
//! - Given: a call, from the ecall table.
//! - Proves: to the two words that `a2` points to, as a number of 64 bits, the sum of the products of the 32
//!   signed words that `a0` points to with those that `a1` points to is added, modulo `2^64`. The sum lies
//!   above the code and all words in memory. Then the machine goes on behind the ECALL.
//! - Assumes: the limbs of registers and of words in memory are 16 bits.
//! - Buses: call, state, memory, lookup. Degree 3. One row a call.

use alloc::borrow::Cow;
use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::accelerators::Accelerator;
use vouch_isa::accelerators::dot_i32::LENGTH;
use vouch_isa::event::{Access, Counts};

use crate::accelerator::{self, Accesses, Called, Event, Written};
use crate::gadget;
use crate::table::{Context, Public, TableType};
use crate::{Builder, F, Word};

const ACCELERATOR: Accelerator = Accelerator::DotI32;

/// Words of both vectors.
pub(crate) const READ: usize = 2 * LENGTH;
/// Words of the sum.
const SUM: usize = 2;
/// All words.
pub(crate) const WORDS: usize = READ + SUM;
/// Limbs of the sum.
pub(crate) const LIMBS: usize = 4;
/// Places in which products of bytes add up: a byte of one word times one of another, `2^8` from place to place.
const PLACES: usize = 7;
/// Every other place straddles two limbs.
pub(crate) const STRADDLING: usize = PLACES / 2;
/// What is added to the part of such a sum that belongs to the higher limb, which then is 16 bits: the part is
/// between `-2^13` and `2^15`.
const HIGH_OFFSET: u32 = 1 << 13;
/// What is added to a carry, which then is a byte: carries are between -34 and 100.
const CARRY_OFFSET: u32 = 64;

crate::columns! {
    /// A row.
    pub struct DotI32 {
        /// The call.
        call: Called<T>,
        /// The row is a call; boolean.
        is_real: T,
        /// Where the sum is.
        sum: Written<T>,
        /// Bytes of the words, least significant first, the last one as a signed number; bytes by lookup.
        bytes: [T; 4 * READ],
        /// Whether the words are negative; boolean.
        is_negative: [T; READ],
        /// Limbs of the sum before, least significant first; pinned by the memory bus.
        before: [T; LIMBS],
        /// Limbs of the sum after; range16.
        after: [T; LIMBS],
        /// Low bytes of the sums in places that straddle limbs; bytes by lookup.
        low: [T; STRADDLING],
        /// What is above the low byte; range16, with an offset.
        high: [T; STRADDLING],
        /// What the limbs carry over; bytes by lookup, with an offset.
        carry: [T; LIMBS],
        /// The accesses to all words, in their order.
        accesses: Accesses<T, WORDS>,
    }
}

impl TableType for DotI32<F> {
    const ID: u8 = accelerator::table_id(ACCELERATOR);
    const NAME: &'static str = "dot_i32";
    const PUBLIC: Public = Public::TextEnd;
    const MAX_LOG_HEIGHT: usize = accelerator::max_log_height(ACCELERATOR);
    type Columns<T: Copy> = DotI32<T>;
    type Event<'a> = Event<'a>;

    fn rows(counts: &Counts, _: u64) -> u64 {
        counts.accelerated[ACCELERATOR as usize]
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Event<'a>]> {
        accelerator::events(cx, ACCELERATOR)
    }

    fn eval<B: Builder>(b: &mut B, c: &DotI32<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_real]);
        accelerator::answer_call(b, ACCELERATOR, &c.call, &real);
        let vectors = [0, 1].map(|i| accelerator::read(b, c.call.argument(i), &real));
        let sum = accelerator::written(b, c.call.argument(2), &c.sum, &real);
        for (i, vector) in vectors.into_iter().enumerate() {
            for j in 0..LENGTH {
                let word = vector.clone() + F::from_int(j as u32);
                eval_factor(b, c, i * LENGTH + j, word, &real);
            }
        }
        eval_sum(b, c, &real);
        for i in 0..SUM {
            let limbs = [2 * i, 2 * i + 1];
            let before = limbs.map(|limb| c.before[limb].into());
            let after: Word<B::Expr> = limbs.map(|limb| c.after[limb].into());
            b.rule("limbs of the sum after");
            gadget::range_word(b, after.clone(), &real);
            let word = sum.clone() + F::from_int(i as u32);
            b.rule("sum");
            access(b, c, READ + i, word, [before, after], &real);
        }
    }

    fn row(&(e, accesses): &Event<'_>, text: &Range<u32>) -> DotI32<F> {
        let prev = |i: usize| accesses.get(i).map_or(0, |access| access.prev);
        let next = |i: usize| accesses.get(i).map_or(0, |access| access.next);
        let limb = |word: u32, i: usize| word >> (16 * (i % 2)) & 0xffff;
        let places = places(accesses);
        let before: [_; LIMBS] = core::array::from_fn(|i| limb(prev(READ + i / 2), i));
        let after: [_; LIMBS] = core::array::from_fn(|i| limb(next(READ + i / 2), i));
        DotI32 {
            call: Called::new(e),
            is_real: F::ONE,
            sum: Written::new(e.arguments[2], text.end),
            bytes: core::array::from_fn(|i| F::from_int(bytes(prev(i / 4))[i % 4])),
            is_negative: core::array::from_fn(|i| F::from_bool(prev(i).cast_signed() < 0)),
            before: before.map(F::from_int),
            after: after.map(F::from_int),
            low: core::array::from_fn(|i| F::from_int(places[2 * i + 1] & 0xff)),
            high: core::array::from_fn(|i| F::from_int(places[2 * i + 1] >> 8)),
            carry: carries(&places, before, after).map(F::from_int),
            accesses: Accesses::new(accesses, e.ts),
        }
    }
}

/// The bytes of a word, the last one signed.
fn bytes(word: u32) -> [i32; 4] {
    let [a, b, c, d] = word.to_le_bytes();
    [a.into(), b.into(), c.into(), d.cast_signed().into()]
}

/// The sums of products in each place.
fn places(accesses: &[Access]) -> [i32; PLACES] {
    let (left, right) = accesses.split_at_checked(LENGTH).unwrap_or_default();
    let mut places = [0; PLACES];
    for (x, y) in left.iter().zip(right) {
        for (i, x) in bytes(x.prev).into_iter().enumerate() {
            for (place, y) in places[i..].iter_mut().zip(bytes(y.prev)) {
                *place += x * y;
            }
        }
    }
    places
}

/// What the limbs carry over.
fn carries(places: &[i32; PLACES], before: [u32; LIMBS], after: [u32; LIMBS]) -> [i32; LIMBS] {
    let (mut carry, mut above) = (0, 0);
    core::array::from_fn(|i| {
        let straddling = places.get(2 * i + 1).copied().unwrap_or(0);
        let own = places[2 * i] + ((straddling & 0xff) << 8) + above;
        let limb = own + carry + before[i].cast_signed();
        (carry, above) = ((limb - after[i].cast_signed()) >> 16, straddling >> 8);
        carry
    })
}

/// Reads the `i`-th word, a factor.
///
/// The bytes of the low limb are pinned by it. Of the high one, the lower byte is pinned modulo 256, and a signed
/// byte and a multiple of 256 are what is left of it in one way.
fn eval_factor<B: Builder>(b: &mut B, c: &DotI32<B::Var>, i: usize, word: B::Expr, real: &B::Expr) {
    let [x, y, z, top] = core::array::from_fn(|j| c.bytes[4 * i + j]);
    b.rule("low bytes are bytes");
    gadget::bytes(b, x.into(), y.into(), real);
    b.rule("high bytes are bytes");
    gadget::bytes(b, z.into(), top + F::from_int(128), real);
    b.rule("sign is boolean");
    b.assert_bool(c.is_negative[i]);
    let [lo, hi] = gadget::word_of_bytes::<B>([x, y, z, top]);
    let value = [lo, hi + c.is_negative[i] * F::from_int(1 << 16)];
    b.rule("factor");
    access(b, c, i, word, [value.clone(), value], real);
}

/// Adds the products to the sum.
///
/// Limb by limb, as 64 bits are no field element. All that is added to a limb is between `-2^22` and `2^23`: with
/// 16 bits and a byte for what goes to the next, no side of an equation comes near `p`, so it holds of integers.
fn eval_sum<B: Builder>(b: &mut B, c: &DotI32<B::Var>, real: &B::Expr) {
    let (left, right) = c.bytes.split_at(4 * LENGTH);
    let place = |place: usize| -> B::Expr {
        let pairs = (0..4usize).filter_map(|i| Some((i, place.checked_sub(i)?)));
        let pairs = pairs.filter(|&(_, j)| j < 4);
        pairs
            .flat_map(|(i, j)| (0..LENGTH).map(move |k| (4 * k + i, 4 * k + j)))
            .map(|(i, j)| left[i] * right[j])
            .sum()
    };
    for i in 0..STRADDLING {
        b.rule("place that straddles limbs");
        b.assert_eq(place(2 * i + 1), c.low[i] + c.high[i] * F::from_int(256));
        b.rule("high part is 16 bits");
        gadget::range16(b, c.high[i] + F::from_int(HIGH_OFFSET), real);
    }
    b.rule("low parts are bytes");
    gadget::bytes(b, c.low[0].into(), c.low[1].into(), real);
    gadget::bytes(b, c.low[2].into(), B::Expr::ZERO, real);
    let mut above = B::Expr::ZERO;
    for i in 0..LIMBS {
        let low = c
            .low
            .get(i)
            .map_or(B::Expr::ZERO, |low| *low * F::from_int(256));
        b.rule("limb of the sum");
        b.assert_eq(
            place(2 * i) + low + above + c.before[i],
            c.after[i] + c.carry[i] * F::from_int(1 << 16),
        );
        let high = c.high.get(i).map_or(B::Expr::ZERO, |high| (*high).into());
        above = high + c.carry[i];
    }
    for pair in c.carry.chunks(2) {
        let [x, y] = [0, 1].map(|i| pair[i] + F::from_int(CARRY_OFFSET));
        b.rule("carries are bytes");
        gadget::bytes(b, x, y, real);
    }
}

/// Accesses the `i`-th word, which takes one value to another.
fn access<B: Builder>(
    b: &mut B,
    c: &DotI32<B::Var>,
    i: usize,
    word: B::Expr,
    [before, after]: [Word<B::Expr>; 2],
    real: &B::Expr,
) {
    let ts = c.call.ts + F::from_int(i as u32);
    gadget::access_memory(b, word, before, after, &c.accesses.of(i), ts, real);
}
