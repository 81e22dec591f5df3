//! The machine once more, slow and plain, with a place for a fault at every step.
//!
//! Without a fault it records exactly what the emulator records. With one, it goes on from the
//! wrong state as if nothing had happened: the events fit together, the tables filled from
//! them agree with one another, and only what the instruction did is not what the ISA says.

mod calls;
mod fault;
mod record;
#[cfg(test)]
mod tests;

use vouch_air::testkit::steps::accesses;
use vouch_isa::event::{Segment, Step};
use vouch_isa::memory::{FIRST_TIMESTAMP, LEAF_WORDS, REGISTER_BASE, SINK, STEP_TICKS};
use vouch_isa::{
    Family, Format, Instruction, Op, alu, branch_taken, decode, load_value, store_merge,
};

use crate::world::World;
pub use fault::{Change, Fault, Kind};
use record::Memory;

/// What stops the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The guest exits.
    Exit(u32),
    /// The next instruction cannot be executed.
    Trap,
}

/// A machine that runs one segment.
pub struct Model<'w> {
    world: &'w World,
    memory: Memory,
    pc: u32,
    ts: u32,
    cycles: u64,
    input_read: usize,
    segment: Segment,
    fault: Option<Fault>,
    /// What the fault has done so far.
    effect: Effect,
}

/// What a fault did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing: it struck too late, or what it did is what would have happened anyway.
    None,
    /// Something that is the host's to choose: what a `read` answers.
    Choice,
    /// Something that the machine does not do.
    Lie,
}

impl Effect {
    /// A lie if `lies`.
    fn lie_if(lies: bool) -> Self {
        if lies { Self::Lie } else { Self::None }
    }
}

/// The events of a run, to the end of the program or as far as it comes within `cycles`
/// instructions, and what its fault did.
pub fn run(world: &World, fault: Option<Fault>, cycles: u64) -> (Segment, Effect) {
    let image = world.program.image();
    let mut model = Model {
        world,
        memory: Memory::new(&image.leaves),
        pc: image.entry,
        ts: FIRST_TIMESTAMP,
        cycles: 0,
        input_read: 0,
        segment: Segment {
            start_pc: image.entry,
            ..Segment::default()
        },
        fault,
        effect: Effect::None,
    };
    let mut exit_code = None;
    while exit_code.is_none() && model.cycles < cycles {
        match model.cycle() {
            Ok(()) => {}
            Err(Stop::Exit(code)) => exit_code = Some(code),
            Err(Stop::Trap) => break,
        }
    }
    model.finish(exit_code)
}

