//! The loadable segments: where they lie, and what they hold at the start.

use core::ops::Range;

use goblin::elf32::program_header::{
    PF_W, PF_X, PT_DYNAMIC, PT_GNU_STACK, PT_INTERP, PT_LOAD, ProgramHeader, SIZEOF_PHDR,
};
use scroll::{LE, Pread};
use vouch_isa::memory::{LEAF_WORDS, MEMORY_END};

use super::ElfError;
use super::header::Header;
use crate::code;
use crate::program::Region;

/// Most memory that the segments of a program may take together, in bytes.
///
/// It also keeps any system call short of the last timestamp: see `record`.
pub const MAX_LOAD_BYTES: u64 = 1 << 30;

const LEAF_BYTES: u32 = 4 * LEAF_WORDS as u32;

/// A loadable segment of at least one byte. All of it lies below [`MEMORY_END`], and its
/// data in the file.
#[derive(Clone, Debug)]
pub(super) struct Load {
    /// First byte.
    address: u32,
    /// Bytes of the file that it starts with; zeros follow.
    data: Range<usize>,
    /// First byte after it.
    end: u32,
    writable: bool,
    executable: bool,
    stack: bool,
}

impl Load {
    /// The memory that the segment maps: whole words.
    pub fn region(&self) -> Region {
        Region {
            start: self.address & !3,
            end: self.end.next_multiple_of(4),
            writable: self.writable,
            stack: self.stack,
        }
    }

    fn from_header(file: &[u8], header: &ProgramHeader) -> Result<Self, ElfError> {
        let address = header.p_vaddr;
        let (offset, size) = (header.p_offset, header.p_filesz);
        if size > header.p_memsz {
            return Err(ElfError::FileSize {
                address,
                file_size: size,
                memory_size: header.p_memsz,
            });
        }
        let start = offset as usize;
        let data = start..start.saturating_add(size as usize);
        if file.get(data.clone()).is_none() {
            let file = file.len();
            return Err(ElfError::FileRange {
                address,
                offset,
                size,
                file,
            });
        }
        match address.checked_add(header.p_memsz) {
            Some(end) if end <= MEMORY_END => Ok(Self {
                address,
                data,
                end,
                writable: header.p_flags & PF_W != 0,
                executable: header.p_flags & PF_X != 0,
                stack: false,
            }),
            _ => Err(ElfError::AddressRange {
                address,
                size: header.p_memsz,
                end: MEMORY_END,
            }),
        }
    }
}

/// The executable range, in bytes but made of whole words.
#[derive(Clone, Debug)]
pub(super) struct Text {
    /// First byte.
    pub start: u32,
    /// First byte after it.
    pub end: u32,
    /// Bytes of the file that it starts with; zeros follow.
    pub data: Range<usize>,
}

/// The loadable segments by ascending address, each checked on its own. One is the stack if it is
/// just what a header `PT_GNU_STACK` covers.
pub(super) fn loads(file: &[u8], header: &Header) -> Result<Vec<Load>, ElfError> {
    let offset = header.program_headers as usize;
    let count = usize::from(header.program_header_count);
    let table = file
        .get(offset..)
        .and_then(|rest| rest.get(..count * SIZEOF_PHDR))
        .ok_or(ElfError::ProgramHeaders {
            offset: header.program_headers,
            count: header.program_header_count,
            file: file.len(),
        })?;
    let mut loads: Vec<Load> = Vec::new();
    let mut stack = None;
    for entry in table.chunks_exact(SIZEOF_PHDR) {
        // A chunk is as long as a header: reading one cannot fail.
        let Ok(entry) = entry.pread_with::<ProgramHeader>(0, LE) else {
            continue;
        };
        match entry.p_type {
            PT_INTERP | PT_DYNAMIC => return Err(ElfError::Dynamic),
            PT_LOAD if entry.p_memsz != 0 => loads.push(Load::from_header(file, &entry)?),
            // Linkers leave its address at 0: link.ld does not.
            PT_GNU_STACK => stack = Some((entry.p_vaddr, entry.p_memsz)),
            _ => {}
        }
    }
    for load in &mut loads {
        load.stack = load.writable && stack == Some((load.address, load.end - load.address));
    }
    loads.sort_by_key(|load| load.address);
    Ok(loads)
}

/// The executable range: exactly one segment is executable.
pub(super) fn text(loads: &[Load]) -> Result<Text, ElfError> {
    let mut executable = loads.iter().filter(|load| load.executable);
    let load = executable.next().ok_or(ElfError::NoCode)?;
    if let Some(other) = executable.next() {
        return Err(ElfError::SeveralCode {
            first: load.address,
            second: other.address,
        });
    }
    let address = load.address;
    if load.writable {
        return Err(ElfError::WritableCode { address });
    }
    if !address.is_multiple_of(4) {
        return Err(ElfError::MisalignedCode { address });
    }
    Ok(Text {
        start: address,
        end: load.region().end,
        data: load.data.clone(),
    })
}

/// Checks that code which is said to be compressed is not. Zeros are no instruction of either size.
pub(super) fn check_compressed(file: &[u8], header: &Header, text: &Text) -> Result<(), ElfError> {
    let Some(flags) = header.compressed else {
        return Ok(());
    };
    let bytes = file.get(text.data.clone()).unwrap_or_default();
    for (address, word) in (text.start..).step_by(4).zip(code::words(bytes)) {
        if word != 0 && word & 3 != 3 {
            return Err(ElfError::Compressed {
                flags,
                word,
                address,
            });
        }
    }
    Ok(())
}

/// Checks the segments against each other and against the file.
pub(super) fn check_layout(file: &[u8], loads: &[Load], text: &Text) -> Result<(), ElfError> {
    for load in loads.iter().filter(|load| load.writable) {
        if load.address < text.end {
            return Err(ElfError::WritableBelowCode {
                address: load.address,
                code_end: text.end,
            });
        }
    }
    for pair in loads.windows(2) {
        if let [lower, upper] = pair
            && lower.region().end > upper.region().start
        {
            return Err(ElfError::Overlap {
                first: lower.address,
                second: upper.address,
            });
        }
    }
    let region_bytes = |load: &Load| u64::from(load.region().end - load.region().start);
    let total = loads.iter().map(region_bytes).sum();
    if total > MAX_LOAD_BYTES {
        let limit = MAX_LOAD_BYTES;
        return Err(ElfError::MemorySize { total, limit });
    }
    // Each byte at most once: otherwise a small file could ask for a large image.
    let total = loads.iter().map(|load| load.data.len() as u64).sum();
    if total > file.len() as u64 {
        let file = file.len();
        return Err(ElfError::SharedFileBytes { total, file });
    }
    Ok(())
}

/// The leaves that are not all zero, by ascending index.
pub(super) fn leaves(file: &[u8], loads: &[Load]) -> Vec<(u32, [u32; LEAF_WORDS])> {
    let mut leaves: Vec<(u32, [u32; LEAF_WORDS])> = Vec::new();
    for load in loads {
        let bytes = file.get(load.data.clone()).unwrap_or_default();
        for (address, &byte) in (load.address..).zip(bytes) {
            if byte == 0 {
                continue;
            }
            let index = address / LEAF_BYTES;
            // Addresses ascend, so a leaf is either the last one or new.
            if leaves.last().is_none_or(|(last, _)| *last != index) {
                leaves.push((index, [0; LEAF_WORDS]));
            }
            if let Some((_, words)) = leaves.last_mut() {
                words[(address % LEAF_BYTES / 4) as usize] |= u32::from(byte) << (address % 4 * 8);
            }
        }
    }
    leaves
}
