//! Every way in which a guest goes wrong.

use vouch_emulator::testing::{DATA, DATA_BYTES, ElfBuilder, LoadSegment, TEXT, asm, program};
use vouch_emulator::{ExecuteError, FaultKind, Foreign, GuestFault, Limits, Program, execute};
use vouch_isa::abi::{FD_JOURNAL, READ, WRITE};
use vouch_isa::{Op, encode};

use crate::common::{fault, fault_kind, then};

fn fault_of(program: &Program) -> GuestFault {
    match execute(program, &[], &Limits::default(), &mut |_, _| {}) {
        Err(ExecuteError::Fault(fault)) => fault,
        other => panic!("expected a fault, got {other:?}"),
    }
}

/// A program with one word that does not decode after its first instruction.
fn with_word(word: u32) -> ElfBuilder {
    let mut builder = ElfBuilder::program(&[asm::nop(), asm::nop()]);
    builder.segments[0].data[4..8].copy_from_slice(&word.to_le_bytes());
    builder
}

#[test]
fn illegal_instruction() {
    // ADDI with other fixed bits than SLLI has, and an opcode that is nobody's.
    for word in [0, u32::MAX, 0xffff_0000, 0xfe00_1013, 0x0000_006b] {
        let program = Program::from_elf(&with_word(word).build()).expect("a good ELF");
        let expected = GuestFault {
            kind: FaultKind::IllegalInstruction,
            pc: TEXT + 4,
            instruction: Some(word),
            symbol: None,
        };
        assert_eq!(fault_of(&program), expected);
    }
}

#[test]
fn instructions_of_other_machines_are_named() {
    let csr = |csr| Foreign::Csr { csr };
    let custom = |opcode| Foreign::Custom { opcode };
    for (word, kind, part) in [
        // csrrci t0, mstatus, 8; csrw fcsr, zero; rdcycle t0
        (0x3004_72f3, csr(0x300), "CSR access (CSR 0x300)"),
        (0x0030_1073, csr(0x003), "CSR access (CSR 0x003)"),
        (0xc000_22f3, csr(0xc00), "docs/guests.md"),
        (
            0xc000_1073,
            Foreign::Unimp,
            "To end a guest with an exit code: vouch_guest::exit",
        ),
        // mret, wfi
        (0x3020_0073, Foreign::Privileged, "privileged"),
        (0x1050_0073, Foreign::Privileged, "privileged"),
        // lr.w, amoadd.w, sc.d
        (0x1005_22af, Foreign::Atomic, "atomic (A extension)"),
        (0x00b5_22af, Foreign::Atomic, "atomic (A extension)"),
        (0x18b5_32af, Foreign::Atomic, "atomic (A extension)"),
        // flw, fsd, fadd.s, fmadd.s
        (0x0005_2507, Foreign::Float, "floating point"),
        (0x00a5_3027, Foreign::Float, "floating point"),
        (0x00b5_7553, Foreign::Float, "floating point"),
        (0x60b5_7543, Foreign::Float, "floating point"),
        // vsetvli, vle32.v
        (0x0d05_72d7, Foreign::Vector, "vector"),
        (0x0205_6407, Foreign::Vector, "vector"),
        (0x0000_100f, Foreign::FenceI, "FENCE.I"),
        // addiw, addw, ld, lwu, sd
        (0x0015_051b, Foreign::Rv64, "64-bit RISC-V"),
        (0x00b5_053b, Foreign::Rv64, "64-bit RISC-V"),
        (0x0005_3503, Foreign::Rv64, "64-bit RISC-V"),
        (0x0005_6503, Foreign::Rv64, "64-bit RISC-V"),
        (0x00a5_3023, Foreign::Rv64, "64-bit RISC-V"),
        (0x0000_000b, custom(0x0b), "opcode 0x0b"),
        (0x0000_007b, custom(0x7b), "some other machine"),
        // c.li a0, 0; c.addi sp, -32 with something behind it
        (0x0000_4501, Foreign::Compressed, "compressed (C extension)"),
        (0xce06_1101, Foreign::Compressed, "build for rv32im"),
    ] {
        let program = Program::from_elf(&with_word(word).build()).expect("a good ELF");
        let fault = fault_of(&program);
        assert_eq!(fault.kind, FaultKind::Foreign(kind), "{word:#010x}");
        assert_eq!(fault.instruction, Some(word));
        assert!(fault.to_string().contains(part), "{fault}");
    }
}

/// Symbols are anything that the ELF says.
#[test]
fn symbols_are_shown_as_in_profiles() {
    for (name, shown) in [
        (
            "_RNvCs3xEEhjiFucf_13guest_runtime13exhaust_stack",
            "guest_runtime::exhaust_stack",
        ),
        ("_ZN3foo3bar17h0123456789abcdefE", "foo::bar"),
        // As the ELF has it: C++ is not demangled.
        ("_ZN3foo3barEv", "_ZN3foo3barEv"),
        ("\u{1b}[2Jmain\r\n", "?[2Jmain??"),
        ("a\u{202e}b\u{200b}c", "a?b?c"),
        (" ", "?"),
        (&"long".repeat(1000), &format!("{}…", "long".repeat(40))),
    ] {
        let mut builder = with_word(0);
        builder.functions = vec![(name.into(), TEXT, 0)];
        let program = Program::from_elf(&builder.build()).expect("a good ELF");
        let symbol = fault_of(&program).symbol.expect("a function");
        assert_eq!(symbol, format!("{shown}+0x4"), "{name:?}");
    }
}

