//! Makes ELF files, right or wrong ones.

use goblin::elf32::header::{
    EI_CLASS, EI_DATA, EI_VERSION, ELFCLASS32, ELFDATA2LSB, ELFMAG, EM_RISCV, ET_EXEC, Header,
    SIZEOF_EHDR,
};
use goblin::elf32::program_header::{PF_R, PF_W, PF_X, PT_LOAD, ProgramHeader, SIZEOF_PHDR};
use goblin::elf32::section_header::{SHT_STRTAB, SHT_SYMTAB, SIZEOF_SHDR, SectionHeader};
use goblin::elf32::sym::{SIZEOF_SYM, STT_FUNC, Sym};
use scroll::{LE, Pwrite};
use vouch_isa::{Instruction, encode};

use super::{DATA, DATA_BYTES, TEXT};

/// Other loaders map files, so that a segment's place in its page is the same in the file.
const PAGE: u32 = 4096;

/// A segment to be written.
#[derive(Clone, Debug)]
pub struct LoadSegment {
    /// Byte address.
    pub address: u32,
    /// Bytes in the file.
    pub data: Vec<u8>,
    /// Size in memory, in bytes.
    pub memory_size: u32,
    /// `p_flags`
    pub flags: u32,
    /// `p_type`
    pub kind: u32,
}

impl LoadSegment {
    /// `p_flags` of code.
    pub const CODE: u32 = PF_R | PF_X;
    /// `p_flags` of constants.
    pub const CONSTANTS: u32 = PF_R;
    /// `p_flags` of writable memory.
    pub const WRITABLE: u32 = PF_R | PF_W;

    /// A segment of these bytes.
    pub fn new(address: u32, data: Vec<u8>, flags: u32) -> Self {
        Self {
            address,
            memory_size: data.len() as u32,
            data,
            flags,
            kind: PT_LOAD,
        }
    }

    /// A segment of code.
    pub fn code(address: u32, instructions: &[Instruction]) -> Self {
        let words = instructions.iter().map(encode);
        Self::new(
            address,
            words.flat_map(u32::to_le_bytes).collect(),
            Self::CODE,
        )
    }

    /// A segment of zeros that takes no room in the file.
    pub fn zeros(address: u32, size: u32, flags: u32) -> Self {
        Self {
            memory_size: size,
            ..Self::new(address, Vec::new(), flags)
        }
    }
}

/// An ELF to be written. Whatever its fields say goes into the file unchecked.
#[derive(Clone, Debug)]
pub struct ElfBuilder {
    /// Byte address of the first instruction.
    pub entry: u32,
    /// `e_flags`
    pub flags: u32,
    /// Segments, in any order.
    pub segments: Vec<LoadSegment>,
    /// Functions: name, byte address, size in bytes.
    pub functions: Vec<(String, u32, u32)>,
}

impl ElfBuilder {
    /// A program of these segments.
    pub fn new(entry: u32, segments: Vec<LoadSegment>) -> Self {
        Self {
            entry,
            flags: 0,
            segments,
            functions: Vec::new(),
        }
    }

    /// What [`super::program`] is made from.
    pub fn program(instructions: &[Instruction]) -> Self {
        let text = LoadSegment::code(TEXT, instructions);
        let data = LoadSegment::zeros(DATA, DATA_BYTES, LoadSegment::WRITABLE);
        Self::new(TEXT, vec![text, data])
    }

    /// The bytes of the file: headers, the segments' data, symbols, section headers.
    pub fn build(&self) -> Vec<u8> {
        let mut file = vec![0; SIZEOF_EHDR + self.segments.len() * SIZEOF_PHDR];
        for (i, segment) in self.segments.iter().enumerate() {
            if !segment.data.is_empty() {
                let padding = segment.address.wrapping_sub(file.len() as u32) % PAGE;
                file.resize(file.len() + padding as usize, 0);
            }
            let header = ProgramHeader {
                p_type: segment.kind,
                p_offset: file.len() as u32,
                p_vaddr: segment.address,
                p_paddr: segment.address,
                p_filesz: segment.data.len() as u32,
                p_memsz: segment.memory_size,
                p_flags: segment.flags,
                p_align: 4,
            };
            put(&mut file, SIZEOF_EHDR + i * SIZEOF_PHDR, header);
            file.extend(&segment.data);
        }
        let sections = self.append_symbols(&mut file);
        let section_headers = file.len();
        for section in &sections {
            let at = file.len();
            file.resize(at + SIZEOF_SHDR, 0);
            put(&mut file, at, *section);
        }
        let header = self.header(section_headers as u32, sections.len() as u16);
        file.pwrite_with(header, 0, LE)
            .expect("the file begins with room for the header");
        file
    }

    fn header(&self, section_headers: u32, sections: u16) -> Header {
        let mut ident = [0; 16];
        ident[..4].copy_from_slice(ELFMAG);
        ident[EI_CLASS] = ELFCLASS32;
        ident[EI_DATA] = ELFDATA2LSB;
        ident[EI_VERSION] = 1;
        Header {
            e_ident: ident,
            e_type: ET_EXEC,
            e_machine: EM_RISCV,
            e_version: 1,
            e_entry: self.entry,
            e_phoff: SIZEOF_EHDR as u32,
            e_shoff: section_headers,
            e_flags: self.flags,
            e_ehsize: SIZEOF_EHDR as u16,
            e_phentsize: SIZEOF_PHDR as u16,
            e_phnum: self.segments.len() as u16,
            e_shentsize: SIZEOF_SHDR as u16,
            e_shnum: sections,
            e_shstrndx: 0,
        }
    }

    /// Appends the symbol and string tables; returns the section headers.
    fn append_symbols(&self, file: &mut Vec<u8>) -> Vec<SectionHeader> {
        if self.functions.is_empty() {
            return Vec::new();
        }
        let mut names = vec![0];
        let symbols = file.len();
        for (name, address, size) in &self.functions {
            let at = file.len();
            file.resize(at + SIZEOF_SYM, 0);
            let symbol = Sym {
                st_name: names.len() as u32,
                st_value: *address,
                st_size: *size,
                st_info: STT_FUNC,
                ..Sym::default()
            };
            put(file, at, symbol);
            names.extend(name.bytes());
            names.push(0);
        }
        let strings = file.len();
        file.extend(&names);
        let section = |sh_type, offset: usize, end: usize| SectionHeader {
            sh_type,
            sh_offset: offset as u32,
            sh_size: (end - offset) as u32,
            sh_link: 2,
            ..SectionHeader::default()
        };
        vec![
            SectionHeader::default(),
            section(SHT_SYMTAB, symbols, strings),
            section(SHT_STRTAB, strings, file.len()),
        ]
    }
}

fn put<T>(file: &mut [u8], at: usize, value: T)
where
    T: scroll::ctx::TryIntoCtx<scroll::Endian, Error = scroll::Error>,
{
    file.pwrite_with(value, at, LE)
        .expect("room was made for the value");
}
