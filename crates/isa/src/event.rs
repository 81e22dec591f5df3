//! What an execution leaves behind for the tables to be filled from.
//!
//! Plain structs of integers: written by the recorder, read by the witness generators of the
//! CPU and the GPU. Timestamps are segment-local; a `*_ts` is the timestamp of the *previous*
//! access to the same cell, except where it is said to be the event's own.

mod counts;

use alloc::vec::Vec;

pub use self::counts::Counts;
use crate::accelerators::{ARGUMENTS, Accelerator};
use crate::call::Call;
use crate::memory::LEAF_WORDS;
use crate::op::{Family, Op};

/// One executed instruction other than ECALL.
///
/// Fields that an instruction has no use for are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Step {
    /// Word index of the instruction.
    pub pc: u32,
    /// Timestamp at which it starts.
    pub ts: u32,
    /// Word index of the next instruction.
    pub next_pc: u32,
    /// The instruction as decoded; LUI, AUIPC and FENCE keep their own `op`.
    pub op: Op,
    /// Register cell written: `rd`, or [`crate::memory::SINK`] for `x0`.
    pub rd: u8,
    /// Register cell read first.
    pub rs1: u8,
    /// Register cell read second.
    pub rs2: u8,
    /// Immediate as decoded.
    pub imm: u32,
    /// Value of `rs1`.
    pub a: u32,
    /// Second operand: value of `rs2`, or the immediate of an ALU instruction (for AUIPC the
    /// result itself, for FENCE 0).
    pub b: u32,
    /// Value written to `rd`.
    pub c: u32,
    /// Value that `rd` held before.
    pub rd_prev: u32,
    /// Previous access to `rs1`.
    pub rs1_ts: u32,
    /// Previous access to `rs2`.
    pub rs2_ts: u32,
    /// Previous access to `rd`.
    pub rd_ts: u32,
    /// Byte address of the memory access.
    pub addr: u32,
    /// The word at `addr & !3` before.
    pub mem_prev: u32,
    /// The word at `addr & !3` after.
    pub mem_next: u32,
    /// Previous access to that word.
    pub mem_ts: u32,
}

/// A register re-touched so that its next access is at most
/// [`crate::memory::REGISTER_WINDOW`] away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Refresh {
    /// Register cell.
    pub cell: u8,
    /// Its value.
    pub value: u32,
    /// Previous access.
    pub from_ts: u32,
    /// Timestamp of the refresh itself.
    pub to_ts: u32,
}

/// One executed ECALL. It accesses `a7`, `a0` to `a4` and a machine register in this order, at
/// `ts, ts + 1, ...`; the words that it moves follow as [`Move`]s, or the words of an accelerator as
/// [`Access`]es, from `ts + `[`crate::memory::ECALL_TICKS`] on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Ecall {
    /// Word index of the instruction.
    pub pc: u32,
    /// Timestamp at which it starts.
    pub ts: u32,
    /// The call.
    pub call: Call,
    /// `a7`: its number.
    pub number: u32,
    /// `a0` before: the exit code or file descriptor.
    pub a0: u32,
    /// `a0` after: bytes moved; unchanged by `exit`, 0 after an accelerator.
    pub a0_next: u32,
    /// `a1`: the address.
    pub a1: u32,
    /// `a2`: the length in bytes.
    pub a2: u32,
    /// `a3`: only accelerators have a use for it.
    pub a3: u32,
    /// `a4`: likewise.
    pub a4: u32,
    /// The call's machine register before.
    pub special: u32,
    /// Machine register after.
    pub special_next: u32,
    /// Previous accesses to `a7`, `a0` to `a4` and the machine register.
    pub prev_ts: [u32; 7],
}

impl Ecall {
    /// `a0` to `a4` before.
    pub const fn arguments(&self) -> [u32; ARGUMENTS] {
        [self.a0, self.a1, self.a2, self.a3, self.a4]
    }
}

/// One word moved by `read` or by `write` to the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Move {
    /// [`Call::Read`] or [`Call::Journal`].
    pub call: Call,
    /// Word index of the instruction after the ECALL.
    pub next_pc: u32,
    /// Timestamp of this move itself.
    pub ts: u32,
    /// Word index in memory.
    pub word: u32,
    /// Bytes left to move, these included; at least 1.
    pub left: u32,
    /// Journal index of the first byte; 0 for `read`.
    pub journal_index: u32,
    /// The word before.
    pub prev: u32,
    /// The word after; `read` leaves the bytes from `left` on as they were.
    pub next: u32,
    /// Previous access to the word.
    pub prev_ts: u32,
}

/// A call of an accelerator: what comes of its ECALL beside the registers.
///
/// Its words are accessed, one a timestamp, in the order of its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Invocation {
    /// Word index of the instruction after the ECALL.
    pub next_pc: u32,
    /// Timestamp of the first access.
    pub ts: u32,
    /// `a0` to `a4` before.
    pub arguments: [u32; ARGUMENTS],
}

/// An access of an accelerator to a word of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Access {
    /// Word index in memory.
    pub word: u32,
    /// The word before.
    pub prev: u32,
    /// The word after.
    pub next: u32,
    /// Previous access to the word.
    pub prev_ts: u32,
}

/// The calls of one accelerator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accelerated {
    /// The calls, in the order of the execution.
    pub calls: Vec<Invocation>,
    /// Their accesses, as many for each as the accelerator has words.
    pub accesses: Vec<Access>,
}

/// One instruction word that the segment executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Fetch {
    /// Word index.
    pub pc: u32,
    /// The word.
    pub word: u32,
    /// How often it is executed.
    pub count: u32,
    /// Last access to the word before it is read as code, at
    /// [`FETCH_TIMESTAMP`](crate::memory::FETCH_TIMESTAMP).
    pub prev_ts: u32,
}

