//! The sponge: absorbs a message block by block, then squeezes out as much as is asked for.

/// Words of the state.
const WORDS: usize = 50;

/// A sponge.
#[derive(Clone)]
pub struct Sponge {
    /// Its state, little-endian words.
    state: [u32; WORDS],
    /// Bytes of the block that are taken already; fewer than `rate`.
    at: usize,
    /// Bytes of a block; at most 200.
    rate: usize,
    /// What the padding begins with.
    delimiter: u8,
    is_squeezing: bool,
}

impl Sponge {
    /// An empty sponge with blocks of `rate` bytes.
    pub const fn new(rate: usize, delimiter: u8) -> Self {
        Self {
            state: [0; WORDS],
            at: 0,
            rate,
            delimiter,
            is_squeezing: false,
        }
    }

    /// Absorbs bytes. After output has been squeezed, they begin a new block.
    pub fn absorb(&mut self, mut input: &[u8]) {
        if self.is_squeezing {
            self.is_squeezing = false;
            self.end_block();
        }
        while let Some((block, rest)) = input.split_at_checked(self.rate - self.at) {
            self.xor(block);
            self.end_block();
            input = rest;
        }
        self.xor(input);
        self.at += input.len();
    }

    /// Fills `output` with what comes next.
    pub fn squeeze(&mut self, mut output: &mut [u8]) {
        if !self.is_squeezing {
            self.is_squeezing = true;
            self.xor_byte(self.at, self.delimiter);
            self.xor_byte(self.rate - 1, 0x80);
            self.end_block();
        }
        while output.len() >= self.rate - self.at {
            let (block, rest) = core::mem::take(&mut output).split_at_mut(self.rate - self.at);
            self.copy_to(block);
            self.end_block();
            output = rest;
        }
        self.copy_to(output);
        self.at += output.len();
    }

    /// Permutes the state; the next block begins.
    pub fn end_block(&mut self) {
        self.at = 0;
        permute(&mut self.state);
    }

    /// Adds bytes to what is left of the block. Whole words at a time, if they lie like that.
    fn xor(&mut self, bytes: &[u8]) {
        let whole = match self.at % 4 {
            0 => bytes.len() / 4,
            _ => 0,
        };
        let (words, rest) = bytes.split_at(4 * whole);
        let state = &mut self.state[self.at / 4..][..whole];
        match bytemuck::try_cast_slice::<u8, u32>(words) {
            Ok(words) => xor_words(state, words),
            Err(_) => {
                let (words, _) = words.as_chunks();
                for (word, bytes) in state.iter_mut().zip(words) {
                    *word ^= u32::from_le_bytes(*bytes);
                }
            }
        }
        for (i, byte) in (self.at + 4 * whole..).zip(rest) {
            self.xor_byte(i, *byte);
        }
    }

    fn xor_byte(&mut self, i: usize, byte: u8) {
        self.state[i / 4] ^= u32::from(byte) << (8 * (i % 4));
    }

    fn copy_to(&self, output: &mut [u8]) {
        for (i, byte) in (self.at..).zip(output) {
            *byte = (self.state[i / 4] >> (8 * (i % 4))) as u8;
        }
    }
}

/// Eight at a time: the loop around a word costs as much as the word.
fn xor_words(state: &mut [u32], words: &[u32]) {
    let (state, state_rest) = state.as_chunks_mut::<8>();
    let (words, words_rest) = words.as_chunks::<8>();
    for (state, words) in state.iter_mut().zip(words) {
        for (word, other) in state.iter_mut().zip(words) {
            *word ^= u32::from_le(*other);
        }
    }
    for (word, other) in state_rest.iter_mut().zip(words_rest) {
        *word ^= u32::from_le(*other);
    }
}

#[cfg(target_arch = "riscv32")]
use vouch_guest::accelerators::keccak_f1600 as permute;
#[cfg(not(target_arch = "riscv32"))]
use vouch_isa::accelerators::keccak_f1600::permute;
