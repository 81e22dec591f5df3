//! Instructions: events made by hand, and a model of what an instruction sends on the buses.
//!
//! The model takes its semantics from `vouch_isa` and shares no code with the tables.

use alloc::vec::Vec;

use p3_field::{PrimeField32, integers::QuotientMap};
use vouch_isa::event::Step;
use vouch_isa::memory::{
    MEMORY_SLOT, RD_SLOT, REGISTER_BASE, RS1_SLOT, RS2_SLOT, SINK, STEP_TICKS,
};
use vouch_isa::{Family, Format, Op, alu, branch_taken, decode, load_value, store_merge};

use super::numbers::TEXT;
use super::verdict::Message;
use crate::F;
use crate::bus::{MEMORY, PROGRAM, STATE};

/// Added to the number of an instruction whose second operand is the immediate.
pub(super) const IMMEDIATE: u32 = 64;

/// What an instruction accesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accesses {
    /// It reads a first register.
    pub rs1: bool,
    /// It reads a second register.
    pub rs2: bool,
    /// It reads or writes a word of memory.
    pub memory: bool,
    /// It writes a register.
    pub rd: bool,
}

/// What an instruction other than ECALL accesses.
pub fn accesses(op: Op) -> Accesses {
    let format = op.info().format;
    let loads_or_stores = [Family::Word, Family::LoadSub, Family::StoreSub];
    Accesses {
        rs1: format != Format::J,
        rs2: matches!(format, Format::R | Format::S | Format::B),
        memory: loads_or_stores.contains(&op.family()),
        rd: !matches!(format, Format::S | Format::B),
    }
}

/// An instruction to be executed in a state made for it.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The instruction.
    pub op: Op,
    /// Register written, as in the instruction word.
    pub rd: u8,
    /// Register read first.
    pub rs1: u8,
    /// Register read second.
    pub rs2: u8,
    /// Value of `rs1`, unless that is `x0`.
    pub a: u32,
    /// Value of `rs2`, unless that is `x0` or `rs1`.
    pub b: u32,
    /// The immediate.
    pub imm: u32,
    /// The word in memory that is accessed.
    pub word: u32,
}

impl Case {
    /// `op` on two operands, the second of which is the immediate where the instruction has
    /// one; registers that differ.
    pub const fn new(op: Op, a: u32, b: u32) -> Self {
        let imm = if op.has_immediate_operand() { b } else { 0 };
        let (rd, rs1, rs2) = (5, 6, 7);
        let word = 0x8091_a2b3;
        Self {
            op,
            rd,
            rs1,
            rs2,
            a,
            b,
            imm,
            word,
        }
    }

    /// A branch or jump by `imm` bytes.
    pub const fn jump(op: Op, a: u32, b: u32, imm: u32) -> Self {
        Self {
            imm,
            ..Self::new(op, a, b)
        }
    }

    /// An access to byte `address` through an offset of `imm`.
    pub const fn access(op: Op, address: u32, imm: u32, word: u32, value: u32) -> Self {
        Self {
            imm,
            word,
            ..Self::new(op, address.wrapping_sub(imm), value)
        }
    }

    /// The event.
    ///
    /// # Panics
    /// If the instruction faults.
    pub fn step(&self) -> Step {
        self.try_step().expect("the instruction does not fault")
    }

