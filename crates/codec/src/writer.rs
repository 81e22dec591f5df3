//! Words that bytes, halves and words are appended to, each where it is aligned.

use alloc::vec::Vec;

/// Bytes in a word.
const WORD: usize = size_of::<u32>();

#[derive(Default)]
pub struct Writer {
    /// In memory as the bytes are; what is not written yet of the last one is zero.
    words: Vec<u32>,
    /// Bytes written. The words are no more than they take.
    len: usize,
}

impl Writer {
    /// Bytes written.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub fn into_words(self) -> Vec<u32> {
        self.words
    }

    #[inline]
    pub fn byte(&mut self, byte: u8) {
        self.part(byte.into());
        self.len += 1;
    }

    #[inline]
    pub fn half(&mut self, half: u16) {
        self.len = self.len.next_multiple_of(2);
        self.part(half.into());
        self.len += 2;
    }

    #[inline]
    pub fn word(&mut self, word: u32) {
        self.words.push(word.to_le());
        self.len = WORD * self.words.len();
    }

    /// Begins at a word, ends where the bytes end.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        let start = self.words.len();
        self.words.resize(start + bytes.len().div_ceil(WORD), 0);
        let room: &mut [u8] = bytemuck::cast_slice_mut(&mut self.words[start..]);
        room[..bytes.len()].copy_from_slice(bytes);
        self.len = WORD * start + bytes.len();
    }

    /// Puts a word where it was written before, `at` words from the start.
    #[inline]
    pub fn replace(&mut self, at: usize, word: u32) {
        if let Some(place) = self.words.get_mut(at) {
            *place = word.to_le();
        }
    }

    /// Puts what fits into the rest of the last word there, or begins another one.
    #[inline]
    fn part(&mut self, part: u32) {
        match self.len % WORD {
            0 => self.words.push(part.to_le()),
            past => {
                if let Some(last) = self.words.last_mut() {
                    *last |= (part << (8 * past)).to_le();
                }
            }
        }
    }
}
