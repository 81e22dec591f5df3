//! Instructions that compute.

use vouch_isa::{Family, Format, Instruction, Op};

use super::super::asm;
use super::Generator;

impl Generator {
    /// One instruction that computes, perhaps with its operands set before.
    pub(super) fn arithmetic(&mut self) {
        let op = self.computing();
        let (rd, rs1, rs2) = self.registers();
        if self.random.once_in(2) {
            let (a, b) = self.pair();
            let amount = self.random.draw() as u32 & !31 | self.random.pick(&[0, 1, 30, 31]);
            self.set(rs1, a);
            match op.family() == Family::Shift && self.random.once_in(2) {
                // Only five bits of it count.
                true => self.set(rs2, amount),
                false => self.set(rs2, b),
            }
        }
        let instruction = self.computation(op, rd, rs1, rs2);
        self.push(instruction);
    }

    /// Any instruction that computes: each is as likely as any other.
    fn computing(&mut self) -> Op {
        loop {
            let info = self.random.pick(Op::TABLE);
            let computes = !matches!(
                info.family,
                Family::Jalr | Family::Word | Family::LoadSub | Family::Ecall | Family::None
            );
            let formats = [
                Format::R,
                Format::I,
                Format::Shift,
                Format::U,
                Format::Fence,
            ];
            if computes && formats.contains(&info.format) {
                return info.op;
            }
        }
    }

    fn computation(&mut self, op: Op, rd: u8, rs1: u8, rs2: u8) -> Instruction {
        match op.info().format {
            Format::R => asm::r(op, rd, rs1, rs2),
            Format::Shift => asm::i(op, rd, rs1, self.random.below(32) as i32),
            Format::U => {
                let word = self.word();
                asm::i(op, rd, 0, (word & 0xffff_f000) as i32)
            }
            _ => asm::i(op, rd, rs1, self.immediate()),
        }
    }
}
