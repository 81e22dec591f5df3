//! Which nodes of the memory tree a run has touched.

use vouch_isa::image::Image;
use vouch_isa::memory::{LEAF_WORDS, MEMORY_HEIGHT, REGISTER_HEIGHT};

use super::tree::Counts;

/// What accesses to memory cost beside their own rows: the tree that joins segments.
pub(super) struct Touched {
    /// Nodes above leaves that are not all zero at the start.
    initial: NodeSet,
    /// Nodes above leaves that were accessed.
    accessed: NodeSet,
    /// Nodes above leaves that were changed.
    changed: NodeSet,
    registers: NodeSet,
    /// One bit a height: whether an all-zero node of that height has been hashed.
    zeros: u32,
}

impl Touched {
    pub fn new(image: &Image) -> Self {
        let mut initial = NodeSet::new(MEMORY_HEIGHT);
        for (leaf, _) in &image.leaves {
            initial.add(*leaf, |_, _| {});
        }
        Self {
            initial,
            accessed: NodeSet::new(MEMORY_HEIGHT),
            changed: NodeSet::new(MEMORY_HEIGHT),
            registers: NodeSet::new(REGISTER_HEIGHT),
            zeros: 0,
        }
    }

    /// An access to a leaf of memory.
    #[inline(always)]
    pub fn access(&mut self, leaf: u32, changes: bool, counts: &mut Counts) {
        if !self.accessed.has_leaf(leaf) {
            self.first_access(leaf, counts);
        }
        if changes && !self.changed.has_leaf(leaf) {
            self.first_change(leaf, counts);
        }
    }

    #[cold]
    #[inline(never)]
    fn first_access(&mut self, leaf: u32, counts: &mut Counts) {
        let (initial, zeros) = (&self.initial, &mut self.zeros);
        self.accessed.add(leaf, |node, height| {
            count_node(height, counts);
            counts.compressions += match initial.has(node) {
                true => 1,
                false => first_zero(zeros, height),
            };
        });
    }

    #[cold]
    #[inline(never)]
    fn first_change(&mut self, leaf: u32, counts: &mut Counts) {
        self.changed.add(leaf, |_, _| counts.compressions += 1);
    }

    /// The first access to a register cell. All are zero at the start.
    pub fn register(&mut self, cell: u8, counts: &mut Counts) {
        let leaf = u32::from(cell) / LEAF_WORDS as u32;
        let zeros = &mut self.zeros;
        self.registers.add(leaf, |_, height| {
            count_node(height, counts);
            counts.compressions += 1 + first_zero(zeros, height);
        });
    }
}

fn count_node(height: u32, counts: &mut Counts) {
    match height {
        0 => counts.leaves += 1,
        _ => counts.merkle_nodes += 1,
    }
}

/// 1 if no all-zero node of this height has been hashed before.
fn first_zero(zeros: &mut u32, height: u32) -> u64 {
    let before = *zeros;
    *zeros |= 1 << height;
    u64::from(*zeros != before)
}

/// Nodes of a tree: one bit each, numbered as in a heap. Most of it is zeroed memory that the
/// host never has to provide.
struct NodeSet {
    bits: Vec<u64>,
    height: u32,
}

impl NodeSet {
    fn new(height: u32) -> Self {
        Self {
            bits: vec![0; (1_usize << (height + 1)).div_ceil(64)],
            height,
        }
    }

    #[inline(always)]
    fn has_leaf(&self, leaf: u32) -> bool {
        self.has(1 << self.height | leaf)
    }

    #[inline(always)]
    fn has(&self, node: u32) -> bool {
        let word = self.bits.get(node as usize / 64);
        word.is_some_and(|word| word >> (node % 64) & 1 != 0)
    }

    /// Adds a leaf and the nodes above it; `added` gets the number and height of each that was
    /// missing.
    fn add(&mut self, leaf: u32, mut added: impl FnMut(u32, u32)) {
        let mut node = 1 << self.height | leaf;
        for height in 0..=self.height {
            if self.has(node) {
                break;
            }
            if let Some(word) = self.bits.get_mut(node as usize / 64) {
                *word |= 1 << (node % 64);
            }
            added(node, height);
            node /= 2;
        }
    }
}