    /// The event, `None` if the instruction faults.
    pub fn try_step(&self) -> Option<Step> {
        let Self { op, word, imm, .. } = *self;
        let reads = accesses(op);
        let ts = 70_000;
        let mut e = Step {
            pc: 0x5000,
            ts,
            next_pc: 0,
            op,
            rd: 0,
            rs1: 0,
            rs2: 0,
            imm,
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
        };
        // Cell, value and last access of the registers accessed so far.
        let mut seen: Vec<(u8, u32, u32)> = Vec::new();
        let last = |seen: &[(u8, u32, u32)], cell: u8, otherwise: (u32, u32)| {
            let found = seen.iter().rev().find(|(c, ..)| *c == cell);
            found.map_or(otherwise, |&(_, value, ts)| (value, ts))
        };
        let value = |register: u8, value: u32| if register == 0 { 0 } else { value };
        let constant = matches!(op, Op::Lui | Op::Auipc | Op::Fence);
        if reads.rs1 {
            e.rs1 = if constant { 0 } else { self.rs1 };
            (e.a, e.rs1_ts) = (value(e.rs1, self.a), ts - 10);
            seen.push((e.rs1, e.a, ts + RS1_SLOT));
        }
        if reads.rs2 {
            e.rs2 = self.rs2;
            (e.b, e.rs2_ts) = last(&seen, e.rs2, (value(e.rs2, self.b), ts - 0x1_0000 + 1));
            seen.push((e.rs2, e.b, ts + RS2_SLOT));
        }
        if reads.memory {
            (e.mem_prev, e.mem_ts) = (word, 3);
        }
        if reads.rd {
            let is_sink = self.rd == 0 || op == Op::Fence;
            e.rd = if is_sink { SINK } else { self.rd };
            (e.rd_prev, e.rd_ts) = last(&seen, e.rd, (0xfedc_ba98, ts - 20_000));
        }
        execute(e)
    }
}

/// Completes an event whose inputs are known; `None` if the instruction faults.
pub(super) fn execute(mut e: Step) -> Option<Step> {
    e.next_pc = e.pc + 1;
    let address = e.pc.wrapping_mul(4);
    let target = match e.op.family() {
        Family::AddImm => {
            e.b = match e.op {
                Op::Auipc => address.wrapping_add(e.imm),
                Op::Fence => 0,
                _ => e.imm,
            };
            e.c = e.a.wrapping_add(e.b);
            return Some(e);
        }
        Family::BranchEq | Family::BranchLt => {
            if !branch_taken(e.op, e.a, e.b) {
                return Some(e);
            }
            address.wrapping_add(e.imm)
        }
        Family::Jal => {
            e.c = address.wrapping_add(4);
            address.wrapping_add(e.imm)
        }
        Family::Jalr => {
            e.c = address.wrapping_add(4);
            e.a.wrapping_add(e.imm) & !1
        }
        Family::Word | Family::LoadSub | Family::StoreSub => return access(e),
        Family::Ecall | Family::None => return None,
        _ => {
            if e.op.has_immediate_operand() {
                e.b = e.imm;
            }
            e.c = alu(e.op, e.a, e.b);
            return Some(e);
        }
    };
    e.next_pc = target / 4;
    target.is_multiple_of(4).then_some(e)
}

/// Completes a load or store.
fn access(mut e: Step) -> Option<Step> {
    let size = match e.op {
        Op::Lb | Op::Lbu | Op::Sb => 1,
        Op::Lh | Op::Lhu | Op::Sh => 2,
        _ => 4,
    };
    e.addr = e.a.wrapping_add(e.imm);
    let offset = e.addr % 4;
    if e.op.info().format == Format::S {
        e.mem_next = store_merge(e.op, e.mem_prev, e.b, offset);
        if e.addr / 4 < TEXT.end {
            return None;
        }
    } else {
        e.mem_next = e.mem_prev;
        e.c = load_value(e.op, e.mem_prev, offset);
    }
    e.addr.is_multiple_of(size).then_some(e)
}

