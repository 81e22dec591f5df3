//! One instruction: the only interpreter.
//!
//! What an instruction computes is [`vouch_isa`]'s business; here it gets its operands, and
//! its result goes where it belongs.

use vouch_isa::abi::reg::SP;
use vouch_isa::event::Step;
use vouch_isa::{Family, Op, alu, branch_taken, decode, load_value, store_merge};

use crate::code::{Action, Code};
use crate::fault::FaultKind;
use crate::machine::{Machine, Stop, Trap};
use crate::memory::offset_in_page;
use crate::observer::{Accesses, Observer};

/// Calls `execute` with its `op` a constant for each instruction listed, so that the compiler
/// makes a short arm of each. Instructions not listed run all the same, only slower.
macro_rules! dispatch {
    ($machine:ident.execute($action:expr, $observer:ident, $pc:ident, $code:ident); $($name:ident)*) => {
        match $action {
            $(Action::Execute(Op::$name) => $machine.execute(Op::$name, $observer, $pc, $code),)*
            Action::Execute(other) => $machine.execute_any(other, $observer, $pc, $code),
            Action::AddToStack => $machine.add_to_stack($observer, $pc, $code),
            Action::SetStack => $machine.set_stack($observer, $pc, $code),
        }
    };
}

/// The register accesses of the instruction formats.
const READ_TWO: Accesses = accesses(true, true, false);
const READ_TWO_WRITE: Accesses = accesses(true, true, true);
const READ_ONE_WRITE: Accesses = accesses(true, false, true);
const WRITE: Accesses = accesses(false, false, true);

const fn accesses(rs1: bool, rs2: bool, rd: bool) -> Accesses {
    Accesses { rs1, rs2, rd }
}

