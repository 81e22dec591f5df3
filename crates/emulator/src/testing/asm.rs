//! Instructions by name. Registers are numbers; offsets and addresses are in bytes.

use vouch_isa::abi::reg::{A0, A1, A2, A3, A4, A7};
use vouch_isa::abi::{EXIT, FD_INPUT, FD_JOURNAL, READ, WRITE};
use vouch_isa::accelerators::{ARGUMENTS, Accelerator};
use vouch_isa::{Instruction, Op};

/// Any instruction, by fields.
pub fn instruction(op: Op, rd: u8, rs1: u8, rs2: u8, imm: i32) -> Instruction {
    let imm = imm as u32;
    Instruction {
        op,
        rd,
        rs1,
        rs2,
        imm,
    }
}

/// `op rd, rs1, rs2`
pub fn r(op: Op, rd: u8, rs1: u8, rs2: u8) -> Instruction {
    instruction(op, rd, rs1, rs2, 0)
}

/// `op rd, rs1, imm`: ALU instructions with an immediate.
pub fn i(op: Op, rd: u8, rs1: u8, imm: i32) -> Instruction {
    instruction(op, rd, rs1, 0, imm)
}

/// `op rd, offset(rs1)`
pub fn load(op: Op, rd: u8, offset: i32, rs1: u8) -> Instruction {
    instruction(op, rd, rs1, 0, offset)
}

/// `op rs2, offset(rs1)`
pub fn store(op: Op, rs2: u8, offset: i32, rs1: u8) -> Instruction {
    instruction(op, 0, rs1, rs2, offset)
}

/// `op rs1, rs2, .+offset`
pub fn branch(op: Op, rs1: u8, rs2: u8, offset: i32) -> Instruction {
    instruction(op, 0, rs1, rs2, offset)
}

/// `add rd, rs1, rs2`
pub fn add(rd: u8, rs1: u8, rs2: u8) -> Instruction {
    r(Op::Add, rd, rs1, rs2)
}

/// `addi rd, rs1, imm`
pub fn addi(rd: u8, rs1: u8, imm: i32) -> Instruction {
    i(Op::Addi, rd, rs1, imm)
}

/// `lui rd, value >> 12`: the upper 20 bits of `value`.
pub fn lui(rd: u8, value: u32) -> Instruction {
    i(Op::Lui, rd, 0, (value & 0xffff_f000) as i32)
}

/// `auipc rd, value >> 12`
pub fn auipc(rd: u8, value: u32) -> Instruction {
    i(Op::Auipc, rd, 0, (value & 0xffff_f000) as i32)
}

/// `li rd, value`: always two instructions.
pub fn li(rd: u8, value: u32) -> [Instruction; 2] {
    let low = ((value << 20) as i32) >> 20;
    [lui(rd, value.wrapping_sub(low as u32)), addi(rd, rd, low)]
}

/// `lw rd, offset(rs1)`
pub fn lw(rd: u8, offset: i32, rs1: u8) -> Instruction {
    load(Op::Lw, rd, offset, rs1)
}

/// `sw rs2, offset(rs1)`
pub fn sw(rs2: u8, offset: i32, rs1: u8) -> Instruction {
    store(Op::Sw, rs2, offset, rs1)
}

/// `jal rd, .+offset`
pub fn jal(rd: u8, offset: i32) -> Instruction {
    instruction(Op::Jal, rd, 0, 0, offset)
}

/// `jalr rd, offset(rs1)`
pub fn jalr(rd: u8, offset: i32, rs1: u8) -> Instruction {
    instruction(Op::Jalr, rd, rs1, 0, offset)
}

/// `ecall`
pub fn ecall() -> Instruction {
    instruction(Op::Ecall, 0, 0, 0, 0)
}

/// `ebreak`
pub fn ebreak() -> Instruction {
    instruction(Op::Ebreak, 0, 0, 0, 0)
}

/// `nop`
pub fn nop() -> Instruction {
    addi(0, 0, 0)
}

/// Exits with a code.
pub fn exit(code: u32) -> Vec<Instruction> {
    let mut list = li(A0, code).to_vec();
    list.extend([addi(A7, 0, EXIT as i32), ecall()]);
    list
}

/// Exits with the value of a register other than `a7` as code.
pub fn exit_with(register: u8) -> Vec<Instruction> {
    vec![addi(A0, register, 0), addi(A7, 0, EXIT as i32), ecall()]
}

/// Reads input into `[address, address + length)`; the number of bytes read is in `a0`.
pub fn read(address: u32, length: u32) -> Vec<Instruction> {
    call(READ, FD_INPUT, address, length)
}

/// Writes `[address, address + length)` to the journal.
pub fn journal(address: u32, length: u32) -> Vec<Instruction> {
    call(WRITE, FD_JOURNAL, address, length)
}

/// Writes `[address, address + length)` to a file descriptor.
pub fn write(descriptor: u32, address: u32, length: u32) -> Vec<Instruction> {
    call(WRITE, descriptor, address, length)
}

/// Calls an accelerator.
pub fn accelerate(
    accelerator: Accelerator,
    [a0, a1, a2, a3, a4]: [u32; ARGUMENTS],
) -> Vec<Instruction> {
    let mut list = [li(A3, a3), li(A4, a4)].concat();
    list.extend(call(accelerator.info().number, a0, a1, a2));
    list
}

/// Any call, with its number and first arguments.
pub fn call(number: u32, a0: u32, a1: u32, a2: u32) -> Vec<Instruction> {
    let arguments = [(A7, number), (A0, a0), (A1, a1), (A2, a2)];
    let mut list: Vec<_> = arguments
        .into_iter()
        .flat_map(|(register, value)| li(register, value))
        .collect();
    list.push(ecall());
    list
}
