//! The private input of a run.

use core::ops::Deref;

/// Puts an input together, piece after piece. The guest sees one string of bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input(Vec<u8>);

impl Input {
    /// An empty input.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Appends bytes as they are.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Appends a number as four bytes, little-endian.
    #[must_use]
    pub fn word(self, word: u32) -> Self {
        self.bytes(&word.to_le_bytes())
    }
}

impl Deref for Input {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Input;

    #[test]
    fn pieces_follow_each_other() {
        let input = Input::new().bytes(b"ab").word(0x0102_0304).bytes(b"");
        assert_eq!(&*input, b"ab\x04\x03\x02\x01");
        assert!(Input::new().is_empty());
    }
}
