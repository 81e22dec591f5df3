//! Nodes of the tree: a block, and the state that it is compressed with.

use vouch_isa::accelerators::blake3_compress::{
    BLOCK_WORDS, CHAINING_WORDS, IV, STATE_WORDS, output,
};

use crate::BLOCK_LEN;

/// A chaining value or key, as numbers.
pub(crate) type Chaining = [u32; CHAINING_WORDS];
/// A block as it lies in memory: four bytes a word.
pub(crate) type Block = [u32; BLOCK_WORDS];

pub(crate) const START: u32 = 1 << 0;
pub(crate) const END: u32 = 1 << 1;
const PARENT: u32 = 1 << 2;
pub(crate) const ROOT: u32 = 1 << 3;
pub(crate) const KEYED: u32 = 1 << 4;
pub(crate) const CONTEXT: u32 = 1 << 5;
pub(crate) const MATERIAL: u32 = 1 << 6;

/// What all nodes of a tree have in common.
#[derive(Clone, Copy)]
pub(crate) struct Mode {
    pub key: Chaining,
    /// [`KEYED`], [`CONTEXT`], [`MATERIAL`], or 0.
    pub flags: u32,
}

impl Mode {
    pub const HASH: Self = Self { key: IV, flags: 0 };

    /// The state that the first block of a chunk is compressed with.
    #[inline]
    pub fn chunk(&self, counter: u64) -> State {
        State::new(self.key, counter, self.flags)
    }

    /// The state that two chaining values are compressed with.
    #[inline]
    pub fn parent(&self) -> State {
        State::new(self.key, 0, self.flags | PARENT)
    }
}

/// What a block is compressed with, in the order of the accelerator: chaining value, counter in two words, length,
/// flags.
#[derive(Clone)]
pub(crate) struct State([u32; STATE_WORDS]);

impl State {
    #[inline]
    fn new([a, b, c, d, e, f, g, h]: Chaining, counter: u64, flags: u32) -> Self {
        let length = BLOCK_LEN as u32;
        let (low, high) = (counter as u32, (counter >> 32) as u32);
        Self([a, b, c, d, e, f, g, h, low, high, length, flags])
    }

    #[inline]
    pub fn chaining(&self) -> Chaining {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        [a, b, c, d, e, f, g, h]
    }

    #[inline]
    pub fn counter(&self) -> u64 {
        let [.., low, high, _, _] = self.0;
        u64::from(low) | u64::from(high) << 32
    }

    #[inline]
    pub fn set_counter(&mut self, counter: u64) {
        let [.., low, high, _, _] = &mut self.0;
        (*low, *high) = (counter as u32, (counter >> 32) as u32);
    }

    /// The length of the block, if it is the last of a chunk.
    #[inline]
    pub fn set_length(&mut self, bytes: usize) {
        let [.., length, _] = &mut self.0;
        *length = bytes as u32;
    }

    #[inline]
    pub fn set_flags(&mut self, flags: u32) {
        let [.., all] = &mut self.0;
        *all = flags;
    }

    #[inline]
    pub fn add_flags(&mut self, flags: u32) {
        let [.., all] = &mut self.0;
        *all |= flags;
    }

    /// Compresses a block into the chaining value.
    #[inline]
    pub fn compress(&mut self, block: &Block) {
        #[cfg(target_arch = "riscv32")]
        vouch_guest::accelerators::blake3_compress((block, &mut self.0));
        #[cfg(not(target_arch = "riscv32"))]
        vouch_isa::accelerators::blake3_compress::compress(&numbers(block), &mut self.0);
    }

    /// All 64 bytes that are the output of a block, by software.
    pub fn output(&self, block: &Block) -> [u8; BLOCK_LEN] {
        let mut bytes = [0; BLOCK_LEN];
        let (words, _) = bytes.as_chunks_mut();
        for (bytes, word) in words.iter_mut().zip(output(&numbers(block), &self.0)) {
            *bytes = word.to_le_bytes();
        }
        bytes
    }
}

/// The numbers that the bytes of a block are.
#[inline]
fn numbers(block: &Block) -> Block {
    block.map(u32::from_le)
}

/// The block of a parent.
#[inline]
pub(crate) fn children(left: &Chaining, right: &Chaining) -> Block {
    let [a, b, c, d, e, f, g, h] = left.map(u32::to_le);
    let [i, j, k, l, m, n, o, p] = right.map(u32::to_le);
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}

/// A chaining value as bytes.
#[inline]
pub(crate) fn bytes_of(chaining: Chaining) -> [u8; 32] {
    bytemuck::cast(chaining.map(u32::to_le))
}

/// The chaining value that these bytes are.
#[inline]
pub(crate) fn chaining_of(bytes: &[u8; 32]) -> Chaining {
    bytemuck::pod_read_unaligned::<Chaining>(bytes).map(u32::from_le)
}
