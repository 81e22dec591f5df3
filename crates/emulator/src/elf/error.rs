use goblin::elf32::header::{
    EM_386, EM_AARCH64, EM_ARM, EM_MIPS, EM_X86_64, ET_CORE, ET_DYN, ET_REL,
};
use thiserror::Error;

/// Why an ELF was refused. Addresses, offsets and sizes are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ElfError {
    /// Shorter than an ELF header.
    #[error("not an ELF file: its header takes {expected} bytes, the file has {got}")]
    TooShort {
        /// Size of the header.
        expected: usize,
        /// Size of the file.
        got: usize,
    },
    /// No ELF at all.
    #[error(
        "not an ELF file: it starts with {got:02x?}, not 7f 45 4c 46{}",
        of_another(got)
    )]
    NotElf {
        /// First bytes of the file.
        got: [u8; 4],
    },
    /// `EI_CLASS`
    #[error(
        "expected a 32-bit ELF (class 1), got class {got}{}; \
         build for riscv32im-unknown-none-elf, as `vouch build` does",
        if *got == 2 { ", 64-bit" } else { "" }
    )]
    Class {
        /// Found.
        got: u8,
    },
    /// `EI_DATA`
    #[error(
        "expected a little-endian ELF (data 1), got data {got}{}",
        if *got == 2 { ", big-endian" } else { "" }
    )]
    ByteOrder {
        /// Found.
        got: u8,
    },
    /// `e_version`
    #[error("expected ELF version 1, got {got}")]
    Version {
        /// Found.
        got: u32,
    },
    /// `e_machine`
    #[error("expected a RISC-V ELF (machine 243), got machine {got}{}", machine_name(*got))]
    Machine {
        /// Found.
        got: u16,
    },
    /// `e_type`
    #[error("expected a static executable (type 2, ET_EXEC), got type {got}{}", type_name(*got))]
    FileType {
        /// Found.
        got: u16,
    },
    /// `EF_RISCV_RVC`, and the code bears it out.
    #[error(
        "the code uses compressed instructions (e_flags {flags:#x}, {word:#010x} at {address:#010x}); \
         build for rv32im"
    )]
    Compressed {
        /// `e_flags`
        flags: u32,
        /// The first word that is no instruction of 32 bits.
        word: u32,
        /// Its address.
        address: u32,
    },
    /// `EF_RISCV_FLOAT_ABI`
    #[error("the code passes floats in registers (e_flags {flags:#x}); build for ilp32")]
    FloatAbi {
        /// `e_flags`
        flags: u32,
    },
    /// `EF_RISCV_RVE`
    #[error("the code is for 16 registers (e_flags {flags:#x}); build for rv32im")]
    Embedded {
        /// `e_flags`
        flags: u32,
    },
    /// A flag without a known meaning.
    #[error("e_flags {flags:#x} has unknown bits")]
    UnknownFlags {
        /// `e_flags`
        flags: u32,
    },
    /// `e_phentsize`
    #[error("expected program headers of 32 bytes, got {got}")]
    ProgramHeaderSize {
        /// Found.
        got: u16,
    },
    /// The program headers are not all in the file.
    #[error("{count} program headers at offset {offset} do not fit in a file of {file} bytes")]
    ProgramHeaders {
        /// `e_phoff`
        offset: u32,
        /// `e_phnum`
        count: u16,
        /// Size of the file.
        file: usize,
    },
    /// `PT_INTERP` or `PT_DYNAMIC`
    #[error(
        "expected a static executable, got one that is linked at run time (PT_INTERP or PT_DYNAMIC); \
         link with -static and -no-pie"
    )]
    Dynamic,
    /// A segment's bytes are not all in the file.
    #[error(
        "the segment at {address:#010x} takes {size} bytes at offset {offset} of a file of {file} bytes"
    )]
    FileRange {
        /// `p_vaddr`
        address: u32,
        /// `p_offset`
        offset: u32,
        /// `p_filesz`
        size: u32,
        /// Size of the file.
        file: usize,
    },
    /// Segments use the same bytes of the file again and again.
    #[error("the segments take {total} bytes from a file of {file}")]
    SharedFileBytes {
        /// Sum of `p_filesz`.
        total: u64,
        /// Size of the file.
        file: usize,
    },
    /// `p_filesz > p_memsz`
    #[error(
        "the segment at {address:#010x} has {file_size} bytes in the file and only {memory_size} in memory"
    )]
    FileSize {
        /// `p_vaddr`
        address: u32,
        /// `p_filesz`
        file_size: u32,
        /// `p_memsz`
        memory_size: u32,
    },
    /// A segment reaches beyond the memory that guests may use.
    #[error("the segment of {size} bytes at {address:#010x} ends above {end:#010x}")]
    AddressRange {
        /// `p_vaddr`
        address: u32,
        /// `p_memsz`
        size: u32,
        /// [`vouch_isa::memory::MEMORY_END`]
        end: u32,
    },
    /// The segments are too large together.
    #[error("the segments take {total} bytes of memory, more than {limit}")]
    MemorySize {
        /// Sum of `p_memsz`, rounded to words.
        total: u64,
        /// [`crate::MAX_LOAD_BYTES`]
        limit: u64,
    },
    /// Two segments overlap, or one begins in the word in which the other ends.
    #[error("the segments at {first:#010x} and {second:#010x} overlap or share a word")]
    Overlap {
        /// Address of the lower one.
        first: u32,
        /// Address of the higher one.
        second: u32,
    },
    /// A segment that is both writable and executable.
    #[error("the segment at {address:#010x} is both writable and executable")]
    WritableCode {
        /// `p_vaddr`
        address: u32,
    },
    /// No executable segment.
    #[error("no segment is executable")]
    NoCode,
    /// More than one executable segment.
    #[error("the segments at {first:#010x} and {second:#010x} are both executable, expected one")]
    SeveralCode {
        /// `p_vaddr` of one.
        first: u32,
        /// `p_vaddr` of another.
        second: u32,
    },
    /// The executable segment does not begin at a word.
    #[error("the executable segment begins at {address:#010x}, which is not a multiple of 4")]
    MisalignedCode {
        /// `p_vaddr`
        address: u32,
    },
    /// A writable segment below the end of the code.
    #[error(
        "the writable segment at {address:#010x} begins below the end of the code at \
         {code_end:#010x}; writable memory must lie above the code"
    )]
    WritableBelowCode {
        /// `p_vaddr`
        address: u32,
        /// End of the executable range.
        code_end: u32,
    },
    /// The entry is no multiple of 4.
    #[error("the entry {entry:#010x} is not a multiple of 4")]
    MisalignedEntry {
        /// `e_entry`
        entry: u32,
    },
    /// The entry is not in the executable range.
    #[error("the entry {entry:#010x} is not in the executable range {start:#010x}..{end:#010x}")]
    EntryOutsideCode {
        /// `e_entry`
        entry: u32,
        /// First byte of the range.
        start: u32,
        /// First byte after it.
        end: u32,
    },
}

/// Formats that are not ELF and that people have at hand where they have guests.
fn of_another(start: &[u8; 4]) -> &'static str {
    match start {
        b"R0BF" => "; this is a program of RISC Zero, built for another zkVM",
        b"\0asm" => "; this is WebAssembly",
        b"!<ar" => "; this is an archive of object files, not a program",
        [b'#', b'!', ..] => "; this is a script",
        _ => "",
    }
}

fn machine_name(machine: u16) -> &'static str {
    match machine {
        EM_386 | EM_X86_64 => ", x86: built for a PC, not for Vouch; `vouch build` builds guests",
        EM_ARM | EM_AARCH64 => ", ARM: `vouch build` builds guests",
        EM_MIPS => ", MIPS, as some other zkVMs have it: `vouch build` builds guests",
        _ => "",
    }
}

fn type_name(kind: u16) -> &'static str {
    match kind {
        ET_REL => ", an object file: link it with link.ld",
        ET_DYN => ", a shared library or position-independent: link with -static and -no-pie",
        ET_CORE => ", a core dump",
        _ => "",
    }
}
