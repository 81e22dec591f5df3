//! The root of a Merkle tree over SHA-256, with RFC 6962's hashes, by the accelerator, or with the feature `software`
//! without it.
//!
//! Input: leaves of 32 bytes each. Journal: how many they are (four bytes, little-endian), and the root (32 bytes).
//!
//! A leaf's hash is that of a zero byte and the leaf, a node's that of a one and the hashes below. The left subtree of
//! every node is the largest full one that leaves something for the right; the root of no leaves is the hash of nothing.
#![no_std]
#![no_main]

#[cfg(feature = "software")]
use sha2::{Digest, Sha256};
#[cfg(not(feature = "software"))]
use sha2_accelerated::{Digest, Sha256};
use vouch_guest::io::{self, Chunk};
use vouch_guest::refuse;

const LEAF_BYTES: usize = 32;
/// Leaves that are read at a time.
const LEAVES: usize = 128;

type Hash = [u8; 32];

vouch_guest::entry!(main);

fn main() {
    let mut tree = Tree::default();
    let mut chunk = Chunk::<{ LEAVES * LEAF_BYTES }>::new();
    loop {
        let (leaves, rest) = chunk.read().as_chunks::<LEAF_BYTES>();
        leaves.iter().for_each(|leaf| tree.push(leaf));
        if !rest.is_empty() {
            refuse(format_args!(
                "expected whole leaves of {LEAF_BYTES} bytes, got {} bytes more",
                rest.len()
            ));
        }
        if leaves.len() < LEAVES {
            break;
        }
    }
    io::commit_word(tree.leaves);
    io::commit_slice(tree.root());
}

/// The leaves so far, as the roots of full subtrees: one for each bit of their number that is set, the largest first.
struct Tree {
    /// As new before each hash: to make one costs as much as the hash itself.
    hasher: Sha256,
    leaves: u32,
    /// One more, for a leaf that comes to as many as there can be.
    roots: [Hash; 33],
}

impl Tree {
    fn push(&mut self, leaf: &[u8; LEAF_BYTES]) {
        let mut count = self.leaves.count_ones() as usize;
        self.hasher.update([0]);
        self.hasher.update(leaf);
        Digest::finalize_into_reset(&mut self.hasher, (&mut self.roots[count]).into());
        // As a binary counter carries.
        for _ in 0..self.leaves.trailing_ones() {
            count -= 1;
            self.join(count);
        }
        self.leaves += 1;
    }

    /// Replaces a root with that of the tree of which it is the left part, and the next one the right.
    fn join(&mut self, left: usize) {
        self.hasher.update([1]);
        self.hasher
            .update(self.roots[left..left + 2].as_flattened());
        Digest::finalize_into_reset(&mut self.hasher, (&mut self.roots[left]).into());
    }

    fn root(&mut self) -> &Hash {
        match self.leaves.count_ones() as usize {
            0 => Digest::finalize_into_reset(&mut self.hasher, (&mut self.roots[0]).into()),
            count => (0..count - 1).rev().for_each(|left| self.join(left)),
        }
        &self.roots[0]
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            hasher: Sha256::new(),
            leaves: 0,
            roots: [[0; 32]; 33],
        }
    }
}
