//! The accelerators `mul_add_mod_256` and `mul_add_mod_384`: a product and a sum modulo any number, all of so
//! many bits. Both have this table, with numbers of 8 or 12 words.
//!
//! - Given: a call, from the ecall table.
//! - Proves: the words that `a4` points to are replaced with `(a * b + c) mod m`, where `a0` to `a3` point
//!   to `a`, `b`, `c` and `m`, and a modulus of 0 stands for `2^(32 * WORDS)`. All words lie in memory, those
//!   that are written above the code. Then the machine goes on behind the ECALL.
//! - Assumes: the limbs of registers and of words in memory are 16 bits.
//! - Buses: call, state, memory, lookup. Degree 3. One row a call.
//!
//! `a * b + c = q * m + r` with `r < m` determines `r`. It is an equation of numbers of 16-bit places, each
//! with a carry to the next. The factors are bytes, so that a place of a product is below `2^30`, and an
//! equation that holds modulo `p` holds.

use alloc::borrow::Cow;
use core::ops::Range;

use p3_air::AirBuilder;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::accelerators::mul_add_mod::Division;
use vouch_isa::event::Counts;

use crate::accelerator::{self, Event};
use crate::gadget;
use crate::table::{Context, Public, TableType};
use crate::{Builder, F};

mod columns;
mod fill;

pub use columns::MulAddMod;
pub(crate) use columns::places;
use fill::accessed;
pub(crate) use fill::row_of;

/// What is accessed: a rule each.
const OPERANDS: [&str; 5] = [
    "word of a",
    "word of b",
    "word of c",
    "word of m",
    "word of the result",
];

impl<
    const WORDS: usize,
    const LIMBS: usize,
    const BYTES: usize,
    const CARRIES: usize,
    const WIDE: usize,
> MulAddMod<F, WORDS, LIMBS, BYTES, CARRIES, WIDE>
{
    /// Bytes and limbs that nothing else bounds.
    fn eval_ranges<B: Builder>(
        b: &mut B,
        c: &MulAddMod<B::Var, WORDS, LIMBS, BYTES, CARRIES, WIDE>,
        real: &B::Expr,
    ) {
        // Otherwise a place of a product could reach `p`.
        b.rule("factors are bytes");
        for bytes in [c.a, c.b, c.m, c.q_low, c.q_high] {
            for pair in bytes.as_chunks::<2>().0 {
                let [low, high] = gadget::exs::<B, 2>(*pair);
                gadget::bytes(b, low, high, real);
            }
        }
        b.rule("limbs of the result");
        for limb in c.r {
            gadget::range16(b, limb.into(), real);
        }
    }

    /// `a * b + c = q * m + r`, place by place.
    fn eval_product<B: Builder>(
        b: &mut B,
        c: &MulAddMod<B::Var, WORDS, LIMBS, BYTES, CARRIES, WIDE>,
    ) {
        let [x, y, low, high, m] = [c.a, c.b, c.q_low, c.q_high, c.m].map(gadget::exs::<B, BYTES>);
        let (places, beyond) = places([&x, &y], [&low, &high], &m, &c.is_zero.into());
        let mut carry_in = B::Expr::ZERO;
        b.rule("place of the product");
        for (i, place) in places.into_iter().enumerate() {
            let mut sum = place + carry_in;
            if let (Some(&add), Some(&rest)) = (c.c.get(i), c.r.get(i)) {
                sum += add - rest;
            }
            // Nothing is carried out of the last place.
            carry_in = c.carry.get(i).map_or(B::Expr::ZERO, |&carry| carry.into());
            b.assert_eq(sum, carry_in.clone() * F::from_int(1 << 16));
        }
        b.rule("nothing lies beyond the last place");
        b.assert_zero(beyond);
    }

    /// Carries are small numbers: otherwise the sum of a place could be `p` more or less than it is.
    fn eval_carries<B: Builder>(
        b: &mut B,
        c: &MulAddMod<B::Var, WORDS, LIMBS, BYTES, CARRIES, WIDE>,
        real: &B::Expr,
    ) {
        for i in 0..CARRIES {
            let mut carry = c.carry[i] + gadget::constant::<B>(Self::OFFSET);
            if let Some(&high) = c.carry_high.get(i) {
                b.rule("high part of the carry is boolean");
                b.assert_bool(high);
                carry -= high * F::from_int(1 << 14);
            }
            b.rule("carry is in its range");
            gadget::range14(b, carry, real);
        }
    }

    /// The result is below the modulus, unless that is 0.
    ///
    /// `is_zero` is 1 less the number of limbs at which they are said to differ. If that is neither 0 nor 1, the
    /// modulus is 0 nevertheless, so that no limb of the result is less than the modulus's.
    fn eval_below<B: Builder>(
        b: &mut B,
        c: &MulAddMod<B::Var, WORDS, LIMBS, BYTES, CARRIES, WIDE>,
        real: &B::Expr,
    ) {
        let modulus = limbs::<B, LIMBS, BYTES>(&c.m);
        b.rule("modulus that is said to be 0 is 0");
        // Limbs from 0 on, too few to add up to `p`.
        b.when(c.is_zero)
            .assert_zero(modulus.iter().cloned().sum::<B::Expr>());
        let (mut below, mut difference) = (B::Expr::ZERO, B::Expr::ZERO);
        for (i, limb) in modulus.into_iter().enumerate() {
            b.rule("difference is boolean");
            b.assert_bool(c.differs[i]);
            let distance = limb - c.r[i];
            if i > 0 {
                b.rule("limbs above are the same");
                b.when(below.clone()).assert_zero(distance.clone());
            }
            below += c.differs[i].into();
            difference += distance * c.differs[i];
        }
        b.rule("result and modulus differ");
        b.assert_eq(below.clone(), real.clone() - c.is_zero);
        b.rule("result is below the modulus");
        b.assert_eq(difference, c.difference + below);
        gadget::range16(b, c.difference.into(), real);
    }

    /// Accesses all words, operand after operand.
    fn eval_words<B: Builder>(
        b: &mut B,
        c: &MulAddMod<B::Var, WORDS, LIMBS, BYTES, CARRIES, WIDE>,
        real: &B::Expr,
    ) {
        let read = |limbs: [B::Expr; LIMBS]| [limbs.clone(), limbs];
        let operands = [
            (read(limbs::<B, LIMBS, BYTES>(&c.a)), &c.a_at),
            (read(limbs::<B, LIMBS, BYTES>(&c.b)), &c.b_at),
            (read(c.c.map(Into::into)), &c.c_at),
            (read(limbs::<B, LIMBS, BYTES>(&c.m)), &c.m_at),
            ([c.old.map(Into::into), c.r.map(Into::into)], &c.r_at),
        ];
        for (i, ([prev, next], at)) in operands.into_iter().enumerate() {
            let pointer = c.call.argument(i);
            let first = match i {
                4 => accelerator::written(b, pointer, &c.to, real),
                _ => accelerator::read(b, pointer, real),
            };
            b.rule(OPERANDS[i]);
            for j in 0..WORDS {
                let word =
                    |limbs: &[B::Expr; LIMBS]| [limbs[2 * j].clone(), limbs[2 * j + 1].clone()];
                let ts = c.call.ts + gadget::constant::<B>((i * WORDS + j) as u32);
                let index = first.clone() + gadget::constant::<B>(j as u32);
                gadget::access_memory(b, index, word(&prev), word(&next), &at.of(j), ts, real);
            }
        }
    }
}

