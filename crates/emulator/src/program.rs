//! A loaded program.

use vouch_isa::image::Image;
use vouch_isa::memory::LEAF_WORDS;

use crate::code::Code;
use crate::scopes::Scopes;
use crate::symbols::{Symbol, Symbols};

/// A program ready to run: its initial memory, its code decoded, and what is mapped where.
///
/// Made by [`Program::from_elf`].
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) image: Image,
    pub(crate) code: Vec<Code>,
    pub(crate) regions: Vec<Region>,
    pub(crate) symbols: Symbols,
    pub(crate) scopes: Scopes,
}

/// A range of mapped memory: whole words, readable by the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Byte address of its first word.
    pub start: u32,
    /// Byte address after its last word.
    pub end: u32,
    /// Whether the guest may store to it.
    pub writable: bool,
    /// Whether it is the stack. The guest may not set its stack pointer to below it, nor move it
    /// out of it.
    pub stack: bool,
}

impl Program {
    /// The initial state of memory, which the image ID names.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// What is mapped, by ascending address, without overlaps. Nothing below the end of the
    /// executable range is writable.
    pub fn memory_map(&self) -> &[Region] {
        &self.regions
    }

    /// The functions in the ELF's symbol table, by ascending address; none if the ELF has no
    /// symbol table or a broken one.
    pub fn symbols(&self) -> impl Iterator<Item = Symbol<'_>> {
        self.symbols.iter()
    }

    /// The function that a byte address lies in, and the offset from its start in bytes.
    pub fn symbol_for(&self, pc: u32) -> Option<(&str, u32)> {
        self.symbols.find(pc)
    }

    /// Whether the ELF marks where scopes begin and end: see [`execute_scoped`](crate::execute_scoped).
    pub fn has_scopes(&self) -> bool {
        !self.scopes.markers.is_empty()
    }

    /// The words of a leaf at the start.
    pub(crate) fn leaf(&self, index: u32) -> [u32; LEAF_WORDS] {
        let leaves = &self.image.leaves;
        let found = leaves.binary_search_by_key(&index, |(i, _)| *i).ok();
        found
            .and_then(|at| leaves.get(at))
            .map_or([0; LEAF_WORDS], |(_, words)| *words)
    }

    /// Whether every byte of `[address, address + length)` is mapped, and writable if asked
    /// for. An empty range always is.
    pub(crate) fn covers(&self, address: u32, length: u32, writable: bool) -> bool {
        let end = u64::from(address) + u64::from(length);
        let mut reached = u64::from(address);
        let first = self.regions.partition_point(|r| r.end <= address);
        for region in self.regions.iter().skip(first) {
            if reached >= end {
                break;
            }
            let gap = u64::from(region.start) > reached;
            if gap || (writable && !region.writable) {
                return false;
            }
            reached = u64::from(region.end);
        }
        reached >= end
    }
}
