//! The accelerator `sha256_compress`: a block of 16 words in memory, compressed into a state of eight.
//!
//! - Given: a call, from the ecall table; the state after 64 rounds, from [`super::sha256_rounds`].
//! - Proves: the words that `a1` points to are replaced with the sums of what they were and what the rounds make of
//!   them and of the words that `a0` points to. All lie in memory, those of the state above the code. Then the
//!   machine goes on behind the ECALL.
//! - Assumes: the limbs of registers and of words in memory are 16 bits.
//! - Buses: call, state, memory, lookup, progress. Degree 3. One row a call.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::accelerators::Accelerator;
use vouch_isa::accelerators::sha256_compress::{BLOCK, STATE, compress};
use vouch_isa::event::Counts;

use super::sha256_rounds::{KIND, SCHEDULE, STEPS, before};
use crate::accelerator::{self, Called, Event, Written};
use crate::bus;
use crate::columns::Array;
use crate::gadget::{self, MemoryAccess};
use crate::table::{Context, Public, TableType};
use crate::{Builder, F, Word};

const ACCELERATOR: Accelerator = Accelerator::Sha256Compress;

crate::columns! {
    /// A row.
    pub struct Sha256Compress {
        /// The call.
        call: Called<T>,
        /// The row is a call; boolean.
        is_real: T,
        /// Where the state is.
        state: Written<T>,
        /// The block; pinned by the memory bus.
        block: Array<T, Word<T>, BLOCK>,
        /// The state before; pinned by the memory bus.
        prev: Array<T, Word<T>, STATE>,
        /// What the rounds make of it; 16 bits, pinned by the progress bus.
        mixed: Array<T, Word<T>, STATE>,
        /// The state after; range16.
        next: Array<T, Word<T>, STATE>,
        /// The accesses to the block and to the state.
        at: Array<T, MemoryAccess<T>, { BLOCK + STATE }>,
    }
}

impl TableType for Sha256Compress<F> {
    const ID: u8 = accelerator::table_id(ACCELERATOR);
    const NAME: &'static str = "sha256_compress";
    const PUBLIC: Public = Public::TextEnd;
    const MAX_LOG_HEIGHT: usize = accelerator::max_log_height(ACCELERATOR);
    type Columns<T: Copy> = Sha256Compress<T>;
    type Event<'a> = Event<'a>;

    fn rows(counts: &Counts, _: u64) -> u64 {
        counts.accelerated[ACCELERATOR as usize]
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Event<'a>]> {
        accelerator::events(cx, ACCELERATOR)
    }

    fn eval<B: Builder>(b: &mut B, c: &Sha256Compress<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_real]);
        accelerator::answer_call(b, ACCELERATOR, &c.call, &real);
        let block = accelerator::read(b, c.call.argument(0), &real);
        let state = accelerator::written(b, c.call.argument(1), &c.state, &real);
        let ts: B::Expr = c.call.ts.into();
        let limbs = |words: &[Word<B::Var>]| -> Vec<B::Expr> {
            words.as_flattened().iter().map(|&x| x.into()).collect()
        };
        let [first, last] = [0, STEPS as u32].map(gadget::constant::<B>);
        b.rule("state before the rounds");
        bus::send_progress(
            b,
            KIND,
            ts.clone(),
            first.clone(),
            &limbs(&*c.prev),
            real.clone(),
        );
        b.rule("block");
        bus::send_progress(
            b,
            SCHEDULE,
            ts.clone(),
            first,
            &limbs(&*c.block),
            real.clone(),
        );
        b.rule("state after the rounds");
        bus::receive_progress(b, KIND, ts, last, &limbs(&*c.mixed), real.clone());
        for i in 0..STATE {
            let [prev, mixed, next] = [c.prev[i], c.mixed[i], c.next[i]].map(gadget::exs::<B, 2>);
            b.rule("sum with the state before");
            gadget::add_words(b, real.clone(), prev, mixed, next.clone());
            b.rule("limbs after are 16 bits");
            gadget::range_word(b, next, &real);
        }
        for (i, at) in c.at.iter().enumerate() {
            let (word, prev, next) = match i.checked_sub(BLOCK) {
                None => (
                    block.clone() + F::from_int(i as u32),
                    c.block[i],
                    c.block[i],
                ),
                Some(i) => (state.clone() + F::from_int(i as u32), c.prev[i], c.next[i]),
            };
            let [prev, next] = [prev, next].map(gadget::exs::<B, 2>);
            b.rule("word");
            let ts = c.call.ts + F::from_int(i as u32);
            gadget::access_memory(b, word, prev, next, at, ts, &real);
        }
    }

    fn row((e, accesses): &Event<'_>, text: &Range<u32>) -> Sha256Compress<F> {
        let (block, prev) = before(accesses);
        let mut next = prev;
        compress(&block, &mut next);
        let mixed: [u32; STATE] = core::array::from_fn(|i| next[i].wrapping_sub(prev[i]));
        let next: [u32; STATE] =
            core::array::from_fn(|i| accesses.get(BLOCK + i).map_or(0, |access| access.next));
        Sha256Compress {
            call: Called::new(e),
            is_real: F::ONE,
            state: Written::new(e.arguments[1], text.end),
            block: block.map(gadget::word).into(),
            prev: prev.map(gadget::word).into(),
            mixed: mixed.map(gadget::word).into(),
            next: next.map(gadget::word).into(),
            at: accelerator::memory_accesses::<{ BLOCK + STATE }>(accesses, e.ts).into(),
        }
    }
}
