//! Every way in which an ELF is refused.

use vouch_emulator::testing::{DATA, ElfBuilder, LoadSegment, TEXT, asm};
use vouch_emulator::{ElfError, MAX_LOAD_BYTES, Program};
use vouch_isa::memory::MEMORY_END;

const E_TYPE: usize = 16;
const E_MACHINE: usize = 18;
const E_VERSION: usize = 20;
const E_PHOFF: usize = 28;
const E_PHENTSIZE: usize = 42;
const E_PHNUM: usize = 44;
/// First program header, of the text; its offset, file size and memory size.
const PH: usize = 52;
const P_OFFSET: usize = PH + 4;
const P_FILESZ: usize = PH + 16;

fn builder() -> ElfBuilder {
    ElfBuilder::program(&asm::exit(0))
}

fn with_segments(segments: Vec<LoadSegment>) -> ElfBuilder {
    ElfBuilder::new(TEXT, segments)
}

fn code() -> LoadSegment {
    LoadSegment::code(TEXT, &asm::exit(0))
}

fn refusal(file: &[u8]) -> ElfError {
    Program::from_elf(file).expect_err("the file is to be refused")
}

/// The refusal of a good file with some bytes replaced.
fn patched(at: usize, bytes: &[u8]) -> ElfError {
    let mut file = builder().build();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    refusal(&file)
}

#[test]
fn the_unpatched_file_loads() {
    assert!(Program::from_elf(&builder().build()).is_ok());
}

#[test]
fn not_an_elf() {
    let expected = 52;
    assert_eq!(refusal(&[]), ElfError::TooShort { expected, got: 0 });
    let file = &builder().build()[..51];
    assert_eq!(refusal(file), ElfError::TooShort { expected, got: 51 });
    let got = *b"\x7fELG";
    assert_eq!(patched(0, &got), ElfError::NotElf { got });
    // Shorter than a header, and plainly something else.
    let got = *b"hell";
    assert_eq!(refusal(b"hello"), ElfError::NotElf { got });
}

#[test]
fn for_another_machine() {
    assert_eq!(patched(4, &[2]), ElfError::Class { got: 2 });
    assert_eq!(patched(5, &[2]), ElfError::ByteOrder { got: 2 });
    assert_eq!(patched(5, &[0]), ElfError::ByteOrder { got: 0 });
    assert_eq!(patched(E_VERSION, &[7]), ElfError::Version { got: 7 });
    assert_eq!(patched(E_MACHINE, &[62, 0]), ElfError::Machine { got: 62 });
    assert_eq!(patched(E_TYPE, &[3, 0]), ElfError::FileType { got: 3 });
}

#[test]
fn for_another_variant_of_risc_v() {
    let with_flags = |flags| {
        let builder = ElfBuilder { flags, ..builder() };
        Program::from_elf(&builder.build()).err()
    };
    assert_eq!(with_flags(0x2), Some(ElfError::FloatAbi { flags: 2 }));
    assert_eq!(with_flags(0x4), Some(ElfError::FloatAbi { flags: 4 }));
    assert_eq!(with_flags(0x8), Some(ElfError::Embedded { flags: 8 }));
    assert_eq!(
        with_flags(0x20),
        Some(ElfError::UnknownFlags { flags: 0x20 })
    );
    assert_eq!(with_flags(0x10), None);
}

#[test]
fn program_headers_outside_the_file() {
    let got = 31;
    assert_eq!(
        patched(E_PHENTSIZE, &[31, 0]),
        ElfError::ProgramHeaderSize { got }
    );
    let file = builder().build().len();
    let count = u16::MAX;
    let error = ElfError::ProgramHeaders {
        offset: 52,
        count,
        file,
    };
    assert_eq!(patched(E_PHNUM, &[0xff; 2]), error);
    let offset = u32::MAX;
    let error = ElfError::ProgramHeaders {
        offset,
        count: 2,
        file,
    };
    assert_eq!(patched(E_PHOFF, &[0xff; 4]), error);
}

#[test]
fn dynamically_linked() {
    const PT_DYNAMIC: u8 = 2;
    const PT_INTERP: u8 = 3;
    assert_eq!(patched(PH, &[PT_DYNAMIC]), ElfError::Dynamic);
    assert_eq!(patched(PH, &[PT_INTERP]), ElfError::Dynamic);
}

