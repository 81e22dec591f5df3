//! The accelerator `poseidon2_permute`: the permutation that [`super::poseidon2`] makes compressions of,
//! on 16 words in memory.
//!
//! - Given: a call, from the ecall table.
//! - Proves: the words that `a0` points to, each taken modulo `p`, are replaced with their permutation,
//!   each as a word below `p`. They lie above the code and in memory. Then the machine goes on behind the
//!   ECALL.
//! - Assumes: the limbs of registers and of words in memory are 16 bits.
//! - Buses: call, state, memory, lookup. Degree 3. One row a call.
//!
//! The permutation has columns of its own, rather than asking the table of compressions: its answers have
//! 8 elements, and with 16 every hash of the memory tree would cost more.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::ops::Range;

use p3_air::Air;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use p3_uni_stark::SubAirBuilder;
use vouch_isa::accelerators::Accelerator;
use vouch_isa::event::Counts;

use super::poseidon2::{self, HALF_FULL_ROUNDS, PERMUTATION_COLUMNS, Permutation, WIDTH};
use crate::accelerator::{self, Called, Event, Written};
use crate::columns::Block;
use crate::element;
use crate::gadget::{self, MemoryAccess};
use crate::table::{Context, Public, TableType};
use crate::{Builder, F};

const ACCELERATOR: Accelerator = Accelerator::Poseidon2Permute;

crate::columns! {
    /// A row.
    pub struct Poseidon2Permute {
        /// Columns of the permutation, the first of which are the words before, modulo `p`.
        permutation: [T; PERMUTATION_COLUMNS],
        /// The call.
        call: Called<T>,
        /// The row is a call; boolean.
        is_real: T,
        /// Where the words are.
        state: Written<T>,
        /// Low limbs of the words before; pinned by the memory bus.
        prev_lo: [T; WIDTH],
        /// Low limbs of the words after; range16.
        next_lo: [T; WIDTH],
        /// Factors with which the distances of the high limbs from that of `p - 1` are the low limbs;
        /// determined, unless the word is `p - 1`.
        factor: [T; WIDTH],
        /// Timestamps of their previous accesses; pinned by the memory bus.
        prev_ts: [T; WIDTH],
        /// Low 16 bits of the time since, less 1; range16.
        gap_lo: [T; WIDTH],
    }
}

impl TableType for Poseidon2Permute<F> {
    const ID: u8 = accelerator::table_id(ACCELERATOR);
    const NAME: &'static str = "poseidon2_permute";
    const PUBLIC: Public = Public::TextEnd;
    const MAX_LOG_HEIGHT: usize = accelerator::max_log_height(ACCELERATOR);
    type Columns<T: Copy> = Poseidon2Permute<T>;
    type Event<'a> = Event<'a>;

    fn rows(counts: &Counts, _: u64) -> u64 {
        counts.accelerated[ACCELERATOR as usize]
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Event<'a>]> {
        accelerator::events(cx, ACCELERATOR)
    }

    fn eval<B: Builder>(b: &mut B, c: &Poseidon2Permute<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_real]);
        b.rule("permutation");
        let air = Permutation::new(poseidon2::constants());
        let mut inner = SubAirBuilder::<B, Permutation, B::Var>::new(b, 0..PERMUTATION_COLUMNS);
        air.eval(&mut inner);
        accelerator::answer_call(b, ACCELERATOR, &c.call, &real);
        let word = accelerator::written(b, c.call.argument(0), &c.state, &real);
        let cols: &poseidon2::Cols<B::Var> = c.permutation.as_slice().borrow();
        let permuted = cols.ending_full_rounds[HALF_FULL_ROUNDS - 1].post;
        for (i, (before, after)) in cols.inputs.into_iter().zip(permuted).enumerate() {
            // Both limbs are those of a word in memory, so it is the word that the element is.
            let prev = [
                c.prev_lo[i].into(),
                element::high::<B>(before, c.prev_lo[i]),
            ];
            let next = [c.next_lo[i].into(), element::high::<B>(after, c.next_lo[i])];
            b.rule("word after is below p");
            element::assert_below_p(b, next.clone(), c.factor[i], &real);
            let offset = F::from_int(i as u32);
            let at = MemoryAccess {
                prev_ts: c.prev_ts[i],
                gap_lo: c.gap_lo[i],
            };
            let (word, ts) = (word.clone() + offset, c.call.ts + offset);
            b.rule("word");
            gadget::access_memory(b, word, prev, next, &at, ts, &real);
        }
    }

    fn row(e: &Event<'_>, text: &Range<u32>) -> Poseidon2Permute<F> {
        let permutation = poseidon2::permutations(Vec::from([state(e)])).values;
        row_of(e, text, &permutation)
    }

    // A permutation of zeros that nobody called for.
    fn padding(row: &mut Poseidon2Permute<F>) {
        let zeros = Vec::from([[F::ZERO; WIDTH]]);
        row.permutation =
            <[F; PERMUTATION_COLUMNS] as Block<F>>::of(&poseidon2::permutations(zeros).values);
    }

    // All at once: p3 permutes several inputs in one vector.
    fn fill(events: &[Event<'_>], text: &Range<u32>) -> RowMajorMatrix<F> {
        let width = <Poseidon2Permute<F> as Block<F>>::WIDTH;
        let mut inputs: Vec<[F; WIDTH]> = events.iter().map(state).collect();
        inputs.resize(
            1 << crate::machine::log_height(events.len()),
            [F::ZERO; WIDTH],
        );
        let mut cells = F::zero_vec(width * inputs.len());
        let permutations = poseidon2::permutations(inputs).values;
        cells
            .par_chunks_exact_mut(width)
            .zip(permutations.par_chunks_exact(PERMUTATION_COLUMNS))
            .enumerate()
            .for_each(|(i, (cells, permutation))| match events.get(i) {
                Some(event) => row_of(event, text, permutation).put(&mut cells.iter_mut()),
                None => cells[..PERMUTATION_COLUMNS].copy_from_slice(permutation),
            });
        RowMajorMatrix::new(cells, width)
    }
}

/// The words before, modulo `p`.
fn state((_, accesses): &Event<'_>) -> [F; WIDTH] {
    core::array::from_fn(|i| {
        accesses
            .get(i)
            .map_or(F::ZERO, |access| F::from_int(access.prev))
    })
}

/// The row of an event whose permutation has these cells.
pub(crate) fn row_of(
    (e, accesses): &Event<'_>,
    text: &Range<u32>,
    permutation: &[F],
) -> Poseidon2Permute<F> {
    let next = |i: usize| accesses.get(i).map_or(0, |access| access.next);
    let prev = |i: usize| accesses.get(i).map_or(0, |access| access.prev);
    let at: [_; WIDTH] = accelerator::memory_accesses(accesses, e.ts);
    Poseidon2Permute {
        permutation: <[F; PERMUTATION_COLUMNS] as Block<F>>::of(permutation),
        call: Called::new(e),
        is_real: F::ONE,
        state: Written::new(e.arguments[0], text.end),
        prev_lo: core::array::from_fn(|i| lo(prev(i))),
        next_lo: core::array::from_fn(|i| lo(next(i))),
        factor: core::array::from_fn(|i| element::factor(next(i))),
        prev_ts: at.map(|at| at.prev_ts),
        gap_lo: at.map(|at| at.gap_lo),
    }
}

fn lo(word: u32) -> F {
    F::from_int(word & 0xffff)
}
