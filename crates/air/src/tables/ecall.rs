//! ECALL: the calls of docs/isa.md. Registers and machine registers here, the words they
//! move in [`super::moves`].
//!
//! - Given: state, and that the program holds an ECALL at its pc.
//! - Proves: `exit` ends the machine with the code in `a0`. `read` answers how many bytes it
//!   moves: all that were asked for, unless the input has ended. `write` answers the length;
//!   to the journal, it moves that many bytes to where the journal ends. A call of an accelerator goes
//!   to its table, and answers 0. Any other call, file descriptor, or misaligned pointer to words that are
//!   moved, cannot be proven.
//! - Assumes: the limbs of register values are 16 bits.
//! - Buses: state, program, memory, lookup, move, exit, call. Degree 3. One row an ECALL.
//!
//! Once a `read` has fallen short, `INPUT_ENDED` makes every later one return 0. So the bytes
//! that a program reads are those of one input, and a host that breaks them up differently
//! proves nothing else.

use alloc::borrow::Cow;
use core::ops::Range;

use p3_air::AirBuilder;
use p3_field::{Field, PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::event::{Counts, Ecall as Event};
use vouch_isa::memory::{ECALL_TICKS, JOURNAL_LENGTH};
use vouch_isa::{Call, CallInfo, Op, SYSTEM, abi};

use crate::bus::{self, CALL_JOURNAL, CALL_READ, Calling, Decoded, Moving};
use crate::gadget;
use crate::instruction::{At, code};
use crate::table::{Context, Public, TableType};
use crate::{Builder, F, Word};

crate::columns! {
    /// A row.
    pub struct Ecall {
        /// Where and when.
        at: At<T>,
        /// Which call; boolean, at most one.
        is_exit: T,
        /// The call is `read`.
        is_read: T,
        /// The call is `write` to the journal.
        is_journal: T,
        /// The call is `write` to the console.
        is_stdout: T,
        /// The call is `write` to the error stream.
        is_stderr: T,
        /// The call is one of an accelerator.
        is_accelerator: T,
        /// Its number, else 0; pinned by `a7` and the call bus.
        number: T,
        /// Registers before, and `a0` after (range16 each).
        a0: Word<T>,
        /// `a0` after; range16 each.
        a0_next: Word<T>,
        /// `a1`.
        a1: Word<T>,
        /// `a2`.
        a2: Word<T>,
        /// `a3`.
        a3: Word<T>,
        /// `a4`.
        a4: Word<T>,
        /// The machine register before, and after (range16 and range14).
        special: Word<T>,
        /// The machine register after; range16 and range14.
        special_next: Word<T>,
        /// Timestamps of the previous accesses to `a7`, `a0` to `a4` and the machine register.
        prev_ts: [T; 7],
        /// Bytes that `read` was asked for and does not move; range16 each in `read`.
        missing: Word<T>,
        /// There are such bytes; boolean.
        is_short: T,
        /// If so: factors with which their limbs add up to 1; free.
        witness: Word<T>,
        /// Words are moved; boolean.
        moves: T,
        /// They are moved into memory; determined.
        stores: T,
        /// Low 14 bits of the first word's index; range14 if words are moved.
        word_lo: T,
        /// Low 14 bits of its distance above the code; range14 if words are stored.
        above_lo: T,
    }
}

impl TableType for Ecall<F> {
    const ID: u8 = 18;
    const NAME: &'static str = "ecall";
    const PUBLIC: Public = Public::TextEnd;
    type Columns<T: Copy> = Ecall<T>;
    type Event<'a> = Event;

    fn rows(counts: &Counts, _: u64) -> u64 {
        counts.ecalls
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Event]> {
        Cow::Borrowed(&cx.segment.ecalls)
    }

    fn eval<B: Builder>(b: &mut B, c: &Ecall<B::Var>) {
        let [exit, read, journal, stdout, stderr] = c.system();
        let flags = [exit, read, journal, stdout, stderr, c.is_accelerator];
        b.rule("flags");
        let real = gadget::select(b, &flags);
        eval_arguments(b, c, &real);
        eval_result(b, c, &real);
        eval_input_end(b, c);
        eval_journal(b, c, &real);
        eval_buffer(b, c);
        eval_registers(b, c, &real);
        eval_flow(b, c, &real);
    }

    fn row(e: &Event, text: &Range<u32>) -> Ecall<F> {
        let is = |call: Call| F::from_bool(e.call == call);
        let buffer = e.call.info().buffer;
        let is_read = e.call == Call::Read;
        let missing = if is_read {
            e.a2.wrapping_sub(e.a0_next)
        } else {
            0
        };
        let limbs = gadget::word(missing);
        let inverse = |i: usize| limbs[i].try_inverse().unwrap_or(F::ZERO);
        let moves = buffer.moves() && e.a0_next != 0;
        Ecall {
            at: At::new(e.pc, e.ts),
            is_exit: is(Call::Exit),
            is_read: is(Call::Read),
            is_journal: is(Call::Journal),
            is_stdout: is(Call::Stdout),
            is_stderr: is(Call::Stderr),
            is_accelerator: F::from_bool(e.call.accelerator().is_some()),
            number: match e.call.accelerator() {
                Some(_) => F::from_int(e.number),
                None => F::ZERO,
            },
            a0: gadget::word(e.a0),
            a0_next: gadget::word(e.a0_next),
            a1: gadget::word(e.a1),
            a2: gadget::word(e.a2),
            a3: gadget::word(e.a3),
            a4: gadget::word(e.a4),
            special: gadget::word(e.special),
            special_next: gadget::word(e.special_next),
            prev_ts: e.prev_ts.map(F::from_int),
            missing: limbs,
            is_short: F::from_bool(missing != 0),
            // One limb that is not 0 is enough.
            witness: match missing & 0xffff {
                0 => [F::ZERO, inverse(1)],
                _ => [inverse(0), F::ZERO],
            },
            moves: F::from_bool(moves),
            stores: F::from_bool(moves && buffer.is_written()),
            word_lo: F::from_int(e.a1 >> 2 & 0x3fff),
            above_lo: gadget::above_lo(e.a1 >> 2, text.end),
        }
    }
}

impl<T: Copy> Ecall<T> {
    /// Which call, a flag each, in the order of [`SYSTEM`].
    fn system(&self) -> [T; SYSTEM.len()] {
        [
            self.is_exit,
            self.is_read,
            self.is_journal,
            self.is_stdout,
            self.is_stderr,
        ]
    }
}

/// A number that depends on the call; 0 in a row that is none, or an accelerator's.
fn of_call<B: Builder>(c: &Ecall<B::Var>, number: fn(&CallInfo) -> F) -> B::Expr {
    let calls = c.system().into_iter().zip(&SYSTEM);
    calls.map(|(flag, info)| flag * number(info)).sum()
}

/// `a0` holds the file descriptor, except in `exit` and for accelerators.
fn eval_arguments<B: Builder>(b: &mut B, c: &Ecall<B::Var>, real: &B::Expr) {
    let fd = of_call::<B>(c, |info| F::from_int(info.descriptor.unwrap_or(0)));
    let has_fd = real.clone() - c.is_exit - c.is_accelerator;
    b.rule("a0 is the file descriptor");
    b.when(has_fd.clone()).assert_eq(c.a0[0], fd);
    b.when(has_fd).assert_zero(c.a0[1]);
    // The number of another call would be added to it.
    b.rule("number is that of an accelerator");
    b.when(B::Expr::ONE - c.is_accelerator)
        .assert_zero(c.number);
}

/// `a0` after: unchanged by `exit`, the length by `write`, 0 by an accelerator, no more than the length
/// by `read`: `a0_next + missing = a2` without overflow.
fn eval_result<B: Builder>(b: &mut B, c: &Ecall<B::Var>, real: &B::Expr) {
    let is_write = c.is_journal + c.is_stdout + c.is_stderr;
    for i in 0..2 {
        b.rule("a0 after exit is a0");
        b.when(c.is_exit).assert_eq(c.a0_next[i], c.a0[i]);
        b.rule("a0 after write is a2");
        b.when(is_write.clone()).assert_eq(c.a0_next[i], c.a2[i]);
        b.rule("a0 after an accelerator is 0");
        b.when(c.is_accelerator).assert_zero(c.a0_next[i]);
    }
    let carry = (c.a0_next[0] + c.missing[0] - c.a2[0]) * gadget::INV_2_16;
    b.rule("carry of what is read is boolean");
    b.when(c.is_read).assert_bool(carry.clone());
    b.rule("read and missing bytes add up to the length");
    b.when(c.is_read)
        .assert_eq(c.a0_next[1] + c.missing[1] + carry, c.a2[1]);
    b.rule("limbs of what is missing");
    gadget::range_word(b, gadget::exs::<B, 2>(c.missing), &c.is_read.into());
    b.rule("limbs of a0 after");
    gadget::range_word(b, gadget::exs::<B, 2>(c.a0_next), real);
}

/// `is_short` says whether bytes are missing; the input has then ended, and stays so.
fn eval_input_end<B: Builder>(b: &mut B, c: &Ecall<B::Var>) {
    b.rule("short is boolean");
    b.assert_bool(c.is_short);
    let product = c.missing[0] * c.witness[0] + c.missing[1] * c.witness[1];
    b.rule("short means that bytes are missing");
    b.when(c.is_read).assert_eq(product, c.is_short);
    let complete = B::Expr::ONE - c.is_short;
    let ended = c.special[0];
    for i in 0..2 {
        b.rule("nothing is missing unless short");
        b.assert_zero(c.is_read * complete.clone() * c.missing[i]);
        b.rule("nothing is read after the end");
        b.assert_zero(c.is_read * ended * c.a0_next[i]);
    }
    let ended_next = ended + c.is_short - ended * c.is_short;
    b.rule("ended after: it was or is short");
    b.when(c.is_read).assert_eq(c.special_next[0], ended_next);
    b.rule("ended after has no high limb");
    b.when(c.is_read).assert_zero(c.special_next[1]);
}

/// The journal grows by the length, and stays below `2^30` bytes so that an index is one
/// field element. Other calls than these two leave the machine register as it is.
fn eval_journal<B: Builder>(b: &mut B, c: &Ecall<B::Var>, real: &B::Expr) {
    let carry = (c.special[0] + c.a2[0] - c.special_next[0]) * gadget::INV_2_16;
    b.rule("carry of the journal length is boolean");
    b.when(c.is_journal).assert_bool(carry.clone());
    b.rule("journal length grows by the length");
    b.when(c.is_journal)
        .assert_eq(c.special[1] + c.a2[1] + carry, c.special_next[1]);
    b.rule("low limb of the machine register is 16 bits");
    gadget::range16(b, c.special_next[0].into(), real);
    b.rule("high limb of the machine register is 14 bits");
    gadget::range14(b, c.special_next[1].into(), real);
    b.rule("other calls leave the machine register");
    for i in 0..2 {
        b.when(real.clone() - c.is_read - c.is_journal)
            .assert_eq(c.special_next[i], c.special[i]);
    }
}

/// The buffer of a call that moves words: it starts at a multiple of 4, ends below `2^32`,
/// and if it is written, lies above the code.
///
/// Limbs of pointer and length add up to less than `2^16 - 1`: without that, a buffer could
/// run past the end of memory into the registers.
fn eval_buffer<B: Builder>(b: &mut B, c: &Ecall<B::Var>) {
    b.rule("moves is boolean");
    b.assert_bool(c.moves);
    let may_move = c.is_read + c.is_journal;
    b.rule("only read and journal move");
    b.when(c.moves).assert_one(may_move.clone());
    b.rule("nothing moves only if the length is 0");
    // Nothing to move only if the length is 0.
    for limb in c.a0_next {
        b.when(may_move.clone() - c.moves).assert_zero(limb);
    }
    b.rule("stores if read moves");
    b.assert_eq(c.stores, c.is_read * c.moves);

    let moves = c.moves.into();
    b.rule("buffer is aligned");
    b.when(c.moves)
        .assert_eq(c.a1[0], c.word_lo * F::from_int(4));
    b.rule("low part of the address is 14 bits");
    gadget::range14(b, c.word_lo.into(), &moves);
    b.rule("length is below 2^30");
    gadget::range14(b, c.a0_next[1].into(), &moves);
    let room = gadget::constant::<B>(0xfffe) - c.a1[1] - c.a0_next[1];
    b.rule("buffer ends in memory");
    gadget::range16(b, room, &moves);
    let index = [c.word_lo.into(), c.a1[1].into()];
    b.rule("buffer above the code");
    gadget::assert_storable(b, index, c.above_lo, &c.stores.into());
}

/// What [`eval_registers`] accesses, in this order: a rule each.
const ACCESSES: [&str; 7] = ["a7", "a0", "a1", "a2", "a3", "a4", "machine register"];

const _: () = assert!(ACCESSES.len() == ECALL_TICKS as usize);

/// Accesses `a7`, `a0` to `a4` and the machine register.
fn eval_registers<B: Builder>(b: &mut B, c: &Ecall<B::Var>, real: &B::Expr) {
    let number = of_call::<B>(c, |info| F::from_int(info.number)) + c.number;
    let a7 = [number, B::Expr::ZERO];
    let [a0, a0_next] = [c.a0, c.a0_next].map(gadget::exs::<B, 2>);
    let [a1, a2, a3, a4] = [c.a1, c.a2, c.a3, c.a4].map(gadget::exs::<B, 2>);
    let [special, special_next] = [c.special, c.special_next].map(gadget::exs::<B, 2>);
    let other =
        |info: &CallInfo| F::from_int(i32::from(info.machine_register) - i32::from(JOURNAL_LENGTH));
    let machine = of_call::<B>(c, other) + F::from_int(JOURNAL_LENGTH);
    let register = |r: u8| gadget::constant::<B>(r.into());
    let accesses = [
        (register(abi::reg::A7), a7.clone(), a7),
        (register(abi::reg::A0), a0, a0_next),
        (register(abi::reg::A1), a1.clone(), a1),
        (register(abi::reg::A2), a2.clone(), a2),
        (register(abi::reg::A3), a3.clone(), a3),
        (register(abi::reg::A4), a4.clone(), a4),
        (machine, special, special_next),
    ];
    for (i, (cell, prev, next)) in accesses.into_iter().enumerate() {
        let ts = c.at.ts + F::from_int(i as u32);
        b.rule(ACCESSES[i]);
        gadget::access_register(b, cell, (prev, c.prev_ts[i]), (next, ts), real);
    }
}

/// Where the machine goes on: nowhere after `exit`, through the moves if there are any, through the
/// accelerator's table, else behind the ECALL.
fn eval_flow<B: Builder>(b: &mut B, c: &Ecall<B::Var>, real: &B::Expr) {
    let decoded = Decoded::new(c.at.pc.into(), B::Expr::from(code(Op::Ecall)));
    b.rule("state before");
    bus::receive_state(b, c.at.pc.into(), c.at.ts.into(), real.clone());
    b.rule("instruction");
    bus::ask_program(b, decoded, real.clone());

    let (next_pc, ts) = (c.at.pc + F::ONE, c.at.ts + F::from_int(ECALL_TICKS));
    let goes_on = real.clone() - c.is_exit - c.moves - c.is_accelerator;
    b.rule("state after");
    bus::send_state(b, next_pc.clone(), ts.clone(), goes_on);
    let calling = Calling {
        number: c.number.into(),
        arguments: [c.a0, c.a1, c.a2, c.a3, c.a4].map(gadget::exs::<B, 2>),
        next_pc: next_pc.clone(),
        ts: ts.clone(),
    };
    b.rule("call of an accelerator");
    bus::send_call(b, calling, c.is_accelerator.into());
    b.rule("exit code");
    bus::send_exit(b, gadget::exs::<B, 2>(c.a0), c.is_exit.into());
    let moving = Moving {
        call: c.is_read * F::from_int(CALL_READ) + c.is_journal * F::from_int(CALL_JOURNAL),
        next_pc,
        word: gadget::join::<B>(c.word_lo, c.a1[1], 1 << 14),
        left: gadget::join::<B>(c.a0_next[0], c.a0_next[1], 1 << 16),
        ts,
        journal_index: gadget::join::<B>(c.special[0], c.special[1], 1 << 16) * c.is_journal,
    };
    b.rule("move");
    bus::send_move(b, moving, c.moves.into());
}