impl<
    const WORDS: usize,
    const LIMBS: usize,
    const BYTES: usize,
    const CARRIES: usize,
    const WIDE: usize,
> TableType for MulAddMod<F, WORDS, LIMBS, BYTES, CARRIES, WIDE>
{
    const ID: u8 = accelerator::table_id(Self::ACCELERATOR);
    const NAME: &'static str = Self::ACCELERATOR.info().name;
    const PUBLIC: Public = Public::TextEnd;
    const MAX_LOG_HEIGHT: usize = accelerator::max_log_height(Self::ACCELERATOR);
    type Columns<T: Copy> = MulAddMod<T, WORDS, LIMBS, BYTES, CARRIES, WIDE>;
    type Event<'a> = Event<'a>;

    fn rows(counts: &Counts, _: u64) -> u64 {
        counts.accelerated[Self::ACCELERATOR as usize]
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Event<'a>]> {
        accelerator::events(cx, Self::ACCELERATOR)
    }

    fn eval<B: Builder>(b: &mut B, c: &Self::Columns<B::Var>) {
        const { Self::IS_SOUND };
        b.rule("flags");
        let real = gadget::select(b, &[c.is_real]);
        accelerator::answer_call(b, Self::ACCELERATOR, &c.call, &real);
        Self::eval_ranges(b, c, &real);
        Self::eval_product(b, c);
        Self::eval_carries(b, c, &real);
        Self::eval_below(b, c, &real);
        Self::eval_words(b, c, &real);
    }

    fn row(e: &Event<'_>, text: &Range<u32>) -> Self {
        let operand = |k: usize| core::array::from_fn(|i| accessed(e, k * WORDS + i).prev);
        let [a, b, c, m]: [[u32; WORDS]; 4] = core::array::from_fn(operand);
        row_of(e, text, &Division::new(&a, &b, &c, &m).quotient)
    }
}

/// Bytes as limbs.
fn limbs<B: Builder, const L: usize, const N: usize>(bytes: &[B::Var; N]) -> [B::Expr; L] {
    core::array::from_fn(|i| gadget::join::<B>(bytes[2 * i], bytes[2 * i + 1], 256))
}
