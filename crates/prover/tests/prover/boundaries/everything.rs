//! One program that executes every instruction.

use std::collections::BTreeSet;

use vouch_emulator::testing::{DATA, asm};
use vouch_isa::abi::{FD_STDERR, FD_STDOUT};
use vouch_isa::accelerators::{ARGUMENTS, Accelerator};
use vouch_isa::event::{Segment, Step};
use vouch_isa::{Call, Family, Format, Instruction, Op, OpInfo};

/// What it reads.
pub const INPUT: &[u8] = b"abcdefgh";
/// What it writes: some of what each of two calls has read, the second of which reads less than
/// it asks for.
pub const JOURNAL: &[u8] = b"abcdeghc";
/// Its exit code.
pub const EXIT_CODE: u32 = 3;

/// The program: branches both ways, accesses of each width at each place in a word, each call.
pub fn code() -> Vec<Instruction> {
    let mut code = Vec::new();
    // A negative number, a positive one, and the address of a word.
    for (register, value) in [(5, -5i32 as u32), (6, 3), (8, DATA + 64)] {
        code.extend(asm::li(register, value));
    }
    code.push(asm::sw(5, 0, 8));
    code.extend(Op::TABLE.iter().flat_map(uses));
    code.extend(asm::read(DATA, 6));
    code.extend(asm::journal(DATA, 5));
    code.extend(asm::read(DATA, 8));
    code.extend(asm::journal(DATA, 3));
    code.extend(asm::write(FD_STDOUT, DATA + 1, 3));
    code.extend(asm::write(FD_STDERR, DATA, 2));
    for accelerator in Accelerator::ALL {
        code.extend(asm::accelerate(accelerator, [DATA + 64; ARGUMENTS]));
    }
    code.extend(asm::exit(EXIT_CODE));
    code
}

/// An instruction in its variants.
fn uses(info: &OpInfo) -> Vec<Instruction> {
    let op = info.op;
    let nop = asm::nop();
    match (info.format, info.family) {
        (Format::R, _) => vec![asm::r(op, 7, 5, 6)],
        (Format::U, _) => vec![asm::i(op, 7, 0, 0x1234_5000)],
        (Format::J, _) => vec![asm::jal(7, 8), nop],
        (Format::B, _) => [(5, 5), (5, 6), (6, 5)]
            .into_iter()
            .flat_map(|(a, b)| [asm::branch(op, a, b, 8), nop])
            .collect(),
        (Format::Shift, _) => vec![asm::i(op, 7, 5, 9)],
        (Format::S, _) => places(op).map(|at| asm::store(op, 5, at, 8)).collect(),
        (Format::I, Family::Jalr) => vec![asm::auipc(7, 0), asm::jalr(7, 12, 7), nop],
        (Format::I, Family::Word | Family::LoadSub) => {
            places(op).map(|at| asm::load(op, 7, at, 8)).collect()
        }
        (Format::I, _) => vec![asm::i(op, 7, 5, -6)],
        (Format::Fence, _) => vec![asm::i(op, 0, 0, 0)],
        // Calls come last, and EBREAK is a fault.
        (Format::System, _) => vec![],
    }
}

/// Byte offsets of aligned accesses to a word.
fn places(op: Op) -> impl Iterator<Item = i32> {
    let bytes = match op {
        Op::Lw | Op::Sw => 4,
        Op::Lh | Op::Lhu | Op::Sh => 2,
        _ => 1,
    };
    (0..4).step_by(bytes)
}

/// The whole run does all of that.
pub fn assert_all_there(whole: &Segment) {
    let steps = || whole.steps.iter().flatten();
    let ops: BTreeSet<Op> = steps().map(|step| step.op).collect();
    let all = Op::TABLE.iter().map(|info| info.op);
    let expected: BTreeSet<Op> = all
        .filter(|op| ![Op::Ecall, Op::Ebreak].contains(op))
        .collect();
    assert_eq!(ops, expected);
    let ways = |goes_on: fn(&&Step) -> bool| -> BTreeSet<Op> {
        let branches = [Family::BranchEq, Family::BranchLt].map(|family| family as usize);
        let branches = branches.into_iter().flat_map(|i| &whole.steps[i]);
        branches.filter(goes_on).map(|step| step.op).collect()
    };
    let taken = ways(|step| step.next_pc != step.pc + 1);
    let untaken = ways(|step| step.next_pc == step.pc + 1);
    assert_eq!((taken.len(), untaken.len()), (6, 6));
    let calls: Vec<Call> = whole.ecalls.iter().map(|ecall| ecall.call).collect();
    let (read, journal) = (Call::Read, Call::Journal);
    let system = [read, journal, read, journal, Call::Stdout, Call::Stderr];
    let expected = { system.into_iter() }
        .chain(Accelerator::ALL.map(Call::Accelerate))
        .chain([Call::Exit]);
    assert_eq!(calls, expected.collect::<Vec<_>>());
}
