//! Ranges and byte operations, as in [`super::lookup`], for executions that ask for few: a row
//! for each 16-bit number that is asked about, which the row shows by its bits.
//!
//! - Proves: each answer is a fact of [`crate::bus::Fact`].
//! - Buses: lookup (provides). Degree 3 (LogUp). One row a number.
//!
//! `2^16` rows, of which a short execution asks for a few hundred, would be nearly all of its
//! proof.

use alloc::borrow::Cow;
use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::event::Counts;

use super::lookup::{LOG_HEIGHT, Lookup, MAX_FACTS, provide};
use crate::table::{Context, TableType};
use crate::{Builder, F};

crate::columns! {
    /// A row.
    pub struct Facts {
        /// Bits of the number, least significant first; boolean.
        bits: [T; 16],
        /// Conjunction of its bytes; pinned by a constraint.
        and: T,
        /// How often each fact is asked for. Free: the bus balances only if they are right.
        counts: Lookup<T>,
    }
}

/// The number of some bits, least significant first.
fn number<B: Builder>(bits: &[B::Var]) -> B::Expr {
    let weighted = (0..)
        .zip(bits)
        .map(|(i, &bit)| bit * F::from_int(1u32 << i));
    weighted.sum()
}

impl TableType for Facts<F> {
    const ID: u8 = 25;
    const NAME: &'static str = "facts";
    const ANSWERS: bool = true;
    const MAX_LOG_HEIGHT: usize = LOG_HEIGHT;
    type Columns<T: Copy> = Facts<T>;
    type Event<'a> = (u16, Lookup<F>);

    fn rows(_: &Counts, questions: u64) -> u64 {
        match questions <= MAX_FACTS {
            true => questions,
            false => 0,
        }
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [(u16, Lookup<F>)]> {
        let event = |number| (number, Lookup::asked(cx.asked, number));
        Cow::Owned(cx.asked.numbers().map(event).collect())
    }

    fn eval<B: Builder>(b: &mut B, c: &Facts<B::Var>) {
        b.rule("bits are boolean");
        for bit in c.bits {
            b.assert_bool(bit);
        }
        let (low, high) = c.bits.split_at(8);
        let both = (0..).zip(low.iter().zip(high));
        let and: B::Expr = { both }
            .map(|(i, (&x, &y))| x * y * F::from_int(1u32 << i))
            .sum();
        b.rule("conjunction");
        b.assert_eq(c.and, and);
        b.rule("number of 14 bits has no others");
        // A number of more than 14 bits is none of 14 bits.
        for bit in &c.bits[14..] {
            b.assert_zero(c.counts.range14 * *bit);
        }
        let (low, high) = (number::<B>(low), number::<B>(high));
        let range14 = number::<B>(&c.bits);
        b.rule("answer");
        provide(b, [low, high, c.and.into(), range14], &c.counts);
    }

    fn row(&(number, counts): &(u16, Lookup<F>), _: &Range<u32>) -> Facts<F> {
        Facts {
            bits: core::array::from_fn(|i| F::from_bool(number >> i & 1 == 1)),
            and: F::from_int(number & 0xff & number >> 8),
            counts,
        }
    }
}
