//! Counts what a run costs by call path: which function, called by which, made how many rows of
//! which table.
//!
//! The call stack is read off the jumps. A jump that writes a link register (`ra`, or `t0` as the
//! calling convention has it) is a call; one through a link register to where a frame is expected to
//! go on is a return. Code need not keep to that (`longjmp`, assembly), so what is certain comes
//! first: the top frame is always the function that the pc lies in.
//!
//! Words of memory and of the program cost more when they are used for the first time. That is
//! counted where it happens, as if all of the run were one segment.

mod functions;
mod stack;
mod touched;
mod tree;

use core::ops::ControlFlow;

use vouch_isa::abi::reg::{A0, A1, A2, A3, A4, A7};
use vouch_isa::accelerators::Accelerator;
use vouch_isa::event::{Access, Ecall, Invocation, Move, Step};
use vouch_isa::memory::{
    FIRST_TIMESTAMP, LEAF_WORDS, RD_SLOT, REGISTER_WINDOW, RS1_SLOT, RS2_SLOT, STEP_TICKS,
};
use vouch_isa::{Cost, Family, Op};

use crate::limits::Limits;
use crate::machine::Machine;
use crate::memory::{Memory, PageWords};
use crate::observer::{Accesses, Observer, Watcher};
use crate::program::Program;
use crate::run::{ExecuteError, Execution, run, start};
use crate::scopes::{Counter, Marker};
use crate::syscall::Stream;

pub use functions::Function;
pub use tree::{CallTree, Counts, Frame, MAX_DEPTH, MAX_NODES, Node};

use functions::Functions;
use stack::Stack;
use touched::Touched;

/// Runs a program as [`execute`](crate::execute) does, and counts what it costs by call path.
///
/// The tree is there even if the run fails: it tells what ran until then.
pub fn profile<'p>(
    program: &'p Program,
    input: &'p [u8],
    limits: &Limits,
    console: &mut dyn FnMut(Stream, &[u8]),
) -> (Result<Execution, ExecuteError>, CallTree<'p>) {
    let mut watch = |_| ControlFlow::Continue(());
    profile_watched(program, input, limits, console, &mut watch)
}

/// As [`profile`]; `watch` is told of progress as by [`execute_watched`](crate::execute_watched).
pub fn profile_watched<'p>(
    program: &'p Program,
    input: &'p [u8],
    limits: &Limits,
    console: &mut dyn FnMut(Stream, &[u8]),
    watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> (Result<Execution, ExecuteError>, CallTree<'p>) {
    let mut profiler = Profiler::new(program, Watcher { watch, asked: 0 });
    let result = start(program, input, limits)
        .and_then(|mut machine| run(&mut machine, &mut profiler, limits, console));
    let tree = CallTree {
        functions: profiler.functions.list,
        nodes: profiler.stack.tree.nodes,
        scope_names: &program.scopes.names,
        scopes: profiler.scopes.finish(),
    };
    (result, tree)
}

/// The registers that calls leave the return address in.
const LINKS: [u8; 2] = [1, 5];

struct Profiler<'p, 'w> {
    watcher: Watcher<'w>,
    functions: Functions<'p>,
    stack: Stack,
    scopes: Counter,
    touched: Touched,
    /// Last access to each register, 0 if none.
    registers: [u64; 256],
    /// Timestamp at which the next instruction or move starts, with no bound: nothing is proven.
    ts: u64,
}

impl<'p, 'w> Profiler<'p, 'w> {
    fn new(program: &'p Program, watcher: Watcher<'w>) -> Self {
        let functions = Functions::new(program);
        let entry = functions.at(program.image.entry);
        Self {
            watcher,
            functions,
            stack: Stack::new(entry),
            scopes: Counter::new(program),
            touched: Touched::new(&program.image),
            registers: [0; 256],
            ts: u64::from(FIRST_TIMESTAMP),
        }
    }

    /// The instruction at a word index is about to take effect.
    #[inline(always)]
    fn arrive(&mut self, pc: u32) {
        if !self.functions.is_old_word_of(pc, self.stack.function()) {
            self.arrive_elsewhere(pc);
        }
    }

