//! Words that an ECALL moves: from the input into memory, or from memory to the journal.
//!
//! - Given: what is left to move.
//! - Proves: a word of the input replaces the word in memory, bytes beyond the last one stay
//!   as they were; or the bytes of the word in memory are the next of the journal. Then the
//!   move goes on with the next word, or the machine behind the ECALL.
//! - Assumes: the ecall table keeps the buffer inside memory, and the length below `2^30`;
//!   there are far fewer than `2^28` rows (the verifier's bound on heights), so a length
//!   cannot be counted down past 0 and around the field.
//! - Buses: move, state, memory, journal, lookup. Degree 3 (LogUp). One row a word.

use alloc::borrow::Cow;
use core::ops::Range;

use p3_air::AirBuilder;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::Call;
use vouch_isa::event::{Counts, Move as Event};

use crate::bus::{self, CALL_JOURNAL, CALL_READ, Moving};
use crate::gadget::{self, MemoryAccess};
use crate::table::{Context, TableType};
use crate::{Builder, F};

crate::columns! {
    /// A row.
    pub struct Moves {
        /// Which call; boolean, at most one.
        is_read: T,
        /// The call is `write` to the journal.
        is_journal: T,
        /// Nothing is left after this word; boolean.
        is_last: T,
        /// Bytes moved, one column for each of 1 to 4; boolean, exactly one.
        bytes: [T; 4],
        /// What is left to move; pinned by the move bus.
        next_pc: T,
        /// Word index in memory.
        word: T,
        /// Bytes left, these included.
        left: T,
        /// Timestamp of the access.
        ts: T,
        /// Journal index of the first byte.
        journal_index: T,
        /// Bytes of the word before and after; bytes by lookup.
        prev: [T; 4],
        /// Bytes of the word after; bytes by lookup.
        next: [T; 4],
        /// The access to memory.
        memory: MemoryAccess<T>,
    }
}

impl TableType for Moves<F> {
    const ID: u8 = 19;
    const NAME: &'static str = "moves";
    type Columns<T: Copy> = Moves<T>;
    type Event<'a> = Event;

    fn rows(counts: &Counts, _: u64) -> u64 {
        counts.moves
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Event]> {
        Cow::Borrowed(&cx.segment.moves)
    }

    fn eval<B: Builder>(b: &mut B, c: &Moves<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_read, c.is_journal]);
        b.rule("bytes");
        let some = gadget::select(b, &c.bytes);
        b.rule("a call moves bytes");
        b.assert_eq(some, real.clone());
        b.rule("last is boolean");
        b.assert_bool(c.is_last);
        b.rule("last only in a call");
        b.when(c.is_last).assert_one(real.clone());
        eval_count(b, c, &real);
        eval_bytes(b, c, &real);

        b.rule("memory");
        gadget::access_memory(
            b,
            c.word.into(),
            gadget::word_of_bytes::<B>(c.prev),
            gadget::word_of_bytes::<B>(c.next),
            &c.memory,
            c.ts.into(),
            &real,
        );
        eval_flow(b, c, &real);
    }

    fn row(e: &Event, _: &Range<u32>) -> Moves<F> {
        let moved = e.left.min(4);
        Moves {
            is_read: F::from_bool(e.call == Call::Read),
            is_journal: F::from_bool(e.call == Call::Journal),
            is_last: F::from_bool(e.left <= 4),
            bytes: core::array::from_fn(|i| F::from_bool(i as u32 + 1 == moved)),
            next_pc: F::from_int(e.next_pc),
            word: F::from_int(e.word),
            left: F::from_int(e.left),
            ts: F::from_int(e.ts),
            journal_index: F::from_int(e.journal_index),
            prev: gadget::word_bytes(e.prev),
            next: gadget::word_bytes(e.next),
            memory: MemoryAccess::new(e.prev_ts, e.ts),
        }
    }
}

/// The last word moves what is left, any other all four bytes.
fn eval_count<B: Builder>(b: &mut B, c: &Moves<B::Var>, real: &B::Expr) {
    let [n1, n2, n3, n4] = c.bytes;
    let moved = n1 + n2 * F::TWO + n3 * F::from_int(3) + n4 * F::from_int(4);
    b.rule("last word moves what is left");
    b.when(c.is_last).assert_eq(c.left, moved);
    b.rule("other words move four bytes");
    b.when(real.clone() - c.is_last).assert_one(n4);
}

/// Bytes that are not moved stay; the journal takes them all as they are.
fn eval_bytes<B: Builder>(b: &mut B, c: &Moves<B::Var>, real: &B::Expr) {
    b.rule("words are bytes");
    for word in [c.prev, c.next] {
        gadget::bytes(b, word[0].into(), word[1].into(), real);
        gadget::bytes(b, word[2].into(), word[3].into(), real);
    }
    let mut beyond: B::Expr = c.is_journal.into();
    let mut within = B::Expr::ONE;
    for i in 0..4 {
        b.rule("bytes that are not moved stay");
        // A host could otherwise write past the end of the buffer.
        b.when(beyond.clone()).assert_eq(c.next[i], c.prev[i]);
        let index = c.journal_index + F::from_int(i as u32);
        b.rule("journal bytes");
        bus::send_journal(b, index, c.prev[i].into(), within.clone() * c.is_journal);
        beyond += c.bytes[i].into();
        within -= c.bytes[i].into();
    }
}

/// On to the next word, or back to the program.
fn eval_flow<B: Builder>(b: &mut B, c: &Moves<B::Var>, real: &B::Expr) {
    let here = Moving {
        call: c.is_read * F::from_int(CALL_READ) + c.is_journal * F::from_int(CALL_JOURNAL),
        next_pc: c.next_pc.into(),
        word: c.word.into(),
        left: c.left.into(),
        ts: c.ts.into(),
        journal_index: c.journal_index.into(),
    };
    let four = F::from_int(4);
    let next = Moving {
        word: c.word + F::ONE,
        left: c.left - four,
        ts: c.ts + F::ONE,
        journal_index: c.journal_index + c.is_journal * four,
        ..here.clone()
    };
    let ts = next.ts.clone();
    b.rule("what is left before");
    bus::receive_move(b, here, real.clone());
    b.rule("what is left after");
    bus::send_move(b, next, real.clone() - c.is_last);
    b.rule("state after");
    bus::send_state(b, c.next_pc.into(), ts, c.is_last.into());
}