/// One leaf of the memory tree that the segment touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Leaf {
    /// Leaf index: word index / [`LEAF_WORDS`]. Registers are leaves too.
    pub index: u32,
    /// Words at the start of the segment.
    pub initial: [u32; LEAF_WORDS],
    /// Words at its end.
    pub last: [u32; LEAF_WORDS],
    /// Last access to each word, 0 if none.
    pub last_ts: [u32; LEAF_WORDS],
}

/// Everything that the tables need to know of one segment.
#[derive(Clone, Debug, Default)]
pub struct Segment {
    /// Word index of the first instruction.
    pub start_pc: u32,
    /// Word index of the instruction after the last; that of the ECALL itself if it exited.
    pub end_pc: u32,
    /// Timestamp after the last instruction.
    pub end_ts: u32,
    /// The exit code, if the segment ends the program.
    pub exit_code: Option<u32>,
    /// Instructions executed.
    pub cycles: u64,
    /// Instructions by [`Family`], in the order of execution.
    pub steps: [Vec<Step>; Family::STEPS],
    /// ECALLs.
    pub ecalls: Vec<Ecall>,
    /// Words moved by ECALLs.
    pub moves: Vec<Move>,
    /// What ECALLs were for by [`Accelerator`].
    pub accelerated: [Accelerated; Accelerator::COUNT],
    /// Register refreshes.
    pub refreshes: Vec<Refresh>,
    /// Executed words, by ascending `pc`.
    pub fetches: Vec<Fetch>,
    /// Touched leaves, by ascending index.
    pub leaves: Vec<Leaf>,
    /// Journal length before the segment, in bytes.
    pub journal_start: u32,
    /// Bytes that the segment appended to the journal.
    pub journal: Vec<u8>,
}

impl Segment {
    /// How much it holds. Inner nodes of the memory tree and the guest's memory are not known here,
    /// and 0.
    pub fn counts(&self) -> Counts {
        let Self {
            start_pc: _,
            end_pc: _,
            end_ts: _,
            exit_code: _,
            cycles: _,
            steps,
            ecalls,
            moves,
            accelerated,
            refreshes,
            fetches,
            leaves,
            journal_start: _,
            journal,
        } = self;
        Counts {
            steps: steps.each_ref().map(|steps| steps.len() as u64),
            ecalls: ecalls.len() as u64,
            moves: moves.len() as u64,
            accelerated: accelerated.each_ref().map(|of| of.calls.len() as u64),
            refreshes: refreshes.len() as u64,
            fetches: fetches.len() as u64,
            leaves: leaves.len() as u64,
            nodes: 0,
            journal: journal.len() as u64,
            guest_bytes: 0,
        }
    }

    /// The calls of an accelerator, each with its accesses.
    pub fn invocations(
        &self,
        accelerator: Accelerator,
    ) -> impl Iterator<Item = (&Invocation, &[Access])> {
        let Accelerated { calls, accesses } = &self.accelerated[accelerator as usize];
        let words = accelerator.info().words.max(1) as usize;
        calls.iter().zip(accesses.chunks_exact(words))
    }

    /// A segment without events, with the room that this one has.
    #[must_use]
    pub fn cleared(self) -> Self {
        fn cleared<T>(mut list: Vec<T>) -> Vec<T> {
            list.clear();
            list
        }
        let Self {
            start_pc: _,
            end_pc: _,
            end_ts: _,
            exit_code: _,
            cycles: _,
            steps,
            ecalls,
            moves,
            accelerated,
            refreshes,
            fetches,
            leaves,
            journal_start: _,
            journal,
        } = self;
        Self {
            steps: steps.map(cleared),
            ecalls: cleared(ecalls),
            moves: cleared(moves),
            accelerated: accelerated.map(|Accelerated { calls, accesses }| Accelerated {
                calls: cleared(calls),
                accesses: cleared(accesses),
            }),
            refreshes: cleared(refreshes),
            fetches: cleared(fetches),
            leaves: cleared(leaves),
            journal: cleared(journal),
            ..Self::default()
        }
    }

    /// Of each kind of event that tables have rows of, the leaves of the memory tree aside, at most
    /// `count` from the `start`-th on; nothing else.
    #[must_use]
    pub fn piece(&self, start: usize, count: usize) -> Self {
        let part = Part { start, count };
        let Self {
            start_pc: _,
            end_pc: _,
            end_ts: _,
            exit_code: _,
            cycles: _,
            steps,
            ecalls,
            moves,
            accelerated,
            refreshes,
            fetches,
            leaves: _,
            journal_start: _,
            journal: _,
        } = self;
        Self {
            steps: steps.each_ref().map(|steps| part.of(steps)),
            ecalls: part.of(ecalls),
            moves: part.of(moves),
            accelerated: core::array::from_fn(|i| {
                let Accelerated { calls, accesses } = &accelerated[i];
                let words = Accelerator::ALL[i].info().words as usize;
                Accelerated {
                    calls: part.of(calls),
                    accesses: part.times(words).of(accesses),
                }
            }),
            refreshes: part.of(refreshes),
            fetches: part.of(fetches),
            ..Self::default()
        }
    }
}

/// Which events of a list.
#[derive(Clone, Copy)]
struct Part {
    start: usize,
    count: usize,
}

impl Part {
    /// If each event is so many.
    fn times(self, factor: usize) -> Self {
        Self {
            start: self.start * factor,
            count: self.count * factor,
        }
    }

    fn of<T: Clone>(self, list: &[T]) -> Vec<T> {
        let part = list.iter().skip(self.start).take(self.count);
        part.cloned().collect()
    }
}
