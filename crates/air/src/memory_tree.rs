//! The Merkle tree over memory and registers, and the image ID.
//!
//! Leaves are 8 words, 16 limbs. Memory is a tree of height 27, the registers one of height
//! 3; the root is the compression of their roots. Most of memory is zero: only nodes that
//! differ from an all-zero subtree are held.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use p3_baby_bear::{Poseidon2BabyBear, default_babybear_poseidon2_16};
use p3_field::PrimeCharacteristicRing;
use p3_field::integers::QuotientMap;
use p3_symmetric::Permutation;
use vouch_isa::event::Leaf;
use vouch_isa::image::Image;
use vouch_isa::memory::{LEAF_WORDS, MEMORY_HEIGHT, REGISTER_BASE, REGISTER_HEIGHT};

use crate::machine::VERSION;
use crate::{Digest, F};

/// `truncate(P(x) + x)`: see [`mod@crate::tables::poseidon2`].
#[derive(Clone, Debug)]
pub struct Compression {
    permutation: Poseidon2BabyBear<16>,
}

impl Default for Compression {
    fn default() -> Self {
        Self {
            permutation: default_babybear_poseidon2_16(),
        }
    }
}

impl Compression {
    /// Compresses 16 elements to 8.
    pub fn compress(&self, input: [F; 16]) -> Digest<F> {
        let permuted = self.permutation.permute(input);
        core::array::from_fn(|i| permuted[i] + input[i])
    }

    /// Compresses two digests.
    pub fn join(&self, left: Digest<F>, right: Digest<F>) -> Digest<F> {
        self.compress(core::array::from_fn(|i| match i {
            0..8 => left[i],
            _ => right[i - 8],
        }))
    }

    /// The root of [`MemoryTree::new`], without the tree.
    pub fn root(&self, image: &Image) -> Digest<F> {
        let mut zeros = alloc::vec![self.compress([F::ZERO; 16])];
        for height in 0..MEMORY_HEIGHT as usize {
            zeros.push(self.join(zeros[height], zeros[height]));
        }
        let memory = self.subtree(MEMORY_HEIGHT, 0, &image.leaves, &zeros);
        self.join(memory, zeros[REGISTER_HEIGHT as usize])
    }

    /// The node `index` of a height, over those of its leaves that are not zero.
    fn subtree(
        &self,
        height: u32,
        index: u32,
        leaves: &[(u32, [u32; LEAF_WORDS])],
        zeros: &[Digest<F>],
    ) -> Digest<F> {
        match leaves {
            [] => zeros[height as usize],
            [(_, words), ..] if height == 0 => self.compress(leaf_cells(words)),
            _ => {
                let right = 2 * index + 1;
                let middle = leaves.partition_point(|(leaf, _)| leaf >> (height - 1) < right);
                let (low, high) = leaves.split_at(middle);
                let left = self.subtree(height - 1, 2 * index, low, zeros);
                self.join(left, self.subtree(height - 1, right, high, zeros))
            }
        }
    }

    /// The image ID as field elements: the compression of version, entry, executable range
    /// and root of the initial state. Words are indices below `2^30`.
    pub fn image_id(&self, entry: u32, text: &core::ops::Range<u32>, root: Digest<F>) -> Digest<F> {
        let header = [VERSION, entry, text.start, text.end, 0, 0, 0, 0].map(F::from_int);
        self.join(header, root)
    }
}

/// The words of a leaf as 16-bit limbs, low first.
pub fn leaf_cells(words: &[u32; LEAF_WORDS]) -> [F; 16] {
    core::array::from_fn(|i| F::from_int(words[i / 2] >> (16 * (i % 2)) & 0xffff))
}

/// Roots of the two trees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roots {
    /// Of memory.
    pub memory: Digest<F>,
    /// Of the registers.
    pub registers: Digest<F>,
}

/// Hashes of a leaf before and after a segment.
#[derive(Clone, Copy, Debug)]
pub struct LeafHashes {
    /// Before.
    pub initial: Digest<F>,
    /// After.
    pub last: Digest<F>,
}

/// A child of a [`Node`].
#[derive(Clone, Copy, Debug)]
pub struct Child {
    /// Hash before.
    pub initial: Digest<F>,
    /// Hash after.
    pub last: Digest<F>,
    /// The segment touches it.
    pub touched: bool,
}

