//! When each word of memory was last accessed, and which leaves were touched.

use vouch_isa::event::Leaf;
use vouch_isa::memory::LEAF_WORDS;

use crate::memory::{Memory, PAGE_BYTES, PAGE_WORDS, PAGES, offset_in_page};
use crate::page_table::PageTable;

/// The memory in the course of a segment.
pub(super) struct Shadow {
    pages: PageTable<ShadowPage>,
    /// The leaves touched, in the order of their first access, with their initial words.
    leaves: Vec<Leaf>,
    /// Inner nodes of the memory tree above them.
    nodes: u64,
    /// The touched nodes from the height of a page on, one bit each: node `n`'s children are
    /// `2 n` and `2 n + 1`, and 1 is the root.
    upper: Box<[u64]>,
}

#[derive(Clone)]
struct ShadowPage {
    /// Last access to each word, 0 if none.
    last_ts: [u32; PAGE_WORDS],
    /// One bit a leaf: whether it is in `leaves`.
    touched: u128,
}

/// Height of the node over a page's leaves.
const PAGE_HEIGHT: u32 = (PAGE_WORDS / LEAF_WORDS).ilog2();

const _: () = assert!(PAGE_WORDS / LEAF_WORDS == u128::BITS as usize);

impl Shadow {
    pub fn new() -> Self {
        Self {
            pages: PageTable::new(),
            leaves: Vec::new(),
            nodes: 0,
            upper: vec![0; 2 * PAGES / 64].into(),
        }
    }

    /// Leaves touched, and inner nodes above them.
    pub fn touched(&self) -> (u64, u64) {
        (self.leaves.len() as u64, self.nodes)
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
        let page = { self.pages.slot(address / PAGE_BYTES) }.get_or_insert_with(fresh_page);
        let offset = offset_in_page(address);
        let last = core::mem::replace(&mut page.last_ts[offset], ts);
        // A word that was accessed before is in a leaf that was.
        if last == 0 && page.touched >> (offset / LEAF_WORDS) & 1 == 0 {
            self.touch_leaf(address, leaf);
        }
        last
    }

    /// As [`Self::touch`], but none of the leaf's words is accessed.
    pub fn touch_leaf(&mut self, address: u32, leaf: impl FnOnce() -> [u32; LEAF_WORDS]) {
        let page_index = address / PAGE_BYTES;
        let page = self.pages.slot(page_index).get_or_insert_with(fresh_page);
        let place = offset_in_page(address) / LEAF_WORDS;
        if page.touched >> place & 1 != 0 {
            return;
        }
        let touched_before = page.touched;
        page.touched |= 1 << place;
        self.nodes += new_nodes(touched_before, place);
        if touched_before == 0 {
            // The page's own node is among those counted.
            let mut node = PAGES + page_index as usize;
            set(&mut self.upper, node);
            while node > 1 && !set(&mut self.upper, node / 2) {
                node /= 2;
                self.nodes += 1;
            }
        }
        self.leaves.push(Leaf {
            index: address / (4 * LEAF_WORDS as u32),
            initial: leaf(),
            last: [0; LEAF_WORDS],
            last_ts: [0; LEAF_WORDS],
        });
    }

    /// Appends the leaves that the segment has touched, by ascending index, and starts the
    /// next one.
    pub fn take_leaves(&mut self, memory: &Memory<'_>, leaves: &mut Vec<Leaf>) {
        self.leaves.sort_unstable_by_key(|leaf| leaf.index);
        for mut leaf in self.leaves.drain(..) {
            leaf.last = memory.leaf(leaf.index);
            let address = leaf.index * (4 * LEAF_WORDS as u32);
            if let Some(page) = self.pages.get_mut(address / PAGE_BYTES) {
                let first = offset_in_page(address);
                let last_ts = &mut page.last_ts[first..first + LEAF_WORDS];
                leaf.last_ts.copy_from_slice(last_ts);
                last_ts.fill(0);
                page.touched = 0;
            }
            clear_path(&mut self.upper, PAGES + (address / PAGE_BYTES) as usize);
            leaves.push(leaf);
        }
        self.nodes = 0;
    }
}

/// Inner nodes of a page that have a leaf at `place` below them and none of `touched`.
fn new_nodes(touched: u128, place: usize) -> u64 {
    let below = |height: u32| {
        let leaves = u128::MAX >> (u128::BITS - (1 << height));
        leaves << (place >> height << height)
    };
    let is_new = |height: &u32| touched & below(*height) == 0;
    (1..=PAGE_HEIGHT).take_while(is_new).count() as u64
}

/// Sets the bit of a node; true if it was set before.
fn set(nodes: &mut [u64], node: usize) -> bool {
    let (word, bit) = (&mut nodes[node / 64], 1 << (node % 64));
    let was_set = *word & bit != 0;
    *word |= bit;
    was_set
}

/// Clears the bits of a node and of all above it.
fn clear_path(nodes: &mut [u64], mut node: usize) {
    while node > 0 && nodes[node / 64] >> (node % 64) & 1 != 0 {
        nodes[node / 64] &= !(1 << (node % 64));
        node /= 2;
    }
}

#[cold]
fn fresh_page() -> Box<ShadowPage> {
    Box::new(ShadowPage {
        last_ts: [0; PAGE_WORDS],
        touched: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use vouch_isa::memory::MEMORY_HEIGHT;

    /// Inner nodes above the leaves at these byte addresses, by listing them.
    fn nodes_above(addresses: &[u32]) -> u64 {
        let leaves = addresses.iter().map(|a| a / (4 * LEAF_WORDS as u32));
        let nodes: BTreeSet<(u32, u32)> = leaves
            .flat_map(|leaf| (1..=MEMORY_HEIGHT).map(move |height| (height, leaf >> height)))
            .collect();
        nodes.len() as u64
    }

    #[test]
    fn nodes_are_counted_as_they_are_touched() {
        // Neighbours, the ends of a page, of two pages that share a parent, of the memory; twice.
        let addresses = [
            0,
            4,
            32,
            96,
            4064,
            4096,
            8192,
            0x10_0000,
            0x4000_0000,
            0xbfff_ffe0,
            0xbfff_fffc,
            4064,
        ];
        let program = crate::testing::program(&crate::testing::asm::exit(0));
        let memory = Memory::new(&program, usize::MAX);
        let mut shadow = Shadow::new();
        // The second segment begins with nothing touched.
        for _ in 0..2 {
            for (i, &address) in addresses.iter().enumerate() {
                match i % 2 {
                    0 => drop(shadow.touch(address, 1 + i as u32, || [0; LEAF_WORDS])),
                    _ => shadow.touch_leaf(address, || [0; LEAF_WORDS]),
                }
                let so_far = &addresses[..=i];
                let leaves: BTreeSet<u32> = so_far.iter().map(|a| a / 32).collect();
                let expected = (leaves.len() as u64, nodes_above(so_far));
                assert_eq!(shadow.touched(), expected, "after {address:#x}");
            }
            let mut leaves = Vec::new();
            shadow.take_leaves(&memory, &mut leaves);
            assert!(leaves.is_sorted_by(|a, b| a.index < b.index));
            assert_eq!(shadow.touched(), (0, 0));
        }
    }
}
