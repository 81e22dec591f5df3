//! Records what the tables of a proof are filled from.
//!
//! Offline memory checking wants, with each access to a word, the timestamp of the access
//! before: the recorder keeps the last one of every word ([`Shadow`] and [`Registers`]).
//! Timestamps begin anew with each segment.

mod registers;
mod shadow;

use core::ops::ControlFlow;

use vouch_isa::Cost;
use vouch_isa::abi::reg::{A0, A1, A2, A3, A4, A7};
use vouch_isa::accelerators::Accelerator;
use vouch_isa::event::{Access, Counts, Ecall, Fetch, Invocation, Move, Segment, Step};
use vouch_isa::memory::{
    ECALL_TICKS, FETCH_TIMESTAMP, FIRST_TIMESTAMP, LEAF_WORDS, MAX_TIMESTAMP, MEMORY_SLOT, RD_SLOT,
    REGISTER_CELLS, RS1_SLOT, RS2_SLOT, STEP_TICKS,
};

use crate::elf::MAX_LOAD_BYTES;
use crate::limits::SegmentLimits;
use crate::machine::Machine;
use crate::memory::{Memory, PageWords, leaf_in_page};
use crate::observer::{Accesses, Observer};
use registers::Registers;
use shadow::Shadow;

// A call moves no more words than are mapped: a segment of its own always has room for it.
const _: () =
    assert!(MAX_LOAD_BYTES / 4 + (FIRST_TIMESTAMP + ECALL_TICKS) as u64 <= MAX_TIMESTAMP as u64);

/// Who gets the segments: takes them, or leaves them to be used again. `Break` cancels the
/// run.
pub(crate) type Sink<'s> = &'s mut dyn FnMut(&mut Segment) -> ControlFlow<()>;

/// Makes a [`Segment`] of each stretch of the run.
pub(crate) struct Recorder<'s> {
    limits: SegmentLimits<'s>,
    sink: Sink<'s>,
    /// The segment so far.
    segment: Segment,
    /// Cycles of the program before it.
    cycles_before: u64,
    /// Timestamp at which the next instruction or move starts.
    ts: u32,
    registers: Registers,
    shadow: Shadow,
    /// Word index of the first word of the text.
    text_start: u32,
    /// How often the segment has executed each word of the text.
    counts: Vec<u32>,
    /// Instructions that ran after the last question whether to go on.
    stretch: u64,
}

/// Most instructions between two questions whether the segment should go on.
const LONGEST_STRETCH: u64 = 1 << 14;

impl<'s> Recorder<'s> {
    /// A recorder of a machine that has not run yet.
    pub fn new(machine: &Machine<'_>, limits: SegmentLimits<'s>, sink: Sink<'s>) -> Self {
        Self {
            limits,
            sink,
            segment: empty_segment(machine, Segment::default()),
            cycles_before: machine.cycles,
            ts: FIRST_TIMESTAMP,
            registers: Registers::new(&machine.cells),
            shadow: Shadow::new(),
            text_start: machine.program.image.text.start,
            counts: vec![0; machine.program.code.len()],
            stretch: LONGEST_STRETCH,
        }
    }

    /// The first execution of a word in the segment.
    #[cold]
    #[inline(never)]
    fn first_fetch(&mut self, pc: u32, memory: &Memory<'_>) {
        self.segment.fetches.push(Fetch {
            pc,
            word: memory.peek(pc),
            // Both are known at the end of the segment.
            count: 0,
            prev_ts: 0,
        });
        // It is read at the end, but its leaf counts from now on.
        let leaf = || memory.leaf(pc / LEAF_WORDS as u32);
        self.shadow.touch_leaf(pc * 4, leaf);
    }

    /// What the segment holds so far.
    fn counted(&self, machine: &Machine<'_>) -> Counts {
        let (leaves, nodes) = self.shadow.touched();
        let registers = u64::from(REGISTER_CELLS) / LEAF_WORDS as u64;
        Counts {
            leaves: leaves + registers,
            nodes: nodes + registers,
            journal: machine.journal.len() as u64 - u64::from(self.segment.journal_start),
            guest_bytes: machine.memory.allocated_bytes(),
            ..self.segment.counts()
        }
    }

    /// For how many more instructions, a power of two, the segment should go on; 0 if it is to be
    /// cut.
    fn stretch(&mut self, machine: &Machine<'_>) -> u64 {
        let counts = self.counted(machine);
        let mut stretch = (2 * self.stretch).clamp(1, LONGEST_STRETCH);
        while stretch > 0 && !(self.limits.goes_on)(&counts, &counts.after(stretch)) {
            stretch /= 2;
        }
        self.stretch = stretch;
        stretch
    }

    #[inline(always)]
    fn register(&mut self, cell: u8, value: u32, ts: u32) -> u32 {
        self.registers
            .touch(cell, value, ts, &mut self.segment.refreshes)
    }

