//! The private input of a run.

use core::ops::Deref;

use vouch_codec::{Error, ErrorKind, Serialize};

/// Puts an input together, piece after piece. The guest sees one string of bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input(Vec<u8>);

impl Input {
    /// An empty input.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Appends a value, in a frame of its own: what a guest's `io::read` takes. docs/encoding.md has
    /// the bytes.
    ///
    /// # Errors
    /// The type cannot be encoded: see [`vouch_codec::encode`].
    pub fn write<T: Serialize + ?Sized>(self, value: &T) -> Result<Self, Error> {
        self.frame(&vouch_codec::encode(value)?)
    }

    /// Appends bytes in a frame of their own: what a guest's `io::read_frame` takes.
    ///
    /// # Errors
    /// [`ErrorKind::Length`] for more than `u32::MAX` bytes, which no guest could read.
    pub fn frame(self, bytes: &[u8]) -> Result<Self, Error> {
        let got = bytes.len();
        let length = u32::try_from(got).map_err(|_| ErrorKind::Length { got })?;
        Ok(self.word(length).bytes(bytes))
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
    use super::*;

    #[test]
    fn pieces_follow_each_other() {
        let input = Input::new().bytes(b"ab").word(0x0102_0304).bytes(b"");
        assert_eq!(&*input, b"ab\x04\x03\x02\x01");
        assert!(Input::new().is_empty());
    }

    #[test]
    fn frames_have_their_length_before_them() -> Result<(), Error> {
        let input = Input::new()
            .frame(b"abc")?
            .write(&(7_u16, true))?
            .frame(b"")?;
        assert_eq!(&*input, b"\x03\0\0\0abc\x04\0\0\0\x07\0\x01\0\0\0\0\0");
        Ok(())
    }

    #[test]
    fn what_cannot_be_encoded_is_refused() {
        let error = Input::new().write(&[(), ()][..]).expect_err("no bytes");
        assert_eq!(error.kind(), &ErrorKind::NoBytes);
        let error = crate::Error::from(error);
        assert_eq!(error.kind(), crate::ErrorKind::Options);
        let message = error.to_string();
        assert!(
            message.starts_with("input: expected elements "),
            "{message}"
        );
    }

    /// Memory that nobody touches, so that there is enough of it.
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn frames_have_lengths_of_32_bits() {
        let got = 1 << 32;
        let error = Input::new().frame(&vec![0; got]).expect_err("too long");
        assert_eq!(error.kind(), &ErrorKind::Length { got });
    }
}
