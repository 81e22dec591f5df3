//! Tests of the ecall table.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use vouch_isa::memory::{MAX_TIMESTAMP, REGISTER_BASE};

use super::super::Table;
use super::*;
use crate::bus::{EXIT, MEMORY, MOVE, PROGRAM, STATE};
use crate::columns::Block;
use crate::testkit::mutate::{Free, Mutation, Spare};
use crate::testkit::{EDGES, Message, P, Subject, TEXT, Verdict, cells, verdict, zeros};

const BUFFER: u32 = 4 * TEXT.end + 16;

/// An ECALL in a state made for it.
fn event(call: Call, a1: u32, a2: u32, a0_next: u32, special: u32) -> Event {
    let (a0, special_next) = match call {
        Call::Exit => (a0_next, special),
        Call::Read => (abi::FD_INPUT, u32::from(special == 1 || a0_next < a2)),
        Call::Journal => (abi::FD_JOURNAL, special + a2),
        Call::Stdout => (abi::FD_STDOUT, special),
        Call::Stderr => (abi::FD_STDERR, special),
    };
    Event {
        pc: 0x5000,
        ts: 70_000,
        call,
        a0,
        a0_next,
        a1,
        a2,
        special,
        special_next,
        prev_ts: [69_999, 5_000, 69_000, 4_467, 60_000],
    }
}

fn exit(code: u32) -> Event {
    event(Call::Exit, 1, 2, code, 77)
}

fn read(a1: u32, asked: u32, moved: u32, ended: u32) -> Event {
    event(Call::Read, a1, asked, moved, ended)
}

fn journal(a1: u32, length: u32, before: u32) -> Event {
    event(Call::Journal, a1, length, length, before)
}

fn console(call: Call, length: u32) -> Event {
    event(call, 3, length, length, 77)
}

fn heard(e: &Event) -> Verdict {
    verdict(Table::Ecall, &cells(&row(e, TEXT.end)))
}

/// What an honest row of the event says, sorted.
fn messages(e: &Event) -> Vec<Message> {
    let (number, machine) = match e.call {
        Call::Exit => (93, 33),
        Call::Read => (63, 34),
        _ => (64, 33),
    };
    let ecall = Op::Ecall as u32;
    let mut said = alloc::vec![
        Message::received(STATE, &[e.pc, e.ts]),
        Message::sent(PROGRAM, &[e.pc, ecall, 0, 0, 0, 0, 0, 0]),
    ];
    let accesses = [
        (17, number, number),
        (10, e.a0, e.a0_next),
        (11, e.a1, e.a1),
        (12, e.a2, e.a2),
        (machine, e.special, e.special_next),
    ];
    for ((ts, prev_ts), (cell, before, after)) in (e.ts..).zip(e.prev_ts).zip(accesses) {
        let tuple = |value: u32, ts| [REGISTER_BASE + cell, value & 0xffff, value >> 16, ts];
        said.push(Message::received(MEMORY, &tuple(before, prev_ts)));
        said.push(Message::sent(MEMORY, &tuple(after, ts)));
    }
    let (next_pc, ts) = (e.pc + 1, e.ts + 5);
    let moving = |call, index| [call, next_pc, e.a1 / 4, e.a0_next, ts, index];
    said.push(match (e.call, e.a0_next) {
        (Call::Exit, code) => Message::sent(EXIT, &[code & 0xffff, code >> 16]),
        (Call::Read, 1..) => Message::sent(MOVE, &moving(1, 0)),
        (Call::Journal, 1..) => Message::sent(MOVE, &moving(2, e.special)),
        _ => Message::sent(STATE, &[next_pc, ts]),
    });
    said.sort();
    said
}

/// The call is one of the ABI and does what it says (docs/isa.md).
fn follows_the_abi(e: &Event) -> bool {
    let moves = matches!(e.call, Call::Read | Call::Journal) && e.a0_next != 0;
    let end = u64::from(e.a1) + u64::from(e.a0_next);
    let buffer = !moves || e.a1.is_multiple_of(4) && end < 1 << 32;
    buffer
        && match e.call {
            Call::Exit => e.a0 == e.a0_next && e.special == e.special_next,
            Call::Read => {
                let is_short = e.a0_next < e.a2;
                e.a0 == abi::FD_INPUT
                    && e.a0_next <= e.a2
                    && (e.special == 0 || e.a0_next == 0)
                    && e.special_next == u32::from(e.special == 1 || is_short)
                    && (!moves || e.a1 / 4 >= TEXT.end)
            }
            Call::Journal => {
                e.a0 == abi::FD_JOURNAL
                    && e.a0_next == e.a2
                    && u64::from(e.special) + u64::from(e.a2) == e.special_next.into()
                    && e.special_next < 1 << 30
            }
            Call::Stdout | Call::Stderr => {
                let fd = if e.call == Call::Stdout { 1 } else { 2 };
                e.a0 == fd && e.a0_next == e.a2 && e.special_next == e.special
            }
        }
}

