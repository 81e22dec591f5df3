//! Loops that end.

use vouch_isa::Op;

use super::super::asm;
use super::{Generator, WINDOW_BYTES};

/// Most instructions between a branch and its target, so that its offset fits.
const NEAR: usize = 1000;

impl Generator {
    /// A loop around some code, or through memory.
    pub(super) fn repeat(&mut self) {
        if self.depth == self.reserved.counters.len() {
            return self.plain();
        }
        let counter = self.reserved.counters[self.depth];
        self.depth += 1;
        match self.random.once_in(3) {
            true => self.sweep(counter),
            false => self.rounds(counter),
        }
        self.depth -= 1;
    }

    fn rounds(&mut self, counter: u8) {
        let count = self.random.between(1, 6);
        let (first, step) = self.direction(count);
        self.li(counter, first as u32);
        let start = self.list.len();
        for _ in 0..1 + self.random.below(5) {
            self.anything();
        }
        self.again(counter, step, start);
    }

    /// A loop whose pointer moves through the window.
    fn sweep(&mut self, counter: u8) {
        let (count, pointer) = (self.random.between(2, 16), self.reserved.pointer);
        let size = self.random.pick(&[1, 2, 4]);
        let stride = size * self.random.between(-8, 8);
        // Room for all strides and offsets is left on both sides: 16 * 32 + 16 bytes.
        let quarter = WINDOW_BYTES as i32 / 4;
        let at = self.random.between(-quarter, quarter);
        let (first, step) = self.direction(count);
        self.li(pointer, self.code.middle.wrapping_add_signed(at & -size));
        self.li(counter, first as u32);
        let start = self.list.len();
        let suits = |op: &Op| match op {
            Op::Lb | Op::Lbu | Op::Sb => true,
            Op::Lh | Op::Lhu | Op::Sh => size >= 2,
            _ => size == 4,
        };
        let all = [
            Op::Sb,
            Op::Lb,
            Op::Sh,
            Op::Lhu,
            Op::Sw,
            Op::Lh,
            Op::Lw,
            Op::Lbu,
        ];
        let ops: Vec<Op> = all.into_iter().filter(suits).collect();
        for _ in 0..1 + self.random.below(3) {
            let op = self.random.pick(&ops);
            let offset = size * self.random.between(-4, 4);
            self.access_at(op, pointer, offset);
        }
        self.push(asm::addi(pointer, pointer, stride));
        self.again(counter, step, start);
    }

    /// What a counter of `count` rounds starts with, and what is added to it.
    fn direction(&mut self, count: i32) -> (i32, i32) {
        match self.random.once_in(2) {
            true => (count, -1),
            false => (-count, 1),
        }
    }

    /// Steps the counter, and begins again unless it has arrived at 0.
    fn again(&mut self, counter: u8, step: i32, start: usize) {
        self.push(asm::addi(counter, counter, step));
        let is_near = self.list.len() - start < NEAR;
        match self.random.below(7) {
            0 if is_near => self.back_if(Op::Bne, counter, 0, start),
            1 if is_near => self.back_if(Op::Bltu, 0, counter, start),
            2 if is_near && step == 1 => self.back_if(Op::Blt, counter, 0, start),
            2 if is_near => self.back_if(Op::Blt, 0, counter, start),
            // The others compare with a flag that says whether the counter has arrived.
            form @ 3..6 if is_near => {
                let flag = self.scratch();
                self.push(asm::i(Op::Sltiu, flag, counter, 1));
                let op = [Op::Beq, Op::Bge, Op::Bgeu][form as usize - 3];
                self.back_if(op, 0, flag, start);
            }
            _ => {
                self.push(asm::branch(Op::Beq, counter, 0, 8));
                let at = self.reserve(asm::jal(0, 0));
                self.aim(at, start);
            }
        }
    }

    fn back_if(&mut self, op: Op, rs1: u8, rs2: u8, start: usize) {
        let at = self.reserve(asm::branch(op, rs1, rs2, 0));
        self.aim(at, start);
    }
}