#[test]
fn segment_data_outside_the_file() {
    let file = builder().build().len();
    let size = 16;
    for offset in [file as u32 - 15, u32::MAX] {
        let error = ElfError::FileRange {
            address: TEXT,
            offset,
            size,
            file,
        };
        assert_eq!(patched(P_OFFSET, &offset.to_le_bytes()), error);
    }
    let (file_size, memory_size) = (17, 16);
    let error = ElfError::FileSize {
        address: TEXT,
        file_size,
        memory_size,
    };
    assert_eq!(patched(P_FILESZ, &[17]), error);
}

#[test]
fn file_bytes_used_again_and_again() {
    let segment =
        |i: u32| LoadSegment::new(DATA + 0x1_0000 * i, vec![1; 64], LoadSegment::CONSTANTS);
    let mut segments = vec![code()];
    segments.extend((0..8).map(segment));
    let builder = with_segments(segments);
    let mut file = builder.build();
    // Let every constant segment start at the file's start and take half of it.
    let size = file.len() as u32 / 2;
    for i in 1..9 {
        let header = PH + 32 * i;
        file[header + 4..header + 8].fill(0);
        file[header + 16..header + 20].copy_from_slice(&size.to_le_bytes());
        file[header + 20..header + 24].copy_from_slice(&size.to_le_bytes());
    }
    let total = u64::from(size) * 8 + 16;
    let error = ElfError::SharedFileBytes {
        total,
        file: file.len(),
    };
    assert_eq!(refusal(&file), error);
}

#[test]
fn addresses_out_of_range() {
    for (address, size) in [
        (MEMORY_END, 1),
        (MEMORY_END - 4, 5),
        (0xffff_fffc, 8),
        (0, u32::MAX),
    ] {
        let segment = LoadSegment::zeros(address, size, LoadSegment::CONSTANTS);
        let error = ElfError::AddressRange {
            address,
            size,
            end: MEMORY_END,
        };
        assert_eq!(
            refusal(&with_segments(vec![code(), segment]).build()),
            error
        );
    }
    let last = LoadSegment::zeros(MEMORY_END - 4, 4, LoadSegment::WRITABLE);
    assert!(Program::from_elf(&with_segments(vec![code(), last]).build()).is_ok());
}

#[test]
fn too_much_memory() {
    let zeros = |size| LoadSegment::zeros(DATA, size, LoadSegment::WRITABLE);
    let most = MAX_LOAD_BYTES as u32 - 16;
    assert!(Program::from_elf(&with_segments(vec![code(), zeros(most)]).build()).is_ok());
    let error = ElfError::MemorySize {
        total: MAX_LOAD_BYTES + 4,
        limit: MAX_LOAD_BYTES,
    };
    assert_eq!(
        refusal(&with_segments(vec![code(), zeros(most + 1)]).build()),
        error
    );
}

#[test]
fn overlapping_segments() {
    let zeros = |address, size| LoadSegment::zeros(address, size, LoadSegment::WRITABLE);
    let overlap = |a, b| refusal(&with_segments(vec![code(), a, b]).build());
    let (first, second) = (DATA, DATA + 8);
    let error = ElfError::Overlap { first, second };
    assert_eq!(overlap(zeros(DATA + 8, 4), zeros(DATA, 9)), error);
    // Not a byte in common, but a word.
    let second = DATA + 5;
    let error = ElfError::Overlap { first, second };
    assert_eq!(overlap(zeros(DATA, 5), zeros(DATA + 5, 4)), error);
    let second = DATA;
    let error = ElfError::Overlap { first, second };
    assert_eq!(overlap(zeros(DATA, 4), zeros(DATA, 4)), error);
}

#[test]
fn code_segments_other_than_one() {
    let zeros = LoadSegment::zeros(DATA, 4, LoadSegment::WRITABLE);
    assert_eq!(
        refusal(&with_segments(vec![zeros]).build()),
        ElfError::NoCode
    );
    assert_eq!(refusal(&with_segments(vec![]).build()), ElfError::NoCode);
    let other = LoadSegment::code(DATA, &asm::exit(0));
    let (first, second) = (TEXT, DATA);
    let error = ElfError::SeveralCode { first, second };
    assert_eq!(refusal(&with_segments(vec![other, code()]).build()), error);
}