/// What an honest row of the event sends, sorted.
pub fn messages(e: &Step) -> Vec<Message> {
    let field = |x: i64| F::from_int(x).as_canonical_u32();
    let mut list = alloc::vec![
        Message::received(STATE, &[e.pc, e.ts]),
        Message::sent(STATE, &[e.next_pc, e.ts + STEP_TICKS]),
        Message::sent(PROGRAM, &decoded(e, field)),
    ];
    let mut access = |cell: u32, (prev, prev_ts): (u32, u32), (next, ts): (u32, u32)| {
        let tuple = |value: u32, ts: u32| [cell, value & 0xffff, value >> 16, ts];
        list.push(Message::received(MEMORY, &tuple(prev, prev_ts)));
        list.push(Message::sent(MEMORY, &tuple(next, ts)));
    };
    let accessed = accesses(e.op);
    let register = |cell: u8| REGISTER_BASE + u32::from(cell);
    if accessed.rs1 {
        access(register(e.rs1), (e.a, e.rs1_ts), (e.a, e.ts + RS1_SLOT));
    }
    if accessed.rs2 {
        access(register(e.rs2), (e.b, e.rs2_ts), (e.b, e.ts + RS2_SLOT));
    }
    if accessed.memory {
        let next = (e.mem_next, e.ts + MEMORY_SLOT);
        access(e.addr / 4, (e.mem_prev, e.mem_ts), next);
    }
    if accessed.rd {
        access(register(e.rd), (e.rd_prev, e.rd_ts), (e.c, e.ts + RD_SLOT));
    }
    list.sort();
    list
}

/// The message on the program bus.
fn decoded(e: &Step, field: impl Fn(i64) -> u32) -> [u32; 8] {
    let (op, family) = (e.op, e.op.family());
    let base = match family {
        Family::AddImm => Op::Add,
        _ => op.register_form(),
    };
    let code = base as u32 + if base == op { 0 } else { IMMEDIATE };
    let limbs = |value: u32| (value & 0xffff, value >> 16);
    let signed = i64::from(e.imm as i32);
    let ((x, y), z) = match (op.info().format, family) {
        (Format::B, _) => ((0, 0), i64::from(e.pc) + signed / 4),
        (Format::J, _) => (limbs(e.c), i64::from(e.pc) + signed / 4),
        (_, Family::Jalr) => (limbs(e.c), signed),
        (_, Family::Word | Family::LoadSub | Family::StoreSub) => ((field(signed), 0), 0),
        (Format::R, _) => ((0, 0), 0),
        _ => (limbs(e.b), 0),
    };
    let accessed = accesses(op);
    let register = |is_accessed: bool, cell: u8| if is_accessed { cell.into() } else { 0 };
    [
        e.pc,
        code,
        register(accessed.rd, e.rd),
        register(accessed.rs1, e.rs1),
        register(accessed.rs2, e.rs2),
        x,
        y,
        field(z),
    ]
}

/// The message with which the program table answers for `word` at `pc`; its last field is
/// `None` if that is a target which is no multiple of 4. `None` if the word is no instruction
/// that can be proven.
pub fn program_fields(pc: u32, word: u32) -> Option<([u32; 7], Option<u32>)> {
    let i = decode(word)?;
    let field = |x: i64| F::from_int(x).as_canonical_u32();
    if i.op == Op::Ebreak {
        return None;
    }
    if i.op == Op::Ecall {
        return Some(([pc, Op::Ecall as u32, 0, 0, 0, 0, 0], Some(0)));
    }
    let is_sink = i.rd == 0 || i.op == Op::Fence;
    let address = pc.wrapping_mul(4);
    let e = Step {
        pc,
        op: i.op,
        rd: if is_sink { SINK } else { i.rd },
        rs1: if i.op == Op::Fence { 0 } else { i.rs1 },
        rs2: i.rs2,
        imm: i.imm,
        b: match i.op {
            Op::Auipc => address.wrapping_add(i.imm),
            Op::Fence => 0,
            _ => i.imm,
        },
        c: address.wrapping_add(4),
        ..Case::jump(Op::Jal, 0, 0, 0).step()
    };
    let [pc, code, rd, rs1, rs2, x, y, z] = decoded(&e, field);
    let jumps = matches!(i.op.info().format, Format::B | Format::J);
    let is_astray = jumps && i.imm % 4 != 0;
    Some(([pc, code, rd, rs1, rs2, x, y], (!is_astray).then_some(z)))
}

#[cfg(test)]
mod tests;
