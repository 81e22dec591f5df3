//! Bytes that are read in order, words as words where their memory is aligned.
//!
//! What is not inlined gets the state by value: a reader whose address nobody has lives in
//! registers.

use crate::error::{Error, ErrorKind};

/// Bytes in a word.
const WORD: usize = size_of::<u32>();

#[derive(Clone, Copy)]
pub struct Reader<'de> {
    bytes: &'de [u8],
    /// The same memory as words, but for an incomplete one at its end; empty if it is not aligned.
    words: &'de [u32],
    /// Bytes read.
    at: usize,
}

impl<'de> Reader<'de> {
    #[inline]
    pub fn new(bytes: &'de [u8]) -> Self {
        let (before, words, _) = bytemuck::pod_align_to(bytes);
        let words = if before.is_empty() { words } else { &[] };
        Self {
            bytes,
            words,
            at: 0,
        }
    }

    /// Bytes read.
    #[inline]
    pub fn at(&self) -> usize {
        self.at
    }

    /// What has not been read.
    #[inline]
    pub fn rest(&self) -> &'de [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    #[inline(always)]
    pub fn byte(&mut self) -> Result<u8, Error> {
        match self.bytes.get(self.at) {
            Some(&byte) => {
                self.at += 1;
                Ok(byte)
            }
            None => Err(end(self.bytes, self.at, 1)),
        }
    }

    #[inline(always)]
    pub fn half(&mut self) -> Result<u16, Error> {
        let at = if self.at.is_multiple_of(2) {
            self.at
        } else {
            padding(self.bytes, self.at, 2)?
        };
        match self.bytes.get(at..).and_then(|rest| rest.first_chunk()) {
            Some(&half) => {
                self.at = at + half.len();
                Ok(u16::from_le_bytes(half))
            }
            None => Err(end(self.bytes, at, 2)),
        }
    }

    #[inline(always)]
    pub fn word(&mut self) -> Result<u32, Error> {
        let at = self.next_word()?;
        let word = match self.words.get(at / WORD) {
            Some(&word) => u32::from_le(word),
            None => word(self.bytes, at)?,
        };
        self.at = at + WORD;
        Ok(word)
    }

    /// So many words, the lowest first.
    #[inline(always)]
    pub fn words<const N: usize>(&mut self) -> Result<[u32; N], Error> {
        let mut words = [0; N];
        for word in &mut words {
            *word = self.word()?;
        }
        Ok(words)
    }

    /// So many bytes, in place.
    #[inline]
    pub fn bytes(&mut self, count: usize) -> Result<&'de [u8], Error> {
        match self.rest().get(..count) {
            Some(bytes) => {
                self.at += count;
                Ok(bytes)
            }
            None => Err(end(self.bytes, self.at, count)),
        }
    }

    /// Goes on at a word, having checked the padding before.
    #[inline(always)]
    pub fn align(&mut self) -> Result<(), Error> {
        self.at = self.next_word()?;
        Ok(())
    }

    /// Where the next word begins.
    #[inline(always)]
    fn next_word(&self) -> Result<usize, Error> {
        let past = self.at % WORD;
        if past == 0 {
            return Ok(self.at);
        }
        match self.words.get(self.at / WORD) {
            Some(&word) if u32::from_le(word) >> (8 * past) == 0 => Ok(self.at - past + WORD),
            _ => padding(self.bytes, self.at, WORD),
        }
    }
}

/// A word from anywhere.
#[cold]
#[inline(never)]
fn word(bytes: &[u8], at: usize) -> Result<u32, Error> {
    match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(&word) => Ok(u32::from_le_bytes(word)),
        None => Err(end(bytes, at, WORD)),
    }
}

/// The next multiple of `size` after `at`, if all is zero until there.
#[inline(never)]
fn padding(bytes: &[u8], at: usize, size: usize) -> Result<usize, Error> {
    let next = at.next_multiple_of(size);
    let Some(zeros) = bytes.get(at..next) else {
        return Err(end(bytes, at, next - at));
    };
    match zeros.iter().position(|&byte| byte != 0) {
        None => Ok(next),
        Some(i) => Err(Error::at(ErrorKind::Padding { got: zeros[i] }, at + i)),
    }
}

#[cold]
#[inline(never)]
fn end(bytes: &[u8], at: usize, expected: usize) -> Error {
    let got = bytes.len().saturating_sub(at);
    Error::at(ErrorKind::End { expected, got }, at)
}
