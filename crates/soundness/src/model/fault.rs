//! What can go wrong in the model.

use vouch_isa::event::{Access, Ecall, Invocation, Move, Segment, Step};
use vouch_isa::{Call, Family, Op};

/// A fault and when it strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Instructions executed before it; events of the whole segment are altered at the end,
    /// which is `u64::MAX`.
    pub cycle: u64,
    /// What goes wrong.
    pub kind: Kind,
}

/// What becomes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Another number.
    To(u32),
    /// One bit is the other.
    Flip(u8),
    /// So much more, modulo 2^32.
    Add(i32),
}

impl Change {
    /// The changed number.
    pub fn of(self, x: u32) -> u32 {
        match self {
            Self::To(y) => y,
            Self::Flip(bit) => x ^ 1 << (bit & 31),
            Self::Add(more) => x.wrapping_add_signed(more),
        }
    }

    /// Changes a number in place.
    pub fn apply(self, x: &mut u32) {
        *x = self.of(*x);
    }
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Another word is executed than the one in memory.
    Word(Change),
    /// The instruction at another pc is executed here, and counted there.
    Elsewhere(u32),
    /// The machine is elsewhere.
    Pc(Change),
    /// Time goes on by more or less.
    Clock(i32),
    /// The instruction is passed over.
    Skip,
    /// The instruction is executed once more.
    Repeat,
    /// A register changes between two instructions.
    Register(u8, Change),
    /// A word of memory, by its index, changes between two instructions.
    Memory(u32, Change),
    /// Another operation on the same operands.
    Operation(Op),
    /// Another register is written.
    Destination(u8),
    /// Another register is read first.
    FirstSource(u8),
    /// Another register is read second.
    SecondSource(u8),
    /// Another immediate.
    Immediate(Change),
    /// The first operand is read as another value.
    First(Change),
    /// The second operand is read as another value.
    Second(Change),
    /// Another result.
    Result(Change),
    /// The next instruction is another one: a branch condition, a jump target.
    Target(Change),
    /// Another address is accessed, in bytes.
    Address(Change),
    /// The word in memory is read as another.
    Loaded(Change),
    /// Another word is stored.
    Stored(Change),
    /// The old value of the register written is said to be another.
    Overwritten(Change),
    /// One of the accesses (first and second operand, memory, result) is said to follow one at
    /// another time.
    LastAccess(u8, Change),
    /// Another call.
    Call(Call),
    /// The call answers another number.
    Answer(Change),
    /// The call answers another number, and the machine register is this after it.
    Reply(Change, u32),
    /// The machine register is something else after the call.
    Special(Change),
    /// The call is said to have been asked for another length.
    Length(Change),
    /// The call is said to have been given another pointer.
    Pointer(Change),
    /// The first argument is said to be another: an exit code, a file descriptor.
    Argument(Change),
    /// The call's n-th word goes to another word index.
    MovedTo(u32, Change),
    /// The call's n-th word becomes another.
    MovedWord(u32, Change),
    /// The call's n-th word is said to have so many bytes left.
    MovedLeft(u32, Change),
    /// The call's n-th word goes on at another instruction.
    MovedPc(u32, Change),
    /// The call's n-th word is moved at another time.
    MovedAt(u32, Change),
    /// The call's n-th word is moved as if the call had been another.
    MovedBy(u32, Call),
    /// The call's n-th word is at another place in the journal.
    MovedIndex(u32, Change),
    /// The accelerator is said to have been given another pointer.
    Invoked(Change),
    /// The accelerator goes on at another instruction.
    InvokedPc(Change),
    /// The accelerator accesses its words at another time.
    InvokedAt(Change),
    /// The accelerator's n-th word is at another word index.
    AccessedAt(u32, Change),
    /// The accelerator's n-th word is read as another.
    AccessedAs(u32, Change),
    /// The accelerator's n-th word becomes another.
    AccessedWord(u32, Change),
    /// The accelerator's n-th word is said to have been accessed before at another time.
    AccessedAfter(u32, Change),
    /// At the end: the n-th executed word is said to be another.
    Fetch(usize, Change),
    /// At the end: the n-th executed word is said to be executed so much more often.
    Count(usize, Change),
    /// At the end: the n-th leaf's i-th word began as another.
    Began(usize, usize, Change),
    /// At the end: the n-th leaf's i-th word ends as another.
    Ended(usize, usize, Change),
    /// At the end: the n-th leaf's i-th word was last accessed at another time.
    EndedAt(usize, usize, Change),
    /// At the end: the n-th refresh changes the value.
    Refreshed(usize, Change),
    /// At the end: the n-th refresh leads to another time.
    RefreshedTo(usize, Change),
    /// At the end: the n-th refresh is of another cell.
    RefreshedCell(usize, u8),
    /// At the end: the n-th byte of the journal is another.
    Journal(usize, u8),
    /// At the end: two bytes of the journal have changed places.
    JournalSwap(usize, usize),
    /// At the end: the journal is shorter by one byte.
    JournalCut,
    /// At the end: the journal is longer by one byte.
    JournalByte(u8),
    /// At the end: another exit code.
    ExitCode(Change),
    /// At the end: a run that exited is said not to have, or the other way round.
    Exited,
    /// At the end: another pc.
    EndPc(Change),
    /// The start: another pc.
    StartPc(Change),
}

