//! The encoding of typed input and output of Vouch guests, for the types of serde.
//!
//! Numbers lie little-endian at multiples of their size, of 4 at most, so that a guest reads them
//! with one instruction each. docs/encoding.md has it byte for byte.
//!
//! ```
//! let bytes = vouch_codec::to_vec(&("ab", 7_u32, true))?;
//! assert_eq!(bytes, [2, 0, 0, 0, b'a', b'b', 0, 0, 7, 0, 0, 0, 1, 0, 0, 0]);
//! // What is borrowed is not copied.
//! let (text, number, flag): (&str, u32, bool) = vouch_codec::from_slice(&bytes)?;
//! assert_eq!((text, number, flag), ("ab", 7, true));
//! # Ok::<(), vouch_codec::Error>(())
//! ```
//!
//! Decoding accepts what [`encode`] writes and nothing else, but for the order of what is in a map or set: padding is
//! zero, nothing is left over. Bytes from anywhere are safe to decode: it never panics, goes no deeper than
//! [`MAX_DEPTH`], and allocates only what the bytes that are there can fill.
#![no_std]

extern crate alloc;

mod de;
mod error;
mod reader;
mod ser;
mod values;
mod writer;

use alloc::vec::Vec;
use core::ops::Deref;

pub use de::Deserializer;
pub use error::{Error, ErrorKind};
pub use ser::Serializer;
pub use serde_core::de::DeserializeOwned;
pub use serde_core::{Deserialize, Serialize};
pub use values::{JournalError, Values};

/// Options, enums with content, sequences and maps that may lie within each other.
pub const MAX_DEPTH: u32 = 128;

/// Encodes a value: a multiple of 4 bytes.
///
/// # Errors
/// As [`encode`].
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    encode(value).map(|bytes| bytes.to_vec())
}

/// Encodes a value into memory that is aligned to words.
///
/// # Errors
/// The type cannot be encoded: a sequence has elements of no bytes, it nests deeper than
/// [`MAX_DEPTH`], or its `Serialize` says no.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Encoded, Error> {
    let mut serializer = Serializer::new();
    value.serialize(&mut serializer)?;
    Ok(serializer.into_encoded())
}

/// The encoding of a value. It dereferences to bytes, which are aligned to words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded(Vec<u32>);

impl Deref for Encoded {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        bytemuck::cast_slice(&self.0)
    }
}

/// Decodes a value that takes all of `bytes`. Faster where they are aligned to 4.
///
/// # Errors
/// `bytes` are not the encoding of a `T`: what was expected, what was there, and where.
pub fn from_slice<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Error> {
    let mut deserializer = Deserializer::new(bytes);
    let value = deserializer.value()?;
    deserializer.end()?;
    Ok(value)
}

/// Decodes the value with which `bytes` begin; returns what comes after it, too.
///
/// # Errors
/// As [`from_slice`], but that bytes may be left.
pub fn take_from_slice<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
) -> Result<(T, &'de [u8]), Error> {
    let mut deserializer = Deserializer::new(bytes);
    let value = deserializer.value()?;
    Ok((value, deserializer.rest()))
}
