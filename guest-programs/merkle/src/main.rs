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
    io::commit_slice(&tree.root());
}

/// The leaves so far, as the roots of full subtrees: one for each bit of their number that is set, the largest first.
struct Tree {
    hasher: Sha256,
    leaves: u32,
    roots: [Hash; 32],
}

impl Tree {
    fn push(&mut self, leaf: &[u8; LEAF_BYTES]) {
        let mut hash = hash(&mut self.hasher, 0, [leaf]);
        let mut count = self.leaves.count_ones() as usize;
        // As a binary counter carries.
        for _ in 0..self.leaves.trailing_ones() {
            count -= 1;
            hash = self::hash(&mut self.hasher, 1, [&self.roots[count], &hash]);
        }
        self.roots[count] = hash;
        self.leaves += 1;
    }

    fn root(&mut self) -> Hash {
        let roots = &self.roots[..self.leaves.count_ones() as usize];
        let root = roots
            .iter()
            .copied()
            .rev()
            .reduce(|right, left| hash(&mut self.hasher, 1, [&left, &right]));
        root.unwrap_or_else(|| Sha256::digest([]).into())
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            hasher: Sha256::new(),
            leaves: 0,
            roots: [[0; 32]; 32],
        }
    }
}

/// The hash of a prefix and what follows it. The hasher is as new before and after: to make one for each hash would
/// cost as much as the hash itself.
fn hash<const N: usize>(hasher: &mut Sha256, prefix: u8, parts: [&[u8; 32]; N]) -> Hash {
    hasher.update([prefix]);
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize_reset().into()
}
