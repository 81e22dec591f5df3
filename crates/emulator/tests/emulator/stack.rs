//! Where a program's stack is known, its stack pointer stays within it, or is that of another stack.

use vouch_emulator::testing::{DATA, DATA_BYTES, ElfBuilder, LoadSegment, TEXT, asm, segments};
use vouch_emulator::{ExecuteError, FaultKind, Limits, Program, SegmentLimits, execute, profile};
use vouch_isa::{Instruction, Op};

use crate::common::then;

/// A program whose writable segment is its stack, and which sets its stack pointer to the top first.
fn with_stack(code: &[Instruction]) -> Result<u32, FaultKind> {
    const PT_GNU_STACK: u32 = 0x6474_e551;
    let list = then(
        asm::li(2, DATA + DATA_BYTES),
        then(code.to_vec(), asm::exit(7)),
    );
    let mut builder = ElfBuilder::program(&list);
    let stack = LoadSegment::zeros(DATA, DATA_BYTES, LoadSegment::WRITABLE);
    builder.segments.push(LoadSegment {
        kind: PT_GNU_STACK,
        ..stack
    });
    let program = Program::from_elf(&builder.build()).expect("a good ELF");
    let result = execute(&program, &[], &Limits::default(), &mut |_, _| {});
    // Whoever watches sees the same.
    let (profiled, _) = profile(&program, &[], &Limits::default(), &mut |_, _| {});
    assert_eq!(profiled, result);
    let recorded = segments(&program, &[], &SegmentLimits::default());
    assert_eq!(recorded.map(|(run, _)| run), result);
    match result {
        Ok(run) => Ok(run.exit_code),
        Err(ExecuteError::Fault(fault)) => Err(fault.kind),
        Err(other) => panic!("expected a fault, got {other}"),
    }
}

#[test]
fn stack_pointers_within_the_stack_or_elsewhere_above() {
    let size = DATA_BYTES as i32;
    let far = asm::li(5, DATA_BYTES);
    for code in [
        // To the very bottom, and back, in one step and in two.
        then(far, [asm::r(Op::Sub, 2, 2, 5), asm::add(2, 2, 5)]),
        then(asm::li(5, (-size) as u32), [asm::add(2, 5, 2)]),
        vec![
            asm::addi(2, 2, -2048),
            asm::addi(2, 2, 2047),
            asm::addi(2, 2, 1),
        ],
        // To another stack, from this one and on it.
        then(
            asm::li(5, DATA + 0x10_0000),
            [asm::addi(2, 5, 0), asm::addi(2, 2, 2047)],
        ),
        then(asm::li(2, DATA + 0x10_0000), [asm::r(Op::Sub, 2, 2, 0)]),
        // Loaded: that of the heap, from the top word of this stack.
        then(
            then(
                asm::li(5, 0xbfff_0000),
                [asm::addi(2, 2, -4), asm::sw(5, 0, 2)],
            ),
            [asm::lw(2, 0, 2)],
        ),
    ] {
        assert_eq!(with_stack(&code), Ok(7), "{code:?}");
    }
}

#[test]
fn stack_pointers_below_the_stack_or_around_zero() {
    let overflow = |beyond| {
        let size = DATA_BYTES;
        Err(FaultKind::StackOverflow { size, beyond })
    };
    let frame = |bytes: u32| then(asm::li(5, bytes.wrapping_neg()), [asm::add(2, 2, 5)]);
    let array = |bytes: u32| then(asm::li(5, bytes), [asm::r(Op::Sub, 2, 2, 5)]);
    for bytes in [
        DATA_BYTES + 1,
        DATA_BYTES + 16,
        // To above the code, its start, 0, around that, and to anywhere above.
        DATA - TEXT + DATA_BYTES - 32,
        DATA - TEXT + DATA_BYTES,
        DATA + DATA_BYTES,
        DATA + DATA_BYTES + 4,
        0x4000_0000,
        0x8000_0000,
        0xf000_0000,
    ] {
        let beyond = bytes - DATA_BYTES;
        assert_eq!(with_stack(&frame(bytes)), overflow(beyond), "{bytes:#x}");
        assert_eq!(with_stack(&array(bytes)), overflow(beyond), "{bytes:#x}");
    }
    // Within the stack, by wrapping around.
    let wrapped = then(frame(32), array(16_u32.wrapping_neg()));
    assert_eq!(
        with_stack(&wrapped),
        overflow(DATA_BYTES.wrapping_neg() + 16)
    );
    // One frame after another.
    let mut many = vec![asm::addi(2, 2, -2048); 32];
    assert_eq!(with_stack(&many), Ok(7));
    many.push(asm::addi(2, 2, -16));
    assert_eq!(with_stack(&many), overflow(16));
    // By other instructions, from wherever.
    for code in [
        vec![asm::addi(2, 0, 0)],
        then(asm::li(5, DATA - 4), [asm::addi(2, 5, 0)]),
        then(
            asm::li(5, DATA + 0x10_0000),
            [asm::addi(2, 5, 0), asm::lw(2, 0, 2)],
        ),
        vec![asm::addi(2, 2, -4), asm::lw(2, 0, 2)],
        vec![asm::r(Op::And, 2, 2, 0)],
        vec![asm::jal(2, 4)],
    ] {
        let result = with_stack(&code);
        let expected = match code.len() {
            4 => matches!(result, Err(FaultKind::Unmapped { .. })),
            _ => matches!(result, Err(FaultKind::StackOverflow { .. })),
        };
        assert!(expected, "{code:?}: {result:?}");
    }
    // A program whose stack is not known may do as it likes.
    assert!(crate::common::run(&then([asm::addi(2, 0, 1)], asm::exit(0))).is_ok());
}

#[test]
fn a_stack_overflow_says_how_much_is_missing() {
    let kind = FaultKind::StackOverflow {
        size: 4096,
        beyond: 100,
    };
    let expected = "stack overflow: the stack has 4096 bytes, and 100 bytes more are needed; \
                    the linker argument --defsym=__stack_size=BYTES sets its size";
    assert_eq!(kind.to_string(), expected);
}
