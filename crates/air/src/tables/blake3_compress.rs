//! The accelerator `blake3_compress`: the compression function of BLAKE3 on words in memory. Its rounds are
//! rows of [`super::blake3_round`].
//!
//! - Given: a call, from the ecall table; and what the rounds make of its words.
//! - Proves: the chaining value at the front of the 12 words that `a1` points to is replaced with that after
//!   the block that `a0` points to; the 4 words behind it stay. Both lie in memory, the 12 words above the
//!   code. Then the machine goes on behind the ECALL.
//! - Assumes: the limbs of registers and of words in memory are 16 bits.
//! - Buses: call, state, memory, progress, lookup. Degree 3. One row a call.

use alloc::borrow::Cow;
use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::accelerators::Accelerator;
use vouch_isa::accelerators::blake3_compress::{
    self, BLOCK_WORDS, CHAINING_WORDS, IV, ROUNDS, STATE_WORDS,
};
use vouch_isa::event::Counts;

use super::blake3_round::half::joined;
use super::blake3_round::{self, KIND};
use crate::accelerator::{self, Called, Event, Written};
use crate::bus::{self, Fact};
use crate::gadget::{self, MemoryAccess};
use crate::table::{Context, Public, TableType};
use crate::{Builder, F, Word};

const ACCELERATOR: Accelerator = Accelerator::Blake3Compress;
const WORDS: usize = BLOCK_WORDS + STATE_WORDS;
/// As many calls as a full table of rounds has, and no more.
const MAX_LOG_HEIGHT: usize = 15;

crate::columns! {
    /// A row.
    pub struct Blake3Compress {
        /// The call.
        call: Called<T>,
        /// The row is a call; boolean.
        is_real: T,
        /// Where the state is.
        at: Written<T>,
        /// The block; pinned by the memory bus.
        block: [Word<T>; BLOCK_WORDS],
        /// The state before; pinned by the memory bus.
        state: [Word<T>; STATE_WORDS],
        /// Bytes of the matrix after the last round; bytes by lookup, pinned as limbs by the progress bus.
        matrix: [[T; 4]; 16],
        /// Conjunctions of its first half with its second; lookup.
        and: [[T; 4]; CHAINING_WORDS],
        /// Timestamps of the previous accesses; pinned by the memory bus.
        prev_ts: [T; WORDS],
        /// Low 16 bits of the time since, less 1; range16.
        gap_lo: [T; WORDS],
    }
}

impl TableType for Blake3Compress<F> {
    const ID: u8 = accelerator::table_id(ACCELERATOR);
    const NAME: &'static str = "blake3_compress";
    const PUBLIC: Public = Public::TextEnd;
    const MAX_LOG_HEIGHT: usize = MAX_LOG_HEIGHT;
    type Columns<T: Copy> = Blake3Compress<T>;
    type Event<'a> = Event<'a>;

    fn rows(counts: &Counts, _: u64) -> u64 {
        counts.accelerated[ACCELERATOR as usize]
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Event<'a>]> {
        accelerator::events(cx, ACCELERATOR)
    }

