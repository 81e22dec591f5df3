//! What watches the interpreter.

use core::ops::ControlFlow;

use vouch_isa::event::{Ecall, Move, Step};

use crate::machine::Machine;
use crate::memory::{Memory, PageWords};

/// Sees every instruction just before it takes effect, and says where segments end.
///
/// Events arrive without timestamps: those are the observer's business. The interpreter is
/// compiled once for each observer, so what an observer ignores costs nothing.
pub(crate) trait Observer {
    /// How many more instructions may run before the segment is full, at `cycles`
    /// instructions since the start of the program; 0 if it is.
    fn budget(&self, cycles: u64) -> u64;

    /// Whether an ECALL that moves `words` words still fits in the segment.
    fn has_room(&self, cycles: u64, words: u32) -> bool;

    /// The segment ends here, before the next instruction or with the exit. `Break` cancels
    /// the run.
    fn end_segment(&mut self, machine: &Machine<'_>, exit_code: Option<u32>) -> ControlFlow<()>;

    /// The instruction at this word index is about to execute.
    fn fetch(&mut self, pc: u32, memory: &Memory<'_>);

    /// An instruction other than ECALL, and the page of its memory access if it has one.
    fn step(&mut self, accesses: Accesses, step: Step, page: Option<&PageWords>);

    /// An ECALL; its [`Move`]s follow.
    fn ecall(&mut self, ecall: Ecall);

    /// A word moved by the ECALL before, and its page.
    fn moved(&mut self, moved: Move, page: &PageWords);
}

/// What an instruction accesses, next to the memory word of a load or store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accesses {
    pub rs1: bool,
    pub rs2: bool,
    pub rd: bool,
}

/// Sees nothing.
pub(crate) struct Nobody;

impl Observer for Nobody {
    #[inline(always)]
    fn budget(&self, _: u64) -> u64 {
        u64::MAX
    }
    #[inline(always)]
    fn has_room(&self, _: u64, _: u32) -> bool {
        true
    }
    #[inline(always)]
    fn end_segment(&mut self, _: &Machine<'_>, _: Option<u32>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    #[inline(always)]
    fn fetch(&mut self, _: u32, _: &Memory<'_>) {}
    #[inline(always)]
    fn step(&mut self, _: Accesses, _: Step, _: Option<&PageWords>) {}
    #[inline(always)]
    fn ecall(&mut self, _: Ecall) {}
    #[inline(always)]
    fn moved(&mut self, _: Move, _: &PageWords) {}
}
