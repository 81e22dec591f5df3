//! Bytes that are read in order, a word at a time where their memory is aligned.
//!
//! What is not inlined gets its arguments by value: a reader whose address nobody has lives in
//! registers, which is worth half of the time.

use core::slice;

use crate::error::{Error, ErrorKind};

/// Bytes in a word.
const WORD: usize = size_of::<u32>();

pub struct Reader<'de> {
    bytes: &'de [u8],
    /// The words of `bytes` that have not been read; none if their memory is not aligned.
    words: slice::Iter<'de, u32>,
    /// What follows those words: all that has not been read, or an incomplete word at the end.
    others: &'de [u8],
    /// The bytes that have not been read of the last word read, the next one lowest, and zeros.
    part: u32,
    /// How many they are, less than a word.
    part_bytes: usize,
}

impl<'de> Reader<'de> {
    #[inline]
    pub fn new(bytes: &'de [u8]) -> Self {
        let (words, others) = match bytemuck::pod_align_to(bytes) {
            ([], words, others) => (words, others),
            _ => (Default::default(), bytes),
        };
        Self {
            bytes,
            words: words.iter(),
            others,
            part: 0,
            part_bytes: 0,
        }
    }

    /// Bytes read.
    #[inline(always)]
    pub fn at(&self) -> usize {
        self.bytes.len() - self.words_left() - self.part_bytes
    }

    /// Bytes left, but for those of a word of which some have been read.
    #[inline(always)]
    pub fn words_left(&self) -> usize {
        size_of_val(self.words.as_slice()) + self.others.len()
    }

    /// What has not been read.
    #[inline]
    pub fn rest(&self) -> &'de [u8] {
        self.bytes.get(self.at()..).unwrap_or_default()
    }

    #[inline(always)]
    pub fn byte(&mut self) -> Result<u8, Error> {
        if self.part_bytes == 0 {
            self.part = self.next()?;
            self.part_bytes = WORD;
        }
        let byte = self.part as u8;
        self.part >>= 8;
        self.part_bytes -= 1;
        Ok(byte)
    }

    #[inline(always)]
    pub fn half(&mut self) -> Result<u16, Error> {
        if !self.part_bytes.is_multiple_of(2) {
            let (at, got) = (self.at(), self.byte()?);
            if got != 0 {
                return Err(padding(got.into(), at));
            }
        }
        if self.part_bytes == 0 {
            self.part = self.next()?;
            self.part_bytes = WORD;
        }
        let half = self.part as u16;
        self.part >>= 16;
        self.part_bytes -= 2;
        Ok(half)
    }

    #[inline(always)]
    pub fn word(&mut self) -> Result<u32, Error> {
        self.align()?;
        self.next()
    }

    /// Two words, the low one first.
    #[inline(always)]
    pub fn double(&mut self) -> Result<u64, Error> {
        self.align()?;
        let (low, high) = (self.next()?, self.next()?);
        Ok(u64::from(high) << 32 | u64::from(low))
    }

    /// So many bytes, in place, from a word on.
    #[inline(always)]
    pub fn bytes(&mut self, count: usize) -> Result<&'de [u8], Error> {
        self.align()?;
        let (whole, past) = (count / WORD, count % WORD);
        let words = self.words.as_slice();
        let bytes = match bytemuck::cast_slice(words).get(..count) {
            Some(bytes) => {
                self.words = words.get(whole..).unwrap_or_default().iter();
                bytes
            }
            None => {
                let at = self.at();
                let bytes = other_bytes(self.bytes, at, count)?;
                self.words = Default::default();
                self.others = self.bytes.get(at + WORD * whole..).unwrap_or_default();
                bytes
            }
        };
        if past != 0 {
            self.part = self.next()? >> (8 * past);
            self.part_bytes = WORD - past;
        }
        Ok(bytes)
    }

    /// Goes on at a word, having checked the padding before.
    #[inline(always)]
    pub fn align(&mut self) -> Result<(), Error> {
        if self.part != 0 {
            return Err(padding(self.part, self.at()));
        }
        self.part_bytes = 0;
        Ok(())
    }

    /// The next word, whatever has been read of the last one.
    #[inline(always)]
    fn next(&mut self) -> Result<u32, Error> {
        match self.words.next() {
            Some(&word) => Ok(u32::from_le(word)),
            None => {
                let word = other_word(self.others)?;
                self.others = self.others.get(WORD..).unwrap_or_default();
                Ok(word)
            }
        }
    }
}

/// The first word of bytes that are not aligned.
#[cold]
#[inline(never)]
fn other_word(bytes: &[u8]) -> Result<u32, Error> {
    match bytes.first_chunk() {
        Some(&word) => Ok(u32::from_le_bytes(word)),
        None => Err(end(bytes, WORD)),
    }
}

/// The `count` bytes from `at` on.
#[cold]
#[inline(never)]
fn other_bytes(bytes: &[u8], at: usize, count: usize) -> Result<&[u8], Error> {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.get(..count).ok_or_else(|| end(rest, count))
}

/// Where, is known to whoever has the reader, of which nothing has been read.
fn end(rest: &[u8], expected: usize) -> Error {
    let got = rest.len();
    ErrorKind::End { expected, got }.into()
}

/// Of padding from `at` on, of which the lowest byte that is not zero is wrong.
#[cold]
#[inline(never)]
fn padding(part: u32, at: usize) -> Error {
    let zeros = part.trailing_zeros() / 8;
    let got = (part >> (8 * zeros)) as u8;
    Error::at(ErrorKind::Padding { got }, at + zeros as usize)
}