#[test]
fn an_illegal_instruction_that_is_not_executed_does_no_harm() {
    let mut list = vec![asm::jal(0, 8), asm::nop()];
    list.extend(asm::exit(1));
    let mut builder = ElfBuilder::program(&list);
    builder.segments[0].data[4..8].fill(0);
    let program = Program::from_elf(&builder.build()).expect("a good ELF");
    assert!(execute(&program, &[], &Limits::default(), &mut |_, _| {}).is_ok());
}

#[test]
fn messages_name_place_and_rule() {
    let mut builder = with_word(0);
    builder.functions = vec![("main".into(), TEXT, 0)];
    let program = Program::from_elf(&builder.build()).expect("a good ELF");
    let fault = fault_of(&program);
    assert_eq!(
        fault.to_string(),
        "guest fault at pc 0x00010004 (main+0x4), instruction 0x00000000: illegal instruction"
    );
    assert_eq!(
        ExecuteError::from(fault.clone()).to_string(),
        fault.to_string()
    );
}

#[test]
fn breakpoint() {
    let fault = fault(&[asm::ebreak()]);
    assert_eq!(fault.kind, FaultKind::Breakpoint);
    assert_eq!(fault.instruction, Some(0x0010_0073));
}

#[test]
fn outside_the_text() {
    let past_the_end = fault(&[asm::nop()]);
    let expected = GuestFault {
        kind: FaultKind::OutsideText,
        pc: TEXT + 4,
        instruction: None,
        symbol: None,
    };
    assert_eq!(past_the_end, expected);
    assert_eq!(
        past_the_end.to_string(),
        "guest fault at pc 0x00010004: not in the executable range"
    );
    for target in [0, TEXT - 4, DATA, 0xffff_fffc] {
        let fault = fault(&then(asm::li(6, target), [asm::jalr(1, 0, 6)]));
        assert_eq!((fault.kind, fault.pc), (FaultKind::OutsideText, target));
    }
    let fault = fault(&[asm::jal(0, -8)]);
    assert_eq!((fault.kind, fault.pc), (FaultKind::OutsideText, TEXT - 8));
}

#[test]
fn zeros_after_the_code_in_the_file_are_illegal() {
    let mut text = LoadSegment::code(TEXT, &[asm::nop()]);
    text.memory_size += 64;
    let elf = ElfBuilder::new(TEXT, vec![text]).build();
    let fault = fault_of(&Program::from_elf(&elf).expect("a good ELF"));
    let found = (fault.kind, fault.pc, fault.instruction);
    assert_eq!(found, (FaultKind::IllegalInstruction, TEXT + 4, Some(0)));
}

#[test]
fn misaligned_jump() {
    let target = TEXT + 6;
    let kind = FaultKind::MisalignedJump { target };
    let fault = fault(&[asm::jal(1, 6)]);
    // The jump is to blame, not its target.
    assert_eq!((fault.kind, fault.pc), (kind, TEXT));
    assert_eq!(fault_kind(&[asm::branch(Op::Beq, 0, 0, 6)]), kind);
    let jalr = then(asm::li(6, target), [asm::jalr(1, 0, 6)]);
    assert_eq!(fault_kind(&jalr), kind);
    // A branch that is not taken has no target.
    let not_taken = then([asm::branch(Op::Bne, 0, 0, 6)], asm::exit(0));
    assert!(crate::common::run(&not_taken).is_ok());
}

#[test]
fn misaligned_access() {
    let cases = [
        (asm::lw(5, 1, 6), 1, 4),
        (asm::lw(5, 2, 6), 2, 4),
        (asm::sw(5, 3, 6), 3, 4),
        (asm::load(Op::Lh, 5, 1, 6), 1, 2),
        (asm::load(Op::Lhu, 5, 3, 6), 3, 2),
        (asm::store(Op::Sh, 5, 1, 6), 1, 2),
    ];
    for (access, offset, size) in cases {
        let address = DATA + offset;
        let kind = FaultKind::MisalignedAccess { address, size };
        assert_eq!(fault_kind(&then(asm::li(6, DATA), [access])), kind);
    }
}

#[test]
fn unmapped_access() {
    for address in [
        0,
        TEXT - 4,
        DATA - 4,
        DATA + DATA_BYTES,
        0xbfff_fffc,
        0xc000_0000,
        0xffff_fffc,
    ] {
        for access in [
            asm::lw(5, 0, 6),
            asm::sw(5, 0, 6),
            asm::load(Op::Lb, 5, 0, 6),
        ] {
            let list = then(asm::li(6, address), [access]);
            assert_eq!(
                fault_kind(&list),
                FaultKind::Unmapped { address },
                "{access:?}"
            );
        }
    }
}