/// An inner node on the way to a leaf that a segment touches.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// Height above the leaves.
    pub height: u32,
    /// Index among the nodes of that height.
    pub index: u32,
    /// Hash before.
    pub initial: Digest<F>,
    /// Hash after.
    pub last: Digest<F>,
    /// Left and right child.
    pub children: [Child; 2],
}

/// What a segment does to the tree.
#[derive(Clone, Debug, Default)]
pub struct Update {
    /// Roots before.
    pub initial: Roots,
    /// Roots after.
    pub last: Roots,
    /// Root of both before.
    pub start_root: Digest<F>,
    /// Root of both after.
    pub end_root: Digest<F>,
    /// Hashes of the touched leaves, in their order.
    pub leaves: Vec<LeafHashes>,
    /// The inner nodes above them.
    pub nodes: Vec<Node>,
}

/// The state between two segments.
#[derive(Clone, Debug)]
pub struct MemoryTree {
    compression: Compression,
    /// Hash of an all-zero subtree, by height.
    zeros: Vec<Digest<F>>,
    /// Nodes up to [`PAGE_HEIGHT`], where not all of a page is zero.
    pages: BTreeMap<u32, Box<Page>>,
    /// Nodes above that are not all zero, by height and index.
    upper: BTreeMap<(u32, u32), Digest<F>>,
}

/// Height of a page: as much memory as programs touch at a time.
const PAGE_HEIGHT: u32 = 7;

/// The nodes of a page: 1 is its root, `2 n` and `2 n + 1` are the children of `n`.
type Page = [Digest<F>; 2 << PAGE_HEIGHT];

/// The page of a node up to [`PAGE_HEIGHT`], and its place there.
fn place(height: u32, index: u32) -> (u32, usize) {
    let depth = PAGE_HEIGHT - height;
    let first = 1 << depth;
    (index >> depth, (first | index & (first - 1)) as usize)
}

const FIRST_REGISTER_LEAF: u32 = REGISTER_BASE / LEAF_WORDS as u32;

impl MemoryTree {
    /// The initial state of a program: its image in memory, registers 0.
    pub fn new(image: &Image) -> Self {
        let compression = Compression::default();
        let mut zeros = alloc::vec![compression.compress([F::ZERO; 16])];
        for height in 0..MEMORY_HEIGHT as usize {
            zeros.push(compression.join(zeros[height], zeros[height]));
        }
        let mut tree = Self {
            compression,
            zeros,
            pages: BTreeMap::new(),
            upper: BTreeMap::new(),
        };
        let hash = |(index, words): &(u32, [u32; LEAF_WORDS])| {
            let last = tree.compression.compress(leaf_cells(words));
            (
                *index,
                LeafHashes {
                    initial: tree.zeros[0],
                    last,
                },
            )
        };
        let leaves: Vec<_> = image.leaves.iter().map(hash).collect();
        tree.update_subtree(MEMORY_HEIGHT, 0, leaves, &mut Vec::new());
        tree
    }

    fn node(&self, height: u32, index: u32) -> Digest<F> {
        let found = if height <= PAGE_HEIGHT {
            let (page, place) = place(height, index);
            self.pages.get(&page).map(|page| page[place])
        } else {
            self.upper.get(&(height, index)).copied()
        };
        found.unwrap_or_else(|| self.zero(height))
    }

    /// The hash of an all-zero subtree.
    fn zero(&self, height: u32) -> Digest<F> {
        self.zeros.get(height as usize).copied().unwrap_or_default()
    }

    fn set_node(&mut self, height: u32, index: u32, digest: Digest<F>) {
        if height > PAGE_HEIGHT {
            self.upper.insert((height, index), digest);
            return;
        }
        let (page, place) = place(height, index);
        let zeros = &self.zeros;
        let fresh = || {
            let zero = |node: usize| {
                let height = PAGE_HEIGHT - node.max(1).ilog2();
                zeros.get(height as usize).copied().unwrap_or_default()
            };
            Box::new(core::array::from_fn(zero))
        };
        self.pages.entry(page).or_insert_with(fresh)[place] = digest;
    }

    fn roots(&self) -> Roots {
        Roots {
            memory: self.node(MEMORY_HEIGHT, 0),
            registers: self.node(REGISTER_HEIGHT, FIRST_REGISTER_LEAF >> REGISTER_HEIGHT),
        }
    }

    /// The root of memory and registers.
    pub fn root(&self) -> Digest<F> {
        self.join(&self.roots())
    }

