//! What the random programs have executed: every instruction in every shape in which it may go
//! wrong.

use std::collections::BTreeMap;

use vouch_emulator::testing::{DATA, TEXT};
use vouch_isa::event::{Segment, Step};
use vouch_isa::memory::SINK;
use vouch_isa::{Call, Family, Format, Op, OpInfo, branch_taken};

use crate::outcome::Outcome;
use vouch_air::testkit::P;

/// A kind of step that an instruction may be.
struct Shape {
    name: &'static str,
    /// Instructions that can have it.
    of: fn(&OpInfo) -> bool,
    /// Whether a step of theirs has it.
    is: fn(&Step) -> bool,
}

const fn shape(name: &'static str, of: fn(&OpInfo) -> bool, is: fn(&Step) -> bool) -> Shape {
    Shape { name, of, is }
}

const MIN: u32 = 1 << 31;
const LEAF_BYTES: u32 = 32;
const PAGE_BYTES: u32 = 4096;

/// All shapes.
const SHAPES: [Shape; 47] = [
    shape("any", |info| info.family < Family::Ecall, |_| true),
    shape("rd = rs1", reads_one, |step| step.rd == step.rs1),
    shape("rd = rs2", is_r, |step| step.rd == step.rs2),
    shape("rs1 = rs2", reads_two, |step| step.rs1 == step.rs2),
    shape("rd = rs1 = rs2", is_r, |step| {
        step.rd == step.rs1 && step.rd == step.rs2
    }),
    shape("rd = x0", writes, |step| step.rd == SINK),
    shape("rs1 = x0", reads_any, |step| step.rs1 == 0),
    shape("rs2 = x0", reads_two, |step| step.rs2 == 0),
    // Values.
    shape("equal operands", two_values, |step| step.a == step.b),
    shape("operands one apart", two_values, |step| {
        step.a.abs_diff(step.b) == 1
    }),
    shape("operands of different signs", two_values, |step| {
        (step.a ^ step.b) >= MIN
    }),
    shape("MIN with its neighbour MAX", two_values, |step| {
        [step.a, step.b].contains(&MIN) && [step.a, step.b].contains(&(MIN - 1))
    }),
    shape("an operand at p", two_values, |step| {
        let near = |value: u32| value.abs_diff(P) <= 1;
        near(step.a) || near(step.b)
    }),
    shape("an operand at 2^16", two_values, |step| {
        let near = |value: u32| value.abs_diff(1 << 16) <= 1;
        near(step.a) || near(step.b)
    }),
    shape("immediate below 0", immediate, |step| step.imm >= MIN),
    shape("by an amount of 0", is_shift, |step| step.b % 32 == 0),
    shape("by an amount of 31", is_shift, |step| step.b % 32 == 31),
    shape(
        "by 32 and more",
        |info| is_shift(info) && is_r(info),
        |step| step.b >= 32,
    ),
    shape("by 0", is_division, |step| step.b == 0),
    shape("by 1 or -1", is_division, |step| {
        step.b.wrapping_add(1) <= 2
    }),
    shape("MIN by -1", is_division, |step| {
        step.a == MIN && step.b == u32::MAX
    }),
    shape("0 by another", is_division, |step| {
        step.a == 0 && step.b != 0
    }),
    // Branches and jumps.
    shape("taken", is_branch, is_taken),
    shape("not taken", is_branch, |step| !is_taken(step)),
    shape("taken backward", is_branch, |step| step.next_pc < step.pc),
    shape("taken forward", is_branch, |step| {
        step.next_pc > step.pc + 1
    }),
    shape("taken to the next", is_branch, |step| {
        step.imm == 4 && is_taken(step)
    }),
    shape("not taken to the next", is_branch, |step| {
        step.imm == 4 && !is_taken(step)
    }),
    shape("backward", is_jump, |step| step.next_pc < step.pc),
    shape("forward", is_jump, |step| step.next_pc > step.pc + 1),
    shape("to the next", is_jump, |step| step.next_pc == step.pc + 1),
    shape("to an odd target", is_jalr, |step| {
        step.a.wrapping_add(step.imm) % 2 == 1
    }),
    shape("from an odd register", is_jalr, |step| step.a % 2 == 1),
    shape("offset below 0", is_indirect, |step| step.imm >= MIN),
    shape("offset above 0", is_indirect, |step| {
        (1..MIN).contains(&step.imm)
    }),
    // Loads and stores.
    shape("at byte 0", is_sub_word, |step| step.addr % 4 == 0),
    shape("at byte 1", is_byte, |step| step.addr % 4 == 1),
    shape("at byte 2", is_sub_word, |step| step.addr % 4 == 2),
    shape("at byte 3", is_byte, |step| step.addr % 4 == 3),
    shape("first of a leaf", is_access, |step| {
        step.addr % LEAF_BYTES == 0
    }),
    shape("last of a leaf", is_access, |step| {
        step.addr % LEAF_BYTES + size(step.op) == LEAF_BYTES
    }),
    shape("first of a page", is_access, |step| {
        step.addr % PAGE_BYTES == 0
    }),
    shape("last of a page", is_access, |step| {
        step.addr % PAGE_BYTES + size(step.op) == PAGE_BYTES
    }),
    shape("above 2^31", is_access, |step| step.addr >= MIN),
    shape("of a word just accessed", is_access, |step| {
        step.mem_ts != 0 && step.ts - step.mem_ts < 64
    }),
    shape("where the address wraps", is_load, |step| {
        step.imm < MIN && step.addr < step.a
    }),
    shape("from the text", is_load, |step| {
        (TEXT..DATA).contains(&step.addr)
    }),
];