impl Model<'_> {
    /// Executes an instruction.
    fn cycle(&mut self) -> Result<(), Stop> {
        let due = self.fault.take_if(|fault| fault.cycle == self.cycles);
        let kind = due.map(|fault| fault.kind);
        self.before(kind);
        let text = &self.world.program.image().text;
        let pc = self.pc;
        if !text.contains(&pc) {
            return Err(Stop::Trap);
        }
        let word = self.memory.peek(pc);
        let executed = match kind {
            Some(Kind::Word(change)) => change.of(word),
            Some(Kind::Elsewhere(pc)) => self.memory.peek(pc),
            _ => word,
        };
        let instruction = decode(executed).ok_or(Stop::Trap)?;
        if instruction.op.family() == Family::Ecall {
            self.fetched(pc, word);
            self.cycles += 1;
            self.strike(decode(word) != Some(instruction));
            return self.call(kind);
        }
        let step = self.effect(&instruction, kind)?;
        let honest = self.effect_of(word).map(fault::relevant);
        self.strike(kind.is_some() && Ok(fault::relevant(step)) != honest);
        match kind {
            Some(Kind::Elsewhere(pc)) => self.fetched(pc, executed),
            _ => self.fetched(pc, word),
        }
        self.cycles += 1;
        self.commit(step, kind);
        if kind == Some(Kind::Repeat) {
            self.strike(self.pc != pc);
            self.pc = pc;
        }
        Ok(())
    }

    fn strike(&mut self, lies: bool) {
        self.effect = self.effect.max(Effect::lie_if(lies));
    }

    /// What the instruction in memory does.
    fn effect_of(&self, word: u32) -> Result<Step, Stop> {
        self.effect(&decode(word).ok_or(Stop::Trap)?, None)
    }

    /// Faults of the state before an instruction.
    fn before(&mut self, kind: Option<Kind>) {
        let (pc, ts) = (self.pc, self.ts);
        match kind {
            Some(Kind::Register(cell, change)) => self.corrupt(register(cell), change),
            Some(Kind::Memory(word, change)) => self.corrupt(word, change),
            Some(Kind::Clock(ticks)) => self.ts = self.ts.saturating_add_signed(ticks).max(1),
            Some(Kind::Pc(change)) => change.apply(&mut self.pc),
            Some(Kind::Skip) => self.pc += 1,
            _ => {}
        }
        self.strike((pc, ts) != (self.pc, self.ts));
    }

    /// Changes a word behind the machine's back. If nothing accesses its leaf, nobody knows.
    fn corrupt(&mut self, word: u32, change: Change) {
        let value = change.of(self.memory.peek(word));
        self.strike(self.memory.is_touched(word) && self.memory.peek(word) != value);
        self.memory.set(word, value);
    }

    /// What an instruction does, with a fault at the stage at which it strikes.
    fn effect(&self, i: &Instruction, kind: Option<Kind>) -> Result<Step, Stop> {
        let mut step = self.decoded(i);
        fault::decoded(&mut step, kind);
        self.operands(&mut step);
        fault::operands(&mut step, kind);
        self.result(&mut step, kind)?;
        fault::result(&mut step, kind);
        if fits(&step) {
            Ok(step)
        } else {
            Err(Stop::Trap)
        }
    }

    fn decoded(&self, i: &Instruction) -> Step {
        let format = i.op.info().format;
        let is_fence = format == Format::Fence;
        let writes = !matches!(format, Format::S | Format::B | Format::System);
        Step {
            pc: self.pc,
            ts: self.ts,
            next_pc: self.pc + 1,
            op: i.op,
            rd: if writes && (i.rd == 0 || is_fence) {
                SINK
            } else {
                i.rd
            },
            rs1: if is_fence { 0 } else { i.rs1 },
            rs2: i.rs2,
            imm: i.imm,
            a: 0,
            b: 0,
            c: 0,
            rd_prev: 0,
            rs1_ts: 0,
            rs2_ts: 0,
            rd_ts: 0,
            addr: 0,
            mem_prev: 0,
            mem_next: 0,
            mem_ts: 0,
        }
    }

    fn operands(&self, step: &mut Step) {
        let accessed = accesses(step.op);
        step.a = self.memory.peek(register(step.rs1));
        step.b = match step.op {
            _ if accessed.rs2 => self.memory.peek(register(step.rs2)),
            Op::Auipc => (step.pc * 4).wrapping_add(step.imm),
            Op::Fence => 0,
            Op::Jal | Op::Jalr => 0,
            _ if accessed.memory => 0,
            _ => step.imm,
        };
    }

    fn result(&self, step: &mut Step, kind: Option<Kind>) -> Result<(), Stop> {
        let here = step.pc * 4;
        let target = |address: u32| {
            let aligned = address.is_multiple_of(4);
            aligned.then_some(address / 4).ok_or(Stop::Trap)
        };
        match step.op.family() {
            Family::BranchEq | Family::BranchLt => {
                if branch_taken(step.op, step.a, step.b) {
                    step.next_pc = target(here.wrapping_add(step.imm))?;
                }
            }
            Family::Jal | Family::Jalr => {
                let base = if step.op == Op::Jal { here } else { step.a };
                let address = base.wrapping_add(step.imm);
                let address = if step.op == Op::Jal {
                    address
                } else {
                    address & !1
                };
                step.next_pc = target(address)?;
                step.c = here.wrapping_add(4);
            }
            Family::Word | Family::LoadSub | Family::StoreSub => {
                step.addr = step.a.wrapping_add(step.imm);
                if let Some(Kind::Address(change)) = kind {
                    change.apply(&mut step.addr);
                }
                self.access(step)?;
            }
            _ => step.c = alu(step.op, step.a, step.b),
        }
        Ok(())
    }

    /// The word that a load or store accesses, at `step.addr`.
    fn access(&self, step: &mut Step) -> Result<(), Stop> {
        let bytes = match step.op {
            Op::Lb | Op::Lbu | Op::Sb => 1,
            Op::Lh | Op::Lhu | Op::Sh => 2,
            _ => 4,
        };
        if !step.addr.is_multiple_of(bytes) {
            return Err(Stop::Trap);
        }
        let (word, offset) = (self.memory.peek(step.addr / 4), step.addr % 4);
        (step.mem_prev, step.mem_next) = (word, word);
        if accesses(step.op).rd {
            step.c = load_value(step.op, word, offset);
        } else {
            step.mem_next = store_merge(step.op, word, step.b, offset);
        }
        Ok(())
    }

    /// Makes the accesses and takes the effects.
    fn commit(&mut self, mut step: Step, kind: Option<Kind>) {
        let accessed = accesses(step.op);
        let (ts, segment) = (self.ts, &mut self.segment);
        if accessed.rs1 {
            step.rs1_ts = self.memory.touch_register(step.rs1, ts, segment);
        }
        if accessed.rs2 {
            step.rs2_ts = self.memory.touch_register(step.rs2, ts + 1, segment);
        }
        if accessed.memory {
            step.mem_ts = self.memory.touch(step.addr / 4, ts + 1);
            self.memory.set(step.addr / 4, step.mem_next);
        }
        if accessed.rd {
            step.rd_prev = self.memory.peek(register(step.rd));
            step.rd_ts = self.memory.touch_register(step.rd, ts + 2, segment);
            self.memory.set(register(step.rd), step.c);
        }
        let lies = fault::committed(&mut step, kind);
        self.strike(lies);
        self.pc = step.next_pc;
        self.ts += STEP_TICKS;
        self.segment.steps[step.op.family() as usize].push(step);
    }
}

/// The tables have a row for the step: it is of a provable family, and a faulted pc or
/// address is one that an element can hold.
fn fits(step: &Step) -> bool {
    (step.op.family() as usize) < Family::STEPS && step.next_pc < REGISTER_BASE
}

/// Word index of a register cell.
fn register(cell: u8) -> u32 {
    REGISTER_BASE + u32::from(cell)
}

/// Index of the leaf that holds a word.
fn leaf_of(word: u32) -> u32 {
    word / LEAF_WORDS as u32
}
