//! What the moves table is put through.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use vouch_isa::Call;
use vouch_isa::event::Move as Event;
use vouch_isa::memory::MAX_TIMESTAMP;

use crate::F;
use crate::bus::{JOURNAL as JOURNAL_BUS, MEMORY, MOVE, STATE};
use crate::table::TableType;
use crate::tables::Table;
use crate::tables::moves::Moves;
use crate::testkit::score::Spare;
use crate::testkit::{Campaign, Message, Mutation, P, Subject, TEXT, Verdict};

fn row(e: &Event) -> Moves<F> {
    Moves::<F>::row(e, &TEXT)
}

const WORD: u32 = 0x4_0001;

fn read(left: u32, prev: u32, input: u32) -> Event {
    let kept = match left {
        0..4 => u32::MAX << (8 * left),
        _ => 0,
    };
    Event {
        call: Call::Read,
        next_pc: 0x5001,
        ts: 70_000,
        word: WORD,
        left,
        journal_index: 0,
        prev,
        next: prev & kept | input & !kept,
        prev_ts: 9,
    }
}

fn write(left: u32, word: u32) -> Event {
    Event {
        call: Call::Journal,
        journal_index: 1000,
        prev: word,
        next: word,
        ..read(left, 0, 0)
    }
}

/// What an honest row of the event sends, sorted.
fn messages(e: &Event) -> Vec<Message> {
    let call = if e.call == Call::Read { 1 } else { 2 };
    let tuple = |value: u32, ts: u32| [e.word, value & 0xffff, value >> 16, ts];
    let moving = |word, left, ts, index| [call, e.next_pc, word, left, ts, index];
    let mut sent = alloc::vec![
        Message::received(MOVE, &moving(e.word, e.left, e.ts, e.journal_index)),
        Message::received(MEMORY, &tuple(e.prev, e.prev_ts)),
        Message::sent(MEMORY, &tuple(e.next, e.ts)),
    ];
    let is_write = e.call == Call::Journal;
    if is_write {
        let bytes = (e.journal_index..).zip(e.prev.to_le_bytes());
        let moved = bytes.take(e.left.min(4) as usize);
        sent.extend(moved.map(|(i, byte)| Message::sent(JOURNAL_BUS, &[i, byte.into()])));
    }
    let index = e.journal_index + if is_write { 4 } else { 0 };
    sent.push(match e.left {
        0..=4 => Message::sent(STATE, &[e.next_pc, e.ts + 1]),
        _ => Message::sent(MOVE, &moving(e.word + 1, e.left - 4, e.ts + 1, index)),
    });
    sent.sort();
    sent
}

/// The row passes on a move of less than nothing. That one never ends: there are not enough
/// rows to count down past 0 and around the field.
fn never_ends(row: &Verdict) -> bool {
    let passes = |m: &Message| m.bus == MOVE && m.count == 1;
    let is_less = |left: u32| left == 0 || left >= P - 4;
    row.sent.iter().any(|m| passes(m) && is_less(m.fields[3]))
}

/// The row sends what one event makes it send, and that event is one that may be.
fn judge(row: &Verdict) -> Result<(), String> {
    let error = || Err(format!("{:?}", row.sent));
    let one = |bus: &str, count: i64| {
        row.sent
            .iter()
            .find(|m| m.bus == bus && m.count == count)
            .map(|m| &m.fields[..])
    };
    if row.sent.is_empty() {
        return Ok(());
    }
    let (
        Some(&[call, next_pc, word, left, ts, journal_index]),
        Some(&[_, prev_lo, prev_hi, prev_ts]),
        Some(&[_, next_lo, next_hi, _]),
    ) = (one(MOVE, -1), one(MEMORY, -1), one(MEMORY, 1))
    else {
        return error();
    };
    // What the ecall table sends, and cells hold.
    let may_be = (call == 1 && journal_index == 0 || call == 2)
        && next_pc < 1 << 30
        && word < 1 << 30
        && left < 1 << 30
        && ts < MAX_TIMESTAMP
        && journal_index < 1 << 30
        && prev_lo < 1 << 16
        && prev_hi < 1 << 16
        && prev_ts < MAX_TIMESTAMP;
    if !may_be || never_ends(row) {
        return Ok(());
    }
    if left == 0 || next_lo >= 1 << 16 || next_hi >= 1 << 16 || prev_ts >= ts {
        return error();
    }
    let e = Event {
        call: if call == 1 { Call::Read } else { Call::Journal },
        next_pc,
        ts,
        word,
        left,
        journal_index,
        prev: prev_lo | prev_hi << 16,
        next: next_lo | next_hi << 16,
        prev_ts,
    };
    let kept = match (e.call, left) {
        (Call::Read, 4..) => 0,
        (Call::Read, _) => u32::MAX << (8 * left),
        _ => u32::MAX,
    };
    let is_true = e.prev & kept == e.next & kept && row.sent_sorted() == messages(&e);
    if is_true { Ok(()) } else { error() }
}

pub(super) fn campaign() -> Campaign {
    let lengths = [1, 2, 3, 4, 5, 100];
    let reads = lengths.map(|left| read(left, 0x8091_a2b3, 0x0102_0304));
    let writes = lengths.map(|left| write(left, 0xff00_7f80));
    let rows: Vec<_> = reads.iter().chain(&writes).map(row).collect();
    let subject = Subject::new::<Moves<F>>(&rows);
    let mutation = Mutation::new(subject, judge, &[1, 3, 5, 7, 11]);
    let spare = [
        Spare::group([2, 7], "the calls' sum is that of the bytes'"),
        Spare::implied([10], "8 and 12: a last word moves a byte"),
    ];
    Campaign::new(Table::Moves, Vec::from([mutation]), spare.into())
}

#[cfg(test)]
mod tests;
