//! The accelerator `matrix_product_i8`: sums of products of signed bytes, four rows by four columns.
//!
//! - Given: a call, from the ecall table.
//! - Proves: each of the 16 words that `a3` points to becomes, modulo `2^32`, that of those that `a2` points to
//!   and the sum of the products of the signed bytes of one of the four rows that `a0` points to with those of one
//!   of the four columns that `a1` points to, 32 bytes each. The sums lie above the code and all words in memory.
//!   Then the machine goes on behind the ECALL.
//! - Assumes: the limbs of registers and of words in memory are 16 bits.
//! - Buses: call, state, memory, lookup. Degree 3. One row a call.
//!
//! Every byte that is read is a factor of four products: what a product costs is mostly a quarter of the access to
//! its bytes.

use alloc::borrow::Cow;
use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::accelerators::Accelerator;
use vouch_isa::accelerators::matrix_product_i8::{DEPTH, MATRIX_WORDS, SIDE, SUMS};
use vouch_isa::event::{Access, Counts};

use crate::accelerator::{self, Accesses, Called, Event, Written};
use crate::bus::{self, Fact};
use crate::gadget::{self, INV_2_16};
use crate::table::{Context, Public, TableType};
use crate::{Builder, F, Word};

const ACCELERATOR: Accelerator = Accelerator::MatrixProductI8;

/// Words of both matrices, behind which the words are that the sums start from.
pub(crate) const START: usize = 2 * MATRIX_WORDS;
/// Bytes of both matrices.
pub(crate) const BYTES: usize = 4 * START;
/// Words that are read, behind which the sums are.
const READ: usize = START + SUMS;
/// All words.
pub(crate) const WORDS: usize = READ + SUMS;
/// What is added to a carry, which then is a byte: carries are between -8 and 9.
const CARRY_OFFSET: u32 = 128;

crate::columns! {
    /// A row.
    pub struct MatrixProductI8 {
        /// The call.
        call: Called<T>,
        /// The row is a call; boolean.
        is_real: T,
        /// Where the sums are.
        sums: Written<T>,
        /// Bytes of the rows, then of the columns, as signed numbers; bytes by lookup.
        bytes: [T; BYTES],
        /// Whether they are negative; by lookup in even places, boolean in odd ones.
        is_negative: [T; BYTES],
        /// Limbs of what the sums start from, the low one of each first; pinned by the memory bus.
        start: [T; 2 * SUMS],
        /// Limbs of what the sums replace; pinned by the memory bus.
        before: [T; 2 * SUMS],
        /// Limbs of the sums after; range16.
        after: [T; 2 * SUMS],
        /// What the low limbs carry over; bytes by lookup, with an offset.
        carry: [T; SUMS],
        /// The accesses to all words, in their order.
        accesses: Accesses<T, WORDS>,
    }
}

impl TableType for MatrixProductI8<F> {
    const ID: u8 = accelerator::table_id(ACCELERATOR);
    const NAME: &'static str = "matrix_product_i8";
    const PUBLIC: Public = Public::TextEnd;
    const MAX_LOG_HEIGHT: usize = accelerator::max_log_height(ACCELERATOR);
    type Columns<T: Copy> = MatrixProductI8<T>;
    type Event<'a> = Event<'a>;

    fn rows(counts: &Counts, _: u64) -> u64 {
        counts.accelerated[ACCELERATOR as usize]
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Event<'a>]> {
        accelerator::events(cx, ACCELERATOR)
    }

    fn eval<B: Builder>(b: &mut B, c: &MatrixProductI8<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_real]);
        accelerator::answer_call(b, ACCELERATOR, &c.call, &real);
        let matrices = [0, 1].map(|i| accelerator::read(b, c.call.argument(i), &real));
        let start = accelerator::read(b, c.call.argument(2), &real);
        let sums = accelerator::written(b, c.call.argument(3), &c.sums, &real);
        for (i, matrix) in matrices.into_iter().enumerate() {
            for j in 0..MATRIX_WORDS {
                let word = matrix.clone() + F::from_int(j as u32);
                eval_factors(b, c, i * MATRIX_WORDS + j, word, &real);
            }
        }
        for i in 0..SUMS {
            let start_of: Word<B::Expr> = [c.start[2 * i].into(), c.start[2 * i + 1].into()];
            let word = start.clone() + F::from_int(i as u32);
            b.rule("start");
            access(b, c, START + i, word, [start_of.clone(), start_of], &real);
        }
        for i in 0..SUMS {
            eval_sum(b, c, i);
            let limbs = [2 * i, 2 * i + 1];
            let before = limbs.map(|limb| c.before[limb].into());
            let after: Word<B::Expr> = limbs.map(|limb| c.after[limb].into());
            b.rule("limbs of a sum after");
            gadget::range_word(b, after.clone(), &real);
            let word = sums.clone() + F::from_int(i as u32);
            b.rule("sum");
            access(b, c, READ + i, word, [before, after], &real);
        }
        for pair in c.carry.chunks(2) {
            let [x, y] = [0, 1].map(|i| pair[i] + F::from_int(CARRY_OFFSET));
            b.rule("carries are bytes");
            gadget::bytes(b, x, y, &real);
        }
    }

    fn row(&(e, accesses): &Event<'_>, text: &Range<u32>) -> MatrixProductI8<F> {
        let access = |i: usize| accesses.get(i);
        let prev = |i: usize| access(i).map_or(0, |access| access.prev);
        let next = |i: usize| access(i).map_or(0, |access| access.next);
        let byte = |i: usize| prev(i / 4).to_le_bytes()[i % 4].cast_signed();
        let limb = |word: u32, i: usize| word >> (16 * (i % 2)) & 0xffff;
        MatrixProductI8 {
            call: Called::new(e),
            is_real: F::ONE,
            sums: Written::new(e.arguments[3], text.end),
            bytes: core::array::from_fn(|i| F::from_int(byte(i))),
            is_negative: core::array::from_fn(|i| F::from_bool(byte(i) < 0)),
            start: core::array::from_fn(|i| F::from_int(limb(prev(START + i / 2), i))),
            before: core::array::from_fn(|i| F::from_int(limb(prev(READ + i / 2), i))),
            after: core::array::from_fn(|i| F::from_int(limb(next(READ + i / 2), i))),
            carry: core::array::from_fn(|i| F::from_int(carry(accesses, i))),
            accesses: Accesses::new(accesses, e.ts),
        }
    }
}