    fn eval<B: Builder>(b: &mut B, c: &Blake3Compress<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_real]);
        accelerator::answer_call(b, ACCELERATOR, &c.call, &real);
        let block_at = accelerator::read(b, c.call.argument(0), &real);
        let state_at = accelerator::written(b, c.call.argument(1), &c.at, &real);
        let block = c.block.map(gadget::exs::<B, 2>);
        let state = c.state.map(gadget::exs::<B, 2>);

        b.rule("first step");
        let limbs = [start::<B>(&state), block.clone()].concat().concat();
        bus::send_progress(
            b,
            KIND,
            c.call.ts.into(),
            B::Expr::ZERO,
            &limbs,
            real.clone(),
        );
        b.rule("last step");
        let matrix = c.matrix.map(gadget::word_of_bytes::<B>);
        let permuted = (0..ROUNDS).fold(block.clone(), |it, _| blake3_compress::permuted(it));
        let limbs = [matrix, permuted].concat().concat();
        let step = gadget::constant::<B>(ROUNDS as u32);
        bus::receive_progress(b, KIND, c.call.ts.into(), step, &limbs, real.clone());

        b.rule("bytes of the matrix and their conjunction");
        let chaining = chaining_value(b, c, &real);
        b.rule("word of the block");
        for (i, word) in block.into_iter().enumerate() {
            access(
                b,
                c,
                i,
                block_at.clone() + F::from_int(i as u32),
                [word.clone(), word],
                &real,
            );
        }
        b.rule("word of the state");
        let after = chaining
            .into_iter()
            .chain(state[CHAINING_WORDS..].iter().cloned());
        for (i, (before, after)) in state.iter().cloned().zip(after).enumerate() {
            let word = state_at.clone() + F::from_int(i as u32);
            access(b, c, BLOCK_WORDS + i, word, [before, after], &real);
        }
    }

    fn row((e, accesses): &Event<'_>, text: &Range<u32>) -> Blake3Compress<F> {
        let mut step = blake3_round::first(e, accesses);
        let block = step.block;
        for _ in 0..ROUNDS {
            step = step.next();
        }
        let before = |i: usize| {
            accesses
                .get(BLOCK_WORDS + i)
                .map_or(0, |access| access.prev)
        };
        let at: [_; WORDS] = accelerator::memory_accesses(accesses, e.ts);
        Blake3Compress {
            call: Called::new(e),
            is_real: F::ONE,
            at: Written::new(e.arguments[1], text.end),
            block: block.map(gadget::word),
            state: core::array::from_fn(|i| gadget::word(before(i))),
            matrix: step.matrix.map(gadget::word_bytes),
            and: core::array::from_fn(|i| gadget::word_bytes(step.matrix[i] & step.matrix[i + 8])),
            prev_ts: at.map(|at| at.prev_ts),
            gap_lo: at.map(|at| at.gap_lo),
        }
    }
}

/// The matrix that the rounds begin with.
fn start<B: Builder>(state: &[Word<B::Expr>; STATE_WORDS]) -> [Word<B::Expr>; 16] {
    core::array::from_fn(|i| match i {
        0..8 => state[i].clone(),
        8..12 => [IV[i - 8] & 0xffff, IV[i - 8] >> 16].map(gadget::constant::<B>),
        _ => state[i - 4].clone(),
    })
}

/// The first half of the matrix after the last round, xored with the second. The lookups show that the
/// result's bytes are bytes, too, so that its limbs are 16 bits.
fn chaining_value<B: Builder>(
    b: &mut B,
    c: &Blake3Compress<B::Var>,
    real: &B::Expr,
) -> [Word<B::Expr>; CHAINING_WORDS] {
    core::array::from_fn(|i| {
        joined::<B>(core::array::from_fn(|byte| {
            let [x, y, and] = [c.matrix[i][byte], c.matrix[i + 8][byte], c.and[i][byte]];
            let fields = [x, y, and].map(Into::into);
            bus::ask_lookup(b, Fact::And, fields, real.clone());
            x + y - and * F::TWO
        }))
    })
}

/// The `i`-th access.
fn access<B: Builder>(
    b: &mut B,
    c: &Blake3Compress<B::Var>,
    i: usize,
    word: B::Expr,
    [before, after]: [Word<B::Expr>; 2],
    real: &B::Expr,
) {
    let at = MemoryAccess {
        prev_ts: c.prev_ts[i],
        gap_lo: c.gap_lo[i],
    };
    let ts = c.call.ts + F::from_int(i as u32);
    gadget::access_memory(b, word, before, after, &at, ts, real);
}

const _: () = assert!(MAX_LOG_HEIGHT <= accelerator::max_log_height(ACCELERATOR));
const _: () = assert!(ROUNDS << MAX_LOG_HEIGHT >= 1 << blake3_round::MAX_LOG_HEIGHT);
