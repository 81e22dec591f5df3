//! The machine's state and the loop that runs it.

use vouch_isa::Op;

use crate::fault::{FaultKind, Foreign, GuestFault};
use crate::limits::LimitReached;
use crate::memory::Memory;
use crate::observer::Observer;
use crate::program::Program;
use crate::stack::Stack;
use crate::symbols::readable;

/// Why the loop stopped, always between two instructions.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stop {
    /// As many instructions as asked for have run.
    Budget,
    /// The next instruction is an ECALL.
    Ecall,
    /// The next instruction cannot be executed.
    Trap(Trap),
}

/// Why an instruction cannot be executed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trap {
    /// It breaks a rule.
    Fault(FaultKind),
    /// It needs more than a limit allows.
    Limit(LimitReached),
}

impl From<Trap> for Stop {
    #[inline(always)]
    fn from(trap: Trap) -> Self {
        Self::Trap(trap)
    }
}

/// Register cells: those of RISC-V and the machine's own, [`vouch_isa::memory::SINK`] and
/// on. There are as many as a `u8` can name so that no access needs a bounds check.
pub(crate) type Cells = [u32; 256];

/// A program being run.
pub(crate) struct Machine<'p> {
    pub program: &'p Program,
    pub cells: Cells,
    pub memory: Memory<'p>,
    /// The stack, if it is known where that is.
    pub stack: Option<Stack>,
    /// Word index of the next instruction.
    pub pc: u32,
    /// Instructions executed.
    pub cycles: u64,
    pub input: &'p [u8],
    /// Bytes of the input that the guest has read.
    pub input_read: usize,
    pub journal: Vec<u8>,
    /// Bytes written to the console.
    pub console_written: u64,
}

impl<'p> Machine<'p> {
    /// The program at its start: every register is 0, `sp` included.
    pub fn new(program: &'p Program, input: &'p [u8], memory_limit: usize) -> Self {
        Self {
            program,
            cells: [0; 256],
            memory: Memory::new(program, memory_limit),
            stack: Stack::of(&program.regions),
            pc: program.image.entry,
            cycles: 0,
            input,
            input_read: 0,
            journal: Vec::new(),
            console_written: 0,
        }
    }

    /// Runs up to `budget` instructions.
    pub fn run<O: Observer>(&mut self, observer: &mut O, budget: u64) -> Stop {
        let text = self.program.code.as_slice();
        let start = self.program.image.text.start;
        let mut pc = self.pc;
        let mut left = budget;
        let stop = loop {
            if left == 0 {
                break Stop::Budget;
            }
            let Some(&code) = text.get(pc.wrapping_sub(start) as usize) else {
                break Stop::Trap(self.fetch_fault(pc));
            };
            match self.instruction(observer, pc, code) {
                Ok(next) => pc = next,
                Err(stop) => break stop,
            }
            left -= 1;
        };
        self.pc = pc;
        self.cycles += budget - left;
        stop
    }

    /// What is wrong with a pc that has no decoded instruction.
    #[cold]
    fn fetch_fault(&self, pc: u32) -> Trap {
        // The text's zeros beyond the bytes in the file are not decoded: none is legal.
        Trap::Fault(if self.program.image.text.contains(&pc) {
            FaultKind::IllegalInstruction
        } else {
            FaultKind::OutsideText
        })
    }

    /// A fault of the next instruction, with what is known of it.
    #[cold]
    pub fn fault(&self, kind: FaultKind) -> GuestFault {
        let word = self.program.image.text.contains(&self.pc);
        let symbol = self.program.symbol_for(self.pc * 4);
        GuestFault {
            kind,
            pc: self.pc * 4,
            instruction: word.then(|| self.memory.peek(self.pc)),
            symbol: symbol.map(|(name, offset)| format!("{}+{offset:#x}", readable(name))),
        }
    }

    /// The fault of a word that only ever faults.
    #[cold]
    pub fn trap(&self, pc: u32) -> Trap {
        let word = self.memory.peek(pc);
        Trap::Fault(match vouch_isa::decode(word).map(|i| i.op) {
            Some(Op::Ebreak) => FaultKind::Breakpoint,
            _ => Foreign::of(word).map_or(FaultKind::IllegalInstruction, FaultKind::Foreign),
        })
    }
}
