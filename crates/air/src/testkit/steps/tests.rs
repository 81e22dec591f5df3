//! The model's answers, by hand.

use vouch_isa::Op;

use super::{Case, messages};
use crate::bus::{MEMORY, PROGRAM, STATE};
use crate::testkit::numbers::P;
use crate::testkit::verdict::Message;

/// Register cells start at 2^30.
const fn cell(register: u32) -> u32 {
    0x4000_0000 + register
}

fn sends(case: Case, literal: &[Message]) {
    let mut literal = literal.to_vec();
    literal.sort();
    assert_eq!(messages(&case.step()), literal);
}

/// The model itself, by hand: `add x5, x6, x7`.
#[test]
fn add() {
    let literal = [
        Message::received(STATE, &[0x5000, 70_000]),
        Message::sent(PROGRAM, &[0x5000, 27, 5, 6, 7, 0, 0, 0]),
        Message::received(MEMORY, &[cell(6), 0xffff, 1, 69_990]),
        Message::sent(MEMORY, &[cell(6), 0xffff, 1, 70_000]),
        Message::received(MEMORY, &[cell(7), 1, 0, 4_465]),
        Message::sent(MEMORY, &[cell(7), 1, 0, 70_001]),
        Message::received(MEMORY, &[cell(5), 0xba98, 0xfedc, 50_000]),
        Message::sent(MEMORY, &[cell(5), 0, 2, 70_002]),
        Message::sent(STATE, &[0x5001, 70_003]),
    ];
    sends(Case::new(Op::Add, 0x1_ffff, 1), &literal);
}

/// `addi x0, x6, -1` writes to the sink.
#[test]
fn addi_to_x0() {
    let case = Case::new(Op::Addi, 5, u32::MAX);
    let literal = [
        Message::received(STATE, &[0x5000, 70_000]),
        Message::sent(PROGRAM, &[0x5000, 64 + 27, 32, 6, 0, 0xffff, 0xffff, 0]),
        Message::received(MEMORY, &[cell(6), 5, 0, 69_990]),
        Message::sent(MEMORY, &[cell(6), 5, 0, 70_000]),
        Message::received(MEMORY, &[cell(32), 0xba98, 0xfedc, 50_000]),
        Message::sent(MEMORY, &[cell(32), 4, 0, 70_002]),
        Message::sent(STATE, &[0x5001, 70_003]),
    ];
    sends(Case { rd: 0, ..case }, &literal);
}

/// `beq x6, x6, . - 8`: one register read twice.
#[test]
fn beq_taken() {
    let case = Case::jump(Op::Beq, 9, 0, 8u32.wrapping_neg());
    let literal = [
        Message::received(STATE, &[0x5000, 70_000]),
        Message::sent(PROGRAM, &[0x5000, 4, 0, 6, 6, 0, 0, 0x4ffe]),
        Message::received(MEMORY, &[cell(6), 9, 0, 69_990]),
        Message::sent(MEMORY, &[cell(6), 9, 0, 70_000]),
        Message::received(MEMORY, &[cell(6), 9, 0, 70_000]),
        Message::sent(MEMORY, &[cell(6), 9, 0, 70_001]),
        Message::sent(STATE, &[0x4ffe, 70_003]),
    ];
    sends(Case { rs2: 6, ..case }, &literal);
}

/// `jal x5, . + 16` and `jalr x5, -4(x6)`, the target's lowest bit dropped.
#[test]
fn jumps() {
    let link = [
        Message::received(STATE, &[0x5000, 70_000]),
        Message::received(MEMORY, &[cell(5), 0xba98, 0xfedc, 50_000]),
        Message::sent(MEMORY, &[cell(5), 0x4004, 1, 70_002]),
    ];
    let jal = [
        Message::sent(PROGRAM, &[0x5000, 2, 5, 0, 0, 0x4004, 1, 0x5004]),
        Message::sent(STATE, &[0x5004, 70_003]),
    ];
    sends(
        Case::jump(Op::Jal, 0, 0, 16),
        &[link.as_slice(), &jal].concat(),
    );
    let jalr = [
        Message::sent(PROGRAM, &[0x5000, 3, 5, 6, 0, 0x4004, 1, P - 4]),
        Message::received(MEMORY, &[cell(6), 5, 2, 69_990]),
        Message::sent(MEMORY, &[cell(6), 5, 2, 70_000]),
        Message::sent(STATE, &[0x8000, 70_003]),
    ];
    let case = Case::jump(Op::Jalr, 0x2_0005, 0, 4u32.wrapping_neg());
    sends(case, &[link.as_slice(), &jalr].concat());
}

/// `lb x5, 1(x6)` and `sh x7, 2(x6)`.
#[test]
fn load_and_store() {
    let load = [
        Message::received(STATE, &[0x5000, 70_000]),
        Message::sent(PROGRAM, &[0x5000, 10, 5, 6, 0, 1, 0, 0]),
        Message::received(MEMORY, &[cell(6), 0, 1, 69_990]),
        Message::sent(MEMORY, &[cell(6), 0, 1, 70_000]),
        Message::received(MEMORY, &[0x4000, 0x8034, 0x5678, 3]),
        Message::sent(MEMORY, &[0x4000, 0x8034, 0x5678, 70_001]),
        Message::received(MEMORY, &[cell(5), 0xba98, 0xfedc, 50_000]),
        Message::sent(MEMORY, &[cell(5), 0xff80, 0xffff, 70_002]),
        Message::sent(STATE, &[0x5001, 70_003]),
    ];
    sends(Case::access(Op::Lb, 0x1_0001, 1, 0x5678_8034, 0), &load);
    let store = [
        Message::received(STATE, &[0x5000, 70_000]),
        Message::sent(PROGRAM, &[0x5000, 16, 0, 6, 7, 2, 0, 0]),
        Message::received(MEMORY, &[cell(6), 0, 4, 69_990]),
        Message::sent(MEMORY, &[cell(6), 0, 4, 70_000]),
        Message::received(MEMORY, &[cell(7), 0xcdef, 0x89ab, 4_465]),
        Message::sent(MEMORY, &[cell(7), 0xcdef, 0x89ab, 70_001]),
        Message::received(MEMORY, &[0x1_0000, 0x1234, 0x5678, 3]),
        Message::sent(MEMORY, &[0x1_0000, 0x1234, 0xcdef, 70_001]),
        Message::sent(STATE, &[0x5001, 70_003]),
    ];
    sends(
        Case::access(Op::Sh, 0x4_0002, 2, 0x5678_1234, 0x89ab_cdef),
        &store,
    );
}
