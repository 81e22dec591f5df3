//! Receipts of honest segments that one comparison of the verifier keeps out, and nothing else:
//! without it they would be accepted.

use vouch_emulator::testing::{DATA, DATA_BYTES, ElfBuilder, LoadSegment, asm, program};
use vouch_emulator::{Program, SegmentLimits};
use vouch_isa::abi::EXIT;
use vouch_isa::abi::reg::{A0, A7};
use vouch_isa::{Instruction, Op};
use vouch_verifier::{Profile, Receipt, VerifyError};

use crate::honest_receipt::Honest;
use crate::outcome::Outcome;

const WHAT: &str = "receipts that one check refuses";

/// Tries them.
pub fn receipts(outcome: &mut Outcome) {
    by_pc(outcome);
    by_root(outcome);
    by_exit(outcome);
    by_image(outcome);
}

fn prove(program: &Program, input: &[u8], cycles: u64) -> Honest {
    let limits = SegmentLimits {
        cycles,
        ..SegmentLimits::default()
    };
    Honest::new(program, input, &limits, Profile::Fast100)
}

fn expect(
    outcome: &mut Outcome,
    run: &Honest,
    name: &str,
    receipt: &Receipt,
    expected: &VerifyError,
) {
    run.expect_refusal(outcome, WHAT, name, receipt, |error| error == expected);
}

fn link(segment: usize, link: &'static str) -> VerifyError {
    VerifyError::Chain { segment, link }
}

/// Instructions that change nothing may not be left out: registers and memory are alike before
/// and after.
fn by_pc(outcome: &mut Outcome) {
    let mut code = vec![asm::nop(); 3];
    code.extend(asm::exit(0));
    let run = prove(&program(&code), &[], 1);
    for i in 0..3 {
        let without = run.with(|receipt| drop(receipt.segments.remove(i)));
        let name = format!("without an instruction, the one at {i}");
        expect(outcome, &run, &name, &without, &link(i, "pc"));
    }
    let twice = run.with(|receipt| receipt.segments.insert(1, receipt.segments[1].clone()));
    let name = "an instruction twice";
    expect(outcome, &run, name, &twice, &link(2, "pc"));
}

/// A loop may not be cut short: each of its rounds begins at the same pc.
fn by_root(outcome: &mut Outcome) {
    let mut code = asm::li(5, 3).to_vec();
    code.extend([asm::addi(5, 5, -1), asm::branch(Op::Bne, 5, 0, -4)]);
    code.extend(asm::exit(0));
    let run = prove(&program(&code), &[], 2);
    // The second round alone, and the first two.
    for (rounds, name) in [(2..3, "without a round"), (1..3, "without two rounds")] {
        let start = rounds.start;
        let without = run.with(|receipt| drop(receipt.segments.drain(rounds)));
        expect(outcome, &run, name, &without, &link(start, "memory root"));
    }
    let again = run.with(|receipt| receipt.segments.insert(2, receipt.segments[1].clone()));
    let name = "a round twice";
    expect(outcome, &run, name, &again, &link(2, "memory root"));
}

/// What a run would have done had it not exited. A run that exits claims to go on at pc 0; another
/// one goes there, with all registers and memory as the first one had them.
fn by_exit(outcome: &mut Outcome) {
    let (program, cycles) = forked();
    let exits = prove(&program, &[0; 4], cycles);
    let goes_on = prove(&program, &[1, 0, 0, 0], cycles);
    let segments = [&exits, &goes_on].map(|run| run.receipt.segments.as_slice());
    let ([exit], [start, rest]) = (segments[0], segments[1]) else {
        let counts = segments.map(<[_]>::len);
        outcome.fail(format!("{counts:?} segments, expected 1 and 2"));
        return;
    };
    let (end, next) = (&exit.claim, &rest.claim);
    if (end.end_pc, end.end_root) != (next.start_pc, next.start_root) {
        outcome.fail("the second run does not go on where the first exits");
    }
    let halt = |segment, segments| VerifyError::Halt { segment, segments };
    let both = exits.with(|receipt| receipt.segments.push(rest.clone()));
    expect(outcome, &exits, "after an exit", &both, &halt(0, 2));
    let unfinished = exits.with(|receipt| receipt.segments = vec![start.clone()]);
    expect(outcome, &exits, "without an exit", &unfinished, &halt(0, 1));
}

/// Reads a word. If it is 0 it exits with 0, else it goes to pc 0 and exits with 7. Registers and
/// memory are then the same. Returns the cycles of both ways until they part, exit or jump included.
fn forked() -> (Program, u64) {
    let at_zero = [asm::addi(A0, 0, 7), asm::ecall()];
    let mut code: Vec<Instruction> = asm::read(DATA, 4);
    code.extend(asm::li(6, DATA));
    code.extend([asm::lw(5, 0, 6), asm::sw(0, 0, 6)]);
    code.extend([asm::addi(A0, 0, 0), asm::addi(A7, 0, EXIT as i32)]);
    code.push(asm::branch(Op::Bne, 5, 0, 12));
    // One way, and the other: as many instructions each, and the same in x5.
    let entry = 4 * at_zero.len() as u32;
    let after = entry + 4 * (code.len() as u32 + 4);
    code.extend([asm::addi(5, 0, after as i32), asm::ecall()]);
    let cycles = code.len() as u64;
    code.extend([asm::nop(), asm::jal(5, 4 - after as i32)]);
    let text = [at_zero.as_slice(), &code].concat();
    let segments = vec![
        LoadSegment::code(0, &text),
        LoadSegment::zeros(DATA, DATA_BYTES, LoadSegment::WRITABLE),
    ];
    let program = Program::from_elf(&ElfBuilder::new(entry, segments).build());
    (program.expect("a valid ELF"), cycles)
}

/// The same code and data, entered elsewhere, are another program.
fn by_image(outcome: &mut Outcome) {
    let code = asm::exit(0);
    let mut elf = ElfBuilder::program(&code);
    let one = prove(&program(&code), &[], 100);
    elf.entry += 4;
    let elsewhere = Program::from_elf(&elf.build()).expect("a valid ELF");
    let other = prove(&elsewhere, &[], 100);
    let name = "entered elsewhere";
    let expected = VerifyError::ImageId {
        expected: one.image_id,
        got: other.image_id,
    };
    expect(outcome, &one, name, &other.receipt, &expected);
    let relabelled = other.receipt.clone();
    let relabelled = Receipt {
        entry: one.receipt.entry,
        ..relabelled
    };
    let name = "entered elsewhere, and said not to be";
    expect(outcome, &one, name, &relabelled, &link(0, "pc"));
}