#[test]
fn code_that_can_change() {
    let flags = LoadSegment::CODE | LoadSegment::WRITABLE;
    let both = LoadSegment { flags, ..code() };
    let error = ElfError::WritableCode { address: TEXT };
    assert_eq!(refusal(&with_segments(vec![both]).build()), error);
    let code_end = TEXT + 16;
    for address in [0, TEXT - 4, TEXT, TEXT + 15] {
        let data = LoadSegment::zeros(address, 4, LoadSegment::WRITABLE);
        let error = ElfError::WritableBelowCode { address, code_end };
        assert_eq!(refusal(&with_segments(vec![code(), data]).build()), error);
    }
    let data = LoadSegment::zeros(code_end, 4, LoadSegment::WRITABLE);
    assert!(Program::from_elf(&with_segments(vec![code(), data]).build()).is_ok());
}

#[test]
fn misaligned_code_or_entry() {
    let address = TEXT + 2;
    let shifted = LoadSegment::code(address, &asm::exit(0));
    let error = ElfError::MisalignedCode { address };
    assert_eq!(refusal(&with_segments(vec![shifted]).build()), error);
    let (start, end) = (TEXT, TEXT + 16);
    let with_entry = |entry| refusal(&ElfBuilder { entry, ..builder() }.build());
    let entry = TEXT + 2;
    assert_eq!(with_entry(entry), ElfError::MisalignedEntry { entry });
    for entry in [0, TEXT - 4, TEXT + 16, DATA] {
        assert_eq!(
            with_entry(entry),
            ElfError::EntryOutsideCode { entry, start, end }
        );
    }
}

/// `.option rvc` sets the flag, whatever is written under it.
#[test]
fn flags_that_claim_compressed_code() {
    let with_word = |word: u32, flags| {
        let mut text = code();
        text.data.extend(word.to_le_bytes());
        // Zeros after the code, in the file and not, are no code.
        text.data.extend([0; 8]);
        text.memory_size = text.data.len() as u32 + 8;
        let builder = with_segments(vec![text]);
        Program::from_elf(&ElfBuilder { flags, ..builder }.build())
    };
    // nop, and no instruction at all but as long as one
    for word in [0x0000_0013, u32::MAX] {
        assert!(with_word(word, 1).is_ok(), "{word:#010x}");
    }
    // c.nop before and after the half of something, c.addi sp, -32
    for word in [0x0013_0001, 0x1101_0001, 0x0000_1101] {
        let error = ElfError::Compressed {
            flags: 1,
            word,
            address: TEXT + 16,
        };
        assert_eq!(with_word(word, 1).expect_err("compressed"), error);
        // Without the flag it is data, until it is executed.
        assert!(with_word(word, 0).is_ok());
    }
    // A half-word at the end.
    let mut text = code();
    text.data.extend([1, 0]);
    text.memory_size += 2;
    let builder = with_segments(vec![text]);
    assert!(matches!(
        refusal(
            &ElfBuilder {
                flags: 1,
                ..builder
            }
            .build()
        ),
        ElfError::Compressed { word: 1, .. }
    ));
}

#[test]
fn messages_say_what_was_found() {
    for (error, part) in [
        (
            refusal(b"\x7fEL"),
            "not an ELF file: its header takes 52 bytes, the file has 3",
        ),
        (
            refusal(b"#!/bin/sh\n"),
            "not an ELF file: it starts with [23, 21, 2f, 62], not 7f 45 4c 46; this is a script",
        ),
        (refusal(b"R0BF...."), "built for another zkVM"),
        (refusal(b"!<arch>\n"), "an archive of object files"),
        (refusal(b"\0asm\x01\0\0\0"), "WebAssembly"),
        (
            patched(4, &[2]),
            "got class 2, 64-bit; build for riscv32im-unknown-none-elf",
        ),
        (patched(5, &[2]), "got data 2, big-endian"),
        (
            patched(E_MACHINE, &[62, 0]),
            "expected a RISC-V ELF (machine 243), got machine 62, x86: built for a PC",
        ),
        (patched(E_MACHINE, &[183, 0]), "got machine 183, ARM"),
        (patched(E_MACHINE, &[8, 0]), "got machine 8, MIPS"),
        (
            patched(E_TYPE, &[1, 0]),
            "got type 1, an object file: link it",
        ),
        (
            patched(E_TYPE, &[3, 0]),
            "got type 3, a shared library or position-independent",
        ),
        (patched(E_TYPE, &[4, 0]), "got type 4, a core dump"),
        (patched(E_TYPE, &[9, 0]), "got type 9"),
    ] {
        let text = error.to_string();
        assert!(text.contains(part), "{text}");
    }
    let error = ElfError::WritableBelowCode {
        address: 4,
        code_end: 16,
    };
    assert!(
        error
            .to_string()
            .contains("writable memory must lie above the code")
    );
}
