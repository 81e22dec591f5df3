//! What watches the interpreter.

use core::ops::ControlFlow;

use vouch_isa::Cost;
use vouch_isa::accelerators::Accelerator;
use vouch_isa::event::{Access, Ecall, Invocation, Move, Step};

use crate::machine::Machine;
use crate::memory::{Memory, PageWords};

/// Sees every instruction just before it takes effect, and says where segments end.
///
/// Events arrive without timestamps: those are the observer's business. The interpreter is
/// compiled once for each observer, so what an observer ignores costs nothing.
pub(crate) trait Observer {
    /// How many more instructions may run before this is asked again; 0 if the segment is full.
    fn budget(&mut self, machine: &Machine<'_>) -> u64;

    /// Whether an ECALL that costs so much still fits in the segment.
    fn has_room(&mut self, machine: &Machine<'_>, cost: Cost) -> bool;

    /// The segment ends here, before the next instruction or with the exit. `Break` cancels
    /// the run.
    fn end_segment(&mut self, machine: &Machine<'_>, exit_code: Option<u32>) -> ControlFlow<()>;

    /// The instruction at this word index is about to execute.
    fn fetch(&mut self, pc: u32, memory: &Memory<'_>);

    /// An instruction other than ECALL, and the page of its memory access if it has one.
    fn step(&mut self, accesses: Accesses, step: Step, page: Option<&PageWords>);

    /// An ECALL; its [`Move`]s follow, or its [`Invocation`].
    fn ecall(&mut self, ecall: Ecall);

    /// What the ECALL before is for; its [`Access`]es follow.
    fn invoked(&mut self, accelerator: Accelerator, invocation: Invocation);

    /// A word that the accelerator accesses, and its page.
    fn accessed(&mut self, accelerator: Accelerator, access: Access, page: &PageWords);

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
pub(crate) struct NoObserver;

impl Observer for NoObserver {
    #[inline(always)]
    fn budget(&mut self, _: &Machine<'_>) -> u64 {
        u64::MAX
    }
    #[inline(always)]
    fn has_room(&mut self, _: &Machine<'_>, _: Cost) -> bool {
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
    fn invoked(&mut self, _: Accelerator, _: Invocation) {}
    #[inline(always)]
    fn accessed(&mut self, _: Accelerator, _: Access, _: &PageWords) {}
    #[inline(always)]
    fn moved(&mut self, _: Move, _: &PageWords) {}
}

/// Asks from time to time whether to go on, and sees nothing else.
pub(crate) struct Watcher<'w> {
    /// Gets the instructions executed so far.
    pub watch: &'w mut dyn FnMut(u64) -> ControlFlow<()>,
    /// Instructions executed when it was asked last.
    pub asked: u64,
}

/// Instructions between two questions: some hundredths of a second.
const WATCH_CYCLES: u64 = 1 << 24;

impl Observer for Watcher<'_> {
    fn budget(&mut self, machine: &Machine<'_>) -> u64 {
        WATCH_CYCLES.saturating_sub(machine.cycles - self.asked)
    }

    #[inline(always)]
    fn has_room(&mut self, _: &Machine<'_>, _: Cost) -> bool {
        true
    }

    fn end_segment(&mut self, machine: &Machine<'_>, _: Option<u32>) -> ControlFlow<()> {
        self.asked = machine.cycles;
        (self.watch)(machine.cycles)
    }

    #[inline(always)]
    fn fetch(&mut self, _: u32, _: &Memory<'_>) {}
    #[inline(always)]
    fn step(&mut self, _: Accesses, _: Step, _: Option<&PageWords>) {}
    #[inline(always)]
    fn ecall(&mut self, _: Ecall) {}
    #[inline(always)]
    fn invoked(&mut self, _: Accelerator, _: Invocation) {}
    #[inline(always)]
    fn accessed(&mut self, _: Accelerator, _: Access, _: &PageWords) {}
    #[inline(always)]
    fn moved(&mut self, _: Move, _: &PageWords) {}
}
