//! Every family of instructions, run from an ELF.

use vouch_emulator::testing::{DATA, TEXT, asm};
use vouch_isa::{Family, Format, Op, alu, branch_taken, load_value, store_merge};

use crate::common::{result, then};

/// Values at the edges of what instructions distinguish.
const EDGES: [u32; 9] = [
    0,
    1,
    5,
    31,
    33,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
    0xffff_ffff,
];

fn alu_ops(immediate: bool) -> impl Iterator<Item = Op> {
    let plain = |op: &Op| {
        let memory = matches!(op.family(), Family::Word | Family::LoadSub | Family::Jalr);
        let format = op.info().format;
        !memory && matches!(format, Format::R | Format::I | Format::Shift)
    };
    let ops = Op::TABLE.iter().map(|info| info.op);
    ops.filter(plain)
        .filter(move |op| op.has_immediate_operand() == immediate)
}

#[test]
fn register_forms() {
    assert_eq!(alu_ops(false).count(), 18);
    for op in alu_ops(false) {
        for a in EDGES {
            for b in EDGES {
                let operands = then(asm::li(6, a), asm::li(7, b));
                let got = result(5, &then(operands, [asm::r(op, 5, 6, 7)]));
                assert_eq!(got, alu(op, a, b), "{op:?} {a:#x} {b:#x}");
            }
        }
    }
}

#[test]
fn immediate_forms() {
    assert_eq!(alu_ops(true).count(), 9);
    for op in alu_ops(true) {
        let immediates = match op.info().format {
            Format::Shift => [0, 1, 15, 31],
            _ => [0, 1, -1, -2048],
        };
        for a in EDGES {
            for imm in immediates {
                let got = result(5, &then(asm::li(6, a), [asm::i(op, 5, 6, imm)]));
                assert_eq!(got, alu(op, a, imm as u32), "{op:?} {a:#x} {imm}");
            }
        }
    }
}

#[test]
fn an_instruction_may_write_its_own_operand() {
    let list = then(asm::li(5, 21), [asm::add(5, 5, 5)]);
    assert_eq!(result(5, &list), 42);
}

#[test]
fn constants() {
    assert_eq!(result(5, &[asm::lui(5, 0xfedc_b000)]), 0xfedc_b000);
    let auipc = asm::auipc(5, 0x1000);
    assert_eq!(result(5, &[asm::nop(), auipc]), TEXT + 4 + 0x1000);
    // Wraps around.
    let auipc = asm::auipc(5, 0xffff_f000);
    assert_eq!(result(5, &[auipc]), TEXT - 0x1000);
}

#[test]
fn fence_does_nothing() {
    // With its reserved register fields set.
    let fence = asm::i(Op::Fence, 5, 6, 0x0ff);
    assert_eq!(result(5, &[asm::addi(5, 0, 3), fence]), 3);
}

#[test]
fn x0_stays_zero() {
    for write in [
        asm::addi(0, 0, 7),
        asm::lui(0, 0x1000),
        asm::r(Op::Sltu, 0, 0, 6),
        asm::r(Op::Mul, 0, 6, 6),
        asm::r(Op::Divu, 0, 6, 0),
        asm::jal(0, 4),
        asm::lw(0, 0, 7),
    ] {
        let mut list = then([asm::addi(6, 0, 9)], asm::li(7, DATA));
        list.extend([asm::sw(6, 0, 7), write, asm::add(5, 0, 0)]);
        assert_eq!(result(5, &list), 0, "{write:?}");
        assert_eq!(result(0, &list), 0, "{write:?}");
    }
}

#[test]
fn registers_start_at_zero() {
    for register in (1..32).filter(|&r| r != 10 && r != 17) {
        assert_eq!(result(register, &[asm::nop()]), 0);
    }
}