impl Machine<'_> {
    /// Executes an instruction other than ECALL and returns the next pc.
    ///
    /// The observer hears of it before it takes effect. An instruction that cannot be
    /// executed has no effect at all, except that the observer has seen it fetched, or all of it
    /// if it overflows the stack: faults and limits end the run.
    #[inline(always)]
    pub fn instruction<O: Observer>(
        &mut self,
        observer: &mut O,
        pc: u32,
        code: Code,
    ) -> Result<u32, Stop> {
        dispatch!(
            self.execute(code.action, observer, pc, code);
            Lui Auipc Jal Jalr Beq Bne Blt Bge Bltu Bgeu
            Lb Lh Lw Lbu Lhu Sb Sh Sw
            Addi Slti Sltiu Xori Ori Andi Slli Srli Srai
            Add Sub Sll Slt Sltu Xor Srl Sra Or And
            Mul Mulh Mulhsu Mulhu Div Divu Rem Remu
        )
    }

    #[cold]
    #[inline(never)]
    fn execute_any<O: Observer>(
        &mut self,
        op: Op,
        observer: &mut O,
        pc: u32,
        code: Code,
    ) -> Result<u32, Stop> {
        self.execute(op, observer, pc, code)
    }

    /// ADDI to the stack pointer of a program whose stack is known.
    #[inline(always)]
    fn add_to_stack<O: Observer>(
        &mut self,
        observer: &mut O,
        pc: u32,
        code: Code,
    ) -> Result<u32, Stop> {
        let before = self.cell(SP);
        let next = self.execute(Op::Addi, observer, pc, code)?;
        self.check_stack(before, Op::Addi, code)?;
        Ok(next)
    }

    /// Another instruction that sets the stack pointer of a program whose stack is known.
    #[cold]
    #[inline(never)]
    fn set_stack<O: Observer>(
        &mut self,
        observer: &mut O,
        pc: u32,
        code: Code,
    ) -> Result<u32, Stop> {
        let before = self.cell(SP);
        // The word was decoded before, and code does not change.
        let op = decode(self.memory.peek(pc)).map_or(Op::Ebreak, |found| found.op);
        let next = self.execute(op, observer, pc, code)?;
        self.check_stack(before, op, code)?;
        Ok(next)
    }

    /// Checks what the stack pointer, which was `before`, has been set to.
    #[inline(always)]
    fn check_stack(&self, before: u32, op: Op, code: Code) -> Result<(), Trap> {
        let Some(stack) = &self.stack else {
            return Ok(());
        };
        let after = self.cell(SP);
        let is_inside = (stack.bottom..=stack.top).contains(&after);
        // What takes away more than there is arrives above.
        if is_inside && (op != Op::Sub || after <= before) {
            return Ok(());
        }
        stack.check(before, after, op, code)
    }

    #[inline(always)]
    fn execute<O: Observer>(
        &mut self,
        op: Op,
        observer: &mut O,
        pc: u32,
        code: Code,
    ) -> Result<u32, Stop> {
        let family = op.family();
        if family != Family::Ecall {
            observer.fetch(pc, &self.memory);
        }
        let step = self.operands(op, pc, code);
        match family {
            Family::AddSub | Family::Mul | Family::MulHigh | Family::DivRem => {
                Ok(self.register_form(op, observer, step))
            }
            Family::Bitwise | Family::Compare | Family::Shift => {
                Ok(if op.has_immediate_operand() {
                    self.immediate_form(op, observer, step)
                } else {
                    self.register_form(op, observer, step)
                })
            }
            Family::AddImm => Ok(self.immediate_form(op, observer, step)),
            Family::BranchEq | Family::BranchLt => self.branch(op, observer, step),
            Family::Jal => self.jump(observer, step, WRITE, (pc * 4).wrapping_add(code.imm)),
            Family::Jalr => {
                let target = step.a.wrapping_add(code.imm) & !1;
                self.jump(observer, step, READ_ONE_WRITE, target)
            }
            Family::Word if op == Op::Sw => self.store(op, observer, step),
            Family::Word | Family::LoadSub => self.load(op, observer, step),
            Family::StoreSub => self.store(op, observer, step),
            Family::Ecall => Err(Stop::Ecall),
            Family::None => Err(Stop::Trap(self.trap(pc))),
        }
    }

    /// What is known of the step before it is executed.
    #[inline(always)]
    fn operands(&self, op: Op, pc: u32, code: Code) -> Step {
        Step {
            pc,
            ts: 0,
            next_pc: pc + 1,
            op,
            rd: code.rd,
            rs1: code.rs1,
            rs2: code.rs2,
            imm: code.imm,
            a: self.cell(code.rs1),
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

    #[inline(always)]
    fn cell(&self, cell: u8) -> u32 {
        self.cells[usize::from(cell)]
    }

    #[inline(always)]
    fn set_rd(&mut self, step: &Step) {
        self.cells[usize::from(step.rd)] = step.c;
    }

    #[inline(always)]
    fn register_form<O: Observer>(&mut self, op: Op, observer: &mut O, mut step: Step) -> u32 {
        step.b = self.cell(step.rs2);
        step.c = alu(op, step.a, step.b);
        step.rd_prev = self.cell(step.rd);
        observer.step(READ_TWO_WRITE, step, None);
        self.set_rd(&step);
        step.next_pc
    }

    #[inline(always)]
    fn immediate_form<O: Observer>(&mut self, op: Op, observer: &mut O, mut step: Step) -> u32 {
        // LUI, AUIPC and FENCE read x0 and add a constant to it.
        step.b = match op {
            Op::Auipc => (step.pc * 4).wrapping_add(step.imm),
            Op::Fence => 0,
            _ => step.imm,
        };
        step.c = alu(op, step.a, step.b);
        step.rd_prev = self.cell(step.rd);
        observer.step(READ_ONE_WRITE, step, None);
        self.set_rd(&step);
        step.next_pc
    }

    #[inline(always)]
    fn branch<O: Observer>(
        &mut self,
        op: Op,
        observer: &mut O,
        mut step: Step,
    ) -> Result<u32, Stop> {
        step.b = self.cell(step.rs2);
        if branch_taken(op, step.a, step.b) {
            step.next_pc = jump_target((step.pc * 4).wrapping_add(step.imm))?;
        }
        observer.step(READ_TWO, step, None);
        Ok(step.next_pc)
    }

    #[inline(always)]
    fn jump<O: Observer>(
        &mut self,
        observer: &mut O,
        mut step: Step,
        accesses: Accesses,
        target: u32,
    ) -> Result<u32, Stop> {
        step.next_pc = jump_target(target)?;
        step.c = (step.pc * 4).wrapping_add(4);
        step.rd_prev = self.cell(step.rd);
        observer.step(accesses, step, None);
        self.set_rd(&step);
        Ok(step.next_pc)
    }

    #[inline(always)]
    fn load<O: Observer>(&mut self, op: Op, observer: &mut O, mut step: Step) -> Result<u32, Stop> {
        step.addr = aligned(op, step.a.wrapping_add(step.imm))?;
        step.rd_prev = self.cell(step.rd);
        let page = self.memory.for_load(step.addr)?;
        let word = page[offset_in_page(step.addr)];
        (step.mem_prev, step.mem_next) = (word, word);
        step.c = load_value(op, word, step.addr % 4);
        observer.step(READ_ONE_WRITE, step, Some(page));
        self.set_rd(&step);
        Ok(step.next_pc)
    }

    #[inline(always)]
    fn store<O: Observer>(
        &mut self,
        op: Op,
        observer: &mut O,
        mut step: Step,
    ) -> Result<u32, Stop> {
        step.b = self.cell(step.rs2);
        step.addr = aligned(op, step.a.wrapping_add(step.imm))?;
        let page = self.memory.for_store(step.addr)?;
        let offset = offset_in_page(step.addr);
        step.mem_prev = page[offset];
        step.mem_next = store_merge(op, page[offset], step.b, step.addr % 4);
        observer.step(READ_TWO, step, Some(page));
        page[offset] = step.mem_next;
        Ok(step.next_pc)
    }
}

/// The word index of a jump's target.
#[inline(always)]
fn jump_target(target: u32) -> Result<u32, Trap> {
    if target.is_multiple_of(4) {
        Ok(target / 4)
    } else {
        Err(Trap::Fault(FaultKind::MisalignedJump { target }))
    }
}

/// The address of a load or store if it is aligned to its size.
#[inline(always)]
fn aligned(op: Op, address: u32) -> Result<u32, Trap> {
    let size = match op {
        Op::Lb | Op::Lbu | Op::Sb => 1,
        Op::Lh | Op::Lhu | Op::Sh => 2,
        _ => 4,
    };
    if address.is_multiple_of(size) {
        Ok(address)
    } else {
        Err(Trap::Fault(FaultKind::MisalignedAccess { address, size }))
    }
}
