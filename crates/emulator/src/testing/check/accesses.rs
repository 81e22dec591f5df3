//! All accesses of a segment to memory and registers.

use vouch_isa::abi::reg::{A0, A1, A2, A3, A4, A7};
use vouch_isa::abi::{EXIT, READ, WRITE};
use vouch_isa::accelerators::Accelerator;
use vouch_isa::event::{Ecall, Segment, Step};
use vouch_isa::memory::{
    FETCH_TIMESTAMP, INPUT_ENDED, JOURNAL_LENGTH, MEMORY_SLOT, RD_SLOT, REGISTER_BASE, RS1_SLOT,
    RS2_SLOT,
};
use vouch_isa::{Call, Family, Format};

/// One access.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access {
    /// Word index.
    pub word: u32,
    /// When.
    pub ts: u32,
    /// Timestamp and value before.
    pub before: (u32, u32),
    /// Value after.
    pub value: u32,
    /// Whether it is a refresh.
    pub refreshes: bool,
}

fn access(word: u32, ts: u32, before: (u32, u32), value: u32) -> Access {
    Access {
        word,
        ts,
        before,
        value,
        refreshes: false,
    }
}

fn register(cell: u8, ts: u32, before: (u32, u32), value: u32) -> Access {
    access(REGISTER_BASE + u32::from(cell), ts, before, value)
}

/// Every access of the segment, in no order.
pub(super) fn of(segment: &Segment) -> Vec<Access> {
    let mut list = Vec::new();
    for step in segment.steps.iter().flatten() {
        of_step(step, &mut list);
    }
    for ecall in &segment.ecalls {
        list.extend(of_ecall(ecall));
    }
    for m in &segment.moves {
        list.push(access(m.word, m.ts, (m.prev_ts, m.prev), m.next));
    }
    for accelerator in Accelerator::ALL {
        for (call, accesses) in segment.invocations(accelerator) {
            for (ts, a) in (call.ts..).zip(accesses) {
                list.push(access(a.word, ts, (a.prev_ts, a.prev), a.next));
            }
        }
    }
    for f in &segment.fetches {
        list.push(access(f.pc, FETCH_TIMESTAMP, (f.prev_ts, f.word), f.word));
    }
    for r in &segment.refreshes {
        let access = register(r.cell, r.to_ts, (r.from_ts, r.value), r.value);
        list.push(Access {
            refreshes: true,
            ..access
        });
    }
    list
}

fn of_step(step: &Step, list: &mut Vec<Access>) {
    let memory = matches!(
        step.op.family(),
        Family::Word | Family::LoadSub | Family::StoreSub
    );
    let format = step.op.info().format;
    if format != Format::J {
        let before = (step.rs1_ts, step.a);
        list.push(register(step.rs1, step.ts + RS1_SLOT, before, step.a));
    }
    if matches!(format, Format::R | Format::S | Format::B) {
        let before = (step.rs2_ts, step.b);
        list.push(register(step.rs2, step.ts + RS2_SLOT, before, step.b));
    }
    if memory {
        let before = (step.mem_ts, step.mem_prev);
        let ts = step.ts + MEMORY_SLOT;
        list.push(access(step.addr / 4, ts, before, step.mem_next));
    }
    if !matches!(format, Format::S | Format::B) {
        let before = (step.rd_ts, step.rd_prev);
        list.push(register(step.rd, step.ts + RD_SLOT, before, step.c));
    }
}

fn of_ecall(ecall: &Ecall) -> [Access; 7] {
    let (number, special) = match ecall.call {
        Call::Exit => (EXIT, JOURNAL_LENGTH),
        Call::Read => (READ, INPUT_ENDED),
        Call::Journal | Call::Stdout | Call::Stderr => (WRITE, JOURNAL_LENGTH),
        Call::Accelerate(accelerator) => (accelerator.info().number, JOURNAL_LENGTH),
    };
    let &Ecall {
        ts,
        prev_ts,
        a0,
        a1,
        a2,
        a3,
        a4,
        ..
    } = ecall;
    [
        register(A7, ts, (prev_ts[0], number), number),
        register(A0, ts + 1, (prev_ts[1], a0), ecall.a0_next),
        register(A1, ts + 2, (prev_ts[2], a1), a1),
        register(A2, ts + 3, (prev_ts[3], a2), a2),
        register(A3, ts + 4, (prev_ts[4], a3), a3),
        register(A4, ts + 5, (prev_ts[5], a4), a4),
        register(
            special,
            ts + 6,
            (prev_ts[6], ecall.special),
            ecall.special_next,
        ),
    ]
}