/// How often each instruction was executed in each shape.
#[derive(Clone, Debug, Default)]
pub struct Shapes {
    steps: BTreeMap<(Op, &'static str), u64>,
    calls: BTreeMap<&'static str, u64>,
}

impl Shapes {
    /// Counts what a segment has executed.
    pub fn see(&mut self, segment: &Segment) {
        for step in segment.steps.iter().flatten() {
            let info = step.op.info();
            let has = SHAPES.iter().filter(|s| (s.of)(info) && (s.is)(step));
            for shape in has {
                *self.steps.entry((step.op, shape.name)).or_default() += 1;
            }
        }
        for call in &segment.ecalls {
            let name = match call.call {
                Call::Exit => "calls of exit",
                Call::Read if call.a0_next < call.a2 => "calls of read that fall short",
                Call::Read => "calls of read",
                Call::Journal => "calls of write to the journal",
                Call::Stdout => "calls of write to the console",
                Call::Stderr => "calls of write to the error stream",
                Call::Accelerate(accelerator) => accelerator.info().name,
            };
            *self.calls.entry(name).or_default() += 1;
        }
    }

    /// Adds what others have executed.
    pub fn add(&mut self, other: &Self) {
        for (key, more) in &other.steps {
            *self.steps.entry(*key).or_default() += more;
        }
        for (key, more) in &other.calls {
            *self.calls.entry(key).or_default() += more;
        }
    }

    /// Counts the steps of each shape and the calls of each kind, and fails for those that were
    /// executed less than `least` times: every instruction in every shape that it can have, and
    /// every call.
    pub fn report(&self, outcome: &mut Outcome, least: u64) {
        for shape in &SHAPES {
            for info in Op::TABLE.iter().filter(|info| (shape.of)(info)) {
                let count = self.steps.get(&(info.op, shape.name));
                let count = count.copied().unwrap_or_default();
                outcome.count(&format!("steps: {}", shape.name), count);
                if count < least {
                    let what = format!("{} {}", info.name, shape.name);
                    outcome.fail(format!("{what}: {count}, expected at least {least}"));
                }
            }
        }
        for (name, count) in &self.calls {
            outcome.count(name, *count);
        }
        for name in ["read", "write to the journal", "write to the console"] {
            outcome.expect_at_least(&format!("calls of {name}"), least);
        }
        outcome.expect_at_least("calls of read that fall short", 1);
    }
}

fn size(op: Op) -> u32 {
    match op {
        Op::Lb | Op::Lbu | Op::Sb => 1,
        Op::Lh | Op::Lhu | Op::Sh => 2,
        _ => 4,
    }
}

fn is_taken(step: &Step) -> bool {
    branch_taken(step.op, step.a, step.b)
}

fn is_r(info: &OpInfo) -> bool {
    info.format == Format::R
}

fn is_branch(info: &OpInfo) -> bool {
    info.format == Format::B
}

fn reads_one(info: &OpInfo) -> bool {
    matches!(info.format, Format::R | Format::I | Format::Shift)
}

fn reads_two(info: &OpInfo) -> bool {
    matches!(info.format, Format::R | Format::S | Format::B)
}

/// Those that do not use a register for an address: that is never 0.
fn reads_any(info: &OpInfo) -> bool {
    let reads = reads_one(info) || reads_two(info);
    reads && !is_indirect(info)
}

fn writes(info: &OpInfo) -> bool {
    reads_one(info) || matches!(info.format, Format::U | Format::J)
}

/// Those whose operands `a` and `b` are two registers that count as numbers.
fn two_values(info: &OpInfo) -> bool {
    matches!(info.format, Format::R | Format::B)
}

fn immediate(info: &OpInfo) -> bool {
    info.format == Format::I && !is_indirect(info)
}

fn is_shift(info: &OpInfo) -> bool {
    info.family == Family::Shift
}

fn is_division(info: &OpInfo) -> bool {
    info.family == Family::DivRem
}

fn is_jump(info: &OpInfo) -> bool {
    matches!(info.family, Family::Jal | Family::Jalr)
}

fn is_jalr(info: &OpInfo) -> bool {
    info.family == Family::Jalr
}

fn is_access(info: &OpInfo) -> bool {
    matches!(
        info.family,
        Family::Word | Family::LoadSub | Family::StoreSub
    )
}

fn is_load(info: &OpInfo) -> bool {
    is_access(info) && info.format == Format::I
}

/// Those that compute an address from a register.
fn is_indirect(info: &OpInfo) -> bool {
    is_access(info) || is_jalr(info)
}

fn is_sub_word(info: &OpInfo) -> bool {
    is_access(info) && info.family != Family::Word
}

fn is_byte(info: &OpInfo) -> bool {
    is_access(info) && size(info.op) == 1
}