/// Faults of decoding.
pub(super) fn decoded(step: &mut Step, kind: Option<Kind>) {
    match kind {
        Some(Kind::Operation(op)) => step.op = op,
        Some(Kind::Destination(cell)) => step.rd = cell,
        Some(Kind::FirstSource(cell)) => step.rs1 = cell,
        Some(Kind::SecondSource(cell)) => step.rs2 = cell,
        Some(Kind::Immediate(change)) => change.apply(&mut step.imm),
        _ => {}
    }
}

/// Faults of reading.
pub(super) fn operands(step: &mut Step, kind: Option<Kind>) {
    match kind {
        Some(Kind::First(change)) => change.apply(&mut step.a),
        Some(Kind::Second(change)) => change.apply(&mut step.b),
        _ => {}
    }
}

/// Faults of what the instruction does.
pub(super) fn result(step: &mut Step, kind: Option<Kind>) {
    match kind {
        Some(Kind::Result(change)) => change.apply(&mut step.c),
        Some(Kind::Target(change)) => change.apply(&mut step.next_pc),
        Some(Kind::Loaded(change)) => {
            let value = change.of(step.mem_prev);
            (step.mem_prev, step.mem_next) = (value, value);
            step.c = vouch_isa::load_value(step.op, value, step.addr % 4);
        }
        Some(Kind::Stored(change)) => change.apply(&mut step.mem_next),
        _ => {}
    }
}

/// Faults of what an event says of the past. Whether one made a difference.
pub(super) fn committed(step: &mut Step, kind: Option<Kind>) -> bool {
    let honest = *step;
    match kind {
        Some(Kind::Overwritten(change)) => change.apply(&mut step.rd_prev),
        Some(Kind::LastAccess(0, change)) => change.apply(&mut step.rs1_ts),
        Some(Kind::LastAccess(1, change)) => change.apply(&mut step.rs2_ts),
        Some(Kind::LastAccess(2, change)) => change.apply(&mut step.mem_ts),
        Some(Kind::LastAccess(_, change)) => change.apply(&mut step.rd_ts),
        _ => {}
    }
    *step != honest
}

/// A step without what is free in its row: the high limb of a shift amount.
pub(super) fn relevant(mut step: Step) -> Step {
    if step.op.family() == Family::Shift && step.op.has_immediate_operand() {
        (step.imm, step.b) = (step.imm & 0xffff, step.b & 0xffff);
    }
    step
}

/// Faults of a call.
pub(super) fn called(ecall: &mut Ecall, kind: Option<Kind>) {
    match kind {
        Some(Kind::Call(call)) => ecall.call = call,
        Some(Kind::Answer(change)) => change.apply(&mut ecall.a0_next),
        Some(Kind::Reply(change, special)) => {
            change.apply(&mut ecall.a0_next);
            ecall.special_next = special;
        }
        Some(Kind::Special(change)) => change.apply(&mut ecall.special_next),
        Some(Kind::Length(change)) => change.apply(&mut ecall.a2),
        Some(Kind::Pointer(change)) => change.apply(&mut ecall.a1),
        Some(Kind::Argument(change)) => change.apply(&mut ecall.a0),
        _ => {}
    }
}