    /// At a word that was not executed before, or that is not the top frame's.
    #[inline(never)]
    fn arrive_elsewhere(&mut self, pc: u32) {
        let (function, is_new) = self.functions.visit(pc);
        if function != self.stack.function() {
            let is_start = self.functions.starts_at(function, pc);
            self.stack.arrive_in(function, is_start);
        }
        if is_new {
            self.stack.counts().fetches += 1;
            self.access(pc, false);
        }
    }

    /// An access to a word of memory, which it changes or not.
    #[inline(always)]
    fn access(&mut self, word: u32, changes: bool) {
        let leaf = word / LEAF_WORDS as u32;
        self.touched.access(leaf, changes, self.stack.counts());
    }

    #[inline(always)]
    fn register(&mut self, cell: u8, ts: u64) {
        let last = core::mem::replace(&mut self.registers[usize::from(cell)], ts);
        if last == 0 || ts - last > u64::from(REGISTER_WINDOW) {
            self.rested_register(cell, last, ts);
        }
    }

    #[cold]
    #[inline(never)]
    fn rested_register(&mut self, cell: u8, last: u64, ts: u64) {
        let counts = self.stack.counts();
        counts.refreshes += u64::from(ts - last > u64::from(REGISTER_WINDOW));
        if last == 0 {
            self.touched.register(cell, counts);
        }
    }

    /// A jump, which may be a call or a return.
    fn jump(&mut self, step: &Step) {
        if LINKS.contains(&step.rd) {
            let function = self.functions.at(step.next_pc);
            self.stack.call(function, step.pc + 1);
        } else if step.op == Op::Jalr && LINKS.contains(&step.rs1) {
            self.stack.go_back(step.next_pc);
        }
    }
}

impl Observer for Profiler<'_, '_> {
    fn budget(&mut self, machine: &Machine<'_>) -> u64 {
        self.watcher.budget(machine)
    }

    fn has_room(&mut self, _: &Machine<'_>, _: Cost) -> bool {
        true
    }

    fn end_segment(&mut self, machine: &Machine<'_>, exit: Option<u32>) -> ControlFlow<()> {
        self.watcher.end_segment(machine, exit)
    }

    // An instruction that faults is fetched, too, but not executed.
    #[inline(always)]
    fn fetch(&mut self, pc: u32, _: &Memory<'_>) {
        self.scopes.fetch(pc);
    }

    #[inline(always)]
    fn step(&mut self, accesses: Accesses, step: Step, page: Option<&PageWords>) {
        self.arrive(step.pc);
        if accesses.rs1 {
            self.register(step.rs1, self.ts + u64::from(RS1_SLOT));
        }
        if accesses.rs2 {
            self.register(step.rs2, self.ts + u64::from(RS2_SLOT));
        }
        if page.is_some() {
            self.access(step.addr / 4, step.mem_prev != step.mem_next);
        }
        if accesses.rd {
            self.register(step.rd, self.ts + u64::from(RD_SLOT));
        }
        self.ts += u64::from(STEP_TICKS);
        let family = step.op.family();
        self.stack.counts().steps[family as usize] += 1;
        if matches!(family, Family::Jal | Family::Jalr) {
            self.jump(&step);
        }
        match self.scopes.marker(step.pc) {
            None => {}
            Some(Marker::Begin(scope)) => self.stack.begin(scope),
            Some(Marker::End(scope)) => self.stack.end(scope),
        }
    }

    fn ecall(&mut self, ecall: Ecall) {
        self.arrive(ecall.pc);
        let machine_register = ecall.call.info().machine_register;
        for cell in [A7, A0, A1, A2, A3, A4, machine_register] {
            self.register(cell, self.ts);
            self.ts += 1;
        }
        let counts = self.stack.counts();
        counts.ecalls += 1;
        counts.journal_bytes += u64::from(ecall.call.cost(ecall.a0_next).journal);
    }

    fn invoked(&mut self, accelerator: Accelerator, _: Invocation) {
        self.stack.counts().accelerated[accelerator as usize] += 1;
    }

    fn accessed(&mut self, _: Accelerator, access: Access, _: &PageWords) {
        self.access(access.word, access.prev != access.next);
        self.ts += 1;
    }

    fn moved(&mut self, moved: Move, _: &PageWords) {
        self.access(moved.word, moved.prev != moved.next);
        self.ts += 1;
        self.stack.counts().moves += 1;
    }
}
