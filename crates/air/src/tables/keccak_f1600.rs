//! The accelerator `keccak_f1600`: the permutation Keccak-f\[1600\] of 50 words in memory.
//!
//! - Given: a call, from the ecall table.
//! - Proves: the words that `a0` points to are replaced with what 24 rounds make of them. They lie above
//!   the code and in memory. Then the machine goes on behind the ECALL.
//! - Assumes: the limbs of registers and of words in memory are 16 bits; a state after a round is what
//!   [`super::keccak_round`] says, limbs of 16 bits.
//! - Buses: call, state, memory, progress, lookup. Degree 3. One row a call.

use alloc::borrow::Cow;
use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::accelerators::keccak_f1600::{KeccakF1600 as Keccak, ROUNDS, WORDS};
use vouch_isa::accelerators::{Accelerates, Accelerator};
use vouch_isa::event::Counts;

use crate::accelerator::{self, Called, Event, Written};
use crate::bus;
use crate::gadget::{self, MemoryAccess};
use crate::table::{Context, Public, TableType};
use crate::{Builder, F};

const ACCELERATOR: Accelerator = Accelerator::KeccakF1600;

/// The call's number, which its messages to the rounds bear.
pub(super) const KIND: u32 = Keccak::NUMBER;
/// Limbs of the state, two a word.
pub(super) const LIMBS: usize = 2 * WORDS;

crate::columns! {
    /// A row.
    pub struct KeccakF1600 {
        /// The call.
        call: Called<T>,
        /// The row is a call; boolean.
        is_real: T,
        /// Where the words are.
        state: Written<T>,
        /// Limbs of the words before; pinned by the memory bus.
        prev: [T; LIMBS],
        /// Limbs of the words after; pinned by the progress bus.
        next: [T; LIMBS],
        /// Timestamps of their previous accesses; pinned by the memory bus.
        prev_ts: [T; WORDS],
        /// Low 16 bits of the time since, less 1; range16.
        gap_lo: [T; WORDS],
    }
}

impl TableType for KeccakF1600<F> {
    const ID: u8 = accelerator::table_id(ACCELERATOR);
    const NAME: &'static str = "keccak_f1600";
    const PUBLIC: Public = Public::TextEnd;
    const MAX_LOG_HEIGHT: usize = accelerator::max_log_height(ACCELERATOR);
    type Columns<T: Copy> = KeccakF1600<T>;
    type Event<'a> = Event<'a>;

    fn rows(counts: &Counts, _: u64) -> u64 {
        counts.accelerated[ACCELERATOR as usize]
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Event<'a>]> {
        accelerator::events(cx, ACCELERATOR)
    }

    fn eval<B: Builder>(b: &mut B, c: &KeccakF1600<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_real]);
        accelerator::answer_call(b, ACCELERATOR, &c.call, &real);
        let first = accelerator::written(b, c.call.argument(0), &c.state, &real);
        let (prev, next) = (c.prev.map(Into::into), c.next.map(Into::into));
        // Whoever receives this is one row of the first round, since no other call has this timestamp.
        b.rule("state before the rounds");
        let ts: B::Expr = c.call.ts.into();
        bus::send_progress(b, KIND, ts.clone(), B::Expr::ZERO, &prev, real.clone());
        // Without it, the words after were what the prover likes.
        b.rule("state after the rounds");
        let last = gadget::constant::<B>(ROUNDS as u32);
        bus::receive_progress(b, KIND, ts, last, &next, real.clone());
        let (prev, _) = prev.as_chunks::<2>();
        let (next, _) = next.as_chunks::<2>();
        for (i, (prev, next)) in prev.iter().zip(next).enumerate() {
            let offset = F::from_int(i as u32);
            let at = MemoryAccess {
                prev_ts: c.prev_ts[i],
                gap_lo: c.gap_lo[i],
            };
            let (word, ts) = (first.clone() + offset, c.call.ts + offset);
            b.rule("word");
            gadget::access_memory(b, word, prev.clone(), next.clone(), &at, ts, &real);
        }
    }

    fn row((e, accesses): &Event<'_>, text: &Range<u32>) -> KeccakF1600<F> {
        let at: [_; WORDS] = accelerator::memory_accesses(accesses, e.ts);
        let limb = |i: usize, word: u32| F::from_int(word >> (16 * (i % 2)) & 0xffff);
        let prev = |i: usize| accesses.get(i / 2).map_or(0, |access| access.prev);
        let next = |i: usize| accesses.get(i / 2).map_or(0, |access| access.next);
        KeccakF1600 {
            call: Called::new(e),
            is_real: F::ONE,
            state: Written::new(e.arguments[0], text.end),
            prev: core::array::from_fn(|i| limb(i, prev(i))),
            next: core::array::from_fn(|i| limb(i, next(i))),
            prev_ts: at.map(|at| at.prev_ts),
            gap_lo: at.map(|at| at.gap_lo),
        }
    }
}
