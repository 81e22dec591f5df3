//! The guest's memory: pages, made when first used.

use vouch_isa::memory::LEAF_WORDS;

use crate::fault::FaultKind;
use crate::limits::{LimitKind, LimitReached};
use crate::machine::Trap;
use crate::page_table::PageTable;
use crate::program::Program;

/// Words in a page.
pub(crate) const PAGE_WORDS: usize = 1024;
/// Bytes in a page: what [`crate::Limits::memory_bytes`] counts.
pub(crate) const PAGE_BYTES: u32 = 4 * PAGE_WORDS as u32;
/// Pages in the address space.
pub(crate) const PAGES: usize = 1 << 20;

/// The words of a page.
pub(crate) type PageWords = [u32; PAGE_WORDS];

/// One bit a word of a page.
type WordSet = [u64; PAGE_WORDS / 64];

#[derive(Clone)]
pub(crate) struct Page {
    words: PageWords,
    mapped: WordSet,
    writable: WordSet,
}

/// Where a word lies in its page.
#[inline(always)]
pub(crate) fn offset_in_page(address: u32) -> usize {
    (address % PAGE_BYTES / 4) as usize
}

#[inline(always)]
fn contains(set: &WordSet, offset: usize) -> bool {
    set[offset / 64 % set.len()] >> (offset % 64) & 1 != 0
}

pub(crate) struct Memory<'p> {
    program: &'p Program,
    pages: PageTable<Page>,
    allocated: u64,
    limit: u64,
}

impl<'p> Memory<'p> {
    /// The memory of a program at its start; it may take `limit` bytes.
    pub fn new(program: &'p Program, limit: usize) -> Self {
        Self {
            program,
            pages: PageTable::new(),
            allocated: 0,
            limit: limit as u64,
        }
    }

    /// Bytes of the pages in use.
    pub fn allocated_bytes(&self) -> u64 {
        self.allocated
    }

    /// The page of a mapped word, for reading.
    #[inline(always)]
    pub fn for_load(&mut self, address: u32) -> Result<&PageWords, Trap> {
        let page = self.page(address)?;
        if !contains(&page.mapped, offset_in_page(address)) {
            return Err(Trap::Fault(FaultKind::Unmapped { address }));
        }
        Ok(&page.words)
    }

    /// The page of a writable word.
    #[inline(always)]
    pub fn for_store(&mut self, address: u32) -> Result<&mut PageWords, Trap> {
        let page = self.page(address)?;
        let offset = offset_in_page(address);
        if !contains(&page.writable, offset) {
            let mapped = contains(&page.mapped, offset);
            return Err(Trap::Fault(not_writable(mapped, address)));
        }
        Ok(&mut page.words)
    }

    #[inline(always)]
    fn page(&mut self, address: u32) -> Result<&mut Page, Trap> {
        let index = address / PAGE_BYTES;
        if self.pages.get(index).is_none() {
            self.allocate(index, address)?;
        }
        self.pages
            .get_mut(index)
            .ok_or(Trap::Fault(FaultKind::Unmapped { address }))
    }

    /// Makes the page `index`, unless nothing in it is mapped.
    #[cold]
    #[inline(never)]
    fn allocate(&mut self, index: u32, address: u32) -> Result<(), Trap> {
        let page = self
            .fresh_page(index)
            .ok_or(Trap::Fault(FaultKind::Unmapped { address }))?;
        let allocated = self.allocated + u64::from(PAGE_BYTES);
        if allocated > self.limit {
            return Err(Trap::Limit(LimitReached {
                limit: LimitKind::Memory,
                value: self.limit,
            }));
        }
        self.allocated = allocated;
        *self.pages.slot(index) = Some(page);
        Ok(())
    }

    /// A page as the program starts with it; `None` if nothing in it is mapped.
    fn fresh_page(&self, index: u32) -> Option<Box<Page>> {
        let start = index * PAGE_BYTES;
        // No region reaches the last page, so this cannot wrap where it matters.
        let end = start.saturating_add(PAGE_BYTES);
        let regions = &self.program.regions;
        let first = regions.partition_point(|r| r.end <= start);
        let inside = regions.iter().skip(first).take_while(|r| r.start < end);
        let mut page: Option<Box<Page>> = None;
        for region in inside {
            let page = page.get_or_insert_with(|| Box::new(Page::ZERO));
            for address in (region.start.max(start)..region.end.min(end)).step_by(4) {
                let offset = offset_in_page(address);
                let bit = 1 << (offset % 64);
                page.mapped[offset / 64] |= bit;
                page.writable[offset / 64] |= if region.writable { bit } else { 0 };
            }
        }
        let mut page = page?;
        self.fill(index, &mut page.words);
        Some(page)
    }

    /// Copies the image's part of a page.
    fn fill(&self, index: u32, words: &mut PageWords) {
        const LEAVES: u32 = (PAGE_WORDS / LEAF_WORDS) as u32;
        let leaves = &self.program.image.leaves;
        let first = leaves.partition_point(|(i, _)| i / LEAVES < index);
        let inside = leaves
            .iter()
            .skip(first)
            .take_while(|(i, _)| i / LEAVES == index);
        for (leaf, from) in inside {
            let at = (leaf % LEAVES) as usize * LEAF_WORDS;
            words[at..at + LEAF_WORDS].copy_from_slice(from);
        }
    }

    /// The words of a leaf as they are now, mapped or not.
    pub fn leaf(&self, index: u32) -> [u32; LEAF_WORDS] {
        let address = index * (4 * LEAF_WORDS as u32);
        match self.pages.get(address / PAGE_BYTES) {
            Some(page) => leaf_in_page(&page.words, address),
            None => self.program.leaf(index),
        }
    }

    /// The word at a word index as it is now, mapped or not.
    pub fn peek(&self, word: u32) -> u32 {
        let address = word * 4;
        match self.pages.get(address / PAGE_BYTES) {
            Some(page) => page.words[offset_in_page(address)],
            None => self.program.leaf(word / LEAF_WORDS as u32)[word as usize % LEAF_WORDS],
        }
    }
}

/// The words of the leaf that holds the byte at `address`, which lies in `page`.
#[inline]
pub(crate) fn leaf_in_page(page: &PageWords, address: u32) -> [u32; LEAF_WORDS] {
    let first = offset_in_page(address) / LEAF_WORDS * LEAF_WORDS;
    core::array::from_fn(|i| page[(first + i) % PAGE_WORDS])
}

#[cold]
fn not_writable(mapped: bool, address: u32) -> FaultKind {
    if mapped {
        FaultKind::NotWritable { address }
    } else {
        FaultKind::Unmapped { address }
    }
}

impl Page {
    const ZERO: Self = Self {
        words: [0; PAGE_WORDS],
        mapped: [0; PAGE_WORDS / 64],
        writable: [0; PAGE_WORDS / 64],
    };
}