/// What the low limb of the `i`-th sum carries over.
fn carry(accesses: &[Access], i: usize) -> i32 {
    let (Some(start), Some(sum)) = (accesses.get(START + i), accesses.get(READ + i)) else {
        return 0;
    };
    let added = sum.next.wrapping_sub(start.prev).cast_signed();
    let low = |word: u32| (word & 0xffff).cast_signed();
    low(start.prev)
        .wrapping_add(added)
        .wrapping_sub(low(sum.next))
        >> 16
}

/// Reads the `i`-th word, whose bytes are factors.
///
/// A byte is its signed number, and 256 more if that is negative. The low byte of a limb is pinned by the limb
/// modulo 256, and its sign by the lookup. What is left of the limb is then the high byte, and a signed byte and a
/// multiple of 256 are that in one way.
fn eval_factors<B: Builder>(
    b: &mut B,
    c: &MatrixProductI8<B::Var>,
    i: usize,
    word: B::Expr,
    real: &B::Expr,
) {
    let byte = |j: usize| c.bytes[4 * i + j];
    let is_negative = |j: usize| c.is_negative[4 * i + j];
    let offset = gadget::constant::<B>(128);
    for j in [0, 2] {
        b.rule("sign of a low byte");
        let sign = offset.clone() - is_negative(j) * F::from_int(128);
        let fields = [byte(j) + offset.clone(), offset.clone(), sign];
        bus::ask_lookup(b, Fact::And, fields, real.clone());
        b.rule("sign of a high byte is boolean");
        b.assert_bool(is_negative(j + 1));
    }
    b.rule("high bytes are bytes");
    gadget::bytes(b, byte(1) + offset.clone(), byte(3) + offset, real);
    let unsigned = |j: usize| byte(j) + is_negative(j) * F::from_int(256);
    let limb = |j: usize| unsigned(j) + unsigned(j + 1) * F::from_int(256);
    let value: Word<B::Expr> = [limb(0), limb(2)];
    b.rule("factors");
    access(b, c, i, word, [value.clone(), value], real);
}

/// Adds products to what the `i`-th sum starts from.
///
/// They are between `-2^19` and `2^19`, so the carry is a small number; with a byte for it, neither side comes near
/// `p`, and it is the only one that leaves a low limb of 16 bits.
fn eval_sum<B: Builder>(b: &mut B, c: &MatrixProductI8<B::Var>, i: usize) {
    let (rows, columns) = c.bytes.split_at(SIDE * DEPTH);
    let row = rows.chunks(DEPTH).nth(i / SIDE).into_iter().flatten();
    let column = columns.chunks(DEPTH).nth(i % SIDE).into_iter().flatten();
    let products: B::Expr = row.zip(column).map(|(&x, &y)| x * y).sum();
    let [lo, hi] = [2 * i, 2 * i + 1];
    b.rule("low limb of a sum");
    b.assert_eq(
        products + c.start[lo],
        c.after[lo] + c.carry[i] * F::from_int(1 << 16),
    );
    b.rule("high limb of a sum wraps");
    let wraps = (c.start[hi] + c.carry[i] - c.after[hi]) * INV_2_16;
    b.assert_zero(wraps.clone() * (wraps.square() - B::Expr::ONE));
}

/// Accesses the `i`-th word, which takes one value to another.
fn access<B: Builder>(
    b: &mut B,
    c: &MatrixProductI8<B::Var>,
    i: usize,
    word: B::Expr,
    [before, after]: [Word<B::Expr>; 2],
    real: &B::Expr,
) {
    let ts = c.call.ts + F::from_int(i as u32);
    gadget::access_memory(b, word, before, after, &c.accesses.of(i), ts, real);
}
