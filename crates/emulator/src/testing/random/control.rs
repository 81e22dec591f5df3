//! Branches and jumps. Their targets are known as soon as the code between is there.

use vouch_isa::{Instruction, Op};

use super::super::asm;
use super::Generator;

const BRANCHES: [Op; 6] = [Op::Beq, Op::Bne, Op::Blt, Op::Bge, Op::Bltu, Op::Bgeu];

/// The largest offset of a branch to an aligned target, and the smallest, in instructions.
const FARTHEST: (usize, usize) = (1023, 1024);

/// Code from which on there may be branches that far: in short code they would be most of it.
const ROOM_FOR_FAR: usize = 2000;

impl Generator {
    /// A branch, taken or not: to the next instruction, forward or backward, rarely as far as it
    /// can.
    pub(super) fn branch(&mut self) {
        let far = self.depth == 0 && self.list.len() > ROOM_FOR_FAR && self.random.once_in(150);
        match self.random.below(4) {
            0 if far => self.branch_back(FARTHEST.1),
            1 if far => self.branch_forward(FARTHEST.0),
            0 => self.branch_back(0),
            1 => {
                let branch = self.condition();
                self.push(Instruction { imm: 4, ..branch });
            }
            _ => self.branch_forward(0),
        }
    }

    fn branch_forward(&mut self, length: usize) {
        let branch = self.condition();
        let at = self.reserve(branch);
        self.body();
        self.fill(at + length);
        self.land(at);
    }

    /// A branch to code that is there for it alone.
    fn branch_back(&mut self, length: usize) {
        let (over, start) = self.aside();
        self.body();
        let end = self.reserve(asm::jal(0, 0));
        // The operands take at most four instructions, and the branch is to be that far.
        let branch = self.condition_after(|generator, prepared| {
            generator.fill((start + length).saturating_sub(prepared.len()));
            generator.land(over);
        });
        let at = self.reserve(branch);
        self.aim(at, start);
        self.land(end);
    }

    /// A branch with an offset still to be set, after code that sets its operands.
    fn condition(&mut self) -> Instruction {
        self.condition_after(|_, _| {})
    }

    /// As [`Self::condition`]; `before` comes before the operands, and hears which code sets
    /// them.
    fn condition_after(&mut self, before: impl FnOnce(&mut Self, &[Instruction])) -> Instruction {
        let op = self.random.pick(&BRANCHES);
        let (_, rs1, rs2) = self.registers();
        let start = self.list.len();
        if !self.random.once_in(3) {
            let (a, b) = self.pair();
            self.set(rs1, a);
            self.set(rs2, b);
        }
        let operands = self.list.split_off(start);
        before(self, &operands);
        self.list.extend(operands);
        asm::branch(op, rs1, rs2, 0)
    }

    /// A jump with a known offset, forward or backward.
    pub(super) fn jump(&mut self) {
        let rd = self.destination();
        match self.random.below(3) {
            0 => self.push(asm::jal(rd, 4)),
            1 => {
                let at = self.reserve(asm::jal(rd, 0));
                self.body();
                self.land(at);
            }
            _ => {
                let (over, start) = self.aside();
                self.body();
                let end = self.reserve(asm::jal(0, 0));
                self.land(over);
                let at = self.reserve(asm::jal(rd, 0));
                self.aim(at, start);
                self.land(end);
            }
        }
    }

    /// A jump to a computed target, forward or backward.
    pub(super) fn computed_jump(&mut self) {
        if self.random.once_in(2) {
            let jump = self.prepare_jump(None);
            self.body();
            let target = self.list.len();
            self.finish_jump(&jump, target);
        } else {
            let (over, start) = self.aside();
            self.body();
            let end = self.reserve(asm::jal(0, 0));
            self.land(over);
            let jump = self.prepare_jump(Some(start));
            self.finish_jump(&jump, start);
            self.land(end);
        }
    }