    /// Adds to the segment what is only known at its end.
    fn complete_segment(&mut self, machine: &Machine<'_>, exit_code: Option<u32>) {
        let segment = &mut self.segment;
        segment.end_pc = machine.pc;
        segment.end_ts = self.ts;
        segment.exit_code = exit_code;
        segment.cycles = machine.cycles - self.cycles_before;
        segment.fetches.sort_unstable_by_key(|fetch| fetch.pc);
        for fetch in &mut segment.fetches {
            if let Some(count) = self.counts.get_mut((fetch.pc - self.text_start) as usize) {
                fetch.count = core::mem::take(count);
            }
            let leaf = || machine.memory.leaf(fetch.pc / LEAF_WORDS as u32);
            fetch.prev_ts = self.shadow.touch(fetch.pc * 4, FETCH_TIMESTAMP, leaf);
        }
        self.shadow
            .take_leaves(&machine.memory, &mut segment.leaves);
        // Registers come after all memory.
        self.registers
            .take_leaves(&machine.cells, &mut segment.leaves);
        let journal = machine.journal.get(segment.journal_start as usize..);
        segment.journal.extend(journal.unwrap_or_default());
    }

    /// Begins the next segment, with the room that the last one took if that is still there:
    /// getting fresh memory from the operating system costs more than filling it.
    fn begin_segment(&mut self, machine: &Machine<'_>) {
        self.segment = empty_segment(machine, core::mem::take(&mut self.segment));
        self.cycles_before = machine.cycles;
        self.ts = FIRST_TIMESTAMP;
    }
}

/// A segment without events that starts where the machine is, with the room that `spare` has.
fn empty_segment(machine: &Machine<'_>, spare: Segment) -> Segment {
    Segment {
        start_pc: machine.pc,
        // No wrap: `Limits::MAX_JOURNAL_BYTES`.
        journal_start: machine.journal.len() as u32,
        ..spare.cleared()
    }
}

impl Observer for Recorder<'_> {
    fn budget(&mut self, machine: &Machine<'_>) -> u64 {
        let done = machine.cycles - self.cycles_before;
        let ticks = self.limits.last_timestamp().saturating_sub(self.ts);
        let left = self.limits.cycles.saturating_sub(done);
        let left = left
            .min(u64::from(ticks / STEP_TICKS))
            .min(self.stretch(machine));
        // An empty segment takes an instruction whatever the limits say.
        if done == 0 { left.max(1) } else { left }
    }

    fn has_room(&mut self, machine: &Machine<'_>, cost: Cost) -> bool {
        let end = u64::from(self.ts) + u64::from(ECALL_TICKS) + u64::from(cost.ticks());
        let in_time = end <= u64::from(self.limits.last_timestamp());
        let fits = || {
            let counts = self.counted(machine);
            (self.limits.goes_on)(&counts, &counts.after_call(cost))
        };
        machine.cycles == self.cycles_before || in_time && fits()
    }

    fn end_segment(&mut self, machine: &Machine<'_>, exit_code: Option<u32>) -> ControlFlow<()> {
        self.complete_segment(machine, exit_code);
        let flow = (self.sink)(&mut self.segment);
        self.begin_segment(machine);
        flow
    }

    #[inline(always)]
    fn fetch(&mut self, pc: u32, memory: &Memory<'_>) {
        if let Some(count) = self.counts.get_mut((pc - self.text_start) as usize) {
            *count += 1;
            if *count == 1 {
                self.first_fetch(pc, memory);
            }
        }
    }

    #[inline(always)]
    fn step(&mut self, accesses: Accesses, mut step: Step, page: Option<&PageWords>) {
        step.ts = self.ts;
        if accesses.rs1 {
            step.rs1_ts = self.register(step.rs1, step.a, self.ts + RS1_SLOT);
        }
        if accesses.rs2 {
            step.rs2_ts = self.register(step.rs2, step.b, self.ts + RS2_SLOT);
        }
        if let Some(page) = page {
            let leaf = || leaf_in_page(page, step.addr);
            step.mem_ts = self.shadow.touch(step.addr, self.ts + MEMORY_SLOT, leaf);
        }
        if accesses.rd {
            step.rd_ts = self.register(step.rd, step.rd_prev, self.ts + RD_SLOT);
        }
        self.ts += STEP_TICKS;
        self.segment.steps[step.op.family() as usize].push(step);
    }

    fn ecall(&mut self, mut ecall: Ecall) {
        ecall.ts = self.ts;
        let info = ecall.call.info();
        let accessed = [
            (A7, ecall.number),
            (A0, ecall.a0),
            (A1, ecall.a1),
            (A2, ecall.a2),
            (A3, ecall.a3),
            (A4, ecall.a4),
            (info.machine_register, ecall.special),
        ];
        for (prev_ts, (cell, value)) in ecall.prev_ts.iter_mut().zip(accessed) {
            *prev_ts = self.register(cell, value, self.ts);
            self.ts += 1;
        }
        self.segment.ecalls.push(ecall);
    }

    fn invoked(&mut self, accelerator: Accelerator, mut invocation: Invocation) {
        invocation.ts = self.ts;
        let list = &mut self.segment.accelerated[accelerator as usize];
        list.calls.push(invocation);
    }

    fn accessed(&mut self, accelerator: Accelerator, mut access: Access, page: &PageWords) {
        let address = access.word * 4;
        let leaf = || leaf_in_page(page, address);
        access.prev_ts = self.shadow.touch(address, self.ts, leaf);
        self.ts += 1;
        let list = &mut self.segment.accelerated[accelerator as usize];
        list.accesses.push(access);
    }

    fn moved(&mut self, mut moved: Move, page: &PageWords) {
        moved.ts = self.ts;
        let address = moved.word * 4;
        let leaf = || leaf_in_page(page, address);
        moved.prev_ts = self.shadow.touch(address, self.ts, leaf);
        self.ts += 1;
        self.segment.moves.push(moved);
    }
}