#[test]
fn branches() {
    let ops = Op::TABLE.iter().filter(|info| info.format == Format::B);
    for op in ops.map(|info| info.op) {
        for a in EDGES {
            for b in EDGES {
                let mut list = then(asm::li(6, a), asm::li(7, b));
                let skipped = asm::addi(5, 5, 1);
                list.extend([asm::branch(op, 6, 7, 8), skipped, asm::addi(5, 5, 2)]);
                let expected = if branch_taken(op, a, b) { 2 } else { 3 };
                assert_eq!(result(5, &list), expected, "{op:?} {a:#x} {b:#x}");
            }
        }
    }
}

#[test]
fn a_branch_goes_backwards() {
    // Sums 10, 9, ..., 1.
    let list = [
        asm::addi(6, 0, 10),
        asm::add(5, 5, 6),
        asm::addi(6, 6, -1),
        asm::branch(Op::Bne, 6, 0, -8),
    ];
    assert_eq!(result(5, &list), 55);
}

#[test]
fn jumps_link() {
    let skipped = asm::addi(5, 0, 1);
    assert_eq!(result(1, &[asm::jal(1, 8), skipped]), TEXT + 4);
    assert_eq!(result(5, &[asm::jal(1, 8), skipped]), 0);
    // The lowest bit of a JALR's target is dropped.
    let target = asm::li(6, TEXT + 16 + 9);
    let list = then(target, [asm::nop(), asm::jalr(1, -9, 6), skipped]);
    assert_eq!(result(1, &list), TEXT + 16);
    let list = then(asm::li(6, TEXT + 17), [asm::jalr(1, 0, 6), skipped]);
    assert_eq!(result(5, &list), 0);
}

#[test]
fn jalr_may_write_its_own_operand() {
    let list = then(asm::li(6, TEXT + 12), [asm::jalr(6, 0, 6)]);
    assert_eq!(result(6, &list), TEXT + 12);
}

#[test]
fn loads() {
    let word = 0x80ff_7f01;
    for (op, offsets) in [
        (Op::Lb, &[0, 1, 2, 3][..]),
        (Op::Lbu, &[0, 1, 2, 3]),
        (Op::Lh, &[0, 2]),
        (Op::Lhu, &[0, 2]),
        (Op::Lw, &[0]),
    ] {
        for &offset in offsets {
            let mut list = then(asm::li(6, DATA + 64), asm::li(7, word));
            list.extend([asm::sw(7, -8, 6), asm::load(op, 5, offset - 8, 6)]);
            let expected = load_value(op, word, offset as u32);
            assert_eq!(result(5, &list), expected, "{op:?} {offset}");
        }
    }
}

#[test]
fn stores() {
    let (word, value) = (0x1122_3344, 0xaabb_ccdd);
    for (op, offsets) in [
        (Op::Sb, &[0, 1, 2, 3][..]),
        (Op::Sh, &[0, 2]),
        (Op::Sw, &[0]),
    ] {
        for &offset in offsets {
            let mut list = then(asm::li(6, DATA), asm::li(7, word));
            list.extend(asm::li(8, value));
            list.extend([
                asm::sw(7, 4, 6),
                asm::store(op, 8, offset + 4, 6),
                asm::lw(5, 4, 6),
            ]);
            let expected = store_merge(op, word, value, offset as u32);
            assert_eq!(result(5, &list), expected, "{op:?} {offset}");
        }
    }
}

#[test]
fn addresses_wrap_around() {
    let mut list = asm::li(6, DATA.wrapping_add(0x800)).to_vec();
    list.extend([asm::addi(7, 0, 9), asm::sw(7, -2048, 6)]);
    list.extend(asm::li(6, DATA));
    list.push(asm::lw(5, 0, 6));
    assert_eq!(result(5, &list), 9);
}

#[test]
fn code_can_be_read() {
    let list = then(asm::li(6, TEXT), [asm::lw(5, 0, 6)]);
    assert_eq!(result(5, &list), vouch_isa::encode(&list[0]));
}