    /// A function and a call of it; or another call of one that was called before.
    pub(super) fn function(&mut self) {
        let known = !self.functions.is_empty() && self.random.once_in(2);
        let (start, link) = match known {
            true => self.random.pick(&self.functions.clone()),
            false => self.new_function(),
        };
        match self.random.once_in(2) {
            true => {
                let at = self.reserve(asm::jal(link, 0));
                self.aim(at, start);
            }
            false => {
                let jump = self.prepare_jump_with(Some(start), link, link);
                self.finish_jump(&jump, start);
            }
        }
    }

    fn new_function(&mut self) -> (usize, u8) {
        let link = self.scratch();
        let (over, start) = self.aside();
        self.link = Some(link);
        self.body();
        self.link = None;
        let rd = self.random.pick(&[0, link]);
        // Back to the link, from beside it, or with bit 0 set, which does not count.
        let offset = match self.random.below(3) {
            0 => {
                let moved = self.immediate().max(-2047);
                self.push(asm::addi(link, link, moved));
                -moved
            }
            1 => 1,
            _ => 0,
        };
        self.push(asm::jalr(rd, offset, link));
        self.land(over);
        self.functions.push((start, link));
        (start, link)
    }

    /// Jumps over what follows until this lands; also where that starts.
    fn aside(&mut self) -> (usize, usize) {
        let rd = self.destination();
        let over = self.reserve(asm::jal(rd, 0));
        (over, self.list.len())
    }

    /// Pushes a branch or jump whose target is not known yet; returns where it is.
    pub(super) fn reserve(&mut self, instruction: Instruction) -> usize {
        self.push(instruction);
        self.list.len() - 1
    }

    /// Lets the branch or jump at `at` lead to the next instruction.
    pub(super) fn land(&mut self, at: usize) {
        self.aim(at, self.list.len());
    }

    /// Lets the branch or jump at `at` lead to `target`.
    pub(super) fn aim(&mut self, at: usize, target: usize) {
        self.list[at].imm = bytes_between(at, target) as u32;
    }

    /// Instructions that are not executed, until there are `length`.
    fn fill(&mut self, length: usize) {
        while self.list.len() + 8 < length {
            self.plain();
        }
        while self.list.len() < length {
            self.push(asm::nop());
        }
    }
}

/// A JALR whose target is known later.
struct ComputedJump {
    /// Where the AUIPC is from which the target is computed.
    origin: usize,
    /// Where the JALR is.
    at: usize,
    /// What its register is away from the AUIPC, in bytes.
    moved: i32,
}

impl Generator {
    /// A JALR to `target`, or to a place soon after it, that may overwrite its register.
    fn prepare_jump(&mut self, target: Option<usize>) -> ComputedJump {
        let register = self.scratch();
        let rd = match self.random.once_in(2) {
            true => register,
            false => self.destination(),
        };
        self.prepare_jump_with(target, register, rd)
    }

    fn prepare_jump_with(&mut self, target: Option<usize>, register: u8, rd: u8) -> ComputedJump {
        let origin = self.list.len();
        let distance = target.map_or(0, |target| bytes_between(origin, target));
        let upper = (distance + 0x800) & !0xfff;
        let lower = distance - upper;
        self.push(asm::auipc(register, upper as u32));
        let mut moved = upper;
        if self.random.once_in(2) {
            // Some of the rest; the offset takes what is left, and the bodies of jumps forward.
            let by = self
                .random
                .between((lower - 1500).max(-2048), (lower + 1500).min(2047));
            self.push(asm::addi(register, register, by));
            moved += by;
        }
        let at = self.reserve(asm::jalr(rd, 0, register));
        ComputedJump { origin, at, moved }
    }

    /// Sets the offset, sometimes to an odd target.
    fn finish_jump(&mut self, jump: &ComputedJump, target: usize) {
        let offset = bytes_between(jump.origin, target) - jump.moved;
        let odd = i32::from(self.random.once_in(3) && offset % 2 == 0 && offset < 2047);
        self.list[jump.at].imm = (offset + odd) as u32;
    }
}

fn bytes_between(from: usize, to: usize) -> i32 {
    4 * (to as i32 - from as i32)
}
