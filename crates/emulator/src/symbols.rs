//! Function symbols, for messages to people: nothing that is proven depends on them.

mod readable;

use core::ops::Range;

use goblin::elf32::section_header::{SHT_STRTAB, SHT_SYMTAB, SIZEOF_SHDR, SectionHeader};
use goblin::elf32::sym::{SIZEOF_SYM, STT_FUNC, Sym, st_type};
use scroll::{LE, Pread};

use crate::elf::Header;
pub use readable::readable;

/// Longer names are not looked at: a bound on the work that a hostile file can ask for.
const MAX_NAME_BYTES: usize = 4096;

/// A function of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol<'p> {
    /// Name as in the ELF, neither demangled nor fit to be shown: see [`readable()`].
    pub name: &'p str,
    /// Byte address of its first instruction.
    pub address: u32,
    /// Size in bytes; 0 if the ELF does not say.
    pub size: u32,
}

/// The functions of a program by ascending address.
///
/// Names stay in one copy of the string table, since any number of symbols may point into
/// the same long string.
#[derive(Clone, Debug, Default)]
pub(crate) struct Symbols {
    functions: Vec<Function>,
    names: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Function {
    address: u32,
    size: u32,
    /// Offset in `names`.
    name: u32,
}

impl Symbols {
    /// The functions in the byte range `text` from the first symbol table; none if there is
    /// no table or it is broken.
    pub fn parse(file: &[u8], header: &Header, text: Range<u32>) -> Self {
        Self::try_parse(file, header, text).unwrap_or_default()
    }

    fn try_parse(file: &[u8], header: &Header, text: Range<u32>) -> Option<Self> {
        let sections = || sections(file, header);
        let symbols = sections()?.find(|s| s.sh_type == SHT_SYMTAB)?;
        let names = sections()?.nth(symbols.sh_link as usize);
        let names = names.filter(|s| s.sh_type == SHT_STRTAB)?;
        let mut functions: Vec<Function> = contents(file, &symbols)?
            .chunks_exact(SIZEOF_SYM)
            .filter_map(|bytes| bytes.pread_with::<Sym>(0, LE).ok())
            .filter(|s| st_type(s.st_info) == STT_FUNC && text.contains(&s.st_value))
            .map(|s| Function {
                address: s.st_value,
                size: s.st_size,
                name: s.st_name,
            })
            .collect();
        functions.sort_by_key(|f| f.address);
        let names = contents(file, &names)?.to_vec();
        Some(Self { functions, names })
    }

    pub fn iter(&self) -> impl Iterator<Item = Symbol<'_>> {
        self.functions.iter().filter_map(|f| {
            Some(Symbol {
                name: self.name(f)?,
                address: f.address,
                size: f.size,
            })
        })
    }

    pub fn find(&self, pc: u32) -> Option<(&str, u32)> {
        let after = self.functions.partition_point(|f| f.address <= pc);
        let function = self.functions.get(after.checked_sub(1)?)?;
        let offset = pc - function.address;
        // Hand-written assembly often leaves the size at 0.
        let inside = function.size == 0 || offset < function.size;
        Some((self.name(function).filter(|_| inside)?, offset))
    }

    fn name(&self, function: &Function) -> Option<&str> {
        let rest = self.names.get(function.name as usize..)?;
        let length = rest.iter().take(MAX_NAME_BYTES).position(|&b| b == 0)?;
        let name = core::str::from_utf8(rest.get(..length)?).ok()?;
        Some(name).filter(|name| !name.is_empty())
    }
}

/// The sections of a file, unless their headers lie outside it.
pub(crate) fn sections<'f>(
    file: &'f [u8],
    header: &Header,
) -> Option<impl Iterator<Item = SectionHeader> + use<'f>> {
    let headers = file
        .get(header.section_headers as usize..)?
        .get(..usize::from(header.section_header_count) * SIZEOF_SHDR)?;
    let headers = headers.chunks_exact(SIZEOF_SHDR);
    // They have the length of one.
    Some(headers.filter_map(|bytes| bytes.pread_with::<SectionHeader>(0, LE).ok()))
}

/// The bytes of a section.
pub(crate) fn contents<'f>(file: &'f [u8], section: &SectionHeader) -> Option<&'f [u8]> {
    file.get(section.sh_offset as usize..)?
        .get(..section.sh_size as usize)
}
