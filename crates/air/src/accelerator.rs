//! What the tables of accelerators have in common: the call that a row answers, the words that its
//! pointers point to, and where the machine goes on.

use alloc::borrow::Cow;

use p3_field::integers::QuotientMap;
use vouch_isa::accelerators::{ARGUMENTS, Accelerator};
use vouch_isa::event::{Access, Invocation};

use crate::bus::{self, Calling};
use crate::gadget::{self, MemoryAccess};
use crate::table::Context;
use crate::{Builder, F, Word};

/// [`TableType::ID`](crate::table::TableType::ID) of the first accelerator: the tables of
/// accelerators come behind all others, in the order of their list.
const FIRST_ID: u8 = 27;

/// Timestamps that all rows of such a table take at most, log2: as many as those of a table of one
/// timestamp a row, which is few enough for the bound of docs/memory.md.
const LOG_TICKS: u32 = 22;

/// What is filled into a row: a call, and its accesses.
pub(crate) type Event<'a> = (&'a Invocation, &'a [Access]);

/// The place in a proof of an accelerator's table.
pub(crate) const fn table_id(accelerator: Accelerator) -> u8 {
    FIRST_ID + accelerator as u8
}

/// Most rows of an accelerator's table, log2.
pub(crate) const fn max_log_height(accelerator: Accelerator) -> usize {
    let ticks = accelerator.info().words;
    (LOG_TICKS - ticks.next_power_of_two().ilog2()) as usize
}

/// The events of an accelerator's table.
pub(crate) fn events<'a>(cx: &Context<'a>, accelerator: Accelerator) -> Cow<'a, [Event<'a>]> {
    Cow::Owned(cx.segment.invocations(accelerator).collect())
}

crate::columns! {
    /// A call of an accelerator.
    pub inline struct Called {
        /// Limbs of `a0` to `a4`; pinned by the call bus.
        arguments: [T; 2 * ARGUMENTS],
        /// Word index of the instruction after the ECALL; pinned by the call bus.
        next_pc: T,
        /// Timestamp of the first access to memory; pinned by the call bus.
        ts: T,
    }
}

impl Called<F> {
    pub(crate) fn new(call: &Invocation) -> Self {
        Self {
            arguments: core::array::from_fn(|i| gadget::word(call.arguments[i / 2])[i % 2]),
            next_pc: F::from_int(call.next_pc),
            ts: F::from_int(call.ts),
        }
    }
}

impl<T: Copy> Called<T> {
    /// An argument.
    pub(crate) fn argument(&self, i: usize) -> Word<T> {
        [self.arguments[2 * i], self.arguments[2 * i + 1]]
    }
}

/// Takes a call of the accelerator from the ecall table, and sends the machine on behind the ECALL once
/// all words have been accessed.
///
/// Without the call, a row could write to memory whenever it likes.
pub(crate) fn answer_call<B: Builder>(
    b: &mut B,
    accelerator: Accelerator,
    call: &Called<B::Var>,
    real: &B::Expr,
) {
    let info = accelerator.info();
    let calling = Calling {
        number: gadget::constant::<B>(info.number),
        arguments: core::array::from_fn(|i| call.argument(i).map(Into::into)),
        next_pc: call.next_pc.into(),
        ts: call.ts.into(),
    };
    b.rule("call");
    bus::receive_call(b, calling, real.clone());
    let ts = call.ts + gadget::constant::<B>(info.words);
    b.rule("state after");
    bus::send_state(b, call.next_pc.into(), ts, real.clone());
}

crate::columns! {
    /// A pointer to words that are written.
    pub struct Written {
        /// Low 14 bits of the first word's index; determined.
        word_lo: T,
        /// Low 14 bits of its distance above the code; range14.
        above_lo: T,
    }
}

impl Written<F> {
    /// Of a byte address, if the code ends at word index `text_end`.
    pub(crate) fn new(address: u32, text_end: u32) -> Self {
        Self {
            word_lo: F::from_int(address & 0xffff) * QUARTER,
            above_lo: gadget::above_lo(address / 4, text_end),
        }
    }
}

/// `1/4`
const QUARTER: F = F::new(1_509_949_441);