#[test]
fn mapping_is_exact_to_the_word() {
    // Three segments in one page.
    let text = LoadSegment::code(TEXT, &[]);
    let zeros = |address, size| LoadSegment::zeros(address, size, LoadSegment::WRITABLE);
    let constants = LoadSegment::zeros(DATA + 16, 4, LoadSegment::CONSTANTS);
    let run = |access| {
        let list = then(asm::li(6, DATA), then([access], asm::exit(0)));
        let code = LoadSegment::code(text.address, &list);
        let segments = vec![code, zeros(DATA, 5), constants.clone(), zeros(DATA + 24, 8)];
        let elf = ElfBuilder::new(TEXT, segments).build();
        let program = Program::from_elf(&elf).expect("a good ELF");
        match execute(&program, &[], &Limits::default(), &mut |_, _| {}) {
            Ok(_) => None,
            Err(ExecuteError::Fault(fault)) => Some(fault.kind),
            Err(other) => panic!("expected a fault, got {other}"),
        }
    };
    for (offset, load, store) in [
        (0, true, true),
        (4, true, true),
        (8, false, false),
        (12, false, false),
        (16, true, false),
        (20, false, false),
        (24, true, true),
        (28, true, true),
        (32, false, false),
    ] {
        let address = DATA + offset as u32;
        let unmapped = Some(FaultKind::Unmapped { address });
        let not_writable = Some(FaultKind::NotWritable { address });
        assert_eq!(run(asm::lw(5, offset, 6)), unmapped.filter(|_| !load));
        let expected = if load { not_writable } else { unmapped };
        assert_eq!(run(asm::sw(5, offset, 6)), expected.filter(|_| !store));
    }
}

#[test]
fn store_to_code() {
    let address = TEXT + 8;
    let list = then(asm::li(6, address), [asm::store(Op::Sb, 5, 0, 6)]);
    let fault = fault(&list);
    assert_eq!(fault.kind, FaultKind::NotWritable { address });
    assert_eq!(fault.instruction, Some(encode(&list[2])));
}

#[test]
fn unknown_call() {
    for number in [0, 1, 92, 0xfff, u32::MAX] {
        let kind = FaultKind::UnknownCall { number };
        assert_eq!(fault_kind(&asm::call(number, 0, DATA, 0)), kind);
        // As people look numbers up: those of accelerators are hexadecimal everywhere.
        let text = kind.to_string();
        assert!(text.contains(&format!("{number} ({number:#x})")), "{text}");
    }
}

#[test]
fn bad_descriptor() {
    for (number, descriptors) in [(READ, [1, 3, u32::MAX]), (WRITE, [0, 4, u32::MAX])] {
        for descriptor in descriptors {
            let kind = FaultKind::BadDescriptor { number, descriptor };
            assert_eq!(fault_kind(&asm::call(number, descriptor, DATA, 4)), kind);
        }
    }
}

#[test]
fn misaligned_buffer() {
    for address in [DATA + 1, DATA + 2, DATA + 3] {
        for length in [0, 4] {
            let kind = FaultKind::MisalignedBuffer { address };
            assert_eq!(fault_kind(&asm::read(address, length)), kind);
            assert_eq!(fault_kind(&asm::journal(address, length)), kind);
        }
    }
}

#[test]
fn bad_buffer() {
    let bad = |address, length, writable| FaultKind::BadBuffer {
        address,
        length,
        writable,
    };
    let last = DATA + DATA_BYTES - 4;
    for (address, length) in [
        (DATA - 4, 8),
        (last, 5),
        (0, 4),
        (DATA, u32::MAX),
        (0xffff_fffc, 4),
        // Empty, and beyond all memory even so.
        (0xffff_fffc, 0),
        (0xc000_0004, 0),
    ] {
        // Faults although there is no input: the whole buffer counts.
        assert_eq!(
            fault_kind(&asm::read(address, length)),
            bad(address, length, true)
        );
        let journal = asm::journal(address, length);
        assert_eq!(fault_kind(&journal), bad(address, length, false));
    }
    assert_eq!(fault_kind(&asm::read(TEXT, 4)), bad(TEXT, 4, true));
    let console = asm::write(1, last + 1, 4);
    assert_eq!(fault_kind(&console), bad(last + 1, 4, false));
}

#[test]
fn a_fault_in_a_call_is_the_ecalls() {
    let list = asm::write(FD_JOURNAL + 1, DATA, 0);
    let fault = fault(&list);
    assert_eq!(fault.pc, TEXT + 4 * (list.len() as u32 - 1));
    assert_eq!(fault.instruction, Some(encode(&asm::ecall())));
}

#[test]
fn a_run_that_faults_leaves_the_program_as_it_was() {
    let program = program(&then(asm::li(6, DATA), [asm::sw(6, 0, 6), asm::ebreak()]));
    assert_eq!(fault_of(&program), fault_of(&program));
}
