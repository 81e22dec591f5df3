//! Words that bytes, halves and words are appended to, each where it is aligned.

use alloc::vec::Vec;

/// Bytes and bits in a word.
const WORD: usize = size_of::<u32>();
const BITS: u32 = u32::BITS;

#[derive(Default)]
pub struct Writer {
    /// Whole words, in memory as their bytes are.
    words: Vec<u32>,
    /// The bytes after them, the first one lowest, and zeros.
    part: u32,
    /// How many bits they are, less than a word.
    part_bits: u32,
}

impl Writer {
    /// Bytes written.
    #[inline]
    pub fn len(&self) -> usize {
        WORD * self.words.len() + self.part_bits as usize / 8
    }

    /// What was written, and zeros up to the next word.
    #[inline]
    pub fn into_words(mut self) -> Vec<u32> {
        self.align();
        self.words
    }

    #[inline]
    pub fn byte(&mut self, byte: u8) {
        self.append(byte.into(), 8);
    }

    #[inline]
    pub fn half(&mut self, half: u16) {
        if !self.part_bits.is_multiple_of(16) {
            self.append(0, 8);
        }
        self.append(half.into(), 16);
    }

    #[inline]
    pub fn word(&mut self, word: u32) {
        self.align();
        self.words.push(word.to_le());
    }

    /// Two words, the low one first.
    #[inline]
    pub fn double(&mut self, double: u64) {
        self.align();
        let words = [double as u32, (double >> 32) as u32];
        self.words.extend_from_slice(&words.map(u32::to_le));
    }

    /// From a word on.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.align();
        match bytemuck::pod_align_to(bytes) {
            ([], words, last) => {
                self.words.extend_from_slice(words);
                for &byte in last {
                    self.byte(byte);
                }
            }
            _ => self.unaligned(bytes),
        }
    }

    #[cold]
    fn unaligned(&mut self, bytes: &[u8]) {
        let start = self.words.len();
        self.words.resize(start + bytes.len().div_ceil(WORD), 0);
        let room: &mut [u8] = bytemuck::cast_slice_mut(&mut self.words[start..]);
        room[..bytes.len()].copy_from_slice(bytes);
        let past = bytes.len() % WORD;
        if past != 0 {
            self.part = self.words.pop().map_or(0, u32::from_le);
            self.part_bits = 8 * past as u32;
        }
    }

    /// Puts a word where one was written before, `index` words from the start.
    #[inline]
    pub fn replace(&mut self, index: usize, word: u32) {
        self.words[index] = word.to_le();
    }

    /// Appends what fits into what is free of a word.
    #[inline]
    fn append(&mut self, value: u32, bits: u32) {
        self.part |= value << self.part_bits;
        self.part_bits += bits;
        if self.part_bits == BITS {
            self.flush();
        }
    }

    /// Goes on at a word.
    #[inline]
    fn align(&mut self) {
        if self.part_bits != 0 {
            self.flush();
        }
    }

    #[inline]
    fn flush(&mut self) {
        self.words.push(self.part.to_le());
        (self.part, self.part_bits) = (0, 0);
    }
}