/// The row says what one event makes it say, and that event follows the ABI.
fn judge(row: &Verdict) -> Result<(), String> {
    let error = || Err(format!("{:?}", row.said));
    if row.said.is_empty() {
        return Ok(());
    }
    let state = row.said.iter().find(|m| m.bus == STATE && m.count == -1);
    let memory: Vec<_> = row.said.iter().filter(|m| m.bus == MEMORY).collect();
    let (Some(state), 10) = (state, memory.len()) else {
        return error();
    };
    let (pc, ts) = (state.fields[0], state.fields[1]);
    if pc >= 1 << 30 || ts > MAX_TIMESTAMP {
        return Ok(());
    }
    let (mut before, mut after, mut prev_ts) = ([0; 5], [0; 5], [0; 5]);
    for (i, pair) in memory.chunks(2).enumerate() {
        let (old, new) = (&pair[0].fields, &pair[1].fields);
        if old[1] >= 1 << 16 || old[2] >= 1 << 16 || old[3] > MAX_TIMESTAMP {
            return Ok(());
        }
        if new[1] >= 1 << 16 || new[2] >= 1 << 16 || old[3] >= new[3] {
            return error();
        }
        (before[i], after[i]) = (old[1] | old[2] << 16, new[1] | new[2] << 16);
        prev_ts[i] = old[3];
    }
    let special = before[4];
    let call = match (before[0], before[1]) {
        (93, _) => Call::Exit,
        (63, _) => Call::Read,
        (64, 3) => Call::Journal,
        (64, 1) => Call::Stdout,
        (64, 2) => Call::Stderr,
        _ => return error(),
    };
    // What the machine registers may hold.
    if call == Call::Read && special > 1 || call != Call::Read && special >= 1 << 30 {
        return Ok(());
    }
    let e = Event {
        pc,
        ts,
        call,
        a0: before[1],
        a0_next: after[1],
        a1: before[2],
        a2: before[3],
        special,
        special_next: after[4],
        prev_ts,
    };
    // A move of nothing never ends: the move table counts down past 0.
    let nothing = row.said.iter().any(|m| m.bus == MOVE && m.fields[3] == 0);
    match nothing || follows_the_abi(&e) && row.said_sorted() == messages(&e) {
        true => Ok(()),
        false => error(),
    }
}

/// Calls of every kind, at the edges of what they may do.
fn samples() -> Vec<Event> {
    let high = 0xbfff_0000;
    alloc::vec![
        exit(0),
        exit(P),
        exit(u32::MAX),
        read(BUFFER, 4, 4, 0),
        read(BUFFER, 7, 3, 0),
        read(BUFFER, 0x2_0001, 0x1_0002, 0),
        read(BUFFER, 0x2_0001, 1, 0),
        read(BUFFER, 0x3_0001, 0x1_0001, 0),
        read(BUFFER, 5, 0, 0),
        read(BUFFER, 5, 0, 1),
        read(BUFFER, u32::MAX, 0, 1),
        read(3, 0, 0, 1),
        read(0, 0, 0, 0),
        read(4 * TEXT.end, 1, 1, 0),
        read(high, 0xffff, 0xffff, 0),
        journal(BUFFER, 4, 0),
        journal(0, 3, 0xffff),
        journal(BUFFER, 0x1_ffff, 0x1_0001),
        journal(1, 0, 5),
        journal(high, 2, (1 << 30) - 3),
        console(Call::Stdout, 0),
        console(Call::Stdout, u32::MAX),
        console(Call::Stderr, 0x1_0000),
    ]
}

#[test]
fn known_answer() {
    let verdict = heard(&exit(0x1_0002));
    assert!(verdict.accepted());
    let cell = |i: u32| REGISTER_BASE + i;
    let said = [
        Message::received(MEMORY, &[cell(17), 93, 0, 69_999]),
        Message::sent(MEMORY, &[cell(17), 93, 0, 70_000]),
        Message::received(MEMORY, &[cell(10), 2, 1, 5_000]),
        Message::sent(MEMORY, &[cell(10), 2, 1, 70_001]),
        Message::received(MEMORY, &[cell(11), 1, 0, 69_000]),
        Message::sent(MEMORY, &[cell(11), 1, 0, 70_002]),
        Message::received(MEMORY, &[cell(12), 2, 0, 4_467]),
        Message::sent(MEMORY, &[cell(12), 2, 0, 70_003]),
        Message::received(MEMORY, &[cell(33), 77, 0, 60_000]),
        Message::sent(MEMORY, &[cell(33), 77, 0, 70_004]),
        Message::received(STATE, &[0x5000, 70_000]),
        Message::sent(PROGRAM, &[0x5000, 38, 0, 0, 0, 0, 0, 0]),
        Message::sent(EXIT, &[2, 1]),
    ];
    let mut expected = said.to_vec();
    expected.sort();
    assert_eq!(verdict.said_sorted(), expected);
}