/// Faults of the `i`-th word that a call moves.
pub(super) fn moved(event: &mut Move, i: u32, kind: Kind) {
    match kind {
        Kind::MovedTo(n, change) if n == i => change.apply(&mut event.word),
        Kind::MovedWord(n, change) if n == i => change.apply(&mut event.next),
        Kind::MovedLeft(n, change) if n == i => change.apply(&mut event.left),
        Kind::MovedPc(n, change) if n == i => change.apply(&mut event.next_pc),
        Kind::MovedAt(n, change) if n == i => change.apply(&mut event.ts),
        Kind::MovedBy(n, call) if n == i => {
            event.call = call;
            if call == Call::Read {
                event.journal_index = 0;
            }
        }
        Kind::MovedIndex(n, change) if n == i => change.apply(&mut event.journal_index),
        _ => {}
    }
}

/// Faults of an accelerator's call.
pub(super) fn invoked(invocation: &mut Invocation, kind: Option<Kind>) {
    match kind {
        Some(Kind::Invoked(change)) => change.apply(&mut invocation.arguments[0]),
        Some(Kind::InvokedPc(change)) => change.apply(&mut invocation.next_pc),
        Some(Kind::InvokedAt(change)) => change.apply(&mut invocation.ts),
        _ => {}
    }
}

/// Faults of the `i`-th word of an accelerator.
pub(super) fn accessed(access: &mut Access, i: u32, kind: Option<Kind>) {
    match kind {
        Some(Kind::AccessedAt(n, change)) if n == i => change.apply(&mut access.word),
        Some(Kind::AccessedAs(n, change)) if n == i => change.apply(&mut access.prev),
        Some(Kind::AccessedWord(n, change)) if n == i => change.apply(&mut access.next),
        _ => {}
    }
}

/// When the `i`-th word of an accelerator is said to have been accessed last.
pub(super) fn last_access(ts: u32, i: u32, kind: Option<Kind>) -> u32 {
    match kind {
        Some(Kind::AccessedAfter(n, change)) if n == i => change.of(ts),
        _ => ts,
    }
}

/// Faults of what is said of the segment as a whole. Whether one made a difference.
pub(super) fn finished(segment: &mut Segment, kind: Kind) -> bool {
    match kind {
        Kind::Journal(n, byte) => {
            let place = segment.journal.get_mut(n);
            place.is_some_and(|old| core::mem::replace(old, byte) != byte)
        }
        Kind::JournalSwap(i, j) => {
            let differs = segment.journal.get(i) != segment.journal.get(j);
            let is_there = i.max(j) < segment.journal.len();
            if is_there {
                segment.journal.swap(i, j);
            }
            is_there && differs
        }
        Kind::JournalCut => segment.journal.pop().is_some(),
        Kind::JournalByte(byte) => {
            segment.journal.push(byte);
            true
        }
        Kind::Exited => {
            segment.exit_code = segment.exit_code.xor(Some(0));
            true
        }
        Kind::RefreshedCell(n, cell) => {
            let place = segment.refreshes.get_mut(n);
            place.is_some_and(|e| core::mem::replace(&mut e.cell, cell) != cell)
        }
        _ => number(segment, kind).is_some_and(|(place, change)| {
            let honest = *place;
            change.apply(place);
            *place != honest
        }),
    }
}

/// The number that a fault of the whole segment changes.
fn number(segment: &mut Segment, kind: Kind) -> Option<(&mut u32, Change)> {
    let exits = segment.exit_code.is_some();
    match kind {
        Kind::Fetch(n, change) => Some((&mut segment.fetches.get_mut(n)?.word, change)),
        Kind::Count(n, change) => Some((&mut segment.fetches.get_mut(n)?.count, change)),
        Kind::Began(n, i, change) => Some((segment.leaves.get_mut(n)?.initial.get_mut(i)?, change)),
        Kind::Ended(n, i, change) => Some((segment.leaves.get_mut(n)?.last.get_mut(i)?, change)),
        Kind::EndedAt(n, i, change) => {
            Some((segment.leaves.get_mut(n)?.last_ts.get_mut(i)?, change))
        }
        Kind::Refreshed(n, change) => Some((&mut segment.refreshes.get_mut(n)?.value, change)),
        Kind::RefreshedTo(n, change) => Some((&mut segment.refreshes.get_mut(n)?.to_ts, change)),
        Kind::ExitCode(change) => Some((segment.exit_code.as_mut()?, change)),
        Kind::EndPc(change) if !exits => Some((&mut segment.end_pc, change)),
        Kind::StartPc(change) => Some((&mut segment.start_pc, change)),
        _ => None,
    }
}
