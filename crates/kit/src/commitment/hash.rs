//! The hash functions that a witness may be made with.

use core::fmt::{self, Display, Formatter};
use core::str::FromStr;
use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sha3::Keccak256;
use thiserror::Error;

/// Bytes that are read at once.
const PIECE_BYTES: usize = 1 << 18;

/// A hash function of 32 bytes, plain: nothing is put before or after what is hashed, so that anybody
/// computes the same with `sha256sum` or `b3sum`. The names, as text and in serde, are those of the
/// multicodec table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum HashFunction {
    /// SHA-256 (FIPS 180-4): `sha2-256`.
    Sha256,
    /// BLAKE3, unkeyed, 32 bytes: `blake3`.
    Blake3,
    /// Keccak-256 as Ethereum has it, with the padding from before SHA-3: `keccak-256`.
    Keccak256,
}

impl HashFunction {
    /// Every hash function.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Blake3, Self::Keccak256];

    /// Its name in the multicodec table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha2-256",
            Self::Blake3 => "blake3",
            Self::Keccak256 => "keccak-256",
        }
    }

    /// The hash of bytes.
    pub fn hash(self, bytes: &[u8]) -> [u8; 32] {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.finish()
    }

    /// The hash of all that a reader gives, of any length, without holding it.
    ///
    /// # Errors
    /// What the reader says.
    pub fn hash_reader(self, mut reader: impl Read) -> io::Result<[u8; 32]> {
        let mut hasher = Hasher::new(self);
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            match reader.read(&mut piece) {
                Ok(0) => return Ok(hasher.finish()),
                Ok(length) => hasher.update(piece.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

enum Hasher {
    Sha256(Sha256),
    Blake3(Box<blake3::Hasher>),
    Keccak256(Keccak256),
}

impl Hasher {
    fn new(function: HashFunction) -> Self {
        match function {
            HashFunction::Sha256 => Self::Sha256(Sha256::new()),
            HashFunction::Blake3 => Self::Blake3(Box::default()),
            HashFunction::Keccak256 => Self::Keccak256(Keccak256::new()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Blake3(hasher) => drop(hasher.update(bytes)),
            Self::Keccak256(hasher) => hasher.update(bytes),
        }
    }

    fn finish(self) -> [u8; 32] {
        match self {
            Self::Sha256(hasher) => hasher.finalize().into(),
            Self::Blake3(hasher) => hasher.finalize().into(),
            Self::Keccak256(hasher) => hasher.finalize().into(),
        }
    }
}

impl Display for HashFunction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Text that names no hash function.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("hash function: expected sha2-256, blake3 or keccak-256, got {got:?}")]
pub struct HashFunctionError {
    /// The text.
    pub got: String,
}

impl FromStr for HashFunction {
    type Err = HashFunctionError;

    fn from_str(text: &str) -> Result<Self, HashFunctionError> {
        let named = Self::ALL
            .into_iter()
            .find(|function| function.name() == text);
        named.ok_or_else(|| HashFunctionError { got: text.into() })
    }
}

impl TryFrom<String> for HashFunction {
    type Error = HashFunctionError;

    fn try_from(text: String) -> Result<Self, HashFunctionError> {
        text.parse()
    }
}

impl From<HashFunction> for String {
    fn from(function: HashFunction) -> Self {
        function.name().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        // FIPS 180-4 example; BLAKE3's README; the Keccak team's test of "abc" as Ethereum has it.
        let expected = [
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
            "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45",
        ];
        for (function, expected) in HashFunction::ALL.into_iter().zip(expected) {
            assert_eq!(hex::encode(function.hash(b"abc")), expected, "{function}");
        }
    }

    #[test]
    fn streams_are_hashed_as_bytes_are() {
        let bytes: Vec<u8> = (0..2 * PIECE_BYTES + 3).map(|i| (i % 251) as u8).collect();
        for function in HashFunction::ALL {
            let streamed = function.hash_reader(&bytes[..]).expect("memory");
            assert_eq!(streamed, function.hash(&bytes));
        }
    }

    #[test]
    fn a_reader_that_fails_has_no_hash() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
        let error = HashFunction::Sha256.hash_reader(Failing);
        assert_eq!(
            error.map_err(|error| error.kind()),
            Err(io::ErrorKind::BrokenPipe)
        );
    }

    #[test]
    fn names_are_read_back_and_others_refused() {
        for function in HashFunction::ALL {
            assert_eq!(function.name().parse(), Ok(function));
            let json = serde_json::to_string(&function).expect("plain text");
            assert_eq!(json, format!("\"{}\"", function.name()));
            assert_eq!(serde_json::from_str(&json).ok(), Some(function));
        }
        for wrong in ["", "sha256", "SHA2-256", "blake3 "] {
            let expected = HashFunctionError { got: wrong.into() };
            assert_eq!(wrong.parse::<HashFunction>(), Err(expected));
        }
    }
}