#[test]
fn honest_rows_are_accepted() {
    let codes = EDGES.map(exit);
    let lengths = EDGES.map(|length| console(Call::Stderr, length));
    for e in samples().iter().chain(&codes).chain(&lengths) {
        let verdict = heard(e);
        assert!(verdict.accepted(), "{e:?}: {verdict:?}");
        assert_eq!(verdict.said_sorted(), messages(e));
        assert_eq!(judge(&verdict), Ok(()), "{e:?}");
    }
}

fn assert_rejected(e: &Event) {
    let verdict = heard(e);
    assert!(!verdict.accepted(), "{e:?}: {verdict:?}");
}

/// Every result, length, pointer or machine register that the ABI does not allow, with the
/// helper columns that an honest row would have.
#[test]
fn wrong_events_are_rejected() {
    let mut tried = 0;
    for e in samples() {
        let values = |x: u32| {
            let near = [x.wrapping_add(1), x.wrapping_sub(1), x.wrapping_add(P), !x];
            EDGES.into_iter().chain(near).chain([93, 63, 64, 3])
        };
        let results = values(e.a0_next).map(|a0_next| Event { a0_next, ..e });
        let descriptors = values(e.a0).map(|a0| Event { a0, ..e });
        let lengths = values(e.a2).map(|a2| Event { a2, ..e });
        let pointers = values(e.a1).map(|a1| Event { a1, ..e });
        let machine = values(e.special_next).map(|special_next| Event { special_next, ..e });
        let wrong = results
            .chain(descriptors)
            .chain(lengths)
            .chain(pointers)
            .chain(machine);
        for wrong in wrong.filter(|e| !follows_the_abi(e)) {
            assert_rejected(&wrong);
            tried += 1;
        }
    }
    assert!(tried > 1000, "{tried}");
}

/// The host of a crafted reply: more than was asked for, or where nothing may be written.
#[test]
fn reads_outside_the_buffer_are_rejected() {
    let text = 4 * TEXT.start;
    for e in [
        read(BUFFER, 4, 5, 0),
        read(BUFFER, 0, 1, 0),
        read(text, 4, 4, 0),
        read(4 * TEXT.end - 4, 8, 8, 0),
        read(BUFFER + 1, 4, 4, 0),
        read(BUFFER + 2, 4, 4, 0),
        read(0xffff_fff0, 0x20, 0x20, 0),
        read(0xffff_fffc, 4, 4, 0),
        read(BUFFER, 4, 4, 1),
    ] {
        assert_rejected(&e);
    }
}

/// A buffer that would run past the end of memory into the registers.
#[test]
fn buffers_end_in_memory() {
    for e in [
        read(0xffff_fff0, 0x20, 0x20, 0),
        journal(0xffff_fffc, 8, 0),
        journal(0xffff_0000, 0x1_0000, 0),
    ] {
        assert_eq!(heard(&e).untrue_at, [8], "{e:?}");
    }
}

/// An index of the journal stays one field element.
#[test]
fn journal_is_bounded() {
    let verdict = heard(&journal(BUFFER, 4, (1 << 30) - 4));
    assert_eq!(
        (verdict.broken, verdict.untrue_at),
        (Vec::new(), Vec::from([5]))
    );
}

/// After `exit`, the machine does not go on.
#[test]
fn exit_goes_nowhere() {
    let verdict = heard(&exit(1));
    let goes_on = |m: &&Message| m.bus == STATE && m.count == 1;
    assert_eq!(verdict.said.iter().find(goes_on), None);
}

fn of(row: &[F]) -> Ecall<F> {
    Ecall::of(row)
}

const NOT_READ: &str = "only `read` may fall short";
const FREE: &[Free] = &[
    Free::new("missing[0]", |row| of(row).is_read == F::ZERO, NOT_READ),
    Free::new("missing[1]", |row| of(row).is_read == F::ZERO, NOT_READ),
    Free::new("is_short", |row| of(row).is_read == F::ZERO, NOT_READ),
    Free::new(
        "witness[0]",
        |row| of(row).missing[0] == F::ZERO,
        "the factor of 0",
    ),
    Free::new(
        "witness[1]",
        |row| of(row).missing[1] == F::ZERO,
        "the factor of 0",
    ),
    Free::new(
        "word_lo",
        |row| of(row).moves == F::ZERO,
        "no word is moved",
    ),
    Free::new(
        "above_lo",
        |row| of(row).stores == F::ZERO,
        "no word is stored",
    ),
];

fn mutation() -> Mutation<'static> {
    let rows: Vec<_> = samples().iter().map(|e| row(e, TEXT.end)).collect();
    Mutation::new(Subject::new(Table::Ecall, &rows, zeros), judge, FREE)
}

#[test]
fn mutants_are_rejected() {
    let spare = [
        Spare::constraints(
            [22],
            "the carry: a fraction puts the high limb out of 14 bits",
        ),
        Spare::constraints(
            [32],
            "the borrow: a fraction puts the high limb out of range",
        ),
        Spare::question(5, "see `journal_is_bounded`"),
        Spare::question(8, "see `buffers_end_in_memory`"),
    ];
    mutation().run_all(&[0, 4, 5, 9, 15, 18, 20], &spare);
}