/// The index of the first of at most `2^14` words that `pointer`, in limbs of 16 bits, points to. The
/// pointer is a multiple of 4, the words lie above the code and below the end of memory.
///
/// `word_lo` needs no range: `above_lo` has one, the distance has a boolean borrow and so has whole limbs.
/// So `word_lo` is a whole number, small, and a quarter of a limb.
pub(crate) fn written<B: Builder>(
    b: &mut B,
    pointer: Word<B::Var>,
    cols: &Written<B::Var>,
    real: &B::Expr,
) -> B::Expr {
    let [lo, hi] = pointer;
    b.rule("pointer is a multiple of 4");
    b.assert_eq(lo, cols.word_lo * F::from_int(4));
    assert_in_memory(b, hi, real);
    b.rule("words lie above the code");
    gadget::assert_storable(b, [cols.word_lo.into(), hi.into()], cols.above_lo, real);
    gadget::join::<B>(cols.word_lo, hi, 1 << 14)
}

/// The index of the first of at most `2^14` words that `pointer`, in limbs of 16 bits, points to. The
/// pointer is a multiple of 4, the words lie below the end of memory: anywhere, as they are only read.
///
/// A quarter of a limb that is no multiple of 4 is a large element, and the index would be another's.
pub(crate) fn read<B: Builder>(b: &mut B, [lo, hi]: Word<B::Var>, real: &B::Expr) -> B::Expr {
    let word_lo = lo * QUARTER;
    b.rule("pointer to what is read is a multiple of 4");
    gadget::range14(b, word_lo.clone(), real);
    assert_in_memory(b, hi, real);
    word_lo + hi * F::from_int(1 << 14)
}

/// The words that a pointer with this high limb points to end before the registers, of which those would be
/// that come behind the last `2^14` words of memory.
fn assert_in_memory<B: Builder>(b: &mut B, hi: B::Var, real: &B::Expr) {
    b.rule("words end before the registers");
    gadget::range16(b, gadget::constant::<B>(0xfffe) - hi, real);
}

crate::columns! {
    /// Accesses to the words of an operand.
    pub struct Accesses [WORDS] {
        /// Timestamps of their previous accesses; pinned by the memory bus.
        prev_ts: [T; WORDS],
        /// Low 16 bits of the time since, less 1; range16.
        gap_lo: [T; WORDS],
    }
}

impl<const WORDS: usize> Accesses<F, WORDS> {
    /// Of words that are accessed one a timestamp from `ts` on.
    pub(crate) fn new(accesses: &[Access], ts: u32) -> Self {
        let at: [_; WORDS] = memory_accesses(accesses, ts);
        Self {
            prev_ts: at.map(|at| at.prev_ts),
            gap_lo: at.map(|at| at.gap_lo),
        }
    }
}

impl<T: Copy, const WORDS: usize> Accesses<T, WORDS> {
    /// That to a word.
    pub(crate) fn of(&self, i: usize) -> MemoryAccess<T> {
        MemoryAccess {
            prev_ts: self.prev_ts[i],
            gap_lo: self.gap_lo[i],
        }
    }
}

/// Cells of accesses to `N` words, one a timestamp from `ts` on.
pub(crate) fn memory_accesses<const N: usize>(
    accesses: &[Access],
    ts: u32,
) -> [MemoryAccess<F>; N] {
    core::array::from_fn(|i| {
        let prev_ts = accesses.get(i).map_or(0, |access| access.prev_ts);
        MemoryAccess::new(prev_ts, ts.wrapping_add(i as u32))
    })
}

#[cfg(test)]
mod tests {
    use p3_field::PrimeCharacteristicRing;

    use super::*;

    #[test]
    fn four_quarters() {
        assert_eq!(QUARTER * F::from_int(4), F::ONE);
    }

    /// However many words a call accesses, a full table takes no more time.
    #[test]
    fn rows_are_as_many_as_there_is_time_for() {
        for accelerator in Accelerator::ALL {
            let rows = 1u32 << max_log_height(accelerator);
            assert!(rows * accelerator.info().words <= 1 << LOG_TICKS);
        }
        assert_eq!(max_log_height(Accelerator::Poseidon2Permute), 18);
    }
}
