//! What the ecall table is put through.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use vouch_isa::accelerators::Accelerator;
use vouch_isa::event::Ecall as Event;
use vouch_isa::memory::{MAX_TIMESTAMP, REGISTER_BASE};
use vouch_isa::{Call, Op, abi};

use crate::F;
use crate::bus::{CALL, EXIT, MEMORY, MOVE, PROGRAM, STATE};
use crate::table::TableType;
use crate::tables::Table;
use crate::tables::ecall::Ecall;
use crate::testkit::score::Spare;
use crate::testkit::{Campaign, Message, Mutation, P, Subject, TEXT, Verdict};

fn row(e: &Event) -> Ecall<F> {
    Ecall::<F>::row(e, &TEXT)
}

const BUFFER: u32 = 4 * TEXT.end + 16;

/// An ECALL in a state made for it.
fn event(call: Call, a1: u32, a2: u32, a0_next: u32, special: u32) -> Event {
    let (a0, special_next) = match call {
        Call::Exit => (a0_next, special),
        Call::Read => (abi::FD_INPUT, u32::from(special == 1 || a0_next < a2)),
        Call::Journal => (abi::FD_JOURNAL, special + a2),
        Call::Stdout => (abi::FD_STDOUT, special),
        Call::Stderr => (abi::FD_STDERR, special),
        Call::Accelerate(_) => (BUFFER, special),
    };
    Event {
        pc: 0x5000,
        ts: 70_000,
        call,
        number: call.info().number,
        a0,
        a0_next,
        a1,
        a2,
        a3: 0x3_0004,
        a4: u32::MAX,
        special,
        special_next,
        prev_ts: [69_999, 5_000, 69_000, 4_467, 50_000, 69_998, 60_000],
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

fn accelerate(a1: u32, a2: u32) -> Event {
    let [first, ..] = Accelerator::ALL;
    event(Call::Accelerate(first), a1, a2, 0, 77)
}

/// What an honest row of the event sends, sorted.
fn messages(e: &Event) -> Vec<Message> {
    let (number, machine) = match e.call {
        Call::Exit => (93, 33),
        Call::Read => (63, 34),
        Call::Journal | Call::Stdout | Call::Stderr => (64, 33),
        Call::Accelerate(accelerator) => (accelerator.info().number, 33),
    };
    let ecall = Op::Ecall as u32;
    let mut sent = alloc::vec![
        Message::received(STATE, &[e.pc, e.ts]),
        Message::sent(PROGRAM, &[e.pc, ecall, 0, 0, 0, 0, 0, 0]),
    ];
    let accesses = [
        (17, number, number),
        (10, e.a0, e.a0_next),
        (11, e.a1, e.a1),
        (12, e.a2, e.a2),
        (13, e.a3, e.a3),
        (14, e.a4, e.a4),
        (machine, e.special, e.special_next),
    ];
    for ((ts, prev_ts), (cell, before, after)) in (e.ts..).zip(e.prev_ts).zip(accesses) {
        let tuple = |value: u32, ts| [REGISTER_BASE + cell, value & 0xffff, value >> 16, ts];
        sent.push(Message::received(MEMORY, &tuple(before, prev_ts)));
        sent.push(Message::sent(MEMORY, &tuple(after, ts)));
    }
    let (next_pc, ts) = (e.pc + 1, e.ts + 7);
    let moving = |call, index| [call, next_pc, e.a1 / 4, e.a0_next, ts, index];
    sent.push(match (e.call, e.a0_next) {
        (Call::Exit, code) => Message::sent(EXIT, &[code & 0xffff, code >> 16]),
        (Call::Accelerate(_), _) => {
            let arguments = e.arguments().map(|word| [word & 0xffff, word >> 16]);
            let fields = [&[number][..], &arguments.concat(), &[next_pc, ts]].concat();
            Message::sent(CALL, &fields)
        }
        (Call::Read, 1..) => Message::sent(MOVE, &moving(1, 0)),
        (Call::Journal, 1..) => Message::sent(MOVE, &moving(2, e.special)),
        _ => Message::sent(STATE, &[next_pc, ts]),
    });
    sent.sort();
    sent
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
            Call::Accelerate(_) => e.a0_next == 0 && e.special_next == e.special,
        }
}

/// The row sends what one event makes it send, and that event follows the ABI.
fn judge(row: &Verdict) -> Result<(), String> {
    let error = || Err(format!("{:?}", row.sent));
    if row.sent.is_empty() {
        return Ok(());
    }
    let state = row.sent.iter().find(|m| m.bus == STATE && m.count == -1);
    let memory: Vec<_> = row.sent.iter().filter(|m| m.bus == MEMORY).collect();
    let (Some(state), 14) = (state, memory.len()) else {
        return error();
    };
    let (pc, ts) = (state.fields[0], state.fields[1]);
    if pc >= 1 << 30 || ts > MAX_TIMESTAMP {
        return Ok(());
    }
    let (mut before, mut after, mut prev_ts) = ([0; 7], [0; 7], [0; 7]);
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
    // A call of an accelerator that there is not, which nobody answers.
    let nobody = |m: &Message| Accelerator::numbered(m.fields[0]).is_none();
    if { row.sent.iter() }.any(|m| m.bus == CALL && m.count == 1 && nobody(m)) {
        return Ok(());
    }
    let special = before[6];
    let call = match (before[0], before[1]) {
        (93, _) => Call::Exit,
        (63, _) => Call::Read,
        (64, 3) => Call::Journal,
        (64, 1) => Call::Stdout,
        (64, 2) => Call::Stderr,
        (number, _) => match Accelerator::numbered(number) {
            Some(accelerator) => Call::Accelerate(accelerator),
            None => return error(),
        },
    };
    // What the machine registers may hold.
    if call == Call::Read && special > 1 || call != Call::Read && special >= 1 << 30 {
        return Ok(());
    }
    let e = Event {
        pc,
        ts,
        call,
        number: before[0],
        a0: before[1],
        a0_next: after[1],
        a1: before[2],
        a2: before[3],
        a3: before[4],
        a4: before[5],
        special,
        special_next: after[6],
        prev_ts,
    };
    // A move of nothing never ends: the move table counts down past 0.
    let nothing = row.sent.iter().any(|m| m.bus == MOVE && m.fields[3] == 0);
    match nothing || follows_the_abi(&e) && row.sent_sorted() == messages(&e) {
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
        accelerate(0, u32::MAX),
    ]
}

/// Buffers that run past the end of memory into the registers.
const BEYOND_MEMORY: [fn() -> Event; 3] = [
    || read(0xffff_fff0, 0x20, 0x20, 0),
    || journal(0xffff_fffc, 8, 0),
    || journal(0xffff_0000, 0x1_0000, 0),
];

/// An index of the journal would be no field element.
fn too_long_a_journal() -> Event {
    journal(BUFFER, 4, (1 << 30) - 4)
}

/// The journal would begin again where it began: a length that is `p` too short, by way of a
/// carry of `2^-16`.
fn journal_around_the_field() -> Event {
    let before = 0x3fff_0001;
    Event {
        special_next: 0,
        ..journal(BUFFER, P - before, before)
    }
}

/// A read of 64 KiB after the input has ended.
fn read_behind_the_end() -> Event {
    read(BUFFER, 0x1_0000, 0x1_0000, 1)
}

pub(super) fn campaign() -> Campaign {
    let rows: Vec<_> = samples().iter().map(row).collect();
    let others = [
        read_behind_the_end(),
        too_long_a_journal(),
        journal_around_the_field(),
    ];
    let buffers = BEYOND_MEMORY.map(|e| e());
    let attacks: Vec<_> = others.iter().chain(&buffers).map(row).collect();
    let subject = Subject::new::<Ecall<F>>(&rows);
    let mutation = Mutation::new(subject, judge, &[0, 4, 5, 9, 15, 18, 20, 23]);
    let mutations = Vec::from([mutation.with_attacks(&attacks)]);
    let spare = [
        Spare::implied(
            ["short is boolean"],
            "what it means for the bytes that are missing leaves 0 and 1 in `read`, and elsewhere \
             it has no use",
        ),
        Spare::borrow("buffer above the code, borrow is boolean"),
    ];
    Campaign::new(Table::Ecall, mutations, spare.into())
}

#[cfg(test)]
mod tests;
