//! When each word of memory was last accessed, and which leaves were touched.

use vouch_isa::event::Leaf;
use vouch_isa::memory::LEAF_WORDS;

use crate::memory::{Memory, PAGE_BYTES, PAGE_WORDS, PageTable, empty_table, offset_in_page};

/// The memory in the course of a segment.
pub(super) struct Shadow {
    pages: PageTable<ShadowPage>,
    /// The leaves touched, in the order of their first access, with their initial words.
    leaves: Vec<Leaf>,
}

#[derive(Clone)]
struct ShadowPage {
    /// Last access to each word, 0 if none.
    last_ts: [u32; PAGE_WORDS],
    /// One bit a leaf: whether it is in `leaves`.
    touched: u128,
}

const _: () = assert!(PAGE_WORDS / LEAF_WORDS == u128::BITS as usize);

impl Shadow {
    pub fn new() -> Self {
        Self {
            pages: empty_table(),
            leaves: Vec::new(),
        }
    }

    /// An access to the word at `address & !3`; `leaf` gives the words of its leaf before
    /// the access. Returns the timestamp of the access before.
    #[inline(always)]
    pub fn touch(
        &mut self,
        address: u32,
        ts: u32,
        leaf: impl FnOnce() -> [u32; LEAF_WORDS],
    ) -> u32 {
        let page = self.pages[(address / PAGE_BYTES) as usize].get_or_insert_with(fresh_page);
        let offset = offset_in_page(address);
        let last = core::mem::replace(&mut page.last_ts[offset], ts);
        // A word that was accessed before is in a leaf that was.
        if last == 0 {
            let bit = 1 << (offset / LEAF_WORDS);
            if page.touched & bit == 0 {
                page.touched |= bit;
                self.leaves.push(Leaf {
                    index: address / (4 * LEAF_WORDS as u32),
                    initial: leaf(),
                    last: [0; LEAF_WORDS],
                    last_ts: [0; LEAF_WORDS],
                });
            }
        }
        last
    }

    /// Appends the leaves that the segment has touched, by ascending index, and starts the
    /// next one.
    pub fn take_leaves(&mut self, memory: &Memory<'_>, leaves: &mut Vec<Leaf>) {
        self.leaves.sort_unstable_by_key(|leaf| leaf.index);
        for mut leaf in self.leaves.drain(..) {
            leaf.last = memory.leaf(leaf.index);
            let address = leaf.index * (4 * LEAF_WORDS as u32);
            if let Some(page) = &mut self.pages[(address / PAGE_BYTES) as usize] {
                let first = offset_in_page(address);
                let last_ts = &mut page.last_ts[first..first + LEAF_WORDS];
                leaf.last_ts.copy_from_slice(last_ts);
                last_ts.fill(0);
                page.touched = 0;
            }
            leaves.push(leaf);
        }
    }
}

#[cold]
fn fresh_page() -> Box<ShadowPage> {
    Box::new(ShadowPage {
        last_ts: [0; PAGE_WORDS],
        touched: 0,
    })
}