    fn join(&self, roots: &Roots) -> Digest<F> {
        self.compression.join(roots.memory, roots.registers)
    }

    /// The compression that hashes this tree.
    pub const fn compression(&self) -> &Compression {
        &self.compression
    }

    /// Moves the tree to the end of a segment that touches `leaves` (by ascending index).
    pub fn update(&mut self, leaves: &[Leaf]) -> Update {
        let initial = self.roots();
        let hashes: Vec<LeafHashes> = leaves
            .iter()
            .map(|leaf| {
                let initial = self.compression.compress(leaf_cells(&leaf.initial));
                let last = match leaf.initial == leaf.last {
                    true => initial,
                    false => self.compression.compress(leaf_cells(&leaf.last)),
                };
                LeafHashes { initial, last }
            })
            .collect();
        let touched = leaves
            .iter()
            .map(|leaf| leaf.index)
            .zip(hashes.iter().copied());
        let (registers, memory) = touched.partition(|(index, _)| *index >= FIRST_REGISTER_LEAF);
        let mut nodes = Vec::new();
        self.update_subtree(MEMORY_HEIGHT, 0, memory, &mut nodes);
        let register_root = FIRST_REGISTER_LEAF >> REGISTER_HEIGHT;
        self.update_subtree(REGISTER_HEIGHT, register_root, registers, &mut nodes);
        let last = self.roots();
        Update {
            start_root: self.join(&initial),
            end_root: self.join(&last),
            initial,
            last,
            leaves: hashes,
            nodes,
        }
    }

    /// Updates the subtree of `height` over `level`, its touched leaves by ascending index,
    /// and appends its touched inner nodes; the root `root` counts as touched in any case.
    fn update_subtree(
        &mut self,
        height: u32,
        root: u32,
        mut level: Vec<(u32, LeafHashes)>,
        nodes: &mut Vec<Node>,
    ) {
        if level.is_empty() {
            nodes.push(self.parent(height, root, &[]));
            return;
        }
        for h in 0..height {
            for (index, hashes) in &level {
                self.set_node(h, *index, hashes.last);
            }
            let parents = level.chunk_by(|a, b| a.0 / 2 == b.0 / 2);
            let first = nodes.len();
            nodes.extend(parents.map(|children| self.parent(h + 1, children[0].0 / 2, children)));
            level = nodes[first..]
                .iter()
                .map(|node| {
                    let hashes = LeafHashes {
                        initial: node.initial,
                        last: node.last,
                    };
                    (node.index, hashes)
                })
                .collect();
        }
        for (index, hashes) in level {
            self.set_node(height, index, hashes.last);
        }
    }

    /// The node over `touched` children, of which there are at most two.
    fn parent(&self, height: u32, index: u32, touched: &[(u32, LeafHashes)]) -> Node {
        let children = [2 * index, 2 * index + 1].map(|child| {
            match touched.iter().find(|(i, _)| *i == child) {
                Some((_, hashes)) => Child {
                    initial: hashes.initial,
                    last: hashes.last,
                    touched: true,
                },
                None => {
                    let hash = self.node(height - 1, child);
                    Child {
                        initial: hash,
                        last: hash,
                        touched: false,
                    }
                }
            }
        });
        let [left, right] = &children;
        let initial = self.compression.join(left.initial, right.initial);
        let unchanged = left.initial == left.last && right.initial == right.last;
        let last = match unchanged {
            true => initial,
            false => self.compression.join(left.last, right.last),
        };
        Node {
            height,
            index,
            initial,
            last,
            children,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The root without the tree is that of the tree, for no leaf, single ones, neighbours and the ends.
    #[test]
    fn the_root_needs_no_tree() {
        let last = (1 << MEMORY_HEIGHT) - 1;
        for indices in [
            &[][..],
            &[0],
            &[last],
            &[0, 1, 2, 3],
            &[1, 2, 127, 128, 129, 1 << 20, last - 1, last],
        ] {
            let leaf = |index: &u32| (*index, core::array::from_fn(|i| index ^ (i as u32 + 1)));
            let image = Image {
                entry: 0,
                text: 0..1,
                leaves: indices.iter().map(leaf).collect(),
            };
            let tree = MemoryTree::new(&image);
            assert_eq!(
                Compression::default().root(&image),
                tree.root(),
                "{indices:?}"
            );
        }
    }
}
