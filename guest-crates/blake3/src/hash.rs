//! A hash, and its hexadecimal digits.

use core::fmt;
use core::str::FromStr;

use arrayvec::ArrayString;
use constant_time_eq::{constant_time_eq, constant_time_eq_32};

use crate::OUT_LEN;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// A hash. It is compared in constant time.
#[derive(Clone, Copy, Hash, Eq)]
pub struct Hash([u8; OUT_LEN]);

impl Hash {
    /// Its bytes.
    #[inline]
    pub const fn as_bytes(&self) -> &[u8; OUT_LEN] {
        &self.0
    }

    /// Its bytes as a slice.
    pub const fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// The hash of these bytes.
    #[inline]
    pub const fn from_bytes(bytes: [u8; OUT_LEN]) -> Self {
        Self(bytes)
    }

    /// The hash of these bytes.
    ///
    /// # Errors
    /// If they are not 32.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, core::array::TryFromSliceError> {
        bytes.try_into().map(Self)
    }

    /// Its digits, lower case.
    pub fn to_hex(&self) -> ArrayString<{ 2 * OUT_LEN }> {
        let mut hex = ArrayString::new();
        for byte in self.0 {
            for digit in [byte >> 4, byte & 15] {
                hex.push(char::from(DIGITS[usize::from(digit)]));
            }
        }
        hex
    }

    /// The hash of these digits, of any case.
    ///
    /// # Errors
    /// If they are not 64 digits.
    pub fn from_hex(hex: impl AsRef<[u8]>) -> Result<Self, HexError> {
        let hex = hex.as_ref();
        let (pairs, []) = hex.as_chunks::<2>() else {
            return Err(HexError(Wrong::Length(hex.len())));
        };
        let pairs: &[[u8; 2]; OUT_LEN] =
            { pairs.try_into() }.map_err(|_| HexError(Wrong::Length(hex.len())))?;
        let mut bytes = [0; OUT_LEN];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(bytes))
    }
}

fn digit(byte: u8) -> Result<u8, HexError> {
    let value = char::from(byte).to_digit(16);
    let value = value.ok_or(HexError(Wrong::Digit(byte)))?;
    Ok(value as u8)
}

impl From<[u8; OUT_LEN]> for Hash {
    fn from(bytes: [u8; OUT_LEN]) -> Self {
        Self(bytes)
    }
}

impl From<Hash> for [u8; OUT_LEN] {
    fn from(hash: Hash) -> Self {
        hash.0
    }
}

impl FromStr for Hash {
    type Err = HexError;

    fn from_str(hex: &str) -> Result<Self, HexError> {
        Self::from_hex(hex)
    }
}

impl PartialEq for Hash {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq_32(&self.0, &other.0)
    }
}

impl PartialEq<[u8; OUT_LEN]> for Hash {
    fn eq(&self, other: &[u8; OUT_LEN]) -> bool {
        constant_time_eq_32(&self.0, other)
    }
}

impl PartialEq<[u8]> for Hash {
    fn eq(&self, other: &[u8]) -> bool {
        constant_time_eq(&self.0, other)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hash").field(&self.to_hex()).finish()
    }
}

/// Digits that are no hash.
#[derive(Clone, Debug)]
pub struct HexError(Wrong);

#[derive(Clone, Debug)]
enum Wrong {
    Digit(u8),
    Length(usize),
}

impl fmt::Display for HexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Wrong::Digit(byte) => write!(f, "expected a hexadecimal digit, got {byte:#04x}"),
            Wrong::Length(length) => write!(f, "expected 64 hexadecimal digits, got {length}"),
        }
    }
}

#[cfg(feature = "std")]
impl std::error::Error for HexError {}
