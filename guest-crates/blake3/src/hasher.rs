//! The hasher: bytes to chunks, chunks to a tree.

use core::fmt;

use arrayvec::ArrayVec;

use crate::node::{
    self, Block, CONTEXT, Chaining, END, KEYED, MATERIAL, Mode, START, State, children,
};
use crate::{BLOCK_LEN, CHUNK_LEN, Hash, KEY_LEN, OutputReader};

const CHUNK_BLOCKS: usize = CHUNK_LEN / BLOCK_LEN;
/// Nodes that wait for their right sibling, at most: one for each bit of the number of chunks.
const MAX_DEPTH: usize = 54;

/// Hashes bytes that come one after another.
#[derive(Clone)]
pub struct Hasher {
    mode: Mode,
    /// What the next block of the chunk is compressed with, its flags aside.
    state: State,
    /// Blocks of the chunk that have been compressed.
    blocks: usize,
    /// The next block: bytes of which it is not known yet whether others follow.
    block: Block,
    /// Its bytes.
    filled: usize,
    /// Chaining values of whole subtrees, larger ones first.
    stack: ArrayVec<Chaining, MAX_DEPTH>,
}

impl Hasher {
    /// For [`crate::hash`].
    #[inline]
    pub fn new() -> Self {
        Self::of(Mode::HASH)
    }

    /// For [`crate::keyed_hash`].
    pub fn new_keyed(key: &[u8; KEY_LEN]) -> Self {
        Self::of(Mode {
            key: node::chaining_of(key),
            flags: KEYED,
        })
    }

    /// For [`crate::derive_key`].
    pub fn new_derive_key(context: &str) -> Self {
        let mut of_context = Self::of(Mode {
            flags: CONTEXT,
            ..Mode::HASH
        });
        let key = of_context.update(context.as_bytes()).finalize();
        Self::of(Mode {
            key: node::chaining_of(key.as_bytes()),
            flags: MATERIAL,
        })
    }

    #[inline]
    fn of(mode: Mode) -> Self {
        Self {
            mode,
            state: mode.chunk(0),
            blocks: 0,
            block: [0; _],
            filled: 0,
            stack: ArrayVec::new_const(),
        }
    }

    /// Forgets all bytes, and keeps the key.
    pub fn reset(&mut self) -> &mut Self {
        self.state = self.mode.chunk(0);
        (self.blocks, self.filled) = (0, 0);
        self.stack.clear();
        self
    }

    /// Adds bytes. If they are word-aligned and begin a block, whole blocks are hashed where they lie.
    pub fn update(&mut self, mut input: &[u8]) -> &mut Self {
        while !input.is_empty() {
            if self.filled == BLOCK_LEN {
                let block = self.block;
                self.compress(&block);
                self.filled = 0;
            }
            if self.filled == 0 {
                input = self.chunks(input);
                input = self.blocks(input);
            }
            let room = &mut bytemuck::bytes_of_mut(&mut self.block)[self.filled..];
            let (now, later) = input.split_at(room.len().min(input.len()));
            room[..now.len()].copy_from_slice(now);
            self.filled += now.len();
            input = later;
        }
        self
    }

    /// Hashes whole chunks that others follow, if they can stay where they are; what is left.
    fn chunks<'a>(&mut self, mut input: &'a [u8]) -> &'a [u8] {
        while self.blocks == 0
            && input.len() > CHUNK_LEN
            && let Some((chunk, rest)) = input.split_first_chunk::<CHUNK_LEN>()
            && let Ok([first, middle @ .., last]) =
                bytemuck::try_from_bytes::<[Block; CHUNK_BLOCKS]>(chunk)
        {
            self.state.set_flags(self.mode.flags | START);
            self.state.compress(first);
            self.state.set_flags(self.mode.flags);
            for block in middle {
                self.state.compress(block);
            }
            self.state.set_flags(self.mode.flags | END);
            self.state.compress(last);
            self.end_chunk();
            input = rest;
        }
        input
    }

    /// Hashes blocks that others follow; what is left.
    fn blocks<'a>(&mut self, mut input: &'a [u8]) -> &'a [u8] {
        while input.len() > BLOCK_LEN
            && let Some((block, rest)) = input.split_first_chunk::<BLOCK_LEN>()
        {
            match bytemuck::try_from_bytes(block) {
                Ok(block) => self.compress(block),
                Err(_) => self.compress(&bytemuck::pod_read_unaligned(block)),
            }
            input = rest;
        }
        input
    }

    /// Hashes a whole block that others follow.
    fn compress(&mut self, block: &Block) {
        self.state.set_flags(self.flags());
        self.state.compress(block);
        self.blocks += 1;
        if self.blocks == CHUNK_BLOCKS {
            self.end_chunk();
        }
    }

    /// The flags of the next block of the chunk.
    fn flags(&self) -> u32 {
        let mut flags = self.mode.flags;
        if self.blocks == 0 {
            flags |= START;
        }
        if self.blocks == CHUNK_BLOCKS - 1 {
            flags |= END;
        }
        flags
    }

    /// Puts the chunk into the tree, in which others follow it: subtrees of equal size are joined.
    fn end_chunk(&mut self) {
        let mut right = self.state.chaining();
        let chunks = self.state.counter() + 1;
        for _ in 0..chunks.trailing_zeros() {
            let Some(left) = self.stack.pop() else { break };
            let mut state = self.mode.parent();
            state.compress(&children(&left, &right));
            right = state.chaining();
        }
        self.stack.push(right);
        self.state = self.mode.chunk(chunks);
        self.blocks = 0;
    }

    /// The hash of all bytes so far.
    pub fn finalize(&self) -> Hash {
        let (block, mut state) = self.root();
        state.compress(&block);
        Hash::from_bytes(node::bytes_of(state.chaining()))
    }

    /// Output of any length, which begins with the hash.
    pub fn finalize_xof(&self) -> OutputReader {
        let (block, state) = self.root();
        OutputReader::new(block, state)
    }

    /// The root of the tree.
    fn root(&self) -> (Block, State) {
        let mut block = self.block;
        bytemuck::bytes_of_mut(&mut block)[self.filled..].fill(0);
        let mut state = self.state.clone();
        state.set_length(self.filled);
        state.set_flags(self.flags() | END);
        for left in self.stack.iter().rev() {
            state.compress(&block);
            block = children(left, &state.chaining());
            state = self.mode.parent();
        }
        if !self.stack.is_empty() {
            state.set_counter(0);
        }
        state.add_flags(node::ROOT);
        (block, state)
    }

    /// Bytes so far.
    pub fn count(&self) -> u64 {
        let in_chunk = self.blocks * BLOCK_LEN + self.filled;
        self.state.counter() * CHUNK_LEN as u64 + in_chunk as u64
    }

    /// Adds all that a reader gives.
    ///
    /// # Errors
    /// Those of the reader. What it gave before has been added.
    #[cfg(feature = "std")]
    pub fn update_reader(&mut self, mut reader: impl std::io::Read) -> std::io::Result<&mut Self> {
        std::io::copy(&mut reader, self)?;
        Ok(self)
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows nothing of what has been hashed.
impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").finish_non_exhaustive()
    }
}

#[cfg(feature = "std")]
impl std::io::Write for Hasher {
    fn write(&mut self, input: &[u8]) -> std::io::Result<usize> {
        self.update(input);
        Ok(input.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
