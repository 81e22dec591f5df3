//! The ELF header: is this a program for our machine?

use goblin::elf32::header::{
    EI_CLASS, EI_DATA, ELFCLASS32, ELFDATA2LSB, ELFMAG, EM_RISCV, ET_EXEC, Header as RawHeader,
    SIZEOF_EHDR,
};
use scroll::Pread;

use super::ElfError;

/// `e_flags` of RISC-V (ELF psABI, chapter "File Header").
const EF_RISCV_RVC: u32 = 0x1;
const EF_RISCV_FLOAT_ABI: u32 = 0x6;
const EF_RISCV_RVE: u32 = 0x8;
/// Asks for a stronger memory order; with one hart there is only one order.
const EF_RISCV_TSO: u32 = 0x10;

/// What the loader needs of an ELF header that has passed every check on the header alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    /// Byte address of the first instruction.
    pub entry: u32,
    /// File offset of the program headers.
    pub program_headers: u32,
    /// Number of program headers.
    pub program_header_count: u16,
    /// File offset of the section headers.
    pub section_headers: u32,
    /// Number of section headers.
    pub section_header_count: u16,
    /// Index of the section with the sections' names.
    pub section_names: u16,
    /// `e_flags`, if they claim compressed instructions. Assemblers set that bit for a file in
    /// which none was ever written, so the code has the last word.
    pub compressed: Option<u32>,
}

impl Header {
    /// Parses and checks the header.
    pub fn parse(file: &[u8]) -> Result<Self, ElfError> {
        if let Some(got) = file.first_chunk::<4>()
            && got != ELFMAG
        {
            return Err(ElfError::NotElf { got: *got });
        }
        let Some(bytes) = file.first_chunk::<SIZEOF_EHDR>() else {
            return Err(ElfError::TooShort {
                expected: SIZEOF_EHDR,
                got: file.len(),
            });
        };
        if bytes[EI_CLASS] != ELFCLASS32 {
            let got = bytes[EI_CLASS];
            return Err(ElfError::Class { got });
        }
        let got = bytes[EI_DATA];
        if got != ELFDATA2LSB {
            return Err(ElfError::ByteOrder { got });
        }
        // With the length and the byte order known to be right, nothing else can fail.
        let raw: RawHeader = bytes
            .as_slice()
            .pread(0)
            .map_err(|_| ElfError::ByteOrder { got })?;
        check_kind(&raw)?;
        check_flags(raw.e_flags)?;
        Ok(Self {
            entry: raw.e_entry,
            program_headers: raw.e_phoff,
            program_header_count: raw.e_phnum,
            section_headers: raw.e_shoff,
            section_header_count: raw.e_shnum,
            section_names: raw.e_shstrndx,
            compressed: Some(raw.e_flags).filter(|flags| flags & EF_RISCV_RVC != 0),
        })
    }
}

fn check_kind(raw: &RawHeader) -> Result<(), ElfError> {
    if raw.e_version != 1 {
        let got = raw.e_version;
        return Err(ElfError::Version { got });
    }
    if raw.e_machine != EM_RISCV {
        let got = raw.e_machine;
        return Err(ElfError::Machine { got });
    }
    if raw.e_type != ET_EXEC {
        return Err(ElfError::FileType { got: raw.e_type });
    }
    if usize::from(raw.e_phentsize) != goblin::elf32::program_header::SIZEOF_PHDR {
        let got = raw.e_phentsize;
        return Err(ElfError::ProgramHeaderSize { got });
    }
    Ok(())
}

fn check_flags(flags: u32) -> Result<(), ElfError> {
    const KNOWN: u32 = EF_RISCV_RVC | EF_RISCV_FLOAT_ABI | EF_RISCV_RVE | EF_RISCV_TSO;
    if flags & EF_RISCV_FLOAT_ABI != 0 {
        return Err(ElfError::FloatAbi { flags });
    }
    if flags & EF_RISCV_RVE != 0 {
        return Err(ElfError::Embedded { flags });
    }
    if flags & !KNOWN != 0 {
        return Err(ElfError::UnknownFlags { flags });
    }
    Ok(())
}
